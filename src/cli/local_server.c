/*
 * local_server.c - opens the folder as `serve` does, on a free loopback port, behind a key that
 * only this process knows; so nobody else on the machine can ask meanwhile.
 *
 * The loop runs on a thread with every signal blocked: signals are the command's business.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/local_server.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/backup/manifest.h"
#include "cli/node.h"
#include "cli/server_options.h"

enum { KEY_RANDOM_BYTES = 32, CONNECTIONS_MAX = 64 };

struct local_server {
    struct config config;
    struct node *node;
    struct http_server *http;
    pthread_t thread;
    bool is_running;         /* the thread is to be joined */
    enum status loop_status; /* written by the thread, read after it is joined */
    struct error loop_error;
    char key[2 * KEY_RANDOM_BYTES + 1];
};

static enum status make_key(char out[2 * KEY_RANDOM_BYTES + 1], struct error *err)
{
    uint8_t random[KEY_RANDOM_BYTES];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return fail_errno(err, "no random bytes for a key");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
    return STATUS_OK;
}

/* A typing mistake must neither make a folder nor fill a stranger's with a journal. */
static enum status check_folder(const char *data, struct error *err)
{
    bool is_empty = true;
    bool has_journal = false;
    DIR *dir = opendir(data);
    if (dir == NULL && errno == ENOENT)
        return fail(err, STATUS_NOT_FOUND,
                    "--data %s: there is no such folder; if a new one is meant, make it first: "
                    "mkdir %s",
                    data, data);
    if (dir == NULL)
        return fail_errno(err, "--data %s", data);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        is_empty = false;
        has_journal |= strcmp(entry->d_name, "journal") == 0;
    }
    closedir(dir);
    if (!is_empty && !has_journal)
        return fail(err, STATUS_NOT_FOUND,
                    "--data %s: this folder holds other things and no journal; name a data folder "
                    "of Footfall, or an empty one",
                    data);
    return STATUS_OK;
}

static enum status read_settings(struct local_server *server, const char *data, struct error *err)
{
    enum status status = config_read(&server->config, 0, NULL, (const char *const *)environ, err);
    if (status == STATUS_OK)
        status = config_set(&server->config, SETTING_DATA, data, FROM_FLAG, err);
    if (status == STATUS_OK)
        status = config_set(&server->config, SETTING_LISTEN, "127.0.0.1:0", FROM_FLAG, err);
    if (status == STATUS_OK)
        status = config_set(&server->config, SETTING_AUTH, "key", FROM_FLAG, err);
    return status;
}

/* Only what matters to somebody who runs a command, unless the level was chosen. */
static void choose_log_level(const struct config *config)
{
    log_set_level(config->sources[SETTING_LOG_LEVEL] == FROM_DEFAULT
                      ? LOG_WARN
                      : (enum log_level)config->numbers[SETTING_LOG_LEVEL]);
}

static void *serve_loop(void *context)
{
    struct local_server *server = context;
    server->loop_status = http_server_run(server->http, &server->loop_error);
    return NULL;
}

static enum status start_thread(struct local_server *server, struct error *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&server->thread, NULL, serve_loop, server);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        errno = failed;
        return fail_errno(err, "no thread to serve the data folder");
    }
    server->is_running = true;
    return STATUS_OK;
}

/* The commands' words for what `serve` would say otherwise. */
static enum status explain(enum status status, const char *data, struct error *err)
{
    if (status == STATUS_BUSY)
        return fail(err, status,
                    "--data %s: a server uses this folder; talk to it with --url, or stop it",
                    data);
    return status;
}

enum status local_server_open(const char *data, struct local_server **out, struct error *err)
{
    struct error ignored;
    enum status status = STATUS_OK;
    struct local_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a data folder");

    status = check_folder(data, err);
    if (status == STATUS_OK)
        status = manifest_refuse(data, err);
    if (status == STATUS_OK)
        status = read_settings(server, data, err);
    if (status == STATUS_OK)
        status = make_key(server->key, err);
    if (status != STATUS_OK)
        goto cleanup;
    choose_log_level(&server->config);
    umask(077); /* the folder's files are its owner's alone */

    status = node_new(&server->config, &server->node, err);
    if (status != STATUS_OK)
        goto cleanup;
    struct http_options http =
        http_options_of(&server->config, text_of(server->key), CONNECTIONS_MAX);
    status = http_server_open(&http, &server->http, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = node_open(server->node, err);
    if (status != STATUS_OK) {
        status = explain(status, data, err);
        goto cleanup;
    }
    status = http_server_start(server->http, node_instance(server->node), err);
    if (status == STATUS_OK)
        status = start_thread(server, err);
    if (status != STATUS_OK)
        goto cleanup;

    *out = server; /* now the caller's */
    server = NULL;

cleanup:
    (void)local_server_close(server, &ignored);
    return status;
}

enum status local_server_close(struct local_server *server, struct error *err)
{
    enum status status = STATUS_OK;
    if (server == NULL)
        return STATUS_OK;
    if (server->is_running) {
        http_server_stop(server->http);
        (void)pthread_join(server->thread, NULL);
        status = server->loop_status;
        if (status != STATUS_OK)
            *err = server->loop_error;
    }
    http_server_close(server->http);
    struct error closing;
    enum status closed = node_close(server->node, &closing);
    if (status == STATUS_OK && closed != STATUS_OK) {
        *err = closing;
        status = closed;
    }
    config_done(&server->config);
    explicit_bzero(server->key, sizeof server->key);
    free(server);
    return status;
}

const char *local_server_address(const struct local_server *server)
{
    return http_server_address(server->http);
}

const char *local_server_key(const struct local_server *server)
{
    return server->key;
}
