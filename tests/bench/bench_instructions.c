/*
 * bench_instructions: a made-up company through all five services, with their own loop, on tables and topics in memory (instructions_io.h): to be run
 * under callgrind, which counts. The same instructions each time.
 *
 *	bench_instructions ACCOUNTS DAYS
 *
 * Each service has its turn once, in measured_<service>, over all days: what it reads of a day is what the services before it wrote on that day.
 * The last line is JSON: inputs, outcomes and batches per service.
 */
#include "instructions_io.h"

#include "billing/billing.h"
#include "cash/cash.h"
#include "cli/company.h"
#include "cli/day.h"
#include "collections/collections.h"
#include "intake/intake.h"
#include "reporting/reporting.h"
#include "wire/wire.h"

#define LANES        2
#define SERVICES     5
#define DAYS_MAX     400
#define STEPS        6 /* of a day, in the order of `openitem play`; the last: it is closed */
#define MARKS_MAX    (DAYS_MAX * STEPS)
#define BATCH_MAX    200 /* records of one batch */
#define ENTITIES_MAX 16
#define TABLES_MAX   64
#define ARENA_BYTES  ((size_t)1 << 30)

static const struct run_service *const services[SERVICES] = { &intake_service, &billing_service, &cash_service,
							      &collections_service, &reporting_service };
static const char *const step_topic[STEPS - 1] = { "ar.reference.v1", "crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1",
						   "ar.command.v1" };

/* How far a partition had come after each step: what a later service may see of it by then. */
static struct {
	size_t n_topics;
	size_t end[TOPICS_MAX][PARTITIONS_MAX];
} mark[MARKS_MAX];
static size_t n_marks;

/* ---- the company ---- */

struct line {
	const char *topic;
	struct text text;
	date_t day;
};

struct company_lines {
	struct arena *arena;
	struct line *line;
	size_t n, cap;
	struct text entity[ENTITIES_MAX];
	size_t n_entities;
	struct text source;
};

/* {{number:ORDER}} becomes ORDER: the customer names the order instead of the number. */
static struct text fill(struct arena *arena, struct text t)
{
	struct buf out = { .arena = arena };
	const struct text opening = TEXT("{{number:"), closing = TEXT("}}");

	for (size_t at; (at = text_find(t, opening)) != TEXT_NOT_FOUND;) {
		buf_add(&out, (struct text){ t.s, at });
		t = (struct text){ t.s + at + opening.n, t.n - at - opening.n };
		size_t end = text_find(t, closing);
		CHECK(end != TEXT_NOT_FOUND);
		buf_add(&out, (struct text){ t.s, end });
		t = (struct text){ t.s + end + closing.n, t.n - end - closing.n };
	}
	buf_add(&out, t);
	return buf_text(&out);
}

static void know_entity(struct company_lines *c, struct text entity)
{
	for (size_t i = 0; i < c->n_entities; i++)
		if (text_empty(entity) || text_eq(c->entity[i], entity))
			return;
	CHECK(c->n_entities < ENTITIES_MAX);
	if (!text_empty(entity))
		c->entity[c->n_entities++] = entity;
}

static bool take_line(void *ctx, bool truth, struct text t, struct err *err)
{
	struct company_lines *c = ctx;
	struct event ev;
	size_t column;

	if (truth)
		return true;
	t = fill(c->arena, t);
	if (!event_read(t, NULL, c->arena, err, &column, &ev))
		return false;
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 4096;
		struct line *grown = ARENA_ARRAY(c->arena, cap, struct line);
		if (c->n > 0)
			memcpy(grown, c->line, c->n * sizeof(*grown));
		c->line = grown;
		c->cap = cap;
	}
	c->line[c->n++] = (struct line){ ev.topic->topic, t, event_day(&ev) };
	know_entity(c, event_entity(ev.topic, ev.body, c->arena));
	c->source = ev.ce.source;
	return true;
}

static void take_day(void *ctx, date_t day, int64_t days_done)
{
	(void)ctx, (void)day, (void)days_done;
}

/* One partition each: a stranger's partitioning matters to nobody. */
static void publish(const struct event *ev)
{
	const struct bus_header headers[] = {
		{ TEXT("ce_specversion"), TEXT("1.0") }, { TEXT("ce_id"), ev->ce.id },
		{ TEXT("ce_source"), ev->ce.source },    { TEXT("ce_type"), ev->ce.type },
		{ TEXT("ce_time"), ev->ce.time },        { TEXT("content-type"), TEXT("application/protobuf") },
	};

	io_append(&(struct bus_out){ .topic = ev->topic->topic,
				     .key = ev->key,
				     .value = ev->value,
				     .headers = headers,
				     .headers_n = ARRAY_LEN(headers) },
		  0);
}

static void say_day(struct company_lines *c, enum day_kind kind, date_t day)
{
	struct err err;
	struct event ev;

	CHECK(day_event(kind, day, c->entity, c->n_entities, c->source, c->arena, &err, &ev));
	publish(&ev);
}

