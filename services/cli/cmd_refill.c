/* openitem refill: what a topic of ours lost is published again by the service that wrote it (common/run/refill.h). */
#include "base/fault.h"
#include "cli/options.h"
#include "cli/out.h"
#include "cli/probe.h"
#include "cli/progress.h"
#include "cli_sql.h"
#include "run/refill.h"
#include "store/store.h"
#include "wire/dead.h"
#include "wire/topics.h"

#define WAIT_POLL_MS 100
#define STOPPED_MS   INT64_C(5000)
#define TRIES        5 /* when the running service takes its lanes back meanwhile */

struct fill {
	struct cli *cli;
	const char *topic;
	enum cli_service service;
	struct bus_conf bus;
	struct refill *refill;
	struct refill_lane *lanes;
	size_t n_lanes;
	struct progress progress;
	bool everything, dry_run;
	int64_t timeout_s;
};

/* ---- who writes it ------------------------------------------------------------------------------------------------------ */

static bool find_writer(struct fill *f, struct err *err)
{
	struct text topic = text_of(f->topic);
	const struct wire_topic *t = wire_topic_find(topic);

	if (t != NULL && !t->external && cli_service_find(t->writer, &f->service))
		return true;
	if (!text_empty(wire_dead_topic(topic))) {
		f->service = CLI_INTAKE;
		return true;
	}
	return err_set(
		err, ERR_REJECT, "not_ours",
		"%s is not written by a service of ours: ask its writer to publish again what is missing (the inbox skips what was seen)",
		f->topic);
}

static bool is_aligned(const struct fill *f)
{
	const struct wire_topic *t = wire_topic_find(text_of(f->topic));

	return t != NULL && !t->fanned;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------- */

static bool read_lanes(struct fill *f, struct store *store, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	if (!store_query(store, sql_lanes, 0, NULL, err, &r))
		return false;
	f->n_lanes = store_result_rows(r);
	f->lanes = ARENA_ARRAY(f->cli->arena, f->n_lanes, struct refill_lane);
	for (size_t i = 0; i < f->n_lanes; i++)
		f->lanes[i] = (struct refill_lane){ .lane = (int32_t)store_result_i64(r, i, "lane"),
						    .seq = store_result_i64(r, i, "seq"),
						    .published_seq = store_result_i64(r, i, "published_seq") };
	return true;
}

static void scanned(void *ctx, int64_t done)
{
	struct fill *f = ctx;

	progress_set(&f->progress, done, f->topic);
}

static bool take_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct fill *f = ctx;

	(void)err;
	refill_row(f->refill, (int32_t)store_result_i64(row, 0, "lane"), (int32_t)store_result_i64(row, 0, "partition"),
		   store_result_i64(row, 0, "seq"));
	return true;
}

/* The outcome table must reach back as far as the lane is to be published again. */
static bool check_held(struct fill *f, struct store *store, const struct refill_place *places, size_t n, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	if (!store_query(store, sql_refill_held, 0, NULL, err, &r))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct refill_place *p = &places[i];
		for (size_t k = 0; p->missing > 0 && k < store_result_rows(r); k++)
			if (store_result_i64(r, k, "lane") == p->lane && store_result_i64(r, k, "first") > p->has_seq + 1)
				return err_set(err, ERR_STOP, "outcome_missing",
					       "lane %d: outcomes are needed from seq %lld on, the table of %s begins at %lld",
					       p->lane, (long long)p->has_seq + 1, cli_service_names[f->service],
					       (long long)store_result_i64(r, k, "first"));
	}
	return true;
}

static bool count_rows(struct fill *f, struct store *store, struct err *err)
{
	if (!is_aligned(f))
		return store_stream(store, sql_refill_rows, 1, &f->topic, take_row, f, err);
	for (size_t i = 0; i < f->n_lanes; i++)
		for (int64_t seq = 1; seq <= f->lanes[i].published_seq; seq++)
			refill_row(f->refill, f->lanes[i].lane, f->lanes[i].lane, seq);
	return true;
}

