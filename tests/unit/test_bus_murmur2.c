/* Where a key goes: as the Java client does it, and librdkafka too. */
#include "bus/bus.h"
#include "bus/murmur2.h"

#include <librdkafka/rdkafka.h>
#include <setjmp.h>

#include <cmocka.h>

/* From Kafka's own UtilsTest.testMurmur2; the last ones computed by Utils.murmur2 of kafka-clients 4.3.1. */
static const struct {
	const char *key;
	int32_t hash;
} vectors[] = {
	{ "21", -973932308 },
	{ "foobar", -790332482 },
	{ "a-little-bit-long-string", -985981536 },
	{ "a-little-bit-longer-string", -1486304829 },
	{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
	{ "abc", 479470107 },
	{ "", 275646681 },
	{ "hello", 2132663229 },
};

static void hashes_as_java_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_int_equal((int32_t)murmur2(vectors[i].key, strlen(vectors[i].key)), vectors[i].hash);
	assert_int_equal(murmur2(NULL, 0), 275646681);
}

static void negative_hashes_lose_their_sign(void **state)
{
	(void)state;
	assert_int_equal(bus_partition_of(TEXT("21"), 12), (-973932308 & 0x7fffffff) % 12);
	assert_int_equal(bus_partition_of(TEXT("abc"), 64), 479470107 % 64);
	assert_int_equal(bus_partition_of(TEXT_NONE, 12), 275646681 % 12);
	assert_int_equal(bus_partition_of(TEXT("anything"), 1), 0);
}

/* Bytes above 0x7f and every length modulo 4. */
static void agrees_with_librdkafka(void **state)
{
	(void)state;
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, NULL, 0);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", NULL);
	char key[64];
	uint32_t x = 1;

	for (int i = 0; i < 10000; i++) {
		size_t n = (size_t)i % sizeof(key);

		for (size_t k = 0; k < n; k++) {
			x = x * 1664525u + 1013904223u;
			key[k] = (char)(x >> 24);
		}
		assert_int_equal(bus_partition_of((struct text){ key, n }, 64),
				 rd_kafka_msg_partitioner_murmur2(topic, key, n, 64, NULL, NULL));
	}
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_java_does),
		cmocka_unit_test(negative_hashes_lose_their_sign),
		cmocka_unit_test(agrees_with_librdkafka),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
