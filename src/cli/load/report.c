/*
 * report.c - the same numbers twice: lines, and an object.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/report.h"

#include <inttypes.h>
#include <jansson.h>

static const struct {
    const char *words;
    const char *key;
    double percent;
} percentiles[] = {
    {"50 %", "p50", 50},      {"90 %", "p90", 90},     {"99 %", "p99", 99},
    {"99.9 %", "p999", 99.9}, {"longest", "max", 100},
};
enum { PERCENTILES = sizeof percentiles / sizeof percentiles[0] };

static const char *const type_keys[LOAD_TYPES] = {"views", "shares", "inquiries"};

void load_report_progress(FILE *to, const struct load_plan *plan, double seconds, uint64_t requests,
                          uint64_t events, uint64_t troubles, double requests_a_second)
{
    fprintf(to, "\r\033[K%.0f s", seconds);
    if (plan->duration_ns > 0)
        fprintf(to, " of %.0f s", (double)plan->duration_ns / (double)ns_per_s);
    fprintf(to, "  %" PRIu64 " requests  %.0f/s  %" PRIu64 " events", requests, requests_a_second,
            events);
    if (plan->events_max > 0)
        fprintf(to, " of %" PRIu64, plan->events_max);
    if (troubles > 0)
        fprintf(to, "  %" PRIu64 " troubles", troubles);
    fflush(to);
}

static void print_time(FILE *to, uint64_t ns)
{
    if (ns < ns_per_ms)
        fprintf(to, "%9.0f us", (double)ns / 1e3);
    else if (ns < ns_per_s)
        fprintf(to, "%9.2f ms", (double)ns / 1e6);
    else
        fprintf(to, "%9.2f s ", (double)ns / 1e9);
}

static void print_latencies(FILE *to, const char *what, const struct load_latencies *latencies)
{
    if (latencies->service.count == 0)
        return;
    fprintf(to, "\n%-22s %12s  %12s\n", what, "service", "response");
    for (int i = 0; i < PERCENTILES; i++) {
        fprintf(to, "  %-20s ", percentiles[i].words);
        print_time(to, latency_percentile_ns(&latencies->service, percentiles[i].percent));
        fputs("  ", to);
        print_time(to, latency_percentile_ns(&latencies->response, percentiles[i].percent));
        fputc('\n', to);
    }
}

static void print_count(FILE *to, const char *what, uint64_t count)
{
    if (count > 0)
        fprintf(to, "  %-40s %" PRIu64 "\n", what, count);
}

static void print_troubles(FILE *to, const struct load_tally *tally)
{
    if (tally->answer_kinds == 0 && tally->cut + tally->timeouts + tally->unreadable +
                                            tally->connect_failures + tally->never_sent ==
                                        0)
        return;
    fputs("\ntroubles\n", to);
    for (unsigned i = 0; i < tally->answer_kinds; i++) {
        char what[64];
        snprintf(what, sizeof what, "%d %s", tally->answers[i].status, tally->answers[i].code);
        print_count(to, what, tally->answers[i].count);
    }
    print_count(to, "connections refused", tally->connect_failures);
    print_count(to, "connections cut before the answer", tally->cut);
    print_count(to, "answers that did not come in time", tally->timeouts);
    print_count(to, "answers that could not be read", tally->unreadable);
    if (tally->unreadable_why[0] != '\0')
        fprintf(to, "    the first: %s\n", tally->unreadable_why);
    print_count(to, "requests sent again", tally->resent);
    print_count(to, "requests due that were never sent", tally->never_sent);
}

static void print_verdict(FILE *to, const struct load_report *report)
{
    const struct load_tally *tally = report->tally;
    fprintf(to, "\nacknowledged %" PRIu64, tally->acknowledged);
    if (tally->duplicates > 0)
        fprintf(to, " (%" PRIu64 " of them by a sending whose answer was lost)", tally->duplicates);
    if (tally->refused > 0)
        fprintf(to, ", refused %" PRIu64, tally->refused);
    if (tally->unknown > 0)
        fprintf(to, ", unknown %" PRIu64, tally->unknown);
    if (report->verdict == NULL)
        fputs("; not checked\n", to);
    else
        fprintf(to, ", counted %" PRIu64 ": %s\n", report->verdict->counted,
                report->verdict->holds ? "as it should be"
                                       : "WRONG, this is not what was acknowledged");
}

void load_report_text(FILE *to, const struct load_report *report)
{
    const struct load_plan *plan = report->plan;
    const struct load_tally *tally = report->tally;
    uint64_t answered = tally->record.service.count + tally->query.service.count;

    fprintf(to, "%s: %" PRIu32 " connection%s, %" PRIu32 " thread%s, %.1f s", report->url,
            plan->connections, plan->connections == 1 ? "" : "s", plan->threads,
            plan->threads == 1 ? "" : "s", report->seconds);
    if (plan->rate > 0)
        fprintf(to, ", %g requests/s wanted", plan->rate);
    fprintf(to, "\n%" PRIu32 " listings of %" PRIu32 " users, %s-0 to %s-%" PRIu32 "\n\n",
            plan->listings, plan->users, plan->prefix, plan->prefix, plan->users - 1);
    fprintf(to, "%.0f requests/s answered, %.0f events/s acknowledged\n",
            (double)answered / report->seconds, (double)tally->acknowledged / report->seconds);
    print_latencies(to, "events, from request to answer", &tally->record);
    print_latencies(to, "questions, likewise", &tally->query);
    print_troubles(to, tally);
    print_verdict(to, report);
}

/* ---- for programs ---- */

