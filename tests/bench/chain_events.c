/* chain_events: see chain_events.h. Names, words and chances are those of `openitem generate`. */
#include "chain_events.h"

#include "bus/bus.h"
#include "cli/company_impl.h"
#include "cli/day.h"
#include "money/money.h"
#include "wire/wire.h"

#define SOURCE_CRM       TEXT("/crm/bench")
#define SOURCE_BANK      TEXT("/bank/bench")
#define SOURCE_REFERENCE TEXT("/reference/bench")
#define ORDER_LINES_MAX  3

static const struct {
	const char *code, *currency, *prefix, *country, *tax_code;
	int fiscal_start_month, rate_ppm;
} entities[CHAIN_ENTITIES] = {
	{ "DE01", "EUR", "DE", "DE", "DE-VAT", 1, 190000 },
	{ "IN01", "INR", "IN", "IN", "IGST", 4, 180000 },
	{ "US01", "USD", "US", "US", "US-CA", 1, 82500 },
};

static const struct {
	const char *code;
	int days;
} terms[] = { { "N14", 14 }, { "N30", 30 }, { "N45", 45 }, { "N60", 60 } };

static const char *const topics[] = { "ar.reference.v1", "crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1" };
enum { TOPIC_REFERENCE, TOPIC_CUSTOMER, TOPIC_ORDER, TOPIC_PAYMENT };

static bool make(int topic, const void *body, struct text id, struct text source, struct arena *a, struct err *err,
		 struct event *ret)
{
	return event_make(wire_topic_find(text_of(topics[topic])), body, id, source, event_time_of_day(CHAIN_DATE, a), a, err, ret);
}

/* Independent of everything drawn before. */
static struct rng rng_of(const struct chain_plan *plan, int64_t i, uint64_t what)
{
	struct rng rng = { plan->seed * 1000003u + (uint64_t)plan->company };

	rng.state = rng_next(&rng) ^ ((uint64_t)i * 4 + what);
	rng_next(&rng);
	return rng;
}

/* ---- facts ------------------------------------------------------------------------------------------------------------------ */

static struct text bank_account_of(const struct chain_plan *plan, int entity, int64_t lane, struct arena *a)
{
	for (int64_t n = 0;; n++) {
		struct text t = text_printf(a, "%s-BANK-%lld", entities[entity].country, (long long)n);

		if (bus_partition_of(text_printf(a, "~" TEXT_FMT, TEXT_ARG(t)), (int32_t)plan->lanes) == lane)
			return t;
	}
}

static int entity_of_lane(int64_t lane)
{
	return (int)(lane % CHAIN_ENTITIES);
}

static bool tell_reference(const struct reference_event *ev, const char *id, struct arena *a, chain_fn *fn, void *ctx,
			   struct err *err)
{
	struct event made;

	return make(TOPIC_REFERENCE, ev, text_of(id), SOURCE_REFERENCE, a, err, &made) && fn(ctx, &made, err);
}

static bool tell_entities(const struct chain_plan *plan, struct arena *a, chain_fn *fn, void *ctx, struct err *err)
{
	bool ok = true;

	for (int i = 0; ok && i < CHAIN_ENTITIES; i++) {
		struct reference_entity_recorded *r = WIRE_NEW(a, reference_entity_recorded);
		r->entity = text_of(entities[i].code);
		r->name = text_printf(a, "Bench %s", entities[i].code);
		r->functional_currency = text_of(entities[i].currency);
		r->fiscal_year_start_month = entities[i].fiscal_start_month;
		r->number_prefix = text_of(entities[i].prefix);
		struct reference_event ev = { .event_case = REFERENCE_EVENT_ENTITY_RECORDED, .entity_recorded = r };
		ok = tell_reference(&ev, text_printf(a, "entity-%d", i).s, a, fn, ctx, err);
	}
	for (int64_t lane = 0; ok && lane < plan->lanes; lane++) {
		int entity = entity_of_lane(lane);
		struct reference_bank_account_recorded *b = WIRE_NEW(a, reference_bank_account_recorded);
		b->bank_account = bank_account_of(plan, entity, lane, a);
		b->entity = text_of(entities[entity].code);
		b->currency_code = text_of(entities[entity].currency);
		struct reference_event ev = { .event_case = REFERENCE_EVENT_BANK_ACCOUNT_RECORDED, .bank_account_recorded = b };
		ok = tell_reference(&ev, text_printf(a, "bank-%lld", (long long)lane).s, a, fn, ctx, err);
	}
	return ok;
}

