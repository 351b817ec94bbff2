/* openitem period: accounting periods of legal entities, closed and opened again (RPT-07, LEDGER section 3). */
#include "cli/answer.h"
#include "cli/kafka.h"
#include "cli/options.h"
#include "cli/out.h"
#include "cli/period.h"
#include "cli/settle.h"
#include "cli_sql.h"
#include "ev/reference.h"
#include "store/store.h"

#define SOURCE TEXT("/openitem/cli/period")
#define TOPIC  "ar.reference.v1"

static const struct out_column columns[] = {
	{ "entity", OUT_TEXT }, { "from", OUT_DAY },         { "to", OUT_DAY },
	{ "state", OUT_TEXT },  { "business_day", OUT_DAY }, { "lanes", OUT_TEXT },
};

static const struct {
	const char *name;
	enum reference_period_state state;
} verbs[] = {
	{ "close", REFERENCE_PERIOD_STATE_CLOSED },
	{ "soft-close", REFERENCE_PERIOD_STATE_SOFT_CLOSED },
	{ "reopen", REFERENCE_PERIOD_STATE_OPEN },
};

static struct option_items entities; /* large, so not on the stack */

struct job {
	struct cli *cli;
	const char *id;
	int64_t timeout_s;
	enum reference_period_state state;
	date_t from, to;
};

/* ---- list ---- */

static date_t day_of(const struct store_result *r, size_t i, const char *column)
{
	date_t day = DATE_NONE;

	if (!store_result_is_null(r, i, column))
		CHECK(date_parse(store_result_text(r, i, column), &day));
	return day;
}

static bool read_periods(struct cli *cli, const char *entity, struct err *err, struct store_result **ret)
{
	struct store *store;

	return (cli_store(cli, CLI_CASH, err, &store) && store_query(store, sql_cash_periods, 1, &entity, err, ret)) ||
	       err_wrap(err, "the database of cash");
}

static void print_row(struct cli *cli, struct out *out, const struct store_result *r, size_t i)
{
	out_text(out, store_result_text(r, i, "entity"));
	out_day(out, day_of(r, i, "from_day"));
	out_day(out, day_of(r, i, "to_day"));
	out_text(out, store_result_text(r, i, "state"));
	out_day(out, day_of(r, i, "business_day"));
	out_text(out, text_printf(cli->arena, "%lld of %lld", (long long)store_result_i64(r, i, "lanes"),
				  (long long)store_result_i64(r, i, "of")));
}

static int list(struct cli *cli, const char *const *of, size_t n)
{
	struct out *out = out_open(cli, columns, ARRAY_LEN(columns));
	struct store_result *r;
	struct err err;
	bool ok = true;

	out_nothing(out, "no period was recorded: all are open");
	for (size_t e = 0; e < n && ok; e++) {
		ok = read_periods(cli, of[e], &err, &r);
		for (size_t i = 0; ok && i < store_result_rows(r); i++)
			print_row(cli, out, r, i);
		if (ok)
			store_result_free(r);
	}
	out_note(out, "days of no recorded period are open");
	out_close(out);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}

static int list_entities(struct cli *cli)
{
	const char **names = ARENA_ARRAY(cli->arena, entities.n + 1, const char *);

	names[0] = "";
	for (size_t i = 0; i < entities.n; i++)
		names[i] = text_cstr(cli->arena, entities.item[i]);
	return list(cli, names, MAX(entities.n, (size_t)1));
}

/* ---- changing one ---- */

/* A typing error would close the periods of nobody, and say that it did. */
static bool is_entity(struct job *j, const char *entity, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct store *store;

	if (!cli_store(j->cli, CLI_REPORTING, err, &store) ||
	    !store_query(store, "SELECT 1 FROM entity WHERE entity = $1 AND name <> '' LIMIT 1", 1, &entity, err, &r))
		return err_wrap(err, "the database of reporting");
	return store_result_rows(r) > 0 || err_set(err, ERR_STOP, "unknown_entity", "there is no legal entity %.40s", entity);
}

static bool publish(struct job *j, struct kafka *k, struct text entity, struct text id, struct err *err)
{
	struct arena *a = j->cli->arena;
	struct reference_event *e = WIRE_NEW(a, reference_event);
	char time[INSTANT_TEXT_SIZE];
	struct event ev;

	e->event_case = REFERENCE_EVENT_PERIOD_RECORDED;
	e->period_recorded = WIRE_NEW(a, reference_period_recorded);
	e->period_recorded->entity = entity;
	e->period_recorded->first_day = j->from;
	e->period_recorded->last_day = j->to;
	e->period_recorded->state = j->state;
	if (!event_make(wire_topic_find(TEXT(TOPIC)), e, id, SOURCE, text_of(instant_format(time, cli_now_us())), a, err, &ev)) {
		err->class = ERR_REJECT; /* here it is what the user typed */
		return false;
	}
	return kafka_publish(k, &ev, err);
}

