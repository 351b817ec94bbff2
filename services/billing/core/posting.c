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

static void post_billed(struct ledger *j, const struct billing_document_issued *doc, struct text account)
{
	bool invoice = doc->type == BILLING_DOCUMENT_TYPE_INVOICE;
	int64_t sign = invoice ? 1 : -1;
	int64_t revenue = 0, deferred = 0;

	ledger_start(j, invoice ? TEXT("invoice") : TEXT("credit_memo"), doc->entity, doc->accounting_date);
	for (size_t i = 0; i < doc->n_items; i++)
		ledger_item(j, TYPE_LEDGER_ACCOUNT_AR, in_currency(doc, doc->items[i].original_minor), item_of(doc, account, i));
	for (size_t i = 0; i < doc->n_lines; i++) {
		int64_t *sum = doc->lines[i].deferred_revenue ? &deferred : &revenue;
		CHECK(money_add_minor(*sum, doc->lines[i].net_minor, sum)); /* bil_invoice_amounts has refused what does not fit */
	}
	ledger_line(j, TYPE_LEDGER_ACCOUNT_REVENUE, in_currency(doc, -sign * revenue), TEXT_NONE);
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
