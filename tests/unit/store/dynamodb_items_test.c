/*
 * dynamodb_items_test.c - a listing-day's delta, its parts, its requests and its item: what every
 * node must agree about, without a table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "count_table.h"
#include "store/dynamodb/day_item.h"
#include "store/dynamodb/day_update.h"
#include "store/dynamodb/facts.h"
#include "store/dynamodb/known_days.h"

enum { DAY = 20151, NAMES = 100 };

static char names[NAMES][SOURCE_BYTES_MAX + 1];

static void make_names(void)
{
    for (int i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof names[i], "s%02d\"\\%d", i, i);
}

/* Cells of a day, keys repeated as a rollup repeats them. */
static void random_cells(struct unit_random *random, struct count_rows *cells, int platforms,
                         int sources, int sources_from)
{
    count_rows_clear(cells);
    for (int i = 0; i < platforms; i++) {
        struct platform_row *row = count_rows_add_platform(cells);
        assert_non_null(row);
        *row = (struct platform_row){DAY, (int16_t)unit_random_below(random, 96),
                                     (uint8_t)unit_random_below(random, 17),
                                     .updated_ms = 1700000000000 + i};
        row->counts.of[unit_random_below(random, 3)] = 1 + unit_random_below(random, 5);
        row->counts.of[unit_random_below(random, 3)] += unit_random_below(random, 3);
    }
    uint64_t quarters = unit_random_below(random, 2) > 0 ? 96 : 3; /* few: names meet when folded */
    for (int i = 0; i < sources; i++) {
        struct source_row *row = count_rows_add_source(cells);
        assert_non_null(row);
        const char *name = names[(sources_from + (int)unit_random_below(random, NAMES)) % NAMES];
        *row =
            (struct source_row){DAY, (int16_t)unit_random_below(random, quarters), text_of(name)};
        row->counts.of[unit_random_below(random, 3)] = 1 + unit_random_below(random, 5);
        for (int type = 0; type < EVENT_TYPES; type++)
            row->counts.of[type] += unit_random_below(random, 2);
    }
}

/* Cells given on their own: intern what is not built in. */
static void intern_platforms(void)
{
    static const char *const made[] = {"signal-fire", "a-name-that-is-as-long-as-can-be"};
    uint8_t code;
    struct error err = {0};
    for (size_t i = 0; i < 2; i++)
        ASSERT_OK(platform_intern(text_of(made[i]), &code, &err), err);
    ASSERT_OK(platform_intern(text_of("third"), &code, &err), err);
    assert_int_equal(code, 16);
}

static void random_standing(struct unit_random *random, struct source_names *standing)
{
    *standing = (struct source_names){.count = 0};
    int count = (int)unit_random_below(random, 2 * SOURCES_PER_DAY_MAX + 1);
    if (count > SOURCES_PER_DAY_MAX) /* full: half of the time */
        count = SOURCES_PER_DAY_MAX;
    int first = (int)unit_random_below(random, NAMES);
    for (int i = 0; i < count; i++)
        standing->names[standing->count++] = text_of(names[(first + i) % NAMES]);
    if (unit_random_below(random, 2) > 0)
        standing->names[SOURCES_PER_DAY_MAX] = text_of("(other)");
}

static bool stands(const struct source_names *standing, struct text name)
{
    for (uint32_t i = 0; i < standing->count; i++)
        if (text_equal(standing->names[i], name))
            return true;
    return false;
}

static bool same_unit(const struct day_delta *a, const struct day_delta *b, size_t unit)
{
    const struct delta_unit *x = &a->units[unit];
    const struct delta_unit *y = &b->units[unit];
    if (day_delta_is_source(a, unit) != day_delta_is_source(b, unit))
        return false;
    if (day_delta_is_source(a, unit) && !text_equal(a->names[x->name], b->names[y->name]))
        return false;
    return x->quarter == y->quarter && x->platform == y->platform &&
           memcmp(&x->counts, &y->counts, sizeof x->counts) == 0;
}

