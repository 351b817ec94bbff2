/* cash_exhaustive: LEDGER section 4 for a receipt on a small account, by looking at every set of items and paying cent by cent. */
#ifndef BENCH_CASH_EXHAUSTIVE_H
#define BENCH_CASH_EXHAUSTIVE_H

#include "base/base.h"
#include "date/date.h"

#define SMALL_DEBITS_MAX  4
#define SMALL_CREDITS_MAX 2

/* In the order of their ids. Amounts are positive, in cents. */
struct small_item {
	int64_t minor;
	date_t due;
};

struct small_account {
	struct small_item debit[SMALL_DEBITS_MAX], credit[SMALL_CREDITS_MAX];
	size_t n_debits, n_credits;
	bool oldest_first; /* the customer's policy */
	date_t received;
	int64_t receipt_minor;
	unsigned named; /* bit i: debit i is named by number */
};

/* What is open afterwards, and why the receipt is. */
struct small_result {
	int64_t debit[SMALL_DEBITS_MAX], credit[SMALL_CREDITS_MAX], receipt;
	const char *left; /* "": nothing is left */
};

struct small_result cash_exhaustive(const struct small_account *a);

#endif
