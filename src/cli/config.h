/*
 * config.h - the settings, from one table.
 *
 * A setting has one name in four places: the flag --name, the variable FOOTFALL_NAME, a line
 * "name = value" of the file, and the documentation. Later in this list wins: default, file,
 * environment, flag. What is given is checked wherever it stands; an unknown name is refused with
 * the nearest known one.
 *
 * Threads: a config belongs to one thread at a time.
 */
#ifndef FOOTFALL_CLI_CONFIG_H
#define FOOTFALL_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"

enum setting_id {
    SETTING_DATA,
    SETTING_LISTEN,
    SETTING_AUTH,
    SETTING_SERVICE_KEY_FILE,
    SETTING_CORS_ORIGIN,
    SETTING_PLATFORMS,
    SETTING_LOG_LEVEL,
    SETTING_LOG_EMF,
    SETTING_LOG_EMF_INTERVAL_MS,
    SETTING_MEMORY_BYTES,
    SETTING_SEAL_INTERVAL_MS,
    SETTING_SEAL_JOURNAL_BYTES,
    SETTING_DEDUPE_HOURS,
    SETTING_DEDUPE_IDS,
    SETTING_DEDUPE,
    SETTING_JOURNAL_IO,
    SETTING_JOURNAL_SEGMENT_BYTES,
    SETTING_JOURNAL_BYTES,
    SETTING_STORE,
    SETTING_STORE_CACHE_BYTES,
    SETTING_DYNAMODB_TABLE,
    SETTING_DYNAMODB_WRITER,
    SETTING_DYNAMODB_REGION,
    SETTING_DYNAMODB_ENDPOINT,
    SETTING_DYNAMODB_PROFILE,
    SETTING_CELLS,
    SETTING_REFRESH_INTERVAL_MS,
    SETTING_MAX_CONNECTIONS,
    SETTING_QUERY_THREADS,
    SETTING_BODY_MEMORY_BYTES,
    SETTING_ANSWER_CACHE_BYTES,
    SETTING_HEAD_TIMEOUT_MS,
    SETTING_BODY_TIMEOUT_MS,
    SETTING_IDLE_TIMEOUT_MS,
    SETTING_STOP_TIMEOUT_MS,
    SETTING_LIVE_SUBSCRIBERS,
    SETTING_LIVE_WATCHES,
    SETTING_LIVE_SEND_BUFFER_BYTES,
    SETTING_LIVE_PING_INTERVAL_MS,
    SETTING_LIVE_SLOW_TIMEOUT_MS,
    SETTING_COUNT
};

/* Values of SETTING_STORE. */
enum { STORE_CHOICE_SQLITE, STORE_CHOICE_DYNAMODB };

enum setting_kind {
    KIND_TEXT,
    KIND_CHOICE,   /* one of the words in choices */
    KIND_BYTES,    /* 4096, 64KiB, 256MiB, 2GiB */
    KIND_DURATION, /* milliseconds: 500, 500ms, 10s, 5m, 1h */
    KIND_NUMBER
};

struct setting {
    const char *name; /* as the flag without its dashes */
    enum setting_kind kind;
    const char *initial; /* the default, as it would be written; NULL: none */
    uint64_t min;
    uint64_t max;
    const char *choices; /* KIND_CHOICE: "key|off" */
    const char *help;    /* one or two sentences */
};

extern const struct setting settings[SETTING_COUNT];

enum config_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct config {
    const char *texts[SETTING_COUNT]; /* as given; NULL for none. In the arena, or static */
    uint64_t numbers[SETTING_COUNT];  /* bytes, ms, numbers; a choice's place in its list */
    enum config_source sources[SETTING_COUNT];
    struct arena arena;
};

/* Fills in the defaults. */
MUST_USE enum status config_init(struct config *out, struct error *err);
void config_done(struct config *config);

/* Sets one. STATUS_INVALID, field = name, for a value outside the setting's range or kind. */
MUST_USE enum status config_set(struct config *config, enum setting_id id, const char *value,
                                enum config_source source, struct error *err);

/* Reads "name = value" lines; '#' begins a comment line. text is NUL-terminated; name is the
 * file's, for messages, which also have the line. */
MUST_USE enum status config_read_text(struct config *config, const char *text, const char *name,
                                      struct error *err);
MUST_USE enum status config_read_file(struct config *config, const char *path, struct error *err);

/* environment as environ(7): "NAME=value". Other programs' variables are passed over; of ours, an
 * unknown one is refused, but for the few that are no settings: the keys, and what other commands
 * and the tests read. */
MUST_USE enum status config_read_environment(struct config *config, const char *const *environment,
                                             struct error *err);

/*
 * Reads everything in its order: defaults, file (--config or FOOTFALL_CONFIG), environment, flags.
 * arguments are those behind the subcommand. STATUS_INVALID for what is no flag.
 */
MUST_USE enum status config_read(struct config *out, int count, const char *const *arguments,
                                 const char *const *environment, struct error *err);

/* The word for its value where flags are listed: "DIR", "FILE", "SIZE", ... */
const char *setting_value_word(const struct setting *setting);

/* What a number may be, as it may be written: "16 MiB to 1024 GiB", "10 ms to 3600 s", "1 to 64".
 */
enum { SETTING_RANGE_BYTES = 64 };
void setting_range(const struct setting *setting, char out[SETTING_RANGE_BYTES]);

/* The flags, for --help; the same as a page of the manual. */
void config_print_help(FILE *to);
void config_print_markdown(FILE *to);

#endif
