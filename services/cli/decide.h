/*
 * decide: what the deciding commands share: naming items and lines, sending a command, waiting for its final outcome, printing it with what
 * followed elsewhere.
 *
 *	struct decide d = DECIDE(cli, CLI_BILLING);
 *	... options_parse with DECIDE_OPTIONS(d) ...
 *	return decide_run(&d, "credit-memo", build, operand);       // build fills d.e
 */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/cli.h"
#include "cli/options.h"
#include "ev/command.h"

#define DECIDE_WAIT_S 30

struct decide {
	struct cli *cli;
	enum cli_service decides; /* whose final outcome is the answer */
	const char *account, *by, *note, *id; /* options; NULL = not given */
	int64_t version, timeout_s;
	struct command_event *e; /* of the command; account is set by the first item or line that is named */
};

#define DECIDE(cli_, service_)                                                                                                     \
	{                                                                                                                          \
		.cli = (cli_), .decides = (service_), .timeout_s = DECIDE_WAIT_S                                                   \
	}

#define DECIDE_OPTIONS(d)                                                                                                          \
	{ "account", 'a', OPTION_TEXT, &(d).account, "ACCOUNT", "account of the item, where its name alone is not enough",         \
	  0,         0,   NULL },                                                                                                  \
		{ "by", 0, OPTION_TEXT, &(d).by, "USER", "who decides (default: your login name)", 0, 0, NULL },                   \
		{ "note", 0, OPTION_TEXT, &(d).note, "TEXT", "why, in words", 0, 0, NULL },                                        \
		{ "id", 0, OPTION_TEXT, &(d).id, "ID", "idempotency key: the same id is decided once", 0, 0, NULL },               \
	{                                                                                                                          \
		"timeout", 0, OPTION_INT, &(d).timeout_s, "SECONDS", "how long to wait for the answer (30)", 1, 3600, NULL         \
	}
#define DECIDE_VERSION(d)                                                                                                          \
	{                                                                                                                          \
		"version", 'v', OPTION_INT, &(d).version, "N", "version of the item or line, as the lists show it", 1, INT32_MAX,  \
			NULL                                                                                                       \
	}

/* "DOCUMENT" or "DOCUMENT:2": by document id, number, external number or bank line, on customers' accounts. Sets the account of the command
 * when it has none. ret_currency may be NULL. */
bool decide_item(struct decide *d, struct text what, struct err *err, struct type_item_ref **ret_ref, struct text *ret_currency);
/* A bank line on its holding account; sets the account of the command. */
bool decide_line(struct decide *d, const char *what, struct err *err, struct text *ret_line_id);
/* "100.00", "100.00 EUR". */
bool decide_amount(struct text what, struct text currency, struct err *err, struct money *ret);

/* Usage errors (code `usage`): an option that is missing. */
bool decide_need(const char *value, const char *option, struct err *err);
bool decide_need_version(const struct decide *d, struct err *err);

/* Builds the command, sends it, waits, prints. Returns an exit code. */
typedef bool decide_build(struct decide *d, const char *operand, struct err *err);
int decide_run(struct decide *d, const char *name, decide_build *build, const char *operand);

#endif
