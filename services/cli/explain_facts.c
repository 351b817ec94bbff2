/* explain_facts: see explain_facts.h. */
#include "cli/explain_facts.h"
#include "cli/out.h"
#include "ev/all.h"

const char *explain_minor(struct arena *a, int64_t minor, struct text currency)
{
	return text_printf(a, "%s " TEXT_FMT, out_amount(a, minor, currency).s, TEXT_ARG(currency)).s;
}

const char *explain_money(struct arena *a, const struct money *m)
{
	return explain_minor(a, m->minor, text_of(m->currency));
}

const char *explain_day(struct arena *a, date_t day)
{
	char s[DATE_TEXT_SIZE];

	return text_cstr(a, text_of(date_format(s, day)));
}

const char *explain_enum(const struct wire_enum *of, int64_t value)
{
	for (size_t i = 0; i < of->n; i++)
		if (of->values[i].number == value)
			return of->values[i].name;
	return "?";
}

/* ---- CRM ---- */

static void order(const struct crm_order *o, const char *what, struct buf *b, struct arena *a)
{
	buf_printf(b, "order " TEXT_FMT " %s on %s, version %d: %zu lines", TEXT_ARG(o->order_id), what,
		   explain_day(a, o->order_date), (int)o->order_version, o->n_lines);
	if (o->net_total.currency[0] != '\0')
		buf_printf(b, ", net %s", explain_money(a, &o->net_total));
	if (!text_empty(o->customer_po))
		buf_printf(b, ", PO " TEXT_FMT, TEXT_ARG(o->customer_po));
	if (!text_empty(o->external_reference))
		buf_printf(b, ", reference " TEXT_FMT, TEXT_ARG(o->external_reference));
	if (o->due_date != DATE_NONE)
		buf_printf(b, ", due %s", explain_day(a, o->due_date));
	else if (!text_empty(o->terms_code))
		buf_printf(b, ", terms " TEXT_FMT, TEXT_ARG(o->terms_code));
}

static void opening_item(const struct crm_opening_item *i, struct buf *b, struct arena *a)
{
	buf_printf(b, "opening item: %s " TEXT_FMT " of %s, due %s, open %s at the cut-over on %s",
		   explain_enum(&crm_opening_kind_enum, i->kind), TEXT_ARG(i->external_number), explain_day(a, i->document_date),
		   explain_day(a, i->due_date), explain_money(a, &i->open), explain_day(a, i->accounting_date));
}

static void sales_order(const struct crm_sales_order_event *ev, struct buf *b, struct arena *a)
{
	switch (ev->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
		order(ev->order_booked->order, "booked", b, a);
		return;
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		order(ev->order_amended->order, "amended", b, a);
		return;
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
		buf_printf(b, "order " TEXT_FMT " delivered on %s, version %d: %s", TEXT_ARG(ev->order_fulfilled->order_id),
			   explain_day(a, ev->order_fulfilled->supply_date), (int)ev->order_fulfilled->order_version,
			   ev->order_fulfilled->n_lines == 0 ? "all that was left" : "in part");
		return;
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
		buf_printf(b, "order " TEXT_FMT " cancelled, version %d: " TEXT_FMT, TEXT_ARG(ev->order_cancelled->order_id),
			   (int)ev->order_cancelled->order_version, TEXT_ARG(ev->order_cancelled->reason));
		return;
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
		opening_item(ev->opening_item, b, a);
		return;
	case CRM_SALES_ORDER_EVENT_NONE:
		return;
	}
}

/* ---- bank ---- */

static void line_booked(const struct bank_line_booked *l, struct buf *b, struct arena *a)
{
	buf_printf(b, "bank line " TEXT_FMT " of %s: %s", TEXT_ARG(l->line_id), explain_day(a, l->booking_date),
		   explain_money(a, &l->amount));
	if (l->kind != BANK_LINE_KIND_PAYMENT)
		buf_printf(b, ", %s", explain_enum(&bank_line_kind_enum, l->kind));
	if (!text_empty(l->payer_name))
		buf_printf(b, " from \"" TEXT_FMT "\"", TEXT_ARG(l->payer_name));
	if (!text_empty(l->payer_bank_account))
		buf_printf(b, ", account " TEXT_FMT, TEXT_ARG(l->payer_bank_account));
	if (!text_empty(l->payer_reference))
		buf_printf(b, ", reference " TEXT_FMT, TEXT_ARG(l->payer_reference));
	if (!text_empty(l->remittance_text))
		buf_printf(b, ": \"" TEXT_FMT "\"", TEXT_ARG(l->remittance_text));
	for (size_t i = 0; i < l->n_remittance; i++)
		buf_printf(b, "%s" TEXT_FMT, i == 0 ? "; names " : ", ", TEXT_ARG(l->remittance[i].reference));
}

