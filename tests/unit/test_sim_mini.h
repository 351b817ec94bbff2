/*
 * A small world behind tests/sim/sim.h, for test_sim_parts.c: the cores of the five services on mem twins, the loop's own
 * log_outcome and lane rows, a log in memory, a seeded scheduler. Nothing breaks in it: workload, invariants, fold and digest are
 * tried here; the whole loop with faults is tests/sim.
 */
#ifndef TESTS_UNIT_TEST_SIM_MINI_H
#define TESTS_UNIT_TEST_SIM_MINI_H

#include "sim/sim.h"

#include "billing/billing.h"
#include "cash/cash.h"
#include "collections/collections.h"
#include "ev/all.h"
#include "intake/intake.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "run/loop.h"
#include "run/packed.h"
#include "wire/topics.h"
#include "wire/wire.h"

#define MINI_LANES      3
#define MINI_PARTITIONS 4
#define MINI_TOPICS     16
#define MINI_LANES_MAX  24
#define MINI_ARENA      ((size_t)1 << 30)

struct mini_partition {
	struct sim_record **record;
	size_t n, cap;
};

struct mini_topic {
	const char *name;
	int32_t partitions;
	struct mini_partition part[MINI_PARTITIONS];
};

struct mini_service {
	const struct run_service *run;
	const struct table *tables[64];
	size_t n_tables;
	struct mem *mem;
	struct loop loop;
	struct lane lane[MINI_LANES_MAX];
};

struct world {
	struct sim_rng rng;
	struct arena *arena, *batch;
	struct mini_topic topic[MINI_TOPICS];
	size_t n_topics;
	struct mini_service service[SIM_SERVICES];
	struct invariants *invariants;
	date_t day;
	int days;
	struct err err;
	bool failed;
	bool tell;
};

/* ---- sim.h ------------------------------------------------------------------------------------------------------------------------ */

const struct run_service *sim_run_service(enum sim_service s)
{
	static const struct run_service *const services[] = { &intake_service, &billing_service, &cash_service,
							      &collections_service, &reporting_service };

	return services[s];
}

int32_t sim_lanes(const struct world *w)
{
	(void)w;
	return MINI_LANES;
}

struct mem *sim_mem(const struct world *w, enum sim_service s)
{
	return w->service[s].mem;
}

bool sim_log_was_cut(const struct world *w)
{
	(void)w;
	return false;
}

static struct mini_topic *mini_topic(const struct world *w, struct text name)
{
	for (size_t i = 0; i < w->n_topics; i++)
		if (text_eq(text_of(w->topic[i].name), name))
			return (struct mini_topic *)(uintptr_t)&w->topic[i];
	return NULL;
}

int32_t sim_partitions(const struct world *w, const char *topic)
{
	const struct mini_topic *t = mini_topic(w, text_of(topic));

	return t == NULL ? 0 : t->partitions;
}

size_t sim_log_n(const struct world *w, const char *topic, int32_t partition)
{
	return mini_topic(w, text_of(topic))->part[partition].n;
}

const struct sim_record *sim_log_at(const struct world *w, const char *topic, int32_t partition, size_t offset)
{
	return mini_topic(w, text_of(topic))->part[partition].record[offset];
}

/* ---- the log ----------------------------------------------------------------------------------------------------------------------- */

static struct text mini_dup(struct world *w, struct text t)
{
	return t.s == NULL ? TEXT_NONE : text_dup(w->arena, t);
}

static void mini_append(struct world *w, struct text topic, int32_t partition, const struct sim_send *send)
{
	struct mini_topic *t = mini_topic(w, topic);
	struct mini_partition *p = &t->part[partition];
	struct sim_record *r = ARENA_NEW(w->arena, struct sim_record);

	CHECK(partition >= 0 && partition < t->partitions);
	r->offset = (int64_t)p->n;
	r->timestamp_ms = 1000 + r->offset;
	r->key = mini_dup(w, send->key);
	r->value = mini_dup(w, send->value);
	r->key_null = send->key_null;
	r->value_null = send->value_null;
	r->headers = ARENA_ARRAY(w->arena, send->n_headers, struct bus_header);
	for (size_t i = 0; i < send->n_headers; i++)
		r->headers[r->n_headers++] =
			(struct bus_header){ mini_dup(w, send->headers[i].name), mini_dup(w, send->headers[i].value) };
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->record = realloc(p->record, p->cap * sizeof(struct sim_record *));
		CHECK(p->record != NULL);
	}
	p->record[p->n++] = r;
}

