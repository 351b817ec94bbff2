/* What every command shares: env files, options, lists. */
#include "cli/env.h"
#include "cli/options.h"
#include "cli/out.h"

#include <fcntl.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct command nothing = { .name = "test", .usage = "openitem test\n\nDoes nothing.", .example = "openitem test" };
static struct cli cli;

static int setup(void **state)
{
	(void)state;
	cli = (struct cli){ .command = &nothing, .arena = arena_new(1u << 20, 1u << 26) };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(cli.arena);
	return 0;
}

static void assert_text(struct text got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.s, expected, got.n);
}

/* ---- env ---- */

static void lines_of_an_env_file(void **state)
{
	(void)state;
	static const struct {
		const char *line, *name, *value;
		bool bad;
	} cases[] = {
		{ "OPENITEM_LANES=\"12\"\n", "OPENITEM_LANES", "12", false },
		{ "  export OPENITEM_X='a b'\n", "OPENITEM_X", "a b", false },
		{ "OPENITEM_Y=host=1 port=2", "OPENITEM_Y", "host=1 port=2", false },
		{ "OPENITEM_E=\"\"", "OPENITEM_E", "", false },
		{ "PATH=\"/evil\"", NULL, NULL, false },
		{ "# OPENITEM_Z=1", NULL, NULL, false },
		{ "", NULL, NULL, false },
		{ "OPENITEM_Q=\"open", NULL, NULL, true },
		{ "no assignment", NULL, NULL, true },
		{ "1X=2", NULL, NULL, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text name, value;
		bool is_bad, taken = env_parse(text_of(cases[i].line), &name, &value, &is_bad);

		assert_int_equal(taken, cases[i].name != NULL);
		assert_int_equal(is_bad, cases[i].bad);
		if (!taken)
			continue;
		assert_text(name, cases[i].name);
		assert_text(value, cases[i].value);
	}
}

/* ---- options ---- */

struct options {
	bool flag;
	const char *text;
	int64_t number;
	date_t day;
	size_t word;
	struct option_items items;
};

static int parse(struct options *o, int *argc, char **argv, char ***ret_rest)
{
	static const char *const words[] = { "red", "blue", NULL };
	const struct option_spec specs[] = {
		OPTION_FORMAT(&cli),
		{ "flag", 'f', OPTION_FLAG, &o->flag, NULL, "", 0, 0, NULL },
		{ "text", 't', OPTION_TEXT, &o->text, "T", "", 0, 0, NULL },
		{ "number", 0, OPTION_INT, &o->number, "N", "", 1, 9, NULL },
		{ "day", 0, OPTION_DAY, &o->day, "DATE", "", 0, 0, NULL },
		{ "word", 0, OPTION_WORD, &o->word, "red|blue", "", 0, 0, words },
		{ "items", 'i', OPTION_ITEMS, &o->items, "A,B", "", 0, 0, NULL },
	};

	*ret_rest = argv;
	return options_parse(&cli, specs, ARRAY_LEN(specs), 1, 2, argc, ret_rest);
}

/* Words without blanks. Returns the exit code, or -1. */
static int parse_line(struct options *o, const char *line, int *ret_argc, char ***ret_rest)
{
	static char copy[512];
	static char *argv[32];
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = copy; *word != '\0'; n++) {
		argv[n] = word;
		word += strcspn(word, " ");
		if (*word == ' ')
			*word++ = '\0';
	}
	argv[n] = NULL;
	*ret_argc = n;
	*o = (struct options){ .day = DATE_NONE };
	return parse(o, ret_argc, argv, ret_rest);
}

static void options_are_taken(void **state)
{
	(void)state;
	struct options o;
	char **rest;
	int n;

	assert_int_equal(
		parse_line(&o,
			   "test --flag one --text=x --number 9 --day 2026-02-28 --word blue -i a,b --items c two --format json",
			   &n, &rest),
		-1);
	assert_true(o.flag);
	assert_string_equal(o.text, "x");
	assert_int_equal(o.number, 9);
	assert_int_equal(o.day, date_of(2026, 2, 28));
	assert_int_equal(o.word, 1);
	assert_int_equal(o.items.n, 3);
	assert_text(o.items.item[2], "c");
	assert_int_equal(n, 2);
	assert_string_equal(rest[1], "two");
	assert_int_equal(cli.format, OUT_JSON);
	cli.format = OUT_TABLE;
	assert_int_equal(parse_line(&o, "test -t -5 -- --flag", &n, &rest), -1);
	assert_string_equal(o.text, "-5");
	assert_false(o.flag);
	assert_string_equal(rest[0], "--flag");
}

