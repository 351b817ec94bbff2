/* rebuild: the plan of a batch of lanes: which inputs are noted, which outcomes are applied, in which order. */
#include "run/rebuild_priv.h"
#include "wire/wire.h"

enum planned {
	PLANNED,
	STALLED, /* more must be read, or there is no more */
	FULL, /* enough for one batch */
	FAILED,
};

static bool is_full(const struct rb_plan *p)
{
	return p->n == p->cap || arena_used(p->arena) > BATCH_BYTES_SOFT / 2;
}

/* ---- inputs ------------------------------------------------------------------------------------------------------------- */

static bool make_input(struct rb_plan *p, struct rb_lane *l, int s, struct rb_record *rec, struct rb_action *a, struct err *err)
{
	struct loop *loop = &p->r->loop;
	const struct run_source *source = &loop->service->sources[s];
	void *event;

	if (!wire_decode_strict(loop->source_msg[s], (const uint8_t *)rec->r.value.s, rec->r.value.n, p->arena, err, &event))
		return err_wrap(err, "%s[%d]@%lld", source->topic, rec->r.partition, (long long)rec->r.offset);
	memcpy(&a->p, (const char *)event + loop->provenance_at[s], sizeof(a->p));
	if (a->p == NULL)
		return err_set(err, ERR_STOP, "no_provenance", "%s[%d]@%lld: a record without provenance on an inner topic",
			       source->topic, rec->r.partition, (long long)rec->r.offset);
	a->l = l;
	a->rec = rec;
	a->concerns = source->concerns == NULL || source->concerns(event);
	a->input = (struct input){ .source = s,
				   .lane = l->lane->lane,
				   .lanes = loop->lanes,
				   .cause = { .topic = text_of(source->topic),
					      .partition = rec->r.partition,
					      .offset = rec->r.offset,
					      .event_id = rec->id,
					      .source = rec->source,
					      .correlation_id = rec->correlation_id },
				   .key = rec->r.key,
				   .type = rec->type,
				   .event = event,
				   .value = rec->r.value };
	return true;
}

/* Notes of one source up to (not including) an offset. */
static enum planned plan_notes(struct rb_plan *p, struct rb_lane *l, int s, int64_t until, struct err *err)
{
	struct rb_queue *q = l->in[s];

	while (l->plan_next[s] < until) {
		struct rb_record *rec = l->plan_in[s];
		if (is_full(p))
			return FULL;
		if (rec == NULL && !rb_at_end(q)) {
			q->wanted = true;
			return STALLED;
		}
		if (rec == NULL || rec->r.offset >= until || (l->plan_next[s] < q->start && q->start > 0)) {
			err_set(err, ERR_STOP, "rebuild_input_lost",
				"%s[%d]: lane %d had read up to offset %lld; the log goes from %lld to %lld", q->topic,
				q->partition, l->lane->lane, (long long)until, (long long)q->start, (long long)q->end);
			return FAILED;
		}
		struct rb_action *a = &p->action[p->n];
		*a = (struct rb_action){ .kind = RB_NOTE };
		if (!make_input(p, l, s, rec, a, err))
			return FAILED;
		p->n++;
		l->plan_in[s] = rec->next;
		l->plan_last[s] = rec;
		l->plan_next[s] = rec->r.offset + 1;
	}
	return PLANNED;
}

/* ---- outcomes ----------------------------------------------------------------------------------------------------------- */

/* The outcomes of the next transaction, all of them. Records sent again after a crash are passed over. */
static enum planned gather(struct rb_plan *p, struct rb_lane *l, struct rb_action *a, struct rb_link *ret_link,
			   struct rb_record **ret_rest, struct err *err)
{
	const struct core *core = p->r->loop.service->core;
	struct rb_link link = l->link;
	size_t cap = 0;

