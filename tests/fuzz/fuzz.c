/*
 * fuzz.c - folders for fuzz targets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <ftw.h>
#include <limits.h>
#include <unistd.h>

static char temp_dir[PATH_MAX];

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_temp_dir(void)
{
    nftw(temp_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_temp_dir(void)
{
    const char *base = getenv("TMPDIR");
    FUZZ_CHECK(temp_dir[0] == '\0', "one folder is enough");
    snprintf(temp_dir, sizeof temp_dir, "%s/footfall-fuzz-XXXXXX", base != NULL ? base : "/tmp");
    FUZZ_CHECK(mkdtemp(temp_dir) != NULL, "cannot make %s", temp_dir);
    atexit(remove_temp_dir);
    return temp_dir;
}
