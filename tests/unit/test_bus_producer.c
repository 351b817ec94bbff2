/* Producer, reader, admin and settings on librdkafka's mock cluster. (Topics are made on a real Kafka: the mock cannot.) */
#include "test_bus_mock.h"

#include <sys/stat.h>

#define API_PRODUCE 0 /* its number in the protocol */

/* What bus_drain told. */
struct told {
	uint64_t cookies[64];
	int64_t offsets[64];
	int32_t partitions[64];
	char codes[64][48];
	size_t n, errors;
};

static void on_told(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err)
{
	struct told *t = ctx;

	if (t->n < ARRAY_LEN(t->cookies)) {
		t->cookies[t->n] = cookie;
		t->offsets[t->n] = offset;
		t->partitions[t->n] = partition;
		snprintf(t->codes[t->n], sizeof(t->codes[0]), "%s", err == NULL ? "" : err->code);
	}
	t->n++;
	t->errors += err != NULL;
}

static struct bus_out to(const char *topic, int32_t partition, const char *key, const char *value, uint64_t cookie)
{
	return (struct bus_out){
		.topic = topic,
		.partition = partition,
		.key = text_of(key),
		.key_null = key == NULL,
		.value = text_of(value),
		.value_null = value == NULL,
		.cookie = cookie,
	};
}

static struct bus_producer *producer(void)
{
	struct bus_producer *p = NULL;

	assert_ok(bus_producer_open(&mock_conf, 0, &mock_err, &p));
	return p;
}

static struct bus_reader *reader(const char *topic, int32_t partition, int64_t from, int64_t until)
{
	struct bus_range range = { topic, partition, from, until };
	struct bus_reader *r = NULL;

	assert_ok(bus_reader_open(&mock_conf, &range, 1, &mock_err, &r));
	return r;
}

static enum bus_read next(struct bus_reader *r, struct bus_record *ret)
{
	for (int i = 0; i < 100; i++) {
		enum bus_read read = bus_reader_poll(r, 100, ret, &mock_err);

		if (read != BUS_READ_NOTHING)
			return read;
	}
	return BUS_READ_NOTHING;
}

/* ---- records ---- */

static void a_record_comes_back_as_it_was(void **state)
{
	(void)state;
	const char *topic = mock_topic(3);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	struct bus_header headers[] = {
		{ TEXT("ce_id"), TEXT("1") }, { TEXT("empty"), { "", 0 } },       { TEXT("null"), TEXT_NONE },
		{ TEXT("ce_id"), TEXT("2") }, { TEXT("bytes"), { "\0\xff", 2 } },
	};
	struct bus_out out = to(topic, 2, "key", "value", 7);
	struct told told = { 0 };
	struct bus_record r;
	struct text name, value;

	out.headers = headers;
	out.headers_n = ARRAY_LEN(headers);
	assert_ok(bus_produce(p, &out, &mock_err));
	assert_int_equal(bus_in_flight(p), 1);
	assert_ok(bus_drain(p, 10000, on_told, &told, &mock_err));
	assert_int_equal(bus_in_flight(p), 0);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.cookies[0], 7);
	assert_int_equal(told.partitions[0], 2);
	assert_int_equal(told.offsets[0], 0);

	_cleanup_(bus_reader_closep) struct bus_reader *reading = reader(topic, 2, BUS_BEGINNING, BUS_END);

	assert_int_equal(next(reading, &r), BUS_READ_RECORD);
	assert_string_equal(r.topic, topic);
	assert_int_equal(r.partition, 2);
	assert_int_equal(r.offset, 0);
	assert_true(r.timestamp_ms > 1600000000000);
	assert_true(text_eq(r.key, TEXT("key")) && text_eq(r.value, TEXT("value")));
	assert_true(bus_header(&r, "ce_id", &value) && text_eq(value, TEXT("2"))); /* the last one */
	assert_true(bus_header(&r, "empty", &value) && value.s != NULL && value.n == 0);
	assert_true(bus_header(&r, "null", &value) && value.s == NULL);
	assert_false(bus_header(&r, "CE_ID", &value));
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_true(bus_header_at(&r, i, &name, &value));
		assert_true(text_eq(name, headers[i].name) && text_eq(value, headers[i].value));
	}
	assert_false(bus_header_at(&r, ARRAY_LEN(headers), &name, &value));
	bus_record_release(&r);
	bus_record_release(&r); /* nothing */
	assert_int_equal(next(reading, &r), BUS_READ_DONE);
}