	*a = (struct rb_action){ .kind = RB_APPLY, .l = l };
	for (struct rb_record *rec = l->plan_own; rec != NULL; rec = rec->next) {
		struct rb_own o = { .rec = rec };
		if (!rb_decode_outcome(core, rec->r.value, p->arena, err, &o.event, &o.p)) {
			err_wrap(err, "%s[%d]@%lld", l->own->topic, l->own->partition, (long long)rec->r.offset);
			return FAILED;
		}
		a->n_pop++;
		if (o.p->seq <= link.seq)
			continue;
		if (!rb_link_next(&link, o.p, rec->r.value, err)) {
			err_wrap(err, "%s[%d]@%lld", l->own->topic, l->own->partition, (long long)rec->r.offset);
			return FAILED;
		}
		if (a->n_own == 0) {
			cap = (size_t)o.p->follow + 1;
			a->own = ARENA_ARRAY(p->arena, cap, struct rb_own);
		}
		a->own[a->n_own++] = o;
		if (a->n_own == cap) {
			*ret_link = link;
			*ret_rest = rec->next;
			return PLANNED;
		}
	}
	l->own->wanted = !rb_at_end(l->own);
	l->own_done = rb_at_end(l->own) && a->n_own == 0;
	l->torn = rb_at_end(l->own) && a->n_own > 0;
	return STALLED;
}

static int source_of(const struct loop *loop, struct text topic)
{
	for (size_t s = 0; s < loop->service->n_sources; s++)
		if (text_eq(topic, text_of(loop->service->sources[s].topic)))
			return (int)s;
	return -1;
}

/*
 * Which input the transaction worked on: the one an outcome names as its cause and that was noted last in its topic; where all of
 * them answer inputs that it released, the last one of the topic that has moved.
 */
static int current_source(struct rb_plan *p, const struct rb_lane *l, const struct rb_action *a)
{
	const struct loop *loop = &p->r->loop;
	const struct type_provenance *first = a->own[0].p;

	for (size_t i = 0; i < a->n_own; i++) {
		const struct type_cause *c = a->own[i].p->cause;
		int s = source_of(loop, c->topic);
		if (s >= 0 && c->partition == l->lane->lane &&
		    c->offset + 1 == rb_position(first, loop->service->sources[s].topic, l->lane->lane))
			return s;
	}
	for (size_t s = 0; s < loop->service->n_sources; s++)
		if (rb_position(first, loop->service->sources[s].topic, l->lane->lane) > l->said[s])
			return (int)s;
	return l->lane->cursor_source >= 0 ? l->lane->cursor_source : 0;
}

static void set_cursor_of_input(const struct rb_lane *l, struct rb_action *a)
{
	if (l->plan_cursor_source == a->input.source && l->plan_cursor_offset == a->input.cause.offset)
		a->input.cursor = l->plan_cursor;
}

/*
 * Only the first outcomes of a transaction were published: it is decided again, behind what was noted before it. A long input that
 * goes on was noted by its first transaction.
 */
static enum planned plan_decide(struct rb_plan *p, struct rb_lane *l, struct rb_action *a, struct err *err)
{
	const struct loop *loop = &p->r->loop;
	const struct type_provenance *first = a->own[0].p;
	struct rb_action as_input = { 0 };
	int s = current_source(p, l, a);
	int64_t at = rb_position(first, loop->service->sources[s].topic, l->lane->lane) - 1;

	for (size_t i = 0; i < loop->service->n_sources; i++) {
		int64_t until = rb_position(first, loop->service->sources[i].topic, l->lane->lane);
		enum planned done = plan_notes(p, l, (int)i, (int)i == s ? at : until, err);
		if (done != PLANNED)
			return done;
	}
	if (is_full(p))
		return FULL;
	a->kind = RB_DECIDE;
	a->goes_on = l->plan_next[s] > at;
	struct rb_record *rec = a->goes_on ? l->plan_last[s] : l->plan_in[s];
	if (rec == NULL) {
		l->in[s]->wanted = !rb_at_end(l->in[s]);
		return STALLED;
	}
	if (!make_input(p, l, s, rec, &as_input, err))
		return FAILED;
	a->input = as_input.input;
	a->rec = rec;
	a->p = as_input.p;
	a->concerns = true;
	set_cursor_of_input(l, a);
	p->action[p->n++] = *a;
	return FULL; /* of this lane: what follows is planned behind its commit */
}

static enum planned plan_apply(struct rb_plan *p, struct rb_lane *l, struct err *err)
{
	const struct loop *loop = &p->r->loop;
	struct rb_link link;
	struct rb_record *rest;
	struct rb_action a, as_input;
	enum planned done = gather(p, l, &a, &link, &rest, err);

