/* Domain structs for people: one line, always the same for the same struct. */
#include "wire/inner.h"

/* Letters, digits and what document numbers, ids and dates are made of: shown as it is. */
static bool is_plain(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		char c = t.s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) &&
		    (c == '\0' || strchr("_.:/~+@#%-", c) == NULL))
			return false;
	}
	return t.n > 0;
}

/*
 * Something in it that a terminal acts on or hides: not UTF-8, C1 controls, bidirectional controls (Unicode TR 9),
 * line separators, U+FEFF. As bytes of UTF-8.
 */
static bool is_treacherous(struct text t)
{
	if (!text_is_utf8(t, 0))
		return true;
	for (size_t i = 0; i + 1 < t.n; i++) {
		const unsigned char *p = (const unsigned char *)t.s + i;
		size_t left = t.n - i;

		if (p[0] == 0xc2 && p[1] < 0xa0)
			return true;
		if (p[0] == 0xd8 && p[1] == 0x9c)
			return true;
		if (left < 3)
			continue;
		if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae)))
			return true;
		if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return true;
		if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
			return true;
	}
	return false;
}

static void print_text(struct text t, struct buf *b)
{
	if (is_plain(t)) {
		buf_add(b, t);
		return;
	}

	bool escape = is_treacherous(t);

	buf_addc(b, '"');
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			buf_adds(b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && escape))
			buf_printf(b, "\\x%02x", c);
		else
			buf_addc(b, (char)c);
	}
	buf_addc(b, '"');
}

static void print_money(const struct money *x, struct buf *b)
{
	char number[MONEY_TEXT_MAX + 1];
	struct text code = { x->currency, strnlen(x->currency, sizeof(x->currency)) };
	int exponent = currency_exponent(code);

	if (exponent < 0) /* not valid, but what a failed test has to show */
		buf_printf(b, "%lld", (long long)x->minor);
	else
		buf_adds(b, money_format(number, x->minor, exponent));
	buf_addc(b, ' ');
	buf_add(b, code);
}

static void print_number(const struct wire_field *f, int64_t number, struct buf *b)
{
	char scaled[MONEY_TEXT_MAX + 1];

	if ((f->flags & WIRE_E6) != 0)
		buf_adds(b, scaled6_format(scaled, number));
	else
		buf_printf(b, "%lld", (long long)number);
}

static void print_enum(const struct wire_field *f, int32_t number, struct buf *b)
{
	const struct wire_enum_value *value = wire_enum_find(f->en, number);

	if (value != NULL)
		buf_adds(b, value->name);
	else
		buf_printf(b, "%d", number);
}

static void print_message(const struct wire_msg *m, const void *ev, struct buf *b)
{
	buf_addc(b, '{');
	wire_print(m, ev, b);
	buf_addc(b, '}');
}

void wire_print_value(const struct wire_field *f, const void *value, bool quoted, struct buf *b)
{
	const struct text *t = value;
	char date[DATE_TEXT_SIZE];

	if (!quoted && (f->kind == WIRE_MONEY || f->kind == WIRE_ENUM) && wire_absent(f, value))
		return;
	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_PERSONAL:
		if (quoted)
			print_text(*t, b);
		else
			buf_add(b, *t);
		break;
	case WIRE_BYTES:
		for (size_t i = 0; i < t->n; i++)
			buf_printf(b, "%02x", (unsigned char)t->s[i]);
		break;
	case WIRE_DATE:
		buf_adds(b, date_format(date, *(const date_t *)value));
		break;
	case WIRE_MONEY:
		if (quoted)
			buf_addc(b, '"');
		print_money(value, b);
		if (quoted)
			buf_addc(b, '"');
		break;
	case WIRE_INT32:
	case WIRE_INT64:
		print_number(f, wire_int(f, value), b);
		break;
	case WIRE_BOOL:
		buf_adds(b, *(const bool *)value ? "true" : "false");
		break;
	case WIRE_ENUM:
		print_enum(f, (int32_t)wire_int(f, value), b);
		break;
	case WIRE_MESSAGE:
		if ((f->flags & WIRE_REPEATED) == 0)
			value = *(const void *const *)value;
		if (value != NULL)
			print_message(f->msg, value, b);
		break;
	}
}

void wire_print_elements(const struct wire_field *f, const void *ev, struct buf *b)
{
	const char *elements = wire_elements(f, ev);
	size_t n = wire_count(f, ev), size = wire_value_size(f);

	buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(b, ' ');
		wire_print_value(f, elements + i * size, true, b);
	}
	buf_addc(b, ']');
}

void wire_print(const struct wire_msg *m, const void *ev, struct buf *b)
{
	bool first = true;

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		bool repeated = (f->flags & WIRE_REPEATED) != 0;

		if (!wire_in_force(m, f, ev))
			continue;
		if (repeated ? wire_count(f, ev) == 0 : wire_absent(f, wire_in(ev, f->at)))
			continue;
		if (!first)
			buf_addc(b, ' ');
		first = false;
		buf_adds(b, f->name);
		if (f->kind != WIRE_MESSAGE || repeated)
			buf_addc(b, '=');
		if (repeated)
			wire_print_elements(f, ev, b);
		else
			wire_print_value(f, wire_in(ev, f->at), true, b);
	}
}
