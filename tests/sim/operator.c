/* operator: `openitem tick` with the tool's own barrier. What is done about lanes that stopped is in repair.c. */
#include "world.h"

#include "cli/cli.h"
#include "cli/day.h"
#include "cli/kafka.h"
#include "cli/settle.h"

#define TRY_AGAIN_US 5000000

/* ---- is anything left? ---------------------------------------------------------------------------------------------------------------- */

static bool positions_are_at_end(struct world *w, enum sim_service s, char *place, size_t size)
{
	const struct run_service *service = sim_run_service(s);
	size_t n;
	const void *const *rows = mem_rows(w->db[s].mem, &position_table, &n);

	for (size_t i = 0; i < service->n_sources; i++) {
		const struct log_topic *t = log_topic(w, service->sources[i].topic);
		for (int32_t p = 0; p < t->partitions; p++) {
			int64_t is = 0;
			for (size_t k = 0; k < n; k++) {
				const struct position_row *row = rows[k];
				if (row->partition == p && text_eq(row->topic, text_of(t->name)))
					is = row->next_offset;
			}
			if (is == (int64_t)t->part[p].n)
				continue;
			snprintf(place, size, "%s stands at %lld of %zu in %s[%d]", service->core->name, (long long)is,
				 t->part[p].n, t->name, p);
			return false;
		}
	}
	return true;
}

static bool all_is_published(struct world *w, enum sim_service s, char *place, size_t size)
{
	size_t n;
	const void *const *rows = mem_rows(w->db[s].mem, &lane_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct lane_row *l = rows[i];
		if (l->published_seq == l->seq && text_empty(l->stopped))
			continue;
		snprintf(place, size, "%s lane %d has published %lld of %lld" TEXT_FMT, sim_run_service(s)->core->name, l->lane,
			 (long long)l->published_seq, (long long)l->seq, TEXT_ARG(l->stopped));
		return false;
	}
	return true;
}

bool world_is_quiet(struct world *w, char *ret_place, size_t size)
{
	for (int s = 0; s < SIM_SERVICES; s++)
		for (int slot = 0; slot < SLOTS; slot++) {
			const struct instance *in = &w->instance[s][slot];
			if (!in->wanted || in->up)
				continue;
			snprintf(ret_place, size, "%s is down", in->name);
			return false;
		}
	for (int s = 0; s < SIM_SERVICES; s++)
		if (!positions_are_at_end(w, (enum sim_service)s, ret_place, size) ||
		    !all_is_published(w, (enum sim_service)s, ret_place, size))
			return false;
	return w->ghosts == NULL;
}

/* ---- the day ------------------------------------------------------------------------------------------------------------------------------ */

struct tick {
	date_t day, before;
	bool done, ok;
	struct err err;
};

/* All that reporting knows, as `openitem tick` asks it. */
static size_t known_entities(struct world *w, struct text *ret, size_t max)
{
	const struct database *db = &w->db[SIM_REPORTING];
	size_t n_rows, n = 0;

	for (size_t t = 0; t < db->n_tables; t++) {
		const struct table *table = db->tables[t];
		if (strcmp(table->name, "entity") != 0)
			continue;
		const void *const *rows = mem_rows(db->mem, table, &n_rows);
		for (size_t i = 0; i < n_rows && n < max; i++)
			for (int c = 0; c < table->n_cols; c++)
				if (strcmp(table->cols[c].name, "entity") == 0)
					memcpy(&ret[n++], (const char *)rows[i] + table->cols[c].offset, sizeof(struct text));
	}
	return n;
}

static bool say(struct world *w, enum day_kind kind, date_t day, struct err *err)
{
	struct text *entities = ARENA_ARRAY(w->arena, 32, struct text);
	struct bus_header headers[KAFKA_HEADERS_MAX];
	char s[DATE_TEXT_SIZE];
	struct event ev;
	size_t n = day_sort_entities(entities, known_entities(w, entities, 32));

	if (n == 0)
		return true;
	if (!day_event(kind, day, entities, n, TEXT("/openitem/cli/tick"), w->arena, err, &ev))
		return false;
	struct bus_out out = { .key = ev.key, .value = ev.value, .headers = headers };
	out.headers_n = kafka_headers(&ev, w->arena, headers);
	struct log_topic *t = log_topic(w, ev.topic->topic);
	log_append(w, t, bus_partition_of(ev.key, t->partitions), log_record(w, &out));
	story(w, "the operator says that %s is %s", date_format(s, day), kind == DAY_OPENED ? "open" : "closed");
	return true;
}

/* Nobody sends anything while tick runs. So where nothing breaks either, nothing may be on its way when the barrier has been passed. */
static bool nothing_on_its_way(struct world *w)
{
	char place[300];

	if (w->n_faults == 0 && !world_is_quiet(w, place, sizeof(place)))
		world_fail(w, "closed_too_early", "the day is closed, and %s", place);
	return true;
}

static void tick(struct task *task)
{
	struct world *w = sim_world;
	struct cli cli = { .arena = w->arena };
	struct tick *t = w->tick;
	struct settle *s = NULL;

	(void)task;
	t->ok = say(w, DAY_OPENED, t->day, &t->err) && settle_open(&cli, &t->err, &s) &&
		settle_run(s, SETTLE_BARRIER, 0, NULL, &t->err) && nothing_on_its_way(w) &&
		(t->before == DATE_NONE || say(w, DAY_CLOSED, t->before, &t->err));
	settle_close(s);
	if (!t->ok)
		story(w, "tick ends: %s: %s", t->err.code, t->err.msg);
	t->done = true;
}

bool operator_ticks(struct world *w, date_t day, date_t before)
{
	struct task *task = &w->task[TASKS_MAX - 1];
	bool ok = false;

	while (!ok && !w->failed) {
		w->tick = ARENA_NEW(w->arena, struct tick);
		*w->tick = (struct tick){ .day = day, .before = before };
		task_start(w, task, "the operator", NULL, tick);
		while (!w->tick->done && !w->failed)
			world_goes_on(w);
		task_clear(task);
		ok = w->tick->ok;
		if (ok || w->failed)
			break;
		operator_looks(w);
		for (int64_t again_us = w->now_us + TRY_AGAIN_US; w->now_us < again_us && !w->failed;)
			world_goes_on(w);
	}
	return ok;
}
