/*
 * fuzz.h - what fuzz targets share.
 *
 * A target is one file with fuzz_one(): it takes any bytes and aborts when a promise is broken;
 * sanitizers watch the rest. script/fuzz links it with libFuzzer, which makes up the bytes;
 * script/test links it with replay.c, which feeds it the kept corpus.
 */
#ifndef FOOTFALL_TESTS_FUZZ_H
#define FOOTFALL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

/* libFuzzer's name for it; always 0. */
#define fuzz_one LLVMFuzzerTestOneInput
int fuzz_one(const uint8_t *data, size_t size);

/* Aborts with the words, printf-like, if !ok. */
#define FUZZ_CHECK(ok, ...)                                                                        \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            fprintf(stderr, "%s:%d: broken: ", __FILE__, __LINE__);                                \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A copy that ends with its memory, so that a sanitizer sees a step behind it; free() it. */
static inline char *fuzz_copy(const void *from, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    FUZZ_CHECK(copy != NULL, "no memory");
    if (len > 0)
        memcpy(copy, from, len);
    return copy;
}

/* The input, eaten from its front; what is missing reads as 0. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};
static inline uint64_t fuzz_number(struct fuzz_input *input, size_t bytes)
{
    uint64_t number = 0;
    for (; bytes > 0; bytes--) {
        number = number << 8 | (input->left > 0 ? *input->at : 0);
        input->at += input->left > 0;
        input->left -= input->left > 0;
    }
    return number;
}
static inline struct text fuzz_text(struct fuzz_input *input, size_t len)
{
    struct text text = {(const char *)input->at, len < input->left ? len : input->left};
    input->at += text.len;
    input->left -= text.len;
    return text;
}

/* A new folder below $TMPDIR or /tmp, removed with all it holds when the process ends in order. */
const char *fuzz_temp_dir(void);

#endif
