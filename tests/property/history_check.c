/*
 * history_check.c - one question after another, compared to the last number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "history_check.h"

#include <string.h>

#include "model/calendar.h"

enum { INQUIRIES_MAX = MODEL_EVENTS_MAX };

static struct model_answer want; /* large; one at a time */

struct range question_range(struct instance *instance, const struct question *question)
{
    char first[DATE_BYTES], last[DATE_BYTES];
    struct range range;
    struct error err;
    date_format(question->first, first);
    date_format(question->last, last);
    struct range_request request = {.start_date = {first, sizeof first},
                                    .end_date = {last, sizeof last},
                                    .timezone = text_of(model_zones[question->zone])};
    HISTORY_OK(instance_resolve_range(instance, &request, &range, &err), err);
    return range;
}

static bool same_counts(const struct counts *a, const struct counts *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void say_question(const struct question *question)
{
    char first[DATE_BYTES], last[DATE_BYTES];
    date_format(question->first, first);
    date_format(question->last, last);
    fprintf(stderr, "user %d, listing %d, %.10s to %.10s, %s:\n", question->user, question->listing,
            first, last, model_zones[question->zone]);
}

#define CHECK_COUNTS(question, got, wanted, ...)                                                   \
    do {                                                                                           \
        if (!same_counts(got, wanted)) {                                                           \
            say_question(question);                                                                \
            fprintf(stderr, __VA_ARGS__);                                                          \
            HISTORY_CHECK(false, ": %lu/%lu/%lu instead of %lu/%lu/%lu", (got)->of[0],             \
                          (got)->of[1], (got)->of[2], (wanted)->of[0], (wanted)->of[1],            \
                          (wanted)->of[2]);                                                        \
        }                                                                                          \
    } while (0)

static void check_platforms(const struct question *question, const struct platform_metrics *got,
                            size_t count, const struct model_sum wanted[MODEL_PLATFORMS])
{
    size_t want_count = 0;
    for (int p = 1; p < MODEL_PLATFORMS; p++)
        want_count += counts_sum(&wanted[p].counts) > 0;
    HISTORY_CHECK(count == want_count, "%zu platforms instead of %zu", count, want_count);
    for (size_t i = 0; i < count; i++) {
        int p = 1;
        HISTORY_CHECK(i == 0 || text_compare(got[i - 1].name, got[i].name) < 0, "out of order");
        while (p < MODEL_PLATFORMS && !text_equal(model_platform_name(p), got[i].name))
            p++;
        HISTORY_CHECK(p < MODEL_PLATFORMS, "platform %.*s", TEXT_ARGS(got[i].name));
        CHECK_COUNTS(question, &got[i].counts, &wanted[p].counts, "platform %.*s",
                     TEXT_ARGS(got[i].name));
        HISTORY_CHECK(got[i].updated_ms == wanted[p].updated_ms, "lastUpdated of %.*s",
                      TEXT_ARGS(got[i].name));
    }
}

static void check_sources(const struct question *question, const struct aggregated_metrics *got)
{
    size_t want_count = 0;
    for (int s = 0; s <= MODEL_SOURCES; s++)
        want_count += counts_sum(&want.sources[s]) > 0;
    for (size_t i = 0; i < got->source_count; i++) {
        int s = 0;
        const struct source_metrics *source = &got->sources[i];
        HISTORY_CHECK(i == 0 || text_compare(source[-1].name, source->name) < 0, "out of order");
        while (s <= MODEL_SOURCES && !text_equal(model_source_name(s), source->name))
            s++;
        HISTORY_CHECK(s <= MODEL_SOURCES, "source %.*s", TEXT_ARGS(source->name));
        CHECK_COUNTS(question, &source->counts, &want.sources[s], "source %.*s",
                     TEXT_ARGS(source->name));
    }
    HISTORY_CHECK(got->source_count == want_count, "%zu sources instead of %zu", got->source_count,
                  want_count);
}

static void check_breakdown(const struct question *question, const struct day_metrics *days,
                            size_t count)
{
    HISTORY_CHECK(count == (size_t)(question->last - question->first + 1), "%zu days", count);
    for (size_t d = 0; d < count; d++) {
        HISTORY_CHECK(days[d].day == question->first + (int32_t)d, "day %d at place %zu",
                      days[d].day, d);
        CHECK_COUNTS(question, &days[d].counts, &want.days[d].counts, "day %zu", d);
        HISTORY_CHECK(days[d].updated_ms == want.days[d].updated_ms, "updatedAt of day %zu", d);
        check_platforms(question, days[d].platforms, days[d].platform_count, want.day_platforms[d]);
    }
}

static double change(uint64_t now, uint64_t before)
{
    if (before == 0)
        return now == 0 ? 0 : 100;
    return ((double)now - (double)before) / (double)before * 100;
}

static bool near(double a, double b)
{
    return a - b < 1e-9 && b - a < 1e-9;
}

/* Compares with `want`. */
static void check_metrics(const struct question *question, const struct aggregated_metrics *got)
{
    const struct counts *total = &want.total.counts;
    CHECK_COUNTS(question, &got->totals, total, "totals");
    check_platforms(question, got->platforms, got->platform_count, want.platforms);
    check_sources(question, got);
    if (got->days != NULL)
        check_breakdown(question, got->days, got->day_count);
    for (int type = 0; type < EVENT_TYPES; type++)
        HISTORY_CHECK(
            near(got->change_percent[type], change(total->of[type], want.before.of[type])),
            "a change of %f", got->change_percent[type]);
    double rate = total->of[EVENT_VIEW] == 0
                      ? 0
                      : (double)total->of[EVENT_INQUIRY] / (double)total->of[EVENT_VIEW] * 100;
    HISTORY_CHECK(near(got->conversion_rate, rate), "a rate of %f", got->conversion_rate);
}

static void ask_model(const struct model *model, const struct question *question)
{
    model_aggregate(model, question->user, question->listing, question->zone, question->first,
                    question->last, &want);
}

void check_aggregate(struct instance *instance, const struct model *model,
                     const struct question *question)
{
    struct arena arena = {0};
    struct aggregated_metrics got;
    struct error err;
    struct range range = question_range(instance, question);
    HISTORY_OK(instance_get_aggregated_metrics(instance, model_user_name(question->user),
                                               model_listing_name(question->listing), &range,
                                               &arena, &got, &err),
               err);
    ask_model(model, question);
    HISTORY_CHECK(got.days != NULL, "no breakdown");
    check_metrics(question, &got);
    arena_done(&arena);
}

void check_periods(struct instance *instance, const struct model *model,
                   const struct question *question, int64_t now_ms)
{
    static const struct {
        const char *name;
        int days;
    } periods[] = {{"daily", 1}, {"weekly", 7}, {"monthly", 30}};
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        struct question each = *question;
        struct arena arena = {0};
        struct aggregated_metrics got;
        struct range range;
        struct error err;
        struct range_request request = {.period = text_of(periods[i].name),
                                        .timezone = text_of(model_zones[question->zone])};
        each.last = model_day(model, question->zone, now_ms);
        each.first = each.last - periods[i].days + 1;
        HISTORY_OK(instance_resolve_range(instance, &request, &range, &err), err);
        HISTORY_CHECK(range.first_day == each.first && range.last_day == each.last,
                      "%s is %d to %d instead of %d to %d in %s", periods[i].name, range.first_day,
                      range.last_day, each.first, each.last, model_zones[question->zone]);
        HISTORY_OK(instance_get_aggregated_metrics(instance, model_user_name(question->user),
                                                   model_listing_name(question->listing), &range,
                                                   &arena, &got, &err),
                   err);
        ask_model(model, &each);
        check_metrics(&each, &got);
        arena_done(&arena);
    }
}

