#include "cash/core/state.h"

#include "cash/core/advice.h"
#include "cash/core/application.h"
#include "cash/core/identify.h"
#include "cash/core/item.h"
#include "cash/core/names.h"
#include "cash/core/rows.h"

struct change {
	struct book *book;
	int32_t lane;
	struct text account;
};

/* What deciding has read is in the book. A rebuild applies without deciding, and a page may have been passed over without an outcome that
 * says so: what is missing then was noted as a question, all this is undone, and done again when the row is here. */
static bool is_here(const struct change *c, const void *row)
{
	CHECK(row != NULL || book_is_again(c->book));
	return row != NULL;
}

/* A copy of an item to change and put back. Every outcome that changes an item raises its version, once. */
static struct cash_item_row item_to_change(const struct change *c, struct text document_id, int32_t sequence)
{
	const struct cash_item_row *item = cash_item(c->book, c->lane, c->account, document_id, sequence);

	if (!is_here(c, item))
		return cash_item_blank(c->lane, c->account, document_id, sequence);
	struct cash_item_row row = *item;
	row.version++;
	return row;
}

static struct cash_line_row line_to_change(const struct change *c, struct text line_id)
{
	const struct cash_line_row *line = cash_line(c->book, c->lane, c->account, line_id);

	if (!is_here(c, line))
		return (struct cash_line_row){ .lane = c->lane, .account = c->account, .line_id = line_id };
	return *line;
}

static void put_item(const struct change *c, const struct cash_item_row *row)
{
	book_put(c->book, &cash_item_table, row);
}

static void put_line(const struct change *c, const struct cash_line_row *row)
{
	book_put(c->book, &cash_line_table, row);
}

/* ---- statements ------------------------------------------------------------------------------------------------------ */

static struct cash_statement_row statement_to_change(const struct change *c, struct text statement_id, struct text entity,
						     const char currency[4])
{
	const struct cash_statement_row *found = cash_statement(c->book, c->lane, c->account, statement_id);
	struct cash_statement_row row = {
		.lane = c->lane,
		.account = c->account,
		.statement_id = statement_id,
		.entity = entity,
		.booking_date = DATE_NONE,
	};

	if (found != NULL)
		row = *found;
	else
		memcpy(row.currency, currency, sizeof(row.currency));
	row.mixed = row.mixed || !cash_same_currency(row.currency, currency);
	return row;
}

static void count_on_statement(const struct change *c, const struct cash_line_row *line)
{
	if (text_empty(line->statement_id))
		return;
	struct cash_statement_row row = statement_to_change(c, line->statement_id, line->entity, line->currency);
	/* A sum that no number holds says as little as one over two currencies: the statement does not tie out. */
	bool fits = money_add_minor(row.lines_minor, line->amount_minor, &row.lines_minor);
	row.mixed = row.mixed || !fits;
	row.line_count++;
	book_put(c->book, &cash_statement_table, &row);
}

static void statement_checked(const struct change *c, const struct cash_statement_checked *s)
{
	struct cash_statement_row row = statement_to_change(c, s->statement_id, s->entity, s->closing.currency);

	row.closed = true;
	row.opening_minor = s->opening.minor;
	row.closing_minor = s->closing.minor;
	row.booking_date = s->booking_date;
	book_put(c->book, &cash_statement_table, &row);
}

/* ---- bank lines ------------------------------------------------------------------------------------------------------ */

static struct cash_line_row new_line(const struct change *c, struct text line_id, enum cash_line_kind kind,
				     struct text statement_id, struct text entity, struct money amount)
{
	struct cash_line_row row = {
		.lane = c->lane,
		.account = c->account,
		.line_id = line_id,
		.kind = (int32_t)kind,
		.statement_id = statement_id,
		.entity = entity,
		.amount_minor = amount.minor,
		.booking_date = DATE_NONE,
		.value_date = DATE_NONE,
	};

	memcpy(row.currency, amount.currency, sizeof(row.currency));
	return row;
}

