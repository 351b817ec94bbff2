#include "date/date.h"

#include <setjmp.h>
#include <time.h>

#include <cmocka.h>

static date_t day(const char *cstr)
{
	date_t date;

	assert_true(date_parse(text_of(cstr), &date));
	return date;
}

static void assert_day(date_t date, const char *expected)
{
	char buf[DATE_TEXT_SIZE];

	assert_string_equal(date_format(buf, date), expected);
}

/* Every day of the range, against libc's calendar. */
static void every_day_matches_libc(void **state)
{
	(void)state;
	int weekday = 1;

	for (date_t d = DATE_MIN; d <= DATE_MAX; d++) {
		int year, month, day_of_month;

		date_civil(d, &year, &month, &day_of_month);
		if (date_of(year, month, day_of_month) != d || date_weekday(d) != weekday)
			fail_msg("day %d", d);
		weekday = weekday % 7 + 1;
		if (d % 11 != 0 && month != 2)
			continue;

		time_t t = (time_t)d * 86400;
		struct tm tm;

		gmtime_r(&t, &tm);
		if (tm.tm_year + 1900 != year || tm.tm_mon + 1 != month || tm.tm_mday != day_of_month)
			fail_msg("day %d", d);
	}
}

static void the_range_has_ends(void **state)
{
	(void)state;
	assert_int_equal(date_of(1970, 1, 1), 0);
	assert_int_equal(date_of(1900, 1, 1), DATE_MIN);
	assert_int_equal(date_of(9999, 12, 31), DATE_MAX);
	assert_int_equal(date_of(1899, 12, 31), DATE_NONE);
	assert_int_equal(date_of(10000, 1, 1), DATE_NONE);
	assert_int_equal(date_of(2026, 0, 1), DATE_NONE);
	assert_int_equal(date_of(2026, 13, 1), DATE_NONE);
	assert_int_equal(date_of(2026, 4, 31), DATE_NONE);
	assert_int_equal(date_of(2026, 1, 0), DATE_NONE);
	assert_int_equal(date_of(1900, 2, 29), DATE_NONE);
	assert_int_not_equal(date_of(2000, 2, 29), DATE_NONE);
	assert_false(date_is_valid(DATE_NONE));
	assert_false(date_is_valid(DATE_MIN - 1));
	assert_true(date_is_valid(DATE_MIN));
	assert_true(date_is_valid(DATE_MAX));
	assert_day(DATE_NONE, "");
	assert_day(DATE_MAX, "9999-12-31");
	assert_day(date_of(2026, 3, 1), "2026-03-01");
}

static void dates_are_parsed_strictly(void **state)
{
	(void)state;
	static const struct text bad[] = {
		TEXT(""),           TEXT("2026-1-01"),   TEXT("2026-01-1"),   TEXT("2026/01/01"), TEXT("2026-02-29"),
		TEXT("26-01-01"),   TEXT(" 2026-01-01"), TEXT("2026-01-01 "), TEXT("2026-01-0x"), TEXT("1899-12-31"),
		TEXT("+026-01-01"), TEXT("2026-13-01"),  TEXT("2026-01-32"),
	};
	date_t date = 42;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(date_parse(bad[i], &date));
	assert_false(date_parse(TEXT_NONE, &date));
	assert_int_equal(date, 42);
	assert_int_equal(day("2024-02-29"), date_of(2024, 2, 29));
}

