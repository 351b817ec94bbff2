/* world: what the files of the simulation share. Private to tests/sim; what workload and invariants see is sim.h. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim.h"

#include "run/loop.h"
#include "run/settings.h"

#include <setjmp.h>
#include <ucontext.h>

#define LANES            3
#define TOPICS_MAX       20
#define PARTITIONS_MAX   4
#define SLOTS            2 /* instances of a service */
#define TASKS_MAX        (SIM_SERVICES * SLOTS + 1)
#define WORLD_BEGINS_US  ((int64_t)1772000000 * 1000000)
#define STACK_BYTES      ((size_t)512 << 10)
#define FAULTS_MAX       16
#define LANES_LOCKED_MAX 64 /* of one database: the gate has one per external partition */

/* ---- what may break ------------------------------------------------------------------------------------------------------- */

enum fault_kind {
	/* where a service calls something: at its `skip`-th call after the step */
	FAULT_CRASH, /* the process ends, at any call or failpoint; started again after a while */
	FAULT_STORE_LOST, /* the connection ends; what had not been committed is rolled back */
	FAULT_COMMIT_UNKNOWN, /* committed, and then the connection ends */
	FAULT_STORE_BUSY, /* a deadlock: this transaction only */
	FAULT_ACK_LOST, /* records are in the log, the producer is told that it is finished */
	FAULT_ACK_LATE, /* acknowledged much later */
	FAULT_CONSUMER_FATAL, /* the consumer is finished */
	FAULT_POISONED_BATCH, /* the store refuses a batch once: its records go one by one */
	/* in the world: when `skip` turns have passed after the step */
	FAULT_STORE_AWAY, /* one database cannot be reached for a while */
	FAULT_BROKER_AWAY, /* nobody reads or writes for a while */
	FAULT_JOIN, /* a second instance joins, or leaves */
	FAULT_ZOMBIE, /* an instance is thought dead by the group, and goes on */
	FAULT_STOP, /* SIGTERM and start again */
	FAULT_CACHE_FORGETS,
	FAULT_CACHE_STALE, /* goes back to an older copy */
	FAULT_CACHE_AWAY,
	FAULT_DUPLICATE, /* a stranger sends a record again */
	FAULT_RESTORE, /* a database goes back to an older copy */
	FAULT_LOG_END, /* a partition loses its unflushed end */
	FAULT_OLD_BUILD, /* an instance of the build before: does not know one kind of record */
	FAULTS_N,
};

struct fault {
	enum fault_kind kind;
	enum sim_service service;
	size_t index; /* its number in the plan: stays the same when others are left out */
	size_t step; /* armed from this step on */
	uint32_t skip; /* opportunities let by first */
	uint32_t arg; /* how long, how much, which: by kind */
	bool fired;
};

/* ---- the log -------------------------------------------------------------------------------------------------------------- */

struct log_partition {
	struct sim_record **record;
	size_t n, cap;
};

struct log_topic {
	const char *name;
	int32_t partitions;
	bool external, inner; /* neither: dead letters */
	struct log_partition part[PARTITIONS_MAX];
};

/* ---- databases ------------------------------------------------------------------------------------------------------------ */

struct lane_lock {
	int32_t lane;
	struct store *holder;
};

struct database {
	enum sim_service service;
	const struct table *tables[64];
	size_t n_tables;
	struct mem *mem;
	int birth; /* which database this is: a rebuild of an older one makes another */
	bool held; /* nobody may begin a transaction */
	struct lane_lock lock[LANES_LOCKED_MAX];
	size_t n_locks;
	int64_t away_until_us;
	struct mem_copy *copy; /* taken earlier, for FAULT_RESTORE */
	uint64_t commits;
};

/* ---- instances and tasks ------------------------------------------------------------------------------------------------- */

struct instance;

enum task_state { TASK_NONE, TASK_READY, TASK_ASLEEP, TASK_ENDED, TASK_CRASHED };

