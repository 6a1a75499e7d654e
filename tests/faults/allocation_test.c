/*
 * allocation_test.c - memory runs out at any moment: nothing breaks and nothing is miscounted.
 *
 * A life over the facade (open, record all kinds, seal, ask every question, close), in which the
 * Nth allocation fails, for every N until a life gets through without meeting it; once, or from
 * the Nth on. Everything then answers STATUS_OK or STATUS_NO_MEMORY, what was refused is not
 * counted, and a life without faults finds every accepted event, once.
 *
 * Which allocations: those of Footfall's own code, which the linker wraps for this program
 * (--wrap=malloc and so on), and SQLite's, through SQLITE_CONFIG_MALLOC. GLib's are left out: it
 * ends the process when memory is short, by design; Footfall asks it for time zones only. So are
 * those inside the C library.
 *
 * Own allocations: every N. SQLite makes thousands: a sample, that FOOTFALL_SEED repeats, or every
 * N with FOOTFALL_FAULTS=all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/instance.h"
#include "model/platform.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static const uint64_t never = UINT64_MAX / 2;

/* ---- the fault ---- */

enum zone_of { OWN, STORE, ZONES };
static const char *const zone_names[ZONES] = {"own", "sqlite"};

static struct {
    _Atomic bool armed;
    enum zone_of zone;
    uint64_t at;    /* fails from this one on, counted from 1 */
    uint64_t count; /* so many */
    _Atomic uint64_t calls;
    _Atomic uint64_t failed;
} fault;

static bool fails_now(enum zone_of zone)
{
    if (!atomic_load(&fault.armed) || zone != fault.zone)
        return false;
    uint64_t number = atomic_fetch_add(&fault.calls, 1) + 1;
    if (number < fault.at || number - fault.at >= fault.count)
        return false;
    atomic_fetch_add(&fault.failed, 1);
    return true;
}

static void arm(enum zone_of zone, uint64_t at, uint64_t count)
{
    fault.zone = zone;
    fault.at = at;
    fault.count = count;
    atomic_store(&fault.calls, 0);
    atomic_store(&fault.failed, 0);
    atomic_store(&fault.armed, true);
}

static void disarm(void)
{
    atomic_store(&fault.armed, false);
}

/* The linker's names (--wrap): what our objects call, and what they would have called. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails_now(OWN) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now(OWN) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails_now(OWN) ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails_now(OWN) ? NULL : __real_reallocarray(old, count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now(OWN) ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails_now(OWN) ? NULL : __real_strdup(text);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
    return fails_now(STORE) ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return fails_now(STORE) ? NULL : sqlite_memory.xRealloc(old, size);
}

static void take_sqlite_memory(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), SQLITE_OK);
    sqlite3_mem_methods ours = sqlite_memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

/* ---- what was sent, and what became of it ---- */

enum { LISTINGS = 3, EVENTS_MAX = 256, ID_BYTES = 16 };
static const char *const listing_ids[LISTINGS] = {"house", "flat", "barn"};
static const char user[] = "agent";

struct sent_event {
    char id[ID_BYTES];
    struct event event;
    enum { REFUSED, ACCEPTED } fate;
};

struct ledger {
    struct sent_event events[EVENTS_MAX];
    size_t count;
    struct unit_clock clock;
    const char *where; /* for failures: "own 17" */
    char address[ID_BYTES];
    char address_known[ID_BYTES]; /* "" for none */
};

/* STATUS_OK and true, or the one refusal that is allowed and false. */
static bool went_well(const struct ledger *ledger, enum status status, const struct error *err,
                      const char *doing)
{
    if (status == STATUS_OK)
        return true;
    ROW(status == STATUS_NO_MEMORY, ledger->where, "%s: %s: %s", doing, status_code(status),
        err->message);
    ROW(strlen(err->message) > 8, ledger->where, "%s: refused without words", doing);
    return false;
}

