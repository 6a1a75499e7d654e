/*
 * platform.c - two tables: the built-in names, constant, and the names made in this process.
 *
 * The second only grows, under a lock. A name is written before the count that covers it is
 * published with release order, so a reader that loads the count with acquire order may read
 * every name below it without the lock, and nothing it has read ever changes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/platform.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

enum { MADE_FIRST = PLATFORM_BUILTIN_LAST + 1, MADE_MAX = PLATFORMS_MAX - MADE_FIRST };

/* By code. These codes are on disk: append, never change. */
static const struct text builtin[MADE_FIRST] = {
    {"", 0},         {"facebook", 8}, {"instagram", 9}, {"linkedin", 8}, {"x", 1},
    {"tiktok", 6},   {"youtube", 7},  {"pinterest", 9}, {"whatsapp", 8}, {"messenger", 9},
    {"snapchat", 8}, {"reddit", 6},   {"threads", 7},   {"nextdoor", 8},
};

static struct {
    char name[PLATFORM_NAME_BYTES_MAX];
    uint8_t len;
} made[MADE_MAX];
static _Atomic uint32_t made_count;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static bool spelled_well(struct text name)
{
    if (name.len == 0 || name.len > PLATFORM_NAME_BYTES_MAX || text_is(name, "none"))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

struct text platform_name(uint8_t code)
{
    if (code < MADE_FIRST)
        return builtin[code];
    uint32_t place = (uint32_t)code - MADE_FIRST;
    assert(place < atomic_load_explicit(&made_count, memory_order_acquire));
    return (struct text){made[place].name, made[place].len};
}

bool platform_find(struct text name, uint8_t *code)
{
    if (name.len == 0)
        return false;
    for (unsigned i = 1; i < MADE_FIRST; i++) {
        if (builtin[i].len == name.len && builtin[i].at[0] == name.at[0] &&
            memcmp(builtin[i].at, name.at, name.len) == 0) {
            *code = (uint8_t)i;
            return true;
        }
    }
    uint32_t count = atomic_load_explicit(&made_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        if (made[i].len == name.len && memcmp(made[i].name, name.at, name.len) == 0) {
            *code = (uint8_t)(MADE_FIRST + i);
            return true;
        }
    }
    return false;
}

enum status platform_intern(struct text name, uint8_t *code, struct error *err)
{
    if (platform_find(name, code))
        return STATUS_OK;
    if (!spelled_well(name)) {
        int shown = name.len < PLATFORM_NAME_BYTES_MAX ? (int)name.len : PLATFORM_NAME_BYTES_MAX;
        return fail_input(err, "invalid_platform", "platform",
                          "a platform's name is 1 to %d bytes of a-z, 0-9, \"-\" and \"_\", and "
                          "not \"none\": \"%.*s\" is not",
                          PLATFORM_NAME_BYTES_MAX, shown, name.at == NULL ? "" : name.at);
    }

    enum status status = STATUS_OK;
    pthread_mutex_lock(&making);
    uint32_t count = atomic_load_explicit(&made_count, memory_order_relaxed);
    if (!platform_find(name, code)) { /* nobody was faster */
        if (count == MADE_MAX) {
            status = fail_code(err, STATUS_TOO_LARGE, "too_many_platforms",
                               "platform \"%.*s\": at most %d platforms, the built-in ones "
                               "included, can be told apart",
                               TEXT_ARGS(name), PLATFORMS_MAX - 1);
        } else {
            memcpy(made[count].name, name.at, name.len);
            made[count].len = (uint8_t)name.len;
            atomic_store_explicit(&made_count, count + 1, memory_order_release);
            *code = (uint8_t)(MADE_FIRST + count);
        }
    }
    pthread_mutex_unlock(&making);
    return status;
}
