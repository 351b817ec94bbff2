/*
 * kpi: collection figures from the totals of months (RPT-03, LEDGER section 6). Pure, integers only.
 *
 * All per entity and currency, AR net of open credits, billed with tax, without take-on. In tenths of days and tenths of percent, half away
 * from zero. billed <= 0, or a denominator <= 0: not available.
 */
#ifndef CLI_KPI_H
#define CLI_KPI_H

#include "base/base.h"

#define KPI_NONE           INT64_MIN
#define KPI_COUNT_BACK_MAX 24 /* months; with more the figure is "at least" */

struct kpi_month {
	int32_t days;
	int64_t billed_minor, ar_begin_minor, ar_end_minor, current_end_minor;
};

struct kpi {
	int64_t dso_simple; /* AR / billed x days of the month */
	int64_t dso_count_back; /* months billed are taken off AR, the latest first; the last one in part */
	bool at_least; /* count-back ran out of months */
	int64_t best_possible; /* current AR / billed x days */
	int64_t days_delinquent; /* DSO simple - best possible */
	int64_t cei; /* (begin + billed - end) / (begin + billed - current end): the month's own */
};

/* Of the last of n months, in order of time. */
struct kpi kpi_compute(const struct kpi_month *months, size_t n);

#endif
