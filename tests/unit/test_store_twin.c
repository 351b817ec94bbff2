/* The database answers a book exactly like the in-memory twin: random batches on both, and one large batch. */
#include "store_fixture.h"
#include "store_tables.h"

#define ACCOUNTS 4
#define IDS      9

static struct arena *arena, *mem_arena;
static struct store *store;
static uint64_t seed;

static uint32_t dice(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static struct text word(const char *prefix, uint32_t n)
{
	return text_printf(arena, "%s%u", prefix, n);
}

static struct item random_item(void)
{
	return (struct item){ .lane = (int32_t)dice(2),
			      .account = word("A", dice(ACCOUNTS)),
			      .id = word("\xc3\x84", dice(IDS)),
			      .open = dice(3),
			      .due = dice(6) == 0 ? DATE_NONE : (date_t)dice(8) - 4,
			      .end = word("e", dice(3)) };
}

static struct kind random_held(struct arena *a)
{
	struct kind h = { .lane = 1,
			  .id = word("h", dice(5)),
			  .i32 = (int32_t)dice(3),
			  .i64 = dice(3),
			  .flag = dice(2) == 0,
			  .note = dice(2) ? word("n", dice(3)) : TEXT(""),
			  .day = dice(2) ? DATE_NONE : (date_t)dice(5),
			  .bytes = dice(2) ? TEXT("\0x") : TEXT(""),
			  .born = word("b", dice(9)) };

	if (dice(2))
		memcpy(h.currency, dice(2) ? "EUR" : "JPY", 4);
	if (dice(2)) {
		h.cause = WIRE_NEW(a, type_cause);
		h.cause->topic = TEXT("t");
		h.cause->partition = (int32_t)dice(4);
	}
	return h;
}

static struct total random_total(void)
{
	return (struct total){ .lane = 1,
			       .account = word("A", dice(3)),
			       .day = dice(3) == 0 ? DATE_NONE : (date_t)dice(3),
			       .n = (int32_t)dice(5) - 2,
			       .minor = (int64_t)dice(1000) - 500,
			       .name = word("n", dice(9)) };
}

static bool same_value(const struct col *c, const void *a, const void *b)
{
	const void *x, *y;

	if (c->kind != COL_MSG)
		return col_compare(c, a, b) == 0;
	memcpy(&x, (const char *)a + c->offset, sizeof(x));
	memcpy(&y, (const char *)b + c->offset, sizeof(y));
	return (x == NULL) == (y == NULL) && (x == NULL || wire_equal(c->msg, x, y));
}

static void assert_same_rows(const struct table *t, const void *const *a, size_t n_a, const void *const *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++)
		for (int c = 0; c < t->n_cols; c++)
			if (!same_value(&t->cols[c], a[i], b[i]))
				fail_msg("table %s row %zu of %zu: column %s differs", t->name, i, n_a, t->cols[c].name);
}

/* Every row the twin holds is in the database, and as many. */
static void assert_same_table(struct mem *mem, const struct table *t, const struct table *readable)
{
	size_t n;
	const void *const *rows = mem_rows(mem, t, &n);
	struct book *book = book_new(arena, all_tables, ARRAY_LEN(all_tables));
	const void **got = (const void **)arena_array(arena, n, sizeof(void *));
	char sql[100];

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	for (size_t i = 0; i < n; i++)
		book_want(book, readable, BOOK_KEY, rows[i]);
	assert_ok(store_load(store, book, &fixture_err));
	for (size_t i = 0; i < n; i++)
		assert_non_null(got[i] = book_get(book, readable, rows[i]));
	assert_same_rows(t, got, n, rows, n);
	store_abort(store);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", t->name);
	assert_int_equal(fixture_number(store, sql), n);
}

struct asked {
	int probe;
	struct item item;
};

