/*
 * journal_fixture.h - what the journal's tests share: a small journal, its files, its records.
 *
 * A record's content follows from its number and length, so that any record can be checked
 * without having kept it. Segments are of the smallest size: one holds 15 one-block records, 11
 * of them events.
 */
#ifndef FOOTFALL_TESTS_JOURNAL_FIXTURE_H
#define FOOTFALL_TESTS_JOURNAL_FIXTURE_H

#include "unit.h"

#include "journal/journal.h"

enum { SEGMENT_BYTES = JOURNAL_SEGMENT_BYTES_MIN, EVENTS_PER_SEGMENT = 11 };

/* As unit_temp_dir(), in memory if the machine can: for tests that open a journal ten thousand
 * times, each time with syncs. */
char *fixture_memory_dir(void);
/* Opens the journal in dir with small segments. */
MUST_USE enum status fixture_open(const char *dir, struct journal **out, struct error *err);
/* The same, started; fails the test when it cannot. */
struct journal *fixture_start(const char *dir);

/* The content of record seq: len bytes from a generator that seq seeds. to has room. */
void fixture_content(uint64_t seq, size_t len, char *to);
/* Appends the next record with len bytes of that content. */
MUST_USE enum status fixture_append(struct journal *journal, enum journal_class class, size_t len,
                                    struct error *err);
/* Appends count events of len bytes; fails the test when one fails. */
void fixture_fill(struct journal *journal, size_t count, size_t len);

/* What a replay has seen. Start as {0}. */
struct fixture_seen {
    uint64_t seq_first;
    uint64_t seq_last;
    uint64_t count;
    size_t bytes;
};
/* A journal_replay_fn: fails the test at a gap in the numbers or a wrong content. */
enum status fixture_see(void *seen, uint64_t seq, struct text payload, struct error *err);

/* Opens, replays everything, closes. *records is how many came, contents checked. */
MUST_USE enum status fixture_try_open(const char *dir, uint64_t *records, struct error *err);
/* A folder in memory, without spares, whose only segment holds records of these lengths. */
char *fixture_make_segment(const size_t *lens, size_t count);

/* dir/name, in one of a few static buffers. */
const char *fixture_path(const char *dir, const char *name);
/* The path of segment number in dir. */
const char *fixture_segment(const char *dir, uint64_t number);

/* A whole file; the caller frees it. */
char *fixture_read(const char *path, size_t *len);
void fixture_write(const char *path, const char *bytes, size_t len);
/* Overwrites len bytes of the file at offset. */
void fixture_poke(const char *path, size_t offset, const char *bytes, size_t len);
/* Copies a folder of files; to is made. */
void fixture_copy_dir(const char *from, const char *to);
/* How many files of the folder have a name with that prefix and suffix. */
size_t fixture_count(const char *dir, const char *prefix, const char *suffix);
/* Removes all spares of a journal that nobody has open. */
void fixture_remove_spares(const char *dir);

#endif
