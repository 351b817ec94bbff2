/*
 * rebuild of the gate on a real PostgreSQL and librdkafka's mock cluster: the real core plays live on the twin; some partitions did not
 * get what it published last, and its database is lost. What is made again must be what it was, row by row.
 */
#include "test_bus_mock.h"

#undef assert_ok
#undef assert_err
#include "store_fixture.h"

#include "intake/intake.h"
#include "intake/tables.h"
#include "run/gate.h"
#include "run/loop.h"
#include "run/rebuild_priv.h"
#include "run/settings.h"
#include "test_intake_records.h"

#define LANES 3
#define ROWS  60

enum { CUSTOMERS_LANE = 0, REFERENCE_LANE = 4 * GATE_LANES_PER_SOURCE };

extern const struct store_migration intake_migrations[];
extern const size_t intake_migrations_n;

static struct {
	struct loop loop;
	struct mem *mem;
	struct logged logged[ROWS];
	size_t n;
	int64_t offset[2]; /* of the next record of customers and reference facts */
	struct arena *arena;
} live;
static struct store *store;

/* ---- live ---------------------------------------------------------------------------------------------------------------- */

static void live_open(void)
{
	struct run_settings s = {
		.brokers = mock_conf.brokers, .database = "", .redis = "", .instance = "0", .lanes = LANES, .batch_max = 100
	};
	static const char *const topics[] = { "crm.customer.v1", "ar.reference.v1", "crm.customer.v1-dlt", "ar.reference.v1-dlt" };

	memset(&live, 0, sizeof(live));
	live.loop.service = &intake_service;
	assert_ok(run_open(&live.loop, &s, &fixture_err));
	for (size_t i = 0; i < 2; i++) {
		struct lane *l = &live.loop.lane[live.loop.n_lanes++];
		*l = (struct lane){ .lane = i == 0 ? CUSTOMERS_LANE : REFERENCE_LANE, .cursor_source = -1 };
		for (size_t k = 0; k < SOURCES_MAX; k++)
			l->next_offset[k] = -1;
	}
	live.mem = mem_new(live.loop.tables, live.loop.n_tables);
	live.arena = arena_new((size_t)16 << 20, (size_t)64 << 20);
	assert_ok(bus_producer_open(&mock_conf, 0, &fixture_err, &live.loop.producer));
	for (size_t i = 0; i < ARRAY_LEN(topics); i++)
		assert_int_equal(rd_kafka_mock_topic_create(mock, topics[i], 1, 1), 0);
	assert_int_equal(rd_kafka_mock_topic_create(mock, "ar.intake.v1", LANES, 1), 0);
}

static void send_record(const struct record *r)
{
	struct bus_header h[16];
	struct bus_producer *p;

	for (size_t i = 0; i < r->n_headers; i++)
		h[i] = (struct bus_header){ r->headers[i].name, r->headers[i].value };
	assert_ok(bus_producer_open(&mock_conf, 0, &fixture_err, &p));
	assert_ok(bus_produce(p,
			      &(struct bus_out){ .topic = text_cstr(live.arena, r->topic),
						 .key = r->key,
						 .key_null = r->key_null,
						 .value = r->value,
						 .headers = h,
						 .headers_n = r->n_headers },
			      &fixture_err));
	assert_ok(bus_drain(p, 10000, NULL, NULL, &fixture_err));
	bus_producer_close(p);
}

