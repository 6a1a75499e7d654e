/*
 * ndjson_test.c - a stream gives the same events however it is cut.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include "ingest/ndjson.h"

#define LINE(user) "{\"userId\":\"" user "\",\"listingId\":\"l\",\"eventType\":\"view\"}"

static uint64_t list_lines[EVENTS_MAX];

/* What came out of a stream, as text: "3:user " for an event, "4!code " for a bad line. */
struct outcome {
    struct ndjson stream;
    struct event_list list;
    struct bytes events;
};

static void start(struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    ndjson_init(&outcome->stream);
}

static void stop(struct outcome *outcome)
{
    ndjson_done(&outcome->stream);
    event_list_done(&outcome->list);
    bytes_done(&outcome->events);
}

/* Writes down the events of the last call, whose texts are about to go, and empties the list. */
static void note_events(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->list.count; i++) {
        char line[32];
        struct text user = outcome->list.at[i].user_id;
        int len = snprintf(line, sizeof line, "%llu:", (unsigned long long)list_lines[i]);
        assert_true(bytes_append(&outcome->events, line, (size_t)len));
        assert_true(bytes_append(&outcome->events, user.at, user.len));
        assert_true(bytes_append(&outcome->events, " ", 1));
    }
    event_list_clear(&outcome->list);
}

static void feed(struct outcome *outcome, const char *piece, size_t len)
{
    struct event_rules rules = unit_rules();
    char *copy = unit_exact_copy(piece, len);
    for (size_t at = 0; at < len;) {
        struct error err;
        size_t taken = SIZE_MAX;
        ASSERT_OK(ndjson_read(&outcome->stream, copy + at, len - at, &rules, &outcome->list,
                              list_lines, &taken, &err),
                  err);
        assert_true(taken > 0 && taken <= len - at);
        at += taken;
        note_events(outcome);
    }
    free(copy);
}

/* Ends the stream; the caller frees what came out of it. */
static char *finish(struct outcome *outcome)
{
    struct event_rules rules = unit_rules();
    struct error err;
    ASSERT_OK(ndjson_end(&outcome->stream, &rules, &outcome->list, list_lines, &err), err);
    note_events(outcome);
    for (size_t i = 0; i < outcome->stream.error_count; i++) {
        const struct ndjson_error *error = &outcome->stream.errors[i];
        char words[700];
        int len = snprintf(words, sizeof words, "%llu!%s@%lld", (unsigned long long)error->line,
                           error->code, (long long)error->offset);
        if (error->field.len > 0)
            len += snprintf(words + len, sizeof words - (size_t)len, "(%.*s)",
                            TEXT_ARGS(error->field));
        assert_true(error->message.len > 0);
        assert_true(bytes_append(&outcome->events, words, (size_t)len));
        assert_true(bytes_append(&outcome->events, " ", 1));
    }
    assert_true(bytes_append(&outcome->events, "", 1));
    char *text = strdup((char *)outcome->events.at);
    assert_non_null(text);
    return text;
}

