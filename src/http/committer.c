/*
 * committer.c - asked by a condition variable, heard by an eventfd.
 *
 * Both wake a thread once a group, not once an event, which is why this pays: the loop answers all
 * of a group's requests in the pass that follows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/committer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/instance.h"

struct committer {
    struct instance *instance;
    int wake_fd;
    bool busy; /* the loop's */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool asked;
    bool ending;
    _Atomic bool ended; /* the commit; the answers that it made are visible to who sees this */
};

/* With the lock held. False when there is nothing more to come. */
static bool wait_until_asked(struct committer *committer)
{
    while (!committer->asked && !committer->ending)
        pthread_cond_wait(&committer->more, &committer->lock);
    bool asked = committer->asked;
    committer->asked = false;
    return asked;
}

static void *work(void *context)
{
    struct committer *committer = context;
    const uint64_t one = 1;
    pthread_mutex_lock(&committer->lock);
    while (wait_until_asked(committer)) {
        pthread_mutex_unlock(&committer->lock);
        instance_commit(committer->instance);
        atomic_store_explicit(&committer->ended, true, memory_order_release);
        (void)!write(committer->wake_fd, &one, sizeof one);
        pthread_mutex_lock(&committer->lock);
    }
    pthread_mutex_unlock(&committer->lock);
    return NULL;
}

enum status committer_open(struct instance *instance, int wake_fd, struct committer **out,
                           struct error *err)
{
    struct committer *committer = calloc(1, sizeof *committer);
    if (committer == NULL)
        return fail(err, STATUS_NO_MEMORY, "http: no memory");
    committer->instance = instance;
    committer->wake_fd = wake_fd;
    pthread_mutex_init(&committer->lock, NULL);
    pthread_cond_init(&committer->more, NULL);
    if (pthread_create(&committer->thread, NULL, work, committer) != 0) {
        pthread_cond_destroy(&committer->more);
        pthread_mutex_destroy(&committer->lock);
        free(committer);
        return fail(err, STATUS_IO, "commits: the system refuses to start a thread");
    }
    *out = committer;
    return STATUS_OK;
}

void committer_start(struct committer *committer)
{
    committer->busy = true;
    pthread_mutex_lock(&committer->lock);
    committer->asked = true;
    pthread_cond_signal(&committer->more);
    pthread_mutex_unlock(&committer->lock);
}

bool committer_is_busy(const struct committer *committer)
{
    return committer->busy;
}

bool committer_has_ended(struct committer *committer)
{
    if (!atomic_load_explicit(&committer->ended, memory_order_acquire))
        return false;
    atomic_store_explicit(&committer->ended, false, memory_order_relaxed);
    committer->busy = false;
    return true;
}

void committer_close(struct committer *committer)
{
    if (committer == NULL)
        return;
    pthread_mutex_lock(&committer->lock);
    committer->ending = true;
    pthread_cond_signal(&committer->more);
    pthread_mutex_unlock(&committer->lock);
    pthread_join(committer->thread, NULL);
    pthread_cond_destroy(&committer->more);
    pthread_mutex_destroy(&committer->lock);
    free(committer);
}
