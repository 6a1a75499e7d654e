/*
 * serve.c - footfall serve: open, say where, serve, drain, close.
 *
 * The port is bound before the data folder is opened, so that a second server says so at once, and
 * listened to after, so that nobody waits for a replay. Stopping goes the other way: no new
 * connections, answers for what is in flight, a last commit, a seal, the store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/backup/manifest.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/emf/emf.h"
#include "cli/node.h"
#include "cli/server_options.h"
#include "http/server.h"

enum { KEY_BYTES_MAX = 1024, WRITER_BYTES = 16, SPARE_FILES = 128, FILES_MIN = 64 };

/* ---- signals ---- */

static struct http_server *signalled_server; /* set before the handler is installed */
static volatile sig_atomic_t signal_count;

static void on_signal(int number)
{
    int saved = errno;
    signal_count = signal_count + 1;
    if (signal_count > 1)
        _exit(128 + number); /* whoever asks twice does not want to wait; the journal has it all */
    http_server_stop(signalled_server);
    errno = saved;
}

static void catch_signals(struct http_server *server)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    signalled_server = server;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* From here on there is no server to stop; a signal while closing ends at once. */
static void release_signals(void)
{
    signal_count = 1;
}

/* ---- the process ---- */

/* Files of ours are ours alone, and memory with a key in it is never written to a core file. */
static void close_to_others(void)
{
    const struct rlimit none = {0, 0};
    umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
}

/* What needs a descriptor each. */
struct places {
    uint32_t connections;
    uint32_t subscribers;
};

/*
 * As many descriptors as the system grants; fewer connections when that is too few for them, and of
 * live ones what is left then. The rest is for journal and store, which must open files whatever
 * the clients do. STATUS_INVALID when there are too few for both.
 */
static enum status fit_places(struct places *places, struct error *err)
{
    struct rlimit limit;
    const struct places wanted = *places;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return STATUS_OK;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur >= (rlim_t)wanted.connections + wanted.subscribers + SPARE_FILES)
        return STATUS_OK;
    if (limit.rlim_cur < FILES_MIN)
        return fail(err, STATUS_INVALID,
                    "only %llu files may be open (ulimit -n), and at least %d are needed",
                    (unsigned long long)limit.rlim_cur, FILES_MIN);
    uint32_t files = (uint32_t)limit.rlim_cur;
    uint32_t fit = files > 2 * SPARE_FILES ? files - SPARE_FILES : files / 2;
    if (fit < places->connections)
        places->connections = fit;
    places->subscribers = fit > places->connections ? fit - places->connections : 1;
    log_event(LOG_WARN, "serve", "fewer_connections", LOG_NUMBER("wanted", wanted.connections),
              LOG_NUMBER("possible", places->connections),
              LOG_NUMBER("live_wanted", wanted.subscribers),
              LOG_NUMBER("live_possible", places->subscribers),
              LOG_NUMBER("open_files_limit", limit.rlim_cur));
    return STATUS_OK;
}

/* ---- the service key ---- */

static enum status read_key_file(const char *path, char out[KEY_BYTES_MAX], struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fail_errno(err, "service key file %s", path);
    bool got = fgets(out, KEY_BYTES_MAX, file) != NULL;
    fclose(file);
    if (!got)
        return fail_input(err, "invalid_key", "", "service key file %s: it is empty", path);
    out[strcspn(out, "\r\n")] = '\0';
    return STATUS_OK;
}

/* The key from the environment, or else from its file; absent without either. */
static enum status find_key(const struct config *config, char buffer[KEY_BYTES_MAX],
                            struct text *out, struct error *err)
{
    const char *key = getenv("FOOTFALL_SERVICE_KEY");
    const char *path = config->texts[SETTING_SERVICE_KEY_FILE];
    *out = (struct text){NULL, 0};
    if (key != NULL && path != NULL)
        return fail_input(err, "invalid_key", "",
                          "FOOTFALL_SERVICE_KEY and service-key-file are both given: which is it?");
    if (path != NULL) {
        enum status status = read_key_file(path, buffer, err);
        if (status != STATUS_OK)
            return status;
        key = buffer;
    }
    if (key != NULL)
        *out = text_of(key);
    return STATUS_OK;
}

/* ---- serving ---- */

static enum status announce(const struct http_server *server, const char *data, struct error *err)
{
    log_event(LOG_INFO, "serve", "started", LOG_TEXT("version", FOOTFALL_VERSION),
              LOG_TEXT("data", data), LOG_TEXT("listen", http_server_address(server)));
    if (printf("footfall: listening on http://%s\n", http_server_address(server)) < 0 ||
        fflush(stdout) != 0)
        return fail_errno(err, "stdout");
    return STATUS_OK;
}

