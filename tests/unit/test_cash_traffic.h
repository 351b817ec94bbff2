/* The random inputs of test_cash_races.c: customers, documents, bank lines, returns, commands, days. Included there, behind struct world. */
#ifndef TESTS_UNIT_TEST_CASH_TRAFFIC_H
#define TESTS_UNIT_TEST_CASH_TRAFFIC_H

static struct text next_id(void)
{
	return name("e", ++w.inputs);
}

static struct intake_event *fact(enum intake_event_case kind, struct text account, const char *type)
{
	struct intake_event *event = WIRE_NEW(w.arena, intake_event);

	event->account = account;
	event->fact_type = text_of(type);
	event->fact_case = kind;
	return event;
}

static void feed_fact(const struct intake_event *event)
{
	feed(SOURCE_INTAKE, lane_of(event->account), event->account, event, next_id());
}

static void feed_reference(struct reference_event *reference)
{
	struct intake_event *event = fact(INTAKE_EVENT_REFERENCE, TEXT_NONE, "reference");
	struct text id = next_id();

	event->reference = reference;
	for (int32_t lane = 0; lane < LANES; lane++)
		feed(SOURCE_INTAKE, lane, TEXT_NONE, event, text_printf(w.arena, TEXT_FMT ".%d", TEXT_ARG(id), lane));
}

static void customer(void)
{
	struct text account = name("C", 1 + (int)any(5));
	struct intake_event *event = fact(INTAKE_EVENT_CUSTOMER, account, "customer_recorded");
	struct crm_customer_recorded *c = WIRE_NEW(w.arena, crm_customer_recorded);

	c->account = account;
	c->effective_from = w.today - (int)any(5);
	c->legal_name = name("Name ", (int)any(6));
	c->apply_oldest_first = any(2);
	c->n_payer_references = 1;
	c->payer_references = WIRE_ARRAY(w.arena, 1, crm_payer_reference);
	c->payer_references[0].kind = CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT;
	c->payer_references[0].value = name("IBAN", (int)any(8));
	event->customer = WIRE_NEW(w.arena, crm_customer_event);
	event->customer->event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED;
	event->customer->customer_recorded = c;
	feed_fact(event);
}

static void document(void)
{
	struct text account = name("C", 1 + (int)any(5));
	struct billing_event *event = WIRE_NEW(w.arena, billing_event);
	struct billing_document_issued *d = WIRE_NEW(w.arena, billing_document_issued);
	bool memo = any(5) == 0;

	d->document_id = name("D", ++w.documents);
	d->type = memo ? BILLING_DOCUMENT_TYPE_CREDIT_MEMO : BILLING_DOCUMENT_TYPE_INVOICE;
	d->number = name("INV-1000", w.documents);
	d->customer_po = name("PO7", (int)any(40));
	d->entity = any(6) > 0 ? TEXT("E1") : TEXT("E2");
	d->currency_code = TEXT("EUR");
	d->issue_date = d->accounting_date = w.today - (int)any(9);
	if (memo && any(2))
		d->refers_to_document_id = name("D", 1 + (int)any((uint32_t)w.documents));
	d->n_items = 1 + any(3);
	d->items = WIRE_ARRAY(w.arena, d->n_items, billing_document_item);
	for (size_t i = 0; i < d->n_items; i++) {
		int64_t minor = 100 * (1 + (int64_t)any(20));
		d->items[i].sequence = (int32_t)i + 1;
		d->items[i].due_date = w.today + (int)any(30) - 15;
		d->items[i].original_minor = d->items[i].open_minor = memo ? -minor : minor;
	}
	event->account = account;
	event->event_case = memo ? BILLING_EVENT_CREDIT_MEMO_ISSUED : BILLING_EVENT_INVOICE_ISSUED;
	event->invoice_issued = d; /* all documents are the same member of the union */
	feed(SOURCE_BILLING, lane_of(account), account, event, next_id());
}

static struct intake_event *payment(struct text account, enum bank_payment_event_case kind, const char *type)
{
	struct intake_event *event = fact(INTAKE_EVENT_PAYMENT, account, type);

	event->payment = WIRE_NEW(w.arena, bank_payment_event);
	event->payment->event_case = kind;
	return event;
}

static struct text some_reference(void)
{
	return any(3) > 0 ? name("INV-1000", 1 + (int)any((uint32_t)w.documents + 1)) : name("PO7", (int)any(40));
}

static void booked(void)
{
	struct text bank = name("B", 1 + (int)any(2));
	struct text account = text_printf(w.arena, "~" TEXT_FMT, TEXT_ARG(bank));
	struct intake_event *event = payment(account, BANK_PAYMENT_EVENT_LINE_BOOKED, "line_booked");
	struct bank_line_booked *l = event->payment->line_booked = WIRE_NEW(w.arena, bank_line_booked);

	l->bank_account = bank;
	l->line_id = name("L", ++w.lines);
	l->entity = any(8) > 0 ? TEXT("E1") : TEXT("E2");
	l->kind = any(15) > 0 ? BANK_LINE_KIND_PAYMENT : BANK_LINE_KIND_FEE;
	l->amount = eur(100 * (1 + (int64_t)any(40)));
	l->booking_date = w.today - (int)any(3);
	l->statement_id = name("S", (int)any(3));
	if (any(2))
		l->payer_bank_account = name("IBAN", (int)any(8));
	if (any(3) == 0)
		l->payer_name = name("Name ", (int)any(6));
	if (any(2))
		l->remittance_text = text_printf(w.arena, "re " TEXT_FMT " thanks", TEXT_ARG(some_reference()));
	l->n_remittance = any(4) == 0 ? 1 + any(3) : 0;
	l->remittance = WIRE_ARRAY(w.arena, l->n_remittance, bank_remittance_line);
	for (size_t i = 0; i < l->n_remittance; i++) {
		l->remittance[i].reference = some_reference();
		if (any(2))
			l->remittance[i].amount = eur(100 * (1 + (int64_t)any(20)));
	}
	feed_fact(event);
}

