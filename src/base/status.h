/*
 * status.h - what a call can answer, and the words for it.
 *
 * Every fallible function returns an enum status and, when it is not STATUS_OK,
 * fills a struct error once, where the words are known. Callers pass the error up
 * untouched; only http/ and cli/ show it to anybody.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_BASE_STATUS_H
#define FOOTFALL_BASE_STATUS_H

#include <stdarg.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))

enum status {
    STATUS_OK,
    STATUS_INVALID,      /* the caller's input is wrong; nothing was done */
    STATUS_NOT_FOUND,    /* what was named does not exist */
    STATUS_TOO_LARGE,    /* over a stated limit; nothing was done */
    STATUS_BUSY,         /* another process holds it */
    STATUS_CORRUPT,      /* stored bytes are not what was written */
    STATUS_FOREIGN,      /* the parts of a data folder do not belong together */
    STATUS_IO,           /* the operating system refused */
    STATUS_NO_MEMORY,    /* no memory, or no file descriptor, now */
    STATUS_DISK_FULL,    /* no room on disk now; heals when there is room */
    STATUS_BEHIND,       /* the store is behind and memory is at its bound; heals */
    STATUS_OVERLOADED,   /* a queue is at its bound; heals */
    STATUS_UNKNOWN,      /* a sync failed: durable or not, nobody can say */
    STATUS_STOPPED,      /* shutting down, or recording ended after a failed sync */
    STATUS_UNAUTHORIZED, /* no credential, or a wrong one */
    STATUS_FORBIDDEN     /* a good credential, but not for this */
};

enum { ERROR_MESSAGE_BYTES = 512, ERROR_FIELD_BYTES = 72 };

/* Why a call failed. A number that does not apply is -1; field may be empty. */
struct error {
    enum status status;
    const char *code; /* a stable word for programs, such as "unknown_field"; static storage */
    char field[ERROR_FIELD_BYTES];
    int64_t index;                     /* which element of an array, from 0 */
    int64_t line;                      /* which line of a stream, from 1 */
    int64_t offset;                    /* byte offset in the input, from 0 */
    char message[ERROR_MESSAGE_BYTES]; /* one sentence, without a final newline */
};

/* The default code of a status: "invalid", "disk_full", ... Static storage. */
const char *status_code(enum status status);

/* Fills *err (which may be NULL) with the status's default code; returns status. */
enum status fail(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As fail(), with a code of its own. code must have static storage. */
enum status fail_code(struct error *err, enum status status, const char *code, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/*
 * As fail(), with ": <what errno says>" at the end of the message. Returns STATUS_DISK_FULL for
 * ENOSPC and EDQUOT, STATUS_NO_MEMORY for ENOMEM, EMFILE and ENFILE, else STATUS_IO.
 */
enum status fail_errno(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bad input: STATUS_INVALID with a code (static storage) and the field (copied, may be ""). */
enum status fail_input(struct error *err, const char *code, const char *field, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

#endif
