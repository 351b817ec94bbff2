/*
 * The idempotent producer. Each record takes the next slot of a ring; librdkafka carries the slot's address, the delivery
 * callback fills it in, and bus_drain tells and frees slots in their order.
 */
#include "bus/bus_priv.h"

#include <time.h>

#define FULL_WAIT_MS 10000
#define FULL_POLL_MS 50
#define GIVE_UP_MS   1000
#define TOPICS_MS    1000

enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_DONE, SLOT_TOLD };

struct slot {
	uint64_t cookie;
	int64_t offset;
	int32_t partition;
	int16_t state; /* enum slot_state */
	int16_t error; /* rd_kafka_resp_err_t */
};

struct bus_producer {
	struct bus_common common; /* first: librdkafka's opaque pointer */
	rd_kafka_t *rk;
	struct slot *slots; /* ring of BUS_IN_FLIGHT_MAX */
	size_t oldest, n; /* slots in use, from oldest on */
	size_t waiting; /* of them, not acknowledged */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct bus_producer *p = opaque;
	struct slot *slot = m->_private;

	(void)rk;
	CHECK(slot->state == SLOT_WAITING);
	slot->state = SLOT_DONE;
	slot->error = (int16_t)m->err;
	slot->partition = m->partition;
	slot->offset = m->offset;
	p->waiting--;
}

static void set_callbacks(rd_kafka_conf_t *k)
{
	rd_kafka_conf_set_dr_msg_cb(k, on_delivery);
}

/* librdkafka 2.0.2 sends the first record of a topic it has not heard of up to a second late (a timer); of a topic it knows, at once. */
static void learn_topics(struct bus_producer *p)
{
	const struct rd_kafka_metadata *metadata = NULL;

	if (rd_kafka_metadata(p->rk, 1, NULL, &metadata, TOPICS_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(metadata);
}

bool bus_producer_open(const struct bus_conf *conf, int linger_ms, struct err *err, struct bus_producer **ret_producer)
{
	struct bus_producer *p = calloc(1, sizeof(*p));

	CHECK(p != NULL);
	p->slots = calloc(BUS_IN_FLIGHT_MAX, sizeof(*p->slots));
	CHECK(p->slots != NULL);
	p->rk = bus_client_new(conf, BUS_ROLE_PRODUCER, linger_ms, set_callbacks, &p->common, err);
	if (p->rk == NULL) {
		free(p->slots);
		free(p);
		return false;
	}
	learn_topics(p);
	*ret_producer = p;
	return true;
}

void bus_producer_close(struct bus_producer *p)
{
	if (p == NULL)
		return;
	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
	rd_kafka_destroy(p->rk);
	free(p->slots);
	free(p);
}

void bus_producer_closep(struct bus_producer **p)
{
	bus_producer_close(*p);
}

size_t bus_in_flight(const struct bus_producer *p)
{
	return p->n;
}

/* ---- produce ---- */

static bool is_fatal(struct bus_producer *p, struct err *err)
{
	char why[300];

	if (!p->common.fatal && rd_kafka_fatal_error(p->rk, why, sizeof(why)) == RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	p->common.fatal = true;
	rd_kafka_fatal_error(p->rk, why, sizeof(why));
	err_set(err, ERR_RETRY, "producer_fatal", "%s", why);
	return true;
}

/* To be freed unless librdkafka took them. */
static rd_kafka_headers_t *headers_of(const struct bus_out *out)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(out->headers_n);

	for (size_t i = 0; i < out->headers_n; i++) {
		const struct bus_header *h = &out->headers[i];

		/* A size of -1 would mean strlen: values are bytes. */
		rd_kafka_header_add(headers, h->name.s, (ssize_t)h->name.n, h->value.s, (ssize_t)h->value.n);
	}
	return headers;
}

static rd_kafka_resp_err_t try_produce(struct bus_producer *p, const struct bus_out *out, struct slot *slot)
{
	rd_kafka_headers_t *headers = out->headers_n == 0 ? NULL : headers_of(out);
	/* librdkafka takes a NULL pointer for null, so an empty key needs an address. */
	const char *key = out->key_null ? NULL : out->key.s == NULL ? "" : out->key.s;
	const char *value = out->value_null ? NULL : out->value.s == NULL ? "" : out->value.s;
	rd_kafka_vu_t v[] = {
		{ .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = out->topic },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = out->partition < 0 ? RD_KAFKA_PARTITION_UA : out->partition },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { (void *)(uintptr_t)key, key == NULL ? 0 : out->key.n } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { (void *)(uintptr_t)value, value == NULL ? 0 : out->value.n } },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = slot },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};
	rd_kafka_error_t *failed = rd_kafka_produceva(p->rk, v, headers == NULL ? ARRAY_LEN(v) - 1 : ARRAY_LEN(v));

	if (failed == NULL)
		return RD_KAFKA_RESP_ERR_NO_ERROR;

	rd_kafka_resp_err_t code = rd_kafka_error_code(failed);

	rd_kafka_error_destroy(failed);
	if (headers != NULL)
		rd_kafka_headers_destroy(headers);
	return code;
}

