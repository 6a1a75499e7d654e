/*
 * row_block_fold.c - adds rows to a block: reads it whole, merges, has it written whole.
 *
 *     1. the block's rows and the delta's, each sorted and without repeated keys
 *     2. delta sources admitted, slot by slot (a cell block: as one day), in the order they came
 *     3. the dictionary: the block's names and the new ones, sorted
 *     4. both row lists merged, and written
 *
 * Whatever the split of a history into deltas, the sums are the same and so are the admitted
 * sources, since admission depends on order alone; and what is written depends on the sums and
 * the sources alone. So equal contents give equal bytes.
 *
 * Half a million folds make a batch, so the lists of an ordinary block live on the stack; the
 * heap is asked only by blocks of several kilobytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/row_block.h"

#include <assert.h>
#include <stdlib.h>

enum { STACK_BYTES = 64 * 1024, ROW_BYTES_MIN = 3 };
_Static_assert(sizeof(struct platform_row) % 8 == 0 && sizeof(struct block_source) % 8 == 0 &&
                   sizeof(struct text) % 8 == 0,
               "lists may stand behind each other");

/* The lists of one fold. All stand in one piece of memory. */
struct fold {
    const struct block_kind *kind;
    struct platform_row *old_platforms;
    size_t old_platform_count;
    struct platform_row *new_platforms; /* from the delta */
    size_t new_platform_count;

    struct block_source *old_sources;
    size_t old_source_count;
    struct block_source *new_sources;
    size_t new_source_count;

    struct text *admitted; /* by place in the delta: under what name it counts */
    struct text *unseen;   /* admitted names that the block does not have */
    size_t unseen_count;

    struct block_content merged;
};

static bool is_zero(const struct counts *counts)
{
    return (counts->of[EVENT_VIEW] | counts->of[EVENT_SHARE] | counts->of[EVENT_INQUIRY]) == 0;
}

/* The order of platforms on disk: built-in codes, then names. This process's codes for names
 * depend on history and decide nothing. */
static int compare_platforms(uint8_t a, uint8_t b)
{
    if (a <= PLATFORM_BUILTIN_LAST || b <= PLATFORM_BUILTIN_LAST || a == b)
        return (int)a - (int)b;
    return text_compare(platform_name(a), platform_name(b));
}

static inline int order_of(const struct platform_row *a, const struct platform_row *b)
{
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->quarter != b->quarter)
        return a->quarter - b->quarter;
    return compare_platforms(a->platform, b->platform);
}

static int compare_platform_rows(const void *left, const void *right)
{
    return order_of(left, right);
}

static int compare_sources(const void *left, const void *right)
{
    const struct block_source *a = left, *b = right;
    return a->slot != b->slot ? a->slot - b->slot : a->index - b->index;
}

static int compare_names(const void *left, const void *right)
{
    const struct text *a = left, *b = right;
    return text_compare(*a, *b);
}

static void add_platform_row(struct platform_row *into, const struct platform_row *from)
{
    counts_add(&into->counts, &from->counts);
    if (into->updated_ms < from->updated_ms)
        into->updated_ms = from->updated_ms;
}

