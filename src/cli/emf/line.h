/*
 * line.h - one line of figures in CloudWatch's Embedded Metric Format: a JSON object that says of
 * itself which of its members are metrics.
 *
 *     {"_aws":{"Timestamp":…,"CloudWatchMetrics":[{"Namespace":"Footfall",
 *      "Dimensions":[["Table","Writer"]],"Metrics":[{"Name":"Views","Unit":"Count"}]}]},
 *      "Table":"footfall","Writer":"1","Views":17}
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_EMF_LINE_H
#define FOOTFALL_CLI_EMF_LINE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { EMF_DIMENSIONS_MAX = 4, EMF_METRICS_MAX = 32 /* CloudWatch allows 30 and 100 */ };

struct emf_dimension {
    const char *name; /* needs no escaping */
    const char *value;
};

/* unit: CloudWatch's, "Count", "Milliseconds", "None". */
struct emf_metric {
    const char *name; /* needs no escaping */
    const char *unit;
    double value;
};

/* Start as {0} and fill. */
struct emf_line {
    int64_t time_ms;
    struct emf_dimension dimensions[EMF_DIMENSIONS_MAX];
    size_t dimension_count;
    struct emf_metric metrics[EMF_METRICS_MAX];
    size_t metric_count;
};

/* More than there is room for is our mistake. */
void emf_add_dimension(struct emf_line *line, const char *name, const char *value);
void emf_add(struct emf_line *line, const char *name, const char *unit, double value);

/* Makes *out the line with its line break; false when out of memory. */
MUST_USE bool emf_write(const struct emf_line *line, struct bytes *out);

#endif
