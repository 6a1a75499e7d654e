/*
 * crc32c.c - CRC32C by the processor's instruction or by a 256-entry table.
 *
 * The instruction has a latency of 3 cycles and a throughput of 1, so one chain of dependent
 * steps uses a third of the unit. Three lanes over three neighbouring stretches run at once; the
 * lanes are joined by shifting the earlier ones over the later ones' length, which is
 * multiplication by x^(8n) modulo the polynomial and is linear, so four 256-entry tables do it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { LANE_BYTES = 1024 };

static const uint32_t polynomial = 0x82f63b78; /* reflected 0x1EDC6F41 */

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;
static uint32_t byte_table[256];
static uint32_t lane_shift[4][256]; /* a checksum's bytes, moved over LANE_BYTES zeros */

static uint32_t table_step(uint32_t state, const uint8_t *at, size_t len)
{
    while (len-- > 0)
        state = byte_table[(state ^ *at++) & 0xff] ^ (state >> 8);
    return state;
}

static void make_tables(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t state = i;
        for (int bit = 0; bit < 8; bit++)
            state = (state & 1) != 0 ? (state >> 1) ^ polynomial : state >> 1;
        byte_table[i] = state;
    }
    static const uint8_t zeros[LANE_BYTES];
    for (uint32_t place = 0; place < 4; place++)
        for (uint32_t i = 0; i < 256; i++)
            lane_shift[place][i] = table_step(i << (8 * place), zeros, LANE_BYTES);
}

uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len)
{
    pthread_once(&tables_once, make_tables);
    return ~table_step(~crc, bytes, len);
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static uint32_t over_lane(uint32_t state)
{
    return lane_shift[0][state & 0xff] ^ lane_shift[1][(state >> 8) & 0xff] ^
           lane_shift[2][(state >> 16) & 0xff] ^ lane_shift[3][state >> 24];
}

static uint64_t load_u64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

__attribute__((target("sse4.2"))) static uint32_t hardware_step(uint32_t state, const uint8_t *at,
                                                                size_t len)
{
    while (len >= (size_t)3 * LANE_BYTES) {
        uint64_t a = state, b = 0, c = 0;
        for (size_t i = 0; i < LANE_BYTES; i += 8) {
            a = _mm_crc32_u64(a, load_u64(at + i));
            b = _mm_crc32_u64(b, load_u64(at + LANE_BYTES + i));
            c = _mm_crc32_u64(c, load_u64(at + (size_t)2 * LANE_BYTES + i));
        }
        state = over_lane(over_lane((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
        at += (size_t)3 * LANE_BYTES;
        len -= (size_t)3 * LANE_BYTES;
    }
    uint64_t wide = state;
    for (; len >= 8; at += 8, len -= 8)
        wide = _mm_crc32_u64(wide, load_u64(at));
    state = (uint32_t)wide;
    for (; len > 0; at++, len--)
        state = _mm_crc32_u8(state, *at);
    return state;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    pthread_once(&tables_once, make_tables);
    if (__builtin_cpu_supports("sse4.2"))
        return ~hardware_step(~crc, bytes, len);
    return crc32c_portable(crc, bytes, len);
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return crc32c_portable(crc, bytes, len);
}
#endif
