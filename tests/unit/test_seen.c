/* Against a private redis-server that this program starts on a free port, kills and starts again. */
#include "seen/seen.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char address[40], dir[64];
static uint16_t port;
static pid_t server;
static struct arena *arena;

static uint16_t free_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void write_file(const char *name, const char *content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);

	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

/* openitem as in deploy/redis. */
static void start_server(void)
{
	char conf[600];

	write_file("users.acl", "user default off nopass resetchannels -@all\n"
				"user openitem on >right ~oi:* -@all +get +set +mget +ping +auth +info +hello\n"
				"user plain on nopass ~oi:* -@all +get +set +mget +ping +auth\n"
				"user admin on nopass ~* &* +@all\n");
	snprintf(conf, sizeof(conf),
		 "bind 127.0.0.1\nport %u\ndir %s\naclfile %s/users.acl\nsave \"\"\nloglevel warning\nlogfile %s/log\n", port, dir,
		 dir, dir);
	write_file("redis.conf", conf);
	server = fork();
	if (server == 0) {
		char path[128];

		snprintf(path, sizeof(path), "%s/redis.conf", dir);
		execlp("redis-server", "redis-server", path, (char *)NULL);
		_exit(127);
	}
}

static void stop_server(void)
{
	if (server <= 0)
		return;
	kill(server, SIGCONT);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
}

/* A generous limit: only one test is about time. */
static struct seen *open_within(int timeout_ms, const char *user, const char *password)
{
	struct seen_conf conf = { .address = address, .user = user, .password = text_of(password), .timeout_ms = timeout_ms };
	struct err err = { 0 };
	struct seen *s = NULL;

	if (!seen_open(&conf, &err, &s))
		fail_msg("%s", err.msg);
	return s;
}

static struct seen *open_as(const char *user, const char *password)
{
	return open_within(10000, user, password);
}

static bool wait_up(struct seen *s)
{
	for (int i = 0; i < 1000; i++) {
		if (seen_check(s))
			return true;
		usleep(10000);
	}
	return false;
}

