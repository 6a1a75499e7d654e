/*
 * json_writer.h - JSON, appended to a buffer; commas and escapes are its business.
 *
 *     json_object(w); json_key(w, "success"); json_bool(w, true); json_end_object(w);
 *
 * Memory running out is remembered in the writer and asked once, at the end. Texts should be
 * UTF-8; bytes that are not become U+FFFD. '<', '>', '&', U+2028 and U+2029 are escaped too, so
 * that an answer is inert inside a page.
 *
 * Threads: a writer belongs to one thread at a time.
 */
#ifndef FOOTFALL_PRESENT_JSON_WRITER_H
#define FOOTFALL_PRESENT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

/* Start as {.out = buffer}. */
struct json_writer {
    struct bytes *out;
    bool need_comma;
    bool failed; /* out of memory */
};

void json_object(struct json_writer *writer);
void json_end_object(struct json_writer *writer);
void json_array(struct json_writer *writer);
void json_end_array(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *name); /* a name that needs no escaping */
void json_key_text(struct json_writer *writer, struct text name);
void json_text(struct json_writer *writer, struct text text); /* absent: null */
void json_string(struct json_writer *writer, const char *string);
void json_u64(struct json_writer *writer, uint64_t number);
void json_i64(struct json_writer *writer, int64_t number);
/* The shortest decimal that reads back as the same double; not finite: null. */
void json_double(struct json_writer *writer, double number);
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);
void json_date(struct json_writer *writer, int32_t day); /* "YYYY-MM-DD" */
/* A value that is JSON already; only what json_text() would escape beyond JSON's needs changes. */
void json_raw(struct json_writer *writer, struct text json);

#endif
