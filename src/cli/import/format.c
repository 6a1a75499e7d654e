/*
 * format.c - by the flag, else the name, else the first byte.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/format.h"

#include <string.h>
#include <strings.h>

bool import_name_ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len > end_len && strcasecmp(text + text_len - end_len, end) == 0;
}

enum status import_format_find(const char *path, const char *asked, struct text head,
                               const char **out, struct error *err)
{
    static const struct {
        const char *end;
        const char *format;
    } names[] = {{".csv", "csv"},
                 {".tsv", "csv"},
                 {".ndjson", "ndjson"},
                 {".jsonl", "ndjson"},
                 {".json", "ndjson"}};
    size_t at = 0;
    while (at < head.len && strchr(" \t\r\n\xef\xbb\xbf", head.at[at]) != NULL && head.at[at] != 0)
        at++;
    char first = '\0';
    if (at < head.len)
        first = head.at[at];

    *out = asked;
    for (size_t i = 0; *out == NULL && i < sizeof names / sizeof names[0]; i++) {
        if (import_name_ends_with(path, names[i].end))
            *out = names[i].format;
    }
    if (*out == NULL && first == '{')
        *out = "ndjson";
    if (*out == NULL)
        return fail_input(err, "usage", "",
                          "%s: neither its name nor its first byte says what it is: say --format "
                          "csv or --format ndjson",
                          path);
    if (first == '[' && strcmp(*out, "ndjson") == 0)
        return fail_input(err, "usage", "",
                          "%s: it is one JSON array; one event a line is needed: jq -c '.[]' %s | "
                          "footfall import -",
                          path, path);
    return STATUS_OK;
}
