/* openitem unposted: what the bank has and the ledger has not (CSH-16). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "bank_account", OUT_TEXT, NULL },
	{ "what", OUT_TEXT, NULL },        { "line", OUT_TEXT, "line_id" },
	{ "booking_date", OUT_DAY, NULL }, { "days", OUT_INT, NULL },
	{ "currency", OUT_TEXT, NULL },    { "amount", OUT_MONEY, NULL },
	{ "reason", OUT_TEXT, NULL },      { "statement", OUT_TEXT, "statement_id" },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	const char *bank_account = "";
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		OPTION_ENTITY(filter),
		{ "account", 'a', OPTION_TEXT, &bank_account, "ACCOUNT", "only of this bank account, with or without ~", 0, 0,
		  NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (bank_account[0] == '~')
		bank_account++;

	struct list list = {
		columns, ARRAY_LEN(columns), "every line of the bank is posted", sql_unposted, { filter.entity, bank_account, "" },
		3,       DATE_NONE
	};

	return list_run(cli, &list);
}

const struct command cmd_unposted = {
	.name = "unposted",
	.summary = "bank lines that are not in the ledger",
	.usage =
		"openitem unposted [--entity E] [--account BANK-ACCOUNT] [--format F]\n\n"
		"excluded: fees, interest, sweeps, outgoing money, with their age and reason. missing: what a statement says beyond the lines\n"
		"that came; `openitem exceptions --kind dead_letter` tells which of them the gate refused.",
	.example = "openitem unposted --entity DE01",
	.run = run,
};
