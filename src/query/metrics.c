/*
 * metrics.c - asks the engine with the right scope and feeds what comes to the adding-up.
 *
 * An answer about named listings is one read: its range and the range before lie in one window,
 * so totals, days, platforms, sources and trends are of one cut.
 *
 * A page of all listings is two reads. The first takes the range alone and only ranks; the second
 * takes the page's listings, with the range before, and everything the answer shows comes from
 * it, also the order within the page. So an answer's numbers are of one cut and agree with each
 * other. Only which listings stand on the page was settled a moment earlier: under new events a
 * listing can appear one page sooner or later, as it could with paging at all. The price of one
 * read instead would be to read twice the days, with platforms and sources, of ten thousand
 * listings to show a hundred.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/metrics.h"

#include <assert.h>

#include "query/aggregate.h"
#include "query/cursor.h"
#include "query/day_window.h"
#include "query/ranking.h"
#include "query/text_index.h"

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "adding up metrics: no memory");
}

/* Reads what the window needs of the listings, or of all when there are none. */
static enum status read_window(struct engine *engine, struct text user_id,
                               const struct text *listing_ids, size_t listing_count,
                               const struct day_window *window, store_rows_fn *each, void *context,
                               struct error *err)
{
    struct store_scope scope = {
        .user_id = user_id,
        .listing_ids = listing_ids,
        .listing_count = listing_count,
        .first_day = window->utc_first,
        .last_day = window->utc_last,
    };
    if (scope.last_day < scope.first_day)
        return STATUS_OK;
    return window->by_totals ? engine_read_totals(engine, &scope, each, context, err)
                             : engine_read_cells(engine, &scope, each, context, err);
}

/* The context is a text_index of struct aggregate *. */
static enum status add_to_aggregates(void *context, struct text listing_id,
                                     const struct count_rows *rows, struct error *err)
{
    struct aggregate **aggregate = text_index_find(context, listing_id);
    if (aggregate != NULL && !aggregate_add(*aggregate, rows))
        return no_memory(err);
    return STATUS_OK;
}

struct collect_options {
    bool with_before;
    bool with_days;
};

/* Fills out[i] with the aggregate of listing_ids[i], which may repeat, all at one cut. */
static enum status collect(struct engine *engine, struct text user_id,
                           const struct text *listing_ids, size_t listing_count,
                           const struct range *range, struct collect_options options,
                           struct arena *arena, struct aggregated_metrics *out, struct error *err)
{
    struct day_window *window = arena_alloc(arena, sizeof *window);
    if (window == NULL)
        return no_memory(err);
    enum status status = day_window_init(window, range, options.with_before, arena, err);
    if (status != STATUS_OK)
        return status;

    struct text_index aggregates = {.arena = arena, .value_bytes = sizeof(struct aggregate *)};
    for (size_t i = 0; i < listing_count; i++) {
        struct aggregate **aggregate = text_index_add(&aggregates, listing_ids[i]);
        if (aggregate == NULL)
            return no_memory(err);
        if (*aggregate == NULL)
            *aggregate = aggregate_new(window, options.with_days, arena);
        if (*aggregate == NULL)
            return no_memory(err);
    }

    /* by the index's names, in which no listing stands twice */
    status = read_window(engine, user_id, aggregates.names, aggregates.count, window,
                         add_to_aggregates, &aggregates, err);
    if (status != STATUS_OK)
        return status;

    for (size_t i = 0; i < listing_count; i++) {
        struct aggregate **aggregate = text_index_find(&aggregates, listing_ids[i]);
        struct text kept = arena_copy(arena, listing_ids[i]);
        assert(aggregate != NULL);
        if (kept.at == NULL || !aggregate_finish(*aggregate, kept, &out[i]))
            return no_memory(err);
    }
    return STATUS_OK;
}

