/*
 * fold: a service's state made again from its own recorded outcomes and the inputs it noted (DESIGN section 2: apply is the only way
 * own state changes, note copies), in the order that Provenance.positions gives: it must be the live state. Written on the cores
 * alone, so that it judges common/run/rebuild.c, too, which the world uses after a restore.
 */
#include "fold_impl.h"

#include "wire/wire.h"

#define FOLD_BYTES     ((size_t)1 << 30)
#define BOOK_STEPS_MAX 40
#define LOADS_MAX      16

struct fold {
	struct world *w;
	const struct run_service *run;
	const char *name;
	struct arena *arena; /* of the book */
	struct arena *kept; /* streams, outcomes: for the whole fold */
	struct fold_streams *streams;
	struct mem *mem;
	struct book *book;
	int steps;
	int64_t position[8]; /* of the lane at work: next offset to note, by source */
	struct text cursor; /* the last outcome's: its input goes on */
	int64_t cursor_offset;
	int32_t follow; /* outcomes of this transaction still to come: no save and no further want in between */
};

/* ---- one step on the book --------------------------------------------------------------------------------------------------------- */

static bool save(struct fold *f, struct err *err)
{
	if (!mem_save(f->mem, f->book, err))
		return err_wrap(err, "fold of %s", f->name);
	arena_reset(f->arena);
	f->book = book_new(f->arena, f->run->core->tables, f->run->core->n_tables);
	f->steps = 0;
	return true;
}

/* What deciding about the input looked at is what applying its outcomes looks at. */
static void want(struct fold *f, const struct input *input)
{
	for (int round = 0; round < 2; round++) {
		f->run->core->want(f->book, input);
		if (book_has_questions(f->book))
			mem_load(f->mem, f->book);
	}
}

/* note (outcome NULL) or apply, loading what it asks for. */
static bool step(struct fold *f, const struct input *input, const struct outcome *outcome, struct err *err)
{
	if (f->run->gate == NULL && f->follow == 0)
		want(f, input);
	for (int loads = 0; loads < LOADS_MAX; loads++) {
		size_t mark = book_mark(f->book);

		book_step_begin(f->book);
		if (outcome == NULL)
			f->run->core->note(f->book, input);
		else
			f->run->core->apply(f->book, input, outcome);
		if (!book_step_end(f->book))
			return true;
		book_rollback(f->book, mark);
		if (book_has_questions(f->book))
			mem_load(f->mem, f->book);
		else if (!save(f, err))
			return false;
	}
	return err_set(err, ERR_STOP, "fold_stuck", "fold of %s: %s of " TEXT_FMT "@%lld asks for rows that no load can give",
		       f->name, outcome == NULL ? "note" : "apply", TEXT_ARG(input->cause.topic), (long long)input->cause.offset);
}

/* ---- inputs ------------------------------------------------------------------------------------------------------------------------- */

/* The record at an offset of a source of a lane, or NULL. */
static const struct fold_record *record_at(struct fold *f, size_t source, int32_t lane, int64_t offset)
{
	struct fold_stream *s = fold_stream_of(f->streams, f->run->sources[source].topic, lane);

	for (size_t i = offset < (int64_t)s->n ? (size_t)offset : s->n; i < s->n; i++)
		if (s->record[i].input.cause.offset == offset)
			return &s->record[i];
	return NULL;
}

static bool note_until(struct fold *f, size_t source, int32_t lane, int64_t until, struct err *err)
{
	const struct run_source *src = &f->run->sources[source];

	for (; f->position[source] < until; f->position[source]++) {
		const struct fold_record *r = record_at(f, source, lane, f->position[source]);
		if (r == NULL)
			return err_set(err, ERR_STOP, "fold_input", "fold of %s: lane %d had read %s up to %lld, it has no %lld",
				       f->name, lane, src->topic, (long long)until, (long long)f->position[source]);
		struct input input = r->input;
		input.source = (int)source;
		if (r->seen || (src->concerns != NULL && !src->concerns(input.event)) || f->run->core->note == NULL)
			continue;
		if (!step(f, &input, NULL, err) || (++f->steps > BOOK_STEPS_MAX && !save(f, err)))
			return false;
	}
	return true;
}

/* ---- outcomes ------------------------------------------------------------------------------------------------------------------------- */

static const struct type_provenance *provenance_of(const struct fold *f, const void *event)
{
	const struct type_provenance *p;

	memcpy(&p, (const char *)event + f->run->core->provenance_offset, sizeof(p));
	return p;
}

static int source_of(const struct fold *f, struct text topic)
{
	for (size_t s = 0; s < f->run->n_sources; s++)
		if (text_eq(topic, text_of(f->run->sources[s].topic)))
			return (int)s;
	return -1;
}

static bool note_before(struct fold *f, const struct type_provenance *p, struct err *err)
{
	for (size_t i = 0; i < p->n_positions && f->run->gate == NULL; i++) {
		int s = source_of(f, p->positions[i].topic);
		if (s < 0)
			return err_set(err, ERR_STOP, "fold_position", "an outcome of %s names a topic it does not read", f->name);
		if (!note_until(f, (size_t)s, p->lane, p->positions[i].next_offset, err))
			return false;
	}
	return true;
}

