/*
 * manual.c - one walk over the commands, two ways to write down what it meets.
 *
 * roff (man(7)): a line that begins with '.' or ''' would be a request, a backslash an escape, and
 * a plain '-' may be shown as a typographic one, which nobody can paste; so all three are escaped.
 * Markdown: words between angle brackets and in tables are escaped as far as our texts need it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/manual.h"

#include <string.h>

#include "cli/config.h"

enum { EXAMPLE_INDENT = 2 };

struct writer {
    FILE *to;
    void (*command)(const struct writer *writer, const char *path, const struct command *command);
};

static void walk(const struct writer *writer, const char *path, const struct command *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        char name[COMMAND_PATH_BYTES];
        snprintf(name, sizeof name, "%s %s", path, list[i]->name);
        writer->command(writer, name, list[i]);
        if (list[i]->subcommands != NULL)
            walk(writer, name, list[i]->subcommands);
    }
}

/* What marks a line as one that stands as it is; more of it is the line's own. */
static size_t example_indent(const char *line)
{
    size_t spaces = strspn(line, " ");
    return spaces < EXAMPLE_INDENT ? spaces : EXAMPLE_INDENT;
}

/* ---- roff ---- */

static void roff_text(FILE *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool begins = i == 0 || text[i - 1] == '\n';
        if (begins && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", to);
        if (text[i] == '\\')
            fputs("\\e", to);
        else if (text[i] == '-')
            fputs("\\-", to);
        else if (text[i] == '\'')
            fputs("\\(aq", to);
        else
            fputc(text[i], to);
    }
}

static void roff_string(FILE *to, const char *text)
{
    roff_text(to, text, strlen(text));
}

/* Paragraphs as print_paragraphs() has them: lines that begin with a space stand as they are. */
static void roff_paragraphs(FILE *to, const char *text)
{
    bool is_verbatim = false;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0 && (text[0] == ' ') != is_verbatim) {
            fputs(is_verbatim ? ".EE\n.RE\n.PP\n" : ".PP\n.RS 4\n.EX\n", to);
            is_verbatim = !is_verbatim;
        }
        if (len == 0 && !is_verbatim && text[1] != ' ') {
            fputs(".PP\n", to);
        } else if (len > 0) {
            size_t indent = is_verbatim ? example_indent(text) : 0;
            roff_text(to, text + indent, len - indent);
            fputc('\n', to);
        }
        text += len + (text[len] == '\n');
    }
    if (is_verbatim)
        fputs(".EE\n.RE\n", to);
}

static void roff_flag(FILE *to, const struct flag *flag)
{
    fputs(".TP\n\\fB\\-\\-", to);
    roff_string(to, flag->name);
    fputs("\\fR", to);
    if (flag->value != NULL) {
        fputs(" \\fI", to);
        roff_string(to, flag->choices != NULL ? flag->choices : flag->value);
        fputs("\\fR", to);
    }
    fputc('\n', to);
    roff_paragraphs(to, flag->help);
    if (flag->initial != NULL) {
        fputs("Default: ", to);
        roff_string(to, flag->initial);
        fputs(".\n", to);
    }
    if (flag->variable != NULL) {
        fputs("Variable: ", to);
        roff_string(to, flag->variable);
        fputs(".\n", to);
    }
}

static void roff_command(const struct writer *writer, const char *path,
                         const struct command *command)
{
    struct flag flags[FLAGS_LISTED_MAX];
    FILE *to = writer->to;
    fprintf(to, ".SS %s\n", path);
    for (size_t i = 0; command->usage[i] != NULL; i++) {
        fprintf(to, "%s\\fB%s\\fR ", i == 0 ? "" : ".br\n", path);
        roff_string(to, command->usage[i]);
        fputc('\n', to);
    }
    fputs(".PP\n", to);
    roff_paragraphs(to, command->text == NULL ? command->summary : command->text);
    if (command->subcommands != NULL)
        return;
    if (command->has_settings)
        fputs(".PP\nEach flag can also be a variable (FOOTFALL_LISTEN) or a line of the file that\n"
              "\\-\\-config names (listen = ...).\n",
              to);
    size_t count = flags_listed(command, flags);
    for (size_t i = 0; i < count; i++)
        roff_flag(to, &flags[i]);
}

