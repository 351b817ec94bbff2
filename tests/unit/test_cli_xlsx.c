/* test_cli_xlsx: lists as a spreadsheet, read back by tests/unit/xlsx_text.py; and the file: whole or not there. */
#include "cli/options.h"
#include "cli/xlsx.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct command nothing = { .name = "aging", .usage = "openitem aging\n\nDoes nothing.", .example = "openitem aging" };
static struct cli cli;
static char dir[] = "/tmp/test_cli_xlsx_XXXXXX";

static int setup(void **state)
{
	(void)state;
	cli = (struct cli){ .command = &nothing, .arena = arena_new(1u << 20, 1u << 26) };
	return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(cli.arena);
	return rmdir(dir); /* nothing may be left in it */
}

static const char *in_dir(const char *name)
{
	return text_printf(cli.arena, "%s/%s", dir, name).s;
}

static void two_lists(struct xlsx *x)
{
	static const struct out_column columns[] = {
		{ "account", OUT_TEXT }, { "open", OUT_MONEY }, { "n", OUT_INT },   { "late", OUT_TENTHS },
		{ "due", OUT_DAY },      { "at", OUT_INSTANT }, { "ok", OUT_BOOL },
	};

	cli.format = OUT_XLSX;
	cli.xlsx = x;
	struct out *out = out_open(&cli, columns, ARRAY_LEN(columns));
	static const struct {
		const char *text, *currency;
		int64_t minor;
	} rows[] = { { "=HYPERLINK(\"x\")", "EUR", -123450 },
		     { "0012", "JPY", 7 },
		     { "M\xc3\xbcller \x1b[31m\n<b>&", "KWD", 1005 },
		     { "", "EUR", 1234567890123456789 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		out_text(out, text_of(rows[i].text));
		out_money(out, rows[i].minor, text_of(rows[i].currency));
		out_int(out, i == 3 ? 1000000000000000 : (int64_t)i);
		out_tenths(out, -5);
		out_day(out, i == 0 ? date_of(2026, 3, 31) : DATE_NONE);
		if (i == 0)
			out_instant(out, 0);
		else
			out_absent(out);
		out_bool(out, i == 0);
	}
	out_note(out, "as of today");
	out_close(out);
	xlsx_name(x, "empty");
	out = out_open(&cli, columns, 1);
	out_close(out);
	cli.format = OUT_TABLE;
	cli.xlsx = NULL;
}

static struct text read_back(const char *path)
{
	const char *seen = in_dir("seen");
	struct text command = text_printf(cli.arena, "/usr/bin/python3 tests/unit/xlsx_text.py %s >%s", path, seen);
	struct text bytes;
	struct err err;

	assert_int_equal(system(command.s), 0);
	assert_true(cli_read_file(&cli, seen, &err, &bytes));
	bytes = text_dup(cli.arena, bytes);
	unlink(seen);
	return bytes;
}

static void a_list_as_a_spreadsheet_sees_it(void **state)
{
	const char *path = in_dir("a.xlsx");
	struct xlsx *x;
	struct err err;

	(void)state;
	assert_true(xlsx_open(path, false, "aging", &err, &x));
	two_lists(x);
	assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
	assert_true(xlsx_close(x, true, &err));
	assert_string_equal(read_back(path).s,
			    "aging: frozen 1 filter A1:G5\n"
			    "  A1 text 'account'\n  B1 text 'open'\n  C1 text 'n'\n  D1 text 'late'\n"
			    "  E1 text 'due'\n  F1 text 'at'\n  G1 text 'ok'\n"
			    "  A2 text '=HYPERLINK(\"x\")'\n  B2 number -1234.5 #,##0.00\n  C2 number 0 #,##0\n"
			    "  D2 number -0.5 #,##0.0\n  E2 number 46112 yyyy-mm-dd\n"
			    "  F2 text '1970-01-01T00:00:00.000000Z'\n  G2 bool 1\n"
			    "  A3 text '0012'\n  B3 number 7 #,##0\n  C3 number 1 #,##0\n  D3 number -0.5 #,##0.0\n"
			    "  G3 bool 0\n"
			    "  A4 text 'M\xc3\xbcller _x001B_[31m\\n<b>&'\n  B4 number 1.005 #,##0.000\n"
			    "  C4 number 2 #,##0\n  D4 number -0.5 #,##0.0\n  G4 bool 0\n"
			    "  B5 text '12345678901234567.89'\n  C5 text '1000000000000000'\n"
			    "  D5 number -0.5 #,##0.0\n  G5 bool 0\n"
			    "empty: frozen 1 filter A1\n  A1 text 'account'\n"
			    "remarks:\n  A1 text 'as of today'\n");
	unlink(path);
}

static struct text whole(const char *name)
{
	struct text bytes;
	struct err err;

	assert_true(cli_read_file(&cli, in_dir(name), &err, &bytes));
	return bytes;
}

static void the_same_lists_are_the_same_bytes(void **state)
{
	struct text a, b;
	struct xlsx *x;
	struct err err;

	(void)state;
	assert_true(xlsx_open(in_dir("a.xlsx"), false, "aging", &err, &x));
	two_lists(x);
	assert_true(xlsx_close(x, true, &err));
	sleep(1);
	assert_true(xlsx_open(in_dir("b.xlsx"), false, "aging", &err, &x));
	two_lists(x);
	assert_true(xlsx_close(x, true, &err));
	a = whole("a.xlsx");
	b = whole("b.xlsx");
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.s, b.s, a.n);
	unlink(in_dir("a.xlsx"));
	unlink(in_dir("b.xlsx"));
}

