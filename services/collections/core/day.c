#include "collections/core/day.h"
#include "collections/core/customer.h"
#include "collections/core/judge.h"
#include "collections/core/promise.h"
#include "ev/collections.h"
#include "id/id.h"
#include "wire/wire.h"

#define NOTICE_ITEMS_MAX 100 /* of the proto: items of a notice */

/* ---- the cursor: "<subjects> <notices> <last account judged>" ---------------------------------------------------------- */

struct progress {
	int64_t subjects, notices;
	struct text account;
};

static struct progress progress_of(const struct input *input)
{
	struct progress p = { 0 };
	struct text rest = input->cursor;
	int64_t *n[] = { &p.subjects, &p.notices };

	for (size_t i = 0; i < ARRAY_LEN(n) && rest.n > 0; i++) {
		size_t at = text_find(rest, TEXT(" "));
		CHECK(at != TEXT_NOT_FOUND && text_parse_i64((struct text){ rest.s, at }, n[i]));
		rest = (struct text){ rest.s + at + 1, rest.n - at - 1 };
	}
	p.account = rest;
	return p;
}

/* ---- what is asked ------------------------------------------------------------------------------------------------------- */

static struct collections_subject after(const struct input *input)
{
	return (struct collections_subject){ .lane = input->lane, .account = progress_of(input).account, .notice_date = DATE_NONE };
}

static struct collections_item items_of(const struct input *input, struct text account)
{
	return (struct collections_item){ .lane = input->lane, .account = account };
}

static struct collections_block blocks_of(const struct input *input, struct text account)
{
	return (struct collections_block){ .lane = input->lane, .account = account };
}

static struct collections_hold holds_of(const struct input *input, struct text account)
{
	return (struct collections_hold){ .lane = input->lane, .account = account };
}

static struct collections_promise promises_of(const struct input *input, struct text account)
{
	return (struct collections_promise){ .lane = input->lane, .account = account };
}

static struct collections_paid paid_of(const struct input *input, struct text account)
{
	return (struct collections_paid){ .lane = input->lane, .account = account };
}

static struct collections_ladder of_lane(const struct input *input)
{
	return (struct collections_ladder){ .lane = input->lane };
}

void day_want(struct book *book, const struct input *input, const struct reference_day_closed *day)
{
	struct collections_subject from = after(input);
	struct collections_ladder ladder = of_lane(input);

	book_want(book, &collections_ladder_table, LADDER_OF_LANE, &ladder);
	book_want(book, &collections_subject_table, SUBJECT_AFTER_ACCOUNT, &from);
	struct rows page = book_find(book, &collections_subject_table, SUBJECT_AFTER_ACCOUNT, &from);
	for (size_t i = 0; i < page.n; i++) {
		const struct collections_subject *s = page.row[i];
		struct collections_item items = items_of(input, s->account);
		struct collections_block blocks = blocks_of(input, s->account);
		book_want(book, &collections_item_table, ITEM_OPEN_OF_ACCOUNT, &items);
		book_want(book, &collections_block_table, BLOCK_OF_ACCOUNT, &blocks);
		struct collections_hold holds = holds_of(input, s->account);
		struct collections_promise promises = promises_of(input, s->account);
		struct collections_paid paid = paid_of(input, s->account);
		book_want(book, &collections_hold_table, HOLD_OF_ACCOUNT, &holds);
		book_want(book, &collections_promise_table, PROMISE_OF_ACCOUNT, &promises);
		if (s->promises > 0)
			book_want(book, &collections_paid_table, PAID_OF_ACCOUNT, &paid);
		customer_want(book, input, s->account, judge_next_day(day->business_date));
	}
}

/* ---- outcomes ------------------------------------------------------------------------------------------------------------ */

static struct collections_event *event_for(struct decision *d, struct text account, enum collections_event_case what)
{
	struct collections_event *e = WIRE_NEW(d->arena, collections_event);

	e->account = account;
	e->event_case = what;
	return e;
}

static void emit(struct decision *d, struct collections_event *e, struct text rule_version)
{
	core_emit(d, &(struct outcome){ .key = e->account, .event = e, .destination_lane = -1, .rule_versions = { rule_version } });
}

