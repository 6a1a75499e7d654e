/*
 * piece.c - records to lines.
 *
 * An NDJSON line is passed on as it is, with what it lacks put in behind its brace:
 *
 *     {"userId":"a",...}     ──►  {"id":"import-..","userId":"a",...}
 *     {"id":null,...}        ──►  {"id":"import-..",...}
 *
 * What it has is looked up by the same reader of JSON that the server uses, and what that reader
 * refuses is not sent: so nothing without an id ever is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/piece.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ingest/json_peek.h"
#include "present/json_writer.h"

static const char id_prefix[] = "import-";
enum { MADE_ID_BYTES = sizeof id_prefix - 1 + 32 };

/* One record as it was found. */
struct found {
    uint64_t offset;
    struct piece_record record;
    struct text raw;
};

static struct text make_id(uint64_t identity, const struct found *found, char out[MADE_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t bytes;
    uint64_t seed = XXH3_64bits_withSeed(&found->offset, sizeof found->offset, identity);
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_withSeed(found->raw.at, found->raw.len, seed));
    memcpy(out, id_prefix, sizeof id_prefix - 1);
    char *to = out + sizeof id_prefix - 1;
    for (size_t i = 0; i < sizeof bytes.digest; i++) {
        *to++ = digits[bytes.digest[i] >> 4];
        *to++ = digits[bytes.digest[i] & 15];
    }
    return (struct text){out, MADE_ID_BYTES};
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory for the next piece of the file");
}

static bool append(struct bytes *bytes, const char *text, size_t len)
{
    return bytes_append(bytes, text, len);
}

enum status piece_reject(struct piece *piece, const struct piece_record *record,
                         const struct error *why, struct error *err)
{
    assert(piece->reject_count < PIECE_RECORDS_MAX);
    struct piece_reject reject = {
        .line = record->line,
        .code = arena_copy(&piece->arena, text_of(why->code)),
        .field = arena_copy(&piece->arena, text_of(why->field)),
        .message = arena_copy(&piece->arena, text_of(why->message)),
        .raw_at = record->raw_at,
        .raw_len = record->raw_len,
    };
    if (reject.code.at == NULL || reject.field.at == NULL || reject.message.at == NULL)
        return no_memory(err);
    piece->rejects[piece->reject_count++] = reject;
    return STATUS_OK;
}

/* Keeps the record's bytes, and where its line begins. */
static enum status keep_raw(struct piece *piece, struct found *found, struct error *err)
{
    found->record.raw_at = piece->raw.len;
    found->record.raw_len = found->raw.len;
    found->record.body_at = piece->body.len;
    return append(&piece->raw, found->raw.at, found->raw.len) ? STATUS_OK : no_memory(err);
}

/* The record is on its way, or rejected when it is the record's own fault. */
static enum status settle(struct piece *piece, const struct found *found, enum status status,
                          const struct error *why, struct error *err)
{
    if (status == STATUS_OK) {
        piece->records[piece->record_count++] = found->record;
        return STATUS_OK;
    }
    piece->body.len = found->record.body_at;
    if (status != STATUS_INVALID && status != STATUS_TOO_LARGE) {
        *err = *why;
        return status;
    }
    return piece_reject(piece, &found->record, why, err);
}

/* ---- NDJSON ---- */

/* Puts a constant where the word null stands, or notes that it is to be inserted. */
struct addition {
    size_t at;       /* in the line */
    size_t replaces; /* bytes there: 0, or those of null */
    enum import_field field;
};

static size_t find_additions(const struct mapping *mapping, const struct json_peek *peek,
                             struct addition out[IMPORT_FIELDS])
{
    size_t count = 0;
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++) {
        if (peek->has[field] || (field != IMPORT_ID && !mapping_has_constant(mapping, field)))
            continue;
        struct addition addition = {peek->inside, 0, field};
        if (peek->null_at[field] != 0)
            addition = (struct addition){peek->null_at[field], 4, field};
        size_t i = count++;
        for (; i > 0 && out[i - 1].at > addition.at; i--)
            out[i] = out[i - 1];
        out[i] = addition;
    }
    return count;
}

