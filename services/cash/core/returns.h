/*
 * returns: payments that come back (CSH-13, LEDGER section 2). Pure.
 *
 * A return is posted where the bank told it, on the holding account, and then follows its money: through every transfer
 * that moved it, until it meets it. On the way it is never refused and posts nothing; transfers and returns
 * of two lanes stay in order, so a return cannot overtake the money it follows. Crossing a send-back is only one more hop.
 */
#ifndef OPENITEM_CASH_RETURNS_H
#define OPENITEM_CASH_RETURNS_H

#include "book/book.h"

void cash_line_returned_want(struct book *book, const struct input *input);
enum decided cash_line_returned_decide(struct decision *d);

void cash_return_passed_on_want(struct book *book, const struct input *input);
enum decided cash_return_passed_on_decide(struct decision *d);

#endif
