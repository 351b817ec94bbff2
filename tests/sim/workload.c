/* workload: the plan of a seed: days, and what strangers and people send on them. See sim.h and workload_impl.h. */
#include "workload_impl.h"

#include "billing/tables.h"
#include "book/col.h"

#define PLAN_BYTES    ((size_t)64 << 20)
#define PURPOSE_PLAN  1
#define PURPOSE_STEPS 1000
#define STEPS_MAX     400

/* ---- steps -------------------------------------------------------------------------------------------------------------------- */

bool wl_has(const struct workload *wl, enum wl_feature f)
{
	return wl->feature[f];
}

uint32_t wl_any(struct workload *wl, uint32_t n)
{
	return sim_below(&wl->rng, n);
}

bool wl_chance(struct workload *wl, uint32_t permille)
{
	return sim_permille(&wl->rng, permille);
}

static struct wl_action *add_step(struct workload *wl, enum sim_step_kind kind)
{
	CHECK(wl->n < wl->cap);
	wl->steps[wl->n] = (struct sim_step){ .kind = kind, .index = wl->n, .date = DATE_NONE };
	wl->actions[wl->n] = (struct wl_action){ .index = wl->n, .group = wl->group, .date = wl->today };
	return &wl->actions[wl->n++];
}

void wl_settle(struct workload *wl)
{
	wl->group++;
	if (wl->n > 0 && wl->steps[wl->n - 1].kind != SIM_SEND)
		return;
	add_step(wl, SIM_SETTLE);
}

void wl_apart(struct workload *wl)
{
	if (wl->commutes || wl_chance(wl, 200))
		wl_settle(wl);
	wl->group++;
}

void wl_tick(struct workload *wl, date_t date)
{
	wl_settle(wl);
	wl->today = date;
	add_step(wl, SIM_TICK);
	wl->steps[wl->n - 1].date = date;
	wl->group++;
}

static struct text next_id(struct workload *wl)
{
	return text_printf(wl->arena, "s%llu-%d", (unsigned long long)wl->seed, ++wl->ids);
}

struct wl_action *wl_event(struct workload *wl, const char *topic, struct text source, struct text key, const void *body,
			   const char *what)
{
	struct wl_action *a = add_step(wl, SIM_SEND);
	enum wl_form form = WL_FORM_PROTOBUF;

	a->id = next_id(wl);
	if (wl_has(wl, WL_FORMS) && wl_chance(wl, 300))
		form = (enum wl_form)wl_any(wl, WL_FORM_N);
	wl_record(wl->arena, topic, body, a->id, source, key, form, &a->send);
	a->send.what = text_dup(wl->arena, text_of(what)).s;
	return a;
}

struct wl_action *wl_again(struct workload *wl, const struct wl_action *first)
{
	struct sim_send send = first->send;
	struct wl_action *a = add_step(wl, SIM_SEND);

	a->send = send;
	a->send.what = text_printf(wl->arena, "again: %s", send.what).s;
	return a;
}

struct wl_action *wl_later(struct workload *wl, wl_make_fn *make, const char *source)
{
	struct wl_action *a = add_step(wl, SIM_SEND);

	a->id = next_id(wl);
	a->make = make;
	a->send.what = source; /* of the event, until it is made */
	return a;
}

/* ---- the plan ------------------------------------------------------------------------------------------------------------------ */

