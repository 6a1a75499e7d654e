/*
 * pages_without_test.c - a build without the dashboard says so. What it has with it:
 * tests/integration/dashboard.test.mjs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "http/handlers.h"

TEST(pages_say_that_there_is_no_dashboard_and_how_to_get_it)
{
    struct request request = {.http_status = 0};
    struct error error;
    assert_int_equal(page_answer(&request, &error), STATUS_OK);
    assert_int_equal(request.http_status, 404);
    assert_string_equal(request.content_type, "text/plain; charset=utf-8");
    assert_int_equal(bytes_append(&request.out, "", 1), true); /* a NUL to end it */
    assert_non_null(strstr((const char *)request.out.at, "has no dashboard"));
    assert_non_null(strstr((const char *)request.out.at, "script/setup"));
    bytes_done(&request.out);
}

TEST(pages_have_no_files_without_a_dashboard)
{
    struct request request = {.name = text_of("app.js")};
    struct error error;
    assert_int_equal(asset_answer(&request, &error), STATUS_NOT_FOUND);
}

UNIT_MAIN(UNIT(pages_say_that_there_is_no_dashboard_and_how_to_get_it),
          UNIT(pages_have_no_files_without_a_dashboard))
