/*
 * record.c - records and their entries as bytes.
 *
 * An event, the only entry whose speed matters:
 *
 *     0     kind 1 in bits 0-1 | type in bits 2-3 | inquiry follows in bit 4
 *     1     platform: a built-in code, 0 for none, or 255: a name follows
 *     2..6  bytes of user, listing, source, id, visitor; 0: absent
 *     7..14 time, signed, little-endian
 *     15    the five texts; then, if announced, the platform (1 byte of length, name); then, if
 *           announced, the inquiry (varint of length, bytes)
 *
 * The head has a fixed size, so that a decoder needs one comparison for it and one for the five
 * texts together, and no decisions in between. Lengths above the limits of event.h are refused,
 * which also keeps sums far from overflow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/record.h"

#include <assert.h>
#include <math.h>

#include "model/calendar.h"
#include "model/platform.h"

enum {
    VERSION = 1,
    KIND_MASK = 3,
    TYPE_SHIFT = 2,
    TYPE_MASK = 3,
    EVENT_HAS_INQUIRY = 1 << 4,
    EVENT_FLAGS = KIND_MASK | TYPE_MASK << TYPE_SHIFT | EVENT_HAS_INQUIRY,
    EVENT_HEAD_BYTES = 15,
    PLATFORM_BY_NAME = 0xff,

    LISTING_HAS_ADDRESS = 1 << 2,
    LISTING_HAS_CURRENCY = 1 << 3,
    LISTING_HAS_IMAGE = 1 << 4,
    LISTING_HAS_STATUS = 1 << 5,
    LISTING_HAS_PRICE = 1 << 6,
    LISTING_FLAGS = KIND_MASK | LISTING_HAS_ADDRESS | LISTING_HAS_CURRENCY | LISTING_HAS_IMAGE |
                    LISTING_HAS_STATUS | LISTING_HAS_PRICE,
    LISTING_HEAD_BYTES = 3
};

void record_head_encode(const struct record_head *head, uint8_t out[RECORD_HEAD_BYTES])
{
    memset(out, 0, RECORD_HEAD_BYTES);
    out[0] = VERSION;
    out[1] = (uint8_t)head->kind;
    put_u64(out + 8, head->kind == RECORD_SEAL ? head->batch : (uint64_t)head->received_ms);
}

enum status record_head_decode(struct text record, struct record_head *out, struct error *err)
{
    const uint8_t *at = (const uint8_t *)record.at;
    if (record.len < RECORD_HEAD_BYTES)
        return fail(err, STATUS_CORRUPT, "a record of %zu bytes is too short for its head",
                    record.len);
    if (at[0] != VERSION)
        return fail(err, STATUS_CORRUPT,
                    "a record of version %d: this program knows version %d only; a newer Footfall "
                    "wrote it",
                    at[0], VERSION);
    for (int i = 2; i < 8; i++)
        if (at[i] != 0)
            return fail(err, STATUS_CORRUPT, "byte %d of a record's head is %d instead of 0", i,
                        at[i]);
    uint64_t word = get_u64(at + 8);
    struct record_head head = {.kind = (enum record_kind)at[1]};
    if (at[1] == RECORD_GROUP)
        head.received_ms = (int64_t)word;
    else if (at[1] == RECORD_SEAL && word > 0 && record.len == RECORD_HEAD_BYTES)
        head.batch = word;
    else
        return fail(err, STATUS_CORRUPT,
                    "a record of kind %d, number %llu and %zu bytes is neither a group nor a seal",
                    at[1], (unsigned long long)word, record.len);
    *out = head;
    return STATUS_OK;
}

/* Copies without a call for the few bytes that texts have; never touches bytes outside. */
static inline uint8_t *put_text(uint8_t *to, struct text text)
{
    const char *from = text.at;
    size_t len = text.len;
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else if (len > 0) {
        to[0] = (uint8_t)from[0];
        to[len / 2] = (uint8_t)from[len / 2];
        to[len - 1] = (uint8_t)from[len - 1];
    }
    return to + len;
}

