/*
 * log.c - logfmt lines.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096 };

static enum log_level level_min = LOG_INFO;

struct line {
    char at[LINE_BYTES_MAX];
    size_t len;
};

static void add_char(struct line *line, char c)
{
    if (line->len < sizeof line->at - 1) /* room for the line feed */
        line->at[line->len++] = c;
}

static void add_string(struct line *line, const char *string)
{
    while (*string != '\0')
        add_char(line, *string++);
}

static bool plain(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return false;
    }
    return text.len > 0;
}

static void add_value(struct line *line, struct text text)
{
    static const char hex[] = "0123456789abcdef";
    bool quoted = !plain(text);
    if (quoted)
        add_char(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\') {
            add_char(line, '\\');
            add_char(line, (char)c);
        } else if (c == '\n') {
            add_string(line, "\\n");
        } else if (c < ' ' || c == 0x7f) {
            add_string(line, "\\x");
            add_char(line, hex[c >> 4]);
            add_char(line, hex[c & 15]);
        } else {
            add_char(line, (char)c);
        }
    }
    if (quoted)
        add_char(line, '"');
}

void log_set_level(enum log_level level)
{
    level_min = level;
}

void log_fields(enum log_level level, const char *part, const char *event,
                const struct log_field *fields, size_t count)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < level_min)
        return;

    struct line line = {.len = 0};
    struct timespec now;
    struct tm utc;
    char text[48];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "time=%Y-%m-%dT%H:%M:%S", &utc);
    add_string(&line, text);
    snprintf(text, sizeof text, ".%03dZ level=", (int)(now.tv_nsec / 1000000));
    add_string(&line, text);
    add_string(&line, names[level]);
    add_string(&line, " part=");
    add_string(&line, part);
    add_string(&line, " event=");
    add_string(&line, event);
    for (size_t i = 1; i < count; i++) {
        add_char(&line, ' ');
        add_string(&line, fields[i].name);
        add_char(&line, '=');
        if (fields[i].text.at != NULL) {
            add_value(&line, fields[i].text);
        } else {
            snprintf(text, sizeof text, "%lld", (long long)fields[i].number);
            add_string(&line, text);
        }
    }
    line.at[line.len++] = '\n';

    ssize_t wrote = write(STDERR_FILENO, line.at, line.len);
    (void)wrote; /* nobody could be told */
}
