/* openitem rebuild: a service's database made again from the topics, compared with the one in use, and put in its place. */
#include "base/fault.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/rebuild_shadow.h"

#define WAIT_MS        200
#define WAIT_DEFAULT_S 60
#define PROGRESS_EVERY 1000
#define ROUNDS_MAX     3 /* before live is fenced: each leaves less for the time in which nobody can write */

extern const struct run_service intake_service, billing_service, cash_service, collections_service, reporting_service;
extern const struct store_migration intake_migrations[], billing_migrations[], cash_migrations[], collections_migrations[],
	reporting_migrations[];
extern const size_t intake_migrations_n, billing_migrations_n, cash_migrations_n, collections_migrations_n, reporting_migrations_n;

static const struct {
	const struct run_service *service;
	const struct store_migration *migrations;
	const size_t *n;
} services[CLI_SERVICES] = {
	[CLI_INTAKE] = { &intake_service, intake_migrations, &intake_migrations_n },
	[CLI_BILLING] = { &billing_service, billing_migrations, &billing_migrations_n },
	[CLI_CASH] = { &cash_service, cash_migrations, &cash_migrations_n },
	[CLI_COLLECTIONS] = { &collections_service, collections_migrations, &collections_migrations_n },
	[CLI_REPORTING] = { &reporting_service, reporting_migrations, &reporting_migrations_n },
};

static const struct out_column columns[] = {
	{ "table", OUT_TEXT }, { "rows", OUT_INT },   { "result", OUT_TEXT },
	{ "differ", OUT_INT }, { "place", OUT_TEXT }, { "what", OUT_TEXT },
};

struct job {
	struct cli *cli;
	struct shadow shadow;
	struct rebuild *rebuild;
	struct progress progress;
	bool dry_run, force, restart, drop_old, to_end, plain_progress;
	int64_t timeout_s, lanes;
	int64_t plain_ms; /* when progress was said last */
	/* what came of it */
	bool older; /* live is older than its stream */
	int64_t outcomes, records, rows;
	int64_t made; /* outcomes decided again, because they were never published */
	struct shadow_gap gap;
};

static void show(void *ctx, int64_t done, int64_t total)
{
	struct job *j = ctx;

	j->progress.total = total;
	if (j->plain_progress && cli_now_ms() - j->plain_ms >= PROGRESS_EVERY) {
		j->plain_ms = cli_now_ms();
		fprintf(stderr, "rebuild %s %lld/%lld after %.0f s\n", j->shadow.live, (long long)done, (long long)total,
			progress_seconds(&j->progress));
	}
	progress_set(&j->progress, done, j->shadow.live);
	FAILPOINT("rebuild.progressed");
}

/* ---- up to a place ------------------------------------------------------------------------------------------------------ */

/* reporting --to-end: up to where the logs end now. */
static bool target_ends(struct job *j, struct shadow_state *state, struct err *err)
{
	const struct run_service *service = j->shadow.service;
	size_t n = (size_t)j->lanes;
	struct bus_position *p = ARENA_ARRAY(j->cli->arena, n, struct bus_position);
	struct bus_admin *admin;
	struct bus_conf conf;
	bool ok = true;

	state->lane = ARENA_ARRAY(j->cli->arena, n, struct rebuild_target);
	state->n = n;
	if (!cli_bus(j->cli, err, &conf) || !bus_admin_open(&conf, err, &admin))
		return false;
	for (size_t s = 0; s < REBUILD_SOURCES_MAX && ok; s++) {
		for (size_t i = 0; i < n && s < service->n_sources; i++)
			p[i] = (struct bus_position){ service->sources[s].topic, (int32_t)i, 0 };
		ok = s >= service->n_sources || bus_log_ends(admin, p, n, err);
		for (size_t i = 0; i < n && ok; i++) {
			state->lane[i].lane = (int32_t)i;
			state->lane[i].next_offset[s] = s < service->n_sources && p[i].offset > 0 ? p[i].offset : -1;
		}
	}
	bus_admin_close(admin);
	return ok;
}

