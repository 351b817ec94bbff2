/*
 * reporting: a fixed set of records, read in 20 random legal interleavings and batch cuts, gives the same rows (DESIGN section 3,
 * "Projections"). Legal: records of one topic and lane in order; topics and lanes as they like. Compared: every column of every
 * row but the numbers of the commit order itself (ledger_seq). The records: test_reporting_story.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ev/billing.h"
#include "ev/cash.h"
#include "ev/collections.h"
#include "ev/intake.h"
#include "id/id.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "book/col.h"
#include "wire/wire.h"

#include "test_reporting_story.h"

#define LANES      2
#define RUNS       20
#define ARENA_SOFT ((size_t)64 << 20)

/* ---- from text to records ---------------------------------------------------------------------------------------- */

static const struct wire_msg *const msg_of[REPORTING_SOURCES] = {
	[REPORTING_INTAKE] = &intake_event_msg,
	[REPORTING_BILLING] = &billing_event_msg,
	[REPORTING_CASH] = &cash_event_msg,
	[REPORTING_COLLECTIONS] = &collections_event_msg,
};

static const char *const service_of[REPORTING_SOURCES] = { "intake", "billing", "cash", "collections" };

/* The next piece before c, trimmed; false at the end. */
static bool piece(struct text *rest, char c, struct text *ret)
{
	size_t at = 0;

	if (rest->n == 0)
		return false;
	while (at < rest->n && rest->s[at] != c)
		at++;
	*ret = text_trim((struct text){ rest->s, at });
	at = at < rest->n ? at + 1 : at;
	*rest = (struct text){ rest->s + at, rest->n - at };
	return true;
}

static void set(const struct wire_msg *m, void *ev, struct arena *a, struct text path, struct text value)
{
	struct err err = { 0 };

	if (!wire_set(m, ev, path, value, a, &err))
		fail_msg(TEXT_FMT "=" TEXT_FMT ": %s", TEXT_ARG(path), TEXT_ARG(value), err.msg);
}

static void set_line(const struct wire_msg *m, void *ev, struct arena *a, int entry, int line, struct text words)
{
	static const char *const fields[] = { "ledger_account", "amount", "currency", "account", "document_id", "item_sequence" };
	struct text word, value[ARRAY_LEN(fields)] = { 0 };
	size_t n = 0;

	while (piece(&words, ' ', &word))
		value[n++] = word;
	value[1] = text_printf(a, TEXT_FMT " " TEXT_FMT, TEXT_ARG(value[1]), TEXT_ARG(value[2]));
	for (size_t i = 0; i < n; i++)
		if (i != 2)
			set(m, ev, a, text_printf(a, "entries[%d].lines[%d].%s", entry, line, fields[i]), value[i]);
	set(m, ev, a, text_printf(a, "entries[%d].lines[%d].functional", entry, line), value[1]);
}

static void set_journal(const struct wire_msg *m, void *ev, struct arena *a, struct text journal)
{
	static const char *const fields[] = { "kind", "entity", "accounting_date" };
	struct text entry, part;

	for (int e = 0; piece(&journal, '|', &entry); e++)
		for (int l = -1; piece(&entry, '/', &part); l++) {
			struct text word;

			if (l >= 0) {
				set_line(m, ev, a, e, l, part);
				continue;
			}
			for (size_t i = 0; i < ARRAY_LEN(fields) && piece(&part, ' ', &word); i++)
				set(m, ev, a, text_printf(a, "entries[%d].%s", e, fields[i]), word);
		}
}

struct made {
	struct input input[ARRAY_LEN(story)];
	struct id_hash last[REPORTING_SOURCES][LANES];
	int64_t seq[REPORTING_SOURCES][LANES], offset[REPORTING_SOURCES][LANES];
	int64_t intake_seq[8], destination_seq[8][LANES];
};

static void set_provenance(struct made *made, const struct told *t, void *ev, struct arena *a)
{
	const struct wire_msg *m = msg_of[t->source];
	struct id_hash *last = &made->last[t->source][t->lane];
	int64_t seq = t->source == REPORTING_INTAKE ? ++made->intake_seq[t->source_lane / 1000] : ++made->seq[t->source][t->lane];
	int source_lane = t->source == REPORTING_INTAKE ? t->source_lane : t->lane;
	char hex[ID_HEX_SIZE];

	set(m, ev, a, TEXT("provenance.service"), text_of(service_of[t->source]));
	set(m, ev, a, TEXT("provenance.lane"), text_printf(a, "%d", source_lane));
	set(m, ev, a, TEXT("provenance.seq"), text_printf(a, "%lld", (long long)seq));
	set(m, ev, a, TEXT("provenance.prev_hash"), text_of(id_hex(hex, last)));
	set(m, ev, a, TEXT("provenance.event_id"),
	    text_printf(a, "%s-%d-%lld", service_of[t->source], source_lane, (long long)seq));
	set(m, ev, a, TEXT("provenance.part"), TEXT("1"));
	set(m, ev, a, TEXT("provenance.final"), TEXT("true"));
	set(m, ev, a, TEXT("provenance.cause.topic"),
	    text_of(t->source == REPORTING_INTAKE ? "crm.sales-order.v1" : "ar.intake.v1"));
	set(m, ev, a, TEXT("provenance.cause.event_id"),
	    text_printf(a, "cause-%s-%d-%lld", service_of[t->source], source_lane, (long long)seq));
	if (t->source == REPORTING_INTAKE)
		set(m, ev, a, TEXT("provenance.destination_seq"),
		    text_printf(a, "%lld", (long long)++made->destination_seq[t->source_lane / 1000][t->lane]));
}