static void change(struct book *a, struct book *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct kind held = random_held(arena);
		struct total total = random_total();
		struct item item = random_item();

		book_put(a, &held_table, &held), book_put(b, &held_table, &held);
		book_put(a, &total_table, &total), book_put(b, &total_table, &total);
		book_put(a, &item_table, &item), book_put(b, &item_table, &item);
	}
}

static void one_batch(struct mem *mem)
{
	struct book *a = book_new(arena, all_tables, ARRAY_LEN(all_tables)),
		    *b = book_new(arena, all_tables, ARRAY_LEN(all_tables));
	struct asked asked[12];
	uint32_t n = 1 + dice(ARRAY_LEN(asked));

	for (uint32_t i = 0; i < n; i++) {
		asked[i] = (struct asked){ (int)dice(ITEM_ALL + 2) - 1, random_item() };
		if (asked[i].probe == ITEM_ON_DAY && asked[i].item.due == DATE_NONE)
			asked[i].item.due = 0;
		book_want(a, &item_table, asked[i].probe, &asked[i].item);
		book_want(b, &item_table, asked[i].probe, &asked[i].item);
	}
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	assert_ok(store_load(store, a, &fixture_err));
	mem_load(mem, b);
	if (dice(2) == 0)
		change(a, b, dice(4));
	for (uint32_t i = 0; i < n; i++) {
		if (asked[i].probe == BOOK_KEY) {
			const void *x = book_get(a, &item_table, &asked[i].item), *y = book_get(b, &item_table, &asked[i].item);
			assert_same_rows(&item_table, &x, x != NULL, &y, y != NULL);
			if (x != NULL && dice(2) == 0) {
				book_delete(a, &item_table, x);
				book_delete(b, &item_table, y);
			}
			continue;
		}
		struct rows x = book_find(a, &item_table, asked[i].probe, &asked[i].item);
		struct rows y = book_find(b, &item_table, asked[i].probe, &asked[i].item);
		assert_same_rows(&item_table, x.row, x.n, y.row, y.n);
		assert_int_equal(x.more, y.more);
	}
	change(a, b, dice(6));
	assert_ok(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), a, &fixture_err));
	assert_ok(mem_save(mem, b, &fixture_err));
}

static void random_batches_agree(void **state)
{
	(void)state;
	struct mem *mem = mem_new(all_tables, ARRAY_LEN(all_tables));
	const char *given = getenv("OPENITEM_TEST_SEED");
	int64_t number = (int64_t)getpid() * 2654435761;

	if (given != NULL)
		assert_true(text_parse_i64(text_of(given), &number));
	seed = (uint64_t)number;
	print_message("OPENITEM_TEST_SEED=%lld\n", (long long)number);
	for (int i = 0; i < 300; i++) {
		arena_reset(arena);
		one_batch(mem);
		if (i % 20 == 0) {
			assert_same_table(mem, &item_table, &item_table);
			assert_same_table(mem, &held_table, &held_table);
			assert_same_table(mem, &total_table, &total_read_table);
		}
	}
	mem_free(mem);
}

