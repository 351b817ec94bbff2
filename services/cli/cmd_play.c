/* openitem play: a file of events, business day by business day. */
#include "base/fault.h"
#include "cli/day.h"
#include "cli/kafka.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/settle.h"

#define ERRORS_SHOWN 20

enum play_step { STEP_REFERENCE, STEP_CUSTOMERS, STEP_ORDERS, STEP_BANK, STEP_COMMANDS, STEPS };

static const struct {
	const char *topic;
	const char *name;
} steps[STEPS] = {
	[STEP_REFERENCE] = { "ar.reference.v1", "reference facts" }, [STEP_CUSTOMERS] = { "crm.customer.v1", "customers" },
	[STEP_ORDERS] = { "crm.sales-order.v1", "orders" },          [STEP_BANK] = { "bank.payment.v1", "bank lines" },
	[STEP_COMMANDS] = { "ar.command.v1", "commands" },
};

struct play_line {
	struct text t;
	date_t day;
	enum play_step step;
	bool placeholder;
};

struct play_entity {
	struct text entity;
	date_t since;
};

struct play {
	struct cli *cli;
	const char *path;
	date_t from, until;
	struct play_line *lines;
	size_t n, cap;
	struct play_entity entities[DAY_ENTITIES_MAX];
	size_t n_entities;
	struct text source; /* of the first event: that of the days */
	bool placeholders;
	int64_t days, missing;
	struct kafka *kafka;
	struct settle *settle;
	struct numbers *numbers;
	struct progress progress;
};

/* ---- the file ---- */

static void add_line(struct play *p, struct play_line line)
{
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 4096 : p->cap * 2;
		p->lines = realloc(p->lines, p->cap * sizeof(*p->lines));
		CHECK(p->lines != NULL);
	}
	p->lines[p->n++] = line;
}

static bool add_entity(struct play *p, struct text entity, date_t day, struct err *err)
{
	for (size_t i = 0; i < p->n_entities; i++)
		if (text_eq(p->entities[i].entity, entity))
			return true;
	if (p->n_entities == DAY_ENTITIES_MAX)
		return err_set(err, ERR_REJECT, "too_many_entities",
			       "data: more than %d legal entities, which is what one day can name", DAY_ENTITIES_MAX);
	p->entities[p->n_entities++] = (struct play_entity){ text_dup(p->cli->arena, entity), day };
	return true;
}

static bool step_of(const struct event *ev, enum play_step *ret_step)
{
	for (int s = 0; s < STEPS; s++)
		if (strcmp(steps[s].topic, ev->topic->topic) == 0) {
			*ret_step = (enum play_step)s;
			return true;
		}
	return false;
}

/* arena: of this line, given back afterwards. *ret_entity and *ret_source point into it. */
static bool read_line(struct play *p, struct text t, struct arena *a, struct err *err, size_t *ret_column,
		      struct play_line *ret_line, struct text *ret_entity, struct text *ret_source)
{
	struct event ev;
	struct play_line line = { .t = t, .placeholder = numbers_has_placeholder(t) };
	date_t before = p->n == 0 ? DATE_NONE : p->lines[p->n - 1].day;
	char s[DATE_TEXT_SIZE];

	if (!event_read(t, NULL, a, err, ret_column, &ev))
		return false;
	*ret_column = 1;
	line.day = event_day(&ev);
	if (line.day == DATE_NONE)
		return err_set(err, ERR_REJECT, "no_day", "time: expected the business date, it is missing");
	if (line.day < before)
		return err_set(err, ERR_REJECT, "out_of_order", "time: expected business-date order, the line before is of %s",
			       date_format(s, before));
	if (!step_of(&ev, &line.step) || text_starts(wire_event_name(ev.topic->msg, ev.body), TEXT("day_")))
		return err_set(err, ERR_REJECT, "not_playable",
			       "type: expected no business day, play opens and closes them itself");
	*ret_line = line;
	*ret_entity = event_entity(ev.topic, ev.body, a);
	*ret_source = ev.ce.source;
	return true;
}

