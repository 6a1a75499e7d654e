/*
 * bookmark_test.c - what was written is read; what is no bookmark is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/import/bookmark.h"

static const struct bookmark full = {
    .target = "https://metrics.example/\"prefix\"",
    .format = "ndjson",
    .reading = 0xfedcba9876543210,
    .identity = UINT64_MAX - 1,
    .offset = INT64_MAX,
    .lines = 12,
    .head_hash = 1,
    .tail_hash = UINT64_C(1) << 63,
    .totals = {.recorded = 5, .duplicates = 6, .rejected = 7, .skipped = 8},
};

TEST(a_bookmark_is_read_as_it_was_written_and_replaced_whole)
{
    char *folder = unit_temp_dir();
    char path[256];
    struct bookmark found;
    struct error err;
    snprintf(path, sizeof path, "%s/events.ndjson.bookmark", folder);
    assert_int_equal(STATUS_NOT_FOUND, bookmark_read(path, &found, &err));
    for (uint64_t lines = 1000; lines > 0; lines /= 10) { /* a shorter one leaves no rest */
        struct bookmark bookmark = full;
        bookmark.lines = lines;
        ASSERT_OK(bookmark_write(path, &bookmark, &err), err);
        ASSERT_OK(bookmark_read(path, &found, &err), err);
        assert_string_equal(bookmark.target, found.target);
        assert_string_equal(bookmark.format, found.format);
        assert_true(found.reading == bookmark.reading && found.identity == bookmark.identity &&
                    found.offset == bookmark.offset && found.lines == lines &&
                    found.head_hash == bookmark.head_hash && found.tail_hash == bookmark.tail_hash);
        assert_memory_equal(&bookmark.totals, &found.totals, sizeof found.totals);
    }
    strcat(path, ".new");
    assert_int_equal(-1, access(path, F_OK));
    unit_remove(folder);
}

TEST(what_is_no_bookmark_is_refused_at_every_cut)
{
    char *folder = unit_temp_dir();
    char path[256];
    char text[2048];
    struct bookmark found;
    struct error err;
    snprintf(path, sizeof path, "%s/b", folder);
    ASSERT_OK(bookmark_write(path, &full, &err), err);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t cut = 0; cut + 2 < len; cut++) { /* "}" and a line end */
        file = fopen(path, "we");
        assert_non_null(file);
        fwrite(text, 1, cut, file);
        fclose(file);
        ROW(bookmark_read(path, &found, &err) == STATUS_CORRUPT, "cut", "at %zu", cut);
    }
    unit_remove(folder);
}

TEST(a_bookmark_that_cannot_be_kept_is_said)
{
    struct error err;
    assert_int_equal(STATUS_IO, bookmark_write("/proc/no/such/folder", &full, &err));
    assert_non_null(strstr(err.message, "--bookmark"));
}

UNIT_MAIN(UNIT(a_bookmark_is_read_as_it_was_written_and_replaced_whole),
          UNIT(what_is_no_bookmark_is_refused_at_every_cut),
          UNIT(a_bookmark_that_cannot_be_kept_is_said))
