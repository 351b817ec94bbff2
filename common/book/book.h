/*
 * book: the rows one batch works on, and the step of a pure core on them. Layer 1: no I/O, no clock, no globals.
 *
 * A service describes each of its tables once (struct table: columns, key, probes) with a plain C struct as the row. From
 * that description come SQL load and save (store), the in-memory twin (mem_*), and what decide reads and apply writes here.
 *
 * Life of a batch:   want -> load -> want (again, may follow what it found) -> load -> per input: note, decide, apply -> save
 *
 * Everything a book hands out lives in the arena it was made with, until that arena is reset. Rows are immutable: book_put
 * stores a copy of the struct (texts and messages in it must live in the arena too), an older pointer keeps the older values.
 */
#ifndef OPENITEM_BOOK_H
#define OPENITEM_BOOK_H

#include "arena/arena.h"
#include "base/base.h"
#include "date/date.h"
#include "err/err.h"
#include "book/record.h"
#include "text/text.h"

struct wire_msg;

/* ---- tables ------------------------------------------------------------------------------------------------------- */

enum col_kind {
	COL_I32, /* int32_t    integer                                                          */
	COL_I64, /* int64_t    bigint                                                           */
	COL_BOOL, /* bool       boolean                                                          */
	COL_TEXT, /* struct text  text NOT NULL ('' when empty); compared bytewise               */
	COL_CURRENCY, /* char[4]    text NOT NULL ('' when none)                                      */
	COL_DATE, /* date_t     date, NULL = DATE_NONE                                           */
	COL_BYTES, /* struct text  bytea NOT NULL                                                 */
	COL_MSG, /* pointer to the domain struct of .msg; bytea (protobuf), NULL = NULL pointer */
};

enum {
	COL_KEY = 1, /* part of the primary key, before all others, in its order; the first is `lane` except in shared tables */
	COL_ADD = 2, /* integers only: saved as old + new ("INSERT ... ON CONFLICT DO UPDATE SET c = t.c + excluded.c"): */
	/* a row put holds the difference; differences of one batch are folded. For projections, never read */
	COL_ONCE = 4, /* written when the row is inserted, left alone by an update                                        */
	COL_FILL = 8, /* an empty new value (0, '', NULL) leaves the stored one: held rows are completed field by field  */
};

struct col {
	const char *name;
	enum col_kind kind;
	uint32_t offset;
	uint32_t flags;
	const struct wire_msg *msg;
};

#define BOOK_COLS_MAX       48
#define BOOK_PROBE_COLS_MAX 6
#define BOOK_KEY            (-1) /* the "probe" that asks for one row by its primary key */

enum probe_range {
	PROBE_NONE,
	PROBE_GT, /* column > template's value */
	PROBE_LE, /* column <= template's value */
};

/* A bounded question to a table: rows whose eq columns equal the template's, within the range, fulfilling `match`,
 * in order, at most `limit`. `where` (SQL over the columns) and `match` say the same thing. */
struct probe {
	const char *name;
	int eq[BOOK_PROBE_COLS_MAX]; /* column indexes */
	int n_eq;
	enum probe_range range;
	int range_col;
	int order[BOOK_PROBE_COLS_MAX]; /* ascending; must identify a row (end with the rest of the key) */
	int n_order;
	uint32_t limit;
	const char *where;
	bool (*match)(const void *row);
};

enum {
	TABLE_APPEND = 1, /* rows are only ever inserted; a key met again is an error (unique violation), never an update */
	TABLE_RACE = 4, /* with TABLE_APPEND: lanes share the table, so a key met again may be another lane's that just
	                      committed it: RETRY, and the next attempt sees it */
	TABLE_DELETES = 8, /* rows may be deleted (the service's role needs that right); elsewhere book_delete is a bug */
	TABLE_ADDING = 2, /* has COL_ADD columns: put folds, rows are never loaded                                        */
};

struct table {
	const char *name; /* SQL name within the service's schema */
	const struct col *cols;
	int n_cols;
	size_t row_size;
	const struct probe *probes;
	int n_probes;
	uint32_t flags;
};

/* ---- the book ----------------------------------------------------------------------------------------------------- */

struct book;

/* Rows in the order of the probe. `more` = at least one further row may exist beyond the probe's limit. */
struct rows {
	const void **row;
	size_t n;
	bool more;
};

struct book *book_new(struct arena *arena, const struct table *const *tables, size_t n_tables);
struct arena *book_arena(struct book *book);

