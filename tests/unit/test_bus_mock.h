/* For test_bus_*.c: librdkafka's mock cluster (limits: DESIGN section 7, ECOSYSTEM 7.4), records in and out. */
#ifndef TESTS_TEST_BUS_MOCK_H
#define TESTS_TEST_BUS_MOCK_H

#include "bus/bus.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <setjmp.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static rd_kafka_t *mock_owner;
static rd_kafka_mock_cluster_t *mock;
static struct bus_conf mock_conf;
static struct err mock_err;

#define assert_ok(call)                                                                                                            \
	do {                                                                                                                       \
		err_clear(&mock_err);                                                                                              \
		if (!(call))                                                                                                       \
			fail_msg("%s: %s %s: %s", #call, err_class_name(mock_err.class), mock_err.code, mock_err.msg);             \
	} while (0)

#define assert_err(call, class_, code_)                                                                                            \
	do {                                                                                                                       \
		err_clear(&mock_err);                                                                                              \
		assert_false(call);                                                                                                \
		if (mock_err.class != (class_) || strcmp(mock_err.code, code_) != 0)                                               \
			fail_msg("%s: got %s %s: %s", #call, err_class_name(mock_err.class), mock_err.code, mock_err.msg);         \
	} while (0)

static inline int64_t mock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int mock_up(void **state)
{
	char why[200];
	rd_kafka_conf_t *k = rd_kafka_conf_new();

	(void)state;
	rd_kafka_conf_set(k, "log_level", "0", NULL, 0);
	mock_owner = rd_kafka_new(RD_KAFKA_PRODUCER, k, why, sizeof(why));
	mock = rd_kafka_mock_cluster_new(mock_owner, 1);
	mock_conf = (struct bus_conf){ .brokers = rd_kafka_mock_cluster_bootstraps(mock), .client_id = "test", .group = "test" };
	return mock == NULL ? -1 : 0;
}

static inline int mock_down(void **state)
{
	(void)state;
	rd_kafka_mock_cluster_destroy(mock);
	rd_kafka_destroy(mock_owner);
	return 0;
}

/* A new name each time. */
static inline const char *mock_topic(int partitions)
{
	static int n;
	static char names[100][32];
	char *name = names[n];

	snprintf(name, sizeof(names[0]), "topic.%d.v1", n++);
	assert_int_equal(rd_kafka_mock_topic_create(mock, name, partitions, 1), 0);
	return name;
}

/* n records "0", "1", ... to one partition, acknowledged. */
static inline void mock_fill(const char *topic, int32_t partition, int from, int n)
{
	_cleanup_(bus_producer_closep) struct bus_producer *p = NULL;

	assert_ok(bus_producer_open(&mock_conf, 0, &mock_err, &p));
	for (int i = from; i < from + n; i++) {
		char value[16];

		snprintf(value, sizeof(value), "%d", i);

		struct bus_out out = { .topic = topic, .partition = partition, .key_null = true, .value = text_of(value) };

		assert_ok(bus_produce(p, &out, &mock_err));
	}
	assert_ok(bus_drain(p, 10000, NULL, NULL, &mock_err));
}

#endif
