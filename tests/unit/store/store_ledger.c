/*
 * store_ledger.c - the naive truth that stores are compared with.
 *
 * Nothing here is shared with what is tested but the record's encoding (the only way into a
 * rollup) and the calendar: sources are admitted, counts added and facts ordered anew, the
 * simplest way, over all entries at every question.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"

static void *must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

static struct text keep(struct arena *arena, struct text text)
{
    if (text.at == NULL)
        return text;
    struct text copy = arena_copy(arena, text);
    must((void *)(uintptr_t)copy.at);
    return copy;
}

void ledger_done(struct ledger *ledger)
{
    arena_done(&ledger->arena);
    free(ledger->at);
}

void ledger_note(struct ledger *ledger, const struct entry *entry)
{
    int64_t received_ms = 1700000000000 + (int64_t)ledger->count;
    if (ledger->count == ledger->cap) {
        ledger->cap = ledger->cap == 0 ? 64 : ledger->cap * 2;
        ledger->at = must(reallocarray(ledger->at, ledger->cap, sizeof *ledger->at));
    }
    struct noted *noted = &ledger->at[ledger->count++];
    struct arena *arena = &ledger->arena;
    *noted = (struct noted){*entry, received_ms, ledger->batches + 1};
    struct event *event = &noted->entry.event;
    event->user_id = keep(arena, event->user_id);
    event->listing_id = keep(arena, event->listing_id);
    event->source = keep(arena, event->source);
    event->id = keep(arena, event->id);
    event->visitor = keep(arena, event->visitor);
    event->inquiry = keep(arena, event->inquiry);
    noted->entry.user_id = keep(arena, entry->user_id);
    noted->entry.listing_id = keep(arena, entry->listing_id);
    struct listing_details *details = &noted->entry.details;
    details->address = keep(arena, details->address);
    details->currency = keep(arena, details->currency);
    details->image = keep(arena, details->image);
    details->status = keep(arena, details->status);
    details->updated_ms = received_ms;
}

void ledger_note_event(struct ledger *ledger, const struct event *event)
{
    struct entry entry = {.kind = ENTRY_EVENT, .event = *event};
    ledger_note(ledger, &entry);
}

void ledger_note_view(struct ledger *ledger, const char *user, const char *listing, int32_t day,
                      const char *source)
{
    struct event event = {.user_id = text_of(user),
                          .listing_id = text_of(listing),
                          .time_ms = day * ms_per_day + ms_per_day / 2,
                          .type = EVENT_VIEW};
    if (source != NULL)
        event.source = text_of(source);
    ledger_note_event(ledger, &event);
}

/* Each noted entry as a group of its own, under its own record. */
static void feed(struct rollup *rollup, const struct noted *noted, uint64_t seq)
{
    struct bytes record = {0};
    uint8_t head_bytes[RECORD_HEAD_BYTES];
    const struct record_head head = {.kind = RECORD_GROUP, .received_ms = noted->received_ms};
    const struct entry *entry = &noted->entry;
    record_head_encode(&head, head_bytes);
    bool ok = bytes_append(&record, head_bytes, sizeof head_bytes);
    switch (entry->kind) {
    case ENTRY_EVENT:
        ok = ok && entry_encode_event(&record, &entry->event);
        break;
    case ENTRY_LISTING_SET:
        ok = ok &&
             entry_encode_listing_set(&record, entry->user_id, entry->listing_id, &entry->details);
        break;
    case ENTRY_LISTING_REMOVED:
        ok = ok && entry_encode_listing_removed(&record, entry->user_id, entry->listing_id);
        break;
    }
    if (!ok)
        abort();
    struct error err = {0};
    ASSERT_OK(
        rollup_apply_group(rollup, (struct text){(const char *)record.at, record.len}, seq, &err),
        err);
    bytes_done(&record);
}

