/*
 * sql_check: the SQL of a service against a database it has just migrated (DESIGN section 6). One program per service:
 *
 *	int main(void) { return sql_check(&(struct sql_service){ "billing", tables, n, migrations, n, statements, n, NULL, 0 }); }
 *
 * Needs OPENITEM_TEST_DATABASE: the connection string (keyword=value) of a PostgreSQL superuser. Makes a scratch database, and
 * the role openitem_<name> where that is missing; the role stays. Prints one line per check (TAP); the result is an exit code.
 * Checked:
 *	- the migrations: dry run, run, run again; each file's own check
 *	- every table is as described (columns, types, collation), with the rights of openitem_<name>
 *	- every statement prepares: generated, of the store itself, and every file of sql/
 *	- every probe is served by an index: no sequential scan, and no question column left to a filter, in the plan that a batch
 *	  would use on empty tables; a sort is shown as a remark. An index for a probe: its eq columns, then range and order
 *	  columns, NULLS FIRST for a date that may be NULL
 */
#ifndef TESTS_SQL_SQL_CHECK_H
#define TESTS_SQL_SQL_CHECK_H

#include "book/book.h"
#include "store/store.h"

struct sql_service {
	const char *name;
	const struct table *const *tables;
	size_t n_tables;
	const struct store_migration *migrations;
	size_t n_migrations;
	const struct store_sql *statements; /* sql/ files, as embed_sql.py lists them; may be NULL */
	size_t n_statements;
	const char *const *small; /* tables that never have more than some hundred rows per lane: any plan will do; may be NULL */
	size_t n_small;
};

/* 0 = all checks passed. */
int sql_check(const struct sql_service *service);

/* Findings of the last call, for the test of this program. */
int sql_check_failures(void);

#endif
