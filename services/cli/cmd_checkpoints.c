/* openitem checkpoints: up to where answers were known, to ask again exactly as then (DESIGN section 3). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"

static const struct list_column columns[] = {
	{ "checkpoint", OUT_INT, "id" }, { "taken_at", OUT_INSTANT, NULL }, { "first_day", OUT_DAY, NULL },
	{ "last_day", OUT_DAY, NULL },   { "records", OUT_INT, NULL },      { "lanes", OUT_INT, NULL },
};

static int run(struct cli *cli, int argc, char **argv)
{
	int64_t max = 50;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "max", 0, OPTION_INT, &max, "N", "how many, the latest first (50)", 1, 1000000, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "nobody has asked for anything yet",
			     sql_checkpoints,
			     { text_printf(cli->arena, "%lld", (long long)max).s },
			     1,
			     DATE_NONE };

	return list_run(cli, &list);
}

const struct command cmd_checkpoints = {
	.name = "checkpoints",
	.summary = "up to where answers were known",
	.usage =
		"openitem checkpoints [--max N] [--format F]\n\n"
		"Every answer takes a checkpoint in its own snapshot and prints its number; where nothing has moved since the last one it is that\n"
		"one again. aging, items, rollforward, statement and dso take --known-at with the number, or with an instant: the last checkpoint\n"
		"at or before it.",
	.example = "openitem checkpoints --max 5\nopenitem aging --known-at 17",
	.run = run,
};
