#include "run/packed.h"

static void put_u32(struct buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		buf_addc(b, (char)(v >> (8 * i)));
}

static void put_text(struct buf *b, struct text t)
{
	CHECK(t.n <= UINT32_MAX);
	put_u32(b, (uint32_t)t.n);
	buf_add(b, t);
}

struct text packed_record(const struct record *record, struct arena *arena)
{
	struct buf b = { .arena = arena };

	buf_addc(&b, (char)((record->key_null ? 1 : 0) | (record->value_null ? 2 : 0)));
	put_text(&b, record->key);
	put_text(&b, record->value);
	put_u32(&b, (uint32_t)record->n_headers);
	for (size_t i = 0; i < record->n_headers; i++) {
		put_text(&b, record->headers[i].name);
		buf_addc(&b, record->headers[i].value_null ? 1 : 0);
		put_text(&b, record->headers[i].value);
	}
	return buf_text(&b);
}

static bool take(struct text *rest, size_t n, struct text *ret)
{
	if (rest->n < n)
		return false;
	*ret = (struct text){ rest->s, n };
	rest->s += n;
	rest->n -= n;
	return true;
}

static bool take_u32(struct text *rest, uint32_t *ret)
{
	struct text b;

	if (!take(rest, 4, &b))
		return false;
	*ret = 0;
	for (int i = 0; i < 4; i++)
		*ret |= (uint32_t)(uint8_t)b.s[i] << (8 * i);
	return true;
}

static bool take_text(struct text *rest, struct text *ret)
{
	uint32_t n;

	return take_u32(rest, &n) && take(rest, n, ret);
}

bool packed_read(struct text bytes, struct arena *arena, struct record *ret_record)
{
	struct record r = { 0 };
	struct text flags;
	uint32_t n;

	if (!take(&bytes, 1, &flags) || !take_text(&bytes, &r.key) || !take_text(&bytes, &r.value) || !take_u32(&bytes, &n) ||
	    n > 2 * RECORD_HEADERS_MAX)
		return false;
	r.key_null = flags.s[0] & 1;
	r.value_null = flags.s[0] & 2;
	struct record_header *h = ARENA_ARRAY(arena, n, struct record_header);
	for (uint32_t i = 0; i < n; i++) {
		struct text null_flag;
		if (!take_text(&bytes, &h[i].name) || !take(&bytes, 1, &null_flag) || !take_text(&bytes, &h[i].value))
			return false;
		h[i].value_null = null_flag.s[0] != 0;
	}
	r.headers = h;
	r.n_headers = n;
	*ret_record = r;
	return bytes.n == 0;
}
