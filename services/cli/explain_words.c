/* explain_words: see explain_words.h. What intake says stands in explain_facts.c. */
#include "cli/explain_words.h"
#include "cli/explain_facts.h"
#include "cli/out.h"
#include "ev/all.h"

struct words {
	struct buf b;
	struct arena *a;
	const struct explain_names *names;
};

static const char *money(struct words *w, const struct money *m)
{
	return explain_money(w->a, m);
}

static const char *minor(struct words *w, int64_t amount, const char *currency)
{
	return explain_minor(w->a, amount, text_of(currency));
}

static const char *day(struct words *w, date_t d)
{
	return explain_day(w->a, d);
}

static const char *document(struct words *w, struct text id)
{
	struct text t = w->names == NULL || w->names->name == NULL ? TEXT_NONE : w->names->name(w->names->ctx, id);

	return text_cstr(w->a, text_empty(t) ? id : t);
}

static const char *item(struct words *w, const struct type_item_ref *i)
{
	return i == NULL ? "" : document(w, i->document_id);
}

static void refused(struct words *w, const struct type_refused *r)
{
	buf_printf(&w->b, "refused, " TEXT_FMT ": " TEXT_FMT, TEXT_ARG(r->reason), TEXT_ARG(r->detail));
	if (!text_empty(r->input_type))
		buf_printf(&w->b, " (" TEXT_FMT " " TEXT_FMT ")", TEXT_ARG(r->input_type), TEXT_ARG(r->subject));
}

/* ---- billing ---- */

static void order_recorded(struct words *w, const struct billing_order_recorded *o)
{
	buf_printf(&w->b, "order " TEXT_FMT " stands at version %d: %s", TEXT_ARG(o->order_id), (int)o->order_version,
		   explain_enum(&billing_order_state_enum, o->state));
	if (o->net.currency[0] != '\0')
		buf_printf(&w->b, ", net %s", money(w, &o->net));
	if (!text_empty(o->terms_code))
		buf_printf(&w->b, ", terms " TEXT_FMT, TEXT_ARG(o->terms_code));
}

static void document_issued(struct words *w, const struct billing_document_issued *d)
{
	const char *currency = text_cstr(w->a, d->currency_code);

	buf_printf(&w->b, "%s " TEXT_FMT "%s of %s", explain_enum(&billing_document_type_enum, d->type),
		   TEXT_ARG(text_empty(d->number) ? d->external_number : d->number), d->taken_on ? " taken on," : "",
		   day(w, d->issue_date));
	if (d->n_items > 0)
		buf_printf(&w->b, ", due %s", day(w, d->items[d->n_items - 1].due_date));
	if (d->n_items > 1)
		buf_printf(&w->b, " in %zu instalments", d->n_items);
	if (d->taken_on)
		buf_printf(&w->b, ": open %s", minor(w, d->items[0].open_minor, currency));
	else
		buf_printf(&w->b, ": net %s, tax %s, gross %s", out_amount(w->a, d->net_minor, d->currency_code).s,
			   out_amount(w->a, d->tax_minor, d->currency_code).s, minor(w, d->gross_minor, currency));
	if (!text_empty(d->terms_code))
		buf_printf(&w->b, ", terms " TEXT_FMT, TEXT_ARG(d->terms_code));
	if (!text_empty(d->refers_to_number))
		buf_printf(&w->b, "; corrects " TEXT_FMT, TEXT_ARG(d->refers_to_number));
	if (!text_empty(d->reason))
		buf_printf(&w->b, ", reason " TEXT_FMT, TEXT_ARG(d->reason));
}

static void billing_words(struct words *w, const struct billing_event *ev)
{
	switch (ev->event_case) {
	case BILLING_EVENT_ORDER_RECORDED:
		order_recorded(w, ev->order_recorded);
		return;
	case BILLING_EVENT_INVOICE_ISSUED:
		document_issued(w, ev->invoice_issued);
		return;
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		document_issued(w, ev->credit_memo_issued);
		return;
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		document_issued(w, ev->debit_memo_issued);
		return;
	case BILLING_EVENT_ITEM_TAKEN_ON:
		document_issued(w, ev->item_taken_on);
		return;
	case BILLING_EVENT_PARKED:
		buf_printf(&w->b, "waits, " TEXT_FMT "%s" TEXT_FMT, TEXT_ARG(ev->parked->reason),
			   text_empty(ev->parked->waiting_for) ? "" : ": for ", TEXT_ARG(ev->parked->waiting_for));
		return;
	case BILLING_EVENT_REFUSED:
		refused(w, ev->refused);
		return;
	case BILLING_EVENT_NONE:
		return;
	}
}

