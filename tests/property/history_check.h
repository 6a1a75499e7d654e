/*
 * history_check.h - asks Footfall and the model the same questions.
 *
 * Runs in a child process: a difference is printed and ends the process by abort().
 */
#ifndef FOOTFALL_TESTS_HISTORY_CHECK_H
#define FOOTFALL_TESTS_HISTORY_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "history_model.h"
#include "lib/instance.h"

#define HISTORY_CHECK(ok, ...)                                                                     \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define HISTORY_OK(call, err) HISTORY_CHECK((call) == STATUS_OK, "%s", (err).message)

/* A user, one or all of the listings, local days. */
struct question {
    int user;
    int listing;
    int zone;
    int32_t first;
    int32_t last;
};

struct range question_range(struct instance *instance, const struct question *question);

void check_aggregate(struct instance *instance, const struct model *model,
                     const struct question *question);
/* The same listing's day, week and month up to today. */
void check_periods(struct instance *instance, const struct model *model,
                   const struct question *question, int64_t now_ms);
void check_days(struct instance *instance, const struct model *model,
                const struct question *question);
void check_compare(struct instance *instance, const struct model *model,
                   const struct question *question);
void check_all_listings(struct instance *instance, const struct model *model,
                        const struct question *question, enum metrics_sort sort, bool ascending,
                        size_t limit, bool with_days);
/* listing -1: of all; with_range false: of all time. */
void check_inquiries(struct instance *instance, const struct model *model,
                     const struct question *question, bool with_range, size_t limit);
void check_listings(struct instance *instance, const struct model *model, int user, size_t limit);
/* The totals of all that was ever recorded are the sums, in every zone. */
void check_totals_everywhere(struct instance *instance, const struct model *model, int user,
                             int listing, int64_t now_ms);

#endif
