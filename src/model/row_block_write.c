/*
 * row_block_write.c - writes blocks in their one spelling.
 *
 * Room for the longest that the rows could become is made first. Numbers are then put down as
 * eight bytes each, of which the next one overwrites what is too much; so up to seven bytes
 * behind the end are written, too, and room is made for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/row_block.h"

#include <assert.h>

static inline unsigned width_of(uint64_t number)
{
    unsigned bytes = (64 - (unsigned)__builtin_clzll(number | 1) + 7) / 8 - (number == 0);
    return bytes < 7 ? bytes : 7;
}

static inline uint8_t *put_number(uint8_t *to, uint64_t number, unsigned width)
{
    put_u64(to, number);
    return to + block_width_bytes[width];
}

static inline uint8_t *put_u16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    return to + 2;
}

static inline unsigned widths_of(const struct counts *counts)
{
    return width_of(counts->of[EVENT_VIEW]) | width_of(counts->of[EVENT_SHARE]) << WIDTH_BITS |
           width_of(counts->of[EVENT_INQUIRY]) << 2 * WIDTH_BITS;
}

static inline uint8_t *put_counts(uint8_t *to, const struct counts *counts, unsigned widths)
{
    to = put_number(to, counts->of[EVENT_VIEW], widths & WIDTH_MASK);
    to = put_number(to, counts->of[EVENT_SHARE], widths >> WIDTH_BITS & WIDTH_MASK);
    return put_number(to, counts->of[EVENT_INQUIRY], widths >> 2 * WIDTH_BITS & WIDTH_MASK);
}

static uint8_t *put_platform_row(uint8_t *to, const struct platform_row *row, int64_t start_ms)
{
    bool named = row->platform > PLATFORM_BUILTIN_LAST;
    uint64_t offset = zigzag((int64_t)((uint64_t)row->updated_ms - (uint64_t)start_ms));
    unsigned time_width = width_of(offset);
    unsigned widths = widths_of(&row->counts);
    to = put_u16(to, (named ? PLATFORM_NAMED : row->platform) | widths << PLATFORM_WIDTHS_SHIFT |
                         time_width << (PLATFORM_WIDTHS_SHIFT + 3 * WIDTH_BITS));
    if (named) {
        struct text name = platform_name(row->platform);
        *to++ = (uint8_t)name.len;
        memcpy(to, name.at, name.len);
        to += name.len;
    }
    to = put_counts(to, &row->counts, widths);
    return put_number(to, offset, time_width);
}

static uint8_t *put_source_row(uint8_t *to, const struct block_source *row)
{
    unsigned widths = widths_of(&row->counts);
    if (row->index < SOURCE_INDEX_FULL) {
        to = put_u16(to, widths | (unsigned)row->index << SOURCE_INDEX_SHIFT);
    } else {
        to = put_u16(to, widths | (unsigned)SOURCE_INDEX_FULL << SOURCE_INDEX_SHIFT);
        to = put_u16(to, row->index);
    }
    return put_counts(to, &row->counts, widths);
}

static uint8_t *put_group_head(uint8_t *to, const struct block_group *group)
{
    bool platforms_full = group->platform_count >= GROUP_PLATFORMS_FULL;
    bool sources_full = group->source_count >= GROUP_SOURCES_FULL;
    to = put_u16(to, group->slot |
                         (platforms_full ? GROUP_PLATFORMS_FULL : group->platform_count)
                             << GROUP_PLATFORMS_SHIFT |
                         (sources_full ? GROUP_SOURCES_FULL : group->source_count)
                             << GROUP_SOURCES_SHIFT);
    if (platforms_full)
        *to++ = (uint8_t)group->platform_count;
    if (sources_full)
        *to++ = (uint8_t)group->source_count;
    return to;
}

static uint8_t *put_groups(uint8_t *to, const struct block_kind *kind,
                           const struct block_content *content)
{
    const struct platform_row *platform = content->platforms;
    const struct platform_row *platforms_end = platform + content->platform_count;
    const struct block_source *source = content->sources;
    const struct block_source *sources_end = source + content->source_count;
    while (platform < platforms_end || source < sources_end) {
        unsigned slot = kind->slot_max;
        if (platform < platforms_end)
            slot = slot_of(kind, platform->day, platform->quarter);
        if (source < sources_end && source->slot < slot)
            slot = source->slot;

        const struct platform_row *first_platform = platform;
        const struct block_source *first_source = source;
        const int32_t day = slot_day(kind, slot);
        const int16_t quarter = slot_quarter(kind, slot);
        const int64_t start_ms = slot_start_ms(kind, slot);
        while (platform < platforms_end && platform->day == day && platform->quarter == quarter)
            platform++;
        while (source < sources_end && source->slot == slot)
            source++;
        to = put_group_head(to, &(struct block_group){slot, (unsigned)(platform - first_platform),
                                                      (unsigned)(source - first_source)});
        for (const struct platform_row *row = first_platform; row < platform; row++)
            to = put_platform_row(to, row, start_ms);
        for (const struct block_source *row = first_source; row < source; row++)
            to = put_source_row(to, row);
    }
    return to;
}

enum status block_write(const struct block_kind *kind, const struct block_content *content,
                        struct bytes *out, struct error *err)
{
    size_t bytes_max = 1 + VARINT_BYTES_MAX + 8 +
                       content->platform_count * (NAMED_ROW_BYTES_MAX + GROUP_HEAD_BYTES_MAX) +
                       content->source_count * (SOURCE_ROW_BYTES_MAX + GROUP_HEAD_BYTES_MAX);
    for (uint32_t i = 0; i < content->name_count; i++)
        bytes_max += 1 + content->names[i].len;
    if (content->platform_count + content->source_count == 0) {
        out->len = 0;
        return STATUS_OK;
    }
    if (bytes_max > out->cap && !bytes_reserve(out, bytes_max - out->len))
        return fail(err, STATUS_NO_MEMORY, "no memory to write a %s", kind->name);

    uint8_t *to = out->at;
    *to++ = kind->first_byte;
    to = put_varint(to, content->name_count);
    for (uint32_t i = 0; i < content->name_count; i++) {
        *to++ = (uint8_t)content->names[i].len;
        memcpy(to, content->names[i].at, content->names[i].len);
        to += content->names[i].len;
    }
    to = put_groups(to, kind, content);
    out->len = (size_t)(to - out->at);
    assert(out->len <= bytes_max);
    return STATUS_OK;
}
