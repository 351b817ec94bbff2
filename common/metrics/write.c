/* Prometheus text 0.0.4 and OpenMetrics 1.0 [doc: prometheus.io/docs/instrumenting/exposition_formats; OpenMetrics.md]. */
#include "metrics/metrics_priv.h"

#include <dirent.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

/* Up to 2^53, where every integer still has its double: minor units stay exact. */
static bool is_integer(double value)
{
	return value > -9007199254740992.0 && value < 9007199254740992.0 && (double)(int64_t)value == value;
}

static void add_double(struct buf *out, double value)
{
	if (isinf(value))
		buf_adds(out, value > 0 ? "+Inf" : "-Inf");
	else if (isnan(value))
		buf_adds(out, "NaN");
	else if (is_integer(value))
		buf_printf(out, "%.0f", value);
	else
		buf_printf(out, "%.17g", value);
}

static void add_help(struct buf *out, const char *help)
{
	for (; *help != '\0'; help++) {
		if (*help == '\\')
			buf_adds(out, "\\\\");
		else if (*help == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *help);
	}
}

/* OpenMetrics names a family of counters without _total; the samples have it in both. */
static void add_head(struct buf *out, const char *name, const char *help, enum metric_kind kind, enum metrics_format format)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	struct text family = text_of(name);

	if (format == METRICS_OPENMETRICS && kind == METRIC_COUNTER)
		family.n -= strlen("_total");
	buf_printf(out, "# HELP " TEXT_FMT " ", TEXT_ARG(family));
	add_help(out, help);
	buf_printf(out, "\n# TYPE " TEXT_FMT " %s\n", TEXT_ARG(family), types[kind]);
}

static void add_sample_name(struct buf *out, const char *name, const char *suffix, const char *labels, const char *bucket)
{
	buf_printf(out, "%s%s", name, suffix);
	if (labels[0] != '\0' || bucket != NULL)
		buf_printf(out, "{%s%s%s%s%s}", labels, labels[0] != '\0' && bucket != NULL ? "," : "",
			   bucket == NULL ? "" : "le=\"", bucket == NULL ? "" : bucket, bucket == NULL ? "" : "\"");
	buf_addc(out, ' ');
}

static void add_histogram(struct buf *out, const struct family *f, const struct metric *m)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= f->bounds_n; i++) {
		char bucket[32] = "+Inf";

		if (i < f->bounds_n) /* OpenMetrics wants 1.0, which text takes too */
			snprintf(bucket, sizeof(bucket), is_integer(f->bounds[i]) ? "%.1f" : "%.9g", f->bounds[i]);
		count += atomic_load_explicit(&m->histogram->counts[i], memory_order_relaxed);
		add_sample_name(out, f->name, "_bucket", m->labels, bucket);
		buf_printf(out, "%llu\n", (unsigned long long)count);
	}
	add_sample_name(out, f->name, "_sum", m->labels, NULL);
	add_double(out, metrics_double_of(atomic_load_explicit(&m->histogram->sum_bits, memory_order_relaxed)));
	buf_addc(out, '\n');
	/* The sum of the buckets just written, so the two always agree. */
	add_sample_name(out, f->name, "_count", m->labels, NULL);
	buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void add_family(struct buf *out, const struct family *f, enum metrics_format format)
{
	bool head = false;

	for (uint32_t i = atomic_load_explicit(&f->first, memory_order_acquire); i != 0;) {
		const struct metric *m = &metrics_series[i - 1];

		i = atomic_load_explicit(&m->next, memory_order_acquire);
		if (atomic_load_explicit(&m->hidden, memory_order_relaxed))
			continue;
		if (!head)
			add_head(out, f->name, f->help, f->kind, format);
		head = true;
		if (f->kind == METRIC_HISTOGRAM) {
			add_histogram(out, f, m);
			continue;
		}

		uint64_t value = atomic_load_explicit(&m->value, memory_order_relaxed);

		add_sample_name(out, f->name, "", m->labels, NULL);
		if (f->kind == METRIC_COUNTER)
			buf_printf(out, "%llu", (unsigned long long)value);
		else
			add_double(out, metrics_double_of(value));
		buf_addc(out, '\n');
	}
}

static void add_one(struct buf *out, const char *name, const char *help, enum metric_kind kind, double value,
		    enum metrics_format format)
{
	add_head(out, name, help, kind, format);
	add_sample_name(out, name, "", "", NULL);
	add_double(out, value);
	buf_addc(out, '\n');
}

/* Fields of /proc/self/stat behind the name in brackets, which may contain anything; first = field 3 (state). */
static bool read_stat(unsigned long long *ret_start_ticks, unsigned long long *ret_resident_pages)
{
	char line[1024];
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n = f == NULL ? 0 : fread(line, 1, sizeof(line) - 1, f);

	if (f != NULL)
		fclose(f);
	line[n] = '\0';

	char *at = strrchr(line, ')');

	return at != NULL &&
	       sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu %*u %llu",
		      ret_start_ticks, ret_resident_pages) == 2;
}

static double open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	double n = 0;

	if (d == NULL)
		return NAN;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 3; /* ".", ".." and the directory itself */
}

/* The names every Prometheus client uses, so that stock dashboards work. */
static void add_process(struct buf *out, enum metrics_format format)
{
	unsigned long long start_ticks, resident_pages;
	struct timespec cpu, wall, boot;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		add_one(out, "process_cpu_seconds_total", "User and system CPU time.", METRIC_COUNTER,
			(double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9, format);
	if (read_stat(&start_ticks, &resident_pages)) {
		clock_gettime(CLOCK_REALTIME, &wall);
		clock_gettime(CLOCK_BOOTTIME, &boot);
		add_one(out, "process_resident_memory_bytes", "Resident memory.", METRIC_GAUGE,
			(double)resident_pages * (double)sysconf(_SC_PAGESIZE), format);
		add_one(out, "process_start_time_seconds", "When the process started, since 1970.", METRIC_GAUGE,
			(double)(wall.tv_sec - boot.tv_sec) + (double)start_ticks / (double)sysconf(_SC_CLK_TCK), format);
	}
	add_one(out, "process_open_fds", "Open file descriptors.", METRIC_GAUGE, open_fds(), format);
}

void metrics_write(struct buf *out, enum metrics_format format)
{
	uint32_t n = atomic_load_explicit(&metrics_families_n, memory_order_acquire);

	for (uint32_t i = 0; i < n; i++)
		add_family(out, &metrics_families[i], format);
	add_one(out, "openitem_metrics_dropped_total", "Metrics that could not be registered.", METRIC_COUNTER,
		(double)atomic_load(&metrics_dropped), format);
	add_process(out, format);
	if (format == METRICS_OPENMETRICS)
		buf_adds(out, "# EOF\n");
}
