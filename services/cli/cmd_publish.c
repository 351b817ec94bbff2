/* openitem publish: a file of events onto the external topics. */
#include "cli/event.h"
#include "cli/kafka.h"
#include "cli/options.h"
#include "cli/progress.h"

#define ERRORS_SHOWN 20

struct publish {
	struct cli *cli;
	const char *path;
	const struct wire_topic *topic; /* NULL: by type */
	int64_t rate; /* events per second; 0 = as fast as it goes */
	struct text bytes;
	int64_t events;
};

/* The first pass: nothing is published when one line is bad. */
static int check_all(struct publish *p)
{
	struct text rest = p->bytes, line;
	size_t number = 0, bad = 0, mark = arena_mark(p->cli->arena);

	while (event_next_line(&rest, &number, &line)) {
		struct event ev;
		struct err err;
		size_t column = 1;

		p->events++;
		if (!event_read(line, p->topic, p->cli->arena, &err, &column, &ev) && ++bad <= ERRORS_SHOWN)
			cli_say(p->cli, "%s:%zu:%zu: %s", p->path, number, column, err.msg);
		arena_rewind(p->cli->arena, mark);
	}
	if (bad > 0)
		return cli_fail(p->cli, EXIT_INPUT, "%s: %zu of %lld events are bad%s; nothing was published", p->path, bad,
				(long long)p->events, bad > ERRORS_SHOWN ? ", the first of them are shown" : "");
	return EXIT_OK;
}

static bool publish_all(struct publish *p, struct kafka *k, struct progress *progress, struct err *err)
{
	struct text rest = p->bytes, line;
	size_t number = 0, column, mark = arena_mark(p->cli->arena);
	int64_t n = 0;

	while (event_next_line(&rest, &number, &line)) {
		struct event ev;

		if (!event_read(line, p->topic, p->cli->arena, err, &column, &ev) || !kafka_publish(k, &ev, err))
			return false;
		arena_rewind(p->cli->arena, mark);
		progress_set(progress, ++n, "");
		if (p->rate > 0) {
			int64_t due_ms = progress->begun_ms + n * 1000 / p->rate, now_ms = cli_now_ms();
			if (due_ms > now_ms)
				cli_sleep_ms(due_ms - now_ms);
		}
	}
	return kafka_flush(k, err);
}

static int publish(struct publish *p)
{
	struct progress progress;
	struct kafka *k;
	struct err err;
	int code = check_all(p);

	if (code != EXIT_OK || !kafka_open(p->cli, p->rate > 0 ? 1 : 20, &err, &k))
		return code != EXIT_OK ? code : cli_failed(p->cli, &err);
	progress_open(&progress, "publish", p->events);
	bool ok = publish_all(p, k, &progress, &err);
	progress_close(&progress);

	double seconds = progress_seconds(&progress);

	if (!ok) {
		err_wrap(&err, "after %lld of %lld events", (long long)kafka_published(k), (long long)p->events);
		code = cli_failed(p->cli, &err);
	}
	printf("published %lld events in %.2f s, %.0f per second\n", (long long)kafka_published(k), seconds,
	       seconds > 0 ? (double)kafka_published(k) / seconds : 0);
	kafka_close(k);
	return code;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct publish p = { .cli = cli, .path = "-" };
	const char *topic = NULL;
	struct err err;
	const struct option_spec specs[] = {
		{ "topic", 't', OPTION_TEXT, &topic, "TOPIC", "all events go there (default: the topic that has their type)", 0, 0,
		  NULL },
		{ "rate", 0, OPTION_INT, &p.rate, "N", "at most N events per second", 1, 1000000, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 1, &argc, &argv);

	if (code >= 0)
		return code;
	if (argc > 0)
		p.path = argv[0];
	if (topic != NULL) {
		p.topic = wire_topic_find(text_of(topic));
		if (p.topic == NULL || !p.topic->external)
			return options_usage(cli, "--topic %s: not a topic that others may write", topic);
	}
	if (!cli_read_file(cli, p.path, &err, &p.bytes))
		return cli_failed(cli, &err);
	return publish(&p);
}

const struct command cmd_publish = {
	.name = "publish",
	.summary = "publish events from a file",
	.usage = "openitem publish [--topic TOPIC] [--rate N] [FILE|-]\n\n"
		 "NDJSON: one CloudEvent (structured JSON) per line; `data` is the topic's message in proto3 JSON.\n"
		 "Goes out in binary mode with the event's own key. All lines are checked first; when one is bad\n"
		 "nothing is published and every bad line is named as FILE:LINE:COLUMN (exit 4).",
	.example =
		"echo '{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/crm\",\"type\":\"openitem.reference.entity_recorded.v1\",\n"
		"  \"data\":{\"entityRecorded\":{\"entity\":\"DE01\",\"name\":\"Muster GmbH\",\"functionalCurrency\":\"EUR\",\n"
		"  \"fiscalYearStartMonth\":1,\"numberPrefix\":\"DE\"}}}' | tr -d '\\n' | openitem publish",
	.run = run,
};
