/* workload_advice: payments that say little, and advices that say more, before or after them; money left on account; payers looked for again. */
#include "workload_impl.h"

struct wl_owed wl_owed_by(const struct workload *wl, const struct wl_customer *c, size_t max)
{
	struct text entity = text_of(wl->entity[c->entity].code);
	struct wl_owed o = { .n = 0 };

	for (size_t i = 0; i < wl->view.n_items && o.n < MIN(max, (size_t)WL_OWED_MAX); i++) {
		const struct cash_item_row *item = wl->view.items[i];
		if (!text_eq(item->account, text_of(c->account)) || !text_eq(item->entity, entity) || item->open_minor <= 0)
			continue;
		o.item[o.n++] = item;
		o.minor += item->open_minor;
	}
	return o;
}

static struct text number_of(const struct cash_item_row *item)
{
	return text_empty(item->number) ? item->external_number : item->number;
}

static struct money amount_of(const struct workload *wl, const struct wl_bank *bank, const struct wl_owed *o, int percent)
{
	struct money m = { .minor = o->minor > 0 ? MAX(o->minor * percent / 100, INT64_C(1)) : 1700 };

	memcpy(m.currency, wl->entity[bank->entity].currency, 4);
	return m;
}

/* What both a payment and its advice are about. */
enum { ARG_BANK, ARG_NUMBER, ARG_CUSTOMER, ARG_PERCENT, ARG_MORE };

/* ---- payments ---------------------------------------------------------------------------------------------------------------------- */

/* more: how many items; + 10: it names them. */
static bool make_told_payment(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			      struct sim_send *ret)
{
	const struct wl_bank *bank = &wl->bank[a->arg[ARG_BANK]];
	const struct wl_customer *c = &wl->customer[a->arg[ARG_CUSTOMER]];
	struct wl_owed o = wl_owed_by(wl, c, (size_t)(a->arg[ARG_MORE] % 10));
	struct bank_payment_event *e = WIRE_NEW(arena, bank_payment_event);
	struct bank_line_booked *l = e->line_booked = WIRE_NEW(arena, bank_line_booked);
	struct buf text = { .arena = arena };

	e->event_case = BANK_PAYMENT_EVENT_LINE_BOOKED;
	l->bank_account = text_of(bank->account);
	l->line_id = text_printf(arena, "%s-%d", bank->account, a->arg[ARG_NUMBER]);
	l->entity = text_of(wl->entity[bank->entity].code);
	l->kind = BANK_LINE_KIND_PAYMENT;
	l->amount = amount_of(wl, bank, &o, a->arg[ARG_PERCENT]);
	l->booking_date = a->date;
	for (size_t i = 0; i < o.n && a->arg[ARG_MORE] >= 10; i++)
		buf_printf(&text, " " TEXT_FMT, TEXT_ARG(number_of(o.item[i])));
	l->remittance_text = buf_text(&text);
	if (sim_permille(r, 500))
		l->payer_bank_account = text_of(c->iban);
	wl_record(arena, "bank.payment.v1", e, a->id, TEXT("/bank"), text_of(bank->account), WL_FORM_PROTOBUF, ret);
	ret->what = text_printf(arena, "line " TEXT_FMT ": %s pays " TEXT_FMT ", and says:" TEXT_FMT, TEXT_ARG(l->line_id),
				c->account, TEXT_ARG(wl_money_text(arena, l->amount)), TEXT_ARG(l->remittance_text))
			    .s;
	return true;
}

/* One of the customer's entity, if there is one with a line left. */
static int bank_for(const struct workload *wl, int customer)
{
	for (int i = 0; i < wl->n_banks; i++)
		if (wl->bank[i].entity == wl->customer[customer].entity && wl->bank[i].lines < WL_BANK_LINES)
			return i;
	return -1;
}

void wl_told_payment(struct workload *wl, int customer, int items, int percent, bool references)
{
	int bank = bank_for(wl, customer);

	if (bank < 0)
		return;
	struct wl_action *a = wl_later(wl, make_told_payment, "/bank");
	a->arg[ARG_BANK] = bank;
	a->arg[ARG_NUMBER] = ++wl->bank[bank].lines;
	a->arg[ARG_CUSTOMER] = customer;
	a->arg[ARG_PERCENT] = percent;
	a->arg[ARG_MORE] = items + (references ? 10 : 0);
}

/* ---- advices (CSH-03) -------------------------------------------------------------------------------------------------------------- */

