/*
 * print_routes.c - the table of routes as JSON, for tests that hold documents against it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "http/route.h"

int main(void)
{
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        printf("%s{\"method\":\"%s\",\"pattern\":\"%s\",\"operation\":\"%s\",\"open\":%s,"
               "\"token\":%s,\"cached\":%s,\"body\":%zu,\"parameters\":[",
               i == 0 ? "[" : ",\n", route->method, route->pattern, route->operation,
               route->open ? "true" : "false", route->right != 0 ? "true" : "false",
               route->cached ? "true" : "false", route->body_bytes_max);
        for (size_t j = 0; j < ROUTE_PARAMETERS_MAX && route->parameters[j] != NULL; j++)
            printf("%s\"%s\"", j == 0 ? "" : ",", route->parameters[j]);
        printf("]}");
    }
    printf("]\n");
    return 0;
}
