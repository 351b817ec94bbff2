/* loop: the state shared by the parts of the consumer loop. Private to common/run. */
#ifndef OPENITEM_RUN_LOOP_H
#define OPENITEM_RUN_LOOP_H

#include "arena/arena.h"
#include "base/base.h"
#include "bus/bus.h"
#include "id/id.h"
#include "metrics/metrics.h"
#include "run/gate.h"
#include "run/run.h"
#include "run/tables.h"
#include "seen/seen.h"
#include "store/store.h"

struct wire_msg;

#define BATCH_EVENTS_MAX   5000 /* records of one transaction */
#define BATCH_BYTES_SOFT   ((size_t)64 << 20) /* an arena fuller than this ends the batch */
#define BATCH_BYTES_HARD   ((size_t)1 << 30)
#define PENDING_MAX        BATCH_EVENTS_MAX /* records polled and not committed yet */
#define PENDING_BYTES_MAX  ((size_t)64 << 20)
#define LANES_OWNED_MAX    1024
#define SOURCES_MAX        8
#define SEQS_PER_LANE_MAX  8192
#define LOADS_PER_STEP_MAX 8 /* further loads for one input before it counts as a fault of `want` */
#define BACKOFF_MIN_MS     50
#define IDLE_MARK_MS       5 /* after this long without records the published mark is saved */
#define SOURCE_OF_SERVICE  "/openitem/" /* ce_source of a service's records: this and its name */
#define SEEN_TTL_S         (3 * 24 * 3600) /* window of the Redis hint */

/* Last sequence number per (input or output topic, partition, other lane). Open addressing, malloc'ed once per lane. */
struct seq_entry {
	int16_t topic; /* index of the source, or of the output topic */
	int32_t partition; /* input partition, or destination lane */
	int32_t source_lane; /* input: lane of the sender */
	int64_t seq;
	int64_t known_offset, published_seq, last_offset; /* output only: run/tables.h */
	int64_t pass_below; /* input only */
	bool changed;
	bool intact; /* scratch of log_check: our last record is where it was */
	bool lost; /* output, until the lane is read again: an acknowledgement showed that the log lost its end */
	int64_t copied; /* rebuild only: highest number of ours that the fan-out partition holds */
};

/* Output topics: the lane-aligned one, the fan-out, and at the gate the dead-letter topic of each source. */
enum { OUTPUT_ALIGNED, OUTPUT_FANOUT, OUTPUT_DEAD, OUTPUTS_MAX = OUTPUT_DEAD + SOURCES_MAX };

struct seq_map {
	struct seq_entry *entry;
	size_t n, cap;
};

/* Everything about a lane we own. Equal to the database whenever no batch is running; reloaded from it after any failure. */
struct lane {
	int32_t lane;
	int64_t epoch;
	int64_t seq, seq_saved;
	struct id_hash hash;
	int64_t published_seq, published_saved;
	int64_t next_offset[SOURCES_MAX]; /* -1: never read */
	struct id_hash record_hash[SOURCES_MAX]; /* of the record before it */
	bool record_known[SOURCES_MAX];
	int64_t event_us[SOURCES_MAX]; /* when it was made, or one before it; 0: not known */
	struct seq_map in, out;
	bool assigned[SOURCES_MAX];
	int32_t partition[SOURCES_MAX]; /* = lane, except at the gate */
	bool stopped;
	char stopped_why[512];
	bool stop_saved;
	bool mute; /* stopped as a writer: what it would publish now might leave a gap */
	bool known_moved; /* known_offset of outputs: to be saved when there is time */
	/* an input that goes on (MORE) */
	int cursor_source; /* -1: none */
	bool narrow; /* assigned while that input was not done: nothing else of the lane is read */
	int64_t cursor_offset; /* offset of that record */
	int32_t cursor_part;
	uint8_t cursor_state[CURSOR_BYTES_MAX];
	size_t cursor_n;
	/* scratch of the batch that runs */
	bool in_batch, blocked;
	bool position_changed[SOURCES_MAX];
	const struct bus_record *last_record[SOURCES_MAX]; /* with position_changed: the one before next_offset */
	bool cursor_changed;
};

struct run_metrics {
	struct metric *consumed[SOURCES_MAX], *outcomes, *duplicates, *batches, *batch_seconds, *retries, *fenced, *reloads, *lanes,
		*lanes_stopped, *outbox_pending, *lag[SOURCES_MAX], *dead_letters, *skipped;
};

