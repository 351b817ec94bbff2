/* openitem-billing: the process. What it does is told in billing.c, how its loop runs in common/run. */
#include "billing.h"
#include "store/store.h"

extern const struct store_migration billing_migrations[];
extern const size_t billing_migrations_n;

int main(int argc, char **argv)
{
	struct run_service service = billing_service;

	service.migrations = billing_migrations;
	service.n_migrations = billing_migrations_n;
	return run_main(&service, argc, argv);
}