TEST(parts_before_the_first_folded_name_are_the_same_folded_or_not)
{
    struct unit_random random = unit_random_seeded();
    struct count_rows cells = {0};
    struct error err = {0};
    int several = 0;
    int folded_parts = 0;
    for (int round = 0; round < 20000; round++) {
        struct arena arena = {0};
        struct day_delta plain;
        struct day_delta folded;
        struct source_names standing;
        random_cells(&random, &cells, (int)unit_random_below(&random, 80),
                     (int)unit_random_below(&random, 160), (int)unit_random_below(&random, NAMES));
        ASSERT_OK(day_delta_build(&cells, DAY, &arena, &plain, &err), err);
        random_standing(&random, &standing);
        const struct source_names before = standing;
        ASSERT_OK(day_delta_fold(&plain, &standing, &arena, &folded, &err), err);
        several += plain.part_count > 1;
        for (uint32_t part = 0; part < plain.part_count; part++) {
            size_t from;
            size_t end;
            size_t folded_from;
            size_t folded_end;
            bool all_stand = true;
            day_delta_units(&plain, part, part, &from, &end);
            for (size_t i = from; i < end; i++)
                all_stand = all_stand && (!day_delta_is_source(&plain, i) ||
                                          stands(&before, plain.names[plain.units[i].name]));
            if (!all_stand) {
                folded_parts++;
                break;
            }
            day_delta_units(&folded, part, part, &folded_from, &folded_end);
            assert_int_equal(from, folded_from);
            assert_int_equal(end, folded_end);
            for (size_t i = from; i < end; i++)
                assert_true(same_unit(&plain, &folded, i));
        }
        assert_true(standing.count <= SOURCES_PER_DAY_MAX);
        assert_true(folded.part_count <= plain.part_count);
        arena_done(&arena);
    }
    assert_true(several > 100 && folded_parts > 100);
    count_rows_done(&cells);
}

TEST(folding_again_with_what_stands_then_changes_nothing)
{
    struct unit_random random = unit_random_seeded();
    struct count_rows cells = {0};
    struct error err = {0};
    for (int round = 0; round < 1000; round++) {
        struct arena arena = {0};
        struct day_delta plain;
        struct day_delta once;
        struct day_delta twice;
        struct source_names standing;
        random_cells(&random, &cells, 5, (int)unit_random_below(&random, 200), 0);
        ASSERT_OK(day_delta_build(&cells, DAY, &arena, &plain, &err), err);
        random_standing(&random, &standing);
        ASSERT_OK(day_delta_fold(&plain, &standing, &arena, &once, &err), err);
        ASSERT_OK(day_delta_fold(&plain, &standing, &arena, &twice, &err), err);
        assert_int_equal(once.unit_count, twice.unit_count);
        assert_int_equal(once.part_count, twice.part_count);
        for (size_t i = 0; i < once.unit_count; i++)
            assert_true(same_unit(&once, &twice, i));
        arena_done(&arena);
    }
    count_rows_done(&cells);
}

TEST(the_largest_delta_has_parts_enough)
{
    struct count_rows cells = {0};
    struct arena arena = {0};
    struct day_delta delta;
    struct error err = {0};
    for (int quarter = 0; quarter < QUARTERS_PER_DAY; quarter++) {
        for (int platform = 0; platform < PLATFORMS_MAX; platform++) {
            struct platform_row *row = count_rows_add_platform(&cells);
            assert_non_null(row);
            /* codes that nobody interned have no name, and need none before a request is made */
            uint8_t code = (uint8_t)(platform <= PLATFORM_BUILTIN_LAST + 3 ? platform : 16);
            *row = (struct platform_row){DAY, (int16_t)quarter, code, {{1, 1, 1}}, 1};
        }
        for (int name = 0; name <= SOURCES_PER_DAY_MAX; name++) {
            struct source_row *row = count_rows_add_source(&cells);
            assert_non_null(row);
            *row = (struct source_row){DAY, (int16_t)quarter, text_of(names[name]), {{1, 1, 1}}};
        }
    }
    ASSERT_OK(day_delta_build(&cells, DAY, &arena, &delta, &err), err);
    assert_int_equal(delta.platform_units, 17 * QUARTERS_PER_DAY);
    /* every platform there can be, three operators a type and quarter */
    uint32_t platforms = PLATFORMS_MAX * QUARTERS_PER_DAY * 8 / DELTA_PART_COST;
    uint32_t sources =
        (SOURCES_PER_DAY_MAX + 1) * QUARTERS_PER_DAY * DELTA_SOURCE_COST / DELTA_PART_COST;
    assert_true(platforms + sources + 2 < DELTA_PARTS_MAX);
    arena_done(&arena);
    count_rows_done(&cells);
}

