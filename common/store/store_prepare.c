/* The warm-up: every statement once on no rows, and tables compared with their descriptions. */
#include "store/store_impl.h"
#include "book/col.h"

static bool run_table(struct store *store, const struct table *table, struct err *err)
{
	struct arena *arena = store->scratch;

	if (!(table->flags & TABLE_ADDING))
		for (int p = BOOK_KEY; p < table->n_probes; p++) {
			const struct col *cols[BOOK_COLS_MAX];

			/* Without parameters there is no asking about nothing: it would read rows. */
			if (store_load_columns(table, p, cols) > 0 &&
			    !store_send_rows(store, arena, table, STATEMENT_LOAD, p, NULL, 0, err))
				return false;
		}
	if (!store_send_rows(store, arena, table, STATEMENT_UPSERT, BOOK_KEY, NULL, 0, err))
		return false;
	if ((table->flags & TABLE_DELETES) && !store_send_rows(store, arena, table, STATEMENT_DELETE, BOOK_KEY, NULL, 0, err))
		return false;
	return store_round_trip(store, NULL, err);
}

/* A domain counts as the type below it. needed = an insert that does not name the column fails. */
static const char columns_sql[] =
	"SELECT a.attname AS name, coalesce(nullif(t.typbasetype, 0), t.oid)::int8 AS type,"
	" a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed,"
	" CASE WHEN l.collname = 'default' THEN d.datcollate IN ('C', 'POSIX')"
	" AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'"
	" ELSE l.collcollate IN ('C', 'POSIX') END AS bytewise"
	" FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_database d ON d.datname = current_database()"
	" LEFT JOIN pg_collation l ON l.oid = a.attcollation"
	" WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped";

static bool is_ordered(const struct table *table, int at)
{
	for (int p = 0; p < table->n_probes; p++) {
		const struct probe *probe = &table->probes[p];

		if (probe->range != PROBE_NONE && probe->range_col == at)
			return true;
		for (int i = 0; i < probe->n_order; i++)
			if (probe->order[i] == at)
				return true;
	}
	return false;
}

static bool column_fits(const struct table *table, const struct store_result *columns, size_t r, struct err *err)
{
	struct text name = store_result_text(columns, r, "name");

	for (int i = 0; i < table->n_cols; i++) {
		const struct col *col = &table->cols[i];
		bool text = col->kind == COL_TEXT || col->kind == COL_CURRENCY;

		if (!text_eq(name, text_of(col->name)))
			continue;
		if (!store_type_fits(col, (Oid)store_result_i64(columns, r, "type")))
			return err_set(err, ERR_FATAL, "store_schema", "table %s: column %s has another type than its description",
				       table->name, col->name);
		if (text && is_ordered(table, i) && !store_result_bool(columns, r, "bytewise"))
			return err_set(
				err, ERR_FATAL, "store_schema",
				"table %s: column %s is ordered by a probe: it needs COLLATE \"C\" (or a database with LOCALE 'C')",
				table->name, col->name);
		return true;
	}
	if (store_result_bool(columns, r, "needed"))
		return err_set(err, ERR_FATAL, "store_schema", "table %s: column " TEXT_FMT " needs a value and is not described",
			       table->name, TEXT_ARG(name));
	return true;
}

static bool check_table(struct store *store, const struct table *table, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *columns = NULL;

	if (!store_query(store, columns_sql, 1, &table->name, err, &columns))
		return false;
	for (size_t r = 0; r < store_result_rows(columns); r++)
		if (!column_fits(table, columns, r, err))
			return false;
	return true;
}

bool store_prepare(struct store *store, const struct table *const *tables, size_t n_tables, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n_tables; i++) {
		table_check(tables[i]);
		ok = check_table(store, tables[i], err);
	}
	if (!ok || !store_begin(store, NULL, NULL, 0, err))
		return false;
	for (size_t i = 0; ok && i < n_tables; i++)
		ok = run_table(store, tables[i], err);
	store_abort(store);
	return ok;
}
