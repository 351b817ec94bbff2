#include "collections/core/command.h"
#include "collections/core/items.h"
#include "collections/core/promise.h"
#include "ev/intake.h"
#include "money/money.h"
#include "wire/wire.h"

bool command_concerns(const struct command_event *c)
{
	switch (c->command_case) {
	case COMMAND_EVENT_SET_BLOCK:
	case COMMAND_EVENT_LIFT_BLOCK:
	case COMMAND_EVENT_SET_HOLD:
	case COMMAND_EVENT_LIFT_HOLD:
	case COMMAND_EVENT_MAKE_PROMISE:
	case COMMAND_EVENT_CANCEL_PROMISE:
		return true;
	default:
		return false;
	}
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------ */

static struct collections_block block_key(const struct input *input, struct text account, struct text block_id)
{
	return (struct collections_block){ .lane = input->lane, .account = account, .block_id = block_id, .until = DATE_NONE };
}

static struct collections_hold hold_key(const struct input *input, struct text account, struct text hold_id)
{
	return (struct collections_hold){ .lane = input->lane, .account = account, .hold_id = hold_id, .until = DATE_NONE };
}

static struct collections_promise promise_key(const struct input *input, struct text account, struct text promise_id)
{
	return (struct collections_promise){ .lane = input->lane, .account = account, .promise_id = promise_id };
}

static struct collections_item item_key(const struct input *input, struct text account, const struct type_item_ref *ref)
{
	return (struct collections_item){
		.lane = input->lane, .account = account, .document_id = ref->document_id, .sequence = ref->sequence
	};
}

static struct collections_business_day day_key(const struct input *input)
{
	return (struct collections_business_day){ .lane = input->lane };
}

static struct collections_subject subject_key(const struct input *input, struct text account, struct text entity,
					      const char *currency)
{
	struct collections_subject s = { .lane = input->lane, .account = account, .entity = entity, .notice_date = DATE_NONE };

	memcpy(s.currency, currency, sizeof(s.currency));
	return s;
}

/* ---- want ------------------------------------------------------------------------------------------------------------------ */

static void want_item(struct book *book, const struct input *input, struct text account, const struct type_item_ref *ref)
{
	struct collections_item key;

	if (ref == NULL)
		return;
	key = item_key(input, account, ref);
	book_want(book, &collections_item_table, BOOK_KEY, &key);
}

static void want_block(struct book *book, const struct input *input, struct text account, struct text block_id)
{
	struct collections_block key = block_key(input, account, block_id);

	book_want(book, &collections_block_table, BOOK_KEY, &key);
}

static void want_hold(struct book *book, const struct input *input, struct text account, struct text hold_id)
{
	struct collections_hold key = hold_key(input, account, hold_id);

	book_want(book, &collections_hold_table, BOOK_KEY, &key);
}

static const char *currency_of(struct book *book, const struct input *input, struct text account,
			       const struct command_make_promise *m)
{
	if (m->n_items == 0)
		return m->amount.currency;
	struct collections_item key = item_key(input, account, &m->items[0]);
	const struct collections_item *item = book_get(book, &collections_item_table, &key);
	return item != NULL ? item->currency : NULL;
}

static void want_subject(struct book *book, const struct input *input, struct text account, struct text entity,
			 const char *currency)
{
	if (currency == NULL)
		return;
	struct collections_subject key = subject_key(input, account, entity, currency);
	book_want(book, &collections_subject_table, BOOK_KEY, &key);
}

static void want_promise(struct book *book, const struct input *input, struct text account, struct text promise_id)
{
	struct collections_promise key = promise_key(input, account, promise_id);

	book_want(book, &collections_promise_table, BOOK_KEY, &key);
	const struct collections_promise *row = book_get(book, &collections_promise_table, &key);
	if (row != NULL)
		want_subject(book, input, account, row->made->entity, row->made->amount.currency);
}

void command_want(struct book *book, const struct input *input, const struct command_event *c)
{
	struct collections_business_day day = day_key(input);

	switch (c->command_case) {
	case COMMAND_EVENT_SET_BLOCK:
		want_block(book, input, c->account, c->set_block->block_id);
		want_item(book, input, c->account, c->set_block->item);
		break;
	case COMMAND_EVENT_LIFT_BLOCK:
		want_block(book, input, c->account, c->lift_block->block_id);
		break;
	case COMMAND_EVENT_SET_HOLD:
		want_hold(book, input, c->account, c->set_hold->hold_id);
		want_item(book, input, c->account, c->set_hold->item);
		break;
	case COMMAND_EVENT_LIFT_HOLD:
		want_hold(book, input, c->account, c->lift_hold->hold_id);
		break;
	case COMMAND_EVENT_MAKE_PROMISE: {
		const struct command_make_promise *m = c->make_promise;
		struct collections_promise open = promise_key(input, c->account, TEXT_NONE);
		struct collections_paid paid = { .lane = input->lane, .account = c->account };
		book_want(book, &collections_business_day_table, BOOK_KEY, &day);
		book_want(book, &collections_paid_table, PAID_OF_ACCOUNT, &paid);
		book_want(book, &collections_promise_table, PROMISE_OF_ACCOUNT, &open);
		for (size_t i = 0; i < m->n_items; i++)
			want_item(book, input, c->account, &m->items[i]);
		want_promise(book, input, c->account, m->promise_id);
		want_subject(book, input, c->account, m->entity, currency_of(book, input, c->account, m));
		break;
	}
	case COMMAND_EVENT_CANCEL_PROMISE:
		want_promise(book, input, c->account, c->cancel_promise->promise_id);
		break;
	default:
		break;
	}
}

/* ---- decide ---------------------------------------------------------------------------------------------------------------- */

static struct collections_event *answer(struct decision *d, enum collections_event_case what)
{
	struct collections_event *e = WIRE_NEW(d->arena, collections_event);

	e->account = ((const struct intake_event *)d->input->event)->command->account;
	e->event_case = what;
	return e;
}

static void emit(struct decision *d, struct collections_event *e)
{
	core_emit(d, &(struct outcome){ .key = e->account, .event = e, .destination_lane = -1 });
}

static void refuse(struct decision *d, const char *reason, struct text subject)
{
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_REFUSED);

	e->refused = WIRE_NEW(d->arena, type_refused);
	e->refused->reason = text_of(reason);
	e->refused->subject = subject;
	e->refused->input_type = ((const struct intake_event *)d->input->event)->fact_type;
	emit(d, e);
}