static void name_documents(struct bank_remittance_advised *v, const struct wl_owed *o, int percent, struct sim_rng *r,
			   struct arena *arena)
{
	bool amounts = sim_permille(r, 600);
	int64_t left = v->amount.minor;

	v->references = WIRE_ARRAY(arena, MAX(o->n, (size_t)1), bank_remittance_line);
	v->n_references = MAX(o->n, (size_t)1);
	v->references[0].reference = TEXT("NOTHING-1");
	for (size_t i = 0; i < o->n; i++) {
		struct bank_remittance_line *line = &v->references[i];
		line->reference = sim_permille(r, 800) ? number_of(o->item[i]) : o->item[i]->customer_po;
		if (text_empty(line->reference))
			line->reference = TEXT("NOTHING-1");
		/* The last one makes the total, or not. */
		line->amount = v->amount;
		line->amount.minor = MAX(o->item[i]->open_minor * percent / 100, INT64_C(1));
		left -= i + 1 < o->n ? line->amount.minor : 0;
		if (i + 1 == o->n && left > 0 && sim_permille(r, 800))
			line->amount.minor = left;
		if (!amounts)
			line->amount = (struct money){ 0 };
	}
}

/* more: number of the line it names; 0 = none. */
static bool make_advice(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			struct sim_send *ret)
{
	const struct wl_bank *bank = &wl->bank[a->arg[ARG_BANK]];
	const struct wl_customer *c = &wl->customer[a->arg[ARG_CUSTOMER]];
	struct wl_owed o = wl_owed_by(wl, c, 2);
	struct bank_payment_event *e = WIRE_NEW(arena, bank_payment_event);
	struct bank_remittance_advised *v = e->remittance_advised = WIRE_NEW(arena, bank_remittance_advised);

	e->event_case = BANK_PAYMENT_EVENT_REMITTANCE_ADVISED;
	v->bank_account = text_of(bank->account);
	v->advice_id = text_printf(arena, "ADV-%d", a->arg[ARG_NUMBER]);
	v->entity = text_of(wl->entity[bank->entity].code);
	v->amount = amount_of(wl, bank, &o, a->arg[ARG_PERCENT]);
	v->payment_date = a->date - (date_t)sim_below(r, 2);
	name_documents(v, &o, a->arg[ARG_PERCENT], r, arena);
	if (a->arg[ARG_MORE] > 0)
		v->line_id = text_printf(arena, "%s-%d", bank->account, a->arg[ARG_MORE]);
	if (sim_permille(r, 400))
		v->payer_account = text_of(c->account);
	if (sim_permille(r, 300))
		v->payer_bank_account = sim_permille(r, 800) ? text_of(c->iban) : TEXT("XX00OTHER");
	wl_record(arena, "bank.payment.v1", e, a->id, TEXT("/bank"), text_of(bank->account), WL_FORM_PROTOBUF, ret);
	ret->what = text_printf(arena, "advice " TEXT_FMT " of %s about " TEXT_FMT ", %zu documents, line \"" TEXT_FMT "\"",
				TEXT_ARG(v->advice_id), c->account, TEXT_ARG(wl_money_text(arena, v->amount)), v->n_references,
				TEXT_ARG(v->line_id))
			    .s;
	return true;
}

static void advise(struct workload *wl, int customer, int percent, int line)
{
	int bank = bank_for(wl, customer);
	struct wl_action *a = wl_later(wl, make_advice, "/bank");

	a->arg[ARG_BANK] = MAX(bank, 0);
	a->arg[ARG_NUMBER] = wl->advices > 0 && wl_chance(wl, 60) ? wl->advices : ++wl->advices;
	a->arg[ARG_CUSTOMER] = customer;
	a->arg[ARG_PERCENT] = percent;
	a->arg[ARG_MORE] = line;
}

/* arg: bank, number of the line whose receipt goes back. */
static bool make_send_line_back(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
				struct sim_send *ret)
{
	struct text line = text_printf(arena, "%s-%d", wl->bank[a->arg[ARG_BANK]].account, a->arg[ARG_NUMBER]);

	(void)r;
	for (size_t i = 0; i < wl->view.n_items; i++) {
		const struct cash_item_row *item = wl->view.items[i];
		if (item->kind != CASH_ITEM_RECEIPT || !text_eq(item->line_id, line))
			continue;
		struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_SEND_BACK);
		c->send_back = WIRE_NEW(arena, command_send_back);
		c->send_back->document_id = item->document_id;
		c->send_back->expected_version = item->version;
		return wl_say_command(a, arena, c, text_printf(arena, "the clerk sends line " TEXT_FMT " back", TEXT_ARG(line)),
				      ret);
	}
	return false;
}

