/* protobuf -> JSON, by the descriptors of protobuf-c. */
#include "json/inner.h"

static void out_message(const ProtobufCMessage *msg, struct buf *out);

static void out_enum(const ProtobufCEnumDescriptor *en, int number, struct buf *out)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(en, number);

	if (value == NULL)
		buf_printf(out, "%d", number);
	else
		buf_printf(out, "\"%s\"", value->name);
}

/* member: of the struct, or the element of its array. */
static void out_value(const ProtobufCFieldDescriptor *fd, const void *member, struct buf *out)
{
	const ProtobufCBinaryData *bytes = member;

	switch (fd->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		buf_printf(out, "%d", *(const int32_t *)member);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		buf_printf(out, "%u", *(const uint32_t *)member);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		buf_printf(out, "\"%lld\"", (long long)*(const int64_t *)member);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		buf_printf(out, "\"%llu\"", (unsigned long long)*(const uint64_t *)member);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buf_adds(out, *(const protobuf_c_boolean *)member != 0 ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		out_enum(fd->descriptor, *(const int *)member, out);
		break;
	case PROTOBUF_C_TYPE_STRING:
		buf_json_string(out, text_of(*(const char *const *)member));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		buf_addc(out, '"');
		json_base64_out(bytes->data, bytes->len, out);
		buf_addc(out, '"');
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		out_message(*(const ProtobufCMessage *const *)member, out);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		CHECK(false); /* not in our schemas */
		break;
	}
}

/* proto3: a value that is the default was not said. */
static bool is_default(const ProtobufCFieldDescriptor *fd, const void *member)
{
	static const unsigned char zero[8];

	switch (fd->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(const char *const *)member == NULL || **(const char *const *)member == '\0';
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len == 0;
	default:
		return memcmp(member, zero, json_element_size(fd->type)) == 0;
	}
}

static void out_repeated(const ProtobufCFieldDescriptor *fd, const char *elements, size_t n, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		out_value(fd, elements + i * json_element_size(fd->type), out);
	}
	buf_addc(out, ']');
}

static void out_message(const ProtobufCMessage *msg, struct buf *out)
{
	const ProtobufCMessageDescriptor *desc = msg->descriptor;
	bool first = true;

	buf_addc(out, '{');
	for (unsigned i = 0; i < desc->n_fields; i++) {
		const ProtobufCFieldDescriptor *fd = &desc->fields[i];
		const void *member = wire_in(msg, fd->offset), *counter = wire_in(msg, fd->quantifier_offset);
		bool repeated = fd->label == PROTOBUF_C_LABEL_REPEATED;
		char name[JSON_NAME_MAX + 1];

		if (repeated                                         ? *(const size_t *)counter == 0
		    : (fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? *(const uint32_t *)counter != fd->id
								     : is_default(fd, member))
			continue;
		if (!first)
			buf_addc(out, ',');
		first = false;
		json_camel(fd->name, name, sizeof(name));
		buf_printf(out, "\"%s\":", name);
		if (repeated)
			out_repeated(fd, *(const char *const *)member, *(const size_t *)counter, out);
		else
			out_value(fd, member, out);
	}
	buf_addc(out, '}');
}

bool json_from_pb(const ProtobufCMessageDescriptor *desc, const uint8_t *bytes, size_t n, struct arena *a, struct err *err,
		  struct buf *out)
{
	struct wire_at root = { NULL, desc->name, WIRE_NO_INDEX };

	if (!wire_scan(desc, NULL, bytes, n, 0, &root, err))
		return false;

	const ProtobufCMessage *msg = wire_unpack(desc, bytes, n, a);

	if (msg == NULL)
		return wire_refuse(&root, err, "undecodable", "refused by protobuf-c");
	out_message(msg, out);
	return true;
}
