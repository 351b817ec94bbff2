/* openitem aging: who owes what, and how late (RPT-01). */
#include "cli/aging.h"
#include "cli/aging_ask.h"
#include "cli/cmd_aging.h"
#include "cli/known.h"
#include "cli/list.h"
#include "cli/options.h"
#include "cli/out.h"
#include "store/store.h"

static const char *const bys[] = { "account", "entity", NULL };
static const char *const bases[] = { "due", "document", "accounting", NULL };

/* What stands before the buckets and after them. */
static const struct list_column before[] = {
	{ "as_of", OUT_DAY, NULL }, { "entity", OUT_TEXT, NULL }, { "account", OUT_TEXT, NULL },
	{ "name", OUT_TEXT, NULL }, { "currency", OUT_TEXT, NULL },
}, after[] = {
	{ "unapplied", OUT_MONEY, NULL }, { "credits", OUT_MONEY, NULL }, { "total", OUT_MONEY, NULL }, { "oldest_days", OUT_INT, NULL },
	{ "last_notice", OUT_INT, NULL }, { "last_notice_on", OUT_DAY, NULL }, { "promised_date", OUT_DAY, NULL },
};

struct aging {
	struct cli *cli;
	struct list_filter filter;
	date_t as_of;
	const char *known_at;
	size_t by, base;
	struct aging_buckets buckets;
	struct out_column columns[ARRAY_LEN(before) + AGING_BUCKETS_MAX + 1 + ARRAY_LEN(after)];
	struct out *out;
};

static bool print_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct aging *g = ctx;
	struct text currency = store_result_text(row, 0, "currency");
	int64_t amounts[AGING_BUCKETS_MAX + 1];

	if (!aging_amounts(store_result_text(row, 0, "buckets"), amounts, g->buckets.n))
		return err_set(err, ERR_STOP, "bad_answer", "reporting gave other buckets than were asked for");
	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		list_cell(g->out, &before[i], row, 0);
	for (size_t i = 0; i < g->buckets.n; i++)
		out_money(g->out, amounts[i], currency);
	for (size_t i = 0; i < ARRAY_LEN(after); i++)
		list_cell(g->out, &after[i], row, 0);
	return true;
}

static void open_list(struct aging *g)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		g->columns[n++] = (struct out_column){ before[i].name, before[i].kind };
	for (size_t i = 0; i < g->buckets.n; i++)
		g->columns[n++] = (struct out_column){ g->buckets.names[i], OUT_MONEY };
	for (size_t i = 0; i < ARRAY_LEN(after); i++)
		g->columns[n++] = (struct out_column){ after[i].name, after[i].kind };
	g->out = out_open(g->cli, g->columns, n);
	out_nothing(g->out, "nothing is open");
}

static int print_aging(struct aging *g)
{
	struct known known;
	struct err err;

	if (!known_begin_at(g->cli, g->known_at, &err, &known))
		return cli_failed(g->cli, &err);
	const struct aging_asked asked = { list_day(g->cli, g->as_of), g->filter.entity, g->filter.account,
					   g->buckets.edges,           bases[g->base],   bys[g->by] };
	open_list(g);
	bool ok = aging_ask(&known, &asked, print_row, g, &err);

	if (ok)
		out_note(g->out, "%s", known_words(g->cli->arena, &known, g->as_of).s);
	else
		out_nothing(g->out, "");
	out_close(g->out);
	known_end(&known);
	return ok ? EXIT_OK : cli_failed(g->cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct option_items parts;
	static struct aging g;
	const char *setting = env_get("OPENITEM_AGING_BUCKETS");
	struct err err;

	g = (struct aging){ .cli = cli, .filter = LIST_FILTER_ALL, .as_of = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "as-of", 0, OPTION_DAY, &g.as_of, "DATE", "as of this accounting date (default: each entity's business day)", 0,
		  0, NULL },
		{ "by", 0, OPTION_WORD, &g.by, "account|entity", "a row per account, or per entity", 0, 0, bys },
		{ "base", 0, OPTION_WORD, &g.base, "due|document|accounting", "date that days are counted from (default: due)", 0,
		  0, bases },
		{ "merge", 'm', OPTION_ITEMS, &parts, "ENTITY|FILE,...", "these entities and files, each by itself and together", 0,
		  0, NULL },
		OPTION_KNOWN(g.known_at),
		OPTION_ENTITY(g.filter),
		OPTION_ACCOUNT(g.filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (!aging_buckets(setting == NULL ? AGING_DEFAULT : setting, cli->arena, &err, &g.buckets))
		return cli_failed(cli, &err);
	if (parts.n == 0)
		return print_aging(&g);
	if (g.filter.entity[0] != '\0' || g.filter.account[0] != '\0' || g.by != 0)
		return options_usage(cli, "--merge goes with neither --entity, --account nor --by");
	return aging_merge(&(struct aging_question){ cli, g.as_of, g.known_at, bases[g.base], &g.buckets }, &parts);
}

const struct command cmd_aging = {
	.name = "aging",
	.summary = "what is open, by days past due",
	.usage =
		"openitem aging [--as-of DATE] [--known-at K] [--by account|entity] [--base due|document|accounting] [--entity E] [--account A] [--format F]\n"
		"       openitem aging --merge ENTITY|FILE.csv,... [--as-of DATE] [--known-at K] [--base due|document|accounting] [--format F]\n\n"
		"One row per entity, account and currency. Buckets hold what is owed, by days past due; `unapplied` receipts and `credits`\n"
		"(memos) are columns of their own; total = all of them = AR control. Rows of zeros are left out. Then the level and day of the\n"
		"last notice, and the date of a promise that is not over. Item-level history\n"
		"decides, so any past date can be asked for. OPENITEM_AGING_BUCKETS sets the last days of the buckets (default " AGING_DEFAULT
		").\n"
		"The last line says up to where the books were known. --known-at prints the answer exactly as it was then: same date, same words.\n"
		"--merge prints each part, the merged aging, and per currency the proof that merged is the sum of the parts (else exit 1). A file is what\n"
		"`openitem aging --csv` or `openitem items --csv` wrote, here or elsewhere; an item that an earlier part has counts once.",
	.example =
		"openitem aging --entity DE01\nopenitem aging --as-of 2026-01-31 --by entity --format csv\nopenitem aging --merge DE01,IN01,legacy.csv",
	.run = run,
};