/* A coroutine: an instance of a service, or the operator. */
struct task {
	ucontext_t ctx;
	char *stack;
	char name[24];
	struct instance *instance; /* NULL: the operator */
	void (*run)(struct task *task);
	enum task_state state;
	int64_t wake_us; /* asleep until then, ... */
	struct bus_consumer *waits; /* ... or until this has something */
	bool stop; /* SIGTERM was sent */
	uint32_t weight; /* how often it gets its turn */
	void *fake_stack; /* AddressSanitizer's */
};

struct instance {
	struct world *world;
	enum sim_service service;
	int slot;
	char name[24];
	struct run_settings settings;
	struct loop loop;
	struct task *task;
	bool up, wanted; /* runs; should run (is started again at start_us) */
	int64_t start_us;
	bool old_build;
	uint32_t unknown_kind; /* what an old build does not know */
	uint32_t weight; /* how often it gets its turn */
	struct store *store; /* the newest it opened, to give its locks back after a crash */
	struct bus_producer *producer;
	struct bus_consumer *consumer;
};

/* Records decoded before, by where their bytes lie in the log. */
#define DECODED_MAX 4096
struct decoded {
	const void *bytes; /* a copy */
	size_t n;
	const struct wire_msg *msg;
	bool (*decode)(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret);
	void *event;
};

struct world {
	struct sim_rng schedule, chance; /* who goes on; what else is left to chance */
	struct arena *arena; /* the log, and everything that lives until the end */
	struct arena *scratch;
	uint64_t seed;
	bool faults_on, tell;
	int64_t now_us;
	uint64_t turns;
	/* the plan */
	struct fault fault[FAULTS_MAX];
	size_t n_faults, step_now;
	/* the parts */
	struct log_topic topic[TOPICS_MAX];
	size_t n_topics;
	uint64_t log_version; /* changes with everything a waiting consumer may care about */
	int64_t broker_away_until_us, cache_away_until_us;
	struct database db[SIM_SERVICES];
	struct instance instance[SIM_SERVICES][SLOTS];
	struct task task[TASKS_MAX];
	struct task *running; /* NULL: the scheduler */
	ucontext_t scheduler;
	void *scheduler_fake_stack;
	struct group *group[SIM_SERVICES];
	struct cache *cache;
	struct decoded *decoded;
	struct ghost *ghosts; /* records of dead producers that arrive later */
	/* what is checked */
	struct workload *workload;
	struct invariants *invariants;
	int commit_of; /* service whose commit is to be looked at, -1: none */
	struct tick *tick; /* what the operator does */
	bool failed;
	struct err err; /* why */
	jmp_buf *escape; /* where a broken CHECK outside of tasks goes */
	uint64_t fired[FAULTS_N], logs_cut, cuts_unseen, restores;
	bool repaired; /* what the operator does has been done */
	struct database *shadow; /* of a rebuild that is going on */
};

extern struct world *sim_world; /* the one that runs: store.h, bus.h and seen.h know nothing of worlds */