static bool tell_terms(struct arena *a, chain_fn *fn, void *ctx, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < ARRAY_LEN(terms); i++) {
		struct reference_terms_recorded *t = WIRE_NEW(a, reference_terms_recorded);
		t->terms_code = text_of(terms[i].code);
		t->version = 1;
		t->effective_from = date_of(2000, 1, 1);
		t->kind = REFERENCE_TERMS_KIND_NET;
		t->days = terms[i].days;
		struct reference_event ev = { .event_case = REFERENCE_EVENT_TERMS_RECORDED, .terms_recorded = t };
		ok = tell_reference(&ev, text_printf(a, "terms-%zu", i).s, a, fn, ctx, err);
	}
	return ok;
}

static bool tell_day(struct arena *a, chain_fn *fn, void *ctx, struct err *err)
{
	struct text codes[CHAIN_ENTITIES];
	struct event ev;

	for (int i = 0; i < CHAIN_ENTITIES; i++)
		codes[i] = text_of(entities[i].code);
	return day_event(DAY_OPENED, CHAIN_DATE, codes, CHAIN_ENTITIES, SOURCE_REFERENCE, a, err, &ev) && fn(ctx, &ev, err);
}

struct customer {
	struct text account, name, iban;
	int entity, terms;
};

static struct customer customer_of(const struct chain_plan *plan, int64_t i, struct arena *a)
{
	struct rng rng = rng_of(plan, i, 0);
	struct customer c = { .account = text_printf(a, "%c%06lld", plan->company, (long long)i),
			      .entity = (int)rng_below(&rng, CHAIN_ENTITIES),
			      .terms = (int)rng_below(&rng, ARRAY_LEN(terms)) };
	char name[80], iban[32];

	company_name(&rng, name, sizeof(name), entities[c.entity].country);
	company_iban(&rng, iban, sizeof(iban), entities[c.entity].country);
	c.name = text_printf(a, "%s " TEXT_FMT, name, TEXT_ARG(c.account)); /* nobody else has it */
	c.iban = text_dup(a, text_of(iban));
	return c;
}

static bool tell_customer(const struct chain_plan *plan, int64_t i, struct arena *a, chain_fn *fn, void *ctx, struct err *err)
{
	struct customer c = customer_of(plan, i, a);
	struct crm_customer_recorded *r = WIRE_NEW(a, crm_customer_recorded);
	struct crm_customer_event body = { .event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED, .customer_recorded = r };
	struct event ev;

	r->account = c.account;
	r->effective_from = date_of(2026, 1, 1);
	r->legal_name = c.name;
	r->terms_code = text_of(terms[c.terms].code);
	r->n_payer_references = 1;
	r->payer_references = WIRE_NEW(a, crm_payer_reference);
	r->payer_references->kind = CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT;
	r->payer_references->value = c.iban;
	return make(TOPIC_CUSTOMER, &body, text_printf(a, "customer-" TEXT_FMT, TEXT_ARG(c.account)), SOURCE_CRM, a, err, &ev) &&
	       fn(ctx, &ev, err);
}

bool chain_facts(const struct chain_plan *plan, struct arena *a, chain_fn *fn, void *ctx, struct err *err)
{
	bool ok = tell_entities(plan, a, fn, ctx, err) && tell_terms(a, fn, ctx, err) && tell_day(a, fn, ctx, err);
	size_t mark = arena_mark(a);

	for (int64_t i = 0; ok && i < plan->accounts; i++) {
		ok = tell_customer(plan, i, a, fn, ctx, err);
		arena_rewind(a, mark);
	}
	return ok;
}

/* ---- orders ----------------------------------------------------------------------------------------------------------------- */

struct drawn_order {
	struct customer customer;
	struct text order_id, po;
	int n_lines;
	const char *item[ORDER_LINES_MAX];
	int64_t quantity_e6[ORDER_LINES_MAX], price_e6[ORDER_LINES_MAX];
	int64_t gross_minor; /* as billing computes it */
};

static struct drawn_order draw_order(const struct chain_plan *plan, int64_t i, struct arena *a)
{
	struct rng rng = rng_of(plan, i, 1);
	struct drawn_order o = { .customer = customer_of(plan, rng_below(&rng, plan->accounts), a),
				 .order_id = text_printf(a, "SO-%c%07lld", plan->company, (long long)i),
				 .po = text_printf(a, "PO%c%07lld", plan->company, (long long)i),
				 .n_lines = 1 + (int)rng_below(&rng, ORDER_LINES_MAX) };
	int64_t net = 0, minor, tax;

	for (int l = 0; l < o.n_lines; l++) {
		o.item[l] = company_item(&rng);
		o.quantity_e6[l] = (1 + rng_below(&rng, 40)) * 1000000;
		o.price_e6[l] = (500 + rng_below(&rng, 30000)) * 10000 + rng_below(&rng, 10000);
		CHECK(money_extend(o.quantity_e6[l], o.price_e6[l], 2, &minor));
		net += minor;
	}
	CHECK(money_tax(net, entities[o.customer.entity].rate_ppm, &tax));
	o.gross_minor = net + tax;
	return o;
}

