/* orders: booked, amended, fulfilled, cancelled, in order of their versions. What each needs, in reading order. */
#include "core/credit_memo.h"
#include "core/order.h"
#include "core/posting.h"
#include "core/terms.h"
#include "journey.h"

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static struct text line_text(struct decision *d, int32_t line_no)
{
	return line_no != 0 ? text_printf(d->arena, "line %d", line_no) : TEXT_NONE;
}

static struct text sum_text(struct decision *d, const struct crm_order *content, enum refusal why, struct money net)
{
	char ours[MONEY_TEXT_MAX + 1], theirs[MONEY_TEXT_MAX + 1];
	int exponent = currency_exponent(content->currency_code);

	if (why != REFUSE_SUM_MISMATCH)
		return TEXT_NONE;
	return text_printf(d->arena, "%s given, %s computed", money_format(theirs, content->net_total.minor, exponent),
			   money_format(ours, net.minor, exponent));
}

/* An event at the version that is next is taken even when it is refused: later ones must not wait for it. */
static enum step refuse_event(struct decision *d, const struct job *job, enum refusal why, struct text what)
{
	return bil_refuse(d, job, job->order_version > 1, why, what);
}

static struct billing_order_recorded *recorded_new(struct decision *d, const struct job *job, enum billing_order_state state,
						   struct billing_event **ret_event)
{
	struct billing_event *event = bil_answer_new(d, job, true);
	struct billing_order_recorded *recorded = WIRE_NEW(d->arena, billing_order_recorded);

	event->event_case = BILLING_EVENT_ORDER_RECORDED;
	event->order_recorded = recorded;
	event->order_state = state;
	recorded->state = state;
	recorded->order_id = job->order_id;
	recorded->order_version = job->order_version;
	recorded->input_type = wire_event_name(&crm_sales_order_event_msg, job->event);
	*ret_event = event;
	return recorded;
}

/* ---- booked, amended -------------------------------------------------------------------------------------------------- */

static void record_content(struct decision *d, const struct job *job, const struct crm_order *content, struct money net,
			   enum billing_order_state state, struct text customer_terms)
{
	struct billing_event *event;
	struct billing_order_recorded *recorded = recorded_new(d, job, state, &event);

	recorded->entity = content->entity;
	recorded->net = net;
	recorded->customer_po = content->customer_po;
	if (!date_is_valid(content->due_date))
		recorded->terms_code = text_empty(content->terms_code) ? customer_terms : content->terms_code;
	recorded->customer_terms_code = customer_terms;
	recorded->order = wire_copy(&crm_order_msg, content, d->arena);
	bil_answer(d, job, event, false, TEXT_NONE);
}

/* Terms and the external number: what both bookings and amendments must have. PARK_NOTHING and REFUSE_NOTHING: fine. */
static enum park_reason check_context(struct decision *d, const struct job *job, const struct crm_order *content,
				      struct text customer_terms, enum refusal *ret_why, struct text *ret_name)
{
	struct text code = text_empty(content->terms_code) ? customer_terms : content->terms_code;
	const struct external_number_row *same =
		bil_see_external(d->book, job->lane, job->account, content->entity, EXTERNAL_OF_ORDER, content->external_reference);
	size_t n_terms;

	*ret_why = REFUSE_NOTHING;
	*ret_name = code;
	bil_see_terms(d->book, job->lane, code, &n_terms);
	if (!date_is_valid(content->due_date) && text_empty(code)) {
		*ret_why = REFUSE_NO_TERMS;
		*ret_name = TEXT_NONE;
	} else if (!date_is_valid(content->due_date) && n_terms == 0) {
		return PARK_TERMS_UNKNOWN;
	} else if (same != NULL && !text_eq(same->owner, content->order_id)) {
		*ret_why = REFUSE_EXTERNAL_NUMBER_CONFLICT;
		*ret_name = text_printf(d->arena, TEXT_FMT " of order " TEXT_FMT, TEXT_ARG(content->external_reference),
					TEXT_ARG(same->owner));
	}
	return PARK_NOTHING;
}

static enum step booked(struct decision *d, const struct job *job, const struct crm_order *content)
{
	const struct customer_row *customer = bil_see_customer(d->book, job->lane, job->account, content->order_date);
	const struct entity_row *entity = bil_see_entity(d->book, job->lane, content->entity);
	struct money net = { 0 };
	struct text name;
	enum refusal why = bil_order_check(d->arena, content, &net);

	if (why != REFUSE_NOTHING)
		return refuse_event(d, job, why, sum_text(d, content, why, net));
	if (customer == NULL)
		return bil_park(d, job, PARK_CUSTOMER_UNKNOWN, job->account);
	if (entity == NULL)
		return bil_park(d, job, PARK_ENTITY_UNKNOWN, content->entity);
	enum park_reason missing = check_context(d, job, content, customer->terms_code, &why, &name);
	if (missing != PARK_NOTHING)
		return bil_park(d, job, missing, name);
	if (why != REFUSE_NOTHING)
		return refuse_event(d, job, why, name);
	record_content(d, job, content, net, BILLING_ORDER_STATE_OPEN, customer->terms_code);
	return STEP_TAKEN;
}

