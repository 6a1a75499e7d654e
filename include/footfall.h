/*
 * footfall.h - counts how people engage with property listings, inside your own program.
 *
 * libfootfall records views, shares and inquiries of listings, per user (the agent) and day, and
 * answers with totals, breakdowns and trends. It is what the server `footfall serve` is made of,
 * without HTTP:
 *
 *   - Durable before answered. When a footfall_record_...() returns FOOTFALL_OK the events are on
 *     disk and survive kill -9 and power loss.
 *   - Exactly once. An event with an id counts once, however often it is recorded, for 24 hours.
 *   - Read your writes. A question that begins after a recording returned counts it.
 *   - Totals equal sums, over days, platforms and sources, in every time zone.
 *   - Bounded. Every text, page and queue has a maximum and a stated refusal.
 *
 * It knows nothing of HTTP, keys or users' passwords: who may ask about which user is yours to say.
 * It writes nothing to stdout or stderr, installs no signal handlers, and never ends your process,
 * but for abort() when it finds a mistake in itself.
 *
 * Building, the ABI's rule, one process a folder: docs/api/library.md. A whole program:
 * examples/journey.c. What the fields mean, at length: docs/api/http.md; names, codes and words are
 * the same there.
 *
 * Texts: `const char *`, ending with NUL, UTF-8. What you pass is copied before the call returns.
 * NULL means "not given".
 *
 * Ids (user_id, listing_id): 1 to 128 bytes without '#' and control characters, not "." or "..".
 * Any other text is FOOTFALL_INVALID, code "invalid_id". Every function with a user_id sees that
 * user's data only.
 *
 * Times: ..._ms are milliseconds since 1970-01-01 UTC. Dates are "YYYY-MM-DD".
 *
 * Results are made by the library and reached by pointer. One footfall_free() takes back a result
 * with all that it points to. Lists are arrays of pointers with their count; a count of 0 may come
 * with NULL.
 *
 * Errors: every call that can fail returns a status. Where it is not FOOTFALL_OK, nothing was done
 * (but see FOOTFALL_UNKNOWN), *out is untouched, and *error, which may be NULL, says why. Beside
 * those named at a function any call can answer FOOTFALL_IO, FOOTFALL_CORRUPT, FOOTFALL_NO_MEMORY;
 * and FOOTFALL_INVALID, code "invalid_argument", for a struct without its size, or NULL for a text
 * that must be there. A handle and a place for a result must never be NULL.
 *
 * Threads: any function, from any thread, at any time, but footfall_close(), which must be the
 * last. Recordings that meet share one sync of the disk, so several threads record faster than one;
 * footfall_record_events() with many events is faster still.
 *
 * fork(): a handle belongs to the process that opened it. A child must not touch it, not even to
 * close it; it may exec.
 *
 * The ABI's rule. Structs that you fill begin with `size`: set it to sizeof the struct, and what
 * you do not use to zero, as an initializer does. They, and results, may gain fields at their end,
 * so never declare, copy or measure a result struct yourself. A program built against an older
 * header runs with a newer library of the same soname; one built against a newer header runs with
 * an older library unless it uses what that does not know (code "invalid_argument"). struct
 * footfall_error never changes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FOOTFALL_H
#define FOOTFALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define FOOTFALL_API      __attribute__((visibility("default")))
#define FOOTFALL_MUST_USE __attribute__((warn_unused_result))
#else
#define FOOTFALL_API
#define FOOTFALL_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---- */

/* Numbers never change; later versions may add some. */
enum footfall_status {
    FOOTFALL_OK = 0,
    FOOTFALL_INVALID = 1,     /* what you passed is wrong; `code` and `field` say what */
    FOOTFALL_NOT_FOUND = 2,   /* what was named does not exist */
    FOOTFALL_TOO_LARGE = 3,   /* over a stated limit */
    FOOTFALL_BUSY = 4,        /* another process, or another handle, has the data folder */
    FOOTFALL_CORRUPT = 5,     /* stored bytes are not what was written */
    FOOTFALL_FOREIGN = 6,     /* the parts of the data folder do not belong together */
    FOOTFALL_IO = 7,          /* the operating system refused */
    FOOTFALL_NO_MEMORY = 8,   /* no memory, or no file descriptor, now */
    FOOTFALL_DISK_FULL = 9,   /* no room on disk now; heals when there is room */
    FOOTFALL_BEHIND = 10,     /* the store is slower than the events; heals: try again */
    FOOTFALL_OVERLOADED = 11, /* too much at once; heals: try again */
    FOOTFALL_UNKNOWN = 12,    /* a sync failed: whether it was recorded nobody can say */
    FOOTFALL_STOPPED = 13     /* recording has ended after a failed sync; close, open again */
};

