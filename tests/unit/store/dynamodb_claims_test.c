/*
 * dynamodb_claims_test.c - an event's id counts once on all nodes, over a network that loses
 * answers, repeats requests, or brings them late.
 *
 * The linker puts __wrap_dynamodb_start() in dynamodb_start()'s place (meson.build): it has a say
 * in the next request of the kind that a test names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "store_trial.h"

enum fault {
    FAULT_NONE,
    FAULT_ANSWER_LOST, /* done, but all that is heard of it is that it was given up */
    FAULT_TRIED_TWICE, /* done, its answer lost, and tried again: the second answer counts */
    FAULT_NOT_SENT
};

/* The next request that is this operation and has this in its body. */
static struct {
    const char *operation; /* NULL: no more */
    const char *has;
    enum fault fault;
    void (*first)(struct cluster *cluster); /* what happens before it arrives; or NULL */
    struct cluster *cluster;

    struct dynamodb_channel *channel; /* it, under way */
    struct dynamodb_call *call;
    dynamodb_done_fn *done;
    void *context;
    char *body; /* of the last such request, to come late; freed by the next */
} network;

/* Requests about ids that were sent, the newest ones: any of them may come once more. */
enum { SENT_MAX = 64 };
static struct {
    const char *operation;
    char *body;
} sent[SENT_MAX];
static size_t sent_count;

static void note_sent(const struct dynamodb_call *call)
{
    size_t at = sent_count++ % SENT_MAX;
    free(sent[at].body);
    sent[at].operation = call->operation;
    sent[at].body = strndup(call->body.at, call->body.len);
}

static void forget_sent(void)
{
    for (size_t i = 0; i < SENT_MAX; i++) {
        free(sent[i].body);
        sent[i].body = NULL;
    }
    sent_count = 0;
}

static void expect(const char *operation, const char *has, enum fault fault)
{
    network.operation = operation;
    network.has = has;
    network.fault = fault;
    network.first = NULL;
}

enum status __real_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err);
enum status __wrap_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err);

static void meddle(void *context, const struct dynamodb_answer *answer)
{
    (void)context;
    struct dynamodb_call *call = network.call;
    struct dynamodb_answer heard = *answer;
    struct error err;
    if (network.fault == FAULT_TRIED_TWICE) {
        assert_int_equal(answer->outcome, DYNAMODB_OK);
        network.fault = FAULT_NONE;
        ASSERT_OK(__real_dynamodb_start(network.channel, call, &err), err);
        return;
    }
    if (network.fault == FAULT_ANSWER_LOST) {
        heard = (struct dynamodb_answer){.outcome = DYNAMODB_UNKNOWN, .tries = 1};
        (fail)(&heard.error, STATUS_IO, "the test lost the answer");
    }
    call->done = network.done;
    call->context = network.context;
    call->done(call->context, &heard);
}

enum status __wrap_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err)
{
    const char *wanted = network.operation;
    if (strcmp(call->operation, "GetItem") != 0 &&
        memmem(call->body.at, call->body.len, "ID#ann", 6) != NULL)
        note_sent(call);
    if (wanted == NULL || strcmp(wanted, call->operation) != 0 ||
        memmem(call->body.at, call->body.len, network.has, strlen(network.has)) == NULL)
        return __real_dynamodb_start(channel, call, err);
    network.operation = NULL;
    if (network.first != NULL)
        network.first(network.cluster);
    free(network.body);
    network.body = strndup(call->body.at, call->body.len);
    if (network.fault == FAULT_NOT_SENT)
        return (fail)(err, STATUS_IO, "the test sends nothing");
    network.channel = channel;
    network.call = call;
    network.done = call->done;
    network.context = call->context;
    call->done = meddle;
    return __real_dynamodb_start(channel, call, err);
}

/* The request that was kept arrives once more. */
static void arrives_late(const char *operation, enum dynamodb_outcome want)
{
    json_decref(ask_engine(operation, want, "%s", network.body));
}

static void open_journals(struct cluster *cluster)
{
    for (int node = 0; node < CLUSTER_NODES; node++)
        ASSERT_OK(store_claim_ids(cluster->stores[node], NULL, 0, 1, &cluster->err), cluster->err);
}

