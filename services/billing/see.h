/*
 * see: what billing asks its book. Each question has its want_ twin with the same arguments, so that decide and apply find
 * what want asked for. All see_ functions return NULL (or none) for what is not there; after a miss the book is marked AGAIN.
 */
#ifndef BILLING_SEE_H
#define BILLING_SEE_H

#include "core/period.h"
#include "ev/reference.h"
#include "tables.h"

/* The customer as of a day, or its first version when the day lies before it. */
void bil_want_customer(struct book *book, int32_t lane, struct text account, date_t day);
const struct customer_row *bil_see_customer(struct book *book, int32_t lane, struct text account, date_t day);

void bil_want_entity(struct book *book, int32_t lane, struct text entity);
const struct entity_row *bil_see_entity(struct book *book, int32_t lane, struct text entity);

void bil_want_closed(struct book *book, int32_t lane, struct text entity);
void bil_see_closed(struct book *book, int32_t lane, struct text entity, struct periods *ret_periods);

/* All versions of a code. An empty code has none. */
void bil_want_terms(struct book *book, int32_t lane, struct text terms_code);
const struct reference_terms_recorded *const *bil_see_terms(struct book *book, int32_t lane, struct text terms_code, size_t *ret_n);

/* DATE_NONE before the first day was opened. */
void bil_want_day(struct book *book, int32_t lane);
date_t bil_see_day(struct book *book, int32_t lane);

/* All document types, the fiscal years a day can fall into; of lane 0 too, for an entity with a single series. */
void bil_want_series(struct book *book, int32_t lane, struct text entity, date_t day);
/* A series that has no row yet: last_number 0, last_issue_date DATE_NONE. */
struct series_row bil_see_series(struct book *book, int32_t lane, struct text entity, enum billing_document_type type,
				 int fiscal_year);
#define BILLING_SINGLE_LANE 0 /* whose series an entity with a single one uses */

void bil_want_order(struct book *book, int32_t lane, struct text account, struct text order_id);
const struct sales_order_row *bil_see_order(struct book *book, int32_t lane, struct text account, struct text order_id);

/* An invoice or debit memo of the account. */
void bil_want_document(struct book *book, int32_t lane, struct text account, struct text document_id);
const struct invoice_row *bil_see_document(struct book *book, int32_t lane, struct text account, struct text document_id);

void bil_want_to_credit(struct book *book, int32_t lane, struct text account, struct text order_id);
struct rows bil_see_to_credit(struct book *book, int32_t lane, struct text account, struct text order_id);

void bil_want_external(struct book *book, int32_t lane, struct text account, struct text entity, enum external_kind kind,
		       struct text value);
const struct external_number_row *bil_see_external(struct book *book, int32_t lane, struct text account, struct text entity,
						   enum external_kind kind, struct text value);

void bil_want_parked(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position);
const struct parked_row *bil_see_parked(struct book *book, int32_t lane, struct text account, struct text aggregate,
					int64_t position);

/* Those behind a position of the same queue, CHAIN_MAX at most. */
void bil_want_chain(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position);
struct rows bil_see_chain(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position);

/* RELEASE_PAGE of those that wait for a fact, or are ready. */
void bil_want_waiting(struct book *book, int32_t lane, struct text waits_for);
struct rows bil_see_waiting(struct book *book, int32_t lane, struct text waits_for);

#endif