/* What the gate said, once everything has passed. */
static bool accepted(struct job *j, struct text id, struct err *err)
{
	struct answer *answers;
	size_t n;

	if (!answer_find(j->cli, CLI_INTAKE, id, TOPIC, err, &answers, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!answers[i].dead)
			return true;
	return n == 0 ? err_set(err, ERR_RETRY, "no_answer", "intake has passed the event without an answer")
		      : err_set(err, ERR_STOP, "refused", "refused: " TEXT_FMT ": " TEXT_FMT,
				TEXT_ARG(answer_reason(&answers[0], j->cli->arena)),
				TEXT_ARG(answer_detail(&answers[0], j->cli->arena)));
}

static bool change(struct job *j, const struct text *ids, struct err *err)
{
	struct kafka *k = NULL;
	struct settle *s = NULL;
	bool ok = kafka_open(j->cli, 0, err, &k);

	for (size_t i = 0; i < entities.n && ok; i++)
		ok = publish(j, k, entities.item[i], ids[i], err);
	ok = ok && kafka_flush(k, err);
	kafka_close(k);
	ok = ok && settle_open(j->cli, err, &s);
	ok = ok && settle_run(s, SETTLE_BARRIER, j->timeout_s * 1000, NULL, err);
	settle_close(s);
	for (size_t i = 0; i < entities.n && ok; i++)
		ok = accepted(j, ids[i], err);
	return ok;
}

static int run_change(struct job *j)
{
	struct cli *cli = j->cli;
	struct text *ids = ARENA_ARRAY(cli->arena, entities.n, struct text);
	struct text id = j->id == NULL ? cli_new_id(cli) : text_of(j->id);
	struct err err;

	for (size_t i = 0; i < entities.n; i++) {
		ids[i] = entities.n == 1 ? id
					 : text_printf(cli->arena, TEXT_FMT "-" TEXT_FMT, TEXT_ARG(id), TEXT_ARG(entities.item[i]));
		if (!is_entity(j, text_cstr(cli->arena, entities.item[i]), &err))
			return cli_failed(cli, &err);
	}
	if (!change(j, ids, &err))
		return cli_failed(cli, &err);
	return list_entities(cli);
}

/* ---- the command ---- */

static int run(struct cli *cli, int argc, char **argv)
{
	struct job j = { .cli = cli, .timeout_s = 60 };
	const char *verb = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
	struct err err;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "entity", 'e', OPTION_ITEMS, &entities, "E,E", "legal entities; list: default all", 0, 0, NULL },
		{ "id", 0, OPTION_TEXT, &j.id, "ID", "idempotency key: the same id is done once", 0, 0, NULL },
		{ "timeout", 0, OPTION_INT, &j.timeout_s, "SECONDS", "how long to wait until every service knows it (60)", 1, 3600,
		  NULL },
	};
	bool changes = strcmp(verb, "list") != 0 && verb[0] != '\0';
	int code = options_parse(cli, specs, ARRAY_LEN(specs), changes ? 2 : 0, changes ? 2 : 1, &argc, &argv);

	if (code >= 0)
		return code;
	if (!changes)
		return list_entities(cli);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			j.state = verbs[i].state;
	if (j.state == REFERENCE_PERIOD_STATE_UNSPECIFIED)
		return options_usage(cli, "expected list, close, soft-close or reopen, got \"%s\"", verb);
	if (entities.n == 0)
		return options_usage(cli, "--entity is missing: periods are closed per entity");
	if (!period_parse(text_of(argv[1]), &err, &j.from, &j.to))
		return options_usage(cli, "%s", err.msg);
	return run_change(&j);
}

const struct command cmd_period = {
	.name = "period",
	.summary = "accounting periods: which are closed; close one, open it again",
	.usage =
		"openitem period [list] [--entity E,E] [--format F]\n"
		"       openitem period close|soft-close|reopen MONTH|DAY..DAY --entity E,E [--id ID]\n\n"
		"A closed period takes nothing: automatic entries fall into the first open day after it, a document or command that insists on a\n"
		"day in it is refused. A soft-closed one still takes what a person insists on. reopen takes either back. The event period_recorded\n"
		"goes to " TOPIC
		", one per entity; the command ends when every service has passed it. A day is in one state: the last\n"
		"that was said of it, so a month may be opened within a closed year. There is no such entity: exit 1.",
	.example =
		"openitem period soft-close 2026-01 --entity DE01\nopenitem period reopen 2026-01-01..2026-01-31 --entity DE01,IN01\nopenitem period",
	.run = run,
};
