/* Making, copying and comparing domain structs by their tables; names of events. */
#include "wire/inner.h"

size_t wire_value_size(const struct wire_field *f)
{
	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_PERSONAL:
		return sizeof(struct text);
	case WIRE_DATE:
		return sizeof(date_t);
	case WIRE_MONEY:
		return sizeof(struct money);
	case WIRE_INT32:
	case WIRE_ENUM:
		return sizeof(int32_t);
	case WIRE_INT64:
		return sizeof(int64_t);
	case WIRE_BOOL:
		return sizeof(bool);
	case WIRE_MESSAGE:
		return (f->flags & WIRE_REPEATED) != 0 ? f->msg->size : sizeof(void *);
	}
	return 0;
}

size_t wire_pb_size(const struct wire_field *f)
{
	switch ((enum wire_kind)f->kind) {
	case WIRE_INT32:
	case WIRE_ENUM:
		return sizeof(int32_t);
	case WIRE_INT64:
		return sizeof(int64_t);
	case WIRE_BOOL:
		return sizeof(protobuf_c_boolean);
	case WIRE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return sizeof(void *);
	}
}

size_t wire_count(const struct wire_field *f, const void *ev)
{
	return *(const size_t *)wire_in(ev, f->n_at);
}

const void *wire_elements(const struct wire_field *f, const void *ev)
{
	return *(const void *const *)wire_in(ev, f->at);
}

void *wire_new(const struct wire_msg *m, size_t n, struct arena *a)
{
	char *made = arena_array(a, n, m->size);

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		/* A member of a oneof shares its place with others: set when it is chosen. */
		if (f->kind != WIRE_DATE || (f->flags & WIRE_REPEATED) != 0 || f->oneof != 0)
			continue;
		for (size_t k = 0; k < n; k++)
			*(date_t *)wire_inm(made + k * m->size, f->at) = DATE_NONE;
	}
	return made;
}

static void copy_into(const struct wire_msg *m, void *to, struct arena *a);

/* to holds a flat copy; make what it points at its own. */
static void copy_value(const struct wire_field *f, void *to, struct arena *a)
{
	if (f->kind == WIRE_TEXT || f->kind == WIRE_BYTES || f->kind == WIRE_PERSONAL) {
		struct text *t = to;

		*t = t->n == 0 ? TEXT_NONE : text_dup(a, *t);
		return;
	}
	if (f->kind != WIRE_MESSAGE)
		return;
	if ((f->flags & WIRE_REPEATED) != 0) {
		copy_into(f->msg, to, a);
		return;
	}

	void **inner = to;

	if (*inner != NULL) {
		*inner = arena_dup(a, *inner, f->msg->size);
		copy_into(f->msg, *inner, a);
	}
}

static void copy_into(const struct wire_msg *m, void *to, struct arena *a)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (!wire_in_force(m, f, to))
			continue;
		if ((f->flags & WIRE_REPEATED) == 0) {
			copy_value(f, wire_inm(to, f->at), a);
			continue;
		}

		size_t n = wire_count(f, to), size = wire_value_size(f);
		void **elements = wire_inm(to, f->at);

		*elements = n == 0 ? NULL : arena_dup(a, *elements, n * size);
		for (size_t k = 0; k < n; k++)
			copy_value(f, (char *)*elements + k * size, a);
	}
}

void *wire_copy(const struct wire_msg *m, const void *ev, struct arena *a)
{
	void *to = arena_dup(a, ev, m->size);

	copy_into(m, to, a);
	return to;
}

static bool equal_value(const struct wire_field *f, const void *x, const void *y)
{
	if (f->kind == WIRE_TEXT || f->kind == WIRE_BYTES || f->kind == WIRE_PERSONAL)
		return text_eq(*(const struct text *)x, *(const struct text *)y);
	if (f->kind == WIRE_MONEY) {
		const struct money *a = x, *b = y;

		return a->minor == b->minor && strncmp(a->currency, b->currency, sizeof(a->currency)) == 0;
	}
	if (f->kind != WIRE_MESSAGE)
		return memcmp(x, y, wire_value_size(f)) == 0;
	if ((f->flags & WIRE_REPEATED) != 0)
		return wire_equal(f->msg, x, y);

	const void *a = *(const void *const *)x, *b = *(const void *const *)y;

	if (a == NULL || b == NULL)
		return a == b;
	return wire_equal(f->msg, a, b);
}

bool wire_equal(const struct wire_msg *m, const void *x, const void *y)
{
	for (size_t i = 0; i < m->n_oneofs; i++)
		if (wire_case(&m->oneofs[i], x) != wire_case(&m->oneofs[i], y))
			return false;
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (!wire_in_force(m, f, x))
			continue;
		if ((f->flags & WIRE_REPEATED) == 0) {
			if (!equal_value(f, wire_in(x, f->at), wire_in(y, f->at)))
				return false;
			continue;
		}

		size_t n = wire_count(f, x), size = wire_value_size(f);
		const char *a = wire_elements(f, x), *b = wire_elements(f, y);

		if (n != wire_count(f, y))
			return false;
		for (size_t k = 0; k < n; k++)
			if (!equal_value(f, a + k * size, b + k * size))
				return false;
	}
	return true;
}

/* ---- names ---- */

/* The member a oneof of this message is set to, the first such oneof; NULL when none. */
static const struct wire_field *set_member(const struct wire_msg *m, const void *ev)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].oneof != 0 && wire_in_force(m, &m->fields[i], ev))
			return &m->fields[i];
	return NULL;
}

struct text wire_event_name(const struct wire_msg *m, const void *ev)
{
	const struct wire_field *f = NULL;

	while (ev != NULL) {
		const struct wire_field *inner = set_member(m, ev);

		if (inner == NULL)
			break;
		f = inner;
		if (f->kind != WIRE_MESSAGE)
			break;
		ev = *(const void *const *)wire_in(ev, f->at);
		m = f->msg;
	}
	return f == NULL ? TEXT_NONE : text_of(f->name);
}

struct text wire_event_type(const struct wire_msg *m, const void *ev, struct arena *a)
{
	struct text name = wire_event_name(m, ev);
	struct buf b = { .arena = a };

	if (text_empty(name))
		return TEXT_NONE;
	buf_adds(&b, "openitem.");
	buf_adds(&b, m->context);
	buf_addc(&b, '.');
	buf_add(&b, name);
	buf_adds(&b, ".v1");
	return buf_text(&b);
}

static bool name_known(const struct wire_msg *m, struct text name)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (f->oneof == 0)
			continue;
		if (f->kind == WIRE_MESSAGE && f->msg->n_oneofs > 0) {
			if (name_known(f->msg, name))
				return true;
		} else if (text_eq(text_of(f->name), name)) {
			return true;
		}
	}
	return false;
}

bool wire_type_known(const struct wire_msg *m, struct text type)
{
	struct text ends[] = { TEXT("openitem."), text_of(m->context), TEXT(".") };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (!text_starts(type, ends[i]))
			return false;
		type = (struct text){ type.s + ends[i].n, type.n - ends[i].n };
	}
	if (type.n < 3 || memcmp(type.s + type.n - 3, ".v1", 3) != 0)
		return false;
	return name_known(m, (struct text){ type.s, type.n - 3 });
}
