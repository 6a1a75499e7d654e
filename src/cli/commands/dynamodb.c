/*
 * dynamodb.c - footfall dynamodb: the table, and whose its writers are.
 *
 * The flags have the names of the settings that `serve` has for the same, and their variables, so
 * what works for one works for the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/long_work.h"
#include "cli/shared_flags.h"
#include "engine/store_kind.h"
#include "journal/journal.h"
#include "store/dynamodb/dynamodb_store.h"
#include "store/dynamodb/dynamodb_table.h"

static const struct flag flag_table = {
    .name = "dynamodb-table",
    .value = "NAME",
    .initial = "footfall",
    .variable = "FOOTFALL_DYNAMODB_TABLE",
    .help = "The name of the table.",
};
static const struct flag flag_region = {
    .name = "region",
    .value = "REGION",
    .variable = "FOOTFALL_REGION",
    .help = "The region. Without it AWS_REGION, AWS_DEFAULT_REGION, or the profile's.",
};
static const struct flag flag_endpoint = {
    .name = "dynamodb-endpoint",
    .value = "URL",
    .variable = "FOOTFALL_DYNAMODB_ENDPOINT",
    .help = "http[s]://HOST[:PORT] of the service. Without it the region's.",
};
static const struct flag flag_profile = {
    .name = "dynamodb-profile",
    .value = "NAME",
    .variable = "FOOTFALL_DYNAMODB_PROFILE",
    .help = "The profile in the files of AWS whose credentials sign the requests.",
};
static const struct flag flag_writer = {
    .name = "dynamodb-writer",
    .value = "N",
    .variable = "FOOTFALL_DYNAMODB_WRITER",
    .help = "A writer's number, 1 to 999.",
};

/* A table that is to be talked to. */
struct place {
    const char *table;
    struct dynamodb *dynamodb;
    struct dynamodb_channel *channel;
};

static enum status place_open(const struct arguments *arguments, struct place *out,
                              struct error *err)
{
    *out = (struct place){.table = argument_text(arguments, "dynamodb-table")};
    const struct dynamodb_options options = {
        .endpoint = argument_text(arguments, "dynamodb-endpoint"),
        .region = argument_text(arguments, "region"),
        .profile = argument_text(arguments, "dynamodb-profile"),
        .clock = clock_system(),
    };
    enum status status = dynamodb_open(&options, &out->dynamodb, err);
    return status == STATUS_OK ? dynamodb_channel_open(out->dynamodb, &out->channel, err) : status;
}

static void place_close(struct place *place)
{
    dynamodb_channel_close(place->channel);
    dynamodb_close(place->dynamodb);
}

/* What the command line itself has wrong is all that ends with EXIT_USAGE. */
static int end(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return EXIT_DONE;
    int code = report_error(error);
    return code == EXIT_USAGE && strcmp(error->code, "usage") != 0 ? EXIT_FAILED : code;
}

static enum status said(struct error *err)
{
    return fflush(stdout) == 0 ? STATUS_OK : fail_errno(err, "stdout");
}

/* ---- create-table ---- */

static enum status create(const struct place *place, struct error *err)
{
    bool existed = false;
    struct error no_expiry;
    enum status status = dynamodb_table_create(place->channel, place->table, &existed, err);
    if (status != STATUS_OK)
        return status;
    printf("table %s in %s: %s\n", place->table, dynamodb_endpoint(place->dynamodb),
           existed ? "is there already, with the right keys" : "made, billed by request");
    if (dynamodb_table_enable_ttl(place->channel, place->table, &no_expiry) == STATUS_OK)
        printf("claimed ids expire (attribute %s)\n", DYNAMODB_TABLE_TTL_ATTRIBUTE);
    else
        fprintf(stderr,
                "footfall: claimed ids will not expire by themselves, which only matters with "
                "--dedupe shared: %s\n",
                no_expiry.message);
    return said(err);
}

static int run_create_table(const struct arguments *arguments)
{
    struct error error;
    struct place place = {0};
    enum status status = place_open(arguments, &place, &error);
    if (status == STATUS_OK)
        status = create(&place, &error);
    place_close(&place);
    return end(status, &error);
}

#define TABLE_FLAGS &flag_table, &flag_region, &flag_endpoint, &flag_profile

static const struct command create_table = {
    .name = "create-table",
    .summary = "Make the table.",
    .usage = (const char *const[]){"[--dynamodb-table NAME] [--region REGION]", NULL},
    .text = "Makes the table, billed by request, waits until it can be used, and lets claimed ids "
            "expire. A table that is there is left as it is. Exit code 0: it is there; 1: it is "
            "not, or it has other keys.",
    .flags = (const struct flag *const[]){TABLE_FLAGS, NULL},
    .run = run_create_table,
};

