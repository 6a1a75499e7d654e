/*
 * record.c - footfall record: one event, as a program would send it.
 *
 * What is wrong with an event is the server's to say; here is only refused what could not be sent
 * as it stands: words that are not UTF-8, an inquiry that is no JSON object.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "ingest/json_cursor.h"
#include "present/json_writer.h"

enum {
    INQUIRY_FILE_BYTES_MAX = 64 * 1024, /* far over what an event may carry */
    INQUIRY_LEVELS_MAX = 64
};

static const struct flag flag_platform = {
    .name = "platform",
    .value = "NAME",
    .help = "Where it happened: facebook, instagram, linkedin, or another that the server knows.",
};
static const struct flag flag_source = {
    .name = "source",
    .value = "NAME",
    .help = "What led there: newsletter, qr-code, website.",
};
static const struct flag flag_at = {
    .name = "at",
    .value = "TIME",
    .help = "When it happened: 2026-03-01T08:15:00Z, or milliseconds since 1970. Without it: now.",
};
static const struct flag flag_id = {
    .name = "id",
    .value = "ID",
    .help = "The event's id: an event that is sent again with its id counts once.",
};
static const struct flag flag_visitor = {
    .name = "visitor",
    .value = "TOKEN",
    .help = "An opaque word for who it was; no name, no address.",
};
static const struct flag flag_inquiry = {
    .name = "inquiry",
    .value = "JSON",
    .help = "What was asked, a JSON object, kept as it is written here.",
};
static const struct flag flag_inquiry_file = {
    .name = "inquiry-file",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "The same from a file; - is standard input.",
};
static const struct flag flag_json = {
    .name = "json",
    .help = "Prints the server's answer.",
};

#define EVENT_FLAGS                                                                                \
    &flag_platform, &flag_source, &flag_at, &flag_id, &flag_visitor, &flag_json, &flag_url,        \
        &flag_data, &flag_key_file
static const struct flag *const event_flags[] = {EVENT_FLAGS, NULL};
static const struct flag *const inquiry_flags[] = {&flag_inquiry, &flag_inquiry_file, EVENT_FLAGS,
                                                   NULL};

/* ---- the inquiry ---- */

static enum status read_inquiry_file(const char *path, struct bytes *out, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL)
        return fail_errno(err, "--inquiry-file %s", path);
    enum status status = STATUS_OK;
    if (!bytes_reserve(out, INQUIRY_FILE_BYTES_MAX + 1))
        status = fail(err, STATUS_NO_MEMORY, "no memory for the inquiry");
    else
        out->len = fread(out->at, 1, INQUIRY_FILE_BYTES_MAX + 1, file);
    if (status == STATUS_OK && ferror(file))
        status = fail_errno(err, "--inquiry-file %s", path);
    if (status == STATUS_OK && out->len > INQUIRY_FILE_BYTES_MAX)
        status = fail_input(err, "usage", "inquiry", "--inquiry-file %s: over %d bytes", path,
                            INQUIRY_FILE_BYTES_MAX);
    if (!is_stdin)
        fclose(file);
    return status;
}

/* One JSON object, as the server reads it: it becomes a part of the event as it stands. */
static enum status check_inquiry(const struct arguments *arguments, struct text json,
                                 struct error *err)
{
    struct error why = {.message = "it is nested too deeply"};
    struct json_cursor cursor = json_cursor_of((char *)json.at, json.len); /* changes no byte */
    json_skip_space(&cursor);
    bool is_object = json_is(&cursor, '{');
    enum status status = json_skip_value(&cursor, INQUIRY_LEVELS_MAX, &why);
    if (status == STATUS_OK)
        status = json_only_space_left(&cursor, &why);
    if (status != STATUS_OK)
        return fail_usage(arguments, err, "the inquiry is not JSON: %s", why.message);
    if (!is_object)
        return fail_usage(arguments, err, "the inquiry must be a JSON object: {\"name\":\"...\"}");
    return STATUS_OK;
}

/* Absent when there is none. The text is one JSON object. */
static enum status find_inquiry(const struct arguments *arguments, struct bytes *buffer,
                                struct text *out, struct error *err)
{
    *out = (struct text){NULL, 0};
    if (arguments->command->flags != inquiry_flags)
        return STATUS_OK;
    const char *text = argument_text(arguments, "inquiry");
    const char *path = argument_text(arguments, "inquiry-file");
    if (text != NULL && path != NULL)
        return fail_usage(arguments, err,
                          "--inquiry and --inquiry-file are both given: which is "
                          "it?");
    if (text == NULL && path == NULL)
        return STATUS_OK;
    if (path != NULL) {
        enum status status = read_inquiry_file(path, buffer, err);
        if (status != STATUS_OK)
            return status;
    }
    struct text json =
        path == NULL ? text_of(text) : (struct text){(const char *)buffer->at, buffer->len};
    enum status status = check_inquiry(arguments, json, err);
    if (status == STATUS_OK)
        *out = json;
    return status;
}

