#include "cash_exhaustive.h"

/* One way to use the receipt: on these debits, with the credits or without. */
struct way {
	unsigned debits;
	bool with_credits;
};

static int64_t sum_of(const struct small_account *a, unsigned debits)
{
	int64_t sum = 0;

	for (size_t i = 0; i < a->n_debits; i++)
		sum += debits >> i & 1 ? a->debit[i].minor : 0;
	return sum;
}

static int64_t credit_of(const struct small_account *a)
{
	int64_t sum = 0;

	for (size_t i = 0; i < a->n_credits; i++)
		sum += a->credit[i].minor;
	return sum;
}

/* The oldest due one that is open, of the lowest id where several are; -1: none. */
static int oldest(const struct small_item *item, const int64_t *open, size_t n, unsigned of)
{
	int found = -1;

	for (size_t i = 0; i < n; i++)
		if ((of >> i & 1) && open[i] > 0 && (found < 0 || item[i].due < item[found].due))
			found = (int)i;
	return found;
}

/* Cent by cent: the oldest credit, the receipt last, pays the oldest debit. */
static void pay(const struct small_account *a, struct way way, struct small_result *r)
{
	for (;;) {
		int debit = oldest(a->debit, r->debit, a->n_debits, way.debits);
		int credit = way.with_credits ? oldest(a->credit, r->credit, a->n_credits, ~0u) : -1;

		if (debit < 0 || (credit < 0 && r->receipt == 0))
			return;
		r->debit[debit]--;
		*(credit >= 0 ? &r->credit[credit] : &r->receipt) -= 1;
	}
}

/* One item of exactly this amount: of several, the oldest due. 0: none. */
static unsigned one_item(const struct small_account *a, int64_t minor)
{
	int found = -1;

	for (unsigned set = 1; set < 1u << a->n_debits; set++) {
		if (__builtin_popcount(set) != 1 || sum_of(a, set) != minor)
			continue;
		int at = __builtin_ctz(set);
		if (found < 0 || a->debit[at].due < a->debit[found].due)
			found = at;
	}
	return found < 0 ? 0 : 1u << found;
}

/* The set of exactly the due items, where it is worth this. 0: it is not. */
static unsigned due_items(const struct small_account *a, int64_t minor)
{
	for (unsigned set = 1; set < 1u << a->n_debits; set++) {
		bool exactly = sum_of(a, set) == minor;

		for (size_t i = 0; i < a->n_debits; i++)
			exactly = exactly && (set >> i & 1) == (a->debit[i].due <= a->received);
		if (exactly)
			return set;
	}
	return 0;
}

static struct small_result result_of(const struct small_account *a, struct way way, const char *left)
{
	struct small_result r = { .receipt = a->receipt_minor };

	for (size_t i = 0; i < a->n_debits; i++)
		r.debit[i] = a->debit[i].minor;
	for (size_t i = 0; i < a->n_credits; i++)
		r.credit[i] = a->credit[i].minor;
	pay(a, way, &r);
	r.left = r.receipt > 0 ? left : "";
	return r;
}

struct small_result cash_exhaustive(const struct small_account *a)
{
	int64_t net = a->receipt_minor + credit_of(a);
	unsigned alone, together;

	if (a->named != 0) /* 1. references end the rules */
		return result_of(a, (struct way){ a->named, false }, "excess");
	alone = one_item(a, a->receipt_minor); /* 2. exact amount of one item, also net of the credits */
	together = a->n_credits > 0 ? one_item(a, net) : 0;
	if (alone != 0 && together != 0)
		return result_of(a, (struct way){ 0, false }, "ambiguous");
	if (alone != 0 || together != 0)
		return result_of(a, (struct way){ alone | together, together != 0 }, "excess");
	alone = due_items(a, a->receipt_minor); /* 3. exact amount of all due items */
	together = due_items(a, net);
	if (alone != 0 || together != 0)
		return result_of(a, (struct way){ alone | together, alone == 0 }, "excess");
	if (a->oldest_first && a->n_debits > 0) /* 4. oldest due first, partial last */
		return result_of(a, (struct way){ ~0u, true }, "excess");
	return result_of(a, (struct way){ 0, false }, a->n_debits == 0 ? "no_open_items" : "no_rule_matched");
}
