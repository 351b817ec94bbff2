/* settle: see settle.h. */
#include "cli/settle.h"
#include "base/fault.h"
#include "cli/probe.h"
#include "cli/progress.h"
#include "store/store.h"

#define POLL_MIN_MS    2
#define POLL_MAX_MS    20
#define AWAY_MS        200 /* between two tries while a component is away */
#define PARTITIONS_MAX 1024

enum topic { CUSTOMER, ORDER, BANK, COMMAND, REFERENCE, INTAKE, BILLING, CASH, TRANSFER, COLLECTIONS, TOPICS };

static const char *const topic_names[TOPICS] = {
	"crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1", "ar.command.v1",  "ar.reference.v1",
	"ar.intake.v1",    "ar.billing.v1",      "ar.cash.v1",      "ar.transfer.v1", "ar.collections.v1",
};

#define BIT(topic) (1u << (topic))
#define ALL        (BIT(TOPICS) - 1)
#define EXTERNAL   (BIT(CUSTOMER) | BIT(ORDER) | BIT(BANK) | BIT(COMMAND) | BIT(REFERENCE))

/* What each service reads. */
static const unsigned inputs[CLI_SERVICES] = {
	[CLI_INTAKE] = EXTERNAL,
	[CLI_BILLING] = BIT(INTAKE),
	[CLI_CASH] = BIT(INTAKE) | BIT(BILLING) | BIT(TRANSFER),
	[CLI_COLLECTIONS] = BIT(INTAKE) | BIT(BILLING) | BIT(CASH),
	[CLI_REPORTING] = BIT(INTAKE) | BIT(BILLING) | BIT(CASH) | BIT(COLLECTIONS),
};

/* The walk: who has to have passed which marks; which topics are complete, and so can be marked, when this step is done. */
static const struct step {
	enum cli_service service;
	unsigned passes;
	unsigned completes;
	unsigned repeat; /* once more when this topic has grown meanwhile */
} walk[] = {
	{ CLI_INTAKE, EXTERNAL, BIT(INTAKE), 0 },
	{ CLI_BILLING, BIT(INTAKE), BIT(BILLING), 0 },
	{ CLI_CASH, BIT(INTAKE) | BIT(BILLING), BIT(TRANSFER), 0 },
	{ CLI_CASH, BIT(TRANSFER), BIT(CASH), BIT(TRANSFER) },
	{ CLI_COLLECTIONS, BIT(INTAKE) | BIT(BILLING) | BIT(CASH), BIT(COLLECTIONS), 0 },
	{ CLI_REPORTING, BIT(INTAKE) | BIT(BILLING) | BIT(CASH) | BIT(COLLECTIONS), 0, 0 },
};

struct lane_state {
	int32_t lane;
	int64_t seq, published;
};

/* A service as its database shows it. */
struct state {
	bool seen; /* was reached once */
	struct lane_state *lanes; /* in order of lane */
	size_t n_lanes, cap_lanes;
	struct lane_state *goal; /* .seq = outcomes that must be published */
	size_t n_goal, cap_goal;
	int64_t *next[TOPICS]; /* per partition; -1 = never read */
	uint64_t sum; /* changes with every step forward */
};

struct settle {
	struct cli *cli;
	struct bus_admin *admin;
	int32_t partitions[TOPICS];
	int64_t *starts[TOPICS], *ends[TOPICS], *marks[TOPICS];
	struct bus_position *positions; /* to ask with: room for all */
	struct state states[CLI_SERVICES];
	int64_t left;
};

/* ---- open ---- */

static void see_topic(void *ctx, const char *topic, int32_t partitions)
{
	struct settle *s = ctx;

	for (int t = 0; t < TOPICS; t++)
		if (strcmp(topic_names[t], topic) == 0)
			s->partitions[t] = partitions;
}

static void make_arrays(struct settle *s)
{
	struct arena *a = s->cli->arena;
	size_t n = 0;

	for (int t = 0; t < TOPICS; t++)
		n += (size_t)s->partitions[t];
	s->positions = ARENA_ARRAY(a, n, struct bus_position);
	for (int t = 0; t < TOPICS; t++) {
		size_t count = (size_t)s->partitions[t];

		s->starts[t] = ARENA_ARRAY(a, count, int64_t);
		s->ends[t] = ARENA_ARRAY(a, count, int64_t);
		s->marks[t] = ARENA_ARRAY(a, count, int64_t);
		for (int v = 0; v < CLI_SERVICES; v++)
			s->states[v].next[t] = ARENA_ARRAY(a, count, int64_t);
	}
}