static void assert_refused(const char *path, bool replace, const char *says)
{
	struct xlsx *x;
	struct err err;

	assert_false(xlsx_open(path, replace, "aging", &err, &x));
	assert_int_equal(err.class, ERR_REJECT);
	assert_non_null(strstr(err.msg, says));
}

static size_t files(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

static void a_file_is_whole_or_not_there(void **state)
{
	const char *path = in_dir("a.xlsx");
	struct xlsx *x;
	struct stat st;
	struct err err;

	(void)state;
	assert_refused(in_dir("no/a.xlsx"), false, "no such directory");
	assert_refused(dir, true, "is no file");
	assert_true(xlsx_open(path, false, "aging", &err, &x));
	two_lists(x);
	assert_true(xlsx_close(x, false, &err)); /* the command failed */
	assert_int_equal(files(), 0);

	assert_true(xlsx_open(path, false, "aging", &err, &x));
	assert_false(xlsx_close(x, true, &err));
	assert_non_null(strstr(err.msg, "no list"));
	assert_int_equal(files(), 0);

	assert_true(xlsx_open(path, false, "aging", &err, &x));
	two_lists(x);
	close(creat(path, 0600)); /* somebody else's, meanwhile */
	assert_false(xlsx_close(x, true, &err));
	assert_non_null(strstr(err.msg, "exists; --force replaces it"));
	assert_int_equal(files(), 1);
	assert_true(stat(path, &st) == 0 && st.st_size == 0);
	assert_refused(path, false, "exists; --force replaces it");

	assert_true(xlsx_open(path, true, "aging", &err, &x));
	two_lists(x);
	assert_true(xlsx_close(x, true, &err));
	assert_true(stat(path, &st) == 0 && st.st_size > 1000);
	assert_int_equal(files(), 1);
	unlink(path);
}

/* --csv and --xlsx come with every list; a command's own --force is its own. */
static void options_of_every_list(void **state)
{
	char *csv[] = { "aging", "--csv", NULL }, *both[] = { "aging", "--csv", "--xlsx", "x", NULL };
	char *file[] = { "aging", "--xlsx", NULL, NULL }, *forced[] = { "aging", "--force", NULL };
	bool force = false;
	const struct option_spec list[] = { OPTION_FORMAT(&cli) },
				 none[] = { { "force", 0, OPTION_FLAG, &force, NULL, "", 0, 0, NULL } };
	const struct option_spec own[] = { OPTION_FORMAT(&cli), none[0] };
	char **argv = csv;
	int argc = 2;
	struct err err;

	(void)state;
	assert_int_equal(options_parse(&cli, list, 1, 0, 0, &argc, &argv), -1);
	assert_int_equal(cli.format, OUT_CSV);
	cli.format = OUT_TABLE;
	argc = 4, argv = both;
	assert_int_equal(options_parse(&cli, list, 1, 0, 0, &argc, &argv), EXIT_USAGE);
	argc = 2, argv = csv;
	assert_int_equal(options_parse(&cli, none, 1, 0, 0, &argc, &argv), EXIT_USAGE);
	argc = 2, argv = forced;
	assert_int_equal(options_parse(&cli, own, 2, 0, 0, &argc, &argv), -1);
	assert_true(force);
	cli.format = OUT_TABLE;
	argc = 3, argv = file;
	file[2] = arena_dup(cli.arena, in_dir("a.xlsx"), strlen(in_dir("a.xlsx")) + 1);
	assert_int_equal(options_parse(&cli, list, 1, 0, 0, &argc, &argv), -1);
	assert_int_equal(cli.format, OUT_XLSX);
	assert_true(xlsx_close(cli.xlsx, false, &err));
	cli.xlsx = NULL;
	cli.format = OUT_TABLE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_as_a_spreadsheet_sees_it),
		cmocka_unit_test(the_same_lists_are_the_same_bytes),
		cmocka_unit_test(a_file_is_whole_or_not_there),
		cmocka_unit_test(options_of_every_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
