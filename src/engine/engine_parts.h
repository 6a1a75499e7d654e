/*
 * engine_parts.h - how an engine lies in memory, and its inner calls. For engine/ only.
 *
 * Locks, in the order in which they may be taken:
 *
 *   commit_lock   the one writer: journal appends, the window, pending ids, the groups' swap
 *   gather_lock   the gathering group
 *   rollup_lock   which rollups there are, and the live one's content: written by the writer
 *                 for the moment of counting, read by readers
 *   state_lock    what the store thread waits for and reports; its condition variables
 */
#ifndef FOOTFALL_ENGINE_ENGINE_PARTS_H
#define FOOTFALL_ENGINE_ENGINE_PARTS_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/files.h"
#include "engine/dedupe_files.h"
#include "engine/dedupe_window.h"
#include "engine/engine.h"
#include "rollup/rollup.h"

enum {
    GROUP_ENTRIES_MAX = 64 * 1024,
    VERSION_SLOTS = 64 * 1024 /* a power of two */
};

/* What the commit must know of an entry beside its bytes. */
struct group_entry {
    uint32_t offset;       /* in group->record */
    uint32_t version_slot; /* whose answers it changes */
    uint64_t fingerprint;  /* 0: has no id */
    uint32_t mark;         /* of its listing; WATCH_NO_MARK: was not asked for */
    uint8_t type;          /* enum event_type; EVENT_TYPES for what is no event */
    bool repeated;
    bool set_aside; /* its submission is refused, the rest of the group is not */
};

/* Entries that will become durable together. The record's head is filled in at commit. */
struct group {
    uint64_t number;
    struct bytes record;
    struct group_entry *entries; /* GROUP_ENTRIES_MAX */
    uint32_t entry_count;
    struct submission *first;
    struct submission *last;
};

/* Fingerprints that are not in the files yet: in order of hours. */
struct pending_ids {
    struct bytes fingerprints; /* uint64_t each */
    struct {
        int64_t hour;
        size_t end; /* bytes, of the last fingerprint of the hour */
    } hours[DEDUPE_HOURS_MAX];
    size_t hour_count;
};

/* A batch on its way to the store. */
struct sealed {
    struct rollup *rollup; /* NULL: none */
    uint64_t seq;
    uint64_t tail;     /* see store.h */
    int64_t oldest_ms; /* receive time of its oldest entry */
    struct pending_ids ids;
};

struct reader_slot {
    struct store_reader *reader;
    bool begun;       /* a transaction is open, kept for the next question */
    uint64_t applied; /* the last batch that it sees */
    struct reader_slot *next;
};

/* Which listings commits changed: watch.c. */
struct watch {
    _Atomic uint64_t *changed_ns; /* by mark */
    _Atomic uint64_t *watched;    /* a bit a mark */
    _Atomic bool anybody;
    _Atomic uint64_t all_changed_ns;
    _Atomic uint64_t last_ns; /* of the last commit that counted something */
};

/* Claiming ids at a shared store: claims.c. The committer's. */
struct claims {
    bool wanted;
    struct store_claim *asked; /* GROUP_ENTRIES_MAX, once wanted */
    uint32_t *entries;         /* whose they are: places in the group */
    uint64_t failed_ns;        /* monotonic, of the newest failure; 0: none */
    struct error failure;
    struct error open; /* what a submission is told that has an open claim */
};

struct engine {
    struct clock clock;
    struct journal *journal;
    struct store *store;
    struct dedupe_files *dedupe_files;
    engine_notice_fn *notice;
    void *notice_context;
    uint64_t rollup_bytes_max;
    uint64_t seal_journal_bytes;
    uint64_t seal_interval_ns;
    uint64_t group_bytes_max;
    uint32_t dedupe_hours;
    uint64_t journal_bytes_max; /* 0: none */
    uint64_t refresh_interval_ns;

    pthread_mutex_t commit_lock;
    struct dedupe_window *window;
    struct pending_ids pending;
    int64_t received_ms; /* of the newest record; receive times never go back */
    struct group *spare; /* empty, for the next swap */
    int64_t live_oldest_ms;
    uint64_t tail;              /* of the newest group, with a shared store; else 0 */
    uint64_t live_journal_mark; /* journal bytes appended when the live rollup began */
    struct claims claims;
    uint64_t ids_seq_last; /* found at a start: of the records that the store does not have the last
                              with an id, else the last that it has */

    pthread_mutex_t gather_lock;
    struct group *gathering;

    pthread_rwlock_t rollup_lock;
    struct rollup *live;
    struct rollup *frozen; /* NULL: none */

    struct sealed recovered; /* the batch that a start found sealed but not applied; until the store
                                thread takes it */

    pthread_mutex_t state_lock;
    pthread_cond_t state_changed; /* CLOCK_MONOTONIC */
    bool seal_asked;
    bool stopping;
    uint64_t batch_applied;
    uint64_t failures;    /* to seal or to apply, since start */
    struct error failure; /* the newest */
    bool halted;          /* another journal writes in our place */
    struct error halt;    /* what the store said */
    pthread_t store_thread;
    pthread_t refresh_thread; /* of a shared store */
    bool refreshing;          /* it runs */
    uint64_t noted_ns;        /* the store thread's: when a shared store was last told of */

    pthread_mutex_t reader_lock;
    struct reader_slot *readers; /* idle ones */
    uint64_t readers_applied;    /* a transaction that does not see this batch is not kept */