void check_days(struct instance *instance, const struct model *model,
                const struct question *question)
{
    struct arena arena = {0};
    const struct day_metrics *days;
    size_t count;
    struct error err;
    struct text user = model_user_name(question->user);
    struct text listing = model_listing_name(question->listing);
    struct range range = question_range(instance, question);
    HISTORY_OK(instance_get_metrics_for_date_range(instance, user, listing, &range, &arena, &days,
                                                   &count, &err),
               err);
    ask_model(model, question);
    check_breakdown(question, days, count);

    struct question last = *question;
    struct day_metrics day;
    last.first = last.last;
    range = question_range(instance, &last);
    HISTORY_OK(instance_get_metrics_for_date(instance, user, listing, &range, &arena, &day, &err),
               err);
    ask_model(model, &last);
    check_breakdown(&last, &day, 1);
    arena_done(&arena);
}

void check_compare(struct instance *instance, const struct model *model,
                   const struct question *question)
{
    struct arena arena = {0};
    struct aggregated_metrics got[MODEL_LISTINGS + 1];
    struct text names[MODEL_LISTINGS + 1];
    struct error err;
    struct range range = question_range(instance, question);
    for (int i = 0; i <= MODEL_LISTINGS; i++) /* one of them twice */
        names[i] = model_listing_name((question->listing + i) % MODEL_LISTINGS);
    HISTORY_OK(instance_compare_listings(instance, model_user_name(question->user), names,
                                         MODEL_LISTINGS + 1, &range, &arena, got, &err),
               err);
    for (int i = 0; i <= MODEL_LISTINGS; i++) {
        struct question each = *question;
        each.listing = (question->listing + i) % MODEL_LISTINGS;
        ask_model(model, &each);
        HISTORY_CHECK(text_equal(got[i].listing_id, names[i]), "another listing");
        check_metrics(&each, &got[i]);
    }
    arena_done(&arena);
}

