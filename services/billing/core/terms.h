/*
 * terms: when an invoice is due (RULES BIL-10; the two end-of-month terms differ). Pure.
 *
 * Explicit due date of the order, else the order's terms, else those the customer had when it ordered. Terms are versioned:
 * a document takes the highest version whose effective_from is not after its date; before the first one, the first.
 */
#ifndef BILLING_TERMS_H
#define BILLING_TERMS_H

#include "ev/reference.h"

/* The version that holds on a day; NULL when there is none at all. */
const struct reference_terms_recorded *bil_terms_choose(const struct reference_terms_recorded *versions, size_t n, date_t day);

/* The last day of the calendar at most. */
date_t bil_terms_due(const struct reference_terms_recorded *terms, date_t document_date);

#endif
