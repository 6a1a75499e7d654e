/*
 * rollup.c - fuzz target: a group counted, handed over month by month, folded into blocks.
 *
 * What the blocks hold in the end is as much as there were events in the group, in totals and in
 * cells; and both agree on the sources.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/month_block.h"
#include "model/record.h"
#include "rollup/rollup.h"

struct tally {
    uint64_t platforms; /* counts under platforms, "none" included */
    uint64_t sources;
};

struct visit {
    struct tally totals;
    struct tally cells;
    size_t inquiries;
    size_t listings;
};

static void add_rows(struct tally *tally, const struct count_rows *rows)
{
    for (size_t i = 0; i < rows->platform_count; i++)
        tally->platforms += counts_sum(&rows->platforms[i].counts);
    for (size_t i = 0; i < rows->source_count; i++)
        tally->sources += counts_sum(&rows->sources[i].counts);
}

static void add_month(struct visit *visit, int32_t month, const struct count_rows *totals)
{
    struct bytes block = {0};
    struct count_rows rows = {0};
    struct error err;
    FUZZ_CHECK(month_block_fold((struct text){NULL, 0}, month, totals, &block, &err) == STATUS_OK,
               "%s", err.message);
    FUZZ_CHECK(month_block_decode((struct text){(const char *)block.at, block.len}, month,
                                  CALENDAR_DAY_MIN, CALENDAR_DAY_MAX, &rows, &err) == STATUS_OK,
               "%s", err.message);
    add_rows(&visit->totals, &rows);
    count_rows_done(&rows);
    bytes_done(&block);
}

/* The rows of the day at the front of *rest, which loses them. */
static struct count_rows day_of(struct count_rows *rest, int32_t day)
{
    struct count_rows rows = {.platforms = rest->platforms, .sources = rest->sources};
    while (rest->platform_count > 0 && rest->platforms->day == day)
        rest->platforms++, rest->platform_count--, rows.platform_count++;
    while (rest->source_count > 0 && rest->sources->day == day)
        rest->sources++, rest->source_count--, rows.source_count++;
    return rows;
}

static void add_day(struct visit *visit, int32_t day, const struct count_rows *cells)
{
    struct bytes block = {0};
    struct count_rows rows = {0};
    struct error err;
    FUZZ_CHECK(cell_block_fold((struct text){NULL, 0}, day, cells, &block, &err) == STATUS_OK, "%s",
               err.message);
    FUZZ_CHECK(cell_block_decode((struct text){(const char *)block.at, block.len}, day, &rows,
                                 &err) == STATUS_OK,
               "%s", err.message);
    add_rows(&visit->cells, &rows);
    count_rows_done(&rows);
    bytes_done(&block);
}

static enum status visit_month(void *context, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               const struct count_rows *cells, struct error *err)
{
    (void)user_id;
    (void)listing_id;
    (void)err;
    struct count_rows rest = *cells;
    add_month(context, month, totals);
    while (rest.platform_count > 0) {
        int32_t day = rest.platforms->day;
        struct count_rows of_day = day_of(&rest, day);
        add_day(context, day, &of_day);
    }
    FUZZ_CHECK(rest.source_count == 0, "sources of a day without platforms");
    return STATUS_OK;
}

static enum status visit_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)err;
    FUZZ_CHECK(inquiry->key.len > 0 && inquiry->key.len <= INQUIRY_KEY_BYTES_MAX, "a bad key");
    ((struct visit *)context)->inquiries++;
    return STATUS_OK;
}

static enum status visit_listing(void *context, struct text user_id, struct text listing_id,
                                 const struct listing_details *details, struct error *err)
{
    (void)user_id;
    (void)listing_id;
    (void)details;
    (void)err;
    ((struct visit *)context)->listings++;
    return STATUS_OK;
}

/* Counts what a group that was accepted holds. */
static void count_entries(struct text record, struct visit *out)
{
    const uint8_t *from = (const uint8_t *)record.at + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)record.at + record.len;
    while (from < end) {
        struct entry entry = {0};
        struct error err;
        FUZZ_CHECK(entry_decode(&from, end, &entry, &err) == STATUS_OK, "%s", err.message);
        if (entry.kind != ENTRY_EVENT)
            continue;
        out->totals.platforms++;
        out->totals.sources += entry.event.source.at != NULL;
        out->inquiries += entry.event.type == EVENT_INQUIRY;
    }
}

int fuzz_one(const uint8_t *data, size_t size)
{
    static const uint8_t journal_id[ROLLUP_JOURNAL_ID_BYTES];
    struct record_head head;
    struct visit got = {0};
    struct visit want = {0};
    struct error err;
    char *copy = fuzz_copy(data, size);
    struct text record = {copy, size};
    if (record_head_decode(record, &head, &err) != STATUS_OK || head.kind != RECORD_GROUP) {
        free(copy);
        return 0;
    }
    struct rollup *rollup = rollup_new(1, journal_id);
    FUZZ_CHECK(rollup != NULL, "no memory");
    if (rollup_apply_group(rollup, record, 1, &err) == STATUS_OK) {
        const struct rollup_visitor visitor = {&got, visit_month, visit_inquiry, visit_listing};
        FUZZ_CHECK(rollup_visit(rollup, &visitor, &err) == STATUS_OK, "%s", err.message);
        count_entries(record, &want);
        FUZZ_CHECK(got.totals.platforms == want.totals.platforms &&
                       got.cells.platforms == want.totals.platforms,
                   "%lu events, %lu in totals, %lu in cells", want.totals.platforms,
                   got.totals.platforms, got.cells.platforms);
        FUZZ_CHECK(got.totals.sources == want.totals.sources &&
                       got.cells.sources == want.totals.sources,
                   "%lu sources, %lu in totals, %lu in cells", want.totals.sources,
                   got.totals.sources, got.cells.sources);
        FUZZ_CHECK(got.inquiries == want.inquiries, "%zu inquiries, not %zu", got.inquiries,
                   want.inquiries);
    } else {
        FUZZ_CHECK(err.message[0] != '\0', "refused without words");
    }
    rollup_unref(rollup);
    free(copy);
    return 0;
}
