/* options: see options.h. */
#include "cli/options.h"
#include "cli/xlsx.h"
#include "date/date.h"

#include <getopt.h>

#define HELP_KEY  1
#define FIRST_KEY 1000
#define HELP_AT   30 /* column of the explanations */

const char *const options_formats[] = { "table", "csv", "json", NULL };

static void print_option(const struct option_spec *s)
{
	char left[128], letter[8] = "    ";

	if (s->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", s->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, s->name, s->value == NULL ? "" : " ",
		 s->value == NULL ? "" : s->value);
	if (strlen(left) + 1 >= HELP_AT)
		printf("%s\n%*s%s\n", left, HELP_AT, "", s->help);
	else
		printf("%-*s%s\n", HELP_AT, left, s->help);
}

static void print_indented(const char *text)
{
	for (const char *line = text; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		printf("  %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static int print_help(struct cli *cli, const struct option_spec *specs, size_t n)
{
	printf("usage: %s\n\nOptions\n", cli->command->usage);
	for (size_t i = 0; i < n; i++)
		print_option(&specs[i]);
	print_option(&(struct option_spec){ .name = "help", .letter = 'h', .help = "this text" });
	if (cli->command->example != NULL) {
		printf("\nExample\n");
		print_indented(cli->command->example);
	}
	return EXIT_OK;
}

int options_usage(struct cli *cli, const char *fmt, ...)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	return cli_fail(cli, EXIT_USAGE, "%s; try `openitem %s --help`", b.s, cli->command->name);
}

static int add_items(struct cli *cli, const struct option_spec *s, const char *value)
{
	struct option_items *items = s->to;

	for (;;) {
		size_t n = strcspn(value, ",");
		struct text item = text_trim((struct text){ value, n });

		if (!text_empty(item)) {
			if (items->n == OPTION_ITEMS_MAX)
				return options_usage(cli, "--%s: more than %d values", s->name, OPTION_ITEMS_MAX);
			items->item[items->n++] = item;
		}
		if (value[n] == '\0')
			return -1;
		value += n + 1;
	}
}

static int set_word(struct cli *cli, const struct option_spec *s, const char *value)
{
	for (size_t i = 0; s->words[i] != NULL; i++)
		if (strcmp(s->words[i], value) == 0) {
			*(size_t *)s->to = i;
			return -1;
		}
	return options_usage(cli, "--%s: expected %s, got \"%s\"", s->name, s->value, value);
}

static int set(struct cli *cli, const struct option_spec *s, const char *value)
{
	int64_t number;
	date_t day;

	switch (s->kind) {
	case OPTION_FLAG:
		*(bool *)s->to = true;
		return -1;
	case OPTION_TEXT:
		*(const char **)s->to = value;
		return -1;
	case OPTION_INT:
		if (!text_parse_i64(text_of(value), &number) || number < s->low || number > s->high)
			return options_usage(cli, "--%s: expected an integer from %lld to %lld, got \"%s\"", s->name,
					     (long long)s->low, (long long)s->high, value);
		*(int64_t *)s->to = number;
		return -1;
	case OPTION_DAY:
		if (!date_parse(text_of(value), &day))
			return options_usage(cli, "--%s: expected a date YYYY-MM-DD, got \"%s\"", s->name, value);
		*(date_t *)s->to = day;
		return -1;
	case OPTION_WORD:
		return set_word(cli, s, value);
	case OPTION_ITEMS:
		return add_items(cli, s, value);
	}
	return -1;
}

/* Tables for getopt_long. Keys are FIRST_KEY + index, also for letters (by looking them up). */
static void make_tables(const struct option_spec *specs, size_t n, struct option *longs, char *letters)
{
	size_t at = 0;

	letters[at++] = ':'; /* a missing value is told apart from an unknown option */
	letters[at++] = 'h';
	for (size_t i = 0; i < n; i++) {
		bool takes = specs[i].kind != OPTION_FLAG;

		longs[i] = (struct option){ specs[i].name, takes ? required_argument : no_argument, NULL, FIRST_KEY + (int)i };
		if (specs[i].letter == 0)
			continue;
		letters[at++] = specs[i].letter;
		if (takes)
			letters[at++] = ':';
	}
	letters[at] = '\0';
	longs[n] = (struct option){ "help", no_argument, NULL, HELP_KEY };
	longs[n + 1] = (struct option){ 0 };
}

static const struct option_spec *spec_of(const struct option_spec *specs, size_t n, int key)
{
	if (key >= FIRST_KEY)
		return &specs[key - FIRST_KEY];
	for (size_t i = 0; i < n; i++)
		if (specs[i].letter == key)
			return &specs[i];
	return NULL;
}

/* ---- lists ---- */

/* What every list takes beside --format: shorter names for it, and a file. */
struct list_options {
	bool csv, replace;
	const char *xlsx;
};

static bool has(const struct option_spec *specs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(specs[i].name, name) == 0)
			return true;
	return false;
}

/* Behind the command's own, where one of these is the format. Returns how many there are now. */
static size_t add_list_options(struct option_spec *all, size_t n, struct list_options *l)
{
	if (!has(all, n, "format"))
		return n;
	all[n++] = (struct option_spec){ .name = "csv", .kind = OPTION_FLAG, .to = &l->csv, .help = "the same as --format csv" };
	all[n++] = (struct option_spec){ .name = "xlsx",
					 .kind = OPTION_TEXT,
					 .to = &l->xlsx,
					 .value = "FILE",
					 .help = "the list as a spreadsheet in this file" };
	if (!has(all, n, "force"))
		all[n++] = (struct option_spec){
			.name = "force", .kind = OPTION_FLAG, .to = &l->replace, .help = "the file may exist: replace it"
		};
	return n;
}

/* -1: go on. */
static int take_list_options(struct cli *cli, const struct list_options *l)
{
	struct err err;

	if (l->csv)
		cli->format = OUT_CSV;
	if (l->xlsx == NULL)
		return -1;
	if (l->csv)
		return options_usage(cli, "--csv and --xlsx: one of them");
	if (!xlsx_open(l->xlsx, l->replace, cli->command->name, &err, &cli->xlsx))
		return cli_failed(cli, &err);
	cli->xlsx_path = l->xlsx;
	cli->format = OUT_XLSX;
	return -1;
}

int options_parse(struct cli *cli, const struct option_spec *of_command, size_t n, int min, int max, int *argc, char ***argv)
{
	struct option_spec specs[OPTIONS_MAX + 3];
	struct option longs[OPTIONS_MAX + 5];
	char letters[OPTIONS_MAX * 2 + 9];
	struct list_options l = { 0 };
	int key, code;

	CHECK(n <= OPTIONS_MAX);
	memcpy(specs, of_command, n * sizeof(*specs));
	n = add_list_options(specs, n, &l);
	make_tables(specs, n, longs, letters);
	opterr = 0;
	optind = 0; /* glibc: start anew */
	while ((key = getopt_long(*argc, *argv, letters, longs, NULL)) != -1) {
		const char *given = (*argv)[MIN(optind, *argc) - 1];

		if (key == HELP_KEY || key == 'h')
			return print_help(cli, specs, n);
		if (key == ':')
			return options_usage(cli, "%s needs a value", given);
		if (key == '?')
			return options_usage(cli, "unknown option \"%s\"", given);
		code = set(cli, spec_of(specs, n, key), optarg);
		if (code >= 0)
			return code;
	}
	*argc -= optind;
	*argv += optind;
	if (*argc < min)
		return options_usage(cli, "something is missing");
	if (max >= 0 && *argc > max)
		return options_usage(cli, "\"%s\" is too much", (*argv)[max]);
	return take_list_options(cli, &l);
}
