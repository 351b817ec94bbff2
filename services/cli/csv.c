#include "cli/csv.h"

/* LF, or CR without one behind it (old Macintosh files). */
static bool ends_line(struct text bytes, size_t at)
{
	return bytes.s[at] == '\n' || (bytes.s[at] == '\r' && (at + 1 == bytes.n || bytes.s[at + 1] != '\n'));
}

static char take(struct csv *csv)
{
	char c = csv->rest.s[0];

	if (ends_line(csv->rest, 0))
		csv->line++;
	csv->rest.s++;
	csv->rest.n--;
	return c;
}

/* A quoted cell, behind its opening quote. False: no closing quote. */
static bool read_quoted(struct csv *csv, struct buf *b)
{
	while (csv->rest.n > 0) {
		char c = take(csv);
		if (c != '"') {
			buf_addc(b, c);
		} else if (csv->rest.n > 0 && csv->rest.s[0] == '"') {
			buf_addc(b, take(csv));
		} else {
			return true;
		}
	}
	return false;
}

static void read_cell(struct csv *csv, struct csv_row *row)
{
	struct buf b = { .arena = csv->arena };

	if (csv->rest.n > 0 && csv->rest.s[0] == '"') {
		take(csv);
		if (!read_quoted(csv, &b))
			row->error = "has a quote that is not closed";
		if (csv->rest.n > 0 && strchr(",\r\n", csv->rest.s[0]) == NULL)
			row->error = "has text behind a closing quote";
	}
	struct text plain = { csv->rest.s, 0 };
	while (csv->rest.n > 0 && strchr(",\r\n", csv->rest.s[0]) == NULL) {
		take(csv);
		plain.n++;
	}
	if (row->n == CSV_COLUMNS_MAX)
		row->error = "has too many columns";
	else
		row->cell[row->n++] = b.n > 0 ? buf_text(&b) : plain;
}

bool csv_next(struct csv *csv, struct csv_row *ret_row)
{
	while (csv->rest.n > 0 && strchr("\r\n", csv->rest.s[0]) != NULL)
		take(csv);
	if (csv->rest.n == 0)
		return false;
	*ret_row = (struct csv_row){ .line = csv->line, .cell = ARENA_ARRAY(csv->arena, CSV_COLUMNS_MAX, struct text) };
	for (;;) {
		read_cell(csv, ret_row);
		if (csv->rest.n == 0 || csv->rest.s[0] != ',')
			return true;
		take(csv);
	}
}

bool csv_open(struct csv *csv, struct text bytes, struct arena *a, struct err *err)
{
	struct csv_row row;

	if (!text_is_utf8(bytes, TEXT_NO_NUL))
		return err_set(err, ERR_REJECT, "bad_csv", "not UTF-8 text");
	if (text_starts(bytes, TEXT("\xEF\xBB\xBF")))
		bytes = (struct text){ bytes.s + 3, bytes.n - 3 };
	*csv = (struct csv){ .rest = bytes, .line = 1, .arena = a };
	if (!csv_next(csv, &row))
		return err_set(err, ERR_REJECT, "bad_csv", "an empty file: expected a header");
	if (row.error != NULL)
		return err_set(err, ERR_REJECT, "bad_csv", "line 1: the header %s", row.error);
	csv->header = row.cell;
	csv->n_header = row.n;
	return true;
}

size_t csv_count_lines(struct text bytes)
{
	size_t n = 1;

	for (size_t i = 0; i < bytes.n; i++)
		n += ends_line(bytes, i);
	return n;
}
