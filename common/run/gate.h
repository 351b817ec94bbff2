/*
 * gate: what makes intake different from a service inside (DESIGN section 2). It reads external topics, whose bytes come from
 * strangers; its lanes are external partitions (lane = 1000 x index of the source + partition); what it lets through goes to
 * ar.intake.v1 on the lane of the account, what it refuses goes unchanged to <topic>-dlt.
 */
#ifndef OPENITEM_RUN_GATE_H
#define OPENITEM_RUN_GATE_H

#include "book/book.h"
#include "book/record.h"

#define GATE_LANES_PER_SOURCE 1000

struct run_gate {
	/* Any bytes to an input. Never fails: what is not an event becomes an input that decide turns into a dead letter.
	 * Fills key, type, event and cause.{event_id,source,correlation_id} of *input; topic, partition, offset, lane are set. */
	void (*decode)(const struct record *record, struct arena *arena, struct input *input);
	/* Identity of an input for the Redis hint: false when it has none (dead letters). hash = 32 bytes over the canonical payload. */
	bool (*identity)(const struct input *input, struct arena *arena, struct text *ret_key, struct text *ret_hash);
};

#endif
