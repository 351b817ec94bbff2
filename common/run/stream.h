/* stream: the records of a topic of ours as a reader outside the loop sees them: whose they are, and their numbers (DESIGN section 2). */
#ifndef OPENITEM_RUN_STREAM_H
#define OPENITEM_RUN_STREAM_H

#include "bus/bus.h"
#include "ev/type.h"
#include "id/id.h"
#include "wire/wire.h"

struct stream {
	const struct wire_msg *msg;
	size_t provenance_at; /* offset of the provenance pointer in a decoded event */
	bool fanned; /* counted by destination_seq */
	bool dead; /* dead letters: the outcome stands in a header; the numbers grow, but not by one */
};

/* False: not a topic that a service of ours writes. */
bool stream_find(struct text topic, struct stream *ret_stream);

/* NULL: a tombstone, undecodable, or without provenance. In the arena. */
const struct type_provenance *stream_provenance(const struct stream *stream, const struct bus_record *r, struct arena *arena);

/* The number readers count on this topic. */
int64_t stream_seq(const struct stream *stream, const struct type_provenance *p);

/* Who a record is: SHA-256 over key and value, null told from empty. Headers repeat what the value says. */
void stream_record_hash(const struct bus_record *r, struct id_hash *ret_hash);

#endif
