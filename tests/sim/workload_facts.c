/* workload_facts: reference facts and customers. */
#include "workload_impl.h"

#define REFERENCE TEXT("/reference")

static struct wl_action *say(struct workload *wl, struct text key, struct reference_event *e, const char *what)
{
	return wl_event(wl, "ar.reference.v1", REFERENCE, key, e, what);
}

static struct reference_event *fact(struct workload *wl, enum reference_event_case what)
{
	struct reference_event *e = WIRE_NEW(wl->arena, reference_event);

	e->event_case = what;
	return e;
}

/* ---- entities, bank accounts --------------------------------------------------------------------------------------------------- */

static void say_entity(struct workload *wl, int at)
{
	const struct wl_entity *entity = &wl->entity[at];
	struct reference_event *e = fact(wl, REFERENCE_EVENT_ENTITY_RECORDED);

	e->entity_recorded = WIRE_NEW(wl->arena, reference_entity_recorded);
	e->entity_recorded->entity = text_of(entity->code);
	e->entity_recorded->name = text_printf(wl->arena, "%s trading", entity->code);
	e->entity_recorded->functional_currency = text_of(entity->currency);
	e->entity_recorded->fiscal_year_start_month = entity->fiscal_start;
	e->entity_recorded->number_prefix = text_of(entity->prefix);
	e->entity_recorded->single_series = at == 0 && wl_has(wl, WL_SINGLE_SERIES);
	say(wl, e->entity_recorded->entity, e, text_printf(wl->arena, "entity %s, in %s", entity->code, entity->currency).s);
}

static void say_bank(struct workload *wl, int at)
{
	const struct wl_bank *bank = &wl->bank[at];
	struct reference_event *e = fact(wl, REFERENCE_EVENT_BANK_ACCOUNT_RECORDED);

	e->bank_account_recorded = WIRE_NEW(wl->arena, reference_bank_account_recorded);
	e->bank_account_recorded->bank_account = text_of(bank->account);
	e->bank_account_recorded->entity = text_of(wl->entity[bank->entity].code);
	e->bank_account_recorded->currency_code = text_of(wl->entity[bank->entity].currency);
	say(wl, e->bank_account_recorded->entity, e, text_printf(wl->arena, "bank account %s", bank->account).s);
}

/* ---- terms, ladder, rules ------------------------------------------------------------------------------------------------------ */

static void say_terms(struct workload *wl, const char *code, enum reference_terms_kind kind, int days, int version)
{
	struct reference_event *e = fact(wl, REFERENCE_EVENT_TERMS_RECORDED);

	e->terms_recorded = WIRE_NEW(wl->arena, reference_terms_recorded);
	e->terms_recorded->terms_code = text_of(code);
	e->terms_recorded->version = version;
	e->terms_recorded->effective_from = version == 1 ? date_of(2000, 1, 1) : wl->today;
	e->terms_recorded->kind = kind;
	e->terms_recorded->days = days;
	say(wl, TEXT("~reference"), e, text_printf(wl->arena, "terms %s version %d: %d days", code, version, days).s);
}

static void say_ladder(struct workload *wl, int version)
{
	static const int steps[][3] = { { 1, 5, 12 }, { 0, 3, 9 }, { 7, 21, 45 }, { 2, 4, 6 } };
	struct reference_event *e = fact(wl, REFERENCE_EVENT_LADDER_RECORDED);
	struct reference_ladder_recorded *l = e->ladder_recorded = WIRE_NEW(wl->arena, reference_ladder_recorded);
	const int *days = steps[wl_any(wl, ARRAY_LEN(steps))];

	l->version = version;
	l->effective_from = version == 1 ? date_of(2000, 1, 1) : wl->today;
	l->days_between = wl_chance(wl, 500) ? 7 : 1;
	l->n_levels = 1 + wl_any(wl, 3);
	l->levels = WIRE_ARRAY(wl->arena, l->n_levels, reference_ladder_level);
	for (size_t i = 0; i < l->n_levels; i++)
		l->levels[i] = (struct reference_ladder_level){ .level = (int32_t)i + 1, .days_past_due = days[i] };
	if (wl_chance(wl, 500)) {
		l->n_minimum_amounts = 1;
		l->minimum_amounts = ARENA_NEW(wl->arena, struct money);
		memcpy(l->minimum_amounts[0].currency, wl->entity[0].currency, 4);
		l->minimum_amounts[0].minor = 1000;
	}
	say(wl, TEXT("~reference"), e, text_printf(wl->arena, "dunning ladder version %d, %zu levels", version, l->n_levels).s);
}

