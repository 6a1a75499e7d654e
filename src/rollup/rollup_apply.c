/*
 * rollup_apply.c - counting: find the listing, its day, the cell; add one.
 *
 * Most events are of the day that their listing's last one was of, which the listing remembers.
 * With a million listings each step of the way is a cache miss, one behind the other: the
 * listing's index slot, the listing, its id, the cell's index slot, the cell. So a group is taken
 * in runs of RUN entries, and a run goes along the way together, each step fetching what the next
 * one reads. The misses of a run then overlap. What is fetched is a guess; counting looks again.
 *
 * Readers find by the same hashes, so finding stands here, too.
 *
 * Nothing can fail between the first and the last count of a group: rollup_reserve() has made
 * room for the worst case, every entry a new user, listing, day, cell and source.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/calendar.h"
#include "rollup/rollup_parts.h"

enum { RUN = 32 };

static struct text keep(struct rollup *rollup, struct text text)
{
    struct text copy = arena_copy(&rollup->texts, text);
    assert(copy.at != NULL || text.at == NULL); /* rollup_reserve() */
    return copy;
}

static uint64_t hash_text(const struct rollup *rollup, struct text text)
{
    return XXH3_64bits_withSeed(text.at, text.len, rollup->seed);
}

static uint64_t hash_pair(uint64_t a, uint64_t b)
{
    /* one round of MurmurHash3's finaliser over a sum: the parts are hashes or small numbers */
    uint64_t word = (a + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9 + b;
    word = (word ^ (word >> 33)) * 0xff51afd7ed558ccd;
    word = (word ^ (word >> 33)) * 0xc4ceb9fe1a85ec53;
    return word ^ (word >> 33);
}

static uint64_t hash_listing(uint64_t user_hash, struct text listing_id)
{
    return XXH3_64bits_withSeed(listing_id.at, listing_id.len, user_hash);
}

static uint32_t find_user(const struct rollup *rollup, struct text id, uint64_t hash)
{
    if (rollup->user_index.slots == NULL)
        return NO_ITEM;
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->user_index, hash);
         (item = hash_index_next(&rollup->user_index, hash, &at)) != HASH_INDEX_NONE;)
        if (text_equal(rollup->users.at[item].id, id))
            return item;
    return NO_ITEM;
}

static uint32_t find_listing(const struct rollup *rollup, uint32_t user, struct text id,
                             uint64_t hash)
{
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->listing_index, hash);
         (item = hash_index_next(&rollup->listing_index, hash, &at)) != HASH_INDEX_NONE;) {
        const struct rollup_listing *listing = &rollup->listings.at[item];
        if (listing->user == user && text_equal(listing->id, id))
            return item;
    }
    return NO_ITEM;
}

uint32_t rollup_find_user(const struct rollup *rollup, struct text user_id)
{
    return find_user(rollup, user_id, hash_text(rollup, user_id));
}

uint32_t rollup_find_listing(const struct rollup *rollup, uint32_t user, struct text listing_id)
{
    return find_listing(rollup, user, listing_id,
                        hash_listing(rollup->users.at[user].hash, listing_id));
}

static uint32_t make_user(struct rollup *rollup, struct text id, uint64_t hash)
{
    uint32_t user = rollup->users.count++;
    rollup->users.at[user] = (struct rollup_user){.id = keep(rollup, id),
                                                  .hash = hash,
                                                  .listings = {NO_ITEM, NO_ITEM},
                                                  .inquiries = {NO_ITEM, NO_ITEM}};
    hash_index_add(&rollup->user_index, hash, user);
    return user;
}

static uint32_t make_listing(struct rollup *rollup, uint32_t user, struct text id, uint64_t hash)
{
    uint32_t listing = rollup->listings.count++;
    rollup->listings.at[listing] = (struct rollup_listing){.id = keep(rollup, id),
                                                           .user = user,
                                                           .next = NO_ITEM,
                                                           .days = {NO_ITEM, NO_ITEM},
                                                           .recent_day = NO_ITEM,
                                                           .details = NO_ITEM};
    hash_index_add(&rollup->listing_index, hash, listing);
    struct item_list *list = &rollup->users.at[user].listings;
    if (list->last == NO_ITEM)
        list->first = listing;
    else
        rollup->listings.at[list->last].next = listing;
    list->last = listing;
    return listing;
}

