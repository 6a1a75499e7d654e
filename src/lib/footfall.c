/*
 * footfall.c - the published library: open, close, health.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <footfall.h>

#include <stdlib.h>

#include "lib/footfall_parts.h"

static enum status check_options(const struct footfall_options *options, struct error *err)
{
    const struct {
        const char *field;
        uint64_t value; /* 0: the default */
        uint64_t min;
        uint64_t max;
    } numbers[] = {
        {"dedupe_hours", options->dedupe_hours, 1, ENGINE_DEDUPE_HOURS_MAX},
        {"dedupe_ids", options->dedupe_ids, ENGINE_DEDUPE_IDS_MIN, ENGINE_DEDUPE_IDS_MAX},
        {"memory_bytes", options->memory_bytes, ENGINE_ROLLUP_BYTES_MIN, ENGINE_ROLLUP_BYTES_MAX},
        {"seal_interval_ms", options->seal_interval_ms, ENGINE_SEAL_INTERVAL_MS_MIN,
         ENGINE_SEAL_INTERVAL_MS_MAX},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].value != 0 &&
            (numbers[i].value < numbers[i].min || numbers[i].value > numbers[i].max))
            return fail_input(err, "invalid_argument", numbers[i].field,
                              "%s must be from %llu to %llu, or 0 for the default",
                              numbers[i].field, (unsigned long long)numbers[i].min,
                              (unsigned long long)numbers[i].max);
    return STATUS_OK;
}

static void pass_notice(void *context, const char *name, const struct error *reason)
{
    const struct footfall *footfall = context;
    struct footfall_error told;
    if (footfall->notice == NULL)
        return;
    describe(reason, &told);
    footfall->notice(footfall->notice_context, name, &told);
}

static enum status open_folder(struct footfall *footfall, const char *data_dir,
                               const struct footfall_options *options, struct error *err)
{
    const struct engine_options engine = {
        .data_dir = data_dir,
        .clock = options->now_ms == NULL ? clock_system()
                                         : (struct clock){options->now_ms, options->now_context},
        .rollup_bytes = options->memory_bytes,
        .seal_interval_ms = options->seal_interval_ms,
        .dedupe_hours = options->dedupe_hours,
        .dedupe_ids = options->dedupe_ids,
    };
    struct text platforms = text_given(options->platforms);
    if (platforms.at == NULL)
        platforms = text_of(event_rules_default_platforms());
    enum status status = event_rules_init(&footfall->rules, platforms, err);
    if (status != STATUS_OK)
        return status;
    if (options->any_age)
        footfall->rules.behind_ms_max = 0;
    footfall->notice = options->notice;
    footfall->notice_context = options->notice_context;
    return instance_open_with_notice(&engine, pass_notice, footfall, &footfall->instance, err);
}

enum footfall_status footfall_open(const char *data_dir, const struct footfall_options *options,
                                   struct footfall **out, struct footfall_error *error)
{
    struct error err;
    struct footfall *footfall = NULL;
    struct footfall_options known = {0};
    enum status status = require(data_dir != NULL, "data_dir", "must name a folder", &err);
    if (status == STATUS_OK && options != NULL)
        status = read_sized(&known, sizeof known, options, options->size, "footfall_options", &err);
    if (status == STATUS_OK)
        status = check_options(&known, &err);
    if (status != STATUS_OK)
        goto cleanup;

    footfall = calloc(1, sizeof *footfall);
    if (footfall == NULL) {
        status = fail(&err, STATUS_NO_MEMORY, "no memory to open the data folder");
        goto cleanup;
    }
    status = open_folder(footfall, data_dir, &known, &err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = footfall;
    footfall = NULL;

cleanup:
    free(footfall);
    return tell(status, &err, error);
}

enum footfall_status footfall_close(struct footfall *footfall, struct footfall_error *error)
{
    struct error err;
    if (footfall == NULL)
        return FOOTFALL_OK;
    enum status status = instance_close(footfall->instance, &err);
    free(footfall);
    return tell(status, &err, error);
}

enum footfall_status footfall_flush(struct footfall *footfall, struct footfall_error *error)
{
    struct error err;
    return tell(instance_flush(footfall->instance, &err), &err, error);
}

enum footfall_status footfall_check(struct footfall *footfall, struct footfall_error *error)
{
    struct error err;
    return tell(instance_check(footfall->instance, &err), &err, error);
}

const char *footfall_version(void)
{
    return FOOTFALL_VERSION;
}