static void put_mark(void)
{
	CHECK(n_marks < MARKS_MAX);
	mark[n_marks].n_topics = io.n_topics;
	for (size_t t = 0; t < io.n_topics; t++)
		memcpy(mark[n_marks].end[t], io.topic[t].n, sizeof(mark[0].end[0]));
	n_marks++;
}

/* Everything from outside, with a mark after each step of each day. */
static void publish_all(struct company_lines *c)
{
	for (size_t at = 0, n; at < c->n; at += n) {
		for (n = 1; at + n < c->n && c->line[at + n].day == c->line[at].day; n++)
			;
		for (size_t s = 0; s < STEPS; s++) {
			if (s == 0)
				say_day(c, DAY_OPENED, c->line[at].day);
			for (size_t i = at; s + 1 < STEPS && i < at + n; i++) {
				struct event ev;
				struct err err;
				size_t column;
				if (strcmp(c->line[i].topic, step_topic[s]) != 0)
					continue;
				CHECK(event_read(c->line[i].text, NULL, c->arena, &err, &column, &ev));
				publish(&ev);
			}
			if (s + 1 == STEPS)
				say_day(c, DAY_CLOSED, c->line[at].day);
			put_mark();
		}
	}
}

/* ---- a service ---- */

struct measured {
	const struct run_service *real;
	struct core core; /* the real one, but for want */
	struct run_gate gate; /* the same, but for decode */
	struct run_service service;
	const struct table *tables[TABLES_MAX];
	struct store store;
	struct loop loop;
	struct lane lane[8];
	size_t n_inputs, n_batches;
};

static struct measured *now; /* whose turn it is */

/* Names for callgrind: every service calls its own `want`. */
void bench_want(struct book *book, const struct input *input);
__attribute__((noinline)) void bench_want(struct book *book, const struct input *input)
{
	now->real->core->want(book, input);
}

void bench_decode(const struct record *record, struct arena *arena, struct input *input);
__attribute__((noinline)) void bench_decode(const struct record *record, struct arena *arena, struct input *input)
{
	now->real->gate->decode(record, arena, input);
}

static void make_lanes(struct measured *m)
{
	bool gate = m->real->gate != NULL;

	for (size_t s = 0; s < m->real->n_sources; s++)
		for (int32_t p = 0; p < (gate ? 1 : LANES); p++) {
			struct lane *l = lane_find(&m->loop, lane_of_partition(&m->loop, (int)s, p));
			if (l == NULL) {
				l = &m->lane[m->loop.n_lanes++];
				CHECK(m->loop.n_lanes <= ARRAY_LEN(m->lane));
				*l = (struct lane){ .lane = lane_of_partition(&m->loop, (int)s, p), .cursor_source = -1 };
				for (size_t i = 0; i < SOURCES_MAX; i++)
					l->next_offset[i] = -1;
			}
			l->assigned[s] = true;
			l->partition[s] = p;
			l->next_offset[s] = 0;
		}
}

static void make_loop(struct measured *m, const struct run_service *real)
{
	struct loop *loop = &m->loop;

	*m = (struct measured){ .real = real, .core = *real->core, .service = *real };
	m->core.want = bench_want;
	m->service.core = &m->core;
	if (real->gate != NULL) {
		m->gate = *real->gate;
		m->gate.decode = bench_decode;
		m->service.gate = &m->gate;
	}
	CHECK(real->core->n_tables + RUN_TABLES_N <= TABLES_MAX);
	memcpy(m->tables, real->core->tables, real->core->n_tables * sizeof(*m->tables));
	memcpy(m->tables + real->core->n_tables, run_tables, sizeof(run_tables));
	*loop = (struct loop){ .service = &m->service,
			       .lanes = LANES,
			       .batch_max = BATCH_MAX,
			       .batch_size = BATCH_MAX,
			       .lane = m->lane,
			       .tables = m->tables };
	loop->n_tables = real->core->n_tables + RUN_TABLES_N;
	m->store.mem = mem_new(m->tables, loop->n_tables);
	loop->store = &m->store;
	loop->arena = arena_new(BATCH_BYTES_SOFT, ARENA_BYTES);
	loop->pending = calloc(PENDING_MAX, sizeof(*loop->pending));
	CHECK(loop->pending != NULL);
	for (size_t i = 0; i < LANES_OWNED_MAX; i++)
		loop->fanout_high[i] = -1;
	loop_find_topics(loop);
	make_lanes(m);
	struct metric *any = metrics_counter("bench", "nobody looks", NULL);
	for (size_t s = 0; s < SOURCES_MAX; s++)
		loop->m.consumed[s] = any;
	loop->m.outcomes = loop->m.duplicates = loop->m.dead_letters = loop->m.skipped = loop->m.batches = loop->m.retries = any;
	loop->m.batch_seconds = metrics_histogram("bench_seconds", "nobody looks", NULL, NULL, 0);
}

