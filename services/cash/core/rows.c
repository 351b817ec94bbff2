#include "cash/core/rows.h"

#include "ev/reference.h"
#include "id/id.h"
#include "money/money.h"

bool cash_is_holding(struct text account)
{
	return text_starts(account, TEXT("~"));
}

struct text cash_holding_account(struct arena *arena, struct text bank_account)
{
	return text_concat(arena, 2, (struct text[]){ TEXT("~"), bank_account });
}

struct money cash_money(const char currency[4], int64_t minor)
{
	struct money m = { .minor = minor };

	memcpy(m.currency, currency, sizeof(m.currency));
	return m;
}

struct text cash_amount_text(struct arena *arena, struct money amount)
{
	char buf[MONEY_TEXT_MAX + 1];

	money_format(buf, amount.minor, currency_exponent(text_of(amount.currency)));
	return text_concat(arena, 3, (struct text[]){ text_of(buf), TEXT(" "), text_of(amount.currency) });
}

bool cash_same_currency(const char a[4], const char b[4])
{
	return memcmp(a, b, 4) == 0;
}

struct rows cash_customer(struct book *book, int32_t lane, struct text account)
{
	return book_find(book, &cash_customer_table, CASH_CUSTOMER_NEWEST,
			 &(struct cash_customer_row){ .lane = lane, .account = account });
}

const struct cash_customer_row *cash_customer_as_of(struct rows customer, date_t day)
{
	for (size_t i = 0; i < customer.n; i++) {
		const struct cash_customer_row *row = customer.row[i];
		if (row->effective_from <= day)
			return row;
	}
	return NULL;
}

const struct cash_item_row *cash_item(struct book *book, int32_t lane, struct text account, struct text document_id,
				      int32_t sequence)
{
	return book_get(
		book, &cash_item_table,
		&(struct cash_item_row){ .lane = lane, .account = account, .document_id = document_id, .sequence = sequence });
}

struct rows cash_items_of(struct book *book, int32_t lane, struct text account, struct text document_id)
{
	return book_find(book, &cash_item_table, CASH_ITEM_BY_DOCUMENT,
			 &(struct cash_item_row){ .lane = lane, .account = account, .document_id = document_id });
}

static struct rows open_items(struct book *book, int probe, int32_t lane, struct text account, struct text entity,
			      const char currency[4])
{
	struct cash_item_row key = { .lane = lane, .account = account, .entity = entity };

	memcpy(key.currency, currency, sizeof(key.currency));
	return book_find(book, &cash_item_table, probe, &key);
}

struct rows cash_open_debits(struct book *book, int32_t lane, struct text account, struct text entity, const char currency[4])
{
	return open_items(book, CASH_ITEM_OPEN_DEBITS, lane, account, entity, currency);
}

struct rows cash_open_credits(struct book *book, int32_t lane, struct text account, struct text entity, const char currency[4])
{
	return open_items(book, CASH_ITEM_OPEN_CREDITS, lane, account, entity, currency);
}

struct rows cash_references(struct book *book, int32_t lane, struct text account, struct cash_words *words, size_t at)
{
	if (words->documents == NULL || words->lane != lane || !text_eq(words->account, account)) {
		words->documents = arena_array(book_arena(book), words->references.n, sizeof(*words->documents));
		words->lane = lane;
		words->account = account;
	}
	if (words->documents[at] == NULL)
		words->documents[at] =
			book_ask(book, &cash_reference_table, CASH_REFERENCE_BY_VALUE,
				 &(struct cash_reference_row){
					 .lane = lane, .account = account, .value = words->references.values[at].value });
	return book_read(book, words->documents[at]);
}

struct cash_words *cash_words(struct book *book, const struct cash_remittance *remittance)
{
	struct arena *arena = book_arena(book);

	if (remittance == NULL)
		return ARENA_NEW(arena, struct cash_words);
	void **memo = book_memo(book, remittance);
	if (*memo == NULL) {
		struct cash_words *words = ARENA_NEW(arena, struct cash_words);
		words->references = cash_reference_read(arena, remittance);
		words->payer_bank_account = text_normal_ref(arena, remittance->payer_bank_account);
		words->payer_reference = text_normal_ref(arena, remittance->payer_reference);
		words->payer_name = text_normal_name(arena, remittance->payer_name);
		words->payers = arena_array(arena, words->references.n, sizeof(*words->payers));
		*memo = words;
	}
	return *memo;
}

struct rows cash_payers(struct book *book, struct book_answer **asked, struct text value)
{
	if (*asked == NULL)
		*asked = book_ask(book, &cash_payer_table, CASH_PAYER_BY_VALUE, &(struct cash_payer_row){ .value = value });
	return book_read(book, *asked);
}

struct rows cash_applications(struct book *book, int32_t lane, struct text account, struct text credit_document_id,
			      int32_t credit_sequence, struct text debit_document_id, int32_t debit_sequence)
{
	int probe = text_empty(debit_document_id) ? CASH_APPLICATION_BY_CREDIT : CASH_APPLICATION_BY_PAIR;

	struct rows rows = book_find(book, &cash_application_table, probe,
				     &(struct cash_application_row){ .lane = lane,
								     .account = account,
								     .credit_document_id = credit_document_id,
								     .credit_sequence = credit_sequence,
								     .debit_document_id = debit_document_id,
								     .debit_sequence = debit_sequence });

	for (size_t i = 0; i < rows.n; i++) {
		const struct cash_application_row *row = rows.row[i];
		cash_item(book, lane, account, row->debit_document_id, row->debit_sequence);
	}
	return rows;
}

