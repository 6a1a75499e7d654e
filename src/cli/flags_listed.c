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

static struct flag flag_of(const struct setting *setting)
{
    const char *word = setting_value_word(setting);
    return (struct flag){
        .name = setting->name,
        .value = word,
        .initial = setting->initial,
        .choices = setting->kind == KIND_CHOICE ? setting->choices : NULL,
        .completion = strcmp(word, "DIR") == 0    ? COMPLETE_DIRECTORY
                      : strcmp(word, "FILE") == 0 ? COMPLETE_FILE
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
