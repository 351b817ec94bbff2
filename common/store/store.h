/*
 * store: PostgreSQL. Layer 2, the only user of libpq. Load and save are generated from table descriptions (book/book.h).
 *
 *	store_open -> store_prepare -> store_take_lanes -> per batch:
 *		store_begin -> store_load (once or twice) -> ... -> store_save_commit        or store_abort
 *
 * One struct store is one connection of one thread. Nothing here waits longer than STORE_STATEMENT_MS per statement, except
 * store_migrate. Library code never logs: messages of the server are dropped (store_migrate hands them to its callback).
 *
 * Errors (class as in err/err.h, always decided by store_class):
 *	code              class
 *	store_lost        RETRY   no connection, or it ended, also in the middle of COMMIT (its outcome is then unknown, and safe
 *	                          to try again: epoch and positions are read anew), or the server became a read-only standby;
 *	                          store_is_broken is true: close, wait, open
 *	store_busy        RETRY   deadlock, timeout, no resources
 *	store_fenced      FENCED  an epoch is not the one given to store_begin
 *	store_duplicate   STOP    a key that exists, in a TABLE_APPEND table without TABLE_RACE; elsewhere RETRY (a race)
 *	store_refused     STOP    a constraint or trigger said no, or a value does not fit: a bug, never weather
 *	store_row         STOP    a stored row is not what its description says (NULL, too long, undecodable message)
 *	store_denied      FATAL   password, role, permission
 *	store_schema      FATAL   missing database, schema, table or column, wrong type, wrong collation, not migrated
 *	store_conninfo    FATAL   the connection string cannot be read
 *	store_failed      STOP    any other SQLSTATE
 * msg names the table, the statement and the SQLSTATE. It never repeats row contents (they may be personal data), except
 * the key of a unique violation. ret_ parameters are untouched on failure.
 *
 * What this library expects in a service's schema (search_path of the role):
 *	CREATE TABLE lane (lane integer PRIMARY KEY, epoch bigint NOT NULL, owner text NOT NULL, taken_at timestamptz NOT NULL);
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "book/book.h"
#include "err/err.h"
#include "text/text.h"

#define STORE_CONNECT_MS   10000
#define STORE_STATEMENT_MS 30000 /* statement_timeout, sent once after connecting */
#define STORE_IDLE_TX_MS   60000 /* a transaction in which nothing is sent for so long is ended by the server */

struct store;

/* One SQL statement and what to call it. */
struct store_sql {
	const char *name;
	const char *sql;
};

/* ---- connection ----------------------------------------------------------------------------------------------------- */

/*
 * Connect. conninfo as in libpq (also URIs); application_name, timeouts and keepalives given there win over our defaults.
 * Sets UTF8, UTC, jit = off and the timeouts above. Blocks for STORE_CONNECT_MS at most (name resolution aside).
 */
bool store_open(const char *conninfo, struct err *err, struct store **ret_store) MUST_USE;

/* An open batch is rolled back. NULL is fine. */
void store_close(struct store *store);
/* For _cleanup_(store_closep). */
void store_closep(struct store **store);

/* The connection is gone (or of no use): every further call fails with store_lost. Close it and open another. */
bool store_is_broken(const struct store *store);
/* Notices, without waiting, that the server ended a connection nobody was using: store_is_broken is then true. Not within a batch. */
void store_look(struct store *store);

/*
 * Warm-up before the first batch: prepares every statement of the tables, plans and runs each once on no rows, and checks
 * that the tables are what their descriptions say: columns, types, collation "C" of the texts a probe orders or ranges by.
 * Optional; statements are otherwise prepared when first needed. Outside a batch only. Nothing is stored.
 */
bool store_prepare(struct store *store, const struct table *const *tables, size_t n_tables, struct err *err) MUST_USE;

#define STORE_IN_FENCE  1u /* the statement is the fence: its division by zero means FENCED */
#define STORE_IN_APPEND 2u /* inserting into a TABLE_APPEND table without TABLE_RACE: a unique violation is final */
/* The one place that says how to react to a SQLSTATE (five characters; NULL or "" = libpq failed without the server). Pure. */
enum err_class store_class(const char *sqlstate, unsigned flags);

/* ---- lanes ---------------------------------------------------------------------------------------------------------- */

/*
 * Take lanes for this owner, in a transaction of its own: epoch + 1 (a missing row begins at 1), owner, taken_at = now.
 * Whoever held them is fenced from its next store_begin on; a batch of theirs that has begun is waited for. Each lane once.
 * ret_epochs: n values, in the order of lanes.
 */
bool store_take_lanes(struct store *store, const int32_t *lanes, size_t n, const char *owner, struct err *err,
		      int64_t *ret_epochs) MUST_USE;

/* What the epochs are now, 0 for a lane never taken: after FENCED, to see which lane it was. Outside a batch only. */
bool store_lane_epochs(struct store *store, const int32_t *lanes, size_t n, struct err *err, int64_t *ret_epochs) MUST_USE;

/* ---- a batch -------------------------------------------------------------------------------------------------------- */

/*
 * Everything until store_save_commit is one transaction (READ COMMITTED, after the lane rows are locked). When one of these
 * functions returns false the batch is over: rolled back, nothing stored, the store usable for the next (unless broken).
 *
 * store_begin queues BEGIN and the fence; they travel with the first load or save, so FENCED is reported there. n may be 0
 * (no fence). Lanes in any order, each once; they are locked in ascending order.
 */
bool store_begin(struct store *store, const int32_t *lanes, const int64_t *epochs, size_t n, struct err *err) MUST_USE;

