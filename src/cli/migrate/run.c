/*
 * run.c - batches of things, each cut off by what it holds and by nothing else: a batch that is
 * made a second time, after a crash, must be the same one.
 *
 * In the end everything that the target holds is read once more and compared with what was read
 * from the source (tally.h), before anything is given its name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/long_work.h"
#include "cli/migrate/folder_parts.h"
#include "cli/migrate/target.h"
#include "rollup/rollup_add.h"

/* A batch ends at the first place behind one of these. They are part of how batches are numbered:
 * what an older version began, this one would cut differently. */
enum { BATCH_THINGS = 1000, BATCH_ROWS = 200 * 1000, BATCH_TEXT_BYTES = 16 * 1024 * 1024 };

struct run {
    const struct migrate_options *options;
    struct migrate_result *result;
    struct migrate_source *source;
    struct migrate_target *target;
    struct long_work work;
};

/* What the batch in the making holds. */
struct filling {
    size_t things;
    size_t rows;
    size_t text_bytes;
};

static enum status open_source(struct run *run, const char *place, struct error *err)
{
    const struct migrate_options *options = run->options;
    return options->from.is_table
               ? migrate_source_table(options->dynamodb, options->from.name, place, true,
                                      &run->source, err)
               : migrate_source_folder(options->from.name, place, &run->source, err);
}

static enum status open_target(struct run *run, struct error *err)
{
    const struct migrate_options *options = run->options;
    const struct migrate_table table = {.dynamodb = options->dynamodb,
                                        .table = options->to.name,
                                        .writer = options->writer,
                                        .is_merge = options->is_merge};
    return options->to.is_table
               ? migrate_target_table(&table, &run->target, err)
               : migrate_target_folder(options->to.name, options->node, &run->target, err);
}

static enum status add(struct rollup *rollup, const struct migrate_item *item,
                       struct filling *filling, struct error *err)
{
    filling->things++;
    if (item->kind == WALK_CELLS) {
        filling->rows += item->cells->platform_count + item->cells->source_count;
        return rollup_add_cells(rollup, item->user_id, item->listing_id, item->cells, err);
    }
    if (item->kind == WALK_INQUIRY) {
        filling->text_bytes += item->inquiry->content.len;
        return rollup_add_inquiry(rollup, item->inquiry, err);
    }
    filling->text_bytes += item->details->address.len + item->details->image.len;
    return rollup_add_details(rollup, item->user_id, item->listing_id, item->details, err);
}

static bool is_full(const struct filling *filling)
{
    return filling->things >= BATCH_THINGS || filling->rows >= BATCH_ROWS ||
           filling->text_bytes >= BATCH_TEXT_BYTES;
}