/* A record without an id, and the batch that has it, into the table: the node's next one. */
static void record_and_flush(struct cluster *cluster, int node)
{
    ledger_note_view(&cluster->ledgers[node], "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(&cluster->ledgers[node], cluster->stores[node]);
}

static struct store_claim claim_of(const char *id)
{
    return (struct store_claim){.user_id = text_of("ann"), .id = text_of(id)};
}

static enum store_claim_verdict claim_one(struct cluster *cluster, int node, const char *id,
                                          uint64_t seq)
{
    struct store_claim claim = claim_of(id);
    ASSERT_OK(store_claim_ids(cluster->stores[node], &claim, 1, seq, &cluster->err), cluster->err);
    return claim.verdict;
}

static void release(struct cluster *cluster, int node, const char *id, uint64_t seq)
{
    struct store_claim claim = claim_of(id);
    ASSERT_OK(store_release_ids(cluster->stores[node], &claim, 1, seq, &cluster->err),
              cluster->err);
}

TEST(an_id_is_claimed_once_on_all_nodes)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    assert_int_equal(claim_one(cluster, 0, "a", 1), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 0, "a", 1), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 1, "a", 1), CLAIM_UNDECIDED);

    /* node 0's batch holds record 1 */
    record_and_flush(cluster, 0);
    assert_int_equal(claim_one(cluster, 1, "a", 2), CLAIM_REPEATED);

    /* released: free */
    assert_int_equal(claim_one(cluster, 1, "b", 2), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 2, "b", 1), CLAIM_UNDECIDED);
    release(cluster, 1, "b", 2);
    assert_int_equal(claim_one(cluster, 2, "b", 1), CLAIM_OURS);
    release(cluster, 1, "b", 2); /* it is another's now */
    assert_int_equal(claim_one(cluster, 0, "b", 9), CLAIM_UNDECIDED);

    /* claimed for record 7 and gone before the append: known when the node is back */
    assert_int_equal(claim_one(cluster, 1, "c", 7), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 1, "d", 6), CLAIM_OURS);
    store_close(cluster->stores[1]);
    cluster_open_node(cluster, 1);
    assert_int_equal(claim_one(cluster, 2, "c", 3), CLAIM_UNDECIDED);
    ASSERT_OK(store_claim_ids(cluster->stores[1], NULL, 0, 7, &cluster->err), cluster->err);
    assert_int_equal(claim_one(cluster, 2, "d", 3), CLAIM_REPEATED);
    assert_int_equal(claim_one(cluster, 2, "c", 3), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 1, "c", 7), CLAIM_UNDECIDED);
    cluster_free(cluster);
}

TEST(many_ids_are_claimed_at_once)
{
    enum { IDS = 600 };
    struct cluster *cluster = cluster_new();
    static struct store_claim claims[IDS];
    static char ids[IDS][16];
    for (int i = 0; i < IDS; i++) {
        snprintf(ids[i], sizeof ids[i], "id %d", i);
        claims[i] = (struct store_claim){.user_id = text_of("ann"), .id = text_of(ids[i])};
    }
    open_journals(cluster);
    ASSERT_OK(store_claim_ids(cluster->stores[0], claims, IDS / 2, 1, &cluster->err), cluster->err);
    ASSERT_OK(store_claim_ids(cluster->stores[1], claims, IDS, 1, &cluster->err), cluster->err);
    for (int i = 0; i < IDS; i++)
        assert_int_equal(claims[i].verdict, i < IDS / 2 ? CLAIM_UNDECIDED : CLAIM_OURS);
    cluster_free(cluster);
}

static void cannot_claim(struct cluster *cluster, int node, const char *id, uint64_t seq,
                         enum fault fault)
{
    struct store_claim claim = claim_of(id);
    expect("PutItem", "ID#ann#", fault);
    assert_int_equal(store_claim_ids(cluster->stores[node], &claim, 1, seq, &cluster->err),
                     STATUS_IO);
}

/* A client whose event was refused goes to another node. */
TEST(what_was_claimed_and_refused_is_not_taken_for_recorded)
{
    static const char *const releases[] = {"never heard of", "refused", "done"};
    for (int i = 0; i < 3; i++) {
        struct cluster *cluster = cluster_new();
        struct store_claim claim = claim_of("x");
        open_journals(cluster);
        cannot_claim(cluster, 0, "x", 1, FAULT_ANSWER_LOST);
        if (i == 1)
            expect("UpdateItem", "ID#ann#", FAULT_NOT_SENT);
        if (i > 0)
            assert_int_equal(store_release_ids(cluster->stores[0], &claim, 1, 1, &cluster->err),
                             i == 1 ? STATUS_IO : STATUS_OK);
        record_and_flush(cluster, 0); /* record 1 is another one */
        ROW(claim_one(cluster, 1, "x", 1) == CLAIM_OURS, releases[i], "not free");
        cluster_free(cluster);
    }
}

