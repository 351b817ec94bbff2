/* shrink: a failing seed with as few steps and faults as it needs. */
#include "check.h"

#define TRIES_MAX 400

struct shrinking {
	uint64_t seed;
	const struct verdict *failure;
	uint32_t *candidate; /* what is still in */
	size_t n, tries;
	struct omission *omit;
};

static bool fails_the_same_way(struct shrinking *s, const struct omission *omit)
{
	struct verdict v;

	s->tries++;
	check_seed(s->seed, omit, false, &v);
	return !v.ok && strcmp(v.err.code, s->failure->err.code) == 0;
}

/* Tries without candidates from .. from + n. */
static bool without(struct shrinking *s, size_t from, size_t n)
{
	static struct omission tried; /* large */

	tried = *s->omit;
	for (size_t i = from; i < from + n && tried.n < OMIT_MAX; i++)
		tried.what[tried.n++] = s->candidate[i];
	if (!fails_the_same_way(s, &tried))
		return false;
	*s->omit = tried;
	memmove(s->candidate + from, s->candidate + from + n, (s->n - from - n) * sizeof(*s->candidate));
	s->n -= n;
	return true;
}

static bool is_omitted(const struct omission *omit, uint32_t what)
{
	for (size_t i = 0; i < omit->n; i++)
		if (omit->what[i] == what)
			return true;
	return false;
}

static size_t find_candidates(uint64_t seed, bool together, const struct omission *omit, uint32_t *ret)
{
	struct workload *wl = workload_new(seed, is_omitted(omit, OMIT_BOOKS));
	size_t n_steps, n = 0;
	const struct sim_step *steps = workload_steps(wl, &n_steps);

	for (uint32_t f = 0; f < FAULTS_MAX; f++)
		if (!is_omitted(omit, OMIT_FAULT | f))
			ret[n++] = OMIT_FAULT | f;
	/* What is sent between two settles commutes; without the settles it would not. */
	for (size_t i = 0; i < n_steps && n < OMIT_MAX; i++)
		if (!is_omitted(omit, (uint32_t)steps[i].index) && (steps[i].kind == SIM_SEND || !together))
			ret[n++] = (uint32_t)steps[i].index;
	workload_free(wl);
	return n;
}

void shrink(uint64_t seed, const struct verdict *failure, struct omission *ret)
{
	static uint32_t candidates[OMIT_MAX];
	struct shrinking s = { .seed = seed, .failure = failure, .candidate = candidates, .omit = ret };

	s.n = find_candidates(seed, strcmp(failure->err.code, "books_differ") == 0, ret, candidates);
	for (size_t chunk = s.n / 2; chunk > 0 && s.tries < TRIES_MAX; chunk /= 2)
		for (size_t from = 0; from < s.n && s.tries < TRIES_MAX;)
			if (!without(&s, from, MIN(chunk, s.n - from)))
				from += chunk;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void omission_print(uint64_t seed, const struct omission *omit, FILE *out)
{
	static struct omission sorted;

	sorted = *omit;
	if (sorted.n > 1)
		qsort(sorted.what, sorted.n, sizeof(sorted.what[0]), by_number);
	fprintf(out, "%llu", (unsigned long long)seed);
	for (size_t i = 0, k; i < sorted.n; i = k) {
		uint32_t first = sorted.what[i], last = first;
		k = i + 1;
		if (first == OMIT_BOOKS) {
			fprintf(out, " spine");
			continue;
		}
		for (k = i + 1; k < sorted.n && sorted.what[k] == last + 1; k++)
			last++;
		fprintf(out, " %s%u", first & OMIT_FAULT ? "f" : "", first & ~OMIT_FAULT);
		if (last > first)
			fprintf(out, "-%u", last & ~OMIT_FAULT);
	}
	fprintf(out, "\n");
}

/* "7", "f7", "3-9", "f3-9"; "spine" is OMIT_BOOKS */
static bool parse_range(struct text token, struct omission *ret)
{
	uint64_t first, last;
	bool fault = text_starts(token, TEXT("f"));

	if (fault)
		token = (struct text){ token.s + 1, token.n - 1 };
	size_t dash = text_find(token, TEXT("-"));
	struct text end = dash == TEXT_NOT_FOUND ? token : (struct text){ token.s + dash + 1, token.n - dash - 1 };
	if (dash != TEXT_NOT_FOUND)
		token.n = dash;
	if (!text_parse_u64(token, &first) || !text_parse_u64(end, &last) || last < first || last - first >= OMIT_MAX - ret->n)
		return false;
	for (uint64_t i = first; i <= last; i++)
		ret->what[ret->n++] = (uint32_t)i | (fault ? OMIT_FAULT : 0);
	return true;
}

bool omission_parse(const char *line, uint64_t *ret_seed, struct omission *ret)
{
	struct text rest = text_of(line), token;
	bool first = true;

	ret->n = 0;
	while (rest.n > 0 && rest.s[0] != '#') {
		size_t n = strcspn(rest.s, " \t\n");
		token = (struct text){ rest.s, n };
		rest = (struct text){ rest.s + n, rest.n - n };
		while (rest.n > 0 && strchr(" \t\n", rest.s[0]) != NULL)
			rest = (struct text){ rest.s + 1, rest.n - 1 };
		if (!first && text_eq(token, TEXT("spine")))
			ret->what[ret->n++] = OMIT_BOOKS;
		else if (first ? !text_parse_u64(token, ret_seed) : !parse_range(token, ret))
			return false;
		first = false;
	}
	return !first;
}