static const struct collections_item *see_item(struct decision *d, struct text account, const struct type_item_ref *ref)
{
	struct collections_item key = item_key(d->input, account, ref);
	const struct collections_item *item = book_get(d->book, &collections_item_table, &key);

	return item != NULL && item->known ? item : NULL;
}

static void set_block(struct decision *d, struct text account, const struct command_set_block *b)
{
	if (b->item != NULL && see_item(d, account, b->item) == NULL) {
		refuse(d, REFUSE_UNKNOWN_ITEM, b->item->document_id);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_BLOCK_SET);
	e->block_set = WIRE_NEW(d->arena, collections_block_set);
	e->block_set->block_id = b->block_id;
	e->block_set->reason = b->reason;
	e->block_set->item = b->item;
	e->block_set->until = b->until;
	emit(d, e);
}

static void lift_block(struct decision *d, struct text account, struct text block_id)
{
	struct collections_block key = block_key(d->input, account, block_id);
	const struct collections_block *block = book_get(d->book, &collections_block_table, &key);

	if (block == NULL || block->lifted) {
		refuse(d, REFUSE_UNKNOWN_BLOCK, block_id);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_BLOCK_LIFTED);
	e->block_lifted = WIRE_NEW(d->arena, collections_block_lifted);
	e->block_lifted->block_id = block_id;
	emit(d, e);
}

