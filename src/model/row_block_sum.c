/*
 * row_block_sum.c - adds a block up without looking closer than that takes.
 *
 * Ranking ten thousand listings needs three sums of each, so rows are passed over by their widths
 * and only their counts are taken: no canonical form, no order, no names (row_block_read.c sees to
 * these, whenever a listing's rows are shown or folded into). What cannot be walked to its very
 * end is refused.
 *
 * The next row's place hangs on the widths in this row's head, and that chain of a load, a table
 * and two additions is what a row costs; everything else goes on beside it.
 *
 * Bounds are kept as in row_block_read.c: near the end the rest is moved to where there is room.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/row_block.h"

enum { ROOM = 40, WIDTHS_OF_TWO = 1 << 2 * WIDTH_BITS };
_Static_assert(ROOM >= (int)PLATFORM_ROW_BYTES_MAX && ROOM >= (int)SOURCE_ROW_BYTES_MAX &&
                   ROOM >= (int)GROUP_HEAD_BYTES_MAX,
               "whatever comes next can be read");

struct walk {
    const struct block_kind *kind;
    const uint8_t *end;
    size_t block_bytes;
    bool in_tail;
    uint8_t tail[2 * ROOM];
};

/* Bytes of two numbers whose widths stand side by side. */
#define TWO(high)                                                                                  \
    (high) + 0, (high) + 1, (high) + 2, (high) + 3, (high) + 4, (high) + 5, (high) + 6, (high) + 8
static const uint8_t two_bytes[WIDTHS_OF_TWO] = {TWO(0), TWO(1), TWO(2), TWO(3),
                                                 TWO(4), TWO(5), TWO(6), TWO(8)};
static const uint64_t masks[1 << WIDTH_BITS] = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, UINT64_MAX,
};

static enum status refuse(const struct walk *walk, struct error *err)
{
    return fail(err, STATUS_CORRUPT, "a %s of %zu bytes is damaged: it cannot be read to its end",
                walk->kind->name, walk->block_bytes);
}

static const uint8_t *move_to_tail(struct walk *walk, const uint8_t *at)
{
    size_t left = (size_t)(walk->end - at);
    memcpy(walk->tail, at, left);
    memset(walk->tail + left, 0, sizeof walk->tail - left);
    walk->in_tail = true;
    walk->end = walk->tail + left;
    return walk->tail;
}

/* Makes ROOM bytes readable from the place that is returned. at is not behind the end. */
static inline const uint8_t *with_room(struct walk *walk, const uint8_t *at)
{
    if (__builtin_expect(walk->end - at >= ROOM, 1) || walk->in_tail)
        return at;
    return move_to_tail(walk, at);
}

static inline unsigned get_u16(const uint8_t *from)
{
    return from[0] | (unsigned)from[1] << 8;
}

/* Adds up `count` platform rows; *seen collects their bits. NULL when the block ends before. */
static inline const uint8_t *sum_platforms(struct walk *walk, const uint8_t *at, unsigned count,
                                           struct counts *sum, uint64_t *seen)
{
    struct counts total = *sum;
    for (unsigned i = 0; i < count; i++) {
        at = with_room(walk, at);
        unsigned head = get_u16(at);
        unsigned widths = head >> PLATFORM_WIDTHS_SHIFT;
        at += 2;
        if (__builtin_expect((head & PLATFORM_MASK) == PLATFORM_NAMED, 0)) {
            ptrdiff_t name_len = *at++;
            if (name_len > walk->end - at)
                return NULL;
            at = with_room(walk, at + name_len);
        }
        unsigned first_two = two_bytes[widths % WIDTHS_OF_TWO];
        uint64_t views = get_u64(at) & masks[widths & WIDTH_MASK];
        uint64_t shares = get_u64(at + block_width_bytes[widths & WIDTH_MASK]) &
                          masks[widths >> WIDTH_BITS & WIDTH_MASK];
        uint64_t inquiries = get_u64(at + first_two) & masks[widths >> 2 * WIDTH_BITS & WIDTH_MASK];
        at += first_two + two_bytes[widths >> 2 * WIDTH_BITS];
        if (at > walk->end)
            return NULL;
        *seen |= views | shares | inquiries;
        total.of[EVENT_VIEW] = count_add(total.of[EVENT_VIEW], views);
        total.of[EVENT_SHARE] = count_add(total.of[EVENT_SHARE], shares);
        total.of[EVENT_INQUIRY] = count_add(total.of[EVENT_INQUIRY], inquiries);
    }
    *sum = total;
    return at;
}

static const uint8_t *pass_sources(struct walk *walk, const uint8_t *at, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        at = with_room(walk, at);
        unsigned head = get_u16(at);
        at += 2 + (head >> SOURCE_INDEX_SHIFT == SOURCE_INDEX_FULL ? 2 : 0) +
              two_bytes[head % WIDTHS_OF_TWO] +
              block_width_bytes[head >> 2 * WIDTH_BITS & WIDTH_MASK];
        if (at > walk->end)
            return NULL;
    }
    return at;
}

/* Behind the first byte and the names; NULL when the block ends before. */
static const uint8_t *pass_dictionary(const uint8_t *at, const uint8_t *end)
{
    uint64_t count = 0;
    if (!get_varint(&at, end, &count))
        return NULL;
    for (; count > 0; count--) {
        if (at == end || *at >= end - at)
            return NULL;
        at += 1 + *at;
    }
    return at;
}

enum status block_sum(const struct block_kind *kind, struct text block, unsigned slot_first,
                      unsigned slot_last, struct counts *sum, struct error *err)
{
    struct walk walk; /* not cleared: the tail is rarely used */
    struct counts inside = {0};
    struct counts outside = {0};
    uint64_t seen = 0;

    if (block.len == 0)
        return STATUS_OK; /* nothing counted */
    const uint8_t *at = (const uint8_t *)block.at;
    walk.kind = kind;
    walk.end = at + block.len;
    walk.block_bytes = block.len;
    walk.in_tail = false;
    if (*at != kind->first_byte)
        return refuse(&walk, err);
    at = pass_dictionary(at + 1, walk.end);
    if (at == NULL)
        return refuse(&walk, err);

    while (at != walk.end) {
        at = with_room(&walk, at);
        unsigned head = get_u16(at);
        unsigned slot = head & SLOT_MASK;
        unsigned platforms = head >> GROUP_PLATFORMS_SHIFT & GROUP_PLATFORMS_FULL;
        unsigned sources = head >> GROUP_SOURCES_SHIFT;
        at += 2;
        if (platforms == GROUP_PLATFORMS_FULL)
            platforms = *at++;
        if (sources == GROUP_SOURCES_FULL)
            sources = *at++;
        if (at > walk.end)
            return refuse(&walk, err);
        bool asked = slot >= slot_first && slot <= slot_last;
        at = sum_platforms(&walk, at, platforms, asked ? &inside : &outside, &seen);
        if (at != NULL && sources > 0)
            at = pass_sources(&walk, at, sources);
        if (at == NULL)
            return refuse(&walk, err);
    }
    if (seen > count_max)
        return refuse(&walk, err);
    counts_add(sum, &inside);
    return STATUS_OK;
}
