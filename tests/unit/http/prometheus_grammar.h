/*
 * prometheus_grammar.h - reads a page of Prometheus' text format, strictly.
 *
 * A family is HELP, TYPE, then samples, and comes once; a histogram's samples are those of
 * _bucket, _sum and _count, its buckets never fall; no sample comes twice; a value is a number.
 */
#ifndef FOOTFALL_TESTS_PROMETHEUS_GRAMMAR_H
#define FOOTFALL_TESTS_PROMETHEUS_GRAMMAR_H

/* 0 for a good page; else the number of the first bad line, and *wrong says why. */
int prometheus_grammar_check(const char *page, const char **wrong);

#endif
