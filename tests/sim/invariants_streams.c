/*
 * invariants_streams: what stands in the topics of a service is what stands in its outcome table: the same bytes, in the same order,
 * nothing missing, nothing else; a record may stand there more than once (published again after a crash), its readers skip it.
 */
#include "invariants_impl.h"

/* One service's outcome rows, found by event id. */
struct rows_by_id {
	struct tally index; /* event id -> a: index + 1 */
	const void *const *rows;
	size_t n;
};

static void index_rows(struct invariants *inv, enum sim_service s, struct rows_by_id *ret)
{
	ret->index = (struct tally){ .arena = inv->scratch };
	ret->rows = mem_rows(sim_mem(inv->w, s), &outcome_table, &ret->n);
	for (size_t i = 0; i < ret->n; i++)
		tally_at(&ret->index, ((const struct outcome_row *)ret->rows[i])->event_id)->a = (int64_t)i + 1;
}

/* Does this row stand in partition p of the topic? aligned: the service's own topic, partition = lane. */
static bool belongs(const struct outcome_row *row, bool aligned, struct text topic, int32_t p)
{
	if (aligned)
		return row->lane == p && text_empty(row->dead_record);
	return row->out_partition == p && text_eq(row->out_topic, topic);
}

/* The next one of its lane: nothing that belongs here lies between the last one seen and this one. */
static bool follows(const struct rows_by_id *r, size_t last, size_t at, bool aligned, struct text topic, int32_t p)
{
	const struct outcome_row *row = r->rows[at];

	for (size_t i = last; i < at; i++) {
		const struct outcome_row *between = r->rows[i];
		if (between->lane == row->lane && belongs(between, aligned, topic, p))
			return false;
	}
	return true;
}

static bool stream(struct invariants *inv, enum sim_service s, const struct rows_by_id *r, const char *topic, bool aligned,
		   int32_t p, struct err *err)
{
	struct tally last = { .arena = inv->scratch }; /* lane -> a: index + 1 of the last row seen */
	struct tally *index = (struct tally *)(uintptr_t)&r->index;
	char buf[KEY_SIZE];

	for (size_t i = 0; i < sim_log_n(inv->w, topic, p); i++) {
		const struct sim_record *rec = sim_log_at(inv->w, topic, p, i);
		const struct tally_entry *found = tally_find(index, inv_header(rec, "ce_id"));
		if (found == NULL)
			return inv_broken(err, "stream_unknown", "%s[%d]@%zu: " TEXT_FMT " is no outcome of %s", topic, p, i,
					  TEXT_ARG(inv_header(rec, "ce_id")), inv_service_name[s]);
		size_t at = (size_t)found->a - 1;
		const struct outcome_row *row = r->rows[at];
		if (!text_eq(rec->value, row->value) || !text_eq(rec->key, row->key) || !belongs(row, aligned, text_of(topic), p))
			return inv_broken(err, "stream_differs", "%s[%d]@%zu is not outcome %lld of %s lane %d", topic, p, i,
					  (long long)row->seq, inv_service_name[s], row->lane);
		struct tally_entry *seen = tally_at(&last, tally_key(buf, sizeof(buf), "%d", row->lane));
		if ((int64_t)at < seen->a)
			continue; /* published again */
		if (!follows(r, (size_t)seen->a, at, aligned, text_of(topic), p) && sim_log_was_cut(inv->w))
			continue; /* before its turn: it comes again */
		if (!follows(r, (size_t)seen->a, at, aligned, text_of(topic), p))
			return inv_broken(err, "stream_gap", "%s[%d]@%zu is outcome %lld of %s lane %d, one before it is missing",
					  topic, p, i, (long long)row->seq, inv_service_name[s], row->lane);
		seen->a = (int64_t)at + 1;
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct outcome_row *row = r->rows[i];
		if (!belongs(row, aligned, text_of(topic), p))
			continue;
		const struct tally_entry *seen = tally_find(&last, tally_key(buf, sizeof(buf), "%d", row->lane));
		if (seen == NULL || (int64_t)i >= seen->a)
			return inv_broken(err, "unpublished", "outcome %lld of %s lane %d does not stand in %s[%d]",
					  (long long)row->seq, inv_service_name[s], row->lane, topic, p);
	}
	return true;
}

/* At least one dead letter for each that was decided. */
static bool dead_letters(struct invariants *inv, const struct rows_by_id *r, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	struct tally_entry *e;
	char buf[KEY_SIZE], topic[256];

	for (size_t i = 0; i < r->n; i++) {
		const struct outcome_row *row = r->rows[i];
		if (text_empty(row->dead_record))
			continue;
		e = tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|%d", TEXT_ARG(row->out_topic), row->out_partition));
		e->a++;
		e->b = row->out_partition;
	}
	for (size_t at = 0; (e = tally_next(&t, &at)) != NULL;) {
		snprintf(topic, sizeof(topic), TEXT_FMT, TEXT_ARG(e->key));
		*strchr(topic, '|') = '\0';
		size_t n = sim_log_n(inv->w, topic, (int32_t)e->b);
		if (n < (size_t)e->a)
			return inv_broken(err, "dead_letters", "%s[%d] holds %zu records, %lld were refused", topic, (int32_t)e->b,
					  n, (long long)e->a);
	}
	return true;
}

bool inv_streams(struct invariants *inv, struct err *err)
{
	for (int s = SIM_INTAKE; s < SIM_REPORTING; s++) {
		const struct run_service *run = sim_run_service((enum sim_service)s);
		struct rows_by_id r;

		index_rows(inv, (enum sim_service)s, &r);
		for (int32_t p = 0; p < sim_lanes(inv->w); p++) {
			if (run->outcome_topic != NULL && !stream(inv, (enum sim_service)s, &r, run->outcome_topic, true, p, err))
				return false;
			if (run->fanout_topic != NULL && !stream(inv, (enum sim_service)s, &r, run->fanout_topic, false, p, err))
				return false;
		}
		if (s == SIM_INTAKE && !dead_letters(inv, &r, err))
			return false;
	}
	return true;
}
