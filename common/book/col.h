/*
 * col: columns, keys and probes of row structs, by their descriptions. Used by book, the in-memory twin and store. Pure.
 */
#ifndef OPENITEM_BOOK_COL_H
#define OPENITEM_BOOK_COL_H

#include "book/book.h"

/* Value of an integer column (I32, I64, BOOL, DATE as days), of a text column (TEXT, CURRENCY, BYTES), of a message column. */
int64_t col_int(const struct col *col, const void *row);
struct text col_text(const struct col *col, const void *row);
const void *col_msg(const struct col *col, const void *row);
/* Of no meaning outside this process: it may be another one in the next build. */
uint64_t col_hash(const struct col *col, const void *row, uint64_t seed);

/* What an upsert makes of an old and a new row: COL_ADD adds, COL_ONCE keeps, COL_FILL keeps where the new value is empty. */
void row_merge(const struct table *table, const void *old_row, void *row);

/* Aborts where a description is wrong: the columns of the key come first. Once per table, where a store or a twin gets to know it. */
void table_check(const struct table *table);

uint64_t row_key_hash(const struct table *table, const void *row);
bool row_key_equal(const struct table *table, const void *a, const void *b);
int row_key_compare(const struct table *table, const void *a, const void *b);

uint64_t probe_hash(const struct table *table, const struct probe *probe, const void *row);
bool probe_same_eq(const struct table *table, const struct probe *probe, const void *a, const void *b);
bool probe_same_range(const struct table *table, const struct probe *probe, const void *a, const void *b);
bool probe_matches(const struct table *table, const struct probe *probe, const void *template_row, const void *row);
/* Order of the probe; NULLs (DATE_NONE) first. */
int probe_compare(const struct table *table, const struct probe *probe, const void *a, const void *b);

#endif
