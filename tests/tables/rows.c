/* rows: the tables of the core against what the case says, and what must always hold. */
#include "book/col.h"
#include "ev/type.h"
#include "inner.h"
#include "ledger/ledger.h"

/* ---- rows of a table ----------------------------------------------------------------------------------------------------- */

static bool col_value(struct run *r, const struct col *c, const void *row, struct text path, struct text *ret_value)
{
	struct err err;

	switch (c->kind) {
	case COL_I32:
	case COL_I64:
		*ret_value = text_printf(r->arena, "%lld", (long long)col_int(c, row));
		return text_empty(path);
	case COL_BOOL:
		*ret_value = col_int(c, row) ? TEXT("true") : TEXT_NONE;
		return text_empty(path);
	case COL_DATE: {
		char date[DATE_TEXT_SIZE];
		*ret_value = text_printf(r->arena, "%s", date_format(date, (date_t)col_int(c, row)));
		return text_empty(path);
	}
	case COL_TEXT:
	case COL_CURRENCY:
		*ret_value = col_text(c, row);
		return text_empty(path);
	case COL_BYTES: {
		struct buf b = { .arena = r->arena };
		struct text bytes = col_text(c, row);
		for (size_t i = 0; i < bytes.n; i++)
			buf_printf(&b, "%02x", (unsigned char)bytes.s[i]);
		*ret_value = buf_text(&b);
		return text_empty(path);
	}
	case COL_MSG:
		break;
	}
	const void *msg = col_msg(c, row);
	if (!text_empty(path))
		return msg == NULL || wire_get(c->msg, msg, path, r->arena, &err, ret_value);
	struct buf b = { .arena = r->arena };
	if (msg != NULL)
		wire_print(c->msg, msg, &b);
	*ret_value = buf_text(&b);
	return true;
}

/* "open_minor", or "issued.number" within a message column. */
static bool table_value(struct run *r, const struct table *t, const void *row, struct text column, struct text *ret_value)
{
	size_t dot = text_find(column, TEXT("."));
	struct text name = { column.s, dot == TEXT_NOT_FOUND ? column.n : dot };
	struct text path = dot == TEXT_NOT_FOUND ? TEXT_NONE : (struct text){ column.s + dot + 1, column.n - dot - 1 };

	for (int i = 0; i < t->n_cols; i++)
		if (text_eq(text_of(t->cols[i].name), name))
			return col_value(r, &t->cols[i], row, path, ret_value);
	return false;
}

/* 100.00 USD in a cell of a whole number: its minor units. */
static struct text minor_of(struct run *r, struct text cell)
{
	size_t space = text_find(cell, TEXT(" "));
	int64_t minor;

	if (space == TEXT_NOT_FOUND || cell.n != space + 4)
		return TEXT_NONE;
	int exponent = currency_exponent((struct text){ cell.s + space + 1, 3 });
	if (exponent < 0 || !money_parse((struct text){ cell.s, space }, exponent, &minor))
		return TEXT_NONE;
	return text_printf(r->arena, "%lld", (long long)minor);
}

static void compare_table_row(struct run *r, const struct table *t, const void *data, const struct grid *g, const struct row *row)
{
	struct difference diff = { 0 };

	for (size_t i = 0; i < g->n_cols; i++) {
		struct text got = TEXT_NONE;
		if (!table_value(r, t, data, g->col[i], &got)) {
			run_fail(r, row->line, "no column " TEXT_FMT " in table %s", TEXT_ARG(g->col[i]), t->name);
			return;
		}
		if (!cell_matches(r, row->cell[i], got, minor_of(r, row->cell[i])))
			add_difference(r, &diff, g->col[i], row->cell[i], got);
	}
	if (diff.column.n > 0)
		fail_row(r, row->line, "this table row differs", &diff);
}

void check_rows(struct run *r, const struct step *step)
{
	const struct grid *g = &step->grid[0];
	const struct table *t = NULL;
	size_t n;

	for (size_t i = 0; i < r->core->n_tables; i++)
		if (text_eq(text_of(r->core->tables[i]->name), g->name))
			t = r->core->tables[i];
	if (t == NULL) {
		run_fail(r, step->line, "no table " TEXT_FMT, TEXT_ARG(g->name));
		return;
	}
	const void *const *rows = mem_rows(r->mem, t, &n);
	for (size_t i = 0; i < MIN(n, g->n_rows) && !r->failed; i++)
		compare_table_row(r, t, rows[i], g, &g->row[i]);
	if (!r->failed && n != g->n_rows)
		run_fail(r, step->line, "table %s: expected %zu rows, got %zu", t->name, g->n_rows, n);
}

/* ---- what must always hold ------------------------------------------------------------------------------------------------ */

static bool is_item_account(enum type_ledger_account a)
{
	return ledger_is_control(a) || a == TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS;
}

static int64_t lines_of_item(const struct run *r, const struct harness_item *item)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->n_seen; i++) {
		size_t n;
		const struct type_journal_entry *e = entries_of(r, &r->seen[i], &n);
		for (size_t k = 0; k < n; k++)
			for (size_t l = 0; l < e[k].n_lines; l++) {
				const struct type_journal_line *line = &e[k].lines[l];
				if (is_item_account(line->ledger_account) && line->item_sequence == item->sequence &&
				    text_eq(line->account, item->account) && text_eq(line->document_id, item->document_id))
					sum += line->amount.minor;
			}
	}
	return sum;
}

void check_books(struct run *r)
{
	struct harness_item item;
	size_t n;

	for (size_t i = 0; i < r->n_seen; i++) {
		const struct type_journal_entry *e = entries_of(r, &r->seen[i], &n);
		for (size_t k = 0; k < n; k++)
			if (!ledger_is_sound(&e[k]))
				run_fail(r, r->c->line, "an entry does not balance, or a control line names no item");
	}
	if (r->h->item_table == NULL)
		return;
	const void *const *rows = mem_rows(r->mem, r->h->item_table, &n);
	for (size_t i = 0; i < n; i++) {
		if (!r->h->item(rows[i], &item))
			continue;
		int64_t lines = lines_of_item(r, &item);
		if (item.base_minor + lines != item.open_minor)
			run_fail(r, r->c->line, "item " TEXT_FMT " " TEXT_FMT "/%d: open %lld, its lines sum to %lld",
				 TEXT_ARG(item.account), TEXT_ARG(item.document_id), item.sequence, (long long)item.open_minor,
				 (long long)(item.base_minor + lines));
	}
}
