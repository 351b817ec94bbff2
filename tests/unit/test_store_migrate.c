/* Everything around batches: connecting, classes of errors, plain queries, migrations. */
#include "store_fixture.h"

#include <sys/wait.h>

static struct store *store;

static int setup(void **state)
{
	(void)state;
	fixture_make(NULL);
	store = fixture_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	fixture_drop();
	return 0;
}

/* ---- connecting ----------------------------------------------------------------------------------------------------- */

static void a_connection_that_fails_says_why(void **state)
{
	(void)state;
	struct store *none = NULL;
	char conninfo[600];

	assert_err(store_open("port=5432 hunter2", &fixture_err, &none), ERR_FATAL, "store_conninfo");
	assert_null(strstr(fixture_err.msg, "hunter2"));
	assert_err(store_open("host=127.0.0.1 port=none", &fixture_err, &none), ERR_FATAL, "store_conninfo");
	assert_non_null(strstr(fixture_err.msg, "port"));
	assert_err(store_open("postgresql://u:hunter2/x@127.0.0.1/d", &fixture_err, &none), ERR_FATAL, "store_conninfo");
	assert_null(strstr(fixture_err.msg, "hunter2"));
	assert_err(store_open("host=127.0.0.1 sslmode=hunter2", &fixture_err, &none), ERR_FATAL, "store_conninfo");
	assert_null(strstr(fixture_err.msg, "hunter2"));
	assert_err(store_open("host=127.0.0.1 port=1", &fixture_err, &none), ERR_RETRY, "store_lost");
	assert_err(store_open("host=/nonexistent", &fixture_err, &none), ERR_RETRY, "store_lost");
	snprintf(conninfo, sizeof(conninfo), "%s dbname=there_is_no_such_database", fixture_conninfo());
	assert_err(store_open(conninfo, &fixture_err, &none), ERR_FATAL, "store_schema");
	snprintf(conninfo, sizeof(conninfo), "%s user=there_is_no_such_role password=x", fixture_conninfo());
	assert_err(store_open(conninfo, &fixture_err, &none), ERR_FATAL, "store_denied");
	assert_null(none);
	store_close(NULL);
}

static void the_session_is_set_up(void **state)
{
	(void)state;
	char conninfo[600];
	_cleanup_(store_closep) struct store *named = NULL;
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	snprintf(conninfo, sizeof(conninfo), "%s application_name=openitem-test", fixture_conninfo());
	assert_ok(store_open(conninfo, &fixture_err, &named));
	assert_false(store_is_broken(named));
	assert_ok(store_query(named,
			      "SELECT current_setting('application_name') AS name, current_setting('TimeZone') AS zone,"
			      " current_setting('statement_timeout') AS timeout, current_setting('enable_seqscan') AS seqscan",
			      0, NULL, &fixture_err, &r));
	assert_string_equal(store_result_text(r, 0, "name").s, "openitem-test");
	assert_string_equal(store_result_text(r, 0, "zone").s, "UTC");
	assert_string_equal(store_result_text(r, 0, "timeout").s, "30s");
	assert_string_equal(store_result_text(r, 0, "seqscan").s, "on");
}