/* Says in `want` that a question will be asked. The template is a row struct with the eq columns (or the key columns, and
 * the range column) filled; it is copied. Wanting twice costs nothing. */
void book_want(struct book *book, const struct table *table, int probe, const void *template_row);

/* The row with that primary key as it is now, or NULL. Asking for what was neither wanted nor put marks the book AGAIN
 * and notes the question; the loop then loads it and tries again. In `want` (outside a step) it returns what is there, notes the
 * question and marks nothing. */
const void *book_get(struct book *book, const struct table *table, const void *template_row);

/* A question that was put to a book; lives as long as the book. */
struct book_answer;

/* For what is asked several times of one batch (in want, and again in decide): wants the question and names it, so that it has to be found
 * among the others only once. book_find(...) is book_read(book, book_ask(...)). */
struct book_answer *book_ask(struct book *book, const struct table *table, int probe, const void *template_row);
struct rows book_read(struct book *book, struct book_answer *answer);

/* The rows a probe answers now, as earlier inputs of the batch changed them. Where the answer cannot be proven complete
 * (rows beyond the limit might have moved in) the book is marked AGAIN. Same rule for unwanted probes as book_get. */
struct rows book_find(struct book *book, const struct table *table, int probe, const void *template_row);

/* Inserts or replaces the row with this key. COL_ADD tables: adds. */
void book_put(struct book *book, const struct table *table, const void *row);

/* Removes the row with this key (which must have been got, found or put). */
void book_delete(struct book *book, const struct table *table, const void *template_row);

/* A place for what follows from `key` alone, so that want and decide work it out once: NULL at first. The key is something of a decoded input,
 * or of what another memo holds: never what might be allocated where something else was. */
void **book_memo(struct book *book, const void *key);

/* Within core_step: what only outcomes need is not made for `want`. */
bool book_is_deciding(const struct book *book);
bool book_is_again(const struct book *book);
/* What was missed has been noted as a question: loading it (even in the middle of a batch) lets the step be tried again. */
bool book_has_questions(const struct book *book);

/* ---- for store and the twin --------------------------------------------------------------------------------------- */

/* One question that waits for its answer. */
struct book_question {
	const struct table *table;
	int probe; /* BOOK_KEY or an index of table->probes */
	const void *template_row;
	struct book_answer *answer; /* opaque; pass to book_answer_* */
};

/* Unanswered questions, grouped by (table, probe). Answer each with book_answer_row 0..n times, in the probe's order,
 * then book_answer_done. */
struct book_question *book_questions(struct book *book, size_t *ret_n);
void book_answer_row(struct book *book, struct book_question *q, const void *row);
void book_answer_done(struct book *book, struct book_question *q);

enum book_change_kind { BOOK_UPSERT, BOOK_DELETE };
struct book_change {
	enum book_change_kind kind;
	const void *row;
};
/* Changed rows of one table in key order. */
struct book_change *book_changes(struct book *book, const struct table *table, size_t *ret_n);

/* Undo to a mark, for AGAIN. */
/* Between these two, reads of what is not in the book mark it AGAIN; end says whether that happened. Used by core_step. */
void book_step_begin(struct book *book);
bool book_step_end(struct book *book);

size_t book_mark(const struct book *book);
void book_rollback(struct book *book, size_t mark);

/* Column access shared by store, mem and digests. */
int col_compare(const struct col *col, const void *row_a, const void *row_b);
bool col_is_empty(const struct col *col, const void *row);

/* ---- inputs and outcomes -------------------------------------------------------------------------------------------- */

/* The record that caused an outcome. */
struct cause {
	struct text topic;
	int32_t partition;
	int64_t offset;
	struct text event_id;
	struct text source;
	struct text correlation_id;
	int32_t part; /* outcomes this cause already has, from earlier transactions */
};

/* One decoded, validated input. */
struct input {
	int source; /* index into the service's sources: which topic it came from */
	int32_t lane; /* lane that decides */
	int32_t lanes; /* number of lanes of the system */
	struct cause cause;
	struct text key; /* record key: the account, or empty */
	struct text type; /* ce_type; at the gate only */
	const void *event; /* domain struct of the topic's message, e.g. const struct intake_event * */
	struct text value; /* the record's value bytes as read, for projections that keep them */
	struct text seen_hash; /* intake: hash of the payload committed before under this identity, as the hint says; or empty */
	struct text cursor; /* what the previous part of this input left in decision.cursor; empty on the first */
};

