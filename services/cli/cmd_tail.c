/* openitem tail: what is on the topics, decoded. */
#include "cli/options.h"
#include "cli/record.h"

#include <unistd.h>

#define LAST_DEFAULT 10
#define LAST_MAX     100000

struct line {
	int64_t timestamp_ms;
	size_t order; /* as read: keeps a partition's order among equal times */
	struct text t;
};

struct tail {
	struct cli *cli;
	struct option_items topics, types, accounts;
	bool follow;
	int64_t last; /* the last N; -1: from the beginning or since */
	int64_t since_ms; /* records before it are left out; INT64_MIN = none */
	int64_t max; /* 0: no limit */
	int64_t printed;
	struct bus_position *positions;
	size_t n, cap;
	struct line *lines; /* kept for the last N */
	size_t n_lines, cap_lines;
};

/* ---- which partitions ---- */

static void add_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct tail *t = ctx;
	bool wanted = t->topics.n == 0 && (text_starts(text_of(topic), TEXT("ar.")) || text_starts(text_of(topic), TEXT("crm.")) ||
					   text_starts(text_of(topic), TEXT("bank.")));

	for (size_t i = 0; i < t->topics.n; i++)
		wanted = wanted || text_eq(t->topics.item[i], text_of(topic));
	for (int32_t p = 0; wanted && p < partitions; p++) {
		CHECK(t->n < t->cap);
		t->positions[t->n++] = (struct bus_position){ text_cstr(t->cli->arena, text_of(topic)), p, 0 };
	}
}

static bool has_topic(const struct tail *t, struct text name)
{
	for (size_t i = 0; i < t->n; i++)
		if (text_eq(text_of(t->positions[i].topic), name))
			return true;
	return false;
}

/* Ranges from the positions; the last N of all are among the last N of each. */
static bool make_ranges(struct tail *t, const struct bus_conf *conf, struct err *err, struct bus_range **ret_ranges)
{
	struct bus_range *ranges = ARENA_ARRAY(t->cli->arena, t->n, struct bus_range);
	struct bus_position *starts = ARENA_ARRAY(t->cli->arena, t->n, struct bus_position);
	struct bus_admin *admin;

	if (!bus_admin_open(conf, err, &admin))
		return false;
	memcpy(starts, t->positions, t->n * sizeof(*starts));
	bool ok = bus_log_starts(admin, starts, t->n, err) && bus_log_ends(admin, t->positions, t->n, err);
	bus_admin_close(admin);
	for (size_t i = 0; ok && i < t->n; i++) {
		int64_t end = t->positions[i].offset, from = starts[i].offset;

		if (t->last >= 0)
			from = MAX(from, end - t->last);
		ranges[i] = (struct bus_range){ t->positions[i].topic, t->positions[i].partition, from, end };
	}
	*ret_ranges = ranges;
	return ok;
}

/* ---- which records ---- */

/* "invoice_issued" or "openitem.billing.invoice_issued.v1". */
static bool type_matches(struct text type, struct text wanted)
{
	struct text rest = type;

	if (text_eq(type, wanted))
		return true;
	for (;;) {
		size_t at = text_find(rest, TEXT("."));
		struct text part = { rest.s, at == TEXT_NOT_FOUND ? rest.n : at };

		if (text_eq(part, wanted))
			return true;
		if (at == TEXT_NOT_FOUND)
			return false;
		rest = (struct text){ rest.s + at + 1, rest.n - at - 1 };
	}
}

static bool is_wanted(const struct tail *t, const struct bus_record *r, const struct record_view *v)
{
	bool type = t->types.n == 0, account = t->accounts.n == 0;

	for (size_t i = 0; i < t->types.n; i++)
		type = type || type_matches(v->ce.type, t->types.item[i]);
	for (size_t i = 0; i < t->accounts.n; i++)
		account = account || text_eq(v->account, t->accounts.item[i]) || text_eq(r->key, t->accounts.item[i]);
	return type && account && r->timestamp_ms >= t->since_ms;
}

