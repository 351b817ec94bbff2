/* col: access to one column of a row struct, by its description. */
#include "book/book.h"
#include "book/col.h"

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int64_t col_int(const struct col *col, const void *row)
{
	const char *at = (const char *)row + col->offset;

	switch (col->kind) {
	case COL_I32:
	case COL_DATE: {
		int32_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	case COL_I64: {
		int64_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	case COL_BOOL:
		return *(const bool *)at;
	case COL_TEXT:
	case COL_CURRENCY:
	case COL_BYTES:
	case COL_MSG:
		break;
	}
	NOT_REACHED("an integer column");
	return 0;
}

struct text col_text(const struct col *col, const void *row)
{
	const char *at = (const char *)row + col->offset;

	if (col->kind == COL_CURRENCY)
		return (struct text){ at, strnlen(at, 3) };
	CHECK(col->kind == COL_TEXT || col->kind == COL_BYTES);
	struct text t;
	memcpy(&t, at, sizeof(t));
	return t;
}

const void *col_msg(const struct col *col, const void *row)
{
	const void *p;

	CHECK(col->kind == COL_MSG);
	memcpy(&p, (const char *)row + col->offset, sizeof(p));
	return p;
}

static bool is_text(const struct col *col)
{
	return col->kind == COL_TEXT || col->kind == COL_BYTES || col->kind == COL_CURRENCY;
}

int col_compare(const struct col *col, const void *row_a, const void *row_b)
{
	const char *at_a = (const char *)row_a + col->offset, *at_b = (const char *)row_b + col->offset;
	int32_t a, b;

	if (col->kind == COL_I32 || col->kind == COL_DATE) { /* the lane: the first of every key */
		memcpy(&a, at_a, sizeof(a));
		memcpy(&b, at_b, sizeof(b));
		return (a > b) - (a < b);
	}
	if (is_text(col))
		return text_cmp(col_text(col, row_a), col_text(col, row_b));
	return cmp_i64(col_int(col, row_a), col_int(col, row_b));
}

bool col_is_empty(const struct col *col, const void *row)
{
	if (is_text(col))
		return text_empty(col_text(col, row));
	if (col->kind == COL_MSG)
		return col_msg(col, row) == NULL;
	if (col->kind == COL_DATE)
		return col_int(col, row) == DATE_NONE;
	return col_int(col, row) == 0;
}

/* Both halves of the product of two words: every bit of a counts in every bit of the result. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to eight bytes as one word: of one length, different bytes give different words. */
static inline uint64_t last_word(const char *s, size_t n)
{
	uint32_t low, high;

	if (n >= sizeof(low)) { /* both overlap where there are fewer than eight */
		memcpy(&low, s, sizeof(low));
		memcpy(&high, s + n - sizeof(high), sizeof(high));
		return (uint64_t)high << 32 | low;
	}
	low = 0;
	for (size_t i = 0; i < n; i++)
		low = low << 8 | (unsigned char)s[i];
	return low;
}

/* Eight bytes at a time: keys are ids of 36 characters, and every question hashes several. Only ever compared within one process. */
static inline uint64_t hash_bytes(const char *s, size_t n, uint64_t seed)
{
	uint64_t h = seed ^ (n + 1) * 0x9e3779b97f4a7c15u, word;

	for (; n > sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		h = mix(h ^ word, 0xa0761d6478bd642fu);
	}
	return mix(h ^ last_word(s, n), 0xe7037ed1a0b428dbu);
}

/* One switch each: these two are most of what a question costs. */
static inline uint64_t hash_col(const struct col *col, const void *row, uint64_t seed)
{
	const char *at = (const char *)row + col->offset;
	struct text t;
	int32_t v;

	switch (col->kind) {
	case COL_TEXT:
	case COL_BYTES:
		memcpy(&t, at, sizeof(t));
		return hash_bytes(t.s, t.n, seed);
	case COL_CURRENCY:
		return hash_bytes(at, strnlen(at, 3), seed);
	case COL_I32: /* the lane, in nearly every question */
	case COL_DATE:
		memcpy(&v, at, sizeof(v));
		return mix(seed ^ (uint32_t)v ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u);
	default:
		return mix(seed ^ (uint64_t)col_int(col, row) ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u);
	}
}

uint64_t col_hash(const struct col *col, const void *row, uint64_t seed)
{
	return hash_col(col, row, seed);
}

static inline bool col_equal(const struct col *col, const void *row_a, const void *row_b)
{
	const char *at_a = (const char *)row_a + col->offset, *at_b = (const char *)row_b + col->offset;
	struct text a, b;

	switch (col->kind) {
	case COL_TEXT:
	case COL_BYTES:
		memcpy(&a, at_a, sizeof(a));
		memcpy(&b, at_b, sizeof(b));
		return a.n == b.n && (a.s == b.s || a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
	case COL_CURRENCY:
		return strncmp(at_a, at_b, 3) == 0;
	case COL_I32:
	case COL_DATE:
		return memcmp(at_a, at_b, sizeof(int32_t)) == 0;
	case COL_I64:
		return memcmp(at_a, at_b, sizeof(int64_t)) == 0;
	default:
		return col_int(col, row_a) == col_int(col, row_b);
	}
}

static size_t col_size(const struct col *col)
{
	switch (col->kind) {
	case COL_I32:
	case COL_DATE:
		return sizeof(int32_t);
	case COL_I64:
		return sizeof(int64_t);
	case COL_BOOL:
		return sizeof(bool);
	case COL_TEXT:
	case COL_BYTES:
		return sizeof(struct text);
	case COL_CURRENCY:
		return 4;
	case COL_MSG:
		return sizeof(void *);
	}
	NOT_REACHED("a column kind");
	return 0;
}

static void col_add(const struct col *col, const void *old_row, void *row)
{
	char *at = (char *)row + col->offset;
	int64_t sum;

	CHECK(!__builtin_add_overflow(col_int(col, old_row), col_int(col, row), &sum));
	if (col->kind == COL_I32) {
		int32_t v = (int32_t)sum;
		CHECK(v == sum);
		memcpy(at, &v, sizeof(v));
	} else {
		CHECK(col->kind == COL_I64);
		memcpy(at, &sum, sizeof(sum));
	}
}

void row_merge(const struct table *table, const void *old_row, void *row)
{
	for (int i = 0; i < table->n_cols; i++) {
		const struct col *c = &table->cols[i];

		if (!(c->flags & (COL_ADD | COL_ONCE | COL_FILL)))
			continue;
		bool keep = (c->flags & COL_ONCE) || ((c->flags & COL_FILL) && col_is_empty(c, row));

		if (c->flags & COL_ADD)
			col_add(c, old_row, row);
		else if (keep)
			memcpy((char *)row + c->offset, (const char *)old_row + c->offset, col_size(c));
	}
}

void table_check(const struct table *table)
{
	CHECK(table->n_cols > 0 && table->n_cols <= BOOK_COLS_MAX && (table->cols[0].flags & COL_KEY));
	for (int i = 1; i < table->n_cols; i++)
		CHECK(!(table->cols[i].flags & COL_KEY) || (table->cols[i - 1].flags & COL_KEY));
}

/* The columns of the key come first (table_check). */
static bool is_key(const struct table *table, int i)
{
	return i < table->n_cols && (table->cols[i].flags & COL_KEY);
}

uint64_t row_key_hash(const struct table *table, const void *row)
{
	uint64_t h = 0;

	for (int i = 0; is_key(table, i); i++)
		h = hash_col(&table->cols[i], row, h);
	return h;
}

bool row_key_equal(const struct table *table, const void *a, const void *b)
{
	for (int i = 0; is_key(table, i); i++)
		if (!col_equal(&table->cols[i], a, b))
			return false;
	return true;
}

int row_key_compare(const struct table *table, const void *a, const void *b)
{
	for (int i = 0; is_key(table, i); i++) {
		int c = col_compare(&table->cols[i], a, b);
		if (c != 0)
			return c;
	}
	return 0;
}

uint64_t probe_hash(const struct table *table, const struct probe *probe, const void *row)
{
	uint64_t h = 1;

	for (int i = 0; i < probe->n_eq; i++)
		h = hash_col(&table->cols[probe->eq[i]], row, h);
	return h;
}

bool probe_same_eq(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	for (int i = 0; i < probe->n_eq; i++)
		if (!col_equal(&table->cols[probe->eq[i]], a, b))
			return false;
	return true;
}

bool probe_same_range(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	return probe->range == PROBE_NONE || col_compare(&table->cols[probe->range_col], a, b) == 0;
}

bool probe_matches(const struct table *table, const struct probe *probe, const void *template_row, const void *row)
{
	if (!probe_same_eq(table, probe, template_row, row))
		return false;
	if (probe->range != PROBE_NONE) {
		/* As in SQL: no date is neither before nor after anything. */
		if (table->cols[probe->range_col].kind == COL_DATE && col_is_empty(&table->cols[probe->range_col], row))
			return false;
		int c = col_compare(&table->cols[probe->range_col], row, template_row);
		if (probe->range == PROBE_GT ? c <= 0 : c > 0)
			return false;
	}
	return probe->match == NULL || probe->match(row);
}

int probe_compare(const struct table *table, const struct probe *probe, const void *a, const void *b)
{
	for (int i = 0; i < probe->n_order; i++) {
		int c = col_compare(&table->cols[probe->order[i]], a, b);
		if (c != 0)
			return c;
	}
	return 0;
}
