#include "cash/core/line.h"

#include "cash/core/advice.h"
#include "cash/core/event.h"
#include "cash/core/identify.h"
#include "cash/core/rows.h"
#include "cash/core/statement.h"
#include "cash/core/transfer.h"
#include "ev/intake.h"

/* ---- line_booked ------------------------------------------------------------------------------------------------------ */

struct booked {
	const struct bank_line_booked *line;
	struct text account;
	const struct cash_advice_row *advice; /* that waited for it, or NULL */
	struct cash_remittance *remittance; /* with the references of the advice; NULL when nobody said anything */
	const struct cash_line_row *known;
	struct cash_identity payer;
	date_t date;
};

static struct cash_remittance *remittance_of(struct arena *arena, const struct bank_line_booked *line)
{
	struct cash_remittance *r = WIRE_NEW(arena, cash_remittance);

	if (line->payer_name.n + line->payer_bank_account.n + line->payer_reference.n + line->remittance_text.n +
		    line->n_remittance ==
	    0)
		return NULL;
	r->payer_name = line->payer_name;
	r->payer_bank_account = line->payer_bank_account;
	r->payer_reference = line->payer_reference;
	r->text = line->remittance_text;
	r->n_references = line->n_remittance;
	r->references = WIRE_ARRAY(arena, line->n_remittance, cash_remittance_reference);
	for (size_t i = 0; i < line->n_remittance; i++) {
		r->references[i].reference = line->remittance[i].reference;
		r->references[i].amount_minor = line->remittance[i].amount.minor;
	}
	return r;
}

/* The same one each time: what it says is read once (cash_words). */
static struct cash_remittance *remittance_once(struct book *book, const struct bank_line_booked *line)
{
	void **memo = book_memo(book, line);

	if (*memo == NULL)
		*memo = remittance_of(book_arena(book), line);
	return *memo;
}

static struct booked read_booked(struct book *book, const struct input *input)
{
	const struct intake_event *event = input->event;
	struct booked b = { .line = event->payment->line_booked };

	b.account = cash_holding_account(book_arena(book), b.line->bank_account);
	b.remittance = remittance_once(book, b.line);
	b.known = cash_line(book, input->lane, b.account, b.line->line_id);
	b.advice = cash_advice_for_line(book, input, b.account, b.line, b.remittance);
	if (b.advice != NULL)
		b.remittance = cash_advice_merge(book_arena(book), b.remittance, b.advice->remittance);
	b.payer = cash_identify(book, b.remittance, TEXT_NONE);
	b.date = cash_first_open(book, input->lane, b.line->entity, b.line->booking_date, b.line->booking_date);
	cash_statement(book, input->lane, b.account, b.line->statement_id);
	return b;
}

/* True: the line is none of AR's business (CSH-16). */
static bool excluded(const struct bank_line_booked *line, enum cash_excluded *ret_why)
{
	switch (line->kind) {
	case BANK_LINE_KIND_FEE:
		*ret_why = CASH_EXCLUDED_FEE;
		return true;
	case BANK_LINE_KIND_INTEREST:
		*ret_why = CASH_EXCLUDED_INTEREST;
		return true;
	case BANK_LINE_KIND_SWEEP:
		*ret_why = CASH_EXCLUDED_SWEEP;
		return true;
	case BANK_LINE_KIND_OUTGOING:
		*ret_why = CASH_EXCLUDED_OUTGOING;
		return true;
	case BANK_LINE_KIND_PAYMENT:
	case BANK_LINE_KIND_UNSPECIFIED:
		break;
	}
	*ret_why = CASH_EXCLUDED_NOT_POSITIVE;
	return line->amount.minor <= 0;
}

static void emit_excluded(struct decision *d, const struct booked *b, enum cash_excluded why)
{
	struct cash_event *event = cash_event_new(d, b->account);
	struct cash_line_excluded *excluded = WIRE_NEW(d->arena, cash_line_excluded);

	excluded->line_id = b->line->line_id;
	excluded->bank_account = b->line->bank_account;
	excluded->statement_id = b->line->statement_id;
	excluded->entity = b->line->entity;
	excluded->amount = b->line->amount;
	excluded->booking_date = b->line->booking_date;
	excluded->reason = cash_excluded_text(why);
	event->event_case = CASH_EVENT_LINE_EXCLUDED;
	event->line_excluded = excluded;
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
}