static double sort_value(enum metrics_sort sort, const struct counts *counts)
{
    switch (sort) {
    case SORT_VIEWS:
        return (double)counts->of[EVENT_VIEW];
    case SORT_SHARES:
        return (double)counts->of[EVENT_SHARE];
    case SORT_INQUIRIES:
        return (double)counts->of[EVENT_INQUIRY];
    case SORT_CONVERSION_RATE:
        return counts->of[EVENT_VIEW] == 0
                   ? 0
                   : (double)counts->of[EVENT_INQUIRY] / (double)counts->of[EVENT_VIEW];
    case SORT_LISTING_ID:
        break;
    }
    return 0;
}

static bool in_order(const struct aggregated_metrics *a, const struct aggregated_metrics *b,
                     enum metrics_sort sort, bool ascending)
{
    double left = sort_value(sort, &a->totals), right = sort_value(sort, &b->totals);
    int order = text_compare(a->listing_id, b->listing_id);
    if (sort == SORT_LISTING_ID)
        return ascending ? order < 0 : order > 0;
    return left == right ? order < 0 : ascending ? left < right : left > right;
}

void check_all_listings(struct instance *instance, const struct model *model,
                        const struct question *question, enum metrics_sort sort, bool ascending,
                        size_t limit, bool with_days)
{
    struct arena arena = {0};
    struct error err;
    struct range range = question_range(instance, question);
    struct metrics_page_request request = {
        .sort = sort, .ascending = ascending, .limit = limit, .include_days = with_days};
    struct aggregated_metrics before = {0};
    bool seen[MODEL_LISTINGS] = {false};
    do {
        struct metrics_page page;
        HISTORY_OK(instance_get_all_listings_metrics(instance, model_user_name(question->user),
                                                     &range, &request, &arena, &page, &err),
                   err);
        HISTORY_CHECK(page.count <= limit, "%zu listings on a page of %zu", page.count, limit);
        for (size_t i = 0; i < page.count; i++) {
            struct question each = *question;
            each.listing = 0;
            while (each.listing < MODEL_LISTINGS &&
                   !text_equal(model_listing_name(each.listing), page.listings[i].listing_id))
                each.listing++;
            HISTORY_CHECK(each.listing < MODEL_LISTINGS && !seen[each.listing], "listing %.*s",
                          TEXT_ARGS(page.listings[i].listing_id));
            seen[each.listing] = true;
            ask_model(model, &each);
            HISTORY_CHECK((page.listings[i].days != NULL) == with_days, "days, or none");
            check_metrics(&each, &page.listings[i]);
            HISTORY_CHECK(before.listing_id.at == NULL ||
                              in_order(&before, &page.listings[i], sort, ascending),
                          "sorted by %d, %.*s stands before %.*s", (int)sort,
                          TEXT_ARGS(before.listing_id), TEXT_ARGS(page.listings[i].listing_id));
            before = page.listings[i];
        }
        request.cursor = page.next_cursor;
    } while (request.cursor.at != NULL);

    for (int listing = 0; listing < MODEL_LISTINGS; listing++) {
        struct question each = *question;
        each.listing = listing;
        ask_model(model, &each);
        HISTORY_CHECK(seen[listing] == (counts_sum(&want.total.counts) > 0),
                      "listing %d is on no page", listing);
    }
    arena_done(&arena);
}

