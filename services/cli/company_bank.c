/* company_bank: bank lines of the made-up company, and the truth about them. */
#include "cli/company_impl.h"
#include "money/money.h"
#include "wire/wire.h"

/* What one payment is meant for. */
struct meant {
	int64_t order[MERGED_MAX];
	size_t n;
	int64_t full_minor;
};

static int64_t order_gross(const struct order *o)
{
	return o->gross_minor[0] + (o->parts == 2 ? o->gross_minor[1] : 0);
}

static int instalments_of(const struct company *c, const struct order *o)
{
	return company_instalments(c->accounts[o->account].terms);
}

bool company_payable(const struct company *c, int64_t order)
{
	const struct order *o = &c->orders[order];

	return !o->cancelled && o->delivered == o->parts &&
	       (instalments_of(c, o) > 1 ? o->paid_parts < instalments_of(c, o) : !o->paid_for);
}

int64_t company_to_pay(const struct company *c, int64_t order)
{
	const struct order *o = &c->orders[order];

	return company_share(c->accounts[o->account].terms, order_gross(o), o->paid_parts);
}

/* Customers who merge take further delivered orders of theirs along. */
static struct meant choose(struct company *c, int64_t order)
{
	struct meant m = { .order = { order }, .n = 1, .full_minor = company_to_pay(c, order) };
	bool merges = c->orders[order].parts == 1 && instalments_of(c, &c->orders[order]) == 1 && rng_chance(&c->rng, CHANCE_MERGE);

	for (size_t i = (size_t)order + 1; merges && i < c->n_orders && m.n < MERGED_MAX; i++) {
		const struct order *o = &c->orders[i];
		if (o->account != c->orders[order].account || !company_payable(c, (int64_t)i) || o->parts != 1)
			continue;
		m.order[m.n++] = (int64_t)i;
		m.full_minor += order_gross(o);
	}
	return m;
}

/* An invoice in one part is quoted by its number, which play reads off the invoice; one in two parts by the customer's PO. */
static struct text references(struct company *c, const struct meant *m)
{
	static const char *const glue[] = { ", ", " ", " + ", " und ", "; " };
	const char *between = glue[rng_below(&c->rng, ARRAY_LEN(glue))];
	struct buf b = { .arena = c->arena };

	for (size_t i = 0; i < m->n; i++) {
		if (i > 0)
			buf_adds(&b, between);
		if (c->orders[m->order[i]].parts == 2) {
			buf_add(&b, company_po(c, m->order[i]));
			continue;
		}
		buf_adds(&b, "{{number:");
		buf_add(&b, company_order_id(c, m->order[i]));
		buf_adds(&b, "}}");
	}
	return buf_text(&b);
}

static struct bank_line_booked *new_line(struct company *c, struct entity *e, enum bank_line_kind kind, int64_t amount_minor)
{
	struct bank_line_booked *l = WIRE_NEW(c->arena, bank_line_booked);

	l->bank_account = text_of(e->bank_account);
	l->line_id = text_printf(c->arena, "%s-%06lld", e->code, (long long)++e->line_count);
	l->statement_id = text_printf(c->arena, "%s-%d", e->code, c->today);
	l->entity = text_of(e->code);
	l->kind = kind;
	memcpy(l->amount.currency, e->currency, 4);
	l->amount.minor = amount_minor;
	l->booking_date = l->value_date = c->today;
	e->balance_minor += amount_minor;
	e->statement_sum += amount_minor;
	e->statement_lines++;
	return l;
}

static bool emit_line(struct company *c, struct bank_line_booked *l, struct err *err)
{
	struct bank_payment_event ev = { .event_case = BANK_PAYMENT_EVENT_LINE_BOOKED, .line_booked = l };

	return company_emit(c, "bank.payment.v1", &ev, "/bank/demo", ++c->bank_events, err);
}

struct drawn {
	const char *kind;
	int64_t amount_minor;
	bool intact, complete, known_iban, advised;
	struct text text;
};

static bool tell_truth(struct company *c, const struct bank_line_booked *l, const struct account *a, const struct meant *m,
		       const struct drawn *d, struct err *err)
{
	struct buf b = { .arena = c->arena };

	buf_printf(&b,
		   "{\"lineId\":\"" TEXT_FMT "\",\"bankAccount\":\"" TEXT_FMT
		   "\",\"account\":\"%s\",\"currency\":\"%s\",\"amountMinor\":\"%lld\","
		   "\"kind\":\"%s\",\"intact\":%s,\"complete\":%s,\"meant\":[",
		   TEXT_ARG(l->line_id), TEXT_ARG(l->bank_account), a->code, l->amount.currency, (long long)d->amount_minor,
		   d->kind, d->intact ? "true" : "false", d->complete ? "true" : "false");
	for (size_t i = 0; i < m->n; i++)
		buf_printf(&b, "%s{\"order\":\"" TEXT_FMT "\",\"amountMinor\":\"%lld\"}", i > 0 ? "," : "",
			   TEXT_ARG(company_order_id(c, m->order[i])), (long long)company_to_pay(c, m->order[i]));
	buf_adds(&b, "]}");
	return c->line(c->ctx, true, buf_text(&b), err);
}

