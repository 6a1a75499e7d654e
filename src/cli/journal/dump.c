/*
 * dump.c - footfall journal dump: the records, one after the other, as text or JSON.
 *
 * What people wrote, and who they are to the caller (visitors), is personal: it is shown on
 * request only. A record that is whole and cannot be decoded is shown with the reason.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/journal/tools.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/journal/data_folder.h"
#include "model/platform.h"
#include "model/record.h"
#include "present/json_writer.h"

struct dump {
    const struct journal_tool_options *options;
    uint64_t problems;
    struct bytes bytes;
};

static void put_optional(struct json_writer *json, const char *name, struct text text)
{
    if (text.at == NULL)
        return;
    json_put_key(json, name);
    json_put_text(json, text);
}

static void put_moment(struct json_writer *json, const char *name, int64_t time_ms)
{
    char words[MOMENT_BYTES];
    moment_words(time_ms, words);
    json_put_key(json, name);
    json_put_string(json, words);
}

static void put_event(struct json_writer *json, const struct event *event, bool contents)
{
    json_put_string(json, event_type_name(event->type));
    put_optional(json, "userId", event->user_id);
    put_optional(json, "listingId", event->listing_id);
    put_moment(json, "timestamp", event->time_ms);
    if (event->platform != PLATFORM_NONE)
        put_optional(json, "platform", platform_name(event->platform));
    put_optional(json, "source", event->source);
    put_optional(json, "id", event->id);
    if (contents) {
        put_optional(json, "visitor", event->visitor);
        if (event->inquiry.at != NULL) {
            json_put_key(json, "inquiry");
            json_put_raw(json, event->inquiry);
        }
    } else if (event->inquiry.at != NULL) {
        json_put_key(json, "inquiryBytes");
        json_put_u64(json, event->inquiry.len);
    }
}

static void put_details(struct json_writer *json, const struct listing_details *details)
{
    put_optional(json, "address", details->address);
    put_optional(json, "currency", details->currency);
    put_optional(json, "image", details->image);
    put_optional(json, "status", details->status);
    if (details->has_price) {
        json_put_key(json, "price");
        json_put_double(json, details->price);
    }
}

static void put_entry(struct json_writer *json, const struct entry *entry, bool contents)
{
    json_put_object(json);
    json_put_key(json, "kind");
    if (entry->kind == ENTRY_EVENT) {
        put_event(json, &entry->event, contents);
    } else {
        json_put_string(json, entry->kind == ENTRY_LISTING_SET ? "listing_set" : "listing_removed");
        put_optional(json, "userId", entry->user_id);
        put_optional(json, "listingId", entry->listing_id);
        if (entry->kind == ENTRY_LISTING_SET)
            put_details(json, &entry->details);
    }
    json_put_object_end(json);
}

static const uint8_t *payload_end(const struct found_record *record)
{
    return (const uint8_t *)record->payload.at + record->payload.len;
}

/* How many entries a group has; those up to the first that cannot be decoded. */
static uint64_t count_entries(const struct found_record *record, struct error *error)
{
    const uint8_t *from = (const uint8_t *)record->payload.at + RECORD_HEAD_BYTES;
    uint64_t count = 0;
    struct entry entry;
    error->status = STATUS_OK;
    for (; from < payload_end(record); count++)
        if (entry_decode(&from, payload_end(record), &entry, error) != STATUS_OK)
            break;
    return count;
}

static void put_record(struct json_writer *json, const struct found_record *record,
                       const struct record_head *head, const struct error *error, bool contents)
{
    json_put_object(json);
    json_put_key(json, "record");
    json_put_u64(json, record->seq);
    json_put_key(json, "file");
    json_put_string(json, record->file);
    json_put_key(json, "offset");
    json_put_u64(json, record->offset);
    json_put_key(json, "bytes");
    json_put_u64(json, record->payload.len);
    if (head->kind == RECORD_SEAL) {
        json_put_key(json, "kind");
        json_put_string(json, "seal");
        json_put_key(json, "batch");
        json_put_u64(json, head->batch);
    } else if (head->kind == RECORD_GROUP) {
        json_put_key(json, "kind");
        json_put_string(json, "group");
        put_moment(json, "receivedAt", head->received_ms);
        json_put_key(json, "entries");
        json_put_array(json);
        const uint8_t *from = (const uint8_t *)record->payload.at + RECORD_HEAD_BYTES;
        struct entry entry;
        struct error ignored;
        while (from < payload_end(record) &&
               entry_decode(&from, payload_end(record), &entry, &ignored) == STATUS_OK)
            put_entry(json, &entry, contents);
        json_put_array_end(json);
    }
    if (error->status != STATUS_OK) {
        json_put_key(json, "error");
        json_put_string(json, error->message);
    }
    json_put_object_end(json);
}

