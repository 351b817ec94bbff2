/*
 * tables: what reporting keeps, one row struct per table. tables.c describes them; migrations/ makes them; README.md says
 * which event writes what.
 *
 * Every row begins with its lane and belongs to it alone. `ledger_seq` is the number of the record that told us, gapless
 * per lane in the order of our commits: "as known at" (DESIGN section 3). `seq` is the producer's own number of that record.
 * Amounts are minor units of `currency`, debit +, credit -, unless a column says otherwise. Texts are '' when absent.
 */
#ifndef OPENITEM_REPORTING_TABLES_H
#define OPENITEM_REPORTING_TABLES_H

#include "book/book.h"

/* ledger_counter: the last ledger_seq of a lane. Loaded for every input. */
struct reporting_counter {
	int32_t lane;
	int64_t ledger_seq;
};

/* audit_record: every record of intake, billing, cash and collections, as it was read. Append-only (AUD-01). */
struct reporting_record {
	int32_t lane;
	struct text service; /* who decided */
	int32_t source_lane; /* its lane: ours, except for intake */
	int64_t seq;
	int64_t ledger_seq;
	int64_t record_offset; /* in ar.<service>.v1, partition = lane */
	struct text event_id;
	struct text type; /* invoice_issued, order_fulfilled ... */
	struct text account;
	struct text subject; /* the order, document, line, transfer ... it is about */
	struct text cause_topic;
	int32_t cause_partition;
	int64_t cause_offset;
	struct text cause_event_id;
	int32_t part;
	bool final;
	struct text correlation_id;
	int64_t destination_seq; /* intake only: gapless per (source lane, lane) */
	struct text prev_hash; /* 32 bytes */
	struct text hash; /* SHA-256 of value */
	struct text value; /* protobuf, as read */
};

/* ledger_line: the journal. Append-only; a trigger refuses entries that do not balance. */
struct reporting_ledger_line {
	int32_t lane;
	int64_t ledger_seq; /* of its record */
	int32_t entry_no; /* 1.. within the record */
	int32_t line_no; /* 1.. within the entry */
	struct text service;
	int64_t seq;
	struct text kind; /* of the entry: invoice, bank_line ... */
	struct text entity;
	date_t accounting_date;
	struct text ledger_account;
	char currency[4];
	int64_t amount_minor;
	char functional_currency[4];
	int64_t functional_minor;
	struct text account;
	struct text document_id;
	int32_t item_sequence; /* 0: the line names no item */
	struct text detail;
};

/* day_total: sums of ledger_line, for trial balance, roll-forward and tie-out as of any day. */
struct reporting_day_total {
	int32_t lane;
	struct text entity;
	struct text ledger_account;
	char currency[4];
	date_t accounting_date;
	struct text type; /* of the record: invoice_issued, transfer_accepted ... */
	char functional_currency[4];
	int64_t debit_minor; /* >= 0 */
	int64_t credit_minor; /* >= 0 */
	int64_t functional_minor; /* debit - credit */
};

/* tie_out: the sub-ledger as the events tell it beside AR control as the journal says it (RPT-06, AUD-05). Always equal. */
struct reporting_tie_out {
	int32_t lane;
	struct text entity;
	char currency[4];
	int64_t items_minor;
	int64_t control_minor;
};

/* item: an open item (LEDGER section 1). open = brought + applied, always: the journal against the events. */
struct reporting_item {
	int32_t lane;
	struct text account;
	struct text document_id;
	int32_t sequence;
	struct text entity;
	char currency[4];
	struct text kind; /* invoice, debit_memo, credit_memo, receipt, return, holding; '' = held: facts not here yet */
	struct text reference; /* number the customer knows; for money the bank line */
	date_t document_date;
	date_t due_date;
	date_t accounting_date;
	int64_t original_minor;
	struct text line_id; /* bank line the money came with */
	int32_t dunning_level; /* taken on with it */
	int64_t ledger_seq; /* when its facts came */
	int64_t open_minor; /* sum of the control lines that name it */
	int64_t brought_minor; /* what its events brought and took, applications apart */
	int64_t applied_minor; /* applications in force: - on a debit item, + on a credit item */
	int64_t on_account_minor; /* of a credit: left on the account deliberately, positive (CSH-06) */
	date_t discount_until; /* the first early-payment discount offered on it */
	int64_t discount_minor;
};

