/*
 * message.c - what subscribers are told, as JSON and as bytes of their protocol.
 *
 * A topic's message is made once for each protocol and type that somebody gets, and shared. A
 * frame of a WebSocket from us, RFC 6455 section 5.2, unmasked:
 *
 *     0x81 (last fragment, text) | length | payload
 *     length: one byte up to 125; 126 and two bytes; 127 and eight bytes; big-endian
 *
 * An event: "id: STREAM-SEQ", "data: JSON", an empty line. Our JSON has no line breaks.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "live/live_parts.h"
#include "present/json_writer.h"

enum { FRAME_HEAD_BYTES_MAX = 10, EVENT_HEAD_BYTES_MAX = 64 };

static const char *const type_names[MESSAGE_TYPES] = {"snapshot", "delta"};

static bool write_topic(struct bytes *out, const struct topic *topic, enum message_type type)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    json_put_key(&writer, "type");
    json_put_string(&writer, type_names[type]);
    json_put_key(&writer, "seq");
    json_put_u64(&writer, topic->seq);
    json_put_key(&writer, "userId");
    json_put_text(&writer, topic->user_id);
    json_put_key(&writer, "listingId");
    json_put_text(&writer, topic->listing_id);
    json_put_key(&writer, "date");
    json_put_date(&writer, topic->day);
    json_put_key(&writer, "timezone");
    json_put_text(&writer, zone_name(topic->zone));
    json_put_key(&writer, "metrics");
    json_put_raw(&writer, (struct text){(const char *)topic->metrics.at, topic->metrics.len});
    if (topic->fresh_as_of_ms != 0) {
        json_put_key(&writer, "freshAsOf");
        json_put_i64(&writer, topic->fresh_as_of_ms);
    }
    if (topic->approximate) {
        json_put_key(&writer, "approximate");
        json_put_bool(&writer, true);
    }
    json_put_object_end(&writer);
    return !writer.failed;
}

static size_t frame_head(uint8_t *to, size_t len)
{
    to[0] = 0x81;
    if (len < 126) {
        to[1] = (uint8_t)len;
        return 2;
    }
    size_t count = len <= UINT16_MAX ? 2 : 8;
    to[1] = count == 2 ? 126 : 127;
    for (size_t i = 0; i < count; i++)
        to[2 + i] = (uint8_t)((uint64_t)len >> (8 * (count - 1 - i)));
    return 2 + count;
}

static struct message *wrap(const struct live *live, const struct topic *topic,
                            enum live_protocol protocol, const struct bytes *json)
{
    uint8_t head[EVENT_HEAD_BYTES_MAX];
    size_t head_len = 0;
    struct text tail = {"", 0};
    if (protocol == LIVE_WEBSOCKET) {
        head_len = frame_head(head, json->len);
    } else {
        head_len =
            (size_t)snprintf((char *)head, sizeof head,
                             "id: %016" PRIx64 "-%" PRIu64 "\ndata: ", live->stream, topic->seq);
        tail = text_of("\n\n");
    }
    size_t len = head_len + json->len + tail.len;
    if (len > UINT32_MAX)
        return NULL;
    struct message *message = malloc(sizeof *message + len);
    if (message == NULL)
        return NULL;
    message->refs = 1;
    message->len = (uint32_t)len;
    memcpy(message->bytes, head, head_len);
    memcpy(message->bytes + head_len, json->at, json->len);
    memcpy(message->bytes + head_len + json->len, tail.at, tail.len);
    return message;
}

struct message *topic_message(const struct live *live, struct topic *topic,
                              enum live_protocol protocol, enum message_type type)
{
    struct message **made = &topic->messages[protocol][type];
    if (*made == NULL) {
        struct bytes json = {0};
        if (write_topic(&json, topic, type))
            *made = wrap(live, topic, protocol, &json);
        bytes_done(&json);
    }
    if (*made != NULL)
        (*made)->refs++;
    return *made;
}

void message_unref(struct message *message)
{
    if (message != NULL && --message->refs == 0)
        free(message);
}

bool write_subscribed(struct bytes *out, const struct live *live,
                      const struct subscription *subscription, bool resumed)
{
    char stream[17];
    struct json_writer writer = {.out = out};
    snprintf(stream, sizeof stream, "%016" PRIx64, live->stream);
    json_put_object(&writer);
    json_put_key(&writer, "type");
    json_put_string(&writer, "subscribed");
    json_put_key(&writer, "userId");
    json_put_text(&writer, subscription->user_id);
    json_put_key(&writer, "listings");
    json_put_u64(&writer, subscription->link_count);
    json_put_key(&writer, "stream");
    json_put_string(&writer, stream);
    json_put_key(&writer, "resumed");
    json_put_bool(&writer, resumed);
    json_put_object_end(&writer);
    return !writer.failed;
}

bool write_error(struct bytes *out, const struct error *error, struct text user_id)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    json_put_key(&writer, "type");
    json_put_string(&writer, "error");
    json_put_key(&writer, "error");
    json_put_string(&writer, error->message);
    json_put_key(&writer, "code");
    json_put_string(&writer, error->code);
    if (error->field[0] != '\0') {
        json_put_key(&writer, "field");
        json_put_string(&writer, error->field);
    }
    if (user_id.at != NULL) {
        json_put_key(&writer, "userId");
        json_put_text(&writer, user_id);
    }
    json_put_object_end(&writer);
    return !writer.failed;
}

bool write_word(struct bytes *out, const char *type, struct text user_id)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    json_put_key(&writer, "type");
    json_put_string(&writer, type);
    if (user_id.at != NULL) {
        json_put_key(&writer, "userId");
        json_put_text(&writer, user_id);
    }
    json_put_object_end(&writer);
    return !writer.failed;
}
