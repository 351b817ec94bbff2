/* openitem dlq: the dead letters. */
#include "cli/options.h"
#include "cli/out.h"
#include "cli/record.h"

struct dlq {
	struct cli *cli;
	struct bus_conf conf;
	struct option_items topics, reasons;
	int64_t limit;
	struct bus_range *ranges;
	size_t n;
	/* ls */
	struct out *out;
	/* show */
	struct text id;
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t found;
};

static bool is_dead(const char *topic)
{
	size_t n = strlen(topic);

	return n > 4 && strcmp(topic + n - 4, "-dlt") == 0;
}

/* --topic with or without -dlt. */
static bool is_chosen(const struct dlq *d, const char *topic)
{
	struct text whole = text_of(topic), base = { whole.s, whole.n - 4 };

	for (size_t i = 0; i < d->topics.n; i++)
		if (text_eq(d->topics.item[i], whole) || text_eq(d->topics.item[i], base))
			return true;
	return d->topics.n == 0;
}

static void add_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct dlq *d = ctx;

	if (!is_dead(topic) || !is_chosen(d, topic))
		return;
	for (int32_t p = 0; p < partitions && d->n < BUS_POSITIONS_MAX; p++)
		d->ranges[d->n++] = (struct bus_range){ text_cstr(d->cli->arena, text_of(topic)), p, BUS_BEGINNING, BUS_END };
}

static bool find_ranges(struct dlq *d, struct err *err)
{
	struct bus_admin *admin;

	d->ranges = ARENA_ARRAY(d->cli->arena, BUS_POSITIONS_MAX, struct bus_range);
	if (!cli_bus(d->cli, err, &d->conf) || !bus_admin_open(&d->conf, err, &admin))
		return false;
	bool ok = bus_topics(admin, add_topic, d, err);
	bus_admin_close(admin);
	if (ok && d->n == 0)
		return err_set(err, ERR_FATAL, "topic_missing", "no such dead-letter topic on %s; `openitem topics` makes them",
			       d->conf.brokers);
	return ok;
}

typedef void record_fn(struct dlq *d, const struct bus_record *r, struct arena *a);

static bool read_all(struct dlq *d, record_fn *fn, struct err *err)
{
	struct arena *a = arena_new((size_t)8 << 20, (size_t)1 << 30);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_reader *reader;
	struct bus_record r;

	if (!bus_reader_open(&d->conf, d->ranges, d->n, err, &reader)) {
		arena_free(a);
		return false;
	}
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED && (d->limit == 0 || d->found < d->limit)) {
		what = bus_reader_poll(reader, 100, &r, err);
		if (what != BUS_READ_RECORD)
			continue;
		arena_reset(a);
		fn(d, &r, a);
		bus_record_release(&r);
	}
	bus_reader_close(reader);
	arena_free(a);
	return what != BUS_READ_FAILED;
}

/* ---- ls ---- */

static const struct out_column columns[] = {
	{ "topic", OUT_TEXT },  { "partition", OUT_INT },  { "offset", OUT_INT }, { "time", OUT_INSTANT },
	{ "reason", OUT_TEXT }, { "retryable", OUT_TEXT }, { "type", OUT_TEXT },  { "id", OUT_TEXT },
	{ "key", OUT_TEXT },    { "message", OUT_TEXT },
};

static void list_record(struct dlq *d, const struct bus_record *r, struct arena *a)
{
	struct text reason = record_header(r, "openitem_error_code");
	bool wanted = d->reasons.n == 0;
	struct record_view v;

	for (size_t i = 0; i < d->reasons.n; i++)
		wanted = wanted || text_eq(d->reasons.item[i], reason);
	if (!wanted)
		return;
	record_view(r, a, &v);
	out_text(d->out, text_of(r->topic));
	out_int(d->out, r->partition);
	out_int(d->out, r->offset);
	out_instant(d->out, r->timestamp_ms < 0 ? INSTANT_NONE : r->timestamp_ms * 1000);
	out_text(d->out, reason);
	out_text(d->out, record_header(r, "openitem_error_retryable"));
	out_text(d->out, v.ce.type);
	out_text(d->out, v.ce.id);
	out_text(d->out, r->key);
	out_text(d->out, record_header(r, "__connect.errors.exception.message"));
	d->found++;
}

