/* fold_streams: the inner topics, decoded once. */
#include "fold_impl.h"

#include "wire/topics.h"
#include "wire/wire.h"

static const char *const topics[FOLD_TOPICS] = { "ar.intake.v1", "ar.billing.v1", "ar.cash.v1", "ar.transfer.v1",
						 "ar.collections.v1" };

struct fold_stream *fold_stream_of(struct fold_streams *s, const char *topic, int32_t lane)
{
	for (size_t i = 0; i < FOLD_TOPICS; i++)
		if (strcmp(topics[i], topic) == 0)
			return &s->topic[i][lane];
	NOT_REACHED("an inner topic");
	return NULL;
}

static struct text header(const struct sim_record *r, const char *name)
{
	for (size_t i = r->n_headers; i > 0; i--)
		if (text_eq(r->headers[i - 1].name, text_of(name)))
			return r->headers[i - 1].value;
	return TEXT_NONE;
}

static size_t provenance_at(const struct wire_msg *m)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (strcmp(m->fields[i].name, "provenance") == 0)
			return m->fields[i].at;
	NOT_REACHED("a message with provenance");
	return 0;
}

/* Last number of each sender on a partition. */
struct senders {
	int32_t lane[FOLD_LANES_MAX];
	int64_t last[FOLD_LANES_MAX];
	size_t n;
};

/* cut: the log had lost its end, what came before its turn comes again (openitem refill, reposition). */
static bool is_new(struct senders *s, int32_t lane, int64_t seq, bool cut)
{
	size_t i = 0;

	while (i < s->n && s->lane[i] != lane)
		i++;
	if (i == s->n) {
		CHECK(s->n < FOLD_LANES_MAX);
		s->lane[s->n] = lane;
		s->last[s->n++] = 0;
	}
	if (seq <= s->last[i] || (cut && seq > s->last[i] + 1))
		return false;
	s->last[i] = seq;
	return true;
}

static bool read_partition(const struct world *w, const struct wire_topic *t, int32_t lane, struct arena *arena,
			   struct fold_stream *ret, struct err *err)
{
	size_t at = provenance_at(t->msg);
	struct senders senders = { .n = 0 };

	ret->n = sim_log_n(w, t->topic, lane);
	ret->record = ARENA_ARRAY(arena, ret->n, struct fold_record);
	for (size_t i = 0; i < ret->n; i++) {
		const struct sim_record *r = sim_log_at(w, t->topic, lane, i);
		const struct type_provenance *p;
		void *event;

		if (!wire_decode_strict(t->msg, (const uint8_t *)r->value.s, r->value.n, arena, err, &event))
			return err_wrap(err, "%s[%d]@%zu", t->topic, lane, i);
		memcpy(&p, (const char *)event + at, sizeof(p));
		if (p == NULL)
			return err_set(err, ERR_STOP, "no_provenance", "%s[%d]@%zu", t->topic, lane, i);
		ret->record[i].seen = !is_new(&senders, p->lane, t->fanned ? p->destination_seq : p->seq, sim_log_was_cut(w));
		ret->record[i].input = (struct input){
			.lane = lane,
			.lanes = sim_lanes(w),
			.cause = { .topic = text_of(t->topic),
				   .partition = lane,
				   .offset = r->offset,
				   .event_id = header(r, "ce_id"),
				   .source = header(r, "ce_source"),
				   .correlation_id = header(r, "ce_correlationid") },
			.key = r->key,
			.type = header(r, "ce_type"),
			.event = event,
			.value = r->value,
		};
	}
	return true;
}

bool fold_read(const struct world *w, struct arena *arena, struct fold_streams *ret, struct err *err)
{
	CHECK(sim_lanes(w) <= FOLD_LANES_MAX);
	for (size_t i = 0; i < FOLD_TOPICS; i++)
		for (int32_t lane = 0; lane < sim_lanes(w); lane++)
			if (!read_partition(w, wire_topic_find(text_of(topics[i])), lane, arena, &ret->topic[i][lane], err))
				return false;
	return true;
}
