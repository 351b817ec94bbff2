/* The gate as a stranger meets it: codec with headers, validation, decision, dead letter. One target per external topic. */
#include "targets.h"

#include "ev/all.h"
#include "intake/intake.h"
#include "intake/codec.h"
#include "intake/core/dead_letter.h"
#include "intake/core/fact.h"
#include "intake/tables.h"
#include "run/gate.h"
#include "run/packed.h"
#include "wire/topics.h"

#define LANES       3
#define RECORDS_MAX 4

/* Between the records of one input. */
#define NEXT TEXT("\n%%%%\n")

struct gate {
	const struct wire_topic *topic;
	struct arena *arena;
	struct mem *mem;
	int64_t next_offset;
};

static struct input decode(const struct gate *g, const struct record *r)
{
	struct input in = { .lanes = LANES, .cause = { .topic = r->topic, .partition = r->partition, .offset = r->offset } };

	intake_service.gate->decode(r, g->arena, &in);
	return in;
}

/* ---- what comes out ---- */

static void check_text(struct text t, size_t max, const char *what)
{
	MUST(t.n <= max && text_is_utf8(t, TEXT_NO_NUL) && !text_has_control(t), "%s of %zu bytes", what, t.n);
}

static void check_decoded(const struct gate *g, const struct input *in)
{
	const struct intake_fact *fact = in->event;
	struct text key, hash;
	bool named = intake_service.gate->identity(in, g->arena, &key, &hash);

	check_text(in->cause.event_id, FACT_ID_MAX, "event id");
	check_text(in->cause.source, FACT_SOURCE_MAX, "source");
	check_text(in->cause.correlation_id, FACT_CORRELATION_MAX, "correlation id");
	check_text(in->type, FACT_TYPE_MAX, "type");
	MUST(named == (fact->refusal == NULL), "an identity and a refusal");
	if (fact->refusal == NULL) {
		MUST(hash.n == 32 && key.n > 0 && !text_empty(fact->event.fact_type), "an accepted event without identity");
		return;
	}
	MUST(fact->refusal->class == ERR_REJECT && fact->refusal->code[0] != '\0', "a refusal of class %d", fact->refusal->class);
	MUST(fact->refusal->msg[0] != '\0', "%s without a sentence", fact->refusal->code);
	check_text(text_of(fact->refusal->msg), ERR_MSG_MAX, "sentence");
	MUST(fact->event.fact_case == INTAKE_EVENT_NONE, "a refusal that holds an event");
}

static bool same_header(const struct record_header *a, const struct record_header *b)
{
	return text_eq(a->name, b->name) && a->value_null == b->value_null && text_eq(a->value, b->value);
}

/* Key, value and headers as they came, then ours; and the same after a crash, from the outcome table. */
static void check_dead_letter(const struct gate *g, const struct record *r, const struct record *dead)
{
	struct text packed = fuzz_own(g->arena, packed_record(dead, g->arena));
	struct record back;
	bool whole = text_eq(r->value, dead->value) && r->value_null == dead->value_null;

	MUST(packed_read(packed, g->arena, &back), "a packed dead letter cannot be read");
	MUST(text_eq(packed_record(&back, g->arena), packed), "packed to something else");
	MUST(text_eq(back.key, r->key) && back.key_null == r->key_null && whole, "another key or value");
	MUST(back.n_headers == dead->n_headers && back.n_headers <= 2 * RECORD_HEADERS_MAX, "%zu headers", back.n_headers);
	for (size_t i = 0; i < dead->n_headers; i++)
		MUST(same_header(&back.headers[i], &dead->headers[i]), "header %zu changed", i);
	MUST(text_starts(dead->topic, r->topic) && dead->partition == r->partition, "another place");
}

static void check_outcome(const struct gate *g, const struct input *in, struct outcome *o)
{
	const struct intake_fact *fact = in->event;
	struct intake_event *ev = o->event;
	struct type_provenance *p = ev->provenance != NULL ? ev->provenance : WIRE_NEW(g->arena, type_provenance);

	MUST((ev->fact_case == INTAKE_EVENT_DEAD_LETTER) == (o->dead_letter != NULL), "half a dead letter");
	p->service = TEXT("intake");
	p->seq = 1;
	p->event_id = o->event_id;
	p->part = o->part;
	p->final = o->final;
	p->correlation_id = in->cause.correlation_id;
	p->cause = WIRE_NEW(g->arena, type_cause);
	p->cause->topic = in->cause.topic;
	p->cause->event_id = in->cause.event_id;
	p->cause->offset = in->cause.offset;
	ev->provenance = p;
	fuzz_event_travels(&intake_event_msg, ev, g->arena);
	if (o->dead_letter != NULL)
		check_dead_letter(g, fact->record, o->dead_letter);
}

/* ---- one record through the core ---- */

