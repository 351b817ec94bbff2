/* mem: the in-memory twin of the database: the same descriptors, the same answers. For table tests and simulation. */
#include "book/book.h"
#include "book/col.h"
#include "wire/wire.h"

#define MEM_BYTES_MAX ((size_t)4 << 30)

struct mem_table {
	const struct table *table;
	const void **rows; /* in key order */
	size_t n, cap;
};

struct mem {
	struct arena *arena;
	struct mem_table *tables;
	size_t n_tables;
};

struct mem *mem_new(const struct table *const *tables, size_t n_tables)
{
	struct mem *mem = calloc(1, sizeof(*mem));

	CHECK(mem != NULL);
	mem->arena = arena_new(MEM_BYTES_MAX, MEM_BYTES_MAX);
	mem->tables = calloc(n_tables, sizeof(*mem->tables));
	CHECK(mem->tables != NULL);
	mem->n_tables = n_tables;
	for (size_t i = 0; i < n_tables; i++) {
		table_check(tables[i]);
		mem->tables[i].table = tables[i];
	}
	return mem;
}

void mem_free(struct mem *mem)
{
	if (mem == NULL)
		return;
	for (size_t i = 0; i < mem->n_tables; i++)
		free(mem->tables[i].rows);
	free(mem->tables);
	arena_free(mem->arena);
	free(mem);
}

static struct mem_table *mem_table_of(struct mem *mem, const struct table *table)
{
	for (size_t i = 0; i < mem->n_tables; i++)
		if (mem->tables[i].table == table)
			return &mem->tables[i];
	NOT_REACHED("a table of this twin");
	return NULL;
}

