/*
 * page_cursor.h - where a page of inquiries or listings ended, as a word that a client hands back.
 *
 * It names the last row by its place in the order, so that rows that come or go between two pages
 * neither repeat nor hide others, and it is bound to the question by a checksum.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_LIB_PAGE_CURSOR_H
#define FOOTFALL_LIB_PAGE_CURSOR_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* The last row: an inquiry has all three, a listing only its id. */
struct page_place {
    int64_t time_ms;
    struct text key; /* absent for listings */
    struct text listing_id;
};

/* question: whatever must be the same on the next page, such as the user's id and the filter.
 * The cursor lives in the arena; absent when out of memory. */
MUST_USE struct text page_cursor_write(const struct page_place *place, struct text question,
                                       struct arena *arena);

/* Texts of *out live in the arena. STATUS_INVALID, code "invalid_cursor", field "cursor", when it
 * is damaged or of another question; STATUS_NO_MEMORY. */
MUST_USE enum status page_cursor_read(struct text cursor, struct text question, struct arena *arena,
                                      struct page_place *out, struct error *err);

#endif
