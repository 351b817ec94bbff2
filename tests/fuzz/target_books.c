/*
 * The whole of the books behind the gate: the bytes are choices, out of which events are made that a gate may let through, with
 * amounts, quantities and dates at their extremes; they pass the gate and every service, outcomes are delivered until nothing is left.
 * With OPENITEM_FUZZ_TALE set, every outcome is told on stderr. What must hold: every outcome can be written and read by those inside, every journal balances, and the open items are the ledger's.
 */
#include "targets.h"

#include "billing/billing.h"
#include "cash/cash.h"
#include "collections/collections.h"
#include "ev/all.h"
#include "intake/intake.h"
#include "intake/core/fact.h"
#include "ledger/ledger.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "run/gate.h"
#include "wire/topics.h"

#define EVENTS_MAX   24
#define STEPS_MAX    4000 /* inputs of all services for one input of ours */
#define PARTS_MAX    200
#define LOADS_MAX    8
#define LEARNT_MAX   64
#define ELEMENTS_MAX 4

static const struct run_service *const services[] = { &intake_service, &billing_service, &cash_service, &collections_service,
						      &reporting_service };
#define SERVICES ARRAY_LEN(services)

struct waiting {
	size_t service;
	struct input input;
	struct waiting *next;
};

struct world {
	struct arena *arena;
	struct mem *mem[SERVICES];
	int64_t seq[SERVICES];
	int64_t offset; /* of everything: one number is as good as another */
	struct waiting *first, **last;
	struct text learnt[LEARNT_MAX]; /* document ids, numbers, line ids: what later events may name */
	size_t n_learnt;
	struct text choices; /* what is left of the input */
	int32_t next_version[4]; /* of O1, O2 ..., as billing told */
	size_t order; /* which of them the event being made is about */
	const char *currency; /* of the event being made: two in one are mostly refused at once */
	bool bold; /* amounts, quantities and prices of this input are mostly as large as they may be */
	bool command; /* it is one: those alone may name a holding account */
	size_t element; /* of the array being made */
	size_t steps;
};

/* ---- delivering ---- */

static void deliver(struct world *w, const char *topic, const struct wire_msg *msg, const void *event, struct text key,
		    struct text event_id)
{
	struct err err = { .class = ERR_NONE };
	struct text bytes;
	void *back;

	MUST(wire_encode(msg, event, w->arena, &err, &bytes), "%s: %s", err.code, err.msg);
	MUST(wire_decode_strict(msg, (const uint8_t *)bytes.s, bytes.n, w->arena, &err, &back), "%s: %s", err.code, err.msg);
	w->offset++;
	for (size_t s = 1; s < SERVICES; s++)
		for (size_t i = 0; i < services[s]->n_sources; i++) {
			const struct run_source *source = &services[s]->sources[i];

			if (strcmp(source->topic, topic) != 0)
				continue;
			if (source->concerns != NULL && !source->concerns(back))
				continue;

			struct waiting *one = ARENA_NEW(w->arena, struct waiting);

			one->service = s;
			one->input =
				(struct input){ .source = (int)i,
						.lanes = 1,
						.key = key,
						.event = back,
						.value = bytes,
						.type = wire_event_type(msg, back, w->arena),
						.cause = { .topic = text_of(topic), .offset = w->offset, .event_id = event_id } };
			*w->last = one;
			w->last = &one->next;
		}
}

/* ---- what comes out of a step ---- */

static void learn(struct world *w, struct text t)
{
	if (!text_empty(t) && w->n_learnt < LEARNT_MAX)
		w->learnt[w->n_learnt++] = t;
}

static void learn_document(struct world *w, const struct billing_document_issued *d)
{
	learn(w, d->document_id);
	learn(w, d->number);
}