/* A decoded entry on its way. */
struct step {
    struct entry entry;
    struct text user_id;
    struct text listing_id;
    uint64_t user_hash;
    uint64_t listing_hash;
    uint32_t guess;    /* the listing, perhaps; then its day; NO_ITEM if unknown */
    uint64_t cell_key; /* of an event */
};

/* By its ids alone, without looking the user up first: one index less on the way. */
static uint32_t listing_of(struct rollup *rollup, const struct step *step)
{
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->listing_index, step->listing_hash);
         (item = hash_index_next(&rollup->listing_index, step->listing_hash, &at)) !=
         HASH_INDEX_NONE;) {
        const struct rollup_listing *listing = &rollup->listings.at[item];
        if (text_equal(listing->id, step->listing_id) &&
            text_equal(rollup->users.at[listing->user].id, step->user_id))
            return item;
    }
    uint32_t user = find_user(rollup, step->user_id, step->user_hash);
    if (user == NO_ITEM)
        user = make_user(rollup, step->user_id, step->user_hash);
    return make_listing(rollup, user, step->listing_id, step->listing_hash);
}

static uint32_t day_of(struct rollup *rollup, uint32_t listing, int32_t day)
{
    struct rollup_listing *owner = &rollup->listings.at[listing];
    if (owner->recent_day != NO_ITEM && rollup->days.at[owner->recent_day].day == day)
        return owner->recent_day;

    uint64_t hash = hash_pair(listing, (uint32_t)day);
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->day_index, hash);
         (item = hash_index_next(&rollup->day_index, hash, &at)) != HASH_INDEX_NONE;)
        if (rollup->days.at[item].listing == listing && rollup->days.at[item].day == day)
            return owner->recent_day = item;

    item = rollup->days.count++;
    rollup->days.at[item] = (struct rollup_day){
        .listing = listing, .day = day, .next = NO_ITEM, .cells = {NO_ITEM, NO_ITEM}};
    hash_index_add(&rollup->day_index, hash, item);
    if (owner->days.last == NO_ITEM)
        owner->days.first = item;
    else
        rollup->days.at[owner->days.last].next = item;
    owner->days.last = item;
    return owner->recent_day = item;
}

static uint32_t source_of(struct rollup *rollup, struct text name)
{
    if (name.at == NULL)
        return 0;
    uint64_t hash = hash_text(rollup, name);
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->source_index, hash);
         (item = hash_index_next(&rollup->source_index, hash, &at)) != HASH_INDEX_NONE;)
        if (text_equal(rollup->sources.at[item], name))
            return item;
    item = rollup->sources.count++;
    rollup->sources.at[item] = keep(rollup, name);
    hash_index_add(&rollup->source_index, hash, item);
    return item;
}

static uint32_t cell_of(struct rollup *rollup, uint32_t day, uint64_t key)
{
    uint64_t hash = hash_pair(day, key);
    uint32_t item;
    for (uint32_t at = hash_index_start(&rollup->cell_index, hash);
         (item = hash_index_next(&rollup->cell_index, hash, &at)) != HASH_INDEX_NONE;)
        if (rollup->cells.at[item].day == day && rollup->cells.at[item].key == key)
            return item;

    item = rollup->cells.count++;
    rollup->cells.at[item] = (struct rollup_cell){.key = key, .day = day, .next = NO_ITEM};
    hash_index_add(&rollup->cell_index, hash, item);
    struct item_list *list = &rollup->days.at[day].cells;
    if (list->last == NO_ITEM)
        list->first = item;
    else
        rollup->cells.at[list->last].next = item;
    list->last = item;
    return item;
}

