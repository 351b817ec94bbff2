/*
 * rebuild on a real PostgreSQL and librdkafka's mock cluster: a small core plays live on the twin, what it publishes is rebuilt and must
 * give the same rows: cut anywhere, within a transaction, published twice, or with records missing.
 */
#include "test_bus_mock.h"

#undef assert_ok
#undef assert_err
#include "store_fixture.h"

#include "ev/billing.h"
#include "ev/intake.h"
#include "run/loop.h"
#include "run/rebuild_priv.h"
#include "run/settings.h"
#include "wire/wire.h"

#define ENDED 40 /* outcomes a script may have */

/* ---- a core whose state depends on the order of everything ------------------------------------------------------------- */

struct sum_row {
	int32_t lane;
	int64_t state;
};

static const struct col sum_cols[] = {
	{ "lane", COL_I32, offsetof(struct sum_row, lane), COL_KEY, NULL },
	{ "state", COL_I64, offsetof(struct sum_row, state), 0, NULL },
};
static const struct table sum_table = { "sum", sum_cols, ARRAY_LEN(sum_cols), sizeof(struct sum_row), NULL, 0, 0 };
static const struct table *const sum_tables[] = { &sum_table };

static void mix(struct book *book, int32_t lane, int64_t by)
{
	const struct sum_row *old = book_get(book, &sum_table, &(struct sum_row){ .lane = lane });
	struct sum_row row = { lane, ((old == NULL ? 0 : old->state) * 31 + by) % 1000000007 };

	book_put(book, &sum_table, &row);
}

static void want(struct book *book, const struct input *input)
{
	book_want(book, &sum_table, BOOK_KEY, &(struct sum_row){ .lane = input->lane });
}

static void note(struct book *book, const struct input *input)
{
	mix(book, input->lane, 1000 + input->cause.offset);
}

static void emit(struct decision *d, const struct cause *cause)
{
	struct billing_event *e = WIRE_NEW(d->arena, billing_event);
	const struct sum_row *sum = book_get(d->book, &sum_table, &(struct sum_row){ .lane = d->input->lane });

	e->account = TEXT("A");
	e->event_case = BILLING_EVENT_REFUSED;
	e->refused = WIRE_NEW(d->arena, type_refused);
	e->refused->reason = TEXT("unknown");
	e->refused->subject = text_printf(d->arena, "%lld", sum == NULL ? 0 : (long long)sum->state); /* what was decided on */
	e->refused->input_type = TEXT("x");
	core_emit(d, &(struct outcome){ .key = e->account, .event = e, .destination_lane = -1, .cause = cause });
}

/* fact_type "3": three outcomes; "3+": twice three, in two transactions; "3r": the second one answers an earlier input. */
static enum decided decide(struct decision *d)
{
	struct text script = ((const struct intake_event *)d->input->event)->fact_type;
	static const struct cause earlier = { .topic = { "ar.intake.v1", 12 },
					      .event_id = { "e0", 2 },
					      .source = { "/openitem/intake", 16 },
					      .correlation_id = { "e0", 2 },
					      .part = 1 };

	for (int i = 0; i < script.s[0] - '0'; i++)
		emit(d, i == 1 && script.n > 1 && script.s[1] == 'r' ? &earlier : NULL);
	if (script.n > 1 && script.s[1] == '+' && d->input->cursor.n == 0) {
		d->cursor = TEXT("second");
		return MORE;
	}
	return DECIDED;
}

static void apply(struct book *book, const struct input *input, const struct outcome *o)
{
	mix(book, input->lane, o->part + (o->cause != NULL ? 500 : 0));
}

static bool concerns(const void *event)
{
	return ((const struct intake_event *)event)->fact_type.s[0] != 'n';
}

static const struct core core = { .name = "billing",
				  .tables = sum_tables,
				  .n_tables = 1,
				  .outcome_msg = &billing_event_msg,
				  .provenance_offset = offsetof(struct billing_event, provenance),
				  .want = want,
				  .note = note,
				  .decide = decide,
				  .apply = apply };
static const struct run_source sources[] = { { .topic = "ar.intake.v1", .concerns = concerns } };
static const struct run_service service = { .core = &core, .sources = sources, .n_sources = 1, .outcome_topic = "ar.billing.v1" };

/* ---- live ---------------------------------------------------------------------------------------------------------------- */

