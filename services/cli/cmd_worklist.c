/* openitem worklist: whom to call first (LEDGER section 6). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "currency", OUT_TEXT, NULL },      { "rank", OUT_INT, NULL },        { "entity", OUT_TEXT, NULL },
	{ "account", OUT_TEXT, NULL },       { "name", OUT_TEXT, NULL },       { "overdue", OUT_MONEY, NULL },
	{ "items", OUT_INT, NULL },          { "oldest_days", OUT_INT, NULL }, { "score", OUT_MONEY, NULL },
	{ "credits", OUT_MONEY, NULL },      { "held", OUT_MONEY, NULL },      { "last_notice_level", OUT_INT, NULL },
	{ "last_notice_on", OUT_DAY, NULL },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	int64_t limit = 0;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "limit", 'n', OPTION_INT, &limit, "N", "the first N of each currency", 1, INT32_MAX, NULL },
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;

	const char *first = limit == 0 ? "" : text_printf(cli->arena, "%lld", (long long)limit).s;
	struct list list = {
		columns, ARRAY_LEN(columns), "nothing is overdue", sql_worklist, { "", filter.entity, filter.account, first },
		4,       DATE_NONE
	};

	return list_run(cli, &list);
}

const struct command cmd_worklist = {
	.name = "worklist",
	.summary = "whom to call first",
	.usage =
		"openitem worklist [--limit N] [--entity E] [--account A] [--format F]\n\n"
		"score = sum over overdue items of what is left open x days past due, ranked within a currency. Open credits are taken off the\n"
		"oldest due items first; items and accounts under a block, promised items and held amounts are left out (their amount stands in `held`).",
	.example = "openitem worklist --limit 10",
	.run = run,
};
