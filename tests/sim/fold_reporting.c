/*
 * fold_reporting: reporting reads its topics again from nothing, in another legal order: records of one topic and lane in order, topics
 * and lanes as they like, in batches of any size. All its rows are the same, but for the numbers of its own commit order (DESIGN section 3).
 */
#include "fold_impl.h"

#define BATCH_MAX  12
#define QUEUES_MAX (8 * FOLD_LANES_MAX)

/* A topic and lane, and how far it is read. */
struct queue {
	const struct fold_stream *stream;
	int source;
	size_t next, end;
};

struct reader {
	const struct run_service *run;
	struct mem *mem;
	struct arena *batch;
	struct queue queue[QUEUES_MAX];
	size_t n;
};

static int64_t live_position(struct mem *live, const char *topic, int32_t lane)
{
	size_t n;
	const void *const *rows = mem_rows(live, &position_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct position_row *row = rows[i];
		if (row->lane == lane && text_eq(row->topic, text_of(topic)))
			return row->next_offset;
	}
	return 0;
}

static bool open_queues(struct reader *r, struct world *w, struct fold_streams *streams, struct err *err)
{
	struct mem *live = sim_mem(w, SIM_REPORTING);

	r->n = 0;
	for (size_t s = 0; s < r->run->n_sources; s++)
		for (int32_t lane = 0; lane < sim_lanes(w); lane++) {
			const struct fold_stream *stream = fold_stream_of(streams, r->run->sources[s].topic, lane);
			int64_t end = live_position(live, r->run->sources[s].topic, lane);
			if (end > (int64_t)stream->n)
				return err_set(err, ERR_STOP, "interleaving",
					       "reporting lane %d has read %s up to %lld, it ends at %zu", lane,
					       r->run->sources[s].topic, (long long)end, stream->n);
			if (end > 0)
				r->queue[r->n++] = (struct queue){ stream, (int)s, 0, (size_t)end };
		}
	return true;
}

static size_t take_inputs(struct reader *r, struct sim_rng *rng, struct input *ret, size_t max)
{
	size_t n = 0;

	while (n < max && r->n > 0) {
		size_t at = sim_below(rng, (uint32_t)r->n);
		struct queue *q = &r->queue[at];
		const struct fold_record *rec = &q->stream->record[q->next++];
		if (!rec->seen) {
			ret[n] = rec->input;
			ret[n++].source = q->source;
		}
		if (q->next == q->end)
			r->queue[at] = r->queue[--r->n];
	}
	return n;
}

static bool read_batch(struct reader *r, const struct input *inputs, size_t n, struct err *err)
{
	const struct core *core = r->run->core;
	struct book *book = book_new(r->batch, core->tables, core->n_tables);

	for (size_t i = 0; i < n; i++)
		core->want(book, &inputs[i]);
	mem_load(r->mem, book);
	for (size_t i = 0; i < n; i++) {
		struct decision d = { .core = core, .book = book, .arena = r->batch, .input = &inputs[i] };
		while (core_step(&d) == AGAIN) {
			if (!book_has_questions(book))
				return err_set(err, ERR_STOP, "interleaving", "reporting asks for rows that no load can give");
			mem_load(r->mem, book);
		}
	}
	bool ok = mem_save(r->mem, book, err);
	arena_reset(r->batch);
	return ok;
}

static bool read_all(struct reader *r, struct world *w, struct fold_streams *streams, struct sim_rng *rng, struct err *err)
{
	struct input inputs[BATCH_MAX];
	size_t n;

	if (!open_queues(r, w, streams, err))
		return false;
	while (r->n > 0) {
		n = take_inputs(r, rng, inputs, 1 + sim_below(rng, BATCH_MAX));
		if (!read_batch(r, inputs, n, err))
			return false;
	}
	return true;
}

static bool compare(struct reader *r, struct world *w, int run, struct err *err)
{
	struct mem *live = sim_mem(w, SIM_REPORTING);
	char what[40];
	bool ok = true;

	snprintf(what, sizeof(what), "reporting, interleaving %d", run);
	for (size_t t = 0; t < r->run->core->n_tables && ok; t++)
		ok = fold_same_sets(live, r->mem, r->run->core->tables[t], r->batch, what, err);
	arena_reset(r->batch);
	return ok;
}

bool fold_interleavings(struct world *w, struct fold_streams *streams, struct arena *arena, uint64_t seed, int n, struct err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct sim_rng rng;
	bool ok = true;

	CHECK(r != NULL);
	r->run = sim_run_service(SIM_REPORTING);
	r->batch = arena;
	sim_rng_seed(&rng, seed, 4000);
	for (int i = 1; i <= n && ok; i++) {
		r->mem = mem_new(r->run->core->tables, r->run->core->n_tables);
		ok = read_all(r, w, streams, &rng, err) && compare(r, w, i, err);
		mem_free(r->mem);
	}
	free(r);
	return ok;
}