/* Sent before the money, which then says nothing: what it is for, with amounts (CSH-03). */
static bool emit_advice(struct company *c, const struct account *a, const struct bank_line_booked *l, const struct meant *m,
			struct err *err)
{
	struct bank_remittance_advised *r = WIRE_NEW(c->arena, bank_remittance_advised);

	r->bank_account = l->bank_account;
	r->advice_id = text_printf(c->arena, "ADV-" TEXT_FMT, TEXT_ARG(l->line_id));
	r->entity = l->entity;
	r->payer_account = text_of(a->code);
	r->amount = l->amount;
	r->payment_date = l->booking_date;
	r->n_references = m->n;
	r->references = WIRE_ARRAY(c->arena, m->n, bank_remittance_line);
	for (size_t i = 0; i < m->n; i++) {
		struct bank_remittance_line *line = &r->references[i];
		line->reference = text_printf(c->arena, "{{number:" TEXT_FMT "}}", TEXT_ARG(company_order_id(c, m->order[i])));
		line->amount = l->amount;
		line->amount.minor = company_to_pay(c, m->order[i]);
	}
	struct bank_payment_event ev = { .event_case = BANK_PAYMENT_EVENT_REMITTANCE_ADVISED, .remittance_advised = r };
	return company_emit(c, "bank.payment.v1", &ev, "/bank/demo", ++c->bank_events, err);
}

/*
 * What the customer does with what it owes. Who has agreed on oldest first quotes nothing: a payment that is taken for
 * the oldest invoice cannot close one that another payment of this customer names. An instalment is paid as it is.
 */
static struct drawn draw(struct company *c, const struct account *a, const struct meant *m, bool again)
{
	bool in_parts = company_instalments(a->terms) > 1;
	struct drawn d = { .kind = again ? "twice" : "full",
			   .amount_minor = m->full_minor,
			   .intact = true,
			   .complete = !again,
			   .known_iban = !rng_chance(&c->rng, 150) };
	int64_t fate = rng_below(&c->rng, 1000);

	d.text = company_remittance(&c->rng, c->arena, references(c, m));
	if (again)
		return d;
	if (fate < CHANCE_SHORT && !in_parts) {
		d.kind = "short";
		d.complete = false;
		d.amount_minor -= 1 + rng_below(&c->rng, d.amount_minor / 4 + 1);
	} else if (fate < CHANCE_SHORT + CHANCE_OVER && !in_parts) {
		d.kind = "over";
		d.complete = false;
		d.amount_minor += 100 + rng_below(&c->rng, 20000);
	} else if (a->oldest_first || fate < CHANCE_SHORT + CHANCE_OVER + CHANCE_NO_REFERENCE) {
		d.kind = "no_reference";
		d.intact = false;
		d.text = TEXT_NONE;
	} else if (fate < CHANCE_SHORT + CHANCE_OVER + CHANCE_NO_REFERENCE + CHANCE_GARBLED) {
		d.kind = "garbled";
		d.intact = false;
		d.text = company_garbled(&c->rng, c->arena, c->today);
	} else if (fate >= 1000 - CHANCE_ADVICE && c->orders[m->order[0]].parts == 1) {
		d.kind = "advice";
		d.advised = d.known_iban = true;
		d.text = TEXT("see our advice");
	}
	return d;
}

/* What follows on a payment: the next instalment, or now and then trouble. */
static void plan_after(struct company *c, const struct meant *m, const struct drawn *d, struct text line_id)
{
	int64_t order = m->order[0];
	struct order *o = &c->orders[order];
	struct action back = { .kind = ACT_RETURN, .order = order, .amount_minor = d->amount_minor };

	if (instalments_of(c, o) > 1) {
		o->paid_parts++;
		if (company_payable(c, order))
			company_plan_payment(c, order);
		return;
	}
	snprintf(back.line_id, sizeof(back.line_id), TEXT_FMT, TEXT_ARG(line_id));
	if (m->n == 1 && rng_chance(&c->rng, CHANCE_RETURN))
		company_later(c, c->today + 2 + (date_t)rng_below(&c->rng, 4), back);
	else if (m->n == 1 && d->complete && rng_chance(&c->rng, CHANCE_TWICE))
		company_later(c, c->today + 3 + (date_t)rng_below(&c->rng, 10),
			      (struct action){ .kind = ACT_PAY_AGAIN, .order = order });
}

