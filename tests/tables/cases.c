/* cases: the text format of harness.h to structs. */
#include <stdio.h>

#include "inner.h"

struct reader {
	struct arena *arena;
	struct cases *cases;
	const char *file;
	int line;
	struct hcase *c; /* current case, NULL before the first */
	struct step *step; /* current step */
	struct grid *grid; /* table that takes rows */
	struct grid *defaults;
	size_t n_defaults, cap_defaults;
};

static bool wrong(const struct reader *rd, struct err *err, const char *what)
{
	return err_set(err, ERR_REJECT, "bad_case", "%s:%d: %s", rd->file, rd->line, what);
}

static struct step *add_step(struct reader *rd, enum step_kind kind)
{
	struct hcase *c = rd->c;

	GROW(rd->arena, c->step, c->n_steps, c->cap_steps);
	rd->step = &c->step[c->n_steps++];
	*rd->step = (struct step){ .kind = kind, .line = rd->line };
	rd->grid = NULL;
	return rd->step;
}

static struct grid *add_grid(struct reader *rd, struct text name)
{
	struct step *s = rd->step;

	GROW(rd->arena, s->grid, s->n_grids, s->cap_grids);
	rd->grid = &s->grid[s->n_grids++];
	*rd->grid = (struct grid){ .line = rd->line, .name = name };
	return rd->grid;
}

/* Cells between bars; `\|` stays in the cell as a bar. */
static size_t split(struct reader *rd, struct text line, struct text *cell, size_t cap)
{
	size_t n = 0;
	struct buf b = { .arena = rd->arena };

	for (size_t i = 1; i < line.n; i++) {
		if (line.s[i] == '\\' && i + 1 < line.n && line.s[i + 1] == '|') {
			buf_addc(&b, line.s[++i]);
			continue;
		}
		if (line.s[i] != '|') {
			buf_addc(&b, line.s[i]);
			continue;
		}
		if (n < cap)
			cell[n] = text_trim(buf_text(&b));
		n++;
		b = (struct buf){ .arena = rd->arena };
	}
	return n;
}

static bool table_line(struct reader *rd, struct text line, struct err *err)
{
	struct text cell[COLS_MAX];
	struct grid *g = rd->grid;
	size_t n;

	if (g == NULL)
		return wrong(rd, err, "a table without a name above it");
	if (line.n < 2 || line.s[line.n - 1] != '|')
		return wrong(rd, err, "a row ends with |");
	n = split(rd, line, cell, COLS_MAX);
	if (n > COLS_MAX)
		return wrong(rd, err, "too many columns");
	struct text *copy = arena_dup(rd->arena, cell, n * sizeof(*cell));
	if (g->col == NULL) {
		g->col = copy;
		g->n_cols = n;
		return true;
	}
	if (n != g->n_cols)
		return wrong(rd, err, "this row has another number of cells than the header");
	GROW(rd->arena, g->row, g->n_rows, g->cap_rows);
	g->row[g->n_rows++] = (struct row){ rd->line, copy };
	return true;
}

static void case_line(struct reader *rd, struct text title)
{
	struct cases *all = rd->cases;

	GROW(rd->arena, all->c, all->n, all->cap);
	rd->c = &all->c[all->n++];
	*rd->c = (struct hcase){
		.file = rd->file,
		.line = rd->line,
		.title = title,
		.lanes = 1,
		.defaults = rd->defaults,
		.n_defaults = rd->n_defaults,
	};
	rd->step = NULL;
	rd->grid = NULL;
}

static bool lanes_line(struct reader *rd, struct text value, struct err *err)
{
	int64_t lanes;

	if (rd->c->n_steps > 0 || !text_parse_i64(value, &lanes) || lanes < 1 || lanes > 64)
		return wrong(rd, err, "lanes 1..64, before the first block");
	rd->c->lanes = (int32_t)lanes;
	return true;
}

/* The name of an event: input or outcome, by where it stands. */
static bool name_line(struct reader *rd, struct text name, struct err *err)
{
	if (rd->step == NULL)
		return wrong(rd, err, "expected given, when or then");
	if (rd->step->kind == STEP_DELIVER) {
		/* Inputs after `deliver` are a further block of the same kind; outcomes go on being collected. */
		enum step_kind kind = STEP_GIVEN;
		for (size_t i = 0; i < rd->c->n_steps; i++)
			if (rd->c->step[i].kind == STEP_WHEN || rd->c->step[i].kind == STEP_GIVEN)
				kind = rd->c->step[i].kind;
		add_step(rd, kind);
		rd->step->continues = true;
	}
	if (rd->step->kind != STEP_GIVEN && rd->step->kind != STEP_WHEN && rd->step->kind != STEP_THEN)
		return wrong(rd, err, "an event stands in given, when or then");
	add_grid(rd, name);
	return true;
}

