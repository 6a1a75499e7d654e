/*
 * answer_walk.h - an answer's list, element by element, each as the bytes that came.
 *
 * What a sender wrote in an inquiry may be JSON that no library keeps as it is: numbers of any
 * length, a name twice. So elements are cut out of the answer and not built anew.
 *
 * Threads: a walk belongs to one thread.
 */
#ifndef FOOTFALL_CLI_EXPORT_ANSWER_WALK_H
#define FOOTFALL_CLI_EXPORT_ANSWER_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* Called with each element, JSON of one value; it may be changed in place. Ends the walk unless it
 * returns STATUS_OK. */
typedef enum status answer_element(char *json, size_t len, void *context, struct error *err);

/* Walks the array under `list` of the object in json. *next_cursor, in json, is absent for null or
 * when there is none. STATUS_IO when the answer has another shape. */
MUST_USE enum status answer_walk(char *json, size_t len, const char *list, answer_element *each,
                                 void *context, struct text *next_cursor, struct error *err);

struct answer_member {
    const char *name;
    bool raw;          /* the value's JSON as it stands; else: a string without its quotes, digits,
                          absent for null */
    struct text value; /* absent: there is no such member */
};

/* Finds members of the object in json, which is changed in place. */
MUST_USE enum status answer_members(char *json, size_t len, struct answer_member *members,
                                    size_t count, struct error *err);

#endif