static struct sent_event *make_event(struct ledger *ledger)
{
    assert_true(ledger->count < EVENTS_MAX);
    size_t n = ledger->count++;
    struct sent_event *sent = &ledger->events[n];
    snprintf(sent->id, sizeof sent->id, "e-%zu", n);
    sent->fate = REFUSED;
    sent->event = (struct event){.user_id = text_of(user),
                                 .listing_id = text_of(listing_ids[n % LISTINGS]),
                                 .id = text_of(sent->id),
                                 .time_ms = noon_ms - (int64_t)(n % 5) * 3600 * 1000,
                                 .type = (enum event_type)(n % EVENT_TYPES),
                                 .platform = PLATFORM_NONE};
    if (n % 2 == 0)
        assert_true(platform_find(text_of("facebook"), &sent->event.platform));
    if (n % 4 == 0)
        sent->event.source = text_of("website");
    if (sent->event.type == EVENT_INQUIRY)
        sent->event.inquiry = text_of("{\"name\":\"Ada\"}");
    return sent;
}

static void record(struct instance *instance, struct ledger *ledger, size_t count)
{
    struct error err;
    struct event events[16];
    struct record_result result = {0};
    struct sent_event *first = NULL;
    for (size_t i = 0; i < count; i++) {
        struct sent_event *sent = make_event(ledger);
        first = i == 0 ? sent : first;
        events[i] = sent->event;
    }
    enum status status = instance_record_events(instance, events, count, &result, &err);
    if (!went_well(ledger, status, &err, "record")) {
        if (fault.count > 1 && atomic_load(&fault.armed))
            return;
        /* memory is there again: what was refused is new */
        ASSERT_OK(instance_record_events(instance, events, count, &result, &err), err);
    }
    ROW(result.recorded == count && result.duplicates == 0, ledger->where,
        "%llu recorded, %llu duplicates of %zu new events", (unsigned long long)result.recorded,
        (unsigned long long)result.duplicates, count);
    for (size_t i = 0; i < count; i++)
        first[i].fate = ACCEPTED;
}

static void set_details(struct instance *instance, struct ledger *ledger)
{
    struct error err;
    struct submission submission;
    snprintf(ledger->address, sizeof ledger->address, "at %zu", ledger->count);
    struct listing_details details = {.address = text_of(ledger->address)};
    enum status status = instance_submit_listing(instance, text_of(user), text_of(listing_ids[0]),
                                                 &details, &submission, &err);
    if (!went_well(ledger, status, &err, "submit details"))
        return;
    instance_commit(instance);
    ROW(submission.done, ledger->where, "details: committed and not done");
    if (went_well(ledger, submission.error.status, &submission.error, "commit details"))
        memcpy(ledger->address_known, ledger->address, sizeof ledger->address_known);
}

static void resend(struct instance *instance, struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        struct error err;
        struct record_result result = {0};
        struct sent_event *sent = &ledger->events[i];
        ASSERT_OK(instance_record_events(instance, &sent->event, 1, &result, &err), err);
        ROW(result.duplicates == (sent->fate == ACCEPTED ? 1U : 0U), ledger->where,
            "%s was %s, and sent again there are %llu duplicates", sent->id,
            sent->fate == ACCEPTED ? "accepted" : "refused", (unsigned long long)result.duplicates);
        sent->fate = ACCEPTED;
    }
}

/* ---- asking ---- */

static void expect_counts(const struct ledger *ledger, struct text listing_id,
                          const struct counts *counted, const char *question)
{
    struct counts want = {0};
    for (size_t i = 0; i < ledger->count; i++) {
        const struct sent_event *sent = &ledger->events[i];
        if (sent->fate == ACCEPTED && text_equal(sent->event.listing_id, listing_id))
            want.of[sent->event.type]++;
    }
    for (int type = 0; type < EVENT_TYPES; type++)
        ROW(counted->of[type] == want.of[type], ledger->where,
            "%s: %.*s has %llu of type %d counted, %llu were accepted", question,
            (int)listing_id.len, listing_id.at, (unsigned long long)counted->of[type], type,
            (unsigned long long)want.of[type]);
}

static void ask_one(struct instance *instance, const struct ledger *ledger, const char *zone)
{
    struct error err;
    struct arena arena = {0};
    struct range range;
    struct aggregated_metrics metrics;
    const struct day_metrics *days;
    size_t day_count = 0;
    struct text listing_id = text_of(listing_ids[0]);
    struct range_request request = {.period = text_of("weekly")};
    if (zone != NULL)
        request.timezone = text_of(zone);
    if (went_well(ledger, instance_resolve_range(instance, &request, &range, &err), &err,
                  "range")) {
        enum status status = instance_get_aggregated_metrics(instance, text_of(user), listing_id,
                                                             &range, &arena, &metrics, &err);
        if (went_well(ledger, status, &err, "aggregate"))
            expect_counts(ledger, listing_id, &metrics.totals, zone != NULL ? zone : "aggregate");
        status = instance_get_metrics_for_date_range(instance, text_of(user), listing_id, &range,
                                                     &arena, &days, &day_count, &err);
        (void)went_well(ledger, status, &err, "days");
    }
    arena_done(&arena);
}

