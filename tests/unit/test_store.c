/* A batch against a real PostgreSQL: columns, probes, flags, the fence, errors, a lost connection. */
#include "store_fixture.h"
#include "store_tables.h"

static struct arena *arena;
static struct store *store;

static struct book *new_book(void)
{
	arena_reset(arena);
	return book_new(arena, all_tables, ARRAY_LEN(all_tables));
}

static void begin(int32_t lane, int64_t epoch)
{
	assert_ok(store_begin(store, &lane, &epoch, 1, &fixture_err));
}

static void save(struct book *book)
{
	assert_ok(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err));
}

/* A batch without a fence that puts one row. */
static void put(const struct table *table, const void *row)
{
	struct book *book = new_book();

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_put(book, table, row);
	save(book);
}

/* The row with this key, from the database. */
static const void *get(const struct table *table, const void *key)
{
	struct book *book = new_book();

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, table, BOOK_KEY, key);
	assert_ok(store_load(store, book, &fixture_err));
	const void *row = book_get(book, table, key);
	store_abort(store);
	return row;
}

static int setup(void **state)
{
	(void)state;
	fixture_make(tables_sql);
	arena = arena_new((size_t)64 << 20, (size_t)512 << 20);
	store = fixture_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	arena_free(arena);
	fixture_drop();
	return 0;
}

#define assert_text(got, expected) assert_true(text_eq(got, expected))

/* ---- columns -------------------------------------------------------------------------------------------------------- */

static void every_kind_comes_back(void **state)
{
	(void)state;
	struct type_cause *cause = WIRE_NEW(arena, type_cause);
	char utf8[] = "M\xc3\xbcller \xe2\x82\xac";
	cause->topic = TEXT("ar.intake.v1");
	cause->partition = 7;
	cause->offset = 123456789012;
	struct type_cause kept = *cause;
	struct kind row = { .lane = 3,
			    .id = TEXT("a"),
			    .i32 = INT32_MIN,
			    .i64 = INT64_MIN,
			    .flag = true,
			    .note = text_of(utf8),
			    .currency = "EUR",
			    .day = DATE_MIN,
			    .bytes = TEXT("\0\1\377"),
			    .cause = &kept };

	for (int round = 0; round < 3; round++) {
		put(&kind_table, &row);
		const struct kind *got = get(&kind_table, &row);
		assert_non_null(got);
		assert_int_equal(got->i32, row.i32);
		assert_true(got->i64 == row.i64 && got->flag == row.flag && got->day == row.day);
		assert_text(got->note, row.note);
		assert_int_equal(got->note.s[got->note.n], 0);
		assert_string_equal(got->currency, row.currency);
		assert_text(got->bytes, row.bytes);
		assert_non_null(got->cause);
		assert_true(wire_equal(&type_cause_msg, got->cause, &kept));
		row.day = round == 0 ? DATE_MAX : 0;
		row.i32 = INT32_MAX;
		row.i64 = INT64_MAX;
		row.flag = false;
	}
}

static void empty_and_null_come_back(void **state)
{
	(void)state;
	struct kind row = { .lane = 3, .id = TEXT(""), .day = DATE_NONE };

	put(&kind_table, &row);
	const struct kind *got = get(&kind_table, &row);
	assert_non_null(got);
	assert_true(got->i32 == 0 && got->i64 == 0 && !got->flag && got->day == DATE_NONE && got->cause == NULL);
	assert_true(got->note.n == 0 && got->bytes.n == 0 && got->id.n == 0);
	assert_string_equal(got->currency, "");
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM kind WHERE day IS NULL AND cause IS NULL AND note = ''"), 1);
	assert_null(get(&kind_table, &(struct kind){ .lane = 4 }));
}

