/*
 * The journey of cash: every input it knows, in reading order, and what happens with it.
 *
 *	bank line       posted on the holding account; payer known: sent to the customer's account (ar.transfer)
 *	                payer not known: waits there, is tried again each morning, or a person assigns it
 *	transfer        accepted as a receipt and applied by rules; unknown account: refused, and back at its sender
 *	credit memo     applied to the invoice it names
 *	return          posted on the holding account, then follows its money until both close each other
 *	advice          joined to its line; its references identify the payer, or follow the money and apply it
 *	commands        assign_payer, identify_again, send_back, apply, unapply, place_on_account, take_off_account
 *
 * Each input has one reading function that want and decide share (core/rows.h). decide emits outcomes, core/state.c applies them.
 */
#include "cash/cash.h"

#include "cash/core/advice.h"
#include "cash/core/command.h"
#include "cash/core/customer.h"
#include "cash/core/document.h"
#include "cash/core/facts.h"
#include "cash/core/line.h"
#include "cash/core/on_account.h"
#include "cash/core/returns.h"
#include "cash/core/state.h"
#include "cash/core/statement.h"
#include "cash/core/transfer.h"
#include "ev/all.h"
#include "cash/tables.h"

enum { SOURCE_INTAKE, SOURCE_BILLING, SOURCE_TRANSFER };

/* ---- customer_recorded: who is known here, and how they show up on bank lines ------------------------------------------ */

static const struct crm_customer_recorded *customer_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->customer->customer_recorded;
}

static void customer_want(struct book *book, const struct input *input)
{
	cash_customer_want(book, input, customer_of(input));
}

static void customer_note(struct book *book, const struct input *input)
{
	cash_customer_note(book, input, customer_of(input));
}

/* ---- the inputs ---------------------------------------------------------------------------------------------------------- */

struct journey {
	void (*want)(struct book *book, const struct input *input);
	void (*note)(struct book *book, const struct input *input);
	enum decided (*decide)(struct decision *d);
};

/* Copies of others' facts. */
static const struct journey customer_recorded = { customer_want, customer_note, NULL };
static const struct journey period_recorded = { cash_period_want, cash_period_note, NULL };
static const struct journey cash_rules_recorded = { NULL, cash_rules_note, NULL };
/* Invoices, memos and opening items become items; a memo is applied to its invoice. */
static const struct journey document_issued = { cash_document_want, cash_document_note, cash_document_decide };
/* The bank, on holding accounts. */
static const struct journey line_booked = { cash_line_booked_want, NULL, cash_line_booked_decide };
static const struct journey line_returned = { cash_line_returned_want, NULL, cash_line_returned_decide };
static const struct journey statement_closed = { cash_statement_closed_want, NULL, cash_statement_closed_decide };
static const struct journey remittance_advised = { cash_remittance_advised_want, NULL, cash_remittance_advised_decide };
static const struct journey day_opened = { cash_day_opened_want, cash_day_note, cash_day_opened_decide };
/* Money on its way, at the account it is addressed to. */
static const struct journey transfer_sent = { cash_transfer_sent_want, NULL, cash_transfer_sent_decide };
static const struct journey transfer_refused = { cash_transfer_refused_want, NULL, cash_transfer_refused_decide };
static const struct journey return_passed_on = { cash_return_passed_on_want, NULL, cash_return_passed_on_decide };
static const struct journey advice_passed_on = { cash_advice_passed_on_want, NULL, cash_advice_passed_on_decide };
/* People. */
static const struct journey assign_payer = { cash_assign_payer_want, NULL, cash_assign_payer_decide };
static const struct journey send_back = { cash_send_back_want, NULL, cash_send_back_decide };
static const struct journey apply = { cash_apply_want, NULL, cash_apply_decide };
static const struct journey identify_again = { cash_identify_again_want, NULL, cash_identify_again_decide };
static const struct journey place_on_account = { cash_place_on_account_want, NULL, cash_place_on_account_decide };
static const struct journey take_off_account = { cash_take_off_account_want, NULL, cash_take_off_account_decide };
static const struct journey unapply = { cash_unapply_want, NULL, cash_unapply_decide };

static const struct journey *of_payment(const struct bank_payment_event *event)
{
	switch (event->event_case) {
	case BANK_PAYMENT_EVENT_LINE_BOOKED:
		return &line_booked;
	case BANK_PAYMENT_EVENT_LINE_RETURNED:
		return &line_returned;
	case BANK_PAYMENT_EVENT_STATEMENT_CLOSED:
		return &statement_closed;
	case BANK_PAYMENT_EVENT_REMITTANCE_ADVISED:
		return &remittance_advised;
	case BANK_PAYMENT_EVENT_NONE:
		break;
	}
	return NULL;
}

