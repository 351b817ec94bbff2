/*
 * terms: when an invoice is due, and in how many items (RULES BIL-10; the two end-of-month terms differ). Pure.
 *
 * Explicit due date of the order, else the order's terms, else those the customer had when it ordered. Terms are versioned:
 * a document takes the highest version whose effective_from is not after its date; before the first one, the first.
 *
 * Instalments: each is an item with its own due date; its share of the gross amount is rounded half away from zero, the last one takes
 * what is left. Early-payment discounts are carried on each item: a rate of its original amount, up to a day.
 */
#ifndef BILLING_TERMS_H
#define BILLING_TERMS_H

#include "ev/billing.h"
#include "ev/reference.h"

#define INSTALMENTS_MAX 60 /* @max of TermsRecorded.instalments */

/* The version that holds on a day; NULL when there is none at all. */
const struct reference_terms_recorded *bil_terms_choose(const struct reference_terms_recorded *const *versions, size_t n,
							date_t day);

/* Makes the items of a document over its gross amount, from its issue date. The last day of the calendar at most. */
void bil_terms_items(struct arena *arena, const struct reference_terms_recorded *terms, struct billing_document_issued *doc);

#endif
