/*
 * wire: protobuf bytes <-> validated plain structs. Layer 1, pure; protobuf-c stays inside.
 *
 * proto/gen_ev.py turns every message into a plain struct (gen/ev/<context>.h) and a
 * table that describes it (struct wire_msg). Everything here works from those tables: one decoder, one
 * encoder and one set of checks for all events. Cores include "ev/billing.h" and see structs only.
 *
 * A struct of ev/ is valid only in the arena it was made in. Make one with WIRE_NEW: a zeroed date
 * is 1970-01-01, WIRE_NEW sets it to DATE_NONE. Absent means: text n == 0, date DATE_NONE,
 * money currency[0] == 0, message NULL, array n_x == 0, oneof case 0.
 *
 * Every text that was decoded has a NUL behind it and none inside.
 *
 * What is checked follows from the tags in the .proto comments (ar/type/v1/type.proto), plus:
 * UTF-8, control characters, known enum values, known currencies, real dates, sizes.
 * Refusals: class ERR_REJECT, msg begins with the place (`sales_order.order_booked.order.lines[3].item`), code
 *	undecodable		not this message: broken, wrong type, a field twice, too large
 *	missing_field		@req
 *	out_of_range		@range; an int32 or bool that does not fit; money beyond WIRE_MINOR_MAX
 *	too_long, too_many	@max
 *	invalid_utf8, control_character
 *	unknown_enum, bad_date, unknown_currency
 *	sealed_unsupported	sealed personal data
 * No value of a text is ever repeated in a message: it may be personal.
 *
 * Neither decode nor encode uses malloc. Recursion is as deep as the schema, which is not recursive (the
 * generator refuses one that is).
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "arena/arena.h"
#include "base/base.h"
#include "date/date.h"
#include "err/err.h"
#include "money/money.h"
#include "text/text.h"

#define WIRE_BYTES_MAX    ((size_t)1024 * 1024) /* payload */
#define WIRE_ELEMENTS_MAX 65536u /* messages and array elements in one payload: bounds the memory it takes */
#define WIRE_UNKNOWN_MAX  64u /* fields of one message that this build does not know */
#define WIRE_FIELDS_MAX   64u /* fields of one message that it does; the generator sees to it */
#define WIRE_MINOR_MAX    INT64_C(4000000000000000) /* every Money, both signs: sums stay far from overflow */

struct ProtobufCMessageDescriptor;

/* ---- what the generated tables say ---- */

enum wire_kind {
	WIRE_TEXT, /* struct text			string */
	WIRE_BYTES, /* struct text			bytes */
	WIRE_DATE, /* date_t			string @date */
	WIRE_PERSONAL, /* struct text			ar.type.v1.Personal, its clear value */
	WIRE_MONEY, /* struct money			ar.type.v1.Money */
	WIRE_INT32, /* int32_t */
	WIRE_INT64, /* int64_t */
	WIRE_BOOL, /* bool */
	WIRE_ENUM, /* enum, as wide as int32_t */
	WIRE_MESSAGE, /* struct x *; repeated: array of struct x */
};

enum wire_flag {
	WIRE_REQ = 1, /* @req */
	WIRE_REPEATED = 2, /* size_t n_x and a pointer to the elements */
	WIRE_LINES = 4, /* @text: line breaks and tabs allowed */
	WIRE_E6 = 8, /* name ends in _e6: people write 12.5 for 12500000 */
	WIRE_MINOR = 16, /* name ends in _minor */
	WIRE_CURRENCY = 32, /* @currency: ISO 4217 code */
	WIRE_RANGE = 64, /* @range */
};

struct wire_enum_value {
	int32_t number;
	const char *name; /* short and in lower case: credit_memo */
	const char *full; /* as in the .proto: DOCUMENT_TYPE_CREDIT_MEMO */
};

struct wire_enum {
	const char *name; /* ar.billing.v1.DocumentType */
	size_t n; /* values; the first is 0, UNSPECIFIED */
	const struct wire_enum_value *values;
};

struct wire_field {
	const char *name; /* as in the .proto */
	uint32_t number;
	uint8_t kind; /* enum wire_kind */
	uint8_t flags; /* enum wire_flag */
	uint8_t oneof; /* 0 = in none, else 1 + index into oneofs of the message */
	uint32_t max; /* bytes of one text, see max_n for elements */
	uint32_t max_n; /* elements when repeated */
	int64_t low, high; /* @range */
	size_t at, n_at; /* offsets of value (or pointer) and count in the struct */
	size_t pb_at, pb_n_at; /* the same in the protobuf-c struct */
	const struct wire_msg *msg; /* WIRE_MESSAGE */
	const struct wire_enum *en; /* WIRE_ENUM */
};

struct wire_oneof {
	const char *name;
	bool req;
	size_t case_at; /* the case is the field number */
	size_t pb_case_at;
};

