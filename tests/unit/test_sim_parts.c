/*
 * The parts of the simulation that judge (tests/sim: workload, invariants, fold, digest), in a small world where nothing breaks
 * (test_sim_mini.h): they find nothing wrong there, and each invariant is broken once on purpose and says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_sim_mini.h"

#include "billing/tables.h"
#include "book/col.h"
#include "cash/tables.h"
#include "collections/tables.h"
#include "id/id.h"
#include "intake/tables.h"

#define SEEDS          40
#define COVERAGE_SEEDS 2000
#define RICH_SEEDS     150 /* the tampering looks for a row to tamper with in these */

/* ---- worlds ---------------------------------------------------------------------------------------------------------------------- */

static struct world *play(uint64_t seed, uint64_t order)
{
	struct workload *wl = workload_new(seed, false);
	struct world *w = mini_new(order);

	w->invariants = invariants_new(w);
	mini_play(w, wl);
	if (w->failed)
		fail_msg("seed %llu: %s: %s", (unsigned long long)seed, w->err.code, w->err.msg);
	workload_free(wl);
	return w;
}

static void end(struct world *w)
{
	invariants_free(w->invariants);
	mini_free(w);
}

static bool commutes(uint64_t seed)
{
	struct workload *wl = workload_new(seed, false);
	bool yes = workload_commutes(wl);

	workload_free(wl);
	return yes;
}

static void nothing_is_wrong_where_nothing_breaks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct world *w = play(seed, seed);
		if (!invariants_at_end(w->invariants, &w->err) || !sim_fold(w, seed, seed % 16 == 0 ? 20 : 0, &w->err))
			fail_msg("seed %llu: %s: %s", (unsigned long long)seed, w->err.code, w->err.msg);
		end(w);
	}
}

/* The workload says so of itself, and the comparison of lives with and without faults rests on it. */
static void what_commutes_ends_in_the_same_books(void **state)
{
	int n = 0, racing = 0, differ = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct buf a = { 0 }, b = { 0 };
		struct world *x = play(seed, seed), *y = play(seed, seed + 1000);

		sim_digest_text(x, &a);
		sim_digest_text(y, &b);
		if (commutes(seed)) {
			n++;
			assert_string_equal(a.s, b.s);
		} else {
			racing++;
			differ += !text_eq(buf_text(&a), buf_text(&b));
		}
		buf_free(&a);
		buf_free(&b);
		end(x);
		end(y);
	}
	assert_true(n > SEEDS / 4 && racing > SEEDS / 4);
	assert_true(differ > 0); /* and the digest sees a difference */
}

static void every_kind_of_event_and_outcome_occurs(void **state)
{
	struct coverage *c = coverage_new();
	struct buf told = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= COVERAGE_SEEDS; seed++) {
		struct workload *wl = workload_new(seed, false);
		struct world *w = mini_new(seed);
		mini_play(w, wl);
		coverage_add(c, w);
		mini_free(w);
		workload_free(wl);
		if (seed % 100 == 0) {
			buf_clear(&told);
			if (coverage_tell(c, &told))
				break;
		}
	}
	if (!coverage_tell(c, &told)) {
		fputs(told.s, stderr); /* longer than a failure's message may be */
		fail_msg("some never occurred");
	}
	buf_free(&told);
	coverage_free(c);
}

/* ---- rows that are wrong --------------------------------------------------------------------------------------------------------------- */

static bool any(const void *row)
{
	(void)row;
	return true;
}

static bool open_invoice(const void *row)
{
	const struct cash_item_row *i = row;

	return i->kind == CASH_ITEM_INVOICE && i->open_minor > 0;
}

static bool open_credit(const void *row)
{
	const struct cash_item_row *i = row;

	return i->kind == CASH_ITEM_RECEIPT && i->open_minor < 0;
}

static bool due_in_collections(const void *row)
{
	return ((const struct collections_item *)row)->open_minor > 0;
}

static bool open_promise(const void *row)
{
	return ((const struct reporting_promise *)row)->ended_ledger_seq == 0;
}

static bool was_joined(const void *row)
{
	return !text_empty(((const struct cash_advice_row *)row)->line_id);
}

static bool has_outcomes(const void *row)
{
	return ((const struct lane_row *)row)->seq > 0;
}

static bool open_item(const void *row)
{
	return ((const struct collections_item *)row)->open_minor != 0;
}

static bool open_in_reporting(const void *row)
{
	const struct reporting_item *i = row;

	return i->open_minor > 0 && !text_starts(i->account, TEXT("~"));
}

static bool in_force(const void *row)
{
	return ((const struct cash_application_row *)row)->in_force;
}

static bool in_force_there(const void *row)
{
	return ((const struct reporting_application *)row)->undone_on == DATE_NONE;
}