static void fill_items(struct collections_notice_issued *n, const struct judgement *j, struct arena *arena)
{
	n->items = WIRE_ARRAY(arena, MIN(j->n_overdue, (size_t)NOTICE_ITEMS_MAX), collections_notice_item);
	for (size_t i = 0; i < j->n_overdue; i++) {
		const struct judge_item *o = &j->overdue[i];
		if (o->held_minor + o->promised_minor == o->open_minor)
			continue;
		n->item_count++;
		if (n->n_items == NOTICE_ITEMS_MAX)
			continue;
		n->items[n->n_items++] = (struct collections_notice_item){
			.document_id = o->item->document_id,
			.sequence = o->item->sequence,
			.number = o->item->number,
			.customer_po = o->item->customer_po,
			.document_date = o->item->document_date,
			.due_date = o->item->due_date,
			.original_minor = o->item->original_minor,
			.open_minor = o->open_minor,
			.days_past_due = o->days,
		};
	}
}

/* The open credits that were counted. */
static void fill_credits(struct collections_notice_issued *n, const struct judge_case *c, struct arena *arena)
{
	n->credits = WIRE_ARRAY(arena, MIN(c->n_items, (size_t)NOTICE_ITEMS_MAX), collections_notice_credit);
	for (size_t i = 0; i < c->n_items && n->n_credits < NOTICE_ITEMS_MAX; i++) {
		const struct collections_item *item = c->items[i];
		int64_t open = judge_is_of(c, item) ? judge_open(item, c->day) : 0;
		if (open >= 0)
			continue;
		n->credits[n->n_credits++] = (struct collections_notice_credit){
			.document_id = item->document_id,
			.sequence = item->sequence,
			.number = item->number,
			.document_date = item->document_date,
			.open_minor = -open,
		};
	}
}

static void fill_recipient(struct decision *d, struct collections_notice_issued *n, struct text account)
{
	const struct crm_customer_recorded *customer = customer_see(d->book, d->input, account, n->notice_date);
	const struct crm_contact *contact = customer != NULL ? customer_contact(customer) : NULL;
	const struct crm_address *address = customer != NULL ? customer_address(customer) : NULL;

	if (customer != NULL)
		n->addressee = customer->legal_name;
	if (address != NULL)
		n->address = address->lines;
	if (contact != NULL) {
		n->contact_name = contact->name;
		n->contact_email = contact->email;
	}
}

static void emit_notice(struct decision *d, const struct judge_case *c, const struct judgement *j)
{
	const struct collections_subject *s = c->subject;
	struct collections_event *e = event_for(d, s->account, COLLECTIONS_EVENT_NOTICE_ISSUED);
	struct collections_notice_issued *n = WIRE_NEW(d->arena, collections_notice_issued);
	struct text key[] = { s->entity, s->account, text_of(s->currency), text_printf(d->arena, "%d", j->episode),
			      text_printf(d->arena, "%d", j->notice_level) };

	e->notice_issued = n;
	/* Derived from what makes it unique, not from the input: the same notice can never have two ids. */
	n->notice_id = id_derive(d->arena, TEXT("notice"), ARRAY_LEN(key), key);
	n->entity = s->entity;
	n->level = j->notice_level;
	n->episode = j->episode;
	n->notice_date = j->notice_date;
	n->judged_date = c->day;
	n->amount.minor = j->amount_minor;
	memcpy(n->amount.currency, s->currency, sizeof(n->amount.currency));
	n->overdue_minor = j->overdue_minor;
	n->credits_minor = j->credits_minor;
	n->held_minor = j->held_minor;
	n->promised_minor = j->promised_minor;
	n->oldest_days = j->oldest_days;
	n->ladder_version = text_printf(d->arena, "ladder %d", c->ladder->version);
	fill_items(n, j, d->arena);
	fill_credits(n, c, d->arena);
	fill_recipient(d, n, s->account);
	emit(d, e, n->ladder_version);
}

