/*
 * head.h - a request's header fields: the few that matter, and none that could mean two things.
 *
 * The HTTP library reads generously; what two readers could understand differently is how requests
 * are smuggled past a proxy. So everything doubtful is refused here, and the connection closed:
 * several or contradicting lengths, several hosts, folded lines, white space before a colon,
 * bare line feeds, NUL and other control characters.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_HTTP_HEAD_H
#define FOOTFALL_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { HEAD_FIELDS_MAX = 100, HEAD_BYTES_MAX = 8 * 1024 };

struct head_field {
    struct text name;
    struct text value;
};

/* What the request's first line and fields say. Absent texts were not sent. */
struct head {
    struct text host;
    struct text origin;
    struct text authorization;
    struct text content_type;
    struct text content_encoding;
    struct text accept_encoding;
    struct text if_none_match;
    struct text upgrade;
    struct text connection;
    struct text websocket_key;
    struct text websocket_version;
    struct text last_event_id;
    uint64_t content_length;
    bool has_content_length;
    bool chunked;
    bool expects_continue; /* the client waits for a word before it sends the body */
    bool one_dot_zero;
};

/* Where the library holds the head: it cuts lines by writing NUL over separators, in place. */
struct head_layout {
    const char *method;  /* where the head begins */
    size_t target_bytes; /* of the target as it came */
    const char *version; /* "HTTP/1.1", the end of the first line */
    size_t head_bytes;   /* from the method to behind the empty line */
};

/*
 * Whether the pieces fill the head without gaps: method SP target SP version CR LF, then for each
 * field name ':' white space, value, CR LF, then CR LF. Folded lines, bare line feeds and NUL leave
 * a gap or move a field elsewhere.
 */
bool head_is_gapless(const struct head_layout *layout, const struct head_field *fields,
                     size_t count);

/* Reads the fields. STATUS_INVALID, code "invalid_request", says what is wrong. */
MUST_USE enum status head_read(const struct head_field *fields, size_t count, const char *version,
                               struct head *out, struct error *err);

#endif
