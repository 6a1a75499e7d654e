/*
 * output.c - a temporary file in the same folder, so that the rename is atomic.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/export/output.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static const uint64_t progress_ns = 500 * 1000 * 1000;

/* What a signal takes away; "" when there is nothing. Written with the signals blocked. */
static char signalled_path[FILE_PATH_BYTES];

static void on_signal(int number)
{
    if (signalled_path[0] != '\0')
        (void)unlink(signalled_path);
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* is delivered when this handler returns */
}

static void remember(const char *path)
{
    sigset_t both;
    sigset_t before;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &both, &before);
    snprintf(signalled_path, sizeof signalled_path, "%s", path);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* What is there already and no plain file, a pipe or /dev/null, is written into as it is; a link is
 * followed, so that it stays one. */
static enum status open_special(struct output *output, struct error *err)
{
    struct stat found;
    if (stat(output->path, &found) != 0)
        return STATUS_OK; /* a new name, or what mkstemp() will refuse */
    if (S_ISDIR(found.st_mode))
        return fail_input(err, "usage", "", "--output %s is a folder; name a file", output->path);
    if (S_ISREG(found.st_mode)) {
        if (realpath(output->path, output->real) == NULL)
            return fail_errno(err, "--output %s", output->path);
        output->path = output->real;
        return STATUS_OK;
    }
    output->file = fopen(output->path, "we");
    if (output->file == NULL)
        return fail_errno(err, "--output %s cannot be written", output->path);
    return STATUS_OK;
}

static enum status open_temporary(struct output *output, struct error *err)
{
    int len = snprintf(output->temporary, sizeof output->temporary, "%s.XXXXXX", output->path);
    if (len < 0 || (size_t)len >= sizeof output->temporary) {
        output->temporary[0] = '\0';
        return fail_input(err, "usage", "", "--output: the path is too long");
    }
    catch_signals();
    int fd = mkstemp(output->temporary);
    if (fd < 0) {
        output->temporary[0] = '\0';
        return fail_errno(err, "--output %s cannot be written", output->path);
    }
    remember(output->temporary);
    output->file = fdopen(fd, "w");
    if (output->file == NULL) {
        close(fd);
        return fail(err, STATUS_NO_MEMORY, "no memory to write %s", output->path);
    }
    return STATUS_OK;
}

enum status output_open(const char *path, struct output *out, struct error *err)
{
    bool is_stdout = path == NULL || strcmp(path, "-") == 0;
    *out = (struct output){
        .path = is_stdout ? NULL : path,
        .file = is_stdout ? stdout : NULL,
        .shows_progress = isatty(STDERR_FILENO) == 1 && (!is_stdout || isatty(STDOUT_FILENO) == 0),
        .shown_ns = monotonic_ns(),
    };
    if (is_stdout)
        return STATUS_OK;

    enum status status = open_special(out, err);
    if (status == STATUS_OK && out->file == NULL)
        status = open_temporary(out, err);
    return status;
}

static enum status refused(const struct output *output, struct error *err)
{
    if (errno == EPIPE)
        return fail_code(err, STATUS_IO, "reader_gone", "nobody reads the output any more");
    return fail_errno(err, "%s cannot be written", output->path == NULL ? "stdout" : output->path);
}

enum status output_write(struct output *output, const void *from, size_t len, struct error *err)
{
    if (len > 0 && fwrite(from, 1, len, output->file) != len)
        return refused(output, err);
    return STATUS_OK;
}

void output_progress(struct output *output, uint64_t count, const char *what)
{
    uint64_t now_ns = monotonic_ns();
    if (!output->shows_progress || now_ns - output->shown_ns < progress_ns)
        return;
    output->shown_ns = now_ns;
    fprintf(stderr, "\r%" PRIu64 " %s\x1b[K", count, what);
}

static enum status finish_file(struct output *output, struct error *err)
{
    char folder[FILE_PATH_BYTES];
    FILE *file = output->file;
    bool is_special = output->temporary[0] == '\0';
    bool is_written = fflush(file) == 0 && (is_special || fsync(fileno(file)) == 0);
    enum status status = is_written ? STATUS_OK : refused(output, err);
    output->file = NULL;
    if (fclose(file) != 0 && status == STATUS_OK)
        status = refused(output, err);
    if (status != STATUS_OK || is_special)
        return status;
    if (rename(output->temporary, output->path) != 0)
        return fail_errno(err, "--output %s: rename", output->path);
    output->temporary[0] = '\0';
    snprintf(folder, sizeof folder, "%s", output->path);
    return file_sync_dir(dirname(folder), err);
}

enum status output_close(struct output *output, enum status status, struct error *err)
{
    if (output->shows_progress)
        fputs("\r\x1b[K", stderr);
    if (output->path == NULL) {
        if (status == STATUS_OK && fflush(stdout) != 0)
            status = refused(output, err);
        return status;
    }
    if (status == STATUS_OK)
        status = finish_file(output, err);
    if (output->file != NULL)
        fclose(output->file);
    if (output->temporary[0] != '\0')
        (void)unlink(output->temporary);
    remember("");
    return status;
}
