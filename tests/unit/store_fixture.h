/* For test_store*.c: a schema of its own in the database of OPENITEM_TEST_DATABASE, dropped at the end. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "store/store.h"

static char fixture_schema[64];

static inline const char *fixture_conninfo(void)
{
	const char *conninfo = getenv("OPENITEM_TEST_DATABASE");

	if (conninfo == NULL || conninfo[0] == '\0')
		fail_msg(
			"OPENITEM_TEST_DATABASE is not set: give the connection string of a PostgreSQL role that may create schemas, "
			"e.g. \"host=127.0.0.1 port=5432 user=postgres dbname=test\"");
	return conninfo;
}

#define assert_ok(call)                                                                                                            \
	do {                                                                                                                       \
		struct err *assert_err_ = &fixture_err;                                                                            \
		err_clear(assert_err_);                                                                                            \
		if (!(call))                                                                                                       \
			fail_msg("%s: %s %s: %s", #call, err_class_name(assert_err_->class), assert_err_->code, assert_err_->msg); \
	} while (0)

/* The call fails with this class and code. */
#define assert_err(call, class_, code_)                                                                                            \
	do {                                                                                                                       \
		err_clear(&fixture_err);                                                                                           \
		assert_false(call);                                                                                                \
		if (fixture_err.class != (class_) || strcmp(fixture_err.code, code_) != 0)                                         \
			fail_msg("%s: got %s %s: %s", #call, err_class_name(fixture_err.class), fixture_err.code,                  \
				 fixture_err.msg);                                                                                 \
	} while (0)

static struct err fixture_err;

static inline struct store *fixture_open(void)
{
	struct store *store;
	char sql[100];

	assert_ok(store_open(fixture_conninfo(), &fixture_err, &store));
	snprintf(sql, sizeof(sql), "SET search_path = %s", fixture_schema);
	assert_ok(store_exec(store, sql, 0, NULL, &fixture_err));
	return store;
}

/* Makes the schema anew and runs sql in it. */
static inline void fixture_make(const char *sql)
{
	struct store *store;
	char make[400];

	snprintf(fixture_schema, sizeof(fixture_schema), "test_store_%d", (int)getpid());
	assert_ok(store_open(fixture_conninfo(), &fixture_err, &store));
	snprintf(make, sizeof(make), "DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s; SET search_path = %s", fixture_schema,
		 fixture_schema, fixture_schema);
	assert_ok(store_exec(store, make, 0, NULL, &fixture_err));
	if (sql != NULL)
		assert_ok(store_exec(store, sql, 0, NULL, &fixture_err));
	store_close(store);
}

static inline void fixture_drop(void)
{
	struct store *store;
	char sql[100];

	if (!store_open(fixture_conninfo(), NULL, &store))
		return;
	snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS %s CASCADE", fixture_schema);
	(void)!store_exec(store, sql, 0, NULL, NULL);
	store_close(store);
}

/* First value of the first row. */
static inline int64_t fixture_number(struct store *store, const char *sql)
{
	struct store_result *r;
	int64_t value = 0;

	assert_ok(store_query(store, sql, 0, NULL, &fixture_err, &r));
	assert_true(store_result_rows(r) == 1);
	struct text t = store_result_cell(r, 0, 0);
	assert_true(text_parse_i64(t, &value));
	store_result_free(r);
	return value;
}

#endif