static void learn_from(struct world *w, size_t s, const void *event)
{
	if (services[s] == &billing_service) {
		const struct billing_event *e = event;
		bool debit = e->event_case == BILLING_EVENT_DEBIT_MEMO_ISSUED;

		if (e->order_version > 0 && e->event_case != BILLING_EVENT_PARKED && e->event_case != BILLING_EVENT_REFUSED)
			w->next_version[w->order] = e->order_version + 1;
		if (debit || e->event_case == BILLING_EVENT_INVOICE_ISSUED)
			learn_document(w, debit ? e->debit_memo_issued : e->invoice_issued);
		if (e->event_case == BILLING_EVENT_CREDIT_MEMO_ISSUED)
			learn_document(w, e->credit_memo_issued);
		if (e->event_case == BILLING_EVENT_ITEM_TAKEN_ON)
			learn(w, e->item_taken_on->document_id);
	}
	if (services[s] == &cash_service) {
		const struct cash_event *e = event;

		if (e->event_case == CASH_EVENT_LINE_POSTED)
			learn(w, e->line_posted->document_id);
		if (e->event_case == CASH_EVENT_TRANSFER_ACCEPTED)
			learn(w, e->transfer_accepted->document_id);
	}
}

static void check_entries(const struct type_journal_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		MUST(ledger_is_sound(&entries[i]), "a journal entry that does not balance");
}

static void check_journal(size_t s, const void *event)
{
	if (services[s] == &billing_service)
		check_entries(((const struct billing_event *)event)->entries, ((const struct billing_event *)event)->n_entries);
	if (services[s] == &cash_service)
		check_entries(((const struct cash_event *)event)->entries, ((const struct cash_event *)event)->n_entries);
}

static void tell(const struct run_service *service, const void *event)
{
	static int telling = -1;
	_cleanup_(buf_free) struct buf b = { 0 };

	if (telling < 0)
		telling = getenv("OPENITEM_FUZZ_TALE") != NULL;
	if (telling == 0)
		return;
	wire_print(service->core->outcome_msg, event, &b);
	fprintf(stderr, "%s " TEXT_FMT " %s\n", service->core->name, TEXT_ARG(wire_event_name(service->core->outcome_msg, event)),
		b.s);
}

static void take_outcome(struct world *w, size_t s, const struct input *input, struct outcome *o)
{
	const struct run_service *service = services[s];
	const struct cause *cause = o->cause != NULL ? o->cause : &input->cause;
	struct type_provenance *p = WIRE_NEW(w->arena, type_provenance);
	void *event = wire_copy(service->core->outcome_msg, o->event, w->arena);

	p->service = text_of(service->core->name);
	p->seq = ++w->seq[s];
	p->event_id = text_dup(w->arena, o->event_id);
	p->part = o->part;
	p->final = o->final;
	p->cause = WIRE_NEW(w->arena, type_cause);
	p->cause->topic = text_dup(w->arena, cause->topic);
	p->cause->offset = cause->offset;
	p->cause->event_id = text_dup(w->arena, cause->event_id);
	memcpy((char *)event + service->core->provenance_offset, &p, sizeof(p));
	tell(service, event);
	check_journal(s, event);
	learn_from(w, s, event);

	struct text key = text_dup(w->arena, o->key), destination = text_dup(w->arena, o->destination);

	if (service->outcome_topic != NULL)
		deliver(w, service->outcome_topic, service->core->outcome_msg, event, key, p->event_id);
	if (service->fanout_topic != NULL && o->dead_letter == NULL && (destination.n > 0 || o->destination_lane >= 0))
		deliver(w, service->fanout_topic, service->core->outcome_msg, event, destination, p->event_id);
}

/* ---- one transaction, as common/run does it ---- */

static enum decided transaction(struct world *w, size_t s, struct input *input)
{
	const struct core *core = services[s]->core;
	struct book *book = book_new(w->arena, core->tables, core->n_tables);
	struct decision d = { .core = core, .book = book, .arena = w->arena, .input = input };
	struct err err = { .class = ERR_NONE };
	enum decided result = AGAIN;

