/* workload_orders: orders with their versions, take-on, and orders that are wrong. */
#include "workload_impl.h"

#define CRM TEXT("/crm")

static struct crm_sales_order_event *event_new(struct workload *wl, enum crm_sales_order_event_case what)
{
	struct crm_sales_order_event *e = WIRE_NEW(wl->arena, crm_sales_order_event);

	e->event_case = what;
	return e;
}

static struct text account_of(const struct workload *wl, const struct wl_order *o)
{
	return text_of(wl->customer[o->customer].account);
}

static struct text id_of(struct workload *wl, const struct wl_order *o)
{
	return text_printf(wl->arena, "SO-%s-%d", wl->customer[o->customer].account, o->number);
}

static struct wl_action *say(struct workload *wl, const struct wl_order *o, const struct crm_sales_order_event *e, const char *what)
{
	struct text line = text_printf(wl->arena, "order " TEXT_FMT " %s", TEXT_ARG(id_of(wl, o)), what);
	struct wl_action *a = wl_event(wl, "crm.sales-order.v1", CRM, account_of(wl, o), e, line.s);

	if (wl_has(wl, WL_FOREIGN_PARTITIONER))
		a->send.partition = WL_FOREIGN;
	return a;
}

/* ---- content --------------------------------------------------------------------------------------------------------------------- */

static void set_taxes(struct workload *wl, const struct wl_order *o, struct crm_order_line *l)
{
	bool two = wl->entity[wl->customer[o->customer].entity].fiscal_start == 4;

	if (!o->taxed)
		return;
	if (wl_has(wl, WL_TERMS)) {
		wl_taxes(wl, l);
		return;
	}
	l->n_taxes = two ? 2 : 1;
	l->taxes = WIRE_ARRAY(wl->arena, 2, type_tax);
	for (size_t i = 0; i < l->n_taxes; i++)
		l->taxes[i] = (struct type_tax){ .code = i == 0 ? TEXT("CGST") : TEXT("SGST"),
						 .category = TYPE_TAX_CATEGORY_STANDARD,
						 .rate_ppm = two ? 90000 : 190000 };
}

static struct crm_order *content_of(struct workload *wl, const struct wl_order *o)
{
	const struct wl_entity *entity = &wl->entity[wl->customer[o->customer].entity];
	struct crm_order *c = WIRE_NEW(wl->arena, crm_order);

	c->account = account_of(wl, o);
	c->order_id = id_of(wl, o);
	c->order_version = o->version;
	c->entity = text_of(entity->code);
	c->currency_code = text_of(entity->currency);
	c->order_date = o->date;
	c->customer_po = text_printf(wl->arena, "PO-77%s%d", wl->customer[o->customer].account, (o->number + 1) / 2);
	if (o->external)
		c->external_reference = text_printf(wl->arena, "EXT-%s-%d", wl->customer[o->customer].account, o->number);
	if (o->explicit_due)
		c->due_date = o->date + 3;
	c->n_lines = (size_t)o->n_lines;
	c->lines = WIRE_ARRAY(wl->arena, c->n_lines, crm_order_line);
	for (int i = 0; i < o->n_lines; i++) {
		c->lines[i].line_no = i + 1;
		c->lines[i].item = TEXT("PUMP");
		c->lines[i].quantity_e6 = o->quantity_e6[i];
		c->lines[i].unit_price_e6 = o->price_e6[i];
		c->lines[i].deferred_revenue = o->deferred;
		set_taxes(wl, o, &c->lines[i]);
	}
	return c;
}

static void book(struct workload *wl, struct wl_order *o)
{
	struct crm_sales_order_event *e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_BOOKED);

	e->order_booked = WIRE_NEW(wl->arena, crm_order_booked);
	e->order_booked->order = content_of(wl, o);
	say(wl, o, e, "is booked");
}

/* ---- what becomes of an order ------------------------------------------------------------------------------------------------------ */

static struct crm_sales_order_event *fulfilment(struct workload *wl, struct wl_order *o, bool all)
{
	struct crm_sales_order_event *e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_FULFILLED);
	struct crm_order_fulfilled *f = e->order_fulfilled = WIRE_NEW(wl->arena, crm_order_fulfilled);

	f->account = account_of(wl, o);
	f->order_id = id_of(wl, o);
	f->order_version = o->version;
	f->supply_date = MAX(o->date, wl->today - 1);
	for (int i = 0; all && i < o->n_lines; i++)
		o->delivered_e6[i] = o->quantity_e6[i];
	if (all)
		return e;
	f->lines = WIRE_ARRAY(wl->arena, 1, crm_fulfilled_line);
	f->n_lines = 1;
	f->lines[0].line_no = 1;
	f->lines[0].quantity_e6 = MAX((o->quantity_e6[0] - o->delivered_e6[0]) / 2, INT64_C(1));
	o->delivered_e6[0] += f->lines[0].quantity_e6;
	return e;
}

