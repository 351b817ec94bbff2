/*
 * framing: what Confluent's serializers put in front of a payload, taken off again. Layer 1, pure.
 *
 *	0x00 | schema id, 4 bytes, big-endian | protobuf only: message index | payload
 *
 * The message index says which message of the schema the payload is: a count and as many numbers, each a zig-zag varint; a lone
 * 0x00 is short for [0], the first message. JSON payloads have none. Neither a protobuf message (field 0 does not exist) nor JSON
 * can begin with 0x00, so a frame is recognised safely. Schema id and index are not looked at beyond their form: the decoder of the
 * topic's message judges the payload. A frame within a frame is no payload.
 */
#ifndef WIRE_FRAMING_H
#define WIRE_FRAMING_H

#include "err/err.h"
#include "text/text.h"

#define FRAMING_INDEX_MAX 16u /* nesting of messages within a schema */

/* *ret_payload: value without its frame, or value as it is when it has none. REJECT undecodable: a broken frame. */
bool framing_strip(struct text value, bool json, struct err *err, struct text *ret_payload) MUST_USE;

#endif
