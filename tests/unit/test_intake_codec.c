/* The gate's codec: any bytes -> an event or a refusal with a stable reason. */
#include "intake/codec.h"

#include "ev/all.h"
#include "wire/inner.h"

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

/* ---- helpers ---- */

static void must_refuse_at(const struct sent *s, const char *code, int line)
{
	struct input in = decode(s, arena);

	if (fact_of(&in)->refusal == NULL)
		fail_msg("line %d: passed, expected %s", line, code);
	if (strcmp(fact_of(&in)->refusal->code, code) != 0)
		fail_msg("line %d: expected %s, got %s: %s", line, code, fact_of(&in)->refusal->code, fact_of(&in)->refusal->msg);
	check_refusal(&in, arena);
}
#define must_refuse(s, code) must_refuse_at(s, code, __LINE__)

static void assert_text(struct text got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.s, expected, got.n);
}

static void replace_header(struct sent *s, struct text name, struct text value)
{
	for (size_t i = 0; i < s->r.n_headers; i++)
		if (text_eq(s->h[i].name, name)) {
			s->h[i].value = value;
			s->h[i].value_null = value.s == NULL;
			return;
		}
	sent_header(s, name, value);
}

static struct sent *customer(void)
{
	return sent_event(CUSTOMER, arena, a_customer(arena));
}

static struct text join(struct text a, struct text b)
{
	char *s = arena_alloc(arena, a.n + b.n);

	memcpy(s, a.s, a.n);
	memcpy(s + a.n, b.s, b.n);
	return (struct text){ s, a.n + b.n };
}

static struct text repeat(char c, size_t n)
{
	char *s = arena_alloc(arena, n);

	memset(s, c, n);
	return (struct text){ s, n };
}

/* ---- what passes ---- */

static void a_record_in_binary_mode(void **state)
{
	(void)state;
	struct sent *s = customer();
	struct text key, hash;

	sent_key(s, TEXT("C1"));
	sent_header(s, TEXT("ce_correlationid"), TEXT("chain-7"));
	sent_header(s, TEXT("ce_time"), TEXT("not looked at \xff"));
	sent_header(s, TEXT("content-type"), TEXT("application/protobuf"));
	struct input in = decode(s, arena);
	const struct intake_fact *fact = in.event;

	assert_null(fact->refusal);
	assert_text(in.key, "C1");
	assert_text(in.type, "openitem.crm.customer_recorded.v1");
	assert_text(in.cause.event_id, "e1");
	assert_text(in.cause.source, "/crm");
	assert_text(in.cause.correlation_id, "chain-7");
	assert_text(fact->event.account, "C1");
	assert_text(fact->event.fact_type, "customer_recorded");
	assert_int_equal(fact->event.fact_case, INTAKE_EVENT_CUSTOMER);
	assert_text(fact->event.customer->customer_recorded->legal_name, "Acme GmbH");
	assert_int_equal(fact->payload_hash.n, 32);
	assert_true(intake_identity(&in, arena, &key, &hash));
	assert_text(key, "/crm\ne1");
	assert_true(text_eq(hash, fact->payload_hash));
	assert_int_equal(fact->record->offset, 42);
}