static void ask_many(struct instance *instance, const struct ledger *ledger)
{
    struct error err;
    struct arena arena = {0};
    struct range range;
    struct metrics_page page;
    struct aggregated_metrics compared[LISTINGS];
    struct range_request request = {.period = text_of("weekly")};
    const struct metrics_page_request page_request = {.limit = 10};
    if (!went_well(ledger, instance_resolve_range(instance, &request, &range, &err), &err, "range"))
        return;
    enum status status = instance_get_all_listings_metrics(instance, text_of(user), &range,
                                                           &page_request, &arena, &page, &err);
    if (went_well(ledger, status, &err, "all listings"))
        for (size_t i = 0; i < page.count; i++)
            expect_counts(ledger, page.listings[i].listing_id, &page.listings[i].totals, "all");
    struct text ids[LISTINGS];
    for (size_t i = 0; i < LISTINGS; i++)
        ids[i] = text_of(listing_ids[i]);
    status = instance_compare_listings(instance, text_of(user), ids, LISTINGS, &range, &arena,
                                       compared, &err);
    if (went_well(ledger, status, &err, "compare"))
        for (size_t i = 0; i < LISTINGS; i++)
            expect_counts(ledger, ids[i], &compared[i].totals, "compare");
    arena_done(&arena);
}

static void ask_facts(struct instance *instance, const struct ledger *ledger)
{
    struct error err;
    struct arena arena = {0};
    struct inquiries_page inquiries;
    struct listings_page listings;
    struct listing_details details;
    struct inquiries_request request = {.user_id = text_of(user), .limit = EVENTS_MAX};
    enum status status = instance_get_inquiries(instance, &request, &arena, &inquiries, &err);
    if (went_well(ledger, status, &err, "inquiries")) {
        size_t want = 0;
        for (size_t i = 0; i < ledger->count; i++)
            want +=
                ledger->events[i].fate == ACCEPTED && ledger->events[i].event.type == EVENT_INQUIRY;
        ROW(inquiries.count == want, ledger->where, "%zu inquiries, %zu were accepted",
            inquiries.count, want);
    }
    status = instance_get_listings(instance, text_of(user), 10, (struct text){NULL, 0}, &arena,
                                   &listings, &err);
    if (went_well(ledger, status, &err, "listings"))
        ROW(listings.count == (ledger->address_known[0] != '\0' ? 1U : 0U), ledger->where,
            "%zu listings have details", listings.count);
    if (ledger->address_known[0] != '\0') {
        status = instance_get_listing(instance, text_of(user), text_of(listing_ids[0]), &arena,
                                      &details, &err);
        if (went_well(ledger, status, &err, "listing"))
            ROW(text_equal(details.address, text_of(ledger->address_known)), ledger->where,
                "the address is %.*s, not %s", (int)details.address.len, details.address.at,
                ledger->address_known);
    }
    arena_done(&arena);
}

/* ---- the life ---- */

static struct instance *open_in(const char *dir, struct ledger *ledger)
{
    struct error err;
    struct instance *instance = NULL;
    const struct engine_options options = {.data_dir = dir,
                                           .clock = unit_clock(&ledger->clock),
                                           .journal_segment_bytes = 64 * 1024,
                                           .seal_interval_ms = 3600 * 1000,
                                           .dedupe_ids = 2000,
                                           .store_cache_bytes = 1024 * 1024};
    enum status status = instance_open(&options, &instance, &err);
    return went_well(ledger, status, &err, "open") ? instance : NULL;
}

