#include "collections/core/judge.h"
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

static bool of_subject(const struct judge_case *c, const struct collections_item *item)
{
	return text_eq(item->entity, c->subject->entity) && memcmp(item->currency, c->subject->currency, 3) == 0 &&
	       item->accounting_date <= c->day;
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

static void collect(const struct judge_case *c, struct arena *arena, struct judgement *j)
{
	j->overdue = ARENA_ARRAY(arena, c->n_items, struct judge_item);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct collections_item *item = c->items[i];
		if (!of_subject(c, item))
			continue;
		if (item->open_minor < 0) {
			j->credits_minor = sum(j->credits_minor, -item->open_minor, j);
			continue;
		}
		if (item->due_date >= c->day)
			continue;
		struct judge_item *o = &j->overdue[j->n_overdue++];
		*o = (struct judge_item){ item, c->day - item->due_date, item_blocked(c, item) };
		j->overdue_minor = sum(j->overdue_minor, item->open_minor, j);
		if (o->held)
			j->held_minor = sum(j->held_minor, item->open_minor, j);
		j->level = MAX(j->level, item->dunning_level);
	}
	/* All three are positive, and held is a part of overdue: neither difference can wrap. */
	j->amount_minor = j->overdue_minor - j->held_minor - j->credits_minor;
	/* Held is a part of overdue, the amount a part of it, too. */
	j->beyond = j->beyond || j->overdue_minor > WIRE_MINOR_MAX || j->credits_minor > WIRE_MINOR_MAX;
}

/* Credits are set against the oldest items first; the oldest that is still owed after that decides the level. */
static void find_oldest(struct judgement *j)
{
	int64_t credits = j->credits_minor;

	for (size_t i = 0; i < j->n_overdue; i++) {
		if (j->overdue[i].held)
			continue;
		credits -= j->overdue[i].item->open_minor;
		if (credits >= 0)
			continue;
		j->oldest_days = j->overdue[i].days;
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
