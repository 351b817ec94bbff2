/* log: topics, partitions, records; reading from here to there; what an operator asks a broker. */
#include "world.h"

#include "bus/murmur2.h"
#include "wire/topics.h"

#define BROKER_PATIENCE_US 10000000

/* ---- the log itself -------------------------------------------------------------------------------------------------------------- */

static void add_topic(struct world *w, const char *name, int32_t partitions, bool external, bool inner)
{
	CHECK(w->n_topics < TOPICS_MAX && partitions <= PARTITIONS_MAX);
	w->topic[w->n_topics++] =
		(struct log_topic){ .name = name, .partitions = partitions, .external = external, .inner = inner };
}

void log_make(struct world *w)
{
	for (size_t i = 0; i < wire_topics_n; i++) {
		const struct wire_topic *t = &wire_topics[i];
		int32_t partitions = t->external ? 1 + (int32_t)sim_below(&w->chance, 3) : LANES;

		add_topic(w, t->topic, partitions, t->external, !t->external);
		if (t->external)
			add_topic(w, text_printf(w->arena, "%s-dlt", t->topic).s, partitions, false, false);
	}
}

struct log_topic *log_topic(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n_topics; i++)
		if (w->topic[i].name == name)
			return &w->topic[i];
	for (size_t i = 0; i < w->n_topics; i++)
		if (strcmp(w->topic[i].name, name) == 0)
			return &w->topic[i];
	return NULL;
}

struct sim_record *log_record(struct world *w, const struct bus_out *out)
{
	struct sim_record *r = ARENA_NEW(w->arena, struct sim_record);

	r->key = text_dup(w->arena, out->key);
	r->value = text_dup(w->arena, out->value);
	r->key_null = out->key_null;
	r->value_null = out->value_null;
	r->n_headers = out->headers_n;
	r->headers = ARENA_ARRAY(w->arena, out->headers_n, struct bus_header);
	for (size_t i = 0; i < out->headers_n; i++) {
		r->headers[i].name = text_dup(w->arena, out->headers[i].name);
		r->headers[i].value = out->headers[i].value.s == NULL ? TEXT_NONE : text_dup(w->arena, out->headers[i].value);
	}
	return r;
}

void log_append(struct world *w, struct log_topic *t, int32_t partition, struct sim_record *r)
{
	struct log_partition *p = &t->part[partition];

	CHECK(partition >= 0 && partition < t->partitions);
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 32 : p->cap * 2;
		struct sim_record **grown = ARENA_ARRAY(w->arena, cap, struct sim_record *);
		if (p->n > 0)
			memcpy(grown, p->record, p->n * sizeof(struct sim_record *));
		p->record = grown;
		p->cap = cap;
	}
	r->offset = (int64_t)p->n;
	r->timestamp_ms = w->now_us / 1000;
	p->record[p->n++] = r;
	w->log_version++;
}

void log_cut(struct world *w, struct log_topic *t, int32_t partition, size_t n)
{
	t->part[partition].n -= MIN(n, t->part[partition].n);
	w->log_version++;
}

bool sim_log_was_cut(const struct world *w)
{
	return w->logs_cut > 0;
}

int32_t sim_partitions(const struct world *w, const char *topic)
{
	const struct log_topic *t = log_topic((struct world *)w, topic);

	return t == NULL ? 0 : t->partitions;
}

size_t sim_log_n(const struct world *w, const char *topic, int32_t partition)
{
	return log_topic((struct world *)w, topic)->part[partition].n;
}

const struct sim_record *sim_log_at(const struct world *w, const char *topic, int32_t partition, size_t offset)
{
	const struct log_partition *p = &log_topic((struct world *)w, topic)->part[partition];

	CHECK(offset < p->n);
	return p->record[offset];
}

/* ---- records as bus.h gives them ------------------------------------------------------------------------------------------------------ */

void log_view(const struct log_topic *t, uint32_t topic_at, int32_t partition, struct sim_record *r, struct bus_record *ret)
{
	*ret = (struct bus_record){ .topic = t->name,
				    .topic_at = topic_at,
				    .partition = partition,
				    .offset = r->offset,
				    .timestamp_ms = r->timestamp_ms,
				    .key = r->key,
				    .value = r->value,
				    .key_null = r->key_null,
				    .value_null = r->value_null,
				    .handle = r };
}

void bus_record_release(struct bus_record *r)
{
	r->handle = NULL;
}

bool bus_header(const struct bus_record *r, const char *name, struct text *ret)
{
	const struct sim_record *s = r->handle;
	struct text wanted = text_of(name);

	for (size_t i = s->n_headers; i > 0; i--)
		if (text_eq(s->headers[i - 1].name, wanted)) {
			*ret = s->headers[i - 1].value;
			return true;
		}
	return false;
}

bool bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value)
{
	const struct sim_record *s = r->handle;

	if (i >= s->n_headers)
		return false;
	*ret_name = s->headers[i].name;
	*ret_value = s->headers[i].value;
	return true;
}

int32_t bus_partition_of(struct text key, int32_t partitions)
{
	return (int32_t)((murmur2(key.s, key.n) & 0x7fffffffu) % (uint32_t)partitions);
}

/* ---- is a broker there? ------------------------------------------------------------------------------------------------------------------ */

