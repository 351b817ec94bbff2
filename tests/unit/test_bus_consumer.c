/*
 * The group member on librdkafka's mock cluster. Joining takes 3 s there, so most tests share one member of a topic with many
 * partitions and take partitions of their own.
 */
#include "test_bus_mock.h"

#define WAIT_MS 15000 /* the mock's first assignment alone takes 3 s */

/* Polls until something happens; fails after WAIT_MS. */
static enum bus_what next(struct bus_consumer *c, struct bus_poll *got)
{
	int64_t end_ms = mock_now_ms() + WAIT_MS;

	while (mock_now_ms() < end_ms) {
		if (bus_poll(c, 100, got))
			return got->what;
	}
	fail_msg("nothing happened");
	return BUS_NOTHING;
}

static void expect_record(struct bus_consumer *c, int32_t partition, int64_t offset)
{
	struct bus_poll got;

	assert_int_equal(next(c, &got), BUS_RECORD);
	assert_int_equal(got.record.partition, partition);
	assert_int_equal(got.record.offset, offset);
	bus_record_release(&got.record);
}

static void expect_silence(struct bus_consumer *c, int ms)
{
	struct bus_poll got;
	int64_t end_ms = mock_now_ms() + ms;

	while (mock_now_ms() < end_ms) {
		if (bus_poll(c, 50, &got))
			fail_msg("silence was expected, not event %d", (int)got.what);
	}
}

#define PARTITIONS 16

static const char *topic; /* of the shared member */
static struct bus_consumer *shared;
static int32_t used; /* partitions taken by tests */

/* An own partition with n records; not read yet. */
static struct bus_position own(int n, int64_t offset)
{
	assert_true(used < PARTITIONS);
	if (n > 0)
		mock_fill(topic, used, 0, n);
	return (struct bus_position){ topic, used++, offset };
}

/* Joins, and reads every partition from offset. */
static struct bus_consumer *joined(const struct bus_conf *conf, const char *of, size_t partitions, int64_t offset)
{
	struct bus_consumer *c = NULL;
	struct bus_poll got;
	struct bus_position p[PARTITIONS];

	assert_ok(bus_consumer_open(conf, &of, 1, &mock_err, &c));
	assert_int_equal(next(c, &got), BUS_ASSIGNED);
	assert_int_equal(got.n, partitions);
	for (size_t i = 0; i < partitions; i++) {
		assert_string_equal(got.positions[i].topic, of);
		p[i] = got.positions[i];
		p[i].offset = offset;
	}
	assert_ok(bus_assign(c, p, partitions, &mock_err));
	return c;
}

static struct bus_conf group(const char *name)
{
	struct bus_conf conf = mock_conf;

	conf.group = name;
	return conf;
}

/* ---- tests ---- */

static void reads_from_where_it_is_told(void **state)
{
	(void)state;
	struct bus_position p = own(10, 4);
	int64_t high = -1;

	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	for (int i = 4; i < 10; i++)
		expect_record(shared, p.partition, i);
	expect_silence(shared, 300);
	assert_true(bus_high(shared, topic, p.partition, &high));
	assert_int_equal(high, 10);
	assert_false(bus_high(shared, topic, 99, &high));
	bus_commit_courtesy(shared, &p, 1);
	mock_fill(topic, p.partition, 10, 1);
	expect_record(shared, p.partition, 10);
	assert_ok(bus_unassign(shared, &mock_err));
	mock_fill(topic, p.partition, 11, 1);
	expect_silence(shared, 300);
}

