/* batch: one transaction over the records that are pending. The journey of DESIGN section 3, in its order. */
#include "base/fault.h"
#include "ev/type.h"
#include "log/log.h"
#include "run/batch_size.h"
#include "run/loop.h"
#include "wire/wire.h"

/* One record on its way through the batch. */
struct work {
	struct bus_record *record;
	struct lane *lane;
	struct input input;
	bool concerns; /* else only the position moves */
	bool bad; /* not understood: the lane stops when its turn comes */
	struct err why;
	bool done; /* committed with this batch */
	bool accepted; /* gate: something other than a dead letter came of it */
};

struct batch {
	struct loop *loop;
	struct arena *arena;
	struct work *work;
	size_t n;
	struct book *book;
	struct log_list logged;
	size_t n_duplicates;
	bool full; /* the arena, before everything was decided */
};

/* ---- decode ---------------------------------------------------------------------------------------------------------- */

static struct record view_record(const struct bus_record *r, struct arena *arena)
{
	struct record v = { .topic = text_of(r->topic),
			    .partition = r->partition,
			    .offset = r->offset,
			    .timestamp_ms = r->timestamp_ms,
			    .key = r->key,
			    .value = r->value,
			    .key_null = r->key_null,
			    .value_null = r->value_null };
	struct record_header *h = ARENA_ARRAY(arena, RECORD_HEADERS_MAX, struct record_header);

	while (v.n_headers < RECORD_HEADERS_MAX && bus_header_at(r, v.n_headers, &h[v.n_headers].name, &h[v.n_headers].value)) {
		h[v.n_headers].value_null = h[v.n_headers].value.s == NULL;
		v.n_headers++;
	}
	v.headers = h;
	return v;
}

static struct text header(const struct bus_record *r, const char *name)
{
	struct text value;

	return bus_header(r, name, &value) ? value : TEXT_NONE;
}

/* W3C trace context, version 00; anything else is a stranger's and not passed on. */
struct text run_trace_parent(struct text t, struct arena *arena)
{
	static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

	if (t.n != sizeof(form) - 1)
		return TEXT_NONE;
	for (size_t i = 0; i < t.n; i++) {
		bool hex = (t.s[i] >= '0' && t.s[i] <= '9') || (t.s[i] >= 'a' && t.s[i] <= 'f');
		if (form[i] == 'x' ? !hex : t.s[i] != form[i])
			return TEXT_NONE;
	}
	return text_dup(arena, t);
}

/* Who says it, as the sender's headers do (publish.c): the record itself knows, and headers are a sixth of the cost of reading it. */
static void identify(struct batch *b, struct work *w, const void *event)
{
	const struct type_provenance *p;
	struct buf source = { .arena = b->arena };

	memcpy(&p, (const char *)event + b->loop->provenance_at[w->input.source], sizeof(p));
	if (p == NULL)
		return;
	buf_adds(&source, SOURCE_OF_SERVICE);
	buf_add(&source, p->service);
	w->input.cause.source = buf_text(&source);
	w->input.cause.event_id = p->event_id;
	w->input.cause.correlation_id = p->correlation_id;
}

static void decode_inner(struct batch *b, struct work *w)
{
	struct loop *loop = b->loop;
	const struct bus_record *r = w->record;
	int s = w->input.source;
	void *event;

	if (r->value_null) {
		err_set(&w->why, ERR_STOP, "inner_tombstone", "a record without a value");
		w->bad = true;
	} else if (!wire_decode_strict(loop->source_msg[s], (const uint8_t *)r->value.s, r->value.n, b->arena, &w->why, &event)) {
		w->bad = true;
	} else {
		const struct run_source *source = &loop->service->sources[s];
		w->input.event = event;
		identify(b, w, event);
		w->concerns = source->concerns == NULL || source->concerns(event);
	}
}