static int list(struct dlq *d, int argc, char **argv)
{
	struct err err;
	const struct option_spec specs[] = {
		OPTION_FORMAT(d->cli),
		{ "topic", 't', OPTION_ITEMS, &d->topics, "TOPIC", "only of these topics (crm.customer.v1 or crm.customer.v1-dlt)",
		  0, 0, NULL },
		{ "reason", 0, OPTION_ITEMS, &d->reasons, "REASON", "only with these reasons, e.g. id_conflict", 0, 0, NULL },
		{ "limit", 'n', OPTION_INT, &d->limit, "N", "at most N", 1, INT64_MAX, NULL },
	};
	int code = options_parse(d->cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (!find_ranges(d, &err))
		return cli_failed(d->cli, &err);
	d->out = out_open(d->cli, columns, ARRAY_LEN(columns));
	out_nothing(d->out, "no dead letters");
	bool ok = read_all(d, list_record, &err);
	out_close(d->out);
	return ok ? EXIT_OK : cli_failed(d->cli, &err);
}

/* ---- show ---- */

static void print_value(struct arena *a, struct text value)
{
	struct text safe = text_printable(a, value);

	printf(TEXT_FMT "\n", TEXT_ARG(safe));
}

/* Numbers in Spring's headers are big-endian bytes. */
static bool is_binary(struct text t)
{
	return t.n > 0 && (!text_is_utf8(t, TEXT_NO_NUL) || text_has_control(t));
}

static void print_headers(const struct bus_record *r, struct arena *a)
{
	struct text name, value;

	for (size_t i = 0; bus_header_at(r, i, &name, &value); i++) {
		struct text safe = text_printable(a, name);

		printf("  %-36.*s ", TEXT_ARG(safe));
		if (is_binary(value)) {
			printf("0x");
			for (size_t k = 0; k < value.n; k++)
				printf("%02x", (unsigned char)value.s[k]);
			printf("\n");
		} else {
			print_value(a, value);
		}
	}
}

static void show_record(struct dlq *d, const struct bus_record *r, struct arena *a)
{
	struct buf b = { .arena = a };
	struct record_view v;
	char time[INSTANT_TEXT_SIZE];

	record_view(r, a, &v);
	if (d->topic == NULL ? !text_eq(v.ce.id, d->id) : r->partition != d->partition || r->offset != d->offset)
		return;
	if (d->cli->format == OUT_JSON) {
		record_write(r, &v, a, &b);
		printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&b)));
		d->found++;
		return;
	}
	printf("%s%s %d offset %lld", d->found++ > 0 ? "\n" : "", r->topic, r->partition, (long long)r->offset);
	printf("  %s\nkey\n  ", r->timestamp_ms < 0 ? "" : instant_format(time, r->timestamp_ms * 1000));
	print_value(a, r->key);
	printf("headers\n");
	print_headers(r, a);
	if (!text_empty(v.ce.data_json)) {
		printf("value, %zu bytes\n  ", r->value.n);
		print_value(a, v.ce.data_json);
	}
	if (v.body == NULL)
		printf("value, %zu bytes, not an event: %s\n  ", r->value.n, v.why.msg);
	if (text_empty(v.ce.data_json)) {
		record_base64(r->value, &b);
		printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&b)));
	} else if (v.body == NULL) {
		printf("\n");
	}
}

/* "topic:partition:offset"; an event id otherwise. */
static void parse_place(struct dlq *d, const char *what)
{
	const char *second = strrchr(what, ':'), *first = second;
	int64_t partition, offset;

	d->id = text_of(what);
	while (first != NULL && first > what && first[-1] != ':')
		first--;
	if (first == NULL || first == what || !text_parse_i64(text_of(second + 1), &offset) ||
	    !text_parse_i64((struct text){ first, (size_t)(second - first) }, &partition) || partition < 0 || partition > INT32_MAX)
		return;
	d->topics.item[0] = (struct text){ what, (size_t)(first - 1 - what) };
	d->topics.n = 1;
	d->topic = what;
	d->partition = (int32_t)partition;
	d->offset = offset;
}

static int show(struct dlq *d, int argc, char **argv)
{
	struct err err;
	const struct option_spec specs[] = { OPTION_FORMAT(d->cli) };
	int code = options_parse(d->cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	parse_place(d, argv[0]);
	if (!find_ranges(d, &err) || !read_all(d, show_record, &err))
		return cli_failed(d->cli, &err);
	if (d->found == 0)
		return cli_fail(d->cli, EXIT_FOUND, "no dead letter %s", argv[0]);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct dlq d;

	d = (struct dlq){ .cli = cli };
	if (argc > 1 && strcmp(argv[1], "ls") == 0)
		return list(&d, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return show(&d, argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return list(&d, argc, argv);
	return options_usage(cli, "expected ls or show");
}

const struct command cmd_dlq = {
	.name = "dlq",
	.summary = "look at the dead letters",
	.usage = "openitem dlq ls [--topic TOPIC] [--reason REASON] [--limit N] [--format F]\n"
		 "       openitem dlq show TOPIC:PARTITION:OFFSET | EVENT-ID [--format json]\n\n"
		 "What the gate refused: the original record on <topic>-dlt, with the reason in its headers. The\n"
		 "reason is also in the outcome table of intake, where the command that sent it finds it.",
	.example = "openitem dlq ls --reason id_conflict\nopenitem dlq show bank.payment.v1-dlt:2:17",
	.run = run,
};