TEST(lines_become_events_and_bad_ones_are_named)
{
    static const struct {
        const char *name;
        const char *stream;
        const char *want;
        uint64_t lines;
    } rows[] = {
        {"nothing", "", "", 0},
        {"one line", LINE("a") "\n", "1:a ", 1},
        {"a last line without an end", LINE("a") "\n" LINE("b"), "1:a 2:b ", 2},
        {"CR LF", LINE("a") "\r\n" LINE("b") "\r\n", "1:a 2:b ", 2},
        {"a last CR without LF", LINE("a") "\r", "1:a ", 1},
        {"blank lines are numbered", "\n\r\n \t\n" LINE("a") "\n\n" LINE("b"), "4:a 6:b ", 6},
        {"white space around", " \t" LINE("a") " \r\n", "1:a ", 1},
        {"a bad line does not stop", "x\n" LINE("a") "\n{\"userId\":1}\n" LINE("b") "\n",
         "2:a 4:b 1!invalid_json@0 3!wrong_type@10(userId) ", 4},
        {"two events on a line", LINE("a") LINE("b") "\n" LINE("c"), "2:c 1!invalid_json@49 ", 2},
        {"an event over two lines",
         "{\"userId\":\"a\",\n\"listingId\":\"l\",\"eventType\":\"view\"}\n",
         "1!invalid_json@14 2!wrong_type@0 ", 2},
        {"an array is no line", "[" LINE("a") "]\n", "1!wrong_type@0 ", 1},
        {"a byte order mark", "\xef\xbb\xbf" LINE("a") "\n" LINE("b"), "2:b 1!invalid_json@0 ", 2},
        {"a string over the line's end", "{\"userId\":\"a\n" LINE("b"), "2:b 1!invalid_json@12 ",
         2},
        {"a string over the line's CR LF", "{\"userId\":\"a\r\n" LINE("b"),
         "2:b 1!invalid_json@12 ", 2},
        {"a CR inside", "\r" LINE("a") "\r\r\n", "1:a ", 1},
        {"the last line is bad", LINE("a") "\n{", "1:a 2!invalid_json@1 ", 2},
        {"a mistyped field", LINE("a") "\n{\"listingID\":1}\n", "1:a 2!unknown_field@1(listingID) ",
         2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome;
        start(&outcome);
        feed(&outcome, rows[i].stream, strlen(rows[i].stream));
        char *got = finish(&outcome);
        ROW(strcmp(got, rows[i].want) == 0, rows[i].name, "got %s", got);
        ROW(outcome.stream.line == rows[i].lines, rows[i].name, "line %llu",
            (unsigned long long)outcome.stream.line);
        ROW(outcome.stream.rejected == outcome.stream.error_count, rows[i].name, "rejected %llu",
            (unsigned long long)outcome.stream.rejected);
        free(got);
        stop(&outcome);
    }
}

/* A stream with every kind of line; the caller frees it. */
static char *mixed_stream(size_t *len)
{
    static const char stream[] = LINE("a") "\n\n" LINE(
        "b\\u00e9\xf0\x9f\x98\x80") "\r\n{\"userId\":\"\\ud800\"}\n"
                                    "{\"userId\":\"a#\",\"listingId\":\"l\",\"eventType\":\"view\"}"
                                    "\n \t\r\n"
                                    "{\"userId\":\"c\",\"listingId\":\"l\",\"eventType\":"
                                    "\"inquiry\",\"inquiry\":{\"a\":[1,\"\\n\"]}}\n"
                                    "x\n{\"userId\":\"d\",\"listingId\":\"l\",\"eventType\":"
                                    "\"view\",\"timestamp\":1767225600000}\n" LINE(
                                        "0123456789012345678901234567890") "\n" LINE("e");
    *len = sizeof stream - 1;
    return unit_exact_copy(stream, *len);
}

TEST(a_stream_cut_anywhere_gives_the_same)
{
    size_t len;
    char *stream = mixed_stream(&len);
    struct outcome whole;
    start(&whole);
    feed(&whole, stream, len);
    char *want = finish(&whole);
    assert_non_null(strstr(want, "3:b\xc3\xa9\xf0\x9f\x98\x80 7:c 9:d 10:0123"));

    for (size_t cut = 0; cut <= len; cut++) {
        struct outcome outcome;
        start(&outcome);
        feed(&outcome, stream, cut);
        feed(&outcome, stream + cut, len - cut);
        char *got = finish(&outcome);
        char row[40];
        snprintf(row, sizeof row, "cut at %zu", cut);
        ROW(strcmp(got, want) == 0, row, "got %s", got);
        free(got);
        stop(&outcome);
    }
    for (size_t size = 1; size < 120; size++) {
        struct outcome outcome;
        start(&outcome);
        for (size_t at = 0; at < len; at += size)
            feed(&outcome, stream + at, len - at < size ? len - at : size);
        char *got = finish(&outcome);
        char row[40];
        snprintf(row, sizeof row, "pieces of %zu", size);
        ROW(strcmp(got, want) == 0, row, "got %s", got);
        free(got);
        stop(&outcome);
    }
    free(want);
    stop(&whole);
    free(stream);
}

TEST(a_line_may_be_as_long_as_promised_and_no_longer)
{
    static const struct {
        size_t len;
        const char *end;
        bool good;
    } lines[] = {
        {NDJSON_LINE_BYTES_MAX, "\n", true},        {NDJSON_LINE_BYTES_MAX, "\r\n", true},
        {NDJSON_LINE_BYTES_MAX, "", true},          {NDJSON_LINE_BYTES_MAX + 1, "\n", false},
        {NDJSON_LINE_BYTES_MAX + 1, "\r\n", false}, {NDJSON_LINE_BYTES_MAX + 1, "", false},
        {5 * NDJSON_LINE_BYTES_MAX, "\n", false},
    };
    static const size_t sizes[] = {SIZE_MAX, 64 * 1024, 64 * 1024 + 1, 1000, 7};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t len = lines[i].len + strlen(lines[i].end);
        char *line = malloc(len + 1);
        assert_non_null(line);
        memset(line, ' ', lines[i].len);
        memcpy(line, LINE("a"), strlen(LINE("a")));
        strcpy(line + lines[i].len, lines[i].end);
        bool ended = lines[i].end[0] != '\0';
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            char row[64];
            snprintf(row, sizeof row, "%zu bytes and %zu, in pieces of %zu", lines[i].len,
                     strlen(lines[i].end), sizes[j]);
            struct outcome outcome;
            start(&outcome);
            for (size_t at = 0, size = sizes[j]; at < len; at += size) {
                size = len - at < size ? len - at : size;
                feed(&outcome, line + at, size);
                ROW(outcome.stream.partial.cap + outcome.stream.spare.cap <=
                        4 * NDJSON_LINE_BYTES_MAX,
                    row, "holds %zu bytes", outcome.stream.partial.cap);
            }
            if (ended)
                feed(&outcome, LINE("b"), strlen(LINE("b")));
            char *got = finish(&outcome);
            const char *want = lines[i].good
                                   ? (ended ? "1:a 2:b " : "1:a ")
                                   : (ended ? "2:b 1!line_too_long@-1 " : "1!line_too_long@-1 ");
            ROW(strcmp(got, want) == 0, row, "got %s", got);
            free(got);
            stop(&outcome);
        }
        free(line);
    }
}

