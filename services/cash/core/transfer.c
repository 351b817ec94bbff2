#include "cash/core/transfer.h"

#include "cash/core/identify.h"
#include "cash/core/item.h"
#include "cash/core/match.h"
#include "cash/core/rows.h"

/* ---- sending ---------------------------------------------------------------------------------------------------------- */

struct text cash_transfer_id(struct decision *d, struct text from_document_id)
{
	return cash_id(d->arena, d->input, "transfer", from_document_id);
}

static struct cash_transfer_sent *transfer_of(struct decision *d, struct text transfer_id, const struct cash_item_row *item,
					      struct text to_account, int64_t minor)
{
	struct cash_transfer_sent *transfer = WIRE_NEW(d->arena, cash_transfer_sent);

	transfer->transfer_id = transfer_id;
	transfer->from_account = item->account;
	transfer->to_account = to_account;
	transfer->from_document_id = item->document_id;
	transfer->line_id = item->line_id;
	transfer->bank_account = item->bank_account;
	transfer->entity = item->entity;
	transfer->amount = cash_money(item->currency, minor);
	transfer->booking_date = item->document_date;
	transfer->value_date = item->value_date;
	return transfer;
}

/* Dr the item, Cr money in transit. */
static void post_departure(struct decision *d, struct cash_event *event, const struct cash_item_row *item,
			   const struct cash_transfer_sent *transfer, enum cash_entry kind)
{
	struct ledger journal = ledger_new(d->arena);

	ledger_start(&journal, cash_entry_text(kind), transfer->entity, transfer->accounting_date);
	ledger_item(&journal, cash_item_ledger(item), transfer->amount, cash_item_key(item));
	ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, ledger_neg(transfer->amount), transfer->transfer_id);
	cash_event_post(event, &journal);
}

void cash_send_to_payer(struct decision *d, const struct cash_line_row *line, const struct cash_item_row *item, struct text payer,
			date_t accounting_date, struct text posted, struct type_explanation *explanation)
{
	struct text transfer_id = !text_empty(posted) ? posted : cash_transfer_id(d, item->document_id);
	struct cash_event *event = cash_event_new(d, item->account);
	struct cash_transfer_sent *transfer = transfer_of(d, transfer_id, item, payer, line->amount_minor);
	bool by_command = text_eq(explanation->rule_id, cash_rule_text(CASH_RULE_BY_COMMAND));

	transfer->kind = CASH_TRANSFER_KIND_PAYER;
	transfer->accounting_date = accounting_date;
	transfer->remittance = line->remittance;
	transfer->explanation = explanation;
	event->event_case = CASH_EVENT_TRANSFER_SENT;
	event->transfer_sent = transfer;
	if (text_empty(posted))
		post_departure(d, event, item, transfer, CASH_ENTRY_PAYER_ASSIGNED);
	cash_emit(d, event, payer, by_command ? TEXT_NONE : CASH_IDENTIFY_RULE_VERSION);
}

void cash_send_back(struct decision *d, const struct cash_item_row *receipt, date_t accounting_date,
		    struct type_explanation *explanation)
{
	struct text holding = cash_holding_account(d->arena, receipt->bank_account);
	struct cash_event *event = cash_event_new(d, receipt->account);
	struct cash_transfer_sent *transfer =
		transfer_of(d, cash_transfer_id(d, receipt->document_id), receipt, holding, cash_item_open(receipt));

	transfer->kind = CASH_TRANSFER_KIND_SEND_BACK;
	transfer->accounting_date = accounting_date;
	transfer->explanation = explanation;
	event->event_case = CASH_EVENT_TRANSFER_SENT;
	event->transfer_sent = transfer;
	post_departure(d, event, receipt, transfer, CASH_ENTRY_SEND_BACK);
	cash_emit(d, event, holding, TEXT_NONE);
}

/* ---- arriving --------------------------------------------------------------------------------------------------------- */

static struct cash_transfer_accepted *accepted_of(struct arena *arena, const struct cash_transfer_sent *transfer,
						  struct text document_id, date_t accounting_date)
{
	struct cash_transfer_accepted *accepted = WIRE_NEW(arena, cash_transfer_accepted);

	accepted->transfer_id = transfer->transfer_id;
	accepted->kind = transfer->kind;
	accepted->from_account = transfer->from_account;
	accepted->document_id = document_id;
	accepted->line_id = transfer->line_id;
	accepted->bank_account = transfer->bank_account;
	accepted->entity = transfer->entity;
	accepted->amount = transfer->amount;
	accepted->booking_date = transfer->booking_date;
	accepted->value_date = transfer->value_date;
	accepted->accounting_date = accounting_date;
	accepted->remittance = transfer->remittance;
	return accepted;
}

/* Dr money in transit, Cr the item that the money is now. */
static void emit_accepted(struct decision *d, struct text account, struct cash_transfer_accepted *accepted,
			  enum type_ledger_account ledger_account, enum cash_entry kind)
{
	struct cash_event *event = cash_event_new(d, account);
	struct ledger journal = ledger_new(d->arena);

