/* openitem money: where the money that came in is now. */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "currency", OUT_TEXT, NULL },      { "posted", OUT_MONEY, NULL },
	{ "taken_on", OUT_MONEY, NULL },   { "returned", OUT_MONEY, NULL },     { "applied", OUT_MONEY, NULL },
	{ "unapplied", OUT_MONEY, NULL },  { "unidentified", OUT_MONEY, NULL }, { "in_transit", OUT_MONEY, NULL },
	{ "difference", OUT_MONEY, NULL },
};

struct money_list {
	struct out *out;
	int64_t differences;
};

static bool print_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct money_list *m = ctx;

	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		list_cell(m->out, &columns[i], row, 0);
	m->differences += store_result_i64(row, 0, "difference") != 0;
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	struct money_list m = { 0 };
	struct known known;
	struct err err;
	const struct option_spec specs[] = { OPTION_FORMAT(cli), OPTION_ENTITY(filter) };
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	struct list list = { columns, ARRAY_LEN(columns), "no money came in", sql_money, { filter.entity }, 1, DATE_NONE };

	if (!known_begin(cli, &err, &known))
		return cli_failed(cli, &err);
	m.out = list_open(cli, &list);
	bool ok = store_stream(known.store, list.sql, list.n_params, list.params, print_row, &m, &err);

	if (ok)
		out_note(m.out, "%s", known_words(cli->arena, &known, DATE_NONE).s);
	else
		out_nothing(m.out, "");
	out_close(m.out);
	known_end(&known);
	if (!ok)
		return cli_failed(cli, &err);
	return m.differences == 0 ? EXIT_OK : cli_fail(cli, EXIT_FOUND, "%lld rows do not add up", (long long)m.differences);
}

const struct command cmd_money = {
	.name = "money",
	.summary = "where the money that came in is now",
	.usage =
		"openitem money [--entity E] [--format F]\n\n"
		"posted (bank lines) + taken_on (unapplied receipts of a take-on) - returned = applied (receipts against what is owed, in force)\n"
		"+ unapplied + unidentified + in_transit, per entity and currency. A difference ends with exit 1.",
	.example = "openitem money --entity DE01",
	.run = run,
};
