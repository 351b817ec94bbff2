/* What the files of rebuild share. Private to common/run. */
#ifndef OPENITEM_RUN_REBUILD_PRIV_H
#define OPENITEM_RUN_REBUILD_PRIV_H

#include "ev/type.h"
#include "run/loop.h"
#include "run/rebuild.h"

_Static_assert(REBUILD_SOURCES_MAX == SOURCES_MAX, "one limit");

/* ---- records on their way (rebuild_read.c) ---- */

/* A copy of a record: it outlives the reader it came from. One block of memory. */
struct rb_record {
	struct rb_record *next;
	struct record r; /* headers only where they are kept: dead letters */
	struct text id, type, source, correlation_id, time, trace_parent; /* headers */
};

/* Records of one partition, in order. */
struct rb_queue {
	const char *topic;
	int32_t partition;
	bool keep_headers;
	struct rb_record *head, *tail;
	size_t n, bytes;
	int64_t start, end; /* of the log, as asked last */
	int64_t next; /* to be read */
	bool wanted; /* somebody waits for more of it */
};

void rb_record_free(struct rb_record *record);
/* Takes the first record out of the queue. */
struct rb_record *rb_pop(struct rb_queue *q);
/* Nothing more will come of this partition until the ends are asked again. */
bool rb_at_end(const struct rb_queue *q);

/* ---- an own record (rebuild_row.c), pure ---- */

/* Where a chain stands. */
struct rb_link {
	const char *service;
	int32_t lane;
	int64_t seq;
	struct id_hash hash;
};

/* Decodes an own outcome. False: it is none (STOP rebuild_chain). */
bool rb_decode_outcome(const struct core *core, struct text value, struct arena *arena, struct err *err, void **ret_event,
		       const struct type_provenance **ret_provenance);
/* The next record of the chain moves it on. False: it does not fit (STOP rebuild_chain). */
bool rb_link_next(struct rb_link *link, const struct type_provenance *p, struct text value, struct err *err);
/* The outcome row that this record is a copy of; out_topic, out_partition and dead_record are the caller's. */
struct outcome_row rb_outcome_row(const struct core *core, const struct rb_record *rec, const void *event,
				  const struct type_provenance *p, struct arena *arena);
/* Next offset of a source in the positions of an outcome; -1: it says nothing about it. */
int64_t rb_position(const struct type_provenance *p, const char *topic, int32_t partition);
/* A dead letter as it was packed: without the two headers that carry the outcome. False: it carries none, so it is not ours. */
bool rb_dead_letter(const struct rb_record *rec, struct arena *arena, struct rb_record *ret_outcome, struct record *ret_dead);

/* ---- a lane of a service inside (rebuild_lane.c) ---- */

struct rb_lane {
	struct lane *lane;
	struct rb_queue *own; /* NULL: a projection */
	struct rb_queue *in[SOURCES_MAX];
	struct rb_record *last[SOURCES_MAX]; /* the last noted record of each source: outcomes behind it may be its */
	const struct rebuild_target *target;
	bool torn; /* the stream ends within a transaction */
	bool own_done; /* nothing new is left of the stream */
	struct bus_record as_read[SOURCES_MAX]; /* the last noted record, as lane.c wants to hash it */
	/* the plan of a batch: where it has come to */
	struct rb_link link;
	struct rb_record *plan_own, *plan_in[SOURCES_MAX], *plan_last[SOURCES_MAX];
	int64_t plan_next[SOURCES_MAX];
	int64_t said[SOURCES_MAX]; /* positions of the last outcome planned */
	int plan_cursor_source;
	int64_t plan_cursor_offset;
	struct text plan_cursor;
	bool blocked;
};

struct rebuild {
	struct loop loop;
	struct rebuild_conf conf;
	struct bus_admin *admin;
	struct rb_queue *queue;
	size_t n_queues;
	struct rb_lane *lane;
	size_t n_lanes, turn;
	bool finishing; /* rebuild_finish */
	int64_t made; /* outcomes it decided that were not published */
	struct rb_record *done; /* taken by the batch that runs */
	int64_t copies_from[LANES_OWNED_MAX]; /* per fan-out partition: where seeing copies goes on */
	int64_t total, taken;
	struct rebuild_result result;
};

