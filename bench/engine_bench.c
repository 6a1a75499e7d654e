/*
 * engine_bench.c - the engine without HTTP: how fast events become durable, replay, and are asked.
 *
 *   engine_bench record  DIR EVENTS LISTINGS ids|plain   groups of 10,000, Zipf 0.99 over LISTINGS
 *   engine_bench crash   DIR EVENTS LISTINGS ids|plain   the same, never sealed, then gone without
 * a word: leaves a journal to replay engine_bench replay  DIR EVENTS                      opens
 * what crash left engine_bench open    DIR                             opens what record left, all
 * in the store engine_bench sustain DIR EVENTS LISTINGS zipf|even   until all is in the store, and
 * waiting when the engine says that the store is behind engine_bench load    DIR LISTINGS DAYS a
 * portal's month, in the store engine_bench ask     DIR LISTINGS DAYS               one listing,
 * then all of them
 *
 * Prints `name value` lines. Only the engine's own work is timed: events are made beforehand, a
 * group at a time, and the processor time of making them is taken off. A user has 1,000 listings,
 * but for load and ask, where one has them all. Neighbours in rank are strangers by name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/load/zipf.h"
#include "lib/instance.h"

enum {
    GROUP = ENGINE_SUBMISSION_EVENTS_MAX,
    NAME_BYTES = 24,
    LISTINGS_A_USER = 1000,
    ASK_ONE_ROUNDS = 20000,
    ASK_ALL_ROUNDS = 15
};

static const double zipf_exponent = 0.99;
static const uint64_t scramble = 2654435761; /* a prime, so every listing has one rank */
static const int64_t day_ms = 86400000;

static void die(const struct error *err)
{
    fprintf(stderr, "engine_bench: %s\n", err->message);
    exit(1);
}

static void die_usage(void)
{
    fprintf(stderr, "usage: engine_bench record|crash DIR EVENTS LISTINGS ids|plain\n"
                    "       engine_bench sustain DIR EVENTS LISTINGS zipf|even\n"
                    "       engine_bench replay DIR EVENTS\n"
                    "       engine_bench open DIR\n"
                    "       engine_bench load|ask DIR LISTINGS DAYS\n");
    exit(2);
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "engine_bench: no memory\n");
        exit(1);
    }
    return memory;
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    uint64_t value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || value == 0)
        die_usage();
    return value;
}

/* One group of events and the bytes they point to. */
struct batch {
    struct event events[GROUP];
    char users[GROUP][NAME_BYTES];
    char listings[GROUP][NAME_BYTES];
    char ids[GROUP][NAME_BYTES];
};

static struct text name_into(char *out, const char *prefix, uint64_t value)
{
    int len = snprintf(out, NAME_BYTES, "%s%010" PRIu64, prefix, value);
    return (struct text){out, (size_t)len};
}

/* What a run draws its events from, and what it has drawn. */
struct draw {
    struct zipf zipf;
    struct random random;
    uint64_t serial;
    bool with_ids;
    uint8_t *seen; /* a bit a listing */
    uint64_t seen_count;
    uint64_t spent_ns; /* of processor time, making events */
};

static void draw_init(struct draw *draw, uint64_t listings, double exponent, bool with_ids)
{
    *draw = (struct draw){.random = {1}, .with_ids = with_ids};
    draw->seen = must_alloc(listings / 8 + 1, 1);
    zipf_init(&draw->zipf, listings, exponent);
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (uint64_t)at.tv_sec * ns_per_s + (uint64_t)at.tv_nsec;
}

