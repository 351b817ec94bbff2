/*
 * list: the answer of a SQL statement as a list (out.h), row by row, so it may be long. With (E, K) under it (known.h).
 *
 * A column of the list is a column of the answer: OUT_MONEY is in minor units of the answer's column `currency`, NULL is absent. LIST_VERSION is not in
 * the answer: the version a command has to name (LEDGER section 4), looked up in cash by the answer's lane, account, document_id and sequence.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/cli.h"
#include "cli/known.h"
#include "cli/out.h"

struct store;
struct store_result;

#define LIST_VERSION    "@version"
#define LIST_PARAMS_MAX 12

struct list_column {
	const char *name; /* in the list */
	enum out_kind kind;
	const char *from; /* in the answer; NULL: the same */
};

struct list {
	const struct list_column *columns;
	size_t n_columns;
	const char *nothing; /* what to say of an empty table */
	const char *sql; /* of reporting */
	const char *params[LIST_PARAMS_MAX];
	int n_params;
	date_t as_of; /* for (E, K); DATE_NONE: the business day */
};

/* All of it: asks, prints, says (E, K). Returns an exit code. */
int list_run(struct cli *cli, const struct list *list);
/* The same as it was known at a checkpoint (NULL = now). The three parameters from `first` (1 = $1) on say what was known (known.h). */
int list_run_at(struct cli *cli, const struct list *list, const char *known_at, int first);

/* A command whose list is about lines of bank accounts: --entity, --account, --format; asked with entity, bank account without ~ and "" ($1 to $3). */
int list_run_bank(struct cli *cli, int argc, char **argv, const struct list *list);

/* Fills in those three, after known_begin_at. */
void list_known(struct list *list, int first, const struct known *known);

/* ---- pieces, for lists of several answers ---- */

struct out *list_open(struct cli *cli, const struct list *list) __attribute__((returns_nonnull));
/* Prints the rows of one answer. The last one ends the snapshot, and may be of any size: it is printed as it comes. */
bool list_rows(struct cli *cli, const struct list *list, struct out *out, struct store *store, bool last, struct err *err);
/* A cell as the kind of the column wants it. */
void list_cell(struct out *out, const struct list_column *column, const struct store_result *row, size_t at);

/* ---- options that most lists take ---- */

struct list_filter {
	const char *entity, *account; /* "" = all */
};
#define LIST_FILTER_ALL                                                                                                            \
	{                                                                                                                          \
		"", ""                                                                                                             \
	}

/* const char *at = NULL; */
#define OPTION_KNOWN(at)                                                                                                           \
	{                                                                                                                          \
		"known-at", 0, OPTION_TEXT, &(at), "CHECKPOINT|INSTANT", "as it was known then (openitem checkpoints)", 0, 0, NULL \
	}

#define OPTION_ENTITY(filter)                                                                                                      \
	{                                                                                                                          \
		"entity", 'e', OPTION_TEXT, &(filter).entity, "ENTITY", "only of this legal entity", 0, 0, NULL                    \
	}
#define OPTION_ACCOUNT(filter)                                                                                                     \
	{                                                                                                                          \
		"account", 'a', OPTION_TEXT, &(filter).account, "ACCOUNT", "only of this account", 0, 0, NULL                      \
	}

/* "2026-03-31" in the arena; "" for DATE_NONE. */
const char *list_day(struct cli *cli, date_t day);

#endif