/* ---- cash ---- */

static void line_posted(struct words *w, const struct cash_line_posted *l, struct text account)
{
	buf_printf(&w->b, "%s posted on " TEXT_FMT " on %s; %s", money(w, &l->amount), TEXT_ARG(account),
		   day(w, l->accounting_date), l->identified ? "its payer is known" : "its payer is not known yet");
}

static void transfer_sent(struct words *w, const struct cash_transfer_sent *t)
{
	buf_printf(&w->b, "%s sent %s" TEXT_FMT " on %s", money(w, &t->amount),
		   t->kind == CASH_TRANSFER_KIND_SEND_BACK ? "back to " : "to account ", TEXT_ARG(t->to_account),
		   day(w, t->accounting_date));
}

static void transfer_accepted(struct words *w, const struct cash_transfer_accepted *t, struct text account)
{
	bool back = t->returned_to_sender || t->kind == CASH_TRANSFER_KIND_SEND_BACK;

	buf_printf(&w->b, "%s arrived %s " TEXT_FMT " on %s", money(w, &t->amount), back ? "back on" : "on account",
		   TEXT_ARG(account), day(w, t->accounting_date));
}

static void one_application(struct words *w, const struct cash_application *p, bool undone)
{
	buf_printf(&w->b, "%s of %s %s %s on %s", money(w, &p->amount), item(w, p->credit),
		   undone ? "taken off again:" : "applied to", item(w, p->debit), day(w, p->accounting_date));
}

static void applications(struct words *w, const struct cash_application *p, size_t n, bool undone)
{
	int64_t sum = 0;

	if (n == 1) {
		one_application(w, p, undone);
		return;
	}
	for (size_t i = 0; i < n; i++)
		sum += p[i].amount.minor;
	buf_printf(&w->b, "%s %s in %zu parts", minor(w, sum, n == 0 ? "" : p->amount.currency),
		   undone ? "taken off again" : "applied", n);
}

static void return_posted(struct words *w, const struct cash_return_posted *r)
{
	static const char *const places[] = { "", "the money was still here: both are closed",
					      "the money was passed on: the return follows it", "to suspense" };

	buf_printf(&w->b, "%s came back on %s (" TEXT_FMT ")", money(w, &r->amount), day(w, r->accounting_date),
		   TEXT_ARG(r->reason));
	if ((size_t)r->place < ARRAY_LEN(places))
		buf_printf(&w->b, "; %s", places[r->place]);
	if (!text_empty(r->exception))
		buf_printf(&w->b, ", " TEXT_FMT, TEXT_ARG(r->exception));
	if (r->fee.minor != 0)
		buf_printf(&w->b, "; the bank's fee is %s", money(w, &r->fee));
}

static void cash_returns(struct words *w, const struct cash_event *ev)
{
	const struct cash_return_passed_on *on = ev->return_passed_on;
	const struct cash_return_settled *met = ev->return_settled;

	if (ev->event_case == CASH_EVENT_RETURN_POSTED)
		return_posted(w, ev->return_posted);
	else if (ev->event_case == CASH_EVENT_RETURN_PASSED_ON)
		buf_printf(&w->b, "the return of %s follows its money to " TEXT_FMT, money(w, &on->amount),
			   TEXT_ARG(on->to_account));
	else
		buf_printf(&w->b, "the return of %s met its money on " TEXT_FMT " on %s: both are closed", money(w, &met->amount),
			   TEXT_ARG(ev->account), day(w, met->accounting_date));
}

static void statement_checked(struct words *w, const struct cash_statement_checked *s)
{
	buf_printf(&w->b, "statement " TEXT_FMT " of %s: %s + %d lines of %s %s %s", TEXT_ARG(s->statement_id),
		   day(w, s->booking_date), money(w, &s->opening), (int)s->line_count,
		   minor(w, s->lines_minor, s->opening.currency), s->ties_out ? "=" : "is not", money(w, &s->closing));
}

