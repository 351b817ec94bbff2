/*
 * repair: the operator does what the alert of a stopped lane says, by the code of the tool's commands (run/rebuild.h, refill.h,
 * reposition.h): `openitem rebuild`, `openitem refill`, `openitem reposition --all`; or upgrades a build that is too old. A lane that
 * stopped for a reason that no fault of this life explains is a finding.
 */
#include "world.h"

#include "run/rebuild.h"
#include "run/refill.h"
#include "run/reposition.h"

#define ROUNDS_MAX  12
#define TRIES_MAX   60
#define NOTICE_US   3000000 /* services look at their epochs about once a second */
#define FAILED_ROWS 200
#define PLACES_MAX  100

/* ---- rebuild ------------------------------------------------------------------------------------------------------------------------ */

static bool has_cursor(struct database *db, int32_t lane)
{
	size_t n;
	const void *const *rows = mem_rows(db->mem, &cursor_table, &n);

	for (size_t i = 0; i < n; i++)
		if (((const struct cursor_row *)rows[i])->lane == lane)
			return true;
	return false;
}

static struct rebuild_target *targets_of(struct world *w, struct database *db, size_t *ret_n, bool *ret_ready)
{
	const struct run_service *service = sim_run_service(db->service);
	size_t n_positions;
	const void *const *lanes = mem_rows(db->mem, &lane_table, ret_n);
	const void *const *positions = mem_rows(db->mem, &position_table, &n_positions);
	struct rebuild_target *t = ARENA_ARRAY(w->arena, *ret_n, struct rebuild_target);

	*ret_ready = true;
	for (size_t i = 0; i < *ret_n; i++) {
		const struct lane_row *l = lanes[i];
		t[i] = (struct rebuild_target){ .lane = l->lane, .seq = l->seq };
		/* A stopped lane neither goes on nor publishes: as in services/cli/sql/rebuild_lanes.sql. */
		*ret_ready = *ret_ready && (!text_empty(l->stopped) || (l->seq == l->published_seq && !has_cursor(db, l->lane)));
		for (size_t s = 0; s < REBUILD_SOURCES_MAX; s++)
			t[i].next_offset[s] = -1;
		for (size_t k = 0; k < n_positions; k++) {
			const struct position_row *p = positions[k];
			for (size_t s = 0; s < service->n_sources && p->lane == l->lane; s++)
				if (text_eq(p->topic, text_of(service->sources[s].topic))) {
					t[i].next_offset[s] = p->next_offset;
					t[i].record_hash[s] = text_dup(w->arena, p->record_hash);
				}
		}
	}
	return t;
}

static bool rebuild_up_to(struct world *w, struct rebuild *r, struct database *live, struct rebuild_result *result, struct err *err)
{
	bool ready;
	size_t n;
	struct rebuild_target *targets = targets_of(w, live, &n, &ready);

	return rebuild_to(r, targets, n, err, result);
}

/* Live holds what the topics do not: never published. */
static bool live_has_more(struct database *live, struct database *shadow)
{
	size_t n, m;
	const void *const *a = mem_rows(live->mem, &lane_table, &n), *const *b = mem_rows(shadow->mem, &lane_table, &m);

	for (size_t i = 0; i < n; i++) {
		const struct lane_row *l = a[i];
		int64_t seq = 0;
		for (size_t k = 0; k < m; k++)
			if (((const struct lane_row *)b[k])->lane == l->lane)
				seq = ((const struct lane_row *)b[k])->seq;
		if (l->seq > seq)
			return true;
	}
	return false;
}

/* With live held: the rest, and the swap. */
static bool rebuild_end(struct world *w, struct rebuild *r, struct database *live, struct database *shadow, struct err *err)
{
	struct rebuild_result result;
	int64_t made = 0;

	if (!rebuild_up_to(w, r, live, &result, err))
		return false;
	if ((result.torn > 0 || result.holes > 0) && (!rebuild_finish(r, err, &made) || !rebuild_up_to(w, r, live, &result, err)))
		return false;
	if (result.torn > 0 || result.holes > 0)
		return err_set(err, ERR_STOP, "rebuild_torn", "lane %d is torn, lane %d has a hole at %lld", result.torn_lane,
			       result.hole_lane, (long long)result.hole_seq);
	if (live_has_more(live, shadow))
		return err_set(err, ERR_STOP, "rebuild_lost", "the topics lack outcomes that live has");
	database_swap(w, live, shadow);
	story(w, "the database of %s is rebuilt; %lld outcomes decided again", sim_run_service(live->service)->core->name,
	      (long long)made);
	return true;
}

