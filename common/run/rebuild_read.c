/* rebuild: records of many partitions, a bounded number ahead of what is done with them. */
#include "run/rebuild_priv.h"

#define QUEUE_BYTES_MAX ((size_t)4 << 20) /* of one partition, unless somebody waits for more of it */
#define READ_POLL_MS    100

/* ---- records ---------------------------------------------------------------------------------------------------------- */

static size_t text_room(struct text t)
{
	return t.n + 1;
}

static struct text put_text(char **at, struct text t)
{
	struct text copy = { *at, t.n };

	if (t.s == NULL)
		return TEXT_NONE;
	memcpy(*at, t.s, t.n);
	(*at)[t.n] = '\0';
	*at += t.n + 1;
	return copy;
}

static struct text header_of(const struct bus_record *r, const char *name)
{
	struct text value;

	return bus_header(r, name, &value) ? value : TEXT_NONE;
}

struct rb_record *rb_copy_record(const struct bus_record *b, const char *topic, bool keep_headers)
{
	struct text head[] = { header_of(b, "ce_id"),   header_of(b, "ce_type"),          header_of(b, "ce_source"),
			       header_of(b, "ce_time"), header_of(b, "ce_correlationid"), header_of(b, "traceparent") };
	size_t room = sizeof(struct rb_record) + text_room(b->key) + text_room(b->value), n = 0;
	struct text name, value;

	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		room += text_room(head[i]);
	for (; keep_headers && bus_header_at(b, n, &name, &value); n++)
		room += sizeof(struct record_header) + text_room(name) + text_room(value);
	struct rb_record *rec = calloc(1, room);
	CHECK(rec != NULL);
	struct record_header *headers = (struct record_header *)(rec + 1);
	char *at = (char *)(headers + n);
	rec->r = (struct record){ .topic = text_of(topic),
				  .partition = b->partition,
				  .offset = b->offset,
				  .timestamp_ms = b->timestamp_ms,
				  .key = put_text(&at, b->key),
				  .value = put_text(&at, b->value),
				  .key_null = b->key_null,
				  .value_null = b->value_null,
				  .headers = headers,
				  .n_headers = n };
	rec->id = put_text(&at, head[0]);
	rec->type = put_text(&at, head[1]);
	rec->source = put_text(&at, head[2]);
	rec->time = put_text(&at, head[3]);
	rec->correlation_id = put_text(&at, head[4]);
	rec->trace_parent = put_text(&at, head[5]);
	for (size_t i = 0; i < n; i++) {
		CHECK(bus_header_at(b, i, &name, &value));
		headers[i] = (struct record_header){ put_text(&at, name), put_text(&at, value), value.s == NULL };
	}
	return rec;
}

void rb_record_free(struct rb_record *record)
{
	free(record);
}

/* ---- queues ------------------------------------------------------------------------------------------------------------- */

struct rb_record *rb_pop(struct rb_queue *q)
{
	struct rb_record *rec = q->head;

	CHECK(rec != NULL);
	q->head = rec->next;
	if (q->head == NULL)
		q->tail = NULL;
	q->n--;
	q->bytes -= rec->r.key.n + rec->r.value.n;
	rec->next = NULL;
	return rec;
}

static void push(struct rb_queue *q, struct rb_record *rec)
{
	if (q->tail == NULL)
		q->head = rec;
	else
		q->tail->next = rec;
	q->tail = rec;
	q->n++;
	q->bytes += rec->r.key.n + rec->r.value.n;
	q->next = rec->r.offset + 1;
}

bool rb_at_end(const struct rb_queue *q)
{
	return q->next >= q->end;
}

