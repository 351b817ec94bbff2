/* The connection, what is in flight on it, lanes and the frame of a batch. */
#include "store/store_impl.h"

#include "base/fault.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#define SCRATCH_BYTES ((size_t)16 * 1024 * 1024) /* address space; a fence over 10 000 lanes takes 200 KB */

/* ---- connecting ----------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void drop_notice(void *ctx, const PGresult *result)
{
	(void)ctx;
	(void)result;
}

/* Waits until PQconnectPoll is content or STORE_CONNECT_MS have passed (connect_timeout does not work for it). */
static PostgresPollingStatusType finish_connecting(PGconn *conn)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	int64_t until_ms = now_ms() + STORE_CONNECT_MS;

	while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
		struct pollfd fd = { .fd = PQsocket(conn), .events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT };
		int64_t left_ms = until_ms - now_ms();

		if (left_ms <= 0)
			return want;
		int n = poll(&fd, 1, (int)left_ms);
		if (n < 0 && errno != EINTR)
			return PGRES_POLLING_FAILED;
		if (n > 0)
			want = PQconnectPoll(conn);
	}
	return want;
}

/* libpq keeps no SQLSTATE of a failed connection, but a verbose message has it: "FATAL:  28P01: password ..." */
static void sqlstate_of_message(const char *message, char ret_state[6])
{
	ret_state[0] = '\0';
	for (const char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  "))
		if (strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[8] == ':') {
			memcpy(ret_state, at + 3, 5);
			ret_state[5] = '\0';
		}
}

/* Asked first, because libpq's own complaint repeats a piece of the string, which may be the password. */
static bool conninfo_is_readable(const char *conninfo)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	bool ok = options != NULL;

	PQconninfoFree(options);
	return ok;
}

/* Port, sslmode ... Without the value that libpq repeats in quotes: of user:pass/word@host it takes a part of the password for the port. */
static bool invalid_option(const char *message, struct err *err)
{
	size_t before = strcspn(message, "\"\n"), after = before;

	if (message[after] == '"')
		after += 1 + strcspn(message + after + 1, "\"\n");
	if (message[after] == '"')
		after++;
	return err_set(err, ERR_FATAL, "store_conninfo", "connect: %.*s***%.*s", (int)before, message,
		       (int)strcspn(message + after, "\n"), message + after);
}

static bool connect_failed(const PGconn *conn, PostgresPollingStatusType status, struct err *err)
{
	const char *message = conn == NULL ? "out of memory" : PQerrorMessage(conn);
	char state[6];

	sqlstate_of_message(message, state);
	if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
		return err_set(err, ERR_RETRY, "store_lost", "connect: no answer within %d ms", STORE_CONNECT_MS);
	if (strncmp(message, "invalid ", 8) == 0)
		return invalid_option(message, err);

	bool denied = conn != NULL && (PQconnectionNeedsPassword(conn) || strncmp(state, "28", 2) == 0);
	enum err_class class = denied ? ERR_FATAL : store_class(state, 0);
	const char *code = denied ? "store_denied" : class == ERR_FATAL ? "store_schema" : "store_lost";

	return err_set(err, class, code, "connect: %.*s", (int)strcspn(message, "\n"), message);
}

static bool set_session(struct store *store, struct err *err)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		 "SET timezone = 'UTC'; SET datestyle = 'iso, ymd'; SET bytea_output = 'hex'; SET jit = off; "
		 "SET standard_conforming_strings = on; SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %d",
		 STORE_STATEMENT_MS, STORE_IDLE_TX_MS);
	return store_exec(store, sql, 0, NULL, err);
}

