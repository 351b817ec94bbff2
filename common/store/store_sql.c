/*
 * The text of generated statements. One shape per purpose, always over arrays of binary parameters:
 *
 *	load    (SELECT unnest(keys), numbers), LATERAL (... LIMIT k)  the LIMIT keeps the planner from turning the join around:
 *	                                                               one bounded index descent per question, whatever the statistics
 *	upsert  INSERT ... SELECT unnest(columns) ON CONFLICT          never UPDATE ... FROM unnest (DESIGN section 7)
 *	delete  the same LATERAL, then by ctid
 *
 * unnest stands in the select list, where the arrays are walked side by side. In FROM each would be written into a tuple store of its own
 * first: 2.7 times the time of the expansion.
 */
#include "store/store_impl.h"

#define NAME_MAX_BYTES 63 /* NAMEDATALEN - 1: longer ones PostgreSQL would cut */

/* Locks the rows in lane order; another epoch or a missing row makes the count smaller and the division fail. The row that
 * FOR UPDATE waited for is judged as it is afterwards. set_config: what store_batch_settings says, for this transaction. */
const char store_sql_fence[] =
	"SELECT 1 / (count(*) = cardinality($1::int4[]))::int4, set_config('plan_cache_mode', 'force_generic_plan', true),"
	" set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),"
	" set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
	" set_config('enable_memoize', 'off', true), set_config('enable_sort', 'off', true)"
	" FROM (SELECT FROM lane AS l JOIN unnest($1::int4[], $2::int8[]) AS f(lane, epoch)"
	" ON l.lane = f.lane AND l.epoch = f.epoch ORDER BY l.lane FOR UPDATE OF l) AS mine";

const char *store_batch_settings(void)
{
	return "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; "
	       "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; SET enable_sort = off";
}

const char store_sql_take[] =
	"INSERT INTO lane AS l (lane, epoch, owner, taken_at)"
	" SELECT u, 1, $2::text, clock_timestamp() FROM unnest($1::int4[]) AS u ORDER BY u"
	" ON CONFLICT (lane) DO UPDATE SET epoch = l.epoch + 1, owner = excluded.owner, taken_at = excluded.taken_at"
	" RETURNING lane, epoch";

const char store_sql_epochs[] = "SELECT lane, epoch FROM lane WHERE lane = ANY ($1::int4[])";

const struct store_sql *store_own_sql(size_t *ret_n)
{
	static const struct store_sql own[] = {
		{ "fence", store_sql_fence },
		{ "take lanes", store_sql_take },
		{ "lane epochs", store_sql_epochs },
	};

	*ret_n = ARRAY_LEN(own);
	return own;
}

/* A name in double quotes, so that a column may be called "end" or "order". */
struct quoted {
	char s[2 * NAME_MAX_BYTES + 3];
};

static struct quoted quote(const char *name)
{
	struct quoted q;
	size_t n = 0;

	CHECK(strlen(name) <= NAME_MAX_BYTES);
	q.s[n++] = '"';
	for (; *name != '\0'; name++) {
		if (*name == '"')
			q.s[n++] = '"';
		q.s[n++] = *name;
	}
	q.s[n++] = '"';
	q.s[n] = '\0';
	return q;
}

void store_sql_quoted(struct buf *b, const char *name)
{
	buf_adds(b, quote(name).s);
}

/* prefix.c1, prefix.c2 ... of the columns with one of these flags; 0 = all. */
static void add_columns(struct buf *b, const struct table *table, uint32_t flags, const char *prefix)
{
	int n = 0;

	for (int i = 0; i < table->n_cols; i++) {
		if (flags != 0 && !(table->cols[i].flags & flags))
			continue;
		buf_adds(b, n++ == 0 ? "" : ", ");
		buf_adds(b, prefix);
		buf_adds(b, quote(table->cols[i].name).s);
	}
}

/* unnest($1::int4[]) AS p1, unnest($2::text[]) AS p2 */
static void add_unnest(struct buf *b, const struct col *const *cols, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%sunnest($%zu::%s) AS p%zu", i == 0 ? "" : ", ", i + 1, store_array_type(cols[i]), i + 1);
}

static size_t key_columns(const struct table *table, const struct col **ret_cols)
{
	size_t n = 0;

	for (int i = 0; i < table->n_cols; i++)
		if (table->cols[i].flags & COL_KEY)
			ret_cols[n++] = &table->cols[i];
	CHECK(n > 0);
	return n;
}

