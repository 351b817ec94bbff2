/* map: a small hash map of pointers, in an arena; open addressing, nothing is ever taken out. Private to common/book. */
#ifndef OPENITEM_BOOK_MAP_H
#define OPENITEM_BOOK_MAP_H

#include "arena/arena.h"

/* cap is a power of two, or 0 */
struct map {
	void **cell;
	size_t n, cap;
};

typedef uint64_t (*map_hash_fn)(const void *cell);

static inline void map_grow(struct map *m, struct arena *arena, map_hash_fn hash_of)
{
	size_t cap = m->cap ? m->cap * 2 : 16;
	void **cell = arena_array(arena, cap, sizeof(*cell));

	for (size_t i = 0; i < m->cap; i++) {
		if (m->cell[i] == NULL)
			continue;
		size_t at = hash_of(m->cell[i]) & (cap - 1);
		while (cell[at] != NULL)
			at = (at + 1) & (cap - 1);
		cell[at] = m->cell[i];
	}
	m->cell = cell;
	m->cap = cap;
}

static inline void map_add(struct map *m, struct arena *arena, void *entry, uint64_t hash, map_hash_fn hash_of)
{
	if (m->n * 2 >= m->cap)
		map_grow(m, arena, hash_of);
	size_t at = hash & (m->cap - 1);
	while (m->cell[at] != NULL)
		at = (at + 1) & (m->cap - 1);
	m->cell[at] = entry;
	m->n++;
}

#endif
