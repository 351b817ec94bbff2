/* book, step and the in-memory twin: what a batch sees is what one-by-one would see, and where that cannot be proven it says AGAIN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book/book.h"
#include "ev/billing.h"
#include "wire/wire.h"

struct item {
	int32_t lane;
	struct text id;
	struct text account;
	date_t due;
	int64_t open;
};

static const struct col item_cols[] = {
	{ "lane", COL_I32, offsetof(struct item, lane), COL_KEY, NULL },
	{ "id", COL_TEXT, offsetof(struct item, id), COL_KEY, NULL },
	{ "account", COL_TEXT, offsetof(struct item, account), 0, NULL },
	{ "due", COL_DATE, offsetof(struct item, due), 0, NULL },
	{ "open", COL_I64, offsetof(struct item, open), 0, NULL },
};

static bool is_open(const void *row)
{
	return ((const struct item *)row)->open != 0;
}

enum { OPEN_BY_ACCOUNT, DUE_BY, AFTER_ID };
static const struct probe item_probes[] = {
	{ .name = "open",
	  .eq = { 0, 2 },
	  .n_eq = 2,
	  .order = { 3, 1 },
	  .n_order = 2,
	  .limit = 3,
	  .where = "open <> 0",
	  .match = is_open },
	{ .name = "due_by",
	  .eq = { 0 },
	  .n_eq = 1,
	  .range = PROBE_LE,
	  .range_col = 3,
	  .order = { 3, 1 },
	  .n_order = 2,
	  .limit = 9 },
	{ .name = "after", .eq = { 0 }, .n_eq = 1, .range = PROBE_GT, .range_col = 1, .order = { 1 }, .n_order = 1, .limit = 2 },
};
static const struct table items = { "item", item_cols, 5, sizeof(struct item), item_probes, 3, TABLE_DELETES };

struct total {
	int32_t lane;
	int64_t sum;
	struct text name, first;
};

static const struct col total_cols[] = {
	{ "lane", COL_I32, offsetof(struct total, lane), COL_KEY, NULL },
	{ "sum", COL_I64, offsetof(struct total, sum), COL_ADD, NULL },
	{ "name", COL_TEXT, offsetof(struct total, name), COL_FILL, NULL },
	{ "first", COL_TEXT, offsetof(struct total, first), COL_ONCE, NULL },
};
static const struct table totals = { "total", total_cols, 4, sizeof(struct total), NULL, 0, TABLE_ADDING };
static const struct table *const tables[] = { &items, &totals };

struct fixture {
	struct arena *arena;
	struct mem *mem;
};

static int setup(void **state)
{
	static struct fixture f;

	f.arena = arena_new(1 << 20, 1 << 26);
	f.mem = mem_new(tables, 2);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mem_free(f->mem);
	arena_free(f->arena);
	return 0;
}

static struct item item(const char *id, const char *account, date_t due, int64_t open)
{
	return (struct item){ 1, text_of(id), text_of(account), due, open };
}

static void store_items(struct fixture *f, size_t n, const struct item *rows)
{
	struct book *b = book_new(f->arena, tables, 2);
	struct err err;

	for (size_t i = 0; i < n; i++)
		book_put(b, &items, &rows[i]);
	assert_true(mem_save(f->mem, b, &err));
}

static const struct item of_a = { 1, { "", 0 }, { "A", 1 }, 0, 0 };

static struct book *loaded(struct fixture *f)
{
	struct book *b = book_new(f->arena, tables, 2);

	book_want(b, &items, OPEN_BY_ACCOUNT, &of_a);
	mem_load(f->mem, b);
	book_step_begin(b);
	return b;
}

static void test_probe_sees_changes_of_the_batch(void **state)
{
	struct fixture *f = *state;
	store_items(f, 2, (struct item[]){ item("i1", "A", 10, 5), item("i2", "A", 20, 7) });
	struct book *b = loaded(f);

	assert_int_equal(book_find(b, &items, OPEN_BY_ACCOUNT, &of_a).n, 2);
	book_put(b, &items, &(struct item){ 1, TEXT("i1"), TEXT("A"), 10, 0 });
	book_put(b, &items, &(struct item){ 1, TEXT("i0"), TEXT("A"), 5, 1 });
	struct rows rows = book_find(b, &items, OPEN_BY_ACCOUNT, &of_a);
	assert_int_equal(rows.n, 2);
	assert_true(text_eq(((const struct item *)rows.row[0])->id, TEXT("i0")));
	assert_true(text_eq(((const struct item *)rows.row[1])->id, TEXT("i2")));
	assert_false(rows.more);
	assert_false(book_step_end(b));
}

static void test_cut_answer_that_shrank_says_again(void **state)
{
	struct fixture *f = *state;
	store_items(f, 4,
		    (struct item[]){ item("i1", "A", 1, 1), item("i2", "A", 2, 1), item("i3", "A", 3, 1), item("i4", "A", 4, 1) });
	struct book *b = loaded(f);

	struct rows rows = book_find(b, &items, OPEN_BY_ACCOUNT, &of_a);
	assert_int_equal(rows.n, 3);
	assert_true(rows.more);
	assert_false(book_is_again(b));
	book_put(b, &items, &(struct item){ 1, TEXT("i2"), TEXT("A"), 2, 0 });
	book_find(b, &items, OPEN_BY_ACCOUNT, &of_a);
	assert_true(book_step_end(b)); /* i4 might be next, or another one before it */
	assert_false(book_has_questions(b));
}