static void print_line(struct tail *t, struct text line)
{
	fwrite(line.s, 1, line.n, stdout);
	putchar('\n');
	t->printed++;
}

static void keep_line(struct tail *t, const struct bus_record *r, struct text line)
{
	char *copy = malloc(line.n + 1);

	if (t->n_lines == t->cap_lines) {
		t->cap_lines = t->cap_lines == 0 ? 1024 : t->cap_lines * 2;
		t->lines = realloc(t->lines, t->cap_lines * sizeof(*t->lines));
	}
	CHECK(copy != NULL && t->lines != NULL);
	memcpy(copy, line.s, line.n);
	t->lines[t->n_lines] = (struct line){ r->timestamp_ms, t->n_lines, { copy, line.n } };
	t->n_lines++;
}

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->timestamp_ms != y->timestamp_ms)
		return x->timestamp_ms < y->timestamp_ms ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void print_kept(struct tail *t)
{
	size_t last = (size_t)t->last;

	if (t->n_lines > 1)
		qsort(t->lines, t->n_lines, sizeof(*t->lines), compare);
	for (size_t i = 0; i < t->n_lines; i++) {
		if (i + last >= t->n_lines)
			print_line(t, t->lines[i].t);
		free((void *)(uintptr_t)t->lines[i].t.s);
	}
	free(t->lines);
	t->lines = NULL;
	t->n_lines = t->cap_lines = 0;
	fflush(stdout);
}

/* ---- reading ---- */

static bool is_enough(const struct tail *t)
{
	return (t->max > 0 && t->printed >= t->max) || ferror(stdout);
}

static void take(struct tail *t, const struct bus_record *r, struct arena *a, bool keep)
{
	struct buf b = { .arena = a };
	struct record_view v;

	arena_reset(a);
	record_view(r, a, &v);
	if (!is_wanted(t, r, &v))
		return;
	record_write(r, &v, a, &b);
	if (keep)
		keep_line(t, r, buf_text(&b));
	else
		print_line(t, buf_text(&b));
}

/* Ranges with an end; or for ever. Without ranges to read (all empty) there is nothing to do. */
static bool read_ranges(struct tail *t, const struct bus_conf *conf, const struct bus_range *ranges, bool keep, bool flush,
			struct err *err)
{
	struct arena *a = arena_new((size_t)8 << 20, (size_t)1 << 30);
	enum bus_read what = BUS_READ_NOTHING;
	struct bus_reader *reader;
	struct bus_record r;

	if (!bus_reader_open(conf, ranges, t->n, err, &reader)) {
		arena_free(a);
		return false;
	}
	while (what != BUS_READ_DONE && what != BUS_READ_FAILED && !is_enough(t)) {
		what = bus_reader_poll(reader, 100, &r, err);
		if (what == BUS_READ_RECORD) {
			take(t, &r, a, keep);
			bus_record_release(&r);
		} else if (flush) {
			fflush(stdout);
		}
	}
	bus_reader_close(reader);
	arena_free(a);
	return what != BUS_READ_FAILED;
}

static bool tail(struct tail *t, const struct bus_conf *conf, struct err *err)
{
	struct bus_range *ranges;

	if (!make_ranges(t, conf, err, &ranges) || !read_ranges(t, conf, ranges, t->last >= 0, !t->follow, err))
		return false;
	if (t->last >= 0)
		print_kept(t);
	if (!t->follow || is_enough(t))
		return true;
	fflush(stdout);
	for (size_t i = 0; i < t->n; i++) {
		ranges[i].from = ranges[i].until;
		ranges[i].until = BUS_FOLLOW;
	}
	return read_ranges(t, conf, ranges, false, true, err);
}

/* ---- arguments ---- */

