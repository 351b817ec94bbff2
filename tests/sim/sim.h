/*
 * sim: the whole platform in one process, one thread, from one seed.
 *
 *	world.c ...       five services run common/run's own loop (turn.c, batch.c, publish.c ...) and their own cores, each as a
 *	                  coroutine, on an in-memory store (mem_*), a simulated log and a simulated cache; the scheduler picks who goes on,
 *	                  and where something breaks
 *	workload.c ...    what strangers and people send: from the seed, days of `openitem generate`'s kind of business, and commands
 *	invariants.c ...  what must hold after every commit, and at the end
 *	main.c            --seeds N [--from S] | --seed S | --mutants
 *
 * This header is what the three say to each other.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "arena/arena.h"
#include "book/book.h"
#include "bus/bus.h"
#include "date/date.h"

enum sim_service { SIM_INTAKE, SIM_BILLING, SIM_CASH, SIM_COLLECTIONS, SIM_REPORTING, SIM_SERVICES };

/* rng.c. Deterministic; one per purpose, so that a new draw in one place does not move the others. */
struct sim_rng {
	uint64_t s[2];
};
void sim_rng_seed(struct sim_rng *r, uint64_t seed, uint64_t purpose);
uint64_t sim_rng_next(struct sim_rng *r);
/* 0 .. n-1; n > 0. */
uint32_t sim_below(struct sim_rng *r, uint32_t n);
/* True in n of 1000. */
bool sim_permille(struct sim_rng *r, uint32_t n);

struct world;

/* ---- the log, as everybody sees it: partitions of records ---------------------------------------------------------------- */

struct sim_record {
	int64_t offset, timestamp_ms;
	struct text key, value;
	bool key_null, value_null;
	struct bus_header *headers;
	size_t n_headers;
};

int32_t sim_partitions(const struct world *w, const char *topic);
size_t sim_log_n(const struct world *w, const char *topic, int32_t partition);
const struct sim_record *sim_log_at(const struct world *w, const char *topic, int32_t partition, size_t offset);

/* ---- the workload --------------------------------------------------------------------------------------------------------- */

/* One record for an external topic (bytes are copied). `partition` is chosen by the workload: by key, or as a foreign partitioner would. */
struct sim_send {
	const char *topic;
	int32_t partition;
	struct text key, value;
	const struct bus_header *headers;
	size_t n_headers;
	bool key_null, value_null; /* a stranger's record without a key; a tombstone */
	const char *what; /* one line for the story: "C3 pays 119.00 EUR for RE-7" */
};

enum sim_step_kind {
	SIM_SEND, /* send what step() returns */
	SIM_TICK, /* `openitem tick`: DayOpened(date), barrier, DayClosed of the day before */
	SIM_SETTLE, /* wait until nothing is left anywhere */
};

struct sim_step {
	enum sim_step_kind kind;
	date_t date; /* SIM_TICK */
	size_t index; /* the workload's own number of this step: stays the same when the shrinker leaves others out */
};

struct workload;

/* Steps in order. Small: a seed must run in about 20 ms (20 to 60 events, 3 to 5 days, 3 lanes). */
/* spine: only what the workload knew before the books in full; for seeds in regressions.txt that were found with that one. */
struct workload *workload_new(uint64_t seed, bool spine);
void workload_free(struct workload *wl);
/* What is sent between two settles (or ticks) commutes: the digest is the same in whatever order topics and lanes are read, so the run
 * with faults must end in the same books as the run without, whatever the faults. About half of the seeds; the others race. */
bool workload_commutes(const struct workload *wl);
const struct sim_step *workload_steps(const struct workload *wl, size_t *ret_n);
/* What SIM_SEND step sends. Commands look up what they act on in the world's committed state (only directly after a SIM_SETTLE or SIM_TICK,
 * so that faults do not change what they find); false: nothing to act on, skip. Everything in the arena. The draw depends on (seed, step
 * index) only. */
bool workload_send(struct workload *wl, const struct sim_step *step, struct world *w, struct arena *arena,
		   struct sim_send *ret_send);

/* ---- state and invariants -------------------------------------------------------------------------------------------------- */

/* The committed state of a service: every table of its core and of the loop (run/tables.h). */
struct mem *sim_mem(const struct world *w, enum sim_service s);
const struct run_service *sim_run_service(enum sim_service s);
int32_t sim_lanes(const struct world *w);

/* A topic of ours lost its end in this life. Then records may stand in a topic before their turn (what was lost is published again behind
 * them, readers pass them over until then), and positions may go back (openitem reposition). */
bool sim_log_was_cut(const struct world *w);

struct invariants;
struct invariants *invariants_new(struct world *w);
void invariants_free(struct invariants *inv);
/* After each commit of a service (incremental: look at what is new only). False with a sentence in err->msg: what is wrong, where. */
bool invariants_after_commit(struct invariants *inv, enum sim_service s, struct err *err);
/* The database of a service has gone back to an older copy, or was rebuilt: what was learnt from it is learnt again. */
void invariants_restored(struct invariants *inv, enum sim_service s);
/* When everything has settled and all services are up. Includes sim_fold, with 20 interleavings in about every 16th world, else one. */
bool invariants_at_end(struct invariants *inv, struct err *err);
/* Each service's state, folded from its own outcomes and the inputs it noted, is its live state, row by row; reporting, reading its topics
 * again in `interleavings` random legal orders, comes to the same rows. fold.c */
bool sim_fold(struct world *w, uint64_t seed, int interleavings, struct err *err);
/* Business state by source ids (DESIGN section 3, "What is deterministic"): equal digests = the same books. */
struct id_hash;
void sim_digest(const struct world *w, struct id_hash *ret_hash);
/* The same as text, for a story of the difference. */
void sim_digest_text(const struct world *w, struct buf *out);

/* ---- coverage.c: what has occurred ------------------------------------------------------------------------------------------ */

struct coverage;
struct coverage *coverage_new(void);
void coverage_free(struct coverage *c);
/* When a world has come to its end. */
void coverage_add(struct coverage *c, const struct world *w);
/* Every kind of event and outcome with how often it occurred, then the reasons. False: a kind never occurred. */
bool coverage_tell(struct coverage *c, struct buf *out);

#endif
