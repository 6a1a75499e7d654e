/*
 * instance.c - the facade: opening, recording, asking for metrics, health.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lib/instance.h"

#include <stdlib.h>
#include <sys/random.h>

#include "lib/instance_parts.h"

static enum status start_notices(struct instance *instance, struct error *err)
{
    if (pthread_mutex_init(&instance->notices.lock, NULL) != 0)
        return fail(err, STATUS_NO_MEMORY, "no memory to open the data folder");
    return STATUS_OK;
}

/* notice: NULL for the log. */
static enum status open_with(const struct engine_options *options, engine_notice_fn *notice,
                             void *notice_context, struct instance **out, struct error *err)
{
    struct instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to open the data folder");
    instance->clock = options->clock;
    enum status status = start_notices(instance, err);
    if (status != STATUS_OK) {
        free(instance);
        return status;
    }
    if (getrandom(&instance->boot_nonce, sizeof instance->boot_nonce, 0) !=
        (ssize_t)sizeof instance->boot_nonce) {
        status = fail_errno(err, "no random numbers from the system");
        goto cleanup;
    }
    if (notice == NULL) {
        notice = notices_log;
        notice_context = &instance->notices;
    }
    status = engine_open(options, notice, notice_context, &instance->engine, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = instance;
    instance = NULL;

cleanup:
    if (instance != NULL) {
        pthread_mutex_destroy(&instance->notices.lock);
        free(instance);
    }
    return status;
}

enum status instance_open(const struct engine_options *options, struct instance **out,
                          struct error *err)
{
    return open_with(options, NULL, NULL, out, err);
}

static void say_nothing(void *context, const char *name, const struct error *error)
{
    (void)context;
    (void)name;
    (void)error;
}

enum status instance_open_with_notice(const struct engine_options *options,
                                      engine_notice_fn *notice, void *context,
                                      struct instance **out, struct error *err)
{
    return open_with(options, notice == NULL ? say_nothing : notice, context, out, err);
}

enum status instance_close(struct instance *instance, struct error *err)
{
    if (instance == NULL)
        return STATUS_OK;
    enum status status = engine_close(instance->engine, err);
    pthread_mutex_destroy(&instance->notices.lock);
    free(instance);
    return status;
}

int64_t instance_now_ms(const struct instance *instance)
{
    return clock_now_ms(&instance->clock);
}

enum status instance_submit_events(struct instance *instance, const struct event *events,
                                   size_t count, struct submission *submission, struct error *err)
{
    return engine_submit_events(instance->engine, events, count, submission, err);
}

enum status instance_submit_listing(struct instance *instance, struct text user_id,
                                    struct text listing_id, const struct listing_details *details,
                                    struct submission *submission, struct error *err)
{
    return engine_submit_listing(instance->engine, user_id, listing_id, details, submission, err);
}

bool instance_has_gathered(const struct instance *instance)
{
    return engine_has_gathered(instance->engine);
}

void instance_commit(struct instance *instance)
{
    engine_commit(instance->engine);
}

/* A submission that was made and committed: its own error, if it has one. */
static enum status outcome(const struct submission *submission, struct error *err)
{
    if (submission->error.status != STATUS_OK && err != NULL)
        *err = submission->error;
    return submission->error.status;
}

enum status instance_record_events(struct instance *instance, const struct event *events,
                                   size_t count, struct record_result *out, struct error *err)
{
    struct submission submission;
    enum status status;
    do {
        status = engine_submit_events(instance->engine, events, count, &submission, err);
        engine_commit(instance->engine); /* also makes room where the group was full */
    } while (status == STATUS_OVERLOADED);
    if (status == STATUS_OK)
        status = outcome(&submission, err);
    if (status == STATUS_OK)
        *out = (struct record_result){submission.recorded, submission.duplicates};
    return status;
}

enum status instance_record_listing(struct instance *instance, struct text user_id,
                                    struct text listing_id, const struct listing_details *details,
                                    struct error *err)
{
    struct submission submission;
    enum status status = STATUS_OK;
    if (details == NULL) {
        struct arena arena = {0};
        struct listing_details before;
        status = instance_get_listing(instance, user_id, listing_id, &arena, &before, err);
        arena_done(&arena);
        if (status != STATUS_OK)
            return status;
    }
    do {
        status =
            engine_submit_listing(instance->engine, user_id, listing_id, details, &submission, err);
        engine_commit(instance->engine);
    } while (status == STATUS_OVERLOADED);
    return status == STATUS_OK ? outcome(&submission, err) : status;
}

enum status instance_check_limit(size_t limit, size_t max, struct error *err)
{
    if (limit >= 1 && limit <= max)
        return STATUS_OK;
    return fail_input(err, "invalid_limit", "limit", "limit must be a number from 1 to %zu", max);
}

enum status instance_check_compared(size_t listing_count, struct error *err)
{
    if (listing_count >= 2 && listing_count <= METRICS_COMPARE_MAX)
        return STATUS_OK;
    return fail_input(err, "invalid_listing_count", "listing",
                      "name 2 to %d listings: listing=a&listing=b", METRICS_COMPARE_MAX);
}

enum status instance_resolve_range(struct instance *instance, const struct range_request *request,
                                   struct range *out, struct error *err)
{
    return range_resolve(request, instance_now_ms(instance), out, err);
}

enum status instance_get_metrics_for_date(struct instance *instance, struct text user_id,
                                          struct text listing_id, const struct range *one_day,
                                          struct arena *arena, struct day_metrics *out,
                                          struct error *err)
{
    return metrics_of_day(instance->engine, user_id, listing_id, one_day, arena, out, err);
}

enum status instance_get_metrics_for_date_range(struct instance *instance, struct text user_id,
                                                struct text listing_id, const struct range *range,
                                                struct arena *arena,
                                                const struct day_metrics **days, size_t *day_count,
                                                struct error *err)
{
    return metrics_of_days(instance->engine, user_id, listing_id, range, arena, days, day_count,
                           err);
}

enum status instance_get_aggregated_metrics(struct instance *instance, struct text user_id,
                                            struct text listing_id, const struct range *range,
                                            struct arena *arena, struct aggregated_metrics *out,
                                            struct error *err)
{
    return metrics_of_listing(instance->engine, user_id, listing_id, range, arena, out, err);
}

enum status instance_get_all_listings_metrics(struct instance *instance, struct text user_id,
                                              const struct range *range,
                                              const struct metrics_page_request *request,
                                              struct arena *arena, struct metrics_page *out,
                                              struct error *err)
{
    return metrics_of_all_listings(instance->engine, user_id, range, request, arena, out, err);
}

enum status instance_get_all_listings_of_day(struct instance *instance, struct text user_id,
                                             const struct range *one_day, struct arena *arena,
                                             const struct listing_day **out, size_t *count,
                                             struct error *err)
{
    return metrics_of_all_on_day(instance->engine, user_id, one_day, arena, out, count, err);
}

enum status instance_compare_listings(struct instance *instance, struct text user_id,
                                      const struct text *listing_ids, size_t listing_count,
                                      const struct range *range, struct arena *arena,
                                      struct aggregated_metrics *out, struct error *err)
{
    return metrics_compare(instance->engine, user_id, listing_ids, listing_count, range, arena, out,
                           err);
}

uint64_t instance_user_version(const struct instance *instance, struct text user_id)
{
    return engine_user_version(instance->engine, user_id);
}

uint64_t instance_boot_nonce(const struct instance *instance)
{
    return instance->boot_nonce;
}

bool instance_is_shared(const struct instance *instance)
{
    return engine_is_shared(instance->engine);
}

int64_t instance_fresh_as_of_ms(const struct instance *instance)
{
    return engine_fresh_as_of_ms(instance->engine);
}

uint32_t instance_mark_of(struct text user_id, struct text listing_id)
{
    return engine_mark_of(user_id, listing_id);
}

void instance_watch(struct instance *instance, uint32_t mark)
{
    engine_watch(instance->engine, mark);
}

uint64_t instance_mark_changed_ns(const struct instance *instance, uint32_t mark)
{
    return engine_mark_changed_ns(instance->engine, mark);
}

uint64_t instance_changed_ns(const struct instance *instance)
{
    return engine_changed_ns(instance->engine);
}

void instance_unwatch_all(struct instance *instance)
{
    engine_unwatch_all(instance->engine);
}

enum status instance_check(struct instance *instance, struct error *err)
{
    return engine_check(instance->engine, err);
}

bool instance_is_halted(struct instance *instance, struct error *why)
{
    return engine_is_halted(instance->engine, why);
}

void instance_get_stats(struct instance *instance, struct engine_stats *out)
{
    engine_get_stats(instance->engine, out);
}

const struct histogram *instance_sync_times(const struct instance *instance)
{
    return engine_sync_times(instance->engine);
}

const struct histogram *instance_apply_times(const struct instance *instance)
{
    return engine_apply_times(instance->engine);
}

enum status instance_flush(struct instance *instance, struct error *err)
{
    return engine_flush(instance->engine, err);
}
