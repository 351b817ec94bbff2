/* rebuild: opening, the loop of reading and doing, saving. */
#include "run/rebuild_priv.h"
#include "run/settings.h"

#include <unistd.h>

/* ---- shared by the batches ------------------------------------------------------------------------------------------------ */

bool rb_begin(struct rebuild *r, struct err *err)
{
	struct loop *loop = &r->loop;
	int32_t *lanes = ARENA_ARRAY(loop->arena, loop->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(loop->arena, loop->n_lanes, int64_t);
	size_t n = 0;

	for (size_t i = 0; i < loop->n_lanes; i++)
		if (loop->lane[i].in_batch) {
			lanes[n] = loop->lane[i].lane;
			epochs[n++] = loop->lane[i].epoch;
		}
	return store_begin(loop->store, lanes, epochs, n, err);
}

/* A lane that is within a long input stands before it in its table, as in the service's; here it counts as noted. */
static void put_lane(struct loop *loop, struct book *book, struct lane *l)
{
	int s = l->cursor_source;

	if (s < 0) {
		lane_put_changes(loop, book, l);
		return;
	}
	const struct bus_record *last = l->last_record[s];
	l->next_offset[s] = l->cursor_offset;
	l->position_changed[s] = true;
	l->last_record[s] = NULL; /* that is the one it is within; the one before it is not known any more */
	l->record_known[s] = false;
	lane_put_changes(loop, book, l);
	l->next_offset[s] = l->cursor_offset + 1;
	l->last_record[s] = last;
}

bool rb_save(struct rebuild *r, struct book *book, struct err *err)
{
	struct loop *loop = &r->loop;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		if (!l->in_batch)
			continue;
		put_lane(loop, book, l);
		l->in_batch = false;
	}
	bool ok = store_save_commit(loop->store, loop->tables, loop->n_tables, book, err);
	rb_free_done(r);
	arena_reset(loop->arena);
	if (ok && r->conf.progress != NULL)
		r->conf.progress(r->conf.ctx, MIN(r->taken, r->total), r->total);
	return ok;
}

void rb_known(struct seq_entry *e, int64_t offset, int64_t seq)
{
	e->known_offset = offset + 1;
	e->changed = true;
	if (seq < e->published_seq)
		return; /* sent again after a crash */
	e->last_offset = offset;
	e->published_seq = seq;
}

void rb_free_done(struct rebuild *r)
{
	while (r->done != NULL) {
		struct rb_record *next = r->done->next;
		rb_record_free(r->done);
		r->done = next;
	}
}

