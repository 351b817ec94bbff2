/*
 * rows: what decide reads, one function per question. Pure.
 *
 * The same functions serve `want`: there they ask for what is not loaded yet (book/book.h), so every input has one
 * reading function that both want and decide call, and the two cannot come apart. A chain of questions may
 * be two long: what the event says, and what the rows found by it say.
 */
#ifndef OPENITEM_CASH_ROWS_H
#define OPENITEM_CASH_ROWS_H

#include "cash/core/reference.h"
#include "cash/tables.h"

/* ---- accounts ---- */

bool cash_is_holding(struct text account);
/* `~` + bank account. */
struct text cash_holding_account(struct arena *arena, struct text bank_account);

/* Versions of a customer, newest first; none = the account is not known here. */
struct rows cash_customer(struct book *book, int32_t lane, struct text account);
/* The version in force on a day: the latest effective_from that is not after it; NULL when there is none. */
const struct cash_customer_row *cash_customer_as_of(struct rows customer, date_t day);

/* ---- items ---- */

const struct cash_item_row *cash_item(struct book *book, int32_t lane, struct text account, struct text document_id,
				      int32_t sequence);
/* Items of a document in order of sequence; at most CASH_DOCUMENT_ITEMS_MAX. */
struct rows cash_items_of(struct book *book, int32_t lane, struct text account, struct text document_id);
/* Oldest due first; more than CASH_APPLY_ITEMS_MAX rows mean that there may be further ones. */
struct rows cash_open_debits(struct book *book, int32_t lane, struct text account, struct text entity, const char currency[4]);
struct rows cash_open_credits(struct book *book, int32_t lane, struct text account, struct text entity, const char currency[4]);
/* What a remittance says, normalised, and the questions that were asked about it: both once per batch, however often want and decide look. The
 * remittance must belong to the input, a row, or a memo (book_memo). */
struct cash_words {
	struct cash_reference_list references;
	struct text payer_bank_account, payer_reference, payer_name;
	struct book_answer *by_bank_account, *by_reference, *by_name; /* see cash_payers */
	struct book_answer **payers; /* per reference; see cash_payers */
	struct book_answer **documents; /* per reference, of this account */
	int32_t lane;
	struct text account;
};
struct cash_words *cash_words(struct book *book, const struct cash_remittance *remittance);
/* Documents of the account that reference number `at` names; more than CASH_DOCUMENTS_MAX: too many. */
struct rows cash_references(struct book *book, int32_t lane, struct text account, struct cash_words *words, size_t at);
/* Who answers to a value; more than CASH_PAYERS_MAX: nobody in particular. *asked is NULL at first, and belongs to this value. */
struct rows cash_payers(struct book *book, struct book_answer **asked, struct text value);

/* The receipt that a transfer becomes on a customer's account: whoever knows the transfer finds it. */
struct text cash_receipt_id(struct book *book, struct text transfer_id);

/* Applications in force of a credit item; with debit_document_id not empty only those to that item. Asks for the debit
 * items too: who undoes an application changes them. */
struct rows cash_applications(struct book *book, int32_t lane, struct text account, struct text credit_document_id,
			      int32_t credit_sequence, struct text debit_document_id, int32_t debit_sequence);

/* ---- holding accounts ---- */

const struct cash_line_row *cash_line(struct book *book, int32_t lane, struct text account, struct text line_id);
/* Payments of an amount that no advice was joined to, booked after `after`; more than CASH_ADVICES_MAX: too many. */
struct rows cash_lines_of_amount(struct book *book, int32_t lane, struct text account, struct money amount, date_t after);
const struct cash_advice_row *cash_advice(struct book *book, int32_t lane, struct text account, struct text advice_id);
/* Waiting advices of an amount, and those that name a line. */
struct rows cash_advices_of_amount(struct book *book, int32_t lane, struct text account, struct money amount);
struct rows cash_advices_of_line(struct book *book, int32_t lane, struct text account, struct text line_id);
/* Waiting lines of the lane with a holding item beyond `after`; CASH_RETRY_LINES_MAX of them mean there may be more. */
struct rows cash_waiting_lines(struct book *book, int32_t lane, struct text after);
/* The holding item of a payment line, or NULL. */
const struct cash_item_row *cash_holding_item(struct book *book, const struct cash_line_row *line);
const struct cash_statement_row *cash_statement(struct book *book, int32_t lane, struct text account, struct text statement_id);

/* ---- dates (LEDGER section 3) ---- */

/* DATE_NONE while no day of the entity was opened. */
date_t cash_business_day(struct book *book, int32_t lane, struct text entity);
/* First day at or after `date` whose period is open. anchor <= date says from where on closed periods are loaded: one
 * question per input. Periods that nobody recorded are open; of more than CASH_CLOSED_PERIODS_MAX the rest is not seen. */
date_t cash_first_open(struct book *book, int32_t lane, struct text entity, date_t anchor, date_t date);

/* May a person insist on this date? A soft-closed period takes it. The same question, with the same anchor. */
bool cash_takes(struct book *book, int32_t lane, struct text entity, date_t anchor, date_t date);

/* ---- rules ---- */

struct cash_rule_set {
	struct text version; /* "3"; "default" */
	struct text rules; /* digits: enum reference_cash_rule */
};
/* In force on a day; before the first one recorded: LEDGER section 4's own order. */
struct cash_rule_set cash_rules_as_of(struct book *book, int32_t lane, date_t day);

/* ---- small things ---- */

struct money cash_money(const char currency[4], int64_t minor);
/* "1180.00 USD" */
struct text cash_amount_text(struct arena *arena, struct money amount);
bool cash_same_currency(const char a[4], const char b[4]);

#endif
