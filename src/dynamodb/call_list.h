/*
 * call_list.h - calls in a row: those that wait for a connection, and those that wait for a time.
 *
 * Links are the calls' own, so a call is in one list at a time and nothing is allocated. Start a
 * list as {0}.
 *
 * Threads: a list belongs to its channel's.
 */
#ifndef FOOTFALL_DYNAMODB_CALL_LIST_H
#define FOOTFALL_DYNAMODB_CALL_LIST_H

#include "dynamodb/dynamodb.h"

struct call_list {
    struct dynamodb_call *first;
    struct dynamodb_call *last;
};

static inline void call_list_push(struct call_list *list, struct dynamodb_call *call)
{
    call->next = NULL;
    if (list->last == NULL)
        list->first = call;
    else
        list->last->next = call;
    list->last = call;
}

/* NULL when it is empty. */
static inline struct dynamodb_call *call_list_pop(struct call_list *list)
{
    struct dynamodb_call *call = list->first;
    if (call != NULL) {
        list->first = call->next;
        if (list->first == NULL)
            list->last = NULL;
        call->next = NULL;
    }
    return call;
}

/* By due time, behind those of the same. */
static inline void call_list_insert(struct call_list *list, struct dynamodb_call *call)
{
    struct dynamodb_call **at = &list->first;
    if (list->last == NULL || list->last->due_ns <= call->due_ns) {
        call_list_push(list, call);
        return;
    }
    while ((*at)->due_ns <= call->due_ns)
        at = &(*at)->next;
    call->next = *at;
    *at = call;
}

#endif
