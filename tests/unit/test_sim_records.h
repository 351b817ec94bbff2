/* Outcomes that say something wrong, and logs that lack or repeat something: every invariant on them is broken once. Part of test_sim_parts.c. */
#ifndef TESTS_UNIT_TEST_SIM_RECORDS_H
#define TESTS_UNIT_TEST_SIM_RECORDS_H

/* ---- outcomes ----------------------------------------------------------------------------------------------------------------------- */

/* Changes the event of an outcome; false: not this one. */
typedef bool spoil_fn(void *event);
static struct world *spoiled; /* the world whose outcomes are changed */

static bool unbalance(void *event)
{
	struct cash_event *e = event;

	if (e->n_entries == 0)
		return false;
	e->entries[0].lines[0].amount.minor++;
	return true;
}

static bool unbalance_functional(void *event)
{
	struct billing_event *e = event;

	if (e->n_entries == 0)
		return false;
	e->entries[0].lines[0].functional.minor++;
	return true;
}

static bool unname_item(void *event)
{
	struct billing_event *e = event;

	if (e->n_entries == 0 || e->event_case != BILLING_EVENT_INVOICE_ISSUED)
		return false;
	e->entries[0].lines[0].document_id = TEXT_NONE;
	return true;
}

static bool another_account(void *event)
{
	struct billing_event *e = event;

	if (e->n_entries == 0 || e->event_case != BILLING_EVENT_INVOICE_ISSUED)
		return false;
	e->entries[0].lines[0].account = TEXT("C-OTHER");
	return true;
}

static bool repeat_number(void *event)
{
	struct billing_event *e = event;

	/* of a lane's own series: a single one is looked at as a whole, and its numbers say lane 0 */
	if (e->event_case != BILLING_EVENT_INVOICE_ISSUED || memcmp(e->invoice_issued->number.s + 6, "00", 2) == 0)
		return false;
	/* the number behind it, with its own check digit */
	char *body = (char *)(uintptr_t)e->invoice_issued->number.s, digit;
	body[14]++;
	CHECK(id_check_digit((struct text){ body, 15 }, &digit));
	body[15] = digit;
	return true;
}

static bool spoil_number(void *event)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_INVOICE_ISSUED)
		return false;
	((char *)(uintptr_t)e->invoice_issued->number.s)[14]++;
	return true;
}

static bool spoil_gross(void *event)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_INVOICE_ISSUED)
		return false;
	e->invoice_issued->net_minor++;
	return true;
}

static bool spoil_open(void *event)
{
	struct billing_event *e = event;

	if (e->event_case != BILLING_EVENT_INVOICE_ISSUED || e->n_entries == 0)
		return false;
	e->invoice_issued->items[0].open_minor++;
	return true;
}

static struct type_journal_line *in_transit(struct cash_event *e)
{
	for (size_t i = 0; i < e->n_entries; i++)
		for (size_t k = 0; k < e->entries[i].n_lines; k++)
			if (e->entries[i].lines[k].ledger_account == TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT)
				return &e->entries[i].lines[k];
	return NULL;
}

static bool unname_transfer(void *event)
{
	struct type_journal_line *l = in_transit(event);

	if (l != NULL)
		l->detail = TEXT_NONE;
	return l != NULL;
}

/* It arrives under another name: the one it left under never does. */
static bool rename_transfer(void *event)
{
	struct cash_event *e = event;

	if (e->event_case != CASH_EVENT_TRANSFER_ACCEPTED)
		return false;
	in_transit(e)->detail = TEXT("another");
	return true;
}

static bool report_less(void *event)
{
	struct cash_event *e = event;

	if (e->event_case != CASH_EVENT_LINE_POSTED)
		return false;
	e->line_posted->amount.minor++;
	return true;
}

static bool remind_of_nothing(void *event)
{
	struct collections_event *e = event;

	if (e->event_case != COLLECTIONS_EVENT_NOTICE_ISSUED)
		return false;
	e->notice_issued->held_minor++;
	return true;
}

static bool answer_early(void *event)
{
	struct cash_event *e = event;

	if (e->provenance->final || e->provenance->part != 1)
		return false;
	e->provenance->final = true;
	return true;
}

static bool other_part(void *event)
{
	((struct cash_event *)event)->provenance->part++;
	return true;
}

static bool go_back(void *event)
{
	struct cash_event *e = event;

	if (e->provenance->seq < 2 || e->provenance->n_positions == 0)
		return false;
	e->provenance->positions[0].next_offset = 0;
	return true;
}

static bool other_hash(void *event)
{
	((char *)(uintptr_t)((struct cash_event *)event)->provenance->prev_hash.s)[0] ^= 1;
	return true;
}

