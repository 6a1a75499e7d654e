/*
 * metrics_json.c - one function a shape; documents are made of them. put_...() go through the
 * writer; write_...() write where there is room, and enums say how much they need at most.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/metrics_json.h"

#include "model/calendar.h"
#include "model/platform.h"
#include "present/json_text.h"
#include "present/json_writer.h"

static struct json_writer begin_success(struct bytes *out)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, true);
    return writer;
}

static bool end_document(struct json_writer *writer)
{
    json_put_object_end(writer);
    return !writer->failed;
}

/* How fresh metrics are, and how exact, at the end of their document. */
static bool end_metrics(struct json_writer *writer, bool approximate, int64_t fresh_as_of_ms)
{
    if (fresh_as_of_ms != 0) {
        json_put_key(writer, "freshAsOf");
        json_put_i64(writer, fresh_as_of_ms);
    }
    if (approximate) {
        json_put_key(writer, "approximate");
        json_put_bool(writer, true);
    }
    return end_document(writer);
}

/* The array that is a page's last part ends, and the page with where the next one begins. */
static bool end_page(struct json_writer *writer, struct text next_cursor)
{
    json_put_array_end(writer);
    json_put_key(writer, "nextCursor");
    json_put_text(writer, next_cursor);
    return end_document(writer);
}

/* Counts and platforms are most of every answer: these write where there is room. */
enum {
    COUNTS_BYTES_MAX = 32 + EVENT_TYPES * JSON_U64_BYTES_MAX,
    PLATFORM_BYTES_MAX = 32 + JSON_BYTES_PER_BYTE_MAX * PLATFORM_NAME_BYTES_MAX + COUNTS_BYTES_MAX +
                         JSON_U64_BYTES_MAX,
    DAY_BYTES_MAX = 128 + COUNTS_BYTES_MAX + JSON_U64_BYTES_MAX
};

static char *write_counts(char *to, const struct counts *counts)
{
    to = JSON_WRITE(to, "\"views\":");
    to = json_write_u64(to, counts->of[EVENT_VIEW]);
    to = JSON_WRITE(to, ",\"shares\":");
    to = json_write_u64(to, counts->of[EVENT_SHARE]);
    to = JSON_WRITE(to, ",\"inquiries\":");
    return json_write_u64(to, counts->of[EVENT_INQUIRY]);
}

/* A receive time: 0 or later. */
static char *write_time(char *to, int64_t time_ms)
{
    return json_write_u64(to, time_ms < 0 ? 0 : (uint64_t)time_ms);
}

/* {name: PlatformMetrics}; at most 2 + count * PLATFORM_BYTES_MAX bytes. */
static char *write_platforms(char *to, const struct platform_metrics *platforms, size_t count)
{
    *to++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *to++ = ',';
        to = json_write_text(to, platforms[i].name);
        to = JSON_WRITE(to, ":{");
        to = write_counts(to, &platforms[i].counts);
        to = JSON_WRITE(to, ",\"lastUpdated\":");
        to = write_time(to, platforms[i].updated_ms);
        *to++ = '}';
    }
    *to++ = '}';
    return to;
}

/* The same in each of a listing's days. */
static char *write_day_head(char *to, struct text listing_id)
{
    to = JSON_WRITE(to, "{\"listingId\":");
    to = json_write_text(to, listing_id);
    return JSON_WRITE(to, ",\"date\":\"");
}

/* A day's date; from that of the day before, if `to_before` says where that stands, mostly by
 * counting up its last two digits. */
static char *write_date(char *to, int32_t day, const char *to_before)
{
    enum { TENS = DATE_BYTES - 2, ONES = DATE_BYTES - 1 };
    if (to_before == NULL || (to_before[TENS] >= '2' && to_before[ONES] >= '8') ||
        to_before[TENS] >= '3') {
        date_format(day, to);
        return to + DATE_BYTES;
    }
    memcpy(to, to_before, DATE_BYTES);
    bool carries = to[ONES] == '9';
    to[TENS] = (char)(to[TENS] + carries);
    to[ONES] = (char)(carries ? '0' : to[ONES] + 1);
    return to + DATE_BYTES;
}