/* One outcome: a business event of the service and where it goes. */
struct outcome {
	struct text key; /* record key: account */
	void *event; /* domain struct of the service's outcome topic; provenance is filled in by the loop */
	struct text destination; /* account on whose lane a copy is published (ar.transfer; intake: ar.intake); empty = none */
	int32_t destination_lane; /* used when destination is empty and this is >= 0 (reference facts to every lane) */
	const struct record *dead_letter; /* intake: published exactly so (to record.topic, its partition), instead of the event */
	bool parked; /* not final although nothing follows now */
	const struct cause *cause; /* NULL = the input; a released input names its own */
	struct text rule_versions[4]; /* empty ones are left out */
	/* filled by core_emit / core_step: */
	struct text event_id; /* id_derive(cause source + event id, service, part) */
	int32_t part; /* 1, 2 ... per cause */
	bool final;
	struct text cursor; /* on the last outcome of a step that ends with MORE: decision.cursor */
	int32_t follow; /* outcomes of the same step behind this one */
};

enum decided {
	DECIDED, /* done with this input */
	MORE, /* a further transaction follows with decision.cursor; only for long inputs (days, releases) */
	AGAIN, /* something was not in the book: commit what is before, then try again at the head of a batch */
};

struct core;

/* One call of decide. */
struct decision {
	const struct core *core;
	struct book *book;
	struct arena *arena;
	const struct input *input;
	struct text cursor; /* out, with MORE: at most CURSOR_BYTES_MAX; kept in the database */
	bool answered; /* out, with MORE: the input has all its answers; what follows answers inputs that it released */
	struct outcome *outcomes; /* this step's, in order */
	size_t n_outcomes;
	size_t cap_outcomes;
};

#define CURSOR_BYTES_MAX      4096
#define OUTCOMES_PER_STEP_MAX 4096

/* A service's pure part. Every function depends on the book and the input only. */
struct core {
	const char *name; /* "billing" */
	const struct table *const *tables;
	size_t n_tables;
	const struct wire_msg *outcome_msg; /* NULL: a projection that decides nothing */
	size_t provenance_offset; /* of `struct type_provenance *provenance` in the outcome struct */

	/* Says what this input will ask; called before the first load and again after it (then book_get/book_find see what came). */
	void (*want)(struct book *book, const struct input *input);
	/* Keeps this service's copy of others' facts. Idempotent. May be NULL. */
	void (*note)(struct book *book, const struct input *input);
	/* Calls core_emit for each outcome; changes nothing itself. May be NULL. */
	enum decided (*decide)(struct decision *d);
	/* The only way own state changes, live and in recovery. Reads nothing but book and outcome. NULL when decide is. */
	void (*apply)(struct book *book, const struct input *input, const struct outcome *outcome);
};

/* Called by decide: numbers the outcome, derives its id, applies it to the book at once (so that what follows in the same decide
 * sees it), and appends it. The event must live in d->arena. Returns the outcome as stored. */
const struct outcome *core_emit(struct decision *d, const struct outcome *outcome);

/* note + decide (+ apply through core_emit) of one input. On AGAIN everything this input did to the book is undone and no outcome
 * is left. `part` of the result says how many outcomes the input has had in all (for the next part's cause.part). */
enum decided core_step(struct decision *d);

/* ---- the in-memory twin ---------------------------------------------------------------------------------------------- */

/* Holds every row of every table in memory and answers a book's questions exactly like the database. Own memory (malloc). */
struct mem;
struct mem *mem_new(const struct table *const *tables, size_t n_tables);
void mem_free(struct mem *mem);
void mem_load(struct mem *mem, struct book *book);
/* False with ERR_STOP when an append-only key is met twice (nothing is saved then). */
bool mem_save(struct mem *mem, struct book *book, struct err *err);
/* The same for these tables alone, when the book knows no others. */
bool mem_save_tables(struct mem *mem, const struct table *const *tables, size_t n_tables, struct book *book, struct err *err);
/* All rows of a table in key order; valid until the next save. */
const void *const *mem_rows(struct mem *mem, const struct table *table, size_t *ret_n);
/* Stores one row exactly as it is, whatever the flags of its columns: what a server does by itself (epochs). */
void mem_set(struct mem *mem, const struct table *table, const void *row);

/* How the twin is now, to go back to it later. Cheap: rows never change, so a copy shares them; it must not outlive the twin. */
struct mem_copy;
struct mem_copy *mem_copy_new(const struct mem *mem);
void mem_copy_free(struct mem_copy *copy);
void mem_go_back(struct mem *mem, const struct mem_copy *copy);

#endif