const struct cash_line_row *cash_line(struct book *book, int32_t lane, struct text account, struct text line_id)
{
	return book_get(book, &cash_line_table, &(struct cash_line_row){ .lane = lane, .account = account, .line_id = line_id });
}

struct rows cash_lines_of_amount(struct book *book, int32_t lane, struct text account, struct money amount, date_t after)
{
	struct cash_line_row key = { .lane = lane, .account = account, .amount_minor = amount.minor, .booking_date = after };

	memcpy(key.currency, amount.currency, sizeof(key.currency));
	return book_find(book, &cash_line_table, CASH_LINE_OF_AMOUNT, &key);
}

const struct cash_advice_row *cash_advice(struct book *book, int32_t lane, struct text account, struct text advice_id)
{
	return book_get(book, &cash_advice_table,
			&(struct cash_advice_row){ .lane = lane, .account = account, .advice_id = advice_id });
}

struct rows cash_advices_of_amount(struct book *book, int32_t lane, struct text account, struct money amount)
{
	struct cash_advice_row key = { .lane = lane, .account = account, .amount_minor = amount.minor };

	memcpy(key.currency, amount.currency, sizeof(key.currency));
	return book_find(book, &cash_advice_table, CASH_ADVICE_OF_AMOUNT, &key);
}

struct rows cash_advices_of_line(struct book *book, int32_t lane, struct text account, struct text line_id)
{
	return book_find(book, &cash_advice_table, CASH_ADVICE_OF_LINE,
			 &(struct cash_advice_row){ .lane = lane, .account = account, .named_line = line_id });
}

struct rows cash_waiting_lines(struct book *book, int32_t lane, struct text after)
{
	return book_find(book, &cash_line_table, CASH_LINE_WAITING, &(struct cash_line_row){ .lane = lane, .document_id = after });
}

const struct cash_item_row *cash_holding_item(struct book *book, const struct cash_line_row *line)
{
	if (line == NULL || line->kind != CASH_LINE_PAYMENT)
		return NULL;
	return cash_item(book, line->lane, line->account, line->document_id, 1);
}

const struct cash_statement_row *cash_statement(struct book *book, int32_t lane, struct text account, struct text statement_id)
{
	if (text_empty(statement_id))
		return NULL;
	return book_get(book, &cash_statement_table,
			&(struct cash_statement_row){ .lane = lane, .account = account, .statement_id = statement_id });
}

struct text cash_receipt_id(struct book *book, struct text transfer_id)
{
	void **memo = book_memo(book, transfer_id.s);

	if (*memo == NULL)
		*memo = arena_dup(book_arena(book),
				  &(struct text[]){ id_derive(book_arena(book), TEXT("receipt"), 1, &transfer_id) },
				  sizeof(struct text));
	return *(const struct text *)*memo;
}

date_t cash_business_day(struct book *book, int32_t lane, struct text entity)
{
	const struct cash_day_row *day = book_get(book, &cash_day_table, &(struct cash_day_row){ .lane = lane, .entity = entity });

	return day != NULL ? day->business_date : DATE_NONE;
}

date_t cash_first_open(struct book *book, int32_t lane, struct text entity, date_t anchor, date_t date)
{
	struct rows closed = book_find(book, &cash_period_table, CASH_PERIOD_CLOSED_AFTER,
				       &(struct cash_period_row){ .lane = lane, .entity = entity, .last_day = anchor - 1 });

	/* By last day, so one pass is enough: a period that ended earlier cannot hold a day we moved to. */
	for (size_t i = 0; i < closed.n; i++) {
		const struct cash_period_row *period = closed.row[i];
		/* After the last day of the calendar no day is open: the date stays, as in billing. */
		if (period->first_day <= date && date <= period->last_day && period->last_day < DATE_MAX)
			date = date_add_days(period->last_day, 1);
	}
	return date;
}

bool cash_takes(struct book *book, int32_t lane, struct text entity, date_t anchor, date_t date)
{
	struct rows closed = book_find(book, &cash_period_table, CASH_PERIOD_CLOSED_AFTER,
				       &(struct cash_period_row){ .lane = lane, .entity = entity, .last_day = anchor - 1 });

	for (size_t i = 0; i < closed.n; i++) {
		const struct cash_period_row *period = closed.row[i];
		if (!period->soft && period->first_day <= date && date <= period->last_day)
			return false;
	}
	return true;
}

struct cash_rule_set cash_rules_as_of(struct book *book, int32_t lane, date_t day)
{
	struct rows versions = book_find(book, &cash_rules_table, CASH_RULES_NEWEST, &(struct cash_rules_row){ .lane = lane });

	for (size_t i = 0; i < versions.n; i++) {
		const struct cash_rules_row *row = versions.row[i];
		if (row->effective_from <= day)
			return (struct cash_rule_set){ text_i64(book_arena(book), row->version), row->rules };
	}
	return (struct cash_rule_set){ TEXT("default"), TEXT("1234") };
}
