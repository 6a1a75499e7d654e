/*
 * dynamodb_nodes_test.c - several writers over one table, and items that another application wrote:
 * what each counted adds up, and whoever has lost its place is stopped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "store/dynamodb/dynamodb_table.h"
#include "store_trial.h"

static const uint8_t another_id[STORE_JOURNAL_ID_BYTES] = "another journal";

/* What a node reads of ann equals what all nodes' ledgers say. */
static void check_cluster(struct cluster *cluster, const char *row, int by)
{
    struct store_scope scope = all_of("ann");
    struct store_reader *reader = NULL;
    struct store_position position;
    struct error err = {0};
    ASSERT_OK(store_reader_open(cluster->stores[by], &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    for (int cells = 0; cells < 2; cells++) {
        struct count_table got = {0};
        struct count_table want = {.later_updates_do = true};
        ASSERT_OK((cells ? store_reader_cells : store_reader_totals)(reader, &scope,
                                                                     count_table_add, &got, &err),
                  err);
        for (int node = 0; node < CLUSTER_NODES; node++)
            ledger_counts(&cluster->ledgers[node], cluster->ledgers[node].batches, &scope, cells,
                          &want);
        for (size_t i = 0; i < want.count; i++)
            want.at[i].updated_ms = 0; /* whose word came last is not known here */
        count_tables_equal(row, &got, &want);
        count_table_done(&got);
        count_table_done(&want);
    }
    store_reader_end(reader);
    store_reader_close(reader);
}

TEST(what_several_writers_count_adds_up)
{
    struct unit_random random = unit_random_seeded();
    struct cluster *cluster = cluster_new();
    for (int round = 0; round < 12; round++) {
        uint32_t node = (uint32_t)unit_random_below(&random, CLUSTER_NODES);
        for (int i = 0; i < 80; i++)
            note_nth(&cluster->ledgers[node], (int)unit_random_below(&random, 500), "ann");
        ledger_apply(&cluster->ledgers[node], cluster->stores[node]);
        if (unit_random_below(&random, 3) == 0) {
            store_close(cluster->stores[node]);
            cluster_open_node(cluster, node);
        }
        check_cluster(cluster, "a round", (int)unit_random_below(&random, CLUSTER_NODES));
    }
    cluster_free(cluster);
}

static enum status count_sources(void *context, struct text listing_id,
                                 const struct count_rows *rows, struct error *err)
{
    size_t *counts = context; /* names, "(other)"'s views, all views */
    (void)listing_id;
    (void)err;
    for (size_t i = 0; i < rows->source_count; i++) {
        bool other = text_is(rows->sources[i].source, "(other)");
        counts[0] += !other;
        counts[1] += other ? rows->sources[i].counts.of[EVENT_VIEW] : 0;
        counts[2] += rows->sources[i].counts.of[EVENT_VIEW];
    }
    return STATUS_OK;
}

TEST(a_day_has_sixty_four_sources_whoever_wrote_them)
{
    struct cluster *cluster = cluster_new();
    struct store_scope scope = all_of("ann");
    struct store_reader *reader = NULL;
    struct store_position position;
    char source[16];
    for (int round = 0; round < 2; round++) {
        for (int node = 0; node < CLUSTER_NODES; node++) {
            for (int i = 0; i < 30; i++) { /* 90 names in all; each twice */
                snprintf(source, sizeof source, "n%d-%d", node, i);
                ledger_note_view(&cluster->ledgers[node], "ann", "house", day_of(2025, 3, 4),
                                 source);
            }
            ledger_apply(&cluster->ledgers[node], cluster->stores[node]);
        }
    }
    size_t counts[3] = {0};
    ASSERT_OK(store_reader_open(cluster->stores[0], &reader, &cluster->err), cluster->err);
    ASSERT_OK(store_reader_begin(reader, &position, &cluster->err), cluster->err);
    ASSERT_OK(store_reader_totals(reader, &scope, count_sources, counts, &cluster->err),
              cluster->err);
    assert_int_equal(counts[0], SOURCES_PER_DAY_MAX);
    assert_int_equal(counts[1], 2 * (90 - SOURCES_PER_DAY_MAX));
    assert_int_equal(counts[2], 180);
    store_reader_end(reader);
    store_reader_close(reader);
    cluster_free(cluster);
}

TEST(a_writer_has_one_journal)
{
    struct cluster *cluster = cluster_new();
    struct store *second = NULL;
    struct error err = {0};
    cluster->place->writer = 2;
    assert_int_equal(table_place_open(cluster->place, another_id, &second, &err), STATUS_FOREIGN);
    assert_non_null(strstr(err.message, "takeover"));
    assert_non_null(strstr(err.message, "writer 2"));
    cluster_free(cluster);
}

TEST(a_copied_journal_is_stopped_before_it_writes)
{
    struct cluster *cluster = cluster_new();
    struct ledger *ledger = &cluster->ledgers[0];
    struct store *copy = NULL;
    struct dynamodb_store_stats stats;
    cluster->place->writer = 1;
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(ledger, cluster->stores[0]);
    ASSERT_OK(table_place_open(cluster->place, ledger->journal_id, &copy, &cluster->err),
              cluster->err);

    /* both go on from batch 1, each with its own batch 2 */
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), "first");
    ledger_apply(ledger, cluster->stores[0]);
    struct ledger other = {.batches = 1, .seq = 1};
    memcpy(other.journal_id, ledger->journal_id, sizeof other.journal_id);
    ledger_note_view(&other, "ann", "house", day_of(2025, 3, 4), "second");
    struct store_batch batch = ledger_seal(&other);
    assert_int_equal(store_apply(copy, &batch, &cluster->err), STATUS_FOREIGN);
    assert_non_null(strstr(cluster->err.message, "copy"));
    dynamodb_store_get_stats(copy, &stats);
    assert_true(stats.halted);
    check_cluster(cluster, "nothing of it is there", 0);
    check_cluster(cluster, "nothing of it is there", 1);

    /* and one that is set back further */
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(ledger, cluster->stores[0]);
    assert_int_equal(store_apply(copy, &batch, &cluster->err), STATUS_FOREIGN);
    check_cluster(cluster, "nor now", 1);
    ledger_release(batch);
    ledger_done(&other);
    store_close(copy);
    cluster_free(cluster);
}