/* ---- the event ---- */

static void put(struct json_writer *writer, const char *key, const char *value)
{
    if (value == NULL)
        return;
    json_put_key(writer, key);
    json_put_string(writer, value);
}

/* Digits alone are milliseconds, and go as a number. */
static void put_time(struct json_writer *writer, const char *value)
{
    if (value == NULL)
        return;
    char *end = NULL;
    errno = 0;
    long long ms = strtoll(value, &end, 10);
    bool is_number = errno == 0 && *end == '\0' && value[0] >= '0' && value[0] <= '9';
    json_put_key(writer, "timestamp");
    if (is_number)
        json_put_i64(writer, ms);
    else
        json_put_string(writer, value);
}

/* What is not UTF-8 could only be sent as something else. */
static enum status check_words(const struct arguments *arguments, struct error *err)
{
    static const char *const names[] = {"platform", "source", "at", "id", "visitor"};
    for (size_t i = 0; i < arguments->operand_count; i++)
        if (!g_utf8_validate(arguments->operands[i], -1, NULL))
            return fail_usage(arguments, err, "USER and LISTING must be UTF-8");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = argument_text(arguments, names[i]);
        if (value != NULL && !g_utf8_validate(value, -1, NULL))
            return fail_usage(arguments, err, "--%s must be UTF-8", names[i]);
    }
    return STATUS_OK;
}

static enum status write_event(const struct arguments *arguments, struct text inquiry,
                               struct bytes *out, struct error *err)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    put(&writer, "userId", arguments->operands[0]);
    put(&writer, "listingId", arguments->operands[1]);
    put(&writer, "eventType", arguments->command->name);
    put(&writer, "platform", argument_text(arguments, "platform"));
    put(&writer, "source", argument_text(arguments, "source"));
    put_time(&writer, argument_text(arguments, "at"));
    put(&writer, "id", argument_text(arguments, "id"));
    put(&writer, "visitor", argument_text(arguments, "visitor"));
    if (inquiry.at != NULL) {
        json_put_key(&writer, "inquiry");
        json_put_raw(&writer, inquiry);
    }
    json_put_object_end(&writer);
    if (writer.failed)
        return fail(err, STATUS_NO_MEMORY, "no memory for the event");
    return STATUS_OK;
}

/* ---- the commands ---- */

static void say(const struct arguments *arguments, json_t *answer)
{
    if (argument_is_on(arguments, "json")) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (json_integer_value(json_object_get(answer, "recorded")) == 1) {
        printf("recorded\n");
    } else {
        printf("this id is recorded already; it still counts once\n");
    }
}

static int run_record(const struct arguments *arguments)
{
    struct bytes inquiry_bytes = {0};
    struct bytes event = {0};
    struct text inquiry;
    struct target *target = NULL;
    struct error error;
    json_t *answer = NULL;

    enum status status = check_words(arguments, &error);
    if (status == STATUS_OK)
        status = find_inquiry(arguments, &inquiry_bytes, &inquiry, &error);
    if (status == STATUS_OK)
        status = write_event(arguments, inquiry, &event, &error);
    if (status == STATUS_OK)
        status = target_open(arguments, &target, &error);
    if (status == STATUS_OK)
        status = target_send(target, "POST", "/v1/events", "application/json", event.at, event.len,
                             &answer, &error);
    int code = target_finish(target, status, &error);
    if (code == EXIT_DONE)
        say(arguments, answer);
    json_decref(answer);
    bytes_done(&inquiry_bytes);
    bytes_done(&event);
    return code;
}

static const char *const event_usage[] = {"USER LISTING [flags]", NULL};

static const struct command view = {
    .name = "view",
    .summary = "Record that somebody looked at a listing.",
    .usage = event_usage,
    .flags = event_flags,
    .operands_min = 2,
    .operands_max = 2,
    .run = run_record,
};

static const struct command share = {
    .name = "share",
    .summary = "Record that somebody passed a listing on.",
    .usage = event_usage,
    .flags = event_flags,
    .operands_min = 2,
    .operands_max = 2,
    .run = run_record,
};

static const struct command inquiry = {
    .name = "inquiry",
    .summary = "Record that somebody asked about a listing.",
    .usage = event_usage,
    .flags = inquiry_flags,
    .operands_min = 2,
    .operands_max = 2,
    .run = run_record,
};

const struct command command_record = {
    .name = "record",
    .summary = "Record one view, share or inquiry.",
    .usage = (const char *const[]){"view|share|inquiry USER LISTING [flags]", NULL},
    .text = "When the command ends with 0 the event is durable. Many events at once go faster "
            "by footfall import, or through the HTTP API, as an array or NDJSON.\n"
            "\n"
            "  footfall record view agent-7 listing-123 --platform facebook\n"
            "  footfall record inquiry agent-7 listing-123 --inquiry '{\"name\":\"Ada\"}'",
    .subcommands = (const struct command *const[]){&view, &share, &inquiry, NULL},
};
