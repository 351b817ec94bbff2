/*
 * bench_lines: publishes the ledger lines of the first records of the stream of outcomes.h, as reporting would store them, a record per line,
 * keyed as the outcomes are, to a topic that is made with as many partitions as there are lanes. A line is a plain JSON object, or with --binary
 * what peer/LineConverter.java reads. Dates are days since 1970-01-01, as Kafka Connect's Date has them. The last line of the output is JSON:
 * records, lines, bytes.
 */
#include "book/col.h"
#include "bus/bus.h"
#include "outcomes.h"
#include "program.h"
#include "record_rows.h"
#include "reporting/tables.h"

#include <endian.h>
#include <getopt.h>

struct run {
	struct bus_producer *producer;
	const char *topic;
	bool binary;
	int64_t ledger_seq[1024]; /* per lane */
	int64_t lines, bytes;
};

/* Reporting asks for the last number of the lane and nothing else: the stream has no releases, returns or episodes. */
static bool answer(void *ctx, struct book *book, struct book_question *question, struct err *err)
{
	struct run *r = ctx;
	struct reporting_counter row;

	if (question->table != &reporting_counter_table)
		return err_set(err, ERR_STOP, "bench_question", "unexpected question to %s", question->table->name);
	memcpy(&row, question->template_row, sizeof(row));
	row.ledger_seq = r->ledger_seq[row.lane]++;
	if (row.ledger_seq > 0)
		book_answer_row(book, question, &row);
	return true;
}

static void add_value(struct buf *b, const struct col *col, const void *row)
{
	if (col->kind == COL_TEXT || col->kind == COL_CURRENCY)
		buf_json_string(b, col_text(col, row));
	else if (col->kind == COL_DATE && col_int(col, row) == DATE_NONE)
		buf_adds(b, "null");
	else
		buf_printf(b, "%lld", (long long)col_int(col, row));
}

static void add_binary(struct buf *b, const struct col *col, const void *row)
{
	if (col->kind == COL_TEXT || col->kind == COL_CURRENCY) {
		struct text t = col_text(col, row);
		CHECK(t.n <= UINT16_MAX);
		buf_addc(b, (char)(t.n >> 8));
		buf_addc(b, (char)t.n);
		buf_add(b, t);
		return;
	}
	CHECK(col->kind != COL_DATE || col_int(col, row) != DATE_NONE);
	uint64_t big = htobe64((uint64_t)col_int(col, row));
	size_t size = col->kind == COL_I64 ? 8 : 4;
	buf_add(b, (struct text){ (const char *)&big + sizeof(big) - size, size });
}

static struct text line_of(const struct run *r, const void *row, struct arena *arena)
{
	const struct table *table = &reporting_ledger_line_table;
	struct buf b = { .arena = arena };

	for (int i = 0; i < table->n_cols; i++) {
		if (r->binary) {
			add_binary(&b, &table->cols[i], row);
			continue;
		}
		buf_printf(&b, "%s\"%s\":", i == 0 ? "{" : ",", table->cols[i].name);
		add_value(&b, &table->cols[i], row);
	}
	if (!r->binary)
		buf_addc(&b, '}');
	return buf_text(&b);
}

static void publish(struct run *r, const struct outcome_record *o, const void *row, struct arena *arena)
{
	struct bus_out out = { .topic = r->topic, .partition = o->lane, .key = o->key, .value = line_of(r, row, arena) };
	struct err err;

	program_must(bus_produce(r->producer, &out, &err), r->topic, &err);
	r->lines++;
	r->bytes += (int64_t)out.value.n;
}

static void run(struct run *r, struct outcomes *stream, int64_t records, struct arena *arena)
{
	for (int64_t i = 0; i < records; i++) {
		struct outcome_record o;
		struct book *book;
		struct err err;
		size_t n;

		arena_reset(arena);
		outcomes_next(stream, arena, &o);
		struct bench_record record = { .topic = o.topic, .lane = o.lane, .value = o.value };
		program_must(record_rows(&record, arena, answer, r, &err, &book), "project", &err);
		struct book_change *lines = book_changes(book, &reporting_ledger_line_table, &n);
		for (size_t k = 0; k < n; k++)
			publish(r, &o, lines[k].row, arena);
		if (bus_in_flight(r->producer) > BUS_IN_FLIGHT_MAX / 2)
			program_drain(r->producer, BUS_IN_FLIGHT_MAX / 4);
	}
	program_drain(r->producer, 0);
	printf("{\"records\": %lld, \"lines\": %lld, \"bytes\": %lld}\n", (long long)records, (long long)r->lines,
	       (long long)r->bytes);
}

static void make_topic(const struct bus_conf *conf, const char *topic, int64_t lanes)
{
	struct bus_admin *admin;
	struct err err;

	program_must(bus_admin_open(conf, &err, &admin) && bus_topic_create(admin, topic, (int32_t)lanes, -1, NULL, 0, &err), topic,
		     &err);
	bus_admin_close(admin);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "brokers", 1, NULL, 'b' }, { "topic", 1, NULL, 't' },
						 { "lanes", 1, NULL, 'l' },   { "records", 1, NULL, 'n' },
						 { "binary", 0, NULL, 'B' },  { "accounts", 1, NULL, 'a' },
						 { "seed", 1, NULL, 'e' },    { NULL, 0, NULL, 0 } };
	static struct outcomes stream;
	static struct run r;
	struct bus_conf conf = { .client_id = "bench_lines" };
	int64_t lanes = 12, records = 1000, accounts = 20000, seed = 7;
	struct err err;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			conf.brokers = optarg;
			break;
		case 't':
			r.topic = optarg;
			break;
		case 'B':
			r.binary = true;
			break;
		case 'l':
			lanes = program_number(optarg);
			break;
		case 'n':
			records = program_number(optarg);
			break;
		case 'a':
			accounts = program_number(optarg);
			break;
		case 'e':
			seed = program_number(optarg);
			break;
		default:
			return 2;
		}
	}
	if (conf.brokers == NULL || r.topic == NULL) {
		fprintf(stderr, "bench_lines: --brokers and --topic are missing\n");
		return 2;
	}
	make_topic(&conf, r.topic, lanes);
	program_must(bus_producer_open(&conf, 20, &err, &r.producer), "producer", &err);
	outcomes_init(&stream, accounts, (int32_t)lanes, (uint64_t)seed);

	struct arena *arena = arena_new((size_t)1 << 20, (size_t)64 << 20);

	run(&r, &stream, records, arena);
	bus_producer_close(r.producer);
	arena_free(arena);
	return 0;
}
