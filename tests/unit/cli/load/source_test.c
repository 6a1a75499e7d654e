/*
 * source_test.c - what goes out is what the plan wants, and the server's own parser takes it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <jansson.h>
#include <string.h>

#include "cli/load/source.h"

static struct load_plan plan_of(uint32_t batch, bool stream)
{
    return (struct load_plan){
        .host = "127.0.0.1:80",
        .key = "secret",
        .prefix = "load-9",
        .run = "run",
        .seed = 9,
        .threads = 1,
        .batch = batch,
        .stream = stream,
        .ids = true,
        .listings = 100,
        .users = 7,
        .zipf_exponent = 1,
        .mix = {50, 30, 20},
        .platforms = {"facebook", "x"},
        .platform_count = 2,
    };
}

/* The body, after a look at the head; the caller frees nothing. */
static struct text body_of(const struct load_request *request, const char *first_line)
{
    struct text all = {(const char *)request->bytes.at + request->begin,
                       request->bytes.len - request->begin};
    const char *end = memmem(all.at, all.len, "\r\n\r\n", 4);
    char length[64];
    assert_non_null(end);
    assert_true(text_starts_with(all, first_line));
    struct text head = {all.at, (size_t)(end + 4 - all.at)};
    struct text body = {end + 4, all.len - head.len};
    assert_non_null(memmem(head.at, head.len, "\r\nHost: 127.0.0.1:80\r\n", 22));
    assert_non_null(memmem(head.at, head.len, "\r\nAuthorization: Bearer secret\r\n", 31));
    if (body.len > 0) {
        snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", body.len);
        assert_non_null(memmem(head.at, head.len, length, strlen(length)));
    }
    return body;
}

TEST(a_body_holds_the_events_it_says)
{
    static const struct {
        const char *name;
        uint32_t batch;
        bool stream;
        char first;
        char last;
    } cases[] = {
        {"one object", 1, false, '{', '}'},
        {"an array", 500, false, '[', ']'},
        {"lines", 500, true, '{', '\n'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct load_plan plan = plan_of(cases[i].batch, cases[i].stream);
        struct load_source source;
        struct load_request request = {0};
        load_source_init(&source, &plan, 0);
        assert_true(load_source_record(&source, plan.batch, &request));
        struct text body = body_of(&request, "POST /v1/events HTTP/1.1\r\n");
        ROW(body.at[0] == cases[i].first && body.at[body.len - 1] == cases[i].last, cases[i].name,
            "%.*s", TEXT_ARGS(body));

        uint32_t seen[LOAD_TYPES] = {0};
        const char *at = body.at + (body.at[0] == '[' ? 1 : 0);
        for (uint32_t n = 0; n < plan.batch; n++) {
            char want_id[32];
            char want_user[32];
            json_t *event =
                json_loadb(at, (size_t)(body.at + body.len - at), JSON_DISABLE_EOF_CHECK, NULL);
            ROW(event != NULL, cases[i].name, "event %u is no JSON", n);
            at = memchr(at, '\n', (size_t)(body.at + body.len - at));
            const char *type = json_string_value(json_object_get(event, "eventType"));
            int kind = strcmp(type, "view") == 0    ? LOAD_VIEW
                       : strcmp(type, "share") == 0 ? LOAD_SHARE
                                                    : LOAD_INQUIRY;
            seen[kind]++;
            const char *listing = json_string_value(json_object_get(event, "listingId"));
            snprintf(want_user, sizeof want_user, "load-9-%d", atoi(listing + 2) % 7);
            snprintf(want_id, sizeof want_id, "run-0-%u", n);
            assert_string_equal(json_string_value(json_object_get(event, "userId")), want_user);
            assert_string_equal(json_string_value(json_object_get(event, "id")), want_id);
            json_decref(event);
            if (cases[i].stream && at != NULL)
                at++;
            else
                break; /* the array's others stand in another test */
        }
        if (cases[i].stream)
            assert_memory_equal(seen, request.by_type, sizeof seen);
        assert_int_equal(request.by_type[0] + request.by_type[1] + request.by_type[2], plan.batch);
        bytes_done(&request.bytes);
    }
}

TEST(every_listing_has_one_rank)
{
    struct load_plan plan = plan_of(1000, true);
    struct load_source source;
    struct load_request request = {0};
    bool seen[100] = {false};
    plan.zipf_exponent = 0;
    load_source_init(&source, &plan, 0);
    assert_true(load_source_record(&source, 5000, &request));
    for (const char *at = (const char *)request.bytes.at + request.begin;
         (at = memmem(at, request.bytes.len - (size_t)(at - (const char *)request.bytes.at), "\"l-",
                      3)) != NULL;
         at++)
        seen[atoi(at + 3)] = true;
    for (int i = 0; i < 100; i++)
        ROW(seen[i], "listing", "%d never came", i);
    bytes_done(&request.bytes);
}

TEST(equal_seeds_send_equal_events_and_threads_differ)
{
    struct load_plan plan = plan_of(50, false);
    struct load_source sources[3];
    struct load_request requests[3] = {0};
    plan.ids = false;
    for (int i = 0; i < 3; i++) {
        load_source_init(&sources[i], &plan, i == 2 ? 1 : 0);
        assert_true(load_source_record(&sources[i], 50, &requests[i]));
    }
    struct text first = body_of(&requests[0], "POST");
    assert_true(text_equal(first, body_of(&requests[1], "POST")));
    assert_false(text_equal(first, body_of(&requests[2], "POST")));
    for (int i = 0; i < 3; i++)
        bytes_done(&requests[i].bytes);
}

TEST(a_question_asks_for_a_listing_of_its_user)
{
    struct load_plan plan = plan_of(1, false);
    struct load_source source;
    struct load_request request = {0};
    plan.listings = 1;
    plan.users = 1;
    load_source_init(&source, &plan, 0);
    assert_true(load_source_query(&source, &request));
    struct text body =
        body_of(&request,
                "GET /v1/users/load-9-0/listings/l-0000000000/metrics?period=monthly HTTP/1.1\r\n");
    assert_int_equal(body.len, 0);
    assert_int_equal(request.events, 0);
    bytes_done(&request.bytes);
}

UNIT_MAIN(UNIT(a_body_holds_the_events_it_says), UNIT(every_listing_has_one_rank),
          UNIT(equal_seeds_send_equal_events_and_threads_differ),
          UNIT(a_question_asks_for_a_listing_of_its_user))