static void line_posted(const struct change *c, const struct cash_line_posted *e)
{
	struct cash_line_row line = new_line(c, e->line_id, CASH_LINE_PAYMENT, e->statement_id, e->entity, e->amount);
	struct cash_item_row item = cash_item_blank(c->lane, c->account, e->document_id, 1);

	line.document_id = e->document_id;
	line.booking_date = e->booking_date;
	line.value_date = e->value_date;
	line.waiting = !e->identified;
	line.remittance = e->remittance;
	put_line(c, &line);
	count_on_statement(c, &line);

	item.kind = CASH_ITEM_HOLDING;
	item.entity = e->entity;
	memcpy(item.currency, e->amount.currency, sizeof(item.currency));
	item.original_minor = -e->amount.minor;
	item.open_minor = e->identified ? 0 : -e->amount.minor;
	item.document_date = item.due_date = e->booking_date;
	item.value_date = e->value_date;
	item.accounting_date = e->accounting_date;
	item.version = 1;
	item.line_id = e->line_id;
	item.bank_account = e->bank_account;
	put_item(c, &item);
}

static void line_excluded(const struct change *c, const struct cash_line_excluded *e)
{
	struct cash_line_row line = new_line(c, e->line_id, CASH_LINE_EXCLUDED, e->statement_id, e->entity, e->amount);

	line.booking_date = e->booking_date;
	line.left_reason = e->reason;
	put_line(c, &line);
	count_on_statement(c, &line);
}

static void left_unidentified(const struct change *c, const struct cash_left_unidentified *e)
{
	struct cash_line_row line = line_to_change(c, e->line_id);

	line.left_reason = e->reason;
	line.left_because = e->explanation != NULL ? e->explanation->because : TEXT_NONE;
	put_line(c, &line);
}

static void advice_recorded(const struct change *c, const struct cash_advice_recorded *e)
{
	struct cash_advice_row row = {
		.lane = c->lane,
		.account = c->account,
		.advice_id = e->advice_id,
		.entity = e->entity,
		.amount_minor = e->amount.minor,
		.payment_date = e->payment_date,
		.named_line = e->named_line_id,
		.line_id = e->line_id,
		.left_reason = e->reason,
		.indicative = e->indicative,
		.remittance = e->remittance,
	};

	memcpy(row.currency, e->amount.currency, sizeof(row.currency));
	book_put(c->book, &cash_advice_table, &row);
	if (text_empty(e->line_id))
		return;
	struct cash_line_row line = line_to_change(c, e->line_id);
	line.advice_id = e->advice_id;
	line.remittance = cash_advice_merge(book_arena(c->book), line.remittance, e->remittance);
	put_line(c, &line);
}

/* ---- money on its way ------------------------------------------------------------------------------------------------ */

static void transfer_sent(const struct change *c, const struct cash_transfer_sent *e)
{
	struct cash_item_row item = item_to_change(c, e->from_document_id, 1);

	item.open_minor = 0;
	item.away_account = e->to_account;
	item.away_transfer = e->transfer_id;
	put_item(c, &item);
	if (!cash_is_holding(c->account))
		return;
	struct cash_line_row line = line_to_change(c, e->line_id);
	line.waiting = false;
	line.touched = line.touched || text_eq(e->explanation->rule_id, cash_rule_text(CASH_RULE_BY_COMMAND));
	line.left_reason = line.left_because = TEXT_NONE;
	put_line(c, &line);
}

/* Back on the holding account, refused or sent back: the account it came from is remembered (LEDGER section 4). */
static void accepted_on_holding(const struct change *c, const struct cash_transfer_accepted *e)
{
	struct cash_line_row line = line_to_change(c, e->line_id);
	struct cash_item_row item = item_to_change(c, e->document_id, 1);

	item.open_minor = -e->amount.minor;
	item.away_account = item.away_transfer = TEXT_NONE;
	put_item(c, &item);
	line.touched = line.touched || e->kind == CASH_TRANSFER_KIND_SEND_BACK;
	line.waiting = !line.touched && text_empty(line.returned_by);
	if (text_empty(line.refused_by))
		line.refused_by = e->from_account;
	else if (!cash_list_has(line.refused_by, e->from_account))
		line.refused_by = text_printf(book_arena(c->book), TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(line.refused_by),
					      TEXT_ARG(e->from_account));
	put_line(c, &line);
}