static void stored_rows_are_judged(void **state)
{
	(void)state;
	struct kind key = { .lane = 99, .id = TEXT("x") };
	const char *const bad[] = {
		"SET currency = 'EURO'",
		"SET currency = 'EUR', cause = '\\x0a05ff'",
		"SET cause = NULL, day = '1492-01-01'",
		"SET day = 'infinity'",
	};

	put(&kind_table, &key);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char sql[200];
		struct book *book = new_book();
		snprintf(sql, sizeof(sql), "UPDATE kind %s WHERE lane = 99", bad[i]);
		assert_ok(store_exec(store, sql, 0, NULL, &fixture_err));
		assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
		book_want(book, &kind_table, BOOK_KEY, &key);
		assert_err(store_load(store, book, &fixture_err), ERR_STOP, "store_row");
		assert_non_null(strstr(fixture_err.msg, "table kind"));
	}
}

/* ---- probes --------------------------------------------------------------------------------------------------------- */

static struct rows find(int probe, struct item template_row)
{
	struct book *book = new_book();

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, &item_table, probe, &template_row);
	assert_ok(store_load(store, book, &fixture_err));
	struct rows rows = book_find(book, &item_table, probe, &template_row);
	store_abort(store);
	return rows;
}

static void assert_ids(struct rows rows, const char *ids, bool more)
{
	char got[200] = "";

	for (size_t i = 0; i < rows.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s" TEXT_FMT, i == 0 ? "" : " ",
			 TEXT_ARG(((const struct item *)rows.row[i])->id));
	assert_string_equal(got, ids);
	assert_int_equal(rows.more, more);
}

static void probes_order_range_and_limit(void **state)
{
	(void)state;
	static const struct item items[] = {
		{ 1, TEXT("A"), TEXT("i1"), 10, 300, TEXT("x") },       { 1, TEXT("A"), TEXT("i2"), 10, 100, TEXT("x") },
		{ 1, TEXT("A"), TEXT("i3"), 0, 50, TEXT("y") },         { 1, TEXT("A"), TEXT("i4"), 5, DATE_NONE, TEXT("z") },
		{ 1, TEXT("A"), TEXT("i5"), 5, 100, TEXT("\xc3\xa9") }, { 1, TEXT("B"), TEXT("j1"), 5, 200, TEXT("w") },
		{ 2, TEXT("A"), TEXT("k1"), 5, -1, TEXT("x") },         { 1, TEXT("A"), TEXT("Z9"), 1, 400, TEXT("") },
	};
	struct book *book = new_book();

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		book_put(book, &item_table, &items[i]);
	save(book);

	assert_ids(find(ITEM_OLDEST, (struct item){ .lane = 1, .account = TEXT("A") }), "i4 i2 i5", true);
	assert_ids(find(ITEM_OLDEST, (struct item){ .lane = 1, .account = TEXT("B") }), "j1", false);
	assert_ids(find(ITEM_OLDEST, (struct item){ .lane = 1, .account = TEXT("C") }), "", false);
	assert_ids(find(ITEM_DUE_BY, (struct item){ .lane = 1, .due = 99 }), "i3", false);
	assert_ids(find(ITEM_DUE_BY, (struct item){ .lane = 1, .due = 300 }), "i3 i2 i5 j1", true);
	assert_ids(find(ITEM_DUE_BY, (struct item){ .lane = 1, .due = DATE_NONE }), "", false);
	assert_ids(find(ITEM_DUE_AFTER, (struct item){ .lane = 1, .due = 100 }), "j1 i1 Z9", false);
	assert_ids(find(ITEM_DUE_AFTER, (struct item){ .lane = 1, .due = DATE_NONE }), "i3 i2 i5 j1", true);
	assert_ids(find(ITEM_NEXT, (struct item){ .lane = 1, .account = TEXT("A"), .id = TEXT("i2") }), "i3 i4 i5", false);
	assert_ids(find(ITEM_NEXT, (struct item){ .lane = 1, .account = TEXT("A"), .id = TEXT("") }), "Z9 i1 i2 i3 i4", true);
	assert_ids(find(ITEM_BY_END, (struct item){ .lane = 1, .end = TEXT("x") }), "i1", true);
	assert_ids(find(ITEM_BY_END, (struct item){ .lane = 1, .end = TEXT("") }), "Z9", true);
	assert_ids(find(ITEM_ON_DAY, (struct item){ .lane = 1, .due = 100 }), "i2 i5", false);
	assert_ids(find(ITEM_ALL, (struct item){ 0 }), "Z9 i1 i2 i3 i4 i5 j1 k1", false);
}

