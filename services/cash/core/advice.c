#include "cash/core/advice.h"

#include "cash/core/identify.h"
#include "cash/core/item.h"
#include "cash/core/line.h"
#include "cash/core/match.h"
#include "cash/core/rows.h"
#include "cash/core/transfer.h"
#include "ev/intake.h"

/* ---- remittances ------------------------------------------------------------------------------------------------------ */

static struct text either(struct text a, struct text b)
{
	return text_empty(a) ? b : a;
}

struct cash_remittance *cash_advice_merge(struct arena *arena, const struct cash_remittance *of_bank,
					  const struct cash_remittance *of_advice)
{
	struct cash_remittance *r = WIRE_NEW(arena, cash_remittance);

	if (of_bank != NULL)
		*r = *of_bank;
	r->payer_name = either(r->payer_name, of_advice->payer_name);
	r->payer_bank_account = either(r->payer_bank_account, of_advice->payer_bank_account);
	r->payer_reference = either(r->payer_reference, of_advice->payer_reference);
	r->payer_account = of_advice->payer_account;
	r->advice_id = of_advice->advice_id;
	r->n_references = of_advice->n_references;
	r->references = of_advice->references;
	return r;
}

/* True: the amounts of the references make the total, or none has one. */
static bool adds_up(const struct bank_remittance_advised *advice)
{
	int64_t sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < advice->n_references; i++) {
		if (advice->references[i].amount.currency[0] == '\0')
			continue;
		n++;
		if (!money_add_minor(sum, advice->references[i].amount.minor, &sum))
			return false;
	}
	return n == 0 || (n == advice->n_references && sum == advice->amount.minor);
}

static struct cash_remittance *remittance_of(struct arena *arena, const struct bank_remittance_advised *advice)
{
	struct cash_remittance *r = WIRE_NEW(arena, cash_remittance);
	bool indicative = !adds_up(advice);

	r->payer_name = advice->payer_name;
	r->payer_bank_account = advice->payer_bank_account;
	r->payer_reference = advice->payer_reference;
	r->payer_account = advice->payer_account;
	r->advice_id = advice->advice_id;
	r->n_references = advice->n_references;
	r->references = WIRE_ARRAY(arena, advice->n_references, cash_remittance_reference);
	for (size_t i = 0; i < advice->n_references; i++) {
		r->references[i].reference = advice->references[i].reference;
		r->references[i].amount_minor = indicative ? 0 : advice->references[i].amount.minor;
	}
	return r;
}

/* ---- which line, which advice ----------------------------------------------------------------------------------------- */

static bool differ(struct text a, struct text b)
{
	return !text_empty(a) && !text_empty(b) && !text_eq(a, b);
}

/* What both say about the payer is not the same. */
static bool contradict(struct arena *arena, const struct cash_remittance *line, const struct cash_remittance *advice)
{
	if (line == NULL)
		return false;
	return differ(text_normal_ref(arena, line->payer_bank_account), text_normal_ref(arena, advice->payer_bank_account)) ||
	       differ(text_normal_ref(arena, line->payer_reference), text_normal_ref(arena, advice->payer_reference));
}

static bool near(date_t booking_date, date_t payment_date)
{
	return booking_date >= payment_date - CASH_ADVICE_DAYS && booking_date <= payment_date + CASH_ADVICE_DAYS;
}

const struct cash_advice_row *cash_advice_for_line(struct book *book, const struct input *input, struct text account,
						   const struct bank_line_booked *line, const struct cash_remittance *remittance)
{
	struct rows named = cash_advices_of_line(book, input->lane, account, line->line_id);
	struct rows rows = cash_advices_of_amount(book, input->lane, account, line->amount);
	const struct cash_advice_row *found = NULL;

	if (line->kind != BANK_LINE_KIND_PAYMENT || line->amount.minor <= 0)
		return NULL;
	if (named.n == 1)
		return named.row[0];
	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_advice_row *row = rows.row[i];
		if (!text_empty(row->named_line) || !text_eq(row->entity, line->entity) ||
		    !near(line->booking_date, row->payment_date) || contradict(book_arena(book), remittance, row->remittance))
			continue;
		if (found != NULL)
			return NULL;
		found = row;
	}
	return rows.n > CASH_ADVICES_MAX ? NULL : found;
}

/* ---- remittance_advised ----------------------------------------------------------------------------------------------- */

struct advised {
	const struct bank_remittance_advised *advice;
	struct text account;
	struct cash_remittance *remittance;
	const struct cash_advice_row *known;
	const struct cash_line_row *line; /* the one it belongs to */
	const struct cash_item_row *item; /* its holding item */
	enum cash_advice_why why_not;
	struct cash_remittance *merged;
	struct cash_identity payer; /* with the references of the advice, while the money waits here */
	date_t date;
};

