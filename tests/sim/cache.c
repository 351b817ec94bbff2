/* cache: Redis as it may behave: forgets everything, goes back to an older copy, is away. Time to live is ignored. */
#include "world.h"

struct entry {
	struct text key, value;
};

struct cache {
	struct entry *entry;
	size_t n, cap;
	struct entry *copy;
	size_t n_copy;
};

struct seen {
	struct world *world;
};

void cache_make(struct world *w)
{
	w->cache = ARENA_NEW(w->arena, struct cache);
}

void cache_remember(struct world *w)
{
	struct cache *c = w->cache;

	c->copy = arena_dup(w->arena, c->entry, c->n * sizeof(*c->entry));
	c->n_copy = c->n;
}

void cache_forget(struct world *w)
{
	w->cache->n = 0;
}

void cache_go_back(struct world *w)
{
	struct cache *c = w->cache;

	if (c->n_copy > 0)
		memcpy(c->entry, c->copy, c->n_copy * sizeof(*c->copy));
	c->n = c->n_copy;
}

static struct entry *find(struct cache *c, struct text key)
{
	for (size_t i = 0; i < c->n; i++)
		if (text_eq(c->entry[i].key, key))
			return &c->entry[i];
	return NULL;
}

static bool away(const struct world *w)
{
	return w->cache_away_until_us > w->now_us;
}

/* ---- seen/seen.h --------------------------------------------------------------------------------------------------------------------- */

bool seen_open(const struct seen_conf *conf, struct err *err, struct seen **ret)
{
	(void)conf, (void)err;
	*ret = ARENA_NEW(sim_world->arena, struct seen);
	(*ret)->world = sim_world;
	return true;
}

void seen_close(struct seen *s)
{
	(void)s;
}

bool seen_get(struct seen *s, struct arena *a, size_t n, const struct text *keys, struct text *ret_values)
{
	struct world *w = s->world;

	task_point("asking the cache");
	for (size_t i = 0; i < n; i++) {
		const struct entry *e = away(w) ? NULL : find(w->cache, keys[i]);
		ret_values[i] = e == NULL ? TEXT_NONE : text_dup(a, e->value);
	}
	return !away(w);
}

bool seen_put(struct seen *s, struct arena *a, size_t n, const struct text *keys, const struct text *values, int64_t ttl_s)
{
	struct world *w = s->world;
	struct cache *c = w->cache;

	(void)a, (void)ttl_s;
	task_point("writing hints");
	if (away(w))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct entry *e = find(c, keys[i]);
		if (e == NULL && c->n == c->cap) {
			struct entry *grown = ARENA_ARRAY(w->arena, c->cap == 0 ? 64 : c->cap * 2, struct entry);
			if (c->n > 0)
				memcpy(grown, c->entry, c->n * sizeof(*grown));
			c->entry = grown;
			c->cap = c->cap == 0 ? 64 : c->cap * 2;
		}
		if (e == NULL)
			e = &c->entry[c->n++];
		*e = (struct entry){ text_dup(w->arena, keys[i]), text_dup(w->arena, values[i]) };
	}
	return true;
}