static void batch_fill(struct batch *batch, struct draw *draw, int64_t now_ms)
{
    uint64_t begun_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < GROUP; i++) {
        uint64_t dice = random_next(&draw->random);
        uint64_t listing = zipf_next(&draw->zipf, &draw->random) * scramble % draw->zipf.count;
        uint8_t bit = (uint8_t)(1 << listing % 8);
        draw->seen_count += (draw->seen[listing / 8] & bit) == 0;
        draw->seen[listing / 8] |= bit;
        batch->events[i] = (struct event){
            .user_id = name_into(batch->users[i], "portal-", listing / LISTINGS_A_USER),
            .listing_id = name_into(batch->listings[i], "l-", listing),
            .type = dice % 100 < 95   ? EVENT_VIEW
                    : dice % 100 < 99 ? EVENT_SHARE
                                      : EVENT_INQUIRY,
            .platform = (uint8_t)((dice >> 8) % 4),
            .time_ms = now_ms,
        };
        if (draw->with_ids)
            batch->events[i].id = name_into(batch->ids[i], "event-", draw->serial++);
    }
    draw->spent_ns += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns;
}

/* What the process took, when all is stored. */
static void print_cost(const struct draw *draw, uint64_t events)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu_ns_per_event %.1f\n",
           (double)(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - draw->spent_ns) / (double)events);
    printf("peak_memory_mib %.1f\n", (double)usage.ru_maxrss / 1024);
    printf("listing_days %" PRIu64 "\n", draw->seen_count);
}

static void open_or_die(const char *dir, bool never_seal, struct instance **out)
{
    struct error err = {0};
    struct engine_options options = {
        .data_dir = dir,
        .clock = clock_system(),
        .rollup_bytes = (uint64_t)(never_seal ? 8 : 2) << 30, /* full, it would be sealed */
        .dedupe_ids = 20000000,
        .seal_journal_bytes = never_seal ? (uint64_t)1 << 40 : 0,
        .seal_interval_ms = never_seal ? 3600000 : 0,
    };
    if (instance_open(&options, out, &err) != STATUS_OK)
        die(&err);
}

static void close_or_die(struct instance *instance)
{
    struct error err = {0};
    if (instance_close(instance, &err) != STATUS_OK)
        die(&err);
}

/* Records one group, and counts in *waited_ns the time in which the store was behind. */
static uint64_t record_group(struct instance *instance, const struct batch *batch,
                             uint64_t *waited_ns)
{
    const struct timespec pause = {0, 1000 * 1000};
    struct record_result result;
    struct error err = {0};
    uint64_t begun_ns = monotonic_ns();
    uint64_t refused_ns = 0;
    enum status status = STATUS_OK;
    while ((status = instance_record_events(instance, batch->events, GROUP, &result, &err)) ==
               STATUS_BEHIND &&
           waited_ns != NULL) {
        refused_ns = refused_ns == 0 ? monotonic_ns() : refused_ns;
        nanosleep(&pause, NULL);
    }
    if (status != STATUS_OK)
        die(&err);
    uint64_t ended_ns = monotonic_ns();
    if (refused_ns > 0)
        *waited_ns += ended_ns - refused_ns;
    if (result.recorded != GROUP) {
        fprintf(stderr, "engine_bench: %" PRIu64 " of %d recorded\n", result.recorded, GROUP);
        exit(1);
    }
    return ended_ns - begun_ns;
}

static void record(const char *dir, uint64_t events, uint64_t listings, bool with_ids, bool crash)
{
    struct instance *instance = NULL;
    struct draw draw;
    struct batch *batch = must_alloc(1, sizeof *batch);
    uint64_t spent_ns = 0;
    uint64_t longest_ns = 0;
    struct engine_stats stats;

    draw_init(&draw, listings, zipf_exponent, with_ids);
    open_or_die(dir, crash, &instance);
    uint64_t groups = events / GROUP;
    for (uint64_t i = 0; i < groups; i++) {
        batch_fill(batch, &draw, instance_now_ms(instance));
        uint64_t took_ns = record_group(instance, batch, NULL);
        spent_ns += took_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
    }
    printf("events_per_second %.0f\n", (double)(groups * GROUP) / ((double)spent_ns / 1e9));
    printf("longest_group_ms %.1f\n", (double)longest_ns / 1e6);
    instance_get_stats(instance, &stats);
    printf("journal_bytes_per_event %.1f\n",
           (double)stats.journal.appended_bytes / (double)(groups * GROUP));
    fflush(stdout);
    if (crash)
        _exit(0);
    close_or_die(instance);
    print_cost(&draw, groups * GROUP);
    free(draw.seen);
    free(batch);
}

