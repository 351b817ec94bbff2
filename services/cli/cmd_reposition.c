/* openitem reposition: where a lane goes on reading a log that is not the one it knew (common/run/reposition.h). */
#include "cli/options.h"
#include "cli/out.h"
#include "cli_sql.h"
#include "run/reposition.h"
#include "store/store.h"

#define TRIES 5 /* when the running service takes its lanes back meanwhile */

struct move {
	struct reposition x;
	bool looked; /* to is known */
	bool acts; /* it is to be moved, or its lane to go on */
	const char *what; /* what was or would be done, or why not */
	bool failed;
};

struct plan {
	struct cli *cli;
	enum cli_service service;
	const char *topic; /* NULL: all */
	int32_t partition; /* -1: all */
	int64_t want;
	bool force, dry_run, reread;
	const char *by, *reason;
	struct store *store; /* read-only */
	struct bus_conf bus;
	struct move *moves;
	size_t n;
};

/* ---- arguments ------------------------------------------------------------------------------------------------------------ */

/* TOPIC or TOPIC[PARTITION] */
static bool parse_place(struct plan *p, const char *arg)
{
	struct text t = text_of(arg), number;
	size_t at = text_find(t, TEXT("["));
	int64_t partition = -1;

	p->partition = -1;
	p->topic = arg;
	if (at == TEXT_NOT_FOUND)
		return true;
	if (at == 0 || t.s[t.n - 1] != ']')
		return false;
	number = (struct text){ t.s + at + 1, t.n - at - 2 };
	if (!text_parse_i64(number, &partition) || partition < 0 || partition > INT32_MAX)
		return false;
	p->topic = text_cstr(p->cli->arena, (struct text){ t.s, at });
	p->partition = (int32_t)partition;
	return true;
}

static bool parse_to(const char *to, int64_t *ret_want)
{
	if (to == NULL || strcmp(to, "auto") == 0)
		*ret_want = REPOSITION_AUTO;
	else if (strcmp(to, "beginning") == 0)
		*ret_want = BUS_BEGINNING;
	else
		return text_parse_i64(text_of(to), ret_want) && *ret_want >= 0;
	return true;
}

/* ---- looking -------------------------------------------------------------------------------------------------------------- */

struct causes {
	struct arena *arena;
	struct reposition_cause *item;
	size_t n, cap;
};

static bool take_cause(void *ctx, const struct store_result *row, struct err *err)
{
	struct causes *c = ctx;

	(void)err;
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 1024 : c->cap * 2;
		struct reposition_cause *grown = ARENA_ARRAY(c->arena, cap, struct reposition_cause);
		if (c->n > 0)
			memcpy(grown, c->item, c->n * sizeof(*grown));
		c->item = grown;
		c->cap = cap;
	}
	c->item[c->n++] = reposition_cause(store_result_i64(row, 0, "cause_offset"), store_result_text(row, 0, "cause_event_id"));
	return true;
}

/* Event ids of the inputs that became outcomes, by offset: of an input that is not done yet, or of everything from `from` on. */
static bool ask_causes(struct plan *p, const struct reposition *x, int64_t from, store_row_fn *fn, void *ctx, struct err *err)
{
	struct arena *a = p->cli->arena;
	const char *params[] = { text_printf(a, "%d", x->lane).s, x->topic, text_printf(a, "%d", x->partition).s,
				 text_printf(a, "%lld", (long long)from).s };

	return store_stream(p->store, sql_reposition_causes, 4, params, fn, ctx, err);
}

static bool first_cause(void *ctx, const struct store_result *row, struct err *err)
{
	struct reposition *x = ctx;

	(void)err;
	if (text_empty(x->cursor_id) && store_result_i64(row, 0, "cause_offset") == x->cursor_offset)
		x->cursor_id = text_dup(x->arena, store_result_text(row, 0, "cause_event_id"));
	return true;
}

static bool look_at(struct plan *p, struct move *m, struct err *err)
{
	struct reposition *x = &m->x;
	struct causes causes = { .arena = p->cli->arena };

	if (x->cursor_here && !ask_causes(p, x, x->cursor_offset, first_cause, x, err))
		return false;
	if (!x->inner) {
		if (!ask_causes(p, x, x->extent.low, take_cause, &causes, err))
			return false;
		x->causes = causes.item;
		x->n_causes = causes.n;
	}
	x->want = p->want;
	x->force = p->force;
	x->reread = p->reread;
	return reposition_scan(x, &p->bus, err) && reposition_finish(x, err);
}

static bool is_chosen(const struct plan *p, struct text topic, int64_t partition)
{
	return p->topic == NULL || (text_eq(topic, text_of(p->topic)) && (p->partition < 0 || p->partition == partition));
}