static void every_sqlstate_has_a_class(void **state)
{
	(void)state;
	static const struct {
		const char *sqlstate;
		unsigned flags;
		enum err_class class;
	} cases[] = {
		{ NULL, 0, ERR_RETRY },
		{ "", 0, ERR_RETRY },
		{ "08006", 0, ERR_RETRY },
		{ "40001", 0, ERR_RETRY },
		{ "40P01", 0, ERR_RETRY },
		{ "53300", 0, ERR_RETRY },
		{ "57P01", 0, ERR_RETRY },
		{ "57P03", 0, ERR_RETRY },
		{ "57014", 0, ERR_RETRY },
		{ "55P03", 0, ERR_RETRY },
		{ "25P03", 0, ERR_RETRY },
		{ "25006", 0, ERR_RETRY },
		{ "58030", 0, ERR_RETRY },
		{ "23505", 0, ERR_RETRY },
		{ "23505", STORE_IN_APPEND, ERR_STOP },
		{ "22012", STORE_IN_FENCE, ERR_FENCED },
		{ "22012", 0, ERR_STOP },
		{ "23514", 0, ERR_STOP },
		{ "23502", 0, ERR_STOP },
		{ "P0001", 0, ERR_STOP },
		{ "22003", 0, ERR_STOP },
		{ "21000", 0, ERR_STOP },
		{ "42P01", 0, ERR_FATAL },
		{ "42501", 0, ERR_FATAL },
		{ "28P01", 0, ERR_FATAL },
		{ "3D000", 0, ERR_FATAL },
		{ "42P10", 0, ERR_FATAL },
		{ "57P04", 0, ERR_FATAL },
		{ "XX001", 0, ERR_FATAL },
		{ "XX000", 0, ERR_STOP },
		{ "25P02", 0, ERR_STOP },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (store_class(cases[i].sqlstate, cases[i].flags) != cases[i].class)
			fail_msg("%s: %s", cases[i].sqlstate, err_class_name(store_class(cases[i].sqlstate, cases[i].flags)));
}

/* ---- plain queries -------------------------------------------------------------------------------------------------- */

static void values_by_column_name(void **state)
{
	(void)state;
	const char *params[] = { "41", NULL, "it's" };
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	assert_ok(store_query(store,
			      "SELECT $1::int + 1 AS number, $2::text AS missing, $3::text AS quote, true AS yes, false AS no,"
			      " (-9223372036854775808)::bigint AS low",
			      3, params, &fixture_err, &r));
	assert_int_equal(store_result_rows(r), 1);
	assert_int_equal(store_result_columns(r), 6);
	assert_string_equal(store_result_column_name(r, 2), "quote");
	assert_int_equal(store_result_i64(r, 0, "number"), 42);
	assert_true(store_result_i64(r, 0, "low") == INT64_MIN);
	assert_true(store_result_is_null(r, 0, "missing") && !store_result_is_null(r, 0, "quote"));
	assert_true(store_result_text(r, 0, "missing").n == 0 && store_result_i64(r, 0, "missing") == 0);
	assert_string_equal(store_result_text(r, 0, "quote").s, "it's");
	assert_true(store_result_bool(r, 0, "yes") && !store_result_bool(r, 0, "no") && !store_result_bool(r, 0, "missing"));
	assert_true(store_result_has(r, "low") && !store_result_has(r, "high"));
}

static void a_query_that_fails_names_itself(void **state)
{
	(void)state;
	struct store_result *r = NULL;

	assert_err(store_query(store, "SELECT * FROM nowhere", 0, NULL, &fixture_err, &r), ERR_FATAL, "store_schema");
	assert_non_null(strstr(fixture_err.msg, "SELECT * FROM nowhere"));
	assert_non_null(strstr(fixture_err.msg, "42P01"));
	assert_null(r);
	assert_err(store_exec(store, "SELECT pg_terminate_backend(pg_backend_pid())", 0, NULL, &fixture_err), ERR_RETRY,
		   "store_lost");
	assert_true(store_is_broken(store));
	store_close(store);
	store = fixture_open();
}

struct sum {
	int64_t n, total, stop_at;
};

static bool add_row(void *ctx, const struct store_result *row, struct err *err)
{
	struct sum *sum = ctx;

	if (++sum->n == sum->stop_at)
		return err_set(err, ERR_STOP, "enough", "that will do");
	sum->total += store_result_i64(row, 0, "i");
	return true;
}

static void rows_stream_one_by_one(void **state)
{
	(void)state;
	struct sum all = { 0 }, some = { .stop_at = 10 }, bad = { 0 };
	const char *params[] = { "20000" };

	assert_ok(store_stream(store, "SELECT i FROM generate_series(1, $1::int) AS i", 1, params, add_row, &all, &fixture_err));
	assert_true(all.n == 20000 && all.total == 200010000);
	params[0] = "2000000000"; /* would take minutes: it is cancelled */
	assert_err(store_stream(store, "SELECT generate_series(1, $1::int) AS i", 1, params, add_row, &some, &fixture_err),
		   ERR_STOP, "enough");
	assert_int_equal(some.n, 10);
	params[0] = "0";
	assert_err(store_stream(store, "SELECT 1 / (5 - i) AS i FROM generate_series(1, 10 + $1::int) AS i", 1, params, add_row,
				&bad, &fixture_err),
		   ERR_STOP, "store_refused");
	assert_int_equal(bad.n, 4);
	assert_int_equal(fixture_number(store, "SELECT 7"), 7);
}

/* Answers of several lists (known.h) must see the same books. */
static void rows_stream_in_the_callers_snapshot(void **state)
{
	struct store *other = fixture_open();
	struct sum before = { 0 }, after = { 0 }, now = { 0 };
	static const char sql[] = "SELECT i FROM streamed";

	(void)state;
	assert_ok(store_exec(other, "CREATE TABLE streamed AS SELECT 1::bigint AS i", 0, NULL, &fixture_err));
	assert_ok(store_exec(store, "BEGIN ISOLATION LEVEL REPEATABLE READ", 0, NULL, &fixture_err));
	assert_ok(store_stream(store, sql, 0, NULL, add_row, &before, &fixture_err));
	assert_ok(store_exec(other, "INSERT INTO streamed VALUES (10)", 0, NULL, &fixture_err));
	assert_ok(store_stream(store, sql, 0, NULL, add_row, &after, &fixture_err));
	assert_ok(store_exec(store, "COMMIT", 0, NULL, &fixture_err));
	assert_ok(store_stream(store, sql, 0, NULL, add_row, &now, &fixture_err));
	assert_int_equal(before.total, 1);
	assert_int_equal(after.total, 1);
	assert_int_equal(now.total, 11);
	store_close(other);
}

/* ---- migrations ----------------------------------------------------------------------------------------------------- */

static const struct store_migration files[] = {
	{ 1, "make", "CREATE TABLE thing (id int PRIMARY KEY);\nINSERT INTO thing VALUES (1);",
	  "SELECT id FROM thing WHERE id <> 1" },
	{ 2, "more", "ALTER TABLE thing ADD note text NOT NULL DEFAULT '';\nDO $$ BEGIN RAISE NOTICE 'two'; END $$;", NULL },
	{ 3, "index", "CREATE INDEX ON thing (note);", "SELECT 1 WHERE false; SELECT 2 WHERE false" },
};

static char logged[4000];

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	snprintf(logged + strlen(logged), sizeof(logged) - strlen(logged), "%s|", line);
}