/* With the memory that `serve` has, so that the store must keep up. */
static void sustain(const char *dir, uint64_t events, uint64_t listings, bool even)
{
    struct instance *instance = NULL;
    struct error err = {0};
    struct draw draw;
    struct batch *batch = must_alloc(1, sizeof *batch);
    struct engine_options options = {.data_dir = dir, .clock = clock_system()};
    uint64_t spent_ns = 0;
    uint64_t waited_ns = 0;

    draw_init(&draw, listings, even ? 0 : zipf_exponent, false);
    if (instance_open(&options, &instance, &err) != STATUS_OK)
        die(&err);
    uint64_t groups = events / GROUP;
    for (uint64_t i = 0; i < groups; i++) {
        batch_fill(batch, &draw, instance_now_ms(instance));
        spent_ns += record_group(instance, batch, &waited_ns);
    }
    uint64_t begun_ns = monotonic_ns();
    if (instance_flush(instance, &err) != STATUS_OK)
        die(&err);
    uint64_t flushed_ns = monotonic_ns() - begun_ns;
    close_or_die(instance);
    printf("events_per_second %.0f\n",
           (double)(groups * GROUP) / ((double)(spent_ns + flushed_ns) / 1e9));
    printf("store_share %.3f\n",
           (double)(waited_ns + flushed_ns) / (double)(spent_ns + flushed_ns));
    print_cost(&draw, groups * GROUP);
    free(draw.seen);
    free(batch);
}

/* Everything is in the store; what does its size cost a start? */
static void open_stored(const char *dir)
{
    struct instance *instance = NULL;
    uint64_t begun_ns = monotonic_ns();
    open_or_die(dir, false, &instance);
    printf("open_ms %.1f\n", (double)(monotonic_ns() - begun_ns) / 1e6);
    close_or_die(instance);
}

static void replay(const char *dir, uint64_t events)
{
    struct instance *instance = NULL;
    struct engine_stats stats;
    uint64_t begun = monotonic_ns();
    open_or_die(dir, true, &instance);
    uint64_t took = monotonic_ns() - begun;
    instance_get_stats(instance, &stats);
    if (stats.replayed_records < events / GROUP) {
        fprintf(stderr, "engine_bench: only %" PRIu64 " records to replay\n",
                stats.replayed_records);
        exit(1);
    }
    printf("replayed_per_second %.0f\n", (double)events / ((double)stats.replay_ns / 1e9));
    printf("open_ms %.1f\n", (double)took / 1e6);
    fflush(stdout);
    _exit(0); /* the journal stays as it is, for the next run */
}

