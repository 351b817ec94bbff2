/* day: DayClosed(D) judged lane by lane, a page of subjects per transaction (LEDGER section 5). */
#ifndef OPENITEM_COLLECTIONS_DAY_H
#define OPENITEM_COLLECTIONS_DAY_H

#include "collections/tables.h"

/* Accounts that have nothing to do with a real one: what a day's closing record is keyed by. */
#define DAY_ACCOUNT TEXT("~day")

/* Reason of a refusal: what a subject owes is more than a notice can name. */
#define DAY_AMOUNT_OUT_OF_RANGE "amount_out_of_range"

void day_want(struct book *book, const struct input *input, const struct reference_day_closed *day);
enum decided day_decide(struct decision *d, const struct reference_day_closed *day);

#endif
