/*
 * bench_business: publishes the seeded business of chain_events.h, CloudEvents and headers as strangers send them.
 *
 *	bench_business facts   --company B --accounts 5000
 *	bench_business traffic --company B --accounts 5000 --orders-from 0 --orders 1000 --lines-from 0 --lines 1000 [--rate 200]
 *
 * traffic: orders and lines by turns. Without --rate everything is made before the first record is published, and then goes out as fast as
 * the broker takes it. With --rate it is an open loop: business event k is due at k / rate seconds, however late the ones before it, and
 * the program asks reporting's database (the connection string in OPENITEM_REPORTING_DATABASE_RO) every two milliseconds for cash's new records,
 * an index range per lane: a line counts as seen when its application can be read, and with it what the same transaction wrote of items and
 * totals. The last line of the output is JSON; times are of the monotonic clock.
 */
#include <libpq-fe.h>

#include "bus/bus.h"
#include "chain_events.h"
#include "cli/kafka.h"
#include "program.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>

#define ARENA_BYTES ((size_t)4 << 30)
#define WAIT_S      30 /* for the last line to be seen */
#define POLL_US     2000
#define LANES_MAX   1024

struct run {
	struct chain_plan plan;
	int64_t orders_from, orders, lines_from, lines, rate;
	struct bus_producer *producer;
	struct arena *keep, *scratch; /* what was made; headers of one record */
	struct event *made;
	size_t n_made, cap_made;
	int64_t too_much, published;
	/* watching */
	PGconn *conn;
	int64_t last_seq[LANES_MAX];
	int64_t *due_us, *seen_us; /* per line */
	int64_t n_seen;
};

static int64_t now_us(void)
{
	return program_us(CLOCK_MONOTONIC);
}

static void publish(struct run *r, const struct event *ev)
{
	struct bus_header headers[KAFKA_HEADERS_MAX];
	struct err err;

	arena_reset(r->scratch);

	struct bus_out out = { .topic = ev->topic->topic,
			       .partition = -1,
			       .key = ev->key,
			       .value = ev->value,
			       .headers = headers,
			       .headers_n = kafka_headers(ev, r->scratch, headers) };

	while (!bus_produce(r->producer, &out, &err)) {
		if (strcmp(err.code, "producer_full") != 0)
			program_fail(ev->topic->topic, err.msg);
		bus_drain(r->producer, 100, NULL, NULL, &err);
	}
	r->published++;
}

/* ---- facts ------------------------------------------------------------------------------------------------------------------ */

static bool publish_fact(void *ctx, const struct event *ev, struct err *err)
{
	(void)err;
	publish(ctx, ev);
	return true;
}

static void publish_facts(struct run *r)
{
	struct err err;

	if (!chain_facts(&r->plan, r->keep, publish_fact, r, &err))
		program_fail("facts", err.msg);
	program_drain(r->producer, 0);
}

/* ---- traffic ---------------------------------------------------------------------------------------------------------------- */

/* Only what the record needs stays. */
static void keep(struct run *r, const struct event *made, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct event *ev = &r->made[r->n_made++];
		*ev = made[i];
		ev->body = NULL;
		ev->ce.id = text_dup(r->keep, made[i].ce.id);
		ev->ce.type = text_dup(r->keep, made[i].ce.type);
		ev->ce.time = text_dup(r->keep, made[i].ce.time);
		ev->key = ev->ce.subject = ev->ce.partition_key = text_dup(r->keep, made[i].key);
		ev->value = text_dup(r->keep, made[i].value);
	}
}

static void make_order(struct run *r, int64_t i)
{
	struct event ev[CHAIN_ORDER_EVENTS];
	struct err err;

	arena_reset(r->scratch);
	if (!chain_order(&r->plan, r->orders_from + i, r->scratch, &err, ev))
		program_fail("order", err.msg);
	keep(r, ev, CHAIN_ORDER_EVENTS);
}

static void make_line(struct run *r, int64_t i)
{
	struct event ev;
	struct err err;
	bool too_much;

	arena_reset(r->scratch);
	if (!chain_line(&r->plan, r->lines_from + i, r->scratch, &err, &ev, &too_much))
		program_fail("line", err.msg);
	r->too_much += too_much;
	keep(r, &ev, 1);
}

