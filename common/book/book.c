#include "book/book.h"
#include "book/book_impl.h"
#include "book/col.h"

/* ---- maps ------------------------------------------------------------------------------------------------------------ */

/* Slots and answers carry their hash in front so that growing needs no table. */
struct hashed_slot {
	uint64_t hash;
	struct slot slot;
};

static uint64_t slot_hash_of(const void *cell)
{
	return ((const struct hashed_slot *)cell)->hash;
}

static uint64_t bucket_hash_of(const void *cell)
{
	return ((const struct bucket *)cell)->hash;
}

static uint64_t answer_hash_of(const void *cell)
{
	return ((const struct book_answer *)cell)->hash;
}

/* ---- slots ---------------------------------------------------------------------------------------------------------- */

/* The first probe with the eq columns of this one. */
static int first_alike(const struct table *table, int p)
{
	const struct probe *probe = &table->probes[p];

	for (int i = 0; i < p; i++)
		if (table->probes[i].n_eq == probe->n_eq &&
		    memcmp(table->probes[i].eq, probe->eq, (size_t)probe->n_eq * sizeof(*probe->eq)) == 0)
			return i;
	return p;
}

struct book *book_new(struct arena *arena, const struct table *const *tables, size_t n_tables)
{
	struct book *book = ARENA_NEW(arena, struct book);

	book->arena = arena;
	book->tables = ARENA_ARRAY(arena, n_tables, struct table_book);
	book->n_tables = n_tables;
	for (size_t i = 0; i < n_tables; i++) {
		book->tables[i].table = tables[i];
		book->tables[i].lists = ARENA_ARRAY(arena, (size_t)tables[i]->n_probes, int);
		for (int p = 0; p < tables[i]->n_probes; p++)
			book->tables[i].lists[p] = first_alike(tables[i], p);
		book->tables[i].buckets = ARENA_ARRAY(arena, (size_t)tables[i]->n_probes, struct map);
		book->tables[i].pending = arena_array(arena, (size_t)tables[i]->n_probes + 1, sizeof(struct book_answer *));
	}
	return book;
}

struct arena *book_arena(struct book *book)
{
	return book->arena;
}

static struct table_book *table_book_of(struct book *book, const struct table *table)
{
	for (size_t i = 0; i < book->n_tables; i++)
		if (book->tables[i].table == table)
			return &book->tables[i];
	NOT_REACHED("a table of this book");
	return NULL;
}

static struct slot *slot_find(const struct table_book *tb, const void *row, uint64_t hash)
{
	if (tb->slots.cap == 0)
		return NULL;
	for (size_t at = hash & (tb->slots.cap - 1); tb->slots.cell[at] != NULL; at = (at + 1) & (tb->slots.cap - 1)) {
		struct hashed_slot *h = tb->slots.cell[at];
		if (h->hash == hash && row_key_equal(tb->table, h->slot.key_row, row))
			return &h->slot;
	}
	return NULL;
}

/* The slot of a key that has none. key_row must live in the arena. */
static struct slot *slot_add(struct book *book, struct table_book *tb, const void *key_row, uint64_t hash)
{
	size_t n_probes = (size_t)tb->table->n_probes;
	struct hashed_slot *h = arena_alloc(book->arena, sizeof(*h) + n_probes * sizeof(struct bucket *));

	h->hash = hash;
	h->slot.bucket = (struct bucket **)(h + 1);
	h->slot.key_row = key_row;
	map_add(&tb->slots, book->arena, h, hash, slot_hash_of);
	return &h->slot;
}

/* The slot of a key, made when new. key_row must live in the arena. */
static struct slot *slot_make(struct book *book, struct table_book *tb, const void *key_row)
{
	uint64_t hash = row_key_hash(tb->table, key_row);
	struct slot *slot = slot_find(tb, key_row, hash);

	return slot != NULL ? slot : slot_add(book, tb, key_row, hash);
}

static struct bucket *bucket_find(const struct map *m, uint64_t hash)
{
	if (m->cap == 0)
		return NULL;
	for (size_t at = hash & (m->cap - 1); m->cell[at] != NULL; at = (at + 1) & (m->cap - 1)) {
		struct bucket *b = m->cell[at];
		if (b->hash == hash)
			return b;
	}
	return NULL;
}

static struct bucket *bucket_add(struct book *book, struct map *m, uint64_t hash, struct slot *slot)
{
	struct bucket *b = bucket_find(m, hash);

