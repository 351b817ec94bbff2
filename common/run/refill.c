#include "run/refill.h"
#include "run/tables.h"
#include "store/store.h"

struct refill {
	struct arena *arena;
	const char *service, *topic;
	struct stream stream;
	int32_t partitions;
	struct refill_lane *lanes;
	size_t n_lanes;
	struct refill_place *places; /* lane by lane, partition by partition */
	int64_t *lows; /* of the log, per partition */
	bool everything;
};

struct refill *refill_new(struct arena *arena, const char *service, const char *topic, int32_t partitions,
			  const struct refill_lane *lanes, size_t n)
{
	struct refill *r = ARENA_NEW(arena, struct refill);

	*r = (struct refill){ .arena = arena, .service = service, .topic = topic, .partitions = partitions, .n_lanes = n };
	CHECK(stream_find(text_of(topic), &r->stream) && partitions > 0);
	r->lanes = ARENA_ARRAY(arena, n, struct refill_lane);
	r->places = ARENA_ARRAY(arena, n * (size_t)partitions, struct refill_place);
	r->lows = ARENA_ARRAY(arena, (size_t)partitions, int64_t);
	for (size_t i = 0; i < n; i++) {
		CHECK(i == 0 || lanes[i].lane > lanes[i - 1].lane);
		r->lanes[i] = lanes[i];
		for (int32_t p = 0; p < partitions; p++)
			r->places[i * (size_t)partitions + (size_t)p] =
				(struct refill_place){ .lane = lanes[i].lane, .partition = p, .has_offset = -1, .last_offset = -1 };
	}
	return r;
}

static const struct refill_lane *find_lane(const struct refill *r, int32_t lane)
{
	size_t low = 0, high = r->n_lanes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (r->lanes[mid].lane < lane)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n_lanes && r->lanes[low].lane == lane ? &r->lanes[low] : NULL;
}

static struct refill_place *find_place(struct refill *r, int32_t lane, int32_t partition)
{
	const struct refill_lane *l = find_lane(r, lane);

	if (l == NULL || partition < 0 || partition >= r->partitions)
		return NULL;
	return &r->places[(size_t)(l - r->lanes) * (size_t)r->partitions + (size_t)partition];
}

/* ---- the marks ---------------------------------------------------------------------------------------------------------- */

static bool load(struct store *store, struct book *book, const int32_t *lanes, const int64_t *epochs, size_t fenced, size_t n,
		 struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		book_want(book, &lane_table, BOOK_KEY, &(struct lane_row){ .lane = lanes[i] });
		book_want(book, &output_seq_table, LANE_BY_LANE, &(struct output_seq_row){ .lane = lanes[i] });
	}
	return store_begin(store, lanes, epochs, fenced, err) && store_load(store, book, err);
}

bool refill_marks(struct refill *r, struct store *store, struct err *err)
{
	struct book *book = book_new(r->arena, run_tables, RUN_TABLES_N);
	int32_t *lanes = ARENA_ARRAY(r->arena, r->n_lanes, int32_t);

	for (size_t i = 0; i < r->n_lanes; i++)
		lanes[i] = r->lanes[i].lane;
	bool ok = load(store, book, lanes, NULL, 0, r->n_lanes, err);
	store_abort(store);
	for (size_t i = 0; ok && i < r->n_lanes; i++) {
		struct rows rows = book_find(book, &output_seq_table, LANE_BY_LANE, &(struct output_seq_row){ .lane = lanes[i] });
		for (size_t k = 0; k < rows.n; k++) {
			const struct output_seq_row *row = rows.row[k];
			struct refill_place *p = find_place(r, row->lane, row->destination_lane);
			if (p == NULL || !text_eq(row->topic, text_of(r->topic)))
				continue;
			p->published_seq = row->published_seq;
			p->last_offset = row->last_offset;
		}
	}
	return ok;
}

/* ---- the log ---------------------------------------------------------------------------------------------------------- */

bool refill_see(struct refill *r, int32_t partition, int64_t offset, int64_t low, const struct type_provenance *p, struct err *err)
{
	const struct refill_lane *lane = find_lane(r, p->lane);
	struct refill_place *place = find_place(r, p->lane, partition);
	int64_t number = stream_seq(&r->stream, p);

	if (lane == NULL || p->seq > lane->seq)
		return err_set(err, ERR_STOP, "database_older_than_stream",
			       "%s[%d]@%lld holds seq %lld of lane %d, the database of %s ends at %lld: run `openitem rebuild %s`",
			       r->topic, partition, (long long)offset, (long long)p->seq, p->lane, r->service,
			       (long long)(lane == NULL ? 0 : lane->seq), r->service);
	CHECK(place != NULL);
	place->intact = place->intact || (p->seq == place->published_seq && offset == place->last_offset);
	if (number <= place->number)
		return true;
	/* What retention took from the beginning is not missing at the end. */
	bool begins = place->number == 0 && low > 0;
	if (number != place->number + 1 && !begins && !r->stream.dead) {
		place->early++;
		return true;
	}
	place->number = number;
	place->has_seq = p->seq;
	place->has_offset = offset;
	return true;
}

