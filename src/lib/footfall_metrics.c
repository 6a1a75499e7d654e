/*
 * footfall_metrics.c - the published library: days, aggregates, pages of them, comparisons.
 *
 * The query's answer lives in an arena of its own and is copied out of it: texts get their NUL,
 * structs their published shape.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <footfall.h>

#include "lib/footfall_parts.h"
#include "model/platform.h"

/* ---- ranges ---- */

/* given may be NULL. The range's texts are the caller's. */
static enum status read_range(const struct footfall *footfall, const struct footfall_range *given,
                              bool dates_only, struct range *out, struct error *err)
{
    struct footfall_range known = {0};
    enum status status = STATUS_OK;
    if (given != NULL)
        status = read_sized(&known, sizeof known, given, given->size, "footfall_range", err);
    if (status != STATUS_OK)
        return status;
    if (dates_only && known.start_date == NULL && known.end_date == NULL)
        return fail_input(err, "missing_parameter", "startDate",
                          "startDate and endDate are required, as YYYY-MM-DD");
    const struct range_request request = {.period = text_given(known.period),
                                          .start_date = text_given(known.start_date),
                                          .end_date = text_given(known.end_date),
                                          .timezone = text_given(known.timezone)};
    return instance_resolve_range(footfall->instance, &request, out, err);
}

/* ---- shapes ---- */

static const struct footfall_platform_metrics *const *
put_platforms(struct builder *builder, const struct platform_metrics *from, size_t count)
{
    struct footfall_platform_metrics *items = builder_take(builder, count, sizeof *items);
    const struct footfall_platform_metrics **list = builder_list(builder, count);
    for (size_t i = 0; i < count && !builder->failed; i++) {
        items[i] = (struct footfall_platform_metrics){
            .name = builder_text(builder, from[i].name),
            .views = from[i].counts.of[EVENT_VIEW],
            .shares = from[i].counts.of[EVENT_SHARE],
            .inquiries = from[i].counts.of[EVENT_INQUIRY],
            .last_updated_ms = from[i].updated_ms,
        };
        list[i] = &items[i];
    }
    return list;
}

static const struct footfall_source_metrics *const *
put_sources(struct builder *builder, const struct source_metrics *from, size_t count)
{
    struct footfall_source_metrics *items = builder_take(builder, count, sizeof *items);
    const struct footfall_source_metrics **list = builder_list(builder, count);
    for (size_t i = 0; i < count && !builder->failed; i++) {
        items[i] = (struct footfall_source_metrics){
            .name = builder_text(builder, from[i].name),
            .views = from[i].counts.of[EVENT_VIEW],
            .shares = from[i].counts.of[EVENT_SHARE],
            .inquiries = from[i].counts.of[EVENT_INQUIRY],
        };
        list[i] = &items[i];
    }
    return list;
}

static void put_day(struct builder *builder, const char *listing_id, const struct day_metrics *from,
                    struct footfall_performance_metrics *to)
{
    *to = (struct footfall_performance_metrics){
        .listing_id = listing_id,
        .date = builder_date(builder, from->day),
        .views = from->counts.of[EVENT_VIEW],
        .shares = from->counts.of[EVENT_SHARE],
        .inquiries = from->counts.of[EVENT_INQUIRY],
        .platforms = put_platforms(builder, from->platforms, from->platform_count),
        .platform_count = from->platform_count,
        .updated_at_ms = from->updated_ms,
    };
}

static const struct footfall_performance_metrics *const *put_days(struct builder *builder,
                                                                  const char *listing_id,
                                                                  const struct day_metrics *from,
                                                                  size_t count)
{
    struct footfall_performance_metrics *items = builder_take(builder, count, sizeof *items);
    const struct footfall_performance_metrics **list = builder_list(builder, count);
    for (size_t i = 0; i < count && !builder->failed; i++) {
        put_day(builder, listing_id, &from[i], &items[i]);
        list[i] = &items[i];
    }
    return list;
}

