/* rebuild: the lanes of a service whose outcome topic is lane-aligned, and of a projection: the journey of any batch, as planned. */
#include "run/rebuild_priv.h"
#include "wire/topics.h"

/* ---- doing it ----------------------------------------------------------------------------------------------------------- */

static bool load_wanted(struct rb_plan *p, struct err *err)
{
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < p->n; i++)
			if (p->action[i].concerns)
				p->r->loop.service->core->want(p->book, &p->action[i].input);
		if (!book_has_questions(p->book))
			return true;
		if (!store_load(p->r->loop.store, p->book, err))
			return false;
	}
	return true;
}

static struct outcome outcome_of(struct rb_plan *p, const struct rb_action *a, const struct rb_own *o)
{
	const struct type_cause *c = o->p->cause;
	struct outcome outcome = {
		.key = o->rec->r.key, .event = o->event, .destination_lane = -1, .event_id = o->p->event_id, .part = o->p->part
	};

	for (size_t i = 0; i < o->p->n_rule_versions && i < ARRAY_LEN(outcome.rule_versions); i++)
		outcome.rule_versions[i] = o->p->rule_versions[i];
	if (c->offset == a->input.cause.offset && text_eq(c->topic, a->input.cause.topic))
		return outcome;
	/* It answers an input that was released: a record of ours, too, so it names its writer as its source. */
	const struct wire_topic *topic = wire_topic_find(c->topic);
	struct cause *cause = ARENA_NEW(p->arena, struct cause);
	*cause = (struct cause){ .topic = c->topic,
				 .partition = c->partition,
				 .offset = c->offset,
				 .event_id = c->event_id,
				 .source = text_printf(p->arena, "/openitem/%s", topic == NULL ? "" : topic->writer),
				 .correlation_id = o->p->correlation_id,
				 .part = o->p->part - 1 };
	outcome.cause = cause;
	return outcome;
}

static void touch(struct rb_plan *p, const struct rb_action *a)
{
	const struct core *core = p->r->loop.service->core;
	const struct type_provenance *none = NULL;

	if (a->kind == RB_NOTE && core->note != NULL)
		core->note(p->book, &a->input);
	for (size_t i = 0; i < a->n_own; i++) {
		struct outcome o = outcome_of(p, a, &a->own[i]);
		/* As it was when it was decided: the loop fills in the provenance afterwards. */
		memcpy((char *)o.event + core->provenance_offset, &none, sizeof(none));
		core->apply(p->book, &a->input, &o);
	}
}

/* False in *ret_done: only a commit can help. */
static bool step(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_done)
{
	for (int loads = 0;; loads++) {
		size_t mark = book_mark(p->book);
		book_step_begin(p->book);
		touch(p, a);
		*ret_done = !book_step_end(p->book);
		if (*ret_done)
			return true;
		book_rollback(p->book, mark);
		if (!book_has_questions(p->book) || loads == LOADS_PER_STEP_MAX)
			return true;
		if (!store_load(p->r->loop.store, p->book, err))
			return false;
	}
}

bool rb_take_number(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_new)
{
	int s = a->input.source;
	int64_t seq = p->r->loop.source_fanned[s] ? a->p->destination_seq : a->p->seq;
	struct seq_entry *e = seq_find(&a->l->lane->in, (int16_t)s, a->rec->r.partition, a->p->lane, true);

	*ret_new = seq > e->seq;
	if (seq > e->seq + 1)
		return err_set(err, ERR_STOP, "rebuild_sequence",
			       TEXT_FMT "[%d]@%lld: seq %lld of " TEXT_FMT " lane %d follows %lld", TEXT_ARG(a->input.cause.topic),
			       a->rec->r.partition, (long long)a->rec->r.offset, (long long)seq, TEXT_ARG(a->p->service),
			       a->p->lane, (long long)e->seq);
	if (*ret_new) {
		e->seq = seq;
		e->changed = true;
	}
	return true;
}

void rb_stand_behind(struct rb_lane *l, int s, const struct rb_record *rec)
{
	l->as_read[s] = (struct bus_record){ .timestamp_ms = rec->r.timestamp_ms,
					     .key = rec->r.key,
					     .value = rec->r.value,
					     .key_null = rec->r.key_null,
					     .value_null = rec->r.value_null };
	l->lane->last_record[s] = &l->as_read[s];
	l->lane->next_offset[s] = rec->r.offset + 1;
	l->lane->position_changed[s] = true;
}

void rb_pass_input(struct rb_plan *p, const struct rb_action *a)
{
	struct rb_lane *l = a->l;
	int s = a->input.source;
	struct rb_record *rec = rb_pop(l->in[s]);

	CHECK(rec == a->rec);
	if (l->last[s] != NULL) {
		l->last[s]->next = p->r->done;
		p->r->done = l->last[s];
	}
	l->last[s] = rec;
	rb_stand_behind(l, s, rec);
	p->r->taken++;
	p->r->result.records++;
}

