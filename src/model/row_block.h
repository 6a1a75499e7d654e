/*
 * row_block.h - what month blocks and cell blocks have in common: rows of a listing, by slots.
 *
 * A slot is a day of a month block or a quarter of a cell block. Only month_block.c and
 * cell_block.c include this, beside the three files that implement it.
 *
 *     block   = first byte (kind and version) | dictionary | groups, slots ascending, to the end
 *     dictionary = varint of count | names, ascending: byte of length, bytes
 *     group   = head | platform rows, platforms ascending | source rows, indexes ascending
 *     head    = 16 bits: slot 0-6 | platform rows 7-10, 15: a byte follows | source rows 11-15,
 *               31: a byte follows
 *     platform row = 16 bits: platform 0-3 | widths of views 4-6, shares 7-9, inquiries 10-12,
 *               time 13-15 || name if platform is 15 || the four numbers
 *     source row = 16 bits: widths of views 0-2, shares 3-5, inquiries 6-8 | index 9-15, 127: 16
 *               bits follow || the three numbers
 *     width   = 0 to 6 bytes, or 7: 8 bytes; the least that holds the number
 *     time    = zigzag of (newest receive time - start of the slot), ms
 *
 * Numbers stand bare behind a head that knows their widths, so a row is read by four masked
 * loads without a decision, where varints would cost one mispredicted branch each.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_MODEL_ROW_BLOCK_H
#define FOOTFALL_MODEL_ROW_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "model/calendar.h"
#include "model/counts.h"
#include "model/platform.h"

enum {
    /* What stands in a group's head. */
    SLOT_MASK = 0x7f,
    GROUP_PLATFORMS_SHIFT = 7,
    GROUP_PLATFORMS_FULL = 15, /* a byte follows */
    GROUP_SOURCES_SHIFT = 11,
    GROUP_SOURCES_FULL = 31, /* a byte follows */
    GROUP_HEAD_BYTES_MAX = 4,

    /* What stands in a row's head. */
    WIDTH_MASK = 7,
    WIDTH_BITS = 3,
    PLATFORM_MASK = 15,
    PLATFORM_NAMED = 15, /* 14 is kept for a byte of code, once built-in ones outgrow 4 bits */
    PLATFORM_WIDTHS_SHIFT = 4,
    SOURCE_INDEX_SHIFT = 9,
    SOURCE_INDEX_FULL = 127,            /* 16 bits follow */
    PLATFORM_ROW_BYTES_MAX = 2 + 4 * 8, /* without a name */
    NAMED_ROW_BYTES_MAX = PLATFORM_ROW_BYTES_MAX + 1 + PLATFORM_NAME_BYTES_MAX,
    SOURCE_ROW_BYTES_MAX = 2 + 2 + 3 * 8,

    GROUP_SOURCES_MAX = SOURCES_PER_DAY_MAX + 1,   /* with "(other)" */
    BLOCK_NAMES_MAX = 31 * SOURCES_PER_DAY_MAX + 1 /* a month's; "(other)" once */
};
_Static_assert(PLATFORM_BUILTIN_LAST < 14, "the row head has room for codes up to 13");
_Static_assert(PLATFORMS_MAX <= 256 && GROUP_SOURCES_MAX <= 255, "counts in a byte");

/* Bytes of a number by its width. */
extern const uint8_t block_width_bytes[8];

/* Which block it is: a month's with by_quarter false, or a day's. */
struct block_kind {
    const char *name;
    uint8_t first_byte;
    bool by_quarter;
    uint8_t slot_min;
    uint8_t slot_max;
    uint16_t names_max; /* in the dictionary, "(other)" not included */
    int32_t day;        /* that of slot_min; of every slot, by quarter */
};

static inline int32_t slot_day(const struct block_kind *kind, unsigned slot)
{
    return kind->by_quarter ? kind->day : kind->day + (int32_t)slot - kind->slot_min;
}

static inline int16_t slot_quarter(const struct block_kind *kind, unsigned slot)
{
    return kind->by_quarter ? (int16_t)slot : 0;
}

static inline int64_t slot_start_ms(const struct block_kind *kind, unsigned slot)
{
    return slot_day(kind, slot) * ms_per_day + slot_quarter(kind, slot) * ms_per_quarter;
}

/* The slot of a row's (day, quarter), which must belong to the block. */
unsigned slot_of(const struct block_kind *kind, int32_t day, int quarter);

/* A source row whose name stands in the dictionary. */
struct block_source {
    uint16_t slot;
    uint16_t index;
    struct counts counts;
};

struct block_group {
    unsigned slot;
    unsigned platform_count;
    unsigned source_count;
};

/*
 * Walks over a block. Rows are read without looking for the end between their numbers: near the
 * end the rest is moved to `tail`, which has room behind, and one look behind each row follows.
 */
struct block_reader {
    const struct block_kind *kind;
    const uint8_t *at;
    const uint8_t *end;
    size_t block_bytes;
    int slot_last;
    uint32_t name_count;
    uint32_t other; /* index of "(other)"; name_count without one */
    bool in_tail;
    bool named_platforms; /* some row's platform stands by name */
    uint8_t tail[2 * PLATFORM_ROW_BYTES_MAX];
    bool name_used[BLOCK_NAMES_MAX];
    struct text names[BLOCK_NAMES_MAX]; /* point into the block */
};

MUST_USE enum status block_reader_open(struct block_reader *reader, const struct block_kind *kind,
                                       struct text block, struct error *err);
/* Reads the next group's head, or makes *more false behind the last. */
MUST_USE enum status block_reader_next(struct block_reader *reader, struct block_group *out,
                                       bool *more, struct error *err);
/* Fills platform_count and source_count rows: those of the group whose head was just read. */
MUST_USE enum status block_reader_rows(struct block_reader *reader, const struct block_group *group,
                                       struct platform_row *platforms, struct block_source *sources,
                                       struct error *err);

/* What a block is to hold: lists sorted, without repeated keys or rows of zeros. */
struct block_content {
    const struct text *names;
    uint32_t name_count;
    struct platform_row *platforms;
    size_t platform_count;
    struct block_source *sources;
    size_t source_count;
};

/* Replaces the content of *out; no rows make no bytes. STATUS_NO_MEMORY leaves *out as it was. */
MUST_USE enum status block_write(const struct block_kind *kind, const struct block_content *content,
                                 struct bytes *out, struct error *err);

/* As month_block_decode() and cell_block_decode(), of the slots from first to last. */
MUST_USE enum status block_decode(const struct block_kind *kind, struct text block,
                                  unsigned slot_first, unsigned slot_last, struct count_rows *rows,
                                  struct error *err);

/* As month_block_sum(). */
MUST_USE enum status block_sum(const struct block_kind *kind, struct text block,
                               unsigned slot_first, unsigned slot_last, struct counts *sum,
                               struct error *err);

/* As month_block_fold() and cell_block_fold(). */
MUST_USE enum status block_fold(const struct block_kind *kind, struct text block,
                                const struct count_rows *delta, struct bytes *out,
                                struct error *err);

#endif