static void eq_on_no_date_is_refused(void **state)
{
	(void)state;
	struct book *book = new_book();

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, &item_table, ITEM_ON_DAY, &(struct item){ .lane = 1, .due = DATE_NONE });
	assert_err(store_load(store, book, &fixture_err), ERR_STOP, "store_row");
	assert_int_equal(fixture_number(store, "SELECT 5"), 5);
}

static void loading_twice_in_one_batch(void **state)
{
	(void)state;
	struct book *book = new_book();
	struct item a = { .lane = 1, .account = TEXT("A"), .id = TEXT("i1") },
		    b = { .lane = 1, .account = TEXT("B"), .id = TEXT("j1") };

	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	assert_ok(store_load(store, book, &fixture_err)); /* nothing asked */
	book_want(book, &item_table, BOOK_KEY, &a);
	assert_ok(store_load(store, book, &fixture_err));
	assert_non_null(book_get(book, &item_table, &a));
	assert_null(book_get(book, &item_table, &b)); /* wants it */
	assert_ok(store_load(store, book, &fixture_err));
	assert_non_null(book_get(book, &item_table, &b));
	save(book); /* nothing changed */
}

/* ---- flags ---------------------------------------------------------------------------------------------------------- */

static void additions_fold_and_add(void **state)
{
	(void)state;
	struct total t = { .lane = 1, .account = TEXT("A"), .day = DATE_NONE, .n = 1, .minor = 100, .name = TEXT("first") };

	for (int batch = 0; batch < 2; batch++) {
		struct book *book = new_book();
		assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
		book_put(book, &total_table, &t);
		book_put(book, &total_table, &t);
		save(book);
		t.name = TEXT("second");
		t.minor = -30;
	}
	const struct total *got = get(&total_read_table, &t);
	assert_non_null(got); /* DATE_NONE in a key is -infinity */
	assert_int_equal(got->day, DATE_NONE);
	assert_int_equal(got->n, 4);
	assert_int_equal(got->minor, 140);
	assert_text(got->name, TEXT("first"));
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM total WHERE day = '-infinity'"), 1);

	struct total huge = { .lane = 1, .account = TEXT("H"), .day = 0, .minor = INT64_MAX };
	put(&total_table, &huge);
	struct book *book = new_book();
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_put(book, &total_table, &huge);
	assert_err(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err), ERR_STOP, "store_refused");
}

static void held_rows_fill_field_by_field(void **state)
{
	(void)state;
	struct type_cause cause = { .topic = TEXT("t"), .partition = 1 };
	struct kind one = {
		.lane = 1, .id = TEXT("h"), .i32 = 5, .note = TEXT("n"), .day = DATE_NONE, .cause = NULL, .born = TEXT("one")
	};
	struct kind two = { .lane = 1,
			    .id = TEXT("h"),
			    .i64 = 6,
			    .flag = true,
			    .currency = "USD",
			    .day = 77,
			    .bytes = TEXT("b"),
			    .cause = &cause,
			    .born = TEXT("two") };
	struct kind three = { .lane = 1, .id = TEXT("h"), .i32 = 9, .day = DATE_NONE };

	put(&held_table, &one);
	put(&held_table, &two);
	put(&held_table, &three);
	const struct kind *got = get(&held_table, &one);
	assert_int_equal(got->i32, 9);
	assert_int_equal(got->i64, 6);
	assert_true(got->flag && got->day == 77 && got->cause != NULL && got->cause->partition == 1);
	assert_text(got->note, TEXT("n"));
	assert_text(got->bytes, TEXT("b"));
	assert_string_equal(got->currency, "USD");
	assert_text(got->born, TEXT("one"));
}

