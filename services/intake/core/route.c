#include "core/route.h"

static struct text order_account(const struct crm_sales_order_event *e)
{
	switch (e->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
		return e->order_booked->order->account;
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		return e->order_amended->order->account;
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
		return e->order_fulfilled->account;
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
		return e->order_cancelled->account;
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
		return e->opening_item->account;
	case CRM_SALES_ORDER_EVENT_NONE:
		break;
	}
	base_check_failed(__FILE__, __LINE__, "not a sales order event");
}

static struct text currency_of(const struct money *m)
{
	return (struct text){ m->currency, strnlen(m->currency, sizeof(m->currency)) };
}

bool intake_bank(const struct intake_event *event, struct intake_bank *ret)
{
	if (event->fact_case != INTAKE_EVENT_PAYMENT)
		return false;
	const struct bank_payment_event *e = event->payment;

	switch (e->event_case) {
	case BANK_PAYMENT_EVENT_LINE_BOOKED:
		*ret = (struct intake_bank){ e->line_booked->bank_account, e->line_booked->entity,
					     currency_of(&e->line_booked->amount) };
		return true;
	case BANK_PAYMENT_EVENT_LINE_RETURNED:
		*ret = (struct intake_bank){ e->line_returned->bank_account, e->line_returned->entity,
					     currency_of(&e->line_returned->amount) };
		return true;
	case BANK_PAYMENT_EVENT_STATEMENT_CLOSED:
		*ret = (struct intake_bank){ e->statement_closed->bank_account, e->statement_closed->entity,
					     currency_of(&e->statement_closed->closing) };
		return true;
	case BANK_PAYMENT_EVENT_REMITTANCE_ADVISED:
		*ret = (struct intake_bank){ e->remittance_advised->bank_account, e->remittance_advised->entity,
					     currency_of(&e->remittance_advised->amount) };
		return true;
	case BANK_PAYMENT_EVENT_NONE:
		break;
	}
	base_check_failed(__FILE__, __LINE__, "not a payment event");
}

struct text intake_account(const struct intake_event *event, struct arena *arena)
{
	struct intake_bank bank;

	switch (event->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
		return event->customer->customer_recorded->account;
	case INTAKE_EVENT_SALES_ORDER:
		return order_account(event->sales_order);
	case INTAKE_EVENT_PAYMENT:
		CHECK(intake_bank(event, &bank));
		return text_printf(arena, "~" TEXT_FMT, TEXT_ARG(bank.bank_account));
	case INTAKE_EVENT_COMMAND:
		return event->command->account;
	case INTAKE_EVENT_REFERENCE:
	case INTAKE_EVENT_DEAD_LETTER:
	case INTAKE_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

/* Empty: any key will do. */
static struct text reference_key(const struct reference_event *e)
{
	switch (e->event_case) {
	case REFERENCE_EVENT_ENTITY_RECORDED:
		return e->entity_recorded->entity;
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED:
		return e->bank_account_recorded->entity;
	case REFERENCE_EVENT_PERIOD_RECORDED:
		return e->period_recorded->entity;
	case REFERENCE_EVENT_DAY_OPENED:
	case REFERENCE_EVENT_DAY_CLOSED:
		return TEXT("~day");
	case REFERENCE_EVENT_TERMS_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
	case REFERENCE_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static struct text expected_key(const struct intake_event *event)
{
	struct intake_bank bank;

	if (event->fact_case == INTAKE_EVENT_REFERENCE)
		return reference_key(event->reference);
	if (intake_bank(event, &bank))
		return bank.bank_account;
	return intake_account(event, NULL);
}

bool intake_check_key(const struct intake_event *event, struct text key, struct err *err)
{
	struct text expected = expected_key(event);

	if (text_empty(key) || text_empty(expected) || text_eq(key, expected))
		return true;
	return err_set(err, ERR_REJECT, "key_mismatch", "the record key is not what the event is about, expected " TEXT_FMT,
		       TEXT_ARG(expected));
}
