/*
 * node_test.c - settings of the store that contradict each other are refused, with words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "cli/node.h"

/* Settings "name=value", as flags; then those of the environment. */
struct given {
    const char *flags[3];
    const char *environment[3];
};

static enum status try_settings(const struct given *given, struct error *err)
{
    struct config config;
    struct node *node = NULL;
    const char *flags[3];
    char words[3][64];
    int count = 0;
    for (; count < 3 && given->flags[count] != NULL; count++) {
        snprintf(words[count], sizeof words[count], "--%s", given->flags[count]);
        flags[count] = words[count];
    }
    const char *const environment[] = {given->environment[0], given->environment[1], NULL};
    ASSERT_OK(config_read(&config, count, flags, environment, err), *err);
    enum status status = node_new(&config, &node, err);
    if (status == STATUS_OK)
        ASSERT_OK(node_close(node, err), *err);
    config_done(&config);
    return status;
}

TEST(settings_of_a_store_that_is_not_meant_are_refused)
{
    static const struct {
        const char *name;
        struct given given;
        const char *field; /* NULL: they are fine */
        const char *words;
    } rows[] = {
        {"nothing", {{0}, {0}}, NULL, NULL},
        {"a table", {{"store=dynamodb", "dynamodb-table=t"}, {0}}, NULL, NULL},
        {"all of it", {{"store=dynamodb", "dedupe=shared", "cells=off"}, {0}}, NULL, NULL},
        {"a table for SQLite", {{"dynamodb-table=t"}, {0}}, "dynamodb-table", "say store dynamodb"},
        {"a writer for SQLite", {{"dynamodb-writer=2"}, {0}}, "dynamodb-writer", "store dynamodb"},
        {"a refresh for SQLite", {{"refresh-interval-ms=1s"}, {0}}, "refresh-interval-ms", "store"},
        {"ids shared by one", {{"dedupe=shared"}, {0}}, "dedupe", "needs a store that nodes share"},
        {"SQLite without cells", {{"cells=off"}, {0}}, "cells", "cells off is for store dynamodb"},
        {"a cache for a table",
         {{"store=dynamodb", "store-cache-bytes=8MiB"}, {0}},
         "store-cache-bytes",
         "no such cache"},
        {"an environment for several",
         {{0}, {"FOOTFALL_DYNAMODB_ENDPOINT=http://127.0.0.1:8000", "FOOTFALL_DYNAMODB_TABLE=t"}},
         NULL,
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        enum status status = try_settings(&rows[i].given, &err);
        if (rows[i].field == NULL) {
            ROW(status == STATUS_OK, rows[i].name, "%s", err.message);
            continue;
        }
        ROW(status == STATUS_INVALID, rows[i].name, "%s", status_code(status));
        ROW(strcmp(err.field, rows[i].field) == 0, rows[i].name, "blames %s", err.field);
        ROW(strstr(err.message, rows[i].words) != NULL, rows[i].name, "%s", err.message);
    }
}

UNIT_MAIN(UNIT(settings_of_a_store_that_is_not_meant_are_refused))
