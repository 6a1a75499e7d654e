/*
 * block_model.h - the plainest way to count, for month and cell blocks to agree with.
 *
 * A tally is an unsorted list of keys and sums, searched from its start. What a block holds after
 * any number of folds must be what the tally holds after the same deltas.
 */
#ifndef FOOTFALL_TESTS_MODEL_BLOCK_MODEL_H
#define FOOTFALL_TESTS_MODEL_BLOCK_MODEL_H

#include "unit.h"

#include "base/bytes.h"
#include "model/counts.h"

/* Month blocks or cell blocks, called in one way. */
struct block_calls {
    int32_t first_day; /* of the month; or the day */
    int days;
    int quarters;
    enum status (*decode)(struct text block, struct count_rows *rows, struct error *err);
    enum status (*fold)(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err);
};

enum { TALLY_ROWS_MAX = 20000, DELTA_SOURCES = 90 };

struct tally {
    struct platform_row *platforms;
    size_t platform_count;
    struct source_row *sources;
    size_t source_count;
};
struct tally tally_new(void);
void tally_free(struct tally *tally);
void tally_add(struct tally *tally, const struct count_rows *delta);
/* Fails the test unless rows hold the tally's sums, every key once. */
void tally_assert_equal(const struct tally *tally, const struct count_rows *rows);

/* Rows at random: row_count of platforms and as many of sources, source_count names. */
void delta_fill(struct count_rows *delta, const struct block_calls *calls,
                struct unit_random *random, size_t row_count, unsigned source_count);

static inline struct text bytes_text(const struct bytes *bytes)
{
    return (struct text){(const char *)bytes->at, bytes->len};
}

/* Folds into *block itself. */
void fold_into(struct bytes *block, const struct block_calls *calls,
               const struct count_rows *delta);

/*
 * A block whose dictionary has name_count one-byte names, in ascending order, all of which count
 * once: the first half in slot 1, the others in slot 2, or all in slot 1.
 */
struct bytes block_of_names(uint8_t first_byte, unsigned name_count, bool in_two_slots);

/* Promises that both kinds keep; each fails the test if they do not. */
void check_folds_agree_with_tally(const struct block_calls *calls);
void check_splits_give_the_same_bytes(const struct block_calls *calls);
void check_row_order_is_forgotten(const struct block_calls *calls);
void check_damage_is_refused_or_canonical(const struct block_calls *calls);

#endif
