/* workload_people: commands of every kind, on what is there when they are sent; now and then wrong ones. */
#include "workload_impl.h"

struct command_event *wl_command_new(struct arena *arena, struct text account, enum command_event_case what)
{
	struct command_event *c = WIRE_NEW(arena, command_event);

	c->account = account;
	c->issued_by = TEXT("clerk");
	c->command_case = what;
	return c;
}

bool wl_say_command(const struct wl_action *a, struct arena *arena, const struct command_event *c, struct text what,
		    struct sim_send *ret)
{
	wl_record(arena, "ar.command.v1", c, a->id, TEXT("/console"), c->account, WL_FORM_PROTOBUF, ret);
	ret->what = what.s;
	return true;
}

/* A command that is wrong in one way: 0 = right. */
uint32_t wl_how_wrong(const struct workload *wl, struct sim_rng *r)
{
	return wl_has(wl, WL_ODD_COMMANDS) && sim_permille(r, 400) ? 1 + sim_below(r, 6) : 0;
}

int32_t wl_version_of(const struct cash_item_row *item, uint32_t wrong)
{
	return item->version + (wrong == 1 ? 1 : 0);
}

const struct cash_item_row *wl_some_item(const struct workload *wl, struct sim_rng *r, wl_item_is_fn *is)
{
	const struct cash_item_row *found = NULL;
	uint32_t n = 0;

	for (size_t i = 0; i < wl->view.n_items; i++)
		if (is(wl, wl->view.items[i]) && sim_below(r, ++n) == 0)
			found = wl->view.items[i];
	return found;
}

bool wl_is_any(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return !text_starts(item->account, TEXT("~"));
}

bool wl_is_held(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->kind == CASH_ITEM_HOLDING && item->open_minor != 0;
}

static bool is_holding(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->kind == CASH_ITEM_HOLDING;
}

static bool is_receipt(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->kind == CASH_ITEM_RECEIPT && text_empty(item->away_transfer) && text_empty(item->returned_by);
}

bool wl_is_open_credit(const struct workload *wl, const struct cash_item_row *item)
{
	(void)wl;
	return item->open_minor < 0 && item->kind != CASH_ITEM_HOLDING;
}

static bool is_applied_credit(const struct workload *wl, const struct cash_item_row *item)
{
	for (size_t i = 0; i < wl->view.n_applications; i++)
		if (text_eq(wl->view.applications[i]->credit_document_id, item->document_id))
			return true;
	return false;
}

/* ---- assign_payer, send_back ------------------------------------------------------------------------------------------------------ */

static bool make_assign(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *item = wl_some_item(wl, r, wrong == 2 ? is_holding : wl_is_held);

	if (item == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_ASSIGN_PAYER);
	struct command_assign_payer *p = c->assign_payer = WIRE_NEW(arena, command_assign_payer);
	p->line_id = wrong == 3 ? TEXT("NO-LINE") : item->line_id;
	p->payer_account = text_of(wl->customer[sim_below(r, (uint32_t)wl->n_customers)].account);
	if (wrong == 4)
		p->payer_account = TEXT("C-NOBODY"); /* refused where it arrives, and back */
	p->expected_version = wl_version_of(item, wrong);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "the clerk says that " TEXT_FMT " paid line " TEXT_FMT, TEXT_ARG(p->payer_account),
					  TEXT_ARG(p->line_id)),
			      ret);
}

static bool make_send_back(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			   struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *item = wl_some_item(wl, r, wrong == 2 || wrong == 3 ? wl_is_any : is_receipt);

	if (item == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, item->account, COMMAND_EVENT_SEND_BACK);
	c->send_back = WIRE_NEW(arena, command_send_back);
	c->send_back->document_id = wrong == 4 ? TEXT("NO-DOCUMENT") : item->document_id;
	c->send_back->expected_version = wl_version_of(item, wrong);
	return wl_say_command(a, arena, c,
			      text_printf(arena, "the clerk sends line " TEXT_FMT " of " TEXT_FMT " back", TEXT_ARG(item->line_id),
					  TEXT_ARG(item->account)),
			      ret);
}

/* ---- apply, unapply ------------------------------------------------------------------------------------------------------------------ */

struct type_item_ref *wl_item_ref(struct arena *arena, const struct cash_item_row *item)
{
	struct type_item_ref *ref = WIRE_NEW(arena, type_item_ref);

	ref->document_id = item->document_id;
	ref->sequence = item->sequence;
	return ref;
}

static void add_targets(const struct workload *wl, struct command_apply *apply, const struct cash_item_row *credit, uint32_t wrong,
			struct sim_rng *r, struct arena *arena)
{
	size_t max = 1 + sim_below(r, 3);

	apply->targets = WIRE_ARRAY(arena, max, command_apply_target);
	for (size_t i = 0; i < wl->view.n_items && apply->n_targets < max; i++) {
		const struct cash_item_row *item = wl->view.items[i];
		bool fits = wrong == 2 || (item->open_minor > 0 && (wrong == 3 || text_eq(item->entity, credit->entity)));
		if (!text_eq(item->account, credit->account) || !fits)
			continue;
		struct command_apply_target *t = &apply->targets[apply->n_targets++];
		t->item = wl_item_ref(arena, item);
		if (!sim_permille(r, 400))
			continue;
		memcpy(t->amount.currency, wrong == 4 ? "CHF" : item->currency, 4);
		t->amount.minor = 1 + sim_below(r, 5000);
	}
}

