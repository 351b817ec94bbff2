/* publish: committed outcomes to Kafka, in order; the published mark; what a crash left unpublished; is our stream ahead of us? */
#include "base/fault.h"
#include "date/date.h"
#include "ev/type.h"
#include "log/log.h"
#include "run/loop.h"
#include "run/packed.h"
#include "wire/wire.h"

#define DRAIN_MS  1000
#define HEADERS_N 11

/* What is on its way: which row, on which topic. cookie = index * 2 + (1 for the second publication). */
struct flight {
	struct loop *loop;
	const struct log_list *list;
};

static void delivered(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err)
{
	struct flight *f = ctx;
	struct lane *lane = f->list->item[cookie / 2].lane;
	const struct outcome_row *row = f->list->item[cookie / 2].row;
	int16_t topic = cookie & 1 ? 1 : 0;

	if (err != NULL || !text_empty(row->dead_record))
		return;
	struct seq_entry *e = seq_find(&lane->out, topic, partition, 0, true);
	e->known_offset = offset + 1;
	if (topic == 0)
		e->seq = row->seq;
	e->changed = true;
}

static struct bus_header h(const char *name, struct text value)
{
	return (struct bus_header){ text_of(name), value };
}

static bool produce_event(struct loop *loop, const struct outcome_row *row, const char *topic, int32_t partition, uint64_t cookie,
			  struct err *err)
{
	char time[INSTANT_TEXT_SIZE], source[64];
	struct bus_header headers[HEADERS_N];
	size_t n = 0;

	snprintf(source, sizeof(source), "/openitem/%s", loop->service->core->name);
	headers[n++] = h("ce_specversion", TEXT("1.0"));
	headers[n++] = h("ce_id", row->event_id);
	headers[n++] = h("ce_source", text_of(source));
	headers[n++] = h("ce_type", row->type);
	headers[n++] = h("ce_time", text_of(instant_format(time, row->recorded_at_us)));
	headers[n++] = h("content-type", TEXT("application/protobuf"));
	headers[n++] = h("ce_causationid", row->cause_event_id);
	if (!text_empty(row->key)) {
		headers[n++] = h("ce_subject", row->key);
		headers[n++] = h("ce_partitionkey", row->key);
	}
	if (!text_empty(row->correlation_id))
		headers[n++] = h("ce_correlationid", row->correlation_id);
	if (!text_empty(row->trace_parent))
		headers[n++] = h("traceparent", row->trace_parent);
	CHECK(n <= HEADERS_N);
	return bus_produce(loop->producer,
			   &(struct bus_out){ .topic = topic,
					      .partition = partition,
					      .key = row->key,
					      .key_null = text_empty(row->key),
					      .value = row->value,
					      .headers = headers,
					      .headers_n = n,
					      .cookie = cookie },
			   err);
}

static bool produce_dead_letter(struct loop *loop, const struct outcome_row *row, uint64_t cookie, struct err *err)
{
	struct record r;
	const char *topic = text_cstr(loop->arena, row->out_topic);

	if (!packed_read(row->dead_record, loop->arena, &r))
		return err_set(err, ERR_STOP, "bad_dead_letter", "outcome lane %d seq %lld", row->lane, (long long)row->seq);
	struct bus_header *headers = ARENA_ARRAY(loop->arena, r.n_headers, struct bus_header);
	for (size_t i = 0; i < r.n_headers; i++)
		headers[i] = (struct bus_header){ r.headers[i].name, r.headers[i].value_null ? TEXT_NONE : r.headers[i].value };
	return bus_produce(loop->producer,
			   &(struct bus_out){ .topic = topic,
					      .partition = row->out_partition,
					      .key = r.key,
					      .value = r.value,
					      .key_null = r.key_null,
					      .value_null = r.value_null,
					      .headers = headers,
					      .headers_n = r.n_headers,
					      .cookie = cookie },
			   err);
}

