/*
 * notices.c - what the engine tells its operator, as log lines that cannot flood the log.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"
#include "lib/instance_parts.h"

static const uint64_t quiet_ns = UINT64_C(10) * 1000 * 1000 * 1000;

/* Whether a line may be written now; *held_back is how many were not, since the last one. */
static bool may_log(struct notices *notices, const char *name, uint64_t *held_back)
{
    uint64_t now_ns = monotonic_ns();
    *held_back = 0;
    for (int i = 0; i < NOTICE_NAMES_MAX; i++) {
        if (notices->names[i].name == NULL) {
            notices->names[i].name = name;
            notices->names[i].logged_ns = now_ns;
            return true;
        }
        if (strcmp(notices->names[i].name, name) != 0)
            continue;
        if (now_ns - notices->names[i].logged_ns < quiet_ns) {
            notices->names[i].held_back++;
            return false;
        }
        *held_back = notices->names[i].held_back;
        notices->names[i].held_back = 0;
        notices->names[i].logged_ns = now_ns;
        return true;
    }
    return true; /* more names than places: rather too many lines than none */
}

void notices_log(void *context, const char *name, const struct error *error)
{
    struct notices *notices = context;
    uint64_t held_back;
    pthread_mutex_lock(&notices->lock);
    bool write = may_log(notices, name, &held_back);
    pthread_mutex_unlock(&notices->lock);
    if (!write)
        return;
    enum log_level level =
        error->status == STATUS_UNKNOWN || strcmp(name, ENGINE_NOTICE_HALTED) == 0 ? LOG_ERROR
                                                                                   : LOG_WARN;
    log_event(level, "engine", name, LOG_TEXT("code", error->code),
              LOG_TEXT("reason", error->message), LOG_NUMBER("held_back", held_back));
}