static bool look(struct fill *f, struct err *err)
{
	struct bus_admin *admin;
	struct store *store;
	int32_t partitions = 0;

	if (!cli_bus(f->cli, err, &f->bus) || !bus_admin_open(&f->bus, err, &admin))
		return false;
	bool ok = bus_topic_info(admin, f->topic, err, &partitions);
	bus_admin_close(admin);
	if (ok && partitions == 0)
		ok = err_set(err, ERR_FATAL, "topic_missing", "topic %s does not exist; `openitem topics` makes it", f->topic);
	if (!ok || !cli_store(f->cli, f->service, err, &store) || !read_lanes(f, store, err))
		return false;
	f->refill = refill_new(f->cli->arena, cli_service_names[f->service], f->topic, partitions, f->lanes, f->n_lanes);
	if (!refill_marks(f->refill, store, err))
		return false;
	progress_open(&f->progress, "reading", 0);
	ok = refill_scan(f->refill, &f->bus, f->everything, scanned, f, err);
	progress_close(&f->progress);
	return ok && count_rows(f, store, err);
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

static const struct out_column columns[] = {
	{ "topic", OUT_TEXT }, { "partition", OUT_INT }, { "lane", OUT_INT },    { "in_log", OUT_INT },
	{ "offset", OUT_INT }, { "published", OUT_INT }, { "missing", OUT_INT }, { "early", OUT_INT },
};

static void print(struct fill *f, const struct refill_place *places, size_t n, int64_t missing)
{
	struct out *out = out_open(f->cli, columns, ARRAY_LEN(columns));

	out_nothing(out, "nothing is missing");
	for (size_t i = 0; i < n; i++) {
		const struct refill_place *p = &places[i];
		if (!p->move)
			continue;
		out_text(out, text_of(f->topic));
		out_int(out, p->partition);
		out_int(out, p->lane);
		out_int(out, p->has_seq);
		if (p->has_offset < 0)
			out_absent(out);
		else
			out_int(out, p->has_offset);
		out_int(out, p->published_seq);
		out_int(out, p->missing);
		out_int(out, p->early);
	}
	if (missing > 0)
		out_note(out, "%lld records of %s are missing in %s%s", (long long)missing, cli_service_names[f->service], f->topic,
			 f->dry_run ? "; nothing was changed" : "");
	out_close(out);
}

/* ---- doing it ------------------------------------------------------------------------------------------------------------ */

static bool apply(struct fill *f, struct err *err)
{
	const char *name = cli_variable(f->cli, f->service, "DATABASE"), *conninfo;
	struct store *store;
	bool ok = false;

	if (!cli_setting(f->cli, name, err, &conninfo) || !store_open(conninfo, err, &store))
		return err_wrap(err, "the database of %s (%s)", cli_service_names[f->service], name);
	for (int try = 0; !ok && try < TRIES && (try == 0 || err->class == ERR_FENCED); try++)
		ok = refill_apply(f->refill, store, "openitem refill", err);
	store_close(store);
	return ok;
}

/* How much is still to be published of what was published before. */
static bool left(struct fill *f, struct err *err, int64_t *ret_left, struct text *ret_stopped)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct store *store;

	if (!cli_store(f->cli, f->service, err, &store) || !store_query(store, sql_lanes, 0, NULL, err, &r))
		return false;
	*ret_left = 0;
	*ret_stopped = TEXT_NONE;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		int64_t before = *ret_left;
		for (size_t k = 0; k < f->n_lanes; k++)
			if (f->lanes[k].lane == store_result_i64(r, i, "lane"))
				*ret_left += MAX((int64_t)0, f->lanes[k].published_seq - store_result_i64(r, i, "published_seq"));
		if (*ret_left > before && !text_empty(store_result_text(r, i, "stopped")))
			*ret_stopped = text_printf(f->cli->arena, "%s has stopped lane %lld: " TEXT_FMT,
						   cli_service_names[f->service], (long long)store_result_i64(r, i, "lane"),
						   TEXT_ARG(store_result_text(r, i, "stopped")));
	}
	return true;
}