static void advice_words(struct words *w, const struct cash_event *ev)
{
	static const struct {
		const char *result, *words;
	} results[] = { { "used", "the rules look again" },
			{ "touched", "a person has decided about the receipt: nothing is moved" },
			{ "nothing_open", "nothing of the receipt is open" },
			{ "money_gone", "the money is not here any more" } };
	const struct cash_advice_recorded *r = ev->advice_recorded;

	if (ev->event_case == CASH_EVENT_ADVICE_PASSED_ON) {
		buf_printf(&w->b, "advice " TEXT_FMT " follows its money to account " TEXT_FMT,
			   TEXT_ARG(ev->advice_passed_on->advice_id), TEXT_ARG(ev->advice_passed_on->to_account));
	} else if (ev->event_case == CASH_EVENT_ADVICE_TAKEN) {
		buf_printf(&w->b, "advice " TEXT_FMT, TEXT_ARG(ev->advice_taken->advice_id));
		for (size_t i = 0; i < ARRAY_LEN(results); i++)
			if (text_eq(ev->advice_taken->result, text_of(results[i].result)))
				buf_printf(&w->b, ": %s", results[i].words);
	} else if (text_empty(r->line_id)) {
		buf_printf(&w->b, "advice " TEXT_FMT " waits for its money: " TEXT_FMT, TEXT_ARG(r->advice_id),
			   TEXT_ARG(r->reason));
	} else {
		buf_printf(&w->b, "advice " TEXT_FMT " belongs to bank line " TEXT_FMT "%s", TEXT_ARG(r->advice_id),
			   TEXT_ARG(r->line_id),
			   r->indicative ? "; its amounts do not make the total, only its references count" : "");
	}
}

static void cash_words(struct words *w, const struct cash_event *ev)
{
	switch (ev->event_case) {
	case CASH_EVENT_LINE_POSTED:
		line_posted(w, ev->line_posted, ev->account);
		return;
	case CASH_EVENT_LINE_EXCLUDED:
		buf_printf(&w->b, "%s is not AR's: " TEXT_FMT, money(w, &ev->line_excluded->amount),
			   TEXT_ARG(ev->line_excluded->reason));
		return;
	case CASH_EVENT_TRANSFER_SENT:
		transfer_sent(w, ev->transfer_sent);
		return;
	case CASH_EVENT_TRANSFER_ACCEPTED:
		transfer_accepted(w, ev->transfer_accepted, ev->account);
		return;
	case CASH_EVENT_TRANSFER_REFUSED:
		buf_printf(&w->b, "account " TEXT_FMT " cannot take it: " TEXT_FMT, TEXT_ARG(ev->account),
			   TEXT_ARG(ev->transfer_refused->reason));
		return;
	case CASH_EVENT_APPLIED:
		applications(w, ev->applied->applications, ev->applied->n_applications, false);
		return;
	case CASH_EVENT_UNAPPLIED:
		applications(w, ev->unapplied->applications, ev->unapplied->n_applications, true);
		buf_printf(&w->b, ", because of: " TEXT_FMT, TEXT_ARG(ev->unapplied->reason));
		return;
	case CASH_EVENT_LEFT_UNAPPLIED:
		buf_printf(&w->b, "%s stays unapplied: " TEXT_FMT, money(w, &ev->left_unapplied->amount),
			   TEXT_ARG(ev->left_unapplied->reason));
		return;
	case CASH_EVENT_LEFT_UNIDENTIFIED:
		buf_printf(&w->b, "its payer stays unknown: " TEXT_FMT, TEXT_ARG(ev->left_unidentified->reason));
		return;
	case CASH_EVENT_RETURN_POSTED:
	case CASH_EVENT_RETURN_PASSED_ON:
	case CASH_EVENT_RETURN_SETTLED:
		cash_returns(w, ev);
		return;
	case CASH_EVENT_STATEMENT_CHECKED:
		statement_checked(w, ev->statement_checked);
		return;
	case CASH_EVENT_ADVICE_RECORDED:
	case CASH_EVENT_ADVICE_PASSED_ON:
	case CASH_EVENT_ADVICE_TAKEN:
		advice_words(w, ev);
		return;
	case CASH_EVENT_PLACED_ON_ACCOUNT:
		buf_printf(&w->b, "%s of %s left on the account on %s", money(w, &ev->placed_on_account->amount),
			   item(w, ev->placed_on_account->credit), day(w, ev->placed_on_account->accounting_date));
		return;
	case CASH_EVENT_TAKEN_OFF_ACCOUNT:
		buf_printf(&w->b, "%s of %s taken off the account on %s", money(w, &ev->taken_off_account->amount),
			   item(w, ev->taken_off_account->credit), day(w, ev->taken_off_account->accounting_date));
		return;
	case CASH_EVENT_REFUSED:
		refused(w, ev->refused);
		return;
	case CASH_EVENT_NONE:
		return;
	}
}

