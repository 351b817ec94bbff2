/* The member of a group. What librdkafka's callbacks say during a poll is kept here and given out as events of bus_poll. */
#include "bus/bus_priv.h"

#include <time.h>

#define CHANGES_MAX    4 /* librdkafka waits for our answer between two; 1 would do */
#define PROBE_MS       250
#define PROBE_EVERY_NS INT64_C(1000000000)
#define UP_EVERY_NS    INT64_C(10000000000) /* of brokers that we did not see away */
#define CALL_WAIT_MS   5000 /* bus_seek */

struct change {
	bool assigned, lost;
	struct bus_position *positions;
	size_t n;
};

struct bus_consumer {
	struct bus_common common; /* first: librdkafka's opaque pointer */
	rd_kafka_t *rk;
	char **topics;
	size_t topics_n;
	struct change changes[CHANGES_MAX];
	size_t changes_n;
	struct bus_position *given; /* what the last bus_poll showed */
	uint32_t last_topic_at;
	bool owes_answer; /* librdkafka waits for bus_assign or bus_unassign */
	bool closing;
	bool said_down, said_fatal;
	int64_t probed_at_ns, said_up_at_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- topics by name ---- */

/* Index in topics; records of one topic come in runs, so begin where it was last. */
static uint32_t topic_at(const struct bus_consumer *c, const char *name, uint32_t hint)
{
	if (hint < c->topics_n && strcmp(c->topics[hint], name) == 0)
		return hint;
	for (uint32_t i = 0; i < c->topics_n; i++) {
		if (strcmp(c->topics[i], name) == 0)
			return i;
	}
	return UINT32_MAX;
}

/* ---- what callbacks leave behind ---- */

static struct bus_position *positions_of(const struct bus_consumer *c, const rd_kafka_topic_partition_list_t *list, size_t *ret_n)
{
	struct bus_position *p = calloc((size_t)list->cnt + 1, sizeof(*p));

	CHECK(p != NULL);
	*ret_n = 0;
	for (int i = 0; i < list->cnt; i++) {
		uint32_t at = topic_at(c, list->elems[i].topic, 0);

		if (at == UINT32_MAX) /* never: we subscribed to exact names */
			continue;
		p[(*ret_n)++] = (struct bus_position){ c->topics[at], list->elems[i].partition, RD_KAFKA_OFFSET_INVALID };
	}
	return p;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct bus_consumer *c = opaque;
	bool assigned = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

	if (c->closing || (!assigned && code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
		/* Closing, or librdkafka failed to rebalance: it wants this answer at once. */
		rd_kafka_assign(rk, NULL);
		return;
	}
	CHECK(c->changes_n < CHANGES_MAX);

	struct change *change = &c->changes[c->changes_n++];

	change->assigned = assigned;
	change->lost = !assigned && rd_kafka_assignment_lost(rk);
	change->positions = positions_of(c, list, &change->n);
	c->owes_answer = true;
	rd_kafka_yield(rk);
}

static void set_callbacks(rd_kafka_conf_t *k)
{
	rd_kafka_conf_set_rebalance_cb(k, on_rebalance);
}

/* ---- open and close ---- */

static bool subscribe(struct bus_consumer *c, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)c->topics_n);

	for (size_t i = 0; i < c->topics_n; i++)
		rd_kafka_topic_partition_list_add(list, c->topics[i], RD_KAFKA_PARTITION_UA);

	rd_kafka_resp_err_t failed = rd_kafka_subscribe(c->rk, list);

	if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
		return true;
	return err_set(err, ERR_FATAL, "kafka_setting", "subscribing: %s", rd_kafka_err2str(failed));
}

static void consumer_free(struct bus_consumer *c)
{
	if (c->rk != NULL)
		rd_kafka_destroy(c->rk);
	for (size_t i = 0; i < c->changes_n; i++)
		free(c->changes[i].positions);
	free(c->given);
	for (size_t i = 0; i < c->topics_n; i++)
		free(c->topics[i]);
	free(c->topics);
	free(c);
}

bool bus_consumer_open(const struct bus_conf *conf, const char *const *topics, size_t n, struct err *err,
		       struct bus_consumer **ret_consumer)
{
	if (conf->group == NULL || conf->group[0] == '\0' || n == 0 || n > BUS_POSITIONS_MAX)
		return err_set(err, ERR_FATAL, "kafka_setting", "a consumer needs a group and topics");

	struct bus_consumer *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	c->topics = calloc(n, sizeof(*c->topics));
	CHECK(c->topics != NULL);
	for (; c->topics_n < n; c->topics_n++) {
		c->topics[c->topics_n] = strdup(topics[c->topics_n]);
		CHECK(c->topics[c->topics_n] != NULL);
	}
	c->rk = bus_client_new(conf, BUS_ROLE_CONSUMER, 0, set_callbacks, &c->common, err);
	if (c->rk == NULL || !subscribe(c, err)) {
		consumer_free(c);
		return false;
	}
	*ret_consumer = c;
	return true;
}

