/*
 * forms: one event in every form that the gate accepts (services/intake/codec.h). For main_intake, which lets every row of its tables
 * come in all of them, and expects the same each time. Header only.
 */
#ifndef TABLES_FORMS_H
#define TABLES_FORMS_H

#include "intake/codec.h"
#include "intake/core/fact.h"
#include "json/json.h"
#include "wire/topics.h"

static inline void forms_put(struct buf *b, unsigned number, struct text piece)
{
	uint64_t n = piece.n;

	buf_addc(b, (char)(number << 3 | 2));
	for (; n >= 0x80; n >>= 7)
		buf_addc(b, (char)(n | 0x80));
	buf_addc(b, (char)n);
	buf_add(b, piece);
}

static inline struct text forms_json(const struct wire_topic *topic, struct text bytes, struct arena *arena)
{
	struct buf b = { .arena = arena };
	struct err err;

	CHECK(json_from_pb(topic->pb, (const uint8_t *)bytes.s, bytes.n, arena, &err, &b));
	return buf_text(&b);
}

static inline struct text forms_structured_json(const struct input *in, struct text json, struct arena *arena)
{
	struct buf b = { .arena = arena };
	struct cloud_event ce = { .id = in->cause.event_id, .source = in->cause.source, .type = in->type, .data_json = json };

	json_cloudevent_out(&ce, &b);
	return buf_text(&b);
}

/* number: 6 binary_data, 7 text_data, 8 proto_data. */
static inline struct text forms_structured_protobuf(const struct input *in, unsigned number, struct text data, struct arena *arena)
{
	struct buf b = { .arena = arena };

	forms_put(&b, 1, in->cause.event_id);
	forms_put(&b, 2, in->cause.source);
	forms_put(&b, 3, TEXT("1.0"));
	forms_put(&b, 4, in->type);
	forms_put(&b, number, data);
	return buf_text(&b);
}

static inline struct text forms_any(const struct wire_topic *topic, struct text bytes, struct arena *arena)
{
	struct buf b = { .arena = arena };

	forms_put(&b, 1, text_printf(arena, "type.googleapis.com/%s", topic->msg->name));
	forms_put(&b, 2, bytes);
	return buf_text(&b);
}

static inline struct text forms_framed(struct text head, struct text bytes, struct arena *arena)
{
	struct buf b = { .arena = arena };

	buf_add(&b, head);
	buf_add(&b, bytes);
	return buf_text(&b);
}

/* The record with another value and content type must be the same event, or refused for the same reason. */
static inline void forms_same(const struct record *r, const struct input *in, const char *content_type, struct text value,
			      struct arena *arena)
{
	struct record_header headers[4];
	struct record other = *r;
	struct input got = *in;
	const struct intake_fact *expected = in->event, *fact;

	CHECK(r->n_headers < ARRAY_LEN(headers));
	memcpy(headers, r->headers, r->n_headers * sizeof(headers[0]));
	headers[other.n_headers++] = (struct record_header){ .name = TEXT("content-type"), .value = text_of(content_type) };
	other.headers = headers;
	other.value = value;
	intake_decode(&other, arena, &got);
	fact = got.event;
	CHECK((fact->refusal == NULL) == (expected->refusal == NULL));
	CHECK(fact->refusal == NULL || strcmp(fact->refusal->code, expected->refusal->code) == 0);
	CHECK(text_eq(fact->payload_hash, expected->payload_hash) && text_eq(got.key, in->key));
	CHECK(text_eq(got.cause.event_id, in->cause.event_id) && text_eq(got.cause.source, in->cause.source));
}

/* in: as r, plain protobuf in binary mode, was decoded. A difference ends the process (CHECK). */
static inline void forms_all_the_same(const struct record *r, const struct input *in, struct arena *arena)
{
	const struct wire_topic *topic = wire_topic_find(r->topic);
	struct text json = forms_json(topic, r->value, arena), first = TEXT("\0\0\0\0\7\0"), other = TEXT("\0\0\0\1\2\4\2\x80\1");
	struct text any = forms_structured_protobuf(in, 8, forms_any(topic, r->value, arena), arena);

	forms_same(r, in, "application/json; charset=utf-8", json, arena);
	forms_same(r, in, "application/protobuf", forms_framed(first, r->value, arena), arena);
	forms_same(r, in, "application/octet-stream", forms_framed(other, r->value, arena), arena);
	forms_same(r, in, "application/json", forms_framed(TEXT("\0\0\0\0\7"), json, arena), arena);
	forms_same(r, in, "application/cloudevents+json", forms_structured_json(in, json, arena), arena);
	forms_same(r, in, "application/cloudevents+protobuf", any, arena);
	forms_same(r, in, "application/cloudevents+protobuf", forms_framed(first, any, arena), arena);
	forms_same(r, in, "application/cloudevents+protobuf", forms_structured_protobuf(in, 6, r->value, arena), arena);
	forms_same(r, in, "application/cloudevents+protobuf", forms_structured_protobuf(in, 7, json, arena), arena);
}

#endif