/* Behind the texts: a platform by name and an inquiry. */
static uint8_t *put_event_tail(uint8_t *to, const struct event *event)
{
    if (event->platform > PLATFORM_BUILTIN_LAST) {
        struct text name = platform_name(event->platform);
        *to++ = (uint8_t)name.len;
        to = put_text(to, name);
    }
    if (event->inquiry.at != NULL) {
        to = put_varint(to, event->inquiry.len);
        to = put_text(to, event->inquiry);
    }
    return to;
}

bool entry_encode_event(struct bytes *out, const struct event *event)
{
    assert(event->user_id.len - 1 < ID_BYTES_MAX && event->listing_id.len - 1 < ID_BYTES_MAX &&
           event->source.len <= SOURCE_BYTES_MAX && event->id.len <= EVENT_ID_BYTES_MAX &&
           event->visitor.len <= VISITOR_BYTES_MAX && event->inquiry.len <= INQUIRY_BYTES_MAX);
    assert(event->time_ms >= calendar_ms_min && event->time_ms <= calendar_ms_max);

    size_t texts = event->user_id.len + event->listing_id.len + event->source.len + event->id.len +
                   event->visitor.len + event->inquiry.len;
    if (!bytes_reserve(out,
                       EVENT_HEAD_BYTES + texts + 1 + PLATFORM_NAME_BYTES_MAX + VARINT_BYTES_MAX))
        return false;

    bool by_name = event->platform > PLATFORM_BUILTIN_LAST;
    bool has_inquiry = event->inquiry.at != NULL;
    uint8_t *to = out->at + out->len;
    to[0] = (uint8_t)(ENTRY_EVENT | (unsigned)event->type << TYPE_SHIFT |
                      (has_inquiry ? EVENT_HAS_INQUIRY : 0));
    to[1] = by_name ? PLATFORM_BY_NAME : event->platform;
    to[2] = (uint8_t)event->user_id.len;
    to[3] = (uint8_t)event->listing_id.len;
    to[4] = (uint8_t)event->source.len;
    to[5] = (uint8_t)event->id.len;
    to[6] = (uint8_t)event->visitor.len;
    to = put_u64(to + 7, (uint64_t)event->time_ms);
    to = put_text(to, event->user_id);
    to = put_text(to, event->listing_id);
    to = put_text(to, event->source);
    to = put_text(to, event->id);
    to = put_text(to, event->visitor);
    if (by_name || has_inquiry)
        to = put_event_tail(to, event);
    out->len = (size_t)(to - out->at);
    return true;
}

/* Texts of listing details in the order in which they are encoded. */
struct detail {
    unsigned flag;
    size_t bytes_max;
    size_t offset; /* of its struct text in struct listing_details */
    const char *name;
};
static const struct detail details_order[] = {
    {LISTING_HAS_ADDRESS, LISTING_ADDRESS_BYTES_MAX, offsetof(struct listing_details, address),
     "address"},
    {LISTING_HAS_CURRENCY, LISTING_CURRENCY_BYTES, offsetof(struct listing_details, currency),
     "currency"},
    {LISTING_HAS_IMAGE, LISTING_IMAGE_BYTES_MAX, offsetof(struct listing_details, image), "image"},
    {LISTING_HAS_STATUS, LISTING_STATUS_BYTES_MAX, offsetof(struct listing_details, status),
     "status"},
};
enum { DETAILS = sizeof details_order / sizeof details_order[0] };

static struct text detail_text(const struct listing_details *details, const struct detail *detail)
{
    struct text text;
    memcpy(&text, (const char *)details + detail->offset, sizeof text);
    return text;
}

static uint8_t *put_listing_head(uint8_t *to, unsigned flags, struct text user_id,
                                 struct text listing_id)
{
    assert(user_id.len - 1 < ID_BYTES_MAX && listing_id.len - 1 < ID_BYTES_MAX);
    to[0] = (uint8_t)flags;
    to[1] = (uint8_t)user_id.len;
    to[2] = (uint8_t)listing_id.len;
    to = put_text(to + LISTING_HEAD_BYTES, user_id);
    return put_text(to, listing_id);
}