static enum step amended(struct decision *d, const struct job *job, const struct sales_order_row *order,
			 const struct crm_order *content)
{
	struct money net = { 0 };
	struct text name;
	enum refusal why = bil_order_check_same(order->content, content);

	if (why == REFUSE_NOTHING)
		why = bil_order_check(d->arena, content, &net);
	if (why == REFUSE_NOTHING)
		why = bil_order_check_billed(order->progress, content);
	if (why != REFUSE_NOTHING)
		return refuse_event(d, job, why, sum_text(d, content, why, net));
	enum park_reason missing = check_context(d, job, content, order->customer_terms_code, &why, &name);
	if (missing != PARK_NOTHING)
		return bil_park(d, job, missing, name);
	if (why != REFUSE_NOTHING)
		return refuse_event(d, job, why, name);
	record_content(d, job, content, net, bil_order_state(content, order->progress), order->customer_terms_code);
	return STEP_TAKEN;
}

/* ---- fulfilled: an invoice (BIL-05) ----------------------------------------------------------------------------------- */

static void issue_invoice(struct decision *d, const struct job *job, const struct sales_order_row *order,
			  const struct entity_row *entity, struct billing_document_issued *doc)
{
	struct billing_event *event = bil_answer_new(d, job, true);

	doc->type = BILLING_DOCUMENT_TYPE_INVOICE;
	doc->document_id = bil_documents_id(d, job, TEXT("invoice"));
	doc->entity = order->entity;
	doc->external_number = order->content->external_reference;
	doc->supply_date = job->event->order_fulfilled->supply_date;
	doc->order_id = job->order_id;
	doc->order_version = job->order_version;
	doc->customer_po = order->content->customer_po;
	bil_documents_number(d, job, entity, doc);
	struct text rule_version = bil_documents_items(d, job->lane, order->content->due_date, order->terms_code, doc);
	event->event_case = BILLING_EVENT_INVOICE_ISSUED;
	event->invoice_issued = doc;
	event->order_state = bil_order_state(order->content, bil_order_advance(d->arena, order->progress, doc));
	bil_posting_document(d->arena, doc, event);
	bil_answer(d, job, event, false, rule_version);
}

static enum step fulfilled(struct decision *d, const struct job *job, const struct sales_order_row *order)
{
	const struct entity_row *entity = bil_see_entity(d->book, job->lane, order->entity);
	struct billing_document_issued *doc = WIRE_NEW(d->arena, billing_document_issued);
	const struct crm_order_fulfilled *delivered = job->event->order_fulfilled;
	struct invoice_pick *picks;
	size_t n_picks;
	int32_t line_no;
	enum refusal why = bil_order_pick(d->arena, order->content, order->progress, delivered, &picks, &n_picks, &line_no);

	if (why == REFUSE_NOTHING)
		why = bil_invoice_amounts(d->arena, order->content->currency_code, picks, n_picks, doc);
	if (why != REFUSE_NOTHING)
		return refuse_event(d, job, why, line_text(d, line_no));
	if (!date_is_valid(bil_see_day(d->book, job->lane)))
		return bil_park(d, job, PARK_DAY_UNKNOWN, TEXT_NONE);
	if (book_is_again(d->book) || entity == NULL)
		return STEP_WAITS;
	issue_invoice(d, job, order, entity, doc);
	return STEP_TAKEN;
}

/* ---- cancelled: a credit memo for each invoice (BIL-07) --------------------------------------------------------------- */

static void issue_credit_memo(struct decision *d, const struct job *job, const struct invoice_row *invoice,
			      const struct entity_row *entity, bool last_of_page)
{
	struct billing_event *event = bil_answer_new(d, job, false);
	struct billing_document_issued *memo = WIRE_NEW(d->arena, billing_document_issued);
	size_t n_rest;
	struct billing_credited_line *rest = bil_credit_memo_rest(d->arena, invoice->issued, invoice->so_far, &n_rest);

	bil_credit_memo_make(d->arena, invoice->issued, invoice->so_far, rest, n_rest, TEXT_NONE, memo);
	memo->document_id = bil_documents_id(d, job, invoice->document_id);
	memo->order_version = job->order_version;
	memo->reason = job->event->order_cancelled->reason;
	bil_documents_number(d, job, entity, memo);
	bil_invoice_item(d->arena, memo, memo->issue_date, -memo->gross_minor, -memo->gross_minor);
	event->event_case = BILLING_EVENT_CREDIT_MEMO_ISSUED;
	event->credit_memo_issued = memo;
	bil_posting_document(d->arena, memo, event);
	bil_answer(d, job, event, last_of_page, TEXT_NONE);
}