    _Atomic bool has_gathered;
    _Atomic bool behind;       /* the live rollup is at its bound */
    _Atomic bool failed;       /* a sync failed */
    _Atomic bool disk_full;    /* the newest group found no room */
    _Atomic bool journal_full; /* the journal was found at its bound, and not below it since */
    _Atomic uint64_t *versions;
    _Atomic uint64_t refreshes; /* part of every version */
    _Atomic int64_t fresh_as_of_ms;
    struct watch watch;

    _Atomic uint64_t events_recorded[EVENT_TYPES];
    _Atomic uint64_t events_duplicate;
    _Atomic uint64_t events_refused;
    _Atomic uint64_t groups;
    _Atomic uint64_t gathered_bytes;
    _Atomic uint64_t live_bytes;
    _Atomic uint64_t live_listing_days;
    _Atomic uint64_t frozen_bytes;
    _Atomic uint64_t dedupe_ids;
    _Atomic uint64_t dedupe_dropped;
    _Atomic uint64_t batch_live;
    _Atomic uint64_t live_since_ns;   /* monotonic, when oldest_live_ms was counted */
    _Atomic int64_t oldest_live_ms;   /* 0: none */
    _Atomic int64_t oldest_frozen_ms; /* 0: none */
    _Atomic uint64_t store_failures;
    _Atomic uint64_t store_halts;
    _Atomic uint64_t refreshes_failed;
    _Atomic uint64_t ids_claimed;
    _Atomic uint64_t claims_failed;
    _Atomic uint64_t claims_undecided;
    uint64_t replayed_records;
    uint64_t replay_ns;
    struct histogram sync_times;
    struct histogram apply_times;
};

/* group.c */
MUST_USE struct group *group_new(void);
void group_clear(struct group *group, uint64_t number);
void group_free(struct group *group);
/* A digest of a group's record, never 0. */
uint64_t group_tail(struct text record);

/*
 * gather.c: STATUS_STOPPED or STATUS_BEHIND while nothing new may be gathered. A full disk does not
 * keep events out: trying is how the engine learns that there is room again.
 */
MUST_USE enum status engine_check_acceptance(struct engine *engine, struct error *err);

/* watch.c */
#define WATCH_NO_MARK 0u
MUST_USE enum status watch_init(struct watch *watch, struct error *err);
void watch_done(struct watch *watch);
/* The group is durable and counted. */
void watch_group(struct watch *watch, const struct group *group, uint64_t now_ns);
/* Anything may have changed. */
void watch_all(struct watch *watch, uint64_t now_ns);

/* pending_ids.c */
MUST_USE bool pending_ids_reserve(struct pending_ids *ids, size_t count);
/* Room has been reserved. Hours never go back. */
void pending_ids_add(struct pending_ids *ids, int64_t hour, uint64_t fingerprint);
MUST_USE enum status pending_ids_write(const struct pending_ids *ids, struct dedupe_files *files,
                                       struct error *err);
void pending_ids_done(struct pending_ids *ids);

/*
 * commit.c: with commit_lock held. Seals what is live, if anything; *out is then the batch. fresh
 * takes the live one's place: made beforehand, because making it takes time; otherwise it is let
 * go.
 */
MUST_USE enum status engine_seal(struct engine *engine, struct rollup *fresh, struct sealed *out,
                                 struct error *err);

/* store_thread.c */
void *engine_store_thread(void *context);
/* Hands one batch to fingerprints and store. Also used by recovery. */
MUST_USE enum status engine_apply(struct engine *engine, const struct sealed *sealed,
                                  struct error *err);
void sealed_done(struct sealed *sealed);

/* Tells a shared store, if nothing waits for it, that it has everything. */
MUST_USE enum status engine_note_drained(struct engine *engine, struct error *err);

/* refresh.c: the first look at a shared store, and then one an interval, until it is stopped. */
MUST_USE enum status engine_start_refreshing(struct engine *engine, struct error *err);
void engine_stop_refreshing(struct engine *engine);

/*
 * claims.c: with commit_lock held. Claims the ids of the group's entries that are not repeated, for
 * the record `seq`. Marks as repeated what another writer has, as set aside all entries of a
 * submission with an open claim, and adds these to *left_out. What is then repeated or set aside is
 * not in the window. When it fails nothing of the group may be appended.
 */
MUST_USE enum status claims_init(struct engine *engine, bool wanted, struct error *err);
void claims_done(struct claims *claims);
MUST_USE enum status engine_claim_ids(struct engine *engine, struct group *group, uint64_t seq,
                                      uint32_t *left_out, struct error *err);
/* The group's record was not appended after all. */
void engine_release_ids(struct engine *engine, const struct group *group, uint64_t seq);

/* recovery.c: fills window, rollup and position from what is on disk. */
MUST_USE enum status engine_recover(struct engine *engine, struct error *err);

/*
 * readers.c: borrows a reader inside a transaction that sees at least every batch before `pinned`,
 * which is the oldest rollup that the caller holds; *applied is the last one that it sees.
 */
MUST_USE enum status engine_begin_read(struct engine *engine, uint64_t pinned,
                                       struct reader_slot **out, uint64_t *applied,
                                       struct error *err);
/* status: how the reading went. Accepts NULL. */
void engine_end_read(struct engine *engine, struct reader_slot *slot, enum status status);
/* That batch is in the store: ends the transactions that do not see it, or the store's log could
 * not start over. */
void engine_refresh_readers(struct engine *engine, uint64_t batch);
void engine_close_readers(struct engine *engine);

/* Tells the operator, if anybody listens. */
void engine_notify(struct engine *engine, const char *name, const struct error *error);

#endif