/* Log starts or ends of these topics only: the broker works for every partition it is asked about. */
static bool ask(struct settle *s, bool starts, unsigned topics, struct err *err)
{
	size_t n = 0, i = 0;

	for (int t = 0; t < TOPICS; t++)
		for (int32_t p = 0; (topics & BIT(t)) != 0 && p < s->partitions[t]; p++)
			s->positions[n++] = (struct bus_position){ topic_names[t], p, 0 };
	if (!(starts ? bus_log_starts : bus_log_ends)(s->admin, s->positions, n, err))
		return false;
	for (int t = 0; t < TOPICS; t++)
		for (int32_t p = 0; (topics & BIT(t)) != 0 && p < s->partitions[t]; p++)
			(starts ? s->starts : s->ends)[t][p] = s->positions[i++].offset;
	return true;
}

bool settle_open(struct cli *cli, struct err *err, struct settle **ret_settle)
{
	struct settle *s = ARENA_NEW(cli->arena, struct settle);
	struct bus_conf conf;

	s->cli = cli;
	if (!cli_bus(cli, err, &conf) || !bus_admin_open(&conf, err, &s->admin))
		return false;
	bool ok = bus_topics(s->admin, see_topic, s, err);
	for (int t = 0; ok && t < TOPICS; t++)
		if (s->partitions[t] == 0)
			ok = err_set(err, ERR_FATAL, "topic_missing", "topic %s does not exist on %s; `openitem topics` makes it",
				     topic_names[t], conf.brokers);
	if (ok) {
		make_arrays(s);
		ok = ask(s, true, ALL, err);
	}
	if (!ok) {
		settle_close(s);
		return false;
	}
	*ret_settle = s;
	return true;
}

void settle_close(struct settle *s)
{
	if (s == NULL)
		return;
	bus_admin_close(s->admin);
	s->admin = NULL;
	for (int v = 0; v < CLI_SERVICES; v++) {
		free(s->states[v].lanes);
		free(s->states[v].goal);
		s->states[v] = (struct state){ 0 };
	}
}

/* ---- the state of a service ---- */

static const char state_sql[] = "SELECT lane, '' AS topic, -1 AS partition, seq AS a, published_seq AS b, stopped FROM lane "
				"UNION ALL SELECT lane, topic, partition, next_offset, 0, '' FROM position ORDER BY 1, 2, 3";
enum { LANE, TOPIC, PARTITION, A, B, STOPPED };

static int64_t number(const struct store_result *r, size_t row, size_t column)
{
	int64_t n = 0;

	CHECK(text_parse_i64(store_result_cell(r, row, column), &n));
	return n;
}

static void add_lane(struct lane_state **list, size_t *n, size_t *cap, struct lane_state lane)
{
	if (*n == *cap) {
		*cap = *cap == 0 ? 64 : *cap * 2;
		*list = realloc(*list, *cap * sizeof(**list));
		CHECK(*list != NULL);
	}
	(*list)[(*n)++] = lane;
}

static int topic_of(struct text name)
{
	for (int t = 0; t < TOPICS; t++)
		if (text_eq(text_of(topic_names[t]), name))
			return t;
	return -1;
}

static bool read_state(struct settle *s, enum cli_service service, const struct store_result *r, struct err *err)
{
	struct state *st = &s->states[service];

	st->seen = true;
	st->n_lanes = 0;
	st->sum = 0;
	for (int t = 0; t < TOPICS; t++)
		for (int32_t p = 0; p < s->partitions[t]; p++)
			st->next[t][p] = -1;
	for (size_t i = 0; i < store_result_rows(r); i++) {
		struct text topic = store_result_cell(r, i, TOPIC), stopped = store_result_cell(r, i, STOPPED);
		int64_t a = number(r, i, A), p = number(r, i, PARTITION);
		int t = topic_of(topic);

		st->sum += (uint64_t)a;
		if (!text_empty(stopped))
			return err_set(err, ERR_FATAL, "lane_stopped", "%s has stopped lane %lld: " TEXT_FMT,
				       cli_service_names[service], (long long)number(r, i, LANE), TEXT_ARG(stopped));
		if (text_empty(topic)) {
			st->sum += (uint64_t)number(r, i, B);
			add_lane(&st->lanes, &st->n_lanes, &st->cap_lanes,
				 (struct lane_state){ (int32_t)number(r, i, LANE), a, number(r, i, B) });
		} else if (t >= 0 && p >= 0 && p < s->partitions[t]) {
			st->next[t][p] = a;
		}
	}
	return true;
}