enum status metrics_of_day(struct engine *engine, struct text user_id, struct text listing_id,
                           const struct range *one_day, struct arena *arena,
                           struct day_metrics *out, struct error *err)
{
    const struct day_metrics *days = NULL;
    size_t day_count = 0;
    assert(one_day->first_day == one_day->last_day);
    enum status status =
        metrics_of_days(engine, user_id, listing_id, one_day, arena, &days, &day_count, err);
    if (status == STATUS_OK)
        *out = days[0];
    return status;
}

enum status metrics_of_days(struct engine *engine, struct text user_id, struct text listing_id,
                            const struct range *range, struct arena *arena,
                            const struct day_metrics **days, size_t *day_count, struct error *err)
{
    struct aggregated_metrics metrics;
    enum status status = collect(engine, user_id, &listing_id, 1, range,
                                 (struct collect_options){.with_days = true}, arena, &metrics, err);
    if (status == STATUS_OK) {
        *days = metrics.days;
        *day_count = metrics.day_count;
    }
    return status;
}

/* Listings that a read meets, each with its aggregate. */
struct met_listings {
    struct text_index aggregates; /* of struct aggregate * */
    const struct day_window *window;
};

static enum status add_to_met(void *context, struct text listing_id, const struct count_rows *rows,
                              struct error *err)
{
    struct met_listings *met = context;
    struct aggregate **aggregate = text_index_add(&met->aggregates, listing_id);
    if (aggregate == NULL)
        return no_memory(err);
    if (*aggregate == NULL)
        *aggregate = aggregate_new(met->window, true, met->aggregates.arena);
    if (*aggregate == NULL || !aggregate_add(*aggregate, rows))
        return no_memory(err);
    return STATUS_OK;
}

enum status metrics_of_all_on_day(struct engine *engine, struct text user_id,
                                  const struct range *one_day, struct arena *arena,
                                  const struct listing_day **out, size_t *count, struct error *err)
{
    struct day_window window;
    assert(one_day->first_day == one_day->last_day);
    enum status status = day_window_init(&window, one_day, false, arena, err);
    if (status != STATUS_OK)
        return status;
    struct met_listings met = {
        .aggregates = {.arena = arena, .value_bytes = sizeof(struct aggregate *)},
        .window = &window,
    };
    status = read_window(engine, user_id, NULL, 0, &window, add_to_met, &met, err);
    if (status != STATUS_OK)
        return status;

    struct listing_day *days = arena_zalloc(arena, met.aggregates.count + 1, sizeof *days);
    if (days == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < met.aggregates.count; i++) {
        struct aggregate **aggregate = text_index_value(&met.aggregates, i);
        struct aggregated_metrics metrics;
        if (!aggregate_finish(*aggregate, met.aggregates.names[i], &metrics))
            return no_memory(err);
        days[i] = (struct listing_day){met.aggregates.names[i], metrics.days[0]};
    }
    *out = days;
    *count = met.aggregates.count;
    return STATUS_OK;
}

enum status metrics_of_listing(struct engine *engine, struct text user_id, struct text listing_id,
                               const struct range *range, struct arena *arena,
                               struct aggregated_metrics *out, struct error *err)
{
    return metrics_compare(engine, user_id, &listing_id, 1, range, arena, out, err);
}

/* The context is a struct ranking. */
static enum status add_to_ranking(void *context, struct text listing_id,
                                  const struct count_rows *rows, struct error *err)
{
    return ranking_add(context, listing_id, rows) ? STATUS_OK : no_memory(err);
}

static enum status add_sum_to_ranking(void *context, struct text listing_id,
                                      const struct counts *sum, struct error *err)
{
    return ranking_add_sum(context, listing_id, sum) ? STATUS_OK : no_memory(err);
}

/* Where days are whole UTC days a listing's sum is all that its place takes. */
static enum status rank_all(struct engine *engine, struct text user_id, struct ranking *ranking,
                            struct error *err)
{
    const struct day_window *window = ranking->window;
    if (!window->by_totals)
        return read_window(engine, user_id, NULL, 0, window, add_to_ranking, ranking, err);
    return engine_read_sums(engine, user_id, window->utc_first, window->utc_last,
                            add_sum_to_ranking, ranking, err);
}

