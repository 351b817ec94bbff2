/* openitem status: where everything stands. */
#include "cli/options.h"
#include "cli/out.h"
#include "cli/probe.h"
#include "store/store.h"
#include "wire/topics.h"

#include <fcntl.h>
#include <unistd.h>

#define KAFKA_MS 3000

/* A topic as Kafka sees it. */
struct topic_state {
	char name[256];
	int32_t partitions;
	struct bus_position *starts, *ends;
};

struct status {
	struct cli *cli;
	bool kafka;
	struct topic_state *topics;
	size_t n_topics;
	int worst; /* exit code */
	struct out *out;
};

static void worse(struct status *s, int code)
{
	s->worst = MAX(s->worst, code);
}

/* ---- Kafka ---- */

static void add_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct status *s = ctx;
	struct topic_state *t = &s->topics[s->n_topics];

	if (s->n_topics == BUS_POSITIONS_MAX || strlen(topic) >= sizeof(t->name))
		return;
	s->n_topics++;
	*t = (struct topic_state){ .partitions = partitions };
	snprintf(t->name, sizeof(t->name), "%s", topic);
	t->starts = ARENA_ARRAY(s->cli->arena, (size_t)partitions, struct bus_position);
	t->ends = ARENA_ARRAY(s->cli->arena, (size_t)partitions, struct bus_position);
	for (int32_t p = 0; p < partitions; p++)
		t->starts[p] = t->ends[p] = (struct bus_position){ t->name, p, 0 };
}

static bool is_ours(const char *topic)
{
	struct text t = text_of(topic);

	if (t.n > 4 && strcmp(topic + t.n - 4, "-dlt") == 0)
		t.n -= 4;
	return wire_topic_find(t) != NULL;
}

static bool ask_ends(struct status *s, struct bus_admin *admin, struct err *err)
{
	for (size_t i = 0; i < s->n_topics; i++) {
		struct topic_state *t = &s->topics[i];

		if (is_ours(t->name) && t->partitions > 0 &&
		    (!bus_log_starts(admin, t->starts, (size_t)t->partitions, err) ||
		     !bus_log_ends(admin, t->ends, (size_t)t->partitions, err)))
			return false;
	}
	return true;
}

static const struct topic_state *find_topic(const struct status *s, struct text name)
{
	for (size_t i = 0; i < s->n_topics; i++)
		if (text_eq(text_of(s->topics[i].name), name))
			return &s->topics[i];
	return NULL;
}

/* ---- components ---- */

static const struct out_column component_columns[] = {
	{ "component", OUT_TEXT }, { "state", OUT_TEXT }, { "version", OUT_TEXT }, { "where", OUT_TEXT }, { "detail", OUT_TEXT },
};

static void component(struct status *s, const char *name, bool fine, const char *state, const char *version, const char *where,
		      const char *detail)
{
	if (!fine)
		worse(s, EXIT_MISSING);
	if (s->out == NULL)
		return;
	out_text(s->out, text_of(name));
	out_text(s->out, text_of(state));
	out_text(s->out, text_of(version));
	out_text(s->out, text_of(where));
	out_text(s->out, text_of(detail));
}

static void see_kafka(struct status *s)
{
	struct bus_cluster cluster = { 0 };
	struct bus_conf conf = { 0 };
	struct bus_admin *admin = NULL;
	struct err err;
	char detail[128] = "";

	s->kafka = cli_bus(s->cli, &err, &conf) && bus_admin_open(&conf, &err, &admin) &&
		   bus_cluster_check(admin, KAFKA_MS, &err, &cluster) && bus_topics(admin, add_topic, s, &err) &&
		   ask_ends(s, admin, &err);
	bus_admin_close(admin);
	if (s->kafka)
		snprintf(detail, sizeof(detail), "%d broker%s, cluster %s", cluster.brokers, cluster.brokers == 1 ? "" : "s",
			 cluster.id);
	component(s, "kafka", s->kafka, s->kafka ? "up" : "away",
		  cluster.version[0] == '\0' && s->kafka ? "4.0 or later" : cluster.version, conf.brokers,
		  s->kafka ? detail : err.msg);
}

static void see_redis(struct status *s)
{
	const char *address = env_get("OPENITEM_REDIS"), *user = env_get("OPENITEM_REDIS_USER"), *file, *given;
	char password[512] = "", version[256];
	bool up;

	given = env_get("OPENITEM_REDIS_PASSWORD");
	file = env_get("OPENITEM_REDIS_PASSWORD_FILE");
	if (given != NULL) {
		snprintf(password, sizeof(password), "%s", given);
	} else if (file != NULL) {
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, password, sizeof(password) - 1);

		password[MAX(n, (ssize_t)0)] = '\0';
		password[strcspn(password, "\n")] = '\0';
		if (fd >= 0)
			close(fd);
	}
	if (address == NULL) {
		component(s, "redis", false, "not set", "", "OPENITEM_REDIS", "the gate is slower without it, nothing else");
		return;
	}
	up = probe_redis(address, user == NULL ? "" : user, password, version, sizeof(version));
	component(s, "redis", up, up ? "up" : "away", up ? version : "", address, up ? "" : version);
}

