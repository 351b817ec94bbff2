/* company: reference facts, customers, orders and what becomes of them, day by day. */
#include "cli/company_impl.h"
#include "money/money.h"
#include "wire/wire.h"

static const struct entity all_entities[ENTITIES_N] = {
	{ .code = "DE01",
	  .name = "Nordwind Pumpen GmbH",
	  .currency = "EUR",
	  .prefix = "DE",
	  .bank_account = "DE02100100109307118603",
	  .country = "DE",
	  .fiscal_start_month = 1,
	  .price_scale = 1,
	  .balance_minor = 5000000 },
	{ .code = "US01",
	  .name = "Northwind Pumps Inc",
	  .currency = "USD",
	  .prefix = "US",
	  .bank_account = "US-021000021-7741",
	  .country = "US",
	  .fiscal_start_month = 1,
	  .price_scale = 1,
	  .balance_minor = 8000000 },
	{ .code = "IN01",
	  .name = "Northwind Pumps India Pvt Ltd",
	  .currency = "INR",
	  .prefix = "IN",
	  .bank_account = "IN-HDFC-000551",
	  .country = "IN",
	  .fiscal_start_month = 4,
	  .price_scale = 80,
	  .balance_minor = 90000000 },
};

/* ---- the agenda -------------------------------------------------------------------------------------------------------------- */

void company_later(struct company *c, date_t day, struct action action)
{
	int64_t at = company_working_day(day) - c->plan->from;

	if (at < 0 || at >= c->plan->days)
		return;
	if (c->n_actions == c->cap_actions) {
		c->cap_actions = c->cap_actions ? c->cap_actions * 2 : 1024;
		c->actions = realloc(c->actions, c->cap_actions * sizeof(*c->actions));
		CHECK(c->actions != NULL);
	}
	action.next = 0;
	c->actions[c->n_actions++] = action;
	if (c->day_last[at] != 0)
		c->actions[c->day_last[at] - 1].next = (int64_t)c->n_actions;
	else
		c->day_first[at] = (int64_t)c->n_actions;
	c->day_last[at] = (int64_t)c->n_actions;
}

bool company_emit(struct company *c, const char *topic, const void *body, const char *source, int64_t number, struct err *err)
{
	struct event ev;
	struct buf line = { .arena = c->arena };
	char prefix = source[1];
	size_t times = rng_chance(&c->rng, CHANCE_SAME_EVENT) ? 2 : 1; /* senders repeat themselves: the gate ignores it */

	if (!event_make(wire_topic_find(text_of(topic)), body,
			text_printf(c->arena, "%c%lld-%06lld", prefix, (long long)c->plan->seed, (long long)number),
			text_of(source), event_time_of_day(c->today, c->arena), c->arena, err, &ev) ||
	    !event_write(&ev, c->arena, err, &line))
		return false;
	for (size_t i = 0; i < times; i++)
		if (!c->line(c->ctx, false, buf_text(&line), err))
			return false;
	return true;
}

/* ---- reference facts ------------------------------------------------------------------------------------------------------------ */

static bool emit_reference(struct company *c, struct reference_event ev, struct err *err)
{
	return company_emit(c, "ar.reference.v1", &ev, "/reference/demo", ++c->crm_events, err);
}

static bool emit_entities(struct company *c, struct err *err)
{
	for (int i = 0; i < ENTITIES_N; i++) {
		const struct entity *e = &c->entity[i];
		struct reference_entity_recorded *r = WIRE_NEW(c->arena, reference_entity_recorded);
		r->entity = text_of(e->code);
		r->name = text_of(e->name);
		r->functional_currency = text_of(e->currency);
		r->fiscal_year_start_month = e->fiscal_start_month;
		r->number_prefix = text_of(e->prefix);
		struct reference_bank_account_recorded *b = WIRE_NEW(c->arena, reference_bank_account_recorded);
		b->bank_account = text_of(e->bank_account);
		b->entity = r->entity;
		b->currency_code = text_of(e->currency);
		if (!emit_reference(c,
				    (struct reference_event){ .event_case = REFERENCE_EVENT_ENTITY_RECORDED, .entity_recorded = r },
				    err) ||
		    !emit_reference(c,
				    (struct reference_event){ .event_case = REFERENCE_EVENT_BANK_ACCOUNT_RECORDED,
							      .bank_account_recorded = b },
				    err))
			return false;
	}
	return true;
}

