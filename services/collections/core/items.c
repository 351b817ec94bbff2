#include "collections/core/items.h"
#include "money/money.h"

/* One movement of one item. */
struct move {
	struct text document_id;
	int32_t sequence;
	int64_t delta_minor;
	date_t date; /* accounting date */
	const struct collections_item *created; /* facts of the item when this event creates it */
	int64_t applied_minor; /* to it, for promises; < 0: undone */
	int64_t received_minor; /* the same of a receipt that came, or went away */
};

struct moves {
	struct move *move;
	size_t n;
	struct text entity;
	char currency[4];
	bool returned;
};

static struct collections_item item_key(const struct input *input, struct text account, struct text document_id, int32_t sequence)
{
	return (struct collections_item){ .lane = input->lane,
					  .account = account,
					  .document_id = document_id,
					  .sequence = sequence,
					  .document_date = DATE_NONE,
					  .due_date = DATE_NONE,
					  .accounting_date = DATE_NONE,
					  .moved_on = DATE_NONE };
}

static struct collections_subject subject_key(const struct input *input, struct text account, const struct moves *m)
{
	struct collections_subject s = { .lane = input->lane, .account = account, .entity = m->entity, .notice_date = DATE_NONE };

	memcpy(s.currency, m->currency, sizeof(s.currency));
	return s;
}

/* ---- what an event moves ------------------------------------------------------------------------------------------- */

static void set_currency(struct moves *m, struct text code)
{
	memset(m->currency, 0, sizeof(m->currency));
	memcpy(m->currency, code.s, MIN(code.n, (size_t)3));
}

static struct moves moves_of_document(const struct input *input, struct text account, const struct billing_document_issued *d,
				      struct arena *arena)
{
	struct moves m = { .entity = d->entity, .move = ARENA_ARRAY(arena, d->n_items, struct move) };

	set_currency(&m, d->currency_code);
	for (size_t i = 0; i < d->n_items; i++) {
		const struct billing_document_item *di = &d->items[i];
		struct collections_item *item = ARENA_NEW(arena, struct collections_item);
		*item = item_key(input, account, d->document_id, di->sequence);
		item->entity = d->entity;
		memcpy(item->currency, m.currency, sizeof(item->currency));
		item->number = text_empty(d->number) ? d->external_number : d->number;
		item->customer_po = d->customer_po;
		item->document_date = d->issue_date;
		item->due_date = di->due_date;
		item->accounting_date = d->accounting_date;
		item->original_minor = di->original_minor;
		item->dunning_level = d->dunning_level;
		m.move[m.n++] = (struct move){ .document_id = d->document_id,
					       .sequence = di->sequence,
					       .delta_minor = di->open_minor,
					       .date = d->accounting_date,
					       .created = item };
	}
	return m;
}

static struct moves moves_of_receipt(const struct input *input, struct text account, const struct cash_transfer_accepted *t,
				     struct arena *arena)
{
	struct moves m = { .entity = t->entity, .move = ARENA_NEW(arena, struct move), .n = 1 };
	struct collections_item *item = ARENA_NEW(arena, struct collections_item);

	memcpy(m.currency, t->amount.currency, sizeof(m.currency));
	*item = item_key(input, account, t->document_id, 1);
	item->entity = t->entity;
	memcpy(item->currency, m.currency, sizeof(item->currency));
	item->number = t->line_id;
	item->document_date = item->due_date = t->booking_date;
	item->accounting_date = t->accounting_date;
	item->original_minor = -t->amount.minor;
	m.move[0] = (struct move){ .document_id = t->document_id,
				   .sequence = 1,
				   .delta_minor = -t->amount.minor,
				   .date = t->accounting_date,
				   .created = item,
				   .received_minor = t->amount.minor };
	return m;
}

/* sign +1: applied (credit rises towards 0, debit falls), -1: undone. */
static struct moves moves_of_applications(struct text entity, const struct cash_application *a, size_t n, int sign,
					  struct arena *arena)
{
	struct moves m = { .entity = entity, .move = ARENA_ARRAY(arena, 2 * n, struct move) };