static void import_dates(void **state)
{
	(void)state;
	date_t date = 42;

	assert_true(date_parse_mdy(TEXT("4/6/2013"), &date));
	assert_day(date, "2013-04-06");
	assert_true(date_parse_mdy(TEXT("12/31/2013"), &date));
	assert_day(date, "2013-12-31");
	assert_true(date_parse_mdy(TEXT("1/31/2013"), &date));
	assert_day(date, "2013-01-31");
	assert_true(date_parse_mdy(TEXT("11/2/2013"), &date));
	assert_day(date, "2013-11-02");
	assert_true(date_parse_mdy(TEXT("04/06/2013"), &date));
	assert_day(date, "2013-04-06");
	assert_true(date_parse_compact(TEXT("20200227"), &date));
	assert_day(date, "2020-02-27");

	static const struct text bad[] = {
		TEXT(""),          TEXT("/"),       TEXT("4/6/13"),    TEXT("13/1/2013"),  TEXT("2/29/2013"), TEXT("4-6-2013"),
		TEXT("4/6/2013 "), TEXT("4//2013"), TEXT("/4/2013"),   TEXT("004/6/2013"), TEXT("4/6/20133"), TEXT("4/6"),
		TEXT("20200230"),  TEXT("2020022"), TEXT("202002277"), TEXT("2020022x"),
	};

	date = 42;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(date_parse_mdy(bad[i], &date));
		assert_false(date_parse_compact(bad[i], &date));
	}
	assert_false(date_parse_mdy(TEXT_NONE, &date));
	assert_int_equal(date, 42);
}

static void months_and_weekdays(void **state)
{
	(void)state;
	assert_day(date_eom(day("2024-02-01")), "2024-02-29");
	assert_day(date_eom(day("2026-12-31")), "2026-12-31");
	assert_day(date_add_months(day("2026-01-31"), 1), "2026-02-28");
	assert_day(date_add_months(day("2024-01-31"), 1), "2024-02-29");
	assert_day(date_add_months(day("2026-01-31"), -2), "2025-11-30");
	assert_day(date_add_months(day("2026-03-15"), 12), "2027-03-15");
	assert_day(date_add_months(day("2026-12-15"), 1), "2027-01-15");
	assert_day(date_add_months(day("2026-01-15"), -1), "2025-12-15");
	assert_day(date_add_months(day("9999-12-01"), 1), "");
	assert_day(date_add_months(day("1900-01-01"), -1), "");
	assert_day(date_add_months(day("2026-01-01"), INT32_MAX), "");
	assert_day(date_add_months(day("2026-01-01"), INT32_MIN), "");
	assert_int_equal(date_weekday(day("1970-01-01")), 4);
	assert_int_equal(date_weekday(day("2026-03-29")), 7);
}

static void none_stays_none(void **state)
{
	(void)state;
	assert_int_equal(date_add_days(DATE_NONE, 1), DATE_NONE);
	assert_int_equal(date_add_days(DATE_MAX, 1), DATE_NONE);
	assert_int_equal(date_add_days(DATE_MIN, -1), DATE_NONE);
	assert_int_equal(date_add_days(0, INT32_MIN), DATE_NONE);
	assert_int_equal(date_add_days(DATE_MAX, INT32_MAX), DATE_NONE);
	assert_int_equal(date_add_months(DATE_NONE, 1), DATE_NONE);
	assert_int_equal(date_eom(DATE_NONE), DATE_NONE);
	assert_int_equal(date_net_eom(DATE_MAX, 1), DATE_NONE);
	assert_int_equal(date_eom_net(DATE_MAX, 1), DATE_NONE);
}

static void L7_fiscal_year_is_the_year_it_begins_in(void **state)
{
	(void)state;
	assert_int_equal(date_fiscal_year(day("2026-03-31"), 4), 2025);
	assert_int_equal(date_fiscal_year(day("2026-04-01"), 4), 2026);
	assert_int_equal(date_fiscal_year(day("2026-01-01"), 1), 2026);
	assert_int_equal(date_fiscal_year(day("2026-12-31"), 1), 2026);
	assert_int_equal(date_fiscal_year(day("2026-11-30"), 12), 2025);
}

