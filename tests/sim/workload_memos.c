/* workload_memos: terms of every kind, several taxes on a line; credit and debit memos by command. */
#include "workload_impl.h"

#define PRICE_MAX INT64_C(1000000000000000) /* of the proto; so much of it fits no document */

/* ---- terms (BIL-10) ---------------------------------------------------------------------------------------------------------------- */

static void add_instalments(struct workload *wl, struct reference_terms_recorded *t)
{
	static const int32_t portions[][4] = {
		{ 500000, 500000 }, { 333333, 333333, 333334 }, { 100000, 600000, 299999, 1 }, { 1000000 }
	};
	const int32_t *portion = portions[wl_any(wl, ARRAY_LEN(portions))];

	t->instalments = WIRE_ARRAY(wl->arena, 4, reference_instalment);
	for (; t->n_instalments < 4 && portion[t->n_instalments] > 0; t->n_instalments++) {
		struct reference_instalment *part = &t->instalments[t->n_instalments];
		part->kind = (enum reference_terms_kind)(REFERENCE_TERMS_KIND_NET + wl_any(wl, 4));
		part->days = (int32_t)wl_any(wl, 20);
		part->day_of_month = part->kind == REFERENCE_TERMS_KIND_NET_DAY_OF_MONTH ? 1 + (int32_t)wl_any(wl, 31) : 0;
		part->portion_ppm = portion[t->n_instalments];
	}
}

static void add_discounts(struct workload *wl, struct reference_terms_recorded *t)
{
	t->n_discounts = 1 + wl_any(wl, 2);
	t->discounts = WIRE_ARRAY(wl->arena, 2, reference_discount_term);
	t->discounts[0] = (struct reference_discount_term){ .days = 3, .rate_ppm = 30000 };
	t->discounts[1] = (struct reference_discount_term){ .days = 10, .rate_ppm = wl_chance(wl, 500) ? 15000 : 12345 };
}

void wl_terms(struct workload *wl, const char *code, int version)
{
	struct reference_event *e = WIRE_NEW(wl->arena, reference_event);
	struct reference_terms_recorded *t = e->terms_recorded = WIRE_NEW(wl->arena, reference_terms_recorded);

	e->event_case = REFERENCE_EVENT_TERMS_RECORDED;
	t->terms_code = text_of(code);
	t->version = version;
	t->effective_from = version == 1 ? date_of(2000, 1, 1) : wl->today;
	t->kind = (enum reference_terms_kind)(REFERENCE_TERMS_KIND_NET + wl_any(wl, 4));
	t->days = (int32_t)wl_any(wl, 12);
	t->day_of_month = t->kind == REFERENCE_TERMS_KIND_NET_DAY_OF_MONTH ? 1 + (int32_t)wl_any(wl, 31) : 0;
	if (wl_chance(wl, 600))
		add_instalments(wl, t);
	if (wl_chance(wl, 500))
		add_discounts(wl, t);
	wl_event(wl, "ar.reference.v1", TEXT("/reference"), TEXT("~reference"), e,
		 text_printf(wl->arena, "terms %s version %d: %zu instalments, %zu discounts", code, version, t->n_instalments,
			     t->n_discounts)
			 .s);
}

