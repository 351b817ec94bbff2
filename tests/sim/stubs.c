/* stubs: what the loop and the tool's barrier call besides store, bus and seen: clock, log, metrics, settings. */
#include "world.h"

#include "cli/cli.h"
#include "cli/probe.h"
#include "cli/progress.h"
#include "log/log.h"
#include "metrics/metrics.h"

/* ---- clock ------------------------------------------------------------------------------------------------------------------------ */

volatile int run_stop;

int64_t run_now_us(void)
{
	return sim_world->now_us;
}

int64_t run_now_ms(void)
{
	return sim_world->now_us / 1000;
}

void run_sleep_ms(int64_t ms)
{
	task_sleep(ms * 1000);
}

/* ---- log: into the story ------------------------------------------------------------------------------------------------------------ */

bool log_enabled(enum log_level level)
{
	return sim_world->tell && level != LOG_DEBUG;
}

static void add_field(struct buf *b, const struct log_field *f)
{
	switch (f->kind) {
	case LOG_KIND_TEXT:
		buf_printf(b, " %s=" TEXT_FMT, f->name, TEXT_ARG(f->v.text));
		break;
	case LOG_KIND_I64:
		buf_printf(b, " %s=%lld", f->name, (long long)f->v.i64);
		break;
	case LOG_KIND_U64:
		buf_printf(b, " %s=%llu", f->name, (unsigned long long)f->v.u64);
		break;
	case LOG_KIND_F64:
		buf_printf(b, " %s=%g", f->name, f->v.f64);
		break;
	case LOG_KIND_BOOL:
		buf_printf(b, " %s=%s", f->name, f->v.b ? "true" : "false");
		break;
	case LOG_KIND_ERR:
		buf_printf(b, ": %s: %s", f->v.err->code, f->v.err->msg);
		break;
	}
}

void log_write(struct log_site *site, enum log_level level, const char *msg, size_t n, const struct log_field *fields)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	struct world *w = sim_world;

	(void)site;
	for (size_t i = 0; i < n; i++)
		add_field(&b, &fields[i]);
	story(w, "%s says%s: %s" TEXT_FMT, w->running != NULL ? w->running->name : "the scheduler",
	      level == LOG_ERROR ? " (error)" : "", msg, TEXT_ARG(buf_text(&b)));
}

/* ---- metrics: nobody looks ------------------------------------------------------------------------------------------------------------- */

struct metric {
	int unused;
};
struct metrics_check {
	int unused;
};

static struct metric any_metric;
static struct metrics_check any_check;

struct metric *metrics_counter(const char *name, const char *help, const char *labels)
{
	(void)name, (void)help, (void)labels;
	return &any_metric;
}

struct metric *metrics_gauge(const char *name, const char *help, const char *labels)
{
	(void)name, (void)help, (void)labels;
	return &any_metric;
}

struct metric *metrics_histogram(const char *name, const char *help, const char *labels, const double *bounds, size_t n)
{
	(void)name, (void)help, (void)labels, (void)bounds, (void)n;
	return &any_metric;
}

const char *metrics_labels(char buf[METRICS_LABELS_MAX + 1], ...)
{
	buf[0] = '\0';
	return buf;
}

void metric_add(struct metric *m, uint64_t n)
{
	(void)m, (void)n;
}

void metric_set(struct metric *m, double value)
{
	(void)m, (void)value;
}

void metric_observe(struct metric *m, double value)
{
	(void)m, (void)value;
}

struct metrics_check *metrics_check(const char *name)
{
	(void)name;
	return &any_check;
}

void metrics_check_set(struct metrics_check *check, const char *problem)
{
	(void)check, (void)problem;
}

void metrics_beat(void)
{
}

/* ---- the tool's barrier (services/cli/settle.c) ------------------------------------------------------------------------------------------- */

const char *const cli_service_names[CLI_SERVICES] = { "intake", "billing", "cash", "collections", "reporting" };

bool cli_bus(struct cli *cli, struct err *err, struct bus_conf *ret_conf)
{
	(void)cli, (void)err;
	*ret_conf = (struct bus_conf){ .brokers = "the simulation" };
	return true;
}

bool cli_store(struct cli *cli, enum cli_service service, struct err *err, struct store **ret_store)
{
	(void)err;
	if (cli->stores[service] == NULL || store_is_broken(cli->stores[service]))
		cli->stores[service] = store_on(sim_world, &sim_world->db[service]);
	*ret_store = cli->stores[service];
	return true;
}

int64_t cli_now_us(void)
{
	return sim_world->now_us;
}

int64_t cli_now_ms(void)
{
	return sim_world->now_us / 1000;
}

void cli_sleep_ms(int64_t ms)
{
	task_sleep(ms * 1000);
}

const char *cli_variable(struct cli *cli, enum cli_service service, const char *suffix)
{
	(void)cli, (void)service;
	return suffix;
}

const char *env_get(const char *name)
{
	(void)name;
	return NULL;
}

bool probe_listens(const char *address)
{
	(void)address;
	return true;
}

void progress_set(struct progress *p, int64_t done, const char *place)
{
	(void)p, (void)done, (void)place;
}
