/* Reading and writing domain structs by path, with values as people write them. For tests, tools and the console. */
#include "wire/inner.h"

/* One step of a path: name, or name[index]. */
struct step {
	struct text name;
	size_t index; /* or WIRE_NO_INDEX */
	bool last;
};

/* Where a path leads, as far as it was walked. */
struct walk {
	struct text whole, rest;
	struct arena *arena; /* NULL: reading */
	struct err *err;
};

static bool bad_path(const struct walk *w, const char *why, struct text what)
{
	return err_set(w->err, ERR_REJECT, "bad_path", TEXT_FMT ": %s " TEXT_FMT, TEXT_ARG(w->whole), why, TEXT_ARG(what));
}

static bool no_field(const struct walk *w, const struct wire_msg *m, struct text name)
{
	return err_set(w->err, ERR_REJECT, "bad_path", TEXT_FMT ": %s has no " TEXT_FMT, TEXT_ARG(w->whole), m->name,
		       TEXT_ARG(name));
}

static struct text cut(struct text t, size_t from, size_t to)
{
	return t.n == 0 ? TEXT_NONE : (struct text){ t.s + from, to - from };
}

static bool next_step(struct walk *w, struct step *ret)
{
	size_t dot = text_find(w->rest, TEXT("."));
	size_t end = dot == TEXT_NOT_FOUND ? w->rest.n : dot;
	struct text name = cut(w->rest, 0, end);
	size_t open = text_find(name, TEXT("["));
	struct step step = { .name = name, .index = WIRE_NO_INDEX, .last = dot == TEXT_NOT_FOUND };

	if (open != TEXT_NOT_FOUND) {
		uint64_t index;

		if (name.s[name.n - 1] != ']' || !text_parse_u64(cut(name, open + 1, name.n - 1), &index) || index > UINT32_MAX)
			return bad_path(w, "expected name[0], found", name);
		step.name = cut(name, 0, open);
		step.index = (size_t)index;
	}
	if (step.name.n == 0)
		return bad_path(w, "a name is missing", TEXT_NONE);
	w->rest = step.last ? TEXT_NONE : cut(w->rest, end + 1, w->rest.n);
	*ret = step;
	return true;
}

static const struct wire_field *find_field(const struct wire_msg *m, struct text name)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (text_eq(text_of(m->fields[i].name), name))
			return &m->fields[i];
	return NULL;
}

static const struct wire_oneof *find_oneof(const struct wire_msg *m, struct text name)
{
	for (size_t i = 0; i < m->n_oneofs; i++)
		if (text_eq(text_of(m->oneofs[i].name), name))
			return &m->oneofs[i];
	return NULL;
}

/* ---- values ---- */

static bool bad_value(const struct walk *w, const char *expected)
{
	return err_set(w->err, ERR_REJECT, "bad_value", TEXT_FMT ": expected %s", TEXT_ARG(w->whole), expected);
}

/* "100.00 USD" */
static bool parse_money(struct text t, struct money *x)
{
	size_t space = text_find(t, TEXT(" "));
	struct text code;

	if (space == TEXT_NOT_FOUND)
		return false;
	code = cut(t, space + 1, t.n);
	if (currency_find(code) == NULL || !money_parse(cut(t, 0, space), currency_exponent(code), &x->minor))
		return false;
	memcpy(x->currency, code.s, 3);
	x->currency[3] = '\0';
	return true;
}

static bool set_bytes(struct walk *w, struct text value, struct text *t)
{
	static const char digits[] = "0123456789abcdef";
	char *bytes = arena_alloc(w->arena, value.n / 2 + 1);

	if (value.n % 2 != 0)
		return bad_value(w, "hex digits, two per byte");
	for (size_t i = 0; i < value.n; i++) {
		int c = value.s[i] >= 'A' && value.s[i] <= 'F' ? value.s[i] + 32 : value.s[i];
		const char *digit = c == '\0' ? NULL : strchr(digits, c);

		if (digit == NULL)
			return bad_value(w, "hex digits, two per byte");
		bytes[i / 2] = (char)((unsigned char)bytes[i / 2] << 4 | (digit - digits));
	}
	*t = (struct text){ bytes, value.n / 2 };
	return true;
}

