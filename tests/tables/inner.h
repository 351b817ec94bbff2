/* inner: what the parts of the harness share. */
#ifndef TESTS_TABLES_INNER_H
#define TESTS_TABLES_INNER_H

#include "harness.h"
#include "wire/wire.h"

#define COLS_MAX 64

/* ---- cases.c: text to cases ---- */

struct row {
	int line;
	struct text *cell; /* n_cols of its table */
};

struct grid {
	int line;
	struct text name; /* event, or table of `rows` */
	struct text *col;
	size_t n_cols;
	struct row *row;
	size_t n_rows, cap_rows;
};

enum step_kind { STEP_GIVEN, STEP_WHEN, STEP_THEN, STEP_JOURNAL, STEP_ROWS, STEP_DELIVER };

struct step {
	enum step_kind kind;
	int line;
	bool none; /* then, journal, rows: nothing at all */
	bool continues; /* given, when: goes on after `deliver`; outcomes go on being collected */
	struct grid *grid;
	size_t n_grids, cap_grids;
};

struct hcase {
	const char *file;
	int line;
	struct text title;
	int32_t lanes;
	struct step *step;
	size_t n_steps, cap_steps;
	const struct grid *defaults; /* those before it in the file */
	size_t n_defaults;
};

struct cases {
	struct hcase *c;
	size_t n, cap;
};

/* Appends the cases of a file. False: *err says line and what was expected. */
bool cases_read(const char *file, struct arena *arena, struct cases *cases, struct err *err);

/* A row goes on in the next one when all its cells outside arrays are empty. */
bool row_continues(const struct grid *g, size_t row);

/* ---- paths.c: names of people to fields ---- */

/* Path of an event's member within its message: order_booked -> sales_order.order_booked. Empty: no such event. */
struct text path_of_event(const struct wire_msg *root, struct text name, struct arena *arena);
/* Path of a column of that event from the root. Empty: no such field. */
struct text path_of_column(const struct wire_msg *root, struct text member, struct text column, struct arena *arena);
/* The field at the end of a path, NULL if there is none. */
const struct wire_field *path_field(const struct wire_msg *root, struct text path);
/* "lines[].item", 2 -> "lines[2].item". */
struct text path_index(struct text path, size_t i, struct arena *arena);
bool path_is_list(struct text path);

/* ---- feed.c: inputs through the core ---- */

struct seen {
	struct outcome o; /* deep copy */
	struct cause cause;
};

struct binding {
	struct text name, value;
};

struct run {
	const struct harness *h;
	const struct core *core;
	const struct hcase *c;
	struct arena *arena;
	struct mem *mem;
	bool batched;
	int64_t *next_offset; /* per source and lane */
	int n_inputs;
	struct seen *seen;
	size_t n_seen, cap_seen;
	size_t since; /* first outcome since the last `when` */
	struct input *queue; /* copies to deliver */
	size_t n_queue, cap_queue;
	struct binding *binding;
	size_t n_bindings, cap_bindings;
	bool failed;
	struct buf *say;
};

/* Marks the case as failed and says why: place, case, mode, text. */
void run_fail(struct run *r, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Words @name replaced by what they stand for. */
struct text run_resolve(struct run *r, int line, struct text cell);
/* Inputs of one block, in order. */
void run_feed(struct run *r, const struct step *step);
void run_deliver(struct run *r, int line);

/* ---- check.c: expectations of outcomes ---- */

/* `canonical`: the cell as the field would be printed, where that differs (amounts, enums). Binds and compares @names. */
bool cell_matches(struct run *r, struct text cell, struct text got, struct text canonical);

/* The columns that differ, as a table of three rows. */
struct difference {
	struct buf column, expected, got;
};
void add_difference(struct run *r, struct difference *diff, struct text column, struct text expected, struct text got);
void fail_row(struct run *r, int line, const char *what, const struct difference *diff);
struct type_journal_entry;
const struct type_journal_entry *entries_of(const struct run *r, const struct seen *s, size_t *ret_n);

/* What an outcome says of a column; empty = absent. False: no such column. */
bool outcome_get(struct run *r, const struct seen *s, struct text column, struct text *ret_value);

void check_then(struct run *r, const struct step *step);
void check_journal(struct run *r, const struct step *step);

/* ---- rows.c ---- */

void check_rows(struct run *r, const struct step *step);
/* Balance and items, after the last step. */
void check_books(struct run *r);

/* Room for one more element of an array in the arena; the new element is zeroed. */
#define GROW(arena, array, n, cap)                                                                                                 \
	do {                                                                                                                       \
		if ((n) == (cap)) {                                                                                                \
			size_t cap_ = (cap) ? (cap)*2 : 8;                                                                         \
			void *grown_ = arena_array((arena), cap_, sizeof(*(array)));                                               \
			if ((n) > 0)                                                                                               \
				memcpy(grown_, (array), (n) * sizeof(*(array)));                                                   \
			(array) = grown_;                                                                                          \
			(cap) = cap_;                                                                                              \
		}                                                                                                                  \
	} while (0)

#endif