struct store_batch ledger_rebuild(struct ledger *ledger, uint64_t batch)
{
    /* records are numbered as they were the first time: one an entry, one a seal */
    struct rollup *rollup = must(rollup_new(batch, ledger->journal_id));
    uint64_t seq = batch;
    for (size_t i = 0; i < ledger->sealed; i++) {
        if (ledger->at[i].batch == batch)
            feed(rollup, &ledger->at[i], (uint64_t)i + batch);
        if (ledger->at[i].batch <= batch)
            seq = (uint64_t)i + 1 + batch;
    }
    return (struct store_batch){rollup, seq, 0};
}

struct store_batch ledger_seal(struct ledger *ledger)
{
    ledger->batches++;
    ledger->sealed = ledger->count;
    return ledger_rebuild(ledger, ledger->batches);
}

void ledger_release(struct store_batch batch)
{
    rollup_unref((struct rollup *)(uintptr_t)batch.rollup);
}

void ledger_apply(struct ledger *ledger, struct store *store)
{
    struct error err = {0};
    struct store_batch batch = ledger_seal(ledger);
    ASSERT_OK(store_apply(store, &batch, &err), err);
    ledger_release(batch);
}

static bool in_scope(const struct store_scope *scope, const struct event *event)
{
    int32_t day = day_of_ms(event->time_ms);
    if (!text_equal(event->user_id, scope->user_id) || day < scope->first_day ||
        day > scope->last_day)
        return false;
    for (size_t i = 0; i < scope->listing_count; i++)
        if (text_equal(event->listing_id, scope->listing_ids[i]))
            return true;
    return scope->listing_count == 0;
}

/* The name under which entry i's source counts: itself if fewer than 64 others came before it on
 * its listing and day, else "(other)". */
static struct text admitted_source(const struct ledger *ledger, size_t i)
{
    const struct event *event = &ledger->at[i].entry.event;
    struct text seen[SOURCES_PER_DAY_MAX];
    size_t count = 0;
    for (size_t j = 0; j <= i; j++) {
        const struct event *other = &ledger->at[j].entry.event;
        if (ledger->at[j].entry.kind != ENTRY_EVENT || other->source.at == NULL ||
            !text_equal(other->user_id, event->user_id) ||
            !text_equal(other->listing_id, event->listing_id) ||
            day_of_ms(other->time_ms) != day_of_ms(event->time_ms))
            continue;
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = text_equal(seen[k], other->source);
        if (known && j == i)
            return event->source;
        if (known)
            continue;
        if (count < SOURCES_PER_DAY_MAX)
            seen[count++] = other->source;
        else if (j == i)
            return text_of("(other)");
    }
    return event->source;
}

void ledger_counts(const struct ledger *ledger, uint64_t batch, const struct store_scope *scope,
                   bool cells, struct count_table *out)
{
    for (size_t i = 0; i < ledger->count; i++) {
        const struct noted *noted = &ledger->at[i];
        const struct event *event = &noted->entry.event;
        if (noted->entry.kind != ENTRY_EVENT || noted->batch > batch || !in_scope(scope, event))
            continue;
        struct count_line line = {.listing_id = event->listing_id,
                                  .day = day_of_ms(event->time_ms),
                                  .platform = event->platform,
                                  .updated_ms = noted->received_ms};
        if (cells)
            line.quarter = (int16_t)quarter_of_ms(event->time_ms);
        line.counts.of[event->type] = 1;
        count_table_add_line(out, &line);
        if (event->source.at == NULL)
            continue;
        line.platform = 0;
        line.updated_ms = 0;
        line.source = admitted_source(ledger, i);
        count_table_add_line(out, &line);
    }
}

/* A store_sums_fn, the table being its context: a line a listing. Sums of nothing are no lines. */
static enum status add_sum(void *context, struct text listing_id, const struct counts *sum,
                           struct error *err)
{
    struct count_table *table = context;
    (void)err;
    const struct count_line line = {.listing_id = arena_copy(&table->arena, listing_id),
                                    .counts = *sum};
    assert_non_null(line.listing_id.at);
    if (counts_sum(sum) > 0)
        count_table_add_line(table, &line);
    return STATUS_OK;
}

