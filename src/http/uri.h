/*
 * uri.h - a request's target taken apart: the path's segments, the query's parameters.
 *
 * The raw path is split first and each segment decoded after, so that an id may hold an encoded
 * slash. Decoding is strict: an escape is '%' and two hexadecimal digits, and what comes out is
 * UTF-8 without NUL. In the query '+' stands for a space, as forms and URLSearchParams write it.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_HTTP_URI_H
#define FOOTFALL_HTTP_URI_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum { URI_SEGMENTS_MAX = 8, URI_PARAMETERS_MAX = 112 };

struct uri_parameter {
    struct text name;
    struct text value;
};

struct uri {
    struct text path;  /* raw, up to the '?' */
    struct text query; /* raw, behind the '?'; absent without one */
    struct text segments[URI_SEGMENTS_MAX];
    size_t segment_count;
    struct uri_parameter parameters[URI_PARAMETERS_MAX];
    size_t parameter_count;
};

/*
 * Takes the target apart. Texts point into it or, where there was something to decode, into the
 * arena. STATUS_INVALID:
 *   invalid_target     it does not start with '/', or holds a space, a control character or '#'
 *   invalid_escape     a bad escape, NUL, or bytes that are not UTF-8 (field: path or query)
 *   too_many_parameters
 * STATUS_NOT_FOUND for a path of more segments than any address has; STATUS_NO_MEMORY.
 */
MUST_USE enum status uri_parse(struct text target, struct arena *arena, struct uri *out,
                               struct error *err);

/* The first parameter of that name; absent without one. */
struct text uri_parameter(const struct uri *uri, const char *name);

#endif
