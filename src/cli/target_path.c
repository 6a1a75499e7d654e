/*
 * target_path.c - paths and queries, with values escaped as RFC 3986, section 2 wants them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cli/target.h"

static void put(struct target_path *path, const char *from, size_t len)
{
    if (path->too_long || len >= sizeof path->text - path->len) {
        path->too_long = true;
        return;
    }
    memcpy(path->text + path->len, from, len);
    path->len += len;
    path->text[path->len] = '\0';
}

void path_put(struct target_path *path, const char *piece)
{
    put(path, piece, strlen(piece));
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

void path_put_escaped(struct target_path *path, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        if (is_unreserved(*value))
            put(path, value, 1);
        else
            put(path, escaped, sizeof escaped);
    }
}

void path_put_query(struct target_path *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    path_put(path, strchr(path->text, '?') == NULL ? "?" : "&");
    path_put(path, name);
    path_put(path, "=");
    path_put_escaped(path, value);
}

enum status path_check(const struct target_path *path, struct error *err)
{
    if (!path->too_long)
        return STATUS_OK;
    return fail_input(err, "usage", "", "the names given are too long: ids have up to 128 bytes");
}