static bool produce_row(struct loop *loop, const struct outcome_row *row, size_t at, struct err *err)
{
	if (!text_empty(row->dead_record))
		return produce_dead_letter(loop, row, at * 2, err);
	if (loop->service->outcome_topic != NULL && !produce_event(loop, row, loop->service->outcome_topic, row->lane, at * 2, err))
		return false;
	return text_empty(row->out_topic) ||
	       produce_event(loop, row, loop->service->fanout_topic, row->out_partition, at * 2 + 1, err);
}

/* Waits as long as it takes, unless the producer is finished or we are told to stop. */
static bool drain(struct loop *loop, struct flight *f, struct err *err)
{
	while (!bus_drain(loop->producer, DRAIN_MS, delivered, f, err)) {
		metrics_beat();
		if (run_stop || strcmp(err->code, "not_acknowledged") != 0)
			return false;
		if (!loop->said_down)
			log_line(LOG_WARN, "waiting for kafka to acknowledge");
		loop->said_down = true;
	}
	if (loop->said_down)
		log_line(LOG_INFO, "kafka acknowledges again");
	loop->said_down = false;
	return true;
}

bool publish_rows(struct loop *loop, const struct log_list *list, struct err *err)
{
	struct flight f = { loop, list };

	loop->republish = true;
	for (size_t i = 0; i < list->n; i++) {
		bool ok = produce_row(loop, list->item[i].row, i, err);
		if (!ok && strcmp(err->code, "producer_full") == 0)
			ok = drain(loop, &f, err) && produce_row(loop, list->item[i].row, i, err);
		if (!ok)
			return false;
	}
	FAILPOINT("publish.queued");
	if (!drain(loop, &f, err))
		return false;
	FAILPOINT("publish.acknowledged");
	for (size_t i = 0; i < list->n; i++)
		list->item[i].lane->published_seq = list->item[i].row->seq;
	loop->republish = false;
	return true;
}

/* ---- from the outcome table ------------------------------------------------------------------------------------------- */

