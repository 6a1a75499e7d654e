/*
 * power_disk.c - a disk whose power can be cut: one file, to be used through a loop device.
 *
 *   power_disk MIB FOLDER     serves FOLDER/disk and FOLDER/control until FOLDER is unmounted
 *
 * A disk has a medium and a volatile cache. A write enters the cache; a flush (the file's fsync,
 * which the loop device calls for every flush of the file system) moves the cache to the medium.
 * Reads see both. A cut keeps the medium, and of the cache an arbitrary part: nothing, all, some
 * of the writes, or some of their 512-byte sectors, which leaves torn writes. Any later write may
 * survive an earlier one, as a disk orders nothing between two flushes.
 *
 * Everything is served by one thread, one request after the other, so a cut falls between two
 * requests: what it leaves is the state of one instant, while file system and program go on. A
 * copy made while they write would not be. What the page cache holds never came here, so it is
 * lost as well. From the cut on, writes and flushes are answered and forgotten (the machine is
 * dead, its kernel just does not know it yet) until power comes back:
 *
 *   cut SEED none|all|writes|sectors      written to control
 *   cut SEED none|all|writes|sectors N    the same as soon as N more writes have come, and before
 *                                         anything else comes: the Nth lies in the cache then
 *   on                                    the disk is now what the cut left
 *
 * Reading control gives three numbers: whether the power is off, how many sectors the newest cut
 * found in the cache, and how many of them it kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SECTOR_BYTES = 512, PIECE_BYTES = 64 * 1024, CACHE_BYTES_MAX = 64 * 1024 * 1024 };

struct cached {
    struct cached *next;
    uint64_t offset;
    size_t len;
    uint8_t bytes[];
};

static struct {
    uint64_t bytes;
    uint8_t *current; /* what reads see: medium and cache */
    uint8_t *medium;
    bool *touched; /* by piece: written since the two were last made equal */
    struct cached *oldest;
    struct cached **end;
    size_t cached_bytes;
    bool is_off;
    uint64_t cut_after; /* so many more writes; 0: no cut is ordered */
    char what[16];      /* of the cut */
    uint64_t random;
    uint64_t sectors_found, sectors_kept; /* of the newest cut */
} disk = {.end = &disk.oldest};

