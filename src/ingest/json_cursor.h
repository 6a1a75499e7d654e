/*
 * json_cursor.h - a place in a JSON text, and the steps a strict reader takes from there.
 *
 * For this folder, and for the command line where it copies from an answer to the byte. A reader of
 * one schema is made of these: it knows what it wants next, so nothing is built but what it keeps.
 * RFC 8259 to the letter, and valid UTF-8, no lone surrogates, no U+0000. Every failure is
 * STATUS_INVALID with the byte offset.
 *
 * Threads: a cursor belongs to one thread.
 */
#ifndef FOOTFALL_INGEST_JSON_CURSOR_H
#define FOOTFALL_INGEST_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "ingest/json_scan.h"

struct json_cursor {
    const char *start; /* offset 0 of errors */
    char *at;
    char *end;
    /*
     * Up to here memory may be read. Either end, or behind it, and then *end is a line's end, which
     * no string passes: so a short line in a long piece is scanned in whole blocks.
     */
    const char *readable;
};

/* json may be NULL with len 0: a request without a body is an empty text. */
static inline struct json_cursor json_cursor_of(char *json, size_t len)
{
    static char nothing[1];
    if (json == NULL)
        json = nothing;
    return (struct json_cursor){json, json, json + len, json + len};
}

/*
 * Fills *err for the input at `at`, as fail_input() with an offset; returns STATUS_INVALID. Does
 * not even look at the words when err is NULL.
 */
enum status json_refuse(const struct json_cursor *cursor, const char *at, struct error *err,
                        const char *code, const char *field, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Refuses what is at the cursor: "expected <what> at byte 17, found 'x'". */
enum status json_expected(const struct json_cursor *cursor, const char *what, struct error *err);

/* Refuses a byte order mark at the cursor, by name; false if there is none. */
bool json_refuse_mark(const struct json_cursor *cursor, struct error *err);

/* "a string", "null", ...: what value starts at the cursor; NULL when none does. */
const char *json_kind(const struct json_cursor *cursor);

/* Refuses the value at the cursor: wrong_type ("<subject> must be <wanted>, not null"). */
enum status json_wrong_type(const struct json_cursor *cursor, const char *field,
                            const char *subject, const char *wanted, struct error *err);

/* text for a sentence: at most 60 bytes of whole characters, "..." behind what was cut. */
struct json_excerpt {
    char text[64];
};
struct json_excerpt json_excerpt(struct text text);

static inline bool json_is(const struct json_cursor *cursor, char byte)
{
    return cursor->at < cursor->end && *cursor->at == byte;
}

static inline void json_skip_space(struct json_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
                                        *cursor->at == '\r' || *cursor->at == '\t'))
        cursor->at++;
}

/* Moves over `word` if it is at the cursor. */
bool json_take_word(struct json_cursor *cursor, const char *word);

/* What json_take_string() does when plain bytes are not all; `at` is the first special one. */
MUST_USE enum status json_finish_string(struct json_cursor *cursor, char *at, struct text *out,
                                        struct error *err);

/*
 * Reads the string whose opening quote is at the cursor, undoing escapes in place. *plain says
 * that it was printable ASCII without '#' all along; otherwise it may be anything but U+0000.
 */
MUST_USE static inline enum status json_take_string(struct json_cursor *cursor, struct text *out,
                                                    bool *plain, struct error *err)
{
    bool doubtful = false;
    char *from = cursor->at + 1;
    char *stop = json_plain_end(from, cursor->readable, &doubtful);
    if (stop < cursor->end && *stop == '"') {
        *out = (struct text){from, (size_t)(stop - from)};
        *plain = !doubtful;
        cursor->at = stop + 1;
        return STATUS_OK;
    }
    *plain = false;
    return json_finish_string(cursor, stop, out, err);
}

/* Moves over the number at the cursor, which starts with '-' or a digit. */
MUST_USE enum status json_skip_number(struct json_cursor *cursor, struct error *err);

/*
 * Moves over the value at the cursor without changing a byte, without recursion, checking all of
 * it. Objects and arrays may stand levels_max (at most 64) deep; at the bracket that goes deeper it
 * answers STATUS_TOO_LARGE and leaves the words to the caller.
 */
MUST_USE enum status json_skip_value(struct json_cursor *cursor, unsigned levels_max,
                                     struct error *err);

/*
 * Walking an object: json_object_begin() is at '{' and says whether a member follows; then, in
 * turns, json_object_key(), a value of the caller's, and json_object_more().
 */
MUST_USE enum status json_object_begin(struct json_cursor *cursor, bool *more, struct error *err);
/* Reads the key and what is between it and its value. */
MUST_USE enum status json_object_key(struct json_cursor *cursor, struct text *key,
                                     struct error *err);
MUST_USE enum status json_object_more(struct json_cursor *cursor, bool *more, struct error *err);

/* Refuses anything but white space from the cursor to the end. */
MUST_USE enum status json_only_space_left(struct json_cursor *cursor, struct error *err);

#endif