static size_t day_bytes_max(struct text listing_id, const struct day_metrics *day)
{
    return DAY_BYTES_MAX + JSON_BYTES_PER_BYTE_MAX * listing_id.len +
           PLATFORM_BYTES_MAX * day->platform_count;
}

/* What follows on the date in PerformanceMetrics. */
static char *write_day_tail(char *to, const struct day_metrics *day)
{
    to = JSON_WRITE(to, "\",");
    to = write_counts(to, &day->counts);
    to = JSON_WRITE(to, ",\"platforms\":");
    to = write_platforms(to, day->platforms, day->platform_count);
    to = JSON_WRITE(to, ",\"updatedAt\":");
    to = write_time(to, day->updated_ms);
    *to++ = '}';
    return to;
}

/* PerformanceMetrics */
static void put_day(struct json_writer *writer, struct text listing_id,
                    const struct day_metrics *day)
{
    char *to = json_reserve(writer, day_bytes_max(listing_id, day));
    if (to == NULL)
        return;
    to = write_day_head(to, listing_id);
    to = write_date(to, day->day, NULL);
    json_keep(writer, write_day_tail(to, day), true);
}

/* Days behind the first copy its head, and count up the date of the day before: both stand in the
 * buffer, which moves when it grows. */
static void put_days(struct json_writer *writer, struct text listing_id,
                     const struct day_metrics *days, size_t count)
{
    size_t head_at = 0;
    size_t head_len = 0;
    size_t date_at = 0;
    json_put_array(writer);
    for (size_t i = 0; i < count; i++) {
        char *to = json_reserve(writer, day_bytes_max(listing_id, &days[i]));
        if (to == NULL)
            return;
        const char *start = (const char *)writer->out->at;
        if (i == 0) {
            head_at = (size_t)(to - start);
            to = write_day_head(to, listing_id);
            head_len = (size_t)(to - start) - head_at;
        } else {
            to = mempcpy(to, start + head_at, head_len);
        }
        bool follows = i > 0 && days[i].day == days[i - 1].day + 1;
        to = write_date(to, days[i].day, follows ? start + date_at : NULL);
        date_at = (size_t)(to - start) - DATE_BYTES;
        json_keep(writer, write_day_tail(to, &days[i]), true);
    }
    json_put_array_end(writer);
}

static void put_platforms(struct json_writer *writer, const struct platform_metrics *platforms,
                          size_t count)
{
    char *to = json_reserve(writer, 2 + PLATFORM_BYTES_MAX * count);
    if (to != NULL)
        json_keep(writer, write_platforms(to, platforms, count), true);
}

static void put_sources(struct json_writer *writer, const struct source_metrics *sources,
                        size_t count)
{
    json_put_object(writer);
    for (size_t i = 0; i < count; i++) {
        json_put_key_text(writer, sources[i].name);
        char *to = json_reserve(writer, 2 + COUNTS_BYTES_MAX);
        if (to == NULL)
            return;
        *to++ = '{';
        to = write_counts(to, &sources[i].counts);
        *to++ = '}';
        json_keep(writer, to, true);
    }
    json_put_object_end(writer);
}

static void put_range(struct json_writer *writer, const struct range *range)
{
    json_put_key(writer, "period");
    json_put_string(writer, period_name(range->period));
    json_put_key(writer, "startDate");
    json_put_date(writer, range->first_day);
    json_put_key(writer, "endDate");
    json_put_date(writer, range->last_day);
    json_put_key(writer, "timezone");
    json_put_text(writer, zone_name(range->zone));
}

