/*
 * collections, the journey (COL-02, LEDGER section 5):
 *
 *   ar.billing.v1   a document             -> note: its items are open here too
 *   ar.cash.v1      receipt, application,
 *                   unapplication, return  -> note: open amounts move; a return lets the same episode resume
 *   ar.intake.v1    ladder_recorded        -> note: a version of the ladder
 *                   day_closed             -> decide: every subject of the lane is judged: episodes, notices, then day_judged
 *                   set_block, lift_block  -> decide: block_set, block_lifted, or refused
 */
#include "collections/collections.h"
#include "collections/core/day.h"
#include "collections/core/items.h"
#include "collections/tables.h"
#include "ev/collections.h"
#include "ev/intake.h"
#include "wire/wire.h"

enum source { FROM_INTAKE, FROM_BILLING, FROM_CASH };

const char *const collections_outcomes[] = { "notice_issued", "block_set",     "block_lifted", "day_judged",
					     "episode_begun", "episode_ended", "refused",      NULL };

#define UNKNOWN_BLOCK "unknown_block"
#define UNKNOWN_ITEM  "unknown_item"
const char *const collections_reasons[] = { UNKNOWN_BLOCK, UNKNOWN_ITEM, DAY_AMOUNT_OUT_OF_RANGE, NULL };

/* ---- which facts concern us --------------------------------------------------------------------------------------------- */

static const struct reference_event *reference_of(const struct intake_event *e)
{
	return e->fact_case == INTAKE_EVENT_REFERENCE ? e->reference : NULL;
}

static const struct command_event *command_of(const struct intake_event *e)
{
	return e->fact_case == INTAKE_EVENT_COMMAND ? e->command : NULL;
}

static bool intake_concerns(const void *event)
{
	const struct reference_event *r = reference_of(event);
	const struct command_event *c = command_of(event);

	if (r != NULL)
		return r->event_case == REFERENCE_EVENT_LADDER_RECORDED || r->event_case == REFERENCE_EVENT_DAY_CLOSED;
	return c != NULL && (c->command_case == COMMAND_EVENT_SET_BLOCK || c->command_case == COMMAND_EVENT_LIFT_BLOCK);
}

static bool billing_concerns(const void *event)
{
	const struct billing_event *e = event;

	return e->event_case == BILLING_EVENT_INVOICE_ISSUED || e->event_case == BILLING_EVENT_CREDIT_MEMO_ISSUED ||
	       e->event_case == BILLING_EVENT_ITEM_TAKEN_ON;
}

static bool cash_concerns(const void *event)
{
	return items_concern(event);
}

/* ---- want ------------------------------------------------------------------------------------------------------------------ */

static struct collections_block block_key(const struct input *input, struct text account, struct text block_id)
{
	return (struct collections_block){ .lane = input->lane, .account = account, .block_id = block_id, .until = DATE_NONE };
}

static struct collections_item item_key(const struct input *input, struct text account, const struct type_item_ref *ref)
{
	return (struct collections_item){
		.lane = input->lane, .account = account, .document_id = ref->document_id, .sequence = ref->sequence
	};
}

static void want_command(struct book *book, const struct input *input, const struct command_event *c)
{
	bool set = c->command_case == COMMAND_EVENT_SET_BLOCK;
	struct collections_block block = block_key(input, c->account, set ? c->set_block->block_id : c->lift_block->block_id);

	book_want(book, &collections_block_table, BOOK_KEY, &block);
	if (set && c->set_block->item != NULL) {
		struct collections_item item = item_key(input, c->account, c->set_block->item);
		book_want(book, &collections_item_table, BOOK_KEY, &item);
	}
}

