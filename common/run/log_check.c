/*
 * log_check: at assignment, is every log still the one we know (DESIGN section 3)? One pass with one reader over
 *
 *	what we read	the record before each position: log_verdict.h
 *	what we wrote	our own topics from where all records are known to the end: a record of ours that the outcome table does not have
 *			means that the database is older than its stream; the last record we wrote must still be where it was, or the
 *			topic lost its end. Of a fan-out only the last record of all our lanes is looked for: what lies below it is whole.
 *
 * Only when that one is not there, a second pass looks for the last record of each lane, to stop none that lost nothing.
 */
#include "base/fault.h"
#include "log/log.h"
#include "run/log_verdict.h"
#include "run/loop.h"
#include "run/stream.h"

#define PARTITIONS_MAX LANES_OWNED_MAX
#define TOPICS_MAX     (SOURCES_MAX + OUTPUTS_MAX)
#define QUIET_MS       30000 /* a reader that gets nothing for so long is closed and tried again */

/* One partition that is looked at. */
struct place {
	int output; /* index of the output topic, -1: we only read it */
	struct lane *reader; /* the lane that reads it, NULL: we only write it */
	int source;
	bool found, equal; /* reader: the record before the position */
	bool last_gone; /* writer: our last record is not there */
};

struct check {
	struct loop *loop;
	struct bus_range *range;
	struct bus_extent *extent;
	struct place *place; /* parallel to range */
	size_t n, cap;
	const char *topic[TOPICS_MAX]; /* numbers for names */
	struct stream stream[TOPICS_MAX];
	size_t n_topics;
	int32_t *at; /* topic number x partition -> index of place + 1 */
	int32_t older; /* a lane whose database is older than its stream; -1: none */
	struct other *other; /* gate: lanes that somebody else owns, or nobody */
	size_t n_others;
};

struct other {
	int32_t lane;
	int64_t seq; /* the highest that was seen */
};

static size_t topic_number(struct check *c, const char *topic)
{
	size_t t = 0;

	while (t < c->n_topics && strcmp(c->topic[t], topic) != 0)
		t++;
	if (t == c->n_topics) {
		CHECK(t < TOPICS_MAX);
		c->topic[c->n_topics++] = topic;
	}
	return t;
}

/* from and until as in a bus_range, resolved offsets only but for BUS_END; a partition asked for twice is read once over both. */
static struct place *look_at(struct check *c, const char *topic, int32_t partition, int64_t from, int64_t until)
{
	CHECK(partition >= 0 && partition < PARTITIONS_MAX);
	int32_t *at = &c->at[topic_number(c, topic) * PARTITIONS_MAX + (size_t)partition];

	if (*at == 0) {
		CHECK(c->n < c->cap);
		c->range[c->n] = (struct bus_range){ topic, partition, from, until };
		c->place[c->n] = (struct place){ .output = -1 };
		*at = (int32_t)++c->n;
		return &c->place[*at - 1];
	}
	struct bus_range *r = &c->range[*at - 1];
	if (r->from == BUS_END || (from != BUS_END && from < r->from))
		r->from = from;
	if (until == BUS_END || (r->until != BUS_END && until > r->until))
		r->until = until;
	return &c->place[*at - 1];
}

/* ---- what we want to see --------------------------------------------------------------------------------------------- */

static void want_positions(struct check *c)
{
	struct loop *loop = c->loop;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		for (size_t s = 0; s < loop->service->n_sources; s++) {
			if (!l->assigned[s] || l->next_offset[s] < 0)
				continue;
			struct place *p = look_at(c, loop->service->sources[s].topic, l->partition[s],
						  MAX(l->next_offset[s] - 1, (int64_t)0), l->next_offset[s]);
			p->reader = l;
			p->source = (int)s;
		}
	}
}

/* From where all our lanes know their records, and the last of those. */
static void want_output(struct check *c, int output, int32_t partition)
{
	struct loop *loop = c->loop;
	int64_t from = INT64_MAX, last = -1;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		if (output == OUTPUT_ALIGNED && loop->lane[i].lane != partition)
			continue;
		const struct seq_entry *e = seq_find(&loop->lane[i].out, (int16_t)output, partition, 0, false);
		from = MIN(from, e == NULL || e->known_offset < 0 ? 0 : e->known_offset);
		last = MAX(last, e == NULL ? -1 : e->last_offset);
	}
	look_at(c, loop->output_topic[output], partition, last < 0 ? from : MIN(from, last), BUS_END)->output = output;
}