static bool set_enum(struct walk *w, const struct wire_field *f, struct text value, void *to)
{
	for (size_t i = 0; i < f->en->n; i++) {
		const struct wire_enum_value *v = &f->en->values[i];

		if (text_ieq(text_of(v->name), value) || text_eq(text_of(v->full), value)) {
			memcpy(to, &v->number, sizeof(v->number));
			return true;
		}
	}
	return bad_value(w, f->en->n > 1 ? text_printf(w->arena, "a value of %s, e.g. %s", f->en->name, f->en->values[1].name).s
					 : "a known value");
}

static bool set_number(struct walk *w, const struct wire_field *f, struct text value, void *to)
{
	int64_t number;
	struct money money;

	if ((f->flags & WIRE_E6) != 0) {
		if (!scaled6_parse(value, &number))
			return bad_value(w, "a number with up to 6 decimals");
	} else if ((f->flags & WIRE_MINOR) != 0 && parse_money(value, &money)) {
		number = money.minor;
	} else if (!text_parse_i64(value, &number)) {
		return bad_value(w, (f->flags & WIRE_MINOR) != 0 ? "minor units, or an amount like 100.00 USD" : "an integer");
	}
	if (f->kind == WIRE_INT64) {
		memcpy(to, &number, sizeof(number));
		return true;
	}
	if (number < INT32_MIN || number > INT32_MAX)
		return bad_value(w, "an integer of 32 bits");
	*(int32_t *)to = (int32_t)number;
	return true;
}

/* to: the member, or the element; not a message. An empty value makes it absent. */
static bool set_value(struct walk *w, const struct wire_field *f, struct text value, void *to)
{
	if (value.n == 0) {
		memset(to, 0, wire_value_size(f));
		if (f->kind == WIRE_DATE)
			*(date_t *)to = DATE_NONE;
		return true;
	}
	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_PERSONAL:
		*(struct text *)to = text_dup(w->arena, value);
		return true;
	case WIRE_BYTES:
		return set_bytes(w, value, to);
	case WIRE_DATE:
		return date_parse(value, to) || bad_value(w, "a date like 2026-03-31");
	case WIRE_MONEY:
		return parse_money(value, to) || bad_value(w, "an amount like 100.00 USD");
	case WIRE_INT32:
	case WIRE_INT64:
		return set_number(w, f, value, to);
	case WIRE_BOOL:
		if (!text_eq(value, TEXT("true")) && !text_eq(value, TEXT("false")))
			return bad_value(w, "true or false");
		*(bool *)to = value.n == 4;
		return true;
	case WIRE_ENUM:
		return set_enum(w, f, value, to);
	case WIRE_MESSAGE:
		break;
	}
	return bad_value(w, "a path into the message");
}

/* ---- writing ---- */

/* Make f the member its oneof is set to. */
static void choose(const struct wire_msg *m, const struct wire_field *f, void *ev)
{
	int32_t number = (int32_t)f->number;

	if (wire_in_force(m, f, ev))
		return;
	memcpy(wire_inm(ev, m->oneofs[f->oneof - 1].case_at), &number, sizeof(number));
	memset(wire_inm(ev, f->at), 0, wire_value_size(f));
	if (f->kind == WIRE_DATE)
		*(date_t *)wire_inm(ev, f->at) = DATE_NONE;
}

static void choose_none(const struct wire_oneof *o, void *ev)
{
	memset(wire_inm(ev, o->case_at), 0, sizeof(int32_t));
}

/* The element at index; one behind the last is added. */
static bool element(struct walk *w, const struct wire_field *f, void *ev, size_t index, void **ret)
{
	size_t size = wire_value_size(f), n = wire_count(f, ev);
	void **elements = wire_inm(ev, f->at);

	if (index > n)
		return bad_path(w, "elements are added one by one:", text_of(f->name));
	if (index == n) {
		char *grown = f->kind == WIRE_MESSAGE ? wire_new(f->msg, n + 1, w->arena) : arena_array(w->arena, n + 1, size);

		if (n > 0)
			memcpy(grown, *elements, n * size);
		*elements = grown;
		*(size_t *)wire_inm(ev, f->n_at) = n + 1;
	}
	*ret = (char *)*elements + index * size;
	return true;
}

