/*
 * event_rules_test.c - the list of accepted platforms.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include "model/platform.h"

TEST(the_default_list_accepts_every_built_in_platform)
{
    struct event_rules rules = unit_rules();
    for (int code = 0; code < 256; code++)
        assert_int_equal(code >= 1 && code <= PLATFORM_BUILTIN_LAST, rules.accepts_platform[code]);
    assert_string_equal("facebook, instagram, linkedin, x, tiktok, youtube, pinterest, whatsapp, "
                        "messenger, snapchat, reddit, threads, nextdoor",
                        rules.platform_list);
    assert_int_equal(300000, rules.ahead_ms_max);
    assert_int_equal(400 * INT64_C(86400000), rules.behind_ms_max);
}

TEST(a_list_is_taken_as_written_or_refused_whole)
{
    static const struct {
        const char *list;
        enum status want;
        const char *words; /* in the list, or in the refusal */
    } cases[] = {
        {"x", STATUS_OK, "x"},
        {" x , facebook ", STATUS_OK, "x, facebook"},
        {"x,x,facebook,x", STATUS_OK, "x, facebook"},
        {"x,my-portal", STATUS_OK, "x, my-portal"},
        {"", STATUS_INVALID, "empty name"},
        {"x,", STATUS_INVALID, "empty name"},
        {",x", STATUS_INVALID, "empty name"},
        {"x, ,y", STATUS_INVALID, "empty name"},
        {"Facebook", STATUS_INVALID, "\"Facebook\""},
        {"none", STATUS_INVALID, "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event_rules rules = {.now_ms = 7};
        struct error err = {0};
        enum status status = event_rules_init(&rules, text_of(cases[i].list), &err);
        ROW(status == cases[i].want, cases[i].list, "status %d: %s", status, err.message);
        const char *words = status == STATUS_OK ? rules.platform_list : err.message;
        ROW(status == STATUS_OK ? strcmp(words, cases[i].words) == 0
                                : strstr(words, cases[i].words) != NULL,
            cases[i].list, "%s", words);
        ROW(status == STATUS_OK || rules.now_ms == 7, cases[i].list, "*out was changed");
    }
}

TEST(a_list_too_long_for_a_sentence_ends_in_dots)
{
    char list[4000] = "";
    size_t used = 0;
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%sportal-number-%03d",
                                 i == 0 ? "" : ",", i);
    struct event_rules rules;
    struct error err;
    ASSERT_OK(event_rules_init(&rules, text_of(list), &err), err);
    uint8_t code;
    assert_true(platform_find(text_of("portal-number-059"), &code));
    assert_true(rules.accepts_platform[code]);
    size_t len = strlen(rules.platform_list);
    assert_true(len < sizeof rules.platform_list);
    assert_string_equal(", ...", rules.platform_list + len - 5);
    assert_true(rules.platform_list[len - 6] >= '0' && rules.platform_list[len - 6] <= '9');
    assert_null(strstr(rules.platform_list, "..., "));
}

UNIT_MAIN(UNIT(the_default_list_accepts_every_built_in_platform),
          UNIT(a_list_is_taken_as_written_or_refused_whole),
          UNIT(a_list_too_long_for_a_sentence_ends_in_dots))
