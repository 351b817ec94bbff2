/* Changes of the book into tables, and COMMIT. */
#include "store/store_impl.h"

#include "base/fault.h"

bool store_send_rows(struct store *store, struct arena *arena, const struct table *table, enum statement_kind kind, int probe,
		     const void *const *rows, size_t n, struct err *err)
{
	const struct col *cols[BOOK_COLS_MAX];
	struct text params[BOOK_COLS_MAX];
	size_t n_cols;

	if (kind == STATEMENT_UPSERT) {
		n_cols = (size_t)table->n_cols;
		for (size_t i = 0; i < n_cols; i++)
			cols[i] = &table->cols[i];
	} else {
		n_cols = store_load_columns(table, probe, cols);
	}
	for (size_t i = 0; i < n_cols; i++)
		if (!store_array(cols[i], rows, n, false, arena, err, &params[i]))
			return err_wrap(err, "table %s", table->name);
	struct statement *s = store_statement(store, arena, table, kind, probe, err);

	return s != NULL && store_send(store, &(struct flight){ .kind = FLIGHT_RUN, .statement = s }, (int)n_cols, params, err);
}

/* Deletes first: a unique value may move from one row to another. */
static bool send_changes(struct store *store, const struct table *table, struct book *book, struct err *err)
{
	size_t n, n_upserts = 0, n_deletes = 0;
	const struct book_change *changes = book_changes(book, table, &n);
	struct arena *arena = book_arena(book);
	const void **upserts = (const void **)arena_array(arena, n, sizeof(void *));
	const void **deletes = (const void **)arena_array(arena, n, sizeof(void *));

	for (size_t i = 0; i < n; i++) {
		if (changes[i].kind == BOOK_UPSERT)
			upserts[n_upserts++] = changes[i].row;
		else
			deletes[n_deletes++] = changes[i].row;
	}
	store->rows_saved += n;
	if (n_deletes > 0 && !store_send_rows(store, arena, table, STATEMENT_DELETE, BOOK_KEY, deletes, n_deletes, err))
		return false;
	return n_upserts == 0 || store_send_rows(store, arena, table, STATEMENT_UPSERT, BOOK_KEY, upserts, n_upserts, err);
}

bool store_save_commit(struct store *store, const struct table *const *tables, size_t n_tables, struct book *book, struct err *err)
{
	CHECK(store->state == STORE_BATCH);
	bool ok = store_enter_pipeline(store, err);

	for (size_t i = 0; ok && i < n_tables; i++)
		ok = send_changes(store, tables[i], book, err);
	FAILPOINT("store.changes_sent");
	if (ok && store_send_plain(store, "COMMIT", FLIGHT_COMMIT, err) && store_round_trip(store, NULL, err)) {
		store->state = STORE_IDLE;
		return true;
	}
	store_abort(store);
	return false;
}