static void record_and_ask(struct instance *instance, struct ledger *ledger)
{
    struct error err;
    for (int round = 0; round < 2; round++) {
        record(instance, ledger, 1);
        record(instance, ledger, 7);
        set_details(instance, ledger);
        for (int i = 0; i < 6; i++)
            record(instance, ledger, 2); /* into the next segment */
        if (round == 0)
            (void)went_well(ledger, instance_flush(instance, &err), &err, "flush");
    }
    ask_one(instance, ledger, NULL);
    ask_one(instance, ledger, "Asia/Kathmandu");
    ask_many(instance, ledger);
    ask_facts(instance, ledger);
}

static void ask_everything(struct instance *instance, const struct ledger *ledger)
{
    ask_one(instance, ledger, NULL);
    ask_one(instance, ledger, "Asia/Kathmandu");
    ask_many(instance, ledger);
    ask_facts(instance, ledger);
}

/* One life with the fault, then one without. Returns how many allocations failed; *calls is how
 * many there were. */
static uint64_t live_and_reckon(enum zone_of zone, uint64_t at, uint64_t count, uint64_t *calls)
{
    struct error err;
    char where[64];
    char *dir = unit_temp_dir();
    struct ledger *ledger = calloc(1, sizeof *ledger);
    assert_non_null(ledger);
    snprintf(where, sizeof where, "%s %llu%s", zone_names[zone], (unsigned long long)at,
             count > 1 ? " and on" : "");
    ledger->where = where;
    atomic_store(&ledger->clock.now_ms, noon_ms);

    arm(zone, at, count);
    struct instance *instance = open_in(dir, ledger);
    if (instance != NULL)
        record_and_ask(instance, ledger);
    if (instance != NULL && count > 1) {
        /* memory is there again: so is everything else, without a restart */
        disarm();
        resend(instance, ledger);
        record(instance, ledger, 3);
        ROW(ledger->events[ledger->count - 1].fate == ACCEPTED, where, "it does not heal");
        ask_everything(instance, ledger);
    }
    if (instance != NULL)
        (void)went_well(ledger, instance_close(instance, &err), &err, "close");
    disarm();
    uint64_t failed = atomic_load(&fault.failed);
    *calls = atomic_load(&fault.calls);

    instance = open_in(dir, ledger);
    ROW(instance != NULL, where, "it does not open again");
    ask_everything(instance, ledger);
    resend(instance, ledger);
    ask_everything(instance, ledger);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
    free(ledger);
    return failed;
}

static bool every_one(void)
{
    const char *wanted = getenv("FOOTFALL_FAULTS");
    return wanted != NULL && strcmp(wanted, "all") == 0;
}

static void fail_each(enum zone_of zone, uint64_t count, uint64_t runs_max)
{
    struct unit_random random = unit_random_seeded();
    uint64_t calls = 0;
    uint64_t runs = 0;
    uint64_t failed = live_and_reckon(zone, never, 1, &calls);
    assert_int_equal(failed, 0);
    /* what the store thread does beside the others makes the number of calls vary a little */
    uint64_t last = calls + calls / 10 + 10;
    uint64_t stride = every_one() || last <= runs_max ? 1 : last / runs_max;
    uint64_t met = 0;
    for (uint64_t at = 1; at <= last; at += stride) {
        uint64_t number = at + unit_random_below(&random, stride);
        uint64_t unused;
        runs++;
        met += live_and_reckon(zone, number, count, &unused) > 0;
    }
    print_message("%s: %llu allocations in a life; %llu lives, %llu met a failure\n",
                  zone_names[zone], (unsigned long long)calls, (unsigned long long)runs,
                  (unsigned long long)met);
    assert_true(met > 0);
}

TEST(any_one_of_our_allocations_may_fail)
{
    fail_each(OWN, 1, never);
}

TEST(memory_may_be_gone_from_any_of_our_allocations_on)
{
    fail_each(OWN, never, 100);
}

TEST(any_one_of_the_stores_allocations_may_fail)
{
    fail_each(STORE, 1, 150);
}

TEST(memory_may_be_gone_from_any_of_the_stores_allocations_on)
{
    fail_each(STORE, never, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(any_one_of_our_allocations_may_fail),
        UNIT(memory_may_be_gone_from_any_of_our_allocations_on),
        UNIT(any_one_of_the_stores_allocations_may_fail),
        UNIT(memory_may_be_gone_from_any_of_the_stores_allocations_on),
    };
    /* many short lives: syncs are not what is tested here */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
    log_set_level(LOG_ERROR); /* each failure is a warning */
    take_sqlite_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
