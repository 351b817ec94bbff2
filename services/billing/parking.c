/*
 * parking: queues of what came too early (core/park.h). An input is parked, waits for a fact or for the version before it, and
 * is released in order. Its outcomes name it as their cause, whatever released it.
 */
#include "journey.h"

/* ---- jobs ------------------------------------------------------------------------------------------------------------- */

static void set_order(struct job *job, struct text order_id, int32_t order_version)
{
	job->order_id = job->subject = order_id;
	job->order_version = order_version;
}

/* What every event says about itself. */
static void set_subject(struct arena *arena, struct job *job)
{
	const struct crm_sales_order_event *e = job->event;

	switch (e->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
		set_order(job, e->order_booked->order->order_id, e->order_booked->order->order_version);
		break;
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		set_order(job, e->order_amended->order->order_id, e->order_amended->order->order_version);
		break;
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
		set_order(job, e->order_fulfilled->order_id, e->order_fulfilled->order_version);
		break;
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
		set_order(job, e->order_cancelled->order_id, e->order_cancelled->order_version);
		break;
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
		set_order(job, e->opening_item->order_id, 0);
		job->subject = e->opening_item->external_number;
		break;
	case CRM_SALES_ORDER_EVENT_NONE:
		break;
	}
	job->aggregate = job->order_version != 0 ? bil_park_order(arena, job->order_id) : bil_park_take_on(arena, job->subject);
}

struct job bil_job_of_input(struct arena *arena, const struct input *input)
{
	const struct intake_event *event = input->event;
	struct job job = { .lane = input->lane, .account = event->account, .event = event->sales_order };

	set_subject(arena, &job);
	job.position = job.order_version != 0 ? job.order_version : input->cause.offset;
	return job;
}

struct job bil_job_of_parked(struct arena *arena, const struct parked_row *row)
{
	struct job job = {
		.lane = row->lane,
		.account = row->account,
		.event = row->input,
		.position = row->position,
		.row = row,
	};
	struct cause *cause = ARENA_NEW(arena, struct cause);

	set_subject(arena, &job);
	*cause = (struct cause){
		.topic = row->cause_topic,
		.partition = row->cause_partition,
		.offset = row->cause_offset,
		.event_id = row->cause_event_id,
		.source = row->cause_source,
		.correlation_id = row->cause_correlation_id,
		.part = row->parts,
	};
	job.cause = cause;
	return job;
}

static const struct crm_order *content_of(const struct crm_sales_order_event *event)
{
	switch (event->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
		return event->order_booked->order;
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		return event->order_amended->order;
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
	case CRM_SALES_ORDER_EVENT_NONE:
		break;
	}
	return NULL;
}

/* ---- want ------------------------------------------------------------------------------------------------------------- */

static void want_entity_context(struct book *book, int32_t lane, struct text entity, date_t day)
{
	if (text_empty(entity))
		return;
	bil_want_entity(book, lane, entity);
	bil_want_closed(book, lane, entity);
	bil_want_series(book, lane, entity, day);
}

void bil_want_job(struct book *book, const struct job *job, struct text entity, struct text terms_code, date_t day)
{
	const struct crm_sales_order_event *e = job->event;
	const struct crm_order *content = content_of(e);

	if (e->event_case == CRM_SALES_ORDER_EVENT_OPENING_ITEM) {
		const struct crm_opening_item *item = e->opening_item;
		bil_want_customer(book, job->lane, job->account, item->document_date);
		bil_want_entity(book, job->lane, item->entity);
		bil_want_closed(book, job->lane, item->entity);
		bil_want_external(book, job->lane, job->account, item->entity, EXTERNAL_OF_TAKE_ON, item->external_number);
		return;
	}
	bil_want_order(book, job->lane, job->account, job->order_id);
	bil_want_parked(book, job->lane, job->account, job->aggregate, job->position + 1);
	want_entity_context(book, job->lane, content != NULL ? content->entity : entity, day);
	bil_want_terms(book, job->lane, terms_code);
	if (content != NULL) {
		bil_want_terms(book, job->lane, content->terms_code);
		bil_want_external(book, job->lane, job->account, content->entity, EXTERNAL_OF_ORDER, content->external_reference);
	}
	if (e->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED)
		bil_want_customer(book, job->lane, job->account, content->order_date);
	if (e->event_case == CRM_SALES_ORDER_EVENT_ORDER_CANCELLED)
		bil_want_to_credit(book, job->lane, job->account, job->order_id);
}

