/* test_cli_merge: aging of several parts in one (RPT-01, duty B2). */
#include "cli/aging_merge.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena *a;
static struct aging_buckets buckets;
static struct merge m; /* large */

static int setup(void **state)
{
	struct err err;

	(void)state;
	a = arena_new(1u << 20, 1u << 28);
	assert_true(aging_buckets(AGING_DEFAULT, a, &err, &buckets));
	merge_begin(&m, a, &buckets, MERGE_DUE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

#define AGING "as_of,entity,account,name,currency,not_due,1-30,31-60,61-90,over_90,unapplied,credits,total,oldest_days\n"
#define ITEMS "as_of,entity,account,kind,reference,document_date,due_date,currency,open,sequence\n"

static bool file(const char *name, const char *text, struct err *err)
{
	return merge_file(&m, name, text_of(text), err);
}

static const struct merge_row *sum(const struct merge_part *part, const char *currency)
{
	for (size_t i = 0; i < part->n; i++)
		if (text_eq(part->sum[i].row.currency, text_of(currency)))
			return &part->sum[i].row;
	return NULL;
}

static void parts_and_their_sum(void **state)
{
	struct err err;

	(void)state;
	assert_true(file("a.csv",
			 AGING "2026-03-31,DE01,C1,\"'=Eins, GmbH\",EUR,10.00,20.00,0.00,0.00,1.00,-5.00,-0.50,25.50,120\n"
			       "2026-03-31,JP01,C2,Two,JPY,7,0,0,0,0,0,0,7,0\n",
			 &err));
	assert_true(file("b.csv",
			 ITEMS
			 "2026-03-31,OLD,C1,invoice,A1,2026-02-01,2026-03-31,EUR,100.00,1\n" /* due on the day: not past due */
			 "2026-03-31,OLD,C1,invoice,A2,2026-02-01,2026-03-01,EUR,30.00,1\n" /* 30 days */
			 "2026-03-31,OLD,C1,invoice,A3,2026-02-01,2026-02-28,EUR,31.00,1\n" /* 31 days */
			 "2026-03-31,OLD,C1,debit_memo,A4,2025-12-31,,EUR,90.00,1\n" /* no due date: 90 days from the document */
			 "2026-03-31,OLD,C1,credit_memo,A5,2026-01-01,2026-01-01,EUR,-2.00,1\n"
			 "2026-03-31,OLD,C1,receipt,A6,2026-01-01,2026-01-01,EUR,-3.00,1\n"
			 "2026-03-31,OLD,C1,invoice,A1,2026-02-01,2026-03-31,EUR,100.00,2\n", /* another item of it */
			 &err));

	const struct merge_row *eur = sum(&m.part[1], "EUR"), *all = sum(&m.merged, "EUR");
	assert_string_equal(m.part[0].kind, "aging file");
	assert_string_equal(m.part[1].kind, "items file");
	assert_int_equal(eur->bucket[0], 20000);
	assert_int_equal(eur->bucket[1], 3000);
	assert_int_equal(eur->bucket[2], 3100);
	assert_int_equal(eur->bucket[3], 9000);
	assert_int_equal(eur->credits, -200);
	assert_int_equal(eur->unapplied, -300);
	assert_int_equal(eur->oldest_days, 90);
	assert_int_equal(all->total, 2550 + 34600);
	assert_int_equal(all->total, merge_parts_total(&m, TEXT("EUR")));
	assert_int_equal(sum(&m.merged, "JPY")->total, 7); /* never added to another currency */
	assert_int_equal(merge_parts_total(&m, TEXT("JPY")), 7);
	assert_int_equal(m.twice, 0);
}

/* A part that says another total than its rows add up to is found. */
static void a_part_that_does_not_add_up(void **state)
{
	struct merge_row row = { .currency = TEXT("EUR"), .total = 100 };
	struct merge_part *part;
	struct err err;

	(void)state;
	row.bucket[0] = 99;
	assert_true(merge_part_new(&m, "DE01", "entity", &err, &part));
	assert_true(merge_add(part, &row, &err));
	assert_true(merge_add_merged(&m, &row, &err));
	assert_int_equal(sum(&m.merged, "EUR")->total, 99);
	assert_int_equal(merge_parts_total(&m, TEXT("EUR")), 100);
}

static void what_stands_in_two_parts(void **state)
{
	struct err err;

	(void)state;
	assert_true(merge_is_new(&m, TEXT("DE01"), TEXT("C1"), TEXT("A1"), TEXT("1"), TEXT("EUR"))); /* of the books */
	assert_true(file("a.csv",
			 ITEMS "2026-03-31,DE01,C1,invoice,A1,2026-02-01,2026-03-31,EUR,100.00,1\n"
			       "2026-03-31,DE01,C1,invoice,A1,2026-02-01,2026-03-31,USD,100.00,1\n"
			       "2026-03-31,DE02,C1,invoice,A1,2026-02-01,2026-03-31,EUR,40.00,1\n",
			 &err));
	assert_true(file("b.csv", AGING "2026-03-31,DE02,C9,,EUR,1.00,0,0,0,0,0,0,1.00,0\n", &err));
	assert_true(file("c.csv", AGING "2026-03-31,DE02,C9,,EUR,1.00,0,0,0,0,0,0,1.00,0\n", &err));
	assert_int_equal(m.twice, 2);
	assert_int_equal(sum(&m.merged, "EUR")->total, 4100);
	assert_int_equal(merge_parts_total(&m, TEXT("EUR")), 4100);
	assert_int_equal(sum(&m.merged, "USD")->total, 10000);
}

static void files_that_are_not_so(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "f.csv: an empty file" },
		{ "a,b\n1,2\n", "f.csv:1: no column as_of" },
		{ "as_of,entity,account,currency,unapplied,credits,total\n", "f.csv:1: no column not_due" },
		{ AGING "2026-03-31,E,C,,XXQ,0,0,0,0,0,0,0,0,0\n", "f.csv:2: currency" },
		{ AGING "31.3.2026,E,C,,EUR,0,0,0,0,0,0,0,0,0\n", "f.csv:2: as_of" },
		{ AGING "2026-03-31,E,C,,EUR,0,0,0,0,0,0,0,0,0\n2026-03-31,E,D,,EUR,\"1,5\",0,0,0,0,0,0,1,0\n",
		  "f.csv:3: not_due" },
		{ AGING "2026-03-31,E,C,,EUR,1.00,0,0,0,0,0,0,1.01,0\n", "f.csv:2: total: it is not the sum" },
		{ AGING "2026-03-31,E,C,,EUR,1.005,0,0,0,0,0,0,1.005,0\n", "f.csv:2: not_due" },
		{ AGING "2026-03-31,E,C,,EUR,92233720368547758.07,0.01,0,0,0,0,0,0,0\n", "f.csv:2: total" },
		{ ITEMS "2026-03-31,E,C,invoice,A,2026-01-01,x,EUR,1.00,1\n", "f.csv:2: due_date" },
		{ ITEMS "2026-03-31,E,C,invoice,A,2026-01-01,\"2026-02-01,EUR,1.00,1\n", "f.csv:2: has a quote" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		merge_begin(&m, a, &buckets, MERGE_DUE);
		assert_false(file("f.csv", bad[i].text, &err));
		assert_int_equal(err.class, ERR_REJECT);
		assert_memory_equal(err.msg, bad[i].says, strlen(bad[i].says));
	}
	merge_begin(&m, a, &buckets, MERGE_ACCOUNTING);
	assert_false(file("f.csv", ITEMS, &err));
}

static void the_base_date(void **state)
{
	struct err err;

	(void)state;
	merge_begin(&m, a, &buckets, MERGE_DOCUMENT);
	assert_true(file("a.csv", ITEMS "2026-03-31,E,C1,invoice,A1,2026-02-01,2026-03-31,EUR,1.00,1\n", &err));
	assert_int_equal(sum(&m.merged, "EUR")->bucket[2], 100); /* 58 days */
	assert_int_equal(aging_bucket(&buckets, -400), 0);
	assert_int_equal(aging_bucket(&buckets, 0), 0);
	assert_int_equal(aging_bucket(&buckets, 1), 1);
	assert_int_equal(aging_bucket(&buckets, 90), 3);
	assert_int_equal(aging_bucket(&buckets, 91), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_and_their_sum, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_that_does_not_add_up, setup, teardown),
		cmocka_unit_test_setup_teardown(what_stands_in_two_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_are_not_so, setup, teardown),
		cmocka_unit_test_setup_teardown(the_base_date, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