static void appended_keys_are_final(void **state)
{
	(void)state;
	struct journal row = { .lane = 1, .seq = 1, .text = TEXT("a") }, bad = { .lane = 1, .seq = 2, .text = TEXT("bad") };

	put(&journal_table, &row);
	struct book *book = new_book();
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_put(book, &journal_table, &row);
	book_put(book, &mark_table, &(struct mark){ .lane = 1, .id = TEXT("not stored") });
	assert_err(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err), ERR_STOP, "store_duplicate");
	assert_non_null(strstr(fixture_err.msg, "journal append"));
	assert_non_null(strstr(fixture_err.msg, "SQLSTATE 23505"));

	/* lanes may race for the key of this one */
	book = new_book();
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_put(book, &race_table, &row);
	assert_err(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err), ERR_RETRY, "store_duplicate");

	book = new_book();
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_put(book, &journal_table, &bad);
	assert_err(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err), ERR_STOP, "store_refused");
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM journal"), 1);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM mark"), 0);
}

static void rows_are_put_and_deleted(void **state)
{
	(void)state;
	struct mark a = { 1, TEXT("a") }, b = { 1, TEXT("b") }, c = { 1, TEXT("c") };
	struct book *book;

	put(&mark_table, &a);
	put(&mark_table, &a); /* nothing but a key: DO NOTHING */
	put(&mark_table, &b);
	book = new_book();
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, &mark_table, BOOK_KEY, &a);
	assert_ok(store_load(store, book, &fixture_err));
	book_delete(book, &mark_table, &a);
	book_put(book, &mark_table, &c);
	save(book);
	assert_null(get(&mark_table, &a));
	assert_non_null(get(&mark_table, &b));
	assert_non_null(get(&mark_table, &c));
}

/* ---- lanes ---------------------------------------------------------------------------------------------------------- */

static void a_stale_epoch_stores_nothing(void **state)
{
	(void)state;
	const int32_t lanes[] = { 5, 2 };
	int64_t epochs[2], again[2], now[3];

	assert_ok(store_take_lanes(store, lanes, 2, "one", &fixture_err, epochs));
	assert_true(epochs[0] == 1 && epochs[1] == 1);
	assert_ok(store_take_lanes(store, &lanes[1], 1, "two", &fixture_err, again));
	assert_int_equal(again[0], 2);
	assert_ok(store_lane_epochs(store, (int32_t[]){ 2, 3, 5 }, 3, &fixture_err, now));
	assert_true(now[0] == 2 && now[1] == 0 && now[2] == 1);

	/* found while saving ... */
	struct book *book = new_book();
	assert_ok(store_begin(store, lanes, epochs, 2, &fixture_err));
	book_put(book, &mark_table, &(struct mark){ .lane = 5, .id = TEXT("stale") });
	assert_err(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err), ERR_FENCED, "store_fenced");
	/* ... and while loading */
	book = new_book();
	assert_ok(store_begin(store, lanes, epochs, 2, &fixture_err));
	book_want(book, &mark_table, BOOK_KEY, &(struct mark){ .lane = 5 });
	assert_err(store_load(store, book, &fixture_err), ERR_FENCED, "store_fenced");
	/* a lane never taken */
	assert_ok(store_begin(store, (int32_t[]){ 77 }, (int64_t[]){ 1 }, 1, &fixture_err));
	assert_err(store_save_commit(store, NULL, 0, new_book(), &fixture_err), ERR_FENCED, "store_fenced");
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM mark WHERE id = 'stale'"), 0);

	/* and the store is fit for the next */
	epochs[1] = 2;
	book = new_book();
	assert_ok(store_begin(store, lanes, epochs, 2, &fixture_err));
	book_put(book, &mark_table, &(struct mark){ .lane = 5, .id = TEXT("fresh") });
	save(book);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM mark WHERE id = 'fresh'"), 1);
}

