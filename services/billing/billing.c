/*
 * billing: orders become invoices, cancellations become credit memos, the past is taken on. The journey, input by input:
 *
 *	customer, entity, terms, period, day	reference.c: noted; what waited for it is released (parking.c)
 *	order booked, amended			orders.c: checked, recorded
 *	order fulfilled				orders.c: lines, taxes, dates, number, journal -> invoice issued
 *	order cancelled				orders.c: a credit memo per invoice, then recorded
 *	opening item				opening.c: taken on
 *	credit and debit memos by command	commands.c: documents, or a refusal: commands do not wait
 *	anything too early			parking.c: parked, released later in order
 *
 * Pure: book in, outcomes out. What is computed stands in core/, what is kept in tables.h.
 */
#include "billing.h"

#include "journey.h"

/* ---- sources ---------------------------------------------------------------------------------------------------------- */

/* Payments and what only others look at move the position, nothing else. */
static bool concerns(const void *event)
{
	const struct intake_event *fact = event;

	switch (fact->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
	case INTAKE_EVENT_SALES_ORDER:
		return true;
	case INTAKE_EVENT_REFERENCE:
		switch (fact->reference->event_case) {
		case REFERENCE_EVENT_ENTITY_RECORDED:
		case REFERENCE_EVENT_TERMS_RECORDED:
		case REFERENCE_EVENT_PERIOD_RECORDED:
		case REFERENCE_EVENT_DAY_OPENED:
			return true;
		case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
		case REFERENCE_EVENT_LADDER_RECORDED:
		case REFERENCE_EVENT_CASH_RULES_RECORDED:
		case REFERENCE_EVENT_DAY_CLOSED:
		case REFERENCE_EVENT_NONE:
			break;
		}
		return false;
	case INTAKE_EVENT_COMMAND:
		return fact->command->command_case == COMMAND_EVENT_ISSUE_CREDIT_MEMO ||
		       fact->command->command_case == COMMAND_EVENT_ISSUE_DEBIT_MEMO;
	case INTAKE_EVENT_PAYMENT:
	case INTAKE_EVENT_DEAD_LETTER:
	case INTAKE_EVENT_NONE:
		break;
	}
	return false;
}

static const struct run_source sources[] = {
	{ .topic = "ar.intake.v1", .concerns = concerns },
};

static bool is_order(const struct input *input)
{
	return ((const struct intake_event *)input->event)->fact_case == INTAKE_EVENT_SALES_ORDER;
}

static bool is_command(const struct input *input)
{
	return ((const struct intake_event *)input->event)->fact_case == INTAKE_EVENT_COMMAND;
}

/* ---- want, note ------------------------------------------------------------------------------------------------------- */

static void want(struct book *book, const struct input *input)
{
	if (!concerns(input->event))
		return;
	if (is_order(input))
		bil_parking_want(book, input);
	else if (is_command(input))
		bil_commands_want(book, input);
	else
		bil_reference_want(book, input);
}

static void note(struct book *book, const struct input *input)
{
	if (concerns(input->event) && !is_order(input) && !is_command(input))
		bil_reference_note(book, input);
}

/* ---- decide ----------------------------------------------------------------------------------------------------------- */

static enum decided decide(struct decision *d)
{
	if (!concerns(d->input->event))
		return DECIDED;
	if (is_command(d->input)) {
		bil_commands_decide(d);
		return DECIDED;
	}
	if (!is_order(d->input))
		return bil_reference_decide(d);
	if (text_eq(d->input->cursor, BILLING_CURSOR_RELEASE))
		return bil_parking_release(d, PARK_READY);
	struct job job = bil_job_of_input(d->arena, d->input);
	switch (bil_decide_job(d, &job)) {
	case STEP_TAKEN:
		return bil_parking_follow(d, &job);
	case STEP_WAITS:
		return DECIDED;
	case STEP_UNFINISHED:
		break;
	}
	d->cursor = TEXT("goes on");
	return MORE;
}

struct billing_event *bil_answer_new(struct decision *d, const struct job *job, bool takes_version)
{
	struct billing_event *event = WIRE_NEW(d->arena, billing_event);

	event->account = job->account;
	event->order_id = job->order_id;
	event->order_version = job->order_version;
	event->takes_version = takes_version;
	return event;
}

/* goes_on: not the last answer to this event, though nothing more follows now. */
void bil_answer(struct decision *d, const struct job *job, struct billing_event *event, bool goes_on, struct text rule_version)
{
	core_emit(d, &(struct outcome){
			     .key = job->account,
			     .event = event,
			     .destination_lane = -1,
			     .parked = goes_on,
			     .cause = job->cause,
			     .rule_versions = { rule_version },
		     });
}

enum step bil_refuse(struct decision *d, const struct job *job, bool takes_version, enum refusal why, struct text what)
{
	struct billing_event *event = bil_answer_new(d, job, takes_version);

	event->event_case = BILLING_EVENT_REFUSED;
	event->refused = WIRE_NEW(d->arena, type_refused);
	event->refused->reason = bil_refusal_name(why);
	event->refused->detail = bil_refusal_sentence(why);
	if (!text_empty(what))
		event->refused->detail =
			text_printf(d->arena, TEXT_FMT ": " TEXT_FMT, TEXT_ARG(what), TEXT_ARG(bil_refusal_sentence(why)));
	event->refused->subject = job->subject;
	event->refused->input_type = job->event != NULL ? wire_event_name(&crm_sales_order_event_msg, job->event) : job->input_type;
	bil_answer(d, job, event, false, TEXT_NONE);
	return STEP_TAKEN;
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

/* The order stands at this version now, also when its event was refused. */
static void take_version(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct sales_order_row *order = bil_see_order(book, lane, event->account, event->order_id);

	if (order == NULL)
		return;
	struct sales_order_row next = *order;
	next.version = event->order_version;
	book_put(book, &bil_sales_order_table, &next);
}

static void apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct billing_event *event = outcome->event;

	switch (event->event_case) {
	case BILLING_EVENT_ORDER_RECORDED:
		bil_orders_apply(book, input->lane, event);
		break;
	case BILLING_EVENT_INVOICE_ISSUED:
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		bil_documents_apply(book, input->lane, event);
		break;
	case BILLING_EVENT_ITEM_TAKEN_ON:
		bil_opening_apply(book, input->lane, event);
		break;
	case BILLING_EVENT_PARKED:
	case BILLING_EVENT_REFUSED:
	case BILLING_EVENT_NONE:
		break;
	}
	if (event->takes_version)
		take_version(book, input->lane, event);
	bil_parking_apply(book, input, outcome);
}

/* ---- what billing is to common/run -------------------------------------------------------------------------------------- */

static const struct core billing_core = {
	.name = "billing",
	.tables = bil_tables,
	.n_tables = BILLING_TABLES_N,
	.outcome_msg = &billing_event_msg,
	.provenance_offset = offsetof(struct billing_event, provenance),
	.want = want,
	.note = note,
	.decide = decide,
	.apply = apply,
};

const struct run_service billing_service = {
	.core = &billing_core,
	.sources = sources,
	.n_sources = ARRAY_LEN(sources),
	.outcome_topic = "ar.billing.v1",
};
