/*
 * committer_test.c - what may happen while a group is on its way to the disk.
 *
 * The loop's turns are taken here, one by one. A commit claims its ids at the store in front, and
 * there it waits until the test lets it go on: so each test knows which group is under way and
 * which one gathers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "engine/engine_parts.h"
#include "http/committer.h"
#include "http/connection.h"
#include "http/server.h"
#include "http/server_parts.h"
#include "journal/state.h"
#include "lib/instance_parts.h"
#include "store/sqlite/sqlite_store.h"

enum { TURNS_MAX = 20000, WAIT_MS = 5, QUIET_TURNS = 3 };

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static const uint64_t slow_disk_ns = 5 * ns_per_ms;

/* SQLite's store, with ids to be claimed; a commit waits there. One at a time. */
static struct {
    struct store_ops ops;
    char path[FILE_PATH_BYTES];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held;          /* commits wait */
    bool is_waiting;    /* one does */
    char undecided[16]; /* an id that another node has claimed */
} front = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum status front_claim(struct store *store, struct store_claim *claims, size_t count,
                               uint64_t seq, struct error *err)
{
    (void)store;
    (void)seq;
    (void)err;
    pthread_mutex_lock(&front.lock);
    front.is_waiting = count > 0;
    pthread_cond_broadcast(&front.changed);
    while (front.held && count > 0)
        pthread_cond_wait(&front.changed, &front.lock);
    front.is_waiting = false;
    for (size_t i = 0; i < count; i++)
        claims[i].verdict = text_is(claims[i].id, front.undecided) ? CLAIM_UNDECIDED : CLAIM_OURS;
    pthread_mutex_unlock(&front.lock);
    return STATUS_OK;
}

static enum status front_release(struct store *store, const struct store_claim *claims,
                                 size_t count, uint64_t seq, struct error *err)
{
    (void)store;
    (void)claims;
    (void)count;
    (void)seq;
    (void)err;
    return STATUS_OK;
}

static enum status open_front(void *context, const uint8_t *journal_id, struct store **out,
                              struct error *err)
{
    (void)context;
    const struct sqlite_store_options options = {.path = front.path, .journal_id = journal_id};
    enum status status = sqlite_store_open(&options, out, err);
    if (status != STATUS_OK)
        return status;
    front.ops = *(*out)->ops;
    front.ops.claim_ids = front_claim;
    front.ops.release_ids = front_release;
    (*out)->ops = &front.ops;
    return STATUS_OK;
}

static void hold_commits(bool held)
{
    pthread_mutex_lock(&front.lock);
    front.held = held;
    pthread_cond_broadcast(&front.changed);
    pthread_mutex_unlock(&front.lock);
}

static void wait_until_one_is_held(void)
{
    pthread_mutex_lock(&front.lock);
    while (!front.is_waiting)
        pthread_cond_wait(&front.changed, &front.lock);
    pthread_mutex_unlock(&front.lock);
}

static struct unit_clock now = {noon_ms};
static struct http_server *server;
static struct instance *instance;
static char *dir;

static void start(const char *undecided)
{
    struct error err;
    dir = unit_temp_dir();
    ASSERT_OK(file_path(front.path, dir, "elsewhere.db", &err), err);
    snprintf(front.undecided, sizeof front.undecided, "%s", undecided);
    front.held = false;
    const struct engine_options options = {.data_dir = dir,
                                           .clock = unit_clock(&now),
                                           .journal_segment_bytes = 4 * 1024 * 1024,
                                           .seal_interval_ms = 3600 * 1000,
                                           .dedupe_ids = 100000,
                                           .open_store = open_front,
                                           .store_kind = "dynamodb",
                                           .claim_ids = true};
    const struct http_options http = {
        .listen = "127.0.0.1:0", .auth_off = true, .query_threads = 1};
    log_set_level(LOG_ERROR);
    ASSERT_OK(instance_open_with_notice(&options, NULL, NULL, &instance, &err), err);
    ASSERT_OK(http_server_open(&http, &server, &err), err);
    ASSERT_OK(http_server_start(server, instance, &err), err);
    server->commit_time_ns = slow_disk_ns; /* as if the last ones had taken long */
}