static bool query_state(struct settle *s, enum cli_service service, struct err *err)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct store *store;

	if (!cli_store(s->cli, service, err, &store))
		return false;
	if (!store_query(store, state_sql, 0, NULL, err, &r))
		return err_wrap(err, "the database of %s", cli_service_names[service]);
	return read_state(s, service, r, err);
}

/* ---- comparing ---- */

/* What is behind first, for the message. */
struct behind {
	int topic; /* -1: not a position but a lane's published mark */
	int32_t at; /* partition or lane */
	int64_t is, goal;
};

/* Positions have passed the marks (or ends). A partition never read counts from its beginning. */
static bool passed(struct settle *s, enum cli_service service, unsigned topics, int64_t *const *marks, struct behind *ret)
{
	const struct state *st = &s->states[service];
	bool all = true;

	for (int t = 0; t < TOPICS; t++)
		for (int32_t p = 0; (topics & BIT(t)) != 0 && p < s->partitions[t]; p++) {
			int64_t next = st->next[t][p] < 0 ? s->starts[t][p] : st->next[t][p];

			if (next >= marks[t][p])
				continue;
			if (all)
				*ret = (struct behind){ t, p, next, marks[t][p] };
			s->left += marks[t][p] - next;
			all = false;
		}
	return all;
}

static int64_t published_of(const struct state *st, int32_t lane)
{
	size_t low = 0, high = st->n_lanes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (st->lanes[mid].lane < lane)
			low = mid + 1;
		else
			high = mid;
	}
	return low < st->n_lanes && st->lanes[low].lane == lane ? st->lanes[low].published : -1;
}

static bool published(struct settle *s, enum cli_service service, struct behind *ret)
{
	const struct state *st = &s->states[service];
	bool all = true;

	for (size_t i = 0; i < st->n_goal; i++) {
		int64_t is = published_of(st, st->goal[i].lane);

		if (is >= st->goal[i].seq)
			continue;
		if (all)
			*ret = (struct behind){ -1, st->goal[i].lane, is, st->goal[i].seq };
		s->left += st->goal[i].seq - is;
		all = false;
	}
	return all;
}

/* The outcomes there are now are the goal. */
static void set_goal(struct state *st)
{
	st->n_goal = 0;
	for (size_t i = 0; i < st->n_lanes; i++)
		add_lane(&st->goal, &st->n_goal, &st->cap_goal, st->lanes[i]);
}

/* ---- waiting ---- */

struct wait {
	struct settle *s;
	struct progress *progress;
	int64_t begun_ms, timeout_ms, moved_ms;
	enum cli_service service;
	uint64_t sum;
};

static void describe(struct settle *s, enum cli_service service, const struct behind *b, char *text, size_t size)
{
	if (b->topic >= 0)
		snprintf(text, size, "%s stands at %lld of %lld in %s[%d]", cli_service_names[service], (long long)b->is,
			 (long long)b->goal, topic_names[b->topic], b->at);
	else
		snprintf(text, size, "%s has published %lld of %lld outcomes of lane %d", cli_service_names[service],
			 (long long)b->is, (long long)b->goal, b->at);
	(void)s;
}

static bool give_up(struct wait *w, const char *code, const struct behind *b, int64_t waited_ms, struct err *err)
{
	const char *name = cli_variable(w->s->cli, w->service, "ADMIN"), *address = env_get(name);
	char place[200];

	describe(w->s, w->service, b, place, sizeof(place));
	if (address != NULL && !probe_listens(address))
		return err_set(err, ERR_FATAL, code, "%s, and nobody answers at %s (%s): is it running?", place, address, name);
	return err_set(err, ERR_FATAL, code, "%s; waited %lld s%s", place, (long long)(waited_ms / 1000),
		       strcmp(code, "no_progress") == 0 ? " without progress" : "");
}

/* Sleeps a little, longer while nothing moves. False: it is enough. */
static bool wait_on(struct wait *w, const struct behind *b, struct err *err)
{
	uint64_t sum = w->s->states[w->service].sum;
	int64_t now = cli_now_ms(), still_ms;

	if (sum != w->sum) {
		w->sum = sum;
		w->moved_ms = now;
	}
	still_ms = now - w->moved_ms;
	if (still_ms > SETTLE_IDLE_MS)
		return give_up(w, "no_progress", b, still_ms, err);
	if (w->timeout_ms > 0 && now - w->begun_ms > w->timeout_ms)
		return give_up(w, "settle_timeout", b, now - w->begun_ms, err);
	if (w->progress != NULL) {
		char place[200];

		describe(w->s, w->service, b, place, sizeof(place));
		progress_set(w->progress, 0, place);
	}
	cli_sleep_ms(MAX((int64_t)POLL_MIN_MS, MIN((int64_t)POLL_MAX_MS, still_ms / 8)));
	return true;
}