static void transfer_accepted(const struct change *c, const struct cash_transfer_accepted *e)
{
	if (cash_is_holding(c->account)) {
		accepted_on_holding(c, e);
		return;
	}
	struct cash_item_row item = cash_item_blank(c->lane, c->account, e->document_id, 1);
	item.kind = CASH_ITEM_RECEIPT;
	item.entity = e->entity;
	memcpy(item.currency, e->amount.currency, sizeof(item.currency));
	item.original_minor = item.open_minor = -e->amount.minor;
	item.document_date = item.due_date = e->booking_date;
	item.value_date = e->value_date;
	item.accounting_date = e->accounting_date;
	item.version = 1;
	item.line_id = e->line_id;
	item.bank_account = e->bank_account;
	item.transfer_id = e->transfer_id;
	put_item(c, &item);
}

/* ---- applications ---------------------------------------------------------------------------------------------------- */

static bool same_item(const struct type_item_ref *a, const struct type_item_ref *b)
{
	return text_eq(a->document_id, b->document_id) && a->sequence == b->sequence;
}

/* Moves an item by minor. The version rises with the first application that names it: `earlier` ones come before at. */
static void move(const struct change *c, const struct cash_application *all, size_t at, const struct type_item_ref *ref,
		 int64_t minor)
{
	struct cash_item_row item = item_to_change(c, ref->document_id, ref->sequence);

	for (size_t i = 0; i < at; i++)
		if (same_item(all[i].credit, ref) || same_item(all[i].debit, ref)) {
			item.version--;
			break;
		}
	CHECK(money_add_minor(item.open_minor, minor, &item.open_minor));
	if (item.open_minor == 0)
		item.left_reason = TEXT_NONE;
	put_item(c, &item);
}

static void applied(const struct change *c, const struct cash_applied *e)
{
	for (size_t i = 0; i < e->n_applications; i++) {
		const struct cash_application *a = &e->applications[i];
		struct cash_application_row row = {
			.lane = c->lane,
			.account = c->account,
			.application_id = a->application_id,
			.credit_document_id = a->credit->document_id,
			.credit_sequence = a->credit->sequence,
			.debit_document_id = a->debit->document_id,
			.debit_sequence = a->debit->sequence,
			.entity = e->entity,
			.amount_minor = a->amount.minor,
			.accounting_date = a->accounting_date,
			.in_force = true,
			.undone_date = DATE_NONE,
		};

		memcpy(row.currency, a->amount.currency, sizeof(row.currency));
		book_put(c->book, &cash_application_table, &row);
		move(c, e->applications, i, a->credit, a->amount.minor);
		move(c, e->applications, i, a->debit, -a->amount.minor);
	}
}

static void unapplied(const struct change *c, const struct cash_unapplied *e)
{
	for (size_t i = 0; i < e->n_applications; i++) {
		const struct cash_application *a = &e->applications[i];
		const struct cash_application_row *found =
			book_get(c->book, &cash_application_table,
				 &(struct cash_application_row){ .lane = c->lane,
								 .account = c->account,
								 .application_id = a->application_id,
								 .credit_document_id = a->credit->document_id,
								 .credit_sequence = a->credit->sequence,
								 .debit_document_id = a->debit->document_id,
								 .debit_sequence = a->debit->sequence });

		if (!is_here(c, found))
			continue;
		CHECK(found->in_force);
		struct cash_application_row row = *found;
		row.in_force = false;
		row.undone_date = a->accounting_date;
		book_put(c->book, &cash_application_table, &row);
		move(c, e->applications, i, a->credit, -a->amount.minor);
		move(c, e->applications, i, a->debit, a->amount.minor);
	}
}

static void left_unapplied(const struct change *c, const struct cash_left_unapplied *e)
{
	const struct cash_item_row *item = cash_item(c->book, c->lane, c->account, e->credit->document_id, e->credit->sequence);

	if (!is_here(c, item))
		return;
	struct cash_item_row row = *item; /* a remark, not a change: the version stays */
	row.left_reason = e->reason;
	put_item(c, &row);
}

/* by > 0: left on the account; < 0: taken off. */
static void on_account(const struct change *c, const struct type_item_ref *credit, int64_t by)
{
	struct cash_item_row item = item_to_change(c, credit->document_id, credit->sequence);

	CHECK(money_add_minor(item.on_account_minor, by, &item.on_account_minor));
	put_item(c, &item);
}

/* ---- returns --------------------------------------------------------------------------------------------------------- */

