/* openitem dso: days sales outstanding, collection effectiveness, average days delinquent, month by month (RPT-03). */
#include "cli/kpi.h"
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

#define MONTHS_MAX 1200 /* of one entity and currency: a century */

static const struct list_column columns[] = {
	{ "entity", OUT_TEXT, NULL },
	{ "currency", OUT_TEXT, NULL },
	{ "month", OUT_DAY, NULL },
	{ "to", OUT_DAY, "to_date" },
	{ "days", OUT_INT, NULL },
	{ "billed", OUT_MONEY, NULL },
	{ "receivables", OUT_MONEY, "ar_end" },
	{ "not_due", OUT_MONEY, "current_end" },
	{ "dso_simple", OUT_TENTHS, NULL },
	{ "dso_count_back", OUT_TENTHS, NULL },
	{ "best_possible", OUT_TENTHS, NULL },
	{ "days_delinquent", OUT_TENTHS, NULL },
	{ "cei", OUT_TENTHS, NULL },
};
#define FROM_ANSWER 8 /* columns that the statement gives */

struct months {
	struct out *out;
	int64_t keep; /* months to print, 0 = all */
	struct kpi_month month[MONTHS_MAX];
	size_t n, n_of; /* of all of them */
	bool at_least;
};

static void figure(struct out *out, int64_t tenths)
{
	if (tenths == KPI_NONE)
		out_absent(out);
	else
		out_tenths(out, tenths);
}

static void print_month(struct months *m, const struct store_result *r, size_t row)
{
	struct kpi k = kpi_compute(m->month, m->n);

	for (size_t i = 0; i < FROM_ANSWER; i++)
		list_cell(m->out, &columns[i], r, row);
	figure(m->out, k.dso_simple);
	figure(m->out, k.dso_count_back);
	figure(m->out, k.best_possible);
	figure(m->out, k.days_delinquent);
	figure(m->out, k.cei);
	m->at_least = m->at_least || k.at_least;
}

static bool same_subject(const struct store_result *r, size_t a, size_t b)
{
	return text_eq(store_result_text(r, a, "entity"), store_result_text(r, b, "entity")) &&
	       text_eq(store_result_text(r, a, "currency"), store_result_text(r, b, "currency"));
}

static void print_months(struct months *m, const struct store_result *r)
{
	size_t rows = store_result_rows(r);

	for (size_t i = 0; i < rows; i++) {
		size_t last = i;
		if (i == 0 || !same_subject(r, i, i - 1))
			m->n = 0;
		CHECK(m->n < MONTHS_MAX);
		m->month[m->n++] = (struct kpi_month){ .days = (int32_t)store_result_i64(r, i, "days"),
						       .billed_minor = store_result_i64(r, i, "billed"),
						       .ar_begin_minor = store_result_i64(r, i, "ar_begin"),
						       .ar_end_minor = store_result_i64(r, i, "ar_end"),
						       .current_end_minor = store_result_i64(r, i, "current_end") };
		while (last + 1 < rows && same_subject(r, i, last + 1))
			last++;
		if (m->keep == 0 || (int64_t)(last - i) < m->keep)
			print_month(m, r, i);
	}
}

static int print_dso(struct cli *cli, struct list *list, const char *known_at, int64_t keep)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	static struct months m;
	struct known known;
	struct err err;

	if (!known_begin_at(cli, known_at, &err, &known))
		return cli_failed(cli, &err);
	list_known(list, 3, &known);
	if (!store_query(known.store, list->sql, list->n_params, list->params, &err, &r)) {
		known_end(&known);
		return cli_failed(cli, &err);
	}
	m = (struct months){ .out = list_open(cli, list), .keep = keep };
	print_months(&m, r);
	if (m.at_least)
		out_note(m.out, "count-back ran out of months: the figure is at least that");
	out_note(
		m.out,
		"receivables net of open credits, with tax; billed = invoices + debit memos - credit memos, without take-on; cei of the month in percent");
	out_note(m.out, "%s", known_words(cli->arena, &known, list->as_of).s);
	out_close(m.out);
	known_end(&known);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_filter filter = LIST_FILTER_ALL;
	const char *known_at = NULL;
	date_t as_of = DATE_NONE;
	int64_t keep = 13;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "as-of", 0, OPTION_DAY, &as_of, "DATE", "as of this accounting date (default: each entity's business day)", 0, 0,
		  NULL },
		{ "months", 0, OPTION_INT, &keep, "N", "the last N months (13); 0 = all", 0, MONTHS_MAX, NULL },
		OPTION_KNOWN(known_at),
		OPTION_ENTITY(filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	struct list list = { columns,
			     ARRAY_LEN(columns),
			     "nothing was posted",
			     sql_kpi_months,
			     { list_day(cli, as_of), filter.entity, "", "", "" },
			     5,
			     as_of };

	return print_dso(cli, &list, known_at, keep);
}

const struct command cmd_dso = {
	.name = "dso",
	.summary = "days sales outstanding, collection effectiveness, days delinquent",
	.usage =
		"openitem dso [--as-of DATE] [--months N] [--known-at K] [--entity E] [--format F]\n\n"
		"Per entity, currency and month. dso_simple = receivables / billed x days of the month; dso_count_back takes the months billed off\n"
		"the receivables, the latest first; best_possible uses only what is not past due; days_delinquent is the difference; cei = (begin +\n"
		"billed - end) / (begin + billed - not due at the end). Nothing billed: no figure.",
	.example = "openitem dso --entity DE01\nopenitem dso --as-of 2026-03-31 --months 0 --format csv",
	.run = run,
};
