/*
 * refusal: every reason for which billing refuses an input, in order of precedence. Pure.
 *
 * The names are stable: they stand in ar.billing.v1 (`refused.reason`) and in `openitem exceptions`.
 */
#ifndef BILLING_REFUSAL_H
#define BILLING_REFUSAL_H

#include "base/base.h"
#include "text/text.h"

enum refusal {
	REFUSE_NOTHING,
	/* the event and its order */
	REFUSE_ORDER_EXISTS, /* booked a second time */
	REFUSE_BAD_ORDER_VERSION, /* a booking is version 1, everything else is more */
	REFUSE_ORDER_VERSION_TAKEN, /* an event with this version was taken, or waits already */
	REFUSE_ORDER_CLOSED, /* the order is cancelled */
	REFUSE_ENTITY_CHANGED, /* an amendment names another entity than the booking */
	REFUSE_CURRENCY_CHANGED, /* one currency per order */
	/* the content of an order */
	REFUSE_DUPLICATE_LINE, /* a line number twice */
	REFUSE_DUPLICATE_TAX, /* the same tax twice on a line */
	REFUSE_TOO_MANY_TAXES, /* more different taxes than a document holds */
	REFUSE_AMOUNT_OUT_OF_RANGE, /* more than WIRE_MINOR_MAX */
	REFUSE_NEGATIVE_TOTAL, /* negative lines are allowed, a negative total is not (LEDGER section 7) */
	REFUSE_CURRENCY_MISMATCH, /* a total or amount in another currency than the order or item */
	REFUSE_SUM_MISMATCH, /* the CRM's net total is not the sum of the lines */
	REFUSE_NO_TERMS, /* no due date, no terms, and the customer has none either */
	REFUSE_EXTERNAL_NUMBER_CONFLICT, /* the external number belongs to something else */
	/* what was billed */
	REFUSE_BELOW_BILLED, /* a line may not shrink below what was billed of it */
	REFUSE_UNKNOWN_LINE, /* delivered: no such line */
	REFUSE_OVER_FULFILLED, /* delivered: more than is left of the line (or nothing is left) */
	/* credit and debit memos by command (BIL-07, BIL-08) */
	REFUSE_UNKNOWN_DOCUMENT, /* no invoice or debit memo of this account */
	REFUSE_NOTHING_LEFT, /* all of it was credited already */
	REFUSE_OVER_CREDITED, /* more than is left of the line or document, or nothing */
	REFUSE_QUANTITY_OR_NET, /* a line is credited by quantity or by net, one of them */
	REFUSE_REFERENCE_TAKEN, /* a debit memo with this reference was issued */
	REFUSE_CREDIT_NOT_NAMED, /* closing a credit: no credit, more than one line, or a tax */
	REFUSE_CUSTOMER_UNKNOWN, /* commands do not wait */
	REFUSE_ENTITY_UNKNOWN,
	REFUSE_TERMS_UNKNOWN,
	REFUSE_DAY_UNKNOWN, /* no business day was opened yet */
	REFUSE_BAD_ACCOUNTING_DATE, /* later than the issue date, or before the document that is credited */
	/* take-on (INT-07) */
	REFUSE_ALREADY_TAKEN_ON, /* the same item a second time */
	REFUSE_OPEN_EXCEEDS_ORIGINAL, /* open <= 0 or more than the original amount */
	REFUSE_PERIOD_CLOSED, /* the cut-over, or the date insisted on, lies in a closed period */
	/* reference facts */
	REFUSE_NUMBER_PREFIX_INVALID, /* two characters A-Z 0-9 */
	REFUSE_NUMBER_PREFIX_TAKEN, /* two entities with one prefix would give one number twice */
	REFUSE_NUMBER_PREFIX_CHANGED, /* so would a prefix that is given up */
	REFUSE_N,
};

struct text bil_refusal_name(enum refusal refusal);
/* For people. */
struct text bil_refusal_sentence(enum refusal refusal);

#endif
