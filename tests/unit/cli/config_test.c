/*
 * config_test.c - settings: where they come from, who wins, what is refused, and that the manual
 * says the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum status set(enum setting_id id, const char *value, uint64_t *number, struct error *err)
{
    struct config config;
    ASSERT_OK(config_init(&config, err), *err);
    enum status status = config_set(&config, id, value, FROM_FLAG, err);
    *number = config.numbers[id];
    config_done(&config);
    return status;
}

TEST(config_table_is_sound)
{
    struct config config;
    struct error err;
    ASSERT_OK(config_init(&config, &err), err);
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *name = settings[i].name;
        ROW(name != NULL, "setting", "%d has no name", i);
        ROW(strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name), name, "odd letters");
        ROW(settings[i].help != NULL && settings[i].help[0] != '\0', name, "no help");
        ROW(strchr(settings[i].help, '|') == NULL, name, "its help would end a table's cell");
        ROW((settings[i].kind == KIND_CHOICE) == (settings[i].choices != NULL), name, "choices");
        ROW(settings[i].kind == KIND_TEXT || settings[i].initial != NULL, name, "no default");
        ROW(config.sources[i] == FROM_DEFAULT, name, "source");
        for (int k = 0; k < i; k++)
            ROW(strcmp(settings[k].name, name) != 0, name, "comes twice");
    }
    assert_string_equal(config.texts[SETTING_LISTEN], "127.0.0.1:8080");
    assert_null(config.texts[SETTING_PLATFORMS]);
    config_done(&config);
}

TEST(config_reads_values_with_their_units)
{
    static const struct {
        const char *value; /* also the row's name */
        enum setting_id id;
        bool good;
        uint64_t want;
    } cases[] = {
        {"16777216", SETTING_MEMORY_BYTES, true, 16777216},
        {"16384KiB", SETTING_MEMORY_BYTES, true, 16777216},
        {"16MiB", SETTING_MEMORY_BYTES, true, 16777216},
        {"16777216B", SETTING_MEMORY_BYTES, true, 16777216},
        {"2 GiB", SETTING_MEMORY_BYTES, true, (uint64_t)2 << 30},
        {"1024GiB", SETTING_MEMORY_BYTES, true, (uint64_t)1024 << 30},
        {"1025GiB", SETTING_MEMORY_BYTES, false, 0},
        {"16777215", SETTING_MEMORY_BYTES, false, 0},
        {"16MB", SETTING_MEMORY_BYTES, false, 0},
        {"16mib", SETTING_MEMORY_BYTES, false, 0},
        {"-16MiB", SETTING_MEMORY_BYTES, false, 0},
        {"1.5GiB", SETTING_MEMORY_BYTES, false, 0},
        {"MiB", SETTING_MEMORY_BYTES, false, 0},
        {"", SETTING_MEMORY_BYTES, false, 0},
        {"18446744073709551616", SETTING_MEMORY_BYTES, false, 0},
        {"18014398509481985GiB", SETTING_MEMORY_BYTES, false, 0},
        {"2500", SETTING_SEAL_INTERVAL_MS, true, 2500},
        {"2500ms", SETTING_SEAL_INTERVAL_MS, true, 2500},
        {"5s", SETTING_SEAL_INTERVAL_MS, true, 5000},
        {"2m", SETTING_SEAL_INTERVAL_MS, true, 120000},
        {"1h", SETTING_SEAL_INTERVAL_MS, true, 3600000},
        {"2h", SETTING_SEAL_INTERVAL_MS, false, 0},
        {"5KiB", SETTING_SEAL_INTERVAL_MS, false, 0},
        {"5 sec", SETTING_SEAL_INTERVAL_MS, false, 0},
        {"168", SETTING_DEDUPE_HOURS, true, 168},
        {"169", SETTING_DEDUPE_HOURS, false, 0},
        {"0", SETTING_DEDUPE_HOURS, false, 0},
        {"721", SETTING_DEDUPE_HOURS, false, 0},
        {"48h", SETTING_DEDUPE_HOURS, false, 0},
        {" 48", SETTING_DEDUPE_HOURS, false, 0},
        {"key", SETTING_AUTH, true, 0},
        {"off", SETTING_AUTH, true, 1},
        {"OFF", SETTING_AUTH, false, 0},
        {"key|off", SETTING_AUTH, false, 0},
        {"o", SETTING_AUTH, false, 0},
        {"warn", SETTING_LOG_LEVEL, true, 2},
        {"any text", SETTING_DATA, true, 0},
        {"", SETTING_DATA, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err;
        uint64_t number = 0;
        enum status status = set(cases[i].id, cases[i].value, &number, &err);
        if (cases[i].good) {
            ROW(status == STATUS_OK, cases[i].value, "%s", err.message);
            ROW(number == cases[i].want, cases[i].value, "is %llu", (unsigned long long)number);
        } else {
            ROW(status == STATUS_INVALID, cases[i].value, "was accepted");
            ROW(strcmp(err.field, settings[cases[i].id].name) == 0, cases[i].value, "field %s",
                err.field);
        }
    }
}