bool store_open(const char *conninfo, struct err *err, struct store **ret_store)
{
	/* Later ones win, and dbname is taken apart in place: what conninfo says goes over what stands before it. */
	static const char *const names[] = { "connect_timeout",
					     "keepalives_idle",
					     "keepalives_interval",
					     "keepalives_count",
					     "tcp_user_timeout",
					     "client_encoding",
					     "dbname",
					     NULL };
	const char *const values[] = { "10", "10", "5", "3", "30000", "UTF8", conninfo, NULL };

	if (!conninfo_is_readable(conninfo))
		return err_set(err, ERR_FATAL, "store_conninfo",
			       "connect: not a connection string (keyword=value pairs, or a URI)");
	_cleanup_(store_closep) struct store *store = calloc(1, sizeof(*store));

	CHECK(store != NULL);
	store->scratch = arena_new(SCRATCH_BYTES / 64, SCRATCH_BYTES);
	store->conn = PQconnectStartParams(names, values, 1);
	if (store->conn == NULL || PQstatus(store->conn) == CONNECTION_BAD)
		return connect_failed(store->conn, PGRES_POLLING_FAILED, err);
	PQsetNoticeReceiver(store->conn, drop_notice, NULL);
	PQsetErrorVerbosity(store->conn, PQERRORS_VERBOSE);
	PostgresPollingStatusType status = finish_connecting(store->conn);

	if (status != PGRES_POLLING_OK)
		return connect_failed(store->conn, status, err);
	if (!set_session(store, err))
		return false;
	store->replan_at = 64;
	*ret_store = store;
	store = NULL;
	return true;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	PQfinish(store->conn);
	arena_free(store->scratch);
	free(store);
}

void store_closep(struct store **store)
{
	store_close(*store);
	*store = NULL;
}

bool store_is_broken(const struct store *store)
{
	return store->broken;
}

void store_look(struct store *store)
{
	if (!store->broken && PQconsumeInput(store->conn) == 0)
		store->broken = true;
}