static void free_loop(struct measured *m)
{
	for (size_t i = 0; i < m->loop.n_lanes; i++)
		lane_free(&m->lane[i]);
	mem_free(m->store.mem);
	arena_free(m->loop.arena);
	free(m->loop.pending);
}

/* What is there up to a mark and not done yet; of its own copies everything. */
static void poll_all(struct measured *m, size_t at)
{
	struct loop *loop = &m->loop;

	loop->n_pending = 0;
	for (size_t s = 0; s < m->real->n_sources; s++) {
		const char *name = m->real->sources[s].topic;
		struct topic_log *t = io_topic(name);
		size_t index = (size_t)(t - io.topic);
		bool own = m->real->fanout_topic != NULL && strcmp(m->real->fanout_topic, name) == 0;
		for (size_t i = 0; i < loop->n_lanes; i++) {
			struct lane *l = &loop->lane[i];
			size_t end = 0;
			if (l->assigned[s] && own)
				end = t->n[l->partition[s]];
			else if (l->assigned[s] && index < mark[at].n_topics)
				end = mark[at].end[index][l->partition[s]];
			for (size_t o = l->assigned[s] ? (size_t)l->next_offset[s] : 0; o < end && loop->n_pending < BATCH_MAX;
			     o++) {
				struct topic_record *r = &t->record[l->partition[s]][o];
				loop->pending[loop->n_pending++] = (struct bus_record){ .topic = t->name,
											.topic_at = (uint32_t)s,
											.partition = l->partition[s],
											.offset = (int64_t)o,
											.timestamp_ms = 1,
											.key = r->key,
											.value = r->value,
											.key_null = r->key_null,
											.handle = r };
			}
		}
	}
}

static void have_turn(struct measured *m)
{
	now = m;
	for (size_t at = 0; at < n_marks; at++) {
		for (poll_all(m, at); m->loop.n_pending > 0; poll_all(m, at)) {
			struct err err;
			size_t done;
			if (!batch_run(&m->loop, &err, &done))
				base_check_failed(__FILE__, __LINE__, err.msg);
			m->n_inputs += done;
			m->n_batches++;
			for (size_t i = 0; i < m->loop.n_lanes; i++)
				if (m->lane[i].stopped)
					base_check_failed(__FILE__, __LINE__, m->lane[i].stopped_why);
		}
		/* What it said by now, those behind it see by now. */
		mark[at].n_topics = io.n_topics;
		for (size_t t = 0; t < io.n_topics; t++) {
			bool mine = m->real->outcome_topic != NULL && strcmp(io.topic[t].name, m->real->outcome_topic) == 0;
			mine = mine || (m->real->fanout_topic != NULL && strcmp(io.topic[t].name, m->real->fanout_topic) == 0);
			if (mine)
				memcpy(mark[at].end[t], io.topic[t].n, sizeof(mark[at].end[t]));
		}
	}
}

/* One name each, so that callgrind can say where a service ends. */
#define MEASURED(name)                                                                                                             \
	void measured_##name(struct measured *m);                                                                                  \
	__attribute__((noinline)) void measured_##name(struct measured *m)                                                         \
	{                                                                                                                          \
		have_turn(m);                                                                                                      \
		__asm__ volatile("");                                                                                              \
	}
MEASURED(intake)
MEASURED(billing)
MEASURED(cash)
MEASURED(collections)
MEASURED(reporting)

int main(int argc, char **argv)
{
	void (*const measured[SERVICES])(struct measured *) = { measured_intake, measured_billing, measured_cash,
								measured_collections, measured_reporting };
	struct company_plan plan = { .seed = 7, .from = date_of(2026, 1, 5) };
	struct company_lines company = { .arena = arena_new(ARENA_BYTES, ARENA_BYTES) };
	static struct measured m[SERVICES];
	struct err err;

	if (argc != 3 || (plan.accounts = strtol(argv[1], NULL, 10)) < 1 || (plan.days = strtol(argv[2], NULL, 10)) < 1 ||
	    plan.days > DAYS_MAX) {
		fprintf(stderr, "usage: bench_instructions ACCOUNTS DAYS (at most %d)\n", DAYS_MAX);
		return 2;
	}
	io.arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	if (!company_generate(&plan, take_line, take_day, &company, &err))
		base_check_failed(__FILE__, __LINE__, err.msg);
	publish_all(&company);
	for (int s = 0; s < SERVICES; s++) {
		make_loop(&m[s], services[s]);
		measured[s](&m[s]);
	}
	printf("{");
	for (int s = 0; s < SERVICES; s++) {
		int64_t outcomes = 0;
		for (size_t i = 0; i < m[s].loop.n_lanes; i++)
			outcomes += m[s].lane[i].seq;
		printf("%s\"%s\": {\"inputs\": %zu, \"outcomes\": %lld, \"batches\": %zu}", s > 0 ? ", " : "",
		       services[s]->core->name, m[s].n_inputs, (long long)outcomes, m[s].n_batches);
		free_loop(&m[s]);
	}
	printf("}\n");
	arena_free(company.arena);
	arena_free(io.arena);
	return 0;
}
