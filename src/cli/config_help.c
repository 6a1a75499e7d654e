/*
 * config_help.c - the table of settings as people read it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <string.h>

#include "cli/command.h"
#include "cli/config.h"

enum { HELP_INDENT = 6 };

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

const char *setting_value_word(const struct setting *setting)
{
    static const char *const words[] = {
        [KIND_TEXT] = "TEXT",     [KIND_CHOICE] = "WORD", [KIND_BYTES] = "SIZE",
        [KIND_DURATION] = "TIME", [KIND_NUMBER] = "N",
    };
    if (strcmp(setting->name, "data") == 0)
        return "DIR";
    return ends_with(setting->name, "-file") ? "FILE" : words[setting->kind];
}

void config_print_help(FILE *to)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        fprintf(to, "  --%s %s", setting->name,
                setting->kind == KIND_CHOICE ? setting->choices : setting_value_word(setting));
        if (setting->initial != NULL)
            fprintf(to, "   (%s)", setting->initial);
        fputc('\n', to);
        print_paragraphs(to, setting->help, HELP_INDENT);
    }
}

enum { AMOUNT_BYTES = SETTING_RANGE_BYTES / 2 - 4 };

static const char *bytes_words(uint64_t bytes, char out[AMOUNT_BYTES])
{
    static const char *const units[] = {"", " KiB", " MiB", " GiB"};
    size_t unit = 0;
    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(out, AMOUNT_BYTES, "%llu%s", (unsigned long long)bytes, units[unit]);
    return out;
}

static const char *milliseconds_words(uint64_t ms, char out[AMOUNT_BYTES])
{
    bool whole = ms >= 1000 && ms % 1000 == 0;
    snprintf(out, AMOUNT_BYTES, "%llu %s", (unsigned long long)(whole ? ms / 1000 : ms),
             whole ? "s" : "ms");
    return out;
}

void setting_range(const struct setting *setting, char out[SETTING_RANGE_BYTES])
{
    char min[AMOUNT_BYTES];
    char max[AMOUNT_BYTES];
    switch (setting->kind) {
    case KIND_BYTES:
        bytes_words(setting->min, min);
        bytes_words(setting->max, max);
        break;
    case KIND_DURATION:
        milliseconds_words(setting->min, min);
        milliseconds_words(setting->max, max);
        break;
    case KIND_NUMBER:
    case KIND_TEXT:
    case KIND_CHOICE:
        snprintf(min, sizeof min, "%llu", (unsigned long long)setting->min);
        snprintf(max, sizeof max, "%llu", (unsigned long long)setting->max);
        break;
    }
    snprintf(out, SETTING_RANGE_BYTES, "%s to %s", min, max);
}

static void print_values(FILE *to, const struct setting *setting)
{
    char range[SETTING_RANGE_BYTES];
    switch (setting->kind) {
    case KIND_TEXT:
        fputs("text", to);
        break;
    case KIND_CHOICE:
        for (const char *at = setting->choices; *at != '\0'; at++) {
            if (*at == '|')
                fputs(", ", to);
            else
                fputc(*at, to);
        }
        break;
    case KIND_BYTES:
    case KIND_DURATION:
    case KIND_NUMBER:
        setting_range(setting, range);
        fputs(range, to);
        break;
    }
}

static void print_variable(FILE *to, const char *name)
{
    fputs("FOOTFALL_", to);
    for (; *name != '\0'; name++)
        fputc(*name == '-' ? '_' : toupper((unsigned char)*name), to);
}

void config_print_markdown(FILE *to)
{
    fputs("# Configuration\n"
          "\n"
          "<!-- Printed by `footfall serve --help-markdown`; a unit test compares. Edit\n"
          "     src/cli/settings.c instead. -->\n"
          "\n"
          "Each setting of `footfall serve` can be given in three places. A flag wins over the\n"
          "environment, the environment over the file, the file over the default:\n"
          "\n"
          "- a flag: `--listen 127.0.0.1:9000` or `--listen=127.0.0.1:9000`\n"
          "- a variable: `FOOTFALL_LISTEN=127.0.0.1:9000`\n"
          "- a line `listen = 127.0.0.1:9000` of the file that `--config FILE` or\n"
          "  `FOOTFALL_CONFIG` names; `#` begins a comment line\n"
          "\n"
          "Unknown names are refused, and the nearest known one is named. Sizes are bytes or take\n"
          "`KiB`, `MiB`, `GiB`; times are milliseconds or take `ms`, `s`, `m`, `h`.\n"
          "\n"
          "The service key is never a flag or a line of the file, where others could read it: it\n"
          "comes from the variable `FOOTFALL_SERVICE_KEY` or from the file that\n"
          "`service-key-file` names.\n"
          "\n"
          "| setting | variable | default | values | what it does |\n"
          "|---|---|---|---|---|\n",
          to);
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        fprintf(to, "| `%s` | `", setting->name);
        print_variable(to, setting->name);
        fprintf(to, "` | %s%s%s | ", setting->initial == NULL ? "" : "`",
                setting->initial == NULL ? "none" : setting->initial,
                setting->initial == NULL ? "" : "`");
        print_values(to, setting);
        fprintf(to, " | %s |\n", setting->help);
    }
    fputs("\n"
          "A request's head may have up to 100 fields and 8 KiB, an array of events 10,000 events\n"
          "and 8 MiB, a line of a stream 64 KiB; these are not settings.\n",
          to);
}