static struct text mini_header(const struct sim_record *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (text_eq(r->headers[i].name, text_of(name)))
			return r->headers[i].value;
	return TEXT_NONE;
}

static void mini_publish(struct world *w, struct mini_service *s, const struct outcome_row *row)
{
	char source[64];
	snprintf(source, sizeof(source), "/openitem/%s", s->run->core->name);
	const struct bus_header h[] = { { TEXT("ce_id"), row->event_id },
					{ TEXT("ce_source"), text_of(source) },
					{ TEXT("ce_type"), row->type },
					{ TEXT("ce_correlationid"), row->correlation_id } };
	struct sim_send send = { .key = row->key, .value = row->value, .headers = h, .n_headers = ARRAY_LEN(h) };

	if (!text_empty(row->dead_record)) {
		struct record r;
		CHECK(packed_read(row->dead_record, w->batch, &r));
		send = (struct sim_send){ .key = r.key, .value = r.value, .key_null = r.key_null, .value_null = r.value_null };
		mini_append(w, row->out_topic, row->out_partition, &send);
		return;
	}
	send.key_null = text_empty(row->key);
	if (s->run->outcome_topic != NULL)
		mini_append(w, text_of(s->run->outcome_topic), row->lane, &send);
	if (!text_empty(row->out_topic))
		mini_append(w, row->out_topic, row->out_partition, &send);
}

/* ---- a service ---------------------------------------------------------------------------------------------------------------------- */

static struct record mini_view(struct world *w, const char *topic, int32_t partition, const struct sim_record *r)
{
	struct record_header *h = ARENA_ARRAY(w->batch, r->n_headers, struct record_header);

	for (size_t i = 0; i < r->n_headers; i++)
		h[i] = (struct record_header){ r->headers[i].name, r->headers[i].value, r->headers[i].value.s == NULL };
	return (struct record){ .topic = text_of(topic),
				.partition = partition,
				.offset = r->offset,
				.timestamp_ms = r->timestamp_ms,
				.key = r->key,
				.value = r->value,
				.key_null = r->key_null,
				.value_null = r->value_null,
				.headers = h,
				.n_headers = r->n_headers };
}

static void mini_input(struct world *w, struct mini_service *s, struct lane *l, int source, struct input *in, bool *ret_concerns)
{
	const struct run_source *src = &s->run->sources[source];
	const struct sim_record *r = sim_log_at(w, src->topic, l->partition[source], (size_t)l->next_offset[source]);
	struct err err;
	void *event;

	*in = (struct input){ .source = source,
			      .lane = l->lane,
			      .lanes = MINI_LANES,
			      .cause = { .topic = text_of(src->topic), .partition = l->partition[source], .offset = r->offset },
			      .key = r->key,
			      .value = r->value };
	*ret_concerns = true;
	if (s->run->gate != NULL) {
		struct record *view = ARENA_NEW(w->batch, struct record);
		*view = mini_view(w, src->topic, l->partition[source], r);
		s->run->gate->decode(view, w->batch, in);
		return;
	}
	in->cause.event_id = mini_header(r, "ce_id");
	in->cause.source = mini_header(r, "ce_source");
	in->cause.correlation_id = mini_header(r, "ce_correlationid");
	in->type = mini_header(r, "ce_type");
	if (!wire_decode_strict(wire_topic_find(text_of(src->topic))->msg, (const uint8_t *)r->value.s, r->value.n, w->batch, &err,
				&event))
		base_check_failed(__FILE__, __LINE__, err.msg);
	in->event = event;
	*ret_concerns = src->concerns == NULL || src->concerns(event);
}