static bool emit_rules(struct company *c, struct err *err)
{
	static const int days[] = { 7, 21, 45 };
	struct reference_ladder_recorded *l = WIRE_NEW(c->arena, reference_ladder_recorded);
	struct reference_cash_rules_recorded *r = WIRE_NEW(c->arena, reference_cash_rules_recorded);

	l->version = 1;
	l->effective_from = date_of(2000, 1, 1);
	l->days_between = 7;
	l->n_levels = ARRAY_LEN(days);
	l->levels = WIRE_ARRAY(c->arena, l->n_levels, reference_ladder_level);
	for (size_t i = 0; i < l->n_levels; i++)
		l->levels[i] = (struct reference_ladder_level){ .level = (int32_t)i + 1, .days_past_due = days[i] };
	l->n_minimum_amounts = ENTITIES_N;
	l->minimum_amounts = ARENA_ARRAY(c->arena, ENTITIES_N, struct money);
	for (int i = 0; i < ENTITIES_N; i++) {
		memcpy(l->minimum_amounts[i].currency, c->entity[i].currency, 4);
		l->minimum_amounts[i].minor = 1000 * c->entity[i].price_scale;
	}
	r->version = 1;
	r->effective_from = date_of(2000, 1, 1);
	r->n_rules = 4;
	r->rules = arena_array(c->arena, 4, sizeof(*r->rules));
	for (int i = 0; i < 4; i++)
		r->rules[i] = (enum reference_cash_rule)(REFERENCE_CASH_RULE_REFERENCE + i);
	return emit_reference(c, (struct reference_event){ .event_case = REFERENCE_EVENT_LADDER_RECORDED, .ladder_recorded = l },
			      err) &&
	       emit_reference(
		       c, (struct reference_event){ .event_case = REFERENCE_EVENT_CASH_RULES_RECORDED, .cash_rules_recorded = r },
		       err);
}

/* ---- customers -------------------------------------------------------------------------------------------------------------------- */

static void make_account(struct company *c, int64_t i)
{
	static const enum habit habits[] = { HABIT_PUNCTUAL, HABIT_PUNCTUAL, HABIT_PUNCTUAL, HABIT_SLOW,
					     HABIT_SLOW,     HABIT_LATE,     HABIT_LATE,     HABIT_NEVER };
	struct account *a = &c->accounts[i];

	snprintf(a->code, sizeof(a->code), "C%06lld", (long long)i + 1);
	a->entity = (int)rng_below(&c->rng, ENTITIES_N);
	company_name(&c->rng, a->name, sizeof(a->name), c->entity[a->entity].country);
	company_iban(&c->rng, a->iban, sizeof(a->iban), c->entity[a->entity].country);
	a->habit = habits[rng_below(&c->rng, ARRAY_LEN(habits))];
	if (a->habit == HABIT_NEVER && !rng_chance(&c->rng, 300))
		a->habit = HABIT_LATE;
	a->oldest_first = a->habit == HABIT_SLOW && rng_chance(&c->rng, CHANCE_OLDEST_FIRST);
	a->terms = (int)rng_below(&c->rng, TERMS_N);
}

