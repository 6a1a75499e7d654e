/*
 * digest.c - SHA-256 by OpenSSL, in stretches of a mebibyte.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/backup/digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRETCH_BYTES = 1024 * 1024 };

static const uint8_t zeros[STRETCH_BYTES];

static enum status refused(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "OpenSSL cannot compute a SHA-256");
}

static enum status finish(EVP_MD_CTX *digest, char words[DIGEST_WORDS_BYTES], struct error *err)
{
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(digest, value, &len) != 1 || len * 2 + 1 != DIGEST_WORDS_BYTES)
        return refused(err);
    for (unsigned i = 0; i < len; i++)
        snprintf(words + (size_t)2 * i, 3, "%02x", value[i]);
    return STATUS_OK;
}

static EVP_MD_CTX *begin(struct error *err)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        (void)refused(err);
        EVP_MD_CTX_free(digest);
        return NULL;
    }
    return digest;
}

enum status digest_bytes(const void *from, size_t len, char words[DIGEST_WORDS_BYTES],
                         struct error *err)
{
    EVP_MD_CTX *digest = begin(err);
    if (digest == NULL)
        return STATUS_NO_MEMORY;
    enum status status = EVP_DigestUpdate(digest, from, len) == 1 ? STATUS_OK : refused(err);
    if (status == STATUS_OK)
        status = finish(digest, words, err);
    EVP_MD_CTX_free(digest);
    return status;
}

/* Reads all of from; writes it to the open file to, unless that is -1. */
static enum status run(int from, const char *path, int to, const char *to_path,
                       struct long_work *work, char words[DIGEST_WORDS_BYTES], uint64_t *bytes,
                       struct error *err)
{
    enum status status = STATUS_OK;
    uint64_t at = 0;
    size_t got = STRETCH_BYTES;
    EVP_MD_CTX *digest = begin(err);
    uint8_t *buffer = malloc(STRETCH_BYTES);
    if (digest == NULL || buffer == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to read %s", path);
        goto cleanup;
    }
    for (; got == STRETCH_BYTES; at += got) {
        if (file_read_at(from, buffer, STRETCH_BYTES, (off_t)at, &got, path, err) != STATUS_OK) {
            status = err->status = STATUS_NOT_FOUND;
            goto cleanup;
        }
        if (EVP_DigestUpdate(digest, buffer, got) != 1)
            status = refused(err);
        if (status == STATUS_OK && to >= 0 && memcmp(buffer, zeros, got) != 0)
            status = file_write_at(to, buffer, got, (off_t)at, to_path, err);
        if (status == STATUS_OK)
            status = long_work_step(work, got, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    status = finish(digest, words, err);
    *bytes = at;

cleanup:
    free(buffer);
    EVP_MD_CTX_free(digest);
    return status;
}

static enum status open_source(const char *path, int *out, struct error *err)
{
    struct stat stat_buf;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        (void)fail_errno(err, "cannot open %s", path);
        return err->status = STATUS_NOT_FOUND;
    }
    if (fstat(fd, &stat_buf) != 0 || !S_ISREG(stat_buf.st_mode)) {
        close(fd);
        return fail(err, STATUS_NOT_FOUND, "%s is not a regular file", path);
    }
    *out = fd;
    return STATUS_OK;
}

enum status digest_file(const char *path, enum digest_mode mode, struct long_work *work,
                        char words[DIGEST_WORDS_BYTES], uint64_t *bytes, struct error *err)
{
    int fd = -1;
    enum status status = open_source(path, &fd, err);
    if (status != STATUS_OK)
        return status;
    status = run(fd, path, -1, NULL, work, words, bytes, err);
    if (status == STATUS_OK && mode == DIGEST_SYNC && fsync(fd) != 0)
        status = fail_errno(err, "cannot sync %s", path);
    close(fd);
    return status;
}

enum status digest_copy(const char *from, const char *to, struct long_work *work,
                        char words[DIGEST_WORDS_BYTES], uint64_t *bytes, struct error *err)
{
    int from_fd = -1;
    enum status status = open_source(from, &from_fd, err);
    if (status != STATUS_OK)
        return status;
    int to_fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to_fd < 0)
        status = fail_errno(err, "cannot create %s", to);
    if (status == STATUS_OK)
        status = run(from_fd, from, to_fd, to, work, words, bytes, err);
    if (status == STATUS_OK && ftruncate(to_fd, (off_t)*bytes) != 0)
        status = fail_errno(err, "cannot set the size of %s", to);
    if (status == STATUS_OK && fsync(to_fd) != 0)
        status = fail_errno(err, "cannot sync %s", to);
    if (to_fd >= 0)
        close(to_fd);
    close(from_fd);
    return status;
}
