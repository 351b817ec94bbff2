/*
 * aging_ask: an aging from reporting, out of its roll-up where that can answer, else from the items. The rows are the same.
 *
 * By entity the roll-up answers as of any date at any checkpoint, by account on the business day as it is now with the default buckets; both
 * with days counted from the due date. What it cannot say, or has not rolled yet to a great extent, the items say.
 */
#ifndef CLI_AGING_ASK_H
#define CLI_AGING_ASK_H

#include "cli/known.h"
#include "store/store.h"

/* As the parameters of aging.sql: "" = not restricted, or its default. */
struct aging_asked {
	const char *as_of, *entity, *account, *edges, *base, *by;
};

/* Columns as aging.sql, row by row. Errors as store_stream. */
bool aging_ask(const struct known *known, const struct aging_asked *asked, store_row_fn *row_fn, void *ctx, struct err *err);

#endif
