/*
 * live_test.c - what needs a clock of one's own: midnight, and resuming around it.
 *
 * The subscriber is one end of a socket pair; the live part runs as in the server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/live.h"

enum { WAIT_MS = 20000, TEXT_BYTES = 64 * 1024, ARRIVALS = 5000 };

static const int64_t evening_ms = INT64_C(1769900400000); /* 2026-01-31T23:00:00Z */
static struct unit_clock now = {evening_ms};

struct viewer {
    int fd;
    size_t len;
    char text[TEXT_BYTES];
};

static bool may_see(void *context, const struct live_subject *subject, struct text user_id)
{
    (void)context;
    (void)user_id;
    return subject->may_see_all;
}

static struct instance *open_instance(const char *dir)
{
    struct error err;
    struct instance *instance = NULL;
    const struct engine_options options = {.data_dir = dir,
                                           .clock = unit_clock(&now),
                                           .journal_segment_bytes = 256 * 1024,
                                           .dedupe_ids = 100000};
    ASSERT_OK(instance_open(&options, &instance, &err), err);
    return instance;
}

static void record_view(struct instance *instance, int64_t time_ms)
{
    struct error err;
    struct record_result result;
    const struct event event = {.user_id = text_of("u"),
                                .listing_id = text_of("a"),
                                .time_ms = time_ms,
                                .type = EVENT_VIEW};
    ASSERT_OK(instance_record_events(instance, &event, 1, &result, &err), err);
}

/* A stream of events about u's listing a. */
static struct viewer *watch(struct live *live, const char *zone_name, const char *since)
{
    int pair[2];
    struct error err;
    const struct live_subject subject = {.may_see_all = true};
    const struct text listing = text_of("a");
    struct live_request request = {.user_id = text_of("u"),
                                   .listing_ids = &listing,
                                   .listing_count = 1,
                                   .since = since == NULL ? (struct text){0} : text_of(since)};
    struct viewer *viewer = calloc(1, sizeof *viewer);
    assert_non_null(viewer);
    ASSERT_OK(zone_find(text_of(zone_name), &request.zone, &err), err);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    viewer->fd = pair[0];
    live_add_event_stream(live, pair[1], &subject, &request);
    return viewer;
}

/* Reads on until the words have come; where they begin. */
static const char *wait_for(struct viewer *viewer, const char *words)
{
    const char *found = NULL;
    while ((found = strstr(viewer->text, words)) == NULL) {
        struct pollfd ready = {.fd = viewer->fd, .events = POLLIN};
        ROW(poll(&ready, 1, WAIT_MS) == 1, words, "did not come; got %s", viewer->text);
        ssize_t got = recv(viewer->fd, viewer->text + viewer->len, TEXT_BYTES - 1 - viewer->len, 0);
        ROW(got > 0, words, "the end came; got %s", viewer->text);
        viewer->len += (size_t)got;
        viewer->text[viewer->len] = '\0';
    }
    return found;
}

static void leave(struct viewer *viewer)
{
    close(viewer->fd);
    free(viewer);
}

TEST(at_midnight_of_its_zone_a_subscriber_gets_the_new_day)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct instance *instance = open_instance(dir);
    struct live *live = NULL;
    const struct live_options options = {.may_see = may_see};
    now.now_ms = evening_ms;
    ASSERT_OK(live_open(&options, instance, &live, &err), err);
    record_view(instance, evening_ms);

    struct viewer *utc = watch(live, "UTC", NULL);
    struct viewer *tokyo = watch(live, "Asia/Tokyo", NULL); /* it is the next morning there */
    wait_for(utc, "\"type\":\"snapshot\",\"seq\":");
    wait_for(utc, "\"date\":\"2026-01-31\",\"views\":1,");
    wait_for(tokyo, "\"date\":\"2026-02-01\",\"views\":1,");

    now.now_ms = evening_ms + 2 * 3600 * 1000;
    wait_for(utc, "\"date\":\"2026-02-01\",\"views\":0,");
    assert_null(strstr(utc->text, "\"type\":\"delta\""));
    record_view(instance, now.now_ms);
    wait_for(utc, "\"type\":\"delta\"");
    wait_for(utc, "\"date\":\"2026-02-01\",\"views\":1,");
    wait_for(tokyo, "\"date\":\"2026-02-01\",\"views\":2,"); /* one day there */
    record_view(instance, evening_ms);                       /* late, of yesterday in UTC */
    wait_for(tokyo, "\"views\":3,");
    assert_null(strstr(utc->text, "\"views\":2,"));

    leave(utc);
    leave(tokyo);
    live_close(live);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