static bool other_seq(void *event)
{
	((struct cash_event *)event)->provenance->seq++;
	return true;
}

/* The day before is said again. */
static bool judge_again(void *event)
{
	static date_t first = DATE_NONE;
	static int32_t lane;
	struct collections_event *e = event;

	if (e->event_case != COLLECTIONS_EVENT_DAY_JUDGED)
		return false;
	if (first == DATE_NONE || e->provenance->lane != lane) {
		first = e->day_judged->judged_date;
		lane = e->provenance->lane;
		return false;
	}
	e->day_judged->judged_date = first;
	return true;
}

#include "test_sim_books.h"

static const struct {
	const char *code;
	enum sim_service service;
	spoil_fn *spoil;
} spoils[] = {
	{ "unbalanced_entry", SIM_CASH, unbalance },
	{ "unbalanced_entry", SIM_BILLING, unbalance_functional },
	{ "control_line", SIM_BILLING, unname_item },
	{ "two_accounts", SIM_BILLING, another_account },
	{ "number_gap", SIM_BILLING, repeat_number },
	{ "number_wrong", SIM_BILLING, spoil_number },
	{ "document_gross", SIM_BILLING, spoil_gross },
	{ "document_open", SIM_BILLING, spoil_open },
	{ "transit_unnamed", SIM_CASH, unname_transfer },
	{ "never_arrived", SIM_CASH, rename_transfer },
	{ "bank_clearing", SIM_CASH, report_less },
	{ "notice_amount", SIM_COLLECTIONS, remind_of_nothing },
	{ "answered_twice", SIM_CASH, answer_early },
	{ "parts", SIM_CASH, other_part },
	{ "position_back", SIM_CASH, go_back },
	{ "outcome_gap", SIM_CASH, other_seq },
	{ "day_again", SIM_COLLECTIONS, judge_again },
	{ "chain_broken", SIM_CASH, other_hash },
	{ "item_due", SIM_BILLING, due_later },
	{ "item_discounts", SIM_BILLING, discount_more },
	{ "terms_unknown", SIM_BILLING, other_terms },
	{ "item_parts", SIM_BILLING, no_terms },
	{ "item_share", SIM_BILLING, other_share },
	{ "document_accounts", SIM_BILLING, other_income },
	{ "over_credited", SIM_BILLING, credit_another },
	{ "promise_supersedes", SIM_COLLECTIONS, supersede },
	{ "promise_of_nothing", SIM_COLLECTIONS, promise_the_past },
	{ "promise_forgotten", SIM_COLLECTIONS, forget_promise },
	{ "promise_ended", SIM_COLLECTIONS, judge_another },
	{ "promise_ended", SIM_COLLECTIONS, cancel_another },
	{ "promise_state", SIM_COLLECTIONS, judge_wrongly },
	{ "promise_early", SIM_COLLECTIONS, judge_early },
	{ "promise_paid", SIM_COLLECTIONS, pay_more },
	{ "hold_ended", SIM_COLLECTIONS, lift_another },
	{ "notice_held", SIM_COLLECTIONS, hold_more },
	{ "notice_promised", SIM_COLLECTIONS, promise_more },
	{ "notice_items", SIM_COLLECTIONS, list_less },
	{ "notice_credits", SIM_COLLECTIONS, credit_more },
	{ "notice_blocked", SIM_COLLECTIONS, block_all },
	{ "advice_again", SIM_CASH, wait_again },
};

