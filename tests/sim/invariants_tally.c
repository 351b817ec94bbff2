/* invariants_tally: sums by name. Open addressing; grows in its arena. */
#include "invariants_impl.h"

static size_t slot(const struct tally *t, struct text key)
{
	size_t at = (size_t)text_hash(key, 5) & (t->cap - 1);

	while (t->entry[at].key.s != NULL && !text_eq(t->entry[at].key, key))
		at = (at + 1) & (t->cap - 1);
	return at;
}

static void grow(struct tally *t)
{
	struct tally old = *t;

	t->cap = old.cap == 0 ? 64 : old.cap * 2;
	t->entry = ARENA_ARRAY(t->arena, t->cap, struct tally_entry);
	for (size_t i = 0; i < old.cap; i++)
		if (old.entry[i].key.s != NULL)
			t->entry[slot(t, old.entry[i].key)] = old.entry[i];
}

struct tally_entry *tally_find(struct tally *t, struct text key)
{
	if (t->cap == 0)
		return NULL;
	struct tally_entry *e = &t->entry[slot(t, key)];
	return e->key.s != NULL ? e : NULL;
}

struct tally_entry *tally_at(struct tally *t, struct text key)
{
	struct tally_entry *e = tally_find(t, key);

	if (e != NULL)
		return e;
	if ((t->n + 1) * 2 > t->cap)
		grow(t);
	t->n++;
	e = &t->entry[slot(t, key)];
	e->key = text_dup(t->arena, key);
	return e;
}

struct tally_entry *tally_next(struct tally *t, size_t *at)
{
	while (*at < t->cap) {
		struct tally_entry *e = &t->entry[(*at)++];
		if (e->key.s != NULL)
			return e;
	}
	return NULL;
}

struct text tally_key(char *buf, size_t size, const char *fmt, ...)
{
	va_list values;

	va_start(values, fmt);
	int n = vsnprintf(buf, size, fmt, values);
	va_end(values);
	CHECK(n >= 0 && (size_t)n < size);
	return (struct text){ buf, (size_t)n };
}
