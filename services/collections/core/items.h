/* items: collections' copy of open items, kept from what billing and cash published. The topics interleave freely: a change may
 * come before the item it changes. */
#ifndef OPENITEM_COLLECTIONS_ITEMS_H
#define OPENITEM_COLLECTIONS_ITEMS_H

#include "collections/tables.h"
#include "ev/billing.h"
#include "ev/cash.h"

void items_want_billing(struct book *book, const struct input *input, const struct billing_event *e);
void items_note_billing(struct book *book, const struct input *input, const struct billing_event *e);
void items_want_cash(struct book *book, const struct input *input, const struct cash_event *e);
void items_note_cash(struct book *book, const struct input *input, const struct cash_event *e);

/* Does a cash event move an item of a customer? */
bool items_concern(const struct cash_event *e);

#endif