/* The clerk sends money back while the advice about it is on its way. */
static void advise_too_late(struct workload *wl, int customer, int bank)
{
	wl_apart(wl);
	wl_told_payment(wl, customer, 2, 100, true);
	wl_settle(wl);
	advise(wl, customer, 100, wl->bank[bank].lines);
	struct wl_action *a = wl_later(wl, make_send_line_back, "/console");
	a->arg[ARG_BANK] = bank;
	a->arg[ARG_NUMBER] = wl->bank[bank].lines;
}

/* Payment and advice in either order, on one view: one partition, so the order holds. Either may never come. */
void wl_advice(struct workload *wl)
{
	int customer = (int)wl_any(wl, (uint32_t)wl->n_customers), bank = bank_for(wl, customer);
	int percent = wl_chance(wl, 700) ? 100 : 60;
	bool before = wl_chance(wl, 500), money = wl_chance(wl, 850), advice = wl_chance(wl, 850);

	if (bank < 0)
		return;
	/* It may name the line that is the next to come, or one that was there long ago. */
	if (!wl->commutes && wl_chance(wl, 200)) {
		advise_too_late(wl, customer, bank);
		return;
	}
	int line = wl->bank[bank].lines + !before;
	line = wl_chance(wl, 400) ? line : wl_chance(wl, 200) ? 1 : 0;
	wl_apart(wl);
	if (before && advice)
		advise(wl, customer, percent, line > 0 ? line + 1 : 0);
	if (money)
		wl_told_payment(wl, customer, 2, percent, false);
	if (!before && advice)
		advise(wl, customer, percent, line);
}

/* ---- on account (CSH-06); who paid, once more (CSH-02) --------------------------------------------------------------------------------- */

static bool is_on_account(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->on_account_minor > 0;
}

static struct money some_amount(const struct cash_item_row *item, int64_t have, uint32_t wrong, struct sim_rng *r)
{
	struct money m = { 0 };

	if (!sim_permille(r, 400) && wrong < 3)
		return m;
	memcpy(m.currency, wrong == 4 ? "CHF" : item->currency, 4);
	m.minor = 1 + (int64_t)sim_below(r, (uint32_t)MIN(MAX(have, INT64_C(1)), INT64_C(1000000))) + (wrong == 3 ? have : 0);
	return m;
}

static bool make_place(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena, struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *item = wl_some_item(wl, r, wrong == 2 ? wl_is_any : wl_is_open_credit);

	if (item == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_PLACE_ON_ACCOUNT);
	c->place_on_account = WIRE_NEW(arena, command_place_on_account);
	c->place_on_account->credit = wl_item_ref(arena, item);
	if (wrong == 5)
		c->place_on_account->credit->document_id = TEXT("NO-DOCUMENT");
	c->place_on_account->expected_version = wl_version_of(item, wrong);
	c->place_on_account->amount = some_amount(item, -item->open_minor, wrong, r);
	return wl_say_command(
		a, arena, c, text_printf(arena, "the clerk leaves money of " TEXT_FMT " on account", TEXT_ARG(item->account)), ret);
}

static bool make_take_off(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			  struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *item = wl_some_item(wl, r, wrong == 2 ? wl_is_open_credit : is_on_account);

	if (item == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_TAKE_OFF_ACCOUNT);
	c->take_off_account = WIRE_NEW(arena, command_take_off_account);
	c->take_off_account->credit = wl_item_ref(arena, item);
	c->take_off_account->expected_version = wl_version_of(item, wrong);
	c->take_off_account->amount = some_amount(item, item->on_account_minor, wrong, r);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "the clerk takes money of " TEXT_FMT " off the account", TEXT_ARG(item->account)),
			      ret);
}

static bool make_identify(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			  struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *item = wl_some_item(wl, r, wl_is_held);

	if (item == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_IDENTIFY_AGAIN);
	c->identify_again = WIRE_NEW(arena, command_identify_again);
	c->identify_again->line_id = wrong == 2 ? TEXT("NO-LINE") : item->line_id;
	c->identify_again->expected_version = wl_version_of(item, wrong);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "who paid line " TEXT_FMT "? once more", TEXT_ARG(c->identify_again->line_id)),
			      ret);
}

void wl_on_account(struct workload *wl)
{
	static wl_make_fn *const makes[] = { make_place, make_place, make_take_off, make_identify };

	wl_apart(wl);
	wl_later(wl, makes[wl_any(wl, ARRAY_LEN(makes))], "/console");
}