/* The input an outcome answers: what was read last, or one that waited and was released by it. */
static bool find_cause(struct fold *f, const struct outcome_row *row, const struct type_provenance *p, struct input *ret_input,
		       struct cause *ret_cause, bool *ret_released, struct err *err)
{
	int s = source_of(f, row->cause_topic);
	const struct fold_record *r;

	*ret_released = false;
	*ret_input = (struct input){ .lane = row->lane, .lanes = sim_lanes(f->w), .source = s };
	ret_input->cause = (struct cause){ .topic = row->cause_topic,
					   .partition = row->cause_partition,
					   .offset = row->cause_offset,
					   .event_id = row->cause_event_id,
					   .source = p->source };
	if (f->run->gate != NULL)
		return true;
	r = s < 0 ? NULL : record_at(f, (size_t)s, row->lane, row->cause_offset);
	if (r == NULL || !text_eq(r->input.cause.event_id, row->cause_event_id))
		return err_set(err, ERR_STOP, "fold_cause",
			       "fold of %s: outcome %lld of lane %d answers " TEXT_FMT "@%lld, which is not there", f->name,
			       (long long)row->seq, row->lane, TEXT_ARG(row->cause_topic), (long long)row->cause_offset);
	*ret_input = r->input;
	ret_input->source = s;
	*ret_cause = r->input.cause;
	*ret_released = f->position[s] != row->cause_offset + 1;
	return true;
}

static bool take_outcome(struct fold *f, const struct outcome_row *row, struct err *err)
{
	struct cause cause;
	struct input input;
	bool released;
	void *event;

	if (!wire_decode(f->run->core->outcome_msg, (const uint8_t *)row->value.s, row->value.n, f->kept, err, &event))
		return err_wrap(err, "fold of %s", f->name);
	const struct type_provenance *p = provenance_of(f, event);
	if (++f->steps > BOOK_STEPS_MAX && f->follow == 0 && !save(f, err))
		return false;
	if (!note_before(f, p, err) || !find_cause(f, row, p, &input, &cause, &released, err))
		return false;
	if (f->cursor.n > 0 && f->cursor_offset == row->cause_offset)
		input.cursor = f->cursor;
	f->cursor = p->cursor;
	f->cursor_offset = row->cause_offset;
	struct outcome outcome = { .key = row->key,
				   .event = event,
				   .cause = released ? &cause : NULL,
				   .event_id = row->event_id,
				   .part = p->part,
				   .final = p->final,
				   .cursor = p->cursor };
	bool ok = step(f, &input, &outcome, err);
	f->follow = p->follow;
	return ok;
}

/* ---- a service -------------------------------------------------------------------------------------------------------------------------- */

/* Outcomes in order of seq; then what was noted behind the last of them. */
static bool fold_lane(struct fold *f, struct mem *live, int32_t lane, struct err *err)
{
	size_t n;
	const void *const *rows = mem_rows(live, &outcome_table, &n);

	memset(f->position, 0, sizeof(f->position));
	f->cursor = TEXT_NONE;
	f->follow = 0;
	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *row = rows[i];
		if (row->lane == lane && !take_outcome(f, row, err))
			return false;
	}
	rows = mem_rows(live, &position_table, &n);
	for (size_t i = 0; i < n && f->run->gate == NULL; i++) {
		const struct position_row *row = rows[i];
		int s = source_of(f, row->topic);
		if (row->lane == lane && s >= 0 && !note_until(f, (size_t)s, lane, row->next_offset, err))
			return false;
	}
	return save(f, err);
}

static bool fold_service(struct fold *f, enum sim_service service, struct err *err)
{
	struct mem *live = sim_mem(f->w, service);
	bool ok = true;
	size_t n;
	const void *const *lanes = mem_rows(live, &lane_table, &n);

	f->run = sim_run_service(service);
	f->name = f->run->core->name;
	f->mem = mem_new(f->run->core->tables, f->run->core->n_tables);
	f->book = book_new(f->arena, f->run->core->tables, f->run->core->n_tables);
	for (size_t i = 0; i < n && ok; i++)
		ok = fold_lane(f, live, ((const struct lane_row *)lanes[i])->lane, err);
	for (size_t t = 0; t < f->run->core->n_tables && ok; t++)
		ok = fold_same_rows(live, f->mem, f->run->core->tables[t], f->name, err);
	mem_free(f->mem);
	arena_reset(f->arena);
	return ok;
}

bool sim_fold(struct world *w, uint64_t seed, int interleavings, struct err *err)
{
	struct fold_streams *streams;
	struct fold f = { .w = w, .arena = arena_new(FOLD_BYTES, FOLD_BYTES), .kept = arena_new(FOLD_BYTES, FOLD_BYTES) };
	bool ok;

	f.streams = streams = ARENA_NEW(f.kept, struct fold_streams);
	ok = fold_read(w, f.kept, streams, err);
	/* Positions are places of the log: where it lost its end and was filled again, they are places of a log that is gone. */
	for (int s = SIM_INTAKE; s < SIM_REPORTING && ok; s++)
		if (s == SIM_INTAKE || !sim_log_was_cut(w)) /* the gate's fold needs none */
			ok = fold_service(&f, (enum sim_service)s, err);
	ok = ok && fold_interleavings(w, streams, f.arena, seed, interleavings, err);
	arena_free(f.kept);
	arena_free(f.arena);
	return ok;
}
