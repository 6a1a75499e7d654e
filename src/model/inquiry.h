/*
 * inquiry.h - an inquiry as it is kept: a fact beside the counts, with its sender's words.
 *
 * The key names it among a user's inquiries of one moment: the event's id if it had one, else
 * one made from the journal's id and the entry's place in it, so that applying a batch again
 * finds the same inquiry.
 */
#ifndef FOOTFALL_MODEL_INQUIRY_H
#define FOOTFALL_MODEL_INQUIRY_H

#include <stdint.h>

#include "base/text.h"

/* The longest key: "j" + 32 hexadecimal digits + "-" + 20 digits + "-" + 10 digits. */
enum { INQUIRY_KEY_BYTES_MAX = 65 };

/* Absent texts have at == NULL. */
struct inquiry {
    struct text user_id;
    struct text listing_id;
    struct text key;
    struct text source;
    struct text content; /* the JSON object as it was sent */
    int64_t time_ms;     /* when it happened */
    int64_t received_ms; /* when it was accepted */
    uint8_t platform;
};

#endif
