#include "cash/core/document.h"

#include "cash/core/application.h"
#include "cash/core/item.h"
#include "cash/core/reference.h"
#include "cash/core/rows.h"

const struct billing_document_issued *cash_document_of(const struct billing_event *event)
{
	switch (event->event_case) {
	case BILLING_EVENT_INVOICE_ISSUED:
		return event->invoice_issued;
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		return event->credit_memo_issued;
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		return event->debit_memo_issued;
	case BILLING_EVENT_ITEM_TAKEN_ON:
		return event->item_taken_on;
	case BILLING_EVENT_NONE:
	case BILLING_EVENT_ORDER_RECORDED:
	case BILLING_EVENT_PARKED:
	case BILLING_EVENT_REFUSED:
		break;
	}
	return NULL;
}

static enum cash_item_kind kind_of(enum billing_document_type type)
{
	switch (type) {
	case BILLING_DOCUMENT_TYPE_INVOICE:
		return CASH_ITEM_INVOICE;
	case BILLING_DOCUMENT_TYPE_CREDIT_MEMO:
		return CASH_ITEM_CREDIT_MEMO;
	case BILLING_DOCUMENT_TYPE_DEBIT_MEMO:
		return CASH_ITEM_DEBIT_MEMO;
	case BILLING_DOCUMENT_TYPE_RECEIPT:
		return CASH_ITEM_RECEIPT;
	case BILLING_DOCUMENT_TYPE_UNSPECIFIED:
		break;
	}
	base_check_failed(__FILE__, __LINE__, "a type of document");
}

/* Items of the document a memo corrects, by sequence; none for any other document. Asks for the periods too. */
static struct rows corrected_items(struct book *book, const struct input *input)
{
	const struct billing_event *event = input->event;
	const struct billing_document_issued *document = cash_document_of(event);

	if (document->type != BILLING_DOCUMENT_TYPE_CREDIT_MEMO || text_empty(document->refers_to_document_id))
		return (struct rows){ 0 };
	cash_first_open(book, input->lane, document->entity, document->accounting_date, document->accounting_date);
	return cash_items_of(book, input->lane, event->account, document->refers_to_document_id);
}

/* The credit that a debit memo closes (BIL-08); NULL for any other document. */
static const struct cash_item_row *closed_credit(struct book *book, const struct input *input)
{
	const struct billing_event *event = input->event;
	const struct billing_document_issued *document = cash_document_of(event);

	if (document->closes_credit == NULL)
		return NULL;
	const struct cash_item_row *credit = cash_item(book, input->lane, event->account, document->closes_credit->document_id,
						       document->closes_credit->sequence);
	date_t anchor = credit != NULL ? MIN(credit->accounting_date, document->accounting_date) : document->accounting_date;
	cash_first_open(book, input->lane, document->entity, anchor, anchor);
	return credit;
}

void cash_document_want(struct book *book, const struct input *input)
{
	const struct billing_event *event = input->event;
	const struct billing_document_issued *document = cash_document_of(event);

	for (size_t i = 0; i < document->n_items; i++)
		cash_item(book, input->lane, event->account, document->document_id, document->items[i].sequence);
	corrected_items(book, input);
	closed_credit(book, input);
}

static void put_item(struct book *book, const struct input *input, const struct billing_event *event,
		     const struct billing_document_issued *document, const struct billing_document_item *item)
{
	struct cash_item_row row = cash_item_blank(input->lane, event->account, document->document_id, item->sequence);

	if (cash_item(book, input->lane, event->account, document->document_id, item->sequence) != NULL)
		return;
	row.kind = (int32_t)kind_of(document->type);
	row.entity = document->entity;
	memcpy(row.currency, document->currency_code.s, MIN(document->currency_code.n, sizeof(row.currency) - 1));
	row.original_minor = item->original_minor;
	row.brought_minor = item->open_minor;
	row.open_minor = item->open_minor;
	row.document_date = document->issue_date;
	row.due_date = item->due_date;
	row.accounting_date = document->accounting_date;
	row.number = document->number;
	row.external_number = document->external_number;
	row.order_id = document->order_id;
	row.customer_po = document->customer_po;
	row.version = 1;
	book_put(book, &cash_item_table, &row);
}

