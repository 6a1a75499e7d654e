/*
 * claims.c - an id counts once on all nodes: each is claimed at the shared store before its event
 * is appended.
 *
 *     window of this node ──► claim for record `seq` ──► append record `seq`, sync ──► answer
 *
 * The window comes first, so what reaches the store is new to this node. A claim that names our own
 * journal was therefore made for a record that was never appended (the process ended in between, or
 * the append was refused): it is ours again. A claim of another's is a repeat when that journal is
 * known to have its record. As long as that is not known, counting the event could count it twice
 * and calling it a repeat could lose it: its submission alone is refused, to be tried again.
 *
 * What is claimed and then not appended is released; a release that fails costs nothing but time,
 * because the store never takes such a claim for a record (store.h).
 *
 * Bounded: the store answers within its deadline; after a failure nobody asks for a second, so an
 * unreachable table costs the committing thread at most one deadline a second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "model/record.h"

static const uint64_t pause_ns = ns_per_s;

enum status claims_init(struct engine *engine, bool wanted, struct error *err)
{
    struct claims *claims = &engine->claims;
    if (!store_can_claim(engine->store))
        return wanted ? fail(err, STATUS_INVALID,
                             "ids can only be claimed at a store that several nodes share")
                      : STATUS_OK;
    /* also when none will be: claims of an earlier life may be open */
    enum status status = store_claim_ids(engine->store, NULL, 0, engine->ids_seq_last + 1, err);
    if (status != STATUS_OK || !wanted)
        return status;
    claims->asked = calloc(GROUP_ENTRIES_MAX, sizeof *claims->asked);
    claims->entries = calloc(GROUP_ENTRIES_MAX, sizeof *claims->entries);
    if (claims->asked == NULL || claims->entries == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to claim ids");
    fail_code(&claims->open, STATUS_BEHIND, "id_undecided",
              "another node has begun to record an event with this id, and whether it did is not "
              "known yet: try again");
    claims->wanted = true;
    return STATUS_OK;
}

void claims_done(struct claims *claims)
{
    free(claims->asked);
    free(claims->entries);
    *claims = (struct claims){0};
}

/* The ids of entries that the window did not know, into claims->asked. */
static enum status collect(struct claims *claims, const struct group *group, uint32_t *count,
                           struct error *err)
{
    *count = 0;
    for (uint32_t i = 0; i < group->entry_count; i++) {
        const struct group_entry *entry = &group->entries[i];
        if (entry->fingerprint == 0 || entry->repeated)
            continue;
        const uint8_t *from = group->record.at + entry->offset;
        struct entry decoded;
        enum status status =
            entry_decode(&from, group->record.at + group->record.len, &decoded, err);
        if (status != STATUS_OK)
            return status;
        claims->asked[*count] =
            (struct store_claim){.user_id = decoded.event.user_id, .id = decoded.event.id};
        claims->entries[(*count)++] = i;
    }
    return STATUS_OK;
}

/* A submission stands or falls as one; what falls leaves the window. */
static void spread_within_submissions(struct engine *engine, struct group *group)
{
    for (struct submission *each = group->first; each != NULL; each = each->next) {
        struct group_entry *entries = &group->entries[each->entry_first];
        bool aside = false;
        for (uint32_t i = 0; i < each->entry_count; i++)
            aside = aside || entries[i].set_aside;
        for (uint32_t i = 0; i < each->entry_count && aside; i++) {
            entries[i].set_aside = true;
            if (entries[i].fingerprint != 0 && !entries[i].repeated)
                dedupe_window_remove(engine->window, entries[i].fingerprint);
        }
    }
}

/* Who repeats, in this very group, what was set aside, repeats nothing that is recorded. */
static enum status spread_to_repeats(struct engine *engine, struct group *group, bool *changed,
                                     struct error *err)
{
    *changed = false;
    for (uint32_t i = 0; i < group->entry_count; i++) {
        struct group_entry *entry = &group->entries[i];
        if (entry->fingerprint == 0 || !entry->repeated || entry->set_aside)
            continue;
        switch (dedupe_window_add(engine->window, entry->fingerprint)) {
        case DEDUPE_REPEATED:
            break;
        case DEDUPE_NEW:
            dedupe_window_remove(engine->window, entry->fingerprint);
            entry->set_aside = true;
            *changed = true;
            break;
        case DEDUPE_NO_MEMORY:
            return fail(err, STATUS_NO_MEMORY, "no memory to remember ids");
        }
    }
    return STATUS_OK;
}

