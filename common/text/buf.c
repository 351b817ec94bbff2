/* UTF-8, the byte builder, and what is built with it. */
#include "text/text.h"

/*
 * Bytes of the character at the beginning of t and its code point; 0 when there is no
 * well-formed one (RFC 3629, section 4: the ranges of the second byte exclude overlong
 * forms, surrogates and what lies above U+10FFFF). t is not empty.
 */
static size_t utf8_char(struct text t, uint32_t *ret_point)
{
	const unsigned char *s = (const unsigned char *)t.s;
	unsigned char low = 0x80, high = 0xbf;
	uint32_t point;
	size_t n;

	if (s[0] < 0x80) {
		*ret_point = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
		point = s[0] & 0x1fu;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		point = s[0] & 0x0fu;
		if (s[0] == 0xe0)
			low = 0xa0;
		if (s[0] == 0xed)
			high = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		point = s[0] & 0x07u;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (t.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		point = point << 6 | (s[i] & 0x3fu);
		low = 0x80;
		high = 0xbf;
	}
	*ret_point = point;
	return n;
}

bool text_is_utf8(struct text t, unsigned flags)
{
	while (t.n > 0) {
		uint32_t point;
		size_t n = utf8_char(t, &point);

		if (n == 0 || (point == 0 && (flags & TEXT_NO_NUL) != 0))
			return false;
		t.s += n;
		t.n -= n;
	}
	return true;
}

/* Room for n more bytes and the NUL behind them. */
static void reserve(struct buf *b, size_t n)
{
	size_t need;

	CHECK(!__builtin_add_overflow(b->n, n, &need) && need < SIZE_MAX / 4);
	if (need < b->cap)
		return;

	size_t cap = MAX(b->cap * 2, (need + 64) / 64 * 64);

	if (b->arena != NULL) {
		char *s = arena_alloc(b->arena, cap);

		if (b->n > 0)
			memcpy(s, b->s, b->n);
		b->s = s;
	} else {
		b->s = realloc(b->s, cap);
		CHECK(b->s != NULL);
	}
	b->cap = cap;
}

void buf_add(struct buf *b, struct text t)
{
	reserve(b, t.n);
	if (t.n > 0)
		memcpy(b->s + b->n, t.s, t.n);
	b->n += t.n;
	b->s[b->n] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, (struct text){ &c, 1 });
}

void buf_adds(struct buf *b, const char *cstr)
{
	buf_add(b, text_of(cstr));
}

void buf_vprintf(struct buf *b, const char *fmt, va_list values)
{
	va_list again;
	int n;

	va_copy(again, values);
	reserve(b, 0);
	n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, values);
	CHECK(n >= 0);
	if ((size_t)n >= b->cap - b->n) {
		reserve(b, (size_t)n);
		CHECK(vsnprintf(b->s + b->n, b->cap - b->n, fmt, again) == n);
	}
	va_end(again);
	b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list values;

	va_start(values, fmt);
	buf_vprintf(b, fmt, values);
	va_end(values);
}

/* Unicode TR 9 (bidirectional controls) and what ends or hides a line on a terminal. */
static bool is_printable(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
		return false;
	if (point == 0x61c || point == 0x200e || point == 0x200f || point == 0xfeff)
		return false;
	return !(point >= 0x2028 && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069);
}

static void json_char(struct buf *b, struct text whole, uint32_t point)
{
	switch (point) {
	case '"':
		buf_adds(b, "\\\"");
		return;
	case '\\':
		buf_adds(b, "\\\\");
		return;
	case '\n':
		buf_adds(b, "\\n");
		return;
	case '\r':
		buf_adds(b, "\\r");
		return;
	case '\t':
		buf_adds(b, "\\t");
		return;
	}
	if (!is_printable(point))
		buf_printf(b, "\\u%04x", point);
	else
		buf_add(b, whole);
}

void buf_json_string(struct buf *b, struct text t)
{
	reserve(b, t.n + 2);
	buf_addc(b, '"');
	while (t.n > 0) {
		uint32_t point;
		size_t n = utf8_char(t, &point);

		if (n == 0) {
			buf_adds(b, "\\ufffd");
			n = 1;
		} else {
			json_char(b, (struct text){ t.s, n }, point);
		}
		t.s += n;
		t.n -= n;
	}
	buf_addc(b, '"');
}

void buf_json_safe(struct buf *b, struct text json)
{
	while (json.n > 0) {
		uint32_t point;
		size_t n = utf8_char(json, &point);

		/* Outside of strings there is nothing beyond ASCII, and blanks are the only controls. */
		if (n > 0 && point >= 0x7f && !is_printable(point))
			buf_printf(b, "\\u%04x", point);
		else
			buf_add(b, (struct text){ json.s, MAX(n, (size_t)1) });
		n = MAX(n, (size_t)1);
		json.s += n;
		json.n -= n;
	}
}

struct text text_printable(struct arena *a, struct text t)
{
	struct buf b = { .arena = a };

	reserve(&b, t.n);
	b.s[0] = '\0';
	while (t.n > 0) {
		uint32_t point;
		size_t n = utf8_char(t, &point);

		if (n > 0 && is_printable(point)) {
			buf_add(&b, (struct text){ t.s, n });
		} else {
			n = MAX(n, (size_t)1);
			for (size_t i = 0; i < n; i++)
				buf_printf(&b, "\\x%02x", (unsigned char)t.s[i]);
		}
		t.s += n;
		t.n -= n;
	}
	return buf_text(&b);
}

struct text buf_text(const struct buf *b)
{
	return b->s == NULL ? TEXT("") : (struct text){ b->s, b->n };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->s != NULL)
		b->s[0] = '\0';
}

void buf_free(struct buf *b)
{
	if (b->arena == NULL)
		free(b->s);
	b->s = NULL;
	b->n = 0;
	b->cap = 0;
}
