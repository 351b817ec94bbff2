/* workload_bank: what the bank reports: payments of every kind, returns, its own lines, statements. */
#include "workload_impl.h"

#define PICK_MAX 8

static struct text line_id(struct arena *arena, const struct wl_bank *bank, int number)
{
	return text_printf(arena, "%s-%d", bank->account, number);
}

static struct text statement_id(struct arena *arena, const struct wl_bank *bank, date_t date)
{
	char day[DATE_TEXT_SIZE];

	return text_printf(arena, "%s/%s", bank->account, date_format(day, date));
}

static void record(const struct wl_action *a, struct arena *arena, const struct wl_bank *bank,
		   const struct bank_payment_event *event, struct text what, struct sim_send *ret)
{
	wl_record(arena, "bank.payment.v1", event, a->id, TEXT("/bank"), text_of(bank->account), WL_FORM_PROTOBUF, ret);
	ret->what = what.s;
}

/* ---- payments ------------------------------------------------------------------------------------------------------------------ */

struct pick {
	const struct cash_item_row *item[PICK_MAX];
	size_t n;
};

/* What a customer owes, in order of the table. */
static struct pick owed(const struct workload *wl, const struct wl_customer *c)
{
	struct pick p = { .n = 0 };

	for (size_t i = 0; i < wl->view.n_items && p.n < PICK_MAX; i++) {
		const struct cash_item_row *item = wl->view.items[i];
		if (text_eq(item->account, text_of(c->account)) && item->open_minor > 0)
			p.item[p.n++] = item;
	}
	return p;
}

/* Some of them: one, or with `lump` two or three. */
static void choose(struct pick *p, struct sim_rng *r, bool lump)
{
	size_t n = lump ? 2 + sim_below(r, 2) : 1, first = p->n > 0 ? sim_below(r, (uint32_t)p->n) : 0;
	struct pick all = *p;

	p->n = MIN(n, all.n);
	for (size_t i = 0; i < p->n; i++)
		p->item[i] = all.item[(first + i) % all.n];
}

/* How people name a document. */
static struct text name_of(const struct cash_item_row *item, struct sim_rng *r)
{
	struct text names[] = { item->number, item->external_number, item->order_id, item->customer_po };
	uint32_t at = sim_below(r, 10);

	at = at < 6 ? 0 : at - 6;
	for (uint32_t i = 0; i < ARRAY_LEN(names); i++)
		if (!text_empty(names[(at + i) % ARRAY_LEN(names)]))
			return names[(at + i) % ARRAY_LEN(names)];
	return TEXT_NONE;
}

static void say_what_for(const struct workload *wl, struct bank_line_booked *l, const struct pick *p, struct sim_rng *r,
			 struct arena *arena)
{
	struct buf text = { .arena = arena };

	if (wl_has(wl, WL_NO_REFERENCE) && sim_permille(r, 350)) {
		l->remittance_text = sim_permille(r, 500) ? TEXT_NONE : TEXT("as agreed by phone");
		return;
	}
	if (wl_has(wl, WL_STRUCTURED) && sim_permille(r, 500)) {
		l->remittance = WIRE_ARRAY(arena, p->n, bank_remittance_line);
		for (size_t i = 0; i < p->n; i++) {
			struct bank_remittance_line *line = &l->remittance[l->n_remittance++];
			line->reference = name_of(p->item[i], r);
			if (text_empty(line->reference))
				line->reference = TEXT("NOTHING-1");
			if (sim_permille(r, 500))
				line->amount = (struct money){ .minor = MAX(l->amount.minor / (int64_t)p->n, INT64_C(1)) };
			if (line->amount.minor != 0)
				memcpy(line->amount.currency, l->amount.currency, 4);
		}
		return;
	}
	buf_adds(&text, sim_permille(r, 500) ? "Invoice" : "RE-NR.");
	for (size_t i = 0; i < p->n; i++)
		buf_printf(&text, " " TEXT_FMT, TEXT_ARG(name_of(p->item[i], r)));
	l->remittance_text = buf_text(&text);
}

