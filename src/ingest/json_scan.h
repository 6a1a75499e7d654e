/*
 * json_scan.h - how far a JSON string goes on without anything special, 16 bytes at a time.
 *
 * Inside this folder only. Ends at the first byte that is a quote, a backslash, a control
 * character (below 0x20) or not ASCII, and notices on the way whether a byte was met that JSON
 * allows but an id does not: '#' and DEL. So most texts need no second look.
 *
 * The portable way is always compiled, finishes what SSE2 leaves near the end of the buffer, and is
 * all there is with FOOTFALL_PORTABLE defined. Both give the same answers; neither reads at or
 * behind `end`.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_JSON_SCAN_H
#define FOOTFALL_INGEST_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(FOOTFALL_PORTABLE)
#define JSON_SCAN_SSE2 1
#include <emmintrin.h>
#endif

/*
 * Tests on the eight bytes of a word: the high bit of each byte that passes. A borrow can let a
 * byte pass wrongly, but only above one that passes rightly, so the lowest is exact ("Bit
 * Twiddling Hacks", Sean Eron Anderson).
 */
static inline uint64_t json_bytes_below(uint64_t word, uint8_t limit)
{
    return (word - UINT64_C(0x0101010101010101) * limit) & ~word & UINT64_C(0x8080808080808080);
}

static inline uint64_t json_bytes_equal(uint64_t word, uint8_t byte)
{
    return json_bytes_below(word ^ (UINT64_C(0x0101010101010101) * byte), 1);
}

/* The first special byte, or end. Sets *doubtful (and never clears it) for '#' and DEL before it.
 */
static inline char *json_plain_end_portable(char *at, const char *end, bool *doubtful)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t special = json_bytes_below(word, 0x20) | (word & UINT64_C(0x8080808080808080)) |
                           json_bytes_equal(word, '"') | json_bytes_equal(word, '\\');
        uint64_t odd = json_bytes_equal(word, '#') | json_bytes_equal(word, 0x7f);
        if (special != 0) {
            if ((odd & ((special & -special) - 1)) != 0)
                *doubtful = true;
            return at + (__builtin_ctzll(special) >> 3);
        }
        if (odd != 0)
            *doubtful = true;
        at += 8;
    }
#endif
    for (; at < end; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\')
            break;
        if (byte == '#' || byte == 0x7f)
            *doubtful = true;
    }
    return at;
}

static inline char *json_plain_end(char *at, const char *end, bool *doubtful)
{
#ifdef JSON_SCAN_SSE2
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* signed: what is not ASCII is negative, and so below a space as well */
        __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
        __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        __m128i odds = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')),
                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
        unsigned special =
            (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(below, quote), slash));
        unsigned odd = (unsigned)_mm_movemask_epi8(odds);
        if (special != 0) {
            if ((odd & ((special & -special) - 1)) != 0)
                *doubtful = true;
            return at + __builtin_ctz(special);
        }
        if (odd != 0)
            *doubtful = true;
        at += 16;
    }
#endif
    return json_plain_end_portable(at, end, doubtful);
}

#endif
