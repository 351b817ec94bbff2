/* What stands around an event: CloudEvents in protobuf, batches, Confluent frames around every form, headers that disagree. */
#include "intake/codec.h"

#include "ev/all.h"
#include "json/json.h"
#include "wire/cloudevent.h"
#include "wire/framing.h"

#include <setjmp.h>

#include <cmocka.h>

#include "test_intake_records.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)256 << 20, (size_t)1 << 30);
	arena_reset(arena);
	return 0;
}

static void must_refuse_at(const struct sent *s, const char *code, const char *part, int line)
{
	struct input in = decode(s, arena);
	const struct err *why = fact_of(&in)->refusal;

	if (why == NULL)
		fail_msg("line %d: passed, expected %s", line, code);
	if (strcmp(why->code, code) != 0 || strstr(why->msg, part) == NULL)
		fail_msg("line %d: expected %s with \"%s\", got %s: %s", line, code, part, why->code, why->msg);
	check_refusal(&in, arena);
}
/* part: what the sentence for people must say. */
#define must_refuse(s, code, part) must_refuse_at(s, code, part, __LINE__)

/* ---- writing protobuf by hand ---- */

static void put_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static void put(struct buf *b, unsigned number, struct text piece)
{
	put_varint(b, (uint64_t)number << 3 | 2);
	put_varint(b, piece.n);
	buf_add(b, piece);
}

#define BUF() ((struct buf){ .arena = arena })

/* An attribute whose value is of this kind: 3 ce_string, 6 ce_uri_ref ... */
static void put_attribute(struct buf *b, const char *name, unsigned kind, struct text value)
{
	struct buf entry = BUF(), inner = BUF();

	put(&inner, kind, value);
	put(&entry, 1, text_of(name));
	put(&entry, 2, buf_text(&inner));
	put(b, 5, buf_text(&entry));
}

static struct buf envelope(void)
{
	struct buf b = BUF();

	put(&b, 1, TEXT("e9"));
	put(&b, 2, TEXT("/crm"));
	put(&b, 3, TEXT("1.0"));
	put(&b, 4, TEXT("openitem.crm.customer_recorded.v1"));
	return b;
}

static struct text any(const char *type_url, struct text value)
{
	struct buf b = BUF();

	put(&b, 1, text_of(type_url));
	put(&b, 2, value);
	return buf_text(&b);
}

#define URL "type.googleapis.com/ar.crm.v1.CustomerEvent"

static struct text plain_bytes(void)
{
	return event_bytes(CUSTOMER, arena, a_customer(arena));
}

static struct sent *structured(struct text bytes)
{
	struct sent *s = sent_new(arena, CUSTOMER);

	sent_header(s, TEXT("content-type"), TEXT("application/cloudevents+protobuf"));
	sent_value(s, arena, bytes);
	return s;
}

static struct text with_data(unsigned number, struct text data)
{
	struct buf b = envelope();

	put(&b, number, data);
	return buf_text(&b);
}

static const char customer_json[] =
	"{\"customerRecorded\":{\"account\":\"C1\",\"effectiveFrom\":\"2026-01-01\",\"legalName\":{\"clear\":\"Acme GmbH\"}}}";

static struct text plain_hash(void)
{
	return must_pass(sent_event(CUSTOMER, arena, a_customer(arena)))->payload_hash;
}

static void passes_as_plain(const struct sent *s)
{
	assert_true(text_eq(must_pass(s)->payload_hash, plain_hash()));
}

/* ---- CloudEvents in protobuf ---- */

static void every_kind_of_data(void **state)
{
	(void)state;
	struct buf b = envelope();

	passes_as_plain(structured(with_data(8, any(URL, plain_bytes()))));
	passes_as_plain(structured(with_data(6, plain_bytes())));
	passes_as_plain(structured(with_data(7, text_of(customer_json))));
	put_attribute(&b, "datacontenttype", 3, TEXT("application/json; charset=utf-8"));
	put(&b, 6, text_of(customer_json));
	passes_as_plain(structured(buf_text(&b)));
	b = envelope();
	put(&b, 6, plain_bytes());
	put_attribute(&b, "datacontenttype", 3, TEXT("application/protobuf")); /* the order of fields is free */
	passes_as_plain(structured(buf_text(&b)));
}

