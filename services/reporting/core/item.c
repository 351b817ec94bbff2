#include "reporting/core/item.h"

struct reporting_item reporting_item_of(const struct reporting_note *n, struct text document_id, int32_t sequence,
					struct text entity, const char currency[4])
{
	struct reporting_item row = {
		.lane = n->input->lane,
		.account = n->account,
		.document_id = document_id,
		.sequence = sequence,
		.entity = entity,
		.document_date = DATE_NONE,
		.due_date = DATE_NONE,
		.accounting_date = DATE_NONE,
		.discount_until = DATE_NONE,
	};

	memcpy(row.currency, currency, sizeof(row.currency));
	return row;
}

void reporting_item_facts(const struct reporting_note *n, struct reporting_item *row)
{
	row->ledger_seq = n->ledger_seq;
	book_put(n->book, &reporting_item_table, row);
}

void reporting_item_brought(const struct reporting_note *n, struct reporting_item row, int64_t minor)
{
	row.brought_minor = minor;
	book_put(n->book, &reporting_item_table, &row);
	if (reporting_is_holding(row.account))
		return;

	struct reporting_tie_out total = {
		.lane = row.lane,
		.entity = row.entity,
		.items_minor = minor,
	};
	memcpy(total.currency, row.currency, sizeof(total.currency));
	book_put(n->book, &reporting_tie_out_table, &total);
}

void reporting_item_on_account(const struct reporting_note *n, struct text entity, const struct type_item_ref *credit,
			       const char currency[4], int64_t minor)
{
	struct reporting_item row = reporting_item_of(n, credit->document_id, credit->sequence, entity, currency);

	row.on_account_minor = minor;
	book_put(n->book, &reporting_item_table, &row);
}

static void applied(const struct reporting_note *n, struct text entity, const struct type_item_ref *item, const char currency[4],
		    int64_t minor)
{
	struct reporting_item row = reporting_item_of(n, item->document_id, item->sequence, entity, currency);

	row.applied_minor = minor;
	book_put(n->book, &reporting_item_table, &row);
}

void reporting_item_applied(const struct reporting_note *n, struct text entity, const struct type_item_ref *credit,
			    const struct type_item_ref *debit, const char currency[4], int64_t minor)
{
	applied(n, entity, credit, currency, minor);
	applied(n, entity, debit, currency, -minor);
}
