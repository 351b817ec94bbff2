/* turn: one turn of the loop: poll, assignment, reactions, a batch or the marks. */
#include "base/fault.h"
#include "log/log.h"
#include "run/loop.h"

#define POLL_IDLE_MS   100
#define BACKOFF_MAX_MS 1000 /* with jitter 1.5 s: back within 2 s of the return of what was away */
#define LINGER_MS      5 /* while a batch is queued; the rest goes at once when it is drained */
#define HELD_UP_MS     3000

static bool open_consumer(struct loop *loop, struct err *err)
{
	const char *topics[SOURCES_MAX];

	for (size_t i = 0; i < loop->service->n_sources; i++)
		topics[i] = loop->service->sources[i].topic;
	bool ok = bus_consumer_open(&loop->bus_conf, topics, loop->service->n_sources, err, &loop->consumer);
	FAILPOINT("start.subscribed");
	return ok;
}

/* ---- reactions -------------------------------------------------------------------------------------------------------- */

static void drop_all_pending(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_pending; i++)
		bus_record_release(&loop->pending[i]);
	loop->n_pending = 0;
	loop->pending_bytes = 0;
}

static void back_off(struct loop *loop)
{
	int64_t jitter = run_now_us() % (loop->backoff_ms / 2 + 1);

	run_sleep_ms(loop->backoff_ms + jitter);
	loop->backoff_ms = MIN(loop->backoff_ms * 2, (int64_t)BACKOFF_MAX_MS);
}

static bool read_birth(struct loop *loop, struct store *store, struct err *err)
{
	struct store_result *r;

	if (!store_query(store, "SELECT id::text AS id FROM birth", 0, NULL, err, &r))
		return false;
	if (store_result_rows(r) == 1)
		snprintf(loop->birth, sizeof(loop->birth), TEXT_FMT " ", TEXT_ARG(store_result_text(r, 0, "id")));
	store_result_free(r);
	return true;
}

/* A connection that has what it needs. Says once that PostgreSQL is away, and once that it is back. */
static bool ensure_store(struct loop *loop, struct err *err)
{
	if (loop->store != NULL && !store_is_broken(loop->store))
		return true;
	store_close(loop->store);
	loop->store = NULL;
	struct store *store = NULL;
	bool ok = store_open(loop->conninfo, err, &store);
	FAILPOINT("start.connected");
	ok = ok && store_check_migrated(store, loop->service->migrations, loop->service->n_migrations, err) &&
	     store_prepare(store, loop->tables, loop->n_tables, err) && read_birth(loop, store, err);
	if (!ok) {
		store_close(store);
		metrics_check_set(loop->ready_postgres, "not reachable");
		if (!loop->said_postgres)
			log_line(LOG_WARN, "waiting for postgresql", LOG_ERR(err));
		loop->said_postgres = true;
		return false;
	}
	FAILPOINT("start.prepared");
	loop->store = store;
	metrics_check_set(loop->ready_postgres, NULL);
	if (loop->said_postgres)
		log_line(LOG_INFO, "postgresql is back");
	loop->said_postgres = false;
	return true;
}

static bool ensure_producer(struct loop *loop, struct err *err)
{
	if (loop->producer != NULL || loop->service->core->outcome_msg == NULL)
		return true;
	return bus_producer_open(&loop->bus_conf, LINGER_MS, err, &loop->producer);
}

/*
 * Start reading our lanes at the positions the database holds. A lane in the middle of a long input reads nothing but that until it is
 * done: what else it polled first could fill all the room there is for what is pending, and the input would never come.
 */
static bool assign_positions(struct loop *loop, struct err *err)
{
	struct bus_position *p = ARENA_ARRAY(loop->arena, loop->n_lanes * SOURCES_MAX, struct bus_position);
	size_t n = 0;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		l->narrow = l->cursor_source >= 0;
		for (size_t s = 0; s < loop->service->n_sources && !l->stopped; s++)
			if (l->assigned[s] && (!l->narrow || (int)s == l->cursor_source))
				p[n++] = (struct bus_position){ loop->service->sources[s].topic, l->partition[s],
								l->next_offset[s] < 0 ? BUS_BEGINNING : l->next_offset[s] };
	}
	bool ok = bus_assign(loop->consumer, p, n, err);
	arena_reset(loop->arena);
	return ok;
}

/* The long input of a lane that read nothing else is done: the rest is read again, too. */
static bool widen(struct loop *loop, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < loop->n_lanes; i++)
		any = any || (loop->lane[i].narrow && loop->lane[i].cursor_source < 0);
	if (!any)
		return true;
	drop_all_pending(loop);
	if (assign_positions(loop, err))
		return true;
	loop->activate_wanted = true;
	return false;
}