static void say_who(const struct workload *wl, struct bank_line_booked *l, const struct wl_customer *c, struct sim_rng *r,
		    struct arena *arena)
{
	bool stranger = wl_has(wl, WL_STRANGERS) && sim_permille(r, 350);
	const struct wl_customer *other = &wl->customer[sim_below(r, (uint32_t)wl->n_customers)];

	if (stranger && sim_permille(r, 500)) {
		l->payer_name = TEXT("Somebody Else");
		l->remittance_text = TEXT_NONE;
		l->n_remittance = 0;
		return;
	}
	if (stranger)
		c = other; /* pays what another owes */
	if (sim_permille(r, 700))
		l->payer_bank_account = text_of(c->iban);
	if (sim_permille(r, 600))
		l->payer_name = text_of(c->name);
	if (sim_permille(r, 200))
		l->payer_reference = text_printf(arena, "KD-9%s", c->account + 1);
}

static int64_t amount_of(const struct workload *wl, const struct pick *p, struct sim_rng *r)
{
	int64_t minor = 0;

	for (size_t i = 0; i < p->n; i++)
		minor += p->item[i]->open_minor;
	if (minor == 0)
		minor = 100 + 100 * (int64_t)sim_below(r, 50);
	if (!wl_has(wl, WL_OVER_SHORT) || !sim_permille(r, 400))
		return minor;
	minor += sim_permille(r, 500) ? 250 : -(1 + (int64_t)sim_below(r, 400));
	return MAX(minor, INT64_C(1));
}

/* arg: bank, number of the line. */
static bool make_payment(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			 struct sim_send *ret)
{
	const struct wl_bank *bank = &wl->bank[a->arg[0]];
	const struct wl_entity *entity = &wl->entity[bank->entity];
	const struct wl_customer *c = &wl->customer[sim_below(r, (uint32_t)wl->n_customers)];
	struct bank_payment_event *e = WIRE_NEW(arena, bank_payment_event);
	struct bank_line_booked *l = e->line_booked = WIRE_NEW(arena, bank_line_booked);
	struct pick p = owed(wl, c);

	choose(&p, r, wl_has(wl, WL_LUMP) && sim_permille(r, 500));
	e->event_case = BANK_PAYMENT_EVENT_LINE_BOOKED;
	l->bank_account = text_of(bank->account);
	l->line_id = line_id(arena, bank, a->arg[1]);
	l->entity = text_of(entity->code);
	l->kind = BANK_LINE_KIND_PAYMENT;
	memcpy(l->amount.currency, entity->currency, 4);
	l->amount.minor = amount_of(wl, &p, r);
	l->booking_date = a->date - (date_t)sim_below(r, 3);
	if (sim_permille(r, 800))
		l->value_date = l->booking_date;
	if (wl_has(wl, WL_STATEMENTS))
		l->statement_id = statement_id(arena, bank, a->date);
	say_what_for(wl, l, &p, r, arena);
	say_who(wl, l, c, r, arena);
	record(a, arena, bank, e,
	       text_printf(arena, "line " TEXT_FMT ": %s pays " TEXT_FMT " for %zu items, \"" TEXT_FMT "\"", TEXT_ARG(l->line_id),
			   c->account, TEXT_ARG(wl_money_text(arena, l->amount)), p.n, TEXT_ARG(l->remittance_text)),
	       ret);
	return true;
}

/* Lines of one bank account keep their order; those of two accounts of one entity would race for the same items. */
void wl_payments(struct workload *wl)
{
	uint32_t n = 1 + wl_any(wl, wl->small ? 2 : 3);
	int bank = (int)wl_any(wl, (uint32_t)wl->n_banks);

	wl_apart(wl);
	for (uint32_t i = 0; i < n; i++) {
		if (!wl->commutes)
			bank = (int)wl_any(wl, (uint32_t)wl->n_banks);
		if (wl->bank[bank].lines >= WL_BANK_LINES)
			return;
		struct wl_action *a = wl_later(wl, make_payment, "/bank");
		a->arg[0] = bank;
		a->arg[1] = wl_has(wl, WL_CONFLICTS) && wl_chance(wl, 60) && wl->bank[bank].lines > 0 ? wl->bank[bank].lines
												      : ++wl->bank[bank].lines;
	}
}

/* ---- returns ------------------------------------------------------------------------------------------------------------------- */

