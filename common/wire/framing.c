#include "wire/framing.h"

#include "wire/varint.h"

#define FRAME_HEADER 5 /* 0x00 and the schema id */

static bool bad(struct err *err, struct text value, const struct bytes *in, const char *what)
{
	return err_set(err, ERR_REJECT, "undecodable", "Confluent framing: %s at byte %zu", what,
		       (size_t)(in->p - (const uint8_t *)value.s));
}

/* A zig-zag varint of 32 bits that is not negative. */
static bool take_index(struct bytes *in, uint32_t *ret)
{
	uint64_t value;

	if (!varint(in, &value) || value > UINT32_MAX || (value & 1) != 0)
		return false;
	*ret = (uint32_t)(value >> 1);
	return true;
}

bool framing_strip(struct text value, bool json, struct err *err, struct text *ret_payload)
{
	uint32_t n = 0, index;

	if (value.n == 0 || value.s[0] != 0) {
		*ret_payload = value;
		return true;
	}

	const uint8_t *begin = (const uint8_t *)value.s;
	struct bytes in = { begin, begin + value.n };

	if (!varint_skip(&in, FRAME_HEADER))
		return err_set(err, ERR_REJECT, "undecodable", "Confluent framing: %zu bytes, cut within the schema id", value.n);
	if (!json && !take_index(&in, &n))
		return bad(err, value, &in, "no message index");
	if (n > FRAMING_INDEX_MAX)
		return bad(err, value, &in, "a message index of too many numbers");
	for (uint32_t i = 0; i < n; i++)
		if (!take_index(&in, &index))
			return bad(err, value, &in, "no message index");
	*ret_payload = (struct text){ (const char *)in.p, (size_t)(in.end - in.p) };
	return true;
}
