#include "reporting/core/intake.h"
#include "reporting/tables.h"

static struct text order_subject(const struct crm_sales_order_event *ev)
{
	switch (ev->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
		return ev->order_booked->order->order_id;
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		return ev->order_amended->order->order_id;
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
		return ev->order_fulfilled->order_id;
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
		return ev->order_cancelled->order_id;
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
		return ev->opening_item->external_number;
	case CRM_SALES_ORDER_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static struct text payment_subject(const struct bank_payment_event *ev)
{
	switch (ev->event_case) {
	case BANK_PAYMENT_EVENT_LINE_BOOKED:
		return ev->line_booked->line_id;
	case BANK_PAYMENT_EVENT_LINE_RETURNED:
		return ev->line_returned->line_id;
	case BANK_PAYMENT_EVENT_STATEMENT_CLOSED:
		return ev->statement_closed->statement_id;
	case BANK_PAYMENT_EVENT_REMITTANCE_ADVISED:
		return ev->remittance_advised->advice_id;
	case BANK_PAYMENT_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static struct text command_subject(const struct command_event *ev)
{
	switch (ev->command_case) {
	case COMMAND_EVENT_ASSIGN_PAYER:
		return ev->assign_payer->line_id;
	case COMMAND_EVENT_SEND_BACK:
		return ev->send_back->document_id;
	case COMMAND_EVENT_APPLY:
		return ev->apply->credit->document_id;
	case COMMAND_EVENT_UNAPPLY:
		return ev->unapply->credit->document_id;
	case COMMAND_EVENT_SET_BLOCK:
		return ev->set_block->block_id;
	case COMMAND_EVENT_LIFT_BLOCK:
		return ev->lift_block->block_id;
	case COMMAND_EVENT_SET_HOLD:
		return ev->set_hold->hold_id;
	case COMMAND_EVENT_LIFT_HOLD:
		return ev->lift_hold->hold_id;
	case COMMAND_EVENT_MAKE_PROMISE:
		return ev->make_promise->promise_id;
	case COMMAND_EVENT_CANCEL_PROMISE:
		return ev->cancel_promise->promise_id;
	case COMMAND_EVENT_ISSUE_CREDIT_MEMO:
		return ev->issue_credit_memo->document_id;
	case COMMAND_EVENT_ISSUE_DEBIT_MEMO:
		return ev->issue_debit_memo->reference;
	case COMMAND_EVENT_PLACE_ON_ACCOUNT:
		return ev->place_on_account->credit->document_id;
	case COMMAND_EVENT_TAKE_OFF_ACCOUNT:
		return ev->take_off_account->credit->document_id;
	case COMMAND_EVENT_IDENTIFY_AGAIN:
		return ev->identify_again->line_id;
	case COMMAND_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

struct text reporting_intake_subject(const struct intake_event *ev)
{
	switch (ev->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
		return ev->account;
	case INTAKE_EVENT_SALES_ORDER:
		return order_subject(ev->sales_order);
	case INTAKE_EVENT_PAYMENT:
		return payment_subject(ev->payment);
	case INTAKE_EVENT_COMMAND:
		return command_subject(ev->command);
	case INTAKE_EVENT_REFERENCE:
	case INTAKE_EVENT_DEAD_LETTER:
	case INTAKE_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static void note_customer(const struct reporting_note *n, const struct crm_customer_recorded *c)
{
	struct reporting_customer row = {
		.lane = n->input->lane,
		.account = c->account,
		.effective_from = c->effective_from,
		.legal_name = c->legal_name,
		.terms_code = c->terms_code,
		.parent_account = c->parent_account,
		.apply_oldest_first = c->apply_oldest_first,
		.ledger_seq = n->ledger_seq,
	};

	book_put(n->book, &reporting_customer_table, &row);
}

static void note_entity(const struct reporting_note *n, const struct reference_entity_recorded *e)
{
	struct reporting_entity row = {
		.lane = n->input->lane,
		.entity = e->entity,
		.name = e->name,
		.fiscal_year_start_month = e->fiscal_year_start_month,
		.number_prefix = e->number_prefix,
		.ledger_seq = n->ledger_seq,
	};

	snprintf(row.functional_currency, sizeof(row.functional_currency), TEXT_FMT, TEXT_ARG(e->functional_currency));
	book_put(n->book, &reporting_entity_table, &row);
}

static void note_day(const struct reporting_note *n, const struct text *entities, size_t n_entities, date_t opened_on,
		     date_t closed_on)
{
	for (size_t i = 0; i < n_entities; i++) {
		struct reporting_day row = {
			.lane = n->input->lane,
			.entity = entities[i],
			.opened_on = opened_on,
			.closed_on = closed_on,
			.ledger_seq = n->ledger_seq,
		};

		book_put(n->book, &reporting_day_table, &row);
	}
}

static void note_reference(const struct reporting_note *n, const struct reference_event *ev)
{
	switch (ev->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		note_entity(n, ev->entity_recorded);
		return;
	case REFERENCE_EVENT_DAY_OPENED:
		note_day(n, ev->day_opened->entities, ev->day_opened->n_entities, ev->day_opened->business_date, DATE_NONE);
		return;
	case REFERENCE_EVENT_DAY_CLOSED:
		note_day(n, ev->day_closed->entities, ev->day_closed->n_entities, DATE_NONE, ev->day_closed->business_date);
		return;
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
	case REFERENCE_EVENT_TERMS_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
	case REFERENCE_EVENT_PERIOD_RECORDED:
	case REFERENCE_EVENT_NONE:
		return;
	}
}

void reporting_intake_note(const struct reporting_note *n, const struct intake_event *ev)
{
	if (ev->fact_case == INTAKE_EVENT_CUSTOMER && ev->customer->event_case == CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED)
		note_customer(n, ev->customer->customer_recorded);
	else if (ev->fact_case == INTAKE_EVENT_REFERENCE)
		note_reference(n, ev->reference);
}