static void return_posted(const struct change *c, const struct cash_return_posted *e)
{
	struct money out = cash_money(e->amount.currency, -cash_plus(e->amount.minor, e->fee.minor));
	struct cash_line_row line = new_line(c, e->line_id, CASH_LINE_RETURN, e->statement_id, e->entity, out);

	line.booking_date = e->booking_date;
	line.left_reason = e->exception;
	put_line(c, &line);
	count_on_statement(c, &line);
	if (e->place == CASH_RETURN_PLACE_SUSPENSE)
		return;
	struct cash_line_row returned = line_to_change(c, e->returned_line_id);
	returned.returned_by = e->line_id;
	returned.waiting = false;
	put_line(c, &returned);
	if (e->place != CASH_RETURN_PLACE_HOLDING)
		return;
	struct cash_item_row item = item_to_change(c, returned.document_id, 1);
	item.open_minor = 0;
	item.returned_by = e->line_id;
	put_item(c, &item);
}

static void return_settled(const struct change *c, const struct cash_return_settled *e)
{
	struct cash_item_row item = item_to_change(c, e->document_id, 1);

	item.open_minor = 0;
	item.returned_by = e->return_id;
	item.left_reason = TEXT_NONE;
	put_item(c, &item);
	if (cash_is_holding(c->account))
		return;
	struct cash_item_row back = cash_item_blank(c->lane, c->account, e->return_id, 1);
	back.kind = CASH_ITEM_RETURN;
	back.entity = e->entity;
	memcpy(back.currency, e->amount.currency, sizeof(back.currency));
	back.original_minor = e->amount.minor;
	back.document_date = back.due_date = back.accounting_date = e->accounting_date;
	back.version = 1;
	back.line_id = e->returned_line_id;
	back.bank_account = e->bank_account;
	put_item(c, &back);
}

void cash_state_apply(struct book *book, const struct input *input, const struct outcome *outcome)
{
	const struct cash_event *event = outcome->event;
	struct change c = { book, input->lane, event->account };

	switch (event->event_case) {
	case CASH_EVENT_LINE_POSTED:
		line_posted(&c, event->line_posted);
		return;
	case CASH_EVENT_LINE_EXCLUDED:
		line_excluded(&c, event->line_excluded);
		return;
	case CASH_EVENT_TRANSFER_SENT:
		transfer_sent(&c, event->transfer_sent);
		return;
	case CASH_EVENT_TRANSFER_ACCEPTED:
		transfer_accepted(&c, event->transfer_accepted);
		return;
	case CASH_EVENT_APPLIED:
		applied(&c, event->applied);
		return;
	case CASH_EVENT_UNAPPLIED:
		unapplied(&c, event->unapplied);
		return;
	case CASH_EVENT_LEFT_UNAPPLIED:
		left_unapplied(&c, event->left_unapplied);
		return;
	case CASH_EVENT_LEFT_UNIDENTIFIED:
		left_unidentified(&c, event->left_unidentified);
		return;
	case CASH_EVENT_RETURN_POSTED:
		return_posted(&c, event->return_posted);
		return;
	case CASH_EVENT_RETURN_SETTLED:
		return_settled(&c, event->return_settled);
		return;
	case CASH_EVENT_STATEMENT_CHECKED:
		statement_checked(&c, event->statement_checked);
		return;
	case CASH_EVENT_ADVICE_RECORDED:
		advice_recorded(&c, event->advice_recorded);
		return;
	case CASH_EVENT_PLACED_ON_ACCOUNT:
		on_account(&c, event->placed_on_account->credit, event->placed_on_account->amount.minor);
		return;
	case CASH_EVENT_TAKEN_OFF_ACCOUNT:
		on_account(&c, event->taken_off_account->credit, -event->taken_off_account->amount.minor);
		return;
	case CASH_EVENT_ADVICE_PASSED_ON:
	case CASH_EVENT_ADVICE_TAKEN: /* what it led to follows */
	case CASH_EVENT_TRANSFER_REFUSED: /* nothing arrived, nothing is kept: the money is still in transit */
	case CASH_EVENT_RETURN_PASSED_ON:
	case CASH_EVENT_REFUSED:
	case CASH_EVENT_NONE:
		return;
	}
}
