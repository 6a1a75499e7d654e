/*
 * crc32c.h - the Castagnoli checksum of RFC 3720, appendix B.4, by SSE4.2 where the processor
 * has it, by table elsewhere; both give the same numbers.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_BASE_CRC32C_H
#define FOOTFALL_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues crc (0 to begin) over len bytes. crc32c(crc32c(0,a),b) equals crc32c(0,ab). */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The portable way, for processors without the instruction and for the test that compares. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len);

#endif