	if (done == STALLED && l->torn && p->r->finishing)
		return plan_decide(p, l, &a, err);
	if (done != PLANNED)
		return done;
	const struct type_provenance *first = a.own[0].p;
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		done = plan_notes(p, l, (int)s, rb_position(first, loop->service->sources[s].topic, l->lane->lane), err);
		if (done != PLANNED)
			return done;
	}
	if (is_full(p))
		return FULL;
	int s = current_source(p, l, &a);
	if (l->plan_last[s] == NULL) {
		l->in[s]->wanted = !rb_at_end(l->in[s]);
		if (l->in[s]->wanted)
			return STALLED;
		err_set(err, ERR_STOP, "rebuild_input_lost", "%s[%d]: the input of lane %d seq %lld is not in the log",
			l->in[s]->topic, l->in[s]->partition, l->lane->lane, (long long)first->seq);
		return FAILED;
	}
	if (!make_input(p, l, s, l->plan_last[s], &as_input, err))
		return FAILED;
	a.input = as_input.input;
	a.rec = as_input.rec;
	a.concerns = true;
	set_cursor_of_input(l, &a);
	l->plan_cursor = a.own[a.n_own - 1].p->cursor;
	l->plan_cursor_source = text_empty(l->plan_cursor) ? -1 : s;
	l->plan_cursor_offset = a.input.cause.offset;
	for (size_t i = 0; i < loop->service->n_sources; i++)
		l->said[i] = MAX(l->said[i], rb_position(first, loop->service->sources[i].topic, l->lane->lane));
	l->link = link;
	l->plan_own = rest;
	p->action[p->n++] = a;
	return PLANNED;
}

/* ---- the plan ----------------------------------------------------------------------------------------------------------- */

/* What was noted before it was read again: the last one is kept, outcomes may still be its. */
static void forget_noted(struct rb_lane *l, size_t s)
{
	while (l->in[s]->head != NULL && l->in[s]->head->r.offset < l->lane->next_offset[s]) {
		rb_record_free(l->last[s]);
		l->last[s] = rb_pop(l->in[s]);
	}
}

static void plan_begin(struct rb_plan *p, struct rb_lane *l)
{
	const struct loop *loop = &p->r->loop;
	struct lane *lane = l->lane;

	l->link = (struct rb_link){ loop->service->core->name, lane->lane, lane->seq, lane->hash };
	l->blocked = l->torn = l->own_done = false;
	l->plan_own = l->own != NULL ? l->own->head : NULL;
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		forget_noted(l, s);
		l->plan_in[s] = l->in[s]->head;
		l->plan_last[s] = l->last[s];
		l->plan_next[s] = MAX(lane->next_offset[s], (int64_t)0);
		l->said[s] = lane->seq == 0 ? -1 : MAX(l->said[s], lane->next_offset[s]);
	}
	l->plan_cursor_source = lane->cursor_source;
	l->plan_cursor_offset = lane->cursor_offset;
	l->plan_cursor = (struct text){ arena_dup(p->arena, lane->cursor_state, lane->cursor_n), lane->cursor_n };
}

/* Of a projection: nothing of any source is noted behind a place before everything up to it is. FULL: not yet. */
static enum planned plan_stops(struct rb_plan *p, struct rb_lane *l, struct err *err)
{
	enum planned done = PLANNED;

	for (size_t i = 0; i < l->target->n_stops && done == PLANNED; i++)
		for (size_t s = 0; s < p->r->loop.service->n_sources && done != FAILED; s++) {
			enum planned one = plan_notes(p, l, (int)s, l->target->stop[i].next_offset[s], err);
			done = one == PLANNED ? done : one == FAILED ? FAILED : FULL;
		}
	return done;
}

/* Everything there is of one lane, while there is room. */
static bool plan_lane(struct rb_plan *p, struct rb_lane *l, struct err *err)
{
	enum planned done = l->own == NULL ? STALLED : PLANNED;

	plan_begin(p, l);
	while (done == PLANNED)
		done = is_full(p) ? FULL : plan_apply(p, l, err);
	bool own_done = l->own == NULL || l->own_done;
	if (done != STALLED || !own_done || l->target == NULL || (l->own != NULL && l->link.seq < l->target->seq))
		return done != FAILED;
	done = plan_stops(p, l, err);
	for (size_t s = 0; s < p->r->loop.service->n_sources && done != FAILED && done != FULL; s++)
		done = plan_notes(p, l, (int)s, l->target->next_offset[s], err);
	return done != FAILED;
}

bool rb_plan_batch(struct rb_plan *p, struct err *err)
{
	struct rebuild *r = p->r;

	for (size_t i = 0; i < r->n_lanes && !is_full(p); i++)
		if (!plan_lane(p, &r->lane[(r->turn + i) % r->n_lanes], err))
			return false;
	r->turn++;
	return true;
}
