/* The tags, as checks on one value of a domain struct. */
#include "wire/inner.h"

static void add_place(char *buf, size_t size, const struct wire_at *at)
{
	if (at->up == NULL)
		return;
	add_place(buf, size, at->up);

	size_t n = strlen(buf);
	const char *dot = n > 0 ? "." : "";

	if (at->index == WIRE_NO_INDEX)
		snprintf(buf + n, size - n, "%s%s", dot, at->name);
	else
		snprintf(buf + n, size - n, "%s%s[%zu]", dot, at->name, at->index);
}

bool wire_refuse(const struct wire_at *at, struct err *err, const char *code, const char *fmt, ...)
{
	if (err == NULL)
		return false;

	char place[256] = "", text[256];
	va_list values;
	const struct wire_at *root = at;

	while (root->up != NULL)
		root = root->up;
	add_place(place, sizeof(place), at);
	va_start(values, fmt);
	vsnprintf(text, sizeof(text), fmt, values);
	va_end(values);
	return err_set(err, ERR_REJECT, code, "%s: %s", place[0] != '\0' ? place : root->name, text);
}

int64_t wire_int(const struct wire_field *f, const void *value)
{
	int32_t narrow;
	int64_t wide;

	if (f->kind == WIRE_INT64) {
		memcpy(&wide, value, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, value, sizeof(narrow));
	return narrow;
}

bool wire_absent(const struct wire_field *f, const void *value)
{
	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_PERSONAL:
		return ((const struct text *)value)->n == 0;
	case WIRE_DATE:
		return *(const date_t *)value == DATE_NONE;
	case WIRE_MONEY:
		return ((const struct money *)value)->currency[0] == '\0' && ((const struct money *)value)->minor == 0;
	case WIRE_INT32:
	case WIRE_INT64:
	case WIRE_ENUM:
		return wire_int(f, value) == 0;
	case WIRE_BOOL:
		return !*(const bool *)value;
	case WIRE_MESSAGE:
		return (f->flags & WIRE_REPEATED) == 0 && *(const void *const *)value == NULL;
	}
	return true;
}

const struct wire_enum_value *wire_enum_find(const struct wire_enum *en, int32_t number)
{
	/* Usually numbered without gaps. */
	if (number >= 0 && (size_t)number < en->n && en->values[number].number == number)
		return &en->values[number];
	for (size_t i = 0; i < en->n; i++)
		if (en->values[i].number == number)
			return &en->values[i];
	return NULL;
}

/* U+0000-001F, 007F, 0080-009F, but not tab, LF, CR. */
static bool has_control_but_lines(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < t.n && ((unsigned char)t.s[i + 1] & 0xe0) == 0x80)
			return true;
	}
	return false;
}

/* Printable ASCII: what nearly every text is. Nothing else needs to be asked then. */
static bool is_ascii(struct text t)
{
	unsigned char other = 0;

	for (size_t i = 0; i < t.n; i++)
		other |= (unsigned char)t.s[i] - 0x20u > 0x7eu - 0x20u;
	return other == 0;
}

static bool check_text(const struct wire_field *f, struct text t, const struct wire_at *at, struct err *err)
{
	if (t.n > f->max)
		return wire_refuse(at, err, "too_long", "%zu bytes, at most %u", t.n, f->max);
	if (f->kind == WIRE_BYTES)
		return true;
	if (!is_ascii(t)) {
		bool lines = (f->flags & WIRE_LINES) != 0;

		if (!text_is_utf8(t, 0))
			return wire_refuse(at, err, "invalid_utf8", "not UTF-8");
		if (lines ? has_control_but_lines(t) : text_has_control(t))
			return wire_refuse(at, err, "control_character", "holds a control character%s",
					   lines ? " other than line break and tab" : "");
	}
	if ((f->flags & WIRE_CURRENCY) != 0 && t.n > 0 && currency_find(t) == NULL)
		return wire_refuse(at, err, "unknown_currency", "not a currency of ISO 4217");
	return true;
}

static bool check_money(const struct money *x, const struct wire_at *at, struct err *err)
{
	struct text code = { x->currency, strnlen(x->currency, sizeof(x->currency)) };

	if (currency_find(code) == NULL)
		return wire_refuse(at, err, "unknown_currency", "not a currency of ISO 4217");
	if (x->minor < -WIRE_MINOR_MAX || x->minor > WIRE_MINOR_MAX)
		return wire_refuse(at, err, "out_of_range", "%lld minor units, expected %lld to %lld", (long long)x->minor,
				   (long long)-WIRE_MINOR_MAX, (long long)WIRE_MINOR_MAX);
	return true;
}