TEST(a_writer_is_taken_over_and_its_old_journal_stopped)
{
    struct cluster *cluster = cluster_new();
    struct ledger *old = &cluster->ledgers[0];
    struct dynamodb_writer_state state;
    struct error err = {0};
    cluster->place->writer = 1;
    for (int i = 0; i < 3; i++) {
        ledger_note_view(old, "ann", "house", day_of(2025, 3, 4), "mail");
        ledger_apply(old, cluster->stores[0]);
    }
    assert_int_equal(dynamodb_store_takeover(place_client, cluster->place->table, 1, another_id,
                                             another_id, &err),
                     STATUS_FOREIGN);
    assert_int_equal(dynamodb_store_takeover(place_client, cluster->place->table, 9,
                                             old->journal_id, another_id, &err),
                     STATUS_NOT_FOUND);
    ASSERT_OK(dynamodb_store_takeover(place_client, cluster->place->table, 1, old->journal_id,
                                      another_id, &err),
              err);
    ASSERT_OK(dynamodb_store_read_writer(place_client, cluster->place->table, 1, &state, &err),
              err);
    assert_int_equal(state.applied, 3);

    /* the old one is still running */
    ledger_note_view(old, "ann", "house", day_of(2025, 3, 4), "late");
    struct store_batch late = ledger_seal(old);
    assert_int_equal(store_apply(cluster->stores[0], &late, &err), STATUS_FOREIGN);
    ledger_release(late);
    old->batches--;
    old->count--;
    old->sealed--;

    struct store *store = NULL;
    struct store_position position = {0};
    ASSERT_OK(table_place_open(cluster->place, another_id, &store, &err), err);
    ASSERT_OK(store_get_position(store, &position, &err), err);
    assert_int_equal(position.batch, 3);
    assert_int_equal(position.seq, 0);
    struct rollup *rollup = rollup_new(4, another_id);
    assert_non_null(rollup);
    struct store_batch empty = {rollup, 2};
    ASSERT_OK(store_apply(store, &empty, &err), err);
    rollup_unref(rollup);
    check_cluster(cluster, "what was applied stays", 1);
    store_close(store);
    cluster_free(cluster);
}

/* An item as the other application writes it. */
static void put_foreign(struct cluster *cluster, const char *listing, const char *date,
                        const char *attributes)
{
    json_decref(ask_engine("PutItem", DYNAMODB_OK,
                           "{\"TableName\":\"%s\",\"Item\":{\"PK\":{\"S\":\"USER#ann\"},"
                           "\"SK\":{\"S\":\"METRICS#%s#%s\"},\"listingId\":{\"S\":\"%s\"},"
                           "\"date\":{\"S\":\"%s\"}%s}}",
                           cluster->place->table, listing, date, listing, date, attributes));
}

/* Day and counts of all rows, by platform none, facebook, others; and what was said of them. */
struct foreign_sum {
    struct counts none;
    struct counts facebook;
    struct counts other;
    bool approximate;
};

