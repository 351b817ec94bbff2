#include "arena/arena.h"
#include "err/err.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

static void *volatile sink; /* blocks that only take room */

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void blocks_are_zeroed_aligned_and_apart(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *a = arena_new(MIB, 4 * MIB);
	unsigned char *before = NULL;
	size_t before_n = 0;

	for (size_t n = 0; n < 300; n++) {
		unsigned char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % ARENA_ALIGN, 0);
		assert_true(all_zero(p, n));
		assert_true(before == NULL || p >= before + before_n);
		memset(p, 0xaa, n);
		before = p;
		before_n = n;
	}
}

static void memory_is_zeroed_again_after_rewind_and_reset(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *a = arena_new(64 * KIB, 4 * MIB);

	for (int round = 0; round < 3; round++) {
		unsigned char *kept = arena_dup(a, "kept", 4);
		size_t mark = arena_mark(a);

		memset(arena_alloc(a, 200 * KIB), 0xff, 200 * KIB);
		arena_rewind(a, mark);
		assert_int_equal(arena_used(a), mark);

		unsigned char *again = arena_alloc(a, 300 * KIB);

		assert_true(all_zero(again, 300 * KIB));
		memset(again, 0xff, 300 * KIB);
		assert_memory_equal(kept, "kept", 4);
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	assert_true(all_zero(arena_alloc(a, MIB), MIB));
}

static void over_reports_the_soft_cap(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *a = arena_new(4 * KIB, 64 * KIB);

	assert_false(arena_over(a));
	sink = arena_alloc(a, 3 * KIB);
	assert_false(arena_over(a));
	sink = arena_alloc(a, 2 * KIB);
	assert_true(arena_over(a));
	arena_reset(a);
	assert_false(arena_over(a));
}

static bool is_resident(const unsigned char *at)
{
	unsigned char in = 0;

	assert_int_equal(mincore((void *)((uintptr_t)at & ~(uintptr_t)4095), 1, &in), 0);
	return in & 1;
}

/* One large batch does not keep its memory for ever; several of them do. */
static void what_is_not_needed_goes_back(void **state)
{
	enum { LARGE = 8 << 20 };
	struct arena *a = arena_new((size_t)64 << 20, (size_t)128 << 20);
	unsigned char *block = NULL;

	(void)state;
	for (int i = 0; i < 2 * ARENA_WINDOW; i++) {
		block = arena_alloc(a, LARGE);
		block[LARGE - 1] = 1;
		arena_reset(a);
	}
	assert_true(is_resident(block + LARGE - 1));
	for (int i = 0; i < 2 * ARENA_WINDOW; i++) {
		sink = arena_alloc(a, 100);
		arena_reset(a);
	}
	assert_false(is_resident(block + LARGE - 1));
	block = arena_alloc(a, LARGE);
	assert_int_equal(block[LARGE - 1], 0);
	arena_free(a);
}

static void the_hard_cap_can_be_used_to_the_last_byte(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *a = arena_new(1, 10001);
	unsigned char *p = arena_alloc(a, 10001);

	assert_true(all_zero(p, 10001));
	memset(p, 1, 10001);
	assert_in_range(arena_used(a), 10001, 10032);
}

static void alloc_beyond(struct arena *a)
{
	sink = arena_alloc(a, 9000);
	sink = arena_alloc(a, 9000);
}

static void array_overflow(struct arena *a)
{
	volatile size_t n = SIZE_MAX / 2;

	sink = arena_array(a, n, 3);
}

static void alloc_huge(struct arena *a)
{
	volatile size_t n = SIZE_MAX - 3;

	sink = arena_alloc(a, n);
}

static void rewind_forward(struct arena *a)
{
	arena_rewind(a, 1);
}

/* Run fn in a child and say whether it aborted. */
static bool aborts(void (*fn)(struct arena *a))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		fn(arena_new(KIB, 16 * KIB));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void broken_limits_abort(void **state)
{
	(void)state;
	assert_true(aborts(alloc_beyond));
	assert_true(aborts(array_overflow));
	assert_true(aborts(alloc_huge));
	assert_true(aborts(rewind_forward));
}

static void array_and_new_have_the_right_size(void **state)
{
	(void)state;
	struct pair {
		int64_t a, b;
	};
	_cleanup_(arena_freep) struct arena *a = arena_new(MIB, MIB);
	struct pair *one = ARENA_NEW(a, struct pair);
	struct pair *many = ARENA_ARRAY(a, 100, struct pair);

	one->b = 7;
	many[99].b = 9;
	assert_int_equal(one->a, 0);
	assert_int_equal(many[99].a, 0);
	assert_true(arena_used(a) >= 101 * sizeof(struct pair));
	sink = arena_dup(a, NULL, 0);
}

/* err has no program of its own: its contract fits here. */
static void err_set_fills_and_returns_false(void **state)
{
	(void)state;
	struct err err = { .class = ERR_NONE };

	assert_false(err_set(&err, ERR_STOP, "seq_gap", "lane %d wants %d", 3, 41));
	assert_int_equal(err.class, ERR_STOP);
	assert_string_equal(err.code, "seq_gap");
	assert_string_equal(err.msg, "lane 3 wants 41");
	assert_false(err_wrap(&err, "topic %s", "ar.cash.v1"));
	assert_string_equal(err.msg, "topic ar.cash.v1: lane 3 wants 41");
	assert_string_equal(err.code, "seq_gap");
	assert_false(err_set(&err, ERR_RETRY, "again", "was: %s", err.msg));
	assert_string_equal(err.msg, "was: topic ar.cash.v1: lane 3 wants 41");
	assert_false(err_set(NULL, ERR_STOP, "x", "y"));
	assert_false(err_wrap(NULL, "y"));
	err_clear(&err);
	assert_int_equal(err.class, ERR_NONE);
	assert_string_equal(err.msg, "");
}

static void err_cuts_long_messages_between_characters(void **state)
{
	(void)state;
	struct err err;
	char longer[3 * ERR_MSG_MAX];

	for (size_t lead = 0; lead < 4; lead++) {
		memset(longer, 'x', sizeof(longer));
		for (size_t i = lead; i + 2 < sizeof(longer); i += 2)
			memcpy(longer + i, "\xc3\xa9", 2);
		longer[sizeof(longer) - 1] = '\0';
		err_set(&err, ERR_REJECT, longer, "%s", longer);
		assert_int_equal(strlen(err.code), ERR_CODE_MAX);
		assert_true(strlen(err.msg) >= ERR_MSG_MAX - 1);
		assert_int_not_equal((unsigned char)err.msg[strlen(err.msg) - 1], 0xc3);
		err_wrap(&err, "z");
		assert_true(strlen(err.msg) >= ERR_MSG_MAX - 1);
		assert_int_not_equal((unsigned char)err.msg[strlen(err.msg) - 1], 0xc3);
	}
}

static void err_classes_have_names(void **state)
{
	(void)state;
	assert_string_equal(err_class_name(ERR_NONE), "none");
	assert_string_equal(err_class_name(ERR_RETRY), "retry");
	assert_string_equal(err_class_name(ERR_REJECT), "reject");
	assert_string_equal(err_class_name(ERR_FENCED), "fenced");
	assert_string_equal(err_class_name(ERR_STOP), "stop");
	assert_string_equal(err_class_name(ERR_FATAL), "fatal");
	assert_string_equal(err_class_name((enum err_class)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_zeroed_aligned_and_apart),
		cmocka_unit_test(memory_is_zeroed_again_after_rewind_and_reset),
		cmocka_unit_test(over_reports_the_soft_cap),
		cmocka_unit_test(what_is_not_needed_goes_back),
		cmocka_unit_test(the_hard_cap_can_be_used_to_the_last_byte),
		cmocka_unit_test(broken_limits_abort),
		cmocka_unit_test(array_and_new_have_the_right_size),
		cmocka_unit_test(err_set_fills_and_returns_false),
		cmocka_unit_test(err_cuts_long_messages_between_characters),
		cmocka_unit_test(err_classes_have_names),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
