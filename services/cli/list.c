/* list: see list.h. */
#include "cli/list.h"
#include "cli/options.h"
#include "cli_sql.h"
#include "store/store.h"

#define PAGE 500 /* rows whose versions are asked for together */

/* Rows of an answer with versions wait for their page to be full. */
struct page {
	struct cli *cli;
	const struct list *list;
	struct out *out;
	struct arena *arena; /* of the page */
	struct text *cells; /* PAGE x columns of the list; .s NULL: absent */
	struct text *currencies;
	struct buf keys; /* JSON for versions.sql */
	size_t rows;
};

const char *list_day(struct cli *cli, date_t day)
{
	char s[DATE_TEXT_SIZE];

	return text_cstr(cli->arena, text_of(date_format(s, day)));
}

/* ---- cells ---- */

static bool is_version(const struct list_column *c)
{
	return c->from != NULL && strcmp(c->from, LIST_VERSION) == 0;
}

static const char *column_of(const struct list_column *c)
{
	return c->from != NULL ? c->from : c->name;
}

static int64_t number_of(struct text t)
{
	int64_t value = 0;

	CHECK(text_parse_i64(t, &value));
	return value;
}

/* What PostgreSQL said, as the kind wants it. An answer that does not fit its column is a bug. */
static void put_cell(struct out *out, enum out_kind kind, struct text t, struct text currency)
{
	date_t day = DATE_NONE;
	instant_t instant = INSTANT_NONE;

	if (t.s == NULL) {
		out_absent(out);
		return;
	}
	switch (kind) {
	case OUT_TEXT:
		out_text(out, t);
		return;
	case OUT_MONEY:
		out_money(out, number_of(t), currency);
		return;
	case OUT_INT:
		out_int(out, number_of(t));
		return;
	case OUT_TENTHS:
		out_tenths(out, number_of(t));
		return;
	case OUT_DAY:
		CHECK(date_parse(t, &day));
		out_day(out, day);
		return;
	case OUT_INSTANT:
		CHECK(instant_parse(t, &instant));
		out_instant(out, instant);
		return;
	case OUT_BOOL:
		out_bool(out, text_eq(t, TEXT("t")));
		return;
	}
}

static struct text cell_of(const struct store_result *row, size_t at, const char *column)
{
	return store_result_is_null(row, at, column) ? TEXT_NONE : store_result_text(row, at, column);
}

static struct text currency_of(const struct store_result *row, size_t at)
{
	return store_result_has(row, "currency") ? store_result_text(row, at, "currency") : TEXT_NONE;
}

void list_cell(struct out *out, const struct list_column *column, const struct store_result *row, size_t at)
{
	put_cell(out, column->kind, cell_of(row, at, column_of(column)), currency_of(row, at));
}

/* ---- rows with versions ---- */

static bool has_versions(const struct list *list)
{
	for (size_t i = 0; i < list->n_columns; i++)
		if (is_version(&list->columns[i]))
			return true;
	return false;
}

static void add_key(struct page *p, const struct store_result *row, size_t at)
{
	buf_printf(&p->keys, "%s{\"n\":%zu,\"lane\":%lld,\"sequence\":%lld,\"account\":", p->rows == 0 ? "[" : ",", p->rows,
		   (long long)store_result_i64(row, at, "lane"), (long long)store_result_i64(row, at, "sequence"));
	buf_json_string(&p->keys, store_result_text(row, at, "account"));
	buf_adds(&p->keys, ",\"document_id\":");
	buf_json_string(&p->keys, store_result_text(row, at, "document_id"));
	buf_addc(&p->keys, '}');
}

static void keep_row(struct page *p, const struct store_result *row, size_t at)
{
	const struct list *list = p->list;

	add_key(p, row, at);
	p->currencies[p->rows] = text_dup(p->arena, currency_of(row, at));
	for (size_t i = 0; i < list->n_columns; i++) {
		struct text t = TEXT_NONE;

		if (!is_version(&list->columns[i]))
			t = cell_of(row, at, column_of(&list->columns[i]));
		p->cells[p->rows * list->n_columns + i] = t.s == NULL ? t : text_dup(p->arena, t);
	}
	p->rows++;
}

/* The versions of the page's items, "" where cash has no such item. */
static bool ask_versions(struct page *p, struct err *err, struct text *versions)
{
	struct store_result *r;
	struct store *cash;

	buf_addc(&p->keys, ']');
	if (!cli_store(p->cli, CLI_CASH, err, &cash))
		return false;
	if (!store_query(cash, sql_cash_versions, 1, (const char *const[]){ p->keys.s }, err, &r))
		return err_wrap(err, "the database of cash");
	for (size_t i = 0; i < store_result_rows(r); i++)
		versions[store_result_i64(r, i, "n")] = text_dup(p->arena, store_result_text(r, i, "version"));
	store_result_free(r);
	return true;
}