/* Texts but the ids are copied. */
static void add_inquiry(struct rollup *rollup, const struct inquiry *inquiry, uint32_t listing)
{
    uint32_t user = rollup->listings.at[listing].user;
    uint32_t item = rollup->inquiries.count++;
    struct rollup_inquiry *kept = &rollup->inquiries.at[item];
    *kept = (struct rollup_inquiry){.inquiry = *inquiry, .next = NO_ITEM};
    kept->inquiry.user_id = rollup->users.at[user].id;
    kept->inquiry.listing_id = rollup->listings.at[listing].id;
    kept->inquiry.key = keep(rollup, inquiry->key);
    kept->inquiry.source = keep(rollup, inquiry->source);
    kept->inquiry.content = keep(rollup, inquiry->content);
    struct item_list *list = &rollup->users.at[user].inquiries;
    if (list->last == NO_ITEM)
        list->first = item;
    else
        rollup->inquiries.at[list->last].next = item;
    list->last = item;
}

static void keep_inquiry(struct rollup *rollup, const struct event *event, uint32_t listing,
                         int64_t received_ms, uint64_t seq, uint32_t index)
{
    char made[INQUIRY_KEY_BYTES_MAX + 1];
    struct text key = event->id;
    if (key.at == NULL) {
        int len = 0;
        for (size_t i = 0; i < sizeof rollup->journal_id; i++)
            len += snprintf(made + len, sizeof made - (size_t)len, len == 0 ? "j%02x" : "%02x",
                            rollup->journal_id[i]);
        len += snprintf(made + len, sizeof made - (size_t)len, "-%llu-%u", (unsigned long long)seq,
                        index);
        key = (struct text){made, (size_t)len};
    }
    add_inquiry(rollup,
                &(struct inquiry){.key = key,
                                  .source = event->source,
                                  .content = event->inquiry,
                                  .time_ms = event->time_ms,
                                  .received_ms = received_ms,
                                  .platform = event->platform},
                listing);
}

static void add_details(struct rollup *rollup, const struct listing_details *details,
                        uint32_t listing, int64_t updated_ms)
{
    struct rollup_listing *owner = &rollup->listings.at[listing];
    if (owner->details == NO_ITEM)
        owner->details = rollup->details.count++;
    struct rollup_details *word = &rollup->details.at[owner->details];
    *word = (struct rollup_details){
        .received_ms = updated_ms, .listing = listing, .removed = details == NULL};
    if (word->removed)
        return;
    word->details = *details;
    word->details.address = keep(rollup, details->address);
    word->details.currency = keep(rollup, details->currency);
    word->details.image = keep(rollup, details->image);
    word->details.status = keep(rollup, details->status);
    word->details.updated_ms = updated_ms;
}

static void fetch_index_slot(const struct rollup *rollup, struct step *step)
{
    bool is_event = step->entry.kind == ENTRY_EVENT;
    step->user_id = is_event ? step->entry.event.user_id : step->entry.user_id;
    step->listing_id = is_event ? step->entry.event.listing_id : step->entry.listing_id;
    step->user_hash = hash_text(rollup, step->user_id);
    step->listing_hash = hash_listing(step->user_hash, step->listing_id);
    hash_index_prefetch(&rollup->listing_index, step->listing_hash);
}

static void fetch_listing(const struct rollup *rollup, struct step *step)
{
    uint32_t at = hash_index_start(&rollup->listing_index, step->listing_hash);
    step->guess = hash_index_next(&rollup->listing_index, step->listing_hash, &at);
    if (step->guess != NO_ITEM) {
        const char *listing = (const char *)&rollup->listings.at[step->guess];
        __builtin_prefetch(listing); /* may lie across two cache lines */
        __builtin_prefetch(listing + sizeof(struct rollup_listing) - 1);
    }
}

static void fetch_day(const struct rollup *rollup, struct step *step)
{
    if (step->guess == NO_ITEM)
        return;
    const struct rollup_listing *listing = &rollup->listings.at[step->guess];
    __builtin_prefetch(listing->id.at);
    __builtin_prefetch(&rollup->users.at[listing->user]);
    step->guess = listing->recent_day;
    if (step->guess != NO_ITEM)
        __builtin_prefetch(&rollup->days.at[step->guess]);
}

/* A cell's key needs no guess, but its hash does. */
static void fetch_cell_slot(struct rollup *rollup, struct step *step)
{
    if (step->entry.kind != ENTRY_EVENT)
        return;
    const struct event *event = &step->entry.event;
    step->cell_key = cell_key(quarter_of_ms(event->time_ms), event->type, event->platform,
                              source_of(rollup, event->source));
    if (step->guess != NO_ITEM)
        hash_index_prefetch(&rollup->cell_index, hash_pair(step->guess, step->cell_key));
}

