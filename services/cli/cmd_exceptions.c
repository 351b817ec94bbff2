/* openitem exceptions: what did not go the ordinary way. */
#include "cli/answer.h"
#include "cli/list.h"
#include "cli/options.h"
#include "cli/stored.h"
#include "cli_sql.h"
#include "ev/intake.h"
#include "reporting_sql.h"
#include "store/store.h"

static const char *const kinds[] = {
	"refused", "parked", "left_unapplied", "left_unidentified", "return_suspense", "statement_differs", "dead_letter", NULL
};
#define ALL_KINDS   ARRAY_LEN(kinds)
#define DEAD_LETTER (ARRAY_LEN(kinds) - 2)

static const struct list_column columns[] = {
	{ "kind", OUT_TEXT, NULL },
	{ "entity", OUT_TEXT, NULL },
	{ "account", OUT_TEXT, NULL },
	{ "service", OUT_TEXT, NULL },
	{ "reason", OUT_TEXT, NULL },
	{ "currency", OUT_TEXT, NULL },
	{ "amount", OUT_MONEY, NULL },
	{ "input", OUT_TEXT, "input_type" },
	{ "subject", OUT_TEXT, NULL },
	{ "detail", OUT_TEXT, NULL },
	{ "candidates", OUT_TEXT, NULL },
	{ "event", OUT_TEXT, "event_id" },
	{ "cause", OUT_TEXT, "cause_event_id" },
};

struct dead_letters {
	struct out *out;
	struct arena *arena;
};

static bool print_dead_letter(void *ctx, const struct store_result *row, struct err *err)
{
	struct dead_letters *d = ctx;
	const struct intake_event *ev;
	struct text value;
	void *body;

	arena_reset(d->arena);
	if (!stored_bytes(store_result_text(row, 0, "value"), d->arena, &value) ||
	    !wire_decode(&intake_event_msg, (const uint8_t *)value.s, value.n, d->arena, err, &body))
		return err_set(err, ERR_STOP, "bad_record", "outcome %lld of intake on lane %lld cannot be decoded",
			       (long long)store_result_i64(row, 0, "seq"), (long long)store_result_i64(row, 0, "lane"));
	ev = body;
	if (ev->fact_case != INTAKE_EVENT_DEAD_LETTER)
		return true;
	out_text(d->out, TEXT("dead_letter"));
	out_text(d->out, TEXT_NONE);
	out_text(d->out, ev->account);
	out_text(d->out, TEXT("intake"));
	out_text(d->out, ev->dead_letter->reason);
	out_text(d->out, TEXT_NONE);
	out_absent(d->out);
	out_text(d->out, ev->dead_letter->topic);
	out_text(d->out,
		 text_printf(d->arena, TEXT_FMT ":" TEXT_FMT ":" TEXT_FMT, TEXT_ARG(store_result_text(row, 0, "cause_topic")),
			     TEXT_ARG(store_result_text(row, 0, "cause_partition")),
			     TEXT_ARG(store_result_text(row, 0, "cause_offset"))));
	out_text(d->out, ev->dead_letter->detail);
	out_text(d->out, TEXT_NONE);
	out_text(d->out, store_result_text(row, 0, "event_id"));
	out_text(d->out, ev->dead_letter->event_id);
	return true;
}

static bool print_dead_letters(struct cli *cli, struct out *out, struct err *err)
{
	struct dead_letters d = { .out = out };
	struct store *intake;

	if (!cli_store(cli, CLI_INTAKE, err, &intake))
		return false;
	d.arena = arena_new((size_t)1 << 20, (size_t)1 << 30);
	bool ok = store_stream(intake, sql_intake_dead_letters, 0, NULL, print_dead_letter, &d, err);

	arena_free(d.arena);
	return ok;
}

static int print_exceptions(struct cli *cli, const struct list *list, bool books, bool dead_letters)
{
	struct known known;
	struct err err;

	if (!known_begin(cli, &err, &known))
		return cli_failed(cli, &err);

	struct out *out = list_open(cli, list);
	bool ok = (!books || list_rows(cli, list, out, known.store, true, &err)) &&
		  (!dead_letters || print_dead_letters(cli, out, &err));

	if (ok)
		out_note(out, "%s", known_words(cli->arena, &known, DATE_NONE).s);
	else
		out_nothing(out, "");
	out_close(out);
	known_end(&known);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	size_t kind = ALL_KINDS;
	bool all = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "kind", 0, OPTION_WORD, &kind, "KIND",
		  "only refused, parked, left_unapplied, left_unidentified, return_suspense, "
		  "statement_differs or dead_letter",
		  0, 0, kinds },
		{ "all", 0, OPTION_FLAG, &all, NULL, "those that are over too", 0, 0, NULL },
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	bool narrow = filter.entity[0] != '\0' || filter.account[0] != '\0'; /* a dead letter belongs to nobody */
	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "no exceptions",
			     sql_exceptions,
			     { filter.entity, filter.account, kind == ALL_KINDS ? "" : kinds[kind], all ? "all" : "open" },
			     4,
			     DATE_NONE };

	return print_exceptions(cli, &list, kind != DEAD_LETTER, kind == DEAD_LETTER || (kind == ALL_KINDS && !narrow));
}

const struct command cmd_exceptions = {
	.name = "exceptions",
	.summary = "what did not go the ordinary way, and why",
	.usage =
		"openitem exceptions [--kind KIND] [--all] [--entity E] [--account A] [--format F]\n\n"
		"refused: an input that was turned down. parked: it waits for a fact. left_unapplied, left_unidentified: money that stays where it\n"
		"is. return_suspense: a returned payment that names no line. statement_differs: a bank statement whose lines do not add up.\n"
		"dead_letter: what the gate refused (subject is what `openitem dlq show` takes). Refusals and dead letters stay listed; the others go\n"
		"away when they are resolved (--all shows them still). Without an entity: it is not known of refused, parked and dead input.",
	.example = "openitem exceptions --kind left_unapplied\nopenitem exceptions --account C00042 --all",
	.run = run,
};
