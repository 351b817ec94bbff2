/*
 * period: closed periods and the first open day (LEDGER section 3, RPT-07). Pure.
 *
 * An entity's closed days are kept as spans that neither overlap nor touch, in order of time; a year that was closed month by month is
 * one span. What is not closed is open. Soft-closed days take what a person insists on by command; for everything else they are closed.
 */
#ifndef BILLING_PERIOD_H
#define BILLING_PERIOD_H

#include "arena/arena.h"
#include "date/date.h"

#define PERIOD_SPANS_MAX 60 /* beyond it the oldest span is forgotten: documents are dated today */

struct period_span {
	date_t first_day, last_day;
};

struct period_list {
	struct period_span span[PERIOD_SPANS_MAX + 2];
	size_t n;
};

struct periods {
	struct period_list closed, soft;
};

void bil_period_close(struct period_list *list, date_t first_day, date_t last_day);
void bil_period_open(struct period_list *list, date_t first_day, date_t last_day);

/* The day itself, or the first open one after it. A span to the end of the calendar closes nothing: no day would follow. */
date_t bil_period_first_open(const struct periods *periods, date_t day);
/* May a person insist on this day? */
bool bil_period_takes(const struct periods *periods, date_t day);

#endif