static size_t step(const struct gate *g, struct input *in, bool *ret_dead)
{
	const struct core *core = intake_service.core;
	struct book *book = book_new(g->arena, core->tables, core->n_tables);
	struct decision d = { .core = core, .book = book, .arena = g->arena, .input = in };
	struct err err = { .class = ERR_NONE };
	enum decided result = AGAIN;

	core->want(book, in);
	mem_load(g->mem, book);
	core->want(book, in);
	mem_load(g->mem, book);
	result = core_step(&d);
	MUST(result == DECIDED, "want misses what decide asks: %d", (int)result);
	for (size_t i = 0; i < d.n_outcomes; i++)
		check_outcome(g, in, &d.outcomes[i]);
	MUST(mem_save(g->mem, book, &err), "%s: %s", err.code, err.msg);
	*ret_dead = d.n_outcomes == 1 && d.outcomes[0].dead_letter != NULL;
	return d.n_outcomes;
}

static void send(struct gate *g, struct text bytes, struct text content_type)
{
	struct record r = { .topic = text_of(g->topic->topic), .timestamp_ms = 1767225600000 };

	fuzz_record(bytes, g->topic->msg, g->arena, &r);
	r.partition = 1;
	r.offset = g->next_offset++;
	if (content_type.n > 0 && r.n_headers < RECORD_HEADERS_MAX)
		((struct record_header *)(uintptr_t)r.headers)[r.n_headers++] =
			(struct record_header){ .name = TEXT("content-type"), .value = content_type };

	struct input in = decode(g, &r), again = decode(g, &r);
	const struct intake_fact *fact = in.event, *same = again.event;

	check_decoded(g, &in);
	MUST((fact->refusal == NULL) == (same->refusal == NULL) && text_eq(fact->payload_hash, same->payload_hash),
	     "decoded twice, to different things");

	bool dead, dead_again;
	size_t n = step(g, &in, &dead);

	MUST(dead || n != 1 || fact->event.fact_case != INTAKE_EVENT_REFERENCE, "a reference fact for one lane only");
	/* The same bytes again, from the next place: a duplicate; a refused record leaves no trace and is refused again. */
	r.offset = g->next_offset++;
	again = decode(g, &r);
	MUST(step(g, &again, &dead_again) == (dead ? 1u : 0u) && dead_again == dead, "the second time something else happened");
}

static void send_all(const char *topic, struct text bytes, struct text content_type, struct arena *arena)
{
	struct gate g = { .topic = wire_topic_find(text_of(topic)), .arena = arena };

	g.mem = mem_new(intake_service.core->tables, intake_service.core->n_tables);
	for (size_t i = 0; i < RECORDS_MAX; i++) {
		size_t n = i + 1 < RECORDS_MAX ? text_find(bytes, NEXT) : TEXT_NOT_FOUND;

		send(&g, (struct text){ bytes.s, n == TEXT_NOT_FOUND ? bytes.n : n }, content_type);
		if (n == TEXT_NOT_FOUND)
			break;
		bytes = (struct text){ bytes.s + n + 6, bytes.n - n - 6 };
	}
	mem_free(g.mem);
}

void target_gate_customer(struct text bytes, struct arena *arena)
{
	send_all("crm.customer.v1", bytes, TEXT_NONE, arena);
}

void target_gate_order(struct text bytes, struct arena *arena)
{
	send_all("crm.sales-order.v1", bytes, TEXT_NONE, arena);
}

void target_gate_payment(struct text bytes, struct arena *arena)
{
	send_all("bank.payment.v1", bytes, TEXT_NONE, arena);
}

void target_gate_command(struct text bytes, struct arena *arena)
{
	send_all("ar.command.v1", bytes, TEXT_NONE, arena);
}

void target_gate_reference(struct text bytes, struct arena *arena)
{
	send_all("ar.reference.v1", bytes, TEXT_NONE, arena);
}

static struct text behind(const char *head, struct text bytes, struct arena *arena)
{
	struct buf b = { .arena = arena };

	buf_adds(&b, head);
	buf_add(&b, bytes);
	return buf_text(&b);
}

/* The value alone, in the two structured modes. */
void target_gate_cloudevent_json(struct text bytes, struct arena *arena)
{
	send_all("bank.payment.v1", behind("-\n\n", bytes, arena), TEXT("application/cloudevents+json"), arena);
}

void target_gate_cloudevent_protobuf(struct text bytes, struct arena *arena)
{
	send_all("bank.payment.v1", behind("-\n\n", bytes, arena), TEXT("application/cloudevents+protobuf"), arena);
}

/* The value alone, behind 0x00. */
void target_gate_confluent(struct text bytes, struct arena *arena)
{
	struct buf b = { .arena = arena };

	buf_adds(&b, "-\nce_id=e1\nce_source=/bank\nce_type=openitem.bank.line_booked.v1\n\n");
	buf_addc(&b, '\0');
	buf_add(&b, bytes);
	send_all("bank.payment.v1", buf_text(&b), TEXT_NONE, arena);
}
