/*
 * node.h - an opened data folder with the store that its settings name.
 *
 * The engine knows stores by their functions only, and HTTP none at all; here it is decided which
 * kind there is, and here stands what must live as long: the client of a store over a network.
 *
 *     node_new(&config, &node, &err);       checks that the settings fit together
 *     node_open(node, &err);                opens store and folder
 *     node_instance(node)                   asks and records
 *     node_close(node, &err);               drains, in bounded time where a network is in the way
 *
 * Threads: one, but for node_scrape().
 */
#ifndef FOOTFALL_CLI_NODE_H
#define FOOTFALL_CLI_NODE_H

#include "cli/config.h"
#include "http/prometheus.h"
#include "lib/instance.h"

struct node; /* made by node_new(), freed by node_close() */

/* config must live as long. STATUS_INVALID, code "invalid_setting", for settings that contradict
 * each other; STATUS_NO_MEMORY. */
MUST_USE enum status node_new(const struct config *config, struct node **out, struct error *err);

/* Errors with what the operator can do about them. */
MUST_USE enum status node_open(struct node *node, struct error *err);

struct instance *node_instance(const struct node *node); /* NULL before node_open() */

/* For figures, from any thread while open; NULL when the store is SQLite's. */
const struct dynamodb *node_dynamodb(const struct node *node);
struct store *node_store(const struct node *node);

/* As instance_close(); frees in any case; accepts NULL. */
enum status node_close(struct node *node, struct error *err);

/* What /metrics says of the store's client; context is the node. From any thread, while open. */
void node_scrape(void *context, struct prometheus *writer);

#endif
