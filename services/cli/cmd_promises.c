/* openitem promises: what customers promised to pay, and what became of it (COL-04). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "promise", OUT_TEXT, "promise_id" },
	{ "entity", OUT_TEXT, NULL },
	{ "account", OUT_TEXT, NULL },
	{ "name", OUT_TEXT, NULL },
	{ "currency", OUT_TEXT, NULL },
	{ "amount", OUT_MONEY, NULL },
	{ "items", OUT_INT, NULL },
	{ "made_on", OUT_DAY, NULL },
	{ "promised_date", OUT_DAY, NULL },
	{ "state", OUT_TEXT, NULL },
	{ "paid", OUT_MONEY, NULL },
	{ "ended_on", OUT_DAY, NULL },
};

static const char *const states[] = { "open", "kept", "partly_kept", "broken", "cancelled", "superseded", NULL };

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	size_t state = SIZE_MAX;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "state", 0, OPTION_WORD, &state, "STATE", "open, kept, partly_kept, broken, cancelled or superseded", 0, 0,
		  states },
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "no promises",
			     sql_promises,
			     { filter.entity, filter.account, state == SIZE_MAX ? "" : states[state] },
			     3,
			     DATE_NONE };

	return list_run(cli, &list);
}

const struct command cmd_promises = {
	.name = "promises",
	.summary = "promises to pay, and whether they were kept",
	.usage = "openitem promises [--state STATE] [--entity E] [--account A] [--format F]\n\n"
		 "items: how many items a promise covers; 0 = it is of an amount, which any receipt of the subject pays.",
	.example = "openitem promises --state broken\nopenitem promises --account C000012",
	.run = run,
};