static void set_hold(struct decision *d, struct text account, const struct command_set_hold *h)
{
	const struct collections_item *item = see_item(d, account, h->item);
	bool has_amount = h->amount.currency[0] != '\0';

	if (item == NULL) {
		refuse(d, REFUSE_UNKNOWN_ITEM, h->item->document_id);
		return;
	}
	if (has_amount && memcmp(h->amount.currency, item->currency, 3) != 0) {
		refuse(d, REFUSE_CURRENCY_MISMATCH, h->hold_id);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_HOLD_SET);
	e->hold_set = WIRE_NEW(d->arena, collections_hold_set);
	e->hold_set->hold_id = h->hold_id;
	e->hold_set->kind = h->kind;
	e->hold_set->item = h->item;
	e->hold_set->amount = h->amount;
	e->hold_set->until = h->until;
	emit(d, e);
}

static void lift_hold(struct decision *d, struct text account, struct text hold_id)
{
	struct collections_hold key = hold_key(d->input, account, hold_id);
	const struct collections_hold *hold = book_get(d->book, &collections_hold_table, &key);

	if (hold == NULL || hold->lifted) {
		refuse(d, REFUSE_UNKNOWN_HOLD, hold_id);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_HOLD_LIFTED);
	e->hold_lifted = WIRE_NEW(d->arena, collections_hold_lifted);
	e->hold_lifted->hold_id = hold_id;
	emit(d, e);
}

/* ---- promises --------------------------------------------------------------------------------------------------------------- */

static bool named_before(const struct command_make_promise *m, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (m->items[k].sequence == m->items[i].sequence && text_eq(m->items[k].document_id, m->items[i].document_id))
			return true;
	return false;
}

/* The items of a promise: of one subject, with something open. Sets the currency and the sum of what is open. */
static const char *check_items(struct decision *d, struct text account, const struct command_make_promise *m,
			       struct money *ret_open, struct text *ret_subject)
{
	*ret_open = (struct money){ 0 };
	for (size_t i = 0; i < m->n_items; i++) {
		const struct collections_item *item = see_item(d, account, &m->items[i]);
		*ret_subject = m->items[i].document_id;
		if (item == NULL)
			return REFUSE_UNKNOWN_ITEM;
		if (named_before(m, i))
			return REFUSE_DUPLICATE_ITEM;
		if (!text_eq(item->entity, m->entity) || (i > 0 && memcmp(item->currency, ret_open->currency, 3) != 0))
			return REFUSE_OTHER_SUBJECT;
		memcpy(ret_open->currency, item->currency, sizeof(ret_open->currency));
		if (item->open_minor > 0)
			CHECK(money_add_minor(ret_open->minor, item->open_minor, &ret_open->minor));
	}
	return NULL;
}

static const char *check_promise(struct decision *d, struct text account, const struct command_make_promise *m, date_t today,
				 struct money *ret_amount, struct text *ret_subject)
{
	struct collections_promise key = promise_key(d->input, account, TEXT_NONE);
	struct rows open_ones = book_find(d->book, &collections_promise_table, PROMISE_OF_ACCOUNT, &key);
	bool has_amount = m->amount.currency[0] != '\0';
	struct money open;
	const char *why = check_items(d, account, m, &open, ret_subject);

	if (why != NULL)
		return why;
	*ret_subject = m->promise_id;
	*ret_amount = has_amount ? m->amount : open;
	if (m->n_items > 0 && has_amount && memcmp(m->amount.currency, open.currency, 3) != 0)
		return REFUSE_CURRENCY_MISMATCH;
	if (m->n_items > 0 && open.minor == 0)
		return REFUSE_NOTHING_OPEN;
	if (m->n_items > 0 && ret_amount->minor > open.minor)
		return REFUSE_AMOUNT_TOO_LARGE;
	if (ret_amount->minor > WIRE_MINOR_MAX)
		return REFUSE_OUT_OF_RANGE;
	if (!date_is_valid(today))
		return REFUSE_DAY_UNKNOWN;
	if (m->promised_date < today)
		return REFUSE_DATE_PASSED;
	return open_ones.n >= PROMISES_PER_ACCOUNT_MAX ? REFUSE_TOO_MANY_PROMISES : NULL;
}

