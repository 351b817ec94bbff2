#include "cash/core/on_account.h"

#include "cash/core/item.h"
#include "cash/core/rows.h"
#include "ev/intake.h"

/* What both commands say. */
struct placing {
	const struct command_event *command;
	const struct type_item_ref *ref;
	int32_t expected_version;
	const struct money *amount; /* absent = all */
	const struct cash_item_row *item;
	date_t date;
};

static struct placing read_placing(struct book *book, const struct input *input)
{
	struct placing p = { .command = ((const struct intake_event *)input->event)->command, .date = DATE_NONE };

	if (p.command->command_case == COMMAND_EVENT_PLACE_ON_ACCOUNT) {
		p.ref = p.command->place_on_account->credit;
		p.expected_version = p.command->place_on_account->expected_version;
		p.amount = &p.command->place_on_account->amount;
	} else {
		p.ref = p.command->take_off_account->credit;
		p.expected_version = p.command->take_off_account->expected_version;
		p.amount = &p.command->take_off_account->amount;
	}
	p.item = cash_item(book, input->lane, p.command->account, p.ref->document_id, p.ref->sequence);
	if (p.item == NULL)
		return p;
	date_t day = cash_business_day(book, input->lane, p.item->entity);
	p.date = cash_first_open(book, input->lane, p.item->entity, p.item->accounting_date, MAX(day, p.item->accounting_date));
	return p;
}

/* `have`: what there is to move. */
static bool refused(struct decision *d, const struct placing *p, int64_t have, enum cash_refused nothing)
{
	struct text account = p->command->account, subject = p->ref->document_id;

	if (p->item == NULL)
		return cash_refuse(d, account, CASH_REFUSED_UNKNOWN_ITEM, subject, "this account has no such credit item");
	if (p->item->kind != CASH_ITEM_RECEIPT && p->item->kind != CASH_ITEM_CREDIT_MEMO)
		return cash_refuse(d, account, CASH_REFUSED_NOT_A_CREDIT, subject, "a receipt or credit memo was expected");
	if (p->item->version != p->expected_version)
		return cash_refuse(d, account, CASH_REFUSED_VERSION_CONFLICT, subject,
				   "version %d was expected, it is %d now: look at it again", p->expected_version,
				   p->item->version);
	if (have == 0)
		return cash_refuse(d, account, nothing, subject, "there is nothing to move");
	if (p->amount->currency[0] == '\0')
		return false;
	if (!cash_same_currency(p->amount->currency, p->item->currency))
		return cash_refuse(d, account, CASH_REFUSED_CROSS_CURRENCY, subject, "credit in %s, amount in %s",
				   p->item->currency, p->amount->currency);
	if (p->amount->minor > have)
		return cash_refuse(d, account, CASH_REFUSED_AMOUNT_EXCEEDS_OPEN, subject, TEXT_FMT " is there",
				   TEXT_ARG(cash_amount_text(d->arena, cash_money(p->item->currency, have))));
	return false;
}

/* minor > 0: Dr the credit's own account, Cr on account; < 0: the way back. */
static void post(struct decision *d, struct cash_event *event, const struct cash_item_row *credit, int64_t minor, date_t date)
{
	struct ledger journal = ledger_new(d->arena);

	ledger_start(&journal, cash_entry_text(minor > 0 ? CASH_ENTRY_ON_ACCOUNT : CASH_ENTRY_OFF_ACCOUNT), credit->entity, date);
	ledger_item(&journal, cash_item_ledger(credit), cash_money(credit->currency, minor), cash_item_key(credit));
	ledger_item(&journal, TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT, cash_money(credit->currency, -minor), cash_item_key(credit));
	cash_event_post(event, &journal);
}

void cash_emit_off_account(struct decision *d, const struct cash_item_row *credit, int64_t minor, date_t accounting_date)
{
	struct cash_event *event = cash_event_new(d, credit->account);
	struct cash_taken_off_account *off = WIRE_NEW(d->arena, cash_taken_off_account);

	if (minor == 0)
		return;
	off->entity = credit->entity;
	off->credit = cash_item_ref(d->arena, credit);
	off->amount = cash_money(credit->currency, minor);
	off->accounting_date = accounting_date;
	event->event_case = CASH_EVENT_TAKEN_OFF_ACCOUNT;
	event->taken_off_account = off;
	post(d, event, credit, -minor, accounting_date);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

void cash_place_on_account_want(struct book *book, const struct input *input)
{
	read_placing(book, input);
}

enum decided cash_place_on_account_decide(struct decision *d)
{
	struct placing p = read_placing(d->book, d->input);
	int64_t have = p.item != NULL && p.item->open_minor < 0 ? cash_item_free(p.item) : 0;

	if (book_is_again(d->book))
		return AGAIN;
	if (refused(d, &p, have, CASH_REFUSED_NOT_OPEN))
		return DECIDED;
	int64_t minor = p.amount->currency[0] != '\0' ? p.amount->minor : have;
	struct cash_event *event = cash_event_new(d, p.command->account);
	struct cash_placed_on_account *on = WIRE_NEW(d->arena, cash_placed_on_account);
	on->entity = p.item->entity;
	on->credit = cash_item_ref(d->arena, p.item);
	on->amount = cash_money(p.item->currency, minor);
	on->accounting_date = p.date;
	event->event_case = CASH_EVENT_PLACED_ON_ACCOUNT;
	event->placed_on_account = on;
	post(d, event, p.item, minor, p.date);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
	return DECIDED;
}

void cash_take_off_account_want(struct book *book, const struct input *input)
{
	read_placing(book, input);
}

enum decided cash_take_off_account_decide(struct decision *d)
{
	struct placing p = read_placing(d->book, d->input);
	int64_t have = p.item != NULL ? p.item->on_account_minor : 0;

	if (book_is_again(d->book))
		return AGAIN;
	if (!refused(d, &p, have, CASH_REFUSED_NOT_ON_ACCOUNT))
		cash_emit_off_account(d, p.item, p.amount->currency[0] != '\0' ? p.amount->minor : have, p.date);
	return DECIDED;
}
