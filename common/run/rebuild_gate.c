/*
 * rebuild: the gate. Its lanes are external partitions, its records lie in the lanes of ar.intake and in the dead letters; so rows come
 * in any order, and its chains are walked when they are there. Within a partition of ar.intake order is that of the decisions.
 */
#include "run/packed.h"
#include "run/rebuild_priv.h"
#include "wire/wire.h"

struct item {
	struct rb_queue *q;
	struct rb_record outcome;
	void *event;
	const struct type_provenance *p;
	struct lane *lane;
	bool ours, dead;
	struct record dead_record;
};

struct gate_batch {
	struct rebuild *r;
	struct arena *arena;
	struct book *book;
	struct item *item;
	size_t n;
};

static bool find_lane(struct rebuild *r, struct item *it, struct err *err)
{
	it->lane = lane_find(&r->loop, it->p->lane);
	if (it->lane == NULL)
		return err_set(err, ERR_STOP, "rebuild_chain", "lane %d is no partition of an external topic", it->p->lane);
	return true;
}

static bool read_item(struct gate_batch *b, struct rb_queue *q, const struct rb_record *rec, struct item *it, struct err *err)
{
	const struct core *core = b->r->loop.service->core;

	*it = (struct item){ .q = q, .outcome = *rec, .ours = true, .dead = q->keep_headers };
	if (it->dead && !rb_dead_letter(rec, b->arena, &it->outcome, &it->dead_record)) {
		it->ours = false; /* somebody else's, or older than the headers that carry an outcome: then the chain has a hole */
		return true;
	}
	if (!rb_decode_outcome(core, it->outcome.r.value, b->arena, err, &it->event, &it->p) || !find_lane(b->r, it, err))
		return err_wrap(err, "%s[%d]@%lld", q->topic, q->partition, (long long)rec->r.offset);
	return true;
}

static bool plan(struct gate_batch *b, struct err *err)
{
	struct rebuild *r = b->r;

	b->item = ARENA_ARRAY(b->arena, (size_t)r->loop.batch_max, struct item);
	for (size_t i = 0; i < r->n_queues; i++) {
		struct rb_queue *q = &r->queue[(r->turn + i) % r->n_queues];
		for (struct rb_record *rec = q->head; rec != NULL; rec = rec->next) {
			if (b->n == (size_t)r->loop.batch_max || arena_used(b->arena) > BATCH_BYTES_SOFT / 2)
				return true;
			if (!read_item(b, q, rec, &b->item[b->n], err))
				return false;
			b->n++;
		}
	}
	r->turn++;
	return true;
}

/* ---- doing it ----------------------------------------------------------------------------------------------------------- */

bool rb_gate_apply(struct rebuild *r, struct book *book, const struct type_provenance *p, void *event, struct text key,
		   struct err *err)
{
	const struct loop *loop = &r->loop;
	const struct type_cause *c = p->cause;
	struct input input = { .source = p->lane / GATE_LANES_PER_SOURCE,
			       .lane = p->lane,
			       .lanes = loop->lanes,
			       .cause = { .topic = c->topic,
					  .partition = c->partition,
					  .offset = c->offset,
					  .event_id = c->event_id,
					  .source = p->source,
					  .correlation_id = p->correlation_id } };
	/* The provenance stays: at the gate it carries the identity that apply keeps. */
	struct outcome o = { .key = key, .event = event, .destination_lane = -1, .event_id = p->event_id, .part = p->part };

	for (int loads = 0;; loads++) {
		size_t mark = book_mark(book);
		book_step_begin(book);
		loop->service->core->apply(book, &input, &o);
		if (!book_step_end(book))
			return true;
		book_rollback(book, mark);
		if (!book_has_questions(book) || loads == LOADS_PER_STEP_MAX)
			return err_set(err, ERR_STOP, "again_at_head", "lane %d seq %lld asks for rows that no load can give",
				       p->lane, (long long)p->seq);
		if (!store_load(loop->store, book, err))
			return false;
	}
}

