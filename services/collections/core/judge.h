/*
 * judge: does a subject get a notice on a day, and which (LEDGER section 5, COL-02)? Pure arithmetic.
 */
#ifndef OPENITEM_COLLECTIONS_JUDGE_H
#define OPENITEM_COLLECTIONS_JUDGE_H

#include "collections/tables.h"

struct judge_promise {
	const struct collections_promise_made *made;
	int64_t left_minor; /* promised and not paid yet */
};

struct judge_case {
	date_t day; /* business day that closed */
	const struct collections_subject *subject;
	const struct collections_item *const *items; /* open items of the account, oldest due first */
	size_t n_items;
	const struct collections_block *const *blocks; /* of the account, not lifted */
	size_t n_blocks;
	const struct collections_hold *const *holds; /* the same */
	size_t n_holds;
	const struct judge_promise *promises; /* of the subject, open after this day */
	size_t n_promises;
	const struct reference_ladder_recorded *ladder; /* NULL = nobody is dunned */
};

struct judge_item {
	const struct collections_item *item;
	int32_t days; /* past due */
	int64_t open_minor; /* on that day */
	int64_t held_minor; /* under a block or hold */
	int64_t promised_minor; /* of the rest */
};

struct judgement {
	int64_t overdue_minor; /* items past due, gross */
	int64_t credits_minor; /* open credits, positive */
	int64_t held_minor; /* of overdue items, under a block or hold, positive */
	int64_t promised_minor; /* of the rest of them, positive */
	int64_t amount_minor; /* overdue - held - promised - credits */
	bool beyond; /* more than an event can carry (WIRE_MINOR_MAX): the sums above may have stopped at the largest number */
	int32_t oldest_days; /* of what remains */
	int32_t reached; /* highest level whose days are reached by what remains; 0 = none */
	struct judge_item *overdue; /* oldest first */
	size_t n_overdue;
	bool starts, ends, resumes; /* of the episode */
	int32_t episode; /* of this day */
	int32_t level; /* of the subject before a notice of this day, taken-on levels counted */
	int32_t notice_level; /* 0 = no notice */
	date_t notice_date;
};

/* What an item was open at the end of the day; 0 for one that did not exist then. */
int64_t judge_open(const struct collections_item *item, date_t day);

/* Is the item one of the subject's? */
bool judge_is_of(const struct judge_case *c, const struct collections_item *item);

/* The next business day: Monday to Friday until calendars exist. May lie beyond the last valid date; nobody is dunned then. */
date_t judge_next_day(date_t day);

struct judgement judge_subject(const struct judge_case *c, struct arena *arena);

#endif
