/* line: lines of the bank on their holding account (CSH-01, CSH-02, CSH-06, CSH-16). Pure. */
#ifndef OPENITEM_CASH_LINE_H
#define OPENITEM_CASH_LINE_H

#include "book/book.h"

/* A line is posted when it is booked, whoever paid it; money never waits (DESIGN section 2). */
void cash_line_booked_want(struct book *book, const struct input *input);
enum decided cash_line_booked_decide(struct decision *d);

/* The next business day: lines whose payer is not known are looked at again, CASH_RETRY_LINES_MAX per transaction. */
void cash_day_opened_want(struct book *book, const struct input *input);
enum decided cash_day_opened_decide(struct decision *d);

struct cash_identity;
/* Says that the payer of a line is not known, and why. */
void cash_emit_unidentified(struct decision *d, struct text account, struct text line_id, const struct cash_identity *payer);

#endif
