/*
 * invariants_journal: one outcome more (LEDGER sections 1, 2, 5, 7): entries balance, control lines name items of the account,
 * money in transit leaves once and arrives once, bank clearing is what the bank reported, numbers have no gap, notices come once.
 */
#include "invariants_impl.h"

#include "collections/tables.h"

/* An outcome under examination. */
struct look {
	struct inv_service *k;
	enum sim_service service;
	const struct outcome_row *row;
	struct text account; /* of the event */
	struct world *w;
	struct err *err;
};

static bool broken(const struct look *l, const char *code, const char *what, struct text name, int64_t found)
{
	return inv_broken(l->err, code, "%s lane %d outcome %lld, " TEXT_FMT ": %s (" TEXT_FMT ", %lld)",
			  inv_service_name[l->service], l->row->lane, (long long)l->row->seq, TEXT_ARG(l->row->type), what,
			  TEXT_ARG(name), (long long)found);
}

static bool is_control(enum type_ledger_account account)
{
	return account == TYPE_LEDGER_ACCOUNT_AR || account == TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED ||
	       account == TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT;
}

static bool carries_items(enum type_ledger_account account)
{
	return is_control(account) || account == TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS;
}

/* ---- journal ------------------------------------------------------------------------------------------------------------------- */

/* It leaves once, and arrives once, whole. */
static bool travels(const struct look *l, const struct type_journal_entry *e, const struct type_journal_line *line)
{
	char buf[KEY_SIZE];
	struct tally_entry *t = tally_at(&l->k->transit, tally_key(buf, sizeof(buf), TEXT_FMT "|%s|" TEXT_FMT, TEXT_ARG(e->entity),
								   line->amount.currency, TEXT_ARG(line->detail)));

	if (text_empty(line->detail))
		return broken(l, "transit_unnamed", "money in transit names no transfer", e->kind, line->amount.minor);
	if (t->seen)
		return broken(l, "transit_again", "a transfer that has arrived moves again", line->detail, line->amount.minor);
	if (t->a == 0)
		t->b = line->amount.minor;
	t->a += line->amount.minor;
	t->seen = t->a == 0;
	return t->a == 0 || t->a == t->b ||
	       broken(l, "transit_twice", "L1.2a: a transfer left or arrived twice, or in part", line->detail, t->a);
}

static bool take_line(const struct look *l, const struct type_journal_entry *e, const struct type_journal_line *line)
{
	char buf[KEY_SIZE];
	struct tally_entry *sum = tally_at(&l->k->ledger, tally_key(buf, sizeof(buf), TEXT_FMT "|%s|%d", TEXT_ARG(e->entity),
								    line->amount.currency, (int)line->ledger_account));

	sum->a += line->amount.minor;
	sum->b += line->functional.minor;
	if (line->ledger_account == TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT)
		return travels(l, e, line);
	if (!carries_items(line->ledger_account))
		return true;
	if (text_empty(line->document_id) || line->item_sequence < 1)
		return broken(l, "control_line", "L2.0a: a control line names no item", e->kind, line->amount.minor);
	if (!text_eq(line->account, l->account))
		return broken(l, "two_accounts", "a control line moves an item of another account", line->account,
			      line->amount.minor);
	if ((line->ledger_account == TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS) != text_starts(l->account, TEXT("~")))
		return broken(l, "control_account", "a holding item in AR, or a customer's among the unidentified", line->account,
			      line->amount.minor);
	tally_at(&l->k->items, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%d", TEXT_ARG(line->account),
					 TEXT_ARG(line->document_id), line->item_sequence))
		->a += line->amount.minor;
	return true;
}

/* Sums to zero, functional and per currency; an application's control lines among themselves. */
static bool take_entry(const struct look *l, const struct type_journal_entry *e)
{
	int64_t functional = 0, amount = 0, control = 0;
	bool application = text_eq(e->kind, TEXT("apply")) || text_eq(e->kind, TEXT("unapply"));

	for (size_t i = 0; i < e->n_lines; i++) {
		const struct type_journal_line *line = &e->lines[i];
		if (strcmp(line->amount.currency, e->lines[0].amount.currency) != 0 ||
		    strcmp(line->functional.currency, e->lines[0].functional.currency) != 0)
			return broken(l, "two_currencies", "an entry in two currencies", e->kind, (int64_t)i);
		functional += line->functional.minor;
		amount += line->amount.minor;
		control += is_control(line->ledger_account) ? line->amount.minor : 0;
		if (!take_line(l, e, line))
			return false;
	}
	if (functional != 0 || amount != 0)
		return broken(l, "unbalanced_entry", "L2.0b: an entry does not sum to zero", e->kind,
			      functional != 0 ? functional : amount);
	if (application && control != 0)
		return broken(l, "unbalanced_application", "L2.0b: the control lines of an application do not cancel", e->kind,
			      control);
	return true;
}

