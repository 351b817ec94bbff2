/* openitem migrate: the schemas of the services, brought up to date. */
#include "cli/options.h"
#include "store/store.h"

extern const struct store_migration intake_migrations[], billing_migrations[], cash_migrations[], collections_migrations[],
	reporting_migrations[], operator_migrations[];
extern const size_t intake_migrations_n, billing_migrations_n, cash_migrations_n, collections_migrations_n, reporting_migrations_n,
	operator_migrations_n;

/* The services, and this tool's own. */
#define OPERATOR CLI_SERVICES
#define SCHEMAS  (CLI_SERVICES + 1)

static const struct {
	const char *name;
	const char *owner, *reader;
	const struct store_migration *list;
	const size_t *n;
} schemas[SCHEMAS] = {
	[CLI_INTAKE] = { "intake", "OPENITEM_INTAKE_DATABASE_OWNER", "OPENITEM_INTAKE_DATABASE_RO", intake_migrations,
			 &intake_migrations_n },
	[CLI_BILLING] = { "billing", "OPENITEM_BILLING_DATABASE_OWNER", "OPENITEM_BILLING_DATABASE_RO", billing_migrations,
			  &billing_migrations_n },
	[CLI_CASH] = { "cash", "OPENITEM_CASH_DATABASE_OWNER", "OPENITEM_CASH_DATABASE_RO", cash_migrations, &cash_migrations_n },
	[CLI_COLLECTIONS] = { "collections", "OPENITEM_COLLECTIONS_DATABASE_OWNER", "OPENITEM_COLLECTIONS_DATABASE_RO",
			      collections_migrations, &collections_migrations_n },
	[CLI_REPORTING] = { "reporting", "OPENITEM_REPORTING_DATABASE_OWNER", "OPENITEM_REPORTING_DATABASE_RO",
			    reporting_migrations, &reporting_migrations_n },
	[OPERATOR] = { "operator", "OPENITEM_OPERATOR_DATABASE_OWNER", "OPENITEM_OPERATOR_DATABASE_RO", operator_migrations,
		       &operator_migrations_n },
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
static bool migrate_one(struct cli *cli, size_t at, enum store_migrate_mode mode, struct err *err)
{
	const char *name = mode == STORE_MIGRATE_STATUS ? schemas[at].reader : schemas[at].owner, *conninfo;
	struct line_to to = { .cli = cli, .service = schemas[at].name };

	if (!cli_setting(cli, name, err, &conninfo))
		return false;
	if (!store_migrate(conninfo, to.service, schemas[at].list, *schemas[at].n, mode, print_line, &to, err))
		return err_wrap(err, "%s (%s)", to.service, name);
	if (to.lines == 0)
		printf("%s: nothing to do\n", to.service);
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	bool status = false, dry_run = false, chosen[SCHEMAS] = { false };
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
		size_t s = 0;

		while (s < SCHEMAS && strcmp(schemas[s].name, argv[i]) != 0)
			s++;
		if (s == SCHEMAS)
			return options_usage(cli, "\"%s\": expected intake, billing, cash, collections, reporting or operator",
					     argv[i]);
		chosen[s] = true;
	}
	for (size_t s = 0; s < SCHEMAS; s++) {
		if (argc > 0 && !chosen[s])
			continue;
		if (!migrate_one(cli, s,
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
		 "OPENITEM_<SERVICE>_DATABASE_RO. `operator` is this tool's own schema: what people did with it.",
	.example = "openitem migrate --status billing cash",
	.run = run,
};