bool rb_ask_ends(struct rebuild *r, struct err *err)
{
	struct bus_position *p = calloc(r->n_queues + 1, sizeof(*p));
	bool ok = true;

	CHECK(p != NULL);
	for (int ends = 0; ends < 2 && ok; ends++) {
		for (size_t i = 0; i < r->n_queues; i++)
			p[i] = (struct bus_position){ r->queue[i].topic, r->queue[i].partition, 0 };
		ok = ends ? bus_log_ends(r->admin, p, r->n_queues, err) : bus_log_starts(r->admin, p, r->n_queues, err);
		for (size_t i = 0; i < r->n_queues && ok; i++)
			*(ends ? &r->queue[i].end : &r->queue[i].start) = p[i].offset;
	}
	free(p);
	for (size_t i = 0; i < r->n_queues && ok; i++) {
		struct rb_queue *q = &r->queue[i];
		q->next = MAX(q->next, q->start);
		r->total += MAX(q->end - q->next, (int64_t)0);
	}
	return ok;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static bool runs_low(const struct rb_queue *q, size_t window)
{
	return !rb_at_end(q) && (q->wanted || (q->n < window / 2 && q->bytes < QUEUE_BYTES_MAX / 2));
}

static bool take_all(struct bus_reader *reader, struct rb_queue **of, bool *full, struct err *err, bool *ret_any)
{
	for (;;) {
		struct bus_record b;
		switch (bus_reader_poll(reader, READ_POLL_MS, &b, err)) {
		case BUS_READ_DONE:
			return true;
		case BUS_READ_FAILED:
			return false;
		case BUS_READ_NOTHING:
			continue;
		case BUS_READ_RECORD:
			break;
		}
		struct rb_queue *q = of[b.topic_at];
		/* What is left here is read again later, from the first one left. */
		full[b.topic_at] |= !q->wanted && q->bytes >= QUEUE_BYTES_MAX;
		if (!full[b.topic_at]) {
			push(q, rb_copy_record(&b, q->topic, q->keep_headers));
			*ret_any = true;
		}
		bus_record_release(&b);
	}
}

bool rb_read(struct rebuild *r, struct err *err, bool *ret_any)
{
	size_t window = MAX(r->conf.window / MAX(r->n_queues, (size_t)1), (size_t)64), n = 0;
	struct bus_range *range = calloc(r->n_queues + 1, sizeof(*range));
	struct rb_queue **of = calloc(r->n_queues + 1, sizeof(struct rb_queue *));
	bool *full = calloc(r->n_queues + 1, sizeof(*full)), ok = true;

	CHECK(range != NULL && of != NULL && full != NULL);
	*ret_any = false;
	for (size_t i = 0; i < r->n_queues; i++) {
		struct rb_queue *q = &r->queue[i];
		if (!runs_low(q, window))
			continue;
		of[n] = q;
		range[n++] = (struct bus_range){ q->topic, q->partition, q->next, MIN(q->end, q->next + (int64_t)window) };
	}
	if (n > 0) {
		struct bus_reader *reader;
		ok = bus_reader_open(&r->loop.bus_conf, range, n, err, &reader);
		if (ok) {
			ok = take_all(reader, of, full, err, ret_any);
			bus_reader_close(reader);
		}
		/* Offsets that hold no record (the log was compacted, or its end is a marker) are passed over. */
		for (size_t i = 0; i < n && ok; i++)
			if (!full[i] && of[i]->next < range[i].until) {
				of[i]->next = range[i].until;
				*ret_any = true;
			}
	}
	for (size_t i = 0; i < n; i++)
		of[i]->wanted = false;
	free(range);
	free(of);
	free(full);
	return ok;
}

/* ---- copies on the fan-out topic ------------------------------------------------------------------------------------------ */

/* False: of an outcome that is not rebuilt yet. */
static bool see_copy(struct rebuild *r, const struct bus_record *b)
{
	const struct type_provenance *p;
	struct err err;
	void *event;

	if (!rb_decode_outcome(r->loop.service->core, b->value, r->loop.arena, &err, &event, &p))
		return true;
	struct lane *l = lane_find(&r->loop, p->lane);
	if (l == NULL)
		return true;
	if (p->seq > l->seq)
		return false;
	struct seq_entry *e = seq_find(&l->out, OUTPUT_FANOUT, b->partition, 0, true);
	rb_known(e, b->offset, p->seq);
	e->copied = MAX(e->copied, p->destination_seq);
	l->in_batch = true;
	return true;
}

/* Our own topic comes first, so a copy may be missing there although its outcome is known: the service publishes from before it on. */
static void leave_over(struct lane *l)
{
	for (size_t i = 0; i < l->out.cap; i++) {
		const struct seq_entry *e = &l->out.entry[i];
		if (e->topic != OUTPUT_FANOUT || e->seq <= e->copied || l->published_seq <= e->published_seq)
			continue;
		l->published_seq = e->published_seq;
		l->in_batch = true;
	}
}

bool rb_see_copies(struct rebuild *r, struct err *err)
{
	struct loop *loop = &r->loop;
	struct bus_range *range = calloc((size_t)loop->lanes, sizeof(*range));
	bool ahead[LANES_OWNED_MAX] = { false };
	struct bus_reader *reader;
	struct bus_record b;

	CHECK(range != NULL);
	for (int32_t to = 0; to < loop->lanes; to++)
		range[to] = (struct bus_range){ loop->service->fanout_topic, to,
						r->copies_from[to] == 0 ? BUS_BEGINNING : r->copies_from[to], BUS_END };
	bool ok = bus_reader_open(&loop->bus_conf, range, (size_t)loop->lanes, err, &reader);
	free(range);
	if (!ok)
		return false;
	enum bus_read what = BUS_READ_NOTHING;
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		what = bus_reader_poll(reader, READ_POLL_MS, &b, err);
		if (what != BUS_READ_RECORD)
			continue;
		if (!see_copy(r, &b))
			ahead[b.partition] = true;
		if (!ahead[b.partition])
			r->copies_from[b.partition] = b.offset + 1;
		bus_record_release(&b);
		if (arena_over(loop->arena))
			arena_reset(loop->arena);
	}
	bus_reader_close(reader);
	arena_reset(loop->arena);
	for (size_t i = 0; i < loop->n_lanes; i++)
		leave_over(&loop->lane[i]);
	return what == BUS_READ_DONE && rb_begin(r, err) && rb_save(r, book_new(loop->arena, loop->tables, loop->n_tables), err);
}
