/* Reading JSON text, names, base64: what both directions need. */
#include "json/inner.h"

json_t *json_read(struct text json, struct err *err)
{
	json_error_t where;
	json_t *value;

	if (json.n > JSON_BYTES_MAX) {
		err_set(err, ERR_REJECT, "bad_json", "%zu bytes, at most %zu", json.n, JSON_BYTES_MAX);
		return NULL;
	}
	value = json_loadb(json.n > 0 ? json.s : "", json.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (value == NULL) {
		/* jansson ends with "near '...'": a value, which may be personal; or with advice to programmers. */
		static const char *const endings[] = { " near ", " without JSON_ALLOW_NUL" };

		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			char *end = strstr(where.text, endings[i]);

			if (end != NULL)
				*end = '\0';
		}
		err_set(err, ERR_REJECT, "bad_json", "line %d, column %d: %s", where.line, where.column, where.text);
	}
	return value;
}

void json_drop(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

void json_camel(const char *name, char *buf, size_t size)
{
	size_t n = 0;
	bool up = false;

	for (; *name != '\0' && n + 1 < size; name++) {
		if (*name == '_') {
			up = true;
			continue;
		}
		buf[n++] = up && *name >= 'a' && *name <= 'z' ? (char)(*name - 32) : *name;
		up = false;
	}
	buf[n] = '\0';
}

size_t json_element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 8;
	}
}

void json_base64_out(const uint8_t *bytes, size_t n, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		unsigned b1 = left > 1 ? bytes[i + 1] : 0u, b2 = left > 2 ? bytes[i + 2] : 0u;
		unsigned v = (unsigned)bytes[i] << 16 | b1 << 8 | b2;

		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool json_base64_in(struct text t, struct arena *a, ProtobufCBinaryData *ret)
{
	if (t.n > 0 && t.n % 4 == 0)
		for (int i = 0; i < 2 && t.s[t.n - 1] == '='; i++)
			t.n--;
	if (t.n % 4 == 1)
		return false;

	uint8_t *bytes = arena_alloc(a, t.n / 4 * 3 + 3);
	size_t n = 0;
	unsigned v = 0;

	for (size_t i = 0; i < t.n; i++) {
		int digit = base64_digit(t.s[i]);

		if (digit < 0)
			return false;
		v = v << 6 | (unsigned)digit;
		if (i % 4 == 0)
			continue;
		bytes[n++] = (uint8_t)(v >> (6 - 2 * (i % 4)));
	}
	*ret = (ProtobufCBinaryData){ n, bytes };
	return true;
}