static void accounts_of_all_kinds(void **state)
{
	(void)state;
	struct input in = decode(sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR")), arena);

	assert_text(in.key, "~DE89");
	in = decode(sent_event(COMMAND, arena,
			       EVENT(COMMAND, arena, "account=~DE89", "issued_by=anna", "assign_payer.line_id=L1",
				     "assign_payer.payer_account=C1", "assign_payer.expected_version=1")),
		    arena);
	assert_text(in.key, "~DE89");
	in = decode(sent_event(REFERENCE, arena,
			       EVENT(REFERENCE, arena, "day_opened.business_date=2026-03-05", "day_opened.entities=E1")),
		    arena);
	assert_null(fact_of(&in)->refusal);
	assert_int_equal(in.key.n, 0);
	in = decode(sent_event(SALES_ORDER, arena,
			       EVENT(SALES_ORDER, arena, "order_cancelled.account=C1", "order_cancelled.order_id=O1",
				     "order_cancelled.order_version=2", "order_cancelled.reason=cancellation")),
		    arena);
	assert_text(in.key, "C1");
}

static void types_with_any_prefix(void **state)
{
	(void)state;
	static const char *const good[] = { "com.acme.crm.customer_recorded.v1", "x.customer_recorded.v1",
					    "openitem.bank.customer_recorded.v1" };
	static const char *const bad[] = {
		"customer_recorded.v1",
		".customer_recorded.v1",
		"x.customer_recorded",
		"x.customer_recorded.v2",
		".v1",
		"v1",
		"x..v1",
		"x.customer.v1",
		"x.order_booked.v1",
		"x.customer_recordedv1",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct sent *s = customer();
		replace_header(s, TEXT("ce_type"), text_of(good[i]));
		must_pass(s);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sent *s = customer();
		replace_header(s, TEXT("ce_type"), text_of(bad[i]));
		must_refuse(s, "unknown_type");
	}
	/* an event of the topic, but not the one in the payload */
	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR"));
	replace_header(s, TEXT("ce_type"), TEXT("openitem.bank.line_returned.v1"));
	must_refuse(s, "unknown_type");
}

static void content_types(void **state)
{
	(void)state;
	static const char *const good[] = { "application/protobuf",          "Application/X-Protobuf",
					    "application/protobuf; proto=x", "application/vnd.google.protobuf",
					    "application/octet-stream",      "" };
	static const char *const bad[] = { "text/plain", "application/avro", "application/cloudevents",
					   "application/cloudevents-batch+json", "json" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct sent *s = customer();
		sent_header(s, TEXT("content-type"), text_of(good[i]));
		must_pass(s);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sent *s = customer();
		sent_header(s, TEXT("content-type"), text_of(bad[i]));
		must_refuse(s, "unsupported_content_type");
	}
}

static const char customer_json[] =
	"{\"customerRecorded\":{\"account\":\"C1\",\"effectiveFrom\":\"2026-01-01\",\"legalName\":{\"clear\":\"Acme GmbH\"}}}";

static struct sent *structured(const char *json)
{
	struct sent *s = sent_new(arena, CUSTOMER);

	sent_header(s, TEXT("content-type"), TEXT("application/cloudevents+json; charset=UTF-8"));
	sent_value(s, arena, text_of(json));
	return s;
}

#define ENVELOPE "\"specversion\":\"1.0\",\"id\":\"e9\",\"source\":\"/crm\",\"type\":\"openitem.crm.customer_recorded.v1\""

static void json_in_both_modes(void **state)
{
	(void)state;
	const struct intake_fact *plain = must_pass(customer());
	struct sent *s = customer();

	sent_header(s, TEXT("content-type"), TEXT("application/json"));
	sent_value(s, arena, text_of(customer_json));
	assert_true(text_eq(must_pass(s)->payload_hash, plain->payload_hash));

	/* structured: the attributes stand inside, ce_ headers are not looked at */
	s = structured(text_printf(arena, "{" ENVELOPE ",\"correlationid\":\"k\",\"data\":%s}", customer_json).s);
	sent_header(s, TEXT("ce_id"), TEXT("another"));
	struct input in = decode(s, arena);
	assert_null(fact_of(&in)->refusal);
	assert_text(in.cause.event_id, "e9");
	assert_text(in.cause.correlation_id, "k");
	assert_true(text_eq(fact_of(&in)->payload_hash, plain->payload_hash));

	/* Confluent framing of JSON has no message index */
	sent_value(s, arena, join(TEXT("\0\0\0\0\7"), s->r.value));
	assert_true(text_eq(must_pass(s)->payload_hash, plain->payload_hash));
}

static void structured_json_refused(void **state)
{
	(void)state;
	must_refuse(structured(""), "undecodable");
	must_refuse(structured("{"), "undecodable");
	must_refuse(structured("[]"), "undecodable");
	must_refuse(structured("\"x\""), "undecodable");
	must_refuse(structured("{" ENVELOPE "}"), "undecodable");
	must_refuse(structured("{" ENVELOPE ",\"data\":null}"), "undecodable");
	must_refuse(structured("{" ENVELOPE ",\"data\":{}}"), "missing_field");
	must_refuse(structured("{" ENVELOPE ",\"data\":{\"customerRecorded\":{\"account\":\"C1\"}}}"), "missing_field");
	must_refuse(structured("{" ENVELOPE ",\"data\":{\"customerRecorded\":{\"account\":1}}}"), "undecodable");
	must_refuse(structured("{" ENVELOPE ",\"data\":{\"nobodyKnows\\u0007This\\u202e\":1}}"), "undecodable");
	must_refuse(structured("{" ENVELOPE ",\"data_base64\":\"AAAA\"}"), "undecodable");
	must_refuse(
		structured(
			"{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"/\",\"type\":\"x.customer_recorded.v1\",\"data\":{}}"),
		"undecodable");
	must_refuse(structured("{\"specversion\":\"1.0\",\"source\":\"/\",\"type\":\"x.customer_recorded.v1\",\"data\":{}}"),
		    "undecodable");
	must_refuse(structured(text_printf(arena,
					   "{\"specversion\":\"1.0\",\"id\":\"%.*s\",\"source\":\"/\",\"type\":"
					   "\"x.customer_recorded.v1\",\"data\":%s}",
					   200, repeat('i', 200).s, customer_json)
				       .s),
		    "too_long");
	struct sent *s = structured("");
	sent_value(s, arena, repeat('[', 500000));
	must_refuse(s, "undecodable");
}

/* ---- headers ---- */

static void a_repeated_header_the_last_counts(void **state)
{
	(void)state;
	struct sent *s = customer();

	sent_header(s, TEXT("ce_id"), TEXT("e2"));
	struct input in = decode(s, arena);
	assert_null(fact_of(&in)->refusal);
	assert_text(in.cause.event_id, "e2");
	sent_header(s, TEXT("ce_id"), TEXT_NONE);
	must_refuse(s, "missing_header");
}

static void headers_refused(void **state)
{
	(void)state;
	static const struct text names[] = { TEXT("ce_id"), TEXT("ce_source"), TEXT("ce_type") };
	static const size_t max[] = { FACT_ID_MAX, FACT_SOURCE_MAX, FACT_TYPE_MAX };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct sent *s = customer();
		replace_header(s, names[i], TEXT_NONE);
		must_refuse(s, "missing_header");
		replace_header(s, names[i], TEXT(""));
		must_refuse(s, "missing_header");
		replace_header(s, names[i], repeat('x', max[i] + 1));
		must_refuse(s, "too_long");
		replace_header(s, names[i], TEXT("a\xc3("));
		must_refuse(s, "invalid_utf8");
		replace_header(s, names[i], TEXT("a\0b"));
		must_refuse(s, "control_character");
		replace_header(s, names[i], TEXT("a\nb"));
		must_refuse(s, "control_character");
		replace_header(s, names[i], TEXT("a\xc2\x85"));
		must_refuse(s, "control_character");
	}
	struct sent *s = customer();
	replace_header(s, TEXT("ce_id"), repeat('x', FACT_ID_MAX));
	replace_header(s, TEXT("ce_source"), repeat('y', FACT_SOURCE_MAX));
	sent_header(s, TEXT("ce_correlationid"), repeat('z', FACT_CORRELATION_MAX));
	must_pass(s);
	sent_header(s, TEXT("ce_correlationid"), repeat('z', FACT_CORRELATION_MAX + 1));
	must_refuse(s, "too_long");
	s = sent_new(arena, CUSTOMER);
	sent_value(s, arena, TEXT("x"));
	must_refuse(s, "missing_header");
}