void manual_print_roff(FILE *to, const struct command *const *commands)
{
    const struct writer writer = {.to = to, .command = roff_command};
    fputs(".\\\" Printed by `footfall man`, from the tables that --help shows.\n"
          ".TH FOOTFALL 1 \"\" \"Footfall " FOOTFALL_VERSION "\" \"Footfall\"\n"
          ".SH NAME\n"
          "footfall \\- count views, shares and inquiries of property listings\n"
          ".SH SYNOPSIS\n"
          "\\fBfootfall\\fR \\fICOMMAND\\fR [\\fIflags\\fR]\n"
          ".SH DESCRIPTION\n"
          "Footfall counts how people engage with property listings: durably, and each event\n"
          "exactly once.\n"
          "\\fBfootfall serve\\fR is the server; the other commands talk to it, or open a data\n"
          "folder that no server uses.\n"
          "Flags may stand anywhere behind the command, as \\fB\\-\\-name value\\fR or\n"
          "\\fB\\-\\-name=value\\fR; \\fB\\-\\-\\fR ends them.\n"
          ".SH COMMANDS\n",
          to);
    walk(&writer, "footfall", commands);
    fputs(".SH EXIT STATUS\n"
          ".TP\n\\fB0\\fR\nDone.\n"
          ".TP\n\\fB1\\fR\nIt could not be done; standard error says why.\n"
          ".TP\n\\fB2\\fR\nThe command line is wrong.\n"
          ".SH ENVIRONMENT\n"
          ".TP\n\\fBFOOTFALL_URL\\fR\nThe server to talk to.\n"
          ".TP\n\\fBFOOTFALL_KEY\\fR\nThe key to show it.\n"
          ".TP\n\\fBFOOTFALL_SERVICE_KEY\\fR\nThe key that \\fBfootfall serve\\fR asks for.\n"
          ".TP\n\\fBFOOTFALL_CONFIG\\fR\nThe file of settings.\n"
          ".TP\n\\fBNO_COLOR\\fR\nIf not empty: no colours.\n"
          ".SH SEE ALSO\n"
          "The documents in docs/, the HTTP API in docs/api/http.md first.\n",
          to);
}

/* ---- markdown ---- */

static void markdown_cell(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '<')
            fputc('\\', to);
        fputc(*text == '\n' ? ' ' : *text, to);
    }
}

/* Paragraphs on a line each, examples in a block. */
static void markdown_paragraphs(FILE *to, const char *text)
{
    bool is_verbatim = false;
    bool at_start = true; /* of a paragraph */
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0 && (text[0] == ' ') != is_verbatim) {
            fputs(is_verbatim ? "```\n\n" : at_start ? "```sh\n" : "\n\n```sh\n", to);
            at_start = is_verbatim;
            is_verbatim = !is_verbatim;
        }
        size_t indent = is_verbatim ? example_indent(text) : 0;
        if (len == 0 && !is_verbatim) {
            fputs("\n\n", to);
            at_start = true;
        } else if (len > 0) {
            fprintf(to, "%s%.*s%s", !is_verbatim && !at_start ? " " : "", (int)(len - indent),
                    text + indent, is_verbatim ? "\n" : "");
            at_start = false;
        }
        text += len + (text[len] == '\n');
    }
    fputs(is_verbatim ? "```\n" : "\n", to);
}

static void markdown_flag(FILE *to, const struct flag *flag)
{
    fprintf(to, "| `--%s", flag->name);
    if (flag->value != NULL) {
        fputc(' ', to);
        markdown_cell(to, flag->choices != NULL ? flag->choices : flag->value);
    }
    fputs("` | ", to);
    if (flag->variable != NULL)
        fprintf(to, "`%s`", flag->variable);
    if (flag->variable != NULL && flag->initial != NULL)
        fputs(", or ", to);
    if (flag->initial != NULL)
        fprintf(to, "`%s`", flag->initial);
    fputs(" | ", to);
    markdown_cell(to, flag->help);
    fputs(" |\n", to);
}

static void markdown_command(const struct writer *writer, const char *path,
                             const struct command *command)
{
    struct flag flags[FLAGS_LISTED_MAX];
    FILE *to = writer->to;
    fprintf(to, "\n%s %s\n\n```\n", strchr(path, ' ') == strrchr(path, ' ') ? "##" : "###", path);
    for (size_t i = 0; command->usage[i] != NULL; i++)
        fprintf(to, "%s %s\n", path, command->usage[i]);
    fputs("```\n\n", to);
    markdown_paragraphs(to, command->text == NULL ? command->summary : command->text);
    if (command->has_settings) {
        fputs("\nIts flags are the settings: [configuration.md](configuration.md).\n", to);
        return;
    }
    if (command->subcommands != NULL || command->flags == NULL)
        return;
    size_t count = flags_listed(command, flags) - 1; /* --help is every command's */
    fputs("\n| flag | when it is not given | |\n|---|---|---|\n", to);
    for (size_t i = 0; i < count; i++)
        markdown_flag(to, &flags[i]);
}

void manual_print_markdown(FILE *to, const struct command *const *commands)
{
    const struct writer writer = {.to = to, .command = markdown_command};
    fputs("# The command line\n"
          "\n"
          "<!-- Printed by `footfall man --format markdown`; a unit test compares. Edit the tables "
          "in\n"
          "     src/cli/commands/ instead. -->\n"
          "\n"
          "`footfall serve` is the server; the other commands talk to it, or open a data folder "
          "that\n"
          "no server uses. `footfall COMMAND --help` shows what stands here, `man footfall` too "
          "once\n"
          "it is installed, with completion for bash, zsh and fish.\n"
          "\n"
          "Flags may stand anywhere behind the command, as `--name value` or `--name=value`; `--`\n"
          "ends them. Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 "
          "the\n"
          "command line is wrong.\n",
          to);
    walk(&writer, "footfall", commands);
}