static bool rebuild(struct world *w, enum sim_service s, struct err *err)
{
	struct database *live = &w->db[s], *shadow = ARENA_NEW(w->arena, struct database);
	struct rebuild_conf conf = { .brokers = "the simulation", .lanes = LANES };
	struct rebuild_result result = { .outcomes = 1 };
	struct rebuild *r = NULL;
	bool ok, ready = false;

	story(w, "the operator rebuilds %s", sim_run_service(s)->core->name);
	database_init(shadow, s);
	w->shadow = shadow;
	ok = rebuild_open(sim_run_service(s), &conf, store_on(w, shadow), err, &r);
	for (int round = 0; ok && round < 3 && result.outcomes + result.records > 0; round++)
		ok = rebuild_up_to(w, r, live, &result, err);
	for (int try = 0; ok && !ready && try < TRIES_MAX; try++) {
		size_t n;
		database_hold(w, live);
		(void)targets_of(w, live, &n, &ready);
		if (ready)
			ok = rebuild_end(w, r, live, shadow, err);
		live->held = false;
		if (!ready)
			task_sleep(1000000);
	}
	if (ok && !ready)
		ok = err_set(err, ERR_RETRY, "rebuild_waits",
			     "live has outcomes that are not published, or is within a long input");
	rebuild_close(r);
	database_free(shadow);
	w->shadow = NULL;
	return ok;
}

/* ---- refill --------------------------------------------------------------------------------------------------------------------------- */

static enum sim_service writer_of(const char *topic)
{
	for (int s = 0; s < SIM_SERVICES; s++) {
		const struct run_service *service = sim_run_service((enum sim_service)s);
		if ((service->outcome_topic != NULL && strcmp(service->outcome_topic, topic) == 0) ||
		    (service->fanout_topic != NULL && strcmp(service->fanout_topic, topic) == 0))
			return (enum sim_service)s;
	}
	return SIM_INTAKE; /* dead letters */
}

static void see_rows(struct database *db, struct refill *r, const char *topic)
{
	const struct run_service *service = sim_run_service(db->service);
	bool aligned = service->outcome_topic != NULL && strcmp(service->outcome_topic, topic) == 0;
	size_t n;
	const void *const *rows = mem_rows(db->mem, &outcome_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *o = rows[i];
		if (aligned)
			refill_row(r, o->lane, o->lane, o->seq);
		else if (text_eq(o->out_topic, text_of(topic)))
			refill_row(r, o->lane, o->out_partition, o->seq);
	}
}

/* *ret_moves: places that the log had lost, and are published again. */
static bool refill(struct world *w, const char *topic, struct err *err, size_t *ret_moves)
{
	struct bus_conf bus = { .brokers = "the simulation" };
	enum sim_service s = writer_of(topic);
	struct database *db = &w->db[s];
	struct store *store = store_on(w, db);
	size_t n, places;
	int64_t missing;
	const void *const *rows = mem_rows(db->mem, &lane_table, &n);
	struct refill_lane *lanes = ARENA_ARRAY(w->arena, n, struct refill_lane);
	bool ok = false;

	for (size_t i = 0; i < n; i++) {
		const struct lane_row *l = rows[i];
		lanes[i] = (struct refill_lane){ l->lane, l->seq, l->published_seq };
	}
	struct refill *r = refill_new(w->arena, sim_run_service(s)->core->name, topic, log_topic(w, topic)->partitions, lanes, n);
	if (!refill_marks(r, store, err) || !refill_scan(r, &bus, false, NULL, NULL, err))
		return false;
	see_rows(db, r, topic);
	const struct refill_place *at = refill_plan(r, &places, &missing, ret_moves);
	for (size_t i = 0; i < places; i++)
		if (at[i].move || at[i].published_seq != at[i].has_seq)
			story(w, "%s[%d] lane %d: the log has seq %lld at %lld, the marks say %lld at %lld, %lld missing%s", topic,
			      at[i].partition, at[i].lane, (long long)at[i].has_seq, (long long)at[i].has_offset,
			      (long long)at[i].published_seq, (long long)at[i].last_offset, (long long)at[i].missing,
			      at[i].move ? ", moved" : "");
	story(w, "the operator refills %s: %lld records are missing, %zu places are moved", topic, (long long)missing, *ret_moves);
	for (int try = 0; !ok && try < TRIES_MAX && (try == 0 || err->class == ERR_FENCED); try++)
		ok = refill_apply(r, store, "openitem refill", err);
	return ok;
}

/* ---- reposition ------------------------------------------------------------------------------------------------------------------------ */