/* A refused record keeps what could be read, so that its sender finds it. */
static void good_attributes_are_kept(void **state)
{
	(void)state;
	struct sent *s = customer();

	replace_header(s, TEXT("ce_source"), TEXT("\xff"));
	struct input in = decode(s, arena);
	check_refusal(&in, arena);
	assert_text(in.cause.event_id, "e1");
	assert_int_equal(in.cause.source.n, 0);
	assert_text(in.type, "openitem.crm.customer_recorded.v1");
	assert_int_equal(in.key.n, 0);
}

/* ---- framing ---- */

static void confluent_framing(void **state)
{
	(void)state;
	const struct intake_fact *plain = must_pass(customer());
	static const struct text good[] = {
		TEXT("\0\0\0\0\7\0"), /* [0], short */
		TEXT("\0\xff\xff\xff\xff\2\0"), /* 1: [0] */
		TEXT("\0\0\0\0\7\4\2\4"), /* 2: [1, 2] */
		TEXT("\0\0\0\0\7\2\x80\x01"), /* 1: [64] */
	};
	static const struct text bad[] = {
		TEXT("\0"),
		TEXT("\0\0\0\0"),
		TEXT("\0\0\0\0\7"),
		TEXT("\0\0\0\0\7\2"), /* cut */
		TEXT("\0\0\0\0\7\1"), /* -1 of them */
		TEXT("\0\0\0\0\7\2\1"), /* [-1] */
		TEXT("\0\0\0\0\7\x22"), /* 17 of them */
		TEXT("\0\0\0\0\7\x80\x80\x80\x80\x80\x80\x01"),
		TEXT("\0\0\0\0\7\xff\xff\xff\xff\x7f"),
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct sent *s = customer();
		sent_value(s, arena, join(good[i], s->r.value));
		assert_true(text_eq(must_pass(s)->payload_hash, plain->payload_hash));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sent *s = customer();
		sent_value(s, arena, bad[i]);
		must_refuse(s, "undecodable");
	}
	/* a frame around nothing is an empty message */
	struct sent *s = customer();
	sent_value(s, arena, TEXT("\0\0\0\0\7\0"));
	must_refuse(s, "missing_field");
}