static void decode(struct batch *b, struct work *w)
{
	struct loop *loop = b->loop;
	const struct bus_record *r = w->record;
	struct input *in = &w->input;

	in->source = (int)r->topic_at;
	in->lane = w->lane->lane;
	in->lanes = loop->lanes;
	in->cause.topic = text_of(r->topic);
	in->cause.partition = r->partition;
	in->cause.offset = r->offset;
	in->value = r->value;
	if (w->lane->cursor_source == in->source && w->lane->cursor_offset == r->offset) {
		in->cursor = (struct text){ arena_dup(b->arena, w->lane->cursor_state, w->lane->cursor_n), w->lane->cursor_n };
		in->cause.part = w->lane->cursor_part;
	}
	in->key = text_dup(b->arena, r->key);
	if (loop->service->gate == NULL) {
		decode_inner(b, w);
		return;
	}
	struct record view = view_record(r, b->arena);
	w->concerns = true;
	loop->service->gate->decode(&view, b->arena, in);
}

static void drop_pending(struct loop *loop, size_t i)
{
	bus_record_release(&loop->pending[i]);
	loop->pending[i].handle = NULL;
}

/* Takes what is pending, in the order it was polled. A lane that goes on with a long input gives only that one. */
static void compose(struct batch *b)
{
	struct loop *loop = b->loop;
	size_t max = loop->one_by_one > 0 ? 1 : MIN(loop->n_pending, (size_t)loop->batch_size);

	b->work = ARENA_ARRAY(b->arena, max, struct work);
	/* Half of the room is for deciding. */
	for (size_t i = 0; i < loop->n_pending && b->n < max && arena_used(b->arena) < BATCH_BYTES_SOFT / 2; i++) {
		struct bus_record *r = &loop->pending[i];
		struct lane *lane = lane_find(loop, lane_of_partition(loop, (int)r->topic_at, r->partition));
		bool old = lane != NULL && r->offset < lane->next_offset[r->topic_at];

		if (lane == NULL || lane->stopped || old) {
			drop_pending(loop, i);
			continue;
		}
		bool other =
			lane->cursor_source >= 0 && (lane->cursor_source != (int)r->topic_at || lane->cursor_offset != r->offset);
		if (lane->blocked || other)
			continue;
		struct work *w = &b->work[b->n++];
		w->record = r;
		w->lane = lane;
		lane->in_batch = true;
		lane->blocked = lane->cursor_source >= 0;
		decode(b, w);
	}
	for (size_t i = 0; i < loop->n_lanes; i++)
		loop->lane[i].blocked = false;
}

/* ---- want, load ------------------------------------------------------------------------------------------------------- */

static bool begin(struct batch *b, struct err *err)
{
	struct loop *loop = b->loop;
	int32_t *lanes = ARENA_ARRAY(b->arena, loop->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(b->arena, loop->n_lanes, int64_t);
	size_t n = 0;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		if (!loop->lane[i].in_batch)
			continue;
		lanes[n] = loop->lane[i].lane;
		epochs[n++] = loop->lane[i].epoch;
	}
	if (MUTANT(EPOCH_UNCHECKED))
		n = 0;
	return store_begin(loop->store, lanes, epochs, n, err);
}

static bool load(struct batch *b, struct err *err)
{
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < b->n; i++)
			if (b->work[i].concerns)
				b->loop->service->core->want(b->book, &b->work[i].input);
		if (!book_has_questions(b->book))
			return true;
		if (!store_load(b->loop->store, b->book, err))
			return false;
	}
	return true;
}

/* ---- sequence --------------------------------------------------------------------------------------------------------- */

enum seq_verdict { SEQ_NEXT, SEQ_SEEN, SEQ_GAP };

/* last + 1 is expected; lower was seen; higher means that something is missing (DESIGN section 2). */
static enum seq_verdict check_seq(struct batch *b, struct work *w)
{
	struct loop *loop = b->loop;
	const struct type_provenance *p;

