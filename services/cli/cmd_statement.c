/* openitem statement: what an account owes, as it is sent to the customer, in both forms (RPT-02). */
#include "cli/aging.h"
#include "cli/list.h"
#include "cli/options.h"
#include "reporting_sql.h"
#include "store/store.h"

static const char *const forms[] = { "open-item", "balance-forward", NULL };
enum form { OPEN_ITEM, BALANCE_FORWARD };

static const struct list_column item_columns[] = {
	{ "entity", OUT_TEXT, NULL },      { "currency", OUT_TEXT, NULL },
	{ "kind", OUT_TEXT, NULL },        { "number", OUT_TEXT, "reference" },
	{ "po", OUT_TEXT, "customer_po" }, { "document_date", OUT_DAY, NULL },
	{ "due_date", OUT_DAY, NULL },     { "original", OUT_MONEY, NULL },
	{ "open", OUT_MONEY, NULL },       { "days_overdue", OUT_INT, "days_past_due" },
};
static const struct list_column move_columns[] = {
	{ "entity", OUT_TEXT, NULL },   { "currency", OUT_TEXT, NULL },      { "date", OUT_DAY, "on_date" },
	{ "what", OUT_TEXT, NULL },     { "number", OUT_TEXT, "reference" }, { "amount", OUT_MONEY, NULL },
	{ "balance", OUT_MONEY, NULL },
};

struct statement {
	struct cli *cli;
	struct list_filter filter;
	const char *account, *known_at;
	date_t from, as_of;
	size_t form;
	struct aging_buckets buckets;
};

/* The aging strip: it must end at the same total as the statement. */
struct strip {
	struct statement *s;
	struct out *out;
	const struct store_result *rows; /* of the statement */
	int64_t differences;
};

static int64_t total_of(const struct strip *t, struct text entity, struct text currency)
{
	bool items = t->s->form == OPEN_ITEM;
	int64_t total = 0;

	for (size_t i = 0; i < store_result_rows(t->rows); i++)
		if (text_eq(store_result_text(t->rows, i, "entity"), entity) &&
		    text_eq(store_result_text(t->rows, i, "currency"), currency))
			total = items ? total + store_result_i64(t->rows, i, "open") : store_result_i64(t->rows, i, "balance");
	return total;
}

static bool print_strip(void *ctx, const struct store_result *row, struct err *err)
{
	struct strip *t = ctx;
	struct arena *a = t->s->cli->arena;
	struct text entity = store_result_text(row, 0, "entity"), currency = store_result_text(row, 0, "currency");
	int64_t amounts[AGING_BUCKETS_MAX + 1], total = store_result_i64(row, 0, "total");
	struct buf b = { .arena = a };

	if (!aging_amounts(store_result_text(row, 0, "buckets"), amounts, t->s->buckets.n))
		return err_set(err, ERR_STOP, "bad_answer", "reporting gave other buckets than were asked for");
	for (size_t i = 0; i < t->s->buckets.n; i++)
		buf_printf(&b, "%s " TEXT_FMT ", ", t->s->buckets.names[i], TEXT_ARG(out_amount(a, amounts[i], currency)));
	buf_printf(&b, "unapplied " TEXT_FMT ", credits " TEXT_FMT,
		   TEXT_ARG(out_amount(a, store_result_i64(row, 0, "unapplied"), currency)),
		   TEXT_ARG(out_amount(a, store_result_i64(row, 0, "credits"), currency)));
	out_note(t->out, "%s: balance " TEXT_FMT " " TEXT_FMT " (%s)", text_cstr(a, entity),
		 TEXT_ARG(out_amount(a, total, currency)), TEXT_ARG(currency), text_cstr(a, buf_text(&b)));
	if (total_of(t, entity, currency) != total) {
		out_note(t->out, "%s: the statement ends at another balance, " TEXT_FMT, text_cstr(a, entity),
			 TEXT_ARG(out_amount(a, total_of(t, entity, currency), currency)));
		t->differences++;
	}
	return true;
}

