/*
 * target_table.c - a table, to which the migration is one more writer.
 *
 *     WRITER#<n> / MIGRATION    the progress, its JSON, and its rank: an older one that comes late,
 *                               from a try that was given up, does not replace a newer one
 *     WRITER#<n> / STATE        the writer's claim, as every writer has one (the store's affair)
 *
 * The claim stays for good: listing-days bear the marks of its batches, and whoever got the number
 * after it must go on behind them. At the end the writer says that no more comes of it, so that
 * others do not wait for it to say how fresh the table is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/journal/data_folder.h"
#include "cli/migrate/target.h"
#include "store/dynamodb/dynamodb_store.h"
#include "store/dynamodb/dynamodb_table.h"

struct table_target {
    struct migrate_target target; /* first, so that one pointer is both */
    struct migrate_table options;
    struct dynamodb_channel *channel;
};

static struct table_target *of(struct migrate_target *target)
{
    return (struct table_target *)target;
}

/* Asks with a body of jansson's, which is taken; *out (may be NULL) is the caller's. */
static enum status ask(struct table_target *table, const char *operation, json_t *body,
                       json_t **out, struct error *err)
{
    enum dynamodb_outcome outcome;
    char *words = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    enum status status =
        words == NULL ? fail(err, STATUS_NO_MEMORY, "no memory to ask DynamoDB")
                      : dynamodb_ask(table->channel, operation, text_of(words), out, &outcome, err);
    free(words);
    json_decref(body);
    return status;
}

static void put_key(const struct table_target *table, char out[32])
{
    snprintf(out, 32, "WRITER#%u", table->options.writer);
}

static enum status read_progress(struct table_target *table, struct error *err)
{
    char key[32];
    json_t *answer = NULL;
    put_key(table, key);
    enum status status =
        ask(table, "GetItem",
            json_pack("{s:s, s:b, s:{s:{s:s}, s:{s:s}}}", "TableName", table->options.table,
                      "ConsistentRead", 1, "Key", "PK", "S", key, "SK", "S", "MIGRATION"),
            &answer, err);
    const json_t *item = json_object_get(answer, "Item");
    const char *words = json_string_value(json_object_get(json_object_get(item, "progress"), "S"));
    if (status == STATUS_OK && item != NULL) {
        if (words == NULL || !progress_decode(text_of(words), &table->target.progress))
            status = fail(err, STATUS_CORRUPT,
                          "table %s: the item %s / MIGRATION is not what a migration wrote",
                          table->options.table, key);
        table->target.was_begun = status == STATUS_OK;
    }
    json_decref(answer);
    return status;
}

static enum status save(struct migrate_target *base, struct error *err)
{
    struct table_target *table = of(base);
    char key[32];
    char rank[32];
    struct bytes words = {0};
    put_key(table, key);
    snprintf(rank, sizeof rank, "%llu",
             2 * (unsigned long long)base->progress.batch + (base->progress.complete ? 1 : 0));
    enum status status =
        progress_encode(&base->progress, &words)
            ? ask(table, "PutItem",
                  json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s%}}, s:s, s:{s:s}, "
                            "s:{s:{s:s}}}",
                            "TableName", table->options.table, "Item", "PK", "S", key, "SK", "S",
                            "MIGRATION", "rank", "N", rank, "progress", "S", (const char *)words.at,
                            words.len, "ConditionExpression",
                            "attribute_not_exists(PK) OR #r <= :r", "ExpressionAttributeNames",
                            "#r", "rank", "ExpressionAttributeValues", ":r", "N", rank),
                  NULL, err)
            : fail(err, STATUS_NO_MEMORY, "no memory to note how far the migration is");
    bytes_done(&words);
    return status;
}

static enum status open_store(struct table_target *table, struct error *err)
{
    struct migrate_target *target = &table->target;
    const struct dynamodb_store_options options = {.dynamodb = table->options.dynamodb,
                                                   .table = table->options.table,
                                                   .writer = table->options.writer,
                                                   .journal_id = target->progress.journal_id,
                                                   .cells = true,
                                                   .clock = clock_system()};
    enum status status = dynamodb_store_open(&options, &target->store, err);
    return status == STATUS_OK ? store_get_position(target->store, &target->applied, err) : status;
}

/* What the table holds before anything is moved. */
static enum status tally_table(struct table_target *table, struct tally *out, struct error *err)
{
    struct migrate_source *source = NULL;
    enum status status = migrate_source_table(table->options.dynamodb, table->options.table, "",
                                              false, &source, err);
    if (status == STATUS_OK)
        status = migrate_source_tally(source, NULL, NULL, out, err);
    migrate_source_close(source);
    return status;
}

static enum status begin(struct migrate_target *base, struct error *err)
{
    struct table_target *table = of(base);
    struct dynamodb_writer_state writer = {0};
    enum status status = dynamodb_store_read_writer(table->options.dynamodb, table->options.table,
                                                    table->options.writer, &writer, err);
    if (status == STATUS_OK && writer.exists)
        status = fail(err, STATUS_FOREIGN,
                      "writer %u of table %s is journal %s: choose a number that no node has, with "
                      "--dynamodb-writer",
                      table->options.writer, table->options.table, writer.journal_id);
    if (status == STATUS_OK)
        status = tally_table(table, &base->progress.there, err);
    if (status == STATUS_OK && tally_things(&base->progress.there) > 0 && !table->options.is_merge)
        status = fail(err, STATUS_INVALID,
                      "table %s holds counts already; --merge adds to them. What was moved by "
                      "another migration would then count twice",
                      table->options.table);
    if (status == STATUS_OK)
        status = migrate_new_id(base->progress.journal_id, err);
    if (status == STATUS_OK)
        status = save(base, err);
    return status == STATUS_OK ? open_store(table, err) : status;
}

static enum status reread(struct migrate_target *base, struct migrate_source **out,
                          struct error *err)
{
    struct table_target *table = of(base);
    return migrate_source_table(table->options.dynamodb, table->options.table, "", false, out, err);
}

static enum status finish(struct migrate_target *base, struct error *err)
{
    enum status status = STATUS_OK;
    if (base->store != NULL)
        status = store_note_drained(base->store, store_nothing_to_come, err);
    base->progress.complete = true;
    return status == STATUS_OK ? save(base, err) : status;
}

static void close_target(struct migrate_target *base)
{
    struct table_target *table = of(base);
    store_close(base->store);
    dynamodb_channel_close(table->channel);
    free(table);
}

static const struct migrate_target_ops table_ops = {
    .begin = begin, .reread = reread, .save = save, .finish = finish, .close = close_target};

enum status migrate_target_table(const struct migrate_table *options, struct migrate_target **out,
                                 struct error *err)
{
    struct dynamodb_table_facts facts;
    struct table_target *table = calloc(1, sizeof *table);
    if (table == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to write to table %s", options->table);
    table->target.ops = &table_ops;
    table->target.is_merge = options->is_merge;
    table->options = *options;
    enum status status = dynamodb_channel_open(options->dynamodb, &table->channel, err);
    if (status == STATUS_OK)
        status = dynamodb_table_describe(table->channel, options->table, &facts, err);
    if (status == STATUS_OK)
        status = dynamodb_table_check_keys(options->table, &facts, err);
    if (status == STATUS_OK)
        status = read_progress(table, err);
    if (status == STATUS_OK && table->target.was_begun && !table->target.progress.complete)
        status = open_store(table, err);
    if (status != STATUS_OK) {
        close_target(&table->target);
        return status;
    }
    *out = &table->target;
    return STATUS_OK;
}
