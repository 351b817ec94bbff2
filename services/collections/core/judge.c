#include "collections/core/judge.h"
#include "collections/core/promise.h"
#include "money/money.h"
#include "wire/wire.h"

date_t judge_next_day(date_t day)
{
	int weekday = date_weekday(day); /* 1 = Monday */

	return day + (weekday == 5 ? 3 : weekday == 6 ? 2 : 1);
}

static bool block_holds(const struct collections_block *b, date_t day)
{
	return b->until == DATE_NONE || b->until >= day;
}

static bool account_blocked(const struct judge_case *c)
{
	for (size_t i = 0; i < c->n_blocks; i++)
		if (text_empty(c->blocks[i]->document_id) && block_holds(c->blocks[i], c->day))
			return true;
	return false;
}

static bool item_blocked(const struct judge_case *c, const struct collections_item *item)
{
	for (size_t i = 0; i < c->n_blocks; i++) {
		const struct collections_block *b = c->blocks[i];
		if (b->sequence == item->sequence && text_eq(b->document_id, item->document_id) && block_holds(b, c->day))
			return true;
	}
	return false;
}

/* Each open amount is bounded by the wire, their sum by nothing: it stays at the largest number, and the judgement says so. */
static int64_t sum(int64_t a, int64_t b, struct judgement *j)
{
	int64_t r;

	if (money_add_minor(a, b, &r))
		return r;
	j->beyond = true;
	return INT64_MAX;
}

int64_t judge_open(const struct collections_item *item, date_t day)
{
	if (item->accounting_date > day)
		return 0;
	int64_t open = item->open_minor;
	if (item->moved_on != DATE_NONE && item->moved_on > day)
		CHECK(money_sub_minor(open, item->moved_minor, &open));
	return open;
}

bool judge_is_of(const struct judge_case *c, const struct collections_item *item)
{
	return text_eq(item->entity, c->subject->entity) && memcmp(item->currency, c->subject->currency, 3) == 0;
}

static int64_t held_of(const struct judge_case *c, const struct judge_item *o)
{
	int64_t held = 0;

	if (item_blocked(c, o->item))
		return o->open_minor;
	for (size_t i = 0; i < c->n_holds; i++) {
		const struct collections_hold *h = c->holds[i];
		if (h->sequence != o->item->sequence || !text_eq(h->document_id, o->item->document_id) ||
		    (h->until != DATE_NONE && h->until < c->day))
			continue;
		/* Never more than the item is, so the sum stays small. */
		int64_t part = h->amount_minor == 0 ? o->open_minor : MIN(h->amount_minor, o->open_minor);
		held = MIN(held + part, o->open_minor);
	}
	return held;
}

static void collect(const struct judge_case *c, struct arena *arena, struct judgement *j)
{
	j->overdue = ARENA_ARRAY(arena, c->n_items, struct judge_item);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct collections_item *item = c->items[i];
		int64_t open = judge_is_of(c, item) ? judge_open(item, c->day) : 0;
		if (open < 0)
			j->credits_minor = sum(j->credits_minor, -open, j);
		if (open <= 0 || item->due_date >= c->day)
			continue;
		struct judge_item *o = &j->overdue[j->n_overdue++];
		*o = (struct judge_item){ .item = item, .days = c->day - item->due_date, .open_minor = open };
		o->held_minor = held_of(c, o);
		j->overdue_minor = sum(j->overdue_minor, open, j);
		j->held_minor = sum(j->held_minor, o->held_minor, j);
		j->level = MAX(j->level, item->dunning_level);
	}
}

/* A promise of items takes them out, oldest first, up to what is left of it; a promise of an amount takes whatever is oldest. */
static void subtract_promises(const struct judge_case *c, struct judgement *j)
{
	for (size_t p = 0; p < c->n_promises; p++) {
		int64_t left = c->promises[p].left_minor;
		for (size_t i = 0; i < j->n_overdue && left > 0; i++) {
			struct judge_item *o = &j->overdue[i];
			int64_t part = MIN(left, o->open_minor - o->held_minor - o->promised_minor);
			if (c->promises[p].made->n_items > 0 && !promise_covers(c->promises[p].made, o->item))
				continue;
			o->promised_minor += part;
			j->promised_minor = sum(j->promised_minor, part, j);
			left -= part;
		}
	}
}

/* Credits are set against the oldest items first; the oldest that is still owed after that decides the level. */
static void find_oldest(struct judgement *j)
{
	int64_t credits = j->credits_minor;

	for (size_t i = 0; i < j->n_overdue; i++) {
		const struct judge_item *o = &j->overdue[i];
		int64_t rest = o->open_minor - o->held_minor - o->promised_minor;
		if (rest == 0)
			continue;
		credits -= rest;
		if (credits >= 0)
			continue;
		j->oldest_days = o->days;
		return;
	}
}

static void find_level(const struct judge_case *c, struct judgement *j)
{
	for (size_t i = 0; c->ladder != NULL && i < c->ladder->n_levels; i++)
		if (j->oldest_days > 0 && j->oldest_days >= c->ladder->levels[i].days_past_due)
			j->reached = MAX(j->reached, c->ladder->levels[i].level);
}

static int64_t minimum(const struct judge_case *c)
{
	for (size_t i = 0; i < c->ladder->n_minimum_amounts; i++)
		if (memcmp(c->ladder->minimum_amounts[i].currency, c->subject->currency, 3) == 0)
			return c->ladder->minimum_amounts[i].minor;
	return 0;
}

/* An episode runs from overdue > 0 to overdue = 0; a returned payment re-opens the same one. */
static void find_episode(const struct judge_case *c, struct judgement *j)
{
	const struct collections_subject *s = c->subject;

	j->episode = s->episode;
	if (s->in_episode) {
		j->ends = j->overdue_minor == 0;
		j->level = MAX(j->level, s->level);
	} else if (j->overdue_minor > 0) {
		j->resumes = s->returned && s->episode > 0;
		j->starts = !j->resumes;
		j->episode += j->starts;
		if (j->resumes)
			j->level = MAX(j->level, s->level);
	}
}

struct judgement judge_subject(const struct judge_case *c, struct arena *arena)
{
	struct judgement j = { 0 };

	collect(c, arena, &j);
	subtract_promises(c, &j);
	/* All are positive, and held and promised are parts of overdue: the differences cannot wrap. */
	j.amount_minor = j.overdue_minor - j.held_minor - j.promised_minor - j.credits_minor;
	/* Held and promised are parts of overdue, and so is the amount. */
	j.beyond = j.beyond || j.overdue_minor > WIRE_MINOR_MAX || j.credits_minor > WIRE_MINOR_MAX;
	find_episode(c, &j);
	find_oldest(&j);
	find_level(c, &j);
	j.notice_date = judge_next_day(c->day);
	if (c->ladder == NULL || j.amount_minor <= minimum(c) || account_blocked(c) || !date_is_valid(j.notice_date))
		return j;
	/* One level at a time, each once per episode, with days in between. */
	bool fresh = c->subject->notice_date == DATE_NONE || j.notice_date - c->subject->notice_date >= c->ladder->days_between;
	if (j.reached > j.level && fresh)
		j.notice_level = j.level + 1;
	return j;
}
