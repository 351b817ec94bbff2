/*
 * options: arguments of a command, by a table. --help comes with it: usage, options, example, from the same table.
 *
 *	bool follow = false;
 *	const char *since = NULL;
 *	const struct option_spec specs[] = {
 *		OPTION_FORMAT(cli),
 *		{ "follow", 'f', OPTION_FLAG, &follow, NULL, "go on with what comes" },
 *		{ "since", 0, OPTION_TEXT, &since, "TIME", "begin there" },
 *	};
 *	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 1, &argc, &argv);
 *	if (code >= 0)
 *		return code;
 *	... argc, argv are now the operands
 *
 * What an option points to is set only when the option is given. --name VALUE and --name=VALUE; -- ends options.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/cli.h"

#define OPTIONS_MAX      24
#define OPTION_ITEMS_MAX 512

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char * */
	OPTION_INT, /* int64_t, low..high */
	OPTION_DAY, /* date_t: YYYY-MM-DD */
	OPTION_WORD, /* size_t: index into words, which end with NULL */
	OPTION_ITEMS, /* struct option_items: given several times, or separated by commas */
};

struct option_items {
	struct text item[OPTION_ITEMS_MAX];
	size_t n;
};

struct option_spec {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	void *to;
	const char *value; /* what the help calls it: "DATE"; flags: NULL */
	const char *help;
	int64_t low, high; /* OPTION_INT */
	const char *const *words; /* OPTION_WORD */
};

extern const char *const options_formats[]; /* table csv json, in the order of enum out_format */

#define OPTION_FORMAT(cli)                                                                                                         \
	{                                                                                                                          \
		"format", 0, OPTION_WORD, &(cli)->format, "table|csv|json", "how to print the list", 0, 0, options_formats         \
	}

/*
 * -1: go on, argc and argv are what is left, min..max of them (max -1: any number). Otherwise return this exit code: help was
 * shown, or the usage was wrong and has been said.
 */
int options_parse(struct cli *cli, const struct option_spec *specs, size_t n, int min, int max, int *argc, char ***argv);

/* "what: try `openitem NAME --help`" and EXIT_USAGE. */
int options_usage(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
