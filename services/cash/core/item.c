#include "cash/core/item.h"

enum type_ledger_account cash_item_ledger(const struct cash_item_row *item)
{
	switch ((enum cash_item_kind)item->kind) {
	case CASH_ITEM_RECEIPT:
	case CASH_ITEM_RETURN:
		return TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED;
	case CASH_ITEM_HOLDING:
		return TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS;
	case CASH_ITEM_INVOICE:
	case CASH_ITEM_CREDIT_MEMO:
	case CASH_ITEM_DEBIT_MEMO:
		return TYPE_LEDGER_ACCOUNT_AR;
	}
	base_check_failed(__FILE__, __LINE__, "a kind of item");
}

struct ledger_item_ref cash_item_key(const struct cash_item_row *item)
{
	return (struct ledger_item_ref){ item->account, item->document_id, item->sequence };
}

struct type_item_ref *cash_item_ref(struct arena *arena, const struct cash_item_row *item)
{
	struct type_item_ref *ref = WIRE_NEW(arena, type_item_ref);

	ref->document_id = item->document_id;
	ref->sequence = item->sequence;
	return ref;
}

int64_t cash_item_open(const struct cash_item_row *item)
{
	return item->open_minor < 0 ? -item->open_minor : item->open_minor;
}

int64_t cash_item_free(const struct cash_item_row *item)
{
	return cash_item_open(item) - item->on_account_minor;
}

bool cash_item_is_away(const struct cash_item_row *item)
{
	return !text_empty(item->away_transfer);
}

struct cash_item_row cash_item_blank(int32_t lane, struct text account, struct text document_id, int32_t sequence)
{
	return (struct cash_item_row){
		.lane = lane,
		.account = account,
		.document_id = document_id,
		.sequence = sequence,
		.document_date = DATE_NONE,
		.value_date = DATE_NONE,
		.due_date = DATE_NONE,
		.accounting_date = DATE_NONE,
	};
}