/* ---- check ---- */

struct checked {
    struct dynamodb_table_facts facts;
    struct error keys; /* STATUS_OK: they are right */
    bool knows_expiry;
};

/* A quotation mark or a backslash in a word of the service's would break the line; it has none. */
static void print_json(const struct place *place, const struct checked *checked,
                       const struct dynamodb_writer_state *writer, uint64_t number)
{
    const struct dynamodb_table_facts *facts = &checked->facts;
    printf("{\"table\":\"%s\",\"status\":\"%s\",\"keysAreRight\":%s,\"billing\":\"%s\","
           "\"expires\":\"%s\",\"items\":%" PRIu64 ",\"bytes\":%" PRIu64,
           place->table, facts->status, checked->keys.status == STATUS_OK ? "true" : "false",
           facts->billing, facts->ttl_attribute, facts->items, facts->bytes);
    if (number != 0 && writer->exists)
        printf(",\"writer\":{\"number\":%" PRIu64 ",\"journal\":\"%s\",\"claimed\":%" PRIu64
               ",\"applied\":%" PRIu64 ",\"asOf\":%" PRId64 "}",
               number, writer->journal_id, writer->claimed, writer->applied, writer->as_of_ms);
    else if (number != 0)
        printf(",\"writer\":null");
    puts("}");
}

static void print_text(const struct place *place, const struct checked *checked,
                       const struct dynamodb_writer_state *writer, uint64_t number)
{
    const struct dynamodb_table_facts *facts = &checked->facts;
    printf("table      %s in %s\n", place->table, dynamodb_endpoint(place->dynamodb));
    printf("status     %s\n", facts->status);
    printf("keys       %s, %s: %s\n", facts->hash_key, facts->range_key,
           checked->keys.status == STATUS_OK ? "right" : "wrong, PK S and SK S are needed");
    printf("billing    %s\n", facts->billing[0] == '\0' ? "not said" : facts->billing);
    printf("expiry     %s\n", facts->ttl_attribute[0] != '\0' ? facts->ttl_attribute
                              : checked->knows_expiry
                                  ? "off: claimed ids stay; footfall dynamodb create-table mends it"
                                  : "not known to this service: claimed ids stay");
    printf("items      %" PRIu64 ", %" PRIu64 " bytes, as last counted by the service\n",
           facts->items, facts->bytes);
    if (number == 0)
        return;
    if (!writer->exists) {
        printf("writer %-3" PRIu64 " is nobody's\n", number);
        return;
    }
    printf("writer %-3" PRIu64 " journal %s, batch %" PRIu64 " claimed, %" PRIu64 " applied%s\n",
           number, writer->journal_id, writer->claimed, writer->applied,
           writer->claimed > writer->applied ? ": one is under way, or was left so" : "");
}

static enum status check(const struct place *place, uint64_t number, bool json, bool *wrong,
                         struct error *err)
{
    struct checked checked = {.keys = {.status = STATUS_OK}};
    struct dynamodb_writer_state writer = {0};
    struct error ignored;
    enum status status = dynamodb_table_describe(place->channel, place->table, &checked.facts, err);
    if (status != STATUS_OK)
        return status;
    if (dynamodb_table_check_keys(place->table, &checked.facts, &checked.keys) == STATUS_OK)
        checked.keys.status = STATUS_OK;
    checked.knows_expiry = dynamodb_table_read_ttl(place->channel, place->table, &checked.facts,
                                                   &ignored) == STATUS_OK;
    *wrong = checked.keys.status != STATUS_OK || strcmp(checked.facts.status, "ACTIVE") != 0;
    if (number != 0 && checked.keys.status == STATUS_OK)
        status = dynamodb_store_read_writer(place->dynamodb, place->table, (uint32_t)number,
                                            &writer, err);
    if (status != STATUS_OK)
        return status;
    (json ? print_json : print_text)(place, &checked, &writer, number);
    return said(err);
}

static int run_check(const struct arguments *arguments)
{
    struct error error;
    struct place place = {0};
    uint64_t number = 0;
    bool wrong = false;
    enum status status = argument_number(arguments, "dynamodb-writer", 1, DYNAMODB_STORE_WRITER_MAX,
                                         &number, &error);
    if (status == STATUS_OK)
        status = place_open(arguments, &place, &error);
    if (status == STATUS_OK)
        status = check(&place, number, argument_is_on(arguments, "json"), &wrong, &error);
    place_close(&place);
    return status == STATUS_OK && wrong ? EXIT_FAILED : end(status, &error);
}