static bool emit_customer(struct company *c, const struct account *a, struct err *err)
{
	struct crm_customer_recorded *r = WIRE_NEW(c->arena, crm_customer_recorded);

	r->account = text_of(a->code);
	r->effective_from = c->plan->from;
	r->legal_name = text_of(a->name);
	r->terms_code = text_of(company_terms_code(a->terms));
	r->apply_oldest_first = a->oldest_first;
	r->n_addresses = r->n_contacts = r->n_payer_references = 1;
	r->addresses = WIRE_NEW(c->arena, crm_address);
	r->addresses->kind = CRM_ADDRESS_KIND_BILL_TO;
	r->addresses->lines = text_printf(c->arena, "Industriestr. %lld", (long long)rng_below(&c->rng, 200) + 1);
	r->addresses->country_code = text_of(c->entity[a->entity].country);
	r->contacts = WIRE_NEW(c->arena, crm_contact);
	r->contacts->role = TEXT("ap");
	r->contacts->email = text_printf(c->arena, "ap@%s.example", a->code);
	r->payer_references = WIRE_NEW(c->arena, crm_payer_reference);
	r->payer_references->kind = CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT;
	r->payer_references->value = text_of(a->iban);
	struct crm_customer_event ev = { .event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED, .customer_recorded = r };
	return company_emit(c, "crm.customer.v1", &ev, "/crm/demo", ++c->crm_events, err);
}

static bool emit_order_event(struct company *c, struct crm_sales_order_event ev, struct err *err)
{
	return company_emit(c, "crm.sales-order.v1", &ev, "/crm/demo", ++c->crm_events, err);
}

static bool emit_take_on(struct company *c, const struct account *a, struct err *err)
{
	const struct entity *e = &c->entity[a->entity];
	struct crm_opening_item *o = WIRE_NEW(c->arena, crm_opening_item);
	int64_t open = (5000 + rng_below(&c->rng, 300000)) * e->price_scale;

	o->account = text_of(a->code);
	o->entity = text_of(e->code);
	o->kind = rng_chance(&c->rng, 850) ? CRM_OPENING_KIND_INVOICE : CRM_OPENING_KIND_CREDIT_MEMO;
	o->external_number = text_printf(c->arena, "OLD-%s-%lld", a->code, (long long)rng_below(&c->rng, 10000));
	o->document_date = c->plan->from - 20 - (date_t)rng_below(&c->rng, 60);
	o->due_date = company_due(a->terms, o->document_date, 0);
	o->accounting_date = c->plan->from;
	memcpy(o->open.currency, e->currency, 4);
	o->original = o->open;
	o->open.minor = open;
	o->original.minor = open + rng_below(&c->rng, 2) * 1000;
	return emit_order_event(
		c, (struct crm_sales_order_event){ .event_case = CRM_SALES_ORDER_EVENT_OPENING_ITEM, .opening_item = o }, err);
}

/* ---- orders -------------------------------------------------------------------------------------------------------------------------- */

struct text company_order_id(struct company *c, int64_t order)
{
	const struct order *o = &c->orders[order];

	return text_printf(c->arena, "SO-%s-%04d", c->accounts[o->account].code, o->number);
}

struct text company_po(struct company *c, int64_t order)
{
	const struct order *o = &c->orders[order];

	return text_printf(c->arena, "PO%s-%05d", c->accounts[o->account].code + 1, o->number * 7 + 1000);
}

static struct type_tax *taxes_of(struct company *c, const struct entity *e, size_t *ret_n)
{
	struct type_tax *t = WIRE_ARRAY(c->arena, 2, type_tax);

	*ret_n = 1;
	t[0].category = t[1].category = TYPE_TAX_CATEGORY_STANDARD;
	if (e->country[0] == 'D') {
		t[0].code = TEXT("DE-VAT");
		t[0].rate_ppm = 190000;
	} else if (e->country[0] == 'U') {
		t[0].code = TEXT("US-CA");
		t[0].rate_ppm = 82500;
	} else {
		t[0].code = TEXT("CGST");
		t[1].code = TEXT("SGST");
		t[0].rate_ppm = t[1].rate_ppm = 90000;
		*ret_n = 2;
	}
	return t;
}

static struct crm_order *order_body(struct company *c, int64_t at)
{
	const struct order *o = &c->orders[at];
	const struct account *a = &c->accounts[o->account];
	const struct entity *e = &c->entity[a->entity];
	struct crm_order *b = WIRE_NEW(c->arena, crm_order);

