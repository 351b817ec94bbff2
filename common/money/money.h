/*
 * money: amounts in int64 minor units, checked. Layer 1, pure, no floating point.
 *
 * A minor unit is what ISO 4217 says: cents for USD, yen for JPY, fils for KWD (1/1000).
 * Every function that can overflow returns bool; false means "does not fit" (or a bad
 * argument named below) and leaves *ret untouched. Products are computed in 128 bits.
 *
 * Rules: LEDGER section 7 (rounding half away from zero, scaled quantity and price).
 */
#ifndef MONEY_MONEY_H
#define MONEY_MONEY_H

#include "base/base.h"
#include "text/text.h"

struct money {
	char currency[4]; /* ISO 4217 code, NUL behind */
	int64_t minor;
};

/* ---- currencies ---- */

#define CURRENCY_EXPONENT_MAX 4

struct currency {
	char code[4];
	uint16_t number; /* ISO 4217 numeric code */
	uint8_t exponent; /* decimals of the minor unit: 0, 2, 3 or 4 */
};

/*
 * The active codes of ISO 4217 that have a minor unit (so not XAU, XDR, XTS, XXX, ...).
 * Exactly three upper case letters; NULL when unknown. The row lives for ever.
 */
const struct currency *currency_find(struct text code);

/* Decimals of the currency, or -1 when unknown. */
int currency_exponent(struct text code);

/* The whole table in order of code, for tools and tests. */
const struct currency *currency_all(size_t *ret_n);

/* ---- arithmetic on minor units ---- */

bool money_add_minor(int64_t a_minor, int64_t b_minor, int64_t *ret_minor) MUST_USE;
bool money_sub_minor(int64_t a_minor, int64_t b_minor, int64_t *ret_minor) MUST_USE;
bool money_mul_minor(int64_t a_minor, int64_t factor, int64_t *ret_minor) MUST_USE;
bool money_neg_minor(int64_t a_minor, int64_t *ret_minor) MUST_USE;

/* All three treat a negative amount as the mirror of the positive one. */
enum round {
	ROUND_HALF_AWAY, /* 0.5 -> 1, -0.5 -> -1: commercial rounding, the default of LEDGER 7 */
	ROUND_HALF_EVEN, /* 0.5 -> 0, 1.5 -> 2 */
	ROUND_DOWN, /* towards zero */
};

/* amount x num / den, rounded once. den may be negative; den 0 is false. */
bool money_ratio(int64_t amount_minor, int64_t num, int64_t den, enum round round, int64_t *ret_minor) MUST_USE;

/*
 * Split total over n weights so that the parts sum to total exactly. Each part is its
 * share rounded down, and the units left over go to the largest remainders; of equal
 * remainders the lower index first. A negative total gives the mirrored parts, so a
 * credit undoes an invoice part by part. A weight of 0 gets 0.
 * False when n is 0, a weight is negative, or the weights sum to 0 or beyond int64.
 * weights and ret_parts_minor must not overlap.
 */
bool money_split(int64_t total_minor, const int64_t *weights, size_t n, int64_t *ret_parts_minor) MUST_USE;

/*
 * Line amount: quantity x unit price, both in millionths (price in major units of the
 * currency), rounded half away from zero to the minor unit of `exponent` decimals.
 * LEDGER 7: 12,345 x 0.0873 = 1,077.72.
 */
bool money_extend(int64_t quantity_e6, int64_t price_e6, int exponent, int64_t *ret_minor) MUST_USE;

/*
 * Tax on one base at a rate in parts per million (9 % = 90000), half away from zero.
 * LEDGER 7: rounded per (code, category, rate) on the document: the caller sums the
 * bases first. 9 % of 100.05 is 9.00.
 */
bool money_tax(int64_t base_minor, int64_t rate_ppm, int64_t *ret_minor) MUST_USE;

/* ---- to and from text ---- */

#define MONEY_TEXT_MAX 31 /* longest result of the two format functions */

/* "-1234.50", no separators; exponent 0..6. Returns buf. */
const char *money_format(char buf[MONEY_TEXT_MAX + 1], int64_t minor, int exponent);

/*
 * Strict: optional '-', digits, optionally '.' and digits. No blanks, no '+', no
 * separators, no exponent notation, a digit on both sides of the point. More decimals
 * than `exponent` (0..6) only where they are zero. False for the rest and for overflow.
 */
bool money_parse(struct text t, int exponent, int64_t *ret_minor) MUST_USE;

/* Quantities and unit prices in millionths: same grammar, at most 6 decimals that count. */
bool scaled6_parse(struct text t, int64_t *ret_e6) MUST_USE;

/* Shortest form: 12345000000 -> "12345", 87300 -> "0.0873". Returns buf. */
const char *scaled6_format(char buf[MONEY_TEXT_MAX + 1], int64_t value_e6);

#endif
