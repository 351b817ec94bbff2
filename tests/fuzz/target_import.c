/*
 * openitem import: a map and a CSV file, separated by a line `%%%%`. The whole of the command but the files: it is compiled in here,
 * so that the steps can be called with texts.
 */
#include "targets.h"

#define cmd_import fuzz_cmd_import
#define cli_say    fuzz_say
#include "cli/cli.h"
void fuzz_say(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
#include "../../services/cli/cmd_import.c"
#undef cmd_import

#define ROWS_MAX 200 /* is_repeated and groups compare every row with every other */

void fuzz_say(struct cli *fuzz, const char *fmt, ...)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	MUST(text_printable(fuzz->arena, buf_text(&b)).n > 0, "an empty remark");
}

void target_import(struct text bytes, struct arena *arena)
{
	static const struct text between = TEXT("\n%%%%\n");
	size_t at = text_find(bytes, between);
	struct text map = { bytes.s, at == TEXT_NOT_FOUND ? bytes.n : at }, csv = TEXT_NONE;
	struct cli cli = { .command = &fuzz_cmd_import, .arena = arena };
	struct import im = { .cli = &cli, .arena = arena, .cut_over = date_of(2026, 1, 1), .path = "x.csv" };
	struct err err = { .class = ERR_NONE };

	if (at != TEXT_NOT_FOUND)
		csv = fuzz_own(arena, (struct text){ bytes.s + at + between.n, bytes.n - at - between.n });
	if (!import_map_parse(fuzz_own(arena, map), arena, &err, &im.map)) {
		MUST(err.class == ERR_REJECT && err.msg[0] != '\0', "%s", err.code);
		return;
	}
	if (csv_count_lines(csv) > ROWS_MAX || !read_rows(&im, csv, &err))
		return;
	find_first_day(&im);
	for (size_t e = 0; e < im.map->n_events; e++)
		if (!make_events(&im, e, &err))
			break;
	for (size_t i = 0; i < im.n_made; i++) {
		struct event ev;
		size_t column;

		MUST(event_read(im.made[i].line, NULL, arena, &err, &column, &ev), "%s: %s", err.code, err.msg);
	}
	free(im.made);
}
