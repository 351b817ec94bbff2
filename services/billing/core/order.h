/*
 * order: what an order may be, and what is left of it. Pure.
 */
#ifndef BILLING_ORDER_H
#define BILLING_ORDER_H

#include "ev/billing.h"
#include "ev/crm.h"
#include "invoice.h"
#include "refusal.h"

/* Billed quantity of a line so far. progress may be NULL: nothing. */
int64_t bil_order_billed(const struct billing_order_progress *progress, int32_t line_no);

/* The content by itself: lines, taxes, amounts, the total as the CRM sees it. Sets *ret_net when it is fine or REFUSE_SUM_MISMATCH. */
enum refusal bil_order_check(struct arena *arena, const struct crm_order *order, struct money *ret_net);

/* An amendment against what is in force: the same entity and currency. */
enum refusal bil_order_check_same(const struct crm_order *now, const struct crm_order *amended);

/* Nothing below what was billed. progress may be NULL. */
enum refusal bil_order_check_billed(const struct billing_order_progress *progress, const struct crm_order *amended);

/* What a fulfilment bills: the lines named, or all that is left when none is. *ret_line_no: the line that was wrong. */
enum refusal bil_order_pick(struct arena *arena, const struct crm_order *order, const struct billing_order_progress *progress,
			    const struct crm_order_fulfilled *fulfilled, struct invoice_pick **ret_picks, size_t *ret_n,
			    int32_t *ret_line_no);

/* Progress after a document of this order. */
const struct billing_order_progress *bil_order_advance(struct arena *arena, const struct billing_order_progress *progress,
						       const struct billing_document_issued *invoice);

/* FULFILLED when every line is billed in full, else OPEN. */
enum billing_order_state bil_order_state(const struct crm_order *order, const struct billing_order_progress *progress);

#endif
