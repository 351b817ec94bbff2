#include "see.h"

#define AT(row_, ...) (&(struct row_##_row){ __VA_ARGS__ })

/* ---- customer, entity, periods, terms, day -------------------------------------------------------------------------- */

#define CUSTOMER_AT AT(customer, .lane = lane, .account = account, .until = day)

void bil_want_customer(struct book *book, int32_t lane, struct text account, date_t day)
{
	book_want(book, &bil_customer_table, CUSTOMER_IN_FORCE, CUSTOMER_AT);
}

const struct customer_row *bil_see_customer(struct book *book, int32_t lane, struct text account, date_t day)
{
	struct rows rows = book_find(book, &bil_customer_table, CUSTOMER_IN_FORCE, CUSTOMER_AT);

	return rows.n > 0 ? rows.row[0] : NULL;
}

void bil_want_entity(struct book *book, int32_t lane, struct text entity)
{
	book_want(book, &bil_entity_table, BOOK_KEY, AT(entity, .lane = lane, .entity = entity));
}

const struct entity_row *bil_see_entity(struct book *book, int32_t lane, struct text entity)
{
	return book_get(book, &bil_entity_table, AT(entity, .lane = lane, .entity = entity));
}

void bil_want_closed(struct book *book, int32_t lane, struct text entity)
{
	book_want(book, &bil_closed_period_table, CLOSED_PERIOD_OF_ENTITY, AT(closed_period, .lane = lane, .entity = entity));
}

void bil_see_closed(struct book *book, int32_t lane, struct text entity, struct periods *ret_periods)
{
	struct rows rows = book_find(book, &bil_closed_period_table, CLOSED_PERIOD_OF_ENTITY,
				     AT(closed_period, .lane = lane, .entity = entity));

	ret_periods->closed.n = ret_periods->soft.n = 0;
	for (size_t i = 0; i < rows.n; i++) {
		const struct closed_period_row *row = rows.row[i];
		struct period_list *list = row->soft ? &ret_periods->soft : &ret_periods->closed;
		CHECK(list->n < PERIOD_SPANS_MAX);
		list->span[list->n++] = (struct period_span){ row->first_day, row->last_day };
	}
}

void bil_want_terms(struct book *book, int32_t lane, struct text terms_code)
{
	if (!text_empty(terms_code))
		book_want(book, &bil_terms_table, TERMS_OF_CODE, AT(terms, .lane = lane, .terms_code = terms_code));
}

const struct reference_terms_recorded *const *bil_see_terms(struct book *book, int32_t lane, struct text terms_code, size_t *ret_n)
{
	*ret_n = 0;
	if (text_empty(terms_code))
		return NULL;
	struct rows rows = book_find(book, &bil_terms_table, TERMS_OF_CODE, AT(terms, .lane = lane, .terms_code = terms_code));
	const struct reference_terms_recorded **out =
		ARENA_ARRAY(book_arena(book), rows.n, const struct reference_terms_recorded *);

	for (size_t i = 0; i < rows.n; i++)
		out[i] = ((const struct terms_row *)rows.row[i])->record;
	*ret_n = rows.n;
	return out;
}

void bil_want_day(struct book *book, int32_t lane)
{
	book_want(book, &bil_business_day_table, BOOK_KEY, AT(business_day, .lane = lane));
}

