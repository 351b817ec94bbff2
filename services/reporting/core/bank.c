/* bank: lines, returns and statements, on the holding account. */
#include "reporting/core/cash.h"
#include "reporting/core/exceptions.h"
#include "reporting/core/item.h"

struct reporting_bank_line reporting_bank_line_key(int32_t lane, struct text account, struct text line_id)
{
	return (struct reporting_bank_line){
		.lane = lane,
		.account = account,
		.line_id = line_id,
		.booking_date = DATE_NONE,
		.value_date = DATE_NONE,
		.returned_on = DATE_NONE,
	};
}

static struct reporting_bank_line line_of(const struct reporting_note *n, struct text line_id)
{
	return reporting_bank_line_key(n->input->lane, n->account, line_id);
}

static void put_line(const struct reporting_note *n, struct reporting_bank_line *row)
{
	row->seq = n->provenance->seq;
	row->ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_bank_line_table, row);
}

/* Every line has a holding item, which the money leaves with its transfer (LEDGER section 2). */
void reporting_line_posted(const struct reporting_note *n, const struct cash_line_posted *l)
{
	struct reporting_bank_line row = line_of(n, l->line_id);
	struct reporting_item item = reporting_item_of(n, l->document_id, 1, l->entity, l->amount.currency);

	row.state = TEXT("posted");
	row.entity = l->entity;
	memcpy(row.currency, l->amount.currency, sizeof(row.currency));
	row.amount_minor = l->amount.minor;
	row.booking_date = l->booking_date;
	row.value_date = l->value_date;
	row.statement_id = l->statement_id;
	row.document_id = l->document_id;
	row.at_account = n->account;
	if (l->remittance != NULL) {
		row.payer_name = l->remittance->payer_name;
		row.payer_bank_account = l->remittance->payer_bank_account;
		row.payer_reference = l->remittance->payer_reference;
		row.remittance_text = l->remittance->text;
	}
	put_line(n, &row);

	reporting_item_brought(n, item, -l->amount.minor);
	item.kind = TEXT("holding");
	item.reference = l->line_id;
	item.line_id = l->line_id;
	item.document_date = l->booking_date;
	item.accounting_date = l->accounting_date;
	item.original_minor = -l->amount.minor;
	reporting_item_facts(n, &item);
}

void reporting_line_excluded(const struct reporting_note *n, const struct cash_line_excluded *l)
{
	struct reporting_bank_line row = line_of(n, l->line_id);

	row.state = TEXT("excluded");
	row.entity = l->entity;
	memcpy(row.currency, l->amount.currency, sizeof(row.currency));
	row.amount_minor = l->amount.minor;
	row.booking_date = l->booking_date;
	row.statement_id = l->statement_id;
	row.reason = l->reason;
	put_line(n, &row);
}

void reporting_line_moved(const struct reporting_note *n, struct text line_id, struct text at_account)
{
	struct reporting_bank_line row = line_of(n, line_id);

	row.at_account = at_account;
	book_put(n->book, &reporting_bank_line_table, &row);
}

void reporting_left_unidentified(const struct reporting_note *n, const struct cash_left_unidentified *l)
{
	struct reporting_exception row = reporting_exception_of(n, TEXT("left_unidentified"), l->line_id, l->reason);

	reporting_exception_explain(n, &row, l->explanation);
	book_put(n->book, &reporting_exception_table, &row);
}

static void line_returned(const struct reporting_note *n, const struct cash_return_posted *r)
{
	struct reporting_bank_line key = line_of(n, r->returned_line_id);
	struct reporting_bank_line row = key;

	row.state = TEXT("returned");
	row.returned_on = r->accounting_date;
	book_put(n->book, &reporting_bank_line_table, &row);
	if (r->place != CASH_RETURN_PLACE_HOLDING)
		return; /* the money is elsewhere: return_settled takes it */

	const struct reporting_bank_line *line = book_get(n->book, &reporting_bank_line_table, &key);
	if (line != NULL && line->document_id.n > 0)
		reporting_item_brought(n, reporting_item_of(n, line->document_id, 1, r->entity, r->amount.currency),
				       r->amount.minor);
}

void reporting_return_posted(const struct reporting_note *n, const struct cash_return_posted *r)
{
	struct reporting_bank_line row = line_of(n, r->line_id);

	row.state = TEXT("return");
	row.entity = r->entity;
	memcpy(row.currency, r->amount.currency, sizeof(row.currency));
	row.amount_minor = -r->amount.minor;
	row.fee_minor = r->fee.minor;
	row.booking_date = r->booking_date;
	row.statement_id = r->statement_id;
	row.reason = r->reason;
	row.returned_line_id = r->returned_line_id;
	row.place = reporting_enum_name(&cash_return_place_enum, r->place);
	put_line(n, &row);
	if (r->place != CASH_RETURN_PLACE_SUSPENSE) {
		line_returned(n, r);
		return;
	}

	struct reporting_exception ex = reporting_exception_of(n, TEXT("return_suspense"), r->line_id, r->exception);
	ex.detail = r->reason;
	ex.subject = r->returned_line_id;
	book_put(n->book, &reporting_exception_table, &ex);
}

void reporting_statement_checked(const struct reporting_note *n, const struct cash_statement_checked *s)
{
	struct reporting_statement row = {
		.lane = n->input->lane,
		.account = n->account,
		.statement_id = s->statement_id,
		.entity = s->entity,
		.opening_minor = s->opening.minor,
		.closing_minor = s->closing.minor,
		.lines_minor = s->lines_minor,
		.line_count = s->line_count,
		.ties_out = s->ties_out,
		.booking_date = s->booking_date,
		.seq = n->provenance->seq,
		.ledger_seq = n->ledger_seq,
	};

	memcpy(row.currency, s->opening.currency, sizeof(row.currency));
	book_put(n->book, &reporting_statement_table, &row);
}