/* A lane is written again from row `from` on: the chain is whole, so that only what was said is wrong. */
static void chain_again(struct world *w, const struct run_service *run, const void *const *rows, size_t n, size_t from)
{
	struct id_hash hash = { { 0 } };

	for (size_t i = 0; i < n; i++) {
		struct outcome_row *row = (struct outcome_row *)(uintptr_t)rows[i];
		const struct type_provenance *p;
		struct err err = { 0 };
		void *event;

		if (row->lane != ((const struct outcome_row *)rows[from])->lane)
			continue;
		if (i > from) {
			CHECK(wire_decode_strict(run->core->outcome_msg, (const uint8_t *)row->value.s, row->value.n, w->arena,
						 &err, &event));
			memcpy(&p, (const char *)event + run->core->provenance_offset, sizeof(p));
			((struct type_provenance *)(uintptr_t)p)->prev_hash =
				(struct text){ arena_dup(w->arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
			CHECK(wire_encode(run->core->outcome_msg, event, w->arena, &err, &row->value));
		}
		id_sha256(row->value.s, row->value.n, &hash);
		row->hash = (struct text){ arena_dup(w->arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
	}
}

/* What is said after all outcomes were looked at: the lane's own row has the hash of the chain as it was, and is made to fit. */
static void fit_lane_row(struct world *w, enum sim_service s, int32_t lane, struct text hash)
{
	size_t n;
	const void *const *rows = mem_rows(w->service[s].mem, &lane_table, &n);

	for (size_t i = 0; i < n; i++) {
		struct lane_row *row = (struct lane_row *)(uintptr_t)rows[i];
		if (row->lane == lane)
			row->hash = hash;
	}
}

/* True: one was spoilt, and found. The world is not to be used any more. */
static bool spoil_one(struct world *w, const char *code, enum sim_service s, spoil_fn *spoil)
{
	const struct run_service *run = w->service[s].run;
	size_t n;
	const void *const *rows = mem_rows(w->service[s].mem, &outcome_table, &n);
	struct err err = { 0 };
	void *event;

	spoiled = w;
	for (size_t i = 0; i < n; i++) {
		struct outcome_row *row = (struct outcome_row *)(uintptr_t)rows[i];
		CHECK(wire_decode_strict(run->core->outcome_msg, (const uint8_t *)row->value.s, row->value.n, w->arena, &err,
					 &event));
		if (!spoil(event))
			continue;
		if (!wire_encode(run->core->outcome_msg, event, w->arena, &err, &row->value))
			fail_msg("%s: %s", code, err.msg);
		chain_again(w, run, rows, n, i);
		for (size_t k = 0; k < n; k++)
			if (((const struct outcome_row *)rows[k])->lane == row->lane)
				fit_lane_row(w, s, row->lane, ((const struct outcome_row *)rows[k])->hash);
		if (judge(w, &err))
			fail_msg("an outcome was spoilt and nobody said anything, expected %s", code);
		if (strcmp(err.code, code) != 0)
			fail_msg("expected %s, said %s: %s", code, err.code, err.msg);
		return true;
	}
	return false;
}

static void a_wrong_record_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
		bool done = false;
		for (uint64_t seed = 1; seed <= RICH_SEEDS && !done; seed++) {
			struct world *w = play(seed, seed);
			done = spoil_one(w, spoils[i].code, spoils[i].service, spoils[i].spoil);
			end(w);
		}
		if (!done)
			fail_msg("no world had an outcome to break %s", spoils[i].code);
	}
}

/* ---- logs ------------------------------------------------------------------------------------------------------------------------------ */

static void take_out(struct mini_partition *p, size_t at)
{
	memmove(&p->record[at], &p->record[at + 1], (p->n - at - 1) * sizeof(struct sim_record *));
	p->n--;
}

static struct mini_partition *longest(struct world *w, const char *topic)
{
	struct mini_topic *t = mini_topic(w, text_of(topic));
	struct mini_partition *p = &t->part[0];

	for (int i = 1; i < t->partitions; i++)
		if (t->part[i].n > p->n)
			p = &t->part[i];
	return p;
}

static void expect(struct world *w, const char *code)
{
	struct err err = { 0 };

	assert_false(judge(w, &err));
	assert_string_equal(err.code, code);
}

static void a_wrong_log_is_found(void **state)
{
	struct world *w = play(3, 3);
	struct mini_partition *p = longest(w, "ar.cash.v1");
	struct sim_record *kept;

	(void)state;
	assert_true(p->n > 4);
	kept = p->record[p->n - 1];
	p->n--;
	expect(w, "unpublished");
	p->n++;
	assert_true(judge(w, &w->err));
	struct sim_record wrong = *kept;
	wrong.value = kept->key;
	p->record[p->n - 1] = &wrong;
	expect(w, "stream_differs");
	p->record[p->n - 1] = longest(w, "ar.billing.v1")->record[0];
	expect(w, "stream_unknown");
	p->record[p->n - 1] = kept;
	take_out(p, 1);
	expect(w, "stream_gap");
	end(w);
	/* An outcome that was cut. */
	w = play(3, 3);
	size_t n;
	struct outcome_row *row = (struct outcome_row *)(uintptr_t)mem_rows(w->service[SIM_CASH].mem, &outcome_table, &n)[0];
	row->value.n = 1;
	expect(w, "undecodable");
	end(w);
	/* A stranger's record that nobody looked at; one that was never sent. */
	w = play(3, 3);
	take_out(longest(w, "crm.sales-order.v1"), 0);
	expect(w, "inbox");
	end(w);
	w = play(3, 3);
	p = longest(w, "crm.sales-order.v1");
	wrong = *p->record[0];
	wrong.offset = (int64_t)p->n;
	wrong.value_null = true;
	wrong.value = TEXT_NONE;
	p->record = realloc(p->record, (p->n + 1) * sizeof(struct sim_record *));
	p->record[p->n++] = &wrong;
	expect(w, "not_refused");
	end(w);
}

#endif
