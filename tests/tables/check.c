/* check: outcomes and their journal against what the case says. */
#include "ev/type.h"
#include "inner.h"

static struct text event_name(const struct run *r, const struct seen *s)
{
	return wire_event_name(r->core->outcome_msg, s->o.event);
}

/* ---- columns of an outcome ------------------------------------------------------------------------------------------- */

static struct text yes_no(bool b)
{
	return b ? TEXT("true") : TEXT_NONE;
}

static bool meta_get(struct run *r, const struct seen *s, struct text what, struct text *ret_value)
{
	if (text_eq(what, TEXT("key")))
		*ret_value = s->o.key;
	else if (text_eq(what, TEXT("destination")))
		*ret_value = s->o.destination;
	else if (text_eq(what, TEXT("final")))
		*ret_value = yes_no(s->o.final);
	else if (text_eq(what, TEXT("parked")))
		*ret_value = yes_no(s->o.parked);
	else if (text_eq(what, TEXT("part")))
		*ret_value = text_printf(r->arena, "%d", s->o.part);
	else if (text_eq(what, TEXT("cause")))
		*ret_value = s->cause.event_id;
	else if (text_eq(what, TEXT("event_id")))
		*ret_value = s->o.event_id;
	else if (text_eq(what, TEXT("rule_versions"))) {
		struct buf b = { .arena = r->arena };
		for (size_t i = 0; i < ARRAY_LEN(s->o.rule_versions); i++)
			if (!text_empty(s->o.rule_versions[i]))
				buf_printf(&b, "%s" TEXT_FMT, b.n > 0 ? "," : "", TEXT_ARG(s->o.rule_versions[i]));
		*ret_value = buf_text(&b);
	} else
		return false;
	return true;
}

static struct text outcome_path(struct run *r, const struct seen *s, struct text column)
{
	const struct wire_msg *msg = r->core->outcome_msg;

	return path_of_column(msg, path_of_event(msg, event_name(r, s), r->arena), column, r->arena);
}

bool outcome_get(struct run *r, const struct seen *s, struct text column, struct text *ret_value)
{
	struct text prefix = TEXT("outcome.");
	struct err err;

	if (text_starts(column, prefix))
		return meta_get(r, s, (struct text){ column.s + prefix.n, column.n - prefix.n }, ret_value);
	struct text path = outcome_path(r, s, column);
	return !text_empty(path) && wire_get(r->core->outcome_msg, s->o.event, path, r->arena, &err, ret_value);
}

/* ---- cells ------------------------------------------------------------------------------------------------------------ */

static bool is_nothing(struct text value)
{
	return text_empty(value) || text_eq(value, TEXT("0")) || text_eq(value, TEXT("false")) ||
	       text_eq(value, TEXT("unspecified"));
}

static struct binding *binding_of(struct run *r, struct text name)
{
	for (size_t i = 0; i < r->n_bindings; i++)
		if (text_eq(r->binding[i].name, name))
			return &r->binding[i];
	return NULL;
}

static void bind(struct run *r, struct text name, struct text value)
{
	GROW(r->arena, r->binding, r->n_bindings, r->cap_bindings);
	r->binding[r->n_bindings++] = (struct binding){ name, value };
}

bool cell_matches(struct run *r, struct text cell, struct text got, struct text canonical)
{
	if (text_empty(cell) || text_eq(cell, TEXT("*")))
		return true;
	if (text_eq(cell, TEXT("-")))
		return is_nothing(got);
	if (cell.s[0] == '@') {
		struct binding *b = binding_of(r, cell);
		if (b == NULL)
			bind(r, cell, got);
		return b == NULL ? !text_empty(got) : text_eq(b->value, got);
	}
	if (cell.s[cell.n - 1] == '*')
		return text_starts(got, (struct text){ cell.s, cell.n - 1 });
	return text_eq(cell, got) || (!text_empty(canonical) && text_eq(canonical, got)) || (text_empty(got) && is_nothing(cell));
}

/* The cell as it would be printed had it been set at that place: 100.00 USD in a minor field is 10000. */
static struct text canonical_at(struct run *r, const struct wire_msg *msg, const void *ev, struct text path, struct text cell)
{
	void *copy = wire_copy(msg, ev, r->arena);
	struct text out = TEXT_NONE;
	struct err err;

	if (text_empty(cell) || cell.s[0] == '@' || cell.s[cell.n - 1] == '*' || text_eq(cell, TEXT("-")))
		return TEXT_NONE;
	if (!wire_set(msg, copy, path, cell, r->arena, &err) || !wire_get(msg, copy, path, r->arena, &err, &out))
		return TEXT_NONE;
	return out;
}

struct text run_resolve(struct run *r, int line, struct text cell)
{
	struct buf b = { .arena = r->arena };

