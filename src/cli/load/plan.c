/*
 * plan.c - reads the flags that are more than a number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const type_names[LOAD_TYPES] = {"view", "share", "inquiry"};

/* Takes what stands before the next comma. false at the end. */
static bool next_item(const char **rest, struct text *item)
{
    if (*rest == NULL)
        return false;
    const char *comma = strchrnul(*rest, ',');
    *item = (struct text){*rest, (size_t)(comma - *rest)};
    *rest = *comma == '\0' ? NULL : comma + 1;
    return true;
}

static bool is_plain(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.';
        if (!plain)
            return false;
    }
    return text.len > 0;
}

static enum status read_weight(struct text item, struct load_plan *plan, struct error *err)
{
    const char *equals = memchr(item.at, '=', item.len);
    size_t name_len = equals == NULL ? item.len : (size_t)(equals - item.at);
    for (int type = 0; type < LOAD_TYPES; type++) {
        if (!text_is((struct text){item.at, name_len}, type_names[type]))
            continue;
        size_t digits = item.len - name_len - 1;
        if (equals == NULL || digits == 0 || digits > 6 ||
            strspn(equals + 1, "0123456789") != digits)
            return fail_input(err, "usage", "mix",
                              "--mix: \"%.*s\" needs a weight from 0 to 999999, as in view=95",
                              TEXT_ARGS(item));
        plan->mix[type] = (uint32_t)strtoul(equals + 1, NULL, 10);
        return STATUS_OK;
    }
    return fail_input(err, "usage", "mix", "--mix: \"%.*s\" is none of view, share, inquiry",
                      TEXT_ARGS(item));
}

enum status load_plan_read_mix(const char *text, struct load_plan *plan, struct error *err)
{
    struct text item;
    memset(plan->mix, 0, sizeof plan->mix);
    while (next_item(&text, &item)) {
        enum status status = read_weight(item, plan, err);
        if (status != STATUS_OK)
            return status;
    }
    if (plan->mix[LOAD_VIEW] + plan->mix[LOAD_SHARE] + plan->mix[LOAD_INQUIRY] == 0)
        return fail_input(err, "usage", "mix", "--mix: at least one weight must be above 0");
    return STATUS_OK;
}

enum status load_plan_read_platforms(const char *text, struct load_plan *plan, struct error *err)
{
    struct text item;
    plan->platform_count = 0;
    if (strcmp(text, "none") == 0)
        return STATUS_OK;
    while (next_item(&text, &item)) {
        if (!is_plain(item) || item.len >= LOAD_PLATFORM_BYTES)
            return fail_input(err, "usage", "platforms", "--platforms: \"%.*s\" is no name",
                              TEXT_ARGS(item));
        if (plan->platform_count == LOAD_PLATFORMS_MAX)
            return fail_input(err, "usage", "platforms", "--platforms: more than %d names",
                              LOAD_PLATFORMS_MAX);
        memcpy(plan->platforms[plan->platform_count], item.at, item.len);
        plan->platforms[plan->platform_count++][item.len] = '\0';
    }
    return STATUS_OK;
}

enum status load_plan_read_prefix(const char *text, struct load_plan *plan, struct error *err)
{
    struct text prefix = text_of(text);
    if (!is_plain(prefix) || prefix.len >= LOAD_PREFIX_BYTES)
        return fail_input(err, "usage", "user-prefix",
                          "--user-prefix: takes 1 to %d letters, digits, \".\", \"_\" and \"-\"",
                          LOAD_PREFIX_BYTES - 1);
    memcpy(plan->prefix, prefix.at, prefix.len + 1);
    return STATUS_OK;
}

enum status load_read_decimal(const char *flag, const char *text, double min, double max,
                              double *out, struct error *err)
{
    char *end = NULL;
    errno = 0;
    double value = strtod(text, &end);
    bool is_number = end != text && *end == '\0' && errno == 0 && isfinite(value) &&
                     strspn(text, "0123456789.") == strlen(text);
    if (!is_number || value < min || value > max)
        return fail_input(err, "usage", flag, "--%s takes a number from %.9g to %.9g, not \"%s\"",
                          flag, min, max, text);
    *out = value;
    return STATUS_OK;
}

enum status load_plan_read_rate(const char *text, double *out, struct error *err)
{
    if (strcmp(text, "max") != 0)
        return load_read_decimal("rate", text, 0.001, 1e8, out, err);
    *out = 0;
    return STATUS_OK;
}
