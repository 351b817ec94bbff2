#include "refusal.h"

static const struct {
	struct text name;
	struct text sentence;
} refusals[REFUSE_N] = {
	[REFUSE_ORDER_EXISTS] = { TEXT("order_exists"), TEXT("the order was booked already") },
	[REFUSE_BAD_ORDER_VERSION] = { TEXT("bad_order_version"), TEXT("a booking is version 1, everything else is 2 or more") },
	[REFUSE_ORDER_VERSION_TAKEN] = { TEXT("order_version_taken"),
					 TEXT("an event with this version was taken, or waits already") },
	[REFUSE_ORDER_CLOSED] = { TEXT("order_closed"), TEXT("the order is cancelled") },
	[REFUSE_ENTITY_CHANGED] = { TEXT("entity_changed"), TEXT("the order was booked for another entity") },
	[REFUSE_CURRENCY_CHANGED] = { TEXT("currency_changed"), TEXT("the order was booked in another currency") },
	[REFUSE_DUPLICATE_LINE] = { TEXT("duplicate_line"), TEXT("a line number stands there twice") },
	[REFUSE_DUPLICATE_TAX] = { TEXT("duplicate_tax"), TEXT("a line has the same tax twice") },
	[REFUSE_TOO_MANY_TAXES] = { TEXT("too_many_taxes"), TEXT("a document holds 64 different taxes at most") },
	[REFUSE_AMOUNT_OUT_OF_RANGE] = { TEXT("amount_out_of_range"), TEXT("an amount is larger than a document can hold") },
	[REFUSE_NEGATIVE_TOTAL] = { TEXT("negative_total"), TEXT("the total is negative; a credit is another document") },
	[REFUSE_CURRENCY_MISMATCH] = { TEXT("currency_mismatch"), TEXT("amounts in different currencies") },
	[REFUSE_SUM_MISMATCH] = { TEXT("sum_mismatch"), TEXT("the net total is not the sum of the lines") },
	[REFUSE_NO_TERMS] = { TEXT("no_terms"), TEXT("no due date, no terms, and the customer has none either") },
	[REFUSE_EXTERNAL_NUMBER_CONFLICT] = { TEXT("external_number_conflict"),
					      TEXT("the external number stands for something else") },
	[REFUSE_BELOW_BILLED] = { TEXT("below_billed"), TEXT("a line may not shrink below what was billed of it") },
	[REFUSE_UNKNOWN_LINE] = { TEXT("unknown_line"), TEXT("the order has no such line") },
	[REFUSE_OVER_FULFILLED] = { TEXT("over_fulfilled"), TEXT("more than is left to deliver") },
	[REFUSE_UNKNOWN_DOCUMENT] = { TEXT("unknown_document"), TEXT("the account has no such invoice or debit memo") },
	[REFUSE_NOTHING_LEFT] = { TEXT("nothing_left"), TEXT("all of it was credited already") },
	[REFUSE_OVER_CREDITED] = { TEXT("over_credited"), TEXT("more than is left to credit, or nothing") },
	[REFUSE_QUANTITY_OR_NET] = { TEXT("quantity_or_net"), TEXT("a line is credited by quantity or by net, one of them") },
	[REFUSE_REFERENCE_TAKEN] = { TEXT("reference_taken"), TEXT("a debit memo with this reference was issued") },
	[REFUSE_CREDIT_NOT_NAMED] = { TEXT("credit_not_named"), TEXT("closing a credit wants the credit, one line and no tax") },
	[REFUSE_CUSTOMER_UNKNOWN] = { TEXT("customer_unknown"), TEXT("the customer is not known") },
	[REFUSE_ENTITY_UNKNOWN] = { TEXT("entity_unknown"), TEXT("the entity is not known") },
	[REFUSE_TERMS_UNKNOWN] = { TEXT("terms_unknown"), TEXT("the terms are not known") },
	[REFUSE_DAY_UNKNOWN] = { TEXT("day_unknown"), TEXT("no business day was opened yet") },
	[REFUSE_BAD_ACCOUNTING_DATE] = { TEXT("bad_accounting_date"), TEXT("later than today, or before the document it credits") },
	[REFUSE_ALREADY_TAKEN_ON] = { TEXT("already_taken_on"), TEXT("this item was taken on already") },
	[REFUSE_OPEN_EXCEEDS_ORIGINAL] = { TEXT("open_exceeds_original"),
					   TEXT("open must be more than 0 and not more than the original amount") },
	[REFUSE_PERIOD_CLOSED] = { TEXT("period_closed"), TEXT("the accounting date lies in a closed period") },
	[REFUSE_NUMBER_PREFIX_INVALID] = { TEXT("number_prefix_invalid"), TEXT("a prefix is two characters A-Z 0-9") },
	[REFUSE_NUMBER_PREFIX_TAKEN] = { TEXT("number_prefix_taken"), TEXT("another entity has this prefix") },
	[REFUSE_NUMBER_PREFIX_CHANGED] = { TEXT("number_prefix_changed"), TEXT("the entity has numbers with another prefix") },
};

struct text bil_refusal_name(enum refusal refusal)
{
	CHECK(refusal > REFUSE_NOTHING && refusal < REFUSE_N);
	return refusals[refusal].name;
}

struct text bil_refusal_sentence(enum refusal refusal)
{
	CHECK(refusal > REFUSE_NOTHING && refusal < REFUSE_N);
	return refusals[refusal].sentence;
}
