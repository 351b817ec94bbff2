/* openitem import: CSV to events, through a map (import_map.h). */
#include "cli/csv.h"
#include "cli/event.h"
#include "cli/import_map.h"
#include "cli/options.h"
#include "money/money.h"

#include <errno.h>

#define BAD_ROWS_SHOWN 1000

/* One event that was made, until all are sorted by day. */
struct made {
	date_t day;
	size_t event; /* index in the map: the order within a day */
	size_t order;
	struct text line;
};

/* A value of `once`, and what `more` has seen of it. */
struct group {
	struct text key;
	size_t first_row, ordinal;
};

struct import {
	struct cli *cli;
	struct arena *arena;
	struct import_map *map;
	struct csv csv;
	date_t cut_over, first;
	bool keep_good;
	struct text **cell; /* per good row: values of the map's columns, converted to what people write in wire_set */
	size_t *row_line; /* line of the file */
	size_t n_rows, n_bad;
	struct made *made;
	size_t n_made, cap_made;
	const char *path;
};

/* ---- columns ------------------------------------------------------------------------------------------------------------------- */

static struct text day_text(struct import *im, date_t day)
{
	char buf[DATE_TEXT_SIZE];

	return text_dup(im->arena, text_of(date_format(buf, day)));
}

static bool parse_day(struct text formats, struct text value, date_t *ret_day)
{
	while (formats.n > 0) {
		size_t n = text_find(formats, TEXT("|"));
		struct text one = { formats.s, n == TEXT_NOT_FOUND ? formats.n : n };
		if ((text_eq(one, TEXT("m/d/y")) && date_parse_mdy(value, ret_day)) ||
		    (text_eq(one, TEXT("y-m-d")) && date_parse(value, ret_day)) ||
		    (text_eq(one, TEXT("yyyymmdd")) && date_parse_compact(value, ret_day)))
			return true;
		formats.s += MIN(one.n + 1, formats.n);
		formats.n -= MIN(one.n + 1, formats.n);
	}
	return false;
}

/* One cell to text; NULL or what is wrong with it. */
static const char *convert(struct import *im, const struct map_column *c, struct text value, struct text *ret)
{
	date_t day;
	int64_t e6;

	value = text_trim(value);
	*ret = value;
	if (value.n == 0)
		return c->optional ? NULL : "is empty";
	switch (c->type) {
	case MAP_TEXT:
		return NULL;
	case MAP_NUMBER:
		if (value.n > 2 && value.s[value.n - 2] == '.' && value.s[value.n - 1] == '0')
			ret->n -= 2;
		return NULL;
	case MAP_AMOUNT:
		return scaled6_parse(value, &e6) ? NULL : "is not an amount (expected digits with . as point)";
	case MAP_DATE:
		if (!parse_day(c->formats, value, &day))
			return "is not a date of the expected form";
		*ret = day_text(im, day);
		return NULL;
	}
	return NULL;
}

static bool find_columns(struct import *im, struct err *err)
{
	for (size_t i = 0; i < im->map->n_columns; i++) {
		struct map_column *c = &im->map->column[i];
		for (c->at = 0; c->at < im->csv.n_header && !text_eq(text_trim(im->csv.header[c->at]), c->name); c->at++)
			;
		if (c->at == im->csv.n_header)
			return err_set(err, ERR_REJECT, "no_column", "%s:1: there is no column '" TEXT_FMT "'", im->path,
				       TEXT_ARG(c->name));
	}
	return true;
}

static void complain(struct import *im, size_t line, struct text column, const char *what)
{
	if (++im->n_bad <= BAD_ROWS_SHOWN)
		cli_say(im->cli, "%s:%zu: " TEXT_FMT " %s", im->path, line, TEXT_ARG(column), what);
}

static bool is_repeated(const struct import *im, size_t column, struct text value)
{
	for (size_t r = 0; r < im->n_rows; r++)
		if (text_eq(im->cell[r][column], value))
			return true;
	return false;
}

