/*
 * arguments.c - the words behind a command's name, checked against its table.
 *
 * First the command line is read whole, then what was not given is looked up in the environment,
 * then the defaults fill the rest. A value is checked against its choices wherever it came from.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

static size_t flag_count(const struct command *command)
{
    size_t count = 0;
    while (command->flags != NULL && command->flags[count] != NULL)
        count++;
    assert(count <= COMMAND_FLAGS_MAX);
    return count;
}

/* The place of the flag in the command's table, or flag_count(). */
static size_t find_flag(const struct command *command, const char *name, size_t len)
{
    size_t count = flag_count(command);
    for (size_t i = 0; i < count; i++)
        if (strlen(command->flags[i]->name) == len &&
            memcmp(command->flags[i]->name, name, len) == 0)
            return i;
    return count;
}

static size_t place_of(const struct arguments *arguments, const char *flag)
{
    size_t place = find_flag(arguments->command, flag, strlen(flag));
    assert(place < flag_count(arguments->command)); /* the command asks for a flag it has not */
    return place;
}

const char *argument_text(const struct arguments *arguments, const char *flag)
{
    return arguments->values[place_of(arguments, flag)];
}

bool argument_is_on(const struct arguments *arguments, const char *flag)
{
    size_t place = place_of(arguments, flag);
    assert(arguments->command->flags[place]->value == NULL);
    return arguments->values[place] != NULL;
}

bool argument_is_given(const struct arguments *arguments, const char *flag)
{
    return arguments->given[place_of(arguments, flag)];
}

enum status argument_number(const struct arguments *arguments, const char *flag, uint64_t min,
                            uint64_t max, uint64_t *out, struct error *err)
{
    const char *text = argument_text(arguments, flag);
    if (text == NULL)
        return STATUS_OK;
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
        number > max)
        return fail_usage(arguments, err,
                          "--%s \"%.60s\": a whole number from %llu to %llu is wanted", flag, text,
                          (unsigned long long)min, (unsigned long long)max);
    *out = number;
    return STATUS_OK;
}

enum status fail_usage(const struct arguments *arguments, struct error *err, const char *format,
                       ...)
{
    char words[ERROR_MESSAGE_BYTES - COMMAND_PATH_BYTES - 16];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return fail_input(err, "usage", "", "%s; see %s --help", words, arguments->path);
}

static enum status unknown_flag(const struct arguments *arguments, const char *word,
                                struct error *err)
{
    const char *names[COMMAND_FLAGS_MAX + 1];
    size_t count = flag_count(arguments->command);
    for (size_t i = 0; i < count; i++)
        names[i] = arguments->command->flags[i]->name;
    names[count++] = "help";

    const char *name = word + strspn(word, "-");
    const char *nearest = nearest_name((struct text){name, strcspn(name, "=")}, names, count);
    return fail_usage(arguments, err, "%s has no flag \"%.100s\"%s%s%s", arguments->path, word,
                      nearest == NULL ? "" : " (did you mean --", nearest == NULL ? "" : nearest,
                      nearest == NULL ? "" : "?)");
}

/* Reads the flag at words[*at] and moves *at to its last word. */
static enum status read_flag(int count, char **words, int *at, struct arguments *out,
                             struct error *err)
{
    const char *word = words[*at];
    if (strncmp(word, "--", 2) != 0)
        return unknown_flag(out, word, err);

    const char *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word + 2) : (size_t)(equals - (word + 2));
    size_t place = find_flag(out->command, word + 2, len);
    if (place == flag_count(out->command))
        return unknown_flag(out, word, err);

    const struct flag *flag = out->command->flags[place];
    if (out->given[place])
        return fail_usage(out, err, "--%s is given twice", flag->name);
    const char *value = equals == NULL ? NULL : equals + 1;
    if (flag->value == NULL && value != NULL)
        return fail_usage(out, err, "--%s takes no value", flag->name);
    if (flag->value == NULL)
        value = "";
    else if (value == NULL && *at + 1 < count)
        value = words[++*at];
    if (value == NULL)
        return fail_usage(out, err, "--%s needs a value, %s", flag->name, flag->value);
    out->values[place] = value;
    out->given[place] = true;
    return STATUS_OK;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at != '\0';) {
        size_t word = strcspn(at, "|");
        if (word == len && memcmp(at, value, len) == 0)
            return true;
        at += word + (at[word] == '|');
    }
    return false;
}

/* What was not given comes from the environment or is the default; all of it is checked. */
static enum status complete(struct arguments *out, struct error *err)
{
    size_t count = flag_count(out->command);
    for (size_t i = 0; i < count; i++) {
        const struct flag *flag = out->command->flags[i];
        const char *from_environment = flag->variable == NULL ? NULL : getenv(flag->variable);
        bool by_variable = false;
        assert(flag->value != NULL || (flag->initial == NULL && flag->variable == NULL));
        if (out->values[i] == NULL && from_environment != NULL && from_environment[0] != '\0') {
            out->values[i] = from_environment;
            by_variable = true;
        }
        if (out->values[i] == NULL)
            out->values[i] = flag->initial;
        if (flag->choices != NULL && out->values[i] != NULL &&
            !is_choice(flag->choices, out->values[i]))
            return fail_usage(out, err, "%s%s \"%.60s\": one of %s is wanted",
                              by_variable ? "" : "--", by_variable ? flag->variable : flag->name,
                              out->values[i], flag->choices);
    }
    return STATUS_OK;
}

enum status arguments_read(const struct command *command, const char *path, int count, char **words,
                           struct arguments *out, struct error *err)
{
    bool flags_ended = false;
    *out = (struct arguments){.command = command, .rest_count = count, .rest = words};
    snprintf(out->path, sizeof out->path, "%s", path);
    if (command->has_settings)
        return STATUS_OK;

    for (int at = 0; at < count; at++) {
        const char *word = words[at];
        if (!flags_ended && strcmp(word, "--") == 0) {
            flags_ended = true;
        } else if (!flags_ended && word[0] == '-' && word[1] != '\0') {
            enum status status = read_flag(count, words, &at, out, err);
            if (status != STATUS_OK)
                return status;
        } else if (out->operand_count == command->operands_max ||
                   out->operand_count == COMMAND_OPERANDS_MAX) {
            return fail_usage(out, err, "\"%.100s\" is one word too many for %s %s", word, path,
                              command->usage[0]);
        } else {
            out->operands[out->operand_count++] = word;
        }
    }
    if (out->operand_count < command->operands_min)
        return fail_usage(out, err, "something is missing: %s %s", path, command->usage[0]);
    return complete(out, err);
}