TEST(a_marker_says_which_parts_are_there)
{
    static const struct {
        uint64_t marker;
        uint64_t batch;
        uint32_t want;
    } cases[] = {
        {0, 1, 0},
        {1 * 1024, 1, 1},
        {1 * 1024 + 4, 1, 5},
        {1 * 1024 + 4, 2, 0},
        {3 * 1024, 2, DELTA_PARTS_MAX},
        {3 * 1024 + 1023, 3, DELTA_PARTS_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(day_marker_parts(cases[i].marker, cases[i].batch), cases[i].want);
    assert_int_equal(day_marker(7, 3), 7 * 1024 + 3);
}

/* A request as JSON, and what its expression holds. */
static json_t *parse(const struct body *body)
{
    json_error_t why;
    assert_true(body_ok(body));
    json_t *json = json_loadb((const char *)body->bytes.at, body->bytes.len, 0, &why);
    if (json == NULL) {
        print_error("%s:\n%.*s\n", why.text, TEXT_ARGS(body_text(body)));
        UNIT_FAIL();
    }
    return json;
}

static size_t count_of(const char *in, char what)
{
    size_t count = 0;
    for (; *in != '\0'; in++)
        count += *in == what;
    return count;
}

TEST(every_request_stays_within_what_dynamodb_allows)
{
    struct unit_random random = unit_random_seeded();
    struct count_rows cells = {0};
    struct expression expression = {0};
    struct body body = {0};
    struct error err = {0};
    const struct day_target target = {.table = "table",
                                      .user_id = text_of("\"ann\\"),
                                      .listing_id = text_of("house \xf0\x9f\x8f\xa0"),
                                      .day = DAY,
                                      .writer = 999,
                                      .cells = true};
    size_t longest = 0;
    size_t operators = 0;
    for (int round = 0; round < 300; round++) {
        struct arena arena = {0};
        struct day_delta delta;
        random_cells(&random, &cells, (int)unit_random_below(&random, 900), 0, 0);
        int sources = (int)unit_random_below(&random, 700);
        for (int i = 0; i < sources; i++) {
            struct source_row *row = count_rows_add_source(&cells);
            assert_non_null(row);
            *row = (struct source_row){DAY,
                                       (int16_t)unit_random_below(&random, 96),
                                       text_of(names[unit_random_below(&random, 60)]),
                                       {{unit_random(&random) >> 1, unit_random(&random) >> 1,
                                         unit_random(&random) >> 1}}};
        }
        for (size_t i = 0; i < cells.platform_count; i++) { /* the longest names, large numbers */
            if (round % 2 == 0)
                cells.platforms[i].platform = (uint8_t)(14 + i % 3);
            for (int type = 0; type < EVENT_TYPES; type++)
                cells.platforms[i].counts.of[type] = unit_random(&random) >> 1;
        }
        ASSERT_OK(day_delta_build(&cells, DAY, &arena, &delta, &err), err);
        for (uint32_t part = 0; part < delta.part_count; part++) {
            day_add_body(&body, &expression, &target, &delta, UINT64_C(1) << 52, part);
            json_t *json = parse(&body);
            const char *update = json_string_value(json_object_get(json, "UpdateExpression"));
            assert_non_null(update);
            if (strlen(update) > longest)
                longest = strlen(update);
            if (count_of(update, ':') > operators)
                operators = count_of(update, ':');
            json_decref(json);
        }
        arena_done(&arena);
    }
    print_message("longest expression %zu bytes, most operators %zu\n", longest, operators);
    assert_true(longest > 2000 && longest <= EXPRESSION_BYTES_MAX);
    assert_true(operators <= 290);
    count_rows_done(&cells);
    expression_done(&expression);
    body_done(&body);
}

static void add_lines(struct count_table *table, const struct day_item *item, bool cells)
{
    assert_int_equal(
        count_table_add(table, item->listing_id, cells ? &item->cells : &item->totals, NULL),
        STATUS_OK);
}

/* Drops lines without counts and what is said of times. */
static void only_counts(struct count_table *table)
{
    size_t kept = 0;
    count_table_settle(table);
    for (size_t i = 0; i < table->count; i++) {
        table->at[i].updated_ms = 0;
        if (counts_sum(&table->at[i].counts) > 0)
            table->at[kept++] = table->at[i];
    }
    table->count = kept;
}

TEST(what_is_created_is_read_back_and_parts_come_and_go)
{
    struct unit_random random = unit_random_seeded();
    struct count_rows cells = {0};
    struct body body = {0};
    static struct day_item item;
    struct error err = {0};
    const struct day_target target = {.table = "table",
                                      .user_id = text_of("ann"),
                                      .listing_id = text_of("house"),
                                      .day = DAY,
                                      .writer = 7,
                                      .cells = true};
    for (int round = 0; round < 300; round++) {
        struct arena arena = {0};
        struct day_delta first;
        struct day_delta second;
        struct day_delta folded;
        struct source_names standing = {.count = 0};
        bool is_day = false;
        random_cells(&random, &cells, 1 + (int)unit_random_below(&random, 100),
                     (int)unit_random_below(&random, 100), 0);
        ASSERT_OK(day_delta_build(&cells, DAY, &arena, &first, &err), err);
        ASSERT_OK(day_delta_fold(&first, &standing, &arena, &folded, &err), err);
        day_create_body(&body, &target, &folded, 12);
        json_t *json = parse(&body);
        ASSERT_OK(day_item_read(&item, json_object_get(json, "Item"), 7, true, &is_day, &err), err);
        assert_true(is_day);
        assert_int_equal(item.day, DAY);
        assert_int_equal(item.marker, day_marker(12, folded.part_count - 1));
        assert_true(text_is(item.listing_id, "house"));

        /* created: the cells; their sums are the totals */
        for (int grain = 0; grain < 2; grain++) {
            struct count_table got = {0};
            struct count_table want = {0};
            add_lines(&got, &item, grain == 1);
            for (size_t i = 0; i < folded.unit_count; i++) {
                struct count_line line = {.listing_id = item.listing_id,
                                          .day = DAY,
                                          .quarter = grain == 1 ? folded.units[i].quarter : 0,
                                          .platform = folded.units[i].platform,
                                          .counts = folded.units[i].counts};
                if (day_delta_is_source(&folded, i))
                    line.source = folded.names[folded.units[i].name];
                count_table_add_line(&want, &line);
            }
            only_counts(&got);
            only_counts(&want);
            count_tables_equal("created", &got, &want);
            count_table_done(&got);
            count_table_done(&want);
        }

        /* a second delta comes and goes: in part, or whole */
        random_cells(&random, &cells, 1 + (int)unit_random_below(&random, 100),
                     (int)unit_random_below(&random, 100), 50);
        ASSERT_OK(day_delta_build(&cells, DAY, &arena, &second, &err), err);
        for (int grain = 0; grain < 2; grain++) {
            struct count_table before = {0};
            struct count_table after = {0};
            ASSERT_OK(day_item_read(&item, json_object_get(json, "Item"), 7, true, &is_day, &err),
                      err);
            add_lines(&before, &item, grain == 1);
            ASSERT_OK(day_item_add(&item, &second, 0, true, &arena, &err), err);
            ASSERT_OK(day_item_take_off(&item, &second, DELTA_PARTS_MAX, true, &arena, &err), err);
            ASSERT_OK(day_item_settle(&item, true, &err), err);
            assert_false(item.cells.approximate);
            add_lines(&after, &item, grain == 1);
            only_counts(&before);
            only_counts(&after);
            count_tables_equal("came and went", &after, &before);
            count_table_done(&before);
            count_table_done(&after);
        }
        json_decref(json);
        arena_done(&arena);
    }
    day_item_done(&item);
    body_done(&body);
    count_rows_done(&cells);
}

TEST(keys_of_other_things_are_no_listing_days)
{
    static const struct {
        const char *key;
        bool want;
    } cases[] = {
        {"METRICS#house#2025-03-04", true},
        {"METRICS#a b#2025-03-04", true},
        {"METRICS#a#b#2025-03-04", true},
        {"METRICS##2025-03-04", false},
        {"METRICS#2025-03-04", false},
        {"METRICS#house#2025-02-30", false},
        {"METRICS#house#2025-3-4", false},
        {"METRICS#house#", false},
        {"METRICS#house", false},
        {"DAY#2025-03-04#house", false},
        {"METRICS#house#2025-03-04 ", false},
        {"", false},
    };
    static struct day_item item;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        bool is_day = !cases[i].want;
        json_t *json = json_pack("{s:{s:s}}", "SK", "S", cases[i].key);
        assert_non_null(json);
        ASSERT_OK(day_item_read(&item, json, 1, true, &is_day, &err), err);
        ROW(is_day == cases[i].want, cases[i].key, "%d", is_day);
        json_decref(json);
    }
    day_item_done(&item);
}

TEST(what_any_application_may_have_written_is_read)
{
    static const struct {
        const char *name;
        const char *json;
        uint64_t want;
    } cases[] = {
        {"none", "{}", 0},
        {"a number", "{\"x\":{\"N\":\"17\"}}", 17},
        {"a text", "{\"x\":{\"S\":\"17\"}}", 0},
        {"bare", "{\"x\":17}", 0},
        {"null", "{\"x\":{\"NULL\":true}}", 0},
        {"negative", "{\"x\":{\"N\":\"-17\"}}", 0},
        {"fraction", "{\"x\":{\"N\":\"17.99\"}}", 17},
        {"exponent", "{\"x\":{\"N\":\"1.7E3\"}}", 1700},
        {"too large", "{\"x\":{\"N\":\"99999999999999999999999999999999999999\"}}", INT64_MAX},
        {"much too large", "{\"x\":{\"N\":\"9E125\"}}", INT64_MAX},
        {"the largest", "{\"x\":{\"N\":\"9223372036854775807\"}}", INT64_MAX},
        {"no digits", "{\"x\":{\"N\":\"many\"}}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = json_loads(cases[i].json, 0, NULL);
        assert_non_null(json);
        uint64_t got = attribute_count(json, "x");
        ROW(got == cases[i].want, cases[i].name, "%llu", (unsigned long long)got);
        json_decref(json);
    }
}

TEST(texts_and_moments_are_written_as_json_in_the_order_of_time)
{
    static const char *const texts[] = {"plain", "\"", "\\", "a\nb\x01\x1f", "\xc3\xa4 \x7f", ""};
    static const int64_t moments[] = {calendar_ms_min, -62135596799999, -1000, -1, 0, 1, 999,
                                      1741046400123,   calendar_ms_max};
    struct body body = {0};
    char before[32] = "";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        body_clear(&body);
        body_put_s(&body, text_of(texts[i]));
        json_t *json = parse(&body);
        assert_string_equal(json_string_value(json_object_get(json, "S")), texts[i]);
        json_decref(json);
    }
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int64_t read = 0;
        body_clear(&body);
        body_put_moment(&body, moments[i]);
        assert_true(time_parse_rfc3339(body_text(&body), &read));
        assert_int_equal(read, moments[i]);
        char now[32];
        snprintf(now, sizeof now, "%.*s", TEXT_ARGS(body_text(&body)));
        assert_true(strcmp(before, now) < 0);
        strcpy(before, now);
    }
    body_done(&body);
}

