/*
 * footfall.c - the facade: opening, recording, asking for metrics, health.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lib/footfall.h"

#include <stdlib.h>
#include <sys/random.h>

#include "lib/footfall_parts.h"

static enum status start_notices(struct footfall *footfall, struct error *err)
{
    if (pthread_mutex_init(&footfall->notices.lock, NULL) != 0)
        return fail(err, STATUS_NO_MEMORY, "no memory to open the data folder");
    return STATUS_OK;
}

enum status footfall_open(const struct engine_options *options, struct footfall **out,
                          struct error *err)
{
    struct footfall *footfall = calloc(1, sizeof *footfall);
    if (footfall == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to open the data folder");
    footfall->clock = options->clock;
    enum status status = start_notices(footfall, err);
    if (status != STATUS_OK) {
        free(footfall);
        return status;
    }
    if (getrandom(&footfall->boot_nonce, sizeof footfall->boot_nonce, 0) !=
        (ssize_t)sizeof footfall->boot_nonce) {
        status = fail_errno(err, "no random numbers from the system");
        goto cleanup;
    }
    status = engine_open(options, notices_log, &footfall->notices, &footfall->engine, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = footfall;
    footfall = NULL;

cleanup:
    if (footfall != NULL) {
        pthread_mutex_destroy(&footfall->notices.lock);
        free(footfall);
    }
    return status;
}

enum status footfall_close(struct footfall *footfall, struct error *err)
{
    if (footfall == NULL)
        return STATUS_OK;
    enum status status = engine_close(footfall->engine, err);
    pthread_mutex_destroy(&footfall->notices.lock);
    free(footfall);
    return status;
}

int64_t footfall_now_ms(const struct footfall *footfall)
{
    return clock_now_ms(&footfall->clock);
}

enum status footfall_submit_events(struct footfall *footfall, const struct event *events,
                                   size_t count, struct submission *submission, struct error *err)
{
    return engine_submit_events(footfall->engine, events, count, submission, err);
}

enum status footfall_submit_listing(struct footfall *footfall, struct text user_id,
                                    struct text listing_id, const struct listing_details *details,
                                    struct submission *submission, struct error *err)
{
    return engine_submit_listing(footfall->engine, user_id, listing_id, details, submission, err);
}

bool footfall_has_gathered(const struct footfall *footfall)
{
    return engine_has_gathered(footfall->engine);
}

void footfall_commit(struct footfall *footfall)
{
    engine_commit(footfall->engine);
}

enum status footfall_record_events(struct footfall *footfall, const struct event *events,
                                   size_t count, struct record_result *out, struct error *err)
{
    struct submission submission;
    enum status status;
    do {
        status = engine_submit_events(footfall->engine, events, count, &submission, err);
        engine_commit(footfall->engine); /* also makes room where the group was full */
    } while (status == STATUS_OVERLOADED);
    if (status != STATUS_OK)
        return status;
    if (submission.error.status != STATUS_OK) {
        if (err != NULL)
            *err = submission.error;
        return submission.error.status;
    }
    *out = (struct record_result){submission.recorded, submission.duplicates};
    return STATUS_OK;
}

enum status footfall_resolve_range(struct footfall *footfall, const struct range_request *request,
                                   struct range *out, struct error *err)
{
    return range_resolve(request, footfall_now_ms(footfall), out, err);
}

enum status footfall_get_metrics_for_date(struct footfall *footfall, struct text user_id,
                                          struct text listing_id, const struct range *one_day,
                                          struct arena *arena, struct day_metrics *out,
                                          struct error *err)
{
    return metrics_of_day(footfall->engine, user_id, listing_id, one_day, arena, out, err);
}

enum status footfall_get_metrics_for_date_range(struct footfall *footfall, struct text user_id,
                                                struct text listing_id, const struct range *range,
                                                struct arena *arena,
                                                const struct day_metrics **days, size_t *day_count,
                                                struct error *err)
{
    return metrics_of_days(footfall->engine, user_id, listing_id, range, arena, days, day_count,
                           err);
}

enum status footfall_get_aggregated_metrics(struct footfall *footfall, struct text user_id,
                                            struct text listing_id, const struct range *range,
                                            struct arena *arena, struct aggregated_metrics *out,
                                            struct error *err)
{
    return metrics_of_listing(footfall->engine, user_id, listing_id, range, arena, out, err);
}

enum status footfall_get_all_listings_metrics(struct footfall *footfall, struct text user_id,
                                              const struct range *range,
                                              const struct metrics_page_request *request,
                                              struct arena *arena, struct metrics_page *out,
                                              struct error *err)
{
    return metrics_of_all_listings(footfall->engine, user_id, range, request, arena, out, err);
}

enum status footfall_compare_listings(struct footfall *footfall, struct text user_id,
                                      const struct text *listing_ids, size_t listing_count,
                                      const struct range *range, struct arena *arena,
                                      struct aggregated_metrics *out, struct error *err)
{
    return metrics_compare(footfall->engine, user_id, listing_ids, listing_count, range, arena, out,
                           err);
}

uint64_t footfall_user_version(const struct footfall *footfall, struct text user_id)
{
    return engine_user_version(footfall->engine, user_id);
}

uint64_t footfall_boot_nonce(const struct footfall *footfall)
{
    return footfall->boot_nonce;
}

enum status footfall_check(struct footfall *footfall, struct error *err)
{
    return engine_check(footfall->engine, err);
}

void footfall_get_stats(struct footfall *footfall, struct engine_stats *out)
{
    engine_get_stats(footfall->engine, out);
}

const struct histogram *footfall_sync_times(const struct footfall *footfall)
{
    return engine_sync_times(footfall->engine);
}

const struct histogram *footfall_apply_times(const struct footfall *footfall)
{
    return engine_apply_times(footfall->engine);
}

enum status footfall_flush(struct footfall *footfall, struct error *err)
{
    return engine_flush(footfall->engine, err);
}