static bool take_entries(const struct look *l, const struct type_journal_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!take_entry(l, &entries[i]))
			return false;
	return true;
}

/* ---- billing: documents ----------------------------------------------------------------------------------------------------------- */

static bool take_number(const struct look *l, const struct billing_document_issued *d)
{
	char buf[KEY_SIZE];
	int64_t counter;

	if (d->taken_on)
		return text_empty(d->number) || broken(l, "number_of_take_on", "a take-on has a number of ours", d->number, 0);
	/* DEI26-00 0000001 K */
	if (d->number.n != 16 || !id_check_verify(d->number) || !text_parse_i64((struct text){ d->number.s + 8, 7 }, &counter))
		return broken(l, "number_wrong", "not a document number with its check digit", d->number, 0);
	struct tally_entry *last =
		tally_at(&l->k->numbers, tally_key(buf, sizeof(buf), "%d|" TEXT_FMT "|" TEXT_FMT, l->row->lane, TEXT_ARG(d->entity),
						   TEXT_ARG(((struct text){ d->number.s, 8 }))));
	if (counter != last->a + 1)
		return broken(l, "number_gap", "L7.2b: a document number is repeated or left out", d->number, last->a);
	last->a = counter;
	return true;
}

static bool take_document(const struct look *l, const struct billing_document_issued *d)
{
	int64_t items = 0, control = 0,
		sign = d->type == BILLING_DOCUMENT_TYPE_CREDIT_MEMO || d->type == BILLING_DOCUMENT_TYPE_RECEIPT ? -1 : 1;
	char buf[KEY_SIZE];

	for (size_t i = 0; i < d->n_items; i++) {
		struct text key = tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%d", TEXT_ARG(l->account),
					    TEXT_ARG(d->document_id), d->items[i].sequence);
		struct tally_entry *item = tally_find(&l->k->items, key);

		control = item != NULL ? item->a : 0;
		if (control != d->items[i].open_minor)
			return broken(l, "document_open", "the control lines of a new item are not its open amount", key, control);
		items += d->items[i].original_minor;
	}
	if (d->net_minor + d->tax_minor != d->gross_minor && !d->taken_on)
		return broken(l, "document_gross", "net and tax are not the gross", d->number, d->gross_minor);
	if (items != sign * d->gross_minor && !d->taken_on)
		return broken(l, "document_items", "the items are not the gross", d->number, items);
	return take_number(l, d);
}

static bool take_billing(const struct look *l, const struct billing_event *e)
{
	if (!take_entries(l, e->entries, e->n_entries))
		return false;
	switch (e->event_case) {
	case BILLING_EVENT_INVOICE_ISSUED:
		return take_document(l, e->invoice_issued);
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		return take_document(l, e->credit_memo_issued);
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		return take_document(l, e->debit_memo_issued);
	case BILLING_EVENT_ITEM_TAKEN_ON:
		return take_document(l, e->item_taken_on);
	case BILLING_EVENT_ORDER_RECORDED:
	case BILLING_EVENT_PARKED:
	case BILLING_EVENT_REFUSED:
	case BILLING_EVENT_NONE:
		break;
	}
	return e->n_entries == 0 || broken(l, "journal_unasked", "an outcome that moves nothing has a journal", e->account, 0);
}

/* ---- cash: what the bank reported --------------------------------------------------------------------------------------------------- */

