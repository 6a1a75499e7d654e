/*
 * record_test.c - what the journal keeps, there and back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "doc_example.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"
#include "model/record.h"

static void assert_same_text(struct text got, struct text want)
{
    assert_true(text_equal(got, want));
    assert_int_equal(got.at == NULL, want.at == NULL);
}

static void assert_same_event(const struct event *got, const struct event *want)
{
    assert_same_text(got->user_id, want->user_id);
    assert_same_text(got->listing_id, want->listing_id);
    assert_same_text(got->source, want->source);
    assert_same_text(got->id, want->id);
    assert_same_text(got->visitor, want->visitor);
    assert_same_text(got->inquiry, want->inquiry);
    assert_int_equal(got->time_ms, want->time_ms);
    assert_int_equal(got->type, want->type);
    assert_int_equal(got->platform, want->platform);
}

static void assert_same_details(const struct listing_details *got,
                                const struct listing_details *want)
{
    assert_same_text(got->address, want->address);
    assert_same_text(got->currency, want->currency);
    assert_same_text(got->image, want->image);
    assert_same_text(got->status, want->status);
    assert_int_equal(got->has_price, want->has_price);
    if (want->has_price)
        assert_memory_equal(&got->price, &want->price, sizeof got->price);
    assert_int_equal(got->updated_ms, 0);
}

TEST(heads_come_back)
{
    static const struct {
        const char *name;
        struct record_head head;
    } cases[] = {
        {"a group", {RECORD_GROUP, 1772352900123, 0}},
        {"a group before 1970", {RECORD_GROUP, -1, 0}},
        {"the first seal", {RECORD_SEAL, 0, 1}},
        {"the last seal there can be", {RECORD_SEAL, 0, UINT64_MAX}},
    };
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[RECORD_HEAD_BYTES];
        struct record_head got;
        record_head_encode(&cases[i].head, (uint8_t *)bytes);
        ASSERT_OK(record_head_decode((struct text){bytes, sizeof bytes}, &got, &err), err);
        ROW(got.kind == cases[i].head.kind && got.received_ms == cases[i].head.received_ms &&
                got.batch == cases[i].head.batch,
            cases[i].name, "came back as something else");
    }
}

TEST(heads_that_cannot_be_are_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t byte;
        size_t len;
    } cases[] = {
        {"a newer version", 0, 2, 16},   {"version 0", 0, 0, 16},
        {"an unknown kind", 1, 3, 16},   {"kind 0", 1, 0, 16},
        {"a reserved byte", 2, 1, 16},   {"the last reserved byte", 7, 0x80, 16},
        {"a seal of batch 0", 8, 0, 16}, {"a seal with something behind", 8, 1, 17},
        {"one byte short", 8, 1, 15},    {"nothing", 8, 1, 0},
    };
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[RECORD_HEAD_BYTES + 1] = {0};
        struct record_head got;
        record_head_encode(&(struct record_head){RECORD_SEAL, 0, 1}, bytes);
        bytes[cases[i].at] = cases[i].byte;
        struct text record = {(const char *)bytes, cases[i].len};
        ROW(record_head_decode(record, &got, &err) == STATUS_CORRUPT, cases[i].name, "was read");
    }
}

/* One record with every kind of entry, the worked example of docs/formats/records.md. */
static const struct text example_user = {"u1", 2}, example_listing = {"home-7", 6};