/* Every listing, on every day: a few views on each of three platforms. */
static void load(const char *dir, uint64_t listings, uint64_t days)
{
    struct instance *instance = NULL;
    struct error err = {0};
    struct batch *batch = must_alloc(1, sizeof *batch);
    struct record_result result;
    size_t count = 0;

    open_or_die(dir, false, &instance);
    int64_t now_ms = instance_now_ms(instance);
    for (uint64_t i = 0; i < listings * days * 3; i++) {
        batch->events[count] = (struct event){
            .user_id = text_of("portal-0"),
            .listing_id = name_into(batch->listings[count], "l-", i / 3 % listings),
            .type = i % 7 == 0 ? EVENT_SHARE : EVENT_VIEW,
            .platform = (uint8_t)(1 + i % 3),
            .time_ms = now_ms - (int64_t)(i / 3 / listings) * day_ms,
        };
        if (++count < GROUP && i + 1 < listings * days * 3)
            continue;
        if (instance_record_events(instance, batch->events, count, &result, &err) != STATUS_OK)
            die(&err);
        count = 0;
    }
    if (instance_flush(instance, &err) != STATUS_OK)
        die(&err);
    close_or_die(instance);
    free(batch);
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void print_times(const char *name, uint64_t *times, size_t count)
{
    qsort(times, count, sizeof *times, compare_ns);
    printf("%s_p50_us %.1f\n", name, (double)times[count / 2] / 1e3);
    printf("%s_p99_us %.1f\n", name, (double)times[count * 99 / 100] / 1e3);
}

static void ask(const char *dir, uint64_t listings, uint64_t days)
{
    struct instance *instance = NULL;
    struct error err = {0};
    struct arena arena = {.chunk_bytes = (size_t)1 << 20};
    struct range range;
    uint64_t *times = must_alloc(ASK_ONE_ROUNDS, sizeof *times);
    struct random random = {2};
    char name[NAME_BYTES];
    uint64_t seen = 0;

    open_or_die(dir, false, &instance);
    const struct range_request request = {.period = text_of("monthly")};
    if (instance_resolve_range(instance, &request, &range, &err) != STATUS_OK)
        die(&err);

    for (size_t i = 0; i < ASK_ONE_ROUNDS; i++) {
        struct aggregated_metrics metrics;
        struct text listing = name_into(name, "l-", random_below(&random, listings));
        uint64_t begun = monotonic_ns();
        if (instance_get_aggregated_metrics(instance, text_of("portal-0"), listing, &range, &arena,
                                            &metrics, &err) != STATUS_OK)
            die(&err);
        times[i] = monotonic_ns() - begun;
        seen += metrics.totals.of[EVENT_VIEW] + metrics.totals.of[EVENT_SHARE];
        arena_reset(&arena);
    }
    /* the oldest day of the load may have left the range at midnight */
    if (seen < ASK_ONE_ROUNDS * (days - 1) * 3) {
        fprintf(stderr, "engine_bench: the folder does not hold the load\n");
        exit(1);
    }
    print_times("one_listing", times, ASK_ONE_ROUNDS);

    for (size_t i = 0; i < ASK_ALL_ROUNDS; i++) {
        struct metrics_page page;
        const struct metrics_page_request first = {.sort = SORT_VIEWS,
                                                   .limit = METRICS_PAGE_DEFAULT};
        uint64_t begun = monotonic_ns();
        if (instance_get_all_listings_metrics(instance, text_of("portal-0"), &range, &first, &arena,
                                              &page, &err) != STATUS_OK)
            die(&err);
        times[i] = monotonic_ns() - begun;
        arena_reset(&arena);
    }
    print_times("all_listings", times, ASK_ALL_ROUNDS);
    arena_done(&arena);
    free(times);
    close_or_die(instance);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc == 6 && (strcmp(what, "record") == 0 || strcmp(what, "crash") == 0))
        record(argv[2], number(argv[3]), number(argv[4]), strcmp(argv[5], "ids") == 0,
               strcmp(what, "crash") == 0);
    else if (argc == 6 && strcmp(what, "sustain") == 0)
        sustain(argv[2], number(argv[3]), number(argv[4]), strcmp(argv[5], "even") == 0);
    else if (argc == 3 && strcmp(what, "open") == 0)
        open_stored(argv[2]);
    else if (argc == 4 && strcmp(what, "replay") == 0)
        replay(argv[2], number(argv[3]));
    else if (argc == 5 && strcmp(what, "load") == 0)
        load(argv[2], number(argv[3]), number(argv[4]));
    else if (argc == 5 && strcmp(what, "ask") == 0)
        ask(argv[2], number(argv[3]), number(argv[4]));
    else
        die_usage();
    return 0;
}
