/* cli: the table of commands, and what they share. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/xlsx.h"
#include "date/date.h"
#include "id/id.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VERSION    "0.1.0"
#define ARENA_SOFT ((size_t)64 << 20)
#define ARENA_HARD ((size_t)64 << 30) /* address space, not memory */

/* ---- the commands, in the order people meet them ---- */

extern const struct command cmd_migrate, cmd_topics, cmd_publish, cmd_play, cmd_tick, cmd_settle, cmd_command, cmd_status, cmd_tail,
	cmd_dlq, cmd_generate, cmd_import, cmd_aging, cmd_checkpoints, cmd_statement, cmd_dso, cmd_changes, cmd_rollforward,
	cmd_account, cmd_items, cmd_invoices, cmd_unidentified, cmd_unapplied, cmd_worklist, cmd_exceptions, cmd_explain,
	cmd_verify, cmd_money, cmd_notices, cmd_refill, cmd_reposition, cmd_rebuild, cmd_credit_memo, cmd_debit_memo, cmd_promise,
	cmd_promises, cmd_hold, cmd_onaccount, cmd_unposted, cmd_why_not, cmd_period, cmd_history;

static const struct {
	const char *title;
	const struct command *commands[24];
} groups[] = {
	{ "Setting up", { &cmd_migrate, &cmd_topics } },
	{ "A company to try it on", { &cmd_generate, &cmd_import } },
	{ "Events", { &cmd_publish, &cmd_play, &cmd_tick, &cmd_settle, &cmd_tail, &cmd_dlq } },
	{ "Deciding", { &cmd_command, &cmd_credit_memo, &cmd_debit_memo, &cmd_onaccount, &cmd_promise, &cmd_hold, &cmd_period } },
	{ "Reading the books",
	  { &cmd_aging,    &cmd_statement, &cmd_dso,      &cmd_changes,      &cmd_checkpoints, &cmd_rollforward, &cmd_account,
	    &cmd_history,  &cmd_items,     &cmd_invoices, &cmd_unidentified, &cmd_unposted,    &cmd_unapplied,   &cmd_money,
	    &cmd_worklist, &cmd_notices,   &cmd_promises, &cmd_exceptions,   &cmd_explain,     &cmd_why_not,     &cmd_verify } },
	{ "Watching", { &cmd_status } },
	{ "When something went wrong", { &cmd_refill, &cmd_reposition, &cmd_rebuild } },
};

const char *const cli_service_names[CLI_SERVICES] = { "intake", "billing", "cash", "collections", "reporting" };

static const struct command *find_command(const char *name)
{
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		for (size_t i = 0; i < ARRAY_LEN(groups[g].commands) && groups[g].commands[i] != NULL; i++)
			if (strcmp(groups[g].commands[i]->name, name) == 0)
				return groups[g].commands[i];
	return NULL;
}

static void print_help(FILE *to)
{
	fprintf(to, "usage: openitem COMMAND [OPTIONS]\n\n"
		    "The operators' tool of Openitem: event-driven accounts receivable.\n");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		fprintf(to, "\n%s\n", groups[g].title);
		for (size_t i = 0; i < ARRAY_LEN(groups[g].commands) && groups[g].commands[i] != NULL; i++)
			fprintf(to, "  %-12s %s\n", groups[g].commands[i]->name, groups[g].commands[i]->summary);
	}
	fprintf(to,
		"\n`openitem COMMAND --help` shows its options and an example. Settings come from OPENITEM_* variables, else from\n"
		"$OPENITEM_HOME/env, else from .openitem/env in this directory or above.\n\n"
		"Exit codes: 0 ok, 1 a check found something or a command was refused, 2 usage, 3 a component is missing or\n"
		"unreachable, 4 bad input\n");
}

/* ---- messages ---- */

static void say(struct cli *cli, const char *fmt, va_list values) PRINTF_LIKE(2, 0);

