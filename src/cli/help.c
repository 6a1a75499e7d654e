/*
 * help.c - the tables as people read them on a terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cli/command.h"
#include "cli/config.h"

enum { HELP_COLUMNS = 88, HELP_INDENT = 6 };

/* Prints the words of text[0..len) wrapped at HELP_COLUMNS, each line indented. */
static void print_wrapped(FILE *to, const char *text, size_t len, int indent)
{
    const char *end = text + len;
    int column = 0;
    for (const char *at = text; at < end;) {
        int word = 0;
        while (at + word < end && at[word] != ' ' && at[word] != '\n')
            word++;
        if (word > 0) {
            bool fits = column > 0 && column + 1 + word <= HELP_COLUMNS;
            if (fits)
                fputc(' ', to);
            else
                fprintf(to, "%s%*s", column > 0 ? "\n" : "", indent, "");
            column = (fits ? column + 1 : indent) + word;
            fwrite(at, 1, (size_t)word, to);
        }
        at += word;
        while (at < end && (*at == ' ' || *at == '\n'))
            at++;
    }
    fputc('\n', to);
}

void print_paragraphs(FILE *to, const char *text, int indent)
{
    for (const char *at = text; *at != '\0';) {
        size_t len = 0; /* of what is shown alike: a run of words, or one line as it is */
        if (*at == '\n') {
            fputc('\n', to);
            at++;
            continue;
        }
        if (*at == ' ') {
            len = strcspn(at, "\n");
            fprintf(to, "%*s%.*s\n", indent, "", (int)len, at);
        } else {
            while (at[len] != '\0' && !(at[len] == '\n' && strchr(" \n", at[len + 1]) != NULL))
                len++; /* strchr() finds the end of text too */
            print_wrapped(to, at, len, indent);
        }
        at += len + (at[len] == '\n');
    }
}

static void print_flag(FILE *to, const struct flag *flag)
{
    fprintf(to, "  --%s", flag->name);
    if (flag->value != NULL)
        fprintf(to, " %s", flag->choices != NULL ? flag->choices : flag->value);
    if (flag->variable != NULL && flag->initial != NULL)
        fprintf(to, "   (%s, or %s)", flag->variable, flag->initial);
    else if (flag->variable != NULL || flag->initial != NULL)
        fprintf(to, "   (%s)", flag->variable != NULL ? flag->variable : flag->initial);
    fputc('\n', to);
    print_paragraphs(to, flag->help, HELP_INDENT);
}

static void print_list(FILE *to, const struct command *const *list)
{
    int width = 0;
    for (size_t i = 0; list[i] != NULL; i++)
        if ((int)strlen(list[i]->name) > width)
            width = (int)strlen(list[i]->name);
    for (size_t i = 0; list[i] != NULL; i++)
        fprintf(to, "  %-*s   %s\n", width, list[i]->name, list[i]->summary);
}

void command_print_help(FILE *to, const char *path, const struct command *command)
{
    for (size_t i = 0; command->usage[i] != NULL; i++)
        fprintf(to, "%s %s %s\n", i == 0 ? "usage:" : "      ", path, command->usage[i]);
    fputc('\n', to);
    print_paragraphs(to, command->text == NULL ? command->summary : command->text, 0);
    if (command->subcommands != NULL) {
        fputc('\n', to);
        print_list(to, command->subcommands);
        fprintf(to, "\n%s COMMAND --help explains each.\n", path);
    }
    if (command->has_settings) {
        fputs("\nFlags, with their defaults; each can also be a variable (FOOTFALL_LISTEN) or a "
              "line of the\nfile that --config FILE names (listen = ...):\n\n",
              to);
        config_print_help(to);
        fputs("  --config FILE\n", to);
        print_paragraphs(to, "Reads settings from a file of \"name = value\" lines.", HELP_INDENT);
    }
    if (command->flags == NULL)
        return;
    fputs("\nFlags:\n\n", to);
    for (size_t i = 0; command->flags[i] != NULL; i++)
        print_flag(to, command->flags[i]);
}

void command_print_overview(FILE *to, const struct command *const *commands)
{
    fputs("Footfall counts views, shares and inquiries of property listings: durably, and each\n"
          "exactly once.\n\n"
          "usage: footfall COMMAND [flags]\n\n",
          to);
    print_list(to, commands);
    fputs("\nfootfall COMMAND --help explains a command's flags; footfall --version names the\n"
          "version. The manual is in docs/.\n",
          to);
}