static struct crm_sales_order_event *amendment(struct workload *wl, struct wl_order *o)
{
	struct crm_sales_order_event *e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_AMENDED);

	o->quantity_e6[0] += 1000000 * (1 + wl_any(wl, 3));
	e->order_amended = WIRE_NEW(wl->arena, crm_order_amended);
	e->order_amended->order = content_of(wl, o);
	if (wl_chance(wl, 200))
		e->order_amended->order->terms_code = wl_chance(wl, 500) ? TEXT("N14") : TEXT("N30");
	return e;
}

static struct crm_sales_order_event *cancellation(struct workload *wl, struct wl_order *o)
{
	struct crm_sales_order_event *e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_CANCELLED);

	e->order_cancelled = WIRE_NEW(wl->arena, crm_order_cancelled);
	e->order_cancelled->account = account_of(wl, o);
	e->order_cancelled->order_id = id_of(wl, o);
	e->order_cancelled->order_version = o->version;
	e->order_cancelled->reason = TEXT("cancellation");
	o->cancelled = true;
	return e;
}

static bool all_delivered(const struct wl_order *o)
{
	for (int i = 0; i < o->n_lines; i++)
		if (o->delivered_e6[i] < o->quantity_e6[i])
			return false;
	return true;
}

/* The next event of the order, with its version. */
static const struct crm_sales_order_event *next_event(struct workload *wl, struct wl_order *o, const char **ret_what)
{
	o->version++;
	if (wl_has(wl, WL_CANCEL) && wl_chance(wl, 250)) {
		*ret_what = "is cancelled";
		return cancellation(wl, o);
	}
	if (all_delivered(o) || (wl_has(wl, WL_AMEND) && wl_chance(wl, 350))) {
		*ret_what = "is amended";
		return amendment(wl, o);
	}
	bool part = wl_has(wl, WL_PARTIAL) && wl_chance(wl, 500);
	*ret_what = part ? "is delivered in part" : "is delivered";
	return fulfilment(wl, o, !part);
}

void wl_order_goes_on(struct workload *wl)
{
	struct wl_order *o = &wl->order[wl_any(wl, (uint32_t)wl->n_orders)];
	const struct crm_sales_order_event *first, *second;
	const char *what, *and_then;

	if (o->cancelled)
		return;
	first = next_event(wl, o, &what);
	if (wl_has(wl, WL_OUT_OF_ORDER) && wl_chance(wl, 400) && !o->cancelled) {
		second = next_event(wl, o, &and_then);
		say(wl, o, second, text_printf(wl->arena, "%s (sent too early)", and_then).s);
		if (wl_has(wl, WL_GAPS) && wl_chance(wl, 300))
			return; /* the first one never comes */
		if (wl_has(wl, WL_GAPS) && wl_chance(wl, 500))
			wl_settle(wl);
	}
	say(wl, o, first, what);
}

void wl_new_order(struct workload *wl)
{
	if (wl->n_orders == WL_ORDERS_MAX)
		return;
	struct wl_order *o = &wl->order[wl->n_orders++];
	struct wl_customer *c = &wl->customer[o->customer = (int)wl_any(wl, (uint32_t)wl->n_customers)];

	o->number = ++c->orders;
	o->version = 1;
	o->date = wl->today - (date_t)wl_any(wl, 5);
	o->n_lines = 1 + (int)wl_any(wl, wl_has(wl, WL_PARTIAL) ? WL_LINES_MAX : 2);
	o->taxed = wl_chance(wl, 700);
	o->deferred = wl_chance(wl, 150);
	o->explicit_due = wl_chance(wl, 150);
	o->external = wl_chance(wl, 300);
	for (int i = 0; i < o->n_lines; i++) {
		o->quantity_e6[i] = 1000000 * (1 + wl_any(wl, 5));
		o->price_e6[i] =
			(wl_chance(wl, 300) ? 10000000 : 1000000 * (1 + (int64_t)wl_any(wl, 90))) + 10000 * wl_any(wl, 100);
	}
	if (o->n_lines > 1 && wl_chance(wl, wl_has(wl, WL_TERMS) ? 400 : 150))
		o->price_e6[1] = -500000; /* a discount */
	book(wl, o);
	if (!wl_chance(wl, 750))
		return;
	const char *what;
	const struct crm_sales_order_event *e = next_event(wl, o, &what);
	say(wl, o, e, what);
}

/* ---- take-on ----------------------------------------------------------------------------------------------------------------------- */