static void BIL_10_two_end_of_month_terms(void **state)
{
	(void)state;
	assert_day(date_net(day("2026-01-15"), 30), "2026-02-14");
	assert_day(date_net(day("2026-01-15"), 0), "2026-01-15");
	assert_day(date_net_eom(day("2026-01-15"), 30), "2026-02-28");
	assert_day(date_eom_net(day("2026-01-15"), 30), "2026-03-02");
	/* term-odoo-04..06: month end + 45 days */
	assert_day(date_eom_net(day("2019-01-01"), 45), "2019-03-17");
	assert_day(date_eom_net(day("2019-01-15"), 45), "2019-03-17");
	assert_day(date_eom_net(day("2019-01-31"), 45), "2019-03-17");
	/* term-odoo-10..12: last day of the invoice month */
	assert_day(date_net_eom(day("2019-01-31"), 0), "2019-01-31");
	assert_day(date_eom_net(day("2019-01-01"), 0), "2019-01-31");
}

static void assert_instant(const char *given, const char *expected)
{
	char buf[INSTANT_TEXT_SIZE];
	instant_t t;

	assert_true(instant_parse(text_of(given), &t));
	assert_string_equal(instant_format(buf, t), expected);
}

static void instants_are_rfc3339(void **state)
{
	(void)state;
	char buf[INSTANT_TEXT_SIZE];
	instant_t t;

	assert_string_equal(instant_format(buf, 0), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(instant_format(buf, -1), "1969-12-31T23:59:59.999999Z");
	assert_string_equal(instant_format(buf, INSTANT_NONE), "");
	assert_string_equal(instant_format(buf, INT64_MAX), "");
	assert_true(instant_parse(TEXT("2026-01-02T03:04:05.123456Z"), &t));
	assert_true(t == INT64_C(1767323045123456));
	assert_instant("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z");
	assert_instant("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z");
	assert_instant("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000Z");
	assert_instant("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456Z");
	assert_instant("2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05.000000Z");
	assert_instant("2026-01-02T23:04:05.1-05:00", "2026-01-03T04:04:05.100000Z");
	assert_instant("1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000000Z");
	assert_instant("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z");
	assert_int_equal(instant_date(-1), -1);
	assert_int_equal(instant_date(0), 0);
	assert_int_equal(instant_date(INSTANT_NONE), DATE_NONE);
}

static void bad_instants_are_refused(void **state)
{
	(void)state;
	static const struct text bad[] = {
		TEXT(""),
		TEXT("2026-01-02"),
		TEXT("2026-01-02T03:04:05"),
		TEXT("2026-01-02 03:04:05Z"),
		TEXT("2026-01-02T24:00:00Z"),
		TEXT("2026-01-02T03:60:05Z"),
		TEXT("2026-01-02T03:04:60Z"),
		TEXT("2026-01-02T03:04:05.Z"),
		TEXT("2026-01-02T03:04:05.1234567890Z"),
		TEXT("2026-01-02T03:04:05ZZ"),
		TEXT("2026-01-02T03:04:05+0530"),
		TEXT("2026-01-02T03:04:05+24:00"),
		TEXT("2026-01-02T03:04:05+05:60"),
		TEXT("2026-01-02T03:04:05,5Z"),
		TEXT("2026-01-02T03:04Z    "),
		TEXT("1900-01-01T00:00:00+00:01"),
		TEXT("9999-12-31T23:59:59-00:01"),
		TEXT("2026-02-30T03:04:05Z"),
	};
	instant_t t = 42;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(instant_parse(bad[i], &t));
	assert_false(instant_parse(TEXT_NONE, &t));
	assert_int_equal(t, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_matches_libc),
		cmocka_unit_test(the_range_has_ends),
		cmocka_unit_test(dates_are_parsed_strictly),
		cmocka_unit_test(import_dates),
		cmocka_unit_test(months_and_weekdays),
		cmocka_unit_test(none_stays_none),
		cmocka_unit_test(L7_fiscal_year_is_the_year_it_begins_in),
		cmocka_unit_test(BIL_10_two_end_of_month_terms),
		cmocka_unit_test(instants_are_rfc3339),
		cmocka_unit_test(bad_instants_are_refused),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