static bool parked_or_final(const void *row)
{
	const struct outcome_row *r = row;

	return r->final && text_starts(r->type, TEXT("openitem.billing.order_"));
}

static bool carries_money(const void *row)
{
	return ((const struct reporting_ledger_line *)row)->amount_minor != 0;
}

static bool payment_line(const void *row)
{
	const struct cash_line_row *l = row;

	return l->kind == CASH_LINE_PAYMENT;
}

/* column + add: what breaks; code: who says so */
static const struct tamper {
	const char *code;
	enum sim_service service;
	const struct table *table;
	const char *column;
	int64_t add;
	bool (*fits)(const void *row);
	const char *also; /* a second column, with the same difference; or NULL */
} tampers[] = {
	{ "lane_row", SIM_CASH, &lane_table, "seq", 1, has_outcomes, NULL },
	{ "published_ahead", SIM_BILLING, &lane_table, "published_seq", 1, has_outcomes, NULL },
	{ "hash_wrong", SIM_BILLING, &outcome_table, "hash", 1, any, NULL },
	{ "parts", SIM_COLLECTIONS, &outcome_table, "part", 1, any, NULL },
	{ "item_open", SIM_CASH, &cash_item_table, "open_minor", 1, open_invoice, NULL },
	{ "over_applied", SIM_CASH, &cash_item_table, "open_minor", -(INT64_C(1) << 40), open_invoice, "brought_minor" },
	{ "conservation", SIM_CASH, &cash_item_table, "open_minor", 5, open_invoice, "brought_minor" },
	{ "tie_out", SIM_REPORTING, &reporting_tie_out_table, "items_minor", 1, any, NULL },
	{ "item_history", SIM_REPORTING, &reporting_item_table, "applied_minor", 1, open_in_reporting, NULL },
	{ "applications", SIM_CASH, &cash_application_table, "amount_minor", 1, in_force, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_item_table, "open_minor", 1, open_item, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_subject_table, "items", 1, any, NULL },
	{ "copies_differ", SIM_REPORTING, &reporting_item_table, "open_minor", 1, open_in_reporting, "brought_minor" },
	{ "copies_differ", SIM_REPORTING, &reporting_application_table, "amount_minor", 1, in_force_there, NULL },
	{ "on_account", SIM_CASH, &cash_item_table, "on_account_minor", 1, open_credit, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_hold_table, "amount_minor", 1, any, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_block_table, "lifted", 1, any, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_item_table, "due_date", 1, due_in_collections, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_promise_table, "open", 1, any, NULL },
	{ "copies_differ", SIM_REPORTING, &reporting_promise_table, "amount_minor", 1, any, NULL },
	{ "copies_differ", SIM_REPORTING, &reporting_advice_table, "amount_minor", 1, any, NULL },
	{ "copies_differ", SIM_REPORTING, &reporting_item_table, "on_account_minor", 1, open_in_reporting, NULL },
	{ "copies_differ", SIM_CASH, &cash_advice_table, "line_id", 1, was_joined, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_customer_table, "effective_from", 1, any, NULL },
	{ "copies_differ", SIM_COLLECTIONS, &collections_subject_table, "in_episode", 1, any, NULL },
	{ "promise_state", SIM_REPORTING, &reporting_promise_table, "ended_ledger_seq", 1, open_promise, NULL },
	{ "record_missing", SIM_REPORTING, &reporting_record_table, "seq", INT64_C(1) << 30, any, NULL },
	{ "record_differs", SIM_REPORTING, &reporting_record_table, "value", 1, any, NULL },
	{ "ledger_seq", SIM_REPORTING, &reporting_record_table, "ledger_seq", 1, any, NULL },
	{ "ledger_lines", SIM_REPORTING, &reporting_ledger_line_table, "amount_minor", 1, carries_money, NULL },
	{ "day_totals", SIM_REPORTING, &reporting_day_total_table, "debit_minor", 1, any, "functional_minor" },
	{ "day_total", SIM_REPORTING, &reporting_day_total_table, "functional_minor", 1, any, NULL },
	{ "series", SIM_BILLING, &bil_series_table, "last_number", 1, any, NULL },
	{ "statement_lines", SIM_REPORTING, &reporting_statement_table, "lines_minor", 1, any, NULL },
	{ "statement_ties", SIM_REPORTING, &reporting_statement_table, "ties_out", 1, any, NULL },
	{ "money_of_line", SIM_CASH, &cash_line_table, "line_id", 1, payment_line, NULL },
	{ "answers", SIM_BILLING, &outcome_table, "final", 1, parked_or_final, NULL },
	{ "event_lost", SIM_INTAKE, &intake_inbox_table, "payload_hash", 1, any, NULL },
	{ "let_through", SIM_INTAKE, &intake_inbox_table, "first_offset", 1, any, NULL },
	{ "fold_differs", SIM_BILLING, &bil_entity_table, "fiscal_year_start_month", 1, any, NULL },
	{ "fold_differs", SIM_CASH, &cash_customer_table, "oldest_first", 1, any, NULL },
	{ "fold_differs", SIM_COLLECTIONS, &collections_paid_table, "applied_minor", 1, any, NULL },
	{ "fold_differs", SIM_INTAKE, &intake_bank_account_table, "entity", 1, any, NULL },
	{ "interleaving", SIM_REPORTING, &reporting_customer_table, "legal_name", 1, any, NULL },
	{ "interleaving", SIM_REPORTING, &reporting_exception_table, "resolved", 1, any, NULL },
};

