/* invariants_overlay_copies: promises, holds, blocks, advices and the terms of items are the same wherever they are kept, when all is quiet. */
#include "invariants_impl.h"

#include "billing/tables.h"
#include "cash/tables.h"
#include "collections/tables.h"
#include "reporting/tables.h"

#define WIDE_KEY 2000 /* with the items of a promise */

/* Counts one more row of this content on the left (a) or right (b) side. */
static void count(struct tally *t, bool right, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void count(struct tally *t, bool right, const char *fmt, ...)
{
	char buf[WIDE_KEY];
	va_list values;

	va_start(values, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, values);
	va_end(values);
	CHECK(n >= 0 && (size_t)n < sizeof(buf));
	struct tally_entry *e = tally_at(t, (struct text){ buf, (size_t)n });
	*(right ? &e->b : &e->a) += 1;
}

/* ---- promises ---------------------------------------------------------------------------------------------------------------------------- */

static struct text items_text(struct arena *arena, const struct collections_promise_made *m)
{
	struct buf b = { .arena = arena };

	for (size_t i = 0; i < m->n_items; i++)
		buf_printf(&b, "%s" TEXT_FMT ":%d", i == 0 ? "" : "\n", TEXT_ARG(m->items[i].document_id),
			   (int)m->items[i].sequence);
	return buf_text(&b);
}

static bool promises(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch }, all = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_promise_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct collections_promise *r = rows[i];
		const struct collections_promise_made *m = r->made;
		if (r->open)
			count(&t, false, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|%d|%d|" TEXT_FMT "|" TEXT_FMT,
			      TEXT_ARG(r->account), TEXT_ARG(r->promise_id), TEXT_ARG(m->entity), m->amount.currency,
			      (long long)m->amount.minor, m->made_on, m->promised_date, m->grace_days, TEXT_ARG(m->channel),
			      TEXT_ARG(items_text(inv->scratch, m)));
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_promise_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_promise *r = rows[i];
		if (r->ended_ledger_seq == 0)
			count(&t, true, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|%d|%d|" TEXT_FMT "|" TEXT_FMT,
			      TEXT_ARG(r->account), TEXT_ARG(r->promise_id), TEXT_ARG(r->entity), r->currency,
			      (long long)r->amount_minor, r->made_on, r->promised_date, r->grace_days, TEXT_ARG(r->channel),
			      TEXT_ARG(r->items));
		count(&all, true, TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|open %d", TEXT_ARG(r->account), TEXT_ARG(r->promise_id),
		      r->currency, (long long)r->amount_minor, r->promised_date + r->grace_days, r->ended_ledger_seq == 0);
		if ((r->ended_ledger_seq == 0) != text_eq(r->state, TEXT("open")))
			return inv_broken(err, "promise_state",
					  "reporting: promise " TEXT_FMT " of " TEXT_FMT " is " TEXT_FMT ", ended by %lld",
					  TEXT_ARG(r->promise_id), TEXT_ARG(r->account), TEXT_ARG(r->state),
					  (long long)r->ended_ledger_seq);
	}
	for (const struct inv_promise *p = inv->service[SIM_COLLECTIONS].promises; p != NULL; p = p->next)
		count(&all, false, TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|open %d", TEXT_ARG(p->account), TEXT_ARG(p->promise_id),
		      p->amount.currency, (long long)p->amount.minor, p->last_day, p->open);
	return inv_same(&all, "promise", "collections' journal", "reporting", err) &&
	       inv_same(&t, "open promise", "collections", "reporting", err);
}

/* None outlives the first close behind its last day. */
static bool judged(struct invariants *inv, struct err *err)
{
	for (const struct inv_promise *p = inv->service[SIM_COLLECTIONS].promises; p != NULL; p = p->next) {
		const struct reporting_day key = { .lane = p->lane, .entity = p->entity };
		const struct reporting_day *day = inv_row(sim_mem(inv->w, SIM_REPORTING), &reporting_day_table, &key);
		if (p->open && day != NULL && day->closed_on != DATE_NONE && day->closed_on > p->last_day)
			return inv_broken(err, "promise_forgotten",
					  "promise " TEXT_FMT " of " TEXT_FMT " is open %d days after its last day",
					  TEXT_ARG(p->promise_id), TEXT_ARG(p->account), day->closed_on - p->last_day);
	}
	return true;
}

static bool is_between(date_t day, const struct inv_promise *p)
{
	return day >= p->made_on && day <= p->last_day;
}

