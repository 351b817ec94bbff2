/* period: see period.h. */
#include "cli/period.h"

static bool month(struct text what, date_t *ret_from, date_t *ret_to)
{
	char day[DATE_TEXT_SIZE];

	if (what.n != 7)
		return false;
	snprintf(day, sizeof(day), "%.7s-01", what.s);
	if (!date_parse(text_of(day), ret_from))
		return false;
	*ret_to = date_eom(*ret_from);
	return true;
}

bool period_parse(struct text what, struct err *err, date_t *ret_from, date_t *ret_to)
{
	size_t dots = text_find(what, TEXT(".."));

	if (month(what, ret_from, ret_to))
		return true;
	if (dots != TEXT_NOT_FOUND && date_parse((struct text){ what.s, dots }, ret_from) &&
	    date_parse((struct text){ what.s + dots + 2, what.n - dots - 2 }, ret_to) && *ret_from <= *ret_to)
		return true;
	return err_set(err, ERR_REJECT, "usage", "\"" TEXT_FMT "\": expected a month like 2026-01, or 2026-01-01..2026-01-31",
		       TEXT_ARG(what));
}
