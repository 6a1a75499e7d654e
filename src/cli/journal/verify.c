/*
 * verify.c - footfall verify and footfall journal verify: is it whole, and does it fit together?
 *
 * One walk over the journal gives its findings and checks what each record means: that it can be
 * decoded, and that seals number the batches as the store has them. Then positions are compared:
 *
 *     journal    [ seq_begin ......... seq_last ]
 *     store             ^ has what stands up to here: not before seq_begin - 1, not after seq_last
 *
 * A torn tail is told and is no damage: it is what a crash leaves, and the next start cuts it off.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/journal/tools.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/journal/data_folder.h"
#include "cli/long_work.h"
#include "engine/dedupe_files.h"
#include "engine/store_kind.h"
#include "model/record.h"
#include "present/json_writer.h"
#include "store/sqlite/check.h"

enum {
    FINDINGS_LISTED_MAX = 1000,     /* in JSON; text is printed as it comes */
    STORE_FINDINGS_LISTED_MAX = 100 /* in both: one damaged page can make very many */
};

struct verify {
    const struct journal_tool_options *options;
    struct data_folder folder;
    struct bytes json_bytes; /* the findings' array */
    struct json_writer json;
    uint64_t problems;
    uint64_t listed;
    uint64_t batch_due; /* the number of the next seal behind the store's position; 0: not known */
    struct inspect_totals totals;
    uint64_t hours; /* files of fingerprints, and fingerprints in them */
    uint64_t ids;
    bool has_ids;
    bool has_checked; /* the store's content was looked at */
    struct store_checked checked;
    uint64_t store_problems;
    struct long_work work;
};

/* What is wrong at a place within the data folder. */
struct problem {
    const char *kind;
    const char *file;
    uint64_t offset;
    uint64_t lost_first;
    uint64_t lost_last;
    bool harmless;
};

static void tell_json(struct verify *verify, const struct problem *problem, const char *words)
{
    struct json_writer *json = &verify->json;
    if (verify->listed++ >= FINDINGS_LISTED_MAX)
        return;
    json_put_object(json);
    json_put_key(json, "kind");
    json_put_string(json, problem->kind);
    json_put_key(json, "damage");
    json_put_bool(json, !problem->harmless);
    json_put_key(json, "file");
    json_put_string(json, problem->file);
    json_put_key(json, "offset");
    json_put_u64(json, problem->offset);
    if (problem->lost_first != 0) {
        json_put_key(json, "lostFirst");
        json_put_u64(json, problem->lost_first);
        json_put_key(json, "lostLast");
        json_put_u64(json, problem->lost_last);
    }
    json_put_key(json, "message");
    json_put_string(json, words);
    json_put_object_end(json);
}

static void tell(struct verify *verify, const struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct verify *verify, const struct problem *problem, const char *format, ...)
{
    char words[ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    verify->problems += !problem->harmless;
    if (verify->options->json) {
        tell_json(verify, problem, words);
        return;
    }
    printf("%s (%s): %s at byte %" PRIu64 ": %s", problem->harmless ? "note" : "DAMAGE",
           problem->kind, problem->file, problem->offset, words);
    if (problem->lost_first != 0)
        printf("; records %" PRIu64 " to %" PRIu64 " cannot be read", problem->lost_first,
               problem->lost_last);
    putchar('\n');
}

/* ---- the journal ---- */

static enum status on_finding(void *context, const struct finding *finding, struct error *err)
{
    (void)err;
    char file[SEGMENT_NAME_BYTES + 8];
    snprintf(file, sizeof file, "journal/%s", finding->file);
    struct problem problem = {.kind = finding_name(finding->kind),
                              .file = file,
                              .offset = finding->offset,
                              .lost_first = finding->lost_first,
                              .lost_last = finding->lost_last,
                              .harmless = finding->kind == FINDING_TORN_TAIL};
    tell(context, &problem, "%s", finding->words);
    return STATUS_OK;
}

/* Whether every entry can be decoded. */
static enum status decode(struct text record, struct record_head *head, struct error *err)
{
    enum status status = record_head_decode(record, head, err);
    if (status != STATUS_OK || head->kind != RECORD_GROUP)
        return status;
    const uint8_t *from = (const uint8_t *)record.at + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)record.at + record.len;
    while (status == STATUS_OK && from < end) {
        struct entry entry;
        status = entry_decode(&from, end, &entry, err);
    }
    return status;
}

