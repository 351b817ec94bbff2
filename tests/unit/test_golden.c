/*
 * Golden bytes: every version of every event that was ever released decodes for ever, says the same, and encodes to the same
 * bytes. tests/golden/<context>.txt, two lines per event:
 *	MESSAGE EVENT HEX
 *	= what wire_print says
 * `test_golden --add` appends the events that have no line yet. A line that was released is never changed or removed.
 * The directory: $OPENITEM_GOLDEN, else beside that of this file.
 */
#include "ev/all.h"
#include "wire/topics.h"

#include <errno.h>
#include <setjmp.h>

#include <cmocka.h>

#include "wire_gen.h"

#define SEEN_MAX 256

static struct arena *arena;

/* Events that have a line, as MESSAGE EVENT. */
static struct text seen[SEEN_MAX];
static size_t seen_n;

/* A file of the source tree, by its name seen from tests/. */
static const char *source_file(const char *name)
{
	size_t unit = text_find(text_of(__FILE__), TEXT("unit/test_golden.c"));

	assert_true(unit != TEXT_NOT_FOUND);
	return text_printf(arena, "%.*s%s", (int)unit, __FILE__, name).s;
}

static const char *file_of(const char *context)
{
	const char *dir = getenv("OPENITEM_GOLDEN");

	if (dir != NULL)
		return text_printf(arena, "%s/%s.txt", dir, context).s;
	return source_file(text_printf(arena, "golden/%s.txt", context).s);
}

static struct text golden_name(const struct wire_msg *m, struct text event)
{
	return text_printf(arena, "%s " TEXT_FMT, m->name, TEXT_ARG(event));
}

static bool is_seen(struct text name)
{
	for (size_t i = 0; i < seen_n; i++)
		if (text_eq(seen[i], name))
			return true;
	return false;
}

static struct text print(const struct wire_msg *m, const void *ev)
{
	struct buf b = { .arena = arena };

	wire_print(m, ev, &b);
	return buf_text(&b);
}

static struct text unhex(struct text hex)
{
	char *bytes = arena_alloc(arena, hex.n / 2 + 1);

	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		char pair[3] = { hex.s[i], hex.s[i + 1], '\0' };

		bytes[i / 2] = (char)strtol(pair, NULL, 16);
	}
	return (struct text){ bytes, hex.n / 2 };
}

/* One event: its head line and the line of what it says. */
static void check_event(struct text head, struct text says)
{
	size_t space = text_find(head, TEXT(" "));
	struct text message = { head.s, space }, rest = { head.s + space + 1, head.n - space - 1 };
	size_t second = text_find(rest, TEXT(" "));
	struct text event = { rest.s, second }, bytes = unhex((struct text){ rest.s + second + 1, rest.n - second - 1 });
	const struct wire_msg *m = NULL;
	struct err err = { .class = ERR_NONE };
	struct text again;
	void *ev;

	for (size_t i = 0; i < ev_all_n; i++)
		if (text_eq(text_of(ev_all[i]->name), message))
			m = ev_all[i];
	assert_non_null(m);
	if (!wire_decode_strict(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &ev))
		fail_msg(TEXT_FMT ": %s: %s", TEXT_ARG(head), err.code, err.msg);
	assert_true(text_eq(wire_event_name(m, ev), event));
	assert_true(text_starts(says, TEXT("= ")));
	assert_string_equal(print(m, ev).s, text_cstr(arena, (struct text){ says.s + 2, says.n - 2 }));
	assert_true(wire_encode(m, ev, arena, &err, &again));
	assert_true(text_eq(again, bytes));
	assert_true(seen_n < SEEN_MAX);
	seen[seen_n++] = golden_name(m, event);
}

static void check_file(const char *name)
{
	FILE *file = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	struct text head = TEXT_NONE;

	if (file == NULL && errno == ENOENT)
		return; /* its events are missed below */
	assert_non_null(file);
	while ((n = getline(&line, &size, file)) > 0) {
		struct text t = text_trim((struct text){ line, (size_t)n });

		if (text_empty(t) || text_starts(t, TEXT("#")))
			continue;
		if (text_empty(head)) {
			head = text_dup(arena, t);
			continue;
		}
		check_event(head, text_dup(arena, t));
		head = TEXT_NONE;
	}
	assert_true(text_empty(head));
	free(line);
	fclose(file);
}