/* Newest first, then by key (that is, by id) descending. */
static int compare_inquiries(const void *left, const void *right)
{
    const struct model_event *a = *(const struct model_event *const *)left;
    const struct model_event *b = *(const struct model_event *const *)right;
    if (a->time_ms != b->time_ms)
        return a->time_ms > b->time_ms ? -1 : 1;
    return (a->id < b->id) - (a->id > b->id);
}

static void check_inquiry(const struct inquiry *got, const struct model_event *wanted)
{
    char id[24];
    snprintf(id, sizeof id, "id-%08u", wanted->id);
    HISTORY_CHECK(got->time_ms == wanted->time_ms && got->received_ms == wanted->received_ms,
                  "an inquiry of another moment");
    HISTORY_CHECK(text_equal(got->listing_id, model_listing_name(wanted->listing)),
                  "an inquiry of another listing");
    HISTORY_CHECK(text_equal(got->source, model_source_name(wanted->source)),
                  "an inquiry from %.*s", TEXT_ARGS(got->source));
    HISTORY_CHECK(wanted->id == 0 ? got->key.at[0] == 'j' : text_is(got->key, id),
                  "an inquiry under the key %.*s", TEXT_ARGS(got->key));
}

void check_inquiries(struct instance *instance, const struct model *model,
                     const struct question *question, bool with_range, size_t limit)
{
    static const struct model_event *wanted[INQUIRIES_MAX];
    size_t want_count = 0, got_count = 0;
    for (size_t i = 0; i < model->event_count; i++) {
        const struct model_event *event = &model->events[i];
        int32_t day = model_day(model, question->zone, event->time_ms);
        if (event->type == EVENT_INQUIRY && event->user == question->user &&
            (question->listing < 0 || event->listing == question->listing) &&
            (!with_range || (day >= question->first && day <= question->last)))
            wanted[want_count++] = event;
    }
    qsort(wanted, want_count, sizeof(const struct model_event *), compare_inquiries);

    struct arena arena = {0};
    struct error err;
    struct range range = question_range(instance, question);
    struct inquiries_request request = {.user_id = model_user_name(question->user),
                                        .range = with_range ? &range : NULL,
                                        .limit = limit};
    if (question->listing >= 0)
        request.listing_id = model_listing_name(question->listing);
    do {
        struct inquiries_page page;
        HISTORY_OK(instance_get_inquiries(instance, &request, &arena, &page, &err), err);
        HISTORY_CHECK(page.count <= limit && got_count + page.count <= want_count,
                      "more inquiries than %zu", want_count);
        for (size_t i = 0; i < page.count; i++)
            check_inquiry(&page.inquiries[i], wanted[got_count++]);
        request.cursor = page.next_cursor;
    } while (request.cursor.at != NULL);
    HISTORY_CHECK(got_count == want_count, "%zu inquiries instead of %zu", got_count, want_count);
    arena_done(&arena);
}

