/* openitem-reporting: the projection as a process. */
#include "reporting/reporting.h"
#include "store/store.h"

extern const struct store_migration reporting_migrations[];
extern const size_t reporting_migrations_n;

int main(int argc, char **argv)
{
	struct run_service service = reporting_service;

	service.migrations = reporting_migrations;
	service.n_migrations = reporting_migrations_n;
	return run_main(&service, argc, argv);
}