static enum status print_entries(struct dump *dump, const struct found_record *record,
                                 struct error *err)
{
    const uint8_t *from = (const uint8_t *)record->payload.at + RECORD_HEAD_BYTES;
    struct entry entry;
    struct error ignored;
    while (from < payload_end(record) &&
           entry_decode(&from, payload_end(record), &entry, &ignored) == STATUS_OK) {
        dump->bytes.len = 0;
        struct json_writer json = {.out = &dump->bytes};
        put_entry(&json, &entry, dump->options->contents);
        if (json.failed)
            return fail(err, STATUS_NO_MEMORY, "no memory to print an entry");
        printf("    %.*s\n", (int)dump->bytes.len, (const char *)dump->bytes.at);
    }
    return STATUS_OK;
}

static enum status on_record(void *context, const struct found_record *record, struct error *err)
{
    struct dump *dump = context;
    struct record_head head = {0};
    struct error error = {.status = STATUS_OK};
    uint64_t entries = 0;
    if (record->seq < dump->options->seq_from || record->seq > dump->options->seq_to)
        return STATUS_OK;
    if (record_head_decode(record->payload, &head, &error) == STATUS_OK) {
        error.status = STATUS_OK;
        if (head.kind == RECORD_GROUP)
            entries = count_entries(record, &error);
    }
    dump->problems += error.status != STATUS_OK;

    if (dump->options->json) {
        dump->bytes.len = 0;
        struct json_writer json = {.out = &dump->bytes};
        put_record(&json, record, &head, &error, dump->options->contents);
        if (json.failed)
            return fail(err, STATUS_NO_MEMORY, "no memory to print record %" PRIu64, record->seq);
        printf("%.*s\n", (int)dump->bytes.len, (const char *)dump->bytes.at);
        return STATUS_OK;
    }
    char moment[MOMENT_BYTES] = "";
    printf("record %" PRIu64 "  %s:%" PRIu64 "  ", record->seq, record->file, record->offset);
    if (head.kind == RECORD_SEAL)
        printf("seal of batch %" PRIu64, head.batch);
    else if (head.kind == RECORD_GROUP) {
        moment_words(head.received_ms, moment);
        printf("group, received %s, entries %" PRIu64, moment, entries);
    }
    if (error.status != STATUS_OK)
        printf("  CANNOT BE DECODED: %s", error.message);
    putchar('\n');
    return head.kind == RECORD_GROUP ? print_entries(dump, record, err) : STATUS_OK;
}

static enum status on_finding(void *context, const struct finding *finding, struct error *err)
{
    (void)err;
    struct dump *dump = context;
    dump->problems += finding->kind != FINDING_TORN_TAIL;
    fprintf(stderr, "footfall: %s at byte %" PRIu64 ": %s", finding->file, finding->offset,
            finding->words);
    if (finding->lost_first != 0)
        fprintf(stderr, "; records %" PRIu64 " to %" PRIu64 " cannot be read", finding->lost_first,
                finding->lost_last);
    fputc('\n', stderr);
    return STATUS_OK;
}

enum status journal_dump(const struct journal_tool_options *options, bool *damaged,
                         struct error *err)
{
    struct dump dump = {.options = options};
    struct data_folder folder;
    const struct inspect_visitor visitor = {on_record, on_finding, &dump};
    enum status status = data_folder_open(options->data, &folder, err);
    if (status == STATUS_OK && folder.inspection == NULL) {
        *err = folder.no_journal;
        status = err->status;
    }
    if (status == STATUS_OK)
        status = inspect_walk(folder.inspection, &visitor, err);
    *damaged = dump.problems > 0;
    bytes_done(&dump.bytes);
    data_folder_close(&folder);
    return status;
}
