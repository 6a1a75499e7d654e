/*
 * body.h - a request's JSON, written piece by piece.
 *
 * Out of memory shows once, at the end: body_ok(). Whole bodies are some hundred bytes and their
 * memory is used again, so nothing is copied but the pieces themselves.
 *
 * Threads: a body belongs to one thread at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_BODY_H
#define FOOTFALL_STORE_DYNAMODB_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

/* Start as {0}; body_done() ends it. */
struct body {
    struct bytes bytes;
    bool failed;
};

/* Empties it and keeps its memory. */
void body_clear(struct body *body);
void body_done(struct body *body);
bool body_ok(const struct body *body);
struct text body_text(const struct body *body);

/* As it stands: JSON already. */
void body_put(struct body *body, const char *json);
void body_put_text(struct body *body, struct text json);
/* Inside quotation marks that the caller writes: whatever JSON wants escaped is. */
void body_put_escaped(struct body *body, struct text text);
void body_put_number(struct body *body, int64_t number);

/* Typed values: {"S":"..."} and {"N":"..."}. */
void body_put_s(struct body *body, struct text text);
void body_put_n(struct body *body, int64_t number);
/* A member: "name":{"S":"..."} or "name":{"N":"..."}, with a comma before it unless it is the
 * first. The name needs no escaping. */
void body_put_member_s(struct body *body, const char *name, struct text text);
void body_put_member_n(struct body *body, const char *name, int64_t number);

/* A day as YYYY-MM-DD, a moment as YYYY-MM-DDTHH:MM:SS.mmmZ: both in the order of time. */
void body_put_date(struct body *body, int32_t day);
void body_put_moment(struct body *body, int64_t time_ms);

#endif
