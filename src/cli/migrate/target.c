/*
 * target.c - what both kinds of target have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/long_work.h"

enum { APPLY_TRIES = 20, APPLY_PAUSE_MS_MAX = 5000, PAUSE_STEP_MS = 100 };

enum status migrate_target_place(struct migrate_target *target, const char **out, struct error *err)
{
    const struct progress *progress = &target->progress;
    if (!target->was_begun || progress->batch == 0)
        *out = "";
    else if (progress->complete || target->applied.batch == progress->batch)
        *out = progress->behind;
    else if (target->applied.batch + 1 == progress->batch)
        *out = progress->before;
    else
        return fail(err, STATUS_FOREIGN,
                    "the target is at batch %" PRIu64 " and its notes are at batch %" PRIu64
                    ": something else wrote to it",
                    target->applied.batch, progress->batch);
    return STATUS_OK;
}

enum status migrate_target_begin(struct migrate_target *target, const char *identity,
                                 struct error *err)
{
    struct progress *progress = &target->progress;
    if (!target->was_begun) {
        snprintf(progress->source, sizeof progress->source, "%s", identity);
        return target->ops->begin(target, err);
    }
    if (strcmp(progress->source, identity) != 0)
        return fail(err, STATUS_FOREIGN,
                    "the target has part of another source, or the source has changed since: then "
                    "it was \"%.120s\", now it is \"%.120s\"; begin again with a new target",
                    progress->source, identity);
    if (!progress->complete && target->applied.batch + 1 == progress->batch) {
        /* the batch that was not applied is made again */
        progress->batch--;
        progress->moved = progress->moved_before;
        memcpy(progress->behind, progress->before, sizeof progress->behind);
    }
    return STATUS_OK;
}

static enum status pause_ms(uint64_t wait_ms, struct error *err)
{
    struct long_work nothing;
    enum status status = STATUS_OK;
    long_work_begin(&nothing, "waiting for the target", "tries", 0);
    nothing.is_terminal = false;
    for (uint64_t waited = 0; waited < wait_ms && status == STATUS_OK; waited += PAUSE_STEP_MS) {
        usleep(PAUSE_STEP_MS * 1000);
        status = long_work_step(&nothing, 0, err);
    }
    return status;
}

enum status migrate_target_apply(struct migrate_target *target, const struct rollup *rollup,
                                 struct error *err)
{
    const struct store_batch batch = {.rollup = rollup, .seq = rollup_batch(rollup)};
    uint64_t wait_ms = PAUSE_STEP_MS;
    enum status status = target->ops->save(target, err);
    if (status != STATUS_OK)
        return status;
    for (int tries = 1;; tries++) {
        status = store_apply(target->store, &batch, err);
        if ((status != STATUS_IO && status != STATUS_BUSY) || tries == APPLY_TRIES)
            break;
        struct error stopped;
        if (pause_ms(wait_ms, &stopped) != STATUS_OK) {
            *err = stopped;
            return stopped.status;
        }
        wait_ms = wait_ms * 2 < APPLY_PAUSE_MS_MAX ? wait_ms * 2 : APPLY_PAUSE_MS_MAX;
    }
    if (status != STATUS_OK)
        return status;
    target->applied.batch = batch.seq;
    return store_maintain(target->store, err);
}

enum status migrate_new_id(uint8_t out[STORE_JOURNAL_ID_BYTES], struct error *err)
{
    return getrandom(out, STORE_JOURNAL_ID_BYTES, 0) == STORE_JOURNAL_ID_BYTES
               ? STATUS_OK
               : fail_errno(err, "no random numbers");
}
