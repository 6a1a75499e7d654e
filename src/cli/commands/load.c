/*
 * load.c - footfall load: sends made-up events as fast or as evenly as asked, and checks that what
 * was acknowledged is counted.
 *
 *     read the counts of the load's users
 *     start the workers; wait for them, or for Ctrl-C; show progress
 *     read the counts again; judge; report
 *
 * Events stay in the store, so a server must be named, and one on another machine confirmed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/load/options.h"
#include "cli/load/report.h"
#include "cli/load/worker.h"
#include "cli/target.h"
#include "http/access.h"
#include "model/calendar.h"

enum { PROGRESS_MS = 1000 };

static const char run_letters[] = "abcdefghijklmnopqrstuvwxyz234567";

/* ---- whom to send to ---- */

static enum status check_consent(const struct arguments *arguments, const char *host,
                                 struct error *err)
{
    if (!access_host_is_loopback(text_of(host)) && !argument_is_on(arguments, "yes"))
        return fail_usage(arguments, err,
                          "%s is another machine: a load writes events that stay there, and takes "
                          "the server's time from others; --yes if that is meant",
                          host);
    return STATUS_OK;
}

static enum status resolve(const char *host, const char *port, struct load_run *run,
                           struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    enum status status = fail(err, STATUS_IO, "%s has no address", host);
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0)
        return fail(err, STATUS_IO, "%s: %s", host, gai_strerror(code));
    /* the first that takes a connection is the one to load */
    for (struct addrinfo *at = found; at != NULL && status != STATUS_OK; at = at->ai_next) {
        int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            status = fail_errno(err, "no server at %s port %s", host, port);
        } else {
            memcpy(&run->address, at->ai_addr, at->ai_addrlen);
            run->address_len = at->ai_addrlen;
            status = STATUS_OK;
        }
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    return status;
}

static enum status find_server(const struct arguments *arguments, const char *url,
                               struct load_run *run, struct load_plan *plan, struct error *err)
{
    enum status status = STATUS_OK;
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *path = NULL;
    CURLU *parts = curl_url();
    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for a URL");
        goto cleanup;
    }
    if (strcmp(scheme, "http") != 0 || strcmp(path, "/") != 0) {
        status = fail_usage(arguments, err,
                            "--url: a load speaks plain http:// to the server itself, without a "
                            "path; not %s",
                            url);
        goto cleanup;
    }
    status = check_consent(arguments, host, err);
    if (status != STATUS_OK)
        goto cleanup;
    int len = snprintf(plan->host, sizeof plan->host, "%s:%s", host, port);
    if (len >= (int)sizeof plan->host) {
        status = fail_usage(arguments, err, "--url: the host's name is too long");
        goto cleanup;
    }
    size_t host_len = strlen(host);
    if (host[0] == '[') { /* an address of IPv6, whose brackets only a URL has */
        host[host_len - 1] = '\0';
        status = resolve(host + 1, port, run, err);
    } else {
        status = resolve(host, port, run, err);
    }

cleanup:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_url_cleanup(parts);
    return status;
}

/* ---- sending ---- */

static bool shows_progress(const struct arguments *arguments)
{
    return !argument_is_on(arguments, "json") && isatty(STDERR_FILENO);
}

static void show_progress(const struct load_run *run, uint64_t *last_requests, uint64_t *last_ns)
{
    uint64_t now_ns = monotonic_ns();
    uint64_t requests = atomic_load(&run->progress.requests);
    double passed_s = (double)(now_ns - *last_ns) / (double)ns_per_s;
    load_report_progress(stderr, run->plan, (double)(now_ns - run->begun_ns) / (double)ns_per_s,
                         requests, atomic_load(&run->progress.events),
                         atomic_load(&run->progress.troubles),
                         (double)(requests - *last_requests) / passed_s);
    *last_requests = requests;
    *last_ns = now_ns;
}

