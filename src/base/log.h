/*
 * log.h - one line a happening, in logfmt, on stderr.
 *
 *     time=2026-01-31T08:15:00.123Z level=warn part=journal event=torn_tail_cut bytes=18
 *
 * Values are quoted and escaped, so that an id with a line break stays on its line. Only lib/,
 * http/ and cli/ log; what lies below them returns errors.
 *
 * Threads: any. A line is one write.
 */
#ifndef FOOTFALL_BASE_LOG_H
#define FOOTFALL_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    struct text text; /* when at is not NULL; else number */
    int64_t number;
};

#define LOG_TEXT(name_, value_)   ((struct log_field){.name = (name_), .text = text_of(value_)})
#define LOG_NUMBER(name_, value_) ((struct log_field){.name = (name_), .number = (int64_t)(value_)})

/* Lines below the level are dropped. Set once, before threads start; the default is LOG_INFO. */
void log_set_level(enum log_level level);

/* log_event(LOG_WARN, "journal", "torn_tail_cut", LOG_NUMBER("bytes", 18)) */
#define log_event(level, part, event, ...)                                                         \
    log_fields(level, part, event, (const struct log_field[]){{0}, ##__VA_ARGS__},                 \
               sizeof((const struct log_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct log_field))

/* What log_event() calls; fields[0] is a filler. */
void log_fields(enum log_level level, const char *part, const char *event,
                const struct log_field *fields, size_t count);

#endif
