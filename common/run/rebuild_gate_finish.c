/*
 * rebuild: what the gate had decided and not published everywhere when it lost its database. Its records go to many partitions, so
 * some of a transaction may be in the topics and some not: a hole in the chain, or an end that is missing.
 *
 *	copies of a reference fact	differ in their provenance only: the missing one is made from one that is there
 *	any other record		its input is read once more from the external topic, and decided again
 *
 * The record behind a hole names the hash of the one before it, so what is made is proven; at an end nothing was built upon it.
 */
#include "id/id.h"
#include "run/rebuild_priv.h"
#include "wire/wire.h"

#define READ_POLL_MS 100

/* Where a chain ends for now: its last row, and the next one that is there. */
struct edge {
	struct rebuild *r;
	struct lane *lane;
	int source;
	struct book *book;
	const struct outcome_row *last, *next; /* NULL: none */
	void *last_event, *next_event;
	const struct type_provenance *last_p, *next_p;
};

static struct arena *arena_of(const struct edge *e)
{
	return e->r->loop.arena;
}

static bool decode_row(struct edge *e, const struct outcome_row *row, void **ret_event, const struct type_provenance **ret_p,
		       struct err *err)
{
	return rb_decode_outcome(e->r->loop.service->core, row->value, arena_of(e), err, ret_event, ret_p);
}

