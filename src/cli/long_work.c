/*
 * long_work.c - progress on a terminal, and signals remembered.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/long_work.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const uint64_t show_every_ns = UINT64_C(200) * 1000 * 1000;
static const double mib = 1024.0 * 1024.0;

static volatile sig_atomic_t signalled;

static void remember(int signal_number)
{
    signalled = signal_number;
}

void long_work_catch_signals(void)
{
    struct sigaction action = {.sa_handler = remember};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void long_work_begin(struct long_work *work, const char *doing, const char *unit, uint64_t total)
{
    *work = (struct long_work){.doing = doing,
                               .unit = unit,
                               .total = total,
                               .show_after_ns = monotonic_ns() + show_every_ns,
                               .is_terminal = isatty(STDERR_FILENO) == 1};
}

static void show(struct long_work *work)
{
    bool bytes = strcmp(work->unit, "bytes") == 0;
    uint64_t total = work->total > work->done ? work->total : work->done;
    if (bytes && work->total > 0)
        fprintf(stderr, "\r\033[K%s: %.0f of %.0f MiB", work->doing, (double)work->done / mib,
                (double)total / mib);
    else if (bytes)
        fprintf(stderr, "\r\033[K%s: %.0f MiB", work->doing, (double)work->done / mib);
    else if (work->total > 0)
        fprintf(stderr, "\r\033[K%s: %" PRIu64 " of %" PRIu64 " %s", work->doing, work->done, total,
                work->unit);
    else
        fprintf(stderr, "\r\033[K%s: %" PRIu64 " %s", work->doing, work->done, work->unit);
    work->shown = true;
}

enum status long_work_step(struct long_work *work, uint64_t more, struct error *err)
{
    work->done += more;
    if (signalled != 0)
        return fail(err, STATUS_STOPPED, "interrupted while %s", work->doing);
    if (work->is_terminal && monotonic_ns() >= work->show_after_ns) {
        show(work);
        work->show_after_ns = monotonic_ns() + show_every_ns;
    }
    return STATUS_OK;
}

void long_work_end(struct long_work *work)
{
    if (work->shown)
        fputs("\r\033[K", stderr);
    work->shown = false;
}