/* What a reader's totals say, added up by listing. */
static void check_sums(const char *row, struct store_reader *reader,
                       const struct store_scope *scope, const struct count_table *totals)
{
    struct error err = {0};
    struct count_table got = {0};
    struct count_table want = {0};
    ASSERT_OK(store_reader_sums(reader, scope, add_sum, &got, &err), err);
    for (size_t i = 0; i < totals->count; i++) {
        const struct count_line line = {.listing_id = totals->at[i].listing_id,
                                        .counts = totals->at[i].counts};
        if (totals->at[i].source.at == NULL)
            count_table_add_line(&want, &line);
    }
    count_tables_equal(row, &got, &want);
    count_table_done(&got);
    count_table_done(&want);
}

void ledger_check_counts(const struct ledger *ledger, const char *row, uint64_t batch,
                         struct store_reader *reader, const struct store_scope *scope)
{
    struct error err = {0};
    for (int cells = 0; cells <= 1; cells++) {
        struct count_table got = {0};
        struct count_table want = {.later_updates_do = ledger->later_updates_do};
        ASSERT_OK(cells ? store_reader_cells(reader, scope, count_table_add, &got, &err)
                        : store_reader_totals(reader, scope, count_table_add, &got, &err),
                  err);
        ledger_counts(ledger, batch, scope, cells, &want);
        count_tables_equal(row, &got, &want);
        if (!cells)
            check_sums(row, reader, scope, &want);
        count_table_done(&got);
        count_table_done(&want);
    }
}

/* A fact's line; texts are written by length and in hexadecimal where they are not plain. */
static void write_text(FILE *to, const char *name, struct text text)
{
    if (text.at == NULL) {
        fprintf(to, " %s=-", name);
        return;
    }
    fprintf(to, " %s=%zu'", name, text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        fprintf(to, byte < 0x20 ? "\\x%02x" : "%c", byte);
    }
    fputc('\'', to);
}

static void write_inquiry(FILE *to, const struct inquiry *inquiry)
{
    fprintf(to, "inquiry time=%lld received=%lld platform=%d", (long long)inquiry->time_ms,
            (long long)inquiry->received_ms, inquiry->platform);
    write_text(to, "user", inquiry->user_id);
    write_text(to, "listing", inquiry->listing_id);
    write_text(to, "key", inquiry->key);
    write_text(to, "source", inquiry->source);
    write_text(to, "content", inquiry->content);
    fputc('\n', to);
}

static void write_listing(FILE *to, struct text listing_id, const struct listing_details *details)
{
    fprintf(to, "listing updated=%lld has_price=%d price=%.17g", (long long)details->updated_ms,
            details->has_price, details->has_price ? details->price : 0);
    write_text(to, "id", listing_id);
    write_text(to, "address", details->address);
    write_text(to, "currency", details->currency);
    write_text(to, "image", details->image);
    write_text(to, "status", details->status);
    fputc('\n', to);
}

static int compare_inquiries(const struct inquiry *a, const struct inquiry *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    int order = text_compare(a->key, b->key);
    return order != 0 ? order : text_compare(a->listing_id, b->listing_id);
}

/* For qsort(): the newest first. */
static int newest_first(const void *left, const void *right)
{
    return -compare_inquiries(left, right);
}

static bool inquiry_asked_for(const struct store_inquiry_query *query,
                              const struct inquiry *inquiry)
{
    struct inquiry behind = {.time_ms = query->behind_ms,
                             .key = query->behind_key,
                             .listing_id = query->behind_listing_id};
    return text_equal(query->user_id, inquiry->user_id) &&
           (query->listing_id.at == NULL || text_equal(query->listing_id, inquiry->listing_id)) &&
           inquiry->time_ms >= query->from_ms && inquiry->time_ms < query->to_ms &&
           (!query->resume || compare_inquiries(inquiry, &behind) < 0);
}