	ledger_start(&journal, cash_entry_text(kind), accepted->entity, accepted->accounting_date);
	ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, accepted->amount, accepted->transfer_id);
	ledger_item(&journal, ledger_account, ledger_neg(accepted->amount),
		    (struct ledger_item_ref){ account, accepted->document_id, 1 });
	event->event_case = CASH_EVENT_TRANSFER_ACCEPTED;
	event->transfer_accepted = accepted;
	cash_event_post(event, &journal);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

/* ---- at a customer's account ------------------------------------------------------------------------------------------ */

static void refuse_transfer(struct decision *d, const struct cash_transfer_sent *transfer)
{
	struct cash_event *event = cash_event_new(d, transfer->to_account);
	struct cash_transfer_refused *refused = WIRE_NEW(d->arena, cash_transfer_refused);

	refused->transfer_id = transfer->transfer_id;
	refused->from_account = transfer->from_account;
	refused->reason = CASH_TRANSFER_REFUSED_REASON;
	refused->transfer = (struct cash_transfer_sent *)(uintptr_t)transfer;
	event->event_case = CASH_EVENT_TRANSFER_REFUSED;
	event->transfer_refused = refused;
	cash_emit(d, event, transfer->from_account, TEXT_NONE);
}

static enum decided receive_payment(struct decision *d, const struct cash_transfer_sent *transfer)
{
	struct text receipt = cash_receipt_id(d->book, transfer->transfer_id);
	struct cash_match match = cash_match_read(d->book, d->input, transfer, transfer->to_account, receipt);
	struct rows customer = cash_customer(d->book, d->input->lane, transfer->to_account);
	date_t date = cash_first_open(d->book, d->input->lane, transfer->entity, match.anchor, transfer->accounting_date);

	if (book_is_again(d->book))
		return AGAIN;
	if (customer.n == 0) {
		refuse_transfer(d, transfer);
		return DECIDED;
	}
	if (d->input->cursor.n == 0)
		emit_accepted(d, transfer->to_account, accepted_of(d->arena, transfer, receipt, date),
			      TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, CASH_ENTRY_TRANSFER_ACCEPTED);
	return cash_match_decide(d, &match);
}

/* ---- back at a holding account ---------------------------------------------------------------------------------------- */

struct back {
	const struct cash_item_row *item;
	date_t date;
};

static struct back read_back(struct book *book, const struct input *input, struct text account,
			     const struct cash_transfer_sent *transfer)
{
	return (struct back){
		cash_holding_item(book, cash_line(book, input->lane, account, transfer->line_id)),
		cash_first_open(book, input->lane, transfer->entity, transfer->accounting_date, transfer->accounting_date),
	};
}

/* Sent back by `from`, or refused by it. */
static enum decided take_back(struct decision *d, struct text account, const struct cash_transfer_sent *transfer, struct text from,
			      bool refused)
{
	struct back back = read_back(d->book, d->input, account, transfer);

	if (book_is_again(d->book))
		return AGAIN;
	/* Only money of its own lines comes to a holding account, and only while it is away. */
	CHECK(back.item != NULL && cash_item_is_away(back.item));
	struct cash_transfer_accepted *accepted = accepted_of(d->arena, transfer, back.item->document_id, back.date);
	accepted->from_account = from;
	accepted->returned_to_sender = refused;
	emit_accepted(d, account, accepted, TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS,
		      refused ? CASH_ENTRY_TRANSFER_REFUSED : CASH_ENTRY_TRANSFER_ACCEPTED);
	return DECIDED;
}

/* ---- inputs ----------------------------------------------------------------------------------------------------------- */

static const struct cash_transfer_sent *sent_of(const struct input *input)
{
	return ((const struct cash_event *)input->event)->transfer_sent;
}

static const struct cash_transfer_refused *refused_of(const struct input *input)
{
	return ((const struct cash_event *)input->event)->transfer_refused;
}

void cash_transfer_sent_want(struct book *book, const struct input *input)
{
	const struct cash_transfer_sent *transfer = sent_of(input);

	if (cash_is_holding(transfer->to_account)) {
		read_back(book, input, transfer->to_account, transfer);
		return;
	}
	struct text receipt = cash_receipt_id(book, transfer->transfer_id);
	cash_match_read(book, input, transfer, transfer->to_account, receipt);
	cash_item(book, input->lane, transfer->to_account, receipt, 1);
}

enum decided cash_transfer_sent_decide(struct decision *d)
{
	const struct cash_transfer_sent *transfer = sent_of(d->input);

	if (cash_is_holding(transfer->to_account))
		return take_back(d, transfer->to_account, transfer, transfer->from_account, false);
	return receive_payment(d, transfer);
}

void cash_transfer_refused_want(struct book *book, const struct input *input)
{
	const struct cash_transfer_refused *refused = refused_of(input);

	read_back(book, input, refused->from_account, refused->transfer);
}

enum decided cash_transfer_refused_decide(struct decision *d)
{
	const struct cash_transfer_refused *refused = refused_of(d->input);

	return take_back(d, refused->from_account, refused->transfer, refused->transfer->to_account, true);
}