static const struct col *column_of(const struct table *table, const char *name)
{
	for (int i = 0; i < table->n_cols; i++)
		if (strcmp(table->cols[i].name, name) == 0)
			return &table->cols[i];
	fail_msg("%s has no column %s", table->name, name);
	return NULL;
}

/* Numbers are added to, a text gets another byte. */
static void change(struct world *w, const struct col *col, void *row, int64_t add)
{
	char *at = (char *)row + col->offset;
	struct text t;

	switch (col->kind) {
	case COL_I32:
	case COL_DATE:
		*(int32_t *)(void *)at += (int32_t)add;
		return;
	case COL_I64:
		*(int64_t *)(void *)at += add;
		return;
	case COL_BOOL:
		*(bool *)(void *)at = !*(bool *)(void *)at;
		return;
	case COL_TEXT:
	case COL_BYTES:
		t = text_dup(w->arena, col_text(col, row));
		assert_true(t.n > 0);
		((char *)(uintptr_t)t.s)[t.n / 2] ^= 1;
		memcpy(at, &t, sizeof(t));
		return;
	case COL_CURRENCY:
	case COL_MSG:
		break;
	}
	fail_msg("column %s", col->name);
}

static bool judge(struct world *w, struct err *err)
{
	struct invariants *inv = invariants_new(w);
	bool ok = invariants_at_end(inv, err);

	invariants_free(inv);
	return ok;
}

/* False: no row there fits. */
static bool tamper_with(struct world *w, const struct tamper *t)
{
	const struct col *col = column_of(t->table, t->column), *also = t->also == NULL ? NULL : column_of(t->table, t->also);
	size_t n;
	const void *const *rows = mem_rows(w->service[t->service].mem, t->table, &n);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		void *row = (void *)(uintptr_t)rows[i], *before;
		if (!t->fits(row) || ((col->kind == COL_TEXT || col->kind == COL_BYTES) && text_empty(col_text(col, row))))
			continue;
		before = arena_dup(w->arena, row, t->table->row_size);
		change(w, col, row, t->add);
		if (also != NULL)
			change(w, also, row, t->add);
		bool ok = judge(w, &err);
		memcpy(row, before, t->table->row_size);
		if (ok)
			fail_msg("%s.%s was changed and nobody said anything, expected %s", t->table->name, t->column, t->code);
		if (strcmp(err.code, t->code) != 0)
			fail_msg("%s.%s was changed, expected %s, said %s: %s", t->table->name, t->column, t->code, err.code,
				 err.msg);
		return true;
	}
	return false;
}

static void a_wrong_row_is_found(void **state)
{
	bool done[ARRAY_LEN(tampers)] = { false };
	size_t left = ARRAY_LEN(tampers);
	struct err err = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= RICH_SEEDS && left > 0; seed++) {
		struct world *w = play(seed, seed);
		for (size_t i = 0; i < ARRAY_LEN(tampers); i++)
			if (!done[i] && tamper_with(w, &tampers[i])) {
				done[i] = true;
				left--;
			}
		if (!judge(w, &err)) /* all is as it was */
			fail_msg("seed %llu: %s: %s", (unsigned long long)seed, err.code, err.msg);
		end(w);
	}
	for (size_t i = 0; i < ARRAY_LEN(tampers); i++)
		if (!done[i])
			fail_msg("no world had a row of %s to break %s", tampers[i].table->name, tampers[i].code);
}

#include "test_sim_records.h" /* outcomes and logs that are wrong */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong_where_nothing_breaks),
		cmocka_unit_test(what_commutes_ends_in_the_same_books),
		cmocka_unit_test(a_wrong_row_is_found),
		cmocka_unit_test(a_wrong_record_is_found),
		cmocka_unit_test(a_wrong_log_is_found),
		cmocka_unit_test(every_kind_of_event_and_outcome_occurs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
