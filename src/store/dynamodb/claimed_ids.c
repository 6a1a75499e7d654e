/*
 * claimed_ids.c - claims, hundreds in flight.
 *
 *     put, if there is none, or it is an earlier one of ours, or it has expired ─► ours
 *         else read it ─► released: put, if it is still the same ─► ours
 *                         else read its writer's STATE ─► recorded: read it again ─► still:
 * repeated not known: undecided free: as if it were released
 *
 * Requests may arrive late and more than once, and answers be lost. So claims of a journal are
 * ordered, by epoch and turn: a put never displaces a later one of its own journal, nor one of its
 * own turn that is released. For that a release leaves the item, marked. And it is conditional on
 * the turn: it finds no later claim, even when that is for the same record. Another journal's claim
 * is only displaced when it is the very one that was read: a turn never comes back, so a put that
 * comes late finds it no more.
 *
 * Why a claim that is taken for recorded is read twice: the record that the first reading named is
 * settled when STATE says so, and only what still claims it then is in it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/claimed_ids.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/dynamodb/day_item.h"

enum { MS_PER_S = 1000, S_PER_HOUR = 3600 };

enum claim_step {
    CLAIM_STEP_PUT,
    CLAIM_STEP_READ,
    CLAIM_STEP_OWNER,
    CLAIM_STEP_AGAIN, /* is it still the one that was recorded? */
    CLAIM_STEP_TAKE,
    CLAIM_STEP_TAKEN, /* it changed before we took it, or an earlier try of ours took it */
    CLAIM_STEP_FREE
};

/* Who has a claim. */
struct owner {
    char journal_id[WRITER_HEX_BYTES];
    uint32_t writer;
    uint64_t epoch;
    uint64_t turn;
    uint64_t seq;
    bool released;
};

struct claim_job {
    struct claimed_ids *ids;
    struct claim_job *next;
    struct dynamodb_call call;
    struct body body;
    enum claim_step step;
    struct store_claim *claim;
    struct owner owner;
    uint64_t seq;
    enum status *status; /* of the whole claiming */
    struct error *err;
};

/* ---- bodies ---- */

static void begin(struct claim_job *job)
{
    body_clear(&job->body);
    body_put(&job->body, "{\"TableName\":\"");
    body_put_escaped(&job->body, text_of(job->ids->writer.table));
    body_put(&job->body, "\",\"ReturnConsumedCapacity\":\"TOTAL\"");
}

static void put_key(struct body *body, const struct store_claim *claim)
{
    body_put(body, "\"PK\":{\"S\":\"ID#");
    body_put_escaped(body, claim->user_id);
    body_put(body, "#");
    body_put_escaped(body, claim->id);
    body_put(body, "\"},\"SK\":{\"S\":\"ID\"}");
}

static void put_item(struct claim_job *job)
{
    const struct claimed_ids *ids = job->ids;
    int64_t now_s = clock_now_ms(&ids->clock) / MS_PER_S;
    begin(job);
    body_put(&job->body, ",\"Item\":{");
    put_key(&job->body, job->claim);
    body_put_member_s(&job->body, "jid", text_of(ids->writer.journal_id));
    body_put_member_n(&job->body, "writer", ids->writer.number);
    body_put_member_n(&job->body, "epoch", (int64_t)ids->epoch);
    body_put_member_n(&job->body, "turn", (int64_t)ids->turn);
    body_put_member_n(&job->body, "seq", (int64_t)job->seq);
    body_put_member_n(&job->body, "expires", now_s + (int64_t)ids->hours * S_PER_HOUR);
    body_put(&job->body, "}");
}

static void give_back(struct claim_job *job)
{
    job->next = job->ids->idle;
    job->ids->idle = job;
}

static void give_up(struct claim_job *job, const struct error *why)
{
    if (*job->status == STATUS_OK) {
        *job->status = why->status;
        if (job->err != NULL)
            *job->err = *why;
    }
    give_back(job);
}

static void send_job(struct claim_job *job, const char *operation)
{
    struct error err;
    enum status status = STATUS_OK;
    if (!body_ok(&job->body))
        status = fail(&err, STATUS_NO_MEMORY, "no memory for a request");
    job->call.operation = operation;
    job->call.body = body_text(&job->body);
    if (status == STATUS_OK)
        status = dynamodb_start(job->ids->writer.channel, &job->call, &err);
    if (status != STATUS_OK)
        give_up(job, &err);
}

