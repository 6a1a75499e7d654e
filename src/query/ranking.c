/*
 * ranking.c - a page of the best, without sorting the rest.
 *
 * The listings of the page are kept in a heap whose root is the one that stands last. A listing
 * that stands behind the root of a full heap is passed over by one comparison; another takes the
 * root's place. Taking the roots off one by one then gives the page from its end.
 *
 * Keys are fractions compared crosswise, so that rates that differ are never taken for equal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/ranking.h"

#include <assert.h>

__extension__ typedef unsigned __int128 wide;

bool ranking_add(struct ranking *ranking, struct text listing_id, const struct count_rows *rows)
{
    struct counts sum = {0};
    for (size_t i = 0; i < rows->platform_count; i++) {
        const struct platform_row *row = &rows->platforms[i];
        if (day_window_index(ranking->window, row->day, row->quarter) >= 0)
            counts_add(&sum, &row->counts);
    }
    return ranking_add_sum(ranking, listing_id, &sum);
}

bool ranking_add_sum(struct ranking *ranking, struct text listing_id, const struct counts *sum)
{
    if (counts_sum(sum) == 0)
        return true;
    /* A store gives one month behind the other, each in the same order: mostly the next one comes
     * next, and is not looked up. */
    struct text_index *listings = &ranking->listings;
    struct counts *counts = NULL;
    if (ranking->next < listings->count && text_equal(listings->names[ranking->next], listing_id))
        counts = text_index_value(listings, ranking->next);
    else
        counts = text_index_add(listings, listing_id);
    if (counts == NULL)
        return false;
    ranking->next = (uint32_t)(counts - (struct counts *)(void *)listings->values) + 1;
    counts_add(counts, sum);
    return true;
}

struct sort_key sort_key_of(enum metrics_sort sort, const struct counts *counts)
{
    switch (sort) {
    case SORT_VIEWS:
        return (struct sort_key){counts->of[EVENT_VIEW], 1};
    case SORT_SHARES:
        return (struct sort_key){counts->of[EVENT_SHARE], 1};
    case SORT_INQUIRIES:
        return (struct sort_key){counts->of[EVENT_INQUIRY], 1};
    case SORT_CONVERSION_RATE:
        if (counts->of[EVENT_VIEW] > 0)
            return (struct sort_key){counts->of[EVENT_INQUIRY], counts->of[EVENT_VIEW]};
        break;
    case SORT_LISTING_ID:
        break;
    }
    return (struct sort_key){0, 1};
}

int ranked_compare(const struct ranked *a, const struct ranked *b, enum metrics_sort sort,
                   bool ascending)
{
    int order = text_compare(a->listing_id, b->listing_id);
    if (sort == SORT_LISTING_ID)
        return ascending ? order : -order;
    wide left = (wide)a->key.num * b->key.den;
    wide right = (wide)b->key.num * a->key.den;
    if (left == right)
        return order;
    return (left < right) == ascending ? -1 : 1;
}

struct heap {
    struct ranked *at;
    size_t count;
    enum metrics_sort sort;
    bool ascending;
};

static bool stands_before(const struct heap *heap, const struct ranked *a, const struct ranked *b)
{
    return ranked_compare(a, b, heap->sort, heap->ascending) < 0;
}

/* Puts `ranked` where the hole at `at` may be, the latter of two children moving up. */
static void sink(struct heap *heap, size_t at, struct ranked ranked)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && stands_before(heap, &heap->at[child], &heap->at[child + 1]))
            child++;
        if (!stands_before(heap, &ranked, &heap->at[child]))
            break;
        heap->at[at] = heap->at[child];
        at = child;
    }
    heap->at[at] = ranked;
}

static void rise(struct heap *heap, size_t at, struct ranked ranked)
{
    while (at > 0 && stands_before(heap, &heap->at[(at - 1) / 2], &ranked)) {
        heap->at[at] = heap->at[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->at[at] = ranked;
}

bool ranking_page(const struct ranking *ranking, enum metrics_sort sort, bool ascending,
                  size_t limit, const struct cursor_place *behind, struct arena *arena,
                  const struct ranked **page, size_t *count, bool *more)
{
    size_t known = ranking->listings.count;
    size_t room = known < limit ? known : limit;
    struct heap heap = {.sort = sort, .ascending = ascending};
    heap.at = arena_zalloc(arena, room, sizeof *heap.at);
    if (heap.at == NULL)
        return false;
    assert(limit > 0);

    struct ranked place = {0};
    if (behind != NULL)
        place = (struct ranked){behind->key, behind->listing_id};
    bool over = false;
    for (uint32_t i = 0; i < known; i++) {
        const struct counts *counts = text_index_value(&ranking->listings, i);
        struct ranked ranked = {sort_key_of(sort, counts), ranking->listings.names[i]};
        if (behind != NULL && !stands_before(&heap, &place, &ranked))
            continue;
        if (heap.count < room) {
            rise(&heap, heap.count++, ranked);
            continue;
        }
        over = true;
        if (stands_before(&heap, &ranked, &heap.at[0]))
            sink(&heap, 0, ranked);
    }

    *count = heap.count;
    *more = over;
    while (heap.count > 1) {
        struct ranked last = heap.at[0];
        struct ranked moved = heap.at[--heap.count];
        sink(&heap, 0, moved);
        heap.at[heap.count] = last;
    }
    *page = heap.at;
    return true;
}

enum status metrics_order_resolve(struct text sort, struct text direction,
                                  struct metrics_page_request *page, struct error *err)
{
    static const struct {
        const char *name;
        enum metrics_sort sort;
    } sorts[] = {
        {"views", SORT_VIEWS},          {"shares", SORT_SHARES},
        {"inquiries", SORT_INQUIRIES},  {"conversionRate", SORT_CONVERSION_RATE},
        {"listingId", SORT_LISTING_ID},
    };
    size_t found = 0; /* views, when nothing was said */
    if (sort.at != NULL)
        while (found < sizeof sorts / sizeof sorts[0] && !text_is(sort, sorts[found].name))
            found++;
    if (found == sizeof sorts / sizeof sorts[0])
        return fail_input(
            err, "invalid_sort", "sort",
            "sort must be one of views, shares, inquiries, conversionRate, listingId");
    if (direction.at != NULL && !text_is(direction, "asc") && !text_is(direction, "desc"))
        return fail_input(err, "invalid_direction", "direction", "direction must be asc or desc");
    page->sort = sorts[found].sort;
    page->ascending =
        direction.at == NULL ? page->sort == SORT_LISTING_ID : text_is(direction, "asc");
    return STATUS_OK;
}
