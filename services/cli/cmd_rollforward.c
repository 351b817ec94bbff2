/* openitem rollforward: opening + billed - memos - receipts + returns + other = closing = general ledger control (LEDGER section 6). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "currency", OUT_TEXT, NULL },  { "from", OUT_DAY, "from_date" },
	{ "to", OUT_DAY, "to_date" },      { "opening", OUT_MONEY, NULL },  { "billed", OUT_MONEY, NULL },
	{ "memos", OUT_MONEY, NULL },      { "receipts", OUT_MONEY, NULL }, { "returns", OUT_MONEY, NULL },
	{ "other", OUT_MONEY, NULL },      { "closing", OUT_MONEY, NULL },  { "control", OUT_MONEY, NULL },
	{ "difference", OUT_MONEY, NULL },
};

struct rollforward {
	const struct list *list;
	struct out *out;
	int64_t differences;
};

static bool print_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct rollforward *f = ctx;

	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		list_cell(f->out, &columns[i], row, 0);
	f->differences += store_result_i64(row, 0, "difference") != 0;
	return true;
}

static int print_rollforward(struct cli *cli, struct list *list, const char *known_at)
{
	struct rollforward f = { .list = list };
	struct known known;
	struct err err;

	if (!known_begin_at(cli, known_at, &err, &known))
		return cli_failed(cli, &err);
	list_known(list, 4, &known);
	f.out = list_open(cli, list);
	bool ok = store_stream(known.store, list->sql, list->n_params, list->params, print_row, &f, &err);

	if (ok)
		out_note(f.out, "%s", known_words(cli->arena, &known, list->as_of).s);
	else
		out_nothing(f.out, "");
	out_close(f.out);
	known_end(&known);
	if (!ok)
		return cli_failed(cli, &err);
	if (f.differences > 0)
		return cli_fail(cli, EXIT_FOUND, "%lld rows do not end at AR control", (long long)f.differences);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	date_t from = DATE_NONE, to = DATE_NONE;
	const char *known_at = NULL;
	bool whole = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "from", 0, OPTION_DAY, &from, "DATE", "first accounting date (default: the first movement)", 0, 0, NULL },
		{ "to", 0, OPTION_DAY, &to, "DATE", "last accounting date (default: each entity's business day)", 0, 0, NULL },
		{ "whole", 0, OPTION_FLAG, &whole, NULL, "one row for the whole time, not one per month", 0, 0, NULL },
		OPTION_KNOWN(known_at),
		OPTION_ENTITY(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (from != DATE_NONE && to != DATE_NONE && from > to)
		return options_usage(cli, "--from lies after --to");

	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "nothing was posted",
			     sql_rollforward,
			     { list_day(cli, from), list_day(cli, to), filter.entity, "", "", "", whole ? "whole" : "" },
			     7,
			     to };

	return print_rollforward(cli, &list, known_at);
}

const struct command cmd_rollforward = {
	.name = "rollforward",
	.summary = "how AR moved month by month, down to the ledger's control account",
	.usage =
		"openitem rollforward [--from DATE] [--to DATE] [--known-at K] [--whole] [--entity E] [--format F]\n\n"
		"opening + billed - memos - receipts + returns + other = closing, per month, entity and currency. closing follows from the\n"
		"totals by day, control is summed from the lines of the journal; a difference ends with exit 1. other = take-on.",
	.example = "openitem rollforward --from 2026-01-01\nopenitem rollforward --whole --format csv",
	.run = run,
};
