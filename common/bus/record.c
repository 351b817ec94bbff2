/* Records, positions, errors: what consumer, reader, producer and admin share. */
#include "bus/bus_priv.h"

#include "bus/murmur2.h"

int32_t bus_partition_of(struct text key, int32_t partitions)
{
	CHECK(partitions > 0);
	return (int32_t)((murmur2(key.s, key.n) & 0x7fffffffu) % (uint32_t)partitions);
}

/* ---- records ---- */

void bus_record_of(struct bus_record *ret_record, rd_kafka_message_t *m, const char *topic, uint32_t topic_at)
{
	rd_kafka_timestamp_type_t type;

	*ret_record = (struct bus_record){
		.topic = topic,
		.topic_at = topic_at,
		.partition = m->partition,
		.offset = m->offset,
		.key = { m->key, m->key == NULL ? 0 : m->key_len },
		.value = { m->payload, m->payload == NULL ? 0 : m->len },
		.key_null = m->key == NULL,
		.value_null = m->payload == NULL,
		.timestamp_ms = rd_kafka_message_timestamp(m, &type),
		.handle = m,
	};
}

void bus_record_release(struct bus_record *r)
{
	if (r->handle != NULL)
		rd_kafka_message_destroy(r->handle);
	r->handle = NULL;
}

bool bus_header(const struct bus_record *r, const char *name, struct text *ret_value)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t n;

	if (rd_kafka_message_headers(r->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_header_get_last(headers, name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	*ret_value = (struct text){ value, value == NULL ? 0 : n };
	return true;
}

bool bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t n;

	if (rd_kafka_message_headers(r->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_header_get_all(headers, i, &name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	*ret_name = text_of(name);
	*ret_value = (struct text){ value, value == NULL ? 0 : n };
	return true;
}

/* ---- errors ---- */

const char *bus_reason(const struct bus_common *common, char buf[256])
{
	snprintf(buf, 256, "%s%s", common->reason[0] == '\0' ? "" : "; last problem: ", common->reason);
	return buf;
}

static const struct {
	rd_kafka_resp_err_t from;
	enum err_class class;
	const char *code;
} kinds[] = {
	{ RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ERR_STOP, "position_outside_log" },
	{ RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, ERR_STOP, "position_outside_log" },
	{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ERR_STOP, "topic_not_allowed" },
	{ RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_STOP, "message_too_large" },
	{ RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ERR_RETRY, "topic_missing" },
	{ RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ERR_RETRY, "topic_missing" },
	{ RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERR_RETRY, "topic_missing" },
	{ RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, ERR_RETRY, "poll_too_late" },
	{ RD_KAFKA_RESP_ERR__TIMED_OUT, ERR_RETRY, "brokers_unreachable" },
	{ RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ERR_RETRY, "brokers_unreachable" },
	{ RD_KAFKA_RESP_ERR__TRANSPORT, ERR_RETRY, "brokers_unreachable" },
	{ RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ERR_RETRY, "brokers_unreachable" },
	{ RD_KAFKA_RESP_ERR__WAIT_COORD, ERR_RETRY, "brokers_unreachable" },
	{ RD_KAFKA_RESP_ERR__FATAL, ERR_RETRY, "producer_fatal" },
	{ RD_KAFKA_RESP_ERR__PURGE_QUEUE, ERR_RETRY, "producer_fatal" },
	{ RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ERR_RETRY, "producer_fatal" },
};

bool bus_err(struct err *err, rd_kafka_resp_err_t code, const char *doing, const struct bus_common *common)
{
	char reason[256];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].from == code)
			return err_set(err, kinds[i].class, kinds[i].code, "%s: %s%s", doing, rd_kafka_err2str(code),
				       bus_reason(common, reason));
	}
	return err_set(err, ERR_RETRY, "kafka_error", "%s: %s (%s)%s", doing, rd_kafka_err2str(code), rd_kafka_err2name(code),
		       bus_reason(common, reason));
}

/* ---- lists ---- */

rd_kafka_topic_partition_list_t *bus_list_of(const struct bus_position *p, size_t n)
{
	CHECK(n <= BUS_POSITIONS_MAX);

	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, p[i].topic, p[i].partition)->offset = p[i].offset;
	return list;
}

void bus_list_freep(rd_kafka_topic_partition_list_t **list)
{
	if (*list != NULL)
		rd_kafka_topic_partition_list_destroy(*list);
}

bool bus_list_check(const rd_kafka_topic_partition_list_t *list, const char *doing, const struct bus_common *common,
		    struct err *err)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		if (p->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			continue;
		bus_err(err, p->err, doing, common);
		return err_wrap(err, "%s/%d", p->topic, p->partition);
	}
	return true;
}

/*
 * rd_kafka_offsets_for_times hands its "timestamps" to ListOffsets as they are, and there -1 is the end and -2 the beginning
 * [src: librdkafka v2.0.2:src/rdkafka.c rd_kafka_offsets_for_times, rdkafka_request.c ListOffsets]: one request per broker
 * for any number of partitions, where rd_kafka_query_watermark_offsets takes one per partition.
 */
bool bus_list_ask(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t which, int timeout_ms, struct bus_common *common,
		  struct err *err)
{
	if (list->cnt == 0)
		return true;
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = which;

	rd_kafka_resp_err_t failed = rd_kafka_offsets_for_times(rk, list, timeout_ms);

	if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
		bus_err(err, failed, "asking for log ends", common);
		return err_wrap(err, "%s/%d%s", list->elems[0].topic, list->elems[0].partition, list->cnt > 1 ? " and others" : "");
	}
	return bus_list_check(list, "asking for log ends", common, err);
}
