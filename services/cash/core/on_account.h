/*
 * on_account: money that is left on the account deliberately (CSH-06): no rule takes it until a person takes it off again. Pure.
 *
 * place_on_account   Dr AR-unapplied (a memo: AR) / Cr AR-on-account, both naming the credit: its open amount stays
 * take_off_account   the way back; the return of a payment takes it off by itself
 */
#ifndef OPENITEM_CASH_ON_ACCOUNT_H
#define OPENITEM_CASH_ON_ACCOUNT_H

#include "cash/core/event.h"
#include "cash/tables.h"

void cash_place_on_account_want(struct book *book, const struct input *input);
enum decided cash_place_on_account_decide(struct decision *d);
void cash_take_off_account_want(struct book *book, const struct input *input);
enum decided cash_take_off_account_decide(struct decision *d);

/* Takes off all of it: before a return closes the receipt. Nothing when nothing is on account. */
void cash_emit_off_account(struct decision *d, const struct cash_item_row *credit, int64_t minor, date_t accounting_date);

#endif