/* Why a call failed. Needs no initializing. */
struct footfall_error {
    enum footfall_status status;
    const char *code;  /* a stable word for programs, such as "unknown_platform"; never freed. The
                          words and their meanings are those of docs/api/http.md */
    int64_t index;     /* which of the events that you passed, from 0; -1 where it does not apply */
    int64_t offset;    /* the byte in an `inquiry` that is wrong, from 0; else -1 */
    char field[72];    /* which field is to blame, by its name in JSON: "listingId"; may be "" */
    char message[512]; /* one sentence for people, without a line break at its end */
    void *reserved[4];
};

/* ---- a data folder, open ---- */

struct footfall; /* made by footfall_open(), freed by footfall_close() */

/* What the library tells its operator while it works, such as that the disk is full or that ids had
 * to be forgotten early: a stable name, and why. Called from any thread; must not call the library,
 * and should not take long. */
typedef void footfall_notice_fn(void *context, const char *name,
                                const struct footfall_error *reason);

/* Zero means the default everywhere. */
struct footfall_options {
    size_t size;           /* sizeof(struct footfall_options) */
    const char *platforms; /* which to accept, separated by commas: "facebook,myportal"; each 1 to
                              32 bytes of a-z, 0-9, '-' and '_'. Default: facebook, instagram,
                              linkedin, x, tiktok, youtube, pinterest, whatsapp, messenger,
                              snapchat, reddit, threads, nextdoor */
    uint32_t dedupe_hours; /* how long an event's id is remembered (24; 1 to 168) */
    uint64_t dedupe_ids;   /* and how many at most (10,000,000; 1,024 to 4,000,000,000); 16 bytes of
                              memory each */
    uint64_t memory_bytes; /* for events that the store does not have yet (512 MiB; 16 MiB to
                              1 TiB); at this bound recording answers FOOTFALL_BEHIND */
    uint32_t seal_interval_ms;  /* how long events wait for the store at most (10,000; 10 to
                                   3,600,000); they are durable and counted before */
    bool any_age;               /* accept events of any past time; else of the last 400 days */
    footfall_notice_fn *notice; /* NULL: nobody is told */
    void *notice_context;
    int64_t (*now_ms)(void *context); /* the clock; NULL: the system's */
    void *now_context;
};

/*
 * Opens the data folder data_dir, which is made if it is missing (its parent must exist), and
 * brings it up to date from its journal. options may be NULL.
 *
 *   FOOTFALL_BUSY      a server, another process or another handle has it
 *   FOOTFALL_CORRUPT   damaged files: the message names file and place; `footfall journal verify`
 *                      says more
 *   FOOTFALL_FOREIGN   journal, fingerprints and store are not of one folder
 *   FOOTFALL_DISK_FULL, FOOTFALL_INVALID ("invalid_platform")
 */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_open(const char *data_dir, const struct footfall_options *options, struct footfall **out,
              struct footfall_error *error);

/*
 * Hands everything to the store, closes and frees the handle, whatever it returns; NULL is fine.
 * What was recorded is safe in any case: the next footfall_open() finds it.
 */
FOOTFALL_API enum footfall_status footfall_close(struct footfall *footfall,
                                                 struct footfall_error *error);

/* Hands everything to the store now and waits for it. Nobody needs it: it makes the journal short
 * before a backup of the folder, or a test exact. FOOTFALL_STOPPED. */
FOOTFALL_API enum footfall_status footfall_flush(struct footfall *footfall,
                                                 struct footfall_error *error);

/* FOOTFALL_OK while events are accepted; else why not: FOOTFALL_DISK_FULL, FOOTFALL_BEHIND,
 * FOOTFALL_STOPPED. Questions may well be answered meanwhile. */
FOOTFALL_API enum footfall_status footfall_check(struct footfall *footfall,
                                                 struct footfall_error *error);