static void make_all(struct run *r)
{
	r->made = calloc((size_t)(CHAIN_ORDER_EVENTS * r->orders + r->lines), sizeof(*r->made));
	if (r->made == NULL)
		program_fail("memory", "none");
	for (int64_t i = 0; i < MAX(r->orders, r->lines); i++) {
		if (i < r->orders)
			make_order(r, i);
		if (i < r->lines)
			make_line(r, i);
	}
}

/* ---- watching: what reporting's tables show --------------------------------------------------------------------------------- */

static const char watch_sql[] =
	"SELECT r.lane, r.seq, r.type = 'applied', r.correlation_id FROM unnest($1::int4[], $2::int8[]) AS q(lane, seq)"
	" CROSS JOIN LATERAL (SELECT * FROM audit_record AS a WHERE a.lane = q.lane AND a.service = 'cash' AND a.source_lane = q.lane"
	" AND a.seq > q.seq ORDER BY a.seq) AS r";

static PGresult *ask(struct run *r, const char *statement)
{
	struct buf lanes = { .arena = r->scratch }, seqs = { .arena = r->scratch };

	arena_reset(r->scratch);
	for (int64_t i = 0; i < r->plan.lanes; i++) {
		buf_printf(&lanes, "%c%lld", i == 0 ? '{' : ',', (long long)i);
		buf_printf(&seqs, "%c%lld", i == 0 ? '{' : ',', (long long)r->last_seq[i]);
	}
	buf_addc(&lanes, '}');
	buf_addc(&seqs, '}');

	const char *values[] = { text_cstr(r->scratch, buf_text(&lanes)), text_cstr(r->scratch, buf_text(&seqs)) };
	PGresult *result = PQexecPrepared(r->conn, statement, 2, values, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		program_fail(statement, PQerrorMessage(r->conn));
	return result;
}

static void watch_open(struct run *r)
{
	const char *conninfo = getenv("OPENITEM_REPORTING_DATABASE_RO");

	r->conn = PQconnectdb(conninfo == NULL ? "" : conninfo);
	PQclear(PQexec(r->conn, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"));
	PQclear(PQprepare(r->conn, "watch", watch_sql, 0, NULL));
	PQclear(PQprepare(
		r->conn, "last",
		"SELECT q.lane, coalesce((SELECT max(seq) FROM audit_record AS a WHERE a.lane = q.lane AND a.service = 'cash'"
		" AND a.source_lane = q.lane), q.seq) FROM unnest($1::int4[], $2::int8[]) AS q(lane, seq)",
		0, NULL));
	PGresult *last = ask(r, "last");
	for (int i = 0; i < PQntuples(last); i++)
		r->last_seq[strtol(PQgetvalue(last, i, 0), NULL, 10)] = strtoll(PQgetvalue(last, i, 1), NULL, 10);
	PQclear(last);
	r->due_us = calloc((size_t)r->lines, sizeof(*r->due_us));
	r->seen_us = calloc((size_t)r->lines, sizeof(*r->seen_us));
	if (r->due_us == NULL || r->seen_us == NULL)
		program_fail("memory", "none");
}

static void look(struct run *r)
{
	PGresult *news = ask(r, "watch");
	int64_t now = now_us();

	for (int i = 0; i < PQntuples(news); i++) {
		long lane = strtol(PQgetvalue(news, i, 0), NULL, 10);
		const char *id = PQgetvalue(news, i, 3); /* pay-B0000123 */
		int64_t line = strlen(id) > 5 ? strtoll(id + 5, NULL, 10) - r->lines_from : -1;
		r->last_seq[lane] = strtoll(PQgetvalue(news, i, 1), NULL, 10);
		if (PQgetvalue(news, i, 2)[0] != 't' || line < 0 || line >= r->lines || r->seen_us[line] != 0)
			continue;
		r->seen_us[line] = now;
		r->n_seen++;
	}
	PQclear(news);
}

/* Business event k is order k / 2 or line k / 2. */
static void open_loop(struct run *r)
{
	int64_t n = r->orders + r->lines, begun = now_us() + 10000, k = 0, at = 0, line = 0, next_look = 0;

	CHECK(r->orders == r->lines);
	while (k < n || (r->n_seen < r->lines && now_us() < begun + n * 1000000 / r->rate + WAIT_S * 1000000)) {
		int64_t now = now_us();
		for (; k < n && begun + k * 1000000 / r->rate <= now; k++) {
			bool order = k % 2 == 0;
			if (!order)
				r->due_us[line++] = begun + k * 1000000 / r->rate;
			for (int i = 0; i < (order ? CHAIN_ORDER_EVENTS : 1); i++)
				publish(r, &r->made[at++]);
		}
		struct err err;
		bus_drain(r->producer, 0, NULL, NULL, &err);
		if (now >= next_look) {
			look(r);
			next_look = now_us() + POLL_US;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The first second does not count: connections and plans are cold. */
static void print_latency(struct run *r)
{
	int64_t *waits = calloc((size_t)r->lines, sizeof(*waits)), n = 0, skip = MIN(r->rate / 2, r->lines / 4);

	CHECK(waits != NULL);
	for (int64_t i = skip; i < r->lines; i++)
		if (r->seen_us[i] != 0)
			waits[n++] = r->seen_us[i] - r->due_us[i];
	qsort(waits, (size_t)n, sizeof(*waits), by_size);
	printf(", \"seen\": %lld, \"counted\": %lld", (long long)r->n_seen, (long long)n);
	for (int p = 0; p < 3 && n > 0; p++) {
		static const int per_mille[] = { 500, 990, 999 };
		printf(", \"p%d_ms\": %.3f", per_mille[p], (double)waits[MIN(n - 1, n * per_mille[p] / 1000)] / 1000.0);
	}
	if (n > 0)
		printf(", \"max_ms\": %.3f", (double)waits[n - 1] / 1000.0);
	free(waits);
}

/* ---- arguments -------------------------------------------------------------------------------------------------------------- */

static void parse(struct run *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "company", 1, NULL, 'c' }, { "accounts", 1, NULL, 'a' },   { "lanes", 1, NULL, 'l' },
		{ "seed", 1, NULL, 's' },    { "orders", 1, NULL, 'o' },     { "orders-from", 1, NULL, 'O' },
		{ "lines", 1, NULL, 'b' },   { "lines-from", 1, NULL, 'B' }, { "rate", 1, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		int64_t *to[256] = { ['a'] = &r->plan.accounts, ['l'] = &r->plan.lanes, ['o'] = &r->orders, ['O'] = &r->orders_from,
				     ['b'] = &r->lines,         ['B'] = &r->lines_from, ['r'] = &r->rate };
		if (c == 'c')
			r->plan.company = optarg[0];
		else if (c == 's')
			r->plan.seed = (uint64_t)program_number(optarg);
		else if (c == '?')
			exit(2);
		else
			*to[c] = program_number(optarg);
	}
}

int main(int argc, char **argv)
{
	struct run r = { .plan = { .company = 'B', .accounts = 1000, .lanes = 12, .seed = 7 } };
	struct bus_conf conf = { .brokers = getenv("OPENITEM_KAFKA_BROKERS"), .client_id = "bench-business" };
	struct err err;

	if (argc < 2 || (strcmp(argv[1], "facts") != 0 && strcmp(argv[1], "traffic") != 0))
		program_fail("usage", "bench_business facts|traffic --company C --accounts N ...");
	bool traffic = strcmp(argv[1], "traffic") == 0;
	parse(&r, argc - 1, argv + 1);
	r.keep = arena_new(ARENA_BYTES, ARENA_BYTES);
	r.scratch = arena_new((size_t)1 << 20, (size_t)64 << 20);
	if (!bus_producer_open(&conf, r.rate > 0 ? 0 : 20, &err, &r.producer))
		program_fail("producer", err.msg);
	if (traffic)
		make_all(&r);
	if (traffic && r.rate > 0)
		watch_open(&r);
	int64_t begun = now_us(), cpu = program_us(CLOCK_PROCESS_CPUTIME_ID);
	if (!traffic)
		publish_facts(&r);
	else if (r.rate > 0)
		open_loop(&r);
	else
		for (size_t i = 0; i < r.n_made; i++)
			publish(&r, &r.made[i]);
	program_drain(r.producer, 0);
	printf("{\"begun_s\": %.6f, \"seconds\": %.6f, \"cpu_s\": %.6f, \"records\": %lld, \"too_much\": %lld", (double)begun / 1e6,
	       (double)(now_us() - begun) / 1e6, (double)(program_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e6, (long long)r.published,
	       (long long)r.too_much);
	if (traffic && r.rate > 0)
		print_latency(&r);
	printf("}\n");
	bus_producer_close(r.producer);
	PQfinish(r.conn);
	return 0;
}
