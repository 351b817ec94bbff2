/* out: see out.h. */
#include "cli/out.h"
#include "cli/xlsx.h"
#include "money/money.h"

#include <unistd.h>
#include <wchar.h>

#define GAP "  "

struct cell {
	struct text t;
	uint32_t width;
};

struct note {
	struct note *next;
	struct text t;
};

struct out {
	struct cli *cli;
	const struct out_column *columns;
	size_t n, at; /* columns; the next cell */
	size_t rows;
	struct buf b; /* of the row (csv, json) */
	struct cell *cells; /* of the table, malloc'ed: rows x n */
	size_t cap;
	size_t widths[OUT_COLUMNS_MAX];
	const char *nothing;
	struct note *notes, **last_note;
	bool terminal;
};

/* ---- pieces ---- */

/* The code point that begins at t.s[i]; its length. t is UTF-8. */
static size_t code_point(struct text t, size_t i, wchar_t *ret)
{
	static const unsigned char mask[5] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char c = (unsigned char)t.s[i];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t v = c & mask[n];

	n = MIN(n, t.n - i);
	for (size_t k = 1; k < n; k++)
		v = v << 6 | ((unsigned char)t.s[i + k] & 0x3fu);
	*ret = (wchar_t)v;
	return n;
}

size_t out_width(struct text t)
{
	size_t width = 0;
	wchar_t c;

	for (size_t i = 0; i < t.n; i += code_point(t, i, &c)) {
		code_point(t, i, &c);
		int w = wcwidth(c);
		width += w < 0 ? 1 : (size_t)w;
	}
	return width;
}

void out_csv_field(struct buf *b, struct text t, bool is_text)
{
	bool formula = is_text && t.n > 0 && strchr("=+-@\t\r", t.s[0]) != NULL;
	bool quote = false;

	for (size_t i = 0; i < t.n && !quote; i++)
		quote = t.s[i] == ',' || t.s[i] == '"' || t.s[i] == '\n' || t.s[i] == '\r';
	if (quote)
		buf_addc(b, '"');
	if (formula)
		buf_addc(b, '\'');
	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] == '"')
			buf_addc(b, '"');
		buf_addc(b, t.s[i]);
	}
	if (quote)
		buf_addc(b, '"');
}

struct text out_amount(struct arena *a, int64_t minor, struct text currency)
{
	char s[MONEY_TEXT_MAX + 1];
	int exponent = currency_exponent(currency);

	return text_dup(a, text_of(money_format(s, minor, exponent < 0 ? 2 : exponent)));
}

/* ---- rows ---- */

struct out *out_open(struct cli *cli, const struct out_column *columns, size_t n)
{
	struct out *out = ARENA_NEW(cli->arena, struct out);

	CHECK(n > 0 && n <= OUT_COLUMNS_MAX);
	*out = (struct out){ .cli = cli, .columns = columns, .n = n, .nothing = "nothing", .terminal = isatty(STDOUT_FILENO) == 1 };
	out->last_note = &out->notes;
	for (size_t i = 0; i < n; i++)
		out->widths[i] = out_width(text_of(columns[i].name));
	for (size_t i = 0; i < n && cli->format == OUT_CSV; i++) {
		out_csv_field(&out->b, text_of(columns[i].name), true);
		buf_addc(&out->b, i + 1 < n ? ',' : '\n');
	}
	if (cli->format == OUT_XLSX)
		xlsx_sheet(cli->xlsx, columns, n);
	return out;
}

static void flush_row(struct out *out)
{
	if (out->b.n > 0)
		fwrite(out->b.s, 1, out->b.n, stdout);
	buf_clear(&out->b);
}

static void table_cell(struct out *out, struct text t)
{
	size_t at = out->rows * out->n + out->at;

	if (at == out->cap) {
		out->cap = out->cap == 0 ? 256 : out->cap * 2;
		out->cells = realloc(out->cells, out->cap * sizeof(*out->cells));
		CHECK(out->cells != NULL);
	}
	t = text_printable(out->cli->arena, t);
	out->cells[at] = (struct cell){ t, (uint32_t)out_width(t) };
	out->widths[out->at] = MAX(out->widths[out->at], (size_t)out->cells[at].width);
}

static void json_cell(struct out *out, struct text t, bool quoted, bool absent)
{
	if (out->at == 0)
		buf_adds(&out->b, out->rows == 0 ? "[{" : ",\n {");
	else
		buf_addc(&out->b, ',');
	buf_json_string(&out->b, text_of(out->columns[out->at].name));
	buf_addc(&out->b, ':');
	if (absent)
		buf_adds(&out->b, "null");
	else if (quoted)
		buf_json_string(&out->b, t);
	else
		buf_add(&out->b, t);
	if (out->at + 1 == out->n)
		buf_addc(&out->b, '}');
}

static void csv_cell(struct out *out, struct text t)
{
	size_t mark = arena_mark(out->cli->arena);

	if (out->terminal)
		t = text_printable(out->cli->arena, t);
	out_csv_field(&out->b, t, out->columns[out->at].kind == OUT_TEXT);
	arena_rewind(out->cli->arena, mark);
	buf_addc(&out->b, out->at + 1 < out->n ? ',' : '\n');
}

/* A cell in every form that a format may want it in. */
struct value {
	struct text t; /* as in a table */
	int64_t number; /* money, int, tenths: x 10^-decimals; day; bool */
	int decimals;
	bool quoted; /* a string in JSON */
	bool absent;
};