/* AggregatedMetrics */
static void put_aggregated(struct json_writer *writer, const struct aggregated_metrics *metrics)
{
    json_put_object(writer);
    put_range(writer, &metrics->range);
    json_put_key(writer, "totalViews");
    json_put_u64(writer, metrics->totals.of[EVENT_VIEW]);
    json_put_key(writer, "totalShares");
    json_put_u64(writer, metrics->totals.of[EVENT_SHARE]);
    json_put_key(writer, "totalInquiries");
    json_put_u64(writer, metrics->totals.of[EVENT_INQUIRY]);

    json_put_key(writer, "byPlatform");
    put_platforms(writer, metrics->platforms, metrics->platform_count);
    json_put_key(writer, "bySource");
    put_sources(writer, metrics->sources, metrics->source_count);
    if (metrics->days != NULL) {
        json_put_key(writer, "dailyBreakdown");
        put_days(writer, metrics->listing_id, metrics->days, metrics->day_count);
    }

    json_put_key(writer, "trends");
    json_put_object(writer);
    json_put_key(writer, "viewsChange");
    json_put_double(writer, metrics->change_percent[EVENT_VIEW]);
    json_put_key(writer, "sharesChange");
    json_put_double(writer, metrics->change_percent[EVENT_SHARE]);
    json_put_key(writer, "inquiriesChange");
    json_put_double(writer, metrics->change_percent[EVENT_INQUIRY]);
    json_put_object_end(writer);
    json_put_key(writer, "conversionRate");
    json_put_double(writer, metrics->conversion_rate);
    json_put_object_end(writer);
}

static void put_listing(struct json_writer *writer, struct text listing_id,
                        const struct listing_details *details)
{
    json_put_object(writer);
    json_put_key(writer, "listingId");
    json_put_text(writer, listing_id);
    json_put_key(writer, "address");
    json_put_text(writer, details->address);
    json_put_key(writer, "price");
    if (details->has_price)
        json_put_double(writer, details->price);
    else
        json_put_null(writer);
    json_put_key(writer, "currency");
    json_put_text(writer, details->currency);
    json_put_key(writer, "image");
    json_put_text(writer, details->image);
    json_put_key(writer, "status");
    json_put_text(writer, details->status);
    json_put_key(writer, "updatedAt");
    json_put_i64(writer, details->updated_ms);
    json_put_object_end(writer);
}

static void put_inquiry(struct json_writer *writer, const struct inquiry *inquiry)
{
    json_put_object(writer);
    json_put_key(writer, "id");
    json_put_text(writer, inquiry->key);
    json_put_key(writer, "listingId");
    json_put_text(writer, inquiry->listing_id);
    json_put_key(writer, "timestamp");
    json_put_i64(writer, inquiry->time_ms);
    json_put_key(writer, "receivedAt");
    json_put_i64(writer, inquiry->received_ms);
    json_put_key(writer, "platform");
    if (inquiry->platform == PLATFORM_NONE)
        json_put_null(writer);
    else
        json_put_text(writer, platform_name(inquiry->platform));
    json_put_key(writer, "source");
    json_put_text(writer, inquiry->source);
    json_put_key(writer, "inquiry");
    if (inquiry->content.at == NULL)
        json_put_null(writer);
    else
        json_put_raw(writer, inquiry->content);
    json_put_object_end(writer);
}

bool error_json(struct bytes *out, const struct error *error)
{
    const struct {
        const char *name;
        int64_t number;
    } places[] = {{"index", error->index}, {"line", error->line}, {"offset", error->offset}};
    struct json_writer writer = {.out = out};

    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, false);
    json_put_key(&writer, "error");
    json_put_string(&writer, error->message);
    json_put_key(&writer, "code");
    json_put_string(&writer, error->code != NULL ? error->code : status_code(error->status));
    if (error->field[0] != '\0') {
        json_put_key(&writer, "field");
        json_put_string(&writer, error->field);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].number >= 0) {
            json_put_key(&writer, places[i].name);
            json_put_i64(&writer, places[i].number);
        }
    }
    return end_document(&writer);
}

