/*
 * media_test.c - Content-Types.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/media.h"

TEST(media_reads_the_type_and_its_charset)
{
    static const struct {
        const char *name; /* also the field, unless text is given */
        enum media want;
        const char *text;
    } cases[] = {
        {"application/json", MEDIA_JSON, NULL},
        {"Application/JSON", MEDIA_JSON, NULL},
        {"application/json;charset=utf-8", MEDIA_JSON, NULL},
        {"application/json ; Charset=\"UTF-8\" ", MEDIA_JSON, NULL},
        {"application/json; profile=x; charset=utf8", MEDIA_JSON, NULL},
        {"application/json;", MEDIA_JSON, NULL},
        {"application/json; charset=latin1", MEDIA_OTHER, NULL},
        {"application/json; charset=", MEDIA_OTHER, NULL},
        {"application/x-ndjson", MEDIA_NDJSON, NULL},
        {"application/ndjson; charset=utf-8", MEDIA_NDJSON, NULL},
        {"application/jsonl", MEDIA_NDJSON, NULL},
        {"application/x-ndjson; charset=utf-16", MEDIA_OTHER, NULL},
        {"application/jsonx", MEDIA_OTHER, NULL},
        {"application/jso", MEDIA_OTHER, NULL},
        {"text/plain", MEDIA_OTHER, NULL},
        {"application/x-www-form-urlencoded", MEDIA_OTHER, NULL},
        {"empty", MEDIA_NONE, ""},
        {"only white space", MEDIA_NONE, " \t"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text == NULL ? cases[i].name : cases[i].text;
        enum media got = media_parse(text_of(text));
        ROW(got == cases[i].want, cases[i].name, "media %d", got);
    }
    assert_int_equal(media_parse((struct text){NULL, 0}), MEDIA_NONE);
}

UNIT_MAIN(UNIT(media_reads_the_type_and_its_charset))