/* Dr bank clearing, Cr unidentified receipts (the holding item) or, payer known, money in transit: of the transfer with this id. */
static struct text emit_posted(struct decision *d, const struct booked *b)
{
	struct cash_event *event = cash_event_new(d, b->account);
	struct cash_line_posted *posted = WIRE_NEW(d->arena, cash_line_posted);
	struct ledger journal = ledger_new(d->arena);
	struct money credit = ledger_neg(b->line->amount);
	struct text transfer_id = TEXT_NONE;

	posted->line_id = b->line->line_id;
	posted->bank_account = b->line->bank_account;
	posted->statement_id = b->line->statement_id;
	posted->document_id = cash_id(d->arena, d->input, "holding_item", b->line->line_id);
	posted->entity = b->line->entity;
	posted->amount = b->line->amount;
	posted->booking_date = b->line->booking_date;
	posted->value_date = b->line->value_date;
	posted->remittance = b->remittance;
	posted->identified = b->payer.found;
	posted->accounting_date = b->date;
	ledger_start(&journal, cash_entry_text(CASH_ENTRY_BANK_LINE), b->line->entity, b->date);
	ledger_line(&journal, TYPE_LEDGER_ACCOUNT_BANK_CLEARING, b->line->amount, b->line->bank_account);
	if (b->payer.found) { /* the transfer that follows leaves this holding item */
		transfer_id = cash_transfer_id(d, posted->document_id);
		ledger_line(&journal, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, credit, transfer_id);
	} else {
		ledger_item(&journal, TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS, credit,
			    (struct ledger_item_ref){ b->account, posted->document_id, 1 });
	}
	event->event_case = CASH_EVENT_LINE_POSTED;
	event->line_posted = posted;
	cash_event_post(event, &journal);
	cash_emit(d, event, TEXT_NONE, TEXT_NONE);
	return transfer_id;
}

void cash_emit_unidentified(struct decision *d, struct text account, struct text line_id, const struct cash_identity *payer)
{
	struct cash_event *event = cash_event_new(d, account);
	struct cash_left_unidentified *left = WIRE_NEW(d->arena, cash_left_unidentified);

	left->line_id = line_id;
	left->reason = cash_unidentified_text(payer->why_not);
	left->explanation = payer->explanation;
	event->event_case = CASH_EVENT_LEFT_UNIDENTIFIED;
	event->left_unidentified = left;
	cash_emit(d, event, TEXT_NONE, CASH_IDENTIFY_RULE_VERSION);
}

void cash_line_booked_want(struct book *book, const struct input *input)
{
	read_booked(book, input);
}

enum decided cash_line_booked_decide(struct decision *d)
{
	struct booked b = read_booked(d->book, d->input);
	enum cash_excluded why;

	if (book_is_again(d->book))
		return AGAIN;
	if (b.known != NULL) {
		cash_refuse(d, b.account, CASH_REFUSED_DUPLICATE_LINE, b.line->line_id,
			    "this bank account has that line already; a line's id must be unique");
		return DECIDED;
	}
	if (excluded(b.line, &why)) {
		emit_excluded(d, &b, why);
	} else {
		struct text transfer_id = emit_posted(d, &b);
		if (b.advice != NULL)
			cash_emit_advice_joined(d, b.advice, b.line->line_id);
		const struct cash_line_row *line = cash_line(d->book, d->input->lane, b.account, b.line->line_id);
		if (b.payer.found)
			cash_send_to_payer(d, line, cash_holding_item(d->book, line), b.payer.account, b.date, transfer_id,
					   b.payer.explanation);
		else
			cash_emit_unidentified(d, b.account, b.line->line_id, &b.payer);
	}
	cash_statement_recheck(d, b.account, b.line->statement_id);
	return DECIDED;
}

/* ---- day_opened ------------------------------------------------------------------------------------------------------- */

/*
 * Waiting lines in the order of their holding items, from the cursor on. A page's last finding is not told at once but handed
 * on: if no later page finds anything it becomes the last, and final, outcome.
 * Cursor: holding item of the last line looked at, account and id of the line handed on (may be empty), line by line.
 */
struct cursor {
	struct text after, held_account, held_line;
};

