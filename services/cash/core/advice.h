/*
 * advice: what a payer says about a payment, before or after the money (CSH-03). Pure.
 *
 * On the holding account an advice is joined to the one payment it belongs to: the line it names, else the only payment of its amount within
 * CASH_ADVICE_DAYS of its date whose payer does not contradict it. Until then it waits there, and a line that comes looks for it
 * the same way. Joined, its references belong to the line: they identify the payer, travel with the money, or follow it to the
 * customer's account, where the rules look again, unless a person has decided about the receipt.
 * Amounts that do not make the total are indicative: only the references count.
 */
#ifndef OPENITEM_CASH_ADVICE_H
#define OPENITEM_CASH_ADVICE_H

#include "cash/core/event.h"
#include "cash/tables.h"
#include "ev/bank.h"

#define CASH_ADVICE_DAYS 5 /* between the day of the payment and the booking */

/* ---- remittance_advised, on the holding account ---- */
void cash_remittance_advised_want(struct book *book, const struct input *input);
enum decided cash_remittance_advised_decide(struct decision *d);

/* ---- advice_passed_on, on the customer's account ---- */
void cash_advice_passed_on_want(struct book *book, const struct input *input);
enum decided cash_advice_passed_on_decide(struct decision *d);

/* ---- for lines ---- */
/* The one advice that waits for this line; NULL: none, or more than one. Also for want. */
const struct cash_advice_row *cash_advice_for_line(struct book *book, const struct input *input, struct text account,
						   const struct bank_line_booked *line, const struct cash_remittance *remittance);
/* The bank's remittance (or NULL) with the references of an advice. */
struct cash_remittance *cash_advice_merge(struct arena *arena, const struct cash_remittance *of_bank,
					  const struct cash_remittance *of_advice);
/* Says that a waiting advice met its line. */
void cash_emit_advice_joined(struct decision *d, const struct cash_advice_row *advice, struct text line_id);

#endif
