/*
 * flags_listed.c - settings and flags in one shape.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <string.h>

#include "cli/config.h"
#include "cli/manual.h"

static const struct flag flag_config = {
    .name = "config",
    .value = "FILE",
    .variable = "FOOTFALL_CONFIG",
    .completion = COMPLETE_FILE,
    .help = "Reads settings from a file of \"name = value\" lines.",
};
static const struct flag flag_help = {
    .name = "help",
    .help = "Explains the command.",
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static struct flag flag_of(const struct setting *setting)
{
    static const char *const words[] = {
        [KIND_TEXT] = "TEXT",     [KIND_CHOICE] = "WORD", [KIND_BYTES] = "SIZE",
        [KIND_DURATION] = "TIME", [KIND_NUMBER] = "N",
    };
    bool is_folder = strcmp(setting->name, "data") == 0;
    bool is_file = ends_with(setting->name, "-file");
    return (struct flag){
        .name = setting->name,
        .value = is_folder ? "DIR"
                 : is_file ? "FILE"
                           : words[setting->kind],
        .initial = setting->initial,
        .choices = setting->kind == KIND_CHOICE ? setting->choices : NULL,
        .completion = is_folder ? COMPLETE_DIRECTORY
                      : is_file ? COMPLETE_FILE
                                : COMPLETE_NOTHING,
        .help = setting->help,
    };
}

size_t flags_listed(const struct command *command, struct flag out[FLAGS_LISTED_MAX])
{
    _Static_assert(SETTING_COUNT + 2 <= (int)FLAGS_LISTED_MAX &&
                       (int)COMMAND_FLAGS_MAX < (int)FLAGS_LISTED_MAX,
                   "every table fits");
    size_t count = 0;
    if (command->has_settings) {
        for (size_t i = 0; i < SETTING_COUNT; i++)
            out[count++] = flag_of(&settings[i]);
        out[count++] = flag_config;
    }
    for (size_t i = 0; command->flags != NULL && command->flags[i] != NULL; i++) {
        assert(i < COMMAND_FLAGS_MAX && !command->has_settings);
        out[count++] = *command->flags[i];
    }
    out[count++] = flag_help;
    return count;
}
