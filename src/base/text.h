/*
 * text.h - a run of bytes that somebody else owns.
 *
 * Not terminated by NUL; may hold any byte. Absent text is {NULL, 0}; present but empty
 * text has a pointer.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_BASE_TEXT_H
#define FOOTFALL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
    const char *at;
    size_t len; /* bytes */
};

/* For a string literal, or any NUL-terminated string that outlives the result. */
static inline struct text text_of(const char *string)
{
    return (struct text){string, strlen(string)};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool text_is(struct text a, const char *string)
{
    return text_equal(a, text_of(string));
}

static inline bool text_starts_with(struct text text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.at, start, len) == 0;
}

/* Orders by bytes, a prefix first, as stores order their keys. <0, 0 or >0. */
static inline int text_compare(struct text a, struct text b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.at, b.at, shared);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* For printf("%.*s"): TEXT_ARGS(text). */
#define TEXT_ARGS(t) (int)(t).len, (t).at

#endif
