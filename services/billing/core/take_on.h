/*
 * take_on: an open item of the system before us (INT-07, LEDGER section 2). Pure.
 *
 * Only the open amount enters the books, on the cut-over date, against the opening balance: no revenue, no tax, no number of
 * ours. Original amount and dates are memo. Foreign numbers have their own namespace.
 */
#ifndef BILLING_TAKE_ON_H
#define BILLING_TAKE_ON_H

#include "ev/billing.h"
#include "ev/crm.h"
#include "id/id.h"
#include "refusal.h"

enum refusal bil_take_on_check(const struct crm_opening_item *item);

/* Fills everything but the document id. */
void bil_take_on_make(struct arena *arena, const struct crm_opening_item *item, struct billing_document_issued *doc);

/* Hash over what the document says, its id aside: the same number with another hash is another item. */
struct text bil_take_on_content(struct arena *arena, const struct billing_document_issued *doc);

#endif
