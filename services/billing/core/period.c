#include "period.h"

static void add(struct period_list *out, date_t first_day, date_t last_day)
{
	if (first_day > last_day)
		return;
	CHECK(out->n < ARRAY_LEN(out->span));
	out->span[out->n++] = (struct period_span){ first_day, last_day };
}

static void forget_oldest(struct period_list *list)
{
	while (list->n > PERIOD_SPANS_MAX)
		memmove(&list->span[0], &list->span[1], --list->n * sizeof(list->span[0]));
}

void bil_period_close(struct period_list *list, date_t first_day, date_t last_day)
{
	struct period_list out = { .n = 0 };
	bool placed = false;

	for (size_t i = 0; i < list->n; i++) {
		struct period_span s = list->span[i];
		if (s.last_day < first_day - 1) {
			add(&out, s.first_day, s.last_day);
		} else if (s.first_day > last_day + 1) {
			if (!placed)
				add(&out, first_day, last_day);
			placed = true;
			add(&out, s.first_day, s.last_day);
		} else {
			first_day = MIN(first_day, s.first_day);
			last_day = MAX(last_day, s.last_day);
		}
	}
	if (!placed)
		add(&out, first_day, last_day);
	forget_oldest(&out);
	*list = out;
}

void bil_period_open(struct period_list *list, date_t first_day, date_t last_day)
{
	struct period_list out = { .n = 0 };

	for (size_t i = 0; i < list->n; i++) {
		struct period_span s = list->span[i];
		if (s.last_day < first_day || s.first_day > last_day) {
			add(&out, s.first_day, s.last_day);
			continue;
		}
		add(&out, s.first_day, first_day - 1);
		add(&out, last_day + 1, s.last_day);
	}
	forget_oldest(&out);
	*list = out;
}

static date_t first_outside(const struct period_list *list, date_t day)
{
	for (size_t i = 0; i < list->n; i++)
		if (day >= list->span[i].first_day && day <= list->span[i].last_day && list->span[i].last_day < DATE_MAX)
			return date_add_days(list->span[i].last_day, 1);
	return day;
}

date_t bil_period_first_open(const struct periods *periods, date_t day)
{
	for (;;) {
		date_t open = first_outside(&periods->soft, first_outside(&periods->closed, day));
		if (open == day)
			return day;
		day = open;
	}
}

bool bil_period_takes(const struct periods *periods, date_t day)
{
	return first_outside(&periods->closed, day) == day;
}