struct loop {
	const struct run_service *service;
	const struct wire_msg *source_msg[SOURCES_MAX];
	bool source_fanned[SOURCES_MAX]; /* counted by destination_seq */
	size_t provenance_at[SOURCES_MAX]; /* offset of the provenance pointer in a decoded source event */
	const char *output_topic[OUTPUTS_MAX]; /* NULL: none */
	char dead_topic[SOURCES_MAX][256];
	int32_t lanes; /* of the system */
	int64_t batch_max;
	int64_t batch_size; /* records the next batch takes at most (batch_size.h) */
	int64_t fanout_high[LANES_OWNED_MAX]; /* per fan-out partition: highest offset any lane of ours was told, or -1 */
	const char *conninfo;
	char owner[128], group[64], client[64], instance[128];
	char birth[40]; /* id the database got when it was made, and a space; for the hints */
	struct bus_conf bus_conf;
	struct bus_consumer *consumer;
	struct bus_producer *producer;
	struct store *store;
	struct seen *seen; /* gate only, else NULL */
	struct arena *arena;
	const struct table **tables; /* the service's, then the loop's */
	size_t n_tables;
	struct lane *lane;
	size_t n_lanes;
	struct bus_record *pending;
	size_t n_pending, pending_bytes;
	size_t one_by_one; /* records still to be taken singly, after a batch was refused */
	bool republish; /* unpublished outcomes must come from the table */
	bool check_stream; /* own topics not compared with the table yet */
	bool activate_wanted; /* lanes must be taken (again) before the next batch */
	bool said_down, said_postgres;
	bool kafka_away; /* "waiting for kafka" was said */
	int64_t backoff_ms, last_show_ms;
	int64_t look_from_ms; /* when to look at epochs again */
	struct run_metrics m;
	struct metrics_check *ready_postgres, *ready_kafka, *ready_assignment;
};

extern volatile int run_stop; /* set by SIGTERM and SIGINT */

/* ---- clock.c ---- */
int64_t run_now_us(void); /* since 1970 */
int64_t run_now_ms(void); /* monotonic */
void run_sleep_ms(int64_t ms);

struct run_settings;
/* ---- open.c ---- */
bool run_open(struct loop *loop, const struct run_settings *settings, struct err *err);
/* ---- topics.c ---- */
/* What follows from loop->service: messages of the sources, names of the output topics. Part of run_open. */
void loop_find_topics(struct loop *loop);

/* ---- turn.c ---- */
/* Poll, then whatever is due: opening, assignment, a batch, marks. False: FATAL, said in the log. */
bool run_turn(struct loop *loop);
/* Saves the marks if that is possible at once, and gives everything back. */
void run_close(struct loop *loop);

/* ---- lane.c ---- */
struct lane *lane_find(struct loop *loop, int32_t lane);
int32_t lane_of_partition(const struct loop *loop, int source, int32_t partition);
/* Bumps the epoch of every lane in loop->lane and reads all their state. */
bool lanes_take(struct loop *loop, struct err *err);
/* Reads all their state under the epochs we have; ERR_FENCED when one is not ours any more. */
bool lanes_reload(struct loop *loop, struct err *err);
/* True: somebody raised the epoch of a lane that is idle or stopped, and so meets no fence: another owner, or a person's command. */
bool lanes_taken_away(struct loop *loop);
void lane_free(struct lane *lane);
void lane_stop(struct loop *loop, struct lane *lane, const struct err *why);
struct seq_entry *seq_find(struct seq_map *map, int16_t topic, int32_t partition, int32_t source_lane, bool make);
/* Whether something is to be saved that no batch brings: the published mark, a stop, known_offset of outputs. */
bool lane_marks_wait(const struct lane *lane);
/* Puts what changed in a lane into the book, so that it is saved with the batch. */
void lane_put_changes(struct loop *loop, struct book *book, struct lane *lane);

/* ---- batch.c ---- */
/* A traceparent header that may be passed on; else empty. */
struct text run_trace_parent(struct text t, struct arena *arena);
/* One transaction over what is pending. False with the class of reaction. *ret_done = records committed. */
bool batch_run(struct loop *loop, struct err *err, size_t *ret_done);
/* Saves marks (and stops) when nothing else is going on. */
bool batch_save_marks(struct loop *loop, struct err *err);

/* ---- log_outcome.c: outcomes become records ---- */
struct logged {
	const struct outcome_row *row;
	struct lane *lane;
};
struct log_list {
	struct logged *item;
	size_t n, cap;
};
/* Numbers, encodes, chains and queues one outcome of an input; puts its row into the book and appends it to the list. */
bool log_outcome(struct loop *loop, struct book *book, struct lane *lane, const struct input *input, struct outcome *outcome,
		 struct text trace_parent, struct log_list *list, struct err *err);

/* ---- publish.c ---- */
/* Publishes these rows, in order, and waits until they are acknowledged; moves published_seq of their lanes. */
bool publish_rows(struct loop *loop, const struct log_list *list, struct err *err);
/* Publishes what the outcome table holds beyond the mark of each lane, but for what a destination has already. */
bool publish_unpublished(struct loop *loop, struct err *err);
/* Moves known_offset of lanes that had nothing to publish to where the others of this process are. */
void publish_move_known(struct loop *loop);
/* ERR_STOP topic_lost_its_end: our last record there is gone, the log ends at `high` (-1: unknown). False. */
bool publish_lost(struct err *err, const char *topic, int32_t partition, const struct seq_entry *last, int64_t high);

/* ---- log_check.c ---- */
/* Compares the logs with what we know of them: what we read, and what we wrote. Stops lanes; false only when the logs cannot be read. */
bool log_check(struct loop *loop, struct err *err);

/* ---- seen hints, gate only (hint.c) ---- */
void hint_get(struct loop *loop, struct input *inputs, size_t n);
void hint_put(struct loop *loop, const struct input *inputs, size_t n);

#endif