bool broker_answers(struct world *w, const char *where, struct err *err)
{
	task_point(where);
	if (w->broker_away_until_us <= w->now_us)
		return true;
	task_sleep(MIN(w->broker_away_until_us - w->now_us, (int64_t)BROKER_PATIENCE_US));
	return w->broker_away_until_us <= w->now_us || err_set(err, ERR_RETRY, "brokers_unreachable", "no broker answered");
}

/* ---- readers -------------------------------------------------------------------------------------------------------------------------------- */

struct bus_reader {
	struct world *world;
	size_t n;
	struct reading {
		struct log_topic *topic;
		int32_t partition;
		int64_t next, until;
	} range[];
};

bool bus_reader_open_within(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
			    struct bus_reader **ret, struct bus_extent *ret_extents)
{
	struct world *w = sim_world;
	struct bus_reader *r;

	(void)conf;
	if (!broker_answers(w, "opening a reader", err))
		return false;
	r = arena_alloc(w->arena, sizeof(*r) + n * sizeof(r->range[0]));
	r->world = w;
	r->n = n;
	for (size_t i = 0; i < n; i++) {
		struct reading *x = &r->range[i];
		*x = (struct reading){ log_topic(w, ranges[i].topic), ranges[i].partition, ranges[i].from, ranges[i].until };
		CHECK(x->topic != NULL);
		int64_t high = (int64_t)x->topic->part[x->partition].n;
		x->next = x->next == BUS_BEGINNING ? 0 : x->next == BUS_END ? high : x->next;
		x->until = x->until == BUS_END ? high : x->until;
		if (ret_extents != NULL) {
			ret_extents[i] = (struct bus_extent){ 0, high };
			x->next = MIN(x->next, high);
			x->until = MIN(x->until, high);
		}
		if (x->next > high)
			return err_set(err, ERR_STOP, "position_outside_log", "%s/%d: offset %lld is not in the log (0 to %lld)",
				       x->topic->name, x->partition, (long long)x->next, (long long)high);
	}
	*ret = r;
	return true;
}

bool bus_reader_open(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
		     struct bus_reader **ret)
{
	return bus_reader_open_within(conf, ranges, n, err, ret, NULL);
}

enum bus_read bus_reader_poll(struct bus_reader *r, int timeout_ms, struct bus_record *ret, struct err *err)
{
	struct world *w = r->world;
	size_t n = 0, at[TOPICS_MAX * PARTITIONS_MAX];
	bool done = true;

	if (!broker_answers(w, "reading", err))
		return BUS_READ_FAILED;
	for (size_t i = 0; i < r->n; i++) {
		const struct reading *x = &r->range[i];
		done = done && x->next >= x->until;
		if (x->next < x->until && (size_t)x->next < x->topic->part[x->partition].n && n < ARRAY_LEN(at))
			at[n++] = i;
	}
	if (done)
		return BUS_READ_DONE;
	for (size_t i = 0; i < r->n; i++) { /* the broker that lost it has cut us off, too */
		const struct reading *x = &r->range[i];
		if (x->next < x->until && x->until > (int64_t)x->topic->part[x->partition].n) {
			err_set(err, ERR_RETRY, "brokers_unreachable", "%s/%d lost its end while it was read", x->topic->name,
				x->partition);
			return BUS_READ_FAILED;
		}
	}
	if (n == 0) {
		task_sleep((int64_t)timeout_ms * 1000);
		return BUS_READ_NOTHING;
	}
	size_t pick = at[sim_below(&w->schedule, (uint32_t)n)];
	struct reading *x = &r->range[pick];
	log_view(x->topic, (uint32_t)pick, x->partition, x->topic->part[x->partition].record[x->next], ret);
	x->next++;
	return BUS_READ_RECORD;
}

void bus_reader_close(struct bus_reader *r)
{
	(void)r;
}

void bus_reader_closep(struct bus_reader **r)
{
	(void)r;
}

/* ---- admin ---------------------------------------------------------------------------------------------------------------------------------- */

bool bus_admin_open(const struct bus_conf *conf, struct err *err, struct bus_admin **ret)
{
	(void)conf, (void)err;
	*ret = (struct bus_admin *)sim_world;
	return true;
}

void bus_admin_close(struct bus_admin *a)
{
	(void)a;
}

bool bus_topics(struct bus_admin *a, bus_topic_fn *fn, void *ctx, struct err *err)
{
	struct world *w = (struct world *)a;

	if (!broker_answers(w, "asking for topics", err))
		return false;
	for (size_t i = 0; i < w->n_topics; i++)
		fn(ctx, w->topic[i].name, w->topic[i].partitions);
	return true;
}

bool bus_log_starts(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err)
{
	if (!broker_answers((struct world *)a, "asking for log starts", err))
		return false;
	for (size_t i = 0; i < n; i++)
		p[i].offset = 0;
	return true;
}

bool bus_log_ends(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err)
{
	struct world *w = (struct world *)a;

	if (!broker_answers(w, "asking for log ends", err))
		return false;
	for (size_t i = 0; i < n; i++)
		p[i].offset = (int64_t)log_topic(w, p[i].topic)->part[p[i].partition].n;
	return true;
}

bool bus_topic_info(struct bus_admin *a, const char *topic, struct err *err, int32_t *ret_partitions)
{
	struct world *w = (struct world *)a;

	if (!broker_answers(w, "asking about a topic", err))
		return false;
	*ret_partitions = sim_partitions(w, topic);
	return true;
}