/* a,b,c replaces all elements. */
static bool set_list(struct walk *w, const struct wire_field *f, struct text value, void *ev)
{
	void *to;

	*(size_t *)wire_inm(ev, f->n_at) = 0;
	*(void **)wire_inm(ev, f->at) = NULL;
	for (size_t i = 0; value.n > 0; i++) {
		size_t comma = text_find(value, TEXT(","));
		size_t end = comma == TEXT_NOT_FOUND ? value.n : comma;

		if (!element(w, f, ev, i, &to) || !set_value(w, f, text_trim(cut(value, 0, end)), to))
			return false;
		value = comma == TEXT_NOT_FOUND ? TEXT_NONE : cut(value, end + 1, value.n);
	}
	return true;
}

static bool set_message(struct walk *w, const struct wire_msg *m, const struct wire_field *f, struct text value, void *ev)
{
	if (value.n > 0 && !text_eq(value, TEXT("{}")))
		return bad_value(w, "{} or nothing: it is a message");
	*(void **)wire_inm(ev, f->at) = value.n > 0 ? wire_new(f->msg, 1, w->arena) : NULL;
	if (value.n == 0 && f->oneof != 0)
		choose_none(&m->oneofs[f->oneof - 1], ev);
	return true;
}

static bool set_oneof(struct walk *w, const struct wire_msg *m, const struct wire_oneof *o, struct text value, void *ev)
{
	const struct wire_field *f = find_field(m, value);

	if (value.n == 0) {
		choose_none(o, ev);
		return true;
	}
	if (f == NULL || f->oneof != 1 + (size_t)(o - m->oneofs))
		return bad_value(w, "the name of a member");
	choose_none(o, ev);
	choose(m, f, ev);
	return f->kind != WIRE_MESSAGE || set_message(w, m, f, TEXT("{}"), ev);
}

/* The last step. */
static bool set_last(struct walk *w, const struct wire_msg *m, const struct wire_field *f, size_t index, struct text value,
		     void *ev)
{
	bool repeated = (f->flags & WIRE_REPEATED) != 0;
	void *to = wire_inm(ev, f->at);

	if (repeated && index == WIRE_NO_INDEX && (f->kind != WIRE_MESSAGE || value.n == 0))
		return set_list(w, f, value, ev);
	if (!repeated && f->kind == WIRE_MESSAGE)
		return set_message(w, m, f, value, ev);
	if (!repeated && f->oneof != 0 && value.n == 0) {
		choose_none(&m->oneofs[f->oneof - 1], ev);
		return true;
	}
	if (!repeated)
		return set_value(w, f, value, to);
	if (index == WIRE_NO_INDEX)
		return bad_path(w, "an index is missing behind", text_of(f->name));
	if (!element(w, f, ev, index, &to))
		return false;
	if (f->kind != WIRE_MESSAGE)
		return set_value(w, f, value, to);
	return text_eq(value, TEXT("{}")) || bad_value(w, "{}: it is a message");
}

/* A step on the way: into a message, made when it is not there. */
static bool enter(struct walk *w, const struct wire_field *f, size_t index, void *ev, void **ret)
{
	if (f->kind != WIRE_MESSAGE)
		return bad_path(w, "no message:", text_of(f->name));
	if ((f->flags & WIRE_REPEATED) != 0) {
		if (index == WIRE_NO_INDEX)
			return bad_path(w, "an index is missing behind", text_of(f->name));
		return element(w, f, ev, index, ret);
	}

	void **inner = wire_inm(ev, f->at);

	if (*inner == NULL)
		*inner = wire_new(f->msg, 1, w->arena);
	*ret = *inner;
	return true;
}

bool wire_set(const struct wire_msg *m, void *ev, struct text path, struct text value, struct arena *a, struct err *err)
{
	struct walk w = { path, path, a, err };
	struct step step;

	for (;;) {
		if (!next_step(&w, &step))
			return false;

		const struct wire_oneof *o = find_oneof(m, step.name);
		const struct wire_field *f = find_field(m, step.name);

		if (o != NULL && step.index == WIRE_NO_INDEX) {
			if (step.last)
				return set_oneof(&w, m, o, value, ev);
			continue; /* its member follows */
		}
		if (f == NULL)
			return no_field(&w, m, step.name);
		if (step.index != WIRE_NO_INDEX && (f->flags & WIRE_REPEATED) == 0)
			return bad_path(&w, "no array:", step.name);
		if (f->oneof != 0)
			choose(m, f, ev);
		if (step.last)
			return set_last(&w, m, f, step.index, value, ev);
		if (!enter(&w, f, step.index, ev, &ev))
			return false;
		m = f->msg;
	}
}

