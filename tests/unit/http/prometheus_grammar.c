/*
 * prometheus_grammar.c - line by line, with what was seen before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prometheus_grammar.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 4096, NAME_BYTES = 128, SERIES_BYTES = 256 };

struct reader {
    char family[NAME_BYTES];
    char type[16];
    bool has_help;
    bool has_type;
    double bucket; /* the last one's value */
    char (*series)[SERIES_BYTES];
    size_t series_count;
};

static size_t name_length(const char *at)
{
    size_t len = 0;
    while (isalpha((unsigned char)at[len]) || at[len] == '_' || at[len] == ':' ||
           (len > 0 && isdigit((unsigned char)at[len])))
        len++;
    return len;
}

static bool seen(struct reader *reader, const char *series)
{
    for (size_t i = 0; i < reader->series_count; i++) {
        if (strcmp(reader->series[i], series) == 0)
            return true;
    }
    if (reader->series_count < SERIES_MAX)
        snprintf(reader->series[reader->series_count++], SERIES_BYTES, "%s", series);
    return false;
}

static const char *read_help(struct reader *reader, const char *line)
{
    char family[NAME_BYTES];
    size_t len = name_length(line);
    if (len == 0 || len + 1 >= sizeof family || line[len] != ' ' || line[len + 1] == '\0')
        return "HELP needs a name and words";
    snprintf(family, sizeof family, "#%.*s", (int)len, line); /* '#': no sample's name */
    if (seen(reader, family))
        return "the family came before";
    snprintf(reader->family, sizeof reader->family, "%s", family + 1);
    reader->has_help = true;
    reader->has_type = false;
    return NULL;
}

static const char *read_type(struct reader *reader, const char *line)
{
    size_t len = name_length(line);
    if (!reader->has_help || len != strlen(reader->family) ||
        memcmp(line, reader->family, len) != 0 || line[len] != ' ')
        return "TYPE does not follow its HELP";
    snprintf(reader->type, sizeof reader->type, "%s", line + len + 1);
    if (strcmp(reader->type, "counter") != 0 && strcmp(reader->type, "gauge") != 0 &&
        strcmp(reader->type, "histogram") != 0)
        return "unknown type";
    reader->has_type = true;
    return NULL;
}

/* Moves *at over "{a=\"b\"}". */
static const char *read_labels(const char **at)
{
    if (**at != '{')
        return NULL;
    do {
        (*at)++;
        size_t len = name_length(*at);
        if (len == 0 || (*at)[len] != '=' || (*at)[len + 1] != '"')
            return "a label needs name=\"value\"";
        *at += len + 2;
        for (; **at != '"'; (*at)++) {
            if (**at == '\\')
                (*at)++;
            if (**at == '\0')
                return "a label does not end";
        }
        (*at)++;
    } while (**at == ',');
    if (**at != '}')
        return "labels do not end";
    (*at)++;
    return NULL;
}

static bool suffix_fits(const struct reader *reader, const char *name, size_t len)
{
    size_t family = strlen(reader->family);
    if (len < family || memcmp(name, reader->family, family) != 0)
        return false;
    name += family;
    len -= family;
    if (strcmp(reader->type, "histogram") != 0)
        return len == 0;
    return (len == 7 && memcmp(name, "_bucket", 7) == 0) ||
           (len == 4 && memcmp(name, "_sum", 4) == 0) ||
           (len == 6 && memcmp(name, "_count", 6) == 0);
}

static const char *read_sample(struct reader *reader, const char *line)
{
    char series[SERIES_BYTES];
    char *end = NULL;
    const char *at = line;
    size_t len = name_length(line);
    if (!reader->has_type || len == 0 || !suffix_fits(reader, line, len))
        return "the sample is not of the family before it";
    at += len;
    const char *wrong = read_labels(&at);
    if (wrong != NULL)
        return wrong;
    snprintf(series, sizeof series, "%.*s", (int)(at - line), line);
    if (seen(reader, series))
        return "the sample came before";
    if (*at != ' ')
        return "a space must stand before the value";
    double value = strtod(at + 1, &end);
    if (end == at + 1 || *end != '\0')
        return "the value is no number";
    if (strstr(series, "_bucket{") != NULL) {
        if (strstr(series, "le=\"1.6384e-05\"") == NULL && value < reader->bucket)
            return "the buckets fall";
        reader->bucket = value;
    }
    return NULL;
}

int prometheus_grammar_check(const char *page, const char **wrong)
{
    struct reader reader = {.bucket = 0};
    int number = 0;
    reader.series = calloc(SERIES_MAX, sizeof *reader.series);
    *wrong = reader.series == NULL ? "no memory" : NULL;
    while (*page != '\0' && *wrong == NULL) {
        char line[1024];
        size_t len = strcspn(page, "\n");
        number++;
        if (page[len] == '\0' || len >= sizeof line) {
            *wrong = "the line does not end";
            break;
        }
        memcpy(line, page, len);
        line[len] = '\0';
        page += len + 1;
        if (strncmp(line, "# HELP ", 7) == 0)
            *wrong = read_help(&reader, line + 7);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            *wrong = read_type(&reader, line + 7);
        else
            *wrong = read_sample(&reader, line);
    }
    free(reader.series);
    return *wrong == NULL ? 0 : number;
}