static void say_rules(struct workload *wl, int version)
{
	struct reference_event *e = fact(wl, REFERENCE_EVENT_CASH_RULES_RECORDED);
	struct reference_cash_rules_recorded *r = e->cash_rules_recorded = WIRE_NEW(wl->arena, reference_cash_rules_recorded);
	uint32_t turn = version == 1 ? 0 : wl_any(wl, 4);

	r->version = version;
	r->effective_from = version == 1 ? date_of(2000, 1, 1) : wl->today;
	r->n_rules = 4;
	r->rules = arena_array(wl->arena, r->n_rules, sizeof(*r->rules));
	for (uint32_t i = 0; i < 4; i++)
		r->rules[i] = (enum reference_cash_rule)(REFERENCE_CASH_RULE_REFERENCE + (i + turn) % 4);
	say(wl, TEXT("~reference"), e, text_printf(wl->arena, "cash rules version %d", version).s);
}

void wl_reference_facts(struct workload *wl)
{
	bool later = wl->n_entities > 1 && wl_has(wl, WL_LATE_FACTS) && wl_chance(wl, 300);

	for (int i = 0; i < wl->n_entities - later; i++)
		say_entity(wl, i);
	for (int i = 0; i < wl->n_banks; i++)
		if (!wl_has(wl, WL_LATE_FACTS) || wl_chance(wl, wl->spine ? 700 : 400))
			say_bank(wl, i);
	say_terms(wl, "N0", REFERENCE_TERMS_KIND_NET, 0, 1);
	say_terms(wl, "N14", REFERENCE_TERMS_KIND_NET, 14, 1);
	bool third = wl->third_terms != NULL && (!wl_has(wl, WL_LATE_FACTS) || wl_chance(wl, 600));
	if (third && wl_has(wl, WL_TERMS))
		wl_terms(wl, wl->third_terms, 1);
	else if (third)
		say_terms(wl, wl->third_terms,
			  wl_chance(wl, 500) ? REFERENCE_TERMS_KIND_END_OF_MONTH_NET : REFERENCE_TERMS_KIND_NET_END_OF_MONTH, 5, 1);
	say_ladder(wl, 1);
	if (wl_chance(wl, 300))
		say_rules(wl, 1);
	wl->versions = 1;
}

void wl_new_versions(struct workload *wl)
{
	wl_apart(wl);
	wl->versions++;
	switch (wl_any(wl, 5)) {
	case 0:
		if (wl_has(wl, WL_TERMS))
			wl_terms(wl, wl->third_terms, wl->versions);
		else
			say_terms(wl, wl->third_terms != NULL ? wl->third_terms : "N14", REFERENCE_TERMS_KIND_NET,
				  3 + (int)wl_any(wl, 20), wl->versions);
		break;
	case 1:
		say_ladder(wl, wl->versions);
		break;
	case 2:
		say_rules(wl, wl->versions);
		break;
	case 3: /* a prefix that was given stays given: billing refuses another one */
		if (wl_chance(wl, 500)) {
			struct wl_entity before = wl->entity[0];
			wl->entity[0].prefix = "XY";
			say_entity(wl, 0);
			wl->entity[0] = before;
		} else {
			say_entity(wl, wl->n_entities - 1);
		}
		break;
	default:
		wl_customer_again(wl, (int)wl_any(wl, (uint32_t)wl->n_customers));
		break;
	}
	wl_apart(wl);
}

void wl_period(struct workload *wl)
{
	struct reference_event *e = fact(wl, REFERENCE_EVENT_PERIOD_RECORDED);
	struct reference_period_recorded *p = e->period_recorded = WIRE_NEW(wl->arena, reference_period_recorded);
	char day[DATE_TEXT_SIZE];

	wl_apart(wl);
	p->entity = text_of(wl->entity[wl_any(wl, (uint32_t)wl->n_entities)].code);
	p->last_day = wl->today - (date_t)wl_any(wl, 6) + (wl_chance(wl, wl_has(wl, WL_SOFT_PERIODS) ? 400 : 200) ? 8 : 0);
	p->first_day = p->last_day - 40;
	p->state = wl_chance(wl, 800) ? REFERENCE_PERIOD_STATE_CLOSED : REFERENCE_PERIOD_STATE_OPEN;
	if (wl_has(wl, WL_SOFT_PERIODS) && wl_chance(wl, 500))
		p->state = REFERENCE_PERIOD_STATE_SOFT_CLOSED;
	say(wl, p->entity, e,
	    text_printf(wl->arena, "period up to %s is %s", date_format(day, p->last_day),
			p->state == REFERENCE_PERIOD_STATE_CLOSED        ? "closed"
			: p->state == REFERENCE_PERIOD_STATE_SOFT_CLOSED ? "soft-closed"
									 : "open")
		    .s);
	wl_apart(wl);
}