/*
 * Ask all waiting questions of the book: one query per table and probe, one round trip, answers into the book (its arena
 * holds texts and messages). No questions: no round trip.
 *
 * Same rows as the in-memory twin gives, with DATE_NONE (NULL) never inside a range, and not allowed as the value of an eq
 * column outside the key (store_row). In key columns DATE_NONE is stored as -infinity.
 */
bool store_load(struct store *store, struct book *book, struct err *err) MUST_USE;

/*
 * Write the book's changes of these tables, in this order, rows in key order: per table one DELETE (TABLE_DELETES) and one
 * INSERT (... ON CONFLICT DO UPDATE, but for TABLE_APPEND) of arrays; then COMMIT. One round trip. True = committed.
 */
bool store_save_commit(struct store *store, const struct table *const *tables, size_t n_tables, struct book *book,
		       struct err *err) MUST_USE;

/* Give the batch up. Nothing happens when there is none. */
void store_abort(struct store *store);

/* ---- plain SQL: start-up, verify, rebuild, CLI ------------------------------------------------------------------------ */

struct store_result;

/*
 * One statement with text parameters $1.. (NULL = SQL NULL). The result is the caller's: store_result_free. May be used
 * inside a batch, after store_begin: then it sees and belongs to the transaction, and a failure ends the batch.
 */
bool store_query(struct store *store, const char *sql, int n_params, const char *const *params, struct err *err,
		 struct store_result **ret_result) MUST_USE;
void store_result_free(struct store_result *result);
void store_result_freep(struct store_result **result);

/* Values by row (from 0) and column name; a wrong one is a bug (CHECK). Texts live as long as the result, NUL behind. */
size_t store_result_rows(const struct store_result *result);
size_t store_result_columns(const struct store_result *result);
const char *store_result_column_name(const struct store_result *result, size_t column);
bool store_result_has(const struct store_result *result, const char *column);
bool store_result_is_null(const struct store_result *result, size_t row, const char *column);
struct text store_result_text(const struct store_result *result, size_t row, const char *column); /* NULL: empty */
int64_t store_result_i64(const struct store_result *result, size_t row, const char *column); /* NULL: 0 */
bool store_result_bool(const struct store_result *result, size_t row, const char *column); /* NULL: false */
/* By position, for printing whatever came. */
struct text store_result_cell(const struct store_result *result, size_t row, size_t column);

/*
 * The same row by row, for answers of any size: `row` holds one row (row 0), valid during the call; row_fn must not use this
 * store. False from row_fn ends the query and the call; err is then what row_fn left there. Outside a batch no
 * statement_timeout applies; in a transaction of the caller's that of the transaction, which stays open.
 */
typedef bool store_row_fn(void *ctx, const struct store_result *row, struct err *err);
bool store_stream(struct store *store, const char *sql, int n_params, const char *const *params, store_row_fn *row_fn, void *ctx,
		  struct err *err) MUST_USE;

/* For its effect; rows are dropped. Without parameters several statements are allowed (one implicit transaction). */
bool store_exec(struct store *store, const char *sql, int n_params, const char *const *params, struct err *err) MUST_USE;

/* ---- migrations ------------------------------------------------------------------------------------------------------- */

/* One NNNN_name.sql and its NNNN_name.check.sql; embed_sql.py makes a table of them at build time. Ascending numbers. */
struct store_migration {
	int number;
	const char *name; /* without number and suffix */
	const char *sql; /* no BEGIN or COMMIT in it */
	const char *check_sql; /* every row any of its queries returns is a finding; NULL or "" = none */
};

enum store_migrate_mode {
	STORE_MIGRATE_APPLY,
	STORE_MIGRATE_DRY_RUN, /* apply and check everything that is pending in one transaction, then roll it back */
	STORE_MIGRATE_STATUS, /* only say what is applied and what is pending; changes nothing, needs SELECT only */
};

/*
 * Bring a schema up to the last migration, as the owner role. Makes the schema when missing. Per file: one transaction,
 * search_path = schema, the file, its check, a row in <schema>.schema_migration (version, name, checksum = SHA-256 of sql,
 * applied_at, applied_by). Two at the same time: the second waits (advisory lock of that schema), and finds nothing to do.
 * log gets one line per step (no line end) and the server's notices; may be NULL. Errors, besides those above:
 *	migrate_changed   FATAL   the text of an applied migration is not what was applied
 *	migrate_newer     FATAL   the schema has a migration that this build does not know
 *	migrate_order     FATAL   a pending migration is older than an applied one
 *	migrate_check     FATAL   a check found something; that file is rolled back, the ones before stay
 *	migrate_failed    FATAL   a file failed; msg has its name and line
 *	migrate_control   FATAL   a file ended its transaction itself
 */
typedef void store_migrate_log(void *ctx, const char *line);
bool store_migrate(const char *owner_conninfo, const char *schema, const struct store_migration *migrations, size_t n,
		   enum store_migrate_mode mode, store_migrate_log *log, void *ctx, struct err *err) MUST_USE;

/* At start-up of a service: every migration this build knows is applied, unchanged (later ones may be there too). store_schema. */
bool store_check_migrated(struct store *store, const struct store_migration *migrations, size_t n, struct err *err) MUST_USE;

/* ---- for tests -------------------------------------------------------------------------------------------------------- */

/* Every statement that is generated for a table (named like "item load by_account"), and those of the store itself. */
struct store_sql *store_table_sql(const struct table *table, struct arena *arena, size_t *ret_n);
const struct store_sql *store_own_sql(size_t *ret_n);
/* The planner settings under which a batch runs its statements, as SET commands. */
const char *store_batch_settings(void);

#endif