	for (int round = 0; round < 2; round++) {
		core->want(book, input);
		mem_load(w->mem[s], book);
	}
	for (int loads = 0; loads < LOADS_MAX && result == AGAIN; loads++) {
		result = core_step(&d);
		if (result == AGAIN)
			mem_load(w->mem[s], book);
	}
	MUST(result != AGAIN, "%s asks for ever", core->name);
	MUST(mem_save(w->mem[s], book, &err), "%s: %s: %s", core->name, err.code, err.msg);
	for (size_t i = 0; i < d.n_outcomes; i++)
		take_outcome(w, s, input, &d.outcomes[i]);
	for (size_t i = 0; i < d.n_outcomes; i++)
		if (d.outcomes[i].cause == NULL)
			input->cause.part = d.outcomes[i].part;
	input->cursor = result == MORE ? text_dup(w->arena, d.cursor) : TEXT_NONE;
	return result;
}

static void handle(struct world *w, size_t s, struct input *input)
{
	for (int part = 0; transaction(w, s, input) == MORE; part++)
		MUST(part < PARTS_MAX, "%s never ends", services[s]->core->name);
}

static void settle(struct world *w)
{
	while (w->first != NULL) {
		struct waiting *one = w->first;

		w->first = one->next;
		if (w->first == NULL)
			w->last = &w->first;
		MUST(++w->steps < STEPS_MAX, "the platform never settles");
		handle(w, one->service, &one->input);
	}
}

/* ---- through the gate ---- */

static void send(struct world *w, const struct wire_topic *topic, const void *event)
{
	struct record_header h[] = {
		{ .name = TEXT("ce_id"), .value = text_printf(w->arena, "x%lld", (long long)w->offset) },
		{ .name = TEXT("ce_source"), .value = TEXT("/fuzz") },
		{ .name = TEXT("ce_type"), .value = wire_event_type(topic->msg, event, w->arena) },
	};
	struct record r = { .topic = text_of(topic->topic), .offset = w->offset++, .key_null = true, .headers = h, .n_headers = 3 };
	struct err err;

	if (!wire_encode(topic->msg, event, w->arena, &err, &r.value))
		return; /* not an event a stranger's encoder would make; gate-* tries those */

	struct input in = { .lanes = 1, .cause = { .topic = r.topic, .offset = r.offset } };

	intake_service.gate->decode(&r, w->arena, &in);
	handle(w, 0, &in);
	settle(w);
}

/* ---- making events out of choices ---- */

static unsigned choose(struct world *w, unsigned n)
{
	return (unsigned)fuzz_choice(&w->choices, n);
}

static struct text one_of(struct world *w, const char *const *words, unsigned n)
{
	return text_of(words[choose(w, n)]);
}
#define ONE_OF(w, ...) one_of(w, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

/* As long as the field allows: what is made of it further on must have room for it. */
static struct text longest(struct world *w, const struct wire_field *f)
{
	char *s = arena_alloc(w->arena, f->max);

	memset(s, 'a' + (int)choose(w, 3), f->max);
	return (struct text){ s, f->max };
}

static struct text make_text(struct world *w, const struct wire_field *f)
{
	const char *name = f->name;