static void null_and_empty_differ(void **state)
{
	(void)state;
	static const char *const pairs[][2] = { { NULL, NULL }, { "", "" }, { "k", NULL }, { NULL, "v" } };
	const char *topic = mock_topic(1);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	struct bus_record r;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct bus_out out = to(topic, 0, pairs[i][0], pairs[i][1], i);

		assert_ok(bus_produce(p, &out, &mock_err));
	}
	assert_ok(bus_drain(p, 10000, NULL, NULL, &mock_err));

	_cleanup_(bus_reader_closep) struct bus_reader *reading = reader(topic, 0, 0, BUS_END);

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		assert_int_equal(next(reading, &r), BUS_READ_RECORD);
		assert_int_equal(r.key_null, pairs[i][0] == NULL);
		assert_int_equal(r.value_null, pairs[i][1] == NULL);
		assert_true(text_eq(r.key, text_of(pairs[i][0])) && text_eq(r.value, text_of(pairs[i][1])));
		assert_false(bus_header(&r, "x", &(struct text){ 0 }));
		bus_record_release(&r);
	}
}

static void keys_go_where_bus_partition_of_says(void **state)
{
	(void)state;
	const char *topic = mock_topic(7);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	char keys[50][12];
	struct told told = { 0 };

	for (uint64_t i = 0; i < 50; i++) {
		snprintf(keys[i], sizeof(keys[i]), "C-%05llu", (unsigned long long)i * 31);

		struct bus_out out = to(topic, -1, i == 0 ? "" : keys[i], "v", i);

		assert_ok(bus_produce(p, &out, &mock_err));
	}
	keys[0][0] = '\0';
	assert_ok(bus_drain(p, 10000, on_told, &told, &mock_err));
	assert_int_equal(told.n, 50);
	for (uint64_t i = 0; i < 50; i++) {
		assert_int_equal(told.cookies[i], i); /* in the order of the calls, across partitions */
		assert_int_equal(told.partitions[i], bus_partition_of(text_of(keys[i]), 7));
	}
}

/* ---- when it does not go well ---- */

/* librdkafka alone takes up to a second for each topic but the first. The quickest of a few tries: the machine may be busy. */
static void the_first_record_of_a_topic_is_not_late(void **state)
{
	(void)state;
	int64_t quickest_ms = INT64_MAX;

	for (int i = 0; i < 5 && quickest_ms > 1000; i++) {
		const char *topics[] = { mock_topic(1), mock_topic(1), mock_topic(1), mock_topic(1) };
		_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
		int64_t began_ms = mock_now_ms();

		for (size_t t = 0; t < ARRAY_LEN(topics); t++) {
			struct bus_out out = to(topics[t], 0, NULL, "v", t);

			assert_ok(bus_produce(p, &out, &mock_err));
			assert_ok(bus_drain(p, 10000, NULL, NULL, &mock_err));
		}
		quickest_ms = MIN(quickest_ms, mock_now_ms() - began_ms);
	}
	assert_true(quickest_ms < 1000);
}

static void what_is_not_acknowledged_is_told_later(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	struct bus_out out = to(topic, 0, NULL, "v", 1);
	struct told told = { 0 };

	rd_kafka_mock_broker_set_down(mock, 1);
	assert_ok(bus_produce(p, &out, &mock_err));
	assert_err(bus_drain(p, 0, on_told, &told, &mock_err), ERR_RETRY, "not_acknowledged");
	assert_err(bus_drain(p, 500, on_told, &told, &mock_err), ERR_RETRY, "not_acknowledged");
	assert_int_equal(told.n, 0);
	assert_int_equal(bus_in_flight(p), 1);
	rd_kafka_mock_broker_set_up(mock, 1);
	assert_ok(bus_drain(p, 10000, on_told, &told, &mock_err));
	assert_int_equal(told.n, 1);
	assert_int_equal(bus_in_flight(p), 0);
	assert_ok(bus_drain(p, 0, on_told, &told, &mock_err));
	assert_int_equal(told.n, 1);
}

static void errors_that_pass_leave_no_trace(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	_cleanup_(bus_producer_closep) struct bus_producer *p = NULL;
	struct told told = { 0 };

	/* All in one request: the mock does not look at sequence numbers, and would take the second request while the first is refused. */
	assert_ok(bus_producer_open(&mock_conf, 200, &mock_err, &p));
	rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	for (uint64_t i = 0; i < 20; i++) {
		struct bus_out out = to(topic, 0, NULL, "v", i);

		assert_ok(bus_produce(p, &out, &mock_err));
	}
	assert_ok(bus_drain(p, 20000, on_told, &told, &mock_err));
	assert_int_equal(told.n, 20);
	for (size_t i = 0; i < 20; i++)
		assert_true(told.cookies[i] == i && told.offsets[i] == (int64_t)i);
}

