/* The tables of billing, each described once. What the columns mean stands in tables.h. */
#include "tables.h"

#include "core/period.h"
#include "ev/reference.h"

/* One column per line: */
/* clang-format off */

#define COL(row, field, type, how) { #field, COL_##type, offsetof(struct row##_row, field), how, NULL }
#define MSG(row, field, type)      { #field, COL_MSG, offsetof(struct row##_row, field), 0, &type##_msg }
#define TABLE_OF(row, probe_list, n_probe_list, how_table)   \
	const struct table bil_##row##_table = {             \
		.name = #row,                                \
		.cols = row##_cols,                          \
		.n_cols = ARRAY_LEN(row##_cols),             \
		.row_size = sizeof(struct row##_row),        \
		.probes = probe_list,                        \
		.n_probes = n_probe_list,                    \
		.flags = how_table,                          \
	}
#define TABLE(row, probe_list, n_probe_list) TABLE_OF(row, probe_list, n_probe_list, 0)

/* ---- copies --------------------------------------------------------------------------------------------------------- */

enum { CUSTOMER_LANE, CUSTOMER_ACCOUNT, CUSTOMER_UNTIL };
static const struct col customer_cols[] = {
	COL(customer, lane, I32, COL_KEY),
	COL(customer, account, TEXT, COL_KEY),
	COL(customer, until, DATE, COL_KEY),
	COL(customer, effective_from, DATE, 0),
	COL(customer, terms_code, TEXT, 0),
	MSG(customer, record, crm_customer_recorded),
};
static const struct probe customer_probes[] = {
	[CUSTOMER_IN_FORCE] = {
		.name = "in_force", .eq = { CUSTOMER_LANE, CUSTOMER_ACCOUNT }, .n_eq = 2,
		.range = PROBE_GT, .range_col = CUSTOMER_UNTIL, .order = { CUSTOMER_UNTIL }, .n_order = 1, .limit = 1,
	},
};
TABLE(customer, customer_probes, ARRAY_LEN(customer_probes));

enum { ENTITY_LANE, ENTITY_ENTITY, ENTITY_FUNCTIONAL_CURRENCY, ENTITY_FISCAL_YEAR_START_MONTH, ENTITY_NUMBER_PREFIX };
static const struct col entity_cols[] = {
	COL(entity, lane, I32, COL_KEY),
	COL(entity, entity, TEXT, COL_KEY),
	COL(entity, functional_currency, CURRENCY, 0),
	COL(entity, fiscal_year_start_month, I32, 0),
	COL(entity, number_prefix, TEXT, 0),
	COL(entity, single_series, BOOL, 0),
};
static const struct probe entity_probes[] = {
	[ENTITY_BY_PREFIX] = {
		.name = "by_prefix", .eq = { ENTITY_LANE, ENTITY_NUMBER_PREFIX }, .n_eq = 2, .order = { ENTITY_ENTITY },
		.n_order = 1, .limit = 2,
	},
};
TABLE(entity, entity_probes, ARRAY_LEN(entity_probes));

enum { CLOSED_PERIOD_LANE, CLOSED_PERIOD_ENTITY, CLOSED_PERIOD_SOFT, CLOSED_PERIOD_FIRST_DAY };
static const struct col closed_period_cols[] = {
	COL(closed_period, lane, I32, COL_KEY),
	COL(closed_period, entity, TEXT, COL_KEY),
	COL(closed_period, soft, BOOL, COL_KEY),
	COL(closed_period, first_day, DATE, COL_KEY),
	COL(closed_period, last_day, DATE, 0),
};
static const struct probe closed_period_probes[] = {
	[CLOSED_PERIOD_OF_ENTITY] = {
		.name = "of_entity", .eq = { CLOSED_PERIOD_LANE, CLOSED_PERIOD_ENTITY }, .n_eq = 2,
		.order = { CLOSED_PERIOD_SOFT, CLOSED_PERIOD_FIRST_DAY }, .n_order = 2, .limit = 2 * PERIOD_SPANS_MAX + 4,
	},
};
TABLE_OF(closed_period, closed_period_probes, ARRAY_LEN(closed_period_probes), TABLE_DELETES);

enum { TERMS_LANE, TERMS_TERMS_CODE, TERMS_VERSION };
static const struct col terms_cols[] = {
	COL(terms, lane, I32, COL_KEY),
	COL(terms, terms_code, TEXT, COL_KEY),
	COL(terms, version, I32, COL_KEY),
	MSG(terms, record, reference_terms_recorded),
};
static const struct probe terms_probes[] = {
	[TERMS_OF_CODE] = {
		.name = "of_code", .eq = { TERMS_LANE, TERMS_TERMS_CODE }, .n_eq = 2, .order = { TERMS_VERSION }, .n_order = 1,
		.limit = TERMS_VERSIONS_MAX + 4,
	},
};
TABLE_OF(terms, terms_probes, ARRAY_LEN(terms_probes), TABLE_DELETES);

static const struct col business_day_cols[] = {
	COL(business_day, lane, I32, COL_KEY),
	COL(business_day, business_date, DATE, 0),
};
TABLE(business_day, NULL, 0);

/* ---- own state ------------------------------------------------------------------------------------------------------ */

static const struct col sales_order_cols[] = {
	COL(sales_order, lane, I32, COL_KEY),
	COL(sales_order, account, TEXT, COL_KEY),
	COL(sales_order, order_id, TEXT, COL_KEY),
	COL(sales_order, version, I32, 0),
	COL(sales_order, state, I32, 0),
	COL(sales_order, entity, TEXT, 0),
	COL(sales_order, terms_code, TEXT, 0),
	COL(sales_order, customer_terms_code, TEXT, 0),
	MSG(sales_order, content, crm_order),
	MSG(sales_order, progress, billing_order_progress),
};
TABLE(sales_order, NULL, 0);

enum { INVOICE_LANE, INVOICE_ACCOUNT, INVOICE_DOCUMENT_ID, INVOICE_ORDER_ID, INVOICE_ORDER_VERSION, INVOICE_CREDITED };
static const struct col invoice_cols[] = {
	COL(invoice, lane, I32, COL_KEY),
	COL(invoice, account, TEXT, COL_KEY),
	COL(invoice, document_id, TEXT, COL_KEY),
	COL(invoice, order_id, TEXT, 0),
	COL(invoice, order_version, I32, 0),
	COL(invoice, credited, BOOL, 0),
	MSG(invoice, issued, billing_document_issued),
	MSG(invoice, so_far, billing_credited_so_far),
};
static const struct probe invoice_probes[] = {
	[INVOICE_TO_CREDIT] = {
		.name = "to_credit", .eq = { INVOICE_LANE, INVOICE_ACCOUNT, INVOICE_ORDER_ID, INVOICE_CREDITED }, .n_eq = 4,
		.order = { INVOICE_ORDER_VERSION }, .n_order = 1, .limit = CREDIT_PAGE,
	},
};
TABLE(invoice, invoice_probes, ARRAY_LEN(invoice_probes));

static const struct col series_cols[] = {
	COL(series, lane, I32, COL_KEY),
	COL(series, entity, TEXT, COL_KEY),
	COL(series, document_type, I32, COL_KEY),
	COL(series, fiscal_year, I32, COL_KEY),
	COL(series, last_number, I64, 0),
	COL(series, last_issue_date, DATE, 0),
};
TABLE(series, NULL, 0);

static const struct col single_number_cols[] = {
	COL(single_number, entity, TEXT, COL_KEY),
	COL(single_number, document_type, I32, COL_KEY),
	COL(single_number, fiscal_year, I32, COL_KEY),
	COL(single_number, number, I64, COL_KEY),
	COL(single_number, lane, I32, 0),
};
TABLE_OF(single_number, NULL, 0, TABLE_APPEND | TABLE_RACE);

static const struct col external_number_cols[] = {
	COL(external_number, lane, I32, COL_KEY),
	COL(external_number, account, TEXT, COL_KEY),
	COL(external_number, entity, TEXT, COL_KEY),
	COL(external_number, kind, I32, COL_KEY),
	COL(external_number, value, TEXT, COL_KEY),
	COL(external_number, owner, TEXT, 0),
	COL(external_number, content, BYTES, 0),
};
TABLE(external_number, NULL, 0);

enum { PARKED_LANE, PARKED_ACCOUNT, PARKED_AGGREGATE, PARKED_POSITION, PARKED_WAITS_FOR };
static const struct col parked_cols[] = {
	COL(parked, lane, I32, COL_KEY),
	COL(parked, account, TEXT, COL_KEY),
	COL(parked, aggregate, TEXT, COL_KEY),
	COL(parked, position, I64, COL_KEY),
	COL(parked, waits_for, TEXT, 0),
	COL(parked, reason, TEXT, 0),
	COL(parked, entity, TEXT, 0),
	COL(parked, terms_code, TEXT, 0),
	MSG(parked, input, crm_sales_order_event),
	COL(parked, cause_topic, TEXT, COL_ONCE),
	COL(parked, cause_partition, I32, COL_ONCE),
	COL(parked, cause_offset, I64, COL_ONCE),
	COL(parked, cause_event_id, TEXT, COL_ONCE),
	COL(parked, cause_source, TEXT, COL_ONCE),
	COL(parked, cause_correlation_id, TEXT, COL_ONCE),
	COL(parked, parts, I32, 0),
};
static const struct probe parked_probes[] = {
	[PARKED_WAITING] = {
		.name = "waiting", .eq = { PARKED_LANE, PARKED_WAITS_FOR }, .n_eq = 2,
		.order = { PARKED_ACCOUNT, PARKED_AGGREGATE, PARKED_POSITION }, .n_order = 3, .limit = RELEASE_PAGE,
	},
	[PARKED_AFTER] = {
		.name = "after", .eq = { PARKED_LANE, PARKED_ACCOUNT, PARKED_AGGREGATE }, .n_eq = 3,
		.range = PROBE_GT, .range_col = PARKED_POSITION, .order = { PARKED_POSITION }, .n_order = 1, .limit = CHAIN_MAX,
	},
};
TABLE_OF(parked, parked_probes, ARRAY_LEN(parked_probes), TABLE_DELETES);

const struct table *const bil_tables[BILLING_TABLES_N] = {
	&bil_customer_table,    &bil_entity_table,  &bil_closed_period_table, &bil_terms_table,           &bil_business_day_table,
	&bil_sales_order_table, &bil_invoice_table, &bil_series_table,        &bil_single_number_table, &bil_external_number_table, &bil_parked_table,
};