static void finish(void)
{
    struct error err;
    http_server_close(server);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

static void take_turn(bool may_wait)
{
    struct error err;
    server->commit_time_ns = slow_disk_ns;
    assert_true(loop_tick(server));
    ASSERT_OK(loop_turn(server, may_wait, &err), err);
}

static void turn(void)
{
    take_turn(false);
}

static void turn_and_wait(void)
{
    take_turn(true);
}

/* The client's end of a new connection. */
static int connect_client(void)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(
        MHD_add_connection(server->daemon, ends[1], (const struct sockaddr *)&from, sizeof from),
        MHD_YES);
    turn();
    return ends[0];
}

/* All of it, with as many turns as it takes until the server has done what it can with it. */
static void send_all(int fd, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; turn()) {
        ssize_t sent = send(fd, bytes + at, len - at, MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
    }
    for (int quiet = 0; quiet < QUIET_TURNS;) {
        turn();
        quiet = server->progress > 0 ? 0 : quiet + 1;
    }
}

static size_t format_view(char *out, size_t bytes, const char *id)
{
    char body[256];
    int body_len =
        snprintf(body, sizeof body,
                 "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\",\"id\":\"%s\"}", id);
    return (size_t)snprintf(out, bytes,
                            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            body_len, body);
}

static void post_view(int fd, const char *id)
{
    char request[512];
    send_all(fd, request, format_view(request, sizeof request, id));
}

/* Turns until fd has an answer. Waits between them: a thread beside the loop has to do its part. */
static const char *answer_of(int fd)
{
    static char answer[8 * 1024];
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        ssize_t got = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
        if (got > 0) {
            answer[got] = '\0';
            return answer;
        }
        turn();
        (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, turns < 10 ? 0 : WAIT_MS);
    }
    UNIT_FAIL();
    return "";
}