date_t bil_see_day(struct book *book, int32_t lane)
{
	const struct business_day_row *row = book_get(book, &bil_business_day_table, AT(business_day, .lane = lane));

	return row != NULL ? row->business_date : DATE_NONE;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */

#define SERIES_AT AT(series, .lane = lane, .entity = entity, .document_type = (int32_t)type, .fiscal_year = fiscal_year)

void bil_want_series(struct book *book, int32_t lane, struct text entity, date_t day)
{
	static const enum billing_document_type types[] = { BILLING_DOCUMENT_TYPE_INVOICE, BILLING_DOCUMENT_TYPE_CREDIT_MEMO,
							    BILLING_DOCUMENT_TYPE_DEBIT_MEMO };
	const struct entity_row *known = bil_see_entity(book, lane, entity);

	if (!date_is_valid(day))
		return;
	if (known != NULL && known->single_series)
		lane = BILLING_SINGLE_LANE;
	/* A fiscal year begins in the calendar year of the day or in the one before. */
	for (int fiscal_year = date_fiscal_year(day, 12); fiscal_year <= date_fiscal_year(day, 1); fiscal_year++)
		for (size_t i = 0; i < ARRAY_LEN(types); i++) {
			enum billing_document_type type = types[i];
			book_want(book, &bil_series_table, BOOK_KEY, SERIES_AT);
		}
}

struct series_row bil_see_series(struct book *book, int32_t lane, struct text entity, enum billing_document_type type,
				 int fiscal_year)
{
	const struct series_row *row = book_get(book, &bil_series_table, SERIES_AT);

	if (row != NULL)
		return *row;
	struct series_row fresh = *SERIES_AT;
	fresh.last_issue_date = DATE_NONE;
	return fresh;
}

#define EXTERNAL_AT AT(external_number, .lane = lane, .account = account, .entity = entity, .kind = (int32_t)kind, .value = value)

void bil_want_external(struct book *book, int32_t lane, struct text account, struct text entity, enum external_kind kind,
		       struct text value)
{
	if (!text_empty(value))
		book_want(book, &bil_external_number_table, BOOK_KEY, EXTERNAL_AT);
}

const struct external_number_row *bil_see_external(struct book *book, int32_t lane, struct text account, struct text entity,
						   enum external_kind kind, struct text value)
{
	return text_empty(value) ? NULL : book_get(book, &bil_external_number_table, EXTERNAL_AT);
}

/* ---- orders and invoices ---------------------------------------------------------------------------------------------- */

void bil_want_order(struct book *book, int32_t lane, struct text account, struct text order_id)
{
	book_want(book, &bil_sales_order_table, BOOK_KEY, AT(sales_order, .lane = lane, .account = account, .order_id = order_id));
}

const struct sales_order_row *bil_see_order(struct book *book, int32_t lane, struct text account, struct text order_id)
{
	return book_get(book, &bil_sales_order_table, AT(sales_order, .lane = lane, .account = account, .order_id = order_id));
}

#define DOCUMENT_AT AT(invoice, .lane = lane, .account = account, .document_id = document_id)

void bil_want_document(struct book *book, int32_t lane, struct text account, struct text document_id)
{
	book_want(book, &bil_invoice_table, BOOK_KEY, DOCUMENT_AT);
}

const struct invoice_row *bil_see_document(struct book *book, int32_t lane, struct text account, struct text document_id)
{
	return book_get(book, &bil_invoice_table, DOCUMENT_AT);
}

#define TO_CREDIT_AT AT(invoice, .lane = lane, .account = account, .order_id = order_id, .credited = false)

void bil_want_to_credit(struct book *book, int32_t lane, struct text account, struct text order_id)
{
	book_want(book, &bil_invoice_table, INVOICE_TO_CREDIT, TO_CREDIT_AT);
}

struct rows bil_see_to_credit(struct book *book, int32_t lane, struct text account, struct text order_id)
{
	return book_find(book, &bil_invoice_table, INVOICE_TO_CREDIT, TO_CREDIT_AT);
}

/* ---- what waits --------------------------------------------------------------------------------------------------------- */

#define PARKED_AT AT(parked, .lane = lane, .account = account, .aggregate = aggregate, .position = position)

void bil_want_parked(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position)
{
	book_want(book, &bil_parked_table, BOOK_KEY, PARKED_AT);
}

const struct parked_row *bil_see_parked(struct book *book, int32_t lane, struct text account, struct text aggregate,
					int64_t position)
{
	return book_get(book, &bil_parked_table, PARKED_AT);
}

void bil_want_chain(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position)
{
	book_want(book, &bil_parked_table, PARKED_AFTER, PARKED_AT);
}

struct rows bil_see_chain(struct book *book, int32_t lane, struct text account, struct text aggregate, int64_t position)
{
	return book_find(book, &bil_parked_table, PARKED_AFTER, PARKED_AT);
}

void bil_want_waiting(struct book *book, int32_t lane, struct text waits_for)
{
	book_want(book, &bil_parked_table, PARKED_WAITING, AT(parked, .lane = lane, .waits_for = waits_for));
}

struct rows bil_see_waiting(struct book *book, int32_t lane, struct text waits_for)
{
	return book_find(book, &bil_parked_table, PARKED_WAITING, AT(parked, .lane = lane, .waits_for = waits_for));
}