static bool migrate(const struct store_migration *m, size_t n, enum store_migrate_mode mode)
{
	logged[0] = '\0';
	return store_migrate(fixture_conninfo(), fixture_schema, m, n, mode, log_line, NULL, &fixture_err);
}

static void start_anew(void)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", fixture_schema);
	assert_ok(store_exec(store, sql, 0, NULL, &fixture_err));
}

static void migrations_are_applied_once(void **state)
{
	(void)state;
	start_anew();
	assert_ok(migrate(files, 2, STORE_MIGRATE_STATUS));
	assert_string_equal(logged, "0001_make pending|0002_more pending|");
	assert_err(store_check_migrated(store, files, 2, &fixture_err), ERR_FATAL, "store_schema");
	assert_ok(migrate(files, 2, STORE_MIGRATE_DRY_RUN));
	assert_string_equal(logged, "0001_make would be applied|NOTICE: two|0002_more would be applied|");
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM pg_namespace WHERE nspname = current_schema()"), 0);
	assert_ok(migrate(files, 2, STORE_MIGRATE_APPLY));
	assert_string_equal(logged, "0001_make applied|NOTICE: two|0002_more applied|");
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM thing WHERE note = ''"), 1);
	assert_ok(store_check_migrated(store, files, 2, &fixture_err));
	assert_err(store_check_migrated(store, files, 3, &fixture_err), ERR_FATAL, "store_schema");
	assert_non_null(strstr(fixture_err.msg, "0003_index is missing"));
	assert_ok(migrate(files, 3, STORE_MIGRATE_STATUS));
	assert_non_null(strstr(logged, "0001_make applied 20"));
	assert_non_null(strstr(logged, "|0003_index pending|"));
	assert_ok(migrate(files, 3, STORE_MIGRATE_APPLY));
	assert_string_equal(logged, "0003_index applied|");
	assert_ok(migrate(files, 3, STORE_MIGRATE_APPLY));
	assert_non_null(strstr(logged, "up to date (3 migrations)"));
	assert_ok(store_check_migrated(store, files, 2, &fixture_err)); /* an older build meets a newer schema */
}

