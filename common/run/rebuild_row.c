/* rebuild: an own record back into the row it was published from. Pure. */
#include "run/packed.h"
#include "run/rebuild_priv.h"
#include "wire/dead.h"
#include "wire/wire.h"

bool rb_decode_outcome(const struct core *core, struct text value, struct arena *arena, struct err *err, void **ret_event,
		       const struct type_provenance **ret_provenance)
{
	const struct type_provenance *p;
	void *event;

	if (!wire_decode_strict(core->outcome_msg, (const uint8_t *)value.s, value.n, arena, err, &event))
		return err_set(err, ERR_STOP, "rebuild_chain", "not an outcome of %s: %s", core->name,
			       text_dup(arena, text_of(err->msg)).s);
	memcpy(&p, (const char *)event + core->provenance_offset, sizeof(p));
	if (p == NULL || p->cause == NULL)
		return err_set(err, ERR_STOP, "rebuild_chain", "a record without provenance or cause");
	*ret_event = event;
	*ret_provenance = p;
	return true;
}

bool rb_link_next(struct rb_link *link, const struct type_provenance *p, struct text value, struct err *err)
{
	if (!text_eq(p->service, text_of(link->service)) || p->lane != link->lane)
		return err_set(err, ERR_STOP, "rebuild_chain", TEXT_FMT " lane %d stands among the records of %s lane %d",
			       TEXT_ARG(p->service), p->lane, link->service, link->lane);
	if (p->seq != link->seq + 1)
		return err_set(err, ERR_STOP, "rebuild_chain", "%s lane %d: seq %lld follows %lld", link->service, link->lane,
			       (long long)p->seq, (long long)link->seq);
	if (p->prev_hash.n != sizeof(link->hash.b) || memcmp(p->prev_hash.s, link->hash.b, sizeof(link->hash.b)) != 0)
		return err_set(err, ERR_STOP, "rebuild_chain",
			       "%s lane %d seq %lld: the record before it is another one than it names", link->service, link->lane,
			       (long long)p->seq);
	link->seq = p->seq;
	id_sha256(value.s, value.n, &link->hash);
	return true;
}

struct outcome_row rb_outcome_row(const struct core *core, const struct rb_record *rec, const void *event,
				  const struct type_provenance *p, struct arena *arena)
{
	struct id_hash hash;
	struct outcome_row row = {
		.lane = p->lane,
		.seq = p->seq,
		.event_id = p->event_id,
		.type = wire_event_type(core->outcome_msg, event, arena),
		.key = rec->r.key,
		.correlation_id = p->correlation_id,
		.cause_topic = p->cause->topic,
		.cause_partition = p->cause->partition,
		.cause_offset = p->cause->offset,
		.cause_event_id = p->cause->event_id,
		.part = p->part,
		.final = p->final,
		.trace_parent = rec->trace_parent,
		.value = rec->r.value,
		.out_partition = -1,
	};
	instant_t recorded = 0;

	if (instant_parse(rec->time, &recorded))
		row.recorded_at_us = recorded;
	id_sha256(row.value.s, row.value.n, &hash);
	row.hash = (struct text){ arena_dup(arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
	return row;
}

int64_t rb_position(const struct type_provenance *p, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < p->n_positions; i++)
		if (p->positions[i].partition == partition && text_eq(p->positions[i].topic, text_of(topic)))
			return p->positions[i].next_offset;
	return -1;
}

bool rb_dead_letter(const struct rb_record *rec, struct arena *arena, struct rb_record *ret_outcome, struct record *ret_dead)
{
	const struct record *r = &rec->r;
	size_t n = r->n_headers;

	/* Ours stand at the end, behind what the gate said (wire/dead.h). */
	if (n < 2 || !text_eq(r->headers[n - 2].name, TEXT(WIRE_DEAD_OUTCOME)) ||
	    !text_eq(r->headers[n - 1].name, TEXT(WIRE_DEAD_RECORDED)))
		return false;
	*ret_outcome = *rec;
	ret_outcome->time = r->headers[n - 1].value;
	ret_outcome->r.value = r->headers[n - 2].value;
	ret_outcome->trace_parent = run_trace_parent(rec->trace_parent, arena);
	*ret_dead = *r;
	ret_dead->n_headers = n - 2;
	return true;
}
