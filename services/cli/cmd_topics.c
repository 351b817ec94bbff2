/* openitem topics: the topics of DESIGN section 4. */
#include "base/fault.h"
#include "cli/options.h"
#include "wire/topics.h"

#define EXTERNAL_PARTITIONS 6
#define LANES               12
#define LANES_MAX           1024
#define RETENTION_DAYS      30
#define DAY_MS              INT64_C(86400000)
#define RECORD_BYTES        "2097152" /* common/bus/README.md: a dead letter is a record of 1 MiB with headers on top */

struct plan {
	int64_t lanes, external, replication, retention_days;
};

struct wanted {
	char name[256];
	int32_t partitions;
	bool fixed; /* other than wanted: refuse; else only a remark */
	bool keep; /* for ever */
	int32_t exists; /* partitions now */
};

/*
 * ar.* keep everything: events are the books (DESIGN section 4). What strangers wrote, and the dead letters, last as long as
 * asked.
 */
static size_t make_plan(const struct plan *plan, struct wanted *w)
{
	size_t n = 0;

	for (size_t i = 0; i < wire_topics_n; i++) {
		const struct wire_topic *t = &wire_topics[i];

		w[n] = (struct wanted){ .partitions = (int32_t)(t->external ? plan->external : plan->lanes),
					.fixed = !t->external,
					.keep = strncmp(t->topic, "ar.", 3) == 0 };
		snprintf(w[n++].name, sizeof(w[0].name), "%s", t->topic);
		if (!t->external)
			continue;
		w[n] = (struct wanted){ .partitions = (int32_t)plan->external };
		snprintf(w[n++].name, sizeof(w[0].name), "%s-dlt", t->topic);
	}
	return n;
}

struct found {
	struct wanted *w;
	size_t n;
};

static void find_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct found *f = ctx;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->w[i].name, topic) == 0)
			f->w[i].exists = partitions;
}

/* The lane count is fixed at birth: another one would send keys to other lanes, and two writers would meet on one account. */
static int check_lanes(struct cli *cli, const struct wanted *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (w[i].fixed && w[i].exists != 0 && w[i].exists != w[i].partitions)
			return cli_fail(cli, EXIT_FOUND,
					"%s has %d lanes, asked for %d: lanes are fixed when a system is born. Nothing was changed",
					w[i].name, w[i].exists, w[i].partitions);
	return -1;
}

static bool create(struct bus_admin *admin, const struct plan *plan, const struct wanted *w, struct err *err)
{
	char retention[32];
	struct bus_setting settings[4];
	size_t n = 0;

	snprintf(retention, sizeof(retention), "%lld", w->keep ? -1LL : (long long)(plan->retention_days * DAY_MS));
	settings[n++] = (struct bus_setting){ "cleanup.policy", "delete" };
	settings[n++] = (struct bus_setting){ "retention.ms", retention };
	settings[n++] = (struct bus_setting){ "max.message.bytes", RECORD_BYTES };
	if (plan->replication >= 3)
		settings[n++] = (struct bus_setting){ "min.insync.replicas", "2" };
	return bus_topic_create(admin, w->name, w->partitions, (int)plan->replication, settings, n, err);
}

static int create_all(struct cli *cli, struct bus_admin *admin, const struct plan *plan)
{
	struct wanted w[64];
	size_t n = make_plan(plan, w), created = 0;
	struct err err;

	if (!bus_topics(admin, find_topic, &(struct found){ w, n }, &err))
		return cli_failed(cli, &err);
	int code = check_lanes(cli, w, n);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < n; i++) {
		if (w[i].exists != 0) {
			if (w[i].exists != w[i].partitions)
				cli_say(cli, "%s has %d partitions, not %d: left as it is", w[i].name, w[i].exists,
					w[i].partitions);
			continue;
		}
		if (!create(admin, plan, &w[i], &err))
			return cli_failed(cli, &err);
		FAILPOINT("topics.created");
		printf("created %-24s %3d partitions, %s\n", w[i].name, w[i].partitions,
		       w[i].keep ? "kept for ever" : "with retention");
		created++;
	}
	printf("%zu topics, %zu created now; %lld lanes\n", n, created, (long long)plan->lanes);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct plan plan = { .replication = -1, .retention_days = RETENTION_DAYS };
	struct bus_conf conf;
	struct bus_admin *admin;
	struct err err;

	if (!cli_setting_int(cli, "OPENITEM_LANES", LANES, 1, LANES_MAX, &err, &plan.lanes) ||
	    !cli_setting_int(cli, "OPENITEM_EXTERNAL_PARTITIONS", EXTERNAL_PARTITIONS, 1, 999, &err, &plan.external))
		return cli_failed(cli, &err);
	const struct option_spec specs[] = {
		{ "lanes", 0, OPTION_INT, &plan.lanes, "N", "partitions of the inner ar.* topics (OPENITEM_LANES, else 12)", 1,
		  LANES_MAX, NULL },
		{ "external", 0, OPTION_INT, &plan.external, "N",
		  "partitions of the topics that others write (OPENITEM_EXTERNAL_PARTITIONS, else 6)", 1, 999, NULL },
		{ "replication", 0, OPTION_INT, &plan.replication, "R", "replicas (default: the broker's)", 1, 32, NULL },
		{ "retention-days", 0, OPTION_INT, &plan.retention_days, "D",
		  "how long crm.*, bank.* and dead letters are kept (30); ar.* keep everything", 1, 36500, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (!cli_bus(cli, &err, &conf) || !bus_admin_open(&conf, &err, &admin))
		return cli_failed(cli, &err);
	code = create_all(cli, admin, &plan);
	bus_admin_close(admin);
	return code;
}

const struct command cmd_topics = {
	.name = "topics",
	.summary = "create the topics that are missing",
	.usage = "openitem topics [--lanes N] [--external N] [--replication R] [--retention-days D]\n\n"
		 "Creates every topic that does not exist yet. What exists is never changed; another number of lanes\n"
		 "than the system was born with is refused (exit 1).",
	.example = "openitem topics --lanes 12 --retention-days 30",
	.run = run,
};