/* The most that can have been paid: all that was ever applied to its items in its time; of an amount, all that ever came. */
static int64_t most_paid(struct invariants *inv, const struct inv_promise *p)
{
	struct mem *mem = sim_mem(inv->w, SIM_REPORTING);
	int64_t sum = 0;
	char name[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(mem, &reporting_application_table, &n);

	for (size_t i = 0; i < n && !text_empty(p->items); i++) {
		const struct reporting_application *r = rows[i];
		struct text item =
			tally_key(name, sizeof(name), TEXT_FMT ":%d\n", TEXT_ARG(r->debit_document_id), r->debit_sequence);
		if (text_eq(r->account, p->account) && is_between(r->applied_on, p) && text_find(p->items, item) != TEXT_NOT_FOUND)
			sum += r->amount_minor;
	}
	rows = mem_rows(mem, &reporting_transfer_table, &n);
	for (size_t i = 0; i < n && text_empty(p->items); i++) {
		const struct reporting_transfer *r = rows[i];
		if (text_eq(r->account, p->account) && text_eq(r->entity, p->entity) && is_between(r->accepted_on, p) &&
		    strcmp(r->currency, p->amount.currency) == 0)
			sum += r->amount_minor;
	}
	return sum;
}

static bool paid(struct invariants *inv, struct err *err)
{
	for (const struct inv_promise *p = inv->service[SIM_COLLECTIONS].promises; p != NULL; p = p->next)
		if (p->paid_minor > 0 && p->before_minor + p->paid_minor > most_paid(inv, p))
			return inv_broken(err, "promise_paid",
					  "promise " TEXT_FMT " of " TEXT_FMT
					  ": %lld after %lld is said to be paid, at most %lld was",
					  TEXT_ARG(p->promise_id), TEXT_ARG(p->account), (long long)p->paid_minor,
					  (long long)p->before_minor, (long long)most_paid(inv, p));
	return true;
}

/* ---- holds, blocks ------------------------------------------------------------------------------------------------------------------------- */

static bool holds(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_hold_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct collections_hold *r = rows[i];
		count(&t, false, TEXT_FMT "|hold " TEXT_FMT "|%s|" TEXT_FMT ":%d|%lld|%d|%d", TEXT_ARG(r->account),
		      TEXT_ARG(r->hold_id), command_hold_kind_enum.values[r->kind].name, TEXT_ARG(r->document_id), r->sequence,
		      (long long)r->amount_minor, r->until, r->lifted);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_block_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct collections_block *r = rows[i];
		count(&t, false, TEXT_FMT "|block " TEXT_FMT "|%s|" TEXT_FMT ":%d|%d|%d", TEXT_ARG(r->account),
		      TEXT_ARG(r->block_id), command_block_reason_enum.values[r->reason].name, TEXT_ARG(r->document_id),
		      r->sequence, r->until, r->lifted);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_hold_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_hold *r = rows[i];
		count(&t, true, TEXT_FMT "|hold " TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT ":%d|%lld|%d|%d", TEXT_ARG(r->account),
		      TEXT_ARG(r->hold_id), TEXT_ARG(r->kind), TEXT_ARG(r->document_id), r->item_sequence,
		      (long long)r->amount_minor, r->held_until, r->lifted);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_block_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_block *r = rows[i];
		count(&t, true, TEXT_FMT "|block " TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT ":%d|%d|%d", TEXT_ARG(r->account),
		      TEXT_ARG(r->block_id), TEXT_ARG(r->reason), TEXT_ARG(r->document_id), r->item_sequence, r->held_until,
		      r->lifted);
	}
	return inv_same(&t, "row of", "collections", "reporting", err);
}

/* ---- advices ---------------------------------------------------------------------------------------------------------------------------------- */

