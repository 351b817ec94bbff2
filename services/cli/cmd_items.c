/* openitem items: open items as of a day, oldest due first. */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "as_of", OUT_DAY, NULL },          { "entity", OUT_TEXT, NULL },       { "account", OUT_TEXT, NULL },
	{ "name", OUT_TEXT, NULL },          { "kind", OUT_TEXT, NULL },         { "reference", OUT_TEXT, NULL },
	{ "order", OUT_TEXT, "order_id" },   { "po", OUT_TEXT, "customer_po" },  { "document_date", OUT_DAY, NULL },
	{ "due_date", OUT_DAY, NULL },       { "days_past_due", OUT_INT, NULL }, { "currency", OUT_TEXT, NULL },
	{ "original", OUT_MONEY, NULL },     { "open", OUT_MONEY, NULL },        { "on_account", OUT_MONEY, NULL },
	{ "discount_until", OUT_DAY, NULL }, { "discount", OUT_MONEY, NULL },    { "blocked", OUT_BOOL, NULL },
	{ "document_id", OUT_TEXT, NULL },   { "sequence", OUT_INT, NULL },      { "version", OUT_INT, LIST_VERSION },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	date_t as_of = DATE_NONE;
	const char *known_at = NULL;
	bool all = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "as-of", 0, OPTION_DAY, &as_of, "DATE", "as of this accounting date (default: each entity's business day)", 0, 0,
		  NULL },
		{ "all", 0, OPTION_FLAG, &all, NULL, "closed items too", 0, 0, NULL },
		OPTION_KNOWN(known_at),
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "nothing is open",
			     sql_items,
			     { list_day(cli, as_of), filter.entity, filter.account, all ? "all" : "open", "", "", "" },
			     7,
			     as_of };

	return list_run_at(cli, &list, known_at, 5);
}

const struct command cmd_items = {
	.name = "items",
	.summary = "open items, oldest due first",
	.usage =
		"openitem items [--as-of DATE] [--known-at K] [--all] [--entity E] [--account A] [--format F]\n\n"
		"Debit positive, credit negative. document_id, sequence and version are what `openitem command apply` and `unapply` take;\n"
		"the version is the one of now, also with --as-of.",
	.example = "openitem items --account C00042\nopenitem items --entity DE01 --as-of 2026-01-31 --format csv",
	.run = run,
};
