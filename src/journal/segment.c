/*
 * segment.c - the bytes of one segment file.
 *
 *     0          4096                                                segment_bytes
 *     | header   | record        | record | record     | ...unused... |
 *                ^ every record starts on a multiple of 4096
 *
 *     header   0 magic "footjrnl" | 8 format u32 | 12 zero u32 | 16 journal id, 16 bytes
 *              32 number | 40 segment_bytes | 48 seq_first | 56 salt
 *              64 before_number | 72 before_end | 80 before_seq_last | 88 zeros
 *              4092 CRC32C u32 of bytes 0..4091
 *     record   0 seq u64 | 8 payload_bytes u32 | 12 zero u32
 *              16 head CRC32C u32: of the salt, then bytes 0..15
 *              20 CRC32C u32: the same carried on over the payload
 *              24 payload | zeros to the next multiple of 4096
 *
 * Numbers are little-endian; those without a type are u64.
 *
 * Why the head has a checksum of its own: after a crash every later block of the segment is
 * tried as a record (recovery.c). Payloads and what an earlier use left behind can look like
 * anything, and their "lengths" would have us sum megabytes at each block. The head's checksum
 * says no after 24 bytes.
 *
 * Why salt and sequence both: a recycled file still holds whole records of its earlier use. They
 * have lower numbers than any that are written now, so the number alone refuses them; the salt
 * refuses records that came another way, as by copied files. A CRC being linear, the salt is
 * worth 32 bits, which is why it is not alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"

enum {
    HEADER_CRC_AT = SEGMENT_HEADER_BYTES - 4,
    HEAD_COVERED_BYTES = 16,
    HEAD_CRC_AT = 16,
    RECORD_CRC_AT = 20
};

static const char magic[8] = {'f', 'o', 'o', 't', 'j', 'r', 'n', 'l'};
static const char suffix[] = ".seg";

void segment_name(uint64_t number, char out[SEGMENT_NAME_BYTES])
{
    snprintf(out, SEGMENT_NAME_BYTES, "%016" PRIx64 "%s", number, suffix);
}

bool segment_name_parse(const char *name, uint64_t *number)
{
    uint64_t value = 0;
    if (strlen(name) != SEGMENT_NAME_BYTES - 1 || strcmp(name + 16, suffix) != 0)
        return false;
    for (int i = 0; i < 16; i++) {
        char c = name[i];
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *number = value;
    return true;
}

void segment_header_encode(const struct segment_header *header, uint8_t out[SEGMENT_HEADER_BYTES])
{
    memset(out, 0, SEGMENT_HEADER_BYTES);
    memcpy(out, magic, sizeof magic);
    uint8_t *at = put_u32(out + 8, SEGMENT_FORMAT) + 4;
    memcpy(at, header->journal_id, JOURNAL_ID_BYTES);
    at = put_u64(at + JOURNAL_ID_BYTES, header->number);
    at = put_u64(at, header->segment_bytes);
    at = put_u64(at, header->seq_first);
    at = put_u64(at, header->salt);
    at = put_u64(at, header->before_number);
    at = put_u64(at, header->before_end);
    put_u64(at, header->before_seq_last);
    put_u32(out + HEADER_CRC_AT, crc32c(0, out, HEADER_CRC_AT));
}

/* Numbers that the checksum vouches for and that still cannot be: somebody's mistake. */
static bool possible(const struct segment_header *header)
{
    if (header->number == 0 || header->before_number != header->number - 1 ||
        header->seq_first != header->before_seq_last + 1 || header->seq_first == 0)
        return false;
    if (header->segment_bytes % JOURNAL_BLOCK_BYTES != 0 ||
        header->segment_bytes < JOURNAL_SEGMENT_BYTES_MIN ||
        header->segment_bytes > JOURNAL_SEGMENT_BYTES_MAX)
        return false;
    if (header->number == 1)
        return header->before_end == 0 && header->before_seq_last == 0;
    return header->before_end >= SEGMENT_HEADER_BYTES &&
           header->before_end % JOURNAL_BLOCK_BYTES == 0;
}

