/*
 * prometheus.c - families, samples, histograms.
 *
 * A histogram's buckets are cumulative and its count is that of the last one, so that the two agree
 * even while other threads count.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/prometheus.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add(struct prometheus *writer, const char *text)
{
    if (!bytes_append(writer->out, text, strlen(text)))
        writer->failed = true;
}

void prometheus_family(struct prometheus *writer, const char *name, const char *type,
                       const char *help)
{
    writer->family = name;
    const char *const pieces[] = {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        add(writer, pieces[i]);
}

static void add_sample(struct prometheus *writer, const char *suffix, const char *labels,
                       const char *value)
{
    add(writer, writer->family);
    add(writer, suffix);
    if (labels != NULL && labels[0] != '\0') {
        add(writer, "{");
        add(writer, labels);
        add(writer, "}");
    }
    add(writer, " ");
    add(writer, value);
    add(writer, "\n");
}

void prometheus_u64(struct prometheus *writer, const char *suffix, const char *labels,
                    uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    add_sample(writer, suffix, labels, text);
}

void prometheus_double(struct prometheus *writer, const char *suffix, const char *labels,
                       double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", value);
    add_sample(writer, suffix, labels, text);
}

void prometheus_histogram(struct prometheus *writer, const char *labels,
                          const struct histogram *histogram)
{
    char with_bound[256];
    uint64_t count = 0;
    const char *given = labels == NULL ? "" : labels;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        char bound[32] = "+Inf";
        if (i + 1 < HISTOGRAM_BUCKETS)
            snprintf(bound, sizeof bound, "%.9g", (double)histogram_bound_ns(i) / 1e9);
        count += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        snprintf(with_bound, sizeof with_bound, "%s%sle=\"%s\"", given, given[0] == '\0' ? "" : ",",
                 bound);
        prometheus_u64(writer, "_bucket", with_bound, count);
    }
    prometheus_double(writer, "_sum", labels,
                      (double)atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed) / 1e9);
    prometheus_u64(writer, "_count", labels, count);
}

bool prometheus_label(const char *name, const char *value, char *out, size_t bytes)
{
    int len = snprintf(out, bytes, "%s=\"", name);
    if (len < 0 || (size_t)len >= bytes)
        return false;
    size_t used = (size_t)len;
    for (; *value != '\0'; value++) {
        bool escaped = *value == '"' || *value == '\\' || *value == '\n';
        if (used + 4 > bytes)
            return false;
        if (escaped)
            out[used++] = '\\';
        out[used++] = *value == '\n' ? 'n' : *value;
    }
    if (used + 2 > bytes)
        return false;
    out[used++] = '"';
    out[used] = '\0';
    return true;
}
