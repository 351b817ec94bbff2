/* openitem unidentified: money whose payer is not known. */
#include "cli/list.h"
#include "cli/options.h"
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
		columns, ARRAY_LEN(columns), "every payer is known", sql_unidentified, { filter.entity, bank_account, "" },
		3,       DATE_NONE
	};

	return list_run(cli, &list);
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