/* ---- the plan of a batch (rebuild_plan.c) ---- */

enum rb_action_kind {
	RB_NOTE, /* an input */
	RB_APPLY, /* the outcomes of one transaction of an input */
	RB_DECIDE, /* the same, when only the first of them were published: decided again, and compared (rebuild_decide.c) */
};

struct rb_own {
	struct rb_record *rec;
	void *event;
	const struct type_provenance *p;
};

struct rb_action {
	enum rb_action_kind kind;
	struct rb_lane *l;
	struct input input;
	struct rb_record *rec; /* of the input */
	const struct type_provenance *p; /* RB_NOTE: of the input */
	bool concerns;
	bool goes_on; /* RB_DECIDE: the input was noted before */
	struct rb_own *own; /* RB_APPLY, RB_DECIDE */
	size_t n_own, n_pop; /* n_pop: records of the own stream, those seen before included */
};

struct rb_plan {
	struct rebuild *r;
	struct arena *arena;
	struct book *book;
	struct rb_action *action;
	size_t n, cap;
};

/* Everything there is of the lanes, in turn, while there is room. */
bool rb_plan_batch(struct rb_plan *p, struct err *err);

/* ---- doing it (rebuild_lane.c) ---- */

/* Checks and takes the number of an input. *ret_new: it was not seen before. */
bool rb_take_number(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_new);
/* The lane has read this record of source s. */
void rb_stand_behind(struct rb_lane *l, int s, const struct rb_record *rec);
/* The record of the input leaves its queue: noted. */
void rb_pass_input(struct rb_plan *p, const struct rb_action *a);
/* rebuild_decide.c */
bool rb_decide(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_done);
/* One step of the core on this input, logged behind the end of the lane; loads what it misses. False in *ret_done: only a commit can help. */
bool rb_decide_input(struct rebuild *r, struct book *book, struct lane *lane, const struct input *input, struct text trace_parent,
		     struct err *err, struct decision *ret_decision, struct log_list *ret_logged, enum decided *ret_decided,
		     bool *ret_done);
/* What was decided again is what was published: its row takes the time of the record. */
bool rb_same_outcome(struct rebuild *r, struct book *book, const struct logged *logged, const struct rb_record *rec,
		     struct err *err);

/* One transaction over what is in the queues. *ret_any = something was done. */
bool rb_lane_batch(struct rebuild *r, struct err *err, bool *ret_any);

bool rb_gate_batch(struct rebuild *r, struct err *err, bool *ret_any);
/* Walks the chains over the rows that are there: seq, hash and position of each lane. */
bool rb_gate_chains(struct rebuild *r, const struct rebuild_target *targets, size_t n, struct err *err);

/* The same for one lane, without a target. */
bool rb_gate_chain(struct rebuild *r, struct lane *lane, struct err *err);
/* What the outcome of a record changes, as when it was decided. */
bool rb_gate_apply(struct rebuild *r, struct book *book, const struct type_provenance *p, void *event, struct text key,
		   struct err *err);
/* Fills holes in the chains and ends what was torn (rebuild_gate_finish.c). */
bool rb_gate_finish(struct rebuild *r, struct err *err);

/* ---- reading (rebuild_read.c) ---- */
struct rb_record *rb_copy_record(const struct bus_record *b, const char *topic, bool keep_headers);
bool rb_ask_ends(struct rebuild *r, struct err *err);
/* Fills the queues that run low. *ret_any = something came. */
bool rb_read(struct rebuild *r, struct err *err, bool *ret_any);

/* Of a lane-aligned service that copies some outcomes to a fan-out topic: where they stand there; copies that were never sent are left over. */
bool rb_see_copies(struct rebuild *r, struct err *err);

/* ---- shared by the batches (rebuild.c) ---- */
bool rb_begin(struct rebuild *r, struct err *err);
bool rb_save(struct rebuild *r, struct book *book, struct err *err);
/* A record of ours was found there. */
void rb_known(struct seq_entry *e, int64_t offset, int64_t seq);
void rb_free_done(struct rebuild *r);
void rb_take(struct rebuild *r, struct rb_queue *q);

#endif
