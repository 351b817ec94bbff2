#include "collections/core/promise.h"
#include "money/money.h"
#include "wire/wire.h"

date_t promise_last_day(const struct collections_promise_made *made)
{
	return date_add_days(made->promised_date, made->grace_days);
}

static bool has_item(const struct collections_promise_made *made, struct text document_id, int32_t sequence)
{
	for (size_t i = 0; i < made->n_items; i++)
		if (made->items[i].sequence == sequence && text_eq(made->items[i].document_id, document_id))
			return true;
	return false;
}

bool promise_covers(const struct collections_promise_made *made, const struct collections_item *item)
{
	return has_item(made, item->document_id, item->sequence);
}

/* As far as an amount can carry, either way. */
static int64_t sum_until(const struct collections_promise_made *made, const struct collections_paid *const *paid, size_t n,
			 date_t last)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct collections_paid *p = paid[i];
		if (p->accounting_date < made->made_on || p->accounting_date > last || !text_eq(p->entity, made->entity) ||
		    memcmp(p->currency, made->amount.currency, 3) != 0)
			continue;
		int64_t minor = made->n_items == 0 ? p->received_minor : 0;
		if (made->n_items > 0 && has_item(made, p->document_id, p->sequence))
			minor = p->applied_minor;
		if (!money_add_minor(sum, minor, &sum))
			return sum > 0 ? WIRE_MINOR_MAX : -WIRE_MINOR_MAX;
	}
	return MIN(MAX(sum, -WIRE_MINOR_MAX), WIRE_MINOR_MAX);
}

int64_t promise_paid_before(const struct collections_promise_made *made, const struct collections_paid *const *paid, size_t n)
{
	return sum_until(made, paid, n, promise_last_day(made));
}

int64_t promise_paid(const struct collections_promise_made *made, const struct collections_paid *const *paid, size_t n, date_t day)
{
	int64_t sum = sum_until(made, paid, n, MIN(day, promise_last_day(made))) - made->paid_before_minor;

	return MIN(MAX(sum, (int64_t)0), WIRE_MINOR_MAX);
}

enum collections_promise_state promise_state(const struct collections_promise_made *made, int64_t paid_minor, date_t day)
{
	if (paid_minor >= made->amount.minor)
		return COLLECTIONS_PROMISE_STATE_KEPT;
	if (day <= promise_last_day(made))
		return COLLECTIONS_PROMISE_STATE_UNSPECIFIED;
	return paid_minor > 0 ? COLLECTIONS_PROMISE_STATE_PARTLY_KEPT : COLLECTIONS_PROMISE_STATE_BROKEN;
}
