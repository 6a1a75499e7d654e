/*
 * head_test.c - heads that could mean two things are refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/head.h"

enum { FIELDS_MAX = 8 };

struct parsed {
    char bytes[512];
    struct head_layout layout;
    struct head_field fields[FIELDS_MAX];
    size_t count;
};

/* Cuts a plain head the way libmicrohttpd 0.9.75 does: NUL over each separator, in place. */
static void cut(const char *raw, struct parsed *out)
{
    char *at = out->bytes;
    snprintf(out->bytes, sizeof out->bytes, "%s", raw);
    out->count = 0;
    out->layout = (struct head_layout){.method = at, .head_bytes = strlen(raw)};
    char *end = strpbrk(at, "\n");
    char *space = strchr(at, ' ');
    *space = '\0';
    char *version = space + 1 + strcspn(space + 1, " ");
    out->layout.target_bytes = (size_t)(version - space - 1);
    *version++ = '\0';
    out->layout.version = version;
    for (at = end + 1; *at != '\r' && *at != '\n'; at = end + 1) {
        struct head_field *field = &out->fields[out->count++];
        if (end[-1] == '\r')
            end[-1] = '\0';
        *end = '\0';
        end = strchr(at, '\n');
        size_t line = (size_t)(end - at) - (end[-1] == '\r');
        char *colon = memchr(at, ':', line);
        field->name = (struct text){at, (size_t)(colon - at)};
        size_t skip = strspn(colon + 1, " \t");
        field->value = (struct text){colon + 1 + skip, line - field->name.len - 1 - skip};
        *colon = '\0';
    }
    out->layout.version = version;
}

