/*
 * flush.c - a claimed batch into the table.
 *
 * A job is one listing-day, inquiry or word on a listing, with one call on its way at any moment;
 * its answer says what the job does next. A listing-day:
 *
 *     not known ─► put DAY# ─► create, whole ─► there is one ─► add
 *     add part k ─► done? next part : finished
 *         condition failed ─► read   (already applied, or no such item)
 *         a map is missing ─► read
 *     read ─► no item ─► put DAY#
 *             all parts in it ─► finished
 *             maps missing ─► make maps ─► read
 *             else ─► add the first part that is not in it
 *
 * Adding begins without looking: the names of the delta are taken to have their places. If one has
 * none its map is missing, nothing is added, and what is read says under which name it counts.
 * Parts that were added until then are the same either way (day_delta.h).
 *
 * Jobs come back to a list when they are done and their memory is used again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/flush.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/dynamodb/day_update.h"
#include "store/dynamodb/facts.h"
#include "store/dynamodb/seen_inquiries.h"

enum {
    READS_MAX = 24, /* of one listing-day in one try: maps are made fifty at once */
    JOB_CHUNK_BYTES = 4096
};

enum step { STEP_INDEX, STEP_CREATE, STEP_ADD, STEP_READ, STEP_MAPS, STEP_ASKED, STEP_FACT };

struct job {
    struct flush *flush;
    struct job *next; /* while it is idle */
    struct dynamodb_call call;
    struct body body;
    struct arena arena;
    enum step step;
    size_t ordinal; /* in the batch */

    struct day_target target;
    struct day_delta plain;
    struct day_delta delta; /* what is being added: plain, or folded for the item */
    uint32_t part;
    uint32_t reads;

    struct inquiry inquiry;
};

struct flush {
    struct flush_options options;
    struct flush_stats stats;
    struct known_days known;
    struct expression expression;
    struct day_item item;
    struct job *idle;
    uint32_t jobs;

    uint64_t batch;
    struct bytes done; /* by ordinal: 1 when it is in the table */
    size_t ordinal;
    const struct rollup *rollup;
    struct seen_inquiries seen;
    int64_t newest_ms;
    enum status status; /* the first failure of this try */
    struct error error;
};

struct flush *flush_new(const struct flush_options *options)
{
    struct flush *flush = calloc(1, sizeof *flush);
    if (flush != NULL)
        flush->options = *options;
    return flush;
}

void flush_free(struct flush *flush)
{
    if (flush == NULL)
        return;
    while (flush->idle != NULL) {
        struct job *job = flush->idle;
        flush->idle = job->next;
        body_done(&job->body);
        arena_done(&job->arena);
        free(job);
    }
    expression_done(&flush->expression);
    day_item_done(&flush->item);
    known_days_done(&flush->known);
    bytes_done(&flush->done);
    seen_inquiries_done(&flush->seen);
    free(flush);
}

const struct flush_stats *flush_stats(const struct flush *flush)
{
    return &flush->stats;
}

void flush_count_batch(struct flush *flush)
{
    atomic_fetch_add(&flush->stats.batches, 1);
}

