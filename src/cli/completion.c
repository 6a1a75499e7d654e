/*
 * completion.c - one script a shell.
 *
 * bash and zsh get the same walk: the words before the cursor name a command as far as the tables
 * know it ("record view"), the word before the cursor may be a flag that wants a value; then a
 * `case` has what follows. fish wants a line for each flag, under a condition on the words.
 *
 * Names, choices and summaries are ours, of letters that no shell expands; help texts are not put
 * into scripts but for fish, quoted there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/completion.h"

#include "cli/manual.h"

/* Every command and subcommand; path is "record view". */
typedef void visit(FILE *to, const char *path, const struct command *command);

static void walk(FILE *to, const char *path, const struct command *const *list, visit *each)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        char name[COMMAND_PATH_BYTES];
        snprintf(name, sizeof name, "%s%s%s", path, path[0] == '\0' ? "" : " ", list[i]->name);
        each(to, name, list[i]);
        if (list[i]->subcommands != NULL)
            walk(to, name, list[i]->subcommands, each);
    }
}

static void put_names(FILE *to, const struct command *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++)
        fprintf(to, "%s%s", i == 0 ? "" : " ", list[i]->name);
}

static void put_choices(FILE *to, const char *choices)
{
    for (; *choices != '\0'; choices++)
        fputc(*choices == '|' ? ' ' : *choices, to);
}

/* ---- bash and zsh: which words follow ---- */

static void put_flag_names(FILE *to, const struct command *command)
{
    struct flag flags[FLAGS_LISTED_MAX];
    size_t count = flags_listed(command, flags);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "%s--%s", i == 0 ? "" : " ", flags[i].name);
}

static const char *action_word(enum completion completion)
{
    switch (completion) {
    case COMPLETE_FILE:
        return "file";
    case COMPLETE_DIRECTORY:
        return "folder";
    case COMPLETE_NOTHING:
        break;
    }
    return "nothing";
}

/* "record view:--platform) action=nothing ;;". In zsh `path` and `words` belong to the shell. */
static void put_values(FILE *to, const char *path, const struct command *command)
{
    struct flag flags[FLAGS_LISTED_MAX];
    if (command->subcommands != NULL)
        return;
    size_t count = flags_listed(command, flags);
    for (size_t i = 0; i < count; i++) {
        if (flags[i].value == NULL)
            continue;
        fprintf(to, "    '%s:--%s') ", path, flags[i].name);
        if (flags[i].choices != NULL) {
            fputs("action=words offer='", to);
            put_choices(to, flags[i].choices);
            fputs("' ;;\n", to);
        } else {
            fprintf(to, "action='%s' ;;\n", action_word(flags[i].completion));
        }
    }
}

static void put_flags(FILE *to, const char *path, const struct command *command)
{
    if (command->subcommands != NULL)
        return;
    fprintf(to, "    '%s') offer='", path);
    put_flag_names(to, command);
    fputs("' ;;\n", to);
}

static void put_operands(FILE *to, const char *path, const struct command *command)
{
    if (command->subcommands != NULL) {
        fprintf(to, "    '%s') action=words offer='", path);
        put_names(to, command->subcommands);
        fputs("' ;;\n", to);
    } else if (command->operand_completion != COMPLETE_NOTHING) {
        fprintf(to, "    '%s') action='%s' ;;\n", path, action_word(command->operand_completion));
    }
}

/* "'record view') path=..." */
static void put_path(FILE *to, const char *path, const struct command *command)
{
    (void)command;
    fprintf(to, "    '%s') at='%s' ;;\n", path, path);
}

/*
 * Shell code that sets action (words, file, folder, nothing) and what to offer from: before, the
 * words behind "footfall" and before the cursor, and current, the one at the cursor.
 */
static void put_decision(FILE *to, const struct command *const *commands)
{
    fputs("  local at='' last='' action=nothing offer='' word\n"
          "  for word in \"${before[@]}\"; do\n"
          "    last=$word\n"
          "    case \"${at:+$at }$word\" in\n",
          to);
    walk(to, "", commands, put_path);
    fputs("    esac\n"
          "  done\n"
          "  case \"$at:$last\" in\n",
          to);
    walk(to, "", commands, put_values);
    fputs("    *)\n"
          "    case $current in\n"
          "    -*) action=words\n"
          "    case $at in\n"
          "    '') offer='--help --version' ;;\n",
          to);
    walk(to, "", commands, put_flags);
    fputs("    *) offer='--help' ;;\n"
          "    esac ;;\n"
          "    *)\n"
          "    case $at in\n"
          "    '') action=words offer='",
          to);
    put_names(to, commands);
    fputs(" help' ;;\n", to);
    walk(to, "", commands, put_operands);
    fputs("    esac ;;\n"
          "    esac ;;\n"
          "  esac\n",
          to);
}

