/*
 * status_test.c - errors carry their words, whole or cut, and never leave their room.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

TEST(every_status_has_a_code_of_its_own)
{
    for (int a = STATUS_OK; a <= STATUS_FORBIDDEN; a++) {
        assert_string_not_equal(status_code((enum status)a), "unknown_status");
        for (int b = STATUS_OK; b < a; b++)
            assert_string_not_equal(status_code((enum status)a), status_code((enum status)b));
    }
}

TEST(a_failure_fills_everything)
{
    struct error err;
    memset(&err, 0x55, sizeof err);
    assert_int_equal(fail(&err, STATUS_BUSY, "%s is open %d times", "it", 2), STATUS_BUSY);
    assert_int_equal(err.status, STATUS_BUSY);
    assert_string_equal(err.code, "busy");
    assert_string_equal(err.field, "");
    assert_string_equal(err.message, "it is open 2 times");
    assert_int_equal(err.index, -1);
    assert_int_equal(err.line, -1);
    assert_int_equal(err.offset, -1);

    assert_int_equal(fail_code(&err, STATUS_TOO_LARGE, "own_code", "words"), STATUS_TOO_LARGE);
    assert_string_equal(err.code, "own_code");
    assert_int_equal(fail_input(&err, "bad_field", "userId", "wrong"), STATUS_INVALID);
    assert_string_equal(err.code, "bad_field");
    assert_string_equal(err.field, "userId");
}

TEST(errno_becomes_a_status_and_words)
{
    static const struct {
        int cause;
        enum status want;
        const char *words;
    } cases[] = {
        {ENOSPC, STATUS_DISK_FULL, "No space left"}, {EDQUOT, STATUS_DISK_FULL, "quota"},
        {ENOMEM, STATUS_NO_MEMORY, "memory"},        {EMFILE, STATUS_NO_MEMORY, "open files"},
        {EIO, STATUS_IO, "Input/output error"},      {EACCES, STATUS_IO, "Permission denied"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        errno = cases[i].cause;
        enum status status = fail_errno(&err, "cannot open %s", "x");
        ROW(status == cases[i].want && err.status == status, cases[i].words, "gave %s",
            status_code(status));
        ROW(strncmp(err.message, "cannot open x: ", 15) == 0 &&
                strstr(err.message, cases[i].words) != NULL,
            cases[i].words, "message: %s", err.message);
    }
}

TEST(long_words_are_cut_and_nobody_need_listen)
{
    char many[2000];
    struct error err;
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_int_equal(fail_input(&err, "code", many, "%s", many), STATUS_INVALID);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
    assert_int_equal(strlen(err.field), ERROR_FIELD_BYTES - 1);
    errno = EIO;
    assert_int_equal(fail_errno(&err, "%s", many), STATUS_IO);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);

    assert_int_equal(fail(NULL, STATUS_CORRUPT, "nobody listens"), STATUS_CORRUPT);
    errno = ENOSPC;
    assert_int_equal(fail_errno(NULL, "nobody listens"), STATUS_DISK_FULL);
}

UNIT_MAIN(UNIT(every_status_has_a_code_of_its_own), UNIT(a_failure_fills_everything),
          UNIT(errno_becomes_a_status_and_words), UNIT(long_words_are_cut_and_nobody_need_listen))