/* Sent by a stranger, decided, logged. */
static void live_take(struct sent *s, const char *id)
{
	bool reference = text_eq(s->r.topic, TEXT(REFERENCE));
	int source = reference ? 4 : 0;
	struct lane *l = &live.loop.lane[reference];
	struct book *book = book_new(live.arena, live.loop.tables, live.loop.n_tables);
	struct log_list list = { 0 };

	for (size_t i = 0; i < s->r.n_headers; i++)
		if (text_eq(s->h[i].name, TEXT("ce_id")))
			s->h[i].value = text_of(id);
	s->r.partition = 0;
	s->r.offset = live.offset[reference]++;
	send_record(&s->r);
	struct input in = { .source = source,
			    .lane = l->lane,
			    .lanes = LANES,
			    .cause = { .topic = s->r.topic, .offset = s->r.offset },
			    .value = s->r.value,
			    .key = s->r.key };
	intake_service.gate->decode(&s->r, live.arena, &in);
	struct decision d = { .core = intake_service.core, .book = book, .arena = live.arena, .input = &in };
	intake_service.core->want(book, &in);
	mem_load(live.mem, book);
	l->next_offset[source] = s->r.offset + 1;
	while (core_step(&d) == AGAIN) /* number_prefix is not wanted by every input */
		mem_load(live.mem, book);
	for (size_t i = 0; i < d.n_outcomes; i++)
		assert_ok(log_outcome(&live.loop, book, l, &in, &d.outcomes[i], TEXT_NONE, &list, &fixture_err));
	for (size_t i = 0; i < list.n; i++)
		live.logged[live.n++] = list.item[i];
	assert_ok(mem_save(live.mem, book, &fixture_err));
}

static void take_customer(int n)
{
	char id[8], account[8];
	struct err err;
	void *ev = EVENT(CUSTOMER, live.arena, "customer_recorded.effective_from=2026-01-01", "customer_recorded.legal_name=Acme");

	snprintf(id, sizeof(id), "c%d", n);
	snprintf(account, sizeof(account), "C%d", n);
	CHECK(wire_set(&crm_customer_event_msg, ev, TEXT("customer_recorded.account"), text_of(account), live.arena, &err));
	live_take(sent_event(CUSTOMER, live.arena, ev), text_dup(live.arena, text_of(id)).s);
}

static void take_bank_account(const char *id, const char *number)
{
	struct err err;
	void *ev = EVENT(REFERENCE, live.arena, "bank_account_recorded.entity=E1", "bank_account_recorded.currency_code=EUR");

	CHECK(wire_set(&reference_event_msg, ev, TEXT("bank_account_recorded.bank_account"), text_of(number), live.arena, &err));
	live_take(sent_event(REFERENCE, live.arena, ev), id);
}

static void take_rubbish(const char *id)
{
	struct sent *s = sent_event(CUSTOMER, live.arena, a_customer(live.arena));

	sent_value(s, live.arena, TEXT("\xff no event"));
	live_take(s, id);
}

/* Customers, a dead letter, and facts for every lane, in the lanes' own orders. */
static void live_play(void)
{
	take_bank_account("b1", "DE01");
	take_customer(1);
	take_customer(2);
	take_rubbish("r1");
	take_customer(3);
	take_customer(4);
	take_bank_account("b2", "DE02");
	take_customer(4); /* the same again: no outcome */
	take_rubbish("r2");
	take_customer(5);
	take_customer(6);
	take_bank_account("b3", "DE03");
}

static bool is_dead(const struct outcome_row *row)
{
	return row->dead_record.n > 0;
}

/* All rows, but of those from `first` on only what goes to a partition in `got` (bits; bit LANES: dead letters). */
static void live_publish(size_t first, unsigned got)
{
	struct logged kept[ROWS];
	struct log_list list = { .item = kept };

	for (size_t i = 0; i < live.n; i++) {
		const struct outcome_row *row = live.logged[i].row;
		unsigned to = is_dead(row) ? LANES : (unsigned)row->out_partition;
		if (i < first || (got & 1u << to))
			kept[list.n++] = live.logged[i];
	}
	assert_ok(publish_rows(&live.loop, &list, &fixture_err));
}

/* ---- rebuilt --------------------------------------------------------------------------------------------------------------- */

static void role(const char *action)
{
	struct store *owner;
	char sql[200];

	snprintf(sql, sizeof(sql), "%s ROLE%s openitem_%s", action, strcmp(action, "DROP") == 0 ? " IF EXISTS" : "",
		 fixture_schema);
	assert_ok(store_open(fixture_conninfo(), &fixture_err, &owner));
	assert_ok(store_exec(owner, sql, 0, NULL, &fixture_err));
	store_close(owner);
}

static int setup(void **state)
{
	assert_int_equal(mock_up(state), 0);
	fixture_make(NULL);
	role("DROP");
	role("CREATE");
	assert_ok(store_migrate(fixture_conninfo(), fixture_schema, intake_migrations, intake_migrations_n, STORE_MIGRATE_APPLY,
				NULL, NULL, &fixture_err));
	store = fixture_open();
	live_open();
	return 0;
}

