#include "reporting/core/cash.h"
#include "reporting/core/exceptions.h"
#include "reporting/core/item.h"

struct text reporting_cash_subject(const struct cash_event *ev)
{
	switch (ev->event_case) {
	case CASH_EVENT_LINE_POSTED:
		return ev->line_posted->line_id;
	case CASH_EVENT_LINE_EXCLUDED:
		return ev->line_excluded->line_id;
	case CASH_EVENT_TRANSFER_SENT:
		return ev->transfer_sent->transfer_id;
	case CASH_EVENT_TRANSFER_ACCEPTED:
		return ev->transfer_accepted->transfer_id;
	case CASH_EVENT_TRANSFER_REFUSED:
		return ev->transfer_refused->transfer_id;
	case CASH_EVENT_APPLIED:
		return ev->applied->n_applications > 0 ? ev->applied->applications[0].credit->document_id : TEXT_NONE;
	case CASH_EVENT_UNAPPLIED:
		return ev->unapplied->n_applications > 0 ? ev->unapplied->applications[0].credit->document_id : TEXT_NONE;
	case CASH_EVENT_LEFT_UNAPPLIED:
		return ev->left_unapplied->credit->document_id;
	case CASH_EVENT_LEFT_UNIDENTIFIED:
		return ev->left_unidentified->line_id;
	case CASH_EVENT_RETURN_POSTED:
		return ev->return_posted->line_id;
	case CASH_EVENT_RETURN_PASSED_ON:
		return ev->return_passed_on->return_id;
	case CASH_EVENT_RETURN_SETTLED:
		return ev->return_settled->return_id;
	case CASH_EVENT_STATEMENT_CHECKED:
		return ev->statement_checked->statement_id;
	case CASH_EVENT_ADVICE_RECORDED:
		return ev->advice_recorded->advice_id;
	case CASH_EVENT_ADVICE_PASSED_ON:
		return ev->advice_passed_on->advice_id;
	case CASH_EVENT_ADVICE_TAKEN:
		return ev->advice_taken->advice_id;
	case CASH_EVENT_PLACED_ON_ACCOUNT:
		return ev->placed_on_account->credit->document_id;
	case CASH_EVENT_TAKEN_OFF_ACCOUNT:
		return ev->taken_off_account->credit->document_id;
	case CASH_EVENT_REFUSED:
		return ev->refused->subject;
	case CASH_EVENT_NONE:
		break;
	}
	return TEXT_NONE;
}

static struct reporting_application application_of(const struct reporting_note *n, const struct cash_application *a)
{
	return (struct reporting_application){
		.lane = n->input->lane,
		.account = n->account,
		.application_id = a->application_id,
		.applied_on = DATE_NONE,
		.undone_on = DATE_NONE,
	};
}

static void note_applied(const struct reporting_note *n, const struct cash_applied *ev)
{
	for (size_t i = 0; i < ev->n_applications; i++) {
		const struct cash_application *a = &ev->applications[i];
		struct reporting_application row = application_of(n, a);

		row.entity = ev->entity;
		memcpy(row.currency, a->amount.currency, sizeof(row.currency));
		row.credit_document_id = a->credit->document_id;
		row.credit_sequence = a->credit->sequence;
		row.debit_document_id = a->debit->document_id;
		row.debit_sequence = a->debit->sequence;
		row.amount_minor = a->amount.minor;
		row.applied_on = a->accounting_date;
		if (ev->explanation != NULL) {
			row.rule_id = ev->explanation->rule_id;
			row.rule_version = ev->explanation->rule_version;
			row.because = ev->explanation->because;
			row.tie_break = ev->explanation->tie_break;
		}
		row.seq = n->provenance->seq;
		row.ledger_seq = n->ledger_seq;
		book_put(n->book, &reporting_application_table, &row);
		reporting_item_applied(n, ev->entity, a->credit, a->debit, a->amount.currency, a->amount.minor);
	}
}

/* Their amounts go back to the items. */
static void note_unapplied(const struct reporting_note *n, const struct cash_unapplied *ev)
{
	for (size_t i = 0; i < ev->n_applications; i++) {
		const struct cash_application *a = &ev->applications[i];
		struct reporting_application row = application_of(n, a);

		row.undone_on = a->accounting_date;
		row.undone_reason = ev->reason;
		row.undone_seq = n->provenance->seq;
		row.undone_ledger_seq = n->ledger_seq;
		book_put(n->book, &reporting_application_table, &row);
		reporting_item_applied(n, ev->entity, a->credit, a->debit, a->amount.currency, -a->amount.minor);
	}
}

