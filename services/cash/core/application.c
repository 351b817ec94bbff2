#include "cash/core/application.h"

#include "cash/core/item.h"
#include "cash/core/rows.h"

/* ---- pairing ---- */

struct cash_parts cash_parts_new(struct arena *arena, size_t cap)
{
	return (struct cash_parts){ ARENA_ARRAY(arena, cap, struct cash_part), 0, cap };
}

void cash_parts_add_some(struct cash_parts *parts, const struct cash_item_row *item, int64_t minor)
{
	if (minor == 0)
		return;
	CHECK(parts->n < parts->cap && minor > 0 && minor <= cash_item_free(item));
	parts->part[parts->n++] = (struct cash_part){ item, minor };
}

void cash_parts_add(struct cash_parts *parts, const struct cash_item_row *item)
{
	cash_parts_add_some(parts, item, cash_item_free(item));
}

static int by_due(const void *a, const void *b)
{
	const struct cash_item_row *x = ((const struct cash_part *)a)->item, *y = ((const struct cash_part *)b)->item;

	if (x->due_date != y->due_date)
		return x->due_date < y->due_date ? -1 : 1;
	int ids = text_cmp(x->document_id, y->document_id);
	return ids != 0 ? ids : x->sequence - y->sequence;
}

void cash_parts_oldest_due(struct cash_parts *parts)
{
	if (parts->n > 1)
		qsort(parts->part, parts->n, sizeof(*parts->part), by_due);
}

int64_t cash_plus(int64_t a_minor, int64_t b_minor)
{
	int64_t sum;

	CHECK(money_add_minor(a_minor, b_minor, &sum));
	return sum;
}

int64_t cash_parts_sum(const struct cash_parts *parts)
{
	int64_t sum = 0;

	for (size_t i = 0; i < parts->n; i++)
		sum = cash_plus(sum, parts->part[i].minor);
	return sum;
}

struct cash_pairs cash_pair(struct arena *arena, const struct cash_parts *credits, const struct cash_parts *debits)
{
	struct cash_pairs pairs = { ARENA_ARRAY(arena, credits->n + debits->n, struct cash_pair), 0 };
	size_t c = 0, k = 0;
	int64_t credit_left = credits->n > 0 ? credits->part[0].minor : 0;
	int64_t debit_left = debits->n > 0 ? debits->part[0].minor : 0;

	/* Each round uses up a credit or a debit, so there are fewer pairs than both have parts. */
	while (c < credits->n && k < debits->n) {
		int64_t minor = MIN(credit_left, debit_left);

		pairs.pair[pairs.n++] = (struct cash_pair){ credits->part[c].item, debits->part[k].item, minor };
		credit_left -= minor;
		debit_left -= minor;
		if (credit_left == 0 && ++c < credits->n)
			credit_left = credits->part[c].minor;
		if (debit_left == 0 && ++k < debits->n)
			debit_left = debits->part[k].minor;
	}
	return pairs;
}

/* ---- applied ---- */

date_t cash_application_date(struct book *book, const struct cash_item_row *credit, const struct cash_item_row *debit,
			     const struct cash_application_terms *terms)
{
	if (date_is_valid(terms->insisted))
		return terms->insisted;
	date_t items = MAX(credit->accounting_date, debit->accounting_date);
	date_t date = MAX(items, terms->not_before);

	date = MAX(date, terms->anchor);
	return cash_first_open(book, credit->lane, credit->entity, terms->anchor, date);
}

/* The two control lines of an application, or of its undoing when minor is negative. */
static void post_pair(struct ledger *journal, const struct cash_item_row *credit, struct ledger_item_ref debit, int64_t minor)
{
	ledger_item(journal, cash_item_ledger(credit), cash_money(credit->currency, minor), cash_item_key(credit));
	ledger_item(journal, TYPE_LEDGER_ACCOUNT_AR, cash_money(credit->currency, -minor), debit);
}

static struct text application_id(struct decision *d, size_t n)
{
	/* Unique within the input: outcomes of earlier transactions, outcomes of this one, place within the outcome. */
	struct text place[] = {
		text_i64(d->arena, d->input->cause.part), TEXT("."), text_i64(d->arena, (int64_t)d->n_outcomes), TEXT("."),
		text_i64(d->arena, (int64_t)n),
	};

