/*
 * response.h - where an HTTP/1.1 answer ends, and what its head says.
 *
 * Strict, and just what a load generator needs: one answer at a time, a body of stated length. It
 * knows no chunks, no interim answers and no folded lines; it refuses them by name instead of
 * guessing, because a wrong guess about where an answer ends would count the next one wrongly.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_LOAD_RESPONSE_H
#define FOOTFALL_CLI_LOAD_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESPONSE_HEAD_BYTES_MAX = 16 * 1024, RESPONSE_BODY_BYTES_MAX = 4 * 1024 * 1024 };

struct response {
    int status;        /* 200 to 599 */
    size_t head_bytes; /* with the empty line */
    size_t body_bytes; /* right behind the head */
    bool close;        /* the server will close the connection */
    int retry_after_s; /* -1: not said, or not as a number */
};

enum response_state { RESPONSE_INCOMPLETE, RESPONSE_COMPLETE, RESPONSE_BAD };

/*
 * Reads the answer at the start of len bytes. RESPONSE_COMPLETE: *out is set, and the answer is
 * head_bytes + body_bytes long. RESPONSE_INCOMPLETE: ask again with more. RESPONSE_BAD: this is no
 * answer that can be followed; *why says it (static storage).
 */
enum response_state response_parse(const char *at, size_t len, struct response *out,
                                   const char **why);

#endif