static bool go_to(struct job *j, struct shadow_state *state, struct err *err, struct rebuild_result *ret)
{
	if (!shadow_state(&j->shadow, err, state) || (j->to_end && !target_ends(j, state, err)) ||
	    !rebuild_to(j->rebuild, state->lane, state->n, err, ret))
		return false;
	j->outcomes += ret->outcomes;
	j->records += ret->records;
	return true;
}

/* ---- comparing, swapping -------------------------------------------------------------------------------------------------- */

/* With --force what live alone has is given up, but not the end of a transaction that others have seen the beginning of. */
static bool judge_stream(const struct rebuild_result *result, struct err *err)
{
	if (result->holes > 0)
		return err_set(err, ERR_STOP, "rebuild_hole",
			       "lane %d: seq %lld is in no topic, although what follows it is: it was lost before it was published",
			       result->hole_lane, (long long)result->hole_seq);
	if (result->torn > 0)
		return err_set(err, ERR_STOP, "rebuild_torn",
			       "lane %d: its stream ends within a transaction, whose other outcomes were never published",
			       result->torn_lane);
	return true;
}

/* True: may be swapped; else *ret_code. */
static bool compare(struct job *j, struct err *err, int *ret_code)
{
	struct out *out = out_open(j->cli, columns, ARRAY_LEN(columns));
	int64_t differs = 0;
	bool ok = shadow_compare(&j->shadow, out, err, &differs, &j->rows);

	if (ok)
		out_note(out, "%lld rows of %s rebuilt and compared, %lld differ", (long long)j->rows, j->shadow.live,
			 (long long)differs);
	out_close(out);
	if (!ok) {
		*ret_code = cli_failed(j->cli, err);
		return false;
	}
	if (differs == 0)
		return true;
	*ret_code = cli_fail(
		j->cli, EXIT_FOUND,
		"%lld rows of %s differ from what the topics say: nothing was changed; what was rebuilt is in the schema %s. "
		"--force puts it in the place of %s",
		(long long)differs, j->shadow.live, j->shadow.name, j->shadow.live);
	return false;
}

static int swap(struct job *j)
{
	const char *live = j->shadow.live;
	struct err err;

	if (!shadow_swap(&j->shadow, !j->older && !j->force, &err))
		return cli_failed(j->cli, &err);
	FAILPOINT("rebuild.swapped");
	if (j->older)
		printf("%s was older than its stream: %lld outcomes on %lld lanes were added\n", live, (long long)j->gap.added,
		       (long long)j->gap.added_lanes);
	if (j->made > 0)
		printf("%lld outcomes were decided again, because they were lost before they were published\n", (long long)j->made);
	printf("%s is rebuilt: %lld outcomes, %lld inputs%s\n", live, (long long)j->outcomes, (long long)j->records,
	       j->older || j->force || j->to_end ? ", not compared" : ", identical");
	printf("what was there is in the schema %s, until `openitem rebuild %s --drop-old`\n", j->shadow.old, live);
	return EXIT_OK;
}

/* Live is fenced, and the shadow stands where it does. Exit code. */
static int finish(struct job *j, const struct rebuild_result *result)
{
	struct err err;
	int code;

	if (!judge_stream(result, &err))
		return cli_failed(j->cli, &err);
	progress_close(&j->progress);
	if (!j->older && !j->force && !j->to_end && !compare(j, &err, &code))
		return code;
	FAILPOINT("rebuild.compared");
	if (!j->dry_run)
		return swap(j);
	if (j->older)
		printf("%s is older than its stream: %lld outcomes on %lld lanes would be added\n", j->shadow.live,
		       (long long)j->gap.added, (long long)j->gap.added_lanes);
	printf("nothing was changed (--dry-run); what was rebuilt is in the schema %s, and the next rebuild goes on with it\n",
	       j->shadow.name);
	return EXIT_OK;
}