static void check_seal(struct verify *verify, const struct found_record *record,
                       const struct record_head *head, const struct problem *problem)
{
    const struct store_position *position = &verify->folder.store.position;
    if (verify->folder.store_status == STATUS_OK && record->seq == position->seq &&
        head->batch != position->batch)
        tell(verify, problem,
             "record %" PRIu64 " seals batch %" PRIu64 ", which the store has as batch %" PRIu64,
             record->seq, head->batch, position->batch);
    if (verify->folder.store_status == STATUS_OK && record->seq <= position->seq)
        return;
    if (verify->batch_due != 0 && head->batch != verify->batch_due)
        tell(verify, problem,
             "record %" PRIu64 " seals batch %" PRIu64 " where batch %" PRIu64 " is due",
             record->seq, head->batch, verify->batch_due);
    verify->batch_due = head->batch + 1;
}

static enum status on_record(void *context, const struct found_record *record, struct error *err)
{
    (void)err;
    struct verify *verify = context;
    struct record_head head = {0};
    struct error error;
    char file[SEGMENT_NAME_BYTES + 8];
    snprintf(file, sizeof file, "journal/%s", record->file);
    struct problem problem = {.kind = "content", .file = file, .offset = record->offset};
    if (decode(record->payload, &head, &error) != STATUS_OK) {
        tell(verify, &problem, "record %" PRIu64 ": %.400s", record->seq, error.message);
        return STATUS_OK;
    }
    problem.kind = "seal";
    if (head.kind == RECORD_SEAL)
        check_seal(verify, record, &head, &problem);
    return STATUS_OK;
}

static enum status check_journal(struct verify *verify, struct error *err)
{
    struct data_folder *folder = &verify->folder;
    if (folder->inspection == NULL) {
        struct problem problem = {.kind = "missing", .file = "journal"};
        tell(verify, &problem, "there is no segment; the store follows one");
        return STATUS_OK;
    }
    if (folder->store_status == STATUS_OK)
        verify->batch_due = folder->store.position.batch + 1;
    const struct inspect_visitor visitor = {on_record, on_finding, verify};
    enum status status = inspect_walk(folder->inspection, &visitor, err);
    inspect_get_totals(folder->inspection, &verify->totals);
    return status;
}

/* ---- the store ---- */

static void check_position(struct verify *verify)
{
    const struct inspect_totals *totals = &verify->totals;
    uint64_t seq = verify->folder.store.position.seq;
    uint64_t last = totals->seq_last;
    struct problem problem = {.kind = "store_position", .file = "footfall.db"};
    if (totals->seq_begin > 0 && last < totals->seq_begin - 1)
        last = totals->seq_begin - 1;
    if (seq > last)
        tell(verify, &problem,
             "the store has what stands up to record %" PRIu64
             ", and the journal's last is %" PRIu64
             ": the journal's newest segments are missing, or it is older than the store",
             seq, last);
    problem.lost_first = seq + 1;
    problem.lost_last = totals->seq_begin - 1;
    if (totals->seq_begin != 0 && seq + 1 < totals->seq_begin)
        tell(verify, &problem,
             "the store ends at record %" PRIu64 ", and the journal begins at %" PRIu64
             ": the store is older than the journal, or the journal's oldest segments are missing",
             seq, totals->seq_begin);
}

static void check_store(struct verify *verify)
{
    const struct data_folder *folder = &verify->folder;
    struct problem problem = {.kind = "store", .file = "footfall.db"};
    if (folder->store_status == STATUS_OK)
        check_position(verify);
    else if (folder->store_status != STATUS_NOT_FOUND)
        tell(verify, &problem, "%.400s", folder->store_error.message);
    else if (verify->totals.seq_begin > 1)
        tell(verify, &problem,
             "there is no store, and the journal begins at record %" PRIu64
             ": what was recorded before was only in the store",
             verify->totals.seq_begin);
}

/* ---- what stands in the store ---- */

static void on_store_problem(void *context, enum store_problem kind, const char *words)
{
    static const char *const kinds[] = {
        [STORE_PAGES] = "store_pages", [STORE_BLOCK] = "store_block", [STORE_SUMS] = "store_sums"};
    struct verify *verify = context;
    struct problem problem = {.kind = kinds[kind], .file = "footfall.db"};
    long_work_end(&verify->work);
    if (verify->store_problems++ < STORE_FINDINGS_LISTED_MAX)
        tell(verify, &problem, "%s", words);
    else
        verify->problems++;
}

