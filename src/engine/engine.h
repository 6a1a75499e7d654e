/*
 * engine.h - the one writer: journal, then rollup, then store; and the cut that readers see.
 *
 *   submit   puts entries into the gathering group
 *   commit   sets repeated ids aside, appends the group as ONE journal record, syncs, applies it
 *            to the live rollup, and completes the submissions; whoever gathered calls it
 *   seal     on volume or time, by the engine's own store thread: the live rollup becomes batch n
 *   apply    the same thread hands the batch to the store; then journal segments may go
 *
 * Promises 1 to 3 of ARCHITECTURE.md are kept here: a completed submission is durable, an id
 * counts once, and a read that begins after a submission completed sees it.
 *
 * It does not know JSON, HTTP or time zones.
 *
 * Threads: every function may be called from any thread. At any moment one thread commits; the
 * others' commits wait for it and find their group done.
 */
#ifndef FOOTFALL_ENGINE_ENGINE_H
#define FOOTFALL_ENGINE_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/status.h"
#include "base/text.h"
#include "journal/journal.h"
#include "model/event.h"
#include "model/listing.h"
#include "store/store.h"

/* Opens the store that the journal's batches go to; a shared one (store_is_shared()) may be read
 * and written by other nodes. Errors as it likes: engine_open() answers them. */
typedef enum status engine_open_store_fn(void *context,
                                         const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                                         struct store **out, struct error *err);

enum {
    ENGINE_SUBMISSION_EVENTS_MAX = 10000,
    ENGINE_GROUP_BYTES_MAX = 12 * 1024 * 1024 /* entries in one group; one submission's maximum */
};

/* What some options may be: for whoever has them from people, and must say so before they are
 * used. */
enum {
    ENGINE_SEAL_INTERVAL_MS_MIN = 10,
    ENGINE_SEAL_INTERVAL_MS_MAX = 60 * 60 * 1000,
    ENGINE_DEDUPE_HOURS_MAX = 168,
    ENGINE_DEDUPE_IDS_MIN = 1024
};
#define ENGINE_DEDUPE_IDS_MAX   UINT64_C(4000000000)
#define ENGINE_ROLLUP_BYTES_MIN (UINT64_C(16) << 20)
#define ENGINE_ROLLUP_BYTES_MAX (UINT64_C(1) << 40)

struct engine_options {
    const char *data_dir; /* holds journal/, dedupe/, footfall.db; made if missing */
    struct clock clock;   /* receive times */
    enum journal_io journal_io;
    uint64_t journal_segment_bytes; /* 0: default */
    uint64_t rollup_bytes;          /* budget for all rollups; 0: 512 MiB */
    uint64_t seal_journal_bytes;    /* seal after this much journal; 0: 256 MiB */
    uint32_t seal_interval_ms;      /* and after this long with events; 0: 10 s */
    uint32_t dedupe_hours;          /* 0: 24 */
    uint64_t dedupe_ids;            /* bound of the window; 0: 10,000,000 */
    uint64_t store_cache_bytes;     /* 0: default */
    uint64_t journal_bytes; /* journal that the store does not have yet, on disk, at most; 0: what
                               the disk takes. At least four segments; seals come at a quarter */
    engine_open_store_fn *open_store; /* NULL: SQLite, in the data folder */
    void *open_store_context;
    const char *store_kind;       /* its kind in a word, such as "dynamodb"; see store_kind.h */
    uint32_t refresh_interval_ms; /* of a shared store; 0: 5 s */
    bool claim_ids; /* every event's id is claimed at the store before it is recorded */
};

/*
 * One request's entries on their way. The caller owns it, keeps it at its place from a submit
 * that answered STATUS_OK until `done`, and reads the results only then.
 */
struct submission {
    struct submission *next; /* the engine's */
    uint32_t entry_first;    /* the engine's */
    uint32_t entry_count;    /* the engine's */
    uint64_t group;          /* the engine's: the number of the group that it went into */
    uint64_t recorded;       /* new entries, durable now */
    uint64_t duplicates;     /* events whose id had been recorded before */
    struct error error;      /* when error.status is not STATUS_OK: nothing was recorded, or, with
                                STATUS_UNKNOWN, nobody can say */
    _Atomic bool done;
};

/* How far the journal may go when the store has what stands up to the seal `seq`. The seal and
 * the group before it stay: from that group's receive time the next start goes on. */
static inline uint64_t engine_released_by(uint64_t seq)
{
    return seq > 2 ? seq - 2 : 0;
}

/* The name of the one notice that calls for an operator at once: another journal writes to the
 * store in this one's place. */
#define ENGINE_NOTICE_HALTED "store_halted"

struct engine; /* made by engine_open(), freed by engine_close() */

/* Called when the engine has something to tell its operator; name is a stable word. */
typedef void engine_notice_fn(void *context, const char *name, const struct error *error);

/*
 * Opens the data folder, replays the journal, hands unfinished batches to the store, starts the
 * store thread.
 *   STATUS_BUSY     another process uses the folder
 *   STATUS_CORRUPT  damaged files; the message names file and offset
 *   STATUS_FOREIGN  journal, fingerprints and store do not belong together
 *   STATUS_INVALID, STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 * notice may be NULL; it is called from any thread and must not call the engine.
 */
MUST_USE enum status engine_open(const struct engine_options *options, engine_notice_fn *notice,
                                 void *notice_context, struct engine **out, struct error *err);

/*
 * Puts events (at most ENGINE_SUBMISSION_EVENTS_MAX, copied) into the gathering group, all or
 * nothing. Events must keep model/event.h's rules.
 *   STATUS_OVERLOADED  the group is full: commit, then submit again
 *   STATUS_BEHIND      the store is behind, and memory or the journal is at its bound
 *   STATUS_TOO_LARGE   more than one group can hold
 *   STATUS_STOPPED, STATUS_NO_MEMORY
 */
