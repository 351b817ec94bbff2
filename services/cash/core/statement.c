#include "cash/core/statement.h"

#include "cash/core/event.h"
#include "cash/core/rows.h"
#include "ev/intake.h"

static void emit_checked(struct decision *d, const struct bank_statement_closed *balances, struct text account,
			 const struct cash_statement_row *row)
{
	struct cash_event *event = cash_event_new(d, account);
	struct cash_statement_checked *checked = WIRE_NEW(d->arena, cash_statement_checked);
	int64_t sum = 0;

	checked->bank_account = balances->bank_account;
	checked->statement_id = balances->statement_id;
	checked->entity = balances->entity;
	checked->opening = balances->opening;
	checked->closing = balances->closing;
	checked->booking_date = balances->booking_date;
	checked->lines_minor = row != NULL ? row->lines_minor : 0;
	checked->line_count = row != NULL ? row->line_count : 0;
	checked->ties_out = cash_same_currency(balances->opening.currency, balances->closing.currency) &&
			    money_add_minor(balances->opening.minor, checked->lines_minor, &sum) &&
			    sum == balances->closing.minor &&
			    (row == NULL || (!row->mixed && cash_same_currency(row->currency, balances->closing.currency)));
	event->event_case = CASH_EVENT_STATEMENT_CHECKED;
	event->statement_checked = checked;
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

void cash_statement_recheck(struct decision *d, struct text account, struct text statement_id)
{
	const struct cash_statement_row *row = cash_statement(d->book, d->input->lane, account, statement_id);

	if (row == NULL || !row->closed)
		return;
	struct bank_statement_closed *balances = WIRE_NEW(d->arena, bank_statement_closed);
	balances->bank_account = (struct text){ account.s + 1, account.n - 1 };
	balances->statement_id = statement_id;
	balances->entity = row->entity;
	balances->opening = cash_money(row->currency, row->opening_minor);
	balances->closing = cash_money(row->currency, row->closing_minor);
	balances->booking_date = row->booking_date;
	emit_checked(d, balances, account, row);
}

static const struct bank_statement_closed *closed_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->payment->statement_closed;
}

void cash_statement_closed_want(struct book *book, const struct input *input)
{
	const struct bank_statement_closed *balances = closed_of(input);

	cash_statement(book, input->lane, cash_holding_account(book_arena(book), balances->bank_account), balances->statement_id);
}

enum decided cash_statement_closed_decide(struct decision *d)
{
	const struct bank_statement_closed *balances = closed_of(d->input);
	struct text account = cash_holding_account(d->arena, balances->bank_account);
	const struct cash_statement_row *row = cash_statement(d->book, d->input->lane, account, balances->statement_id);

	if (book_is_again(d->book))
		return AGAIN;
	emit_checked(d, balances, account, row);
	return DECIDED;
}
