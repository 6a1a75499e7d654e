/*
 * readers.c - the store's readers, kept for the next question: opening one costs a connection.
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

static void return_reader(struct engine *engine, struct reader_slot *slot)
{
    if (slot == NULL)
        return;
    pthread_mutex_lock(&engine->reader_lock);
    slot->next = engine->readers;
    engine->readers = slot;
    pthread_mutex_unlock(&engine->reader_lock);
}

enum status engine_begin_read(struct engine *engine, struct reader_slot **reader, uint64_t *applied,
                              struct error *err)
{
    struct store_position position = {0};
    enum status status = borrow_reader(engine, reader, err);
    if (status != STATUS_OK)
        return status;
    status = store_reader_begin((*reader)->reader, &position, err);
    if (status != STATUS_OK) {
        return_reader(engine, *reader);
        *reader = NULL;
        return status;
    }
    *applied = position.batch;
    return STATUS_OK;
}

void engine_end_read(struct engine *engine, struct reader_slot *reader)
{
    if (reader == NULL)
        return;
    store_reader_end(reader->reader);
    return_reader(engine, reader);
}

void engine_close_readers(struct engine *engine)
{
    while (engine->readers != NULL) {
        struct reader_slot *slot = engine->readers;
        engine->readers = slot->next;
        store_reader_close(slot->reader);
        free(slot);
    }
}
