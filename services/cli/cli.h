/*
 * cli: the operators' tool `openitem`. One command = one file cmd_<name>.c that exports `const struct command cmd_<name>`,
 * listed once in the table of cli.c. README.md says how to add one.
 *
 * What a command uses: options (arguments), out (lists), progress (long work), env (settings), event (CloudEvents in JSON and
 * protobuf), kafka (publishing), settle (the barrier). Results go to stdout, everything else to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "arena/arena.h"
#include "base/base.h"
#include "bus/bus.h"
#include "cli/env.h"
#include "err/err.h"
#include "text/text.h"

/* What every command ends with. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FOUND = 1, /* a check found something; a command was refused */
	EXIT_USAGE = 2,
	EXIT_MISSING = 3, /* a component is missing, unreachable or stuck: the message says which, and where it was looked for */
	EXIT_INPUT = 4, /* bad input: the message says file, line, column and what was expected */
};

enum out_format { OUT_TABLE, OUT_CSV, OUT_JSON, OUT_XLSX };

/* In flow order. Each has its own schema, reached by its own connection string: OPENITEM_<SERVICE>_DATABASE_RO. */
enum cli_service { CLI_INTAKE, CLI_BILLING, CLI_CASH, CLI_COLLECTIONS, CLI_REPORTING, CLI_SERVICES };
extern const char *const cli_service_names[CLI_SERVICES];

struct store;
struct command;
struct xlsx;

/* One run of the tool. */
struct cli {
	const struct command *command;
	struct env env;
	struct arena *arena; /* until the command ends */
	size_t format; /* enum out_format, set by OPTION_FORMAT */
	struct xlsx *xlsx; /* with OUT_XLSX; written when the command has ended */
	const char *xlsx_path;
	struct store *stores[CLI_SERVICES]; /* opened by cli_store, closed at the end */
};

struct command {
	const char *name;
	const char *summary; /* one line, for `openitem --help` */
	const char *usage; /* "openitem publish [--topic T] [FILE|-]" and, after a newline, what it does */
	const char *example; /* a line to type, or several */
	/* argv[0] is the command's name. Returns an exit code. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* The whole tool: what main calls. */
int cli_main(int argc, char **argv);

/* "openitem publish: ..." on stderr, safe on a terminal. Returns code. */
int cli_fail(struct cli *cli, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/*
 * The same for an error of a library, with the exit code that its class means: REJECT is bad input, STOP a finding, the rest a
 * component.
 */
int cli_failed(struct cli *cli, const struct err *err);
int cli_exit_code(const struct err *err);
/* A remark on stderr that ends nothing. */
void cli_say(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A setting that must be there. False: FATAL setting_missing, with where it was looked for. */
bool cli_setting(struct cli *cli, const char *name, struct err *err, const char **ret_value);
/* Integer of low..high; fallback when not set. False: FATAL setting_bad. */
bool cli_setting_int(struct cli *cli, const char *name, int64_t fallback, int64_t low, int64_t high, struct err *err,
		     int64_t *ret_value);
/* "OPENITEM_CASH_DATABASE_RO" for (CLI_CASH, "DATABASE_RO"); in the arena. */
const char *cli_variable(struct cli *cli, enum cli_service service, const char *suffix);
bool cli_service_find(const char *name, enum cli_service *ret_service);

/* A read-only connection to the schema of one service, opened once. Broken ones are opened again. Errors name the service. */
bool cli_store(struct cli *cli, enum cli_service service, struct err *err, struct store **ret_store);

/* Settings for bus_*_open; client id "openitem-cli". */
bool cli_bus(struct cli *cli, struct err *err, struct bus_conf *ret_conf);

/* Microseconds since 1970; milliseconds of a clock that only goes forward; sleeping. */
int64_t cli_now_us(void);
int64_t cli_now_ms(void);
void cli_sleep_ms(int64_t ms);

/* The login name, NULL when there is none; whoever acts for somebody else says --by. */
const char *cli_user(void);

/* A fresh UUIDv7, in the arena. */
struct text cli_new_id(struct cli *cli);

/*
 * A file, or standard input for "-", as a whole; mapped where possible. False: REJECT no_file. Valid until the tool ends.
 * The bytes may be anything.
 */
bool cli_read_file(struct cli *cli, const char *path, struct err *err, struct text *ret_bytes);

#endif
