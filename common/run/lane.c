/* lane: what we know about a lane we own, read from and written to the loop's tables. */
#include "base/fault.h"
#include "log/log.h"
#include "run/loop.h"
#include "run/stream.h"

struct lane *lane_find(struct loop *loop, int32_t lane)
{
	for (size_t i = 0; i < loop->n_lanes; i++)
		if (loop->lane[i].lane == lane)
			return &loop->lane[i];
	return NULL;
}

int32_t lane_of_partition(const struct loop *loop, int source, int32_t partition)
{
	return loop->service->gate != NULL ? source * GATE_LANES_PER_SOURCE + partition : partition;
}

/* ---- sequence numbers ------------------------------------------------------------------------------------------------ */

static size_t seq_slot(const struct seq_map *map, int16_t topic, int32_t partition, int32_t source_lane)
{
	uint64_t h = ((uint64_t)(uint32_t)partition << 32 | (uint32_t)source_lane) * 0x9e3779b97f4a7c15u + (uint64_t)topic * 31u;
	size_t at = (size_t)(h >> 20) & (map->cap - 1);

	for (;; at = (at + 1) & (map->cap - 1)) {
		const struct seq_entry *e = &map->entry[at];
		if (e->topic < 0 || (e->topic == topic && e->partition == partition && e->source_lane == source_lane))
			return at;
	}
}

static void seq_resize(struct seq_map *map, size_t cap)
{
	struct seq_map old = *map;

	map->entry = calloc(cap, sizeof(*map->entry));
	CHECK(map->entry != NULL);
	map->cap = cap;
	for (size_t i = 0; i < cap; i++)
		map->entry[i].topic = -1;
	for (size_t i = 0; i < old.cap; i++) {
		const struct seq_entry *e = &old.entry[i];
		if (e->topic >= 0)
			map->entry[seq_slot(map, e->topic, e->partition, e->source_lane)] = *e;
	}
	free(old.entry);
}

struct seq_entry *seq_find(struct seq_map *map, int16_t topic, int32_t partition, int32_t source_lane, bool make)
{
	if (map->cap == 0)
		seq_resize(map, 32);
	size_t at = seq_slot(map, topic, partition, source_lane);
	if (map->entry[at].topic >= 0)
		return &map->entry[at];
	if (!make)
		return NULL;
	if ((map->n + 1) * 2 > map->cap) {
		CHECK(map->n < SEQS_PER_LANE_MAX);
		seq_resize(map, map->cap * 2);
		at = seq_slot(map, topic, partition, source_lane);
	}
	map->n++;
	map->entry[at] = (struct seq_entry){
		.topic = topic, .partition = partition, .source_lane = source_lane, .known_offset = -1, .last_offset = -1
	};
	return &map->entry[at];
}