TEST(what_was_claimed_and_refused_is_free_once_its_node_has_nothing_to_send)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    cannot_claim(cluster, 0, "x", 1, FAULT_ANSWER_LOST);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_UNDECIDED);
    ASSERT_OK(store_note_drained(cluster->stores[0], 1000, &cluster->err), cluster->err);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_OURS);
    assert_int_equal(claim_one(cluster, 0, "y", 1), CLAIM_OURS); /* under a new epoch */
    record_and_flush(cluster, 0);
    assert_int_equal(claim_one(cluster, 2, "y", 1), CLAIM_REPEATED);
    cluster_free(cluster);
}

TEST(a_free_claim_that_is_taken_by_a_second_try_is_ours)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    assert_int_equal(claim_one(cluster, 0, "x", 7), CLAIM_OURS);
    store_close(cluster->stores[0]); /* between the claim and the record */
    cluster_open_node(cluster, 0);
    ASSERT_OK(store_claim_ids(cluster->stores[0], NULL, 0, 7, &cluster->err), cluster->err);
    expect("PutItem", "#q=:q\"", FAULT_TRIED_TWICE);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_OURS);
    assert_null(network.operation);
    cluster_free(cluster);
}

TEST(a_late_claim_does_not_displace_the_one_that_was_recorded)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    cannot_claim(cluster, 0, "x", 1, FAULT_NOT_SENT);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_OURS);
    arrives_late("PutItem", DYNAMODB_CONDITION_FAILED);
    record_and_flush(cluster, 0);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_REPEATED);
    cluster_free(cluster);
}

TEST(a_late_claim_does_not_bring_back_what_was_released)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    expect("PutItem", "ID#ann#x", FAULT_NONE);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_OURS);
    release(cluster, 0, "x", 1);
    arrives_late("PutItem", DYNAMODB_CONDITION_FAILED);
    record_and_flush(cluster, 0);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_OURS);
    cluster_free(cluster);
}

TEST(a_late_release_does_not_free_what_was_recorded)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_OURS);
    expect("UpdateItem", "ID#ann#x", FAULT_NONE);
    release(cluster, 0, "x", 1); /* the append was refused */
    assert_null(network.operation);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_OURS);
    record_and_flush(cluster, 0);
    arrives_late("UpdateItem", DYNAMODB_CONDITION_FAILED);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_REPEATED);
    cluster_free(cluster);
}

TEST(a_late_claim_that_lost_does_not_come_in_when_the_winner_lets_go)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_OURS);
    expect("PutItem", "ID#ann#x", FAULT_NONE);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_UNDECIDED);
    release(cluster, 1, "x", 1);
    arrives_late("PutItem", DYNAMODB_CONDITION_FAILED);
    record_and_flush(cluster, 0);
    assert_int_equal(claim_one(cluster, 2, "x", 1), CLAIM_OURS);
    cluster_free(cluster);
}

static void release_x_and_flush(struct cluster *cluster)
{
    release(cluster, 0, "x", 1);
    record_and_flush(cluster, 0);
}

TEST(a_claim_that_is_released_while_it_is_looked_at_is_not_taken_for_recorded)
{
    struct cluster *cluster = cluster_new();
    open_journals(cluster);
    assert_int_equal(claim_one(cluster, 0, "x", 1), CLAIM_OURS);
    expect("GetItem", "WRITER#1", FAULT_NONE); /* the claim was read, its owner is asked about */
    network.first = release_x_and_flush;
    network.cluster = cluster;
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_UNDECIDED);
    assert_null(network.operation);
    assert_int_equal(claim_one(cluster, 1, "x", 1), CLAIM_OURS);
    cluster_free(cluster);
}

/* A random history: every id is recorded once, and called a repeat only when it is recorded. */
enum { HISTORY_IDS = 12, HISTORY_STEPS = 150 };

struct history {
    struct unit_random random;
    struct cluster *cluster;
    int recorded[HISTORY_IDS];              /* how often, by all nodes */
    bool known[CLUSTER_NODES][HISTORY_IDS]; /* what a node's window has */
    uint64_t last_with_id[CLUSTER_NODES];   /* record */
    uint64_t applied[CLUSTER_NODES];        /* record */
    int refused;
    int repeats;
};

/* The last record: one for each entry, and one for each batch. */
static uint64_t last_record(const struct ledger *ledger)
{
    return ledger->count + ledger->batches;
}

static enum fault any_fault(struct history *history)
{
    static const enum fault faults[] = {FAULT_NONE, FAULT_NONE, FAULT_ANSWER_LOST, FAULT_NOT_SENT};
    return faults[unit_random_below(&history->random, 4)];
}

static void note(struct history *history, int node)
{
    ledger_note_view(&history->cluster->ledgers[node], "ann", "house", day_of(2025, 3, 4), NULL);
}

