#include "run/settings.h"
#include "run/loop.h"

static const char *const log_formats[] = { "auto", "json", "logfmt" };
static const char *const log_levels[] = { "debug", "info", "warn", "error" };

static const char *variable(const char *service, const char *suffix)
{
	static char names[4][64];
	static int turn;
	char *name = names[turn++ & 3];
	size_t n = (size_t)snprintf(name, sizeof(names[0]), "OPENITEM_%s_%s", service, suffix);

	for (size_t i = 0; i < n; i++)
		if (name[i] >= 'a' && name[i] <= 'z')
			name[i] = (char)(name[i] - 'a' + 'A');
	return name;
}

static void read_settings(struct conf *c, const struct run_service *service, struct run_settings *s)
{
	const char *database = variable(service->core->name, "DATABASE");
	const char *admin = variable(service->core->name, "ADMIN");

	conf_required(c, "OPENITEM_KAFKA_BROKERS", "host:port[,host:port]", &s->brokers);
	conf_required(c, database, "a libpq connection string", &s->database);
	conf_address(c, admin, "127.0.0.1:0", true, &s->admin);
	/* Of the tools: they are in the environment when somebody starts a service by hand. */
	conf_allow(c, variable(service->core->name, "DATABASE_RO"));
	conf_allow(c, variable(service->core->name, "DATABASE_OWNER"));
	conf_required_integer(c, "OPENITEM_LANES", 1, LANES_OWNED_MAX, &s->lanes);
	conf_integer(c, "OPENITEM_BATCH_EVENTS_MAX", BATCH_EVENTS_MAX, 1, PENDING_MAX, &s->batch_max);
	conf_optional(c, "OPENITEM_INSTANCE", "0", "a name, unique among the instances of a service", &s->instance);
	conf_choice(c, "OPENITEM_LOG_FORMAT", 0, log_formats, ARRAY_LEN(log_formats), &s->log_format);
	conf_choice(c, "OPENITEM_LOG_LEVEL", 1, log_levels, ARRAY_LEN(log_levels), &s->log_level);
	if (service->gate != NULL) {
		conf_address(c, "OPENITEM_REDIS", "", false, &s->redis);
		conf_optional(c, "OPENITEM_REDIS_USER", "", "a Redis ACL user", &s->redis_user);
		conf_secret(c, "OPENITEM_REDIS_PASSWORD", "", &s->redis_password);
	} else {
		conf_allow(c, "OPENITEM_REDIS*");
	}
}

bool run_configure(struct conf *c, const struct run_service *service, int argc, char **argv, struct run_settings *s, int *ret_exit)
{
	read_settings(c, service, s);
	bool fine = conf_finish(c);
	for (size_t i = 0; i < conf_problems(c); i++)
		fprintf(stderr, "openitem-%s: %s\n", service->core->name, conf_problem(c, i));
	if (argc > 1 && strcmp(argv[1], "--print-config") == 0) {
		_cleanup_(buf_free) struct buf out = { 0 };
		conf_print(c, &out);
		printf("%s", out.s == NULL ? "" : out.s);
		*ret_exit = fine ? 0 : CONF_EXIT_CODE;
		return false;
	}
	*ret_exit = CONF_EXIT_CODE;
	return fine;
}
