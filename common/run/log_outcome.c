/* log_outcome: an outcome becomes a record: numbered, chained, encoded, a row of the outcome table. */
#include "bus/murmur2.h"
#include "ev/type.h"
#include "run/loop.h"
#include "run/packed.h"
#include "wire/wire.h"

static struct text or_else(struct text a, struct text b)
{
	return text_empty(a) ? b : a;
}

static void fill_positions(struct loop *loop, const struct lane *lane, struct arena *arena, struct type_provenance *p)
{
	p->positions = WIRE_ARRAY(arena, loop->service->n_sources, type_position);
	p->n_positions = 0;
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		if (lane->next_offset[s] < 0)
			continue;
		struct type_position *at = &p->positions[p->n_positions++];
		at->topic = text_of(loop->service->sources[s].topic);
		at->partition = lane->partition[s];
		at->next_offset = lane->next_offset[s];
	}
}

static void fill_rule_versions(const struct outcome *o, struct arena *arena, struct type_provenance *p)
{
	p->rule_versions = ARENA_ARRAY(arena, ARRAY_LEN(o->rule_versions), struct text);
	for (size_t i = 0; i < ARRAY_LEN(o->rule_versions); i++)
		if (!text_empty(o->rule_versions[i]))
			p->rule_versions[p->n_rule_versions++] = o->rule_versions[i];
}

/* At the gate the external identity travels on, so that what was published suffices to rebuild it. */
static void fill_identity(struct loop *loop, const struct input *input, struct arena *arena, struct type_provenance *p)
{
	struct text key, hash;

	if (loop->service->gate == NULL)
		return;
	p->source = input->cause.source;
	if (loop->service->gate->identity(input, arena, &key, &hash))
		p->payload_hash = hash;
}

static struct type_provenance *make_provenance(struct loop *loop, const struct lane *lane, const struct input *input,
					       const struct outcome *o, struct arena *arena)
{
	const struct cause *cause = o->cause != NULL ? o->cause : &input->cause;
	struct type_provenance *p = WIRE_NEW(arena, type_provenance);

	p->service = text_of(loop->service->core->name);
	p->lane = lane->lane;
	p->seq = lane->seq + 1;
	p->prev_hash = (struct text){ arena_dup(arena, lane->hash.b, sizeof(lane->hash.b)), sizeof(lane->hash.b) };
	p->event_id = o->event_id;
	p->cause = WIRE_NEW(arena, type_cause);
	p->cause->topic = cause->topic;
	p->cause->partition = cause->partition;
	p->cause->offset = cause->offset;
	p->cause->event_id = cause->event_id;
	p->part = o->part;
	p->final = o->final;
	p->cursor = o->cursor;
	p->follow = o->follow;
	p->correlation_id = or_else(cause->correlation_id, cause->event_id);
	fill_rule_versions(o, arena, p);
	fill_positions(loop, lane, arena, p);
	fill_identity(loop, input, arena, p);
	return p;
}

/* Where besides the own topic: the fan-out lane, numbered per destination. */
static void address(struct loop *loop, struct lane *lane, const struct outcome *o, struct type_provenance *p,
		    struct outcome_row *row)
{
	bool by_key = !text_empty(o->destination);

	row->out_partition = -1;
	if (o->dead_letter != NULL) {
		row->out_topic = o->dead_letter->topic;
		row->out_partition = o->dead_letter->partition;
		return;
	}
	if (loop->service->fanout_topic == NULL || (!by_key && (loop->service->gate == NULL || o->destination_lane < 0)))
		return;
	int32_t to = by_key ? bus_partition_of(o->destination, loop->lanes) : o->destination_lane;
	struct seq_entry *e = seq_find(&lane->out, 1, to, 0, true);
	e->seq++;
	e->changed = true;
	p->destination_lane = to;
	p->destination_seq = e->seq;
	row->out_topic = text_of(loop->service->fanout_topic);
	row->out_partition = to;
}

static void append(struct arena *arena, struct log_list *list, const struct outcome_row *row, struct lane *lane)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 256;
		struct logged *grown = ARENA_ARRAY(arena, cap, struct logged);
		if (list->n > 0)
			memcpy(grown, list->item, list->n * sizeof(*grown));
		list->item = grown;
		list->cap = cap;
	}
	list->item[list->n++] = (struct logged){ row, lane };
}

bool log_outcome(struct loop *loop, struct book *book, struct lane *lane, const struct input *input, struct outcome *o,
		 struct text trace_parent, struct log_list *list, struct err *err)
{
	struct arena *arena = book_arena(book);
	const struct core *core = loop->service->core;
	const struct cause *cause = o->cause != NULL ? o->cause : &input->cause;
	struct type_provenance *p = make_provenance(loop, lane, input, o, arena);
	struct outcome_row *row = ARENA_NEW(arena, struct outcome_row);

	address(loop, lane, o, p, row);
	memcpy((char *)o->event + core->provenance_offset, &p, sizeof(p));
	if (!wire_encode(core->outcome_msg, o->event, arena, err, &row->value))
		return err_wrap(err, "%s lane %d seq %lld", core->name, lane->lane, (long long)p->seq);
	id_sha256(row->value.s, row->value.n, &lane->hash);
	lane->seq = p->seq;
	row->lane = lane->lane;
	row->seq = p->seq;
	row->event_id = p->event_id;
	row->type = wire_event_type(core->outcome_msg, o->event, arena);
	row->key = o->key;
	row->correlation_id = p->correlation_id;
	row->cause_topic = cause->topic;
	row->cause_partition = cause->partition;
	row->cause_offset = cause->offset;
	row->cause_event_id = cause->event_id;
	row->part = o->part;
	row->final = o->final;
	row->recorded_at_us = run_now_us();
	row->trace_parent = trace_parent;
	row->hash = (struct text){ arena_dup(arena, lane->hash.b, sizeof(lane->hash.b)), sizeof(lane->hash.b) };
	if (o->dead_letter != NULL)
		row->dead_record = packed_record(o->dead_letter, arena);
	book_put(book, &outcome_table, row);
	append(arena, list, row, lane);
	metric_add(loop->m.outcomes, 1);
	if (o->dead_letter != NULL)
		metric_add(loop->m.dead_letters, 1);
	return true;
}
