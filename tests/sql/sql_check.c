#include "sql_check.h"

#include <unistd.h>

struct run {
	const struct sql_service *service;
	struct store *store;
	struct arena *arena;
	char conninfo[1000]; /* of the scratch database */
	char database[80], role[80];
	const char *schema;
	int n, failed;
};

static int last_failed;

int sql_check_failures(void)
{
	return last_failed;
}

/* One line of TAP; why may be NULL. */
static bool result(struct run *r, bool ok, const char *what, const char *why)
{
	printf("%sok %d - %s: %s\n", ok ? "" : "not ", ++r->n, r->service->name, what);
	if (!ok && why != NULL)
		printf("# %s\n", why);
	if (!ok)
		r->failed++;
	return ok;
}

static bool must(struct run *r, bool ok, const char *what, const struct err *err)
{
	return ok || result(r, false, what, err->msg);
}

static bool exec_fmt(struct run *r, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool exec_fmt(struct run *r, struct err *err, const char *fmt, ...)
{
	char sql[1000];
	va_list values;

	va_start(values, fmt);
	vsnprintf(sql, sizeof(sql), fmt, values);
	va_end(values);
	return store_exec(r->store, sql, 0, NULL, err);
}

/* ---- steps ---------------------------------------------------------------------------------------------------------- */

/* Migrations grant to it. Left behind: another run may be using it. */
static bool make_role(struct run *r, struct err *err)
{
	return exec_fmt(r, err,
			"DO $$ BEGIN CREATE ROLE \"%s\"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
			r->role);
}

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	printf("# %s\n", line);
}

static bool migrate(struct run *r)
{
	static const struct {
		enum store_migrate_mode mode;
		const char *what;
	} steps[] = {
		{ STORE_MIGRATE_DRY_RUN, "migrations: dry run" },
		{ STORE_MIGRATE_APPLY, "migrations: applied" },
		{ STORE_MIGRATE_APPLY, "migrations: nothing to do the second time" },
	};
	const struct sql_service *s = r->service;
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (!result(r,
			    store_migrate(r->conninfo, r->schema, s->migrations, s->n_migrations, steps[i].mode, log_line, NULL,
					  &err),
			    steps[i].what, err.msg))
			return false;
	return true;
}

static void compare_tables(struct run *r)
{
	struct err err = { 0 };

	if (!must(r,
		  exec_fmt(r, &err, "GRANT USAGE ON SCHEMA %s TO \"%s\"; SET ROLE \"%s\"; SET search_path = %s", r->schema, r->role,
			   r->role, r->schema),
		  "use the role of the service", &err))
		return;
	for (size_t i = 0; i < r->service->n_tables; i++) {
		char what[120];

		snprintf(what, sizeof(what), "table %s is as described", r->service->tables[i]->name);
		result(r, store_prepare(r->store, &r->service->tables[i], 1, &err), what, err.msg);
	}
	result(r, store_check_migrated(r->store, r->service->migrations, r->service->n_migrations, &err),
	       "the service sees its migrations", err.msg);
	must(r, exec_fmt(r, &err, "RESET ROLE"), "reset role", &err);
}

static bool is_small(const struct run *r, const char *statement)
{
	for (size_t i = 0; i < r->service->n_small; i++) {
		const char *table = r->service->small[i];

		if (strncmp(statement, table, strlen(table)) == 0 && statement[strlen(table)] == ' ')
			return true;
	}
	return false;
}

/* A plan of a generated statement, line by line. */
static void judge_plan(struct run *r, const char *name, const struct store_result *plan)
{
	char what[200];
	struct buf why = { .arena = r->arena };
	bool ok = true;

	for (size_t i = 0; i < store_result_rows(plan); i++) {
		const char *line = store_result_cell(plan, i, 0).s;

		buf_printf(&why, "%s%s", i == 0 ? "" : "\n# ", line);
		if (strstr(line, "Seq Scan") != NULL || (strstr(line, "Filter:") != NULL && strstr(line, "unnest(") != NULL))
			ok = false;
		if (strstr(line, "Sort Key") != NULL)
			printf("# %s sorts all rows that match before its limit counts: %s\n", name, line + strspn(line, " "));
	}
	snprintf(what, sizeof(what), "%s is served by an index", name);
	result(r, ok, what, why.s);
}