/* ---- collections ---- */

static void promise_words(struct words *w, const struct collections_event *ev)
{
	const struct collections_promise_made *m = ev->promise_made;
	const struct collections_promise_judged *j = ev->promise_judged;

	switch (ev->event_case) {
	case COLLECTIONS_EVENT_HOLD_SET:
		buf_printf(&w->b, "hold " TEXT_FMT " on %s: %s", TEXT_ARG(ev->hold_set->hold_id), item(w, ev->hold_set->item),
			   explain_enum(&command_hold_kind_enum, ev->hold_set->kind));
		return;
	case COLLECTIONS_EVENT_HOLD_LIFTED:
		buf_printf(&w->b, "hold " TEXT_FMT " lifted", TEXT_ARG(ev->hold_lifted->hold_id));
		return;
	case COLLECTIONS_EVENT_PROMISE_MADE:
		buf_printf(&w->b, "promise " TEXT_FMT " of %s for %s%s", TEXT_ARG(m->promise_id), money(w, &m->amount),
			   day(w, m->promised_date), m->supersedes ? ", instead of the one before" : "");
		for (size_t i = 0; i < m->n_items; i++)
			buf_printf(&w->b, "%s%s", i == 0 ? ": " : ", ", document(w, m->items[i].document_id));
		return;
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
		buf_printf(&w->b, "promise " TEXT_FMT " %s on %s: %s of %s paid", TEXT_ARG(j->promise_id),
			   explain_enum(&collections_promise_state_enum, j->state), day(w, j->judged_date), money(w, &j->paid),
			   money(w, &j->amount));
		return;
	default:
		buf_printf(&w->b, "promise " TEXT_FMT " cancelled", TEXT_ARG(ev->promise_cancelled->promise_id));
		return;
	}
}

static void collections_words(struct words *w, const struct collections_event *ev)
{
	const struct collections_notice_issued *n = ev->notice_issued;

	switch (ev->event_case) {
	case COLLECTIONS_EVENT_NOTICE_ISSUED:
		buf_printf(&w->b, "dunning notice, level %d, of %s for %s: %d items, the oldest %d days past due", (int)n->level,
			   day(w, n->notice_date), money(w, &n->amount), (int)n->item_count, (int)n->oldest_days);
		if (n->credits_minor != 0)
			buf_printf(&w->b, "; open credits of %s taken off", minor(w, n->credits_minor, n->amount.currency));
		if (n->held_minor != 0)
			buf_printf(&w->b, "; %s held", minor(w, n->held_minor, n->amount.currency));
		if (n->promised_minor != 0)
			buf_printf(&w->b, "; %s promised", minor(w, n->promised_minor, n->amount.currency));
		return;
	case COLLECTIONS_EVENT_BLOCK_SET:
		buf_printf(&w->b, "block " TEXT_FMT " in force: %s", TEXT_ARG(ev->block_set->block_id),
			   explain_enum(&command_block_reason_enum, ev->block_set->reason));
		return;
	case COLLECTIONS_EVENT_BLOCK_LIFTED:
		buf_printf(&w->b, "block " TEXT_FMT " lifted", TEXT_ARG(ev->block_lifted->block_id));
		return;
	case COLLECTIONS_EVENT_HOLD_SET:
	case COLLECTIONS_EVENT_HOLD_LIFTED:
	case COLLECTIONS_EVENT_PROMISE_MADE:
	case COLLECTIONS_EVENT_PROMISE_JUDGED:
	case COLLECTIONS_EVENT_PROMISE_CANCELLED:
		promise_words(w, ev);
		return;
	case COLLECTIONS_EVENT_DAY_JUDGED:
		buf_printf(&w->b, "%s judged: %d overdue, %d notices", day(w, ev->day_judged->judged_date),
			   (int)ev->day_judged->subjects, (int)ev->day_judged->notices);
		return;
	case COLLECTIONS_EVENT_EPISODE_BEGUN:
		buf_printf(&w->b, "dunning episode %d %s on %s", (int)ev->episode_begun->episode,
			   ev->episode_begun->reopened ? "opened again" : "begun", day(w, ev->episode_begun->judged_date));
		return;
	case COLLECTIONS_EVENT_EPISODE_ENDED:
		buf_printf(&w->b, "dunning episode %d over on %s", (int)ev->episode_ended->episode,
			   day(w, ev->episode_ended->judged_date));
		return;
	case COLLECTIONS_EVENT_REFUSED:
		refused(w, ev->refused);
		return;
	case COLLECTIONS_EVENT_NONE:
		return;
	}
}

