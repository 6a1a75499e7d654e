/*
 * fault_shim.c - makes the Nth call of a kind fail, once, below the program under test.
 *
 * Preloaded (LD_PRELOAD) it stands between the program with its libraries and the C library.
 * Calls on files below one folder are counted by kind, over all threads; the Nth does not reach
 * the kernel but answers as told. strace can do that too, but counts for each thread alone, and a
 * start of its own takes ten times as long; tests/faults/strace.test.mjs does the same through it
 * for the calls that matter most.
 *
 *   FAULT_UNDER  the folder; other files are left alone
 *   FAULT_CALL   write, sync, open, rename, unlink, truncate, allocate, mkdir, read, or any
 *   FAULT_AT     N, from 1; 0 only counts
 *   FAULT_DO     an errno (EIO, ENOSPC, EMFILE), short (half of a write is taken), or
 *                kill (SIGKILL before the call)
 *   FAULT_FOR    how many calls from the Nth on, 1 unless told; "ever"
 *   FAULT_REPORT a file that is mapped and holds afterwards "calls hits path\n", whatever
 *                became of the process
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#undef _FILE_OFFSET_BITS /* it would give two functions one name */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Prototypes of our own: the headers redirect some of these names. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

enum { PATH_BYTES = 1024 };

struct report {
    _Atomic uint64_t calls;
    _Atomic uint64_t hits;
    char call[16];
    char path[PATH_BYTES];
};

static struct {
    char under[PATH_BYTES];
    size_t under_len;
    char call[16];
    uint64_t at;
    uint64_t count;
    int error;
    bool is_short;
    bool is_kill;
    struct report *report;
    _Atomic uint64_t calls;
} plan;

enum verdict { GO_ON, FAIL, HALF };

static int error_of(const char *name)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE},
                  {"EDQUOT", EDQUOT}, {"ENOMEM", ENOMEM}, {"EACCES", EACCES}};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].error;
    return EIO;
}

__attribute__((constructor)) static void read_plan(void)
{
    const char *under = getenv("FAULT_UNDER");
    const char *call = getenv("FAULT_CALL");
    const char *at = getenv("FAULT_AT");
    const char *what = getenv("FAULT_DO");
    const char *count = getenv("FAULT_FOR");
    const char *report = getenv("FAULT_REPORT");
    if (under == NULL || call == NULL)
        return;
    if (report != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, report, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0 && syscall(SYS_ftruncate, fd, sizeof *plan.report) == 0) {
            void *map = mmap(NULL, sizeof *plan.report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            plan.report = map == MAP_FAILED ? NULL : map;
        }
    }
    plan.at = at == NULL ? 0 : strtoull(at, NULL, 10);
    plan.count = 1;
    if (count != NULL)
        plan.count = strcmp(count, "ever") == 0 ? UINT64_MAX / 2 : strtoull(count, NULL, 10);
    if (what != NULL) {
        plan.is_short = strcmp(what, "short") == 0;
        plan.is_kill = strcmp(what, "kill") == 0;
        plan.error = error_of(what);
    }
    snprintf(plan.call, sizeof plan.call, "%s", call);
    snprintf(plan.under, sizeof plan.under, "%s", under);
    plan.under_len = strlen(plan.under); /* from here on calls are counted */
}