size_t store_load_columns(const struct table *table, int probe, const struct col **ret_cols)
{
	size_t n = 0;

	if (probe == BOOK_KEY)
		return key_columns(table, ret_cols);
	const struct probe *p = &table->probes[probe];
	for (int i = 0; i < p->n_eq; i++)
		ret_cols[n++] = &table->cols[p->eq[i]];
	if (p->range != PROBE_NONE)
		ret_cols[n++] = &table->cols[p->range_col];
	return n;
}

/* t.c1 = q.p1 AND t.c2 = q.p2 ... for the columns of a load, the last one by the probe's range. */
static void add_conditions(struct buf *b, const struct col *const *cols, size_t n, enum probe_range range)
{
	for (size_t i = 0; i < n; i++) {
		const char *op = i + 1 < n || range == PROBE_NONE ? "=" : range == PROBE_GT ? ">" : "<=";

		buf_printf(b, "%st.%s %s q.p%zu", i == 0 ? "" : " AND ", quote(cols[i]->name).s, op, i + 1);
	}
}

/*
 * One row by its key. The last column is asked for as a range of one value, and ordered by, so that only the primary key's index
 * gives the order. With plain equality the planner takes any index that begins with lane and account when it believes that
 * accounts have one row each (it multiplies selectivities): 43 ms per row in an account of 100 000, statistics fresh.
 */
static void add_key_conditions(struct buf *b, const struct col *const *cols, size_t n)
{
	struct quoted last = quote(cols[n - 1]->name);

	add_conditions(b, cols, n, PROBE_LE);
	buf_printf(b, " AND t.%s >= q.p%zu ORDER BY t.%s LIMIT 1", last.s, n, last.s);
}

/* NULL sorts first, like DATE_NONE; where the column cannot be NULL here the plain order fits plain indexes. */
static void add_order(struct buf *b, const struct table *table, const struct probe *p)
{
	for (int i = 0; i < p->n_order; i++) {
		int at = p->order[i];
		bool null = table->cols[at].kind == COL_DATE && !(table->cols[at].flags & COL_KEY) &&
			    !(p->range != PROBE_NONE && p->range_col == at);

		for (int e = 0; e < p->n_eq; e++)
			null = null && p->eq[e] != at;
		buf_printf(b, "%st.%s%s", i == 0 ? " ORDER BY " : ", ", quote(table->cols[at].name).s, null ? " NULLS FIRST" : "");
	}
}

/* Columns of the result: number of the question from 1, then the table's. */
void store_sql_load(struct buf *b, const struct table *table, int probe)
{
	const struct probe *p = probe == BOOK_KEY ? NULL : &table->probes[probe];
	const struct col *cols[BOOK_COLS_MAX];
	size_t n = store_load_columns(table, probe, cols);

	buf_adds(b, "SELECT q.n, ");
	add_columns(b, table, 0, "t.");
	if (n > 0) {
		buf_adds(b, " FROM (SELECT ");
		add_unnest(b, cols, n);
		buf_printf(b, ", generate_series(1::int8, cardinality($1::%s)::int8) AS n) AS q", store_array_type(cols[0]));
	} else {
		buf_adds(b, " FROM (SELECT 1::int8) AS q(n)"); /* nothing to ask with: one question */
	}
	buf_printf(b, " CROSS JOIN LATERAL (SELECT * FROM %s AS t", quote(table->name).s);
	buf_adds(b, n > 0 || p->where != NULL ? " WHERE " : "");
	if (p == NULL) {
		add_key_conditions(b, cols, n);
	} else {
		add_conditions(b, cols, n, p->range);
		if (p->where != NULL)
			buf_printf(b, "%s(%s)", n > 0 ? " AND " : "", p->where);
		add_order(b, table, p);
		buf_printf(b, " LIMIT %u", p->limit);
	}
	buf_adds(b, ") AS t");
}

