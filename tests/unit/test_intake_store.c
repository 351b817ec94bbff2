/* The gate's tables in a real PostgreSQL: the migration fits the descriptions, two processes race, identities are bytes. */
#include "store_fixture.h"

#include "intake/intake.h"
#include "intake/tables.h"
#include "run/gate.h"
#include "test_intake_records.h"

extern const struct store_migration intake_migrations[];
extern const size_t intake_migrations_n;

static struct arena *arena;
static struct store *store, *other;

/* The service's role, to which the migration gives its rights. */
static void role(const char *action)
{
	struct store *owner;
	char sql[200];

	snprintf(sql, sizeof(sql), "%s ROLE%s openitem_%s", action, strcmp(action, "DROP") == 0 ? " IF EXISTS" : "",
		 fixture_schema);
	assert_ok(store_open(fixture_conninfo(), &fixture_err, &owner));
	assert_ok(store_exec(owner, sql, 0, NULL, &fixture_err));
	store_close(owner);
}

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)64 << 20, (size_t)512 << 20);
	arena_reset(arena);
	fixture_make(NULL);
	role("DROP");
	role("CREATE");
	assert_ok(store_migrate(fixture_conninfo(), fixture_schema, intake_migrations, intake_migrations_n, STORE_MIGRATE_APPLY,
				NULL, NULL, &fixture_err));
	store = fixture_open();
	other = fixture_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	store_close(other);
	fixture_drop();
	role("DROP");
	return 0;
}

static struct input input_of(const struct sent *s)
{
	struct input in = decode(s, arena);

	assert_null(fact_of(&in)->refusal);
	return in;
}

static struct book *begin(struct store *st, const struct input *in)
{
	struct book *book = book_new(arena, intake_tables, INTAKE_TABLES_N);

	assert_ok(store_begin(st, NULL, NULL, 0, &fixture_err));
	intake_service.core->want(book, in);
	assert_ok(store_load(st, book, &fixture_err));
	return book;
}

static size_t step(struct book *book, const struct input *in, bool *ret_dead)
{
	struct decision d = { .core = intake_service.core, .book = book, .arena = arena, .input = in };

	assert_int_equal(core_step(&d), DECIDED);
	*ret_dead = d.n_outcomes > 0 && d.outcomes[0].dead_letter != NULL;
	return d.n_outcomes;
}

/* 1: let through, 0: a duplicate, -1: dead letter. */
static int send(struct sent *s)
{
	struct input in = input_of(s);
	struct book *book = begin(store, &in);
	bool dead;
	size_t n = step(book, &in, &dead);

	assert_ok(store_save_commit(store, intake_tables, INTAKE_TABLES_N, book, &fixture_err));
	return dead ? -1 : n > 0;
}

static struct sent *line(struct text source, struct text id, const char *amount)
{
	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, "L1", amount));

	s->h[1].value = id;
	s->h[2].value = source;
	return s;
}

static void the_schema_is_what_the_tables_say(void **state)
{
	(void)state;
	assert_ok(store_check_migrated(store, intake_migrations, intake_migrations_n, &fixture_err));
	assert_ok(store_prepare(store, intake_tables, INTAKE_TABLES_N, &fixture_err));
}

static void a_race_is_tried_again(void **state)
{
	(void)state;
	struct input a = input_of(line(TEXT("/bank"), TEXT("p1"), "10.00 EUR")), b = a;
	struct book *book_a = begin(store, &a), *book_b = begin(other, &b);
	bool dead;

	assert_int_equal(step(book_a, &a, &dead), 1);
	assert_int_equal(step(book_b, &b, &dead), 1);
	assert_ok(store_save_commit(store, intake_tables, INTAKE_TABLES_N, book_a, &fixture_err));
	assert_err(store_save_commit(other, intake_tables, INTAKE_TABLES_N, book_b, &fixture_err), ERR_RETRY, "store_duplicate");
	book_b = begin(other, &b);
	assert_int_equal(step(book_b, &b, &dead), 0);
	store_abort(other);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM inbox"), 1);
}

/* What looks alike is not the same, and nothing a stranger names can break a statement. */
static void identities_are_bytes(void **state)
{
	(void)state;
	static const struct text names[] = {
		TEXT("x"),
		TEXT("X"),
		TEXT("x "),
		TEXT(" x"),
		TEXT("\xc3\xbc"),
		TEXT("u\xcc\x88"),
		TEXT("\xe2\x80\xae"),
		TEXT("'; --"),
		TEXT("{\"a\",NULL}"),
		TEXT("NULL"),
		TEXT("\\x00"),
		TEXT("\\"),
		TEXT("\xf0\x9d\x84\x9e"),
		TEXT("\xef\xbf\xbf"),
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(send(line(names[i], TEXT("p1"), "10.00 EUR")), 1);
		assert_int_equal(send(line(TEXT("/s"), names[i], "10.00 EUR")), 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(send(line(names[i], TEXT("p1"), "10.00 EUR")), 0);
		assert_int_equal(send(line(TEXT("/s"), names[i], "10.01 EUR")), -1);
	}
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM inbox"), 2 * (int64_t)ARRAY_LEN(names));
}

static void facts_come_back(void **state)
{
	(void)state;
	struct sent *s = sent_event(REFERENCE, arena,
				    EVENT(REFERENCE, arena, "bank_account_recorded.bank_account=DE89",
					  "bank_account_recorded.entity=E2", "bank_account_recorded.currency_code=EUR"));

	s->h[1].value = TEXT("r1");
	assert_int_equal(send(s), 1);
	assert_int_equal(send(line(TEXT("/bank"), TEXT("p1"), "10.00 EUR")), -1);
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM inbox"), 1);
}

static void nobody_may_forget(void **state)
{
	(void)state;
	assert_int_equal(send(line(TEXT("/bank"), TEXT("p1"), "10.00 EUR")), 1);
	assert_false(store_exec(store, "DELETE FROM inbox", 0, NULL, &fixture_err));
	assert_false(store_exec(store, "UPDATE inbox SET payload_hash = payload_hash", 0, NULL, &fixture_err));
	assert_false(store_exec(store, "TRUNCATE inbox", 0, NULL, &fixture_err));
	assert_int_equal(fixture_number(store, "SELECT count(*) FROM inbox"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_schema_is_what_the_tables_say),
		TEST(a_race_is_tried_again),
		TEST(identities_are_bytes),
		TEST(facts_come_back),
		TEST(nobody_may_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