void rb_take(struct rebuild *r, struct rb_queue *q)
{
	struct rb_record *rec = rb_pop(q);

	rec->next = r->done;
	r->done = rec;
	r->taken++;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static struct rb_queue *add_queue(struct rebuild *r, const char *topic, int32_t partition, int64_t next)
{
	struct rb_queue *q = &r->queue[r->n_queues++];

	*q = (struct rb_queue){ .topic = topic, .partition = partition, .next = MAX(next, (int64_t)0) };
	return q;
}

/* Where reading our own stream goes on. */
static int64_t known_offset(struct lane *lane, int16_t topic, int32_t partition)
{
	const struct seq_entry *e = seq_find(&lane->out, topic, partition, 0, false);

	return e != NULL ? e->known_offset : -1;
}

static void open_lanes(struct rebuild *r)
{
	struct loop *loop = &r->loop;
	const struct run_service *service = loop->service;

	r->n_lanes = loop->n_lanes;
	r->lane = calloc(r->n_lanes, sizeof(*r->lane));
	r->queue = calloc(r->n_lanes * (service->n_sources + 1), sizeof(*r->queue));
	CHECK(r->lane != NULL && r->queue != NULL);
	for (size_t i = 0; i < r->n_lanes; i++) {
		struct rb_lane *l = &r->lane[i];
		l->lane = &loop->lane[i];
		if (l->lane->cursor_source >= 0)
			l->lane->next_offset[l->lane->cursor_source] = l->lane->cursor_offset + 1;
		if (service->outcome_topic != NULL)
			l->own = add_queue(r, service->outcome_topic, l->lane->lane,
					   known_offset(l->lane, OUTPUT_ALIGNED, l->lane->lane));
		/* The last one noted again: the next outcome may be of it. */
		for (size_t s = 0; s < service->n_sources; s++)
			l->in[s] = add_queue(r, service->sources[s].topic, l->lane->lane, l->lane->next_offset[s] - 1);
	}
}

static void open_gate(struct rebuild *r, const int32_t *partitions)
{
	struct loop *loop = &r->loop;
	const struct run_service *service = loop->service;
	size_t n = (size_t)loop->lanes;

	for (size_t s = 0; s < service->n_sources; s++)
		n += (size_t)partitions[s];
	r->queue = calloc(n, sizeof(*r->queue));
	CHECK(r->queue != NULL);
	for (int32_t to = 0; to < loop->lanes; to++) {
		int64_t next = -1;
		for (size_t i = 0; i < loop->n_lanes; i++)
			next = MAX(next, known_offset(&loop->lane[i], OUTPUT_FANOUT, to));
		add_queue(r, service->fanout_topic, to, next);
	}
	for (size_t s = 0; s < service->n_sources; s++)
		for (int32_t p = 0; p < partitions[s]; p++)
			add_queue(r, loop->dead_topic[s], p,
				  known_offset(lane_find(loop, (int32_t)s * GATE_LANES_PER_SOURCE + p),
					       (int16_t)(OUTPUT_DEAD + (int)s), p))
				->keep_headers = true;
}

static void add_lane(struct loop *loop, int32_t number)
{
	CHECK(loop->n_lanes < LANES_OWNED_MAX);
	struct lane *l = &loop->lane[loop->n_lanes++];

	*l = (struct lane){ .lane = number, .cursor_source = -1 };
	for (size_t s = 0; s < loop->service->n_sources; s++)
		l->partition[s] = loop->service->gate != NULL ? number % GATE_LANES_PER_SOURCE : number;
}

/* The gate's lanes are the partitions of external topics; ret: those of their dead letters. */
static bool find_lanes(struct rebuild *r, struct err *err, int32_t *ret_dead)
{
	struct loop *loop = &r->loop;

	if (loop->service->gate == NULL) {
		for (int32_t i = 0; i < loop->lanes; i++)
			add_lane(loop, i);
		return true;
	}
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		int32_t n;
		if (!bus_topic_info(r->admin, loop->service->sources[s].topic, err, &n) ||
		    !bus_topic_info(r->admin, loop->dead_topic[s], err, &ret_dead[s]))
			return false;
		for (int32_t p = 0; p < MAX(n, ret_dead[s]); p++)
			add_lane(loop, (int32_t)s * GATE_LANES_PER_SOURCE + p);
	}
	return true;
}

bool rebuild_open(const struct run_service *service, const struct rebuild_conf *conf, struct store *store, struct err *err,
		  struct rebuild **ret_rebuild)
{
	struct rebuild *r = calloc(1, sizeof(*r));
	struct run_settings settings = { .brokers = conf->brokers,
					 .database = "",
					 .redis = "",
					 .instance = "rebuild",
					 .lanes = conf->lanes,
					 .batch_max = conf->batch_max == 0 ? BATCH_EVENTS_MAX : conf->batch_max };
	int32_t dead[SOURCES_MAX] = { 0 };

