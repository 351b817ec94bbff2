/*
 * invariants_overlays: promises, holds and blocks from one end to the other (LEDGER sections 1 and 5, COL-04), worked out from the outcomes alone;
 * advices (CSH-03).
 */
#include "invariants_impl.h"

/* ---- promises ------------------------------------------------------------------------------------------------------------------------ */

static struct inv_promise *open_promise(const struct inv_look *l, struct text promise_id)
{
	for (struct inv_promise *p = l->k->promises; p != NULL; p = p->next)
		if (p->open && text_eq(p->account, l->account) && text_eq(p->promise_id, promise_id))
			return p;
	return NULL;
}

static struct text items_text(struct arena *arena, const struct collections_promise_made *m)
{
	struct buf b = { .arena = arena };

	for (size_t i = 0; i < m->n_items; i++)
		buf_printf(&b, TEXT_FMT ":%d\n", TEXT_ARG(m->items[i].document_id), (int)m->items[i].sequence);
	return buf_text(&b);
}

static bool promise_made(const struct inv_look *l, const struct collections_promise_made *m)
{
	struct arena *arena = l->inv->arena;
	struct inv_promise *before = open_promise(l, m->promise_id), *p = ARENA_NEW(arena, struct inv_promise);

	if (m->supersedes != (before != NULL))
		return inv_says(l, "promise_supersedes", "says wrongly whether it takes the place of an open one", m->promise_id,
				m->supersedes);
	if (m->amount.minor <= 0 || m->promised_date < m->made_on)
		return inv_says(l, "promise_of_nothing", "a promise of nothing, or for a day that has passed", m->promise_id,
				m->amount.minor);
	if (before != NULL)
		before->open = false;
	*p = (struct inv_promise){ .next = l->k->promises,
				   .lane = l->row->lane,
				   .account = text_dup(arena, l->account),
				   .promise_id = text_dup(arena, m->promise_id),
				   .entity = text_dup(arena, m->entity),
				   .amount = m->amount,
				   .items = items_text(arena, m),
				   .made_on = m->made_on,
				   .before_minor = m->paid_before_minor,
				   .last_day = m->promised_date + m->grace_days,
				   .open = true };
	l->k->promises = p;
	return true;
}

static bool promise_judged(const struct inv_look *l, const struct collections_promise_judged *j)
{
	struct inv_promise *p = open_promise(l, j->promise_id);
	bool full = j->paid.minor >= j->amount.minor;
	enum collections_promise_state state = full                ? COLLECTIONS_PROMISE_STATE_KEPT
					       : j->paid.minor > 0 ? COLLECTIONS_PROMISE_STATE_PARTLY_KEPT
								   : COLLECTIONS_PROMISE_STATE_BROKEN;

	if (p == NULL)
		return inv_says(l, "promise_ended", "a promise ends that is not open", j->promise_id, (int)j->state);
	p->open = false;
	p->paid_minor = j->paid.minor;
	if (j->amount.minor != p->amount.minor || j->paid.minor < 0 || j->state != state)
		return inv_says(l, "promise_state", "kept, partly kept or broken against what was paid", j->promise_id,
				j->paid.minor);
	return full || j->judged_date > p->last_day ||
	       inv_says(l, "promise_early", "it broke before its last day was over", j->promise_id, j->judged_date - p->last_day);
}

static bool promise_cancelled(const struct inv_look *l, struct text promise_id)
{
	struct inv_promise *p = open_promise(l, promise_id);

	if (p == NULL)
		return inv_says(l, "promise_ended", "a promise is cancelled that is not open", promise_id, 0);
	p->open = false;
	return true;
}

/* ---- holds and blocks ----------------------------------------------------------------------------------------------------------------- */

static struct inv_hold *hold_at(const struct inv_look *l, bool is_block, struct text id)
{
	struct arena *arena = l->inv->arena;
	struct inv_hold *h = l->k->holds;

	while (h != NULL && (h->is_block != is_block || !text_eq(h->account, l->account) || !text_eq(h->id, id)))
		h = h->next;
	if (h != NULL)
		return h;
	h = ARENA_NEW(arena, struct inv_hold);
	*h = (struct inv_hold){ .next = l->k->holds,
				.is_block = is_block,
				.lifted = true,
				.account = text_dup(arena, l->account),
				.id = text_dup(arena, id) };
	return l->k->holds = h;
}

static bool set(const struct inv_look *l, struct inv_hold *h, const struct type_item_ref *item, int64_t amount_minor, date_t until)
{
	h->lifted = false;
	h->document_id = item != NULL ? text_dup(l->inv->arena, item->document_id) : TEXT_NONE;
	h->sequence = item != NULL ? item->sequence : 0;
	h->amount_minor = amount_minor;
	h->until = until;
	return true;
}

static bool lift(const struct inv_look *l, struct inv_hold *h)
{
	bool was = h->lifted;

	h->lifted = true;
	return !was || inv_says(l, "hold_ended", "a hold or block is lifted that does not hold", h->id, 0);
}

static bool holds_on(const struct inv_hold *h, const struct inv_look *l, date_t day)
{
	return !h->lifted && (h->until == DATE_NONE || h->until >= day) && text_eq(h->account, l->account);
}

/* ---- reminders ------------------------------------------------------------------------------------------------------------------------ */

