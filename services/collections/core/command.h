/*
 * command: what people decide about dunning: blocks, holds, promises (COL-02, COL-04, LEDGER sections 1 and 5).
 * Each is done or refused with a stable reason, in this order of precedence.
 */
#ifndef OPENITEM_COLLECTIONS_COMMAND_H
#define OPENITEM_COLLECTIONS_COMMAND_H

#include "collections/tables.h"
#include "ev/command.h"

#define REFUSE_UNKNOWN_BLOCK     "unknown_block" /* never set, or lifted */
#define REFUSE_UNKNOWN_HOLD      "unknown_hold"
#define REFUSE_UNKNOWN_PROMISE   "unknown_promise" /* never made, or not open any more */
#define REFUSE_UNKNOWN_ITEM      "unknown_item" /* not one of the account's */
#define REFUSE_DUPLICATE_ITEM    "duplicate_item" /* an item twice in a promise */
#define REFUSE_OTHER_SUBJECT     "other_subject" /* items of different entities or currencies, or of another than the promise's */
#define REFUSE_CURRENCY_MISMATCH "currency_mismatch" /* an amount in another currency than the item */
#define REFUSE_NOTHING_OPEN      "nothing_open" /* nothing is open of the items */
#define REFUSE_AMOUNT_TOO_LARGE  "amount_too_large" /* more than is open of the items */
#define REFUSE_OUT_OF_RANGE      "amount_out_of_range" /* the items are worth more than an amount can carry */
#define REFUSE_DAY_UNKNOWN       "day_unknown" /* no business day was opened yet */
#define REFUSE_DATE_PASSED       "date_passed" /* promised for a day before today */
#define REFUSE_TOO_MANY_PROMISES "too_many_promises" /* PROMISES_PER_ACCOUNT_MAX are open */

bool command_concerns(const struct command_event *c);
void command_want(struct book *book, const struct input *input, const struct command_event *c);
void command_decide(struct decision *d, const struct command_event *c);
/* Block, hold and promise outcomes; true when it was one. */
bool command_apply(struct book *book, const struct input *input, const struct collections_event *e);

#endif