static void read_row(struct import *im, const struct csv_row *row)
{
	struct text *cell = ARENA_ARRAY(im->arena, im->map->n_columns, struct text);

	if (row->n != im->csv.n_header) {
		complain(im, row->line, TEXT("row"), "has another number of columns than the header");
		return;
	}
	for (size_t i = 0; i < im->map->n_columns; i++) {
		const struct map_column *c = &im->map->column[i];
		const char *wrong = convert(im, c, row->cell[c->at], &cell[i]);
		if (wrong == NULL && c->unique && is_repeated(im, i, cell[i]))
			wrong = "was met before, and must be unique";
		if (wrong != NULL) {
			complain(im, row->line, c->name, wrong);
			return;
		}
	}
	im->row_line[im->n_rows] = row->line;
	im->cell[im->n_rows++] = cell;
}

static bool read_rows(struct import *im, struct text bytes, struct err *err)
{
	struct csv_row row;

	if (!csv_open(&im->csv, bytes, im->arena, err) || !find_columns(im, err))
		return err_wrap(err, "%s", im->path);
	size_t lines = csv_count_lines(bytes);
	im->cell = ARENA_ARRAY(im->arena, lines, struct text *);
	im->row_line = ARENA_ARRAY(im->arena, lines, size_t);
	while (csv_next(&im->csv, &row)) {
		if (row.error != NULL)
			complain(im, row.line, TEXT("row"), row.error);
		else
			read_row(im, &row);
	}
	return true;
}

static void find_first_day(struct import *im)
{
	im->first = DATE_NONE;
	for (size_t c = 0; c < im->map->n_columns; c++) {
		for (size_t r = 0; r < im->n_rows && im->map->column[c].type == MAP_DATE; r++) {
			date_t day;
			if (date_parse(im->cell[r][c], &day) && (im->first == DATE_NONE || day < im->first))
				im->first = day;
		}
	}
}

/* ---- templates ----------------------------------------------------------------------------------------------------------------- */

static bool column_of(const struct import *im, struct text name, size_t *ret)
{
	for (*ret = 0; *ret < im->map->n_columns; (*ret)++)
		if (text_eq(im->map->column[*ret].name, name))
			return true;
	return false;
}

static bool value_of(struct import *im, struct text name, size_t row, size_t ordinal, struct text *ret)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t c;

	if (text_eq(name, TEXT("first")))
		*ret = day_text(im, im->first);
	else if (text_eq(name, TEXT("cut-over")) && im->map->cut_over)
		*ret = day_text(im, im->cut_over);
	else if (text_eq(name, TEXT("ordinal")))
		*ret = text_printf(im->arena, "%c%c", digits[ordinal / 36 % 36], digits[ordinal % 36]);
	else if (column_of(im, name, &c))
		*ret = im->cell[row][c];
	else
		return false;
	return true;
}

static bool fill(struct import *im, struct text template, size_t row, size_t ordinal, struct err *err, struct text *ret)
{
	struct buf b = { .arena = im->arena };

	while (template.n > 0) {
		size_t open = text_find(template, TEXT("{"));
		size_t n = open == TEXT_NOT_FOUND ? template.n : open;
		buf_add(&b, (struct text){ template.s, n });
		template = (struct text){ template.s + n, template.n - n };
		if (open == TEXT_NOT_FOUND)
			break;
		size_t close = text_find(template, TEXT("}"));
		struct text value;
		if (close == TEXT_NOT_FOUND || !value_of(im, (struct text){ template.s + 1, close - 1 }, row, ordinal, &value))
			return err_set(err, ERR_REJECT, "bad_map", "'" TEXT_FMT "': no such column", TEXT_ARG(template));
		buf_add(&b, value);
		template = (struct text){ template.s + close + 1, template.n - close - 1 };
	}
	*ret = buf_text(&b);
	return true;
}

/* ---- events --------------------------------------------------------------------------------------------------------------------- */

static bool set_field(struct import *im, const struct map_event *e, void *body, struct text path, struct text value,
		      struct err *err)
{
	/* Rows may leave optional fields empty: the field is then absent. */
	struct text full = text_printf(im->arena, TEXT_FMT "." TEXT_FMT, TEXT_ARG(e->name), TEXT_ARG(path));

	return wire_set(e->topic->msg, body, full, value, im->arena, err);
}

static struct text replaced(struct import *im, struct text path, const char *mark, size_t at)
{
	size_t n = text_find(path, text_of(mark));

