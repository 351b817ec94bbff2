/*
 * rebuild of a projection by way of stops, on a real PostgreSQL and librdkafka's mock cluster: a core whose state depends on the order of
 * everything reads two topics; what was noted at a stop is noted in that order again, whatever the sizes of batches.
 */
#include "test_bus_mock.h"

#undef assert_ok
#undef assert_err
#include "store_fixture.h"

#include "ev/billing.h"
#include "ev/intake.h"
#include "run/rebuild.h"
#include "run/run.h"
#include "wire/wire.h"

#define RECORDS 12 /* of each topic */

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

static int64_t mixed(int64_t state, int source, int64_t offset)
{
	return (state * 31 + 1000 * source + offset + 1) % 1000000007;
}

static void want(struct book *book, const struct input *input)
{
	book_want(book, &sum_table, BOOK_KEY, &(struct sum_row){ .lane = input->lane });
}

static void note(struct book *book, const struct input *input)
{
	const struct sum_row *old = book_get(book, &sum_table, &(struct sum_row){ .lane = input->lane });
	struct sum_row row = { input->lane, mixed(old == NULL ? 0 : old->state, input->source, input->cause.offset) };

	book_put(book, &sum_table, &row);
}

static const struct core core = { .name = "reporting", .tables = sum_tables, .n_tables = 1, .want = want, .note = note };
static const struct run_source sources[] = { { .topic = "ar.intake.v1" }, { .topic = "ar.billing.v1" } };
static const struct run_service service = { .core = &core, .sources = sources, .n_sources = 2 };

static struct store *store;
static struct arena *arena;

extern const struct store_migration billing_migrations[];

static struct type_provenance *provenance(const char *from, int64_t offset)
{
	struct type_provenance *p = WIRE_NEW(arena, type_provenance);

	*p = (struct type_provenance){ .service = text_of(from),
				       .event_id = text_printf(arena, "%s-%lld", from, (long long)offset),
				       .seq = offset + 1,
				       .destination_seq = offset + 1,
				       .part = 1,
				       .final = true };
	p->cause = WIRE_NEW(arena, type_cause);
	p->cause->topic = TEXT("crm.customer.v1");
	return p;
}

static struct text intake_record(int64_t offset)
{
	struct intake_event *e = WIRE_NEW(arena, intake_event);
	struct text value;

	e->provenance = provenance("intake", offset);
	e->account = TEXT("A");
	e->fact_type = TEXT("x");
	e->fact_case = INTAKE_EVENT_CUSTOMER;
	e->customer = WIRE_NEW(arena, crm_customer_event);
	e->customer->event_case = CRM_CUSTOMER_EVENT_CUSTOMER_RECORDED;
	e->customer->customer_recorded = WIRE_NEW(arena, crm_customer_recorded);
	e->customer->customer_recorded->account = TEXT("A");
	e->customer->customer_recorded->effective_from = 20000;
	e->customer->customer_recorded->legal_name = TEXT("A");
	assert_ok(wire_encode(&intake_event_msg, e, arena, &fixture_err, &value));
	return value;
}

static struct text billing_record(int64_t offset)
{
	struct billing_event *e = WIRE_NEW(arena, billing_event);
	struct text value;

	e->provenance = provenance("billing", offset);
	e->account = TEXT("A");
	e->event_case = BILLING_EVENT_REFUSED;
	e->refused = WIRE_NEW(arena, type_refused);
	e->refused->reason = TEXT("unknown");
	e->refused->subject = TEXT("x");
	e->refused->input_type = TEXT("x");
	assert_ok(wire_encode(&billing_event_msg, e, arena, &fixture_err, &value));
	return value;
}

static void fill_topics(void)
{
	_cleanup_(bus_producer_closep) struct bus_producer *producer = NULL;

	assert_ok(bus_producer_open(&mock_conf, 0, &fixture_err, &producer));
	for (size_t s = 0; s < service.n_sources; s++) {
		assert_int_equal(rd_kafka_mock_topic_create(mock, sources[s].topic, 1, 1), 0);
		for (int64_t i = 0; i < RECORDS; i++)
			assert_ok(bus_produce(producer,
					      &(struct bus_out){ .topic = sources[s].topic,
								 .key = TEXT("A"),
								 .value = s == 0 ? intake_record(i) : billing_record(i) },
					      &fixture_err));
	}
	assert_ok(bus_drain(producer, 10000, NULL, NULL, &fixture_err));
}