static enum status write_line(struct piece *piece, const struct piece_reader *reader,
                              const struct found *found, const struct json_peek *peek,
                              struct error *err)
{
    struct addition additions[IMPORT_FIELDS];
    char id[MADE_ID_BYTES];
    size_t count = find_additions(reader->mapping, peek, additions);
    size_t from = 0;
    struct bytes *body = &piece->body;
    bool written = true;
    for (size_t i = 0; i < count; i++) {
        const struct addition *addition = &additions[i];
        struct json_writer writer = {.out = body};
        written &= append(body, found->raw.at + from, addition->at - from);
        from = addition->at + addition->replaces;
        if (addition->replaces == 0)
            json_put_key(&writer, import_field_names[addition->field]);
        if (addition->field == IMPORT_ID)
            json_put_text(&writer, make_id(reader->identity, found, id));
        else
            mapping_put_constant(reader->mapping, &writer, addition->field);
        bool more = addition->replaces == 0 &&
                    (!peek->empty || (i + 1 < count && additions[i + 1].at == addition->at));
        written &= !writer.failed && (!more || append(body, ",", 1));
    }
    written &= append(body, found->raw.at + from, found->raw.len - from) && append(body, "\n", 1);
    return written ? STATUS_OK : no_memory(err);
}

static enum status convert_line(struct piece *piece, struct piece_reader *reader,
                                const struct found *found, struct error *err)
{
    struct json_peek peek;
    char *json = (char *)found->raw.at;
    if (memchr(json, '\\', found->raw.len) != NULL) { /* escapes would be undone in the line */
        reader->scratch.len = 0;
        if (!append(&reader->scratch, json, found->raw.len))
            return no_memory(err);
        json = (char *)reader->scratch.at;
    }
    enum status status =
        json_peek(json, found->raw.len, import_field_names, IMPORT_FIELDS, &peek, err);
    if (status == STATUS_OK)
        status = write_line(piece, reader, found, &peek, err);
    if (status == STATUS_OK && !peek.has[IMPORT_TIMESTAMP] &&
        !mapping_has_constant(reader->mapping, IMPORT_TIMESTAMP))
        piece->untimed++;
    return status;
}

static bool is_space(char byte)
{
    return byte == '\n' || byte == '\r' || byte == '\t' || byte == ' ';
}

/* Looks at the next line that is not blank. */
static enum status look_at_line(struct source *source, struct source_line *line,
                                struct found *found, struct error *err)
{
    for (;;) {
        enum status status = source_look(source, 0, line, err);
        if (status != STATUS_OK)
            return status;
        found->raw = line->text;
        while (found->raw.len > 0 && is_space(found->raw.at[found->raw.len - 1]))
            found->raw.len--;
        if (found->raw.len > 0 || line->text.len == 0)
            break;
        source_take(source, line->text.len);
    }
    found->record.line = source_line_number(source);
    found->offset = source_offset(source);
    return STATUS_OK;
}

/* Reads one line into the piece; false in *more when there is none, or it must wait. */
static enum status read_line(struct piece *piece, struct piece_reader *reader, bool *more,
                             struct error *err)
{
    struct source_line line;
    struct found found = {0};
    struct error why;
    enum status status = look_at_line(reader->source, &line, &found, err);
    piece->is_last = status == STATUS_OK && line.text.len == 0;
    *more = status == STATUS_OK && line.text.len > 0;
    if (!*more)
        return status;
    bool is_tail = !line.is_whole && !line.is_too_long;
    if (is_tail && piece->record_count + piece->reject_count > 0) {
        *more = false;
        return STATUS_OK;
    }
    piece->is_tail = is_tail;
    status = keep_raw(piece, &found, err);
    if (status != STATUS_OK)
        return status;
    if (line.is_too_long)
        status = fail_code(&why, STATUS_TOO_LARGE, "line_too_long",
                           "the line is longer than %d bytes", SOURCE_LINE_BYTES_MAX);
    else
        status = convert_line(piece, reader, &found, &why);
    status = settle(piece, &found, status, &why, err);
    source_take(reader->source, line.text.len);
    if (status == STATUS_OK && line.is_too_long)
        status = source_skip_line(reader->source, err);
    return status;
}

