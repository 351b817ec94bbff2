/* openitem unidentified: money whose payer is not known. */
#include "cli/list.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },          { "account", OUT_TEXT, NULL },
	{ "line", OUT_TEXT, "line_id" },       { "version", OUT_INT, LIST_VERSION },
	{ "booking_date", OUT_DAY, NULL },     { "days", OUT_INT, NULL },
	{ "currency", OUT_TEXT, NULL },        { "open", OUT_MONEY, NULL },
	{ "reason", OUT_TEXT, NULL },          { "because", OUT_TEXT, NULL },
	{ "payer_name", OUT_TEXT, NULL },      { "payer_bank_account", OUT_TEXT, NULL },
	{ "payer_reference", OUT_TEXT, NULL }, { "remittance_text", OUT_TEXT, NULL },
	{ "candidates", OUT_TEXT, NULL },      { "statement", OUT_TEXT, "statement_id" },
};

static const struct list list = { .columns = columns,
				  .n_columns = ARRAY_LEN(columns),
				  .nothing = "every payer is known",
				  .sql = sql_unidentified,
				  .as_of = DATE_NONE };

static int run(struct cli *cli, int argc, char **argv)
{
	return list_run_bank(cli, argc, argv, &list);
}

const struct command cmd_unidentified = {
	.name = "unidentified",
	.summary = "bank lines whose payer is not known",
	.usage =
		"openitem unidentified [--entity E] [--account BANK-ACCOUNT] [--format F]\n\n"
		"Money that waits on a holding account (account), with the evidence and why it was not enough. account, line and version are\n"
		"what `openitem command assign-payer` takes.",
	.example = "openitem unidentified --entity DE01",
	.run = run,
};