static void make_promise(struct decision *d, struct text account, const struct command_make_promise *m)
{
	struct collections_business_day day_of_lane = day_key(d->input);
	const struct collections_business_day *day = book_get(d->book, &collections_business_day_table, &day_of_lane);
	struct collections_promise key = promise_key(d->input, account, m->promise_id);
	const struct collections_promise *before = book_get(d->book, &collections_promise_table, &key);
	struct money amount;
	struct text subject;
	const char *why = check_promise(d, account, m, day != NULL ? day->business_date : DATE_NONE, &amount, &subject);
	struct rows paid = book_find(d->book, &collections_paid_table, PAID_OF_ACCOUNT,
				     &(struct collections_paid){ .lane = d->input->lane, .account = account });

	if (why != NULL || book_is_again(d->book)) {
		if (!book_is_again(d->book))
			refuse(d, why, subject);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_PROMISE_MADE);
	e->promise_made = WIRE_NEW(d->arena, collections_promise_made);
	e->promise_made->promise_id = m->promise_id;
	e->promise_made->entity = m->entity;
	e->promise_made->amount = amount;
	e->promise_made->n_items = m->n_items;
	e->promise_made->items = m->items;
	e->promise_made->made_on = day->business_date;
	e->promise_made->promised_date = m->promised_date;
	e->promise_made->grace_days = m->grace_days;
	e->promise_made->channel = m->channel;
	e->promise_made->supersedes = before != NULL && before->open;
	e->promise_made->paid_before_minor =
		promise_paid_before(e->promise_made, (const struct collections_paid *const *)paid.row, paid.n);
	emit(d, e);
}

static void cancel_promise(struct decision *d, struct text account, struct text promise_id)
{
	struct collections_promise key = promise_key(d->input, account, promise_id);
	const struct collections_promise *promise = book_get(d->book, &collections_promise_table, &key);

	if (promise == NULL || !promise->open) {
		refuse(d, REFUSE_UNKNOWN_PROMISE, promise_id);
		return;
	}
	struct collections_event *e = answer(d, COLLECTIONS_EVENT_PROMISE_CANCELLED);
	e->promise_cancelled = WIRE_NEW(d->arena, collections_promise_cancelled);
	e->promise_cancelled->promise_id = promise_id;
	emit(d, e);
}

void command_decide(struct decision *d, const struct command_event *c)
{
	switch (c->command_case) {
	case COMMAND_EVENT_SET_BLOCK:
		set_block(d, c->account, c->set_block);
		break;
	case COMMAND_EVENT_LIFT_BLOCK:
		lift_block(d, c->account, c->lift_block->block_id);
		break;
	case COMMAND_EVENT_SET_HOLD:
		set_hold(d, c->account, c->set_hold);
		break;
	case COMMAND_EVENT_LIFT_HOLD:
		lift_hold(d, c->account, c->lift_hold->hold_id);
		break;
	case COMMAND_EVENT_MAKE_PROMISE:
		make_promise(d, c->account, c->make_promise);
		break;
	case COMMAND_EVENT_CANCEL_PROMISE:
		cancel_promise(d, c->account, c->cancel_promise->promise_id);
		break;
	default:
		break;
	}
}

/* ---- apply ----------------------------------------------------------------------------------------------------------------- */