/* "0.1.0": of the library that runs, not of this header. */
FOOTFALL_API const char *footfall_version(void);

/* ---- recording ---- */

/*
 * One event each, of this moment: somebody saw the listing, shared it, asked about it. platform,
 * source and inquiry_json (what the sender wrote, any JSON object) may be NULL.
 *
 * Errors as footfall_record_events(). Without an id, an event that is recorded again because its
 * answer was lost counts twice: where that matters, use footfall_record_events().
 */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_record_view(struct footfall *footfall, const char *user_id, const char *listing_id,
                     const char *platform, const char *source, struct footfall_error *error);
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_record_share(struct footfall *footfall, const char *user_id, const char *listing_id,
                      const char *platform, struct footfall_error *error);
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_record_inquiry(struct footfall *footfall, const char *user_id, const char *listing_id,
                        const char *platform, const char *inquiry_json,
                        struct footfall_error *error);

struct footfall_metric_event {
    size_t size; /* sizeof(struct footfall_metric_event), the same in every event of an array */
    const char *user_id;
    const char *listing_id;
    const char *event_type; /* "view", "share" or "inquiry" */
    const char *platform;   /* one of the accepted; NULL: none */
    const char *source;     /* where it came from, in your words: 1 to 64 bytes by the rules of ids,
                               not beginning with '('; NULL: none */
    const char *id;      /* your name for the event, 1 to 64 bytes by the rules of ids, so that it
                            counts once; NULL: it counts each time */
    const char *visitor; /* an opaque name of who did it, likewise; checked, not counted */
    const char *inquiry; /* inquiries only: what the sender wrote, a JSON object of up to 8 KiB
                            and 64 levels, kept as it is */
    int64_t
        timestamp_ms;   /* when it happened, up to 5 minutes ahead and 400 days behind the clock */
    bool has_timestamp; /* false: now */
};

struct footfall_recorded {
    uint64_t recorded;   /* new events, durable and counted */
    uint64_t duplicates; /* events whose id had been recorded before; the first wins */
};

/*
 * Records up to 10,000 events, all or none. out may be NULL. The struct behind it never changes.
 *
 *   FOOTFALL_INVALID     an event breaks a rule; error->index says which. Codes: missing_field,
 *                        invalid_id, unknown_event_type, unknown_platform (the message lists the
 *                        accepted ones), invalid_source, invalid_timestamp, wrong_type,
 *                        invalid_inquiry, invalid_json
 *   FOOTFALL_TOO_LARGE   over 10,000 events (too_many_events), or over 12 MiB of texts
 *   FOOTFALL_DISK_FULL, FOOTFALL_BEHIND   nothing was recorded; try again later
 *   FOOTFALL_UNKNOWN     a sync of the disk failed: the events may have been recorded or not. Those
 *                        with an id can be recorded again after opening anew
 *   FOOTFALL_STOPPED     an earlier sync failed
 */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_record_events(struct footfall *footfall, const struct footfall_metric_event *events,
                       size_t count, struct footfall_recorded *out, struct footfall_error *error);

/* ---- asking for metrics ---- */

/* Gives back a result of any function below; NULL is fine. */
FOOTFALL_API void footfall_free(void *result);

struct footfall_platform_metrics {
    const char *name; /* "facebook" */
    uint64_t views;
    uint64_t shares;
    uint64_t inquiries;
    int64_t last_updated_ms; /* when the newest event counted here was received */
};

struct footfall_source_metrics {
    const char *name; /* "website"; "(other)" beyond the first 64 of a listing and day */
    uint64_t views;
    uint64_t shares;
    uint64_t inquiries;
};

/* A listing's day. Events without a platform are in the totals alone. */
struct footfall_performance_metrics {
    const char *listing_id;
    const char *date;
    uint64_t views;
    uint64_t shares;
    uint64_t inquiries;
    const struct footfall_platform_metrics *const *platforms; /* that counted something, by name */
    size_t platform_count;
    int64_t updated_at_ms; /* when the newest event counted here was received; 0: none */
};

/* Percent against the equally long range before: 50 means half as much again. From nothing to
 * something is 100, from nothing to nothing 0. It never changes. */
struct footfall_trends {
    double views_change;
    double shares_change;
    double inquiries_change;
};