/* A record that was sent again after a crash is there already. */
static bool is_new(struct gate_batch *b, const struct item *it, struct err *err, bool *ret_new)
{
	int output = it->dead ? OUTPUT_DEAD + it->lane->lane / GATE_LANES_PER_SOURCE : OUTPUT_FANOUT;
	struct seq_entry *e = seq_find(&it->lane->out, (int16_t)output, it->q->partition, 0, true);

	rb_known(e, it->outcome.r.offset, it->p->seq);
	if (it->dead) {
		*ret_new =
			book_get(b->book, &outcome_table, &(struct outcome_row){ .lane = it->p->lane, .seq = it->p->seq }) == NULL;
		return true;
	}
	*ret_new = it->p->destination_seq > e->seq;
	if (it->p->destination_seq > e->seq + 1)
		return err_set(err, ERR_STOP, "rebuild_sequence", "%s[%d]@%lld: seq %lld of intake lane %d follows %lld",
			       it->q->topic, it->q->partition, (long long)it->outcome.r.offset, (long long)it->p->destination_seq,
			       it->p->lane, (long long)e->seq);
	e->seq = MAX(e->seq, it->p->destination_seq);
	return true;
}

static bool do_item(struct gate_batch *b, const struct item *it, struct err *err)
{
	const struct core *core = b->r->loop.service->core;
	bool fresh;

	if (!it->ours)
		return true;
	it->lane->in_batch = true;
	if (!is_new(b, it, err, &fresh))
		return false;
	if (!fresh)
		return true;
	struct outcome_row row = rb_outcome_row(core, &it->outcome, it->event, it->p, b->arena);
	row.out_topic = text_of(it->q->topic);
	row.out_partition = it->q->partition;
	if (it->dead) {
		/* The dead letter's key is the sender's, the outcome's is the account. */
		if (!wire_get(core->outcome_msg, it->event, TEXT("account"), b->arena, err, &row.key))
			return false;
		row.dead_record = packed_record(&it->dead_record, b->arena);
	}
	if (!rb_gate_apply(b->r, b->book, it->p, it->event, row.key, err))
		return false;
	book_put(b->book, &outcome_table, &row);
	b->r->result.outcomes++;
	return true;
}

bool rb_gate_batch(struct rebuild *r, struct err *err, bool *ret_any)
{
	struct gate_batch b = { .r = r, .arena = r->loop.arena };
	bool ok = true;

	b.book = book_new(b.arena, r->loop.tables, r->loop.n_tables);
	if (!plan(&b, err))
		return false;
	*ret_any = b.n > 0;
	if (b.n == 0)
		return true;
	for (size_t i = 0; i < b.n; i++) {
		const struct item *it = &b.item[i];
		if (it->ours)
			it->lane->in_batch = true;
		if (it->ours && it->dead)
			book_want(b.book, &outcome_table, BOOK_KEY,
				  &(struct outcome_row){ .lane = it->p->lane, .seq = it->p->seq });
	}
	if (!rb_begin(r, err) || (book_has_questions(b.book) && !store_load(r->loop.store, b.book, err)))
		return false;
	for (size_t i = 0; i < b.n && ok; i++)
		ok = do_item(&b, &b.item[i], err);
	if (!ok)
		return false;
	for (size_t i = 0; i < b.n; i++)
		rb_take(r, b.item[i].q);
	return rb_save(r, b.book, err);
}

/* ---- the chains --------------------------------------------------------------------------------------------------------- */

struct walk {
	struct rebuild *r;
	struct lane *lane;
	struct rb_link link;
	int32_t follow; /* of the last row */
	int source;
	bool hole;
};

