/*
 * route.c - finding a route, and what a query may name.
 *
 * The table (routes.c) is short, so it is searched from the top; what is called most stands first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/route.h"

#include <stdio.h>
#include <string.h>

/* Takes the next segment off a pattern. */
static struct text pattern_segment(const char **pattern)
{
    const char *from = *pattern + 1; /* behind the slash */
    const char *end = strchrnul(from, '/');
    *pattern = end;
    return (struct text){from, (size_t)(end - from)};
}

static bool path_matches(const char *pattern, const struct uri *uri, struct route_match *out)
{
    size_t i = 0;
    struct text user_id = {NULL, 0};
    struct text listing_id = {NULL, 0};
    struct text date = {NULL, 0};
    struct text name = {NULL, 0};
    while (*pattern != '\0' && i < uri->segment_count) {
        struct text want = pattern_segment(&pattern);
        struct text have = uri->segments[i++];
        if (text_is(want, "{u}"))
            user_id = have;
        else if (text_is(want, "{l}"))
            listing_id = have;
        else if (text_is(want, "{date}"))
            date = have;
        else if (text_is(want, "{name}"))
            name = have;
        else if (!text_equal(want, have))
            return false;
    }
    if (*pattern != '\0' || i != uri->segment_count)
        return false;
    out->user_id = user_id;
    out->listing_id = listing_id;
    out->date = date;
    out->name = name;
    return true;
}

static void allow_add(struct route_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    snprintf(match->allow + used, sizeof match->allow - used, "%s%s", used > 0 ? ", " : "", method);
}

void route_find(struct text method, const struct uri *uri, struct route_match *out)
{
    struct text wanted = text_is(method, "HEAD") ? text_of("GET") : method;
    *out = (struct route_match){.route = NULL};
    for (size_t i = 0; i < route_count; i++) {
        if (!path_matches(routes[i].pattern, uri, out))
            continue;
        if (text_is(wanted, routes[i].method)) {
            out->route = &routes[i];
            return;
        }
        out->path_known = true;
        allow_add(out, routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0)
            allow_add(out, "HEAD");
    }
}

static void list_parameters(const struct route *route, char *out, size_t bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i] != NULL && used < bytes; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", i > 0 ? ", " : "",
                                 route->parameters[i]);
}

static bool is_allowed(const struct route *route, struct text name)
{
    for (int i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i] != NULL; i++) {
        if (text_is(name, route->parameters[i]))
            return true;
    }
    return false;
}

/* A name as an error's field: what does not fit into it is no name worth repeating whole. */
static void field_name(struct text name, char out[ERROR_FIELD_BYTES])
{
    size_t len = name.len < ERROR_FIELD_BYTES ? name.len : ERROR_FIELD_BYTES - 1;
    while (len < name.len && len > 0 && ((unsigned char)name.at[len] & 0xc0) == 0x80)
        len--; /* never half a character */
    memcpy(out, name.at, len);
    out[len] = '\0';
}

enum status route_check_parameters(const struct route *route, const struct uri *uri,
                                   struct error *err)
{
    for (size_t i = 0; i < uri->parameter_count; i++) {
        struct text name = uri->parameters[i].name;
        char field[ERROR_FIELD_BYTES];
        field_name(name, field);
        if (!is_allowed(route, name)) {
            char known[200];
            list_parameters(route, known, sizeof known);
            return fail_input(err, "unknown_parameter", field,
                              "unknown query parameter \"%s\"; known here: %s", field,
                              known[0] == '\0' ? "none" : known);
        }
        for (size_t k = 0; k < i && !text_is(name, "listing"); k++) {
            if (text_equal(uri->parameters[k].name, name))
                return fail_input(err, "duplicate_parameter", field,
                                  "query parameter \"%s\" is given twice", field);
        }
    }
    return STATUS_OK;
}

size_t route_index(const struct route *route)
{
    return (size_t)(route - routes);
}
