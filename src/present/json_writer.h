/*
 * json_writer.h - JSON, appended to a buffer; commas and escapes are its business.
 *
 *     json_put_object(w);
 *     json_put_key(w, "success");
 *     json_put_bool(w, true);
 *     json_put_object_end(w);
 *
 * Memory running out is remembered in the writer and asked once, at the end. Texts should be
 * UTF-8; bytes that are not become U+FFFD. '<', '>', '&', U+2028 and U+2029 are escaped too, so
 * that an answer is inert inside a page.
 *
 * Names begin with json_put_ because jansson, which the same program links, has a json_object().
 *
 * Threads: a writer belongs to one thread at a time.
 */
#ifndef FOOTFALL_PRESENT_JSON_WRITER_H
#define FOOTFALL_PRESENT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

/* Start as {.out = buffer}. */
struct json_writer {
    struct bytes *out;
    bool need_comma;
    bool failed; /* out of memory */
};

void json_put_object(struct json_writer *writer);
void json_put_object_end(struct json_writer *writer);
void json_put_array(struct json_writer *writer);
void json_put_array_end(struct json_writer *writer);
void json_put_key(struct json_writer *writer, const char *name); /* a name that needs no escaping */
void json_put_key_text(struct json_writer *writer, struct text name);
void json_put_text(struct json_writer *writer, struct text text); /* absent: null */
void json_put_string(struct json_writer *writer, const char *string);
void json_put_u64(struct json_writer *writer, uint64_t number);
void json_put_i64(struct json_writer *writer, int64_t number);
/* The shortest decimal that reads back as the same double; not finite: null. */
void json_put_double(struct json_writer *writer, double number);
void json_put_bool(struct json_writer *writer, bool value);
void json_put_null(struct json_writer *writer);
void json_put_date(struct json_writer *writer, int32_t day); /* "YYYY-MM-DD" */
/* A value that is JSON already; only what json_put_text() would escape beyond JSON's needs changes.
 */
void json_put_raw(struct json_writer *writer, struct text json);

/*
 * For documents that are written often: room for len bytes of JSON of one's own making
 * (json_text.h), behind the comma that is due; NULL when out of memory. Then json_keep() says
 * where it ends, and whether with a whole value (else with a key or an open bracket).
 */
char *json_reserve(struct json_writer *writer, size_t len);
void json_keep(struct json_writer *writer, const char *end, bool is_value);

#endif