/* All chosen positions, compared with their logs. */
static bool load(struct plan *p, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct reposition *all;

	if (!store_query(p->store, sql_reposition_positions, 0, NULL, err, &r))
		return false;
	p->moves = ARENA_ARRAY(p->cli->arena, store_result_rows(r) + 1, struct move);
	all = ARENA_ARRAY(p->cli->arena, store_result_rows(r) + 1, struct reposition);
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct text topic = store_result_text(r, i, "topic");
		int64_t partition = store_result_i64(r, i, "partition");
		if (!is_chosen(p, topic, partition))
			continue;
		all[p->n] = (struct reposition){ .arena = p->cli->arena,
						 .service = cli_service_names[p->service],
						 .topic = text_cstr(p->cli->arena, topic),
						 .lane = (int32_t)store_result_i64(r, i, "lane"),
						 .partition = (int32_t)partition };
		if (!reposition_load(&all[p->n], p->store, err))
			return false;
		p->n++;
	}
	/* Stopped before it had read anything of a topic of ours, where partition = lane. */
	if (p->n == 0 && p->topic != NULL && p->partition >= 0 && text_starts(text_of(p->topic), TEXT("ar.")) &&
	    p->service != CLI_INTAKE) {
		all[0] = (struct reposition){ .arena = p->cli->arena,
					      .service = cli_service_names[p->service],
					      .topic = p->topic,
					      .lane = p->partition,
					      .partition = p->partition };
		if (!reposition_load(&all[p->n++], p->store, err))
			return false;
	}
	if (p->n == 0)
		return err_set(err, ERR_REJECT, "position_missing", "%s has no position in %s", cli_service_names[p->service],
			       p->topic == NULL ? "any topic" : p->topic);
	if (!reposition_judge(all, p->n, &p->bus, err))
		return false;
	for (size_t i = 0; i < p->n; i++)
		p->moves[i].x = all[i];
	return true;
}

/* The offset may stay: then the record before it is another one. */
static bool moves(const struct move *m)
{
	bool any = m->x.to != m->x.position || m->x.passed_over > 0 || log_is_stop(m->x.verdict);

	for (size_t i = 0; i < m->x.n_senders; i++)
		any = any || m->x.senders[i].pass_below > 0;
	return any;
}

/* Which positions are looked at, and what is to be done about them. */
static void decide(struct plan *p)
{
	struct err err;

	for (size_t i = 0; i < p->n; i++) {
		struct move *m = &p->moves[i];
		if (p->want == REPOSITION_AUTO && !m->x.stopped && !log_is_stop(m->x.verdict) && !(p->reread && m->x.inner))
			continue;
		m->looked = look_at(p, m, &err);
		m->failed = !m->looked;
		m->acts = m->looked && moves(m);
		if (m->failed)
			m->what = text_cstr(p->cli->arena, text_of(err.msg));
	}
	/* A stopped lane whose positions are all as they should be goes on. */
	for (size_t i = 0; i < p->n; i++) {
		bool other = !p->moves[i].looked || !p->moves[i].x.stopped;
		for (size_t k = 0; !other && k < p->n; k++)
			other = p->moves[k].x.lane == p->moves[i].x.lane && (p->moves[k].acts || p->moves[k].failed);
		p->moves[i].acts = p->moves[i].acts || !other;
	}
}

/* ---- doing, saying -------------------------------------------------------------------------------------------------------- */

static void apply(struct plan *p, struct move *m, struct store *store)
{
	struct err err = { 0 };
	bool ok = false;

	for (int try = 0; !ok && try < TRIES && (try == 0 || err.class == ERR_FENCED); try++)
		ok = reposition_apply(&m->x, store, p->by, p->reason, cli_now_us(), &err);
	m->what = ok ? moves(m) ? "moved" : "goes on" : text_cstr(p->cli->arena, text_of(err.msg));
	m->failed = !ok;
}

static bool apply_all(struct plan *p, struct err *err)
{
	const char *name = cli_variable(p->cli, p->service, "DATABASE"), *conninfo;
	struct store *store;

	if (!cli_setting(p->cli, name, err, &conninfo) || !store_open(conninfo, err, &store))
		return err_wrap(err, "the database of %s (%s)", cli_service_names[p->service], name);
	for (size_t i = 0; i < p->n; i++)
		if (p->moves[i].acts)
			apply(p, &p->moves[i], store);
	store_close(store);
	return true;
}

static const struct out_column columns[] = {
	{ "topic", OUT_TEXT }, { "partition", OUT_INT }, { "lane", OUT_INT }, { "begins", OUT_INT },      { "ends", OUT_INT },
	{ "log", OUT_TEXT },   { "position", OUT_INT },  { "to", OUT_INT },   { "passed_over", OUT_INT }, { "what", OUT_TEXT },
};

static const char *const verdicts[] = {
	[LOG_SAME] = "same",
	[LOG_EXPIRED] = "read part expired",
	[LOG_COMPACTED] = "compacted",
	[LOG_LOST_END] = "lost its end",
	[LOG_REPLACED] = "lost its end, grew again",
	[LOG_LOST_UNREAD] = "unread part removed",
	[LOG_HOLE] = "has a hole",
};