/* A record the broker refuses for good must not let those behind it pass. */
static void a_refused_record_finishes_the_producer(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	struct told told = { 0 };
	struct bus_out out = to(topic, 0, NULL, "before", 0);

	assert_ok(bus_produce(p, &out, &mock_err));
	assert_ok(bus_drain(p, 10000, on_told, &told, &mock_err));
	rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	out = to(topic, 0, NULL, "refused", 1);
	assert_ok(bus_produce(p, &out, &mock_err));
	assert_err(bus_drain(p, 10000, on_told, &told, &mock_err), ERR_RETRY, "producer_fatal");
	out = to(topic, 0, NULL, "behind", 2);
	assert_err(bus_produce(p, &out, &mock_err), ERR_RETRY, "producer_fatal");
	assert_int_equal(told.n, 2);
	assert_string_equal(told.codes[1], "message_too_large");

	/* A new one goes on. */
	_cleanup_(bus_producer_closep) struct bus_producer *again = producer();

	assert_ok(bus_produce(again, &out, &mock_err));
	assert_ok(bus_drain(again, 10000, on_told, &told, &mock_err));
	assert_int_equal(told.offsets[2], 1);
}

static void a_huge_record_is_refused_at_once(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	static char big[3 << 20];
	struct bus_out out = to(topic, 0, NULL, NULL, 0);

	out.value_null = false;
	out.value = (struct text){ big, sizeof(big) };
	assert_err(bus_produce(p, &out, &mock_err), ERR_STOP, "message_too_large");
	assert_int_equal(bus_in_flight(p), 0);
	out.value.n = 1500000; /* more than librdkafka's own limit of 1 MB */
	assert_ok(bus_produce(p, &out, &mock_err));
	assert_ok(bus_drain(p, 10000, NULL, NULL, &mock_err));
}

static void no_more_in_flight_than_there_are_slots(void **state)
{
	(void)state;
	const char *topic = mock_topic(8);
	_cleanup_(bus_producer_closep) struct bus_producer *p = producer();
	struct told told = { 0 };

	for (uint64_t i = 0; i < BUS_IN_FLIGHT_MAX; i++) {
		struct bus_out out = to(topic, (int32_t)(i % 8), NULL, "v", i);

		assert_ok(bus_produce(p, &out, &mock_err));
	}

	struct bus_out out = to(topic, 0, NULL, "v", 0);

	assert_err(bus_produce(p, &out, &mock_err), ERR_RETRY, "producer_full");
	assert_ok(bus_drain(p, 60000, on_told, &told, &mock_err));
	assert_int_equal(told.n, BUS_IN_FLIGHT_MAX);
	assert_int_equal(told.errors, 0);
	assert_ok(bus_produce(p, &out, &mock_err));
	assert_ok(bus_drain(p, 10000, on_told, &told, &mock_err));
}

/* ---- reader ---- */

static void a_reader_ends_where_the_log_ended(void **state)
{
	(void)state;
	const char *topics[] = { mock_topic(3), mock_topic(1) };
	struct bus_range ranges[] = {
		{ topics[0], 2, 3, BUS_END },
		{ topics[1], 0, BUS_BEGINNING, 4 },
		{ topics[0], 0, BUS_BEGINNING, BUS_END },
		{ topics[0], 1, BUS_END, BUS_END },
	};
	int64_t next_at[] = { 3, 0, 0, 0 };
	struct bus_reader *r = NULL;
	struct bus_record record;

	mock_fill(topics[0], 2, 0, 10);
	mock_fill(topics[0], 1, 0, 10);
	mock_fill(topics[1], 0, 0, 10);
	assert_ok(bus_reader_open(&mock_conf, ranges, 4, &mock_err, &r));
	mock_fill(topics[0], 2, 10, 5); /* too late to be read */
	while (next(r, &record) == BUS_READ_RECORD) {
		assert_true(record.topic_at < 4);
		assert_string_equal(record.topic, ranges[record.topic_at].topic);
		assert_int_equal(record.partition, ranges[record.topic_at].partition);
		assert_int_equal(record.offset, next_at[record.topic_at]++);
		bus_record_release(&record);
	}
	assert_int_equal(bus_reader_poll(r, 0, &record, &mock_err), BUS_READ_DONE);
	assert_int_equal(next_at[0], 10);
	assert_int_equal(next_at[1], 4);
	assert_int_equal(next_at[2], 0);
	assert_int_equal(next_at[3], 0);
	bus_reader_close(r);
}

