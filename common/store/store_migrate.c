/* Migrations: numbered files, once each, forward only. */
#include "store/store_impl.h"

#include "base/fault.h"
#include "id/id.h"

struct migrate {
	struct store *store;
	const char *schema;
	const struct store_migration *files;
	size_t n;
	enum store_migrate_mode mode;
	store_migrate_log *log;
	void *ctx;
	struct arena *arena;
	struct text quoted; /* "schema" */
	bool has_table;
};

static void say(const struct migrate *m, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(const struct migrate *m, const char *fmt, ...)
{
	size_t mark = arena_mark(m->arena);
	struct buf line = { .arena = m->arena };
	va_list values;

	if (m->log == NULL)
		return;
	va_start(values, fmt);
	buf_vprintf(&line, fmt, values);
	va_end(values);
	m->log(m->ctx, line.s);
	arena_rewind(m->arena, mark);
}

static void say_notice(void *ctx, const PGresult *result)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	/* 42P06, 42P07: "already exists, skipping" */
	if (text != NULL && (state == NULL || (strcmp(state, "42P06") != 0 && strcmp(state, "42P07") != 0)))
		say(ctx, "%s: %s", PQresultErrorField(result, PG_DIAG_SEVERITY), text);
}

/* Statements in which $ stands for the schema. */
static bool run_sql(const struct migrate *m, const char *text, struct err *err)
{
	struct buf sql = { .arena = m->arena };

	for (; *text != '\0'; text++) {
		if (*text == '$')
			buf_add(&sql, m->quoted);
		else
			buf_addc(&sql, *text);
	}
	return store_exec(m->store, sql.s, 0, NULL, err);
}

static void checksum(const struct store_migration *file, char hex[ID_HEX_SIZE])
{
	struct id_hash hash;

	id_sha256(file->sql, strlen(file->sql), &hash);
	id_hex(hex, &hash);
}

/* ---- what is there -------------------------------------------------------------------------------------------------- */

static const struct store_migration *file_of(const struct store_migration *files, size_t n, int64_t number)
{
	for (size_t i = 0; i < n; i++)
		if (files[i].number == number)
			return &files[i];
	return NULL;
}

/* Applied rows against the files: unchanged, none unknown (unless newer_ok). Marks them in done[]. */
static bool compare(const struct store_result *rows, const struct store_migration *files, size_t n, bool newer_ok, bool *done,
		    struct err *err)
{
	for (size_t r = 0; r < store_result_rows(rows); r++) {
		int64_t version = store_result_i64(rows, r, "version");
		struct text name = store_result_text(rows, r, "name");
		const struct store_migration *file = file_of(files, n, version);
		char hex[ID_HEX_SIZE];

		if (file == NULL && newer_ok)
			continue;
		if (file == NULL)
			return err_set(err, ERR_FATAL, "migrate_newer", "%04d_" TEXT_FMT " is applied but not known to this build",
				       (int)version, TEXT_ARG(name));
		checksum(file, hex);
		if (!text_eq(text_of(hex), store_result_text(rows, r, "checksum")))
			return err_set(
				err, ERR_FATAL, "migrate_changed",
				"%04d_%s.sql is not what was applied (sha256 %.12s, applied %.12s): forward only, add another file",
				file->number, file->name, hex, store_result_text(rows, r, "checksum").s);
		done[file - files] = true;
	}
	return true;
}

static const char applied_columns[] =
	"version, name, checksum, to_char(applied_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, applied_by";

/* Which files are applied. A schema without the table has none. */
static bool read_applied(struct migrate *m, bool *done, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *there = NULL, *rows = NULL;
	const char *params[] = { m->schema };

	if (!store_query(m->store, "SELECT to_regclass(quote_ident($1) || '.schema_migration') IS NOT NULL AS there", 1, params,
			 err, &there))
		return false;
	m->has_table = store_result_bool(there, 0, "there");
	if (!m->has_table)
		return true;

	struct text sql =
		text_printf(m->arena, "SELECT %s FROM %s.schema_migration ORDER BY version", applied_columns, m->quoted.s);

	if (!store_query(m->store, sql.s, 0, NULL, err, &rows) || !compare(rows, m->files, m->n, false, done, err))
		return false;
	for (size_t i = 0, r = 0; i < m->n && m->mode == STORE_MIGRATE_STATUS; i++) {
		const struct store_migration *f = &m->files[i];

		if (!done[i])
			continue;
		say(m, "%04d_%s applied " TEXT_FMT " by " TEXT_FMT, f->number, f->name, TEXT_ARG(store_result_text(rows, r, "at")),
		    TEXT_ARG(store_result_text(rows, r, "applied_by")));
		r++;
	}
	return true;
}