/* A listing's days added up. */
struct footfall_aggregated_metrics {
    const char *listing_id;
    const char *period; /* "daily", "weekly", "monthly", "custom" */
    const char *start_date;
    const char *end_date; /* inclusive */
    const char *timezone;
    uint64_t total_views;
    uint64_t total_shares;
    uint64_t total_inquiries;
    const struct footfall_platform_metrics *const *by_platform; /* by name */
    size_t by_platform_count;
    const struct footfall_source_metrics *const *by_source; /* by name */
    size_t by_source_count;
    /* Every day of the range in order, days without events too; none where they are left out. */
    const struct footfall_performance_metrics *const *daily_breakdown;
    size_t daily_breakdown_count;
    struct footfall_trends trends;
    double conversion_rate; /* inquiries / views * 100; 0 without views */
};

/*
 * Which days a question is about: a period or two dates, in a time zone. Where a function takes it,
 * NULL means the last seven days of UTC.
 *
 * FOOTFALL_INVALID: invalid_period; invalid_date for a day that does not exist; invalid_range for
 * one date without the other, dates with a period, an end before its start, over 400 days;
 * unknown_timezone.
 */
struct footfall_range {
    size_t size;            /* sizeof(struct footfall_range) */
    const char *period;     /* "daily": today; "weekly": the last 7 days; "monthly": the last 30;
                               today included. NULL: weekly, or the dates */
    const char *start_date; /* both or none, inclusive, at most 400 days */
    const char *end_date;
    const char *timezone; /* of the IANA database: "America/Denver"; NULL: UTC. A day is a day
                             there, of 23 or 25 hours when clocks change */
};

/* One day of a listing; zeros where nothing happened. timezone as in footfall_range.
 * FOOTFALL_INVALID: invalid_id, invalid_date, unknown_timezone. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status footfall_get_metrics_for_date(
    struct footfall *footfall, const char *user_id, const char *listing_id, const char *date,
    const char *timezone, struct footfall_performance_metrics **out, struct footfall_error *error);

struct footfall_days {
    const struct footfall_performance_metrics *const *days; /* every day of the range, in order */
    size_t count;
};

/* Each day of a range, which must name both dates. FOOTFALL_INVALID: missing_parameter, invalid_id,
 * and those of footfall_range. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_metrics_for_date_range(struct footfall *footfall, const char *user_id,
                                    const char *listing_id, const struct footfall_range *range,
                                    struct footfall_days **out, struct footfall_error *error);

/* A range of a listing added up, with its days. FOOTFALL_INVALID: invalid_id, and those of
 * footfall_range. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_aggregated_metrics(struct footfall *footfall, const char *user_id,
                                const char *listing_id, const struct footfall_range *range,
                                struct footfall_aggregated_metrics **out,
                                struct footfall_error *error);

/* Which page of a user's listings, in which order. NULL where it is taken: the defaults. */
struct footfall_page_request {
    size_t size;           /* sizeof(struct footfall_page_request) */
    const char *sort;      /* "views" (NULL), "shares", "inquiries", "conversionRate", "listingId";
                              listings that are alike stand by id */
    const char *direction; /* "desc" (NULL; for listingId "asc") or "asc" */
    size_t limit;          /* 1 to 1,000; 0: 100 */
    const char *cursor;    /* next_cursor of the page before, with all else but limit as it was;
                              NULL: the first page */
    bool include_daily_breakdown; /* a page with days ends early at 40,000 of them */
};

struct footfall_metrics_page {
    const char *period;
    const char *start_date;
    const char *end_date;
    const char *timezone;
    const struct footfall_aggregated_metrics *const *listings; /* in order */
    size_t count;
    const char *next_cursor; /* NULL on the last page */
};

/* All listings of a user that counted something in the range, a page at a time. FOOTFALL_INVALID:
 * invalid_id, those of footfall_range, invalid_sort, invalid_direction, invalid_limit,
 * invalid_cursor (damaged, or of another question). */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_all_listings_metrics(struct footfall *footfall, const char *user_id,
                                  const struct footfall_range *range,
                                  const struct footfall_page_request *page,
                                  struct footfall_metrics_page **out, struct footfall_error *error);

