/*
 * explain: the way of an order to its cash, from the records that reporting keeps (AUD-02). The walk itself; cmd_explain.c finds where it begins.
 *
 * Two kinds of step: from a record to those it caused (provenance.cause), and from a document or receipt to its applications. A record is told once.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/cli.h"
#include "cli/known.h"
#include "wire/wire.h"

#define EXPLAIN_CHILDREN_MAX 50 /* of one record: a business day causes thousands */
#define EXPLAIN_DEPTH_MAX    12

struct explain_record {
	int32_t lane;
	enum cli_service service;
	int32_t source_lane;
	int64_t seq, ledger_seq, offset;
	struct text topic, event_id, type, account, subject;
	struct text cause_topic, cause_event_id;
	int32_t cause_partition;
	int64_t cause_offset;
	const struct wire_msg *msg;
	const void *body;
};

#define EXPLAIN_OPEN_MAX 64 /* objects within each other */

struct explain_open {
	int depth;
	bool has_children;
};

struct explain {
	struct cli *cli;
	struct store *store; /* of reporting */
	bool records; /* say where every record stands */
	bool json;
	struct text document_id; /* the document that was asked for */
	int64_t sequence; /* only this item of it; 0 = all */
	const struct explain_record *told[4096];
	size_t n_told;
	/* of the JSON that is being written */
	struct buf json_text;
	struct explain_open open[EXPLAIN_OPEN_MAX];
	size_t n_open;
	bool begun;
};

/* ---- reading (explain_read.c); everything in the arena of the tool ---- */

/* Records as the explain_*.sql of reporting answer with them. */
bool explain_read(struct explain *x, const char *sql, const char *const *params, int n_params, struct err *err,
		  struct explain_record **ret_records, size_t *ret_n);
/* What to call a document; empty when unknown. */
struct text explain_name_of(struct explain *x, int32_t lane, struct text account, struct text document_id);
/* "3", in the arena. */
const char *explain_number(struct explain *x, int64_t n);

/* ---- saying (explain_print.c) ---- */

/* Around everything: JSON is {"id", "found": [...], "known"}. */
void explain_begin(struct explain *x, const char *id);
void explain_end(struct explain *x, struct text known);
/*
 * One line at that depth, safe on a terminal. JSON: an object {"kind", "says", members, "under": [...]}, under the last one that is less deep.
 * kind: what it is, a word for programs: order, record, origin, place, versions, rule, candidate, candidates (what is recorded of them), part, entry,
 * application, undone, open, dead_letter, more.
 */
void explain_say(struct explain *x, int depth, const char *kind, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Of the object said last, before the next is said; nothing in text. */
void explain_member(struct explain *x, const char *name, struct text value);
void explain_member_int(struct explain *x, const char *name, int64_t value);

/* ---- telling (explain_record.c: one record; explain.c: the walk) ---- */

bool explain_is_told(const struct explain *x, const struct explain_record *r);
/* The record, why it was decided so, its journal. False when it was told already. */
bool explain_tell(struct explain *x, int depth, const struct explain_record *r);
/* The record and everything it led to. */
bool explain_tell_tree(struct explain *x, int depth, const struct explain_record *r, struct err *err);

/* An order with its events; only_cause: only the event of that id, and what the order said. */
bool explain_order(struct explain *x, struct text account, struct text order_id, struct text only_cause, struct err *err);
/* A document: with its order when it has one. */
bool explain_document(struct explain *x, int32_t lane, struct text account, struct text document_id, struct err *err);
/* Notices, holds, blocks and promises that name the document, each with what caused it. */
bool explain_overlays(struct explain *x, int depth, int32_t lane, struct text account, struct text document_id, struct err *err);
/* A bank line and where its money went. */
bool explain_payment(struct explain *x, int depth, struct text account, struct text line_id, struct err *err);
/* Records about one thing (notice, promise, hold ...): each with what led to it and what it led to. */
bool explain_subject(struct explain *x, struct text account, struct text subject, struct err *err);
/* Any record: what led to it, then what it led to. */
bool explain_event(struct explain *x, const char *event_id, struct err *err);
/* A stranger's event: the facts it became, and what they led to. */
bool explain_cause(struct explain *x, const char *event_id, struct err *err);

#endif
