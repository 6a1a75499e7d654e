/*
 * delivery.h - brings a piece to the server, whatever happens on the way.
 *
 * A piece is delivered when the server has recorded or refused every line of it. What is busy is
 * waited for as long as it asks (Retry-After), a cut connection and a server that is restarted
 * likewise; the same lines are then sent again, with the same ids. It gives up when nothing has
 * moved for as long as its patience lasts.
 *
 * The server describes the first hundred refusals of a request only; the others are asked for
 * again, which is harmless, because what was recorded is then a duplicate.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_DELIVERY_H
#define FOOTFALL_CLI_IMPORT_DELIVERY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "cli/import/bookmark.h"
#include "cli/import/piece.h"
#include "cli/target.h"

struct delivery {
    struct target *target;
    const char *path; /* "/v1/events?oldest=..." */
    uint64_t patience_s;
    const volatile sig_atomic_t *stop; /* ends a wait */
    /* Told of each wait; NULL: silent. */
    void (*waiting)(void *context, const struct error *why, unsigned seconds);
    void *context;
    /* Now or in an earlier run; else a server that is away is an error at once. */
    bool was_answered;
};

/*
 * Delivers the piece: adds to *totals what was recorded and what was there before; rejects go into
 * the piece. On an error nothing is known of the lines that were not counted.
 *   STATUS_STOPPED     *stop was set while waiting
 *   STATUS_OVERLOADED, STATUS_IO   patience is over
 *   any other          sending again does not help
 */
MUST_USE enum status delivery_send(struct delivery *delivery, struct piece *piece,
                                   struct import_totals *totals, struct error *err);

#endif
