/* openitem-collections: dunning as a process. */
#include "collections/collections.h"
#include "migrations_collections.h"

int main(int argc, char **argv)
{
	struct run_service service = collections_service;

	service.migrations = collections_migrations;
	service.n_migrations = collections_migrations_n;
	return run_main(&service, argc, argv);
}
