/* service: sql_check of one service; the build says which (SERVICE). Its tables come first, then the loop's. */
#include "run/run.h"
#include "run/tables.h"
#include "sql_check.h"
#include SERVICE_MIGRATIONS_H
#ifdef SERVICE_HAS_SQL
#include "reporting_sql.h"
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

extern const struct run_service JOIN(SERVICE, _service);
#define CORE         (*JOIN(SERVICE, _service).core)
#define MIGRATIONS   JOIN(SERVICE, _migrations)
#define MIGRATIONS_N JOIN(SERVICE, _migrations_n)

int main(void)
{
	const struct table *tables[64];
	size_t n = 0;

	CHECK(CORE.n_tables + RUN_TABLES_N <= ARRAY_LEN(tables));
	for (size_t i = 0; i < CORE.n_tables; i++)
		tables[n++] = CORE.tables[i];
	for (size_t i = 0; i < RUN_TABLES_N; i++)
		tables[n++] = run_tables[i];
	return sql_check(&(struct sql_service){
		SERVICE_NAME, tables, n, MIGRATIONS, MIGRATIONS_N,
#ifdef SERVICE_HAS_SQL
		reporting_sql, reporting_sql_n,
#else
		NULL, 0,
#endif
	});
}
