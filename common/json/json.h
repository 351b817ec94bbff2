/*
 * json: protobuf messages as JSON and back, and CloudEvents in JSON. For the edges: HTTP, CLI, dead-letter tools.
 * Uses protobuf-c and jansson; jansson takes malloc, so not for the batch.
 *
 * The mapping is that of proto3 (protobuf.dev/programming-guides/json): names in lowerCamelCase, int64 as strings,
 * enums by name, bytes in base64, fields that say nothing left out. Accepted as well: names as in the .proto, 64-bit
 * numbers as numbers, 32-bit numbers as strings, enum numbers, base64 of either alphabet with or without padding, null for
 * "not set". Refused where other readers are lenient, because these are books: unknown and duplicate fields, two
 * members of a oneof, numbers with a point or an exponent (also 1.0), NUL in a string.
 * Floating-point fields do not exist in this house.
 *
 * Only the form is checked here; wire_decode judges the content. Refusals: class ERR_REJECT, code bad_json, and
 * msg begins with line and column, or with the place: `orderBooked.order.lines[3].quantityE6: expected an integer`.
 * Values are never repeated in a message.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "arena/arena.h"
#include "base/base.h"
#include "err/err.h"
#include "text/text.h"

#define JSON_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct ProtobufCMessageDescriptor;

/*
 * Bytes to JSON on one line, added to out. Fields this build does not know are left out, text that is not UTF-8 is
 * shown with U+FFFD. Bytes that are no such message: the codes of wire_decode (undecodable ...); out may then hold a part.
 */
bool json_from_pb(const struct ProtobufCMessageDescriptor *desc, const uint8_t *bytes, size_t n, struct arena *a, struct err *err,
		  struct buf *out) MUST_USE;

/* A JSON object to bytes in the arena. */
bool json_to_pb(const struct ProtobufCMessageDescriptor *desc, struct text json, struct arena *a, struct err *err,
		struct text *ret_bytes) MUST_USE;

/* CloudEvents 1.0 with the extensions we use. Empty = absent. */
struct cloud_event {
	struct text id; /* required */
	struct text source; /* required */
	struct text type; /* required */
	struct text time; /* RFC 3339 */
	struct text subject;
	struct text correlation_id; /* correlationid */
	struct text causation_id; /* causationid */
	struct text partition_key; /* partitionkey */
	struct text trace_parent; /* traceparent (W3C) */
	struct text data_content_type; /* datacontenttype; empty is written as application/json */
	struct text data_json; /* data, a JSON value; as read: on one line, safe on a terminal */
};

/* Structured mode (application/cloudevents+json), one line. data_json is copied as it stands: it must be JSON. */
void json_cloudevent_out(const struct cloud_event *ce, struct buf *out);

/*
 * specversion must be 1.0; id, source and type present; time RFC 3339; data JSON (data_base64 and other content types are
 * refused); no control characters in attributes. Attributes we do not use are skipped.
 */
bool json_cloudevent_in(struct text json, struct arena *a, struct err *err, struct cloud_event *ret) MUST_USE;

#endif