static void choose_company(struct workload *wl)
{
	static const struct wl_entity entities[] = {
		{ "DE01", "EUR", "DE", 2, 1 }, { "US01", "USD", "US", 2, 1 }, { "IN01", "INR", "IN", 2, 4 },
		{ "JP01", "JPY", "JP", 0, 4 }, { "KW01", "KWD", "KW", 3, 7 },
	};
	static const char *const names[] = { "Alder GmbH", "Birch & Co.", "Cedar Inc", "Daphne Ltd" };
	static const char *const ibans[] = { "DE11222233334444", "US-777-8888", "GB29NWBK6016", "FR7630006000" };
	const char *terms[] = { "N0", "N14", "N14" };

	wl->n_entities = wl_has(wl, WL_TWO_ENTITIES) ? 2 : 1;
	wl->entity[0] = entities[wl_any(wl, 2)];
	wl->entity[1] = entities[2 + wl_any(wl, 3)];
	wl->n_banks = wl->n_entities;
	wl->bank[0] = (struct wl_bank){ .account = "BANK-1", .entity = 0 };
	wl->bank[1] = (struct wl_bank){ .account = "BANK-2", .entity = 1 };
	if (wl_has(wl, WL_TWO_BANKS))
		wl->bank[wl->n_banks++] = (struct wl_bank){ .account = "BANK-9", .entity = 0 };
	wl->n_customers = wl->small ? 2 : 2 + (int)wl_any(wl, 2) + wl_chance(wl, 150);
	if (wl_chance(wl, 400))
		terms[2] = wl->third_terms = "EOM";
	if (wl_has(wl, WL_TERMS))
		terms[1] = terms[2] = wl->third_terms = "PARTS";
	for (int i = 0; i < wl->n_customers; i++) {
		bool shared = wl_has(wl, WL_SHARED_NAMES) && i > 0 && wl_chance(wl, 500);
		wl->customer[i] = (struct wl_customer){
			.account = text_printf(wl->arena, "C%u%02u", i + 1, wl_any(wl, 100)).s,
			.name = names[shared ? i - 1 : i],
			.iban = ibans[shared && wl_chance(wl, 500) ? i - 1 : i],
			.terms = terms[wl_any(wl, ARRAY_LEN(terms))],
			.entity = (int)wl_any(wl, (uint32_t)wl->n_entities),
		};
	}
}

static void choose_features(struct workload *wl)
{
	wl->commutes = wl_any(wl, 2) == 0;
	wl->small = wl_chance(wl, 600); /* small worlds are many worlds */
	for (int i = 0; i < (wl->spine ? WL_SPINE_N : WL_FEATURES_N); i++)
		wl->feature[i] = wl_chance(wl, 450);
}

/* Orders, and what becomes of them. */
static void selling(struct workload *wl)
{
	uint32_t n = wl->small ? 1 : 1 + wl_any(wl, 2);

	wl_apart(wl);
	for (uint32_t i = 0; i < n; i++)
		wl_new_order(wl);
	n = wl->small ? 1 : 1 + wl_any(wl, 3);
	for (uint32_t i = 0; i < n; i++)
		wl_order_goes_on(wl);
	if (wl_has(wl, WL_TAKE_ON) && wl_chance(wl, 500))
		wl_take_on(wl);
	if (wl_has(wl, WL_BAD_ORDERS))
		wl_bad_order(wl);
}

static void banking(struct workload *wl)
{
	wl_payments(wl);
	if (wl_has(wl, WL_EXCLUDED) && wl_chance(wl, 400))
		wl_excluded(wl);
	if (wl_has(wl, WL_RETURNS) && wl_chance(wl, 700))
		wl_return(wl);
	if (wl_has(wl, WL_STATEMENTS) && wl_chance(wl, 700))
		wl_statement(wl);
}

static void people(struct workload *wl)
{
	for (uint32_t i = 0, n = wl_any(wl, 4); wl_has(wl, WL_COMMANDS) && i < n; i++)
		wl_command(wl);
	if (wl_has(wl, WL_REWORK) && wl_chance(wl, 500))
		wl_rework(wl);
	if (wl_has(wl, WL_BLOCKS) && wl_chance(wl, 600))
		wl_block(wl);
}