static struct cursor cursor_of(struct text cursor)
{
	struct cursor c = { TEXT_NONE, TEXT_NONE, TEXT_NONE };
	struct text *part[] = { &c.after, &c.held_account, &c.held_line };

	for (size_t i = 0; i < ARRAY_LEN(part) && cursor.n > 0; i++) {
		size_t end = text_find(cursor, TEXT("\n"));
		size_t n = end == TEXT_NOT_FOUND ? cursor.n : end;

		*part[i] = (struct text){ cursor.s, n };
		n += end == TEXT_NOT_FOUND ? 0 : 1;
		cursor = (struct text){ cursor.s + n, cursor.n - n };
	}
	return c;
}

struct retry {
	const struct cash_line_row *line;
	const struct cash_item_row *item;
	struct cash_identity payer;
	date_t date;
};

static struct retry read_retry(struct book *book, date_t business_date, const struct cash_line_row *line)
{
	struct retry r = { .line = line };

	r.item = cash_holding_item(book, line);
	r.payer = cash_identify(book, line->remittance, line->refused_by);
	/* Dated the day of the assignment, never before the line (LEDGER section 2). */
	r.date = cash_first_open(book, line->lane, line->entity, business_date,
				 MAX(business_date, r.item != NULL ? r.item->accounting_date : business_date));
	return r;
}

static const struct reference_day_opened *day_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->reference->day_opened;
}

static bool opens_for(const struct reference_day_opened *day, struct text entity)
{
	for (size_t i = 0; i < day->n_entities; i++)
		if (text_eq(day->entities[i], entity))
			return true;
	return false;
}

void cash_day_opened_want(struct book *book, const struct input *input)
{
	const struct reference_day_opened *day = day_of(input);
	struct cursor c = cursor_of(input->cursor);
	struct rows lines = cash_waiting_lines(book, input->lane, c.after);

	if (!text_empty(c.held_line)) {
		const struct cash_line_row *held = cash_line(book, input->lane, c.held_account, c.held_line);
		if (held != NULL)
			read_retry(book, day->business_date, held);
	}
	for (size_t i = 0; i < lines.n; i++)
		if (opens_for(day, ((const struct cash_line_row *)lines.row[i])->entity))
			read_retry(book, day->business_date, lines.row[i]);
}

static void tell(struct decision *d, const struct retry *r)
{
	if (r->payer.found)
		cash_send_to_payer(d, r->line, r->item, r->payer.account, r->date, TEXT_NONE, r->payer.explanation);
	else
		cash_emit_unidentified(d, r->line->account, r->line->line_id, &r->payer);
}

enum decided cash_day_opened_decide(struct decision *d)
{
	const struct reference_day_opened *day = day_of(d->input);
	struct cursor c = cursor_of(d->input->cursor);
	struct rows lines = cash_waiting_lines(d->book, d->input->lane, c.after);
	struct retry *found = ARENA_ARRAY(d->arena, lines.n + 1, struct retry);
	size_t n = 0;

	if (!text_empty(c.held_line)) {
		const struct cash_line_row *held = cash_line(d->book, d->input->lane, c.held_account, c.held_line);
		if (held != NULL)
			found[n++] = read_retry(d->book, day->business_date, held);
	}
	for (size_t i = 0; i < lines.n; i++) {
		const struct cash_line_row *line = lines.row[i];
		if (!opens_for(day, line->entity))
			continue;
		struct retry r = read_retry(d->book, day->business_date, line);
		/* The same answer as before is no news. */
		if (r.payer.found || !text_eq(cash_unidentified_text(r.payer.why_not), line->left_reason))
			found[n++] = r;
	}
	if (book_is_again(d->book))
		return AGAIN;
	for (size_t i = 0; i + 1 < n; i++)
		tell(d, &found[i]);
	if (!lines.more) {
		if (n > 0)
			tell(d, &found[n - 1]);
		return DECIDED;
	}
	c.after = ((const struct cash_line_row *)lines.row[lines.n - 1])->document_id;
	c.held_account = n > 0 ? found[n - 1].line->account : TEXT_NONE;
	c.held_line = n > 0 ? found[n - 1].line->line_id : TEXT_NONE;
	d->cursor = text_printf(d->arena, TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(c.after), TEXT_ARG(c.held_account),
				TEXT_ARG(c.held_line));
	return MORE;
}
