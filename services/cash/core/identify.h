/*
 * identify: whose money a bank line is (LEDGER section 4, CSH-02). Pure.
 *
 * Evidence, in this order: bank account of the payer; documents the text names (our number, external number, order, PO); the
 * reference the payer always quotes; the account an advice names; and, where these leave it open, the exact normalised name. A payer is
 * found only when exactly one account answers to all evidence there is. A bank account of A beside a document of B is
 * conflicting evidence, never a majority vote.
 */
#ifndef OPENITEM_CASH_IDENTIFY_H
#define OPENITEM_CASH_IDENTIFY_H

#include "book/book.h"
#include "cash/core/names.h"
#include "ev/cash.h"

#define CASH_IDENTIFY_VERSION      TEXT("1")
#define CASH_IDENTIFY_RULE_VERSION TEXT("identify/1")

struct cash_identity {
	bool found;
	struct text account; /* when found */
	enum cash_unidentified why_not; /* when not */
	struct type_explanation *explanation; /* NULL in want */
};

/* refused_by: accounts, one per line, the money must not go to by itself again. Asks the shared index; also for want. */
struct cash_identity cash_identify(struct book *book, const struct cash_remittance *remittance, struct text refused_by);
/* For `openitem why-not`: with the explanation, outside of a step, too. */
struct cash_identity cash_identify_explained(struct book *book, const struct cash_remittance *remittance, struct text refused_by);

/* One line of a list of lines is this text. */
bool cash_list_has(struct text list, struct text entry);

#endif