TEST(config_flag_wins_over_environment_over_file_over_default)
{
    static const struct {
        const char *name;
        const char *file;
        const char *environment;
        const char *flags[2];
        int flag_count;
        const char *want;
        enum config_source source;
    } cases[] = {
        {"nothing", NULL, NULL, {NULL}, 0, "127.0.0.1:8080", FROM_DEFAULT},
        {"file", "listen = f:1\n", NULL, {NULL}, 0, "f:1", FROM_FILE},
        {"environment", NULL, "FOOTFALL_LISTEN=e:1", {NULL}, 0, "e:1", FROM_ENVIRONMENT},
        {"environment over file",
         "listen = f:1\n",
         "FOOTFALL_LISTEN=e:1",
         {NULL},
         0,
         "e:1",
         FROM_ENVIRONMENT},
        {"flag", NULL, NULL, {"--listen", "c:1"}, 2, "c:1", FROM_FLAG},
        {"flag with an equals sign", NULL, NULL, {"--listen=c:1"}, 1, "c:1", FROM_FLAG},
        {"flag over environment",
         NULL,
         "FOOTFALL_LISTEN=e:1",
         {"--listen", "c:1"},
         2,
         "c:1",
         FROM_FLAG},
        {"flag over all",
         "listen = f:1\n",
         "FOOTFALL_LISTEN=e:1",
         {"--listen=c:1"},
         1,
         "c:1",
         FROM_FLAG},
    };
    char *dir = unit_temp_dir();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[300];
        char variable[340];
        const char *environment[3] = {"PATH=/bin", NULL, NULL};
        const char *arguments[4];
        int count = 0;
        struct config config;
        struct error err;
        snprintf(path, sizeof path, "%s/footfall.conf", dir);
        snprintf(variable, sizeof variable, "%s",
                 cases[i].environment == NULL ? "HOME=/" : cases[i].environment);
        environment[1] = variable;
        for (int k = 0; k < cases[i].flag_count; k++)
            arguments[count++] = cases[i].flags[k];
        if (cases[i].file != NULL) {
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            fputs(cases[i].file, file);
            fclose(file);
            arguments[count++] = "--config";
            arguments[count++] = path;
        }
        ASSERT_OK(config_read(&config, count, arguments, environment, &err), err);
        ROW(strcmp(config.texts[SETTING_LISTEN], cases[i].want) == 0, cases[i].name, "is %s",
            config.texts[SETTING_LISTEN]);
        ROW(config.sources[SETTING_LISTEN] == cases[i].source, cases[i].name, "from %d",
            config.sources[SETTING_LISTEN]);
        config_done(&config);
    }
    unit_remove(dir);
}