static void want(struct book *book, const struct input *input)
{
	if (input->source == FROM_BILLING) {
		items_want_billing(book, input, input->event);
	} else if (input->source == FROM_CASH) {
		items_want_cash(book, input, input->event);
	} else if (command_of(input->event) != NULL) {
		want_command(book, input, command_of(input->event));
	} else if (reference_of(input->event)->event_case == REFERENCE_EVENT_DAY_CLOSED) {
		day_want(book, input, reference_of(input->event)->day_closed);
	}
}

/* ---- note ------------------------------------------------------------------------------------------------------------------ */

static void note_ladder(struct book *book, const struct input *input, struct reference_ladder_recorded *ladder)
{
	book_put(book, &collections_ladder_table,
		 &(struct collections_ladder){ .lane = input->lane,
					       .version = ladder->version,
					       .effective_from = ladder->effective_from,
					       .ladder = ladder });
}

static void note(struct book *book, const struct input *input)
{
	const struct reference_event *r;

	if (input->source == FROM_BILLING)
		items_note_billing(book, input, input->event);
	else if (input->source == FROM_CASH)
		items_note_cash(book, input, input->event);
	else if ((r = reference_of(input->event)) != NULL && r->event_case == REFERENCE_EVENT_LADDER_RECORDED)
		note_ladder(book, input, r->ladder_recorded);
}

/* ---- decide ---------------------------------------------------------------------------------------------------------------- */

static enum decided emit(struct decision *d, struct collections_event *e)
{
	core_emit(d, &(struct outcome){ .key = e->account, .event = e, .destination_lane = -1 });
	return DECIDED;
}

static enum decided refuse(struct decision *d, struct collections_event *e, const char *reason, struct text subject)
{
	e->event_case = COLLECTIONS_EVENT_REFUSED;
	e->refused = WIRE_NEW(d->arena, type_refused);
	e->refused->reason = text_of(reason);
	e->refused->subject = subject;
	e->refused->input_type = ((const struct intake_event *)d->input->event)->fact_type;
	return emit(d, e);
}

static enum decided decide_set(struct decision *d, struct collections_event *e, const struct command_set_block *b)
{
	if (b->item != NULL) {
		struct collections_item key = item_key(d->input, e->account, b->item);
		const struct collections_item *item = book_get(d->book, &collections_item_table, &key);
		if (item == NULL || !item->known)
			return refuse(d, e, UNKNOWN_ITEM, b->item->document_id);
	}
	e->event_case = COLLECTIONS_EVENT_BLOCK_SET;
	e->block_set = WIRE_NEW(d->arena, collections_block_set);
	e->block_set->block_id = b->block_id;
	e->block_set->reason = b->reason;
	e->block_set->item = b->item;
	e->block_set->until = b->until;
	return emit(d, e);
}

static enum decided decide_lift(struct decision *d, struct collections_event *e, const struct command_lift_block *b)
{
	struct collections_block key = block_key(d->input, e->account, b->block_id);
	const struct collections_block *block = book_get(d->book, &collections_block_table, &key);

	if (block == NULL || block->lifted)
		return refuse(d, e, UNKNOWN_BLOCK, b->block_id);
	e->event_case = COLLECTIONS_EVENT_BLOCK_LIFTED;
	e->block_lifted = WIRE_NEW(d->arena, collections_block_lifted);
	e->block_lifted->block_id = b->block_id;
	return emit(d, e);
}

static enum decided decide(struct decision *d)
{
	if (d->input->source != FROM_INTAKE)
		return DECIDED;
	const struct reference_event *r = reference_of(d->input->event);
	if (r != NULL)
		return r->event_case == REFERENCE_EVENT_DAY_CLOSED ? day_decide(d, r->day_closed) : DECIDED;
	const struct command_event *c = command_of(d->input->event);
	struct collections_event *e = WIRE_NEW(d->arena, collections_event);
	e->account = c->account;
	if (c->command_case == COMMAND_EVENT_SET_BLOCK)
		return decide_set(d, e, c->set_block);
	return decide_lift(d, e, c->lift_block);
}

/* ---- apply ----------------------------------------------------------------------------------------------------------------- */

