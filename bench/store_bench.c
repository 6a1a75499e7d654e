/*
 * store_bench.c - what folding and reading cost the SQLite store, by page size and block size.
 *
 *     store_bench DIR PAGE_BYTES LISTINGS EVENTS_A_DAY
 *
 * One user has 10,000 listings with two full months; LISTINGS others, 1,000 to a user, have 16
 * days. Each listing-day holds EVENTS_A_DAY events: 1 gives one platform and no source; more give
 * 4 to 14 platforms and three sources. DIR is filled at the first run and used again later.
 * Then three batches are applied:
 *
 *     dense    one view of every one of the LISTINGS, today
 *     sparse   a view of a tenth of them, today
 *     random   500,000 views on any of their days
 *
 * and the big user is asked. CPU is the thread's own time, which other work on the machine
 * disturbs less than it does the clock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "model/calendar.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/sqlite_store.h"

enum { GROUP = 10000, BIG_LISTINGS = 10000, BIG_DAYS = 60, OLD_DAYS = 16, RANDOM_VIEWS = 500000 };

static const uint8_t journal_id[STORE_JOURNAL_ID_BYTES] = "store_bench....";

/* Everything that one run is about. */
struct bench {
    struct store *store;
    struct rollup *rollup; /* the batch in the making */
    struct bytes group;    /* its entries that are not counted yet */
    int entries;           /* of them */
    uint64_t seq;
    int listings;
    int events_a_day;
    int32_t today;
    uint64_t random;
};

static struct error err;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "store_bench: %s: %s\n", status_code(status), err.message);
    exit(1);
}

static uint64_t below(struct bench *bench, uint64_t bound)
{
    uint64_t word = bench->random += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return (word ^ (word >> 31)) % bound;
}

