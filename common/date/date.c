/*
 * Day numbers after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the
 * year begins on 1 March, so that the leap day is the last one, and 400 years are one era.
 */
#include "date/date.h"

#define DAYS_PER_ERA  146097
#define DAYS_TO_EPOCH 719468 /* 0000-03-01 to 1970-01-01 */
#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY    (86400 * US_PER_SECOND)

bool date_is_valid(date_t date)
{
	return date >= DATE_MIN && date <= DATE_MAX;
}

static date_t in_range(int64_t days)
{
	return days >= DATE_MIN && days <= DATE_MAX ? (date_t)days : DATE_NONE;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* month 1..12 */
static int days_in_month(int year, int month)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

date_t date_of(int year, int month, int day)
{
	if (year < 1900 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return DATE_NONE;

	int march_year = month <= 2 ? year - 1 : year;
	int march_month = month <= 2 ? month + 9 : month - 3;
	int era = march_year / 400;
	int year_of_era = march_year % 400;
	int day_of_year = (153 * march_month + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

void date_civil(date_t date, int *ret_year, int *ret_month, int *ret_day)
{
	CHECK(date_is_valid(date));

	int days = date + DAYS_TO_EPOCH; /* > 0 in the valid range */
	int era = days / DAYS_PER_ERA;
	int day_of_era = days % DAYS_PER_ERA;
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int march_month = (5 * day_of_year + 2) / 153;
	int month = march_month < 10 ? march_month + 3 : march_month - 9;

	*ret_day = day_of_year - (153 * march_month + 2) / 5 + 1;
	*ret_month = month;
	*ret_year = era * 400 + year_of_era + (month <= 2);
}

/* Exactly n digits at t.s[at]. */
static bool digits_at(struct text t, size_t at, size_t n, int *ret_value)
{
	int value = 0;

	if (at + n > t.n)
		return false;
	for (size_t i = at; i < at + n; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
		value = value * 10 + (t.s[i] - '0');
	}
	*ret_value = value;
	return true;
}

static bool char_at(struct text t, size_t at, char c)
{
	return at < t.n && t.s[at] == c;
}

static bool existing(int year, int month, int day, date_t *ret_date)
{
	date_t date = date_of(year, month, day);

	if (date == DATE_NONE)
		return false;
	*ret_date = date;
	return true;
}

bool date_parse(struct text t, date_t *ret_date)
{
	int year, month, day;

	return t.n == 10 && digits_at(t, 0, 4, &year) && char_at(t, 4, '-') && digits_at(t, 5, 2, &month) && char_at(t, 7, '-') &&
	       digits_at(t, 8, 2, &day) && existing(year, month, day, ret_date);
}

bool date_parse_compact(struct text t, date_t *ret_date)
{
	int year, month, day;

	return t.n == 8 && digits_at(t, 0, 4, &year) && digits_at(t, 4, 2, &month) && digits_at(t, 6, 2, &day) &&
	       existing(year, month, day, ret_date);
}

bool date_parse_mdy(struct text t, date_t *ret_date)
{
	int year, month, day;
	size_t month_n = char_at(t, 1, '/') ? 1 : 2;
	size_t day_at = month_n + 1;
	size_t day_n = char_at(t, day_at + 1, '/') ? 1 : 2;
	size_t year_at = day_at + day_n + 1;

	return t.n == year_at + 4 && digits_at(t, 0, month_n, &month) && char_at(t, month_n, '/') &&
	       digits_at(t, day_at, day_n, &day) && char_at(t, year_at - 1, '/') && digits_at(t, year_at, 4, &year) &&
	       existing(year, month, day, ret_date);
}

/* Decimal digits of a number, the last `digits` of them; printf would be most of formatting. Returns what is behind. */
static char *put_digits(char *at, unsigned number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + digits;
}

static char *put_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

const char *date_format(char buf[DATE_TEXT_SIZE], date_t date)
{
	int year, month, day;

	buf[0] = '\0';
	if (!date_is_valid(date))
		return buf;
	date_civil(date, &year, &month, &day);

	char *at = put_char(put_digits(buf, (unsigned)year, 4), '-');

	at = put_char(put_digits(at, (unsigned)month, 2), '-');
	*put_digits(at, (unsigned)day, 2) = '\0';
	return buf;
}

date_t date_add_days(date_t date, int32_t days)
{
	return date_is_valid(date) ? in_range((int64_t)date + days) : DATE_NONE;
}

date_t date_add_months(date_t date, int32_t months)
{
	int year, month, day;

	if (!date_is_valid(date))
		return DATE_NONE;
	date_civil(date, &year, &month, &day);

	int64_t count = (int64_t)year * 12 + (month - 1) + months;

	if (count < INT64_C(1900) * 12 || count > INT64_C(9999) * 12 + 11)
		return DATE_NONE;
	year = (int)(count / 12);
	month = (int)(count % 12) + 1;
	return date_of(year, month, MIN(day, days_in_month(year, month)));
}

date_t date_eom(date_t date)
{
	int year, month, day;

	if (!date_is_valid(date))
		return DATE_NONE;
	date_civil(date, &year, &month, &day);
	return date_of(year, month, days_in_month(year, month));
}

int date_weekday(date_t date)
{
	CHECK(date_is_valid(date));
	return (date - DATE_MIN) % 7 + 1; /* 1900-01-01 was a Monday */
}

int date_fiscal_year(date_t date, int start_month)
{
	int year, month, day;

	CHECK(start_month >= 1 && start_month <= 12);
	date_civil(date, &year, &month, &day);
	return month >= start_month ? year : year - 1;
}

date_t date_net(date_t doc, int32_t days)
{
	return date_add_days(doc, days);
}

date_t date_net_eom(date_t doc, int32_t days)
{
	return date_eom(date_add_days(doc, days));
}

date_t date_eom_net(date_t doc, int32_t days)
{
	return date_add_days(date_eom(doc), days);
}

date_t date_net_day(date_t doc, int32_t days, int day_of_month)
{
	date_t from = date_net(doc, days);
	int year, month, day;

	if (!date_is_valid(from))
		return DATE_NONE;
	date_civil(from, &year, &month, &day);
	date_t first = date_of(year, month, 1);
	date_t wanted = MIN(date_add_days(first, day_of_month - 1), date_eom(first));
	if (wanted >= from)
		return wanted;
	first = date_add_days(date_eom(first), 1);
	return date_is_valid(first) ? MIN(date_add_days(first, day_of_month - 1), date_eom(first)) : DATE_NONE;
}

/* The day, and the microseconds since its beginning. */
static int64_t split_instant(instant_t instant, int64_t *ret_us)
{
	int64_t us = instant % US_PER_DAY;

	if (us < 0)
		us += US_PER_DAY;
	*ret_us = us;
	return (instant / US_PER_DAY) - (instant % US_PER_DAY < 0);
}

date_t instant_date(instant_t instant)
{
	int64_t us;

	return in_range(split_instant(instant, &us));
}

const char *instant_format(char buf[INSTANT_TEXT_SIZE], instant_t instant)
{
	int64_t us;
	date_t date = in_range(split_instant(instant, &us));

	buf[0] = '\0';
	if (date == DATE_NONE)
		return buf;

	unsigned second = (unsigned)(us / US_PER_SECOND);

	date_format(buf, date);

	char *at = put_char(buf + DATE_TEXT_SIZE - 1, 'T');

	at = put_char(put_digits(at, second / 3600 % 24, 2), ':');
	at = put_char(put_digits(at, second / 60 % 60, 2), ':');
	at = put_char(put_digits(at, second % 60, 2), '.');
	at = put_char(put_digits(at, (unsigned)(us % US_PER_SECOND), 6), 'Z');
	*at = '\0';
	return buf;
}

/* '.' and 1..9 decimals at *at, which moves behind them; nothing there is 0. */
static bool parse_fraction(struct text t, size_t *at, int64_t *ret_us)
{
	int64_t us = 0, unit = US_PER_SECOND / 10;
	size_t i = *at;

	*ret_us = 0;
	if (!char_at(t, i, '.'))
		return true;
	for (i++; i < t.n && t.s[i] >= '0' && t.s[i] <= '9'; i++) {
		us += (t.s[i] - '0') * unit;
		unit /= 10;
	}
	if (i - *at < 2 || i - *at > 10)
		return false;
	*ret_us = us;
	*at = i;
	return true;
}

/* The rest of t from `at`: Z or +hh:mm or -hh:mm. */
static bool parse_offset(struct text t, size_t at, int64_t *ret_us)
{
	int hour, minute;

	if (at + 1 == t.n && (t.s[at] == 'Z' || t.s[at] == 'z')) {
		*ret_us = 0;
		return true;
	}
	if (at + 6 != t.n || (t.s[at] != '+' && t.s[at] != '-') || !digits_at(t, at + 1, 2, &hour) || !char_at(t, at + 3, ':') ||
	    !digits_at(t, at + 4, 2, &minute) || hour > 23 || minute > 59)
		return false;

	int64_t us = (hour * 60 + minute) * 60 * US_PER_SECOND;

	*ret_us = t.s[at] == '-' ? -us : us;
	return true;
}

bool instant_parse(struct text t, instant_t *ret_instant)
{
	date_t date;
	int hour, minute, second;
	int64_t fraction_us, offset_us;
	size_t at = 19;

	if (t.n < 20 || !date_parse((struct text){ t.s, 10 }, &date))
		return false;
	if (!(t.s[10] == 'T' || t.s[10] == 't') || !digits_at(t, 11, 2, &hour) || !char_at(t, 13, ':') ||
	    !digits_at(t, 14, 2, &minute) || !char_at(t, 16, ':') || !digits_at(t, 17, 2, &second) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	if (!parse_fraction(t, &at, &fraction_us) || !parse_offset(t, at, &offset_us))
		return false;

	instant_t instant = date * US_PER_DAY + ((hour * 60 + minute) * 60 + second) * US_PER_SECOND + fraction_us - offset_us;

	if (instant_date(instant) == DATE_NONE) /* an offset at the very edge */
		return false;
	*ret_instant = instant;
	return true;
}
