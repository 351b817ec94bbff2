/* Outcomes of the books in full that say something wrong: documents by terms, memos, promises, holds, advices. Part of test_sim_records.h. */
#ifndef TESTS_UNIT_TEST_SIM_BOOKS_H
#define TESTS_UNIT_TEST_SIM_BOOKS_H

/* ---- documents by terms, credit memos ---- */

static struct billing_document_issued *of_parts(void *event, size_t parts)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_INVOICE_ISSUED || text_empty(e->invoice_issued->terms_code) ||
	    e->invoice_issued->n_items < parts)
		return NULL;
	return e->invoice_issued;
}

static bool due_later(void *event)
{
	struct billing_document_issued *d = of_parts(event, 1);

	if (d != NULL)
		d->items[0].due_date++;
	return d != NULL;
}

static bool discount_more(void *event)
{
	struct billing_document_issued *d = of_parts(event, 1);

	if (d == NULL || d->items[0].n_discounts == 0)
		return false;
	d->items[0].discounts[0].amount_minor++;
	return true;
}

static bool other_terms(void *event)
{
	struct billing_event *e = event;

	if (of_parts(event, 1) == NULL)
		return false;
	e->provenance->rule_versions[0] = TEXT("terms NEVER version 7");
	return true;
}

static bool no_terms(void *event)
{
	struct billing_document_issued *d = of_parts(event, 2);

	if (d != NULL)
		d->terms_code = TEXT_NONE;
	return d != NULL;
}

/* One minor unit goes from the first part to the second, in the journal, too. */
static bool other_share(void *event)
{
	struct billing_event *e = event;
	struct billing_document_issued *d = of_parts(event, 2);

	if (d == NULL || d->items[0].original_minor == 0 || d->items[1].original_minor == 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		int64_t more = i == 0 ? -1 : 1;
		d->items[i].original_minor += more;
		d->items[i].open_minor += more;
		e->entries[0].lines[i].amount.minor += more;
		e->entries[0].lines[i].functional.minor += more;
	}
	return true;
}

static bool other_income(void *event)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_DEBIT_MEMO_ISSUED)
		return false;
	struct type_journal_entry *entry = &e->entries[0];
	entry->lines[entry->n_lines - 1].ledger_account = TYPE_LEDGER_ACCOUNT_OPENING_BALANCE;
	return true;
}

static bool credit_another(void *event)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_CREDIT_MEMO_ISSUED)
		return false;
	e->credit_memo_issued->refers_to_document_id = TEXT("never-issued");
	return true;
}

/* ---- promises, holds, advices ---- */

static struct collections_event *of_case(void *event, enum collections_event_case what)
{
	struct collections_event *e = event;

	return e->event_case == what ? e : NULL;
}

static bool supersede(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_MADE);

	if (e != NULL)
		e->promise_made->supersedes = !e->promise_made->supersedes;
	return e != NULL;
}

static bool promise_the_past(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_MADE);

	if (e != NULL)
		e->promise_made->promised_date = e->promise_made->made_on - 1;
	return e != NULL;
}

static bool has_closed_a_day(int32_t lane, struct text entity)
{
	size_t n;
	const void *const *rows = mem_rows(spoiled->service[SIM_REPORTING].mem, &reporting_day_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_day *d = rows[i];
		if (d->lane == lane && text_eq(d->entity, entity))
			return d->closed_on != DATE_NONE;
	}
	return false;
}

/* Of a promise that is still open: it should have been judged long ago. */
static bool forget_promise(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_MADE);
	size_t n;
	const void *const *rows = mem_rows(spoiled->service[SIM_COLLECTIONS].mem, &collections_promise_table, &n);

	for (size_t i = 0; e != NULL && i < n; i++) {
		const struct collections_promise *p = rows[i];
		if (!p->open || !text_eq(p->account, e->account) || !text_eq(p->promise_id, e->promise_made->promise_id) ||
		    p->made->made_on != e->promise_made->made_on || !has_closed_a_day(p->lane, p->made->entity))
			continue;
		e->promise_made->made_on -= 1000;
		e->promise_made->promised_date -= 1000;
		return true;
	}
	return false;
}

static bool judge_another(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_JUDGED);

	if (e != NULL)
		e->promise_judged->promise_id = TEXT("another");
	return e != NULL;
}

static bool cancel_another(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_CANCELLED);

	if (e != NULL)
		e->promise_cancelled->promise_id = TEXT("another");
	return e != NULL;
}

static bool judge_wrongly(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_JUDGED);

	if (e == NULL || e->promise_judged->state != COLLECTIONS_PROMISE_STATE_PARTLY_KEPT)
		return false;
	e->promise_judged->state = COLLECTIONS_PROMISE_STATE_BROKEN;
	return true;
}

static bool judge_early(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_JUDGED);

	if (e == NULL || e->promise_judged->state == COLLECTIONS_PROMISE_STATE_KEPT)
		return false;
	e->promise_judged->judged_date -= 100;
	return true;
}

static bool pay_more(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_PROMISE_JUDGED);

	if (e == NULL || e->promise_judged->state != COLLECTIONS_PROMISE_STATE_KEPT)
		return false;
	e->promise_judged->paid.minor += INT64_C(1) << 40;
	return true;
}

static bool lift_another(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_HOLD_LIFTED);

	if (e != NULL)
		e->hold_lifted->hold_id = TEXT("another");
	return e != NULL;
}

static struct collections_notice_issued *notice_of(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_NOTICE_ISSUED);

	return e != NULL ? e->notice_issued : NULL;
}

static bool hold_more(void *event)
{
	struct collections_notice_issued *n = notice_of(event);

	if (n == NULL || n->held_minor > 0)
		return false;
	n->held_minor = n->overdue_minor;
	n->overdue_minor *= 2;
	return true;
}

static bool promise_more(void *event)
{
	struct collections_notice_issued *n = notice_of(event);

	if (n == NULL)
		return false;
	n->promised_minor += INT64_C(1) << 40;
	n->overdue_minor += INT64_C(1) << 40;
	return true;
}

static bool list_less(void *event)
{
	struct collections_notice_issued *n = notice_of(event);

	if (n != NULL)
		n->items[0].open_minor = 0;
	return n != NULL;
}

static bool credit_more(void *event)
{
	struct collections_notice_issued *n = notice_of(event);

	if (n == NULL || n->n_credits == 0)
		return false;
	n->credits[0].open_minor++;
	return true;
}

/* A block that had been put on an item holds the whole account: a reminder follows. */
static bool block_all(void *event)
{
	struct collections_event *e = of_case(event, COLLECTIONS_EVENT_BLOCK_SET);
	size_t n;
	const void *const *rows = mem_rows(spoiled->service[SIM_REPORTING].mem, &reporting_notice_table, &n);

	if (e == NULL || e->block_set->item == NULL || e->block_set->until != DATE_NONE)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct reporting_notice *r = rows[i];
		if (!text_eq(r->account, e->account) || r->seq < e->provenance->seq || r->lane != e->provenance->lane)
			continue;
		e->block_set->item = NULL;
		return true;
	}
	return false;
}

/* A second wait of an advice that had waited and met its line. */
static bool wait_again(void *event)
{
	struct cash_event *e = event;

	if (e->event_case != CASH_EVENT_ADVICE_RECORDED || text_empty(e->advice_recorded->line_id) || e->provenance->part == 1)
		return false;
	e->advice_recorded->line_id = TEXT_NONE;
	return true;
}

#endif
