/* How many records a batch takes, when what is loaded for one needs more or less room. Pure; the benchmark P5 has the accounts that need it. */
#include "run/batch_size.h"

#include <setjmp.h>

#include <cmocka.h>

#define ROOM        ((size_t)64 << 20)
#define MAX_RECORDS 5000

static void steps(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t size, taken;
		bool full;
		size_t used;
		int64_t next;
	} cases[] = {
		{ "few were pending", 256, 3, false, 1000, 256 },
		{ "half of the room was enough", 256, 256, false, ROOM / 2, 512 },
		{ "more than half was needed", 256, 256, false, ROOM / 2 + 1, 256 },
		{ "all of it, and everything was decided", 256, 256, false, ROOM * 2, 256 },
		{ "not everything was decided", 256, 256, true, ROOM + 1, 128 },
		{ "few were pending, and too much", 256, 10, true, ROOM + 1, 5 },
		{ "two were too much", 2, 2, true, ROOM + 1, 1 },
		{ "never more than is allowed", 4000, 4000, false, 0, MAX_RECORDS },
		{ "nor where one is allowed", 1, 1, false, 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t max = cases[i].size == 1 ? 1 : MAX_RECORDS;
		int64_t next = batch_size_next(cases[i].size, cases[i].taken, cases[i].full, cases[i].used, ROOM, max);
		if (next != cases[i].next)
			fail_msg("%s: %lld, not %lld", cases[i].name, (long long)next, (long long)cases[i].next);
	}
}

/* Loads of batch.c until `records` are decided, each of which needs `need` bytes: a batch that is full behind its load decides one. */
static int64_t loaded_for(int64_t records, size_t need, int64_t *size)
{
	int64_t loaded = 0;

	while (records > 0) {
		int64_t taken = MIN(*size, records);
		size_t used = (size_t)taken * need;
		bool full = taken > 1 && used > ROOM;
		loaded += taken;
		records -= full ? 1 : taken;
		*size = batch_size_next(*size, taken, full, used, ROOM, MAX_RECORDS);
	}
	return loaded;
}

/* Transfers to accounts with ten open items need 19 KB each, 5,000 of them 95 MB: with batches of one size each transfer cost a whole load. */
static void a_backlog_of_large_accounts_is_loaded_about_once(void **state)
{
	(void)state;
	int64_t size = BATCH_SIZE_FIRST;

	assert_true(loaded_for(100000, 1000, &size) <= 100000);
	assert_int_equal(size, MAX_RECORDS);
	assert_true(loaded_for(100000, 19000, &size) < 2 * 100000);
	assert_true(loaded_for(10000, 2000000, &size) < 2 * 10000);
	assert_true(size <= 32);
	assert_true(loaded_for(100000, 1000, &size) <= 100000); /* and up again */
	assert_int_equal(size, MAX_RECORDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(a_backlog_of_large_accounts_is_loaded_about_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
