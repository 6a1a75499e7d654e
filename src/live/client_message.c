/*
 * client_message.c - what a WebSocket's client may say.
 *
 *     {"type":"auth","key":KEY}
 *     {"type":"subscribe","userId":ID,"listings":[ID...]?,"timezone":ZONE?,"since":SINCE?}
 *     {"type":"unsubscribe","userId":ID}
 *
 * A field that is not known is refused, as everywhere: a mistyped one must not mean something else
 * in silence. What is refused is answered with an error, and the connection goes on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "live/live_parts.h"

/* In the order of `type`; NULL ends a row. */
static const struct {
    const char *type;
    const char *fields[6];
} kinds[] = {
    {"auth", {"type", "key"}},
    {"subscribe", {"type", "userId", "listings", "timezone", "since"}},
    {"unsubscribe", {"type", "userId"}},
};
enum kind { KIND_AUTH, KIND_SUBSCRIBE, KIND_UNSUBSCRIBE, KINDS };

static enum status read_kind(const json_t *json, enum kind *out, struct error *err)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    int kind = 0;
    while (kind < KINDS && (type == NULL || strcmp(kinds[kind].type, type) != 0))
        kind++;
    if (kind == KINDS)
        return fail_input(err, "unknown_type", "type",
                          "type must be one of auth, subscribe, unsubscribe");
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)json, name, value)
    {
        bool known = false;
        for (int i = 0; kinds[kind].fields[i] != NULL; i++)
            known = known || strcmp(kinds[kind].fields[i], name) == 0;
        if (!known)
            return fail_input(err, "unknown_field", "",
                              "a message of type \"%s\" has no field \"%.64s\"", type, name);
    }
    *out = (enum kind)kind;
    return STATUS_OK;
}

/* A field that is a string; absent when it is not there. */
static enum status read_text(const json_t *json, const char *name, struct text *out,
                             struct error *err)
{
    const json_t *value = json_object_get(json, name);
    *out = (struct text){NULL, 0};
    if (value == NULL)
        return STATUS_OK;
    if (!json_is_string(value))
        return fail_input(err, "wrong_type", name, "%s must be a string", name);
    *out = (struct text){json_string_value(value), json_string_length(value)};
    return STATUS_OK;
}

static enum status read_user(const json_t *json, struct text *out, struct error *err)
{
    enum status status = read_text(json, "userId", out, err);
    if (status == STATUS_OK && out->at == NULL)
        return fail_input(err, "missing_field", "userId", "userId is required");
    return status == STATUS_OK ? id_check(*out, ID_BYTES_MAX, "userId", err) : status;
}

static bool is_listed(const struct text *listings, size_t count, struct text listing)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(listings[i], listing))
            return true;
    return false;
}

static enum status read_listings(const json_t *json, struct text listings[LIVE_LISTINGS_MAX],
                                 size_t *count, struct error *err)
{
    const json_t *list = json_object_get(json, "listings");
    *count = 0;
    if (list == NULL)
        return STATUS_OK;
    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > LIVE_LISTINGS_MAX)
        return fail_input(err, "invalid_listing_count", "listings",
                          "listings must be an array of 1 to %d ids; leave it out for all",
                          LIVE_LISTINGS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        struct text listing = {json_string_value(value), json_string_length(value)};
        if (listing.at == NULL)
            return fail_input(err, "wrong_type", "listings", "listings must hold strings");
        enum status status = id_check(listing, ID_BYTES_MAX, "listings", err);
        if (status != STATUS_OK)
            return status;
        if (!is_listed(listings, *count, listing))
            listings[(*count)++] = listing;
    }
    return STATUS_OK;
}

static void say_error(struct subscriber *subscriber, const struct error *error, struct text user_id)
{
    struct bytes json = {0};
    struct error shown = *error;
    if (error->status == STATUS_IO || error->status == STATUS_CORRUPT ||
        error->status == STATUS_NO_MEMORY)
        (void)fail(&shown, STATUS_IO, "the listings cannot be read now");
    if (write_error(&json, &shown, user_id))
        subscriber_say(subscriber, &json);
    else
        subscriber_close(subscriber, LIVE_CLOSE_FAILED);
    bytes_done(&json);
}

