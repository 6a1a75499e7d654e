/*
 * dedupe_format.c - an hour's file is a head and blocks, each with its own checksum.
 *
 *     seed            head (40 bytes)
 *     <hour>.ids      head (40 bytes) | block | block | ...
 *
 *     head:   "FFIDS001" | journal id (16) | seed, or the hour (8) | CRC32C of these (4) | 0 (4)
 *     block:  count (4) | CRC32C of the hour, count and fingerprints (4) | fingerprints (8 each)
 *
 * All numbers are little-endian. A bad block is a torn tail exactly when no good one stands behind
 * it, at any multiple of 8 bytes: blocks are synced one behind the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/dedupe_format.h"

#include <string.h>

#include "base/crc32c.h"

enum { BLOCK_HEAD_BYTES = 8 };
static const char magic[8] = {'F', 'F', 'I', 'D', 'S', '0', '0', '1'};

void dedupe_head_encode(uint8_t head[DEDUPE_HEAD_BYTES], const uint8_t *journal_id, uint64_t number)
{
    memset(head, 0, DEDUPE_HEAD_BYTES);
    memcpy(head, magic, sizeof magic);
    memcpy(head + 8, journal_id, DEDUPE_JOURNAL_ID_BYTES);
    put_u64(head + 24, number);
    put_u32(head + 32, crc32c(0, head, 32));
}

enum status dedupe_head_decode(const uint8_t head[DEDUPE_HEAD_BYTES], const uint8_t *journal_id,
                               uint64_t *number, const char *path, struct error *err)
{
    if (memcmp(head, magic, sizeof magic) != 0 || get_u32(head + 32) != crc32c(0, head, 32))
        return fail(err, STATUS_CORRUPT, "%s at byte 0: not a head of a fingerprint file", path);
    if (memcmp(head + 8, journal_id, DEDUPE_JOURNAL_ID_BYTES) != 0)
        return fail(err, STATUS_FOREIGN,
                    "%s belongs to another journal; restore the folder it "
                    "came with, or remove the dedupe folder to forget which "
                    "ids were recorded",
                    path);
    *number = get_u64(head + 24);
    return STATUS_OK;
}

static uint32_t block_checksum(int64_t hour, uint32_t count, const uint8_t *fingerprints)
{
    uint8_t head[12];
    put_u32(put_u64(head, (uint64_t)hour), count);
    return crc32c(crc32c(0, head, sizeof head), fingerprints, (size_t)count * 8);
}

/* Whether the bytes begin with a whole, good block; *len is its length. */
static bool good_block(int64_t hour, const uint8_t *at, size_t left, size_t *len)
{
    if (left < BLOCK_HEAD_BYTES)
        return false;
    uint32_t count = get_u32(at);
    if (count == 0 || count > DEDUPE_BLOCK_IDS_MAX || (left - BLOCK_HEAD_BYTES) / 8 < count)
        return false;
    *len = BLOCK_HEAD_BYTES + (size_t)count * 8;
    return get_u32(at + 4) == block_checksum(hour, count, at + BLOCK_HEAD_BYTES);
}

static bool good_block_behind(int64_t hour, const uint8_t *at, size_t left)
{
    size_t len;
    for (size_t offset = 8; offset < left; offset += 8)
        if (good_block(hour, at + offset, left - offset, &len))
            return true;
    return false;
}

bool dedupe_block_encode(struct bytes *out, int64_t hour, const uint64_t *fingerprints,
                         size_t count)
{
    out->len = 0;
    if (!bytes_reserve(out, BLOCK_HEAD_BYTES + count * 8))
        return false;
    uint8_t *at = out->at + BLOCK_HEAD_BYTES;
    for (size_t i = 0; i < count; i++)
        at = put_u64(at, fingerprints[i]);
    put_u32(out->at, (uint32_t)count);
    put_u32(out->at + 4, block_checksum(hour, (uint32_t)count, out->at + BLOCK_HEAD_BYTES));
    out->len = BLOCK_HEAD_BYTES + count * 8;
    return true;
}

enum status dedupe_blocks_give(int64_t hour, struct bytes *blocks, const char *path,
                               dedupe_files_fn *each, void *context, uint64_t *end,
                               struct error *err)
{
    uint8_t *bytes = blocks->at; /* aligned for numbers */
    size_t size = blocks->len;
    size_t at = 0;
    size_t len;
    for (; at < size && good_block(hour, bytes + at, size - at, &len); at += len) {
        uint64_t *fingerprints = (uint64_t *)(void *)(bytes + at + BLOCK_HEAD_BYTES);
        size_t count = (len - BLOCK_HEAD_BYTES) / 8;
        for (size_t i = 0; i < count; i++)
            fingerprints[i] = get_u64((const uint8_t *)&fingerprints[i]);
        enum status status = each(context, hour, fingerprints, count, err);
        if (status != STATUS_OK)
            return status;
    }
    if (at < size && good_block_behind(hour, bytes + at, size - at))
        return fail(err, STATUS_CORRUPT,
                    "%s at byte %zu: a block of fingerprints fails its checksum", path,
                    at + DEDUPE_HEAD_BYTES);
    *end = DEDUPE_HEAD_BYTES + at;
    return STATUS_OK;
}
