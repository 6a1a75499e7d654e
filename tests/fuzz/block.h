/*
 * block.h - what the targets of both kinds of blocks promise.
 *
 * Bytes are refused, or they are exactly what folding writes: nothing folded into them, and all
 * that they hold folded into nothing, give the same bytes again. But a platform that stands there
 * by its name and is built in by now is written by its code: then folding gives other bytes, once.
 */
#ifndef FOOTFALL_TESTS_FUZZ_BLOCK_H
#define FOOTFALL_TESTS_FUZZ_BLOCK_H

#include "fuzz.h"

#include "base/bytes.h"
#include "model/counts.h"
#include "model/platform.h"

struct fuzz_block {
    enum status (*decode)(struct text block, struct count_rows *rows, struct error *err);
    enum status (*fold)(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err);
};

static inline bool fuzz_names_a_builtin(struct text block)
{
    for (uint8_t code = 1; code <= PLATFORM_BUILTIN_LAST; code++) {
        struct text name = platform_name(code);
        char counted[PLATFORM_NAME_BYTES_MAX + 1];
        counted[0] = (char)name.len;
        memcpy(counted + 1, name.at, name.len);
        if (memmem(block.at, block.len, counted, name.len + 1) != NULL)
            return true;
    }
    return false;
}

/* Folds delta into the block, which must give the bytes wanted. */
static inline void fuzz_fold_to(const struct fuzz_block *kind, struct text block,
                                const struct count_rows *delta, struct text want)
{
    static const struct count_rows nothing;
    struct bytes out = {0};
    struct bytes again = {0};
    struct error err;
    FUZZ_CHECK(kind->fold(block, delta, &out, &err) == STATUS_OK, "what decodes does not fold: %s",
               err.message);
    struct text folded = {(const char *)out.at, out.len};
    FUZZ_CHECK(text_equal(folded, want) || fuzz_names_a_builtin(want),
               "folded from %zu bytes to others", block.len);
    FUZZ_CHECK(kind->fold(folded, &nothing, &again, &err) == STATUS_OK && again.len == out.len &&
                   memcmp(again.at, out.at, out.len) == 0,
               "folded once more it is not the same");
    bytes_done(&out);
    bytes_done(&again);
}

static inline void fuzz_block_one(const struct fuzz_block *kind, const uint8_t *data, size_t size)
{
    static const struct count_rows nothing;
    struct count_rows rows = {0};
    struct bytes out = {0};
    struct error err = {0};
    char *copy = fuzz_copy(data, size);
    struct text block = {copy, size};
    enum status status = kind->decode(block, &rows, &err);
    if (status == STATUS_OK && size > 0) {
        fuzz_fold_to(kind, block, &nothing, block);
        fuzz_fold_to(kind, (struct text){NULL, 0}, &rows, block);
    } else if (status != STATUS_OK) {
        /* STATUS_TOO_LARGE: more names of platforms than a process can tell apart */
        FUZZ_CHECK(status == STATUS_CORRUPT || status == STATUS_TOO_LARGE, "status %d", status);
        FUZZ_CHECK(err.message[0] != '\0', "refused without words");
        enum status folded = kind->fold(block, &nothing, &out, &err);
        FUZZ_CHECK(folded == status || status == STATUS_TOO_LARGE || folded == STATUS_TOO_LARGE,
                   "decoding and folding say different things");
        FUZZ_CHECK(folded != STATUS_OK, "what does not decode folds");
    }
    count_rows_done(&rows);
    bytes_done(&out);
    free(copy);
}

#endif
