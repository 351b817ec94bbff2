/* memo: what a core works out of an input alone, kept for the batch. */
#include "book/book_impl.h"

struct memo {
	uint64_t hash;
	const void *key;
	void *value;
};

static uint64_t memo_hash_of(const void *cell)
{
	return ((const struct memo *)cell)->hash;
}

void **book_memo(struct book *book, const void *key)
{
	uint64_t hash = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u >> 20;
	const struct map *m = &book->memos;

	for (size_t at = hash & (m->cap - 1); m->cap > 0 && m->cell[at] != NULL; at = (at + 1) & (m->cap - 1)) {
		struct memo *memo = m->cell[at];
		if (memo->key == key)
			return &memo->value;
	}
	struct memo *memo = ARENA_NEW(book->arena, struct memo);
	memo->hash = hash;
	memo->key = key;
	map_add(&book->memos, book->arena, memo, hash, memo_hash_of);
	return &memo->value;
}