static void fetch_cell(const struct rollup *rollup, const struct step *step)
{
    if (step->entry.kind != ENTRY_EVENT || step->guess == NO_ITEM)
        return;
    uint64_t hash = hash_pair(step->guess, step->cell_key);
    uint32_t at = hash_index_start(&rollup->cell_index, hash);
    uint32_t cell = hash_index_next(&rollup->cell_index, hash, &at);
    if (cell != NO_ITEM)
        __builtin_prefetch(&rollup->cells.at[cell]);
}

static void apply_entry(struct rollup *rollup, const struct step *step, int64_t received_ms,
                        uint64_t seq, uint32_t index)
{
    uint32_t listing = listing_of(rollup, step);
    if (step->entry.kind != ENTRY_EVENT) {
        add_details(rollup, step->entry.kind == ENTRY_LISTING_REMOVED ? NULL : &step->entry.details,
                    listing, received_ms);
        return;
    }
    const struct event *event = &step->entry.event;
    uint32_t day = day_of(rollup, listing, day_of_ms(event->time_ms));
    struct rollup_cell *cell = &rollup->cells.at[cell_of(rollup, day, step->cell_key)];
    cell->count++;
    cell->updated_ms = received_ms;
    if (event->type == EVENT_INQUIRY)
        keep_inquiry(rollup, event, listing, received_ms, seq, index);
}

enum status rollup_apply_group(struct rollup *rollup, struct text record, uint64_t seq,
                               struct error *err)
{
    struct record_head head;
    enum status status = record_head_decode(record, &head, err);
    if (status != STATUS_OK)
        return status;
    if (head.kind != RECORD_GROUP)
        return fail(err, STATUS_CORRUPT, "record %llu is not a group", (unsigned long long)seq);

    const uint8_t *from = (const uint8_t *)record.at + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)record.at + record.len;
    struct step run[RUN];
    uint32_t index = 0;
    while (from < end) {
        const uint8_t *run_start = from;
        uint32_t count = 0;
        for (; count < RUN && from < end; count++) {
            status = entry_decode(&from, end, &run[count].entry, err);
            if (status != STATUS_OK)
                return status;
        }
        /* a no-op where the whole group was reserved before */
        status = rollup_reserve(rollup, count, (size_t)(from - run_start), err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t i = 0; i < count; i++)
            fetch_index_slot(rollup, &run[i]);
        for (uint32_t i = 0; i < count; i++)
            fetch_listing(rollup, &run[i]);
        for (uint32_t i = 0; i < count; i++)
            fetch_day(rollup, &run[i]);
        for (uint32_t i = 0; i < count; i++)
            fetch_cell_slot(rollup, &run[i]);
        for (uint32_t i = 0; i < count; i++)
            fetch_cell(rollup, &run[i]);
        for (uint32_t i = 0; i < count; i++)
            apply_entry(rollup, &run[i], head.received_ms, seq, index++);
    }
    return STATUS_OK;
}

uint32_t rollup_make_listing(struct rollup *rollup, struct text user_id, struct text listing_id)
{
    struct step step = {.user_id = user_id, .listing_id = listing_id};
    step.user_hash = hash_text(rollup, user_id);
    step.listing_hash = hash_listing(step.user_hash, listing_id);
    return listing_of(rollup, &step);
}

struct rollup_cell *rollup_make_cell(struct rollup *rollup, uint32_t listing, int32_t day,
                                     int quarter, enum event_type type, uint8_t platform,
                                     struct text source)
{
    uint64_t key = cell_key(quarter, type, platform, source_of(rollup, source));
    return &rollup->cells.at[cell_of(rollup, day_of(rollup, listing, day), key)];
}

void rollup_make_inquiry(struct rollup *rollup, const struct inquiry *inquiry, uint32_t listing)
{
    add_inquiry(rollup, inquiry, listing);
}

void rollup_make_details(struct rollup *rollup, const struct listing_details *details,
                         uint32_t listing)
{
    add_details(rollup, details, listing, details->updated_ms);
}
