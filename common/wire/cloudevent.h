/*
 * cloudevent: CloudEvents 1.0 in protobuf (application/cloudevents+protobuf), read without protobuf-c: its message has a map, which
 * this house's protos do not. Layer 1, pure. The format, from the specification's formats/protobuf-format.md:
 *
 *	CloudEvent	1 id, 2 source, 3 spec_version, 4 type (strings), 5 attributes (map: 1 name, 2 value),
 *			and one of 6 binary_data (bytes), 7 text_data (string), 8 proto_data (google.protobuf.Any)
 *	value		one of 1 ce_boolean, 2 ce_integer, 3 ce_string, 4 ce_bytes, 5 ce_uri, 6 ce_uri_ref, 7 ce_timestamp
 *	Any		1 type_url (string), 2 value (bytes)
 */
#ifndef WIRE_CLOUDEVENT_H
#define WIRE_CLOUDEVENT_H

#include "err/err.h"
#include "text/text.h"

enum wire_cloudevent_data {
	WIRE_CLOUDEVENT_NO_DATA = 0,
	WIRE_CLOUDEVENT_BINARY = 6,
	WIRE_CLOUDEVENT_TEXT = 7,
	WIRE_CLOUDEVENT_PROTO = 8,
};

/* Everything points into the bytes. Empty = absent. */
struct wire_cloudevent {
	struct text id, source, spec_version, type;
	struct text correlation_id; /* attribute correlationid */
	struct text data_content_type; /* attribute datacontenttype */
	enum wire_cloudevent_data kind;
	struct text data; /* of proto_data: the value within */
	struct text type_url; /* of proto_data */
};

/*
 * The form, and that specversion is 1.0; what the attributes hold (present, length, UTF-8) the caller judges, as for headers. Fields
 * and attributes that are not used are skipped. REJECT undecodable, with place and byte: cut or broken; a field, an attribute or
 * data twice; an attribute that we use and that is not a string; a context attribute among the extensions.
 */
bool wire_cloudevent_in(struct text bytes, struct err *err, struct wire_cloudevent *ret) MUST_USE;

#endif