static void put_aggregated(struct builder *builder, const struct aggregated_metrics *from,
                           struct footfall_aggregated_metrics *to)
{
    const char *listing_id = builder_text(builder, from->listing_id);
    size_t day_count = from->days == NULL ? 0 : from->day_count;
    *to = (struct footfall_aggregated_metrics){
        .listing_id = listing_id,
        .period = period_name(from->range.period),
        .start_date = builder_date(builder, from->range.first_day),
        .end_date = builder_date(builder, from->range.last_day),
        .timezone = builder_text(builder, zone_name(from->range.zone)),
        .total_views = from->totals.of[EVENT_VIEW],
        .total_shares = from->totals.of[EVENT_SHARE],
        .total_inquiries = from->totals.of[EVENT_INQUIRY],
        .by_platform = put_platforms(builder, from->platforms, from->platform_count),
        .by_platform_count = from->platform_count,
        .by_source = put_sources(builder, from->sources, from->source_count),
        .by_source_count = from->source_count,
        .daily_breakdown = put_days(builder, listing_id, from->days, day_count),
        .daily_breakdown_count = day_count,
        .trends = {from->change_percent[EVENT_VIEW], from->change_percent[EVENT_SHARE],
                   from->change_percent[EVENT_INQUIRY]},
        .conversion_rate = from->conversion_rate,
    };
}

static const struct footfall_aggregated_metrics *const *
put_listings(struct builder *builder, const struct aggregated_metrics *from, size_t count)
{
    struct footfall_aggregated_metrics *items = builder_take(builder, count, sizeof *items);
    const struct footfall_aggregated_metrics **list = builder_list(builder, count);
    for (size_t i = 0; i < count && !builder->failed; i++) {
        put_aggregated(builder, &from[i], &items[i]);
        list[i] = &items[i];
    }
    return list;
}

/* ---- questions ---- */