bool company_pay(struct company *c, int64_t order, bool again, struct err *err)
{
	const struct account *a = &c->accounts[c->orders[order].account];
	struct entity *e = &c->entity[a->entity];

	if (!again && !company_payable(c, order))
		return true;
	if (again && c->orders[order].cancelled)
		return true;
	struct meant m = again ? (struct meant){ { order }, 1, order_gross(&c->orders[order]) } : choose(c, order);
	struct drawn d = draw(c, a, &m, again);
	if (d.amount_minor <= 0)
		return true;
	struct bank_line_booked *l = new_line(c, e, BANK_LINE_KIND_PAYMENT, d.amount_minor);
	l->payer_name = text_of(a->name);
	if (d.known_iban)
		l->payer_bank_account = text_of(a->iban);
	l->remittance_text = d.text;
	for (size_t i = 0; i < m.n; i++)
		c->orders[m.order[i]].paid_for = true;
	if (!tell_truth(c, l, a, &m, &d, err) || (d.advised && !emit_advice(c, a, l, &m, err)) || !emit_line(c, l, err))
		return false;
	if (!again)
		plan_after(c, &m, &d, l->line_id);
	return true;
}

bool company_return(struct company *c, const struct action *a, struct err *err)
{
	struct entity *e = &c->entity[c->accounts[c->orders[a->order].account].entity];
	struct bank_line_returned *r = WIRE_NEW(c->arena, bank_line_returned);

	r->bank_account = text_of(e->bank_account);
	r->line_id = text_printf(c->arena, "%s-%06lld", e->code, (long long)++e->line_count);
	r->statement_id = text_printf(c->arena, "%s-%d", e->code, c->today);
	r->entity = text_of(e->code);
	r->returned_line_id = text_of(a->line_id);
	memcpy(r->amount.currency, e->currency, 4);
	memcpy(r->fee.currency, e->currency, 4);
	r->amount.minor = a->amount_minor;
	r->fee.minor = 500;
	r->booking_date = c->today;
	r->reason = TEXT("NSF");
	e->balance_minor -= r->amount.minor + r->fee.minor;
	e->statement_sum -= r->amount.minor + r->fee.minor;
	e->statement_lines++;
	c->orders[a->order].paid_for = false;
	company_later(c, c->today + 5 + (date_t)rng_below(&c->rng, 15), (struct action){ .kind = ACT_PAY, .order = a->order });
	struct bank_payment_event ev = { .event_case = BANK_PAYMENT_EVENT_LINE_RETURNED, .line_returned = r };
	return company_emit(c, "bank.payment.v1", &ev, "/bank/demo", ++c->bank_events, err);
}

/* Money of people we do not know, and the bank's own lines. */
bool company_strangers(struct company *c, struct err *err)
{
	for (int i = 0; i < ENTITIES_N; i++) {
		struct entity *e = &c->entity[i];
		if (rng_chance(&c->rng, CHANCE_STRANGER)) {
			char name[80];
			struct bank_line_booked *l = new_line(c, e, BANK_LINE_KIND_PAYMENT, 1000 + rng_below(&c->rng, 200000));
			company_name(&c->rng, name, sizeof(name), e->country);
			l->payer_name = text_printf(c->arena, "%s (%lld)", name, (long long)rng_below(&c->rng, 1000));
			l->remittance_text = company_garbled(&c->rng, c->arena, c->today);
			if (!emit_line(c, l, err))
				return false;
		}
		if (rng_chance(&c->rng, CHANCE_FEE_DAY) &&
		    !emit_line(c, new_line(c, e, BANK_LINE_KIND_FEE, -(200 + rng_below(&c->rng, 3000))), err))
			return false;
	}
	return true;
}

bool company_statements(struct company *c, struct err *err)
{
	for (int i = 0; i < ENTITIES_N; i++) {
		struct entity *e = &c->entity[i];
		if (e->statement_lines == 0)
			continue;
		struct bank_statement_closed *s = WIRE_NEW(c->arena, bank_statement_closed);
		s->bank_account = text_of(e->bank_account);
		s->statement_id = text_printf(c->arena, "%s-%d", e->code, c->today);
		s->entity = text_of(e->code);
		memcpy(s->opening.currency, e->currency, 4);
		memcpy(s->closing.currency, e->currency, 4);
		s->closing.minor = e->balance_minor;
		s->opening.minor = e->balance_minor - e->statement_sum;
		s->booking_date = c->today;
		e->statement_sum = e->statement_lines = 0;
		struct bank_payment_event ev = { .event_case = BANK_PAYMENT_EVENT_STATEMENT_CLOSED, .statement_closed = s };
		if (!company_emit(c, "bank.payment.v1", &ev, "/bank/demo", ++c->bank_events, err))
			return false;
	}
	return true;
}
