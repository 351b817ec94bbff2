#include "outcomes.h"
#include "bus/bus.h"
#include "wire/wire.h"

enum { BILLING, CASH };

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* One invoice of the company and the payment that closes it. */
struct business {
	struct arena *a;
	int64_t n;
	struct text account, entity, document, receipt, transfer, line, order;
	struct money amount;
	date_t issued, due, paid;
};

static struct text id_of(struct arena *a, const char *kind, int64_t n)
{
	struct text part = text_printf(a, "%lld", (long long)n);

	return id_derive(a, text_of(kind), 1, &part);
}

static struct business business_of(const struct outcomes *o, int64_t n, struct arena *a)
{
	uint64_t r = mix(o->seed ^ (uint64_t)n);
	bool us = r % 4 == 0;
	struct business b = {
		.a = a,
		.n = n,
		.account = text_printf(a, "C%08lld", (long long)(r >> 8) % o->accounts),
		.entity = us ? TEXT("US") : TEXT("DE"),
		.document = id_of(a, "invoice", n),
		.receipt = id_of(a, "receipt", n),
		.transfer = id_of(a, "transfer", n),
		.line = text_printf(a, "B-%010lld", (long long)n),
		.order = text_printf(a, "SO-%lld", (long long)n),
		.issued = date_of(2026, 1, 5) + (date_t)(n / OUTCOMES_DAY),
	};

	b.account.n = 9;
	b.amount.minor = 1000 + (int64_t)(r >> 20) % 2000000;
	memcpy(b.amount.currency, us ? "USD" : "EUR", 4);
	b.due = b.issued + (r % 3 == 0 ? 14 : 30);
	b.paid = b.issued + (date_t)(OUTCOMES_LAG / OUTCOMES_DAY);
	return b;
}

static struct money negative(struct money m)
{
	m.minor = -m.minor;
	return m;
}

static void set_line(struct type_journal_line *l, enum type_ledger_account to, struct money amount, struct text account,
		     struct text document)
{
	l->ledger_account = to;
	l->amount = l->functional = amount;
	l->account = account;
	l->document_id = document;
	l->item_sequence = text_empty(document) ? 0 : 1;
}

static struct type_journal_entry *entry_of(const struct business *b, const char *kind, date_t day)
{
	struct type_journal_entry *e = WIRE_ARRAY(b->a, 1, type_journal_entry);

	e->kind = text_of(kind);
	e->entity = b->entity;
	e->accounting_date = day;
	e->n_lines = 2;
	e->lines = WIRE_ARRAY(b->a, 2, type_journal_line);
	return e;
}

static struct type_provenance *provenance_of(struct outcomes *o, int stream, int32_t lane, const struct business *b,
					     const char *kind)
{
	struct type_provenance *p = WIRE_NEW(b->a, type_provenance);

	p->service = stream == BILLING ? TEXT("billing") : TEXT("cash");
	p->lane = lane;
	p->seq = ++o->seq[stream][lane];
	p->prev_hash = (struct text){ arena_dup(b->a, o->hash[stream][lane].b, 32), 32 };
	p->event_id = id_of(b->a, kind, b->n);
	p->cause = WIRE_NEW(b->a, type_cause);
	p->cause->topic = stream == BILLING ? TEXT("ar.intake.v1") : TEXT("ar.transfer.v1");
	p->cause->partition = lane;
	p->cause->offset = p->seq;
	p->cause->event_id = id_of(b->a, stream == BILLING ? "fulfilled" : "sent", b->n);
	p->part = 1;
	p->final = true;
	p->correlation_id = b->order;
	p->n_positions = 1;
	p->positions = WIRE_ARRAY(b->a, 1, type_position);
	p->positions->topic = p->cause->topic;
	p->positions->partition = lane;
	p->positions->next_offset = p->seq + 1;
	return p;
}

static struct billing_event *invoice_of(const struct business *b)
{
	struct billing_event *ev = WIRE_NEW(b->a, billing_event);
	struct billing_document_issued *d = WIRE_NEW(b->a, billing_document_issued);

	ev->account = b->account;
	ev->order_id = b->order;
	ev->order_version = 2;
	ev->takes_version = true;
	ev->order_state = BILLING_ORDER_STATE_FULFILLED;
	ev->event_case = BILLING_EVENT_INVOICE_ISSUED;
	ev->invoice_issued = d;
	d->document_id = b->document;
	d->type = BILLING_DOCUMENT_TYPE_INVOICE;
	d->number = text_printf(b->a, TEXT_FMT "26-%07lldX", TEXT_ARG(b->entity), (long long)b->n);
	d->entity = b->entity;
	d->currency_code = text_dup(b->a, text_of(b->amount.currency));
	d->issue_date = d->accounting_date = d->supply_date = b->issued;
	d->order_id = b->order;
	d->order_version = 2;
	d->customer_po = text_printf(b->a, "PO-%lld", (long long)b->n);
	d->terms_code = TEXT("N30");
	d->net_minor = d->gross_minor = b->amount.minor;
	d->n_lines = 1;
	d->lines = WIRE_ARRAY(b->a, 1, billing_document_line);
	d->lines->line_no = 1;
	d->lines->item = TEXT("WIDGET");
	d->lines->description = TEXT("Widget, blue");
	d->lines->quantity_e6 = 1000000;
	d->lines->unit_price_e6 = b->amount.minor * 10000;
	d->lines->net_minor = b->amount.minor;
	d->n_items = 1;
	d->items = WIRE_ARRAY(b->a, 1, billing_document_item);
	d->items->sequence = 1;
	d->items->due_date = b->due;
	d->items->original_minor = d->items->open_minor = b->amount.minor;
	ev->n_entries = 1;
	ev->entries = entry_of(b, "invoice", b->issued);
	set_line(&ev->entries->lines[0], TYPE_LEDGER_ACCOUNT_AR, b->amount, b->account, b->document);
	set_line(&ev->entries->lines[1], TYPE_LEDGER_ACCOUNT_REVENUE, negative(b->amount), TEXT_NONE, TEXT_NONE);
	return ev;
}