/* One input in one transaction, or several when it is long. */
static void mini_take(struct world *w, enum sim_service service, struct lane *l, int source)
{
	struct mini_service *s = &w->service[service];
	const struct core *core = s->run->core;
	enum decided result = DECIDED;
	struct text cursor = TEXT_NONE;
	int32_t part = 0;

	do {
		struct log_list list = { 0 };
		struct input in;
		bool concerns;
		mini_input(w, s, l, source, &in, &concerns);
		in.cursor = cursor;
		in.cause.part = part;
		struct book *book = book_new(w->batch, s->tables, s->n_tables);
		struct decision d = { .core = core, .book = book, .arena = w->batch, .input = &in };
		for (int round = 0; concerns && round < 2; round++) {
			core->want(book, &in);
			mem_load(s->mem, book);
		}
		for (int loads = 0; concerns && (result = core_step(&d)) == AGAIN; loads++) {
			CHECK(loads < LOADS_PER_STEP_MAX && book_has_questions(book));
			mem_load(s->mem, book);
		}
		l->next_offset[source]++; /* outcomes count their cause as noted, also when it goes on */
		for (size_t i = 0; i < d.n_outcomes; i++)
			if (!log_outcome(&s->loop, book, l, &in, &d.outcomes[i], TEXT_NONE, &list, &w->err))
				base_check_failed(__FILE__, __LINE__, w->err.msg);
		for (size_t i = 0; i < d.n_outcomes; i++)
			part = d.outcomes[i].cause == NULL ? d.outcomes[i].part : part;
		l->next_offset[source] -= result == MORE;
		cursor = text_dup(w->arena, d.cursor);
		l->position_changed[source] = true;
		lane_put_changes(&s->loop, book, l);
		if (!mem_save(s->mem, book, &w->err))
			base_check_failed(__FILE__, __LINE__, w->err.msg);
		for (size_t i = 0; i < list.n; i++)
			mini_publish(w, s, list.item[i].row);
		l->published_seq = l->seq;
		if (!w->failed && w->invariants != NULL && !invariants_after_commit(w->invariants, service, &w->err))
			w->failed = true;
		arena_reset(w->batch);
	} while (result == MORE);
}

static bool mini_ready(const struct world *w, const struct mini_service *s, const struct lane *l, int source)
{
	return l->assigned[source] &&
	       (size_t)l->next_offset[source] < sim_log_n(w, s->run->sources[source].topic, l->partition[source]);
}

/* One input of somebody, chosen by chance. False: nothing is left. */
static bool mini_turn(struct world *w)
{
	struct {
		enum sim_service service;
		struct lane *lane;
		int source;
	} ready[512];
	uint32_t n = 0;

	for (int s = 0; s < SIM_SERVICES; s++)
		for (size_t i = 0; i < w->service[s].loop.n_lanes; i++)
			for (int k = 0; k < (int)w->service[s].run->n_sources; k++)
				if (mini_ready(w, &w->service[s], &w->service[s].lane[i], k)) {
					ready[n].service = (enum sim_service)s;
					ready[n].lane = &w->service[s].lane[i];
					ready[n++].source = k;
				}
	if (n == 0)
		return false;
	uint32_t at = sim_below(&w->rng, n);
	mini_take(w, ready[at].service, ready[at].lane, ready[at].source);
	return true;
}

/* ---- the world ------------------------------------------------------------------------------------------------------------------------ */

static void mini_make_service(struct world *w, enum sim_service service)
{
	struct mini_service *s = &w->service[service];

	s->run = sim_run_service(service);
	for (size_t i = 0; i < s->run->core->n_tables; i++)
		s->tables[s->n_tables++] = s->run->core->tables[i];
	for (size_t i = 0; i < RUN_TABLES_N; i++)
		s->tables[s->n_tables++] = run_tables[i];
	s->mem = mem_new(s->tables, s->n_tables);
	s->loop = (struct loop){ .service = s->run, .lanes = MINI_LANES, .lane = s->lane };
	s->loop.m.outcomes = metrics_counter("outcomes", "outcomes", NULL);
	s->loop.m.dead_letters = metrics_counter("dead_letters", "dead letters", NULL);
	for (size_t k = 0; k < s->run->n_sources; k++)
		for (int32_t p = 0; p < sim_partitions(w, s->run->sources[k].topic); p++) {
			int32_t number = lane_of_partition(&s->loop, (int)k, p);
			struct lane *l = lane_find(&s->loop, number);
			if (l == NULL) {
				l = &s->lane[s->loop.n_lanes++];
				*l = (struct lane){ .lane = number,
						    .cursor_source = -1,
						    .seq_saved = -1 /* the row is not there yet */ };
				for (size_t i = 0; i < SOURCES_MAX; i++)
					l->next_offset[i] = -1;
			}
			l->assigned[k] = true;
			l->partition[k] = p;
			l->next_offset[k] = 0;
		}
}

static struct world *mini_new(uint64_t seed)
{
	static const char *const dlt[] = { "crm.customer.v1-dlt", "crm.sales-order.v1-dlt", "bank.payment.v1-dlt",
					   "ar.command.v1-dlt", "ar.reference.v1-dlt" };
	struct world *w = calloc(1, sizeof(*w));

