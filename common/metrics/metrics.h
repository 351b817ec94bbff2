/*
 * metrics: counters, gauges, histograms, and the admin port that shows them. Layer 2 (libmicrohttpd).
 *
 * Everything is atomics in static arrays: after registration nothing allocates, any thread may add, and the HTTP thread
 * shares nothing else with the loop.
 *
 *	struct metric *m = metrics_counter("openitem_messaging_consumed_messages_total", "Records.", "topic=\"x\"");
 *	metric_add(m, n);
 *
 * Names: openitem_ first, base units, _total for counters (ECOSYSTEM 2.1). Labels come preformatted, as between the
 * braces: topic="x",partition="3"; build them by metrics_labels. Few values per label, never a customer.
 * One name = one help, type and set of buckets. Registering the same name and labels again gives the same metric.
 * When the arrays are full or a name is wrong, a metric that nobody sees is returned and openitem_metrics_dropped_total
 * counts it: callers never check.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/base.h"
#include "err/err.h"
#include "text/text.h"

#define METRICS_SERIES_MAX     8192
#define METRICS_FAMILIES_MAX   128
#define METRICS_HISTOGRAMS_MAX 512 /* series of histograms */
#define METRICS_BUCKETS_MAX    16
#define METRICS_LABELS_MAX     191 /* bytes of one label string */
#define METRICS_CHECKS_MAX     16

struct metric;

/* name and help must be literals (are not copied); labels are copied. labels "" or NULL: none. Any thread. */
struct metric *metrics_counter(const char *name, const char *help, const char *labels) __attribute__((returns_nonnull));
struct metric *metrics_gauge(const char *name, const char *help, const char *labels) __attribute__((returns_nonnull));
/* bounds: upper bounds, rising, n <= METRICS_BUCKETS_MAX, +Inf is added; must stay. NULL: metrics_seconds. */
struct metric *metrics_histogram(const char *name, const char *help, const char *labels, const double *bounds, size_t n)
	__attribute__((returns_nonnull));

/* 0.5 ms .. 10 s, for durations. */
extern const double metrics_seconds[14];

/* name="value",name="value": escaped; pairs of C strings, NULL at the end. Returns buf. */
const char *metrics_labels(char buf[METRICS_LABELS_MAX + 1], ...) __attribute__((sentinel));

/* Counters: only up. */
void metric_add(struct metric *m, uint64_t n);
/* Counters that mirror a count kept elsewhere; never goes back. */
void metric_raise(struct metric *m, uint64_t total);
/* Gauges. */
void metric_set(struct metric *m, double value);
void metric_move(struct metric *m, double by);
/* Histograms. */
void metric_observe(struct metric *m, double value);
/* Leave the series out from now on until it is changed again: a partition that is not ours any more. */
void metric_hide(struct metric *m);

/* What it stands at: counters and gauges their value, histograms their count. For tests. */
double metric_value(const struct metric *m);

/* All of it, Prometheus text 0.0.4, or OpenMetrics 1.0 with its # EOF. Also process_* (CPU, memory, fds, start). */
enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };
void metrics_write(struct buf *out, enum metrics_format format);

/* ---- is it alive, is it ready ---- */

/*
 * One thing that must hold before work is expected of us: "postgres", "assignment". Not ready until it is said to be.
 * problem: NULL = it holds; else a literal (not copied) that says why not. Any thread. Also gauge openitem_ready{check=}.
 */
struct metrics_check;
struct metrics_check *metrics_check(const char *name);
void metrics_check_set(struct metrics_check *check, const char *problem);
bool metrics_is_ready(void);

/* The loop is running: call it every turn. One store. */
void metrics_beat(void);

/* ---- the admin port ---- */

struct metrics_http;

struct metrics_http_conf {
	const char *listen; /* "127.0.0.1:9464", "[::1]:0", ":9464" = all interfaces; port 0: any free */
	const char *service, *instance, *version, *revision; /* for /version; copied; NULL: left out */
	int live_max_s; /* /livez fails when the last beat is older; 0: 60 */
};

/*
 * GET /livez     200 or 503 {"live":true,"beat_age_seconds":0.01}
 * GET /readyz    200 or 503 {"ready":false,"checks":{"postgres":"ok","assignment":"no partition yet"}}
 * GET /healthz   the same as /livez
 * GET /metrics   by Accept
 * GET /version   {"service":"cash","version":"0.1.0",...}
 *
 * A thread of its own with all signals blocked. The 17th connection ends the oldest, so slow clients keep nobody out.
 * ERR_FATAL admin_listen when the address is wrong or taken.
 */
bool metrics_http_start(const struct metrics_http_conf *conf, struct err *err, struct metrics_http **ret_http);
void metrics_http_stop(struct metrics_http *h);
/* The port it listens on. */
uint16_t metrics_http_port(const struct metrics_http *h);

#endif
