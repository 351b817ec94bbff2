#include "cash/core/returns.h"

#include "cash/core/application.h"
#include "cash/core/item.h"
#include "cash/core/on_account.h"
#include "cash/core/rows.h"
#include "cash/core/statement.h"
#include "ev/intake.h"

static void emit_passed_on(struct decision *d, struct text from, struct text to, struct text transfer_id,
			   const struct cash_return_passed_on *return_)
{
	struct cash_event *event = cash_event_new(d, from);
	struct cash_return_passed_on *on = WIRE_NEW(d->arena, cash_return_passed_on);

	*on = *return_;
	on->from_account = from;
	on->to_account = to;
	on->transfer_id = transfer_id;
	event->event_case = CASH_EVENT_RETURN_PASSED_ON;
	event->return_passed_on = on;
	cash_emit(d, event, to, TEXT_NONE);
}

/* ---- line_returned ---------------------------------------------------------------------------------------------------- */

struct returned {
	const struct bank_line_returned *line;
	struct text account;
	const struct cash_line_row *known; /* a line of this id */
	const struct cash_line_row *original; /* the line that comes back */
	const struct cash_item_row *item; /* its holding item */
	date_t date;
};

static struct returned read_returned(struct book *book, const struct input *input)
{
	const struct intake_event *event = input->event;
	struct returned r = { .line = event->payment->line_returned };

	r.account = cash_holding_account(book_arena(book), r.line->bank_account);
	r.known = cash_line(book, input->lane, r.account, r.line->line_id);
	if (!text_empty(r.line->returned_line_id))
		r.original = cash_line(book, input->lane, r.account, r.line->returned_line_id);
	r.item = cash_holding_item(book, r.original);
	r.date = cash_first_open(book, input->lane, r.line->entity, r.line->booking_date, r.line->booking_date);
	cash_statement(book, input->lane, r.account, r.line->statement_id);
	return r;
}

/* True: it does not name one line of ours with this amount, or not for the first time. */
static bool exceptional(const struct returned *r, enum cash_exception *ret_why)
{
	if (text_empty(r->line->returned_line_id))
		*ret_why = CASH_EXCEPTION_LINE_NOT_NAMED;
	else if (r->item == NULL)
		*ret_why = CASH_EXCEPTION_UNKNOWN_LINE;
	else if (!text_empty(r->original->returned_by))
		*ret_why = CASH_EXCEPTION_ALREADY_RETURNED;
	else if (!text_eq(r->original->entity, r->line->entity))
		*ret_why = CASH_EXCEPTION_ENTITY_DIFFERS;
	else if (r->original->amount_minor != r->line->amount.minor ||
		 !cash_same_currency(r->original->currency, r->line->amount.currency))
		*ret_why = CASH_EXCEPTION_AMOUNT_DIFFERS;
	else
		return false;
	return true;
}

static void post_return(struct decision *d, struct cash_event *event, const struct returned *r, enum cash_return_place place,
			struct text return_id)
{
	const struct bank_line_returned *line = r->line;
	struct ledger journal = ledger_new(d->arena);

	ledger_start(&journal, cash_entry_text(CASH_ENTRY_RETURN), line->entity, r->date);
	if (place == CASH_RETURN_PLACE_HOLDING)
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS, line->amount, cash_item_key(r->item));
	else if (place == CASH_RETURN_PLACE_PASSED_ON)
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, line->amount, return_id);
	else
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_RETURNED_ITEMS_SUSPENSE, line->amount, line->line_id);
	ledger_line(&journal, TYPE_LEDGER_ACCOUNT_BANK_CLEARING, ledger_neg(line->amount), line->bank_account);
	if (line->fee.minor != 0) {
		ledger_start(&journal, cash_entry_text(CASH_ENTRY_BANK_FEE), line->entity, r->date);
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_BANK_CHARGES, line->fee, line->line_id);
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_BANK_CLEARING, ledger_neg(line->fee), line->bank_account);
	}
	cash_event_post(event, &journal);
}

static void emit_posted(struct decision *d, const struct returned *r, enum cash_return_place place, struct text exception,
			struct text return_id)
{
	struct cash_event *event = cash_event_new(d, r->account);
	struct cash_return_posted *posted = WIRE_NEW(d->arena, cash_return_posted);

	posted->line_id = r->line->line_id;
	posted->bank_account = r->line->bank_account;
	posted->statement_id = r->line->statement_id;
	posted->entity = r->line->entity;
	posted->returned_line_id = r->line->returned_line_id;
	posted->amount = r->line->amount;
	posted->fee = r->line->fee;
	posted->booking_date = r->line->booking_date;
	posted->reason = r->line->reason;
	posted->place = place;
	posted->exception = exception;
	posted->accounting_date = r->date;
	event->event_case = CASH_EVENT_RETURN_POSTED;
	event->return_posted = posted;
	post_return(d, event, r, place, return_id);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

static void follow_money(struct decision *d, const struct returned *r, struct text return_id)
{
	struct cash_return_passed_on *on = WIRE_NEW(d->arena, cash_return_passed_on);

	on->return_id = return_id;
	on->returned_line_id = r->line->returned_line_id;
	on->bank_account = r->line->bank_account;
	on->entity = r->line->entity;
	on->amount = r->line->amount;
	on->booking_date = r->line->booking_date;
	on->reason = r->line->reason;
	on->accounting_date = r->date;
	emit_passed_on(d, r->account, r->item->away_account, r->item->away_transfer, on);
}

void cash_line_returned_want(struct book *book, const struct input *input)
{
	read_returned(book, input);
}

enum decided cash_line_returned_decide(struct decision *d)
{
	struct returned r = read_returned(d->book, d->input);
	enum cash_exception why;

