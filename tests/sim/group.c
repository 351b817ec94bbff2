/* group: consumers and who of a service has which partitions. Range assignor, static membership, and members that have not noticed. */
#include "world.h"

#include "run/tables.h"

#define SESSION_US  10000000 /* session.timeout.ms */
#define READING_MAX (SOURCES_MAX * PARTITIONS_MAX)

enum held { HELD_NOTHING, HELD_TO_BE_GIVEN, HELD, HELD_TO_BE_REVOKED, HELD_BEING_REVOKED };

struct bus_consumer {
	struct world *world;
	struct instance *instance;
	struct group *group;
	struct log_topic *topic[SOURCES_MAX];
	size_t n_topics;
	bool dead; /* closed or crashed; as a static member it keeps its place for a while */
	int64_t dead_us;
	bool zombie; /* the group goes on without it, and it does not know yet */
	int64_t notices_us; /* when a zombie notices */
	enum held held;
	struct bus_position given[READING_MAX];
	size_t n_given;
	struct place {
		struct log_topic *topic;
		uint32_t topic_at;
		int32_t partition;
		int64_t next;
		bool outside;
	} reading[READING_MAX];
	size_t n_reading, last;
	bool said_away, cut_off;
};

struct group {
	struct bus_consumer *member[SLOTS];
};

void group_make(struct world *w, enum sim_service s)
{
	w->group[s] = ARENA_NEW(w->arena, struct group);
}

/* ---- assignment ------------------------------------------------------------------------------------------------------------------ */

static void give(struct group *g)
{
	struct bus_consumer *m[SLOTS];
	int32_t n = 0;

	for (int i = 0; i < SLOTS; i++)
		if (g->member[i] != NULL) {
			if (g->member[i]->held != HELD_NOTHING && !g->member[i]->dead)
				return; /* somebody still has to let go */
			m[n++] = g->member[i];
		}
	for (int32_t i = 0; i < n; i++) {
		struct bus_consumer *c = m[i];
		c->n_given = 0;
		c->held = HELD_TO_BE_GIVEN;
		for (size_t t = 0; t < c->n_topics; t++) {
			int32_t all = c->topic[t]->partitions, each = all / n, more = all % n;
			int32_t from = i * each + MIN(i, more), until = from + each + (i < more ? 1 : 0);
			for (int32_t p = from; p < until; p++)
				c->given[c->n_given++] = (struct bus_position){ c->topic[t]->name, p, 0 };
		}
	}
}

static void rebalance(struct world *w, struct group *g)
{
	for (int i = 0; i < SLOTS; i++) {
		struct bus_consumer *c = g->member[i];
		if (c == NULL)
			continue;
		if (c->held == HELD)
			c->held = HELD_TO_BE_REVOKED;
		if (c->held == HELD_TO_BE_GIVEN || c->dead)
			c->held = HELD_NOTHING;
	}
	give(g);
	w->log_version++;
}

static void leave(struct world *w, struct bus_consumer *c)
{
	struct group *g = c->group;

	for (int i = 0; i < SLOTS; i++)
		if (g->member[i] == c) {
			g->member[i] = NULL;
			rebalance(w, g);
		}
}

int64_t groups_notice(struct world *w)
{
	int64_t next = INT64_MAX;

	for (int s = 0; s < SIM_SERVICES; s++)
		for (int i = 0; i < SLOTS; i++) {
			struct bus_consumer *c = w->group[s]->member[i];
			if (c == NULL || !c->dead)
				continue;
			if (c->dead_us + SESSION_US <= w->now_us)
				leave(w, c);
			else
				next = MIN(next, c->dead_us + SESSION_US);
		}
	return next;
}

void group_zombie(struct world *w, struct instance *in, int64_t for_us)
{
	struct bus_consumer *c = in->consumer;

	if (c == NULL || c->dead || c->zombie || c->held != HELD)
		return;
	c->zombie = true;
	c->notices_us = w->now_us + for_us;
	leave(w, c);
	story(w, "the group thinks that %s is dead; it goes on", in->name);
}