/* Claims are open: their submissions are set aside, and what these claimed is released. */
static enum status set_aside(struct engine *engine, struct group *group, uint32_t count,
                             uint64_t seq, struct error *err)
{
    struct claims *claims = &engine->claims;
    bool changed = true;
    while (changed) {
        spread_within_submissions(engine, group);
        enum status status = spread_to_repeats(engine, group, &changed, err);
        if (status != STATUS_OK)
            return status;
    }
    for (struct submission *each = group->first; each != NULL; each = each->next)
        if (each->entry_count > 0 && group->entries[each->entry_first].set_aside)
            atomic_fetch_add_explicit(&engine->claims_undecided, 1, memory_order_relaxed);
    uint32_t released = 0;
    for (uint32_t i = 0; i < count; i++)
        if (group->entries[claims->entries[i]].set_aside && claims->asked[i].verdict == CLAIM_OURS)
            claims->asked[released++] = claims->asked[i];
    return released == 0 ? STATUS_OK
                         : store_release_ids(engine->store, claims->asked, released, seq, err);
}

/* What another journal has stays in the window, as what it is: a repeat from now on. */
static enum status take_verdicts(struct engine *engine, struct group *group, uint32_t count,
                                 uint64_t seq, uint32_t *left_out, struct error *err)
{
    enum status status = STATUS_OK;
    struct claims *claims = &engine->claims;
    uint32_t ours = 0;
    bool undecided = false;
    for (uint32_t i = 0; i < count; i++) {
        struct group_entry *entry = &group->entries[claims->entries[i]];
        entry->repeated = claims->asked[i].verdict == CLAIM_REPEATED;
        entry->set_aside = claims->asked[i].verdict == CLAIM_UNDECIDED;
        undecided = undecided || entry->set_aside;
        ours += claims->asked[i].verdict == CLAIM_OURS;
    }
    atomic_fetch_add_explicit(&engine->ids_claimed, ours, memory_order_relaxed);
    if (undecided)
        status = set_aside(engine, group, count, seq, err);
    *left_out = 0;
    for (uint32_t i = 0; i < group->entry_count; i++)
        *left_out += group->entries[i].repeated || group->entries[i].set_aside;
    return status;
}

/* The operator is told why; the public only that it is to try again. */
static enum status cannot_claim(struct engine *engine, struct error *err)
{
    atomic_fetch_add_explicit(&engine->claims_failed, 1, memory_order_relaxed);
    return fail_code(err, STATUS_BEHIND, "ids_unavailable",
                     "the shared table of ids cannot be asked now; nothing was recorded: try "
                     "again");
}

enum status engine_claim_ids(struct engine *engine, struct group *group, uint64_t seq,
                             uint32_t *left_out, struct error *err)
{
    struct claims *claims = &engine->claims;
    struct error why;
    uint32_t count = 0;
    enum status status = collect(claims, group, &count, err);
    if (status != STATUS_OK || count == 0)
        return status;
    if (claims->failed_ns != 0 && monotonic_ns() - claims->failed_ns < pause_ns)
        return cannot_claim(engine, err);
    status = store_claim_ids(engine->store, claims->asked, count, seq, &why);
    if (status == STATUS_OK)
        status = take_verdicts(engine, group, count, seq, left_out, &why);
    if (status == STATUS_OK) {
        claims->failed_ns = 0;
        return STATUS_OK;
    }
    claims->failed_ns = monotonic_ns();
    engine_notify(engine, "ids_not_claimed", &why);
    engine_release_ids(engine, group, seq);
    return cannot_claim(engine, err);
}

void engine_release_ids(struct engine *engine, const struct group *group, uint64_t seq)
{
    struct error err;
    uint32_t count = 0;
    if (collect(&engine->claims, group, &count, &err) == STATUS_OK && count > 0 &&
        store_release_ids(engine->store, engine->claims.asked, count, seq, &err) != STATUS_OK)
        engine_notify(engine, "ids_not_released", &err);
}
