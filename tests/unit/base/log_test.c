/*
 * log_test.c - a happening stays on its line, whatever its values hold.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"

/* Stands in for stderr while something is logged. */
struct captured {
    char *dir;
    int fd;
    int stderr_kept;
    char text[10000];
};

static void capture(struct captured *captured)
{
    char path[FILE_PATH_BYTES];
    struct error err;
    captured->dir = unit_temp_dir();
    ASSERT_OK(file_path(path, captured->dir, "log", &err), err);
    captured->fd = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    captured->stderr_kept = dup(STDERR_FILENO);
    dup2(captured->fd, STDERR_FILENO);
}

static void release(struct captured *captured)
{
    struct error err;
    size_t len;
    dup2(captured->stderr_kept, STDERR_FILENO);
    close(captured->stderr_kept);
    ASSERT_OK(
        file_read_at(captured->fd, captured->text, sizeof captured->text - 1, 0, &len, "log", &err),
        err);
    captured->text[len] = '\0';
    close(captured->fd);
    unit_remove(captured->dir);
}

TEST(a_line_has_time_level_part_event_and_fields)
{
    struct captured got;
    capture(&got);
    log_event(LOG_WARN, "journal", "torn_tail_cut", LOG_NUMBER("bytes", 18),
              LOG_TEXT("path", "/data/1"), LOG_NUMBER("least", INT64_MIN));
    release(&got);
    assert_memory_equal(got.text, "time=2", 6);
    assert_memory_equal(got.text + 28, "Z level=", 8);
    assert_string_equal(got.text + 30, "level=warn part=journal event=torn_tail_cut bytes=18 "
                                       "path=/data/1 least=-9223372036854775808\n");
}

TEST(an_event_needs_no_fields)
{
    struct captured got;
    capture(&got);
    log_event(LOG_INFO, "cli", "started");
    release(&got);
    assert_string_equal(got.text + 30, "level=info part=cli event=started\n");
}

TEST(values_are_quoted_where_they_must)
{
    static const struct {
        const char *value;
        const char *want;
    } cases[] = {
        {"plain", "plain"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak", "\"line\\nbreak\""},
        {"bell\a", "\"bell\\x07\""},
        {"del\x7f", "\"del\\x7f\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured got;
        capture(&got);
        log_event(LOG_ERROR, "p", "e", LOG_TEXT("v", cases[i].value));
        release(&got);
        const char *value = strstr(got.text, " v=");
        assert_non_null(value);
        ROW(strlen(value) == 3 + strlen(cases[i].want) + 1 &&
                memcmp(value + 3, cases[i].want, strlen(cases[i].want)) == 0,
            cases[i].value, "is written as%s", value);
    }
}

TEST(a_line_that_is_too_long_is_cut_but_ends)
{
    static char value[9000];
    struct captured got;
    memset(value, 'v', sizeof value - 1);
    capture(&got);
    log_event(LOG_INFO, "p", "e", LOG_TEXT("v", value));
    log_event(LOG_INFO, "p", "next");
    release(&got);
    const char *end = strchr(got.text, '\n');
    assert_non_null(end);
    assert_int_equal(end - got.text, 4095);
    assert_memory_equal(end + 1, "time=", 5);
}

TEST(lines_below_the_level_are_dropped)
{
    struct captured got;
    capture(&got);
    log_event(LOG_DEBUG, "p", "too_low");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "p", "too_low");
    log_event(LOG_ERROR, "p", "high_enough");
    log_set_level(LOG_INFO);
    release(&got);
    assert_null(strstr(got.text, "too_low"));
    assert_non_null(strstr(got.text, "level=error part=p event=high_enough"));
}

UNIT_MAIN(UNIT(a_line_has_time_level_part_event_and_fields), UNIT(an_event_needs_no_fields),
          UNIT(values_are_quoted_where_they_must), UNIT(a_line_that_is_too_long_is_cut_but_ends),
          UNIT(lines_below_the_level_are_dropped))
