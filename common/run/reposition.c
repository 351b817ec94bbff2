#include "run/reposition.h"
#include "run/tables.h"
#include "store/store.h"

/* ---- the database -------------------------------------------------------------------------------------------------------- */

static void want_rows(struct book *book, int32_t lane)
{
	book_want(book, &lane_table, BOOK_KEY, &(struct lane_row){ .lane = lane });
	book_want(book, &position_table, LANE_BY_LANE, &(struct position_row){ .lane = lane });
	book_want(book, &input_seq_table, LANE_BY_LANE, &(struct input_seq_row){ .lane = lane });
	book_want(book, &cursor_table, BOOK_KEY, &(struct cursor_row){ .lane = lane });
}

static const struct position_row *find_position(const struct reposition *x, struct book *book)
{
	return book_get(book, &position_table,
			&(struct position_row){ .lane = x->lane, .topic = text_of(x->topic), .partition = x->partition });
}

static const struct cursor_row *find_cursor(const struct reposition *x, struct book *book)
{
	const struct cursor_row *c = book_get(book, &cursor_table, &(struct cursor_row){ .lane = x->lane });

	return c != NULL && text_eq(c->topic, text_of(x->topic)) && c->partition == x->partition ? c : NULL;
}

static struct reposition_sender *find_sender(struct reposition *x, int32_t lane)
{
	for (size_t i = 0; i < x->n_senders; i++)
		if (x->senders[i].lane == lane)
			return &x->senders[i];
	CHECK(x->n_senders < REPOSITION_SENDERS_N);
	if (x->senders == NULL)
		x->senders = ARENA_ARRAY(x->arena, REPOSITION_SENDERS_N, struct reposition_sender);
	x->senders[x->n_senders] = (struct reposition_sender){ .lane = lane };
	return &x->senders[x->n_senders++];
}

/* What it wrote is gone: `openitem refill` helps, and until then the stop is all that remembers it. */
static bool is_writers_stop(const struct lane_row *lane)
{
	return text_starts(lane->stopped, TEXT("topic_lost_its_end:"));
}

bool reposition_load(struct reposition *x, struct store *store, struct err *err)
{
	struct book *book = book_new(x->arena, run_tables, RUN_TABLES_N);
	struct position_row key = { .lane = x->lane, .topic = text_of(x->topic), .partition = x->partition };

	x->inner = stream_find(text_of(x->topic), &x->stream) && !x->stream.dead;
	x->want = REPOSITION_AUTO;
	x->prev_offset = x->to = -1;
	want_rows(book, x->lane);
	book_want(book, &position_table, BOOK_KEY, &key);
	bool ok = store_begin(store, NULL, NULL, 0, err) && store_load(store, book, err);
	store_abort(store);
	if (!ok)
		return false;
	const struct lane_row *lane = book_get(book, &lane_table, &(struct lane_row){ .lane = x->lane });
	const struct position_row *p = find_position(x, book);
	const struct cursor_row *c = find_cursor(x, book);
	if (lane == NULL)
		return err_set(err, ERR_RETRY, "position_missing", "%s has no lane %d yet", x->service, x->lane);
	/* A partition that was never read is read from its beginning; what stands there may have come before its turn. */
	x->position = p == NULL ? 0 : p->next_offset;
	x->hash_known = p != NULL && p->record_hash.n == sizeof(x->hash.b);
	if (x->hash_known)
		memcpy(x->hash.b, p->record_hash.s, sizeof(x->hash.b));
	x->lane_seq = lane->seq;
	x->stopped = !text_empty(lane->stopped) && !is_writers_stop(lane);
	struct rows in = book_find(book, &input_seq_table, LANE_BY_LANE, &(struct input_seq_row){ .lane = x->lane });
	for (size_t i = 0; i < in.n; i++) {
		const struct input_seq_row *row = in.row[i];
		if (!text_eq(row->topic, text_of(x->topic)) || row->partition != x->partition)
			continue;
		struct reposition_sender *s = find_sender(x, row->source_lane);
		s->last = s->was = row->last_seq;
	}
	x->cursor_here = c != NULL;
	if (c != NULL)
		x->cursor_offset = c->next_offset;
	return true;
}

