/* xlsx: see xlsx.h. */
#include <xlsxwriter.h> /* first: it declares what base.h takes away */

#include "cli/xlsx.h"
#include "money/money.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DECIMALS_MAX 4
#define EXACT_MAX    999999999999999 /* 15 digits: what a spreadsheet's numbers hold */

struct xlsx {
	char *path, *temporary;
	bool replace;
	const char *name, *next_name; /* of the command; of the next worksheet, or NULL */
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *header, *day, *number[DECIMALS_MAX + 1];
	size_t sheets, n; /* worksheets so far; columns of this one */
	lxw_row_t row;
	lxw_col_t col;
	struct buf notes, word; /* remarks, one per line; a text with its end */
	lxw_error failed; /* the first thing that did not fit */
};

/* ---- the file ---- */

static bool refuse(struct err *err, const char *path, const char *why)
{
	return err_set(err, ERR_REJECT, "xlsx_file", "--xlsx %.300s: %s", path, why);
}

/* "DIR/.NAME.XXXXXX" beside it. */
static char *temporary_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash == NULL ? 0 : (size_t)(slash + 1 - path), n = strlen(path) + 16;
	char *name = malloc(n);

	CHECK(name != NULL);
	snprintf(name, n, "%.*s.%s.XXXXXX", (int)dir, path, path + dir);
	return name;
}

/* Takes a name, with the rights that a file of the caller's would have. */
static bool take_name(struct xlsx *x, struct err *err)
{
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	if (stat(x->path, &st) == 0 && !S_ISREG(st.st_mode))
		return refuse(err, x->path, "exists and is no file");
	if (stat(x->path, &st) == 0 && !x->replace)
		return refuse(err, x->path, "exists; --force replaces it");
	int fd = mkstemp(x->temporary);

	if (fd < 0) {
		x->temporary[0] = '\0';
		return refuse(err, x->path, errno == ENOENT ? "there is no such directory" : strerror(errno));
	}
	bool ok = fchmod(fd, 0666 & ~mask) == 0;

	close(fd);
	return ok || refuse(err, x->path, strerror(errno));
}

static void make_formats(struct xlsx *x)
{
	static const char *const numbers[] = { "#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000" };

	x->header = workbook_add_format(x->book);
	format_set_bold(x->header);
	x->day = workbook_add_format(x->book);
	format_set_num_format(x->day, "yyyy-mm-dd");
	for (size_t i = 0; i <= DECIMALS_MAX; i++) {
		x->number[i] = workbook_add_format(x->book);
		format_set_num_format(x->number[i], numbers[i]);
	}
}

static void release(struct xlsx *x)
{
	if (x->temporary[0] != '\0')
		unlink(x->temporary);
	free(x->path);
	free(x->temporary);
	buf_free(&x->notes);
	buf_free(&x->word);
	free(x);
}

bool xlsx_open(const char *path, bool replace, const char *name, struct err *err, struct xlsx **ret_xlsx)
{
	lxw_workbook_options options = { .constant_memory = LXW_TRUE };
	lxw_doc_properties properties = { .created = 315532800 }; /* 1980: the same lists, the same bytes */
	struct xlsx *x = calloc(1, sizeof(*x));

	CHECK(x != NULL && strlen(name) <= 20);
	*x = (struct xlsx){ .path = strdup(path), .temporary = temporary_of(path), .replace = replace, .name = name };
	CHECK(x->path != NULL);
	if (!take_name(x, err)) {
		release(x);
		return false;
	}
	x->book = workbook_new_opt(x->temporary, &options);
	CHECK(x->book != NULL);
	workbook_set_properties(x->book, &properties);
	make_formats(x);
	*ret_xlsx = x;
	return true;
}

/* ---- worksheets ---- */

static void check(struct xlsx *x, lxw_error e)
{
	if (x->failed == LXW_NO_ERROR)
		x->failed = e;
}

static void end_sheet(struct xlsx *x)
{
	if (x->sheet != NULL && x->n > 0)
		check(x, worksheet_autofilter(x->sheet, 0, 0, MAX(x->row, 1u) - 1, (lxw_col_t)(x->n - 1)));
	x->sheet = NULL;
}

static double width_of(const struct out_column *c)
{
	static const double widths[] = { [OUT_TEXT] = 20, [OUT_MONEY] = 16,   [OUT_INT] = 8, [OUT_TENTHS] = 8,
					 [OUT_DAY] = 11,  [OUT_INSTANT] = 28, [OUT_BOOL] = 8 };

	return MAX(widths[c->kind], (double)strlen(c->name) + 3); /* the filter's button beside the name */
}

void xlsx_name(struct xlsx *x, const char *name)
{
	x->next_name = name;
}

