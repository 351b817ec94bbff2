/* Plain SQL: text in, text out. */
#include "store/store_impl.h"

/* A store_result is libpq's own result under another name: never defined. */
static struct store_result *of_pg(PGresult *result)
{
	return (struct store_result *)result;
}

static PGresult *pg(const struct store_result *result)
{
	return (PGresult *)(uintptr_t)result;
}

/* In messages: the first line of the statement, and not too much of it. */
static bool query_fail(struct store *store, const PGresult *result, const char *sql, struct err *err)
{
	return store_fail(store, result, 0, err, "%.*s", (int)MIN(strcspn(sql, "\n"), (size_t)80), sql);
}

static bool is_fine(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

static bool end_batch(struct store *store)
{
	store_abort(store);
	return false;
}

/* many: several statements are allowed (simple protocol; it has no parameters). */
static bool query(struct store *store, bool many, const char *sql, int n_params, const char *const *params, struct err *err,
		  PGresult **ret_result)
{
	if (!store_end_pipeline(store, err))
		return end_batch(store);
	PGresult *result = many ? PQexec(store->conn, sql) : PQexecParams(store->conn, sql, n_params, NULL, params, NULL, NULL, 0);

	if (!is_fine(result)) {
		query_fail(store, result, sql, err);
		PQclear(result);
		return end_batch(store);
	}
	*ret_result = result;
	return true;
}

bool store_query(struct store *store, const char *sql, int n_params, const char *const *params, struct err *err,
		 struct store_result **ret_result)
{
	PGresult *result;

	if (!query(store, false, sql, n_params, params, err, &result))
		return false;
	*ret_result = of_pg(result);
	return true;
}

bool store_exec(struct store *store, const char *sql, int n_params, const char *const *params, struct err *err)
{
	PGresult *result;

	if (!query(store, n_params == 0, sql, n_params, params, err, &result))
		return false;
	PQclear(result);
	return true;
}

void store_result_free(struct store_result *result)
{
	PQclear(pg(result)); /* NULL is fine */
}

void store_result_freep(struct store_result **result)
{
	store_result_free(*result);
	*result = NULL;
}

/* ---- row by row ----------------------------------------------------------------------------------------------------- */

static void cancel(struct store *store)
{
	char why[256];
	PGcancel *c = PQgetCancel(store->conn);

	if (c != NULL)
		PQcancel(c, why, sizeof(why)); /* when it cannot be cancelled the rest is read and dropped */
	PQfreeCancel(c);
}

/* Sends the query and hands out its rows. */
static bool stream(struct store *store, const char *sql, int n_params, const char *const *params, store_row_fn *row_fn, void *ctx,
		   struct err *err)
{
	PGresult *result;
	bool ok = true, wanted = true;

	if (PQsendQueryParams(store->conn, sql, n_params, NULL, params, NULL, NULL, 0) != 1)
		return query_fail(store, NULL, sql, err);
	CHECK(PQsetSingleRowMode(store->conn) == 1);
	while ((result = PQgetResult(store->conn)) != NULL) {
		if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
			if (!is_fine(result) && wanted && ok)
				ok = query_fail(store, result, sql, err);
		} else if (wanted && !row_fn(ctx, of_pg(result), err)) {
			wanted = false;
			cancel(store);
		}
		PQclear(result);
	}
	store->broken = store->broken || PQstatus(store->conn) == CONNECTION_BAD;
	return ok && wanted;
}

bool store_stream(struct store *store, const char *sql, int n_params, const char *const *params, store_row_fn *row_fn, void *ctx,
		  struct err *err)
{
	bool own = store->state == STORE_IDLE && PQtransactionStatus(store->conn) == PQTRANS_IDLE;

	/* A transaction of its own, for the sake of SET LOCAL: rows may come for hours. */
	if (own && !store_exec(store, "BEGIN; SET LOCAL statement_timeout = 0", 0, NULL, err))
		return false;
	bool ok = store_end_pipeline(store, err) && stream(store, sql, n_params, params, row_fn, ctx, err);

	if (own && ok)
		return store_exec(store, "COMMIT", 0, NULL, err);
	if (own && !store->broken)
		(void)!store_exec(store, "ROLLBACK", 0, NULL, NULL);
	return ok || end_batch(store);
}

/* ---- values --------------------------------------------------------------------------------------------------------- */

size_t store_result_rows(const struct store_result *result)
{
	return (size_t)PQntuples(pg(result));
}

size_t store_result_columns(const struct store_result *result)
{
	return (size_t)PQnfields(pg(result));
}

const char *store_result_column_name(const struct store_result *result, size_t column)
{
	CHECK(column < store_result_columns(result));
	return PQfname(pg(result), (int)column);
}

/* Not PQfnumber: it allocates. */
static int find_column(const struct store_result *result, const char *column)
{
	for (int i = 0; i < PQnfields(pg(result)); i++)
		if (strcmp(PQfname(pg(result), i), column) == 0)
			return i;
	return -1;
}

bool store_result_has(const struct store_result *result, const char *column)
{
	return find_column(result, column) >= 0;
}

static int column_at(const struct store_result *result, size_t row, const char *column)
{
	int at = find_column(result, column);

	CHECK(at >= 0 && row < store_result_rows(result));
	return at;
}

bool store_result_is_null(const struct store_result *result, size_t row, const char *column)
{
	return PQgetisnull(pg(result), (int)row, column_at(result, row, column)) == 1;
}

struct text store_result_cell(const struct store_result *result, size_t row, size_t column)
{
	CHECK(column < store_result_columns(result) && row < store_result_rows(result));
	return (struct text){ PQgetvalue(pg(result), (int)row, (int)column),
			      (size_t)PQgetlength(pg(result), (int)row, (int)column) };
}

struct text store_result_text(const struct store_result *result, size_t row, const char *column)
{
	return store_result_cell(result, row, (size_t)column_at(result, row, column));
}

int64_t store_result_i64(const struct store_result *result, size_t row, const char *column)
{
	struct text t = store_result_text(result, row, column);
	int64_t value = 0;

	CHECK(text_empty(t) || text_parse_i64(t, &value));
	return value;
}

bool store_result_bool(const struct store_result *result, size_t row, const char *column)
{
	struct text t = store_result_text(result, row, column);

	CHECK(text_empty(t) || text_eq(t, TEXT("t")) || text_eq(t, TEXT("f")));
	return text_eq(t, TEXT("t"));
}
