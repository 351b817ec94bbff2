/* facts: this service's copies of reference facts, one per lane. Pure. */
#ifndef OPENITEM_CASH_FACTS_H
#define OPENITEM_CASH_FACTS_H

#include "book/book.h"

void cash_period_want(struct book *book, const struct input *input);
void cash_period_note(struct book *book, const struct input *input);
void cash_rules_note(struct book *book, const struct input *input);
void cash_day_note(struct book *book, const struct input *input);

#endif