	if (b == NULL) {
		b = ARENA_NEW(book->arena, struct bucket);
		b->hash = hash;
		b->slots = b->first;
		b->cap = ARRAY_LEN(b->first);
		map_add(m, book->arena, b, hash, bucket_hash_of);
	}
	if (b->n == b->cap) {
		size_t cap = b->cap * 2;
		struct slot **slots = arena_array(book->arena, cap, sizeof(struct slot *));
		memcpy(slots, b->slots, b->n * sizeof(struct slot *));
		b->slots = slots;
		b->cap = cap;
	}
	b->slots[b->n++] = slot;
	return b;
}

/* The one a slot stands in with this row. What a rollback left in the slot may be of another row. */
static struct bucket *bucket_of(const struct book *book, const struct table_book *tb, const struct slot *slot, int p,
				const void *row)
{
	if (book->undone == 0)
		return slot->bucket[p];
	return bucket_find(&tb->buckets[p], probe_hash(tb->table, &tb->table->probes[p], row));
}

/* Lists the slot under the eq values of its new row, for every probe whose eq values changed. Either row may be none. */
static void index_row(struct book *book, struct table_book *tb, struct slot *slot, const void *old_row)
{
	for (int p = 0; p < tb->table->n_probes; p++) {
		const struct probe *probe = &tb->table->probes[p];

		if (tb->lists[p] != p)
			continue;
		bool same = old_row != NULL && slot->row != NULL && probe_same_eq(tb->table, probe, old_row, slot->row);

		if (old_row != NULL)
			bucket_of(book, tb, slot, p, old_row)->changes++;
		if (slot->row == NULL || same)
			continue;
		slot->bucket[p] = bucket_add(book, &tb->buckets[p], probe_hash(tb->table, probe, slot->row), slot);
		slot->bucket[p]->changes++;
	}
}

static void remember(struct book *book, struct slot *slot)
{
	if (book->n_undo == book->cap_undo) {
		size_t cap = book->cap_undo ? book->cap_undo * 2 : 64;
		struct undo *undo = ARENA_ARRAY(book->arena, cap, struct undo);
		if (book->n_undo > 0)
			memcpy(undo, book->undo, book->n_undo * sizeof(*undo));
		book->undo = undo;
		book->cap_undo = cap;
	}
	book->undo[book->n_undo++] = (struct undo){ slot, slot->row, slot->known, slot->dirty };
}

