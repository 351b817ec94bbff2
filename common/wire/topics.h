/*
 * topics: which message travels on which topic, and what its key is. Layer 1, pure.
 *
 * Names are the defaults of DESIGN section 4; a deployment may rename a topic, so find the row by this name and let conf map
 * it. A dead-letter topic (<external topic>-dlt) carries the original bytes: it has no row.
 */
#ifndef WIRE_TOPICS_H
#define WIRE_TOPICS_H

#include "wire/wire.h"

struct wire_topic {
	const char *topic;
	const struct wire_msg *msg;
	const struct ProtobufCMessageDescriptor *pb;
	const char *key; /* what the Kafka key is, for people */
	const char *writer; /* who writes it, for people */
	bool external; /* strangers write it, intake alone reads it */
	bool fanned; /* from one lane to many: readers count destination_seq per source lane, elsewhere seq */
};

extern const struct wire_topic wire_topics[];
extern const size_t wire_topics_n;

/* NULL when there is no such topic. */
const struct wire_topic *wire_topic_find(struct text topic);

/* The external topic whose message has an event of this CloudEvents type; NULL when none has. */
const struct wire_topic *wire_topic_of_type(struct text type);

#endif