static void see_database(struct status *s, enum cli_service service)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	char name[64];
	struct store *store;
	struct err err;

	snprintf(name, sizeof(name), "postgresql of %s", cli_service_names[service]);
	bool up = cli_store(s->cli, service, &err, &store) &&
		  store_query(store,
			      "SELECT current_setting('server_version'), current_database() || ', schema ' || current_schema(), "
			      "coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local socket')",
			      0, NULL, &err, &r);
	component(s, name, up, up ? "up" : "away", up ? store_result_cell(r, 0, 0).s : "",
		  up ? store_result_cell(r, 0, 2).s : cli_variable(s->cli, service, "DATABASE_RO"),
		  up ? store_result_cell(r, 0, 1).s : err.msg);
}

static void see_process(struct status *s, enum cli_service service)
{
	const char *name = cli_variable(s->cli, service, "ADMIN"), *address = env_get(name);
	char title[64], body[200] = "";
	int code = address == NULL ? 0 : probe_http(address, "/readyz", body, sizeof(body));

	snprintf(title, sizeof(title), "openitem-%s", cli_service_names[service]);
	body[strcspn(body, "\r\n")] = '\0';
	component(s, title, code == 200,
		  code == 200 ? "ready"
		  : code > 0  ? "not ready"
			      : "away",
		  "", address == NULL ? name : address,
		  code == 200       ? ""
		  : address == NULL ? "not set"
				    : body);
}

static void components(struct status *s, bool print)
{
	s->out = print ? out_open(s->cli, component_columns, ARRAY_LEN(component_columns)) : NULL;
	see_kafka(s);
	see_redis(s);
	for (int v = 0; v < CLI_SERVICES; v++)
		see_database(s, (enum cli_service)v);
	for (int v = 0; v < CLI_SERVICES; v++)
		see_process(s, (enum cli_service)v);
	if (print)
		out_close(s->out);
}

/* ---- services ---- */

static const struct out_column service_columns[] = {
	{ "service", OUT_TEXT },     { "topic", OUT_TEXT }, { "lag", OUT_INT },     { "last_event", OUT_INSTANT },
	{ "waiting", OUT_INT },      { "parked", OUT_INT }, { "stopped", OUT_INT }, { "dead_letters", OUT_INT },
	{ "business_day", OUT_DAY }, { "day", OUT_TEXT },
};

static const char position_sql[] =
	"SELECT topic, partition, max(next_offset) AS next_offset, max(event_us) AS event_us FROM position GROUP BY 1, 2 ORDER BY 1, 2";
static const char lane_sql[] = "SELECT coalesce(sum(seq - published_seq), 0) AS waiting, "
			       "count(*) FILTER (WHERE stopped <> '') AS stopped FROM lane";
static const char stopped_sql[] = "SELECT lane, stopped FROM lane WHERE stopped <> '' ORDER BY 1";
static const char day_sql[] = "SELECT max(opened_on)::text AS opened, max(closed_on)::text AS closed FROM business_day";

struct service_state {
	struct store_result *positions, *lanes, *stopped, *parked, *day;
};

static bool read_service(struct status *s, enum cli_service service, struct service_state *ret, struct err *err)
{
	struct store *store;

	return cli_store(s->cli, service, err, &store) && store_query(store, position_sql, 0, NULL, err, &ret->positions) &&
	       store_query(store, lane_sql, 0, NULL, err, &ret->lanes) &&
	       store_query(store, stopped_sql, 0, NULL, err, &ret->stopped) &&
	       (service != CLI_BILLING ||
		store_query(store, "SELECT count(*) AS parked FROM parked", 0, NULL, err, &ret->parked)) &&
	       (service != CLI_REPORTING || store_query(store, day_sql, 0, NULL, err, &ret->day));
}

static void free_service(struct service_state *v)
{
	store_result_free(v->positions);
	store_result_free(v->lanes);
	store_result_free(v->stopped);
	store_result_free(v->parked);
	store_result_free(v->day);
}

static int64_t position_of(const struct store_result *r, struct text topic, int32_t partition)
{
	for (size_t i = 0; i < store_result_rows(r); i++)
		if (text_eq(store_result_text(r, i, "topic"), topic) && store_result_i64(r, i, "partition") == partition)
			return store_result_i64(r, i, "next_offset");
	return -1;
}

static void lag(struct status *s, const struct service_state *v, const char *topic)
{
	const struct topic_state *t = find_topic(s, text_of(topic));
	int64_t sum = 0;

	for (int32_t p = 0; t != NULL && p < t->partitions; p++) {
		int64_t next = position_of(v->positions, text_of(topic), p);

		sum += MAX((int64_t)0, t->ends[p].offset - (next < 0 ? t->starts[p].offset : next));
	}
	if (t == NULL)
		out_absent(s->out);
	else
		out_int(s->out, sum);
}