static bool has_answer(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void assert_answer(int fd, const char *status, const char *part)
{
    const char *answer = answer_of(fd);
    ROW(strncmp(answer + 9, status, 3) == 0 && strstr(answer, part) != NULL, part, "%s\n", answer);
}

/* A view that is on its way and held there: the next ones go into another group. */
static int post_and_hold(const char *id)
{
    int fd = connect_client();
    hold_commits(true);
    post_view(fd, id);
    ROW(committer_is_busy(server->committer), id, "%s\n", answer_of(fd));
    wait_until_one_is_held();
    return fd;
}

static void assert_views(uint64_t want)
{
    char part[64];
    static const char question[] =
        "GET /v1/users/u/listings/l/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int fd = connect_client();
    send_all(fd, question, sizeof question - 1);
    snprintf(part, sizeof part, "\"totalViews\":%llu,", (unsigned long long)want);
    assert_answer(fd, "200", part);
    close(fd);
}

TEST(who_asks_does_not_wait_for_a_commit)
{
    start("");
    int fd = post_and_hold("a");
    assert_views(0);
    assert_false(has_answer(fd)); /* it is not durable */
    hold_commits(false);
    assert_answer(fd, "200", "\"recorded\":1");
    assert_views(1);
    close(fd);
    finish();
}

TEST(who_leaves_while_it_is_committed_is_counted_and_forgotten)
{
    start("");
    int under_way = post_and_hold("a");
    int gathered = connect_client();
    post_view(gathered, "b");
    close(under_way);
    close(gathered);
    for (int turns = 0; turns < QUIET_TURNS; turns++)
        turn();
    assert_int_equal(server->requests_active, 0);
    assert_non_null(server->orphans); /* the engine writes into them */
    hold_commits(false);
    for (int turns = 0; turns < TURNS_MAX && server->orphans != NULL; turns++)
        turn_and_wait();
    assert_null(server->orphans);
    assert_views(2);
    finish();
}

/* Somebody left, and what it had submitted went with a commit that a handler made. */
TEST(stopping_does_not_wait_for_who_has_left)
{
    struct error err;
    start("");
    int fd = connect_client();
    char request[512];
    size_t len = format_view(request, sizeof request, "a");
    assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
    for (int passes = 0; passes < 3; passes++)
        (void)MHD_run(server->daemon); /* the loop would commit */
    assert_true(instance_has_gathered(instance));
    close(fd);
    for (int passes = 0; passes < 3; passes++)
        (void)MHD_run(server->daemon);
    assert_non_null(server->orphans);
    instance_commit(instance);
    http_server_stop(server);
    for (int turns = 0; turns < 10 && loop_tick(server); turns++)
        ASSERT_OK(loop_turn(server, false, &err), err);
    assert_null(server->orphans);
    assert_false(loop_tick(server));
    finish();
}

TEST(stopping_waits_for_a_commit_under_way)
{
    struct error err;
    start("");
    int fd = post_and_hold("a");
    http_server_stop(server);
    for (int turns = 0; turns < 10; turns++)
        turn(); /* asserts that it is not over */
    assert_false(has_answer(fd));
    hold_commits(false);
    while (loop_tick(server))
        ASSERT_OK(loop_turn(server, true, &err), err);
    assert_true(has_answer(fd));
    close(fd);
    finish();
}

/* The disk takes longer than stopping may. */
TEST(closing_waits_for_a_commit_that_stopping_did_not_wait_for)
{
    struct error err;
    start("");
    server->options.stop_timeout_ms = 0;
    int fd = post_and_hold("a");
    http_server_stop(server);
    while (loop_tick(server))
        ASSERT_OK(loop_turn(server, false, &err), err);
    assert_true(committer_is_busy(server->committer));
    hold_commits(false);
    finish(); /* sanitizers look on */
    close(fd);
}

TEST(groups_stand_and_fall_apart)
{
    start("taken");
    int refused = post_and_hold("taken");
    int accepted = connect_client();
    post_view(accepted, "a");
    hold_commits(false);
    assert_answer(refused, "503", "id_undecided");
    assert_answer(accepted, "200", "\"recorded\":1");
    assert_views(1);
    close(refused);
    close(accepted);
    finish();
}

TEST(a_disk_that_fails_ends_the_group_under_way_and_all_that_follow)
{
    start("");
    struct engine *engine = instance->engine;
    int under_way = post_and_hold("a");
    int gathered = connect_client();
    post_view(gathered, "b");
    int fd = engine->journal->fd;
    engine->journal->fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    hold_commits(false);
    assert_answer(under_way, "503", "outcome_unknown");
    assert_answer(gathered, "503", "\"stopped\"");
    assert_views(0);
    close(fd);
    close(under_way);
    close(gathered);
    finish();
}

/* Lines of one listing as long as told, of which the first has an id. */
static void write_lines(struct bytes *out, const char *first_id, size_t count, int line_bytes)
{
    static const char view[] = "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\"";
    char line[256];
    int len = snprintf(line, sizeof line, "%s,\"id\":\"%s\"}\n", view, first_id);
    assert_true(bytes_append(out, line, (size_t)len));
    len = snprintf(line, sizeof line, "%-*s}\n", line_bytes - 2, view);
    for (size_t i = 1; i < count; i++)
        assert_true(bytes_append(out, line, (size_t)len));
}

TEST(a_stream_is_recorded_up_to_its_first_refused_batch_and_no_further)
{
    static const struct {
        const char *name;
        size_t lines;
        int line_bytes;
        bool held; /* the first batch is under way until all has come */
    } cases[] = {
        {"the rest comes while the first batch is under way", 4000, 170, true},
        {"batches one behind the other", 16000, 170, false},
        {"more events than a batch may have, in one buffer", 10600, 50, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[256];
        struct bytes lines = {0};
        start("taken");
        write_lines(&lines, "taken", cases[i].lines, cases[i].line_bytes);
        int len = snprintf(head, sizeof head,
                           "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                           "application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
                           lines.len);
        int fd = connect_client();
        hold_commits(cases[i].held);
        send_all(fd, head, (size_t)len);
        send_all(fd, (const char *)lines.at, lines.len);
        hold_commits(false);
        const char *answer = answer_of(fd);
        ROW(strncmp(answer + 9, "503", 3) == 0 && strstr(answer, "id_undecided") != NULL &&
                strstr(answer, "\"recorded\":0,") != NULL &&
                strstr(answer, "\"nextLine\":1}") != NULL,
            cases[i].name, "%s\n", answer);
        close(fd);
        assert_views(0);
        bytes_done(&lines);
        finish();
    }
}

UNIT_MAIN(UNIT(who_asks_does_not_wait_for_a_commit),
          UNIT(who_leaves_while_it_is_committed_is_counted_and_forgotten),
          UNIT(stopping_does_not_wait_for_who_has_left),
          UNIT(stopping_waits_for_a_commit_under_way),
          UNIT(closing_waits_for_a_commit_that_stopping_did_not_wait_for),
          UNIT(groups_stand_and_fall_apart),
          UNIT(a_disk_that_fails_ends_the_group_under_way_and_all_that_follow),
          UNIT(a_stream_is_recorded_up_to_its_first_refused_batch_and_no_further))
