#include "text/text.h"

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

struct text text_of(const char *cstr)
{
	return cstr == NULL ? TEXT_NONE : (struct text){ cstr, strlen(cstr) };
}

bool text_empty(struct text t)
{
	return t.n == 0;
}

bool text_eq(struct text a, struct text b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

int text_cmp(struct text a, struct text b)
{
	size_t n = MIN(a.n, b.n);
	int order = n == 0 ? 0 : memcmp(a.s, b.s, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool text_ieq(struct text a, struct text b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (upper(a.s[i]) != upper(b.s[i]))
			return false;
	return true;
}

bool text_starts(struct text t, struct text prefix)
{
	return t.n >= prefix.n && text_eq((struct text){ t.s, prefix.n }, prefix);
}

size_t text_find(struct text haystack, struct text needle)
{
	if (needle.n == 0)
		return 0;
	if (haystack.n < needle.n)
		return TEXT_NOT_FOUND;

	const char *at = memmem(haystack.s, haystack.n, needle.s, needle.n);

	return at == NULL ? TEXT_NOT_FOUND : (size_t)(at - haystack.s);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text t)
{
	while (t.n > 0 && is_blank(t.s[t.n - 1]))
		t.n--;
	while (t.n > 0 && is_blank(t.s[0])) {
		t.s++;
		t.n--;
	}
	return t;
}

uint64_t text_hash(struct text t, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed ^ t.n * 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < t.n; i += sizeof(uint64_t)) {
		uint64_t piece = 0;

		if (t.n - i >= sizeof(piece))
			memcpy(&piece, t.s + i, sizeof(piece));
		else
			memcpy(&piece, t.s + i, t.n - i);
		h = (h ^ piece) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	h *= 0xc4ceb9fe1a85ec53u;
	h ^= h >> 33;
	return h;
}

bool text_has_control(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < t.n) {
			unsigned char next = (unsigned char)t.s[i + 1];

			if (next >= 0x80 && next <= 0x9f)
				return true;
		}
	}
	return false;
}

struct text text_dup(struct arena *a, struct text t)
{
	CHECK(t.n < SIZE_MAX);

	char *s = arena_alloc(a, t.n + 1);

	if (t.n > 0)
		memcpy(s, t.s, t.n);
	return (struct text){ s, t.n };
}

const char *text_cstr(struct arena *a, struct text t)
{
	return text_dup(a, t).s;
}

struct text text_printf(struct arena *a, const char *fmt, ...)
{
	struct buf b = { .arena = a };
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	return buf_text(&b);
}

struct text text_concat(struct arena *a, size_t n, const struct text *pieces)
{
	size_t size = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		CHECK(!__builtin_add_overflow(size, pieces[i].n, &size) && size < SIZE_MAX);
	char *s = arena_alloc(a, size + 1);
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].n > 0)
			memcpy(s + at, pieces[i].s, pieces[i].n);
		at += pieces[i].n;
	}
	return (struct text){ s, size };
}

struct text text_i64(struct arena *a, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char digits[20]; /* of 2^63, and a sign */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	return text_dup(a, (struct text){ digits + at, sizeof(digits) - at });
}

bool text_parse_u64(struct text t, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (t.n == 0)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (!is_digit(c) || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool text_parse_i64(struct text t, int64_t *ret_value)
{
	bool negative = t.n > 0 && t.s[0] == '-';
	struct text digits = negative ? (struct text){ t.s + 1, t.n - 1 } : t;
	uint64_t value;

	if (!text_parse_u64(digits, &value))
		return false;
	if (value > (uint64_t)INT64_MAX + (negative ? 1u : 0u))
		return false;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

struct text text_normal_name(struct arena *a, struct text t)
{
	char *s = arena_alloc(a, t.n + 1);
	size_t n = 0;
	bool gap = false;

	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c < 0x80 && !is_letter(c) && !is_digit(c)) {
			gap = n > 0;
			continue;
		}
		if (gap)
			s[n++] = ' ';
		gap = false;
		s[n++] = upper(t.s[i]);
	}
	return (struct text){ s, n };
}

struct text text_normal_ref(struct arena *a, struct text t)
{
	char *s = arena_alloc(a, t.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (is_letter(c) || is_digit(c))
			s[n++] = upper(t.s[i]);
	}
	return (struct text){ s, n };
}
