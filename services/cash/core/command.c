#include "cash/core/command.h"

#include "cash/core/application.h"
#include "cash/core/identify.h"
#include "cash/core/item.h"
#include "cash/core/line.h"
#include "cash/core/rows.h"
#include "cash/core/transfer.h"
#include "ev/intake.h"

static const struct command_event *command_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->command;
}

static bool refuse_version(struct decision *d, const struct command_event *command, struct text subject, int32_t expected,
			   const struct cash_item_row *item)
{
	return cash_refuse(d, command->account, CASH_REFUSED_VERSION_CONFLICT, subject,
			   "version %d was expected, it is %d now: look at it again", expected, item->version);
}

static struct type_explanation *by_command(struct decision *d, enum cash_rule rule)
{
	return cash_explain(d->arena, rule, TEXT_NONE, "decided by " TEXT_FMT, TEXT_ARG(command_of(d->input)->issued_by));
}

/* The cursor of a command that goes on: the latest day something was undone on so far. */
static enum decided go_on(struct decision *d, date_t undone)
{
	char text[DATE_TEXT_SIZE];

	d->cursor = text_dup(d->arena, text_of(date_format(text, undone)));
	return MORE;
}

static date_t undone_so_far(const struct input *input)
{
	date_t undone = DATE_NONE;

	if (input->cursor.n > 0)
		CHECK(date_parse(input->cursor, &undone));
	return undone;
}

/* ---- a line on its holding account ------------------------------------------------------------------------------------- */

static bool refused_line(struct decision *d, struct text line_id, int32_t expected_version, const struct cash_line_row *line,
			 const struct cash_item_row *item)
{
	const struct command_event *command = command_of(d->input);

	if (item == NULL)
		return cash_refuse(d, command->account, CASH_REFUSED_UNKNOWN_LINE, line_id,
				   "no payment with that line id was posted here");
	if (item->version != expected_version)
		return refuse_version(d, command, line_id, expected_version, item);
	if (!text_empty(line->returned_by))
		return cash_refuse(d, command->account, CASH_REFUSED_LINE_RETURNED, line_id,
				   "the bank took the money back with line " TEXT_FMT, TEXT_ARG(line->returned_by));
	if (cash_item_is_away(item))
		return cash_refuse(d, command->account, CASH_REFUSED_LINE_NOT_HERE, line_id,
				   "the money went to account " TEXT_FMT ": it has to be sent back first",
				   TEXT_ARG(item->away_account));
	return false;
}

/* ---- identify_again ---------------------------------------------------------------------------------------------------- */

struct second_look {
	const struct cash_line_row *line;
	const struct cash_item_row *item;
	struct cash_identity payer;
	date_t date;
};

static struct second_look read_second_look(struct book *book, const struct input *input)
{
	const struct command_event *command = command_of(input);
	struct second_look s = { .date = DATE_NONE };

	s.line = cash_line(book, input->lane, command->account, command->identify_again->line_id);
	s.item = cash_holding_item(book, s.line);
	if (s.line == NULL)
		return s;
	s.payer = cash_identify(book, s.line->remittance, s.line->refused_by);
	date_t date = MAX(cash_business_day(book, input->lane, s.line->entity), s.line->booking_date);
	if (s.item != NULL)
		date = MAX(date, s.item->accounting_date);
	s.date = cash_first_open(book, input->lane, s.line->entity, s.line->booking_date, date);
	return s;
}

void cash_identify_again_want(struct book *book, const struct input *input)
{
	read_second_look(book, input);
}

enum decided cash_identify_again_decide(struct decision *d)
{
	const struct command_event *command = command_of(d->input);
	const struct command_identify_again *again = command->identify_again;
	struct second_look s = read_second_look(d->book, d->input);

	if (book_is_again(d->book))
		return AGAIN;
	if (refused_line(d, again->line_id, again->expected_version, s.line, s.item))
		return DECIDED;
	if (s.payer.found)
		cash_send_to_payer(d, s.line, s.item, s.payer.account, s.date, TEXT_NONE, s.payer.explanation);
	else
		cash_emit_unidentified(d, command->account, again->line_id, &s.payer);
	return DECIDED;
}

/* ---- assign_payer ----------------------------------------------------------------------------------------------------- */

struct assignment {
	const struct cash_line_row *line;
	const struct cash_item_row *item;
	date_t date;
};

static struct assignment read_assignment(struct book *book, const struct input *input)
{
	const struct command_event *command = command_of(input);
	struct assignment a = { .date = DATE_NONE };