static bool see_all(struct refill *r, struct bus_reader *reader, const struct bus_extent *extents, refill_progress_fn *progress,
		    void *ctx, struct err *err)
{
	struct arena *arena = arena_new((size_t)8 << 20, (size_t)1 << 30);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_record record;
	int64_t done = 0;
	bool ok = true;

	while (ok && what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		what = bus_reader_poll(reader, 100, &record, err);
		if (progress != NULL)
			progress(ctx, done);
		if (what != BUS_READ_RECORD)
			continue;
		const struct type_provenance *p = stream_provenance(&r->stream, &record, arena);
		if (p != NULL && text_eq(p->service, text_of(r->service)))
			ok = refill_see(r, record.partition, record.offset, extents[record.topic_at].low, p, err);
		bus_record_release(&record);
		arena_reset(arena);
		done++;
	}
	arena_free(arena);
	return ok && what != BUS_READ_FAILED;
}

bool refill_scan(struct refill *r, const struct bus_conf *conf, bool everything, refill_progress_fn *progress, void *ctx,
		 struct err *err)
{
	struct bus_range *ranges = ARENA_ARRAY(r->arena, (size_t)r->partitions, struct bus_range);
	struct bus_extent *extents = ARENA_ARRAY(r->arena, (size_t)r->partitions, struct bus_extent);
	struct bus_reader *reader;

	r->everything = everything;
	for (int32_t p = 0; p < r->partitions; p++)
		ranges[p] = (struct bus_range){ r->topic, p, everything ? BUS_END : BUS_BEGINNING, BUS_END };
	if (!bus_reader_open_within(conf, ranges, (size_t)r->partitions, err, &reader, extents))
		return false;
	for (int32_t p = 0; p < r->partitions; p++)
		r->lows[p] = extents[p].low;
	bool ok = see_all(r, reader, extents, progress, ctx, err);
	bus_reader_close(reader);
	return ok;
}

/* ---- the plan ---------------------------------------------------------------------------------------------------------- */

/* Nothing of this lane is in the log, because retention took it. */
static bool expired(const struct refill *r, const struct refill_place *p)
{
	return !r->everything && p->has_seq == 0 && p->last_offset >= 0 && p->last_offset < r->lows[p->partition];
}

void refill_row(struct refill *r, int32_t lane, int32_t partition, int64_t seq)
{
	struct refill_place *p = find_place(r, lane, partition);
	const struct refill_lane *l = find_lane(r, lane);

	if (p != NULL && seq > p->has_seq && seq <= l->published_seq && !expired(r, p))
		p->missing++;
}

const struct refill_place *refill_plan(struct refill *r, size_t *ret_n, int64_t *ret_missing, size_t *ret_moves)
{
	*ret_n = r->n_lanes * (size_t)r->partitions;
	*ret_missing = 0;
	*ret_moves = 0;
	for (size_t i = 0; i < *ret_n; i++) {
		struct refill_place *p = &r->places[i];
		/* The record that the mark names is not where the mark says: what is missing will be published again, what stands in other
		 * places is known from now on (made whole before, a copy, or published twice and lost once). */
		bool wrong = !p->intact && !r->everything && p->published_seq > 0 && p->last_offset >= r->lows[p->partition];
		p->move = p->missing > 0 || wrong;
		*ret_missing += p->missing;
		*ret_moves += p->move;
	}
	return r->places;
}

/* ---- moving the marks ---------------------------------------------------------------------------------------------------- */

static void move(struct refill *r, struct book *book, size_t at)
{
	struct lane_row lane =
		*(const struct lane_row *)book_get(book, &lane_table, &(struct lane_row){ .lane = r->lanes[at].lane });

	for (int32_t p = 0; p < r->partitions; p++) {
		const struct refill_place *place = &r->places[at * (size_t)r->partitions + (size_t)p];
		struct output_seq_row key = { .lane = lane.lane, .topic = text_of(r->topic), .destination_lane = p };
		if (!place->move)
			continue;
		const struct output_seq_row *old = NULL;
		struct rows rows = book_find(book, &output_seq_table, LANE_BY_LANE, &(struct output_seq_row){ .lane = lane.lane });
		for (size_t k = 0; k < rows.n && old == NULL; k++) {
			const struct output_seq_row *row = rows.row[k];
			if (text_eq(row->topic, key.topic) && row->destination_lane == p)
				old = row;
		}
		if (old != NULL)
			key = *old;
		key.published_seq = place->has_seq;
		key.last_offset = place->has_offset;
		key.known_offset = place->has_offset + 1 > 0 ? place->has_offset + 1 : -1;
		book_put(book, &output_seq_table, &key);
		if (place->missing > 0)
			lane.published_seq = MIN(lane.published_seq, place->has_seq);
	}
	lane.stopped = TEXT_NONE;
	book_put(book, &lane_table, &lane);
}

bool refill_apply(struct refill *r, struct store *store, const char *owner, struct err *err)
{
	struct book *book = book_new(r->arena, run_tables, RUN_TABLES_N);
	int32_t *lanes = ARENA_ARRAY(r->arena, r->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(r->arena, r->n_lanes, int64_t);
	size_t *at = ARENA_ARRAY(r->arena, r->n_lanes, size_t), n = 0;

	for (size_t i = 0; i < r->n_lanes; i++) {
		bool any = false;
		for (int32_t p = 0; p < r->partitions; p++)
			any = any || r->places[i * (size_t)r->partitions + (size_t)p].move;
		if (any) {
			at[n] = i;
			lanes[n++] = r->lanes[i].lane;
		}
	}
	if (n == 0)
		return true;
	if (!store_take_lanes(store, lanes, n, owner, err, epochs))
		return false;
	if (!load(store, book, lanes, epochs, n, n, err)) {
		store_abort(store);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		move(r, book, at[i]);
	return store_save_commit(store, run_tables, RUN_TABLES_N, book, err);
}
