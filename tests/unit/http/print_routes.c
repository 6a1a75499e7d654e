/*
 * print_routes.c - the table of the API's routes as JSON, for tests that hold documents against it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "http/route.h"

int main(void)
{
    bool is_first = true;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        if (route->page)
            continue;
        printf("%s{\"method\":\"%s\",\"pattern\":\"%s\",\"operation\":\"%s\",\"open\":%s,"
               "\"token\":%s,\"cached\":%s,\"body\":%zu,\"parameters\":[",
               is_first ? "[" : ",\n", route->method, route->pattern, route->operation,
               route->open ? "true" : "false", route->right != 0 ? "true" : "false",
               route->cached ? "true" : "false", route->body_bytes_max);
        for (size_t j = 0; j < ROUTE_PARAMETERS_MAX && route->parameters[j] != NULL; j++)
            printf("%s\"%s\"", j == 0 ? "" : ",", route->parameters[j]);
        printf("]}");
        is_first = false;
    }
    printf("]\n");
    return 0;
}