/* A component that was there before may come back; one that never was is an error at once. */
static bool away(struct wait *w, bool was_there, struct err *err)
{
	int64_t now = cli_now_ms();

	if (err->class != ERR_RETRY || !was_there || now - w->moved_ms > SETTLE_IDLE_MS ||
	    (w->timeout_ms > 0 && now - w->begun_ms > w->timeout_ms))
		return false;
	cli_sleep_ms(AWAY_MS);
	return true;
}

static bool look(struct wait *w, struct err *err)
{
	while (!query_state(w->s, w->service, err))
		if (!away(w, w->s->states[w->service].seen, err))
			return false;
	w->s->left = 0;
	return true;
}

static bool look_at_ends(struct wait *w, unsigned topics, struct err *err)
{
	while (!ask(w->s, false, topics, err))
		if (!away(w, true, err))
			return false;
	return true;
}

static void mark(struct settle *s, unsigned topics)
{
	for (int t = 0; t < TOPICS; t++)
		if ((topics & BIT(t)) != 0)
			memcpy(s->marks[t], s->ends[t], (size_t)s->partitions[t] * sizeof(int64_t));
}

static bool grown(const struct settle *s, unsigned topics)
{
	for (int t = 0; t < TOPICS; t++)
		if ((topics & BIT(t)) != 0 && memcmp(s->marks[t], s->ends[t], (size_t)s->partitions[t] * sizeof(int64_t)) != 0)
			return true;
	return false;
}

static bool take_step(struct wait *w, const struct step *step, struct err *err)
{
	struct settle *s = w->s;
	struct behind b = { .topic = -1 };

	w->service = step->service;
	for (;;) {
		if (!look(w, err))
			return false;
		while (!passed(s, step->service, step->passes, s->marks, &b))
			if (!wait_on(w, &b, err) || !look(w, err))
				return false;
		set_goal(&s->states[step->service]);
		while (!published(s, step->service, &b))
			if (!wait_on(w, &b, err) || !look(w, err))
				return false;
		if (step->completes == 0)
			return true;
		if (!look_at_ends(w, step->completes | step->repeat, err))
			return false;
		if (!grown(s, step->repeat))
			break;
		mark(s, step->repeat);
	}
	mark(s, step->completes);
	return true;
}

/* States first, then log ends: if every service stood at the ends with all published, nothing can be on its way. */
static bool quiet(struct wait *w, bool *ret_quiet, struct err *err)
{
	struct settle *s = w->s;
	struct behind b;

	for (int v = 0; v < CLI_SERVICES; v++) {
		w->service = (enum cli_service)v;
		if (!look(w, err))
			return false;
		set_goal(&s->states[v]);
	}
	if (!look_at_ends(w, ALL, err))
		return false;
	*ret_quiet = true;
	for (int v = 0; v < CLI_SERVICES; v++)
		*ret_quiet = *ret_quiet && published(s, (enum cli_service)v, &b) &&
			     passed(s, (enum cli_service)v, inputs[v], s->ends, &b);
	return true;
}

bool settle_run(struct settle *s, enum settle_mode mode, int64_t timeout_ms, struct progress *progress, struct err *err)
{
	struct wait w = {
		.s = s, .progress = progress, .begun_ms = cli_now_ms(), .moved_ms = cli_now_ms(), .timeout_ms = timeout_ms
	};
	bool done = MUTANT(DAY_WITHOUT_BARRIER) && mode == SETTLE_BARRIER;

	while (!done) {
		if (!look_at_ends(&w, EXTERNAL, err))
			return false;
		mark(s, EXTERNAL);
		for (size_t i = 0; i < ARRAY_LEN(walk); i++)
			if (!take_step(&w, &walk[i], err))
				return false;
		if (mode == SETTLE_BARRIER)
			return true;
		if (!quiet(&w, &done, err))
			return false;
	}
	return true;
}

const int64_t *settle_ends(const struct settle *s, const char *topic, int32_t *ret_partitions)
{
	int t = topic_of(text_of(topic));

	if (t < 0)
		return NULL;
	*ret_partitions = s->partitions[t];
	return s->marks[t];
}

int64_t settle_left(const struct settle *s)
{
	return s->left;
}
