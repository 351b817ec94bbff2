/* JSON -> protobuf, by the descriptors of protobuf-c. */
#include "json/inner.h"

struct reader {
	struct arena *arena;
	struct err *err;
	size_t elements; /* messages and array elements so far */
};

static bool in_message(struct reader *r, const json_t *value, const ProtobufCMessageDescriptor *desc, ProtobufCMessage **ret,
		       const struct wire_at *at);

static bool expected(const struct reader *r, const struct wire_at *at, const char *what)
{
	return wire_refuse(at, r->err, "bad_json", "expected %s", what);
}

static struct text string_of(const json_t *value)
{
	return (struct text){ json_string_value(value), json_string_length(value) };
}

static bool in_signed(struct reader *r, const json_t *value, int64_t low, int64_t high, int64_t *ret, const struct wire_at *at)
{
	int64_t number;

	if (json_is_integer(value))
		number = json_integer_value(value);
	else if (json_is_real(value))
		return expected(r, at, "an integer, without point or exponent");
	else if (!json_is_string(value) || !text_parse_i64(string_of(value), &number))
		return expected(r, at, "an integer");
	if (number < low || number > high)
		return expected(r, at, "an integer of 32 bits");
	*ret = number;
	return true;
}

static bool in_unsigned(struct reader *r, const json_t *value, uint64_t high, uint64_t *ret, const struct wire_at *at)
{
	uint64_t number = 0;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		number = (uint64_t)json_integer_value(value);
	else if (!json_is_string(value) || !text_parse_u64(string_of(value), &number))
		return expected(r, at, "an integer, not negative");
	if (number > high)
		return expected(r, at, "an integer of 32 bits");
	*ret = number;
	return true;
}

static bool in_enum(struct reader *r, const json_t *value, const ProtobufCEnumDescriptor *en, int *ret, const struct wire_at *at)
{
	const ProtobufCEnumValue *found;
	int64_t number;

	if (!json_is_string(value)) {
		if (!json_is_integer(value))
			return expected(r, at, "the name of an enum value");
		if (!in_signed(r, value, INT32_MIN, INT32_MAX, &number, at))
			return false;
		*ret = (int)number;
		return true;
	}
	found = protobuf_c_enum_descriptor_get_value_by_name(en, json_string_value(value));
	if (found == NULL)
		return wire_refuse(at, r->err, "bad_json", "expected a value of %s, e.g. %s", en->name,
				   en->values[en->n_values > 1 ? 1 : 0].name);
	*ret = found->value;
	return true;
}

static bool in_string(struct reader *r, const json_t *value, char **ret, const struct wire_at *at)
{
	if (!json_is_string(value))
		return expected(r, at, "a string");

	struct text t = text_dup(r->arena, string_of(value));

	if (t.n > 0 && memchr(t.s, 0, t.n) != NULL)
		return expected(r, at, "a string without NUL");
	*ret = arena_dup(r->arena, t.s, t.n + 1);
	return true;
}

/* member: of the struct, or the element of its array. */
static bool in_value(struct reader *r, const json_t *value, const ProtobufCFieldDescriptor *fd, void *member,
		     const struct wire_at *at)
{
	int64_t number;
	uint64_t natural;

	switch (fd->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		if (!in_signed(r, value, INT32_MIN, INT32_MAX, &number, at))
			return false;
		*(int32_t *)member = (int32_t)number;
		return true;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return in_signed(r, value, INT64_MIN, INT64_MAX, member, at);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		if (!in_unsigned(r, value, UINT32_MAX, &natural, at))
			return false;
		*(uint32_t *)member = (uint32_t)natural;
		return true;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return in_unsigned(r, value, UINT64_MAX, member, at);
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(value))
			return expected(r, at, "true or false");
		*(protobuf_c_boolean *)member = json_is_true(value);
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		return in_enum(r, value, fd->descriptor, member, at);
	case PROTOBUF_C_TYPE_STRING:
		return in_string(r, value, member, at);
	case PROTOBUF_C_TYPE_BYTES:
		return (json_is_string(value) && json_base64_in(string_of(value), r->arena, member)) ||
		       expected(r, at, "a string in base64");
	case PROTOBUF_C_TYPE_MESSAGE:
		return in_message(r, value, fd->descriptor, member, at);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		break;
	}
	return wire_refuse(at, r->err, "bad_json", "floating point is not supported");
}