static void a_topic_is_known_by_its_place(void **state)
{
	(void)state;
	const char *topics[] = { mock_topic(1), mock_topic(1), mock_topic(1) };
	struct bus_conf conf = group("places");
	_cleanup_(bus_consumer_closep) struct bus_consumer *c = NULL;
	struct bus_poll got;
	struct bus_position p[3];
	bool seen[3] = { false };
	int64_t value;

	for (size_t i = 0; i < 3; i++)
		mock_fill(topics[i], 0, (int)i * 100, 1);
	assert_ok(bus_consumer_open(&conf, topics, 3, &mock_err, &c));
	assert_int_equal(next(c, &got), BUS_ASSIGNED);
	assert_int_equal(got.n, 3);
	memcpy(p, got.positions, sizeof(p));
	expect_silence(c, 500); /* nothing comes before the answer */
	for (size_t i = 0; i < 3; i++)
		p[i].offset = BUS_BEGINNING;
	assert_ok(bus_assign(c, p, 3, &mock_err));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(next(c, &got), BUS_RECORD);
		assert_string_equal(got.record.topic, topics[got.record.topic_at]);
		assert_true(text_parse_i64(got.record.value, &value));
		assert_int_equal(value, got.record.topic_at * 100);
		seen[got.record.topic_at] = true;
		bus_record_release(&got.record);
	}
	assert_true(seen[0] && seen[1] && seen[2]);
}

static void pause_keeps_the_place(void **state)
{
	(void)state;
	struct bus_position p[] = { own(100, 0), own(3, 0) };
	int other = 0, at = 0;
	struct bus_poll got;

	assert_ok(bus_assign(shared, p, 2, &mock_err));
	while (at < 10) {
		assert_int_equal(next(shared, &got), BUS_RECORD);
		if (got.record.partition == p[0].partition)
			assert_int_equal(got.record.offset, at++);
		else
			other++;
		bus_record_release(&got.record);
	}
	assert_ok(bus_pause(shared, p, 1, &mock_err));
	for (; other < 3; other++)
		expect_record(shared, p[1].partition, other);
	expect_silence(shared, 300);
	mock_fill(topic, p[1].partition, 3, 1); /* the other one goes on */
	expect_record(shared, p[1].partition, 3);
	assert_ok(bus_resume(shared, p, 1, &mock_err));
	for (int i = 10; i < 100; i++)
		expect_record(shared, p[0].partition, i);
	expect_silence(shared, 300);
}

static void paused_before_the_first_record(void **state)
{
	(void)state;
	struct bus_position p = own(10, 5);

	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	assert_ok(bus_pause(shared, &p, 1, &mock_err));
	expect_silence(shared, 500);
	assert_ok(bus_resume(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 5);
	expect_record(shared, p.partition, 6);
	/* Sought while paused: that is the place to go on from. */
	assert_ok(bus_pause(shared, &p, 1, &mock_err));
	p.offset = 2;
	assert_ok(bus_seek(shared, &p, 1, &mock_err));
	expect_silence(shared, 300);
	assert_ok(bus_resume(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 2);
}

static void assigning_again_ends_a_pause(void **state)
{
	(void)state;
	struct bus_position p = own(10, 0);

	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 0);
	assert_ok(bus_pause(shared, &p, 1, &mock_err));
	p.offset = 7;
	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 7);
	assert_ok(bus_pause(shared, &p, 1, &mock_err));
	assert_ok(bus_unassign(shared, &mock_err));
	p.offset = 3;
	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 3);
	expect_record(shared, p.partition, 4);
}

/* Races inside librdkafka that once moved a position or never started a partition. */
static void assignments_in_quick_succession(void **state)
{
	(void)state;
	struct bus_position p = own(10, 4), many[PARTITIONS];

	for (int32_t i = 0; i < PARTITIONS; i++)
		many[i] = (struct bus_position){ topic, i, BUS_END };
	for (int round = 0; round < 40; round++) {
		assert_ok(bus_assign(shared, many, PARTITIONS, &mock_err));
		assert_ok(bus_assign(shared, &p, 1, &mock_err));
		if (round % 2 == 1) {
			assert_ok(bus_pause(shared, &p, 1, &mock_err));
			if (round % 4 == 1)
				assert_ok(bus_seek(shared, &p, 1, &mock_err));
			assert_ok(bus_resume(shared, &p, 1, &mock_err));
		}
		for (int i = 4; i < 10; i++)
			expect_record(shared, p.partition, i);
	}
}

