/*
 * company: a made-up company as events, for `openitem generate`. Everything follows from the seed: the same seed gives the same
 * bytes. The model knows what its customers mean to pay; that truth is told apart from the events, and no service sees it.
 */
#ifndef CLI_COMPANY_H
#define CLI_COMPANY_H

#include "cli/event.h"

#define COMPANY_ACCOUNTS_MAX 1000000
#define COMPANY_DAYS_MAX     3650

struct company_plan {
	int64_t accounts;
	int64_t days; /* calendar days from `from`; nothing happens on Saturdays and Sundays */
	int64_t seed;
	date_t from;
};

/* One line of the events file, or of the truth file. False ends the work with *err. */
typedef bool company_line_fn(void *ctx, bool truth, struct text line, struct err *err);
/* How far it is: days done. */
typedef void company_day_fn(void *ctx, date_t day, int64_t days_done);

bool company_generate(const struct company_plan *plan, company_line_fn *line, company_day_fn *day, void *ctx, struct err *err);

#endif
