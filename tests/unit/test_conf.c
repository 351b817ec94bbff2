/* Settings from a made-up environment. */
#include "conf/conf.h"

#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ENV(...) ((char *[]){ __VA_ARGS__, NULL })

static void expect_problem(const struct conf *c, size_t i, const char *expected)
{
	assert_true(i < conf_problems(c));
	assert_string_equal(conf_problem(c, i), expected);
}

static void values_are_read(void **state)
{
	(void)state;
	static const char *const words[] = { "json", "logfmt" };
	_cleanup_(conf_freep) struct conf *c = conf_new(
		"cash", ENV("PATH=/bin", "OPENITEM_KAFKA_BROKERS=a:1,b:2", "OPENITEM_LANES=12", "OPENITEM_FAST=yes",
			    "OPENITEM_LOG_FORMAT=logfmt", "OPENITEM_REDIS=[::1]:6379", "OPENITEM_CASH_RULE=x", "OPENITEM_EMPTY="));
	const char *brokers, *redis, *rule, *empty, *none;
	int64_t lanes, batch;
	bool fast, slow;
	size_t format, level;

	conf_required(c, "OPENITEM_KAFKA_BROKERS", "host:port[,host:port]", &brokers);
	conf_required_integer(c, "OPENITEM_LANES", 1, 1024, &lanes);
	conf_integer(c, "OPENITEM_BATCH_EVENTS_MAX", 5000, 1, 100000, &batch);
	conf_flag(c, "OPENITEM_FAST", false, &fast);
	conf_flag(c, "OPENITEM_SLOW", true, &slow);
	conf_choice(c, "OPENITEM_LOG_FORMAT", 0, words, 2, &format);
	conf_choice(c, "OPENITEM_LOG_LEVEL", 1, words, 2, &level);
	conf_address(c, "OPENITEM_REDIS", NULL, false, &redis);
	conf_optional(c, "OPENITEM_CASH_RULE", NULL, "a rule", &rule);
	conf_optional(c, "OPENITEM_EMPTY", "fallback", "anything", &empty);
	conf_optional(c, "OPENITEM_NONE", NULL, "anything", &none);
	assert_true(conf_finish(c));
	assert_int_equal(conf_problems(c), 0);
	assert_string_equal(brokers, "a:1,b:2");
	assert_string_equal(redis, "[::1]:6379");
	assert_string_equal(rule, "x");
	assert_string_equal(empty, "fallback");
	assert_null(none);
	assert_true(lanes == 12 && batch == 5000 && fast && slow && format == 1 && level == 1);
}

static void all_problems_are_told_at_once(void **state)
{
	(void)state;
	static const char *const words[] = { "json", "logfmt" };
	_cleanup_(conf_freep) struct conf *c =
		conf_new("cash", ENV("OPENITEM_LANES=many", "OPENITEM_BATCH=0", "OPENITEM_FAST=maybe", "OPENITEM_LOG_FORMAT=xml",
				     "OPENITEM_REDIS=localhost", "OPENITEM_TEXT=a\x1b[31mb"));
	const char *brokers, *redis, *text;
	int64_t lanes, batch, other;
	bool fast;
	size_t format;

	conf_required(c, "OPENITEM_KAFKA_BROKERS", "host:port[,host:port]", &brokers);
	conf_required_integer(c, "OPENITEM_LANES", 1, 1024, &lanes);
	conf_required_integer(c, "OPENITEM_OTHER", 1, 2, &other);
	conf_integer(c, "OPENITEM_BATCH", 5000, 1, 100000, &batch);
	conf_flag(c, "OPENITEM_FAST", true, &fast);
	conf_choice(c, "OPENITEM_LOG_FORMAT", 0, words, 2, &format);
	conf_address(c, "OPENITEM_REDIS", "127.0.0.1:6379", false, &redis);
	conf_optional(c, "OPENITEM_TEXT", "fine", "printable text", &text);
	conf_add_problem(c, "OPENITEM_BATCH", "is larger than %d", 7);
	assert_false(conf_finish(c));
	assert_int_equal(conf_problems(c), 9);
	expect_problem(c, 0, "OPENITEM_KAFKA_BROKERS: not set; expected host:port[,host:port]");
	expect_problem(c, 1, "OPENITEM_LANES: expected an integer 1..1024, got \"many\"");
	expect_problem(c, 2, "OPENITEM_OTHER: not set; expected an integer 1..2");
	expect_problem(c, 3, "OPENITEM_BATCH: expected an integer 1..100000, got \"0\"");
	expect_problem(c, 4, "OPENITEM_FAST: expected one of false, true, no, yes, off, on, 0, 1, got \"maybe\"");
	expect_problem(c, 5, "OPENITEM_LOG_FORMAT: expected one of json, logfmt, got \"xml\"");
	expect_problem(c, 6, "OPENITEM_REDIS: expected host:port, got \"localhost\"");
	expect_problem(c, 7, "OPENITEM_TEXT: expected printable text, got \"a\\x1b[31mb\"");
	expect_problem(c, 8, "OPENITEM_BATCH: is larger than 7");
	assert_string_equal(brokers, "");
	assert_string_equal(redis, "127.0.0.1:6379");
	assert_string_equal(text, "fine");
	assert_true(lanes == 0 && other == 0 && batch == 5000 && fast && format == 0);
}

