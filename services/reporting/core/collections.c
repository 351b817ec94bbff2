#include "reporting/core/collections.h"
#include "reporting/core/exceptions.h"
#include "reporting/tables.h"

struct text reporting_collections_subject(const struct collections_event *ev)
{
	switch (ev->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		return ev->notice_issued->notice_id;
	case COLLECTIONS_EVENT_BLOCK_SET:
		return ev->block_set->block_id;
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		return ev->block_lifted->block_id;
	case COLLECTIONS_EVENT_HOLD_SET:
		return ev->hold_set->hold_id;
	case COLLECTIONS_EVENT_HOLD_LIFTED:
		return ev->hold_lifted->hold_id;
	case COLLECTIONS_EVENT_PROMISE_MADE:
		return ev->promise_made->promise_id;
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
		return ev->promise_judged->promise_id;
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
		return ev->promise_cancelled->promise_id;
	case COLLECTIONS_EVENT_REFUSED:
		return ev->refused->subject;
	case COLLECTIONS_EVENT_DAY_JUDGED:
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
	case COLLECTIONS_EVENT_EPISODE_ENDED:
	case COLLECTIONS_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static void note_notice(const struct reporting_note *n, const struct collections_notice_issued *i)
{
	struct reporting_notice row = {
		.lane = n->input->lane,
		.account = n->account,
		.notice_id = i->notice_id,
		.entity = i->entity,
		.level = i->level,
		.episode = i->episode,
		.notice_date = i->notice_date,
		.judged_date = i->judged_date,
		.amount_minor = i->amount.minor,
		.overdue_minor = i->overdue_minor,
		.credits_minor = i->credits_minor,
		.held_minor = i->held_minor,
		.promised_minor = i->promised_minor,
		.oldest_days = i->oldest_days,
		.item_count = i->item_count,
		.ladder_version = i->ladder_version,
		.seq = n->provenance->seq,
		.ledger_seq = n->ledger_seq,
	};

	memcpy(row.currency, i->amount.currency, sizeof(row.currency));
	book_put(n->book, &reporting_notice_table, &row);
}

static struct reporting_episode episode_key(int32_t lane, struct text account, struct text entity, struct text currency,
					    int32_t episode)
{
	struct reporting_episode row = {
		.lane = lane,
		.account = account,
		.entity = entity,
		.episode = episode,
		.begun_on = DATE_NONE,
		.reopened_on = DATE_NONE,
		.ended_on = DATE_NONE,
	};

	snprintf(row.currency, sizeof(row.currency), TEXT_FMT, TEXT_ARG(currency));
	return row;
}

/* The row as it is, or a new one. */
static struct reporting_episode episode_now(const struct reporting_note *n, struct reporting_episode key)
{
	const struct reporting_episode *row = book_get(n->book, &reporting_episode_table, &key);

	return row == NULL ? key : *row;
}

static void note_begun(const struct reporting_note *n, const struct collections_episode_begun *e)
{
	struct reporting_episode row =
		episode_now(n, episode_key(n->input->lane, n->account, e->entity, e->currency_code, e->episode));

	*(e->reopened ? &row.reopened_on : &row.begun_on) = e->judged_date;
	row.ended_on = DATE_NONE;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_episode_table, &row);
}

static void note_ended(const struct reporting_note *n, const struct collections_episode_ended *e)
{
	struct reporting_episode row =
		episode_now(n, episode_key(n->input->lane, n->account, e->entity, e->currency_code, e->episode));

	row.ended_on = e->judged_date;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_episode_table, &row);
}

static struct reporting_block block_key(int32_t lane, struct text account, struct text block_id)
{
	return (struct reporting_block){ .lane = lane, .account = account, .block_id = block_id, .held_until = DATE_NONE };
}

static void note_block(const struct reporting_note *n, const struct collections_block_set *b)
{
	struct reporting_block row = block_key(n->input->lane, n->account, b->block_id);

	row.reason = reporting_enum_name(&command_block_reason_enum, b->reason);
	if (b->item != NULL) {
		row.document_id = b->item->document_id;
		row.item_sequence = b->item->sequence;
	}
	row.held_until = b->until;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_block_table, &row);
}

static void note_lifted(const struct reporting_note *n, const struct collections_block_lifted *b)
{
	struct reporting_block key = block_key(n->input->lane, n->account, b->block_id);
	const struct reporting_block *set = book_get(n->book, &reporting_block_table, &key);
	struct reporting_block row = set == NULL ? key : *set;

	row.lifted = true;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_block_table, &row);
}

static struct reporting_hold hold_key(int32_t lane, struct text account, struct text hold_id)
{
	return (struct reporting_hold){ .lane = lane, .account = account, .hold_id = hold_id, .held_until = DATE_NONE };
}

static void note_hold(const struct reporting_note *n, const struct collections_hold_set *h)
{
	struct reporting_hold row = hold_key(n->input->lane, n->account, h->hold_id);

	row.kind = reporting_enum_name(&command_hold_kind_enum, h->kind);
	row.document_id = h->item->document_id;
	row.item_sequence = h->item->sequence;
	row.amount_minor = h->amount.minor;
	row.held_until = h->until;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_hold_table, &row);
}

static void note_hold_lifted(const struct reporting_note *n, const struct collections_hold_lifted *h)
{
	struct reporting_hold key = hold_key(n->input->lane, n->account, h->hold_id);
	const struct reporting_hold *set = book_get(n->book, &reporting_hold_table, &key);
	struct reporting_hold row = set == NULL ? key : *set;

	row.lifted = true;
	row.ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_hold_table, &row);
}