/* An amount that no notice can name: a clerk has to look at it. */
static void emit_beyond(struct decision *d, const struct judge_case *c, const struct judgement *j)
{
	const struct collections_subject *s = c->subject;
	struct collections_event *e = event_for(d, s->account, COLLECTIONS_EVENT_REFUSED);

	e->refused = WIRE_NEW(d->arena, type_refused);
	e->refused->reason = TEXT(DAY_AMOUNT_OUT_OF_RANGE);
	e->refused->detail =
		text_printf(d->arena, "overdue in %s with " TEXT_FMT ": more than a notice can name; level %d is not sent",
			    s->currency, TEXT_ARG(s->entity), j->notice_level);
	e->refused->subject = s->entity;
	e->refused->input_type = TEXT("day_closed");
	emit(d, e, TEXT_NONE);
}

static void emit_episode(struct decision *d, const struct judge_case *c, const struct judgement *j)
{
	struct collections_event *e =
		event_for(d, c->subject->account, j->ends ? COLLECTIONS_EVENT_EPISODE_ENDED : COLLECTIONS_EVENT_EPISODE_BEGUN);

	if (j->ends) {
		e->episode_ended = WIRE_NEW(d->arena, collections_episode_ended);
		e->episode_ended->entity = c->subject->entity;
		e->episode_ended->currency_code = text_of(c->subject->currency);
		e->episode_ended->episode = j->episode;
		e->episode_ended->judged_date = c->day;
	} else {
		e->episode_begun = WIRE_NEW(d->arena, collections_episode_begun);
		e->episode_begun->entity = c->subject->entity;
		e->episode_begun->currency_code = text_of(c->subject->currency);
		e->episode_begun->episode = j->episode;
		e->episode_begun->judged_date = c->day;
		e->episode_begun->level = j->level;
		e->episode_begun->reopened = j->resumes;
	}
	emit(d, e, TEXT_NONE);
}

/* ---- the day --------------------------------------------------------------------------------------------------------------- */

/* The version in force on a day: the latest that holds by then, the highest version where several begin the same day. */
static const struct reference_ladder_recorded *ladder_on(struct decision *d, date_t day)
{
	struct collections_ladder key = of_lane(d->input);
	struct rows rows = book_find(d->book, &collections_ladder_table, LADDER_OF_LANE, &key);
	const struct collections_ladder *best = NULL;

	for (size_t i = 0; i < rows.n; i++) {
		const struct collections_ladder *l = rows.row[i];
		if (l->effective_from <= day && (best == NULL || l->effective_from >= best->effective_from))
			best = l;
	}
	return best != NULL ? best->ladder : NULL;
}

static bool names_entity(const struct reference_day_closed *day, struct text entity)
{
	for (size_t i = 0; i < day->n_entities; i++)
		if (text_eq(day->entities[i], entity))
			return true;
	return false;
}

static struct money in_currency(const struct collections_subject *s, int64_t minor)
{
	struct money m = { .minor = minor };

	memcpy(m.currency, s->currency, sizeof(m.currency));
	return m;
}

static int64_t open_credits(const struct judge_case *c)
{
	int64_t minor = 0;

	/* As much as an amount can carry. */
	for (size_t i = 0; i < c->n_items && minor < WIRE_MINOR_MAX; i++)
		if (judge_is_of(c, c->items[i]))
			minor -= MIN(judge_open(c->items[i], c->day), (int64_t)0);
	return MIN(minor, WIRE_MINOR_MAX);
}

static void emit_promise(struct decision *d, const struct judge_case *c, const struct collections_promise_made *made,
			 enum collections_promise_state state, int64_t paid_minor)
{
	struct collections_event *e = event_for(d, c->subject->account, COLLECTIONS_EVENT_PROMISE_JUDGED);

	e->promise_judged = WIRE_NEW(d->arena, collections_promise_judged);
	e->promise_judged->promise_id = made->promise_id;
	e->promise_judged->state = state;
	e->promise_judged->amount = made->amount;
	e->promise_judged->paid = in_currency(c->subject, paid_minor);
	e->promise_judged->open_credits = in_currency(c->subject, open_credits(c));
	e->promise_judged->judged_date = c->day;
	emit(d, e, TEXT_NONE);
}

