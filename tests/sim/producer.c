/* producer: idempotent and in order; what is on its way when a process dies may still arrive. */
#include "world.h"

struct queued {
	struct log_topic *topic;
	int32_t partition;
	struct sim_record *record;
	uint64_t cookie;
};

struct bus_producer {
	struct world *world;
	struct instance *instance;
	struct queued *q;
	size_t n, cap, sent; /* sent: in the log */
	bool finished;
	int64_t acks_at_us; /* not before */
};

struct ghost {
	struct ghost *next;
	struct queued q;
	int64_t at_us;
};

static void story_of(struct bus_producer *p, const struct queued *x)
{
	struct text id = TEXT_NONE, type = TEXT_NONE;

	if (!p->world->tell)
		return;
	for (size_t i = 0; i < x->record->n_headers; i++) {
		if (text_eq(x->record->headers[i].name, TEXT("ce_id")))
			id = x->record->headers[i].value;
		if (text_eq(x->record->headers[i].name, TEXT("ce_type")))
			type = x->record->headers[i].value;
	}
	story(p->world, "%s publishes " TEXT_FMT " " TEXT_FMT " of " TEXT_FMT " -> %s[%d]@%lld", p->instance->name, TEXT_ARG(type),
	      TEXT_ARG(id), TEXT_ARG(x->record->key), x->topic->name, x->partition, (long long)x->record->offset);
}

static void send_until(struct bus_producer *p, size_t until)
{
	for (; p->sent < until; p->sent++) {
		struct queued *x = &p->q[p->sent];
		log_append(p->world, x->topic, x->partition, x->record);
		story_of(p, x);
	}
}

/* ---- after the end of a process ------------------------------------------------------------------------------------------------------ */

void producer_crashed(struct bus_producer *p)
{
	struct world *w = p != NULL ? p->world : NULL;

	if (p == NULL || p->finished)
		return;
	p->finished = true;
	if (w->broker_away_until_us > w->now_us)
		return;
	send_until(p, p->sent + sim_below(&w->chance, (uint32_t)(p->n - p->sent) + 1));
	if (sim_below(&w->chance, 3) != 0)
		return;
	struct ghost **end = &w->ghosts;
	while (*end != NULL)
		end = &(*end)->next;
	for (size_t i = p->sent; i < p->n; i++, end = &(*end)->next) {
		*end = ARENA_NEW(w->arena, struct ghost);
		**end = (struct ghost){ .q = p->q[i], .at_us = w->now_us + 2000 };
	}
}

void ghosts_arrive(struct world *w, bool all)
{
	while (w->ghosts != NULL && (all || w->ghosts->at_us <= w->now_us)) {
		struct queued *x = &w->ghosts->q;
		log_append(w, x->topic, x->partition, x->record);
		story(w, "a record of a dead producer arrives late: %s[%d]@%lld", x->topic->name, x->partition,
		      (long long)x->record->offset);
		w->ghosts = w->ghosts->next;
	}
}

/* ---- bus/bus.h: producer ---------------------------------------------------------------------------------------------------------------- */

bool bus_producer_open(const struct bus_conf *conf, int linger_ms, struct err *err, struct bus_producer **ret)
{
	struct world *w = sim_world;
	struct bus_producer *p = ARENA_NEW(w->arena, struct bus_producer);

	(void)conf, (void)linger_ms, (void)err;
	p->world = w;
	p->instance = w->running->instance;
	if (p->instance != NULL)
		p->instance->producer = p;
	*ret = p;
	return true;
}

void bus_producer_close(struct bus_producer *p)
{
	if (p == NULL)
		return;
	producer_crashed(p);
	if (p->instance != NULL && p->instance->producer == p)
		p->instance->producer = NULL;
}

bool bus_produce(struct bus_producer *p, const struct bus_out *out, struct err *err)
{
	struct world *w = p->world;
	struct log_topic *t = log_topic(w, out->topic);
	int32_t partition = out->partition;

	task_point("publishing");
	if (p->finished)
		return err_set(err, ERR_RETRY, "producer_fatal", "this producer is finished");
	if (partition < 0 && t != NULL)
		partition = bus_partition_of(out->key, t->partitions);
	if (t == NULL || partition >= t->partitions)
		return err_set(err, ERR_RETRY, "topic_missing", "%s/%d", out->topic, partition);
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 32 : p->cap * 2;
		struct queued *grown = ARENA_ARRAY(w->arena, cap, struct queued);
		if (p->n > 0)
			memcpy(grown, p->q, p->n * sizeof(*grown));
		p->q = grown;
		p->cap = cap;
	}
	p->q[p->n++] = (struct queued){ t, partition, log_record(w, out), out->cookie };
	if (w->broker_away_until_us <= w->now_us && sim_below(&w->schedule, 4) == 0)
		send_until(p, p->n);
	return true;
}

static void tell(struct bus_producer *p, size_t until, bus_delivered_fn *fn, void *ctx)
{
	for (size_t i = 0; i < until; i++)
		if (fn != NULL)
			fn(ctx, p->q[i].cookie, p->q[i].partition, p->q[i].record->offset, NULL);
	if (until < p->n)
		memmove(p->q, p->q + until, (p->n - until) * sizeof(*p->q));
	p->n -= until;
	p->sent -= until;
}

static bool loses_acks(struct bus_producer *p, bus_delivered_fn *fn, void *ctx, struct err *err)
{
	struct world *w = p->world;
	uint32_t arg;

	if (p->n == 0 || !fault_here(w, FAULT_ACK_LOST, &arg))
		return false;
	send_until(p, MAX(p->sent, (size_t)sim_below(&w->chance, (uint32_t)p->n + 1)));
	story(w, "%s: acknowledgements are lost, its producer is finished", p->instance->name);
	tell(p, sim_below(&w->chance, (uint32_t)p->sent + 1), fn, ctx);
	p->finished = true;
	return !err_set(err, ERR_RETRY, "producer_fatal", "this producer is finished");
}

bool bus_drain(struct bus_producer *p, int timeout_ms, bus_delivered_fn *fn, void *ctx, struct err *err)
{
	struct world *w = p->world;
	uint32_t arg;

	task_point("waiting for acknowledgements");
	if (p->finished)
		return err_set(err, ERR_RETRY, "producer_fatal", "this producer is finished");
	if (w->broker_away_until_us > w->now_us) {
		task_sleep(MIN((int64_t)timeout_ms * 1000, w->broker_away_until_us - w->now_us));
		if (w->broker_away_until_us > w->now_us)
			return p->n == 0 || err_set(err, ERR_RETRY, "not_acknowledged", "on their way");
	}
	if (loses_acks(p, fn, ctx, err))
		return false;
	send_until(p, p->n);
	if (p->n > 0 && fault_here(w, FAULT_ACK_LATE, &arg))
		p->acks_at_us = w->now_us + (int64_t)arg * 1000;
	if (p->acks_at_us > w->now_us) {
		task_sleep(MIN((int64_t)timeout_ms * 1000, p->acks_at_us - w->now_us));
		if (p->acks_at_us > w->now_us)
			return err_set(err, ERR_RETRY, "not_acknowledged", "on their way");
	}
	task_point("records in the log, not acknowledged yet");
	if (p->finished)
		return err_set(err, ERR_RETRY, "producer_fatal", "this producer is finished");
	tell(p, p->n, fn, ctx);
	return true;
}

size_t bus_in_flight(const struct bus_producer *p)
{
	return p->n;
}
