/*
 * fault: named places where a test build may be made to fail. Layer 0.
 *
 * Only a build with -DOPENITEM_FAULTS=ON has any of this; in every other build the macros are nothing.
 *
 *	FAILPOINT("batch.committed")   the environment variable FAULT_POINT=batch.committed:2 kills the process (SIGKILL) when it comes here the
 *	                               second time; the simulation crashes the service here instead (fault_hook). tests/kill lists the names
 *	                               by reading the sources. FAULT_DIR=DIR does the same to a process that runs already: DIR/<program> holds
 *	                               lines name:n, obeyed from the first on; a line that has killed is gone, so the next life of the
 *	                               program meets the next line. ~name:n does not kill: the next line counts from there.
 *	MUTANT(MARK_BEFORE_ACK)        true while the simulation runs that mutant: a bug put in on purpose, to show that it is found
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/base.h"

enum fault_mutant {
	MUTANT_NONE,
	MUTANT_SEEN_BEFORE_COMMIT, /* Redis marked before the commit, and believed whatever the database says */
	MUTANT_EPOCH_UNCHECKED,
	MUTANT_OUTBOX_FORGOTTEN, /* unpublished outcomes forgotten on assignment */
	MUTANT_DECIDES_AFTER_RESTORE,
	MUTANT_MARK_BEFORE_ACK, /* published mark moved before the acknowledgement */
	MUTANT_GAP_IGNORED,
	MUTANT_DAY_WITHOUT_BARRIER,
	MUTANT_RETURN_REOPENS_ONCE_CLOSED, /* a return re-opens what the receipt once closed instead of what is in force */
	MUTANTS_N,
};

#ifdef OPENITEM_FAULTS
extern void (*fault_hook)(const char *point); /* NULL: FAULT_POINT decides */
extern enum fault_mutant fault_mutant;
void fault_reach(const char *point);
#define FAILPOINT(name) fault_reach(name)
#define MUTANT(m)       (unlikely(fault_mutant == MUTANT_##m))
#else
#define FAILPOINT(name) ((void)0)
#define MUTANT(m)       false
#endif

#endif