/* "beginning", "-20", "2026-03-31", "2026-03-31T08:00:00Z". */
static int set_since(struct tail *t, const char *since)
{
	int64_t n;
	instant_t instant;
	date_t day;

	if (since == NULL) {
		t->last = LAST_DEFAULT;
		return -1;
	}
	if (strcmp(since, "beginning") == 0)
		return -1;
	if (text_parse_i64(text_of(since), &n) && n <= 0 && n >= -LAST_MAX) {
		t->last = -n;
		return -1;
	}
	if (date_parse(text_of(since), &day))
		CHECK(instant_parse(event_time_of_day(day, t->cli->arena), &instant));
	else if (!instant_parse(text_of(since), &instant))
		return options_usage(t->cli,
				     "--since: expected beginning, -N, a date or an instant like 2026-03-31T08:00:00Z, got \"%s\"",
				     since);
	t->since_ms = instant / 1000;
	return -1;
}

static int open_topics(struct tail *t, struct bus_conf *conf)
{
	struct bus_admin *admin;
	struct err err;

	t->cap = BUS_POSITIONS_MAX;
	t->positions = ARENA_ARRAY(t->cli->arena, t->cap, struct bus_position);
	if (!cli_bus(t->cli, &err, conf) || !bus_admin_open(conf, &err, &admin))
		return cli_failed(t->cli, &err);
	bool ok = bus_topics(admin, add_topic, t, &err);
	bus_admin_close(admin);
	if (!ok)
		return cli_failed(t->cli, &err);
	for (size_t i = 0; i < t->topics.n; i++)
		if (!has_topic(t, t->topics.item[i]))
			return cli_fail(t->cli, EXIT_MISSING, "there is no topic " TEXT_FMT " on %s", TEXT_ARG(t->topics.item[i]),
					conf->brokers);
	if (t->n == 0)
		return cli_fail(t->cli, EXIT_MISSING, "there are no topics on %s; `openitem topics` makes them", conf->brokers);
	return -1;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct tail t;
	const char *since = NULL;
	struct bus_conf conf;
	struct err err;

	t = (struct tail){ .cli = cli, .last = -1, .since_ms = INT64_MIN };
	const struct option_spec specs[] = {
		{ "topic", 't', OPTION_ITEMS, &t.topics, "TOPIC", "only these topics, dead letters (...-dlt) too (default: all)", 0,
		  0, NULL },
		{ "since", 's', OPTION_TEXT, &since, "WHEN",
		  "beginning; -N: the last N; or records written since a date or instant (default: -10)", 0, 0, NULL },
		{ "follow", 'f', OPTION_FLAG, &t.follow, NULL, "go on with what comes", 0, 0, NULL },
		{ "type", 0, OPTION_ITEMS, &t.types, "TYPE",
		  "only these, e.g. invoice_issued or openitem.billing.invoice_issued.v1", 0, 0, NULL },
		{ "account", 'a', OPTION_ITEMS, &t.accounts, "ACCOUNT", "only what concerns these", 0, 0, NULL },
		{ "max", 'n', OPTION_INT, &t.max, "N", "stop after N records", 1, INT64_MAX, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code < 0)
		code = set_since(&t, since);
	if (code < 0)
		code = open_topics(&t, &conf);
	if (code >= 0)
		return code;
	return tail(&t, &conf, &err) ? EXIT_OK : cli_failed(cli, &err);
}

const struct command cmd_tail = {
	.name = "tail",
	.summary = "show the events on the topics as JSON",
	.usage = "openitem tail [--topic TOPIC]... [--since WHEN] [--follow] [--type TYPE] [--account ACCOUNT]\n\n"
		 "One CloudEvent (structured JSON) per line, with topic, partition, offset, recordtime and key as\n"
		 "extension attributes. The last N come in order of time; otherwise records come in order within a\n"
		 "partition only. What cannot be decoded stands in data_base64.",
	.example =
		"openitem tail --topic ar.billing.v1 --since beginning --type invoice_issued\nopenitem tail --follow --account C-1001",
	.run = run,
};