/* document: what billing issued. Append-only. Amounts of a credit memo are positive. */
struct reporting_document {
	int32_t lane;
	struct text account;
	struct text document_id;
	struct text type; /* invoice, credit_memo, debit_memo, receipt */
	struct text number;
	struct text external_number; /* of a debit memo the sender's reference */
	struct text entity;
	char currency[4];
	date_t issue_date;
	date_t accounting_date;
	date_t supply_date;
	struct text order_id;
	int32_t order_version;
	struct text customer_po;
	struct text terms_code;
	struct text refers_to_document_id;
	struct text refers_to_number;
	struct text reason;
	int64_t net_minor;
	int64_t tax_minor;
	int64_t gross_minor;
	bool taken_on;
	int64_t seq;
	int64_t ledger_seq;
};

/* sales_order: the order as billing last recorded it. */
struct reporting_order {
	int32_t lane;
	struct text account;
	struct text order_id;
	int32_t order_version;
	struct text entity;
	struct text state; /* open, fulfilled, cancelled */
	char currency[4];
	int64_t net_minor;
	struct text customer_po;
	int64_t seq;
	int64_t ledger_seq;
};

/* application: credit item against debit item. In force while undone_on is NULL. */
struct reporting_application {
	int32_t lane;
	struct text account;
	struct text application_id;
	struct text entity;
	char currency[4];
	struct text credit_document_id;
	int32_t credit_sequence;
	struct text debit_document_id;
	int32_t debit_sequence;
	int64_t amount_minor; /* positive */
	date_t applied_on; /* accounting dates */
	date_t undone_on;
	struct text undone_reason;
	struct text rule_id;
	struct text rule_version;
	struct text because;
	struct text tie_break;
	int64_t seq;
	int64_t undone_seq;
	int64_t ledger_seq;
	int64_t undone_ledger_seq;
};

/* bank_line: a line of a bank statement on its holding account. */
struct reporting_bank_line {
	int32_t lane;
	struct text account; /* holding account: ~ and the bank account */
	struct text line_id;
	struct text state; /* posted, returned, excluded; of a return itself: return */
	struct text entity;
	char currency[4];
	int64_t amount_minor; /* as on the statement: money in +, money out - */
	int64_t fee_minor; /* of a return, positive; not in amount */
	date_t booking_date;
	date_t value_date;
	struct text statement_id;
	struct text document_id; /* holding item */
	struct text at_account; /* account where the money is, or is going to */
	struct text reason; /* excluded: why; return: the bank's reason */
	struct text returned_line_id;
	struct text place; /* of a return: holding, passed_on, suspense */
	date_t returned_on; /* of a returned line */
	struct text payer_name;
	struct text payer_bank_account;
	struct text payer_reference;
	struct text remittance_text;
	int64_t seq;
	int64_t ledger_seq;
};

/* bank_statement: balances compared with lines, as cash saw them last (CSH-01). */
struct reporting_statement {
	int32_t lane;
	struct text account;
	struct text statement_id;
	struct text entity;
	char currency[4];
	int64_t opening_minor;
	int64_t closing_minor;
	int64_t lines_minor;
	int32_t line_count;
	bool ties_out;
	date_t booking_date;
	int64_t seq;
	int64_t ledger_seq;
};

/* transfer: one side of money (or a return) on its way, as seen from `account`; both sides share transfer_id. */
struct reporting_transfer {
	int32_t lane;
	struct text account;
	struct text transfer_id;
	struct text kind; /* payer, send_back, return */
	struct text from_account;
	struct text to_account;
	struct text line_id;
	struct text entity;
	char currency[4];
	int64_t amount_minor; /* positive */
	date_t booking_date; /* of the bank line */
	date_t sent_on;
	date_t accepted_on;
	date_t returned_on; /* back at the sender after a refusal */
	struct text refused_reason;
	struct text document_id; /* item that took it */
	struct text rule_id; /* how the payer was found */
	struct text rule_version;
	struct text because;
	int64_t seq;
	int64_t ledger_seq;
};

/* customer: name and policy from a day on, as each record told it. Append-only. */
struct reporting_customer {
	int32_t lane;
	struct text account;
	date_t effective_from;
	struct text legal_name;
	struct text terms_code;
	struct text parent_account;
	bool apply_oldest_first;
	int64_t ledger_seq;
};

/* entity, business_day: reference facts, the same on every lane. */
struct reporting_entity {
	int32_t lane;
	struct text entity;
	struct text name;
	char functional_currency[4];
	int32_t fiscal_year_start_month;
	struct text number_prefix;
	int64_t ledger_seq;
};

struct reporting_day {
	int32_t lane;
	struct text entity;
	date_t opened_on;
	date_t closed_on;
	int64_t ledger_seq;
};