	if (loop->service->gate != NULL)
		return SEQ_NEXT;
	memcpy(&p, (const char *)w->input.event + loop->provenance_at[w->input.source], sizeof(p));
	if (p == NULL) {
		err_set(&w->why, ERR_STOP, "no_provenance", "a record without provenance on an inner topic");
		return SEQ_GAP;
	}
	/* A record that was also copied to a fan-out topic carries both numbers on both topics. */
	int64_t seq = loop->source_fanned[w->input.source] ? p->destination_seq : p->seq;
	struct seq_entry *e = seq_find(&w->lane->in, (int16_t)w->input.source, w->record->partition, p->lane, true);
	if (seq <= e->seq)
		return SEQ_SEEN;
	if (seq > e->seq + 1 && w->record->offset < e->pass_below)
		return SEQ_SEEN; /* it comes again, behind what is missing here (openitem reposition) */
	if (seq > e->seq + 1 && !MUTANT(GAP_IGNORED)) {
		err_set(&w->why, ERR_STOP, "sequence_gap",
			"%s[%d]@%lld: seq %lld of %.*s lane %d follows %lld: records are missing: run `openitem refill %s`, then `openitem "
			"reposition %s '%s[%d]'`",
			w->record->topic, w->record->partition, (long long)w->record->offset, (long long)seq, TEXT_ARG(p->service),
			p->lane, (long long)e->seq, w->record->topic, loop->service->core->name, w->record->topic,
			w->record->partition);
		return SEQ_GAP;
	}
	e->seq = seq;
	e->changed = true;
	return SEQ_NEXT;
}

/* ---- decide ------------------------------------------------------------------------------------------------------------ */

static void advance(struct work *w)
{
	int s = w->input.source;

	w->lane->next_offset[s] = w->record->offset + 1;
	w->lane->position_changed[s] = true;
	w->lane->last_record[s] = w->record;
	w->done = true;
}

static void keep_cursor(struct work *w, const struct decision *d)
{
	struct lane *l = w->lane;

	l->cursor_source = w->input.source;
	l->cursor_offset = w->record->offset;
	l->cursor_n = d->cursor.n;
	memcpy(l->cursor_state, d->cursor.s, d->cursor.n);
	l->cursor_part = w->input.cause.part;
	for (size_t i = 0; i < d->n_outcomes; i++)
		if (d->outcomes[i].cause == NULL)
			l->cursor_part = d->outcomes[i].part;
	l->cursor_changed = true;
	l->blocked = true;
}

static void end_cursor(struct work *w)
{
	if (w->lane->cursor_source < 0)
		return;
	w->lane->cursor_source = -1;
	w->lane->cursor_changed = true;
}

/* Runs the core on one input, loading what `want` missed. AGAIN remains when only a commit can help. */
static bool step(struct batch *b, struct work *w, struct decision *d, enum decided *ret, struct err *err)
{
	for (int loads = 0;; loads++) {
		*d = (struct decision){ .core = b->loop->service->core, .book = b->book, .arena = b->arena, .input = &w->input };
		*ret = core_step(d);
		if (*ret != AGAIN || !book_has_questions(b->book) || loads == LOADS_PER_STEP_MAX)
			return true;
		metric_add(b->loop->m.retries, 1);
		if (!store_load(b->loop->store, b->book, err))
			return false;
	}
}

static bool log_outcomes(struct batch *b, struct work *w, struct decision *d, struct err *err)
{
	struct text trace = d->n_outcomes > 0 ? run_trace_parent(header(w->record, "traceparent"), b->arena) : TEXT_NONE;

	for (size_t i = 0; i < d->n_outcomes; i++) {
		w->accepted = w->accepted || d->outcomes[i].dead_letter == NULL;
		if (!log_outcome(b->loop, b->book, w->lane, &w->input, &d->outcomes[i], trace, &b->logged, err)) {
			lane_stop(b->loop, w->lane, err);
			return false;
		}
		FAILPOINT("batch.outcome_logged");
	}
	return true;
}