static int setup(void **state)
{
	assert_int_equal(mock_up(state), 0);
	fixture_make(NULL);
	arena = arena_new((size_t)1 << 20, (size_t)64 << 20);
	store = fixture_open();
	/* The loop's own migration, without rights for a role that is not there. */
	struct text all = text_of(billing_migrations[0].sql);
	size_t grants = text_find(all, TEXT("-- openitem_SERVICE"));
	if (grants == TEXT_NOT_FOUND)
		grants = text_find(all, TEXT("GRANT "));
	assert_ok(store_exec(store, text_cstr(arena, (struct text){ all.s, grants == TEXT_NOT_FOUND ? all.n : grants }), 0, NULL,
			     &fixture_err));
	assert_ok(store_exec(store, "CREATE TABLE sum (lane integer PRIMARY KEY, state bigint NOT NULL)", 0, NULL, &fixture_err));
	fill_topics();
	return 0;
}

static int teardown(void **state)
{
	store_close(store);
	arena_free(arena);
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

static struct rebuild_stop at(int64_t intake, int64_t billing)
{
	struct rebuild_stop stop;

	for (size_t s = 0; s < REBUILD_SOURCES_MAX; s++)
		stop.next_offset[s] = s == 0 ? intake : s == 1 ? billing : -1;
	return stop;
}

static struct rebuild_target target_at(struct rebuild_stop end, const struct rebuild_stop *stop, size_t n)
{
	struct rebuild_target t = { .stop = stop, .n_stops = n };

	memcpy(t.next_offset, end.next_offset, sizeof(t.next_offset));
	return t;
}

/* Both topics up to each place in turn, the first topic first. */
static int64_t expected(const struct rebuild_stop *place, size_t n)
{
	int64_t state = 0, next[2] = { 0, 0 };

	for (size_t i = 0; i < n; i++)
		for (int s = 0; s < 2; s++)
			for (; next[s] < place[i].next_offset[s]; next[s]++)
				state = mixed(state, s, next[s]);
	return state;
}

static int64_t rebuilt(void)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	assert_ok(store_query(store, "SELECT state FROM sum", 0, NULL, &fixture_err, &r));
	return store_result_i64(r, 0, "state");
}

/* A topic that was not read yet, one that stood still, both in one place. */
static const struct {
	int64_t intake, billing;
} places[] = { { 2, -1 }, { 2, 3 }, { 5, 3 }, { 5, 3 }, { 6, 9 }, { 11, 10 }, { RECORDS, RECORDS } };

static void in_turn(void **state)
{
	static const int64_t batches[] = { 1, 2, 5, 0 };
	struct rebuild_stop stop[ARRAY_LEN(places)];
	struct rebuild_result result;
	size_t n = ARRAY_LEN(places);

	(void)state;
	for (size_t i = 0; i < n; i++)
		stop[i] = at(places[i].intake, places[i].billing);
	/* Else this would prove nothing. */
	assert_int_not_equal(expected(stop, n), expected(stop + n - 1, 1));
	for (size_t b = 0; b < ARRAY_LEN(batches); b++) {
		assert_ok(store_exec(store, "TRUNCATE lane, position, input_seq, sum", 0, NULL, &fixture_err));
		struct rebuild *r = open_rebuild(batches[b]);
		struct rebuild_target t = target_at(stop[n - 1], stop, n - 1);
		assert_ok(rebuild_to(r, &t, 1, &fixture_err, &result));
		rebuild_close(r);
		assert_int_equal(result.records, 2 * RECORDS);
		assert_int_equal(rebuilt(), expected(stop, n));
	}
}

/* Killed between two stops, opened again with all of them, and of more than there were. */
static void resumed(void **state)
{
	struct rebuild_stop stop[ARRAY_LEN(places)];
	struct rebuild_result result;
	size_t n = ARRAY_LEN(places);

	(void)state;
	for (size_t i = 0; i < n; i++)
		stop[i] = at(places[i].intake, places[i].billing);
	for (size_t i = 0; i < n; i++) {
		struct rebuild *r = open_rebuild(2);
		struct rebuild_target t = target_at(stop[i], stop, i);
		assert_ok(rebuild_to(r, &t, 1, &fixture_err, &result));
		rebuild_close(r);
		assert_int_equal(rebuilt(), expected(stop, i + 1));
	}
}

/* The log does not hold what a checkpoint says was read. */
static void lost(void **state)
{
	struct rebuild_stop stop[] = { at(2, RECORDS + 1) };
	struct rebuild_target t = target_at(at(RECORDS, RECORDS), stop, 1);
	struct rebuild_result result;
	struct rebuild *r = open_rebuild(0);

	(void)state;
	assert_err(rebuild_to(r, &t, 1, &fixture_err, &result), ERR_STOP, "rebuild_input_lost");
	rebuild_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(lost, setup, teardown),
	};

	return cmocka_run_group_tests_name("rebuild_stops", tests, NULL, NULL);
}
