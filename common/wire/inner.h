/*
 * What the files of wire share, and json uses: places for messages to people, the scan of raw bytes, the checks of one
 * value. Not for others.
 */
#ifndef WIRE_INNER_H
#define WIRE_INNER_H

#include "wire/wire.h"

#include <protobuf-c/protobuf-c.h>

/* ---- where we are: a chain on the stack, printed only when something is refused ---- */

#define WIRE_NO_INDEX SIZE_MAX

struct wire_at {
	const struct wire_at *up; /* NULL: the root, whose name is that of the message and not shown in paths */
	const char *name;
	size_t index; /* of the element, or WIRE_NO_INDEX */
};

/* "order.lines[3].item: " and the message. Class ERR_REJECT. Always false. */
bool wire_refuse(const struct wire_at *at, struct err *err, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- members of structs by offset ---- */

static inline const void *wire_in(const void *base, size_t at)
{
	return (const char *)base + at;
}

static inline void *wire_inm(void *base, size_t at)
{
	return (char *)base + at;
}

/* Bytes of one value of this kind in a domain struct; of an element when repeated. */
size_t wire_value_size(const struct wire_field *f);
/* The same in a protobuf-c struct; of a message or string: of the pointer. */
size_t wire_pb_size(const struct wire_field *f);

/* Number of elements and the array of a repeated field. */
size_t wire_count(const struct wire_field *f, const void *ev);
const void *wire_elements(const struct wire_field *f, const void *ev);

/* What a oneof is set to: a field number. */
static inline int32_t wire_case(const struct wire_oneof *o, const void *ev)
{
	int32_t number;

	memcpy(&number, wire_in(ev, o->case_at), sizeof(number));
	return number;
}

/* In no oneof, or the member its oneof is set to. */
static inline bool wire_in_force(const struct wire_msg *m, const struct wire_field *f, const void *ev)
{
	return f->oneof == 0 || wire_case(&m->oneofs[f->oneof - 1], ev) == (int32_t)f->number;
}

/* An int32_t, int64_t or enum value. */
int64_t wire_int(const struct wire_field *f, const void *value);

/* The value says nothing: what proto3 does not write. For a repeated field: of one element. */
bool wire_absent(const struct wire_field *f, const void *value);

/* NULL when there is no such number. */
const struct wire_enum_value *wire_enum_find(const struct wire_enum *en, int32_t number);

/* ---- for people (wire_print.c) ---- */

/* One value or element; quoted: texts that are not plain and money in quotation marks. Absent: nothing or 0. */
void wire_print_value(const struct wire_field *f, const void *value, bool quoted, struct buf *b);
/* [a b c] */
void wire_print_elements(const struct wire_field *f, const void *ev, struct buf *b);

/* ---- checks ---- */

/* One value, or one element of an array, present or not. */
bool wire_check_value(const struct wire_field *f, const void *value, const struct wire_at *at, struct err *err) MUST_USE;
/* Number of elements. */
bool wire_check_count(const struct wire_field *f, size_t n, const struct wire_at *at, struct err *err) MUST_USE;
/* Oneofs that must be set are set. unknown: fields were skipped, which is worth saying. */
bool wire_check_oneofs(const struct wire_msg *m, const void *ev, size_t unknown, const struct wire_at *at,
		       struct err *err) MUST_USE;

/* ---- raw bytes ---- */

#define WIRE_SCAN_STRICT 1u /* unknown fields are refused */

/*
 * Walk the bytes along the descriptor before protobuf-c allocates anything, and refuse what protobuf-c would take
 * or bend: wrong or broken framing, a singular field or a oneof twice, too many elements, int32 and bool that do
 * not fit, NUL inside a string (it would cut there). m may be NULL (no limits per field).
 */
bool wire_scan(const ProtobufCMessageDescriptor *pb, const struct wire_msg *m, const uint8_t *bytes, size_t n, unsigned flags,
	       const struct wire_at *at, struct err *err) MUST_USE;

/* protobuf-c in the arena. scanned before. NULL when protobuf-c refuses all the same. */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *pb, const uint8_t *bytes, size_t n, struct arena *a);

/* Pack into the arena. False when larger than WIRE_BYTES_MAX. */
bool wire_pack(const ProtobufCMessage *msg, struct arena *a, struct text *ret) MUST_USE;

/* Domain -> protobuf-c without any check: tests make bad bytes with it. */
ProtobufCMessage *wire_to_pb(const struct wire_msg *m, const void *ev, struct arena *a);

#endif