static void example_entries(struct entry entries[4])
{
    struct error err;
    uint8_t weibo;
    ASSERT_OK(platform_intern(text_of("weibo"), &weibo, &err), err);
    entries[0] = (struct entry){
        .kind = ENTRY_EVENT,
        .event = {.user_id = example_user,
                  .listing_id = example_listing,
                  .source = text_of("newsletter"),
                  .id = text_of("e1"),
                  .time_ms = 1772352900000,
                  .type = EVENT_VIEW,
                  .platform = 1},
    };
    entries[1] = (struct entry){
        .kind = ENTRY_EVENT,
        .event = {.user_id = example_user,
                  .listing_id = example_listing,
                  .visitor = text_of("v9"),
                  .inquiry = text_of("{\"name\":\"Jo\"}"),
                  .time_ms = 1772352900100,
                  .type = EVENT_INQUIRY,
                  .platform = weibo},
    };
    entries[2] = (struct entry){
        .kind = ENTRY_LISTING_SET,
        .user_id = example_user,
        .listing_id = example_listing,
        .details = {.address = text_of("1 Main St"),
                    .currency = text_of("EUR"),
                    .has_price = true,
                    .price = 250000},
    };
    entries[3] = (struct entry){
        .kind = ENTRY_LISTING_REMOVED, .user_id = example_user, .listing_id = example_listing};
}

static void encode(struct bytes *out, const struct entry *entry)
{
    bool done = false;
    switch (entry->kind) {
    case ENTRY_EVENT:
        done = entry_encode_event(out, &entry->event);
        break;
    case ENTRY_LISTING_SET:
        done = entry_encode_listing_set(out, entry->user_id, entry->listing_id, &entry->details);
        break;
    case ENTRY_LISTING_REMOVED:
        done = entry_encode_listing_removed(out, entry->user_id, entry->listing_id);
        break;
    }
    assert_true(done);
}

static void assert_same_entry(const struct entry *got, const struct entry *want)
{
    assert_int_equal(got->kind, want->kind);
    if (want->kind == ENTRY_EVENT) {
        assert_same_event(&got->event, &want->event);
        return;
    }
    assert_same_text(got->user_id, want->user_id);
    assert_same_text(got->listing_id, want->listing_id);
    if (want->kind == ENTRY_LISTING_SET)
        assert_same_details(&got->details, &want->details);
}

TEST(the_documented_examples_are_what_is_written)
{
    struct entry entries[4];
    uint8_t head[RECORD_HEAD_BYTES];
    struct bytes record = {0}, seal = {0};
    example_entries(entries);
    record_head_encode(&(struct record_head){RECORD_GROUP, 1772352900123, 0}, head);
    assert_true(bytes_append(&record, head, sizeof head));
    for (int i = 0; i < 4; i++)
        encode(&record, &entries[i]);
    assert_is_doc_example(&record, "records.md", "group");

    record_head_encode(&(struct record_head){RECORD_SEAL, 0, 7}, head);
    assert_true(bytes_append(&seal, head, sizeof head));
    assert_is_doc_example(&seal, "records.md", "seal");
    bytes_done(&record);
    bytes_done(&seal);
}

TEST(entries_come_back_in_order)
{
    struct entry entries[4], got;
    struct bytes record = {0};
    struct error err;
    example_entries(entries);
    for (int i = 0; i < 4; i++)
        encode(&record, &entries[i]);
    const uint8_t *at = record.at, *end = record.at + record.len;
    for (int i = 0; i < 4; i++) {
        ASSERT_OK(entry_decode(&at, end, &got, &err), err);
        assert_same_entry(&got, &entries[i]);
    }
    assert_ptr_equal(at, end);
    bytes_done(&record);
}

/* A text of random length and bytes in *arena_at, absent now and then if it may be. */
static struct text random_text(struct unit_random *random, char **at, size_t min, size_t max)
{
    size_t len = min + unit_random_below(random, max - min + 1);
    struct text text = {len == 0 ? NULL : *at, len};
    for (size_t i = 0; i < len; i++)
        *(*at)++ = (char)unit_random(random);
    return text;
}

