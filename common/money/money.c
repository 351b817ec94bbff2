#include "money/money.h"

__extension__ typedef __int128 wide;

#define E6 1000000

static bool narrow(wide value, int64_t *ret_value)
{
	if (value < INT64_MIN || value > INT64_MAX)
		return false;
	*ret_value = (int64_t)value;
	return true;
}

/* 10^n; n in 0..18. */
static int64_t power_of_ten(int n)
{
	int64_t p = 1;

	CHECK(n >= 0 && n <= 18);
	while (n-- > 0)
		p *= 10;
	return p;
}

bool money_add_minor(int64_t a_minor, int64_t b_minor, int64_t *ret_minor)
{
	return narrow((wide)a_minor + b_minor, ret_minor);
}

bool money_sub_minor(int64_t a_minor, int64_t b_minor, int64_t *ret_minor)
{
	return narrow((wide)a_minor - b_minor, ret_minor);
}

bool money_mul_minor(int64_t a_minor, int64_t factor, int64_t *ret_minor)
{
	return narrow((wide)a_minor * factor, ret_minor);
}

bool money_neg_minor(int64_t a_minor, int64_t *ret_minor)
{
	return narrow(-(wide)a_minor, ret_minor);
}

/* num / den rounded; den > 0, |num| <= 2^126. */
static wide divide(wide num, wide den, enum round round)
{
	bool negative = num < 0;
	wide size = negative ? -num : num;
	wide quotient = size / den;
	wide twice = size % den * 2; /* den < 2^64, so this fits */

	switch (round) {
	case ROUND_HALF_AWAY:
		quotient += twice >= den;
		break;
	case ROUND_HALF_EVEN:
		quotient += twice > den || (twice == den && quotient % 2 != 0);
		break;
	case ROUND_DOWN:
		break;
	}
	return negative ? -quotient : quotient;
}

bool money_ratio(int64_t amount_minor, int64_t num, int64_t den, enum round round, int64_t *ret_minor)
{
	wide product = (wide)amount_minor * num;

	if (den == 0)
		return false;
	return narrow(divide(den < 0 ? -product : product, den < 0 ? -(wide)den : den, round), ret_minor);
}

static size_t count_at_least(wide total, const int64_t *weights, size_t n, int64_t sum, int64_t least)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += total * weights[i] % sum >= least;
	return count;
}

/*
 * The k-th largest remainder, found by bisection over its value: no memory, and no
 * quadratic walk when an invoice has a thousand lines. 0 < k <= number of remainders > 0.
 */
static int64_t kth_remainder(wide total, const int64_t *weights, size_t n, int64_t sum, size_t k)
{
	int64_t low = 1, high = sum; /* at least k are >= low, fewer are >= high */

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (count_at_least(total, weights, n, sum, middle) >= k)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool money_split(int64_t total_minor, const int64_t *weights, size_t n, int64_t *ret_parts_minor)
{
	int64_t sum = 0;
	wide total = total_minor < 0 ? -(wide)total_minor : total_minor;
	wide left = total;

	for (size_t i = 0; i < n; i++)
		if (weights[i] < 0 || __builtin_add_overflow(sum, weights[i], &sum))
			return false;
	if (sum == 0)
		return false;

	for (size_t i = 0; i < n; i++)
		left -= total * weights[i] / sum;

	/* The remainders sum to left x sum and each is below sum: more than `left` are > 0. */
	size_t k = (size_t)left;
	int64_t edge = k == 0 ? 0 : kth_remainder(total, weights, n, sum, k);
	size_t above = k == 0 ? 0 : count_at_least(total, weights, n, sum, edge + 1);
	size_t ties = k - above; /* of those that are exactly at the edge, the first ones */

	for (size_t i = 0; i < n; i++) {
		wide part = total * weights[i] / sum;
		int64_t remainder = (int64_t)(total * weights[i] % sum);

		if (k > 0 && remainder > edge) {
			part++;
		} else if (remainder == edge && ties > 0) {
			part++;
			ties--;
		}
		ret_parts_minor[i] = (int64_t)(total_minor < 0 ? -part : part);
	}
	return true;
}

bool money_extend(int64_t quantity_e6, int64_t price_e6, int exponent, int64_t *ret_minor)
{
	CHECK(exponent >= 0 && exponent <= 6);

	/* millionths x millionths = 10^-12 major units = 10^(exponent - 12) minor units */
	return narrow(divide((wide)quantity_e6 * price_e6, power_of_ten(12 - exponent), ROUND_HALF_AWAY), ret_minor);
}

bool money_tax(int64_t base_minor, int64_t rate_ppm, int64_t *ret_minor)
{
	return money_ratio(base_minor, rate_ppm, E6, ROUND_HALF_AWAY, ret_minor);
}

const char *money_format(char buf[MONEY_TEXT_MAX + 1], int64_t minor, int exponent)
{
	CHECK(exponent >= 0 && exponent <= 6);

	uint64_t rest = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
	char backwards[MONEY_TEXT_MAX];
	size_t n = 0, at = 0;

	/* All decimals, the point behind them, and at least one digit before it. */
	for (int i = 0; i <= exponent || rest > 0; i++) {
		if (i > 0 && i == exponent)
			backwards[n++] = '.';
		backwards[n++] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (minor < 0)
		backwards[n++] = '-';
	while (n > 0)
		buf[at++] = backwards[--n];
	buf[at] = '\0';
	return buf;
}

bool money_parse(struct text t, int exponent, int64_t *ret_minor)
{
	CHECK(exponent >= 0 && exponent <= 6);

	bool negative = t.n > 0 && t.s[0] == '-';
	size_t digits = 0; /* since the beginning or the point */
	int decimals = -1; /* -1: before the point */
	wide value = 0;

	for (size_t i = negative ? 1 : 0; i < t.n; i++) {
		char c = t.s[i];

		if (c == '.' && decimals < 0 && digits > 0) {
			decimals = 0;
			digits = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		digits++;
		if (decimals == exponent) { /* beyond the minor unit: only zeros */
			if (c != '0')
				return false;
			continue;
		}
		value = value * 10 + (c - '0');
		if (value > (wide)INT64_MAX + 1)
			return false;
		if (decimals >= 0)
			decimals++;
	}
	if (digits == 0)
		return false;
	value *= power_of_ten(exponent - MAX(decimals, 0));
	return narrow(negative ? -value : value, ret_minor);
}

bool scaled6_parse(struct text t, int64_t *ret_e6)
{
	return money_parse(t, 6, ret_e6);
}

const char *scaled6_format(char buf[MONEY_TEXT_MAX + 1], int64_t value_e6)
{
	money_format(buf, value_e6, 6);

	char *end = buf + strlen(buf);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		*--end = '\0';
	return buf;
}
