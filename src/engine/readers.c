/*
 * readers.c - the store's readers, kept for the next question: opening one costs a connection.
 *
 * A reader keeps its transaction, too, because beginning and ending one costs as much as looking
 * a listing up. Read transactions see what was there when they began, so a kept one serves for as
 * long as nothing is missing between the batches that it sees and the rollups that the question
 * has pinned: then store and rollups make one cut, whichever batches were applied since. That is
 * looked at on every question (`pinned`). And because an open transaction keeps the store's log
 * from starting over, the store thread ends the idle ones after each batch, and a reader that was
 * busy then ends its own when it is returned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "engine/engine_parts.h"

static enum status borrow_reader(struct engine *engine, struct reader_slot **out, struct error *err)
{
    pthread_mutex_lock(&engine->reader_lock);
    struct reader_slot *slot = engine->readers;
    if (slot != NULL)
        engine->readers = slot->next;
    pthread_mutex_unlock(&engine->reader_lock);
    if (slot != NULL) {
        *out = slot;
        return STATUS_OK;
    }
    slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read the store");
    enum status status = store_reader_open(engine->store, &slot->reader, err);
    if (status != STATUS_OK) {
        free(slot);
        return status;
    }
    *out = slot;
    return STATUS_OK;
}

static void end_transaction(struct reader_slot *slot)
{
    if (slot->begun)
        store_reader_end(slot->reader);
    slot->begun = false;
}

static void return_reader(struct engine *engine, struct reader_slot *slot)
{
    pthread_mutex_lock(&engine->reader_lock);
    if (slot->applied < engine->readers_applied)
        end_transaction(slot);
    slot->next = engine->readers;
    engine->readers = slot;
    pthread_mutex_unlock(&engine->reader_lock);
}

static enum status begin_transaction(struct reader_slot *slot, uint64_t pinned, struct error *err)
{
    struct store_position position = {0};
    end_transaction(slot);
    enum status status = store_reader_begin(slot->reader, &position, err);
    if (status != STATUS_OK)
        return status;
    slot->begun = true;
    slot->applied = position.batch;
    if (position.batch + 1 < pinned)
        return fail(err, STATUS_FOREIGN,
                    "the store holds batches up to %llu where %llu are expected",
                    (unsigned long long)position.batch, (unsigned long long)pinned - 1);
    return STATUS_OK;
}

enum status engine_begin_read(struct engine *engine, uint64_t pinned, struct reader_slot **reader,
                              uint64_t *applied, struct error *err)
{
    struct reader_slot *slot = NULL;
    enum status status = borrow_reader(engine, &slot, err);
    if (status != STATUS_OK)
        return status;
    if (!slot->begun || slot->applied + 1 < pinned)
        status = begin_transaction(slot, pinned, err);
    if (status != STATUS_OK) {
        engine_end_read(engine, slot, status);
        return status;
    }
    *applied = slot->applied;
    *reader = slot;
    return STATUS_OK;
}

void engine_end_read(struct engine *engine, struct reader_slot *slot, enum status status)
{
    if (slot == NULL)
        return;
    if (status != STATUS_OK)
        end_transaction(slot); /* the store may have ended it by itself */
    return_reader(engine, slot);
}

void engine_refresh_readers(struct engine *engine, uint64_t batch)
{
    pthread_mutex_lock(&engine->reader_lock);
    engine->readers_applied = batch;
    for (struct reader_slot *slot = engine->readers; slot != NULL; slot = slot->next) {
        if (slot->applied < batch)
            end_transaction(slot);
    }
    pthread_mutex_unlock(&engine->reader_lock);
}

void engine_close_readers(struct engine *engine)
{
    while (engine->readers != NULL) {
        struct reader_slot *slot = engine->readers;
        engine->readers = slot->next;
        end_transaction(slot);
        store_reader_close(slot->reader);
        free(slot);
    }
}