	for (size_t i = 0; i < n; i++) {
		int64_t minor = sign * a[i].amount.minor;
		memcpy(m.currency, a[i].amount.currency, sizeof(m.currency));
		m.move[m.n++] = (struct move){ .document_id = a[i].credit->document_id,
					       .sequence = a[i].credit->sequence,
					       .delta_minor = minor,
					       .date = a[i].accounting_date };
		m.move[m.n++] = (struct move){ .document_id = a[i].debit->document_id,
					       .sequence = a[i].debit->sequence,
					       .delta_minor = -minor,
					       .date = a[i].accounting_date,
					       .applied_minor = minor };
	}
	return m;
}

static struct moves moves_of_departure(struct text entity, struct text document_id, struct money amount, date_t date,
				       struct arena *arena)
{
	struct moves m = { .entity = entity, .move = ARENA_NEW(arena, struct move), .n = 1 };

	memcpy(m.currency, amount.currency, sizeof(m.currency));
	m.move[0] = (struct move){ .document_id = document_id,
				   .sequence = 1,
				   .delta_minor = amount.minor,
				   .date = date,
				   .received_minor = -amount.minor };
	return m;
}

/* `unapplied` outcomes came before; now receipt and return close each other: the receipt ends at 0. */
static struct moves moves_of_return(const struct cash_return_settled *r, struct arena *arena)
{
	struct moves m = moves_of_departure(r->entity, r->document_id, r->amount, r->accounting_date, arena);

	m.returned = true;
	return m;
}

static bool is_holding(struct text account)
{
	return text_starts(account, TEXT("~"));
}

bool items_concern(const struct cash_event *e)
{
	if (is_holding(e->account))
		return false;
	switch (e->event_case) {
	case CASH_EVENT_TRANSFER_ACCEPTED:
	case CASH_EVENT_TRANSFER_SENT:
	case CASH_EVENT_APPLIED:
	case CASH_EVENT_UNAPPLIED:
	case CASH_EVENT_RETURN_SETTLED:
		return true;
	default:
		return false;
	}
}

static struct moves moves_of_cash(const struct input *input, const struct cash_event *e, struct arena *arena)
{
	switch (e->event_case) {
	case CASH_EVENT_TRANSFER_ACCEPTED:
		return moves_of_receipt(input, e->account, e->transfer_accepted, arena);
	case CASH_EVENT_TRANSFER_SENT:
		return moves_of_departure(e->transfer_sent->entity, e->transfer_sent->from_document_id, e->transfer_sent->amount,
					  e->transfer_sent->accounting_date, arena);
	case CASH_EVENT_APPLIED:
		return moves_of_applications(e->applied->entity, e->applied->applications, e->applied->n_applications, 1, arena);
	case CASH_EVENT_UNAPPLIED:
		return moves_of_applications(e->unapplied->entity, e->unapplied->applications, e->unapplied->n_applications, -1,
					     arena);
	case CASH_EVENT_RETURN_SETTLED:
		return moves_of_return(e->return_settled, arena);
	default:
		return (struct moves){ 0 };
	}
}

/* ---- keeping them ---------------------------------------------------------------------------------------------------- */

static struct collections_paid paid_key(const struct input *input, struct text account, const struct move *mv)
{
	return (struct collections_paid){ .lane = input->lane,
					  .account = account,
					  .accounting_date = mv->date,
					  .document_id = mv->document_id,
					  .sequence = mv->sequence };
}

static bool has_promise(struct book *book, const struct input *input, struct text account)
{
	struct collections_promise key = { .lane = input->lane, .account = account };

	return book_find(book, &collections_promise_table, PROMISE_OF_ACCOUNT, &key).n > 0;
}

static bool is_payment(const struct move *mv)
{
	return mv->applied_minor != 0 || mv->received_minor != 0;
}

static void want(struct book *book, const struct input *input, struct text account, const struct moves *m)
{
	struct collections_subject subject = subject_key(input, account, m);
	struct collections_promise promises = { .lane = input->lane, .account = account };

	if (m->n == 0)
		return;
	book_want(book, &collections_subject_table, BOOK_KEY, &subject);
	book_want(book, &collections_promise_table, PROMISE_OF_ACCOUNT, &promises);
	bool promised = has_promise(book, input, account);
	for (size_t i = 0; i < m->n; i++) {
		const struct move *mv = &m->move[i];
		struct collections_item key = item_key(input, account, mv->document_id, mv->sequence);
		struct collections_paid paid = paid_key(input, account, mv);
		book_want(book, &collections_item_table, BOOK_KEY, &key);
		if (promised && is_payment(mv))
			book_want(book, &collections_paid_table, BOOK_KEY, &paid);
	}
}