static int read_lines(struct play *p, struct text bytes)
{
	struct arena *a = arena_new((size_t)8 << 20, (size_t)1 << 30);
	struct text rest = bytes, t;
	size_t number = 0, bad = 0;

	while (event_next_line(&rest, &number, &t)) {
		struct text entity = TEXT_NONE, source = TEXT_NONE;
		struct play_line line = { .day = DATE_NONE };
		struct err err;
		size_t column = 1;

		arena_reset(a);
		if (!read_line(p, t, a, &err, &column, &line, &entity, &source) ||
		    (!text_empty(entity) && !add_entity(p, entity, line.day, &err))) {
			if (++bad <= ERRORS_SHOWN)
				cli_say(p->cli, "%s:%zu:%zu: %s", p->path, number, column, err.msg);
			continue;
		}
		if (text_empty(p->source))
			p->source = text_dup(p->cli->arena, source);
		p->placeholders = p->placeholders || line.placeholder;
		add_line(p, line);
	}
	arena_free(a);
	if (bad > 0)
		return cli_fail(p->cli, EXIT_INPUT, "%s: %zu bad lines%s; nothing was published", p->path, bad,
				bad > ERRORS_SHOWN ? ", the first of them are shown" : "");
	return EXIT_OK;
}

/* ---- one day ---- */

static bool settle_step(struct play *p, date_t day, const char *what, struct err *err)
{
	char s[DATE_TEXT_SIZE];

	bool ok = kafka_flush(p->kafka, err) && settle_run(p->settle, SETTLE_BARRIER, 0, NULL, err);
	FAILPOINT("play.step_settled");
	return ok || err_wrap(err, "%s, %s", date_format(s, day), what);
}

static bool say_day(struct play *p, enum day_kind kind, date_t day, struct err *err)
{
	struct text entities[DAY_ENTITIES_MAX];
	size_t n = 0, mark = arena_mark(p->cli->arena);
	struct event ev;

	for (size_t i = 0; i < p->n_entities; i++)
		if (p->entities[i].since <= day)
			entities[n++] = p->entities[i].entity;
	if (n == 0)
		return true; /* nobody's day */
	n = day_sort_entities(entities, n);
	bool ok = day_event(kind, day, entities, n, p->source, p->cli->arena, err, &ev) && kafka_publish(p->kafka, &ev, err);
	arena_rewind(p->cli->arena, mark);
	return ok;
}

static bool publish_line(struct play *p, const struct play_line *line, struct err *err)
{
	size_t mark = arena_mark(p->cli->arena), column;
	struct text t = line->placeholder ? numbers_fill(p->numbers, line->t, p->cli->arena, &p->missing) : line->t;
	struct event ev;
	bool ok = event_read(t, NULL, p->cli->arena, err, &column, &ev) && kafka_publish(p->kafka, &ev, err);

	arena_rewind(p->cli->arena, mark);
	return ok;
}

/* lines: of one day. */
static bool play_step(struct play *p, enum play_step step, const struct play_line *lines, size_t n, struct err *err)
{
	size_t published = 0;
	bool placeholders = false;

	for (size_t i = 0; i < n; i++)
		placeholders = placeholders || (lines[i].step == step && lines[i].placeholder);
	if (placeholders && !numbers_follow(p->numbers, p->settle, err))
		return false;
	if (step == STEP_REFERENCE && !say_day(p, DAY_OPENED, lines[0].day, err))
		return false;
	FAILPOINT("play.step_begun");
	for (size_t i = 0; i < n; i++) {
		if (lines[i].step != step)
			continue;
		if (!publish_line(p, &lines[i], err))
			return false;
		published++;
		FAILPOINT("play.event_published");
	}
	return (published == 0 && step != STEP_REFERENCE) || settle_step(p, lines[0].day, steps[step].name, err);
}