static void seek_drops_what_was_fetched(void **state)
{
	(void)state;
	struct bus_position p = own(1000, 0);
	struct bus_poll got;

	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	expect_record(shared, p.partition, 0);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < round; i++) {
			assert_int_equal(next(shared, &got), BUS_RECORD);
			bus_record_release(&got.record);
		}
		p.offset = round * 37;
		assert_ok(bus_seek(shared, &p, 1, &mock_err));
		expect_record(shared, p.partition, p.offset);
		expect_record(shared, p.partition, p.offset + 1);
	}
}

static void a_position_outside_the_log_stops_one_partition(void **state)
{
	(void)state;
	struct bus_position p[] = { own(5, 3), own(5, 999) };
	struct bus_poll got;
	int records = 0, errors = 0;

	assert_ok(bus_assign(shared, p, 2, &mock_err));
	while (records < 2 || errors < 1) {
		enum bus_what what = next(shared, &got);

		if (what == BUS_RECORD) {
			assert_int_equal(got.record.partition, p[0].partition);
			bus_record_release(&got.record);
			records++;
		} else {
			assert_int_equal(what, BUS_PARTITION_ERROR);
			assert_string_equal(got.topic, topic);
			assert_int_equal(got.partition, p[1].partition);
			assert_int_equal(got.err.class, ERR_STOP);
			assert_string_equal(got.err.code, "position_outside_log");
			errors++;
		}
	}
	expect_silence(shared, 300);
	/* librdkafka has given the partition up: a seek is refused, assigning anew gets it going. */
	p[0].offset = 5;
	p[1].offset = 4;
	assert_err(bus_seek(shared, &p[1], 1, &mock_err), ERR_RETRY, "kafka_error");
	assert_ok(bus_assign(shared, p, 2, &mock_err));
	expect_record(shared, p[1].partition, 4);
	expect_silence(shared, 300);
}

/* Serves both members until each holds n partitions; lanes move while the other polls. */
static void share(struct bus_consumer *c[2], const char *of, size_t n, int *revocations)
{
	size_t held[2] = { 0 };
	int64_t end_ms = mock_now_ms() + 3 * WAIT_MS;

	while ((held[0] != n || held[1] != n) && mock_now_ms() < end_ms) {
		for (int i = 0; i < 2; i++) {
			struct bus_poll got;

			if (c[i] == NULL || !bus_poll(c[i], 50, &got))
				continue;
			assert_true(got.what == BUS_ASSIGNED || got.what == BUS_REVOKED);
			assert_string_equal(got.positions[0].topic, of);
			if (got.what == BUS_REVOKED) {
				assert_false(got.lost);
				(*revocations)++;
				held[i] = 0;
				assert_ok(bus_unassign(c[i], &mock_err));
			} else {
				struct bus_position p[PARTITIONS];

				held[i] = got.n;
				memcpy(p, got.positions, got.n * sizeof(*p));
				for (size_t k = 0; k < got.n; k++)
					p[k].offset = 0;
				assert_ok(bus_assign(c[i], p, got.n, &mock_err));
			}
		}
	}
	assert_int_equal(held[0], n);
	assert_int_equal(held[1], n);
}

static void a_second_member_takes_half(void **state)
{
	(void)state;
	const char *four = mock_topic(4);
	struct bus_conf conf = group("share");
	struct bus_consumer *c[2] = { joined(&conf, four, 4, 0), NULL };
	int revocations = 0;

	assert_ok(bus_consumer_open(&conf, &four, 1, &mock_err, &c[1]));
	share(c, four, 2, &revocations);
	assert_true(revocations >= 1);
	bus_consumer_close(c[0]);
	bus_consumer_close(c[1]);
}

