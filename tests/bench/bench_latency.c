/*
 * bench_latency: what the two halves of the way of a record take by themselves, open loop: each record at its time, whatever has come due
 * together at once, as the services do.
 *
 *	bench_latency echo  BROKERS  RATE RECORDS SKIP TIMES    through Kafka and back, producer and consumer in this process
 *	bench_latency store CONNINFO RATE RECORDS SKIP TIMES    the rows reporting makes of them, one pipelined transaction, one round trip
 *
 * Records [SKIP, SKIP + RECORDS) of outcomes.h; RATE 0: as fast as it goes. TIMES: "service lane seq due done", microseconds of the wall clock.
 */
#include "bus/bus.h"
#include "outcomes.h"
#include "program.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "store/store.h"
#include "wire/wire.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define LANES     12
#define BATCH_MAX 1000
#define ECHO      "ar.transfer.v1" /* reporting does not read it, and who does is not running */

struct one {
	const char *service;
	int32_t lane;
	int64_t seq, due_us, done_us;
	struct text value;
};

static struct one *records;
static int64_t n_records, rate, skip, begun_us;
static struct outcomes stream;

static void make_records(struct arena *keep)
{
	struct arena *a = arena_new((size_t)1 << 20, (size_t)64 << 20);
	struct outcome_record o;

	outcomes_init(&stream, 20000, LANES, 7);
	for (int64_t i = 0; i < skip + n_records; i++) {
		arena_reset(a);
		outcomes_next(&stream, a, &o);
		if (i >= skip)
			records[i - skip] = (struct one){ o.service, o.lane, o.seq, 0, 0, text_dup(keep, o.value) };
	}
	arena_free(a);
}

/* How many are due by now; waits for the first of them. */
static int64_t due_now(int64_t at, int64_t most)
{
	int64_t n = 0;

	if (rate == 0)
		return MIN(most, n_records - at);
	if (begun_us + at * 1000000 / rate > program_us(CLOCK_REALTIME)) {
		int64_t due = begun_us + at * 1000000 / rate;
		struct timespec t = { (time_t)(due / 1000000), (long)(due % 1000000) * 1000 };
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
	}
	while (at + n < n_records && n < most && begun_us + (at + n) * 1000000 / rate <= program_us(CLOCK_REALTIME)) {
		records[at + n].due_us = begun_us + (at + n) * 1000000 / rate;
		n++;
	}
	return n;
}

/* ---- echo ---- */

static void *consume(void *arg)
{
	struct bus_range range[LANES];
	struct bus_conf conf = { .brokers = arg };
	struct bus_reader *reader;
	struct bus_record r;
	struct err err;
	struct text at;

	for (int32_t p = 0; p < LANES; p++)
		range[p] = (struct bus_range){ ECHO, p, BUS_END, BUS_FOLLOW };
	program_must(bus_reader_open(&conf, range, LANES, &err, &reader), "consumer", &err);
	begun_us = -1; /* ready */
	for (int64_t n = 0; n < n_records;) {
		enum bus_read what = bus_reader_poll(reader, 100, &r, &err);

		program_must(what != BUS_READ_FAILED, "consumer", &err);
		if (what != BUS_READ_RECORD)
			continue;
		CHECK(bus_header(&r, "at", &at));
		int64_t which;
		CHECK(text_parse_i64(at, &which));
		records[which].done_us = program_us(CLOCK_REALTIME);
		bus_record_release(&r);
		n++;
	}
	bus_reader_close(reader);
	return NULL;
}

static void echo(char *brokers)
{
	struct bus_conf conf = { .brokers = brokers };
	struct bus_producer *producer;
	pthread_t thread;
	struct err err;
	char at[24];

	begun_us = 0;
	CHECK(pthread_create(&thread, NULL, consume, brokers) == 0);
	program_must(bus_producer_open(&conf, 1, &err, &producer), "producer", &err);
	while (__atomic_load_n(&begun_us, __ATOMIC_SEQ_CST) == 0)
		usleep(1000);
	usleep(500000);
	begun_us = program_us(CLOCK_REALTIME);
	for (int64_t i = 0, n; i < n_records; i += n) {
		n = due_now(i, BATCH_MAX);
		for (int64_t k = i; k < i + n; k++) {
			struct bus_header h = { TEXT("at"), { at, (size_t)snprintf(at, sizeof(at), "%lld", (long long)k) } };
			struct bus_out out = { .topic = ECHO,
					       .partition = records[k].lane,
					       .key_null = true,
					       .value = records[k].value,
					       .headers = &h,
					       .headers_n = 1 };
			program_must(bus_produce(producer, &out, &err), "publish", &err);
		}
		bus_drain(producer, 0, NULL, NULL, NULL);
	}
	pthread_join(thread, NULL);
	bus_producer_close(producer);
}

