/* workload_promises: promises to pay and what becomes of them; holds. */
#include "workload_impl.h"

/* Which customer a promise is of: the same for whoever speaks of it later. */
static int customer_of(const struct workload *wl, int number)
{
	return number % wl->n_customers;
}

/* ---- promises (COL-04) ---------------------------------------------------------------------------------------------------------------- */

static bool is_closed_invoice(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->kind == CASH_ITEM_INVOICE && item->open_minor == 0;
}

static void promise_items(struct command_make_promise *m, const struct wl_owed *o, uint32_t wrong, struct arena *arena)
{
	size_t n = o->n + (wrong == 2 && o->n > 0);

	m->items = WIRE_ARRAY(arena, MAX(n, (size_t)1), type_item_ref);
	for (size_t i = 0; i < o->n; i++)
		m->items[m->n_items++] = *wl_item_ref(arena, o->item[i]);
	if (n > o->n)
		m->items[m->n_items++] = m->items[0];
	if (wrong == 1 || o->n == 0) {
		m->items[0] = (struct type_item_ref){ .document_id = TEXT("NO-DOCUMENT"), .sequence = 1 };
		m->n_items = MAX(m->n_items, (size_t)1);
	}
}

/* arg: number of the promise, how many items (0: an amount), percent. */
static bool make_promise(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			 struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct wl_customer *customer = &wl->customer[customer_of(wl, a->arg[0])];
	const struct wl_entity *entity = &wl->entity[customer->entity];
	struct wl_owed o = wl_owed_by(wl, customer, a->arg[1] > 0 ? (size_t)a->arg[1] : 2);
	struct command_event *c = wl_command_new(arena, text_of(customer->account), COMMAND_EVENT_MAKE_PROMISE);
	struct command_make_promise *m = c->make_promise = WIRE_NEW(arena, command_make_promise);

	if (o.n == 0 && !wl_has(wl, WL_ODD_COMMANDS))
		return false;
	const struct cash_item_row *closed = wl_some_item(wl, r, is_closed_invoice);
	if (wrong == 5 && closed != NULL) { /* nothing is open of it */
		c->account = closed->account;
		o = (struct wl_owed){ .item = { closed }, .n = 1 };
	}
	m->promise_id = text_printf(arena, "P%d", a->arg[0]);
	m->entity = wrong == 3 ? text_of(wl->entity[wl->n_entities - 1].code) : text_of(entity->code);
	if (a->arg[1] > 0)
		promise_items(m, &o, wrong, arena);
	if (a->arg[1] == 0 || a->arg[2] != 100) {
		memcpy(m->amount.currency, wrong == 4 ? "CHF" : entity->currency, 4);
		m->amount.minor = MAX(o.minor * a->arg[2] / 100, INT64_C(1)) + (wrong == 6 ? o.minor : 0);
	}
	m->promised_date = a->date + (wrong == 5 ? -1 : (date_t)sim_below(r, 4));
	m->grace_days = (int32_t)sim_below(r, 3);
	m->channel = sim_permille(r, 500) ? TEXT("phone") : TEXT_NONE;
	return wl_say_command(a, arena, c,
			      text_printf(arena, "%s promises (" TEXT_FMT ") %d %% of %zu items", customer->account,
					  TEXT_ARG(m->promise_id), a->arg[2], m->n_items),
			      ret);
}

static bool make_cancel(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			struct sim_send *ret)
{
	struct text account = text_of(wl->customer[customer_of(wl, a->arg[0])].account);
	struct command_event *c = wl_command_new(arena, account, COMMAND_EVENT_CANCEL_PROMISE);

	c->cancel_promise = WIRE_NEW(arena, command_cancel_promise);
	c->cancel_promise->promise_id = wl_how_wrong(wl, r) == 1 ? TEXT("NONE") : text_printf(arena, "P%d", a->arg[0]);
	return wl_say_command(
		a, arena, c, text_printf(arena, "promise " TEXT_FMT " is cancelled", TEXT_ARG(c->cancel_promise->promise_id)), ret);
}

