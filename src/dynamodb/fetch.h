/*
 * fetch.h - one small HTTP exchange, waited for: with metadata endpoints, which give credentials.
 *
 * Never through a proxy (these endpoints are the machine's own, but for the token service's, which
 * says so), never redirected, never long.
 *
 * Threads: any; no shared state.
 */
#ifndef FOOTFALL_DYNAMODB_FETCH_H
#define FOOTFALL_DYNAMODB_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"

enum {
    FETCH_ANSWER_BYTES_MAX = 64 * 1024,
    FETCH_CONNECT_MS = 1000,
    FETCH_TIMEOUT_MS = 3000,
    FETCH_HEADERS_MAX = 4
};

struct fetch {
    const char *method;
    const char *url;
    const char *headers[FETCH_HEADERS_MAX]; /* "Name: value"; NULL: none */
    const char *body;                       /* NULL: none */
    bool through_proxy;                     /* as the environment says */
};

/* Makes libcurl ready, once a process. STATUS_NO_MEMORY when it cannot be. */
MUST_USE enum status fetch_ready(struct error *err);

/*
 * Appends the body of an answer of status 200 to *out, and a NUL that its len does not count.
 *   STATUS_IO         no answer, another status (the words have it and the body's beginning), too
 * long STATUS_NO_MEMORY
 */
MUST_USE enum status fetch(const struct fetch *request, struct bytes *out, struct error *err);

#endif
