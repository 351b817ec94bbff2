/* commands: credit memos (BIL-07) and debit memos (BIL-08) that a person issues. They are done or refused, never parked. */
#include "core/credit_memo.h"
#include "core/order.h"
#include "core/posting.h"
#include "journey.h"

static const struct command_event *command_of(const struct input *input)
{
	return ((const struct intake_event *)input->event)->command;
}

static struct job job_of(const struct input *input)
{
	const struct command_event *command = command_of(input);
	struct job job = { .lane = input->lane, .account = command->account };

	if (command->command_case == COMMAND_EVENT_ISSUE_CREDIT_MEMO) {
		job.subject = command->issue_credit_memo->document_id;
		job.input_type = TEXT("issue_credit_memo");
	} else {
		job.subject = command->issue_debit_memo->reference;
		job.input_type = TEXT("issue_debit_memo");
	}
	return job;
}

/* ---- want ------------------------------------------------------------------------------------------------------------- */

static void want_context(struct book *book, int32_t lane, struct text entity)
{
	bil_want_day(book, lane);
	if (text_empty(entity))
		return;
	bil_want_entity(book, lane, entity);
	bil_want_closed(book, lane, entity);
	bil_want_series(book, lane, entity, bil_see_day(book, lane));
}

/* As last recorded. */
static const struct customer_row *customer_now(struct book *book, const struct job *job)
{
	return bil_see_customer(book, job->lane, job->account, DATE_MAX - 1);
}

/* Terms of the memo, else the customer's. */
static struct text terms_of(struct book *book, const struct job *job, const struct command_issue_debit_memo *memo)
{
	const struct customer_row *customer = customer_now(book, job);

	if (!text_empty(memo->terms_code) || date_is_valid(memo->due_date) || customer == NULL)
		return memo->terms_code;
	return customer->terms_code;
}

void bil_commands_want(struct book *book, const struct input *input)
{
	const struct command_event *command = command_of(input);
	struct job job = job_of(input);

	if (command->command_case == COMMAND_EVENT_ISSUE_CREDIT_MEMO) {
		bil_want_document(book, job.lane, job.account, job.subject);
		const struct invoice_row *row = bil_see_document(book, job.lane, job.account, job.subject);
		want_context(book, job.lane, row != NULL ? row->issued->entity : TEXT_NONE);
		return;
	}
	const struct command_issue_debit_memo *memo = command->issue_debit_memo;
	want_context(book, job.lane, memo->entity);
	bil_want_external(book, job.lane, job.account, memo->entity, EXTERNAL_OF_DEBIT_MEMO, memo->reference);
	bil_want_customer(book, job.lane, job.account, DATE_MAX - 1);
	bil_want_terms(book, job.lane, terms_of(book, &job, memo));
}

/* ---- decide ----------------------------------------------------------------------------------------------------------- */

/* A day a person insists on: open or soft-closed, not in the future, not before what is credited. */
static enum refusal check_accounting_date(struct decision *d, const struct job *job, struct text entity, date_t wanted,
					  date_t earliest)
{
	struct periods periods;

	bil_see_closed(d->book, job->lane, entity, &periods);
	if (!date_is_valid(wanted))
		return REFUSE_NOTHING;
	if (wanted > bil_see_day(d->book, job->lane) || (date_is_valid(earliest) && wanted < earliest))
		return REFUSE_BAD_ACCOUNTING_DATE;
	return bil_period_takes(&periods, wanted) ? REFUSE_NOTHING : REFUSE_PERIOD_CLOSED;
}

static void refuse(struct decision *d, const struct job *job, enum refusal why, int32_t line_no)
{
	if (book_is_again(d->book))
		return;
	bil_refuse(d, job, false, why, line_no != 0 ? text_printf(d->arena, "line %d", line_no) : TEXT_NONE);
}

static void issue_credit_memo(struct decision *d, const struct job *job, const struct command_issue_credit_memo *command)
{
	const struct invoice_row *row = bil_see_document(d->book, job->lane, job->account, command->document_id);
	struct billing_document_issued *memo = WIRE_NEW(d->arena, billing_document_issued);
	struct billing_credited_line *lines = NULL;
	size_t n_lines;
	int32_t line_no;

	if (row == NULL) {
		refuse(d, job, REFUSE_UNKNOWN_DOCUMENT, 0);
		return;
	}
	const struct entity_row *entity = bil_see_entity(d->book, job->lane, row->issued->entity);
	enum refusal why = bil_credit_memo_pick(d->arena, row->issued, row->so_far, command, &lines, &n_lines, &line_no);
	if (why == REFUSE_NOTHING) {
		bil_credit_memo_make(d->arena, row->issued, row->so_far, lines, n_lines, command->tax_code, memo);
		if (memo->gross_minor <= 0)
			why = memo->gross_minor < 0 ? REFUSE_NEGATIVE_TOTAL : REFUSE_NOTHING_LEFT;
		else if (!bil_credit_memo_fits(d->arena, row->issued, row->so_far, memo))
			why = REFUSE_OVER_CREDITED;
	}
	if (why == REFUSE_NOTHING)
		why = check_accounting_date(d, job, row->issued->entity, command->accounting_date, row->issued->accounting_date);
	if (why != REFUSE_NOTHING || entity == NULL) {
		refuse(d, job, why != REFUSE_NOTHING ? why : REFUSE_ENTITY_UNKNOWN, line_no);
		return;
	}
	struct billing_event *event = bil_answer_new(d, job, false);
	memo->document_id = bil_documents_id(d, job, command->document_id);
	memo->reason = command->reason;
	memo->credit_scope = command->scope;
	memo->accounting_date = command->accounting_date;
	bil_documents_number(d, job, entity, memo);
	bil_invoice_item(d->arena, memo, memo->issue_date, -memo->gross_minor, -memo->gross_minor);
	event->event_case = BILLING_EVENT_CREDIT_MEMO_ISSUED;
	event->credit_memo_issued = memo;
	event->order_id = memo->order_id;
	bil_posting_document(d->arena, memo, event);
	if (!book_is_again(d->book))
		bil_answer(d, job, event, false, TEXT_NONE);
}