struct wire_msg {
	const char *name; /* ar.billing.v1.DocumentIssued */
	const char *context; /* billing */
	size_t size; /* of the struct */
	size_t n_fields;
	const struct wire_field *fields; /* in order of field number, like those of pb */
	size_t n_oneofs;
	const struct wire_oneof *oneofs;
	const struct ProtobufCMessageDescriptor *pb;
};

/* ---- making structs ---- */

/* n empty structs in a row (dates DATE_NONE). */
void *wire_new(const struct wire_msg *m, size_t n, struct arena *a) __attribute__((returns_nonnull));

/* struct billing_document_issued *d = WIRE_NEW(arena, billing_document_issued); */
#define WIRE_NEW(a, name)      ((struct name *)wire_new(&name##_msg, 1, (a)))
#define WIRE_ARRAY(a, n, name) ((struct name *)wire_new(&name##_msg, (n), (a)))

/* ---- bytes ---- */

/*
 * Decode and check everything the tags say. Fields that this build does not know are skipped. The struct
 * is in the arena and does not point into bytes. A record of no bytes is an empty message.
 */
bool wire_decode(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err, void **ret) MUST_USE;

/*
 * For records inside (ar.*): the same, but a field or oneof member that this build does not know is refused
 * with code unknown_field (DESIGN section 2), and every refusal has class ERR_STOP: the lane stops.
 */
bool wire_decode_strict(const struct wire_msg *m, const uint8_t *bytes, size_t n, struct arena *a, struct err *err,
			void **ret) MUST_USE;

/*
 * Check, then encode. The same struct always gives the same bytes: fields in order of number, nothing absent written.
 * An event that violates its tags is a fault of ours: ERR_STOP, code encode_invalid.
 */
bool wire_encode(const struct wire_msg *m, const void *ev, struct arena *a, struct err *err, struct text *ret) MUST_USE;

/* The checks alone, with the codes above and class ERR_REJECT. */
bool wire_validate(const struct wire_msg *m, const void *ev, struct err *err) MUST_USE;

/* Deep copy: the result points into the arena only. Does not check and cannot fail. */
void *wire_copy(const struct wire_msg *m, const void *ev, struct arena *a) __attribute__((returns_nonnull));

/* Two structs say the same. */
bool wire_equal(const struct wire_msg *m, const void *x, const void *y);

/* ---- names ---- */

/*
 * What happened, by the innermost set oneof: invoice_issued; of an intake event the fact within:
 * order_fulfilled. Empty when no oneof is set.
 */
struct text wire_event_name(const struct wire_msg *m, const void *ev);

/*
 * CloudEvents type: openitem.<context>.<name>.v1, e.g. openitem.crm.order_booked.v1,
 * openitem.intake.order_booked.v1. Empty when no oneof is set.
 */
struct text wire_event_type(const struct wire_msg *m, const void *ev, struct arena *a);

/* This message has an event of that CloudEvents type. */
bool wire_type_known(const struct wire_msg *m, struct text type);

/* ---- by path, for tests, tools and messages to people (wire_text.c) ---- */

/*
 * A path: names as in the .proto, array elements [0], oneof names may be left out:
 * event.invoice_issued.items[0].due_date = invoice_issued.items[0].due_date. Values as people write them:
 *	date	2026-03-31			money	100.00 USD
 *	enum	credit_memo or DOCUMENT_TYPE_CREDIT_MEMO
 *	bool	true, false			bytes	hex
 *	integer	42; ..._e6 fields: 12.5; ..._minor fields: 10000 or 100.00 USD
 *	oneof	name of the member: sets it to an empty message
 *	array of values	a,b,c			message	{} for an empty one
 * n_items is the number of elements.
 *
 * Set makes messages and elements on the way; an element may be appended, [n_x], but none skipped. An empty
 * value makes the field absent. Another member of a oneof replaces the one before. After a failure what was made on the
 * way stays. Codes: bad_path, bad_value; class ERR_REJECT. Tags are not checked: wire_validate.
 */
bool wire_set(const struct wire_msg *m, void *ev, struct text path, struct text value, struct arena *a, struct err *err) MUST_USE;

/*
 * What stands there. Absent, also anywhere on the way: empty text; numbers and bools of a message that is there: 0, false. A
 * oneof: the name of its member. Messages as wire_print shows them. Code bad_path.
 */
bool wire_get(const struct wire_msg *m, const void *ev, struct text path, struct arena *a, struct err *err,
	      struct text *ret) MUST_USE;

/*
 * One line, always the same for the same struct, absent fields left out:
 *	account=A1 invoice_issued{number=DE2600001 items=[{sequence=1 due_date=2026-03-31}]}
 * Texts other than ids, numbers and dates are quoted as in JSON, with bytes that a terminal could act on as \xNN.
 * Personal data is shown in clear.
 */
void wire_print(const struct wire_msg *m, const void *ev, struct buf *b);

#endif