static double since_ms(uint64_t start_ns)
{
    return (double)(monotonic_ns() - start_ns) / 1e6;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void count_group(struct bench *bench)
{
    struct text record = {(const char *)bench->group.at, bench->group.len};
    if (bench->entries > 0)
        must(rollup_apply_group(bench->rollup, record, ++bench->seq, &err));
    bench->group.len = 0;
    bench->entries = 0;
}

static void note(struct bench *bench, int user, int listing, int32_t day)
{
    static const char *const sources[] = {"newsletter", "social-post", "website"};
    char user_id[32];
    char listing_id[32];
    int events = bench->events_a_day;
    uint64_t platforms = events > 12 ? 14 : events > 6 ? 8 : 4;
    snprintf(user_id, sizeof user_id, "user-%07d", user);
    snprintf(listing_id, sizeof listing_id, "listing-%08d", listing);
    struct event event = {.user_id = text_of(user_id),
                          .listing_id = text_of(listing_id),
                          .platform = 1,
                          .type = below(bench, 20) == 0 ? EVENT_SHARE : EVENT_VIEW,
                          .time_ms = day * ms_per_day + (int64_t)below(bench, 86400000)};
    if (events > 1) {
        event.platform = (uint8_t)below(bench, platforms);
        if (below(bench, 3) > 0)
            event.source = text_of(sources[below(bench, 3)]);
    }
    if (bench->entries == 0) {
        const struct record_head head = {.kind = RECORD_GROUP, .received_ms = day * ms_per_day};
        uint8_t bytes[RECORD_HEAD_BYTES];
        record_head_encode(&head, bytes);
        if (!bytes_append(&bench->group, bytes, sizeof bytes))
            must(STATUS_NO_MEMORY);
    }
    if (!entry_encode_event(&bench->group, &event))
        must(STATUS_NO_MEMORY);
    if (++bench->entries == GROUP)
        count_group(bench);
}

static void note_other(struct bench *bench, int listing, int32_t day)
{
    note(bench, 1 + listing / 1000, listing, day);
}

/* Applies the batch and begins the next; name NULL: in silence. */
static void apply(struct bench *bench, const char *name)
{
    count_group(bench);
    struct store_batch batch = {bench->rollup, bench->seq};
    struct stat log = {0};
    double days = (double)rollup_listing_days(bench->rollup);
    uint64_t start = monotonic_ns();
    uint64_t cpu = cpu_ns();
    must(store_apply(bench->store, &batch, &err));
    double fold_ms = since_ms(start);
    double fold_cpu_us = (double)(cpu_ns() - cpu) / 1e3;
    stat(((struct sqlite_store *)bench->store)->wal_path, &log);
    start = monotonic_ns();
    must(store_maintain(bench->store, &err));
    if (name != NULL)
        printf("%-8s %8.0f listing-days: %7.0f ms, CPU %5.1f us each; log %5.0f MB; checkpoint "
               "%5.0f ms\n",
               name, days, fold_ms, fold_cpu_us / days, (double)log.st_size / 1e6, since_ms(start));
    uint64_t next = rollup_batch(bench->rollup) + 1;
    rollup_unref(bench->rollup);
    bench->rollup = rollup_new(next, journal_id);
    if (bench->rollup == NULL)
        must(STATUS_NO_MEMORY);
}

static void fill(struct bench *bench)
{
    for (int32_t day = bench->today - BIG_DAYS + 1; day <= bench->today; day++) {
        for (int i = 0; i < BIG_LISTINGS * bench->events_a_day; i++)
            note(bench, 0, i / bench->events_a_day, day);
        if (day >= bench->today - OLD_DAYS && day < bench->today)
            for (int i = 0; i < bench->listings * bench->events_a_day; i++)
                note_other(bench, i / bench->events_a_day, day);
        apply(bench, day == bench->today - 1 ? "fill" : NULL);
    }
}

static enum status add_up(void *context, struct text listing_id, const struct count_rows *rows,
                          struct error *error)
{
    (void)listing_id;
    (void)error;
    for (size_t i = 0; i < rows->platform_count; i++)
        *(uint64_t *)context += counts_sum(&rows->platforms[i].counts);
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct question {
    const char *name;
    int rounds;
    int days;
    bool cells;
    bool one;
};

static void ask(struct bench *bench, struct store_reader *reader, const struct question *question)
{
    double us[20000];
    double cpu_us = 0;
    uint64_t total = 0;
    for (int i = 0; i < question->rounds; i++) {
        char id[32];
        struct store_position position;
        snprintf(id, sizeof id, "listing-%08d", (int)below(bench, BIG_LISTINGS));
        struct text listing = text_of(id);
        const struct store_scope scope = {.user_id = text_of("user-0000000"),
                                          .listing_ids = &listing,
                                          .listing_count = question->one,
                                          .first_day = bench->today - question->days + 1,
                                          .last_day = bench->today};
        uint64_t cpu = cpu_ns();
        uint64_t start = monotonic_ns();
        must(store_reader_begin(reader, &position, &err));
        must(question->cells ? store_reader_cells(reader, &scope, add_up, &total, &err)
                             : store_reader_totals(reader, &scope, add_up, &total, &err));
        store_reader_end(reader);
        us[i] = since_ms(start) * 1000;
        cpu_us += (double)(cpu_ns() - cpu) / 1e3;
    }
    qsort(us, (size_t)question->rounds, sizeof *us, compare);
    printf("%-42s p50 %9.1f us, p99 %9.1f us, CPU %9.1f us (%llu counted)\n", question->name,
           us[question->rounds / 2], us[question->rounds * 99 / 100], cpu_us / question->rounds,
           (unsigned long long)total);
}

int main(int argc, char **argv)
{
    static const struct question questions[] = {
        {"one listing, 30 days", 20000, 30, false, true},
        {"one listing, 31 days by the quarter-hour", 5000, 31, true, true},
        {"10,000 listings, 30 days", 30, 30, false, false},
        {"10,000 listings, 31 days by the quarter-hour", 5, 31, true, false},
    };
    if (argc != 5) {
        fprintf(stderr, "usage: store_bench DIR PAGE_BYTES LISTINGS EVENTS_A_DAY\n");
        return 2;
    }
    char path[FILE_PATH_BYTES];
    struct bench bench = {.listings = atoi(argv[3]),
                          .events_a_day = atoi(argv[4]),
                          .today = day_from_civil((struct civil){2025, 8, 29}),
                          .random = 1};
    must(file_path(path, argv[1], "footfall.db", &err));
    const struct sqlite_store_options options = {
        .path = path, .journal_id = journal_id, .page_bytes = (uint32_t)atoi(argv[2])};
    if (bench.listings < 1 || bench.events_a_day < 1) {
        fprintf(stderr, "store_bench: LISTINGS and EVENTS_A_DAY are at least 1\n");
        return 2;
    }

    struct store_position position;
    must(sqlite_store_open(&options, &bench.store, &err));
    must(store_get_position(bench.store, &position, &err));
    /* cut off at every checkpoint, so that its size tells of one batch */
    ((struct sqlite_store *)bench.store)->log_bytes_kept = 0;
    bench.seq = position.seq;
    bench.rollup = rollup_new(position.batch + 1, journal_id);
    if (bench.rollup == NULL)
        must(STATUS_NO_MEMORY);
    if (position.batch == 0)
        fill(&bench);

    for (int i = 0; i < bench.listings; i++)
        note_other(&bench, i, bench.today);
    apply(&bench, "dense");
    for (int i = 0; i < bench.listings / 10 + 1; i++)
        note_other(&bench, (int)below(&bench, (uint64_t)bench.listings), bench.today);
    apply(&bench, "sparse");
    for (int i = 0; i < RANDOM_VIEWS; i++)
        note_other(&bench, (int)below(&bench, (uint64_t)bench.listings),
                   bench.today - (int32_t)below(&bench, OLD_DAYS));
    apply(&bench, "random");

    struct store_reader *reader = NULL;
    must(store_reader_open(bench.store, &reader, &err));
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        ask(&bench, reader, &questions[i]);
    uint64_t bytes = 0;
    must(store_size(bench.store, &bytes, &err));
    printf("%.0f MB in pages of %s\n", (double)bytes / 1e6, argv[2]);
    store_reader_close(reader);
    store_close(bench.store);
    rollup_unref(bench.rollup);
    bytes_done(&bench.group);
    return 0;
}
