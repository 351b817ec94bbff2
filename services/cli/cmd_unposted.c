/* openitem unposted: what the bank has and the ledger has not (CSH-16). */
#include "cli/list.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "bank_account", OUT_TEXT, NULL },
	{ "what", OUT_TEXT, NULL },        { "line", OUT_TEXT, "line_id" },
	{ "booking_date", OUT_DAY, NULL }, { "days", OUT_INT, NULL },
	{ "currency", OUT_TEXT, NULL },    { "amount", OUT_MONEY, NULL },
	{ "reason", OUT_TEXT, NULL },      { "statement", OUT_TEXT, "statement_id" },
};

static const struct list list = { .columns = columns,
				  .n_columns = ARRAY_LEN(columns),
				  .nothing = "every line of the bank is posted",
				  .sql = sql_unposted,
				  .as_of = DATE_NONE };

static int run(struct cli *cli, int argc, char **argv)
{
	return list_run_bank(cli, argc, argv, &list);
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