/* None to three, of any category (LEDGER section 7). */
void wl_taxes(struct workload *wl, struct crm_order_line *l)
{
	static const struct type_tax taxes[] = {
		{ .code = TEXT("CGST"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 90000 },
		{ .code = TEXT("SGST"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 90000 },
		{ .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 190000 },
		{ .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_ZERO, .rate_ppm = 0 },
		{ .code = TEXT("CITY"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 8875 },
		{ .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_REVERSE_CHARGE, .rate_ppm = 0 },
	};
	size_t first = wl_any(wl, ARRAY_LEN(taxes));

	l->taxes = WIRE_ARRAY(wl->arena, 3, type_tax);
	l->n_taxes = wl_any(wl, 4);
	for (size_t i = 0; i < l->n_taxes; i++)
		l->taxes[i] = taxes[(first + i) % ARRAY_LEN(taxes)];
	if (l->n_taxes > 1 && wl_has(wl, WL_BAD_ORDERS) && wl_chance(wl, 40))
		l->taxes[1] = l->taxes[0]; /* refused */
}

/* ---- credit memos (BIL-07) --------------------------------------------------------------------------------------------------------- */

static const struct wl_document *some_document(const struct workload *wl, struct sim_rng *r)
{
	return wl->view.n_documents == 0 ? NULL : &wl->view.documents[sim_below(r, (uint32_t)wl->view.n_documents)];
}

static int64_t part_of(struct sim_rng *r, int64_t whole)
{
	return 1 + (int64_t)sim_below(r, (uint32_t)MIN(MAX(whole, INT64_C(1)), INT64_C(1000000000)));
}

static void name_lines(struct command_issue_credit_memo *m, const struct wl_document *d, uint32_t wrong, struct sim_rng *r,
		       struct arena *arena)
{
	m->lines = WIRE_ARRAY(arena, 2, command_credit_line);
	for (size_t i = 0; i < d->n_lines && i < 2 && (i == 0 || sim_permille(r, 400)); i++) {
		struct command_credit_line *l = &m->lines[m->n_lines++];
		l->line_no = wrong == 2 ? 99 : d->line[wrong == 4 ? 0 : i].line_no;
		if (wrong == 3)
			continue;
		if (sim_permille(r, 500))
			l->quantity_e6 = wrong == 5 ? d->line[i].quantity_e6 + 1 : part_of(r, d->line[i].quantity_e6);
		else
			l->net_minor = part_of(r, d->line[i].net_minor < 0 ? -d->line[i].net_minor : d->line[i].net_minor);
	}
}

static bool make_credit_memo(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			     struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct wl_document *d = some_document(wl, r);

	if (d == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, d->account, COMMAND_EVENT_ISSUE_CREDIT_MEMO);
	struct command_issue_credit_memo *m = c->issue_credit_memo = WIRE_NEW(arena, command_issue_credit_memo);
	m->document_id = wrong == 1 ? TEXT("NO-DOCUMENT") : d->document_id;
	m->scope = (enum command_credit_scope)(COMMAND_CREDIT_SCOPE_WHOLE + sim_below(r, 4));
	m->reason = sim_permille(r, 500) ? TEXT("price") : TEXT("goodwill");
	if (m->scope == COMMAND_CREDIT_SCOPE_LINES)
		name_lines(m, d, wrong, r, arena);
	if (m->scope == COMMAND_CREDIT_SCOPE_NET_AMOUNT) {
		memcpy(m->net.currency, wrong == 3 ? "CHF" : d->currency, 4);
		m->net.minor = wrong == 2 ? d->net_minor + 1 : part_of(r, d->net_minor);
	}
	if (m->scope == COMMAND_CREDIT_SCOPE_TAX_ONLY && sim_permille(r, 500))
		m->tax_code = d->tax_code;
	if (sim_permille(r, 300))
		m->accounting_date = a->date - (date_t)sim_below(r, 8);
	if (wrong == 6)
		m->accounting_date = a->date + 3;
	return wl_say_command(
		a, arena, c,
		text_printf(arena, "credit memo of scope %d on a document of " TEXT_FMT, (int)m->scope, TEXT_ARG(d->account)), ret);
}

void wl_credit_memo(struct workload *wl)
{
	wl_apart(wl);
	wl_later(wl, make_credit_memo, "/console");
}

/* ---- debit memos (BIL-08) ---------------------------------------------------------------------------------------------------------- */

static const struct wl_entity *entity_of(const struct workload *wl, struct text code)
{
	for (int i = 0; i < wl->n_entities; i++)
		if (text_eq(text_of(wl->entity[i].code), code))
			return &wl->entity[i];
	return &wl->entity[0];
}

/* Minor units as a price x 1,000,000. */
static int64_t price_of(const struct wl_entity *entity, int64_t minor)
{
	int64_t scale = 1000000;

	for (int i = 0; i < entity->exponent; i++)
		scale /= 10;
	return minor * scale;
}

static void charge(struct command_issue_debit_memo *m, uint32_t wrong, struct sim_rng *r, struct arena *arena)
{
	m->n_lines = 1 + sim_below(r, 2);
	m->lines = WIRE_ARRAY(arena, 2, crm_order_line);
	for (size_t i = 0; i < m->n_lines; i++) {
		m->lines[i].line_no = (int32_t)i + 1;
		m->lines[i].item = TEXT("CHARGE");
		m->lines[i].quantity_e6 = 1000000;
		m->lines[i].unit_price_e6 = i == 1 ? -1000000 : 15000000 + 10000 * (int64_t)sim_below(r, 3000);
		if (wrong == 4)
			m->lines[i].unit_price_e6 = sim_permille(r, 500) ? -5000000 : PRICE_MAX;
		if (wrong == 4)
			m->lines[i].quantity_e6 = m->lines[i].unit_price_e6 == PRICE_MAX ? PRICE_MAX : 1000000;
		if (m->kind != COMMAND_DEBIT_MEMO_KIND_CHARGE || sim_permille(r, 500))
			continue;
		m->lines[i].n_taxes = 1;
		m->lines[i].taxes = WIRE_ARRAY(arena, 1, type_tax);
		m->lines[i].taxes[0] =
			(struct type_tax){ .code = TEXT("VAT"), .category = TYPE_TAX_CATEGORY_STANDARD, .rate_ppm = 190000 };
	}
}

/* One line over all that is open. */
static void close_credit(struct command_issue_debit_memo *m, const struct cash_item_row *credit, const struct wl_entity *entity,
			 uint32_t wrong, struct arena *arena)
{
	m->n_lines = 1;
	m->lines = WIRE_ARRAY(arena, 1, crm_order_line);
	m->lines[0].line_no = 1;
	m->lines[0].item = TEXT("CREDIT");
	m->lines[0].quantity_e6 = 1000000;
	m->lines[0].unit_price_e6 = price_of(entity, -credit->open_minor + (wrong == 1));
	if (wrong != 6)
		m->credit = wl_item_ref(arena, credit);
}

/* arg: number of the memo. */
static bool make_debit_memo(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			    struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct wl_customer *customer = &wl->customer[sim_below(r, (uint32_t)wl->n_customers)];
	const struct wl_entity *entity = &wl->entity[customer->entity];
	const struct cash_item_row *credit = sim_permille(r, 400) ? wl_some_item(wl, r, wl_is_open_credit) : NULL;
	struct command_event *c = wl_command_new(arena, credit != NULL ? credit->account : text_of(customer->account),
						 COMMAND_EVENT_ISSUE_DEBIT_MEMO);
	struct command_issue_debit_memo *m = c->issue_debit_memo = WIRE_NEW(arena, command_issue_debit_memo);

	if (credit != NULL)
		entity = entity_of(wl, credit->entity);
	/* Now and then the account's own reference: the second one with it is refused. */
	m->reference = sim_permille(r, 250) ? text_printf(arena, "DM-" TEXT_FMT, TEXT_ARG(c->account))
					    : text_printf(arena, "DM-%d", a->arg[0]);
	m->kind = credit != NULL         ? COMMAND_DEBIT_MEMO_KIND_CLOSE_CREDIT
		  : sim_permille(r, 500) ? COMMAND_DEBIT_MEMO_KIND_BANK_CHARGES
					 : COMMAND_DEBIT_MEMO_KIND_CHARGE;
	m->reason = TEXT("charge");
	m->entity = wrong == 2 ? TEXT("ZZ99") : text_of(entity->code);
	m->currency_code = credit == NULL && sim_permille(r, 80) ? TEXT("CHF") : text_of(entity->currency);
	if (credit != NULL)
		close_credit(m, credit, entity, wrong, arena);
	else
		charge(m, wrong, r, arena);
	if (wrong == 3)
		m->terms_code = TEXT("NEVER");
	else if (sim_permille(r, 400))
		m->due_date = a->date + (date_t)sim_below(r, 5);
	else if (sim_permille(r, 300))
		m->terms_code = TEXT("N0");
	if (sim_permille(r, 200))
		m->accounting_date = a->date - (date_t)sim_below(r, 8) + (wrong == 6 ? 9 : 0);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "debit memo " TEXT_FMT " of kind %d for " TEXT_FMT, TEXT_ARG(m->reference),
					  (int)m->kind, TEXT_ARG(c->account)),
			      ret);
}

void wl_debit_memo(struct workload *wl)
{
	wl_apart(wl);
	wl_later(wl, make_debit_memo, "/console")->arg[0] = ++wl->debit_memos;
}