static void attributes_of_the_envelope(void **state)
{
	(void)state;
	struct buf b = envelope();

	put_attribute(&b, "correlationid", 3, TEXT("chain-7"));
	put_attribute(&b, "time", 7, TEXT("\x08\x01"));
	put_attribute(&b, "dataschema", 5, TEXT("https://example.com/x"));
	put_attribute(&b, "sequence", 2, TEXT("")); /* nonsense in what we do not use */
	put(&b, 99, TEXT("a field of a later version"));
	put(&b, 8, any(URL, plain_bytes()));
	struct sent *s = structured(buf_text(&b));
	sent_header(s, TEXT("ce_id"), TEXT("another")); /* in structured mode the envelope counts */
	sent_header(s, TEXT("ce_type"), TEXT("nonsense"));
	struct input in = decode(s, arena);

	assert_null(fact_of(&in)->refusal);
	assert_string_equal(text_cstr(arena, in.cause.event_id), "e9");
	assert_string_equal(text_cstr(arena, in.cause.source), "/crm");
	assert_string_equal(text_cstr(arena, in.cause.correlation_id), "chain-7");
	assert_string_equal(text_cstr(arena, in.type), "openitem.crm.customer_recorded.v1");
	assert_true(text_eq(fact_of(&in)->payload_hash, plain_hash()));
}

static void data_refused(void **state)
{
	(void)state;
	struct buf b = envelope();

	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent: data is missing");
	must_refuse(structured(with_data(8, any("type.googleapis.com/ar.crm.v1.SalesOrderEvent", plain_bytes()))), "unknown_type",
		    "type_url of proto_data: expected type.googleapis.com/ar.crm.v1.CustomerEvent");
	must_refuse(structured(with_data(8, plain_bytes())), "unknown_type", "type_url of proto_data");
	must_refuse(structured(with_data(8, any("", plain_bytes()))), "unknown_type", "type_url");
	must_refuse(structured(with_data(8, any(URL, TEXT("")))), "missing_field", "");
	must_refuse(structured(with_data(8, any(URL, TEXT("\0\0\0\0\7\0")))), "undecodable", "at byte");
	must_refuse(structured(with_data(7, TEXT("{\"customerRecorded\":"))), "undecodable", "line ");
	put(&b, 6, plain_bytes());
	put(&b, 7, text_of(customer_json));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.text_data: data a second time");
	b = envelope();
	put(&b, 8, any(URL, plain_bytes()));
	put(&b, 8, any(URL, plain_bytes()));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.proto_data: data a second time");
	b = envelope();
	put_attribute(&b, "datacontenttype", 3, TEXT("application/avro"));
	put(&b, 6, plain_bytes());
	must_refuse(structured(buf_text(&b)), "unsupported_content_type", "datacontenttype of binary_data");
	b = envelope();
	put_attribute(&b, "datacontenttype", 3, TEXT("application/protobuf"));
	put(&b, 7, text_of(customer_json));
	must_refuse(structured(buf_text(&b)), "unsupported_content_type", "datacontenttype of text_data");
}

