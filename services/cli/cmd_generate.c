/* openitem generate: a made-up company as events. */
#include "cli/company.h"
#include "cli/options.h"
#include "cli/progress.h"

#include <errno.h>

struct generate {
	struct cli *cli;
	FILE *events, *truth;
	struct progress progress;
	int64_t n_events;
};

static bool write_line(void *ctx, bool truth, struct text line, struct err *err)
{
	struct generate *g = ctx;
	FILE *to = truth ? g->truth : g->events;

	if (to == NULL)
		return true;
	g->n_events += !truth;
	if (fwrite(line.s, 1, line.n, to) != line.n || fputc('\n', to) == EOF)
		return err_set(err, ERR_FATAL, "write_failed", "cannot write: %s", strerror(errno));
	return true;
}

static void day_done(void *ctx, date_t day, int64_t days_done)
{
	struct generate *g = ctx;
	char text[DATE_TEXT_SIZE];

	progress_set(&g->progress, days_done, date_format(text, day));
}

static FILE *open_file(struct cli *cli, const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		cli_fail(cli, EXIT_INPUT, "%s: %s", path, strerror(errno));
	return f;
}

static int finish(struct generate *g, bool ok, struct err *err)
{
	progress_close(&g->progress);
	bool closed = fflush(g->events) == 0 && (g->events == stdout || fclose(g->events) == 0);
	if (g->truth != NULL)
		closed = fclose(g->truth) == 0 && closed;
	if (!ok)
		return cli_failed(g->cli, err);
	if (!closed)
		return cli_fail(g->cli, EXIT_INPUT, "cannot write: %s", strerror(errno));
	cli_say(g->cli, "%lld events", (long long)g->n_events);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct company_plan plan = { .accounts = 60, .days = 120, .seed = 7, .from = date_of(2026, 1, 5) };
	struct generate g = { .cli = cli, .events = stdout };
	const char *out = NULL, *truth = NULL;
	struct err err;
	const struct option_spec specs[] = {
		{ "accounts", 'n', OPTION_INT, &plan.accounts, "N", "customers (default 60)", 1, COMPANY_ACCOUNTS_MAX, NULL },
		{ "days", 'd', OPTION_INT, &plan.days, "D", "calendar days (default 120)", 1, COMPANY_DAYS_MAX, NULL },
		{ "seed", 's', OPTION_INT, &plan.seed, "S", "same seed, same bytes (default 7)", 0, INT64_MAX, NULL },
		{ "from", 0, OPTION_DAY, &plan.from, "DATE", "first day (default 2026-01-05)", 0, 0, NULL },
		{ "out", 'o', OPTION_TEXT, &out, "FILE", "events go there (default: standard output)", 0, 0, NULL },
		{ "truth", 't', OPTION_TEXT, &truth, "FILE", "what each payment meant, which no service sees", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if ((out != NULL && (g.events = open_file(cli, out)) == NULL) ||
	    (truth != NULL && (g.truth = open_file(cli, truth)) == NULL))
		return EXIT_INPUT;
	progress_open(&g.progress, "generate", plan.days);
	bool ok = company_generate(&plan, write_line, day_done, &g, &err);
	return finish(&g, ok, &err);
}

const struct command cmd_generate = {
	.name = "generate",
	.summary = "a made-up company as events",
	.usage =
		"openitem generate [--accounts N] [--days D] [--seed S] [--from DATE] [--out FILE] [--truth FILE]\n\n"
		"Customers with habits and terms (instalments, early-payment discounts), orders, deliveries, cancellations, bank lines with\n"
		"remittance text as people write it, advices, promises of late payers: NDJSON, one CloudEvent per line, in business-date order,\n"
		"for `openitem play`. {{number:ORDER}} stands for the number of that order's invoice, which play reads off the invoice as the\n"
		"customer would. The truth file says per bank line which orders it meant, in full or not (`complete`), and whether its\n"
		"reference was left intact (`intact`); per promise the order it was about.",
	.example = "openitem generate --accounts 60 --days 120 --seed 7 --out company.ndjson --truth truth.ndjson",
	.run = run,
};
