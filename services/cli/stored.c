/* stored: see stored.h. */
#include "cli/stored.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool stored_bytes(struct text t, struct arena *a, struct text *ret_bytes)
{
	if (t.n < 2 || t.n % 2 != 0 || t.s[0] != '\\' || t.s[1] != 'x')
		return false;

	size_t n = t.n / 2 - 1;
	char *bytes = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		int high = digit(t.s[2 + 2 * i]), low = digit(t.s[3 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (char)(high << 4 | low);
	}
	*ret_bytes = (struct text){ bytes, n };
	return true;
}