static const struct journey *of_command(const struct command_event *event)
{
	switch (event->command_case) {
	case COMMAND_EVENT_ASSIGN_PAYER:
		return &assign_payer;
	case COMMAND_EVENT_SEND_BACK:
		return &send_back;
	case COMMAND_EVENT_APPLY:
		return &apply;
	case COMMAND_EVENT_UNAPPLY:
		return &unapply;
	case COMMAND_EVENT_IDENTIFY_AGAIN:
		return &identify_again;
	case COMMAND_EVENT_PLACE_ON_ACCOUNT:
		return &place_on_account;
	case COMMAND_EVENT_TAKE_OFF_ACCOUNT:
		return &take_off_account;
	case COMMAND_EVENT_SET_BLOCK: /* collections */
	case COMMAND_EVENT_LIFT_BLOCK:
	case COMMAND_EVENT_SET_HOLD:
	case COMMAND_EVENT_LIFT_HOLD:
	case COMMAND_EVENT_MAKE_PROMISE:
	case COMMAND_EVENT_CANCEL_PROMISE:
	case COMMAND_EVENT_ISSUE_CREDIT_MEMO: /* billing */
	case COMMAND_EVENT_ISSUE_DEBIT_MEMO:
	case COMMAND_EVENT_NONE:
		break;
	}
	return NULL;
}

static const struct journey *of_reference(const struct reference_event *event)
{
	switch (event->event_case) {
	case REFERENCE_EVENT_CASH_RULES_RECORDED:
		return &cash_rules_recorded;
	case REFERENCE_EVENT_PERIOD_RECORDED:
		return &period_recorded;
	case REFERENCE_EVENT_DAY_OPENED:
		return &day_opened;
	case REFERENCE_EVENT_ENTITY_RECORDED: /* needed with foreign currency */
	case REFERENCE_EVENT_BANK_ACCOUNT_RECORDED: /* a bank line names entity and currency itself (LEDGER section 2) */
	case REFERENCE_EVENT_TERMS_RECORDED:
	case REFERENCE_EVENT_LADDER_RECORDED:
	case REFERENCE_EVENT_DAY_CLOSED:
	case REFERENCE_EVENT_NONE:
		break;
	}
	return NULL;
}

static const struct journey *of_intake(const struct intake_event *event)
{
	switch (event->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
		return event->customer->event_case == CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED ? &customer_recorded : NULL;
	case INTAKE_EVENT_PAYMENT:
		return of_payment(event->payment);
	case INTAKE_EVENT_COMMAND:
		return of_command(event->command);
	case INTAKE_EVENT_REFERENCE:
		return of_reference(event->reference);
	case INTAKE_EVENT_SALES_ORDER:
	case INTAKE_EVENT_DEAD_LETTER:
	case INTAKE_EVENT_NONE:
		break;
	}
	return NULL;
}

static const struct journey *of_transfer(const struct cash_event *event)
{
	switch (event->event_case) {
	case CASH_EVENT_TRANSFER_SENT:
		return &transfer_sent;
	case CASH_EVENT_TRANSFER_REFUSED:
		return &transfer_refused;
	case CASH_EVENT_RETURN_PASSED_ON:
		return &return_passed_on;
	case CASH_EVENT_ADVICE_PASSED_ON:
		return &advice_passed_on;
	default: /* nothing else has a destination */
		return NULL;
	}
}

static bool intake_concerns(const void *event)
{
	return of_intake(event) != NULL;
}

static bool billing_concerns(const void *event)
{
	return cash_document_of(event) != NULL;
}

static bool transfer_concerns(const void *event)
{
	return of_transfer(event) != NULL;
}

static const struct journey *journey_of(const struct input *input)
{
	switch (input->source) {
	case SOURCE_INTAKE:
		return of_intake(input->event);
	case SOURCE_BILLING:
		return billing_concerns(input->event) ? &document_issued : NULL;
	case SOURCE_TRANSFER:
		return of_transfer(input->event);
	}
	return NULL;
}

/* ---- want, note, decide --------------------------------------------------------------------------------------------------- */

static void want(struct book *book, const struct input *input)
{
	const struct journey *journey = journey_of(input);

	if (journey != NULL && journey->want != NULL)
		journey->want(book, input);
}

static void note(struct book *book, const struct input *input)
{
	const struct journey *journey = journey_of(input);

	if (journey != NULL && journey->note != NULL)
		journey->note(book, input);
}

static enum decided decide(struct decision *d)
{
	const struct journey *journey = journey_of(d->input);

	return journey != NULL && journey->decide != NULL ? journey->decide(d) : DECIDED;
}

/* ---- the service ---------------------------------------------------------------------------------------------------------- */

const struct core cash_core = {
	.name = "cash",
	.tables = cash_tables,
	.n_tables = CASH_TABLES_N,
	.outcome_msg = &cash_event_msg,
	.provenance_offset = offsetof(struct cash_event, provenance),
	.want = want,
	.note = note,
	.decide = decide,
	.apply = cash_state_apply,
};

static const struct run_source sources[] = {
	[SOURCE_INTAKE] = { "ar.intake.v1", intake_concerns },
	[SOURCE_BILLING] = { "ar.billing.v1", billing_concerns },
	[SOURCE_TRANSFER] = { "ar.transfer.v1", transfer_concerns },
};

const struct run_service cash_service = {
	.core = &cash_core,
	.sources = sources,
	.n_sources = ARRAY_LEN(sources),
	.outcome_topic = "ar.cash.v1",
	.fanout_topic = "ar.transfer.v1",
};