/* *out stays NULL when none are wanted. */
static enum status start_figures(const struct config *config, const struct node *node,
                                 const struct http_server *server, char writer[WRITER_BYTES],
                                 struct emf **out, struct error *err)
{
    bool is_dynamodb = config->numbers[SETTING_STORE] == STORE_CHOICE_DYNAMODB;
    if (config->numbers[SETTING_LOG_EMF] == 0)
        return STATUS_OK;
    snprintf(writer, WRITER_BYTES, "%u", (unsigned)config->numbers[SETTING_DYNAMODB_WRITER]);
    const struct emf_options options = {
        .node = node,
        .server = server,
        .interval_ms = (uint32_t)config->numbers[SETTING_LOG_EMF_INTERVAL_MS],
        .table = is_dynamodb ? config->texts[SETTING_DYNAMODB_TABLE] : NULL,
        .writer = writer,
        .to = stdout};
    return emf_start(&options, out, err);
}

static enum status serve(const struct config *config, struct error *err)
{
    char writer[WRITER_BYTES];
    struct emf *emf = NULL;
    char key_buffer[KEY_BYTES_MAX] = "";
    struct text key;
    struct http_server *server = NULL;
    struct node *node = NULL;
    const char *data = config->texts[SETTING_DATA];

    struct places places = {
        .connections = (uint32_t)config->numbers[SETTING_MAX_CONNECTIONS],
        .subscribers = (uint32_t)config->numbers[SETTING_LIVE_SUBSCRIBERS],
    };
    enum status status = fit_places(&places, err);
    if (status == STATUS_OK)
        status = manifest_refuse(data, err);
    if (status == STATUS_OK)
        status = find_key(config, key_buffer, &key, err);
    if (status == STATUS_OK)
        status = node_new(config, &node, err);
    if (status != STATUS_OK)
        goto cleanup;
    struct http_options http = http_options_of(config, key, places.connections);
    http.live.subscribers_max = places.subscribers;
    http.scrape_more = node_scrape;
    http.scrape_context = node;
    status = http_server_open(&http, &server, err);
    explicit_bzero(key_buffer, sizeof key_buffer);
    if (status != STATUS_OK)
        goto cleanup;
    catch_signals(server);
    status = node_open(node, err);
    if (status == STATUS_OK)
        status = http_server_start(server, node_instance(node), err);
    if (status == STATUS_OK)
        status = announce(server, data, err);
    if (status == STATUS_OK)
        status = start_figures(config, node, server, writer, &emf, err);
    if (status == STATUS_OK)
        status = http_server_run(server, err);

cleanup:
    release_signals();
    emf_stop(emf);
    http_server_close(server);
    bool was_open = node != NULL && node_instance(node) != NULL;
    struct error closing;
    enum status closed = node_close(node, &closing);
    if (status == STATUS_OK && closed != STATUS_OK) {
        *err = closing;
        status = closed;
    }
    if (was_open) {
        log_event(LOG_INFO, "serve", "stopped", LOG_TEXT("data", data),
                  LOG_TEXT("status", status_code(status)));
    }
    return status;
}

static int run_serve(const struct arguments *arguments)
{
    struct config config = {0};
    struct error error;
    for (int i = 0; i < arguments->rest_count; i++) {
        if (strcmp(arguments->rest[i], "--help-markdown") == 0) {
            config_print_markdown(stdout);
            return EXIT_DONE;
        }
    }
    close_to_others();
    enum status status =
        config_read(&config, arguments->rest_count, (const char *const *)arguments->rest,
                    (const char *const *)environ, &error);
    if (status == STATUS_OK) {
        log_set_level((enum log_level)config.numbers[SETTING_LOG_LEVEL]);
        status = serve(&config, &error);
    }
    config_done(&config);
    return status == STATUS_OK ? EXIT_DONE : report_error(&error);
}

static const char *const usage[] = {"[flags]", NULL};

const struct command command_serve = {
    .name = "serve",
    .summary = "Serve the HTTP API from a data folder.",
    .usage = usage,
    .text =
        "Serves the HTTP API. When it accepts requests it prints one line, \"footfall: listening "
        "on http://HOST:PORT\". SIGTERM or SIGINT finishes what is in flight, stores everything "
        "and ends with 0; a second one ends at once, and the next start replays the journal.\n"
        "\n"
        "The service key comes from the variable FOOTFALL_SERVICE_KEY.",
    .has_settings = true,
    .run = run_serve,
};
