/* check: both lives of a seed, compared. */
#include "check.h"

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

void check_seed(uint64_t seed, const struct omission *omit, bool tell, struct verdict *ret)
{
	_cleanup_(buf_free) struct buf a = { 0 }, b = { 0 };

	*ret = (struct verdict){ .ok = false };
	if (tell)
		printf("---- seed %llu, with faults\n", (unsigned long long)seed);
	world_run(seed, true, tell, omit->what, omit->n, tell ? &a : NULL, &with_faults);
	add(ret, &with_faults);
	ret->comparable = with_faults.comparable;
	ret->err = with_faults.err;
	if (!with_faults.ok)
		return;
	world_run(seed, false, false, omit->what, omit->n, tell ? &b : NULL, &without);
	add(ret, &without);
	if (!without.ok) {
		ret->err = without.err;
		err_wrap(&ret->err, "without faults");
		if (tell)
			printf("---- seed %llu, without faults\n", (unsigned long long)seed);
		if (tell)
			world_run(seed, false, true, omit->what, omit->n, NULL, &without);
		return;
	}
	if (with_faults.comparable && memcmp(&with_faults.digest, &without.digest, sizeof(without.digest)) != 0) {
		err_set(&ret->err, ERR_STOP, "books_differ", "with faults the books are others than without");
		if (tell)
			tell_difference(buf_text(&a), buf_text(&b));
		return;
	}
	ret->ok = true;
}
