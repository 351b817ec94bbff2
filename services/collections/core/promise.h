/*
 * promise: what was paid of a promise, and what became of it (COL-04, LEDGER section 5). Pure arithmetic.
 *
 * Kept as soon as the amount is paid; at the first close after promised date + grace it is partly kept if anything was paid, else broken.
 * What counts is dated from the day of the promise to that day: with items what was applied to them, without items the receipts of the
 * subject. A payment that went back counts down; what was there when the promise was made does not count, whatever its day.
 */
#ifndef OPENITEM_COLLECTIONS_PROMISE_H
#define OPENITEM_COLLECTIONS_PROMISE_H

#include "collections/tables.h"

/* Last day on which a payment counts. */
date_t promise_last_day(const struct collections_promise_made *made);

/* What had been paid by the same reckoning when the promise was made: for made->paid_before_minor. */
int64_t promise_paid_before(const struct collections_promise_made *made, const struct collections_paid *const *paid, size_t n);

/* Never negative, and never more than an amount can carry (WIRE_MINOR_MAX). */
int64_t promise_paid(const struct collections_promise_made *made, const struct collections_paid *const *paid, size_t n, date_t day);

/* COLLECTIONS_PROMISE_STATE_UNSPECIFIED: it is open still. */
enum collections_promise_state promise_state(const struct collections_promise_made *made, int64_t paid_minor, date_t day);

bool promise_covers(const struct collections_promise_made *made, const struct collections_item *item);

#endif
