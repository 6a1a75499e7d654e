/*
 * hold_store.c - holds a store's file as another writer would, until its input ends.
 *
 *   hold_store FOOTFALL.DB    prints "held" when nobody else can write to it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sqlite3.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    sqlite3 *db = NULL;
    if (count != 2) {
        fputs("usage: hold_store FOOTFALL.DB\n", stderr);
        return 2;
    }
    if (sqlite3_open_v2(arguments[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db, 10000) != SQLITE_OK ||
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "hold_store: %s: %s\n", arguments[1], sqlite3_errmsg(db));
        sqlite3_close(db);
        return 1;
    }
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    return 0;
}
