/*
 * xlsx: lists as worksheets of one file (Office Open XML). The only user of libxlsxwriter; out.c calls it.
 *
 * Amounts are numbers with the currency's decimals in their format, days are dates, everything else that is no number is text: a cell never
 * holds a formula. What has more than 15 digits is text, because a spreadsheet would round it; fewer come back as the same number. The header stays in place and filters. Remarks
 * stand in a worksheet of their own. The same lists give the same bytes.
 *
 * Written under another name in the same directory and renamed by xlsx_close: a file of that name is whole, or it is not there.
 */
#ifndef CLI_XLSX_H
#define CLI_XLSX_H

#include "cli/out.h"

struct xlsx;

/* REJECT xlsx_file: no such directory, not writable, exists and may not be replaced. name: of the worksheets, at most 20 bytes. */
bool xlsx_open(const char *path, bool replace, const char *name, struct err *err, struct xlsx **ret_xlsx);

/* What the next worksheet is called, unless it is as the command (with a number from the second on); it must stay. */
void xlsx_name(struct xlsx *x, const char *name);
/* Begins the next worksheet. */
void xlsx_sheet(struct xlsx *x, const struct out_column *columns, size_t n);
/* The next cell of it; a row ends with its last column. */
void xlsx_text(struct xlsx *x, struct text t);
void xlsx_number(struct xlsx *x, int64_t value, int decimals); /* value x 10^-decimals; decimals 0..4 */
void xlsx_day(struct xlsx *x, date_t day); /* DATE_NONE: blank */
void xlsx_bool(struct xlsx *x, bool value);
void xlsx_blank(struct xlsx *x);
/* A remark. */
void xlsx_note(struct xlsx *x, struct text note);

/* No list yet. */
bool xlsx_is_empty(const struct xlsx *x);

/* keep: writes and renames; otherwise nothing is left. Frees it in any case. REJECT xlsx_file: no list, could not be written, or more rows or longer texts
 * than a worksheet holds. */
bool xlsx_close(struct xlsx *x, bool keep, struct err *err);

#endif