static void unknown_variables_are_problems(void **state)
{
	(void)state;
	_cleanup_(conf_freep) struct conf *c = conf_new(
		"cash", ENV("OPENITEM_LANE=12", "OPENITEM_CASH_TYPO=1", "OPENITEM_BILLING_ITS_OWN=1", "OPENITEM_HOME=/x",
			    "OPENITEM_KAFKA_SECURITY_PROTOCOL=ssl", "OPENITEM_DEMO_DAYS=3", "OPENITEM_MINE_A=1", "OPENITEM=1",
			    "OPENITEM_COMPLETELY_ELSE=1", "OTHER=1", "OPENITEM_ONE=1", "OPENITEM_ONE_MORE=1"));
	int64_t lanes;

	conf_integer(c, "OPENITEM_LANES", 12, 1, 64, &lanes);
	conf_allow(c, "OPENITEM_MINE_*");
	conf_allow(c, "OPENITEM_ONE");
	assert_false(conf_finish(c));
	assert_int_equal(conf_problems(c), 4);
	expect_problem(c, 0, "OPENITEM_LANE: no such setting; did you mean OPENITEM_LANES?");
	expect_problem(c, 1, "OPENITEM_CASH_TYPO: no such setting");
	expect_problem(c, 2, "OPENITEM_COMPLETELY_ELSE: no such setting");
	expect_problem(c, 3, "OPENITEM_ONE_MORE: no such setting");
}

