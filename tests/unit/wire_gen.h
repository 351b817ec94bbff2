/*
 * Valid content for any message, from its table and a seed: the same seed gives the same struct. For the tests of wire and
 * json. Header only; include in one .c.
 */
#ifndef TESTS_WIRE_GEN_H
#define TESTS_WIRE_GEN_H

#include "wire/wire.h"

struct wire_gen {
	uint64_t seed;
	unsigned fill; /* per cent of the optional fields that are set */
	struct arena *arena;
	uint32_t text_max; /* longest text; 0: as long as allowed */
};

/* splitmix64 (Vigna, public domain). */
static uint64_t gen_next(struct wire_gen *g)
{
	uint64_t z = g->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t gen_below(struct wire_gen *g, uint64_t n)
{
	return gen_next(g) % n;
}

/* Smallest, largest, next to them, or anything between. */
static int64_t gen_int(struct wire_gen *g, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)high - (uint64_t)low;

	switch (gen_below(g, 6)) {
	case 0:
		return low;
	case 1:
		return high;
	case 2:
		return low <= 0 && high >= 0 ? 0 : low;
	case 3:
		return (int64_t)((uint64_t)low + MIN(span, gen_below(g, 200)));
	default:
		return (int64_t)((uint64_t)low + (span == UINT64_MAX ? gen_next(g) : gen_below(g, span + 1)));
	}
}

static struct text gen_currency(struct wire_gen *g)
{
	size_t n;
	const struct currency *all = currency_all(&n);

	return text_of(all[gen_below(g, n)].code);
}

/* UTF-8 of one to four bytes, never '^' (the tests' marker). */
static struct text gen_text(struct wire_gen *g, const struct wire_field *f)
{
	static const char *const pieces[] = {
		"A", "b", "7", "-", "/", " ", "\"", "\\", "<", "&", "{", ",", "=", "ü", "€", "नि", "漢", "𝄞",
	};
	struct buf b = { .arena = g->arena };
	uint32_t longest = g->text_max > 0 ? MIN(g->text_max, f->max) : f->max;
	size_t want = 1 + gen_below(g, gen_below(g, 4) == 0 ? longest : MIN(longest, 12u));

	if ((f->flags & WIRE_CURRENCY) != 0)
		return gen_currency(g);
	while (b.n < want) {
		const char *piece = pieces[gen_below(g, ARRAY_LEN(pieces))];

		if ((f->flags & WIRE_LINES) != 0 && gen_below(g, 8) == 0)
			piece = gen_below(g, 2) == 0 ? "\n" : "\t";
		if (b.n + strlen(piece) > want)
			piece = "x";
		buf_adds(&b, piece);
	}
	return buf_text(&b);
}

static void gen_into(struct wire_gen *g, const struct wire_msg *m, void *ev);

/* to: member or element; not a message in an array. */
static void gen_value(struct wire_gen *g, const struct wire_field *f, void *to)
{
	bool range = (f->flags & WIRE_RANGE) != 0;
	struct money *x = to;

	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
	case WIRE_PERSONAL:
		*(struct text *)to = gen_text(g, f);
		break;
	case WIRE_BYTES:
		*(struct text *)to = (struct text){ arena_alloc(g->arena, f->max), 1 + gen_below(g, f->max) };
		for (size_t i = 0; i < ((struct text *)to)->n; i++)
			((char *)(uintptr_t)((struct text *)to)->s)[i] = (char)gen_next(g);
		break;
	case WIRE_DATE:
		*(date_t *)to = (date_t)gen_int(g, DATE_MIN, DATE_MAX);
		break;
	case WIRE_MONEY:
		memcpy(x->currency, gen_currency(g).s, sizeof(x->currency));
		x->minor = gen_int(g, -WIRE_MINOR_MAX, WIRE_MINOR_MAX);
		break;
	case WIRE_INT32:
		*(int32_t *)to = (int32_t)gen_int(g, range ? f->low : INT32_MIN, range ? f->high : INT32_MAX);
		break;
	case WIRE_INT64:
		*(int64_t *)to = gen_int(g, range ? f->low : INT64_MIN, range ? f->high : INT64_MAX);
		break;
	case WIRE_BOOL:
		*(bool *)to = true;
		break;
	case WIRE_ENUM:
		memcpy(to, &f->en->values[1 + gen_below(g, f->en->n - 1)].number, sizeof(int32_t));
		break;
	case WIRE_MESSAGE:
		/* One that is there already stays what it is: the caller has chosen its event. */
		if (*(void **)to == NULL)
			*(void **)to = wire_new(f->msg, 1, g->arena);
		gen_into(g, f->msg, *(void **)to);
		break;
	}
}