static bool do_note(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_done)
{
	struct lane *lane = a->l->lane;
	int s = a->input.source;
	bool fresh;

	*ret_done = true;
	if (!rb_take_number(p, a, err, &fresh))
		return false;
	if (fresh && a->concerns && !step(p, a, err, ret_done))
		return false;
	if (!*ret_done) {
		seq_find(&lane->in, (int16_t)s, a->rec->r.partition, a->p->lane, true)->seq--;
		return true;
	}
	rb_pass_input(p, a);
	return true;
}

static void set_cursor(const struct rb_action *a)
{
	struct lane *lane = a->l->lane;
	const struct type_provenance *last = a->own[a->n_own - 1].p;
	bool goes_on = !text_empty(last->cursor),
	     same = lane->cursor_source == a->input.source && lane->cursor_offset == a->input.cause.offset;
	int32_t part = same ? lane->cursor_part : 0;

	lane->cursor_changed = lane->cursor_changed || goes_on || lane->cursor_source >= 0;
	if (lane->cursor_source >= 0)
		rb_stand_behind(a->l, a->input.source, a->rec); /* the long input is done now */
	lane->cursor_source = goes_on ? a->input.source : -1;
	if (!goes_on)
		return;
	for (size_t i = 0; i < a->n_own; i++)
		if (a->own[i].p->cause->offset == a->input.cause.offset && text_eq(a->own[i].p->cause->topic, a->input.cause.topic))
			part = a->own[i].p->part;
	lane->cursor_offset = a->input.cause.offset;
	lane->cursor_part = part;
	lane->cursor_n = last->cursor.n;
	memcpy(lane->cursor_state, last->cursor.s, last->cursor.n);
}

static bool keep_rows(struct rb_plan *p, const struct rb_action *a, struct err *err)
{
	const struct run_service *service = p->r->loop.service;
	struct lane *lane = a->l->lane;

	for (size_t i = 0; i < a->n_own; i++) {
		const struct rb_own *o = &a->own[i];
		struct outcome_row row = rb_outcome_row(service->core, o->rec, o->event, o->p, p->arena);
		if (o->p->destination_seq > 0) {
			struct seq_entry *to = seq_find(&lane->out, OUTPUT_FANOUT, o->p->destination_lane, 0, true);
			if (o->p->destination_seq != to->seq + 1)
				return err_set(err, ERR_STOP, "rebuild_chain",
					       "lane %d seq %lld: number %lld for lane %d follows %lld", lane->lane,
					       (long long)row.seq, (long long)o->p->destination_seq, o->p->destination_lane,
					       (long long)to->seq);
			to->seq++;
			to->changed = true;
			row.out_topic = text_of(service->fanout_topic);
			row.out_partition = o->p->destination_lane;
		}
		book_put(p->book, &outcome_table, &row);
		lane->seq = row.seq;
		memcpy(lane->hash.b, row.hash.s, sizeof(lane->hash.b));
	}
	return true;
}

static bool do_apply(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_done)
{
	struct rb_lane *l = a->l;

	if (!step(p, a, err, ret_done))
		return false;
	if (!*ret_done)
		return true;
	if (!keep_rows(p, a, err))
		return false;
	set_cursor(a);
	struct seq_entry *e = seq_find(&l->lane->out, OUTPUT_ALIGNED, l->lane->lane, 0, true);
	rb_known(e, a->own[a->n_own - 1].rec->r.offset, l->lane->seq);
	e->seq = l->lane->published_seq = l->lane->seq;
	for (size_t i = 0; i < a->n_pop; i++)
		rb_take(p->r, l->own);
	p->r->result.outcomes += (int64_t)a->n_own;
	return true;
}

static bool do_all(struct rb_plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct rb_action *a = &p->action[i];
		bool done = true, first = !a->l->lane->in_batch;

		if (a->l->blocked)
			continue;
		a->l->lane->in_batch = true;
		if (!(a->kind == RB_NOTE ? do_note : a->kind == RB_APPLY ? do_apply : rb_decide)(p, a, err, &done))
			return err_wrap(err, "lane %d", a->l->lane->lane);
		if (!done && first)
			return err_set(err, ERR_STOP, "again_at_head",
				       "lane %d: " TEXT_FMT "@%lld asks for rows that no load can give", a->l->lane->lane,
				       TEXT_ARG(a->input.cause.topic), (long long)a->input.cause.offset);
		a->l->blocked = !done;
	}
	return true;
}

bool rb_lane_batch(struct rebuild *r, struct err *err, bool *ret_any)
{
	struct rb_plan p = { .r = r, .arena = r->loop.arena, .cap = (size_t)r->loop.batch_max };

	p.book = book_new(p.arena, r->loop.tables, r->loop.n_tables);
	p.action = ARENA_ARRAY(p.arena, p.cap, struct rb_action);
	if (!rb_plan_batch(&p, err))
		return false;
	*ret_any = p.n > 0;
	if (p.n == 0)
		return true;
	for (size_t i = 0; i < p.n; i++)
		p.action[i].l->lane->in_batch = true;
	bool ok = rb_begin(r, err);
	for (size_t i = 0; i < r->loop.n_lanes; i++)
		r->loop.lane[i].in_batch = false;
	return ok && load_wanted(&p, err) && do_all(&p, err) && rb_save(r, p.book, err);
}
