/*
 * histories_test.c - random histories, lived by Footfall and by a model in a few lines; every
 * answer is the same.
 *
 * A history is a row of lives over one data folder. Each life is a child process: it opens the
 * folder, records (duplicates, late events, more sources a day than keep their names, inquiries,
 * listing details), seals, lets time pass and asks; then it closes, or just ends, or is killed.
 * Whatever it recorded stands in the model, which all lives share, and the next life begins by
 * asking for it.
 *
 * FOOTFALL_SEED repeats a run, as far as chance in the machine allows: seals also come by time.
 * FOOTFALL_PROPERTY_ROUNDS says how many histories (2; over a shared table 1). With an engine of
 * DynamoDB's protocol beside it (FOOTFALL_DYNAMODB_ENDPOINT) the histories are lived over a table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history_check.h"
#include "model/calendar.h"
#include "model/platform.h"
#include "store/dynamodb/dynamodb_store.h"
#include "store/dynamodb/dynamodb_table.h"

enum {
    ROUNDS = 2,
    TABLE_ROUNDS = 1,
    LIVES = 8,
    STEPS = 24,
    BATCH_MAX = 70,
    LATE_DAYS = 399,
    ID_BYTES = 16,
    BUSY_USER = 0, /* whose listing 0 has events from everywhere */
    FEW_SOURCES = 5
};

/* What lives share. */
struct world {
    struct model model;
    struct unit_random random;
    struct unit_clock clock;
    uint32_t ids;
    bool killed;    /* the life meant to be killed */
    char table[64]; /* of this history */
};

/* A store that is a table: made by the first life, opened by each. */
static enum status open_table(void *context, const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                              struct store **out, struct error *err)
{
    const char *table = context;
    static struct dynamodb *dynamodb; /* of this life */
    struct dynamodb_channel *channel = NULL;
    bool existed = false;
    const struct dynamodb_options options = {.endpoint = getenv("FOOTFALL_DYNAMODB_ENDPOINT")};
    enum status status = dynamodb_open(&options, &dynamodb, err);
    if (status == STATUS_OK)
        status = dynamodb_channel_open(dynamodb, &channel, err);
    if (status == STATUS_OK)
        status = dynamodb_table_create(channel, table, &existed, err);
    dynamodb_channel_close(channel);
    const struct dynamodb_store_options store = {
        .dynamodb = dynamodb, .table = table, .writer = 1, .journal_id = journal_id, .cells = true};
    return status == STATUS_OK ? dynamodb_store_open(&store, out, err) : status;
}

static void choose_table(struct engine_options *options, struct world *world)
{
    options->store_kind = "dynamodb";
    options->open_store = open_table;
    options->open_store_context = world->table;
}

/* Every kind of store answers alike: another one is another row. */
struct kind {
    const char *name;
    int rounds;
    void (*choose)(struct engine_options *options,
                   struct world *world); /* NULL: what is chosen without a word */
};
static const struct kind embedded = {"sqlite", ROUNDS, NULL};
static const struct kind shared = {"dynamodb", TABLE_ROUNDS, choose_table};

static int below(struct world *world, int bound)
{
    return (int)unit_random_below(&world->random, (uint64_t)bound);
}

static int64_t a_time(struct world *world)
{
    int64_t now_ms = world->clock.now_ms;
    switch (below(world, 8)) {
    case 0:
        return now_ms - (int64_t)unit_random_below(&world->random, LATE_DAYS * 86400000ull);
    case 1:
        return now_ms - (int64_t)unit_random_below(&world->random, 4 * 86400000ull);
    default:
        return now_ms - (int64_t)unit_random_below(&world->random, 6 * 3600000ull);
    }
}

/* An inquiry without an id gets a key that the model cannot know: no other has its moment, so that
 * the order is known all the same. */
static bool moment_is_taken(const struct model *model, const struct model_event *event)
{
    for (size_t i = 0; i < model->event_count; i++) {
        const struct model_event *other = &model->events[i];
        if (other->type == EVENT_INQUIRY && other->user == event->user &&
            other->time_ms == event->time_ms && (other->id == 0 || event->id == 0))
            return true;
    }
    return false;
}

