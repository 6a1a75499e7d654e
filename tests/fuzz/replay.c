/*
 * replay.c - feeds a fuzz target every file of the folders given, in order of names: the kept
 * corpus as a unit test, with any compiler and any sanitizer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <limits.h>

#include "fuzz.h"

enum { INPUT_BYTES_MAX = 1024 * 1024 };

static void replay_file(const char *path)
{
    static char buffer[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "re");
    FUZZ_CHECK(file != NULL, "cannot open %s", path);
    size_t len = fread(buffer, 1, sizeof buffer, file);
    FUZZ_CHECK(!ferror(file), "cannot read %s", path);
    fclose(file);

    char *copy = fuzz_copy(buffer, len);
    printf("%s\n", path);
    fflush(stdout); /* the last one printed is the one to blame */
    fuzz_one((const uint8_t *)copy, len);
    free(copy);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int count, char **arguments)
{
    size_t replayed = 0;
    fuzz_one((const uint8_t *)"", 0);
    for (int i = 1; i < count; i++) {
        struct dirent **entries = NULL;
        int entry_count = scandir(arguments[i], &entries, is_input, alphasort);
        FUZZ_CHECK(entry_count > 0, "%s: no corpus", arguments[i]);
        for (int e = 0; e < entry_count; e++) {
            char path[PATH_MAX];
            snprintf(path, sizeof path, "%s/%s", arguments[i], entries[e]->d_name);
            replay_file(path);
            free(entries[e]);
        }
        free(entries);
        replayed += (size_t)entry_count;
    }
    printf("%zu inputs\n", replayed);
    return 0;
}