static void begin_page(struct page *p)
{
	arena_reset(p->arena);
	p->rows = 0;
	p->keys = (struct buf){ .arena = p->arena };
	p->cells = ARENA_ARRAY(p->arena, PAGE * p->list->n_columns, struct text);
	p->currencies = ARENA_ARRAY(p->arena, PAGE, struct text);
}

static bool flush_page(struct page *p, struct err *err)
{
	const struct list *list = p->list;
	struct text *versions = ARENA_ARRAY(p->arena, PAGE, struct text);

	if (p->rows > 0 && !ask_versions(p, err, versions))
		return false;
	for (size_t r = 0; r < p->rows; r++)
		for (size_t i = 0; i < list->n_columns; i++)
			put_cell(p->out, list->columns[i].kind,
				 is_version(&list->columns[i]) ? versions[r] : p->cells[r * list->n_columns + i], p->currencies[r]);
	begin_page(p);
	return true;
}

/* ---- rows ---- */

static bool take_row_at(struct page *p, const struct store_result *answer, size_t at, struct err *err)
{
	if (p->arena == NULL) {
		for (size_t i = 0; i < p->list->n_columns; i++)
			list_cell(p->out, &p->list->columns[i], answer, at);
		return true;
	}
	keep_row(p, answer, at);
	return p->rows < PAGE || flush_page(p, err);
}

static bool take_row(void *ctx, const struct store_result *row, struct err *err)
{
	return take_row_at(ctx, row, 0, err);
}

static bool query_rows(struct page *p, struct store *store, struct err *err)
{
	const struct list *list = p->list;
	struct store_result *r;
	bool ok = true;

	if (!store_query(store, list->sql, list->n_params, list->params, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r) && ok; i++)
		ok = take_row_at(p, r, i, err);
	store_result_free(r);
	return ok;
}

struct out *list_open(struct cli *cli, const struct list *list)
{
	struct out_column *columns = ARENA_ARRAY(cli->arena, list->n_columns, struct out_column);
	struct out *out;

	for (size_t i = 0; i < list->n_columns; i++)
		columns[i] = (struct out_column){ list->columns[i].name, list->columns[i].kind };
	out = out_open(cli, columns, list->n_columns);
	if (list->nothing != NULL)
		out_nothing(out, list->nothing);
	return out;
}

bool list_rows(struct cli *cli, const struct list *list, struct out *out, struct store *store, bool last, struct err *err)
{
	struct page p = { .cli = cli, .list = list, .out = out };
	bool ok;

	if (has_versions(list)) {
		p.arena = arena_new((size_t)1 << 20, (size_t)1 << 32);
		begin_page(&p);
	}
	ok = last ? store_stream(store, list->sql, list->n_params, list->params, take_row, &p, err) : query_rows(&p, store, err);
	if (ok && p.arena != NULL)
		ok = flush_page(&p, err);
	arena_free(p.arena);
	return ok;
}

void list_known(struct list *list, int first, const struct known *known)
{
	list->params[first - 1] = known->lanes_then;
	list->params[first] = known->seqs_then;
	list->params[first + 1] = known->days_then;
}

int list_run_at(struct cli *cli, const struct list *asked, const char *known_at, int first)
{
	struct list list = *asked;
	struct known known;
	struct err err;

	if (!known_begin_at(cli, known_at, &err, &known))
		return cli_failed(cli, &err);
	if (first > 0)
		list_known(&list, first, &known);
	struct out *out = list_open(cli, &list);
	bool ok = list_rows(cli, &list, out, known.store, true, &err);

	if (ok)
		out_note(out, "%s", known_words(cli->arena, &known, list.as_of).s);
	else
		out_nothing(out, "");
	out_close(out);
	known_end(&known);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}

int list_run(struct cli *cli, const struct list *list)
{
	return list_run_at(cli, list, NULL, 0);
}

int list_run_bank(struct cli *cli, int argc, char **argv, const struct list *asked)
{
	struct list list = *asked;
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
	list.params[0] = filter.entity;
	list.params[1] = bank_account[0] == '~' ? bank_account + 1 : bank_account;
	list.params[2] = "";
	list.n_params = 3;
	return list_run(cli, &list);
}
