/*
 * date: calendar days, terms and instants. Layer 1, pure: no clock, no time zone, no
 * locale; "today" is always a parameter.
 *
 * A date is a number of days, so due dates and aging are subtraction. Proleptic
 * Gregorian calendar. Valid dates are 1900-01-01 to 9999-12-31; functions that compute a
 * date return DATE_NONE when the result leaves that range or an argument is DATE_NONE.
 */
#ifndef DATE_DATE_H
#define DATE_DATE_H

#include "base/base.h"
#include "text/text.h"

typedef int32_t date_t; /* days since 1970-01-01 */
typedef int64_t instant_t; /* microseconds since 1970-01-01T00:00:00Z, leap seconds not counted */

#define DATE_NONE    INT32_MIN /* no date; sorts before every date */
#define INSTANT_NONE INT64_MIN
#define DATE_MIN     ((date_t)-25567) /* 1900-01-01 */
#define DATE_MAX     ((date_t)2932896) /* 9999-12-31 */

#define DATE_TEXT_SIZE    11 /* "2026-03-31" and NUL */
#define INSTANT_TEXT_SIZE 28 /* "2026-01-02T03:04:05.123456Z" and NUL */

/* Within range: what to ask about a number from the wire. DATE_NONE is not valid. */
bool date_is_valid(date_t date);

/* DATE_NONE when there is no such day. month 1..12, day 1..31. */
date_t date_of(int year, int month, int day);
/* The parts of a valid date (checked). */
void date_civil(date_t date, int *ret_year, int *ret_month, int *ret_day);

/* "YYYY-MM-DD", exactly ten characters. False leaves *ret_date untouched; so do the next two. */
bool date_parse(struct text t, date_t *ret_date) MUST_USE;
/* Imports: "4/6/2013" = 6 April 2013; one or two digits for month and day, four for the year. */
bool date_parse_mdy(struct text t, date_t *ret_date) MUST_USE;
/* Imports: "20200227", exactly eight digits. */
bool date_parse_compact(struct text t, date_t *ret_date) MUST_USE;

/* "2026-03-31"; DATE_NONE gives "". Returns buf. */
const char *date_format(char buf[DATE_TEXT_SIZE], date_t date);

/* ---- arithmetic ---- */

date_t date_add_days(date_t date, int32_t days);
/* The same day n months on (or back), or the last day of that month: Jan 31 + 1 = Feb 28. */
date_t date_add_months(date_t date, int32_t months);
/* Last day of the month. */
date_t date_eom(date_t date);
/* ISO 8601: 1 = Monday .. 7 = Sunday. */
int date_weekday(date_t date);
/*
 * The year in which the fiscal year of this date began; start_month 1..12.
 * India (April): 2026-03-31 -> 2025, 2026-04-01 -> 2026. LEDGER 7.
 */
int date_fiscal_year(date_t date, int start_month);

/* ---- payment terms (RULES BIL-10): two different end-of-month terms exist ---- */

/* Net n: document date + n days. */
date_t date_net(date_t doc, int32_t days);
/* n days, then end of month: EOM(doc + n). */
date_t date_net_eom(date_t doc, int32_t days);
/* End of month plus n: EOM(doc) + n. */
date_t date_eom_net(date_t doc, int32_t days);
/* n days, then the next such day of the month (1..31, a shorter month ends it); a day that already is one counts. */
date_t date_net_day(date_t doc, int32_t days, int day_of_month);

/* ---- instants ---- */

/* RFC 3339, UTC, always six decimals; INSTANT_NONE and years outside 1900..9999 give "". Returns buf. */
const char *instant_format(char buf[INSTANT_TEXT_SIZE], instant_t instant);
/*
 * RFC 3339: date, 'T' (or 't'), hh:mm:ss, optionally '.' and 1..9 decimals (those beyond
 * microseconds are cut), then 'Z' (or 'z') or an offset +hh:mm / -hh:mm. Second 60 is refused.
 */
bool instant_parse(struct text t, instant_t *ret_instant) MUST_USE;
/* The UTC day an instant falls on. */
date_t instant_date(instant_t instant);

#endif
