/* Every property of librdkafka that we set, and the environment's. */
#include "bus/bus_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ENV_PREFIX  "OPENITEM_KAFKA_"
#define FILE_SUFFIX "_FILE"
#define SECRET_MAX  65536 /* a PEM chain fits */

struct property {
	const char *name, *value;
};

static const struct property for_all[] = {
	{ "socket.nagle.disable", "true" },
	{ "socket.keepalive.enable", "true" },
	{ "reconnect.backoff.ms", "100" },
	{ "reconnect.backoff.max.ms", "1000" }, /* how late we notice that a broker is back */
	{ "log.connection.close", "false" },
	{ "topic.metadata.refresh.interval.ms", "10000" }, /* finds a topic that is made after we subscribed */
	{ NULL, NULL },
};

static const struct property for_consumer[] = {
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "error" },
	{ "enable.partition.eof", "false" },
	{ "allow.auto.create.topics", "false" },
	{ "partition.assignment.strategy", "range" }, /* cooperative-sticky hangs with static membership */
	{ "isolation.level", "read_committed" },
	{ "check.crcs", "true" },
	{ "queued.max.messages.kbytes", "65536" }, /* a full queue sleeps 1 s: never less than 32768 */
	{ "fetch.error.backoff.ms", "50" },
	{ "fetch.wait.max.ms", "200" }, /* idle fetches cost the broker CPU; one under way delays seek and resume, never delivery */
	{ "session.timeout.ms", "15000" }, /* a restart (2 s) must not move lanes; a death may take this long */
	{ "heartbeat.interval.ms", "1000" }, /* how fast a rebalance is noticed */
	{ NULL, NULL },
};

static const struct property for_reader[] = {
	{ "enable.partition.eof", "true" },
	{ "queued.max.messages.kbytes", "131072" }, /* rebuilds are faster than a second's sleep forgives */
	{ "queued.min.messages", "500000" },
	{ NULL, NULL },
};

static const struct property for_producer[] = {
	{ "enable.idempotence", "true" },
	{ "enable.gapless.guarantee", "true" },
	{ "acks", "all" },
	{ "message.timeout.ms", "0" },
	{ "partitioner", "murmur2_random" },
	{ "compression.type", "lz4" },
	{ "queue.buffering.max.messages", "100000" },
	{ "queue.buffering.max.kbytes", "262144" },
	{ "message.max.bytes", "2097152" }, /* a record of 1 MiB with dead-letter headers; README */
	{ NULL, NULL },
};

/* Correctness rests on these, or the caller says them. */
static const char *const fixed[] = {
	"bootstrap.servers",
	"metadata.broker.list",
	"client.id",
	"group.id",
	"group.instance.id",
	"enable.auto.commit",
	"auto.commit.enable",
	"enable.auto.offset.store",
	"auto.offset.reset",
	"offset.store.method",
	"enable.partition.eof",
	"allow.auto.create.topics",
	"partition.assignment.strategy",
	"isolation.level",
	"enable.idempotence",
	"enable.gapless.guarantee",
	"acks",
	"request.required.acks",
	"message.timeout.ms",
	"delivery.timeout.ms",
	"transactional.id",
	"partitioner",
	"delivery.report.only.error",
	"enabled_events",
};

static bool bad_setting(struct err *err, const char *name, const char *why)
{
	return err_set(err, ERR_FATAL, "kafka_setting", "%s: %s", name, why);
}