/* One page of one lane. *ret_n = rows published. */
static bool publish_page(struct loop *loop, struct lane *lane, struct err *err, size_t *ret_n)
{
	struct book *book = book_new(loop->arena, run_tables, RUN_TABLES_N);
	struct outcome_row from = { .lane = lane->lane, .seq = lane->published_seq };

	book_want(book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	if (!store_begin(loop->store, &lane->lane, &lane->epoch, 1, err))
		return false;
	bool ok = store_load(loop->store, book, err);
	store_abort(loop->store);
	if (!ok)
		return false;
	struct rows rows = book_find(book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	struct log_list list = { .item = ARENA_ARRAY(loop->arena, rows.n, struct logged), .n = rows.n, .cap = rows.n };
	for (size_t i = 0; i < rows.n; i++)
		list.item[i] = (struct logged){ rows.row[i], lane };
	*ret_n = rows.n;
	return publish_rows(loop, &list, err);
}

bool publish_unpublished(struct loop *loop, struct err *err)
{
	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *lane = &loop->lane[i];
		size_t total = 0;
		if (MUTANT(OUTBOX_FORGOTTEN))
			lane->published_seq = lane->seq;
		while (lane->published_seq < lane->seq) {
			size_t n = 0;
			bool ok = publish_page(loop, lane, err, &n);
			arena_reset(loop->arena);
			if (!ok)
				return false;
			if (n == 0)
				return err_set(err, ERR_STOP, "outcome_missing", "lane %d: outcome %lld is not in the table",
					       lane->lane, (long long)lane->published_seq + 1);
			total += n;
		}
		if (total > 0)
			log_line(LOG_INFO, "published what was left over", LOG_I("lane", lane->lane), LOG_U("records", total));
	}
	loop->republish = false;
	return true;
}

/* ---- is our stream ahead of our table? -------------------------------------------------------------------------------- */

struct stream_check {
	struct loop *loop;
	struct bus_range *range;
	int16_t *topic_of;
	size_t n, cap;
};

static void add_range(struct stream_check *c, int16_t topic, int32_t partition, int64_t from)
{
	const char *name = topic == 0 ? c->loop->service->outcome_topic : c->loop->service->fanout_topic;

	if (from < 0)
		from = BUS_BEGINNING;
	for (size_t i = 0; i < c->n; i++)
		if (c->topic_of[i] == topic && c->range[i].partition == partition) {
			c->range[i].from = c->range[i].from == BUS_BEGINNING || from == BUS_BEGINNING ? BUS_BEGINNING
												      : MIN(c->range[i].from, from);
			return;
		}
	CHECK(c->n < c->cap);
	c->topic_of[c->n] = topic;
	c->range[c->n++] = (struct bus_range){ name, partition, from, BUS_END };
}

static void check_record(struct stream_check *c, const struct bus_record *r)
{
	struct loop *loop = c->loop;
	const struct core *core = loop->service->core;
	const struct type_provenance *p;
	struct err err;
	void *event;

	if (r->value_null || !wire_decode(core->outcome_msg, (const uint8_t *)r->value.s, r->value.n, loop->arena, &err, &event))
		return;
	memcpy(&p, (const char *)event + core->provenance_offset, sizeof(p));
	if (p == NULL || !text_eq(p->service, text_of(core->name)))
		return;
	struct lane *lane = lane_find(loop, p->lane);
	if (lane == NULL)
		return;
	int16_t topic = c->topic_of[r->topic_at];
	if (p->seq > lane->seq && !MUTANT(DECIDES_AFTER_RESTORE)) {
		err_set(&err, ERR_STOP, "database_older_than_stream",
			"%s[%d]@%lld holds our seq %lld, the database ends at %lld: run `openitem rebuild %s`", r->topic,
			r->partition, (long long)r->offset, (long long)p->seq, (long long)lane->seq, core->name);
		lane_stop(loop, lane, &err);
		return;
	}
	struct seq_entry *e = seq_find(&lane->out, topic, r->partition, 0, true);
	e->known_offset = MAX(e->known_offset, r->offset + 1);
	e->changed = true;
}

static bool read_stream(struct stream_check *c, struct err *err)
{
	struct bus_reader *reader;
	struct bus_record r;

	if (c->n == 0)
		return true;
	if (!bus_reader_open(&c->loop->bus_conf, c->range, c->n, err, &reader))
		return false;
	enum bus_read what = BUS_READ_NOTHING;
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED && !run_stop) {
		what = bus_reader_poll(reader, 100, &r, err);
		metrics_beat();
		if (what != BUS_READ_RECORD)
			continue;
		check_record(c, &r);
		bus_record_release(&r);
		if (arena_over(c->loop->arena))
			arena_reset(c->loop->arena);
	}
	bus_reader_close(reader);
	return what != BUS_READ_FAILED;
}

bool publish_check_stream(struct loop *loop, struct err *err)
{
	struct stream_check c = { .loop = loop, .cap = loop->n_lanes + (size_t)loop->lanes };

	if (loop->service->core->outcome_msg == NULL)
		return true;
	c.range = calloc(c.cap, sizeof(*c.range));
	c.topic_of = calloc(c.cap, sizeof(*c.topic_of));
	CHECK(c.range != NULL && c.topic_of != NULL);
	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *lane = &loop->lane[i];
		if (loop->service->outcome_topic != NULL) {
			const struct seq_entry *e = seq_find(&lane->out, 0, lane->lane, 0, false);
			add_range(&c, 0, lane->lane, e != NULL ? e->known_offset : -1);
			continue; /* the fan-out holds copies of the same rows: the aligned topic suffices */
		}
		for (int32_t to = 0; to < loop->lanes; to++) {
			const struct seq_entry *e = seq_find(&lane->out, 1, to, 0, false);
			add_range(&c, 1, to, e != NULL ? e->known_offset : -1);
		}
	}
	bool ok = read_stream(&c, err);
	free(c.range);
	free(c.topic_of);
	arena_reset(loop->arena);
	return ok;
}