static bool may_belong(struct arena *arena, const struct advised *a, const struct cash_line_row *line)
{
	return line->kind == CASH_LINE_PAYMENT && text_empty(line->advice_id) && text_empty(line->returned_by) &&
	       text_eq(line->entity, a->advice->entity) && cash_same_currency(line->currency, a->advice->amount.currency) &&
	       !contradict(arena, line->remittance, a->remittance);
}

static void find_line(struct book *book, const struct input *input, struct advised *a)
{
	const struct bank_remittance_advised *advice = a->advice;
	struct arena *arena = book_arena(book);

	a->why_not = CASH_ADVICE_NO_LINE;
	if (!text_empty(advice->line_id)) {
		const struct cash_line_row *named = cash_line(book, input->lane, a->account, advice->line_id);
		if (named != NULL && may_belong(arena, a, named))
			a->line = named;
		return;
	}
	struct rows rows =
		cash_lines_of_amount(book, input->lane, a->account, advice->amount, advice->payment_date - CASH_ADVICE_DAYS - 1);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_line_row *row = rows.row[i];
		if (!near(row->booking_date, advice->payment_date) || !may_belong(arena, a, row))
			continue;
		if (a->line != NULL || rows.n > CASH_ADVICES_MAX) {
			a->line = NULL;
			a->why_not = CASH_ADVICE_AMBIGUOUS;
			return;
		}
		a->line = row;
	}
}

static struct advised read_advised(struct book *book, const struct input *input)
{
	const struct intake_event *event = input->event;
	struct advised a = { .advice = event->payment->remittance_advised, .date = DATE_NONE };

	a.account = cash_holding_account(book_arena(book), a.advice->bank_account);
	a.remittance = remittance_of(book_arena(book), a.advice);
	a.known = cash_advice(book, input->lane, a.account, a.advice->advice_id);
	find_line(book, input, &a);
	/* What the references name is asked for in any case: the line is known in the second round only. */
	a.payer = cash_identify(book, a.remittance, TEXT_NONE);
	if (a.line == NULL)
		return a;
	a.item = cash_holding_item(book, a.line);
	a.merged = cash_advice_merge(book_arena(book), a.line->remittance, a.remittance);
	if (!a.line->waiting)
		return a;
	a.payer = cash_identify(book, a.merged, a.line->refused_by);
	date_t day = MAX(cash_business_day(book, input->lane, a.line->entity), a.line->booking_date);
	a.date = cash_first_open(book, input->lane, a.line->entity, a.line->booking_date,
				 a.item != NULL ? MAX(day, a.item->accounting_date) : day);
	return a;
}

void cash_remittance_advised_want(struct book *book, const struct input *input)
{
	read_advised(book, input);
}

static struct cash_advice_recorded *recorded_new(struct decision *d, struct text account, struct cash_event **ret_event)
{
	struct cash_event *event = cash_event_new(d, account);

	event->event_case = CASH_EVENT_ADVICE_RECORDED;
	event->advice_recorded = WIRE_NEW(d->arena, cash_advice_recorded);
	*ret_event = event;
	return event->advice_recorded;
}

