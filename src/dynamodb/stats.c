/*
 * stats.c - the rows of dynamodb_operations(), and what an answer says it cost.
 *
 * ConsumedCapacity is an object, or of batches an array of one a table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "dynamodb/dynamodb_parts.h"

static const struct {
    const char *name;
    bool writes;
} rows[OPERATIONS] = {
    {"BatchGetItem", false},
    {"BatchWriteItem", true},
    {"CreateTable", false},
    {"DeleteItem", true},
    {"DeleteTable", false},
    {"DescribeTable", false},
    {"DescribeTimeToLive", false},
    {"GetItem", false},
    {"PutItem", true},
    {"Query", false},
    {"Scan", false},
    {"UpdateItem", true},
    {"UpdateTimeToLive", false},
    {"other", false},
};

void dynamodb_operations_init(struct dynamodb *dynamodb)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        dynamodb->operations[i].name = rows[i].name;
        dynamodb->operations[i].writes = rows[i].writes;
    }
}

struct dynamodb_operation *dynamodb_operation_row(struct dynamodb *dynamodb, const char *name)
{
    for (size_t i = 0; i + 1 < OPERATIONS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &dynamodb->operations[i];
    return &dynamodb->operations[OPERATIONS - 1];
}

static double units_of(const json_t *consumed)
{
    double units = json_number_value(json_object_get(consumed, "CapacityUnits"));
    return units > 0 && units < 1e9 ? units : 0;
}

void dynamodb_count_capacity(struct dynamodb_operation *row, const json_t *body)
{
    const json_t *consumed = json_object_get(body, "ConsumedCapacity");
    double units = units_of(consumed);
    for (size_t i = 0; i < json_array_size(consumed); i++)
        units += units_of(json_array_get(consumed, i));
    if (units > 0)
        atomic_fetch_add_explicit(&row->consumed_milli, (uint64_t)(units * 1000 + 0.5),
                                  memory_order_relaxed);
}

const struct dynamodb_operation *dynamodb_operations(const struct dynamodb *dynamodb, size_t *count)
{
    *count = OPERATIONS;
    return dynamodb->operations;
}
