/*
 * mapping.h - which column is which field of an event, and what its values mean.
 *
 *     --map "userId=agent,listingId=mls_no,inquiry.email=E-mail,timestamp=#4"
 *     --set "platform=facebook"             for records that have none
 *     --values "eventType:Page view=view,eventType:Favourite="      (nothing: the record is
 * skipped)
 *
 * A column that is named like a field is that field. Types and platforms may be written in
 * capitals. The rest of what an event must be is the server's affair: what is wrong is refused
 * there, with its words.
 *
 * Threads: read-only once made, apart from its scratch.
 */
#ifndef FOOTFALL_CLI_IMPORT_MAPPING_H
#define FOOTFALL_CLI_IMPORT_MAPPING_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/import/times.h"

/* Fields of an event, in the order in which they are written. */
enum import_field {
    IMPORT_USER_ID,
    IMPORT_LISTING_ID,
    IMPORT_EVENT_TYPE,
    IMPORT_PLATFORM,
    IMPORT_SOURCE,
    IMPORT_TIMESTAMP,
    IMPORT_VISITOR,
    IMPORT_ID,
    IMPORT_FIELDS
};
extern const char *const import_field_names[IMPORT_FIELDS];

enum { MAPPING_ANSWERS_MAX = 16, MAPPING_VALUES_MAX = 128 };

struct mapping_options {
    const char *map; /* as above; NULL: none. All texts must outlive the mapping */
    const char *set;
    const char *values;
    const char *user; /* as --set userId=USER */
    const char *time_format;
    const char *timezone;
    const char *encoding; /* of cells, a name that iconv knows; NULL: UTF-8 */
};

struct json_writer;
struct mapping; /* made by mapping_new(), freed by mapping_free() */

/* STATUS_INVALID, code "usage", with the words. */
MUST_USE enum status mapping_new(const struct mapping_options *options, struct mapping **out,
                                 struct error *err);
void mapping_free(struct mapping *mapping); /* accepts NULL */

/* Whether --set gives a field a value, and that value as JSON. */
bool mapping_has_constant(const struct mapping *mapping, enum import_field field);
void mapping_put_constant(const struct mapping *mapping, struct json_writer *writer,
                          enum import_field field);
/* Whether --set says that events without a time are of now. */
bool mapping_time_is_now(const struct mapping *mapping);

/*
 * Finds the columns in the header; NULL: there is none, and columns have numbers. *unused is the
 * names of columns that mean nothing, for people, in the arena. STATUS_INVALID, code "usage": a
 * column that is not there; a required field (the time too) that has neither column nor constant.
 */
MUST_USE enum status mapping_take_header(struct mapping *mapping, const struct text *cells,
                                         size_t count, struct arena *arena, const char **unused,
                                         struct error *err);

/*
 * Appends the record as a JSON object that is still open ("{...": no closing brace), without an id
 * when the record has none; *has_id says which. *skipped: a value says that the record is not
 * wanted, nothing was appended. STATUS_INVALID: the record cannot be an event; what was appended is
 * to be cut off. STATUS_NO_MEMORY.
 */
MUST_USE enum status mapping_write(struct mapping *mapping, const struct text *cells, size_t count,
                                   struct bytes *out, bool *has_id, bool *skipped,
                                   struct error *err);

#endif
