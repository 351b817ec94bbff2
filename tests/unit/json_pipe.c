/*
 * For json_differential.py: one request per line on stdin, one answer per line on stdout.
 *	out MESSAGE HEX		-> JSON
 *	in MESSAGE JSON		-> hex
 * A refusal is answered with `! code msg`.
 */
#include "json/json.h"

#include "ev/all.h"

static const struct wire_msg *find(struct text name)
{
	for (size_t i = 0; i < ev_all_n; i++)
		if (text_eq(text_of(ev_all[i]->name), name))
			return ev_all[i];
	return NULL;
}

static struct text word(struct text *rest)
{
	size_t space = text_find(*rest, TEXT(" "));
	struct text w = { rest->s, space == TEXT_NOT_FOUND ? rest->n : space };

	*rest = (struct text){ rest->s + w.n, rest->n - w.n };
	if (rest->n > 0)
		*rest = (struct text){ rest->s + 1, rest->n - 1 };
	return w;
}

static struct text unhex(struct text hex, struct arena *a)
{
	char *bytes = arena_alloc(a, hex.n / 2 + 1);

	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		char pair[3] = { hex.s[i], hex.s[i + 1], '\0' };

		bytes[i / 2] = (char)strtol(pair, NULL, 16);
	}
	return (struct text){ bytes, hex.n / 2 };
}

static void answer(struct text line, struct arena *a)
{
	struct buf b = { .arena = a };
	struct err err = { .class = ERR_NONE };
	struct text verb = word(&line), bytes;
	const struct wire_msg *m = find(word(&line));
	bool ok = false;

	CHECK(m != NULL);
	if (text_eq(verb, TEXT("out"))) {
		bytes = unhex(line, a);
		ok = json_from_pb(m->pb, (const uint8_t *)bytes.s, bytes.n, a, &err, &b);
	} else {
		ok = json_to_pb(m->pb, line, a, &err, &bytes);
		for (size_t i = 0; ok && i < bytes.n; i++)
			buf_printf(&b, "%02x", (unsigned char)bytes.s[i]);
	}
	if (ok)
		printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&b)));
	else
		printf("! %s %s\n", err.code, err.msg);
	fflush(stdout);
}

int main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new((size_t)64 << 20, (size_t)256 << 20);
	size_t size = 0;
	char *line = NULL;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		answer((struct text){ line, (size_t)n - (line[n - 1] == '\n' ? 1u : 0u) }, a);
		arena_reset(a);
	}
	free(line);
	return 0;
}
