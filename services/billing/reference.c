/* reference: facts of others: customers, entities, terms, periods, business days. Noted, and what waited for them is released. */
#include "core/number.h"
#include "journey.h"

static const struct crm_customer_recorded *customer_of(const struct input *input)
{
	const struct intake_event *event = input->event;

	return event->fact_case == INTAKE_EVENT_CUSTOMER ? event->customer->customer_recorded : NULL;
}

static const struct reference_event *reference_of(const struct input *input)
{
	const struct intake_event *event = input->event;

	return event->fact_case == INTAKE_EVENT_REFERENCE ? event->reference : NULL;
}

/* Which wait this fact ends; empty: none. */
static struct text ends_wait(struct arena *arena, const struct input *input)
{
	const struct crm_customer_recorded *customer = customer_of(input);
	const struct reference_event *fact = reference_of(input);

	if (customer != NULL)
		return bil_park_wait_key(arena, PARK_CUSTOMER_UNKNOWN, customer->account);
	switch (fact->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		return bil_park_wait_key(arena, PARK_ENTITY_UNKNOWN, fact->entity_recorded->entity);
	case REFERENCE_EVENT_TERMS_RECORDED:
		return bil_park_wait_key(arena, PARK_TERMS_UNKNOWN, fact->terms_recorded->terms_code);
	case REFERENCE_EVENT_DAY_OPENED:
		return bil_park_wait_key(arena, PARK_DAY_UNKNOWN, TEXT_NONE);
	case REFERENCE_EVENT_PERIOD_RECORDED:
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
	case REFERENCE_EVENT_DAY_CLOSED:
	case REFERENCE_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

/* ---- want ------------------------------------------------------------------------------------------------------------- */

static void want_by_prefix(struct book *book, int32_t lane, struct text prefix)
{
	book_want(book, &bil_entity_table, ENTITY_BY_PREFIX, &(struct entity_row){ .lane = lane, .number_prefix = prefix });
}

static void want_reference(struct book *book, int32_t lane, const struct reference_event *fact)
{
	switch (fact->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		bil_want_entity(book, lane, fact->entity_recorded->entity);
		want_by_prefix(book, lane, fact->entity_recorded->number_prefix);
		break;
	case REFERENCE_EVENT_TERMS_RECORDED:
		bil_want_terms(book, lane, fact->terms_recorded->terms_code);
		break;
	case REFERENCE_EVENT_PERIOD_RECORDED:
		bil_want_closed(book, lane, fact->period_recorded->entity);
		break;
	case REFERENCE_EVENT_DAY_OPENED:
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
	case REFERENCE_EVENT_DAY_CLOSED:
	case REFERENCE_EVENT_NONE:
		break;
	}
}

void bil_reference_want(struct book *book, const struct input *input)
{
	const struct crm_customer_recorded *customer = customer_of(input);
	const struct reference_event *fact = reference_of(input);
	struct text wait = ends_wait(book_arena(book), input);

	bil_want_day(book, input->lane);
	date_t day = bil_see_day(book, input->lane);
	if (fact != NULL && fact->event_case == REFERENCE_EVENT_DAY_OPENED)
		day = MAX(day, fact->day_opened->business_date);
	if (customer != NULL) {
		bil_want_customer(book, input->lane, customer->account, customer->effective_from);
		bil_want_terms(book, input->lane, customer->terms_code);
	} else {
		want_reference(book, input->lane, fact);
	}
	if (!text_empty(wait))
		bil_parking_want_release(book, input->lane, wait, day);
}

/* ---- note ------------------------------------------------------------------------------------------------------------- */

/* Cuts the version in force on its first day in two. */
static void note_customer(struct book *book, int32_t lane, const struct crm_customer_recorded *record)
{
	const struct customer_row *old = bil_see_customer(book, lane, record->account, record->effective_from);
	struct customer_row row = {
		.lane = lane,
		.account = record->account,
		.until = DATE_MAX,
		.effective_from = record->effective_from,
		.terms_code = record->terms_code,
		.record = record,
	};

	if (old != NULL && old->effective_from > record->effective_from) {
		row.until = old->effective_from;
	} else if (old != NULL) {
		row.until = old->until;
		if (old->effective_from < record->effective_from) {
			struct customer_row before = *old;
			before.until = record->effective_from;
			book_put(book, &bil_customer_table, &before);
		}
	}
	book_put(book, &bil_customer_table, &row);
}

/* Numbers are unique because prefixes are: one that is not usable is not taken. */
static enum refusal check_prefix(struct book *book, int32_t lane, const struct reference_entity_recorded *fact)
{
	const struct entity_row *now = bil_see_entity(book, lane, fact->entity);
	struct rows holders = book_find(book, &bil_entity_table, ENTITY_BY_PREFIX,
					&(struct entity_row){ .lane = lane, .number_prefix = fact->number_prefix });

	if (!bil_number_prefix_valid(fact->number_prefix))
		return REFUSE_NUMBER_PREFIX_INVALID;
	for (size_t i = 0; i < holders.n; i++)
		if (!text_eq(((const struct entity_row *)holders.row[i])->entity, fact->entity))
			return REFUSE_NUMBER_PREFIX_TAKEN;
	return now != NULL && !text_eq(now->number_prefix, fact->number_prefix) ? REFUSE_NUMBER_PREFIX_CHANGED : REFUSE_NOTHING;
}

static void note_entity(struct book *book, int32_t lane, const struct reference_entity_recorded *fact)
{
	struct entity_row row = {
		.lane = lane,
		.entity = fact->entity,
		.fiscal_year_start_month = fact->fiscal_year_start_month,
		.number_prefix = fact->number_prefix,
		.single_series = fact->single_series,
	};

	if (check_prefix(book, lane, fact) != REFUSE_NOTHING)
		return;
	snprintf(row.functional_currency, sizeof(row.functional_currency), TEXT_FMT, TEXT_ARG(fact->functional_currency));
	book_put(book, &bil_entity_table, &row);
}

static void note_terms(struct book *book, int32_t lane, const struct reference_terms_recorded *fact)
{
	size_t n;
	const struct reference_terms_recorded *const *versions = bil_see_terms(book, lane, fact->terms_code, &n);
	bool known = false;

	for (size_t i = 0; i < n; i++)
		known |= versions[i]->version == fact->version;
	if (!known && n >= TERMS_VERSIONS_MAX)
		book_delete(book, &bil_terms_table,
			    &(struct terms_row){ .lane = lane, .terms_code = fact->terms_code, .version = versions[0]->version });
	book_put(book, &bil_terms_table,
		 &(struct terms_row){
			 .lane = lane,
			 .terms_code = fact->terms_code,
			 .version = fact->version,
			 .record = fact,
		 });
}

static void replace_spans(struct book *book, const struct closed_period_row *of, const struct period_list *before,
			  const struct period_list *after)
{
	struct closed_period_row row = *of;

	for (size_t i = 0; i < before->n; i++) {
		row.first_day = before->span[i].first_day;
		book_delete(book, &bil_closed_period_table, &row);
	}
	for (size_t i = 0; i < after->n; i++) {
		row.first_day = after->span[i].first_day;
		row.last_day = after->span[i].last_day;
		book_put(book, &bil_closed_period_table, &row);
	}
}

/* A period is in one state: what it was before ends. */
static void note_period(struct book *book, int32_t lane, const struct reference_period_recorded *fact)
{
	struct closed_period_row of = { .lane = lane, .entity = fact->entity };
	struct periods before, after;

	bil_see_closed(book, lane, fact->entity, &before);
	after = before;
	bil_period_open(&after.closed, fact->first_day, fact->last_day);
	bil_period_open(&after.soft, fact->first_day, fact->last_day);
	if (fact->state == REFERENCE_PERIOD_STATE_CLOSED)
		bil_period_close(&after.closed, fact->first_day, fact->last_day);
	else if (fact->state == REFERENCE_PERIOD_STATE_SOFT_CLOSED)
		bil_period_close(&after.soft, fact->first_day, fact->last_day);
	replace_spans(book, &of, &before.closed, &after.closed);
	of.soft = true;
	replace_spans(book, &of, &before.soft, &after.soft);
}

static void note_day(struct book *book, int32_t lane, date_t business_date)
{
	if (business_date > bil_see_day(book, lane))
		book_put(book, &bil_business_day_table, &(struct business_day_row){ .lane = lane, .business_date = business_date });
}

void bil_reference_note(struct book *book, const struct input *input)
{
	const struct crm_customer_recorded *customer = customer_of(input);
	const struct reference_event *fact = reference_of(input);

	if (customer != NULL) {
		note_customer(book, input->lane, customer);
		return;
	}
	switch (fact->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		note_entity(book, input->lane, fact->entity_recorded);
		break;
	case REFERENCE_EVENT_TERMS_RECORDED:
		note_terms(book, input->lane, fact->terms_recorded);
		break;
	case REFERENCE_EVENT_PERIOD_RECORDED:
		note_period(book, input->lane, fact->period_recorded);
		break;
	case REFERENCE_EVENT_DAY_OPENED:
		note_day(book, input->lane, fact->day_opened->business_date);
		break;
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
	case REFERENCE_EVENT_DAY_CLOSED:
	case REFERENCE_EVENT_NONE:
		break;
	}
}

/* ---- decide ----------------------------------------------------------------------------------------------------------- */

/* The one reference fact that can be refused: it concerns no account, so it is answered under a name that none can have. */
static bool refuse_entity(struct decision *d)
{
	const struct reference_event *fact = reference_of(d->input);
	struct job job = { .lane = d->input->lane, .input_type = TEXT("entity_recorded") };

	if (fact == NULL || fact->event_case != REFERENCE_EVENT_ENTITY_RECORDED || d->input->cursor.n > 0)
		return false;
	enum refusal why = check_prefix(d->book, d->input->lane, fact->entity_recorded);
	if (why == REFUSE_NOTHING)
		return false;
	job.account = text_printf(d->arena, "~entity/" TEXT_FMT, TEXT_ARG(fact->entity_recorded->entity));
	job.subject = fact->entity_recorded->entity;
	bil_refuse(d, &job, false, why, text_printf(d->arena, "prefix " TEXT_FMT, TEXT_ARG(fact->entity_recorded->number_prefix)));
	return true;
}

enum decided bil_reference_decide(struct decision *d)
{
	struct text wait = ends_wait(d->arena, d->input);

	if (text_empty(wait) || refuse_entity(d))
		return DECIDED;
	return bil_parking_release(d, wait);
}
