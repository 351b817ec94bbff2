/* The pure parts of `openitem dlq redrive` and `histogram`: whose headers are whose, what is sent, how fast, counts. */
#include "cli/histogram.h"
#include "cli/redrive.h"
#include "intake/core/dead_letter.h"
#include "wire/dead.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_new(1u << 20, 1u << 26);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

/* ---- headers ---- */

static void own(const char *const *names, size_t n, size_t from, size_t to)
{
	struct text list[64];
	size_t got_from, got_to;

	for (size_t i = 0; i < n; i++)
		list[i] = text_of(names[i]);
	wire_dead_own(list, n, &got_from, &got_to);
	assert_int_equal(got_from, from);
	assert_int_equal(got_to, to);
}
#define OWN(from, to, ...)                                                                                                         \
	own((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), from, to)

static void headers_are_told_by_their_place(void **state)
{
	(void)state;
	OWN(0, 2, "ce_id", "x");
	OWN(0, 1, "ce_id", "openitem_error_code", "openitem_service");
	/* A stranger's dead-letter headers are his own: without ours behind them, and before ours. */
	OWN(0, 3, "ce_id", "__connect.errors.topic", "kafka_dlt-original-topic");
	OWN(0, 2, "openitem_service", "__connect.errors.topic", "__connect.errors.topic", "openitem_service", "openitem_omitted");
	OWN(0, 2, "kafka_dlt-exception-message", "openitem_error_code", "__connect.errors.topic", "openitem_service");
	/* Something of another tool behind them: no set of ours at the end. */
	OWN(0, 3, "openitem_error_code", "openitem_service", "x");
	OWN(2, 3, "openitem_redrive_count", "openitem_redriven_from", "ce_id");
	OWN(2, 3, "openitem_redrive_count", "openitem_redriven_from", "ce_id", "openitem_redrive_count", "openitem_service");
	OWN(0, 2, "openitem_redrive_count", "ce_id");
	OWN(0, 0, "openitem_service");
	own(NULL, 0, 0, 0);
}

static void names_of_topics(void **state)
{
	(void)state;
	assert_true(text_eq(wire_dead_topic(TEXT("a-dlt")), TEXT("a")));
	assert_int_equal(wire_dead_topic(TEXT("-dlt")).n, 0);
	assert_int_equal(wire_dead_topic(TEXT("a-dlt2")).n, 0);
	assert_int_equal(wire_dead_topic(TEXT_NONE).n, 0);
	assert_true(wire_dead_is_header(TEXT("openitem_omitted")) && !wire_dead_is_header(TEXT("openitem_redriven_from")));
}

/* ---- out and back ---- */

#define H(name, value)                                                                                                             \
	{                                                                                                                          \
		TEXT(name), TEXT(value), false                                                                                     \
	}

static const struct record_header strangers[] = {
	H("ce_id", "e1"), H("openitem_redrive_count", "0"), H("__connect.errors.topic", "theirs"), H("bin", "\xff\0\1"),
	H("ce_id", "e2"),
};

/* The gate's dead letter of a record, as the tool reads it. */
static size_t refuse(const struct record_header *h, size_t n, struct bus_header *ret)
{
	struct record r = { .topic = TEXT("crm.customer.v1"), .value = TEXT("x"), .key_null = true, .headers = h, .n_headers = n };
	struct err why;

	err_set(&why, ERR_REJECT, "undecodable", "why");
	const struct record *dead = intake_dead_letter_record(&r, &why, a);

	for (size_t i = 0; i < dead->n_headers; i++)
		ret[i] = (struct bus_header){ dead->headers[i].name,
					      dead->headers[i].value_null ? TEXT_NONE : dead->headers[i].value };
	return dead->n_headers;
}