/* On assignment, when fenced while still assigned, and when Kafka was away, in this order (DESIGN section 3): bump the epoch, read marks and
 * positions, compare the logs with them (before anything new is published: behind a lost end it would be a gap), publish what is left over,
 * seek. */
static bool activate(struct loop *loop, struct err *err)
{
	drop_all_pending(loop);
	FAILPOINT("assign.given");
	/* Another database may stand here since (openitem rebuild): then hints of the one before do not count. */
	if (!lanes_take(loop, err) || !read_birth(loop, loop->store, err) || !ensure_producer(loop, err))
		return false;
	FAILPOINT("assign.taken");
	if (!log_check(loop, err))
		return false;
	FAILPOINT("assign.checked");
	if (!publish_unpublished(loop, err))
		return false;
	FAILPOINT("assign.published");
	if (!assign_positions(loop, err))
		return false;
	FAILPOINT("assign.positioned");
	metric_set(loop->m.lanes, (double)loop->n_lanes);
	metrics_check_set(loop->ready_assignment, loop->n_lanes > 0 ? NULL : "no lane yet");
	log_line(LOG_INFO, "lanes taken", LOG_U("lanes", loop->n_lanes));
	return true;
}

static void forget_lanes(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_lanes; i++)
		lane_free(&loop->lane[i]);
	loop->n_lanes = 0;
}

static void assigned(struct loop *loop, const struct bus_poll *poll)
{
	forget_lanes(loop);
	for (size_t i = 0; i < poll->n; i++) {
		const struct bus_position *p = &poll->positions[i];
		size_t s = 0;
		while (s < loop->service->n_sources && strcmp(loop->service->sources[s].topic, p->topic) != 0)
			s++;
		CHECK(s < loop->service->n_sources);
		int32_t number = lane_of_partition(loop, (int)s, p->partition);
		struct lane *l = lane_find(loop, number);
		if (l == NULL) {
			CHECK(loop->n_lanes < LANES_OWNED_MAX);
			l = &loop->lane[loop->n_lanes++];
			*l = (struct lane){ .lane = number, .cursor_source = -1 };
		}
		l->assigned[s] = true;
		l->partition[s] = p->partition;
	}
}

static void kafka_is_back(struct loop *loop)
{
	if (loop->kafka_away)
		log_line(LOG_INFO, "kafka is back");
	loop->kafka_away = false;
	metrics_check_set(loop->ready_kafka, NULL);
}

static void partition_error(struct loop *loop, struct bus_poll *poll)
{
	const char *service = loop->service->core->name;
	bool ours = loop->service->gate == NULL; /* written by a service of ours, which may not know yet that it is gone */
	struct lane *lane = NULL;

	for (size_t s = 0; s < loop->service->n_sources && poll->partition >= 0; s++)
		if (strcmp(loop->service->sources[s].topic, poll->topic) == 0)
			lane = lane_find(loop, lane_of_partition(loop, (int)s, poll->partition));
	if (poll->err.class != ERR_STOP || lane == NULL) {
		log_line(LOG_WARN, "kafka", LOG_S("topic", poll->topic), LOG_I("partition", poll->partition), LOG_ERR(&poll->err));
		return;
	}
	if (strcmp(poll->err.code, "position_outside_log") == 0)
		err_set(&poll->err, ERR_STOP, "position_outside_log",
			"%s[%d]: the log does not hold our position any more: %s%s%srun `openitem reposition %s '%s[%d]'`",
			poll->topic, poll->partition, ours ? "when `openitem refill " : "", ours ? poll->topic : "",
			ours ? "` has published again what is missing, " : "", service, poll->topic, poll->partition);
	lane_stop(loop, lane, &poll->err);
}

