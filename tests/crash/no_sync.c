/*
 * no_sync.c - preloaded, it makes the journal's record syncs a lie.
 *
 * tests/crash proves with it that a power cut on its disk takes away what was not synced: a
 * harness that cannot see a loss proves nothing. Only the records' syncs lie (fdatasync and
 * RWF_DSYNC on a numbered segment); segments, fingerprints and the store become durable as ever,
 * so what is missing after the cut is nothing but acknowledged records.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#undef _FILE_OFFSET_BITS /* it would give two functions one name */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Prototypes of our own: the headers redirect some of these names. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* .../journal/0123456789abcdef.seg; a segment that gets its header is still called spare-N.seg. */
static bool holds_records(int fd)
{
    char link[64];
    char path[4096];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    const char *name = strrchr(path, '/');
    return name != NULL && strlen(name + 1) == 20 && strspn(name + 1, "0123456789abcdef") == 16 &&
           strcmp(name + 17, ".seg") == 0;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the system's are __fd, __buf */
EXPORT int fdatasync(int fd)
{
    return holds_records(fd) ? 0 : (int)syscall(SYS_fdatasync, fd);
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    if (holds_records(fd))
        flags &= ~RWF_DSYNC;
    return syscall(SYS_pwritev2, fd, parts, count, offset, 0, flags);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
