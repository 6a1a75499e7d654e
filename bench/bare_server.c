/*
 * bare_server.c - the HTTP library and nothing else: what footfall's requests/s are compared with.
 *
 *     bare_server 127.0.0.1:0 [BYTES]      prints "bare: listening on http://HOST:PORT"
 *
 * It reads a request's body, throws it away, and answers at once with prepared bytes: a POST with
 * what footfall answers to a single event, anything else with BYTES (1 KiB). One thread and the
 * library's own loop, as its manual shows; with 4 KiB a connection and no date, the fastest it was
 * seen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GET_BYTES = 1024, GET_BYTES_MAX = 1024 * 1024 };

static struct MHD_Response *post_answer;
static struct MHD_Response *get_answer;

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **seen)
{
    (void)context;
    (void)url;
    (void)version;
    (void)body;
    if (*seen == NULL) {
        *seen = connection; /* answering already here would close the connection */
        return MHD_YES;
    }
    if (*body_len > 0) {
        *body_len = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, 200,
                              strcmp(method, "POST") == 0 ? post_answer : get_answer);
}

static struct MHD_Response *prepare(const void *body, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL || MHD_add_response_header(response, "Content-Type",
                                                    "application/json; charset=utf-8") != MHD_YES) {
        fputs("bare_server: no memory\n", stderr);
        exit(1);
    }
    return response;
}

static int usage(void)
{
    fputs("usage: bare_server IPV4:PORT [BYTES]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const char recorded[] = "{\"success\":true,\"recorded\":1,\"duplicates\":0}";
    static char page[GET_BYTES_MAX];
    struct sockaddr_in address = {.sin_family = AF_INET};
    sigset_t stops;
    int stop = 0;

    char *colon = argc == 2 || argc == 3 ? strrchr(argv[1], ':') : NULL;
    int page_bytes = argc == 3 ? atoi(argv[2]) : GET_BYTES;
    if (colon == NULL || page_bytes < 1 || page_bytes > GET_BYTES_MAX)
        return usage();
    *colon = '\0';
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
        return usage();

    sigemptyset(&stops); /* before the library's thread is made: only this one takes them */
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    signal(SIGPIPE, SIG_IGN);

    memset(page, ' ', sizeof page);
    post_answer = prepare(recorded, sizeof recorded - 1);
    get_answer = prepare(page, (size_t)page_bytes);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL,
        NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)4096, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "bare_server: cannot listen on %s\n", argv[1]);
        return 1;
    }
    printf("bare: listening on http://%s:%u\n", argv[1],
           MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    sigwait(&stops, &stop);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(post_answer);
    MHD_destroy_response(get_answer);
    return 0;
}