	if ((f->flags & WIRE_CURRENCY) != 0)
		return text_of(w->currency);
	if (choose(w, 32) == 31)
		return longest(w, f);
	if (strcmp(name, "bank_account") == 0)
		return ONE_OF(w, "DE89", "DE89", "US12");
	if (strcmp(name, "parent_account") == 0)
		return ONE_OF(w, "C9", "C2");
	if (ends_with(name, "account"))
		return choose(w, 4) != 3 ? TEXT("C1") : ONE_OF(w, "C2", w->command ? "~DE89" : "C3");
	if (strcmp(name, "entity") == 0 || strcmp(name, "entities") == 0)
		return choose(w, 8) != 7 ? TEXT("DE01") : TEXT("US01");
	if (strcmp(name, "order_id") == 0) {
		w->order = choose(w, ARRAY_LEN(w->next_version));
		return text_printf(w->arena, "O%zu", w->order + 1);
	}
	if (ends_with(name, "line_id") || ends_with(name, "statement_id"))
		return ONE_OF(w, "L1", "L2", "L3", "L4");
	if (ends_with(name, "promise_id") || ends_with(name, "hold_id") || ends_with(name, "block_id") ||
	    ends_with(name, "advice_id"))
		return ONE_OF(w, "N1", "N2");
	if (strcmp(name, "terms_code") == 0)
		return ONE_OF(w, "", "N30", "N31");
	if (strcmp(name, "number_prefix") == 0)
		return ONE_OF(w, "DE", "US", "X1");
	if (w->n_learnt > 0 && choose(w, 4) != 0)
		return w->learnt[choose(w, (unsigned)w->n_learnt)];
	return ONE_OF(w, "D1", "C1", "O1", "L1", "a", "x/y");
}

static int64_t make_int(struct world *w, const struct wire_field *f)
{
	static const int64_t numbers[] = { 1,
					   1,
					   1,
					   2,
					   3,
					   0,
					   7,
					   30,
					   -1,
					   1000000,
					   2000000,
					   49900000,
					   999999,
					   190000,
					   500000,
					   INT64_C(1000000000000000),
					   -INT64_C(1000000000000000),
					   INT64_C(4000000000000000),
					   INT32_MAX,
					   INT32_MIN,
					   INT64_MAX,
					   INT64_MIN,
					   -1000000,
					   333333 };
	static const int64_t large[] = { 1000000, 40000000000, INT64_C(1000000000000000), -INT64_C(1000000000000000), 80000000000 };
	int64_t n;

	if (w->bold && (f->flags & WIRE_E6) != 0 && choose(w, 8) != 7)
		n = large[choose(w, ARRAY_LEN(large))];
	else if (strcmp(f->name, "order_version") == 0 && choose(w, 8) != 7)
		n = w->next_version[w->order];
	else if (ends_with(f->name, "version"))
		n = 1 + (int64_t)choose(w, 5);
	else if (strcmp(f->name, "level") == 0 || strcmp(f->name, "line_no") == 0 || strcmp(f->name, "sequence") == 0)
		n = (int64_t)w->element + 1 + (choose(w, 8) == 7);
	else
		n = numbers[choose(w, ARRAY_LEN(numbers))];
	if ((f->flags & WIRE_RANGE) != 0)
		n = MAX(f->low, MIN(f->high, n));
	return n;
}

static struct money make_money(struct world *w)
{
	static const int64_t minors[] = {
		4990, 4990, 9980, 100, 1, 119000, 0, -1, WIRE_MINOR_MAX, WIRE_MINOR_MAX - 1, -WIRE_MINOR_MAX, WIRE_MINOR_MAX / 2,
		5938, 5000
	};
	static const int64_t large[] = { WIRE_MINOR_MAX, WIRE_MINOR_MAX, WIRE_MINOR_MAX - 1, WIRE_MINOR_MAX / 2, 1 };
	bool bold = w->bold && choose(w, 8) != 7;
	struct money m = { .minor = bold ? large[choose(w, ARRAY_LEN(large))] : minors[choose(w, ARRAY_LEN(minors))] };

	memcpy(m.currency, choose(w, 16) == 15 ? "USD" : w->currency, sizeof(m.currency));
	return m;
}

static date_t make_date(struct world *w, const struct wire_field *f)
{
	unsigned n = choose(w, 64);

	if (n >= 62)
		return n == 63 ? DATE_MAX : DATE_MIN;
	/* Business days are late enough for items to be overdue. */
	return date_of(2026, 1, 1) + (date_t)n + (strcmp(f->name, "business_date") == 0 ? 40 : 0);
}

static void make_into(struct world *w, const struct wire_msg *m, void *ev);

