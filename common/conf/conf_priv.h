/* Inside conf only. */
#ifndef CONF_CONF_PRIV_H
#define CONF_CONF_PRIV_H

#include "conf/conf.h"

#include "arena/arena.h"

#define PREFIX       "OPENITEM_"
#define KAFKA_PREFIX "OPENITEM_KAFKA_"
#define SETTINGS_MAX 256
#define PROBLEMS_MAX 256
#define ALLOWED_MAX  64
#define ARENA_BYTES  (64u << 20) /* address space: an environment is at most some MiB */

struct setting {
	const char *name;
	const char *value; /* as it counts; NULL: none */
	bool given;
	bool secret;
};

struct conf {
	struct arena *arena;
	char *const *env;
	struct text own; /* "OPENITEM_CASH_" */
	struct setting settings[SETTINGS_MAX];
	size_t settings_n;
	const char *problems[PROBLEMS_MAX];
	size_t problems_n;
	const char *allowed[ALLOWED_MAX];
	size_t allowed_n;
};

/* A connection string with the password in it. */
bool conf_has_password(const char *value);

#endif