static struct {
	struct loop loop;
	struct lane *lane;
	struct mem *mem;
	struct bus_producer *inputs;
	struct logged logged[ENDED];
	size_t n, published;
	struct rebuild_target after[ENDED + 1]; /* where the lane stood when its last outcome was that one */
	struct arena *arena;
} live;

static void live_open(void)
{
	struct run_settings s = {
		.brokers = mock_conf.brokers, .database = "", .redis = "", .instance = "0", .lanes = 1, .batch_max = 100
	};

	memset(&live, 0, sizeof(live));
	live.loop.service = &service;
	assert_ok(run_open(&live.loop, &s, &fixture_err));
	live.lane = &live.loop.lane[live.loop.n_lanes++];
	*live.lane = (struct lane){ .cursor_source = -1, .epoch = 1, .next_offset = { -1, -1, -1, -1, -1, -1, -1, -1 } };
	live.mem = mem_new(live.loop.tables, live.loop.n_tables);
	live.arena = arena_new((size_t)16 << 20, (size_t)64 << 20);
	assert_ok(bus_producer_open(&mock_conf, 0, &fixture_err, &live.loop.producer));
	assert_ok(bus_producer_open(&mock_conf, 0, &fixture_err, &live.inputs));
	for (size_t t = 0; t < 2; t++) {
		const char *topics[] = { "ar.intake.v1", "ar.billing.v1" };
		assert_int_equal(rd_kafka_mock_topic_create(mock, topics[t], 1, 1), 0);
	}
}

static struct text send_input(const char *script, int64_t offset, struct input *ret)
{
	struct intake_event *e = WIRE_NEW(live.arena, intake_event);
	struct type_provenance *p = WIRE_NEW(live.arena, type_provenance);
	struct text value;

	*p = (struct type_provenance){ .service = TEXT("intake"),
				       .event_id = text_printf(live.arena, "e%lld", (long long)offset),
				       .seq = offset + 1,
				       .destination_seq = offset + 1,
				       .part = 1,
				       .final = true };
	p->cause = WIRE_NEW(live.arena, type_cause);
	p->cause->topic = TEXT("crm.customer.v1");
	e->account = TEXT("A");
	e->fact_type = text_of(script);
	e->fact_case = INTAKE_EVENT_CUSTOMER;
	e->customer = WIRE_NEW(live.arena, crm_customer_event);
	e->customer->event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED;
	e->customer->customer_recorded = WIRE_NEW(live.arena, crm_customer_recorded);
	e->customer->customer_recorded->account = TEXT("A");
	e->customer->customer_recorded->effective_from = 20000;
	e->customer->customer_recorded->legal_name = TEXT("A");
	e->provenance = p;
	assert_ok(wire_encode(&intake_event_msg, e, live.arena, &fixture_err, &value));
	struct bus_header h[] = { { TEXT("ce_id"), p->event_id },
				  { TEXT("ce_type"), TEXT("openitem.intake.customer_recorded.v1") },
				  { TEXT("ce_source"), TEXT("/openitem/intake") },
				  { TEXT("ce_correlationid"), p->event_id } };
	assert_ok(bus_produce(
		live.inputs,
		&(struct bus_out){ .topic = "ar.intake.v1", .key = TEXT("A"), .value = value, .headers = h, .headers_n = 4 },
		&fixture_err));
	assert_ok(bus_drain(live.inputs, 10000, NULL, NULL, &fixture_err));
	*ret = (struct input){ .lanes = 1, .key = TEXT("A"), .event = e, .value = value };
	ret->cause = (struct cause){ .topic = TEXT("ar.intake.v1"),
				     .offset = offset,
				     .event_id = p->event_id,
				     .source = TEXT("/openitem/intake"),
				     .correlation_id = p->event_id };
	return value;
}

