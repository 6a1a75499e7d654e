/*
 * row_block_read.c - reads blocks, and refuses every block that folding would not have written.
 *
 * Canonical form is checked on the way, mostly without branches: what could be wrong in a row is
 * collected in one word. So a block that decodes is byte for byte what folding its rows gives,
 * with one exception: a platform that was named when it was written and is built in by now.
 *
 * Bounds: before a row (and behind a platform's name) the reader sees to it that as many bytes as
 * the longest row has can be read, if need be from `tail`, where zeros stand behind the block's
 * end. A row that used them has moved behind `end`, which is seen before the next one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/row_block.h"

#include <assert.h>

const uint8_t block_width_bytes[8] = {0, 1, 2, 3, 4, 5, 6, 8};
static const uint64_t width_min[8] = {
    0, 1, 1 << 8, 1 << 16, 1 << 24, (uint64_t)1 << 32, (uint64_t)1 << 40, (uint64_t)1 << 48,
};
static const uint64_t width_mask[8] = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, UINT64_MAX,
};

unsigned slot_of(const struct block_kind *kind, int32_t day, int quarter)
{
    int32_t slot = kind->by_quarter ? quarter : day - kind->day + kind->slot_min;
    assert(slot >= kind->slot_min && slot <= kind->slot_max);
    assert(kind->by_quarter ? day == kind->day : quarter == 0);
    return (unsigned)slot;
}

static enum status refuse(const struct block_reader *reader, const char *why, struct error *err)
{
    ptrdiff_t left = reader->end - reader->at;
    size_t offset = left < 0 ? reader->block_bytes : reader->block_bytes - (size_t)left;
    return fail(err, STATUS_CORRUPT, "a %s of %zu bytes is damaged before byte %zu: %s",
                reader->kind->name, reader->block_bytes, offset, why);
}

static enum status read_dictionary(struct block_reader *reader, struct error *err)
{
    const struct block_kind *kind = reader->kind;
    const uint8_t *start = reader->at;
    uint64_t count;
    if (!get_varint(&reader->at, reader->end, &count) || count > (uint64_t)kind->names_max + 1)
        return refuse(reader, "too many sources", err);
    if (reader->at - start > 1 && reader->at[-1] == 0)
        return refuse(reader, "its number of sources is padded", err);

    reader->name_count = (uint32_t)count;
    reader->other = reader->name_count;
    memset(reader->name_used, 0, reader->name_count);
    for (uint32_t i = 0; i < reader->name_count; i++) {
        if (reader->at == reader->end || *reader->at == 0 || *reader->at > SOURCE_BYTES_MAX ||
            *reader->at >= reader->end - reader->at)
            return refuse(reader, "a source's name is cut off or too long", err);
        struct text name = {(const char *)reader->at + 1, *reader->at};
        if (i > 0 && text_compare(reader->names[i - 1], name) >= 0)
            return refuse(reader, "sources are not in order", err);
        if (text_is(name, "(other)"))
            reader->other = i;
        reader->names[i] = name;
        reader->at += 1 + name.len;
    }
    if (reader->name_count > kind->names_max && reader->other == reader->name_count)
        return refuse(reader, "too many sources", err);
    return STATUS_OK;
}

enum status block_reader_open(struct block_reader *reader, const struct block_kind *kind,
                              struct text block, struct error *err)
{
    reader->kind = kind;
    reader->at = block.len == 0 ? reader->tail : (const uint8_t *)block.at;
    reader->end = reader->at + block.len;
    reader->block_bytes = block.len;
    reader->slot_last = -1;
    reader->in_tail = false;
    reader->named_platforms = false;
    reader->name_count = 0;
    reader->other = 0;
    if (block.len == 0)
        return STATUS_OK; /* nothing counted */
    if (reader->at[0] != kind->first_byte)
        return fail(err, STATUS_CORRUPT,
                    "a %s begins with byte 0x%02x instead of 0x%02x: another kind of block, or "
                    "written by a newer Footfall",
                    kind->name, reader->at[0], kind->first_byte);
    reader->at++;
    enum status status = read_dictionary(reader, err);
    if (status == STATUS_OK && reader->at == reader->end)
        status = refuse(reader, "nothing is counted in it", err);
    return status;
}

/* Moves what is left, less than PLATFORM_ROW_BYTES_MAX bytes, to the tail. */
static const uint8_t *move_to_tail(struct block_reader *reader, const uint8_t *at)
{
    enum { ROOM = PLATFORM_ROW_BYTES_MAX };
    size_t left = (size_t)(reader->end - at);
    if (reader->block_bytes >= ROOM) /* with what stands before, so that the sizes are constant */
        memcpy(reader->tail, reader->end - ROOM, ROOM);
    else
        memcpy(reader->tail + ROOM - left, at, left);
    memset(reader->tail + ROOM, 0, ROOM);
    reader->in_tail = true;
    reader->end = reader->tail + ROOM;
    return reader->end - left;
}

