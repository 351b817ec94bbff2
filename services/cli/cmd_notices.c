/* openitem notices: what collections sent. */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "notice_date", OUT_DAY, NULL }, { "entity", OUT_TEXT, NULL }, { "account", OUT_TEXT, NULL }, { "name", OUT_TEXT, NULL },
	{ "currency", OUT_TEXT, NULL }, { "level", OUT_INT, NULL }, { "episode", OUT_INT, NULL }, { "amount", OUT_MONEY, NULL },
	{ "overdue", OUT_MONEY, NULL }, { "credits", OUT_MONEY, NULL }, { "held", OUT_MONEY, NULL }, { "oldest_days", OUT_INT, NULL },
	{ "items", OUT_INT, "item_count" }, { "judged_date", OUT_DAY, NULL }, { "episode_ended_on", OUT_DAY, NULL },
	{ "notice_id", OUT_TEXT, NULL },
}, summary_columns[] = {
	{ "entity", OUT_TEXT, NULL }, { "currency", OUT_TEXT, NULL }, { "level", OUT_INT, NULL }, { "notices", OUT_INT, NULL },
	{ "accounts", OUT_INT, NULL }, { "amount", OUT_MONEY, NULL }, { "first_on", OUT_DAY, NULL }, { "last_on", OUT_DAY, NULL },
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	date_t from = DATE_NONE, to = DATE_NONE;
	bool summary = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "from", 0, OPTION_DAY, &from, "DATE", "dated this day or later", 0, 0, NULL },
		{ "to", 0, OPTION_DAY, &to, "DATE", "dated this day or earlier", 0, 0, NULL },
		{ "summary", 's', OPTION_FLAG, &summary, NULL, "one row per entity, currency and level", 0, 0, NULL },
		OPTION_ENTITY(filter),
		OPTION_ACCOUNT(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (summary && filter.account[0] != '\0')
		return options_usage(cli, "--summary does not go with --account");

	const char *first = list_day(cli, from), *last = list_day(cli, to);
	struct list notices = {
		columns, ARRAY_LEN(columns), "no notices", sql_notices, { filter.entity, filter.account, first, last }, 4, DATE_NONE
	};
	struct list levels = { summary_columns,    ARRAY_LEN(summary_columns),     "no notices",
			       sql_notice_summary, { filter.entity, first, last }, 3,
			       DATE_NONE };

	return list_run(cli, summary ? &levels : &notices);
}

const struct command cmd_notices = {
	.name = "notices",
	.summary = "dunning notices",
	.usage =
		"openitem notices [--summary] [--from DATE] [--to DATE] [--entity E] [--account A] [--format F]\n\n"
		"amount = overdue - credits - held. A notice is dated the business day after the one that was judged. --summary: what\n"
		"collections did, by level.",
	.example = "openitem notices --summary\nopenitem notices --account C00042",
	.run = run,
};
