/* Bytes -> protobuf-c struct -> checked domain struct, all in the arena. */
#include "wire/inner.h"

#include "ar/type/v1/type.pb-c.h"

static void *arena_pb_alloc(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void arena_pb_free(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *pb, const uint8_t *bytes, size_t n, struct arena *a)
{
	static const uint8_t nothing[1];
	ProtobufCAllocator allocator = {
		.alloc = arena_pb_alloc,
		.free = arena_pb_free,
		.allocator_data = a,
	};

	return protobuf_c_message_unpack(pb, &allocator, n, n > 0 ? bytes : nothing);
}

struct decode {
	struct arena *arena;
	struct err *err;
};

static bool get_msg(struct decode *d, const struct wire_msg *m, const void *pb, void *ev, const struct wire_at *at);

/* protobuf-c's strings end at NUL, and the scan found none inside. */
static struct text get_text(const char *s)
{
	return s == NULL ? TEXT_NONE : (struct text){ s, strlen(s) };
}

static bool get_date(struct decode *d, struct text t, date_t *date, const struct wire_at *at)
{
	*date = DATE_NONE;
	if (t.n > 0 && !date_parse(t, date))
		return wire_refuse(at, d->err, "bad_date", "not a day of the calendar, expected YYYY-MM-DD");
	return true;
}

static bool get_personal(struct decode *d, const Ar__Type__V1__Personal *pb, struct text *t, const struct wire_at *at)
{
	if (pb == NULL)
		return true;
	if (pb->sealed.len > 0 || get_text(pb->key_id).n > 0)
		return wire_refuse(at, d->err, "sealed_unsupported", "sealed personal data cannot be read yet");
	*t = get_text(pb->clear);
	return true;
}

/* A Money that is there has a currency, also when it is zero. */
static bool get_money(struct decode *d, const Ar__Type__V1__Money *pb, struct money *x, const struct wire_at *at)
{
	if (pb == NULL)
		return true;

	struct text code = get_text(pb->currency_code);

	/* Whether ISO 4217 knows it, the check of the value says. */
	if (code.n != sizeof(x->currency) - 1)
		return wire_refuse(at, d->err, "unknown_currency", "not a currency of ISO 4217");
	memcpy(x->currency, code.s, sizeof(x->currency));
	x->minor = pb->minor;
	return true;
}

/* value: zeroed. pb: the member of the protobuf-c struct, or the element of its array. */
static bool get_value(struct decode *d, const struct wire_field *f, const void *pb, void *value, const struct wire_at *at)
{
	const ProtobufCBinaryData *bytes = pb;

	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
		*(struct text *)value = get_text(*(char *const *)pb);
		break;
	case WIRE_BYTES:
		*(struct text *)value = (struct text){ (const char *)bytes->data, bytes->len };
		break;
	case WIRE_DATE:
		return get_date(d, get_text(*(char *const *)pb), value, at);
	case WIRE_PERSONAL:
		return get_personal(d, *(Ar__Type__V1__Personal *const *)pb, value, at);
	case WIRE_MONEY:
		return get_money(d, *(Ar__Type__V1__Money *const *)pb, value, at);
	case WIRE_INT32:
	case WIRE_ENUM:
		memcpy(value, pb, sizeof(int32_t));
		break;
	case WIRE_INT64:
		memcpy(value, pb, sizeof(int64_t));
		break;
	case WIRE_BOOL:
		*(bool *)value = *(const protobuf_c_boolean *)pb != 0;
		break;
	case WIRE_MESSAGE:
		break;
	}
	return true;
}

static bool get_repeated(struct decode *d, const struct wire_field *f, const void *pb, void *ev, const struct wire_at *up)
{
	struct wire_at at = { up, f->name, WIRE_NO_INDEX };
	size_t n = *(const size_t *)wire_in(pb, f->pb_n_at), size = wire_value_size(f);
	const char *from = *(const char *const *)wire_in(pb, f->pb_at);

	if (!wire_check_count(f, n, &at, d->err))
		return false;
	if (n == 0)
		return true;

	char *to = f->kind == WIRE_MESSAGE ? wire_new(f->msg, n, d->arena) : arena_array(d->arena, n, size);

	*(size_t *)wire_inm(ev, f->n_at) = n;
	*(void **)wire_inm(ev, f->at) = to;
	for (size_t i = 0; i < n; i++, from += wire_pb_size(f), to += size) {
		at.index = i;
		if (f->kind == WIRE_MESSAGE) {
			if (!get_msg(d, f->msg, *(const void *const *)from, to, &at))
				return false;
		} else if (!get_value(d, f, from, to, &at) || !wire_check_value(f, to, &at, d->err)) {
			return false;
		}
	}
	return true;
}

static bool get_single(struct decode *d, const struct wire_field *f, const void *pb, void *ev, const struct wire_at *up)
{
	struct wire_at at = { up, f->name, WIRE_NO_INDEX };
	void *value = wire_inm(ev, f->at);

	if (f->kind != WIRE_MESSAGE)
		return get_value(d, f, wire_in(pb, f->pb_at), value, &at) && wire_check_value(f, value, &at, d->err);

	const void *inner = *(const void *const *)wire_in(pb, f->pb_at);

	if (inner == NULL)
		return wire_check_value(f, value, &at, d->err);
	*(void **)value = wire_new(f->msg, 1, d->arena);
	return get_msg(d, f->msg, inner, *(void **)value, &at);
}

static bool get_msg(struct decode *d, const struct wire_msg *m, const void *pb, void *ev, const struct wire_at *at)
{
	for (size_t i = 0; i < m->n_oneofs; i++)
		memcpy(wire_inm(ev, m->oneofs[i].case_at), wire_in(pb, m->oneofs[i].pb_case_at), sizeof(int32_t));
	if (!wire_check_oneofs(m, ev, ((const ProtobufCMessage *)pb)->n_unknown_fields, at, d->err))
		return false;
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (!wire_in_force(m, f, ev))
			continue;
		if ((f->flags & WIRE_REPEATED) != 0 ? !get_repeated(d, f, pb, ev, at) : !get_single(d, f, pb, ev, at))
			return false;
	}
	return true;
}

static bool decode(const struct wire_msg *m, const uint8_t *bytes, size_t n, unsigned flags, struct arena *a, struct err *err,
		   void **ret)
{
	struct wire_at root = { NULL, m->name, WIRE_NO_INDEX };
	struct decode d = { .arena = a, .err = err };

	if (!wire_scan(m->pb, m, bytes, n, flags, &root, err))
		return false;

	const ProtobufCMessage *pb = wire_unpack(m->pb, bytes, n, a);

	if (pb == NULL)
		return wire_refuse(&root, err, "undecodable", "refused by protobuf-c");

	void *ev = wire_new(m, 1, a);

	if (!get_msg(&d, m, pb, ev, &root))
		return false;
	*ret = ev;
	return true;
}

bool wire_decode(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret)
{
	return decode(m, bytes, n, 0, a, err, ret);
}

bool wire_decode_strict(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret)
{
	if (decode(m, bytes, n, WIRE_SCAN_STRICT, a, err, ret))
		return true;
	if (err != NULL)
		err->class = ERR_STOP;
	return false;
}