static struct crm_order *order_body(const struct drawn_order *o, struct arena *a)
{
	struct crm_order *b = WIRE_NEW(a, crm_order);

	b->account = o->customer.account;
	b->order_id = o->order_id;
	b->order_version = 1;
	b->entity = text_of(entities[o->customer.entity].code);
	b->currency_code = text_of(entities[o->customer.entity].currency);
	b->order_date = CHAIN_DATE;
	b->customer_po = o->po;
	b->n_lines = (size_t)o->n_lines;
	b->lines = WIRE_ARRAY(a, b->n_lines, crm_order_line);
	for (int l = 0; l < o->n_lines; l++) {
		struct type_tax *tax = WIRE_NEW(a, type_tax);
		tax->code = text_of(entities[o->customer.entity].tax_code);
		tax->category = TYPE_TAX_CATEGORY_STANDARD;
		tax->rate_ppm = entities[o->customer.entity].rate_ppm;
		b->lines[l].line_no = l + 1;
		b->lines[l].item = text_of(o->item[l]);
		b->lines[l].quantity_e6 = o->quantity_e6[l];
		b->lines[l].unit_price_e6 = o->price_e6[l];
		b->lines[l].n_taxes = 1;
		b->lines[l].taxes = tax;
	}
	return b;
}

bool chain_order(const struct chain_plan *plan, int64_t i, struct arena *a, struct err *err, struct event ret[CHAIN_ORDER_EVENTS])
{
	struct drawn_order o = draw_order(plan, i, a);
	struct crm_order_booked booked = { .order = order_body(&o, a) };
	struct crm_order_fulfilled *f = WIRE_NEW(a, crm_order_fulfilled);
	struct crm_sales_order_event first = { .event_case = CRM_SALES_ORDER_EVENT_ORDER_BOOKED, .order_booked = &booked };
	struct crm_sales_order_event second = { .event_case = CRM_SALES_ORDER_EVENT_ORDER_FULFILLED, .order_fulfilled = f };

	f->account = o.customer.account;
	f->order_id = o.order_id;
	f->order_version = 2;
	f->supply_date = CHAIN_DATE;
	return make(TOPIC_ORDER, &first, text_printf(a, "book-%c%07lld", plan->company, (long long)i), SOURCE_CRM, a, err,
		    &ret[0]) &&
	       make(TOPIC_ORDER, &second, text_printf(a, "ship-%c%07lld", plan->company, (long long)i), SOURCE_CRM, a, err,
		    &ret[1]);
}

/* ---- bank lines ------------------------------------------------------------------------------------------------------------- */

bool chain_line(const struct chain_plan *plan, int64_t i, struct arena *a, struct err *err, struct event *ret, bool *ret_too_much)
{
	struct drawn_order o = draw_order(plan, i, a);
	struct rng rng = rng_of(plan, i, 2);
	struct bank_line_booked *l = WIRE_NEW(a, bank_line_booked);
	int64_t fate = rng_below(&rng, 1000), n_banks = plan->lanes / CHAIN_ENTITIES;
	int64_t lane = rng_below(&rng, n_banks) * CHAIN_ENTITIES + o.customer.entity;
	struct bank_payment_event body = { .event_case = BANK_PAYMENT_EVENT_LINE_BOOKED, .line_booked = l };

	l->bank_account = bank_account_of(plan, o.customer.entity, lane, a);
	l->line_id = text_printf(a, "L-%c%07lld", plan->company, (long long)i);
	l->entity = text_of(entities[o.customer.entity].code);
	l->statement_id = text_printf(a, TEXT_FMT "-%d", TEXT_ARG(l->entity), CHAIN_DATE);
	l->kind = BANK_LINE_KIND_PAYMENT;
	memcpy(l->amount.currency, entities[o.customer.entity].currency, 4);
	l->amount.minor = o.gross_minor;
	l->booking_date = l->value_date = CHAIN_DATE;
	l->payer_name = o.customer.name;
	if (rng_chance(&rng, 850))
		l->payer_bank_account = o.customer.iban;
	if (fate < CHANCE_SHORT)
		l->amount.minor -= 1 + rng_below(&rng, o.gross_minor / 4);
	else if (fate < CHANCE_SHORT + CHANCE_OVER)
		l->amount.minor += 100 + rng_below(&rng, 20000);
	*ret_too_much = l->amount.minor > o.gross_minor;
	if (fate < CHANCE_SHORT + CHANCE_OVER || fate >= CHANCE_SHORT + CHANCE_OVER + CHANCE_NO_REFERENCE)
		l->remittance_text = company_remittance(&rng, a, rng_chance(&rng, 500) ? o.po : o.order_id);
	return make(TOPIC_PAYMENT, &body, text_printf(a, "pay-%c%07lld", plan->company, (long long)i), SOURCE_BANK, a, err, ret);
}
