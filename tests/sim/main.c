/* main: tests/sim/sim --seeds N [--from S] | --seed S [OMISSIONS] | --mutants. README.md tells how to read what it says. */
#include "check.h"

#include "base/fault.h"

#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUTANT_SEEDS 1000
#define RESTORE_RARE 500 /* of so many seeds that are compared one may end in other books after a restore */
#define FAILURES_MAX 20 /* then it is enough */

static const char *const mutant_names[MUTANTS_N] = {
	[MUTANT_SEEN_BEFORE_COMMIT] = "Redis marked before the commit",
	[MUTANT_EPOCH_UNCHECKED] = "epoch not checked",
	[MUTANT_OUTBOX_FORGOTTEN] = "unpublished outcomes forgotten on assignment",
	[MUTANT_DECIDES_AFTER_RESTORE] = "decides again after a restore",
	[MUTANT_MARK_BEFORE_ACK] = "published mark moved before the acknowledgement",
	[MUTANT_GAP_IGNORED] = "a gap in a sequence ignored",
	[MUTANT_DAY_WITHOUT_BARRIER] = "the day closed without the barrier",
	[MUTANT_RETURN_REOPENS_ONCE_CLOSED] = "a return re-opens what it once closed",
};

static const char *regressions = "tests/sim/regressions.txt";
static volatile uint64_t seed_now;

static void on_fault(int signo)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "signal %d in seed %llu\n", signo, (unsigned long long)seed_now);

	if (write(2, line, (size_t)n) < 0)
		_exit(3);
	signal(signo, SIG_DFL);
	raise(signo);
}

struct tally {
	uint64_t passed, failed, comparable, by_order, by_restore, turns, commits, fired[FAULTS_N];
};

static void count(struct tally *t, const struct verdict *v)
{
	t->passed += v->ok;
	t->failed += !v->ok;
	t->comparable += v->comparable;
	t->by_order += v->by_order;
	t->by_restore += v->by_restore;
	t->turns += v->turns;
	t->commits += v->commits;
	for (int k = 0; k < FAULTS_N; k++)
		t->fired[k] += v->fired[k];
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void tell_tally(const struct tally *t)
{
	printf("%llu seeds compared with the life without faults (%llu of them with several such lives, because the order of arrival mattered; "
	       "%llu end in other books because a restored database read again in another order); "
	       "%llu turns, %llu commits, %.1f s of CPU; faults:",
	       (unsigned long long)t->comparable, (unsigned long long)t->by_order, (unsigned long long)t->by_restore,
	       (unsigned long long)t->turns, (unsigned long long)t->commits, cpu_seconds());
	for (int k = 0; k < FAULTS_N; k++)
		printf("%s %s %llu", k == 0 ? "" : ",", fault_name((enum fault_kind)k), (unsigned long long)t->fired[k]);
	printf("\n");
}

static void report_failure(uint64_t seed, const struct verdict *v, struct omission *omit)
{
	printf("seed %llu FAILED: %s: %s\n", (unsigned long long)seed, v->err.code, v->err.msg);
	fflush(stdout);
	shrink(seed, v, omit);
	printf("  shrunk; for %s: ", regressions);
	omission_print(seed, omit, stdout);
	fflush(stdout);
}

static void one(uint64_t seed, struct omission *omit, bool shrinks, struct tally *t)
{
	struct verdict v;

	seed_now = seed;
	check_seed(seed, omit, false, &v);
	count(t, &v);
	if (!v.ok && shrinks)
		report_failure(seed, &v, omit);
	else if (!v.ok)
		printf("regression %llu FAILED: %s: %s\n", (unsigned long long)seed, v.err.code, v.err.msg);
}

static bool run_regressions(struct tally *t)
{
	static struct omission omit;
	char line[8192];
	uint64_t seed;
	FILE *f = fopen(regressions, "re");

	if (f == NULL)
		return true;
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[strspn(line, " \t\n")] != '\0' && line[0] != '#') {
			if (!omission_parse(line, &seed, &omit)) {
				fprintf(stderr, "%s: what is this? %s", regressions, line);
				fclose(f);
				return false;
			}
			one(seed, &omit, false, t);
		}
	fclose(f);
	return true;
}