static void emit_recorded(struct decision *d, const struct advised *a)
{
	struct cash_event *event;
	struct cash_advice_recorded *recorded = recorded_new(d, a->account, &event);

	recorded->advice_id = a->advice->advice_id;
	recorded->bank_account = a->advice->bank_account;
	recorded->entity = a->advice->entity;
	recorded->amount = a->advice->amount;
	recorded->payment_date = a->advice->payment_date;
	recorded->payer_account = a->advice->payer_account;
	recorded->named_line_id = a->advice->line_id;
	recorded->indicative = !adds_up(a->advice);
	recorded->remittance = a->remittance;
	if (a->line != NULL)
		recorded->line_id = a->line->line_id;
	else
		recorded->reason = cash_advice_text(a->why_not);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

void cash_emit_advice_joined(struct decision *d, const struct cash_advice_row *advice, struct text line_id)
{
	struct cash_event *event;
	struct cash_advice_recorded *recorded = recorded_new(d, advice->account, &event);

	recorded->advice_id = advice->advice_id;
	recorded->bank_account = (struct text){ advice->account.s + 1, advice->account.n - 1 }; /* `~` + bank account */
	recorded->entity = advice->entity;
	recorded->amount = cash_money(advice->currency, advice->amount_minor);
	recorded->payment_date = advice->payment_date;
	recorded->payer_account = advice->remittance->payer_account;
	recorded->named_line_id = advice->named_line;
	recorded->line_id = line_id;
	recorded->indicative = advice->indicative;
	recorded->remittance = advice->remittance;
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

static void follow_money(struct decision *d, const struct advised *a)
{
	struct cash_event *event = cash_event_new(d, a->account);
	struct cash_advice_passed_on *on = WIRE_NEW(d->arena, cash_advice_passed_on);

	on->advice_id = a->advice->advice_id;
	on->line_id = a->line->line_id;
	on->transfer_id = a->item->away_transfer;
	on->from_account = a->account;
	on->to_account = a->item->away_account;
	on->entity = a->line->entity;
	on->remittance = a->merged;
	on->amount = cash_money(a->line->currency, a->line->amount_minor);
	on->booking_date = a->line->booking_date;
	event->event_case = CASH_EVENT_ADVICE_PASSED_ON;
	event->advice_passed_on = on;
	cash_emit(d, event, on->to_account, TEXT_NONE);
}

enum decided cash_remittance_advised_decide(struct decision *d)
{
	struct advised a = read_advised(d->book, d->input);

	if (book_is_again(d->book))
		return AGAIN;
	if (a.known != NULL) {
		cash_refuse(d, a.account, CASH_REFUSED_DUPLICATE_ADVICE, a.advice->advice_id,
			    "this bank account has that advice already; an advice's id must be unique");
		return DECIDED;
	}
	emit_recorded(d, &a);
	if (a.line == NULL)
		return DECIDED;
	const struct cash_line_row *line = cash_line(d->book, d->input->lane, a.account, a.line->line_id);
	if (cash_item_is_away(a.item))
		follow_money(d, &a);
	else if (a.line->waiting && a.payer.found)
		cash_send_to_payer(d, line, a.item, a.payer.account, a.date, TEXT_NONE, a.payer.explanation);
	else if (a.line->waiting && !text_eq(cash_unidentified_text(a.payer.why_not), a.line->left_reason))
		cash_emit_unidentified(d, a.account, a.line->line_id, &a.payer);
	return DECIDED;
}

/* ---- advice_passed_on ------------------------------------------------------------------------------------------------- */

struct taken {
	const struct cash_advice_passed_on *on;
	struct text receipt_id;
	const struct cash_item_row *receipt;
	struct cash_match match;
};

static struct taken read_taken(struct book *book, const struct input *input)
{
	const struct cash_event *event = input->event;
	struct taken t = { .on = event->advice_passed_on };
	struct cash_transfer_sent *again = WIRE_NEW(book_arena(book), cash_transfer_sent);

	t.receipt_id = cash_receipt_id(book, t.on->transfer_id);
	t.receipt = cash_item(book, input->lane, t.on->to_account, t.receipt_id, 1);
	/* The receipt as if it arrived now, with what its payer says. */
	again->entity = t.on->entity;
	again->amount = t.on->amount;
	again->booking_date = again->accounting_date = t.on->booking_date;
	again->remittance = t.on->remittance;
	t.match = cash_match_read(book, input, again, t.on->to_account, t.receipt_id);
	return t;
}

void cash_advice_passed_on_want(struct book *book, const struct input *input)
{
	read_taken(book, input);
}

static enum cash_taken result_of(const struct taken *t)
{
	const struct cash_item_row *receipt = t->receipt;

	if (receipt == NULL || cash_item_is_away(receipt) || !text_empty(receipt->returned_by))
		return CASH_TAKEN_MONEY_GONE;
	if (receipt->open_minor == 0)
		return CASH_TAKEN_NOTHING_OPEN;
	/* The rules leave a reason with what they leave open; a person who undid or set something aside left none. */
	if (receipt->on_account_minor > 0 || text_empty(receipt->left_reason))
		return CASH_TAKEN_TOUCHED;
	return CASH_TAKEN_USED;
}

enum decided cash_advice_passed_on_decide(struct decision *d)
{
	struct taken t = read_taken(d->book, d->input);

	if (book_is_again(d->book))
		return AGAIN;
	if (d->input->cursor.n > 0)
		return cash_match_decide(d, &t.match);
	enum cash_taken result = result_of(&t);
	struct cash_event *event = cash_event_new(d, t.on->to_account);
	struct cash_advice_taken *taken = WIRE_NEW(d->arena, cash_advice_taken);
	taken->advice_id = t.on->advice_id;
	taken->line_id = t.on->line_id;
	taken->document_id = t.receipt != NULL ? t.receipt_id : TEXT_NONE;
	taken->result = cash_taken_text(result);
	event->event_case = CASH_EVENT_ADVICE_TAKEN;
	event->advice_taken = taken;
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
	return result == CASH_TAKEN_USED ? cash_match_decide(d, &t.match) : DECIDED;
}