static size_t gen_size(const struct wire_field *f)
{
	static const size_t sizes[] = {
		[WIRE_TEXT] = sizeof(struct text),   [WIRE_PERSONAL] = sizeof(struct text),
		[WIRE_BYTES] = sizeof(struct text),  [WIRE_DATE] = sizeof(date_t),
		[WIRE_MONEY] = sizeof(struct money), [WIRE_INT32] = sizeof(int32_t),
		[WIRE_INT64] = sizeof(int64_t),      [WIRE_BOOL] = sizeof(bool),
		[WIRE_ENUM] = sizeof(int32_t),
	};

	return f->kind == WIRE_MESSAGE ? f->msg->size : sizes[f->kind];
}

static void gen_array(struct wire_gen *g, const struct wire_field *f, void *ev)
{
	size_t n = 1 + gen_below(g, MIN(f->max_n, 3u)), size = gen_size(f);
	char *to = f->kind == WIRE_MESSAGE ? wire_new(f->msg, n, g->arena) : arena_array(g->arena, n, size);

	*(size_t *)((char *)ev + f->n_at) = n;
	*(void **)((char *)ev + f->at) = to;
	for (size_t i = 0; i < n; i++) {
		if (f->kind == WIRE_MESSAGE)
			gen_into(g, f->msg, to + i * size);
		else
			gen_value(g, f, to + i * size);
	}
}

static void gen_into(struct wire_gen *g, const struct wire_msg *m, void *ev)
{
	uint32_t chosen[4] = { 0 };

	for (size_t k = 0; k < m->n_oneofs; k++) {
		int32_t number;

		memcpy(&number, (char *)ev + m->oneofs[k].case_at, sizeof(number));
		chosen[k] = (uint32_t)number;
		while (chosen[k] == 0) {
			const struct wire_field *f = &m->fields[gen_below(g, m->n_fields)];

			chosen[k] = f->oneof == k + 1 ? f->number : 0;
		}
		memcpy((char *)ev + m->oneofs[k].case_at, &chosen[k], sizeof(number));
	}
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		bool must = (f->flags & (WIRE_REQ | WIRE_RANGE)) != 0 || f->oneof != 0;

		if (f->oneof != 0 && chosen[f->oneof - 1] != f->number)
			continue;
		if (!must && gen_below(g, 100) >= g->fill)
			continue;
		if ((f->flags & WIRE_REPEATED) != 0)
			gen_array(g, f, ev);
		else
			gen_value(g, f, (char *)ev + f->at);
	}
}

/* A valid message. */
static inline void *gen_msg(struct wire_gen *g, const struct wire_msg *m)
{
	void *ev = wire_new(m, 1, g->arena);

	gen_into(g, m, ev);
	return ev;
}

/* A valid message in which f, if it is in a oneof, is the member that is set. */
static inline void *gen_msg_with(struct wire_gen *g, const struct wire_msg *m, const struct wire_field *f)
{
	void *ev = wire_new(m, 1, g->arena);

	if (f->oneof != 0)
		memcpy((char *)ev + m->oneofs[f->oneof - 1].case_at, &f->number, sizeof(int32_t));
	gen_into(g, m, ev);
	return ev;
}

#endif