/* Sorts, adds up rows of one key, and returns how many are left. */
static size_t settle_platforms(struct platform_row *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        if (order_of(&rows[i - 1], &rows[i]) > 0) { /* rare: most come sorted */
            qsort(rows, count, sizeof *rows, compare_platform_rows);
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && order_of(&rows[kept - 1], &rows[i]) == 0)
            add_platform_row(&rows[kept - 1], &rows[i]);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static size_t settle_sources(struct block_source *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        if (compare_sources(&rows[i - 1], &rows[i]) > 0) {
            qsort(rows, count, sizeof *rows, compare_sources);
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_sources(&rows[kept - 1], &rows[i]) == 0)
            counts_add(&rows[kept - 1].counts, &rows[i].counts);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static void merge_platforms(struct fold *fold)
{
    const struct platform_row *a = fold->old_platforms, *a_end = a + fold->old_platform_count;
    const struct platform_row *b = fold->new_platforms, *b_end = b + fold->new_platform_count;
    struct platform_row *to = fold->merged.platforms;
    while (a < a_end && b < b_end) {
        int order = order_of(a, b);
        *to = order <= 0 ? *a++ : *b++;
        if (order == 0)
            add_platform_row(to, b++);
        to++;
    }
    while (a < a_end)
        *to++ = *a++;
    while (b < b_end)
        *to++ = *b++;
    fold->merged.platform_count = (size_t)(to - fold->merged.platforms);
}

static void merge_sources(struct fold *fold)
{
    const struct block_source *a = fold->old_sources, *a_end = a + fold->old_source_count;
    const struct block_source *b = fold->new_sources, *b_end = b + fold->new_source_count;
    struct block_source *to = fold->merged.sources;
    while (a < a_end && b < b_end) {
        int order = compare_sources(a, b);
        *to = order <= 0 ? *a++ : *b++;
        if (order == 0)
            counts_add(&to->counts, &(b++)->counts);
        to++;
    }
    while (a < a_end)
        *to++ = *a++;
    while (b < b_end)
        *to++ = *b++;
    fold->merged.source_count = (size_t)(to - fold->merged.sources);
}

static enum status read_block(struct fold *fold, struct block_reader *reader, struct text block,
                              struct error *err)
{
    struct block_group group;
    bool more = true;
    enum status status = block_reader_open(reader, fold->kind, block, err);
    while (status == STATUS_OK) {
        status = block_reader_next(reader, &group, &more, err);
        if (status != STATUS_OK || !more)
            break;
        /* its rows are at least ROW_BYTES_MIN long, and there is room for that many */
        if ((group.platform_count + group.source_count) * (size_t)ROW_BYTES_MIN >
            (size_t)(reader->end - reader->at))
            return fail(err, STATUS_CORRUPT, "a %s is cut off in its rows", fold->kind->name);
        status = block_reader_rows(reader, &group, fold->old_platforms + fold->old_platform_count,
                                   fold->old_sources + fold->old_source_count, err);
        fold->old_platform_count += group.platform_count;
        fold->old_source_count += group.source_count;
    }
    if (status == STATUS_OK && reader->named_platforms) /* one may have become built in since */
        fold->old_platform_count = settle_platforms(fold->old_platforms, fold->old_platform_count);
    return status;
}

static void take_delta_platforms(struct fold *fold, const struct count_rows *delta)
{
    struct platform_row *to = fold->new_platforms;
    for (size_t i = 0; i < delta->platform_count; i++) {
        const struct platform_row *row = &delta->platforms[i];
        (void)slot_of(fold->kind, row->day, row->quarter); /* asserts that it belongs here */
        if (!is_zero(&row->counts))
            *to++ = *row;
    }
    fold->new_platform_count =
        settle_platforms(fold->new_platforms, (size_t)(to - fold->new_platforms));
}

/* Admits the delta's sources of one day: of the slot, or by quarter, of the whole block. */
static void admit_day(struct fold *fold, const struct block_reader *reader,
                      const struct count_rows *delta, unsigned slot)
{
    struct source_names standing;
    standing.count = 0;
    standing.names[SOURCES_PER_DAY_MAX] = (struct text){NULL, 0};
    if (fold->kind->by_quarter) {
        for (uint32_t i = 0; i < reader->name_count; i++)
            if (i != reader->other)
                standing.names[standing.count++] = reader->names[i];
    } else {
        for (size_t i = 0; i < fold->old_source_count; i++)
            if (fold->old_sources[i].slot == slot && fold->old_sources[i].index != reader->other)
                standing.names[standing.count++] = reader->names[fold->old_sources[i].index];
    }
    for (size_t i = 0; i < delta->source_count; i++) {
        const struct source_row *row = &delta->sources[i];
        if (is_zero(&row->counts) ||
            (!fold->kind->by_quarter && slot_of(fold->kind, row->day, row->quarter) != slot))
            continue;
        assert(row->source.len - 1 < SOURCE_BYTES_MAX);
        fold->admitted[i] = sources_admit(&standing, row->source);
    }
}

static void admit_sources(struct fold *fold, const struct block_reader *reader,
                          const struct count_rows *delta)
{
    uint32_t days = 0; /* a bit for every slot with sources in the delta */
    if (fold->kind->by_quarter) {
        admit_day(fold, reader, delta, 0);
        return;
    }
    for (size_t i = 0; i < delta->source_count; i++)
        days |=
            (uint32_t)1 << slot_of(fold->kind, delta->sources[i].day, delta->sources[i].quarter);
    for (unsigned slot = fold->kind->slot_min; slot <= fold->kind->slot_max; slot++)
        if ((days >> slot & 1) != 0)
            admit_day(fold, reader, delta, slot);
}

static bool find_name(const struct text *names, size_t count, struct text name, uint32_t *place)
{
    const struct text *found =
        count == 0 ? NULL : bsearch(&name, names, count, sizeof *names, compare_names);
    if (found != NULL)
        *place = (uint32_t)(found - names);
    return found != NULL;
}

/* Makes the dictionary in `room` from the block's names and the unseen ones; the block's rows
 * get their new indexes, which keep their order. */
static void make_dictionary(struct fold *fold, const struct block_reader *reader,
                            struct text room[BLOCK_NAMES_MAX])
{
    uint16_t moved[BLOCK_NAMES_MAX]; /* from the block's index to the new one */
    uint32_t count = 0, i = 0;
    size_t j = 0;

    qsort(fold->unseen, fold->unseen_count, sizeof *fold->unseen, compare_names);
    while (i < reader->name_count || j < fold->unseen_count) {
        assert(count < BLOCK_NAMES_MAX);
        if (i < reader->name_count &&
            (j == fold->unseen_count || text_compare(reader->names[i], fold->unseen[j]) < 0)) {
            moved[i] = (uint16_t)count;
            room[count++] = reader->names[i++];
        } else {
            room[count++] = fold->unseen[j++];
            while (j < fold->unseen_count && text_equal(fold->unseen[j], room[count - 1]))
                j++;
        }
    }
    for (size_t row = 0; row < fold->old_source_count; row++)
        fold->old_sources[row].index = moved[fold->old_sources[row].index];
    fold->merged.names = room;
    fold->merged.name_count = count;
}

static void take_delta_sources(struct fold *fold, const struct block_reader *reader,
                               const struct count_rows *delta, struct text room[BLOCK_NAMES_MAX])
{
    uint32_t place;
    fold->merged.names = reader->names;
    fold->merged.name_count = reader->name_count;
    if (delta->source_count == 0)
        return;

    admit_sources(fold, reader, delta);
    for (size_t i = 0; i < delta->source_count; i++)
        if (!is_zero(&delta->sources[i].counts) &&
            !find_name(reader->names, reader->name_count, fold->admitted[i], &place))
            fold->unseen[fold->unseen_count++] = fold->admitted[i];
    if (fold->unseen_count > 0)
        make_dictionary(fold, reader, room);

    struct block_source *to = fold->new_sources;
    for (size_t i = 0; i < delta->source_count; i++) {
        const struct source_row *row = &delta->sources[i];
        if (is_zero(&row->counts))
            continue;
        bool found =
            find_name(fold->merged.names, fold->merged.name_count, fold->admitted[i], &place);
        assert(found);
        *to++ = (struct block_source){
            .slot = (uint16_t)slot_of(fold->kind, row->day, row->quarter),
            .index = (uint16_t)place,
            .counts = row->counts,
        };
    }
    fold->new_source_count = settle_sources(fold->new_sources, (size_t)(to - fold->new_sources));
}

/* Takes count * size bytes of *room, which has them. */
static void *take_room(char **room, size_t count, size_t size)
{
    void *piece = *room;
    *room += count * size;
    return piece;
}

enum status block_fold(const struct block_kind *kind, struct text block,
                       const struct count_rows *delta, struct bytes *out, struct error *err)
{
    _Alignas(struct platform_row) char stack[STACK_BYTES];
    struct text dictionary[BLOCK_NAMES_MAX];
    struct block_reader reader;
    struct fold fold = {.kind = kind};

    /* Old and new rows, and as many again for the merged; sizes are multiples of 8. */
    size_t old_max = block.len / ROW_BYTES_MIN;
    size_t platforms_max = old_max + delta->platform_count;
    size_t sources_max = old_max + delta->source_count;
    size_t needed = 2 * platforms_max * sizeof(struct platform_row) +
                    2 * sources_max * sizeof(struct block_source) +
                    2 * delta->source_count * sizeof(struct text);
    char *heap = needed > sizeof stack ? malloc(needed) : NULL;
    if (needed > sizeof stack && heap == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to fold a %s", kind->name);
    char *room = heap != NULL ? heap : stack;
    fold.old_platforms = take_room(&room, old_max, sizeof(struct platform_row));
    fold.new_platforms = take_room(&room, delta->platform_count, sizeof(struct platform_row));
    fold.merged.platforms = take_room(&room, platforms_max, sizeof(struct platform_row));
    fold.old_sources = take_room(&room, old_max, sizeof(struct block_source));
    fold.new_sources = take_room(&room, delta->source_count, sizeof(struct block_source));
    fold.merged.sources = take_room(&room, sources_max, sizeof(struct block_source));
    fold.admitted = take_room(&room, delta->source_count, sizeof(struct text));
    fold.unseen = take_room(&room, delta->source_count, sizeof(struct text));

    enum status status = read_block(&fold, &reader, block, err);
    if (status == STATUS_OK) {
        take_delta_platforms(&fold, delta);
        take_delta_sources(&fold, &reader, delta, dictionary);
        merge_platforms(&fold);
        merge_sources(&fold);
        status = block_write(kind, &fold.merged, out, err);
    }
    free(heap);
    return status;
}
