/* opening: opening items of the system before us (INT-07). */
#include "core/take_on.h"
#include "core/posting.h"
#include "journey.h"

enum step bil_opening_decide(struct decision *d, const struct job *job)
{
	const struct crm_opening_item *item = job->event->opening_item;
	const struct customer_row *customer = bil_see_customer(d->book, job->lane, job->account, item->document_date);
	const struct entity_row *entity = bil_see_entity(d->book, job->lane, item->entity);
	const struct external_number_row *same =
		bil_see_external(d->book, job->lane, job->account, item->entity, EXTERNAL_OF_TAKE_ON, item->external_number);
	struct billing_document_issued *doc = WIRE_NEW(d->arena, billing_document_issued);
	struct periods periods;
	enum refusal why = bil_take_on_check(item);

	bil_see_closed(d->book, job->lane, item->entity, &periods);
	if (book_is_again(d->book))
		return STEP_WAITS;
	bil_take_on_make(d->arena, item, doc);
	if (why == REFUSE_NOTHING && same != NULL)
		why = text_eq(same->content, bil_take_on_content(d->arena, doc)) ? REFUSE_ALREADY_TAKEN_ON
										 : REFUSE_EXTERNAL_NUMBER_CONFLICT;
	if (why != REFUSE_NOTHING)
		return bil_refuse(d, job, false, why, TEXT_NONE);
	if (customer == NULL)
		return bil_park(d, job, PARK_CUSTOMER_UNKNOWN, job->account);
	if (entity == NULL)
		return bil_park(d, job, PARK_ENTITY_UNKNOWN, item->entity);
	if (!bil_period_takes(&periods, item->accounting_date))
		return bil_refuse(d, job, false, REFUSE_PERIOD_CLOSED, TEXT_NONE);

	struct billing_event *event = bil_answer_new(d, job, false);
	doc->document_id = bil_documents_id(d, job, item->external_number);
	event->event_case = BILLING_EVENT_ITEM_TAKEN_ON;
	event->item_taken_on = doc;
	bil_posting_document(d->arena, doc, event);
	bil_answer(d, job, event, false, TEXT_NONE);
	return STEP_TAKEN;
}

void bil_opening_apply(struct book *book, int32_t lane, const struct billing_event *event)
{
	const struct billing_document_issued *doc = event->item_taken_on;

	book_put(book, &bil_external_number_table,
		 &(struct external_number_row){
			 .lane = lane,
			 .account = event->account,
			 .entity = doc->entity,
			 .kind = EXTERNAL_OF_TAKE_ON,
			 .value = doc->external_number,
			 .owner = doc->document_id,
			 .content = bil_take_on_content(book_arena(book), doc),
		 });
}
