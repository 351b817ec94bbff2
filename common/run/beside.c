/* beside: see beside.h. */
#include "run/beside.h"
#include "log/log.h"
#include "run/loop.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static struct {
	const struct run_beside *what;
	const char *conninfo;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopping;
	bool stop; /* under lock */
	/* of the thread */
	struct store *store;
	bool said;
} beside = { .lock = PTHREAD_MUTEX_INITIALIZER, .stopping = PTHREAD_COND_INITIALIZER };

/* One transaction, of one snapshot. *ret_again: there is more to do at once. */
static bool run_once(bool *ret_again, struct err *err)
{
	struct store_result *r;

	if (beside.store == NULL && !store_open(beside.conninfo, err, &beside.store))
		return false;
	if (!store_exec(beside.store,
			"BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '32MB'", 0,
			NULL, err) ||
	    !store_query(beside.store, beside.what->sql, 0, NULL, err, &r))
		return false;
	*ret_again = store_result_rows(r) > 0 && store_result_bool(r, 0, "again");
	store_result_free(r);
	return store_exec(beside.store, "COMMIT", 0, NULL, err);
}

/* What failed is tried again later, on another connection: nothing is lost, it only lags. */
static void give_up(const struct err *err)
{
	if (!beside.said)
		log_line(LOG_WARN, "work beside the loop waits", LOG_S("what", beside.what->name), LOG_ERR(err));
	beside.said = true;
	store_close(beside.store);
	beside.store = NULL;
}

/* False: it is time to stop. */
static bool wait_ms(int64_t ms)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&beside.lock);
	while (!beside.stop && pthread_cond_timedwait(&beside.stopping, &beside.lock, &until) == 0)
		;
	stop = beside.stop;
	pthread_mutex_unlock(&beside.lock);
	return !stop;
}

static void *work(void *unused)
{
	int64_t took_ms = 0;
	bool again = false;

	(void)unused;
	/* When there is much to do the loop has much to do, too: it gets the other half. */
	while (wait_ms(again ? took_ms : beside.what->every_ms)) {
		int64_t begun_ms = run_now_ms();
		struct err err;

		again = false;
		if (!run_once(&again, &err)) {
			give_up(&err);
			continue;
		}
		if (beside.said)
			log_line(LOG_INFO, "work beside the loop goes on", LOG_S("what", beside.what->name));
		beside.said = false;
		took_ms = run_now_ms() - begun_ms;
	}
	store_close(beside.store);
	beside.store = NULL;
	return NULL;
}

void beside_start(const struct run_beside *what, const char *conninfo)
{
	sigset_t all, before;

	if (what == NULL)
		return;
	beside.what = what;
	beside.conninfo = conninfo;
	/* Signals are for the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	CHECK(pthread_create(&beside.thread, NULL, work, NULL) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void beside_stop(void)
{
	if (beside.what == NULL)
		return;
	pthread_mutex_lock(&beside.lock);
	beside.stop = true;
	pthread_cond_signal(&beside.stopping);
	pthread_mutex_unlock(&beside.lock);
	pthread_join(beside.thread, NULL);
	beside.what = NULL;
}