static const struct cash_line_row *line_of(const struct workload *wl, const struct wl_bank *bank, struct text id)
{
	for (size_t i = 0; i < wl->view.n_lines; i++)
		if (text_eq(wl->view.lines[i]->line_id, id) &&
		    text_eq((struct text){ wl->view.lines[i]->account.s + 1, wl->view.lines[i]->account.n - 1 },
			    text_of(bank->account)))
			return wl->view.lines[i];
	return NULL;
}

static void make_odd(const struct workload *wl, struct bank_line_returned *b, struct sim_rng *r)
{
	if (!wl->spine && wl_has(wl, WL_LATE_FACTS) && sim_permille(r, 600)) { /* the gate may not know the bank account */
		b->entity = text_of(wl->entity[wl->n_entities - 1].code);
		return;
	}
	switch (sim_below(r, 4)) {
	case 0:
		b->returned_line_id = TEXT_NONE;
		break;
	case 1:
		b->returned_line_id = TEXT("BANK-1-77");
		break;
	case 2:
		b->amount.minor += 1;
		break;
	default:
		b->entity = text_of(wl->entity[wl->n_entities - 1].code);
		break;
	}
}

/* The line of a receipt of this bank account that was applied, undone, and is applied again. */
static struct text line_of_rework(const struct workload *wl, const struct wl_bank *bank)
{
	for (size_t i = 0; i < wl->view.n_undone; i++)
		for (size_t k = 0; k < wl->view.n_items; k++) {
			const struct cash_item_row *item = wl->view.items[k];
			if (text_eq(item->document_id, wl->view.undone[i]->credit_document_id) && text_empty(item->away_transfer) &&
			    text_empty(item->returned_by) && text_eq(item->bank_account, text_of(bank->account)))
				return item->line_id;
		}
	return TEXT_NONE;
}

/* arg: bank, number of its own line, number of the line that comes back (0: one that was reworked). */
static bool make_return(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			struct sim_send *ret)
{
	const struct wl_bank *bank = &wl->bank[a->arg[0]];
	const struct wl_entity *entity = &wl->entity[bank->entity];
	struct bank_payment_event *e = WIRE_NEW(arena, bank_payment_event);
	struct bank_line_returned *b = e->line_returned = WIRE_NEW(arena, bank_line_returned);
	struct text id = a->arg[2] > 0 ? line_id(arena, bank, a->arg[2]) : line_of_rework(wl, bank);
	const struct cash_line_row *line = line_of(wl, bank, id);

	e->event_case = BANK_PAYMENT_EVENT_LINE_RETURNED;
	b->bank_account = text_of(bank->account);
	b->line_id = line_id(arena, bank, a->arg[1]);
	b->entity = text_of(entity->code);
	b->returned_line_id = id;
	memcpy(b->amount.currency, entity->currency, 4);
	b->amount.minor = line != NULL && line->amount_minor > 0 ? line->amount_minor : 700;
	b->booking_date = a->date;
	b->reason = sim_permille(r, 500) ? TEXT("NSF") : TEXT("R01");
	if (sim_permille(r, 400)) {
		memcpy(b->fee.currency, entity->currency, 4);
		b->fee.minor = 500;
	}
	if (wl_has(wl, WL_STATEMENTS))
		b->statement_id = statement_id(arena, bank, a->date);
	if (text_empty(id))
		return false;
	if (a->arg[2] > 0 && wl_has(wl, WL_ODD_RETURNS) && sim_permille(r, 350))
		make_odd(wl, b, r);
	record(a, arena, bank, e,
	       text_printf(arena, "line " TEXT_FMT ": payment " TEXT_FMT " comes back, " TEXT_FMT, TEXT_ARG(b->line_id),
			   TEXT_ARG(b->returned_line_id), TEXT_ARG(wl_money_text(arena, b->amount))),
	       ret);
	return true;
}

void wl_return(struct workload *wl)
{
	int bank = (int)wl_any(wl, (uint32_t)wl->n_banks);
	struct wl_bank *b = &wl->bank[bank];

	wl_apart(wl);
	for (uint32_t i = 0, n = 1 + wl_any(wl, 2); i < n && b->lines > 0 && b->lines < WL_BANK_LINES; i++) {
		struct wl_action *a = wl_later(wl, make_return, "/bank");
		a->arg[0] = bank;
		a->arg[2] = 1 + (int)wl_any(wl, (uint32_t)b->lines);
		a->arg[1] = ++b->lines;
	}
}

