/*
 * bench_naive: reporting as one would write it first: a transaction per record, a round trip per statement. BEGIN; a SELECT per row that is
 * needed; an INSERT ... ON CONFLICT per row, prepared once, binary parameters (several rows of an append-only table in one INSERT: the lines of
 * an entry must balance per statement); the position; COMMIT. The rows are those of reporting's own core.
 *
 *	bench_naive --brokers B --conninfo C [--schema S] [--records N]
 *
 * Reads ar.billing.v1 and ar.cash.v1 from where table `position` says to their end, or N records. --schema: instead of the role's own.
 * The last line of the output is JSON: records, statements, seconds, cpu (of this process).
 */
#include <endian.h>
#include <getopt.h>
#include <time.h>

#include "book/col.h"
#include "bus/bus.h"
#include "program.h"
#include "record_rows.h"
#include "store/store_impl.h"

#define ROWS_MAX       8 /* of one INSERT */
#define STATEMENTS_MAX 256
#define DATE_OFFSET    10957 /* 1970-01-01 to 2000-01-01, PostgreSQL's day 0 */

struct statement_known {
	const struct table *table;
	size_t rows; /* of an INSERT; 0: the SELECT by key */
	char name[16];
};

struct naive {
	PGconn *conn;
	struct arena *arena;
	struct statement_known known[STATEMENTS_MAX];
	size_t n_known;
	int64_t records, statements;
};

/* ---- SQL ----------------------------------------------------------------------------------------------------------------- */

/* $n::int4 */
static void add_parameter(struct buf *b, size_t n, const struct col *col)
{
	const char *array = store_array_type(col);

	buf_printf(b, "$%zu::%.*s", n, (int)strlen(array) - 2, array);
}

static void select_sql(struct buf *b, const struct table *table)
{
	size_t n = 0;

	for (int i = 0; i < table->n_cols; i++) {
		buf_adds(b, i == 0 ? "SELECT " : ", ");
		store_sql_quoted(b, table->cols[i].name);
	}
	buf_adds(b, " FROM ");
	store_sql_quoted(b, table->name);
	for (int i = 0; i < table->n_cols; i++) {
		if (!(table->cols[i].flags & COL_KEY))
			continue;
		buf_adds(b, n == 0 ? " WHERE " : " AND ");
		store_sql_quoted(b, table->cols[i].name);
		buf_adds(b, " = ");
		add_parameter(b, ++n, &table->cols[i]);
	}
}

/* Reporting's own statement with VALUES in place of its arrays. */
static void insert_sql(struct buf *b, const struct table *table, size_t rows, struct arena *arena)
{
	static const char values[] = ") SELECT ";
	struct buf own = { .arena = arena };
	size_t n = 0;

	store_sql_upsert(&own, table);
	const char *sql = text_cstr(arena, buf_text(&own)), *at = strstr(sql, values), *conflict = strstr(sql, " ON CONFLICT");

	CHECK(at != NULL);
	buf_add(b, (struct text){ sql, (size_t)(at - sql) });
	buf_adds(b, ") VALUES ");
	for (size_t r = 0; r < rows; r++) {
		buf_adds(b, r == 0 ? "(" : ", (");
		for (int i = 0; i < table->n_cols; i++) {
			buf_adds(b, i == 0 ? "" : ", ");
			add_parameter(b, ++n, &table->cols[i]);
		}
		buf_addc(b, ')');
	}
	buf_adds(b, conflict == NULL ? "" : conflict);
}

/* ---- statements ---------------------------------------------------------------------------------------------------------- */

static PGresult *check(struct naive *v, PGresult *result, const char *what)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		program_fail(what, PQerrorMessage(v->conn));
	return result;
}

static void plain(struct naive *v, const char *sql)
{
	PQclear(check(v, PQexec(v->conn, sql), sql));
	v->statements++;
}

static const char *prepared(struct naive *v, const struct table *table, size_t rows)
{
	for (size_t i = 0; i < v->n_known; i++)
		if (v->known[i].table == table && v->known[i].rows == rows)
			return v->known[i].name;
	CHECK(v->n_known < STATEMENTS_MAX);

	struct statement_known *s = &v->known[v->n_known];
	struct buf sql = { .arena = v->arena };

	s->table = table;
	s->rows = rows;
	snprintf(s->name, sizeof(s->name), "s%zu", v->n_known++);
	if (rows == 0)
		select_sql(&sql, table);
	else
		insert_sql(&sql, table, rows, v->arena);
	PQclear(check(v, PQprepare(v->conn, s->name, text_cstr(v->arena, buf_text(&sql)), 0, NULL), table->name));
	return s->name;
}