/* ---- customers ------------------------------------------------------------------------------------------------------------------- */

static void add_payer(struct crm_customer_recorded *r, enum crm_payer_reference_kind kind, struct text value)
{
	r->payer_references[r->n_payer_references++] = (struct crm_payer_reference){ .kind = kind, .value = value };
}

static void add_contacts(struct workload *wl, const struct wl_customer *c, struct crm_customer_recorded *r)
{
	static const struct text roles[] = { TEXT("purchasing"), TEXT("ap"), TEXT("escalation") };

	r->contacts = WIRE_ARRAY(wl->arena, ARRAY_LEN(roles), crm_contact);
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (wl_chance(wl, 500))
			r->contacts[r->n_contacts++] = (struct crm_contact){
				.role = roles[i],
				.name = text_printf(wl->arena, "%s, " TEXT_FMT, c->name, TEXT_ARG(roles[i])),
				.email = text_printf(wl->arena, "%s@example.com", c->account),
			};
	r->addresses = WIRE_ARRAY(wl->arena, 1, crm_address);
	r->n_addresses = 1;
	r->addresses[0].kind = wl_chance(wl, 500) ? CRM_ADDRESS_KIND_BILL_TO : CRM_ADDRESS_KIND_SHIP_TO;
	r->addresses[0].lines = text_printf(wl->arena, "%s\nHarbour 7", c->name);
	r->addresses[0].country_code = TEXT("DE");
}

static void say_customer(struct workload *wl, const struct wl_customer *c, date_t from, bool renamed)
{
	struct crm_customer_event *e = WIRE_NEW(wl->arena, crm_customer_event);
	struct crm_customer_recorded *r = e->customer_recorded = WIRE_NEW(wl->arena, crm_customer_recorded);

	e->event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED;
	r->account = text_of(c->account);
	r->effective_from = from;
	r->legal_name = renamed ? text_printf(wl->arena, "New %s", c->name) : text_of(c->name);
	if (!wl_chance(wl, 60))
		r->terms_code = text_of(c->terms);
	r->apply_oldest_first = wl_chance(wl, 300);
	r->payer_references = WIRE_ARRAY(wl->arena, 3, crm_payer_reference);
	if (!wl_chance(wl, 200))
		add_payer(r, CRM_PAYER_REFERENCE_KIND_BANK_ACCOUNT, text_of(c->iban));
	if (wl_chance(wl, 500))
		add_payer(r, CRM_PAYER_REFERENCE_KIND_REFERENCE, text_printf(wl->arena, "KD-9%s", c->account + 1));
	if (wl_chance(wl, 300))
		add_payer(r, CRM_PAYER_REFERENCE_KIND_ALIAS_NAME, text_printf(wl->arena, "%s (treasury)", c->name));
	if (wl_has(wl, WL_CONTACTS))
		add_contacts(wl, c, r);
	if (wl_chance(wl, 200) && c != &wl->customer[0])
		r->parent_account = text_of(wl->customer[0].account);
	wl_event(wl, "crm.customer.v1", TEXT("/crm"), r->account, e,
		 text_printf(wl->arena, "customer %s, %s", c->account, c->name).s);
}

void wl_customers(struct workload *wl, int first, int n)
{
	for (int i = first; i < first + n; i++)
		say_customer(wl, &wl->customer[i], date_of(2025, 12, 1), false);
}

void wl_customer_again(struct workload *wl, int c)
{
	struct wl_customer *customer = &wl->customer[c];

	customer->terms = wl_chance(wl, 500) ? "N0" : "N14";
	say_customer(wl, customer, wl->today - (date_t)wl_any(wl, 40) + 2, wl_chance(wl, 500));
}