static int by_offset(const void *a, const void *b)
{
	const struct reposition_cause *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void find_causes(struct world *w, struct database *db, struct reposition *x)
{
	size_t n, k = 0;
	const void *const *rows = mem_rows(db->mem, &outcome_table, &n);
	struct reposition_cause *causes = ARENA_ARRAY(w->arena, n, struct reposition_cause);

	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *o = rows[i];
		if (o->lane != x->lane || o->cause_partition != x->partition || !text_eq(o->cause_topic, text_of(x->topic)))
			continue;
		if (x->cursor_here && o->cause_offset == x->cursor_offset)
			x->cursor_id = text_dup(w->arena, o->cause_event_id);
		causes[k++] = reposition_cause(o->cause_offset, o->cause_event_id);
	}
	if (k > 1)
		qsort(causes, k, sizeof(*causes), by_offset);
	x->causes = causes;
	x->n_causes = k;
}

static bool reposition_one(struct world *w, struct database *db, struct reposition *x, bool reread, struct err *err)
{
	struct bus_conf bus = { .brokers = "the simulation" };
	struct store *store = store_on(w, db);
	bool ok = false;

	find_causes(w, db, x);
	x->want = REPOSITION_AUTO;
	x->reread = reread;
	if (!reposition_scan(x, &bus, err) || !reposition_finish(x, err))
		return false;
	if (reread && !x->stopped && x->to == x->position)
		return true;
	story(w, "the operator repositions %s lane %d in %s[%d]: %lld -> %lld", x->service, x->lane, x->topic, x->partition,
	      (long long)x->position, (long long)x->to);
	for (int try = 0; !ok && try < TRIES_MAX && (try == 0 || err->class == ERR_FENCED); try++)
		ok = reposition_apply(x, store, "the operator", "", w->now_us, err);
	return ok;
}

static void add_place(struct world *w, struct database *db, struct reposition *x, size_t *n, int32_t lane, const char *topic,
		      int32_t partition)
{
	for (size_t i = 0; i < *n; i++)
		if (x[i].lane == lane && strcmp(x[i].topic, topic) == 0)
			return;
	x[(*n)++] = (struct reposition){ .arena = w->arena,
					 .service = sim_run_service(db->service)->core->name,
					 .topic = topic,
					 .lane = lane,
					 .partition = partition };
}

/* `openitem reposition SERVICE --all`, and the places that an alert names although they were never read. */
static size_t places(struct world *w, struct database *db, struct reposition *x)
{
	const struct run_service *service = sim_run_service(db->service);
	size_t n_rows, n = 0;
	const void *const *rows = mem_rows(db->mem, &position_table, &n_rows);

	for (size_t i = 0; i < n_rows && n < PLACES_MAX; i++) {
		const struct position_row *p = rows[i];
		add_place(w, db, x, &n, p->lane, text_cstr(w->arena, p->topic), p->partition);
	}
	rows = mem_rows(db->mem, &lane_table, &n_rows);
	for (size_t i = 0; i < n_rows; i++) {
		const struct lane_row *l = rows[i];
		for (size_t s = 0; s < service->n_sources && service->gate == NULL && n < PLACES_MAX; s++)
			if (!text_empty(l->stopped))
				add_place(w, db, x, &n, l->lane, service->sources[s].topic, l->lane);
	}
	return n;
}

static bool reposition_all(struct world *w, enum sim_service s, bool reread, struct err *err)
{
	struct bus_conf bus = { .brokers = "the simulation" };
	struct database *db = &w->db[s];
	struct reposition *x = ARENA_ARRAY(w->arena, PLACES_MAX, struct reposition);
	struct store *store = store_on(w, db);
	size_t n = places(w, db, x);
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		if (!reposition_load(&x[i], store, err))
			return false;
	if (n == 0 || !reposition_judge(x, n, &bus, err))
		return n == 0;
	for (size_t i = 0; i < n; i++)
		if (x[i].stopped || log_is_stop(x[i].verdict) || (reread && x[i].inner))
			ok = reposition_one(w, db, &x[i], reread, err) && ok;
	return ok;
}

/* ---- the runbook ------------------------------------------------------------------------------------------------------------------------ */

struct alert {
	enum sim_service service;
	int32_t lane;
	struct text text;
};

static size_t alerts(struct world *w, struct alert *ret, size_t max)
{
	size_t n = 0;

	for (int s = 0; s < SIM_SERVICES; s++) {
		size_t n_rows;
		const void *const *rows = mem_rows(w->db[s].mem, &lane_table, &n_rows);
		for (size_t i = 0; i < n_rows && n < max; i++) {
			const struct lane_row *l = rows[i];
			if (!text_empty(l->stopped))
				ret[n++] = (struct alert){ (enum sim_service)s, l->lane, text_dup(w->arena, l->stopped) };
		}
	}
	return n;
}

static bool says(const struct alert *a, const char *command)
{
	return text_find(a->text, text_of(command)) != TEXT_NOT_FOUND;
}