	for (size_t i = 0; i < cell.n;) {
		size_t end = i + 1;
		bool word = cell.s[i] == '@' && (i == 0 || cell.s[i - 1] == ' ');
		while (word && end < cell.n && cell.s[end] != ' ')
			end++;
		struct text part = { cell.s + i, end - i };
		struct binding *bound = word ? binding_of(r, part) : NULL;
		if (word && bound == NULL && part.n == cell.n)
			run_fail(r, line, TEXT_FMT " is not known here", TEXT_ARG(part));
		buf_add(&b, bound != NULL ? bound->value : part);
		i = end;
	}
	return buf_text(&b);
}

/* ---- saying what differs ---------------------------------------------------------------------------------------------- */

void add_difference(struct run *r, struct difference *diff, struct text column, struct text expected, struct text got)
{
	size_t cells = MAX(expected.n, got.n);
	int width = (int)MAX(column.n, cells);

	diff->column.arena = diff->expected.arena = diff->got.arena = r->arena;
	buf_printf(&diff->column, " %-*.*s |", width, TEXT_ARG(column));
	buf_printf(&diff->expected, " %-*.*s |", width, TEXT_ARG(expected));
	buf_printf(&diff->got, " %-*.*s |", width, TEXT_ARG(got));
}

void fail_row(struct run *r, int line, const char *what, const struct difference *diff)
{
	run_fail(r, line, "%s\n           |%s\n  expected |%s\n  got      |%s", what, diff->column.s, diff->expected.s,
		 diff->got.s);
}

#define SHOWN_MAX 20 /* outcomes in a message */

static size_t shown_end(const struct run *r)
{
	return MIN(r->n_seen, r->since + SHOWN_MAX);
}

static void say_rest(const struct run *r, struct buf *b)
{
	if (r->n_seen > shown_end(r))
		buf_printf(b, "\n  ... and %zu more", r->n_seen - shown_end(r));
}

static void fail_outcomes(struct run *r, int line, const char *what)
{
	struct buf b = { .arena = r->arena };

	for (size_t i = r->since; i < shown_end(r); i++) {
		buf_adds(&b, "\n  got      ");
		wire_print(r->core->outcome_msg, r->seen[i].o.event, &b);
	}
	if (r->since == r->n_seen)
		buf_adds(&b, "\n  got      nothing");
	say_rest(r, &b);
	run_fail(r, line, "%s%s", what, b.s);
}

/* ---- then -------------------------------------------------------------------------------------------------------------- */

static bool compare_row(struct run *r, const struct seen *s, const struct grid *g, size_t row, const size_t *index)
{
	struct difference diff = { 0 };

	for (size_t i = 0; i < g->n_cols; i++) {
		struct text cell = g->row[row].cell[i];
		struct text column = path_index(g->col[i], index[i], r->arena);
		struct text canonical = TEXT_NONE, got = TEXT_NONE;
		if (!outcome_get(r, s, column, &got)) {
			run_fail(r, g->row[row].line, "no field " TEXT_FMT " in " TEXT_FMT, TEXT_ARG(column),
				 TEXT_ARG(event_name(r, s)));
			return false;
		}
		if (!text_starts(column, TEXT("outcome.")))
			canonical = canonical_at(r, r->core->outcome_msg, s->o.event, outcome_path(r, s, column), cell);
		if (!cell_matches(r, cell, got, canonical))
			add_difference(r, &diff, column, cell, got);
	}
	if (diff.column.n > 0)
		fail_row(r, g->row[row].line, "this row differs", &diff);
	return diff.column.n == 0;
}

/* A column lines[] says how many elements there are, too. */
static void compare_counts(struct run *r, const struct seen *s, const struct grid *g, size_t row, const size_t *count)
{
	for (size_t i = 0; i < g->n_cols; i++) {
		size_t at = text_find(g->col[i], TEXT("[]"));
		struct text n = TEXT_NONE;
		if (at == TEXT_NOT_FOUND)
			continue;
		size_t name = at;
		while (name > 0 && g->col[i].s[name - 1] != '.')
			name--;
		struct text column =
			text_printf(r->arena, "%.*sn_%.*s", (int)name, g->col[i].s, (int)(at - name), g->col[i].s + name);
		struct text want = text_printf(r->arena, "%zu", count[i]);
		if (!outcome_get(r, s, column, &n) || !(text_eq(n, want) || (count[i] == 0 && is_nothing(n))))
			run_fail(r, g->row[row].line, TEXT_FMT ": expected " TEXT_FMT " elements, got " TEXT_FMT,
				 TEXT_ARG(g->col[i]), TEXT_ARG(want), TEXT_ARG(n));
	}
}

/* Rows of one event: the first, and those that only go on with its arrays. Returns how many. */
static size_t check_event(struct run *r, const struct seen *s, const struct grid *g, size_t first)
{
	size_t index[COLS_MAX] = { 0 };
	size_t row = first;

	do {
		if (!compare_row(r, s, g, row, index))
			return row + 1 - first;
		for (size_t i = 0; i < g->n_cols; i++)
			if (path_is_list(g->col[i]) && !text_empty(g->row[row].cell[i]))
				index[i]++;
		row++;
	} while (row < g->n_rows && row_continues(g, row));
	compare_counts(r, s, g, first, index);
	return row - first;
}