static struct list list_of(struct statement *s)
{
	if (s->form == BALANCE_FORWARD)
		return (struct list){ move_columns,
				      ARRAY_LEN(move_columns),
				      "nothing was posted",
				      sql_statement_moves,
				      { list_day(s->cli, s->from), list_day(s->cli, s->as_of), s->filter.entity, s->account, "", "",
					"" },
				      7,
				      s->as_of };
	return (struct list){ item_columns,
			      ARRAY_LEN(item_columns),
			      "nothing is open",
			      sql_items,
			      { list_day(s->cli, s->as_of), s->filter.entity, s->account, "open", "", "", "" },
			      7,
			      s->as_of };
}

static bool print_all(struct statement *s, struct list *list, struct known *known, struct strip *t, struct err *err)
{
	struct store_result *r;
	const char *aging[] = { list_day(s->cli, s->as_of), s->filter.entity, s->account,      s->buckets.edges, "due", "account",
				known->lanes_then,          known->seqs_then, known->days_then };

	list_known(list, 5, known);
	if (!store_query(known->store, list->sql, list->n_params, list->params, err, &r))
		return false;
	t->rows = r;
	t->out = list_open(s->cli, list);
	for (size_t i = 0; i < store_result_rows(r); i++)
		for (size_t c = 0; c < list->n_columns; c++)
			list_cell(t->out, &list->columns[c], r, i);
	bool ok = store_stream(known->store, sql_aging, ARRAY_LEN(aging), aging, print_strip, t, err);
	if (ok)
		out_note(t->out, "account %s, %s", s->account, known_words(s->cli->arena, known, s->as_of).s);
	out_close(t->out);
	store_result_free(r);
	return ok;
}

static int print_statement(struct statement *s)
{
	struct list list = list_of(s);
	struct strip t = { .s = s };
	struct known known;
	struct err err;

	if (!known_begin_at(s->cli, s->known_at, &err, &known))
		return cli_failed(s->cli, &err);
	bool ok = print_all(s, &list, &known, &t, &err);
	known_end(&known);
	if (!ok)
		return cli_failed(s->cli, &err);
	return t.differences > 0 ? cli_fail(s->cli, EXIT_FOUND, "statement and aging differ") : EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct statement s;
	struct err err;

	s = (struct statement){ .cli = cli, .filter = LIST_FILTER_ALL, .from = DATE_NONE, .as_of = DATE_NONE };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "form", 0, OPTION_WORD, &s.form, "open-item|balance-forward", "open items, or opening + movements = closing", 0,
		  0, forms },
		{ "from", 0, OPTION_DAY, &s.from, "DATE", "balance-forward: first day (default: the first movement)", 0, 0, NULL },
		{ "as-of", 0, OPTION_DAY, &s.as_of, "DATE", "as of this accounting date (default: the business day)", 0, 0, NULL },
		OPTION_KNOWN(s.known_at),
		OPTION_ENTITY(s.filter),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);
	const char *setting = env_get("OPENITEM_AGING_BUCKETS");

	if (code >= 0)
		return code;
	if (!aging_buckets(setting == NULL ? AGING_DEFAULT : setting, cli->arena, &err, &s.buckets))
		return cli_failed(cli, &err);
	s.account = argv[0];
	return print_statement(&s);
}

const struct command cmd_statement = {
	.name = "statement",
	.summary = "what an account owes, as it is sent to the customer",
	.usage =
		"openitem statement ACCOUNT [--form open-item|balance-forward] [--from DATE] [--as-of DATE] [--known-at K] [--entity E] [--format F]\n\n"
		"open-item: every open item with original and open amount and days overdue. balance-forward: opening balance, what was billed, credited,\n"
		"paid and returned by accounting date, closing balance; applications move nothing and are left out. Under both the aging, which must\n"
		"end at the same balance, else exit 1.",
	.example = "openitem statement C000012\nopenitem statement C000012 --form balance-forward --from 2026-01-01 --known-at 17",
	.run = run,
};