/* The service does the work: from its own table, under its own epoch. */
static int wait_for(struct fill *f, int64_t missing)
{
	const char *name = cli_variable(f->cli, f->service, "ADMIN"), *address = env_get(name);
	int64_t moved_ms = cli_now_ms(), before = -1, n = 1;
	struct text stopped = TEXT_NONE;
	struct err err;

	if (address != NULL && !probe_listens(address))
		return cli_fail(
			f->cli, EXIT_MISSING,
			"the marks are set back, but nobody answers at %s (%s): %s publishes the records when it is started",
			address, name, cli_service_names[f->service]);
	progress_open(&f->progress, "publishing", 0);
	/* A lane that has stopped for another reason needs another command first. */
	while (n > 0 &&
	       cli_now_ms() - moved_ms < (text_empty(stopped) ? f->timeout_s * 1000 : MIN(f->timeout_s * 1000, STOPPED_MS))) {
		if (!left(f, &err, &n, &stopped)) {
			progress_close(&f->progress);
			return cli_failed(f->cli, &err);
		}
		if (n != before)
			moved_ms = cli_now_ms();
		before = n;
		progress_set(&f->progress, 0, cli_service_names[f->service]);
		if (n > 0)
			cli_sleep_ms(WAIT_POLL_MS);
	}
	progress_close(&f->progress);
	if (n > 0)
		return cli_fail(f->cli, EXIT_MISSING, "%s has not published everything again: waited %lld s without progress%s%s",
				cli_service_names[f->service], (long long)f->timeout_s, text_empty(stopped) ? "" : "; ",
				text_empty(stopped) ? "" : stopped.s);
	if (missing > 0)
		cli_say(f->cli, "%s has published %lld records again", cli_service_names[f->service], (long long)missing);
	return EXIT_OK;
}

static int refill(struct fill *f)
{
	const struct refill_place *places;
	int64_t missing = 0;
	size_t n = 0, moves = 0;
	struct store *store;
	struct err err;

	if (!find_writer(f, &err) || !look(f, &err))
		return cli_failed(f->cli, &err);
	places = refill_plan(f->refill, &n, &missing, &moves);
	if (!cli_store(f->cli, f->service, &err, &store) || !check_held(f, store, places, n, &err))
		return cli_failed(f->cli, &err);
	print(f, places, n, missing);
	if (f->dry_run || moves == 0)
		return EXIT_OK;
	if (!apply(f, &err))
		return cli_failed(f->cli, &err);
	FAILPOINT("refill.applied");
	return wait_for(f, missing);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct fill f = { .cli = cli, .timeout_s = 60 };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "dry-run", 'n', OPTION_FLAG, &f.dry_run, NULL, "only show what is missing", 0, 0, NULL },
		{ "everything", 0, OPTION_FLAG, &f.everything, NULL,
		  "publish everything again, whatever the topic holds: its beginning was lost, too", 0, 0, NULL },
		{ "timeout", 0, OPTION_INT, &f.timeout_s, "SECONDS", "how long to wait without progress (60)", 1, 86400, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	f.topic = argv[0];
	return refill(&f);
}

const struct command cmd_refill = {
	.name = "refill",
	.summary = "publish again what a topic of ours lost",
	.usage = "openitem refill [--dry-run] [--everything] TOPIC\n\n"
		 "For an ar.* topic, or a dead-letter topic, that lost its end (or all of it). Finds per lane the last outcome\n"
		 "that the topic holds without a gap before it, and has the service that wrote it publish again what follows,\n"
		 "from its outcome table, byte for byte. The service may run; when it does not, it publishes when it is started.\n"
		 "Lanes that stopped because of this go on by themselves; readers that stopped go on after\n"
		 "`openitem reposition`. Columns: in_log and published are the lane's seq; early: records behind a gap, which\n"
		 "readers pass over.",
	.example = "openitem refill --dry-run ar.billing.v1\nopenitem refill ar.billing.v1",
	.run = run,
};
