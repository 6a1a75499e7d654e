/*
 * writer.c - a writer's claim.
 *
 * Every change is one conditional update that may arrive twice or late: a claim only moves the
 * number up, an acknowledgement only belongs to the claim that stands, a moment only goes forward.
 * A condition that fails is looked at with a consistent read, since the first of two arrivals may
 * have made it fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/dynamodb/day_item.h"

enum { TAIL_BYTES = 16 + 1 }; /* hexadecimal digits, with NUL */

void writer_hex(const uint8_t id[STORE_JOURNAL_ID_BYTES], char out[WRITER_HEX_BYTES])
{
    for (size_t i = 0; i < STORE_JOURNAL_ID_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
}

enum status writer_failed(const char *doing, const struct error *why, struct error *err)
{
    enum status status = why->status;
    return fail(err, status, "%s: %s", doing, why->message);
}

static void begin(struct writer *writer)
{
    body_clear(writer->body);
    body_put(writer->body, "{\"TableName\":\"");
    body_put_escaped(writer->body, text_of(writer->table));
    body_put(writer->body, "\",\"ReturnConsumedCapacity\":\"TOTAL\"");
}

static void put_key(struct body *body, uint32_t number)
{
    body_put(body, "\"PK\":{\"S\":\"WRITER#");
    body_put_number(body, number);
    body_put(body, "\"},\"SK\":{\"S\":\"STATE\"}");
}

/* Sends the body; the outcome, when it is one that the caller asks about, is no failure. */
static enum status ask(struct writer *writer, const char *operation, json_t **out,
                       bool *condition_failed, struct error *err)
{
    struct error why = {0};
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    if (condition_failed != NULL)
        *condition_failed = false;
    if (!body_ok(writer->body))
        return fail(err, STATUS_NO_MEMORY, "no memory for a request");
    enum status status =
        dynamodb_ask(writer->channel, operation, body_text(writer->body), out, &outcome, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (out != NULL) {
        json_decref(*out);
        *out = NULL;
    }
    if (condition_failed != NULL && outcome == DYNAMODB_CONDITION_FAILED) {
        *condition_failed = true;
        return STATUS_OK;
    }
    char doing[64];
    snprintf(doing, sizeof doing, "the claim of writer %u", writer->number);
    if (outcome == DYNAMODB_NO_TABLE)
        return fail(err, STATUS_NOT_FOUND,
                    "there is no table %s: \"footfall dynamodb create-table\" makes it",
                    writer->table);
    return writer_failed(doing, &why, err);
}

static void copy_text(char out[WRITER_HEX_BYTES], struct text text)
{
    snprintf(out, WRITER_HEX_BYTES, "%.*s", TEXT_ARGS(text));
}

static uint64_t read_tail(struct text hex)
{
    char digits[TAIL_BYTES];
    if (hex.at == NULL || hex.len >= sizeof digits)
        return 0;
    snprintf(digits, sizeof digits, "%.*s", TEXT_ARGS(hex));
    return strtoull(digits, NULL, 16);
}

static void take_state(const json_t *item, struct writer_state *out)
{
    *out = (struct writer_state){.exists = item != NULL};
    if (item == NULL)
        return;
    copy_text(out->journal_id, attribute_text(item, "jid"));
    copy_text(out->nonce, attribute_text(item, "nonce"));
    out->claimed = attribute_count(item, "seq");
    out->applied = attribute_count(item, "applied");
    out->applied_seq = attribute_count(item, "appliedSeq");
    out->tail = read_tail(attribute_text(item, "tail"));
    out->as_of_ms = attribute_number(item, "asOf", 0);
}

static enum status read_state(struct writer *writer, uint32_t number, struct writer_state *out,
                              struct error *err)
{
    json_t *answer = NULL;
    begin(writer);
    body_put(writer->body, ",\"ConsistentRead\":true,\"Key\":{");
    put_key(writer->body, number);
    body_put(writer->body, "}}");
    enum status status = ask(writer, "GetItem", &answer, NULL, err);
    if (status == STATUS_OK)
        take_state(json_object_get(answer, "Item"), out);
    json_decref(answer);
    return status;
}

enum status writer_read(struct writer *writer, struct writer_state *out, struct error *err)
{
    return read_state(writer, writer->number, out, err);
}

static void begin_update(struct writer *writer)
{
    begin(writer);
    body_put(writer->body, ",\"Key\":{");
    put_key(writer->body, writer->number);
    body_put(writer->body, "}");
}

static void put_strings(struct writer *writer, const char *update, const char *condition)
{
    body_put(writer->body, ",\"UpdateExpression\":\"");
    body_put(writer->body, update);
    body_put(writer->body, "\",\"ConditionExpression\":\"");
    body_put(writer->body, condition);
    body_put(writer->body, "\"");
}

static void put_journal_value(struct writer *writer)
{
    body_put(writer->body, ",\"ExpressionAttributeValues\":{\":j\":");
    body_put_s(writer->body, text_of(writer->journal_id));
}

static enum status list_writer(struct writer *writer, struct error *err)
{
    begin(writer);
    body_put(writer->body, ",\"Item\":{\"PK\":{\"S\":\"WRITERS\"},\"SK\":{\"S\":\"");
    body_put_number(writer->body, writer->number);
    body_put(writer->body, "\"}}}");
    return ask(writer, "PutItem", NULL, NULL, err);
}

static enum status not_ours(const struct writer *writer, const struct writer_state *state,
                            struct error *err)
{
    return fail(err, STATUS_FOREIGN,
                "writer %u of table %s belongs to journal %s (batch %" PRIu64
                "), and this is journal %s: give this node a writer number of its own, or, if that "
                "journal's disk is lost, take the writer over with \"footfall dynamodb takeover\"",
                writer->number, writer->table, state->journal_id, state->claimed,
                writer->journal_id);
}

/* The batch cannot go on: in whose way it is, and what to do. */
static enum status halt(const struct writer *writer, const struct writer_state *state,
                        uint64_t batch, struct error *err)
{
    if (strcmp(state->journal_id, writer->journal_id) != 0)
        return not_ours(writer, state, err);
    if (state->claimed == batch)
        return fail(err, STATUS_FOREIGN,
                    "writer %u of table %s has batch %" PRIu64
                    " with other content from this very journal %s: the journal is a copy, or was "
                    "set back to an older state. Nothing more is written. Stop the other node, or "
                    "give this one a fresh folder and a writer number of its own",
                    writer->number, writer->table, batch, writer->journal_id);
    return fail(err, STATUS_FOREIGN,
                "writer %u of table %s has batch %" PRIu64 " of journal %s, which is only at batch "
                "%" PRIu64 " here: the journal is a copy, or was set back to an older state. "
                "Nothing more is written. Stop the other node, or give this one a fresh folder and "
                "a writer number of its own",
                writer->number, writer->table, state->claimed, writer->journal_id, batch);
}

enum status writer_register(struct writer *writer, int64_t now_ms, struct writer_state *out,
                            struct error *err)
{
    bool failed = false;
    begin_update(writer);
    put_strings(writer,
                "SET jid=:j, #q=if_not_exists(#q,:z), applied=if_not_exists(applied,:z), "
                "appliedSeq=if_not_exists(appliedSeq,:z), asOf=if_not_exists(asOf,:t)",
                "attribute_not_exists(PK) OR jid=:j");
    body_put(writer->body, ",\"ExpressionAttributeNames\":{\"#q\":\"seq\"}");
    put_journal_value(writer);
    body_put(writer->body, ",\":z\":{\"N\":\"0\"},\":t\":");
    body_put_n(writer->body, now_ms);
    body_put(writer->body, "}}");
    enum status status = ask(writer, "UpdateItem", NULL, &failed, err);
    if (status == STATUS_OK)
        status = writer_read(writer, out, err);
    if (status == STATUS_OK && (failed || strcmp(out->journal_id, writer->journal_id) != 0))
        return not_ours(writer, out, err);
    if (status == STATUS_OK && out->as_of_ms == store_nothing_to_come)
        status = writer_note(writer, now_ms, err); /* it has begun again */
    return status == STATUS_OK ? list_writer(writer, err) : status;
}

enum status writer_claim(struct writer *writer, uint64_t batch, const char *nonce,
                         struct error *err)
{
    bool failed = false;
    begin_update(writer);
    put_strings(writer, "SET jid=:j, #q=:n, nonce=:r",
                "attribute_not_exists(PK) OR (jid=:j AND #q<:n)");
    body_put(writer->body, ",\"ExpressionAttributeNames\":{\"#q\":\"seq\"}");
    put_journal_value(writer);
    body_put(writer->body, ",\":n\":");
    body_put_n(writer->body, (int64_t)batch);
    body_put(writer->body, ",\":r\":");
    body_put_s(writer->body, text_of(nonce));
    body_put(writer->body, "}}");
    enum status status = ask(writer, "UpdateItem", NULL, &failed, err);
    if (status != STATUS_OK || !failed)
        return status;

    struct writer_state state;
    status = writer_read(writer, &state, err);
    if (status != STATUS_OK)
        return status;
    bool ours = strcmp(state.journal_id, writer->journal_id) == 0 && state.claimed == batch &&
                strcmp(state.nonce, nonce) == 0; /* of an earlier try */
    return ours ? STATUS_OK : halt(writer, &state, batch, err);
}

enum status writer_acknowledge(struct writer *writer, const struct store_position *position,
                               int64_t as_of_ms, struct error *err)
{
    bool failed = false;
    char tail[TAIL_BYTES];
    snprintf(tail, sizeof tail, "%016" PRIx64, position->tail);
    begin_update(writer);
    put_strings(writer,
                as_of_ms == 0 ? "SET applied=:n, appliedSeq=:s, tail=:x"
                              : "SET applied=:n, appliedSeq=:s, tail=:x, asOf=:t",
                "jid=:j AND #q=:n");
    body_put(writer->body, ",\"ExpressionAttributeNames\":{\"#q\":\"seq\"}");
    put_journal_value(writer);
    body_put(writer->body, ",\":n\":");
    body_put_n(writer->body, (int64_t)position->batch);
    body_put(writer->body, ",\":s\":");
    body_put_n(writer->body, (int64_t)position->seq);
    body_put(writer->body, ",\":x\":");
    body_put_s(writer->body, text_of(tail));
    if (as_of_ms != 0) {
        body_put(writer->body, ",\":t\":");
        body_put_n(writer->body, as_of_ms);
    }
    body_put(writer->body, "}}");
    enum status status = ask(writer, "UpdateItem", NULL, &failed, err);
    if (status != STATUS_OK || !failed)
        return status;
    struct writer_state state;
    status = writer_read(writer, &state, err);
    if (status != STATUS_OK)
        return status;
    return halt(writer, &state, position->batch, err);
}

enum status writer_note(struct writer *writer, int64_t as_of_ms, struct error *err)
{
    bool failed = false; /* another journal has the writer, or there is news: not ours to say */
    begin_update(writer);
    put_strings(writer, "SET asOf=:t",
                "jid=:j AND (attribute_not_exists(asOf) OR asOf<:t OR asOf=:e)");
    put_journal_value(writer);
    body_put(writer->body, ",\":t\":");
    body_put_n(writer->body, as_of_ms);
    body_put(writer->body, ",\":e\":");
    body_put_n(writer->body, store_nothing_to_come);
    body_put(writer->body, "}}");
    return ask(writer, "UpdateItem", NULL, &failed, err);
}

enum status writer_close_epoch(struct writer *writer, uint64_t epoch, uint64_t last_seq,
                               struct error *err)
{
    bool failed = false; /* it was closed when the next one was opened */
    begin_update(writer);
    put_strings(writer, "SET #m.#e=:l", "jid=:j AND #o=:e");
    body_put(writer->body,
             ",\"ExpressionAttributeNames\":{\"#m\":\"_e\",\"#o\":\"epoch\",\"#e\":\"");
    body_put_number(writer->body, (int64_t)epoch);
    body_put(writer->body, "\"}");
    put_journal_value(writer);
    body_put_member_n(writer->body, ":e", (int64_t)epoch);
    body_put_member_n(writer->body, ":l", (int64_t)last_seq);
    body_put(writer->body, "}}");
    return ask(writer, "UpdateItem", NULL, &failed, err);
}

static enum status add_as_of(struct writer *writer, const json_t *item, int64_t *least,
                             struct error *err)
{
    struct writer_state state;
    struct text number = attribute_text(item, "SK");
    unsigned long other = number.at == NULL ? 0 : strtoul(number.at, NULL, 10);
    if (other == 0 || other > WRITER_MAX || other == writer->number)
        return STATUS_OK;
    enum status status = read_state(writer, (uint32_t)other, &state, err);
    if (status != STATUS_OK || !state.exists)
        return status;
    if (*least == 0 || state.as_of_ms < *least)
        *least = state.as_of_ms;
    return STATUS_OK;
}

enum status writer_others_as_of(struct writer *writer, int64_t *as_of_ms, struct error *err)
{
    json_t *answer = NULL;
    int64_t least = 0;
    begin(writer); /* 999 short keys are one page */
    body_put(writer->body, ",\"ConsistentRead\":true,\"KeyConditionExpression\":\"PK=:p\","
                           "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"WRITERS\"}}}");
    enum status status = ask(writer, "Query", &answer, NULL, err);
    const json_t *items = json_object_get(answer, "Items");
    for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++)
        status = add_as_of(writer, json_array_get(items, i), &least, err);
    json_decref(answer);
    if (status == STATUS_OK)
        *as_of_ms = least == store_nothing_to_come ? 0 : least;
    return status;
}

enum status writer_take_over(struct writer *writer, const uint8_t old_id[STORE_JOURNAL_ID_BYTES],
                             const uint8_t new_id[STORE_JOURNAL_ID_BYTES],
                             struct writer_state *before, struct error *err)
{
    char old_hex[WRITER_HEX_BYTES];
    bool failed = false;
    writer_hex(old_id, old_hex);
    writer_hex(new_id, writer->journal_id);
    enum status status = writer_read(writer, before, err);
    if (status != STATUS_OK)
        return status;
    if (!before->exists)
        return fail(err, STATUS_NOT_FOUND, "table %s has no writer %u", writer->table,
                    writer->number);
    if (strcmp(before->journal_id, old_hex) != 0)
        return fail(err, STATUS_FOREIGN, "writer %u of table %s belongs to journal %s, not to %s",
                    writer->number, writer->table, before->journal_id, old_hex);
    begin_update(writer);
    put_strings(writer, "SET jid=:j, applied=:n, appliedSeq=:z REMOVE nonce, tail",
                "jid=:o AND #q=:n");
    body_put(writer->body, ",\"ExpressionAttributeNames\":{\"#q\":\"seq\"}");
    put_journal_value(writer);
    body_put(writer->body, ",\":o\":");
    body_put_s(writer->body, text_of(old_hex));
    body_put(writer->body, ",\":z\":{\"N\":\"0\"},\":n\":");
    body_put_n(writer->body, (int64_t)before->claimed);
    body_put(writer->body, "}}");
    status = ask(writer, "UpdateItem", NULL, &failed, err);
    if (status != STATUS_OK || !failed)
        return status;
    struct writer_state now;
    status = writer_read(writer, &now, err);
    if (status == STATUS_OK && strcmp(now.journal_id, writer->journal_id) != 0)
        status = fail(err, STATUS_FOREIGN,
                      "writer %u of table %s is still in use by journal %s: nothing was changed",
                      writer->number, writer->table, old_hex);
    return status;
}
