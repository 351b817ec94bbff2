/* explain_print: what explain says, as indented lines or as JSON. Both are written as the walk goes. */
#include "cli/explain.h"

/* ---- JSON ---- */

static void write_json(struct explain *x)
{
	fwrite(x->json_text.s, 1, x->json_text.n, stdout);
	buf_clear(&x->json_text);
}

static void close_down_to(struct explain *x, int depth)
{
	while (x->n_open > 0 && x->open[x->n_open - 1].depth >= depth)
		buf_adds(&x->json_text, x->open[--x->n_open].has_children ? "]}" : "}");
}

static void open_object(struct explain *x, int depth, const char *kind, struct text words)
{
	close_down_to(x, depth);
	if (x->n_open == 0) {
		buf_adds(&x->json_text, x->begun ? ",\n{" : "\n{");
		x->begun = true;
	} else {
		struct explain_open *parent = &x->open[x->n_open - 1];

		buf_adds(&x->json_text, parent->has_children ? ",\n {" : ",\"under\":[\n {");
		parent->has_children = true;
	}
	CHECK(x->n_open < ARRAY_LEN(x->open));
	x->open[x->n_open++] = (struct explain_open){ .depth = depth };
	buf_printf(&x->json_text, "\"kind\":\"%s\",\"says\":", kind);
	buf_json_string(&x->json_text, words);
	write_json(x);
}

void explain_member(struct explain *x, const char *name, struct text value)
{
	if (!x->json)
		return;
	buf_printf(&x->json_text, ",\"%s\":", name);
	buf_json_string(&x->json_text, value);
}

void explain_member_int(struct explain *x, const char *name, int64_t value)
{
	if (x->json)
		buf_printf(&x->json_text, ",\"%s\":%lld", name, (long long)value);
}

void explain_begin(struct explain *x, const char *id)
{
	if (!x->json)
		return;
	buf_adds(&x->json_text, "{\"id\":");
	buf_json_string(&x->json_text, text_of(id));
	buf_adds(&x->json_text, ",\"found\":[");
}

void explain_end(struct explain *x, struct text known)
{
	if (!x->json) {
		printf("\n" TEXT_FMT "\n", TEXT_ARG(known));
		return;
	}
	close_down_to(x, 0);
	buf_adds(&x->json_text, "],\n\"known\":");
	buf_json_string(&x->json_text, known);
	buf_adds(&x->json_text, "}\n");
	write_json(x);
}

/* ---- both ---- */

void explain_say(struct explain *x, int depth, const char *kind, const char *fmt, ...)
{
	struct arena *a = x->cli->arena;
	_cleanup_(buf_free) struct buf b = { 0 };
	size_t mark = arena_mark(a);
	va_list values;

	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	if (x->json)
		open_object(x, depth, kind, buf_text(&b));
	else
		printf("%*s%s\n", depth * 2, "", text_printable(a, buf_text(&b)).s);
	arena_rewind(a, mark);
}
