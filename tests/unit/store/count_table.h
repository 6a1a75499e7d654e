/*
 * count_table.h - counts as sorted lines, so that two answers can be compared whatever order and
 * portions they came in.
 *
 * Out of memory it aborts.
 */
#ifndef FOOTFALL_TESTS_COUNT_TABLE_H
#define FOOTFALL_TESTS_COUNT_TABLE_H

#include "base/arena.h"
#include "model/counts.h"
#include "unit.h"

/* Counts of one key. Lines of a table are in the order of their keys, each key once. */
struct count_line {
    struct text listing_id;
    int32_t day;
    int16_t quarter;
    uint8_t platform;
    struct text source; /* absent: the line is about the platform */
    struct counts counts;
    int64_t updated_ms;
};

/* Start as {0}. */
struct count_table {
    struct arena arena;
    struct count_line *at;
    size_t count;
    size_t cap;
    bool later_updates_do; /* of the one that is wanted: a newer updated_ms equals it */
};

void count_table_done(struct count_table *table);
void count_table_add_line(struct count_table *table, const struct count_line *line);
/* Appends a set's rows; texts are copied. A store_rows_fn, the table being its context. */
enum status count_table_add(void *table, struct text listing_id, const struct count_rows *rows,
                            struct error *err);
/* Sorts, and adds up lines of one key. */
void count_table_settle(struct count_table *table);
/* Fails the test, showing the first line that differs. Both are settled first. */
void count_tables_equal(const char *row, struct count_table *got, struct count_table *want);

#endif