void bus_consumer_close(struct bus_consumer *c)
{
	if (c == NULL)
		return;
	c->closing = true;
	/* Closing waits for every answer that is due. */
	if (c->owes_answer)
		rd_kafka_assign(c->rk, NULL);
	rd_kafka_consumer_close(c->rk);
	consumer_free(c);
}

void bus_consumer_closep(struct bus_consumer **c)
{
	bus_consumer_close(*c);
}

/* ---- poll ---- */

/* Is any broker there? Blocks for PROBE_MS at most. */
static bool probe(struct bus_consumer *c)
{
	const struct rd_kafka_metadata *metadata = NULL;

	c->probed_at_ns = now_ns();
	if (rd_kafka_metadata(c->rk, 0, NULL, &metadata, PROBE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	rd_kafka_metadata_destroy(metadata);
	return true;
}

/*
 * librdkafka says "all brokers down" also when a single connection was closed and will be opened again, not always when all are, and never
 * that they are back: ask before saying either. Where a connection was lost and somebody answers, a broker may have been away in between,
 * too short or at the wrong moment for us to see it; one of several may also be away for long, and librdkafka tries it again and again.
 */
static bool brokers_changed(struct bus_consumer *c, struct bus_poll *ret)
{
	char reason[256];

	if (!c->common.connection_lost || now_ns() - c->probed_at_ns < PROBE_EVERY_NS)
		return false;

	bool up = probe(c);

	if (up ? !c->said_down && c->probed_at_ns - c->said_up_at_ns < UP_EVERY_NS : c->said_down)
		return false;
	if (up) {
		c->common.connection_lost = false;
		c->said_up_at_ns = c->probed_at_ns;
	}
	c->said_down = !up;
	ret->what = up ? BUS_BROKERS_UP : BUS_BROKERS_DOWN;
	if (!up)
		err_set(&ret->err, ERR_RETRY, "brokers_unreachable", "no broker answers%s", bus_reason(&c->common, reason));
	return true;
}

static bool fatal_happened(struct bus_consumer *c, struct bus_poll *ret)
{
	char why[300];

	if (!c->common.fatal || c->said_fatal)
		return false;

	rd_kafka_resp_err_t code = rd_kafka_fatal_error(c->rk, why, sizeof(why));
	bool fenced = code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;

	c->said_fatal = true;
	ret->what = BUS_FATAL;
	err_set(&ret->err, ERR_FATAL, fenced ? "instance_fenced" : "consumer_fatal", "%s", why);
	return true;
}

static bool change_happened(struct bus_consumer *c, struct bus_poll *ret)
{
	if (c->changes_n == 0)
		return false;

	struct change first = c->changes[0];

	c->changes_n--;
	memmove(&c->changes[0], &c->changes[1], c->changes_n * sizeof(c->changes[0]));
	c->given = first.positions;
	ret->what = first.assigned ? BUS_ASSIGNED : BUS_REVOKED;
	ret->lost = first.lost;
	ret->positions = first.positions;
	ret->n = first.n;
	return true;
}

/* Something the callbacks left behind. */
static bool take_event(struct bus_consumer *c, struct bus_poll *ret)
{
	return fatal_happened(c, ret) || change_happened(c, ret) || brokers_changed(c, ret);
}

static void partition_error(struct bus_consumer *c, const rd_kafka_message_t *m, struct bus_poll *ret)
{
	uint32_t at = topic_at(c, m->rkt == NULL ? "" : rd_kafka_topic_name(m->rkt), 0);
	/* Errors of whole topics come with partition 0. */
	bool whole = m->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || m->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		     m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

	ret->what = BUS_PARTITION_ERROR;
	ret->topic = at == UINT32_MAX ? "" : c->topics[at];
	ret->partition = m->rkt == NULL || whole ? -1 : m->partition;
	bus_err(&ret->err, m->err, rd_kafka_message_errstr(m) == NULL ? "consuming" : rd_kafka_message_errstr(m), &c->common);
}

/* False: it was nothing to show. */
static bool take_message(struct bus_consumer *c, rd_kafka_message_t *m, struct bus_poll *ret)
{
	if (m->err == RD_KAFKA_RESP_ERR__FATAL) {
		c->common.fatal = true;
		rd_kafka_message_destroy(m);
		return fatal_happened(c, ret);
	}
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		partition_error(c, m, ret);
		rd_kafka_message_destroy(m);
		return true;
	}

	uint32_t at = topic_at(c, rd_kafka_topic_name(m->rkt), c->last_topic_at);

	CHECK(at != UINT32_MAX);
	c->last_topic_at = at;
	ret->what = BUS_RECORD;
	bus_record_of(&ret->record, m, c->topics[at], at);
	return true;
}

bool bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_poll *ret)
{
	free(c->given);
	c->given = NULL;
	ret->what = BUS_NOTHING;
	if (take_event(c, ret))
		return true;

	rd_kafka_message_t *m = rd_kafka_consumer_poll(c->rk, timeout_ms);

	if (m != NULL)
		return take_message(c, m, ret);
	return take_event(c, ret);
}

