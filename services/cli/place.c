/* place: see place.h. */
#include "cli/place.h"

struct scan {
	struct text json;
	size_t at;
};

static char peek(const struct scan *s)
{
	return s->at < s->json.n ? s->json.s[s->at] : '\0';
}

static void blanks(struct scan *s)
{
	while (s->at < s->json.n && strchr(" \t\r\n", s->json.s[s->at]) != NULL && s->json.s[s->at] != '\0')
		s->at++;
}

/* At a quotation mark: the content, escapes as they stand; behind the closing one afterwards. */
static struct text string(struct scan *s)
{
	size_t from = ++s->at;

	while (s->at < s->json.n && s->json.s[s->at] != '"')
		s->at += s->json.s[s->at] == '\\' ? 2 : 1;
	s->at = MIN(s->at, s->json.n);

	struct text t = { s->json.s + from, s->at - from };

	s->at += s->at < s->json.n;
	return t;
}

static void skip_value(struct scan *s)
{
	size_t depth = 0;

	do {
		blanks(s);
		char c = peek(s);

		if (c == '"') {
			string(s);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		else if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return;
		s->at++;
	} while (s->at < s->json.n && (depth > 0 || strchr(",}] \t", peek(s)) == NULL));
}

/* quantityE6 and quantity_e6 are the same name. */
static bool same_name(struct text a, struct text b)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a.n && a.s[i] == '_')
			i++;
		while (k < b.n && b.s[k] == '_')
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (!text_ieq((struct text){ a.s + i++, 1 }, (struct text){ b.s + k++, 1 }))
			return false;
	}
}

/* Into the member of this name; false: stays before the object. */
static bool enter_member(struct scan *s, struct text name)
{
	struct scan inner = *s;

	if (peek(s) != '{')
		return false;
	inner.at++;
	for (;;) {
		blanks(&inner);
		if (peek(&inner) == ',') {
			inner.at++;
			continue;
		}
		if (peek(&inner) != '"')
			return false;

		struct text key = string(&inner);

		blanks(&inner);
		inner.at += peek(&inner) == ':';
		blanks(&inner);
		if (same_name(key, name)) {
			*s = inner;
			return true;
		}
		skip_value(&inner);
	}
}

static bool enter_element(struct scan *s, int64_t index)
{
	struct scan inner = *s;

	if (peek(s) != '[')
		return false;
	inner.at++;
	for (int64_t i = 0;; i++) {
		blanks(&inner);
		if (peek(&inner) == ']' || peek(&inner) == '\0')
			return false;
		if (i == index) {
			*s = inner;
			return true;
		}
		skip_value(&inner);
		blanks(&inner);
		inner.at += peek(&inner) == ',';
	}
}

/* The next name or [index] of a path. */
static bool next_step(struct text *path, struct text *ret_name, int64_t *ret_index)
{
	size_t n = 0;

	if (path->n > 0 && path->s[0] == '.')
		*path = (struct text){ path->s + 1, path->n - 1 };
	if (path->n == 0)
		return false;
	*ret_index = -1;
	if (path->s[0] == '[') {
		size_t end = text_find(*path, TEXT("]"));

		if (end == TEXT_NOT_FOUND || !text_parse_i64((struct text){ path->s + 1, end - 1 }, ret_index))
			return false;
		*path = (struct text){ path->s + end + 1, path->n - end - 1 };
		return true;
	}
	while (n < path->n && path->s[n] != '.' && path->s[n] != '[')
		n++;
	*ret_name = (struct text){ path->s, n };
	*path = (struct text){ path->s + n, path->n - n };
	return true;
}

size_t place_column(struct text json, struct text path)
{
	struct scan s = { json, 0 };
	struct text name = TEXT_NONE;
	int64_t index;
	size_t column = 1;

	blanks(&s);
	while (next_step(&path, &name, &index))
		if (!(index < 0 ? enter_member(&s, name) : enter_element(&s, index)))
			break;
	for (size_t i = 0; i < s.at && i < json.n; i++)
		column += ((unsigned char)json.s[i] & 0xc0) != 0x80;
	return column;
}