static void want_outputs(struct check *c)
{
	struct loop *loop = c->loop;

	if (loop->service->core->outcome_msg == NULL || loop->n_lanes == 0)
		return;
	if (loop->output_topic[OUTPUT_ALIGNED] != NULL)
		for (size_t i = 0; i < loop->n_lanes; i++)
			want_output(c, OUTPUT_ALIGNED, loop->lane[i].lane);
	if (loop->output_topic[OUTPUT_FANOUT] != NULL)
		for (int32_t to = 0; to < loop->lanes; to++)
			want_output(c, OUTPUT_FANOUT, to);
	/* Dead letters carry no number of ours: only where their log ends. */
	for (int t = OUTPUT_DEAD; t < OUTPUTS_MAX; t++)
		for (size_t i = 0; loop->output_topic[t] != NULL && i < loop->n_lanes; i++)
			if (loop->lane[i].assigned[t - OUTPUT_DEAD])
				look_at(c, loop->output_topic[t], loop->lane[i].partition[t - OUTPUT_DEAD], BUS_END, BUS_END)
					->output = t;
}

/* ---- what is there --------------------------------------------------------------------------------------------------- */

static void see_other(struct check *c, int32_t lane, int64_t seq)
{
	size_t i = 0;

	while (i < c->n_others && c->other[i].lane != lane)
		i++;
	if (i == LANES_OWNED_MAX)
		return;
	if (i == c->n_others)
		c->other[c->n_others++] = (struct other){ lane, seq };
	c->other[i].seq = MAX(c->other[i].seq, seq);
}

static void see_own(struct check *c, const struct place *p, const struct bus_record *r)
{
	struct loop *loop = c->loop;
	const char *me = loop->service->core->name;
	const struct type_provenance *v = stream_provenance(&c->stream[topic_number(c, r->topic)], r, loop->arena);
	struct lane *lane = v != NULL && text_eq(v->service, text_of(me)) ? lane_find(loop, v->lane) : NULL;
	struct err err;

	if (lane == NULL) {
		if (loop->service->gate != NULL && v != NULL && text_eq(v->service, text_of(me)))
			see_other(c, v->lane, v->seq);
		return;
	}
	if (v->seq > lane->seq && !MUTANT(DECIDES_AFTER_RESTORE)) {
		err_set(&err, ERR_STOP, "database_older_than_stream",
			"%s[%d]@%lld holds our seq %lld, the database ends at %lld: run `openitem rebuild %s`", r->topic,
			r->partition, (long long)r->offset, (long long)v->seq, (long long)lane->seq, me);
		lane_stop(loop, lane, &err);
		lane->mute = true;
		c->older = lane->lane;
		return;
	}
	struct seq_entry *e = seq_find(&lane->out, (int16_t)p->output, r->partition, 0, true);
	if (r->offset == e->last_offset && v->seq == e->published_seq)
		e->intact = true;
	if (r->offset >= e->known_offset) {
		e->known_offset = r->offset + 1;
		e->changed = true;
	}
}

static void see(struct check *c, const struct bus_record *r)
{
	struct place *p = &c->place[r->topic_at];

	if (p->reader != NULL && r->offset == p->reader->next_offset[p->source] - 1) {
		struct id_hash hash;
		stream_record_hash(r, &hash);
		p->found = true;
		p->equal = id_hash_eq(&hash, &p->reader->record_hash[p->source]);
	}
	if (p->output == OUTPUT_ALIGNED || p->output == OUTPUT_FANOUT)
		see_own(c, p, r);
}

static bool read_all(struct check *c, struct err *err)
{
	struct bus_reader *reader;
	struct bus_record r;
	int64_t heard_ms = run_now_ms();

	if (c->n == 0)
		return true;
	if (!bus_reader_open_within(&c->loop->bus_conf, c->range, c->n, err, &reader, c->extent))
		return false;
	enum bus_read what = BUS_READ_NOTHING;
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED && !run_stop) {
		what = bus_reader_poll(reader, 100, &r, err);
		metrics_beat();
		if (what == BUS_READ_NOTHING && run_now_ms() - heard_ms > QUIET_MS) {
			err_set(err, ERR_RETRY, "log_not_read", "the logs could not be read to their ends");
			what = BUS_READ_FAILED;
		}
		if (what != BUS_READ_RECORD)
			continue;
		heard_ms = run_now_ms();
		see(c, &r);
		bus_record_release(&r);
		if (arena_over(c->loop->arena))
			arena_reset(c->loop->arena);
	}
	bus_reader_close(reader);
	return what == BUS_READ_DONE || (what != BUS_READ_FAILED && err_set(err, ERR_RETRY, "stopping", "told to stop"));
}

/* ---- what it means --------------------------------------------------------------------------------------------------- */

