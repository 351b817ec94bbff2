/*
 * state: what an outcome changes. The only writer of cash's own state, live and in recovery (DESIGN section 2); it reads
 * nothing but the book and the outcome. Pure.
 */
#ifndef OPENITEM_CASH_STATE_H
#define OPENITEM_CASH_STATE_H

#include "book/book.h"

void cash_state_apply(struct book *book, const struct input *input, const struct outcome *outcome);

#endif