/* splitmix64 */
static uint64_t next_random(void)
{
    uint64_t word = disk.random += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

static void forget_oldest(void)
{
    struct cached *cached = disk.oldest;
    disk.oldest = cached->next;
    if (disk.oldest == NULL)
        disk.end = &disk.oldest;
    disk.cached_bytes -= cached->len;
    free(cached);
}

static void store_oldest(void)
{
    memcpy(disk.medium + disk.oldest->offset, disk.oldest->bytes, disk.oldest->len);
    forget_oldest();
}

static void flush_cache(void)
{
    while (disk.oldest != NULL)
        store_oldest();
}

static bool keeps(const char *what, uint64_t odds)
{
    return strcmp(what, "all") == 0 || (strcmp(what, "none") != 0 && next_random() % 100 < odds);
}

static void cut_power(void)
{
    const char *what = disk.what;
    disk.cut_after = 0;
    disk.sectors_found = disk.sectors_kept = 0;
    uint64_t odds = 1 + next_random() % 99;
    bool by_sector = strcmp(what, "sectors") == 0;
    while (disk.oldest != NULL) {
        const struct cached *cached = disk.oldest;
        bool kept = keeps(what, odds);
        for (size_t at = 0; at < cached->len; at += SECTOR_BYTES) {
            size_t len = cached->len - at < SECTOR_BYTES ? cached->len - at : SECTOR_BYTES;
            if (by_sector)
                kept = keeps(what, odds);
            if (kept)
                memcpy(disk.medium + cached->offset + at, cached->bytes + at, len);
            disk.sectors_found++;
            disk.sectors_kept += kept;
        }
        forget_oldest();
    }
    disk.is_off = true;
}

static void power_on(void)
{
    for (uint64_t at = 0; at < disk.bytes; at += PIECE_BYTES) {
        if (disk.touched[at / PIECE_BYTES])
            memcpy(disk.current + at, disk.medium + at, PIECE_BYTES);
        disk.touched[at / PIECE_BYTES] = false;
    }
    disk.is_off = false;
}

static bool is_disk(const char *path)
{
    return strcmp(path, "/disk") == 0;
}

static bool is_control(const char *path)
{
    return strcmp(path, "/control") == 0;
}

static int do_getattr(const char *path, struct stat *out, struct fuse_file_info *info)
{
    (void)info;
    *out = (struct stat){.st_nlink = 1, .st_mode = S_IFREG | 0600};
    if (strcmp(path, "/") == 0)
        out->st_mode = S_IFDIR | 0700;
    else if (is_disk(path))
        out->st_size = (off_t)disk.bytes;
    else if (!is_control(path))
        return -ENOENT;
    return 0;
}

static int do_readdir(const char *path, void *to, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    (void)path, (void)offset, (void)info, (void)flags;
    fill(to, "disk", NULL, 0, 0);
    fill(to, "control", NULL, 0, 0);
    return 0;
}

/* Nothing may be kept by the kernel above this disk, or a cut would not take it away. */
static int do_open(const char *path, struct fuse_file_info *info)
{
    info->direct_io = 1;
    return is_disk(path) || is_control(path) ? 0 : -ENOENT;
}

static int do_truncate(const char *path, off_t bytes, struct fuse_file_info *info)
{
    (void)info;
    return is_control(path) || (uint64_t)bytes == disk.bytes ? 0 : -EPERM;
}

static int do_read(const char *path, char *to, size_t len, off_t offset,
                   struct fuse_file_info *info)
{
    (void)info;
    if (is_control(path)) {
        char words[80];
        int total = snprintf(words, sizeof words, "%d %" PRIu64 " %" PRIu64 "\n", disk.is_off,
                             disk.sectors_found, disk.sectors_kept);
        if (offset >= total)
            return 0;
        len = len < (size_t)(total - offset) ? len : (size_t)(total - offset);
        memcpy(to, words + offset, len);
        return (int)len;
    }
    if ((uint64_t)offset >= disk.bytes)
        return 0;
    if (len > disk.bytes - (uint64_t)offset)
        len = disk.bytes - (uint64_t)offset;
    memcpy(to, disk.current + offset, len);
    return (int)len;
}

static bool order_cut(const char *words)
{
    char what[sizeof disk.what] = "";
    uint64_t seed = 0;
    uint64_t writes = 0;

    if (sscanf(words, "cut %" SCNu64 " %15s %" SCNu64, &seed, what, &writes) < 2)
        return false;
    if (disk.is_off)
        return true; /* an earlier order was carried out meanwhile */
    disk.random = seed;
    memcpy(disk.what, what, sizeof disk.what);
    disk.cut_after = writes;
    if (writes == 0)
        cut_power();
    return true;
}

static int obey(const char *from, size_t len)
{
    char words[80] = "";

    if (len < sizeof words)
        memcpy(words, from, len);
    if (strcmp(words, "on") == 0)
        power_on();
    else if (!order_cut(words))
        return -EINVAL;
    return (int)len;
}

static int do_write(const char *path, const char *from, size_t len, off_t offset,
                    struct fuse_file_info *info)
{
    (void)info;
    if (is_control(path))
        return obey(from, len);
    if ((uint64_t)offset >= disk.bytes || len > disk.bytes - (uint64_t)offset)
        return -ENOSPC;
    if (len == 0)
        return 0;
    if (!disk.is_off) {
        struct cached *cached = malloc(sizeof *cached + len);
        if (cached == NULL)
            return -EIO;
        cached->next = NULL;
        cached->offset = (uint64_t)offset;
        cached->len = len;
        memcpy(cached->bytes, from, len);
        *disk.end = cached;
        disk.end = &cached->next;
        disk.cached_bytes += len;
        while (disk.cached_bytes > CACHE_BYTES_MAX)
            store_oldest(); /* a disk makes room without being told to */
    }
    memcpy(disk.current + offset, from, len);
    for (uint64_t at = (uint64_t)offset / PIECE_BYTES; at * PIECE_BYTES < (uint64_t)offset + len;
         at++)
        disk.touched[at] = true;
    if (disk.cut_after > 0 && --disk.cut_after == 0)
        cut_power();
    return (int)len;
}

static int do_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
    (void)data_only, (void)info;
    if (is_disk(path) && !disk.is_off)
        flush_cache();
    return 0;
}

static void *empty_bytes(size_t len)
{
    void *bytes =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

int main(int argc, char **argv)
{
    static const struct fuse_operations operations = {
        .getattr = do_getattr,
        .readdir = do_readdir,
        .open = do_open,
        .truncate = do_truncate,
        .read = do_read,
        .write = do_write,
        .fsync = do_fsync,
    };

    uint64_t mib = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    if (mib == 0 || mib > 64 * 1024) {
        fprintf(stderr, "usage: power_disk MIB FOLDER\n");
        return 2;
    }
    disk.bytes = mib * 1024 * 1024;
    disk.current = empty_bytes(disk.bytes);
    disk.medium = empty_bytes(disk.bytes);
    disk.touched = calloc(disk.bytes / PIECE_BYTES, sizeof *disk.touched);
    if (disk.current == NULL || disk.medium == NULL || disk.touched == NULL) {
        fprintf(stderr, "power_disk: no memory\n");
        return 1;
    }
    char in_foreground[] = "-f";
    char in_one_thread[] = "-s";
    char *arguments[] = {argv[0], in_foreground, in_one_thread, argv[2], NULL};
    return fuse_main(4, arguments, &operations, NULL);
}
