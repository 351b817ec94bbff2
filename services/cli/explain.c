/* explain: see explain.h. */
#include "cli/explain.h"
#include "cli/explain_facts.h"
#include "cli/explain_words.h"
#include "ev/all.h"
#include "reporting_sql.h"
#include "store/store.h"

/* ---- applications of a document or receipt ---- */

/* Of the document that was asked for only the item that was asked for. */
static bool is_asked(const struct explain *x, const char *document_id, int64_t sequence)
{
	return x->sequence == 0 || sequence == x->sequence || !text_eq(x->document_id, text_of(document_id));
}

static bool tell_open(struct explain *x, int depth, const char *const *document, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = x->cli->arena;

	if (!store_query(x->store, sql_explain_items, 3, document, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct text currency = store_result_text(r, i, "currency"), due = store_result_text(r, i, "due_date");

		if (!is_asked(x, document[2], store_result_i64(r, i, "sequence")))
			continue;
		const char *item = store_result_rows(r) > 1 ? text_printf(a, ", item %zu", i + 1).s : "";

		explain_say(x, depth, "open", "open now%s%s" TEXT_FMT ": %s", item, text_empty(due) ? "" : ", due ", TEXT_ARG(due),
			    explain_minor(a, store_result_i64(r, i, "open"), currency));
	}
	return true;
}

static void tell_undone(struct explain *x, int depth, const struct store_result *r, size_t i)
{
	struct text undone = store_result_text(r, i, "undone_on"), reference = store_result_text(r, i, "debit_reference");

	if (!text_empty(undone))
		explain_say(x, depth, "undone", "%s taken off " TEXT_FMT " again on " TEXT_FMT ": " TEXT_FMT,
			    explain_minor(x->cli->arena, store_result_i64(r, i, "amount"), store_result_text(r, i, "currency")),
			    TEXT_ARG(reference), TEXT_ARG(undone), TEXT_ARG(store_result_text(r, i, "undone_reason")));
}

/* The record that decided an application, when it was not told with its payment. */
static bool tell_decided(struct explain *x, int depth, const struct store_result *r, size_t i, struct err *err)
{
	const char *event_id = text_cstr(x->cli->arena, store_result_text(r, i, "event_id"));
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_record, &event_id, 1, err, &records, &n))
		return false;
	for (size_t k = 0; k < n; k++)
		explain_tell(x, depth, &records[k]);
	return true;
}

/* Seen from the document: the payment or memo, how it came, and why it was applied here. */
static bool tell_settled_by(struct explain *x, int depth, const struct store_result *r, size_t i, struct err *err)
{
	struct arena *a = x->cli->arena;
	struct text kind = store_result_text(r, i, "credit_kind"), reference = store_result_text(r, i, "credit_reference");
	struct text line = text_dup(a, store_result_text(r, i, "credit_line_id")), on = store_result_text(r, i, "applied_on");

	explain_say(x, depth, "application", "settled by " TEXT_FMT " " TEXT_FMT " on " TEXT_FMT ": %s", TEXT_ARG(kind),
		    TEXT_ARG(reference), TEXT_ARG(on),
		    explain_minor(a, store_result_i64(r, i, "amount"), store_result_text(r, i, "currency")));
	if (!text_empty(line) && !explain_payment(x, depth + 1, TEXT_NONE, line, err))
		return false;
	if (!tell_decided(x, depth + 1, r, i, err))
		return false;
	tell_undone(x, depth + 1, r, i);
	return true;
}

/* Seen from the receipt or memo: only what was not told before. */
static bool tell_used_for(struct explain *x, int depth, const struct store_result *r, size_t i, struct err *err)
{
	if (!tell_decided(x, depth, r, i, err))
		return false;
	tell_undone(x, depth, r, i);
	return true;
}

