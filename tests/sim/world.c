/* world: one life: everything is made, the workload's steps are taken, what breaks breaks, and at the end all must be well. */
#include "world.h"

#include "base/fault.h"

#define TURNS_MAX      400000
#define SETTLE_US      ((int64_t)1200 * 1000000)
#define SECOND_LOOK_US ((int64_t)200000)
#define RUN_BYTES      ((size_t)1 << 30)
#define SOFT_BYTES     ((size_t)8 << 20)
#define LAST_STEP      SIZE_MAX

int32_t sim_lanes(const struct world *w)
{
	(void)w;
	return LANES;
}

/* ---- arenas are made once: mapping and unmapping gigabytes per start costs more than a life ------------------------------------------ */

#define POOL_MAX 64

static struct {
	struct arena *arena;
	size_t soft, hard;
} pool[POOL_MAX];

static struct {
	struct arena *arena;
	size_t soft, hard;
} lent[POOL_MAX];

struct arena *__real_arena_new(size_t soft, size_t hard);
struct arena *__wrap_arena_new(size_t soft, size_t hard);
void __real_arena_free(struct arena *a);
void __wrap_arena_free(struct arena *a);

struct arena *__wrap_arena_new(size_t soft, size_t hard)
{
	struct arena *a = NULL;

	for (size_t i = 0; i < POOL_MAX && a == NULL; i++)
		if (pool[i].arena != NULL && pool[i].soft == soft && pool[i].hard == hard) {
			a = pool[i].arena;
			pool[i].arena = NULL;
		}
	if (a == NULL)
		a = __real_arena_new(soft, hard);
	for (size_t i = 0; i < POOL_MAX; i++)
		if (lent[i].arena == NULL) {
			lent[i].arena = a;
			lent[i].soft = soft;
			lent[i].hard = hard;
			break;
		}
	return a;
}

void __wrap_arena_free(struct arena *a)
{
	size_t i = 0, k = 0;

	if (a == NULL)
		return;
	while (i < POOL_MAX && lent[i].arena != a)
		i++;
	while (k < POOL_MAX && pool[k].arena != NULL)
		k++;
	if (i == POOL_MAX || k == POOL_MAX) {
		if (i < POOL_MAX)
			lent[i].arena = NULL;
		__real_arena_free(a);
		return;
	}
	lent[i].arena = NULL;
	arena_reset(a);
	pool[k].arena = a;
	pool[k].soft = lent[i].soft;
	pool[k].hard = lent[i].hard;
}

/* ---- going on ---------------------------------------------------------------------------------------------------------------------------- */

static void look_at_commit(struct world *w)
{
	struct err err = { 0 };
	int of = w->commit_of;

	if (of < 0 || w->failed)
		return;
	w->commit_of = -1;
	if (!invariants_after_commit(w->invariants, (enum sim_service)of, &err))
		world_fail(w, "invariant", "after a commit of %s: %s", sim_run_service((enum sim_service)of)->core->name, err.msg);
}

static int64_t start_instances(struct world *w)
{
	int64_t next = INT64_MAX;

	for (int s = 0; s < SIM_SERVICES; s++)
		for (int slot = 0; slot < SLOTS; slot++) {
			struct instance *in = &w->instance[s][slot];
			if (in->up || !in->wanted)
				continue;
			if (in->start_us <= w->now_us)
				instance_start(in);
			else
				next = MIN(next, in->start_us);
		}
	return next;
}

/* A turn of somebody; or, when everybody sleeps, of the clock. False: the clock. */
static bool one_turn(struct world *w, bool may_wait)
{
	int64_t next_start, next_us;

	faults_of_the_world(w);
	ghosts_arrive(w, false);
	next_start = MIN(start_instances(w), groups_notice(w));
	bool ran = task_turn(w, &next_us);
	look_at_commit(w);
	if (w->turns > TURNS_MAX)
		world_fail(w, "no_end", "%u turns, and still something goes on", TURNS_MAX);
	if (ran || !may_wait)
		return ran;
	next_us = MIN(next_us, next_start);
	if (w->ghosts != NULL)
		next_us = MIN(next_us, w->now_us + 2000);
	if (next_us == INT64_MAX)
		world_fail(w, "no_end", "everybody sleeps for ever");
	else
		w->now_us = MAX(w->now_us, next_us);
	return false;
}

