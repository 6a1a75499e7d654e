/*
 * target_parts.h - for target.c, which opens, and target_ask.c, which asks: what a target is.
 *
 * Threads: as target.h.
 */
#ifndef FOOTFALL_CLI_TARGET_PARTS_H
#define FOOTFALL_CLI_TARGET_PARTS_H

#include <curl/curl.h>

#include "base/bytes.h"
#include "cli/local_server.h"
#include "cli/target.h"
#include "http/access.h"

enum { TARGET_KEY_LINE_BYTES = ACCESS_KEY_BYTES_MAX + 2, TARGET_URL_BYTES = 1024 };

struct target {
    struct local_server *folder; /* NULL: it is somebody else's server */
    CURL *curl;
    char url[TARGET_URL_BYTES];
    char key[TARGET_KEY_LINE_BYTES]; /* "": none */
    bool is_loopback;
    struct bytes answer; /* the body of the last one */
    unsigned retry_after_s;
    bool too_large;
    char curl_words[CURL_ERROR_SIZE];
};

#endif
