/* Checked domain struct -> protobuf-c struct in the arena -> bytes. */
#include "wire/inner.h"

#include "ar/type/v1/type.pb-c.h"

/* Where protobuf-c packs to. */
bool wire_pack(const ProtobufCMessage *msg, struct arena *a, struct text *ret)
{
	size_t n = protobuf_c_message_get_packed_size(msg);

	if (n > WIRE_BYTES_MAX)
		return false;

	uint8_t *bytes = arena_alloc(a, n + 1);

	CHECK(protobuf_c_message_pack(msg, bytes) == n);
	*ret = (struct text){ (const char *)bytes, n };
	return true;
}

static char *put_text(struct text t, struct arena *a)
{
	if (t.n == 0)
		return NULL;

	char *s = arena_alloc(a, t.n + 1);

	memcpy(s, t.s, t.n);
	return s;
}

static Ar__Type__V1__Personal *put_personal(struct text t, struct arena *a)
{
	if (t.n == 0)
		return NULL;

	Ar__Type__V1__Personal *pb = ARENA_NEW(a, Ar__Type__V1__Personal);

	ar__type__v1__personal__init(pb);
	pb->clear = put_text(t, a);
	return pb;
}

static Ar__Type__V1__Money *put_money(const struct money *x, struct arena *a)
{
	struct text code = { x->currency, strnlen(x->currency, sizeof(x->currency)) };

	if (code.n == 0 && x->minor == 0)
		return NULL;

	Ar__Type__V1__Money *pb = ARENA_NEW(a, Ar__Type__V1__Money);

	ar__type__v1__money__init(pb);
	pb->currency_code = put_text(code, a);
	pb->minor = x->minor;
	return pb;
}

static char *put_date(date_t date, struct arena *a)
{
	int year, month, day;

	if (!date_is_valid(date))
		return NULL;
	date_civil(date, &year, &month, &day);

	/* By hand: printf would be a tenth of encoding. */
	const int digits[] = { year / 1000, year / 100 % 10, year / 10 % 10, year % 10, -1, month / 10, month % 10,
			       -1,          day / 10,        day % 10 };
	char *s = arena_alloc(a, DATE_TEXT_SIZE);

	for (size_t i = 0; i < ARRAY_LEN(digits); i++)
		s[i] = digits[i] < 0 ? '-' : (char)('0' + digits[i]);
	return s;
}

/* pb: the member of the protobuf-c struct, or the element of its array. */
static void put_value(const struct wire_field *f, const void *value, void *pb, struct arena *a)
{
	const struct text *t = value;
	const void *inner;

	switch ((enum wire_kind)f->kind) {
	case WIRE_TEXT:
		*(char **)pb = put_text(*t, a);
		break;
	case WIRE_BYTES:
		*(ProtobufCBinaryData *)pb = (ProtobufCBinaryData){ t->n, arena_dup(a, t->s, t->n) };
		break;
	case WIRE_DATE:
		*(char **)pb = put_date(*(const date_t *)value, a);
		break;
	case WIRE_PERSONAL:
		*(Ar__Type__V1__Personal **)pb = put_personal(*t, a);
		break;
	case WIRE_MONEY:
		*(Ar__Type__V1__Money **)pb = put_money(value, a);
		break;
	case WIRE_INT32:
	case WIRE_ENUM:
		memcpy(pb, value, sizeof(int32_t));
		break;
	case WIRE_INT64:
		memcpy(pb, value, sizeof(int64_t));
		break;
	case WIRE_BOOL:
		*(protobuf_c_boolean *)pb = *(const bool *)value;
		break;
	case WIRE_MESSAGE:
		inner = (f->flags & WIRE_REPEATED) != 0 ? value : *(const void *const *)value;
		*(ProtobufCMessage **)pb = inner == NULL ? NULL : wire_to_pb(f->msg, inner, a);
		break;
	}
}

static void put_repeated(const struct wire_field *f, const void *ev, void *pb, struct arena *a)
{
	size_t n = wire_count(f, ev), size = wire_value_size(f);
	const char *from = wire_elements(f, ev);

	if (n == 0)
		return;

	char *to = arena_array(a, n, wire_pb_size(f));

	*(size_t *)wire_inm(pb, f->pb_n_at) = n;
	*(void **)wire_inm(pb, f->pb_at) = to;
	for (size_t i = 0; i < n; i++)
		put_value(f, from + i * size, to + i * wire_pb_size(f), a);
}

ProtobufCMessage *wire_to_pb(const struct wire_msg *m, const void *ev, struct arena *a)
{
	ProtobufCMessage *pb = arena_alloc(a, m->pb->sizeof_message);

	protobuf_c_message_init(m->pb, pb);
	for (size_t i = 0; i < m->n_oneofs; i++)
		memcpy(wire_inm(pb, m->oneofs[i].pb_case_at), wire_in(ev, m->oneofs[i].case_at), sizeof(int32_t));
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (!wire_in_force(m, f, ev))
			continue;
		if ((f->flags & WIRE_REPEATED) != 0)
			put_repeated(f, ev, pb, a);
		else
			put_value(f, wire_in(ev, f->at), wire_inm(pb, f->pb_at), a);
	}
	return pb;
}

bool wire_encode(const struct wire_msg *m, const void *ev, struct arena *a, struct err *err, struct text *ret)
{
	struct err inner;

	if (!wire_validate(m, ev, &inner))
		return err_set(err, ERR_STOP, "encode_invalid", "%s: %s: %s", m->name, inner.code, inner.msg);
	if (!wire_pack(wire_to_pb(m, ev, a), a, ret))
		return err_set(err, ERR_STOP, "encode_invalid", "%s: more than %zu bytes", m->name, WIRE_BYTES_MAX);
	return true;
}
