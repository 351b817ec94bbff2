/*
 * run: the only consumer loop (DESIGN section 3). A service says what it is in one table and calls run_main.
 *
 *   poll -> decode -> begin + fence -> want/load (at most two rounds) -> per input: note, decide, apply -> save + log + positions
 *   -> commit -> mark -> publish
 *
 * Position, effects and outcomes commit together; outcomes are published from the outcome table, in order, by an idempotent
 * producer; what a crash leaves unpublished goes out when the lane is assigned again. Readers skip a seq they have seen.
 */
#ifndef OPENITEM_RUN_H
#define OPENITEM_RUN_H

#include "book/book.h"

struct store_migration;
struct bus_record;
struct run_gate;
struct run_gauge;
struct run_beside;

/* A topic a service reads. On ar.* topics partition = lane. */
struct run_source {
	const char *topic;
	/* Pure: does this event concern the service? NULL = every event does. One that does not only moves the position. */
	bool (*concerns)(const void *event);
};

struct run_service {
	const struct core *core;
	const struct run_source *sources;
	size_t n_sources;
	const char *outcome_topic; /* lane-aligned: ar.billing.v1 ...; NULL for intake and for a projection */
	const char *fanout_topic; /* outcomes with a destination are (also) published here: ar.transfer.v1, ar.intake.v1; or NULL */
	const struct store_migration *migrations;
	size_t n_migrations;
	const struct run_gauge *gauge; /* shown with the metrics, about once a second; or NULL */
	const struct run_beside *beside; /* or NULL */
	const struct run_gate *gate; /* intake only: see gate.h; NULL inside */
};

/* A gauge per (entity, currency) from the service's own tables. */
struct run_gauge {
	const char *name, *help;
	const char *sql; /* columns entity, currency, value (bigint); no parameters; cheap */
};

/*
 * What is derived from committed rows and may lag: run_main asks for it every so often on a thread and a connection of its own, so the loop
 * never waits for it. One REPEATABLE READ transaction each, rolled back when it fails, and tried again.
 */
struct run_beside {
	const char *name; /* for the log */
	const char *
		sql; /* one statement, no parameters, bounded work; column again (boolean): there is more, go on after as long as it took */
	int every_ms;
};

/* Runs until SIGTERM or SIGINT. Exit codes: 0 stopped, 78 configuration, 70 FATAL. */
int run_main(const struct run_service *service, int argc, char **argv);

#endif
