#include "metrics/metrics_priv.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

struct family metrics_families[METRICS_FAMILIES_MAX];
_Atomic uint32_t metrics_families_n;
struct metric metrics_series[METRICS_SERIES_MAX];
_Atomic uint64_t metrics_dropped;
struct metrics_check metrics_checks[METRICS_CHECKS_MAX];
_Atomic uint32_t metrics_checks_n;

static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER; /* guards what is not atomic, and growing */
static uint32_t series_n;
static struct histogram histograms[METRICS_HISTOGRAMS_MAX];
static uint32_t histograms_n;

/* What callers get when there is no room; alive but never shown. */
static struct histogram nowhere_histogram;
static struct metric nowhere[3] = { [METRIC_HISTOGRAM] = { .histogram = &nowhere_histogram } };
static const struct family nowhere_family = { .name = "", .kind = METRIC_HISTOGRAM };

const double metrics_seconds[14] = {
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
};

/* ---- registering ---- */

static bool is_name(const char *s)
{
	size_t n = 0;

	for (; s[n] != '\0'; n++) {
		bool letter = (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '_' || s[n] == ':';
		bool digit = s[n] >= '0' && s[n] <= '9';

		if (!letter && (!digit || n == 0))
			return false;
	}
	return n > 0 && n < 128;
}

/* Both formats want it, and OpenMetrics derives the family's name from it. */
static bool is_name_of_kind(const char *name, enum metric_kind kind)
{
	size_t n = strlen(name);
	bool total = n > 6 && strcmp(name + n - 6, "_total") == 0;

	return is_name(name) && total == (kind == METRIC_COUNTER);
}

static struct family *family_of(const char *name, const char *help, enum metric_kind kind, const double *bounds, size_t n)
{
	uint32_t families_n = atomic_load(&metrics_families_n);

	for (uint32_t i = 0; i < families_n; i++) {
		struct family *f = &metrics_families[i];

		if (strcmp(f->name, name) == 0)
			return f->kind == kind && f->bounds == bounds && f->bounds_n == n ? f : NULL;
	}
	if (families_n == METRICS_FAMILIES_MAX || !is_name_of_kind(name, kind) || n > METRICS_BUCKETS_MAX)
		return NULL;

	struct family *f = &metrics_families[families_n];

	f->name = name;
	f->help = help;
	f->kind = kind;
	f->bounds = bounds;
	f->bounds_n = n;
	atomic_store_explicit(&metrics_families_n, families_n + 1, memory_order_release);
	return f;
}

static struct metric *series_of(struct family *f, const char *labels)
{
	for (uint32_t i = atomic_load(&f->first); i != 0; i = atomic_load(&metrics_series[i - 1].next)) {
		if (strcmp(metrics_series[i - 1].labels, labels) == 0)
			return &metrics_series[i - 1];
	}
	if (series_n == METRICS_SERIES_MAX || strlen(labels) > METRICS_LABELS_MAX ||
	    (f->kind == METRIC_HISTOGRAM && histograms_n == METRICS_HISTOGRAMS_MAX))
		return NULL;

	struct metric *m = &metrics_series[series_n];

	m->family = f;
	memcpy(m->labels, labels, strlen(labels) + 1);
	if (f->kind == METRIC_HISTOGRAM)
		m->histogram = &histograms[histograms_n++];
	/* Complete before it is linked, and never unlinked: who reads the list needs no lock. */
	series_n++;
	atomic_store_explicit(f->last == 0 ? &f->first : &metrics_series[f->last - 1].next, series_n, memory_order_release);
	f->last = series_n;
	return m;
}

static struct metric *registered(const char *name, const char *help, const char *labels, enum metric_kind kind,
				 const double *bounds, size_t n)
{
	struct metric *m = NULL;

	pthread_mutex_lock(&registering);

	struct family *f = family_of(name, help, kind, bounds, n);

	if (f != NULL)
		m = series_of(f, labels == NULL ? "" : labels);
	pthread_mutex_unlock(&registering);
	if (m != NULL)
		return m;
	atomic_fetch_add(&metrics_dropped, 1);
	return &nowhere[kind];
}

struct metric *metrics_counter(const char *name, const char *help, const char *labels)
{
	return registered(name, help, labels, METRIC_COUNTER, NULL, 0);
}

struct metric *metrics_gauge(const char *name, const char *help, const char *labels)
{
	return registered(name, help, labels, METRIC_GAUGE, NULL, 0);
}

struct metric *metrics_histogram(const char *name, const char *help, const char *labels, const double *bounds, size_t n)
{
	if (bounds == NULL) {
		bounds = metrics_seconds;
		n = ARRAY_LEN(metrics_seconds);
	}
	return registered(name, help, labels, METRIC_HISTOGRAM, bounds, n);
}

/* False when it does not fit. */
static bool add_label(char *buf, size_t *n, const char *s, size_t s_n)
{
	if (s_n > METRICS_LABELS_MAX - *n)
		return false;
	memcpy(buf + *n, s, s_n);
	*n += s_n;
	return true;
}

static bool add_label_value(char *buf, size_t *n, const char *value)
{
	bool fits = true;

	for (; *value != '\0' && fits; value++) {
		if (*value == '\n')
			fits = add_label(buf, n, "\\n", 2);
		else if (*value == '"' || *value == '\\')
			fits = add_label(buf, n, "\\", 1) && add_label(buf, n, value, 1);
		else
			fits = add_label(buf, n, value, 1);
	}
	return fits;
}

const char *metrics_labels(char buf[METRICS_LABELS_MAX + 1], ...)
{
	va_list pairs;
	const char *name, *value;
	size_t n = 0;
	bool fits = true;

	va_start(pairs, buf);
	while (fits && (name = va_arg(pairs, const char *)) != NULL && (value = va_arg(pairs, const char *)) != NULL)
		fits = add_label(buf, &n, ",", n == 0 ? 0 : 1) && add_label(buf, &n, name, strlen(name)) &&
		       add_label(buf, &n, "=\"", 2) && add_label_value(buf, &n, value) && add_label(buf, &n, "\"", 1);
	va_end(pairs);
	buf[fits ? n : 0] = '\0'; /* no labels rather than half of one */
	return buf;
}

/* ---- counting ---- */

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

double metrics_double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void add_double(_Atomic uint64_t *at, double by)
{
	uint64_t old = atomic_load_explicit(at, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(at, &old, bits_of(metrics_double_of(old) + by), memory_order_relaxed,
						      memory_order_relaxed))
		;
}

static void show(struct metric *m)
{
	if (atomic_load_explicit(&m->hidden, memory_order_relaxed))
		atomic_store_explicit(&m->hidden, false, memory_order_relaxed);
}

void metric_add(struct metric *m, uint64_t n)
{
	CHECK(m->family == NULL || m->family->kind == METRIC_COUNTER);
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
	show(m);
}

void metric_raise(struct metric *m, uint64_t total)
{
	CHECK(m->family == NULL || m->family->kind == METRIC_COUNTER);
	uint64_t old = atomic_load_explicit(&m->value, memory_order_relaxed);

	while (old < total &&
	       !atomic_compare_exchange_weak_explicit(&m->value, &old, total, memory_order_relaxed, memory_order_relaxed))
		;
	show(m);
}

void metric_set(struct metric *m, double value)
{
	CHECK(m->family == NULL || m->family->kind == METRIC_GAUGE);
	atomic_store_explicit(&m->value, bits_of(value), memory_order_relaxed);
	show(m);
}

void metric_move(struct metric *m, double by)
{
	CHECK(m->family == NULL || m->family->kind == METRIC_GAUGE);
	add_double(&m->value, by);
	show(m);
}

void metric_observe(struct metric *m, double value)
{
	const struct family *f = m->family == NULL ? &nowhere_family : m->family;
	size_t i = 0;

	CHECK(m->histogram != NULL);
	if (isnan(value))
		return;
	while (i < f->bounds_n && value > f->bounds[i])
		i++;
	atomic_fetch_add_explicit(&m->histogram->counts[f->bounds == NULL ? 0 : i], 1, memory_order_relaxed);
	add_double(&m->histogram->sum_bits, value);
	show(m);
}

void metric_hide(struct metric *m)
{
	atomic_store_explicit(&m->hidden, true, memory_order_relaxed);
}

double metric_value(const struct metric *m)
{
	uint64_t value = atomic_load(&m->value);

	if (m->histogram != NULL) {
		uint64_t count = 0;

		for (size_t i = 0; i <= METRICS_BUCKETS_MAX; i++)
			count += atomic_load(&m->histogram->counts[i]);
		return (double)count;
	}
	return m == &nowhere[METRIC_COUNTER] || (m->family != NULL && m->family->kind == METRIC_COUNTER) ? (double)value
													 : metrics_double_of(value);
}

/* ---- checks ---- */

static struct metrics_check nowhere_check;

struct metrics_check *metrics_check(const char *name)
{
	char labels[METRICS_LABELS_MAX + 1];
	struct metric *gauge = metrics_gauge("openitem_ready", "1 when the named condition for work holds.",
					     metrics_labels(labels, "check", name, NULL));
	struct metrics_check *found = NULL;

	pthread_mutex_lock(&registering);

	uint32_t n = atomic_load(&metrics_checks_n);

	for (uint32_t i = 0; i < n && found == NULL; i++) {
		if (strcmp(metrics_checks[i].name, name) == 0)
			found = &metrics_checks[i];
	}
	if (found == NULL && n < METRICS_CHECKS_MAX) {
		found = &metrics_checks[n];
		found->name = name;
		found->gauge = gauge;
		atomic_store(&found->problem, "not yet");
		atomic_store_explicit(&metrics_checks_n, n + 1, memory_order_release);
	}
	pthread_mutex_unlock(&registering);
	if (found == NULL) {
		atomic_fetch_add(&metrics_dropped, 1);
		nowhere_check.gauge = gauge;
		found = &nowhere_check;
	}
	return found;
}

void metrics_check_set(struct metrics_check *check, const char *problem)
{
	atomic_store(&check->problem, problem);
	metric_set(check->gauge, problem == NULL ? 1 : 0);
}

bool metrics_is_ready(void)
{
	uint32_t n = atomic_load_explicit(&metrics_checks_n, memory_order_acquire);

	for (uint32_t i = 0; i < n; i++) {
		if (atomic_load(&metrics_checks[i].problem) != NULL)
			return false;
	}
	return true;
}

static _Atomic int64_t beat_at_ns;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void metrics_beat(void)
{
	atomic_store_explicit(&beat_at_ns, now_ns(), memory_order_relaxed);
}

double metrics_beat_age_s(void)
{
	int64_t now = now_ns();
	int64_t none = 0;

	atomic_compare_exchange_strong(&beat_at_ns, &none, now);
	return (double)(now - atomic_load_explicit(&beat_at_ns, memory_order_relaxed)) / 1e9;
}