/* The lines are those of an order: the same checks, the same amounts. */
static enum refusal debit_memo_amounts(struct decision *d, const struct command_issue_debit_memo *command,
				       struct billing_document_issued *memo)
{
	struct crm_order order = { .currency_code = command->currency_code, .n_lines = command->n_lines, .lines = command->lines };
	struct invoice_pick *picks = ARENA_ARRAY(d->arena, command->n_lines, struct invoice_pick);
	struct money net;
	enum refusal why = bil_order_check(d->arena, &order, &net);

	if (why != REFUSE_NOTHING)
		return why;
	for (size_t i = 0; i < command->n_lines; i++)
		picks[i] = (struct invoice_pick){ &command->lines[i], command->lines[i].quantity_e6 };
	if (command->kind == COMMAND_DEBIT_MEMO_KIND_CLOSE_CREDIT &&
	    (command->credit == NULL || command->n_lines != 1 || command->lines[0].n_taxes > 0))
		return REFUSE_CREDIT_NOT_NAMED;
	why = bil_invoice_amounts(d->arena, command->currency_code, picks, command->n_lines, memo);
	return why == REFUSE_NOTHING && memo->gross_minor == 0 ? REFUSE_NEGATIVE_TOTAL : why;
}

static enum refusal debit_memo_context(struct decision *d, const struct job *job, const struct command_issue_debit_memo *command,
				       struct text terms_code)
{
	date_t day = bil_see_day(d->book, job->lane);
	size_t n_terms;

	bil_see_terms(d->book, job->lane, terms_code, &n_terms);
	if (!date_is_valid(day))
		return REFUSE_DAY_UNKNOWN;
	if (customer_now(d->book, job) == NULL)
		return REFUSE_CUSTOMER_UNKNOWN;
	if (bil_see_entity(d->book, job->lane, command->entity) == NULL)
		return REFUSE_ENTITY_UNKNOWN;
	if (bil_see_external(d->book, job->lane, job->account, command->entity, EXTERNAL_OF_DEBIT_MEMO, command->reference) != NULL)
		return REFUSE_REFERENCE_TAKEN;
	if (!date_is_valid(command->due_date) && n_terms == 0)
		return text_empty(terms_code) ? REFUSE_NO_TERMS : REFUSE_TERMS_UNKNOWN;
	return check_accounting_date(d, job, command->entity, command->accounting_date, DATE_NONE);
}

static void issue_debit_memo(struct decision *d, const struct job *job, const struct command_issue_debit_memo *command)
{
	struct billing_document_issued *memo = WIRE_NEW(d->arena, billing_document_issued);
	struct text terms_code = terms_of(d->book, job, command);
	enum refusal why = debit_memo_amounts(d, command, memo);

	if (why == REFUSE_NOTHING)
		why = debit_memo_context(d, job, command, terms_code);
	if (why != REFUSE_NOTHING || book_is_again(d->book)) {
		refuse(d, job, why, 0);
		return;
	}
	struct billing_event *event = bil_answer_new(d, job, false);
	memo->type = BILLING_DOCUMENT_TYPE_DEBIT_MEMO;
	memo->document_id = bil_documents_id(d, job, command->reference);
	memo->reference = command->reference;
	memo->debit_memo_kind = command->kind;
	memo->reason = command->reason;
	memo->entity = command->entity;
	memo->customer_po = command->customer_po;
	memo->refers_to_document_id = command->refers_to_document_id;
	memo->accounting_date = command->accounting_date;
	if (command->kind == COMMAND_DEBIT_MEMO_KIND_CLOSE_CREDIT) {
		memo->closes_credit = command->credit;
		memo->refers_to_document_id = command->credit->document_id;
	}
	bil_documents_number(d, job, bil_see_entity(d->book, job->lane, command->entity), memo);
	struct text rule_version = bil_documents_items(d, job->lane, command->due_date, terms_code, memo);
	event->event_case = BILLING_EVENT_DEBIT_MEMO_ISSUED;
	event->debit_memo_issued = memo;
	bil_posting_document(d->arena, memo, event);
	if (!book_is_again(d->book))
		bil_answer(d, job, event, false, rule_version);
}

void bil_commands_decide(struct decision *d)
{
	const struct command_event *command = command_of(d->input);
	struct job job = job_of(d->input);

	if (command->command_case == COMMAND_EVENT_ISSUE_CREDIT_MEMO)
		issue_credit_memo(d, &job, command->issue_credit_memo);
	else
		issue_debit_memo(d, &job, command->issue_debit_memo);
}
