/* kafka: see kafka.h. */
#include "cli/kafka.h"
#include "base/fault.h"

#define WAIT_MS 30000

struct kafka {
	struct cli *cli;
	struct bus_producer *producer;
	struct arena *arena; /* headers of one event */
	int64_t published;
	int32_t partition;
	int64_t offset;
};

bool kafka_open(struct cli *cli, int linger_ms, struct err *err, struct kafka **ret_kafka)
{
	struct kafka *k = ARENA_NEW(cli->arena, struct kafka);
	struct bus_conf conf;

	k->cli = cli;
	if (!cli_bus(cli, err, &conf) || !bus_producer_open(&conf, linger_ms, err, &k->producer))
		return false;
	k->arena = arena_new(1u << 16, 1u << 20);
	*ret_kafka = k;
	return true;
}

void kafka_close(struct kafka *k)
{
	if (k == NULL)
		return;
	bus_producer_close(k->producer);
	arena_free(k->arena);
	k->producer = NULL;
	k->arena = NULL;
}

static void add(struct bus_header *headers, size_t *n, const char *name, struct text value)
{
	if (!text_empty(value))
		headers[(*n)++] = (struct bus_header){ text_of(name), value };
}

size_t kafka_headers(const struct event *ev, struct arena *a, struct bus_header *h)
{
	size_t n = 0;

	add(h, &n, "ce_specversion", TEXT("1.0"));
	add(h, &n, "ce_id", ev->ce.id);
	add(h, &n, "ce_source", ev->ce.source);
	add(h, &n, "ce_type", ev->ce.type);
	add(h, &n, "ce_time", ev->ce.time);
	add(h, &n, "ce_subject", ev->ce.subject);
	add(h, &n, "ce_dataschema", text_printf(a, "type.googleapis.com/%s", ev->topic->msg->name));
	add(h, &n, "ce_partitionkey", ev->key);
	add(h, &n, "ce_correlationid", ev->ce.correlation_id);
	add(h, &n, "ce_causationid", ev->ce.causation_id);
	add(h, &n, "traceparent", ev->ce.trace_parent);
	add(h, &n, "content-type", TEXT("application/protobuf"));
	CHECK(n <= KAFKA_HEADERS_MAX);
	return n;
}

static void delivered(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err)
{
	struct kafka *k = ctx;

	(void)cookie;
	if (err != NULL)
		return;
	k->published++;
	k->partition = partition;
	k->offset = offset;
}

bool kafka_flush(struct kafka *k, struct err *err)
{
	int64_t deadline_ms = cli_now_ms() + WAIT_MS;

	while (!bus_drain(k->producer, 1000, delivered, k, err)) {
		if (strcmp(err->code, "not_acknowledged") != 0)
			return false;
		if (cli_now_ms() >= deadline_ms)
			return err_set(err, ERR_RETRY, "brokers_unreachable", "%zu records were not acknowledged within %d s",
				       bus_in_flight(k->producer), WAIT_MS / 1000);
	}
	FAILPOINT("send.acknowledged");
	return true;
}

bool kafka_publish(struct kafka *k, const struct event *ev, struct err *err)
{
	struct bus_header headers[KAFKA_HEADERS_MAX];

	arena_reset(k->arena);

	struct bus_out out = { .topic = ev->topic->topic,
			       .partition = -1,
			       .key = ev->key,
			       .value = ev->value,
			       .key_null = text_empty(ev->key),
			       .headers = headers,
			       .headers_n = kafka_headers(ev, k->arena, headers) };

	if (bus_produce(k->producer, &out, err)) {
		FAILPOINT("send.queued");
		return true;
	}
	if (strcmp(err->code, "producer_full") != 0)
		return err_wrap(err, "%s", ev->topic->topic);
	return kafka_flush(k, err) && bus_produce(k->producer, &out, err);
}

int64_t kafka_published(const struct kafka *k)
{
	return k->published;
}

void kafka_last(const struct kafka *k, int32_t *ret_partition, int64_t *ret_offset)
{
	*ret_partition = k->partition;
	*ret_offset = k->offset;
}
