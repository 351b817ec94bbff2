/* check: what a seed says. Private to tests/sim. */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "world.h"

#define OMIT_MAX 512

/* What is left out of a life: steps by their number, faults by OMIT_FAULT | number. */
struct omission {
	uint32_t what[OMIT_MAX];
	size_t n;
};

struct verdict {
	bool ok, comparable;
	bool by_order; /* other books than in the first life without faults, but those of another one without */
	bool by_restore; /* other books than without faults, and a database was restored: see arises_without_faults */
	struct err err;
	uint64_t turns, commits, fired[FAULTS_N];
};

/* The life of a seed with faults; where it is comparable also the one without, and whether both end in the same books. tell: the story of the life that fails, on stdout. */
void check_seed(uint64_t seed, const struct omission *omit, bool tell, struct verdict *ret);

/* Leaves out steps and faults while the seed fails in the same way. */
void shrink(uint64_t seed, const struct verdict *failure, struct omission *ret);
/* "17 f0 f2-5 12 13-40": a seed, then what is left out. */
void omission_print(uint64_t seed, const struct omission *omit, FILE *out);
bool omission_parse(const char *line, uint64_t *ret_seed, struct omission *ret);

#endif