static enum status make_day(struct text listing_id, const struct day_metrics *day,
                            struct footfall_performance_metrics **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_performance_metrics *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    put_day(&builder, builder_text(&builder, listing_id), day, result);
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_metrics_for_date(struct footfall *footfall, const char *user_id,
                                                   const char *listing_id, const char *date,
                                                   const char *timezone,
                                                   struct footfall_performance_metrics **out,
                                                   struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range range;
    struct day_metrics day;
    int32_t parsed = 0;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    const struct footfall_range asked = {
        .size = sizeof asked, .start_date = date, .end_date = date, .timezone = timezone};
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = range_parse_date(text_given(date), "date", &parsed, &err);
    if (status == STATUS_OK)
        status = read_range(footfall, &asked, true, &range, &err);
    if (status == STATUS_OK)
        status = instance_get_metrics_for_date(footfall->instance, user, listing, &range, &scratch,
                                               &day, &err);
    if (status == STATUS_OK)
        status = make_day(listing, &day, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

static enum status make_days(struct text listing_id, const struct day_metrics *days, size_t count,
                             struct footfall_days **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_days *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    result->days = put_days(&builder, builder_text(&builder, listing_id), days, count);
    result->count = count;
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status
footfall_get_metrics_for_date_range(struct footfall *footfall, const char *user_id,
                                    const char *listing_id, const struct footfall_range *range,
                                    struct footfall_days **out, struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range resolved;
    const struct day_metrics *days = NULL;
    size_t count = 0;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = read_range(footfall, range, true, &resolved, &err);
    if (status == STATUS_OK)
        status = instance_get_metrics_for_date_range(footfall->instance, user, listing, &resolved,
                                                     &scratch, &days, &count, &err);
    if (status == STATUS_OK)
        status = make_days(listing, days, count, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

static enum status make_aggregated(const struct aggregated_metrics *metrics,
                                   struct footfall_aggregated_metrics **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_aggregated_metrics *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    put_aggregated(&builder, metrics, result);
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_aggregated_metrics(struct footfall *footfall, const char *user_id,
                                                     const char *listing_id,
                                                     const struct footfall_range *range,
                                                     struct footfall_aggregated_metrics **out,
                                                     struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range resolved;
    struct aggregated_metrics metrics;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = read_range(footfall, range, false, &resolved, &err);
    if (status == STATUS_OK)
        status = instance_get_aggregated_metrics(footfall->instance, user, listing, &resolved,
                                                 &scratch, &metrics, &err);
    if (status == STATUS_OK)
        status = make_aggregated(&metrics, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

/* given may be NULL. */
static enum status read_page(const struct footfall_page_request *given,
                             struct metrics_page_request *out, struct error *err)
{
    struct footfall_page_request known = {0};
    enum status status = STATUS_OK;
    if (given != NULL)
        status = read_sized(&known, sizeof known, given, given->size, "footfall_page_request", err);
    if (status == STATUS_OK)
        status =
            metrics_order_resolve(text_given(known.sort), text_given(known.direction), out, err);
    if (status != STATUS_OK)
        return status;
    out->limit = known.limit == 0 ? METRICS_PAGE_DEFAULT : known.limit;
    out->cursor = text_given(known.cursor);
    out->include_days = known.include_daily_breakdown;
    return instance_check_limit(out->limit, METRICS_PAGE_MAX, err);
}

static enum status make_page(const struct range *range, const struct metrics_page *page,
                             struct footfall_metrics_page **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_metrics_page *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    *result = (struct footfall_metrics_page){
        .period = period_name(range->period),
        .start_date = builder_date(&builder, range->first_day),
        .end_date = builder_date(&builder, range->last_day),
        .timezone = builder_text(&builder, zone_name(range->zone)),
        .listings = put_listings(&builder, page->listings, page->count),
        .count = page->count,
        .next_cursor = builder_text(&builder, page->next_cursor),
    };
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_all_listings_metrics(struct footfall *footfall,
                                                       const char *user_id,
                                                       const struct footfall_range *range,
                                                       const struct footfall_page_request *page,
                                                       struct footfall_metrics_page **out,
                                                       struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range resolved;
    struct metrics_page_request request = {0};
    struct metrics_page answer;
    struct text user = text_given(user_id);
    enum status status = check_ids(user, (struct text){NULL, 0}, &err);
    if (status == STATUS_OK)
        status = read_range(footfall, range, false, &resolved, &err);
    if (status == STATUS_OK)
        status = read_page(page, &request, &err);
    if (status == STATUS_OK)
        status = instance_get_all_listings_metrics(footfall->instance, user, &resolved, &request,
                                                   &scratch, &answer, &err);
    if (status == STATUS_OK)
        status = make_page(&resolved, &answer, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

static enum status read_compared(const char *const *given, size_t count,
                                 struct text out[METRICS_COMPARE_MAX], struct error *err)
{
    enum status status = instance_check_compared(count, err);
    if (given == NULL)
        return require(false, "listing", "must be given", err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        out[i] = text_given(given[i]);
        status = require(out[i].at != NULL, "listing", "must be given", err);
        if (status == STATUS_OK)
            status = id_check(out[i], ID_BYTES_MAX, "listing", err);
    }
    return status;
}

static enum status make_comparison(const struct range *range,
                                   const struct aggregated_metrics *metrics, size_t count,
                                   struct footfall_comparison **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_comparison *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    *result = (struct footfall_comparison){
        .period = period_name(range->period),
        .start_date = builder_date(&builder, range->first_day),
        .end_date = builder_date(&builder, range->last_day),
        .timezone = builder_text(&builder, zone_name(range->zone)),
        .listings = put_listings(&builder, metrics, count),
        .count = count,
    };
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_compare_listings(struct footfall *footfall, const char *user_id,
                                               const char *const *listing_ids, size_t listing_count,
                                               const struct footfall_range *range,
                                               struct footfall_comparison **out,
                                               struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range resolved;
    struct text listings[METRICS_COMPARE_MAX];
    struct aggregated_metrics metrics[METRICS_COMPARE_MAX];
    struct text user = text_given(user_id);
    enum status status = check_ids(user, (struct text){NULL, 0}, &err);
    if (status == STATUS_OK)
        status = read_compared(listing_ids, listing_count, listings, &err);
    if (status == STATUS_OK)
        status = read_range(footfall, range, false, &resolved, &err);
    if (status == STATUS_OK)
        status = instance_compare_listings(footfall->instance, user, listings, listing_count,
                                           &resolved, &scratch, metrics, &err);
    if (status == STATUS_OK)
        status = make_comparison(&resolved, metrics, listing_count, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}
