/*
 * collections, the journey (COL-02, LEDGER section 5):
 *
 *   ar.billing.v1   a document             -> note: its items are open here too
 *   ar.cash.v1      receipt, application,
 *                   unapplication, return  -> note: open amounts move; a return lets the same episode resume
 *   ar.intake.v1    ladder_recorded        -> note: a version of the ladder
 *                   customer_recorded,
 *                   day_opened             -> note: whom a notice goes to; what day it is
 *                   day_closed             -> decide: every subject of the lane is judged: promises, episodes, notices, then day_judged
 *                   set_block, lift_block,
 *                   set_hold, lift_hold,
 *                   make_promise,
 *                   cancel_promise         -> decide: done, or refused (core/command.h)
 */
#include "collections/collections.h"
#include "collections/core/command.h"
#include "collections/core/customer.h"
#include "collections/core/day.h"
#include "collections/core/items.h"
#include "collections/tables.h"
#include "ev/collections.h"
#include "ev/intake.h"
#include "wire/wire.h"

enum source { FROM_INTAKE, FROM_BILLING, FROM_CASH };

/* ---- which facts concern us --------------------------------------------------------------------------------------------- */

static const struct reference_event *reference_of(const struct intake_event *e)
{
	return e->fact_case == INTAKE_EVENT_REFERENCE ? e->reference : NULL;
}

static const struct command_event *command_of(const struct intake_event *e)
{
	return e->fact_case == INTAKE_EVENT_COMMAND ? e->command : NULL;
}

static struct crm_customer_recorded *customer_of(const struct intake_event *e)
{
	return e->fact_case == INTAKE_EVENT_CUSTOMER ? e->customer->customer_recorded : NULL;
}

static bool intake_concerns(const void *event)
{
	const struct reference_event *r = reference_of(event);
	const struct command_event *c = command_of(event);

	if (r != NULL)
		return r->event_case == REFERENCE_EVENT_LADDER_RECORDED || r->event_case == REFERENCE_EVENT_DAY_OPENED ||
		       r->event_case == REFERENCE_EVENT_DAY_CLOSED;
	return customer_of(event) != NULL || (c != NULL && command_concerns(c));
}

static bool billing_concerns(const void *event)
{
	const struct billing_event *e = event;

	return e->event_case == BILLING_EVENT_INVOICE_ISSUED || e->event_case == BILLING_EVENT_CREDIT_MEMO_ISSUED ||
	       e->event_case == BILLING_EVENT_DEBIT_MEMO_ISSUED || e->event_case == BILLING_EVENT_ITEM_TAKEN_ON;
}

static bool cash_concerns(const void *event)
{
	return items_concern(event);
}

/* ---- want ------------------------------------------------------------------------------------------------------------------ */

static struct collections_business_day day_key(const struct input *input)
{
	return (struct collections_business_day){ .lane = input->lane };
}

static void want_intake(struct book *book, const struct input *input, const struct intake_event *e)
{
	struct crm_customer_recorded *customer = customer_of(e);
	struct collections_business_day day = day_key(input);

	if (customer != NULL)
		customer_want(book, input, customer->account, customer->effective_from);
	else if (command_of(e) != NULL)
		command_want(book, input, command_of(e));
	else if (reference_of(e)->event_case == REFERENCE_EVENT_DAY_CLOSED)
		day_want(book, input, reference_of(e)->day_closed);
	else if (reference_of(e)->event_case == REFERENCE_EVENT_DAY_OPENED)
		book_want(book, &collections_business_day_table, BOOK_KEY, &day);
}

static void want(struct book *book, const struct input *input)
{
	if (input->source == FROM_BILLING) {
		items_want_billing(book, input, input->event);
	} else if (input->source == FROM_CASH) {
		items_want_cash(book, input, input->event);
	} else {
		want_intake(book, input, input->event);
	}
}

/* ---- note ------------------------------------------------------------------------------------------------------------------ */

static void note_ladder(struct book *book, const struct input *input, struct reference_ladder_recorded *ladder)
{
	book_put(book, &collections_ladder_table,
		 &(struct collections_ladder){ .lane = input->lane,
					       .version = ladder->version,
					       .effective_from = ladder->effective_from,
					       .ladder = ladder });
}

static void note_day(struct book *book, const struct input *input, date_t business_date)
{
	struct collections_business_day row = day_key(input);
	const struct collections_business_day *old = book_get(book, &collections_business_day_table, &row);

	row.business_date = business_date;
	if (old == NULL || old->business_date < business_date)
		book_put(book, &collections_business_day_table, &row);
}