void xlsx_sheet(struct xlsx *x, const struct out_column *columns, size_t n)
{
	char name[32];

	end_sheet(x);
	x->sheets++;
	if (x->next_name != NULL || x->sheets == 1)
		snprintf(name, sizeof(name), "%s", x->next_name != NULL ? x->next_name : x->name);
	else
		snprintf(name, sizeof(name), "%s %zu", x->name, x->sheets);
	x->next_name = NULL;
	x->sheet = workbook_add_worksheet(x->book, name);
	CHECK(x->sheet != NULL);
	x->n = n;
	x->row = 1;
	x->col = 0;
	worksheet_freeze_panes(x->sheet, 1, 0);
	for (size_t i = 0; i < n; i++) {
		check(x, worksheet_set_column(x->sheet, (lxw_col_t)i, (lxw_col_t)i, width_of(&columns[i]), NULL));
		check(x, worksheet_write_string(x->sheet, 0, (lxw_col_t)i, columns[i].name, x->header));
	}
}

static void next(struct xlsx *x, lxw_error e)
{
	check(x, e);
	if (++x->col == x->n) {
		x->col = 0;
		x->row++;
	}
}

void xlsx_text(struct xlsx *x, struct text t)
{
	if (text_empty(t)) {
		xlsx_blank(x);
		return;
	}
	buf_clear(&x->word);
	buf_add(&x->word, t);
	next(x, worksheet_write_string(x->sheet, x->row, x->col, x->word.s, NULL));
}

void xlsx_number(struct xlsx *x, int64_t value, int decimals)
{
	static const double tens[DECIMALS_MAX + 1] = { 1, 10, 100, 1000, 10000 };
	char s[MONEY_TEXT_MAX + 1];

	CHECK(decimals >= 0 && decimals <= DECIMALS_MAX);
	if (value > EXACT_MAX || value < -EXACT_MAX)
		next(x, worksheet_write_string(x->sheet, x->row, x->col, money_format(s, value, decimals), NULL));
	else
		next(x, worksheet_write_number(x->sheet, x->row, x->col, (double)value / tens[decimals], x->number[decimals]));
}

void xlsx_day(struct xlsx *x, date_t day)
{
	lxw_datetime t = { 0 };

	if (day == DATE_NONE) {
		xlsx_blank(x);
		return;
	}
	date_civil(day, &t.year, &t.month, &t.day);
	next(x, worksheet_write_datetime(x->sheet, x->row, x->col, &t, x->day));
}

void xlsx_bool(struct xlsx *x, bool value)
{
	next(x, worksheet_write_boolean(x->sheet, x->row, x->col, value, NULL));
}

void xlsx_blank(struct xlsx *x)
{
	next(x, LXW_NO_ERROR);
}

void xlsx_note(struct xlsx *x, struct text note)
{
	buf_add(&x->notes, note);
	buf_addc(&x->notes, '\n');
}

/* ---- the end ---- */

bool xlsx_is_empty(const struct xlsx *x)
{
	return x->sheets == 0;
}

static void write_notes(struct xlsx *x)
{
	lxw_worksheet *sheet = workbook_add_worksheet(x->book, "remarks");
	lxw_row_t row = 0;

	check(x, worksheet_set_column(sheet, 0, 0, 120, NULL));
	for (const char *line = x->notes.s; line != NULL && *line != '\0'; row++) {
		size_t n = strcspn(line, "\n");

		buf_clear(&x->word);
		buf_add(&x->word, (struct text){ line, n });
		if (n > 0)
			check(x, worksheet_write_string(sheet, row, 0, x->word.s, NULL));
		line += n + 1;
	}
}

static const char *words_of(lxw_error e)
{
	switch (e) {
	case LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE:
		return "more rows than a worksheet holds (1048576); use --csv";
	case LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED:
		return "a text is longer than a cell holds (32767); use --csv";
	default:
		return lxw_strerror(e);
	}
}

/* Whoever made a file of that name meanwhile keeps it. */
static bool rename_to(const struct xlsx *x, struct err *err)
{
	int done = renameat2(AT_FDCWD, x->temporary, AT_FDCWD, x->path, x->replace ? 0 : RENAME_NOREPLACE);

	if (done != 0 && errno == EINVAL && access(x->path, F_OK) != 0) /* a file system without that flag */
		done = rename(x->temporary, x->path);
	return done == 0 || refuse(err, x->path, errno == EEXIST ? "exists; --force replaces it" : strerror(errno));
}

bool xlsx_close(struct xlsx *x, bool keep, struct err *err)
{
	bool ok = true;

	end_sheet(x);
	if (x->notes.n > 0)
		write_notes(x);
	check(x, workbook_close(x->book));
	if (keep && x->sheets == 0)
		ok = refuse(err, x->path, "what this command prints is no list");
	else if (keep && x->failed != LXW_NO_ERROR)
		ok = refuse(err, x->path, words_of(x->failed));
	else if (keep)
		ok = rename_to(x, err);
	if (keep && ok)
		x->temporary[0] = '\0';
	release(x);
	return ok;
}
