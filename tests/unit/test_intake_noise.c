/* The gate's codec under noise: every event in every form, cut, flipped, random. Nothing crashes, and a refusal is always whole. */
#include "json/json.h"

#include "ev/all.h"

#include <setjmp.h>

#include <cmocka.h>

#include "test_intake_records.h"
#include "wire_gen.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	if (arena == NULL)
		arena = arena_new((size_t)256 << 20, (size_t)1 << 30);
	arena_reset(arena);
	return 0;
}

static struct text join(struct text a, struct text b)
{
	char *s = arena_alloc(arena, a.n + b.n);

	memcpy(s, a.s, a.n);
	memcpy(s + a.n, b.s, b.n);
	return (struct text){ s, a.n + b.n };
}

/* ---- every message ---- */

static struct text shuffled_unknown(struct text bytes)
{
	return join(TEXT("\xf2\xff\x07\x03"
			 "xyz"),
		    bytes); /* field 16382 */
}

static void every_event_in_every_form(void **state)
{
	(void)state;
	size_t n = 0;

	for (size_t t = 0; t < wire_topics_n; t++) {
		const struct wire_topic *topic = &wire_topics[t];
		for (uint64_t seed = 0; topic->external && seed < 120; seed++) {
			arena_reset(arena);
			struct wire_gen g = { .seed = seed, .fill = (unsigned)(seed % 3) * 50, .arena = arena, .text_max = 40 };
			void *ev = gen_msg(&g, topic->msg);
			struct err err = { .class = ERR_NONE };
			if (!wire_validate(topic->msg, ev, &err))
				fail_msg("%s seed %llu: %s %s", topic->topic, (unsigned long long)seed, err.code, err.msg);
			struct sent *s = sent_event(topic->topic, arena, ev);
			const struct intake_fact *fact = must_pass(s);
			struct text plain = s->r.value;
			sent_value(s, arena, shuffled_unknown(plain));
			assert_true(text_eq(must_pass(s)->payload_hash, fact->payload_hash));
			struct buf json = { .arena = arena };
			assert_true(json_from_pb(topic->pb, (const uint8_t *)plain.s, plain.n, arena, &err, &json));
			sent_value(s, arena, buf_text(&json));
			sent_header(s, TEXT("content-type"), TEXT("application/json"));
			assert_true(text_eq(must_pass(s)->payload_hash, fact->payload_hash));
			n++;
		}
	}
	assert_true(n == 600);
}

static struct text repeat(char c, size_t n)
{
	char *s = arena_alloc(arena, n);

	memset(s, c, n);
	return (struct text){ s, n };
}

/* The largest event the schema allows can still be written to ar.intake with its provenance. */
static void the_largest_event_fits(void **state)
{
	(void)state;
	struct crm_order_line *lines;
	void *ev = EVENT(SALES_ORDER, arena, "order_booked.order.account=C1", "order_booked.order.order_id=O1",
			 "order_booked.order.order_version=1", "order_booked.order.entity=E1",
			 "order_booked.order.currency_code=EUR", "order_booked.order.order_date=2026-01-01");
	struct crm_order *o = ((struct crm_sales_order_event *)ev)->order_booked->order;
	size_t taxes = 8;

	lines = WIRE_ARRAY(arena, 1000, crm_order_line);
	o->n_lines = 1000;
	o->lines = lines;
	for (size_t i = 0; i < 1000; i++) {
		lines[i] = (struct crm_order_line){ .line_no = (int32_t)i + 1,
						    .item = repeat('i', 64),
						    .description = repeat('d', 200),
						    .quantity_e6 = 1,
						    .unit_price_e6 = 1,
						    .n_taxes = taxes };
		lines[i].taxes = WIRE_ARRAY(arena, taxes, type_tax);
		for (size_t k = 0; k < taxes; k++)
			lines[i].taxes[k] = (struct type_tax){ .code = repeat('t', 32), .category = TYPE_TAX_CATEGORY_STANDARD };
	}
	struct sent *s = sent_event(SALES_ORDER, arena, ev);
	const struct intake_fact *fact = must_pass(s);
	struct err err = { .class = ERR_NONE };
	struct text bytes;
	assert_true(wire_encode(&intake_event_msg, &fact->event, arena, &err, &bytes));
	assert_true(bytes.n > 500000 && bytes.n + CODEC_PROVENANCE_MAX <= WIRE_BYTES_MAX);
}

