/*
 * moments.c - which batches readers still need.
 *
 * A rollup is let go when its batch is applied and no open moment lies before it. A reading that
 * began while the batch was being applied holds a reference of its own until it has ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/moments.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

enum status moments_init(struct moments *moments, const struct store_position *applied,
                         uint64_t claimed, struct error *err)
{
    pthread_condattr_t monotonic;
    *moments = (struct moments){.applied = *applied, .claimed = claimed};
    if (pthread_condattr_init(&monotonic) != 0)
        return fail(err, STATUS_NO_MEMORY, "no memory for a condition");
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(&moments->changed, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (!ok)
        return fail(err, STATUS_NO_MEMORY, "no memory for a condition");
    pthread_mutex_init(&moments->lock, NULL); /* cannot fail with default attributes */
    return STATUS_OK;
}

void moments_done(struct moments *moments)
{
    for (size_t i = 0; i < moments->kept_count; i++)
        rollup_unref(moments->kept[i]);
    pthread_cond_destroy(&moments->changed);
    pthread_mutex_destroy(&moments->lock);
    *moments = (struct moments){0};
}

bool moments_are_halted(struct moments *moments)
{
    pthread_mutex_lock(&moments->lock);
    bool halted = moments->halted;
    pthread_mutex_unlock(&moments->lock);
    return halted;
}

struct store_position moments_applied(struct moments *moments)
{
    pthread_mutex_lock(&moments->lock);
    struct store_position applied = moments->applied;
    pthread_mutex_unlock(&moments->lock);
    return applied;
}

/* With the lock held. */
static void drop_oldest(struct moments *moments)
{
    rollup_unref(moments->kept[0]);
    moments->kept_count--;
    for (size_t i = 0; i < moments->kept_count; i++)
        moments->kept[i] = moments->kept[i + 1];
}

/* With the lock held: lets go of what is applied and lies behind no open moment. */
static void tidy(struct moments *moments)
{
    uint64_t needed = moments->applied.batch + 1;
    for (const struct moment *moment = moments->open; moment != NULL; moment = moment->next)
        if (moment->batch + 1 < needed)
            needed = moment->batch + 1;
    while (moments->kept_count > 0 && rollup_batch(moments->kept[0]) < needed)
        drop_oldest(moments);
}

void moments_begin_batch(struct moments *moments, const struct store_batch *batch)
{
    struct rollup *rollup = (struct rollup *)(uintptr_t)batch->rollup;
    uint64_t number = rollup_batch(rollup);
    pthread_mutex_lock(&moments->lock);
    struct rollup *newest =
        moments->kept_count == 0 ? NULL : moments->kept[moments->kept_count - 1];
    if (newest != NULL && rollup_batch(newest) == number) {
        moments->kept[moments->kept_count - 1] = rollup_ref(rollup); /* the same once more */
        rollup_unref(newest);
    } else {
        if (moments->kept_count == MOMENTS_KEPT_MAX)
            drop_oldest(moments);
        moments->kept[moments->kept_count++] = rollup_ref(rollup);
    }
    moments->in_flight = (struct store_position){number, batch->seq, batch->tail};
    if (moments->claimed < number)
        moments->claimed = number;
    pthread_cond_broadcast(&moments->changed);
    pthread_mutex_unlock(&moments->lock);
}

void moments_end_batch(struct moments *moments, const struct store_batch *batch)
{
    pthread_mutex_lock(&moments->lock);
    moments->applied =
        (struct store_position){rollup_batch(batch->rollup), batch->seq, batch->tail};
    moments->in_flight = (struct store_position){0};
    moments->halted = false;
    tidy(moments);
    pthread_mutex_unlock(&moments->lock);
}

void moments_halt(struct moments *moments, bool claimed)
{
    pthread_mutex_lock(&moments->lock);
    moments->halted = true;
    if (!claimed)
        moments->in_flight = (struct store_position){0};
    pthread_cond_broadcast(&moments->changed);
    pthread_mutex_unlock(&moments->lock);
}

/* With the lock held: parts may be in the table of a batch that is not here. */
static bool is_owed(const struct moments *moments)
{
    return !moments->halted && moments->in_flight.batch == 0 &&
           moments->claimed > moments->applied.batch;
}

enum status moments_enter(struct moments *moments, struct moment *moment,
                          struct store_position *out, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&moments->lock);
    uint64_t until_ns = monotonic_ns() + MOMENTS_HANDOVER_WAIT_MS * ns_per_ms;
    struct timespec until = {.tv_sec = (time_t)(until_ns / ns_per_s),
                             .tv_nsec = (long)(until_ns % ns_per_s)};
    while (is_owed(moments) &&
           pthread_cond_timedwait(&moments->changed, &moments->lock, &until) != ETIMEDOUT)
        continue;
    if (is_owed(moments)) {
        status = fail(err, STATUS_BUSY,
                      "batch %llu is in the table in part, and the journal has not handed it over "
                      "yet: ask again",
                      (unsigned long long)moments->claimed);
    } else {
        *out = moments->in_flight.batch == 0 ? moments->applied : moments->in_flight;
        moment->batch = out->batch;
        moment->next = moments->open;
        moments->open = moment;
    }
    pthread_mutex_unlock(&moments->lock);
    return status;
}

void moments_leave(struct moments *moments, struct moment *moment)
{
    pthread_mutex_lock(&moments->lock);
    struct moment **at = &moments->open;
    while (*at != NULL && *at != moment)
        at = &(*at)->next;
    if (*at != NULL)
        *at = moment->next;
    tidy(moments);
    pthread_mutex_unlock(&moments->lock);
    *moment = (struct moment){0};
}

/* With the lock held. */
static struct rollup *find(const struct moments *moments, uint64_t batch)
{
    for (size_t i = 0; i < moments->kept_count; i++)
        if (rollup_batch(moments->kept[i]) == batch)
            return moments->kept[i];
    return NULL;
}

struct rollup *moments_unfinished(struct moments *moments, const struct moment *moment)
{
    struct rollup *rollup = NULL;
    pthread_mutex_lock(&moments->lock);
    if (moment->batch > moments->applied.batch) /* also when it was stopped meanwhile */
        rollup = find(moments, moment->batch);
    if (rollup != NULL)
        rollup_ref(rollup);
    pthread_mutex_unlock(&moments->lock);
    return rollup;
}

enum status moments_find(struct moments *moments, const struct moment *moment, uint64_t batch,
                         struct rollup **out, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&moments->lock);
    struct rollup *rollup = find(moments, batch);
    *out = NULL;
    if (rollup != NULL)
        *out = rollup_ref(rollup);
    else if (moments->halted)
        status = STATUS_OK;
    else if (batch <= moments->applied.batch)
        status =
            fail(err, STATUS_BUSY,
                 "the question began at batch %llu and meets batch %llu, which is no longer at "
                 "hand: ask for less, or again",
                 (unsigned long long)moment->batch, (unsigned long long)batch);
    else
        status =
            fail(err, STATUS_FOREIGN,
                 "the table holds batch %llu of this writer, which this journal has not handed "
                 "over: another node uses the same writer",
                 (unsigned long long)batch);
    pthread_mutex_unlock(&moments->lock);
    return status;
}