static struct event random_event(struct unit_random *random, char *room)
{
    char *at = room;
    struct event event = {
        .user_id = random_text(random, &at, 1, ID_BYTES_MAX),
        .listing_id = random_text(random, &at, 1, ID_BYTES_MAX),
        .source = random_text(random, &at, 0, SOURCE_BYTES_MAX),
        .id = random_text(random, &at, 0, EVENT_ID_BYTES_MAX),
        .visitor = random_text(random, &at, 0, VISITOR_BYTES_MAX),
        .inquiry = random_text(random, &at, 0, INQUIRY_BYTES_MAX),
        .time_ms = calendar_ms_min + (int64_t)unit_random_below(
                                         random, (uint64_t)(calendar_ms_max - calendar_ms_min) + 1),
        .type = (enum event_type)unit_random_below(random, EVENT_TYPES),
        .platform = (uint8_t)unit_random_below(random, PLATFORM_BUILTIN_LAST + 2),
    };
    return event;
}

TEST(any_event_comes_back)
{
    struct unit_random random = unit_random_seeded();
    struct bytes record = {0};
    struct error err;
    uint8_t code;
    char room[ID_BYTES_MAX * 2 + SOURCE_BYTES_MAX * 3 + INQUIRY_BYTES_MAX];
    ASSERT_OK(platform_intern(text_of("one-more"), &code, &err), err);
    for (int i = 0; i < 3000; i++) {
        struct event event = random_event(&random, room);
        struct entry got;
        record.len = 0;
        assert_true(entry_encode_event(&record, &event));
        const uint8_t *at = record.at;
        ASSERT_OK(entry_decode(&at, record.at + record.len, &got, &err), err);
        assert_same_event(&got.event, &event);
        assert_ptr_equal(at, record.at + record.len);
    }
    bytes_done(&record);
}

TEST(the_first_and_the_last_moment_come_back)
{
    static const int64_t times[] = {calendar_ms_min, -1, 0, calendar_ms_max};
    struct bytes record = {0};
    struct error err;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct event event = {
            .user_id = text_of("u"), .listing_id = text_of("l"), .time_ms = times[i]};
        struct entry got;
        record.len = 0;
        assert_true(entry_encode_event(&record, &event));
        const uint8_t *at = record.at;
        ASSERT_OK(entry_decode(&at, record.at + record.len, &got, &err), err);
        assert_int_equal(got.event.time_ms, times[i]);
    }
    bytes_done(&record);
}

TEST(listing_details_come_back_present_or_absent)
{
    char address[LISTING_ADDRESS_BYTES_MAX], image[LISTING_IMAGE_BYTES_MAX];
    memset(address, 'a', sizeof address);
    memset(image, 'i', sizeof image);
    const struct {
        const char *name;
        struct listing_details details;
    } cases[] = {
        {"nothing known", {.has_price = false}},
        {"a price of 0", {.has_price = true}},
        {"a negative price", {.has_price = true, .price = -0.5}},
        {"an empty address, which is not an absent one", {.address = {address, 0}}},
        {"everything at its longest",
         {.address = {address, sizeof address},
          .currency = text_of("JPY"),
          .image = {image, sizeof image},
          .status = {address, LISTING_STATUS_BYTES_MAX},
          .has_price = true,
          .price = 1e300}},
    };
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes record = {0};
        struct entry got, want = {.kind = ENTRY_LISTING_SET,
                                  .user_id = example_user,
                                  .listing_id = example_listing,
                                  .details = cases[i].details};
        encode(&record, &want);
        const uint8_t *at = record.at;
        ASSERT_OK(entry_decode(&at, record.at + record.len, &got, &err), err);
        assert_same_entry(&got, &want);
        ROW(at == record.at + record.len, cases[i].name, "left bytes behind");
        bytes_done(&record);
    }
}

/* A copy that ends with its memory, so that ASan sees a read behind it. */
static uint8_t *exact_copy(const uint8_t *from, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, from, len);
    return copy;
}