static void make_value(struct world *w, const struct wire_field *f, void *to)
{
	int64_t n;

	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_PERSONAL:
		*(struct text *)to = make_text(w, f);
		break;
	case WIRE_DATE:
		*(date_t *)to = make_date(w, f);
		break;
	case WIRE_MONEY:
		*(struct money *)to = make_money(w);
		break;
	case WIRE_INT32:
		n = make_int(w, f);
		*(int32_t *)to = (int32_t)MAX(INT32_MIN, MIN(INT32_MAX, n));
		break;
	case WIRE_INT64:
		*(int64_t *)to = make_int(w, f);
		break;
	case WIRE_BOOL:
		*(bool *)to = choose(w, 2) == 1;
		break;
	case WIRE_ENUM:
		n = choose(w, 2) == 0 ? 0 : (int64_t)choose(w, (unsigned)f->en->n - 1);
		memcpy(to, &f->en->values[1 + n].number, sizeof(int32_t));
		break;
	case WIRE_MESSAGE:
		*(void **)to = wire_new(f->msg, 1, w->arena);
		make_into(w, f->msg, *(void **)to);
		break;
	}
}

static void make_array(struct world *w, const struct wire_field *f, void *ev)
{
	size_t n = choose(w, 32) == 31 ? f->max_n : 1 + choose(w, ELEMENTS_MAX),
	       size = f->kind == WIRE_MESSAGE ? f->msg->size : sizeof(struct text);
	char *to = f->kind == WIRE_MESSAGE ? wire_new(f->msg, n, w->arena) : arena_array(w->arena, n, size);

	CHECK(f->kind == WIRE_MESSAGE || f->kind == WIRE_TEXT || f->kind == WIRE_PERSONAL);
	*(size_t *)((char *)ev + f->n_at) = n;
	*(void **)((char *)ev + f->at) = to;
	for (size_t i = 0; i < n; i++) {
		w->element = i;
		if (f->kind == WIRE_MESSAGE)
			make_into(w, f->msg, to + i * size);
		else
			make_value(w, f, to + i * size);
	}
}

static void make_into(struct world *w, const struct wire_msg *m, void *ev)
{
	for (size_t k = 0; k < m->n_oneofs; k++) {
		const struct wire_field *members[WIRE_FIELDS_MAX];
		unsigned n = 0;

		for (size_t i = 0; i < m->n_fields; i++)
			if (m->fields[i].oneof == k + 1)
				members[n++] = &m->fields[i];

		/* Of the reference facts the last one, a day that closes, is the one that makes others act. */
		bool day = m == &reference_event_msg && choose(w, 2) == 1;
		const struct wire_field *f = day ? members[n - 1] : members[choose(w, n)];

		memcpy((char *)ev + m->oneofs[k].case_at, &f->number, sizeof(int32_t));
		make_value(w, f, (char *)ev + f->at);
	}
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		bool must = (f->flags & WIRE_REQ) != 0 || (f->flags & WIRE_RANGE) != 0;

		if (f->oneof != 0 || (!must && choose(w, 2) == 0))
			continue;
		if ((f->flags & WIRE_REPEATED) == 0)
			make_value(w, f, (char *)ev + f->at);
		else if (f->kind == WIRE_MESSAGE || f->kind == WIRE_TEXT || f->kind == WIRE_PERSONAL)
			make_array(w, f, ev);
	}
}

/* ---- a company to begin with ---- */