static void the_count_and_the_own_headers_survive_every_trip(void **state)
{
	(void)state;
	struct bus_header dead[128];
	struct record_header again[128];
	struct redrive_letter l;
	size_t n = refuse(strangers, ARRAY_LEN(strangers), dead);
	size_t letters = n;

	for (int64_t trip = 1; trip <= REDRIVE_LIMIT + 1; trip++) {
		struct text place = text_printf(a, "crm.customer.v1-dlt:3:%lld", (long long)trip);

		redrive_judge(dead, n, place, false, a, &l);
		assert_int_equal(l.count, trip);
		assert_int_equal(l.verdict, trip > REDRIVE_LIMIT ? REDRIVE_EXHAUSTED : REDRIVE_SEND);
		assert_true(text_eq(l.reason, TEXT("undecodable")));
		assert_int_equal(l.headers_n, ARRAY_LEN(strangers) + 2);
		assert_true(text_eq(l.headers[0].name, TEXT("openitem_redrive_count")));
		assert_true(text_eq(l.headers[0].value, text_printf(a, "%lld", (long long)trip)));
		assert_true(text_eq(l.headers[1].value, place));
		for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
			assert_true(text_eq(l.headers[2 + i].name, strangers[i].name));
			assert_true(text_eq(l.headers[2 + i].value, strangers[i].value));
		}
		for (size_t i = 0; i < l.headers_n; i++)
			again[i] = (struct record_header){ l.headers[i].name, l.headers[i].value, false };
		n = refuse(again, l.headers_n, dead);
		assert_int_equal(n, letters); /* it does not grow */
	}
	redrive_judge(dead, n, TEXT("x:0:0"), true, a, &l);
	assert_int_equal(l.verdict, REDRIVE_SEND); /* a person insists */
}

/* kcat -H and the like: the gate's set, and something behind it. Then the names decide. */
static void what_another_tool_copied_does_not_grow(void **state)
{
	(void)state;
	struct bus_header dead[128];
	struct record_header again[128];
	size_t n = refuse(strangers, 1, dead), letters = n;

	for (size_t i = 0; i < n; i++)
		again[i] = (struct record_header){ dead[i].name, dead[i].value, false };
	again[n] = (struct record_header)H("theirs", "1");
	n = refuse(again, n + 1, dead);
	assert_int_equal(n, letters + 1);
}

static void what_cannot_be_sent(void **state)
{
	(void)state;
	static const struct bus_header theirs[] = { { TEXT("ce_id"), TEXT("x") },
						    { TEXT("openitem_error_code"), TEXT("undecodable") } };
	static const struct bus_header cut[] = { { TEXT("openitem_redrive_count"), TEXT("0") },
						 { TEXT("openitem_service"), TEXT("intake") },
						 { TEXT("openitem_omitted"), TEXT("value") } };
	static const struct bus_header odd[] = { { TEXT("openitem_redrive_count"), TEXT("99999999999999999999") },
						 { TEXT("openitem_service"), TEXT("intake") } };
	struct redrive_letter l;

	redrive_judge(theirs, 2, TEXT("x"), true, a, &l);
	assert_int_equal(l.verdict, REDRIVE_FOREIGN);
	redrive_judge(NULL, 0, TEXT("x"), true, a, &l);
	assert_int_equal(l.verdict, REDRIVE_FOREIGN);
	redrive_judge(cut, 3, TEXT("x"), true, a, &l);
	assert_int_equal(l.verdict, REDRIVE_OMITTED);
	redrive_judge(odd, 2, TEXT("x"), false, a, &l);
	assert_int_equal(l.verdict, REDRIVE_SEND);
	assert_int_equal(l.count, 1);
	for (int v = REDRIVE_SEND; v <= REDRIVE_EXHAUSTED; v++)
		assert_true(strlen(redrive_words((enum redrive_verdict)v)) > 3);
}

/* ---- where and how fast ---- */

static void where_it_goes(void **state)
{
	(void)state;
	assert_int_equal(redrive_partition(TEXT("H1"), false, 5, 6), bus_partition_of(TEXT("H1"), 6));
	assert_int_equal(redrive_partition(TEXT_NONE, false, 5, 6), bus_partition_of(TEXT_NONE, 6)); /* empty is a key */
	assert_int_equal(redrive_partition(TEXT_NONE, true, 5, 6), 5);
	assert_int_equal(redrive_partition(TEXT_NONE, true, 5, 4), 1);
}

