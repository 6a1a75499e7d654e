/*
 * emf.h - figures for CloudWatch, on stdout every while: what happened since the line before.
 *
 *     one line of the node         events by type, how far the store is behind, halts, batches
 *     one line an operation        of HTTP, if it was asked; of DynamoDB, if it was used
 *
 * Whoever collects stdout (the CloudWatch agent, ECS, EKS, Lambda) gives the lines to CloudWatch
 * Logs, which makes metrics of them: docs/operations/cloudwatch.md. The program's log is on stderr.
 *
 * Threads: one of its own, which reads counters that others may count at the same time.
 */
#ifndef FOOTFALL_CLI_EMF_EMF_H
#define FOOTFALL_CLI_EMF_EMF_H

#include <stdio.h>

#include "base/clock.h"
#include "base/status.h"
#include "cli/node.h"
#include "http/server.h"

struct emf; /* made by emf_start(), freed by emf_stop() */

struct emf_options {
    const struct node *node; /* open, as long as this runs */
    const struct http_server *server;
    uint32_t interval_ms;
    const char *table;  /* NULL: the store is none of DynamoDB's */
    const char *writer; /* its number */
    FILE *to;
};

/* Writes a first line at once, so that the configuration shows. STATUS_NO_MEMORY. */
MUST_USE enum status emf_start(const struct emf_options *options, struct emf **out,
                               struct error *err);

/* Writes what has happened since the last line, and ends. Accepts NULL. */
void emf_stop(struct emf *emf);

#endif