/* ---- one claim ---- */

static void put_claim(struct claim_job *job)
{
    int64_t now_s = clock_now_ms(&job->ids->clock) / MS_PER_S;
    job->step = CLAIM_STEP_PUT;
    put_item(job);
    body_put(&job->body,
             ",\"ConditionExpression\":\"attribute_not_exists(PK) OR #x<:x OR "
             "#j=:j AND #e<:e OR #j=:j AND #e=:e AND #t<:t OR "
             "#j=:j AND #e=:e AND #t=:t AND attribute_not_exists(#r)\","
             "\"ExpressionAttributeNames\":{\"#j\":\"jid\",\"#x\":\"expires\",\"#e\":\"epoch\","
             "\"#t\":\"turn\",\"#r\":\"released\"},\"ExpressionAttributeValues\":{\":j\":");
    body_put_s(&job->body, text_of(job->ids->writer.journal_id));
    body_put_member_n(&job->body, ":e", (int64_t)job->ids->epoch);
    body_put_member_n(&job->body, ":t", (int64_t)job->ids->turn);
    body_put_member_n(&job->body, ":x", now_s);
    body_put(&job->body, "}}");
    send_job(job, "PutItem");
}

static void read_claim(struct claim_job *job, enum claim_step step)
{
    job->step = step;
    begin(job);
    body_put(&job->body, ",\"ConsistentRead\":true,\"Key\":{");
    put_key(&job->body, job->claim);
    body_put(&job->body, "}}");
    send_job(job, "GetItem");
}

/* Only what stands under that owner is touched. What else the update names is behind it. */
static void put_owner_condition(struct claim_job *job, const char *names, const char *values)
{
    body_put(&job->body, ",\"ConditionExpression\":\"#j=:j AND #e=:e AND #t=:t AND #q=:q\","
                         "\"ExpressionAttributeNames\":{\"#j\":\"jid\",\"#e\":\"epoch\","
                         "\"#t\":\"turn\",\"#q\":\"seq\"");
    body_put(&job->body, names);
    body_put(&job->body, "},\"ExpressionAttributeValues\":{\":j\":");
    body_put_s(&job->body, text_of(job->owner.journal_id));
    body_put_member_n(&job->body, ":e", (int64_t)job->owner.epoch);
    body_put_member_n(&job->body, ":t", (int64_t)job->owner.turn);
    body_put_member_n(&job->body, ":q", (int64_t)job->owner.seq);
    body_put(&job->body, values);
    body_put(&job->body, "}}");
}

static void take_free(struct claim_job *job)
{
    job->step = CLAIM_STEP_TAKE;
    put_item(job);
    put_owner_condition(job, "", "");
    send_job(job, "PutItem");
}

static void finish(struct claim_job *job, enum store_claim_verdict verdict)
{
    job->claim->verdict = verdict;
    give_back(job);
}

static struct owner read_owner(const json_t *item)
{
    struct text journal = attribute_text(item, "jid");
    struct owner owner = {.writer = (uint32_t)attribute_count(item, "writer"),
                          .epoch = attribute_count(item, "epoch"),
                          .turn = attribute_count(item, "turn"),
                          .seq = attribute_count(item, "seq"),
                          .released = json_object_get(item, "released") != NULL};
    snprintf(owner.journal_id, sizeof owner.journal_id, "%.*s", TEXT_ARGS(journal));
    return owner;
}

/* Whether it is what this very turn claims. */
static bool is_this_turn(const struct claim_job *job, const struct owner *owner)
{
    const struct claimed_ids *ids = job->ids;
    return strcmp(owner->journal_id, ids->writer.journal_id) == 0 && owner->epoch == ids->epoch &&
           owner->turn == ids->turn && !owner->released;
}

static bool is_same(const struct owner *a, const struct owner *b)
{
    return strcmp(a->journal_id, b->journal_id) == 0 && a->epoch == b->epoch &&
           a->turn == b->turn && a->seq == b->seq && a->released == b->released;
}

