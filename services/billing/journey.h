/* journey: what the parts of billing's journey share; billing.c says which input takes which way. */
#ifndef BILLING_JOURNEY_H
#define BILLING_JOURNEY_H

#include "core/park.h"
#include "core/refusal.h"
#include "ev/intake.h"
#include "see.h"

/* One event of a sales order on its way: as it came, or released from the queue. */
struct job {
	int32_t lane;
	struct text account;
	const struct crm_sales_order_event *event;
	struct text aggregate; /* its queue, core/park.h */
	int64_t position; /* in it */
	struct text subject; /* what a refusal is about: order id, external number of a take-on, entity */
	struct text order_id; /* empty: a take-on that names none */
	int32_t order_version; /* 0: a take-on */
	const struct parked_row *row; /* released; NULL = as it came */
	const struct cause *cause; /* of its outcomes; NULL = the input */
	struct text input_type; /* of what is none of a sales order's events */
};

enum step {
	STEP_TAKEN, /* its final outcome was emitted, or it was refused */
	STEP_WAITS, /* parked */
	STEP_UNFINISHED, /* a page of it was done: call again in the next transaction */
};

/* ---- reference.c: facts ---- */
void bil_reference_want(struct book *book, const struct input *input);
void bil_reference_note(struct book *book, const struct input *input);
enum decided bil_reference_decide(struct decision *d);

/* ---- orders.c, opening.c: events of a sales order ---- */
enum step bil_orders_decide(struct decision *d, const struct job *job);
void bil_orders_apply(struct book *book, int32_t lane, const struct billing_event *event);
enum step bil_opening_decide(struct decision *d, const struct job *job);
void bil_opening_apply(struct book *book, int32_t lane, const struct billing_event *event);

/* ---- commands.c: credit and debit memos ---- */
void bil_commands_want(struct book *book, const struct input *input);
void bil_commands_decide(struct decision *d);

/* ---- documents.c ---- */
/* Issue date, accounting date (unless one is set) and number of the next document of its type and entity. */
void bil_documents_number(struct decision *d, const struct job *job, const struct entity_row *entity,
			  struct billing_document_issued *doc);
/* Its items by an explicit due date, else by terms; returns the version of the terms for the audit trail. */
struct text bil_documents_items(struct decision *d, int32_t lane, date_t due_date, struct text terms_code,
				struct billing_document_issued *doc);
struct text bil_documents_id(struct decision *d, const struct job *job, struct text about);
void bil_documents_apply(struct book *book, int32_t lane, const struct billing_event *event);

/* ---- parking.c: queues ---- */
struct job bil_job_of_input(struct arena *arena, const struct input *input);
struct job bil_job_of_parked(struct arena *arena, const struct parked_row *row);
/* What an event asks, by what is known of it: entity and terms of its order, the day. */
void bil_want_job(struct book *book, const struct job *job, struct text entity, struct text terms_code, date_t day);
/* Everything an event that came just now asks, with what waits behind it. */
void bil_parking_want(struct book *book, const struct input *input);
/* Parks it: the fact `name` is missing. */
enum step bil_park(struct decision *d, const struct job *job, enum park_reason reason, struct text name);
/* What waits for a fact, or is ready: a page of it. */
void bil_parking_want_release(struct book *book, int32_t lane, struct text waits_for, date_t day);
enum decided bil_parking_release(struct decision *d, struct text waits_for);
/* The queue behind an event that was taken. */
#define BILLING_CURSOR_RELEASE TEXT("release") /* what is ready is released, a page at a time */
enum decided bil_parking_follow(struct decision *d, const struct job *job);
void bil_parking_apply(struct book *book, const struct input *input, const struct outcome *outcome);
enum step bil_decide_job(struct decision *d, const struct job *job);

/* ---- answers ---- */
struct billing_event *bil_answer_new(struct decision *d, const struct job *job, bool takes_version);
void bil_answer(struct decision *d, const struct job *job, struct billing_event *event, bool goes_on, struct text rule_version);
/* what: the line, number or sum that is wrong; may be empty. */
enum step bil_refuse(struct decision *d, const struct job *job, bool takes_version, enum refusal why, struct text what);

#endif
