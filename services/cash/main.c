/* openitem-cash: cash application as a process. */
#include "cash/cash.h"
#include "migrations_cash.h"

int main(int argc, char **argv)
{
	struct run_service service = cash_service;

	service.migrations = cash_migrations;
	service.n_migrations = cash_migrations_n;
	return run_main(&service, argc, argv);
}