static struct cash_event *cash_event_of(const struct business *b, const char *kind)
{
	struct cash_event *ev = WIRE_NEW(b->a, cash_event);

	ev->account = b->account;
	ev->n_entries = 1;
	ev->entries = entry_of(b, kind, b->paid);
	return ev;
}

static struct cash_event *receipt_of(const struct business *b)
{
	struct cash_event *ev = cash_event_of(b, "transfer_accepted");
	struct cash_transfer_accepted *t = WIRE_NEW(b->a, cash_transfer_accepted);

	ev->event_case = CASH_EVENT_TRANSFER_ACCEPTED;
	ev->transfer_accepted = t;
	t->transfer_id = b->transfer;
	t->kind = CASH_TRANSFER_KIND_PAYER;
	t->from_account = TEXT("~DE89370400440532013000");
	t->document_id = b->receipt;
	t->line_id = b->line;
	t->bank_account = TEXT("DE89370400440532013000");
	t->entity = b->entity;
	t->amount = b->amount;
	t->booking_date = t->value_date = t->accounting_date = b->paid;
	set_line(&ev->entries->lines[0], TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT, b->amount, TEXT_NONE, TEXT_NONE);
	set_line(&ev->entries->lines[1], TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, negative(b->amount), b->account, b->receipt);
	return ev;
}

static struct type_item_ref *ref_of(struct arena *a, struct text document)
{
	struct type_item_ref *r = WIRE_NEW(a, type_item_ref);

	r->document_id = document;
	r->sequence = 1;
	return r;
}

static struct cash_event *applied_of(const struct business *b)
{
	struct cash_event *ev = cash_event_of(b, "apply");
	struct cash_applied *ap = WIRE_NEW(b->a, cash_applied);

	ev->event_case = CASH_EVENT_APPLIED;
	ev->applied = ap;
	ap->entity = b->entity;
	ap->n_applications = 1;
	ap->applications = WIRE_ARRAY(b->a, 1, cash_application);
	ap->applications->application_id = id_of(b->a, "application", b->n);
	ap->applications->credit = ref_of(b->a, b->receipt);
	ap->applications->debit = ref_of(b->a, b->document);
	ap->applications->amount = b->amount;
	ap->applications->accounting_date = b->paid;
	ap->explanation = WIRE_NEW(b->a, type_explanation);
	ap->explanation->rule_id = TEXT("reference");
	ap->explanation->rule_version = TEXT("1");
	ap->explanation->because = TEXT("the text names the invoice, the amount is its open amount");
	set_line(&ev->entries->lines[0], TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED, b->amount, b->account, b->receipt);
	set_line(&ev->entries->lines[1], TYPE_LEDGER_ACCOUNT_AR, negative(b->amount), b->account, b->document);
	return ev;
}

void outcomes_init(struct outcomes *o, int64_t accounts, int32_t lanes, uint64_t seed)
{
	CHECK(accounts > 0 && lanes > 0 && lanes <= 1024);
	*o = (struct outcomes){ .accounts = accounts, .lanes = lanes, .seed = mix(seed) };
}

void outcomes_next(struct outcomes *o, struct arena *a, struct outcome_record *ret)
{
	int64_t k = o->n++, turn = k - OUTCOMES_LAG;
	int what = turn < 0 ? 0 : (int)(turn % 3);
	static const char *const kinds[] = { "billed", "received", "applied" };
	struct business b = business_of(o, turn < 0 ? k : what == 0 ? OUTCOMES_LAG + turn / 3 : turn / 3, a);
	int stream = what == 0 ? BILLING : CASH;
	int32_t lane = bus_partition_of(b.account, o->lanes);
	struct type_provenance *p = provenance_of(o, stream, lane, &b, kinds[what]);
	const struct wire_msg *msg = stream == BILLING ? &billing_event_msg : &cash_event_msg;
	struct err err;
	void *ev;

	*ret = (struct outcome_record){ .lane = lane, .seq = p->seq, .key = b.account, .event_id = p->event_id };
	if (stream == BILLING) {
		struct billing_event *billing = ev = invoice_of(&b);
		billing->provenance = p;
		ret->entry = billing->entries;
		ret->topic = "ar.billing.v1";
		ret->service = "billing";
	} else {
		struct cash_event *cash = ev = what == 1 ? receipt_of(&b) : applied_of(&b);
		cash->provenance = p;
		ret->entry = cash->entries;
		ret->topic = "ar.cash.v1";
		ret->service = "cash";
	}
	if (!wire_encode(msg, ev, a, &err, &ret->value)) {
		fprintf(stderr, "record %lld: %s\n", (long long)k, err.msg);
		abort();
	}
	id_sha256(ret->value.s, ret->value.n, &o->hash[stream][lane]);
	ret->type = wire_event_type(msg, ev, a);
}