static void make(struct made *made, const struct told *t, struct arena *a, struct input *ret)
{
	const struct wire_msg *m = msg_of[t->source];
	void *ev = wire_new(m, 1, a);
	struct text rest = text_of(t->set), pair, path;
	struct err err = { 0 };
	struct text value;

	set(m, ev, a, TEXT("account"), text_of(t->account));
	set_provenance(made, t, ev, a);
	while (piece(&rest, '|', &pair)) {
		assert_true(piece(&pair, '=', &path));
		set(m, ev, a, path, pair);
	}
	if (t->source == REPORTING_INTAKE)
		set(m, ev, a, TEXT("fact_type"), wire_event_name(m, ev));
	/* unsaid types of documents */
	if (t->source == REPORTING_BILLING && ((struct billing_event *)ev)->event_case == BILLING_EVENT_INVOICE_ISSUED)
		set(m, ev, a, TEXT("invoice_issued.type"), TEXT("invoice"));
	set_journal(m, ev, a, text_of(t->journal));
	if (!wire_encode(m, ev, a, &err, &value))
		fail_msg("%s: %s", t->set, err.msg);
	id_sha256(value.s, value.n, &made->last[t->source][t->lane]);
	*ret = (struct input){
		.source = (int)t->source,
		.lane = t->lane,
		.lanes = LANES,
		.cause = { .topic = text_printf(a, "ar.%s.v1", service_of[t->source]),
			   .partition = t->lane,
			   .offset = made->offset[t->source][t->lane]++ },
		.event = ev,
		.value = value,
	};
}

static struct made *make_all(struct arena *a)
{
	struct made *made = ARENA_NEW(a, struct made);

	for (size_t i = 0; i < ARRAY_LEN(story); i++)
		make(made, &story[i], a, &made->input[i]);
	return made;
}

/* ---- reading them -------------------------------------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* A random merge of the streams (topic, lane). Seed 0: as told. */
static void interleave(const struct made *made, uint64_t seed, const struct input **ret_order)
{
	bool taken[ARRAY_LEN(story)] = { false };

	for (size_t n = 0; n < ARRAY_LEN(story); n++) {
		size_t pick = n;

		if (seed != 0) {
			int source, lane;
			bool found = false;

			while (!found) {
				source = (int)(random_next(&seed) % REPORTING_SOURCES);
				lane = (int)(random_next(&seed) % LANES);
				for (pick = 0; pick < ARRAY_LEN(story) && !found; pick++)
					found = !taken[pick] && made->input[pick].source == source &&
						made->input[pick].lane == lane;
			}
			pick--;
		}
		taken[pick] = true;
		ret_order[n] = &made->input[pick];
	}
}

static void read_batch(struct mem *mem, const struct input *const *order, size_t n)
{
	const struct core *core = reporting_service.core;
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct book *book = book_new(a, core->tables, core->n_tables);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		core->want(book, order[i]);
	mem_load(mem, book);
	for (size_t i = 0; i < n; i++) {
		struct decision d = { .core = core, .book = book, .arena = a, .input = order[i] };

		assert_int_equal(core_step(&d), DECIDED);
		assert_int_equal(d.n_outcomes, 0);
	}
	if (!mem_save(mem, book, &err))
		fail_msg("%s", err.msg);
	arena_free(a);
}

static struct mem *read_all(const struct made *made, uint64_t seed)
{
	struct mem *mem = mem_new(reporting_tables, REPORTING_TABLES_N);
	const struct input *order[ARRAY_LEN(story)];

	interleave(made, seed, order);
	for (size_t at = 0, n; at < ARRAY_LEN(story); at += n) {
		n = seed == 0 ? 1 : MIN((size_t)random_next(&seed) % 9 + 1, ARRAY_LEN(story) - at);
		read_batch(mem, &order[at], n);
	}
	return mem;
}

/* ---- comparing -------------------------------------------------------------------------------------------------------- */

static bool is_commit_order(const struct col *c)
{
	return strcmp(c->name, "ledger_seq") == 0 || strcmp(c->name, "undone_ledger_seq") == 0;
}