static struct text big_endian(struct arena *arena, int64_t value, size_t size)
{
	uint64_t b = htobe64((uint64_t)value);

	return (struct text){ arena_dup(arena, (const char *)&b + sizeof(b) - size, size), size };
}

/* s == NULL: SQL NULL. */
static struct text parameter(struct arena *arena, const struct col *col, const void *row)
{
	switch (col->kind) {
	case COL_I32:
		return big_endian(arena, col_int(col, row), 4);
	case COL_I64:
		return big_endian(arena, col_int(col, row), 8);
	case COL_BOOL:
		return big_endian(arena, col_int(col, row) != 0, 1);
	case COL_DATE:
		if (col_int(col, row) == DATE_NONE)
			return (col->flags & COL_KEY) ? big_endian(arena, INT32_MIN, 4) : (struct text){ NULL, 0 };
		return big_endian(arena, col_int(col, row) - DATE_OFFSET, 4);
	case COL_TEXT:
	case COL_CURRENCY:
	case COL_BYTES:
		return text_empty(col_text(col, row)) ? TEXT("") : col_text(col, row);
	case COL_MSG:
		break; /* reporting has none */
	}
	base_check_failed(__FILE__, __LINE__, "a column kind");
}

/* One round trip. flags: which columns are parameters (0: all), of each of the rows. */
static PGresult *execute(struct naive *v, const struct table *table, const char *name, uint32_t flags, const void *const *rows,
			 size_t n_rows)
{
	const char *values[ROWS_MAX * BOOK_COLS_MAX];
	int lengths[ROWS_MAX * BOOK_COLS_MAX], formats[ROWS_MAX * BOOK_COLS_MAX], n = 0;

	for (size_t r = 0; r < n_rows; r++)
		for (int i = 0; i < table->n_cols; i++) {
			if (flags != 0 && !(table->cols[i].flags & flags))
				continue;
			struct text value = parameter(v->arena, &table->cols[i], rows[r]);
			values[n] = value.s;
			lengths[n] = (int)value.n;
			formats[n++] = 1;
		}
	v->statements++;
	return check(v, PQexecPrepared(v->conn, name, n, values, lengths, formats, 1), table->name);
}

/* ---- a record ------------------------------------------------------------------------------------------------------------ */

static bool answer(void *ctx, struct book *book, struct book_question *question, struct err *err)
{
	struct naive *v = ctx;
	const struct table *table = question->table;
	PGresult *result = execute(v, table, prepared(v, table, 0), COL_KEY, &question->template_row, 1);
	bool ok = true;

	if (PQntuples(result) > 0) {
		void *row = arena_alloc(v->arena, table->row_size);

		ok = store_row(table, result, 0, 0, v->arena, err, row);
		if (ok)
			book_answer_row(book, question, row);
	}
	PQclear(result);
	return ok;
}

static void save(struct naive *v, struct book *book)
{
	size_t n_tables;
	const struct table *const *tables = record_rows_tables(&n_tables);

	for (size_t t = 0; t < n_tables; t++) {
		size_t n, at_once = tables[t]->flags & TABLE_APPEND ? ROWS_MAX : 1;
		struct book_change *changes = book_changes(book, tables[t], &n);

		for (size_t i = 0; i < n;) {
			const void *rows[ROWS_MAX];
			size_t k = 0;

			for (; k < at_once && i < n; i++)
				rows[k++] = changes[i].row;
			PQclear(execute(v, tables[t], prepared(v, tables[t], k), 0, rows, k));
		}
	}
}

static void project(struct naive *v, const struct bus_record *r)
{
	struct bench_record record = { .topic = r->topic, .lane = r->partition, .offset = r->offset, .value = r->value };
	struct book *book;
	struct err err;

	plain(v, "BEGIN");
	if (!record_rows(&record, v->arena, answer, v, &err, &book))
		program_fail(err.code, err.msg);
	save(v, book);
	plain(v, "COMMIT");
	v->records++;
	arena_reset(v->arena);
}