/* What an update makes of a column: c = excluded.c, and its kin by flags. The same as row_merge in book/col.c. */
static void add_assignment(struct buf *b, const struct col *col)
{
	struct quoted q = quote(col->name);

	buf_printf(b, "%s = ", q.s);
	if (col->flags & COL_ADD) {
		CHECK(col->kind == COL_I32 || col->kind == COL_I64);
		buf_printf(b, "o.%s + excluded.%s", q.s, q.s);
		return;
	}
	if (!(col->flags & COL_FILL)) {
		buf_printf(b, "excluded.%s", q.s);
		return;
	}
	switch (col->kind) {
	case COL_I32:
	case COL_I64:
		buf_printf(b, "coalesce(nullif(excluded.%s, 0), o.%s)", q.s, q.s);
		return;
	case COL_TEXT:
	case COL_CURRENCY:
	case COL_BYTES:
		buf_printf(b, "coalesce(nullif(excluded.%s, ''), o.%s)", q.s, q.s);
		return;
	case COL_BOOL:
		buf_printf(b, "o.%s OR excluded.%s", q.s, q.s);
		return;
	case COL_DATE:
	case COL_MSG:
		buf_printf(b, "coalesce(excluded.%s, o.%s)", q.s, q.s);
		return;
	}
	base_check_failed(__FILE__, __LINE__, "a column kind");
}

void store_sql_upsert(struct buf *b, const struct table *table)
{
	const struct col *cols[BOOK_COLS_MAX];
	int n_set = 0;

	for (int i = 0; i < table->n_cols; i++)
		cols[i] = &table->cols[i];
	buf_printf(b, "INSERT INTO %s AS o (", quote(table->name).s);
	add_columns(b, table, 0, "");
	buf_adds(b, ") SELECT ");
	add_unnest(b, cols, (size_t)table->n_cols);
	if (table->flags & TABLE_APPEND)
		return;
	buf_adds(b, " ON CONFLICT (");
	add_columns(b, table, COL_KEY, "");
	buf_addc(b, ')');
	for (int i = 0; i < table->n_cols; i++) {
		if (cols[i]->flags & (COL_KEY | COL_ONCE))
			continue;
		buf_adds(b, n_set++ == 0 ? " DO UPDATE SET " : ", ");
		add_assignment(b, cols[i]);
	}
	if (n_set == 0)
		buf_adds(b, " DO NOTHING");
}

void store_sql_delete(struct buf *b, const struct table *table)
{
	const struct col *cols[BOOK_COLS_MAX];
	size_t n = key_columns(table, cols);

	buf_printf(b, "DELETE FROM %s AS o USING (SELECT ", quote(table->name).s);
	add_unnest(b, cols, n);
	buf_printf(b, ") AS q CROSS JOIN LATERAL (SELECT t.ctid AS place FROM %s AS t WHERE ", quote(table->name).s);
	add_key_conditions(b, cols, n);
	buf_adds(b, ") AS x WHERE o.ctid = x.place");
}

void store_sql_describe(struct buf *b, const struct statement *s)
{
	if (s->table != NULL)
		buf_printf(b, "%s ", s->table->name);
	switch (s->kind) {
	case STATEMENT_LOAD:
		buf_printf(b, "load %s", s->probe == BOOK_KEY ? "by key" : s->table->probes[s->probe].name);
		return;
	case STATEMENT_UPSERT:
		buf_adds(b, s->table->flags & TABLE_APPEND ? "append" : "save");
		return;
	case STATEMENT_DELETE:
		buf_adds(b, "delete");
		return;
	case STATEMENT_FENCE:
		buf_adds(b, "fence");
		return;
	case STATEMENT_KINDS:
		break;
	}
	base_check_failed(__FILE__, __LINE__, "a statement kind");
}

static void add_sql(struct store_sql *list, size_t *n, struct arena *arena, const struct statement *s)
{
	struct buf name = { .arena = arena }, sql = { .arena = arena };

	store_sql_describe(&name, s);
	if (s->kind == STATEMENT_LOAD)
		store_sql_load(&sql, s->table, s->probe);
	else if (s->kind == STATEMENT_UPSERT)
		store_sql_upsert(&sql, s->table);
	else
		store_sql_delete(&sql, s->table);
	list[(*n)++] = (struct store_sql){ name.s, sql.s };
}

struct store_sql *store_table_sql(const struct table *table, struct arena *arena, size_t *ret_n)
{
	struct store_sql *list = ARENA_ARRAY(arena, (size_t)table->n_probes + 3, struct store_sql);
	size_t n = 0;

	if (!(table->flags & TABLE_ADDING))
		for (int p = BOOK_KEY; p < table->n_probes; p++)
			add_sql(list, &n, arena, &(struct statement){ .table = table, .kind = STATEMENT_LOAD, .probe = p });
	add_sql(list, &n, arena, &(struct statement){ .table = table, .kind = STATEMENT_UPSERT });
	if (table->flags & TABLE_DELETES)
		add_sql(list, &n, arena, &(struct statement){ .table = table, .kind = STATEMENT_DELETE });
	*ret_n = n;
	return list;
}