	b->account = text_of(a->code);
	b->order_id = company_order_id(c, at);
	b->order_version = o->version;
	b->entity = text_of(e->code);
	b->currency_code = text_of(e->currency);
	b->order_date = o->booked;
	b->customer_po = company_po(c, at);
	b->n_lines = (size_t)o->n_lines;
	b->lines = WIRE_ARRAY(c->arena, b->n_lines, crm_order_line);
	for (int i = 0; i < o->n_lines; i++) {
		struct crm_order_line *l = &b->lines[i];
		l->line_no = i + 1;
		l->item = text_of(o->line[i].item);
		l->quantity_e6 = o->line[i].quantity_e6;
		l->unit_price_e6 = o->line[i].price_e6;
		l->deferred_revenue = o->line[i].deferred;
		l->taxes = taxes_of(c, e, &l->n_taxes);
	}
	return b;
}

/* Quantities delivered by part 0 or 1: a two-part order delivers its first line first, the rest afterwards. */
static bool in_part(const struct order *o, int line, int part)
{
	return o->parts == 1 || (line == 0) == (part == 0);
}

/* What billing will bill, by its own rules (LEDGER section 7): lines half away, taxes per code on the document. */
static int64_t gross_of(struct company *c, const struct order *o, int part)
{
	const struct entity *e = &c->entity[c->accounts[o->account].entity];
	size_t n_taxes;
	struct type_tax *taxes = taxes_of(c, e, &n_taxes);
	int64_t net = 0, gross, minor, tax;

	for (int i = 0; i < o->n_lines; i++) {
		if (!in_part(o, i, part))
			continue;
		CHECK(money_extend(o->line[i].quantity_e6, o->line[i].price_e6, 2, &minor));
		net += minor;
	}
	gross = net;
	for (size_t i = 0; i < n_taxes; i++) {
		CHECK(money_tax(net, taxes[i].rate_ppm, &tax));
		gross += tax;
	}
	return gross;
}

static void draw_lines(struct company *c, struct order *o, const struct entity *e)
{
	o->n_lines = 1 + (int)rng_below(&c->rng, LINES_MAX);
	for (int i = 0; i < o->n_lines; i++) {
		o->line[i].item = company_item(&c->rng);
		o->line[i].quantity_e6 = (1 + rng_below(&c->rng, 40)) * 1000000;
		if (rng_chance(&c->rng, 200))
			o->line[i].quantity_e6 += 500000;
		o->line[i].price_e6 = (500 + rng_below(&c->rng, 30000)) * 10000 * e->price_scale;
		if (rng_chance(&c->rng, 100))
			o->line[i].price_e6 += rng_below(&c->rng, 10000);
		o->line[i].deferred = rng_chance(&c->rng, 80);
	}
}

static bool book_order(struct company *c, int32_t account, struct err *err)
{
	struct account *a = &c->accounts[account];

	if (c->n_orders == c->cap_orders) {
		c->cap_orders = c->cap_orders ? c->cap_orders * 2 : 1024;
		c->orders = realloc(c->orders, c->cap_orders * sizeof(*c->orders));
		CHECK(c->orders != NULL);
	}
	int64_t at = (int64_t)c->n_orders++;
	struct order *o = &c->orders[at];
	*o = (struct order){ .account = account, .number = (int32_t)++a->orders, .version = 1, .parts = 1, .booked = c->today };
	draw_lines(c, o, &c->entity[a->entity]);
	if (o->n_lines > 1 && company_instalments(a->terms) == 1 && rng_chance(&c->rng, CHANCE_TWO_PARTS))
		o->parts = 2;
	if (rng_chance(&c->rng, CHANCE_AMEND))
		company_later(c, c->today + 1, (struct action){ .kind = ACT_AMEND, .order = at });
	date_t first = company_working_day(c->today + 1 + (date_t)rng_below(&c->rng, 5));
	company_later(c, first, (struct action){ .kind = ACT_DELIVER, .order = at });
	if (o->parts == 2)
		company_later(c, first + 3, (struct action){ .kind = ACT_DELIVER, .order = at });
	if (rng_chance(&c->rng, CHANCE_CANCEL))
		company_later(c, first + (date_t)rng_below(&c->rng, 10), (struct action){ .kind = ACT_CANCEL, .order = at });
	struct crm_order_booked *b = WIRE_NEW(c->arena, crm_order_booked);
	b->order = order_body(c, at);
	return emit_order_event(
		c, (struct crm_sales_order_event){ .event_case = CRM_SALES_ORDER_EVENT_ORDER_BOOKED, .order_booked = b }, err);
}

