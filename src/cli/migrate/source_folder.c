/*
 * source_folder.c - a data folder's store, walked in the order of its keys.
 *
 * A place is the key of a thing, as JSON: [kind, user, number, key, listing].
 *
 * The journal must have nothing behind what the store has: a group there was acknowledged and is
 * not counted in the store yet. The seal itself, and what was before, may still lie there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/journal/data_folder.h"
#include "cli/migrate/source.h"
#include "engine/store_kind.h"
#include "model/record.h"

struct folder_source {
    struct migrate_source source; /* first, so that one pointer is both */
    struct data_folder folder;
    struct sqlite_walk *walk;
    struct walk_item item;
    bool has_item;
};

static struct folder_source *of(struct migrate_source *source)
{
    return (struct folder_source *)source;
}

static enum status next(struct migrate_source *base, struct migrate_item *out, struct error *err)
{
    struct folder_source *source = of(base);
    enum status status = sqlite_walk_next(source->walk, &source->item, err);
    if (status != STATUS_OK)
        return status;
    source->has_item = source->item.place.kind != WALK_END;
    *out = (struct migrate_item){.kind = source->item.place.kind,
                                 .user_id = source->item.place.user_id,
                                 .listing_id = source->item.place.listing_id,
                                 .cells = source->item.cells,
                                 .inquiry = &source->item.inquiry,
                                 .details = &source->item.details};
    return STATUS_OK;
}

static bool place(struct migrate_source *base, char out[MIGRATE_PLACE_BYTES])
{
    const struct walk_place *at = &of(base)->item.place;
    if (!of(base)->has_item)
        return false;
    json_t *json = json_pack("[i, s%, I, s%, s%]", (int)at->kind, at->user_id.at, at->user_id.len,
                             (json_int_t)at->number, at->key.at == NULL ? "" : at->key.at,
                             at->key.len, at->listing_id.at, at->listing_id.len);
    char *words = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    bool ok = words != NULL && strlen(words) < MIGRATE_PLACE_BYTES;
    if (ok)
        memcpy(out, words, strlen(words) + 1);
    free(words);
    json_decref(json);
    return ok;
}

static struct text text_of_json(const json_t *json)
{
    return json_is_string(json) ? (struct text){json_string_value(json), json_string_length(json)}
                                : (struct text){0};
}

/* false: it is no place. The texts are the JSON's. */
static bool read_place(const json_t *json, struct walk_place *out)
{
    json_int_t kind = json_integer_value(json_array_get(json, 0));
    if (json_array_size(json) != 5 || kind < 0 || kind >= WALK_END)
        return false;
    *out = (struct walk_place){.kind = (enum walk_kind)kind,
                               .is_set = true,
                               .user_id = text_of_json(json_array_get(json, 1)),
                               .number = json_integer_value(json_array_get(json, 2)),
                               .key = text_of_json(json_array_get(json, 3)),
                               .listing_id = text_of_json(json_array_get(json, 4))};
    return out->user_id.at != NULL && out->listing_id.at != NULL;
}

static enum status check(struct migrate_source *base, struct error *err)
{
    (void)base;
    (void)err;
    return STATUS_OK; /* its lock is held */
}

static void close_source(struct migrate_source *base)
{
    struct folder_source *source = of(base);
    sqlite_walk_close(source->walk);
    data_folder_close(&source->folder);
    free(source);
}

static const struct migrate_source_ops folder_ops = {
    .next = next, .place = place, .check = check, .close = close_source};

static enum status on_record(void *context, const struct found_record *record, struct error *err)
{
    const struct folder_source *source = context;
    struct record_head head;
    if (record->seq <= source->folder.store.position.seq)
        return STATUS_OK;
    enum status status = record_head_decode(record->payload, &head, err);
    if (status == STATUS_OK && head.kind == RECORD_GROUP)
        return fail(err, STATUS_INVALID,
                    "%s: its journal has what its store does not have yet; start footfall serve on "
                    "it and stop it (SIGTERM), which puts everything into the store",
                    source->folder.path);
    return status;
}

static enum status on_finding(void *context, const struct finding *finding, struct error *err)
{
    const struct folder_source *source = context;
    if (finding->kind == FINDING_TORN_TAIL)
        return STATUS_OK;
    return fail(err, STATUS_CORRUPT, "%s: its journal is damaged: %s: %s", source->folder.path,
                finding->file, finding->words);
}

static enum status check_drained(struct folder_source *source, struct error *err)
{
    const struct inspect_visitor visitor = {
        .record = on_record, .finding = on_finding, .context = source};
    const struct data_folder *folder = &source->folder;
    if (folder->store_status == STATUS_NOT_FOUND)
        return fail(err, STATUS_NOT_FOUND, "%s has no store: nothing was recorded", folder->path);
    if (folder->store_status != STATUS_OK) {
        *err = folder->store_error;
        return folder->store_status;
    }
    return folder->inspection == NULL ? STATUS_OK : inspect_walk(folder->inspection, &visitor, err);
}

static enum status start_walk(struct folder_source *source, const char *path, const char *at,
                              struct error *err)
{
    struct walk_place behind = {0};
    json_t *json = at[0] == '\0' ? NULL : json_loads(at, 0, NULL);
    enum status status = STATUS_OK;
    if (at[0] != '\0' && !read_place(json, &behind))
        status = fail(err, STATUS_CORRUPT, "the target does not say how far the migration came");
    if (status == STATUS_OK)
        status = sqlite_walk_open(path, &behind, &source->walk, err);
    json_decref(json);
    return status;
}

static enum status make(struct folder_source **out, struct error *err)
{
    struct folder_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a data folder");
    source->source.ops = &folder_ops;
    *out = source;
    return STATUS_OK;
}

enum status migrate_source_folder(const char *path, const char *at, struct migrate_source **out,
                                  struct error *err)
{
    struct folder_source *source = NULL;
    char id[JOURNAL_ID_WORDS_BYTES];
    enum status status = store_kind_need_sqlite(path, "moving it from here", err);
    if (status == STATUS_OK)
        status = make(&source, err);
    if (status != STATUS_OK)
        return status;
    status = data_folder_open(path, &source->folder, err);
    if (status == STATUS_OK)
        status = check_drained(source, err);
    if (status == STATUS_OK)
        status = start_walk(source, source->folder.store_path, at, err);
    if (status == STATUS_OK)
        status = sqlite_walk_count(source->walk, &source->source.things, err);
    if (status != STATUS_OK) {
        close_source(&source->source);
        return status;
    }
    journal_id_words(source->folder.store.journal_id, id);
    snprintf(source->source.identity, sizeof source->source.identity,
             "journal %s, batch %" PRIu64 ", record %" PRIu64, id,
             source->folder.store.position.batch, source->folder.store.position.seq);
    *out = &source->source;
    return STATUS_OK;
}

enum status migrate_source_file(const char *path, struct migrate_source **out, struct error *err)
{
    struct folder_source *source = NULL;
    enum status status = make(&source, err);
    if (status != STATUS_OK)
        return status;
    status = start_walk(source, path, "", err);
    if (status != STATUS_OK) {
        close_source(&source->source);
        return status;
    }
    *out = &source->source;
    return STATUS_OK;
}