static int print(struct plan *p)
{
	struct out *out = out_open(p->cli, columns, ARRAY_LEN(columns));
	int code = EXIT_OK;

	out_nothing(out, "every position is in its log, and no lane is stopped");
	for (size_t i = 0; i < p->n; i++) {
		const struct move *m = &p->moves[i];
		if (!m->acts && !m->failed)
			continue;
		if (m->failed)
			code = EXIT_FOUND;
		out_text(out, text_of(m->x.topic));
		out_int(out, m->x.partition);
		out_int(out, m->x.lane);
		out_int(out, m->x.extent.low);
		out_int(out, m->x.extent.high);
		out_text(out, text_of(verdicts[m->x.verdict]));
		out_int(out, m->x.position);
		if (m->looked)
			out_int(out, m->x.to);
		else
			out_absent(out);
		out_int(out, m->x.passed_over);
		out_text(out, text_of(m->what != NULL ? m->what : moves(m) ? "would move" : "would go on"));
	}
	out_close(out);
	return code;
}

static int reposition(struct plan *p)
{
	struct err err;

	if (!cli_bus(p->cli, &err, &p->bus) || !cli_store(p->cli, p->service, &err, &p->store) || !load(p, &err))
		return cli_failed(p->cli, &err);
	decide(p);
	if (!p->dry_run && !apply_all(p, &err))
		return cli_failed(p->cli, &err);
	return print(p);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct plan p = { .cli = cli, .partition = -1, .by = cli_user(), .reason = "" };
	const char *to = NULL;
	bool all = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "all", 0, OPTION_FLAG, &all, NULL, "every topic the service reads", 0, 0, NULL },
		{ "to", 0, OPTION_TEXT, &to, "beginning|OFFSET|auto", "where to go on (auto: the first record that was not read)",
		  0, 0, NULL },
		{ "reread", 0, OPTION_FLAG, &p.reread, NULL,
		  "read our topics from their beginnings, also where nothing seems wrong: finds records that were passed over", 0,
		  0, NULL },
		{ "dry-run", 'n', OPTION_FLAG, &p.dry_run, NULL, "only show it", 0, 0, NULL },
		{ "force", 0, OPTION_FLAG, &p.force, NULL, "with --to OFFSET: pass over records that were not read", 0, 0, NULL },
		{ "reason", 0, OPTION_TEXT, &p.reason, "TEXT", "why; kept with the move", 0, 0, NULL },
		{ "by", 0, OPTION_TEXT, &p.by, "NAME", "who decides it (your login)", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 2, &argc, &argv);

	if (code >= 0)
		return code;
	if (!cli_service_find(argv[0], &p.service))
		return options_usage(cli, "\"%s\": expected intake, billing, cash, collections or reporting", argv[0]);
	if (all == (argc == 2))
		return options_usage(cli, "a topic, or --all");
	if (argc == 2 && !parse_place(&p, argv[1]))
		return options_usage(cli, "\"%s\": expected TOPIC or TOPIC[PARTITION]", argv[1]);
	if (!parse_to(to, &p.want))
		return options_usage(cli, "--to %s: expected beginning, auto or an offset", to);
	if (p.want != REPOSITION_AUTO && p.partition < 0)
		return options_usage(cli, "--to %s needs one partition: TOPIC[PARTITION]", to);
	if (p.reread && p.want != REPOSITION_AUTO)
		return options_usage(cli, "--reread finds out where to go on: without --to");
	if (p.force && (p.want < 0 || p.reason[0] == '\0'))
		return options_usage(cli, "--force goes with --to OFFSET and --reason TEXT");
	if (p.by == NULL)
		return options_usage(cli, "--by NAME: your login is not known");
	return reposition(&p);
}

const struct command cmd_reposition = {
	.name = "reposition",
	.summary = "let a lane go on whose position is not in its log any more",
	.usage = "openitem reposition SERVICE TOPIC[PARTITION]|--all [--to beginning|OFFSET|auto] [--dry-run]\n"
		 "                    [--force --reason TEXT] [--by NAME]\n\n"
		 "For lanes that stopped because a log lost its end, was replaced, or lost records that were not read. What is\n"
		 "compared is the record before the position. auto goes on at the first record that was not read: by the\n"
		 "sender's number on ar.* topics, elsewhere behind the last record that is still the one we decided on (the\n"
		 "inbox skips what was seen). A stopped lane whose positions are right goes on, too. The service notices by\n"
		 "itself. Records are passed over unread only with --force, --to OFFSET and a reason, which is kept.\n"
		 "Exit 1 when a position could not be moved; column `what` says why.",
	.example = "openitem reposition reporting --all --dry-run\nopenitem reposition cash 'ar.transfer.v1[3]'",
	.run = run,
};