static void taking_a_lane_waits_for_its_batch(void **state)
{
	(void)state;
	int32_t lane = 20;
	int64_t epoch, other_epoch;
	struct store *other = fixture_open();
	struct book *book = new_book();

	assert_ok(store_take_lanes(store, &lane, 1, "one", &fixture_err, &epoch));
	begin(lane, epoch);
	book_want(book, &mark_table, BOOK_KEY, &(struct mark){ .lane = 20 });
	assert_ok(store_load(store, book, &fixture_err)); /* locks the lane row */
	assert_ok(store_exec(other, "SET statement_timeout = 200", 0, NULL, &fixture_err));
	assert_err(store_take_lanes(other, &lane, 1, "two", &fixture_err, &other_epoch), ERR_RETRY, "store_busy");
	book_put(book, &mark_table, &(struct mark){ .lane = 20, .id = TEXT("mine") });
	save(book);
	assert_ok(store_take_lanes(other, &lane, 1, "two", &fixture_err, &other_epoch));
	assert_int_equal(other_epoch, epoch + 1);
	store_close(other);
}

/* ---- trouble -------------------------------------------------------------------------------------------------------- */

static void kill_backend(int64_t pid)
{
	char sql[100];
	struct store *other = fixture_open();

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", (int)pid);
	assert_ok(store_exec(other, sql, 0, NULL, &fixture_err));
	for (int i = 0; i < 200; i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", (int)pid);
		if (fixture_number(other, sql) == 0)
			break;
		usleep(10000);
	}
	store_close(other);
}

static void a_lost_connection_is_retry(void **state)
{
	(void)state;
	for (int when = 0; when < 3; when++) {
		struct book *book = new_book();
		struct mark mark = { .lane = 9, .id = TEXT("lost") };
		int64_t pid = fixture_number(store, "SELECT pg_backend_pid()");

		if (when == 0)
			kill_backend(pid);
		bool began = store_begin(store, NULL, NULL, 0, &fixture_err);
		assert_true(began || fixture_err.class == ERR_RETRY);
		if (when == 1)
			kill_backend(pid);
		book_want(book, &mark_table, BOOK_KEY, &mark);
		if (when < 2) {
			assert_false(began && store_load(store, book, &fixture_err));
		} else {
			assert_ok(store_load(store, book, &fixture_err));
			kill_backend(pid);
			book_put(book, &mark_table, &mark);
			assert_false(store_save_commit(store, all_tables, ARRAY_LEN(all_tables), book, &fixture_err));
		}
		assert_int_equal(fixture_err.class, ERR_RETRY);
		assert_true(store_is_broken(store));
		assert_err(store_begin(store, NULL, NULL, 0, &fixture_err), ERR_RETRY, "store_lost");
		assert_err(store_exec(store, "SELECT 1", 0, NULL, &fixture_err), ERR_RETRY, "store_lost");
		store_abort(store);
		store_close(store);
		store = fixture_open();
		assert_int_equal(fixture_number(store, "SELECT count(*) FROM mark WHERE id = 'lost'"), 0);
	}
}

static void a_missing_table_is_fatal(void **state)
{
	(void)state;
	static const struct table gone = { "gone", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), NULL, 0, 0 };
	const struct table *tables[] = { &gone };

	for (int i = 0; i < 2; i++) { /* a statement that failed to prepare is prepared again */
		arena_reset(arena);
		struct book *book = book_new(arena, tables, 1);
		assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
		book_want(book, &gone, BOOK_KEY, &(struct mark){ 0 });
		assert_err(store_load(store, book, &fixture_err), ERR_FATAL, "store_schema");
		assert_non_null(strstr(fixture_err.msg, "prepare gone load by key"));
	}
	assert_err(store_prepare(store, tables, 1, &fixture_err), ERR_FATAL, "store_schema");
	assert_int_equal(fixture_number(store, "SELECT 1"), 1);
}

