/* openitem-intake: the gate as a process. */
#include "intake/intake.h"
#include "store/store.h"

extern const struct store_migration intake_migrations[];
extern const size_t intake_migrations_n;

int main(int argc, char **argv)
{
	struct run_service service = intake_service;

	service.migrations = intake_migrations;
	service.n_migrations = intake_migrations_n;
	return run_main(&service, argc, argv);
}
