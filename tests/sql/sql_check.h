/*
 * sql_check: the SQL of a service against a database it has just migrated (DESIGN section 6). One program per service:
 *
 *	int main(void) { return sql_check(&(struct sql_service){ "billing", tables, n, migrations, n, statements, n }); }
 *
 * Needs OPENITEM_TEST_DATABASE: the connection string of a PostgreSQL superuser (it makes a scratch
 * database, and the role openitem_<name> where that is missing, which stays). Prints one line per check (TAP); the result is an exit code. Checked:
 *	- the migrations: dry run, run, run again; each file's own check
 *	- every table is as described (columns, types, collation), with the rights of openitem_<name>
 *	- every statement prepares: generated, of the store itself, and every file of sql/
 *	- every probe is served by an index: no sequential scan, and no question column left to a filter. The planner's choice on
 *	  empty tables, under the settings of a batch; sorts are shown as a remark only
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
};

/* 0 = all checks passed. */
int sql_check(const struct sql_service *service);

/* Findings of the last call, for the test of this program. */
int sql_check_failures(void);

#endif