/* First round: by what the event says; second: by what its order, or its customer, says. */
void bil_parking_want(struct book *book, const struct input *input)
{
	if (text_eq(input->cursor, BILLING_CURSOR_RELEASE)) {
		bil_want_day(book, input->lane);
		bil_parking_want_release(book, input->lane, PARK_READY, bil_see_day(book, input->lane));
		return;
	}
	struct job job = bil_job_of_input(book_arena(book), input);
	const struct crm_order *content = content_of(job.event);
	struct text entity = TEXT_NONE, terms_code = TEXT_NONE;

	bil_want_day(book, job.lane);
	date_t day = bil_see_day(book, job.lane);
	if (job.order_version != 0) {
		const struct sales_order_row *order = bil_see_order(book, job.lane, job.account, job.order_id);
		if (order != NULL) {
			entity = order->entity;
			terms_code = job.event->event_case == CRM_SALES_ORDER_EVENT_ORDER_FULFILLED ? order->terms_code
												    : order->customer_terms_code;
		} else if (job.event->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED) {
			const struct customer_row *customer = bil_see_customer(book, job.lane, job.account, content->order_date);
			terms_code = customer != NULL ? customer->terms_code : TEXT_NONE;
		}
		if (content != NULL)
			entity = content->entity;
		bil_want_parked(book, job.lane, job.account, job.aggregate, job.position - 1);
		bil_want_parked(book, job.lane, job.account, job.aggregate, job.position);
		bil_want_chain(book, job.lane, job.account, job.aggregate, job.position);
	}
	bil_want_job(book, &job, entity, terms_code, day);
	if (job.order_version == 0)
		return;
	struct rows behind = bil_see_chain(book, job.lane, job.account, job.aggregate, job.position);
	for (size_t i = 0; i < behind.n; i++) {
		struct job next = bil_job_of_parked(book_arena(book), behind.row[i]);
		bil_want_job(book, &next, entity, terms_code, day);
	}
}

void bil_parking_want_release(struct book *book, int32_t lane, struct text waits_for, date_t day)
{
	struct text waits[] = { waits_for, PARK_READY };

	for (size_t k = 0; k < ARRAY_LEN(waits); k++) {
		bil_want_waiting(book, lane, waits[k]);
		struct rows rows = bil_see_waiting(book, lane, waits[k]);
		for (size_t i = 0; i < rows.n; i++) {
			const struct parked_row *row = rows.row[i];
			struct job job = bil_job_of_parked(book_arena(book), row);
			bil_want_job(book, &job, row->entity, row->terms_code, day);
		}
	}
}

/* ---- decide ----------------------------------------------------------------------------------------------------------- */

enum step bil_park(struct decision *d, const struct job *job, enum park_reason reason, struct text name)
{
	struct billing_event *event = bil_answer_new(d, job, false);
	struct type_parked *parked = WIRE_NEW(d->arena, type_parked);

	if (book_is_again(d->book))
		return STEP_WAITS;
	event->event_case = BILLING_EVENT_PARKED;
	event->parked = parked;
	parked->reason = bil_park_reason_name(reason);
	parked->waiting_for = bil_park_wait_key(d->arena, reason, name);
	parked->aggregate = job->aggregate;
	parked->input_type = wire_event_name(&crm_sales_order_event_msg, job->event);
	event->parked_input = wire_copy(&crm_sales_order_event_msg, job->event, d->arena);
	bil_answer(d, job, event, true, TEXT_NONE);
	return STEP_WAITS;
}

enum step bil_decide_job(struct decision *d, const struct job *job)
{
	return job->order_version != 0 ? bil_orders_decide(d, job) : bil_opening_decide(d, job);
}

/* The order stands at this version now, and the next one is here. */
static bool next_waits(struct decision *d, const struct job *job)
{
	if (job->order_version == 0)
		return false;
	const struct sales_order_row *order = bil_see_order(d->book, job->lane, job->account, job->order_id);
	return order != NULL && order->version == job->order_version &&
	       bil_see_parked(d->book, job->lane, job->account, job->aggregate, job->position + 1) != NULL;
}

/* The input has its answers; the rows that are ready now follow. */
static enum decided goes_on_releasing(struct decision *d)
{
	d->answered = true;
	d->cursor = BILLING_CURSOR_RELEASE;
	return MORE;
}

/* One page; MORE while a row is left, was made ready, or is not finished. Rows that wait for something else now are not found again. */
enum decided bil_parking_release(struct decision *d, struct text waits_for)
{
	struct rows page[] = { { 0 }, bil_see_waiting(d->book, d->input->lane, PARK_READY) };

	if (!text_eq(waits_for, PARK_READY))
		page[0] = bil_see_waiting(d->book, d->input->lane, waits_for);
	bool more = page[0].more || page[1].more;

	for (size_t k = 0; k < ARRAY_LEN(page); k++)
		for (size_t i = 0; i < page[k].n && !book_is_again(d->book); i++) {
			struct job job = bil_job_of_parked(d->arena, page[k].row[i]);
			enum step step = bil_decide_job(d, &job);
			more |= step == STEP_UNFINISHED || (step == STEP_TAKEN && next_waits(d, &job));
		}
	if (!more)
		return DECIDED;
	d->cursor = BILLING_CURSOR_RELEASE;
	return MORE;
}

