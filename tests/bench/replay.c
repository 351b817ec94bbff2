#include "replay.h"

#define ROUNDS_MAX 64 /* loads of one batch */

/* Answers of one load: of each question so many rows, one behind the other. */
struct load {
	size_t n_questions;
	size_t *n_rows;
	const void **row;
};

struct replay {
	struct mem *mem;
	const struct table *const *tables;
	size_t n_tables;
	struct arena *arena; /* of the rows */
	struct load load[ROUNDS_MAX];
	size_t n_loads, at;
	bool kept;
};

struct replay *replay_new(struct mem *mem, const struct table *const *tables, size_t n_tables, struct arena *arena)
{
	struct replay *r = ARENA_NEW(arena, struct replay);

	*r = (struct replay){ .mem = mem, .tables = tables, .n_tables = n_tables, .arena = arena };
	return r;
}

void replay_again(struct replay *r)
{
	r->kept = true;
	r->at = 0;
}

/* The rows of one question, asked of the twin through a book of their own. */
static struct rows ask(struct replay *r, const struct book_question *q)
{
	struct book *book = book_new(r->arena, r->tables, r->n_tables);
	void *key = arena_dup(r->arena, q->template_row, q->table->row_size);
	struct rows rows = { 0 };

	book_want(book, q->table, q->probe, key);
	mem_load(r->mem, book);
	if (q->probe != BOOK_KEY)
		return book_find(book, q->table, q->probe, key);
	const void *row = book_get(book, q->table, key);
	if (row != NULL)
		rows = (struct rows){ .row = arena_dup(r->arena, &row, sizeof(row)), .n = 1 };
	return rows;
}

static void keep(struct replay *r, const struct book_question *qs, size_t n)
{
	CHECK(r->n_loads < ROUNDS_MAX);
	struct load *load = &r->load[r->n_loads++];
	struct rows *rows = ARENA_ARRAY(r->arena, n, struct rows);
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		rows[i] = ask(r, &qs[i]);
		total += rows[i].n;
	}
	*load = (struct load){ n, ARENA_ARRAY(r->arena, n, size_t), ARENA_ARRAY(r->arena, total, const void *) };
	for (size_t i = 0; i < n; i++) {
		load->n_rows[i] = rows[i].n;
		for (size_t k = 0; k < rows[i].n; k++)
			load->row[at++] = rows[i].row[k];
	}
}

void replay_load(struct replay *r, struct book *book)
{
	size_t n, at = 0;
	struct book_question *qs = book_questions(book, &n);

	if (!r->kept)
		keep(r, qs, n);
	CHECK(r->at < r->n_loads);
	const struct load *load = &r->load[r->at++];
	CHECK(load->n_questions == n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < load->n_rows[i]; k++)
			book_answer_row(book, &qs[i], load->row[at++]);
		book_answer_done(book, &qs[i]);
	}
}