static void judge_position(struct check *c, const struct place *p, const struct bus_range *range, const struct bus_extent *extent)
{
	struct loop *loop = c->loop;
	struct lane *l = p->reader;
	struct log_seen seen = { .low = extent->low,
				 .high = extent->high,
				 .position = l->next_offset[p->source],
				 .known = l->record_known[p->source],
				 .found = p->found,
				 .equal = p->equal,
				 .complete = text_starts(text_of(range->topic), TEXT("ar.")) };
	enum log_verdict verdict = log_judge(&seen);
	struct err err;

	if (verdict == LOG_COMPACTED)
		log_line(LOG_INFO, "the record before our position is not in the log any more: compacted",
			 LOG_S("topic", range->topic), LOG_I("partition", range->partition), LOG_I("position", seen.position));
	if (!log_is_stop(verdict))
		return;
	log_explain(&seen, verdict, loop->service->core->name, range->topic, range->partition, &err);
	lane_stop(loop, l, &err);
}

/* The entry of this lane whose last record should be in the log, or NULL. */
static struct seq_entry *expected(struct lane *l, const struct place *p, int32_t partition, const struct bus_extent *extent)
{
	struct seq_entry *e = seq_find(&l->out, (int16_t)p->output, partition, 0, false);

	return e != NULL && e->last_offset >= extent->low ? e : NULL;
}

/*
 * False: our last record in this partition is not where it was, or a lane that stopped has to be looked at closely: others went on writing
 * behind the lost end, so that the last of all is there. *ret_from = where the first of our lanes has its last one.
 */
static bool last_is_there(struct check *c, const struct place *p, int32_t partition, const struct bus_extent *extent,
			  int64_t *ret_from)
{
	const struct seq_entry *last = NULL;
	bool stopped = false;

	*ret_from = INT64_MAX;
	for (size_t i = 0; i < c->loop->n_lanes; i++) {
		const struct seq_entry *e = expected(&c->loop->lane[i], p, partition, extent);
		if (e == NULL)
			continue;
		*ret_from = MIN(*ret_from, e->last_offset);
		stopped = stopped || (c->loop->lane[i].stop_saved && !e->intact);
		if (last == NULL || e->last_offset > last->last_offset)
			last = e;
	}
	return !stopped && (last == NULL || last->intact);
}

static void stop_writers(struct check *c, const struct place *p, int32_t partition, const struct bus_extent *extent)
{
	struct loop *loop = c->loop;
	const char *topic = loop->output_topic[p->output];
	struct err err;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		const struct seq_entry *e = expected(l, p, partition, extent);
		if (e == NULL || e->intact)
			continue;
		publish_lost(&err, topic, partition, e, extent->high);
		lane_stop(loop, l, &err);
		l->mute = true;
	}
}

static void warn_dead_letters(struct check *c, const struct place *p, int32_t partition, const struct bus_extent *extent)
{
	const char *topic = c->loop->output_topic[p->output];

	for (size_t i = 0; i < c->loop->n_lanes; i++) {
		const struct seq_entry *e = expected(&c->loop->lane[i], p, partition, extent);
		if (e != NULL && e->last_offset >= extent->high)
			log_line(LOG_WARN, "dead letters are missing: `openitem refill` publishes them again",
				 LOG_S("topic", topic), LOG_I("partition", partition), LOG_I("lane", c->loop->lane[i].lane));
	}
}

/* Everything up to the end has been seen, and what we write from here on we know: so the next start begins here. */
static void know_all(struct check *c, const struct place *p, int32_t partition, const struct bus_extent *extent)
{
	struct loop *loop = c->loop;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *l = &loop->lane[i];
		if (l->mute || (p->output == OUTPUT_ALIGNED && l->lane != partition))
			continue;
		struct seq_entry *e = seq_find(&l->out, (int16_t)p->output, partition, 0, true);
		if (e->known_offset < extent->high) {
			e->known_offset = extent->high;
			e->changed = l->known_moved = true;
		}
	}
}

/* Looks for the last record of each lane in the partitions where the last of all is missing. */
static bool second_pass(struct check *c, const int64_t *from, struct err *err)
{
	struct check again = *c;
	size_t n = 0;

	again.range = calloc(c->n, sizeof(*again.range));
	again.place = calloc(c->n, sizeof(*again.place));
	again.extent = calloc(c->n, sizeof(*again.extent));
	CHECK(again.range != NULL && again.place != NULL && again.extent != NULL);
	for (size_t i = 0; i < c->n; i++) {
		if (!c->place[i].last_gone)
			continue;
		again.range[n] = (struct bus_range){ c->range[i].topic, c->range[i].partition, from[i], BUS_END };
		again.place[n++] = (struct place){ .output = c->place[i].output };
	}
	again.n = n;
	bool ok = read_all(&again, err);
	for (size_t i = 0; ok && i < n; i++)
		stop_writers(&again, &again.place[i], again.range[i].partition, &again.extent[i]);
	free(again.range);
	free(again.place);
	free(again.extent);
	return ok;
}

