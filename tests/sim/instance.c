/* instance: a process of a service: started, ended, crashed. */
#include "world.h"

#include "billing/billing.h"
#include "cash/cash.h"
#include "collections/collections.h"
#include "intake/intake.h"
#include "reporting/reporting.h"
#include "wire/wire.h"

#define SUPERVISOR_MS 300

static const struct run_service *const services[SIM_SERVICES] = {
	[SIM_INTAKE] = &intake_service,           [SIM_BILLING] = &billing_service,     [SIM_CASH] = &cash_service,
	[SIM_COLLECTIONS] = &collections_service, [SIM_REPORTING] = &reporting_service,
};

const struct run_service *sim_run_service(enum sim_service s)
{
	return services[s];
}

const struct instance *instance_running(void)
{
	return sim_world != NULL && sim_world->running != NULL ? sim_world->running->instance : NULL;
}

static void live(struct task *t)
{
	struct instance *in = t->instance;
	struct err err;

	if (!run_open(&in->loop, &in->settings, &err))
		world_fail(in->world, "cannot_start", "%s: %s", in->name, err.msg);
	while (!t->stop)
		if (!run_turn(&in->loop))
			world_fail(in->world, "fatal", "%s ended as FATAL", in->name);
	run_close(&in->loop);
}

void instance_start(struct instance *in)
{
	static const int64_t batches[] = { 1, 2, 7, BATCH_EVENTS_MAX };
	struct world *w = in->world;

	snprintf(in->name, sizeof(in->name), "%s#%d", services[in->service]->core->name, in->slot);
	in->settings = (struct run_settings){ .brokers = "the simulation",
					      .database = "",
					      .redis = "the simulation",
					      .instance = in->slot == 0 ? "0" : "1",
					      .lanes = LANES,
					      .batch_max = batches[sim_below(&w->chance, ARRAY_LEN(batches))] };
	in->loop = (struct loop){ .service = services[in->service] };
	in->up = in->wanted = true;
	task_start(w, in->task, in->name, in, live);
	in->task->weight = in->weight;
	story(w, "%s starts%s", in->name, in->old_build ? ", of the build before" : "");
}

/* What a process had is given back by whoever it was from: the server rolls back, the group waits for a while. */
static void clean_up(struct instance *in)
{
	struct loop *loop = &in->loop;

	store_crashed(in->store);
	in->store = NULL;
	consumer_crashed(in->consumer);
	in->consumer = NULL;
	producer_crashed(in->producer);
	in->producer = NULL;
	loop->store = NULL;
	loop->consumer = NULL;
	loop->producer = NULL;
	loop->seen = NULL;
	in->up = false;
	task_clear(in->task);
}

void instance_crash(struct instance *in)
{
	clean_up(in);
	run_close(&in->loop); /* with nothing open it only frees */
}

void instance_ended(struct instance *in)
{
	clean_up(in);
	story(in->world, "%s has stopped", in->name);
	in->start_us = in->world->now_us + SUPERVISOR_MS * 1000;
}

/* ---- the build before --------------------------------------------------------------------------------------------------------------- */

typedef bool decode_fn(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret);
decode_fn __real_wire_decode, __wrap_wire_decode, __real_wire_decode_strict, __wrap_wire_decode_strict;

/*
 * Decoding is pure: what one reader has decoded the others are given, too. Looked up by address, as the log keeps its records, but compared
 * by content: a rebuild frees what it has read.
 */
static bool decode_once(decode_fn *decode, const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a,
			struct err *err, void **ret)
{
	struct world *w = sim_world;
	struct decoded *d = &w->decoded[((uintptr_t)bytes >> 4) % DECODED_MAX];

	if (d->n != n || d->msg != m || d->decode != decode || memcmp(d->bytes, bytes, n) != 0) {
		void *event;
		if (!decode(m, bytes, n, w->arena, err, &event))
			return false;
		*d = (struct decoded){ arena_dup(w->arena, bytes, n), n, m, decode, event };
	}
	*ret = arena_dup(a, d->event, m->size); /* a rebuild takes the provenance off */
	return true;
}

bool __wrap_wire_decode(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret)
{
	return decode_once(__real_wire_decode, m, bytes, n, a, err, ret);
}

/* One kind of record in four was not there when the build before was made. */
bool __wrap_wire_decode_strict(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err,
			       void **ret)
{
	const struct instance *in = instance_running();

	if (!decode_once(__real_wire_decode_strict, m, bytes, n, a, err, ret))
		return false;
	if (in == NULL || !in->old_build)
		return true;
	struct text type = wire_event_type(m, *ret, a);
	if (text_hash(type, 1) % 4 != in->unknown_kind % 4)
		return true;
	return err_set(err, ERR_STOP, "unknown_field", "this build does not know " TEXT_FMT, TEXT_ARG(type));
}
