#include "number.h"

#include "id/id.h"

#define DECIMALS_MAX INT64_C(9999999)
#define COUNTER_AT   8 /* 7 places */
#define FIRST_LETTER (INT64_C(10) * 36 * 36 * 36 * 36 * 36 * 36) /* A000000 in base 36 */

static void base36(char *at, int places, int64_t value)
{
	for (int i = places; i-- > 0; value /= 36)
		at[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % 36];
	CHECK(value == 0);
}

static char type_letter(enum billing_document_type type)
{
	switch (type) {
	case BILLING_DOCUMENT_TYPE_INVOICE:
		return 'I';
	case BILLING_DOCUMENT_TYPE_CREDIT_MEMO:
		return 'C';
	case BILLING_DOCUMENT_TYPE_DEBIT_MEMO:
		return 'D';
	case BILLING_DOCUMENT_TYPE_RECEIPT:
	case BILLING_DOCUMENT_TYPE_UNSPECIFIED:
		break;
	}
	NOT_REACHED("a document type that has numbers");
	return 0;
}

bool bil_number_prefix_valid(struct text prefix)
{
	for (size_t i = 0; i < prefix.n; i++)
		if (!((prefix.s[i] >= 'A' && prefix.s[i] <= 'Z') || (prefix.s[i] >= '0' && prefix.s[i] <= '9')))
			return false;
	return prefix.n == 2;
}

struct text bil_number_make(struct arena *arena, struct text prefix, enum billing_document_type type, int fiscal_year, int32_t lane,
			    int64_t counter)
{
	char count[8] = "", lane_digits[3] = "";

	CHECK(bil_number_prefix_valid(prefix) && lane >= 0 && lane < NUMBER_LANES_MAX && counter >= 1 &&
	      counter <= NUMBER_COUNTER_MAX);
	base36(lane_digits, 2, lane);
	if (counter <= DECIMALS_MAX)
		snprintf(count, sizeof(count), "%07d", (int)counter);
	else
		base36(count, 7, counter - DECIMALS_MAX - 1 + FIRST_LETTER);
	struct text body = text_printf(arena, TEXT_FMT "%c%02d-%s%s", TEXT_ARG(prefix), type_letter(type), fiscal_year % 100,
				       lane_digits, count);
	struct text number = id_check_append(arena, body);
	CHECK(number.n == NUMBER_CHARS);
	return number;
}

int64_t bil_number_counter(struct text number)
{
	int64_t decimals = 0, value = 0;

	CHECK(number.n == NUMBER_CHARS);
	struct text count = { number.s + COUNTER_AT, 7 };
	if (text_parse_i64(count, &decimals))
		return decimals;
	for (size_t i = 0; i < count.n; i++)
		value = value * 36 + (count.s[i] <= '9' ? count.s[i] - '0' : count.s[i] - 'A' + 10);
	return value - FIRST_LETTER + DECIMALS_MAX + 1;
}
