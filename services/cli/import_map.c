#include "cli/import_map.h"

/* Made at build time from maps/ (CMakeLists.txt). */
extern const char map_late_payments[], map_open_invoices[];

struct text import_map_shipped(struct text name)
{
	if (text_eq(name, TEXT("late-payments")))
		return text_of(map_late_payments);
	if (text_eq(name, TEXT("open-invoices")))
		return text_of(map_open_invoices);
	return TEXT_NONE;
}

/* The word in front of the first blank; the rest stays. */
static struct text take_word(struct text *rest)
{
	*rest = text_trim(*rest);
	size_t n = 0;
	while (n < rest->n && rest->s[n] != ' ' && rest->s[n] != '\t')
		n++;
	struct text word = { rest->s, n };
	*rest = text_trim((struct text){ rest->s + n, rest->n - n });
	return word;
}

static bool bad(struct err *err, size_t line, const char *expected)
{
	return err_set(err, ERR_REJECT, "bad_map", "line %zu: %s", line, expected);
}

/* The topic that has an event of this name. */
static const struct wire_topic *topic_of(struct text name, struct arena *a)
{
	static const char *const contexts[] = { "crm", "bank", "command", "reference" };

	for (size_t i = 0; i < ARRAY_LEN(contexts); i++) {
		const struct wire_topic *t =
			wire_topic_of_type(text_printf(a, "openitem.%s." TEXT_FMT ".v1", contexts[i], TEXT_ARG(name)));
		if (t != NULL)
			return t;
	}
	return NULL;
}

static bool parse_column(struct import_map *m, struct text rest, size_t line, struct err *err)
{
	static const char *const types[] = { "text", "number", "amount", "date" };

	if (m->n_columns == MAP_COLUMNS_MAX)
		return bad(err, line, "too many columns");
	struct map_column *c = &m->column[m->n_columns++];
	c->name = take_word(&rest);
	struct text type = take_word(&rest);
	size_t t = 0;
	while (t < ARRAY_LEN(types) && !text_eq(type, text_of(types[t])))
		t++;
	if (t == ARRAY_LEN(types))
		return bad(err, line, "expected column NAME text|number|amount|date");
	c->type = (enum map_type)t;
	if (c->type == MAP_DATE)
		c->formats = take_word(&rest);
	for (struct text word = take_word(&rest); word.n > 0; word = take_word(&rest)) {
		if (text_eq(word, TEXT("optional")))
			c->optional = true;
		else if (text_eq(word, TEXT("unique")))
			c->unique = true;
		else
			return bad(err, line, "expected optional or unique");
	}
	return true;
}

static bool parse_field(struct map_event *e, struct text word, struct text rest, size_t line, struct err *err)
{
	struct map_field f = { .path = word };

	if (text_eq(word, TEXT("more"))) {
		struct text column = take_word(&rest);
		if (column.n < 3 || column.s[0] != '{' || column.s[column.n - 1] != '}')
			return bad(err, line, "expected more {COLUMN} PATH = TEMPLATE");
		f.more = (struct text){ column.s + 1, column.n - 2 };
		f.path = take_word(&rest);
	}
	if (!text_eq(take_word(&rest), TEXT("=")))
		return bad(err, line, "expected PATH = TEMPLATE");
	f.value = rest;
	if (e->n_fields == MAP_FIELDS_MAX)
		return bad(err, line, "too many fields");
	e->field[e->n_fields++] = f;
	return true;
}

static bool parse_statement(struct import_map *m, struct text word, struct text rest, size_t line, struct arena *a, struct err *err)
{
	struct map_event *e = m->n_events > 0 ? &m->event[m->n_events - 1] : NULL;

	if (text_eq(word, TEXT("source"))) {
		m->source = rest;
	} else if (text_eq(word, TEXT("cut-over"))) {
		m->cut_over = true;
	} else if (text_eq(word, TEXT("column"))) {
		return parse_column(m, rest, line, err);
	} else if (text_eq(word, TEXT("event"))) {
		if (m->n_events == MAP_EVENTS_MAX)
			return bad(err, line, "too many events");
		e = &m->event[m->n_events++];
		e->name = rest;
		e->topic = topic_of(rest, a);
		if (e->topic == NULL)
			return bad(err, line, "no external topic has an event of that name");
	} else if (e == NULL) {
		return bad(err, line, "expected source, cut-over, column or event");
	} else if (text_eq(word, TEXT("on"))) {
		e->on = rest;
	} else if (text_eq(word, TEXT("once"))) {
		e->once = rest;
	} else if (text_eq(word, TEXT("id"))) {
		e->id = rest;
	} else {
		return parse_field(e, word, rest, line, err);
	}
	return true;
}

bool import_map_parse(struct text text, struct arena *a, struct err *err, struct import_map **ret_map)
{
	struct import_map *m = ARENA_NEW(a, struct import_map);

	if (!text_is_utf8(text, TEXT_NO_NUL))
		return err_set(err, ERR_REJECT, "bad_map", "not UTF-8 text");
	for (size_t line = 1; text.n > 0; line++) {
		size_t n = text_find(text, TEXT("\n"));
		struct text rest = { text.s, n == TEXT_NOT_FOUND ? text.n : n };
		text.s += MIN(rest.n + 1, text.n);
		text.n -= MIN(rest.n + 1, text.n);
		struct text word = take_word(&rest);
		if (word.n == 0 || word.s[0] == '#')
			continue;
		if (!parse_statement(m, word, rest, line, a, err))
			return false;
	}
	if (m->source.n == 0 || m->n_events == 0)
		return err_set(err, ERR_REJECT, "bad_map", "a map needs a source and at least one event");
	for (size_t i = 0; i < m->n_events; i++)
		if (m->event[i].on.n == 0 || m->event[i].id.n == 0)
			return err_set(err, ERR_REJECT, "bad_map", "event " TEXT_FMT ": needs `on` and `id`",
				       TEXT_ARG(m->event[i].name));
	*ret_map = m;
	return true;
}
