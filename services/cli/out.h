/*
 * out: lists on stdout, or in a file, in formats that say the same.
 *
 *	table   for people: aligned, numbers to the right, safe on a terminal, a remark when there is nothing
 *	csv     RFC 4180 quoting, lines end in LF, a header; a text that a spreadsheet would run as a formula (it begins with
 *	        = + - @, tab or CR) gets a ' in front; on a terminal also made safe as in the table
 *	json    one array of objects, one object per line; amounts are strings, numbers are numbers, what is absent is null
 *
 *	xlsx	a worksheet per list in the file of --xlsx (xlsx.h); remarks in one of their own, and on stderr
 *
 * Amounts are decimal strings in the currency's own number of decimals, days YYYY-MM-DD, instants RFC 3339 in UTC.
 *
 *	static const struct out_column columns[] = {
 *		{ "account", OUT_TEXT }, { "currency", OUT_TEXT }, { "open", OUT_MONEY }, { "due", OUT_DAY },
 *	};
 *	struct out *out = out_open(cli, columns, ARRAY_LEN(columns));
 *	for (...) {
 *		out_text(out, account);
 *		out_text(out, currency);
 *		out_money(out, open_minor, currency);
 *		out_day(out, due);         // the row ends with its last column
 *	}
 *	out_close(out);
 *
 * Cells come in the order of the columns and must fit their kind (CHECK). csv and json are written as rows come, so lists may
 * be long.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "cli/cli.h"
#include "date/date.h"

#define OUT_COLUMNS_MAX 40

enum out_kind { OUT_TEXT, OUT_MONEY, OUT_INT, OUT_TENTHS, OUT_DAY, OUT_INSTANT, OUT_BOOL };

struct out_column {
	const char *name; /* the same in all formats */
	enum out_kind kind;
};

struct out;

/* cli->format says how. columns must stay. */
struct out *out_open(struct cli *cli, const struct out_column *columns, size_t n) __attribute__((returns_nonnull));

void out_text(struct out *out, struct text t);
/* Unknown currency: two decimals. */
void out_money(struct out *out, int64_t minor, struct text currency);
void out_int(struct out *out, int64_t value);
/* "62.1" for 621. */
void out_tenths(struct out *out, int64_t tenths);
void out_day(struct out *out, date_t day); /* DATE_NONE: absent */
void out_instant(struct out *out, instant_t instant); /* INSTANT_NONE: absent */
void out_bool(struct out *out, bool value); /* yes / no; JSON true / false */
/* Absent: blank, empty, null. */
void out_absent(struct out *out);

/* A line under the table; on stderr in the other formats. May be called before out_close, any number of times. */
void out_note(struct out *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What stands in a table without rows, instead of "nothing". */
void out_nothing(struct out *out, const char *text);

/* Rows so far. */
size_t out_rows(const struct out *out);

/* Writes what is left. */
void out_close(struct out *out);

/* ---- pieces, for commands with a layout of their own ---- */

/* Columns a text takes on a terminal: wide characters 2, combining ones 0. t as text_printable gives it. */
size_t out_width(struct text t);
/* One CSV field, quoted where needed, guarded when is_text. */
void out_csv_field(struct buf *b, struct text t, bool is_text);
/* "1234.50" in the currency's decimals, in the arena. */
struct text out_amount(struct arena *a, int64_t minor, struct text currency);

#endif