static bool check_present(const struct wire_field *f, const void *value, const struct wire_at *at, struct err *err)
{
	int64_t number;

	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_PERSONAL:
		return check_text(f, *(const struct text *)value, at, err);
	case WIRE_DATE:
		if (!date_is_valid(*(const date_t *)value))
			return wire_refuse(at, err, "bad_date", "outside 1900-01-01 to 9999-12-31");
		return true;
	case WIRE_MONEY:
		return check_money(value, at, err);
	case WIRE_ENUM:
		number = wire_int(f, value);
		if (wire_enum_find(f->en, (int32_t)number) == NULL)
			return wire_refuse(at, err, "unknown_enum", "%lld is no value of %s", (long long)number, f->en->name);
		return true;
	case WIRE_INT32:
	case WIRE_INT64:
	case WIRE_BOOL:
	case WIRE_MESSAGE:
		break;
	}
	return true;
}

bool wire_check_value(const struct wire_field *f, const void *value, const struct wire_at *at, struct err *err)
{
	/* A number is never absent: 0 has to be in its range. */
	if ((f->flags & WIRE_RANGE) != 0) {
		int64_t number = wire_int(f, value);

		if (number < f->low || number > f->high)
			return wire_refuse(at, err, "out_of_range", "%lld, expected %lld to %lld", (long long)number,
					   (long long)f->low, (long long)f->high);
	}
	if (!wire_absent(f, value))
		return check_present(f, value, at, err);

	/* An element that says nothing is a hole in the array, except for numbers. */
	bool number = f->kind == WIRE_INT32 || f->kind == WIRE_INT64 || f->kind == WIRE_BOOL;

	if ((f->flags & WIRE_REPEATED) != 0 ? !number : (f->flags & WIRE_REQ) != 0)
		return wire_refuse(at, err, "missing_field", "is missing");
	return true;
}

bool wire_check_count(const struct wire_field *f, size_t n, const struct wire_at *at, struct err *err)
{
	if (n > f->max_n)
		return wire_refuse(at, err, "too_many", "%zu elements, at most %u", n, f->max_n);
	if (n == 0 && (f->flags & WIRE_REQ) != 0)
		return wire_refuse(at, err, "missing_field", "is missing: at least one element");
	return true;
}

bool wire_check_oneofs(const struct wire_msg *m, const void *ev, size_t unknown, const struct wire_at *at, struct err *err)
{
	for (size_t i = 0; i < m->n_oneofs; i++) {
		const struct wire_oneof *o = &m->oneofs[i];
		struct wire_at here = { at, o->name, WIRE_NO_INDEX };
		int32_t number = wire_case(o, ev);
		bool known = false;

		for (size_t k = 0; k < m->n_fields; k++)
			known |= m->fields[k].oneof == i + 1 && m->fields[k].number == (uint32_t)number;
		if (number != 0 && !known)
			return wire_refuse(&here, err, "unknown_enum", "case %d has no member", number);
		if (number == 0 && o->req)
			return wire_refuse(&here, err, "missing_field", "nothing is set%s",
					   unknown > 0 ? " that this version knows" : "");
	}
	return true;
}

static bool validate(const struct wire_msg *m, const void *ev, const struct wire_at *at, struct err *err);

static bool validate_repeated(const struct wire_field *f, const void *ev, const struct wire_at *up, struct err *err)
{
	struct wire_at at = { up, f->name, WIRE_NO_INDEX };
	size_t n = wire_count(f, ev);
	const char *elements = wire_elements(f, ev);

	if (!wire_check_count(f, n, &at, err))
		return false;
	CHECK(n == 0 || elements != NULL);
	for (size_t i = 0; i < n; i++) {
		const void *value = elements + i * wire_value_size(f);

		at.index = i;
		if (f->kind == WIRE_MESSAGE ? !validate(f->msg, value, &at, err) : !wire_check_value(f, value, &at, err))
			return false;
	}
	return true;
}

static bool validate(const struct wire_msg *m, const void *ev, const struct wire_at *at, struct err *err)
{
	if (!wire_check_oneofs(m, ev, 0, at, err))
		return false;
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (!wire_in_force(m, f, ev))
			continue;
		if ((f->flags & WIRE_REPEATED) != 0) {
			if (!validate_repeated(f, ev, at, err))
				return false;
			continue;
		}

		struct wire_at here = { at, f->name, WIRE_NO_INDEX };
		const void *value = wire_in(ev, f->at);

		if (!wire_check_value(f, value, &here, err))
			return false;
		if (f->kind != WIRE_MESSAGE)
			continue;

		const void *inner = *(const void *const *)value;

		if (inner == NULL && f->oneof != 0)
			return wire_refuse(&here, err, "missing_field", "its case is set, it is not");
		if (inner != NULL && !validate(f->msg, inner, &here, err))
			return false;
	}
	return true;
}

bool wire_validate(const struct wire_msg *m, const void *ev, struct err *err)
{
	struct wire_at root = { NULL, m->name, WIRE_NO_INDEX };

	return validate(m, ev, &root, err);
}