static struct model_event an_event(struct world *world)
{
    struct model *model = &world->model;
    struct model_event event = {
        .user = (uint8_t)below(world, MODEL_USERS),
        .listing = (uint8_t)below(world, MODEL_LISTINGS),
        .platform = (uint8_t)below(world, MODEL_PLATFORMS),
        .type = (uint8_t)(below(world, 4) == 0 ? below(world, EVENT_TYPES) : EVENT_VIEW),
        .source = (int16_t)(below(world, FEW_SOURCES + 1) - 1),
        .id = below(world, 2) == 0 ? 0 : ++world->ids,
        .time_ms = a_time(world),
        .received_ms = world->clock.now_ms,
    };
    if (below(world, 2) == 0) {
        event.user = BUSY_USER;
        event.listing = 0;
        event.source = (int16_t)(below(world, MODEL_SOURCES + 1) - 1);
    }
    if (below(world, 10) == 0 && model->event_count > 0) {
        const struct model_event *again = &model->events[below(world, (int)model->event_count)];
        if (again->id != 0 && again->received_ms > world->clock.now_ms - 20 * 3600000) {
            event.id = again->id;
            event.user = again->user;
        }
    }
    while (event.type == EVENT_INQUIRY && moment_is_taken(model, &event))
        event.time_ms--;
    return event;
}

static struct event as_sent(const struct model_event *event, char id[ID_BYTES])
{
    struct event sent = {
        .user_id = model_user_name(event->user),
        .listing_id = model_listing_name(event->listing),
        .source = model_source_name(event->source),
        .time_ms = event->time_ms,
        .type = (enum event_type)event->type,
    };
    if (event->platform != 0)
        HISTORY_CHECK(platform_find(model_platform_name(event->platform), &sent.platform),
                      "no such platform");
    if (event->id != 0) {
        snprintf(id, ID_BYTES, "id-%08u", event->id);
        sent.id = text_of(id);
    }
    if (event->type == EVENT_INQUIRY && event->id % 2 == 0)
        sent.inquiry = text_of("{\"name\":\"John\"}");
    return sent;
}

static void record(struct instance *instance, struct world *world)
{
    static struct event sent[BATCH_MAX];
    static char ids[BATCH_MAX][ID_BYTES];
    struct record_result result;
    struct error err;
    size_t count = 1 + (size_t)below(world, BATCH_MAX);
    size_t recorded = 0;
    if (world->model.event_count + count > MODEL_EVENTS_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        struct model_event event = an_event(world);
        sent[i] = as_sent(&event, ids[i]);
        recorded += model_record(&world->model, &event);
    }
    HISTORY_OK(instance_record_events(instance, sent, count, &result, &err), err);
    HISTORY_CHECK(result.recorded == recorded && result.duplicates == count - recorded,
                  "%lu recorded instead of %zu", result.recorded, recorded);
}

static void change_details(struct instance *instance, struct world *world)
{
    char address[16];
    struct submission submission;
    struct error err;
    int user = below(world, MODEL_USERS), listing = below(world, MODEL_LISTINGS);
    struct model_details *kept = &world->model.details[user][listing];
    bool remove = below(world, 3) == 0;
    *kept = (struct model_details){remove ? 0 : ++world->ids, world->clock.now_ms};
    snprintf(address, sizeof address, "%u", kept->address);
    struct listing_details details = {
        .address = text_of(address), .has_price = true, .price = kept->address};
    HISTORY_OK(instance_submit_listing(instance, model_user_name(user), model_listing_name(listing),
                                       remove ? NULL : &details, &submission, &err),
               err);
    instance_commit(instance);
    HISTORY_CHECK(submission.done && submission.error.status == STATUS_OK, "details: %s",
                  submission.error.message);
}

static struct question a_question(struct world *world)
{
    struct question question = {.user = below(world, MODEL_USERS),
                                .listing = below(world, MODEL_LISTINGS),
                                .zone = below(world, 3) == 0 ? 0 : below(world, MODEL_ZONES)};
    int32_t today = model_day(&world->model, question.zone, world->clock.now_ms);
    if (below(world, 2) == 0) {
        question.user = BUSY_USER;
        question.listing = 0;
    }
    int days = below(world, 4) == 0 ? MODEL_DAYS_MAX : 10;
    question.last = today - below(world, days) + 1;
    question.first = question.last - below(world, days);
    return question;
}