	CHECK(r != NULL && conf->lanes > 0 && conf->lanes <= LANES_OWNED_MAX);
	r->conf = *conf;
	r->conf.window = conf->window == 0 ? REBUILD_WINDOW : conf->window;
	r->loop.service = service;
	bool ok = run_open(&r->loop, &settings, err);
	CHECK(ok); /* only Redis can fail, and there is none */
	r->loop.store = store;
	snprintf(r->loop.owner, sizeof(r->loop.owner), "openitem rebuild, pid %d", (int)getpid());
	ok = bus_admin_open(&r->loop.bus_conf, err, &r->admin) && find_lanes(r, err, dead) && lanes_take(&r->loop, err);
	if (!ok) {
		rebuild_close(r);
		return false;
	}
	arena_reset(r->loop.arena);
	if (service->gate != NULL)
		open_gate(r, dead);
	else
		open_lanes(r);
	*ret_rebuild = r;
	return true;
}

void rebuild_close(struct rebuild *r)
{
	if (r == NULL)
		return;
	rb_free_done(r);
	for (size_t i = 0; i < r->n_queues; i++)
		while (r->queue[i].head != NULL)
			rb_record_free(rb_pop(&r->queue[i]));
	for (size_t i = 0; i < r->n_lanes; i++)
		for (size_t s = 0; s < SOURCES_MAX; s++)
			rb_record_free(r->lane[i].last[s]);
	bus_admin_close(r->admin);
	r->loop.store = NULL;
	run_close(&r->loop);
	free(r->lane);
	free(r->queue);
	free(r);
}

/* ---- going on ----------------------------------------------------------------------------------------------------------- */

static bool go_on(struct rebuild *r, struct err *err)
{
	bool did = true, read = true, ok = true;

	while (ok && (did || read)) {
		ok = rb_read(r, err, &read);
		did = false;
		for (bool any = true; ok && any; did |= any) {
			any = false;
			ok = r->loop.service->gate != NULL ? rb_gate_batch(r, err, &any) : rb_lane_batch(r, err, &any);
			arena_reset(r->loop.arena);
		}
	}
	if (!ok)
		store_abort(r->loop.store);
	return ok;
}

bool rebuild_to(struct rebuild *r, const struct rebuild_target *targets, size_t n, struct err *err,
		struct rebuild_result *ret_result)
{
	r->result = (struct rebuild_result){ 0 };
	for (size_t i = 0; i < r->n_lanes; i++) {
		r->lane[i].target = NULL;
		for (size_t t = 0; t < n; t++)
			if (targets[t].lane == r->lane[i].lane->lane)
				r->lane[i].target = &targets[t];
	}
	r->total = r->taken = 0;
	if (!rb_ask_ends(r, err) || !go_on(r, err))
		return false;
	if (r->loop.service->gate != NULL && !rb_gate_chains(r, targets, n, err)) {
		store_abort(r->loop.store);
		return false;
	}
	if (r->loop.service->outcome_topic != NULL && r->loop.service->fanout_topic != NULL && !rb_see_copies(r, err)) {
		store_abort(r->loop.store);
		return false;
	}
	for (size_t i = 0; i < r->n_lanes; i++)
		if (r->lane[i].torn && r->result.torn++ == 0)
			r->result.torn_lane = r->lane[i].lane->lane;
	*ret_result = r->result;
	return true;
}

bool rebuild_finish(struct rebuild *r, struct err *err, int64_t *ret_made)
{
	r->finishing = true;
	r->made = 0;
	bool ok = r->loop.service->gate != NULL ? rb_gate_finish(r, err) : go_on(r, err);
	r->finishing = false;
	if (!ok)
		store_abort(r->loop.store);
	else
		*ret_made = r->made;
	return ok;
}

bool run_rebuild(const struct run_service *service, const struct rebuild_conf *conf, struct store *store, struct err *err)
{
	struct rebuild_result result;
	struct rebuild *r;
	int64_t made;

	if (!rebuild_open(service, conf, store, err, &r))
		return false;
	bool ok = rebuild_to(r, NULL, 0, err, &result);
	if (ok && (result.torn > 0 || result.holes > 0))
		ok = rebuild_finish(r, err, &made) && rebuild_to(r, NULL, 0, err, &result);
	rebuild_close(r);
	return ok;
}
