/*
 * tables: what cash keeps, one row struct per table. tables.c describes them, migrations/ makes them; README.md says which
 * event writes what.
 *
 * Every row begins with its lane and then its account, and belongs to that account alone; cash_payer_index is the one table
 * shared by all lanes (LEDGER section 4). Amounts are minor units, debit +, credit -, unless said otherwise. Texts are ''
 * when absent, dates DATE_NONE.
 */
#ifndef OPENITEM_CASH_TABLES_H
#define OPENITEM_CASH_TABLES_H

#include "book/book.h"
#include "ev/cash.h"

/* Limits of the probes below. A limit is one more than what is used, so that "exactly as many" is not taken for "more". */
#define CASH_APPLY_ITEMS_MAX    256 /* open items rules 2 and 3 look at (LEDGER section 4) */
#define CASH_APPLICATIONS_MAX   256 /* applications undone in one transaction */
#define CASH_DOCUMENTS_MAX      256 /* documents one order or PO may name */
#define CASH_DOCUMENT_ITEMS_MAX 60 /* instalments of a document (@max of DocumentIssued.items) */
#define CASH_PAYERS_MAX         16 /* payers one value may name before it names nobody */
#ifdef OPENITEM_FAULTS
#define CASH_RETRY_LINES_MAX 2 /* so that the tests of faults see mornings that take several transactions */
#else
#define CASH_RETRY_LINES_MAX 100 /* waiting lines looked at in one transaction */
#endif
#define CASH_CLOSED_PERIODS_MAX 256 /* closed periods after a date: 21 years of months */
#define CASH_VERSIONS_MAX       16 /* versions of a record that may lie in the future */
#define CASH_ADVICES_MAX        16 /* advices, or lines, of one amount that are looked at: with more nobody can tell them apart */

/* What cash knows of a customer: one row per effective_from. A row = the account is known here, and money may arrive. */
struct cash_customer_row {
	int32_t lane;
	struct text account;
	int32_t back; /* -effective_from: probes order ascending, and the newest is wanted first */
	date_t effective_from;
	bool oldest_first; /* rule 4 is allowed (LEDGER section 4) */
	struct text payer_values; /* what this record put into cash_payer_index: "kind value" by line; personal data */
};
enum { CASH_CUSTOMER_NEWEST };

enum cash_item_kind {
	CASH_ITEM_INVOICE = 1,
	CASH_ITEM_CREDIT_MEMO,
	CASH_ITEM_DEBIT_MEMO,
	CASH_ITEM_RECEIPT,
	CASH_ITEM_HOLDING, /* a bank line on its holding account: a liability, outside AR control */
	CASH_ITEM_RETURN, /* a returned payment; closed by the receipt it returns */
};

/* Every item (LEDGER section 1). Its facts never change; open_minor, version and where its money went do. */
struct cash_item_row {
	int32_t lane;
	struct text account;
	struct text document_id;
	int32_t sequence;
	int32_t kind; /* enum cash_item_kind */
	struct text entity;
	char currency[4];
	int64_t original_minor;
	int64_t brought_minor; /* open amount it came with from billing; 0 for items cash made: open = brought + journal lines */
	int64_t open_minor;
	date_t document_date; /* receipt, holding item: booking date of the bank line */
	date_t value_date;
	date_t due_date; /* never DATE_NONE: credits carry their document date */
	date_t accounting_date;
	struct text number;
	struct text external_number;
	struct text order_id;
	struct text customer_po;
	int32_t version; /* raised by every outcome that changes open_minor or moves the money (expected_version) */
	struct text line_id; /* receipt, holding item, return: the bank line */
	struct text bank_account;
	struct text transfer_id; /* receipt: the transfer it came with */
	struct text away_account; /* where its money went; empty while it is here */
	struct text away_transfer;
	struct text returned_by; /* return (document id) that closed it */
	struct text left_reason; /* receipt: why it stayed unapplied, as of the last decision */
	int64_t on_account_minor; /* of a credit: left on the account deliberately, positive; no rule takes it (CSH-06) */
};
enum { CASH_ITEM_BY_DOCUMENT, CASH_ITEM_OPEN_DEBITS, CASH_ITEM_OPEN_CREDITS };

/* What a document may be called, strongest first. */
enum cash_index_kind {
	CASH_INDEX_BANK_ACCOUNT = 1, /* of the payer */
	CASH_INDEX_NUMBER, /* our document number */
	CASH_INDEX_EXTERNAL, /* external number */
	CASH_INDEX_ORDER,
	CASH_INDEX_PO,
	CASH_INDEX_PAYER_REFERENCE,
	CASH_INDEX_NAME,
};

/* References of the documents of one account, normalised (core/reference.h). */
struct cash_reference_row {
	int32_t lane;
	struct text account;
	struct text value;
	struct text document_id;
	int32_t kind; /* enum cash_index_kind: NUMBER .. PO */
};
enum { CASH_REFERENCE_BY_VALUE };