	a.line = cash_line(book, input->lane, command->account, command->assign_payer->line_id);
	a.item = cash_holding_item(book, a.line);
	if (a.line == NULL)
		return a;
	date_t date = MAX(cash_business_day(book, input->lane, a.line->entity), a.line->booking_date);
	if (a.item != NULL)
		date = MAX(date, a.item->accounting_date);
	a.date = cash_first_open(book, input->lane, a.line->entity, a.line->booking_date, date);
	return a;
}

void cash_assign_payer_want(struct book *book, const struct input *input)
{
	read_assignment(book, input);
}

static bool refused_assignment(struct decision *d, const struct assignment *a)
{
	const struct command_event *command = command_of(d->input);
	const struct command_assign_payer *assign = command->assign_payer;

	if (refused_line(d, assign->line_id, assign->expected_version, a->line, a->item))
		return true;
	if (cash_is_holding(assign->payer_account))
		return cash_refuse(d, command->account, CASH_REFUSED_ACCOUNT_UNKNOWN, assign->payer_account,
				   "a customer's account was expected, this is a holding account");
	return false;
}

enum decided cash_assign_payer_decide(struct decision *d)
{
	struct assignment a = read_assignment(d->book, d->input);

	if (book_is_again(d->book))
		return AGAIN;
	if (!refused_assignment(d, &a))
		cash_send_to_payer(d, a.line, a.item, command_of(d->input)->assign_payer->payer_account, a.date, TEXT_NONE,
				   by_command(d, CASH_RULE_BY_COMMAND));
	return DECIDED;
}

/* ---- send_back -------------------------------------------------------------------------------------------------------- */

/* A credit item, its applications, and the day of a command on it. */
struct undoing {
	const struct cash_item_row *item;
	struct rows applications;
	date_t date;
};

static struct undoing read_undoing(struct book *book, const struct input *input, struct text document_id, int32_t sequence,
				   const struct type_item_ref *debit)
{
	struct text account = command_of(input)->account;
	struct undoing u = { .date = DATE_NONE };

	u.item = cash_item(book, input->lane, account, document_id, sequence);
	u.applications = cash_applications(book, input->lane, account, document_id, sequence,
					   debit != NULL ? debit->document_id : TEXT_NONE, debit != NULL ? debit->sequence : 0);
	if (u.item == NULL)
		return u;
	date_t day = cash_business_day(book, input->lane, u.item->entity);
	u.date = cash_first_open(book, input->lane, u.item->entity, u.item->accounting_date, MAX(day, u.item->accounting_date));
	return u;
}

void cash_send_back_want(struct book *book, const struct input *input)
{
	read_undoing(book, input, command_of(input)->send_back->document_id, 1, NULL);
}

static bool refused_send_back(struct decision *d, const struct undoing *u)
{
	const struct command_event *command = command_of(d->input);
	const struct command_send_back *back = command->send_back;

	if (u->item == NULL)
		return cash_refuse(d, command->account, CASH_REFUSED_UNKNOWN_ITEM, back->document_id,
				   "this account has no item 1 of that document");
	if (u->item->kind != CASH_ITEM_RECEIPT || text_empty(u->item->line_id))
		return cash_refuse(d, command->account, CASH_REFUSED_NOT_A_RECEIPT, back->document_id,
				   "only a receipt that came with a bank line has a holding account to go back to");
	if (u->item->version != back->expected_version)
		return refuse_version(d, command, back->document_id, back->expected_version, u->item);
	if (!text_empty(u->item->returned_by))
		return cash_refuse(d, command->account, CASH_REFUSED_LINE_RETURNED, back->document_id,
				   "the bank took the money back");
	if (cash_item_is_away(u->item))
		return cash_refuse(d, command->account, CASH_REFUSED_LINE_NOT_HERE, back->document_id,
				   "it went back to " TEXT_FMT " already", TEXT_ARG(u->item->away_account));
	if (u->item->on_account_minor > 0)
		return cash_refuse(d, command->account, CASH_REFUSED_ON_ACCOUNT, back->document_id,
				   "a part of it was left on the account: take it off first");
	return false;
}

enum decided cash_send_back_decide(struct decision *d)
{
	const struct command_send_back *back = command_of(d->input)->send_back;
	struct undoing u = read_undoing(d->book, d->input, back->document_id, 1, NULL);
	date_t day;

	if (book_is_again(d->book))
		return AGAIN;
	if (d->input->cursor.n == 0 && refused_send_back(d, &u))
		return DECIDED;
	bool done = cash_emit_unapplied(d, u.item, u.applications, CASH_UNDONE_SEND_BACK, u.item->accounting_date, u.date, &day);
	day = MAX(day, undone_so_far(d->input));
	if (!done)
		return go_on(d, day);
	const struct cash_item_row *free = cash_item(d->book, u.item->lane, u.item->account, u.item->document_id, 1);
	cash_send_back(d, free, day, by_command(d, CASH_RULE_SEND_BACK));
	return DECIDED;
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

struct application_command {
	const struct command_event *command;
	const struct command_apply *apply;
	const struct cash_item_row *credit;
	const struct cash_item_row **debits; /* one per target */
	date_t day; /* business day, or DATE_NONE */
	date_t anchor;
	bool takes; /* the date insisted on may be insisted on */
};

static struct application_command read_apply(struct book *book, const struct input *input)
{
	struct application_command a = { .command = command_of(input), .day = DATE_NONE };