	return cash_id(d->arena, d->input, "application", text_concat(d->arena, ARRAY_LEN(place), place));
}

static void emit_some(struct decision *d, const struct cash_pair *pair, size_t n, const struct cash_application_terms *terms)
{
	struct cash_event *event = cash_event_new(d, terms->account);
	struct cash_applied *applied = WIRE_NEW(d->arena, cash_applied);
	struct ledger journal = ledger_new(d->arena);

	applied->entity = pair[0].credit->entity;
	applied->applications = WIRE_ARRAY(d->arena, n, cash_application);
	applied->n_applications = n;
	applied->explanation = terms->explanation;
	for (size_t i = 0; i < n; i++) {
		struct cash_application *a = &applied->applications[i];
		const struct cash_item_row *credit = pair[i].credit, *debit = pair[i].debit;

		CHECK(text_eq(credit->entity, debit->entity) && text_eq(credit->entity, applied->entity));
		CHECK(cash_same_currency(credit->currency, debit->currency));
		a->application_id = application_id(d, i);
		a->credit = cash_item_ref(d->arena, credit);
		a->debit = cash_item_ref(d->arena, debit);
		a->amount = cash_money(credit->currency, pair[i].minor);
		a->accounting_date = cash_application_date(d->book, credit, debit, terms);
		if (i == 0 || a->accounting_date != a[-1].accounting_date)
			ledger_start(&journal, cash_entry_text(CASH_ENTRY_APPLY), credit->entity, a->accounting_date);
		post_pair(&journal, credit, cash_item_key(debit), pair[i].minor);
	}
	event->event_case = CASH_EVENT_APPLIED;
	event->applied = applied;
	cash_event_post(event, &journal);
	cash_emit(d, event, TEXT_NONE, terms->rule_version);
}

void cash_emit_applied(struct decision *d, const struct cash_pairs *pairs, const struct cash_application_terms *terms)
{
	for (size_t at = 0; at < pairs->n; at += CASH_APPLICATIONS_MAX)
		emit_some(d, &pairs->pair[at], MIN(pairs->n - at, (size_t)CASH_APPLICATIONS_MAX), terms);
}

/* ---- unapplied ---- */

bool cash_emit_unapplied(struct decision *d, const struct cash_item_row *credit, struct rows applications, enum cash_undone reason,
			 date_t anchor, date_t day, date_t *ret_day)
{
	size_t n = MIN(applications.n, (size_t)CASH_APPLICATIONS_MAX);
	struct cash_event *event = cash_event_new(d, credit->account);
	struct cash_unapplied *unapplied = WIRE_NEW(d->arena, cash_unapplied);
	struct ledger journal = ledger_new(d->arena);
	date_t last = DATE_NONE;

	*ret_day = day;
	if (n == 0)
		return true;
	unapplied->entity = credit->entity;
	unapplied->reason = cash_undone_text(reason);
	unapplied->applications = WIRE_ARRAY(d->arena, n, cash_application);
	unapplied->n_applications = n;
	for (size_t i = 0; i < n; i++) {
		const struct cash_application_row *row = applications.row[i];
		struct cash_application *a = &unapplied->applications[i];

		a->application_id = row->application_id;
		a->credit = cash_item_ref(d->arena, credit);
		a->debit = WIRE_NEW(d->arena, type_item_ref);
		a->debit->document_id = row->debit_document_id;
		a->debit->sequence = row->debit_sequence;
		a->amount = cash_money(row->currency, row->amount_minor);
		a->accounting_date = cash_first_open(d->book, credit->lane, credit->entity, anchor, MAX(day, row->accounting_date));
		if (a->accounting_date != last)
			ledger_start(&journal, cash_entry_text(CASH_ENTRY_UNAPPLY), credit->entity, a->accounting_date);
		last = a->accounting_date;
		*ret_day = MAX(*ret_day, last);
		post_pair(&journal, credit,
			  (struct ledger_item_ref){ credit->account, row->debit_document_id, row->debit_sequence },
			  -row->amount_minor);
	}
	event->event_case = CASH_EVENT_UNAPPLIED;
	event->unapplied = unapplied;
	cash_event_post(event, &journal);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
	return applications.n <= CASH_APPLICATIONS_MAX;
}