static void count(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* ---- jobs ---- */

static void give_back(struct job *job)
{
    arena_reset(&job->arena);
    job->next = job->flush->idle;
    job->flush->idle = job;
}

static void finish(struct job *job)
{
    job->flush->done.at[job->ordinal] = 1;
    give_back(job);
}

static void give_up(struct job *job, const struct error *why)
{
    struct flush *flush = job->flush;
    if (flush->status == STATUS_OK) {
        char date[DATE_BYTES];
        flush->status = why->status;
        flush->error = *why;
        if (job->step < STEP_ASKED) {
            date_format(job->target.day, date);
            fail_code(&flush->error, why->status, why->code,
                      "batch %llu, user %.*s, listing %.*s, %.*s: %s",
                      (unsigned long long)flush->batch, TEXT_ARGS(job->target.user_id),
                      TEXT_ARGS(job->target.listing_id), DATE_BYTES, date, why->message);
        } else {
            fail_code(&flush->error, why->status, why->code, "batch %llu, user %.*s: %s",
                      (unsigned long long)flush->batch, TEXT_ARGS(job->target.user_id),
                      why->message);
        }
    }
    give_back(job);
}

static void give_up_saying(struct job *job, enum status status, const char *words)
{
    struct error why;
    fail(&why, status, "%s", words);
    give_up(job, &why);
}

static void send_job(struct job *job, const char *operation)
{
    struct error err;
    if (!body_ok(&job->body)) {
        give_up_saying(job, STATUS_NO_MEMORY, "no memory for a request");
        return;
    }
    job->call.operation = operation;
    job->call.body = body_text(&job->body);
    enum status status = dynamodb_start(job->flush->options.channel, &job->call, &err);
    if (status != STATUS_OK)
        give_up(job, &err);
}

/* ---- a listing-day ---- */

static void put_index(struct job *job)
{
    job->step = STEP_INDEX;
    day_index_body(&job->body, &job->target);
    send_job(job, "PutItem");
}

static void read_day(struct job *job)
{
    job->step = STEP_READ;
    if (job->reads++ == READS_MAX) {
        give_up_saying(job, STATUS_BUSY,
                       "its item changes faster than it can be read, or holds something else than "
                       "maps where Footfall keeps maps");
        return;
    }
    day_get_body(&job->body, &job->target);
    send_job(job, "GetItem");
}

static void create(struct job *job)
{
    struct flush *flush = job->flush;
    struct source_names none = {.count = 0};
    struct error err;
    job->step = STEP_CREATE;
    if (day_delta_fold(&job->plain, &none, &job->arena, &job->delta, &err) != STATUS_OK) {
        give_up(job, &err);
        return;
    }
    day_create_body(&job->body, &job->target, &job->delta, flush->batch);
    send_job(job, "PutItem");
}

static void add_part(struct job *job)
{
    struct flush *flush = job->flush;
    if (job->part >= job->delta.part_count) {
        finish(job);
        return;
    }
    job->step = STEP_ADD;
    day_add_body(&job->body, &flush->expression, &job->target, &job->delta, flush->batch,
                 job->part);
    send_job(job, "UpdateItem");
}

/* The item is there, or was. */
static void begin_adding(struct job *job)
{
    job->delta = job->plain;
    job->part = 0;
    if (day_delta_needs_fold(&job->plain))
        read_day(job);
    else
        add_part(job);
}

static void after_read(struct job *job, const json_t *body)
{
    struct flush *flush = job->flush;
    const json_t *from = json_object_get(body, "Item");
    struct day_item *item = &flush->item;
    struct error err;
    bool is_day = false;
    if (from == NULL) {
        put_index(job);
        return;
    }
    enum status status = day_item_read(item, from, flush->options.writer, false, &is_day, &err);
    if (status == STATUS_OK && !is_day)
        status = fail(&err, STATUS_IO, "the table answered with another item");
    struct source_names standing = item->standing;
    if (status == STATUS_OK)
        status = day_delta_fold(&job->plain, &standing, &job->arena, &job->delta, &err);
    if (status != STATUS_OK) {
        give_up(job, &err);
        return;
    }
    known_days_add(&flush->known,
                   known_day_hash(job->target.user_id, job->target.listing_id, job->target.day));
    uint32_t there = day_marker_parts(item->marker, flush->batch);
#ifndef FOOTFALL_DYNAMODB_WITHOUT_GUARD
    if (there > job->part) {
        count(&flush->stats.repeated, there < job->delta.part_count
                                          ? there - job->part
                                          : job->delta.part_count - job->part);
        job->part = there;
    }
#else
    (void)there;
#endif
    if (job->part >= job->delta.part_count) {
        finish(job);
        return;
    }
    if (day_maps_body(&job->body, &flush->expression, &job->target, item, &job->delta)) {
        job->step = STEP_MAPS;
        send_job(job, "UpdateItem");
        return;
    }
    add_part(job);
}

static void day_answered(struct job *job, const struct dynamodb_answer *answer)
{
    struct flush *flush = job->flush;
    bool yes = answer->outcome == DYNAMODB_OK;
    bool condition_failed = answer->outcome == DYNAMODB_CONDITION_FAILED;
    bool no_path = answer->outcome == DYNAMODB_NO_PATH;
    if (!yes && !condition_failed && !no_path) {
        give_up(job, &answer->error);
        return;
    }
    switch (job->step) {
    case STEP_INDEX:
        create(job);
        break;
    case STEP_CREATE:
        known_days_add(&flush->known, known_day_hash(job->target.user_id, job->target.listing_id,
                                                     job->target.day));
        if (yes) {
            count(&flush->stats.created, 1);
            finish(job);
        } else {
            begin_adding(job);
        }
        break;
    case STEP_ADD:
        if (yes) {
            count(&flush->stats.parts, 1);
            job->part++;
            add_part(job);
        } else {
            read_day(job);
        }
        break;
    case STEP_READ:
        after_read(job, answer->body);
        break;
    case STEP_MAPS:
        count(&flush->stats.repaired, yes);
        read_day(job);
        break;
    case STEP_ASKED:
    case STEP_FACT:
        break;
    }
}

/* ---- facts ---- */

static struct fact_origin origin_of(const struct flush *flush)
{
    return (struct fact_origin){flush->options.table, flush->options.journal_id,
                                flush->options.writer, flush->batch};
}

static void fact_answered(struct job *job, const struct dynamodb_answer *answer)
{
    struct flush *flush = job->flush;
    if (answer->outcome != DYNAMODB_OK && answer->outcome != DYNAMODB_CONDITION_FAILED) {
        give_up(job, &answer->error);
        return;
    }
    if (job->step == STEP_ASKED) {
        struct fact_origin origin = origin_of(flush);
        job->step = STEP_FACT;
        inquiry_body(&job->body, &origin, &job->inquiry);
        send_job(job, "PutItem");
        return;
    }
    count(&flush->stats.facts, answer->outcome == DYNAMODB_OK);
    finish(job);
}

static void answered(void *context, const struct dynamodb_answer *answer)
{
    struct job *job = context;
    if (job->step >= STEP_ASKED)
        fact_answered(job, answer);
    else
        day_answered(job, answer);
}

/* ---- a batch ---- */

/* Waits until a job is idle, or there may be one more. NULL: a failure stands in flush->status. */
static struct job *take_job(struct flush *flush)
{
    struct error err;
    while (flush->idle == NULL && flush->jobs == flush->options.in_flight) {
        enum status status = dynamodb_run(flush->options.channel,
                                          dynamodb_in_flight(flush->options.channel) - 1, &err);
        if (status != STATUS_OK && flush->status == STATUS_OK) {
            flush->status = status;
            flush->error = err;
        }
        if (status != STATUS_OK)
            return NULL;
    }
    if (flush->status != STATUS_OK)
        return NULL;
    struct job *job = flush->idle;
    if (job != NULL) {
        flush->idle = job->next;
    } else {
        job = calloc(1, sizeof *job);
        if (job == NULL) {
            flush->status = fail(&flush->error, STATUS_NO_MEMORY, "no memory to apply a batch");
            return NULL;
        }
        job->flush = flush;
        job->arena.chunk_bytes = JOB_CHUNK_BYTES;
        flush->jobs++;
    }
    job->call = (struct dynamodb_call){.done = answered, .context = job};
    job->part = job->reads = 0;
    return job;
}

/* The next thing in the batch; false: it is in the table already. */
static enum status next_thing(struct flush *flush, bool *wanted, struct error *err)
{
    const uint8_t no = 0;
    if (flush->ordinal == flush->done.len && !bytes_append(&flush->done, &no, 1))
        return fail(err, STATUS_NO_MEMORY, "no memory to apply a batch");
    *wanted = flush->done.at[flush->ordinal] == 0;
    flush->ordinal++;
    return STATUS_OK;
}

static enum status no_job(const struct flush *flush, struct error *err)
{
    if (err != NULL)
        *err = flush->error;
    return flush->status;
}

static enum status start_day(struct flush *flush, struct text user_id, struct text listing_id,
                             const struct count_rows *cells, int32_t day, struct error *err)
{
    bool wanted = false;
    enum status status = next_thing(flush, &wanted, err);
    for (size_t i = 0; i < cells->platform_count; i++)
        if (cells->platforms[i].updated_ms > flush->newest_ms)
            flush->newest_ms = cells->platforms[i].updated_ms;
    if (status != STATUS_OK || !wanted)
        return status;
    struct job *job = take_job(flush);
    if (job == NULL)
        return no_job(flush, err);
    job->ordinal = flush->ordinal - 1;
    job->step = STEP_INDEX;
    job->target = (struct day_target){.table = flush->options.table,
                                      .user_id = user_id,
                                      .listing_id = listing_id,
                                      .day = day,
                                      .writer = flush->options.writer,
                                      .cells = flush->options.cells};
    status = day_delta_build(cells, day, &job->arena, &job->plain, err);
    if (status != STATUS_OK) {
        give_back(job);
        return status;
    }
    if (known_days_has(&flush->known, known_day_hash(user_id, listing_id, day)))
        begin_adding(job);
    else
        put_index(job);
    return STATUS_OK;
}

static enum status visit_month(void *context, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               const struct count_rows *cells, struct error *err)
{
    struct flush *flush = context;
    struct count_rows rest = *cells; /* a view: nothing of it is freed */
    enum status status = STATUS_OK;
    (void)month;
    (void)totals;
    while (rest.platform_count > 0 && status == STATUS_OK) {
        struct count_rows day_rows;
        int32_t day = count_rows_take_day(&rest, &day_rows);
        status = start_day(flush, user_id, listing_id, &day_rows, day, err);
    }
    return status;
}

static enum status visit_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct flush *flush = context;
    bool wanted = false;
    bool repeated = false;
    enum status status = next_thing(flush, &wanted, err);
    if (status == STATUS_OK)
        status = seen_inquiries_note(&flush->seen, inquiry, &repeated, err);
    if (status != STATUS_OK || !wanted || repeated)
        return status;
    struct job *job = take_job(flush);
    if (job == NULL)
        return no_job(flush, err);
    struct fact_origin origin = origin_of(flush);
    job->ordinal = flush->ordinal - 1;
    job->step = STEP_ASKED;
    job->inquiry = *inquiry;
    job->target = (struct day_target){.user_id = inquiry->user_id};
    inquiry_index_body(&job->body, &origin, inquiry);
    send_job(job, "PutItem");
    return STATUS_OK;
}