static void envelopes_refused(void **state)
{
	(void)state;
	struct text whole = with_data(8, any(URL, plain_bytes()));
	struct buf b = envelope();

	must_refuse(structured(TEXT("")), "undecodable", "spec_version");
	must_refuse(structured(TEXT("{\"specversion\":\"1.0\"}")), "undecodable", "CloudEvent: broken or cut protobuf at byte 0");
	put(&b, 1, TEXT("e10"));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.id: occurs twice");
	b = envelope();
	put_attribute(&b, "correlationid", 3, TEXT("a"));
	put_attribute(&b, "correlationid", 3, TEXT("b"));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.attributes[correlationid]: occurs twice");
	b = envelope();
	put_attribute(&b, "correlationid", 6, TEXT("a"));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.attributes[correlationid]: expected ce_string");
	b = envelope();
	put_attribute(&b, "source", 3, TEXT("/else"));
	must_refuse(structured(buf_text(&b)), "undecodable", "among the extensions");
	b = envelope();
	put_varint(&b, 1 << 3);
	put_varint(&b, 7);
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.id: the wrong wire type");
	b = BUF();
	put(&b, 3, TEXT("0.3"));
	must_refuse(structured(buf_text(&b)), "undecodable", "CloudEvent.spec_version: expected 1.0");
	b = BUF();
	put(&b, 3, TEXT("1.0"));
	put(&b, 8, any(URL, plain_bytes()));
	must_refuse(structured(buf_text(&b)), "missing_header", "ce_id is missing");
	b = envelope();
	buf_addc(&b, 0x43); /* a group */
	must_refuse(structured(buf_text(&b)), "undecodable", "broken or cut protobuf");
	/* every prefix: refused, or at least not the same event */
	for (size_t n = 0; n < whole.n; n++) {
		struct sent *s = structured((struct text){ whole.s, n });
		struct input in = decode(s, arena);
		if (fact_of(&in)->refusal != NULL)
			check_refusal(&in, arena);
		else
			assert_false(text_eq(fact_of(&in)->payload_hash, plain_hash()));
	}
}

/* Attributes of the envelope are held to what headers are held to. */
static void attributes_refused(void **state)
{
	(void)state;
	static const struct {
		struct text value;
		const char *code;
	} bad[] = {
		{ TEXT(""), "missing_header" },
		{ TEXT("a\xc3("), "invalid_utf8" },
		{ TEXT("a\nb"), "control_character" },
		{ TEXT("a\0b"), "control_character" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		for (unsigned number = 1; number <= 4; number++) {
			struct buf b = BUF();

			put(&b, 1, number == 1 ? bad[i].value : TEXT("e9"));
			put(&b, 2, number == 2 ? bad[i].value : TEXT("/crm"));
			put(&b, 3, TEXT("1.0"));
			put(&b, 4, number == 4 ? bad[i].value : TEXT("openitem.crm.customer_recorded.v1"));
			put(&b, 8, any(URL, plain_bytes()));
			if (number != 3)
				must_refuse(structured(buf_text(&b)), bad[i].code, "ce_");
		}
	struct buf b = envelope();
	put_attribute(&b, "correlationid", 3, TEXT("a\033[2J"));
	put(&b, 8, any(URL, plain_bytes()));
	must_refuse(structured(buf_text(&b)), "control_character", "ce_correlationid");
}

/* ---- batches and content types ---- */

static void batches_are_refused(void **state)
{
	(void)state;
	static const char *const types[] = { "application/cloudevents-batch+json", "application/cloudevents-batch+protobuf",
					     "Application/CloudEvents-Batch+JSON; charset=utf-8" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));
		sent_header(s, TEXT("content-type"), text_of(types[i]));
		must_refuse(s, "unsupported_content_type", "send one event per record");
	}
	/* a batch that does not say so: an array */
	struct sent *s = sent_new(arena, CUSTOMER);
	sent_header(s, TEXT("content-type"), TEXT("application/cloudevents+json"));
	sent_value(s, arena, TEXT("[]"));
	must_refuse(s, "undecodable", "CloudEvent: expected an object");
	/* and a CloudEventBatch: its field 1 is a message, which reads as an id */
	struct buf batch = BUF();
	put(&batch, 1, with_data(8, any(URL, plain_bytes())));
	must_refuse(structured(buf_text(&batch)), "undecodable", "spec_version");
}