TEST(facts_come_back_as_they_were_put)
{
    static const struct listing_details details[] = {
        {.address = {"1 \"Road\"", 8}, .has_price = true, .price = 1.0 / 3, .updated_ms = 5},
        {.has_price = true, .price = 1e300, .updated_ms = 5},
        {.has_price = true, .price = -1e-300, .updated_ms = 5},
        {.has_price = true, .price = 0, .updated_ms = 5},
        {.address = {"", 0}, .currency = {"EUR", 3}, .updated_ms = 5},
        {.status = {"sold", 4}, .image = {"https://x", 9}, .updated_ms = 5},
    };
    const struct fact_origin origin = {"table", "00112233445566778899aabbccddeeff", 3, 17};
    struct body body = {0};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        struct text listing;
        struct text order;
        struct listing_details got;
        bool removed = true;
        listing_body(&body, &origin, text_of("ann"), text_of("house"), &details[i], 5);
        json_t *json = parse(&body);
        const json_t *item = json_object_get(json, "Item");
        assert_true(listing_read(item, &listing, &got, &removed, &order));
        assert_false(removed);
        assert_true(text_is(listing, "house"));
        assert_true(text_equal(got.address, details[i].address));
        assert_int_equal(got.address.at == NULL, details[i].address.at == NULL);
        assert_true(text_equal(got.status, details[i].status));
        assert_int_equal(got.has_price, details[i].has_price);
        assert_true(got.price == details[i].price);
        assert_int_equal(got.updated_ms, 5);
        assert_true(fact_is_later(item, 3, 16) && !fact_is_later(item, 3, 17) &&
                    !fact_is_later(item, 4, 1));
        json_decref(json);
    }
    body_done(&body);
}