/* One transaction, as batch.c makes it. True: the input goes on. */
static bool live_step(struct input *in, const struct bus_record *record)
{
	struct lane *l = live.lane;
	struct book *book = book_new(live.arena, live.loop.tables, live.loop.n_tables);
	struct decision d = { .core = &core, .book = book, .arena = live.arena, .input = in };
	struct log_list list = { 0 };

	if (in->cursor.n == 0) {
		struct seq_entry *e = seq_find(&l->in, 0, 0, 0, true);
		e->seq++;
		e->changed = true;
	}
	l->next_offset[0] = in->cause.offset + 1;
	l->position_changed[0] = true;
	l->last_record[0] = record;
	enum decided decided = DECIDED;
	if (concerns(in->event)) {
		want(book, in);
		mem_load(live.mem, book);
		decided = core_step(&d);
		for (size_t i = 0; i < d.n_outcomes; i++)
			assert_ok(log_outcome(&live.loop, book, l, in, &d.outcomes[i], TEXT_NONE, &list, &fixture_err));
	}
	for (size_t i = 0; i < list.n; i++)
		live.logged[live.n++] = list.item[i];
	l->cursor_changed = decided == MORE || l->cursor_source >= 0;
	l->cursor_source = decided == MORE ? 0 : -1;
	if (decided == MORE) {
		l->cursor_offset = in->cause.offset;
		l->cursor_part = d.outcomes[d.n_outcomes - 1].part;
		l->cursor_n = d.cursor.n;
		memcpy(l->cursor_state, d.cursor.s, d.cursor.n);
		in->cursor = d.cursor;
		in->cause.part = l->cursor_part;
		l->next_offset[0] = in->cause.offset;
		l->position_changed[0] = in->cause.offset > 0;
		l->last_record[0] = NULL;
		l->record_known[0] = false;
	}
	lane_put_changes(&live.loop, book, l);
	assert_ok(mem_save(live.mem, book, &fixture_err));
	live.after[live.n] = (struct rebuild_target){ .seq = (int64_t)live.n };
	for (size_t s = 0; s < REBUILD_SOURCES_MAX; s++)
		live.after[live.n].next_offset[s] = s == 0 ? l->next_offset[0] : -1;
	return decided == MORE;
}

/* Scripts by blanks. */
static void live_play(const char *scripts)
{
	int64_t offset = 0;
	char script[8];

	for (const char *at = scripts; *at != '\0'; offset++) {
		size_t n = strcspn(at, " ");
		struct input in;
		memcpy(script, at, n);
		script[n] = '\0';
		struct text value = send_input(text_dup(live.arena, text_of(script)).s, offset, &in);
		struct bus_record record = { .key = TEXT("A"), .value = value };
		while (live_step(&in, &record))
			;
		at += n + (at[n] == ' ');
	}
}

static void live_publish(size_t until)
{
	struct log_list list = { .item = live.logged + live.published, .n = until - live.published };

	assert_ok(publish_rows(&live.loop, &list, &fixture_err));
	live.published = until;
}

static void live_close(void)
{
	bus_producer_close(live.inputs);
	mem_free(live.mem);
	arena_free(live.arena);
	live.loop.n_lanes = 0;
	lane_free(live.lane);
	run_close(&live.loop);
}

/* ---- rebuilt --------------------------------------------------------------------------------------------------------------- */

static struct store *store;

extern const struct store_migration billing_migrations[];

static int setup(void **state)
{
	struct store *maker;

	assert_int_equal(mock_up(state), 0);
	fixture_make(NULL);
	maker = fixture_open();
	/* The loop's own migration, with the rights for whoever runs this. */
	struct text all = text_of(billing_migrations[0].sql);
	size_t grants = text_find(all, TEXT("-- openitem_SERVICE"));
	if (grants == TEXT_NOT_FOUND)
		grants = text_find(all, TEXT("GRANT "));
	char *loop_sql = strndup(all.s, grants == TEXT_NOT_FOUND ? all.n : grants);
	assert_ok(store_exec(maker, loop_sql, 0, NULL, &fixture_err));
	free(loop_sql);
	assert_ok(store_exec(maker, "CREATE TABLE sum (lane integer PRIMARY KEY, state bigint NOT NULL)", 0, NULL, &fixture_err));
	store_close(maker);
	store = fixture_open();
	live_open();
	return 0;
}

static int teardown(void **state)
{
	live_close();
	store_close(store);
	fixture_drop();
	return mock_down(state);
}

static struct rebuild *open_rebuild(int64_t batch_max)
{
	struct rebuild_conf conf = { .brokers = mock_conf.brokers, .lanes = 1, .batch_max = batch_max };
	struct rebuild *r;

	assert_ok(rebuild_open(&service, &conf, store, &fixture_err, &r));
	return r;
}

