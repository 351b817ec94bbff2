/* openitem dlq: the dead letters. */
#include "cli/dlq.h"
#include "cli/out.h"

struct look {
	struct dlq dlq;
	/* ls */
	struct out *out;
	/* show */
	struct text id;
	const char *topic;
	int32_t partition;
	int64_t offset;
};

/* ---- ls ---- */

static const struct out_column columns[] = {
	{ "topic", OUT_TEXT },  { "partition", OUT_INT },  { "offset", OUT_INT }, { "time", OUT_INSTANT },
	{ "reason", OUT_TEXT }, { "retryable", OUT_TEXT }, { "type", OUT_TEXT },  { "id", OUT_TEXT },
	{ "key", OUT_TEXT },    { "message", OUT_TEXT },
};

static bool list_record(void *ctx, struct bus_record *r, struct arena *a, struct err *err)
{
	struct look *l = ctx;
	struct record_view v;

	(void)err;
	if (!dlq_wanted(&l->dlq, r))
		return true;
	record_view(r, a, &v);
	out_text(l->out, text_of(r->topic));
	out_int(l->out, r->partition);
	out_int(l->out, r->offset);
	out_instant(l->out, r->timestamp_ms < 0 ? INSTANT_NONE : r->timestamp_ms * 1000);
	out_text(l->out, record_header(r, "openitem_error_code"));
	out_text(l->out, record_header(r, "openitem_error_retryable"));
	out_text(l->out, v.ce.type);
	out_text(l->out, v.ce.id);
	out_text(l->out, r->key);
	out_text(l->out, record_header(r, "__connect.errors.exception.message"));
	l->dlq.found++;
	return true;
}

static int list(struct look *l, int argc, char **argv)
{
	struct dlq *d = &l->dlq;
	struct err err;
	const struct option_spec specs[] = {
		OPTION_FORMAT(d->cli), OPTION_DLQ_TOPIC(*d),
		OPTION_DLQ_REASON(*d), { "key", 'k', OPTION_TEXT, &d->key, "KEY", "only with this record key", 0, 0, NULL },
		OPTION_DLQ_SINCE(*d),  { "limit", 'n', OPTION_INT, &d->limit, "N", "at most N", 1, INT64_MAX, NULL },
	};
	int code = options_parse(d->cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code < 0)
		code = dlq_since(d);
	if (code >= 0)
		return code;
	if (!dlq_find(d, &err))
		return cli_failed(d->cli, &err);
	l->out = out_open(d->cli, columns, ARRAY_LEN(columns));
	out_nothing(l->out, "no dead letters");
	bool ok = dlq_read(d, list_record, NULL, l, &err);
	out_close(l->out);
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

static void show_one(struct dlq *d, const struct bus_record *r, const struct record_view *view, struct arena *a)
{
	struct record_view v = *view;
	struct buf b = { .arena = a };
	char time[INSTANT_TEXT_SIZE];

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
		printf("value, %zu bytes, not an event: %s\n  ", r->value.n, text_printable(a, text_of(v.why.msg)).s);
	if (text_empty(v.ce.data_json)) {
		record_base64(r->value, &b);
		printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&b)));
	} else if (v.body == NULL) {
		printf("\n");
	}
}

static bool show_record(void *ctx, struct bus_record *r, struct arena *a, struct err *err)
{
	struct look *l = ctx;
	struct record_view v;

	(void)err;
	record_view(r, a, &v);
	if (l->topic == NULL ? text_eq(v.ce.id, l->id) : r->partition == l->partition && r->offset == l->offset)
		show_one(&l->dlq, r, &v, a);
	return true;
}

/* "topic:partition:offset"; an event id otherwise. */
static void parse_place(struct look *l, const char *what)
{
	l->id = text_of(what);
	if (dlq_place(&l->dlq, what, &l->partition, &l->offset))
		l->topic = what;
}

static int show(struct look *l, int argc, char **argv)
{
	struct cli *cli = l->dlq.cli;
	struct err err;
	const struct option_spec specs[] = { OPTION_FORMAT(cli) };
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	parse_place(l, argv[0]);
	if (!dlq_find(&l->dlq, &err) || !dlq_read(&l->dlq, show_record, NULL, l, &err))
		return cli_failed(cli, &err);
	if (l->dlq.found == 0)
		return cli_fail(cli, EXIT_FOUND, "no dead letter %s", argv[0]);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static struct look l;
	const char *what = argc > 1 ? argv[1] : "";

	l = (struct look){ .dlq = { .cli = cli } };
	if (strcmp(what, "ls") == 0)
		return list(&l, argc - 1, argv + 1);
	if (strcmp(what, "show") == 0)
		return show(&l, argc - 1, argv + 1);
	if (strcmp(what, "histogram") == 0)
		return dlq_histogram(cli, argc - 1, argv + 1);
	if (strcmp(what, "redrive") == 0)
		return dlq_redrive(cli, argc - 1, argv + 1);
	if (strcmp(what, "audit") == 0)
		return dlq_audit(cli, argc - 1, argv + 1);
	if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0)
		return list(&l, argc, argv);
	return options_usage(cli, "expected ls, show, histogram, redrive or audit");
}

const struct command cmd_dlq = {
	.name = "dlq",
	.summary = "the dead letters: look at them, publish them again",
	.usage = "openitem dlq ls [--topic TOPIC] [--reason REASON] [--key KEY] [--since TIME] [--limit N] [--format F]\n"
		 "       openitem dlq show TOPIC:PARTITION:OFFSET | EVENT-ID [--format json]\n"
		 "       openitem dlq histogram [--by reason|topic|day] [--topic TOPIC] [--since TIME] [--format F]\n"
		 "       openitem dlq redrive [--topic TOPIC] [--reason REASON] [--key KEY] [--since TIME] [--max N]\n"
		 "                            [--rate N/s] [--note TEXT] [--force] [--dry-run]\n"
		 "       openitem dlq audit [--since TIME] [--format F]\n\n"
		 "What the gate refused: the original record on <topic>-dlt, with the reason in its headers. The\n"
		 "reason is also in the outcome table of intake, where the command that sent it finds it.\n"
		 "redrive publishes them again to their topics, each once, and keeps a record of it (audit). Killed,\n"
		 "it goes on where it was. What was refused again is another dead letter; after three re-drives it is\n"
		 "left where it is (--force sends it all the same), and the command ends with exit 1.",
	.example = "openitem dlq ls --reason id_conflict\nopenitem dlq show bank.payment.v1-dlt:2:17\n"
		   "openitem dlq redrive --reason bank_account_conflict --dry-run\n"
		   "openitem dlq redrive --reason bank_account_conflict --rate 100/s --note \"account of DE01 corrected\"",
	.run = run,
};