struct footfall_comparison {
    const char *period;
    const char *start_date;
    const char *end_date;
    const char *timezone;
    const struct footfall_aggregated_metrics *const *listings; /* in the order asked for */
    size_t count;
};

/* Two to twenty listings side by side, all read at one moment, each with its days.
 * FOOTFALL_INVALID: invalid_id, invalid_listing_count, and those of footfall_range. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_compare_listings(struct footfall *footfall, const char *user_id,
                          const char *const *listing_ids, size_t listing_count,
                          const struct footfall_range *range, struct footfall_comparison **out,
                          struct footfall_error *error);

/* ---- inquiries and what their senders wrote ---- */

struct footfall_inquiries_request {
    size_t size;            /* sizeof(struct footfall_inquiries_request) */
    const char *listing_id; /* NULL: of all listings */
    const char *start_date; /* both or none; without them: of all time */
    const char *end_date;
    const char *timezone; /* NULL: UTC */
    size_t limit;         /* 1 to 1,000; 0: 100 */
    const char *cursor;   /* next_cursor of the page before; NULL: the first page */
};

struct footfall_inquiry {
    const char *id; /* the event's, or a lasting one that Footfall made */
    const char *listing_id;
    int64_t timestamp_ms;   /* when it happened */
    int64_t received_at_ms; /* when it was recorded */
    const char *platform;   /* NULL: none */
    const char *source;     /* NULL: none */
    const char *inquiry;    /* the JSON object as it was sent: escape it before you show it; NULL:
                               none */
};

struct footfall_inquiries_page {
    const struct footfall_inquiry *const *inquiries; /* newest first */
    size_t count;
    const char *next_cursor; /* NULL on the last page */
};

/* A user's inquiries. request may be NULL: the first page of all. FOOTFALL_INVALID: invalid_id,
 * invalid_date, invalid_range, unknown_timezone, invalid_limit, invalid_cursor. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_inquiries(struct footfall *footfall, const char *user_id,
                       const struct footfall_inquiries_request *request,
                       struct footfall_inquiries_page **out, struct footfall_error *error);

/* ---- details of listings: what a page shows beside the numbers ---- */

struct footfall_listing_details {
    size_t size;          /* sizeof(struct footfall_listing_details) */
    const char *address;  /* up to 512 bytes */
    const char *currency; /* three capital letters: "USD" */
    const char *image;    /* an http:// or https:// address of up to 2,048 bytes, without spaces */
    const char *status;   /* your word, up to 32 bytes: "active" */
    double price;         /* 0 to 10^15 */
    bool has_price;
};

/* Replaces all details of a listing; what is NULL is gone. Counts are not touched, and are kept
 * without details too. FOOTFALL_INVALID: invalid_id, invalid_listing; else as recording. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_put_listing(struct footfall *footfall, const char *user_id, const char *listing_id,
                     const struct footfall_listing_details *details, struct footfall_error *error);

/* Removes the details. FOOTFALL_NOT_FOUND ("listing_not_found"): there are none; else as above. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_delete_listing(struct footfall *footfall, const char *user_id, const char *listing_id,
                        struct footfall_error *error);

struct footfall_listing {
    const char *listing_id;
    const char *address; /* NULL where not given, as all texts here */
    const char *currency;
    const char *image;
    const char *status;
    double price;
    bool has_price;
    int64_t updated_at_ms; /* when they were set */
};

/* FOOTFALL_INVALID: invalid_id. FOOTFALL_NOT_FOUND ("listing_not_found"): no details are kept,
 * however many events were counted. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_listing(struct footfall *footfall, const char *user_id, const char *listing_id,
                     struct footfall_listing **out, struct footfall_error *error);

struct footfall_listings_page {
    const struct footfall_listing *const *listings; /* by id */
    size_t count;
    const char *next_cursor; /* NULL on the last page */
};

/* All listings with details: limit 1 to 1,000 (0: 100); cursor: next_cursor of the page before, or
 * NULL. FOOTFALL_INVALID: invalid_id, invalid_limit, invalid_cursor. */
FOOTFALL_MUST_USE FOOTFALL_API enum footfall_status
footfall_get_listings(struct footfall *footfall, const char *user_id, size_t limit,
                      const char *cursor, struct footfall_listings_page **out,
                      struct footfall_error *error);

#ifdef __cplusplus
}
#endif

#endif
