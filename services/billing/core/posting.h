/*
 * posting: the journal of a document (LEDGER section 2). Pure.
 *
 *	invoice		Dr AR / Cr revenue or deferred revenue as the lines say, Cr tax payable (one line per tax)
 *	debit memo	the same; charges of the bank passed on credit bank charges, a credit that is closed other income
 *	credit memo	the lines of the document it credits, the other way round
 *	take-on		debit item: Dr AR / Cr opening balance; credit memo and receipt: Dr opening balance / Cr AR, AR-unapplied;
 *			the open amount only
 */
#ifndef BILLING_POSTING_H
#define BILLING_POSTING_H

#include "ev/billing.h"

/* Adds the entries of the document to the event. */
void bil_posting_document(struct arena *arena, const struct billing_document_issued *doc, struct billing_event *event);

#endif