static enum status sum_foreign(void *context, struct text listing_id, const struct count_rows *rows,
                               struct error *err)
{
    struct foreign_sum *sum = context;
    (void)listing_id;
    (void)err;
    sum->approximate = sum->approximate || rows->approximate;
    for (size_t i = 0; i < rows->platform_count; i++)
        counts_add(rows->platforms[i].platform == 0   ? &sum->none
                   : rows->platforms[i].platform == 1 ? &sum->facebook
                                                      : &sum->other,
                   &rows->platforms[i].counts);
    return STATUS_OK;
}

static struct foreign_sum read_foreign(struct cluster *cluster, const char *listing, bool cells)
{
    struct store_scope scope = all_of("ann");
    struct text id = listing == NULL ? (struct text){0} : text_of(listing);
    struct store_reader *reader = NULL;
    struct store_position position;
    struct foreign_sum sum = {0};
    struct error err = {0};
    scope.listing_ids = &id;
    scope.listing_count = listing != NULL;
    ASSERT_OK(store_reader_open(cluster->stores[0], &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    ASSERT_OK(
        (cells ? store_reader_cells : store_reader_totals)(reader, &scope, sum_foreign, &sum, &err),
        err);
    store_reader_end(reader);
    store_reader_close(reader);
    return sum;
}

TEST(items_of_another_application_are_counted_on)
{
    static const struct {
        const char *name;
        const char *attributes;
        uint64_t none; /* views before */
        uint64_t facebook;
        uint64_t other;
    } cases[] = {
        {"bare", "", 0, 0, 0},
        {"totals", ",\"views\":{\"N\":\"5\"},\"shares\":{\"N\":\"2\"},\"inquiries\":{\"N\":\"1\"}",
         5, 0, 0},
        {"empty-platforms", ",\"views\":{\"N\":\"5\"},\"platforms\":{\"M\":{}}", 5, 0, 0},
        {"one-platform",
         ",\"views\":{\"N\":\"5\"},\"platforms\":{\"M\":{\"facebook\":{\"M\":{\"views\":{\"N\":"
         "\"3\"},"
         "\"lastUpdated\":{\"N\":\"1700\"}}}}}",
         2, 3, 0},
        {"unknown-platform",
         ",\"views\":{\"N\":\"9\"},\"platforms\":{\"M\":{\"orkut\":{\"M\":{\"views\":{\"N\":\"4\"}}"
         "},"
         "\"My Space\":{\"M\":{\"views\":{\"N\":\"2\"}}}}}",
         5, 0, 4},
        {"fraction", ",\"views\":{\"N\":\"7.9\"}", 7, 0, 0},
    };
    struct cluster *cluster = cluster_new();
    struct ledger *ledger = &cluster->ledgers[0];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        put_foreign(cluster, cases[i].name, "2025-03-04", cases[i].attributes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct foreign_sum sum = read_foreign(cluster, cases[i].name, true);
        ROW(sum.none.of[0] == cases[i].none && sum.facebook.of[0] == cases[i].facebook &&
                sum.other.of[0] == cases[i].other,
            cases[i].name, "read %lu %lu %lu", sum.none.of[0], sum.facebook.of[0], sum.other.of[0]);
        ROW(sum.approximate == (cases[i].none + cases[i].facebook > 0), cases[i].name,
            "approximate %d", sum.approximate);
    }
    struct foreign_sum all = read_foreign(cluster, NULL, false);
    assert_int_equal(counts_sum(&all.none), 0); /* not in the index yet */

    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct event event = {.user_id = text_of("ann"),
                                  .listing_id = text_of(cases[i].name),
                                  .source = text_of("mail"),
                                  .time_ms = day_of(2025, 3, 4) * ms_per_day};
            ledger_note_event(ledger, &event);
            event.platform = 1;
            ledger_note_event(ledger, &event);
        }
        ledger_apply(ledger, cluster->stores[0]);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int cells = 0; cells < 2; cells++) {
            struct foreign_sum sum = read_foreign(cluster, cases[i].name, cells);
            ROW(sum.facebook.of[0] == cases[i].facebook + 2, cases[i].name,
                "facebook %lu, cells %d", sum.facebook.of[0], cells);
            ROW(sum.none.of[0] == cases[i].none + 2, cases[i].name, "none %lu, cells %d",
                sum.none.of[0], cells);
        }
    }
    all = read_foreign(cluster, NULL, false);
    assert_true(all.none.of[0] > 0);
    cluster_free(cluster);
}

