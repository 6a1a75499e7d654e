/*
 * config.c - reading settings, from wherever they come.
 *
 * Sources are read in the order of their rank and each overwrites what came before; since a wrong
 * value is an error wherever it stands, a mistake in the file shows even when a flag hides it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum { FILE_BYTES_MAX = 64 * 1024, NAME_BYTES_MAX = 64 };

static const char prefix[] = "FOOTFALL_";

/* Ours too, but no settings: the key itself must not stand in process lists or files of settings.
 */
static const char *const other_variables[] = {
    "FOOTFALL_SERVICE_KEY", "FOOTFALL_CONFIG", "FOOTFALL_SEED", "FOOTFALL_URL", "FOOTFALL_KEY",
};

/* Reads digits and a unit; false for anything else or more than 64 bits. */
static bool read_scaled(const char *text, bool is_duration, uint64_t *out)
{
    static const struct {
        const char *unit;
        bool of_duration;
        uint64_t factor;
    } units[] = {
        {"", true, 1},           {"ms", true, 1},         {"s", true, 1000},
        {"m", true, 60000},      {"h", true, 3600000},    {"", false, 1},
        {"B", false, 1},         {"KiB", false, 1 << 10}, {"MiB", false, 1 << 20},
        {"GiB", false, 1 << 30},
    };
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return false;
    }
    if (at == text)
        return false;
    while (*at == ' ')
        at++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].of_duration == is_duration && strcmp(at, units[i].unit) == 0)
            return !__builtin_mul_overflow(number, units[i].factor, out);
    }
    return false;
}

static bool read_number(const char *text, uint64_t *out)
{
    size_t len = strlen(text);
    return strspn(text, "0123456789") == len && read_scaled(text, false, out);
}

static bool read_choice(const char *choices, const char *text, uint64_t *out)
{
    size_t len = strlen(text);
    uint64_t place = 0;
    for (const char *at = choices; *at != '\0'; place++) {
        const char *end = strchrnul(at, '|');
        if (len == (size_t)(end - at) && memcmp(at, text, len) == 0) {
            *out = place;
            return true;
        }
        at = *end == '\0' ? end : end + 1;
    }
    return false;
}

static enum status bad_value(const struct setting *setting, const char *value, struct error *err)
{
    static const char *const kinds[] = {
        [KIND_BYTES] = "a size such as 4096, 64KiB, 256MiB or 2GiB",
        [KIND_DURATION] = "a time such as 500ms, 10s, 5m or 1h",
        [KIND_NUMBER] = "a number",
    };
    char range[SETTING_RANGE_BYTES];
    switch (setting->kind) {
    case KIND_TEXT:
        break;
    case KIND_CHOICE:
        return fail_input(err, "invalid_setting", setting->name,
                          "%s must be one of %s, and not \"%s\"", setting->name, setting->choices,
                          value);
    case KIND_BYTES:
    case KIND_DURATION:
    case KIND_NUMBER:
        setting_range(setting, range);
        return fail_input(err, "invalid_setting", setting->name,
                          "%s must be %s, from %s, and not \"%s\"", setting->name,
                          kinds[setting->kind], range, value);
    }
    return fail_input(err, "invalid_setting", setting->name, "%s must not be empty", setting->name);
}

static bool read_value(const struct setting *setting, const char *value, uint64_t *out)
{
    *out = 0;
    switch (setting->kind) {
    case KIND_TEXT:
        return value[0] != '\0';
    case KIND_CHOICE:
        return read_choice(setting->choices, value, out);
    case KIND_BYTES:
    case KIND_DURATION:
        return read_scaled(value, setting->kind == KIND_DURATION, out) && *out >= setting->min &&
               *out <= setting->max;
    case KIND_NUMBER:
        return read_number(value, out) && *out >= setting->min && *out <= setting->max;
    }
    return false;
}