/* Until all workers are done; a signal tells them to end in order, a second one ends at once. */
static void wait_for_workers(struct load_run *run, int signal_fd, bool shows)
{
    uint64_t done = 0;
    uint64_t requests = 0;
    uint64_t shown_ns = run->begun_ns;
    while (done < run->plan->threads) {
        struct pollfd fds[] = {{.fd = run->done_fd, .events = POLLIN},
                               {.fd = signal_fd, .events = POLLIN}};
        int ready = poll(fds, 2, PROGRESS_MS);
        uint64_t more = 0;
        struct signalfd_siginfo info;
        if (ready > 0 && fds[0].revents != 0 &&
            read(run->done_fd, &more, sizeof more) == sizeof more)
            done += more;
        if (ready > 0 && fds[1].revents != 0 &&
            read(signal_fd, &info, sizeof info) == sizeof info && atomic_exchange(&run->stop, true))
            _exit(EXIT_FAILED);
        if (shows && monotonic_ns() - shown_ns >= ns_per_s)
            show_progress(run, &requests, &shown_ns);
    }
    if (shows)
        fputs("\r\033[K", stderr);
}

static enum status send_load(struct load_run *run, int signal_fd, bool shows,
                             struct load_tally *tally, double *seconds, struct error *err)
{
    struct load_worker *workers[LOAD_THREADS_MAX] = {NULL};
    uint32_t started = 0;
    enum status status = STATUS_OK;

    run->begun_ns = monotonic_ns();
    while (status == STATUS_OK && started < run->plan->threads) {
        status = load_worker_start(run, started, &workers[started], err);
        if (status == STATUS_OK)
            started++;
    }
    if (status != STATUS_OK)
        atomic_store(&run->stop, true);
    else
        wait_for_workers(run, signal_fd, shows);
    for (uint32_t i = 0; i < started; i++) {
        struct error error;
        enum status joined = load_worker_join(workers[i], tally, &error);
        if (status == STATUS_OK && joined != STATUS_OK) {
            status = joined;
            *err = error;
        }
    }
    *seconds = (double)(monotonic_ns() - run->begun_ns) / (double)ns_per_s;
    return status;
}

/* ---- all of it ---- */

static enum status make_run_token(struct load_plan *plan, struct error *err)
{
    unsigned char bytes[LOAD_RUN_BYTES - 1];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail_errno(err, "random bytes for the ids of this run");
    for (size_t i = 0; i < sizeof bytes; i++)
        plan->run[i] = run_letters[bytes[i] % 32];
    plan->run[sizeof bytes] = '\0';
    return STATUS_OK;
}

static enum status open_hdr(const struct arguments *arguments, FILE **out, struct error *err)
{
    const char *path = argument_text(arguments, "hdr");
    if (path == NULL)
        return STATUS_OK;
    *out = fopen(path, "we");
    return *out == NULL ? fail_errno(err, "--hdr %s", path) : STATUS_OK;
}

static enum status write_hdr(FILE *file, const struct load_tally *tally, struct error *err)
{
    if (file == NULL)
        return STATUS_OK;
    latency_print_hdr(
        tally->record.response.count > 0 ? &tally->record.response : &tally->query.response, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return fail_errno(err, "--hdr: writing");
    return STATUS_OK;
}

static enum status report(const struct arguments *arguments, const struct load_report *report,
                          struct error *err)
{
    if (!argument_is_on(arguments, "json"))
        load_report_text(stdout, report);
    else if (!load_report_json(stdout, report))
        return fail(err, STATUS_NO_MEMORY, "no memory for the report");
    if (report->verdict != NULL && !report->verdict->holds)
        return fail(err, STATUS_CORRUPT,
                    "what the server counts is not what it acknowledged (others who use the users "
                    "%s-* meanwhile would explain it)",
                    report->plan->prefix);
    if (report->tally->acknowledged == 0 && report->tally->refused > 0)
        return fail(err, STATUS_FORBIDDEN,
                    "the server refused every event; its answers, above, say why");
    return STATUS_OK;
}

static int open_signals(void)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stops, NULL);
    return signalfd(-1, &stops, SFD_CLOEXEC);
}