static enum status visit_listing(void *context, struct text user_id, struct text listing_id,
                                 const struct listing_details *details, struct error *err)
{
    struct flush *flush = context;
    bool wanted = false;
    enum status status = next_thing(flush, &wanted, err);
    if (status != STATUS_OK || !wanted)
        return status;
    struct job *job = take_job(flush);
    if (job == NULL)
        return no_job(flush, err);
    struct fact_origin origin = origin_of(flush);
    job->ordinal = flush->ordinal - 1;
    job->step = STEP_FACT;
    job->target = (struct day_target){.user_id = user_id};
    listing_body(&job->body, &origin, user_id, listing_id, details,
                 rollup_listing_received_ms(flush->rollup, user_id, listing_id));
    send_job(job, "PutItem");
    return STATUS_OK;
}

enum status flush_batch(struct flush *flush, const struct rollup *rollup, int64_t *newest_ms,
                        struct error *err)
{
    const struct rollup_visitor visitor = {
        .context = flush, .month = visit_month, .inquiry = visit_inquiry, .listing = visit_listing};
    if (flush->batch != rollup_batch(rollup))
        flush->done.len = 0;
    flush->batch = rollup_batch(rollup);
    flush->rollup = rollup;
    flush->ordinal = 0;
    flush->newest_ms = 0;
    flush->status = STATUS_OK;

    seen_inquiries_forget(&flush->seen);
    enum status status = rollup_visit(rollup, &visitor, err);
    /* what is on its way refers to the rollup: it is waited for in any case */
    while (dynamodb_in_flight(flush->options.channel) > 0) {
        struct error late;
        if (dynamodb_run(flush->options.channel, 0, &late) != STATUS_OK && status == STATUS_OK)
            status = fail(err, late.status, "%s", late.message);
    }
    if (status == STATUS_OK && flush->status != STATUS_OK)
        status = no_job(flush, err);
    flush->rollup = NULL;
    if (status == STATUS_OK)
        *newest_ms = flush->newest_ms;
    return status;
}
