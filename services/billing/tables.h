/*
 * tables: what billing keeps, each table described once (book/book.h). SQL: migrations/.
 *
 * Copies of others' facts (written by note): customer, entity, closed_period, terms, business_day.
 * Own state (written by apply): sales_order, invoice, series, external_number, parked.
 * Every key begins with the lane, and with the account where there is one.
 */
#ifndef BILLING_TABLES_H
#define BILLING_TABLES_H

#include "book/book.h"
#include "ev/billing.h"
#include "ev/crm.h"

/* ---- copies --------------------------------------------------------------------------------------------------------- */

/* A version of a customer, in force on days before `until` (the first one also before effective_from). */
struct customer_row {
	int32_t lane;
	struct text account;
	date_t until; /* first day of the next version; DATE_MAX = none */
	date_t effective_from;
	struct text terms_code;
	const struct crm_customer_recorded *record; /* the master record whole (BIL-14) */
};
enum { CUSTOMER_IN_FORCE }; /* lane, account; until > the day; the first of them */

struct entity_row {
	int32_t lane;
	struct text entity;
	char functional_currency[4];
	int32_t fiscal_year_start_month;
	struct text number_prefix;
	bool single_series; /* its documents are numbered by lane 0's series, whatever lane issues them */
};
enum { ENTITY_BY_PREFIX }; /* lane, number_prefix */

/* A span of closed days; spans of an entity and state neither overlap nor touch (core/period.h). */
struct closed_period_row {
	int32_t lane;
	struct text entity;
	bool soft; /* takes what a person insists on */
	date_t first_day, last_day;
};
enum { CLOSED_PERIOD_OF_ENTITY };

struct terms_row {
	int32_t lane;
	struct text terms_code;
	int32_t version;
	const struct reference_terms_recorded *record;
};
enum { TERMS_OF_CODE };
#define TERMS_VERSIONS_MAX 60 /* of one code; beyond it the lowest version is forgotten */

struct business_day_row {
	int32_t lane;
	date_t business_date; /* the latest one opened */
};

/* ---- own state ------------------------------------------------------------------------------------------------------ */

struct sales_order_row {
	int32_t lane;
	struct text account, order_id;
	int32_t version; /* of the last event taken */
	int32_t state; /* enum billing_order_state */
	struct text entity;
	struct text terms_code; /* in force: the order's, else the customer's; empty with an explicit due date */
	struct text customer_terms_code; /* the customer's on the day of the order, taken at the booking */
	const struct crm_order *content;
	const struct billing_order_progress *progress;
};

/* An invoice or debit memo: what a later credit memo needs. */
struct invoice_row {
	int32_t lane;
	struct text account, document_id;
	struct text order_id; /* empty: a debit memo */
	int32_t order_version; /* of the fulfilment: one invoice each */
	bool credited; /* wholly */
	const struct billing_document_issued *issued;
	const struct billing_credited_so_far *so_far;
};
enum { INVOICE_TO_CREDIT }; /* lane, account, order_id, credited; in order of issue */

/* With an entity's single series lane 0's row counts for every lane. */
struct series_row {
	int32_t lane;
	struct text entity;
	int32_t document_type, fiscal_year;
	int64_t last_number;
	date_t last_issue_date;
};

/* A number taken from a single series. Two lanes that read the same end of it at the same moment would give one number twice: the second
 * to save meets this key, and its batch is done again (TABLE_RACE). */
struct single_number_row {
	struct text entity;
	int32_t document_type, fiscal_year;
	int64_t number;
	int32_t lane; /* that took it */
};

/* Who holds a number that a customer may quote. */
struct external_number_row {
	int32_t lane;
	struct text account, entity;
	int32_t kind; /* enum external_kind: namespaces (LEDGER section 7) */
	struct text value;
	struct text owner; /* order id, or document id of a take-on or debit memo */
	struct text content; /* take-on: core/take_on.h */
};
enum external_kind { EXTERNAL_OF_ORDER = 1, EXTERNAL_OF_TAKE_ON = 2, EXTERNAL_OF_DEBIT_MEMO = 3 };

/* An input that waits (core/park.h). */
struct parked_row {
	int32_t lane;
	struct text account, aggregate;
	int64_t position; /* order_version; take-on: its offset */
	struct text waits_for; /* core/park.h; empty = the row before it */
	struct text reason;
	struct text entity,
		terms_code; /* what its decision will look at, as far as known; set when it waits for a fact or is ready */
	const struct crm_sales_order_event *input;
	struct text cause_topic;
	int32_t cause_partition;
	int64_t cause_offset;
	struct text cause_event_id, cause_source, cause_correlation_id;
	int32_t parts; /* outcomes it has had */
};
enum {
	PARKED_WAITING, /* lane, waits_for */
	PARKED_AFTER, /* lane, account, aggregate; position > template's */
};

#define RELEASE_PAGE 50 /* parked inputs taken in one transaction, per kind of wait */
#define CHAIN_MAX    16 /* parked events of one order that follow an event directly; what is beyond waits for the next day's opening */
#define CREDIT_PAGE  20 /* invoices credited in one transaction */

extern const struct table bil_customer_table, bil_entity_table, bil_closed_period_table, bil_terms_table, bil_business_day_table,
	bil_sales_order_table, bil_invoice_table, bil_series_table, bil_single_number_table, bil_external_number_table,
	bil_parked_table;

#define BILLING_TABLES_N 11
extern const struct table *const bil_tables[BILLING_TABLES_N];

#endif