/* Those that end today are answered; the others keep their amounts out of dunning. */
static void judge_promises(struct decision *d, struct judge_case *c)
{
	const struct collections_subject *s = c->subject;
	struct collections_promise key = promises_of(d->input, s->account);
	struct collections_paid paid_key = paid_of(d->input, s->account);

	if (s->promises == 0)
		return;
	struct rows promises = book_find(d->book, &collections_promise_table, PROMISE_OF_ACCOUNT, &key);
	struct rows paid = book_find(d->book, &collections_paid_table, PAID_OF_ACCOUNT, &paid_key);
	struct judge_promise *open = ARENA_ARRAY(d->arena, promises.n, struct judge_promise);
	for (size_t i = 0; i < promises.n; i++) {
		const struct collections_promise_made *made = ((const struct collections_promise *)promises.row[i])->made;
		if (!text_eq(made->entity, s->entity) || memcmp(made->amount.currency, s->currency, 3) != 0)
			continue;
		int64_t paid_minor = promise_paid(made, (const struct collections_paid *const *)paid.row, paid.n, c->day);
		enum collections_promise_state state = promise_state(made, paid_minor, c->day);
		if (state != COLLECTIONS_PROMISE_STATE_UNSPECIFIED)
			emit_promise(d, c, made, state, paid_minor);
		else
			open[c->n_promises++] = (struct judge_promise){ made, made->amount.minor - paid_minor };
	}
	c->promises = open;
}

/* Returns whether anything of the subject is overdue, and counts a notice. */
static bool judge_one(struct decision *d, const struct collections_subject *s, const struct reference_day_closed *day,
		      int64_t *notices)
{
	struct collections_item item_key = items_of(d->input, s->account);
	struct collections_block block_key = blocks_of(d->input, s->account);
	struct collections_hold hold_key = holds_of(d->input, s->account);
	struct rows items = book_find(d->book, &collections_item_table, ITEM_OPEN_OF_ACCOUNT, &item_key);
	struct rows blocks = book_find(d->book, &collections_block_table, BLOCK_OF_ACCOUNT, &block_key);
	struct rows holds = book_find(d->book, &collections_hold_table, HOLD_OF_ACCOUNT, &hold_key);
	struct judge_case c = { .day = day->business_date,
				.subject = s,
				.n_items = items.n,
				.n_blocks = blocks.n,
				.n_holds = holds.n,
				.items = (const struct collections_item *const *)items.row,
				.blocks = (const struct collections_block *const *)blocks.row,
				.holds = (const struct collections_hold *const *)holds.row,
				.ladder = ladder_on(d, day->business_date) };

	judge_promises(d, &c);
	struct judgement j = judge_subject(&c, d->arena);
	if (j.ends || j.starts || j.resumes)
		emit_episode(d, &c, &j);
	if (j.notice_level > 0 && j.beyond) {
		emit_beyond(d, &c, &j);
	} else if (j.notice_level > 0) {
		emit_notice(d, &c, &j);
		(*notices)++;
	}
	return j.overdue_minor > 0;
}

enum decided day_decide(struct decision *d, const struct reference_day_closed *day)
{
	struct collections_subject from = after(d->input);
	struct rows page = book_find(d->book, &collections_subject_table, SUBJECT_AFTER_ACCOUNT, &from);
	struct progress p = progress_of(d->input);
	size_t n = page.n;

	/* A page that was cut may have cut an account: that one waits for the next page, unless it fills the page alone. */
	const struct collections_subject *last = n > 0 ? page.row[n - 1] : NULL;
	while (page.more && n > 0 && text_eq(((const struct collections_subject *)page.row[n - 1])->account, last->account))
		n--;
	if (page.more && n == 0)
		n = page.n;
	for (size_t i = 0; i < n; i++) {
		const struct collections_subject *s = page.row[i];
		if (names_entity(day, s->entity))
			p.subjects += judge_one(d, s, day, &p.notices);
	}
	if (page.more) {
		d->cursor = text_printf(d->arena, "%lld %lld " TEXT_FMT, (long long)p.subjects, (long long)p.notices,
					TEXT_ARG(((const struct collections_subject *)page.row[n - 1])->account));
		return MORE;
	}
	struct collections_event *e = event_for(d, DAY_ACCOUNT, COLLECTIONS_EVENT_DAY_JUDGED);
	e->day_judged = WIRE_NEW(d->arena, collections_day_judged);
	e->day_judged->judged_date = day->business_date;
	e->day_judged->subjects = (int32_t)p.subjects;
	e->day_judged->notices = (int32_t)p.notices;
	emit(d, e, TEXT_NONE);
	return DECIDED;
}