/* EXPLAIN EXECUTE with NULL for every parameter. */
static void explain(struct run *r, const char *name)
{
	struct store_result *types, *plan;
	struct buf sql = { .arena = r->arena };
	struct err err = { 0 };

	if (!must(r,
		  store_query(r->store, "SELECT cardinality(parameter_types) AS n FROM pg_prepared_statements WHERE name = 'p'", 0,
			      NULL, &err, &types),
		  name, &err))
		return;
	int64_t n = store_result_i64(types, 0, "n");
	store_result_free(types);
	if (n == 0 || is_small(r, name))
		return; /* no questions: it reads everything in its order, up to the limit */
	buf_adds(&sql, "EXPLAIN (COSTS OFF) EXECUTE p(NULL");
	for (int64_t i = 1; i < n; i++)
		buf_adds(&sql, ", NULL");
	buf_addc(&sql, ')');
	if (must(r, store_query(r->store, sql.s, 0, NULL, &err, &plan), name, &err)) {
		judge_plan(r, name, plan);
		store_result_free(plan);
	}
}

static void prepare_one(struct run *r, const struct store_sql *s, bool generated)
{
	struct store_result *none;
	struct buf sql = { .arena = r->arena };
	struct err err = { 0 };
	char what[200];

	/* store_query, not store_exec: it takes one statement only. */
	buf_printf(&sql, "PREPARE p AS %s", s->sql);
	snprintf(what, sizeof(what), "%s prepares", s->name);
	if (!result(r, store_query(r->store, sql.s, 0, NULL, &err, &none), what, err.msg))
		return;
	store_result_free(none);
	if (generated && strstr(s->name, " save") == NULL && strstr(s->name, " append") == NULL)
		explain(r, s->name);
	must(r, store_exec(r->store, "DEALLOCATE p", 0, NULL, &err), "deallocate", &err);
}

static void prepare_all(struct run *r)
{
	size_t n;
	struct err err = { 0 };

	if (!must(r, exec_fmt(r, &err, "SET search_path = %s; %s", r->schema, store_batch_settings()), "settings", &err))
		return;
	const struct store_sql *own = store_own_sql(&n);
	for (size_t i = 0; i < n && r->service->n_tables > 0; i++) /* a schema without tables of the loop has no lanes */
		prepare_one(r, &own[i], false);
	for (size_t t = 0; t < r->service->n_tables; t++) {
		const struct store_sql *list = store_table_sql(r->service->tables[t], r->arena, &n);
		for (size_t i = 0; i < n; i++)
			prepare_one(r, &list[i], true);
	}
	for (size_t i = 0; i < r->service->n_statements; i++)
		prepare_one(r, &r->service->statements[i], false);
}

/* ---- the scratch database ------------------------------------------------------------------------------------------- */

/* One statement in the database the tests were given. */
static bool admin(const char *fmt, const char *database, struct err *err)
{
	_cleanup_(store_closep) struct store *store = NULL;
	char sql[200];
	const char *at = strstr(fmt, "DB");

	snprintf(sql, sizeof(sql), "%.*s%s%s", (int)(at - fmt), fmt, database, at + 2);
	return store_open(getenv("OPENITEM_TEST_DATABASE"), err, &store) && store_exec(store, sql, 0, NULL, err);
}

static bool bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	return false;
}

/* The schema has the service's name, as in a real system: migrations may grant to the role of that name. */
static bool make_database(struct run *r)
{
	const char *given = getenv("OPENITEM_TEST_DATABASE");
	struct err err = { 0 };

	if (given == NULL || given[0] == '\0' || strstr(given, "://") != NULL)
		return bail_out("OPENITEM_TEST_DATABASE: give the connection string (keyword=value) of a PostgreSQL superuser");
	r->schema = r->service->name;
	snprintf(r->database, sizeof(r->database), "sqlcheck_%.40s_%d", r->service->name, (int)getpid());
	snprintf(r->role, sizeof(r->role), "openitem_%.40s", r->service->name);
	snprintf(r->conninfo, sizeof(r->conninfo), "%s dbname=%s", given, r->database);
	if (!admin("CREATE DATABASE DB TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", r->database, &err))
		return bail_out(err.msg);
	return store_open(r->conninfo, &err, &r->store) || bail_out(err.msg);
}

static void drop_database(struct run *r)
{
	struct err err = { 0 };

	store_close(r->store);
	if (!admin("DROP DATABASE IF EXISTS DB WITH (FORCE)", r->database, &err))
		printf("# left behind: database %s: %s\n", r->database, err.msg);
}

int sql_check(const struct sql_service *service)
{
	struct err err = { 0 };
	struct run r = { .service = service };

	last_failed = 1;
	if (!make_database(&r))
		return 1;
	r.arena = arena_new((size_t)16 << 20, (size_t)64 << 20);
	if (must(&r, make_role(&r, &err), "make role", &err) && migrate(&r)) {
		compare_tables(&r);
		prepare_all(&r);
	}
	printf("1..%d\n", r.n);
	arena_free(r.arena);
	drop_database(&r);
	last_failed = r.failed;
	return r.failed == 0 ? 0 : 1;
}