static void xlsx_cell(struct xlsx *x, enum out_kind kind, const struct value *v)
{
	if (v->absent)
		xlsx_blank(x);
	else if (kind == OUT_MONEY || kind == OUT_INT || kind == OUT_TENTHS)
		xlsx_number(x, v->number, v->decimals);
	else if (kind == OUT_DAY)
		xlsx_day(x, (date_t)v->number);
	else if (kind == OUT_BOOL)
		xlsx_bool(x, v->number != 0);
	else
		xlsx_text(x, v->t);
}

static void cell(struct out *out, enum out_kind kind, const struct value *v)
{
	struct text t = v->t;
	bool quoted = v->quoted, absent = v->absent;

	CHECK(absent || out->columns[out->at].kind == kind);
	if (out->cli->format == OUT_XLSX)
		xlsx_cell(out->cli->xlsx, kind, v);
	else if (out->cli->format == OUT_JSON)
		json_cell(out, t, quoted, absent);
	else if (out->cli->format == OUT_CSV)
		csv_cell(out, t);
	else
		table_cell(out, t);
	if (++out->at < out->n)
		return;
	out->at = 0;
	out->rows++;
	if (out->cli->format == OUT_CSV || out->cli->format == OUT_JSON)
		flush_row(out);
}

void out_text(struct out *out, struct text t)
{
	cell(out, OUT_TEXT, &(struct value){ .t = t, .quoted = true });
}

void out_money(struct out *out, int64_t minor, struct text currency)
{
	char s[MONEY_TEXT_MAX + 1];
	int exponent = currency_exponent(currency), decimals = exponent < 0 ? 2 : exponent;

	cell(out, OUT_MONEY,
	     &(struct value){
		     .t = text_of(money_format(s, minor, decimals)), .number = minor, .decimals = decimals, .quoted = true });
}

void out_int(struct out *out, int64_t value)
{
	char s[32];

	snprintf(s, sizeof(s), "%lld", (long long)value);
	cell(out, OUT_INT, &(struct value){ .t = text_of(s), .number = value });
}

void out_tenths(struct out *out, int64_t tenths)
{
	char s[MONEY_TEXT_MAX + 1];

	cell(out, OUT_TENTHS, &(struct value){ .t = text_of(money_format(s, tenths, 1)), .number = tenths, .decimals = 1 });
}

void out_day(struct out *out, date_t day)
{
	char s[DATE_TEXT_SIZE];

	cell(out, OUT_DAY,
	     &(struct value){ .t = text_of(date_format(s, day)), .number = day, .quoted = true, .absent = day == DATE_NONE });
}

void out_instant(struct out *out, instant_t instant)
{
	char s[INSTANT_TEXT_SIZE];

	cell(out, OUT_INSTANT,
	     &(struct value){ .t = text_of(instant_format(s, instant)), .quoted = true, .absent = instant == INSTANT_NONE });
}

void out_bool(struct out *out, bool value)
{
	bool json = out->cli->format == OUT_JSON;
	struct text t = json ? (value ? TEXT("true") : TEXT("false")) : (value ? TEXT("yes") : TEXT("no"));

	cell(out, OUT_BOOL, &(struct value){ .t = t, .number = value });
}

void out_absent(struct out *out)
{
	cell(out, OUT_TEXT, &(struct value){ .absent = true });
}

void out_note(struct out *out, const char *fmt, ...)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	struct note *note = ARENA_NEW(out->cli->arena, struct note);
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	note->t = text_printable(out->cli->arena, buf_text(&b));
	*out->last_note = note;
	out->last_note = &note->next;
}

void out_nothing(struct out *out, const char *text)
{
	out->nothing = text;
}

size_t out_rows(const struct out *out)
{
	return out->rows;
}

/* ---- the table ---- */

static bool to_the_right(enum out_kind kind)
{
	return kind == OUT_MONEY || kind == OUT_INT || kind == OUT_TENTHS;
}

static void print_cell(const struct out *out, size_t column, struct text t, size_t width)
{
	int blanks = (int)(out->widths[column] - width);
	bool right = to_the_right(out->columns[column].kind), last = column + 1 == out->n;

	printf("%s%*s" TEXT_FMT "%*s", column == 0 ? "" : GAP, right ? blanks : 0, "", TEXT_ARG(t), right || last ? 0 : blanks, "");
}

static void print_table(const struct out *out)
{
	if (out->rows == 0) {
		printf("%s\n", out->nothing);
		return;
	}
	for (size_t i = 0; i < out->n; i++)
		print_cell(out, i, text_of(out->columns[i].name), out_width(text_of(out->columns[i].name)));
	printf("\n");
	for (size_t i = 0; i < out->n; i++) {
		printf("%s", i == 0 ? "" : GAP);
		for (size_t k = 0; k < out->widths[i]; k++)
			putchar('-');
	}
	printf("\n");
	for (size_t r = 0; r < out->rows; r++) {
		for (size_t i = 0; i < out->n; i++)
			print_cell(out, i, out->cells[r * out->n + i].t, out->cells[r * out->n + i].width);
		printf("\n");
	}
}

void out_close(struct out *out)
{
	CHECK(out->at == 0);
	if (out->cli->format == OUT_TABLE)
		print_table(out);
	else if (out->cli->format == OUT_JSON)
		buf_adds(&out->b, out->rows == 0 ? "[]\n" : "]\n");
	flush_row(out);
	fflush(stdout);
	for (const struct note *n = out->notes; n != NULL; n = n->next) {
		if (out->cli->format == OUT_XLSX)
			xlsx_note(out->cli->xlsx, n->t);
		fprintf(out->cli->format == OUT_TABLE ? stdout : stderr, "%s\n", n->t.s);
	}
	buf_free(&out->b);
	free(out->cells);
}