/* ---- task.c ---------------------------------------------------------------------------------------------------------------- */
void task_start(struct world *w, struct task *task, const char *name, struct instance *instance, void (*run)(struct task *));
/* Gives the turn to the scheduler; comes back when it is our turn again. */
void task_pause(void);
/* A place where others may get their turn, and where this one may crash. */
void task_point(const char *where);
void task_sleep(int64_t us);
/* One turn of somebody. False: everybody sleeps (until *ret_next_us). */
bool task_turn(struct world *w, int64_t *ret_next_us);
/* Forgets a task that ended or crashed. */
void task_clear(struct task *task);
bool task_is_running(const struct world *w);
/* The world has found something wrong: remembers it, and does not come back when a task is running. */
void world_fail(struct world *w, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- instance.c ------------------------------------------------------------------------------------------------------------ */
void instance_start(struct instance *in);
/* The process ends here and now. */
void instance_crash(struct instance *in);
/* After its task ended by itself. */
void instance_ended(struct instance *in);
const struct instance *instance_running(void);

/* ---- log.c, group.c, producer.c ---------------------------------------------------------------------------------------------- */
void log_make(struct world *w);
struct log_topic *log_topic(struct world *w, const char *name);
/* A copy that belongs to the world; then its place in the log. */
struct sim_record *log_record(struct world *w, const struct bus_out *out);
void log_append(struct world *w, struct log_topic *t, int32_t partition, struct sim_record *r);
void log_cut(struct world *w, struct log_topic *t, int32_t partition, size_t n);
void log_view(const struct log_topic *t, uint32_t topic_at, int32_t partition, struct sim_record *r, struct bus_record *ret);
/* Waits for a broker as long as a client does. */
bool broker_answers(struct world *w, const char *where, struct err *err);

void group_make(struct world *w, enum sim_service s);
/* The broker has closed every connection: each reader says so at its next poll, also when the broker is back by then. */
void group_cut_off(struct world *w);
/* Has a reader records of this partition that it has not committed yet? */
bool group_holds_records(struct world *w, const struct log_topic *t, int32_t partition);
/* Members that died some time ago are found out. Returns when to look next. */
int64_t groups_notice(struct world *w);
void group_zombie(struct world *w, struct instance *in, int64_t for_us);
/* Something to give: an event, or a record. */
bool consumer_has(const struct bus_consumer *c);
void consumer_crashed(struct bus_consumer *c);
void producer_crashed(struct bus_producer *p);
void ghosts_arrive(struct world *w, bool all);

/* ---- store.c ---------------------------------------------------------------------------------------------------------------- */
void database_init(struct database *db, enum sim_service s);
void database_free(struct database *db);
/* Waits for transactions that have begun; until held is false again nobody begins another. */
void database_hold(struct world *w, struct database *db);
/* What was filled in the shadow becomes live. */
void database_swap(struct world *w, struct database *live, struct database *shadow);
/* The server notices that a client is gone: rolled back, locks given up. */
void store_crashed(struct store *store);
/* A store for the operator. */
struct store *store_on(struct world *w, struct database *db);
/* Every connection to it ends. */
void database_kick(struct world *w, enum sim_service s);

/* ---- cache.c ---------------------------------------------------------------------------------------------------------------- */
void cache_make(struct world *w);
void cache_remember(struct world *w);
void cache_forget(struct world *w);
void cache_go_back(struct world *w);

/* ---- fault_plan.c ------------------------------------------------------------------------------------------------------------ */
void plan_make(struct world *w, size_t n_steps, const uint32_t *omit, size_t n_omit);
/* At each step: what faults to come need (older copies). */
void faults_prepare(struct world *w);
/* At a call of the running instance: does this break now? *ret_arg as planned. */
bool fault_here(struct world *w, enum fault_kind kind, uint32_t *ret_arg);
/* What happens in the world by itself. */
void faults_of_the_world(struct world *w);
const char *fault_name(enum fault_kind kind);
/* Logs lose their ends in every life, ar.intake also while a reader holds records of it: for the mutant that ignores gaps, which needs that to show. */
extern bool sim_any_cut;

/* ---- operator.c, repair.c -------------------------------------------------------------------------------------------------------------- */
/* Nothing is left anywhere: every log read to its end, every outcome published and marked. */
bool world_is_quiet(struct world *w, char *ret_place, size_t size);
bool operator_ticks(struct world *w, date_t day, date_t before);
/* Looks for stopped lanes and does what their alerts say, until all run. False: there was none. */
bool operator_looks(struct world *w);

/* ---- story.c ----------------------------------------------------------------------------------------------------------------- */
void story(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- world.c ------------------------------------------------------------------------------------------------------------------- */

#define OMIT_FAULT 0x80000000u /* in a list of omissions: a fault; without it: a step */
#define OMIT_BOOKS 0x40000000u /* all that the workload learnt with the books in full: what is left is the spine's plan */

struct result {
	bool ok;
	struct err err;
	bool comparable;
	bool restored; /* a database went back */
	struct id_hash digest;
	uint64_t turns, commits, fired[FAULTS_N];
};

/* Somebody's turn, or the clock's. */
void world_goes_on(struct world *w);
/* One life of the world: 0 with the faults of the seed; 1, 2 ... without, each scheduled in another way. */
#define LIFE_WITH_FAULTS 0u
void world_run(uint64_t seed, unsigned life, bool tell, const uint32_t *omit, size_t n_omit, struct buf *digest_text,
	       struct result *ret);

#endif
