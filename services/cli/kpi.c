/* kpi: see kpi.h. */
#include "cli/kpi.h"
#include "money/money.h"

/* amount / of x scale, half away from zero. */
static int64_t ratio(int64_t amount, int64_t of, int64_t scale)
{
	int64_t r;

	if (of <= 0 || !money_ratio(amount, scale, of, ROUND_HALF_AWAY, &r))
		return KPI_NONE;
	return r;
}

/* The month in which AR runs out counts in part; a month with nothing billed, or less, counts whole and what it took back is left to find. */
static int64_t count_back(const struct kpi_month *months, size_t n, bool *ret_at_least)
{
	int64_t left = months[n - 1].ar_end_minor, tenths = 0;

	*ret_at_least = false;
	if (left <= 0)
		return left == 0 ? 0 : KPI_NONE;
	for (size_t i = n, seen = 0; i > 0; i--, seen++) {
		const struct kpi_month *m = &months[i - 1];
		if (seen == KPI_COUNT_BACK_MAX)
			break;
		if (m->billed_minor > 0 && left <= m->billed_minor)
			return tenths + ratio(left, m->billed_minor, (int64_t)m->days * 10);
		left -= m->billed_minor;
		tenths += (int64_t)m->days * 10;
	}
	*ret_at_least = true;
	return tenths;
}

struct kpi kpi_compute(const struct kpi_month *months, size_t n)
{
	const struct kpi_month *m = &months[n - 1];
	int64_t days = (int64_t)m->days * 10, due = m->ar_begin_minor + m->billed_minor;
	struct kpi k = {
		.dso_simple = ratio(m->ar_end_minor, m->billed_minor, days),
		.best_possible = ratio(m->current_end_minor, m->billed_minor, days),
		.days_delinquent = ratio(m->ar_end_minor - m->current_end_minor, m->billed_minor, days),
		.cei = ratio(due - m->ar_end_minor, due - m->current_end_minor, 1000),
	};

	k.dso_count_back = count_back(months, n, &k.at_least);
	return k;
}
