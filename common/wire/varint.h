/*
 * varint: walking raw protobuf bytes, for what reads them without protobuf-c. Nothing here reads beyond the end, whatever the
 * bytes say: every function answers false instead. Inside wire only.
 */
#ifndef WIRE_VARINT_H
#define WIRE_VARINT_H

#include "base/base.h"

struct bytes {
	const uint8_t *p, *end;
};

enum wire_type {
	WIRE_TYPE_VARINT = 0,
	WIRE_TYPE_64BIT = 1,
	WIRE_TYPE_PIECE = 2, /* a length and as many bytes */
	WIRE_TYPE_32BIT = 5, /* 3 and 4, groups, do not exist in proto3 */
};

/* At most 10 bytes and 64 bits. More bytes than needed are fine: 80 00 is 0. */
static inline bool varint(struct bytes *in, uint64_t *ret)
{
	uint64_t value = 0;

	if (likely(in->p < in->end && *in->p < 0x80)) {
		*ret = *in->p++;
		return true;
	}

	for (unsigned shift = 0; shift < 70 && in->p < in->end; shift += 7) {
		uint8_t byte = *in->p++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static inline bool varint_skip(struct bytes *in, uint64_t n)
{
	if (n > (uint64_t)(in->end - in->p))
		return false;
	in->p += n;
	return true;
}

/* Length-prefixed bytes. */
static inline bool varint_piece(struct bytes *in, struct bytes *ret)
{
	uint64_t n;

	if (!varint(in, &n) || n > (uint64_t)(in->end - in->p))
		return false;
	*ret = (struct bytes){ in->p, in->p + n };
	in->p += n;
	return true;
}

static inline bool varint_skip_value(struct bytes *in, unsigned wire_type)
{
	uint64_t number;
	struct bytes inner;

	switch (wire_type) {
	case WIRE_TYPE_VARINT:
		return varint(in, &number);
	case WIRE_TYPE_64BIT:
		return varint_skip(in, 8);
	case WIRE_TYPE_PIECE:
		return varint_piece(in, &inner);
	case WIRE_TYPE_32BIT:
		return varint_skip(in, 4);
	default:
		return false;
	}
}

#endif