/* 5000 inputs: twenty thousand questions and changes, several megabytes each way, more than the sockets hold. */
static void a_large_batch(void **state)
{
	(void)state;
	enum { N = 5000 };
	struct text padding = { memset(arena_alloc(mem_arena, 500), 'x', 500), 500 };
	static char ids[N][12];

	for (int round = 0; round < 3; round++) {
		struct book *book;
		size_t found = 0;
		int32_t lane = 50;
		int64_t epoch;

		arena_reset(arena);
		book = book_new(arena, all_tables, ARRAY_LEN(all_tables));
		assert_ok(store_take_lanes(store, &lane, 1, "test", &fixture_err, &epoch));
		assert_ok(store_begin(store, &lane, &epoch, 1, &fixture_err));
		for (int i = 0; i < N; i++) {
			snprintf(ids[i], sizeof(ids[i]), "%d", (i * 7919) % N);
			struct item key = { .lane = lane, .account = { ids[i], 1 }, .id = text_of(ids[i]) };
			book_want(book, &item_table, BOOK_KEY, &key);
			book_want(book, &item_table, ITEM_NEXT, &key);
		}
		assert_ok(store_load(store, book, &fixture_err));
		for (int i = 0; i < N; i++) {
			struct item key = { .lane = lane,
					    .account = { ids[i], 1 },
					    .id = text_of(ids[i]),
					    .open = round,
					    .due = i,
					    .end = padding };
			found += book_get(book, &item_table, &key) != NULL;
			if (round == 2)
				book_delete(book, &item_table, &key);
			else
				book_put(book, &item_table, &key);
			book_put(book, &total_table,
				 &(struct total){ .lane = lane, .account = key.account, .day = 1, .n = 1, .minor = i });
			book_put(book, &journal_table, &(struct journal){ .lane = lane, .seq = round * N + i, .text = padding });
		}
		assert_ok(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err));
		assert_ok(store_exec(store, "ANALYZE item", 0, NULL, &fixture_err));
		assert_int_equal(found, round == 0 ? 0 : N);
		assert_int_equal(fixture_number(store, "SELECT count(*) FROM item WHERE lane = 50 AND length(\"end\") = 500"),
				 round == 2 ? 0 : N);
		assert_int_equal(fixture_number(store, "SELECT count(*) FROM journal"), N * (round + 1));
		assert_int_equal(fixture_number(store, "SELECT sum(n) FROM total WHERE lane = 50"), N * (round + 1));
	}
}

/* One account has most of the rows, the planner thinks that each has one: plain equality would take the wrong index. */
static void a_key_is_found_by_its_own_index(void **state)
{
	(void)state;
	size_t n;
	struct store_sql *list = store_table_sql(&item_table, arena, &n);
	char sql[2000];

	assert_ok(store_exec(
		store,
		"INSERT INTO item SELECT 70 + i % 12, 'A' || i, 'i' || i, 1, '2026-01-01', 'x' FROM generate_series(1, 5000) AS i;"
		"INSERT INTO item SELECT 70, '~bank', 'i' || i, 1, '2026-01-01', 'x' FROM generate_series(1, 5000) AS i;"
		"ANALYZE item",
		0, NULL, &fixture_err));
	assert_ok(store_exec(store, store_batch_settings(), 0, NULL, &fixture_err));
	for (size_t i = 0; i < n; i++) {
		struct store_result *plan;
		struct buf text = { .arena = arena };
		if (strcmp(list[i].name, "item load by key") != 0 && strcmp(list[i].name, "item delete") != 0)
			continue;
		snprintf(sql, sizeof(sql), "PREPARE p AS %s", list[i].sql);
		assert_ok(store_exec(store, sql, 0, NULL, &fixture_err));
		assert_ok(store_query(store, "EXPLAIN EXECUTE p(NULL, NULL, NULL)", 0, NULL, &fixture_err, &plan));
		for (size_t r = 0; r < store_result_rows(plan); r++)
			buf_printf(&text, "%s\n", store_result_cell(plan, r, 0).s);
		if (strstr(text.s, "Index Scan using item_pkey") == NULL)
			fail_msg("%s:\n%s", list[i].name, text.s);
		store_result_free(plan);
		assert_ok(store_exec(store, "DEALLOCATE p", 0, NULL, &fixture_err));
	}
	assert_ok(store_exec(store, "DELETE FROM item WHERE lane >= 70", 0, NULL, &fixture_err));
	store_close(store);
	store = fixture_open();
}

static int setup(void **state)
{
	(void)state;
	fixture_make(tables_sql);
	arena = arena_new((size_t)256 << 20, (size_t)1 << 30);
	mem_arena = arena_new((size_t)1 << 20, (size_t)1 << 20);
	store = fixture_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	arena_free(arena);
	arena_free(mem_arena);
	fixture_drop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_batches_agree),
		cmocka_unit_test(a_large_batch),
		cmocka_unit_test(a_key_is_found_by_its_own_index),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