void check_listings(struct instance *instance, const struct model *model, int user, size_t limit)
{
    struct arena arena = {0};
    struct error err;
    struct text cursor = {NULL, 0};
    struct text before = {NULL, 0};
    int got_count = 0, want_count = 0;
    for (int listing = 0; listing < MODEL_LISTINGS; listing++)
        want_count += model->details[user][listing].address != 0;
    do {
        struct listings_page page;
        HISTORY_OK(instance_get_listings(instance, model_user_name(user), limit, cursor, &arena,
                                         &page, &err),
                   err);
        for (size_t i = 0; i < page.count; i++, got_count++) {
            const struct listing_entry *entry = &page.listings[i];
            char address[16];
            int listing = 0;
            while (listing < MODEL_LISTINGS &&
                   !text_equal(model_listing_name(listing), entry->listing_id))
                listing++;
            HISTORY_CHECK(listing < MODEL_LISTINGS, "listing %.*s", TEXT_ARGS(entry->listing_id));
            const struct model_details *details = &model->details[user][listing];
            snprintf(address, sizeof address, "%u", details->address);
            HISTORY_CHECK(text_is(entry->details.address, address) &&
                              entry->details.updated_ms == details->updated_ms &&
                              near(entry->details.price, details->address),
                          "details of %.*s: %.*s instead of %s", TEXT_ARGS(entry->listing_id),
                          TEXT_ARGS(entry->details.address), address);
            HISTORY_CHECK(before.at == NULL || text_compare(before, entry->listing_id) < 0,
                          "out of order");
            before = entry->listing_id;
        }
        cursor = page.next_cursor;
    } while (cursor.at != NULL);
    HISTORY_CHECK(got_count == want_count, "%d listings instead of %d", got_count, want_count);

    for (int listing = 0; listing < MODEL_LISTINGS; listing++) {
        struct listing_details details;
        const struct model_details *kept = &model->details[user][listing];
        enum status status = instance_get_listing(
            instance, model_user_name(user), model_listing_name(listing), &arena, &details, &err);
        HISTORY_CHECK(status == (kept->address == 0 ? STATUS_NOT_FOUND : STATUS_OK),
                      "listing %d alone: %s", listing, err.message);
        HISTORY_CHECK(status != STATUS_OK || details.updated_ms == kept->updated_ms,
                      "listing %d alone is of another moment", listing);
    }
    arena_done(&arena);
}

void check_totals_everywhere(struct instance *instance, const struct model *model, int user,
                             int listing, int64_t now_ms)
{
    for (int zone = 0; zone < MODEL_ZONES; zone++) {
        struct arena arena = {0};
        struct counts days = {0}, platforms = {0}, sources = {0};
        struct aggregated_metrics got;
        struct error err;
        int32_t today = model_day(model, zone, now_ms);
        struct question question = {user, listing, zone, today - MODEL_DAYS_MAX + 2, today + 1};
        struct range range = question_range(instance, &question);
        HISTORY_OK(instance_get_aggregated_metrics(instance, model_user_name(user),
                                                   model_listing_name(listing), &range, &arena,
                                                   &got, &err),
                   err);
        ask_model(model, &question);
        for (size_t i = 0; i < got.day_count; i++)
            counts_add(&days, &got.days[i].counts);
        for (size_t i = 0; i < got.platform_count; i++)
            counts_add(&platforms, &got.platforms[i].counts);
        for (size_t i = 0; i < got.source_count; i++)
            counts_add(&sources, &got.sources[i].counts);
        CHECK_COUNTS(&question, &got.totals, &want.total.counts, "totals");
        CHECK_COUNTS(&question, &days, &got.totals, "the sum of days");
        for (int type = 0; type < EVENT_TYPES; type++) { /* "none" is what is left */
            HISTORY_CHECK(platforms.of[type] + want.platforms[0].counts.of[type] ==
                              got.totals.of[type],
                          "the sum of platforms");
            HISTORY_CHECK(sources.of[type] <= got.totals.of[type], "the sum of sources");
        }
        check_metrics(&question, &got);
        arena_done(&arena);
    }
}