static void after_read(struct claim_job *job, const json_t *item)
{
    struct claimed_ids *ids = job->ids;
    job->owner = read_owner(item);
    if (is_this_turn(job, &job->owner)) { /* our put, tried twice */
        finish(job, CLAIM_OURS);
        return;
    }
    if (item == NULL || /* it expired in between */
        strcmp(job->owner.journal_id, ids->writer.journal_id) == 0 /* late, and for nothing */) {
        finish(job, CLAIM_UNDECIDED);
        return;
    }
    if (job->owner.released) {
        take_free(job);
        return;
    }
    job->step = CLAIM_STEP_OWNER;
    begin(job);
    body_put(&job->body, ",\"ConsistentRead\":true,\"Key\":{\"PK\":{\"S\":\"WRITER#");
    body_put_number(&job->body, job->owner.writer);
    body_put(&job->body, "\"},\"SK\":{\"S\":\"STATE\"}}}");
    send_job(job, "GetItem");
}

static void after_owner(struct claim_job *job, const json_t *state)
{
    const struct owner *owner = &job->owner;
    char epoch[24];
    if (state == NULL || !text_is(attribute_text(state, "jid"), owner->journal_id)) {
        finish(job, CLAIM_REPEATED); /* nobody is left to ask */
        return;
    }
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)owner->epoch);
    const json_t *closed = attribute_map(state, "_e");
    bool is_closed = json_object_get(closed, epoch) != NULL;
    bool is_open = !is_closed && owner->epoch == attribute_count(state, "epoch");
    if (is_open && owner->seq > attribute_count(state, "appliedSeq"))
        finish(job, CLAIM_UNDECIDED);
    else if (is_closed && owner->seq > attribute_count(closed, epoch))
        take_free(job);
    else
        read_claim(job, CLAIM_STEP_AGAIN);
}

static void answered(void *context, const struct dynamodb_answer *answer)
{
    struct claim_job *job = context;
    const json_t *item = json_object_get(answer->body, "Item");
    struct owner owner;
    bool yes = answer->outcome == DYNAMODB_OK;
    if (!yes && answer->outcome != DYNAMODB_CONDITION_FAILED) {
        give_up(job, &answer->error);
        return;
    }
    switch (job->step) {
    case CLAIM_STEP_PUT:
        if (yes)
            finish(job, CLAIM_OURS);
        else
            read_claim(job, CLAIM_STEP_READ);
        break;
    case CLAIM_STEP_READ:
        after_read(job, item);
        break;
    case CLAIM_STEP_OWNER:
        after_owner(job, item);
        break;
    case CLAIM_STEP_AGAIN:
        owner = read_owner(item);
        finish(job, is_same(&owner, &job->owner) ? CLAIM_REPEATED : CLAIM_UNDECIDED);
        break;
    case CLAIM_STEP_TAKE:
        if (yes)
            finish(job, CLAIM_OURS);
        else
            read_claim(job, CLAIM_STEP_TAKEN);
        break;
    case CLAIM_STEP_TAKEN:
        owner = read_owner(item);
        finish(job, is_this_turn(job, &owner) ? CLAIM_OURS : CLAIM_UNDECIDED);
        break;
    case CLAIM_STEP_FREE:
        give_back(job); /* freed, or somebody else's */
        break;
    }
}

/* ---- epochs ---- */

static enum status ask_state(struct claimed_ids *ids, const char *operation, json_t **out,
                             bool *failed, struct error *err)
{
    struct error why = {0};
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    *failed = false;
    if (!body_ok(ids->writer.body))
        return fail(err, STATUS_NO_MEMORY, "no memory for a request");
    enum status status = dynamodb_ask(ids->writer.channel, operation, body_text(ids->writer.body),
                                      out, &outcome, &why);
    *failed = outcome == DYNAMODB_CONDITION_FAILED;
    if (status == STATUS_OK || *failed)
        return STATUS_OK;
    return writer_failed("ids cannot be claimed", &why, err);
}

static void begin_state(struct claimed_ids *ids)
{
    struct body *body = ids->writer.body;
    body_clear(body);
    body_put(body, "{\"TableName\":\"");
    body_put_escaped(body, text_of(ids->writer.table));
    body_put(body, "\",\"ReturnConsumedCapacity\":\"TOTAL\",\"Key\":{\"PK\":{\"S\":\"WRITER#");
    body_put_number(body, ids->writer.number);
    body_put(body, "\"},\"SK\":{\"S\":\"STATE\"}}");
}