static const void *some_row(const struct table *table)
{
	size_t n;
	const void *const *rows = mem_rows(w.live, table, &n);

	return n > 0 ? rows[any((uint32_t)n)] : NULL;
}

static void returned(void)
{
	const struct cash_line_row *line = some_row(&cash_line_table);

	if (line == NULL)
		return;
	struct intake_event *event = payment(line->account, BANK_PAYMENT_EVENT_LINE_RETURNED, "line_returned");
	struct bank_line_returned *r = event->payment->line_returned = WIRE_NEW(w.arena, bank_line_returned);
	r->bank_account = (struct text){ line->account.s + 1, line->account.n - 1 };
	r->line_id = name("R", ++w.lines);
	r->entity = line->entity;
	r->returned_line_id = line->line_id;
	r->amount = eur(MAX(line->amount_minor, (int64_t)1));
	if (any(5) == 0)
		r->fee = eur(5);
	r->booking_date = w.today;
	r->statement_id = name("S", (int)any(3));
	feed_fact(event);
}

static struct type_item_ref *ref_of(const struct cash_item_row *item)
{
	struct type_item_ref *ref = WIRE_NEW(w.arena, type_item_ref);

	ref->document_id = item->document_id;
	ref->sequence = item->sequence;
	return ref;
}

static void apply_command(struct command_event *command, const struct cash_item_row *credit, int32_t version)
{
	struct command_apply *apply = command->apply = WIRE_NEW(w.arena, command_apply);

	command->command_case = COMMAND_EVENT_APPLY;
	apply->credit = ref_of(credit);
	apply->expected_version = version;
	if (any(5) == 0)
		apply->accounting_date = w.today - 5 + (int)any(10);
	apply->n_targets = 1 + any(3);
	apply->targets = WIRE_ARRAY(w.arena, apply->n_targets, command_apply_target);
	for (size_t i = 0; i < apply->n_targets; i++) {
		const struct cash_item_row *debit = credit;
		for (int tries = 0; tries < 30 && (debit->open_minor <= 0 || !text_eq(debit->account, credit->account)); tries++)
			debit = some_row(&cash_item_table);
		apply->targets[i].item = ref_of(debit);
		if (any(2))
			apply->targets[i].amount = eur(100 * (1 + (int64_t)any(5)));
	}
}

static void command(void)
{
	const struct cash_item_row *item = some_row(&cash_item_table);

	if (item == NULL)
		return;
	struct intake_event *event = fact(INTAKE_EVENT_COMMAND, item->account, "command");
	struct command_event *c = event->command = WIRE_NEW(w.arena, command_event);
	int32_t version = any(20) == 0 ? 1 : item->version;
	c->account = item->account;
	c->issued_by = TEXT("races");
	if (item->kind == CASH_ITEM_HOLDING) {
		c->command_case = COMMAND_EVENT_ASSIGN_PAYER;
		c->assign_payer = WIRE_NEW(w.arena, command_assign_payer);
		c->assign_payer->line_id = item->line_id;
		c->assign_payer->expected_version = version;
		c->assign_payer->payer_account = name("C", 1 + (int)any(7)); /* two of them are nobody's */
	} else if (item->kind == CASH_ITEM_RECEIPT && any(2)) {
		c->command_case = COMMAND_EVENT_SEND_BACK;
		c->send_back = WIRE_NEW(w.arena, command_send_back);
		c->send_back->document_id = item->document_id;
		c->send_back->expected_version = version;
	} else if (any(2)) {
		c->command_case = COMMAND_EVENT_UNAPPLY;
		c->unapply = WIRE_NEW(w.arena, command_unapply);
		c->unapply->credit = ref_of(item);
		c->unapply->expected_version = version;
	} else {
		apply_command(c, item, version);
	}
	feed_fact(event);
}

static void day(void)
{
	struct reference_event *opened = WIRE_NEW(w.arena, reference_event), *period = WIRE_NEW(w.arena, reference_event);
	struct text entities[] = { TEXT("E1"), TEXT("E2") };

	opened->event_case = REFERENCE_EVENT_DAY_OPENED;
	opened->day_opened = WIRE_NEW(w.arena, reference_day_opened);
	opened->day_opened->business_date = ++w.today;
	opened->day_opened->n_entities = ARRAY_LEN(entities);
	opened->day_opened->entities = arena_dup(w.arena, entities, sizeof(entities));
	feed_reference(opened);
	if (any(8) > 0)
		return;
	period->event_case = REFERENCE_EVENT_PERIOD_RECORDED;
	period->period_recorded = WIRE_NEW(w.arena, reference_period_recorded);
	period->period_recorded->entity = TEXT("E1");
	period->period_recorded->first_day = w.today - 20;
	period->period_recorded->last_day = w.today - 2;
	period->period_recorded->state = REFERENCE_PERIOD_STATE_CLOSED;
	feed_reference(period);
}

#endif
