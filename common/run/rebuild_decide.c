/*
 * rebuild: the end of a transaction that was never published. A service that died while it published, and lost its database with
 * the rest of the transaction, left a stream that ends within it. Deciding is a function of the book and the input, so it is decided
 * again on the book as it was, and must give what was published, byte by byte; what follows is new only to the topics.
 */
#include "run/packed.h"
#include "run/rebuild_priv.h"

bool rb_decide_input(struct rebuild *r, struct book *book, struct lane *lane, const struct input *input, struct text trace_parent,
		     struct err *err, struct decision *d, struct log_list *ret_logged, enum decided *ret_decided, bool *ret_done)
{
	struct loop *loop = &r->loop;

	for (int loads = 0;; loads++) {
		*d = (struct decision){ .core = loop->service->core, .book = book, .arena = loop->arena, .input = input };
		*ret_decided = core_step(d);
		*ret_done = *ret_decided != AGAIN;
		if (*ret_done)
			break;
		if (!book_has_questions(book) || loads == LOADS_PER_STEP_MAX)
			return true;
		if (!store_load(loop->store, book, err))
			return false;
	}
	*ret_logged = (struct log_list){ 0 };
	for (size_t i = 0; i < d->n_outcomes; i++)
		if (!log_outcome(loop, book, lane, input, &d->outcomes[i], trace_parent, ret_logged, err))
			return false;
	return true;
}

bool rb_same_outcome(struct rebuild *r, struct book *book, const struct logged *logged, const struct rb_record *rec,
		     struct err *err)
{
	struct outcome_row row = *logged->row;
	instant_t recorded;

	(void)r;
	if (!text_eq(row.value, rec->r.value))
		return err_set(err, ERR_STOP, "rebuild_decision", "lane %d seq %lld: decided again, it is not what was published",
			       row.lane, (long long)row.seq);
	if (instant_parse(rec->time, &recorded))
		row.recorded_at_us = recorded;
	row.trace_parent = rec->trace_parent;
	book_put(book, &outcome_table, &row);
	return true;
}

static void keep_cursor(struct lane *lane, const struct rb_action *a, const struct decision *d, enum decided decided)
{
	int32_t part = a->input.cause.part;

	lane->cursor_changed = decided == MORE || lane->cursor_source >= 0;
	lane->cursor_source = decided == MORE ? a->input.source : -1;
	if (decided != MORE)
		return;
	for (size_t i = 0; i < d->n_outcomes; i++)
		if (d->outcomes[i].cause == NULL)
			part = d->outcomes[i].part;
	lane->cursor_offset = a->input.cause.offset;
	lane->cursor_part = part;
	lane->cursor_n = d->cursor.n;
	memcpy(lane->cursor_state, d->cursor.s, d->cursor.n);
}

bool rb_decide(struct rb_plan *p, const struct rb_action *a, struct err *err, bool *ret_done)
{
	struct rebuild *r = p->r;
	struct rb_lane *l = a->l;
	struct lane *lane = l->lane;
	struct input input = a->input;
	struct decision d;
	struct log_list logged;
	enum decided decided;
	int s = input.source;
	int64_t before = lane->next_offset[s];
	bool fresh = true;

	if (!a->goes_on && !rb_take_number(p, a, err, &fresh))
		return false;
	if (!fresh)
		return err_set(err, ERR_STOP, "rebuild_decision", "seq %lld: its input was read before",
			       (long long)a->own[0].p->seq);
	input.cause.part = a->goes_on ? lane->cursor_part : 0;
	lane->next_offset[s] = a->rec->r.offset + 1; /* as the outcomes say */
	if (!rb_decide_input(r, p->book, lane, &input, run_trace_parent(a->rec->trace_parent, p->arena), err, &d, &logged, &decided,
			     ret_done))
		return false;
	if (!*ret_done) {
		lane->next_offset[s] = before;
		if (!a->goes_on)
			seq_find(&lane->in, (int16_t)s, a->rec->r.partition, a->p->lane, true)->seq--;
		return true;
	}
	if (logged.n < a->n_own)
		return err_set(err, ERR_STOP, "rebuild_decision",
			       "seq %lld: decided again it gives %zu outcomes, %zu were published", (long long)a->own[0].p->seq,
			       logged.n, a->n_own);
	for (size_t i = 0; i < a->n_own; i++)
		if (!rb_same_outcome(r, p->book, &logged.item[i], a->own[i].rec, err))
			return false;
	keep_cursor(lane, a, &d, decided);
	if (a->goes_on)
		rb_stand_behind(l, s, a->rec);
	else
		rb_pass_input(p, a);
	struct seq_entry *e = seq_find(&lane->out, OUTPUT_ALIGNED, lane->lane, 0, true);
	lane->published_seq = a->own[a->n_own - 1].p->seq;
	rb_known(e, a->own[a->n_own - 1].rec->r.offset, lane->published_seq);
	e->seq = lane->published_seq;
	for (size_t i = 0; i < a->n_pop; i++)
		rb_take(r, l->own);
	r->result.outcomes += (int64_t)logged.n;
	r->made += (int64_t)(logged.n - a->n_own);
	return true;
}
