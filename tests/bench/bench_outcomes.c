/*
 * bench_outcomes: publishes records [skip, skip + records) of the stream of outcomes.h. With --rate at that many per second, open loop: each at
 * its time, however late the ones before. --times FILE: a line "service lane seq microseconds" per record, when it was due (of the wall clock).
 * The last line of the output is JSON: records, seconds, bytes.
 */
#include "bus/bus.h"
#include "outcomes.h"
#include "program.h"

#include <getopt.h>
#include <time.h>

struct run {
	struct outcomes *stream;
	struct bus_producer *producer;
	struct arena *arena;
	int64_t records, skip, rate, bytes;
	FILE *times;
};

static struct bus_header h(const char *name, struct text value)
{
	return (struct bus_header){ text_of(name), value };
}

/* The headers a service gives its records. */
static void publish(struct run *r, const struct outcome_record *o)
{
	const struct bus_header headers[] = {
		h("ce_specversion", TEXT("1.0")),
		h("ce_id", o->event_id),
		h("ce_source", text_printf(r->arena, "/openitem/%s", o->service)),
		h("ce_type", o->type),
		h("ce_time", TEXT("2026-01-05T08:00:00.000000Z")),
		h("content-type", TEXT("application/protobuf")),
		h("ce_subject", o->key),
		h("ce_partitionkey", o->key),
	};
	struct bus_out out = { .topic = o->topic,
			       .partition = o->lane,
			       .key = o->key,
			       .value = o->value,
			       .headers = headers,
			       .headers_n = ARRAY_LEN(headers) };
	struct err err;

	program_must(bus_produce(r->producer, &out, &err), o->topic, &err);
	r->bytes += (int64_t)o->value.n;
}

/* When this one is due; waits until then. */
static int64_t await_turn(const struct run *r, int64_t at, int64_t begun_us, int64_t begun_wall_us)
{
	int64_t due = at * 1000000 / r->rate;
	struct timespec t = { (time_t)((begun_us + due) / 1000000), (long)((begun_us + due) % 1000000) * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	return begun_wall_us + due;
}

static void run(struct run *r)
{
	struct outcome_record o;

	for (int64_t i = 0; i < r->skip; i++) {
		arena_reset(r->arena);
		outcomes_next(r->stream, r->arena, &o);
	}

	int64_t begun = program_us(CLOCK_MONOTONIC), wall = program_us(CLOCK_REALTIME);

	for (int64_t i = 0; i < r->records; i++) {
		arena_reset(r->arena);
		outcomes_next(r->stream, r->arena, &o);
		int64_t due = r->rate > 0 ? await_turn(r, i, begun, wall) : 0;
		publish(r, &o);
		if (r->times != NULL)
			fprintf(r->times, "%s %d %lld %lld\n", o.service, o.lane, (long long)o.seq, (long long)due);
		if (r->rate > 0)
			bus_drain(r->producer, 0, NULL, NULL, NULL);
		else if (bus_in_flight(r->producer) > BUS_IN_FLIGHT_MAX / 2)
			program_drain(r->producer, BUS_IN_FLIGHT_MAX / 4);
	}
	program_drain(r->producer, 0);
	printf("{\"records\": %lld, \"seconds\": %.3f, \"bytes\": %lld}\n", (long long)r->records,
	       (double)(program_us(CLOCK_MONOTONIC) - begun) / 1e6, (long long)r->bytes);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "brokers", 1, NULL, 'b' }, { "lanes", 1, NULL, 'l' },
						 { "records", 1, NULL, 'n' }, { "skip", 1, NULL, 's' },
						 { "rate", 1, NULL, 'r' },    { "accounts", 1, NULL, 'a' },
						 { "seed", 1, NULL, 'e' },    { "times", 1, NULL, 't' },
						 { NULL, 0, NULL, 0 } };
	static struct outcomes stream;
	struct run r = { .stream = &stream, .records = 1000 };
	struct bus_conf conf = { .client_id = "bench_outcomes" };
	int64_t lanes = 12, accounts = 20000, seed = 7;
	struct err err;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			conf.brokers = optarg;
			break;
		case 'l':
			lanes = program_number(optarg);
			break;
		case 'n':
			r.records = program_number(optarg);
			break;
		case 's':
			r.skip = program_number(optarg);
			break;
		case 'r':
			r.rate = program_number(optarg);
			break;
		case 'a':
			accounts = program_number(optarg);
			break;
		case 'e':
			seed = program_number(optarg);
			break;
		case 't':
			r.times = fopen(optarg, "we");
			break;
		default:
			return 2;
		}
	}
	if (conf.brokers == NULL)
		program_fail("--brokers", "missing");
	program_must(bus_producer_open(&conf, r.rate > 0 ? 1 : 20, &err, &r.producer), "--brokers", &err);
	outcomes_init(&stream, accounts, (int32_t)lanes, (uint64_t)seed);
	r.arena = arena_new((size_t)1 << 20, (size_t)64 << 20);
	run(&r);
	bus_producer_close(r.producer);
	arena_free(r.arena);
	return r.times != NULL && fclose(r.times) != 0;
}