static bool counts(const struct collections_item *item)
{
	return item->known && item->open_minor > 0;
}

static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	CHECK(money_add_minor(a, b, &sum));
	return sum;
}

static void keep_paid(struct book *book, const struct input *input, struct text account, const struct moves *m,
		      const struct move *mv)
{
	struct collections_paid row = paid_key(input, account, mv);
	const struct collections_paid *old = book_get(book, &collections_paid_table, &row);

	if (old != NULL)
		row = *old;
	row.entity = m->entity;
	memcpy(row.currency, m->currency, sizeof(row.currency));
	row.applied_minor = plus(row.applied_minor, mv->applied_minor);
	row.received_minor = plus(row.received_minor, mv->received_minor);
	book_put(book, &collections_paid_table, &row);
}

/* The latest day it moved, and by how much then; the same whatever order the days come in. */
static void keep_latest(struct collections_item *item, const struct move *mv)
{
	if (date_is_valid(item->moved_on) && mv->date < item->moved_on)
		return;
	item->moved_minor = plus(mv->date == item->moved_on ? item->moved_minor : 0, mv->delta_minor);
	item->moved_on = mv->date;
}

/* Returns by how much the subject's number of open debit items changed. */
static int32_t move_item(struct book *book, const struct input *input, struct text account, const struct move *mv)
{
	struct collections_item item = item_key(input, account, mv->document_id, mv->sequence);
	const struct collections_item *old = book_get(book, &collections_item_table, &item);
	bool before = old != NULL && counts(old);
	int64_t open = old != NULL ? old->open_minor : 0;

	if (mv->created != NULL)
		item = *mv->created;
	else if (old != NULL)
		item = *old;
	item.known = mv->created != NULL || (old != NULL && old->known);
	item.open_minor = plus(open, mv->delta_minor);
	item.moved_on = old != NULL ? old->moved_on : DATE_NONE;
	item.moved_minor = old != NULL ? old->moved_minor : 0;
	if (mv->created == NULL)
		keep_latest(&item, mv);
	book_put(book, &collections_item_table, &item);
	return counts(&item) - before;
}

static void note(struct book *book, const struct input *input, struct text account, const struct moves *m)
{
	struct collections_subject subject = subject_key(input, account, m);
	int32_t change = 0;

	if (m->n == 0)
		return;
	const struct collections_subject *old = book_get(book, &collections_subject_table, &subject);
	bool promised = has_promise(book, input, account);
	if (old != NULL)
		subject = *old;
	for (size_t i = 0; i < m->n; i++) {
		change += move_item(book, input, account, &m->move[i]);
		if (promised && is_payment(&m->move[i]))
			keep_paid(book, input, account, m, &m->move[i]);
	}
	if (old != NULL && change == 0 && !m->returned)
		return;
	subject.items += change;
	subject.returned = subject.returned || m->returned;
	book_put(book, &collections_subject_table, &subject);
}

static const struct billing_document_issued *document_of(const struct billing_event *e)
{
	switch (e->event_case) {
	case BILLING_EVENT_INVOICE_ISSUED:
		return e->invoice_issued;
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		return e->credit_memo_issued;
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		return e->debit_memo_issued;
	case BILLING_EVENT_ITEM_TAKEN_ON:
		return e->item_taken_on;
	default:
		return NULL;
	}
}

void items_want_billing(struct book *book, const struct input *input, const struct billing_event *e)
{
	const struct billing_document_issued *d = document_of(e);

	if (d == NULL)
		return;
	struct moves m = moves_of_document(input, e->account, d, book_arena(book));
	want(book, input, e->account, &m);
}

void items_note_billing(struct book *book, const struct input *input, const struct billing_event *e)
{
	const struct billing_document_issued *d = document_of(e);

	if (d == NULL)
		return;
	struct moves m = moves_of_document(input, e->account, d, book_arena(book));
	note(book, input, e->account, &m);
}

void items_want_cash(struct book *book, const struct input *input, const struct cash_event *e)
{
	struct moves m = moves_of_cash(input, e, book_arena(book));

	want(book, input, e->account, &m);
}

void items_note_cash(struct book *book, const struct input *input, const struct cash_event *e)
{
	struct moves m = moves_of_cash(input, e, book_arena(book));

	note(book, input, e->account, &m);
}