/* Begins a transaction. */
static bool read_edge(struct edge *e, struct err *err)
{
	struct loop *loop = &e->r->loop;
	struct outcome_row from = { .lane = e->lane->lane, .seq = MAX(e->lane->seq - 1, (int64_t)0) };

	e->book = book_new(loop->arena, loop->tables, loop->n_tables);
	e->last = e->next = NULL;
	book_want(e->book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	e->lane->in_batch = true;
	if (!rb_begin(e->r, err) || !store_load(loop->store, e->book, err))
		return false;
	struct rows rows = book_find(e->book, &outcome_table, OUTCOME_AFTER_SEQ, &from);
	for (size_t i = 0; i < rows.n && e->next == NULL; i++) {
		const struct outcome_row *row = rows.row[i];
		*(row->seq <= e->lane->seq ? &e->last : &e->next) = row;
	}
	return (e->last == NULL || decode_row(e, e->last, &e->last_event, &e->last_p, err)) &&
	       (e->next == NULL || decode_row(e, e->next, &e->next_event, &e->next_p, err));
}

/* ---- a copy of a reference fact ------------------------------------------------------------------------------------------- */

static struct text event_id_of(struct edge *e, const struct type_provenance *p)
{
	struct text parts[] = { p->source, p->cause->event_id, text_printf(arena_of(e), "%d", p->part) };

	return id_derive(arena_of(e), text_of(e->r->loop.service->core->name), ARRAY_LEN(parts), parts);
}

/* The record behind the end of the chain, from a copy that stands `away` before or behind it in the same transaction. */
static bool make_copy(struct edge *e, const struct outcome_row *of, void *event, const struct type_provenance *of_p,
		      struct err *err)
{
	const struct core *core = e->r->loop.service->core;
	struct lane *lane = e->lane;
	struct outcome_row row = *of;
	struct type_provenance *p = arena_dup(arena_of(e), of_p, sizeof(*p));
	int32_t away = (int32_t)(of_p->seq - (lane->seq + 1));
	struct id_hash hash;

	p->seq -= away;
	p->part -= away;
	p->follow += away;
	p->final = p->follow == 0;
	p->destination_lane -= away;
	p->event_id = event_id_of(e, p);
	p->prev_hash = (struct text){ arena_dup(arena_of(e), lane->hash.b, sizeof(lane->hash.b)), sizeof(lane->hash.b) };
	struct seq_entry *to = seq_find(&lane->out, OUTPUT_FANOUT, p->destination_lane, 0, true);
	p->destination_seq = ++to->seq;
	to->changed = true;
	memcpy((char *)event + core->provenance_offset, &p, sizeof(p));
	if (!wire_encode(core->outcome_msg, event, arena_of(e), err, &row.value))
		return false;
	id_sha256(row.value.s, row.value.n, &hash);
	row.seq = p->seq;
	row.event_id = p->event_id;
	row.part = p->part;
	row.final = p->final;
	row.out_partition = p->destination_lane;
	row.hash = (struct text){ arena_dup(arena_of(e), hash.b, sizeof(hash.b)), sizeof(hash.b) };
	if (!rb_gate_apply(e->r, e->book, p, event, row.key, err))
		return false;
	book_put(e->book, &outcome_table, &row);
	lane->seq = p->seq;
	lane->hash = hash;
	lane->next_offset[e->source] = rb_position(p, e->r->loop.service->sources[e->source].topic, lane->partition[e->source]);
	lane->position_changed[e->source] = true;
	e->r->made++;
	return true;
}

/* ---- deciding again -------------------------------------------------------------------------------------------------------- */

static bool decide_record(struct edge *e, struct rb_record *rec, struct err *err)
{
	struct loop *loop = &e->r->loop;
	struct lane *lane = e->lane;
	struct input input = {
		.source = e->source, .lane = lane->lane, .lanes = loop->lanes, .value = rec->r.value, .key = rec->r.key
	};
	struct decision d;
	struct log_list logged;
	enum decided decided;
	bool done;

	input.cause.topic = text_of(loop->service->sources[e->source].topic);
	input.cause.partition = rec->r.partition;
	input.cause.offset = rec->r.offset;
	rec->r.n_headers = MIN(rec->r.n_headers, (size_t)RECORD_HEADERS_MAX);
	loop->service->gate->decode(&rec->r, arena_of(e), &input);
	loop->service->core->want(e->book, &input);
	lane->next_offset[e->source] = rec->r.offset + 1;
	lane->position_changed[e->source] = true;
	if (book_has_questions(e->book) && !store_load(loop->store, e->book, err))
		return false;
	if (!rb_decide_input(e->r, e->book, lane, &input, run_trace_parent(rec->trace_parent, arena_of(e)), err, &d, &logged,
			     &decided, &done))
		return false;
	if (!done || decided == MORE)
		return err_set(err, ERR_STOP, "again_at_head", "%s[%d]@%lld asks for rows that no load can give",
			       loop->service->sources[e->source].topic, rec->r.partition, (long long)rec->r.offset);
	e->r->made += (int64_t)logged.n;
	return true;
}

/* The inputs between the end of the chain and the record behind the hole, until it is filled. */
static bool decide_missing(struct edge *e, struct err *err)
{
	struct loop *loop = &e->r->loop;
	const char *topic = loop->service->sources[e->source].topic;
	struct bus_range range = { topic, e->lane->partition[e->source], MAX(e->lane->next_offset[e->source], (int64_t)0),
				   e->next_p->cause->offset };
	struct bus_reader *reader;
	struct bus_record b;
	bool ok = true;

	if (!bus_reader_open(&loop->bus_conf, &range, 1, err, &reader))
		return false;
	enum bus_read what = BUS_READ_NOTHING;
	while (ok && e->lane->seq < e->next->seq - 1 && what != BUS_READ_DONE && what != BUS_READ_FAILED) {
		what = bus_reader_poll(reader, READ_POLL_MS, &b, err);
		if (what != BUS_READ_RECORD)
			continue;
		struct rb_record *rec = rb_copy_record(&b, topic, true);
		bus_record_release(&b);
		rec->next = e->r->done;
		e->r->done = rec;
		ok = decide_record(e, rec, err);
	}
	bus_reader_close(reader);
	return ok && what != BUS_READ_FAILED;
}

/* ---- a lane ---------------------------------------------------------------------------------------------------------------- */

static bool fits(const struct edge *e)
{
	const struct lane *l = e->lane;

	if (e->next == NULL)
		return true;
	return l->seq < e->next->seq - 1 || (l->seq == e->next->seq - 1 && e->next_p->prev_hash.n == sizeof(l->hash.b) &&
					     memcmp(e->next_p->prev_hash.s, l->hash.b, sizeof(l->hash.b)) == 0);
}

/* One record, or one hole, further. *ret_done: nothing is missing here. */
static bool finish_some(struct edge *e, struct err *err, bool *ret_done)
{
	int64_t at = e->lane->seq + 1;

	if (!read_edge(e, err))
		return false;
	bool torn = e->last != NULL && e->last_p->follow > 0;
	*ret_done = (e->next == NULL && !torn) || (e->next != NULL && e->next->seq == at);
	if (*ret_done) {
		store_abort(e->r->loop.store);
		e->lane->in_batch = false;
		arena_reset(arena_of(e));
		return true;
	}
	bool ok;
	if (torn)
		ok = make_copy(e, e->last, e->last_event, e->last_p, err);
	else if (e->next_p->part - 1 >= e->next->seq - at)
		ok = make_copy(e, e->next, e->next_event, e->next_p, err);
	else
		ok = decide_missing(e, err);
	if (ok && (e->lane->seq < at || !fits(e)))
		ok = err_set(err, ERR_STOP, "rebuild_decision",
			     "lane %d seq %lld was never published, and what stands in the external topic does not give it",
			     e->lane->lane, (long long)at);
	e->lane->record_known[e->source] = false;
	return ok && rb_save(e->r, e->book, err);
}

bool rb_gate_finish(struct rebuild *r, struct err *err)
{
	for (size_t i = 0; i < r->loop.n_lanes; i++) {
		struct lane *l = &r->loop.lane[i];
		struct edge e = { .r = r, .lane = l, .source = l->lane / GATE_LANES_PER_SOURCE };
		bool done = false;

		while (!done) {
			if (!finish_some(&e, err, &done))
				return false;
			if (!done && !rb_gate_chain(r, l, err)) /* up to the next hole */
				return false;
		}
	}
	return true;
}
