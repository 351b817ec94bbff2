#include "run/stream.h"
#include "wire/dead.h"
#include "wire/topics.h"

bool stream_find(struct text topic, struct stream *ret_stream)
{
	struct text of = wire_dead_topic(topic);
	bool dead = !text_empty(of);
	const struct wire_topic *t = wire_topic_find(dead ? of : topic);

	if (t == NULL || t->external != dead)
		return false;
	if (dead)
		t = wire_topic_find(TEXT("ar.intake.v1"));
	for (size_t f = 0; f < t->msg->n_fields; f++)
		if (strcmp(t->msg->fields[f].name, "provenance") == 0) {
			*ret_stream = (struct stream){ t->msg, t->msg->fields[f].at, t->fanned && !dead, dead };
			return true;
		}
	return false;
}

const struct type_provenance *stream_provenance(const struct stream *stream, const struct bus_record *r, struct arena *arena)
{
	const struct type_provenance *p;
	struct err err;
	void *event;

	struct text value = r->value_null ? TEXT_NONE : r->value;

	if (stream->dead && !bus_header(r, WIRE_DEAD_OUTCOME, &value))
		return NULL;
	if (text_empty(value) || !wire_decode(stream->msg, (const uint8_t *)value.s, value.n, arena, &err, &event))
		return NULL;
	memcpy(&p, (const char *)event + stream->provenance_at, sizeof(p));
	return p;
}

int64_t stream_seq(const struct stream *stream, const struct type_provenance *p)
{
	return stream->fanned ? p->destination_seq : p->seq;
}

void stream_record_hash(const struct bus_record *r, struct id_hash *ret_hash)
{
	struct id_hash key;
	uint8_t head[sizeof(key.b) + 1];

	id_sha256(r->key.s, r->key.n, &key);
	memcpy(head, key.b, sizeof(key.b));
	head[sizeof(key.b)] = (uint8_t)((r->key_null ? 1 : 0) | (r->value_null ? 2 : 0));
	id_sha256_2(head, sizeof(head), r->value.s, r->value.n, ret_hash);
}