static bool count_element(struct reader *r, const struct wire_at *at)
{
	if (++r->elements > WIRE_ELEMENTS_MAX)
		return wire_refuse(at, r->err, "bad_json", "more than %u elements", WIRE_ELEMENTS_MAX);
	return true;
}

static bool in_repeated(struct reader *r, const json_t *value, const ProtobufCFieldDescriptor *fd, ProtobufCMessage *msg,
			const struct wire_at *here)
{
	struct wire_at at = *here;
	size_t n = json_array_size(value), size = json_element_size(fd->type);

	if (!json_is_array(value))
		return expected(r, &at, "an array");
	if (n == 0)
		return true;
	if (n > WIRE_ELEMENTS_MAX)
		return wire_refuse(&at, r->err, "bad_json", "more than %u elements", WIRE_ELEMENTS_MAX);

	char *elements = arena_array(r->arena, n, size);

	*(size_t *)wire_inm(msg, fd->quantifier_offset) = n;
	*(void **)wire_inm(msg, fd->offset) = elements;
	for (size_t i = 0; i < n; i++) {
		at.index = i;
		if (!count_element(r, &at) || !in_value(r, json_array_get(value, i), fd, elements + i * size, &at))
			return false;
	}
	return true;
}

static bool in_field(struct reader *r, const json_t *value, const ProtobufCFieldDescriptor *fd, ProtobufCMessage *msg,
		     const struct wire_at *at)
{
	uint32_t *set = wire_inm(msg, fd->quantifier_offset);

	if (fd->label == PROTOBUF_C_LABEL_REPEATED)
		return in_repeated(r, value, fd, msg, at);
	if ((fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		if (*set != 0)
			return wire_refuse(at, r->err, "bad_json", "only one member of this oneof can be set");
		*set = fd->id;
	}
	return in_value(r, value, fd, wire_inm(msg, fd->offset), at);
}

/* The key is the camel-case name or the name in the .proto. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *desc, const char *key)
{
	const ProtobufCFieldDescriptor *fd = protobuf_c_message_descriptor_get_field_by_name(desc, key);
	char name[JSON_NAME_MAX + 1];

	for (unsigned i = 0; fd == NULL && i < desc->n_fields; i++) {
		json_camel(desc->fields[i].name, name, sizeof(name));
		if (strcmp(name, key) == 0)
			fd = &desc->fields[i];
	}
	return fd;
}

static bool unknown_key(struct reader *r, const char *key, const ProtobufCMessageDescriptor *desc, const struct wire_at *at)
{
	struct text shown = { key, strnlen(key, 64) };

	return wire_refuse(at, r->err, "bad_json", "%s has no field %s", desc->name, text_printable(r->arena, shown).s);
}

static bool in_message(struct reader *r, const json_t *value, const ProtobufCMessageDescriptor *desc, ProtobufCMessage **ret,
		       const struct wire_at *at)
{
	ProtobufCMessage *msg = arena_alloc(r->arena, desc->sizeof_message);
	const char *key;
	json_t *inner;

	if (!json_is_object(value))
		return expected(r, at, "an object");
	if (!count_element(r, at))
		return false;
	protobuf_c_message_init(desc, msg);
	json_object_foreach((json_t *)(uintptr_t)value, key, inner)
	{
		const ProtobufCFieldDescriptor *fd = find_field(desc, key);
		struct wire_at here = { at, key, WIRE_NO_INDEX };

		if (fd == NULL)
			return unknown_key(r, key, desc, at);
		if (strcmp(key, fd->name) != 0 && json_object_get(value, fd->name) != NULL)
			return wire_refuse(&here, r->err, "bad_json", "is there as %s too", fd->name);
		if (!json_is_null(inner) && !in_field(r, inner, fd, msg, &here))
			return false;
	}
	*ret = msg;
	return true;
}

bool json_to_pb(const ProtobufCMessageDescriptor *desc, struct text json, struct arena *a, struct err *err, struct text *ret_bytes)
{
	_cleanup_(json_drop) json_t *value = json_read(json, err);
	struct wire_at root = { NULL, desc->name, WIRE_NO_INDEX };
	struct reader r = { .arena = a, .err = err };
	ProtobufCMessage *msg;

	if (value == NULL || !in_message(&r, value, desc, &msg, &root))
		return false;
	if (!wire_pack(msg, a, ret_bytes))
		return wire_refuse(&root, err, "bad_json", "more than %zu bytes as protobuf", WIRE_BYTES_MAX);
	return true;
}