/* ---- store ---- */

static int64_t counters[LANES];

/* What `want` asked for: the counters, which nobody else changes. */
static void answer(struct book *book)
{
	size_t n;
	struct book_question *q = book_questions(book, &n);

	for (size_t i = 0; i < n; i++) {
		if (q[i].table == &reporting_counter_table) {
			int32_t lane = ((const struct reporting_counter *)q[i].template_row)->lane;
			struct reporting_counter row = { .lane = lane, .ledger_seq = counters[lane] };
			if (row.ledger_seq > 0)
				book_answer_row(book, &q[i], &row);
		}
		book_answer_done(book, &q[i]);
	}
}

static void note(struct book *book, struct one *o, bool wanting)
{
	bool billing = strcmp(o->service, "billing") == 0;
	struct input *in = ARENA_NEW(book_arena(book), struct input);
	struct err err;
	void *event;

	program_must(wire_decode(billing ? &billing_event_msg : &cash_event_msg, (const uint8_t *)o->value.s, o->value.n,
				 book_arena(book), &err, &event),
		     "decode", &err);
	*in = (struct input){ .source = billing ? REPORTING_BILLING : REPORTING_CASH,
			      .lane = o->lane,
			      .lanes = LANES,
			      .cause = { .topic = billing ? TEXT("ar.billing.v1") : TEXT("ar.cash.v1"),
					 .partition = o->lane,
					 .offset = o->seq - 1 },
			      .event = event,
			      .value = o->value };
	if (wanting) {
		reporting_service.core->want(book, in);
		return;
	}
	book_step_begin(book);
	reporting_service.core->note(book, in);
	CHECK(!book_step_end(book));
	counters[o->lane]++;
}

static void store(const char *conninfo)
{
	struct arena *a = arena_new((size_t)64 << 20, (size_t)1 << 30);
	const struct core *core = reporting_service.core;
	struct store *s;
	struct err err;

	program_must(store_open(conninfo, &err, &s), "connect", &err);
	program_must(store_prepare(s, core->tables, core->n_tables, &err), "prepare", &err);
	struct store_result *known;
	program_must(store_query(s, "SELECT lane, ledger_seq FROM ledger_counter", 0, NULL, &err, &known), "ledger_counter", &err);
	for (size_t i = 0; i < store_result_rows(known); i++)
		counters[store_result_i64(known, i, "lane")] = store_result_i64(known, i, "ledger_seq");
	store_result_free(known);
	begun_us = program_us(CLOCK_REALTIME);
	for (int64_t i = 0, n; i < n_records; i += n) {
		struct book *book = book_new(a, core->tables, core->n_tables);

		n = due_now(i, BATCH_MAX);
		for (int64_t k = i; k < i + n; k++)
			note(book, &records[k], true);
		answer(book);
		for (int64_t k = i; k < i + n; k++)
			note(book, &records[k], false);
		program_must(store_begin(s, NULL, NULL, 0, &err), "begin", &err);
		program_must(store_save_commit(s, core->tables, core->n_tables, book, &err), "save", &err);
		for (int64_t k = i; k < i + n; k++)
			records[k].done_us = program_us(CLOCK_REALTIME);
		arena_reset(a);
	}
	store_close(s);
	arena_free(a);
}

int main(int argc, char **argv)
{
	struct arena *keep = arena_new((size_t)64 << 20, (size_t)4 << 30);
	FILE *times;

	CHECK(argc == 7);
	CHECK(text_parse_i64(text_of(argv[3]), &rate) && text_parse_i64(text_of(argv[4]), &n_records) &&
	      text_parse_i64(text_of(argv[5]), &skip));
	records = calloc((size_t)n_records, sizeof(*records));
	times = fopen(argv[6], "we");
	CHECK(records != NULL && times != NULL);
	make_records(keep);
	if (strcmp(argv[1], "echo") == 0)
		echo(argv[2]);
	else
		store(argv[2]);
	for (int64_t i = 0; i < n_records; i++)
		fprintf(times, "%s %d %lld %lld %lld\n", records[i].service, records[i].lane, (long long)records[i].seq,
			(long long)records[i].due_us, (long long)records[i].done_us);
	free(records);
	arena_free(keep);
	return fclose(times) != 0;
}