static bool tell_applications(struct explain *x, int depth, int32_t lane, struct text account, struct text document_id,
			      struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = x->cli->arena;
	const char *params[] = { explain_number(x, lane), text_cstr(a, account), text_cstr(a, document_id) };

	if (!store_query(x->store, sql_explain_applications, ARRAY_LEN(params), params, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		bool is_debit = text_eq(store_result_text(r, i, "debit_document_id"), document_id);

		if (!is_asked(x, params[2], store_result_i64(r, i, is_debit ? "debit_sequence" : "credit_sequence")))
			continue;

		if (!(is_debit ? tell_settled_by : tell_used_for)(x, depth, r, i, err))
			return false;
	}
	return tell_open(x, depth, params, err);
}

/* The document a record made, or the receipt money arrived in; empty for others. */
static struct text document_of(const struct explain_record *r)
{
	const struct billing_event *billing = r->body;
	const struct cash_event *cash = r->body;

	if (r->msg == &billing_event_msg)
		switch (billing->event_case) {
		case BILLING_EVENT_INVOICE_ISSUED:
			return billing->invoice_issued->document_id;
		case BILLING_EVENT_CREDIT_MEMO_ISSUED:
			return billing->credit_memo_issued->document_id;
		case BILLING_EVENT_ITEM_TAKEN_ON:
			return billing->item_taken_on->document_id;
		default:
			return TEXT_NONE;
		}
	if (r->msg == &cash_event_msg && cash->event_case == CASH_EVENT_TRANSFER_ACCEPTED && cash->account.s[0] != '~')
		return cash->transfer_accepted->document_id;
	return TEXT_NONE;
}

/* ---- trees ---- */

static bool tell_children(struct explain *x, int depth, const struct explain_record *r, struct err *err)
{
	const char *event_id = text_cstr(x->cli->arena, r->event_id);
	struct explain_record *children;
	size_t n;

	if (depth > EXPLAIN_DEPTH_MAX)
		return true;
	if (!explain_read(x, sql_explain_by_cause, &event_id, 1, err, &children, &n))
		return false;
	for (size_t i = 0; i < MIN(n, (size_t)EXPLAIN_CHILDREN_MAX); i++)
		if (!explain_tell_tree(x, depth, &children[i], err))
			return false;
	if (n > EXPLAIN_CHILDREN_MAX)
		explain_say(x, depth, "more", "... and %zu more", n - EXPLAIN_CHILDREN_MAX);
	return true;
}

bool explain_tell_tree(struct explain *x, int depth, const struct explain_record *r, struct err *err)
{
	struct text document = document_of(r);

	if (!explain_tell(x, depth, r))
		return true;
	return tell_children(x, depth + 1, r, err) &&
	       (text_empty(document) || tell_applications(x, depth + 1, r->lane, r->account, document, err));
}

/* What led to it, the outermost first: the fact that passed the gate says which record of a stranger it was. */
static bool tell_causes(struct explain *x, const struct explain_record *r, int *depth, struct err *err)
{
	const char *event_id = text_cstr(x->cli->arena, r->cause_event_id);
	struct explain_record *causes;
	size_t n;

	if (r->service == CLI_INTAKE)
		return true;
	if (!explain_read(x, sql_explain_record, &event_id, 1, err, &causes, &n))
		return false;
	if (n > 0 && *depth < EXPLAIN_DEPTH_MAX) {
		if (!tell_causes(x, &causes[0], depth, err))
			return false;
		*depth += explain_tell(x, *depth, &causes[0]);
	}
	return true;
}

/* A record with what led to it, unless that was told. */
static bool tell_whole(struct explain *x, int depth, const struct explain_record *r, struct err *err)
{
	return explain_is_told(x, r) || (tell_causes(x, r, &depth, err) && explain_tell_tree(x, depth, r, err));
}

/* The facts about one thing that passed the gate. */
static bool read_facts(struct explain *x, struct text subject, struct text account, struct err *err, struct explain_record **ret,
		       size_t *ret_n)
{
	struct arena *a = x->cli->arena;
	const char *params[] = { text_cstr(a, subject), text_cstr(a, account) };
	struct explain_record *records;
	size_t n, facts = 0;

	if (!explain_read(x, sql_explain_by_subject, params, ARRAY_LEN(params), err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (records[i].service == CLI_INTAKE)
			records[facts++] = records[i];
	*ret = records;
	*ret_n = facts;
	return true;
}

bool explain_order(struct explain *x, struct text account, struct text order_id, struct text only_cause, struct err *err)
{
	struct explain_record *facts;
	size_t n, left_out = 0;

	if (!read_facts(x, order_id, account, err, &facts, &n))
		return false;
	explain_say(x, 0, "order", "order " TEXT_FMT " of account " TEXT_FMT, TEXT_ARG(order_id), TEXT_ARG(account));
	for (size_t i = 0; i < n; i++) {
		bool terms = text_eq(facts[i].type, TEXT("order_booked")) || text_eq(facts[i].type, TEXT("order_amended"));

		if (!text_empty(only_cause) && !terms && !text_eq(facts[i].event_id, only_cause))
			left_out++;
		else if (!explain_tell_tree(x, 1, &facts[i], err))
			return false;
	}
	if (left_out > 0)
		explain_say(x, 1, "more", "%zu more events of this order: openitem explain " TEXT_FMT, left_out,
			    TEXT_ARG(order_id));
	return true;
}

bool explain_document(struct explain *x, int32_t lane, struct text account, struct text document_id, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = x->cli->arena;
	const char *params[] = { explain_number(x, lane), text_cstr(a, account), text_cstr(a, document_id) };
	struct explain_record *records;
	size_t n;

	if (!store_query(x->store, sql_explain_document, ARRAY_LEN(params), params, err, &r))
		return false;
	if (store_result_rows(r) == 0)
		return true;

	struct text order = text_dup(a, store_result_text(r, 0, "order_id"));
	const char *cause = text_cstr(a, store_result_text(r, 0, "cause_event_id"));

	if (!text_empty(order) && !store_result_bool(r, 0, "taken_on"))
		return explain_order(x, account, order, text_of(cause), err);
	if (!explain_read(x, sql_explain_record, &cause, 1, err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!explain_tell_tree(x, 0, &records[i], err))
			return false;
	return true;
}

/* What came later about the same promise, hold or block names no item. */
static bool is_about(const struct explain_record *records, size_t i, struct text document_id)
{
	if (explain_names_document(records[i].msg, records[i].body, document_id))
		return true;
	for (size_t k = 0; k < i && !text_empty(records[i].subject); k++)
		if (text_eq(records[k].subject, records[i].subject) &&
		    explain_names_document(records[k].msg, records[k].body, document_id))
			return true;
	return false;
}

bool explain_overlays(struct explain *x, int depth, int32_t lane, struct text account, struct text document_id, struct err *err)
{
	struct arena *a = x->cli->arena;
	const char *params[] = { explain_number(x, lane), text_cstr(a, account), text_cstr(a, document_id) };
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_overlays, params, ARRAY_LEN(params), err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_about(records, i, document_id) && !tell_whole(x, depth, &records[i], err))
			return false;
	return true;
}

/* Transfers and returns of the line that no event about the line itself led to: tried again by a new day, sent back. */
static bool tell_other_steps(struct explain *x, int depth, const char *const *line, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct explain_record *records;
	size_t n;

	if (!store_query(x->store, sql_explain_line, 2, line, err, &r))
		return false;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		const char *event_id = text_cstr(x->cli->arena, store_result_text(r, i, "event_id"));

		if (!explain_read(x, sql_explain_record, &event_id, 1, err, &records, &n))
			return false;
		for (size_t k = 0; k < n; k++)
			if (!tell_whole(x, depth, &records[k], err))
				return false;
	}
	return true;
}

bool explain_payment(struct explain *x, int depth, struct text account, struct text line_id, struct err *err)
{
	const char *line[] = { text_cstr(x->cli->arena, line_id), text_cstr(x->cli->arena, account) };
	struct explain_record *facts;
	size_t n;

	if (!read_facts(x, line_id, account, err, &facts, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!explain_tell_tree(x, depth, &facts[i], err))
			return false;
	return tell_other_steps(x, depth + 1, line, err);
}

/* ---- any event ---- */

bool explain_event(struct explain *x, const char *event_id, struct err *err)
{
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_record, &event_id, 1, err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!tell_whole(x, 0, &records[i], err))
			return false;
	return true;
}

bool explain_subject(struct explain *x, struct text account, struct text subject, struct err *err)
{
	const char *params[] = { text_cstr(x->cli->arena, subject), text_cstr(x->cli->arena, account) };
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_by_subject, params, ARRAY_LEN(params), err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!tell_whole(x, 0, &records[i], err))
			return false;
	return true;
}

/* The same stranger's record. */
static bool same_cause(const struct explain_record *a, const struct explain_record *b)
{
	return text_eq(a->cause_topic, b->cause_topic) && a->cause_partition == b->cause_partition &&
	       a->cause_offset == b->cause_offset;
}

bool explain_cause(struct explain *x, const char *event_id, struct err *err)
{
	struct explain_record *records;
	size_t n;

	if (!explain_read(x, sql_explain_by_cause, &event_id, 1, err, &records, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && same_cause(&records[i - 1], &records[i])) { /* a reference fact: the same on every lane */
			if (!tell_children(x, 1, &records[i], err))
				return false;
			continue;
		}
		if (!tell_whole(x, 0, &records[i], err))
			return false;
	}
	return true;
}