/* redis-cli is a package of its own: talk to the server as another user of ours. */
static void use_server(const char *command)
{
	char line[300];

	snprintf(line, sizeof(line),
		 "exec 3<>/dev/tcp/127.0.0.1/%u; printf 'AUTH admin x\\r\\n%s\\r\\n' >&3; head -n 2 <&3 >/dev/null", port, command);

	pid_t child = fork();

	if (child == 0) {
		execlp("bash", "bash", "-c", line, (char *)NULL);
		_exit(127);
	}

	int status;

	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/oi-test-seen-XXXXXX");
	assert_non_null(mkdtemp(dir));
	port = free_port();
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	arena = arena_new(8u << 20, 64u << 20);
	start_server();

	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");

	return wait_up(s) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	stop_server();
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* ---- tests ---- */

static void what_was_put_is_found(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	struct text keys[] = { TEXT("a"), TEXT("b b\r\n\"%s"), TEXT("missing"), { "nul\0in", 6 } };
	struct text values[] = { TEXT("1"), TEXT("two\r\n"), TEXT_NONE, { "\0\xff", 2 } };
	struct text found[4];
	struct seen_counts counts;

	assert_false(seen_is_up(s));
	assert_string_not_equal(seen_problem(s), "");
	assert_false(seen_put(s, arena, 4, keys, values, 60)); /* an empty value is not stored */
	assert_true(seen_is_up(s));
	assert_string_equal(seen_problem(s), "");
	assert_true(seen_get(s, arena, 4, keys, found));
	for (size_t i = 0; i < 4; i++)
		assert_true(text_eq(found[i], values[i]));
	seen_counts(s, &counts);
	assert_int_equal(counts.stored, 3);
	assert_int_equal(counts.unstored, 1);
	assert_int_equal(counts.hits, 3);
	assert_int_equal(counts.misses, 1);
	assert_int_equal(counts.connects, 1);
	assert_int_equal(counts.errors, 0);
	assert_true(seen_get(s, arena, 0, NULL, NULL));
	assert_true(seen_put(s, arena, 0, NULL, NULL, 1));
}

static void keys_have_the_prefix_and_a_time_to_live(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	struct text key = TEXT("short"), value = TEXT("v"), found;

	/* The ACL allows ~oi:* only, so this also shows the prefix. */
	assert_true(seen_put(s, arena, 1, &key, &value, 1));
	assert_true(seen_get(s, arena, 1, &key, &found));
	assert_int_equal(found.n, 1);
	usleep(1200000);
	assert_true(seen_get(s, arena, 1, &key, &found));
	assert_int_equal(found.n, 0);
}

static void thousands_at_once(void **state)
{
	(void)state;
	enum { N = 5000 };
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	struct text *keys = ARENA_ARRAY(arena, N, struct text), *found = ARENA_ARRAY(arena, N, struct text);

	for (int i = 0; i < N; i++)
		keys[i] = text_printf(arena, "crm/019a1b2c-3d4e-7f60-8a9b-%012d", i);
	assert_true(seen_put(s, arena, N, keys, keys, 60));
	assert_true(seen_get(s, arena, N, keys, found));
	for (int i = 0; i < N; i++)
		assert_true(text_eq(keys[i], found[i]));
	arena_reset(arena);
}

static void too_long_is_never_stored(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	char *big = arena_alloc(arena, SEEN_VALUE_MAX + 1);
	struct text keys[] = { { big, SEEN_KEY_MAX + 1 }, TEXT("ok"), { big, SEEN_KEY_MAX } };
	struct text values[] = { TEXT("v"), { big, SEEN_VALUE_MAX + 1 }, { big, SEEN_VALUE_MAX } };
	struct text found[3];

	memset(big, 'x', SEEN_VALUE_MAX + 1);
	assert_false(seen_put(s, arena, 3, keys, values, 60));
	assert_true(seen_get(s, arena, 3, keys, found));
	assert_int_equal(found[0].n, 0);
	assert_int_equal(found[1].n, 0);
	assert_int_equal(found[2].n, SEEN_VALUE_MAX);
}

static void a_flush_changes_nothing_but_hits(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	struct text key = TEXT("k"), value = TEXT("v"), found;

	assert_true(seen_put(s, arena, 1, &key, &value, 60));
	use_server("FLUSHALL");
	assert_true(seen_get(s, arena, 1, &key, &found));
	assert_int_equal(found.n, 0);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* SIGPIPE must not end us either. */
static void a_killed_server_fails_open_and_comes_back(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("plain", "x");
	struct text key = TEXT("k"), value = TEXT("v"), found = TEXT("old");
	struct seen_counts counts;

	assert_true(seen_put(s, arena, 1, &key, &value, 60));
	stop_server();
	assert_false(seen_get(s, arena, 1, &key, &found));
	assert_int_equal(found.n, 0);
	assert_false(seen_is_up(s));
	assert_string_not_equal(seen_problem(s), "");

	int64_t began = now_ms();

	/* The backoff makes these free. */
	for (int i = 0; i < 1000; i++)
		assert_false(seen_put(s, arena, 1, &key, &value, 60));
	assert_true(now_ms() - began < 2000);
	start_server();
	assert_true(wait_up(s));
	assert_true(seen_put(s, arena, 1, &key, &value, 60));
	seen_counts(s, &counts);
	assert_true(counts.unanswered == 1 && counts.errors >= 1 && counts.unstored == 1000);
	assert_int_equal(counts.connects, 2);
}

static void a_server_that_hangs_costs_one_timeout(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_within(0, "plain", "x");
	struct text key = TEXT("k"), found;

	assert_true(wait_up(s));
	kill(server, SIGSTOP);

	int64_t began = now_ms();
	bool answered = seen_get(s, arena, 1, &key, &found);
	int64_t took = now_ms() - began;

	kill(server, SIGCONT);
	assert_false(answered);
	assert_true(took >= SEEN_TIMEOUT_MS - 20 && took < SEEN_TIMEOUT_MS * 10);
	assert_string_equal(seen_problem(s), "MGET: no answer in time");
	assert_true(wait_up(s));
}

static void the_user_of_deploy_may_do_all_we_need(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("openitem", "right");
	struct text key = TEXT("k"), value = TEXT("v"), found;

	assert_true(seen_check(s));
	assert_true(seen_put(s, arena, 1, &key, &value, 60));
	assert_true(seen_get(s, arena, 1, &key, &found));
	assert_true(text_eq(found, value));
}

static void a_wrong_password_is_a_state_without_the_password(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as("openitem", "pass word\"%s");

	assert_false(seen_check(s));
	assert_false(seen_is_up(s));
	assert_non_null(strstr(seen_problem(s), "WRONGPASS"));
	assert_null(strstr(seen_problem(s), "pass word"));
}

static void without_a_user_it_does_not_authenticate(void **state)
{
	(void)state;
	_cleanup_(seen_closep) struct seen *s = open_as(NULL, "");

	assert_false(seen_check(s));
	assert_non_null(strstr(seen_problem(s), "NOAUTH"));
}

static void an_address_needs_host_and_port(void **state)
{
	(void)state;
	const char *const wrong[] = { NULL, "", "localhost", ":6379", "a:", "a:x", "a:0", "a:70000" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct seen_conf conf = { .address = wrong[i] };
		struct err err = { 0 };
		struct seen *s = NULL;

		assert_false(seen_open(&conf, &err, &s));
		assert_int_equal(err.class, ERR_FATAL);
		assert_string_equal(err.code, "redis_address");
		assert_null(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(keys_have_the_prefix_and_a_time_to_live),
		cmocka_unit_test(thousands_at_once),
		cmocka_unit_test(too_long_is_never_stored),
		cmocka_unit_test(a_flush_changes_nothing_but_hits),
		cmocka_unit_test(a_killed_server_fails_open_and_comes_back),
		cmocka_unit_test(a_server_that_hangs_costs_one_timeout),
		cmocka_unit_test(the_user_of_deploy_may_do_all_we_need),
		cmocka_unit_test(a_wrong_password_is_a_state_without_the_password),
		cmocka_unit_test(without_a_user_it_does_not_authenticate),
		cmocka_unit_test(an_address_needs_host_and_port),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