static enum step cancelled(struct decision *d, const struct job *job, const struct sales_order_row *order)
{
	const struct entity_row *entity = bil_see_entity(d->book, job->lane, order->entity);
	struct rows invoices = bil_see_to_credit(d->book, job->lane, job->account, job->order_id);
	struct billing_event *event;

	bil_see_day(d->book, job->lane);
	if (book_is_again(d->book) || entity == NULL)
		return STEP_WAITS;
	for (size_t i = 0; i < invoices.n && !book_is_again(d->book); i++)
		issue_credit_memo(d, job, invoices.row[i], entity, invoices.more && i + 1 == invoices.n);
	if (invoices.more)
		return STEP_UNFINISHED;
	struct billing_order_recorded *recorded = recorded_new(d, job, BILLING_ORDER_STATE_CANCELLED, &event);
	recorded->entity = order->entity;
	recorded->customer_po = order->content->customer_po;
	recorded->terms_code = order->terms_code;
	recorded->customer_terms_code = order->customer_terms_code;
	bil_answer(d, job, event, false, TEXT_NONE);
	return STEP_TAKEN;
}

/* ---- which way -------------------------------------------------------------------------------------------------------- */

/* Order events are taken in order of version, each once. */
static enum refusal check_version(struct decision *d, const struct job *job, const struct sales_order_row *order)
{
	bool booking = job->event->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED;

	if (booking && order != NULL)
		return REFUSE_ORDER_EXISTS;
	if (booking ? job->order_version != 1 : job->order_version < 2)
		return REFUSE_BAD_ORDER_VERSION;
	if (order != NULL && job->order_version <= order->version)
		return REFUSE_ORDER_VERSION_TAKEN;
	if (job->row == NULL && bil_see_parked(d->book, job->lane, job->account, job->aggregate, job->position) != NULL)
		return REFUSE_ORDER_VERSION_TAKEN;
	return REFUSE_NOTHING;
}

static enum step wait_for_version(struct decision *d, const struct job *job, const struct sales_order_row *order)
{
	bool behind = bil_see_parked(d->book, job->lane, job->account, job->aggregate, job->position - 1) != NULL;
	enum park_reason reason = behind ? PARK_BEHIND_PARKED : order != NULL ? PARK_ORDER_VERSION_GAP : PARK_ORDER_UNKNOWN;

	return bil_park(d, job, reason, TEXT_NONE);
}

enum step bil_orders_decide(struct decision *d, const struct job *job)
{
	const struct sales_order_row *order = bil_see_order(d->book, job->lane, job->account, job->order_id);
	bool booking = job->event->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED;
	enum refusal why = check_version(d, job, order);

	if (book_is_again(d->book))
		return STEP_WAITS;
	if (why != REFUSE_NOTHING)
		return bil_refuse(d, job, false, why, TEXT_NONE);
	if (booking)
		return booked(d, job, job->event->order_booked->order);
	if (order == NULL || job->order_version != order->version + 1)
		return wait_for_version(d, job, order);
	if (order->state == BILLING_ORDER_STATE_CANCELLED)
		return refuse_event(d, job, REFUSE_ORDER_CLOSED, TEXT_NONE);
	switch (job->event->event_case) {
	case CRM_SALES_ORDER_EVENT_ORDER_AMENDED:
		return amended(d, job, order, job->event->order_amended->order);
	case CRM_SALES_ORDER_EVENT_ORDER_FULFILLED:
		return fulfilled(d, job, order);
	case CRM_SALES_ORDER_EVENT_ORDER_CANCELLED:
		return cancelled(d, job, order);
	case CRM_SALES_ORDER_EVENT_ORDER_BOOKED:
	case CRM_SALES_ORDER_EVENT_OPENING_ITEM:
	case CRM_SALES_ORDER_EVENT_NONE:
		break;
	}
	NOT_REACHED("an event of an order");
	return STEP_WAITS;
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

void bil_orders_apply(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct billing_order_recorded *recorded = event->order_recorded;
	const struct sales_order_row *old = bil_see_order(book, lane, event->account, recorded->order_id);
	struct sales_order_row row = { 0 };

	if (old != NULL)
		row = *old;
	row.lane = lane;
	row.account = event->account;
	row.order_id = recorded->order_id;
	row.state = (int32_t)event->order_state;
	row.entity = recorded->entity;
	row.terms_code = recorded->terms_code;
	row.customer_terms_code = recorded->customer_terms_code;
	if (recorded->order != NULL)
		row.content = recorded->order;
	book_put(book, &bil_sales_order_table, &row);
	if (recorded->order == NULL || text_empty(recorded->order->external_reference))
		return;
	book_put(book, &bil_external_number_table,
		 &(struct external_number_row){
			 .lane = lane,
			 .account = event->account,
			 .entity = recorded->entity,
			 .kind = EXTERNAL_OF_ORDER,
			 .value = recorded->order->external_reference,
			 .owner = recorded->order_id,
		 });
}
