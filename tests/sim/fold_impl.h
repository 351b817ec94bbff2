/* fold_impl: what the parts of the fold share. Private to fold*.c. */
#ifndef SIM_FOLD_IMPL_H
#define SIM_FOLD_IMPL_H

#include "sim.h"

#include "ev/type.h"
#include "run/run.h"
#include "run/tables.h"

#define FOLD_LANES_MAX 64

/* A record inside, decoded once for all who read it. */
struct fold_record {
	struct input input; /* source and lanes are the reader's */
	bool seen; /* published again: its readers skip it */
};

struct fold_stream {
	struct fold_record *record;
	size_t n;
};

/* The inner topics, by lane. */
enum { FOLD_INTAKE, FOLD_BILLING, FOLD_CASH, FOLD_TRANSFER, FOLD_COLLECTIONS, FOLD_TOPICS };
struct fold_streams {
	struct fold_stream topic[FOLD_TOPICS][FOLD_LANES_MAX];
};

/* ---- fold_streams.c ---- */
bool fold_read(const struct world *w, struct arena *arena, struct fold_streams *ret, struct err *err);
struct fold_stream *fold_stream_of(struct fold_streams *s, const char *topic, int32_t lane);

/* ---- fold_reporting.c ---- */
/* Reporting is the same for n random legal interleavings of its topics. */
bool fold_interleavings(struct world *w, struct fold_streams *streams, struct arena *arena, uint64_t seed, int n, struct err *err);

/* ---- fold_compare.c ---- */
/* Row by row, in order of the key. */
bool fold_same_rows(struct mem *live, struct mem *folded, const struct table *table, const char *what, struct err *err);
/* As sets, without the numbers of reporting's own commit order. */
bool fold_same_sets(struct mem *live, struct mem *other, const struct table *table, struct arena *scratch, const char *what,
		    struct err *err);

#endif