/* notice: a dunning notice. Append-only. */
struct reporting_notice {
	int32_t lane;
	struct text account;
	struct text notice_id;
	struct text entity;
	char currency[4];
	int32_t level;
	int32_t episode;
	date_t notice_date;
	date_t judged_date;
	int64_t amount_minor;
	int64_t overdue_minor;
	int64_t credits_minor;
	int64_t held_minor;
	int64_t promised_minor;
	int32_t oldest_days;
	int32_t item_count;
	struct text ladder_version;
	int64_t seq;
	int64_t ledger_seq;
};

/* episode: a dunning episode of (entity, account, currency); a returned payment may re-open it. */
struct reporting_episode {
	int32_t lane;
	struct text account;
	struct text entity;
	char currency[4];
	int32_t episode;
	date_t begun_on; /* business days */
	date_t reopened_on; /* last time */
	date_t ended_on; /* NULL = it goes on */
	int64_t ledger_seq;
};

/* day_judged: what collections did with a business day on a lane. */
struct reporting_day_judged {
	int32_t lane;
	date_t judged_date;
	int32_t subjects;
	int32_t notices;
	int64_t ledger_seq;
};

/* block: keeps an account, or one item, out of dunning. */
struct reporting_block {
	int32_t lane;
	struct text account;
	struct text block_id;
	struct text reason;
	struct text document_id; /* '' = the whole account */
	int32_t item_sequence;
	date_t held_until; /* NULL = until lifted */
	bool lifted;
	int64_t ledger_seq;
};

/* hold: keeps an amount of an item out of dunning. */
struct reporting_hold {
	int32_t lane;
	struct text account;
	struct text hold_id;
	struct text kind;
	struct text document_id;
	int32_t item_sequence;
	int64_t amount_minor; /* 0 = the whole item */
	date_t held_until; /* NULL = until lifted */
	bool lifted;
	int64_t ledger_seq;
};

/* promise: to pay, as it was made; a row per promise_made, so that one that was superseded stays (COL-04). */
struct reporting_promise {
	int32_t lane;
	struct text account;
	struct text promise_id;
	int64_t ledger_seq; /* of its making */
	struct text entity;
	char currency[4];
	int64_t amount_minor;
	struct text items; /* "document:sequence" by line; '' = an amount */
	date_t made_on;
	date_t promised_date;
	int32_t grace_days;
	struct text channel;
	struct text state; /* open, kept, partly_kept, broken, cancelled, superseded */
	int64_t paid_minor; /* when it was judged */
	date_t ended_on; /* judged or superseded on */
	int64_t ended_ledger_seq; /* 0 = open */
};
enum { REPORTING_PROMISE_OPEN };

/* advice: what payers say about payments (CSH-03). */
struct reporting_advice {
	int32_t lane;
	struct text account; /* holding account */
	struct text advice_id;
	struct text entity;
	char currency[4];
	int64_t amount_minor;
	date_t payment_date;
	struct text payer_account;
	struct text line_id; /* '' = it waits */
	struct text reason; /* why it waited first */
	bool indicative;
	int64_t ledger_seq;
};

/*
 * exception: what did not go the ordinary way. kind and ref:
 *	refused          event id of the refusal            a log: it stays
 *	parked           event id of the input              resolved when its final record came
 *	left_unapplied   document_id:sequence of the credit over when that item is closed (read from item)
 *	left_unidentified, return_suspense   bank line      over when the money moved on (read from bank_line); suspense stays
 */
struct reporting_exception {
	int32_t lane;
	struct text account;
	struct text kind;
	struct text ref;
	struct text service;
	struct text reason;
	struct text detail;
	struct text subject;
	struct text input_type;
	struct text candidates; /* "what (rule): note; ..." the winner, if any, first */
	struct text event_id;
	struct text cause_event_id;
	bool resolved;
	int64_t ledger_seq;
};

extern const struct table reporting_counter_table, reporting_record_table, reporting_ledger_line_table, reporting_day_total_table,
	reporting_tie_out_table, reporting_item_table, reporting_document_table, reporting_order_table, reporting_application_table,
	reporting_bank_line_table, reporting_statement_table, reporting_transfer_table, reporting_customer_table,
	reporting_entity_table, reporting_day_table, reporting_notice_table, reporting_episode_table, reporting_day_judged_table,
	reporting_block_table, reporting_hold_table, reporting_promise_table, reporting_advice_table, reporting_exception_table;

#define REPORTING_TABLES_N 23
extern const struct table *const reporting_tables[REPORTING_TABLES_N];

#endif
