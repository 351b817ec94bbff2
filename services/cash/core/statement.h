/* statement: opening + all lines = closing (CSH-01). Pure. */
#ifndef OPENITEM_CASH_STATEMENT_H
#define OPENITEM_CASH_STATEMENT_H

#include "book/book.h"

/* Input. */
void cash_statement_closed_want(struct book *book, const struct input *input);
enum decided cash_statement_closed_decide(struct decision *d);

/* A line came: a statement whose balances are known is compared again. The line has been applied to the book. */
void cash_statement_recheck(struct decision *d, struct text account, struct text statement_id);

#endif
