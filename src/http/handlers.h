/*
 * handlers.h - who answers which address; the table that names them is routes.c.
 *
 * The roles are those of route.h: prepare and answer for reads, begin, receive, submit and finish
 * for writes.
 *
 * Threads: answers may run on a query thread; all others on the loop's.
 */
#ifndef FOOTFALL_HTTP_HANDLERS_H
#define FOOTFALL_HTTP_HANDLERS_H

#include "base/status.h"
#include "http/request.h"
#include "ingest/event_rules.h"

/* events.c: POST /v1/events */
/* The server's rules, as this request changes them; until the next call. */
const struct event_rules *events_rules(const struct request *request);
enum status events_begin(struct request *request, struct error *err);
enum status events_receive(struct request *request, const char *piece, size_t len,
                           struct error *err);
enum status events_submit(struct request *request, struct error *err);
enum status events_finish(struct request *request, struct error *err);

/* metrics_routes.c: aggregates and days */
enum status range_prepare(struct request *request, struct error *err);
enum status listing_metrics_answer(struct request *request, struct error *err);
enum status date_prepare(struct request *request, struct error *err);
enum status date_answer(struct request *request, struct error *err);
enum status days_prepare(struct request *request, struct error *err);
enum status days_answer(struct request *request, struct error *err);
enum status all_metrics_prepare(struct request *request, struct error *err);
enum status all_metrics_answer(struct request *request, struct error *err);
enum status compare_prepare(struct request *request, struct error *err);
enum status compare_answer(struct request *request, struct error *err);

/* listing_routes.c: inquiries and details */
enum status inquiries_prepare(struct request *request, struct error *err);
enum status inquiries_answer(struct request *request, struct error *err);
enum status listings_prepare(struct request *request, struct error *err);
enum status listings_answer(struct request *request, struct error *err);
enum status listing_answer(struct request *request, struct error *err);
enum status listing_put_begin(struct request *request, struct error *err);
enum status listing_put_submit(struct request *request, struct error *err);
enum status listing_put_finish(struct request *request, struct error *err);
enum status listing_delete_submit(struct request *request, struct error *err);
enum status listing_delete_finish(struct request *request, struct error *err);

/* token_routes.c: POST /v1/users/{u}/tokens */
enum status token_begin(struct request *request, struct error *err);
enum status token_submit(struct request *request, struct error *err);

/* session.c: GET /v1/session */
enum status session_answer(struct request *request, struct error *err);

/* pages.c: the dashboard */
enum status page_answer(struct request *request, struct error *err);
enum status asset_answer(struct request *request, struct error *err);

/* live_routes.c: connections that stay */
enum status websocket_prepare(struct request *request, struct error *err);
enum status event_stream_prepare(struct request *request, struct error *err);

/* health.c: how the server is */
enum status healthz_answer(struct request *request, struct error *err);
enum status readyz_answer(struct request *request, struct error *err);
enum status scrape_answer(struct request *request, struct error *err);

/* openapi.c: what there is to ask */
enum status openapi_answer(struct request *request, struct error *err);

/* parameters.c: what several of them read. Absent parameters leave *out as it is. */
MUST_USE enum status read_limit(const struct request *request, size_t max, size_t *out,
                                struct error *err);
MUST_USE enum status answer_written(bool written, struct error *err);
/* Refuses a body that is not of the media a route takes; http/media.h. */
MUST_USE enum status require_media(struct request *request, bool ndjson_too, struct error *err);

#endif