bool store_usable(const struct store *store, struct err *err)
{
	if (!store->broken)
		return true;
	return err_set(err, ERR_RETRY, "store_lost", "the connection to the database is lost");
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

bool store_enter_pipeline(struct store *store, struct err *err)
{
	if (!store_usable(store, err))
		return false;
	if (PQpipelineStatus(store->conn) == PQ_PIPELINE_OFF)
		CHECK(PQenterPipelineMode(store->conn) == 1);
	return true;
}

static void in_flight(struct store *store, const struct flight *flight)
{
	CHECK(store->n_flights < STORE_FLIGHTS_MAX);
	store->flights[store->n_flights++] = *flight;
}

static struct statement *statement_find(struct store *store, const struct table *table, enum statement_kind kind, int probe)
{
	for (int i = 0; i < store->n_statements; i++) {
		struct statement *s = &store->statements[i];

		if (s->table == table && s->kind == kind && s->probe == probe)
			return s;
	}

	CHECK(store->n_statements < STORE_STATEMENTS_MAX);
	struct statement *s = &store->statements[store->n_statements++];

	*s = (struct statement){ .table = table, .kind = kind, .probe = probe };
	snprintf(s->name, sizeof(s->name), "s%d", store->n_statements);
	return s;
}

/* Text and parameter types of a statement. */
static int statement_text(const struct statement *s, struct buf *sql, Oid types[BOOK_COLS_MAX])
{
	const struct col *cols[BOOK_COLS_MAX];
	size_t n;

	switch (s->kind) {
	case STATEMENT_FENCE:
		buf_adds(sql, store_sql_fence);
		types[0] = store_array_oid(&(struct col){ .kind = COL_I32 });
		types[1] = store_array_oid(&(struct col){ .kind = COL_I64 });
		return 2;
	case STATEMENT_UPSERT:
		store_sql_upsert(sql, s->table);
		for (int i = 0; i < s->table->n_cols; i++)
			types[i] = store_array_oid(&s->table->cols[i]);
		return s->table->n_cols;
	case STATEMENT_LOAD:
		store_sql_load(sql, s->table, s->probe);
		break;
	case STATEMENT_DELETE:
		store_sql_delete(sql, s->table);
		break;
	case STATEMENT_KINDS:
		base_check_failed(__FILE__, __LINE__, "a statement kind");
	}
	n = store_load_columns(s->table, s->kind == STATEMENT_LOAD ? s->probe : BOOK_KEY, cols);
	for (size_t i = 0; i < n; i++)
		types[i] = store_array_oid(cols[i]);
	return (int)n;
}

struct statement *store_statement(struct store *store, struct arena *arena, const struct table *table, enum statement_kind kind,
				  int probe, struct err *err)
{
	struct statement *s = statement_find(store, table, kind, probe);
	struct buf sql = { .arena = arena };
	Oid types[BOOK_COLS_MAX];

	if (s->state != STATEMENT_NEW)
		return s;
	int n = statement_text(s, &sql, types);
	if (PQsendPrepare(store->conn, s->name, sql.s, n, types) != 1) {
		store_fail(store, NULL, 0, err, "prepare");
		return NULL;
	}
	s->state = STATEMENT_SENT;
	in_flight(store, &(struct flight){ .kind = FLIGHT_PREPARE, .statement = s });
	return s;
}

bool store_send(struct store *store, const struct flight *flight, int n_params, const struct text *params, struct err *err)
{
	const char *values[BOOK_COLS_MAX];
	int lengths[BOOK_COLS_MAX], formats[BOOK_COLS_MAX];

	CHECK(n_params <= BOOK_COLS_MAX);
	for (int i = 0; i < n_params; i++) {
		values[i] = params[i].s;
		lengths[i] = (int)params[i].n;
		formats[i] = 1;
	}
	if (PQsendQueryPrepared(store->conn, flight->statement->name, n_params, values, lengths, formats, 1) != 1)
		return store_fail(store, NULL, 0, err, "send");
	in_flight(store, flight);
	return true;
}

bool store_send_plain(struct store *store, const char *sql, enum flight_kind kind, struct err *err)
{
	if (PQsendQueryParams(store->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
		return store_fail(store, NULL, 0, err, "send %s", sql);
	in_flight(store, &(struct flight){ .kind = kind, .what = sql });
	return true;
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static void lose(struct store *store)
{
	store->broken = true;
	store->n_flights = 0;
}

static bool flight_fail(struct store *store, const struct flight *f, const PGresult *result, struct err *err)
{
	if (f->statement == NULL)
		return store_fail(store, result, 0, err, "%s", f->what);

	char name[160];
	struct arena *scratch = store->scratch;
	size_t mark = arena_mark(scratch);
	struct buf b = { .arena = scratch };
	bool append = f->statement->kind == STATEMENT_UPSERT && (f->statement->table->flags & TABLE_APPEND) &&
		      !(f->statement->table->flags & TABLE_RACE);
	bool fence = f->statement->kind == STATEMENT_FENCE;

	store_sql_describe(&b, f->statement);
	snprintf(name, sizeof(name), "%s%s", f->kind == FLIGHT_PREPARE ? "prepare " : "", b.s);
	arena_rewind(scratch, mark);
	return store_fail(store, result, (append ? STORE_IN_APPEND : 0) | (fence ? STORE_IN_FENCE : 0), err, "%s", name);
}

/* Judges one result. `fine` = nothing failed before, so rows are wanted. */
static bool take_result(struct store *store, struct book *book, const struct flight *f, const PGresult *result, struct err *err)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return flight_fail(store, f, result, err);
	if (f->kind == FLIGHT_PREPARE)
		f->statement->state = STATEMENT_READY;
	if (f->kind == FLIGHT_LOAD)
		return store_answer(book, f, result, err);
	/* COMMIT of a failed transaction answers ROLLBACK, without an error. */
	if (f->kind == FLIGHT_COMMIT && strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "COMMIT") != 0)
		return err_set(err, ERR_STOP, "store_failed", "commit: the transaction was rolled back");
	return true;
}

/* All results of one flight. */
static bool land(struct store *store, struct book *book, const struct flight *f, bool fine, struct err *err)
{
	PGresult *result;
	bool ok = true;

	if (f->kind == FLIGHT_PREPARE && f->statement->state == STATEMENT_SENT)
		f->statement->state = STATEMENT_NEW;
	while ((result = PQgetResult(store->conn)) != NULL) {
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_PIPELINE_ABORTED)
			ok = false;
		else if (fine && ok)
			ok = take_result(store, book, f, result, err);
		else if (f->kind == FLIGHT_PREPARE && status == PGRES_COMMAND_OK)
			f->statement->state = STATEMENT_READY;
		PQclear(result);
		if (PQstatus(store->conn) == CONNECTION_BAD) {
			lose(store);
			return false;
		}
		if (status == PGRES_PIPELINE_SYNC)
			break;
	}
	return ok;
}

bool store_round_trip(struct store *store, struct book *book, struct err *err)
{
	bool ok = true;

	if (store->n_flights == 0)
		return true;
	if (PQpipelineSync(store->conn) != 1)
		return store_fail(store, NULL, 0, err, "send");
	size_t n = store->n_flights;
	if (store->flights[n - 1].kind == FLIGHT_COMMIT)
		FAILPOINT("store.commit_sent");
	for (size_t i = 0; i < n && !store->broken; i++)
		ok = land(store, book, &store->flights[i], ok, err) && ok;
	store->n_flights = 0;
	if (!store->broken)
		land(store, NULL, &(struct flight){ .kind = FLIGHT_SYNC }, false, NULL);
	return ok && !store->broken;
}

bool store_end_pipeline(struct store *store, struct err *err)
{
	if (!store_usable(store, err))
		return false;
	if (!store_round_trip(store, NULL, err))
		return false;
	if (PQpipelineStatus(store->conn) != PQ_PIPELINE_OFF)
		CHECK(PQexitPipelineMode(store->conn) == 1);
	return true;
}

/* ---- the frame of a batch ------------------------------------------------------------------------------------------- */

bool store_begin(struct store *store, const int32_t *lanes, const int64_t *epochs, size_t n, struct err *err)
{
	CHECK(store->state == STORE_IDLE && store->n_flights == 0);
	if (!store_enter_pipeline(store, err))
		return false;
	arena_reset(store->scratch);
	/* Plans made for a table that was still empty: make them again while it grows. */
	if (store->rows_saved >= store->replan_at) {
		store->replan_at = store->rows_saved * 2;
		if (!store_send_plain(store, "DISCARD PLANS", FLIGHT_PLAIN, err))
			return false;
	}
	store->state = STORE_BATCH;
	struct statement *fence;
	struct text params[] = { store_array_i32(lanes, n, store->scratch), store_array_i64(epochs, n, store->scratch) };

	if (!store_send_plain(store, "BEGIN ISOLATION LEVEL READ COMMITTED", FLIGHT_PLAIN, err)) {
		store_abort(store);
		return false;
	}
	if (n == 0) /* nothing to lock: a reader's connection may do that */
		return true;
	if ((fence = store_statement(store, store->scratch, NULL, STATEMENT_FENCE, 0, err)) != NULL &&
	    store_send(store, &(struct flight){ .kind = FLIGHT_RUN, .statement = fence }, 2, params, err))
		return true;
	store_abort(store);
	return false;
}

void store_abort(struct store *store)
{
	if (store->state == STORE_IDLE)
		return;
	store->state = STORE_IDLE;
	/* What was queued must be answered first: an error in it would swallow a ROLLBACK behind it. */
	if (store->broken || (!store_round_trip(store, NULL, NULL) && store->broken) || !store_enter_pipeline(store, NULL))
		return;
	if (PQtransactionStatus(store->conn) == PQTRANS_IDLE)
		return;
	if (store_send_plain(store, "ROLLBACK", FLIGHT_PLAIN, NULL) && !store_round_trip(store, NULL, NULL))
		lose(store);
}
