/*
 * doc_example.h - the worked examples of docs/formats, so that tests and documents cannot part.
 *
 * An example is a fenced block whose fence says "```hex NAME". Its lines are two-digit numbers
 * in base 16; what follows a semicolon is explanation.
 */
#ifndef FOOTFALL_TESTS_MODEL_DOC_EXAMPLE_H
#define FOOTFALL_TESTS_MODEL_DOC_EXAMPLE_H

#include "unit.h"

#include "base/bytes.h"

/* The bytes of example `name` of docs/formats/`file`; fails the test if there is none. The caller
 * ends them with bytes_done(). */
struct bytes doc_example(const char *file, const char *name);

/* Fails the test, printing both, unless got is the example. */
void assert_is_doc_example(const struct bytes *got, const char *file, const char *name);

#endif
