/* aging: see aging.h. */
#include "cli/aging.h"

static bool bad(const char *setting, struct err *err)
{
	return err_set(err, ERR_FATAL, "setting_bad",
		       "OPENITEM_AGING_BUCKETS: expected 1 to %d ascending numbers of days like " AGING_DEFAULT ", got \"%.64s\"",
		       AGING_EDGES_MAX, setting);
}

/* Up to the next comma. */
static struct text next_part(const char **at)
{
	size_t n = strcspn(*at, ",");
	struct text part = { *at, n };

	*at += n + ((*at)[n] == ',');
	return text_trim(part);
}

bool aging_buckets(const char *setting, struct arena *a, struct err *err, struct aging_buckets *ret)
{
	struct aging_buckets b = { .n = 1, .names = { "not_due" } };
	struct buf edges = { .arena = a };
	int64_t from = 0, to = 0;
	size_t n = strlen(setting);

	if (n == 0 || setting[n - 1] == ',')
		return bad(setting, err);
	buf_adds(&edges, "{0");
	for (const char *at = setting; *at != '\0'; from = to) {
		if (b.n > AGING_EDGES_MAX || !text_parse_i64(next_part(&at), &to) || to <= from || to > AGING_DAYS_MAX)
			return bad(setting, err);
		b.last_day[b.n] = to;
		b.names[b.n++] = text_printf(a, "%lld-%lld", (long long)from + 1, (long long)to).s;
		buf_printf(&edges, ",%lld", (long long)to);
	}
	b.names[b.n++] = text_printf(a, "over_%lld", (long long)from).s;
	buf_addc(&edges, '}');
	b.edges = edges.s;
	*ret = b;
	return true;
}

size_t aging_bucket(const struct aging_buckets *b, int64_t days)
{
	size_t i = 0;

	while (i + 1 < b->n && days > b->last_day[i])
		i++;
	return i;
}

bool aging_amounts(struct text array, int64_t *amounts, size_t n)
{
	size_t i = 0;

	if (array.n < 2 || array.s[0] != '{' || array.s[array.n - 1] != '}')
		return false;
	struct text rest = { array.s + 1, array.n - 2 };
	while (i < n) {
		size_t comma = text_find(rest, TEXT(","));
		struct text part = { rest.s, comma == TEXT_NOT_FOUND ? rest.n : comma };

		if (!text_parse_i64(part, &amounts[i++]))
			return false;
		if (comma == TEXT_NOT_FOUND)
			return i == n;
		rest = (struct text){ rest.s + comma + 1, rest.n - comma - 1 };
	}
	return false;
}
