/*
 * named: the rule `reference` (LEDGER section 4, rule 1): documents of this account that the payer's words name. Pure.
 *
 * A value that is a number (ours or external) names one document. An order or customer PO with several invoices names all of
 * them, and needs the equal sum. Of several documents that one number could mean, those of the receipt's entity and
 * currency come first, then the open ones; what is left after that is ambiguous. A document named twice is named once; a PO
 * beside the number of one of its invoices is that invoice, unless the amount is the PO's sum.
 * Credits that are named are used first. Amounts of the advice are kept to; everything else is paid in full in the order of
 * due dates, the last one short.
 */
#ifndef OPENITEM_CASH_NAMED_H
#define OPENITEM_CASH_NAMED_H

#include "cash/core/match.h"

#define CASH_NAMED_DOCUMENTS_MAX 1024 /* documents looked at for one receipt */

/* Asks for everything cash_named reads. */
void cash_named_want(const struct cash_match *match);

/* False: nothing that was said names a document of this account. */
bool cash_named(const struct cash_match *match, struct cash_plan *ret_plan);

#endif