void check_then(struct run *r, const struct step *step)
{
	size_t at = r->since;

	for (size_t k = 0; k < step->n_grids && !r->failed; k++) {
		const struct grid *g = &step->grid[k];
		for (size_t row = 0; row < MAX(g->n_rows, (size_t)1) && !r->failed; at++) {
			int line = g->n_rows > 0 ? g->row[row].line : g->line;
			struct buf what = { .arena = r->arena };
			buf_printf(&what, "expected " TEXT_FMT, TEXT_ARG(g->name));
			if (at >= r->n_seen) {
				fail_outcomes(r, line, buf_text(&what).s);
				return;
			}
			if (!text_eq(event_name(r, &r->seen[at]), g->name)) {
				buf_printf(&what, " as outcome %zu", at - r->since + 1);
				fail_outcomes(r, line, buf_text(&what).s);
				return;
			}
			row += g->n_rows > 0 ? check_event(r, &r->seen[at], g, row) : 1;
		}
	}
	if (!r->failed && at < r->n_seen)
		fail_outcomes(r, step->line, "more outcomes than expected");
}

/* ---- journal ----------------------------------------------------------------------------------------------------------- */

const struct type_journal_entry *entries_of(const struct run *r, const struct seen *s, size_t *ret_n)
{
	const struct wire_field *f = path_field(r->core->outcome_msg, TEXT("entries"));
	const struct type_journal_entry *entries;

	*ret_n = 0;
	if (f == NULL)
		return NULL;
	memcpy(&entries, (const char *)s->o.event + f->at, sizeof(entries));
	memcpy(ret_n, (const char *)s->o.event + f->n_at, sizeof(*ret_n));
	return entries;
}

struct journal_line {
	const struct type_journal_entry *entry;
	const struct type_journal_line *line;
};

static bool journal_get(struct run *r, const struct journal_line *l, struct text column, struct text cell, struct text *ret_value,
			struct text *ret_canonical)
{
	bool of_entry = path_field(&type_journal_line_msg, column) == NULL;
	const struct wire_msg *msg = of_entry ? &type_journal_entry_msg : &type_journal_line_msg;
	const void *ev = of_entry ? (const void *)l->entry : (const void *)l->line;
	struct err err;

	*ret_canonical = canonical_at(r, msg, ev, column, cell);
	return wire_get(msg, ev, column, r->arena, &err, ret_value);
}

static bool compare_journal_row(struct run *r, const struct journal_line *l, const struct grid *g, const struct row *row)
{
	struct difference diff = { 0 };

	for (size_t i = 0; i < g->n_cols; i++) {
		struct text canonical, got = TEXT_NONE;
		if (!journal_get(r, l, g->col[i], row->cell[i], &got, &canonical)) {
			run_fail(r, row->line, "no field " TEXT_FMT " in a journal line or entry", TEXT_ARG(g->col[i]));
			return false;
		}
		if (!cell_matches(r, row->cell[i], got, canonical))
			add_difference(r, &diff, g->col[i], row->cell[i], got);
	}
	if (diff.column.n > 0)
		fail_row(r, row->line, "this journal line differs", &diff);
	return diff.column.n == 0;
}

static void fail_journal(struct run *r, int line, const char *what)
{
	struct buf b = { .arena = r->arena };

	for (size_t i = r->since; i < shown_end(r); i++) {
		size_t n;
		const struct type_journal_entry *e = entries_of(r, &r->seen[i], &n);
		for (size_t k = 0; k < n; k++) {
			buf_adds(&b, "\n  got      ");
			wire_print(&type_journal_entry_msg, &e[k], &b);
		}
	}
	say_rest(r, &b);
	run_fail(r, line, "%s%s", what, b.n > 0 ? b.s : "\n  got      nothing");
}

void check_journal(struct run *r, const struct step *step)
{
	const struct grid *g = &step->grid[0];
	size_t row = 0;

	for (size_t i = r->since; i < r->n_seen; i++) {
		size_t n;
		const struct type_journal_entry *e = entries_of(r, &r->seen[i], &n);
		for (size_t k = 0; k < n; k++)
			for (size_t l = 0; l < e[k].n_lines && !r->failed; l++, row++) {
				struct journal_line jl = { &e[k], &e[k].lines[l] };
				if (row >= g->n_rows)
					fail_journal(r, step->line, "more journal lines than expected");
				else
					compare_journal_row(r, &jl, g, &g->row[row]);
			}
	}
	if (!r->failed && row < g->n_rows)
		fail_journal(r, g->row[row].line, "fewer journal lines than expected");
}
