/*
 * log_verdict: is a log still the one that was read? Pure. What is compared is the record before a position: its hash is kept with the
 * position (run/tables.h) and was looked for in the log.
 */
#ifndef OPENITEM_RUN_LOG_VERDICT_H
#define OPENITEM_RUN_LOG_VERDICT_H

#include "err/err.h"

struct log_seen {
	int64_t low, high; /* first offset in the log, and the one the next record will get */
	int64_t position; /* next offset to read; -1 = never read */
	bool known; /* the hash of the record before the position is stored */
	bool found; /* there is a record at position - 1 */
	bool equal; /* ... and it has that hash */
	bool complete; /* the topic keeps everything: ar.* */
};

enum log_verdict {
	LOG_SAME, /* also: nothing to compare with */
	LOG_EXPIRED, /* retention took what was read; nothing unread is missing */
	LOG_COMPACTED, /* nothing at position - 1 although it lies within: strangers may compact their topics */
	/* from here on the lane stops */
	LOG_LOST_END, /* ends below the position */
	LOG_REPLACED, /* another record at position - 1: it lost its end and grew again, or is another topic of that name */
	LOG_LOST_UNREAD, /* begins above the position */
	LOG_HOLE, /* nothing at position - 1 of a topic that keeps everything */
};

enum log_verdict log_judge(const struct log_seen *seen);

static inline bool log_is_stop(enum log_verdict verdict)
{
	return verdict >= LOG_LOST_END;
}

/* Why the lane stops, with the command that helps: ERR_STOP, code log_lost_its_end or position_outside_log. False. */
bool log_explain(const struct log_seen *seen, enum log_verdict verdict, const char *service, const char *topic, int32_t partition,
		 struct err *err);

#endif
