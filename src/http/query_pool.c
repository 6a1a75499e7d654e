/*
 * query_pool.c - a list behind a lock; a query is a thousand times longer than taking it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/query_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "http/request.h"

enum { QUERY_THREADS_MAX = 64 };

struct query_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct request *first;
    struct request *last;
    size_t depth;
    bool ending;
    void (*run)(struct request *request);
    pthread_t threads[QUERY_THREADS_MAX];
    uint32_t thread_count;
};

static void *work(void *context)
{
    struct query_pool *pool = context;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->first == NULL && !pool->ending)
            pthread_cond_wait(&pool->more, &pool->lock);
        struct request *request = pool->first;
        if (request == NULL)
            break;
        pool->first = request->next;
        if (pool->first == NULL)
            pool->last = NULL;
        pool->depth--;
        pthread_mutex_unlock(&pool->lock);
        request->next = NULL;
        pool->run(request);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

enum status query_pool_new(uint32_t threads, void (*run)(struct request *request),
                           struct query_pool **out, struct error *err)
{
    struct query_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return fail(err, STATUS_NO_MEMORY, "query threads: no memory");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->run = run;
    for (uint32_t i = 0; i < threads && i < QUERY_THREADS_MAX; i++) {
        if (pthread_create(&pool->threads[i], NULL, work, pool) != 0) {
            query_pool_free(pool);
            return fail(err, STATUS_IO, "query threads: the system refuses to start a thread");
        }
        pool->thread_count++;
    }
    *out = pool;
    return STATUS_OK;
}

size_t query_pool_depth(struct query_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t depth = pool->depth;
    pthread_mutex_unlock(&pool->lock);
    return depth;
}

bool query_pool_has_room(struct query_pool *pool)
{
    return query_pool_depth(pool) < QUERY_QUEUE_MAX;
}

void query_pool_offer(struct query_pool *pool, struct request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->last == NULL)
        pool->first = request;
    else
        pool->last->next = request;
    pool->last = request;
    pool->depth++;
    pthread_cond_signal(&pool->more);
    pthread_mutex_unlock(&pool->lock);
}

void query_pool_free(struct query_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
