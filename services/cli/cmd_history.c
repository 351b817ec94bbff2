/* openitem history: how an account pays: every invoice with its due day and the day it was paid, and the averages (RPT-03). */
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

static const struct list_column item_columns[] = {
	{ "entity", OUT_TEXT, NULL },       { "currency", OUT_TEXT, NULL },
	{ "number", OUT_TEXT, NULL },       { "item", OUT_INT, "sequence" },
	{ "po", OUT_TEXT, NULL },           { "issued", OUT_DAY, NULL },
	{ "due", OUT_DAY, NULL },           { "amount", OUT_MONEY, NULL },
	{ "by_receipts", OUT_MONEY, NULL }, { "by_credits", OUT_MONEY, NULL },
	{ "open", OUT_MONEY, NULL },        { "paid_on", OUT_DAY, NULL },
	{ "days_late", OUT_INT, NULL },     { "discount_until", OUT_DAY, NULL },
	{ "discount", OUT_MONEY, NULL },    { "returns", OUT_INT, NULL },
};
static const struct list_column summary_columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "currency", OUT_TEXT, NULL },       { "items", OUT_INT, NULL },
	{ "paid_items", OUT_INT, NULL },   { "late_items", OUT_INT, NULL },      { "by_receipts", OUT_MONEY, NULL },
	{ "days_late", OUT_TENTHS, NULL }, { "days_overdue", OUT_TENTHS, NULL }, { "days_to_pay", OUT_TENTHS, NULL },
	{ "returns", OUT_INT, NULL },
};

#define PARAMS 6

static const char *tenths(struct arena *a, const struct store_result *r, size_t i, const char *column)
{
	int64_t n = store_result_i64(r, i, column);

	return text_printf(a, "%s%lld.%lld", n < 0 ? "-" : "", (long long)(n < 0 ? -n : n) / 10, (long long)(n < 0 ? -n : n) % 10)
		.s;
}

/* The averages under the items. */
static bool say_averages(struct cli *cli, struct out *out, struct store *store, const struct list *list, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = cli->arena;

	if (!store_query(store, sql_history_summary, PARAMS, list->params, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct buf b = { .arena = a };

		buf_printf(&b, TEXT_FMT " " TEXT_FMT ": %lld of %lld items paid, %lld of them late",
			   TEXT_ARG(store_result_text(r, i, "entity")), TEXT_ARG(store_result_text(r, i, "currency")),
			   (long long)store_result_i64(r, i, "paid_items"), (long long)store_result_i64(r, i, "items"),
			   (long long)store_result_i64(r, i, "late_items"));
		if (store_result_i64(r, i, "by_receipts") != 0)
			buf_printf(
				&b,
				"; payments of " TEXT_FMT
				" came %s days late on average, weighted by amount (early ones as 0: %s), %s days "
				"after the document",
				TEXT_ARG(out_amount(a, store_result_i64(r, i, "by_receipts"), store_result_text(r, i, "currency"))),
				tenths(a, r, i, "days_late"), tenths(a, r, i, "days_overdue"), tenths(a, r, i, "days_to_pay"));
		out_note(out, TEXT_FMT "; %lld payments came back", TEXT_ARG(buf_text(&b)),
			 (long long)store_result_i64(r, i, "returns"));
	}
	return true;
}

static int print_items(struct cli *cli, struct list *list, const char *known_at)
{
	struct known known;
	struct err err;

	if (!known_begin_at(cli, known_at, &err, &known))
		return cli_failed(cli, &err);
	list_known(list, 4, &known);
	struct out *out = list_open(cli, list);
	bool ok = say_averages(cli, out, known.store, list, &err) && list_rows(cli, list, out, known.store, true, &err);

	if (ok)
		out_note(out, "account %s, %s", list->params[2], known_words(cli->arena, &known, list->as_of).s);
	else
		out_nothing(out, "");
	out_close(out);
	known_end(&known);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *entity = "", *known_at = NULL;
	date_t as_of = DATE_NONE;
	bool summary = false;
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "as-of", 0, OPTION_DAY, &as_of, "DATE", "as of this accounting date (default: each entity's business day)", 0, 0,
		  NULL },
		{ "summary", 0, OPTION_FLAG, &summary, NULL, "the averages as a list", 0, 0, NULL },
		OPTION_KNOWN(known_at),
		{ "entity", 'e', OPTION_TEXT, &entity, "ENTITY", "only of this legal entity", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	struct list list = { summary ? summary_columns : item_columns,
			     summary ? ARRAY_LEN(summary_columns) : ARRAY_LEN(item_columns),
			     "nothing was billed",
			     summary ? sql_history_summary : sql_history,
			     { list_day(cli, as_of), entity, argv[0], "", "", "" },
			     PARAMS,
			     as_of };

	return summary ? list_run_at(cli, &list, known_at, 4) : print_items(cli, &list, known_at);
}

const struct command cmd_history = {
	.name = "history",
	.summary = "how an account pays: due, paid, days late",
	.usage =
		"openitem history ACCOUNT [--summary] [--as-of DATE] [--known-at K] [--entity E] [--format F]\n\n"
		"Every item of an invoice or debit memo with the day it was due and, when it is closed, the day it was paid: the day the last payment\n"
		"came (not the day it was applied) or a credit was applied. days_late of an open item counts to the as-of day. discount is what was\n"
		"offered for paying until discount_until; returns are payments that came back. Averages are over payments, weighted by amount, per\n"
		"entity and currency: days_late with early payments negative, days_overdue with them as 0, days_to_pay from the document's date.",
	.example = "openitem history C000012\nopenitem history C000012 --summary --as-of 2026-03-31",
	.run = run,
};