static void note_intake(struct book *book, const struct input *input, const struct intake_event *e)
{
	const struct reference_event *r = reference_of(e);

	if (customer_of(e) != NULL)
		customer_note(book, input, customer_of(e));
	else if (r != NULL && r->event_case == REFERENCE_EVENT_LADDER_RECORDED)
		note_ladder(book, input, r->ladder_recorded);
	else if (r != NULL && r->event_case == REFERENCE_EVENT_DAY_OPENED)
		note_day(book, input, r->day_opened->business_date);
}

static void note(struct book *book, const struct input *input)
{
	if (input->source == FROM_BILLING)
		items_note_billing(book, input, input->event);
	else if (input->source == FROM_CASH)
		items_note_cash(book, input, input->event);
	else
		note_intake(book, input, input->event);
}

/* ---- decide ---------------------------------------------------------------------------------------------------------------- */

static enum decided decide(struct decision *d)
{
	if (d->input->source != FROM_INTAKE)
		return DECIDED;
	const struct reference_event *r = reference_of(d->input->event);
	const struct command_event *c = command_of(d->input->event);
	if (r != NULL && r->event_case == REFERENCE_EVENT_DAY_CLOSED)
		return day_decide(d, r->day_closed);
	if (c != NULL)
		command_decide(d, c);
	return DECIDED;
}

/* ---- apply ----------------------------------------------------------------------------------------------------------------- */

static struct collections_subject subject_of(struct book *book, const struct input *input, struct text account, struct text entity,
					     struct text currency)
{
	struct collections_subject key = { .lane = input->lane, .account = account, .entity = entity, .notice_date = DATE_NONE };

	memcpy(key.currency, currency.s, MIN(currency.n, (size_t)3));
	const struct collections_subject *s = book_get(book, &collections_subject_table, &key);
	return s != NULL ? *s : key;
}

static void apply_notice(struct book *book, const struct input *input, struct text account,
			 const struct collections_notice_issued *n)
{
	struct collections_subject s = subject_of(book, input, account, n->entity, text_of(n->amount.currency));

	s.level = n->level;
	s.notice_date = n->notice_date;
	book_put(book, &collections_subject_table, &s);
}

static void apply_episode(struct book *book, const struct input *input, const struct collections_event *e)
{
	bool begun = e->event_case == COLLECTIONS_EVENT_EPISODE_BEGUN;
	struct collections_subject s =
		begun ? subject_of(book, input, e->account, e->episode_begun->entity, e->episode_begun->currency_code)
		      : subject_of(book, input, e->account, e->episode_ended->entity, e->episode_ended->currency_code);

	s.in_episode = begun;
	s.returned = false;
	if (begun) {
		s.episode = e->episode_begun->episode;
		s.level = e->episode_begun->level;
	}
	book_put(book, &collections_subject_table, &s);
}

static void apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct collections_event *e = outcome->event;

	if (command_apply(book, input, e))
		return;
	switch (e->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		apply_notice(book, input, e->account, e->notice_issued);
		break;
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
	case COLLECTIONS_EVENT_EPISODE_ENDED:
		apply_episode(book, input, e);
		break;
	case COLLECTIONS_EVENT_DAY_JUDGED:
	case COLLECTIONS_EVENT_REFUSED:
	case COLLECTIONS_EVENT_BLOCK_SET:
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
	case COLLECTIONS_EVENT_PROMISE_MADE:
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
	case COLLECTIONS_EVENT_HOLD_SET:
	case COLLECTIONS_EVENT_HOLD_LIFTED:
	case COLLECTIONS_EVENT_NONE:
		break;
	}
}

/* ---- the service ------------------------------------------------------------------------------------------------------------- */

const struct core collections_core = {
	.name = "collections",
	.tables = collections_tables,
	.n_tables = ARRAY_LEN(collections_tables),
	.outcome_msg = &collections_event_msg,
	.provenance_offset = offsetof(struct collections_event, provenance),
	.want = want,
	.note = note,
	.decide = decide,
	.apply = apply,
};

static const struct run_source sources[] = {
	[FROM_INTAKE] = { "ar.intake.v1", intake_concerns },
	[FROM_BILLING] = { "ar.billing.v1", billing_concerns },
	[FROM_CASH] = { "ar.cash.v1", cash_concerns },
};

const struct run_service collections_service = {
	.core = &collections_core,
	.sources = sources,
	.n_sources = ARRAY_LEN(sources),
	.outcome_topic = "ar.collections.v1",
};