struct segment_header segment_header_fields(const uint8_t block[SEGMENT_HEADER_BYTES])
{
    struct segment_header header = {
        .number = get_u64(block + 32),
        .segment_bytes = get_u64(block + 40),
        .seq_first = get_u64(block + 48),
        .salt = get_u64(block + 56),
        .before_number = get_u64(block + 64),
        .before_end = get_u64(block + 72),
        .before_seq_last = get_u64(block + 80),
    };
    memcpy(header.journal_id, block + 16, JOURNAL_ID_BYTES);
    return header;
}

enum status segment_header_decode(const uint8_t block[SEGMENT_HEADER_BYTES], const char *path,
                                  struct segment_header *out, struct error *err)
{
    if (memcmp(block, magic, sizeof magic) != 0)
        return fail(err, STATUS_CORRUPT, "%s: no segment header at byte 0", path);
    if (crc32c(0, block, HEADER_CRC_AT) != get_u32(block + HEADER_CRC_AT))
        return fail(err, STATUS_CORRUPT, "%s: the header at byte 0 fails its checksum", path);
    uint32_t format = get_u32(block + 8);
    if (format != SEGMENT_FORMAT)
        return fail(err, STATUS_FOREIGN, "%s: format %u, and this program knows only format %d",
                    path, (unsigned)format, SEGMENT_FORMAT);

    struct segment_header header = segment_header_fields(block);
    if (!possible(&header))
        return fail(err, STATUS_CORRUPT, "%s: the header at byte 0 contradicts itself", path);
    *out = header;
    return STATUS_OK;
}

uint64_t segment_record_bytes(uint64_t payload_bytes)
{
    uint64_t bytes = SEGMENT_RECORD_HEAD_BYTES + payload_bytes;
    return (bytes + JOURNAL_BLOCK_BYTES - 1) / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
}

static uint32_t head_crc(uint64_t salt, const uint8_t *head)
{
    uint8_t salted[8 + HEAD_COVERED_BYTES];
    memcpy(put_u64(salted, salt), head, HEAD_COVERED_BYTES);
    return crc32c(0, salted, sizeof salted);
}

void segment_record_seal(uint8_t *record, uint64_t salt, uint64_t seq, uint32_t payload_bytes)
{
    put_u32(put_u32(put_u64(record, seq), payload_bytes), 0);
    uint32_t crc = head_crc(salt, record);
    put_u32(record + HEAD_CRC_AT, crc);
    put_u32(record + RECORD_CRC_AT, crc32c(crc, record + SEGMENT_RECORD_HEAD_BYTES, payload_bytes));
    size_t used = SEGMENT_RECORD_HEAD_BYTES + (size_t)payload_bytes;
    memset(record + used, 0, (size_t)segment_record_bytes(payload_bytes) - used);
}

bool segment_record_head(const uint8_t head[SEGMENT_RECORD_HEAD_BYTES], uint64_t salt,
                         struct segment_record *out)
{
    *out = (struct segment_record){
        .seq = get_u64(head),
        .payload_bytes = get_u32(head + 8),
        .head_crc = get_u32(head + HEAD_CRC_AT),
        .crc = get_u32(head + RECORD_CRC_AT),
    };
    return out->head_crc == head_crc(salt, head) && out->payload_bytes <= JOURNAL_RECORD_BYTES_MAX;
}

bool segment_record_whole(const struct segment_record *record, const uint8_t *payload)
{
    return crc32c(record->head_crc, payload, record->payload_bytes) == record->crc;
}

bool segment_record_begun(const uint8_t head[SEGMENT_RECORD_HEAD_BYTES], uint64_t salt,
                          uint64_t seq)
{
    /* Damage in the number leaves the checksum, damage in the checksum leaves the number. */
    uint8_t mended[HEAD_COVERED_BYTES];
    memcpy(put_u64(mended, seq), head + 8, HEAD_COVERED_BYTES - 8);
    return get_u64(head) == seq || get_u32(head + HEAD_CRC_AT) == head_crc(salt, mended);
}