static void the_last_content_type_counts(void **state)
{
	(void)state;
	struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));

	sent_header(s, TEXT("content-type"), TEXT("text/plain"));
	must_refuse(s, "unsupported_content_type", "application/cloudevents+protobuf");
	sent_header(s, TEXT("content-type"), TEXT("application/protobuf"));
	must_pass(s);
	sent_header(s, TEXT("content-type"), TEXT("application/cloudevents+json"));
	must_refuse(s, "undecodable", "line ");
	sent_header(s, TEXT("content-type"), TEXT_NONE); /* a null value is no value */
	must_pass(s);
	sent_header(s, TEXT("Content-Type"), TEXT("text/plain")); /* names of Kafka headers are exact */
	must_pass(s);
}

static void a_forgotten_content_type(void **state)
{
	(void)state;
	struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));

	sent_value(s, arena, text_of(customer_json));
	must_refuse(s, "undecodable", "the header content-type: application/json is missing");
	sent_header(s, TEXT("content-type"), TEXT("application/protobuf"));
	must_refuse(s, "undecodable", "wire type 3");
	sent_value(s, arena, plain_bytes());
	sent_header(s, TEXT("content-type"), TEXT("application/json"));
	must_refuse(s, "undecodable", "line ");
}

/* ---- Confluent framing ---- */

static struct text framed(struct text head, struct text bytes)
{
	struct buf b = BUF();

	buf_add(&b, head);
	buf_add(&b, bytes);
	return buf_text(&b);
}

static void frames_around_every_form(void **state)
{
	(void)state;
	struct text first = TEXT("\0\0\0\0\7\0"), json = TEXT("\0\0\0\0\7");
	struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));

	passes_as_plain(structured(framed(first, with_data(8, any(URL, plain_bytes())))));
	sent_value(s, arena, framed(first, plain_bytes()));
	passes_as_plain(s);
	sent_header(s, TEXT("content-type"), TEXT("application/json"));
	sent_value(s, arena, framed(json, text_of(customer_json)));
	passes_as_plain(s);
}

static void frames_refused(void **state)
{
	(void)state;
	static const struct {
		struct text head;
		const char *part;
	} bad[] = {
		{ TEXT("\0"), "1 bytes, cut within the schema id" },
		{ TEXT("\0\0\0\0"), "4 bytes, cut within the schema id" },
		{ TEXT("\0\0\0\0\7"), "no message index at byte 5" },
		{ TEXT("\0\0\0\0\7\2"), "no message index at byte 6" },
		{ TEXT("\0\0\0\0\7\x22"), "a message index of too many numbers at byte 6" },
		{ TEXT("\0\0\0\0\7\2\1"), "no message index at byte 7" }, /* [-1] */
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));
		sent_value(s, arena, bad[i].head);
		must_refuse(s, "undecodable", bad[i].part);
	}
	/* a frame in a frame is no payload */
	struct sent *s = sent_event(CUSTOMER, arena, a_customer(arena));
	sent_value(s, arena, framed(TEXT("\0\0\0\0\7\0\0\0\0\0\7\0"), plain_bytes()));
	must_refuse(s, "undecodable", "at byte");
}

static void values_without_a_frame_stay(void **state)
{
	(void)state;
	struct err err;
	struct text payload;

	assert_true(framing_strip(TEXT(""), false, &err, &payload));
	assert_int_equal(payload.n, 0);
	assert_true(framing_strip(TEXT("\x0a\x00"), false, &err, &payload));
	assert_int_equal(payload.n, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_kind_of_data, setup),
		cmocka_unit_test_setup(attributes_of_the_envelope, setup),
		cmocka_unit_test_setup(data_refused, setup),
		cmocka_unit_test_setup(envelopes_refused, setup),
		cmocka_unit_test_setup(attributes_refused, setup),
		cmocka_unit_test_setup(batches_are_refused, setup),
		cmocka_unit_test_setup(the_last_content_type_counts, setup),
		cmocka_unit_test_setup(a_forgotten_content_type, setup),
		cmocka_unit_test_setup(frames_around_every_form, setup),
		cmocka_unit_test_setup(frames_refused, setup),
		cmocka_unit_test_setup(values_without_a_frame_stay, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
