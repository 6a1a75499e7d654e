/*
 * config.c - fuzz target: a configuration file, and the same lines as flags and as environment.
 *
 * What is accepted lies within its setting's range, and written as a file again it says the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "cli/config.h"

enum { WORDS_MAX = 64 };

static void check_ranges(const struct config *config)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = &settings[id];
        if (setting->kind != KIND_TEXT && setting->kind != KIND_CHOICE && config->texts[id] != NULL)
            FUZZ_CHECK(config->numbers[id] >= setting->min && config->numbers[id] <= setting->max,
                       "%s is %lu", setting->name, config->numbers[id]);
    }
}

static void check_once_more(const struct config *config)
{
    struct bytes text = {0};
    struct config again;
    struct error err;
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *parts[] = {settings[id].name, " = ", config->texts[id], "\n"};
        if (config->sources[id] != FROM_FILE)
            continue;
        for (int i = 0; i < 4; i++)
            FUZZ_CHECK(bytes_append(&text, parts[i], strlen(parts[i])), "no memory");
    }
    FUZZ_CHECK(bytes_append(&text, "", 1), "no memory");
    FUZZ_CHECK(config_init(&again, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(config_read_text(&again, (const char *)text.at, "again", &err) == STATUS_OK, "%s",
               err.message);
    for (int id = 0; id < SETTING_COUNT; id++)
        FUZZ_CHECK(config->numbers[id] == again.numbers[id], "%s differs", settings[id].name);
    config_done(&again);
    bytes_done(&text);
}

/* Each line a flag, and a variable. None that names a file to read. */
static void read_words(char *text)
{
    const char *words[WORDS_MAX + 1];
    int count = 0;
    struct error err;
    const char *const nothing[] = {NULL};
    for (char *word = strtok(text, "\n"); word != NULL && count < WORDS_MAX;
         word = strtok(NULL, "\n")) {
        if (strncmp(word, "--config", 8) != 0 && strncmp(word, "FOOTFALL_CONFIG", 15) != 0)
            words[count++] = word;
    }
    words[count] = NULL;

    for (int as_flags = 0; as_flags < 2; as_flags++) {
        struct config config = {0};
        if (config_read(&config, as_flags ? count : 0, words, as_flags ? nothing : words, &err) ==
            STATUS_OK)
            check_ranges(&config);
        else
            FUZZ_CHECK(err.message[0] != '\0', "refused without words");
        config_done(&config);
    }
}

int fuzz_one(const uint8_t *data, size_t size)
{
    struct config config;
    struct error err;
    char *text = malloc(size + 1);
    FUZZ_CHECK(text != NULL, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    FUZZ_CHECK(config_init(&config, &err) == STATUS_OK, "%s", err.message);
    if (config_read_text(&config, text, "footfall.conf", &err) == STATUS_OK) {
        check_ranges(&config);
        check_once_more(&config);
    } else {
        FUZZ_CHECK(err.message[0] != '\0', "refused without words");
    }
    config_done(&config);
    read_words(text);
    free(text);
    return 0;
}