TEST(all_bad_lines_are_counted_and_the_first_hundred_described)
{
    struct outcome outcome;
    start(&outcome);
    for (int i = 0; i < 250; i++)
        feed(&outcome, i % 2 == 0 ? "x\n" : "[\n", 2);
    feed(&outcome, LINE("a"), strlen(LINE("a")));
    char *got = finish(&outcome);
    assert_int_equal(250, outcome.stream.rejected);
    assert_int_equal(NDJSON_ERRORS_MAX, outcome.stream.error_count);
    assert_int_equal(100, outcome.stream.errors[99].line);
    assert_true(outcome.stream.arena.held_bytes <= (size_t)NDJSON_ERRORS_MAX * 1024);
    assert_non_null(strstr(got, "251:a "));
    free(got);
    stop(&outcome);
}

TEST(a_full_list_is_handed_back_before_reading_on)
{
    struct event_rules rules = unit_rules();
    struct error err;
    size_t one = strlen(LINE("a") "\n"), count = EVENTS_MAX + 3, len = one * count;
    char *piece = malloc(len);
    assert_non_null(piece);
    for (size_t i = 0; i < count; i++)
        memcpy(piece + i * one, LINE("a") "\n", one);
    struct outcome outcome;
    start(&outcome);
    size_t taken = 0;
    /* the first line comes in two pieces, and ten events are already in the list */
    for (int i = 0; i < 10; i++) {
        assert_non_null(event_list_next(&outcome.list));
        outcome.list.count++;
    }
    ASSERT_OK(
        ndjson_read(&outcome.stream, piece, 10, &rules, &outcome.list, list_lines, &taken, &err),
        err);
    assert_int_equal(10, taken);
    ASSERT_OK(ndjson_read(&outcome.stream, piece + 10, len - 10, &rules, &outcome.list, list_lines,
                          &taken, &err),
              err);
    assert_int_equal(EVENTS_MAX, outcome.list.count);
    assert_int_equal((EVENTS_MAX - 10) * one - 10, taken);
    assert_int_equal(1, list_lines[10]);
    assert_int_equal(EVENTS_MAX - 10, list_lines[EVENTS_MAX - 1]);

    size_t more = SIZE_MAX;
    ASSERT_OK(ndjson_read(&outcome.stream, piece + 10 + taken, len - 10 - taken, &rules,
                          &outcome.list, list_lines, &more, &err),
              err);
    assert_int_equal(0, more);
    event_list_clear(&outcome.list);
    ASSERT_OK(ndjson_read(&outcome.stream, piece + 10 + taken, len - 10 - taken, &rules,
                          &outcome.list, list_lines, &more, &err),
              err);
    assert_int_equal(len - 10 - taken, more);
    assert_int_equal(13, outcome.list.count);
    assert_int_equal(count, list_lines[12]);
    free(piece);
    stop(&outcome);
}

TEST(events_of_one_call_stay_readable_together)
{
    static const char first[] = "{\"userId\":\"cut-",
                      rest[] = "line\",\"listingId\":\"l\",\"eventType\":"
                               "\"view\"}\n" LINE("whole") "\n"
                                                           "{\"userId\":\"ZZZZZZZZZZZZZ";
    struct event_rules rules = unit_rules();
    struct error err;
    struct outcome outcome;
    start(&outcome);
    size_t taken;
    char *one = unit_exact_copy(first, sizeof first - 1);
    ASSERT_OK(ndjson_read(&outcome.stream, one, sizeof first - 1, &rules, &outcome.list, list_lines,
                          &taken, &err),
              err);
    free(one);
    char *two = unit_exact_copy(rest, sizeof rest - 1);
    ASSERT_OK(ndjson_read(&outcome.stream, two, sizeof rest - 1, &rules, &outcome.list, list_lines,
                          &taken, &err),
              err);
    assert_int_equal(sizeof rest - 1, taken);
    assert_int_equal(2, outcome.list.count);
    assert_true(text_is(outcome.list.at[0].user_id, "cut-line"));
    assert_true(text_is(outcome.list.at[1].user_id, "whole"));
    free(two);
    stop(&outcome);
}

UNIT_MAIN(UNIT(lines_become_events_and_bad_ones_are_named),
          UNIT(a_stream_cut_anywhere_gives_the_same),
          UNIT(a_line_may_be_as_long_as_promised_and_no_longer),
          UNIT(all_bad_lines_are_counted_and_the_first_hundred_described),
          UNIT(a_full_list_is_handed_back_before_reading_on),
          UNIT(events_of_one_call_stay_readable_together))
