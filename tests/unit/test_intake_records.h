/* Records as strangers send them, for the tests of the gate. Header only; include in one .c. */
#ifndef TESTS_INTAKE_RECORDS_H
#define TESTS_INTAKE_RECORDS_H

#include "book/record.h"
#include "intake/codec.h"
#include "intake/core/fact.h"
#include "wire/topics.h"
#include "wire/wire.h"

struct sent {
	struct record r;
	struct record_header h[80];
};

/* Valid until the arena is reset. */
static inline struct sent *sent_new(struct arena *arena, const char *topic)
{
	struct sent *s = ARENA_NEW(arena, struct sent);

	s->r = (struct record){ .topic = text_of(topic),
				.partition = 3,
				.offset = 42,
				.timestamp_ms = 1767225600000,
				.key_null = true,
				.headers = s->h };
	return s;
}

static inline void sent_header(struct sent *s, struct text name, struct text value)
{
	CHECK(s->r.n_headers < ARRAY_LEN(s->h));
	s->h[s->r.n_headers++] = (struct record_header){ .name = name, .value = value, .value_null = value.s == NULL };
}

static inline void sent_key(struct sent *s, struct text key)
{
	s->r.key = key;
	s->r.key_null = false;
}

/* Without its NUL behind, and in a block of its own: reading beyond it is found by ASan. */
static inline void sent_value(struct sent *s, struct arena *arena, struct text bytes)
{
	s->r.value = (struct text){ arena_dup(arena, bytes.s, bytes.n), bytes.n };
	s->r.value_null = false;
}

/* path=value pairs, NULL at the end: an event of the topic. */
static inline void *event_new(const char *topic, struct arena *arena, const char *const *pairs)
{
	const struct wire_topic *t = wire_topic_find(text_of(topic));
	void *ev = wire_new(t->msg, 1, arena);

	for (; *pairs != NULL; pairs++) {
		const char *eq = strchr(*pairs, '=');
		struct err err = { .class = ERR_NONE };

		if (!wire_set(t->msg, ev, (struct text){ *pairs, (size_t)(eq - *pairs) }, text_of(eq + 1), arena, &err))
			fail_msg("%s: %s %s", *pairs, err.code, err.msg);
	}
	return ev;
}

static inline struct text event_bytes(const char *topic, struct arena *arena, const void *ev)
{
	struct err err = { .class = ERR_NONE };
	struct text bytes = TEXT_NONE;

	if (!wire_encode(wire_topic_find(text_of(topic))->msg, ev, arena, &err, &bytes))
		fail_msg("%s: %s", err.code, err.msg);
	return bytes;
}

/* A record in binary mode, with id e1 and source /crm. */
static inline struct sent *sent_event(const char *topic, struct arena *arena, const void *ev)
{
	struct sent *s = sent_new(arena, topic);

	sent_header(s, TEXT("ce_specversion"), TEXT("1.0"));
	sent_header(s, TEXT("ce_id"), TEXT("e1"));
	sent_header(s, TEXT("ce_source"), TEXT("/crm"));
	sent_header(s, TEXT("ce_type"), wire_event_type(wire_topic_find(text_of(topic))->msg, ev, arena));
	sent_value(s, arena, event_bytes(topic, arena, ev));
	return s;
}

#define EVENT(topic, arena, ...) event_new(topic, arena, (const char *const[]){ __VA_ARGS__, NULL })

#define CUSTOMER    "crm.customer.v1"
#define SALES_ORDER "crm.sales-order.v1"
#define PAYMENT     "bank.payment.v1"
#define COMMAND     "ar.command.v1"
#define REFERENCE   "ar.reference.v1"

static inline void *a_customer(struct arena *arena)
{
	return EVENT(CUSTOMER, arena, "customer_recorded.account=C1", "customer_recorded.effective_from=2026-01-01",
		     "customer_recorded.legal_name=Acme GmbH");
}

static inline void *a_line(struct arena *arena, const char *line_id, const char *amount)
{
	void *ev = EVENT(PAYMENT, arena, "line_booked.bank_account=DE89", "line_booked.entity=E1", "line_booked.kind=payment",
			 "line_booked.booking_date=2026-03-05");
	struct err err;

	CHECK(wire_set(&bank_payment_event_msg, ev, TEXT("line_booked.line_id"), text_of(line_id), arena, &err));
	CHECK(wire_set(&bank_payment_event_msg, ev, TEXT("line_booked.amount"), text_of(amount), arena, &err));
	return ev;
}

/* ---- through the codec ---- */

static inline struct input decode(const struct sent *s, struct arena *arena)
{
	struct input in = { .lanes = 4, .cause = { .topic = s->r.topic, .partition = s->r.partition, .offset = s->r.offset } };

	intake_decode(&s->r, arena, &in);
	return in;
}

static inline const struct intake_fact *fact_of(const struct input *in)
{
	return in->event;
}

static inline const struct intake_fact *must_pass_in(const struct sent *s, struct arena *arena)
{
	struct input in = decode(s, arena);

	if (fact_of(&in)->refusal != NULL)
		fail_msg("refused: %s: %s", fact_of(&in)->refusal->code, fact_of(&in)->refusal->msg);
	return in.event;
}

/* What every refusal has to be. */
static inline void check_refusal(const struct input *in, struct arena *arena)
{
	const struct intake_fact *fact = fact_of(in);
	struct text msg = text_of(fact->refusal->msg), key, hash;

	assert_int_equal(fact->refusal->class, ERR_REJECT);
	assert_true(fact->refusal->code[0] != '\0' && msg.n > 0);
	assert_true(text_is_utf8(msg, TEXT_NO_NUL) && !text_has_control(msg));
	assert_false(intake_identity(in, arena, &key, &hash));
	assert_int_equal(fact->event.fact_case, INTAKE_EVENT_NONE);
	assert_int_equal(fact->payload_hash.n, 0);
}

/* The tests that call these have one `arena`. */
#define must_pass(s) must_pass_in(s, arena)

#endif
