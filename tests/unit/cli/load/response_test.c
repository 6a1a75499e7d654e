/*
 * response_test.c - where an answer ends, and what is none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "cli/load/response.h"

static const struct {
    const char *name;
    const char *bytes;
    enum response_state want;
    struct response response; /* when it is complete */
    const char *why;          /* a part of the words, when it is bad */
} cases[] = {
    {"usual",
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
     RESPONSE_COMPLETE,
     {.status = 200, .body_bytes = 2, .close = false, .retry_after_s = -1},
     NULL},
    {"no reason, names in any case",
     "HTTP/1.1 503\r\ncontent-LENGTH:0\r\nretry-after: 7 \r\nconnection: Close\r\n\r\n",
     RESPONSE_COMPLETE,
     {.status = 503, .body_bytes = 0, .close = true, .retry_after_s = 7},
     NULL},
    {"empty reason",
     "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx",
     RESPONSE_COMPLETE,
     {.status = 200, .body_bytes = 1, .close = false, .retry_after_s = -1},
     NULL},
    {"no content needs no length",
     "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n",
     RESPONSE_COMPLETE,
     {.status = 204, .body_bytes = 0, .close = false, .retry_after_s = -1},
     NULL},
    {"304 has no body, whatever its length",
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
     RESPONSE_COMPLETE,
     {.status = 304, .body_bytes = 0, .close = false, .retry_after_s = -1},
     NULL},
    {"a date to retry after",
     "HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
     RESPONSE_COMPLETE,
     {.status = 503, .body_bytes = 0, .close = false, .retry_after_s = -1},
     NULL},
    {"nothing yet", "", RESPONSE_INCOMPLETE, {0}, NULL},
    {"body to come",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
     RESPONSE_INCOMPLETE,
     {0},
     NULL},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", RESPONSE_BAD, {0}, "HTTP/1.1"},
    {"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", RESPONSE_BAD, {0}, "HTTP/1.1"},
    {"interim", "HTTP/1.1 100 Continue\r\n\r\n", RESPONSE_BAD, {0}, "final"},
    {"status of letters", "HTTP/1.1 2xx OK\r\n\r\n", RESPONSE_BAD, {0}, "no status"},
    {"status of four digits", "HTTP/1.1 2000\r\n\r\n", RESPONSE_BAD, {0}, "no status"},
    {"status beyond 599",
     "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
     RESPONSE_BAD,
     {0},
     "final"},
    {"no length", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", RESPONSE_BAD, {0}, "how long"},
    {"two lengths",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "two lengths"},
    {"negative length",
     "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
     RESPONSE_BAD,
     {0},
     "no number"},
    {"signed length",
     "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "no number"},
    {"length of ten digits",
     "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
     RESPONSE_BAD,
     {0},
     "no number"},
    {"longer than anybody needs",
     "HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n",
     RESPONSE_BAD,
     {0},
     "4 MiB"},
    {"chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     RESPONSE_BAD,
     {0},
     "chunks"},
    {"no colon", "HTTP/1.1 200 OK\r\nContent-Length 1\r\n\r\nx", RESPONSE_BAD, {0}, "colon"},
    {"space before the colon",
     "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "name"},
    {"folded line",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n more: 1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "name"},
    {"bare LF in the head",
     "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "control"},
    {"bare CR in the head",
     "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 1\r\n\r\nx",
     RESPONSE_BAD,
     {0},
     "control"},
};
enum { CASES = sizeof cases / sizeof cases[0] };

TEST(an_answer_ends_where_its_head_says)
{
    for (size_t i = 0; i < CASES; i++) {
        struct response got = {0};
        const char *why = NULL;
        enum response_state state =
            response_parse(cases[i].bytes, strlen(cases[i].bytes), &got, &why);
        ROW(state == cases[i].want, cases[i].name, "state %d: %s", state, why == NULL ? "" : why);
        if (state == RESPONSE_BAD)
            ROW(strstr(why, cases[i].why) != NULL, cases[i].name, "%s", why);
        if (state != RESPONSE_COMPLETE)
            continue;
        ROW(got.status == cases[i].response.status &&
                got.head_bytes == strlen(cases[i].bytes) - cases[i].response.body_bytes &&
                got.body_bytes == cases[i].response.body_bytes &&
                got.close == cases[i].response.close &&
                got.retry_after_s == cases[i].response.retry_after_s,
            cases[i].name, "%d, %zu + %zu bytes, retry after %d", got.status, got.head_bytes,
            got.body_bytes, got.retry_after_s);
    }
}

/* Wherever the bytes are cut, the pieces say "more" until the whole says what it is. Each piece
 * lies in memory of its own size, so that a sanitizer sees a step too far. */
TEST(cut_anywhere_an_answer_is_incomplete_and_never_another)
{
    for (size_t i = 0; i < CASES; i++) {
        size_t len = strlen(cases[i].bytes);
        for (size_t cut = 0; cut < len; cut++) {
            struct response got = {0};
            const char *why = NULL;
            char *piece = malloc(cut + 1);
            assert_non_null(piece);
            memcpy(piece, cases[i].bytes, cut);
            enum response_state state = response_parse(piece, cut, &got, &why);
            free(piece);
            /* a bad head is bad as soon as it is whole */
            bool head_is_whole = memmem(cases[i].bytes, cut, "\r\n\r\n", 4) != NULL;
            ROW(state == RESPONSE_INCOMPLETE || (head_is_whole && cases[i].want == RESPONSE_BAD),
                cases[i].name, "cut at %zu: state %d", cut, state);
        }
    }
}

TEST(a_head_without_an_end_is_refused_at_16_KiB)
{
    static char head[RESPONSE_HEAD_BYTES_MAX];
    struct response got;
    const char *why = NULL;
    memset(head, 'a', sizeof head);
    assert_int_equal(response_parse(head, sizeof head - 1, &got, &why), RESPONSE_INCOMPLETE);
    assert_int_equal(response_parse(head, sizeof head, &got, &why), RESPONSE_BAD);
    assert_non_null(strstr(why, "16 KiB"));
}

TEST(a_damaged_answer_is_read_within_its_bytes)
{
    struct unit_random random = unit_random_seeded();
    for (int round = 0; round < 20000; round++) {
        const char *whole = cases[unit_random_below(&random, CASES)].bytes;
        size_t len = strlen(whole);
        char *bytes = malloc(len + 1);
        struct response got = {0};
        const char *why = NULL;
        assert_non_null(bytes);
        memcpy(bytes, whole, len);
        for (uint64_t hits = len == 0 ? 0 : unit_random_below(&random, 4); hits > 0; hits--)
            bytes[unit_random_below(&random, len)] = (char)unit_random(&random);
        enum response_state state = response_parse(bytes, len, &got, &why);
        free(bytes);
        if (state == RESPONSE_COMPLETE)
            assert_true(got.head_bytes + got.body_bytes <= len && got.status >= 200 &&
                        got.status <= 599);
        else
            assert_true(state == RESPONSE_INCOMPLETE || why != NULL);
    }
}

UNIT_MAIN(UNIT(an_answer_ends_where_its_head_says),
          UNIT(cut_anywhere_an_answer_is_incomplete_and_never_another),
          UNIT(a_head_without_an_end_is_refused_at_16_KiB),
          UNIT(a_damaged_answer_is_read_within_its_bytes))
