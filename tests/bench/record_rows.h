/*
 * record_rows: what reporting makes of one record, by reporting's own core, for what stands beside reporting in a benchmark. So both
 * sides of a ratio write the same rows.
 */
#ifndef BENCH_RECORD_ROWS_H
#define BENCH_RECORD_ROWS_H

#include "book/book.h"
#include "run/tables.h"

/* Answers one question of the book with book_answer_row, 0 or 1 times (all questions asked here are by key). False: *err. */
typedef bool record_rows_answer_fn(void *ctx, struct book *book, struct book_question *question, struct err *err);

struct bench_record {
	const char *topic; /* ar.*.v1 */
	int32_t lane; /* = partition */
	int64_t offset;
	struct text value;
};

/*
 * A book that holds the changes of this record, its position included: want, answers, note, as the loop does it. Everything is in the arena;
 * the record must live as long. STOP: not a record that reporting understands.
 */
bool record_rows(const struct bench_record *record, struct arena *arena, record_rows_answer_fn *answer, void *ctx, struct err *err,
		 struct book **ret_book) MUST_USE;

/* Reporting's tables in the order of saving, then `position`. */
const struct table *const *record_rows_tables(size_t *ret_n);

#endif