/* Ranges that a log which lost its end, or its beginning, does not hold: cut, and the caller is told how the log is. */
static void a_reader_stays_within(void **state)
{
	(void)state;
	const char *topic = mock_topic(4);
	struct bus_range ranges[] = {
		{ topic, 0, 4, 5 }, { topic, 1, 2, 9 }, { topic, 2, 2, BUS_END }, { topic, 3, BUS_END, BUS_END }
	};
	struct bus_extent extents[4];
	struct bus_reader *r;
	struct bus_record record;
	int64_t at = 2;

	mock_fill(topic, 0, 0, 3);
	mock_fill(topic, 1, 0, 5);
	assert_ok(bus_reader_open_within(&mock_conf, ranges, 4, &mock_err, &r, extents));
	while (next(r, &record) == BUS_READ_RECORD) {
		assert_int_equal(record.partition, 1);
		assert_int_equal(record.offset, at++);
		bus_record_release(&record);
	}
	assert_int_equal(bus_reader_poll(r, 0, &record, &mock_err), BUS_READ_DONE);
	assert_int_equal(at, 5);
	assert_int_equal(extents[0].low, 0);
	assert_int_equal(extents[0].high, 3);
	assert_int_equal(extents[1].high, 5);
	assert_int_equal(extents[2].high, 0);
	assert_int_equal(extents[3].high, 0);
	bus_reader_close(r);
}

static void a_reader_follows(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	struct bus_record record;

	mock_fill(topic, 0, 0, 3);

	_cleanup_(bus_reader_closep) struct bus_reader *r = reader(topic, 0, BUS_END, BUS_FOLLOW);

	assert_int_equal(bus_reader_poll(r, 300, &record, &mock_err), BUS_READ_NOTHING);
	mock_fill(topic, 0, 3, 1);
	assert_int_equal(next(r, &record), BUS_READ_RECORD);
	assert_int_equal(record.offset, 3);
	bus_record_release(&record);
}

static void a_reader_refuses_what_is_not_in_the_log(void **state)
{
	(void)state;
	const char *topic = mock_topic(1);
	struct bus_range range = { topic, 0, 4, BUS_END }, missing = { topic, 5, 0, BUS_END };
	struct bus_reader *r = NULL;

	mock_fill(topic, 0, 0, 3);
	assert_err(bus_reader_open(&mock_conf, &range, 1, &mock_err, &r), ERR_STOP, "position_outside_log");
	assert_err(bus_reader_open(&mock_conf, &missing, 1, &mock_err, &r), ERR_RETRY, "topic_missing");
	range.from = 3; /* exactly the end */
	assert_ok(bus_reader_open(&mock_conf, &range, 1, &mock_err, &r));
	bus_reader_close(r);
}

/* ---- admin ---- */

static void count_topic(void *ctx, const char *topic, int32_t partitions)
{
	*(int *)ctx += strncmp(topic, "topic.", 6) == 0 && partitions > 0;
}

static void log_ends_and_topics(void **state)
{
	(void)state;
	const char *topic = mock_topic(3);
	_cleanup_(bus_admin_closep) struct bus_admin *a = NULL;
	struct bus_position p[] = { { topic, 2, -1001 }, { topic, 0, -1001 } };
	struct bus_cluster cluster;
	int64_t low, high;
	int32_t partitions;
	int topics = 0;

	mock_fill(topic, 2, 0, 6);
	assert_ok(bus_admin_open(&mock_conf, &mock_err, &a));
	assert_ok(bus_watermarks(a, topic, 2, &mock_err, &low, &high));
	assert_true(low == 0 && high == 6);
	assert_ok(bus_log_ends(a, p, 2, &mock_err));
	assert_true(p[0].offset == 6 && p[1].offset == 0);
	assert_ok(bus_log_starts(a, p, 2, &mock_err));
	assert_true(p[0].offset == 0 && p[1].offset == 0);
	assert_ok(bus_log_ends(a, p, 0, &mock_err));
	p[0].partition = 3;
	assert_err(bus_log_ends(a, p, 2, &mock_err), ERR_RETRY, "topic_missing");
	assert_ok(bus_topic_info(a, topic, &mock_err, &partitions));
	assert_int_equal(partitions, 3);
	assert_ok(bus_topic_info(a, "no.such.topic", &mock_err, &partitions));
	assert_int_equal(partitions, 0); /* and asking did not make it: the mock would */
	assert_ok(bus_topic_info(a, "no.such.topic", &mock_err, &partitions));
	assert_int_equal(partitions, 0);
	assert_ok(bus_topics(a, count_topic, &topics, &mock_err));
	assert_true(topics > 1);
	assert_ok(bus_cluster_check(a, 5000, &mock_err, &cluster));
	assert_int_equal(cluster.brokers, 1);
}

