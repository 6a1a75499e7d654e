/*
 * group.c - a group's memory: one for gathering, one for committing, swapped for ever.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include <xxhash.h>

#include "engine/engine_parts.h"

struct group *group_new(void)
{
    struct group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return NULL;
    group->entries = calloc(GROUP_ENTRIES_MAX, sizeof *group->entries);
    if (group->entries == NULL || !bytes_reserve(&group->record, RECORD_HEAD_BYTES)) {
        group_free(group);
        return NULL;
    }
    group_clear(group, 0);
    return group;
}

void group_clear(struct group *group, uint64_t number)
{
    group->number = number;
    group->record.len = RECORD_HEAD_BYTES;
    group->entry_count = 0;
    group->first = NULL;
    group->last = NULL;
}

void group_free(struct group *group)
{
    if (group == NULL)
        return;
    bytes_done(&group->record);
    free(group->entries);
    free(group);
}

uint64_t group_tail(struct text record)
{
    uint64_t hash = XXH3_64bits(record.at, record.len);
    return hash == 0 ? 1 : hash;
}
