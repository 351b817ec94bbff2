#include "run/tables.h"

#define C(row, member, kind_, flags_)                                                                                              \
	{                                                                                                                          \
#member, kind_, offsetof(struct row, member), flags_, NULL                                                         \
	}

static const struct col lane_cols[] = {
	C(lane_row, lane, COL_I32, COL_KEY),    C(lane_row, epoch, COL_I64, COL_ONCE), /* only store_take_lanes moves it */
	C(lane_row, seq, COL_I64, 0),           C(lane_row, hash, COL_BYTES, 0),
	C(lane_row, published_seq, COL_I64, 0), C(lane_row, stopped, COL_TEXT, 0),
};

static const struct col position_cols[] = {
	C(position_row, lane, COL_I32, COL_KEY),      C(position_row, topic, COL_TEXT, COL_KEY),
	C(position_row, partition, COL_I32, COL_KEY), C(position_row, next_offset, COL_I64, 0),
	C(position_row, record_hash, COL_BYTES, 0),   C(position_row, event_us, COL_I64, 0),
};

static const struct col input_seq_cols[] = {
	C(input_seq_row, lane, COL_I32, COL_KEY),      C(input_seq_row, topic, COL_TEXT, COL_KEY),
	C(input_seq_row, partition, COL_I32, COL_KEY), C(input_seq_row, source_lane, COL_I32, COL_KEY),
	C(input_seq_row, last_seq, COL_I64, 0),        C(input_seq_row, pass_below, COL_I64, 0),
};

static const struct col output_seq_cols[] = {
	C(output_seq_row, lane, COL_I32, COL_KEY),
	C(output_seq_row, topic, COL_TEXT, COL_KEY),
	C(output_seq_row, destination_lane, COL_I32, COL_KEY),
	C(output_seq_row, last_seq, COL_I64, 0),
	C(output_seq_row, known_offset, COL_I64, 0),
	C(output_seq_row, published_seq, COL_I64, 0),
	C(output_seq_row, last_offset, COL_I64, 0),
};

static const struct col cursor_cols[] = {
	C(cursor_row, lane, COL_I32, COL_KEY),  C(cursor_row, topic, COL_TEXT, 0), C(cursor_row, partition, COL_I32, 0),
	C(cursor_row, next_offset, COL_I64, 0), C(cursor_row, part, COL_I32, 0),   C(cursor_row, state, COL_BYTES, 0),
};

static const struct col outcome_cols[] = {
	C(outcome_row, lane, COL_I32, COL_KEY),     C(outcome_row, seq, COL_I64, COL_KEY),
	C(outcome_row, event_id, COL_TEXT, 0),      C(outcome_row, type, COL_TEXT, 0),
	C(outcome_row, key, COL_TEXT, 0),           C(outcome_row, correlation_id, COL_TEXT, 0),
	C(outcome_row, cause_topic, COL_TEXT, 0),   C(outcome_row, cause_partition, COL_I32, 0),
	C(outcome_row, cause_offset, COL_I64, 0),   C(outcome_row, cause_event_id, COL_TEXT, 0),
	C(outcome_row, part, COL_I32, 0),           C(outcome_row, final, COL_BOOL, 0),
	C(outcome_row, recorded_at_us, COL_I64, 0), C(outcome_row, trace_parent, COL_TEXT, 0),
	C(outcome_row, value, COL_BYTES, 0),        C(outcome_row, hash, COL_BYTES, 0),
	C(outcome_row, out_topic, COL_TEXT, 0),     C(outcome_row, out_partition, COL_I32, 0),
	C(outcome_row, dead_record, COL_BYTES, 0),
};

static const struct col moved_cols[] = {
	C(moved_row, lane, COL_I32, COL_KEY),   C(moved_row, moved_at_us, COL_I64, COL_KEY),
	C(moved_row, topic, COL_TEXT, COL_KEY), C(moved_row, partition, COL_I32, COL_KEY),
	C(moved_row, lane_seq, COL_I64, 0),     C(moved_row, from_offset, COL_I64, 0),
	C(moved_row, to_offset, COL_I64, 0),    C(moved_row, passed_over, COL_I64, 0),
	C(moved_row, moved_by, COL_TEXT, 0),    C(moved_row, reason, COL_TEXT, 0),
};

#define BY_LANE(n_order_, ...)                                                                                                     \
	{                                                                                                                          \
		.name = "by_lane", .eq = { 0 }, .n_eq = 1, .order = { __VA_ARGS__ }, .n_order = (n_order_),                        \
		.limit = RUN_ROWS_PER_LANE_MAX                                                                                     \
	}

static const struct probe position_probes[] = { BY_LANE(3, 0, 1, 2) };
static const struct probe input_seq_probes[] = { BY_LANE(4, 0, 1, 2, 3) };
static const struct probe output_seq_probes[] = { BY_LANE(3, 0, 1, 2) };
static const struct probe outcome_probes[] = {
	{ .name = "after_seq",
	  .eq = { 0 },
	  .n_eq = 1,
	  .range = PROBE_GT,
	  .range_col = 1,
	  .order = { 0, 1 },
	  .n_order = 2,
	  .limit = OUTCOME_PAGE },
};

#define TABLE(name_, row_, cols_, probes_, n_probes_, flags_)                                                                      \
	{                                                                                                                          \
		name_, cols_, ARRAY_LEN(cols_), sizeof(struct row_), probes_, n_probes_, flags_                                    \
	}

const struct table lane_table = TABLE("lane", lane_row, lane_cols, NULL, 0, 0);
const struct table position_table = TABLE("position", position_row, position_cols, position_probes, 1, 0);
const struct table input_seq_table = TABLE("input_seq", input_seq_row, input_seq_cols, input_seq_probes, 1, 0);
const struct table output_seq_table = TABLE("output_seq", output_seq_row, output_seq_cols, output_seq_probes, 1, 0);
const struct table cursor_table = TABLE("cursor", cursor_row, cursor_cols, NULL, 0, TABLE_DELETES);
const struct table outcome_table = TABLE("outcome", outcome_row, outcome_cols, outcome_probes, 1, TABLE_APPEND);
const struct table moved_table = TABLE("moved", moved_row, moved_cols, NULL, 0, TABLE_APPEND);

const struct table *const run_tables[RUN_TABLES_N] = {
	&lane_table, &position_table, &input_seq_table, &output_seq_table, &cursor_table, &outcome_table,
};