/* The closed epochs, the last ones of them, and how far the one that ends now holds. */
static void put_closed(struct body *body, const json_t *closed, uint64_t ending, bool known,
                       uint64_t last_seq)
{
    const char *name;
    json_t *value;
    body_put(body, ",\":m\":{\"M\":{");
    json_object_foreach((json_t *)(uintptr_t)closed, name, value)
    {
        (void)value;
        if (strtoull(name, NULL, 10) + CLAIMED_IDS_EPOCHS_MAX <= ending)
            continue;
        body_put_member_n(body, name, (int64_t)attribute_count(closed, name));
    }
    if (ending > 0 && known) {
        char epoch[24];
        snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)ending);
        if (json_object_get(closed, epoch) == NULL)
            body_put_member_n(body, epoch, (int64_t)last_seq);
    }
    body_put(body, "}}");
}

/* Opens an epoch; the one before holds up to last_seq, if that is known. */
static enum status open_epoch(struct claimed_ids *ids, bool known, uint64_t last_seq,
                              struct error *err)
{
    struct body *body = ids->writer.body;
    json_t *answer = NULL;
    bool failed = false;
    begin_state(ids);
    body_put(body, ",\"ConsistentRead\":true}");
    enum status status = ask_state(ids, "GetItem", &answer, &failed, err);
    if (status != STATUS_OK)
        return status;
    const json_t *state = json_object_get(answer, "Item");
    uint64_t ending = attribute_count(state, "epoch");
    begin_state(ids);
    body_put(body, ",\"UpdateExpression\":\"SET #e=:n, #m=:m\",\"ConditionExpression\":"
                   "\"#j=:j AND (attribute_not_exists(#e) OR #e=:o)\","
                   "\"ExpressionAttributeNames\":{\"#e\":\"epoch\",\"#m\":\"_e\",\"#j\":\"jid\"},"
                   "\"ExpressionAttributeValues\":{\":j\":");
    body_put_s(body, text_of(ids->writer.journal_id));
    body_put(body, ",\":n\":");
    body_put_n(body, (int64_t)ending + 1);
    body_put(body, ",\":o\":");
    body_put_n(body, (int64_t)ending);
    put_closed(body, attribute_map(state, "_e"), ending, known, last_seq);
    body_put(body, "}}");
    json_decref(answer);
    answer = NULL;
    status = ask_state(ids, "UpdateItem", NULL, &failed, err);
    if (status != STATUS_OK)
        return status;
    if (failed) { /* an earlier try of ours did it, or the writer is another journal's */
        begin_state(ids);
        body_put(body, ",\"ConsistentRead\":true}");
        status = ask_state(ids, "GetItem", &answer, &failed, err);
        state = json_object_get(answer, "Item");
        if (status == STATUS_OK && (attribute_count(state, "epoch") != ending + 1 ||
                                    !text_is(attribute_text(state, "jid"), ids->writer.journal_id)))
            status = fail(err, STATUS_FOREIGN, "writer %u of table %s belongs to another journal",
                          ids->writer.number, ids->writer.table);
        json_decref(answer);
    }
    if (status == STATUS_OK) {
        pthread_mutex_lock(&ids->lock);
        ids->epoch = ending + 1;
        ids->broken_from = 0;
        pthread_mutex_unlock(&ids->lock);
        ids->turn = 0;
    }
    return status;
}

/* From this record on the epoch's claims mean nothing. */
static void break_epoch(struct claimed_ids *ids, uint64_t seq)
{
    pthread_mutex_lock(&ids->lock);
    if (ids->broken_from == 0 || seq < ids->broken_from)
        ids->broken_from = seq;
    pthread_mutex_unlock(&ids->lock);
}

bool claimed_ids_are_broken(struct claimed_ids *ids, uint64_t *epoch, uint64_t *last_seq)
{
    pthread_mutex_lock(&ids->lock);
    bool broken = ids->epoch != 0 && ids->broken_from != 0;
    *epoch = ids->epoch;
    *last_seq = ids->broken_from - 1;
    pthread_mutex_unlock(&ids->lock);
    return broken;
}

