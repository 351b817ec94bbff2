/* openitem migrate: the schemas of the services, brought up to date. */
#include "cli/options.h"
#include "store/store.h"

extern const struct store_migration intake_migrations[], billing_migrations[], cash_migrations[], collections_migrations[],
	reporting_migrations[];
extern const size_t intake_migrations_n, billing_migrations_n, cash_migrations_n, collections_migrations_n, reporting_migrations_n;

static const struct {
	const struct store_migration *list;
	const size_t *n;
} migrations[CLI_SERVICES] = {
	[CLI_INTAKE] = { intake_migrations, &intake_migrations_n },
	[CLI_BILLING] = { billing_migrations, &billing_migrations_n },
	[CLI_CASH] = { cash_migrations, &cash_migrations_n },
	[CLI_COLLECTIONS] = { collections_migrations, &collections_migrations_n },
	[CLI_REPORTING] = { reporting_migrations, &reporting_migrations_n },
};

struct line_to {
	struct cli *cli;
	const char *service;
	size_t lines;
};

static void print_line(void *ctx, const char *line)
{
	struct line_to *to = ctx;
	size_t mark = arena_mark(to->cli->arena);
	struct text safe = text_printable(to->cli->arena, text_of(line));

	printf("%s: " TEXT_FMT "\n", to->service, TEXT_ARG(safe));
	arena_rewind(to->cli->arena, mark);
	to->lines++;
}

/* status needs SELECT only, so the read-only string will do. */
static bool migrate_one(struct cli *cli, enum cli_service service, enum store_migrate_mode mode, struct err *err)
{
	const char *suffix = mode == STORE_MIGRATE_STATUS ? "DATABASE_RO" : "DATABASE_OWNER";
	const char *name = cli_variable(cli, service, suffix), *conninfo;
	struct line_to to = { .cli = cli, .service = cli_service_names[service] };

	if (!cli_setting(cli, name, err, &conninfo))
		return false;
	if (!store_migrate(conninfo, to.service, migrations[service].list, *migrations[service].n, mode, print_line, &to, err))
		return err_wrap(err, "%s (%s)", to.service, name);
	if (to.lines == 0)
		printf("%s: nothing to do\n", to.service);
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	bool status = false, dry_run = false, chosen[CLI_SERVICES] = { false };
	enum cli_service service;
	struct err err;
	const struct option_spec specs[] = {
		{ "status", 0, OPTION_FLAG, &status, NULL, "say what is applied and what is pending; change nothing", 0, 0, NULL },
		{ "dry-run", 0, OPTION_FLAG, &dry_run, NULL, "apply and check what is pending, then roll it back", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, -1, &argc, &argv);

	if (code >= 0)
		return code;
	if (status && dry_run)
		return options_usage(cli, "--status or --dry-run, not both");
	for (int i = 0; i < argc; i++) {
		if (!cli_service_find(argv[i], &service))
			return options_usage(cli, "\"%s\": expected intake, billing, cash, collections or reporting", argv[i]);
		chosen[service] = true;
	}
	for (int s = 0; s < CLI_SERVICES; s++) {
		if (argc > 0 && !chosen[s])
			continue;
		if (!migrate_one(cli, (enum cli_service)s,
				 status    ? STORE_MIGRATE_STATUS
				 : dry_run ? STORE_MIGRATE_DRY_RUN
					   : STORE_MIGRATE_APPLY,
				 &err))
			return cli_failed(cli, &err);
	}
	return EXIT_OK;
}

const struct command cmd_migrate = {
	.name = "migrate",
	.summary = "bring the schemas of the services up to date",
	.usage = "openitem migrate [--status|--dry-run] [SERVICE...]\n\n"
		 "Applies what is pending to each service's schema, one file at a time, and checks it. Forward only.\n"
		 "Each service's OPENITEM_<SERVICE>_DATABASE_OWNER is used, for --status its\n"
		 "OPENITEM_<SERVICE>_DATABASE_RO.",
	.example = "openitem migrate --status billing cash",
	.run = run,
};