static const struct command check_table = {
    .name = "check",
    .summary = "Say whether the table can be used, and whose a writer is.",
    .usage = (const char *const[]){"[--dynamodb-table NAME] [--dynamodb-writer N] [--json]", NULL},
    .text = "Asks the service for the table: whether it is active, has the right keys, how it is "
            "billed, whether claimed ids expire. With --dynamodb-writer also which journal writes "
            "under that number, and how far it is. Changes nothing. Exit code 0: nodes can use it; "
            "1: they cannot.",
    .flags = (const struct flag *const[]){TABLE_FLAGS, &flag_writer, &flag_json_object, NULL},
    .run = run_check,
};

/* ---- takeover ---- */

static const struct flag flag_new_data = DATA_FOLDER_FLAG(
    "The data folder that goes on as the writer; made if missing. No server may use it.");
static const struct flag flag_journal = {
    .name = "journal",
    .value = "ID",
    .help = "The id of the journal that is lost, as footfall dynamodb check shows it. Without it "
            "the id is shown and asked for; that takes a terminal.",
};

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

static bool read_id(const char *text, uint8_t out[STORE_JOURNAL_ID_BYTES])
{
    if (strlen(text) != (size_t)2 * STORE_JOURNAL_ID_BYTES)
        return false;
    for (size_t i = 0; i < STORE_JOURNAL_ID_BYTES; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* The id of the folder's journal, which is made if there is none. Nothing may be in it that went
 * somewhere else. */
static enum status own_journal(const char *data, uint8_t out[STORE_JOURNAL_ID_BYTES],
                               struct error *err)
{
    char path[FILE_PATH_BYTES];
    struct journal *journal = NULL;
    enum status status = file_make_dir(data, err);
    if (status == STATUS_OK)
        status = file_path(path, data, "journal", err);
    if (status != STATUS_OK)
        return status;
    status = journal_open(&(struct journal_options){.dir = path}, &journal, err);
    if (status == STATUS_BUSY)
        return fail(err, status, "a server uses %s: stop it first", data);
    if (status != STATUS_OK)
        return status;
    if (journal_seq_last(journal) > 0)
        status = fail(err, STATUS_INVALID,
                      "%s: this journal holds records, which belong to another writer's batches: "
                      "take a new folder",
                      data);
    if (status == STATUS_OK)
        status = store_kind_settle(data, "dynamodb", err);
    if (status == STATUS_OK)
        memcpy(out, journal_id(journal), STORE_JOURNAL_ID_BYTES);
    journal_close(journal);
    return status;
}

/* What is lost is said, and the lost journal named by whoever is sure. */
static enum status confirm(const struct arguments *arguments, uint64_t number,
                           const struct dynamodb_writer_state *state,
                           uint8_t old_id[STORE_JOURNAL_ID_BYTES], struct error *err)
{
    char line[80];
    const char *given = argument_text(arguments, "journal");
    if (given == NULL && isatty(STDIN_FILENO) != 1)
        return fail_usage(arguments, err,
                          "which journal is lost? --journal ID; footfall dynamodb check "
                          "--dynamodb-writer %" PRIu64 " shows it",
                          number);
    if (given == NULL) {
        printf("Writer %" PRIu64 " is journal %s; batch %" PRIu64 " claimed, %" PRIu64 " applied.\n"
               "What that journal acknowledged and did not give to the table is lost for good by "
               "taking over.\nIf its disk can still be read, start a server on it instead.\n"
               "Type the journal's id to take over: ",
               number, state->journal_id, state->claimed, state->applied);
        (void)fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            line[0] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        given = line;
    }
    if (!read_id(given, old_id))
        return fail_usage(arguments, err, "an id of a journal is 32 hexadecimal digits");
    return STATUS_OK;
}

static enum status take_over(const struct arguments *arguments, const struct place *place,
                             uint64_t number, struct error *err)
{
    const char *data = argument_text(arguments, "data");
    struct dynamodb_writer_state state = {0};
    uint8_t old_id[STORE_JOURNAL_ID_BYTES];
    uint8_t new_id[STORE_JOURNAL_ID_BYTES];
    enum status status =
        dynamodb_store_read_writer(place->dynamodb, place->table, (uint32_t)number, &state, err);
    if (status != STATUS_OK)
        return status;
    if (!state.exists)
        return fail(err, STATUS_NOT_FOUND,
                    "writer %" PRIu64 " of table %s is nobody's: a server may simply start with it",
                    number, place->table);
    status = confirm(arguments, number, &state, old_id, err);
    if (status == STATUS_OK)
        status = own_journal(data, new_id, err);
    if (status == STATUS_OK)
        status = dynamodb_store_takeover(place->dynamodb, place->table, (uint32_t)number, old_id,
                                         new_id, err);
    if (status != STATUS_OK)
        return status;
    printf("writer %" PRIu64
           " of table %s is now the journal in %s and goes on behind batch %" PRIu64
           ".\nLost is what journal %s had acknowledged and not given to the table. If it comes "
           "back, it halts.\n",
           number, place->table, data, state.claimed, state.journal_id);
    return said(err);
}

static int run_takeover(const struct arguments *arguments)
{
    struct error error;
    struct place place = {0};
    uint64_t number = 0;
    umask(077);
    enum status status = argument_number(arguments, "dynamodb-writer", 1, DYNAMODB_STORE_WRITER_MAX,
                                         &number, &error);
    if (status == STATUS_OK && number == 0)
        status = fail_usage(arguments, &error, "which writer? --dynamodb-writer N");
    if (status == STATUS_OK)
        status = place_open(arguments, &place, &error);
    if (status == STATUS_OK)
        status = take_over(arguments, &place, number, &error);
    place_close(&place);
    return end(status, &error);
}

static const struct command takeover = {
    .name = "takeover",
    .summary = "Give the writer of a lost disk to a new data folder.",
    .usage = (const char *const[]){"--dynamodb-writer N [--data DIR] [--journal ID]", NULL},
    .text = "A writer's number belongs to a journal. When the disk with that journal is lost for "
            "good, this gives the number to the journal in DIR, which goes on behind the last "
            "batch that was claimed. What the lost journal had acknowledged and not given to the "
            "table is lost.\n\n"
            "It is done only if the writer is still the journal's that was named, so two people "
            "cannot take over from each other by mistake. Exit code 0: DIR is the writer; 1: it "
            "is not.",
    .flags = (const struct flag *const[]){TABLE_FLAGS, &flag_writer, &flag_new_data, &flag_journal,
                                          NULL},
    .run = run_takeover,
};

/* ---- adopt ---- */

struct adopted {
    struct long_work work;
    uint64_t seen;
    uint64_t put;
};

static enum status count_adopted(void *context, uint64_t seen, uint64_t put, struct error *err)
{
    struct adopted *adopted = context;
    uint64_t more = seen - adopted->seen;
    adopted->seen = seen;
    adopted->put = put;
    return long_work_step(&adopted->work, more, err);
}

static int run_adopt(const struct arguments *arguments)
{
    struct error error;
    struct place place;
    struct adopted adopted = {0};
    long_work_catch_signals();
    enum status status = place_open(arguments, &place, &error);
    long_work_begin(&adopted.work, "adopting", "listing-days", 0);
    if (status == STATUS_OK)
        status = dynamodb_table_adopt(place.channel, place.table, count_adopted, &adopted, &error);
    long_work_end(&adopted.work);
    if (status == STATUS_OK) {
        printf("%" PRIu64 " listing-days, of which %" PRIu64 " had not been listed by day\n",
               adopted.seen, adopted.put);
        status = said(&error);
    }
    place_close(&place);
    return end(status, &error);
}

static const struct command adopt = {
    .name = "adopt",
    .summary = "List by day what another application wrote.",
    .usage = (const char *const[]){"[--dynamodb-table NAME] [--region REGION]", NULL},
    .text = "Listing-days that another application wrote count from the start, but questions about "
            "all of a user's listings find them only when they are listed by day. This lists those "
            "that are not. It reads all keys of the table, once; it may be interrupted and "
            "repeated, and nodes may run meanwhile.",
    .flags = (const struct flag *const[]){TABLE_FLAGS, NULL},
    .run = run_adopt,
};

const struct command command_dynamodb = {
    .name = "dynamodb",
    .summary = "The table that nodes share: create-table, check, takeover, adopt.",
    .usage = (const char *const[]){"create-table|check|takeover|adopt [flags]", NULL},
    .text = "docs/operations/dynamodb.md explains tables, writers, and what to do when one halts.",
    .subcommands =
        (const struct command *const[]){&create_table, &check_table, &takeover, &adopt, NULL},
};
