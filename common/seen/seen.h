/*
 * seen: Redis as a hint that may always be lost. Layer 2 (hiredis 0.14.1).
 *
 * Never an error for the caller: when Redis is away, slow or wrong, seen_get knows
 * nothing and seen_put does nothing, and the state says so. A call takes at most
 * timeout_ms, three times that when it has to connect first; after a failure nothing is
 * tried for a backoff (100 ms doubling to 5 s, with jitter), so that a dead Redis does not
 * slow the loop down.
 *
 * What a value means is the caller's (DESIGN section 3: topic epoch, partition, offset,
 * payload hash of the committed record). Keys get the prefix "oi:". Write after the
 * commit, never before. Not for use from two threads.
 */
#ifndef SEEN_SEEN_H
#define SEEN_SEEN_H

#include "arena/arena.h"
#include "base/base.h"
#include "err/err.h"
#include "text/text.h"

#define SEEN_PREFIX     "oi:"
#define SEEN_TIMEOUT_MS 200
#define SEEN_KEY_MAX    512 /* bytes; longer keys are never found and never stored */
#define SEEN_VALUE_MAX  1024 /* the same for values */

struct seen;

struct seen_conf {
	const char *address; /* "host:port", "[::1]:port" */
	const char *user; /* NULL or "": the default user */
	struct text password; /* copied; empty: no AUTH */
	int timeout_ms; /* 0: SEEN_TIMEOUT_MS */
};

struct seen_counts {
	uint64_t hits, misses; /* keys answered */
	uint64_t unanswered; /* keys asked while Redis was away */
	uint64_t stored;
	uint64_t unstored; /* entries that seen_put had to drop */
	uint64_t errors; /* connections lost or refused, timeouts, error replies */
	uint64_t connects; /* connections made */
};

/*
 * Does not connect. Fails (ERR_FATAL redis_address) only for an address that is none.
 * Sets SIGPIPE to be ignored if it was at its default: hiredis writes with write(2).
 */
bool seen_open(const struct seen_conf *conf, struct err *err, struct seen **ret_seen);
void seen_close(struct seen *s);
void seen_closep(struct seen **s);

/*
 * One MGET. ret_values[i] is what is stored under keys[i], in the arena, or TEXT_NONE.
 * True: Redis answered; false: it did not, all values are TEXT_NONE.
 */
bool seen_get(struct seen *s, struct arena *a, size_t n, const struct text *keys, struct text *ret_values);

/* One pipeline of SET key value PX ttl. True: all stored. The arena is scratch space. */
bool seen_put(struct seen *s, struct arena *a, size_t n, const struct text *keys, const struct text *values, int64_t ttl_s);

/* The last exchange went well. */
bool seen_is_up(const struct seen *s);
/* PING, connecting when the backoff allows it: for readiness while idle. */
bool seen_check(struct seen *s);
/* Why it is not up, for one log line when the state changes; "" when it is. Never contains the password. */
const char *seen_problem(const struct seen *s);

void seen_counts(const struct seen *s, struct seen_counts *ret_counts);

#endif
