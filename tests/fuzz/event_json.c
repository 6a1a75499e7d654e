/*
 * event_json.c - fuzz target: an event, against a second opinion made of jansson and the rules.
 *
 * The array reader must say the same of one event as the reader of one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "event_second_opinion.h"

static const struct event_rules *rules(void)
{
    static struct event_rules made;
    struct error err;
    if (made.now_ms == 0) {
        FUZZ_CHECK(event_rules_init(&made, text_of(event_rules_default_platforms()), &err) ==
                       STATUS_OK,
                   "%s", err.message);
        made.now_ms = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */
    }
    return &made;
}

int fuzz_one(const uint8_t *data, size_t size)
{
    struct error err;
    struct event_list list = {0};
    bool accepted, kept;
    if (size > INQUIRY_BYTES_MAX) /* an inquiry's length is not the second opinion's affair */
        return 0;
    const char *difference =
        event_opinions_differ((const char *)data, size, rules(), &accepted, &kept);
    FUZZ_CHECK(difference == NULL, "%s", difference);

    char *copy = fuzz_copy(data, size);
    enum status status = events_json_decode(copy, size, rules(), &list, &err);
    if (accepted)
        FUZZ_CHECK(status == STATUS_OK && list.count == 1, "one event, but no list of one");
    else if (status == STATUS_OK)
        FUZZ_CHECK(memchr(data, '[', size) != NULL, "a list of what is no event");
    else
        FUZZ_CHECK(err.message[0] != '\0' && err.offset <= (int64_t)size,
                   "refused without a place");
    event_list_done(&list);
    free(copy);
    return 0;
}