/* ---- reading ---- */

/* The last step: what stands there. */
static void get_last(const struct wire_msg *m, const struct wire_field *f, size_t index, const void *ev, struct buf *b)
{
	if (!wire_in_force(m, f, ev))
		return;
	if ((f->flags & WIRE_REPEATED) == 0) {
		wire_print_value(f, wire_in(ev, f->at), false, b);
		return;
	}

	const char *elements = wire_elements(f, ev);
	size_t n = wire_count(f, ev), size = wire_value_size(f);

	if (index != WIRE_NO_INDEX) {
		if (index < n)
			wire_print_value(f, elements + index * size, false, b);
	} else if (f->kind == WIRE_MESSAGE) {
		if (n > 0)
			wire_print_elements(f, ev, b);
	} else {
		for (size_t i = 0; i < n; i++) {
			buf_adds(b, i > 0 ? "," : "");
			wire_print_value(f, elements + i * size, false, b);
		}
	}
}

static const void *enter_if_there(const struct wire_msg *m, const struct wire_field *f, size_t index, const void *ev)
{
	if (!wire_in_force(m, f, ev))
		return NULL;
	if ((f->flags & WIRE_REPEATED) == 0)
		return *(const void *const *)wire_in(ev, f->at);
	if (index >= wire_count(f, ev))
		return NULL;
	return (const char *)wire_elements(f, ev) + index * f->msg->size;
}

/* n_items: the array it counts, or NULL. */
static const struct wire_field *counted(const struct wire_msg *m, struct text name)
{
	const struct wire_field *f;

	if (!text_starts(name, TEXT("n_")))
		return NULL;
	f = find_field(m, cut(name, 2, name.n));
	return f != NULL && (f->flags & WIRE_REPEATED) != 0 ? f : NULL;
}

static bool get_step(struct walk *w, const struct step *step, const struct wire_msg **m, const void **ev, struct buf *b)
{
	const struct wire_oneof *o = find_oneof(*m, step->name);
	const struct wire_field *f = find_field(*m, step->name), *of;

	if (o != NULL) {
		for (size_t i = 0; step->last && *ev != NULL && i < (*m)->n_fields; i++) {
			of = &(*m)->fields[i];
			if (of->oneof == 1 + (size_t)(o - (*m)->oneofs) && wire_in_force(*m, of, *ev))
				buf_adds(b, of->name);
		}
		return true;
	}
	of = f == NULL ? counted(*m, step->name) : NULL;
	if (of != NULL && step->last) {
		if (*ev != NULL)
			buf_printf(b, "%zu", wire_count(of, *ev));
		return true;
	}
	if (f == NULL)
		return no_field(w, *m, step->name);
	if (step->index != WIRE_NO_INDEX && (f->flags & WIRE_REPEATED) == 0)
		return bad_path(w, "no array:", step->name);
	if (step->last) {
		if (*ev != NULL)
			get_last(*m, f, step->index, *ev, b);
		return true;
	}
	if (f->kind != WIRE_MESSAGE)
		return bad_path(w, "no message:", step->name);
	if ((f->flags & WIRE_REPEATED) != 0 && step->index == WIRE_NO_INDEX)
		return bad_path(w, "an index is missing behind", step->name);
	if (*ev != NULL)
		*ev = enter_if_there(*m, f, step->index, *ev);
	*m = f->msg;
	return true;
}

bool wire_get(const struct wire_msg *m, const void *ev, struct text path, struct arena *a, struct err *err, struct text *ret)
{
	struct walk w = { path, path, NULL, err };
	struct step step = { .last = false };
	struct buf b = { .arena = a };

	while (!step.last)
		if (!next_step(&w, &step) || !get_step(&w, &step, &m, &ev, &b))
			return false;
	*ret = buf_text(&b);
	return true;
}
