/* col: access to one column of a row struct, by its description. */
#include "book/book.h"
#include "book/col.h"

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int64_t col_int(const struct col *col, const void *row)
{
	const char *at = (const char *)row + col->offset;

	switch (col->kind) {
	case COL_I32:
	case COL_DATE: {
		int32_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	case COL_I64: {
		int64_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	case COL_BOOL:
		return *(const bool *)at;
	case COL_TEXT:
	case COL_CURRENCY:
	case COL_BYTES:
	case COL_MSG:
		break;
	}
	NOT_REACHED("an integer column");
	return 0;
}

struct text col_text(const struct col *col, const void *row)
{
	const char *at = (const char *)row + col->offset;

	if (col->kind == COL_CURRENCY)
		return (struct text){ at, strnlen(at, 3) };
	CHECK(col->kind == COL_TEXT || col->kind == COL_BYTES);
	struct text t;
	memcpy(&t, at, sizeof(t));
	return t;
}

const void *col_msg(const struct col *col, const void *row)
{
	const void *p;

	CHECK(col->kind == COL_MSG);
	memcpy(&p, (const char *)row + col->offset, sizeof(p));
	return p;
}

static bool is_text(const struct col *col)
{
	return col->kind == COL_TEXT || col->kind == COL_BYTES || col->kind == COL_CURRENCY;
}

int col_compare(const struct col *col, const void *row_a, const void *row_b)
{
	if (is_text(col))
		return text_cmp(col_text(col, row_a), col_text(col, row_b));
	return cmp_i64(col_int(col, row_a), col_int(col, row_b));
}

bool col_is_empty(const struct col *col, const void *row)
{
	if (is_text(col))
		return text_empty(col_text(col, row));
	if (col->kind == COL_MSG)
		return col_msg(col, row) == NULL;
	if (col->kind == COL_DATE)
		return col_int(col, row) == DATE_NONE;
	return col_int(col, row) == 0;
}

uint64_t col_hash(const struct col *col, const void *row, uint64_t seed)
{
	if (is_text(col))
		return text_hash(col_text(col, row), seed);
	int64_t v = col_int(col, row);
	return text_hash((struct text){ (const char *)&v, sizeof(v) }, seed);
}

static size_t col_size(const struct col *col)
{
	switch (col->kind) {
	case COL_I32:
	case COL_DATE:
		return sizeof(int32_t);
	case COL_I64:
		return sizeof(int64_t);
	case COL_BOOL:
		return sizeof(bool);
	case COL_TEXT:
	case COL_BYTES:
		return sizeof(struct text);
	case COL_CURRENCY:
		return 4;
	case COL_MSG:
		return sizeof(void *);
	}
	NOT_REACHED("a column kind");
	return 0;
}

static void col_add(const struct col *col, const void *old_row, void *row)
{
	char *at = (char *)row + col->offset;
	int64_t sum;

	CHECK(!__builtin_add_overflow(col_int(col, old_row), col_int(col, row), &sum));
	if (col->kind == COL_I32) {
		int32_t v = (int32_t)sum;
		CHECK(v == sum);
		memcpy(at, &v, sizeof(v));
	} else {
		CHECK(col->kind == COL_I64);
		memcpy(at, &sum, sizeof(sum));
	}
}

void row_merge(const struct table *table, const void *old_row, void *row)
{
	for (int i = 0; i < table->n_cols; i++) {
		const struct col *c = &table->cols[i];
		bool keep = (c->flags & COL_ONCE) || ((c->flags & COL_FILL) && col_is_empty(c, row));

		if (c->flags & COL_ADD)
			col_add(c, old_row, row);
		else if (keep)
			memcpy((char *)row + c->offset, (const char *)old_row + c->offset, col_size(c));
	}
}

uint64_t row_key_hash(const struct table *table, const void *row)
{
	uint64_t h = 0;

	for (int i = 0; i < table->n_cols; i++)
		if (table->cols[i].flags & COL_KEY)
			h = col_hash(&table->cols[i], row, h);
	return h;
}

int row_key_compare(const struct table *table, const void *a, const void *b)
{
	for (int i = 0; i < table->n_cols; i++) {
		if (!(table->cols[i].flags & COL_KEY))
			continue;
		int c = col_compare(&table->cols[i], a, b);
		if (c != 0)
			return c;
	}
	return 0;
}

uint64_t probe_hash(const struct table *table, const struct probe *probe, const void *row)
{
	uint64_t h = 1;

	for (int i = 0; i < probe->n_eq; i++)
		h = col_hash(&table->cols[probe->eq[i]], row, h);
	return h;
}

bool probe_same_eq(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	for (int i = 0; i < probe->n_eq; i++)
		if (col_compare(&table->cols[probe->eq[i]], a, b) != 0)
			return false;
	return true;
}

bool probe_same_range(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	return probe->range == PROBE_NONE || col_compare(&table->cols[probe->range_col], a, b) == 0;
}

bool probe_matches(const struct table *table, const struct probe *probe, const void *template_row, const void *row)
{
	if (!probe_same_eq(table, probe, template_row, row))
		return false;
	if (probe->range != PROBE_NONE) {
		/* As in SQL: no date is neither before nor after anything. */
		if (table->cols[probe->range_col].kind == COL_DATE && col_is_empty(&table->cols[probe->range_col], row))
			return false;
		int c = col_compare(&table->cols[probe->range_col], row, template_row);
		if (probe->range == PROBE_GT ? c <= 0 : c > 0)
			return false;
	}
	return probe->match == NULL || probe->match(row);
}

int probe_compare(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	for (int i = 0; i < probe->n_order; i++) {
		int c = col_compare(&table->cols[probe->order[i]], a, b);
		if (c != 0)
			return c;
	}
	return 0;
}