static void an_absent_cluster_is_an_error_in_time(void **state)
{
	(void)state;
	struct bus_conf conf = { .brokers = "127.0.0.1:1" };
	_cleanup_(bus_admin_closep) struct bus_admin *a = NULL;
	int64_t began_ms = mock_now_ms();

	assert_ok(bus_admin_open(&conf, &mock_err, &a));
	assert_err(bus_cluster_check(a, 700, &mock_err, NULL), ERR_RETRY, "brokers_unreachable");
	assert_true(mock_now_ms() - began_ms < 5000);
	assert_non_null(strstr(mock_err.msg, "Connection refused"));
}

/* ---- settings ---- */

static void expect_setting(const char *name, const char *value, const char *message)
{
	struct bus_producer *p = NULL;
	bool ok;

	setenv(name, value, 1);
	err_clear(&mock_err);
	ok = bus_producer_open(&mock_conf, 0, &mock_err, &p);
	unsetenv(name);
	bus_producer_close(p);
	if (message == NULL) {
		assert_true(ok);
		return;
	}
	assert_false(ok);
	assert_string_equal(mock_err.code, "kafka_setting");
	if (strstr(mock_err.msg, message) == NULL || strstr(mock_err.msg, name) == NULL)
		fail_msg("%s=%s: %s", name, value, mock_err.msg);
}

static void the_environment_passes_through(void **state)
{
	(void)state;
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE", "5000", NULL);
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE", "many", "batch.size");
	expect_setting("OPENITEM_KAFKA_FETCH_WAIT_MAX_MS", "10", NULL); /* a consumer's: a producer ignores it */
	expect_setting("OPENITEM_KAFKA_LOG_LEVEL", "3", NULL); /* has an underscore in librdkafka */
	expect_setting("OPENITEM_KAFKA_BROKERS", "ignored:1", NULL);
	expect_setting("OPENITEM_KAFKA_VERSION", "4.3.1", NULL);
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE", "", NULL);
	expect_setting("OPENITEM_KAFKA_NO_SUCH_THING", "1", "no property no.such.thing");
	expect_setting("OPENITEM_KAFKA_ACKS", "0", "decided by openitem");
	expect_setting("OPENITEM_KAFKA_ENABLE_IDEMPOTENCE", "false", "decided by openitem");
	expect_setting("OPENITEM_KAFKA_MESSAGE_TIMEOUT_MS", "1000", "decided by openitem");
}

static void a_secret_may_come_from_a_file(void **state)
{
	(void)state;
	char path[] = "/tmp/oi-test-bus-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "5000\n", 5), 5);
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE_FILE", path, NULL);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "x\n", 2, 0), 2);
	close(fd);
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE_FILE", path, "batch.size");
	unlink(path);
	expect_setting("OPENITEM_KAFKA_BATCH_SIZE_FILE", path, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was),
		cmocka_unit_test(null_and_empty_differ),
		cmocka_unit_test(keys_go_where_bus_partition_of_says),
		cmocka_unit_test(the_first_record_of_a_topic_is_not_late),
		cmocka_unit_test(what_is_not_acknowledged_is_told_later),
		cmocka_unit_test(errors_that_pass_leave_no_trace),
		cmocka_unit_test(a_refused_record_finishes_the_producer),
		cmocka_unit_test(a_huge_record_is_refused_at_once),
		cmocka_unit_test(no_more_in_flight_than_there_are_slots),
		cmocka_unit_test(a_reader_ends_where_the_log_ended),
		cmocka_unit_test(a_reader_stays_within),
		cmocka_unit_test(a_reader_follows),
		cmocka_unit_test(a_reader_refuses_what_is_not_in_the_log),
		cmocka_unit_test(log_ends_and_topics),
		cmocka_unit_test(an_absent_cluster_is_an_error_in_time),
		cmocka_unit_test(the_environment_passes_through),
		cmocka_unit_test(a_secret_may_come_from_a_file),
	};

	return cmocka_run_group_tests(tests, mock_up, mock_down);
}