void wl_take_on(struct workload *wl)
{
	const struct wl_customer *c = &wl->customer[wl_any(wl, (uint32_t)wl->n_customers)];
	const struct wl_entity *entity = &wl->entity[c->entity];
	struct crm_sales_order_event *e = event_new(wl, CRM_SALES_ORDER_EVENT_OPENING_ITEM);
	struct crm_opening_item *o = e->opening_item = WIRE_NEW(wl->arena, crm_opening_item);
	bool again = wl_chance(wl, 200);

	if (again)
		wl_apart(wl); /* which of two is first must not be left to chance */
	o->account = text_of(c->account);
	o->entity = text_of(entity->code);
	o->kind = wl_chance(wl, 600) ? CRM_OPENING_KIND_INVOICE : (enum crm_opening_kind)(1 + wl_any(wl, 4));
	o->external_number =
		again ? text_printf(wl->arena, "OLD-%s-1", c->account) : text_printf(wl->arena, "OLD-%s-%d", c->account, wl->ids);
	o->document_date = wl->today - 20 - (date_t)wl_any(wl, 60);
	o->due_date = o->document_date + 14;
	o->accounting_date = wl->today - (date_t)wl_any(wl, 3);
	memcpy(o->open.currency, entity->currency, 4);
	o->open.minor = 500 + 100 * wl_any(wl, 90);
	if (wl_chance(wl, 500)) {
		o->original = o->open;
		o->original.minor += wl_chance(wl, 850) ? 1000 : -1;
	}
	o->dunning_level = wl_chance(wl, 300) ? 1 : 0;
	wl_event(wl, "crm.sales-order.v1", CRM, o->account, e,
		 text_printf(wl->arena, "%s brings item " TEXT_FMT, c->account, TEXT_ARG(o->external_number)).s);
	if (again)
		wl_apart(wl);
	if (!wl_has(wl, WL_DEBIT_MEMOS) || !wl_chance(wl, 150))
		return;
	wl_apart(wl);
	wl_event(wl, "crm.sales-order.v1", CRM, o->account, e, "the same item once more");
	wl_apart(wl);
}

/* ---- orders that are wrong ----------------------------------------------------------------------------------------------------------- */

static const char *spoil(struct workload *wl, struct wl_order *o, struct crm_order *c)
{
	switch (wl_any(wl, 7)) {
	case 0:
		c->lines[c->n_lines - 1].line_no = 1;
		c->n_lines = c->n_lines > 1 ? c->n_lines : 1;
		return "has a line twice";
	case 1:
		memcpy(c->net_total.currency, c->currency_code.s, 3);
		c->net_total.minor = 1;
		return "does not add up";
	case 2:
		c->lines[0].unit_price_e6 = -90000000;
		return "has a negative total";
	case 3:
		memcpy(c->net_total.currency, "CHF", 4);
		c->net_total.minor = 100;
		return "has a total in another currency";
	case 4:
		c->entity = TEXT("ZZ99");
		return "is of an entity nobody knows";
	case 5:
		c->currency_code = TEXT("CHF");
		return "changes its currency";
	default:
		c->terms_code = TEXT("NEVER");
		(void)o;
		return "has terms nobody knows";
	}
}

/* A fulfilment, booking or amendment that billing refuses, or parks for good. */
void wl_bad_order(struct workload *wl)
{
	if (wl->n_orders == 0)
		return;
	struct wl_order *o = &wl->order[wl_any(wl, (uint32_t)wl->n_orders)];
	struct wl_order copy = *o;
	struct crm_sales_order_event *e;
	const char *what;

	wl_apart(wl);
	switch (wl_any(wl, 6)) {
	case 0: /* the version again */
		copy.version = 1 + (int32_t)wl_any(wl, (uint32_t)o->version);
		e = copy.version == 1 ? event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_BOOKED) : cancellation(wl, &copy);
		if (copy.version == 1) {
			e->order_booked = WIRE_NEW(wl->arena, crm_order_booked);
			e->order_booked->order = content_of(wl, &copy);
		}
		what = "comes with a version that was taken";
		break;
	case 1:
		copy.version = ++o->version;
		e = fulfilment(wl, &copy, false);
		e->order_fulfilled->lines[0].line_no = wl_chance(wl, 500) ? 9 : 1;
		e->order_fulfilled->lines[0].quantity_e6 = 900000000;
		what = "is delivered beyond what was ordered";
		break;
	case 2:
		copy.version = ++o->version;
		copy.quantity_e6[0] = 1;
		e = amendment(wl, &copy);
		e->order_amended->order->lines[0].quantity_e6 = 1;
		what = "shrinks";
		break;
	case 3:
		copy.number = 90 + (int)wl_any(wl, 3);
		copy.version = wl_chance(wl, 800) ? 1 : 2;
		e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_BOOKED);
		e->order_booked = WIRE_NEW(wl->arena, crm_order_booked);
		e->order_booked->order = content_of(wl, &copy);
		what = spoil(wl, &copy, e->order_booked->order);
		o = &copy;
		break;
	case 4:
		copy.number = 80;
		copy.version = 1;
		e = event_new(wl, CRM_SALES_ORDER_EVENT_ORDER_BOOKED);
		e->order_booked = WIRE_NEW(wl->arena, crm_order_booked);
		e->order_booked->order = content_of(wl, &copy);
		e->order_booked->order->external_reference =
			text_printf(wl->arena, "EXT-%s-%d", wl->customer[o->customer].account, o->number);
		what = "has the external number of another";
		o = &copy;
		break;
	default:
		copy.version = ++o->version;
		e = amendment(wl, &copy);
		what = spoil(wl, &copy, e->order_amended->order);
		break;
	}
	say(wl, o, e, what);
	wl_apart(wl);
}