void wl_return_of_rework(struct workload *wl)
{
	int bank = (int)wl_any(wl, (uint32_t)wl->n_banks);

	if (wl->bank[bank].lines >= WL_BANK_LINES)
		return;
	wl_apart(wl);
	struct wl_action *a = wl_later(wl, make_return, "/bank");
	a->arg[0] = bank;
	a->arg[1] = ++wl->bank[bank].lines;
}

/* ---- the bank's own lines; statements -------------------------------------------------------------------------------------------- */

static struct bank_payment_event *own_line(struct workload *wl, struct wl_bank *bank)
{
	struct bank_payment_event *e = WIRE_NEW(wl->arena, bank_payment_event);
	struct bank_line_booked *l = e->line_booked = WIRE_NEW(wl->arena, bank_line_booked);

	e->event_case = BANK_PAYMENT_EVENT_LINE_BOOKED;
	l->bank_account = text_of(bank->account);
	l->line_id = line_id(wl->arena, bank, ++bank->lines);
	l->entity = text_of(wl->entity[bank->entity].code);
	l->kind = (enum bank_line_kind)(BANK_LINE_KIND_FEE + wl_any(wl, 4));
	memcpy(l->amount.currency, wl->entity[bank->entity].currency, 4);
	l->amount.minor = wl_chance(wl, 700) ? -250 : 100;
	l->booking_date = wl->today;
	if (wl_has(wl, WL_STATEMENTS))
		l->statement_id = statement_id(wl->arena, bank, wl->today);
	return e;
}

void wl_excluded(struct workload *wl)
{
	struct wl_bank *bank = &wl->bank[wl_any(wl, (uint32_t)wl->n_banks)];

	if (bank->lines >= WL_BANK_LINES)
		return;
	wl_apart(wl);
	wl_event(wl, "bank.payment.v1", TEXT("/bank"), text_of(bank->account), own_line(wl, bank), "the bank's own line");
}

/* arg: bank, 1 = the balances are wrong. */
static bool make_statement(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			   struct sim_send *ret)
{
	const struct wl_bank *bank = &wl->bank[a->arg[0]];
	const struct wl_entity *entity = &wl->entity[bank->entity];
	struct bank_payment_event *e = WIRE_NEW(arena, bank_payment_event);
	struct bank_statement_closed *s = e->statement_closed = WIRE_NEW(arena, bank_statement_closed);
	int64_t sum = 0;

	(void)r;
	e->event_case = BANK_PAYMENT_EVENT_STATEMENT_CLOSED;
	s->bank_account = text_of(bank->account);
	s->statement_id = statement_id(arena, bank, a->date);
	s->entity = text_of(entity->code);
	for (size_t i = 0; i < wl->view.n_statements; i++)
		if (text_eq(wl->view.statements[i]->statement_id, s->statement_id))
			sum = wl->view.statements[i]->lines_minor;
	memcpy(s->opening.currency, entity->currency, 4);
	memcpy(s->closing.currency, entity->currency, 4);
	s->opening.minor = 100000;
	s->closing.minor = 100000 + sum + a->arg[1];
	s->booking_date = a->date;
	record(a, arena, bank, e, text_printf(arena, "statement " TEXT_FMT " is closed", TEXT_ARG(s->statement_id)), ret);
	return true;
}

void wl_statement(struct workload *wl)
{
	int bank = (int)wl_any(wl, (uint32_t)wl->n_banks);

	wl_apart(wl);
	struct wl_action *a = wl_later(wl, make_statement, "/bank");
	a->arg[0] = bank;
	a->arg[1] = wl_chance(wl, 150) ? 5 : 0;
	/* A line that comes after its statement. */
	if (wl_chance(wl, 200) && wl->bank[bank].lines < WL_BANK_LINES)
		wl_event(wl, "bank.payment.v1", TEXT("/bank"), text_of(wl->bank[bank].account), own_line(wl, &wl->bank[bank]),
			 "a line after its statement");
}