/* ---- the log ---------------------------------------------------------------------------------------------------------- */

bool reposition_judge(struct reposition *x, size_t n, const struct bus_conf *conf, struct err *err)
{
	struct bus_range *ranges = ARENA_ARRAY(x->arena, n, struct bus_range);
	struct bus_extent *extents = ARENA_ARRAY(x->arena, n, struct bus_extent);
	bool *found = ARENA_ARRAY(x->arena, n, bool), *equal = ARENA_ARRAY(x->arena, n, bool);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_reader *reader;
	struct bus_record r;
	struct id_hash hash;

	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct bus_range){ x[i].topic, x[i].partition, MAX(x[i].position - 1, (int64_t)0), x[i].position };
	if (!bus_reader_open_within(conf, ranges, n, err, &reader, extents))
		return false;
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		what = bus_reader_poll(reader, 100, &r, err);
		if (what != BUS_READ_RECORD)
			continue;
		stream_record_hash(&r, &hash);
		found[r.topic_at] = true;
		equal[r.topic_at] = id_hash_eq(&hash, &x[r.topic_at].hash);
		bus_record_release(&r);
	}
	bus_reader_close(reader);
	for (size_t i = 0; i < n; i++) {
		x[i].extent = extents[i];
		x[i].verdict = log_judge(&(struct log_seen){ .low = extents[i].low,
							     .high = extents[i].high,
							     .position = x[i].position,
							     .known = x[i].hash_known,
							     .found = found[i],
							     .equal = equal[i],
							     .complete = text_starts(text_of(x[i].topic), TEXT("ar.")) });
	}
	return what != BUS_READ_FAILED;
}

struct reposition_cause reposition_cause(int64_t offset, struct text event_id)
{
	return (struct reposition_cause){ offset, text_hash(event_id, 1) };
}

