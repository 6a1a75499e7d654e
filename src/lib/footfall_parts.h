/*
 * footfall_parts.h - what the files of the published library share. For lib/footfall_*.c only.
 *
 * Each public function is three steps: read what the caller passed (texts, sized structs), ask the
 * facade, build a result. Logic belongs below the facade.
 */
#ifndef FOOTFALL_LIB_FOOTFALL_PARTS_H
#define FOOTFALL_LIB_FOOTFALL_PARTS_H

#include <footfall.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "ingest/event_rules.h"
#include "lib/instance.h"

struct footfall {
    struct instance *instance;
    struct event_rules rules; /* now_ms is set in a copy */
    footfall_notice_fn *notice;
    void *notice_context;
};

/* ---- what the caller passed ---- */

/* Absent for NULL. */
struct text text_given(const char *string);

/* STATUS_INVALID, code "invalid_argument". */
MUST_USE enum status require(bool good, const char *field, const char *words, struct error *err);

/*
 * Fills *to, of to_bytes, from a struct of the caller's that says it has from_bytes: what an older
 * program does not have is zero; what a newer one has beyond to_bytes must be. STATUS_INVALID, code
 * "invalid_argument". The rule is that of Linux' copy_struct_from_user(), in linux/uaccess.h.
 */
MUST_USE enum status read_sized(void *to, size_t to_bytes, const void *from, size_t from_bytes,
                                const char *name, struct error *err);

/* A user, and a listing unless its text is absent. */
MUST_USE enum status check_ids(struct text user_id, struct text listing_id, struct error *err);
/* listing_id must be given. */
MUST_USE enum status check_listing(struct text user_id, struct text listing_id, struct error *err);

/* ---- what it gets back ---- */

void describe(const struct error *err, struct footfall_error *out);
/* Tells the caller, who may not want to know; err is looked at only when status is not STATUS_OK.
 */
enum footfall_status tell(enum status status, const struct error *err,
                          struct footfall_error *error);

/*
 * A result on its way: its struct, which footfall_free() takes, and memory for what hangs on it.
 * Out of memory shows in `failed`, once, at the end.
 */
struct builder {
    struct arena *arena;
    bool failed;
};

/* The cleared struct of a result; NULL when out of memory. */
MUST_USE void *result_new(size_t bytes, struct builder *out);
/* count cleared things; NULL for none, or when out of memory. */
MUST_USE void *builder_take(struct builder *builder, size_t count, size_t bytes);
/* Room for count pointers, likewise. */
MUST_USE void *builder_list(struct builder *builder, size_t count);
/* A copy with a NUL; NULL for absent text, or when out of memory. */
MUST_USE const char *builder_text(struct builder *builder, struct text text);
MUST_USE const char *builder_date(struct builder *builder, int32_t day);
/* Hands the result over, or frees it when something of it had no memory. */
MUST_USE enum status builder_finish(struct builder *builder, void *result, struct error *err);

#endif
