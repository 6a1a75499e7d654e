/*
 * cursor.h - where a page of listings ended, as a word that a client hands back.
 *
 * A cursor names the last listing of a page by its place in the order, not by its number, so that
 * what is counted in between neither skips nor repeats a listing that kept its place. It belongs
 * to one user, order, range and zone; with any other it is refused. It is not a secret: a forged
 * one only begins a page elsewhere among the same user's listings.
 *
 * The bytes, before base64url (RFC 4648, section 5, without padding):
 *
 *     version 1 | sort | ascending | first_day, last_day (zigzag varints) | key.num, key.den
 *     (varints) | listing id | XXH3-64 of all before it, the zone's name, a NUL and the user id,
 *     the low 32 bits, little-endian
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_QUERY_CURSOR_H
#define FOOTFALL_QUERY_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "model/event.h"
#include "query/metrics.h"
#include "query/range.h"

/* What listings are ordered by: num / den, exactly; den is never 0. */
struct sort_key {
    uint64_t num;
    uint64_t den;
};

struct cursor_place {
    struct sort_key key;
    struct text listing_id;
    char listing_id_bytes[ID_BYTES_MAX]; /* where cursor_read() puts it */
};

/* What a cursor is valid for. */
struct cursor_scope {
    struct text user_id;
    const struct range *range;
    enum metrics_sort sort;
    bool ascending;
};

/* The cursor behind that place; absent when out of memory. */
MUST_USE struct text cursor_write(const struct cursor_scope *scope, struct sort_key key,
                                  struct text listing_id, struct arena *arena);

/* STATUS_INVALID, code "invalid_cursor", field "cursor", when it is damaged or of another scope. */
MUST_USE enum status cursor_read(const struct cursor_scope *scope, struct text cursor,
                                 struct cursor_place *out, struct error *err);

#endif