static void dead_letters(struct status *s, enum cli_service service, const char *topic)
{
	const struct topic_state *t = find_topic(s, text_printf(s->cli->arena, "%s-dlt", topic));
	int64_t sum = 0;

	for (int32_t p = 0; t != NULL && p < t->partitions; p++)
		sum += t->ends[p].offset - t->starts[p].offset;
	if (service != CLI_INTAKE || t == NULL)
		out_absent(s->out);
	else
		out_int(s->out, sum);
}

static void business_day(struct status *s, const struct service_state *v)
{
	date_t opened = DATE_NONE, closed = DATE_NONE;

	if (v->day != NULL) {
		(void)!date_parse(store_result_text(v->day, 0, "opened"), &opened);
		(void)!date_parse(store_result_text(v->day, 0, "closed"), &closed);
	}
	out_day(s->out, opened);
	out_text(s->out, opened == DATE_NONE ? TEXT_NONE : closed != DATE_NONE && closed >= opened ? TEXT("closed") : TEXT("open"));
}

/* When the newest record that was read from the topic was made. */
static int64_t last_event_of(const struct store_result *positions, const char *topic)
{
	int64_t last_us = 0;

	for (size_t i = 0; i < store_result_rows(positions); i++)
		if (text_eq(store_result_text(positions, i, "topic"), text_of(topic)))
			last_us = MAX(last_us, store_result_i64(positions, i, "event_us"));
	return last_us == 0 ? INSTANT_NONE : last_us;
}

static void print_row(struct status *s, enum cli_service service, const struct service_state *v, const char *topic)
{
	out_text(s->out, text_of(cli_service_names[service]));
	out_text(s->out, text_of(topic));
	lag(s, v, topic);
	out_instant(s->out, last_event_of(v->positions, topic));
	out_int(s->out, store_result_i64(v->lanes, 0, "waiting"));
	if (v->parked != NULL)
		out_int(s->out, store_result_i64(v->parked, 0, "parked"));
	else
		out_absent(s->out);
	out_int(s->out, (int64_t)store_result_rows(v->stopped));
	dead_letters(s, service, topic);
	business_day(s, v);
}

/* What each service reads (DESIGN section 2). */
static bool reads(enum cli_service service, const struct wire_topic *t)
{
	static const char *const inner[CLI_SERVICES] = {
		[CLI_BILLING] = "intake",
		[CLI_CASH] = "intake billing transfer",
		[CLI_COLLECTIONS] = "intake billing cash",
		[CLI_REPORTING] = "intake billing cash collections",
	};
	char name[32];

	if (service == CLI_INTAKE || t->external)
		return (service == CLI_INTAKE) == t->external;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(t->topic + 3, "."), t->topic + 3); /* ar.<name>.v1 */
	return strstr(inner[service], name) != NULL;
}

static void print_service(struct status *s, enum cli_service service)
{
	struct service_state v = { 0 };
	struct err err;

	if (!read_service(s, service, &v, &err)) {
		out_note(s->out, "%s: %s", cli_service_names[service], err.msg);
		worse(s, EXIT_MISSING);
		free_service(&v);
		return;
	}
	for (size_t i = 0; i < wire_topics_n; i++)
		if (reads(service, &wire_topics[i]))
			print_row(s, service, &v, wire_topics[i].topic);
	for (size_t i = 0; i < store_result_rows(v.stopped); i++) {
		out_note(s->out, "%s has stopped lane %lld: " TEXT_FMT, cli_service_names[service],
			 (long long)store_result_i64(v.stopped, i, "lane"), TEXT_ARG(store_result_text(v.stopped, i, "stopped")));
		worse(s, EXIT_FOUND);
	}
	free_service(&v);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct status s = { .cli = cli };
	bool only_components = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "components", 0, OPTION_FLAG, &only_components, NULL, "only Kafka, Redis, the databases and the processes", 0, 0,
		  NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	s.topics = ARENA_ARRAY(cli->arena, BUS_POSITIONS_MAX, struct topic_state);
	components(&s, only_components || cli->format == OUT_TABLE);
	if (only_components)
		return s.worst;
	if (cli->format == OUT_TABLE)
		printf("\n");
	s.out = out_open(cli, service_columns, ARRAY_LEN(service_columns));
	for (int v = 0; v < CLI_SERVICES; v++)
		print_service(&s, (enum cli_service)v);
	out_close(s.out);
	return s.worst;
}

const struct command cmd_status = {
	.name = "status",
	.summary = "where everything stands: components, lag, what waits, what is stopped",
	.usage = "openitem status [--components] [--format F]\n\n"
		 "Components, then per service and topic: lag in records, time of the last event, outcomes not\n"
		 "published yet, parked inputs, stopped lanes, dead letters, and the business day. csv and json show\n"
		 "one list: the services, or with --components the components. Exit 1 when a lane is stopped, 3 when a\n"
		 "component is away.",
	.example = "openitem status\nopenitem status --format json",
	.run = run,
};
