/*
 * dynamodb_cluster.h - several writers over one table, each with a journal of its own.
 */
#ifndef FOOTFALL_TESTS_DYNAMODB_CLUSTER_H
#define FOOTFALL_TESTS_DYNAMODB_CLUSTER_H

#include "dynamodb_place.h"

enum { CLUSTER_NODES = 3 };

/* Node n is writer n + 1. */
struct cluster {
    struct table_place *place;
    struct store *stores[CLUSTER_NODES];
    struct ledger ledgers[CLUSTER_NODES];
    struct error err;
};

struct cluster *cluster_new(void);
void cluster_free(struct cluster *cluster);
/* The node's store once more, as after a restart: close the other one first. */
void cluster_open_node(struct cluster *cluster, uint32_t node);

#endif
