/* csv: reads RFC 4180 files: header, quoted cells, CR LF, LF or CR, a byte order mark at the beginning. Pure. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include "arena/arena.h"
#include "err/err.h"
#include "text/text.h"

#define CSV_COLUMNS_MAX 256

struct csv {
	struct text *header;
	size_t n_header;
	struct text rest;
	size_t line;
	struct arena *arena;
};

struct csv_row {
	size_t line; /* where it begins, from 1 */
	struct text *cell;
	size_t n;
	const char *error; /* NULL, or what is wrong with the row as a whole */
};

/* Reads the header. REJECT bad_csv: empty, not UTF-8, too many columns. */
bool csv_open(struct csv *csv, struct text bytes, struct arena *a, struct err *err);
/* False at the end. Blank lines are passed over. Cells live in the arena or point into the bytes. */
bool csv_next(struct csv *csv, struct csv_row *ret_row);
/* Never fewer than csv_next finds rows. */
size_t csv_count_lines(struct text bytes);

#endif