bool entry_encode_listing_set(struct bytes *out, struct text user_id, struct text listing_id,
                              const struct listing_details *details)
{
    size_t needed = LISTING_HEAD_BYTES + user_id.len + listing_id.len + 8;
    unsigned flags = ENTRY_LISTING_SET;
    for (int i = 0; i < DETAILS; i++) {
        struct text text = detail_text(details, &details_order[i]);
        assert(text.len <= details_order[i].bytes_max);
        needed += VARINT_BYTES_MAX + text.len;
        if (text.at != NULL)
            flags |= details_order[i].flag;
    }
    assert(!details->has_price || isfinite(details->price));
    if (details->has_price)
        flags |= LISTING_HAS_PRICE;
    if (!bytes_reserve(out, needed))
        return false;

    uint8_t *to = put_listing_head(out->at + out->len, flags, user_id, listing_id);
    for (int i = 0; i < DETAILS; i++) {
        struct text text = detail_text(details, &details_order[i]);
        if (text.at != NULL) {
            to = put_varint(to, text.len);
            to = put_text(to, text);
        }
    }
    if (details->has_price) {
        uint64_t bits;
        memcpy(&bits, &details->price, sizeof bits);
        to = put_u64(to, bits);
    }
    out->len = (size_t)(to - out->at);
    return true;
}

bool entry_encode_listing_removed(struct bytes *out, struct text user_id, struct text listing_id)
{
    if (!bytes_reserve(out, LISTING_HEAD_BYTES + user_id.len + listing_id.len))
        return false;
    uint8_t *to = put_listing_head(out->at + out->len, ENTRY_LISTING_REMOVED, user_id, listing_id);
    out->len = (size_t)(to - out->at);
    return true;
}

/* Takes len bytes, which lie before the end. A text of no bytes is absent. */
static inline struct text take(const uint8_t **at, size_t len)
{
    struct text text = {len == 0 ? NULL : (const char *)*at, len};
    *at += len;
    return text;
}

/* Takes a varint of length and that many bytes; no bytes are present but empty. */
static bool take_counted(const uint8_t **at, const uint8_t *end, size_t bytes_max, struct text *out)
{
    uint64_t len;
    if (!get_varint(at, end, &len) || len > bytes_max || len > (uint64_t)(end - *at))
        return false;
    *out = (struct text){(const char *)*at, (size_t)len};
    *at += len;
    return true;
}

static enum status not_an_entry(struct error *err, const char *why)
{
    return fail(err, STATUS_CORRUPT, "an entry of a record %s", why);
}

static enum status take_platform(const uint8_t **at, const uint8_t *end, uint8_t *platform,
                                 struct error *err)
{
    if (*at == end || **at > end - *at - 1)
        return not_an_entry(err, "is cut off in its platform");
    size_t len = *(*at)++;
    struct text name = {(const char *)*at, len};
    *at += len;
    enum status status = platform_intern(name, platform, err);
    if (status == STATUS_INVALID)
        return not_an_entry(err, "has a platform whose name cannot be one");
    return status;
}

static enum status decode_event(const uint8_t **from, const uint8_t *end, struct event *out,
                                struct error *err)
{
    const uint8_t *at = *from;
    if (end - at < EVENT_HEAD_BYTES)
        return not_an_entry(err, "is cut off in its head");
    unsigned flags = at[0];
    unsigned type = flags >> TYPE_SHIFT & TYPE_MASK;
    unsigned platform = at[1];
    size_t user_len = at[2], listing_len = at[3], source_len = at[4], id_len = at[5],
           visitor_len = at[6];
    int64_t time_ms = (int64_t)get_u64(at + 7);

