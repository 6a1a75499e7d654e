/*
 * json_text.h - values as JSON's characters, written where there is room.
 *
 * Below the writer, which keeps commas and memory; documents that are written often use these
 * directly through json_reserve(). Each function writes at `to` and returns the place behind.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_PRESENT_JSON_TEXT_H
#define FOOTFALL_PRESENT_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum {
    JSON_BYTES_PER_BYTE_MAX = 6, /* \u00xx */
    JSON_U64_BYTES_MAX = 20,
    JSON_DOUBLE_BYTES_MAX = 48
};

/* Characters that need no escaping, such as the names of a document. */
#define JSON_WRITE(to, literal) mempcpy((to), (literal), sizeof(literal) - 1)

/* In quotes; at most 2 + JSON_BYTES_PER_BYTE_MAX * text.len bytes. */
char *json_write_text(char *to, struct text text);
/* As json_put_raw(); at most JSON_BYTES_PER_BYTE_MAX * json.len bytes. */
char *json_write_raw(char *to, struct text json);
/* Needs room for JSON_U64_BYTES_MAX bytes, whatever the number: writes whole words. */
char *json_write_u64(char *to, uint64_t number);
char *json_write_double(char *to, double number);

#endif
