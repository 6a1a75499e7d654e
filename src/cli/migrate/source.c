/*
 * source.c - what all sources have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/source.h"

enum { SHOWN_EVERY = 100 };

void migrate_item_tally(const struct migrate_item *item, struct tally *tally)
{
    if (item->kind == WALK_CELLS)
        tally_add_cells(tally, item->user_id, item->listing_id, item->cells);
    else if (item->kind == WALK_INQUIRY)
        tally_add_inquiry(tally, item->inquiry);
    else if (item->kind == WALK_LISTING)
        tally_add_details(tally, item->user_id, item->listing_id, item->details);
}

enum status migrate_source_tally(struct migrate_source *source, migrate_shown_fn *shown,
                                 void *context, struct tally *out, struct error *err)
{
    struct tally tally = {0};
    uint64_t since = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        struct migrate_item item;
        status = migrate_source_next(source, &item, err);
        if (status != STATUS_OK || item.kind == WALK_END)
            break;
        migrate_item_tally(&item, &tally);
        if (++since == SHOWN_EVERY && shown != NULL) {
            status = shown(context, since, err);
            since = 0;
        }
    }
    if (status == STATUS_OK)
        *out = tally;
    return status;
}
