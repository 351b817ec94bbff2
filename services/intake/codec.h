/*
 * codec: the bytes of strangers -> struct intake_fact (core/fact.h). Pure: nothing but the record and the arena. Never fails:
 * what is no event carries its refusal, and decide makes a dead letter of it.
 *
 * Accepted:
 *	CloudEvents 1.0 binary mode      ce_id, ce_source, ce_type, optional ce_correlationid; of a header that occurs twice the last
 *	                                 counts, content-type too; a null value is no value. Other ce_ headers are not looked at
 *	                                 (ce_time is never used)
 *	  content-type                   absent or application/protobuf (x-protobuf, vnd.google.protobuf, octet-stream): protobuf;
 *	                                 application/json, application/<x>+json: the message in proto3 JSON. Parameters
 *	                                 (`; charset=utf-8`) are not looked at
 *	CloudEvents structured           ce_ headers are then not looked at
 *	  application/cloudevents+json       common/json: attributes and `data`, the message in proto3 JSON
 *	  application/cloudevents+protobuf   common/wire/cloudevent.h: proto_data (type_url names the topic's message), binary_data
 *	                                     (datacontenttype as content-type above), text_data (JSON)
 *	Confluent framing                around any of these (common/wire/framing.h)
 * A batch of CloudEvents in one record is refused: an event is accepted or refused alone, and answered by its place.
 *
 * ce_type: anything that ends with `.<event>.v1`, where <event> is the member of the topic's oneof that the payload holds:
 * openitem.crm.order_booked.v1, com.acme.order_booked.v1.
 *
 * Refusals, besides the codes of wire.h (undecodable, missing_field, out_of_range, too_long, too_many, invalid_utf8,
 * control_character, unknown_enum, bad_date, unknown_currency, sealed_unsupported):
 *	unexpected_topic          a topic of no source
 *	tombstone                 null value
 *	too_large                 value beyond CODEC_VALUE_MAX, or an event that does not fit a record of ar.intake
 *	missing_header            ce_id, ce_source or ce_type
 *	too_long, invalid_utf8, control_character    one of these headers
 *	unsupported_content_type  neither of the above; a batch
 *	unknown_type              no such event on this topic, or the payload or type_url holds another one
 */
#ifndef INTAKE_CODEC_H
#define INTAKE_CODEC_H

#include "book/book.h"
#include "wire/wire.h"

#define CODEC_VALUE_MAX WIRE_BYTES_MAX
/* What provenance may add to an event on its way to ar.intake, so that a stranger's event can never be too large for us to write. */
#define CODEC_PROVENANCE_MAX ((size_t)16 * 1024)

/* See run/gate.h. */
void intake_decode(const struct record *record, struct arena *arena, struct input *input);
/* key: source, line feed, id (neither can hold a control character). */
bool intake_identity(const struct input *input, struct arena *arena, struct text *ret_key, struct text *ret_hash);

#endif
