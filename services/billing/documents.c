/* documents: dates, numbers and ids of what billing issues, and what is kept of it. */
#include "core/credit_memo.h"
#include "core/number.h"
#include "core/order.h"
#include "core/terms.h"
#include "id/id.h"
#include "journey.h"

static int32_t series_lane(const struct entity_row *entity, int32_t lane)
{
	return entity->single_series ? BILLING_SINGLE_LANE : lane;
}

/*
 * LEDGER section 3: issue date = document date = max(business date, last issued in that lane's series); accounting date = the
 * same, or the first open day after a closed period, unless a person insisted on one. LEDGER section 7: the year of a number is the fiscal year of the issue date.
 */
void bil_documents_number(struct decision *d, const struct job *job, const struct entity_row *entity,
			  struct billing_document_issued *doc)
{
	date_t day = bil_see_day(d->book, job->lane);
	int fiscal_year = date_fiscal_year(day, entity->fiscal_year_start_month);
	int32_t lane = series_lane(entity, job->lane);
	struct series_row series = bil_see_series(d->book, lane, entity->entity, doc->type, fiscal_year);
	struct periods periods;

	bil_see_closed(d->book, job->lane, entity->entity, &periods);
	doc->issue_date = MAX(day, series.last_issue_date);
	if (!date_is_valid(doc->accounting_date))
		doc->accounting_date = bil_period_first_open(&periods, doc->issue_date);
	doc->number = bil_number_make(d->arena, entity->number_prefix, doc->type, fiscal_year, lane, series.last_number + 1);
}

/* Derived from the event that caused it, so the same event makes the same document anywhere. */
struct text bil_documents_id(struct decision *d, const struct job *job, struct text about)
{
	const struct cause *cause = job->cause != NULL ? job->cause : &d->input->cause;
	struct text parts[] = { cause->source, cause->event_id, about };

	return id_derive(d->arena, TEXT("billing document"), ARRAY_LEN(parts), parts);
}

/* Explicit due date, else terms (BIL-10). Returns the version used, for the audit trail. */
struct text bil_documents_items(struct decision *d, int32_t lane, date_t due_date, struct text terms_code,
				struct billing_document_issued *doc)
{
	size_t n;
	const struct reference_terms_recorded *const *versions = bil_see_terms(d->book, lane, terms_code, &n);

	if (date_is_valid(due_date) || n == 0) {
		bil_invoice_item(d->arena, doc, due_date, doc->gross_minor, doc->gross_minor);
		return TEXT_NONE;
	}
	const struct reference_terms_recorded *terms = bil_terms_choose(versions, n, doc->issue_date);
	bil_terms_items(d->arena, terms, doc);
	doc->terms_code = terms_code;
	return text_printf(d->arena, "terms " TEXT_FMT " version %d", TEXT_ARG(terms->terms_code), terms->version);
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

/* By the number itself: with a single series the outcomes of one lane alone do not tell how many the others gave. */
static void count_number(struct book *book, int32_t lane, const struct billing_document_issued *doc)
{
	const struct entity_row *entity = bil_see_entity(book, lane, doc->entity);

	if (entity == NULL)
		return;
	int fiscal_year = date_fiscal_year(doc->issue_date, entity->fiscal_year_start_month);
	int32_t of_lane = series_lane(entity, lane);
	struct series_row series = bil_see_series(book, of_lane, doc->entity, doc->type, fiscal_year);
	int64_t number = bil_number_counter(doc->number);
	series.last_number = MAX(series.last_number, number);
	series.last_issue_date = MAX(series.last_issue_date, doc->issue_date);
	book_put(book, &bil_series_table, &series);
	if (entity->single_series)
		book_put(book, &bil_single_number_table,
			 &(struct single_number_row){
				 .entity = doc->entity,
				 .document_type = (int32_t)doc->type,
				 .fiscal_year = fiscal_year,
				 .number = number,
				 .lane = lane,
			 });
}

static void keep_document(struct book *book, int32_t lane, struct text account, const struct billing_document_issued *doc)
{
	book_put(book, &bil_invoice_table,
		 &(struct invoice_row){
			 .lane = lane,
			 .account = account,
			 .document_id = doc->document_id,
			 .order_id = doc->order_id,
			 .order_version = doc->order_version,
			 .issued = doc,
		 });
}

static void keep_progress(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct billing_document_issued *doc = event->invoice_issued;
	const struct sales_order_row *order = bil_see_order(book, lane, event->account, doc->order_id);

	if (order == NULL)
		return;
	struct sales_order_row next = *order;
	next.progress = bil_order_advance(book_arena(book), order->progress, doc);
	next.state = (int32_t)event->order_state;
	book_put(book, &bil_sales_order_table, &next);
}

static void keep_reference(struct book *book, int32_t lane, struct text account, const struct billing_document_issued *memo)
{
	book_put(book, &bil_external_number_table,
		 &(struct external_number_row){
			 .lane = lane,
			 .account = account,
			 .entity = memo->entity,
			 .kind = EXTERNAL_OF_DEBIT_MEMO,
			 .value = memo->reference,
			 .owner = memo->document_id,
		 });
}

static void count_credit(struct book *book, int32_t lane, struct text account, const struct billing_document_issued *memo)
{
	const struct invoice_row *invoice = bil_see_document(book, lane, account, memo->refers_to_document_id);

	if (invoice == NULL)
		return;
	struct invoice_row next = *invoice;
	next.so_far = bil_credit_memo_count(book_arena(book), invoice->issued, invoice->so_far, memo);
	next.credited = !bil_credit_memo_is_left(invoice->issued, next.so_far);
	book_put(book, &bil_invoice_table, &next);
}

void bil_documents_apply(struct book *book, int32_t lane, const struct billing_event *event)
{
	switch (event->event_case) {
	case BILLING_EVENT_INVOICE_ISSUED:
		count_number(book, lane, event->invoice_issued);
		keep_document(book, lane, event->account, event->invoice_issued);
		keep_progress(book, lane, event);
		break;
	case BILLING_EVENT_DEBIT_MEMO_ISSUED:
		count_number(book, lane, event->debit_memo_issued);
		keep_document(book, lane, event->account, event->debit_memo_issued);
		keep_reference(book, lane, event->account, event->debit_memo_issued);
		break;
	case BILLING_EVENT_CREDIT_MEMO_ISSUED:
		count_number(book, lane, event->credit_memo_issued);
		count_credit(book, lane, event->account, event->credit_memo_issued);
		break;
	case BILLING_EVENT_ORDER_RECORDED:
	case BILLING_EVENT_ITEM_TAKEN_ON:
	case BILLING_EVENT_PARKED:
	case BILLING_EVENT_REFUSED:
	case BILLING_EVENT_NONE:
		break;
	}
}