static void advised(const struct bank_remittance_advised *v, struct buf *b, struct arena *a)
{
	buf_printf(b, "advice " TEXT_FMT " of a payment of %s on %s", TEXT_ARG(v->advice_id), explain_money(a, &v->amount),
		   explain_day(a, v->payment_date));
	for (size_t i = 0; i < v->n_references; i++)
		buf_printf(b, "%s" TEXT_FMT, i == 0 ? "; names " : ", ", TEXT_ARG(v->references[i].reference));
}

static void payment(const struct bank_payment_event *ev, struct buf *b, struct arena *a)
{
	const struct bank_line_returned *r = ev->line_returned;
	const struct bank_statement_closed *s = ev->statement_closed;

	switch (ev->event_case) {
	case BANK_PAYMENT_EVENT_LINE_BOOKED:
		line_booked(ev->line_booked, b, a);
		return;
	case BANK_PAYMENT_EVENT_LINE_RETURNED:
		buf_printf(b, "bank line " TEXT_FMT " of %s: %s of line " TEXT_FMT " came back, " TEXT_FMT, TEXT_ARG(r->line_id),
			   explain_day(a, r->booking_date), explain_money(a, &r->amount),
			   TEXT_ARG(text_empty(r->returned_line_id) ? TEXT("(not named)") : r->returned_line_id),
			   TEXT_ARG(text_empty(r->reason) ? TEXT("no reason given") : r->reason));
		return;
	case BANK_PAYMENT_EVENT_STATEMENT_CLOSED:
		buf_printf(b, "statement " TEXT_FMT " of %s: opening %s, closing %s", TEXT_ARG(s->statement_id),
			   explain_day(a, s->booking_date), explain_money(a, &s->opening), explain_money(a, &s->closing));
		return;
	case BANK_PAYMENT_EVENT_REMITTANCE_ADVISED:
		advised(ev->remittance_advised, b, a);
		return;
	case BANK_PAYMENT_EVENT_NONE:
		return;
	}
}

/* ---- people ---- */

/* What concerns billing and collections. */
static void what_else_to_do(const struct command_event *c, struct buf *b)
{
	switch (c->command_case) {
	case COMMAND_EVENT_ISSUE_CREDIT_MEMO:
		buf_printf(b, "credit document " TEXT_FMT " (%s), reason " TEXT_FMT, TEXT_ARG(c->issue_credit_memo->document_id),
			   explain_enum(&command_credit_scope_enum, c->issue_credit_memo->scope),
			   TEXT_ARG(c->issue_credit_memo->reason));
		return;
	case COMMAND_EVENT_ISSUE_DEBIT_MEMO:
		buf_printf(b, "debit memo " TEXT_FMT " (%s), reason " TEXT_FMT, TEXT_ARG(c->issue_debit_memo->reference),
			   explain_enum(&command_debit_memo_kind_enum, c->issue_debit_memo->kind),
			   TEXT_ARG(c->issue_debit_memo->reason));
		return;
	case COMMAND_EVENT_SET_BLOCK:
		buf_printf(b, "block " TEXT_FMT ": %s", TEXT_ARG(c->set_block->block_id),
			   explain_enum(&command_block_reason_enum, c->set_block->reason));
		return;
	case COMMAND_EVENT_LIFT_BLOCK:
		buf_printf(b, "lift block " TEXT_FMT, TEXT_ARG(c->lift_block->block_id));
		return;
	case COMMAND_EVENT_SET_HOLD:
		buf_printf(b, "hold " TEXT_FMT " on " TEXT_FMT ": %s", TEXT_ARG(c->set_hold->hold_id),
			   TEXT_ARG(c->set_hold->item->document_id), explain_enum(&command_hold_kind_enum, c->set_hold->kind));
		return;
	case COMMAND_EVENT_LIFT_HOLD:
		buf_printf(b, "lift hold " TEXT_FMT, TEXT_ARG(c->lift_hold->hold_id));
		return;
	case COMMAND_EVENT_MAKE_PROMISE:
		buf_printf(b, "the customer promised to pay: promise " TEXT_FMT, TEXT_ARG(c->make_promise->promise_id));
		return;
	case COMMAND_EVENT_CANCEL_PROMISE:
		buf_printf(b, "promise " TEXT_FMT " does not hold any more", TEXT_ARG(c->cancel_promise->promise_id));
		return;
	default:
		return;
	}
}