TEST(who_resumes_on_another_day_gets_that_day)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct instance *instance = open_instance(dir);
    struct live *live = NULL;
    const struct live_options options = {.may_see = may_see};
    char since[64];
    now.now_ms = evening_ms;
    ASSERT_OK(live_open(&options, instance, &live, &err), err);
    record_view(instance, evening_ms);

    struct viewer *first = watch(live, "UTC", NULL);
    const char *id = wait_for(first, "id: ");
    wait_for(first, "\"views\":1,");
    snprintf(since, sizeof since, "%.*s", (int)strcspn(id + 4, "\n"), id + 4);
    leave(first);

    struct viewer *same = watch(live, "UTC", since);
    wait_for(same, "\"resumed\":true");
    record_view(instance, evening_ms);
    wait_for(same, "\"views\":2,");
    assert_null(strstr(same->text, "\"views\":1,")); /* it had that */
    leave(same);

    now.now_ms = evening_ms + 2 * 3600 * 1000;
    struct viewer *next = watch(live, "UTC", since);
    wait_for(next, "\"date\":\"2026-02-01\",\"views\":0,");
    leave(next);
    live_close(live);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

TEST(since_is_a_stream_and_a_number)
{
    static const struct {
        const char *since;
        bool good;
        uint64_t stream;
        uint64_t seq;
    } cases[] = {
        {"0123456789abcdef-17", true, 0x0123456789abcdef, 17},
        {"ffffffffffffffff-0", true, UINT64_MAX, 0},
        {"0123456789abcdef-9999999999999999999", true, 0x0123456789abcdef, 9999999999999999999u},
        {"0123456789abcdef-99999999999999999990", false, 0, 0},
        {"0123456789abcdef-", false, 0, 0},
        {"0123456789abcdef17", false, 0, 0},
        {"0123456789ABCDEF-17", false, 0, 0},
        {"123456789abcdef-17", false, 0, 0},
        {"0123456789abcdef--7", false, 0, 0},
        {"", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t stream = 0;
        uint64_t seq = 0;
        bool good = live_read_since(text_of(cases[i].since), &stream, &seq);
        ROW(good == cases[i].good, cases[i].since, "is %s", good ? "good" : "bad");
        ROW(!good || (stream == cases[i].stream && seq == cases[i].seq), cases[i].since, "numbers");
    }
}

/* Each is told off at once and leaves, so that the thread has nobody else to look after when the
 * next one arrives: an arrival that it overlooks waits for ever. */
TEST(who_arrives_is_looked_after_at_once)
{
    struct error err;
    struct live *live = NULL;
    char *dir = unit_temp_dir();
    struct instance *instance = open_instance(dir);
    const struct live_options options = {.may_see = may_see};
    const struct live_subject all = {.may_see_all = true};
    static const char unmasked[] = {(char)0x81, 0x01, 'x'};
    ASSERT_OK(live_open(&options, instance, &live, &err), err);
    for (int i = 0; i < ARRIVALS; i++) {
        int pair[2];
        char words[256];
        ssize_t got = 0;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        live_add_websocket(live, pair[1], &all, (struct text){unmasked, sizeof unmasked});
        do {
            struct pollfd ready = {.fd = pair[0], .events = POLLIN};
            ROW(poll(&ready, 1, WAIT_MS) == 1, "arrival", "%d of %d\n", i, ARRIVALS);
            got = recv(pair[0], words, sizeof words, 0);
        } while (got > 0);
        close(pair[0]);
    }
    live_close(live);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(at_midnight_of_its_zone_a_subscriber_gets_the_new_day),
          UNIT(who_resumes_on_another_day_gets_that_day), UNIT(since_is_a_stream_and_a_number),
          UNIT(who_arrives_is_looked_after_at_once))