void world_goes_on(struct world *w)
{
	one_turn(w, true);
}

/* A lane that has just stopped says so in its row a moment later (run/turn.c); only a log that was cut makes one stop at rest. */
static bool stays_quiet(struct world *w, char *place, size_t size)
{
	for (int64_t until_us = w->now_us + SECOND_LOOK_US; w->logs_cut > 0 && w->now_us < until_us && !w->failed;)
		one_turn(w, true);
	return world_is_quiet(w, place, size);
}

static void settle(struct world *w)
{
	int64_t begun_us = w->now_us;
	char place[300] = "";

	while (!w->failed) {
		if (one_turn(w, false))
			continue;
		if (world_is_quiet(w, place, sizeof(place)) && stays_quiet(w, place, sizeof(place)))
			return;
		operator_looks(w);
		if (w->now_us - begun_us > SETTLE_US)
			world_fail(w, "not_settled", "%s", place);
		else
			one_turn(w, true);
	}
}

/* ---- steps ---------------------------------------------------------------------------------------------------------------------------------- */

static void send_step(struct world *w, const struct sim_step *step)
{
	struct sim_send send = { .partition = -1 };

	if (!workload_send(w->workload, step, w, w->arena, &send))
		return;
	struct log_topic *t = log_topic(w, send.topic);
	int32_t p = send.partition;
	CHECK(t != NULL);
	if (p < 0 || p >= t->partitions)
		p = send.key_null ? (int32_t)sim_below(&w->chance, (uint32_t)t->partitions)
				  : bus_partition_of(send.key, t->partitions);
	log_append(w, t, p,
		   log_record(w, &(struct bus_out){ .key = send.key,
						    .key_null = send.key_null,
						    .value = send.value,
						    .value_null = send.value_null,
						    .headers = send.headers,
						    .headers_n = send.n_headers }));
	story(w, "STEP %zu: %s -> %s[%d]@%zu", step->index, send.what, t->name, p, t->part[p].n - 1);
}

static void take_step(struct world *w, const struct sim_step *step, const struct sim_step *next, date_t *day)
{
	switch (step->kind) {
	case SIM_SEND:
		send_step(w, step);
		for (uint32_t n = sim_below(&w->schedule, 40); n > 0 && !w->failed; n--)
			one_turn(w, false);
		break;
	case SIM_TICK:
		story(w, "STEP %zu: tick", step->index);
		operator_ticks(w, step->date, *day);
		/* The closing of the day is on its way when tick ends: what commutes with it is the workload's to say. */
		if (workload_commutes(w->workload))
			settle(w);
		*day = step->date;
		break;
	case SIM_SETTLE:
		/* The barrier alone must suffice before a day is closed. */
		if (!workload_commutes(w->workload) && next != NULL && next->kind == SIM_TICK)
			break;
		settle(w);
		break;
	}
}

static bool left_out(uint32_t index, const uint32_t *omit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (omit[i] == index)
			return true;
	return false;
}

static void take_steps(struct world *w, const uint32_t *omit, size_t n_omit)
{
	size_t n;
	const struct sim_step *steps = workload_steps(w->workload, &n);
	date_t day = DATE_NONE;

	plan_make(w, n, omit, n_omit);
	for (size_t i = 0; i < n && !w->failed; i++) {
		w->step_now = i;
		faults_prepare(w);
		if (!left_out((uint32_t)steps[i].index, omit, n_omit))
			take_step(w, &steps[i], i + 1 < n ? &steps[i + 1] : NULL, &day);
	}
}