enum status config_set(struct config *config, enum setting_id id, const char *value,
                       enum config_source source, struct error *err)
{
    uint64_t number = 0;
    if (!read_value(&settings[id], value, &number))
        return bad_value(&settings[id], value, err);
    struct text copy = arena_copy(&config->arena, text_of(value));
    if (copy.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read the configuration");
    config->texts[id] = copy.at;
    config->numbers[id] = number;
    config->sources[id] = source;
    return STATUS_OK;
}

enum status config_init(struct config *out, struct error *err)
{
    *out = (struct config){.arena = {.chunk_bytes = 4096}};
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].initial == NULL)
            continue;
        enum status status =
            config_set(out, (enum setting_id)i, settings[i].initial, FROM_DEFAULT, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

void config_done(struct config *config)
{
    arena_done(&config->arena);
}

static bool find_setting(const char *name, size_t len, enum setting_id *out)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (strlen(settings[i].name) == len && memcmp(settings[i].name, name, len) == 0) {
            *out = (enum setting_id)i;
            return true;
        }
    }
    return false;
}

static enum status unknown_setting(const char *name, size_t len, const char *where,
                                   struct error *err)
{
    const char *names[SETTING_COUNT];
    char shown[NAME_BYTES_MAX];
    for (int i = 0; i < SETTING_COUNT; i++)
        names[i] = settings[i].name;
    snprintf(shown, sizeof shown, "%.*s", (int)(len < sizeof shown ? len : sizeof shown - 1), name);
    const char *nearest = nearest_name(text_of(shown), names, SETTING_COUNT);
    return fail_input(err, "unknown_setting", shown, "%s: unknown setting \"%s\"%s%s%s", where,
                      shown, nearest == NULL ? "" : "; did you mean \"",
                      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

/* ---- the file ---- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r'))
        text[--len] = '\0';
    return text;
}

static enum status read_line(struct config *config, char *line, const char *where,
                             struct error *err)
{
    enum setting_id id = SETTING_COUNT;
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#')
        return STATUS_OK;
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return fail_input(err, "invalid_setting", "", "%s: a line must be \"name = value\"", where);
    *equals = '\0';
    const char *name = trim(line);
    const char *value = trim(equals + 1);
    if (!find_setting(name, strlen(name), &id))
        return unknown_setting(name, strlen(name), where, err);
    enum status status = config_set(config, id, value, FROM_FILE, err);
    if (status == STATUS_INVALID) {
        char words[ERROR_MESSAGE_BYTES];
        snprintf(words, sizeof words, "%s", err->message);
        return fail_input(err, "invalid_setting", name, "%s: %s", where, words);
    }
    return status;
}

enum status config_read_text(struct config *config, const char *text, const char *name,
                             struct error *err)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read the configuration");
    enum status status = STATUS_OK;
    int number = 0;
    for (char *line = copy; line != NULL && status == STATUS_OK;) {
        char where[160];
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        snprintf(where, sizeof where, "%s, line %d", name, ++number);
        status = read_line(config, line, where, err);
        line = next;
    }
    free(copy);
    return status;
}

enum status config_read_file(struct config *config, const char *path, struct error *err)
{
    enum status status = STATUS_OK;
    char *text = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fail_errno(err, "configuration file %s", path);
    text = malloc(FILE_BYTES_MAX + 1);
    if (text == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to read the configuration");
        goto cleanup;
    }
    size_t len = fread(text, 1, FILE_BYTES_MAX + 1, file);
    if (ferror(file)) {
        status = fail_errno(err, "configuration file %s", path);
        goto cleanup;
    }
    if (len > FILE_BYTES_MAX || memchr(text, '\0', len) != NULL) {
        status =
            fail_input(err, "invalid_setting", "",
                       "configuration file %s: not a text of up to %d bytes", path, FILE_BYTES_MAX);
        goto cleanup;
    }
    text[len] = '\0';
    status = config_read_text(config, text, path, err);

cleanup:
    free(text);
    fclose(file);
    return status;
}

/* ---- the environment ---- */

static bool is_other_variable(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof other_variables / sizeof other_variables[0]; i++) {
        if (strlen(other_variables[i]) == len && memcmp(other_variables[i], name, len) == 0)
            return true;
    }
    return false;
}

enum status config_read_environment(struct config *config, const char *const *environment,
                                    struct error *err)
{
    for (const char *const *each = environment; *each != NULL; each++) {
        const char *equals = strchr(*each, '=');
        if (equals == NULL || strncmp(*each, prefix, sizeof prefix - 1) != 0 ||
            is_other_variable(*each, (size_t)(equals - *each)))
            continue;
        char name[NAME_BYTES_MAX];
        size_t len = 0;
        for (const char *at = *each + sizeof prefix - 1; at < equals && len < sizeof name - 1; at++)
            name[len++] = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
        name[len] = '\0';
        enum setting_id id = SETTING_COUNT;
        if (!find_setting(name, len, &id))
            return unknown_setting(name, len, "environment", err);
        enum status status = config_set(config, id, equals + 1, FROM_ENVIRONMENT, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- flags ---- */

struct config_flag {
    const char *name; /* without dashes */
    size_t name_len;
    const char *value;
};

/* One that is off unless it is named may be named without a value. */
static bool is_switch(const struct config_flag *flag)
{
    enum setting_id id = SETTING_COUNT;
    return find_setting(flag->name, flag->name_len, &id) && settings[id].kind == KIND_CHOICE &&
           strcmp(settings[id].choices, "off|on") == 0;
}

/* Reads the flag at arguments[*at] with its value, NULL when it has none, and moves *at behind
 * both. */
static enum status take_flag(int count, const char *const *arguments, int *at,
                             struct config_flag *out, struct error *err)
{
    const char *argument = arguments[(*at)++];
    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
        return fail_input(err, "usage", "", "\"%.100s\" is no flag; see footfall serve --help",
                          argument);
    const char *equals = strchr(argument, '=');
    out->name = argument + 2;
    out->name_len = equals == NULL ? strlen(out->name) : (size_t)(equals - out->name);
    out->value = equals == NULL ? NULL : equals + 1;
    bool is_alone = *at >= count || strncmp(arguments[*at], "--", 2) == 0;
    if (out->value == NULL && is_alone && is_switch(out))
        out->value = "on";
    else if (out->value == NULL && *at < count)
        out->value = arguments[(*at)++];
    return STATUS_OK;
}

static bool is_config_flag(const struct config_flag *flag)
{
    return flag->name_len == 6 && memcmp(flag->name, "config", 6) == 0;
}

/* First unknown names, so that "--lisen" is not blamed for its value, or for having none; *file is
 * --config's. */
static enum status look_at_flags(int count, const char *const *arguments, const char **file,
                                 struct error *err)
{
    for (int at = 0; at < count;) {
        struct config_flag flag;
        enum setting_id id = SETTING_COUNT;
        enum status status = take_flag(count, arguments, &at, &flag, err);
        if (status != STATUS_OK)
            return status;
        if (!is_config_flag(&flag) && !find_setting(flag.name, flag.name_len, &id))
            return unknown_setting(flag.name, flag.name_len, "command line", err);
        if (flag.value == NULL)
            return fail_input(err, "usage", "", "--%.*s needs a value", (int)flag.name_len,
                              flag.name);
        if (is_config_flag(&flag))
            *file = flag.value;
    }
    return STATUS_OK;
}

static enum status read_flags(struct config *config, int count, const char *const *arguments,
                              struct error *err)
{
    for (int at = 0; at < count;) {
        struct config_flag flag;
        enum setting_id id = SETTING_COUNT;
        enum status status = take_flag(count, arguments, &at, &flag, err);
        if (status == STATUS_OK && !is_config_flag(&flag) &&
            find_setting(flag.name, flag.name_len, &id))
            status = config_set(config, id, flag.value, FROM_FLAG, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status config_read(struct config *out, int count, const char *const *arguments,
                        const char *const *environment, struct error *err)
{
    const char *file = NULL;
    static const char file_variable[] = "FOOTFALL_CONFIG=";
    for (const char *const *each = environment; *each != NULL; each++) {
        if (strncmp(*each, file_variable, sizeof file_variable - 1) == 0)
            file = *each + sizeof file_variable - 1;
    }
    enum status status = config_init(out, err);
    if (status == STATUS_OK)
        status = look_at_flags(count, arguments, &file, err);
    if (status == STATUS_OK && file != NULL)
        status = config_read_file(out, file, err);
    if (status == STATUS_OK)
        status = config_read_environment(out, environment, err);
    if (status == STATUS_OK)
        status = read_flags(out, count, arguments, err);
    return status;
}
