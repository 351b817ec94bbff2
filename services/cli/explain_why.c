/* explain_why: see explain_words.h. What decided, what it took and what it left. */
#include "cli/explain_words.h"
#include "ev/all.h"

const struct type_explanation *explain_decision(const struct wire_msg *msg, const void *body)
{
	const struct cash_event *ev = body;

	if (msg != &cash_event_msg)
		return NULL;
	switch (ev->event_case) {
	case CASH_EVENT_TRANSFER_SENT:
		return ev->transfer_sent->explanation;
	case CASH_EVENT_APPLIED:
		return ev->applied->explanation;
	case CASH_EVENT_LEFT_UNAPPLIED:
		return ev->left_unapplied->explanation;
	case CASH_EVENT_LEFT_UNIDENTIFIED:
		return ev->left_unidentified->explanation;
	default:
		return NULL;
	}
}

struct text explain_rule(const struct type_explanation *x, struct arena *a)
{
	struct buf b = { .arena = a };

	if (!text_empty(x->rule_id))
		buf_printf(&b, "by rule " TEXT_FMT, TEXT_ARG(x->rule_id));
	if (!text_empty(x->rule_version))
		buf_printf(&b, ", version " TEXT_FMT, TEXT_ARG(x->rule_version));
	if (!text_empty(x->because))
		buf_printf(&b, "%s" TEXT_FMT, b.n > 0 ? ": " : "", TEXT_ARG(x->because));
	if (!text_empty(x->tie_break))
		buf_printf(&b, "%stie: " TEXT_FMT, b.n > 0 ? "; " : "", TEXT_ARG(x->tie_break));
	return buf_text(&b);
}

bool explain_is_automatic(const struct type_explanation *x)
{
	static const char *const others[] = { "", "by_command", "credit_memo", "closes_credit", "send_back" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (text_eq(x->rule_id, text_of(others[i])))
			return false;
	return true;
}

/* Each item once: several credits may pay one. */
static void add_item(struct explain_ids *ids, const struct type_item_ref *item)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->sequence[i] == item->sequence && text_eq(ids->id[i], item->document_id))
			return;
	ids->id[ids->n] = item->document_id;
	ids->sequence[ids->n++] = item->sequence;
}

struct explain_ids explain_chosen(const struct wire_msg *msg, const void *body, struct arena *a)
{
	const struct cash_event *ev = body;
	struct explain_ids ids = { 0 };

	if (msg != &cash_event_msg)
		return ids;
	if (ev->event_case == CASH_EVENT_TRANSFER_SENT) {
		ids.id = arena_dup(a, &ev->transfer_sent->to_account, sizeof(*ids.id));
		ids.n = 1;
	} else if (ev->event_case == CASH_EVENT_APPLIED) {
		const struct cash_applied *p = ev->applied;

		ids.documents = true;
		ids.id = ARENA_ARRAY(a, 2 * p->n_applications, struct text);
		ids.sequence = ARENA_ARRAY(a, 2 * p->n_applications, int32_t);
		for (size_t i = 0; i < p->n_applications; i++) {
			add_item(&ids, p->applications[i].debit);
			add_item(&ids, p->applications[i].credit);
		}
	}
	return ids;
}

bool explain_take(struct explain_ids *ids, struct text what)
{
	for (size_t i = 0; i < ids->n; i++)
		if (text_eq(ids->id[i], what)) {
			if (ids->documents) /* an item of it: another candidate of that name is another item */
				ids->id[i] = TEXT_NONE;
			return true;
		}
	return false;
}

bool explain_names_document(const struct wire_msg *msg, const void *body, struct text document_id)
{
	const struct collections_event *ev = body;

	if (msg != &collections_event_msg)
		return false;
	switch (ev->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		for (size_t i = 0; i < ev->notice_issued->n_items; i++)
			if (text_eq(ev->notice_issued->items[i].document_id, document_id))
				return true;
		return false;
	case COLLECTIONS_EVENT_PROMISE_MADE:
		for (size_t i = 0; i < ev->promise_made->n_items; i++)
			if (text_eq(ev->promise_made->items[i].document_id, document_id))
				return true;
		return false;
	case COLLECTIONS_EVENT_HOLD_SET:
		return ev->hold_set->item != NULL && text_eq(ev->hold_set->item->document_id, document_id);
	case COLLECTIONS_EVENT_BLOCK_SET:
		return ev->block_set->item != NULL && text_eq(ev->block_set->item->document_id, document_id);
	default:
		return false;
	}
}