static void note_left_unapplied(const struct reporting_note *n, const struct cash_left_unapplied *l)
{
	struct text ref =
		text_printf(book_arena(n->book), TEXT_FMT ":%d", TEXT_ARG(l->credit->document_id), (int)l->credit->sequence);
	struct reporting_exception row = reporting_exception_of(n, TEXT("left_unapplied"), ref, l->reason);

	reporting_exception_explain(n, &row, l->explanation);
	book_put(n->book, &reporting_exception_table, &row);
}

static void note_advice(const struct reporting_note *n, const struct cash_advice_recorded *a)
{
	struct reporting_advice row = {
		.lane = n->input->lane,
		.account = n->account,
		.advice_id = a->advice_id,
		.entity = a->entity,
		.amount_minor = a->amount.minor,
		.payment_date = a->payment_date,
		.payer_account = a->payer_account,
		.line_id = a->line_id,
		.reason = a->reason,
		.indicative = a->indicative,
		.ledger_seq = n->ledger_seq,
	};

	memcpy(row.currency, a->amount.currency, sizeof(row.currency));
	book_put(n->book, &reporting_advice_table, &row);
}

/* A return that closes a line on its holding account: the row of the line says which item. */
void reporting_cash_want(struct book *book, const struct input *input, const struct cash_event *ev)
{
	if (ev->event_case != CASH_EVENT_RETURN_POSTED || ev->return_posted->place != CASH_RETURN_PLACE_HOLDING)
		return;
	struct reporting_bank_line key = reporting_bank_line_key(input->lane, ev->account, ev->return_posted->returned_line_id);
	book_want(book, &reporting_bank_line_table, BOOK_KEY, &key);
}

void reporting_cash_note(const struct reporting_note *n, const struct cash_event *ev)
{
	switch (ev->event_case) {
	case CASH_EVENT_LINE_POSTED:
		reporting_line_posted(n, ev->line_posted);
		return;
	case CASH_EVENT_LINE_EXCLUDED:
		reporting_line_excluded(n, ev->line_excluded);
		return;
	case CASH_EVENT_TRANSFER_SENT:
		reporting_transfer_sent(n, ev->transfer_sent);
		return;
	case CASH_EVENT_TRANSFER_ACCEPTED:
		reporting_transfer_accepted(n, ev->transfer_accepted);
		return;
	case CASH_EVENT_TRANSFER_REFUSED:
		reporting_transfer_refused(n, ev->transfer_refused);
		return;
	case CASH_EVENT_APPLIED:
		note_applied(n, ev->applied);
		return;
	case CASH_EVENT_UNAPPLIED:
		note_unapplied(n, ev->unapplied);
		return;
	case CASH_EVENT_LEFT_UNAPPLIED:
		note_left_unapplied(n, ev->left_unapplied);
		return;
	case CASH_EVENT_LEFT_UNIDENTIFIED:
		reporting_left_unidentified(n, ev->left_unidentified);
		return;
	case CASH_EVENT_RETURN_POSTED:
		reporting_return_posted(n, ev->return_posted);
		return;
	case CASH_EVENT_RETURN_PASSED_ON:
		reporting_return_passed_on(n, ev->return_passed_on);
		return;
	case CASH_EVENT_RETURN_SETTLED:
		reporting_return_settled(n, ev->return_settled);
		return;
	case CASH_EVENT_STATEMENT_CHECKED:
		reporting_statement_checked(n, ev->statement_checked);
		return;
	case CASH_EVENT_ADVICE_RECORDED:
		note_advice(n, ev->advice_recorded);
		return;
	case CASH_EVENT_PLACED_ON_ACCOUNT: {
		const struct cash_placed_on_account *p = ev->placed_on_account;
		reporting_item_on_account(n, p->entity, p->credit, p->amount.currency, p->amount.minor);
		return;
	}
	case CASH_EVENT_TAKEN_OFF_ACCOUNT: {
		const struct cash_taken_off_account *p = ev->taken_off_account;
		reporting_item_on_account(n, p->entity, p->credit, p->amount.currency, -p->amount.minor);
		return;
	}
	case CASH_EVENT_ADVICE_PASSED_ON: /* the advice keeps its row on the holding account; what it led to has its own */
	case CASH_EVENT_ADVICE_TAKEN:
		return;
	case CASH_EVENT_REFUSED:
		reporting_refused_note(n, ev->refused);
		return;
	case CASH_EVENT_NONE:
		return;
	}
}