TEST(an_item_that_cannot_be_added_to_is_named_and_mended)
{
    struct cluster *cluster = cluster_new();
    struct ledger *ledger = &cluster->ledgers[0];
    put_foreign(cluster, "odd", "2025-03-04", ",\"views\":{\"S\":\"many\"}");
    ledger_note_view(ledger, "ann", "odd", day_of(2025, 3, 4), "mail");
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), "mail");
    struct store_batch batch = ledger_seal(ledger);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(store_apply(cluster->stores[0], &batch, &cluster->err), STATUS_IO);
        assert_non_null(strstr(cluster->err.message, "user ann, listing odd, 2025-03-04"));
    }
    put_foreign(cluster, "odd", "2025-03-04", ",\"views\":{\"N\":\"4\"}");
    ASSERT_OK(store_apply(cluster->stores[0], &batch, &cluster->err), cluster->err);
    assert_int_equal(read_foreign(cluster, "odd", false).none.of[0], 5);
    assert_int_equal(read_foreign(cluster, "house", true).none.of[0], 1);
    ledger_release(batch);
    cluster_free(cluster);
}

static enum status count_progress(void *context, uint64_t seen, uint64_t put, struct error *err)
{
    uint64_t *got = context;
    (void)err;
    got[0] = seen;
    got[1] = put;
    return STATUS_OK;
}

TEST(adopting_puts_what_the_index_lacks)
{
    struct cluster *cluster = cluster_new();
    uint64_t got[2] = {0};
    char date[DATE_BYTES + 1] = {0};
    for (int i = 0; i < 100; i++) {
        date_format(day_of(2025, 1, 1) + i, date);
        put_foreign(cluster, i % 2 ? "house" : "flat", date, ",\"views\":{\"N\":\"1\"}");
    }
    ledger_note_view(&cluster->ledgers[0], "ann", "house", day_of(2025, 1, 2), NULL);
    ledger_apply(&cluster->ledgers[0], cluster->stores[0]);
    struct foreign_sum sum = read_foreign(cluster, NULL, false);
    assert_int_equal(sum.none.of[0], 2);
    ASSERT_OK(dynamodb_table_adopt(place_channel, cluster->place->table, count_progress, got,
                                   &cluster->err),
              cluster->err);
    assert_int_equal(got[0], 100);
    assert_int_equal(got[1], 99);
    sum = read_foreign(cluster, NULL, false);
    assert_int_equal(sum.none.of[0], 101);
    ASSERT_OK(dynamodb_table_adopt(place_channel, cluster->place->table, count_progress, got,
                                   &cluster->err),
              cluster->err);
    assert_int_equal(got[1], 0);
    cluster_free(cluster);
}

TEST(a_newer_word_of_another_node_stands)
{
    struct cluster *cluster = cluster_new();
    static const char *const words[] = {"first", "second", "third"};
    struct store_listing_query query = {.user_id = text_of("ann"), .limit = 9};
    struct store_reader *reader = NULL;
    struct store_position position;
    /* received in the order of nodes, applied the other way round; the last one removes */
    for (int node = 0; node < CLUSTER_NODES; node++) {
        for (int i = 0; i < node; i++)
            ledger_note_view(&cluster->ledgers[node], "bob", "x", day_of(2025, 3, 4), NULL);
        struct entry entry = {.kind = node == 2 ? ENTRY_LISTING_REMOVED : ENTRY_LISTING_SET,
                              .user_id = text_of("ann"),
                              .listing_id = text_of("house"),
                              .details = {.address = text_of(words[node])}};
        ledger_note(&cluster->ledgers[node], &entry);
    }
    ASSERT_OK(store_reader_open(cluster->stores[0], &reader, &cluster->err), cluster->err);
    for (int node = CLUSTER_NODES - 1; node >= 0; node--) {
        ledger_apply(&cluster->ledgers[node], cluster->stores[node]);
        ASSERT_OK(store_reader_begin(reader, &position, &cluster->err), cluster->err);
        answers_equal("removed last", store_listings(reader, &query), strdup(""));
        store_reader_end(reader);
    }
    store_reader_close(reader);
    cluster_free(cluster);
}

