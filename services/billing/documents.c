/* documents: dates, numbers and ids of what billing issues, and what is kept of it. */
#include "core/credit_memo.h"
#include "core/number.h"
#include "core/order.h"
#include "id/id.h"
#include "journey.h"

/*
 * LEDGER section 3: issue date = document date = max(business date, last issued in that lane's series); accounting date = the
 * same, or the first open day after a closed period. LEDGER section 7: the year of a number is the fiscal year of the issue date.
 */
void bil_documents_number(struct decision *d, const struct job *job, const struct entity_row *entity,
			  struct billing_document_issued *doc)
{
	date_t day = bil_see_day(d->book, job->lane);
	int fiscal_year = date_fiscal_year(day, entity->fiscal_year_start_month);
	struct series_row series = bil_see_series(d->book, job->lane, entity->entity, doc->type, fiscal_year);
	struct period_list closed;

	bil_see_closed(d->book, job->lane, entity->entity, &closed);
	doc->issue_date = MAX(day, series.last_issue_date);
	doc->accounting_date = bil_period_first_open(&closed, doc->issue_date);
	doc->number = bil_number_make(d->arena, entity->number_prefix, doc->type, fiscal_year, job->lane, series.last_number + 1);
}

/* Derived from the event that caused it, so the same event makes the same document anywhere. */
struct text bil_documents_id(struct decision *d, const struct job *job, struct text about)
{
	const struct cause *cause = job->cause != NULL ? job->cause : &d->input->cause;
	struct text parts[] = { cause->source, cause->event_id, about };

	return id_derive(d->arena, TEXT("billing document"), ARRAY_LEN(parts), parts);
}

/* ---- apply ------------------------------------------------------------------------------------------------------------ */

static void count_number(struct book *book, int32_t lane, const struct billing_document_issued *doc)
{
	const struct entity_row *entity = bil_see_entity(book, lane, doc->entity);

	if (entity == NULL)
		return;
	int fiscal_year = date_fiscal_year(doc->issue_date, entity->fiscal_year_start_month);
	struct series_row series = bil_see_series(book, lane, doc->entity, doc->type, fiscal_year);
	series.last_number++;
	series.last_issue_date = doc->issue_date;
	book_put(book, &bil_series_table, &series);
}

static void keep_invoice(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct billing_document_issued *doc = event->invoice_issued;
	struct text account = event->account;

	book_put(book, &bil_invoice_table,
		 &(struct invoice_row){
			 .lane = lane,
			 .account = account,
			 .document_id = doc->document_id,
			 .order_id = doc->order_id,
			 .order_version = doc->order_version,
			 .issued = doc,
		 });
	const struct sales_order_row *order = bil_see_order(book, lane, account, doc->order_id);
	if (order == NULL)
		return;
	struct sales_order_row next = *order;
	next.progress = bil_order_advance(book_arena(book), order->progress, doc);
	next.state = (int32_t)event->order_state;
	book_put(book, &bil_sales_order_table, &next);
}

static void note_credit(struct book *book, int32_t lane, struct text account, const struct billing_document_issued *memo)
{
	struct arena *arena = book_arena(book);
	const struct invoice_row *invoice =
		book_get(book, &bil_invoice_table,
			 &(struct invoice_row){ .lane = lane, .account = account, .document_id = memo->refers_to_document_id });
	struct billing_credited_line *credit = WIRE_ARRAY(arena, memo->n_lines, billing_credited_line);
	size_t n_rest;

	if (invoice == NULL)
		return;
	for (size_t i = 0; i < memo->n_lines; i++)
		credit[i] = (struct billing_credited_line){ memo->lines[i].line_no, memo->lines[i].net_minor };
	struct invoice_row next = *invoice;
	next.so_far = bil_credit_memo_make(arena, invoice->issued, invoice->so_far, credit, memo->n_lines,
					   WIRE_NEW(arena, billing_document_issued));
	bil_credit_memo_rest(arena, invoice->issued, next.so_far, &n_rest);
	next.credited = n_rest == 0;
	book_put(book, &bil_invoice_table, &next);
}

void bil_documents_apply(struct book *book, int32_t lane, const struct billing_event *event)
{
	if (event->event_case == BILLING_EVENT_INVOICE_ISSUED) {
		count_number(book, lane, event->invoice_issued);
		keep_invoice(book, lane, event);
	} else {
		count_number(book, lane, event->credit_memo_issued);
		note_credit(book, lane, event->account, event->credit_memo_issued);
	}
}
