/*
 * bench_copy: the raw limit: rows by COPY BINARY into their tables, one connection, a transaction per chunk.
 *
 *	bench_copy SOURCE-CONNINFO TARGET-CONNINFO TABLE=QUERY ...
 *
 * QUERY gives the rows of TABLE in its columns' order behind a first column, the chunk (int4, ascending). Everything is read into memory first;
 * only what follows is timed. The last line of the output is JSON: rows, bytes, chunks, seconds, cpu (of this process).
 */
#include "base/base.h"
#include "program.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TABLES_MAX 32
#define HEADER     19 /* signature, flags, extension length */
static const char header[HEADER] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";

/* Rows of one table; chunk i has bytes [at[i], at[i + 1]). */
struct rows {
	const char *table, *query;
	char *bytes;
	size_t n, cap, *at;
	int64_t rows;
};

static void fail(PGconn *c, const char *what)
{
	fprintf(stderr, "bench_copy: %s: %s", what, PQerrorMessage(c));
	exit(1);
}

static PGconn *open_one(const char *conninfo)
{
	PGconn *c = PQconnectdb(conninfo);

	if (PQstatus(c) != CONNECTION_OK)
		fail(c, "connect");
	return c;
}

static void run(PGconn *c, const char *sql, ExecStatusType expected)
{
	PGresult *r = PQexec(c, sql);

	if (PQresultStatus(r) != expected)
		fail(c, sql);
	PQclear(r);
}

static void make_room(struct rows *t, int32_t chunk)
{
	t->at = realloc(t->at, ((size_t)chunk + 2) * sizeof(*t->at));
	CHECK(t->at != NULL);
}

/* Every table gets the places of all chunks, those it has no rows in too. */
static void add_row(struct rows *t, int32_t *last, const char *row, size_t n)
{
	uint16_t fields;
	int32_t chunk;

	memcpy(&fields, row, 2);
	memcpy(&chunk, row + 6, 4);
	chunk = (int32_t)ntohl((uint32_t)chunk);
	CHECK(chunk >= *last || *last < 0);
	make_room(t, chunk);
	while (*last < chunk)
		t->at[++*last] = t->n;
	if (t->n + n > t->cap) {
		t->cap = (t->cap + n) * 2;
		t->bytes = realloc(t->bytes, t->cap);
		CHECK(t->bytes != NULL);
	}
	fields = htons((uint16_t)(ntohs(fields) - 1));
	memcpy(t->bytes + t->n, &fields, 2);
	memcpy(t->bytes + t->n + 2, row + 10, n - 10); /* without the chunk: its length and four bytes */
	t->n += n - 8;
	t->rows++;
}

static int32_t read_rows(PGconn *c, struct rows *t)
{
	char sql[8192], *data;
	int32_t last = -1;
	int n;

	snprintf(sql, sizeof(sql), "COPY (%s) TO STDOUT (FORMAT binary)", t->query);
	run(c, sql, PGRES_COPY_OUT);
	for (bool first = true; (n = PQgetCopyData(c, &data, 0)) > 0; first = false) {
		size_t skip = first ? HEADER : 0;

		if ((size_t)n > skip + 2)
			add_row(t, &last, data + skip, (size_t)n - skip);
		PQfreemem(data);
	}
	if (n == -2)
		fail(c, t->table);
	PQclear(PQgetResult(c));
	return last;
}

static void copy_chunk(PGconn *c, const struct rows *t, int32_t chunk)
{
	size_t from = t->at[chunk], until = t->at[chunk + 1];
	char sql[200];

	if (from == until)
		return;
	snprintf(sql, sizeof(sql), "COPY %s FROM STDIN (FORMAT binary)", t->table);
	run(c, sql, PGRES_COPY_IN);
	if (PQputCopyData(c, header, HEADER) != 1 || PQputCopyData(c, t->bytes + from, (int)(until - from)) != 1 ||
	    PQputCopyEnd(c, NULL) != 1)
		fail(c, t->table);
	PGresult *r = PQgetResult(c);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail(c, t->table);
	PQclear(r);
	PQclear(PQgetResult(c));
}

int main(int argc, char **argv)
{
	static struct rows tables[TABLES_MAX];
	size_t n = 0;
	int64_t rows = 0, bytes = 0;
	int32_t chunks = 0;

	CHECK(argc > 3 && argc - 3 <= TABLES_MAX);
	PGconn *source = open_one(argv[1]);
	int32_t last[TABLES_MAX];
	for (int i = 3; i < argc; i++, n++) {
		char *equals = strchr(argv[i], '=');

		CHECK(equals != NULL);
		*equals = '\0';
		tables[n] = (struct rows){ .table = argv[i], .query = equals + 1 };
		last[n] = read_rows(source, &tables[n]);
		chunks = MAX(chunks, last[n] + 1);
		rows += tables[n].rows;
		bytes += (int64_t)tables[n].n;
	}
	PQfinish(source);
	for (size_t i = 0; i < n; i++) {
		make_room(&tables[i], chunks);
		while (last[i] < chunks)
			tables[i].at[++last[i]] = tables[i].n;
	}

	PGconn *target = open_one(argv[2]);
	double begun = program_seconds(CLOCK_MONOTONIC), cpu = program_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int32_t chunk = 0; chunk < chunks; chunk++) {
		run(target, "BEGIN", PGRES_COMMAND_OK);
		for (size_t i = 0; i < n; i++)
			copy_chunk(target, &tables[i], chunk);
		run(target, "COMMIT", PGRES_COMMAND_OK);
	}
	printf("{\"rows\": %lld, \"bytes\": %lld, \"chunks\": %d, \"seconds\": %.4f, \"cpu\": %.4f}\n", (long long)rows,
	       (long long)bytes, chunks, program_seconds(CLOCK_MONOTONIC) - begun, program_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	PQfinish(target);
	return 0;
}