	a.apply = a.command->apply;
	a.credit = cash_item(book, input->lane, a.command->account, a.apply->credit->document_id, a.apply->credit->sequence);
	a.debits = (const struct cash_item_row **)arena_array(book_arena(book), a.apply->n_targets, sizeof(*a.debits));
	for (size_t i = 0; i < a.apply->n_targets; i++) {
		const struct type_item_ref *item = a.apply->targets[i].item;
		a.debits[i] = cash_item(book, input->lane, a.command->account, item->document_id, item->sequence);
	}
	if (a.credit == NULL)
		return a;
	date_t insisted = a.apply->accounting_date;
	a.anchor = insisted == DATE_NONE ? a.credit->accounting_date : MIN(insisted, a.credit->accounting_date);
	a.day = cash_business_day(book, input->lane, a.credit->entity);
	a.takes = cash_takes(book, input->lane, a.credit->entity, a.anchor, MAX(insisted, a.anchor));
	return a;
}

void cash_apply_want(struct book *book, const struct input *input)
{
	read_apply(book, input);
}

static bool refused_credit(struct decision *d, const struct application_command *a)
{
	struct text account = a->command->account, subject = a->apply->credit->document_id;

	if (a->credit == NULL)
		return cash_refuse(d, account, CASH_REFUSED_UNKNOWN_ITEM, subject, "this account has no such credit item");
	if (a->credit->kind != CASH_ITEM_RECEIPT && a->credit->kind != CASH_ITEM_CREDIT_MEMO)
		return cash_refuse(d, account, CASH_REFUSED_NOT_A_CREDIT, subject, "a receipt or credit memo was expected");
	if (a->credit->version != a->apply->expected_version)
		return refuse_version(d, a->command, subject, a->apply->expected_version, a->credit);
	if (a->credit->open_minor >= 0)
		return cash_refuse(d, account, CASH_REFUSED_NOT_OPEN, subject, "nothing of the credit is open");
	if (cash_item_free(a->credit) == 0)
		return cash_refuse(d, account, CASH_REFUSED_ON_ACCOUNT, subject,
				   "all of it was left on the account: take it off first");
	return false;
}

static bool refused_target(struct decision *d, const struct application_command *a, size_t i)
{
	struct text account = a->command->account, subject = a->apply->targets[i].item->document_id;
	const struct money *amount = &a->apply->targets[i].amount;
	const struct cash_item_row *debit = a->debits[i];

	if (debit == NULL)
		return cash_refuse(d, account, CASH_REFUSED_UNKNOWN_ITEM, subject, "this account has no such debit item");
	if (debit->kind != CASH_ITEM_INVOICE && debit->kind != CASH_ITEM_DEBIT_MEMO)
		return cash_refuse(d, account, CASH_REFUSED_NOT_A_DEBIT, subject, "an invoice or debit memo was expected");
	if (debit->open_minor <= 0)
		return cash_refuse(d, account, CASH_REFUSED_NOT_OPEN, subject, "nothing of the debit is open");
	if (!text_eq(debit->entity, a->credit->entity))
		return cash_refuse(d, account, CASH_REFUSED_CROSS_ENTITY, subject,
				   "credit of entity " TEXT_FMT ", debit of " TEXT_FMT, TEXT_ARG(a->credit->entity),
				   TEXT_ARG(debit->entity));
	if (!cash_same_currency(debit->currency, a->credit->currency) ||
	    (amount->currency[0] != '\0' && !cash_same_currency(amount->currency, debit->currency)))
		return cash_refuse(d, account, CASH_REFUSED_CROSS_CURRENCY, subject, "credit in %s, debit in %s, amount in %s",
				   a->credit->currency, debit->currency, amount->currency);
	if (amount->currency[0] != '\0' && amount->minor <= 0)
		return cash_refuse(d, account, CASH_REFUSED_AMOUNT_NOT_POSITIVE, subject, "a positive amount was expected");
	return false;
}

/* Shares the credit out in the order of the command: the amounts that were named, or as much as fits. */
static bool refused_amounts(struct decision *d, const struct application_command *a, struct cash_parts *debits)
{
	int64_t left = cash_item_free(a->credit);

	for (size_t i = 0; i < a->apply->n_targets; i++) {
		const struct command_apply_target *target = &a->apply->targets[i];
		int64_t open = cash_item_open(a->debits[i]), minor;

		for (size_t k = 0; k < debits->n; k++) /* the same item again */
			if (debits->part[k].item == a->debits[i])
				open -= debits->part[k].minor;
		minor = target->amount.currency[0] != '\0' ? target->amount.minor : MIN(open, left);
		if (minor == 0 || minor > open || minor > left)
			return cash_refuse(d, a->command->account, CASH_REFUSED_AMOUNT_EXCEEDS_OPEN, target->item->document_id,
					   "of the debit " TEXT_FMT " was open, of the credit " TEXT_FMT " was left",
					   TEXT_ARG(cash_amount_text(d->arena, cash_money(a->credit->currency, open))),
					   TEXT_ARG(cash_amount_text(d->arena, cash_money(a->credit->currency, left))));
		cash_parts_add_some(debits, a->debits[i], minor);
		left -= minor;
	}
	return false;
}

/* A date that is insisted on is taken or refused, never moved (LEDGER section 3). */
static bool refused_date(struct decision *d, const struct application_command *a)
{
	struct text account = a->command->account, subject = a->apply->credit->document_id;
	date_t insisted = a->apply->accounting_date, earliest = MAX(a->credit->accounting_date, a->day);

	if (insisted == DATE_NONE)
		return false;
	if (!a->takes)
		return cash_refuse(d, account, CASH_REFUSED_PERIOD_CLOSED, subject,
				   "the accounting date that was insisted on lies in a closed period");
	for (size_t i = 0; i < a->apply->n_targets; i++)
		earliest = MAX(earliest, a->debits[i]->accounting_date);
	if (insisted < earliest)
		return cash_refuse(d, account, CASH_REFUSED_DATE_TOO_EARLY, subject, "not before the items and the business day");
	return false;
}

enum decided cash_apply_decide(struct decision *d)
{
	struct application_command a = read_apply(d->book, d->input);