static bool amend(struct company *c, int64_t at, struct err *err)
{
	struct order *o = &c->orders[at];
	struct crm_order_amended *m = WIRE_NEW(c->arena, crm_order_amended);

	if (o->cancelled || o->delivered > 0)
		return true;
	o->version++;
	o->line[0].quantity_e6 += 1000000 * (1 + rng_below(&c->rng, 5));
	m->order = order_body(c, at);
	return emit_order_event(
		c, (struct crm_sales_order_event){ .event_case = CRM_SALES_ORDER_EVENT_ORDER_AMENDED, .order_amended = m }, err);
}

void company_plan_payment(struct company *c, int64_t at)
{
	struct order *o = &c->orders[at];
	const struct account *a = &c->accounts[o->account];
	date_t due = company_due(a->terms, o->issued, o->paid_parts), pays = due;

	switch (a->habit) {
	case HABIT_PUNCTUAL:
		pays += (date_t)rng_below(&c->rng, 4) - 3;
		break;
	case HABIT_SLOW:
		pays += (date_t)rng_below(&c->rng, 15);
		break;
	case HABIT_LATE:
		pays += 10 + (date_t)rng_below(&c->rng, 50);
		break;
	case HABIT_NEVER:
		company_plan_promise(c, at, due, DATE_NONE);
		return;
	}
	pays = MAX(pays, c->today + 1);
	if (a->habit == HABIT_LATE)
		company_plan_promise(c, at, due, pays);
	company_later(c, pays, (struct action){ .kind = ACT_PAY, .order = at });
}

static bool deliver(struct company *c, int64_t at, struct err *err)
{
	struct order *o = &c->orders[at];
	struct crm_order_fulfilled *f = WIRE_NEW(c->arena, crm_order_fulfilled);

	if (o->cancelled || o->delivered == o->parts)
		return true;
	f->account = text_of(c->accounts[o->account].code);
	f->order_id = company_order_id(c, at);
	f->order_version = ++o->version;
	f->supply_date = c->today;
	if (o->parts == 2 && o->delivered == 0) {
		f->n_lines = 1;
		f->lines = WIRE_NEW(c->arena, crm_fulfilled_line);
		f->lines->line_no = 1;
		f->lines->quantity_e6 = o->line[0].quantity_e6;
	}
	o->gross_minor[o->delivered] = gross_of(c, o, o->delivered);
	o->delivered++;
	o->issued = c->today;
	if (o->delivered == o->parts)
		company_plan_payment(c, at);
	return emit_order_event(
		c, (struct crm_sales_order_event){ .event_case = CRM_SALES_ORDER_EVENT_ORDER_FULFILLED, .order_fulfilled = f },
		err);
}

static bool cancel(struct company *c, int64_t at, struct err *err)
{
	struct order *o = &c->orders[at];
	struct crm_order_cancelled *x = WIRE_NEW(c->arena, crm_order_cancelled);

	if (o->cancelled || o->paid_for)
		return true;
	x->account = text_of(c->accounts[o->account].code);
	x->order_id = company_order_id(c, at);
	x->order_version = ++o->version;
	x->reason = TEXT("cancellation");
	o->cancelled = true;
	return emit_order_event(
		c, (struct crm_sales_order_event){ .event_case = CRM_SALES_ORDER_EVENT_ORDER_CANCELLED, .order_cancelled = x },
		err);
}

/* ---- days ------------------------------------------------------------------------------------------------------------------------------ */

/* As `play` takes a day: a payment of today quotes an invoice of today at the latest; who has paid today is not called. */
enum agenda { AGENDA_ORDERS, AGENDA_BANK, AGENDA_PEOPLE };

