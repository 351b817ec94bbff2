/*
 * rebuild: a service's tables made again from the topics: inputs are noted, the recorded outcomes are applied, nothing is decided
 * (DESIGN section 2). For `openitem rebuild` and the simulation; it knows neither the command line nor schemas.
 *
 *	rebuild_open -> rebuild_to (any number of times: as far as the topics and the targets go) -> rebuild_close
 *
 * The store it is given holds the tables of the service and of the loop, empty at first, in its search_path. All progress is in them,
 * each transaction ends at the end of an input's step, so a rebuild that was killed goes on where it was.
 *
 *   lane-aligned outcomes   billing, cash, collections: per lane the own stream in order of seq. An outcome says up to where each input
 *                           topic was noted before it (positions), so: note up to there, apply it.
 *   the gate                intake: ar.intake and the dead letters are rows of its chains, in any order; the chains are walked
 *                           afterwards. What came from outside is not read.
 *   projection              reporting: notes alone, up to the targets, by way of their stops.
 *
 * Chains are verified while they are read: prev_hash, seq, numbers per destination. Errors, besides those of store and bus:
 *	rebuild_chain        STOP   our own stream is not one chain: seq, hash of the record before, service or lane are wrong
 *	rebuild_input_lost   STOP   an outcome, or a target, names inputs that the log does not hold
 *	rebuild_sequence     STOP   a gap in what another service sent
 *	rebuild_decision     STOP   rebuild_finish: deciding again gave something else than what was published
 */
#ifndef OPENITEM_RUN_REBUILD_H
#define OPENITEM_RUN_REBUILD_H

#include "bus/bus.h"
#include "run/run.h"

struct store;
struct rebuild;

#define REBUILD_SOURCES_MAX 8

struct rebuild_conf {
	const char *brokers;
	int32_t lanes; /* of the system */
	size_t window; /* records read ahead in all; 0: REBUILD_WINDOW */
	int64_t batch_max; /* inputs and transactions of inputs in one transaction of ours; 0: BATCH_EVENTS_MAX */
	/* Records taken of those that are known to be needed; may be NULL. */
	void (*progress)(void *ctx, int64_t done, int64_t total);
	void *ctx;
};
#define REBUILD_WINDOW 60000

/* A place on the way: next offsets by source, all of the same moment; -1: of no matter. */
struct rebuild_stop {
	int64_t next_offset[REBUILD_SOURCES_MAX];
};

/* Up to where a lane is to come: where another copy of it stands. */
struct rebuild_target {
	int32_t lane;
	int64_t seq; /* of its last outcome: inputs behind it are noted once the rebuild stands there, too */
	int64_t next_offset[REBUILD_SOURCES_MAX]; /* by source; -1: never read */
	struct text record_hash[REBUILD_SOURCES_MAX]; /* the gate takes it over, because it reads no input; empty: not known */
	/* A projection: every source is noted up to the first of these places, then up to the next ..., so that what was known at
	 * such a moment is what was read before it. Ascending; those that are behind the lane are passed. */
	const struct rebuild_stop *stop;
	size_t n_stops;
};

struct rebuild_result {
	int64_t outcomes, records; /* applied and noted by this call */
	int64_t torn; /* lanes whose stream ends within a transaction: its end was never published; left out */
	int32_t torn_lane;
	int64_t holes; /* the gate: lanes whose chain has a hole with records behind it */
	int32_t hole_lane;
	int64_t hole_seq;
};

/* The store stays the caller's. Takes every lane there (raises its epoch), so that of two rebuilds one is fenced. */
bool rebuild_open(const struct run_service *service, const struct rebuild_conf *conf, struct store *store, struct err *err,
		  struct rebuild **ret_rebuild);
void rebuild_close(struct rebuild *r);

/*
 * Applies every outcome that the topics hold now, then notes what the targets name (lanes without one: as far as their outcomes say).
 * A lane that has fewer outcomes than its target is not an error here: its tables say where it stands.
 */
bool rebuild_to(struct rebuild *r, const struct rebuild_target *targets, size_t n, struct err *err,
		struct rebuild_result *ret_result);

/*
 * After rebuild_to said `torn` or `holes`, and when the database that decided is lost: decides those transactions again. What was
 * published of them must come out byte by byte (else STOP rebuild_decision); what was not goes into the outcome table, from where the
 * service publishes it. *ret_made = how many.
 */
bool rebuild_finish(struct rebuild *r, struct err *err, int64_t *ret_made);

/* All in one: what the topics hold, and the end of what was torn. */
bool run_rebuild(const struct run_service *service, const struct rebuild_conf *conf, struct store *store, struct err *err);

#endif
