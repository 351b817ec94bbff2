#include "posting.h"

#include "ledger/ledger.h"

static struct money in_currency(const struct billing_document_issued *doc, int64_t minor)
{
	struct money m = { .minor = minor };

	CHECK(doc->currency_code.n == 3);
	memcpy(m.currency, doc->currency_code.s, 3);
	return m;
}

static struct ledger_item_ref item_of(const struct billing_document_issued *doc, struct text account, size_t i)
{
	return (struct ledger_item_ref){ account, doc->document_id, doc->items[i].sequence };
}

static void post_taken_on(struct ledger *j, const struct billing_document_issued *doc, struct text account)
{
	enum type_ledger_account control =
		doc->type == BILLING_DOCUMENT_TYPE_RECEIPT ? TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED : TYPE_LEDGER_ACCOUNT_AR;

	ledger_start(j, TEXT("take_on"), doc->entity, doc->accounting_date);
	for (size_t i = 0; i < doc->n_items; i++) {
		ledger_item(j, control, in_currency(doc, doc->items[i].open_minor), item_of(doc, account, i));
		ledger_line(j, TYPE_LEDGER_ACCOUNT_OPENING_BALANCE, in_currency(doc, -doc->items[i].open_minor), TEXT_NONE);
	}
}

static struct text entry_kind(enum billing_document_type type)
{
	switch (type) {
	case BILLING_DOCUMENT_TYPE_INVOICE:
		return TEXT("invoice");
	case BILLING_DOCUMENT_TYPE_DEBIT_MEMO:
		return TEXT("debit_memo");
	case BILLING_DOCUMENT_TYPE_CREDIT_MEMO:
		return TEXT("credit_memo");
	case BILLING_DOCUMENT_TYPE_RECEIPT:
	case BILLING_DOCUMENT_TYPE_UNSPECIFIED:
		break;
	}
	NOT_REACHED("a document that billing issues");
	return TEXT_NONE;
}

/* Where what is not deferred goes. A credit memo carries the kind of the debit memo that it credits. */
static enum type_ledger_account income_of(enum command_debit_memo_kind kind)
{
	switch (kind) {
	case COMMAND_DEBIT_MEMO_KIND_BANK_CHARGES:
		return TYPE_LEDGER_ACCOUNT_BANK_CHARGES;
	case COMMAND_DEBIT_MEMO_KIND_CLOSE_CREDIT:
		return TYPE_LEDGER_ACCOUNT_OTHER_INCOME;
	case COMMAND_DEBIT_MEMO_KIND_CHARGE:
	case COMMAND_DEBIT_MEMO_KIND_UNSPECIFIED:
		break;
	}
	return TYPE_LEDGER_ACCOUNT_REVENUE;
}

static void post_billed(struct ledger *j, const struct billing_document_issued *doc, struct text account)
{
	int64_t sign = doc->type == BILLING_DOCUMENT_TYPE_CREDIT_MEMO ? -1 : 1;
	int64_t income = 0, deferred = 0;

	ledger_start(j, entry_kind(doc->type), doc->entity, doc->accounting_date);
	for (size_t i = 0; i < doc->n_items; i++)
		ledger_item(j, TYPE_LEDGER_ACCOUNT_AR, in_currency(doc, doc->items[i].original_minor), item_of(doc, account, i));
	for (size_t i = 0; i < doc->n_lines; i++) {
		int64_t *sum = doc->lines[i].deferred_revenue ? &deferred : &income;
		CHECK(money_add_minor(*sum, doc->lines[i].net_minor, sum)); /* bil_invoice_amounts has refused what does not fit */
	}
	ledger_line(j, income_of(doc->debit_memo_kind), in_currency(doc, -sign * income), TEXT_NONE);
	ledger_line(j, TYPE_LEDGER_ACCOUNT_DEFERRED_REVENUE, in_currency(doc, -sign * deferred), TEXT_NONE);
	for (size_t i = 0; i < doc->n_taxes; i++)
		ledger_line(j, TYPE_LEDGER_ACCOUNT_TAX_PAYABLE, in_currency(doc, -sign * doc->taxes[i].amount_minor),
			    doc->taxes[i].code);
}

void bil_posting_document(struct arena *arena, const struct billing_document_issued *doc, struct billing_event *event)
{
	struct ledger j = ledger_new(arena);

	if (doc->taken_on)
		post_taken_on(&j, doc, event->account);
	else
		post_billed(&j, doc, event->account);
	event->entries = ledger_entries(&j, &event->n_entries);
}