void completion_print_bash(FILE *to, const struct command *const *commands)
{
    fputs("# bash completion for footfall; printed by `footfall completion bash`.\n"
          "_footfall() {\n"
          "  local current=${COMP_WORDS[COMP_CWORD]}\n"
          "  local -a before=()\n"
          "  local word\n"
          "  # --flag=value is three words to bash, of which '=' is one\n"
          "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "    [[ $word == = ]] || before+=(\"$word\")\n"
          "  done\n"
          "  [[ $current == = ]] && current=\n",
          to);
    put_decision(to, commands);
    fputs("  COMPREPLY=()\n"
          "  case $action in\n"
          "  words) mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$current\") ;;\n"
          "  file) compopt -o filenames 2>/dev/null\n"
          "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
          "  folder) compopt -o filenames 2>/dev/null\n"
          "    mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
          "  esac\n"
          "}\n"
          "complete -F _footfall footfall\n",
          to);
}

void completion_print_zsh(FILE *to, const struct command *const *commands)
{
    fputs("#compdef footfall\n"
          "# zsh completion for footfall; printed by `footfall completion zsh`.\n"
          "_footfall() {\n"
          "  local current=${words[CURRENT]}\n"
          "  local -a before\n"
          "  before=(\"${(@)words[2,CURRENT-1]}\")\n"
          "  _footfall_decide\n"
          "}\n"
          "_footfall_decide() {\n",
          to);
    put_decision(to, commands);
    fputs("  case $action in\n"
          "  words) compadd -- ${=offer} ;;\n"
          "  file) _files ;;\n"
          "  folder) _files -/ ;;\n"
          "  esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _footfall ]; then _footfall \"$@\"; else compdef _footfall "
          "footfall; fi\n",
          to);
}

/* ---- fish ---- */

static void put_quoted(FILE *to, const char *text)
{
    fputc('\'', to);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', to);
        fputc(*text == '\n' ? ' ' : *text, to);
    }
    fputc('\'', to);
}

static void put_fish_names(FILE *to, const char *path, const struct command *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        fprintf(to, "complete -c footfall -n '__footfall_at \"%s\"' -a %s -d ", path,
                list[i]->name);
        put_quoted(to, list[i]->summary);
        fputc('\n', to);
    }
}

static void put_fish(FILE *to, const char *path, const struct command *command)
{
    struct flag flags[FLAGS_LISTED_MAX];
    if (command->subcommands != NULL) {
        put_fish_names(to, path, command->subcommands);
        return;
    }
    if (command->operand_completion != COMPLETE_NOTHING)
        fprintf(to, "complete -c footfall -n '__footfall_at \"%s\"' %s\n", path,
                command->operand_completion == COMPLETE_FILE
                    ? "-F"
                    : "-f -a '(__fish_complete_directories)'");
    size_t count = flags_listed(command, flags);
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "complete -c footfall -n '__footfall_at \"%s\"' -l %s", path, flags[i].name);
        if (flags[i].value != NULL)
            fputs(flags[i].completion == COMPLETE_FILE ? " -r -F" : " -x", to);
        if (flags[i].choices != NULL) {
            fputs(" -a '", to);
            put_choices(to, flags[i].choices);
            fputc('\'', to);
        } else if (flags[i].completion == COMPLETE_DIRECTORY) {
            fputs(" -a '(__fish_complete_directories)'", to);
        }
        fputs(" -d ", to);
        put_quoted(to, flags[i].help);
        fputc('\n', to);
    }
}

static void put_fish_path(FILE *to, const char *path, const struct command *command)
{
    (void)command;
    fprintf(to, " '%s'", path);
}

void completion_print_fish(FILE *to, const struct command *const *commands)
{
    fputs("# fish completion for footfall; printed by `footfall completion fish`.\n"
          "function __footfall_at # whether the words so far name this command\n"
          "    set -l path ''\n"
          "    for word in (commandline -opc)[2..-1]\n"
          "        set -l longer (string trim -- \"$path $word\")\n"
          "        if contains -- $longer",
          to);
    walk(to, "", commands, put_fish_path);
    fputs("\n"
          "            set path $longer\n"
          "        end\n"
          "    end\n"
          "    test \"$path\" = \"$argv[1]\"\n"
          "end\n"
          "complete -c footfall -f\n",
          to);
    put_fish_names(to, "", commands);
    walk(to, "", commands, put_fish);
}