static void append(const struct wire_msg *m, const void *ev, struct text name)
{
	FILE *file = fopen(file_of(m->context), "a");
	struct text bytes;
	struct err err;

	if (!wire_encode(m, ev, arena, &err, &bytes))
		fail_msg("%s", err.msg);
	assert_non_null(file);
	fprintf(file, TEXT_FMT " ", TEXT_ARG(name));
	for (size_t i = 0; i < bytes.n; i++)
		fprintf(file, "%02x", (unsigned char)bytes.s[i]);
	fprintf(file, "\n= " TEXT_FMT "\n", TEXT_ARG(print(m, ev)));
	assert_int_equal(fclose(file), 0);
}

/* Every event below m, reached by path; add, or fail when one has no line. */
static void check_all(const struct wire_msg *root, const struct wire_msg *m, struct text path, bool add)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		struct text here = text_printf(arena, TEXT_FMT "%s", TEXT_ARG(path), f->name);
		struct text name = golden_name(root, text_of(f->name));
		struct wire_gen g = { text_hash(name, 0), 100, arena, 12u };

		if (f->oneof == 0)
			continue;
		if (f->kind == WIRE_MESSAGE && f->msg->n_oneofs > 0) {
			check_all(root, f->msg, text_printf(arena, TEXT_FMT ".", TEXT_ARG(here)), add);
			continue;
		}
		if (is_seen(name))
			continue;
		if (!add)
			fail_msg(TEXT_FMT " has no golden bytes: run test_golden --add", TEXT_ARG(name));

		void *ev = wire_new(root, 1, arena);

		assert_true(wire_set(root, ev, here, TEXT("{}"), arena, NULL));
		gen_into(&g, root, ev);
		if (root == &intake_event_msg)
			((struct intake_event *)ev)->fact_type = wire_event_name(root, ev);
		append(root, ev, name);
	}
}

static bool adding;

static void golden_bytes_decode_and_encode_for_ever(void **state)
{
	(void)state;
	const char *last = "";

	for (size_t i = 0; i < ev_all_n; i++)
		if (strcmp(ev_all[i]->context, last) != 0)
			check_file(file_of(last = ev_all[i]->context));
	for (size_t i = 0; i < wire_topics_n; i++)
		if (strcmp(wire_topics[i].topic, "ar.transfer.v1") != 0) /* as ar.cash.v1 */
			check_all(wire_topics[i].msg, wire_topics[i].msg, TEXT_NONE, adding);
}

/* ---- proto/README.md ---- */

static struct text without_quotes(struct text t)
{
	struct buf b = { .arena = arena };

	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] != '`')
			buf_addc(&b, t.s[i]);
	return buf_text(&b);
}

/* The row of the table that begins like this; fails when there is none. */
static struct text readme_row(FILE *file, struct text begin)
{
	struct text row = TEXT_NONE;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	rewind(file);
	while (text_empty(row) && (n = getline(&line, &size, file)) > 0) {
		row = without_quotes((struct text){ line, (size_t)n });
		if (!text_starts(row, begin))
			row = TEXT_NONE;
	}
	free(line);
	if (text_empty(row))
		fail_msg("proto/README.md has no row " TEXT_FMT, TEXT_ARG(begin));
	return row;
}

static void the_readme_lists_every_topic_and_event(void **state)
{
	(void)state;
	FILE *file = fopen(source_file("../proto/README.md"), "r");

	assert_non_null(file);
	for (size_t i = 0; i < wire_topics_n; i++) {
		const struct wire_topic *t = &wire_topics[i];
		struct text row =
			readme_row(file, text_printf(arena, "| %s | %s | %s | %s |", t->topic, t->msg->name, t->key, t->writer));

		/* intake carries those of others; transfer has copies of some of cash's */
		if (t->msg == &intake_event_msg || strcmp(t->topic, "ar.transfer.v1") == 0)
			continue;
		for (size_t k = 0; k < t->msg->n_fields; k++)
			if (t->msg->fields[k].oneof != 0 && text_find(row, text_of(t->msg->fields[k].name)) == TEXT_NOT_FOUND)
				fail_msg("proto/README.md: %s without %s", t->topic, t->msg->fields[k].name);
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes_decode_and_encode_for_ever),
		cmocka_unit_test(the_readme_lists_every_topic_and_event),
	};

	adding = argc > 1 && strcmp(argv[1], "--add") == 0;
	arena = arena_new((size_t)64 << 20, (size_t)256 << 20);

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(arena);
	return failed;
}
