#include "cash/core/facts.h"

#include "ev/intake.h"
#include "cash/tables.h"

static const struct reference_event *reference_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->reference;
}

void cash_period_note(struct book *book, const struct input *input)
{
	const struct reference_period_recorded *period = reference_of(input)->period_recorded;

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