static void test_row_beyond_a_cut_answer_is_not_believed(void **state)
{
	struct fixture *f = *state;
	store_items(f, 4,
		    (struct item[]){ item("i1", "A", 1, 1), item("i2", "A", 2, 1), item("i3", "A", 3, 1), item("i4", "A", 4, 1) });
	struct book *b = loaded(f);

	book_put(b, &items, &(struct item){ 1, TEXT("i9"), TEXT("A"), 9, 1 });
	struct rows rows = book_find(b, &items, OPEN_BY_ACCOUNT, &of_a);
	assert_int_equal(rows.n, 3);
	assert_true(text_eq(((const struct item *)rows.row[2])->id, TEXT("i3")));
	assert_false(book_step_end(b));
}

static void test_unwanted_key_is_noted_and_can_be_loaded(void **state)
{
	struct fixture *f = *state;
	store_items(f, 1, (struct item[]){ item("i1", "A", 1, 1) });
	struct book *b = book_new(f->arena, tables, 2);
	struct item key = item("i1", "", 0, 0);

	book_step_begin(b);
	assert_null(book_get(b, &items, &key));
	assert_true(book_step_end(b));
	assert_true(book_has_questions(b));
	mem_load(f->mem, b);
	book_step_begin(b);
	assert_non_null(book_get(b, &items, &key));
	assert_false(book_step_end(b));
}

static void test_rollback_undoes_puts_and_deletes(void **state)
{
	struct fixture *f = *state;
	store_items(f, 1, (struct item[]){ item("i1", "A", 1, 1) });
	struct book *b = loaded(f);
	struct item key = item("i1", "", 0, 0);
	size_t mark = book_mark(b), n;

	book_put(b, &items, &(struct item){ 1, TEXT("i1"), TEXT("A"), 1, 9 });
	book_delete(b, &items, &key);
	book_put(b, &items, &(struct item){ 1, TEXT("i2"), TEXT("A"), 1, 9 });
	book_rollback(b, mark);
	assert_int_equal(((const struct item *)book_get(b, &items, &key))->open, 1);
	assert_int_equal(book_find(b, &items, OPEN_BY_ACCOUNT, &of_a).n, 1);
	book_changes(b, &items, &n);
	assert_int_equal(n, 0);
	book_put(b, &items, &(struct item){ 1, TEXT("i1"), TEXT("A"), 1, 4 });
	struct book_change *c = book_changes(b, &items, &n);
	assert_int_equal(n, 1);
	assert_int_equal(((const struct item *)c[0].row)->open, 4);
}

