/* check: both lives of a seed, compared. */
#include "check.h"

#define OTHER_LIVES 12

static struct result with_faults, without; /* large */

static void add(struct verdict *v, const struct result *r)
{
	v->turns += r->turns;
	v->commits += r->commits;
	for (int k = 0; k < FAULTS_N; k++)
		v->fired[k] += r->fired[k];
}

/* The first line that differs, and its neighbours. */
static void tell_difference(struct text a, struct text b)
{
	size_t line = 1, at = 0, from = 0;

	while (at < a.n && at < b.n && a.s[at] == b.s[at]) {
		if (a.s[at] == '\n') {
			from = at + 1;
			line++;
		}
		at++;
	}
	int n_a = (int)strcspn(a.s + from, "\n"), n_b = (int)strcspn(b.s + from, "\n");
	printf("the books differ first in line %zu:\n  with faults:    %.*s\n  without faults: %.*s\n", line, n_a, a.s + from, n_b,
	       b.s + from);
}

static bool same_books(const struct result *a, const struct result *b)
{
	return memcmp(&a->digest, &b->digest, sizeof(a->digest)) == 0;
}

/*
 * Some orders of arrival are legal and change the books (DESIGN section 3: recorded, not repeatable): a line that is looked at again on the
 * day an invoice is released, say. So the books must be some that arise without faults, if not at first then by another schedule.
 * A lane of a restored database reads again what no outcome of its own names, across moments of rest, so not even then: an invoice and the payment
 * that once came a day later may come the other way round. These are counted, and few (main.c).
 */
static bool arises_without_faults(uint64_t seed, const struct omission *omit, struct verdict *v)
{
	for (unsigned life = 2; life < 2 + OTHER_LIVES; life++) {
		world_run(seed, life, false, omit->what, omit->n, NULL, &without);
		add(v, &without);
		if (without.ok && same_books(&with_faults, &without))
			return true;
	}
	return false;
}

void check_seed(uint64_t seed, const struct omission *omit, bool tell, struct verdict *ret)
{
	_cleanup_(buf_free) struct buf a = { 0 }, b = { 0 };

	*ret = (struct verdict){ .ok = false };
	if (tell)
		printf("---- seed %llu, with faults\n", (unsigned long long)seed);
	world_run(seed, LIFE_WITH_FAULTS, tell, omit->what, omit->n, tell ? &a : NULL, &with_faults);
	add(ret, &with_faults);
	ret->comparable = with_faults.comparable;
	ret->err = with_faults.err;
	ret->ok = with_faults.ok;
	if (!with_faults.ok || !with_faults.comparable)
		return;
	world_run(seed, 1, false, omit->what, omit->n, tell ? &b : NULL, &without);
	add(ret, &without);
	ret->ok = without.ok;
	if (!without.ok) {
		ret->err = without.err;
		err_wrap(&ret->err, "without faults");
		if (tell)
			printf("---- seed %llu, without faults\n", (unsigned long long)seed);
		if (tell)
			world_run(seed, 1, true, omit->what, omit->n, NULL, &without);
		return;
	}
	if (same_books(&with_faults, &without))
		return;
	if (tell)
		tell_difference(buf_text(&a), buf_text(&b));
	ret->by_order = arises_without_faults(seed, omit, ret);
	ret->by_restore = !ret->by_order && with_faults.restored;
	ret->ok = ret->by_order || ret->by_restore;
	if (!ret->ok)
		err_set(&ret->err, ERR_STOP, "books_differ",
			"with faults the books are others than without, however that is scheduled");
}