static bool set(rd_kafka_conf_t *k, const char *name, const char *value, struct err *err)
{
	char why[300];

	if (rd_kafka_conf_set(k, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return true;
	return bad_setting(err, name, why);
}

static bool set_all(rd_kafka_conf_t *k, const struct property *p, struct err *err)
{
	for (; p->name != NULL; p++) {
		if (!set(k, p->name, p->value, err))
			return false;
	}
	return true;
}

/* ---- the environment ---- */

/* "SECURITY_PROTOCOL" -> "security.protocol", or with underscores left when librdkafka knows it so (log_level). */
static void property_name(char *ret, size_t size, struct text env_name, bool dots)
{
	size_t n = MIN(env_name.n, size - 1);

	for (size_t i = 0; i < n; i++) {
		char c = env_name.s[i];

		ret[i] = c == '_' && dots ? '.' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ret[n] = '\0';
}

/* Content without the line end behind it; NULL with *err. To be freed. */
static char *file_content(const char *variable, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *s = fd < 0 ? NULL : calloc(1, SECRET_MAX + 1);
	ssize_t got = fd < 0 ? -1 : 0;
	size_t n = 0;

	if (s != NULL) {
		while (n < SECRET_MAX && (got = read(fd, s + n, SECRET_MAX - n)) > 0)
			n += (size_t)got;
	}
	if (got < 0 || n == SECRET_MAX) {
		err_set(err, ERR_FATAL, "kafka_setting", "%s: cannot read %s: %s", variable, path,
			got < 0 ? strerror(errno) : "too large");
		free(s);
		s = NULL;
	}
	if (fd >= 0)
		close(fd);
	if (s != NULL && n > 0 && s[n - 1] == '\n')
		s[--n] = '\0';
	return s;
}

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		if (strcmp(name, fixed[i]) == 0)
			return true;
	}
	return false;
}

/* variable: as it stands in the environment; env_name: without what is before and behind the property's name. */
static bool set_from_env(rd_kafka_conf_t *k, const char *variable, struct text env_name, const char *value, struct err *err)
{
	char name[128], why[300];
	rd_kafka_conf_res_t result;

	property_name(name, sizeof(name), env_name, true);
	if (is_fixed(name))
		return bad_setting(err, variable, "is decided by openitem (common/bus/README.md)");
	result = rd_kafka_conf_set(k, name, value, why, sizeof(why));
	if (result == RD_KAFKA_CONF_UNKNOWN) {
		char other[128];

		property_name(other, sizeof(other), env_name, false);
		if (is_fixed(other))
			return bad_setting(err, variable, "is decided by openitem (common/bus/README.md)");
		if (rd_kafka_conf_set(k, other, value, NULL, 0) == RD_KAFKA_CONF_OK)
			return true;
		return err_set(err, ERR_FATAL, "kafka_setting", "%s: librdkafka has no property %s", variable, name);
	}
	return result == RD_KAFKA_CONF_OK || bad_setting(err, variable, why);
}

static bool set_env_entry(rd_kafka_conf_t *k, const char *entry, struct err *err)
{
	const char *equals = strchr(entry, '=');
	struct text name = { entry, equals == NULL ? 0 : (size_t)(equals - entry) };

	if (equals == NULL || equals[1] == '\0' || !text_starts(name, TEXT(ENV_PREFIX)))
		return true;
	name.s += strlen(ENV_PREFIX);
	name.n -= strlen(ENV_PREFIX);
	if (text_eq(name, TEXT("BROKERS")) || text_eq(name, TEXT("VERSION")))
		return true;

	size_t suffix = strlen(FILE_SUFFIX);
	char variable[160];

	snprintf(variable, sizeof(variable), ENV_PREFIX TEXT_FMT, TEXT_ARG(name));
	if (name.n <= suffix || memcmp(name.s + name.n - suffix, FILE_SUFFIX, suffix) != 0)
		return set_from_env(k, variable, name, equals + 1, err);
	name.n -= suffix;

	char *content = file_content(variable, equals + 1, err);
	bool ok = content != NULL && set_from_env(k, variable, name, content, err);

	free(content);
	return ok;
}

/* ---- callbacks ---- */

/* From librdkafka's threads. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
	const struct bus_common *common = rd_kafka_opaque(rk);

	/* Consumer properties given to a producer and the other way round: pass-through does that on purpose. */
	if (common == NULL || common->log == NULL || strcmp(facility, "CONFWARN") == 0)
		return;
	common->log(level, facility, line);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct bus_common *common = opaque;

	if (code == RD_KAFKA_RESP_ERR__FATAL) {
		common->fatal = true;
		rd_kafka_fatal_error(rk, common->reason, sizeof(common->reason));
	} else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		common->connection_lost = true; /* the reason is what was said before */
	} else if (!common->fatal) {
		common->connection_lost |= code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
		snprintf(common->reason, sizeof(common->reason), "%s", reason);
	}
	if (common->fatal)
		rd_kafka_yield(rk);
}

/* ---- a client ---- */

static bool set_role(rd_kafka_conf_t *k, const struct bus_conf *conf, enum bus_role role, int linger_ms, struct err *err)
{
	char linger[16];

	if (role == BUS_ROLE_PRODUCER) {
		snprintf(linger, sizeof(linger), "%d", linger_ms);
		return set_all(k, for_producer, err) && set(k, "linger.ms", linger, err);
	}
	if (!set_all(k, for_consumer, err))
		return false;
	if (role == BUS_ROLE_READER) /* the group is a name only: a reader never joins it */
		return set_all(k, for_reader, err) &&
		       set(k, "group.id", conf->group == NULL ? "openitem-reader" : conf->group, err);
	if (role == BUS_ROLE_CONSUMER)
		return set(k, "group.id", conf->group, err) &&
		       (conf->instance_id == NULL || set(k, "group.instance.id", conf->instance_id, err));
	return true;
}

static bool set_everything(rd_kafka_conf_t *k, const struct bus_conf *conf, enum bus_role role, int linger_ms, struct err *err)
{
	if (conf->brokers == NULL || conf->brokers[0] == '\0')
		return bad_setting(err, "OPENITEM_KAFKA_BROKERS", "expected host:port[,host:port]");
	if (!set_all(k, for_all, err) || !set(k, "bootstrap.servers", conf->brokers, err) ||
	    !set(k, "client.id", conf->client_id == NULL ? "openitem" : conf->client_id, err) ||
	    !set_role(k, conf, role, linger_ms, err))
		return false;
	for (char **e = environ; e != NULL && *e != NULL; e++) {
		if (!set_env_entry(k, *e, err))
			return false;
	}
	return true;
}

rd_kafka_t *bus_client_new(const struct bus_conf *conf, enum bus_role role, int linger_ms, void (*more)(rd_kafka_conf_t *),
			   struct bus_common *common, struct err *err)
{
	rd_kafka_conf_t *k = rd_kafka_conf_new();
	char why[300];

	common->log = conf->log;
	if (!set_everything(k, conf, role, linger_ms, err)) {
		rd_kafka_conf_destroy(k);
		return NULL;
	}
	rd_kafka_conf_set_opaque(k, common);
	rd_kafka_conf_set_log_cb(k, on_log);
	rd_kafka_conf_set_error_cb(k, on_error);
	if (more != NULL)
		more(k);

	rd_kafka_t *rk = rd_kafka_new(role == BUS_ROLE_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, k, why, sizeof(why));

	if (rk == NULL) { /* then k is still ours */
		rd_kafka_conf_destroy(k);
		err_set(err, ERR_FATAL, "kafka_setting", "librdkafka: %s", why);
		return NULL;
	}
	/* Also for a reader and an admin: it is how error callbacks reach rd_kafka_consumer_poll. */
	if (role == BUS_ROLE_CONSUMER || role == BUS_ROLE_READER)
		rd_kafka_poll_set_consumer(rk);
	return rk;
}