TEST(head_without_gaps_is_plain)
{
    static const struct {
        const char *name;
        const char *raw;
        bool want;
    } cases[] = {
        {"one field", "GET /a HTTP/1.1\r\nHost: b\r\n\r\n", true},
        {"two fields", "GET /a HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n", true},
        {"no space behind the colon", "GET /a HTTP/1.1\r\nHost:b\r\n\r\n", true},
        {"much space behind the colon", "GET /a HTTP/1.1\r\nHost: \t  b\r\nX:\t\ty\r\n\r\n", true},
        {"space at the end", "GET /a HTTP/1.1\r\nHost: b  \r\nX: y\r\n\r\n", true},
        {"an empty value", "GET /a HTTP/1.1\r\nHost:\r\nX: y\r\n\r\n", true},
        {"no fields", "GET /a HTTP/1.1\r\n\r\n", true},
        {"a bare LF behind the first line", "GET /a HTTP/1.1\nHost: b\r\n\r\n", false},
        {"a bare LF behind a field", "GET /a HTTP/1.1\r\nHost: b\nX: y\r\n\r\n", false},
        {"a bare LF behind the last field", "GET /a HTTP/1.1\r\nHost: b\r\nX: y\n\r\n", false},
        {"a bare LF at the end", "GET /a HTTP/1.1\r\nHost: b\r\n\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed parsed;
        cut(cases[i].raw, &parsed);
        bool got = head_is_gapless(&parsed.layout, parsed.fields, parsed.count);
        ROW(got == cases[i].want, cases[i].name, "gapless %d", got);
    }
}

TEST(head_shows_what_the_library_hid)
{
    static const char plain[] = "GET /a HTTP/1.1\r\nHost: b\r\nXY: zz\r\nU: v\r\n\r\n";
    struct parsed parsed;
    char elsewhere[] = "XYfolded";

    cut(plain, &parsed);
    parsed.fields[1].name = (struct text){elsewhere, 8}; /* a folded line moves the name */
    assert_false(head_is_gapless(&parsed.layout, parsed.fields, parsed.count));

    cut(plain, &parsed);
    parsed.fields[1].value.len = 1; /* a NUL ends the value early */
    assert_false(head_is_gapless(&parsed.layout, parsed.fields, parsed.count));

    cut(plain, &parsed);
    parsed.fields[2].value.len = 0; /* in the last one too */
    assert_false(head_is_gapless(&parsed.layout, parsed.fields, parsed.count));

    cut(plain, &parsed);
    parsed.layout.target_bytes--; /* a second space, or a NUL in the target */
    assert_false(head_is_gapless(&parsed.layout, parsed.fields, parsed.count));

    cut(plain, &parsed);
    assert_false(head_is_gapless(&parsed.layout, parsed.fields, parsed.count - 1));
}

TEST(head_is_refused_when_it_could_mean_two_things)
{
    static const struct {
        const char *name;
        const char *fields[7]; /* name, value, ... */
        const char *words;     /* part of the message; NULL: accepted */
        const char *version;   /* NULL: HTTP/1.1 */
    } cases[] = {
        {"plain", {"Host", "a"}, NULL, NULL},
        {"with a length", {"Host", "a", "Content-Length", "5"}, NULL, NULL},
        {"chunked", {"Host", "a", "Transfer-Encoding", "Chunked"}, NULL, NULL},
        {"HTTP/1.0 without a host", {"X", "y"}, NULL, "HTTP/1.0"},
        {"no host", {"X", "y"}, "Host is missing", NULL},
        {"two hosts", {"Host", "a", "hOST", "a"}, "more than one Host", NULL},
        {"two lengths",
         {"Host", "a", "Content-Length", "5", "Content-Length", "5"},
         "more than one Content-Length",
         NULL},
        {"a length and chunks",
         {"Host", "a", "Content-Length", "5", "Transfer-Encoding", "chunked"},
         "together with",
         NULL},
        {"chunks twice",
         {"Host", "a", "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"},
         "Transfer-Encoding",
         NULL},
        {"another coding",
         {"Host", "a", "Transfer-Encoding", "gzip, chunked"},
         "Transfer-Encoding",
         NULL},
        {"xchunked", {"Host", "a", "Transfer-Encoding", "xchunked"}, "Transfer-Encoding", NULL},
        {"chunks in HTTP/1.0", {"Transfer-Encoding", "chunked"}, "Transfer-Encoding", "HTTP/1.0"},
        {"a signed length", {"Host", "a", "Content-Length", "+5"}, "not a number", NULL},
        {"a list of lengths", {"Host", "a", "Content-Length", "5, 5"}, "not a number", NULL},
        {"a hexadecimal length", {"Host", "a", "Content-Length", "0x5"}, "not a number", NULL},
        {"an empty length", {"Host", "a", "Content-Length", ""}, "not a number", NULL},
        {"a length of 20 digits",
         {"Host", "a", "Content-Length", "18446744073709551616"},
         "not a number",
         NULL},
        {"a space in a name", {"Host ", "a"}, "name", NULL},
        {"an empty name", {"Host", "a", "", "b"}, "name", NULL},
        {"a bare CR", {"Host", "a", "X", "y\rz"}, "control character", NULL},
        {"a tab is no control character", {"Host", "a", "X", "y\tz"}, NULL, NULL},
        {"bytes from 0x80 on are opaque", {"Host", "a", "X", "\xff\x80"}, NULL, NULL},
        {"two keys",
         {"Host", "a", "Authorization", "b", "Authorization", "c"},
         "more than one Authorization",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head_field fields[4];
        struct head head;
        struct error err;
        size_t count = 0;
        for (; count < 3 && cases[i].fields[2 * count] != NULL; count++)
            fields[count] = (struct head_field){text_of(cases[i].fields[2 * count]),
                                                text_of(cases[i].fields[2 * count + 1])};
        const char *version = cases[i].version == NULL ? "HTTP/1.1" : cases[i].version;
        enum status status = head_read(fields, count, version, &head, &err);
        if (cases[i].words == NULL)
            ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
        else
            ROW(status == STATUS_INVALID && strstr(err.message, cases[i].words) != NULL,
                cases[i].name, "status %s", status_code(status));
    }
}

TEST(head_reads_what_answers_depend_on)
{
    const struct head_field fields[] = {
        {text_of("HOST"), text_of("a:1 ")},
        {text_of("content-type"), text_of("application/json")},
        {text_of("Content-Length"), text_of("0042")},
        {text_of("expect"), text_of("100-Continue")},
        {text_of("If-None-Match"), text_of("\"x\"")},
        {text_of("Origin"), text_of("http://b")},
    };
    struct head head;
    struct error err;
    ASSERT_OK(head_read(fields, sizeof fields / sizeof fields[0], "HTTP/1.1", &head, &err), err);
    assert_true(text_is(head.host, "a:1"));
    assert_true(text_is(head.content_type, "application/json"));
    assert_true(text_is(head.if_none_match, "\"x\""));
    assert_true(text_is(head.origin, "http://b"));
    assert_true(head.expects_continue);
    assert_int_equal(head.content_length, 42);
    assert_null(head.authorization.at);
}

UNIT_MAIN(UNIT(head_without_gaps_is_plain), UNIT(head_shows_what_the_library_hid),
          UNIT(head_is_refused_when_it_could_mean_two_things),
          UNIT(head_reads_what_answers_depend_on))