/* Paid in full, in part, or not; with the documents named or not. */
static void pay_promised(struct workload *wl, int number, int items)
{
	if (!wl_chance(wl, 600))
		return;
	wl_apart(wl);
	wl_told_payment(wl, customer_of(wl, number), MAX(items, 2), wl_chance(wl, 600) ? 100 : 40, wl_chance(wl, 700));
}

void wl_promise(struct workload *wl)
{
	static const int percents[] = { 100, 100, 50, 110 };
	bool again = wl->promises > 0 && wl_chance(wl, 350);
	int number = again ? 1 + (int)wl_any(wl, (uint32_t)wl->promises) : ++wl->promises;
	int items = wl_chance(wl, 600) ? 1 + (int)wl_any(wl, 3) : 0;

	wl_apart(wl);
	if (again && wl_chance(wl, 600)) {
		wl_later(wl, make_cancel, "/console")->arg[0] = number;
		return;
	}
	struct wl_action *a = wl_later(wl, make_promise, "/console");
	a->arg[0] = number;
	a->arg[1] = items;
	a->arg[2] = percents[wl_any(wl, ARRAY_LEN(percents))];
	pay_promised(wl, number, items);
}

/* ---- holds (LEDGER section 1) ---------------------------------------------------------------------------------------------------------- */

static bool make_lift(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena, struct sim_send *ret)
{
	struct text account = text_of(wl->customer[customer_of(wl, a->arg[0])].account);
	struct command_event *c = wl_command_new(arena, account, COMMAND_EVENT_LIFT_HOLD);

	(void)r;
	c->lift_hold = WIRE_NEW(arena, command_lift_hold);
	c->lift_hold->hold_id = text_printf(arena, "H%d", a->arg[0]);
	return wl_say_command(a, arena, c, text_printf(arena, "hold " TEXT_FMT " is lifted", TEXT_ARG(c->lift_hold->hold_id)), ret);
}

/* arg: number of the hold. */
static bool make_hold(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena, struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct wl_customer *customer = &wl->customer[customer_of(wl, a->arg[0])];
	struct wl_owed o = wl_owed_by(wl, customer, 1 + sim_below(r, 3));
	struct command_event *c = wl_command_new(arena, text_of(customer->account), COMMAND_EVENT_SET_HOLD);
	struct command_set_hold *h = c->set_hold = WIRE_NEW(arena, command_set_hold);

	if (o.n == 0)
		return false;
	const struct cash_item_row *item = o.item[o.n - 1];
	h->hold_id = text_printf(arena, "H%d", a->arg[0]);
	h->kind = (enum command_hold_kind)(COMMAND_HOLD_KIND_DISPUTE + sim_below(r, 4));
	h->item = wl_item_ref(arena, item);
	if (wrong == 1)
		h->item->sequence = 77;
	if (sim_permille(r, 500) || wrong == 2) {
		memcpy(h->amount.currency, wrong == 2 ? "CHF" : item->currency, 4);
		h->amount.minor = 1 + (int64_t)sim_below(r, (uint32_t)MIN(item->open_minor, INT64_C(1000000))) * 2;
	}
	if (sim_permille(r, 600))
		h->until = a->date + (date_t)sim_below(r, 10);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "hold " TEXT_FMT " on an item of %s", TEXT_ARG(h->hold_id), customer->account),
			      ret);
}

void wl_hold(struct workload *wl)
{
	bool again = wl->holds > 0 && wl_chance(wl, 450);
	int number = again ? 1 + (int)wl_any(wl, (uint32_t)wl->holds) : ++wl->holds;

	wl_apart(wl);
	wl_later(wl, again && wl_chance(wl, 700) ? make_lift : make_hold, "/console")->arg[0] = number;
}
