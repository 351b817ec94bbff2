/* run: start and stop of a service. */
#include "run/run.h"
#include "log/log.h"
#include "run/beside.h"
#include "run/loop.h"
#include "run/settings.h"

#include <signal.h>
#include <unistd.h>

#define EXIT_FATAL   70
#define STOP_SECONDS 4 /* after SIGTERM; who sent it expects an end within 5 */
#define VERSION      "0.1.0"

volatile int run_stop;

/* A server that hangs may hold up the end. What was committed is safe and the rest is done again, so we go without it. */
static void on_alarm(int signo)
{
	(void)signo;
	log_line(LOG_WARN, "stopped without waiting for a server that does not answer"); /* no lock, no malloc: log.h */
	_exit(0);
}

static void on_signal(int signo)
{
	(void)signo;
	if (!run_stop)
		alarm(STOP_SECONDS);
	run_stop = 1;
}

static int run_loop(struct loop *loop)
{
	bool fine = true;

	metrics_check_set(loop->ready_kafka, NULL);
	while (!run_stop && fine) {
		metrics_beat();
		fine = run_turn(loop);
	}
	log_line(LOG_INFO, "stopping");
	run_close(loop);
	return fine ? 0 : EXIT_FATAL;
}

int run_main(const struct run_service *service, int argc, char **argv)
{
	_cleanup_(conf_freep) struct conf *c = conf_new(service->core->name, environ);
	struct run_settings s = { 0 };
	struct loop loop = { .service = service };
	struct metrics_http *http = NULL;
	struct err err;
	int code;

	if (!run_configure(c, service, argc, argv, &s, &code))
		return code;
	log_open(&(struct log_conf){ .service = service->core->name,
				     .instance = s.instance,
				     .level = (enum log_level)s.log_level,
				     .format = (enum log_format)s.log_format });
	struct sigaction act = { .sa_handler = on_signal };
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	if (!run_open(&loop, &s, &err) || !metrics_http_start(&(struct metrics_http_conf){ .listen = s.admin,
											   .service = service->core->name,
											   .instance = s.instance,
											   .version = VERSION },
							      &err, &http)) {
		log_line(LOG_ERROR, "cannot start", LOG_ERR(&err));
		return CONF_EXIT_CODE;
	}
	log_line(LOG_INFO, "started", LOG_I("lanes", loop.lanes));
	beside_start(service->beside, s.database);
	code = run_loop(&loop);
	beside_stop();
	metrics_http_stop(http);
	return code;
}
