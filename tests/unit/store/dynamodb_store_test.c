/*
 * dynamodb_store_test.c - the store of many nodes passes the conformance suite on a real engine.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_place.h"

int main(void)
{
    static const struct store_kind kind = {
        .name = "dynamodb",
        .updates_run_ahead = true,
        .place_new = table_place_new,
        .place_free = table_place_free,
        .open = table_place_open,
    };
    places_begin();
    int failed = store_conformance(&kind);
    places_end();
    return failed;
}