static void say_word(struct subscriber *subscriber, const char *type, struct text user_id)
{
    struct bytes json = {0};
    if (write_word(&json, type, user_id))
        subscriber_say(subscriber, &json);
    else
        subscriber_close(subscriber, LIVE_CLOSE_FAILED);
    bytes_done(&json);
}

static enum status authorise(struct subscriber *subscriber, const json_t *json, struct error *err)
{
    const struct live_options *options = &subscriber->live->options;
    struct text key;
    enum status status = read_text(json, "key", &key, err);
    if (status != STATUS_OK)
        return status;
    if (key.at == NULL || !options->admit(options->access_context, key, &subscriber->subject)) {
        subscriber_close(subscriber, LIVE_CLOSE_DENIED);
        return STATUS_OK;
    }
    subscriber->is_admitted = true;
    subscriber->deadline_ns = 0;
    say_word(subscriber, "authorized", (struct text){NULL, 0});
    return STATUS_OK;
}

static enum status subscribe(struct subscriber *subscriber, const json_t *json,
                             struct text *user_id, struct error *err)
{
    const struct live_options *options = &subscriber->live->options;
    struct text listings[LIVE_LISTINGS_MAX];
    struct text timezone = {NULL, 0};
    struct live_request request = {.listing_ids = listings, .zone = zone_utc()};
    const struct subscription *subscription = NULL;
    bool resumed = false;
    enum status status = read_user(json, &request.user_id, err);
    if (status != STATUS_OK)
        return status;
    *user_id = request.user_id;
    status = read_listings(json, listings, &request.listing_count, err);
    if (status == STATUS_OK)
        status = read_text(json, "timezone", &timezone, err);
    if (status == STATUS_OK && timezone.at != NULL)
        status = zone_find(timezone, &request.zone, err);
    if (status == STATUS_OK)
        status = read_text(json, "since", &request.since, err);
    if (status != STATUS_OK)
        return status;
    uint64_t stream = 0;
    uint64_t seq = 0;
    if (request.since.at != NULL && !live_read_since(request.since, &stream, &seq))
        return fail_input(err, "invalid_since", "since",
                          "since must be the stream, \"-\" and the seq of the last message");
    if (!options->may_see(options->access_context, &subscriber->subject, request.user_id))
        return fail_code(err, STATUS_UNAUTHORIZED, "forbidden",
                         "this credential may not see that user");
    status = subscription_add(subscriber, &request, &subscription, &resumed, err);
    if (status != STATUS_OK)
        return status;
    struct bytes reply = {0};
    if (write_subscribed(&reply, subscriber->live, subscription, resumed))
        subscriber_say(subscriber, &reply); /* goes before what waits */
    else
        subscriber_close(subscriber, LIVE_CLOSE_FAILED);
    bytes_done(&reply);
    return STATUS_OK;
}

static enum status unsubscribe(struct subscriber *subscriber, const json_t *json,
                               struct text *user_id, struct error *err)
{
    enum status status = read_user(json, user_id, err);
    if (status == STATUS_OK)
        status = subscription_remove(subscriber, *user_id, err);
    if (status == STATUS_OK)
        say_word(subscriber, "unsubscribed", *user_id);
    return status;
}

void client_message(struct subscriber *subscriber, struct text text)
{
    struct error error = {.status = STATUS_OK};
    struct text user_id = {NULL, 0};
    json_error_t fault;
    enum kind kind = KIND_AUTH;
    enum status status = STATUS_OK;
    json_t *json = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &fault);
    if (json == NULL || !json_is_object(json))
        status = fail_input(&error, "invalid_json", "", "a message must be one JSON object: %s",
                            json == NULL ? fault.text : "this is something else");
    else
        status = read_kind(json, &kind, &error);
    if (status == STATUS_OK && kind == KIND_AUTH) {
        status = authorise(subscriber, json, &error);
    } else if (!subscriber->is_admitted) {
        subscriber_close(subscriber, LIVE_CLOSE_DENIED);
        status = STATUS_OK;
    } else if (status == STATUS_OK && kind == KIND_SUBSCRIBE) {
        status = subscribe(subscriber, json, &user_id, &error);
    } else if (status == STATUS_OK) {
        status = unsubscribe(subscriber, json, &user_id, &error);
    }
    if (status != STATUS_OK)
        say_error(subscriber, &error, user_id);
    json_decref(json);
}