static void join(struct world *w, struct bus_consumer *c)
{
	struct group *g = c->group;
	struct bus_consumer *before = g->member[c->instance->slot];

	g->member[c->instance->slot] = c;
	if (before != NULL && before->dead && (before->held == HELD || before->held == HELD_TO_BE_GIVEN)) {
		/* static membership: the same partitions, and nobody else notices */
		memcpy(c->given, before->given, sizeof(c->given));
		c->n_given = before->n_given;
		c->held = HELD_TO_BE_GIVEN;
		w->log_version++;
		return;
	}
	rebalance(w, g);
}

void consumer_crashed(struct bus_consumer *c)
{
	if (c == NULL || c->dead)
		return;
	c->dead = true;
	c->dead_us = c->world->now_us;
	c->instance->consumer = NULL;
	if (c->held == HELD_TO_BE_REVOKED || c->held == HELD_BEING_REVOKED) {
		c->held = HELD_NOTHING;
		give(c->group);
	}
}

/* ---- bus/bus.h: consumer ------------------------------------------------------------------------------------------------------------ */

bool bus_consumer_open(const struct bus_conf *conf, const char *const *topics, size_t n, struct err *err, struct bus_consumer **ret)
{
	struct world *w = sim_world;
	struct instance *in = w->running->instance;
	struct bus_consumer *c = ARENA_NEW(w->arena, struct bus_consumer);

	(void)conf, (void)err;
	task_point("joining its group");
	c->world = w;
	c->instance = in;
	c->group = w->group[in->service];
	c->n_topics = n;
	for (size_t i = 0; i < n; i++) {
		c->topic[i] = log_topic(w, topics[i]);
		CHECK(c->topic[i] != NULL);
	}
	in->consumer = *ret = c;
	join(w, c);
	return true;
}

void bus_consumer_close(struct bus_consumer *c)
{
	consumer_crashed(c);
}

static void look_outside(struct place *x, struct bus_poll *ret)
{
	x->outside = true;
	ret->what = BUS_PARTITION_ERROR;
	ret->topic = x->topic->name;
	ret->partition = x->partition;
	err_set(&ret->err, ERR_STOP, "position_outside_log", "%s/%d: offset %lld is not in the log (it ends at %zu)",
		x->topic->name, x->partition, (long long)x->next, x->topic->part[x->partition].n);
}

static bool next_record(struct bus_consumer *c, struct bus_poll *ret)
{
	struct sim_rng *rng = &c->world->schedule;
	size_t at[READING_MAX], n = 0;

	for (size_t i = 0; i < c->n_reading; i++) {
		struct place *x = &c->reading[i];
		if ((size_t)x->next > x->topic->part[x->partition].n && !x->outside) {
			look_outside(x, ret);
			return true;
		}
		if ((size_t)x->next < x->topic->part[x->partition].n && !x->outside) {
			if (i == c->last && sim_below(rng, 4) != 0) {
				at[0] = i;
				n = 1;
				break;
			}
			at[n++] = i;
		}
	}
	if (n == 0)
		return false;
	c->last = at[n == 1 ? 0 : sim_below(rng, (uint32_t)n)];
	struct place *x = &c->reading[c->last];
	ret->what = BUS_RECORD;
	log_view(x->topic, x->topic_at, x->partition, x->topic->part[x->partition].record[x->next], &ret->record);
	x->next++;
	return true;
}

static bool broker_is_away(const struct bus_consumer *c)
{
	return c->cut_off || c->world->broker_away_until_us > c->world->now_us;
}

void group_cut_off(struct world *w)
{
	for (int s = 0; s < SIM_SERVICES; s++)
		for (int i = 0; i < SLOTS; i++)
			if (w->group[s]->member[i] != NULL && !w->group[s]->member[i]->said_away)
				w->group[s]->member[i]->cut_off = true;
}

/* What it has read and not committed is in its hands. */
static bool holds_records(const struct bus_consumer *c, const struct log_topic *t, int32_t partition)
{
	size_t n;
	const void *const *rows = mem_rows(c->world->db[c->instance->service].mem, &position_table, &n);
	int64_t committed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct position_row *row = rows[i];
		if (row->lane == partition && text_eq(row->topic, text_of(t->name)))
			committed = row->next_offset;
	}
	for (size_t i = 0; i < c->n_reading; i++)
		if (c->reading[i].topic == t && c->reading[i].partition == partition && c->reading[i].next > committed)
			return true;
	return false;
}

