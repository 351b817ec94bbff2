/*
 * settle: the barrier of DESIGN section 2. Waits until everything that was in the external topics when it began has passed
 * through every service, in flow order:
 *
 *	external topics   -> intake
 *	ar.intake         -> billing
 *	ar.billing        -> cash
 *	ar.transfer       -> cash, again until a round adds no transfer
 *	ar.cash           -> collections
 *	ar.collections    -> reporting
 *
 * Per step: note the log ends of the topics, wait until the service's positions have passed them, note the number of its last
 * outcome, wait until its published mark has passed that; then the next topic's ends are complete. Log ends are always asked
 * after the state they are compared with was read, so an answer can be late but never wrong.
 *
 * Each service is read through its own read-only connection (tables lane and position of common/run/tables.h), kept open, one
 * query per poll, every 2 to 20 ms.
 */
#ifndef CLI_SETTLE_H
#define CLI_SETTLE_H

#include "cli/cli.h"

#define SETTLE_IDLE_MS 60000 /* without progress for so long: it will not come */

struct progress;
struct settle;

enum settle_mode {
	SETTLE_BARRIER, /* what was there at the beginning has passed; more may have come meanwhile */
	SETTLE_ALL, /* nothing is left anywhere: every log is read to its end, every outcome published */
};

/* Asks for the topics and connects nowhere else yet. FATAL topic_missing when one does not exist. */
bool settle_open(struct cli *cli, struct err *err, struct settle **ret_settle);
void settle_close(struct settle *s);

/*
 * timeout_ms 0: no limit of time while there is progress. Errors, all with the place:
 *	FATAL  lane_stopped      a service has stopped a lane; the reason is in msg
 *	FATAL  no_progress       SETTLE_IDLE_MS
 *	FATAL  settle_timeout
 *	RETRY  ...               a component that cannot be reached
 * progress: shown while waiting; NULL = quiet.
 */
bool settle_run(struct settle *s, enum settle_mode mode, int64_t timeout_ms, struct progress *progress, struct err *err);

/* Log ends of a topic as the last settle_run knew them when it passed: one per partition. NULL: not a topic of the walk. */
const int64_t *settle_ends(const struct settle *s, const char *topic, int32_t *ret_partitions);

/* Records and outcomes that the services still had to pass at the last look; about. */
int64_t settle_left(const struct settle *s);

#endif