/* ---- what the caller says ---- */

/*
 * librdkafka 2.0.2 must never get BEGINNING or END: it asks a broker for them, and when the partition is stopped meanwhile and
 * started anew at a plain offset, the late answer still moves it, past records (seen here; also its issue 2256). So we ask.
 */
static bool make_absolute(struct bus_consumer *c, rd_kafka_topic_partition_list_t *list, struct err *err)
{
	static const int64_t logical[] = { BUS_BEGINNING, BUS_END };

	for (size_t k = 0; k < ARRAY_LEN(logical); k++) {
		_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *some = rd_kafka_topic_partition_list_new(list->cnt);

		for (int i = 0; i < list->cnt; i++) {
			if (list->elems[i].offset == logical[k])
				rd_kafka_topic_partition_list_add(some, list->elems[i].topic, list->elems[i].partition);
		}
		if (!bus_list_ask(c->rk, some, logical[k], BUS_WAIT_MS, &c->common, err))
			return false;
		for (int i = 0; i < some->cnt; i++)
			rd_kafka_topic_partition_list_set_offset(list, some->elems[i].topic, some->elems[i].partition,
								 some->elems[i].offset);
	}
	return true;
}

/*
 * A pause right behind an assignment can overtake it, which then counts as outdated: the partition would never start
 * (librdkafka's issue 2190, open). These questions go through the same queue and are answered in turn; two are enough for
 * stop and start, more do not hurt.
 */
static void wait_until_started(struct bus_consumer *c)
{
	for (int i = 0; i < 4; i++) {
		_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = NULL;

		rd_kafka_assignment(c->rk, &list);
	}
}

bool bus_assign(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *paused = bus_list_of(p, n);

	if (!make_absolute(c, list, err))
		return false;
	/* A pause outlives even a revocation in librdkafka. Those that were never here answer with an error: fine. */
	rd_kafka_resume_partitions(c->rk, paused);

	rd_kafka_resp_err_t failed = rd_kafka_assign(c->rk, list);

	c->owes_answer = false;
	wait_until_started(c);
	return failed == RD_KAFKA_RESP_ERR_NO_ERROR || bus_err(err, failed, "assigning", &c->common);
}

bool bus_unassign(struct bus_consumer *c, struct err *err)
{
	rd_kafka_resp_err_t failed = rd_kafka_assign(c->rk, NULL);

	c->owes_answer = false;
	return failed == RD_KAFKA_RESP_ERR_NO_ERROR || bus_err(err, failed, "unassigning", &c->common);
}

bool bus_seek(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);
	/* Before 2.1.0 the limit counts in microseconds (librdkafka's pull request 4230). */
	int limit = rd_kafka_version() < 0x02010000 ? CALL_WAIT_MS * 1000 : CALL_WAIT_MS;

	if (n == 0)
		return true;
	if (!make_absolute(c, list, err))
		return false;

	rd_kafka_error_t *failed = rd_kafka_seek_partitions(c->rk, list, limit);

	if (failed != NULL) {
		bus_err(err, rd_kafka_error_code(failed), "seeking", &c->common);
		rd_kafka_error_destroy(failed);
		return false;
	}
	return bus_list_check(list, "seeking", &c->common, err);
}

bool bus_pause(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);
	rd_kafka_resp_err_t failed = rd_kafka_pause_partitions(c->rk, list);

	if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
		return bus_err(err, failed, "pausing", &c->common);
	return bus_list_check(list, "pausing", &c->common, err);
}

bool bus_resume(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);
	rd_kafka_resp_err_t failed = rd_kafka_resume_partitions(c->rk, list);

	if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
		return bus_err(err, failed, "resuming", &c->common);
	return bus_list_check(list, "resuming", &c->common, err);
}

void bus_commit_courtesy(struct bus_consumer *c, const struct bus_position *p, size_t n)
{
	if (n == 0)
		return;

	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);

	rd_kafka_commit(c->rk, list, 1);
}

bool bus_high(struct bus_consumer *c, const char *topic, int32_t partition, int64_t *ret_high)
{
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(c->rk, topic, partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0)
		return false;
	*ret_high = high;
	return true;
}