/* A number of the rebuilt database. */
static int64_t number(const char *sql)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	assert_ok(store_query(store, sql, 0, NULL, &fixture_err, &r));
	return store_result_rows(r) == 0 ? -1 : store_result_i64(r, 0, "n");
}

/* Every row of these tables is live's. */
static void same_rows(const struct table *table, int without)
{
	size_t n;
	const void *const *rows = mem_rows(live.mem, table, &n);
	struct arena *a = arena_new((size_t)1 << 20, (size_t)64 << 20);
	struct book *book = book_new(a, live.loop.tables, live.loop.n_tables);
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT count(*) AS n FROM %s", table->name);
	assert_int_equal(number(sql), n);
	for (size_t i = 0; i < n; i++)
		book_want(book, table, BOOK_KEY, rows[i]);
	assert_ok(store_begin(store, NULL, NULL, 0, &fixture_err));
	if (n > 0)
		assert_ok(store_load(store, book, &fixture_err));
	store_abort(store);
	for (size_t i = 0; i < n; i++) {
		const void *row = book_get(book, table, rows[i]);
		assert_non_null(row);
		for (int c = 0; c < table->n_cols; c++)
			if (c != without && strcmp(table->cols[c].name, "recorded_at_us") != 0 &&
			    strcmp(table->cols[c].name, "epoch") != 0 && strcmp(table->cols[c].name, "event_us") != 0 &&
			    col_compare(&table->cols[c], row, rows[i]) != 0)
				fail_msg("%s.%s differs", table->name, table->cols[c].name);
	}
	arena_free(a);
}

static void same_as_live(void)
{
	static const struct table *const tables[] = { &sum_table, &outcome_table, &cursor_table, &position_table,
						      &input_seq_table };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		same_rows(tables[i], -1);
	assert_int_equal(number("SELECT seq AS n FROM lane"), live.n);
}

static const char script[] = "0 2 n 1 3+ 0 3r 1+ n 2 0 n";

/* ---- tests ------------------------------------------------------------------------------------------------------------------ */

static void everything(void **state)
{
	struct rebuild_result result;
	struct rebuild *r = open_rebuild(0);

	(void)state;
	live_play(script);
	live_publish(live.n);
	/* Without a target: as far as the outcomes say. */
	assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
	assert_int_equal(result.outcomes, live.n);
	assert_true(number("SELECT next_offset AS n FROM position") < live.lane->next_offset[0]);
	assert_ok(rebuild_to(r, &live.after[live.n], 1, &fixture_err, &result));
	assert_int_equal(result.outcomes, 0);
	assert_int_equal(result.torn, 0);
	rebuild_close(r);
	same_as_live();
	assert_int_equal(number("SELECT published_seq AS n FROM lane"), live.n);
}

/* As it is published, each time by another process. */
static void little_by_little(void **state)
{
	struct rebuild_result result;

	(void)state;
	live_play(script);
	for (size_t n = 1; n <= live.n; n += 3) {
		live_publish(n);
		struct rebuild *r = open_rebuild(1 + (int64_t)(n % 2));
		assert_ok(rebuild_to(r, n == live.n ? &live.after[n] : NULL, n == live.n, &fixture_err, &result));
		rebuild_close(r);
		assert_true(number("SELECT seq AS n FROM lane") <= (int64_t)n);
		assert_int_equal(number("SELECT count(*) AS n FROM outcome"), number("SELECT seq AS n FROM lane"));
	}
	same_as_live();
}

/* The stream ends anywhere; what was cut off a transaction is decided again, the same. */
static void torn_at(size_t at)
{
	struct rebuild_result result;
	int64_t made = 0;
	struct rebuild *r = open_rebuild(0);

	live_publish(at);
	assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
	int64_t whole = number("SELECT seq AS n FROM lane");
	assert_int_equal(result.torn, whole < (int64_t)at);
	if (result.torn > 0) {
		assert_ok(rebuild_finish(r, &fixture_err, &made));
		assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
		assert_int_equal(result.torn, 0);
		assert_true(made > 0);
	}
	rebuild_close(r);
	int64_t seq = number("SELECT seq AS n FROM lane");
	assert_int_equal(seq, (int64_t)at + made);
	assert_int_equal(number("SELECT published_seq AS n FROM lane"), at);
	/* The chain is live's, up to there. */
	for (int64_t i = 1; i <= seq; i++) {
		char sql[400];
		const struct outcome_row *row = live.logged[i - 1].row;
		struct id_hash hash;
		char hex[ID_HEX_SIZE];
		memcpy(hash.b, row->hash.s, sizeof(hash.b));
		snprintf(
			sql, sizeof(sql),
			"SELECT count(*) AS n FROM outcome WHERE seq = %lld AND hash = '\\x%s' AND part = %d AND cause_event_id = '%.*s'",
			(long long)i, id_hex(hex, &hash), row->part, TEXT_ARG(row->cause_event_id));
		assert_int_equal(number(sql), 1);
	}
	/* Within a long input the cursor is there, and the position stands before it. */
	const struct rebuild_target *t = &live.after[seq];
	if (t->seq == seq && t->next_offset[0] >= 0)
		assert_true(number("SELECT next_offset AS n FROM position") <= t->next_offset[0]);
}