static int run_load(const struct arguments *arguments)
{
    struct load_plan plan;
    struct load_run run = {.plan = &plan, .done_fd = -1};
    struct load_tally *tally = NULL; /* 200 KB */
    struct target *target = NULL;
    struct load_totals before = {0};
    struct load_totals after = {0};
    struct load_verdict verdict;
    FILE *hdr = NULL;
    double seconds = 0;
    struct clock clock = clock_system();
    int32_t first_day = day_of_ms(clock_now_ms(&clock)) - 1; /* its clock may differ from ours */
    bool shows = shows_progress(arguments);
    struct error error;
    int signal_fd = open_signals(); /* before any thread is made: none but this one takes them */

    enum status status = load_options_read(arguments, &plan, &error);
    if (status != STATUS_OK)
        goto cleanup;
    bool checks = strcmp(argument_text(arguments, "check"), "on") == 0;
    tally = calloc(1, sizeof *tally);
    run.done_fd = eventfd(0, EFD_CLOEXEC);
    if (tally == NULL || run.done_fd < 0 || signal_fd < 0) {
        status = fail(&error, STATUS_NO_MEMORY, "no memory for a load");
        goto cleanup;
    }
    status = target_open(arguments, &target, &error);
    if (status == STATUS_OK)
        status = find_server(arguments, target_url(target), &run, &plan, &error);
    if (status == STATUS_OK)
        status = make_run_token(&plan, &error);
    if (status == STATUS_OK)
        status = open_hdr(arguments, &hdr, &error);
    if (status != STATUS_OK)
        goto cleanup;
    plan.key = target_key(target);
    if (checks)
        status = load_check_read(target, &plan, first_day, shows, &before, &error);
    if (status == STATUS_OK)
        status = send_load(&run, signal_fd, shows, tally, &seconds, &error);
    if (status == STATUS_OK && checks)
        status = load_check_read(target, &plan, first_day, shows, &after, &error);
    if (status != STATUS_OK)
        goto cleanup;

    verdict = load_check_judge(&before, &after, tally);
    status = report(arguments,
                    &(const struct load_report){.plan = &plan,
                                                .tally = tally,
                                                .url = target_url(target),
                                                .seconds = seconds,
                                                .verdict = checks ? &verdict : NULL},
                    &error);
    if (status == STATUS_OK)
        status = write_hdr(hdr, tally, &error);
    else if (hdr != NULL)
        fclose(hdr);
    hdr = NULL;

cleanup:
    if (hdr != NULL)
        fclose(hdr);
    if (run.done_fd >= 0)
        close(run.done_fd);
    if (signal_fd >= 0)
        close(signal_fd);
    free(tally);
    return target_finish(target, status, &error);
}

const struct command command_load = {
    .name = "load",
    .summary = "Put a server under load, and check that what it acknowledged is counted.",
    .usage = (const char *const[]){"--url URL [flags]", NULL},
    .text =
        "Sends made-up events of made-up users over plain HTTP and tells how many were answered "
        "and "
        "how long that took. The events stay in the store; their users' names begin with "
        "--user-prefix, by which you know them.\n"
        "\n"
        "With --rate every request has a time when it is due, whatever became of those before it. "
        "\"response\" counts from then on, and so shows what callers feel when the server stands "
        "still; \"service\" counts from when the request was sent. Without --rate each connection "
        "waits for its answers, and a slow server gets less to do.\n"
        "\n"
        "A 503 is sent again after its Retry-After; so is, under the same ids, what a cut "
        "connection left unknown. At the end the load asks for the counts of its users: they must "
        "have grown by exactly what was acknowledged, else the exit code is 1.\n"
        "\n"
        "  footfall load --url http://127.0.0.1:8080 --duration 30\n"
        "  footfall load --url http://127.0.0.1:8080 --rate 20000 --queries 20 --json\n"
        "  footfall load --url http://127.0.0.1:8080 --events 10000000 --batch 10000 --stream "
        "--connections 2",
    .flags = load_flags,
    .run = run_load,
};