/* The rest, while nobody writes. *ret_wait: live has decided what is not in the topics yet, or is within a long input. */
static bool catch_up(struct job *j, struct err *err, struct shadow_state *state, struct rebuild_result *ret, bool *ret_wait)
{
	if (!go_to(j, state, err, ret) || !shadow_gap(&j->shadow, err, &j->gap))
		return false;
	/* What live does not have either was lost with the database that decided it. */
	bool lost = (ret->torn > 0 || ret->holes > 0) && j->gap.lost == 0;
	if (lost &&
	    (!rebuild_finish(j->rebuild, err, &j->made) || !go_to(j, state, err, ret) || !shadow_gap(&j->shadow, err, &j->gap)))
		return false;
	j->older = j->gap.added > 0;
	*ret_wait = !j->force && (j->gap.lost > 0 || (!j->older && (state->unpublished > 0 || state->busy > 0)));
	return true;
}

static int fence_and_finish(struct job *j)
{
	int64_t deadline = cli_now_ms() + j->timeout_s * 1000;
	struct rebuild_result result;
	struct shadow_state state;
	struct err err, ignored;
	bool wait = true;

	for (;;) {
		if (!shadow_fence(&j->shadow, &err) || !catch_up(j, &err, &state, &result, &wait))
			return cli_failed(j->cli, &err);
		FAILPOINT("rebuild.fenced");
		if (!wait) {
			int code = finish(j, &result);
			(void)shadow_unfence(&j->shadow, &ignored); /* after a swap there is nothing to give back */
			return code;
		}
		if (!shadow_unfence(&j->shadow, &err))
			return cli_failed(j->cli, &err);
		if (cli_now_ms() > deadline)
			return cli_fail(
				j->cli, EXIT_MISSING,
				"after %lld s %s still has %lld outcomes that are in no topic (the first on lane %d), %lld not "
				"marked as published, and %lld lanes within a long input: does openitem-%s run? What a topic lost, "
				"`openitem refill` publishes again; --force does without",
				(long long)j->timeout_s, j->shadow.live, (long long)j->gap.lost, j->gap.lost_lane,
				(long long)state.unpublished, (long long)state.busy, j->shadow.live);
		cli_sleep_ms(WAIT_MS);
	}
}

/* ---- the command ---------------------------------------------------------------------------------------------------------- */

static bool prepare(struct job *j, struct err *err)
{
	struct shadow *s = &j->shadow;
	struct rebuild_conf conf = { .progress = show, .ctx = j };
	struct bus_conf bus;

	if (!cli_bus(j->cli, err, &bus) || !cli_setting_int(j->cli, "OPENITEM_LANES", 0, 1, 1024, err, &j->lanes) ||
	    !cli_setting_int(j->cli, "OPENITEM_BATCH_EVENTS_MAX", 0, 1, 5000, err, &conf.batch_max))
		return false;
	if (j->lanes == 0)
		return err_set(err, ERR_FATAL, "setting_missing", "OPENITEM_LANES is not set");
	conf.brokers = bus.brokers;
	conf.lanes = (int32_t)j->lanes;
	if (j->restart && s->has_shadow) {
		if (!shadow_drop(s, s->name, err))
			return false;
		s->has_shadow = false;
	}
	if (s->has_shadow)
		cli_say(j->cli, "going on with what stands in %s (--restart begins anew)", s->name);
	if (!(s->has_shadow ? shadow_check : shadow_make)(s, err))
		return false;
	FAILPOINT("rebuild.shadow_made");
	return rebuild_open(s->service, &conf, s->filling, err, &j->rebuild);
}

