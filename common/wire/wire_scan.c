/*
 * The raw bytes, before protobuf-c sees them. Protocol buffers encoding: tag = varint (number << 3 | wire type), then
 * a varint (0), 8 bytes (1), length and bytes (2) or 4 bytes (5). Groups (3, 4) are not used in proto3.
 */
#include "wire/inner.h"
#include "wire/varint.h"

/* What one message has shown so far. */
struct message {
	const ProtobufCMessageDescriptor *pb;
	const struct wire_msg *m; /* may be NULL */
	const struct wire_at *at;
	uint32_t unknown;
	bool oneof; /* a member of a oneof was seen */
	unsigned next; /* the field after the last one: encoders write them in order */
	uint32_t *counts; /* per field */
};

struct scan {
	unsigned flags;
	uint32_t elements; /* of the whole payload */
	const uint8_t *begin; /* of it */
	struct err *err;
};

static bool scan_message(struct scan *s, struct message *msg, struct bytes in);

static unsigned wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_TYPE_PIECE;
	default:
		return WIRE_TYPE_VARINT;
	}
}

/* protobuf-c would keep the low bits only. */
static bool number_fits(ProtobufCType type, uint64_t number)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		return (int64_t)number >= INT32_MIN && (int64_t)number <= INT32_MAX;
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
		return number <= UINT32_MAX;
	case PROTOBUF_C_TYPE_BOOL:
		return number <= 1;
	default:
		return true;
	}
}

/* in: where the reading stopped. */
static bool broken(struct scan *s, const struct bytes *in, const struct wire_at *at)
{
	return wire_refuse(at, s->err, "undecodable", "broken or cut protobuf at byte %zu", (size_t)(in->p - s->begin));
}

static bool count_element(struct scan *s, const struct wire_at *at)
{
	if (++s->elements > WIRE_ELEMENTS_MAX)
		return wire_refuse(at, s->err, "too_many", "more than %u elements in one payload", WIRE_ELEMENTS_MAX);
	return true;
}

static bool scan_scalar(struct scan *s, const ProtobufCFieldDescriptor *fd, struct bytes *in, const struct wire_at *at)
{
	uint64_t number;

	if (wire_type_of(fd->type) != WIRE_TYPE_VARINT)
		return varint_skip_value(in, wire_type_of(fd->type)) || broken(s, in, at);
	if (!varint(in, &number))
		return broken(s, in, at);
	if (!number_fits(fd->type, number))
		return wire_refuse(at, s->err, "out_of_range", "does not fit its type");
	return true;
}

static bool scan_packed(struct scan *s, const ProtobufCFieldDescriptor *fd, struct bytes in, uint32_t *count,
			const struct wire_at *at)
{
	while (in.p < in.end) {
		struct wire_at here = { at->up, at->name, *count };

		if (!count_element(s, &here) || !scan_scalar(s, fd, &in, &here))
			return false;
		++*count;
	}
	return true;
}

