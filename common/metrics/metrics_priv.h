/* Inside metrics only: the static arrays that registry, writer and checks share. */
#ifndef METRICS_METRICS_PRIV_H
#define METRICS_METRICS_PRIV_H

#include "metrics/metrics.h"

#include <stdatomic.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct histogram {
	_Atomic uint64_t counts[METRICS_BUCKETS_MAX + 1]; /* the last one is +Inf; not cumulative */
	_Atomic uint64_t sum_bits; /* a double */
};

struct metric {
	_Atomic uint64_t value; /* counter: the count; gauge: a double's bits */
	atomic_bool hidden;
	_Atomic uint32_t next; /* in its family: index + 1, 0 = last so far */
	const struct family *family; /* NULL: nobody sees it */
	struct histogram *histogram;
	char labels[METRICS_LABELS_MAX + 1];
};

struct family {
	const char *name, *help;
	enum metric_kind kind;
	const double *bounds;
	size_t bounds_n;
	_Atomic uint32_t first; /* series: index + 1, 0 = none */
	uint32_t last; /* the same; only under the mutex */
};

extern struct family metrics_families[METRICS_FAMILIES_MAX];
extern _Atomic uint32_t metrics_families_n;
extern struct metric metrics_series[METRICS_SERIES_MAX];
extern _Atomic uint64_t metrics_dropped;

double metrics_double_of(uint64_t bits);

struct metrics_check {
	const char *name;
	_Atomic(const char *) problem; /* NULL: fine */
	struct metric *gauge;
};

extern struct metrics_check metrics_checks[METRICS_CHECKS_MAX];
extern _Atomic uint32_t metrics_checks_n;

/*
 * What a request is answered with: the status; the body is added to *body (malloc). Pure but for what the metrics say. url and method
 * are a stranger's; accept may be NULL. h: only its version and limits.
 */
struct metrics_http;
unsigned int metrics_http_answer(const struct metrics_http *h, const char *method, const char *url, const char *accept,
				 struct buf *body, const char **ret_type);

/* Seconds since metrics_beat; when there was none yet, since the first call of this. */
double metrics_beat_age_s(void);

#endif
