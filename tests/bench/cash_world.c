#include "cash_world.h"

#include "cash/cash.h"
#include "ev/all.h"
#include "wire/wire.h"

#define BATCH_ARENA ((size_t)8 << 30)

static struct input *add(struct inputs *to, int source, struct text key, const void *event, const char *kind)
{
	if (to->n == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 64;
		struct input *grown = ARENA_ARRAY(to->arena, cap, struct input);
		if (to->n > 0)
			memcpy(grown, to->in, to->n * sizeof(*grown));
		to->in = grown;
		to->cap = cap;
	}
	struct input *in = &to->in[to->n];
	*in = (struct input){ .source = source, .lanes = 1, .key = key, .event = event };
	in->cause = (struct cause){ .topic = TEXT("bench"),
				    .offset = (int64_t)to->n,
				    .event_id = text_printf(to->arena, "%s-%zu", kind, to->n),
				    .source = TEXT("/bench") };
	to->n++;
	return in;
}

void world_customer(struct inputs *to, struct text account, struct text bank_account, bool oldest_first)
{
	struct intake_event *event = WIRE_NEW(to->arena, intake_event);
	struct crm_customer_recorded *c = WIRE_NEW(to->arena, crm_customer_recorded);

	c->account = account;
	c->effective_from = WORLD_DAY - 1000;
	c->legal_name = text_printf(to->arena, "Name of " TEXT_FMT, TEXT_ARG(account));
	c->apply_oldest_first = oldest_first;
	c->n_payer_references = 1;
	c->payer_references = WIRE_ARRAY(to->arena, 1, crm_payer_reference);
	c->payer_references[0].kind = CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT;
	c->payer_references[0].value = bank_account;
	event->account = account;
	event->fact_case = INTAKE_EVENT_CUSTOMER;
	event->customer = WIRE_NEW(to->arena, crm_customer_event);
	event->customer->event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED;
	event->customer->customer_recorded = c;
	add(to, WORLD_INTAKE, account, event, "customer");
}

void world_document(struct inputs *to, const struct world_document *d)
{
	struct billing_event *event = WIRE_NEW(to->arena, billing_event);
	struct billing_document_issued *issued = WIRE_NEW(to->arena, billing_document_issued);
	bool memo = d->minor < 0;

	issued->document_id = d->document_id;
	issued->type = memo ? BILLING_DOCUMENT_TYPE_CREDIT_MEMO : BILLING_DOCUMENT_TYPE_INVOICE;
	issued->number = d->number;
	issued->external_number = d->external_number;
	issued->order_id = d->order_id;
	issued->customer_po = d->customer_po;
	issued->entity = TEXT("DE01");
	issued->currency_code = TEXT("EUR");
	issued->issue_date = issued->accounting_date = d->due_date - 30;
	issued->n_items = 1;
	issued->items = WIRE_ARRAY(to->arena, 1, billing_document_item);
	issued->items[0].sequence = 1;
	issued->items[0].due_date = d->due_date;
	issued->items[0].original_minor = issued->items[0].open_minor = d->minor;
	event->account = d->account;
	event->event_case = memo ? BILLING_EVENT_CREDIT_MEMO_ISSUED : BILLING_EVENT_INVOICE_ISSUED;
	event->invoice_issued = issued; /* all documents are the same member of the union */
	add(to, WORLD_BILLING, d->account, event, "document");
}

void world_line(struct inputs *to, const struct world_payment *p)
{
	struct intake_event *event = WIRE_NEW(to->arena, intake_event);
	struct bank_line_booked *l = WIRE_NEW(to->arena, bank_line_booked);

	l->bank_account = WORLD_BANK;
	l->line_id = p->line_id;
	l->statement_id = TEXT("S1");
	l->entity = TEXT("DE01");
	l->kind = BANK_LINE_KIND_PAYMENT;
	l->amount = (struct money){ "EUR", p->minor };
	l->booking_date = l->value_date = WORLD_DAY;
	l->payer_name = text_printf(to->arena, "Name of " TEXT_FMT, TEXT_ARG(p->account));
	l->payer_bank_account = p->bank_account_of_payer;
	l->remittance_text = p->text;
	event->account = text_printf(to->arena, "~" TEXT_FMT, TEXT_ARG(WORLD_BANK));
	event->fact_case = INTAKE_EVENT_PAYMENT;
	event->payment = WIRE_NEW(to->arena, bank_payment_event);
	event->payment->event_case = BANK_PAYMENT_EVENT_LINE_BOOKED;
	event->payment->line_booked = l;
	add(to, WORLD_INTAKE, event->account, event, "line");
}

void world_transfer(struct inputs *to, const struct world_payment *p)
{
	struct cash_event *event = WIRE_NEW(to->arena, cash_event);
	struct cash_transfer_sent *t = WIRE_NEW(to->arena, cash_transfer_sent);

	t->transfer_id = text_printf(to->arena, "T-" TEXT_FMT, TEXT_ARG(p->line_id));
	t->kind = CASH_TRANSFER_KIND_PAYER;
	t->from_account = text_printf(to->arena, "~" TEXT_FMT, TEXT_ARG(WORLD_BANK));
	t->to_account = p->account;
	t->from_document_id = text_printf(to->arena, "H-" TEXT_FMT, TEXT_ARG(p->line_id));
	t->line_id = p->line_id;
	t->bank_account = WORLD_BANK;
	t->entity = TEXT("DE01");
	t->amount = (struct money){ "EUR", p->minor };
	t->booking_date = t->value_date = t->accounting_date = WORLD_DAY;
	t->remittance = WIRE_NEW(to->arena, cash_remittance);
	t->remittance->text = p->text;
	event->account = t->from_account;
	event->event_case = CASH_EVENT_TRANSFER_SENT;
	event->transfer_sent = t;
	add(to, WORLD_TRANSFER, p->account, event, "transfer");
}

void world_deliver(struct inputs *to, const struct outcome *o)
{
	struct input *in = add(to, WORLD_TRANSFER, text_dup(to->arena, o->destination),
			       wire_copy(&cash_event_msg, o->event, to->arena), "transfer");

	in->cause.event_id = text_dup(to->arena, o->event_id);
}

/* ---- batches ---- */

static void run_steps(struct book *book, struct arena *arena, const struct input *in, size_t n, world_outcome_fn *fn, void *ctx)
{
	for (size_t i = 0; i < n; i++) {
		struct decision d = { .core = &cash_core, .book = book, .arena = arena, .input = &in[i] };

		CHECK(core_step(&d) == DECIDED);
		for (size_t k = 0; fn != NULL && k < d.n_outcomes; k++)
			fn(ctx, i, &d.outcomes[k]);
	}
}

struct book *world_batch(struct arena *arena, struct replay *replay, const struct input *in, size_t n, world_outcome_fn *fn,
			 void *ctx)
{
	struct book *book = book_new(arena, cash_core.tables, cash_core.n_tables);
	size_t n_changes;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++)
			cash_core.want(book, &in[i]);
		replay_load(replay, book);
	}
	run_steps(book, arena, in, n, fn, ctx);
	for (size_t t = 0; t < cash_core.n_tables; t++)
		book_changes(book, cash_core.tables[t], &n_changes);
	return book;
}

void world_take(struct mem *mem, const struct input *in, size_t n)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(BATCH_ARENA, BATCH_ARENA);
	struct book *book = book_new(arena, cash_core.tables, cash_core.n_tables);
	struct err err = { 0 };

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++)
			cash_core.want(book, &in[i]);
		mem_load(mem, book);
	}
	run_steps(book, arena, in, n, NULL, NULL);
	CHECK(mem_save(mem, book, &err));
}