static void torn(void **state)
{
	/* in a transaction; in the first and in the second of a long input; among released ones; between two of a long input */
	static const size_t at[] = { 1, 4, 8, 11, 13 };

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		live_play(script);
		torn_at(at[i]);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static void published_twice(void **state)
{
	struct rebuild_result result;
	struct rebuild *r = open_rebuild(2);

	(void)state;
	live_play(script);
	live_publish(7);
	for (size_t back = 1; back < 5; back++) { /* the mark was not saved: is_there does not know them */
		live.published -= back;
		seq_find(&live.lane->out, OUTPUT_ALIGNED, 0, 0, true)->published_seq = 0;
		live_publish(7);
	}
	live_publish(live.n);
	live.published = live.n - 2;
	seq_find(&live.lane->out, OUTPUT_ALIGNED, 0, 0, true)->published_seq = 0;
	live_publish(live.n);
	assert_ok(rebuild_to(r, &live.after[live.n], 1, &fixture_err, &result));
	rebuild_close(r);
	same_as_live();
}

static void refused(const char *code)
{
	struct rebuild_result result;
	struct rebuild *r = open_rebuild(0);

	assert_err(rebuild_to(r, NULL, 0, &fixture_err, &result), ERR_STOP, code);
	rebuild_close(r);
}

static void a_record_is_missing(void **state)
{
	(void)state;
	live_play(script);
	live_publish(4);
	live.published = 5;
	live_publish(live.n);
	refused("rebuild_chain");
}

static void another_record(void **state)
{
	struct outcome_row other;
	struct billing_event *e;
	void *event;

	(void)state;
	live_play(script);
	live_publish(4);
	other = *live.logged[4].row;
	assert_ok(wire_decode(&billing_event_msg, (const uint8_t *)other.value.s, other.value.n, live.arena, &fixture_err, &event));
	e = event;
	e->refused->detail = TEXT("changed");
	assert_ok(wire_encode(&billing_event_msg, e, live.arena, &fixture_err, &other.value));
	live.logged[4].row = &other;
	live_publish(live.n);
	refused("rebuild_chain");
}

/* Decided again it is something else: said, nothing kept. */
static void another_decision(void **state)
{
	struct rebuild_result result;
	struct rebuild *r = open_rebuild(0);
	struct outcome_row other;
	struct billing_event *e;
	int64_t made;
	void *event;

	(void)state;
	live_play("1 3");
	live_publish(1);
	other = *live.logged[1].row;
	assert_ok(wire_decode(&billing_event_msg, (const uint8_t *)other.value.s, other.value.n, live.arena, &fixture_err, &event));
	e = event;
	e->refused->detail = TEXT("changed");
	assert_ok(wire_encode(&billing_event_msg, e, live.arena, &fixture_err, &other.value));
	live.logged[1].row = &other;
	live_publish(2);
	assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
	assert_int_equal(result.torn, 1);
	assert_err(rebuild_finish(r, &fixture_err, &made), ERR_STOP, "rebuild_decision");
	rebuild_close(r);
	assert_int_equal(number("SELECT seq AS n FROM lane"), 1);
	assert_int_equal(number("SELECT count(*) AS n FROM outcome"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything, setup, teardown),
		cmocka_unit_test_setup_teardown(little_by_little, setup, teardown),
		cmocka_unit_test_setup_teardown(torn, setup, teardown),
		cmocka_unit_test_setup_teardown(published_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(another_record, setup, teardown),
		cmocka_unit_test_setup_teardown(another_decision, setup, teardown),
	};

	return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
