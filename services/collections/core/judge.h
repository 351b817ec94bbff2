/*
 * judge: does a subject get a notice on a day, and which (LEDGER section 5, COL-02)? Pure arithmetic.
 */
#ifndef OPENITEM_COLLECTIONS_JUDGE_H
#define OPENITEM_COLLECTIONS_JUDGE_H

#include "collections/tables.h"

struct judge_case {
	date_t day; /* business day that closed */
	const struct collections_subject *subject;
	const struct collections_item *const *items; /* open items of the account, oldest due first */
	size_t n_items;
	const struct collections_block *const *blocks; /* of the account, not lifted */
	size_t n_blocks;
	const struct reference_ladder_recorded *ladder; /* NULL = nobody is dunned */
};

struct judge_item {
	const struct collections_item *item;
	int32_t days; /* past due */
	bool held;
};

struct judgement {
	int64_t overdue_minor; /* items past due, gross */
	int64_t credits_minor; /* open credits, positive */
	int64_t held_minor; /* overdue items under a block, positive */
	int64_t amount_minor; /* overdue - held - credits */
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

/* The next business day: Monday to Friday until calendars exist. May lie beyond the last valid date; nobody is dunned then. */
date_t judge_next_day(date_t day);

struct judgement judge_subject(const struct judge_case *c, struct arena *arena);

#endif
