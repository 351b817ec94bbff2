/* Inside common/store only. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include <libpq-fe.h>

#include "arena/arena.h"
#include "base/base.h"
#include "book/book.h"
#include "err/err.h"
#include "store/store.h"
#include "text/text.h"

#define STORE_STATEMENTS_MAX 1024 /* prepared statements of one connection */
#define STORE_FLIGHTS_MAX    (2 * STORE_STATEMENTS_MAX + 16)

enum statement_kind { STATEMENT_LOAD, STATEMENT_UPSERT, STATEMENT_DELETE, STATEMENT_FENCE, STATEMENT_KINDS };

/* A statement the server may know by name. */
struct statement {
	const struct table *table; /* NULL: the fence */
	enum statement_kind kind;
	int probe; /* STATEMENT_LOAD: BOOK_KEY or an index */
	enum { STATEMENT_NEW, STATEMENT_SENT, STATEMENT_READY } state;
	char name[16];
};

/* What was sent, in order, and whose result has not been read yet. */
enum flight_kind { FLIGHT_PLAIN, FLIGHT_PREPARE, FLIGHT_RUN, FLIGHT_LOAD, FLIGHT_COMMIT, FLIGHT_SYNC };
struct flight {
	enum flight_kind kind;
	const char *what; /* FLIGHT_PLAIN */
	struct statement *statement;
	struct book_question *questions; /* FLIGHT_LOAD */
	size_t n_questions;
};

enum store_state {
	STORE_IDLE,
	STORE_BATCH, /* from store_begin on */
};

struct store {
	PGconn *conn;
	enum store_state state;
	bool broken;
	struct arena *scratch; /* parameters of the fence and of store_prepare; reset by store_begin */
	struct statement statements[STORE_STATEMENTS_MAX];
	int n_statements;
	struct flight flights[STORE_FLIGHTS_MAX];
	size_t n_flights;
	uint64_t rows_saved, replan_at; /* see store_save.c */
};

/* ---- store_err.c ---- */

/* Fill err from a failed result (or from the connection when result is NULL), mark the store broken where it is; false. */
bool store_fail(struct store *store, const PGresult *result, unsigned flags, struct err *err, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* ---- store.c: the connection and what is in flight ---- */

/* False with store_lost when broken. */
bool store_usable(const struct store *store, struct err *err);
/* The statement, queued for preparing when the server does not know it. arena: for the text. NULL with err: sending failed. */
struct statement *store_statement(struct store *store, struct arena *arena, const struct table *table, enum statement_kind kind,
				  int probe, struct err *err);
/* Binary parameters, binary result. */
bool store_send(struct store *store, const struct flight *flight, int n_params, const struct text *params, struct err *err);
bool store_send_plain(struct store *store, const char *sql, enum flight_kind kind, struct err *err);
/* Sync, then read all results; the first error counts. book: for loads, else NULL. */
bool store_round_trip(struct store *store, struct book *book, struct err *err);
/* Out of pipeline mode, everything queued having been answered. */
bool store_end_pipeline(struct store *store, struct err *err);
bool store_enter_pipeline(struct store *store, struct err *err);

/* ---- store_sql.c: the text of statements ---- */

extern const char store_sql_fence[];
extern const char store_sql_take[];
extern const char store_sql_epochs[];

void store_sql_quoted(struct buf *b, const char *name);
void store_sql_load(struct buf *b, const struct table *table, int probe);
void store_sql_upsert(struct buf *b, const struct table *table);
void store_sql_delete(struct buf *b, const struct table *table);
/* Columns whose values a load statement takes, in the order of its parameters. */
size_t store_load_columns(const struct table *table, int probe, const struct col **ret_cols);
/* For messages: "open_item load by_account". */
void store_sql_describe(struct buf *b, const struct statement *statement);

/* ---- store_array.c: binary arrays and binary rows ---- */

Oid store_array_oid(const struct col *col);
const char *store_array_type(const struct col *col); /* "int4[]" */
bool store_type_fits(const struct col *col, Oid type);

/* The array of one column of n rows. As a question a DATE_NONE is -infinity, as in key columns. */
bool store_array(const struct col *col, const void *const *rows, size_t n, bool question, struct arena *arena, struct err *err,
		 struct text *ret_array);
struct text store_array_i32(const int32_t *values, size_t n, struct arena *arena);
struct text store_array_i64(const int64_t *values, size_t n, struct arena *arena);

/* Row `at` of a result whose columns from first_column on are the table's, into a row struct. */
bool store_row(const struct table *table, const PGresult *result, int at, int first_column, struct arena *arena, struct err *err,
	       void *row);
int64_t store_get_i64(const char *bytes);

/* ---- store_save.c ---- */

/* Queues one statement for n rows of a table (the key columns of rows, for all but an upsert; n may be 0). */
bool store_send_rows(struct store *store, struct arena *arena, const struct table *table, enum statement_kind kind, int probe,
		     const void *const *rows, size_t n, struct err *err);

/* ---- store_load.c ---- */

bool store_answer(struct book *book, const struct flight *flight, const PGresult *result, struct err *err);

#endif