static struct collections_subject subject_of(struct book *book, const struct input *input, struct text account, struct text entity,
					     struct text currency)
{
	struct collections_subject key = { .lane = input->lane, .account = account, .entity = entity, .notice_date = DATE_NONE };

	memcpy(key.currency, currency.s, MIN(currency.n, (size_t)3));
	const struct collections_subject *s = book_get(book, &collections_subject_table, &key);
	return s != NULL ? *s : key;
}

static void apply_notice(struct book *book, const struct input *input, struct text account,
			 const struct collections_notice_issued *n)
{
	struct collections_subject s = subject_of(book, input, account, n->entity, text_of(n->amount.currency));

	s.level = n->level;
	s.notice_date = n->notice_date;
	book_put(book, &collections_subject_table, &s);
}

static void apply_episode(struct book *book, const struct input *input, const struct collections_event *e)
{
	bool begun = e->event_case == COLLECTIONS_EVENT_EPISODE_BEGUN;
	struct collections_subject s =
		begun ? subject_of(book, input, e->account, e->episode_begun->entity, e->episode_begun->currency_code)
		      : subject_of(book, input, e->account, e->episode_ended->entity, e->episode_ended->currency_code);

	s.in_episode = begun;
	s.returned = false;
	if (begun) {
		s.episode = e->episode_begun->episode;
		s.level = e->episode_begun->level;
	}
	book_put(book, &collections_subject_table, &s);
}

static void apply_block(struct book *book, const struct input *input, struct text account, const struct collections_block_set *b)
{
	struct collections_block row = block_key(input, account, b->block_id);

	row.reason = (int32_t)b->reason;
	row.until = b->until;
	if (b->item != NULL) {
		row.document_id = b->item->document_id;
		row.sequence = b->item->sequence;
	}
	book_put(book, &collections_block_table, &row);
}

static void apply_lift(struct book *book, const struct input *input, struct text account, const struct collections_block_lifted *b)
{
	struct collections_block key = block_key(input, account, b->block_id);
	const struct collections_block *old = book_get(book, &collections_block_table, &key);

	CHECK(old != NULL || book_is_again(book));
	if (old == NULL)
		return; /* a rebuild: loaded, and done again */
	key = *old;
	key.lifted = true;
	book_put(book, &collections_block_table, &key);
}

static void apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct collections_event *e = outcome->event;

	switch (e->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		apply_notice(book, input, e->account, e->notice_issued);
		break;
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
	case COLLECTIONS_EVENT_EPISODE_ENDED:
		apply_episode(book, input, e);
		break;
	case COLLECTIONS_EVENT_BLOCK_SET:
		apply_block(book, input, e->account, e->block_set);
		break;
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		apply_lift(book, input, e->account, e->block_lifted);
		break;
	case COLLECTIONS_EVENT_DAY_JUDGED:
	case COLLECTIONS_EVENT_REFUSED:
	case COLLECTIONS_EVENT_NONE:
		break;
	}
}

/* ---- the service ------------------------------------------------------------------------------------------------------------- */

const struct core collections_core = {
	.name = "collections",
	.tables = collections_tables,
	.n_tables = ARRAY_LEN(collections_tables),
	.outcome_msg = &collections_event_msg,
	.provenance_offset = offsetof(struct collections_event, provenance),
	.want = want,
	.note = note,
	.decide = decide,
	.apply = apply,
};

static const struct run_source sources[] = {
	[FROM_INTAKE] = { "ar.intake.v1", intake_concerns },
	[FROM_BILLING] = { "ar.billing.v1", billing_concerns },
	[FROM_CASH] = { "ar.cash.v1", cash_concerns },
};

const struct run_service collections_service = {
	.core = &collections_core,
	.sources = sources,
	.n_sources = ARRAY_LEN(sources),
	.outcome_topic = "ar.collections.v1",
};
