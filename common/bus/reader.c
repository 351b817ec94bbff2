/* Group-less reading from here to there. Ends of partitions come from librdkafka's end-of-partition events: the last
 * record before an end may be a transaction marker that is never shown. */
#include "bus/bus_priv.h"

struct range {
	const char *topic; /* ours */
	int32_t partition;
	uint32_t given_at; /* index in the caller's array */
	int64_t from, until;
	bool done;
};

struct bus_reader {
	struct bus_common common; /* first: librdkafka's opaque pointer */
	rd_kafka_t *rk;
	struct range *ranges; /* sorted by topic and partition */
	size_t n, done_n;
	size_t last; /* where the last message belonged */
	char *names; /* all topic names, NUL between */
};

/* ---- ranges ---- */

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int topics = strcmp(x->topic, y->topic);

	return topics != 0 ? topics : (x->partition > y->partition) - (x->partition < y->partition);
}

static struct range *range_of(struct bus_reader *r, const char *topic, int32_t partition)
{
	struct range wanted = { .topic = topic, .partition = partition };

	if (compare(&wanted, &r->ranges[r->last]) == 0)
		return &r->ranges[r->last];

	struct range *found = bsearch(&wanted, r->ranges, r->n, sizeof(*r->ranges), compare);

	if (found != NULL)
		r->last = (size_t)(found - r->ranges);
	return found;
}

static void copy_ranges(struct bus_reader *r, const struct bus_range *ranges, size_t n)
{
	size_t names_n = 0;

	for (size_t i = 0; i < n; i++)
		names_n += strlen(ranges[i].topic) + 1;
	r->ranges = calloc(n, sizeof(*r->ranges));
	r->names = malloc(names_n);
	CHECK(r->ranges != NULL && r->names != NULL);

	char *name = r->names;

	for (size_t i = 0; i < n; i++) {
		/* One copy per topic: callers compare pointers. */
		const char *same = NULL;

		for (size_t k = 0; k < i && same == NULL; k++) {
			if (strcmp(r->ranges[k].topic, ranges[i].topic) == 0)
				same = r->ranges[k].topic;
		}
		if (same == NULL) {
			size_t size = strlen(ranges[i].topic) + 1;

			memcpy(name, ranges[i].topic, size);
			same = name;
			name += size;
		}
		r->ranges[i] = (struct range){ same, ranges[i].partition, (uint32_t)i, ranges[i].from, ranges[i].until, false };
	}
	r->n = n;
	qsort(r->ranges, r->n, sizeof(*r->ranges), compare);
}

static rd_kafka_topic_partition_list_t *list_of_ranges(const struct bus_reader *r)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->n);

	for (size_t i = 0; i < r->n; i++)
		rd_kafka_topic_partition_list_add(list, r->ranges[i].topic, r->ranges[i].partition);
	return list;
}

static bool resolve(struct range *x, int64_t low, int64_t high, struct bus_extent *ret_extents, struct err *err)
{
	x->from = x->from == BUS_BEGINNING ? low : x->from == BUS_END ? high : x->from;
	x->until = x->until == BUS_END ? high : x->until;
	if (ret_extents != NULL) {
		ret_extents[x->given_at] = (struct bus_extent){ low, high };
		x->from = MAX(low, MIN(x->from, high));
		if (x->until != BUS_FOLLOW)
			x->until = MIN(x->until, high);
	}
	if (x->from < low ? x->until > x->from : x->from > high)
		return err_set(err, ERR_STOP, "position_outside_log", "%s/%d: offset %lld is not in the log (%lld to %lld)",
			       x->topic, x->partition, (long long)x->from, (long long)low, (long long)high);
	x->done = x->until <= x->from;
	return true;
}

