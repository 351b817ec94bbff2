/* What a book is made of. Private to common/book. */
#ifndef OPENITEM_BOOK_IMPL_H
#define OPENITEM_BOOK_IMPL_H

#include "book/book.h"
#include "book/map.h"

/* One row of one table: `row` is the current version, NULL when there is none. */
struct slot {
	const void *row;
	bool known; /* loaded, found absent, or put: its state is certain */
	bool dirty; /* differs from the database */
	bool listed; /* in the chain of slots that are, or were before a rollback, dirty */
	uint32_t seen; /* stamp of the last find, so that no row is listed twice */
	struct slot *next_listed;
	const void *key_row; /* any row struct with this key */
	struct bucket **bucket; /* per probe: of its last row; where the probe lists by itself (table_book.lists) */
};

/* Slots whose row has, or once had, these eq values of a probe. */
struct bucket {
	uint64_t hash;
	uint32_t changes; /* of its slots: what was found before may be found again while nothing changes */
	struct slot **slots;
	size_t n, cap;
	struct slot *first[4]; /* where slots begin: most buckets hold no more */
};

struct book_answer {
	struct table_book *of;
	int probe;
	const void *template_row;
	uint64_t hash, eq_hash;
	bool done, truncated;
	size_t n_rows;
	const void *last; /* last loaded row, as loaded: beyond it nothing is known when truncated */
	struct book_answer *next;
	/* What the last find gave, as of these changes. */
	bool found, found_short;
	struct rows rows;
	struct bucket *bucket;
	uint32_t changes, undone;
};

struct table_book {
	const struct table *table;
	struct map slots;
	int *lists; /* per probe: the first with the same eq columns, whose buckets are for both */
	struct map *buckets; /* per probe */
	struct map answers; /* all probes together */
	struct book_answer **pending; /* not asked yet: [0] by key, then per probe; the last first */
	struct slot *listed;
	size_t n_listed;
};

struct undo {
	struct slot *slot;
	const void *row;
	bool known, dirty;
};

struct book {
	struct arena *arena;
	struct table_book *tables;
	size_t n_tables;
	struct undo *undo;
	size_t n_undo, cap_undo;
	size_t n_pending;
	struct map memos;
	uint32_t stamp, undone; /* undone: rollbacks */
	bool stepping; /* inside core_step: unanswered reads mean AGAIN */
	bool again;
};

#endif
