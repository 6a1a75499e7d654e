/*
 * export_inquiries.c - inquiries, newest first, with what their senders wrote to the byte.
 *
 * White space between the tokens of JSON may hold line ends, which would break a line of NDJSON in
 * two; inside strings they cannot stand. So every one becomes a space, and the value is the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "cli/export/answer_walk.h"
#include "cli/export/export.h"
#include "cli/moment.h"
#include "present/csv.h"

enum { ID, LISTING, TIME, RECEIVED, PLATFORM, SOURCE, INQUIRY, MEMBERS };

static enum status put_line(struct export *export, char *json, size_t len, struct error *err)
{
    for (size_t i = 0; i < len; i++)
        if (json[i] == '\n' || json[i] == '\r')
            json[i] = ' ';
    if (!bytes_append(&export->lines, json, len) || !bytes_append(&export->lines, "\n", 1))
        return export_no_memory(err);
    return STATUS_OK;
}

static void put_moment(struct csv_writer *writer, struct text ms)
{
    char words[MOMENT_BYTES] = "";
    if (ms.at != NULL)
        moment_words(strtoll(ms.at, NULL, 10), words); /* a byte that is no digit follows */
    csv_put_string(writer, words);
}

static enum status put_row(struct export *export, char *json, size_t len, struct error *err)
{
    struct answer_member members[MEMBERS] = {
        [ID] = {.name = "id"},
        [LISTING] = {.name = "listingId"},
        [TIME] = {.name = "timestamp"},
        [RECEIVED] = {.name = "receivedAt"},
        [PLATFORM] = {.name = "platform"},
        [SOURCE] = {.name = "source"},
        [INQUIRY] = {.name = "inquiry", .raw = true},
    };
    struct csv_writer writer = {.out = &export->lines};
    enum status status = answer_members(json, len, members, MEMBERS, err);
    if (status != STATUS_OK)
        return status;
    csv_put_text(&writer, members[ID].value);
    csv_put_text(&writer, members[LISTING].value);
    put_moment(&writer, members[TIME].value);
    put_moment(&writer, members[RECEIVED].value);
    csv_put_text(&writer, members[PLATFORM].value);
    csv_put_text(&writer, members[SOURCE].value);
    csv_put_text(&writer, text_is(members[INQUIRY].value, "null") ? (struct text){NULL, 0}
                                                                  : members[INQUIRY].value);
    csv_end_row(&writer);
    return writer.failed ? export_no_memory(err) : STATUS_OK;
}

static enum status put_inquiry(char *json, size_t len, void *context, struct error *err)
{
    struct export *export = context;
    export->count++;
    return export->format == EXPORT_CSV ? put_row(export, json, len, err)
                                        : put_line(export, json, len, err);
}

/* All pages of one window, or of all time. */
static enum status put_pages(struct export *export, int32_t first_day, int32_t last_day,
                             struct error *err)
{
    char cursor[TARGET_PATH_BYTES] = "";
    for (;;) {
        struct target_path path = {""};
        struct text next = {NULL, 0};
        char *json = NULL;
        size_t len = 0;
        path_put(&path, "/v1/users/");
        path_put_escaped(&path, export->user);
        path_put(&path, "/inquiries?limit=1000");
        path_put_query(&path, "listingId", export->listing);
        if (export->has_range) {
            export_put_window(&path, first_day, last_day);
            path_put_query(&path, "timezone", export->timezone);
        }
        path_put_query(&path, "cursor", cursor[0] == '\0' ? NULL : cursor);
        enum status status = path_check(&path, err);
        if (status == STATUS_OK)
            status = export_get(export, path.text, &json, &len, err);
        if (status == STATUS_OK)
            status = answer_walk(json, len, "inquiries", put_inquiry, export, &next, err);
        if (status == STATUS_OK)
            status = export_flush(export, "inquiries", err);
        if (status != STATUS_OK || next.at == NULL)
            return status;
        snprintf(cursor, sizeof cursor, "%.*s", TEXT_ARGS(next));
    }
}

enum status export_inquiries(struct export *export, struct error *err)
{
    static const char titles[] = "id,listingId,timestamp,receivedAt,platform,source,inquiry\r\n";
    if (export->format == EXPORT_CSV && !bytes_append(&export->lines, titles, sizeof titles - 1))
        return export_no_memory(err);
    if (!export->has_range)
        return put_pages(export, 0, 0, err);
    enum status status = STATUS_OK;
    for (int32_t last = export->last_day; last >= export->first_day && status == STATUS_OK;
         last -= EXPORT_WINDOW_DAYS) {
        int32_t first = last - EXPORT_WINDOW_DAYS + 1;
        status =
            put_pages(export, first > export->first_day ? first : export->first_day, last, err);
    }
    return status;
}
