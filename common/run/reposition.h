/*
 * reposition: where a lane goes on reading a log that is not the one it knows any more. Found out by reading the log with the eyes of the
 * loop; then written in one transaction, under a new epoch, with a row in `moved`. The running service sees the epoch and goes on.
 *
 *	reposition_load -> reposition_judge (one or many) -> reposition_scan -> reposition_finish -> reposition_apply
 *
 * Inner topics. Every record has its sender's number, so what was read before is known whatever its offset: `auto` is the first record
 * whose turn it is. Records may stand before their turn (their sender went on behind a lost end, and refill appended what was missing):
 * they are passed over, because they come again; `pass_below` tells the loop up to where. A number that is missing for good is an error:
 * nothing is passed over unread unless forced, with a reason that is kept.
 *
 * External topics. `auto` is behind the last record that our outcomes name as their cause at its very offset: up to there the log is what
 * we read. When there is none, the beginning: the inbox skips what was seen.
 */
#ifndef OPENITEM_RUN_REPOSITION_H
#define OPENITEM_RUN_REPOSITION_H

#include "arena/arena.h"
#include "bus/bus.h"
#include "run/log_verdict.h"
#include "run/stream.h"

struct store;

#define REPOSITION_AUTO      (-3) /* else an offset, or BUS_BEGINNING */
#define REPOSITION_SENDERS_N 8192

struct reposition_sender {
	int32_t lane;
	int64_t last; /* number of its last record that was read, or will have been */
	int64_t was; /* the same in the database */
	int64_t below; /* highest number before an explicit offset */
	int64_t early, early_end; /* highest number met before its turn; offset behind the last of them */
	int64_t pass_below;
};

struct reposition_cause {
	int64_t offset;
	uint64_t id; /* hash of the event id */
};

struct reposition_cause reposition_cause(int64_t offset, struct text event_id);

/* One position of one lane. */
struct reposition {
	struct arena *arena;
	const char *service, *topic;
	int32_t lane, partition;
	/* as the database has it */
	int64_t position, lane_seq;
	struct id_hash hash;
	bool hash_known, stopped;
	bool cursor_here; /* an input of this partition takes several transactions and is not done yet */
	int64_t cursor_offset; /* where it stood */
	struct text cursor_id; /* its event id, given by the caller: its record is where the lane goes on */
	/* how the log is */
	bool inner; /* numbered */
	struct stream stream;
	struct bus_extent extent;
	enum log_verdict verdict;
	/* where to */
	int64_t want; /* REPOSITION_AUTO, BUS_BEGINNING or an offset */
	bool force;
	bool reread; /* inner, REPOSITION_AUTO: read from the beginning although nothing seems wrong: a record may have been passed over */
	struct reposition_sender *senders;
	size_t n_senders;
	const struct reposition_cause *causes; /* external: ascending offsets */
	size_t n_causes;
	int64_t prev_offset;
	struct id_hash prev_hash;
	bool entered; /* the scan has come to an explicit offset */
	int64_t to; /* -1: not known */
	struct id_hash to_hash;
	bool to_hash_known;
	int64_t passed_over; /* records that will not be read (forced), or were removed unread */
};

/*
 * Fills what the database has: lane, topic, partition, service and arena are given. A partition
 * that was never read stands at its beginning. RETRY position_missing: there is no such lane.
 */
bool reposition_load(struct reposition *x, struct store *store, struct err *err);

/* Compares n positions with their logs: extent and verdict. */
bool reposition_judge(struct reposition *x, size_t n, const struct bus_conf *conf, struct err *err);

/*
 * Reads the log as far as it takes. want and force are given, for external topics causes. STOP reposition_outside: want is not in the
 * log; otherwise errors of bus.
 */
bool reposition_scan(struct reposition *x, const struct bus_conf *conf, struct err *err);

/* Pure: one record, and the end of the scan. number and sender only on inner topics. */
void reposition_see(struct reposition *x, int64_t offset, const struct id_hash *hash, struct text event_id, int32_t sender,
		    int64_t number);
/*
 * STOP records_missing    numbers are missing in the log: refill first
 *      unread_records     an explicit offset lies behind records that were not read, and force was not given
 *      cursor_missing     the record of an input that is not done yet is not in the log
 */
bool reposition_finish(struct reposition *x, struct err *err);

/* Raises the epoch, moves the position, lifts the stop, keeps a row. FENCED or RETRY reposition_moved: the lane moved on meanwhile. */
bool reposition_apply(const struct reposition *x, struct store *store, const char *by, const char *reason, int64_t now_us,
		      struct err *err);

#endif