static void test_range_pages(void **state)
{
	struct fixture *f = *state;
	store_items(f, 3, (struct item[]){ item("i1", "A", 1, 1), item("i2", "B", 1, 1), item("i3", "C", 1, 1) });
	struct book *b = book_new(f->arena, tables, 2);
	struct item from = item("i1", "", 0, 0);

	book_want(b, &items, AFTER_ID, &from);
	mem_load(f->mem, b);
	struct rows rows = book_find(b, &items, AFTER_ID, &from);
	assert_int_equal(rows.n, 2);
	assert_true(text_eq(((const struct item *)rows.row[0])->id, TEXT("i2")));
	assert_true(rows.more); /* the limit was met: there may be one more */
}

static void test_no_date_is_in_no_range(void **state)
{
	struct fixture *f = *state;
	store_items(f, 2, (struct item[]){ item("i1", "A", 5, 1), item("i2", "A", DATE_NONE, 1) });
	struct book *b = book_new(f->arena, tables, 2);
	struct item by = item("", "", 9, 0);

	book_want(b, &items, DUE_BY, &by);
	mem_load(f->mem, b);
	struct rows rows = book_find(b, &items, DUE_BY, &by);
	assert_int_equal(rows.n, 1);
	assert_true(text_eq(((const struct item *)rows.row[0])->id, TEXT("i1")));
}

static void test_adding_table_folds_fills_and_keeps(void **state)
{
	struct fixture *f = *state;
	struct err err;
	size_t n;

	for (int round = 0; round < 2; round++) {
		struct book *b = book_new(f->arena, tables, 2);
		book_put(b, &totals, &(struct total){ 7, 10, TEXT_NONE, TEXT("one") });
		book_put(b, &totals, &(struct total){ 7, -3, round == 0 ? TEXT("n") : TEXT_NONE, TEXT("two") });
		assert_true(mem_save(f->mem, b, &err));
	}
	const struct total *t = mem_rows(f->mem, &totals, &n)[0];
	assert_int_equal(n, 1);
	assert_int_equal(t->sum, 14);
	assert_true(text_eq(t->name, TEXT("n")));
	assert_true(text_eq(t->first, TEXT("one")));
}

static void test_twin_goes_back(void **state)
{
	struct fixture *f = *state;
	struct err err;
	size_t n;

	store_items(f, 2, (struct item[]){ item("i1", "A", 10, 5), item("i2", "A", 20, 7) });
	struct mem_copy *copy = mem_copy_new(f->mem);
	struct book *b = loaded(f);
	book_put(b, &items, &(struct item){ 1, TEXT("i1"), TEXT("A"), 10, 1 });
	book_put(b, &items, &(struct item){ 1, TEXT("i3"), TEXT("A"), 30, 9 });
	book_delete(b, &items, &(struct item){ .lane = 1, .id = TEXT("i2") });
	assert_true(mem_save(f->mem, b, &err));
	const struct item *const *rows = (const struct item *const *)mem_rows(f->mem, &items, &n);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0]->open, 1);
	assert_true(text_eq(rows[1]->id, TEXT("i3")));
	mem_go_back(f->mem, copy);
	mem_copy_free(copy);
	rows = (const struct item *const *)mem_rows(f->mem, &items, &n);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0]->open, 5);
	assert_true(text_eq(rows[1]->id, TEXT("i2")));
}

/* As it is, where a save would add, fill or leave alone. */
static void test_twin_sets_a_row(void **state)
{
	struct fixture *f = *state;
	size_t n;

	mem_set(f->mem, &totals, &(struct total){ 7, 10, TEXT("n"), TEXT("one") });
	mem_set(f->mem, &totals, &(struct total){ 7, 3, TEXT_NONE, TEXT("two") });
	const struct total *t = mem_rows(f->mem, &totals, &n)[0];
	assert_int_equal(n, 1);
	assert_int_equal(t->sum, 3);
	assert_true(text_empty(t->name));
	assert_true(text_eq(t->first, TEXT("two")));
}