/* ---- payloads ---- */

static void payloads_refused(void **state)
{
	(void)state;
	struct sent *s = customer();

	s->r.value_null = true;
	s->r.value = TEXT_NONE;
	must_refuse(s, "tombstone");
	sent_value(s, arena, TEXT(""));
	must_refuse(s, "missing_field");
	sent_value(s, arena, TEXT("garbage that is no protobuf"));
	must_refuse(s, "undecodable");
	sent_value(s, arena, repeat('\n', 5u << 20));
	must_refuse(s, "too_large");
	sent_value(s, arena, repeat('\n', CODEC_VALUE_MAX + 1));
	must_refuse(s, "too_large");
	sent_value(s, arena, repeat('\n', CODEC_VALUE_MAX));
	must_refuse(s, "undecodable");
	s = customer();
	s->r.topic = TEXT("ar.billing.v1");
	must_refuse(s, "unexpected_topic");
	s->r.topic = TEXT("crm.customer.v1-dlt");
	must_refuse(s, "unexpected_topic");
}

/* One field after another, written by hand: account=1, effective_from=2, legal_name=3{clear=3}. */
static struct sent *raw_customer(struct text body)
{
	struct sent *s = customer();
	struct text head = text_printf(arena, "\x0a%c", (char)body.n);

	assert_true(body.n < 128);
	sent_value(s, arena, join(head, body));
	return s;
}

static void fields_refused(void **state)
{
	(void)state;
#define ACCOUNT                                                                                                                    \
	"\x0a\x02"                                                                                                                 \
	"C1"
#define FROM                                                                                                                       \
	"\x12\x0a"                                                                                                                 \
	"2026-01-01"
#define NAME                                                                                                                       \
	"\x1a\x06\x1a\x04"                                                                                                         \
	"Acme"
	must_pass(raw_customer(TEXT(ACCOUNT FROM NAME)));
	must_refuse(raw_customer(TEXT(FROM NAME)), "missing_field");
	must_refuse(raw_customer(TEXT(ACCOUNT FROM)), "missing_field");
	must_refuse(raw_customer(TEXT("\x0a\x02"
				      "C\0" FROM NAME)),
		    "control_character");
	must_refuse(raw_customer(TEXT("\x0a\x02"
				      "C\n" FROM NAME)),
		    "control_character");
	must_refuse(raw_customer(TEXT("\x0a\x02"
				      "C\xff" FROM NAME)),
		    "invalid_utf8");
	must_refuse(raw_customer(TEXT("\x0a\x2a"
				      "123456789012345678901234567890123456789012" FROM NAME)),
		    "too_long");
	must_refuse(raw_customer(TEXT(ACCOUNT "\x12\x0a"
					      "2026-02-30" NAME)),
		    "bad_date");
	must_refuse(raw_customer(TEXT(ACCOUNT FROM "\x1a\x05\x0a\x01k\x12\x00")), "sealed_unsupported");
	must_refuse(raw_customer(TEXT(ACCOUNT ACCOUNT FROM NAME)), "undecodable");
	must_refuse(raw_customer(TEXT(ACCOUNT FROM NAME "\x48\x02")), "out_of_range"); /* bool 2 */
	/* a field this build does not know is skipped and changes nothing */
	assert_true(text_eq(must_pass(raw_customer(TEXT(ACCOUNT FROM NAME "\xfa\x7f\x01x")))->payload_hash,
			    must_pass(raw_customer(TEXT(NAME FROM ACCOUNT)))->payload_hash));

	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR"));
	size_t at = text_find(s->r.value, TEXT("EUR"));
	((char *)(uintptr_t)s->r.value.s)[at] = 'Q';
	must_refuse(s, "unknown_currency");
	s = sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR"));
	at = text_find(s->r.value, TEXT("\x28\x01")); /* kind = 1 */
	((char *)(uintptr_t)s->r.value.s)[at + 1] = 99;
	must_refuse(s, "unknown_enum");
}

