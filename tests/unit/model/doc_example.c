/*
 * doc_example.c - finds the worked examples of docs/formats.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "doc_example.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void append_line(struct bytes *bytes, const char *line)
{
    for (;;) {
        while (*line == ' ')
            line++;
        if (!isxdigit((unsigned char)line[0]) || !isxdigit((unsigned char)line[1]))
            break;
        const char pair[] = {line[0], line[1], '\0'};
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);
        assert_true(bytes_append(bytes, &byte, 1));
        line += 2;
    }
    ROW(*line == ';' || *line == '\n', line, "is neither bytes nor a remark");
}

struct bytes doc_example(const char *file, const char *name)
{
    char path[1024], fence[128], line[512];
    struct bytes bytes = {0};
    bool inside = false;
    snprintf(path, sizeof path, "%s/%s", FOOTFALL_DOCS_FORMATS, file);
    snprintf(fence, sizeof fence, "```hex %s\n", name);
    FILE *from = fopen(path, "re");
    ROW(from != NULL, path, "cannot be read");
    while (fgets(line, sizeof line, from) != NULL) {
        if (inside && strncmp(line, "```", 3) == 0)
            break;
        if (inside)
            append_line(&bytes, line);
        else
            inside = strcmp(line, fence) == 0;
    }
    fclose(from);
    ROW(bytes.len > 0, name, "is not in %s", path);
    return bytes;
}

static void print_bytes(const char *which, const struct bytes *bytes)
{
    print_error("%s:", which);
    for (size_t i = 0; i < bytes->len; i++)
        print_error(" %02x", bytes->at[i]);
    print_error("\n");
}

void assert_is_doc_example(const struct bytes *got, const char *file, const char *name)
{
    struct bytes want = doc_example(file, name);
    bool same = got->len == want.len && memcmp(got->at, want.at, want.len) == 0;
    if (!same) {
        print_bytes("documented", &want);
        print_bytes("written   ", got);
    }
    bytes_done(&want);
    ROW(same, name, "is not what %s says", file);
}