TEST(how_fresh_the_others_are_is_known)
{
    struct cluster *cluster = cluster_new();
    int64_t as_of_ms = 0;
    struct store_position position;
    ASSERT_OK(store_refresh(cluster->stores[0], &as_of_ms, &cluster->err), cluster->err);
    assert_true(as_of_ms > 0); /* since they were opened */
    int64_t ahead_ms = as_of_ms + 3600000;
    ASSERT_OK(store_note_drained(cluster->stores[1], ahead_ms, &cluster->err), cluster->err);
    ASSERT_OK(store_note_drained(cluster->stores[1], ahead_ms - 1, &cluster->err), cluster->err);
    ASSERT_OK(store_note_drained(cluster->stores[2], ahead_ms + 5, &cluster->err), cluster->err);
    ASSERT_OK(store_refresh(cluster->stores[0], &as_of_ms, &cluster->err), cluster->err);
    assert_int_equal(as_of_ms, ahead_ms);
    ASSERT_OK(store_note_drained(cluster->stores[1], store_nothing_to_come, &cluster->err),
              cluster->err);
    ASSERT_OK(store_refresh(cluster->stores[0], &as_of_ms, &cluster->err), cluster->err);
    assert_int_equal(as_of_ms, ahead_ms + 5);
    ASSERT_OK(store_note_drained(cluster->stores[2], store_nothing_to_come, &cluster->err),
              cluster->err);
    ASSERT_OK(store_refresh(cluster->stores[0], &as_of_ms, &cluster->err), cluster->err);
    assert_int_equal(as_of_ms, 0);
    store_close(cluster->stores[1]);
    cluster_open_node(cluster, 1);
    ASSERT_OK(store_refresh(cluster->stores[0], &as_of_ms, &cluster->err), cluster->err);
    assert_true(as_of_ms > 0 && as_of_ms < ahead_ms);
    ASSERT_OK(store_get_position(cluster->stores[1], &position, &cluster->err), cluster->err);
    cluster_free(cluster);
}

TEST(without_cells_days_stay_and_quarters_are_approximate)
{
    struct cluster *cluster = cluster_new();
    struct ledger *ledger = &cluster->ledgers[0];
    store_close(cluster->stores[0]);
    cluster->place->cells = false;
    cluster_open_node(cluster, 0);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 50; i++)
            note_nth(ledger, i, "ann");
        ledger_apply(ledger, cluster->stores[0]);
    }
    struct foreign_sum totals = read_foreign(cluster, NULL, false);
    struct foreign_sum cells = read_foreign(cluster, NULL, true);
    assert_int_equal(
        counts_sum(&totals.none) + counts_sum(&totals.facebook) + counts_sum(&totals.other), 150);
    assert_memory_equal(&totals.none, &cells.none, sizeof totals.none);
    assert_memory_equal(&totals.facebook, &cells.facebook, sizeof totals.none);
    assert_true(cells.approximate && !totals.approximate);
    cluster_free(cluster);
}

TEST(a_table_that_cannot_serve_is_named)
{
    struct table_place place = {.table = "no-such-table-here", .writer = 1, .cells = true};
    struct store *store = NULL;
    struct error err = {0};
    bool existed = false;
    assert_int_equal(table_place_open(&place, another_id, &store, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "create-table"));
    place.writer = 0;
    assert_int_equal(table_place_open(&place, another_id, &store, &err), STATUS_INVALID);
    place.writer = 1000;
    assert_int_equal(table_place_open(&place, another_id, &store, &err), STATUS_INVALID);

    struct table_place *right = table_place_new();
    ASSERT_OK(dynamodb_table_create(place_channel, right->table, &existed, &err), err);
    assert_true(existed);
    table_place_free(right);

    json_decref(ask_engine("CreateTable", DYNAMODB_OK,
                           "{\"TableName\":\"other-keys\",\"BillingMode\":\"PAY_PER_REQUEST\","
                           "\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
                           "\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":\"id\","
                           "\"KeyType\":\"HASH\"}]}"));
    struct table_place wrong = {.table = "other-keys", .writer = 1, .cells = true};
    assert_int_equal(table_place_open(&wrong, another_id, &store, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "PK and SK"));
    json_decref(ask_engine("DeleteTable", DYNAMODB_OK, "{\"TableName\":\"other-keys\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(what_several_writers_count_adds_up),
        UNIT(a_day_has_sixty_four_sources_whoever_wrote_them),
        UNIT(a_writer_has_one_journal),
        UNIT(a_copied_journal_is_stopped_before_it_writes),
        UNIT(a_writer_is_taken_over_and_its_old_journal_stopped),
        UNIT(items_of_another_application_are_counted_on),
        UNIT(an_item_that_cannot_be_added_to_is_named_and_mended),
        UNIT(adopting_puts_what_the_index_lacks),
        UNIT(a_newer_word_of_another_node_stands),
        UNIT(how_fresh_the_others_are_is_known),
        UNIT(without_cells_days_stay_and_quarters_are_approximate),
        UNIT(a_table_that_cannot_serve_is_named),
    };
    places_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    places_end();
    return failed;
}
