/* invariants_impl: what the parts of the invariants share. Private to invariants*.c. */
#ifndef SIM_INVARIANTS_IMPL_H
#define SIM_INVARIANTS_IMPL_H

#include "sim.h"

#include "ev/all.h"
#include "id/id.h"
#include "run/run.h"
#include "run/tables.h"
#include "wire/wire.h"

#define INV_LANES_MAX 64

/* ---- invariants_tally.c: sums by name --------------------------------------------------------------------------------------- */

struct tally_entry {
	struct text key;
	int64_t a, b;
	bool seen; /* for whoever compares with something else */
};

struct tally {
	struct arena *arena;
	struct tally_entry *entry;
	size_t n, cap; /* cap: a power of two */
};

struct tally_entry *tally_find(struct tally *t, struct text key);
/* Made when it is not there. */
struct tally_entry *tally_at(struct tally *t, struct text key);
/* The next entry at or behind *at, or NULL. for (size_t at = 0; (e = tally_next(t, &at)) != NULL;) */
struct tally_entry *tally_next(struct tally *t, size_t *at);
/* Parts joined by '|', in the arena of the tally only when an entry is made of it. */
struct text tally_key(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define KEY_SIZE 320

/* ---- what is known of a service ---------------------------------------------------------------------------------------------- */

struct inv_lane {
	int32_t lane;
	int64_t seq;
	struct id_hash hash;
	int64_t position[8]; /* next offsets, by source */
};

/* Everything here follows from the outcome rows looked at so far: thrown away and made again when a database goes back. */
struct inv_service {
	struct inv_lane lane[INV_LANES_MAX];
	size_t n_lanes;
	struct tally ids; /* event ids of outcomes */
	struct tally causes; /* topic|partition|offset|id -> a: parts, b: final ones */
	struct tally ledger; /* entity|currency|ledger account -> a: transaction, b: functional */
	struct tally
		items; /* account|document|sequence -> a: sum of the control lines that name it, b: of it on account, positive */
	struct tally transit; /* entity|currency|transfer or return -> a: in transit now, b: as it left; seen: has arrived */
	struct tally lines; /* entity|currency -> a: what the bank reported and was posted */
	struct tally numbers; /* series -> a: numbers given, b: the highest */
	struct tally notices; /* account|entity|currency -> a: day of the last notice, b: episode * 100 + level */
	struct tally days; /* lane|day -> a: judged */
	struct tally credits; /* account|document|line or tax -> a: credited, b: billed */
	struct tally advices; /* what became of an advice -> a: how often */
	struct inv_promise *promises;
	struct inv_hold *holds;
};

/* A promise as it was made; in memory of the invariants. */
struct inv_promise {
	struct inv_promise *next;
	int32_t lane;
	struct text account, promise_id, entity;
	struct money amount;
	struct text items; /* "document:sequence" by line; none: an amount */
	date_t made_on, last_day; /* promised date and grace */
	int64_t before_minor, paid_minor; /* paid when it was made; since then, as it was judged */
	bool open;
};

/* A hold or a block. */
struct inv_hold {
	struct inv_hold *next;
	bool is_block, lifted;
	struct text account, id, document_id; /* of a block on the whole account: none */
	int32_t sequence;
	int64_t amount_minor; /* 0 = all of it */
	date_t until;
};

struct invariants {
	struct world *w;
	struct arena *arena, *scratch;
	struct inv_service service[SIM_SERVICES];
};

/* ---- helpers -------------------------------------------------------------------------------------------------------------------- */

extern const char *const inv_service_name[SIM_SERVICES];
/* Always false: the sentence of a broken invariant. */
bool inv_broken(struct err *err, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The provenance of an outcome's event. */
const struct type_provenance *inv_provenance(enum sim_service s, const void *event);
/* A row of a table by its key, or NULL. */
const void *inv_row(struct mem *mem, const struct table *table, const void *key);
void *inv_decode(const struct wire_msg *msg, struct text value, struct arena *arena);
struct text inv_header(const struct sim_record *r, const char *name);

/* ---- invariants_journal.c, invariants_documents.c, invariants_overlays.c: one outcome more --------------------------------------------------------------------------------------- */

/* An outcome under examination. */
struct inv_look {
	struct invariants *inv;
	struct inv_service *k;
	enum sim_service service;
	const struct outcome_row *row;
	const struct type_provenance *provenance;
	struct text account; /* of the event */
	struct world *w;
	struct err *err;
};

/* Always false: the sentence of a broken invariant about this outcome. */
bool inv_says(const struct inv_look *l, const char *code, const char *what, struct text name, int64_t found);
bool inv_document(const struct inv_look *l, const struct billing_event *e, const struct billing_document_issued *d);
bool inv_overlay(const struct inv_look *l, const struct collections_event *e);
bool inv_advice(const struct inv_look *l, const struct cash_event *e);
bool inv_outcome(struct invariants *inv, enum sim_service s, const struct outcome_row *row, const void *event, struct err *err);
/* ---- invariants_rows.c: rows of one service against its own outcomes; cheap enough after every commit -------------------------------- */
bool inv_cash_rows(struct invariants *inv, struct err *err);
bool inv_reporting_rows(struct invariants *inv, bool quiet, struct err *err);
bool inv_cash_totals(struct invariants *inv, struct err *err); /* when all is quiet */
/* ---- invariants_copies.c: services against each other, when all is quiet --------------------------------------------------------------- */
bool inv_copies(struct invariants *inv, struct err *err);
/* Every name has the same on both sides. */
bool inv_same(struct tally *t, const char *what, const char *left, const char *right, struct err *err);
/* ---- invariants_overlay_copies.c: promises, holds, blocks, advices, terms of items; promises that nobody judged ---------------------------- */
bool inv_overlay_copies(struct invariants *inv, struct err *err);
/* ---- invariants_books.c: reporting's ledger against the journal; numbers, statements --------------------------------------------------- */
bool inv_books(struct invariants *inv, struct err *err);
/* ---- invariants_answers.c: what became of every record ---------------------------------------------------------------------------------- */
bool inv_answers(struct invariants *inv, struct err *err);
bool inv_streams(struct invariants *inv, struct err *err);

#endif
