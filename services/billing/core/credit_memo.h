/*
 * credit_memo: taking back what was billed (BIL-07, LEDGER section 7). Pure.
 *
 * Tax at the original rate, on the cumulative credited base less the tax already credited: three lines of 10.10 at 5 % bill
 * 1.52, and credited one by one return 0.51 + 0.50 + 0.51. What is credited line by line never returns more or less than was billed.
 */
#ifndef BILLING_CREDIT_MEMO_H
#define BILLING_CREDIT_MEMO_H

#include "ev/billing.h"

/* What is left to credit of each line; *ret_n = 0 when all was credited. so_far may be NULL. */
struct billing_credited_line *bil_credit_memo_rest(struct arena *arena, const struct billing_document_issued *invoice,
						   const struct billing_credited_so_far *so_far, size_t *ret_n);

/*
 * Credits these net amounts, at most one per line and none beyond its rest (checked). Fills type, currency, entity, lines, taxes, net,
 * tax, gross and the reference to the invoice; returns what is credited afterwards.
 */
const struct billing_credited_so_far *bil_credit_memo_make(struct arena *arena, const struct billing_document_issued *invoice,
							   const struct billing_credited_so_far *so_far,
							   const struct billing_credited_line *credit, size_t n_credit,
							   struct billing_document_issued *memo);

#endif