/* Who answers to a value: shared by all lanes, written by the account's lane, read by holding accounts. */
struct cash_payer_row {
	struct text value;
	int32_t kind; /* enum cash_index_kind */
	struct text account;
	struct text document_id; /* the first document that said so, for people */
};
enum { CASH_PAYER_BY_VALUE };

/* Applications, in force or undone. Credit and debit are part of the key, so that one index answers every question. */
struct cash_application_row {
	int32_t lane;
	struct text account;
	struct text credit_document_id;
	int32_t credit_sequence;
	struct text debit_document_id;
	int32_t debit_sequence;
	struct text application_id;
	struct text entity;
	char currency[4];
	int64_t amount_minor; /* positive */
	date_t accounting_date;
	bool in_force;
	date_t undone_date;
};
enum { CASH_APPLICATION_BY_CREDIT, CASH_APPLICATION_BY_PAIR };

enum cash_line_kind {
	CASH_LINE_PAYMENT = 1, /* posted; has a holding item */
	CASH_LINE_EXCLUDED, /* none of AR's business (CSH-16) */
	CASH_LINE_RETURN, /* posted; a payment that came back */
};

/* Lines of the bank's statements, on the holding account. Where the money of a payment is now stands on its holding item. */
struct cash_line_row {
	int32_t lane;
	struct text account; /* `~` + bank account */
	struct text line_id;
	int32_t kind; /* enum cash_line_kind */
	struct text document_id; /* payment: holding item */
	struct text statement_id;
	struct text entity;
	char currency[4];
	int64_t amount_minor; /* as on the statement: money in +, out - */
	date_t booking_date;
	date_t value_date;
	bool waiting; /* payment, money here, not returned, not touched: tried again when a day opens */
	bool touched; /* a person moved it: from now on only a command does (LEDGER section 4) */
	struct text returned_by; /* line of its return */
	struct text refused_by; /* accounts that refused it or sent it back, by line */
	struct text left_reason; /* why its payer is not known */
	struct text left_because;
	struct cash_remittance *remittance; /* the bank's, with the references of an advice that was joined */
	struct text advice_id;
};
enum {
	CASH_LINE_WAITING,
	CASH_LINE_OF_AMOUNT, /* payments of an amount without advice, booked after the template's date */
};

/* Remittance advices of a bank account (CSH-03). One that was not joined to a line waits for it. */
struct cash_advice_row {
	int32_t lane;
	struct text account; /* `~` + bank account */
	struct text advice_id;
	struct text entity;
	char currency[4];
	int64_t amount_minor;
	date_t payment_date;
	struct text named_line; /* line that the sender names */
	struct text line_id; /* line it was joined to; empty while it waits */
	struct text left_reason; /* why it waits */
	bool indicative; /* its amounts do not make the total */
	struct cash_remittance *remittance;
};
enum {
	CASH_ADVICE_OF_AMOUNT, /* waiting, of an amount */
	CASH_ADVICE_OF_LINE, /* waiting, that name a line */
};

/* Sums of a statement (CSH-01). */
struct cash_statement_row {
	int32_t lane;
	struct text account;
	struct text statement_id;
	struct text entity;
	char currency[4];
	int64_t lines_minor; /* of the lines known so far, signed as on the statement */
	int32_t line_count;
	bool mixed; /* a line has another currency than the rest, or the sum fits no number: it cannot tie out */
	bool closed; /* balances are known */
	int64_t opening_minor;
	int64_t closing_minor;
	date_t booking_date;
};

/* Copies of reference facts. */
struct cash_period_row {
	int32_t lane;
	struct text entity;
	date_t first_day;
	date_t last_day;
	bool closed; /* or soft-closed: takes nothing by itself */
	bool soft; /* takes what a person insists on */
};
enum { CASH_PERIOD_CLOSED_AFTER };

struct cash_rules_row {
	int32_t lane;
	int32_t version;
	int32_t back; /* -version */
	date_t effective_from;
	struct text rules; /* one digit per rule, in order: enum reference_cash_rule */
};
enum { CASH_RULES_NEWEST };

struct cash_day_row {
	int32_t lane;
	struct text entity;
	date_t business_date;
};

extern const struct table cash_customer_table;
extern const struct table cash_item_table;
extern const struct table cash_reference_table;
extern const struct table cash_payer_table;
extern const struct table cash_application_table;
extern const struct table cash_line_table;
extern const struct table cash_advice_table;
extern const struct table cash_statement_table;
extern const struct table cash_period_table;
extern const struct table cash_rules_table;
extern const struct table cash_day_table;

extern const struct table *const cash_tables[];
#define CASH_TABLES_N 11

#endif
