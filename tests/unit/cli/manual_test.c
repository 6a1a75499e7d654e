/*
 * manual_test.c - help, manual, completion and document know every command and every flag.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

typedef void printer(FILE *to, const struct command *const *commands);

static char *printed(printer *print)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    assert_non_null(to);
    print(to, commands);
    fclose(to);
    return out;
}

static char *help_of(const struct command *command)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    assert_non_null(to);
    command_print_help(to, "footfall x", command);
    fclose(to);
    return out;
}

static void check_tables(const struct command *const *list, const char *path)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        struct flag flags[FLAGS_LISTED_MAX];
        const struct command *command = list[i];
        char name[COMMAND_PATH_BYTES];
        snprintf(name, sizeof name, "%s %s", path, command->name);
        ROW(command->usage != NULL && command->usage[0] != NULL, name, "no usage line");
        ROW(command->summary[strlen(command->summary) - 1] != '\n', name, "summary");
        ROW((command->run == NULL) == (command->subcommands != NULL), name, "run or subcommands");
        ROW(command->operands_min <= command->operands_max &&
                command->operands_max <= COMMAND_OPERANDS_MAX,
            name, "operands %zu to %zu", command->operands_min, command->operands_max);
        if (command->subcommands != NULL) {
            check_tables(command->subcommands, name);
            continue;
        }
        char *help = help_of(command);
        size_t count = flags_listed(command, flags);
        for (size_t f = 0; f + 1 < count; f++) { /* the last is --help itself */
            char shown[80];
            snprintf(shown, sizeof shown, "  --%s", flags[f].name);
            ROW(strstr(help, shown) != NULL, name, "--help lacks --%s", flags[f].name);
            ROW(flags[f].help != NULL && strlen(flags[f].help) > 10, name, "--%s: no help",
                flags[f].name);
            ROW(flags[f].value != NULL || flags[f].choices == NULL, name,
                "--%s: a switch has no "
                "choices",
                flags[f].name);
            for (size_t g = 0; g < f; g++)
                ROW(strcmp(flags[f].name, flags[g].name) != 0, name, "--%s twice", flags[f].name);
        }
        free(help);
    }
}

TEST(every_table_is_whole_and_every_help_lists_every_flag)
{
    check_tables(commands, "footfall");
}

/* In order: the command's heading, then its flags behind it. */
static const char *check_order(const char *text, const struct command *const *list,
                               const char *path, const char *heading, const char *flag_format)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        struct flag flags[FLAGS_LISTED_MAX];
        char words[160];
        char name[COMMAND_PATH_BYTES];
        snprintf(name, sizeof name, "%s %s", path, list[i]->name);
        snprintf(words, sizeof words, "%s%s\n", heading, name);
        text = strstr(text, words);
        ROW(text != NULL, name, "no heading");
        if (list[i]->subcommands != NULL) {
            text = check_order(text, list[i]->subcommands, name, heading, flag_format);
            continue;
        }
        size_t count = flags_listed(list[i], flags);
        for (size_t f = 0; f < count; f++) {
            char escaped[80] = "";
            for (const char *at = flags[f].name; *at != '\0'; at++)
                snprintf(escaped + strlen(escaped), sizeof escaped - strlen(escaped), "%s%c",
                         *at == '-' ? "\\" : "", *at);
            snprintf(words, sizeof words, "%s%s\\fR", flag_format, escaped);
            text = strstr(text, words);
            ROW(text != NULL, name, "no --%s", flags[f].name);
        }
    }
    return text;
}

TEST(the_manual_has_every_command_with_every_flag)
{
    char *roff = printed(manual_print_roff);
    (void)check_order(roff, commands, "footfall", ".SS ", "\\fB\\-\\-");
    free(roff);
}

TEST(every_shell_knows_every_flag_that_takes_a_value)
{
    static const struct {
        const char *name;
        printer *print;
        const char *words;
    } shells[] = {
        {"bash", completion_print_bash, "'record view:--key-file') action='file' ;;"},
        {"zsh", completion_print_zsh, "'record view:--key-file') action='file' ;;"},
        {"fish", completion_print_fish, "'__footfall_at \"record view\"' -l key-file -r -F"},
    };
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        char *script = printed(shells[i].print);
        ROW(strstr(script, shells[i].words) != NULL, shells[i].name, "lacks: %s", shells[i].words);
        free(script);
    }
}

TEST(the_document_is_what_the_tables_say)
{
    char *want = printed(manual_print_markdown);
    char *have = calloc(1, strlen(want) + 2);
    FILE *file = fopen(COMMAND_LINE_MD, "re");
    assert_non_null(file);
    assert_non_null(have);
    size_t len = fread(have, 1, strlen(want) + 1, file);
    fclose(file);
    if (len != strlen(want) || strcmp(have, want) != 0) {
        print_error("docs/operations/command-line.md is not up to date. Write it again:\n"
                    "  build/footfall man --format markdown >docs/operations/command-line.md\n");
        UNIT_FAIL();
    }
    free(want);
    free(have);
}

UNIT_MAIN(UNIT(every_table_is_whole_and_every_help_lists_every_flag),
          UNIT(the_manual_has_every_command_with_every_flag),
          UNIT(every_shell_knows_every_flag_that_takes_a_value),
          UNIT(the_document_is_what_the_tables_say))