static void how_fast(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "0", "-1", "x", "1/m", "/s", "1000001", "1.5", "10 /s" };
	int64_t rate = 0;

	assert_true(redrive_rate(TEXT("50/s"), &rate) && rate == 50);
	assert_true(redrive_rate(TEXT("7"), &rate) && rate == 7);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(redrive_rate(text_of(bad[i]), &rate));
	assert_int_equal(redrive_wait_ms(0, 1000, 0), 0);
	assert_int_equal(redrive_wait_ms(10, 5, 100), 400);
	assert_int_equal(redrive_wait_ms(10, 5, 500), 0);
	assert_int_equal(redrive_wait_ms(10, 5, 60000), 0); /* what was slow is not caught up with a negative sleep */
}

/* ---- histogram ---- */

static void counts(void **state)
{
	(void)state;
	static struct histogram h;
	char name[32];

	h = (struct histogram){ .arena = a };
	histogram_add(&h, TEXT("b"), 20, TEXT("t:0:0"), TEXT("e1"));
	histogram_add(&h, TEXT("a"), 5, TEXT("t:0:1"), TEXT("e2"));
	histogram_add(&h, TEXT("a"), -1, TEXT("t:0:2"), TEXT("e3"));
	histogram_add(&h, TEXT("c"), 7, TEXT("t:0:3"), TEXT("e4"));
	histogram_add(&h, TEXT("a"), 3, TEXT("t:0:4"), TEXT("e5"));
	histogram_sort(&h, false);
	assert_int_equal(h.n, 3);
	assert_true(text_eq(h.bars[0].kind, TEXT("a")) && text_eq(h.bars[1].kind, TEXT("b")) && text_eq(h.bars[2].kind, TEXT("c")));
	assert_int_equal(h.bars[0].count, 3);
	assert_int_equal(h.bars[0].first_ms, 3);
	assert_int_equal(h.bars[0].last_ms, 5);
	assert_string_equal(h.bars[0].id, "e2"); /* of the last one by time */
	assert_string_equal(h.bars[0].place, "t:0:1");
	histogram_add(&h, TEXT("b"), 1, TEXT_NONE, TEXT_NONE);
	histogram_add(&h, TEXT("b"), 1, TEXT_NONE, TEXT_NONE);
	histogram_add(&h, TEXT("b"), 1, TEXT_NONE, TEXT_NONE);
	histogram_sort(&h, false);
	assert_true(text_eq(h.bars[0].kind, TEXT("b")));
	histogram_sort(&h, true);
	assert_true(text_eq(h.bars[0].kind, TEXT("a")));
	/* Whoever can write to a dead-letter topic can make up reasons; the list stays a list. */
	for (int i = 0; i < HISTOGRAM_MAX + 100; i++) {
		snprintf(name, sizeof(name), "made-up-%d", i);
		histogram_add(&h, text_of(name), 1, text_of(name), text_of(name));
	}
	assert_int_equal(h.n, HISTOGRAM_MAX + 1);
	assert_true(text_eq(h.bars[HISTOGRAM_MAX].kind, TEXT(HISTOGRAM_OTHER)));
	assert_int_equal(h.bars[HISTOGRAM_MAX].count, 103);
}

static void long_ids_are_cut(void **state)
{
	(void)state;
	static struct histogram h;
	char *big = arena_alloc(a, 5000);

	memset(big, 'x', 5000);
	h = (struct histogram){ .arena = a };
	histogram_add(&h, TEXT("k"), 1, (struct text){ big, 5000 }, (struct text){ big, 5000 });
	assert_int_equal(strlen(h.bars[0].id), sizeof(h.bars[0].id) - 1);
	assert_int_equal(strlen(h.bars[0].place), sizeof(h.bars[0].place) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_told_by_their_place),
		cmocka_unit_test(names_of_topics),
		cmocka_unit_test(the_count_and_the_own_headers_survive_every_trip),
		cmocka_unit_test(what_another_tool_copied_does_not_grow),
		cmocka_unit_test(what_cannot_be_sent),
		cmocka_unit_test(where_it_goes),
		cmocka_unit_test(how_fast),
		cmocka_unit_test(counts),
		cmocka_unit_test(long_ids_are_cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
