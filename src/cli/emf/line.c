/*
 * line.c - the format's JSON.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/emf/line.h"

#include <assert.h>

#include "present/json_writer.h"

static const char space[] = "Footfall";

void emf_add_dimension(struct emf_line *line, const char *name, const char *value)
{
    assert(line->dimension_count < EMF_DIMENSIONS_MAX);
    line->dimensions[line->dimension_count++] = (struct emf_dimension){name, value};
}

void emf_add(struct emf_line *line, const char *name, const char *unit, double value)
{
    assert(line->metric_count < EMF_METRICS_MAX);
    line->metrics[line->metric_count++] = (struct emf_metric){name, unit, value};
}

static void put_directive(struct json_writer *json, const struct emf_line *line)
{
    json_put_key(json, "_aws");
    json_put_object(json);
    json_put_key(json, "Timestamp");
    json_put_i64(json, line->time_ms);
    json_put_key(json, "CloudWatchMetrics");
    json_put_array(json);
    json_put_object(json);
    json_put_key(json, "Namespace");
    json_put_string(json, space);
    json_put_key(json, "Dimensions");
    json_put_array(json);
    json_put_array(json);
    for (size_t i = 0; i < line->dimension_count; i++)
        json_put_string(json, line->dimensions[i].name);
    json_put_array_end(json);
    json_put_array_end(json);
    json_put_key(json, "Metrics");
    json_put_array(json);
    for (size_t i = 0; i < line->metric_count; i++) {
        json_put_object(json);
        json_put_key(json, "Name");
        json_put_string(json, line->metrics[i].name);
        json_put_key(json, "Unit");
        json_put_string(json, line->metrics[i].unit);
        json_put_object_end(json);
    }
    json_put_array_end(json);
    json_put_object_end(json);
    json_put_array_end(json);
    json_put_object_end(json);
}

bool emf_write(const struct emf_line *line, struct bytes *out)
{
    struct json_writer json = {.out = out};
    out->len = 0;
    json_put_object(&json);
    put_directive(&json, line);
    for (size_t i = 0; i < line->dimension_count; i++) {
        json_put_key(&json, line->dimensions[i].name);
        json_put_string(&json, line->dimensions[i].value);
    }
    for (size_t i = 0; i < line->metric_count; i++) {
        json_put_key(&json, line->metrics[i].name);
        json_put_double(&json, line->metrics[i].value);
    }
    json_put_object_end(&json);
    return !json.failed && bytes_append(out, "\n", 1);
}