/* ---- many claims ---- */

void claimed_ids_init(struct claimed_ids *ids)
{
    pthread_mutex_init(&ids->lock, NULL); /* cannot fail with default attributes */
}

void claimed_ids_done(struct claimed_ids *ids)
{
    for (uint32_t i = 0; ids->jobs != NULL && i < ids->in_flight; i++)
        body_done(&ids->jobs[i].body);
    free(ids->jobs);
    ids->jobs = ids->idle = NULL;
    pthread_mutex_destroy(&ids->lock);
}

static enum status make_jobs(struct claimed_ids *ids, struct error *err)
{
    if (ids->jobs != NULL)
        return STATUS_OK;
    ids->jobs = calloc(ids->in_flight, sizeof *ids->jobs);
    if (ids->jobs == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to claim ids");
    for (uint32_t i = 0; i < ids->in_flight; i++) {
        ids->jobs[i].ids = ids;
        give_back(&ids->jobs[i]);
    }
    return STATUS_OK;
}

static struct claim_job *take_job(struct claimed_ids *ids, enum status *status, struct error *err)
{
    struct error late;
    while (ids->idle == NULL && *status == STATUS_OK) {
        enum status ran =
            dynamodb_run(ids->writer.channel, dynamodb_in_flight(ids->writer.channel) - 1, &late);
        if (ran != STATUS_OK)
            *status = fail(err, ran, "%s", late.message);
    }
    if (*status != STATUS_OK)
        return NULL;
    struct claim_job *job = ids->idle;
    ids->idle = job->next;
    job->call = (struct dynamodb_call){
        .deadline_ms = CLAIMED_IDS_DEADLINE_MS, .done = answered, .context = job};
    job->status = status;
    job->err = err;
    return job;
}

static void wait_for_all(struct claimed_ids *ids, enum status *status, struct error *err)
{
    while (dynamodb_in_flight(ids->writer.channel) > 0) {
        struct error late;
        enum status ran = dynamodb_run(ids->writer.channel, 0, &late);
        if (ran != STATUS_OK && *status == STATUS_OK)
            *status = fail(err, ran, "%s", late.message);
    }
}

enum status claimed_ids_claim(struct claimed_ids *ids, struct store_claim *claims, size_t count,
                              uint64_t seq, struct error *err)
{
    enum status status = make_jobs(ids, err);
    if (status == STATUS_OK && (ids->epoch == 0 || ids->broken_from != 0)) {
        bool known = ids->broken_from != 0 || count == 0;
        uint64_t last = ids->broken_from != 0 ? ids->broken_from - 1 : seq - 1;
        status = open_epoch(ids, known, last, err);
    }
    if (status != STATUS_OK)
        return status;
    ids->turn++;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct claim_job *job = take_job(ids, &status, err);
        if (job == NULL)
            break;
        job->claim = &claims[i];
        job->seq = seq;
        put_claim(job);
    }
    wait_for_all(ids, &status, err);
    if (status != STATUS_OK)
        break_epoch(ids, seq);
    return status;
}

enum status claimed_ids_release(struct claimed_ids *ids, const struct store_claim *claims,
                                size_t count, uint64_t seq, struct error *err)
{
    enum status status = make_jobs(ids, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct claim_job *job = take_job(ids, &status, err);
        if (job == NULL)
            break;
        job->claim = (struct store_claim *)(uintptr_t)&claims[i]; /* is only read */
        job->step = CLAIM_STEP_FREE;
        job->owner = (struct owner){.epoch = ids->epoch, .turn = ids->turn, .seq = seq};
        memcpy(job->owner.journal_id, ids->writer.journal_id, sizeof job->owner.journal_id);
        begin(job);
        body_put(&job->body, ",\"Key\":{");
        put_key(&job->body, job->claim);
        body_put(&job->body, "},\"UpdateExpression\":\"SET #r=:r\"");
        put_owner_condition(job, ",\"#r\":\"released\"", ",\":r\":{\"BOOL\":true}");
        send_job(job, "UpdateItem");
    }
    wait_for_all(ids, &status, err);
    if (status != STATUS_OK)
        break_epoch(ids, seq);
    return status;
}
