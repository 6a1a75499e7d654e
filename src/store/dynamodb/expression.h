/*
 * expression.h - an update's expression in the making: what is set, what is added, and the names
 * and numbers that stand behind placeholders.
 *
 * Equal numbers share a placeholder, which is mostly that of 1. Whether it fits into what DynamoDB
 * allows is its maker's affair; that it does is asserted.
 *
 * Threads: an expression belongs to one thread at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_EXPRESSION_H
#define FOOTFALL_STORE_DYNAMODB_EXPRESSION_H

#include "store/dynamodb/body.h"
#include "store/dynamodb/day_delta.h"

enum { EXPRESSION_BYTES_MAX = 4096 }; /* DynamoDB's own limit, of each expression */

/* The memory of an expression in the making; used again. Start as {0}. */
struct expression {
    struct body set;
    struct body add;
    struct body names;
    struct body values;
    int64_t numbers[DELTA_PART_COST + 64]; /* by number of their placeholder */
    size_t number_count;
};
void expression_clear(struct expression *expression);
void expression_done(struct expression *expression);

/* path = number, path + number. The path is written as it stands. */
void expression_set(struct expression *expression, const char *path, int64_t number);
void expression_add(struct expression *expression, const char *path, uint64_t number);

/* "#<placeholder>[<number>]" stands for the name; SIZE_MAX: without a number. */
void expression_name(struct expression *expression, const char *placeholder, size_t number,
                     struct text name);
void expression_fixed_name(struct expression *expression, const char *placeholder,
                           const char *name);
/* A comma, unless it is the first. */
void expression_comma(struct body *body);

/* The expression, its names and values, and the brace that ends a request. */
void expression_put_update(struct body *body, const struct expression *expression);

#endif
