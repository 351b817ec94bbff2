/* Lines as they leave the process, through a pipe. */
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static char got[200000];

static int set_up(void **state)
{
	(void)state;
	return pipe2(ends, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0 ? 0 : -1;
}

static void open_as(enum log_format format, enum log_level level)
{
	log_open(&(struct log_conf){ .service = "cash", .instance = "0", .level = level, .format = format, .fd = ends[1] });
}

/* What was written since the last call. */
static const char *said(void)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(ends[0], got + n, sizeof(got) - 1 - n)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	return got;
}

/* Without the instant, which must look like one. */
static const char *without_ts(const char *line, const char *before)
{
	size_t n = strlen(before);

	assert_int_equal(strncmp(line, before, n), 0);
	assert_int_equal(line[n + 10], 'T');
	assert_int_equal(line[n + 26], 'Z');
	return line + n + 27;
}

static void both_formats(void **state)
{
	(void)state;
	struct err err = { 0 };

	err_set(&err, ERR_STOP, "gap", "seq 7, expected \"6\"");
	open_as(LOG_JSON, LOG_INFO);
	log_line(LOG_WARN, "lane stopped", LOG_S("topic", "ar.intake.v1"), LOG_I("partition", -1), LOG_U("n", 7), LOG_F("s", 0.25),
		 LOG_B("lost", true), LOG_T("key", TEXT("a b")), LOG_ERR(&err));
	assert_string_equal(
		without_ts(said(), "{\"ts\":\""),
		"\",\"level\":\"warn\",\"msg\":\"lane stopped\",\"service\":\"cash\",\"instance\":\"0\",\"topic\":\"ar.intake.v1\","
		"\"partition\":-1,\"n\":7,\"s\":0.25,\"lost\":true,\"key\":\"a b\",\"error_class\":\"stop\",\"error_code\":\"gap\","
		"\"error\":\"seq 7, expected \\\"6\\\"\"}\n");
	open_as(LOG_LOGFMT, LOG_INFO);
	log_line(LOG_WARN, "lane stopped", LOG_S("topic", "ar.intake.v1"), LOG_S("none", NULL), LOG_T("key", TEXT("a=b")),
		 LOG_ERR(&err));
	assert_string_equal(without_ts(said(), ""),
			    " warn \"lane stopped\" service=cash instance=0 topic=ar.intake.v1 none=\"\" "
			    "key=\"a=b\" error_class=stop error_code=gap error=\"seq 7, expected \\\"6\\\"\"\n");
	log_line(LOG_INFO, "started");
	assert_string_equal(without_ts(said(), ""), " info started service=cash instance=0\n");
}

/* Whatever a stranger put into a value: one line, printable. */
static void nothing_dangerous_gets_out(void **state)
{
	(void)state;
	static const char evil[] =
		"\x1b[2J\n{\"level\":\"x\"}\r\t\\\x7f\xc2\x9b\xe2\x80\xae\xef\xbb\xbf\xff\xe2\x28\xa1 \xf0\x9f\x98\x80";

	for (int format = LOG_JSON; format <= LOG_LOGFMT; format++) {
		open_as((enum log_format)format, LOG_INFO);
		log_line(LOG_INFO, "evil", LOG_T("v", ((struct text){ evil, sizeof(evil) }))); /* with its NUL */

		const char *line = said();
		size_t n = strlen(line);

		assert_true(text_is_utf8(text_of(line), 0));
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
		assert_false(text_has_control((struct text){ line, n - 1 }));
		assert_non_null(strstr(
			line, "\\u001b[2J\\n{\\\"level\\\":\\\"x\\\"}\\u000d\\t\\\\\\u007f\\u009b\\u202e\\ufeff\\ufffd\\ufffd("
			      "\\ufffd \xf0\x9f\x98\x80\\u0000\""));
	}
}

static void long_values_are_cut_long_lines_lose_fields(void **state)
{
	(void)state;
	char big[LOG_LINE_MAX * 2];
	const char *line;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	open_as(LOG_JSON, LOG_INFO);
	log_line(LOG_INFO, "one", LOG_S("a", big), LOG_I("z", 1));
	line = said();
	assert_non_null(strstr(line, "xxx...\",\"z\":1}\n"));
	assert_true(strlen(line) < LOG_VALUE_MAX + 200);
	log_line(LOG_INFO, "many", LOG_S("a", big), LOG_S("b", big), LOG_S("c", big), LOG_S("d", big), LOG_I("z", 1));
	line = said();
	assert_true(strlen(line) <= LOG_LINE_MAX);
	assert_non_null(strstr(line, "\"c\":\"xxx"));
	assert_null(strstr(line, "\"d\":"));
	assert_non_null(strstr(line, "...\",\"truncated\":true}\n"));
}

static int calls;

static int64_t counted(void)
{
	return ++calls;
}

static void levels_are_cheap_when_off(void **state)
{
	(void)state;
	enum log_level level = LOG_ERROR;
	enum log_format format = LOG_AUTO;

	open_as(LOG_JSON, LOG_WARN);
	log_line(LOG_INFO, "not said", LOG_I("n", counted()));
	assert_int_equal(calls, 0);
	assert_string_equal(said(), "");
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "said", LOG_I("n", counted()));
	assert_int_equal(calls, 1);
	assert_true(log_level_of(TEXT("debug"), &level) && level == LOG_DEBUG);
	assert_false(log_level_of(TEXT("Debug"), &level));
	assert_true(log_format_of(TEXT("logfmt"), &format) && format == LOG_LOGFMT);
	assert_false(log_format_of(TEXT("xml"), &format));
	assert_string_equal(log_level_name(LOG_WARN), "warn");
	said();
}

static void repeats_are_held_back_and_counted(void **state)
{
	(void)state;
	static struct log_site site;
	size_t lines = 0;

	open_as(LOG_JSON, LOG_INFO);
	errno = ENOENT;
	for (int i = 0; i < LOG_BURST + 30; i++)
		log_write(&site, LOG_INFO, "again", 0, NULL);
	assert_int_equal(errno, ENOENT);
	for (const char *s = said(); *s != '\0'; s++)
		lines += *s == '\n';
	assert_int_equal(lines, LOG_BURST);
	site.window_at_s -= LOG_WINDOW_S; /* as if it had passed */
	log_write(&site, LOG_INFO, "again", 0, NULL);
	assert_non_null(strstr(said(), "\"suppressed\":30}"));
	log_write(&site, LOG_INFO, "again", 0, NULL);
	assert_null(strstr(said(), "suppressed"));
	for (int i = 0; i < 100; i++)
		log_write(NULL, LOG_INFO, "never held back", 0, NULL);
	lines = 0;
	for (const char *s = said(); *s != '\0'; s++)
		lines += *s == '\n';
	assert_int_equal(lines, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats),
		cmocka_unit_test(nothing_dangerous_gets_out),
		cmocka_unit_test(long_values_are_cut_long_lines_lose_fields),
		cmocka_unit_test(levels_are_cheap_when_off),
		cmocka_unit_test(repeats_are_held_back_and_counted),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