static void wrong_usage_is_exit_2(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"test",
		"test a b c",
		"test a --unknown",
		"test a --number 10",
		"test a --number x",
		"test a --day 2026-02-29",
		"test a --word red2",
		"test a --text",
		"test a --format xml",
	};
	struct options o;
	char **rest;
	int n;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse_line(&o, cases[i], &n, &rest), EXIT_USAGE);
}

/* ---- lists ---- */

static void csv_fields(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		bool text;
	} cases[] = {
		{ "plain", "plain", true },
		{ "a,b", "\"a,b\"", true },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"", true },
		{ "two\nlines", "\"two\nlines\"", true },
		{ "=1+1", "'=1+1", true },
		{ "@x,y", "\"'@x,y\"", true },
		{ "-5.00", "-5.00", false },
		{ "-5.00", "'-5.00", true },
		{ "", "", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { .arena = cli.arena };

		out_csv_field(&b, text_of(cases[i].in), cases[i].text);
		assert_text(buf_text(&b), cases[i].out);
	}
}

/* What one list prints in a format. */
static struct text printed(size_t format, size_t rows)
{
	static const struct out_column columns[] = {
		{ "account", OUT_TEXT }, { "open", OUT_MONEY }, { "n", OUT_INT },
		{ "due", OUT_DAY },      { "at", OUT_INSTANT }, { "ok", OUT_BOOL },
	};
	static char text[4096];
	char path[] = "/tmp/test_cli_XXXXXX";
	int file = mkstemp(path), saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(file >= 0 && saved >= 0 && dup2(file, STDOUT_FILENO) >= 0);
	cli.format = format;

	struct out *out = out_open(&cli, columns, ARRAY_LEN(columns));

	for (size_t i = 0; i < rows; i++) {
		out_text(out, i == 0 ? TEXT("=M\xc3\xbcller \x1b[31m") : TEXT("B,C"));
		out_money(out, i == 0 ? -123450 : 7, i == 0 ? TEXT("EUR") : TEXT("JPY"));
		out_int(out, (int64_t)i);
		out_day(out, i == 0 ? date_of(2026, 3, 31) : DATE_NONE);
		if (i == 0)
			out_instant(out, 0);
		else
			out_absent(out);
		out_bool(out, i == 0);
	}
	out_close(out);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	cli.format = OUT_TABLE;

	ssize_t n = pread(file, text, sizeof(text) - 1, 0);

	close(file);
	unlink(path);
	assert_true(n >= 0);
	text[n] = '\0';
	return (struct text){ text, (size_t)n };
}

static void a_list_in_three_formats(void **state)
{
	(void)state;
	assert_text(printed(OUT_CSV, 2), "account,open,n,due,at,ok\n"
					 "'=M\xc3\xbcller \x1b[31m,-1234.50,0,2026-03-31,1970-01-01T00:00:00.000000Z,yes\n"
					 "\"B,C\",7,1,,,no\n");
	assert_text(printed(OUT_JSON, 2),
		    "[{\"account\":\"=M\xc3\xbcller \\u001b[31m\",\"open\":\"-1234.50\",\"n\":0,\"due\":\"2026-03-31\","
		    "\"at\":\"1970-01-01T00:00:00.000000Z\",\"ok\":true},\n"
		    " {\"account\":\"B,C\",\"open\":\"7\",\"n\":1,\"due\":null,\"at\":null,\"ok\":false}]\n");
	assert_text(printed(OUT_JSON, 0), "[]\n");
	assert_text(printed(OUT_TABLE, 0), "nothing\n");
	assert_text(printed(OUT_TABLE, 2), "account               open  n  due         at                           ok\n"
					   "----------------  --------  -  ----------  ---------------------------  ---\n"
					   "=M\xc3\xbcller \\x1b[31m  -1234.50  0  2026-03-31  1970-01-01T00:00:00.000000Z  yes\n"
					   "B,C                      7  1                                           no\n");
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(out_width(TEXT("abc")), 3);
	assert_int_equal(out_width(TEXT("M\xc3\xbcller")), 6);
	assert_text(out_amount(cli.arena, 12345, TEXT("KWD")), "12.345");
	assert_text(out_amount(cli.arena, -5, TEXT("EUR")), "-0.05");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_an_env_file),    cmocka_unit_test(options_are_taken),
		cmocka_unit_test(wrong_usage_is_exit_2),   cmocka_unit_test(csv_fields),
		cmocka_unit_test(a_list_in_three_formats), cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