/* Is there a fault of this life that explains it? */
static bool is_explained(const struct world *w, const struct alert *a)
{
	if (says(a, "openitem rebuild"))
		return w->restores > 0;
	if (says(a, "openitem refill") || says(a, "openitem reposition"))
		return w->logs_cut > 0;
	if (text_starts(a->text, TEXT("unknown_field")))
		return w->fired[FAULT_OLD_BUILD] > 0;
	return text_starts(a->text, TEXT("store_refused")) && w->fired[FAULT_POISONED_BATCH] > 0;
}

static const char *topic_named(struct world *w, const struct alert *a)
{
	static const char command[] = "openitem refill ";
	size_t at = text_find(a->text, text_of(command));

	for (size_t i = 0; i < w->n_topics && at != TEXT_NOT_FOUND; i++) {
		struct text rest = { a->text.s + at + sizeof(command) - 1, a->text.n - at - sizeof(command) + 1 };
		size_t n = strlen(w->topic[i].name);
		if (text_starts(rest, text_of(w->topic[i].name)) && (rest.n == n || strchr("` ", rest.s[n]) != NULL))
			return w->topic[i].name;
	}
	return NULL;
}

static void restart(struct world *w, enum sim_service s)
{
	for (int slot = 0; slot < SLOTS; slot++) {
		struct instance *in = &w->instance[s][slot];
		in->old_build = false;
		if (in->up)
			in->task->stop = true;
	}
}

/* One round: first databases, then what topics lack, then who reads them. */
static void follow(struct world *w, const struct alert *a, size_t n)
{
	bool rebuilt[SIM_SERVICES] = { false }, filled[TOPICS_MAX] = { false }, lost = false;
	size_t moves = 0;
	struct err err;

	for (size_t i = 0; i < n; i++)
		if (says(&a[i], "openitem rebuild") && !rebuilt[a[i].service]) {
			rebuilt[a[i].service] = true;
			if (!rebuild(w, a[i].service, &err))
				story(w, "rebuild ends: %s: %s", err.code, err.msg);
		}
	for (size_t i = 0; i < n; i++) {
		const char *topic = topic_named(w, &a[i]);
		if (topic == NULL || filled[log_topic(w, topic) - w->topic])
			continue;
		filled[log_topic(w, topic) - w->topic] = true;
		if (!refill(w, topic, &err, &moves))
			story(w, "refill ends: %s: %s", err.code, err.msg);
		lost = lost || moves > 0;
	}
	/* Where the broker was seen to go, every reader was compared with its log, and those that must move say so. */
	lost = lost && w->cuts_unseen > 0;
	for (int s = 0; s < SIM_SERVICES; s++) {
		bool asked = lost;
		for (size_t i = 0; i < n; i++)
			asked = asked || ((int)a[i].service == s && says(&a[i], "openitem reposition"));
		if (!asked)
			continue;
		task_sleep(NOTICE_US);
		if (!reposition_all(w, (enum sim_service)s, lost, &err))
			story(w, "reposition ends: %s: %s", err.code, err.msg);
	}
	for (size_t i = 0; i < n; i++)
		if (!says(&a[i], "openitem "))
			restart(w, a[i].service);
}

static void repair(struct task *task)
{
	struct world *w = sim_world;
	struct alert *a = ARENA_ARRAY(w->arena, FAILED_ROWS, struct alert);

	(void)task;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		size_t n = alerts(w, a, FAILED_ROWS);
		for (size_t i = 0; i < n; i++) {
			story(w, "ALERT: %s lane %d: " TEXT_FMT, sim_run_service(a[i].service)->core->name, a[i].lane,
			      TEXT_ARG(a[i].text));
			if (!is_explained(w, &a[i]))
				world_fail(w, "lane_stopped", "%s lane %d: " TEXT_FMT, sim_run_service(a[i].service)->core->name,
					   a[i].lane, TEXT_ARG(a[i].text));
		}
		if (n == 0) {
			w->repaired = true;
			return;
		}
		follow(w, a, n);
		task_sleep(NOTICE_US);
	}
	size_t n = alerts(w, a, 1);
	world_fail(w, "not_repaired", "after %d rounds of repair: %s", ROUNDS_MAX, n > 0 ? a[0].text.s : "");
}

bool operator_looks(struct world *w)
{
	struct task *task = &w->task[TASKS_MAX - 1];
	struct alert a;

	if (w->failed || task->state != TASK_NONE || alerts(w, &a, 1) == 0)
		return false;
	w->repaired = false;
	task_start(w, task, "the operator", NULL, repair);
	while (!w->repaired && !w->failed)
		world_goes_on(w);
	task_clear(task);
	return true;
}