static bool walk_row(struct walk *w, const struct outcome_row *row, struct err *err)
{
	const struct run_service *service = w->r->loop.service;
	const struct type_provenance *p;
	void *event;

	if (row->seq > w->link.seq + 1) {
		w->hole = true;
		return true;
	}
	if (!rb_decode_outcome(service->core, row->value, w->r->loop.arena, err, &event, &p))
		return err_wrap(err, "lane %d seq %lld", row->lane, (long long)row->seq);
	w->follow = p->follow;
	if (row->seq <= w->link.seq)
		return true; /* the last one of the page before */
	if (!rb_link_next(&w->link, p, row->value, err))
		return false;
	w->lane->next_offset[w->source] = rb_position(p, service->sources[w->source].topic, w->lane->lane % GATE_LANES_PER_SOURCE);
	w->lane->position_changed[w->source] = true;
	w->lane->record_known[w->source] = false; /* what stood there was not read */
	w->lane->last_record[w->source] = NULL;
	return true;
}

/* One page of one lane, in a transaction of its own. *ret_more = call again. */
static bool walk_page(struct walk *w, const struct rebuild_target *target, struct err *err, bool *ret_more)
{
	struct loop *loop = &w->r->loop;
	struct lane *l = w->lane;
	struct book *book = book_new(loop->arena, loop->tables, loop->n_tables);
	struct outcome_row from = { .lane = l->lane, .seq = MAX(l->seq - 1, (int64_t)0) };

	w->link = (struct rb_link){ loop->service->core->name, l->lane, l->seq, l->hash };
	book_want(book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	l->in_batch = true;
	if (!rb_begin(w->r, err) || !store_load(loop->store, book, err))
		return false;
	struct rows rows = book_find(book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	for (size_t i = 0; i < rows.n && !w->hole; i++)
		if (!walk_row(w, rows.row[i], err))
			return false;
	*ret_more = w->link.seq > l->seq && !w->hole;
	if (l->published_seq == l->seq)
		l->published_seq = w->link.seq; /* unless what was decided again is to be published from there on */
	l->seq = w->link.seq;
	l->hash = w->link.hash;
	if (!*ret_more && target != NULL && !w->hole && l->seq >= target->seq &&
	    target->next_offset[w->source] > l->next_offset[w->source]) {
		const struct text *hash = &target->record_hash[w->source];
		l->next_offset[w->source] = target->next_offset[w->source];
		l->position_changed[w->source] = true;
		l->record_known[w->source] = hash->n == sizeof(l->record_hash[0].b);
		if (l->record_known[w->source])
			memcpy(l->record_hash[w->source].b, hash->s, hash->n);
	}
	return rb_save(w->r, book, err);
}

static bool walk(struct walk *w, const struct rebuild_target *target, struct err *err)
{
	bool more = true;

	while (more)
		if (!walk_page(w, target, err, &more))
			return false;
	return true;
}

bool rb_gate_chain(struct rebuild *r, struct lane *lane, struct err *err)
{
	return walk(&(struct walk){ .r = r, .lane = lane, .source = lane->lane / GATE_LANES_PER_SOURCE }, NULL, err);
}

bool rb_gate_chains(struct rebuild *r, const struct rebuild_target *targets, size_t n, struct err *err)
{
	for (size_t i = 0; i < r->loop.n_lanes; i++) {
		struct walk w = { .r = r, .lane = &r->loop.lane[i], .source = r->loop.lane[i].lane / GATE_LANES_PER_SOURCE };
		const struct rebuild_target *target = NULL;

		for (size_t t = 0; t < n; t++)
			if (targets[t].lane == w.lane->lane)
				target = &targets[t];
		if (!walk(&w, target, err))
			return false;
		if (w.hole && r->result.holes++ == 0) {
			r->result.hole_lane = w.lane->lane;
			r->result.hole_seq = w.link.seq + 1;
		}
		if (!w.hole && w.follow > 0 && r->result.torn++ == 0)
			r->result.torn_lane = w.lane->lane;
	}
	return true;
}
