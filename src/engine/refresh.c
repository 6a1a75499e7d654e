/*
 * refresh.c - a store that other writers share changes by itself: looking at it now and then.
 *
 * Once an interval the store is asked how far the others are, and then everybody is told that
 * anything may have changed: all users' versions, and so ETags and kept answers; all marks, and so
 * whoever shows counts live. In that order: who sees the new version sees the new moment. When
 * asking fails the older moment stays, which is still true.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <time.h>

#include "engine/engine_parts.h"

static enum status look(struct engine *engine, struct error *err)
{
    int64_t as_of_ms = 0;
    enum status status = store_refresh(engine->store, &as_of_ms, err);
    if (status == STATUS_OK) /* who has nothing to come is as good as not there */
        atomic_store_explicit(&engine->fresh_as_of_ms,
                              as_of_ms == store_nothing_to_come ? 0 : as_of_ms,
                              memory_order_release);
    return status;
}

/* false when stopping. */
static bool wait_an_interval(struct engine *engine)
{
    uint64_t until_ns = monotonic_ns() + engine->refresh_interval_ns;
    struct timespec until = {.tv_sec = (time_t)(until_ns / ns_per_s),
                             .tv_nsec = (long)(until_ns % ns_per_s)};
    pthread_mutex_lock(&engine->state_lock);
    while (!engine->stopping && monotonic_ns() < until_ns)
        pthread_cond_timedwait(&engine->state_changed, &engine->state_lock, &until);
    bool stopping = engine->stopping;
    pthread_mutex_unlock(&engine->state_lock);
    return !stopping;
}

static void *refresh_thread(void *context)
{
    struct engine *engine = context;
    while (wait_an_interval(engine)) {
        struct error err;
        if (look(engine, &err) != STATUS_OK) {
            atomic_fetch_add(&engine->refreshes_failed, 1);
            engine_notify(engine, "store_refresh_failed", &err);
        }
        atomic_fetch_add_explicit(&engine->refreshes, 1, memory_order_acq_rel);
        watch_all(&engine->watch, monotonic_ns());
    }
    return NULL;
}

enum status engine_start_refreshing(struct engine *engine, struct error *err)
{
    if (!store_is_shared(engine->store))
        return STATUS_OK;
    enum status status = look(engine, err);
    if (status != STATUS_OK)
        return status;
    if (pthread_create(&engine->refresh_thread, NULL, refresh_thread, engine) != 0)
        return fail(err, STATUS_NO_MEMORY, "cannot start the thread that looks at the store");
    engine->refreshing = true;
    return STATUS_OK;
}

void engine_stop_refreshing(struct engine *engine)
{
    if (engine->refreshing)
        pthread_join(engine->refresh_thread, NULL);
    engine->refreshing = false;
}

bool engine_is_shared(const struct engine *engine)
{
    return store_is_shared(engine->store);
}

int64_t engine_fresh_as_of_ms(const struct engine *engine)
{
    return atomic_load_explicit(&engine->fresh_as_of_ms, memory_order_acquire);
}