static const char *const company[][2] = {
	{ "ar.reference.v1", "entity_recorded.entity=DE01|entity_recorded.name=W|entity_recorded.functional_currency=EUR|"
			     "entity_recorded.fiscal_year_start_month=1|entity_recorded.number_prefix=DE" },
	{ "ar.reference.v1", "bank_account_recorded.bank_account=DE89|bank_account_recorded.entity=DE01|"
			     "bank_account_recorded.currency_code=EUR" },
	{ "ar.reference.v1", "terms_recorded.terms_code=N30|terms_recorded.version=1|terms_recorded.effective_from=2020-01-01|"
			     "terms_recorded.kind=net|terms_recorded.days=30" },
	{ "ar.reference.v1", "ladder_recorded.version=1|ladder_recorded.effective_from=2020-01-01|ladder_recorded.days_between=7|"
			     "ladder_recorded.levels[0].level=1|ladder_recorded.levels[0].days_past_due=1" },
	{ "ar.reference.v1", "day_opened.business_date=2026-01-02|day_opened.entities=DE01" },
	{ "crm.customer.v1",
	  "customer_recorded.terms_code=N30|customer_recorded.account=C1|customer_recorded.effective_from=2026-01-01|customer_recorded.legal_name=A" },
	{ "crm.sales-order.v1",
	  "order_booked.order.account=C1|order_booked.order.order_id=O1|order_booked.order.order_version=1|"
	  "order_booked.order.entity=DE01|order_booked.order.currency_code=EUR|order_booked.order.order_date=2026-01-02|"
	  "order_booked.order.due_date=2026-01-20|order_booked.order.lines[0].line_no=1|order_booked.order.lines[0].item=a|"
	  "order_booked.order.lines[0].quantity_e6=1|order_booked.order.lines[0].unit_price_e6=49.90" },
	{ "crm.sales-order.v1", "order_fulfilled.account=C1|order_fulfilled.order_id=O1|order_fulfilled.order_version=2|"
				"order_fulfilled.supply_date=2026-01-03" },
};

static void begin(struct world *w)
{
	for (size_t i = 0; i < ARRAY_LEN(company); i++) {
		const struct wire_topic *topic = wire_topic_find(text_of(company[i][0]));
		void *ev = wire_new(topic->msg, 1, w->arena);
		struct text rest = text_of(company[i][1]);
		struct err err;

		while (rest.n > 0) {
			size_t end = MIN(text_find(rest, TEXT("|")), rest.n), eq = text_find(rest, TEXT("="));

			MUST(wire_set(topic->msg, ev, (struct text){ rest.s, eq }, (struct text){ rest.s + eq + 1, end - eq - 1 },
				      w->arena, &err),
			     "%s", err.msg);
			end = MIN(end + 1, rest.n);
			rest = (struct text){ rest.s + end, rest.n - end };
		}
		send(w, topic, ev);
	}
}

/* LEDGER section 5: per entity and currency, the open items are AR control. */
static void check_tie_out(const struct world *w)
{
	size_t n;
	const void *const *rows = mem_rows(w->mem[SERVICES - 1], &reporting_tie_out_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_tie_out *row = rows[i];

		MUST(row->items_minor == row->control_minor, "items %lld, control %lld", (long long)row->items_minor,
		     (long long)row->control_minor);
	}
}

void target_books(struct text bytes, struct arena *arena)
{
	struct world w = { .arena = arena, .choices = bytes };

	w.last = &w.first;
	for (size_t i = 0; i < ARRAY_LEN(w.next_version); i++)
		w.next_version[i] = 1;
	for (size_t s = 0; s < SERVICES; s++)
		w.mem[s] = mem_new(services[s]->core->tables, services[s]->core->n_tables);
	w.bold = choose(&w, 2) == 1;
	begin(&w);
	for (int i = 0; i < EVENTS_MAX && w.choices.n > 0; i++) {
		static const unsigned char often[] = { 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4 }; /* orders and payments */
		const struct wire_topic *topic = &wire_topics[often[choose(&w, sizeof(often))]];
		void *ev = wire_new(topic->msg, 1, arena);

		w.currency = ONE_OF(&w, "EUR", "EUR", "EUR", "EUR", "USD", "JPY", "KWD").s;
		w.command = topic->msg == &command_event_msg;
		w.element = 0;
		make_into(&w, topic->msg, ev);
		send(&w, topic, ev);
	}
	check_tie_out(&w);
	for (size_t s = 0; s < SERVICES; s++)
		mem_free(w.mem[s]);
}