	if (book_is_again(d->book))
		return AGAIN;
	if (refused_credit(d, &a))
		return DECIDED;
	for (size_t i = 0; i < a.apply->n_targets; i++)
		if (refused_target(d, &a, i))
			return DECIDED;
	struct cash_parts credits = cash_parts_new(d->arena, 1), debits = cash_parts_new(d->arena, a.apply->n_targets);
	cash_parts_add(&credits, a.credit);
	if (refused_amounts(d, &a, &debits) || refused_date(d, &a))
		return DECIDED;
	struct cash_pairs pairs = cash_pair(d->arena, &credits, &debits);
	cash_emit_applied(d, &pairs,
			  &(struct cash_application_terms){ .account = a.command->account,
							    .anchor = a.anchor,
							    .not_before = a.day,
							    .insisted = a.apply->accounting_date,
							    .explanation = by_command(d, CASH_RULE_BY_COMMAND) });
	return DECIDED;
}

/* ---- unapply ---------------------------------------------------------------------------------------------------------- */

void cash_unapply_want(struct book *book, const struct input *input)
{
	const struct command_unapply *unapply = command_of(input)->unapply;

	read_undoing(book, input, unapply->credit->document_id, unapply->credit->sequence, unapply->debit);
}

static bool refused_unapply(struct decision *d, const struct undoing *u)
{
	const struct command_event *command = command_of(d->input);
	const struct command_unapply *unapply = command->unapply;
	struct text subject = unapply->credit->document_id;

	if (u->item == NULL)
		return cash_refuse(d, command->account, CASH_REFUSED_UNKNOWN_ITEM, subject, "this account has no such credit item");
	if (u->item->version != unapply->expected_version)
		return refuse_version(d, command, subject, unapply->expected_version, u->item);
	if (u->applications.n == 0)
		return cash_refuse(d, command->account, CASH_REFUSED_NOT_APPLIED, subject, "no application of it is in force%s",
				   unapply->debit != NULL ? " to that debit" : "");
	return false;
}

enum decided cash_unapply_decide(struct decision *d)
{
	const struct command_unapply *unapply = command_of(d->input)->unapply;
	struct undoing u = read_undoing(d->book, d->input, unapply->credit->document_id, unapply->credit->sequence, unapply->debit);
	date_t day;

	if (book_is_again(d->book))
		return AGAIN;
	if (d->input->cursor.n == 0 && refused_unapply(d, &u))
		return DECIDED;
	if (cash_emit_unapplied(d, u.item, u.applications, CASH_UNDONE_BY_COMMAND, u.item->accounting_date, u.date, &day))
		return DECIDED;
	return go_on(d, MAX(day, undone_so_far(d->input)));
}