TEST(the_newer_word_has_the_greater_order)
{
    static const struct {
        int64_t received_ms;
        const char *journal;
        uint64_t batch;
    } words[] = {
        {0, "00", 1},
        {9, "00", 1},
        {10, "00", 1},
        {10, "00", 2},
        {10, "00", 10},
        {10, "ff", 1},
        {1700000000000, "00", 1},
    };
    char before[LISTING_ORDER_BYTES] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char now[LISTING_ORDER_BYTES];
        const struct fact_origin origin = {"table", words[i].journal, 1, words[i].batch};
        listing_order(&origin, words[i].received_ms, now);
        assert_true(strcmp(before, now) < 0);
        memcpy(before, now, sizeof now);
    }
}

TEST(known_days_are_found_and_bounded)
{
    struct known_days known = {0};
    struct text ann = text_of("ann");
    assert_false(known_days_has(&known, 1));
    for (int32_t day = 0; day < 1000; day++)
        known_days_add(&known, known_day_hash(ann, text_of("house"), day));
    for (int32_t day = 0; day < 1000; day++)
        assert_true(known_days_has(&known, known_day_hash(ann, text_of("house"), day)));
    assert_false(known_days_has(&known, known_day_hash(ann, text_of("house"), 1000)));
    assert_false(known_days_has(&known, known_day_hash(ann, text_of("flat"), 1)));
    for (uint64_t hash = 1; hash <= KNOWN_DAYS_SLOTS; hash++)
        known_days_add(&known, hash * 0x9e3779b97f4a7c15);
    assert_true(known.count < KNOWN_DAYS_SLOTS);
    assert_true(known_days_has(&known, (uint64_t)KNOWN_DAYS_SLOTS * 0x9e3779b97f4a7c15));
    known_days_done(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(parts_before_the_first_folded_name_are_the_same_folded_or_not),
        UNIT(folding_again_with_what_stands_then_changes_nothing),
        UNIT(the_largest_delta_has_parts_enough),
        UNIT(a_marker_says_which_parts_are_there),
        UNIT(every_request_stays_within_what_dynamodb_allows),
        UNIT(what_is_created_is_read_back_and_parts_come_and_go),
        UNIT(keys_of_other_things_are_no_listing_days),
        UNIT(what_any_application_may_have_written_is_read),
        UNIT(texts_and_moments_are_written_as_json_in_the_order_of_time),
        UNIT(facts_come_back_as_they_were_put),
        UNIT(the_newer_word_has_the_greater_order),
        UNIT(known_days_are_found_and_bounded),
    };
    make_names();
    intern_platforms();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