static struct text row_text(const struct table *t, const void *row, struct arena *a)
{
	struct buf b = { .arena = a };

	for (int i = 0; i < t->n_cols; i++) {
		const struct col *c = &t->cols[i];

		if (is_commit_order(c))
			continue;
		buf_printf(&b, "%s=", c->name);
		if (c->kind == COL_TEXT || c->kind == COL_CURRENCY || c->kind == COL_BYTES)
			buf_json_string(&b, col_text(c, row));
		else
			buf_printf(&b, "%lld", (long long)col_int(c, row));
		buf_addc(&b, ' ');
	}
	return buf_text(&b);
}

static int by_text(const void *x, const void *y)
{
	return text_cmp(*(const struct text *)x, *(const struct text *)y);
}

static struct text *all_rows(struct mem *mem, const struct table *t, struct arena *a, size_t *ret_n)
{
	const void *const *rows = mem_rows(mem, t, ret_n);
	struct text *texts = ARENA_ARRAY(a, *ret_n, struct text);

	for (size_t i = 0; i < *ret_n; i++)
		texts[i] = row_text(t, rows[i], a);
	if (*ret_n > 0)
		qsort(texts, *ret_n, sizeof(*texts), by_text);
	return texts;
}

static void compare(struct mem *expected, struct mem *found, uint64_t seed, struct arena *a)
{
	for (size_t t = 0; t < REPORTING_TABLES_N; t++) {
		size_t n, m;
		struct text *e = all_rows(expected, reporting_tables[t], a, &n);
		struct text *f = all_rows(found, reporting_tables[t], a, &m);

		for (size_t i = 0; i < MIN(n, m); i++)
			if (!text_eq(e[i], f[i]))
				fail_msg("seed %d, table %s:\nexpected %s\nfound    %s", (int)seed, reporting_tables[t]->name,
					 e[i].s, f[i].s);
		assert_int_equal(n, m);
	}
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

static void test_interleavings(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *expected = read_all(made, 0);

	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct mem *found = read_all(made, seed);

		compare(expected, found, seed, a);
		mem_free(found);
	}
	mem_free(expected);
	arena_free(a);
}

/* Every record takes one number of its lane, whatever the order. */
static void test_ledger_seq_is_gapless(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *mem = read_all(made, 7);
	const void *const *rows;
	bool seen[LANES][ARRAY_LEN(story) + 1] = { { false } };
	int64_t last[LANES] = { 0 };
	size_t n;

	(void)state;
	rows = mem_rows(mem, &reporting_record_table, &n);
	assert_int_equal(n, ARRAY_LEN(story));
	for (size_t i = 0; i < n; i++) {
		const struct reporting_record *r = rows[i];

		assert_in_range(r->ledger_seq, 1, ARRAY_LEN(story));
		assert_false(seen[r->lane][r->ledger_seq]);
		seen[r->lane][r->ledger_seq] = true;
		last[r->lane] = MAX(last[r->lane], r->ledger_seq);
	}
	for (int lane = 0; lane < LANES; lane++)
		for (int64_t i = 1; i <= last[lane]; i++)
			assert_true(seen[lane][i]);
	mem_free(mem);
	arena_free(a);
}

/* LEDGER section 1: the open amount is the sum of the control lines; the events say the same; both tie out. */
static void test_L1_5a_journal_and_events_agree(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *mem = read_all(made, 3);
	const void *const *rows;
	size_t n;

	(void)state;
	rows = mem_rows(mem, &reporting_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *it = rows[i];

		if (it->open_minor != it->brought_minor + it->applied_minor)
			fail_msg("item " TEXT_FMT ": open %lld, brought %lld, applied %lld", TEXT_ARG(it->document_id),
				 (long long)it->open_minor, (long long)it->brought_minor, (long long)it->applied_minor);
		assert_true(it->kind.n > 0);
	}
	rows = mem_rows(mem, &reporting_tie_out_table, &n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_tie_out *t = rows[i];

		assert_int_equal(t->items_minor, t->control_minor);
	}
	mem_free(mem);
	arena_free(a);
}

/* A parked input is over with its final record; one that still waits is not. */
static void test_parked_until_released(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct mem *mem = read_all(make_all(a), 5);
	const void *const *rows;
	size_t n, parked = 0;

	(void)state;
	rows = mem_rows(mem, &reporting_exception_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_exception *x = rows[i];

		if (!text_eq(x->kind, TEXT("parked")))
			continue;
		assert_int_equal(x->resolved, text_eq(x->ref, TEXT("in-O3")));
		parked++;
	}
	assert_int_equal(parked, 2);
	mem_free(mem);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interleavings),
		cmocka_unit_test(test_ledger_seq_is_gapless),
		cmocka_unit_test(test_L1_5a_journal_and_events_agree),
		cmocka_unit_test(test_parked_until_released),
	};

	return cmocka_run_group_tests_name("reporting interleavings", tests, NULL, NULL);
}