bool bus_produce(struct bus_producer *p, const struct bus_out *out, struct err *err)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__QUEUE_FULL;

	if (is_fatal(p, err))
		return false;
	if (p->n == BUS_IN_FLIGHT_MAX)
		return err_set(err, ERR_RETRY, "producer_full", "%d records wait for bus_drain", BUS_IN_FLIGHT_MAX);

	struct slot *slot = &p->slots[(p->oldest + p->n) % BUS_IN_FLIGHT_MAX];

	/* In use before it is given away: the callback may come during the call. */
	*slot = (struct slot){ .cookie = out->cookie, .state = SLOT_WAITING };
	p->waiting++;
	for (int waited_ms = 0; waited_ms <= FULL_WAIT_MS; waited_ms += FULL_POLL_MS) {
		code = try_produce(p, out, slot);
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		rd_kafka_poll(p->rk, FULL_POLL_MS);
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		p->n++;
		return true;
	}
	slot->state = SLOT_FREE;
	p->waiting--;
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return err_set(err, ERR_RETRY, "producer_full", "the queue stayed full for %d ms", FULL_WAIT_MS);
	if (code == RD_KAFKA_RESP_ERR__FATAL && is_fatal(p, err))
		return false;
	bus_err(err, code, "producing", &p->common);
	return err_wrap(err, "%s", out->topic);
}

/* ---- drain ---- */

/* First error goes to *ret_first. */
static void tell(struct slot *slot, bus_delivered_fn *fn, void *ctx, const struct bus_producer *p, struct err *ret_first)
{
	struct err err = { 0 };

	if (slot->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		bus_err(&err, slot->error, "publishing", &p->common);
		if (ret_first->class == ERR_NONE)
			*ret_first = err;
	}
	slot->state = SLOT_TOLD;
	if (fn != NULL)
		fn(ctx, slot->cookie, slot->partition, slot->offset, slot->error == RD_KAFKA_RESP_ERR_NO_ERROR ? NULL : &err);
}

static void tell_all(struct bus_producer *p, bus_delivered_fn *fn, void *ctx, struct err *ret_first)
{
	for (size_t i = 0; i < p->n; i++) {
		struct slot *slot = &p->slots[(p->oldest + i) % BUS_IN_FLIGHT_MAX];

		if (slot->state == SLOT_DONE)
			tell(slot, fn, ctx, p, ret_first);
	}
	while (p->n > 0 && p->slots[p->oldest].state == SLOT_TOLD) {
		p->slots[p->oldest].state = SLOT_FREE;
		p->oldest = (p->oldest + 1) % BUS_IN_FLIGHT_MAX;
		p->n--;
	}
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nothing more will be sent: what is known already comes in, the rest is declared lost. */
static void give_up(struct bus_producer *p)
{
	int64_t end_ms = now_ms() + GIVE_UP_MS;

	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (p->waiting > 0 && now_ms() < end_ms)
		rd_kafka_poll(p->rk, 20);
}

bool bus_drain(struct bus_producer *p, int timeout_ms, bus_delivered_fn *fn, void *ctx, struct err *err)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	struct err first = { 0 }, fatal = { 0 };
	char reason[256];

	rd_kafka_poll(p->rk, 0);
	while (p->waiting > 0 && !p->common.fatal) {
		int64_t left_ms = deadline_ms - now_ms();

		if (left_ms <= 0)
			break;
		/* Sends at once what still lingers, then polls until all is acknowledged. */
		rd_kafka_flush(p->rk, (int)MIN(left_ms, (int64_t)100));
	}

	bool finished = is_fatal(p, &fatal);

	if (finished)
		give_up(p);
	tell_all(p, fn, ctx, &first);
	if (finished) {
		if (err != NULL)
			*err = fatal;
		return false;
	}
	if (first.class != ERR_NONE) {
		if (err != NULL)
			*err = first;
		return false;
	}
	if (p->waiting > 0)
		return err_set(err, ERR_RETRY, "not_acknowledged", "%zu records not acknowledged within %d ms%s", p->waiting,
			       timeout_ms, bus_reason(&p->common, reason));
	return true;
}
