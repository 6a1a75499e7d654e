/*
 * tally.c - a short table of kinds of answer; one that finds no row counts in the last.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/tally.h"

#include <stdio.h>
#include <string.h>

void load_tally_answer(struct load_tally *tally, int status, const char *code, uint64_t count)
{
    unsigned row = 0;
    while (row < tally->answer_kinds &&
           (tally->answers[row].status != status || strcmp(tally->answers[row].code, code) != 0))
        row++;
    if (row >= LOAD_ANSWER_KINDS_MAX - 1) {
        row = LOAD_ANSWER_KINDS_MAX - 1;
        tally->answer_kinds = LOAD_ANSWER_KINDS_MAX;
        snprintf(tally->answers[row].code, sizeof tally->answers[row].code, "others");
    } else if (row == tally->answer_kinds) {
        tally->answer_kinds++;
        tally->answers[row].status = status;
        snprintf(tally->answers[row].code, sizeof tally->answers[row].code, "%s", code);
    }
    tally->answers[row].count += count;
}

static void merge_latencies(struct load_latencies *into, const struct load_latencies *from)
{
    latency_merge(&into->service, &from->service);
    latency_merge(&into->response, &from->response);
}

void load_tally_merge(struct load_tally *tally, const struct load_tally *other)
{
    merge_latencies(&tally->record, &other->record);
    merge_latencies(&tally->query, &other->query);
    tally->acknowledged += other->acknowledged;
    for (int type = 0; type < LOAD_TYPES; type++)
        tally->acknowledged_by_type[type] += other->acknowledged_by_type[type];
    tally->duplicates += other->duplicates;
    tally->refused += other->refused;
    tally->unknown += other->unknown;
    tally->types_unknown = tally->types_unknown || other->types_unknown;
    tally->resent += other->resent;
    tally->cut += other->cut;
    tally->timeouts += other->timeouts;
    tally->unreadable += other->unreadable;
    tally->connect_failures += other->connect_failures;
    tally->never_sent += other->never_sent;
    if (tally->unreadable_why[0] == '\0')
        memcpy(tally->unreadable_why, other->unreadable_why, sizeof tally->unreadable_why);
    for (unsigned i = 0; i < other->answer_kinds; i++)
        load_tally_answer(tally, other->answers[i].status, other->answers[i].code,
                          other->answers[i].count);
}
