/*
 * listing_rules.c - a length and a fault for each text of a listing's details.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/listing_rules.h"

#include <assert.h>
#include <stdbool.h>

#include "model/listing.h"

static const double price_max = 1e15;

static bool has_control(struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return true;
    return false;
}

/* NULL, or what the text must be. */
static const char *address_fault(struct text text)
{
    return text.len == 0 ? "an empty text says nothing; leave the field out or send null" : NULL;
}

static const char *status_fault(struct text text)
{
    if (text.len > 0 && has_control(text))
        return "status must not hold control characters";
    return address_fault(text);
}

static const char *currency_fault(struct text text)
{
    bool good = text.len == LISTING_CURRENCY_BYTES;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.at[i] >= 'A' && text.at[i] <= 'Z';
    return good ? NULL : "currency must be three capital letters, such as EUR";
}

static const char *image_fault(struct text text)
{
    bool good = (text_starts_with(text, "http://") || text_starts_with(text, "https://")) &&
                !text_is(text, "http://") && !text_is(text, "https://") && !has_control(text) &&
                memchr(text.at, ' ', text.len) == NULL;
    return good ? NULL
                : "image must be an address that begins with http:// or https://, without spaces";
}

static const struct {
    const char *field;
    size_t bytes_max;
    const char *(*fault)(struct text text);
} texts[] = {
    {"address", LISTING_ADDRESS_BYTES_MAX, address_fault},
    {"currency", LISTING_CURRENCY_BYTES, currency_fault},
    {"image", LISTING_IMAGE_BYTES_MAX, image_fault},
    {"status", LISTING_STATUS_BYTES_MAX, status_fault},
};

enum status listing_check_text(const char *field, struct text text, struct error *err)
{
    size_t i = 0;
    while (strcmp(texts[i].field, field) != 0) {
        i++;
        assert(i < sizeof texts / sizeof texts[0]);
    }
    const char *fault = texts[i].fault(text);
    if (fault != NULL)
        return fail_input(err, "invalid_listing", field, "%s", fault);
    if (text.len > texts[i].bytes_max)
        return fail_input(err, "invalid_listing", field,
                          "%s is %zu bytes long; at most %zu are kept", field, text.len,
                          texts[i].bytes_max);
    return STATUS_OK;
}

enum status listing_check_price(double price, struct error *err)
{
    if (price >= 0 && price <= price_max)
        return STATUS_OK;
    return fail_input(err, "invalid_listing", "price", "price must be from 0 to 1000000000000000");
}
