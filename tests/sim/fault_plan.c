/* fault_plan: what breaks in a run, decided by the seed before it begins. Each fault has a number, so that one can be left out. */
#include "world.h"

#include "base/fault.h"

#define MS 1000

static const struct {
	const char *name;
	uint32_t weight; /* how often it is in play */
	bool calls; /* happens at a call of a service; else in the world */
	uint32_t skip_bits; /* opportunities let by: fewer than 2^bits */
} kinds[FAULTS_N] = {
	[FAULT_CRASH] = { "crash", 6, true, 10 },
	[FAULT_STORE_LOST] = { "connection to the database lost", 2, true, 7 },
	[FAULT_COMMIT_UNKNOWN] = { "commit with unknown outcome", 4, true, 4 },
	[FAULT_STORE_BUSY] = { "deadlock", 1, true, 7 },
	[FAULT_ACK_LOST] = { "acknowledgements lost", 3, true, 4 },
	[FAULT_ACK_LATE] = { "acknowledgements late", 1, true, 4 },
	[FAULT_CONSUMER_FATAL] = { "consumer finished", 1, true, 7 },
	[FAULT_POISONED_BATCH] = { "batch refused by the server", 1, true, 4 },
	[FAULT_STORE_AWAY] = { "database away", 1, false, 9 },
	[FAULT_BROKER_AWAY] = { "broker away", 1, false, 9 },
	[FAULT_JOIN] = { "second instance joins or leaves", 3, false, 9 },
	[FAULT_ZOMBIE] = { "thought dead, and goes on", 4, false, 9 },
	[FAULT_STOP] = { "stopped and started", 1, false, 9 },
	[FAULT_CACHE_FORGETS] = { "cache forgets", 1, false, 9 },
	[FAULT_CACHE_STALE] = { "cache goes back", 2, false, 11 },
	[FAULT_CACHE_AWAY] = { "cache away", 1, false, 9 },
	[FAULT_DUPLICATE] = { "a stranger repeats itself", 2, false, 9 },
	[FAULT_RESTORE] = { "database restored from an older copy", 3, false, 11 },
	[FAULT_LOG_END] = { "log loses its end", 3, false, 10 },
	[FAULT_OLD_BUILD] = { "the build before", 2, false, 6 },
};

bool sim_any_cut;

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

static enum fault_kind any_kind(struct sim_rng *r)
{
	uint32_t sum = 0, pick;
	int kind = 0;

	for (int k = 0; k < FAULTS_N; k++)
		sum += kinds[k].weight;
	pick = sim_below(r, sum);
	while (pick >= kinds[kind].weight)
		pick -= kinds[kind++].weight;
	return (enum fault_kind)kind;
}

static bool omitted(uint32_t what, const uint32_t *omit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (omit[i] == what)
			return true;
	return false;
}

/* A seed has no to eight faults, one to four kinds in play, and one service more often than the others: rare combinations need company. */
void plan_make(struct world *w, size_t n_steps, const uint32_t *omit, size_t n_omit)
{
	struct sim_rng r;
	enum fault_kind in_play[4];

	sim_rng_seed(&r, w->seed, 100);
	uint32_t n_kinds = 1 + sim_below(&r, 4), n = sim_below(&r, 9);
	enum sim_service favourite = (enum sim_service)sim_below(&r, SIM_SERVICES);
	for (uint32_t i = 0; i < n_kinds; i++)
		in_play[i] = any_kind(&r);
	if (sim_any_cut)
		in_play[0] = FAULT_LOG_END;
	for (uint32_t i = 0; i < n; i++) {
		struct fault f = { .kind = in_play[sim_below(&r, n_kinds)], .index = i };
		f.service = sim_below(&r, 2) ? favourite : (enum sim_service)sim_below(&r, SIM_SERVICES);
		f.step = sim_below(&r, (uint32_t)n_steps);
		f.skip = sim_below(&r, 1u << (1 + sim_below(&r, kinds[f.kind].skip_bits)));
		f.arg = sim_below(&r, 4) == 0 ? sim_below(&r, 30000) : sim_below(&r, 500);
		if (w->faults_on && !omitted(OMIT_FAULT | i, omit, n_omit) && w->n_faults < FAULTS_MAX)
			w->fault[w->n_faults++] = f;
	}
}

