/*
 * dynamodb_cluster.c - several writers over one table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_cluster.h"

#include <stdlib.h>
#include <string.h>

void cluster_open_node(struct cluster *cluster, uint32_t node)
{
    cluster->place->writer = node + 1;
    ASSERT_OK(table_place_open(cluster->place, cluster->ledgers[node].journal_id,
                               &cluster->stores[node], &cluster->err),
              cluster->err);
}

struct cluster *cluster_new(void)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster == NULL)
        abort();
    cluster->place = table_place_new();
    for (uint32_t node = 0; node < CLUSTER_NODES; node++) {
        memcpy(cluster->ledgers[node].journal_id, "a node's journal", STORE_JOURNAL_ID_BYTES);
        cluster->ledgers[node].journal_id[0] = (uint8_t)('a' + node);
        cluster_open_node(cluster, node);
    }
    return cluster;
}

void cluster_free(struct cluster *cluster)
{
    for (int node = 0; node < CLUSTER_NODES; node++) {
        store_close(cluster->stores[node]);
        ledger_done(&cluster->ledgers[node]);
    }
    table_place_free(cluster->place);
    free(cluster);
}