static bool is_cause(const struct reposition *x, int64_t offset, struct text event_id)
{
	size_t low = 0, high = x->n_causes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (x->causes[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < x->n_causes && x->causes[low].offset == offset; low++)
		if (x->causes[low].id == reposition_cause(offset, event_id).id)
			return true;
	return false;
}

static void go_on_at(struct reposition *x, int64_t offset)
{
	x->to = offset;
	x->to_hash = x->prev_hash;
	x->to_hash_known = x->prev_offset == offset - 1 && offset > 0;
}

/* The scan comes to an explicit offset: what lies before it and was not read is passed over, if forced. */
static void enter(struct reposition *x)
{
	x->entered = true;
	go_on_at(x, x->want);
	for (size_t i = 0; x->force && i < x->n_senders; i++) {
		struct reposition_sender *s = &x->senders[i];
		if (s->below <= s->last)
			continue;
		x->passed_over += s->below - s->last;
		s->last = s->below;
	}
}

static void see_numbered(struct reposition *x, int64_t offset, struct text event_id, int32_t sender, int64_t number)
{
	struct reposition_sender *s = find_sender(x, sender);

	if (x->want >= 0 && offset < x->want) {
		s->below = MAX(s->below, number);
		return;
	}
	if (x->cursor_here && x->to < 0 && !text_empty(x->cursor_id) && text_eq(event_id, x->cursor_id))
		go_on_at(x, offset);
	if (number <= s->last)
		return;
	if (number == s->last + 1) {
		s->last = number;
		if (x->to < 0 && !x->cursor_here)
			go_on_at(x, offset);
		return;
	}
	s->early = MAX(s->early, number);
	s->early_end = offset + 1;
}

void reposition_see(struct reposition *x, int64_t offset, const struct id_hash *hash, struct text event_id, int32_t sender,
		    int64_t number)
{
	if (x->want >= 0 && !x->entered && offset >= x->want)
		enter(x);
	if (x->inner)
		see_numbered(x, offset, event_id, sender, number);
	x->prev_offset = offset;
	x->prev_hash = *hash;
	if (!x->inner && x->want == REPOSITION_AUTO && !text_empty(event_id) && is_cause(x, offset, event_id))
		go_on_at(x, offset + 1);
}

/* Where the scan begins. What lies before a position that is right was read. */
static int64_t scan_from(const struct reposition *x)
{
	/* A stopped lane is read from the beginning: a log that grew again may hold the same record before the position and yet have
	 * other records further back, which are then the ones that are missed. */
	if (x->want == REPOSITION_AUTO && !log_is_stop(x->verdict) && !x->stopped && !x->reread && x->inner && !x->cursor_here)
		return x->position;
	return x->extent.low;
}

bool reposition_scan(struct reposition *x, const struct bus_conf *conf, struct err *err)
{
	struct bus_range range = { x->topic, x->partition, scan_from(x), x->extent.high };
	struct arena *arena = arena_new((size_t)8 << 20, (size_t)1 << 30);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_extent extent;
	struct bus_reader *reader;
	struct bus_record r;
	struct id_hash hash;
	struct text id;

	if (x->want >= 0 && (x->want < x->extent.low || x->want > x->extent.high)) {
		arena_free(arena);
		return err_set(err, ERR_STOP, "reposition_outside", "%s[%d] holds %lld to %lld: %lld is outside", x->topic,
			       x->partition, (long long)x->extent.low, (long long)x->extent.high, (long long)x->want);
	}
	if (range.from == x->position && x->hash_known) {
		x->prev_offset = x->position - 1;
		x->prev_hash = x->hash;
	}
	if (!bus_reader_open_within(conf, &range, 1, err, &reader, &extent)) {
		arena_free(arena);
		return false;
	}
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		what = bus_reader_poll(reader, 100, &r, err);
		if (what != BUS_READ_RECORD)
			continue;
		const struct type_provenance *p = x->inner ? stream_provenance(&x->stream, &r, arena) : NULL;
		stream_record_hash(&r, &hash);
		if (!bus_header(&r, "ce_id", &id))
			id = TEXT_NONE;
		/* A record that nobody can place is left to the loop, which says why it stops. */
		if (!x->inner || p != NULL)
			reposition_see(x, r.offset, &hash, id, p == NULL ? 0 : p->lane, p == NULL ? 0 : stream_seq(&x->stream, p));
		bus_record_release(&r);
		arena_reset(arena);
	}
	bus_reader_close(reader);
	arena_free(arena);
	return what != BUS_READ_FAILED;
}

static bool all_there(const struct reposition *x, struct err *err)
{
	for (size_t i = 0; i < x->n_senders; i++) {
		const struct reposition_sender *s = &x->senders[i];
		if (s->below > s->last)
			return err_set(
				err, ERR_STOP, "unread_records",
				"%s[%d]: seq %lld to %lld of lane %d lie before offset %lld and were not read; --force with a --reason "
				"passes over them",
				x->topic, x->partition, (long long)s->last + 1, (long long)s->below, s->lane, (long long)x->want);
		if (s->early > s->last)
			return err_set(
				err, ERR_STOP, "records_missing",
				"%s[%d]: seq %lld of lane %d is not in the log, later ones are: run `openitem refill %s%s` first",
				x->topic, x->partition, (long long)s->last + 1, s->lane, x->topic,
				x->extent.low > 0 ? " --everything" : "");
	}
	return true;
}

bool reposition_finish(struct reposition *x, struct err *err)
{
	if (x->want >= 0 && !x->entered)
		enter(x);
	if (x->want == BUS_BEGINNING) {
		x->prev_offset = -1;
		go_on_at(x, x->extent.low);
	}
	if (x->cursor_here && (x->to < 0 || x->want != REPOSITION_AUTO))
		return err_set(err, ERR_STOP, "cursor_missing", "lane %d is in the middle of an input of %s[%d], and %s", x->lane,
			       x->topic, x->partition,
			       x->want != REPOSITION_AUTO ? "goes on there: without --to" : "its record is not in the log");
	if (x->to < 0)
		go_on_at(x, x->inner ? x->extent.high : x->extent.low);
	if (!all_there(x, err))
		return false;
	if (!x->inner && x->verdict == LOG_LOST_UNREAD)
		x->passed_over = x->extent.low - x->position;
	for (size_t i = 0; i < x->n_senders; i++)
		x->senders[i].pass_below = x->senders[i].early_end > x->to ? x->senders[i].early_end : 0;
	return true;
}