static bool is_due(struct world *w, struct fault *f)
{
	if (f->fired || f->step > w->step_now)
		return false;
	if (f->skip > 0) {
		f->skip--;
		return false;
	}
	f->fired = true;
	w->fired[f->kind]++;
	return true;
}

bool fault_here(struct world *w, enum fault_kind kind, uint32_t *ret_arg)
{
	const struct instance *in = w->running != NULL ? w->running->instance : NULL;

	for (size_t i = 0; i < w->n_faults && in != NULL; i++) {
		struct fault *f = &w->fault[i];
		if (f->kind != kind || f->service != in->service || !is_due(w, f))
			continue;
		*ret_arg = f->arg;
		story(w, "FAULT %zu: %s, %s", f->index, in->name, fault_name(kind));
		return true;
	}
	return false;
}

/* ---- in the world ----------------------------------------------------------------------------------------------------------------- */

static void second_instance(struct world *w, struct instance *in)
{
	if (in->up) {
		in->task->stop = true;
		in->wanted = false;
		return;
	}
	in->wanted = true;
	in->start_us = w->now_us;
}

static void duplicate(struct world *w, const struct fault *f)
{
	size_t all = 0, pick;

	for (size_t t = 0; t < w->n_topics; t++)
		for (int32_t p = 0; w->topic[t].external && p < w->topic[t].partitions; p++)
			all += w->topic[t].part[p].n;
	if (all == 0)
		return;
	pick = f->arg % all;
	for (size_t t = 0; t < w->n_topics; t++)
		for (int32_t p = 0; w->topic[t].external && p < w->topic[t].partitions; p++) {
			struct log_topic *topic = &w->topic[t];
			if (pick >= topic->part[p].n) {
				pick -= topic->part[p].n;
				continue;
			}
			struct sim_record *again = arena_dup(w->arena, topic->part[p].record[pick], sizeof(*again));
			int32_t to = (int32_t)sim_below(&w->chance, (uint32_t)topic->partitions);
			log_append(w, topic, to, again);
			story(w, "%s[%d]@%zu is sent again to [%d]@%lld", topic->name, p, pick, to, (long long)again->offset);
			return;
		}
}

/*
 * Of an input that takes several transactions `openitem reposition` finds the record only when an outcome names it (cursor_missing): there is
 * one, or one may be in the hands of a reader of ar.intake, where such inputs come from.
 */
static bool within_long_input(struct world *w, const struct log_topic *t, int32_t partition)
{
	if (!sim_any_cut && strcmp(t->name, "ar.intake.v1") == 0 && group_holds_records(w, t, partition))
		return true;
	for (int s = 0; s < SIM_SERVICES; s++) {
		size_t n;
		const void *const *rows = mem_rows(w->db[s].mem, &cursor_table, &n);
		for (size_t i = 0; i < n; i++) {
			const struct cursor_row *c = rows[i];
			if (c->partition == partition && text_eq(c->topic, text_of(t->name)))
				return true;
		}
	}
	return false;
}

static void lose_log_end(struct world *w, const struct fault *f)
{
	static const char *const topics[] = { "ar.intake.v1", "ar.billing.v1", "ar.cash.v1", "ar.transfer.v1",
					      "ar.collections.v1" };
	struct log_topic *t = log_topic(w, topics[f->arg % ARRAY_LEN(topics)]);
	int32_t p = (int32_t)(f->arg / 5 % LANES);
	size_t n = MIN(t->part[p].n, (size_t)1 + f->arg / 15 % 4);

	if (n == 0 || w->restores > 0 || within_long_input(w, t, p))
		return;
	log_cut(w, t, p, n);
	w->logs_cut++;
	/* It has died for that, and everybody sees it come back and looks; or nobody sees it, as where another broker takes over. */
	if (f->arg % 7 < 2) {
		w->broker_away_until_us = MAX(w->broker_away_until_us, w->now_us + 20 * MS);
		group_cut_off(w);
	} else {
		w->cuts_unseen++;
	}
	story(w, "%s[%d] has lost its last %zu records and ends at %zu", t->name, p, n, t->part[p].n);
}