static void addresses(void **state)
{
	(void)state;
	static const struct {
		char *entry;
		bool empty_host, ok;
	} cases[] = {
		{ "A=h:1", false, true },       { "A=h:65535", false, true }, { "A=h:65536", false, false },
		{ "A=h:", false, false },       { "A=:1", false, false },     { "A=:1", true, true },
		{ "A=h", false, false },        { "A=[::1]:1", false, true }, { "A=::1:1", false, false },
		{ "A=h:1x", false, false },     { "A=h h:1", false, false },  { "A=[]:1", false, false },
		{ "A=10.0.0.1:0", true, true }, { "A=h:-1", false, false },   { "A=h:000001", false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(conf_freep) struct conf *c = conf_new("cash", ENV(cases[i].entry));
		const char *value;

		conf_address(c, "A", NULL, cases[i].empty_host, &value);
		if ((conf_problems(c) == 0) != cases[i].ok)
			fail_msg("%s", cases[i].entry);
	}

	_cleanup_(conf_freep) struct conf *none = conf_new("cash", ENV("X=1"));
	const char *value;

	conf_address(none, "A", "", false, &value); /* no address at all */
	assert_string_equal(value, "");
	assert_int_equal(conf_problems(none), 0);
}

/* ---- secrets ---- */

static char path[64], variable[100];

/* A file of that content and mode, and NAME_FILE naming it. */
static void secret_file(const char *content, size_t n, mode_t mode)
{
	snprintf(path, sizeof(path), "/tmp/oi-test-conf-XXXXXX");

	int fd = mkstemp(path);

	assert_int_equal(write(fd, content, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	snprintf(variable, sizeof(variable), "OPENITEM_PASSWORD_FILE=%s", path);
}

static void expect_secret(const char *content, size_t n, mode_t mode, const char *expected, const char *problem)
{
	secret_file(content, n, mode);

	_cleanup_(conf_freep) struct conf *c = conf_new("cash", ENV(variable));
	struct text password;

	conf_secret(c, "OPENITEM_PASSWORD", NULL, &password);
	unlink(path);
	assert_true(text_eq(password, text_of(expected)));
	if (problem == NULL) {
		assert_true(conf_finish(c));
		return;
	}
	assert_int_equal(conf_problems(c), 1);
	if (strstr(conf_problem(c, 0), problem) == NULL || strstr(conf_problem(c, 0), path) == NULL)
		fail_msg("%s", conf_problem(c, 0));
}

static void secrets_come_from_files(void **state)
{
	(void)state;
	char big[CONF_SECRET_MAX + 1];

	memset(big, 'x', sizeof(big));
	expect_secret("hidden\n", 7, 0600, "hidden", NULL);
	expect_secret("hidden", 6, 0644, "hidden", NULL);
	expect_secret("two\nlines\n\n", 11, 0400, "two\nlines\n", NULL);
	expect_secret("\n", 1, 0600, "", "empty");
	expect_secret("", 0, 0600, "", "empty");
	expect_secret("a\0b", 3, 0600, "", "NUL");
	expect_secret("hidden", 6, 0602, "", "everybody may write");
	expect_secret(big, sizeof(big), 0600, "", "longer");
}

static void secrets_have_one_source(void **state)
{
	(void)state;
	struct text password;

	_cleanup_(conf_freep) struct conf *direct = conf_new("cash", ENV("OPENITEM_PASSWORD=p w"));
	conf_secret(direct, "OPENITEM_PASSWORD", NULL, &password);
	assert_true(conf_finish(direct) && text_eq(password, TEXT("p w")));

	_cleanup_(conf_freep) struct conf *both = conf_new("cash", ENV("OPENITEM_PASSWORD=hidden", "OPENITEM_PASSWORD_FILE=/x"));
	conf_secret(both, "OPENITEM_PASSWORD", NULL, &password);
	assert_false(conf_finish(both));
	expect_problem(both, 0, "OPENITEM_PASSWORD: set together with OPENITEM_PASSWORD_FILE; expected one of the two");

	_cleanup_(conf_freep) struct conf *none = conf_new("cash", ENV("X=1"));
	conf_secret(none, "OPENITEM_OPTIONAL", "", &password);
	assert_int_equal(password.n, 0);
	assert_int_equal(conf_problems(none), 0);
	conf_secret(none, "OPENITEM_PASSWORD", NULL, &password);
	assert_false(conf_finish(none));
	expect_problem(none, 0,
		       "OPENITEM_PASSWORD: not set; expected a secret here, or the path of a file that holds it in "
		       "OPENITEM_PASSWORD_FILE");

	_cleanup_(conf_freep) struct conf *missing = conf_new("cash", ENV("OPENITEM_PASSWORD_FILE=/nowhere/at/all"));
	conf_secret(missing, "OPENITEM_PASSWORD", NULL, &password);
	expect_problem(missing, 0,
		       "OPENITEM_PASSWORD_FILE: expected a file that holds the secret, got \"/nowhere/at/all\": No such "
		       "file or directory");

	_cleanup_(conf_freep) struct conf *directory = conf_new("cash", ENV("OPENITEM_PASSWORD_FILE=/tmp"));
	conf_secret(directory, "OPENITEM_PASSWORD", NULL, &password);
	assert_non_null(strstr(conf_problem(directory, 0), "not a regular file"));
}

static void printed_without_secrets(void **state)
{
	(void)state;
	_cleanup_(conf_freep) struct conf *c = conf_new(
		"cash", ENV("OPENITEM_KAFKA_BROKERS=a:1", "OPENITEM_PASSWORD=hidden", "OPENITEM_NAME=it's $HOME",
			    "OPENITEM_KAFKA_SASL_PASSWORD=hidden", "OPENITEM_KAFKA_SASL_PASSWORD_FILE=/run/p",
			    "OPENITEM_KAFKA_SECURITY_PROTOCOL=sasl_ssl", "OPENITEM_KAFKA_SSL_KEY_PEM=hidden",
			    "OPENITEM_A=host=x password=hidden", "OPENITEM_B=postgresql://u:hidden@h/d",
			    "OPENITEM_C=postgresql://u@h:5432/d", "OPENITEM_D=password = hidden", "OPENITEM_E=/my.password/x"));
	_cleanup_(buf_free) struct buf out = { 0 };
	const char *value;
	struct text password;
	int64_t n;

	conf_required(c, "OPENITEM_KAFKA_BROKERS", "host:port", &value);
	conf_integer(c, "OPENITEM_BATCH", 5000, 1, 9999, &n);
	conf_secret(c, "OPENITEM_PASSWORD", NULL, &password);
	conf_optional(c, "OPENITEM_NAME", NULL, "a name", &value);
	conf_optional(c, "OPENITEM_ABSENT", NULL, "a name", &value);
	conf_required(c, "OPENITEM_A", "a connection string", &value);
	conf_required(c, "OPENITEM_B", "a connection string", &value);
	conf_required(c, "OPENITEM_C", "a connection string", &value);
	conf_required(c, "OPENITEM_D", "a connection string", &value);
	conf_required(c, "OPENITEM_E", "a path", &value);
	conf_print(c, &out);
	assert_string_equal(buf_text(&out).s, "OPENITEM_KAFKA_BROKERS=a:1\n"
					      "OPENITEM_BATCH=5000 # default\n"
					      "OPENITEM_PASSWORD='***'\n"
					      "OPENITEM_NAME='it'\\''s $HOME'\n"
					      "OPENITEM_A='***'\nOPENITEM_B='***'\nOPENITEM_C=postgresql://u@h:5432/d\n"
					      "OPENITEM_D='***'\nOPENITEM_E=/my.password/x\n"
					      "OPENITEM_KAFKA_SASL_PASSWORD='***'\n"
					      "OPENITEM_KAFKA_SASL_PASSWORD_FILE=/run/p\n"
					      "OPENITEM_KAFKA_SECURITY_PROTOCOL=sasl_ssl\n"
					      "OPENITEM_KAFKA_SSL_KEY_PEM='***'\n");
}

/* A manifest whose secret ends in a line end: what is wrong with it is said without it. */
static void a_wrong_connection_string_is_not_repeated(void **state)
{
	(void)state;
	_cleanup_(conf_freep) struct conf *c = conf_new("cash", ENV("OPENITEM_CASH_DATABASE=host=x password=hidden\n"));
	const char *value;

	conf_required(c, "OPENITEM_CASH_DATABASE", "a connection string", &value);
	assert_false(conf_finish(c));
	expect_problem(c, 0, "OPENITEM_CASH_DATABASE: expected a connection string, got \"***\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(all_problems_are_told_at_once),
		cmocka_unit_test(unknown_variables_are_problems),
		cmocka_unit_test(addresses),
		cmocka_unit_test(secrets_come_from_files),
		cmocka_unit_test(secrets_have_one_source),
		cmocka_unit_test(printed_without_secrets),
		cmocka_unit_test(a_wrong_connection_string_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
