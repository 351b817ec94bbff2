/* The tables of reporting, each described once. What the columns mean stands in tables.h. */
#include "reporting/tables.h"

#define COL(row, field, type, how)                                                                                                 \
	{                                                                                                                          \
#field, COL_##type, offsetof(struct reporting_##row, field), how, NULL                                             \
	}
#define TABLE(row, sql_name, how)                                                                                                  \
	const struct table reporting_##row##_table = {                                                                             \
		.name = sql_name,                                                                                                  \
		.cols = row##_cols,                                                                                                \
		.n_cols = ARRAY_LEN(row##_cols),                                                                                   \
		.row_size = sizeof(struct reporting_##row),                                                                        \
		.flags = how,                                                                                                      \
	}

static const struct col counter_cols[] = {
	COL(counter, lane, I32, COL_KEY),
	COL(counter, ledger_seq, I64, 0),
};
TABLE(counter, "ledger_counter", 0);

static const struct col record_cols[] = {
	COL(record, lane, I32, COL_KEY),   COL(record, service, TEXT, COL_KEY),  COL(record, source_lane, I32, COL_KEY),
	COL(record, seq, I64, COL_KEY),    COL(record, ledger_seq, I64, 0),      COL(record, record_offset, I64, 0),
	COL(record, event_id, TEXT, 0),    COL(record, type, TEXT, 0),           COL(record, account, TEXT, 0),
	COL(record, subject, TEXT, 0),     COL(record, cause_topic, TEXT, 0),    COL(record, cause_partition, I32, 0),
	COL(record, cause_offset, I64, 0), COL(record, cause_event_id, TEXT, 0), COL(record, part, I32, 0),
	COL(record, final, BOOL, 0),       COL(record, correlation_id, TEXT, 0), COL(record, destination_seq, I64, 0),
	COL(record, prev_hash, BYTES, 0),  COL(record, hash, BYTES, 0),          COL(record, value, BYTES, 0),
};
TABLE(record, "audit_record", TABLE_APPEND);

static const struct col ledger_line_cols[] = {
	COL(ledger_line, lane, I32, COL_KEY),
	COL(ledger_line, ledger_seq, I64, COL_KEY),
	COL(ledger_line, entry_no, I32, COL_KEY),
	COL(ledger_line, line_no, I32, COL_KEY),
	COL(ledger_line, service, TEXT, 0),
	COL(ledger_line, seq, I64, 0),
	COL(ledger_line, kind, TEXT, 0),
	COL(ledger_line, entity, TEXT, 0),
	COL(ledger_line, accounting_date, DATE, 0),
	COL(ledger_line, ledger_account, TEXT, 0),
	COL(ledger_line, currency, CURRENCY, 0),
	COL(ledger_line, amount_minor, I64, 0),
	COL(ledger_line, functional_currency, CURRENCY, 0),
	COL(ledger_line, functional_minor, I64, 0),
	COL(ledger_line, account, TEXT, 0),
	COL(ledger_line, document_id, TEXT, 0),
	COL(ledger_line, item_sequence, I32, 0),
	COL(ledger_line, detail, TEXT, 0),
};
TABLE(ledger_line, "ledger_line", TABLE_APPEND);

static const struct col day_total_cols[] = {
	COL(day_total, lane, I32, COL_KEY),
	COL(day_total, entity, TEXT, COL_KEY),
	COL(day_total, ledger_account, TEXT, COL_KEY),
	COL(day_total, currency, CURRENCY, COL_KEY),
	COL(day_total, accounting_date, DATE, COL_KEY),
	COL(day_total, type, TEXT, COL_KEY),
	COL(day_total, functional_currency, CURRENCY, COL_FILL),
	COL(day_total, debit_minor, I64, COL_ADD),
	COL(day_total, credit_minor, I64, COL_ADD),
	COL(day_total, functional_minor, I64, COL_ADD),
};
TABLE(day_total, "day_total", TABLE_ADDING);

static const struct col tie_out_cols[] = {
	COL(tie_out, lane, I32, COL_KEY),          COL(tie_out, entity, TEXT, COL_KEY),
	COL(tie_out, currency, CURRENCY, COL_KEY), COL(tie_out, items_minor, I64, COL_ADD),
	COL(tie_out, control_minor, I64, COL_ADD),
};
TABLE(tie_out, "tie_out", TABLE_ADDING);

static const struct col item_cols[] = {
	COL(item, lane, I32, COL_KEY),
	COL(item, account, TEXT, COL_KEY),
	COL(item, document_id, TEXT, COL_KEY),
	COL(item, sequence, I32, COL_KEY),
	COL(item, entity, TEXT, COL_FILL),
	COL(item, currency, CURRENCY, COL_FILL),
	COL(item, kind, TEXT, COL_FILL),
	COL(item, reference, TEXT, COL_FILL),
	COL(item, document_date, DATE, COL_FILL),
	COL(item, due_date, DATE, COL_FILL),
	COL(item, accounting_date, DATE, COL_FILL),
	COL(item, original_minor, I64, COL_FILL),
	COL(item, line_id, TEXT, COL_FILL),
	COL(item, dunning_level, I32, COL_FILL),
	COL(item, ledger_seq, I64, COL_FILL),
	COL(item, open_minor, I64, COL_ADD),
	COL(item, brought_minor, I64, COL_ADD),
	COL(item, applied_minor, I64, COL_ADD),
	COL(item, on_account_minor, I64, COL_ADD),
	COL(item, discount_until, DATE, COL_FILL),
	COL(item, discount_minor, I64, COL_FILL),
};
TABLE(item, "item", TABLE_ADDING);

static const struct col document_cols[] = {
	COL(document, lane, I32, COL_KEY),
	COL(document, account, TEXT, COL_KEY),
	COL(document, document_id, TEXT, COL_KEY),
	COL(document, type, TEXT, 0),
	COL(document, number, TEXT, 0),
	COL(document, external_number, TEXT, 0),
	COL(document, entity, TEXT, 0),
	COL(document, currency, CURRENCY, 0),
	COL(document, issue_date, DATE, 0),
	COL(document, accounting_date, DATE, 0),
	COL(document, supply_date, DATE, 0),
	COL(document, order_id, TEXT, 0),
	COL(document, order_version, I32, 0),
	COL(document, customer_po, TEXT, 0),
	COL(document, terms_code, TEXT, 0),
	COL(document, refers_to_document_id, TEXT, 0),
	COL(document, refers_to_number, TEXT, 0),
	COL(document, reason, TEXT, 0),
	COL(document, net_minor, I64, 0),
	COL(document, tax_minor, I64, 0),
	COL(document, gross_minor, I64, 0),
	COL(document, taken_on, BOOL, 0),
	COL(document, seq, I64, 0),
	COL(document, ledger_seq, I64, 0),
};
TABLE(document, "document", TABLE_APPEND);

static const struct col order_cols[] = {
	COL(order, lane, I32, COL_KEY),           COL(order, account, TEXT, COL_KEY),
	COL(order, order_id, TEXT, COL_KEY),      COL(order, order_version, I32, COL_FILL),
	COL(order, entity, TEXT, COL_FILL),       COL(order, state, TEXT, COL_FILL),
	COL(order, currency, CURRENCY, COL_FILL), COL(order, net_minor, I64, COL_FILL),
	COL(order, customer_po, TEXT, COL_FILL),  COL(order, seq, I64, 0),
	COL(order, ledger_seq, I64, 0),
};
TABLE(order, "sales_order", 0);

static const struct col application_cols[] = {
	COL(application, lane, I32, COL_KEY),
	COL(application, account, TEXT, COL_KEY),
	COL(application, application_id, TEXT, COL_KEY),
	COL(application, entity, TEXT, COL_FILL),
	COL(application, currency, CURRENCY, COL_FILL),
	COL(application, credit_document_id, TEXT, COL_FILL),
	COL(application, credit_sequence, I32, COL_FILL),
	COL(application, debit_document_id, TEXT, COL_FILL),
	COL(application, debit_sequence, I32, COL_FILL),
	COL(application, amount_minor, I64, COL_FILL),
	COL(application, applied_on, DATE, COL_FILL),
	COL(application, undone_on, DATE, COL_FILL),
	COL(application, undone_reason, TEXT, COL_FILL),
	COL(application, rule_id, TEXT, COL_FILL),
	COL(application, rule_version, TEXT, COL_FILL),
	COL(application, because, TEXT, COL_FILL),
	COL(application, tie_break, TEXT, COL_FILL),
	COL(application, seq, I64, COL_FILL),
	COL(application, undone_seq, I64, COL_FILL),
	COL(application, ledger_seq, I64, COL_FILL),
	COL(application, undone_ledger_seq, I64, COL_FILL),
};
TABLE(application, "application", 0);

static const struct col bank_line_cols[] = {
	COL(bank_line, lane, I32, COL_KEY),
	COL(bank_line, account, TEXT, COL_KEY),
	COL(bank_line, line_id, TEXT, COL_KEY),
	COL(bank_line, state, TEXT, COL_FILL),
	COL(bank_line, entity, TEXT, COL_FILL),
	COL(bank_line, currency, CURRENCY, COL_FILL),
	COL(bank_line, amount_minor, I64, COL_FILL),
	COL(bank_line, fee_minor, I64, COL_FILL),
	COL(bank_line, booking_date, DATE, COL_FILL),
	COL(bank_line, value_date, DATE, COL_FILL),
	COL(bank_line, statement_id, TEXT, COL_FILL),
	COL(bank_line, document_id, TEXT, COL_FILL),
	COL(bank_line, at_account, TEXT, COL_FILL),
	COL(bank_line, reason, TEXT, COL_FILL),
	COL(bank_line, returned_line_id, TEXT, COL_FILL),
	COL(bank_line, place, TEXT, COL_FILL),
	COL(bank_line, returned_on, DATE, COL_FILL),
	COL(bank_line, payer_name, TEXT, COL_FILL),
	COL(bank_line, payer_bank_account, TEXT, COL_FILL),
	COL(bank_line, payer_reference, TEXT, COL_FILL),
	COL(bank_line, remittance_text, TEXT, COL_FILL),
	COL(bank_line, seq, I64, COL_FILL),
	COL(bank_line, ledger_seq, I64, COL_FILL),
};
TABLE(bank_line, "bank_line", 0);

static const struct col statement_cols[] = {
	COL(statement, lane, I32, COL_KEY),    COL(statement, account, TEXT, COL_KEY), COL(statement, statement_id, TEXT, COL_KEY),
	COL(statement, entity, TEXT, 0),       COL(statement, currency, CURRENCY, 0),  COL(statement, opening_minor, I64, 0),
	COL(statement, closing_minor, I64, 0), COL(statement, lines_minor, I64, 0),    COL(statement, line_count, I32, 0),
	COL(statement, ties_out, BOOL, 0),     COL(statement, booking_date, DATE, 0),  COL(statement, seq, I64, 0),
	COL(statement, ledger_seq, I64, 0),
};
TABLE(statement, "bank_statement", 0);

static const struct col transfer_cols[] = {
	COL(transfer, lane, I32, COL_KEY),
	COL(transfer, account, TEXT, COL_KEY),
	COL(transfer, transfer_id, TEXT, COL_KEY),
	COL(transfer, kind, TEXT, COL_FILL),
	COL(transfer, from_account, TEXT, COL_FILL),
	COL(transfer, to_account, TEXT, COL_FILL),
	COL(transfer, line_id, TEXT, COL_FILL),
	COL(transfer, entity, TEXT, COL_FILL),
	COL(transfer, currency, CURRENCY, COL_FILL),
	COL(transfer, amount_minor, I64, COL_FILL),
	COL(transfer, booking_date, DATE, COL_FILL),
	COL(transfer, sent_on, DATE, COL_FILL),
	COL(transfer, accepted_on, DATE, COL_FILL),
	COL(transfer, returned_on, DATE, COL_FILL),
	COL(transfer, refused_reason, TEXT, COL_FILL),
	COL(transfer, document_id, TEXT, COL_FILL),
	COL(transfer, rule_id, TEXT, COL_FILL),
	COL(transfer, rule_version, TEXT, COL_FILL),
	COL(transfer, because, TEXT, COL_FILL),
	COL(transfer, seq, I64, COL_FILL),
	COL(transfer, ledger_seq, I64, COL_FILL),
};
TABLE(transfer, "transfer", 0);

static const struct col customer_cols[] = {
	COL(customer, lane, I32, COL_KEY),
	COL(customer, account, TEXT, COL_KEY),
	COL(customer, effective_from, DATE, COL_KEY),
	COL(customer, ledger_seq, I64, COL_KEY),
	COL(customer, legal_name, TEXT, 0),
	COL(customer, terms_code, TEXT, 0),
	COL(customer, parent_account, TEXT, 0),
	COL(customer, apply_oldest_first, BOOL, 0),
};
TABLE(customer, "customer", TABLE_APPEND);

static const struct col entity_cols[] = {
	COL(entity, lane, I32, COL_KEY),
	COL(entity, entity, TEXT, COL_KEY),
	COL(entity, name, TEXT, 0),
	COL(entity, functional_currency, CURRENCY, 0),
	COL(entity, fiscal_year_start_month, I32, 0),
	COL(entity, number_prefix, TEXT, 0),
	COL(entity, ledger_seq, I64, 0),
};
TABLE(entity, "entity", 0);

static const struct col day_cols[] = {
	COL(day, lane, I32, COL_KEY),        COL(day, entity, TEXT, COL_KEY),     COL(day, opened_on, DATE, COL_FILL),
	COL(day, closed_on, DATE, COL_FILL), COL(day, ledger_seq, I64, COL_FILL),
};
TABLE(day, "business_day", 0);

static const struct col notice_cols[] = {
	COL(notice, lane, I32, COL_KEY),
	COL(notice, account, TEXT, COL_KEY),
	COL(notice, notice_id, TEXT, COL_KEY),
	COL(notice, entity, TEXT, 0),
	COL(notice, currency, CURRENCY, 0),
	COL(notice, level, I32, 0),
	COL(notice, episode, I32, 0),
	COL(notice, notice_date, DATE, 0),
	COL(notice, judged_date, DATE, 0),
	COL(notice, amount_minor, I64, 0),
	COL(notice, overdue_minor, I64, 0),
	COL(notice, credits_minor, I64, 0),
	COL(notice, held_minor, I64, 0),
	COL(notice, oldest_days, I32, 0),
	COL(notice, item_count, I32, 0),
	COL(notice, ladder_version, TEXT, 0),
	COL(notice, seq, I64, 0),
	COL(notice, ledger_seq, I64, 0),
	COL(notice, promised_minor, I64, 0),
};
TABLE(notice, "notice", TABLE_APPEND);

static const struct col episode_cols[] = {
	COL(episode, lane, I32, COL_KEY),          COL(episode, account, TEXT, COL_KEY), COL(episode, entity, TEXT, COL_KEY),
	COL(episode, currency, CURRENCY, COL_KEY), COL(episode, episode, I32, COL_KEY),  COL(episode, begun_on, DATE, 0),
	COL(episode, reopened_on, DATE, 0),        COL(episode, ended_on, DATE, 0),      COL(episode, ledger_seq, I64, 0),
};
TABLE(episode, "episode", 0);

static const struct col day_judged_cols[] = {
	COL(day_judged, lane, I32, COL_KEY), COL(day_judged, judged_date, DATE, COL_KEY), COL(day_judged, subjects, I32, 0),
	COL(day_judged, notices, I32, 0),    COL(day_judged, ledger_seq, I64, 0),
};
TABLE(day_judged, "day_judged", 0);

static const struct col block_cols[] = {
	COL(block, lane, I32, COL_KEY),  COL(block, account, TEXT, COL_KEY), COL(block, block_id, TEXT, COL_KEY),
	COL(block, reason, TEXT, 0),     COL(block, document_id, TEXT, 0),   COL(block, item_sequence, I32, 0),
	COL(block, held_until, DATE, 0), COL(block, lifted, BOOL, 0),        COL(block, ledger_seq, I64, 0),
};
TABLE(block, "block", 0);

static const struct col hold_cols[] = {
	COL(hold, lane, I32, COL_KEY),   COL(hold, account, TEXT, COL_KEY), COL(hold, hold_id, TEXT, COL_KEY),
	COL(hold, kind, TEXT, 0),        COL(hold, document_id, TEXT, 0),   COL(hold, item_sequence, I32, 0),
	COL(hold, amount_minor, I64, 0), COL(hold, held_until, DATE, 0),    COL(hold, lifted, BOOL, 0),
	COL(hold, ledger_seq, I64, 0),
};
TABLE(hold, "hold", 0);

enum { PROMISE_LANE, PROMISE_ACCOUNT, PROMISE_ID, PROMISE_LEDGER_SEQ };
static const struct col promise_cols[] = {
	COL(promise, lane, I32, COL_KEY),       COL(promise, account, TEXT, COL_KEY), COL(promise, promise_id, TEXT, COL_KEY),
	COL(promise, ledger_seq, I64, COL_KEY), COL(promise, entity, TEXT, 0),        COL(promise, currency, CURRENCY, 0),
	COL(promise, amount_minor, I64, 0),     COL(promise, items, TEXT, 0),         COL(promise, made_on, DATE, 0),
	COL(promise, promised_date, DATE, 0),   COL(promise, grace_days, I32, 0),     COL(promise, channel, TEXT, 0),
	COL(promise, state, TEXT, 0),           COL(promise, paid_minor, I64, 0),     COL(promise, ended_on, DATE, 0),
	COL(promise, ended_ledger_seq, I64, 0),
};

static bool promise_is_open(const void *row)
{
	return ((const struct reporting_promise *)row)->ended_ledger_seq == 0;
}

static const struct probe promise_probes[] = {
	[REPORTING_PROMISE_OPEN] = {
		.name = "open", .eq = { PROMISE_LANE, PROMISE_ACCOUNT, PROMISE_ID }, .n_eq = 3,
		.order = { PROMISE_LEDGER_SEQ }, .n_order = 1, .limit = 2, .where = "ended_ledger_seq = 0", .match = promise_is_open,
	},
};
const struct table reporting_promise_table = {
	.name = "promise",
	.cols = promise_cols,
	.n_cols = ARRAY_LEN(promise_cols),
	.row_size = sizeof(struct reporting_promise),
	.probes = promise_probes,
	.n_probes = ARRAY_LEN(promise_probes),
};

static const struct col advice_cols[] = {
	COL(advice, lane, I32, COL_KEY),           COL(advice, account, TEXT, COL_KEY),
	COL(advice, advice_id, TEXT, COL_KEY),     COL(advice, entity, TEXT, COL_FILL),
	COL(advice, currency, CURRENCY, COL_FILL), COL(advice, amount_minor, I64, COL_FILL),
	COL(advice, payment_date, DATE, COL_FILL), COL(advice, payer_account, TEXT, COL_FILL),
	COL(advice, line_id, TEXT, COL_FILL),      COL(advice, reason, TEXT, COL_FILL),
	COL(advice, indicative, BOOL, COL_FILL),   COL(advice, ledger_seq, I64, 0),
};
TABLE(advice, "advice", 0);

static const struct col exception_cols[] = {
	COL(exception, lane, I32, COL_KEY),  COL(exception, account, TEXT, COL_KEY), COL(exception, kind, TEXT, COL_KEY),
	COL(exception, ref, TEXT, COL_KEY),  COL(exception, service, TEXT, 0),       COL(exception, reason, TEXT, 0),
	COL(exception, detail, TEXT, 0),     COL(exception, subject, TEXT, 0),       COL(exception, input_type, TEXT, 0),
	COL(exception, candidates, TEXT, 0), COL(exception, event_id, TEXT, 0),      COL(exception, cause_event_id, TEXT, 0),
	COL(exception, resolved, BOOL, 0),   COL(exception, ledger_seq, I64, 0),
};
TABLE(exception, "exception", 0);
/* In the order of saving. */
const struct table *const reporting_tables[REPORTING_TABLES_N] = {
	&reporting_counter_table,     &reporting_record_table,     &reporting_ledger_line_table, &reporting_day_total_table,
	&reporting_tie_out_table,     &reporting_item_table,       &reporting_document_table,    &reporting_order_table,
	&reporting_application_table, &reporting_bank_line_table,  &reporting_statement_table,   &reporting_transfer_table,
	&reporting_customer_table,    &reporting_entity_table,     &reporting_day_table,         &reporting_notice_table,
	&reporting_episode_table,     &reporting_day_judged_table, &reporting_block_table,       &reporting_hold_table,
	&reporting_promise_table,     &reporting_advice_table,     &reporting_exception_table,
};
