/*
 * sql_conditions.c - which conditions of a statement decide what is read, and what they allow.
 *
 * Conditions are only used to read less: none is marked as done with (omit), so bounds may be taken
 * too wide (a date that is none is no bound), and a comparison under another
 * collation, which would find other texts equal, is left to SQLite altogether.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sql_conditions.h"

#include <stdio.h>
#include <string.h>

#include "model/calendar.h"

/* Which conditions xFilter gets, in this order, as bits of idxNum. */
enum condition {
    USER_IS,
    LISTING_IS,
    DATE_IS,
    DATE_FROM,
    DATE_AFTER,
    DATE_TO,
    DATE_BEFORE,
    CONDITIONS
};
static const char *const condition_words[CONDITIONS] = {
    "user_id=", "listing_id=", "date=", "date>=", "date>", "date<=", "date<"};

static int date_condition(unsigned char op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return DATE_IS;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return DATE_FROM;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return DATE_AFTER;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return DATE_TO;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return DATE_BEFORE;
    default:
        return -1;
    }
}

/* Every table begins with user_id, listing_id and date. -1: it decides nothing. */
static int condition_of(const struct sqlite3_index_constraint *constraint)
{
    bool is = constraint->op == SQLITE_INDEX_CONSTRAINT_EQ;
    switch (constraint->iColumn) {
    case 0:
        return is ? USER_IS : -1;
    case 1:
        return is ? LISTING_IS : -1;
    case 2:
        return date_condition(constraint->op);
    default:
        return -1;
    }
}

static bool has(const sqlite3_index_info *info, enum condition condition)
{
    return (info->idxNum & 1 << condition) != 0;
}

static void estimate(sqlite3_index_info *info)
{
    double rows = 1e8;
    if (has(info, USER_IS))
        rows /= 1e3;
    if (has(info, LISTING_IS))
        rows /= 1e3;
    if (has(info, DATE_IS))
        rows /= 50;
    if (has(info, DATE_FROM) || has(info, DATE_AFTER))
        rows /= 5;
    if (has(info, DATE_TO) || has(info, DATE_BEFORE))
        rows /= 2;
    info->estimatedRows = (sqlite3_int64)rows + 1;
    /* without a user each of them is visited, if only to ask for the listing */
    info->estimatedCost = has(info, USER_IS) ? rows + 10 : rows + 1e6;
}

int sql_conditions_choose(sqlite3_index_info *info)
{
    int chosen[CONDITIONS];
    char words[128] = "";
    size_t len = 0;
    for (int i = 0; i < CONDITIONS; i++)
        chosen[i] = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        int condition = condition_of(&info->aConstraint[i]);
        if (condition >= 0 && info->aConstraint[i].usable && chosen[condition] < 0 &&
            strcmp(sqlite3_vtab_collation(info, i), "BINARY") == 0)
            chosen[condition] = i;
    }
    int arguments = 0;
    for (int i = 0; i < CONDITIONS; i++) {
        if (chosen[i] < 0)
            continue;
        info->aConstraintUsage[chosen[i]].argvIndex = ++arguments;
        info->idxNum |= 1 << i;
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", len > 0 ? " " : "",
                                condition_words[i]);
    }
    info->idxStr = sqlite3_mprintf("%s", len > 0 ? words : "everything");
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    estimate(info);
    return SQLITE_OK;
}

static struct text value_text(sqlite3_value *value)
{
    const char *at = (const char *)sqlite3_value_text(value);
    return (struct text){at, at == NULL ? 0 : (size_t)sqlite3_value_bytes(value)};
}

/* The day whose date the text begins with; *whole: it is that date and nothing more. */
static bool day_of_value(sqlite3_value *value, bool *whole, int32_t *day)
{
    struct text text = value_text(value);
    *whole = text.len == DATE_BYTES;
    if (text.len < DATE_BYTES)
        return false;
    text.len = DATE_BYTES;
    return date_parse(text, day);
}

/* What is no date is no bound, but no row has it. A text that goes on behind a date comes after
 * that day and before the next: the day is a bound wide enough in both directions. */
static void take_date(struct sql_range *range, enum condition condition, sqlite3_value *value)
{
    bool whole = false;
    int32_t day = 0;
    bool is_date = day_of_value(value, &whole, &day);
    if (condition == DATE_IS && !(is_date && whole))
        range->is_empty = true;
    if (!is_date)
        return;
    if (whole && condition == DATE_AFTER)
        day++;
    if (whole && condition == DATE_BEFORE)
        day--;
    bool from = condition == DATE_IS || condition == DATE_FROM || condition == DATE_AFTER;
    bool to = condition == DATE_IS || condition == DATE_TO || condition == DATE_BEFORE;
    if (from && day > range->day_first)
        range->day_first = day;
    if (to && day < range->day_last)
        range->day_last = day;
}

static int take_condition(struct sql_range *range, enum condition condition, sqlite3_value *value)
{
    struct bytes *bytes = condition == USER_IS ? &range->user : &range->listing;
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        range->is_empty = true; /* nothing compares with NULL */
        return SQLITE_OK;
    }
    if (condition == USER_IS || condition == LISTING_IS) {
        struct text text = value_text(value);
        if (text.at == NULL || !bytes_append(bytes, text.at, text.len))
            return SQLITE_NOMEM;
        range->user_is |= condition == USER_IS;
        range->listing_is |= condition == LISTING_IS;
        return SQLITE_OK;
    }
    take_date(range, condition, value);
    return SQLITE_OK;
}

int sql_range_take(struct sql_range *range, int chosen, int count, sqlite3_value **values)
{
    int argument = 0;
    int code = SQLITE_OK;
    range->user_is = range->listing_is = range->is_empty = false;
    range->user.len = 0;
    range->listing.len = 0;
    range->day_first = CALENDAR_DAY_MIN;
    range->day_last = CALENDAR_DAY_MAX;
    for (int i = 0; i < CONDITIONS && code == SQLITE_OK; i++)
        if ((chosen & 1 << i) != 0 && argument < count)
            code = take_condition(range, (enum condition)i, values[argument++]);
    range->is_empty |= range->day_first > range->day_last;
    return code;
}

void sql_range_done(struct sql_range *range)
{
    bytes_done(&range->user);
    bytes_done(&range->listing);
}