static void ask(struct instance *instance, struct world *world)
{
    const struct model *model = &world->model;
    struct question question = a_question(world);
    switch (below(world, 7)) {
    case 5:
        check_periods(instance, model, &question, world->clock.now_ms);
        break;
    case 0:
        check_days(instance, model, &question);
        break;
    case 1:
        check_compare(instance, model, &question);
        break;
    case 2:
        check_all_listings(instance, model, &question, (enum metrics_sort)below(world, 5),
                           below(world, 2) == 0, 1 + (size_t)below(world, MODEL_LISTINGS + 1),
                           below(world, 2) == 0);
        break;
    case 3:
        question.listing = below(world, 2) == 0 ? -1 : question.listing;
        check_inquiries(instance, model, &question, below(world, 2) == 0,
                        1 + (size_t)below(world, 20));
        break;
    case 4:
        check_listings(instance, model, question.user, 1 + (size_t)below(world, 7));
        break;
    default:
        check_aggregate(instance, model, &question);
        break;
    }
}

static void let_time_pass(struct world *world)
{
    static const int64_t at_most_ms[] = {1000, 60000, 3600000, 12 * 3600000, 4 * 86400000};
    world->clock.now_ms +=
        (int64_t)unit_random_below(&world->random, (uint64_t)at_most_ms[below(world, 5)]);
}

static struct instance *begin_life(const char *dir, struct world *world, const struct kind *kind)
{
    struct instance *instance = NULL;
    struct error err;
    uint8_t code;
    int first = below(world, 2);
    struct engine_options options = {
        .data_dir = dir,
        .clock = unit_clock(&world->clock),
        .journal_segment_bytes = 1024 * 1024,
        .seal_journal_bytes = below(world, 2) == 0 ? 40 * 1024 : 0,
        .seal_interval_ms = below(world, 2) == 0 ? 5 : 0,
    };
    if (kind->choose != NULL)
        kind->choose(&options, world);
    /* their codes are not the same in every life */
    for (int i = 0; i < 2; i++)
        HISTORY_OK(platform_intern(model_platform_name(MODEL_PLATFORMS - 1 - (first + i) % 2),
                                   &code, &err),
                   err);
    HISTORY_OK(instance_open(&options, &instance, &err), err);
    return instance;
}

static void live(const char *dir, struct world *world, const struct kind *kind)
{
    struct error err;
    struct instance *instance = begin_life(dir, world, kind);
    check_totals_everywhere(instance, &world->model, BUSY_USER, 0, world->clock.now_ms);
    for (int step = 0; step < STEPS; step++) {
        switch (below(world, 8)) {
        case 0:
            change_details(instance, world);
            break;
        case 1:
            HISTORY_OK(instance_flush(instance, &err), err);
            break;
        case 2:
            let_time_pass(world);
            break;
        case 3:
        case 4:
            ask(instance, world);
            break;
        default:
            record(instance, world);
            ask(instance, world);
            break;
        }
    }
    for (int i = 0; i < STEPS; i++)
        ask(instance, world);
    switch (below(world, 3)) {
    case 0:
        HISTORY_OK(instance_close(instance, &err), err);
        break;
    case 1:
        world->killed = true;
        kill(getpid(), SIGKILL);
        break;
    default:
        break; /* ends with everything open */
    }
}

static void live_in_a_child(const char *dir, struct world *world, const struct kind *kind)
{
    int how = 0;
    world->killed = false;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live(dir, world, kind);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    if (world->killed)
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    else
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

TEST(every_answer_equals_the_models_whatever_happened)
{
    struct unit_random random = unit_random_seeded();
    const char *given = getenv("FOOTFALL_PROPERTY_ROUNDS");
    const struct kind *kind = getenv("FOOTFALL_DYNAMODB_ENDPOINT") == NULL ? &embedded : &shared;
    int rounds = given != NULL ? atoi(given) : kind->rounds;
    const int64_t start_ms = INT64_C(1774700000000); /* 2026-03-28, a change of clocks ahead */
    struct world *world =
        mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(world != MAP_FAILED);
    for (int round = 0; round < rounds; round++) {
        char *dir = unit_temp_dir();
        world->random = (struct unit_random){unit_random(&random)};
        world->ids = 0;
        world->clock.now_ms = start_ms + (int64_t)unit_random_below(&random, 300 * 86400000ull);
        snprintf(world->table, sizeof world->table, "histories-%d-%d", (int)getpid(), round);
        model_init(&world->model, world->clock.now_ms / ms_per_day * ms_per_day - 410 * ms_per_day);
        for (int each = 0; each < LIVES; each++)
            live_in_a_child(dir, world, kind);
        print_message("%s, history %d: %zu events\n", kind->name, round, world->model.event_count);
        unit_remove(dir);
    }
    munmap(world, sizeof *world);
}

UNIT_MAIN(UNIT(every_answer_equals_the_models_whatever_happened))