static const struct table appended = { "total", total_cols, 4, sizeof(struct total), NULL, 0, TABLE_APPEND };

/* A key met again in the last table leaves the first one alone, too; a book that knows fewer tables saves those. */
static void test_twin_saves_all_or_nothing(void **state)
{
	static const struct table *const both[] = { &items, &appended };
	struct fixture *f = *state;
	struct mem *mem = mem_new(both, 2);
	struct err err;
	size_t n;

	for (int round = 0; round < 2; round++) {
		struct book *b = book_new(f->arena, both, 2);
		struct item i = item(round == 0 ? "i1" : "i2", "A", 10, 5);
		book_put(b, &items, &i);
		book_put(b, &appended, &(struct total){ 7, 10, TEXT_NONE, TEXT_NONE });
		assert_int_equal(mem_save(mem, b, &err), round == 0);
	}
	mem_rows(mem, &items, &n);
	assert_int_equal(n, 1);
	struct book *few = book_new(f->arena, both, 1);
	struct item third = item("i3", "A", 10, 5);
	book_put(few, &items, &third);
	assert_true(mem_save_tables(mem, both, 1, few, &err));
	mem_rows(mem, &items, &n);
	assert_int_equal(n, 2);
	mem_free(mem);
}

/* A core that emits two outcomes, reads what the first one applied, and goes on once. */
static void no_want(struct book *book, const struct input *input)
{
	book_want(book, &items, BOOK_KEY, &(struct item){ .lane = input->lane, .id = TEXT("x") });
}

static void apply_item(struct book *book, const struct input *input, const struct outcome *o)
{
	book_put(book, &items, &(struct item){ input->lane, TEXT("x"), TEXT("A"), 1, o->part });
}

static enum decided decide_twice(struct decision *d)
{
	struct outcome o = { .event = WIRE_NEW(d->arena, billing_event), .key = TEXT("A") };

	core_emit(d, &o);
	assert_int_equal(((const struct item *)book_get(d->book, &items, &(struct item){ .lane = 1, .id = TEXT("x") }))->open,
			 d->outcomes[0].part);
	core_emit(d, &o);
	if (d->input->cursor.n == 0) {
		d->cursor = TEXT("more");
		return MORE;
	}
	return DECIDED;
}

static const struct core twice = {
	.name = "twice", .tables = tables, .n_tables = 2, .want = no_want, .decide = decide_twice, .apply = apply_item
};

static void test_step_numbers_and_ends(void **state)
{
	struct fixture *f = *state;
	struct input in = { .lane = 1, .cause = { .event_id = TEXT("e1"), .source = TEXT("s") } };
	struct decision d = { .core = &twice, .book = book_new(f->arena, tables, 2), .arena = f->arena, .input = &in };

	no_want(d.book, &in);
	mem_load(f->mem, d.book);
	assert_int_equal(core_step(&d), MORE);
	assert_int_equal(d.n_outcomes, 2);
	assert_int_equal(d.outcomes[1].part, 2);
	assert_false(d.outcomes[0].final || d.outcomes[1].final);
	struct text first = d.outcomes[1].event_id;
	in.cursor = d.cursor;
	in.cause.part = 2;
	assert_int_equal(core_step(&d), DECIDED);
	assert_int_equal(d.outcomes[1].part, 4);
	assert_true(d.outcomes[1].final);
	assert_false(d.outcomes[0].final);
	assert_false(text_eq(first, d.outcomes[1].event_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_probe_sees_changes_of_the_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_answer_that_shrank_says_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_row_beyond_a_cut_answer_is_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwanted_key_is_noted_and_can_be_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rollback_undoes_puts_and_deletes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_range_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_date_is_in_no_range, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adding_table_folds_fills_and_keeps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twin_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twin_sets_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twin_saves_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_step_numbers_and_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