static int teardown(void **state)
{
	mem_free(live.mem);
	arena_free(live.arena);
	for (size_t i = 0; i < live.loop.n_lanes; i++)
		lane_free(&live.loop.lane[i]);
	live.loop.n_lanes = 0;
	run_close(&live.loop);
	store_close(store);
	fixture_drop();
	role("DROP");
	return mock_down(state);
}

static int64_t number(const char *sql)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	assert_ok(store_query(store, sql, 0, NULL, &fixture_err, &r));
	return store_result_rows(r) == 0 ? -1 : store_result_i64(r, 0, "n");
}

static int64_t lane_number(const char *column, int32_t lane)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT %s AS n FROM lane WHERE lane = %d", column, lane);
	return number(sql);
}

/* Rows of a lane are live's, up to where it stands; what the topics hold is there. */
static void same_chain(size_t first, unsigned got)
{
	for (size_t i = 0; i < live.n; i++) {
		const struct outcome_row *row = live.logged[i].row;
		unsigned to = is_dead(row) ? LANES : (unsigned)row->out_partition;
		bool published = i < first || (got & 1u << to);
		struct id_hash hash;
		char sql[500], hex[ID_HEX_SIZE];

		memcpy(hash.b, row->hash.s, sizeof(hash.b));
		if (row->seq > lane_number("seq", row->lane)) {
			assert_false(published);
			continue;
		}
		snprintf(
			sql, sizeof(sql),
			"SELECT count(*) AS n FROM outcome WHERE lane = %d AND seq = %lld AND hash = '\\x%s' AND event_id = '%.*s'"
			" AND key = '%.*s' AND out_topic = '%.*s' AND out_partition = %d AND length(dead_record) = %zu AND final = %s",
			row->lane, (long long)row->seq, id_hex(hex, &hash), TEXT_ARG(row->event_id), TEXT_ARG(row->key),
			TEXT_ARG(row->out_topic), row->out_partition, row->dead_record.n, row->final ? "true" : "false");
		assert_int_equal(number(sql), 1);
		if (!published) /* the service will publish it */
			assert_true(lane_number("published_seq", row->lane) < row->seq);
	}
}

static void rebuilt(size_t first, unsigned got, bool missing)
{
	struct rebuild_conf conf = { .brokers = mock_conf.brokers, .lanes = LANES, .batch_max = 4 };
	struct rebuild_result result;
	struct rebuild *r;
	int64_t made = 0;

	live_play();
	live_publish(first, got);
	assert_ok(rebuild_open(&intake_service, &conf, store, &fixture_err, &r));
	assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
	assert_int_equal(result.torn + result.holes > 0, missing);
	if (missing) {
		assert_ok(rebuild_finish(r, &fixture_err, &made));
		assert_ok(rebuild_to(r, NULL, 0, &fixture_err, &result));
		assert_int_equal(result.torn + result.holes, 0);
		assert_true(made > 0);
	}
	rebuild_close(r);
	same_chain(first, got);
	/* One row of the inbox per event that was let through and has an outcome. */
	assert_int_equal(number("SELECT count(*) AS n FROM inbox"),
			 number("SELECT count(DISTINCT cause_event_id) AS n FROM outcome WHERE dead_record = ''"));
}

static void all_of_it(void **state)
{
	(void)state;
	rebuilt(ROWS, 0, false);
	assert_int_equal(lane_number("seq", REFERENCE_LANE), 9);
	assert_int_equal(number("SELECT count(*) AS n FROM inbox"), 9);
	assert_int_equal(number("SELECT count(*) AS n FROM bank_account"), 3);
}

/* From a row on only some partitions got anything. */
static void holes(void **state)
{
	static const struct {
		size_t first;
		unsigned got;
	} cases[] = { { 4, 1 }, { 1, 2 }, { 3, 4 }, { 5, 6 }, { 4, 5 | 8 }, { 4, 8 }, { 2, 7 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rebuilt(cases[i].first, cases[i].got, true);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(holes, setup, teardown),
	};

	return cmocka_run_group_tests_name("rebuild_gate", tests, NULL, NULL);
}
