/* settings: what a service reads from its environment. Private to common/run. */
#ifndef OPENITEM_RUN_SETTINGS_H
#define OPENITEM_RUN_SETTINGS_H

#include "conf/conf.h"
#include "run/run.h"

#include <unistd.h>

struct run_settings {
	const char *brokers, *database, *admin, *redis, *redis_user, *instance;
	struct text redis_password;
	int64_t lanes, batch_max;
	size_t log_format, log_level;
};

/* True: go on. Otherwise *ret_exit is the exit code; every problem has been told on stderr (or --print-config printed). */
bool run_configure(struct conf *c, const struct run_service *service, int argc, char **argv, struct run_settings *s, int *ret_exit);

#endif
