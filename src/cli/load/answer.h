/*
 * answer.h - what the server says about events that were sent.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_LOAD_ANSWER_H
#define FOOTFALL_CLI_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_CODE_BYTES = 32 };

struct answer {
    bool success;
    uint64_t recorded;
    uint64_t duplicates;
    uint64_t rejected;            /* lines of a stream */
    char code[ANSWER_CODE_BYTES]; /* of an error, cut to fit; "" without one */
};

/* Reads a body; false when it is no JSON object. */
bool answer_read(const char *body, size_t len, struct answer *out);

#endif