	if (book_is_again(d->book))
		return AGAIN;
	if (r.known != NULL) {
		cash_refuse(d, r.account, CASH_REFUSED_DUPLICATE_LINE, r.line->line_id,
			    "this bank account has that line already; a line's id must be unique");
		return DECIDED;
	}
	struct text return_id = cash_id(d->arena, d->input, "return", r.line->line_id);
	if (exceptional(&r, &why)) {
		emit_posted(d, &r, CASH_RETURN_PLACE_SUSPENSE, cash_exception_text(why), return_id);
	} else if (cash_item_is_away(r.item)) {
		emit_posted(d, &r, CASH_RETURN_PLACE_PASSED_ON, TEXT_NONE, return_id);
		follow_money(d, &r, return_id);
	} else {
		emit_posted(d, &r, CASH_RETURN_PLACE_HOLDING, TEXT_NONE, return_id);
	}
	cash_statement_recheck(d, r.account, r.line->statement_id);
	return DECIDED;
}

/* ---- return_passed_on ------------------------------------------------------------------------------------------------- */

struct followed {
	const struct cash_return_passed_on *on;
	const struct cash_item_row *item; /* what the money became here; NULL = it was refused here and is on its way back */
	struct rows applications; /* in force now */
	date_t date;
};

static struct followed read_followed(struct book *book, const struct input *input)
{
	const struct cash_event *event = input->event;
	struct followed f = { .on = event->return_passed_on };
	struct text account = f.on->to_account;

	f.date = cash_first_open(book, input->lane, f.on->entity, f.on->accounting_date, f.on->accounting_date);
	if (cash_is_holding(account)) {
		f.item = cash_holding_item(book, cash_line(book, input->lane, account, f.on->returned_line_id));
		return f;
	}
	struct text receipt = cash_receipt_id(book, f.on->transfer_id);
	f.item = cash_item(book, input->lane, account, receipt, 1);
	f.applications = cash_applications(book, input->lane, account, receipt, 1, TEXT_NONE, 0);
	return f;
}

/* 2. and 3. of LEDGER section 2: the return item arrives, and receipt and return close each other. */
static void post_settled(struct decision *d, struct cash_event *event, const struct followed *f, date_t link_date)
{
	const struct cash_return_passed_on *on = f->on;
	struct ledger journal = ledger_new(d->arena);
	struct money credit = ledger_neg(on->amount);
	struct ledger_item_ref back = { event->account, on->return_id, 1 };

	ledger_start(&journal, cash_entry_text(CASH_ENTRY_RETURN), on->entity, f->date);
	if (cash_is_holding(event->account)) {
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS, on->amount, cash_item_key(f->item));
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, credit, on->return_id);
	} else {
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, on->amount, back);
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, credit, on->return_id);
		ledger_start(&journal, cash_entry_text(CASH_ENTRY_RETURN_LINKED), on->entity, link_date);
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, on->amount, cash_item_key(f->item));
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, credit, back);
	}
	cash_event_post(event, &journal);
}

static void emit_settled(struct decision *d, const struct followed *f, date_t undone)
{
	const struct cash_return_passed_on *on = f->on;
	struct cash_event *event = cash_event_new(d, on->to_account);
	struct cash_return_settled *settled = WIRE_NEW(d->arena, cash_return_settled);

	settled->return_id = on->return_id;
	settled->document_id = f->item->document_id;
	settled->returned_line_id = on->returned_line_id;
	settled->bank_account = on->bank_account;
	settled->entity = on->entity;
	settled->amount = on->amount;
	settled->accounting_date = f->date;
	settled->reason = on->reason;
	event->event_case = CASH_EVENT_RETURN_SETTLED;
	event->return_settled = settled;
	post_settled(
		d, event, f,
		cash_first_open(d->book, d->input->lane, on->entity, on->accounting_date, MAX(undone, f->item->accounting_date)));
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

void cash_return_passed_on_want(struct book *book, const struct input *input)
{
	read_followed(book, input);
}

/* Cursor: the latest day something was undone on so far. */
enum decided cash_return_passed_on_decide(struct decision *d)
{
	struct followed f = read_followed(d->book, d->input);
	char text[DATE_TEXT_SIZE];
	date_t undone = DATE_NONE, day;

	if (book_is_again(d->book))
		return AGAIN;
	if (f.item == NULL) { /* refused here: the money is on its way back to where it and the return came from */
		CHECK(!cash_is_holding(f.on->to_account));
		emit_passed_on(d, f.on->to_account, f.on->from_account, f.on->transfer_id, f.on);
		return DECIDED;
	}
	if (cash_item_is_away(f.item)) {
		emit_passed_on(d, f.on->to_account, f.item->away_account, f.item->away_transfer, f.on);
		return DECIDED;
	}
	CHECK(text_empty(f.item->returned_by));
	if (d->input->cursor.n > 0)
		CHECK(date_parse(d->input->cursor, &undone));
	bool done = cash_emit_unapplied(d, f.item, f.applications, CASH_UNDONE_RETURN, f.on->accounting_date, f.date, &day);
	undone = MAX(undone, day);
	if (!done) {
		d->cursor = text_dup(d->arena, text_of(date_format(text, undone)));
		return MORE;
	}
	date_t free_from = MAX(undone, f.item->accounting_date);
	cash_emit_off_account(d, f.item, f.item->on_account_minor,
			      cash_first_open(d->book, d->input->lane, f.on->entity, f.on->accounting_date, free_from));
	emit_settled(d, &f, undone);
	return DECIDED;
}
