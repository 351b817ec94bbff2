/* openitem unapplied: receipts of known customers that are not applied, or not whole. */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "account", OUT_TEXT, NULL },      { "name", OUT_TEXT, NULL },
	{ "reference", OUT_TEXT, NULL },   { "document_date", OUT_DAY, NULL }, { "days", OUT_INT, NULL },
	{ "currency", OUT_TEXT, NULL },    { "original", OUT_MONEY, NULL },    { "open", OUT_MONEY, NULL },
	{ "reason", OUT_TEXT, NULL },      { "because", OUT_TEXT, NULL },      { "candidates", OUT_TEXT, NULL },
	{ "document_id", OUT_TEXT, NULL }, { "sequence", OUT_INT, NULL },      { "version", OUT_INT, LIST_VERSION },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	const struct option_spec specs[] = { OPTION_FORMAT(cli), OPTION_ENTITY(filter), OPTION_ACCOUNT(filter) };
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	struct list list = {
		columns, ARRAY_LEN(columns), "every receipt is applied", sql_unapplied, { filter.entity, filter.account, "" },
		3,       DATE_NONE
	};

	return list_run(cli, &list);
}

const struct command cmd_unapplied = {
	.name = "unapplied",
	.summary = "receipts that are not applied, or not whole",
	.usage =
		"openitem unapplied [--entity E] [--account A] [--format F]\n\n"
		"Money of known customers, with the reason why it was left. document_id, sequence and version are what `openitem command apply` and\n"
		"`send-back` take.",
	.example = "openitem unapplied --account C00042",
	.run = run,
};
