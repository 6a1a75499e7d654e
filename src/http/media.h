/*
 * media.h - what a body is, by its Content-Type (RFC 9110, section 8.3).
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_HTTP_MEDIA_H
#define FOOTFALL_HTTP_MEDIA_H

#include <stdbool.h>

#include "base/text.h"

enum media { MEDIA_NONE, MEDIA_JSON, MEDIA_NDJSON, MEDIA_OTHER };

/*
 * application/json or application/x-ndjson (also application/ndjson, application/jsonl), in any
 * case, parameters such as charset=utf-8 allowed; a charset other than UTF-8 is MEDIA_OTHER.
 * MEDIA_NONE for absent or empty text.
 */
enum media media_parse(struct text content_type);

/* Whether the two are the same but for the case of ASCII letters. */
bool text_is_caseless(struct text text, const char *lower);

/* Text without spaces and tabs at both ends. */
struct text text_trim(struct text text);

#endif