/* The books in full: what the spine did not have. */
static void books(struct workload *wl)
{
	static const struct {
		enum wl_feature feature;
		uint32_t permille;
		void (*say)(struct workload *wl);
	} kinds[] = {
		{ WL_CREDIT_MEMOS, 600, wl_credit_memo }, { WL_DEBIT_MEMOS, 500, wl_debit_memo }, { WL_ADVICE, 600, wl_advice },
		{ WL_ON_ACCOUNT, 700, wl_on_account },    { WL_PROMISES, 700, wl_promise },       { WL_HOLDS, 500, wl_hold },
		{ WL_SOFT_PERIODS, 300, wl_period },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (wl_has(wl, kinds[i].feature) && wl_chance(wl, kinds[i].permille))
			kinds[i].say(wl);
}

static void mishaps(struct workload *wl)
{
	if (wl_has(wl, WL_DUPLICATES) && wl_chance(wl, 600))
		wl_duplicate(wl);
	if (wl_has(wl, WL_CONFLICTS) && wl_chance(wl, 400))
		wl_conflict(wl);
	if (wl_has(wl, WL_NOISE) && wl_chance(wl, 700))
		wl_noise(wl);
	if (wl_has(wl, WL_NEW_VERSIONS) && wl_chance(wl, 400))
		wl_new_versions(wl);
	if (wl_has(wl, WL_PERIODS) && wl_chance(wl, 400))
		wl_period(wl);
}

static void plan(struct workload *wl)
{
	static const int steps[] = { 1, 1, 1, 2, 3, 5 }, long_steps[] = { 1, 7, 10, 15, 30 };
	int days = wl->small ? 2 : 2 + (int)wl_any(wl, 2);
	int late = wl_has(wl, WL_LATE_FACTS) ? (int)wl_any(wl, (uint32_t)wl->n_customers + 1) : 0;
	/* Without an entity no day opens; the first one then releases deliveries in billing and tries waiting lines in cash: they race. */
	bool reference_later = late > 0 && !wl->commutes && wl_chance(wl, 400);

	if (!reference_later)
		wl_reference_facts(wl);
	wl_customers(wl, 0, wl->n_customers - late);
	if (wl_chance(wl, 400))
		selling(wl); /* before the first business day */
	if (wl_has(wl, WL_DEBIT_MEMOS) && wl_chance(wl, 100))
		wl_debit_memo(wl);
	if (wl_has(wl, WL_PROMISES) && wl_chance(wl, 100))
		wl_promise(wl);
	for (int day = 0; day < days; day++) {
		date_t next = wl->today + (wl_has(wl, WL_LONG_DAYS) ? long_steps[wl_any(wl, ARRAY_LEN(long_steps))]
								    : steps[wl_any(wl, ARRAY_LEN(steps))]);
		wl_tick(wl, next);
		if (day == 1 && reference_later) {
			wl_apart(wl);
			wl_reference_facts(wl);
		}
		if (day == 1 && wl_chance(wl, 800))
			wl_customers(wl, wl->n_customers - late, late);
		if (day + 1 < days || wl_chance(wl, 300))
			selling(wl);
		banking(wl);
		people(wl);
		books(wl);
		mishaps(wl);
	}
	wl_tick(wl, wl->today + (wl_has(wl, WL_LONG_DAYS) ? 20 : 1));
	wl_settle(wl);
}

/* ---- sim.h ------------------------------------------------------------------------------------------------------------------------ */

struct workload *workload_new(uint64_t seed, bool spine)
{
	struct workload *wl = calloc(1, sizeof(*wl));

	CHECK(wl != NULL);
	wl->seed = seed;
	wl->spine = spine;
	wl->arena = arena_new(PLAN_BYTES, PLAN_BYTES);
	wl->view_arena = arena_new(PLAN_BYTES, PLAN_BYTES);
	wl->view_group = -1;
	wl->cap = STEPS_MAX;
	wl->steps = ARENA_ARRAY(wl->arena, wl->cap, struct sim_step);
	wl->actions = ARENA_ARRAY(wl->arena, wl->cap, struct wl_action);
	sim_rng_seed(&wl->rng, seed, PURPOSE_PLAN);
	wl->today = date_of(2026, 1, 5) + (date_t)wl_any(wl, 120);
	choose_features(wl);
	choose_company(wl);
	plan(wl);
	return wl;
}

void workload_free(struct workload *wl)
{
	if (wl == NULL)
		return;
	arena_free(wl->view_arena);
	arena_free(wl->arena);
	free(wl);
}

bool workload_commutes(const struct workload *wl)
{
	return wl->commutes;
}

const struct sim_step *workload_steps(const struct workload *wl, size_t *ret_n)
{
	*ret_n = wl->n;
	return wl->steps;
}

/* A copy of the rows of a table of cash: the database may be restored from an older one before they are used. */
static const void **rows_of(struct workload *wl, struct world *w, const struct table *table, size_t *ret_n)
{
	const void *const *rows = mem_rows(sim_mem(w, SIM_CASH), table, ret_n);
	const void **copies = arena_array(wl->view_arena, *ret_n, sizeof(*copies));

	for (size_t i = 0; i < *ret_n; i++) {
		char *row = arena_dup(wl->view_arena, rows[i], table->row_size);
		for (int c = 0; c < table->n_cols; c++) {
			const struct col *col = &table->cols[c];
			if (col->kind != COL_TEXT)
				continue;
			struct text t = text_dup(wl->view_arena, col_text(col, rows[i]));
			memcpy(row + col->offset, &t, sizeof(t));
		}
		copies[i] = row;
	}
	return copies;
}

/* What a credit memo needs to know of the documents that billing issued. */
static void look_at_documents(struct workload *wl, struct world *w)
{
	struct wl_view *v = &wl->view;
	size_t n;
	const void *const *rows = mem_rows(sim_mem(w, SIM_BILLING), &bil_invoice_table, &n);

	v->documents = arena_array(wl->view_arena, n, sizeof(*v->documents));
	v->n_documents = n;
	for (size_t i = 0; i < n; i++) {
		const struct invoice_row *row = rows[i];
		const struct billing_document_issued *d = row->issued;
		struct wl_document *out = &v->documents[i];
		*out = (struct wl_document){ .account = text_dup(wl->view_arena, row->account),
					     .document_id = text_dup(wl->view_arena, row->document_id),
					     .entity = text_dup(wl->view_arena, d->entity),
					     .net_minor = d->net_minor,
					     .n_lines = MIN(d->n_lines, (size_t)WL_LINES_MAX) };
		memcpy(out->currency, d->currency_code.s, d->currency_code.n);
		if (d->n_taxes > 0)
			out->tax_code = text_dup(wl->view_arena, d->taxes[0].code);
		for (size_t k = 0; k < out->n_lines; k++) {
			out->line[k].line_no = d->lines[k].line_no;
			out->line[k].quantity_e6 = d->lines[k].quantity_e6;
			out->line[k].net_minor = d->lines[k].net_minor;
		}
	}
}

static void look(struct workload *wl, struct world *w)
{
	struct wl_view *v = &wl->view;
	size_t n;

	arena_reset(wl->view_arena);
	v->items = (const struct cash_item_row **)rows_of(wl, w, &cash_item_table, &v->n_items);
	v->lines = (const struct cash_line_row **)rows_of(wl, w, &cash_line_table, &v->n_lines);
	v->statements = (const struct cash_statement_row **)rows_of(wl, w, &cash_statement_table, &v->n_statements);
	look_at_documents(wl, w);
	v->applications = (const struct cash_application_row **)rows_of(wl, w, &cash_application_table, &n);
	v->undone = (const struct cash_application_row **)arena_array(wl->view_arena, n, sizeof(*v->undone));
	v->n_applications = v->n_undone = 0;
	for (size_t i = 0; i < n; i++)
		if (v->applications[i]->in_force)
			v->applications[v->n_applications++] = v->applications[i];
		else
			v->undone[v->n_undone++] = v->applications[i];
}

static void choose_partition(const struct world *w, struct sim_rng *r, struct sim_send *send)
{
	int32_t partitions = sim_partitions(w, send->topic);

	if (send->partition == WL_BY_KEY && !send->key_null)
		send->partition = bus_partition_of(send->key, partitions);
	else if (send->partition < 0)
		send->partition = (int32_t)sim_below(r, (uint32_t)partitions);
}

bool workload_send(struct workload *wl, const struct sim_step *step, struct world *w, struct arena *arena, struct sim_send *ret)
{
	const struct wl_action *a = &wl->actions[step->index];
	struct sim_rng r;

	CHECK(step->kind == SIM_SEND);
	if (wl->view_world != w || step->index <= wl->last_index)
		wl->view_group = -1; /* another run */
	wl->view_world = w;
	wl->last_index = step->index;
	sim_rng_seed(&r, wl->seed, PURPOSE_STEPS + step->index);
	if (a->make == NULL) {
		*ret = a->send;
		choose_partition(w, &r, ret);
		return true;
	}
	if (wl->view_group != a->group)
		look(wl, w);
	wl->view_group = a->group;
	if (!a->make(wl, a, &r, arena, ret))
		return false;
	choose_partition(w, &r, ret);
	return true;
}