static bool judge(struct check *c, struct err *err)
{
	int64_t *from = calloc(c->n + 1, sizeof(*from));
	bool ok = true, any = false;

	CHECK(from != NULL);
	for (size_t i = 0; i < c->n; i++) {
		struct place *p = &c->place[i];
		if (p->output == OUTPUT_ALIGNED || p->output == OUTPUT_FANOUT)
			p->last_gone = !last_is_there(c, p, c->range[i].partition, &c->extent[i], &from[i]);
		else if (p->output >= OUTPUT_DEAD)
			warn_dead_letters(c, p, c->range[i].partition, &c->extent[i]);
		any = any || p->last_gone;
	}
	if (any)
		ok = second_pass(c, from, err);
	for (size_t i = 0; ok && i < c->n; i++) {
		const struct place *p = &c->place[i];
		if (p->output == OUTPUT_ALIGNED || p->output == OUTPUT_FANOUT)
			know_all(c, p, c->range[i].partition, &c->extent[i]);
		if (p->reader != NULL) /* behind the writers: a lane that stops for both says what is to be done first */
			judge_position(c, p, &c->range[i], &c->extent[i]);
	}
	free(from);
	return ok;
}

/* A lane of somebody else's whose stream is ahead of the database, which has at least what was published when we read: we ask behind that. */
static bool older_elsewhere(struct check *c, struct err *err)
{
	struct loop *loop = c->loop;
	struct book *book = book_new(loop->arena, run_tables, RUN_TABLES_N);

	if (c->n_others == 0 || MUTANT(DECIDES_AFTER_RESTORE))
		return true;
	for (size_t i = 0; i < c->n_others; i++)
		book_want(book, &lane_table, BOOK_KEY, &(struct lane_row){ .lane = c->other[i].lane });
	if (!store_begin(loop->store, &loop->lane[0].lane, &loop->lane[0].epoch, 1, err))
		return false;
	bool ok = store_load(loop->store, book, err);
	store_abort(loop->store);
	for (size_t i = 0; ok && i < c->n_others; i++) {
		const struct lane_row *row = book_get(book, &lane_table, &(struct lane_row){ .lane = c->other[i].lane });
		if (row == NULL || c->other[i].seq > row->seq)
			c->older = c->other[i].lane;
	}
	return ok;
}

/*
 * What the gate remembers of identities is one table for all its lanes. A database that is older on one of them has forgotten
 * events that may come again on any of them, and would let them in twice: so all of ours stop.
 */
static bool stop_gate(struct check *c, struct err *err)
{
	struct loop *loop = c->loop;
	struct err why;

	if (loop->service->gate == NULL)
		return true;
	if (c->older < 0 && !older_elsewhere(c, err))
		return false;
	for (size_t i = 0; c->older >= 0 && i < loop->n_lanes; i++) {
		err_set(&why, ERR_STOP, "database_older_than_stream",
			"lane %d ends before its stream, and what this database has forgotten may come again here: run `openitem rebuild %s`",
			c->older, loop->service->core->name);
		lane_stop(loop, &loop->lane[i], &why);
	}
	return true;
}

bool log_check(struct loop *loop, struct err *err)
{
	struct check c = { .loop = loop, .older = -1 };

	c.cap = loop->n_lanes * (SOURCES_MAX + OUTPUTS_MAX) + (size_t)loop->lanes;
	c.range = calloc(c.cap + 1, sizeof(*c.range));
	c.extent = calloc(c.cap + 1, sizeof(*c.extent));
	c.place = calloc(c.cap + 1, sizeof(*c.place));
	c.at = calloc(TOPICS_MAX * PARTITIONS_MAX, sizeof(*c.at));
	c.other = calloc(LANES_OWNED_MAX, sizeof(*c.other));
	CHECK(c.range != NULL && c.extent != NULL && c.place != NULL && c.at != NULL && c.other != NULL);
	for (size_t i = 0; i < loop->n_lanes; i++)
		for (size_t k = 0; k < loop->lane[i].out.cap; k++)
			loop->lane[i].out.entry[k].intact = false;
	want_positions(&c);
	want_outputs(&c);
	for (size_t t = 0; t < c.n_topics; t++)
		if (!stream_find(text_of(c.topic[t]), &c.stream[t]))
			c.stream[t] = (struct stream){ 0 };
	bool ok = read_all(&c, err) && judge(&c, err) && stop_gate(&c, err);
	free(c.range);
	free(c.extent);
	free(c.place);
	free(c.at);
	free(c.other);
	arena_reset(loop->arena);
	return ok;
}