TEST(config_file_is_read_line_by_line)
{
    static const struct {
        const char *name;
        const char *text;
        const char *words; /* of the error; NULL: good */
    } cases[] = {
        {"empty", "", NULL},
        {"comments and empty lines", "# a = b\n\n   \n\t# c\n", NULL},
        {"space around", "  auth\t=  off  \r\n", NULL},
        {"no final line feed", "auth = off", NULL},
        {"an equals sign in the value", "data = a=b", NULL},
        {"a mark in the value is no comment", "data = a # b", NULL},
        {"no equals sign", "auth off\n", "line 1: a line must be"},
        {"an unknown name", "auth = off\nlisen = a:1\n",
         "line 2: unknown setting \"lisen\"; did you mean \"listen\"?"},
        {"a flag's name", "--auth = off", "unknown setting \"--auth\""},
        {"nothing like it", "zzzzzz = 1", "unknown setting \"zzzzzz\""},
        {"a bad value", "\n\nauth = maybe\n", "line 3: auth must be one of key|off"},
        {"an empty value", "listen =\n", "line 1: listen must not be empty"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config config;
        struct error err;
        ASSERT_OK(config_init(&config, &err), err);
        enum status status = config_read_text(&config, cases[i].text, "f.conf", &err);
        if (cases[i].words == NULL)
            ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
        else
            ROW(status == STATUS_INVALID && strstr(err.message, cases[i].words) != NULL,
                cases[i].name, "%s", status == STATUS_OK ? "accepted" : err.message);
        config_done(&config);
    }
}

TEST(config_refuses_what_it_does_not_know)
{
    static const struct {
        const char *name;
        const char *flags[3];
        int flag_count;
        const char *variable;
        const char *words;
    } cases[] = {
        {"a flag", {"--lisen", "a:1"}, 2, NULL, "command line: unknown setting \"lisen\"; did you"},
        {"a flag with nothing behind it",
         {"--lisen"},
         1,
         NULL,
         "command line: unknown setting \"lisen\"; did you mean \"listen\"?"},
        {"no flag", {"serve"}, 1, NULL, "\"serve\" is no flag"},
        {"one dash", {"-listen", "a"}, 2, NULL, "\"-listen\" is no flag"},
        {"two dashes alone", {"--"}, 1, NULL, "is no flag"},
        {"no value", {"--listen"}, 1, NULL, "--listen needs a value"},
        {"a bad value", {"--auth", "no"}, 2, NULL, "auth must be one of"},
        {"a small size",
         {"--memory-bytes", "1KiB"},
         2,
         NULL,
         "memory-bytes must be a size such as 4096, 64KiB, 256MiB or 2GiB, from 16 MiB to 1024 "
         "GiB, and not \"1KiB\""},
        {"a long time",
         {"--seal-interval-ms", "2h"},
         2,
         NULL,
         "seal-interval-ms must be a time such as 500ms, 10s, 5m or 1h, from 10 ms to 3600 s, and "
         "not \"2h\""},
        {"a number of none",
         {"--query-threads", "0"},
         2,
         NULL,
         "query-threads must be a number, from 1 to 64, and not \"0\""},
        {"a variable", {NULL}, 0, "FOOTFALL_LISEN=a:1", "environment: unknown setting \"lisen\""},
        {"a variable's bad value", {NULL}, 0, "FOOTFALL_AUTH=no", "auth must be one of"},
        {"a bad value that a flag would hide",
         {"--auth", "off"},
         2,
         "FOOTFALL_AUTH=no",
         "auth must be one of"},
        {"a file that is not there",
         {"--config", "/nonexistent/f"},
         2,
         NULL,
         "configuration file /nonexistent/f"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *environment[] = {cases[i].variable, NULL};
        struct config config;
        struct error err;
        enum status status =
            config_read(&config, cases[i].flag_count, cases[i].flags, environment, &err);
        ROW(status != STATUS_OK && strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s",
            status == STATUS_OK ? "accepted" : err.message);
        config_done(&config);
    }
}

TEST(config_passes_over_variables_of_others)
{
    const char *environment[] = {"FOOTFALL_SERVICE_KEY=secret", "FOOTFALLISH=1", "LISTEN=x:1",
                                 "FOOTFALL_DEDUPE_HOURS=12", NULL};
    struct config config;
    struct error err;
    ASSERT_OK(config_read(&config, 0, NULL, environment, &err), err);
    assert_int_equal(config.numbers[SETTING_DEDUPE_HOURS], 12);
    for (int i = 0; i < SETTING_COUNT; i++)
        assert_true(config.texts[i] == NULL || strstr(config.texts[i], "secret") == NULL);
    config_done(&config);
}

static char *read_whole(FILE *file)
{
    long len = 0;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)len, file), (size_t)len);
    return text;
}

TEST(config_manual_is_what_the_table_says)
{
    FILE *printed = tmpfile();
    FILE *kept = fopen(CONFIGURATION_MD, "r");
    assert_non_null(printed);
    ROW(kept != NULL, CONFIGURATION_MD, "is missing");
    config_print_markdown(printed);
    char *want = read_whole(printed);
    char *have = read_whole(kept);
    ROW(strcmp(want, have) == 0, CONFIGURATION_MD,
        "is not what footfall serve --help-markdown prints; print it again");
    free(want);
    free(have);
    fclose(printed);
    fclose(kept);
}

TEST(config_help_names_every_setting)
{
    assert_string_equal(setting_value_word(&settings[SETTING_DATA]), "DIR");
    assert_string_equal(setting_value_word(&settings[SETTING_SERVICE_KEY_FILE]), "FILE");
    assert_string_equal(setting_value_word(&settings[SETTING_MEMORY_BYTES]), "SIZE");
    FILE *printed = tmpfile();
    assert_non_null(printed);
    config_print_help(printed);
    char *help = read_whole(printed);
    for (int i = 0; i < SETTING_COUNT; i++) {
        char flag[80];
        snprintf(flag, sizeof flag, "  --%s ", settings[i].name);
        ROW(strstr(help, flag) != NULL, settings[i].name, "is missing");
    }
    for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ROW(strlen(line) <= 88, line, "is %zu wide", strlen(line));
    free(help);
    fclose(printed);
}

UNIT_MAIN(UNIT(config_table_is_sound), UNIT(config_reads_values_with_their_units),
          UNIT(config_flag_wins_over_environment_over_file_over_default),
          UNIT(config_file_is_read_line_by_line), UNIT(config_refuses_what_it_does_not_know),
          UNIT(config_passes_over_variables_of_others), UNIT(config_manual_is_what_the_table_says),
          UNIT(config_help_names_every_setting))
