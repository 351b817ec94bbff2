/* Questions of the book: one query per table and probe, answers back into the book. */
#include "store/store_impl.h"

#include "book/col.h"

/* Rows of a result by question, in the order they came: the place of question i's rows is first[i] .. first[i + 1]. */
struct grouped {
	int *rows;
	size_t *first;
};

static bool group(const struct flight *f, const PGresult *result, struct arena *arena, struct grouped *ret)
{
	size_t n_rows = (size_t)PQntuples(result);
	size_t *first = ARENA_ARRAY(arena, f->n_questions + 2, size_t);
	int *rows = ARENA_ARRAY(arena, n_rows, int);

	/* Counting sort; first[] is shifted by one while it counts and fills. */
	for (size_t i = 0; i < n_rows; i++) {
		int64_t number = store_get_i64(PQgetvalue(result, (int)i, 0));

		CHECK(number >= 1 && (size_t)number <= f->n_questions);
		first[number + 1]++;
	}
	for (size_t q = 2; q < f->n_questions + 2; q++)
		first[q] += first[q - 1];
	for (size_t i = 0; i < n_rows; i++)
		rows[first[store_get_i64(PQgetvalue(result, (int)i, 0))]++] = (int)i;
	*ret = (struct grouped){ rows, first };
	return true;
}

static bool columns_fit(const struct table *table, const PGresult *result, struct err *err)
{
	CHECK(PQnfields(result) == table->n_cols + 1);
	for (int i = 0; i < table->n_cols; i++)
		if (!store_type_fits(&table->cols[i], PQftype(result, i + 1)))
			return err_set(err, ERR_FATAL, "store_schema", "table %s: column %s has another type than its description",
				       table->name, table->cols[i].name);
	return true;
}

bool store_answer(struct book *book, const struct flight *f, const PGresult *result, struct err *err)
{
	const struct table *table = f->statement->table;
	const struct probe *probe = f->statement->probe == BOOK_KEY ? NULL : &table->probes[f->statement->probe];
	struct arena *arena = book_arena(book);
	void *row = arena_alloc(arena, table->row_size), *before = arena_alloc(arena, table->row_size);
	struct grouped by;

	if (!columns_fit(table, result, err))
		return false;
	group(f, result, arena, &by);
	for (size_t q = 0; q < f->n_questions; q++) {
		for (size_t i = by.first[q]; i < by.first[q + 1]; i++) {
			if (!store_row(table, result, by.rows[i], 1, arena, err, row))
				return false;
			/* The book relies on the order; a collation other than "C" would break it silently. */
			if (probe != NULL && i > by.first[q] && probe_compare(table, probe, before, row) >= 0)
				return err_set(err, ERR_FATAL, "store_schema",
					       "%s load %s: rows out of order: text columns need collation \"C\"", table->name,
					       probe->name);
			book_answer_row(book, &f->questions[q], row);
			memcpy(before, row, table->row_size);
		}
		book_answer_done(book, &f->questions[q]);
	}
	return true;
}

/* A question about NULL would need another statement, and nobody asks it. */
static bool dates_given(const struct table *table, const struct probe *probe, const void *row, struct err *err)
{
	for (int i = 0; i < probe->n_eq; i++) {
		const struct col *col = &table->cols[probe->eq[i]];

		if (col->kind == COL_DATE && !(col->flags & COL_KEY) && col_int(col, row) == DATE_NONE)
			return err_set(err, ERR_STOP, "store_row", "table %s: probe %s asks for rows without a date in %s",
				       table->name, probe->name, col->name);
	}
	return true;
}

/* Sends one run of questions about the same table and probe. */
static bool ask(struct store *store, struct book *book, struct book_question *questions, size_t n, struct err *err)
{
	const struct table *table = questions->table;
	struct arena *arena = book_arena(book);
	const void **rows = (const void **)arena_array(arena, n, sizeof(void *));
	const struct col *cols[BOOK_COLS_MAX];
	size_t n_cols = store_load_columns(table, questions->probe, cols);
	struct text params[BOOK_COLS_MAX];

	CHECK(n_cols > 0 || n == 1);
	for (size_t i = 0; i < n; i++) {
		rows[i] = questions[i].template_row;
		if (questions->probe != BOOK_KEY && !dates_given(table, &table->probes[questions->probe], rows[i], err))
			return false;
	}
	for (size_t i = 0; i < n_cols; i++)
		if (!store_array(cols[i], rows, n, true, arena, err, &params[i]))
			return false;
	struct statement *s = store_statement(store, arena, table, STATEMENT_LOAD, questions->probe, err);
	struct flight flight = { .kind = FLIGHT_LOAD, .statement = s, .questions = questions, .n_questions = n };

	return s != NULL && store_send(store, &flight, (int)n_cols, params, err);
}

static bool load(struct store *store, struct book *book, struct err *err)
{
	size_t n, end;
	struct book_question *q = book_questions(book, &n);

	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && q[end].table == q[i].table && q[end].probe == q[i].probe;)
			end++;
		if (!ask(store, book, &q[i], end - i, err))
			return false;
	}
	return n == 0 || store_round_trip(store, book, err);
}

bool store_load(struct store *store, struct book *book, struct err *err)
{
	CHECK(store->state == STORE_BATCH);
	if (store_enter_pipeline(store, err) && load(store, book, err))
		return true;
	store_abort(store);
	return false;
}