/* ---- CSV ---- */

static enum status convert_record(struct piece *piece, struct piece_reader *reader,
                                  const struct csv_record *record, const struct found *found,
                                  bool *skipped, struct error *err)
{
    bool has_id = false;
    char id[MADE_ID_BYTES];
    struct bytes *body = &piece->body;
    enum status status = mapping_write(reader->mapping, record->cells, record->cell_count, body,
                                       &has_id, skipped, err);
    if (status != STATUS_OK || *skipped)
        return status;
    struct json_writer writer = {.out = body, .need_comma = body->at[body->len - 1] != '{'};
    if (!has_id) {
        json_put_key(&writer, import_field_names[IMPORT_ID]);
        json_put_text(&writer, make_id(reader->identity, found, id));
    }
    json_put_object_end(&writer);
    return !writer.failed && append(body, "\n", 1) ? STATUS_OK : no_memory(err);
}

static enum status read_record(struct piece *piece, struct piece_reader *reader, bool *more,
                               struct error *err)
{
    struct csv_record record;
    struct error why;
    bool skipped = false;
    enum status status = csv_records_look(reader->csv, &record, &why);
    if (status != STATUS_OK) {
        *err = why;
        return status;
    }
    piece->is_last = record.bytes == 0;
    *more = record.bytes > 0;
    bool is_tail = !record.is_whole && !record.skips_line;
    if (is_tail && piece->record_count + piece->reject_count > 0)
        *more = false;
    if (!*more)
        return STATUS_OK;
    piece->is_tail = is_tail;
    struct found found = {record.offset, {.line = record.line}, record.raw};
    status = keep_raw(piece, &found, err);
    if (status != STATUS_OK)
        return status;
    if (record.is_bad)
        status = STATUS_INVALID;
    else
        status = convert_record(piece, reader, &record, &found, &skipped, &why);
    if (skipped)
        piece->skipped++;
    else
        status = settle(piece, &found, status, &why, err);
    return status == STATUS_OK ? csv_records_take(reader->csv, &record, err) : status;
}

enum status piece_read(struct piece *piece, struct piece_reader *reader, struct error *err)
{
    enum status status = STATUS_OK;
    bool more = true;
    piece->body.len = 0;
    piece->raw.len = 0;
    piece->record_count = 0;
    piece->reject_count = 0;
    piece->skipped = 0;
    piece->untimed = 0;
    piece->is_tail = false;
    piece->is_last = false;
    arena_reset(&piece->arena);
    while (status == STATUS_OK && more &&
           piece->record_count + piece->reject_count < PIECE_RECORDS_MAX &&
           piece->raw.len < PIECE_BYTES_MAX && piece->body.len < PIECE_BYTES_MAX)
        status = reader->csv == NULL ? read_line(piece, reader, &more, err)
                                     : read_record(piece, reader, &more, err);
    piece->end_offset = source_offset(reader->source);
    piece->end_lines = source_line_number(reader->source) - 1;
    return status;
}

static int compare_lines(const void *a, const void *b)
{
    const struct piece_reject *left = a;
    const struct piece_reject *right = b;
    return (left->line > right->line) - (left->line < right->line);
}

void piece_sort_rejects(struct piece *piece)
{
    qsort(piece->rejects, piece->reject_count, sizeof piece->rejects[0], compare_lines);
}

void piece_done(struct piece *piece)
{
    bytes_done(&piece->body);
    bytes_done(&piece->raw);
    arena_done(&piece->arena);
}

void piece_reader_done(struct piece_reader *reader)
{
    csv_records_free(reader->csv);
    mapping_free(reader->mapping);
    bytes_done(&reader->scratch);
}