MUST_USE enum status engine_submit_events(struct engine *engine, const struct event *events,
                                          size_t count, struct submission *submission,
                                          struct error *err);

/* As above, one listing's details set, or removed with details NULL. */
MUST_USE enum status engine_submit_listing(struct engine *engine, struct text user_id,
                                           struct text listing_id,
                                           const struct listing_details *details,
                                           struct submission *submission, struct error *err);

/* Whether anything waits for a commit. */
bool engine_has_gathered(const struct engine *engine);

/* Commits what has gathered, all submissions made before the call included: these are done when
 * it returns. */
void engine_commit(struct engine *engine);

/* Changes whenever the user's answers may change; never returns to an old value in one process.
 * Read it before the data. */
uint64_t engine_user_version(const struct engine *engine, struct text user_id);

/*
 * Watching listings, for those who show them live. A listing has a mark, which others may share.
 * engine_watch() first, then read the counts, then ask now and then whether they may have changed:
 * engine_mark_changed_ns() is the monotonic_ns() of the last commit since then that may have
 * changed a listing of that mark, 0 without one. Commits never wait for watchers. Read it before
 * the data, as the version above.
 */
uint32_t engine_mark_of(struct text user_id, struct text listing_id);
void engine_watch(struct engine *engine, uint32_t mark);
uint64_t engine_mark_changed_ns(const struct engine *engine, uint32_t mark);
/* The same of all listings: nothing has changed while it stays. */
uint64_t engine_changed_ns(const struct engine *engine);
/* Nobody watches any more. */
void engine_unwatch_all(struct engine *engine);

/*
 * Other writers' counts are in answers from a shared store as of then, at least: all that they had
 * acknowledged. 0: there are none, answers are exact. What this engine recorded is always in them.
 * Every refresh_interval_ms it is looked after, and then all users' versions and all marks change.
 */
bool engine_is_shared(const struct engine *engine);
int64_t engine_fresh_as_of_ms(const struct engine *engine);

/* Reads at one cut: whole submissions, all that were done before the call. Callbacks as in
 * store.h; rows of a listing may come in several calls and must be added up. */
MUST_USE enum status engine_read_totals(struct engine *engine, const struct store_scope *scope,
                                        store_rows_fn *each, void *context, struct error *err);
MUST_USE enum status engine_read_cells(struct engine *engine, const struct store_scope *scope,
                                       store_rows_fn *each, void *context, struct error *err);
/* What all listings of a user counted on UTC days first_day to last_day, for whoever needs no rows;
 * a listing may come in several calls. */
MUST_USE enum status engine_read_sums(struct engine *engine, struct text user_id, int32_t first_day,
                                      int32_t last_day, store_sums_fn *each, void *context,
                                      struct error *err);
/* In the order and within the limit of the query, the newest recorded ones included. */
MUST_USE enum status engine_read_inquiries(struct engine *engine,
                                           const struct store_inquiry_query *query,
                                           store_inquiry_fn *each, void *context,
                                           struct error *err);
MUST_USE enum status engine_read_listings(struct engine *engine,
                                          const struct store_listing_query *query,
                                          store_listing_fn *each, void *context, struct error *err);

/* Seals what was recorded and waits until the store has it. For stopping, backup, tests. */
MUST_USE enum status engine_flush(struct engine *engine, struct error *err);

struct engine_stats {
    uint64_t events_recorded[EVENT_TYPES]; /* since start */
    uint64_t events_duplicate;
    uint64_t events_refused; /* in groups that failed */
    uint64_t groups;
    uint64_t replayed_records;
    uint64_t replay_ns;
    uint64_t gathered_bytes; /* waiting for the next commit */
    uint64_t live_bytes;
    uint64_t live_listing_days;
    uint64_t frozen_bytes; /* sealed, on the way to the store */
    uint64_t dedupe_ids;
    uint64_t dedupe_ids_max;
    uint64_t dedupe_dropped; /* parts of the window that went early because it was full */
    uint64_t batch_live;
    uint64_t batch_applied;
    int64_t store_lag_ms; /* age of the oldest event that the store does not have; 0: none */
    uint64_t store_bytes;
    uint64_t store_failures;    /* tries to apply a batch that failed */
    uint64_t store_halts;       /* how often another journal was found writing in our place */
    uint64_t store_halted;      /* 1 while that is so: batches wait, recording goes on */
    uint64_t journal_bytes_max; /* see engine_options; 0: none */
    int64_t fresh_lag_ms;       /* age of engine_fresh_as_of_ms(); 0 without other writers */
    uint64_t refreshes_failed;
    uint64_t ids_claimed;      /* at a shared store */
    uint64_t claims_failed;    /* groups refused because ids could not be claimed */
    uint64_t claims_undecided; /* submissions refused because another writer's claim is open */
    bool accepting;            /* false after a failed sync */
    struct journal_stats journal;
};
void engine_get_stats(struct engine *engine, struct engine_stats *out);

/* Time of journal syncs, and of applying batches; live counters. */
const struct histogram *engine_sync_times(const struct engine *engine);
const struct histogram *engine_apply_times(const struct engine *engine);

/* Whether batches wait because another journal writes in this one's place, with what was said. */
bool engine_is_halted(struct engine *engine, struct error *why);

/* STATUS_OK while events are accepted; else what a submit would answer, with the words. */
enum status engine_check(struct engine *engine, struct error *err);

/* Drains: commits what gathered, seals, waits for the store, closes. STATUS_OK when everything is
 * in the store; otherwise the journal keeps it and *err says why. Frees the engine in any case. */
enum status engine_close(struct engine *engine, struct error *err);

#endif