	if (n == TEXT_NOT_FOUND)
		return path;
	return text_printf(im->arena, TEXT_FMT "[%zu]" TEXT_FMT, TEXT_ARG(((struct text){ path.s, n })), at,
			   TEXT_ARG(((struct text){ path.s + n + 3, path.n - n - 3 })));
}

/* Further values of a column among the rows of a group: aliases and the like. */
static bool set_more(struct import *im, const struct map_event *e, void *body, const struct group *g, struct err *err)
{
	size_t column = 0, n = 0;
	struct text first = TEXT_NONE;

	for (size_t i = 0; i < e->n_fields; i++)
		if (e->field[i].more.n > 0 && !column_of(im, e->field[i].more, &column))
			return err_set(err, ERR_REJECT, "bad_map", "more {" TEXT_FMT "}: no such column",
				       TEXT_ARG(e->field[i].more));
	first = im->cell[g->first_row][column];
	for (size_t r = g->first_row + 1; r < im->n_rows; r++) {
		struct text key;
		bool fresh = !text_eq(im->cell[r][column], first);
		for (size_t k = g->first_row + 1; k < r && fresh; k++)
			fresh = !text_eq(im->cell[k][column], im->cell[r][column]);
		if (!fresh || !fill(im, e->once, r, 0, err, &key) || !text_eq(key, g->key))
			continue;
		for (size_t i = 0; i < e->n_fields; i++) {
			struct text value;
			if (e->field[i].more.n == 0)
				continue;
			struct text path = replaced(im, replaced(im, e->field[i].path, "[+]", n), "[=]", n);
			if (!fill(im, e->field[i].value, r, g->ordinal, err, &value) || !set_field(im, e, body, path, value, err))
				return false;
		}
		n++;
	}
	return true;
}

static bool day_of(struct import *im, const struct map_event *e, size_t row, struct err *err, date_t *ret_day)
{
	struct text on;

	*ret_day = DATE_NONE;
	if (text_eq(e->on, TEXT("first")))
		*ret_day = im->first;
	else if (text_eq(e->on, TEXT("cut-over")))
		*ret_day = im->cut_over;
	else if (!fill(im, e->on, row, 0, err, &on))
		return false;
	else if (on.n > 0 && !date_parse(on, ret_day))
		return err_set(err, ERR_REJECT, "bad_map", "on " TEXT_FMT ": not a date", TEXT_ARG(e->on));
	return true;
}

static void keep(struct import *im, size_t event, date_t day, struct text line)
{
	if (im->n_made == im->cap_made) {
		im->cap_made = im->cap_made ? im->cap_made * 2 : 1024;
		im->made = realloc(im->made, im->cap_made * sizeof(*im->made));
		CHECK(im->made != NULL);
	}
	im->made[im->n_made] = (struct made){ day, event, im->n_made, line };
	im->n_made++;
}

static bool make_event(struct import *im, size_t at, size_t row, const struct group *g, struct err *err)
{
	const struct map_event *e = &im->map->event[at];
	size_t ordinal = g != NULL ? g->ordinal : 0;
	struct text id, value;
	struct event ev;
	date_t day;

	if (!day_of(im, e, row, err, &day) || !fill(im, e->id, row, ordinal, err, &id))
		return false;
	if (day == DATE_NONE)
		return true;
	void *body = wire_new(e->topic->msg, 1, im->arena);
	for (size_t i = 0; i < e->n_fields; i++)
		if (e->field[i].more.n == 0 && (!fill(im, e->field[i].value, row, ordinal, err, &value) ||
						!set_field(im, e, body, e->field[i].path, value, err)))
			return false;
	if (g != NULL && !set_more(im, e, body, g, err))
		return false;
	struct buf line = { .arena = im->arena };
	if (!wire_validate(e->topic->msg, body, err) ||
	    !event_make(e->topic, body, id, im->map->source, event_time_of_day(day, im->arena), im->arena, err, &ev) ||
	    !event_write(&ev, im->arena, err, &line))
		return false;
	keep(im, at, day, buf_text(&line));
	return true;
}