static enum status on_store_step(void *context, uint64_t blocks, struct error *err)
{
    struct verify *verify = context;
    return long_work_step(&verify->work, blocks, err);
}

static enum status check_store_content(struct verify *verify, struct error *err)
{
    const struct store_check_visitor visitor = {on_store_problem, on_store_step, verify};
    struct problem problem = {.kind = "store", .file = "footfall.db"};
    struct error error;
    if (verify->folder.store_status != STATUS_OK && verify->folder.store_status != STATUS_FOREIGN)
        return STATUS_OK; /* said already */
    long_work_begin(&verify->work, "comparing totals with cells", "blocks", 0);
    enum status status =
        sqlite_store_check(verify->folder.store_path, &visitor, &verify->checked, &error);
    long_work_end(&verify->work);
    verify->has_checked = true;
    if (verify->store_problems > STORE_FINDINGS_LISTED_MAX && !verify->options->json)
        printf("... and %" PRIu64 " more in the store\n",
               verify->store_problems - STORE_FINDINGS_LISTED_MAX);
    if (status == STATUS_CORRUPT) {
        tell(verify, &problem, "%.400s", error.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *err = error;
    return status;
}

/* ---- the fingerprints ---- */

static enum status on_ids(void *context, int64_t hour, const uint64_t *fingerprints, size_t count,
                          struct error *err)
{
    (void)hour;
    (void)fingerprints;
    (void)err;
    struct verify *verify = context;
    verify->ids += count;
    return STATUS_OK;
}

static void on_damaged_hour(void *context, int64_t hour, const struct error *error)
{
    char file[48];
    snprintf(file, sizeof file, "dedupe/%" PRId64 ".ids", hour);
    const char *at = strstr(error->message, " at byte ");
    struct problem problem = {.kind = "fingerprints",
                              .file = file,
                              .offset = at == NULL ? 0 : strtoull(at + 9, NULL, 10)};
    tell(context, &problem, "%.400s", error->message);
}

static enum status check_fingerprints(struct verify *verify, struct error *err)
{
    const struct data_folder *folder = &verify->folder;
    struct dedupe_files *files = NULL;
    struct error error;
    struct problem problem = {.kind = "fingerprints", .file = "dedupe/seed"};

    enum status status = dedupe_files_open_as_is(folder->dedupe, folder->id, &files, &error);
    if (status == STATUS_OK) {
        verify->has_ids = true;
        status = dedupe_files_load_readable(files, on_ids, on_damaged_hour, verify, &error);
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        problem.harmless = true;
        if (folder->store_status == STATUS_OK && folder->store.position.batch > 0)
            tell(verify, &problem,
                 "there are no fingerprints: ids that the store has count again when they are sent "
                 "again");
    } else if (status == STATUS_CORRUPT || status == STATUS_FOREIGN) {
        status = STATUS_OK;
        tell(verify, &problem, "%.400s", error.message);
    }
    dedupe_files_close(files);
    if (status != STATUS_OK)
        *err = error;
    return status;
}

/* ---- the answer ---- */

static const char remedy[] =
    "Restore the whole data folder from a backup, or keep everything that can still be read: "
    "footfall journal salvage --data DIR --to NEWDIR";

static void sum_up_text(const struct verify *verify)
{
    const struct inspect_totals *totals = &verify->totals;
    const struct data_folder *folder = &verify->folder;
    char id[JOURNAL_ID_WORDS_BYTES];
    journal_id_words(folder->id, id);
    printf("journal       id %s, segments %" PRIu64 ", records %" PRIu64, id, totals->segments,
           totals->records);
    if (totals->records > 0)
        printf(" (%" PRIu64 " to %" PRIu64 "), bytes %" PRIu64, totals->seq_first, totals->seq_last,
               totals->record_bytes);
    if (totals->torn_bytes > 0)
        printf(", torn tail %" PRIu64 " bytes", totals->torn_bytes);
    if (folder->store_status == STATUS_OK)
        printf("\nstore         batch %" PRIu64 ", has what stands up to record %" PRIu64,
               folder->store.position.batch, folder->store.position.seq);
    else
        printf("\nstore         %s",
               folder->store_status == STATUS_NOT_FOUND ? "none" : "not usable");
    if (verify->has_checked)
        printf("\n              %" PRIu64 " month blocks, %" PRIu64
               " cell blocks read; totals and cells compared for %" PRIu64 " listing-days; %" PRIu64
               " inquiries, details of %" PRIu64 " listings",
               verify->checked.month_blocks, verify->checked.cell_blocks,
               verify->checked.listing_days, verify->checked.inquiries, verify->checked.listings);
    if (verify->has_ids)
        printf("\nfingerprints  %" PRIu64 "\n", verify->ids);
    else
        printf("\nfingerprints  none\n");
    if (verify->problems == 0)
        puts("Everything is as it should be.");
    else
        printf("%" PRIu64 " found. %s\n", verify->problems, remedy);
}

static void put_checked(struct json_writer *json, const struct store_checked *checked)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"monthBlocks", checked->month_blocks},
                   {"cellBlocks", checked->cell_blocks},
                   {"listingDays", checked->listing_days},
                   {"inquiries", checked->inquiries},
                   {"listings", checked->listings}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_put_key(json, numbers[i].name);
        json_put_u64(json, numbers[i].value);
    }
}