static bool play_day(struct play *p, const struct play_line *lines, size_t n, struct err *err)
{
	for (int step = 0; step < STEPS; step++)
		if (!play_step(p, (enum play_step)step, lines, n, err))
			return false;
	/* Everything before has settled: that is the barrier. */
	if (!say_day(p, DAY_CLOSED, lines[0].day, err))
		return false;
	FAILPOINT("play.day_closed");
	return settle_step(p, lines[0].day, "closing the day", err);
}

/* ---- all days ---- */

/* The lines of one day from at on. */
static size_t same_day(const struct play *p, size_t at)
{
	size_t n = 1;

	while (at + n < p->n && p->lines[at + n].day == p->lines[at].day)
		n++;
	return n;
}

static bool in_range(const struct play *p, date_t day)
{
	return (p->from == DATE_NONE || day >= p->from) && (p->until == DATE_NONE || day <= p->until);
}

static int64_t count_days(const struct play *p)
{
	int64_t days = 0;

	for (size_t at = 0; at < p->n; at += same_day(p, at))
		days += in_range(p, p->lines[at].day);
	return days;
}

static bool play_days(struct play *p, struct err *err)
{
	/* What is on its way from before must not mix with the first day. */
	if (!settle_run(p->settle, SETTLE_BARRIER, 0, NULL, err))
		return false;
	for (size_t at = 0, n; at < p->n; at += n) {
		char s[DATE_TEXT_SIZE];

		n = same_day(p, at);
		if (!in_range(p, p->lines[at].day))
			continue;
		progress_set(&p->progress, p->days, date_format(s, p->lines[at].day));
		if (!play_day(p, &p->lines[at], n, err))
			return false;
		p->days++;
	}
	return true;
}

static bool open_all(struct play *p, struct err *err)
{
	return kafka_open(p->cli, 0, err, &p->kafka) && settle_open(p->cli, err, &p->settle) &&
	       (!p->placeholders || numbers_open(p->cli, p->settle, err, &p->numbers));
}

static int play(struct play *p)
{
	struct err err;
	bool ok = open_all(p, &err);

	progress_open(&p->progress, "play", count_days(p));
	ok = ok && play_days(p, &err);
	progress_close(&p->progress);
	if (p->kafka != NULL)
		printf("played %lld of %lld days, %lld events in %.1f s\n", (long long)p->days, (long long)p->progress.total,
		       (long long)kafka_published(p->kafka), progress_seconds(&p->progress));
	if (p->missing > 0)
		cli_say(p->cli, "%lld placeholders name an order without an invoice: the order id stands there instead",
			(long long)p->missing);
	numbers_close(p->numbers);
	settle_close(p->settle);
	kafka_close(p->kafka);
	return ok ? EXIT_OK : cli_failed(p->cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct play *p = ARENA_NEW(cli->arena, struct play);
	struct text bytes;
	struct err err;

	*p = (struct play){ .cli = cli, .from = DATE_NONE, .until = DATE_NONE };
	const struct option_spec specs[] = {
		{ "from", 0, OPTION_DAY, &p->from, "DATE", "leave out the days before", 0, 0, NULL },
		{ "until", 0, OPTION_DAY, &p->until, "DATE", "stop after this day", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 1, 1, &argc, &argv);

	if (code >= 0)
		return code;
	p->path = argv[0];
	if (!cli_read_file(cli, p->path, &err, &bytes))
		return cli_failed(cli, &err);
	code = read_lines(p, bytes);
	if (code == EXIT_OK)
		code = play(p);
	free(p->lines);
	return code;
}

const struct command cmd_play = {
	.name = "play",
	.summary = "play a file of events day by day",
	.usage = "openitem play FILE|- [--from DATE] [--until DATE]\n\n"
		 "NDJSON in business-date order, as `generate` and `import` write it; the day is that of each event's\n"
		 "`time`. Per day, each step followed by settling: DayOpened and reference facts, customers, orders,\n"
		 "bank lines, commands, then DayClosed. Days without events are left out. {{number:ORDER_ID}} becomes\n"
		 "the number of that order's invoice. Playing a file again publishes the same events with the same ids\n"
		 "and changes nothing.",
	.example = "openitem play company.ndjson --until 2026-01-31",
	.run = run,
};