/* One thing that happened. True: lanes must be activated. */
static bool happened(struct loop *loop, struct bus_poll *poll, struct err *err)
{
	switch (poll->what) {
	case BUS_NOTHING:
		return false;
	case BUS_RECORD:
		loop->pending[loop->n_pending++] = poll->record;
		loop->pending_bytes += poll->record.key.n + poll->record.value.n;
		return false;
	case BUS_ASSIGNED:
		kafka_is_back(loop); /* a consumer that was opened anew does not know that the one before had no broker */
		assigned(loop, poll);
		return true;
	case BUS_REVOKED:
		log_line(LOG_INFO, "lanes given up", LOG_U("lanes", loop->n_lanes), LOG_B("lost", poll->lost));
		drop_all_pending(loop);
		forget_lanes(loop);
		metrics_check_set(loop->ready_assignment, "no lane yet");
		if (!bus_unassign(loop->consumer, err))
			log_line(LOG_WARN, "unassign", LOG_ERR(err));
		FAILPOINT("assign.revoked");
		return false;
	case BUS_PARTITION_ERROR:
		partition_error(loop, poll);
		return false;
	case BUS_BROKERS_DOWN:
		if (!loop->kafka_away)
			log_line(LOG_WARN, "waiting for kafka", LOG_ERR(&poll->err));
		metrics_check_set(loop->ready_kafka, "not reachable");
		loop->kafka_away = true;
		return false;
	case BUS_BROKERS_UP:
		kafka_is_back(loop);
		return loop->n_lanes > 0; /* it may have lost the ends of its logs */
	case BUS_FATAL:
		log_line(LOG_ERROR, "consumer is finished", LOG_ERR(&poll->err));
		bus_consumer_close(loop->consumer);
		loop->consumer = NULL;
		drop_all_pending(loop);
		forget_lanes(loop);
		return false;
	}
	return false;
}

static bool fenced_lanes(struct loop *loop, struct err *err)
{
	metric_add(loop->m.fenced, 1);
	log_line(LOG_WARN, "fenced: a lane has another owner", LOG_ERR(err));
	return true;
}

/* A lane that is known has been stopped already. Otherwise what is pending goes one record at a time, until the one is found. */
static void find_culprit(struct loop *loop, const struct err *err)
{
	if (loop->n_pending == 0)
		return;
	if (loop->one_by_one == 0) {
		loop->one_by_one = loop->n_pending;
		return;
	}
	struct bus_record *r = &loop->pending[0];
	struct lane *l = lane_find(loop, lane_of_partition(loop, (int)r->topic_at, r->partition));
	if (l != NULL)
		lane_stop(loop, l, err);
}

/* What to do about a failure of a batch. True: lanes must be activated again. */
static bool react(struct loop *loop, struct err *err)
{
	struct err again;

	switch (err->class) {
	case ERR_FENCED:
		return fenced_lanes(loop, err);
	case ERR_STOP:
		log_line(LOG_ERROR, "batch refused", LOG_ERR(err));
		find_culprit(loop, err);
		break;
	case ERR_FATAL:
		NOT_REACHED("a failure to react to");
		break;
	case ERR_RETRY:
	case ERR_REJECT:
	case ERR_NONE:
		log_line(LOG_WARN, "batch is tried again", LOG_ERR(err));
		back_off(loop);
		break;
	}
	if (strcmp(err->code, "producer_fatal") == 0) {
		bus_producer_close(loop->producer);
		loop->producer = NULL;
		return true;
	}
	if (store_is_broken(loop->store) || loop->republish)
		return true;
	arena_reset(loop->arena);
	return !lanes_reload(loop, &again);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------------- */

static int64_t behind(int64_t next_offset, int64_t high)
{
	int64_t lag = high - (next_offset < 0 ? 0 : next_offset);

	return lag > 0 ? lag : 0;
}

static void show(struct loop *loop)
{
	size_t stopped = 0;
	int64_t waiting = 0;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		stopped += loop->lane[i].stopped;
		waiting += loop->lane[i].seq - loop->lane[i].published_seq;
	}
	metric_set(loop->m.lanes_stopped, (double)stopped);
	metric_set(loop->m.outbox_pending, (double)waiting);
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		int64_t lag = 0, high;
		for (size_t i = 0; i < loop->n_lanes; i++) {
			const struct lane *l = &loop->lane[i];
			if (l->assigned[s] && bus_high(loop->consumer, loop->service->sources[s].topic, l->partition[s], &high))
				lag += behind(l->next_offset[s], high);
		}
		metric_set(loop->m.lag[s], (double)lag);
	}
}

static void show_gauge(struct loop *loop)
{
	const struct run_gauge *g = loop->service->gauge;
	char labels[METRICS_LABELS_MAX + 1];
	struct store_result *r;
	struct err err;

	if (g == NULL || loop->store == NULL || store_is_broken(loop->store) ||
	    !store_query(loop->store, g->sql, 0, NULL, &err, &r))
		return;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		const char *entity = text_cstr(loop->arena, store_result_text(r, i, "entity"));
		const char *currency = text_cstr(loop->arena, store_result_text(r, i, "currency"));
		metrics_labels(labels, "entity", entity, "currency", currency, NULL);
		metric_set(metrics_gauge(g->name, g->help, labels), (double)store_result_i64(r, i, "value"));
	}
	store_result_free(r);
}

