/* test_cli_kpi: DSO, best possible DSO, average days delinquent, CEI (RPT-03) against RULES.md and ../shared/cases/metrics_dso_cei.json. */
#include "cli/kpi.h"

#include <setjmp.h>

#include <cmocka.h>

static struct kpi_month month(int32_t days, int64_t billed, int64_t ar_end)
{
	return (struct kpi_month){ .days = days, .billed_minor = billed, .ar_end_minor = ar_end };
}

/* dso-countback-benji, and RULES RPT-03: AR 150; March 80 (31 d), February 60 (28 d), January 100 (31 d): 31 + 28 + 3.1 = 62.1. */
static void test_L6_4b_rpt_03_count_back(void **state)
{
	const struct kpi_month rules[] = { month(31, 10000, 0), month(28, 6000, 0), month(31, 8000, 15000) };
	const struct kpi_month benji[] = { month(30, 7000000, 0), month(30, 8000000, 0), month(30, 10000000, 21200000) };

	(void)state;
	assert_int_equal(kpi_compute(rules, 3).dso_count_back, 621);
	assert_int_equal(kpi_compute(benji, 3).dso_count_back, 737);
	assert_false(kpi_compute(rules, 3).at_least);
}

/* A month with net credits adds its days and increases the rest; what is left after the first month is "at least". */
static void test_rpt_03_count_back_edges(void **state)
{
	const struct kpi_month credit[] = { month(31, 10000, 0), month(28, -1000, 0), month(31, 5000, 9000) };
	const struct kpi_month short_[] = { month(30, 100, 0), month(31, 100, 500) };
	const struct kpi_month none[] = { month(31, 100, 0) };
	const struct kpi_month negative[] = { month(31, 100, -1) };

	(void)state;
	assert_int_equal(kpi_compute(credit, 3).dso_count_back, 310 + 280 + 155); /* 9000 - 5000 + 1000 = half of 10000 */
	assert_int_equal(kpi_compute(short_, 2).dso_count_back, 610);
	assert_true(kpi_compute(short_, 2).at_least);
	assert_int_equal(kpi_compute(none, 1).dso_count_back, 0);
	assert_true(kpi_compute(negative, 1).dso_count_back == KPI_NONE);
}

/* dso-bajaj, dso-fool, dso-tesorio, dso-calc7, and the quarter of RULES: 150 / 240 x 90 = 56.3. */
static void test_L6_4b_rpt_03_simple(void **state)
{
	static const struct {
		int32_t days;
		int64_t ar, billed, dso;
	} cases[] = { { 90, 60000000, 240000000, 225 },
		      { 30, 1800000, 2000000, 270 },
		      { 30, 10000000, 50000000, 60 },
		      { 30, 50000000, 75000000, 200 },
		      { 90, 15000, 24000, 563 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kpi_month m = month(cases[i].days, cases[i].billed, cases[i].ar);
		assert_int_equal(kpi_compute(&m, 1).dso_simple, cases[i].dso);
	}
	struct kpi_month nothing = month(30, 0, 100);
	assert_true(kpi_compute(&nothing, 1).dso_simple == KPI_NONE);
}

static void test_rpt_03_delinquent(void **state)
{
	struct kpi_month m = { .days = 30, .billed_minor = 30000, .ar_end_minor = 45000, .current_end_minor = 30000 };
	struct kpi k = kpi_compute(&m, 1);

	(void)state;
	assert_int_equal(k.dso_simple, 450);
	assert_int_equal(k.best_possible, 300);
	assert_int_equal(k.days_delinquent, 150);
}

/* cei-wizedu-period 79.63 %, cei-gaviti 98 %: sales of the whole period; cei-creditguru-monthly 55.9 %: the same data, a third of the sales. */
static void test_L6_4b_rpt_03_cei(void **state)
{
	struct kpi_month wizedu = { 90, 1089000, 620000, 634000, 359000 };
	struct kpi_month gaviti = { 30, 100000000, 10000000, 12000000, 10000000 };
	struct kpi_month creditguru = { 30, 363000, 620000, 634000, 359000 };
	struct kpi_month nothing = { 30, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(kpi_compute(&creditguru, 1).cei, 559);
	assert_int_equal(kpi_compute(&wizedu, 1).cei, 796);
	assert_int_equal(kpi_compute(&gaviti, 1).cei, 980);
	assert_true(kpi_compute(&nothing, 1).cei == KPI_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_L6_4b_rpt_03_count_back), cmocka_unit_test(test_rpt_03_count_back_edges),
		cmocka_unit_test(test_L6_4b_rpt_03_simple),     cmocka_unit_test(test_rpt_03_delinquent),
		cmocka_unit_test(test_L6_4b_rpt_03_cei),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
