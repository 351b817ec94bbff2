/*
 * record: any record of any topic as one line of JSON: a CloudEvent in structured mode, with topic, partition, offset,
 * recordtime and key as extension attributes, on dead-letter topics also errorcode, errormessage, retryable. What cannot be
 * decoded stands in data_base64, with the reason in dataerror. Never fails: this is how people look at broken records.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "bus/bus.h"
#include "cli/event.h"

/* A record as far as it could be understood. Texts point into the record or the arena. */
struct record_view {
	const struct wire_topic *topic; /* of a dead letter: the topic it stood in; NULL: none of ours */
	bool dead; /* on a dead-letter topic */
	struct cloud_event ce; /* what the headers or the envelope say; data_json = the event, when it could be read */
	struct text bytes; /* protobuf, when it is; else empty */
	const void *body; /* struct of topic->msg; NULL: not decodable */
	struct text account; /* the event's, else the key */
	struct err why; /* why there is no data */
};

void record_view(const struct bus_record *r, struct arena *a, struct record_view *ret);

/* The last header of that name, "" when absent; bytes that are not UTF-8 are the caller's problem. */
struct text record_header(const struct bus_record *r, const char *name);

/* Without a line end. */
void record_write(const struct bus_record *r, const struct record_view *v, struct arena *a, struct buf *out);

void record_base64(struct text bytes, struct buf *out);

#endif