static json_t *latency_json(const struct latency *latency)
{
    json_t *object = json_pack("{s:I, s:f}", "count", (json_int_t)latency->count, "mean",
                               latency_mean_ns(latency) / 1e3);
    for (int i = 0; object != NULL && i < PERCENTILES; i++)
        json_object_set_new(
            object, percentiles[i].key,
            json_real((double)latency_percentile_ns(latency, percentiles[i].percent) / 1e3));
    return object;
}

static json_t *latencies_json(const struct load_latencies *latencies)
{
    return json_pack("{s:o, s:o}", "serviceMicroseconds", latency_json(&latencies->service),
                     "responseMicroseconds", latency_json(&latencies->response));
}

static json_t *troubles_json(const struct load_tally *tally)
{
    json_t *answers = json_array();
    for (unsigned i = 0; i < tally->answer_kinds; i++)
        json_array_append_new(answers,
                              json_pack("{s:i, s:s, s:I}", "status", tally->answers[i].status,
                                        "code", tally->answers[i].code, "count",
                                        (json_int_t)tally->answers[i].count));
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "answers", answers, "connectFailures",
                     (json_int_t)tally->connect_failures, "cut", (json_int_t)tally->cut, "timeouts",
                     (json_int_t)tally->timeouts, "unreadable", (json_int_t)tally->unreadable,
                     "resent", (json_int_t)tally->resent, "neverSent",
                     (json_int_t)tally->never_sent);
}

static json_t *types_json(const uint64_t by_type[LOAD_TYPES])
{
    json_t *object = json_object();
    for (int type = 0; type < LOAD_TYPES; type++)
        json_object_set_new(object, type_keys[type], json_integer((json_int_t)by_type[type]));
    return object;
}

static json_t *events_json(const struct load_report *report)
{
    const struct load_tally *tally = report->tally;
    return json_pack("{s:I, s:o, s:I, s:I, s:I}", "acknowledged", (json_int_t)tally->acknowledged,
                     "acknowledgedByType", types_json(tally->acknowledged_by_type), "duplicates",
                     (json_int_t)tally->duplicates, "refused", (json_int_t)tally->refused,
                     "unknown", (json_int_t)tally->unknown);
}

static json_t *check_json(const struct load_verdict *verdict)
{
    if (verdict == NULL)
        return json_null();
    return json_pack("{s:b, s:I, s:o, s:b}", "holds", (int)verdict->holds, "counted",
                     (json_int_t)verdict->counted, "countedByType",
                     types_json(verdict->counted_by_type), "typesCompared",
                     (int)verdict->types_compared);
}

bool load_report_json(FILE *to, const struct load_report *report)
{
    const struct load_tally *tally = report->tally;
    uint64_t answered = tally->record.service.count + tally->query.service.count;
    json_t *object = json_pack(
        "{s:s, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "url", report->url, "seconds",
        report->seconds, "requestsPerSecond", (double)answered / report->seconds, "eventsPerSecond",
        (double)tally->acknowledged / report->seconds, "events", events_json(report), "record",
        latencies_json(&tally->record), "query", latencies_json(&tally->query), "troubles",
        troubles_json(tally), "check", check_json(report->verdict));
    bool written = object != NULL && json_dumpf(object, to, JSON_INDENT(2)) == 0;
    json_decref(object);
    if (written)
        fputc('\n', to);
    return written;
}