static void seq_clear(struct seq_map *map)
{
	for (size_t i = 0; i < map->cap; i++)
		map->entry[i].topic = -1;
	map->n = 0;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static int source_of_topic(const struct loop *loop, struct text topic)
{
	for (size_t s = 0; s < loop->service->n_sources; s++)
		if (text_eq(topic, text_of(loop->service->sources[s].topic)))
			return (int)s;
	return -1;
}

static int output_of_topic(const struct loop *loop, struct text topic)
{
	for (int t = 0; t < OUTPUTS_MAX; t++)
		if (loop->output_topic[t] != NULL && text_eq(topic, text_of(loop->output_topic[t])))
			return t;
	return -1;
}

static void want_lane(struct book *book, int32_t lane)
{
	book_want(book, &lane_table, BOOK_KEY, &(struct lane_row){ .lane = lane });
	book_want(book, &position_table, LANE_BY_LANE, &(struct position_row){ .lane = lane });
	book_want(book, &input_seq_table, LANE_BY_LANE, &(struct input_seq_row){ .lane = lane });
	book_want(book, &output_seq_table, LANE_BY_LANE, &(struct output_seq_row){ .lane = lane });
	book_want(book, &cursor_table, BOOK_KEY, &(struct cursor_row){ .lane = lane });
}

static void read_positions(struct loop *loop, struct book *book, struct lane *l)
{
	struct rows rows = book_find(book, &position_table, LANE_BY_LANE, &(struct position_row){ .lane = l->lane });

	for (size_t s = 0; s < SOURCES_MAX; s++) {
		l->next_offset[s] = -1;
		l->event_us[s] = 0;
	}
	for (size_t i = 0; i < rows.n; i++) {
		const struct position_row *p = rows.row[i];
		int s = source_of_topic(loop, p->topic);
		if (s < 0)
			continue;
		l->next_offset[s] = p->next_offset;
		l->event_us[s] = p->event_us;
		l->record_known[s] = p->record_hash.n == sizeof(l->record_hash[s].b);
		if (l->record_known[s])
			memcpy(l->record_hash[s].b, p->record_hash.s, sizeof(l->record_hash[s].b));
	}
}

static void read_seqs(struct loop *loop, struct book *book, struct lane *l)
{
	struct rows in = book_find(book, &input_seq_table, LANE_BY_LANE, &(struct input_seq_row){ .lane = l->lane });
	struct rows out = book_find(book, &output_seq_table, LANE_BY_LANE, &(struct output_seq_row){ .lane = l->lane });

	seq_clear(&l->in);
	seq_clear(&l->out);
	for (size_t i = 0; i < in.n; i++) {
		const struct input_seq_row *r = in.row[i];
		int s = source_of_topic(loop, r->topic);
		if (s < 0)
			continue;
		struct seq_entry *e = seq_find(&l->in, (int16_t)s, r->partition, r->source_lane, true);
		e->seq = r->last_seq;
		e->pass_below = r->pass_below;
	}
	for (size_t i = 0; i < out.n; i++) {
		const struct output_seq_row *r = out.row[i];
		int t = output_of_topic(loop, r->topic);
		if (t < 0)
			continue;
		struct seq_entry *e = seq_find(&l->out, (int16_t)t, r->destination_lane, 0, true);
		e->seq = r->last_seq;
		e->known_offset = r->known_offset;
		e->published_seq = r->published_seq;
		e->last_offset = r->last_offset;
	}
}

static void read_cursor(struct loop *loop, struct book *book, struct lane *l)
{
	const struct cursor_row *c = book_get(book, &cursor_table, &(struct cursor_row){ .lane = l->lane });

	l->cursor_source = -1;
	if (c == NULL)
		return;
	CHECK(c->state.n <= CURSOR_BYTES_MAX);
	l->cursor_source = source_of_topic(loop, c->topic);
	l->cursor_offset = c->next_offset;
	l->cursor_part = c->part;
	l->cursor_n = c->state.n;
	memcpy(l->cursor_state, c->state.s, c->state.n);
}

static void read_lane(struct loop *loop, struct book *book, struct lane *l)
{
	const struct lane_row *row = book_get(book, &lane_table, &(struct lane_row){ .lane = l->lane });

	CHECK(row != NULL);
	l->seq = l->seq_saved = row->seq;
	memset(&l->hash, 0, sizeof(l->hash));
	if (row->hash.n == sizeof(l->hash.b))
		memcpy(l->hash.b, row->hash.s, sizeof(l->hash.b));
	/* What was acknowledged stays so when the mark had not been saved yet: nothing would move it until the lane's next outcome. */
	l->published_seq = MAX(row->published_seq, MIN(l->published_seq, row->seq));
	l->published_saved = row->published_seq;
	l->stop_saved = !text_empty(row->stopped);
	read_positions(loop, book, l);
	read_seqs(loop, book, l);
	read_cursor(loop, book, l);
	l->known_moved = l->cursor_changed = l->in_batch = l->blocked = false;
	memset(l->position_changed, 0, sizeof(l->position_changed));
}

static void find_fanout_high(struct loop *loop)
{
	for (int32_t to = 0; to < loop->lanes; to++) {
		loop->fanout_high[to] = -1;
		for (size_t i = 0; i < loop->n_lanes; i++) {
			const struct seq_entry *e = seq_find(&loop->lane[i].out, OUTPUT_FANOUT, to, 0, false);
			loop->fanout_high[to] = MAX(loop->fanout_high[to], e == NULL ? -1 : e->last_offset);
		}
	}
}

bool lanes_reload(struct loop *loop, struct err *err)
{
	int32_t *lanes = ARENA_ARRAY(loop->arena, loop->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(loop->arena, loop->n_lanes, int64_t);
	struct book *book = book_new(loop->arena, run_tables, RUN_TABLES_N);

	metric_add(loop->m.reloads, 1);
	for (size_t i = 0; i < loop->n_lanes; i++) {
		lanes[i] = loop->lane[i].lane;
		epochs[i] = loop->lane[i].epoch;
		want_lane(book, lanes[i]);
	}
	if (loop->n_lanes == 0)
		return true;
	if (!store_begin(loop->store, lanes, epochs, loop->n_lanes, err))
		return false;
	bool ok = store_load(loop->store, book, err);
	store_abort(loop->store);
	if (!ok)
		return false;
	for (size_t i = 0; i < loop->n_lanes; i++)
		read_lane(loop, book, &loop->lane[i]);
	find_fanout_high(loop);
	arena_reset(loop->arena);
	return true;
}

bool lanes_take(struct loop *loop, struct err *err)
{
	int32_t *lanes = ARENA_ARRAY(loop->arena, loop->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(loop->arena, loop->n_lanes, int64_t);

	for (size_t i = 0; i < loop->n_lanes; i++)
		lanes[i] = loop->lane[i].lane;
	if (loop->n_lanes > 0 && !store_take_lanes(loop->store, lanes, loop->n_lanes, loop->owner, err, epochs))
		return false;
	FAILPOINT("assign.epoch_raised");
	for (size_t i = 0; i < loop->n_lanes; i++) {
		loop->lane[i].epoch = epochs[i];
		loop->lane[i].published_seq = 0; /* as the table says: a person may have moved it back (openitem refill) */
		loop->lane[i].mute = false;
		loop->lane[i].stopped = false; /* tried again; what was wrong is found again, or a person has put it right */
	}
	return lanes_reload(loop, err);
}

bool lanes_taken_away(struct loop *loop)
{
	int32_t *lanes = ARENA_ARRAY(loop->arena, loop->n_lanes, int32_t);
	int64_t *epochs = ARENA_ARRAY(loop->arena, loop->n_lanes, int64_t);

	for (size_t i = 0; i < loop->n_lanes; i++)
		lanes[i] = loop->lane[i].lane;
	if (loop->n_lanes == 0 || loop->activate_wanted || loop->store == NULL || store_is_broken(loop->store) ||
	    !store_lane_epochs(loop->store, lanes, loop->n_lanes, NULL, epochs))
		return false;
	for (size_t i = 0; i < loop->n_lanes; i++)
		if (epochs[i] != loop->lane[i].epoch)
			return true;
	return false;
}

void lane_free(struct lane *lane)
{
	free(lane->in.entry);
	free(lane->out.entry);
}

void lane_stop(struct loop *loop, struct lane *lane, const struct err *why)
{
	char text[sizeof(lane->stopped_why)];

	(void)loop;
	if (lane->stopped)
		return;
	snprintf(text, sizeof(text), "%s: %s", why->code, why->msg);
	bool known = strcmp(text, lane->stopped_why) == 0; /* stopped, taken again, and stopped by the same */
	lane->stopped = true;
	lane->stop_saved = known && lane->stop_saved;
	memcpy(lane->stopped_why, text, sizeof(text));
	if (!known)
		log_line(LOG_ERROR, "lane stopped", LOG_I("lane", lane->lane), LOG_ERR(why));
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static void put_positions(struct loop *loop, struct book *book, struct lane *l)
{
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		if (!l->position_changed[s])
			continue;
		if (l->last_record[s] != NULL) { /* a rebuild may not know it */
			stream_record_hash(l->last_record[s], &l->record_hash[s]);
			l->record_known[s] = true;
			if (l->last_record[s]->timestamp_ms > 0)
				l->event_us[s] = l->last_record[s]->timestamp_ms * 1000;
		}
		struct text hash = { arena_dup(book_arena(book), l->record_hash[s].b, sizeof(l->record_hash[s].b)),
				     l->record_known[s] ? sizeof(l->record_hash[s].b) : 0 };
		book_put(book, &position_table,
			 &(struct position_row){ .lane = l->lane,
						 .topic = text_of(loop->service->sources[s].topic),
						 .partition = l->partition[s],
						 .next_offset = l->next_offset[s],
						 .record_hash = hash,
						 .event_us = l->event_us[s] });
		l->position_changed[s] = false;
	}
}

static void put_seqs(struct loop *loop, struct book *book, struct lane *l)
{
	for (size_t i = 0; i < l->in.cap; i++) {
		struct seq_entry *e = &l->in.entry[i];
		if (e->topic < 0 || !e->changed)
			continue;
		e->changed = false;
		book_put(book, &input_seq_table,
			 &(struct input_seq_row){ .lane = l->lane,
						  .topic = text_of(loop->service->sources[e->topic].topic),
						  .partition = e->partition,
						  .source_lane = e->source_lane,
						  .last_seq = e->seq,
						  .pass_below = e->pass_below });
	}
	for (size_t i = 0; i < l->out.cap; i++) {
		struct seq_entry *e = &l->out.entry[i];
		if (e->topic < 0 || !e->changed)
			continue;
		e->changed = false;
		book_put(book, &output_seq_table,
			 &(struct output_seq_row){ .lane = l->lane,
						   .topic = text_of(loop->output_topic[e->topic]),
						   .destination_lane = e->partition,
						   .last_seq = e->seq,
						   .known_offset = e->known_offset,
						   .published_seq = e->published_seq,
						   .last_offset = e->last_offset });
	}
}

static void put_cursor(struct loop *loop, struct book *book, struct lane *l)
{
	if (!l->cursor_changed)
		return;
	l->cursor_changed = false;
	bool goes_on = l->cursor_source >= 0;
	int s = goes_on ? l->cursor_source : 0;
	struct text state = { (const char *)arena_dup(book_arena(book), l->cursor_state, l->cursor_n), goes_on ? l->cursor_n : 0 };
	struct cursor_row row = { .lane = l->lane,
				  .topic = text_of(loop->service->sources[s].topic),
				  .partition = l->partition[s],
				  .next_offset = l->cursor_offset,
				  .part = l->cursor_part,
				  .state = state };

	book_put(book, &cursor_table, &row);
	if (!goes_on)
		book_delete(book, &cursor_table, &row);
}

bool lane_marks_wait(const struct lane *l)
{
	return l->published_seq != l->published_saved || l->stopped != l->stop_saved || l->known_moved;
}

void lane_put_changes(struct loop *loop, struct book *book, struct lane *l)
{
	struct arena *arena = book_arena(book);
	struct text hash = TEXT_NONE;

	l->known_moved = false;
	put_positions(loop, book, l);
	put_seqs(loop, book, l);
	put_cursor(loop, book, l);
	if (l->seq == l->seq_saved && !lane_marks_wait(l))
		return;
	if (l->seq > 0)
		hash = (struct text){ arena_dup(arena, l->hash.b, sizeof(l->hash.b)), sizeof(l->hash.b) };
	book_put(book, &lane_table,
		 &(struct lane_row){ .lane = l->lane,
				     .epoch = l->epoch,
				     .seq = l->seq,
				     .hash = hash,
				     .published_seq = MUTANT(MARK_BEFORE_ACK) ? l->seq : l->published_seq,
				     .stopped = l->stopped ? text_dup(arena, text_of(l->stopped_why)) : TEXT_NONE });
}