static void restore(struct world *w, struct database *db)
{
	/* A topic that was refilled has records before their turn, and outcomes that name places of before: rebuild refuses it. */
	if (db->copy == NULL || w->logs_cut > 0)
		return;
	w->restores++;
	mem_go_back(db->mem, db->copy);
	database_kick(w, db->service);
	invariants_restored(w->invariants, db->service);
	story(w, "the database of %s is as it was before", sim_run_service(db->service)->core->name);
}

static void old_build(struct world *w, struct instance *in, uint32_t arg)
{
	if (!in->up)
		return;
	in->old_build = true;
	in->unknown_kind = arg;
	in->task->stop = true;
	(void)w;
}

static void happen(struct world *w, struct fault *f)
{
	struct instance *in = w->instance[f->service];

	story(w, "FAULT %zu: %s (%s)", f->index, fault_name(f->kind), sim_run_service(f->service)->core->name);
	switch (f->kind) {
	case FAULT_STORE_AWAY:
		w->db[f->service].away_until_us = w->now_us + (int64_t)f->arg * MS;
		database_kick(w, f->service);
		break;
	case FAULT_BROKER_AWAY:
		w->broker_away_until_us = w->now_us + (int64_t)f->arg * MS;
		w->log_version++;
		break;
	case FAULT_JOIN:
		second_instance(w, &in[1]);
		break;
	case FAULT_ZOMBIE:
		if (!in[1].up)
			second_instance(w, &in[1]);
		group_zombie(w, &in[f->arg & 1 && in[1].up ? 1 : 0], (int64_t)f->arg * 30);
		break;
	case FAULT_STOP:
		in->task->stop = in->up;
		break;
	case FAULT_CACHE_FORGETS:
		cache_forget(w);
		break;
	case FAULT_CACHE_STALE:
		cache_go_back(w);
		break;
	case FAULT_CACHE_AWAY:
		w->cache_away_until_us = w->now_us + (int64_t)f->arg * MS;
		break;
	case FAULT_DUPLICATE:
		duplicate(w, f);
		break;
	case FAULT_RESTORE:
		restore(w, &w->db[f->service]);
		break;
	case FAULT_LOG_END:
		lose_log_end(w, f);
		break;
	case FAULT_OLD_BUILD:
		old_build(w, in, f->arg);
		break;
	case FAULT_CRASH:
	case FAULT_STORE_LOST:
	case FAULT_COMMIT_UNKNOWN:
	case FAULT_STORE_BUSY:
	case FAULT_ACK_LOST:
	case FAULT_ACK_LATE:
	case FAULT_CONSUMER_FATAL:
	case FAULT_POISONED_BATCH:
	case FAULTS_N:
		break;
	}
}

/* What is needed before: the older copies. */
void faults_prepare(struct world *w)
{
	for (size_t i = 0; i < w->n_faults; i++) {
		struct fault *f = &w->fault[i];
		if (f->step != w->step_now || f->fired)
			continue;
		if (f->kind == FAULT_CACHE_STALE)
			cache_remember(w);
		if (f->kind != FAULT_RESTORE)
			continue;
		mem_copy_free(w->db[f->service].copy);
		w->db[f->service].copy = mem_copy_new(w->db[f->service].mem);
	}
}

void faults_of_the_world(struct world *w)
{
	for (size_t i = 0; i < w->n_faults; i++) {
		struct fault *f = &w->fault[i];
		if (!kinds[f->kind].calls && is_due(w, f))
			happen(w, f);
	}
}