/* Makes PLATFORM_ROW_BYTES_MAX bytes readable from the place that is returned. */
static inline const uint8_t *with_room(struct block_reader *reader, const uint8_t *at)
{
    if (__builtin_expect(reader->end - at >= PLATFORM_ROW_BYTES_MAX, 1) || reader->in_tail)
        return at;
    return move_to_tail(reader, at);
}

static inline unsigned get_u16(const uint8_t *from)
{
    return from[0] | (unsigned)from[1] << 8;
}

/* Takes a number of the given width; *bad becomes true when fewer bytes would hold it. */
static inline uint64_t take(const uint8_t **at, unsigned width, bool *bad)
{
    uint64_t number = get_u64(*at) & width_mask[width];
    *at += block_width_bytes[width];
    *bad |= number < width_min[width];
    return number;
}

/* Takes the three counts whose widths stand in the low bits of widths. */
static inline void take_counts(const uint8_t **at, unsigned widths, struct counts *out, bool *bad)
{
    uint64_t views = take(at, widths & WIDTH_MASK, bad);
    uint64_t shares = take(at, widths >> WIDTH_BITS & WIDTH_MASK, bad);
    uint64_t inquiries = take(at, widths >> 2 * WIDTH_BITS & WIDTH_MASK, bad);
    uint64_t any = views | shares | inquiries;
    *bad |= any == 0 || any > count_max;
    *out = (struct counts){
        {[EVENT_VIEW] = views, [EVENT_SHARE] = shares, [EVENT_INQUIRY] = inquiries}};
}

static inline enum status next_group(struct block_reader *reader, struct block_group *out,
                                     bool *more, struct error *err)
{
    if (reader->at == reader->end) {
        for (uint32_t i = 0; i < reader->name_count; i++)
            if (!reader->name_used[i])
                return refuse(reader, "a source of its dictionary counts nowhere", err);
        *more = false;
        return STATUS_OK;
    }

    const uint8_t *at = with_room(reader, reader->at);
    unsigned head = get_u16(at);
    at += 2;
    unsigned slot = head & SLOT_MASK;
    unsigned platforms = head >> GROUP_PLATFORMS_SHIFT & GROUP_PLATFORMS_FULL;
    unsigned sources = head >> GROUP_SOURCES_SHIFT;
    bool bad = slot < reader->kind->slot_min || slot > reader->kind->slot_max ||
               (int)slot <= reader->slot_last || platforms + sources == 0;
    if (platforms == GROUP_PLATFORMS_FULL) {
        platforms = *at++;
        bad |= platforms < GROUP_PLATFORMS_FULL || platforms > PLATFORMS_MAX;
    }
    if (sources == GROUP_SOURCES_FULL) {
        sources = *at++;
        bad |= sources < GROUP_SOURCES_FULL || sources > GROUP_SOURCES_MAX;
    }
    reader->at = at;
    if (bad || at > reader->end)
        return refuse(reader, "a group's head is impossible or cut off", err);
    reader->slot_last = (int)slot;
    *out = (struct block_group){slot, platforms, sources};
    *more = true;
    return STATUS_OK;
}

/* Takes a platform's name, which must come after *previous, and finds its code. */
static enum status take_name(struct block_reader *reader, const uint8_t **at, struct text *previous,
                             uint8_t *code, struct error *err)
{
    size_t len = *(*at)++;
    reader->at = *at;
    if (*at > reader->end || len > (size_t)(reader->end - *at) || len > PLATFORM_NAME_BYTES_MAX)
        return refuse(reader, "a platform's name is too long or cut off", err);
    struct text name = {(const char *)*at, len};
    if (previous->len > 0 && text_compare(*previous, name) >= 0)
        return refuse(reader, "platforms are not in order", err);
    enum status status = platform_intern(name, code, err);
    if (status == STATUS_INVALID)
        return refuse(reader, "a platform's name cannot be one", err);
    *previous = name;
    reader->named_platforms = true;
    *at = with_room(reader, *at + len); /* the numbers follow */
    return status;
}

static inline enum status read_platforms(struct block_reader *reader,
                                         const struct block_group *group, struct platform_row *rows,
                                         struct error *err)
{
    const struct platform_row *rows_end = rows + group->platform_count;
    const int32_t day = slot_day(reader->kind, group->slot);
    const int16_t quarter = slot_quarter(reader->kind, group->slot);
    const uint64_t start_ms = (uint64_t)slot_start_ms(reader->kind, group->slot);
    const uint8_t *at = reader->at;
    int platform_last = -1;
    struct text name_last = {NULL, 0};
    bool bad = false;