static void apply_block(struct book *book, const struct input *input, struct text account, const struct collections_block_set *b)
{
	struct collections_block row = block_key(input, account, b->block_id);

	row.reason = (int32_t)b->reason;
	row.until = b->until;
	if (b->item != NULL) {
		row.document_id = b->item->document_id;
		row.sequence = b->item->sequence;
	}
	book_put(book, &collections_block_table, &row);
}

static void apply_lift_block(struct book *book, const struct input *input, struct text account, struct text block_id)
{
	struct collections_block key = block_key(input, account, block_id);
	const struct collections_block *old = book_get(book, &collections_block_table, &key);

	CHECK(old != NULL || book_is_again(book));
	if (old == NULL)
		return; /* a rebuild: loaded, and done again */
	key = *old;
	key.lifted = true;
	book_put(book, &collections_block_table, &key);
}

static void apply_hold(struct book *book, const struct input *input, struct text account, const struct collections_hold_set *h)
{
	struct collections_hold row = hold_key(input, account, h->hold_id);

	row.kind = (int32_t)h->kind;
	row.document_id = h->item->document_id;
	row.sequence = h->item->sequence;
	row.amount_minor = h->amount.minor;
	row.until = h->until;
	book_put(book, &collections_hold_table, &row);
}

static void apply_lift_hold(struct book *book, const struct input *input, struct text account, struct text hold_id)
{
	struct collections_hold key = hold_key(input, account, hold_id);
	const struct collections_hold *old = book_get(book, &collections_hold_table, &key);

	CHECK(old != NULL || book_is_again(book));
	if (old == NULL)
		return; /* a rebuild: loaded, and done again */
	key = *old;
	key.lifted = true;
	book_put(book, &collections_hold_table, &key);
}

/* A subject knows how many promises are open, so that a day looks at it. */
static void count_promise(struct book *book, const struct input *input, struct text account,
			  const struct collections_promise_made *made, int32_t by)
{
	struct collections_subject row = subject_key(input, account, made->entity, made->amount.currency);
	const struct collections_subject *old = book_get(book, &collections_subject_table, &row);

	if (old != NULL)
		row = *old;
	row.promises += by;
	book_put(book, &collections_subject_table, &row);
}

static void end_promise(struct book *book, const struct input *input, struct text account, struct text promise_id)
{
	struct collections_promise row = promise_key(input, account, promise_id);
	const struct collections_promise *old = book_get(book, &collections_promise_table, &row);

	if (old == NULL || !old->open)
		return;
	row = *old;
	row.open = false;
	book_put(book, &collections_promise_table, &row);
	count_promise(book, input, account, old->made, -1);
}

static void apply_promise(struct book *book, const struct input *input, struct text account, struct collections_promise_made *made)
{
	struct collections_promise row = promise_key(input, account, made->promise_id);

	end_promise(book, input, account, made->promise_id);
	row.open = true;
	row.made = made;
	book_put(book, &collections_promise_table, &row);
	count_promise(book, input, account, made, 1);
}

bool command_apply(struct book *book, const struct input *input, const struct collections_event *e)
{
	switch (e->event_case) {
	case COLLECTIONS_EVENT_BLOCK_SET:
		apply_block(book, input, e->account, e->block_set);
		return true;
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		apply_lift_block(book, input, e->account, e->block_lifted->block_id);
		return true;
	case COLLECTIONS_EVENT_HOLD_SET:
		apply_hold(book, input, e->account, e->hold_set);
		return true;
	case COLLECTIONS_EVENT_HOLD_LIFTED:
		apply_lift_hold(book, input, e->account, e->hold_lifted->hold_id);
		return true;
	case COLLECTIONS_EVENT_PROMISE_MADE:
		apply_promise(book, input, e->account, e->promise_made);
		return true;
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
		end_promise(book, input, e->account, e->promise_judged->promise_id);
		return true;
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
		end_promise(book, input, e->account, e->promise_cancelled->promise_id);
		return true;
	default:
		return false;
	}
}
