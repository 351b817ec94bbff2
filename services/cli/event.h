/*
 * event: an event between its three forms: a line of NDJSON (CloudEvents, structured JSON), the domain struct, and the record
 * on a topic (CloudEvents binary mode, protobuf). Used by everything that reads or writes event files.
 *
 * CloudEvents `time` carries the business date: play orders a file by its UTC day.
 */
#ifndef CLI_EVENT_H
#define CLI_EVENT_H

#include "arena/arena.h"
#include "date/date.h"
#include "err/err.h"
#include "json/json.h"
#include "text/text.h"
#include "wire/topics.h"

#define EVENT_ID_MAX     128 /* bytes, as the gate takes them (services/intake) */
#define EVENT_SOURCE_MAX 256

struct event {
	const struct wire_topic *topic;
	struct cloud_event ce;
	struct text key; /* of the record: what route the topic's table names */
	struct text value; /* protobuf */
	const void *body; /* struct of topic->msg */
};

/* Next line that is not blank, without its line end. *number counts lines, from 1. False: no more. */
bool event_next_line(struct text *rest, size_t *number, struct text *ret_line);

/*
 * One line to an event of an external topic. topic NULL: the one that has its type. Everything is checked that can be without
 * knowing other events: JSON, CloudEvents, type, fields, key. err: REJECT, *ret_column as in place.h. All of it in the arena.
 */
bool event_read(struct text line, const struct wire_topic *topic, struct arena *a, struct err *err, size_t *ret_column,
		struct event *ret) MUST_USE;

/*
 * An event of our own from its struct: checks and encodes. time: RFC 3339. The type, subject and key follow from the body.
 * False: ERR_REJECT bad_event, an id or source that the gate would refuse; ERR_STOP encode_invalid, a fault of the caller.
 */
bool event_make(const struct wire_topic *topic, const void *body, struct text id, struct text source, struct text time,
		struct arena *a, struct err *err, struct event *ret) MUST_USE;

/* One line of NDJSON, without line end: what event_read reads. */
bool event_write(const struct event *ev, struct arena *a, struct err *err, struct buf *out) MUST_USE;

/* The record's key (DESIGN section 4): account, bank account, entity or `~day`; other reference facts `~reference`. */
struct text event_key(const struct wire_topic *topic, const void *body, struct arena *a);
/* The legal entity an event names; empty when none. */
struct text event_entity(const struct wire_topic *topic, const void *body, struct arena *a);
/* The account an event concerns; empty when none (bank lines: their holding account). */
struct text event_account(const struct wire_topic *topic, const void *body, struct arena *a);

/* The UTC day of ce.time; DATE_NONE when there is none. */
date_t event_day(const struct event *ev);

/* "2026-03-31T00:00:00Z", in the arena. */
struct text event_time_of_day(date_t day, struct arena *a);

#endif