static void an_aborted_batch_leaves_nothing(void **state)
{
	(void)state;
	struct book *book = new_book();

	store_abort(store);
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	store_abort(store);
	store_abort(store);
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	assert_ok(store_exec(store, "INSERT INTO mark VALUES (8, 'inside')", 0, NULL, &fixture_err));
	book_want(book, &mark_table, BOOK_KEY, &(struct mark){ 8, TEXT("inside") });
	assert_ok(store_load(store, book, &fixture_err));
	assert_non_null(book_get(book, &mark_table, &(struct mark){ 8, TEXT("inside") }));
	store_abort(store);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM mark WHERE id = 'inside'"), 0);
	/* a plain query that fails ends the batch */
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	assert_err(store_exec(store, "SELECT 1 / 0", 0, NULL, &fixture_err), ERR_STOP, "store_refused");
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	store_abort(store);
}

static void warm_up_compares_tables(void **state)
{
	(void)state;
	static const struct probe by_id = { "by_id", { 0 }, 1, PROBE_GT, 1, { 1 }, 1, 5, NULL, NULL };
	static const struct table wrong = { "journal", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), NULL, 0, 0 };
	static const struct table ordered = { "ordered", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), &by_id, 1, 0 };
	static const struct table typed = { "typed", mark_cols, ARRAY_LEN(mark_cols), sizeof(struct mark), NULL, 0, 0 };

	assert_ok(store_prepare(store, all_tables, ARRAY_LEN(all_tables), &fixture_err));
	assert_ok(store_prepare(store, all_tables, ARRAY_LEN(all_tables), &fixture_err));
	assert_err(store_prepare(store, (const struct table *[]){ &wrong }, 1, &fixture_err), ERR_FATAL, "store_schema");
	assert_ok(store_exec(store,
			     "CREATE TABLE ordered (lane int, id text COLLATE \"en-x-icu\", PRIMARY KEY (lane, id));"
			     "CREATE TABLE typed (lane bigint, id text, PRIMARY KEY (lane, id))",
			     0, NULL, &fixture_err));
	assert_err(store_prepare(store, (const struct table *[]){ &ordered }, 1, &fixture_err), ERR_FATAL, "store_schema");
	assert_non_null(strstr(fixture_err.msg, "COLLATE"));
	assert_err(store_prepare(store, (const struct table *[]){ &typed }, 1, &fixture_err), ERR_FATAL, "store_schema");
	assert_non_null(strstr(fixture_err.msg, "another type"));

	/* without the warm-up both are found by the first load */
	struct book *book;
	const struct table *tables[] = { &ordered, &typed };
	assert_ok(store_exec(store, "INSERT INTO ordered VALUES (1, 'a'), (1, 'B'); INSERT INTO typed VALUES (1, 'a')", 0, NULL,
			     &fixture_err));
	arena_reset(arena);
	book = book_new(arena, tables, 2);
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, &ordered, 0, &(struct mark){ 1, TEXT("") });
	assert_err(store_load(store, book, &fixture_err), ERR_FATAL, "store_schema");
	book = book_new(arena, tables, 2);
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	book_want(book, &typed, BOOK_KEY, &(struct mark){ 1, TEXT("a") });
	assert_err(store_load(store, book, &fixture_err), ERR_FATAL, "store_schema");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),           cmocka_unit_test(empty_and_null_come_back),
		cmocka_unit_test(stored_rows_are_judged),          cmocka_unit_test(probes_order_range_and_limit),
		cmocka_unit_test(eq_on_no_date_is_refused),        cmocka_unit_test(loading_twice_in_one_batch),
		cmocka_unit_test(additions_fold_and_add),          cmocka_unit_test(held_rows_fill_field_by_field),
		cmocka_unit_test(appended_keys_are_final),         cmocka_unit_test(rows_are_put_and_deleted),
		cmocka_unit_test(a_stale_epoch_stores_nothing),    cmocka_unit_test(taking_a_lane_waits_for_its_batch),
		cmocka_unit_test(a_lost_connection_is_retry),      cmocka_unit_test(a_missing_table_is_fatal),
		cmocka_unit_test(an_aborted_batch_leaves_nothing), cmocka_unit_test(warm_up_compares_tables),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