static void say(struct cli *cli, const char *fmt, va_list values)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	size_t mark = arena_mark(cli->arena);

	buf_vprintf(&b, fmt, values);
	fflush(stdout);
	fprintf(stderr, "openitem%s%s: %s\n", cli->command == NULL ? "" : " ", cli->command == NULL ? "" : cli->command->name,
		text_printable(cli->arena, buf_text(&b)).s);
	arena_rewind(cli->arena, mark);
}

int cli_fail(struct cli *cli, int code, const char *fmt, ...)
{
	va_list values;

	va_start(values, fmt);
	say(cli, fmt, values);
	va_end(values);
	return code;
}

void cli_say(struct cli *cli, const char *fmt, ...)
{
	va_list values;

	va_start(values, fmt);
	say(cli, fmt, values);
	va_end(values);
}

int cli_exit_code(const struct err *err)
{
	switch (err->class) {
	case ERR_REJECT:
		return EXIT_INPUT;
	case ERR_STOP:
		return EXIT_FOUND;
	case ERR_NONE:
	case ERR_RETRY:
	case ERR_FENCED:
	case ERR_FATAL:
		break;
	}
	return EXIT_MISSING;
}

int cli_failed(struct cli *cli, const struct err *err)
{
	const char *brokers = env_get("OPENITEM_KAFKA_BROKERS");

	if (strcmp(err->code, "brokers_unreachable") == 0 && brokers != NULL)
		return cli_fail(cli, EXIT_MISSING, "Kafka at %s (OPENITEM_KAFKA_BROKERS): %s", brokers, err->msg);
	return cli_fail(cli, cli_exit_code(err), "%s", err->msg);
}

/* ---- settings and components ---- */

bool cli_setting(struct cli *cli, const char *name, struct err *err, const char **ret_value)
{
	const char *value = env_get(name);

	if (value == NULL)
		return err_set(err, ERR_FATAL, "setting_missing", "%s is not set (looked in %.300s); deploy/up writes it", name,
			       cli->env.looked);
	*ret_value = value;
	return true;
}

bool cli_setting_int(struct cli *cli, const char *name, int64_t fallback, int64_t low, int64_t high, struct err *err,
		     int64_t *ret_value)
{
	const char *value = env_get(name);
	int64_t n = fallback;

	(void)cli;
	if (value != NULL && (!text_parse_i64(text_of(value), &n) || n < low || n > high))
		return err_set(err, ERR_FATAL, "setting_bad", "%s: expected an integer from %lld to %lld, got \"%.64s\"", name,
			       (long long)low, (long long)high, value);
	*ret_value = n;
	return true;
}

const char *cli_variable(struct cli *cli, enum cli_service service, const char *suffix)
{
	struct text t = text_printf(cli->arena, "OPENITEM_%s_%s", cli_service_names[service], suffix);
	char *name = arena_dup(cli->arena, t.s, t.n + 1);

	for (char *c = name; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return name;
}

bool cli_service_find(const char *name, enum cli_service *ret_service)
{
	for (int s = 0; s < CLI_SERVICES; s++)
		if (strcmp(cli_service_names[s], name) == 0) {
			*ret_service = (enum cli_service)s;
			return true;
		}
	return false;
}

bool cli_store(struct cli *cli, enum cli_service service, struct err *err, struct store **ret_store)
{
	struct store **store = &cli->stores[service];

	if (*store != NULL && store_is_broken(*store)) {
		store_close(*store);
		*store = NULL;
	}
	if (*store == NULL) {
		const char *name = cli_variable(cli, service, "DATABASE_RO"), *conninfo = NULL;

		if (!cli_setting(cli, name, err, &conninfo) || !store_open(conninfo, err, store))
			return err_wrap(err, "the database of %s (%s)", cli_service_names[service], name);
	}
	*ret_store = *store;
	return true;
}

bool cli_bus(struct cli *cli, struct err *err, struct bus_conf *ret_conf)
{
	const char *brokers = NULL;

	if (!cli_setting(cli, "OPENITEM_KAFKA_BROKERS", err, &brokers))
		return false;
	*ret_conf = (struct bus_conf){ .brokers = brokers, .client_id = "openitem-cli" };
	return true;
}

/* ---- clock, ids, files ---- */

int64_t cli_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t cli_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void cli_sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

struct text cli_new_id(struct cli *cli)
{
	uint8_t random[10];
	char id[ID_UUID_SIZE];

	CHECK(getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random));
	return text_dup(cli->arena, text_of(id_uuid7(id, cli_now_us(), random)));
}