/* ---- moving it ---------------------------------------------------------------------------------------------------------- */

static void put(const struct reposition *x, struct book *book, const char *by, const char *reason, int64_t now_us)
{
	struct lane_row lane = *(const struct lane_row *)book_get(book, &lane_table, &(struct lane_row){ .lane = x->lane });
	const struct position_row *was = find_position(x, book);
	struct position_row p = { .lane = x->lane, .topic = text_of(x->topic), .partition = x->partition };
	const struct cursor_row *c = find_cursor(x, book);

	if (was != NULL)
		p = *was;
	struct moved_row moved = { .lane = x->lane,
				   .moved_at_us = now_us,
				   .topic = p.topic,
				   .partition = x->partition,
				   .lane_seq = lane.seq,
				   .from_offset = p.next_offset,
				   .to_offset = x->to,
				   .passed_over = x->passed_over,
				   .moved_by = text_of(by),
				   .reason = text_of(reason) };

	if (!is_writers_stop(&lane))
		lane.stopped = TEXT_NONE;
	p.next_offset = x->to;
	p.record_hash = x->to_hash_known ? (struct text){ (const char *)x->to_hash.b, sizeof(x->to_hash.b) } : TEXT_NONE;
	book_put(book, &lane_table, &lane);
	book_put(book, &position_table, &p);
	if (moved.from_offset != moved.to_offset || moved.passed_over > 0)
		book_put(book, &moved_table, &moved);
	if (c != NULL) {
		struct cursor_row at = *c;
		at.next_offset = x->to;
		book_put(book, &cursor_table, &at);
	}
	for (size_t i = 0; i < x->n_senders; i++) {
		const struct reposition_sender *s = &x->senders[i];
		/* Unless forced, the numbers stay: what is read from here on moves them. */
		book_put(book, &input_seq_table,
			 &(struct input_seq_row){ .lane = x->lane,
						  .topic = p.topic,
						  .partition = x->partition,
						  .source_lane = s->lane,
						  .last_seq = x->force ? MAX(s->was, s->below) : s->was,
						  .pass_below = s->pass_below });
	}
}

static bool unchanged(const struct reposition *x, struct book *book)
{
	const struct lane_row *lane = book_get(book, &lane_table, &(struct lane_row){ .lane = x->lane });
	const struct position_row *p = find_position(x, book);

	return lane != NULL && lane->seq == x->lane_seq && (p == NULL ? 0 : p->next_offset) == x->position &&
	       (find_cursor(x, book) != NULL) == x->cursor_here;
}

bool reposition_apply(const struct reposition *x, struct store *store, const char *by, const char *reason, int64_t now_us,
		      struct err *err)
{
	const struct table *tables[RUN_TABLES_N + 1];
	int64_t epoch;

	memcpy(tables, run_tables, sizeof(run_tables));
	tables[RUN_TABLES_N] = &moved_table;
	struct book *book = book_new(x->arena, tables, RUN_TABLES_N + 1);
	want_rows(book, x->lane);
	book_want(book, &position_table, BOOK_KEY,
		  &(struct position_row){ .lane = x->lane, .topic = text_of(x->topic), .partition = x->partition });
	if (!store_take_lanes(store, &x->lane, 1, "openitem reposition", err, &epoch) ||
	    !store_begin(store, &x->lane, &epoch, 1, err) || !store_load(store, book, err))
		return false;
	if (!unchanged(x, book)) {
		store_abort(store);
		return err_set(err, ERR_RETRY, "reposition_moved", "lane %d of %s has moved on meanwhile", x->lane, x->service);
	}
	put(x, book, by, reason, now_us);
	return store_save_commit(store, tables, RUN_TABLES_N + 1, book, err);
}