static struct reporting_promise promise_key(int32_t lane, struct text account, struct text promise_id)
{
	return (struct reporting_promise){
		.lane = lane,
		.account = account,
		.promise_id = promise_id,
		.made_on = DATE_NONE,
		.promised_date = DATE_NONE,
		.ended_on = DATE_NONE,
	};
}

/* The promise of that id that is open, if there is one, ends. */
static void end_promise(const struct reporting_note *n, struct text promise_id, struct text state, int64_t paid_minor, date_t on)
{
	struct reporting_promise key = promise_key(n->input->lane, n->account, promise_id);
	struct rows open = book_find(n->book, &reporting_promise_table, REPORTING_PROMISE_OPEN, &key);

	if (open.n == 0)
		return;
	struct reporting_promise row = *(const struct reporting_promise *)open.row[0];
	row.state = state;
	row.paid_minor = paid_minor;
	row.ended_on = on;
	row.ended_ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_promise_table, &row);
}

static void note_promise(const struct reporting_note *n, const struct collections_promise_made *p)
{
	struct reporting_promise row = promise_key(n->input->lane, n->account, p->promise_id);
	struct buf items = { .arena = book_arena(n->book) };

	end_promise(n, p->promise_id, TEXT("superseded"), 0, p->made_on);
	for (size_t i = 0; i < p->n_items; i++)
		buf_printf(&items, "%s" TEXT_FMT ":%d", i == 0 ? "" : "\n", TEXT_ARG(p->items[i].document_id),
			   (int)p->items[i].sequence);
	row.ledger_seq = n->ledger_seq;
	row.entity = p->entity;
	memcpy(row.currency, p->amount.currency, sizeof(row.currency));
	row.amount_minor = p->amount.minor;
	row.items = buf_text(&items);
	row.made_on = p->made_on;
	row.promised_date = p->promised_date;
	row.grace_days = p->grace_days;
	row.channel = p->channel;
	row.state = TEXT("open");
	book_put(n->book, &reporting_promise_table, &row);
}

static void note_judged(const struct reporting_note *n, const struct collections_day_judged *d)
{
	struct reporting_day_judged row = {
		.lane = n->input->lane,
		.judged_date = d->judged_date,
		.subjects = d->subjects,
		.notices = d->notices,
		.ledger_seq = n->ledger_seq,
	};

	book_put(n->book, &reporting_day_judged_table, &row);
}

static void want_episode(struct book *book, const struct input *input, const struct collections_event *ev, struct text entity,
			 struct text currency, int32_t episode)
{
	struct reporting_episode key = episode_key(input->lane, ev->account, entity, currency, episode);

	book_want(book, &reporting_episode_table, BOOK_KEY, &key);
}

void reporting_collections_want(struct book *book, const struct input *input, const struct collections_event *ev)
{
	if (ev->event_case == COLLECTIONS_EVENT_EPISODE_BEGUN) {
		const struct collections_episode_begun *e = ev->episode_begun;

		want_episode(book, input, ev, e->entity, e->currency_code, e->episode);
	} else if (ev->event_case == COLLECTIONS_EVENT_EPISODE_ENDED) {
		const struct collections_episode_ended *e = ev->episode_ended;

		want_episode(book, input, ev, e->entity, e->currency_code, e->episode);
	} else if (ev->event_case == COLLECTIONS_EVENT_BLOCK_LIFTED) {
		struct reporting_block key = block_key(input->lane, ev->account, ev->block_lifted->block_id);

		book_want(book, &reporting_block_table, BOOK_KEY, &key);
	} else if (ev->event_case == COLLECTIONS_EVENT_HOLD_LIFTED) {
		struct reporting_hold key = hold_key(input->lane, ev->account, ev->hold_lifted->hold_id);

		book_want(book, &reporting_hold_table, BOOK_KEY, &key);
	} else if (ev->event_case == COLLECTIONS_EVENT_PROMISE_MADE || ev->event_case == COLLECTIONS_EVENT_PROMISE_JUDGED ||
		   ev->event_case == COLLECTIONS_EVENT_PROMISE_CANCELLED) {
		struct reporting_promise key = promise_key(input->lane, ev->account, reporting_collections_subject(ev));

		book_want(book, &reporting_promise_table, REPORTING_PROMISE_OPEN, &key);
	}
}

void reporting_collections_note(const struct reporting_note *n, const struct collections_event *ev)
{
	switch (ev->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		note_notice(n, ev->notice_issued);
		return;
	case COLLECTIONS_EVENT_BLOCK_SET:
		note_block(n, ev->block_set);
		return;
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		note_lifted(n, ev->block_lifted);
		return;
	case COLLECTIONS_EVENT_HOLD_SET:
		note_hold(n, ev->hold_set);
		return;
	case COLLECTIONS_EVENT_HOLD_LIFTED:
		note_hold_lifted(n, ev->hold_lifted);
		return;
	case COLLECTIONS_EVENT_PROMISE_MADE:
		note_promise(n, ev->promise_made);
		return;
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
		end_promise(n, ev->promise_judged->promise_id,
			    reporting_enum_name(&collections_promise_state_enum, ev->promise_judged->state),
			    ev->promise_judged->paid.minor, ev->promise_judged->judged_date);
		return;
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
		end_promise(n, ev->promise_cancelled->promise_id, TEXT("cancelled"), 0, DATE_NONE);
		return;
	case COLLECTIONS_EVENT_DAY_JUDGED:
		note_judged(n, ev->day_judged);
		return;
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
		note_begun(n, ev->episode_begun);
		return;
	case COLLECTIONS_EVENT_EPISODE_ENDED:
		note_ended(n, ev->episode_ended);
		return;
	case COLLECTIONS_EVENT_REFUSED:
		reporting_refused_note(n, ev->refused);
		return;
	case COLLECTIONS_EVENT_NONE:
		return;
	}
}