/* Held: no more than what is in force on that day can hold. */
static bool held(const struct inv_look *l, const struct collections_notice_issued *n)
{
	int64_t most = 0;
	bool all = false;

	for (const struct inv_hold *h = l->k->holds; h != NULL; h = h->next) {
		if (!holds_on(h, l, n->judged_date))
			continue;
		if (text_empty(h->document_id))
			return inv_says(l, "notice_blocked", "a reminder for an account under a block", h->id, n->level);
		most += h->amount_minor;
		all = all || h->amount_minor == 0;
		for (size_t i = 0; i < n->n_items && h->amount_minor == 0; i++)
			if (n->items[i].sequence == h->sequence && text_eq(n->items[i].document_id, h->document_id))
				return inv_says(l, "notice_held", "a reminder of an item that is held", h->id,
						n->items[i].open_minor);
	}
	return all || n->held_minor <= most ||
	       inv_says(l, "notice_held", "more is held than what is in force can hold", l->account, n->held_minor - most);
}

/* Promised: once, and no more than open promises say, nor than what is overdue and not held. */
static bool promised(const struct inv_look *l, const struct collections_notice_issued *n)
{
	int64_t most = 0;

	for (const struct inv_promise *p = l->k->promises; p != NULL; p = p->next)
		if (p->open && text_eq(p->account, l->account) && text_eq(p->entity, n->entity) &&
		    strcmp(p->amount.currency, n->amount.currency) == 0)
			most += p->amount.minor;
	return (n->promised_minor >= 0 && n->promised_minor <= MIN(most, n->overdue_minor - n->held_minor)) ||
	       inv_says(l, "notice_promised", "more is taken for promised than open promises say, or than is owed", l->account,
			n->promised_minor - most);
}

static bool notice(const struct inv_look *l, const struct collections_notice_issued *n)
{
	int64_t listed = 0, credits = 0;

	for (size_t i = 0; i < n->n_items; i++)
		listed += n->items[i].open_minor;
	for (size_t i = 0; i < n->n_credits; i++)
		credits += n->credits[i].open_minor;
	if (n->item_count != (int32_t)n->n_items || listed < n->amount.minor + n->credits_minor || listed > n->overdue_minor)
		return inv_says(l, "notice_items", "its items are not what it is about", l->account, listed - n->amount.minor);
	if (credits != n->credits_minor)
		return inv_says(l, "notice_credits", "its credits are not what was counted", l->account,
				credits - n->credits_minor);
	return held(l, n) && promised(l, n);
}

bool inv_overlay(const struct inv_look *l, const struct collections_event *e)
{
	switch (e->event_case) {
	case COLLECTIONS_EVENT_PROMISE_MADE:
		return promise_made(l, e->promise_made);
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
		return promise_judged(l, e->promise_judged);
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
		return promise_cancelled(l, e->promise_cancelled->promise_id);
	case COLLECTIONS_EVENT_HOLD_SET:
		return set(l, hold_at(l, false, e->hold_set->hold_id), e->hold_set->item, e->hold_set->amount.minor,
			   e->hold_set->until);
	case COLLECTIONS_EVENT_HOLD_LIFTED:
		return lift(l, hold_at(l, false, e->hold_lifted->hold_id));
	case COLLECTIONS_EVENT_BLOCK_SET:
		return set(l, hold_at(l, true, e->block_set->block_id), e->block_set->item, 0, e->block_set->until);
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		return lift(l, hold_at(l, true, e->block_lifted->block_id));
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		return notice(l, e->notice_issued);
	case COLLECTIONS_EVENT_DAY_JUDGED:
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
	case COLLECTIONS_EVENT_EPISODE_ENDED:
	case COLLECTIONS_EVENT_REFUSED:
	case COLLECTIONS_EVENT_NONE:
		break;
	}
	return true;
}

/* ---- advices ----------------------------------------------------------------------------------------------------------------------------- */

static bool once(const struct inv_look *l, const char *what, struct text a, struct text b)
{
	char buf[KEY_SIZE];
	struct text key = tally_key(buf, sizeof(buf), "%s|" TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT, what, TEXT_ARG(l->account),
				    TEXT_ARG(a), TEXT_ARG(b));

	return tally_at(&l->k->advices, key)->a++ == 0 ||
	       inv_says(l, "advice_again", "an advice or line met its counterpart twice", key, 0);
}

/* It waits once, is joined to one line, which joins no other, follows its money once and is used once. */
bool inv_advice(const struct inv_look *l, const struct cash_event *e)
{
	switch (e->event_case) {
	case CASH_EVENT_ADVICE_RECORDED: {
		const struct cash_advice_recorded *a = e->advice_recorded;
		if (text_empty(a->line_id))
			return once(l, "waits", a->advice_id, TEXT_NONE);
		return once(l, "joined", a->advice_id, TEXT_NONE) && once(l, "line", a->line_id, TEXT_NONE);
	}
	case CASH_EVENT_ADVICE_PASSED_ON:
		return once(l, "passed on", e->advice_passed_on->advice_id, TEXT_NONE);
	case CASH_EVENT_ADVICE_TAKEN:
		return once(l, "taken", e->advice_taken->advice_id, e->advice_taken->line_id);
	default:
		return true;
	}
}
