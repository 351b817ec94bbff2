/* histogram: how many of each kind, the first and the last of them, and one to look at. Pure. */
#ifndef CLI_HISTOGRAM_H
#define CLI_HISTOGRAM_H

#include "arena/arena.h"
#include "text/text.h"

#define HISTOGRAM_MAX   500 /* kinds; what comes after them is counted together, as HISTOGRAM_OTHER */
#define HISTOGRAM_OTHER "(other)"

struct histogram_bar {
	struct text kind;
	int64_t count;
	int64_t first_ms, last_ms; /* INT64_MAX, INT64_MIN: none had a time */
	char place[300], id[132]; /* of the last one; cut where longer */
};

struct histogram {
	struct arena *arena; /* names of kinds */
	struct histogram_bar bars[HISTOGRAM_MAX + 1];
	size_t n;
};

/* time_ms < 0: none. */
void histogram_add(struct histogram *h, struct text kind, int64_t time_ms, struct text place, struct text id);

/* by_kind: ascending; else the most frequent first. */
void histogram_sort(struct histogram *h, bool by_kind);

#endif