    for (struct platform_row *row = rows; row < rows_end; row++) {
        at = with_room(reader, at);
        unsigned head = get_u16(at);
        unsigned widths = head >> PLATFORM_WIDTHS_SHIFT;
        int platform = (int)(head & PLATFORM_MASK);
        at += 2;
        row->day = day;
        row->quarter = quarter;
        row->platform = (uint8_t)platform;
        if (__builtin_expect(platform == PLATFORM_NAMED, 0)) {
            enum status status = take_name(reader, &at, &name_last, &row->platform, err);
            if (status != STATUS_OK)
                return status;
        } else {
            bad |= platform <= platform_last || platform > PLATFORM_BUILTIN_LAST;
        }
        platform_last = platform;
        take_counts(&at, widths, &row->counts, &bad);
        uint64_t offset = take(&at, widths >> 3 * WIDTH_BITS, &bad);
        row->updated_ms = (int64_t)(start_ms + (uint64_t)unzigzag(offset));
        if (bad || at > reader->end)
            break;
    }
    reader->at = at;
    if (bad || at > reader->end)
        return refuse(reader, "a platform's row is impossible, out of order or cut off", err);
    return STATUS_OK;
}

static inline enum status read_sources(struct block_reader *reader, const struct block_group *group,
                                       struct block_source *rows, struct error *err)
{
    const uint8_t *at = reader->at;
    int index_last = -1;
    bool bad = false;
    unsigned named = group->source_count; /* rows of other sources than "(other)" */

    for (unsigned i = 0; i < group->source_count; i++) {
        at = with_room(reader, at);
        unsigned head = get_u16(at);
        unsigned index = head >> SOURCE_INDEX_SHIFT;
        at += 2;
        if (index == SOURCE_INDEX_FULL) {
            index = get_u16(at);
            at += 2;
            bad |= index < SOURCE_INDEX_FULL;
        }
        bad |= (int)index <= index_last || index >= reader->name_count;
        index_last = (int)index;
        rows[i].slot = (uint16_t)group->slot;
        rows[i].index = (uint16_t)index;
        take_counts(&at, head, &rows[i].counts, &bad);
        if (bad || at > reader->end)
            break;
        reader->name_used[index] = true;
        named -= index == reader->other;
    }
    reader->at = at;
    if (bad || at > reader->end)
        return refuse(reader, "a source's row is impossible, out of order or cut off", err);
    if (named > SOURCES_PER_DAY_MAX)
        return refuse(reader, "too many sources in one group", err);
    return STATUS_OK;
}

enum status block_reader_next(struct block_reader *reader, struct block_group *out, bool *more,
                              struct error *err)
{
    return next_group(reader, out, more, err);
}

static inline enum status read_rows(struct block_reader *reader, const struct block_group *group,
                                    struct platform_row *platforms, struct block_source *sources,
                                    struct error *err)
{
    enum status status = read_platforms(reader, group, platforms, err);
    if (status == STATUS_OK && group->source_count > 0)
        status = read_sources(reader, group, sources, err);
    return status;
}

enum status block_reader_rows(struct block_reader *reader, const struct block_group *group,
                              struct platform_row *platforms, struct block_source *sources,
                              struct error *err)
{
    return read_rows(reader, group, platforms, sources, err);
}

enum status block_decode(const struct block_kind *kind, struct text block, unsigned slot_first,
                         unsigned slot_last, struct count_rows *rows, struct error *err)
{
    struct block_reader reader; /* not cleared: some 36 KB, of which little is used */
    struct block_source sources[GROUP_SOURCES_MAX];
    struct block_group group = {0};
    bool more = true;

    enum status status = block_reader_open(&reader, kind, block, err);
    while (status == STATUS_OK) {
        status = next_group(&reader, &group, &more, err);
        if (status != STATUS_OK || !more)
            break;
        /* at least one, so that there is an array to point into even for no rows */
        if (!count_rows_reserve(rows, group.platform_count + 1, group.source_count + 1))
            return fail(err, STATUS_NO_MEMORY, "no memory for the rows of a %s", kind->name);
        status = read_rows(&reader, &group, rows->platforms + rows->platform_count, sources, err);
        if (status != STATUS_OK || group.slot < slot_first || group.slot > slot_last)
            continue; /* what was read is left behind the count */
        rows->platform_count += group.platform_count;
        struct source_row *row = rows->sources + rows->source_count;
        for (unsigned i = 0; i < group.source_count; i++, row++) {
            row->day = slot_day(kind, group.slot);
            row->quarter = slot_quarter(kind, group.slot);
            /* read_rows() filled source_count of them. NOLINTNEXTLINE(clang-analyzer-core.*) */
            row->source = reader.names[sources[i].index];
            row->counts = sources[i].counts;
        }
        rows->source_count += group.source_count;
    }
    return status;
}
