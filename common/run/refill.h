/*
 * refill: a topic of ours lost its end, or all of it; what is missing is in the outcome table. Here is found out from where on, and
 * written into the marks of the lanes (output_seq.published_seq, lane.published_seq). The service then publishes it again by itself, as
 * what was left over: the same rows, the same code, in order, under its own epoch. Nobody else ever publishes for a lane.
 *
 *	refill_new -> refill_marks -> refill_scan (the log) -> refill_row (each row of the outcome table) -> refill_plan -> refill_apply
 *
 * Marks are read before the log is: what they say was acknowledged must then be in it. Moving a mark back only ever publishes something
 * twice, which readers skip; so a producer that goes on meanwhile does no harm.
 *
 * What a log holds of a lane is counted as readers count: up to the first number that is missing. Dead letters have no number of their
 * own, only the growing one of the lane: of them the end alone can be told to be missing.
 */
#ifndef OPENITEM_RUN_REFILL_H
#define OPENITEM_RUN_REFILL_H

#include "arena/arena.h"
#include "bus/bus.h"
#include "run/stream.h"

struct store;
struct refill;

/* One lane in one partition. */
struct refill_place {
	int32_t lane, partition;
	/* the log */
	int64_t number; /* last one without a gap before it; 0 = none */
	int64_t has_seq, has_offset; /* that record: the lane's seq, and where it lies; 0 and -1 = none */
	int64_t early; /* records that came before their turn: behind a gap */
	/* the marks */
	int64_t published_seq, last_offset;
	bool intact; /* the record they name is where they say */
	/* the plan */
	int64_t missing; /* rows to be published again */
	bool move; /* the marks are not what they should be */
};

/* partitions: of the topic. lanes: ascending, as in the service's lane table, with their last and last published outcome. */
struct refill_lane {
	int32_t lane;
	int64_t seq, published_seq;
};
struct refill *refill_new(struct arena *arena, const char *service, const char *topic, int32_t partitions,
			  const struct refill_lane *lanes, size_t n);

bool refill_marks(struct refill *r, struct store *store, struct err *err);

/*
 * everything: as if the log held nothing. progress may be NULL. Errors: those of bus, and STOP database_older_than_stream: the log holds
 * records of ours that the outcome table does not.
 */
typedef void refill_progress_fn(void *ctx, int64_t done);
bool refill_scan(struct refill *r, const struct bus_conf *conf, bool everything, refill_progress_fn *progress, void *ctx,
		 struct err *err);
/* One record, as refill_scan does it. Pure. low: where its log begins. */
bool refill_see(struct refill *r, int32_t partition, int64_t offset, int64_t low, const struct type_provenance *p, struct err *err);

/* A row of the outcome table that goes to this topic; on a lane-aligned topic all do, to partition = lane. In order of seq per lane. */
void refill_row(struct refill *r, int32_t lane, int32_t partition, int64_t seq);

/* Marks what is to be moved. Returns the places, n of them; *ret_missing = rows in all, *ret_moves = places to be moved. */
const struct refill_place *refill_plan(struct refill *r, size_t *ret_n, int64_t *ret_missing, size_t *ret_moves);

/* Raises the epochs of the lanes concerned and moves their marks; their stops are lifted. FENCED: somebody took a lane meanwhile, call again. */
bool refill_apply(struct refill *r, struct store *store, const char *owner, struct err *err);

#endif