    if ((flags & ~(unsigned)EVENT_FLAGS) != 0 || type >= EVENT_TYPES ||
        (platform > PLATFORM_BUILTIN_LAST && platform != PLATFORM_BY_NAME) ||
        user_len - 1 >= ID_BYTES_MAX || listing_len - 1 >= ID_BYTES_MAX ||
        source_len > SOURCE_BYTES_MAX || id_len > EVENT_ID_BYTES_MAX ||
        visitor_len > VISITOR_BYTES_MAX)
        return not_an_entry(err, "has an impossible head");
    if (time_ms < calendar_ms_min || time_ms > calendar_ms_max)
        return not_an_entry(err, "has a time outside the calendar");
    at += EVENT_HEAD_BYTES;
    if ((size_t)(end - at) < user_len + listing_len + source_len + id_len + visitor_len)
        return not_an_entry(err, "is cut off in its texts");

    out->type = (enum event_type)type;
    out->platform = (uint8_t)platform;
    out->time_ms = time_ms;
    out->user_id = take(&at, user_len);
    out->listing_id = take(&at, listing_len);
    out->source = take(&at, source_len);
    out->id = take(&at, id_len);
    out->visitor = take(&at, visitor_len);
    out->inquiry = (struct text){NULL, 0};
    if (platform == PLATFORM_BY_NAME) {
        enum status status = take_platform(&at, end, &out->platform, err);
        if (status != STATUS_OK)
            return status;
    }
    if ((flags & EVENT_HAS_INQUIRY) != 0 &&
        !take_counted(&at, end, INQUIRY_BYTES_MAX, &out->inquiry))
        return not_an_entry(err, "is cut off in its inquiry, or the inquiry is too long");
    *from = at;
    return STATUS_OK;
}

static enum status decode_listing(const uint8_t **from, const uint8_t *end, struct entry *out,
                                  struct error *err)
{
    const uint8_t *at = *from;
    if (end - at < LISTING_HEAD_BYTES)
        return not_an_entry(err, "is cut off in its head");
    unsigned flags = at[0];
    size_t user_len = at[1], listing_len = at[2];
    unsigned allowed = out->kind == ENTRY_LISTING_SET ? LISTING_FLAGS : KIND_MASK;
    if ((flags & ~allowed) != 0 || user_len - 1 >= ID_BYTES_MAX || listing_len - 1 >= ID_BYTES_MAX)
        return not_an_entry(err, "has an impossible head");
    at += LISTING_HEAD_BYTES;
    if ((size_t)(end - at) < user_len + listing_len)
        return not_an_entry(err, "is cut off in its ids");
    out->user_id = take(&at, user_len);
    out->listing_id = take(&at, listing_len);

    if (out->kind == ENTRY_LISTING_SET) {
        struct listing_details details = {.has_price = (flags & LISTING_HAS_PRICE) != 0};
        for (int i = 0; i < DETAILS; i++) {
            struct text text;
            if ((flags & details_order[i].flag) == 0)
                continue;
            if (!take_counted(&at, end, details_order[i].bytes_max, &text))
                return fail(err, STATUS_CORRUPT,
                            "an entry of a record is cut off in a listing's %s, or it is too long",
                            details_order[i].name);
            memcpy((char *)&details + details_order[i].offset, &text, sizeof text);
        }
        if (details.has_price) {
            if (end - at < 8)
                return not_an_entry(err, "is cut off in a listing's price");
            uint64_t bits = get_u64(at);
            memcpy(&details.price, &bits, sizeof bits);
            at += 8;
            if (!isfinite(details.price))
                return not_an_entry(err, "has a price that is no number");
        }
        out->details = details;
    }
    *from = at;
    return STATUS_OK;
}

enum status entry_decode(const uint8_t **from, const uint8_t *end, struct entry *out,
                         struct error *err)
{
    if (*from == end)
        return not_an_entry(err, "is missing");
    switch (**from & KIND_MASK) {
    case ENTRY_EVENT:
        out->kind = ENTRY_EVENT;
        return decode_event(from, end, &out->event, err);
    case ENTRY_LISTING_SET:
    case ENTRY_LISTING_REMOVED:
        out->kind = (enum entry_kind)(**from & KIND_MASK);
        return decode_listing(from, end, out, err);
    default:
        return not_an_entry(err, "is of no known kind");
    }
}