/* Marks of the offsets for lag tools; nothing of ours depends on them. */
static void courtesy(struct loop *loop)
{
	struct bus_position *p = ARENA_ARRAY(loop->arena, loop->n_lanes * SOURCES_MAX, struct bus_position);
	size_t n = 0;

	for (size_t i = 0; i < loop->n_lanes; i++)
		for (size_t s = 0; s < loop->service->n_sources; s++)
			if (loop->lane[i].assigned[s] && loop->lane[i].next_offset[s] >= 0)
				p[n++] = (struct bus_position){ loop->service->sources[s].topic, loop->lane[i].partition[s],
								loop->lane[i].next_offset[s] };
	if (n > 0)
		bus_commit_courtesy(loop->consumer, p, n);
	arena_reset(loop->arena);
}

static bool marks_waiting(const struct loop *loop)
{
	for (size_t i = 0; i < loop->n_lanes; i++)
		if (lane_marks_wait(&loop->lane[i]))
			return true;
	return false;
}

static bool poll_some(struct loop *loop, bool *ret_activate)
{
	struct err err;
	struct bus_poll poll;
	int timeout = loop->n_pending > 0 ? 0 : marks_waiting(loop) ? IDLE_MARK_MS : POLL_IDLE_MS;
	bool any = false;

	while (loop->consumer != NULL && loop->n_pending < (size_t)loop->batch_max && loop->pending_bytes < PENDING_BYTES_MAX &&
	       bus_poll(loop->consumer, timeout, &poll)) {
		any = true;
		timeout = 0;
		*ret_activate |= happened(loop, &poll, &err);
		if (poll.what != BUS_RECORD)
			break;
	}
	return any;
}

bool run_turn(struct loop *loop)
{
	struct err err = { 0 };
	size_t done = 0;
	bool any = poll_some(loop, &loop->activate_wanted);

	if (loop->consumer == NULL && !open_consumer(loop, &err)) {
		log_line(LOG_WARN, "cannot open a consumer", LOG_ERR(&err));
		back_off(loop);
		return err.class != ERR_FATAL;
	}
	if (loop->store != NULL && !any)
		store_look(loop->store);
	if (loop->store != NULL && store_is_broken(loop->store))
		loop->activate_wanted |= loop->n_lanes > 0;
	if (!ensure_store(loop, &err)) {
		loop->activate_wanted = loop->n_lanes > 0;
		if (err.class == ERR_FATAL) {
			log_line(LOG_ERROR, "cannot go on", LOG_ERR(&err));
			return false;
		}
		back_off(loop);
		return true;
	}
	bool ok = true;
	if (loop->activate_wanted) {
		ok = activate(loop, &err);
		loop->activate_wanted = !ok;
	} else if (loop->n_pending > 0) {
		ok = batch_run(loop, &err, &done) && widen(loop, &err);
	} else if (!any) {
		ok = batch_save_marks(loop, &err);
	}
	if (ok)
		loop->backoff_ms = BACKOFF_MIN_MS;
	else if (!run_stop && err.class != ERR_FATAL)
		loop->activate_wanted |= react(loop, &err);
	if (!ok && err.class == ERR_FATAL) {
		log_line(LOG_ERROR, "cannot go on", LOG_ERR(&err));
		return false;
	}
	arena_reset(loop->arena);
	int64_t now_ms = run_now_ms(), gap_ms = now_ms - loop->last_show_ms;
	if (gap_ms > 1000 && loop->consumer != NULL) {
		loop->last_show_ms = now_ms;
		/* Who was held up may have lost its lanes to another instance without having been told yet: it does not take them back. */
		if (gap_ms > HELD_UP_MS)
			loop->look_from_ms = now_ms + HELD_UP_MS;
		show(loop);
		show_gauge(loop);
		/* Nor does it say where it stands: to the group it may be somebody it no longer knows, which ends the consumer. */
		if (now_ms >= loop->look_from_ms && !loop->kafka_away)
			courtesy(loop);
		publish_move_known(loop);
		loop->activate_wanted |= now_ms >= loop->look_from_ms && lanes_taken_away(loop);
		arena_reset(loop->arena);
	}
	return true;
}

void run_close(struct loop *loop)
{
	struct err err;

	drop_all_pending(loop);
	if (loop->store != NULL && !store_is_broken(loop->store) && !batch_save_marks(loop, &err))
		log_line(LOG_INFO, "marks not saved, the next owner finds them", LOG_ERR(&err));
	FAILPOINT("stop.marks_saved");
	bus_consumer_close(loop->consumer);
	FAILPOINT("stop.consumer_closed");
	bus_producer_close(loop->producer);
	store_close(loop->store);
	seen_close(loop->seen);
	forget_lanes(loop);
	free(loop->lane);
	free(loop->pending);
	free(loop->tables);
	arena_free(loop->arena);
}