static bool advices(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch }, joined = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_advice_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_advice_row *r = rows[i];
		count(&t, false, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|" TEXT_FMT "|" TEXT_FMT "|%d",
		      TEXT_ARG(r->account), TEXT_ARG(r->advice_id), TEXT_ARG(r->entity), r->currency, (long long)r->amount_minor,
		      r->payment_date, TEXT_ARG(r->remittance->payer_account), TEXT_ARG(r->line_id), r->indicative);
		if (!text_empty(r->line_id))
			count(&joined, false, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT, TEXT_ARG(r->account), TEXT_ARG(r->line_id),
			      TEXT_ARG(r->advice_id));
	}
	rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_line_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct cash_line_row *r = rows[i];
		if (!text_empty(r->advice_id))
			count(&joined, true, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT, TEXT_ARG(r->account), TEXT_ARG(r->line_id),
			      TEXT_ARG(r->advice_id));
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_advice_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_advice *r = rows[i];
		count(&t, true, TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT "|%s %lld|%d|" TEXT_FMT "|" TEXT_FMT "|%d", TEXT_ARG(r->account),
		      TEXT_ARG(r->advice_id), TEXT_ARG(r->entity), r->currency, (long long)r->amount_minor, r->payment_date,
		      TEXT_ARG(r->payer_account), TEXT_ARG(r->line_id), r->indicative);
	}
	return inv_same(&joined, "line and advice", "the advice", "the line", err) &&
	       inv_same(&t, "advice", "cash", "reporting", err);
}

/* ---- items -------------------------------------------------------------------------------------------------------------------------------------- */

/* Due dates and original amounts of what is owed, and what is on account, as cash has them. */
static bool terms_of_items(struct invariants *inv, struct err *err)
{
	struct tally collections = { .arena = inv->scratch }, reporting = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *r = rows[i];
		if (r->open_minor > 0)
			count(&collections, false, TEXT_FMT "|" TEXT_FMT "|%d|%d|%lld", TEXT_ARG(r->account),
			      TEXT_ARG(r->document_id), r->sequence, r->due_date, (long long)r->original_minor);
		if (r->open_minor > 0 || r->on_account_minor != 0)
			count(&reporting, false, TEXT_FMT "|" TEXT_FMT "|%d|%d|%lld|%lld", TEXT_ARG(r->account),
			      TEXT_ARG(r->document_id), r->sequence, r->open_minor > 0 ? r->due_date : DATE_NONE,
			      (long long)r->original_minor, (long long)r->on_account_minor);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct collections_item *r = rows[i];
		if (r->open_minor > 0)
			count(&collections, true, TEXT_FMT "|" TEXT_FMT "|%d|%d|%lld", TEXT_ARG(r->account),
			      TEXT_ARG(r->document_id), r->sequence, r->due_date, (long long)r->original_minor);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *r = rows[i];
		if (r->open_minor > 0 || r->on_account_minor != 0)
			count(&reporting, true, TEXT_FMT "|" TEXT_FMT "|%d|%d|%lld|%lld", TEXT_ARG(r->account),
			      TEXT_ARG(r->document_id), r->sequence, r->open_minor > 0 ? r->due_date : DATE_NONE,
			      (long long)r->original_minor, (long long)r->on_account_minor);
	}
	return inv_same(&collections, "due item", "cash", "collections", err) &&
	       inv_same(&reporting, "item as it is due or on account", "cash", "reporting", err);
}

/* ---- episodes, customers --------------------------------------------------------------------------------------------------------------------------- */

static bool episodes(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_subject_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct collections_subject *r = rows[i];
		if (r->in_episode)
			count(&t, false, TEXT_FMT "|" TEXT_FMT "|%s|%d", TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency,
			      r->episode);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_episode_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_episode *r = rows[i];
		if (r->ended_on == DATE_NONE)
			count(&t, true, TEXT_FMT "|" TEXT_FMT "|%s|%d", TEXT_ARG(r->account), TEXT_ARG(r->entity), r->currency,
			      r->episode);
	}
	return inv_same(&t, "episode that goes on", "collections", "reporting", err);
}

/* The history of a customer: the same versions, each for the same days. */
static bool customers(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_BILLING), &bil_customer_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct customer_row *r = rows[i];
		count(&t, false, TEXT_FMT "|%d|%d|" TEXT_FMT "|%zu", TEXT_ARG(r->account), r->effective_from, r->until,
		      TEXT_ARG(r->record->legal_name), r->record->n_contacts);
	}
	rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_customer_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct collections_customer *r = rows[i];
		count(&t, true, TEXT_FMT "|%d|%d|" TEXT_FMT "|%zu", TEXT_ARG(r->account), r->effective_from, r->until,
		      TEXT_ARG(r->record->legal_name), r->record->n_contacts);
	}
	return inv_same(&t, "customer's version", "billing", "collections", err);
}

bool inv_overlay_copies(struct invariants *inv, struct err *err)
{
	return episodes(inv, err) && customers(inv, err) && judged(inv, err) && paid(inv, err) && promises(inv, err) &&
	       holds(inv, err) && advices(inv, err) && terms_of_items(inv, err);
}