/* One call of a kind on a path: what becomes of it. */
static enum verdict judge(const char *call, const char *path)
{
    if (plan.under_len == 0 || path == NULL ||
        (strcmp(plan.call, "any") != 0 && strcmp(plan.call, call) != 0) ||
        strncmp(path, plan.under, plan.under_len) != 0)
        return GO_ON;
    uint64_t number = atomic_fetch_add(&plan.calls, 1) + 1;
    if (plan.report != NULL)
        atomic_fetch_add(&plan.report->calls, 1);
    if (plan.at == 0 || number < plan.at || number - plan.at >= plan.count)
        return GO_ON;
    if (plan.is_short && strcmp(call, "write") != 0)
        return GO_ON;
    if (plan.report != NULL) {
        if (atomic_fetch_add(&plan.report->hits, 1) == 0) {
            snprintf(plan.report->call, sizeof plan.report->call, "%s", call);
            snprintf(plan.report->path, sizeof plan.report->path, "%s", path);
        }
    }
    if (plan.is_kill) {
        (void)syscall(SYS_kill, getpid(), SIGKILL);
        for (;;)
            (void)pause();
    }
    if (plan.is_short)
        return HALF;
    errno = plan.error;
    return FAIL;
}

static enum verdict judge_fd(const char *call, int fd)
{
    char link[64];
    char path[PATH_BYTES];
    if (plan.under_len == 0)
        return GO_ON;
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = syscall(SYS_readlink, link, path, sizeof path - 1);
    errno = saved;
    if (len <= 0)
        return GO_ON;
    path[len] = '\0';
    return judge(call, path);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the system's are __fd, __buf */

/* ---- writing ---- */

EXPORT ssize_t write(int fd, const void *from, size_t len)
{
    enum verdict verdict = judge_fd("write", fd);
    if (verdict == FAIL)
        return -1;
    return syscall(SYS_write, fd, from, verdict == HALF ? (len + 1) / 2 : len);
}

EXPORT ssize_t pwrite64(int fd, const void *from, size_t len, off_t offset)
{
    enum verdict verdict = judge_fd("write", fd);
    if (verdict == FAIL)
        return -1;
    return syscall(SYS_pwrite64, fd, from, verdict == HALF ? (len + 1) / 2 : len, offset);
}

EXPORT ssize_t pwrite(int fd, const void *from, size_t len, off_t offset)
{
    return pwrite64(fd, from, len, offset);
}

/* One part only: all that Footfall writes this way. */
EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    struct iovec part = parts[0];
    enum verdict verdict = judge_fd("write", fd);
    if (verdict == FAIL)
        return -1;
    if (verdict == HALF && count == 1) {
        part.iov_len = part.iov_len / 2 / 512 * 512; /* O_DIRECT takes whole sectors */
        parts = &part;
    }
    return syscall(SYS_pwritev2, fd, parts, count, offset, 0, flags);
}

EXPORT int fdatasync(int fd)
{
    return judge_fd("sync", fd) == FAIL ? -1 : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int fsync(int fd)
{
    return judge_fd("sync", fd) == FAIL ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int ftruncate64(int fd, off_t len)
{
    return judge_fd("truncate", fd) == FAIL ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

EXPORT int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

EXPORT int fallocate64(int fd, int mode, off_t offset, off_t len)
{
    return judge_fd("allocate", fd) == FAIL ? -1
                                            : (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t len)
{
    return fallocate64(fd, mode, offset, len);
}

/* ---- reading ---- */

EXPORT ssize_t read(int fd, void *to, size_t len)
{
    return judge_fd("read", fd) == FAIL ? -1 : syscall(SYS_read, fd, to, len);
}

EXPORT ssize_t pread64(int fd, void *to, size_t len, off_t offset)
{
    return judge_fd("read", fd) == FAIL ? -1 : syscall(SYS_pread64, fd, to, len, offset);
}

EXPORT ssize_t pread(int fd, void *to, size_t len, off_t offset)
{
    return pread64(fd, to, len, offset);
}

/* ---- names ---- */

EXPORT int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    if (judge("open", path) == FAIL)
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    return open64(path, flags, mode);
}

EXPORT int rename(const char *from, const char *to)
{
    return judge("rename", from) == FAIL ? -1 : (int)syscall(SYS_rename, from, to);
}

EXPORT int unlink(const char *path)
{
    return judge("unlink", path) == FAIL ? -1 : (int)syscall(SYS_unlink, path);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return judge("mkdir", path) == FAIL ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
