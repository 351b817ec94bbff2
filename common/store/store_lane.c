/* Who owns a lane. */
#include "store/store_impl.h"

static int compare_lanes(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool each_once(const int32_t *lanes, size_t n, struct arena *arena)
{
	int32_t *sorted = arena_dup(arena, lanes, n * sizeof(*lanes));

	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), compare_lanes);
	for (size_t i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return false;
	return true;
}

/* Rows (lane, epoch) of a result in the order of lanes, 0 where none came. */
static void epochs_of(const PGresult *result, const int32_t *lanes, size_t n, int64_t *ret_epochs)
{
	for (size_t i = 0; i < n; i++) {
		ret_epochs[i] = 0;
		for (int r = 0; r < PQntuples(result); r++) {
			int64_t lane, epoch;

			CHECK(text_parse_i64(text_of(PQgetvalue(result, r, 0)), &lane));
			CHECK(text_parse_i64(text_of(PQgetvalue(result, r, 1)), &epoch));
			if (lane == lanes[i])
				ret_epochs[i] = epoch;
		}
	}
}

static bool ask_epochs(struct store *store, const char *sql, const int32_t *lanes, size_t n, const char *owner, const char *what,
		       struct err *err, int64_t *ret_epochs)
{
	CHECK(store->state == STORE_IDLE);
	if (!store_end_pipeline(store, err))
		return false;
	arena_reset(store->scratch);
	CHECK(each_once(lanes, n, store->scratch));

	struct text array = store_array_i32(lanes, n, store->scratch);
	const char *values[] = { array.s, owner };
	int lengths[] = { (int)array.n, 0 }, formats[] = { 1, 0 };
	PGresult *result = PQexecParams(store->conn, sql, owner == NULL ? 1 : 2, NULL, values, lengths, formats, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (ok)
		epochs_of(result, lanes, n, ret_epochs);
	else
		store_fail(store, result, 0, err, "%s", what);
	PQclear(result);
	return ok;
}

bool store_take_lanes(struct store *store, const int32_t *lanes, size_t n, const char *owner, struct err *err, int64_t *ret_epochs)
{
	CHECK(owner != NULL);
	return ask_epochs(store, store_sql_take, lanes, n, owner, "take lanes", err, ret_epochs);
}

bool store_lane_epochs(struct store *store, const int32_t *lanes, size_t n, struct err *err, int64_t *ret_epochs)
{
	return ask_epochs(store, store_sql_epochs, lanes, n, NULL, "lane epochs", err, ret_epochs);
}