static void release_somehow(struct history *history, int node, struct store_claim *claim,
                            uint64_t seq)
{
    struct error err;
    expect("UpdateItem", "ID#ann", any_fault(history));
    if (store_release_ids(history->cluster->stores[node], claim, 1, seq, &err) != STATUS_OK)
        history->refused++;
    network.operation = NULL;
}

static void claim_somehow(struct history *history, int node)
{
    int which = (int)unit_random_below(&history->random, HISTORY_IDS);
    char id[8];
    struct error err;
    uint64_t seq = last_record(&history->cluster->ledgers[node]) + 1;
    if (history->known[node][which])
        return;
    snprintf(id, sizeof id, "%c", 'a' + which);
    struct store_claim claim = claim_of(id);
    expect("PutItem", "ID#ann", any_fault(history));
    enum status status = store_claim_ids(history->cluster->stores[node], &claim, 1, seq, &err);
    network.operation = NULL;
    if (status != STATUS_OK ||
        (claim.verdict == CLAIM_OURS && unit_random_below(&history->random, 4) == 0)) {
        release_somehow(history, node, &claim, seq); /* refused, or not to be appended */
    } else if (claim.verdict == CLAIM_OURS) {
        note(history, node);
        history->last_with_id[node] = seq;
        history->known[node][which] = true;
        history->recorded[which]++;
        ROW(history->recorded[which] == 1, id, "recorded %d times", history->recorded[which]);
    } else if (claim.verdict == CLAIM_REPEATED) {
        history->known[node][which] = true;
        history->repeats++;
        ROW(history->recorded[which] == 1, id, "is no repeat");
    }
}

static void start_again(struct history *history, int node)
{
    struct cluster *cluster = history->cluster;
    uint64_t last = history->last_with_id[node] > history->applied[node]
                        ? history->last_with_id[node]
                        : history->applied[node];
    store_close(cluster->stores[node]);
    cluster_open_node(cluster, (uint32_t)node);
    ASSERT_OK(store_claim_ids(cluster->stores[node], NULL, 0, last + 1, &cluster->err),
              cluster->err);
}

static void come_late(struct history *history)
{
    if (sent_count == 0)
        return;
    size_t count = sent_count < SENT_MAX ? sent_count : SENT_MAX;
    size_t at = unit_random_below(&history->random, count);
    json_t *answer = NULL;
    enum dynamodb_outcome outcome;
    struct error err;
    (void)!dynamodb_ask(place_channel, sent[at].operation, text_of(sent[at].body), &answer,
                        &outcome, &err);
    assert_true(outcome == DYNAMODB_OK || outcome == DYNAMODB_CONDITION_FAILED);
    json_decref(answer);
}

TEST(an_id_is_recorded_once_over_a_network_that_loses_repeats_and_delays)
{
    struct history history = {.random = unit_random_seeded(), .cluster = cluster_new()};
    forget_sent();
    open_journals(history.cluster);
    for (int step = 0; step < HISTORY_STEPS; step++) {
        int node = (int)unit_random_below(&history.random, CLUSTER_NODES);
        struct ledger *ledger = &history.cluster->ledgers[node];
        switch (unit_random_below(&history.random, 10)) {
        case 0:
            note(&history, node); /* a record without an id */
            break;
        case 1:
        case 2:
            note(&history, node);
            ledger_apply(ledger, history.cluster->stores[node]);
            history.applied[node] = last_record(ledger);
            break;
        case 3:
            start_again(&history, node);
            break;
        case 4:
            come_late(&history);
            break;
        default:
            claim_somehow(&history, node);
            break;
        }
    }
    forget_sent();
    cluster_free(history.cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(an_id_is_claimed_once_on_all_nodes),
        UNIT(many_ids_are_claimed_at_once),
        UNIT(what_was_claimed_and_refused_is_not_taken_for_recorded),
        UNIT(what_was_claimed_and_refused_is_free_once_its_node_has_nothing_to_send),
        UNIT(a_free_claim_that_is_taken_by_a_second_try_is_ours),
        UNIT(a_late_claim_does_not_displace_the_one_that_was_recorded),
        UNIT(a_late_claim_does_not_bring_back_what_was_released),
        UNIT(a_late_claim_that_lost_does_not_come_in_when_the_winner_lets_go),
        UNIT(a_late_release_does_not_free_what_was_recorded),
        UNIT(a_claim_that_is_released_while_it_is_looked_at_is_not_taken_for_recorded),
        UNIT(an_id_is_recorded_once_over_a_network_that_loses_repeats_and_delays),
    };
    places_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(network.body);
    places_end();
    return failed;
}