/* ---- all ---- */

struct text explain_words(const struct wire_msg *msg, const void *body, const struct explain_names *names, struct arena *a)
{
	struct words w = { .b = { .arena = a }, .a = a, .names = names };

	if (msg == &intake_event_msg)
		explain_fact(body, &w.b, a);
	else if (msg == &billing_event_msg)
		billing_words(&w, body);
	else if (msg == &cash_event_msg)
		cash_words(&w, body);
	else if (msg == &collections_event_msg)
		collections_words(&w, body);
	if (w.b.n == 0)
		buf_add(&w.b, wire_event_name(msg, body));
	return buf_text(&w.b);
}

struct text explain_part(const struct wire_msg *msg, const void *body, size_t i, const struct explain_names *names, struct arena *a)
{
	struct words w = { .b = { .arena = a }, .a = a, .names = names };
	const struct cash_event *ev = body;

	if (msg != &cash_event_msg)
		return TEXT_NONE;
	if (ev->event_case == CASH_EVENT_APPLIED && ev->applied->n_applications > 1 && i < ev->applied->n_applications)
		one_application(&w, &ev->applied->applications[i], false);
	else if (ev->event_case == CASH_EVENT_UNAPPLIED && ev->unapplied->n_applications > 1 && i < ev->unapplied->n_applications)
		one_application(&w, &ev->unapplied->applications[i], true);
	return buf_text(&w.b);
}

const struct type_provenance *explain_provenance(const struct wire_msg *msg, const void *body)
{
	if (msg == &intake_event_msg)
		return ((const struct intake_event *)body)->provenance;
	if (msg == &billing_event_msg)
		return ((const struct billing_event *)body)->provenance;
	if (msg == &cash_event_msg)
		return ((const struct cash_event *)body)->provenance;
	return msg == &collections_event_msg ? ((const struct collections_event *)body)->provenance : NULL;
}

const struct type_journal_entry *explain_entries(const struct wire_msg *msg, const void *body, size_t *ret_n)
{
	const struct billing_event *billing = body;
	const struct cash_event *cash = body;

	*ret_n = msg == &billing_event_msg ? billing->n_entries : msg == &cash_event_msg ? cash->n_entries : 0;
	return *ret_n == 0 ? NULL : msg == &billing_event_msg ? billing->entries : cash->entries;
}

static void journal_line(struct buf *b, const struct type_journal_line *l, struct arena *a)
{
	bool credit = l->amount.minor < 0;
	struct money amount = l->amount;

	amount.minor = credit ? -amount.minor : amount.minor;
	buf_printf(b, " %s %s %s", credit ? "Cr" : "Dr", explain_enum(&type_ledger_account_enum, l->ledger_account),
		   explain_money(a, &amount));
	if (!text_empty(l->detail) && l->ledger_account != TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT) /* there: the transfer's id */
		buf_printf(b, " (" TEXT_FMT ")", TEXT_ARG(l->detail));
	buf_addc(b, ',');
}

struct text explain_entry(const struct type_journal_entry *e, struct arena *a)
{
	struct buf b = { .arena = a };

	buf_printf(&b, "journal " TEXT_FMT " on %s:", TEXT_ARG(e->kind), explain_day(a, e->accounting_date));
	for (size_t i = 0; i < e->n_lines; i++)
		if (e->lines[i].amount.minor >= 0)
			journal_line(&b, &e->lines[i], a);
	for (size_t i = 0; i < e->n_lines; i++)
		if (e->lines[i].amount.minor < 0)
			journal_line(&b, &e->lines[i], a);
	return text_printf(a, "%.*s", (int)b.n - 1, b.s); /* without the last comma */
}