static bool take_cash(const struct look *l, const struct cash_event *e)
{
	const struct money *reported = NULL;
	struct text entity = TEXT_NONE;
	int64_t minor = 0;
	char buf[KEY_SIZE];

	if (!take_entries(l, e->entries, e->n_entries))
		return false;
	if (e->event_case == CASH_EVENT_LINE_POSTED) {
		reported = &e->line_posted->amount;
		entity = e->line_posted->entity;
		minor = reported->minor;
	} else if (e->event_case == CASH_EVENT_RETURN_POSTED) {
		reported = &e->return_posted->amount;
		entity = e->return_posted->entity;
		minor = -reported->minor - e->return_posted->fee.minor;
	}
	if (reported == NULL)
		return true;
	struct text key = tally_key(buf, sizeof(buf), TEXT_FMT "|%s", TEXT_ARG(entity), reported->currency);
	struct tally_entry *lines = tally_at(&l->k->lines, key);
	lines->a += minor;
	key = tally_key(buf, sizeof(buf), TEXT_FMT "|%s|%d", TEXT_ARG(entity), reported->currency,
			TYPE_LEDGER_ACCOUNT_BANK_CLEARING);
	int64_t clearing = tally_at(&l->k->ledger, key)->a;
	return clearing == lines->a ||
	       broken(l, "bank_clearing", "L2.19b: bank clearing is not what the bank reported", key, clearing - lines->a);
}

/* ---- collections: reminders ------------------------------------------------------------------------------------------------------------ */

static int32_t days_between(const struct look *l, struct text ladder_version)
{
	size_t n;
	const void *const *rows = mem_rows(sim_mem(l->w, SIM_COLLECTIONS), &collections_ladder_table, &n);
	char name[40];

	for (size_t i = 0; i < n; i++) {
		const struct collections_ladder *r = rows[i];
		snprintf(name, sizeof(name), "ladder %d", r->version);
		if (r->lane == l->row->lane && text_eq(ladder_version, text_of(name)))
			return r->ladder->days_between;
	}
	return 1;
}

/* One notice per subject, level and episode; levels rise; days in between (LEDGER section 5). */
static bool take_notice(const struct look *l, const struct collections_notice_issued *n)
{
	char buf[KEY_SIZE];
	struct text key = tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%s", TEXT_ARG(l->account), TEXT_ARG(n->entity),
				    n->amount.currency);
	struct tally_entry *last = tally_at(&l->k->notices, key);
	int64_t step = (int64_t)n->episode * 100 + n->level;

	if (last->b >= step)
		return broken(l, "notice_again", "L5.1c: a reminder of a level that this episode had", key, n->level);
	if (last->b != 0 && n->notice_date - last->a < days_between(l, n->ladder_version))
		return broken(l, "notice_soon", "L5.1c: two reminders too close to each other", key, n->notice_date - last->a);
	if (n->amount.minor <= 0 || n->amount.minor != n->overdue_minor - n->credits_minor - n->held_minor - n->promised_minor)
		return broken(l, "notice_amount", "a reminder about another amount than what is owed", key, n->amount.minor);
	last->a = n->notice_date;
	last->b = step;
	return true;
}

static bool take_day(const struct look *l, const struct collections_day_judged *d)
{
	char buf[KEY_SIZE];
	struct text key = tally_key(buf, sizeof(buf), "%d|%d", l->row->lane, d->judged_date);

	return tally_at(&l->k->days, key)->a++ == 0 || broken(l, "day_again", "a business day is judged again", key, d->notices);
}

static bool take_collections(const struct look *l, const struct collections_event *e)
{
	if (e->event_case == COLLECTIONS_EVENT_NOTICE_ISSUED)
		return take_notice(l, e->notice_issued);
	return e->event_case != COLLECTIONS_EVENT_DAY_JUDGED || take_day(l, e->day_judged);
}

/* ---- all ----------------------------------------------------------------------------------------------------------------------------------- */

bool inv_outcome(struct invariants *inv, enum sim_service s, const struct outcome_row *row, const void *event, struct err *err)
{
	struct look l = { .k = &inv->service[s], .service = s, .row = row, .w = inv->w, .err = err };

	switch (s) {
	case SIM_BILLING:
		l.account = ((const struct billing_event *)event)->account;
		return take_billing(&l, event);
	case SIM_CASH:
		l.account = ((const struct cash_event *)event)->account;
		return take_cash(&l, event);
	case SIM_COLLECTIONS:
		l.account = ((const struct collections_event *)event)->account;
		return take_collections(&l, event);
	case SIM_INTAKE:
	case SIM_REPORTING:
	case SIM_SERVICES:
		break;
	}
	return true;
}