	CHECK(w != NULL);
	sim_rng_seed(&w->rng, seed, 77);
	w->arena = arena_new(MINI_ARENA, MINI_ARENA);
	w->batch = arena_new(MINI_ARENA, MINI_ARENA);
	for (size_t i = 0; i < wire_topics_n; i++)
		w->topic[w->n_topics++] =
			(struct mini_topic){ .name = wire_topics[i].topic, .partitions = wire_topics[i].external ? 2 : MINI_LANES };
	for (size_t i = 0; i < ARRAY_LEN(dlt); i++)
		w->topic[w->n_topics++] = (struct mini_topic){ .name = dlt[i], .partitions = 2 };
	for (int s = 0; s < SIM_SERVICES; s++)
		mini_make_service(w, (enum sim_service)s);
	return w;
}

static void mini_free(struct world *w)
{
	for (size_t i = 0; i < w->n_topics; i++)
		for (int p = 0; p < MINI_PARTITIONS; p++)
			free(w->topic[i].part[p].record);
	for (int s = 0; s < SIM_SERVICES; s++) {
		for (size_t i = 0; i < w->service[s].loop.n_lanes; i++)
			lane_free(&w->service[s].lane[i]);
		mem_free(w->service[s].mem);
	}
	arena_free(w->arena);
	arena_free(w->batch);
	free(w);
}

static void mini_settle(struct world *w)
{
	while (!w->failed && mini_turn(w))
		;
}

static void mini_say_day(struct world *w, bool opened, date_t day)
{
	struct reference_event *e = WIRE_NEW(w->arena, reference_event);
	struct reference_day_opened *o = WIRE_NEW(w->arena, reference_day_opened);
	struct reference_day_closed *c = WIRE_NEW(w->arena, reference_day_closed);
	size_t n_rows;
	const void *const *rows = mem_rows(w->service[SIM_REPORTING].mem, &reporting_entity_table, &n_rows);
	struct text *entities = ARENA_ARRAY(w->arena, n_rows + 1, struct text), value;
	struct err err;
	size_t n = 0;

	for (size_t i = 0; i < n_rows; i++) {
		const struct reporting_entity *r = rows[i];
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known = known || text_eq(entities[k], r->entity);
		if (!known)
			entities[n++] = r->entity;
	}
	if (n == 0)
		entities[n++] = TEXT("NONE");
	e->event_case = opened ? REFERENCE_EVENT_DAY_OPENED : REFERENCE_EVENT_DAY_CLOSED;
	o->business_date = c->business_date = day;
	o->entities = c->entities = entities;
	o->n_entities = c->n_entities = n;
	if (opened)
		e->day_opened = o;
	else
		e->day_closed = c;
	CHECK(wire_encode(&reference_event_msg, e, w->arena, &err, &value));
	struct bus_header h[] = { { TEXT("ce_id"), text_printf(w->arena, "day-%d-%d", opened, day) },
				  { TEXT("ce_source"), TEXT("/tick") },
				  { TEXT("ce_type"), wire_event_type(&reference_event_msg, e, w->arena) } };
	struct sim_send send = { .key = TEXT("~day"), .value = value, .headers = h, .n_headers = ARRAY_LEN(h) };
	mini_append(w, TEXT("ar.reference.v1"), bus_partition_of(send.key, 2), &send);
}

static void mini_tick(struct world *w, date_t day)
{
	mini_settle(w);
	mini_say_day(w, true, day);
	mini_settle(w);
	if (w->days++ > 0)
		mini_say_day(w, false, w->day);
	w->day = day;
	mini_settle(w);
}

/* Plays a workload; skip: steps left out are true (may be NULL). */
static void mini_play(struct world *w, struct workload *wl)
{
	struct arena *arena = arena_new(MINI_ARENA, MINI_ARENA);
	size_t n;
	const struct sim_step *steps = workload_steps(wl, &n);

	for (size_t i = 0; i < n && !w->failed; i++) {
		struct sim_send send;
		switch (steps[i].kind) {
		case SIM_SEND:
			if (workload_send(wl, &steps[i], w, arena, &send)) {
				mini_append(w, text_of(send.topic), send.partition, &send);
				if (w->tell)
					printf("%zu %s[%d] %s\n", i, send.topic, send.partition, send.what);
			}
			break;
		case SIM_TICK:
			mini_tick(w, steps[i].date);
			break;
		case SIM_SETTLE:
			mini_settle(w);
			break;
		}
		for (uint32_t k = sim_below(&w->rng, 30); k > 0 && !w->failed && mini_turn(w); k--)
			;
		arena_reset(arena);
	}
	mini_settle(w);
	arena_free(arena);
}

#endif