static bool make_events(struct import *im, size_t at, struct err *err)
{
	const struct map_event *e = &im->map->event[at];
	struct group *groups = ARENA_ARRAY(im->arena, im->n_rows, struct group);
	size_t n = 0;

	for (size_t r = 0; r < im->n_rows; r++) {
		struct text key;
		size_t k = 0;
		if (e->once.n > 0) {
			if (!fill(im, e->once, r, 0, err, &key))
				return false;
			while (k < n && !text_eq(groups[k].key, key))
				k++;
			if (k < n)
				continue;
			groups[n] = (struct group){ key, r, n + 1 };
			n++;
		}
		if (make_event(im, at, r, e->once.n > 0 ? &groups[k] : NULL, err))
			continue;
		if (strcmp(err->code, "bad_map") == 0)
			return false;
		complain(im, im->row_line[r], e->name, err->msg);
	}
	return true;
}

static int by_day(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------------- */

static int write_out(struct import *im, const char *path)
{
	FILE *f = path == NULL ? stdout : fopen(path, "we");
	bool ok = f != NULL;

	qsort(im->made, im->n_made, sizeof(*im->made), by_day);
	for (size_t i = 0; ok && i < im->n_made; i++)
		ok = fwrite(im->made[i].line.s, 1, im->made[i].line.n, f) == im->made[i].line.n && fputc('\n', f) != EOF;
	if (f != NULL)
		ok = fflush(f) == 0 && ok && (f == stdout || fclose(f) == 0);
	if (!ok)
		return cli_fail(im->cli, EXIT_INPUT, "%s: %s", path == NULL ? "standard output" : path, strerror(errno));
	cli_say(im->cli, "%zu rows, %zu events%s", im->n_rows, im->n_made, im->n_bad > 0 ? "; bad rows were left out" : "");
	return EXIT_OK;
}

static int import(struct import *im, const char *map_name, const char *out)
{
	struct text map_text = import_map_shipped(text_of(map_name)), bytes;
	struct err err;

	if ((map_text.n == 0 && !cli_read_file(im->cli, map_name, &err, &map_text)) ||
	    !cli_read_file(im->cli, im->path, &err, &bytes))
		return cli_failed(im->cli, &err);
	if (!import_map_parse(map_text, im->arena, &err, &im->map))
		return cli_fail(im->cli, EXIT_INPUT, "%s: %s", map_name, err.msg);
	if (im->map->cut_over && im->cut_over == DATE_NONE)
		return options_usage(im->cli, "the map %s needs --cut-over DATE", map_name);
	if (!read_rows(im, bytes, &err))
		return cli_failed(im->cli, &err);
	find_first_day(im);
	for (size_t e = 0; e < im->map->n_events; e++)
		if (!make_events(im, e, &err))
			return cli_fail(im->cli, EXIT_INPUT, "%s: %s", map_name, err.msg);
	if (im->n_bad > 0 && !im->keep_good)
		return cli_fail(im->cli, EXIT_INPUT, "%s: %zu bad rows; nothing was written (--keep-good goes on without them)",
				im->path, im->n_bad);
	return write_out(im, out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct import im = { .cli = cli, .arena = cli->arena, .cut_over = DATE_NONE };
	const char *out = NULL;
	const struct option_spec specs[] = {
		{ "out", 'o', OPTION_TEXT, &out, "FILE", "events go there (default: standard output)", 0, 0, NULL },
		{ "cut-over", 0, OPTION_DAY, &im.cut_over, "DATE", "accounting date of a take-on", 0, 0, NULL },
		{ "keep-good", 0, OPTION_FLAG, &im.keep_good, NULL, "leave bad rows out instead of refusing the file", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 2, 2, &argc, &argv);

	if (code >= 0)
		return code;
	im.path = argv[1];
	code = import(&im, argv[0], out);
	free(im.made);
	return code;
}

const struct command cmd_import = {
	.name = "import",
	.summary = "a CSV file to events, through a map",
	.usage =
		"openitem import [--out FILE] [--cut-over DATE] [--keep-good] MAP FILE.csv\n\n"
		"MAP is a file (its language: services/cli/import_map.h), or one that comes with the tool: late-payments, open-invoices.\n"
		"Writes NDJSON in business-date order, for `openitem play`. When rows are bad, each is named with its reason and nothing\n"
		"is written (exit 4).",
	.example = "openitem import late-payments late-payments-sample.csv --out late.ndjson",
	.run = run,
};