bool group_holds_records(struct world *w, const struct log_topic *t, int32_t partition)
{
	for (int s = 0; s < SIM_SERVICES; s++)
		for (int i = 0; i < SLOTS; i++)
			if (w->group[s]->member[i] != NULL && holds_records(w->group[s]->member[i], t, partition))
				return true;
	return false;
}

/* Events first, as librdkafka gives them. */
static bool next_event(struct bus_consumer *c, struct bus_poll *ret)
{
	if (broker_is_away(c) != c->said_away) {
		c->said_away = !c->said_away;
		c->cut_off = false;
		ret->what = c->said_away ? BUS_BROKERS_DOWN : BUS_BROKERS_UP;
		err_set(&ret->err, ERR_RETRY, "brokers_unreachable", "no broker answers");
		return true;
	}
	if (c->said_away)
		return false;
	if (c->zombie && c->notices_us <= c->world->now_us) {
		c->held = HELD_BEING_REVOKED;
		ret->what = BUS_REVOKED;
		ret->lost = true;
		ret->positions = c->given;
		ret->n = c->n_given;
		return true;
	}
	if (c->held != HELD_TO_BE_GIVEN && c->held != HELD_TO_BE_REVOKED)
		return false;
	ret->what = c->held == HELD_TO_BE_GIVEN ? BUS_ASSIGNED : BUS_REVOKED;
	c->held = c->held == HELD_TO_BE_GIVEN ? HELD : HELD_BEING_REVOKED;
	ret->positions = c->given;
	ret->n = c->n_given;
	return true;
}

bool consumer_has(const struct bus_consumer *c)
{
	if (broker_is_away(c) != c->said_away)
		return true;
	if (c->said_away)
		return false;
	if (c->held == HELD_TO_BE_GIVEN || c->held == HELD_TO_BE_REVOKED || (c->zombie && c->notices_us <= c->world->now_us))
		return true;
	for (size_t i = 0; i < c->n_reading; i++) {
		const struct place *x = &c->reading[i];
		if ((size_t)x->next != x->topic->part[x->partition].n && !x->outside)
			return true;
	}
	return false;
}

bool bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_poll *ret)
{
	struct world *w = c->world;
	struct task *t = w->running;
	uint32_t arg;

	*ret = (struct bus_poll){ .what = BUS_NOTHING };
	task_point("polling");
	if (fault_here(w, FAULT_CONSUMER_FATAL, &arg)) {
		ret->what = BUS_FATAL;
		err_set(&ret->err, ERR_FATAL, "consumer_fatal", "this consumer is finished");
		return true;
	}
	for (int tries = 0; tries < 2; tries++) {
		if (next_event(c, ret))
			return true;
		/* A batch is what is there now: sometimes the rest is not there yet. */
		if (!c->said_away && (timeout_ms > 0 || sim_below(&w->schedule, 6) != 0) && next_record(c, ret))
			return true;
		if (timeout_ms == 0 || tries == 1)
			break;
		t->waits = c;
		task_sleep((int64_t)timeout_ms * 1000);
		t->waits = NULL;
	}
	return false;
}

bool bus_assign(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err)
{
	struct world *w = c->world;

	for (size_t i = 0; i < n; i++)
		if (p[i].offset == BUS_BEGINNING && !broker_answers(w, "asking where logs begin", err))
			return false;
	task_point("assigning");
	c->n_reading = 0;
	for (size_t i = 0; i < n; i++) {
		struct place *x = &c->reading[c->n_reading++];
		*x = (struct place){ log_topic(w, p[i].topic), 0, p[i].partition, p[i].offset == BUS_BEGINNING ? 0 : p[i].offset,
				     false };
		while (c->topic[x->topic_at] != x->topic)
			x->topic_at++;
	}
	return true;
}

bool bus_unassign(struct bus_consumer *c, struct err *err)
{
	(void)err;
	task_point("letting lanes go");
	c->n_reading = 0;
	c->held = HELD_NOTHING;
	if (c->zombie) {
		c->zombie = false;
		join(c->world, c);
	} else {
		give(c->group);
	}
	c->world->log_version++;
	return true;
}

void bus_commit_courtesy(struct bus_consumer *c, const struct bus_position *p, size_t n)
{
	(void)c, (void)p, (void)n;
}

bool bus_high(struct bus_consumer *c, const char *topic, int32_t partition, int64_t *ret_high)
{
	*ret_high = (int64_t)log_topic(c->world, topic)->part[partition].n;
	return true;
}