bool day_json(struct bytes *out, struct text listing_id, const struct day_metrics *day,
              int64_t fresh_as_of_ms)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "metrics");
    put_day(&writer, listing_id, day);
    return end_metrics(&writer, day->approximate, fresh_as_of_ms);
}

bool performance_metrics_json(struct bytes *out, struct text listing_id,
                              const struct day_metrics *day)
{
    struct json_writer writer = {.out = out};
    put_day(&writer, listing_id, day);
    return !writer.failed;
}

bool days_json(struct bytes *out, struct text listing_id, const struct day_metrics *days,
               size_t count, int64_t fresh_as_of_ms)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "metrics");
    put_days(&writer, listing_id, days, count);
    return end_metrics(&writer, count > 0 && days[0].approximate, fresh_as_of_ms);
}

static bool any_approximate(const struct aggregated_metrics *listings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (listings[i].approximate)
            return true;
    return false;
}

bool aggregated_json(struct bytes *out, const struct aggregated_metrics *metrics,
                     int64_t fresh_as_of_ms)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "metrics");
    put_aggregated(&writer, metrics);
    return end_metrics(&writer, metrics->approximate, fresh_as_of_ms);
}

bool metrics_page_json(struct bytes *out, const struct range *range,
                       const struct metrics_page *page, int64_t fresh_as_of_ms)
{
    struct json_writer writer = begin_success(out);
    put_range(&writer, range);
    json_put_key(&writer, "metricsByListing");
    json_put_object(&writer);
    for (size_t i = 0; i < page->count; i++) {
        json_put_key_text(&writer, page->listings[i].listing_id);
        put_aggregated(&writer, &page->listings[i]);
    }
    json_put_object_end(&writer);
    json_put_key(&writer, "order");
    json_put_array(&writer);
    for (size_t i = 0; i < page->count; i++)
        json_put_text(&writer, page->listings[i].listing_id);
    json_put_array_end(&writer);
    json_put_key(&writer, "nextCursor");
    json_put_text(&writer, page->next_cursor);
    return end_metrics(&writer, any_approximate(page->listings, page->count), fresh_as_of_ms);
}

bool compare_json(struct bytes *out, const struct aggregated_metrics *listings, size_t count,
                  int64_t fresh_as_of_ms)
{
    struct json_writer writer = begin_success(out);
    put_range(&writer, &listings[0].range);
    json_put_key(&writer, "listings");
    json_put_array(&writer);
    for (size_t i = 0; i < count; i++) {
        json_put_object(&writer);
        json_put_key(&writer, "listingId");
        json_put_text(&writer, listings[i].listing_id);
        json_put_key(&writer, "metrics");
        put_aggregated(&writer, &listings[i]);
        json_put_object_end(&writer);
    }
    json_put_array_end(&writer);
    return end_metrics(&writer, any_approximate(listings, count), fresh_as_of_ms);
}

bool inquiries_json(struct bytes *out, const struct inquiry *inquiries, size_t count,
                    struct text next_cursor)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "inquiries");
    json_put_array(&writer);
    for (size_t i = 0; i < count; i++)
        put_inquiry(&writer, &inquiries[i]);
    return end_page(&writer, next_cursor);
}

bool listing_json(struct bytes *out, struct text listing_id, const struct listing_details *details)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "listing");
    put_listing(&writer, listing_id, details);
    return end_document(&writer);
}

bool listings_json(struct bytes *out, const struct listing_entry *listings, size_t count,
                   struct text next_cursor)
{
    struct json_writer writer = begin_success(out);
    json_put_key(&writer, "listings");
    json_put_array(&writer);
    for (size_t i = 0; i < count; i++)
        put_listing(&writer, listings[i].listing_id, &listings[i].details);
    return end_page(&writer, next_cursor);
}