static void make_dirty(struct table_book *tb, struct slot *slot)
{
	slot->known = true;
	slot->dirty = true;
	if (slot->listed)
		return;
	slot->listed = true;
	slot->next_listed = tb->listed;
	tb->listed = slot;
	tb->n_listed++;
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

static struct book_answer *answer_find(const struct table_book *tb, int probe, const void *t, uint64_t hash)
{
	const struct probe *p = &tb->table->probes[probe];

	if (tb->answers.cap == 0)
		return NULL;
	for (size_t at = hash & (tb->answers.cap - 1); tb->answers.cell[at] != NULL; at = (at + 1) & (tb->answers.cap - 1)) {
		struct book_answer *a = tb->answers.cell[at];
		if (a->hash == hash && a->probe == probe && probe_same_eq(tb->table, p, a->template_row, t) &&
		    probe_same_range(tb->table, p, a->template_row, t))
			return a;
	}
	return NULL;
}

static uint64_t answer_hash(const struct table *table, int probe, const void *template_row, uint64_t eq_hash)
{
	const struct probe *p = &table->probes[probe];
	uint64_t hash = eq_hash + (uint64_t)probe * 0x9e3779b97f4a7c15u;

	if (p->range != PROBE_NONE)
		hash = col_hash(&table->cols[p->range_col], template_row, hash);
	return hash;
}

static struct book_answer *ask(struct book *book, struct table_book *tb, int probe, const void *template_row, uint64_t hash,
			       uint64_t eq_hash)
{
	struct book_answer *a = ARENA_NEW(book->arena, struct book_answer);

	a->of = tb;
	a->probe = probe;
	a->template_row = template_row;
	a->hash = hash;
	a->eq_hash = eq_hash;
	a->next = tb->pending[probe + 1];
	tb->pending[probe + 1] = a;
	book->n_pending++;
	if (probe != BOOK_KEY)
		map_add(&tb->answers, book->arena, a, hash, answer_hash_of);
	return a;
}

struct book_answer *book_ask(struct book *book, const struct table *table, int probe, const void *template_row)
{
	struct table_book *tb = table_book_of(book, table);

	CHECK(!(table->flags & TABLE_ADDING) && probe >= 0 && probe < table->n_probes);
	uint64_t eq_hash = probe_hash(table, &table->probes[probe], template_row);
	uint64_t hash = answer_hash(table, probe, template_row, eq_hash);
	struct book_answer *a = answer_find(tb, probe, template_row, hash);
	if (a != NULL)
		return a;
	return ask(book, tb, probe, arena_dup(book->arena, template_row, table->row_size), hash, eq_hash);
}

void book_want(struct book *book, const struct table *table, int probe, const void *template_row)
{
	if (probe != BOOK_KEY) {
		book_ask(book, table, probe, template_row);
		return;
	}
	struct table_book *tb = table_book_of(book, table);
	CHECK(!(table->flags & TABLE_ADDING));
	uint64_t hash = row_key_hash(table, template_row);
	if (slot_find(tb, template_row, hash) != NULL)
		return;
	void *copy = arena_dup(book->arena, template_row, table->row_size);
	slot_add(book, tb, copy, hash);
	ask(book, tb, probe, copy, hash, 0);
}

struct book_question *book_questions(struct book *book, size_t *ret_n)
{
	struct book_question *qs = ARENA_ARRAY(book->arena, book->n_pending, struct book_question);
	size_t n = 0;

	/* Grouped by table and probe, in the order of the tables: locks and plans stay predictable. */
	for (size_t t = 0; t < book->n_tables; t++)
		for (int p = BOOK_KEY; p < book->tables[t].table->n_probes; p++) {
			for (struct book_answer *a = book->tables[t].pending[p + 1]; a != NULL; a = a->next)
				qs[n++] = (struct book_question){ a->of->table, p, a->template_row, a };
			book->tables[t].pending[p + 1] = NULL;
		}
	book->n_pending = 0;
	*ret_n = n;
	return qs;
}

void book_answer_row(struct book *book, struct book_question *q, const void *row)
{
	struct table_book *tb = table_book_of(book, q->table);
	const void *copy = arena_dup(book->arena, row, q->table->row_size);
	struct slot *slot = slot_make(book, tb, copy);

	if (!slot->known) {
		slot->row = copy;
		slot->known = true;
		index_row(book, tb, slot, NULL);
	}
	q->answer->last = copy;
	q->answer->n_rows++;
}

void book_answer_done(struct book *book, struct book_question *q)
{
	struct book_answer *a = q->answer;

	a->done = true;
	if (q->probe != BOOK_KEY) {
		a->truncated = a->n_rows >= q->table->probes[q->probe].limit;
		return;
	}
	struct slot *slot = slot_make(book, table_book_of(book, q->table), q->template_row);
	slot->known = true;
}

/* ---- reading and changing ------------------------------------------------------------------------------------------- */

const void *book_get(struct book *book, const struct table *table, const void *template_row)
{
	struct table_book *tb = table_book_of(book, table);
	struct slot *slot = slot_find(tb, template_row, row_key_hash(table, template_row));

	CHECK(!(table->flags & TABLE_ADDING));
	if (slot != NULL && slot->known)
		return slot->row;
	if (slot == NULL)
		book_want(book, table, BOOK_KEY, template_row);
	if (book->stepping)
		book->again = true;
	return NULL;
}

struct sort_ctx {
	const struct table *table;
	const struct probe *probe;
};

static int sort_rows(const void *a, const void *b, void *ctx)
{
	const struct sort_ctx *s = ctx;

	return probe_compare(s->table, s->probe, *(const void *const *)a, *(const void *const *)b);
}

static bool in_order(const struct table *table, const struct probe *probe, const void *const *row, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (probe_compare(table, probe, row[i - 1], row[i]) > 0)
			return false;
	return true;
}

/* Rows that match now, unordered, each once. */
static size_t matching(struct book *book, const struct book_answer *a, const void ***ret_rows)
{
	const struct table *table = a->of->table;
	const struct probe *probe = &table->probes[a->probe];
	size_t n = 0;

	if (a->bucket == NULL)
		return 0;
	const void **rows = arena_array(book->arena, a->bucket->n, sizeof(void *));
	uint32_t stamp = ++book->stamp;
	for (size_t i = 0; i < a->bucket->n; i++) {
		struct slot *slot = a->bucket->slots[i];
		if (slot->seen == stamp || slot->row == NULL)
			continue;
		slot->seen = stamp;
		if (probe_matches(table, probe, a->template_row, slot->row))
			rows[n++] = slot->row;
	}
	*ret_rows = rows;
	return n;
}

/* What an answer says now, as the changes of this batch have it. */
static void find(struct book *book, struct book_answer *a)
{
	const struct table *table = a->of->table;
	const struct probe *p = &table->probes[a->probe];
	struct rows out = { 0 };

	out.n = matching(book, a, &out.row);
	if (!in_order(table, p, out.row, out.n)) /* they were loaded so, and most stay so */
		qsort_r(out.row, out.n, sizeof(void *), sort_rows, &(struct sort_ctx){ table, p });
	a->found_short = false;
	if (a->truncated) {
		/* Beyond the last loaded row unknown ones may stand between: only what sorts up to it is certain. */
		while (out.n > 0 && probe_compare(table, p, out.row[out.n - 1], a->last) > 0)
			out.n--;
		out.more = true;
		a->found_short = out.n < p->limit;
	}
	if (out.n > p->limit) {
		out.n = p->limit;
		out.more = true;
	}
	a->rows = out;
	a->found = true;
	a->changes = a->bucket != NULL ? a->bucket->changes : 0;
	a->undone = book->undone;
}

struct rows book_read(struct book *book, struct book_answer *a)
{
	if (!a->done) {
		book->again = book->again || book->stepping;
		return (struct rows){ 0 };
	}
	if (a->bucket == NULL)
		a->bucket = bucket_find(&a->of->buckets[a->of->lists[a->probe]], a->eq_hash);
	if (a->bucket == NULL && !a->truncated)
		return (struct rows){ 0 }; /* there were no rows, and are none */
	if (!a->found || a->undone != book->undone || (a->bucket != NULL && a->changes != a->bucket->changes))
		find(book, a);
	if (a->found_short && book->stepping)
		book->again = true;
	return a->rows;
}

struct rows book_find(struct book *book, const struct table *table, int probe, const void *template_row)
{
	return book_read(book, book_ask(book, table, probe, template_row));
}

void book_put(struct book *book, const struct table *table, const void *row)
{
	struct table_book *tb = table_book_of(book, table);
	void *copy = arena_dup(book->arena, row, table->row_size);
	struct slot *slot = slot_make(book, tb, copy);
	const void *old_row = slot->row;

	remember(book, slot);
	if (old_row != NULL)
		row_merge(table, old_row, copy);
	slot->row = copy;
	make_dirty(tb, slot);
	index_row(book, tb, slot, old_row);
}

void book_delete(struct book *book, const struct table *table, const void *template_row)
{
	struct table_book *tb = table_book_of(book, table);
	struct slot *slot = slot_find(tb, template_row, row_key_hash(table, template_row));

	CHECK(slot != NULL && (table->flags & TABLE_DELETES));
	const void *old_row = slot->row;
	remember(book, slot);
	slot->row = NULL;
	make_dirty(tb, slot);
	index_row(book, tb, slot, old_row);
}

bool book_is_deciding(const struct book *book)
{
	return book->stepping;
}

bool book_is_again(const struct book *book)
{
	return book->again;
}

static int sort_changes(const void *a, const void *b, void *ctx)
{
	const struct book_change *x = a, *y = b;

	return row_key_compare(ctx, x->row, y->row);
}

struct book_change *book_changes(struct book *book, const struct table *table, size_t *ret_n)
{
	struct table_book *tb = table_book_of(book, table);
	struct book_change *changes = ARENA_ARRAY(book->arena, tb->n_listed, struct book_change);
	size_t at = tb->n_listed;
	bool sorted = true;

	/* From the end: the chain begins with the last change, and much comes in the order of its keys. */
	for (struct slot *s = tb->listed; s != NULL; s = s->next_listed) {
		if (!s->dirty)
			continue;
		changes[--at].kind = s->row != NULL ? BOOK_UPSERT : BOOK_DELETE;
		changes[at].row = s->row != NULL ? s->row : s->key_row;
		if (sorted && at + 1 < tb->n_listed)
			sorted = row_key_compare(table, changes[at].row, changes[at + 1].row) < 0;
	}
	*ret_n = tb->n_listed - at;
	if (!sorted)
		qsort_r(changes + at, *ret_n, sizeof(*changes), sort_changes, (void *)(uintptr_t)table);
	return changes + at;
}

size_t book_mark(const struct book *book)
{
	return book->n_undo;
}

void book_rollback(struct book *book, size_t mark)
{
	CHECK(mark <= book->n_undo);
	book->undone += mark < book->n_undo;
	while (book->n_undo > mark) {
		const struct undo *u = &book->undo[--book->n_undo];
		u->slot->row = u->row;
		u->slot->known = u->known;
		u->slot->dirty = u->dirty;
	}
}

bool book_has_questions(const struct book *book)
{
	return book->n_pending > 0;
}

void book_step_begin(struct book *book)
{
	book->stepping = true;
	book->again = false;
}

bool book_step_end(struct book *book)
{
	book->stepping = false;
	return book->again;
}