static void history_cannot_be_changed(void **state)
{
	(void)state;
	struct store_migration changed[] = { files[0], files[1], files[2] };
	struct store_migration late[] = { { 0, "late", "SELECT 1", NULL }, files[0], files[1], files[2] };

	changed[1].sql = "SELECT 'something else'";
	assert_err(migrate(changed, 3, STORE_MIGRATE_STATUS), ERR_FATAL, "migrate_changed");
	assert_non_null(strstr(fixture_err.msg, "0002_more"));
	assert_err(migrate(changed, 3, STORE_MIGRATE_APPLY), ERR_FATAL, "migrate_changed");
	assert_err(store_check_migrated(store, changed, 3, &fixture_err), ERR_FATAL, "migrate_changed");
	assert_err(migrate(files, 2, STORE_MIGRATE_APPLY), ERR_FATAL, "migrate_newer");
	assert_non_null(strstr(fixture_err.msg, "0003_index"));
	assert_err(migrate(late, 4, STORE_MIGRATE_APPLY), ERR_FATAL, "migrate_order");
}

static void a_file_that_fails_leaves_nothing(void **state)
{
	(void)state;
	struct store_migration more[] = { files[0], files[1], files[2], { 4, "bad", NULL, NULL } };

	more[3].sql = "CREATE TABLE half (id int);\n-- \xc3\xa4\nSELECT nothing\nFROM nowhere;";
	assert_err(migrate(more, 4, STORE_MIGRATE_APPLY), ERR_FATAL, "migrate_failed");
	assert_non_null(strstr(fixture_err.msg, "0004_bad.sql line 4: relation \"nowhere\""));
	assert_err(migrate(more, 4, STORE_MIGRATE_DRY_RUN), ERR_FATAL, "migrate_failed");
	more[3].sql = "CREATE TABLE half (id int); COMMIT;";
	assert_err(migrate(more, 4, STORE_MIGRATE_DRY_RUN), ERR_FATAL, "migrate_control");
	assert_ok(store_exec(store, "DROP TABLE half", 0, NULL, &fixture_err)); /* what a COMMIT inside a file does */
	more[3].sql = "CREATE TABLE half (id int);";
	more[3].check_sql = "SELECT 5 AS wrong, 'x' AS why UNION SELECT 6, 'y' ORDER BY 1";
	assert_err(migrate(more, 4, STORE_MIGRATE_APPLY), ERR_FATAL, "migrate_check");
	assert_string_equal(logged, "0004_bad.check.sql found: wrong=5 why=x|0004_bad.check.sql found: wrong=6 why=y|");
	more[3].check_sql = "SELECT 1 / 0";
	assert_err(migrate(more, 4, STORE_MIGRATE_APPLY), ERR_STOP, "store_refused");
	assert_int_equal(
		fixture_number(store, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'half'"),
		0);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM schema_migration"), 3);
}

static void two_at_once_wait_for_each_other(void **state)
{
	(void)state;
	char sql[200];
	pid_t pid;

	/* Somebody else migrates this schema; the lock goes when that connection ends. */
	struct store *other = fixture_open();
	snprintf(sql, sizeof(sql), "SELECT pg_advisory_lock(hashtextextended('openitem migrate %s', 0))", fixture_schema);
	assert_ok(store_exec(other, sql, 0, NULL, &fixture_err));
	start_anew();
	pid = fork();
	if (pid == 0)
		_exit(migrate(files, 3, STORE_MIGRATE_APPLY) ? 0 : 1);
	for (int i = 0; i < 200; i++) {
		if (fixture_number(store, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0)
			break;
		usleep(10000);
	}
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM pg_namespace WHERE nspname = current_schema()"), 0);
	store_close(other);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(store_check_migrated(store, files, 3, &fixture_err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_that_fails_says_why),    cmocka_unit_test(the_session_is_set_up),
		cmocka_unit_test(every_sqlstate_has_a_class),          cmocka_unit_test(values_by_column_name),
		cmocka_unit_test(a_query_that_fails_names_itself),     cmocka_unit_test(rows_stream_one_by_one),
		cmocka_unit_test(rows_stream_in_the_callers_snapshot), cmocka_unit_test(migrations_are_applied_once),
		cmocka_unit_test(history_cannot_be_changed),           cmocka_unit_test(a_file_that_fails_leaves_nothing),
		cmocka_unit_test(two_at_once_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