/* False: the whole batch fails with *err. */
static bool take_one(struct batch *b, struct work *w, bool *ret_cut, struct err *err)
{
	struct decision d;
	enum decided result;

	if (w->bad) {
		err_wrap(&w->why, "%s[%d]@%lld", w->record->topic, w->record->partition, (long long)w->record->offset);
		lane_stop(b->loop, w->lane, &w->why);
		return true;
	}
	bool goes_on = w->input.cursor.n > 0;
	switch (goes_on ? SEQ_NEXT : check_seq(b, w)) {
	case SEQ_SEEN:
		metric_add(b->loop->m.skipped, 1);
		advance(w);
		return true;
	case SEQ_GAP:
		lane_stop(b->loop, w->lane, &w->why);
		return true;
	case SEQ_NEXT:
		break;
	}
	if (!w->concerns) {
		advance(w);
		return true;
	}
	/* The position counts this input as noted, unless a further part of it follows. */
	int64_t before = w->lane->next_offset[w->input.source];
	w->lane->next_offset[w->input.source] = w->record->offset + 1;
	if (!step(b, w, &d, &result, err))
		return false;
	if (result == AGAIN) {
		w->lane->next_offset[w->input.source] = before;
		*ret_cut = true;
		return true;
	}
	if (!log_outcomes(b, w, &d, err))
		return false;
	if (result == MORE) {
		w->lane->next_offset[w->input.source] = before;
		keep_cursor(w, &d);
		return true;
	}
	end_cursor(w);
	advance(w);
	if (b->loop->service->gate != NULL && d.n_outcomes == 0)
		b->n_duplicates++;
	return true;
}

static void undo_seq(struct batch *b, struct work *w)
{
	const struct type_provenance *p;

	if (b->loop->service->gate != NULL || w->input.cursor.n > 0)
		return;
	memcpy(&p, (const char *)w->input.event + b->loop->provenance_at[w->input.source], sizeof(p));
	seq_find(&w->lane->in, (int16_t)w->input.source, w->record->partition, p->lane, true)->seq--;
}

static bool decide(struct batch *b, struct err *err)
{
	/* The first is always taken: a batch makes progress whatever it holds. */
	for (size_t i = 0; i < b->n; i++) {
		struct work *w = &b->work[i];
		bool cut = false, first = true;

		b->full = i > 0 && arena_over(b->arena);
		if (b->full)
			return true;
		if (w->lane->blocked || w->lane->stopped)
			continue;
		if (!take_one(b, w, &cut, err))
			return false;
		if (!cut)
			continue;
		undo_seq(b, w);
		for (size_t k = 0; k < i && first; k++)
			first = b->work[k].lane != w->lane || !b->work[k].done;
		if (first) {
			err_set(&w->why, ERR_STOP, "again_at_head", "%s[%d]@%lld: the input asks for rows that no load can give",
				w->record->topic, w->record->partition, (long long)w->record->offset);
			lane_stop(b->loop, w->lane, &w->why);
		}
		w->lane->blocked = true; /* the rest of this lane follows in the next batch */
	}
	return true;
}

/* ---- save, publish ----------------------------------------------------------------------------------------------------- */

static bool save(struct batch *b, struct err *err)
{
	for (size_t i = 0; i < b->loop->n_lanes; i++)
		if (b->loop->lane[i].in_batch)
			lane_put_changes(b->loop, b->book, &b->loop->lane[i]);
	FAILPOINT("batch.decided");
	if (!store_save_commit(b->loop->store, b->loop->tables, b->loop->n_tables, b->book, err))
		return false;
	FAILPOINT("batch.committed");
	return true;
}

