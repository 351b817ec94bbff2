/*
 * tables: what collections keeps, each table described once (tables.c). Everything begins with lane and account.
 *
 *   item          copy of every open item (billing creates, cash changes); incomplete until its document has been seen
 *   paid          what came in for accounts with an open promise, by day
 *   subject       (entity, account, currency): episode, level, last notice (LEDGER section 5)
 *   block, hold   what keeps an account, an item, or an amount of it out of dunning (COL-02, LEDGER section 1)
 *   promise       promises to pay (COL-04)
 *   customer      whom a notice goes to
 *   ladder, business_day
 */
#ifndef OPENITEM_COLLECTIONS_TABLES_H
#define OPENITEM_COLLECTIONS_TABLES_H

#include "book/book.h"
#include "ev/collections.h"
#include "ev/crm.h"
#include "ev/reference.h"

#define ITEMS_PER_ACCOUNT_MAX 5000 /* an account with more open items is judged on the oldest due of them */
#ifdef OPENITEM_FAULTS
#define SUBJECTS_PER_PAGE 2 /* so that the tests of faults see days that take several transactions */
#else
#define SUBJECTS_PER_PAGE 200 /* subjects judged in one transaction */
#endif
#define BLOCKS_PER_ACCOUNT_MAX   200
#define HOLDS_PER_ACCOUNT_MAX    1000
#define PROMISES_PER_ACCOUNT_MAX 100 /* open ones; a further one is refused */
#define PAID_PER_ACCOUNT_MAX     20000
#define LADDERS_MAX              100 /* versions of the ladder that are looked at */

struct collections_item {
	int32_t lane;
	struct text account;
	struct text document_id;
	int32_t sequence;
	bool known; /* its creation has been seen; before that only changes of the open amount have */
	struct text entity;
	char currency[4];
	struct text number; /* as the customer knows it: ours, else the external one; of a receipt its bank line */
	struct text customer_po;
	date_t document_date;
	date_t due_date;
	date_t accounting_date;
	int64_t original_minor;
	int64_t open_minor; /* signed: debit +, credit - */
	int32_t dunning_level; /* taken on with the item (INT-07) */
	/* The latest accounting date on which it moved after its creation, and by how much on that day: a day before is judged without. Kept so, and
	 * not by a business day, because it must not matter in which order the topics are read. */
	date_t moved_on;
	int64_t moved_minor;
};

/* What was applied to a debit item, or came as a receipt, on a day; kept from the promise on, for accounts that have one. */
struct collections_paid {
	int32_t lane;
	struct text account;
	date_t accounting_date;
	struct text document_id;
	int32_t sequence;
	struct text entity;
	char currency[4];
	int64_t applied_minor; /* to this item */
	int64_t received_minor; /* this receipt: arrived, less sent back or returned */
};

struct collections_subject {
	int32_t lane;
	struct text account;
	struct text entity;
	char currency[4];
	int32_t items; /* known items with an open amount above 0 */
	int32_t promises; /* open ones */
	bool in_episode;
	bool returned; /* a payment came back since the last judgement: re-opens the same episode */
	int32_t episode; /* number of the present or last one; 0 = none yet */
	int32_t level; /* last level noticed in it */
	date_t notice_date; /* of the last notice; DATE_NONE = none */
};

struct collections_block {
	int32_t lane;
	struct text account;
	struct text block_id;
	int32_t reason; /* enum command_block_reason */
	struct text document_id; /* empty = the whole account */
	int32_t sequence;
	date_t until; /* last day; DATE_NONE = until lifted */
	bool lifted;
};

struct collections_hold {
	int32_t lane;
	struct text account;
	struct text hold_id;
	int32_t kind; /* enum command_hold_kind */
	struct text document_id;
	int32_t sequence;
	int64_t amount_minor; /* 0 = the whole item */
	date_t until; /* last day; DATE_NONE = until lifted */
	bool lifted;
};

struct collections_promise {
	int32_t lane;
	struct text account;
	struct text promise_id;
	bool open;
	struct collections_promise_made *made; /* as it was taken */
};

/* Versions of the master record; `until` = first day of the next one. */
struct collections_customer {
	int32_t lane;
	struct text account;
	date_t until;
	date_t effective_from;
	struct crm_customer_recorded *record;
};

struct collections_ladder {
	int32_t lane;
	int32_t version;
	date_t effective_from;
	struct reference_ladder_recorded *ladder;
};

struct collections_business_day {
	int32_t lane;
	date_t business_date; /* the latest one opened */
};

extern const struct table collections_item_table, collections_paid_table, collections_subject_table, collections_block_table,
	collections_hold_table, collections_promise_table, collections_customer_table, collections_ladder_table,
	collections_business_day_table;
#define COLLECTIONS_TABLES_N 9
extern const struct table *const collections_tables[COLLECTIONS_TABLES_N];

enum { ITEM_OPEN_OF_ACCOUNT }; /* open <> 0, oldest due first */
enum { PAID_OF_ACCOUNT };
enum { SUBJECT_AFTER_ACCOUNT }; /* with open debit items, a promise, or in an episode, account > template's */
enum { BLOCK_OF_ACCOUNT }; /* not lifted */
enum { HOLD_OF_ACCOUNT }; /* not lifted */
enum { PROMISE_OF_ACCOUNT }; /* open */
enum { CUSTOMER_ON_DAY }; /* until > the day; the first of them */
enum { LADDER_OF_LANE };

#endif