bool store_check_migrated(struct store *store, const struct store_migration *migrations, size_t n, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096 + n, 4096 + n);
	bool *done = ARENA_ARRAY(arena, n, bool);
	struct err why = { 0 };

	if (!store_query(store, "SELECT version, name, checksum FROM schema_migration", 0, NULL, &why, &rows)) {
		if (why.class == ERR_FATAL)
			return err_set(err, ERR_FATAL, "store_schema", "the schema is not migrated: %s", why.msg);
		if (err != NULL)
			*err = why;
		return false;
	}
	if (!compare(rows, migrations, n, true, done, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!done[i])
			return err_set(err, ERR_FATAL, "store_schema", "the schema is not migrated: %04d_%s is missing",
				       migrations[i].number, migrations[i].name);
	return true;
}

/* ---- one file ------------------------------------------------------------------------------------------------------- */

/* Line of a position (characters from 1) in a UTF-8 text. */
static int line_of(const char *sql, const char *position)
{
	int64_t characters;
	int line = 1;

	if (position == NULL || !text_parse_i64(text_of(position), &characters))
		return 0;
	for (; *sql != '\0' && characters > 1; sql++) {
		if (((unsigned char)sql[1] & 0xc0) != 0x80)
			characters--;
		if (*sql == '\n')
			line++;
	}
	return line;
}

static bool apply_sql(struct migrate *m, const struct store_migration *f, struct err *err)
{
	PGresult *result = PQexec(m->store->conn, f->sql);
	ExecStatusType status = PQresultStatus(result);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;

	if (!ok) {
		struct err why = { 0 };
		int line = line_of(f->sql, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));

		store_fail(m->store, result, 0, &why, "%04d_%s.sql line %d", f->number, f->name, line);
		/* Whatever the file did wrong, it will again; only the weather passes. */
		err_set(err, why.class == ERR_RETRY ? ERR_RETRY : ERR_FATAL, why.class == ERR_RETRY ? why.code : "migrate_failed",
			"%s", why.msg);
	} else if (PQtransactionStatus(m->store->conn) != PQTRANS_INTRANS) {
		ok = err_set(err, ERR_FATAL, "migrate_control",
			     "%04d_%s.sql ends its transaction: no BEGIN, COMMIT or ROLLBACK in it", f->number, f->name);
	}
	PQclear(result);
	return ok;
}

/* Says each row of one result of a check; the first one also in err. */
static bool report_findings(struct migrate *m, const struct store_migration *f, const PGresult *result, struct err *err)
{
	for (int r = 0; r < PQntuples(result); r++) {
		struct buf row = { .arena = m->arena };

		for (int c = 0; c < PQnfields(result); c++)
			buf_printf(&row, "%s%s=%s", c == 0 ? "" : " ", PQfname(result, c), PQgetvalue(result, r, c));
		say(m, "%04d_%s.check.sql found: %s", f->number, f->name, row.s);
		if (r == 0)
			err_set(err, ERR_FATAL, "migrate_check", "%04d_%s.check.sql found: %s", f->number, f->name, row.s);
	}
	return PQntuples(result) == 0;
}

static bool run_check(struct migrate *m, const struct store_migration *f, struct err *err)
{
	PGresult *result;
	bool ok = true;

	if (f->check_sql == NULL || f->check_sql[0] == '\0')
		return true;
	if (PQsendQuery(m->store->conn, f->check_sql) != 1)
		return store_fail(m->store, NULL, 0, err, "%04d_%s.check.sql", f->number, f->name);
	while ((result = PQgetResult(m->store->conn)) != NULL) {
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_TUPLES_OK)
			ok = ok && report_findings(m, f, result, err);
		else if (ok && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
			ok = store_fail(m->store, result, 0, err, "%04d_%s.check.sql", f->number, f->name);
		PQclear(result);
	}
	return ok;
}

static bool record(struct migrate *m, const struct store_migration *f, struct err *err)
{
	char hex[ID_HEX_SIZE], number[16];
	const char *params[] = { number, f->name, hex };
	struct text sql =
		text_printf(m->arena, "INSERT INTO %s.schema_migration (version, name, checksum) VALUES ($1, $2, $3)", m->quoted.s);

	checksum(f, hex);
	snprintf(number, sizeof(number), "%d", f->number);
	return store_exec(m->store, sql.s, 3, params, err);
}