static enum status sum_up_json(struct verify *verify, struct error *err)
{
    const struct inspect_totals *totals = &verify->totals;
    const struct data_folder *folder = &verify->folder;
    struct bytes bytes = {0};
    struct json_writer json = {.out = &bytes};
    char id[JOURNAL_ID_WORDS_BYTES];
    journal_id_words(folder->id, id);

    json_put_object(&json);
    json_put_key(&json, "clean");
    json_put_bool(&json, verify->problems == 0);
    json_put_key(&json, "journal");
    json_put_object(&json);
    json_put_key(&json, "id");
    json_put_string(&json, id);
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"segments", totals->segments},        {"records", totals->records},
                   {"firstRecord", totals->seq_first},    {"lastRecord", totals->seq_last},
                   {"recordBytes", totals->record_bytes}, {"tornBytes", totals->torn_bytes}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_put_key(&json, numbers[i].name);
        json_put_u64(&json, numbers[i].value);
    }
    json_put_object_end(&json);
    json_put_key(&json, "store");
    if (folder->store_status == STATUS_OK) {
        json_put_object(&json);
        json_put_key(&json, "batch");
        json_put_u64(&json, folder->store.position.batch);
        json_put_key(&json, "record");
        json_put_u64(&json, folder->store.position.seq);
        if (verify->has_checked)
            put_checked(&json, &verify->checked);
        json_put_object_end(&json);
    } else {
        json_put_null(&json);
    }
    json_put_key(&json, "fingerprints");
    if (verify->has_ids)
        json_put_u64(&json, verify->ids);
    else
        json_put_null(&json);
    json_put_key(&json, "problems");
    json_put_u64(&json, verify->problems);
    json_put_key(&json, "findings");
    json_put_raw(&json, (struct text){(const char *)verify->json_bytes.at, verify->json_bytes.len});
    if (verify->problems > 0) {
        json_put_key(&json, "remedy");
        json_put_string(&json, remedy);
    }
    json_put_object_end(&json);
    enum status status = STATUS_OK;
    if (json.failed || verify->json.failed)
        status = fail(err, STATUS_NO_MEMORY, "no memory for the answer");
    else
        printf("%.*s\n", (int)bytes.len, (const char *)bytes.at);
    bytes_done(&bytes);
    return status;
}

enum status journal_verify(const struct journal_tool_options *options, bool *damaged,
                           struct error *err)
{
    struct verify verify = {.options = options};
    verify.json.out = &verify.json_bytes;
    json_put_array(&verify.json);
    enum status status = store_kind_need_sqlite(
        options->data,
        "footfall journal dump reads all of the journal, footfall dynamodb check the table", err);
    if (status == STATUS_OK)
        status = data_folder_open(options->data, &verify.folder, err);
    if (status == STATUS_OK)
        status = check_journal(&verify, err);
    if (status == STATUS_OK)
        check_store(&verify);
    if (status == STATUS_OK && options->whole_store)
        status = check_store_content(&verify, err);
    if (status == STATUS_OK)
        status = check_fingerprints(&verify, err);
    json_put_array_end(&verify.json);
    if (status == STATUS_OK && options->json)
        status = sum_up_json(&verify, err);
    else if (status == STATUS_OK)
        sum_up_text(&verify);
    *damaged = verify.problems > 0;
    bytes_done(&verify.json_bytes);
    data_folder_close(&verify.folder);
    return status;
}
