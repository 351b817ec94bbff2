/* item: the small vocabulary of items (LEDGER section 1). Pure. */
#ifndef OPENITEM_CASH_ITEM_H
#define OPENITEM_CASH_ITEM_H

#include "ledger/ledger.h"
#include "cash/tables.h"

/* Receipts and returns: AR-unapplied; bank lines on a holding account: unidentified receipts; all others: AR. */
enum type_ledger_account cash_item_ledger(const struct cash_item_row *item);
struct ledger_item_ref cash_item_key(const struct cash_item_row *item);
/* document_id, sequence, as events name it. */
struct type_item_ref *cash_item_ref(struct arena *arena, const struct cash_item_row *item);
/* What can be taken from a credit or applied to a debit: the open amount without its sign. */
int64_t cash_item_open(const struct cash_item_row *item);
/* The same without what was left on the account deliberately: all that rules and commands may take. */
int64_t cash_item_free(const struct cash_item_row *item);
/* Its money left and is on another account or on its way. */
bool cash_item_is_away(const struct cash_item_row *item);
/* A row with no dates and nothing else. */
struct cash_item_row cash_item_blank(int32_t lane, struct text account, struct text document_id, int32_t sequence);

#endif
