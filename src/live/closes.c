/*
 * closes.c - why subscribers are closed, in a word, a code and a sentence.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <wslay/wslay.h>

#include "live/live_parts.h"

enum { CODE_TRY_AGAIN_LATER = 1013 }; /* registered since; wslay has no name for it */

/* A close frame holds 123 bytes of words. */
static const struct close_words closes[LIVE_CLOSES] = {
    [LIVE_CLOSE_CLIENT] = {"client", WSLAY_CODE_NORMAL_CLOSURE, "goodbye"},
    [LIVE_CLOSE_STOPPING] = {"stopping", WSLAY_CODE_GOING_AWAY, "the server is stopping"},
    [LIVE_CLOSE_SLOW] = {"too_slow", CODE_TRY_AGAIN_LATER,
                         "messages were not read fast enough; connect again to go on"},
    [LIVE_CLOSE_IDLE] = {"idle", WSLAY_CODE_GOING_AWAY, "pings were not answered"},
    [LIVE_CLOSE_PROTOCOL] = {"protocol", WSLAY_CODE_PROTOCOL_ERROR,
                             "these are no frames of RFC 6455"},
    [LIVE_CLOSE_NOT_TEXT] = {"not_text", WSLAY_CODE_UNSUPPORTED_DATA,
                             "messages are JSON, sent as text"},
    [LIVE_CLOSE_TOO_BIG] = {"too_big", WSLAY_CODE_MESSAGE_TOO_BIG,
                            "a message is over 32 KiB, or in more than 64 fragments"},
    [LIVE_CLOSE_FLOOD] = {"too_many_messages", WSLAY_CODE_POLICY_VIOLATION,
                          "more than 200 frames in 10 seconds"},
    [LIVE_CLOSE_DENIED] = {"unauthorized", WSLAY_CODE_POLICY_VIOLATION,
                           "no key, or a wrong one: send {\"type\":\"auth\",\"key\":...} first"},
    [LIVE_CLOSE_FULL] = {"overloaded", CODE_TRY_AGAIN_LATER,
                         "too many subscribers, or listings to watch"},
    [LIVE_CLOSE_FAILED] = {"failed", WSLAY_CODE_INTERNAL_SERVER_ERROR,
                           "the server could not go on with this subscriber"},
};

const struct close_words *close_words(enum live_close reason)
{
    return &closes[reason];
}

const char *live_close_name(enum live_close reason)
{
    return closes[reason].name;
}
