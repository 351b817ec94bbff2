/*
 * fuzz_pipe: what our codecs say of bytes, for tests/fuzz/differential.py. One request per line on stdin, one answer on stdout.
 *	gen TOPIC SEED FILL     hex of a valid event of that topic; FILL: per cent of the optional fields
 *	build TOPIC EVENT       then TAB and COLUMN=VALUE, any number of times: hex of the event with these fields, as in tests/tables;
 *	                        what does not fit is left out
 *	take TOPIC HEX          as the gate decodes: `ok HEX`, the event encoded again, or `! code sentence`
 *	strict TOPIC HEX        as a service inside decodes
 */
#include "wire/inner.h"
#include "wire/topics.h"
#include "wire/wire.h"

#include "wire_gen.h"

static struct text word(struct text *rest)
{
	size_t space = text_find(*rest, TEXT(" "));
	struct text w = { rest->s, space == TEXT_NOT_FOUND ? rest->n : space };
	size_t used = MIN(w.n + 1, rest->n);

	*rest = (struct text){ rest->s + used, rest->n - used };
	return w;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static struct text unhex(struct text hex, struct arena *a)
{
	char *bytes = arena_alloc(a, hex.n / 2);

	for (size_t i = 0; i < hex.n / 2; i++)
		bytes[i] = (char)(digit(hex.s[2 * i]) << 4 | digit(hex.s[2 * i + 1]));
	return (struct text){ bytes, hex.n / 2 };
}

static void put_hex(struct text bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		putchar(digits[(unsigned char)bytes.s[i] >> 4]);
		putchar(digits[(unsigned char)bytes.s[i] & 15]);
	}
	putchar('\n');
}

static void generate(const struct wire_topic *topic, struct text rest, struct arena *a)
{
	int64_t seed = 0, fill = 0;
	struct err err = { .class = ERR_NONE };
	struct text bytes;

	CHECK(text_parse_i64(word(&rest), &seed) && text_parse_i64(word(&rest), &fill));

	struct wire_gen g = { .seed = (uint64_t)seed, .fill = (unsigned)fill, .arena = a, .text_max = 40 };

	CHECK(wire_encode(topic->msg, gen_msg(&g, topic->msg), a, &err, &bytes));
	put_hex(bytes);
}

/* Not checked: the gate is to judge it. */
static void build(const struct wire_topic *topic, struct text rest, struct arena *a)
{
	size_t tab = text_find(rest, TEXT("\t"));
	struct text event = { rest.s, tab == TEXT_NOT_FOUND ? rest.n : tab };
	void *ev = wire_new(topic->msg, 1, a);
	struct err err;

	while (tab != TEXT_NOT_FOUND) {
		rest = (struct text){ rest.s + tab + 1, rest.n - tab - 1 };
		tab = text_find(rest, TEXT("\t"));

		struct text one = { rest.s, tab == TEXT_NOT_FOUND ? rest.n : tab };
		size_t eq = text_find(one, TEXT("="));
		struct text path = text_printf(a, TEXT_FMT "." TEXT_FMT, TEXT_ARG(event), TEXT_ARG(((struct text){ one.s, eq })));

		/* the account of an order stands in the order, that of a command beside it */
		if (!wire_set(topic->msg, ev, path, (struct text){ one.s + eq + 1, one.n - eq - 1 }, a, &err))
			path = text_printf(a, TEXT_FMT ".order." TEXT_FMT, TEXT_ARG(event), TEXT_ARG(((struct text){ one.s, eq })));
		if (!wire_set(topic->msg, ev, path, (struct text){ one.s + eq + 1, one.n - eq - 1 }, a, &err))
			(void)!wire_set(topic->msg, ev, (struct text){ one.s, eq }, (struct text){ one.s + eq + 1, one.n - eq - 1 },
					a, &err);
	}

	struct text bytes = TEXT_NONE;

	if (!wire_pack(wire_to_pb(topic->msg, ev, a), a, &bytes))
		bytes = TEXT_NONE;
	put_hex(bytes);
}

static void answer(struct text line, struct arena *a)
{
	struct err err = { .class = ERR_NONE };
	struct text verb = word(&line), bytes;
	const struct wire_topic *topic = wire_topic_find(word(&line));
	void *ev;

	CHECK(topic != NULL);
	if (text_eq(verb, TEXT("gen"))) {
		generate(topic, line, a);
		return;
	}
	if (text_eq(verb, TEXT("build"))) {
		build(topic, line, a);
		return;
	}
	bytes = unhex(line, a);

	bool strict = text_eq(verb, TEXT("strict"));
	const uint8_t *raw = (const uint8_t *)bytes.s;

	if (strict ? !wire_decode_strict(topic->msg, raw, bytes.n, a, &err, &ev)
		   : !wire_decode(topic->msg, raw, bytes.n, a, &err, &ev)) {
		printf("! %s %s\n", err.code, err.msg);
		return;
	}
	CHECK(wire_encode(topic->msg, ev, a, &err, &bytes));
	printf("ok ");
	put_hex(bytes);
}

int main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new((size_t)64 << 20, (size_t)1 << 30);
	size_t size = 0;
	char *line = NULL;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		answer((struct text){ line, (size_t)n - (line[n - 1] == '\n' ? 1u : 0u) }, a);
		fflush(stdout);
		arena_reset(a);
	}
	free(line);
	return 0;
}
