#include "fuzz.h"

#include "json/json.h"

/* The hard limit is address space; an input that needs more is a finding. */
#define ARENA_SOFT ((size_t)64 << 20)
#define ARENA_HARD ((size_t)1 << 30)

const struct fuzz_target *fuzz_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < fuzz_targets_n; i++)
		if (strcmp(fuzz_targets[i].name, name) == 0)
			return &fuzz_targets[i];
	return NULL;
}

void fuzz_one(const struct fuzz_target *target, const void *bytes, size_t n)
{
	static struct arena *arena;

	if (arena == NULL)
		arena = arena_new(ARENA_SOFT, ARENA_HARD);
	arena_reset(arena);

	char *own = malloc(n > 0 ? n : 1);

	CHECK(own != NULL);
	if (n > 0)
		memcpy(own, bytes, n);
	target->one((struct text){ own, n }, arena);
	free(own);
}

void fuzz_broken(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list values;

	fprintf(stderr, "%s:%d: broken promise: %s: ", file, line, cond);
	va_start(values, fmt);
	vfprintf(stderr, fmt, values);
	va_end(values);
	fputc('\n', stderr);
	abort();
}

struct text fuzz_own(struct arena *arena, struct text bytes)
{
	if (bytes.n == 0)
		return (struct text){ "", 0 };
	return (struct text){ arena_dup(arena, bytes.s, bytes.n), bytes.n };
}

size_t fuzz_choice(struct text *rest, size_t n)
{
	size_t choice;

	if (rest->n == 0)
		return 0;
	choice = (unsigned char)rest->s[0] % n;
	*rest = (struct text){ rest->s + 1, rest->n - 1 };
	return choice;
}

/* ---- records ---- */

static struct text take_line(struct text *rest)
{
	size_t n = text_find(*rest, TEXT("\n"));
	struct text line = { rest->s, n == TEXT_NOT_FOUND ? rest->n : n };
	size_t used = MIN(line.n + 1, rest->n);

	*rest = (struct text){ rest->s + used, rest->n - used };
	return line;
}

static struct text type_of_value(const struct wire_msg *msg, struct text value, struct arena *arena)
{
	struct err err;
	void *ev;

	if (!wire_decode(msg, (const uint8_t *)value.s, value.n, arena, &err, &ev))
		return TEXT("openitem.x.x.v1");
	return wire_event_type(msg, ev, arena);
}

static struct record_header header_of(struct text line, struct arena *arena)
{
	size_t eq = text_find(line, TEXT("="));

	if (eq == TEXT_NOT_FOUND)
		return (struct record_header){ .name = fuzz_own(arena, line), .value_null = true };
	return (struct record_header){ .name = fuzz_own(arena, (struct text){ line.s, eq }),
				       .value = fuzz_own(arena, (struct text){ line.s + eq + 1, line.n - eq - 1 }) };
}

void fuzz_record(struct text bytes, const struct wire_msg *msg, struct arena *arena, struct record *ret)
{
	struct record_header *h = ARENA_ARRAY(arena, RECORD_HEADERS_MAX, struct record_header);
	size_t end = text_find(bytes, TEXT("\n\n"));

	ret->key_null = true;
	ret->headers = h;
	ret->n_headers = 0;
	if (end == TEXT_NOT_FOUND) {
		ret->value = fuzz_own(arena, bytes);
		return;
	}

	struct text head = { bytes.s, end }, key = take_line(&head);

	ret->value = fuzz_own(arena, (struct text){ bytes.s + end + 2, bytes.n - end - 2 });
	if (!text_eq(key, TEXT("-"))) {
		ret->key = fuzz_own(arena, key);
		ret->key_null = false;
	}
	while (head.n > 0 && ret->n_headers < RECORD_HEADERS_MAX) {
		struct record_header *one = &h[ret->n_headers++];

		*one = header_of(take_line(&head), arena);
		if (text_eq(one->name, TEXT("ce_type")) && text_eq(one->value, TEXT("*")))
			one->value = type_of_value(msg, ret->value, arena);
	}
}

/* ---- events ---- */

void fuzz_event_travels(const struct wire_msg *m, const void *ev, struct arena *arena)
{
	struct err err = { .class = ERR_NONE };
	struct buf json = { .arena = arena };
	struct text bytes, again;
	void *back;

	MUST(wire_validate(m, ev, &err), "%s: %s", err.code, err.msg);
	MUST(wire_encode(m, ev, arena, &err, &bytes), "%s: %s", err.code, err.msg);
	bytes = fuzz_own(arena, bytes);
	MUST(wire_decode_strict(m, (const uint8_t *)bytes.s, bytes.n, arena, &err, &back), "%s: %s", err.code, err.msg);
	MUST(wire_equal(m, ev, back), "decoded to something else");
	MUST(wire_equal(m, ev, wire_copy(m, ev, arena)), "copied to something else");
	MUST(wire_encode(m, back, arena, &err, &again), "%s: %s", err.code, err.msg);
	MUST(text_eq(bytes, again), "encoded to something else");
	MUST(json_from_pb(m->pb, (const uint8_t *)bytes.s, bytes.n, arena, &err, &json), "%s: %s", err.code, err.msg);
	MUST(text_is_utf8(buf_text(&json), 0) && !text_has_control(buf_text(&json)), "the JSON is not plain text");
	MUST(json_to_pb(m->pb, buf_text(&json), arena, &err, &again), "%s: %s", err.code, err.msg);
	MUST(wire_decode_strict(m, (const uint8_t *)again.s, again.n, arena, &err, &back), "%s: %s", err.code, err.msg);
	MUST(wire_equal(m, ev, back), "JSON changed it");
	json = (struct buf){ .arena = arena };
	wire_print(m, ev, &json);
	MUST(text_is_utf8(buf_text(&json), TEXT_NO_NUL) && !text_has_control(buf_text(&json)),
	     "wire_print is not safe on a terminal");
}
