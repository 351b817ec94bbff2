#include "wire/cloudevent.h"

#include "wire/varint.h"

struct reader {
	const uint8_t *begin;
	struct err *err;
};

/* One field: its number, and its bytes when it is length-prefixed. */
struct field {
	uint32_t number;
	bool is_piece;
	struct bytes piece;
};

enum { ID = 1, SOURCE, SPEC_VERSION, TYPE, ATTRIBUTES, BINARY_DATA, TEXT_DATA, PROTO_DATA };
enum { ENTRY_NAME = 1, ENTRY_VALUE };
enum { VALUE_STRING = 3 };
enum { ANY_TYPE_URL = 1, ANY_VALUE };

static bool bad(const struct reader *r, const uint8_t *at, const char *where, const char *what)
{
	return err_set(r->err, ERR_REJECT, "undecodable", "%s: %s at byte %zu", where, what, (size_t)(at - r->begin));
}

static struct text text_in(struct bytes b)
{
	return (struct text){ (const char *)b.p, (size_t)(b.end - b.p) };
}

static bool next_field(const struct reader *r, struct bytes *in, const char *where, struct field *ret)
{
	const uint8_t *at = in->p;
	uint64_t tag;

	if (!varint(in, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return bad(r, at, where, "broken or cut protobuf");
	*ret = (struct field){ .number = (uint32_t)tag >> 3, .is_piece = (tag & 7) == WIRE_TYPE_PIECE };
	if (ret->is_piece ? varint_piece(in, &ret->piece) : varint_skip_value(in, (unsigned)(tag & 7)))
		return true;
	return bad(r, at, where, "broken or cut protobuf");
}

/* A field that may occur once and holds bytes. seen: one bit per field number. */
static bool take_piece(const struct reader *r, const struct field *f, const struct bytes *in, const char *where, uint32_t *seen,
		       struct text *ret)
{
	if (!f->is_piece)
		return bad(r, in->p, where, "the wrong wire type");
	if ((*seen & 1u << f->number) != 0)
		return bad(r, in->p, where, "occurs twice");
	*seen |= 1u << f->number;
	*ret = text_in(f->piece);
	return true;
}

/* An attribute that we use: a ce_string. */
static bool take_string(const struct reader *r, struct text value, const char *where, struct text *ret)
{
	struct bytes in = { (const uint8_t *)value.s, (const uint8_t *)value.s + value.n };
	struct field f;
	uint32_t seen = 0;

	while (in.p < in.end) {
		if (!next_field(r, &in, where, &f))
			return false;
		if (f.number != VALUE_STRING)
			return bad(r, in.p, where, "expected ce_string");
		if (!take_piece(r, &f, &in, where, &seen, ret))
			return false;
	}
	return seen != 0 || bad(r, in.p, where, "has no value");
}

struct attributes {
	bool content_type, correlation_id; /* seen */
};

static bool take_named(const struct reader *r, struct text name, struct text value, const uint8_t *at, struct attributes *seen,
		       struct wire_cloudevent *ce)
{
	static const char *const context[] = { "id", "source", "specversion", "type" };

	for (size_t i = 0; i < ARRAY_LEN(context); i++)
		if (text_eq(name, text_of(context[i])))
			return bad(r, at, "CloudEvent.attributes", "id, source, specversion or type among the extensions");
	if (text_eq(name, TEXT("datacontenttype"))) {
		if (seen->content_type)
			return bad(r, at, "CloudEvent.attributes[datacontenttype]", "occurs twice");
		seen->content_type = true;
		return take_string(r, value, "CloudEvent.attributes[datacontenttype]", &ce->data_content_type);
	}
	if (text_eq(name, TEXT("correlationid"))) {
		if (seen->correlation_id)
			return bad(r, at, "CloudEvent.attributes[correlationid]", "occurs twice");
		seen->correlation_id = true;
		return take_string(r, value, "CloudEvent.attributes[correlationid]", &ce->correlation_id);
	}
	return true;
}

static bool take_attribute(const struct reader *r, struct text entry, struct attributes *seen, struct wire_cloudevent *ce)
{
	struct bytes in = { (const uint8_t *)entry.s, (const uint8_t *)entry.s + entry.n };
	struct text name = TEXT_NONE, value = { (const char *)in.end, 0 };
	uint32_t fields = 0;
	struct field f;

	while (in.p < in.end) {
		if (!next_field(r, &in, "CloudEvent.attributes", &f))
			return false;
		if (f.number == ENTRY_NAME && !take_piece(r, &f, &in, "CloudEvent.attributes: name", &fields, &name))
			return false;
		if (f.number == ENTRY_VALUE && !take_piece(r, &f, &in, "CloudEvent.attributes: value", &fields, &value))
			return false;
	}
	return take_named(r, name, value, in.end, seen, ce);
}

static bool take_any(const struct reader *r, struct text any, struct wire_cloudevent *ce)
{
	struct bytes in = { (const uint8_t *)any.s, (const uint8_t *)any.s + any.n };
	uint32_t fields = 0;
	struct field f;

	ce->data = (struct text){ (const char *)in.end, 0 };
	while (in.p < in.end) {
		if (!next_field(r, &in, "CloudEvent.proto_data", &f))
			return false;
		if (f.number == ANY_TYPE_URL && !take_piece(r, &f, &in, "CloudEvent.proto_data.type_url", &fields, &ce->type_url))
			return false;
		if (f.number == ANY_VALUE && !take_piece(r, &f, &in, "CloudEvent.proto_data.value", &fields, &ce->data))
			return false;
	}
	return true;
}

static bool take_data(const struct reader *r, const struct field *f, const struct bytes *in, struct wire_cloudevent *ce)
{
	static const char *const names[] = { "CloudEvent.binary_data", "CloudEvent.text_data", "CloudEvent.proto_data" };
	const char *where = names[f->number - BINARY_DATA];
	uint32_t seen = 0;

	if (ce->kind != WIRE_CLOUDEVENT_NO_DATA)
		return bad(r, in->p, where, "data a second time");
	if (!take_piece(r, f, in, where, &seen, &ce->data))
		return false;
	ce->kind = (enum wire_cloudevent_data)f->number;
	return f->number != PROTO_DATA || take_any(r, ce->data, ce);
}

static bool take_field(const struct reader *r, const struct field *f, const struct bytes *in, uint32_t *seen,
		       struct attributes *attributes, struct wire_cloudevent *ce)
{
	struct text entry;
	uint32_t once = 0;

	switch (f->number) {
	case ID:
		return take_piece(r, f, in, "CloudEvent.id", seen, &ce->id);
	case SOURCE:
		return take_piece(r, f, in, "CloudEvent.source", seen, &ce->source);
	case SPEC_VERSION:
		return take_piece(r, f, in, "CloudEvent.spec_version", seen, &ce->spec_version);
	case TYPE:
		return take_piece(r, f, in, "CloudEvent.type", seen, &ce->type);
	case ATTRIBUTES:
		return take_piece(r, f, in, "CloudEvent.attributes", &once, &entry) && take_attribute(r, entry, attributes, ce);
	case BINARY_DATA:
	case TEXT_DATA:
	case PROTO_DATA:
		return take_data(r, f, in, ce);
	default:
		return true;
	}
}

bool wire_cloudevent_in(struct text bytes, struct err *err, struct wire_cloudevent *ret)
{
	static const uint8_t nothing[1];
	const uint8_t *begin = bytes.n > 0 ? (const uint8_t *)bytes.s : nothing;
	struct reader r = { begin, err };
	struct bytes in = { begin, begin + bytes.n };
	struct attributes attributes = { 0 };
	struct wire_cloudevent ce = { .kind = WIRE_CLOUDEVENT_NO_DATA };
	struct field f;
	uint32_t seen = 0;

	while (in.p < in.end)
		if (!next_field(&r, &in, "CloudEvent", &f) || !take_field(&r, &f, &in, &seen, &attributes, &ce))
			return false;
	if (!text_eq(ce.spec_version, TEXT("1.0")))
		return err_set(err, ERR_REJECT, "undecodable", "CloudEvent.spec_version: expected 1.0");
	*ret = ce;
	return true;
}
