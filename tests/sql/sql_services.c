/*
 * Every service's SQL against a database migrated by its own migrations (sql_check.h).
 *	sql_services [SERVICE...]	default: all of them
 */
#include "sql_check.h"

#include "billing/billing.h"
#include "cash/cash.h"
#include "collections/collections.h"
#include "intake/intake.h"
#include "reporting/reporting.h"
#include "run/tables.h"

#include "cli_sql.h"
#include "migrations_billing.h"
#include "migrations_cash.h"
#include "migrations_collections.h"
#include "migrations_intake.h"
#include "migrations_operator.h"
#include "migrations_reporting.h"
#include "reporting_sql.h"

#define TABLES_MAX     64
#define STATEMENTS_MAX 200

/* The loop's tables and the service's own. */
static struct sql_service of(const char *name, const struct run_service *service, const struct store_migration *migrations,
			     size_t n, const struct table **tables)
{
	size_t n_tables = 0;

	CHECK(RUN_TABLES_N + 1 + service->core->n_tables <= TABLES_MAX);
	for (size_t i = 0; i < RUN_TABLES_N; i++)
		tables[n_tables++] = run_tables[i];
	tables[n_tables++] = &moved_table;
	for (size_t i = 0; i < service->core->n_tables; i++)
		tables[n_tables++] = service->core->tables[i];
	return (struct sql_service){
		.name = name, .tables = tables, .n_tables = n_tables, .migrations = migrations, .n_migrations = n
	};
}

/* What the operators' tool asks this service's schema: the first line of each file of services/cli/sql says which. */
static void add_tool(struct sql_service *service, struct store_sql *statements)
{
	size_t n = 0;

	for (size_t i = 0; i < service->n_statements; i++)
		statements[n++] = service->statements[i];
	for (size_t i = 0; i < cli_sql_n; i++) {
		struct text line = { cli_sql[i].sql, strcspn(cli_sql[i].sql, "\n.") };

		CHECK(text_starts(line, TEXT("-- Schema of ")) && n < STATEMENTS_MAX);
		if (text_find(line, text_of(service->name)) != TEXT_NOT_FOUND)
			statements[n++] = cli_sql[i];
	}
	service->statements = statements;
	service->n_statements = n;
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	static const struct table *tables[5][TABLES_MAX];
	static struct store_sql statements[6][STATEMENTS_MAX];
	struct sql_service services[] = {
		of("intake", &intake_service, intake_migrations, intake_migrations_n, tables[0]),
		of("billing", &billing_service, billing_migrations, billing_migrations_n, tables[1]),
		of("cash", &cash_service, cash_migrations, cash_migrations_n, tables[2]),
		of("collections", &collections_service, collections_migrations, collections_migrations_n, tables[3]),
		of("reporting", &reporting_service, reporting_migrations, reporting_migrations_n, tables[4]),
		{ .name = "operator",
		  .migrations = operator_migrations,
		  .n_migrations = operator_migrations_n }, /* the tool's own */
	};
	static const char *const small[] = { "entity" }; /* legal entities: one company has some */
	int failed = 0, ran = 0;

	services[4].statements = reporting_sql;
	services[4].n_statements = reporting_sql_n;
	services[1].small = small;
	services[1].n_small = ARRAY_LEN(small);
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (!wanted(services[i].name, argc, argv))
			continue;
		ran++;
		add_tool(&services[i], statements[i]);
		failed += sql_check(&services[i]) != 0;
	}
	if (ran == 0)
		printf("Bail out! no such service\n");
	return failed > 0 || ran == 0;
}
