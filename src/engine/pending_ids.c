/*
 * pending_ids.c - fingerprints on their way from the journal to their files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "engine/engine_parts.h"

bool pending_ids_reserve(struct pending_ids *ids, size_t count)
{
    return bytes_reserve(&ids->fingerprints, count * sizeof(uint64_t));
}

/* A store that was away for longer than the window leaves hours that no longer matter. */
static void drop_first_hour(struct pending_ids *ids)
{
    size_t gone = ids->hours[0].end;
    memmove(ids->fingerprints.at, ids->fingerprints.at + gone, ids->fingerprints.len - gone);
    ids->fingerprints.len -= gone;
    ids->hour_count--;
    for (size_t i = 0; i < ids->hour_count; i++) {
        ids->hours[i] = ids->hours[i + 1];
        ids->hours[i].end -= gone;
    }
}

void pending_ids_add(struct pending_ids *ids, int64_t hour, uint64_t fingerprint)
{
    if (ids->hour_count == 0 || ids->hours[ids->hour_count - 1].hour != hour) {
        if (ids->hour_count == DEDUPE_HOURS_MAX)
            drop_first_hour(ids);
        ids->hours[ids->hour_count++].hour = hour;
    }
    assert(ids->fingerprints.cap - ids->fingerprints.len >= sizeof fingerprint);
    memcpy(ids->fingerprints.at + ids->fingerprints.len, &fingerprint, sizeof fingerprint);
    ids->fingerprints.len += sizeof fingerprint;
    ids->hours[ids->hour_count - 1].end = ids->fingerprints.len;
}

enum status pending_ids_write(const struct pending_ids *ids, struct dedupe_files *files,
                              struct error *err)
{
    size_t start = 0;
    for (size_t i = 0; i < ids->hour_count; i++) {
        const uint64_t *fingerprints =
            (const uint64_t *)(const void *)(ids->fingerprints.at + start);
        size_t count = (ids->hours[i].end - start) / sizeof(uint64_t);
        enum status status =
            dedupe_files_append(files, ids->hours[i].hour, fingerprints, count, err);
        if (status != STATUS_OK)
            return status;
        start = ids->hours[i].end;
    }
    return STATUS_OK;
}

void pending_ids_done(struct pending_ids *ids)
{
    bytes_done(&ids->fingerprints);
    *ids = (struct pending_ids){0};
}