const char *cli_user(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user == NULL ? NULL : user->pw_name;
}

static bool read_stream(struct cli *cli, int fd, struct buf *b)
{
	char *chunk = arena_alloc(cli->arena, 1u << 16);
	ssize_t n;

	while ((n = read(fd, chunk, 1u << 16)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		buf_add(b, (struct text){ chunk, (size_t)n });
	}
	return true;
}

bool cli_read_file(struct cli *cli, const char *path, struct err *err, struct text *ret_bytes)
{
	static struct buf all; /* what cannot be mapped; one file per run */
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool ok = fd >= 0 && fstat(fd, &st) == 0;

	if (ok && S_ISREG(st.st_mode) && st.st_size > 0 && lseek(fd, 0, SEEK_CUR) == 0) {
		void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		ok = map != MAP_FAILED;
		if (ok)
			*ret_bytes = (struct text){ map, (size_t)st.st_size };
	} else if (ok) {
		buf_clear(&all);
		ok = read_stream(cli, fd, &all);
		*ret_bytes = buf_text(&all);
	}
	if (!ok)
		err_set(err, ERR_REJECT, "no_file", "%s: %s", path, strerror(errno));
	if (!standard && fd >= 0)
		close(fd);
	return ok;
}

/* ---- the tool ---- */

/* A list that found something is whole, too; one that failed in the middle is not left behind. */
static int close_file(struct cli *cli, int code)
{
	struct err err;

	if (cli->xlsx == NULL)
		return code;
	bool keep = code == EXIT_OK || (code == EXIT_FOUND && !xlsx_is_empty(cli->xlsx));
	bool ok = xlsx_close(cli->xlsx, keep, &err);

	cli->xlsx = NULL;
	if (!ok)
		return cli_failed(cli, &err);
	if (keep)
		cli_say(cli, "%s is written", cli->xlsx_path);
	return code;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	int code = close_file(cli, cli->command->run(cli, argc, argv));

	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno != EPIPE)
			code = cli_fail(cli, EXIT_MISSING, "standard output: %s", strerror(errno));
	}
	for (int s = 0; s < CLI_SERVICES; s++)
		store_close(cli->stores[s]);
	return code;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_named(struct cli *cli, int argc, char **argv)
{
	if (strcmp(argv[0], "--version") == 0) {
		printf("openitem " VERSION "\n");
		return EXIT_OK;
	}
	cli->command = find_command(argv[0]);
	if (cli->command == NULL)
		return cli_fail(cli, EXIT_USAGE, "there is no command \"%s\"; `openitem --help` lists them", argv[0]);
	return run_command(cli, argc, argv);
}

int cli_main(int argc, char **argv)
{
	static char help[] = "--help";
	struct cli cli = { .arena = arena_new(ARENA_SOFT, ARENA_HARD) };
	int code;

	setlocale(LC_CTYPE, "C.UTF-8");
	env_load(argv[0], &cli.env);
	if (argc < 2) {
		print_help(stderr);
		code = EXIT_USAGE;
	} else if (!is_help(argv[1])) {
		code = run_named(&cli, argc - 1, argv + 1);
	} else if (argc == 2) {
		print_help(stdout);
		code = EXIT_OK;
	} else {
		code = run_named(&cli, 2, (char *[]){ argv[2], help, NULL });
	}
	arena_free(cli.arena);
	return code;
}