/* Also with an answer owed: closing must not hang. */
static void closing_never_hangs(void **state)
{
	(void)state;
	const char *one = mock_topic(1);
	struct bus_conf conf = group("close");
	struct bus_consumer *c = NULL;
	struct bus_poll got;

	assert_ok(bus_consumer_open(&conf, &one, 1, &mock_err, &c));
	bus_consumer_close(c);
	assert_ok(bus_consumer_open(&conf, &one, 1, &mock_err, &c));
	assert_int_equal(next(c, &got), BUS_ASSIGNED);
	bus_consumer_close(c);
	bus_consumer_close(NULL);
}

static void brokers_down_and_up_are_said_once(void **state)
{
	(void)state;
	struct bus_position p = own(0, 0);
	struct bus_poll got;

	assert_ok(bus_assign(shared, &p, 1, &mock_err));
	expect_silence(shared, 200);
	rd_kafka_mock_broker_set_down(mock, 1);
	assert_int_equal(next(shared, &got), BUS_BROKERS_DOWN);
	assert_int_equal(got.err.class, ERR_RETRY);
	assert_string_equal(got.err.code, "brokers_unreachable");
	expect_silence(shared, 2500);
	rd_kafka_mock_broker_set_up(mock, 1);
	assert_int_equal(next(shared, &got), BUS_BROKERS_UP);
	mock_fill(topic, p.partition, 0, 1);
	expect_record(shared, p.partition, 0);
	expect_silence(shared, 300);
}

/* Away and back while its client was busy elsewhere: nobody saw it down. */
static void brokers_that_were_away_unseen_are_said_up(void **state)
{
	(void)state;
	struct bus_conf conf = group("unseen");
	struct bus_position p = own(0, 0);
	struct bus_consumer *c = joined(&conf, topic, PARTITIONS, BUS_END);
	struct bus_poll got;

	assert_ok(bus_assign(c, &p, 1, &mock_err));
	expect_silence(c, 1500);
	rd_kafka_mock_broker_set_down(mock, 1);
	usleep(300000);
	rd_kafka_mock_broker_set_up(mock, 1);
	usleep(2000000);
	assert_int_equal(next(c, &got), BUS_BROKERS_UP);
	expect_silence(c, 1500);
	bus_consumer_close(c);
}

static void a_consumer_needs_a_group_and_topics(void **state)
{
	(void)state;
	struct bus_conf none = group(NULL);
	struct bus_consumer *c = NULL;

	assert_err(bus_consumer_open(&none, &topic, 1, &mock_err, &c), ERR_FATAL, "kafka_setting");
	assert_err(bus_consumer_open(&mock_conf, &topic, 0, &mock_err, &c), ERR_FATAL, "kafka_setting");
	assert_null(c);
}

static int set_up(void **state)
{
	if (mock_up(state) != 0)
		return -1;
	topic = mock_topic(PARTITIONS);
	shared = joined(&mock_conf, topic, PARTITIONS, BUS_END);
	return 0;
}

static int tear_down(void **state)
{
	bus_consumer_close(shared);
	return mock_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_from_where_it_is_told),
		cmocka_unit_test(a_topic_is_known_by_its_place),
		cmocka_unit_test(pause_keeps_the_place),
		cmocka_unit_test(paused_before_the_first_record),
		cmocka_unit_test(assigning_again_ends_a_pause),
		cmocka_unit_test(assignments_in_quick_succession),
		cmocka_unit_test(seek_drops_what_was_fetched),
		cmocka_unit_test(a_position_outside_the_log_stops_one_partition),
		cmocka_unit_test(a_second_member_takes_half),
		cmocka_unit_test(closing_never_hangs),
		cmocka_unit_test(brokers_down_and_up_are_said_once),
		cmocka_unit_test(brokers_that_were_away_unseen_are_said_up),
		cmocka_unit_test(a_consumer_needs_a_group_and_topics),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