/* The next batch into the target. *over: there was none, or it was the last. */
static enum status move_batch(struct run *run, bool *over, struct error *err)
{
    struct progress *progress = &run->target->progress;
    struct filling filling = {0};
    enum status status = STATUS_OK;
    struct tally moved = progress->moved;
    char behind[MIGRATE_PLACE_BYTES];
    struct rollup *rollup = rollup_new(progress->batch + 1, progress->journal_id);
    if (rollup == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a batch");

    memcpy(behind, progress->behind, sizeof behind);
    for (;;) {
        struct migrate_item item;
        status = migrate_source_next(run->source, &item, err);
        *over = status == STATUS_OK && item.kind == WALK_END;
        if (status != STATUS_OK || *over)
            break;
        migrate_item_tally(&item, &moved);
        status = add(rollup, &item, &filling, err);
        if (status == STATUS_OK)
            status = long_work_step(&run->work, 1, err);
        bool is_place = migrate_source_place(run->source, behind);
        if (status != STATUS_OK || (is_place && is_full(&filling)))
            break;
    }
    if (status == STATUS_OK && *over)
        status = migrate_source_check(run->source, err);
    if (status == STATUS_OK && filling.things > 0) {
        progress->batch++;
        progress->moved_before = progress->moved;
        progress->moved = moved;
        memcpy(progress->before, progress->behind, sizeof progress->before);
        memcpy(progress->behind, behind, sizeof progress->behind);
        status = migrate_target_apply(run->target, rollup, err);
        run->result->batches++;
    }
    rollup_unref(rollup);
    return status;
}

static enum status move_all(struct run *run, struct error *err)
{
    bool over = false;
    enum status status = STATUS_OK;
    long_work_begin(&run->work, "moving", "listing-days, inquiries and listings",
                    run->source->things);
    run->work.done = tally_things(&run->target->progress.moved);
    while (status == STATUS_OK && !over)
        status = move_batch(run, &over, err);
    long_work_end(&run->work);
    return status;
}

static enum status show(void *context, uint64_t more, struct error *err)
{
    return long_work_step(context, more, err);
}

static enum status compare(struct run *run, struct error *err)
{
    struct migrate_source *held = NULL;
    struct tally tally = {0};
    const struct progress *progress = &run->target->progress;
    enum status status = migrate_target_reread(run->target, &held, err);
    if (status != STATUS_OK)
        return status;
    long_work_begin(&run->work, "comparing", "listing-days, inquiries and listings",
                    tally_things(&progress->there) + tally_things(&progress->moved));
    status = migrate_source_tally(held, show, &run->work, &tally, err);
    long_work_end(&run->work);
    migrate_source_close(held);
    return status == STATUS_OK ? tally_compare(&progress->there, &progress->moved, &tally, err)
                               : status;
}

/* A node's folder is made of what the source folder remembers; one that is there was made before.
 */
static enum status make_node(struct run *run, struct error *err)
{
    struct stat about;
    const struct migrate_options *options = run->options;
    migrate_source_close(run->source); /* which gives its lock back */
    run->source = NULL;
    if (options->node == NULL || !options->to.is_table || stat(options->node, &about) == 0)
        return STATUS_OK;
    return folder_make_node(options->node, options->from.name, &run->result->ids, err);
}

/* What would fail at the end fails at the beginning. */
static enum status check_node(const struct migrate_options *options, bool was_begun,
                              struct error *err)
{
    struct stat about;
    if (options->node == NULL)
        return STATUS_OK;
    bool is_there = stat(options->node, &about) == 0;
    if (options->to.is_table && is_there && !was_begun)
        return fail(err, STATUS_INVALID, "%s is there already: a new folder's name is wanted",
                    options->node);
    if (!options->to.is_table && !is_there)
        return fail(err, STATUS_NOT_FOUND, "there is no folder %s", options->node);
    return STATUS_OK;
}

static enum status move(struct run *run, struct error *err)
{
    const char *place = "";
    enum status status = open_target(run, err);
    if (status == STATUS_OK)
        status = check_node(run->options, run->target->was_begun, err);
    if (status == STATUS_OK)
        status = migrate_target_place(run->target, &place, err);
    if (status == STATUS_OK)
        status = open_source(run, place, err);
    if (status == STATUS_OK)
        status = migrate_target_begin(run->target, run->source->identity, err);
    if (status != STATUS_OK)
        return status;
    run->result->was_begun = run->target->was_begun;
    run->result->was_complete = run->target->progress.complete;
    if (!run->target->progress.complete) {
        status = move_all(run, err);
        if (status == STATUS_OK)
            status = compare(run, err);
    }
    run->result->moved = run->target->progress.moved;
    if (status == STATUS_OK)
        status = make_node(run, err);
    return status == STATUS_OK ? migrate_target_finish(run->target, err) : status;
}

static enum status look(struct run *run, struct error *err)
{
    enum status status = open_source(run, "", err);
    if (status != STATUS_OK)
        return status;
    long_work_begin(&run->work, "reading", "listing-days, inquiries and listings",
                    run->source->things);
    status = migrate_source_tally(run->source, show, &run->work, &run->result->moved, err);
    long_work_end(&run->work);
    return status == STATUS_OK ? migrate_source_check(run->source, err) : status;
}

enum status migrate_run(const struct migrate_options *options, struct migrate_result *result,
                        struct error *err)
{
    struct run run = {.options = options, .result = result};
    uint64_t began_ns = monotonic_ns();
    *result = (struct migrate_result){0};
    enum status status = options->dry_run ? look(&run, err) : move(&run, err);
    migrate_source_close(run.source);
    migrate_target_close(run.target);
    result->seconds = (double)(monotonic_ns() - began_ns) / 1e9;
    return status;
}
