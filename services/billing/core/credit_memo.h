/*
 * credit_memo: taking back what was billed, whole, by line, by amount, or its tax only (BIL-07, LEDGER section 7). Pure.
 *
 * Tax at the original rate, on the cumulative credited base less the tax already credited: three lines of 10.10 at 5 % bill
 * 1.52, and credited one by one return 0.51 + 0.50 + 0.51. What is credited never returns more or less than was billed. Once the tax of
 * a code was credited alone, later credits of its base return none.
 */
#ifndef BILLING_CREDIT_MEMO_H
#define BILLING_CREDIT_MEMO_H

#include "ev/billing.h"
#include "refusal.h"

/* What is left to credit of each line; *ret_n = 0 when all was credited. so_far may be NULL. */
struct billing_credited_line *bil_credit_memo_rest(struct arena *arena, const struct billing_document_issued *invoice,
						   const struct billing_credited_so_far *so_far, size_t *ret_n);

/* What a command credits of each line (none with scope tax only). *ret_line_no: the line that is wrong, or 0. */
enum refusal bil_credit_memo_pick(struct arena *arena, const struct billing_document_issued *invoice,
				  const struct billing_credited_so_far *so_far, const struct command_issue_credit_memo *command,
				  struct billing_credited_line **ret_lines, size_t *ret_n, int32_t *ret_line_no);

/*
 * Credits these lines, each at most once and none beyond its rest (checked). Fills type, currency, entity, lines, taxes, net, tax, gross and
 * the reference to the invoice. n_credit 0: its taxes only, tax_code alone or all (empty).
 */
void bil_credit_memo_make(struct arena *arena, const struct billing_document_issued *invoice,
			  const struct billing_credited_so_far *so_far, const struct billing_credited_line *credit, size_t n_credit,
			  struct text tax_code, struct billing_document_issued *memo);

/* What is credited once this memo of the invoice was issued. */
const struct billing_credited_so_far *bil_credit_memo_count(struct arena *arena, const struct billing_document_issued *invoice,
							    const struct billing_credited_so_far *so_far,
							    const struct billing_document_issued *memo);

/*
 * With this memo no more is credited than the invoice was worth, in net and in each tax. What lies on the lines may forbid what each line
 * alone would allow: where a discount is a line of its own, the line it discounts is credited together with it.
 */
bool bil_credit_memo_fits(struct arena *arena, const struct billing_document_issued *invoice,
			  const struct billing_credited_so_far *so_far, const struct billing_document_issued *memo);

/* Is a line left to credit? */
bool bil_credit_memo_is_left(const struct billing_document_issued *invoice, const struct billing_credited_so_far *so_far);

#endif