static void what_to_do(const struct command_event *c, struct buf *b)
{
	switch (c->command_case) {
	case COMMAND_EVENT_ASSIGN_PAYER:
		buf_printf(b, "line " TEXT_FMT " was paid by account " TEXT_FMT, TEXT_ARG(c->assign_payer->line_id),
			   TEXT_ARG(c->assign_payer->payer_account));
		return;
	case COMMAND_EVENT_SEND_BACK:
		buf_printf(b, "send receipt " TEXT_FMT " back", TEXT_ARG(c->send_back->document_id));
		return;
	case COMMAND_EVENT_APPLY:
		buf_printf(b, "apply " TEXT_FMT " to", TEXT_ARG(c->apply->credit->document_id));
		for (size_t i = 0; i < c->apply->n_targets; i++)
			buf_printf(b, "%s " TEXT_FMT, i == 0 ? "" : ",", TEXT_ARG(c->apply->targets[i].item->document_id));
		return;
	case COMMAND_EVENT_UNAPPLY:
		buf_printf(b, "unapply " TEXT_FMT, TEXT_ARG(c->unapply->credit->document_id));
		return;
	case COMMAND_EVENT_PLACE_ON_ACCOUNT:
		buf_printf(b, "leave " TEXT_FMT " on the account", TEXT_ARG(c->place_on_account->credit->document_id));
		return;
	case COMMAND_EVENT_TAKE_OFF_ACCOUNT:
		buf_printf(b, "take " TEXT_FMT " off the account", TEXT_ARG(c->take_off_account->credit->document_id));
		return;
	case COMMAND_EVENT_IDENTIFY_AGAIN:
		buf_printf(b, "look for the payer of line " TEXT_FMT " again", TEXT_ARG(c->identify_again->line_id));
		return;
	default:
		what_else_to_do(c, b);
		return;
	}
}

static void command(const struct command_event *c, struct buf *b)
{
	buf_printf(b, TEXT_FMT " decided: ", TEXT_ARG(c->issued_by));
	what_to_do(c, b);
	if (!text_empty(c->note))
		buf_printf(b, " (\"" TEXT_FMT "\")", TEXT_ARG(c->note));
}

static void reference(const struct reference_event *ev, struct buf *b, struct arena *a)
{
	if (ev->event_case == REFERENCE_EVENT_DAY_OPENED)
		buf_printf(b, "business day %s opened", explain_day(a, ev->day_opened->business_date));
	else if (ev->event_case == REFERENCE_EVENT_DAY_CLOSED)
		buf_printf(b, "business day %s closed", explain_day(a, ev->day_closed->business_date));
}

void explain_fact(const struct intake_event *ev, struct buf *b, struct arena *a)
{
	switch (ev->fact_case) {
	case INTAKE_EVENT_CUSTOMER:
		if (ev->customer->event_case == CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED)
			buf_printf(b, "customer " TEXT_FMT " from %s on: " TEXT_FMT, TEXT_ARG(ev->account),
				   explain_day(a, ev->customer->customer_recorded->effective_from),
				   TEXT_ARG(ev->customer->customer_recorded->legal_name));
		return;
	case INTAKE_EVENT_SALES_ORDER:
		sales_order(ev->sales_order, b, a);
		return;
	case INTAKE_EVENT_PAYMENT:
		payment(ev->payment, b, a);
		return;
	case INTAKE_EVENT_COMMAND:
		command(ev->command, b);
		return;
	case INTAKE_EVENT_REFERENCE:
		reference(ev->reference, b, a);
		return;
	case INTAKE_EVENT_DEAD_LETTER:
		buf_printf(b, "refused at the gate, " TEXT_FMT ": " TEXT_FMT, TEXT_ARG(ev->dead_letter->reason),
			   TEXT_ARG(ev->dead_letter->detail));
		return;
	case INTAKE_EVENT_NONE:
		return;
	}
}
