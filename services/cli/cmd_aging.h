/* cmd_aging: what the two forms of `openitem aging` share. */
#ifndef CLI_CMD_AGING_H
#define CLI_CMD_AGING_H

#include "cli/aging.h"
#include "cli/options.h"
#include "date/date.h"

struct aging_question {
	struct cli *cli;
	date_t as_of; /* DATE_NONE: each entity's business day */
	const char *known_at; /* NULL: now */
	const char *base; /* due, document, accounting */
	const struct aging_buckets *buckets;
};

/* --merge: parts are legal entities and files. Returns an exit code. */
int aging_merge(const struct aging_question *q, const struct option_items *parts);

#endif
