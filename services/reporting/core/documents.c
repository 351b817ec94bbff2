#include "reporting/core/documents.h"
#include "reporting/core/exceptions.h"
#include "reporting/core/item.h"
#include "reporting/tables.h"

static const struct billing_document_issued *document_of(const struct billing_event *ev)
{
	switch (ev->event_case) {
	case BILLING_EVENT_INVOICE_ISSUED:
		return ev->invoice_issued;
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		return ev->credit_memo_issued;
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		return ev->debit_memo_issued;
	case BILLING_EVENT_ITEM_TAKEN_ON:
		return ev->item_taken_on;
	case BILLING_EVENT_ORDER_RECORDED:
	case BILLING_EVENT_PARKED:
	case BILLING_EVENT_REFUSED:
	case BILLING_EVENT_NONE:
		break;
	}
	return NULL;
}

struct text reporting_billing_subject(const struct billing_event *ev)
{
	const struct billing_document_issued *d = document_of(ev);

	if (d != NULL)
		return d->document_id;
	if (ev->event_case == BILLING_EVENT_ORDER_RECORDED)
		return ev->order_recorded->order_id;
	if (ev->event_case == BILLING_EVENT_PARKED)
		return ev->parked->aggregate;
	return ev->event_case == BILLING_EVENT_REFUSED ? ev->refused->subject : TEXT_NONE;
}

static void note_order(const struct reporting_note *n, const struct billing_order_recorded *o)
{
	struct reporting_order row = {
		.lane = n->input->lane,
		.account = n->account,
		.order_id = o->order_id,
		.order_version = o->order_version,
		.entity = o->entity,
		.state = reporting_enum_name(&billing_order_state_enum, o->state),
		.net_minor = o->net.minor,
		.customer_po = o->customer_po,
		.seq = n->provenance->seq,
		.ledger_seq = n->ledger_seq,
	};

	memcpy(row.currency, o->net.currency, sizeof(row.currency));
	book_put(n->book, &reporting_order_table, &row);
}

/* A delivery changes the state of its order without an order_recorded of its own: the row is completed field by field. */
static void note_order_state(const struct reporting_note *n, const struct billing_event *ev)
{
	if (ev->order_state == BILLING_ORDER_STATE_UNSPECIFIED || text_empty(ev->order_id))
		return;
	book_put(n->book, &reporting_order_table,
		 &(struct reporting_order){
			 .lane = n->input->lane,
			 .account = n->account,
			 .order_id = ev->order_id,
			 .order_version = ev->order_version,
			 .state = reporting_enum_name(&billing_order_state_enum, ev->order_state),
			 .seq = n->provenance->seq,
			 .ledger_seq = n->ledger_seq,
		 });
}

static void note_document(const struct reporting_note *n, const struct billing_document_issued *d)
{
	struct reporting_document row = {
		.lane = n->input->lane,
		.account = n->account,
		.document_id = d->document_id,
		.type = reporting_enum_name(&billing_document_type_enum, d->type),
		.number = d->number,
		.external_number = text_empty(d->reference) ? d->external_number : d->reference,
		.entity = d->entity,
		.issue_date = d->issue_date,
		.accounting_date = d->accounting_date,
		.supply_date = d->supply_date,
		.order_id = d->order_id,
		.order_version = d->order_version,
		.customer_po = d->customer_po,
		.terms_code = d->terms_code,
		.refers_to_document_id = d->refers_to_document_id,
		.refers_to_number = d->refers_to_number,
		.reason = d->reason,
		.net_minor = d->net_minor,
		.tax_minor = d->tax_minor,
		.gross_minor = d->gross_minor,
		.taken_on = d->taken_on,
		.seq = n->provenance->seq,
		.ledger_seq = n->ledger_seq,
	};

	snprintf(row.currency, sizeof(row.currency), TEXT_FMT, TEXT_ARG(d->currency_code));
	book_put(n->book, &reporting_document_table, &row);
}

static void note_items(const struct reporting_note *n, const struct billing_document_issued *d)
{
	char currency[4];

	snprintf(currency, sizeof(currency), TEXT_FMT, TEXT_ARG(d->currency_code));
	for (size_t i = 0; i < d->n_items; i++) {
		const struct billing_document_item *it = &d->items[i];
		struct reporting_item row = reporting_item_of(n, d->document_id, it->sequence, d->entity, currency);

		reporting_item_brought(n, row, it->open_minor);
		row.kind = reporting_enum_name(&billing_document_type_enum, d->type);
		row.reference = d->number.n > 0 ? d->number : d->external_number;
		row.document_date = d->issue_date;
		row.due_date = it->due_date;
		row.accounting_date = d->accounting_date;
		row.original_minor = it->original_minor;
		row.dunning_level = d->dunning_level;
		if (it->n_discounts > 0) {
			row.discount_until = it->discounts[0].until;
			row.discount_minor = it->discounts[0].amount_minor;
		}
		reporting_item_facts(n, &row);
	}
}

void reporting_billing_want(struct book *book, const struct input *input, const struct billing_event *ev)
{
	if (ev->event_case != BILLING_EVENT_PARKED)
		reporting_parked_want(book, input, ev->provenance, ev->account);
}

void reporting_billing_note(const struct reporting_note *n, const struct billing_event *ev)
{
	switch (ev->event_case) {
	case BILLING_EVENT_ORDER_RECORDED:
		note_order(n, ev->order_recorded);
		break;
	case BILLING_EVENT_INVOICE_ISSUED:
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
	case BILLING_EVENT_ITEM_TAKEN_ON:
		note_order_state(n, ev);
		note_document(n, document_of(ev));
		note_items(n, document_of(ev));
		break;
	case BILLING_EVENT_PARKED:
		reporting_parked_note(n, ev->parked);
		return;
	case BILLING_EVENT_REFUSED:
		reporting_refused_note(n, ev->refused);
		break;
	case BILLING_EVENT_NONE:
		break;
	}
	reporting_released_note(n);
}
