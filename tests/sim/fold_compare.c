/* fold_compare: are the rows of two databases the same? */
#include "fold_impl.h"

#include "book/col.h"
#include "wire/wire.h"

static bool same_value(const struct col *col, const void *x, const void *y)
{
	const void *p, *q;

	switch (col->kind) {
	case COL_MSG:
		p = col_msg(col, x);
		q = col_msg(col, y);
		return (p == NULL) == (q == NULL) && (p == NULL || wire_equal(col->msg, p, q));
	case COL_TEXT:
	case COL_CURRENCY:
	case COL_BYTES:
		return text_eq(col_text(col, x), col_text(col, y));
	case COL_I32:
	case COL_I64:
	case COL_BOOL:
	case COL_DATE:
		break;
	}
	return col_int(col, x) == col_int(col, y);
}

/* Its columns as people read them; long ones are cut. */
static void describe(const struct table *table, const void *row, bool keys_only, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < table->n_cols && n < size; i++) {
		const struct col *c = &table->cols[i];
		struct text t;
		if ((keys_only && !(c->flags & COL_KEY)) || c->kind == COL_MSG || c->kind == COL_BYTES)
			continue;
		if (c->kind == COL_TEXT || c->kind == COL_CURRENCY) {
			t = col_text(c, row);
			t.n = MIN(t.n, (size_t)40);
			n += (size_t)snprintf(buf + n, size - n, " %s=" TEXT_FMT, c->name, TEXT_ARG(t));
		} else {
			n += (size_t)snprintf(buf + n, size - n, " %s=%lld", c->name, (long long)col_int(c, row));
		}
	}
}

static bool differs(const struct table *table, const void *row, const char *what, const char *how, struct err *err)
{
	char buf[300];

	describe(table, row, true, buf, sizeof(buf));
	return err_set(err, ERR_STOP, "fold_differs", "%s, table %s, row%s: %s", what, table->name, buf, how);
}

bool fold_same_rows(struct mem *live, struct mem *folded, const struct table *table, const char *what, struct err *err)
{
	size_t n, m;
	const void *const *x = mem_rows(live, table, &n), *const *y = mem_rows(folded, table, &m);

	for (size_t i = 0; i < MAX(n, m); i++) {
		int order = i >= n ? 1 : i >= m ? -1 : row_key_compare(table, x[i], y[i]);
		if (order < 0)
			return differs(table, x[i], what, "is live, and is not folded", err);
		if (order > 0)
			return differs(table, y[i], what, "is folded, and is not live", err);
		for (int c = 0; c < table->n_cols; c++)
			if (!same_value(&table->cols[c], x[i], y[i]))
				return differs(table, x[i], what, table->cols[c].name, err);
	}
	return true;
}

/* ---- sets --------------------------------------------------------------------------------------------------------------------------- */

/* The numbers of its own commit order; and the place of a record, which is another one when the log lost its end. */
static bool is_commit_order(const struct col *c)
{
	return strcmp(c->name, "ledger_seq") == 0 || strcmp(c->name, "undone_ledger_seq") == 0 ||
	       strcmp(c->name, "ended_ledger_seq") == 0 || strcmp(c->name, "record_offset") == 0;
}

static uint64_t row_hash(const struct table *table, const void *row)
{
	uint64_t h = 77;

	for (int i = 0; i < table->n_cols; i++) /* bytes of records are compared with their writers' (invariants_copies) */
		if (!is_commit_order(&table->cols[i]) && table->cols[i].kind != COL_BYTES)
			h = (h ^ col_hash(&table->cols[i], row, (uint64_t)i)) * 0x9e3779b97f4a7c15u + (h >> 29);
	return h;
}

static uint64_t set_hash(const struct table *table, const void *const *rows, size_t n)
{
	uint64_t sum = n;

	for (size_t i = 0; i < n; i++)
		sum += row_hash(table, rows[i]);
	return sum;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A row of rows whose hash the other set does not have. */
static const void *stranger(const struct table *table, const void *const *rows, size_t n, const void *const *others, size_t m,
			    struct arena *scratch)
{
	uint64_t *hash = ARENA_ARRAY(scratch, m + 1, uint64_t);

	for (size_t i = 0; i < m; i++)
		hash[i] = row_hash(table, others[i]);
	qsort(hash, m, sizeof(*hash), by_value);
	for (size_t i = 0; i < n; i++) {
		uint64_t h = row_hash(table, rows[i]);
		if (bsearch(&h, hash, m, sizeof(*hash), by_value) == NULL)
			return rows[i];
	}
	return NULL;
}

bool fold_same_sets(struct mem *live, struct mem *other, const struct table *table, struct arena *scratch, const char *what,
		    struct err *err)
{
	size_t n, m;
	const void *const *x = mem_rows(live, table, &n), *const *y = mem_rows(other, table, &m);
	char mine[180] = "", theirs[180] = "";

	if (n == m && set_hash(table, x, n) == set_hash(table, y, m))
		return true;
	const void *a = stranger(table, x, n, y, m, scratch), *b = stranger(table, y, m, x, n, scratch);
	if (a != NULL)
		describe(table, a, false, mine, sizeof(mine));
	if (b != NULL)
		describe(table, b, false, theirs, sizeof(theirs));
	return err_set(err, ERR_STOP, "interleaving", "%s, table %s: %zu rows live, %zu otherwise; live:%s; otherwise:%s", what,
		       table->name, n, m, mine, theirs);
}