/* In the same transaction, as far as it was loaded; what is beyond, or unfinished, is `ready` and follows in the next. */
enum decided bil_parking_follow(struct decision *d, const struct job *job)
{
	if (!next_waits(d, job))
		return DECIDED;
	struct rows behind = bil_see_chain(d->book, job->lane, job->account, job->aggregate, job->position);
	int64_t position = job->position;

	for (size_t i = 0; i < behind.n && !book_is_again(d->book); i++) {
		const struct parked_row *row = behind.row[i];
		if (row->position != ++position)
			return DECIDED;
		struct job next = bil_job_of_parked(d->arena, row);
		enum step step = bil_decide_job(d, &next);
		if (step == STEP_WAITS)
			return DECIDED;
		if (step == STEP_UNFINISHED || (i + 1 == behind.n && next_waits(d, &next)))
			return goes_on_releasing(d);
	}
	return DECIDED;
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

/* What a decision about this event will look at, so that want can ask for it in one go when it is released. */
static void set_context(struct book *book, struct parked_row *row)
{
	struct job job = bil_job_of_parked(book_arena(book), row);
	const struct crm_order *content = content_of(row->input);

	if (job.order_version == 0)
		return;
	const struct sales_order_row *order = bil_see_order(book, row->lane, row->account, job.order_id);
	const struct customer_row *customer = NULL;
	if (row->input->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED)
		customer = bil_see_customer(book, row->lane, row->account, content->order_date);
	if (content != NULL)
		row->entity = content->entity;
	else if (order != NULL)
		row->entity = order->entity;
	if (content == NULL)
		row->terms_code = order != NULL ? order->terms_code : TEXT_NONE;
	else if (!text_empty(content->terms_code))
		row->terms_code = content->terms_code;
	else if (order != NULL)
		row->terms_code = order->customer_terms_code;
	else if (customer != NULL)
		row->terms_code = customer->terms_code;
}

static void keep_parked(struct book *book, const struct input *input, const struct billing_event *event, const struct outcome *o)
{
	const struct cause *cause = o->cause != NULL ? o->cause : &input->cause;
	struct parked_row row = {
		.lane = input->lane,
		.account = event->account,
		.aggregate = event->parked->aggregate,
		.position = event->order_version != 0 ? event->order_version : cause->offset,
		.waits_for = event->parked->waiting_for,
		.reason = event->parked->reason,
		.input = event->parked_input,
		.cause_topic = cause->topic,
		.cause_partition = cause->partition,
		.cause_offset = cause->offset,
		.cause_event_id = cause->event_id,
		.cause_source = cause->source,
		.cause_correlation_id = cause->correlation_id,
		.parts = o->part,
	};

	set_context(book, &row);
	book_put(book, &bil_parked_table, &row);
}

static struct text aggregate_of(struct arena *arena, const struct billing_event *event)
{
	if (event->order_version != 0)
		return bil_park_order(arena, event->order_id);
	return bil_park_take_on(arena, event->event_case == BILLING_EVENT_REFUSED ? event->refused->subject
										  : event->item_taken_on->external_number);
}

/* A released input has its final answer, or one more part of it. */
static void let_go(struct book *book, int32_t lane, const struct billing_event *event, const struct outcome *o)
{
	bool done = event->takes_version || event->event_case == BILLING_EVENT_REFUSED ||
		    event->event_case == BILLING_EVENT_ITEM_TAKEN_ON;
	int64_t position = event->order_version != 0 ? event->order_version : o->cause->offset;
	const struct parked_row *row = bil_see_parked(book, lane, event->account, aggregate_of(book_arena(book), event), position);

	if (row == NULL)
		return;
	struct parked_row next = *row;
	next.parts = o->part;
	if (done)
		book_delete(book, &bil_parked_table, row);
	else
		book_put(book, &bil_parked_table, &next);
}

/* The version was taken: the one behind it, if it is here, is ready. */
static void make_ready(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct parked_row *row = bil_see_parked(book, lane, event->account, bil_park_order(book_arena(book), event->order_id),
						      (int64_t)event->order_version + 1);

	if (row == NULL)
		return;
	struct parked_row next = *row;
	next.waits_for = PARK_READY;
	set_context(book, &next);
	book_put(book, &bil_parked_table, &next);
}

void bil_parking_apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct billing_event *event = outcome->event;

	if (event->event_case == BILLING_EVENT_PARKED) {
		keep_parked(book, input, event, outcome);
		return;
	}
	if (outcome->cause != NULL)
		let_go(book, input->lane, event, outcome);
	if (event->takes_version)
		make_ready(book, input->lane, event);
}