/* Everything is repaired, everybody comes back, and all must be well. */
static void come_to_an_end(struct world *w)
{
	struct err err = { 0 };

	w->step_now = LAST_STEP;
	w->n_faults = 0;
	ghosts_arrive(w, true);
	for (int s = 0; s < SIM_SERVICES; s++) {
		w->db[s].away_until_us = 0;
		/* What a log lost is found at assignment. */
		for (int slot = 0; slot < SLOTS && w->logs_cut > 0; slot++)
			if (w->instance[s][slot].up)
				w->instance[s][slot].task->stop = true;
	}
	w->broker_away_until_us = w->cache_away_until_us = 0;
	settle(w);
	/* A life without faults is only lived to compare its books with those of the life that is looked at closely. */
	if (!w->failed && w->faults_on && !invariants_at_end(w->invariants, &err))
		world_fail(w, "invariant", "at the end: %s", err.msg);
}

/* ---- making and unmaking ------------------------------------------------------------------------------------------------------------------------ */

static void make_world(struct world *w, uint64_t seed, unsigned life, bool tell)
{
	struct task task[TASKS_MAX];

	memcpy(task, w->task, sizeof(task));
	*w = (struct world){
		.seed = seed, .faults_on = life == LIFE_WITH_FAULTS, .tell = tell, .now_us = WORLD_BEGINS_US, .commit_of = -1
	};
	for (size_t i = 0; i < TASKS_MAX; i++)
		w->task[i].stack = task[i].stack;
	w->arena = arena_new(SOFT_BYTES, RUN_BYTES);
	sim_rng_seed(&w->schedule, seed, 1000 + life);
	sim_rng_seed(&w->chance, seed, 3);
	w->decoded = ARENA_ARRAY(w->arena, DECODED_MAX, struct decoded);
	log_make(w);
	cache_make(w);
	for (int s = 0; s < SIM_SERVICES; s++) {
		static const uint32_t weights[] = { 1, 4, 4, 12 };
		database_init(&w->db[s], (enum sim_service)s);
		group_make(w, (enum sim_service)s);
		for (int slot = 0; slot < SLOTS; slot++) {
			struct instance *in = &w->instance[s][slot];
			*in = (struct instance){ .world = w, .service = (enum sim_service)s, .slot = slot, .wanted = slot == 0 };
			in->weight = weights[sim_below(&w->schedule, ARRAY_LEN(weights))];
			in->task = &w->task[s * SLOTS + slot];
		}
	}
}

static void unmake_world(struct world *w)
{
	for (int s = 0; s < SIM_SERVICES; s++) {
		for (int slot = 0; slot < SLOTS; slot++)
			if (w->instance[s][slot].up)
				instance_crash(&w->instance[s][slot]);
		database_free(&w->db[s]);
	}
	if (w->shadow != NULL)
		database_free(w->shadow);
	for (size_t i = 0; i < TASKS_MAX; i++)
		task_clear(&w->task[i]);
	arena_free(w->arena);
}

static struct world the_world; /* too large for a stack, and its stacks are kept */

void world_run(uint64_t seed, unsigned life, bool tell, const uint32_t *omit, size_t n_omit, struct buf *digest_text,
	       struct result *ret)
{
	struct world *w = &the_world;
	jmp_buf escape;

	fault_hook = task_point;
	make_world(w, seed, life, tell);
	sim_world = w;
	w->escape = &escape;
	w->workload = workload_new(seed, left_out(OMIT_BOOKS, omit, n_omit));
	w->invariants = invariants_new(w);
	*ret = (struct result){ .ok = false };
	ret->comparable = workload_commutes(w->workload);
	if (setjmp(escape) == 0) {
		take_steps(w, omit, n_omit);
		if (!w->failed)
			come_to_an_end(w);
		if (!w->failed)
			sim_digest(w, &ret->digest);
		if (!w->failed && digest_text != NULL)
			sim_digest_text(w, digest_text);
	}
	w->running = NULL;
	w->escape = NULL;
	ret->comparable = ret->comparable && w->logs_cut == 0; /* what was lost comes again later */
	ret->restored = w->restores > 0;
	ret->ok = !w->failed;
	ret->err = w->err;
	ret->turns = w->turns;
	for (int s = 0; s < SIM_SERVICES; s++)
		ret->commits += w->db[s].commits;
	for (int k = 0; k < FAULTS_N; k++)
		ret->fired[k] = w->fired[k];
	invariants_free(w->invariants);
	workload_free(w->workload);
	unmake_world(w);
	sim_world = NULL;
}
