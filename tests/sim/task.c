/* task: coroutines and who goes on. One thread: what looks concurrent is a choice of the seed. */
#include "world.h"

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define switch_begins(save, stack, n) __sanitizer_start_switch_fiber(save, stack, n)
#define switch_ended(save)            __sanitizer_finish_switch_fiber(save, NULL, NULL)
#define stack_is_new(stack)           __asan_unpoison_memory_region(stack, STACK_BYTES)
static const void *main_stack;
static size_t main_stack_n;
#else
#define switch_begins(save, stack, n) ((void)0)
#define switch_ended(save)            ((void)0)
#define stack_is_new(stack)           ((void)0)
#endif

struct world *sim_world;

/* ---- changing over ---------------------------------------------------------------------------------------------------------- */

static void to_scheduler(struct task *t)
{
	struct world *w = sim_world;

	switch_begins(t->state == TASK_ENDED || t->state == TASK_CRASHED ? NULL : &t->fake_stack, main_stack, main_stack_n);
	CHECK(swapcontext(&t->ctx, &w->scheduler) == 0);
	switch_ended(t->fake_stack);
}

static void begin(unsigned high, unsigned low)
{
	struct task *t = (struct task *)((uintptr_t)high << 32 | (uintptr_t)low);

#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(NULL, &main_stack, &main_stack_n);
#endif
	t->run(t);
	t->state = TASK_ENDED;
	to_scheduler(t);
}

static char *new_stack(void)
{
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(stack != MAP_FAILED);
	return stack;
}

void task_start(struct world *w, struct task *t, const char *name, struct instance *instance, void (*run)(struct task *))
{
	char *volatile stack = t->stack == NULL ? new_stack() : t->stack;

	stack_is_new(stack);
	*t = (struct task){ .stack = stack, .instance = instance, .run = run, .state = TASK_READY, .weight = 1 };
	snprintf(t->name, sizeof(t->name), "%s", name);
	CHECK(getcontext(&t->ctx) == 0);
	t->ctx.uc_stack = (stack_t){ .ss_sp = stack, .ss_size = STACK_BYTES };
	t->ctx.uc_link = &w->scheduler;
	/* makecontext hands ints over: a pointer in two halves. */
	makecontext(&t->ctx, (void (*)(void))begin, 2, (unsigned)((uintptr_t)t >> 32), (unsigned)((uintptr_t)t & 0xffffffffu));
}

void task_clear(struct task *t)
{
	*t = (struct task){ .stack = t->stack };
}

void task_pause(void)
{
	to_scheduler(sim_world->running);
}

void task_sleep(int64_t us)
{
	struct world *w = sim_world;
	struct task *t = w->running;

	if (t == NULL) {
		w->now_us += us;
		return;
	}
	t->state = TASK_ASLEEP;
	t->wake_us = w->now_us + us;
	to_scheduler(t);
}

/* ---- places ------------------------------------------------------------------------------------------------------------------- */

void task_point(const char *where)
{
	struct world *w = sim_world;
	struct task *t = w != NULL ? w->running : NULL;
	uint32_t down_ms;

	if (t == NULL)
		return;
	w->now_us += 3;
	if (t->instance != NULL && fault_here(w, FAULT_CRASH, &down_ms)) {
		t->instance->start_us = w->now_us + (int64_t)down_ms * 1000;
		story(w, "%s CRASHES at %s", t->name, where);
		t->state = TASK_CRASHED;
		to_scheduler(t);
	}
	if (sim_below(&w->schedule, 8) == 0)
		to_scheduler(t);
}

void world_fail(struct world *w, const char *code, const char *fmt, ...)
{
	char why[ERR_MSG_MAX + 1];
	va_list values;

	va_start(values, fmt);
	vsnprintf(why, sizeof(why), fmt, values);
	va_end(values);
	if (!w->failed) {
		err_set(&w->err, ERR_STOP, code, "%s", why);
		story(w, "WRONG: %s: %s", code, why);
	}
	w->failed = true;
	if (w->running != NULL) {
		w->running->state = TASK_CRASHED;
		to_scheduler(w->running);
	}
}

/* A broken CHECK of the product is a finding like any other (linked with --wrap). */
_Noreturn void __wrap_base_check_failed(const char *file, int line, const char *text);
_Noreturn void __real_base_check_failed(const char *file, int line, const char *text);
_Noreturn void __wrap_base_check_failed(const char *file, int line, const char *text)
{
	struct world *w = sim_world;

	if (w == NULL || (w->running == NULL && w->escape == NULL))
		__real_base_check_failed(file, line, text);
	world_fail(w, "check_failed", "%s:%d: %s", file, line, text);
	longjmp(*w->escape, 1);
}

/* ---- the scheduler -------------------------------------------------------------------------------------------------------------- */

static void resume(struct world *w, struct task *t)
{
	w->running = t;
	run_stop = t->stop;
	w->turns++;
	switch_begins(&w->scheduler_fake_stack, t->stack, STACK_BYTES);
	CHECK(swapcontext(&w->scheduler, &t->ctx) == 0);
	switch_ended(w->scheduler_fake_stack);
	w->running = NULL;
	if (t->state == TASK_CRASHED && t->instance != NULL)
		instance_crash(t->instance);
	else if (t->state == TASK_ENDED && t->instance != NULL)
		instance_ended(t->instance);
}

static bool may_run(const struct world *w, const struct task *t)
{
	if (t->state == TASK_READY)
		return true;
	/* A signal ends a sleep. */
	return t->state == TASK_ASLEEP && (t->stop || t->wake_us <= w->now_us || (t->waits != NULL && consumer_has(t->waits)));
}

bool task_turn(struct world *w, int64_t *ret_next_us)
{
	struct task *ready[TASKS_MAX];
	size_t n = 0;
	uint32_t weight = 0;

	*ret_next_us = INT64_MAX;
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *t = &w->task[i];
		if (may_run(w, t)) {
			ready[n++] = t;
			weight += t->weight;
		} else if (t->state == TASK_ASLEEP) {
			*ret_next_us = MIN(*ret_next_us, t->wake_us);
		}
	}
	if (n == 0)
		return false;
	uint32_t pick = sim_below(&w->schedule, weight);
	size_t at = 0;
	while (pick >= ready[at]->weight)
		pick -= ready[at++]->weight;
	ready[at]->state = TASK_READY;
	resume(w, ready[at]);
	return true;
}
