#include "seen/seen.h"

#include <hiredis/hiredis.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
#define GET_KEYS_MAX   1000 /* per MGET: a long command holds up everybody else on that Redis */

struct seen {
	redisContext *redis; /* NULL: not connected */
	char *host, *user, *password;
	size_t password_n;
	int port;
	int timeout_ms;
	int backoff_ms; /* 0: the last attempt went well */
	int64_t retry_at_ms;
	bool up;
	char problem[160];
	uint64_t random;
	struct seen_counts counts;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- open and close ---- */

/* "host:port" or "[v6]:port" into s; false: neither. */
static bool split_address(struct seen *s, const char *address)
{
	const char *colon = address == NULL ? NULL : strrchr(address, ':');
	uint64_t port;

	if (colon == NULL || colon == address || !text_parse_u64(text_of(colon + 1), &port) || port == 0 || port > UINT16_MAX)
		return false;
	s->port = (int)port;

	size_t n = (size_t)(colon - address);

	if (address[0] == '[' && n > 2 && address[n - 1] == ']')
		s->host = strndup(address + 1, n - 2);
	else
		s->host = strndup(address, n);
	return s->host != NULL;
}

/* hiredis writes by write(2): a Redis that went away must not end the process. */
static void ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

bool seen_open(const struct seen_conf *conf, struct err *err, struct seen **ret_seen)
{
	struct seen *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : SEEN_TIMEOUT_MS;
	s->random = (uint64_t)(uintptr_t)s ^ (uint64_t)now_ms();
	snprintf(s->problem, sizeof(s->problem), "not connected yet");
	ignore_sigpipe();
	s->user = conf->user == NULL || conf->user[0] == '\0' ? NULL : strdup(conf->user);
	s->password_n = conf->password.n;
	s->password = malloc(conf->password.n + 1);
	CHECK(s->password != NULL);
	if (conf->password.n > 0)
		memcpy(s->password, conf->password.s, conf->password.n);
	if (!split_address(s, conf->address)) {
		err_set(err, ERR_FATAL, "redis_address", "expected host:port, got \"%s\"",
			conf->address == NULL ? "" : conf->address);
		seen_close(s);
		return false;
	}
	*ret_seen = s;
	return true;
}

void seen_close(struct seen *s)
{
	if (s == NULL)
		return;
	if (s->redis != NULL)
		redisFree(s->redis);
	explicit_bzero(s->password, s->password_n);
	free(s->password);
	free(s->user);
	free(s->host);
	free(s);
}

void seen_closep(struct seen **s)
{
	seen_close(*s);
}

bool seen_is_up(const struct seen *s)
{
	return s->up;
}

const char *seen_problem(const struct seen *s)
{
	return s->problem;
}

void seen_counts(const struct seen *s, struct seen_counts *ret_counts)
{
	*ret_counts = s->counts;
}

/* ---- up and down ---- */

/* xorshift64; only spreads the attempts of several processes. */
static uint64_t next_random(struct seen *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

/* Always false. The connection is given up: after a failure nobody knows which reply would come next. */
static bool down(struct seen *s, const char *doing, const char *why)
{
	snprintf(s->problem, sizeof(s->problem), "%s: %s", doing, why);
	s->up = false;
	s->counts.errors++;
	if (s->redis != NULL)
		redisFree(s->redis);
	s->redis = NULL;
	s->backoff_ms = s->backoff_ms == 0 ? BACKOFF_MIN_MS : MIN(s->backoff_ms * 2, BACKOFF_MAX_MS);
	/* Between half and whole. */
	s->retry_at_ms = now_ms() + s->backoff_ms / 2 + (int64_t)(next_random(s) % (uint64_t)(s->backoff_ms / 2 + 1));
	return false;
}

static bool down_by_context(struct seen *s, const char *doing)
{
	bool late = s->redis->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS);

	return down(s, doing, late ? "no answer in time" : s->redis->errstr);
}

/* ---- talking ---- */

static void reply_freep(redisReply **reply)
{
	if (*reply != NULL)
		freeReplyObject(*reply);
}

/*
 * hiredis' own timeout is per read(2), so an answer that trickles could hold up the loop for ever: wait for the bytes
 * ourselves, until the deadline. NULL after down().
 */
static redisReply *next_reply(struct seen *s, const char *doing, int64_t deadline_ms)
{
	void *reply = NULL;

	for (;;) {
		if (redisGetReplyFromReader(s->redis, &reply) != REDIS_OK) {
			down_by_context(s, doing);
			return NULL;
		}
		if (reply != NULL)
			return reply;

		int64_t left_ms = deadline_ms - now_ms();
		struct pollfd p = { .fd = s->redis->fd, .events = POLLIN };
		int ready = left_ms <= 0 ? 0 : poll(&p, 1, (int)left_ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			down(s, doing, ready == 0 ? "no answer in time" : strerror(errno));
			return NULL;
		}
		if (redisBufferRead(s->redis) != REDIS_OK) {
			down_by_context(s, doing);
			return NULL;
		}
	}
}

/* Send what was appended. Answers are small or Redis buffers them, so writing everything first cannot lock up. */
static bool flush(struct seen *s, const char *doing)
{
	int done = 0;

	while (!done) {
		if (redisBufferWrite(s->redis, &done) != REDIS_OK)
			return down_by_context(s, doing);
	}
	return true;
}

/* A simple "+..." is the only good answer. */
static bool expect_status(struct seen *s, const char *doing, int64_t deadline_ms)
{
	_cleanup_(reply_freep) redisReply *reply = next_reply(s, doing, deadline_ms);

	if (reply == NULL)
		return false;
	if (reply->type == REDIS_REPLY_STATUS)
		return true;
	return down(s, doing, reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer");
}

static bool authenticate(struct seen *s)
{
	const char *argv[3] = { "AUTH" };
	size_t lengths[3] = { 4 };
	int n = 1;

	if (s->password_n == 0)
		return true;
	if (s->user != NULL) {
		argv[n] = s->user;
		lengths[n++] = strlen(s->user);
	}
	argv[n] = s->password;
	lengths[n++] = s->password_n;
	redisAppendCommandArgv(s->redis, n, argv, lengths);
	return flush(s, "AUTH") && expect_status(s, "AUTH", now_ms() + s->timeout_ms);
}

/* True: there is a connection. */
static bool connected(struct seen *s)
{
	struct timeval timeout = { s->timeout_ms / 1000, s->timeout_ms % 1000 * 1000 };

	if (s->redis != NULL)
		return true;
	if (now_ms() < s->retry_at_ms)
		return false;
	s->redis = redisConnectWithTimeout(s->host, s->port, timeout);
	if (s->redis == NULL)
		return down(s, "connecting", "out of memory");
	if (s->redis->err != 0)
		return down_by_context(s, "connecting");
	/* For writes; reads have the deadline. */
	if (redisSetTimeout(s->redis, timeout) != REDIS_OK)
		return down_by_context(s, "connecting");
	s->counts.connects++;
	return authenticate(s);
}

static void went_well(struct seen *s)
{
	s->up = true;
	s->backoff_ms = 0;
	s->retry_at_ms = 0;
	s->problem[0] = '\0';
}

bool seen_check(struct seen *s)
{
	if (!connected(s))
		return false;
	redisAppendCommand(s->redis, "PING");
	if (!flush(s, "PING") || !expect_status(s, "PING", now_ms() + s->timeout_ms))
		return false;
	went_well(s);
	return true;
}

/* ---- get ---- */

static struct text prefixed(struct arena *a, struct text key)
{
	char *k = arena_alloc(a, strlen(SEEN_PREFIX) + key.n);

	memcpy(k, SEEN_PREFIX, strlen(SEEN_PREFIX));
	if (key.n > 0)
		memcpy(k + strlen(SEEN_PREFIX), key.s, key.n);
	return (struct text){ k, strlen(SEEN_PREFIX) + key.n };
}

static bool get_some(struct seen *s, struct arena *a, size_t n, const struct text *keys, int64_t deadline_ms,
		     struct text *ret_values)
{
	const char **argv = ARENA_ARRAY(a, n + 1, const char *);
	size_t *lengths = ARENA_ARRAY(a, n + 1, size_t);

	argv[0] = "MGET";
	lengths[0] = 4;
	for (size_t i = 0; i < n; i++) {
		/* A key that was never stored asks for the bare prefix, which nobody stores either. */
		struct text key = prefixed(a, keys[i].n > SEEN_KEY_MAX ? TEXT_NONE : keys[i]);

		argv[i + 1] = key.s;
		lengths[i + 1] = key.n;
	}
	redisAppendCommandArgv(s->redis, (int)n + 1, argv, lengths);
	if (!flush(s, "MGET"))
		return false;

	_cleanup_(reply_freep) redisReply *reply = next_reply(s, "MGET", deadline_ms);

	if (reply == NULL)
		return false;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n)
		return down(s, "MGET", reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer");
	for (size_t i = 0; i < n; i++) {
		const redisReply *value = reply->element[i];

		if (value->type != REDIS_REPLY_STRING || keys[i].n == 0)
			continue;
		ret_values[i] = text_dup(a, (struct text){ value->str, value->len });
	}
	return true;
}

bool seen_get(struct seen *s, struct arena *a, size_t n, const struct text *keys, struct text *ret_values)
{
	bool ok = n == 0 || connected(s);
	int64_t deadline_ms = now_ms() + s->timeout_ms;
	uint64_t hits = 0;

	for (size_t i = 0; i < n; i++)
		ret_values[i] = TEXT_NONE;
	for (size_t at = 0; at < n && ok; at += GET_KEYS_MAX)
		ok = get_some(s, a, MIN(n - at, (size_t)GET_KEYS_MAX), keys + at, deadline_ms, ret_values + at);
	if (!ok) {
		for (size_t i = 0; i < n; i++)
			ret_values[i] = TEXT_NONE;
		s->counts.unanswered += n;
		return false;
	}
	if (n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		hits += ret_values[i].n > 0;
	s->counts.hits += hits;
	s->counts.misses += n - hits;
	went_well(s);
	return true;
}

/* ---- put ---- */

static bool is_storable(struct text key, struct text value)
{
	return key.n > 0 && key.n <= SEEN_KEY_MAX && value.n > 0 && value.n <= SEEN_VALUE_MAX;
}

bool seen_put(struct seen *s, struct arena *a, size_t n, const struct text *keys, const struct text *values, int64_t ttl_s)
{
	char ttl[24];
	size_t sent = 0, stored = 0;
	bool ok = n == 0 || connected(s);

	CHECK(ttl_s > 0 && ttl_s < INT64_MAX / 1000);
	snprintf(ttl, sizeof(ttl), "%lld", (long long)ttl_s * 1000);
	for (size_t i = 0; i < n && ok; i++) {
		if (!is_storable(keys[i], values[i]))
			continue;

		struct text key = prefixed(a, keys[i]);
		const char *argv[] = { "SET", key.s, values[i].s, "PX", ttl };
		size_t lengths[] = { 3, key.n, values[i].n, 2, strlen(ttl) };

		redisAppendCommandArgv(s->redis, (int)ARRAY_LEN(argv), argv, lengths);
		sent++;
	}
	ok = ok && (sent == 0 || flush(s, "SET"));

	int64_t deadline_ms = now_ms() + s->timeout_ms;

	while (ok && stored < sent) {
		ok = expect_status(s, "SET", deadline_ms);
		stored += ok;
	}
	if (ok && sent > 0)
		went_well(s);
	s->counts.stored += stored;
	s->counts.unstored += n - stored;
	return ok && stored == n;
}
