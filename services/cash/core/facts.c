#include "cash/core/facts.h"

#include "ev/intake.h"
#include "cash/tables.h"

static const struct reference_event *reference_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->reference;
}

/* Closed and soft-closed periods that end on or after the first day. */
static struct rows periods_after(struct book *book, const struct input *input)
{
	const struct reference_period_recorded *period = reference_of(input)->period_recorded;

	return book_find(book, &cash_period_table, CASH_PERIOD_CLOSED_AFTER,
			 &(struct cash_period_row){
				 .lane = input->lane, .entity = period->entity, .last_day = date_add_days(period->first_day, -1) });
}

void cash_period_want(struct book *book, const struct input *input)
{
	periods_after(book, input);
}

/* What is left of a period outside of these days keeps its state. */
static void cut(struct book *book, const struct cash_period_row *row, date_t first_day, date_t last_day)
{
	struct cash_period_row before = *row, behind = *row;

	book_delete(book, &cash_period_table, row);
	if (row->first_day < first_day) {
		before.last_day = date_add_days(first_day, -1);
		book_put(book, &cash_period_table, &before);
	}
	if (row->last_day > last_day) {
		behind.first_day = date_add_days(last_day, 1);
		book_put(book, &cash_period_table, &behind);
	}
}

/* A day is in one state: the last that was said of it, whatever the bounds of the periods that said it (as in billing). */
void cash_period_note(struct book *book, const struct input *input)
{
	const struct reference_period_recorded *period = reference_of(input)->period_recorded;
	struct rows rows = periods_after(book, input);

	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_period_row *row = rows.row[i];
		if (row->first_day <= period->last_day)
			cut(book, row, period->first_day, period->last_day);
	}
	book_put(book, &cash_period_table,
		 &(struct cash_period_row){ .lane = input->lane,
					    .entity = period->entity,
					    .first_day = period->first_day,
					    .last_day = period->last_day,
					    .closed = period->state != REFERENCE_PERIOD_STATE_OPEN,
					    .soft = period->state == REFERENCE_PERIOD_STATE_SOFT_CLOSED });
}

void cash_rules_note(struct book *book, const struct input *input)
{
	const struct reference_cash_rules_recorded *recorded = reference_of(input)->cash_rules_recorded;
	struct buf rules = { .arena = book_arena(book) };

	for (size_t i = 0; i < recorded->n_rules; i++)
		buf_printf(&rules, "%d", (int)recorded->rules[i]);
	book_put(book, &cash_rules_table,
		 &(struct cash_rules_row){ .lane = input->lane,
					   .version = recorded->version,
					   .back = -recorded->version,
					   .effective_from = recorded->effective_from,
					   .rules = buf_text(&rules) });
}

void cash_day_note(struct book *book, const struct input *input)
{
	const struct reference_day_opened *day = reference_of(input)->day_opened;

	for (size_t i = 0; i < day->n_entities; i++)
		book_put(book, &cash_day_table,
			 &(struct cash_day_row){
				 .lane = input->lane, .entity = day->entities[i], .business_date = day->business_date });
}