static bool act(struct company *c, const struct action *a, struct err *err)
{
	switch (a->kind) {
	case ACT_AMEND:
		return amend(c, a->order, err);
	case ACT_DELIVER:
		return deliver(c, a->order, err);
	case ACT_CANCEL:
		return cancel(c, a->order, err);
	case ACT_PAY:
		return company_pay(c, a->order, false, err);
	case ACT_PAY_AGAIN:
		return company_pay(c, a->order, true, err);
	case ACT_RETURN:
		return company_return(c, a, err);
	case ACT_PROMISE:
		return company_promise(c, a, err);
	}
	return true;
}

static enum agenda agenda_of(enum action_kind kind)
{
	if (kind == ACT_PROMISE)
		return AGENDA_PEOPLE;
	return kind == ACT_PAY || kind == ACT_PAY_AGAIN || kind == ACT_RETURN ? AGENDA_BANK : AGENDA_ORDERS;
}

static bool run_agenda(struct company *c, enum agenda which, struct err *err)
{
	size_t mark = arena_mark(c->arena);

	for (int64_t i = c->day_first[c->today - c->plan->from]; i != 0; i = c->actions[i - 1].next) {
		struct action a = c->actions[i - 1];
		if (agenda_of(a.kind) == which && !act(c, &a, err))
			return false;
		arena_rewind(c->arena, mark);
	}
	return true;
}

static bool run_day(struct company *c, struct err *err)
{
	size_t mark = arena_mark(c->arena);

	for (int64_t i = 0; i < c->plan->accounts; i++) {
		if (rng_chance(&c->rng, CHANCE_ORDER) && !book_order(c, (int32_t)i, err))
			return false;
		arena_rewind(c->arena, mark);
	}
	bool ok = run_agenda(c, AGENDA_ORDERS, err) && run_agenda(c, AGENDA_BANK, err) && company_strangers(c, err) &&
		  company_statements(c, err) && run_agenda(c, AGENDA_PEOPLE, err);
	arena_rewind(c->arena, mark);
	return ok;
}

static bool begin(struct company *c, struct err *err)
{
	size_t mark = arena_mark(c->arena);

	if (!emit_entities(c, err) || !company_emit_terms(c, err) || !emit_rules(c, err))
		return false;
	for (int64_t i = 0; i < c->plan->accounts; i++) {
		make_account(c, i);
		if (!emit_customer(c, &c->accounts[i], err))
			return false;
		arena_rewind(c->arena, mark);
	}
	for (int64_t i = 0; i < c->plan->accounts; i++) {
		if (rng_chance(&c->rng, CHANCE_TAKE_ON) && !emit_take_on(c, &c->accounts[i], err))
			return false;
		arena_rewind(c->arena, mark);
	}
	return true;
}

bool company_generate(const struct company_plan *plan, company_line_fn *line, company_day_fn *day, void *ctx, struct err *err)
{
	struct company c = { .plan = plan, .line = line, .ctx = ctx, .rng = { (uint64_t)plan->seed } };

	c.arena = arena_new((size_t)64 << 20, (size_t)256 << 20);
	c.accounts = calloc((size_t)plan->accounts, sizeof(*c.accounts));
	c.day_first = calloc((size_t)plan->days, sizeof(*c.day_first));
	c.day_last = calloc((size_t)plan->days, sizeof(*c.day_last));
	CHECK(c.accounts != NULL && c.day_first != NULL && c.day_last != NULL);
	memcpy(c.entity, all_entities, sizeof(c.entity));
	c.today = company_working_day(plan->from);
	bool ok = begin(&c, err);
	for (int64_t d = 0; ok && d < plan->days; d++) {
		c.today = plan->from + (date_t)d;
		if (date_weekday(c.today) <= 5)
			ok = run_day(&c, err);
		day(ctx, c.today, d + 1);
	}
	free(c.accounts);
	free(c.orders);
	free(c.actions);
	free(c.day_first);
	free(c.day_last);
	arena_free(c.arena);
	return ok;
}