/* ---- where to read ------------------------------------------------------------------------------------------------------- */

#define RANGES_MAX 2048

static size_t ranges_of(struct naive *v, const struct bus_conf *conf, struct bus_range *ranges)
{
	static const char *const topics[] = { "ar.billing.v1", "ar.cash.v1" };
	struct bus_admin *admin;
	struct err err;
	size_t n = 0;

	if (!bus_admin_open(conf, &err, &admin))
		program_fail(err.code, err.msg);
	for (size_t t = 0; t < ARRAY_LEN(topics); t++) {
		int32_t partitions;

		if (!bus_topic_info(admin, topics[t], &err, &partitions))
			program_fail(err.code, err.msg);
		for (int32_t p = 0; p < partitions && n < RANGES_MAX; p++) {
			char lane[16];
			const char *const values[] = { topics[t], lane };

			snprintf(lane, sizeof(lane), "%d", p);
			PGresult *result = check(
				v,
				PQexecParams(v->conn, "SELECT next_offset FROM position WHERE topic = $1 AND partition = $2::int4",
					     2, NULL, values, NULL, NULL, 0),
				"position");
			int64_t from = BUS_BEGINNING;
			if (PQntuples(result) > 0 && !text_parse_i64(text_of(PQgetvalue(result, 0, 0)), &from))
				program_fail("position", "not a number");
			PQclear(result);
			ranges[n++] = (struct bus_range){ .topic = topics[t], .partition = p, .from = from, .until = BUS_END };
		}
	}
	bus_admin_close(admin);
	return n;
}

/* The clock begins with the first record in hand: connecting and preparing to read are not projecting. */
static void run(struct naive *v, const struct bus_conf *conf, int64_t most)
{
	static struct bus_range ranges[RANGES_MAX];
	size_t n = ranges_of(v, conf, ranges);
	struct bus_reader *reader;
	struct bus_record record;
	enum bus_read what;
	struct err err;
	double begun = program_seconds(CLOCK_MONOTONIC), cpu = 0;

	if (!bus_reader_open(conf, ranges, n, &err, &reader))
		program_fail(err.code, err.msg);
	while (v->records < most && (what = bus_reader_poll(reader, 1000, &record, &err)) != BUS_READ_DONE) {
		if (what == BUS_READ_FAILED)
			program_fail(err.code, err.msg);
		if (what != BUS_READ_RECORD)
			continue;
		if (v->records == 0) {
			begun = program_seconds(CLOCK_MONOTONIC);
			cpu = program_seconds(CLOCK_PROCESS_CPUTIME_ID);
		}
		project(v, &record);
		bus_record_release(&record);
	}
	printf("{\"records\": %lld, \"statements\": %lld, \"seconds\": %.3f, \"cpu\": %.3f}\n", (long long)v->records,
	       (long long)v->statements, program_seconds(CLOCK_MONOTONIC) - begun, program_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	bus_reader_close(reader);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "brokers", 1, NULL, 'b' },
						 { "conninfo", 1, NULL, 'c' },
						 { "schema", 1, NULL, 's' },
						 { "records", 1, NULL, 'n' },
						 { NULL, 0, NULL, 0 } };
	static struct naive v;
	struct bus_conf conf = { .client_id = "bench_naive" };
	const char *conninfo = NULL, *schema = NULL;
	int64_t most = INT64_MAX;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			conf.brokers = optarg;
			break;
		case 'c':
			conninfo = optarg;
			break;
		case 's':
			schema = optarg;
			break;
		case 'n':
			most = program_number(optarg);
			break;
		default:
			return 2;
		}
	}
	if (conf.brokers == NULL || conninfo == NULL)
		program_fail("usage", "--brokers and --conninfo are missing");
	v.conn = PQconnectdb(conninfo);
	if (PQstatus(v.conn) != CONNECTION_OK)
		program_fail("connect", PQerrorMessage(v.conn));
	if (schema != NULL) {
		const char *const values[] = { schema };

		PQclear(check(&v,
			      PQexecParams(v.conn, "SELECT set_config('search_path', $1, false)", 1, NULL, values, NULL, NULL, 0),
			      "schema"));
	}
	v.arena = arena_new((size_t)1 << 20, (size_t)64 << 20);
	run(&v, &conf, most);
	arena_free(v.arena);
	PQfinish(v.conn);
	return 0;
}