TEST(an_entry_cut_anywhere_is_refused)
{
    struct entry entries[4], got;
    struct error err;
    example_entries(entries);
    for (int i = 0; i < 4; i++) {
        struct bytes record = {0};
        encode(&record, &entries[i]);
        for (size_t len = 0; len < record.len; len++) {
            uint8_t *cut = exact_copy(record.at, len);
            const uint8_t *at = cut;
            ROW(entry_decode(&at, cut + len, &got, &err) == STATUS_CORRUPT, err.message,
                "entry %d was read from %zu of %zu bytes", i, len, record.len);
            assert_ptr_equal(at, cut);
            free(cut);
        }
        bytes_done(&record);
    }
}

TEST(noise_is_read_within_its_bounds)
{
    struct unit_random random = unit_random_seeded();
    struct entry entries[4], got;
    struct error err;
    example_entries(entries);
    for (int round = 0; round < 20000; round++) {
        struct bytes record = {0};
        encode(&record, &entries[round % 4]);
        uint8_t *noisy = exact_copy(record.at, record.len);
        for (uint64_t hits = 1 + unit_random_below(&random, 4); hits > 0; hits--)
            noisy[unit_random_below(&random, record.len)] = (uint8_t)unit_random(&random);
        const uint8_t *at = noisy;
        while (at < noisy + record.len &&
               entry_decode(&at, noisy + record.len, &got, &err) == STATUS_OK)
            assert_true(at <= noisy + record.len);
        free(noisy);
        bytes_done(&record);
    }
}

TEST(entries_that_cannot_be_are_refused)
{
    static const struct {
        const char *name;
        size_t at; /* of the entry's byte that is changed */
        int entry; /* of the example */
        uint8_t byte;
    } cases[] = {
        {"kind 0", 0, 0, 0x00},
        {"event type 3", 0, 0, 0x0d},
        {"an unknown event flag", 0, 0, 0x21},
        {"a platform code that is not built in", 1, 0, 14},
        {"no user", 2, 0, 0},
        {"a user of 129 bytes", 2, 0, 129},
        {"no listing", 3, 0, 0},
        {"a source of 65 bytes", 4, 0, 65},
        {"an id of 65 bytes", 5, 0, 65},
        {"a visitor of 65 bytes", 6, 0, 65},
        {"a time behind the year 9999", 14, 0, 0x7f},
        {"a time before the year 1", 14, 0, 0x80},
        {"a platform name that cannot be one", 26, 1, 'W'},
        {"a platform name without bytes", 25, 1, 0},
        {"a price that is not finite", 32, 2, 0x7f},
        {"a currency of 4 bytes", 21, 2, 4},
        {"an unknown listing flag", 0, 2, 0x8e},
        {"a removal with details", 0, 3, 0x07},
        {"a removal without a listing", 2, 3, 0},
    };
    struct entry entries[4], got;
    struct error err;
    example_entries(entries);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes record = {0};
        static const uint8_t more[256];
        encode(&record, &entries[cases[i].entry]);
        assert_true(cases[i].at < record.len);
        record.at[cases[i].at] = cases[i].byte;
        if (cases[i].at == 32)
            record.at[31] = 0xf0;                              /* the other half of the exponent */
        assert_true(bytes_append(&record, more, sizeof more)); /* nothing is cut off */
        const uint8_t *at = record.at;
        ROW(entry_decode(&at, record.at + record.len, &got, &err) == STATUS_CORRUPT, cases[i].name,
            "was read");
        bytes_done(&record);
    }
}

UNIT_MAIN(UNIT(heads_come_back), UNIT(heads_that_cannot_be_are_refused),
          UNIT(the_documented_examples_are_what_is_written), UNIT(entries_come_back_in_order),
          UNIT(any_event_comes_back), UNIT(the_first_and_the_last_moment_come_back),
          UNIT(listing_details_come_back_present_or_absent), UNIT(an_entry_cut_anywhere_is_refused),
          UNIT(noise_is_read_within_its_bounds), UNIT(entries_that_cannot_be_are_refused))