static bool default_line(struct reader *rd, struct text name)
{
	GROW(rd->arena, rd->defaults, rd->n_defaults, rd->cap_defaults);
	rd->grid = &rd->defaults[rd->n_defaults++];
	*rd->grid = (struct grid){ .line = rd->line, .name = name };
	return true;
}

static bool none_line(struct reader *rd, struct err *err)
{
	if (rd->step == NULL || (rd->step->kind != STEP_THEN && rd->step->kind != STEP_ROWS && rd->step->kind != STEP_JOURNAL))
		return wrong(rd, err, "none stands in then, journal or rows");
	rd->step->none = true;
	return true;
}

static struct text after(struct text line, struct text word)
{
	return text_trim((struct text){ line.s + word.n, line.n - word.n });
}

static bool word_line(struct reader *rd, struct text line, struct err *err)
{
	if (text_starts(line, TEXT("case "))) {
		case_line(rd, after(line, TEXT("case ")));
		return true;
	}
	if (text_starts(line, TEXT("default ")))
		return default_line(rd, after(line, TEXT("default ")));
	if (rd->c == NULL)
		return wrong(rd, err, "expected case");
	if (text_starts(line, TEXT("lanes ")))
		return lanes_line(rd, after(line, TEXT("lanes ")), err);
	if (text_starts(line, TEXT("rows "))) {
		add_step(rd, STEP_ROWS);
		add_grid(rd, after(line, TEXT("rows ")));
		return true;
	}
	if (text_eq(line, TEXT("given")))
		return add_step(rd, STEP_GIVEN) != NULL;
	if (text_eq(line, TEXT("when")))
		return add_step(rd, STEP_WHEN) != NULL;
	if (text_eq(line, TEXT("then")))
		return add_step(rd, STEP_THEN) != NULL;
	if (text_eq(line, TEXT("deliver")))
		return add_step(rd, STEP_DELIVER) != NULL;
	if (text_eq(line, TEXT("none")))
		return none_line(rd, err);
	if (text_eq(line, TEXT("journal"))) {
		add_step(rd, STEP_JOURNAL);
		add_grid(rd, line);
		return true;
	}
	return name_line(rd, line, err);
}

static bool read_all(const char *file, struct arena *arena, struct text *ret_text)
{
	FILE *f = fopen(file, "re");
	struct buf b = { .arena = arena };
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, (struct text){ chunk, n });
	fclose(f);
	*ret_text = buf_text(&b);
	return true;
}

bool cases_read(const char *file, struct arena *arena, struct cases *cases, struct err *err)
{
	struct reader rd = { .arena = arena, .cases = cases, .file = file };
	struct text rest;

	if (!read_all(file, arena, &rest))
		return err_set(err, ERR_REJECT, "no_file", "%s: cannot be read", file);
	/* Defaults hold from their place in the file on; the array moves when it grows, so room is made first. */
	rd.cap_defaults = 64;
	rd.defaults = ARENA_ARRAY(arena, rd.cap_defaults, struct grid);
	while (rest.n > 0) {
		const char *end = memchr(rest.s, '\n', rest.n);
		size_t n = end != NULL ? (size_t)(end - rest.s) : rest.n;
		struct text line = text_trim((struct text){ rest.s, n });

		rd.line++;
		rest.s += MIN(n + 1, rest.n);
		rest.n -= MIN(n + 1, rest.n);
		if (line.n == 0 || line.s[0] == '#')
			continue;
		if (!(line.s[0] == '|' ? table_line(&rd, line, err) : word_line(&rd, line, err)))
			return false;
		CHECK(rd.n_defaults < rd.cap_defaults);
	}
	return true;
}

bool row_continues(const struct grid *g, size_t row)
{
	bool any = false;

	if (row == 0)
		return false;
	for (size_t i = 0; i < g->n_cols; i++) {
		bool list = path_is_list(g->col[i]);
		if (!list && !text_empty(g->row[row].cell[i]))
			return false;
		any |= list && !text_empty(g->row[row].cell[i]);
	}
	return any;
}
