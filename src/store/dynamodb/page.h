/*
 * page.h - a range of one user's sort keys, read page by page and consistently.
 *
 *     page_begin(reader, body, limit, backwards);
 *     page_put_values(body, user_id, low, high);
 *     page_ask(reader, &start, &answer, &err);       as long as start is not NULL
 *
 * Threads: the reader's.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_PAGE_H
#define FOOTFALL_STORE_DYNAMODB_PAGE_H

#include "store/dynamodb/parts.h"

/* A request for at most `limit` items; body is emptied first. */
void page_begin(const struct dynamodb_reader *reader, struct body *body, size_t limit,
                bool backwards);

/* The sort keys that bound it, both inclusive: escaped already (facts.h). */
void page_put_values(struct body *body, struct text user_id, struct text low, struct text high);

/* Sends reader->body, from *start on. *start becomes where the next page begins, NULL behind the
 * last; *answer is the caller's. */
MUST_USE enum status page_ask(struct dynamodb_reader *reader, json_t **start, json_t **answer,
                              struct error *err);

#endif
