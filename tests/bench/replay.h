/*
 * replay: what a database answered, kept, so that a batch can be run again and again on the same answers without the database's part: reading
 * rows out of a twin costs more than anything that is measured.
 *
 *	first run of a batch     replay_load asks the twin and keeps its rows
 *	every further run        replay_load hands the kept rows to the book, in the order of the questions
 *
 * A core is deterministic, so the questions of a batch are the same each time (CHECKed).
 */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "book/book.h"

struct replay;

/* Of one batch. The twin must outlive it, and not change. */
struct replay *replay_new(struct mem *mem, const struct table *const *tables, size_t n_tables, struct arena *arena);
/* From here on a further run of the batch. */
void replay_again(struct replay *r);
/* In place of store_load and mem_load. */
void replay_load(struct replay *r, struct book *book);

#endif