/* Insertion: the listings come in the order of a moment ago. */
static void order_listings(struct aggregated_metrics *listings, size_t count,
                           const struct metrics_page_request *request)
{
    for (size_t i = 1; i < count; i++) {
        struct aggregated_metrics moving = listings[i];
        struct ranked ranked = {sort_key_of(request->sort, &moving.totals), moving.listing_id};
        size_t at = i;
        for (; at > 0; at--) {
            struct ranked before = {sort_key_of(request->sort, &listings[at - 1].totals),
                                    listings[at - 1].listing_id};
            if (ranked_compare(&before, &ranked, request->sort, request->ascending) < 0)
                break;
            listings[at] = listings[at - 1];
        }
        listings[at] = moving;
    }
}

/* Days make answers large: with them a page holds fewer listings. */
static size_t page_limit(const struct range *range, const struct metrics_page_request *request)
{
    int32_t days = range->last_day - range->first_day + 1;
    size_t most = (size_t)(METRICS_PAGE_DAYS_MAX / days);
    return request->include_days && request->limit > most ? most : request->limit;
}

enum status metrics_of_all_listings(struct engine *engine, struct text user_id,
                                    const struct range *range,
                                    const struct metrics_page_request *request, struct arena *arena,
                                    struct metrics_page *out, struct error *err)
{
    struct cursor_scope scope = {user_id, range, request->sort, request->ascending};
    struct cursor_place behind;
    const struct ranked *page = NULL;
    size_t count = 0;
    bool more = false;
    assert(request->limit > 0 && request->limit <= METRICS_PAGE_MAX);

    bool resume = request->cursor.at != NULL;
    if (resume) {
        enum status status = cursor_read(&scope, request->cursor, &behind, err);
        if (status != STATUS_OK)
            return status;
    }

    struct day_window window;
    enum status status = day_window_init(&window, range, false, arena, err);
    if (status != STATUS_OK)
        return status;
    struct ranking ranking = {
        .window = &window,
        .listings = {.arena = arena, .value_bytes = sizeof(struct counts)},
    };
    status = rank_all(engine, user_id, &ranking, err);
    if (status != STATUS_OK)
        return status;
    if (!ranking_page(&ranking, request->sort, request->ascending, page_limit(range, request),
                      resume ? &behind : NULL, arena, &page, &count, &more))
        return no_memory(err);

    struct metrics_page made = {.count = count};
    if (count > 0) {
        struct text *ids = arena_zalloc(arena, count, sizeof *ids);
        struct aggregated_metrics *listings = arena_zalloc(arena, count, sizeof *listings);
        if (ids == NULL || listings == NULL)
            return no_memory(err);
        for (size_t i = 0; i < count; i++)
            ids[i] = page[i].listing_id;
        struct collect_options options = {.with_before = true, .with_days = request->include_days};
        status = collect(engine, user_id, ids, count, range, options, arena, listings, err);
        if (status != STATUS_OK)
            return status;
        order_listings(listings, count, request);
        made.listings = listings;
    }
    if (more) {
        made.next_cursor =
            cursor_write(&scope, page[count - 1].key, page[count - 1].listing_id, arena);
        if (made.next_cursor.at == NULL)
            return no_memory(err);
    }
    *out = made;
    return STATUS_OK;
}

enum status metrics_compare(struct engine *engine, struct text user_id,
                            const struct text *listing_ids, size_t listing_count,
                            const struct range *range, struct arena *arena,
                            struct aggregated_metrics *out, struct error *err)
{
    assert(listing_count > 0 && listing_count <= METRICS_COMPARE_MAX);
    struct collect_options options = {.with_before = true, .with_days = true};
    return collect(engine, user_id, listing_ids, listing_count, range, options, arena, out, err);
}
