/* openitem invoices: the documents billing issued or took on. */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "account", OUT_TEXT, NULL },     { "name", OUT_TEXT, NULL },
	{ "type", OUT_TEXT, NULL },        { "number", OUT_TEXT, NULL },      { "external_number", OUT_TEXT, NULL },
	{ "order", OUT_TEXT, "order_id" }, { "po", OUT_TEXT, "customer_po" }, { "issue_date", OUT_DAY, NULL },
	{ "due_date", OUT_DAY, NULL },     { "currency", OUT_TEXT, NULL },    { "net", OUT_MONEY, NULL },
	{ "tax", OUT_MONEY, NULL },        { "gross", OUT_MONEY, NULL },      { "open", OUT_MONEY, NULL },
	{ "state", OUT_TEXT, NULL },       { "taken_on", OUT_BOOL, NULL },    { "corrects", OUT_TEXT, "refers_to_number" },
	{ "reason", OUT_TEXT, NULL },      { "document_id", OUT_TEXT, NULL },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	date_t from = DATE_NONE, to = DATE_NONE;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "from", 0, OPTION_DAY, &from, "DATE", "issued on this day or later", 0, 0, NULL },
		{ "to", 0, OPTION_DAY, &to, "DATE", "issued on this day or earlier", 0, 0, NULL },
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "no documents",
			     sql_invoices,
			     { filter.entity, filter.account, list_day(cli, from), list_day(cli, to) },
			     4,
			     DATE_NONE };

	return list_run(cli, &list);
}

const struct command cmd_invoices = {
	.name = "invoices",
	.summary = "invoices and credit memos, and what became of them",
	.usage =
		"openitem invoices [--from DATE] [--to DATE] [--entity E] [--account A] [--format F]\n\n"
		"state: open, partly_paid, paid, credited (by credit memos alone); of a credit memo: open, partly_applied, applied. Amounts of\n"
		"a credit memo are positive, its open amount is negative. taken_on: brought from the system before us.",
	.example =
		"openitem invoices --account C00042\nopenitem invoices --entity DE01 --from 2026-01-01 --to 2026-01-31 --format csv",
	.run = run,
};