/* First position whose key is not below the row's. */
static size_t lower_bound(const struct mem_table *mt, const void *row, bool *ret_found)
{
	size_t lo = 0, hi = mt->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (row_key_compare(mt->table, mt->rows[mid], row) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_found = lo < mt->n && row_key_compare(mt->table, mt->rows[lo], row) == 0;
	return lo;
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

static void answer_probe(struct mem_table *mt, struct book *book, struct book_question *q)
{
	const struct probe *p = &mt->table->probes[q->probe];
	const void **hits = arena_array(book_arena(book), mt->n, sizeof(void *));
	size_t n = 0;

	for (size_t i = 0; i < mt->n; i++)
		if (probe_matches(mt->table, p, q->template_row, mt->rows[i]))
			hits[n++] = mt->rows[i];
	if (n > 0)
		qsort_r(hits, n, sizeof(void *), sort_rows, &(struct sort_ctx){ mt->table, p });
	for (size_t i = 0; i < n && i < p->limit; i++)
		book_answer_row(book, q, hits[i]);
}

void mem_load(struct mem *mem, struct book *book)
{
	size_t n;
	struct book_question *qs = book_questions(book, &n);

	for (size_t i = 0; i < n; i++) {
		struct mem_table *mt = mem_table_of(mem, qs[i].table);
		if (qs[i].probe == BOOK_KEY) {
			bool found;
			size_t at = lower_bound(mt, qs[i].template_row, &found);
			if (found)
				book_answer_row(book, &qs[i], mt->rows[at]);
		} else {
			answer_probe(mt, book, &qs[i]);
		}
		book_answer_done(book, &qs[i]);
	}
}

/* A copy whose texts and messages live in the twin's own arena. */
static void *deep_copy(struct mem *mem, const struct table *table, const void *row)
{
	void *copy = arena_dup(mem->arena, row, table->row_size);

	for (int i = 0; i < table->n_cols; i++) {
		const struct col *c = &table->cols[i];
		char *at = (char *)copy + c->offset;
		if (c->kind == COL_TEXT || c->kind == COL_BYTES) {
			struct text t = text_dup(mem->arena, col_text(c, row));
			memcpy(at, &t, sizeof(t));
		} else if (c->kind == COL_MSG && col_msg(c, row) != NULL) {
			void *msg = wire_copy(c->msg, col_msg(c, row), mem->arena);
			memcpy(at, &msg, sizeof(msg));
		}
	}
	return copy;
}

static void insert_at(struct mem_table *mt, size_t at, const void *row)
{
	if (mt->n == mt->cap) {
		mt->cap = mt->cap ? mt->cap * 2 : 64;
		mt->rows = realloc(mt->rows, mt->cap * sizeof(*mt->rows));
		CHECK(mt->rows != NULL);
	}
	memmove(&mt->rows[at + 1], &mt->rows[at], (mt->n - at) * sizeof(*mt->rows));
	mt->rows[at] = row;
	mt->n++;
}

static void save_change(struct mem *mem, struct mem_table *mt, const struct book_change *change)
{
	bool found;
	size_t at = lower_bound(mt, change->row, &found);

	if (change->kind == BOOK_DELETE) {
		if (found)
			memmove(&mt->rows[at], &mt->rows[at + 1], (--mt->n - at) * sizeof(*mt->rows));
		return;
	}
	void *copy = deep_copy(mem, mt->table, change->row);
	if (!found) {
		insert_at(mt, at, copy);
		return;
	}
	row_merge(mt->table, mt->rows[at], copy);
	mt->rows[at] = copy;
}

static bool append_twice(const struct mem_table *mt, const struct book_change *changes, size_t n)
{
	for (size_t i = 0; i < n && (mt->table->flags & TABLE_APPEND); i++) {
		bool found;
		lower_bound(mt, changes[i].row, &found);
		if (found)
			return true;
	}
	return false;
}

bool mem_save_tables(struct mem *mem, const struct table *const *tables, size_t n_tables, struct book *book, struct err *err)
{
	size_t n;

	for (size_t t = 0; t < n_tables; t++) {
		struct book_change *changes = book_changes(book, tables[t], &n);
		if (append_twice(mem_table_of(mem, tables[t]), changes, n))
			return err_set(err, ERR_STOP, "append_twice", "table %s: a key of an append-only table is met again",
				       tables[t]->name);
	}
	for (size_t t = 0; t < n_tables; t++) {
		struct mem_table *mt = mem_table_of(mem, tables[t]);
		struct book_change *changes = book_changes(book, tables[t], &n);
		for (size_t i = 0; i < n; i++)
			save_change(mem, mt, &changes[i]);
	}
	return true;
}

bool mem_save(struct mem *mem, struct book *book, struct err *err)
{
	const struct table **tables = ARENA_ARRAY(book_arena(book), mem->n_tables, const struct table *);

	for (size_t i = 0; i < mem->n_tables; i++)
		tables[i] = mem->tables[i].table;
	return mem_save_tables(mem, tables, mem->n_tables, book, err);
}

const void *const *mem_rows(struct mem *mem, const struct table *table, size_t *ret_n)
{
	struct mem_table *mt = mem_table_of(mem, table);

	*ret_n = mt->n;
	return mt->rows;
}

void mem_set(struct mem *mem, const struct table *table, const void *row)
{
	struct mem_table *mt = mem_table_of(mem, table);
	bool found;
	size_t at = lower_bound(mt, row, &found);
	void *copy = deep_copy(mem, table, row);

	if (found)
		mt->rows[at] = copy;
	else
		insert_at(mt, at, copy);
}

/* ---- going back ------------------------------------------------------------------------------------------------------- */

struct mem_copy {
	size_t n_tables;
	struct mem_table tables[];
};

struct mem_copy *mem_copy_new(const struct mem *mem)
{
	struct mem_copy *copy = calloc(1, sizeof(*copy) + mem->n_tables * sizeof(copy->tables[0]));

	CHECK(copy != NULL);
	copy->n_tables = mem->n_tables;
	for (size_t i = 0; i < mem->n_tables; i++) {
		const struct mem_table *from = &mem->tables[i];
		const void **rows = malloc(MAX(from->n, (size_t)1) * sizeof(*rows));
		CHECK(rows != NULL);
		if (from->n > 0)
			memcpy(rows, from->rows, from->n * sizeof(*rows));
		copy->tables[i] = (struct mem_table){ from->table, rows, from->n, from->n };
	}
	return copy;
}

void mem_copy_free(struct mem_copy *copy)
{
	if (copy == NULL)
		return;
	for (size_t i = 0; i < copy->n_tables; i++)
		free(copy->tables[i].rows);
	free(copy);
}

void mem_go_back(struct mem *mem, const struct mem_copy *copy)
{
	CHECK(copy->n_tables == mem->n_tables);
	for (size_t i = 0; i < mem->n_tables; i++) {
		struct mem_table *mt = &mem->tables[i];
		mt->n = 0;
		for (size_t k = 0; k < copy->tables[i].n; k++)
			insert_at(mt, k, copy->tables[i].rows[k]);
	}
}