/* In the order of ranges, which is also that of the lists. */
static bool resolve_all(struct bus_reader *r, struct bus_extent *ret_extents, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *lows = list_of_ranges(r);
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *highs = list_of_ranges(r);

	if (!bus_list_ask(r->rk, lows, BUS_BEGINNING, BUS_WAIT_MS, &r->common, err) ||
	    !bus_list_ask(r->rk, highs, BUS_END, BUS_WAIT_MS, &r->common, err))
		return false;
	for (size_t i = 0; i < r->n; i++) {
		struct range *x = &r->ranges[i];
		const rd_kafka_topic_partition_t *low = rd_kafka_topic_partition_list_find(lows, x->topic, x->partition);
		const rd_kafka_topic_partition_t *high = rd_kafka_topic_partition_list_find(highs, x->topic, x->partition);

		CHECK(low != NULL && high != NULL);
		if (!resolve(x, low->offset, high->offset, ret_extents, err))
			return false;
		r->done_n += x->done;
	}
	return true;
}

static bool assign(struct bus_reader *r, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->n);

	for (size_t i = 0; i < r->n; i++) {
		if (!r->ranges[i].done)
			rd_kafka_topic_partition_list_add(list, r->ranges[i].topic, r->ranges[i].partition)->offset =
				r->ranges[i].from;
	}

	rd_kafka_resp_err_t failed = rd_kafka_assign(r->rk, list);

	return failed == RD_KAFKA_RESP_ERR_NO_ERROR || bus_err(err, failed, "assigning", &r->common);
}

/* ---- open and close ---- */

bool bus_reader_open_within(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
			    struct bus_reader **ret_reader, struct bus_extent *ret_extents)
{
	CHECK(n > 0 && n <= BUS_POSITIONS_MAX);

	struct bus_reader *r = calloc(1, sizeof(*r));

	CHECK(r != NULL);
	copy_ranges(r, ranges, n);
	r->rk = bus_client_new(conf, BUS_ROLE_READER, 0, NULL, &r->common, err);
	if (r->rk == NULL || !resolve_all(r, ret_extents, err) || !assign(r, err)) {
		bus_reader_close(r);
		return false;
	}
	*ret_reader = r;
	return true;
}

bool bus_reader_open(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
		     struct bus_reader **ret_reader)
{
	return bus_reader_open_within(conf, ranges, n, err, ret_reader, NULL);
}

void bus_reader_close(struct bus_reader *r)
{
	if (r == NULL)
		return;
	if (r->rk != NULL) {
		rd_kafka_consumer_close(r->rk);
		rd_kafka_destroy(r->rk);
	}
	free(r->ranges);
	free(r->names);
	free(r);
}

void bus_reader_closep(struct bus_reader **r)
{
	bus_reader_close(*r);
}

/* ---- poll ---- */

/* No more of this partition: what was fetched beyond is dropped, and nothing more is fetched. */
static void finish(struct bus_reader *r, struct range *x)
{
	struct bus_position p = { x->topic, x->partition, 0 };
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(&p, 1);

	x->done = true;
	r->done_n++;
	rd_kafka_pause_partitions(r->rk, list);
}

static enum bus_read failed_read(struct bus_reader *r, rd_kafka_message_t *m, struct err *err)
{
	const char *name = m->rkt == NULL ? "" : rd_kafka_topic_name(m->rkt);

	bus_err(err, m->err, rd_kafka_message_errstr(m) == NULL ? "reading" : rd_kafka_message_errstr(m), &r->common);
	if (m->rkt != NULL)
		err_wrap(err, "%s/%d", name, m->partition);
	rd_kafka_message_destroy(m);
	return BUS_READ_FAILED;
}

enum bus_read bus_reader_poll(struct bus_reader *r, int timeout_ms, struct bus_record *ret_record, struct err *err)
{
	while (r->done_n < r->n) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(r->rk, timeout_ms);

		if (m == NULL)
			return BUS_READ_NOTHING;
		if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
			return failed_read(r, m, err);

		struct range *x = range_of(r, rd_kafka_topic_name(m->rkt), m->partition);

		CHECK(x != NULL);

		/* Position behind this event: an end of partition carries the next offset. */
		bool eof = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		bool within = !eof && !x->done && m->offset < x->until;

		if (!x->done && (eof ? m->offset : m->offset + 1) >= x->until)
			finish(r, x);
		if (within) {
			bus_record_of(ret_record, m, x->topic, x->given_at);
			return BUS_READ_RECORD;
		}
		rd_kafka_message_destroy(m);
	}
	return BUS_READ_DONE;
}