static void committed(struct batch *b)
{
	struct loop *loop = b->loop;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		if (l->in_batch) {
			l->seq_saved = l->seq;
			l->published_saved = l->published_seq;
			l->stop_saved = l->stopped;
			if (l->cursor_source >= 0)
				FAILPOINT("batch.part_committed");
		}
	}
	if (loop->service->gate != NULL) {
		struct input *accepted = ARENA_ARRAY(b->arena, b->n, struct input);
		size_t n = 0;
		for (size_t i = 0; i < b->n; i++)
			if (b->work[i].done && b->work[i].accepted)
				accepted[n++] = b->work[i].input;
		hint_put(loop, accepted, n);
		FAILPOINT("batch.hinted");
	}
	for (size_t i = 0; i < b->n; i++) {
		if (!b->work[i].done)
			continue;
		metric_add(loop->m.consumed[b->work[i].input.source], 1);
		drop_pending(loop, (size_t)(b->work[i].record - loop->pending));
	}
	metric_add(loop->m.duplicates, b->n_duplicates);
}

static void compact_pending(struct loop *loop)
{
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i < loop->n_pending; i++)
		if (loop->pending[i].handle != NULL) {
			bytes += loop->pending[i].key.n + loop->pending[i].value.n;
			loop->pending[n++] = loop->pending[i];
		}
	if (loop->one_by_one > 0)
		loop->one_by_one -= MIN(loop->one_by_one, loop->n_pending - n);
	loop->n_pending = n;
	loop->pending_bytes = bytes;
}

static bool run_steps(struct batch *b, struct err *err)
{
	if (b->loop->service->gate != NULL) {
		struct input *inputs = ARENA_ARRAY(b->arena, b->n, struct input);
		for (size_t i = 0; i < b->n; i++)
			inputs[i] = b->work[i].input;
		hint_get(b->loop, inputs, b->n);
		for (size_t i = 0; i < b->n; i++)
			b->work[i].input.seen_hash = inputs[i].seen_hash;
		if (MUTANT(SEEN_BEFORE_COMMIT))
			hint_put(b->loop, inputs, b->n);
	}
	FAILPOINT("batch.polled");
	if (!begin(b, err))
		return false;
	FAILPOINT("batch.begun");
	if (!load(b, err))
		return false;
	FAILPOINT("batch.loaded");
	return decide(b, err) && save(b, err);
}

bool batch_run(struct loop *loop, struct err *err, size_t *ret_done)
{
	struct batch b = { .loop = loop, .arena = loop->arena };
	int64_t start_us = run_now_us();
	bool ok = true;

	*ret_done = 0;
	for (size_t i = 0; i < loop->n_lanes; i++)
		loop->lane[i].in_batch = loop->lane[i].blocked = false;
	b.book = book_new(b.arena, loop->tables, loop->n_tables);
	compose(&b);
	if (b.n > 0) {
		ok = run_steps(&b, err);
		if (!ok)
			store_abort(loop->store);
		else
			committed(&b);
		for (size_t i = 0; i < b.n; i++)
			*ret_done += b.work[i].done;
		metric_add(loop->m.batches, 1);
		metric_observe(loop->m.batch_seconds, (double)(run_now_us() - start_us) / 1e6);
		loop->batch_size = batch_size_next(loop->batch_size, (int64_t)b.n, b.full, arena_used(b.arena), BATCH_BYTES_SOFT,
						   loop->batch_max);
	}
	compact_pending(loop);
	if (ok && b.logged.n > 0)
		ok = publish_rows(loop, &b.logged, err);
	arena_reset(loop->arena);
	return ok;
}

bool batch_save_marks(struct loop *loop, struct err *err)
{
	struct batch b = { .loop = loop, .arena = loop->arena };
	bool any = false;

	b.book = book_new(b.arena, loop->tables, loop->n_tables);
	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		l->in_batch = lane_marks_wait(l);
		any = any || l->in_batch;
	}
	if (!any)
		return true;
	bool ok = begin(&b, err) && save(&b, err);
	if (ok)
		committed(&b);
	else
		store_abort(loop->store);
	FAILPOINT("marks.saved");
	arena_reset(loop->arena);
	return ok;
}