/* ---- hostile bytes ---- */

static void check_any(const struct sent *s)
{
	struct input in = decode(s, arena);

	if (fact_of(&in)->refusal != NULL)
		check_refusal(&in, arena);
	else
		assert_int_equal(fact_of(&in)->payload_hash.n, 32);
}

static void every_truncation(void **state)
{
	(void)state;
	struct sent *s = sent_event(PAYMENT, arena, a_line(arena, "L1", "10.00 EUR"));
	struct text whole = s->r.value, hash = must_pass(s)->payload_hash;

	for (size_t n = 0; n < whole.n; n++) {
		struct text key, got = TEXT_NONE;
		sent_value(s, arena, (struct text){ whole.s, n });
		struct input in = decode(s, arena);
		check_any(s);
		if (intake_identity(&in, arena, &key, &got))
			assert_false(text_eq(got, hash));
	}
}

static void flipped_bits_and_noise(void **state)
{
	(void)state;
	struct wire_gen g = { .seed = 7, .fill = 60, .arena = arena, .text_max = 30 };

	for (int round = 0; round < 20000; round++) {
		arena_reset(arena);
		const struct wire_topic *topic = &wire_topics[gen_below(&g, 5)];
		struct sent *s = sent_event(topic->topic, arena, gen_msg(&g, topic->msg));
		char *bytes = (char *)(uintptr_t)s->r.value.s;
		for (uint64_t k = gen_below(&g, 4); k > 0 && s->r.value.n > 0; k--)
			bytes[gen_below(&g, s->r.value.n)] = (char)gen_next(&g);
		if (gen_below(&g, 8) == 0)
			for (size_t i = 0; i < s->r.value.n; i++)
				bytes[i] = (char)gen_next(&g);
		if (gen_below(&g, 8) == 0)
			bytes[0] = 0;
		if (gen_below(&g, 4) == 0)
			sent_header(s, TEXT("content-type"),
				    gen_below(&g, 2) ? TEXT("application/json") : TEXT("application/cloudevents+json"));
		if (gen_below(&g, 8) == 0) {
			struct record_header *h = &s->h[gen_below(&g, s->r.n_headers)];
			char *v = arena_dup(arena, h->value.s, h->value.n);
			v[gen_below(&g, h->value.n)] = (char)gen_next(&g);
			h->value.s = v;
		}
		check_any(s);
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

/* JSON that is nearly right. */
static void flipped_json(void **state)
{
	(void)state;
	struct wire_gen g = { .seed = 9, .arena = arena };
	char json[512];
	int n = snprintf(json, sizeof(json), "{" ENVELOPE ",\"data\":%s}", customer_json);

	for (int round = 0; round < 5000; round++) {
		arena_reset(arena);
		struct sent *s = structured(json);
		char *bytes = (char *)(uintptr_t)s->r.value.s;
		for (uint64_t k = 1 + gen_below(&g, 3); k > 0; k--)
			bytes[gen_below(&g, (uint64_t)n)] = (char)gen_next(&g);
		s->r.value.n -= gen_below(&g, 3);
		check_any(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_event_in_every_form, setup),
		cmocka_unit_test_setup(the_largest_event_fits, setup),
		cmocka_unit_test_setup(every_truncation, setup),
		cmocka_unit_test_setup(flipped_bits_and_noise, setup),
		cmocka_unit_test_setup(flipped_json, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
