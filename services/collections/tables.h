/*
 * tables: what collections keeps, each table described once (tables.c). Everything begins with lane and account.
 *
 *   item      copy of every open item (billing creates, cash changes); incomplete until its document has been seen
 *   subject   (entity, account, currency): episode, level, last notice (LEDGER section 5)
 *   block     what keeps an account or item out of dunning (COL-02)
 *   ladder    versions of the dunning ladder
 */
#ifndef OPENITEM_COLLECTIONS_TABLES_H
#define OPENITEM_COLLECTIONS_TABLES_H

#include "book/book.h"
#include "ev/reference.h"

#define ITEMS_PER_ACCOUNT_MAX 5000 /* an account with more open items is judged on the oldest due of them */
#ifdef OPENITEM_FAULTS
#define SUBJECTS_PER_PAGE 2 /* so that the tests of faults see days that take several transactions */
#else
#define SUBJECTS_PER_PAGE 200 /* subjects judged in one transaction */
#endif
#define BLOCKS_PER_ACCOUNT_MAX 200
#define LADDERS_MAX            100 /* versions of the ladder that are looked at */

struct collections_item {
	int32_t lane;
	struct text account;
	struct text document_id;
	int32_t sequence;
	bool known; /* its creation has been seen; before that only changes of the open amount have */
	struct text entity;
	char currency[4];
	struct text number; /* as the customer knows it: ours, else the external one */
	struct text customer_po;
	date_t document_date;
	date_t due_date;
	date_t accounting_date;
	int64_t original_minor;
	int64_t open_minor; /* signed: debit +, credit - */
	int32_t dunning_level; /* taken on with the item (INT-07) */
};

struct collections_subject {
	int32_t lane;
	struct text account;
	struct text entity;
	char currency[4];
	int32_t items; /* known items with an open amount above 0 */
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

struct collections_ladder {
	int32_t lane;
	int32_t version;
	date_t effective_from;
	struct reference_ladder_recorded *ladder;
};

extern const struct table collections_item_table, collections_subject_table, collections_block_table, collections_ladder_table;
extern const struct table *const collections_tables[4];

enum { ITEM_OPEN_OF_ACCOUNT }; /* open <> 0, oldest due first */
enum { SUBJECT_AFTER_ACCOUNT }; /* with open debit items or in an episode, account > template's */
enum { BLOCK_OF_ACCOUNT }; /* not lifted */
enum { LADDER_OF_LANE };

#endif