/* An event as an encoder without our checks writes it. */
static struct sent *unchecked(const char *topic, const char *const *pairs)
{
	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR"));
	void *ev = event_new(topic, arena, pairs);
	const struct wire_msg *m = wire_topic_find(text_of(topic))->msg;
	struct text bytes;

	assert_true(wire_pack(wire_to_pb(m, ev, arena), arena, &bytes));
	s->r.topic = text_of(topic);
	replace_header(s, TEXT("ce_type"), wire_event_type(m, ev, arena));
	sent_value(s, arena, bytes);
	return s;
}
#define UNCHECKED(topic, ...) unchecked(topic, (const char *const[]){ __VA_ARGS__, NULL })
#define LINE(amount)                                                                                                               \
	UNCHECKED(PAYMENT, "line_booked.bank_account=DE89", "line_booked.line_id=L1", "line_booked.entity=E1",                     \
		  "line_booked.kind=payment", "line_booked.booking_date=2026-03-05", "line_booked.amount=" amount)
#define ORDER(quantity, price)                                                                                                     \
	UNCHECKED(SALES_ORDER, "order_booked.order.account=C1", "order_booked.order.order_id=O1",                                  \
		  "order_booked.order.order_version=1", "order_booked.order.entity=E1", "order_booked.order.currency_code=EUR",    \
		  "order_booked.order.order_date=2026-03-05", "order_booked.order.lines[0].line_no=1",                             \
		  "order_booked.order.lines[0].item=a", "order_booked.order.lines[0].quantity_e6=" quantity,                       \
		  "order_booked.order.lines[0].unit_price_e6=" price)

/* Money, quantities and prices at the ends of what is accepted, and of what 64 bits hold. */
static void extremes_of_amounts(void **state)
{
	(void)state;
	must_pass(LINE("40000000000000.00 EUR"));
	must_pass(LINE("4000000000000000 JPY"));
	must_refuse(LINE("40000000000000.01 EUR"), "out_of_range");
	must_refuse(LINE("92233720368547758.07 EUR"), "out_of_range");
	must_refuse(LINE("-92233720368547758.08 EUR"), "out_of_range");
	must_pass(ORDER("1000000000", "1000000000"));
	must_pass(ORDER("0.000001", "-1000000000"));
	must_refuse(ORDER("1000000000.000001", "1"), "out_of_range");
	must_refuse(ORDER("0", "1"), "out_of_range");
	must_refuse(ORDER("1", "1000000000.000001"), "out_of_range");
	must_refuse(ORDER("1", "-1000000000.000001"), "out_of_range");
	must_refuse(ORDER("9223372036854.775807", "9223372036854.775807"), "out_of_range");
	must_refuse(ORDER("-9223372036854.775808", "-9223372036854.775808"), "out_of_range");
}

/* The same content under another name is another event. */
static void the_topic_is_part_of_the_content(void **state)
{
	(void)state;
	const struct intake_fact *a = must_pass(sent_event(
		REFERENCE, arena, EVENT(REFERENCE, arena, "day_opened.business_date=2026-03-05", "day_opened.entities=E1")));
	const struct intake_fact *b = must_pass(sent_event(
		REFERENCE, arena, EVENT(REFERENCE, arena, "day_closed.business_date=2026-03-05", "day_closed.entities=E1")));

	assert_false(text_eq(a->payload_hash, b->payload_hash));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_record_in_binary_mode, setup),
		cmocka_unit_test_setup(accounts_of_all_kinds, setup),
		cmocka_unit_test_setup(types_with_any_prefix, setup),
		cmocka_unit_test_setup(content_types, setup),
		cmocka_unit_test_setup(json_in_both_modes, setup),
		cmocka_unit_test_setup(structured_json_refused, setup),
		cmocka_unit_test_setup(a_repeated_header_the_last_counts, setup),
		cmocka_unit_test_setup(headers_refused, setup),
		cmocka_unit_test_setup(good_attributes_are_kept, setup),
		cmocka_unit_test_setup(confluent_framing, setup),
		cmocka_unit_test_setup(payloads_refused, setup),
		cmocka_unit_test_setup(fields_refused, setup),
		cmocka_unit_test_setup(extremes_of_amounts, setup),
		cmocka_unit_test_setup(the_topic_is_part_of_the_content, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
