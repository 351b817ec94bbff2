/*
 * tables: what the loop itself keeps in every service's schema, described like any other table.
 *
 *   lane         one row per lane: who owns it (epoch), where its chain of outcomes ends, up to where it is published
 *   position     per lane and input partition: the next offset, and what the record before it was
 *   input_seq    per lane, input partition and source lane: the last sequence number seen
 *   output_seq   per lane and destination partition: the last sequence number given, and what we know of the log there
 *   cursor       the input of a lane that takes several transactions
 *   outcome      the records themselves, in order: audit log, outbox, answer to whoever sent the input
 *   moved        positions that a person moved (openitem reposition): what was passed over, and why
 */
#ifndef OPENITEM_RUN_TABLES_H
#define OPENITEM_RUN_TABLES_H

#include "book/book.h"

struct lane_row {
	int32_t lane;
	int64_t epoch; /* raised by each owner; the fence compares it */
	int64_t seq; /* of the last outcome */
	struct text hash; /* of the last outcome: 32 bytes, empty before the first */
	int64_t published_seq;
	struct text stopped; /* why the lane is stopped, for operators; empty = it runs */
};

struct position_row {
	int32_t lane;
	struct text topic;
	int32_t partition;
	int64_t next_offset;
	struct text record_hash; /* log_record_hash of the record before next_offset: 32 bytes; empty = not known */
	int64_t event_us; /* when it was made, or one before it if it has no time, microseconds since 1970; 0 = not known */
};

struct input_seq_row {
	int32_t lane;
	struct text topic;
	int32_t partition;
	int32_t source_lane;
	int64_t last_seq;
	int64_t pass_below; /* a record of that sender that comes too early is passed over below this offset: it comes again behind it */
};

struct output_seq_row {
	int32_t lane;
	struct text topic;
	int32_t destination_lane;
	int64_t last_seq;
	int64_t known_offset; /* all our records below it are in the outcome table; -1 = none known */
	int64_t published_seq; /* the lane's seq of our last record that is there; what is left over is published beyond it */
	int64_t last_offset; /* where that record lies; -1 = none */
};

struct cursor_row {
	int32_t lane;
	struct text topic;
	int32_t partition;
	int64_t next_offset; /* offset of the input it belongs to */
	int32_t part; /* outcomes so far */
	struct text state;
};

struct outcome_row {
	int32_t lane;
	int64_t seq;
	struct text event_id;
	struct text type;
	struct text key;
	struct text correlation_id;
	struct text cause_topic;
	int32_t cause_partition;
	int64_t cause_offset;
	struct text cause_event_id;
	int32_t part;
	bool final;
	int64_t recorded_at_us;
	struct text trace_parent;
	struct text value; /* the record */
	struct text hash;
	struct text out_topic; /* where else it goes: fan-out topic or dead-letter topic; empty = nowhere */
	int32_t out_partition;
	struct text dead_record; /* a dead letter as it is published, packed; empty otherwise */
};

struct moved_row {
	int32_t lane;
	int64_t moved_at_us;
	struct text topic;
	int32_t partition;
	int64_t lane_seq; /* the lane's last outcome then: the positions in outcomes up to it are places of the log as it was before */
	int64_t from_offset, to_offset;
	int64_t passed_over; /* records that will not be read although their numbers were not seen (--force) */
	struct text moved_by;
	struct text reason;
};

extern const struct table lane_table, position_table, input_seq_table, output_seq_table, cursor_table, outcome_table;

enum { LANE_BY_LANE = 0 }; /* position, input_seq, output_seq: all rows of a lane */
enum { OUTCOME_AFTER_SEQ = 0 }; /* outcomes of a lane with seq > template's, in order */

#define RUN_TABLES_N 6
extern const struct table *const run_tables[RUN_TABLES_N];

extern const struct table moved_table; /* the loop never writes it */

#define OUTCOME_PAGE          500
#define RUN_ROWS_PER_LANE_MAX 100000

#endif