static int run_seeds(uint64_t from, uint64_t n)
{
	static struct tally t;
	static struct omission omit;

	if (!run_regressions(&t))
		return 2;
	for (uint64_t s = from; s < from + n && t.failed < FAILURES_MAX; s++) {
		omit.n = 0;
		one(s, &omit, true, &t);
	}
	tell_tally(&t);
	if (t.by_restore > t.comparable / RESTORE_RARE + 1) {
		printf("so many differ after a restore (more than one of %d) that the order of reading does not explain them\n",
		       RESTORE_RARE);
		t.failed++;
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)t.passed, (unsigned long long)t.failed);
	return t.failed != 0;
}

static int replay(const char *line)
{
	static struct omission omit;
	struct verdict v;
	uint64_t seed;

	if (!omission_parse(line, &seed, &omit))
		return 2;
	seed_now = seed;
	check_seed(seed, &omit, true, &v);
	if (v.ok)
		printf("seed %llu passed\n", (unsigned long long)seed);
	else
		printf("seed %llu FAILED: %s: %s\n", (unsigned long long)seed, v.err.code, v.err.msg);
	return !v.ok;
}

/* A seed shows a mutant only if the same life is well without it. */
static bool shows(enum fault_mutant m, uint64_t seed, struct verdict *ret)
{
	static struct omission none;
	struct verdict without;

	seed_now = seed;
	sim_any_cut = m == MUTANT_GAP_IGNORED;
	fault_mutant = m;
	check_seed(seed, &none, false, ret);
	fault_mutant = MUTANT_NONE;
	if (ret->ok)
		return false;
	check_seed(seed, &none, false, &without);
	if (!without.ok)
		printf("mutant %d: seed %llu fails without it, too: %s: %s\n", m, (unsigned long long)seed, without.err.code,
		       without.err.msg);
	return without.ok;
}

static bool find_mutant(enum fault_mutant m, uint64_t from)
{
	struct verdict v;

	for (uint64_t s = from; s < from + MUTANT_SEEDS; s++) {
		if (!shows(m, s, &v))
			continue;
		printf("mutant %d, %s: found by seed %llu: %s: %s\n", m, mutant_names[m], (unsigned long long)s, v.err.code,
		       v.err.msg);
		fflush(stdout);
		return true;
	}
	printf("mutant %d, %s: SURVIVED %d seeds\n", m, mutant_names[m], MUTANT_SEEDS);
	return false;
}

static int run_mutants(uint64_t from)
{
	int found = 0, all = MUTANTS_N - 1;

	for (int m = 1; m < MUTANTS_N; m++)
		found += find_mutant((enum fault_mutant)m, from);
	printf("%d passed, %d failed\n", found, all - found);
	return found != all;
}

static int usage(void)
{
	fprintf(stderr, "usage: tests/sim/sim --seeds N [--from S]\n       tests/sim/sim --seed \"S [OMISSIONS]\"\n"
			"       tests/sim/sim --mutants [--from S]\n");
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t n = 0, from = 1;
	const char *seed = NULL;
	bool mutants = false;

	/* Large blocks come from the kernel already zeroed: restarts are many. */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	signal(SIGSEGV, on_fault);
	signal(SIGABRT, on_fault);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--mutants") == 0)
			mutants = true;
		else if (strcmp(argv[i], "--seed") == 0 && i++)
			seed = value;
		else if (strcmp(argv[i], "--seeds") == 0 && text_parse_u64(text_of(value), &n))
			i++;
		else if (strcmp(argv[i], "--from") == 0 && text_parse_u64(text_of(value), &from))
			i++;
		else if (strcmp(argv[i], "--regressions") == 0 && i++)
			regressions = value;
		else
			return usage();
	}
	if (mutants)
		return run_mutants(from);
	if (seed != NULL)
		return replay(seed);
	return n > 0 ? run_seeds(from, n) : usage();
}