static bool make_apply(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena, struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *credit = wl_some_item(wl, r, wrong == 5 ? wl_is_any : wl_is_open_credit);

	if (credit == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, credit->account, COMMAND_EVENT_APPLY);
	c->apply = WIRE_NEW(arena, command_apply);
	c->apply->credit = wl_item_ref(arena, credit);
	c->apply->expected_version = wl_version_of(credit, wrong);
	if (sim_permille(r, wl_has(wl, WL_SOFT_PERIODS) ? 700 : 200) || (wrong == 6 && !wl->spine))
		c->apply->accounting_date = a->date + (wrong == 6 ? -9 : 0);
	add_targets(wl, c->apply, credit, wrong, r, arena);
	if (c->apply->n_targets == 0)
		return false;
	return wl_say_command(a, arena, c,
			      text_printf(arena, "the clerk applies a credit of " TEXT_FMT " to %zu items",
					  TEXT_ARG(credit->account), c->apply->n_targets),
			      ret);
}

static bool make_unapply(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			 struct sim_send *ret)
{
	uint32_t wrong = wl_how_wrong(wl, r);
	const struct cash_item_row *credit = wl_some_item(wl, r, wrong == 2 ? wl_is_any : is_applied_credit);

	if (credit == NULL)
		return false;
	struct command_event *c = wl_command_new(arena, credit->account, COMMAND_EVENT_UNAPPLY);
	c->unapply = WIRE_NEW(arena, command_unapply);
	c->unapply->credit = wl_item_ref(arena, credit);
	if (wrong == 3)
		c->unapply->credit->document_id = TEXT("NO-DOCUMENT");
	c->unapply->expected_version = wl_version_of(credit, wrong);
	for (size_t i = 0; i < wl->view.n_applications && sim_permille(r, 500); i++)
		if (text_eq(wl->view.applications[i]->credit_document_id, credit->document_id)) {
			c->unapply->debit = WIRE_NEW(arena, type_item_ref);
			c->unapply->debit->document_id = wl->view.applications[i]->debit_document_id;
			c->unapply->debit->sequence = wl->view.applications[i]->debit_sequence;
			break;
		}
	return wl_say_command(
		a, arena, c,
		text_printf(arena, "the clerk undoes applications of a credit of " TEXT_FMT, TEXT_ARG(credit->account)), ret);
}

void wl_command(struct workload *wl)
{
	static wl_make_fn *const makes[] = { make_assign, make_send_back, make_apply, make_unapply };

	wl_apart(wl);
	wl_later(wl, makes[wl_any(wl, ARRAY_LEN(makes))], "/console");
}

/* A clerk undoes an application and applies the money to something else; then the bank takes it back (LEDGER section 2). */
void wl_rework(struct workload *wl)
{
	wl_settle(wl);
	wl_later(wl, make_unapply, "/console");
	wl_settle(wl);
	wl_later(wl, make_apply, "/console");
	wl_settle(wl);
	wl_return_of_rework(wl);
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------------------- */

/* arg: number of the block, 1 = lift it. */
static bool make_block(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena, struct sim_send *ret)
{
	/* The number says whose it is, so that it can be lifted. */
	struct text account = text_of(wl->customer[a->arg[0] % wl->n_customers].account);
	struct text id = text_printf(arena, "B%d", a->arg[0]);
	struct command_event *c;

	if (a->arg[1] == 1) {
		c = wl_command_new(arena, account, COMMAND_EVENT_LIFT_BLOCK);
		c->lift_block = WIRE_NEW(arena, command_lift_block);
		c->lift_block->block_id = id;
		return wl_say_command(a, arena, c, text_printf(arena, "block " TEXT_FMT " is lifted", TEXT_ARG(id)), ret);
	}
	c = wl_command_new(arena, account, COMMAND_EVENT_SET_BLOCK);
	c->set_block = WIRE_NEW(arena, command_set_block);
	c->set_block->block_id = id;
	c->set_block->reason = (enum command_block_reason)(1 + sim_below(r, 4));
	if (sim_permille(r, 500))
		c->set_block->until = a->date + (date_t)sim_below(r, 20);
	for (size_t i = 0; i < wl->view.n_items && sim_permille(r, 600); i++)
		if (text_eq(wl->view.items[i]->account, account)) {
			c->set_block->item = wl_item_ref(arena, wl->view.items[i]);
			break;
		}
	if (wl_has(wl, WL_ODD_COMMANDS) && sim_permille(r, 200)) {
		c->set_block->item = WIRE_NEW(arena, type_item_ref);
		c->set_block->item->document_id = TEXT("NO-DOCUMENT");
		c->set_block->item->sequence = 1;
	}
	return wl_say_command(a, arena, c, text_printf(arena, "block " TEXT_FMT " on " TEXT_FMT, TEXT_ARG(id), TEXT_ARG(account)),
			      ret);
}

void wl_block(struct workload *wl)
{
	bool lift = wl->blocks > 0 && wl_chance(wl, 450);

	wl_apart(wl);
	struct wl_action *a = wl_later(wl, make_block, "/console");
	a->arg[0] = lift ? 1 + (int)wl_any(wl, (uint32_t)wl->blocks) : ++wl->blocks;
	a->arg[1] = lift;
}
