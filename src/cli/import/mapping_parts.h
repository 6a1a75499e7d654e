/*
 * mapping_parts.h - a mapping's insides, shared by the files of its roles: mapping.c reads the
 * lists, mapping_header.c finds columns, mapping_record.c writes records.
 *
 * Threads: as mapping.h.
 */
#ifndef FOOTFALL_CLI_IMPORT_MAPPING_PARTS_H
#define FOOTFALL_CLI_IMPORT_MAPPING_PARTS_H

#include <strings.h>

#include "cli/import/mapping.h"

enum { NO_COLUMN = -1 };

struct column {
    struct text name; /* as --map says; absent: not mapped */
    int index;        /* in a record; NO_COLUMN */
};

struct answer { /* a member of `inquiry` */
    struct text key;
    struct column column;
};

struct meaning {
    enum import_field field;
    struct text from;
    struct text to; /* empty: none */
};

struct mapping {
    struct column columns[IMPORT_FIELDS];
    struct text constants[IMPORT_FIELDS];
    struct answer answers[MAPPING_ANSWERS_MAX];
    size_t answer_count;
    struct meaning meanings[MAPPING_VALUES_MAX];
    size_t meaning_count;
    size_t header_count; /* cells of the header; 0 without one */
    struct time_format times;
    bool time_is_now;    /* --set timestamp=now: the server's clock, so the field is left out */
    int64_t constant_ms; /* else the moment that --set gives */
    bool recodes;
    iconv_t recoder;
    struct bytes recoded;
};

/* Whether they are the same but for the case of ASCII letters. */
static inline bool mapping_text_is(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

#endif
