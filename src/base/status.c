/*
 * status.c - statuses and the words for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *status_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "ok";
    case STATUS_INVALID:
        return "invalid";
    case STATUS_NOT_FOUND:
        return "not_found";
    case STATUS_TOO_LARGE:
        return "too_large";
    case STATUS_BUSY:
        return "busy";
    case STATUS_CORRUPT:
        return "corrupt";
    case STATUS_FOREIGN:
        return "foreign";
    case STATUS_IO:
        return "io_error";
    case STATUS_NO_MEMORY:
        return "no_memory";
    case STATUS_DISK_FULL:
        return "disk_full";
    case STATUS_BEHIND:
        return "store_behind";
    case STATUS_OVERLOADED:
        return "overloaded";
    case STATUS_UNKNOWN:
        return "outcome_unknown";
    case STATUS_STOPPED:
        return "stopped";
    case STATUS_UNAUTHORIZED:
        return "unauthorized";
    case STATUS_FORBIDDEN:
        return "forbidden";
    }
    return "unknown_status";
}

__attribute__((format(printf, 5, 0))) static enum status fill(struct error *err, enum status status,
                                                              const char *code, const char *field,
                                                              const char *format, va_list args)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->code = code;
    snprintf(err->field, sizeof err->field, "%s", field);
    err->index = -1;
    err->line = -1;
    err->offset = -1;
    vsnprintf(err->message, sizeof err->message, format, args);
    return status;
}

enum status fail(struct error *err, enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, status, status_code(status), "", format, args);
    va_end(args);
    return status;
}

enum status fail_code(struct error *err, enum status status, const char *code, const char *format,
                      ...)
{
    va_list args;
    va_start(args, format);
    fill(err, status, code, "", format, args);
    va_end(args);
    return status;
}

enum status fail_errno(struct error *err, const char *format, ...)
{
    int cause = errno;
    enum status status = STATUS_IO;
    if (cause == ENOSPC || cause == EDQUOT)
        status = STATUS_DISK_FULL;
    else if (cause == ENOMEM || cause == EMFILE || cause == ENFILE)
        status = STATUS_NO_MEMORY;

    va_list args;
    va_start(args, format);
    fill(err, status, status_code(status), "", format, args);
    va_end(args);
    if (err != NULL) {
        char words[128];
        size_t used = strlen(err->message);
        snprintf(err->message + used, sizeof err->message - used, ": %s",
                 strerror_r(cause, words, sizeof words));
    }
    return status;
}

enum status fail_input(struct error *err, const char *code, const char *field, const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    fill(err, STATUS_INVALID, code, field, format, args);
    va_end(args);
    return STATUS_INVALID;
}