static int rebuild(struct job *j)
{
	struct rebuild_result result = { .outcomes = 1 };
	struct shadow_state state;
	struct err err;

	if (j->shadow.has_old && !j->dry_run)
		return cli_fail(j->cli, EXIT_FOUND,
				"%s is still there from the rebuild before: `openitem rebuild %s --drop-old` removes it",
				j->shadow.old, j->shadow.live);
	if (!prepare(j, &err))
		return cli_failed(j->cli, &err);
	progress_open(&j->progress, "rebuild", 0);
	/* Live goes on meanwhile. */
	for (int round = 0; round < ROUNDS_MAX && result.outcomes + result.records > 0; round++)
		if (!go_to(j, &state, &err, &result))
			return cli_failed(j->cli, &err);
	return fence_and_finish(j);
}

static int drop_old(struct job *j)
{
	struct err err;

	if (!j->shadow.has_old)
		return cli_fail(j->cli, EXIT_OK, "there is no schema %s", j->shadow.old);
	if (!shadow_drop(&j->shadow, j->shadow.old, &err))
		return cli_failed(j->cli, &err);
	printf("%s is gone\n", j->shadow.old);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct job j = { .cli = cli, .timeout_s = WAIT_DEFAULT_S };
	enum cli_service service;
	const char *conninfo;
	struct err err;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "dry-run", 0, OPTION_FLAG, &j.dry_run, NULL, "build and compare, leave everything as it is", 0, 0, NULL },
		{ "force", 0, OPTION_FLAG, &j.force, NULL, "do not compare: what the topics say is right", 0, 0, NULL },
		{ "restart", 0, OPTION_FLAG, &j.restart, NULL, "forget what an earlier rebuild left, begin anew", 0, 0, NULL },
		{ "to-end", 0, OPTION_FLAG, &j.to_end, NULL, "reporting: up to where the logs end; not compared", 0, 0, NULL },
		{ "drop-old", 0, OPTION_FLAG, &j.drop_old, NULL, "only remove what the last rebuild replaced", 0, 0, NULL },
		{ "progress", 0, OPTION_FLAG, &j.plain_progress, NULL, "a line every second, also where nobody watches", 0, 0,
		  NULL },
		{ "timeout", 0, OPTION_INT, &j.timeout_s, "SECONDS",
		  "wait so long for the service to publish what it has decided (60)", 1, 86400, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	if (!cli_service_find(argv[0], &service))
		return options_usage(cli, "\"%s\": expected intake, billing, cash, collections or reporting", argv[0]);
	if (j.to_end && service != CLI_REPORTING)
		return options_usage(cli, "--to-end: only reporting decides nothing");
	const char *name = cli_variable(cli, service, "DATABASE_OWNER");
	if (!cli_setting(cli, name, &err, &conninfo))
		return cli_failed(cli, &err);
	j.shadow = (struct shadow){ .cli = cli,
				    .service = services[service].service,
				    .migrations = services[service].migrations,
				    .n_migrations = *services[service].n };
	if (!shadow_open(&j.shadow, conninfo, &err))
		code = cli_failed(cli, &err);
	else
		code = j.drop_old ? drop_old(&j) : rebuild(&j);
	rebuild_close(j.rebuild);
	shadow_close(&j.shadow);
	return code;
}

const struct command cmd_rebuild = {
	.name = "rebuild",
	.summary = "make a service's database again from the topics",
	.usage =
		"openitem rebuild SERVICE [--dry-run] [--force] [--restart] [--to-end] [--progress] [--timeout SECONDS]\n"
		"       openitem rebuild SERVICE --drop-old\n\n"
		"Fills a second schema from the topics: inputs are noted, recorded outcomes are applied, nothing is decided. The service\n"
		"works on meanwhile. At the end its lanes are held, everything is compared row by row, and the schemas are swapped in one\n"
		"transaction; the service goes on by itself. A difference: exit 1, it is shown, nothing is changed. A database that is older\n"
		"than its stream (restored from a backup) has nothing to compare: what is added is said. Killed, it goes on where it was.\n"
		"Needs OPENITEM_<SERVICE>_DATABASE_OWNER.",
	.example = "openitem rebuild cash --dry-run\nopenitem rebuild cash\nopenitem rebuild cash --drop-old",
	.run = run,
};