static void put_reference(struct book *book, const struct input *input, const struct billing_event *event,
			  const struct billing_document_issued *document, enum cash_index_kind kind, struct text raw)
{
	struct text value = cash_reference_normal(book_arena(book), raw);

	if (text_empty(value))
		return;
	book_put(book, &cash_reference_table,
		 &(struct cash_reference_row){ .lane = input->lane,
					       .account = event->account,
					       .value = value,
					       .document_id = document->document_id,
					       .kind = (int32_t)kind });
	book_put(book, &cash_payer_table,
		 &(struct cash_payer_row){
			 .value = value, .kind = (int32_t)kind, .account = event->account, .document_id = document->document_id });
}

void cash_document_note(struct book *book, const struct input *input)
{
	const struct billing_event *event = input->event;
	const struct billing_document_issued *document = cash_document_of(event);

	for (size_t i = 0; i < document->n_items; i++)
		put_item(book, input, event, document, &document->items[i]);
	/* Weakest first: where two names of a document are the same, the stronger kind stays. */
	put_reference(book, input, event, document, CASH_INDEX_PO, document->customer_po);
	put_reference(book, input, event, document, CASH_INDEX_ORDER, document->order_id);
	put_reference(book, input, event, document, CASH_INDEX_EXTERNAL, document->external_number);
	put_reference(book, input, event, document, CASH_INDEX_NUMBER, document->number);
}

/* As much of the named credit as is free closes the memo. */
static enum decided close_credit(struct decision *d, const struct billing_event *event, const struct billing_document_issued *memo)
{
	const struct cash_item_row *credit = closed_credit(d->book, d->input);
	struct cash_parts credits = cash_parts_new(d->arena, 1), debits = cash_parts_new(d->arena, memo->n_items);

	if (credit != NULL && credit->open_minor < 0 && text_eq(credit->entity, memo->entity) &&
	    text_eq(text_of(credit->currency), memo->currency_code))
		cash_parts_add(&credits, credit);
	for (size_t i = 0; i < memo->n_items; i++) {
		const struct cash_item_row *debit =
			cash_item(d->book, d->input->lane, event->account, memo->document_id, memo->items[i].sequence);
		if (debit != NULL)
			cash_parts_add(&debits, debit);
	}
	if (book_is_again(d->book))
		return AGAIN;
	struct cash_pairs pairs = cash_pair(d->arena, &credits, &debits);
	if (pairs.n == 0)
		return DECIDED;
	cash_emit_applied(d, &pairs,
			  &(struct cash_application_terms){
				  .account = event->account,
				  .anchor = MIN(memo->accounting_date, credit->accounting_date),
				  .not_before = DATE_NONE,
				  .insisted = DATE_NONE,
				  .explanation = cash_explain(d->arena, CASH_RULE_CLOSES_CREDIT, TEXT_NONE,
							      "the memo closes credit " TEXT_FMT, TEXT_ARG(credit->document_id)),
			  });
	return DECIDED;
}

enum decided cash_document_decide(struct decision *d)
{
	const struct billing_event *event = d->input->event;
	const struct billing_document_issued *document = cash_document_of(event);
	struct rows corrected = corrected_items(d->book, d->input);
	struct cash_parts credits = cash_parts_new(d->arena, document->n_items);
	struct cash_parts debits = cash_parts_new(d->arena, corrected.n);

	for (size_t i = 0; i < document->n_items; i++) {
		const struct cash_item_row *credit =
			cash_item(d->book, d->input->lane, event->account, document->document_id, document->items[i].sequence);
		if (credit != NULL && credit->open_minor < 0)
			cash_parts_add(&credits, credit);
	}
	for (size_t i = 0; i < corrected.n; i++) {
		const struct cash_item_row *debit = corrected.row[i];
		if (debit->open_minor > 0 && text_eq(debit->entity, document->entity) &&
		    text_eq(text_of(debit->currency), document->currency_code))
			cash_parts_add(&debits, debit);
	}
	if (document->closes_credit != NULL)
		return close_credit(d, event, document);
	if (book_is_again(d->book))
		return AGAIN;
	cash_parts_oldest_due(&debits);
	struct cash_pairs pairs = cash_pair(d->arena, &credits, &debits);
	if (pairs.n == 0)
		return DECIDED;
	cash_emit_applied(
		d, &pairs,
		&(struct cash_application_terms){
			.account = event->account,
			.anchor = document->accounting_date,
			.not_before = DATE_NONE,
			.insisted = DATE_NONE,
			.explanation = cash_explain(d->arena, CASH_RULE_CREDIT_MEMO, TEXT_NONE, "the memo names document " TEXT_FMT,
						    TEXT_ARG(document->refers_to_document_id)),
		});
	return DECIDED;
}
