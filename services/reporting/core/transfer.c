/*
 * transfer: money on its way (LEDGER section 1), and returns that follow it. Each account keeps its side: sender and receiver
 * may be on different lanes, and their records come in any order.
 */
#include "reporting/core/cash.h"
#include "reporting/core/item.h"

static struct reporting_transfer side_of(const struct reporting_note *n, struct text transfer_id, struct text entity,
					 const struct money *amount)
{
	struct reporting_transfer row = {
		.lane = n->input->lane,
		.account = n->account,
		.transfer_id = transfer_id,
		.entity = entity,
		.amount_minor = amount->minor,
		.booking_date = DATE_NONE,
		.sent_on = DATE_NONE,
		.accepted_on = DATE_NONE,
		.returned_on = DATE_NONE,
	};

	memcpy(row.currency, amount->currency, sizeof(row.currency));
	return row;
}

static void put_side(const struct reporting_note *n, struct reporting_transfer *row)
{
	row->seq = n->provenance->seq;
	row->ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_transfer_table, row);
}

static struct reporting_transfer sent_side(const struct reporting_note *n, const struct cash_transfer_sent *t)
{
	struct reporting_transfer row = side_of(n, t->transfer_id, t->entity, &t->amount);

	row.kind = reporting_enum_name(&cash_transfer_kind_enum, t->kind);
	row.from_account = t->from_account;
	row.to_account = t->to_account;
	row.line_id = t->line_id;
	row.booking_date = t->booking_date;
	return row;
}

void reporting_transfer_sent(const struct reporting_note *n, const struct cash_transfer_sent *t)
{
	struct reporting_transfer row = sent_side(n, t);

	row.sent_on = t->accounting_date;
	if (t->explanation != NULL) {
		row.rule_id = t->explanation->rule_id;
		row.rule_version = t->explanation->rule_version;
		row.because = t->explanation->because;
	}
	put_side(n, &row);
	reporting_item_brought(n, reporting_item_of(n, t->from_document_id, 1, t->entity, t->amount.currency), t->amount.minor);
	if (reporting_is_holding(n->account))
		reporting_line_moved(n, t->line_id, t->to_account);
}

/* At a customer: a new receipt item. On the holding account: the line's item again. */
static void receipt_item(const struct reporting_note *n, const struct cash_transfer_accepted *t)
{
	struct reporting_item item = reporting_item_of(n, t->document_id, 1, t->entity, t->amount.currency);

	reporting_item_brought(n, item, -t->amount.minor);
	if (reporting_is_holding(n->account) || t->returned_to_sender)
		return;
	item.kind = TEXT("receipt");
	item.reference = t->line_id;
	item.line_id = t->line_id;
	item.document_date = t->booking_date;
	item.accounting_date = t->accounting_date;
	item.original_minor = -t->amount.minor;
	reporting_item_facts(n, &item);
}

void reporting_transfer_accepted(const struct reporting_note *n, const struct cash_transfer_accepted *t)
{
	struct reporting_transfer row = side_of(n, t->transfer_id, t->entity, &t->amount);

	row.kind = reporting_enum_name(&cash_transfer_kind_enum, t->kind);
	row.line_id = t->line_id;
	row.booking_date = t->booking_date;
	row.document_id = t->document_id;
	if (t->returned_to_sender) { /* from_account is now the one that refused */
		row.returned_on = t->accounting_date;
		book_put(n->book, &reporting_transfer_table, &row);
	} else {
		row.from_account = t->from_account;
		row.to_account = n->account;
		row.accepted_on = t->accounting_date;
		put_side(n, &row);
	}
	receipt_item(n, t);
	if (reporting_is_holding(n->account))
		reporting_line_moved(n, t->line_id, n->account);
}

void reporting_transfer_refused(const struct reporting_note *n, const struct cash_transfer_refused *t)
{
	struct reporting_transfer row = sent_side(n, t->transfer);

	row.refused_reason = t->reason;
	put_side(n, &row);
}

/* The side of an account a return leaves: its first one, or one it only passes through, with no entry there. */
void reporting_return_passed_on(const struct reporting_note *n, const struct cash_return_passed_on *r)
{
	struct reporting_transfer row = side_of(n, r->return_id, r->entity, &r->amount);

	row.kind = TEXT("return");
	row.from_account = r->from_account;
	row.to_account = r->to_account;
	row.line_id = r->returned_line_id;
	row.booking_date = r->booking_date;
	row.sent_on = r->accounting_date;
	put_side(n, &row);
}

/* Receipt (or holding item) and return close each other (LEDGER section 2); what was applied has been unapplied before. */
void reporting_return_settled(const struct reporting_note *n, const struct cash_return_settled *r)
{
	struct reporting_transfer row = side_of(n, r->return_id, r->entity, &r->amount);

	row.kind = TEXT("return");
	row.line_id = r->returned_line_id;
	row.accepted_on = r->accounting_date;
	row.document_id = r->document_id;
	put_side(n, &row);
	reporting_item_brought(n, reporting_item_of(n, r->document_id, 1, r->entity, r->amount.currency), r->amount.minor);
	if (reporting_is_holding(n->account))
		return;

	struct reporting_item item = reporting_item_of(n, r->return_id, 1, r->entity, r->amount.currency);
	item.kind = TEXT("return");
	item.reference = r->returned_line_id;
	item.line_id = r->returned_line_id;
	item.document_date = r->accounting_date;
	item.accounting_date = r->accounting_date;
	item.original_minor = r->amount.minor;
	reporting_item_facts(n, &item);
}