static bool scan_piece(struct scan *s, struct message *msg, const ProtobufCFieldDescriptor *fd, struct bytes in,
		       const struct wire_at *at)
{
	if (fd->type == PROTOBUF_C_TYPE_STRING) {
		if (in.p < in.end && memchr(in.p, 0, (size_t)(in.end - in.p)) != NULL)
			return wire_refuse(at, s->err, "control_character", "holds NUL");
		return true;
	}
	if (fd->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;

	size_t i = (size_t)(fd - msg->pb->fields);
	struct message inner = { .pb = fd->descriptor, .m = msg->m != NULL ? msg->m->fields[i].msg : NULL, .at = at };

	return count_element(s, at) && scan_message(s, &inner, in);
}

static bool scan_field(struct scan *s, struct message *msg, const ProtobufCFieldDescriptor *fd, unsigned wire_type,
		       struct bytes *in)
{
	size_t i = (size_t)(fd - msg->pb->fields);
	uint32_t *count = &msg->counts[i];
	bool repeated = fd->label == PROTOBUF_C_LABEL_REPEATED;
	unsigned expected = wire_type_of(fd->type);
	struct wire_at at = { msg->at, fd->name, repeated ? *count : WIRE_NO_INDEX };
	struct bytes inner = { NULL, NULL };
	bool packed = repeated && wire_type == WIRE_TYPE_PIECE && expected != wire_type;

	if (wire_type != expected && !packed)
		return wire_refuse(&at, s->err, "undecodable", "wire type %u, expected %u", wire_type, expected);
	if (!repeated && *count > 0)
		return wire_refuse(&at, s->err, "undecodable", "occurs twice");
	if (wire_type != WIRE_TYPE_PIECE) {
		if ((repeated && !count_element(s, &at)) || !scan_scalar(s, fd, in, &at))
			return false;
		++*count;
	} else {
		if (!varint_piece(in, &inner))
			return broken(s, in, &at);
		if (packed ? !scan_packed(s, fd, inner, count, &at) : !scan_piece(s, msg, fd, inner, &at))
			return false;
		if (!packed)
			++*count;
	}
	msg->oneof |= (fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	at.index = WIRE_NO_INDEX;
	if (repeated && msg->m != NULL && *count > msg->m->fields[i].max_n)
		return wire_refuse(&at, s->err, "too_many", "more than %u elements", msg->m->fields[i].max_n);
	return true;
}

/* Two members of one oneof: the last would win silently. */
static bool check_oneofs(struct scan *s, const struct message *msg)
{
	for (unsigned i = 0; i < msg->pb->n_fields; i++) {
		const ProtobufCFieldDescriptor *fd = &msg->pb->fields[i];

		if (msg->counts[i] == 0 || (fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
			continue;
		for (unsigned k = 0; k < i; k++) {
			const ProtobufCFieldDescriptor *other = &msg->pb->fields[k];
			struct wire_at at = { msg->at, fd->name, WIRE_NO_INDEX };

			if (msg->counts[k] > 0 && (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
			    other->quantifier_offset == fd->quantifier_offset)
				return wire_refuse(&at, s->err, "undecodable", "beside %s: only one of them can be set",
						   other->name);
		}
	}
	return true;
}

static bool scan_unknown(struct scan *s, struct message *msg, uint64_t tag, struct bytes *in)
{
	unsigned long long number = tag >> 3;

	if ((tag & 7) == 3 || (tag & 7) == 4)
		return wire_refuse(msg->at, s->err, "undecodable", "a group (wire type %u) at byte %zu: proto3 has none",
				   (unsigned)(tag & 7), (size_t)(in->p - s->begin));
	if (number == 0 || number > 0x1fffffff || !varint_skip_value(in, (unsigned)(tag & 7)))
		return broken(s, in, msg->at);
	if ((s->flags & WIRE_SCAN_STRICT) != 0)
		return wire_refuse(msg->at, s->err, "unknown_field", "field %llu of %s is not known to this version", number,
				   msg->pb->name);
	if (++msg->unknown > WIRE_UNKNOWN_MAX)
		return wire_refuse(msg->at, s->err, "too_many", "more than %u unknown fields", WIRE_UNKNOWN_MAX);
	return true;
}

static const ProtobufCFieldDescriptor *find_field(struct message *msg, uint64_t number)
{
	const ProtobufCFieldDescriptor *fd;

	/* The next one, or once more the last one. */
	for (unsigned i = 0; i < 2 && i <= msg->next && msg->next - i < msg->pb->n_fields; i++) {
		fd = &msg->pb->fields[msg->next - i];
		if (fd->id == number) {
			msg->next += 1 - i;
			return fd;
		}
	}
	fd = protobuf_c_message_descriptor_get_field(msg->pb, (unsigned)number);
	if (fd != NULL)
		msg->next = (unsigned)(fd - msg->pb->fields) + 1;
	return fd;
}

static bool scan_message(struct scan *s, struct message *msg, struct bytes in)
{
	uint32_t counts[WIRE_FIELDS_MAX];

	if (msg->pb->n_fields > WIRE_FIELDS_MAX)
		return wire_refuse(msg->at, s->err, "undecodable", "%s has more than %u fields", msg->pb->name, WIRE_FIELDS_MAX);
	memset(counts, 0, msg->pb->n_fields * sizeof(counts[0]));
	msg->counts = counts;
	while (in.p < in.end) {
		const ProtobufCFieldDescriptor *fd;
		uint64_t tag;

		if (!varint(&in, &tag) || tag > UINT32_MAX)
			return broken(s, &in, msg->at);
		fd = find_field(msg, tag >> 3);
		if (fd == NULL ? !scan_unknown(s, msg, tag, &in) : !scan_field(s, msg, fd, (unsigned)(tag & 7), &in))
			return false;
	}
	return !msg->oneof || check_oneofs(s, msg);
}

bool wire_scan(const ProtobufCMessageDescriptor *pb, const struct wire_msg *m, const uint8_t *bytes, size_t n, unsigned flags,
	       const struct wire_at *at, struct err *err)
{
	struct scan s = { .flags = flags, .begin = bytes, .err = err };
	struct message msg = { .pb = pb, .m = m, .at = at };

	if (n > WIRE_BYTES_MAX)
		return wire_refuse(at, err, "undecodable", "%zu bytes, at most %zu", n, WIRE_BYTES_MAX);
	if (n == 0)
		return true;
	return scan_message(&s, &msg, (struct bytes){ bytes, bytes + n });
}
