/*
 * program: what the programs of the benchmarks share: clocks, numbers on the command line, an end with a reason, records acknowledged.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include "bus/bus.h"

#include <time.h>

int64_t program_us(clockid_t clock);
double program_seconds(clockid_t clock);

/* Not negative; exit 2 otherwise. */
int64_t program_number(const char *s);

/* "PROGRAM: what: why", exit 1. */
void program_fail(const char *what, const char *why) __attribute__((noreturn));
void program_must(bool ok, const char *what, const struct err *err);

/* Until at most `left` records are not acknowledged. */
void program_drain(struct bus_producer *producer, size_t left);

#endif