char *ledger_inquiries(const struct ledger *ledger, uint64_t batch,
                       const struct store_inquiry_query *query)
{
    struct inquiry *found = must(calloc(ledger->count + 1, sizeof *found));
    size_t count = 0;
    for (size_t i = 0; i < ledger->count; i++) {
        const struct noted *noted = &ledger->at[i];
        const struct event *event = &noted->entry.event;
        if (noted->entry.kind != ENTRY_EVENT || event->type != EVENT_INQUIRY ||
            noted->batch > batch)
            continue;
        struct inquiry inquiry = {event->user_id,     event->listing_id, event->id,
                                  event->source,      event->inquiry,    event->time_ms,
                                  noted->received_ms, event->platform};
        bool wanted = inquiry_asked_for(query, &inquiry);
        for (size_t j = 0; j < count && wanted; j++)
            wanted = compare_inquiries(&found[j], &inquiry) != 0; /* the first of a key wins */
        if (wanted)
            found[count++] = inquiry;
    }
    qsort(found, count, sizeof *found, newest_first);

    char *text = NULL;
    size_t len = 0;
    FILE *to = must(open_memstream(&text, &len));
    for (size_t i = 0; i < count && i < query->limit; i++)
        write_inquiry(to, &found[i]);
    fclose(to);
    free(found);
    return text;
}

static int by_listing(const void *left, const void *right)
{
    const struct noted *a = *(const struct noted *const *)left;
    const struct noted *b = *(const struct noted *const *)right;
    return text_compare(a->entry.listing_id, b->entry.listing_id);
}

char *ledger_listings(const struct ledger *ledger, uint64_t batch,
                      const struct store_listing_query *query)
{
    const struct noted **found = must(calloc(ledger->count + 1, sizeof *found));
    size_t count = 0;
    for (size_t i = 0; i < ledger->count; i++) {
        const struct noted *noted = &ledger->at[i];
        const struct entry *entry = &noted->entry;
        if (entry->kind == ENTRY_EVENT || noted->batch > batch ||
            !text_equal(entry->user_id, query->user_id) ||
            (query->listing_id.at != NULL && !text_equal(entry->listing_id, query->listing_id)) ||
            (query->behind.at != NULL && text_compare(entry->listing_id, query->behind) <= 0))
            continue;
        size_t j = 0; /* the last word wins */
        while (j < count && !text_equal(found[j]->entry.listing_id, entry->listing_id))
            j++;
        found[j] = noted;
        count = j == count ? count + 1 : count;
    }
    qsort(found, count, sizeof(const struct noted *), by_listing);

    char *text = NULL;
    size_t len = 0;
    size_t written = 0;
    FILE *to = must(open_memstream(&text, &len));
    for (size_t i = 0; i < count && written < query->limit; i++) {
        if (found[i]->entry.kind == ENTRY_LISTING_REMOVED)
            continue;
        write_listing(to, found[i]->entry.listing_id, &found[i]->entry.details);
        written++;
    }
    fclose(to);
    free(found);
    return text;
}

static enum status add_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)err;
    write_inquiry(context, inquiry);
    return STATUS_OK;
}

char *store_inquiries(struct store_reader *reader, const struct store_inquiry_query *query)
{
    struct error err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *to = must(open_memstream(&text, &len));
    ASSERT_OK(store_reader_inquiries(reader, query, add_inquiry, to, &err), err);
    fclose(to);
    return text;
}

static enum status add_listing(void *context, struct text listing_id,
                               const struct listing_details *details, struct error *err)
{
    (void)err;
    write_listing(context, listing_id, details);
    return STATUS_OK;
}

char *store_listings(struct store_reader *reader, const struct store_listing_query *query)
{
    struct error err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *to = must(open_memstream(&text, &len));
    ASSERT_OK(store_reader_listings(reader, query, add_listing, to, &err), err);
    fclose(to);
    return text;
}

void answers_equal(const char *row, char *got, char *want)
{
    if (strcmp(got, want) != 0) {
        print_error("row \"%s\": got\n%swant\n%s", row, got, want);
        UNIT_FAIL();
    }
    free(got);
    free(want);
}
