/* The tables of cash, each described once. What the columns mean stands in tables.h. */
#include "cash/tables.h"
#include "base/fault.h"

#define COL(row, field, type, how)                                                                                                 \
	{                                                                                                                          \
#field, COL_##type, offsetof(struct cash_##row##_row, field), how, NULL                                            \
	}
#define MSG(row, field, type)                                                                                                      \
	{                                                                                                                          \
#field, COL_MSG, offsetof(struct cash_##row##_row, field), 0, &type##_msg                                          \
	}
#define TABLE_OF(row, sql_name, probe_list, n_probe_list, how_table)                                                               \
	const struct table cash_##row##_table = {                                                                                  \
		.name = sql_name,                                                                                                  \
		.cols = row##_cols,                                                                                                \
		.n_cols = ARRAY_LEN(row##_cols),                                                                                   \
		.row_size = sizeof(struct cash_##row##_row),                                                                       \
		.probes = probe_list,                                                                                              \
		.n_probes = n_probe_list,                                                                                          \
		.flags = how_table,                                                                                                \
	}
#define TABLE(row, sql_name, probe_list, n_probe_list) TABLE_OF(row, sql_name, probe_list, n_probe_list, 0)

/* ---- customer ------------------------------------------------------------------------------------------------------- */

enum { CUSTOMER_LANE, CUSTOMER_ACCOUNT, CUSTOMER_BACK };
static const struct col customer_cols[] = {
	COL(customer, lane, I32, COL_KEY),      COL(customer, account, TEXT, COL_KEY), COL(customer, back, I32, COL_KEY),
	COL(customer, effective_from, DATE, 0), COL(customer, oldest_first, BOOL, 0),  COL(customer, payer_values, TEXT, 0),
};
static const struct probe customer_probes[] = {
	[CASH_CUSTOMER_NEWEST] = {
		.name = "newest", .eq = { CUSTOMER_LANE, CUSTOMER_ACCOUNT }, .n_eq = 2,
		.order = { CUSTOMER_BACK }, .n_order = 1, .limit = CASH_VERSIONS_MAX,
	},
};
TABLE(customer, "customer", customer_probes, ARRAY_LEN(customer_probes));

/* ---- item ----------------------------------------------------------------------------------------------------------- */

enum { ITEM_LANE, ITEM_ACCOUNT, ITEM_DOCUMENT_ID, ITEM_SEQUENCE, ITEM_KIND, ITEM_ENTITY, ITEM_CURRENCY, ITEM_DUE_DATE };
static const struct col item_cols[] = {
	COL(item, lane, I32, COL_KEY),
	COL(item, account, TEXT, COL_KEY),
	COL(item, document_id, TEXT, COL_KEY),
	COL(item, sequence, I32, COL_KEY),
	COL(item, kind, I32, 0),
	COL(item, entity, TEXT, 0),
	COL(item, currency, CURRENCY, 0),
	COL(item, due_date, DATE, 0),
	COL(item, original_minor, I64, 0),
	COL(item, brought_minor, I64, 0),
	COL(item, open_minor, I64, 0),
	COL(item, document_date, DATE, 0),
	COL(item, value_date, DATE, 0),
	COL(item, accounting_date, DATE, 0),
	COL(item, number, TEXT, 0),
	COL(item, external_number, TEXT, 0),
	COL(item, order_id, TEXT, 0),
	COL(item, customer_po, TEXT, 0),
	COL(item, version, I32, 0),
	COL(item, line_id, TEXT, 0),
	COL(item, bank_account, TEXT, 0),
	COL(item, transfer_id, TEXT, 0),
	COL(item, away_account, TEXT, 0),
	COL(item, away_transfer, TEXT, 0),
	COL(item, returned_by, TEXT, 0),
	COL(item, left_reason, TEXT, 0),
	COL(item, on_account_minor, I64, 0),
};

static bool is_debit(const void *row)
{
	return ((const struct cash_item_row *)row)->open_minor > 0;
}

static bool is_credit(const void *row)
{
	return ((const struct cash_item_row *)row)->open_minor < 0;
}

static const struct probe item_probes[] = {
	[CASH_ITEM_BY_DOCUMENT] = {
		.name = "by_document", .eq = { ITEM_LANE, ITEM_ACCOUNT, ITEM_DOCUMENT_ID }, .n_eq = 3,
		.order = { ITEM_SEQUENCE }, .n_order = 1, .limit = CASH_DOCUMENT_ITEMS_MAX + 1,
	},
	[CASH_ITEM_OPEN_DEBITS] = {
		.name = "open_debits", .eq = { ITEM_LANE, ITEM_ACCOUNT, ITEM_ENTITY, ITEM_CURRENCY }, .n_eq = 4,
		.order = { ITEM_DUE_DATE, ITEM_DOCUMENT_ID, ITEM_SEQUENCE }, .n_order = 3,
		.limit = CASH_APPLY_ITEMS_MAX + 1, .where = "open_minor > 0", .match = is_debit,
	},
	[CASH_ITEM_OPEN_CREDITS] = {
		.name = "open_credits", .eq = { ITEM_LANE, ITEM_ACCOUNT, ITEM_ENTITY, ITEM_CURRENCY }, .n_eq = 4,
		.order = { ITEM_DUE_DATE, ITEM_DOCUMENT_ID, ITEM_SEQUENCE }, .n_order = 3,
		.limit = CASH_APPLY_ITEMS_MAX + 1, .where = "open_minor < 0", .match = is_credit,
	},
};
TABLE(item, "item", item_probes, ARRAY_LEN(item_probes));

/* ---- references and payers ------------------------------------------------------------------------------------------ */

enum { REFERENCE_LANE, REFERENCE_ACCOUNT, REFERENCE_VALUE, REFERENCE_DOCUMENT_ID };
static const struct col reference_cols[] = {
	COL(reference, lane, I32, COL_KEY),         COL(reference, account, TEXT, COL_KEY), COL(reference, value, TEXT, COL_KEY),
	COL(reference, document_id, TEXT, COL_KEY), COL(reference, kind, I32, 0),
};
static const struct probe reference_probes[] = {
	[CASH_REFERENCE_BY_VALUE] = {
		.name = "by_value", .eq = { REFERENCE_LANE, REFERENCE_ACCOUNT, REFERENCE_VALUE }, .n_eq = 3,
		.order = { REFERENCE_DOCUMENT_ID }, .n_order = 1, .limit = CASH_DOCUMENTS_MAX + 1,
	},
};
TABLE(reference, "item_reference", reference_probes, ARRAY_LEN(reference_probes));

enum { PAYER_VALUE, PAYER_KIND, PAYER_ACCOUNT };
static const struct col payer_cols[] = {
	COL(payer, value, TEXT, COL_KEY),
	COL(payer, kind, I32, COL_KEY),
	COL(payer, account, TEXT, COL_KEY),
	COL(payer, document_id, TEXT, COL_ONCE),
};
static const struct probe payer_probes[] = {
	[CASH_PAYER_BY_VALUE] = {
		.name = "by_value", .eq = { PAYER_VALUE }, .n_eq = 1,
		.order = { PAYER_KIND, PAYER_ACCOUNT }, .n_order = 2, .limit = CASH_PAYERS_MAX + 1,
	},
};
TABLE_OF(payer, "payer_index", payer_probes, ARRAY_LEN(payer_probes), TABLE_DELETES);

/* ---- application ---------------------------------------------------------------------------------------------------- */

enum {
	APPLICATION_LANE,
	APPLICATION_ACCOUNT,
	APPLICATION_CREDIT_DOCUMENT_ID,
	APPLICATION_CREDIT_SEQUENCE,
	APPLICATION_DEBIT_DOCUMENT_ID,
	APPLICATION_DEBIT_SEQUENCE,
	APPLICATION_ID
};
static const struct col application_cols[] = {
	COL(application, lane, I32, COL_KEY),
	COL(application, account, TEXT, COL_KEY),
	COL(application, credit_document_id, TEXT, COL_KEY),
	COL(application, credit_sequence, I32, COL_KEY),
	COL(application, debit_document_id, TEXT, COL_KEY),
	COL(application, debit_sequence, I32, COL_KEY),
	COL(application, application_id, TEXT, COL_KEY),
	COL(application, entity, TEXT, 0),
	COL(application, currency, CURRENCY, 0),
	COL(application, amount_minor, I64, 0),
	COL(application, accounting_date, DATE, 0),
	COL(application, in_force, BOOL, 0),
	COL(application, undone_date, DATE, 0),
};

static bool in_force(const void *row)
{
	return ((const struct cash_application_row *)row)->in_force || MUTANT(RETURN_REOPENS_ONCE_CLOSED);
}

static const struct probe application_probes[] = {
	[CASH_APPLICATION_BY_CREDIT] = {
		.name = "by_credit",
		.eq = { APPLICATION_LANE, APPLICATION_ACCOUNT, APPLICATION_CREDIT_DOCUMENT_ID, APPLICATION_CREDIT_SEQUENCE },
		.n_eq = 4, .order = { APPLICATION_DEBIT_DOCUMENT_ID, APPLICATION_DEBIT_SEQUENCE, APPLICATION_ID }, .n_order = 3,
		.limit = CASH_APPLICATIONS_MAX + 1,
		.where = "in_force", .match = in_force,
	},
	[CASH_APPLICATION_BY_PAIR] = {
		.name = "by_pair",
		.eq = { APPLICATION_LANE, APPLICATION_ACCOUNT, APPLICATION_CREDIT_DOCUMENT_ID, APPLICATION_CREDIT_SEQUENCE,
			APPLICATION_DEBIT_DOCUMENT_ID, APPLICATION_DEBIT_SEQUENCE },
		.n_eq = 6, .order = { APPLICATION_ID }, .n_order = 1, .limit = CASH_APPLICATIONS_MAX + 1,
		.where = "in_force", .match = in_force,
	},
};
TABLE(application, "application", application_probes, ARRAY_LEN(application_probes));

/* ---- bank lines ----------------------------------------------------------------------------------------------------- */

enum {
	LINE_LANE,
	LINE_ACCOUNT,
	LINE_ID,
	LINE_KIND,
	LINE_DOCUMENT_ID,
	LINE_STATEMENT_ID,
	LINE_ENTITY,
	LINE_CURRENCY,
	LINE_AMOUNT,
	LINE_BOOKING_DATE
};
static const struct col line_cols[] = {
	COL(line, lane, I32, COL_KEY),    COL(line, account, TEXT, COL_KEY), COL(line, line_id, TEXT, COL_KEY),
	COL(line, kind, I32, 0),          COL(line, document_id, TEXT, 0),   COL(line, statement_id, TEXT, 0),
	COL(line, entity, TEXT, 0),       COL(line, currency, CURRENCY, 0),  COL(line, amount_minor, I64, 0),
	COL(line, booking_date, DATE, 0), COL(line, value_date, DATE, 0),    COL(line, waiting, BOOL, 0),
	COL(line, touched, BOOL, 0),      COL(line, returned_by, TEXT, 0),   COL(line, refused_by, TEXT, 0),
	COL(line, left_reason, TEXT, 0),  COL(line, left_because, TEXT, 0),  MSG(line, remittance, cash_remittance),
	COL(line, advice_id, TEXT, 0),
};

static bool waiting(const void *row)
{
	return ((const struct cash_line_row *)row)->waiting;
}

static bool without_advice(const void *row)
{
	const struct cash_line_row *line = row;

	return line->kind == CASH_LINE_PAYMENT && text_empty(line->advice_id);
}

static const struct probe line_probes[] = {
	[CASH_LINE_WAITING] = {
		.name = "waiting", .eq = { LINE_LANE }, .n_eq = 1, .range = PROBE_GT, .range_col = LINE_DOCUMENT_ID,
		.order = { LINE_DOCUMENT_ID }, .n_order = 1, .limit = CASH_RETRY_LINES_MAX,
		.where = "waiting", .match = waiting,
	},
	[CASH_LINE_OF_AMOUNT] = {
		.name = "of_amount", .eq = { LINE_LANE, LINE_ACCOUNT, LINE_CURRENCY, LINE_AMOUNT }, .n_eq = 4,
		.range = PROBE_GT, .range_col = LINE_BOOKING_DATE, .order = { LINE_BOOKING_DATE, LINE_ID }, .n_order = 2,
		.limit = CASH_ADVICES_MAX + 1, .where = "kind = 1 AND advice_id = ''", .match = without_advice,
	},
};
TABLE(line, "line", line_probes, ARRAY_LEN(line_probes));

enum {
	ADVICE_LANE,
	ADVICE_ACCOUNT,
	ADVICE_ID,
	ADVICE_ENTITY,
	ADVICE_CURRENCY,
	ADVICE_AMOUNT,
	ADVICE_PAYMENT_DATE,
	ADVICE_NAMED_LINE
};
static const struct col advice_cols[] = {
	COL(advice, lane, I32, COL_KEY),    COL(advice, account, TEXT, COL_KEY), COL(advice, advice_id, TEXT, COL_KEY),
	COL(advice, entity, TEXT, 0),       COL(advice, currency, CURRENCY, 0),  COL(advice, amount_minor, I64, 0),
	COL(advice, payment_date, DATE, 0), COL(advice, named_line, TEXT, 0),    COL(advice, line_id, TEXT, 0),
	COL(advice, left_reason, TEXT, 0),  COL(advice, indicative, BOOL, 0),    MSG(advice, remittance, cash_remittance),
};

static bool advice_waits(const void *row)
{
	return text_empty(((const struct cash_advice_row *)row)->line_id);
}

static const struct probe advice_probes[] = {
	[CASH_ADVICE_OF_AMOUNT] = {
		.name = "of_amount", .eq = { ADVICE_LANE, ADVICE_ACCOUNT, ADVICE_CURRENCY, ADVICE_AMOUNT }, .n_eq = 4,
		.order = { ADVICE_PAYMENT_DATE, ADVICE_ID }, .n_order = 2, .limit = CASH_ADVICES_MAX + 1,
		.where = "line_id = ''", .match = advice_waits,
	},
	[CASH_ADVICE_OF_LINE] = {
		.name = "of_line", .eq = { ADVICE_LANE, ADVICE_ACCOUNT, ADVICE_NAMED_LINE }, .n_eq = 3,
		.order = { ADVICE_ID }, .n_order = 1, .limit = CASH_ADVICES_MAX + 1, .where = "line_id = ''", .match = advice_waits,
	},
};
TABLE(advice, "advice", advice_probes, ARRAY_LEN(advice_probes));

static const struct col statement_cols[] = {
	COL(statement, lane, I32, COL_KEY),    COL(statement, account, TEXT, COL_KEY), COL(statement, statement_id, TEXT, COL_KEY),
	COL(statement, entity, TEXT, 0),       COL(statement, currency, CURRENCY, 0),  COL(statement, lines_minor, I64, 0),
	COL(statement, line_count, I32, 0),    COL(statement, mixed, BOOL, 0),         COL(statement, closed, BOOL, 0),
	COL(statement, opening_minor, I64, 0), COL(statement, closing_minor, I64, 0),  COL(statement, booking_date, DATE, 0),
};
TABLE(statement, "statement", NULL, 0);

/* ---- reference facts ------------------------------------------------------------------------------------------------ */

enum { PERIOD_LANE, PERIOD_ENTITY, PERIOD_FIRST_DAY, PERIOD_LAST_DAY };
static const struct col period_cols[] = {
	COL(period, lane, I32, COL_KEY), COL(period, entity, TEXT, COL_KEY), COL(period, first_day, DATE, COL_KEY),
	COL(period, last_day, DATE, 0),  COL(period, closed, BOOL, 0),       COL(period, soft, BOOL, 0),
};

static bool closed(const void *row)
{
	return ((const struct cash_period_row *)row)->closed;
}

static const struct probe period_probes[] = {
	[CASH_PERIOD_CLOSED_AFTER] = {
		.name = "closed_after", .eq = { PERIOD_LANE, PERIOD_ENTITY }, .n_eq = 2,
		.range = PROBE_GT, .range_col = PERIOD_LAST_DAY,
		.order = { PERIOD_LAST_DAY, PERIOD_FIRST_DAY }, .n_order = 2, .limit = CASH_CLOSED_PERIODS_MAX,
		.where = "closed", .match = closed,
	},
};
TABLE_OF(period, "period", period_probes, ARRAY_LEN(period_probes), TABLE_DELETES);

enum { RULES_LANE, RULES_VERSION, RULES_BACK };
static const struct col rules_cols[] = {
	COL(rules, lane, I32, COL_KEY),      COL(rules, version, I32, COL_KEY), COL(rules, back, I32, 0),
	COL(rules, effective_from, DATE, 0), COL(rules, rules, TEXT, 0),
};
static const struct probe rules_probes[] = {
	[CASH_RULES_NEWEST] = {
		.name = "newest", .eq = { RULES_LANE }, .n_eq = 1,
		.order = { RULES_BACK }, .n_order = 1, .limit = CASH_VERSIONS_MAX,
	},
};
TABLE(rules, "cash_rules", rules_probes, ARRAY_LEN(rules_probes));

static const struct col day_cols[] = {
	COL(day, lane, I32, COL_KEY),
	COL(day, entity, TEXT, COL_KEY),
	COL(day, business_date, DATE, 0),
};
TABLE(day, "business_day", NULL, 0);

const struct table *const cash_tables[] = {
	&cash_customer_table,    &cash_item_table,  &cash_reference_table, &cash_payer_table,
	&cash_application_table, &cash_line_table,  &cash_advice_table,    &cash_statement_table,
	&cash_period_table,      &cash_rules_table, &cash_day_table,
};
_Static_assert(ARRAY_LEN(cash_tables) == CASH_TABLES_N, "every table is listed");
