/*
 * respond_test.c - statuses to HTTP's, and what strangers may read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "http/respond.h"

TEST(respond_maps_every_status)
{
    static const struct {
        enum status status;
        unsigned want;
    } cases[] = {
        {STATUS_OK, 200},        {STATUS_INVALID, 400},    {STATUS_NOT_FOUND, 404},
        {STATUS_TOO_LARGE, 413}, {STATUS_BUSY, 503},       {STATUS_CORRUPT, 500},
        {STATUS_FOREIGN, 500},   {STATUS_IO, 500},         {STATUS_NO_MEMORY, 503},
        {STATUS_DISK_FULL, 503}, {STATUS_BEHIND, 503},     {STATUS_OVERLOADED, 503},
        {STATUS_UNKNOWN, 503},   {STATUS_STOPPED, 503},    {STATUS_UNAUTHORIZED, 401},
        {STATUS_FORBIDDEN, 403}, {(enum status)9999, 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned got = http_status_of(cases[i].status);
        ROW(got == cases[i].want, status_code(cases[i].status), "%u", got);
    }
}

TEST(respond_keeps_paths_to_itself)
{
    for (int status = STATUS_INVALID; status <= STATUS_FORBIDDEN; status++) {
        static const char secret[] = "journal /srv/data/journal/000001: write: refused";
        const char *name = status_code((enum status)status);
        bool blames_input = http_status_of((enum status)status) < 500;
        struct error error;
        struct error shown;
        (void)fail_code(&error, (enum status)status, "some_code", "%s", secret);
        error.index = 7;
        error_for_public(&error, &shown);
        ROW((strcmp(shown.message, secret) == 0) == blames_input, name, "says \"%s\"",
            shown.message);
        ROW(shown.message[0] != '\0', name, "says nothing");
        ROW(strcmp(shown.code, "some_code") == 0 && shown.index == 7, name, "lost its code");
    }
}

UNIT_MAIN(UNIT(respond_maps_every_status), UNIT(respond_keeps_paths_to_itself))