static bool apply(struct migrate *m, const struct store_migration *f, struct err *err)
{
	bool dry = m->mode == STORE_MIGRATE_DRY_RUN;

	if (!dry && !store_exec(m->store, "BEGIN", 0, NULL, err))
		return false;
	FAILPOINT("migrate.begun");
	if (!run_sql(m, "SET LOCAL search_path = $", err) || !apply_sql(m, f, err))
		return false;
	FAILPOINT("migrate.executed");
	if (!run_sql(m, "SET LOCAL search_path = $", err) || !run_check(m, f, err) || !record(m, f, err))
		return false;
	FAILPOINT("migrate.recorded");
	if (!dry && !store_exec(m->store, "COMMIT", 0, NULL, err))
		return false;
	FAILPOINT("migrate.committed");
	say(m, "%04d_%s %s", f->number, f->name, dry ? "would be applied" : "applied");
	return true;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static bool make_table(struct migrate *m, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *there = NULL;

	if (m->has_table)
		return true;
	/* CREATE SCHEMA needs the right to create even when there is nothing to do. */
	if (!store_query(m->store, "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS there", 1, &m->schema, err, &there))
		return false;
	if (!store_result_bool(there, 0, "there") && !run_sql(m, "CREATE SCHEMA $", err))
		return false;
	FAILPOINT("migrate.schema_made");
	bool ok = run_sql(
		m,
		"CREATE TABLE $.schema_migration (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
		" applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), applied_by text NOT NULL DEFAULT session_user);"
		" GRANT SELECT ON $.schema_migration TO PUBLIC",
		err);
	FAILPOINT("migrate.table_made");
	return ok;
}

static bool in_order(const struct migrate *m, const bool *done, struct err *err)
{
	for (size_t i = 1; i < m->n; i++)
		if (done[i] && !done[i - 1])
			return err_set(err, ERR_FATAL, "migrate_order", "%04d_%s is not applied, but %04d_%s is",
				       m->files[i - 1].number, m->files[i - 1].name, m->files[i].number, m->files[i].name);
	return true;
}

static bool run_pending(struct migrate *m, const bool *done, struct err *err)
{
	bool dry = m->mode == STORE_MIGRATE_DRY_RUN;
	size_t pending = 0;

	if (dry && !store_exec(m->store, "BEGIN", 0, NULL, err))
		return false;
	if (m->mode != STORE_MIGRATE_STATUS && !make_table(m, err))
		return false;
	for (size_t i = 0; i < m->n; i++) {
		if (done[i])
			continue;
		pending++;
		if (m->mode == STORE_MIGRATE_STATUS)
			say(m, "%04d_%s pending", m->files[i].number, m->files[i].name);
		else if (!apply(m, &m->files[i], err))
			return false;
	}
	if (dry && !store_exec(m->store, "ROLLBACK", 0, NULL, err))
		return false;
	if (pending == 0)
		say(m, "schema %s is up to date (%zu migrations)", m->schema, m->n);
	return true;
}

bool store_migrate(const char *owner_conninfo, const char *schema, const struct store_migration *migrations, size_t n,
		   enum store_migrate_mode mode, store_migrate_log *log, void *ctx, struct err *err)
{
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new((size_t)64 << 20, (size_t)64 << 20);
	struct migrate m = { .schema = schema, .files = migrations, .n = n, .mode = mode, .log = log, .ctx = ctx, .arena = arena };
	struct buf quoted = { .arena = arena };
	bool *done = ARENA_ARRAY(arena, n, bool);

	for (size_t i = 1; i < n; i++)
		CHECK(migrations[i - 1].number < migrations[i].number);
	if (!store_open(owner_conninfo, err, &store))
		return false;
	m.store = store;
	store_sql_quoted(&quoted, schema);
	m.quoted = buf_text(&quoted);
	PQsetNoticeReceiver(store->conn, say_notice, &m);
	if (!store_exec(store, "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0", 0, NULL, err))
		return false;
	/* Held until the connection is closed. */
	if (mode != STORE_MIGRATE_STATUS &&
	    !store_exec(store, "SELECT pg_advisory_lock(hashtextextended('openitem migrate ' || $1, 0))", 1, &schema, err))
		return false;
	return read_applied(&m, done, err) && in_order(&m, done, err) && run_pending(&m, done, err);
}
