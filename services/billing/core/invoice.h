/*
 * invoice: amounts of a document from its lines (BIL-05, LEDGER section 7). Pure.
 *
 * Line: quantity x unit price, half away from zero to the currency's minor unit: 12,345 x 0.0873 = 1,077.72. Negative lines
 * (discounts) are allowed, a negative total (net + tax) is refused; a total of zero is a document like any other, with an item of 0 and
 * no journal line.
 */
#ifndef BILLING_INVOICE_H
#define BILLING_INVOICE_H

#include "ev/billing.h"
#include "ev/crm.h"
#include "refusal.h"

/* What is billed of an order line. */
struct invoice_pick {
	const struct crm_order_line *line;
	int64_t quantity_e6;
};

/* Fills lines, taxes, net, tax and gross of a document in the given currency. */
enum refusal bil_invoice_amounts(struct arena *arena, struct text currency, const struct invoice_pick *picks, size_t n_picks,
				 struct billing_document_issued *doc);

/* One item over the whole amount; signed: debit +, credit -. */
void bil_invoice_item(struct arena *arena, struct billing_document_issued *doc, date_t due_date, int64_t original_minor,
		      int64_t open_minor);

#endif
